/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device process of XRT's software emulation: a card without a card.
 *
 * Shape    XRT starts it as $XILINX_VITIS/data/emulation/unified/cpu_em/generic_pcie/model/genericpciemodel and
 *          waits at a unix socket, /tmp/$USER/$EMULATION_SOCKETID. It connects, and answers one call after the
 *          other (ll_emulated_rpc.h) until XRT closes the device or the socket: then it ends, also with a
 *          kernel still running. It needs no option.
 * Units    bytes.
 * Errors   one line on standard error with what to do, exit status 1, and XRT sees the socket close.
 * Threads  this one answers calls; a kernel has its own (ll_emulated_unit.h).
 *
 * LIFELINE_EMULATION_LOG=FILE appends a line for every call.
 */
#include "kernels/emulation/ll_emulated_rpc.h"
#include "kernels/emulation/ll_emulated_unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* XRT listens before or just after it starts this process. */
#define CONNECT_TRIES    3000u
#define CONNECT_PAUSE_NS 10000000

#define LIBRARY_PATH_BYTES 4096u

struct device {
    int socket;
    FILE *log; /* NULL = none */
    uint8_t *body;
    size_t body_capacity_bytes;
    bool is_closed; /* XRT has closed the device */
    struct ll_emulated_memory memory;
    struct ll_emulated_unit unit;
};

/* What goes back for a call. */
struct reply {
    uint64_t number;
    const void *bytes; /* NULL = the reply has none */
    uint64_t bytes_count;
};

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("lifeline emulation: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
}

/* --- the socket ----------------------------------------------------------------------------------------- */

static bool socket_name(struct sockaddr_un *name)
{
    const char *user = getenv("USER");
    const char *socket_id = getenv("EMULATION_SOCKETID");
    if (user == NULL || socket_id == NULL) {
        complain("USER or EMULATION_SOCKETID is not set; XRT starts this process, nobody else should");
        return false;
    }
    name->sun_family = AF_UNIX;
    int count = snprintf(name->sun_path, sizeof name->sun_path, "/tmp/%s/%s", user, socket_id);
    if (count < 0 || (size_t)count >= sizeof name->sun_path) {
        complain("/tmp/%s/%s is too long for a socket's name; set USER to something shorter", user,
                 socket_id);
        return false;
    }
    return true;
}

static int socket_open(void)
{
    struct sockaddr_un name = {0};
    pid_t parent = getppid();
    if (!socket_name(&name))
        return -1;
    for (uint32_t i = 0; i < CONNECT_TRIES && getppid() == parent; i++) {
        const struct timespec pause = {0, CONNECT_PAUSE_NS};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof name) == 0)
            return fd;
        if (fd >= 0)
            (void)close(fd);
        (void)nanosleep(&pause, NULL);
    }
    complain("nobody listens at %s; is XRT of another version than 2022.1?", name.sun_path);
    return -1;
}

/* False at the end of the stream, which is how XRT leaves when it is killed. */
static bool socket_read(int fd, uint8_t *bytes, size_t bytes_count)
{
    while (bytes_count > 0) {
        ssize_t count = read(fd, bytes, bytes_count);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        bytes += count;
        bytes_count -= (size_t)count;
    }
    return true;
}

static bool socket_write(int fd, struct iovec *parts, uint32_t part_count)
{
    while (part_count > 0) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = part_count};
        ssize_t count = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        size_t sent = (size_t)count;
        while (part_count > 0 && sent >= parts->iov_len) {
            sent -= parts->iov_len;
            parts++;
            part_count--;
        }
        if (part_count > 0) {
            parts->iov_base = (uint8_t *)parts->iov_base + sent;
            parts->iov_len -= sent;
        }
    }
    return true;
}

/* --- the calls: each fills the reply; false ends the process -------------------------------------------- */

static bool device_load(struct device *device, const struct ll_rpc_call *call, struct reply *reply)
{
    char path[LIBRARY_PATH_BYTES];
    char why[LL_UNIT_WHY_BYTES];
    if (call->bytes_count == 0) { /* XRT needs memory before it has a program */
        reply->number = 1;
        return true;
    }
    if (call->bytes_count >= sizeof path) {
        complain("the name of the kernel's library is too long; set SDACCEL_EM_RUN_DIR to a shorter one");
        return true;
    }
    memcpy(path, call->bytes, call->bytes_count);
    path[call->bytes_count] = '\0';
    reply->number = ll_emulated_unit_load(&device->unit, path, why);
    if (reply->number == 0)
        complain("%s", why);
    return true;
}

