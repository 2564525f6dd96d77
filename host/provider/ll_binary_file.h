/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of NASDAQ BinaryFILE (*.ITCH50): one message after the other, plain or gzip.
 *
 * Shape    message_length u16 big-endian, message[message_length], message_length, message, ...
 *          A length of 0 means "as long as its type says" (the ITCH 5.0 table), the form some archives use. A
 *          0 that ends the file is the format's own end-of-session mark. Messages are handed out whole and
 *          unjudged: whether a length fits its type is the decoder's question.
 *          A plain file is mapped; gzip, and what cannot be mapped (a pipe), goes through a fixed buffer.
 * Units    bytes. Offsets in errors count from the start of the uncompressed content.
 * Errors   open: LL_ERR_IO (missing, unreadable), LL_ERR_INPUT (a directory, empty, a capture, something else
 *          that is no BinaryFILE), LL_ERR_NO_MEMORY. next: LL_ERR_SHORT at a clean end; LL_ERR_INPUT when the
 *          file ends inside a message, when a length of 0 is followed by an unknown type, or when the gzip
 *          stream is damaged. What next said once, it says again.
 * Threads  one owner. The file must not be made shorter while it is open: the kernel ends a process that
 *          touches a mapped byte that is gone.
 * Source   NASDAQ BinaryFILE, version 1.00 (2010-03-30).
 */
#ifndef LL_HOST_PROVIDER_BINARY_FILE_H
#define LL_HOST_PROVIDER_BINARY_FILE_H

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_BINARY_FILE_PREFIX_BYTES 2u

struct ll_binary_file { /* private */
    const uint8_t *at;  /* next length prefix */
    const uint8_t *end; /* of what is mapped or buffered */
    const uint8_t *base;
    uint64_t base_offset_bytes; /* of `base` in the uncompressed content */
    uint64_t size_bytes;
    const char *path;
    uint8_t *buffer; /* NULL when the file is mapped */
    void *gzip;      /* gzFile; NULL when the file is mapped */
    int fd;          /* of the mapped file */
    bool at_end;     /* the source has no more bytes than [at, end) */
    int failed;      /* what the source said when it broke; LL_OK until then */
};

/* `path` must stay valid until close. */
LL_MUST_CHECK int ll_binary_file_open(struct ll_binary_file *file, const char *path, struct ll_why *why);
void ll_binary_file_close(struct ll_binary_file *file);

/* The less usual cases of ll_binary_file_next; not for callers. */
LL_MUST_CHECK int ll_binary_file_next_slow(struct ll_binary_file *file, const uint8_t **message,
                                           uint32_t *message_bytes, struct ll_why *why);

/* The next message, valid until the following call. */
LL_MUST_CHECK static inline int ll_binary_file_next(struct ll_binary_file *file, const uint8_t **message,
                                                    uint32_t *message_bytes, struct ll_why *why)
{
    size_t left_bytes = (size_t)(file->end - file->at);
    if (LL_LIKELY(left_bytes > LL_BINARY_FILE_PREFIX_BYTES)) {
        uint32_t length = ll_load_be16(file->at);
        if (LL_LIKELY(length != 0 && length <= left_bytes - LL_BINARY_FILE_PREFIX_BYTES)) {
            *message = file->at + LL_BINARY_FILE_PREFIX_BYTES;
            *message_bytes = length;
            file->at += LL_BINARY_FILE_PREFIX_BYTES + length;
            return LL_OK;
        }
    }
    return ll_binary_file_next_slow(file, message, message_bytes, why);
}

/* For a progress bar: how far reading is, and of how much. Both count bytes of the file as it lies on disk;
 * size is 0 when it is not known (a pipe). */
uint64_t ll_binary_file_position_bytes(const struct ll_binary_file *file);
uint64_t ll_binary_file_size_bytes(const struct ll_binary_file *file);

/* Offset of the next message's length prefix in the uncompressed content, to name a message by. */
uint64_t ll_binary_file_offset_bytes(const struct ll_binary_file *file);

#endif
