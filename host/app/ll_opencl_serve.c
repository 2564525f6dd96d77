/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_opencl_serve.h"

#include "host/app/ll_exit.h"
#include "host/app/ll_last_word.h"
#include "host/app/ll_opencl_keeper.h"
#include "host/base/ll_clock.h"
#include "host/device/ll_opencl_batch.h"
#include "host/device/ll_opencl_request.h"
#include "host/device/ll_opencl_resident.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOK_MS       500               /* a runtime that forgets to tell of an end is asked */
#define END_NS        (2 * LL_NS_PER_S) /* a kernel that was told to end has this long */
#define START_LOOK_NS (200 * (int64_t)LL_NS_PER_US)
#define END_LOOK_MS   10
#define SPIN_TURNS    4096u /* batches: turns that find nothing before the first nap */
#define SPIN_LOOKS    64u   /* turns between two looks at the socket */
#define NAP_NS        (50 * LL_NS_PER_US)

struct serve {
    const struct ll_opencl_serve_config *config;
    struct ll_device_request request;
    struct ll_opencl_environment environment;
    struct ll_opencl_device device;
    struct ll_opencl_link link;
    struct ll_opencl_resident resident;
    struct ll_opencl_batch batch;
    uint64_t build_ns;
};

/* --- Words to the gateway ----------------------------------------------------------------------------------- */

static struct ll_device_word make_word(const struct serve *serve, enum ll_device_word_kind kind)
{
    struct ll_device_word word;
    memset(&word, 0, sizeof word);
    word.magic = LL_DEVICE_LINK_MAGIC;
    word.version = LL_DEVICE_LINK_VERSION;
    word.kind = kind;
    word.slots = serve->request.slots;
    word.memory_bytes = serve->device.memory_bytes;
    word.build_ns = serve->build_ns;
    (void)snprintf(word.platform, sizeof word.platform, "%s", serve->device.platform_name);
    (void)snprintf(word.device, sizeof word.device, "%s", serve->device.device_name);
    return word;
}

/* A gateway that is gone is noticed where the socket is read. */
static void send_word(const struct ll_device_word *word)
{
    (void)!send(LL_DEVICE_LINK_FD, word, sizeof *word, MSG_NOSIGNAL);
}

static void tell(const struct serve *serve, const char *sentence)
{
    struct ll_device_word word = make_word(serve, LL_DEVICE_NOTE);
    (void)snprintf(word.text, sizeof word.text, "%s", sentence);
    send_word(&word);
}

static void tell_end(const struct serve *serve, enum ll_device_word_kind kind, const struct ll_why *why)
{
    struct ll_device_word word = make_word(serve, kind);
    word.code = why->code;
    (void)snprintf(word.text, sizeof word.text, "%s", why->text);
    (void)fprintf(stderr, "lifeline-device: %s\n", why->text);
    send_word(&word);
}

static int tell_ready(const struct serve *serve, struct ll_why *why)
{
    struct ll_device_word word = make_word(serve, LL_DEVICE_READY);
    int fds[LL_OPENCL_WAYS] = {serve->link.ways[LL_OPENCL_TO_DEVICE].fd,
                               serve->link.ways[LL_OPENCL_FROM_DEVICE].fd};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof fds)];
    } control;
    struct iovec part = {&word, sizeof word};
    struct msghdr message;
    memset(&control, 0, sizeof control);
    memset(&message, 0, sizeof message);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(header), fds, sizeof fds);
    if (sendmsg(LL_DEVICE_LINK_FD, &message, MSG_NOSIGNAL) < 0)
        return LL_FAIL(why, LL_ERR_IO, "cannot send the memories to the gateway: %s", strerror(errno));
    return LL_OK;
}

/* --- Starting ----------------------------------------------------------------------------------------------- */

/* The request stays in the socket for this program's second execution. */
static int look_at_request(struct serve *serve, struct ll_why *why)
{
    ssize_t bytes;
    do
        bytes = recv(LL_DEVICE_LINK_FD, &serve->request, sizeof serve->request, MSG_PEEK | MSG_TRUNC);
    while (bytes < 0 && errno == EINTR);
    if (bytes < 0)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "descriptor %d is no socket of a gateway (%s): lifelined starts this program",
                       LL_DEVICE_LINK_FD, strerror(errno));
    if (bytes == 0)
        return LL_FAIL(why, LL_ERR_STOPPED, "the gateway has gone before it asked for anything");
    return ll_opencl_request_check(&serve->request, (size_t)bytes, why);
}

/* A socket that is closed with something unread in it loses the words that were sent. */
static void take_request(void)
{
    char byte;
    (void)!recv(LL_DEVICE_LINK_FD, &byte, 1, MSG_DONTWAIT);
}

