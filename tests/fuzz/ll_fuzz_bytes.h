/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input of a fuzz target, eaten from the front: each decision of the target costs a byte or eight.
 *
 * Shape    begin -> u8, u64... while there is something left.
 * Units    bytes; numbers big-endian.
 * Errors   none: behind the end all is 0.
 * Threads  one owner.
 */
#ifndef LL_TESTS_FUZZ_FUZZ_BYTES_H
#define LL_TESTS_FUZZ_FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct ll_fuzz_bytes {
    const uint8_t *at;
    const uint8_t *end;
};

static inline struct ll_fuzz_bytes ll_fuzz_begin(const uint8_t *bytes, size_t bytes_count)
{
    return (struct ll_fuzz_bytes){bytes, bytes + bytes_count};
}

static inline size_t ll_fuzz_left_bytes(const struct ll_fuzz_bytes *input)
{
    return (size_t)(input->end - input->at);
}

static inline uint8_t ll_fuzz_u8(struct ll_fuzz_bytes *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

static inline uint64_t ll_fuzz_u64(struct ll_fuzz_bytes *input)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | ll_fuzz_u8(input);
    return value;
}

#endif
