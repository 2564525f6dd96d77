/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's lifecycle half and the naive one side by side.
 *
 * Shape    init (any table sizes, also such as no host would configure) -> per ask: the kernel answers, then
 *          ll_life_pair_expect works out all 64 bytes from the naive model; compare_all holds the whole state
 *          against it and walks the kernel's memory. The kernel is a function of the caller's, so that a
 *          kernel compiled in another way runs the same checks. Only one thing is taken from the kernel: that
 *          a chain was full; then the pair checks that this can have been true.
 * Units    as in hls/ll_life_records.h.
 * Errors   a difference is described in the buffer `text` of the call and returned as false.
 * Threads  one owner.
 */
#ifndef LL_TESTS_MODEL_LIFE_PAIR_H
#define LL_TESTS_MODEL_LIFE_PAIR_H

#include "host/core/ll_life_memory.h"
#include "tests/model/ll_naive_life.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_LIFE_PAIR_TEXT_BYTES 400u

typedef void ll_life_kernel(const struct ll_life_memory *life, const struct ll_life_ask *asks,
                            struct ll_life_answer *answers, uint32_t count, uint32_t batch);
typedef void ll_life_emptying(const struct ll_life_memory *life);

struct ll_life_pair_config {
    uint32_t bucket_count; /* a power of two */
    uint32_t overflow_count;
    uint32_t id_count;
    uint32_t order_count;
    uint32_t hash_seed;
    uint32_t epoch;
    uint32_t chain_max;      /* of the kernel; 0 = LL_LIFE_CHAIN_MAX */
    ll_life_kernel *kernel;  /* NULL = the one in hls/ as it is */
    ll_life_emptying *reset; /* the kernel's own; NULL = ll_life_reset as it is */
};

struct ll_life_pair {
    struct ll_life_pair_config config;
    struct ll_life_memory life;
    struct ll_naive_life naive;
    uint64_t chains_full; /* how often a chain was the reason for table_full */
    void *memory;
    size_t memory_bytes;
};

void ll_life_pair_init(struct ll_life_pair *pair, const struct ll_life_pair_config *config);
void ll_life_pair_deinit(struct ll_life_pair *pair);

void ll_life_pair_run(const struct ll_life_pair *pair, const struct ll_life_ask *asks,
                      struct ll_life_answer *answers, uint32_t count, uint32_t batch);

/* Does `ask` in the naive model and compares all bytes of the kernel's `answer` with its. */
bool ll_life_pair_expect(struct ll_life_pair *pair, const struct ll_life_ask *ask,
                         const struct ll_life_answer *answer, char text[LL_LIFE_PAIR_TEXT_BYTES]);

/* All identifiers, all orders, and every invariant of the kernel's memory. */
bool ll_life_pair_compare_all(struct ll_life_pair *pair, char text[LL_LIFE_PAIR_TEXT_BYTES]);

#endif
