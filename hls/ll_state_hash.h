/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash of what the tables mean: every live order, level, identifier and order of ours, whatever place in
 * memory each has.
 *
 * Shape    Sums of per-item hashes, so parts of a table may be hashed one after the other, here or there, and
 *          the sums added. Nothing of capacity, hash seed, batch size or device goes in.
 *            book       ll_state_hash_orders over the primary buckets + ll_state_hash_levels over the sides
 *            lifecycle  ll_state_hash_ids over all buckets + ll_state_hash_life_orders over the orders
 * Units    first, count: primary buckets with their chains; sides; buckets; orders by the host's number.
 * Errors   none. The tables must be whole: links are followed as they are, at most LL_CHAIN_MAX and
 *          LL_TREE_HEIGHT_MAX of them.
 * Threads  reads only; nobody may write meanwhile.
 * Source   the mixing step is MurmurHash3's (A. Appleby, public domain, fmix64).
 */
#ifndef LL_HLS_STATE_HASH_H
#define LL_HLS_STATE_HASH_H

#include "hls/ll_book_types.h"
#include "hls/ll_life_ids.h"

/* What an item is, so that two of different kinds with the same words differ. */
enum ll_state_item { LL_STATE_ORDER = 1, LL_STATE_LEVEL = 2, LL_STATE_ID = 3, LL_STATE_LIFE_ORDER = 4 };

LL_FN u64 ll_state_mix(u64 hash, u64 word)
{
    hash ^= word;
    hash ^= hash >> 33;
    hash *= 0xff51afd7ed558ccdu;
    hash ^= hash >> 33;
    hash *= 0xc4ceb9fe1a85ec53u;
    return hash ^ hash >> 33;
}

/* --- Book ----------------------------------------------------------------------------------------------- */

LL_FN u64 ll_state_hash_bucket(struct ll_order_bucket bucket)
{
    u64 sum = 0;
    for (u32 way = 0; way < LL_BUCKET_WAYS; way++) {
        u64 hash = ll_state_mix(LL_STATE_ORDER, bucket.ref[way]);
        hash = ll_state_mix(hash, bucket.book_side[way]);
        hash = ll_state_mix(hash, (u64)bucket.price[way] << 32 | bucket.shares[way]);
        sum += (bucket.link >> LL_LINK_USED_SHIFT >> way & 1u) != 0 ? hash : 0;
    }
    return sum;
}

/* Overflow buckets that are free keep other things in their link: only chains are walked. */
LL_FN_RARE u64 ll_state_hash_orders(LL_GLOBAL const struct ll_order_bucket *buckets, u32 first, u32 count)
{
    u64 sum = 0;
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 2097152
        u32 at = first + i;
        for (u32 depth = 0; depth < LL_CHAIN_MAX; depth++) {
            struct ll_order_bucket bucket = buckets[at];
            sum += ll_state_hash_bucket(bucket);
            at = bucket.link & LL_LINK_NEXT_MASK;
            if (at == 0)
                break;
        }
    }
    return sum;
}

LL_FN u64 ll_state_hash_leaf(LL_GLOBAL const struct ll_leaf *leaves, LL_GLOBAL const struct ll_level *levels,
                             u32 book_side, u32 leaf)
{
    u64 sum = 0;
    u32 used = leaves[leaf].lane[LL_LEAF_USED];
    for (u32 i = 0; i < LL_LEAF_WAYS; i++) {
        if ((used >> i & 1u) == 0)
            continue;
        struct ll_level level = levels[ll_level_at(leaf, i)];
        u64 hash = ll_state_mix(LL_STATE_LEVEL, (u64)book_side << 32 | leaves[leaf].lane[i]);
        hash = ll_state_mix(hash, level.quantity);
        sum += ll_state_mix(hash, level.orders);
    }
    return sum;
}

/* From the root down: node[depth] is where the walk is, at[depth] the child it takes there next. */
LL_FN u64 ll_state_hash_side(LL_GLOBAL const struct ll_leaf *leaves, LL_GLOBAL const struct ll_level *levels,
                             LL_GLOBAL const struct ll_inner *inners, u32 book_side, u32 height)
{
    u32 node[LL_TREE_HEIGHT_MAX];
    u32 at[LL_TREE_HEIGHT_MAX];
    u32 depth = 0;
    u64 sum = 0;
    node[0] = book_side;
    at[0] = 0;
    for (;;) {
#pragma HLS LOOP_TRIPCOUNT min = 2 max = 131072
        u32 here = node[depth];
        if (at[depth] < inners[here].low[LL_INNER_COUNT] && at[depth] < LL_INNER_WAYS) {
            u32 child = inners[here].child[at[depth]];
            at[depth]++;
            if (depth + 1u >= height || depth + 1u == LL_TREE_HEIGHT_MAX) {
                sum += ll_state_hash_leaf(leaves, levels, book_side, child);
                continue;
            }
            depth++;
            node[depth] = child;
            at[depth] = 0;
        } else if (depth == 0) {
            return sum;
        } else {
            depth--;
        }
    }
}

LL_FN_RARE u64 ll_state_hash_levels(LL_GLOBAL const struct ll_leaf *leaves,
                                    LL_GLOBAL const struct ll_level *levels,
                                    LL_GLOBAL const struct ll_inner *inners,
                                    LL_GLOBAL const struct ll_book_side *sides, u32 first, u32 count)
{
    u64 sum = 0;
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 32768
        u32 side = first + i;
        if (sides[side].levels != 0)
            sum += ll_state_hash_side(leaves, levels, inners, side, sides[side].height);
    }
    return sum;
}

/* --- Lifecycle ------------------------------------------------------------------------------------------ */

LL_FN_RARE u64 ll_state_hash_ids(LL_GLOBAL const struct ll_life_bucket *buckets, u32 first, u32 count)
{
    u64 sum = 0;
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 9587012
        u32 at = first + i;
        u32 used = buckets[at].link >> LL_LIFE_USED_SHIFT;
        for (u32 way = 0; way < LL_LIFE_WAYS; way++) {
            if ((used >> way & 1u) == 0)
                continue;
            struct ll_life_id record = ll_life_bucket_id(&buckets[at], way);
            u64 hash = ll_state_mix(LL_STATE_ID, buckets[at].key[way][0]);
            hash = ll_state_mix(hash, buckets[at].key[way][1]);
            hash = ll_state_mix(hash, (u64)buckets[at].id[way] << 32 | record.order);
            hash = ll_state_mix(hash, (u64)record.replaced_by << 32 | record.quantity);
            sum += ll_state_mix(hash, (u64)record.type << 16 | (u64)record.status << 8 | record.flags);
        }
    }
    return sum;
}

LL_FN_RARE u64 ll_state_hash_life_orders(LL_GLOBAL const struct ll_life_order *orders, u32 first, u32 count)
{
    u64 sum = 0;
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 2097152
        struct ll_life_order order = orders[first + i];
        if (order.standing.state == LL_ORDER_NONE)
            continue;
        u64 hash = ll_state_mix(LL_STATE_LIFE_ORDER, (u64)(first + i) << 32 | order.standing.quantity);
        hash = ll_state_mix(hash, (u64)order.standing.leaves << 32 | order.standing.cumulative);
        hash = ll_state_mix(hash, (u64)order.standing.state << 8 | order.standing.flags);
        for (u32 type = 0; type < LL_LIFE_SLOTS; type++)
            hash = ll_state_mix(hash, order.active[type]);
        sum += hash;
    }
    return sum;
}

#endif
