/* SPDX-License-Identifier: Apache-2.0 */
#include "host/core/ll_book_memory.h"

#include "hls/ll_book.h"
#include "hls/ll_state_hash.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"

#include <stdlib.h>
#include <string.h>

#define LL_LINE_BYTES ((size_t)64)

/* Counts that follow from a config; one place for footprint and place. */
struct ll_book_counts {
    uint32_t buckets;
    uint32_t overflow;
    uint32_t leaves;
    uint32_t inners;
    uint32_t sides;
};

void ll_book_config_default(struct ll_book_config *config)
{
    *config = (struct ll_book_config){
        .orders = (uint64_t)2 << 20, .levels = (uint64_t)1 << 20, .books = 16384, .hash_seed = 0x6c69666cu};
}

static uint32_t ll_book_round_up_pow2(uint64_t value)
{
    uint64_t power = 1;
    while (power < value)
        power <<= 1;
    return (uint32_t)power;
}

static struct ll_book_counts ll_book_count(const struct ll_book_config *config)
{
    struct ll_book_counts counts;
    /* At most 1.5 orders to a bucket of three: one bucket in fifteen overflows then, a quarter is provided
     * for. */
    counts.buckets = ll_book_round_up_pow2((config->orders * 2 + 2) / 3);
    counts.overflow = counts.buckets / 4 + 16;
    counts.sides = (uint32_t)config->books * 2;
    /* A leaf of 31 merges with a neighbour when both together have at most 22 levels: 8 levels to a leaf is a
     * low average. LL_BATCH_MAX more, so that a batch may be worked in stages up to the stated capacity. */
    counts.leaves = counts.sides + (uint32_t)(config->levels / 8) + LL_BATCH_MAX;
    counts.inners = counts.sides + (uint32_t)(config->levels / 32) + LL_BATCH_MAX * LL_TREE_HEIGHT_MAX;
    return counts;
}

size_t ll_book_memory_footprint_bytes(const struct ll_book_config *config)
{
    if (config->orders == 0 || config->orders > LL_BOOK_ORDERS_MAX || config->levels == 0 ||
        config->levels > LL_BOOK_LEVELS_MAX || config->books == 0 || config->books > LL_BOOK_BOOKS_MAX)
        return 0;
    struct ll_book_counts counts = ll_book_count(config);
    return LL_LINE_BYTES + ((size_t)counts.buckets + counts.overflow) * sizeof(struct ll_order_bucket) +
           (size_t)counts.leaves * (sizeof(struct ll_leaf) + LL_LEAF_LANES * sizeof(struct ll_level)) +
           (size_t)counts.inners * sizeof(struct ll_inner) +
           (size_t)counts.sides * sizeof(struct ll_book_side);
}

void ll_book_memory_place(struct ll_book_memory *book, void *memory, const struct ll_book_config *config)
{
    LL_ASSERT(ll_book_memory_footprint_bytes(config) != 0);
    LL_ASSERT(((uintptr_t)memory & (LL_LINE_BYTES - 1)) == 0);
    struct ll_book_counts counts = ll_book_count(config);
    unsigned char *at = memory;
    book->control = (void *)at;
    at += LL_LINE_BYTES;
    book->buckets = (void *)at;
    at += ((size_t)counts.buckets + counts.overflow) * sizeof(struct ll_order_bucket);
    book->leaves = (void *)at;
    at += (size_t)counts.leaves * sizeof(struct ll_leaf);
    book->levels = (void *)at;
    at += (size_t)counts.leaves * LL_LEAF_LANES * sizeof(struct ll_level);
    book->inners = (void *)at;
    at += (size_t)counts.inners * sizeof(struct ll_inner);
    book->sides = (void *)at;
    memset(book->control, 0, sizeof *book->control);
    book->control->bucket_count = counts.buckets;
    book->control->overflow_count = counts.overflow;
    book->control->leaf_count = counts.leaves;
    book->control->inner_count = counts.inners;
    book->control->book_count = (uint32_t)config->books;
    book->control->hash_seed = config->hash_seed;
    ll_book_reset(book->control, book->buckets, book->leaves, book->levels, book->inners, book->sides);
}

void ll_book_memory_parts(const struct ll_book_memory *book, struct ll_book_part parts[LL_BOOK_PARTS])
{
    const struct ll_book_control *control = book->control;
    const size_t bucket_count = (size_t)control->bucket_count + control->overflow_count;
    const size_t side_count = (size_t)control->book_count * 2;
    parts[0] = (struct ll_book_part){"book.control", book->control, sizeof *book->control};
    parts[1] = (struct ll_book_part){"book.buckets", book->buckets, bucket_count * sizeof *book->buckets};
    parts[2] = (struct ll_book_part){"book.leaves", book->leaves, control->leaf_count * sizeof *book->leaves};
    parts[3] = (struct ll_book_part){"book.levels", book->levels,
                                     (size_t)control->leaf_count * LL_LEAF_LANES * sizeof *book->levels};
    parts[4] =
        (struct ll_book_part){"book.inners", book->inners, control->inner_count * sizeof *book->inners};
    parts[5] = (struct ll_book_part){"book.sides", book->sides, side_count * sizeof *book->sides};
}

