/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The book half's memory, as it lies on the card, in an OpenCL buffer, or in the host's arena.
 *
 * Shape    order reference -> bucket (hash, 3 orders to a 64-byte line, overflow buckets chained behind it)
 *          book -> two sides -> a B+ tree of price levels, best first
 *
 *            bucket       3 x {ref, shares, price, book and side} + link     one line; a lookup usually touches one
 *            side         level count, height, best level                    two sides of a book share a line
 *            inner        15 lower bounds + count, 15 children               two lines; the root of side s is inner s,
 *                                                                            so its address is known without a load
 *            leaf         31 keys + a mask of the used ones                  two lines, compared all at once
 *            levels       31 x {quantity, orders} and padding, of each leaf   the line of one level is touched
 *
 *          A key is a price so turned that smaller is better on both sides: sell = price, buy = ~price.
 *          Keys inside a leaf are in no order: an insert writes one key and one level and shifts nothing; the best of a
 *          leaf is a minimum over 31 lanes. Leaves are ordered by the inner nodes above them. A side of up to some
 *          hundreds of levels is a root and its leaves (height 1); a larger one grows upwards.
 *          In hardware the buckets have lines on chip (ll_hot.h); levels, nodes and sides stay arrays of structs.
 * Units    prices in ticks, quantities in shares, indices count from 0, LL_NODE_NONE = no node.
 * Errors   none here.
 * Threads  one kernel owns all of it.
 */
#ifndef LL_HLS_BOOK_TYPES_H
#define LL_HLS_BOOK_TYPES_H

#include "hls/ll_hot.h"

#define LL_BUCKET_WAYS            3u
#define LL_LINK_USED_SHIFT        28u
#define LL_LINK_NEXT_MASK         0x0fffffffu
#define LL_BUCKET_FULL            7u
#define LL_CHAIN_MAX              6u /* buckets looked at for one reference: 18 orders of one hash value */
#define LL_LEAF_WAYS              31u
#define LL_LEAF_LANES             32u
#define LL_LEAF_USED              31u /* lane that holds the mask of used keys */
#define LL_LEAF_MASK              0x7fffffffu
#define LL_INNER_WAYS             15u
#define LL_INNER_LANES            16u
#define LL_INNER_COUNT            15u /* lane of low[] that holds the number of children */
#define LL_TREE_HEIGHT_MAX        6u /* inner nodes between a side and its leaves; 8^6 leaves at the thinnest */
#define LL_KEY_WORST              0xffffffffu
#define LL_NODE_NONE              0xffffffffu
#define LL_MERGE_COUNT            8u /* a leaf that shrinks to this many levels looks for a neighbour to merge with */
#define LL_MERGED_COUNT_MAX       22u /* and merges only when this much room for growth remains */
#define LL_INNER_MERGE_COUNT      4u  /* the same for the children of an inner node */
#define LL_INNER_MERGED_COUNT_MAX 11u

struct ll_order_bucket {
    u64 ref[LL_BUCKET_WAYS];
    u32 shares[LL_BUCKET_WAYS];
    u32 price[LL_BUCKET_WAYS];
    u32 book_side[LL_BUCKET_WAYS]; /* book * 2 + side */
    u32 link; /* used ways << 28 | next overflow bucket, 0 = none (bucket 0 is never one) */
};
LL_STATIC_ASSERT(sizeof(struct ll_order_bucket) == 64, "one line");

struct ll_leaf {
    u32 lane[LL_LEAF_LANES]; /* 31 keys, unused ones LL_KEY_WORST; lane 31 the mask; free leaves: lane 0 links
                              */
};
LL_STATIC_ASSERT(sizeof(struct ll_leaf) == 128, "two lines");

struct ll_level {
    u64 quantity;
    u32 orders;
    u32 reserved;
};

LL_STATIC_ASSERT(sizeof(struct ll_level) == 16, "four to a line");

/* Where the level of a leaf's slot is: each leaf has eight lines of them, the last level is padding. */
LL_FN_HOT u32 ll_level_at(u32 leaf, u32 slot)
{
    return leaf * LL_LEAF_LANES + slot;
}

struct ll_inner {
    u32 low[LL_INNER_LANES]; /* lowest key routed to each child (the first takes all below); lane 15 the count
                              */
    u32 child[LL_INNER_LANES]; /* free inners: child 0 links */
};
LL_STATIC_ASSERT(sizeof(struct ll_inner) == 128, "two lines");

struct ll_book_side {
    u32 levels;
    u32 height;        /* inner nodes from the root to the leaves, at least 1 */
    u32 best_key;      /* LL_KEY_WORST when the side is empty, */
    u32 best_orders;   /* and 0 */
    u64 best_quantity; /* and 0 */
    u32 shape;         /* counts changes of the tree's shape: what was found before one is found again */
    u32 reserved;
};
LL_STATIC_ASSERT(sizeof(struct ll_book_side) == 32, "both sides of a book in one line");

/* Sizes, free lists and counters. The first three are set from the configuration before ll_book_reset. */
struct ll_book_control {
    u32 bucket_count; /* primary buckets, a power of two; overflow buckets follow them in the same array */
    u32 overflow_count;
    u32 leaf_count; /* the first 2 * book_count leaves and inner nodes belong to the sides, the others are the
                       pool */
    u32 inner_count;
    u32 book_count;
    u32 hash_seed;
    u32 epoch;
    u32 overflow_free; /* head of a free list, LL_NODE_NONE when empty; and how many are left */
    u32 overflow_free_count;
    u32 leaf_free;
    u32 leaf_free_count;
    u32 inner_free;
    u32 inner_free_count;
    u32 live_orders;
    u32 live_levels;
    u32 height_max; /* of any side, ever */
};
LL_STATIC_ASSERT(sizeof(struct ll_book_control) == 64, "one line");

/* The lines of the order table that are on chip: arguments of every function that has its buckets, nothing
 * where LL_HOT_LINES is 0. */
#define LL_BOOK_HOT      LL_HOT(order_hot)
#define LL_BOOK_HOT_PASS LL_HOT_PASS(order_hot)

/* The memory arguments of every function: OpenCL C knows no pointers inside structs, HLS wants one per port.
 */
#define LL_BOOK_MEMORY                                                                    \
    LL_GLOBAL struct ll_book_control *control, LL_GLOBAL struct ll_order_bucket *buckets, \
        LL_GLOBAL struct ll_leaf *leaves, LL_GLOBAL struct ll_level *levels,              \
        LL_GLOBAL struct ll_inner *inners, LL_GLOBAL struct ll_book_side *sides LL_BOOK_HOT
#define LL_BOOK_MEMORY_PASS control, buckets, leaves, levels, inners, sides LL_BOOK_HOT_PASS

/* The part of it that is the order table, to change it and to look into it. */
#define LL_ORDER_TABLE      LL_GLOBAL struct ll_order_bucket *buckets LL_BOOK_HOT
#define LL_ORDER_LOOK       LL_GLOBAL const struct ll_order_bucket *buckets LL_BOOK_HOT
#define LL_ORDER_TABLE_PASS buckets LL_BOOK_HOT_PASS

/* The part of it that the price levels are made of. */
#define LL_TREE_MEMORY                                                           \
    LL_GLOBAL struct ll_book_control *control, LL_GLOBAL struct ll_leaf *leaves, \
        LL_GLOBAL struct ll_level *levels, LL_GLOBAL struct ll_inner *inners,    \
        LL_GLOBAL struct ll_book_side *sides
#define LL_TREE_MEMORY_PASS control, leaves, levels, inners, sides

#endif