/* As seen from the gateway's working directory; a path that leads nowhere stays, and is refused when it is opened. */
static void resolve_binary(struct serve *serve)
{
    char path[PATH_MAX];
    if (serve->request.binary[0] != '\0' && realpath(serve->request.binary, path) != NULL &&
        strlen(path) < sizeof serve->request.binary)
        memcpy(serve->request.binary, path, strlen(path) + 1);
}

static int put_environment_right(struct serve *serve, struct ll_why *why)
{
    bool is_xrt = serve->request.platform == LL_DEVICE_PLATFORM_XRT;
    ll_opencl_environment_sweep();
    int err =
        ll_opencl_environment_decide(&serve->environment, (enum ll_device_platform)serve->request.platform,
                                     serve->config->program_dir, getpid(), why);
    if (err == LL_OK)
        err = ll_opencl_environment_apply(&serve->environment, why);
    if (err != LL_OK)
        return err;
    /* XRT kills its whole process group when its emulation dies: that must be nobody else's. */
    if (is_xrt)
        (void)setpgid(0, 0);
    if (!serve->environment.must_exec) {
        resolve_binary(serve);
        return ll_opencl_environment_enter(&serve->environment, why);
    }
    err = ll_opencl_keeper_start(why);
    if (err != LL_OK)
        return err;
    (void)execv("/proc/self/exe", serve->config->argv);
    return LL_FAIL(why, LL_ERR_ENVIRONMENT, "cannot execute this program once more: %s", strerror(errno));
}

/* For when the runtime ends this process: it does not ask. */
static void prepare_last_word(const struct serve *serve, enum ll_device_word_kind kind)
{
    struct ll_device_word word = make_word(serve, kind);
    word.code = LL_ERR_ENVIRONMENT;
    (void)snprintf(word.text, sizeof word.text,
                   "the OpenCL runtime has ended the device process; what it printed on stderr says why");
    ll_last_word_set(&word);
}

static int open_device(struct serve *serve, struct ll_why *why)
{
    const struct ll_device_request *request = &serve->request;
    bool is_resident = request->mode == LL_DEVICE_RESIDENT;
    int err = ll_opencl_device_find(&serve->device, request, serve->config->library, why);
    if (err != LL_OK)
        return err;
    tell(serve,
         serve->device.is_xrt ? "loading the xclbin" : "compiling the kernel; the first time takes longest");
    uint64_t start_ns = ll_clock_mono_ns();
    err =
        ll_opencl_device_load(&serve->device, request, &serve->environment, serve->config->program_dir, why);
    serve->build_ns = ll_clock_mono_ns() - start_ns;
    if (err == LL_OK)
        err = ll_opencl_device_prepare(&serve->device, request, is_resident ? 1 : request->lanes,
                                       is_resident ? request->slots : ll_opencl_batch_slots(request), why);
    if (err == LL_OK)
        err = ll_opencl_link_init(&serve->link, request->slots, is_resident ? &serve->device : NULL, why);
    if (err == LL_OK)
        err = is_resident ? ll_opencl_resident_start(&serve->resident, &serve->device, &serve->link, why)
                          : ll_opencl_batch_init(&serve->batch, &serve->device, &serve->link, request, why);
    return err;
}

/* --- Running ------------------------------------------------------------------------------------------------ */

/* Waits for the socket, and for other_fd unless it is -1. True = the gateway has closed. */
static bool wait_for_end(int other_fd, int64_t wait_ns)
{
    struct pollfd fds[2] = {{LL_DEVICE_LINK_FD, POLLIN, 0}, {other_fd, POLLIN, 0}};
    struct timespec time = {wait_ns / (int64_t)LL_NS_PER_S, wait_ns % (int64_t)LL_NS_PER_S};
    char byte;
    /* A signal ends the wait before its time: whoever called comes again. */
    if (ppoll(fds, 2, &time, NULL) <= 0 || fds[0].revents == 0)
        return false;
    /* The gateway says nothing more: what can be read is the end, which is no error and leaves errno as it was. */
    ssize_t bytes = recv(LL_DEVICE_LINK_FD, &byte, 1, MSG_DONTWAIT);
    return bytes == 0 || (bytes < 0 && errno != EINTR && errno != EAGAIN);
}

static int run_resident(struct serve *serve, struct ll_why *why)
{
    int err = LL_OK;
    while (err == LL_OK && !wait_for_end(serve->resident.ended_fd, LOOK_MS * (int64_t)LL_NS_PER_MS))
        err = ll_opencl_resident_tend(&serve->resident, why);
    return err;
}

