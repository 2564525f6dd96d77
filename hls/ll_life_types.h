/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lifecycle half's memory, as it lies on the card, in an OpenCL buffer, or in the host's arena.
 *
 * Shape    key -> bucket with the identifier in it -> order
 *
 *            bucket   2 x {16-byte key, number, order, type, status, flags, successor or lots} + link: one
 *                     line, and a lookup usually touches no other; overflow buckets hang behind
 *            place    where an identifier is: 4 bytes, by the host's number
 *            order    quantities, state, active identifier of each type: one line, by the host's number
 *
 *          Identifiers are never removed, so every one resolves for ever, what was found once stays where it
 *          is, and only the last bucket of a chain has room. Full keys are compared: there is no false match.
 * Units    lots; indices count from 0, LL_LIFE_NONE = none.
 * Errors   none here.
 * Threads  one kernel owns all of it.
 */
#ifndef LL_HLS_LIFE_TYPES_H
#define LL_HLS_LIFE_TYPES_H

#include "hls/ll_hot.h"
#include "hls/ll_life_records.h"

#define LL_LIFE_WAY_BITS   1u
#define LL_LIFE_WAYS       2u
#define LL_LIFE_USED_SHIFT 28u
#define LL_LIFE_NEXT_MASK  0x0fffffffu
#define LL_LIFE_FULL       3u
#define LL_LIFE_CHAIN_MAX  8u  /* buckets looked at for one key: 16 keys of one hash value */
#define LL_LIFE_SLOTS      10u /* an order has one active identifier of each of the first LL_ID_TYPES */
#define LL_LIFE_FLAG_SHIFT 4u
#define LL_LIFE_LAYOUT     0x4c494632u /* changes with anything in this file */

/* An identifier's place is its bucket << LL_LIFE_WAY_BITS | its way. */
struct ll_life_bucket {
    u64 key[LL_LIFE_WAYS][2];
    u32 id[LL_LIFE_WAYS];
    u32 order[LL_LIFE_WAYS];
    u32 rest[LL_LIFE_WAYS];  /* of an execution its quantity, else what it is replaced by */
    u8 type[LL_LIFE_WAYS];   /* enum ll_id_type */
    u8 status[LL_LIFE_WAYS]; /* flags << LL_LIFE_FLAG_SHIFT | enum ll_id_status */
    u32 link;                /* used ways << 28 | next overflow bucket, 0 = none (bucket 0 is never one) */
};
LL_STATIC_ASSERT(sizeof(struct ll_life_bucket) == 64, "one line");

/* An identifier as it is worked with: what a way of a bucket says, spread out. */
struct ll_life_id {
    u32 order;
    u32 replaced_by; /* identifier of the same order and type, LL_LIFE_NONE = none */
    u32 quantity;    /* of an execution: what it is now; else 0 */
    u8 type;         /* enum ll_id_type */
    u8 status;       /* enum ll_id_status */
    u8 flags;        /* LL_LIFE_REQUEST */
    u8 reserved;
};

#define LL_STANDING_ACKED 1u /* the venue's acknowledgement has come, not only been implied */

/* Where an order stands. Live: quantity = cumulative + leaves, and leaves > 0. Else leaves = 0, and quantity
 * is what it was when the order ended: what a late fill is measured by. */
struct ll_order_standing {
    u32 quantity;
    u32 leaves;
    u32 cumulative;
    u8 state; /* enum ll_order_state */
    u8 flags;
    u16 reserved;
};

struct ll_life_order {
    struct ll_order_standing standing;
    u32 active[LL_LIFE_SLOTS]; /* by type; LL_LIFE_NONE = none */
    u32 reserved[2];
};
LL_STATIC_ASSERT(sizeof(struct ll_life_order) == 64, "one line");

/* Sizes and counters. Sizes and seed are set from the configuration before ll_life_reset, the epoch by who
 * loads. */
struct ll_life_control {
    u32 layout;
    u32 bucket_count; /* primary buckets, a power of two; overflow buckets follow them in the same array */
    u32 overflow_count;
    u32 id_count;
    u32 order_count;
    u32 hash_seed;
    u32 epoch;
    u32 overflow_used; /* they are never given back */
    u32 ids_used;
    u32 orders_used;
    u32 reserved[6];
};
LL_STATIC_ASSERT(sizeof(struct ll_life_control) == 64, "one line");

/* The lines of identifiers and of orders that are on chip: arguments of every function that has their memory,
 * nothing where LL_HOT_LINES is 0. */
#define LL_LIFE_IDS_HOT         LL_HOT(id_hot)
#define LL_LIFE_IDS_HOT_PASS    LL_HOT_PASS(id_hot)
#define LL_LIFE_ORDERS_HOT      LL_HOT(life_hot)
#define LL_LIFE_ORDERS_HOT_PASS LL_HOT_PASS(life_hot)
#define LL_LIFE_HOT             LL_LIFE_IDS_HOT LL_LIFE_ORDERS_HOT
#define LL_LIFE_HOT_PASS        LL_LIFE_IDS_HOT_PASS LL_LIFE_ORDERS_HOT_PASS

/* The memory arguments of every function: OpenCL C knows no pointers inside structs, HLS wants one per port. */
#define LL_LIFE_MEMORY                                                                   \
    LL_GLOBAL struct ll_life_control *control, LL_GLOBAL struct ll_life_bucket *buckets, \
        LL_GLOBAL u32 *places, LL_GLOBAL struct ll_life_order *orders LL_LIFE_HOT
#define LL_LIFE_MEMORY_PASS control, buckets, places, orders LL_LIFE_HOT_PASS

/* The parts of it that are the identifiers and the orders, to change them and to look into them. */
#define LL_LIFE_IDS         LL_GLOBAL struct ll_life_bucket *buckets LL_LIFE_IDS_HOT
#define LL_LIFE_IDS_LOOK    LL_GLOBAL const struct ll_life_bucket *buckets LL_LIFE_IDS_HOT
#define LL_LIFE_IDS_PASS    buckets LL_LIFE_IDS_HOT_PASS
#define LL_LIFE_ORDERS      LL_GLOBAL struct ll_life_order *orders LL_LIFE_ORDERS_HOT
#define LL_LIFE_ORDERS_LOOK LL_GLOBAL const struct ll_life_order *orders LL_LIFE_ORDERS_HOT
#define LL_LIFE_ORDERS_PASS orders LL_LIFE_ORDERS_HOT_PASS

#endif
