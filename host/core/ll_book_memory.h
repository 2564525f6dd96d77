/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The book half's memory as the host sees it: how big, where, and what it says.
 *
 * Shape    config -> footprint -> place (formats the caller's memory) -> the kernel works in it -> read it: levels of
 *          a side, live orders, a check of every invariant, and a hash of the logical state. The same for every
 *          device: an OpenCL device copies its buffers into such a memory before they are read.
 * Units    counts of orders, levels, books; bytes.
 * Errors   footprint 0 = a config that cannot be. ll_book_memory_check names the first thing that is wrong.
 * Threads  reading needs the writer to stand still.
 */
#ifndef LL_HOST_CORE_BOOK_MEMORY_H
#define LL_HOST_CORE_BOOK_MEMORY_H

#include "hls/ll_book_types.h"
#include "host/base/ll_err.h"

#include <stddef.h>
#include <stdint.h>

#define LL_BOOK_ORDERS_MAX \
    ((uint64_t)1 << 26) /* bucket indices have 28 bits, and overflow buckets come on top */
#define LL_BOOK_LEVELS_MAX ((uint64_t)1 << 26)
#define LL_BOOK_BOOKS_MAX  ((uint64_t)1 << 16) /* ITCH stock locates */

/* Counts up with every change of what the tables' bytes mean: it tells snapshots of other versions apart. */
#define LL_BOOK_LAYOUT 1u

struct ll_book_config {
    uint64_t orders; /* live orders that shall fit */
    uint64_t levels; /* price levels that shall fit, over all books */
    uint64_t books;  /* highest book number + 1 */
    uint32_t hash_seed;
};

struct ll_book_memory {
    struct ll_book_control *control;
    struct ll_order_bucket *buckets;
    struct ll_leaf *leaves;
    struct ll_level *levels;
    struct ll_inner *inners;
    struct ll_book_side *sides;
};

#define LL_BOOK_PARTS 6u

/* One of the memories, as plain bytes without pointers. */
struct ll_book_part {
    const char *name;
    void *memory;
    size_t bytes;
};

/* One price level, for reading. */
struct ll_book_level {
    uint32_t price;
    uint32_t orders;
    uint64_t quantity;
};

/* One live order, for reading. */
struct ll_book_order {
    uint64_t ref;
    uint32_t book;
    uint32_t side; /* LL_SIDE_BUY or LL_SIDE_SELL */
    uint32_t price;
    uint32_t shares;
};

/* Fills in sizes that fit a whole real trading day (1.6 M live orders, 8,400 names). */
void ll_book_config_default(struct ll_book_config *config);

size_t ll_book_memory_footprint_bytes(const struct ll_book_config *config);
/* Formats `memory` (64-byte aligned, footprint bytes) and empties the tables. */
void ll_book_memory_place(struct ll_book_memory *book, void *memory, const struct ll_book_config *config);

/* All of them, for who keeps them elsewhere and puts them back: same config, same parts, same bytes. */
void ll_book_memory_parts(const struct ll_book_memory *book, struct ll_book_part parts[LL_BOOK_PARTS]);

/* The levels of one side, best first, at most `level_max`; returns how many there are in all. */
uint32_t ll_book_memory_levels(const struct ll_book_memory *book, uint32_t book_number, uint32_t side,
                               struct ll_book_level *levels, uint32_t level_max);

/* Calls `visit` for every live order, in memory order. */
void ll_book_memory_orders(const struct ll_book_memory *book,
                           void (*visit)(void *context, const struct ll_book_order *order), void *context);

/* A hash of what the books mean: every live order and every level, whatever place in memory they have. Sums
 * of per-item hashes, so that it does not depend on capacity, hash seed, batch size or device. */
uint64_t ll_book_memory_hash(const struct ll_book_memory *book);

/* Walks everything: levels against orders, trees against their bounds, best prices, counters, free lists. */
LL_MUST_CHECK int ll_book_memory_check(const struct ll_book_memory *book, struct ll_why *why);

#endif