/* A bounded spin while there is work, and naps on the socket when there has been none for a while. */
static int run_batches(struct serve *serve, struct ll_why *why)
{
    uint32_t idle_turns = 0;
    for (;;) {
        int done = ll_opencl_batch_step(&serve->batch, ll_clock_mono_ns(), why);
        if (done < 0)
            return done;
        idle_turns = done > 0 ? 0 : idle_turns + 1;
        if (idle_turns % SPIN_LOOKS != SPIN_LOOKS - 1)
            continue;
        if (wait_for_end(-1, idle_turns < SPIN_TURNS ? 0 : (int64_t)NAP_NS))
            return LL_OK;
    }
}

/* True = nothing runs on the device any more. */
static bool stop_kernel(struct serve *serve)
{
    struct ll_why why = {0};
    uint64_t deadline_ns = ll_clock_mono_ns() + END_NS;
    if (ll_opencl_resident_is_running(&serve->resident))
        ll_opencl_resident_stop(&serve->resident);
    while (ll_opencl_resident_is_running(&serve->resident) && ll_clock_mono_ns() < deadline_ns) {
        struct pollfd ended = {serve->resident.ended_fd, POLLIN, 0};
        (void)poll(&ended, 1, END_LOOK_MS);
        if (ll_opencl_resident_tend(&serve->resident, &why) != LL_OK)
            break;
    }
    while (!ll_opencl_batch_is_idle(&serve->batch) && ll_clock_mono_ns() < deadline_ns)
        if (ll_opencl_batch_collect(&serve->batch, &why) < 0)
            break;
    return !ll_opencl_resident_is_running(&serve->resident) && ll_opencl_batch_is_idle(&serve->batch);
}

/* What still runs, and what belongs to XRT, is left to the end of the process: nothing more is called for it, nor are
 * the exit handlers of a runtime. */
static void end(struct serve *serve, int status)
{
    bool has_ended = stop_kernel(serve);
    if (has_ended && !serve->device.is_xrt) {
        ll_opencl_resident_deinit(&serve->resident);
        ll_opencl_batch_deinit(&serve->batch);
        ll_opencl_link_deinit(&serve->link, &serve->device);
        ll_opencl_device_close(&serve->device);
    }
    ll_opencl_environment_remove(serve->environment.private_pid);
    if (!has_ended || serve->device.is_xrt)
        _exit(status);
}

/* The gateway hears READY when the kernel answers. */
static int wait_for_ping(struct serve *serve, struct ll_why *why)
{
    bool is_resident = serve->request.mode == LL_DEVICE_RESIDENT;
    uint64_t start_ns = ll_clock_mono_ns();
    int answered = 0;
    while (answered == 0) {
        if (wait_for_end(is_resident ? serve->resident.ended_fd : -1, START_LOOK_NS))
            return LL_FAIL(why, LL_ERR_STOPPED, "the gateway has gone before the kernel was there");
        int err = is_resident ? ll_opencl_resident_tend(&serve->resident, why)
                              : ll_opencl_batch_step(&serve->batch, ll_clock_mono_ns(), why);
        answered = err < 0 ? err : ll_opencl_link_take_ping(&serve->link, why);
    }
    serve->build_ns += ll_clock_mono_ns() - start_ns;
    return answered < 0 ? answered : LL_OK;
}

int ll_opencl_serve(const struct ll_opencl_serve_config *config)
{
    struct serve serve;
    struct ll_why why = {0};
    memset(&serve, 0, sizeof serve);
    serve.config = config;
    ll_last_word_install();
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    int err = look_at_request(&serve, &why);
    if (err == LL_OK)
        err = put_environment_right(&serve, &why);
    take_request();
    if (err == LL_OK) {
        prepare_last_word(&serve, LL_DEVICE_FAILED);
        err = open_device(&serve, &why);
    }
    if (err == LL_OK)
        err = wait_for_ping(&serve, &why);
    if (err == LL_OK) {
        ll_last_word_keep_signals();
        prepare_last_word(&serve, LL_DEVICE_LOST);
        err = tell_ready(&serve, &why);
    }
    if (err != LL_OK) {
        tell_end(&serve, LL_DEVICE_FAILED, &why);
    } else {
        err =
            serve.request.mode == LL_DEVICE_RESIDENT ? run_resident(&serve, &why) : run_batches(&serve, &why);
        if (err != LL_OK)
            tell_end(&serve, LL_DEVICE_LOST, &why);
    }
    ll_last_word_clear();
    end(&serve, ll_exit_code(err));
    return ll_exit_code(err);
}
