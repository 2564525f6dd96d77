/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: any file is read to its end or refused, with a reason, and the mapped and the streamed reader never
 * disagree. Method: the bytes are put into a memory file and, when they fit, into a pipe; both are read side
 * by side, message by message. A clean end of a plain file must account for every byte.
 */
#include "host/base/ll_assert.h"
#include "host/provider/ll_binary_file.h"
#include "host/provider/ll_input_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIPE_BYTES_MAX 65536u /* what a pipe takes without a reader */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

struct reader {
    struct ll_binary_file file;
    char path[32];
    int fd;
    int err; /* of open, then of the last next */
    const uint8_t *message;
    uint32_t message_bytes;
};

static void reader_open(struct reader *reader, int fd)
{
    struct ll_why why = {0};
    reader->fd = fd;
    reader->message_bytes = 0;
    (void)snprintf(reader->path, sizeof reader->path, "/proc/self/fd/%d", fd);
    reader->err = ll_binary_file_open(&reader->file, reader->path, &why);
    LL_ASSERT(reader->err == why.code);
    LL_ASSERT(reader->err == LL_OK || reader->err == LL_ERR_INPUT);
}

static void reader_next(struct reader *reader)
{
    struct ll_why why = {0};
    uint64_t before = ll_binary_file_offset_bytes(&reader->file);
    reader->err = ll_binary_file_next(&reader->file, &reader->message, &reader->message_bytes, &why);
    LL_ASSERT(reader->err == LL_OK || reader->err == LL_ERR_SHORT || reader->err == LL_ERR_INPUT);
    if (reader->err == LL_OK) {
        LL_ASSERT(reader->message_bytes > 0);
        LL_ASSERT(ll_binary_file_size_bytes(&reader->file) == 0 || /* a pipe has none */
                  ll_binary_file_position_bytes(&reader->file) <= ll_binary_file_size_bytes(&reader->file));
        LL_ASSERT(ll_binary_file_offset_bytes(&reader->file) ==
                  before + LL_BINARY_FILE_PREFIX_BYTES + reader->message_bytes);
    } else {
        LL_ASSERT((reader->err == LL_ERR_INPUT) == (why.text[0] != '\0'));
    }
}

static void reader_close(struct reader *reader, int open_err)
{
    if (open_err == LL_OK)
        ll_binary_file_close(&reader->file);
    (void)close(reader->fd);
}

static void compare(struct reader *mapped, struct reader *streamed)
{
    LL_ASSERT(mapped->err == streamed->err);
    while (mapped->err == LL_OK) {
        reader_next(mapped);
        reader_next(streamed);
        LL_ASSERT(mapped->err == streamed->err);
        if (mapped->err != LL_OK)
            break;
        LL_ASSERT(mapped->message_bytes == streamed->message_bytes);
        LL_ASSERT(memcmp(mapped->message, streamed->message, mapped->message_bytes) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct reader mapped;
    struct reader streamed;
    int ends[2];
    if (bytes_count > PIPE_BYTES_MAX)
        return 0;
    int memory = memfd_create("fuzz_binary_file", 0);
    LL_ASSERT(memory >= 0);
    LL_ASSERT(write(memory, bytes, bytes_count) == (ssize_t)bytes_count);
    LL_ASSERT(pipe(ends) == 0);
    LL_ASSERT(write(ends[1], bytes, bytes_count) == (ssize_t)bytes_count);
    reader_open(&mapped, memory);
    /* The pipe ends only when nobody can write to it any more. */
    (void)close(ends[1]);
    reader_open(&streamed, ends[0]);
    int open_err = mapped.err;
    compare(&mapped, &streamed);
    bool is_plain = ll_input_signature_of(bytes, bytes_count) != LL_INPUT_GZIP;
    if (is_plain && mapped.err == LL_ERR_SHORT) {
        uint64_t left_bytes = bytes_count - ll_binary_file_offset_bytes(&mapped.file);
        LL_ASSERT(left_bytes == 0 || left_bytes == LL_BINARY_FILE_PREFIX_BYTES); /* the end mark */
    }
    reader_close(&mapped, open_err);
    reader_close(&streamed, open_err);
    return 0;
}