static bool device_allocate(struct device *device, const struct ll_rpc_call *call, struct reply *reply,
                            char name[LL_MEMORY_NAME_BYTES])
{
    if (ll_emulated_memory_at(&device->memory, call->address, call->size) == NULL) {
        complain("%" PRIu64 " bytes at %#" PRIx64 " are not in the card's %u GiB; configure smaller tables",
                 call->size, call->address, LL_CARD_MEMORY_GIB);
        return true;
    }
    reply->number = 1;
    if (!call->flag)
        return true;
    if (!ll_emulated_memory_share(&device->memory, call->address, call->size, name)) {
        /* XRT would go on with a buffer that nobody shares. */
        complain("no shared buffer of %" PRIu64 " bytes: %s; is the limit on open files or memory too low?",
                 call->size, strerror(errno));
        return false;
    }
    reply->bytes = name;
    reply->bytes_count = strlen(name);
    return true;
}

/*
 * XRT also copies shared buffers in before a kernel's first start, out of the very memory they lie in. What
 * somebody else has written there meanwhile would be lost: as on a card, such a copy does nothing.
 */
static bool device_copy_in(struct device *device, const struct ll_rpc_call *call, struct reply *reply)
{
    uint8_t *to = ll_emulated_memory_at(&device->memory, call->address, call->bytes_count);
    if (to == NULL) {
        complain("%s at %#" PRIx64 " is not in the card's memory", ll_rpc_name(call->number), call->address);
        return false;
    }
    if (!ll_emulated_memory_is_shared(&device->memory, call->address, call->bytes_count))
        memcpy(to, call->bytes, call->bytes_count);
    reply->number = call->number == LL_RPC_HOST_TO_DEVICE ? call->bytes_count : 1;
    return true;
}

static bool device_copy_out(struct device *device, const struct ll_rpc_call *call, struct reply *reply)
{
    reply->bytes = ll_emulated_memory_at(&device->memory, call->address, call->size);
    reply->bytes_count = call->size;
    reply->number = call->number == LL_RPC_DEVICE_TO_HOST ? call->size : 1;
    if (reply->bytes == NULL)
        complain("%s at %#" PRIx64 " is not in the card's memory", ll_rpc_name(call->number), call->address);
    return reply->bytes != NULL;
}

static bool device_write_registers(struct device *device, const struct ll_rpc_call *call, struct reply *reply)
{
    uint64_t offset = call->address + call->offset - LL_CARD_UNIT_ADDRESS;
    reply->number = ll_emulated_unit_write(&device->unit, offset, call->bytes, call->bytes_count);
    if (reply->number == 0)
        complain("no kernel has registers at %#" PRIx64 "; is this the emulation's own xclbin?",
                 call->address + call->offset);
    return reply->number != 0;
}

static bool device_read_register(struct device *device, const struct ll_rpc_call *call, struct reply *reply,
                                 uint32_t *value)
{
    uint64_t offset = call->address + call->offset - LL_CARD_UNIT_ADDRESS;
    reply->number = ll_emulated_unit_read(&device->unit, offset, value);
    reply->bytes = value;
    reply->bytes_count = sizeof *value;
    if (reply->number == 0)
        complain("no kernel has registers at %#" PRIx64 "; is this the emulation's own xclbin?",
                 call->address + call->offset);
    return reply->number != 0;
}

static bool device_send(const struct device *device, const struct reply *reply)
{
    uint8_t opening[LL_RPC_REPLY_OPENING_BYTES];
    bool with_bytes = reply->bytes != NULL;
    size_t count = ll_rpc_write_reply(opening, reply->number, with_bytes, reply->bytes_count);
    struct iovec parts[2] = {{opening, count}, {(void *)(uintptr_t)reply->bytes, reply->bytes_count}};
    return socket_write(device->socket, parts, with_bytes ? 2 : 1);
}

