/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's book half and the naive book side by side: what one answers is worked out from the other.
 *
 * Shape    init (any table sizes, also such as no host would configure) -> per message: the kernel answers,
 * then ll_book_pair_expect works out all 64 bytes of the answer from the naive book, and compare_* hold the
 *          whole state against it. The kernel is a function of the caller's, so that a kernel compiled with
 * other limits runs the same checks. Only one thing is taken from the kernel: that a table was full. Then the
 * naive book does what the verdict says (the order is not taken), and the pair checks that this can have been
 * true. Units    as in hls/ll_records.h. Errors   a difference is described in the buffer `text` of the call
 * and returned as false. Threads  one owner.
 */
#ifndef LL_TESTS_MODEL_BOOK_PAIR_H
#define LL_TESTS_MODEL_BOOK_PAIR_H

#include "hls/ll_records.h"
#include "host/core/ll_book_memory.h"
#include "tests/model/ll_naive_book.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_BOOK_PAIR_TEXT_BYTES 400u

typedef void ll_book_kernel(const struct ll_book_memory *book, const struct ll_update *updates,
                            struct ll_result *results, uint32_t count, uint32_t batch);
typedef void ll_book_emptying(const struct ll_book_memory *book);

struct ll_book_pair_config {
    uint32_t bucket_count; /* a power of two */
    uint32_t overflow_count;
    uint32_t leaf_pool_count; /* beyond the one that each side has */
    uint32_t inner_pool_count;
    uint32_t book_count;
    uint32_t hash_seed;
    uint32_t epoch;
    ll_book_kernel *kernel;  /* NULL = the one in hls/ as it is */
    ll_book_emptying *reset; /* the kernel's own; NULL = ll_book_reset as it is */
};

struct ll_book_pair {
    struct ll_book_pair_config config;
    struct ll_book_memory book;
    struct ll_naive_book *naive;
    uint64_t table_full_orders; /* how often each has been the reason for table_full */
    uint64_t table_full_levels;
    uint64_t table_full_book;
    void *memory;
    struct ll_book_level *levels; /* scratch for comparisons */
    struct ll_naive_level *naive_levels;
    size_t level_max;
};

/* The naive book costs time to make: without it (`with_naive` false) the pair is only a kernel. */
void ll_book_pair_init(struct ll_book_pair *pair, const struct ll_book_pair_config *config, bool with_naive);
void ll_book_pair_deinit(struct ll_book_pair *pair);

void ll_book_pair_run(const struct ll_book_pair *pair, const struct ll_update *updates,
                      struct ll_result *results, uint32_t count, uint32_t batch);

/* Applies `update` to the naive book and compares all bytes of the kernel's `result` with what follows from
 * it. */
bool ll_book_pair_expect(struct ll_book_pair *pair, const struct ll_update *update,
                         const struct ll_result *result, char text[LL_BOOK_PAIR_TEXT_BYTES]);

/* Both sides of a book, level by level. `*cost` grows by the number of levels read. */
bool ll_book_pair_compare_book(struct ll_book_pair *pair, uint32_t book, uint64_t *cost,
                               char text[LL_BOOK_PAIR_TEXT_BYTES]);

/* All books, all live orders, and every invariant of the kernel's memory. */
bool ll_book_pair_compare_all(struct ll_book_pair *pair, char text[LL_BOOK_PAIR_TEXT_BYTES]);

#endif
