/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever the device process says over its socket, with whatever descriptors, the gateway takes nothing but a
 * word of its own language, maps nothing but two memories of the size that was agreed on, and loses no descriptor.
 * Method: the input is a script of messages on a socket pair: words with bytes changed, or any bytes, with none to
 * three descriptors of memories of any size. What is mapped is read to its end and written.
 *
 * Input: slots u8, then messages: kind u8, and its arguments. Missing bytes read as 0.
 */
#include "host/base/ll_assert.h"
#include "host/device/ll_device_link.h"
#include "host/device/ll_device_process.h"
#include "tests/fuzz/ll_fuzz_bytes.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

enum { FUZZ_MESSAGES_MAX = 32, FUZZ_FILES_MAX = 3 };

struct fuzz {
    struct ll_fuzz_bytes input;
    struct ll_device_process process;
    int peer;
};

/* The lowest free descriptor tells whether one was lost. */
static int next_descriptor(void)
{
    int fd = dup(0);
    LL_ASSERT(fd >= 0);
    (void)close(fd);
    return fd;
}

static int memory_of(uint64_t bytes)
{
    int fd = memfd_create("fuzz_device_process", 0);
    LL_ASSERT(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0);
    return fd;
}

static void send_message(const struct fuzz *fuzz, const void *bytes, size_t bytes_count, const int *files,
                         uint32_t file_count)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(FUZZ_FILES_MAX * sizeof(int))];
    } control = {0};
    struct iovec vector = {(void *)(uintptr_t)bytes, bytes_count};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (file_count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(file_count * sizeof(int));
        struct cmsghdr *item = CMSG_FIRSTHDR(&message);
        item->cmsg_level = SOL_SOCKET;
        item->cmsg_type = SCM_RIGHTS;
        item->cmsg_len = CMSG_LEN(file_count * sizeof(int));
        memcpy(CMSG_DATA(item), files, file_count * sizeof(int));
    }
    (void)!sendmsg(fuzz->peer, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A word as the device process writes it, some bytes of it changed; sometimes cut or too long. */
static void say(struct fuzz *fuzz)
{
    struct {
        struct ll_device_word word;
        uint8_t more[8];
    } message = {{.magic = LL_DEVICE_LINK_MAGIC,
                  .version = LL_DEVICE_LINK_VERSION,
                  .kind = LL_DEVICE_READY,
                  .slots = fuzz->process.slots,
                  .text = "text"},
                 {0}};
    int files[FUZZ_FILES_MAX];
    uint64_t memory_bytes = ll_link_words(fuzz->process.slots) * sizeof(uint64_t);
    uint8_t kind = ll_fuzz_u8(&fuzz->input);
    uint32_t file_count = kind % 8 < 5 ? 2 : kind % 8 % (FUZZ_FILES_MAX + 1);
    size_t bytes_count = sizeof message.word;
    if (kind / 8 % 8 < 6)
        message.word.kind = 1u + kind / 8 % 8;
    else
        bytes_count = ll_fuzz_u8(&fuzz->input) * 4u % sizeof message;
    for (uint32_t changes = kind / 64; changes > 0; changes--) {
        uint16_t at = (uint16_t)(ll_fuzz_u8(&fuzz->input) * 2u);
        ((uint8_t *)&message)[at % sizeof message] ^= ll_fuzz_u8(&fuzz->input);
    }
    for (uint32_t i = 0; i < file_count; i++) {
        uint8_t size = ll_fuzz_u8(&fuzz->input);
        files[i] = memory_of(size < 160 ? memory_bytes : memory_bytes * size / 200);
    }
    send_message(fuzz, &message, bytes_count, files, file_count);
    for (uint32_t i = 0; i < file_count; i++)
        (void)close(files[i]);
}

static void must_end(const char *text, size_t text_bytes)
{
    LL_ASSERT(memchr(text, '\0', text_bytes) != NULL);
}

/* The memories are there to their last word. */
static void touch(const struct ll_device_process *process)
{
    uint64_t words = ll_link_words(process->slots);
    LL_ASSERT(process->to_device != NULL && process->from_device != NULL);
    LL_ASSERT(process->memory_bytes == words * sizeof(uint64_t));
    process->to_device[words - 1] = 1;
    process->to_device[0] = process->from_device[0];
    process->to_device[words - 2] = process->from_device[words - 1];
}

/* Returns whether it goes on. */
static bool look(struct fuzz *fuzz)
{
    struct ll_device_word word;
    struct ll_why why = {0};
    bool was_ready = fuzz->process.to_device != NULL;
    enum ll_carrier_news news = ll_device_process_look(&fuzz->process, &word, &why);
    LL_ASSERT((news == LL_CARRIER_ENDED) == (why.code != LL_OK));
    if (news == LL_CARRIER_NOTE || news == LL_CARRIER_READY) {
        LL_ASSERT(word.magic == LL_DEVICE_LINK_MAGIC);
        must_end(word.platform, sizeof word.platform);
        must_end(word.device, sizeof word.device);
        must_end(word.text, sizeof word.text);
    }
    if (news == LL_CARRIER_READY) {
        LL_ASSERT(!was_ready && word.slots == fuzz->process.slots);
        touch(&fuzz->process);
    }
    return news == LL_CARRIER_NOTE || news == LL_CARRIER_READY;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct fuzz fuzz = {.input = ll_fuzz_begin(bytes, bytes_count)};
    int ends[2];
    int before = next_descriptor();
    LL_ASSERT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    ll_device_process_init(&fuzz.process, "");
    fuzz.process.socket = ends[0];
    fuzz.process.slots = 1u << ll_fuzz_u8(&fuzz.input) % 8;
    fuzz.peer = ends[1];
    bool goes_on = true;
    for (uint32_t i = 0; goes_on && i < FUZZ_MESSAGES_MAX && ll_fuzz_left_bytes(&fuzz.input) > 0; i++) {
        say(&fuzz);
        goes_on = look(&fuzz);
    }
    (void)close(fuzz.peer);
    ll_device_process_dismiss(&fuzz.process);
    LL_ASSERT(fuzz.process.to_device == NULL && fuzz.process.from_device == NULL);
    LL_ASSERT(next_descriptor() == before);
    return 0;
}