static bool device_answer(struct device *device, const struct ll_rpc_call *call)
{
    char name[LL_MEMORY_NAME_BYTES];
    uint32_t value = 0;
    bool goes_on = true;
    struct reply reply = {0, NULL, 0};
    switch ((enum ll_rpc_number)call->number) {
    case LL_RPC_CLOSE:
        device->is_closed = call->flag;
        reply.number = 1;
        break;
    case LL_RPC_LOAD:
        goes_on = device_load(device, call, &reply);
        break;
    case LL_RPC_ALLOCATE:
        goes_on = device_allocate(device, call, &reply, name);
        break;
    case LL_RPC_FREE:
        reply.number = ll_emulated_memory_free(&device->memory, call->address);
        break;
    case LL_RPC_HOST_TO_DEVICE:
    case LL_RPC_MEMORY_WRITE:
        goes_on = device_copy_in(device, call, &reply);
        break;
    case LL_RPC_DEVICE_TO_HOST:
    case LL_RPC_MEMORY_READ:
        goes_on = device_copy_out(device, call, &reply);
        break;
    case LL_RPC_CONTROL_WRITE:
    case LL_RPC_REGISTER_WRITE:
        goes_on = device_write_registers(device, call, &reply);
        break;
    case LL_RPC_CONTROL_READ:
    case LL_RPC_REGISTER_READ:
        goes_on = device_read_register(device, call, &reply, &value);
        break;
    case LL_RPC_SET_UP:
        reply.number = 1;
        break;
    }
    if (device->log != NULL)
        (void)fprintf(device->log,
                      "%s address %#" PRIx64 " size %" PRIu64 " offset %" PRIu64 " bytes %" PRIu64
                      " flag %d: %" PRIu64 " %#" PRIx32 "\n",
                      ll_rpc_name(call->number), call->address, call->size, call->offset, call->bytes_count,
                      call->flag, reply.number, value);
    return goes_on && device_send(device, &reply);
}

/* --- the process ---------------------------------------------------------------------------------------- */

static bool device_make_room(struct device *device, size_t bytes)
{
    if (bytes <= device->body_capacity_bytes)
        return true;
    uint8_t *body = realloc(device->body, bytes);
    if (body == NULL) {
        complain("no memory for a call of %zu bytes; set SW_EMU_PACKET_SIZE to less", bytes);
        return false;
    }
    device->body = body;
    device->body_capacity_bytes = bytes;
    return true;
}

/* Answers until the end; true when XRT has gone or has closed the device, false after a complaint. */
static bool device_serve(struct device *device)
{
    while (!device->is_closed) {
        uint8_t bytes[LL_RPC_CALL_HEAD_BYTES];
        struct ll_rpc_head head;
        struct ll_rpc_call call;
        if (!socket_read(device->socket, bytes, sizeof bytes))
            return true;
        int verdict = ll_rpc_read_head(&head, bytes);
        if (verdict == LL_RPC_OK) {
            if (!device_make_room(device, head.body_bytes))
                return false;
            if (!socket_read(device->socket, device->body, head.body_bytes))
                return true;
            verdict = ll_rpc_read(&call, head.number, device->body, head.body_bytes);
        }
        if (verdict != LL_RPC_OK) {
            complain("number %" PRIu32 ", %" PRIu64 " bytes: %s", head.number, head.body_bytes,
                     ll_rpc_verdict_text(verdict));
            return false;
        }
        if (!device_answer(device, &call))
            return false;
    }
    return true;
}

/* A shared buffer keeps its file open. */
static void device_allow_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void device_open_log(struct device *device)
{
    const char *path = getenv("LIFELINE_EMULATION_LOG");
    if (path == NULL || path[0] == '\0')
        return;
    device->log = fopen(path, "ae");
    if (device->log == NULL)
        complain("LIFELINE_EMULATION_LOG=%s: %s; there will be no log", path, strerror(errno));
    else
        (void)setvbuf(device->log, NULL, _IOLBF, 0);
}

static bool device_open(struct device *device)
{
    device_allow_files();
    device_open_log(device);
    if (!ll_emulated_memory_init(&device->memory)) {
        complain("no address range of %u GiB: %s; lift the limit on address space, or allow overcommit",
                 LL_CARD_MEMORY_GIB, strerror(errno));
        return false;
    }
    ll_emulated_unit_init(&device->unit, &device->memory);
    device->socket = socket_open();
    return device->socket >= 0;
}

int main(void)
{
    struct device device = {.socket = -1};
    bool is_well = device_open(&device) && device_serve(&device);
    if (device.log != NULL)
        (void)fclose(device.log);
    /* A resident kernel is still in the memory and the library: both go with the process, not before. */
    _exit(is_well ? EXIT_SUCCESS : EXIT_FAILURE);
}