/* --- Reading -------------------------------------------------------------------------------------------- */

static uint32_t ll_level_key(const struct ll_book_level *level, uint32_t side)
{
    return ll_price_key(level->price, side);
}

static int ll_level_compare_buy(const void *a, const void *b)
{
    uint32_t left = ll_level_key(a, LL_SIDE_BUY);
    uint32_t right = ll_level_key(b, LL_SIDE_BUY);
    return (left > right) - (left < right);
}

static int ll_level_compare_sell(const void *a, const void *b)
{
    return -ll_level_compare_buy(a, b);
}

/* Appends a leaf's levels, best first. Returns the count with them, also beyond `level_max`. */
static uint32_t ll_leaf_read(const struct ll_book_memory *book, uint32_t leaf, uint32_t side,
                             struct ll_book_level *levels, uint32_t level_max, uint32_t count)
{
    struct ll_book_level own[LL_LEAF_WAYS];
    uint32_t own_count = 0;
    for (uint32_t i = 0; i < LL_LEAF_WAYS; i++) {
        if ((book->leaves[leaf].lane[LL_LEAF_USED] >> i & 1u) == 0)
            continue;
        own[own_count].price = ll_price_key(book->leaves[leaf].lane[i], side);
        own[own_count].orders = book->levels[ll_level_at(leaf, i)].orders;
        own[own_count].quantity = book->levels[ll_level_at(leaf, i)].quantity;
        own_count++;
    }
    qsort(own, own_count, sizeof own[0], side == LL_SIDE_BUY ? ll_level_compare_buy : ll_level_compare_sell);
    for (uint32_t i = 0; i < own_count; i++, count++)
        if (count < level_max)
            levels[count] = own[i];
    return count;
}

/* Visits the leaves of a side, best first. `visit` returns false to stop. */
static void ll_book_leaves(const struct ll_book_memory *book, uint32_t book_side,
                           int (*visit)(void *context, uint32_t leaf), void *context)
{
    uint32_t node[LL_TREE_HEIGHT_MAX];
    uint32_t at[LL_TREE_HEIGHT_MAX];
    uint32_t height = book->sides[book_side].height;
    uint32_t depth = 0;
    node[0] = book_side;
    at[0] = 0;
    for (;;) {
        const struct ll_inner *inner = &book->inners[node[depth]];
        if (at[depth] == inner->low[LL_INNER_COUNT]) {
            if (depth == 0)
                return;
            depth--;
            continue;
        }
        uint32_t child = inner->child[at[depth]++];
        if (depth + 1 == height) {
            if (!visit(context, child))
                return;
        } else {
            depth++;
            node[depth] = child;
            at[depth] = 0;
        }
    }
}

struct ll_levels_reading {
    const struct ll_book_memory *book;
    struct ll_book_level *levels;
    uint32_t side;
    uint32_t level_max;
    uint32_t count;
};

static int ll_levels_visit(void *context, uint32_t leaf)
{
    struct ll_levels_reading *reading = context;
    reading->count =
        ll_leaf_read(reading->book, leaf, reading->side, reading->levels, reading->level_max, reading->count);
    return 1;
}

uint32_t ll_book_memory_levels(const struct ll_book_memory *book, uint32_t book_number, uint32_t side,
                               struct ll_book_level *levels, uint32_t level_max)
{
    LL_ASSERT(book_number < book->control->book_count);
    LL_ASSERT(side <= LL_SIDE_SELL);
    struct ll_levels_reading reading = {book, levels, side, level_max, 0};
    ll_book_leaves(book, book_number << 1 | side, ll_levels_visit, &reading);
    return reading.count;
}

void ll_book_memory_orders(const struct ll_book_memory *book,
                           void (*visit)(void *context, const struct ll_book_order *order), void *context)
{
    uint32_t bucket_count = book->control->bucket_count;
    for (uint32_t home = 0; home < bucket_count; home++) {
        /* Overflow buckets that are free keep other things in their link: only chains are walked. */
        uint32_t bucket = home;
        do {
            const struct ll_order_bucket *b = &book->buckets[bucket];
            for (uint32_t way = 0; way < LL_BUCKET_WAYS; way++) {
                if ((b->link >> LL_LINK_USED_SHIFT >> way & 1u) == 0)
                    continue;
                struct ll_book_order order = {b->ref[way], b->book_side[way] >> 1, b->book_side[way] & 1u,
                                              b->price[way], b->shares[way]};
                visit(context, &order);
            }
            bucket = b->link & LL_LINK_NEXT_MASK;
        } while (bucket != 0);
    }
}

uint64_t ll_book_memory_hash(const struct ll_book_memory *book)
{
    return ll_state_hash_orders(book->buckets, 0, book->control->bucket_count) +
           ll_state_hash_levels(book->leaves, book->levels, book->inners, book->sides, 0,
                                book->control->book_count * 2);
}
