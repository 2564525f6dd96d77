/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The book half of the kernel: updates in, one result each, best bid and offer in every one.
 *
 * Shape    ll_book_reset once, then ll_book_batch. A batch is worked in stages:
 *
 *            updates -> hash -> orders (ll_orders.h) -> changes -> locate the leaf -> levels (ll_levels.h) -> results
 *
 *          Orders and levels are matched strictly in arrival order; the results are those of handling one message after
 *          the other. On a CPU each stage fetches ahead what the next one touches, so that a batch waits for memory a
 *          few times and not some times per message; the order table and the level table lie in memories of their own.
 *          An order is taken before its level is known to find room, so a batch runs in stages only while no level can
 *          be refused (free nodes for every message); otherwise one message at a time, with the same results.
 *          Work per message is bounded: LL_CHAIN_MAX buckets per reference, LL_TREE_HEIGHT_MAX inner nodes per level,
 *          LL_CHANGES_PER_MESSAGE levels.
 * Units    as in ll_records.h and ll_book_types.h.
 * Errors   verdicts, see ll_orders.h.
 * Threads  one owner of the memory.
 */
#ifndef LL_HLS_BOOK_H
#define LL_HLS_BOOK_H

#include "hls/ll_levels.h"
#include "hls/ll_orders.h"

#define LL_BATCH_MAX 64u

#if LL_HOT_LINES > 0

/* The order stage in hardware: what goes straight goes through the pipeline, what does not goes by itself. */
LL_FN u32 ll_book_order_stage(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE,
                              LL_GLOBAL const struct ll_update *updates, LL_GLOBAL struct ll_result *results,
                              u32 count, const u32 *bucket, struct ll_change *changes)
{
    u32 change_count = 0;
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
        u32 gone = ll_order_run(control, LL_ORDER_TABLE_PASS, updates + i, results + i, count - i, bucket + i,
                                &changes[change_count], i);
        i += gone;
        change_count += gone;
        if (i < count)
            change_count += ll_order_message(control, LL_ORDER_TABLE_PASS, &updates[i], bucket[i],
                                             &changes[change_count], i, &results[i]);
    }
    return change_count;
}

#endif

/* Hash and orders: fills `changes`, returns their number. */
LL_FN_RARE u32 ll_book_orders(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE,
                              LL_GLOBAL const struct ll_inner *inners,
                              LL_GLOBAL const struct ll_book_side *sides,
                              LL_GLOBAL const struct ll_update *updates, LL_GLOBAL struct ll_result *results,
                              u32 count, struct ll_change *changes)
{
    u32 bucket[LL_BATCH_MAX];
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
        bucket[i] = ll_bucket_of(updates[i].ref, control->hash_seed, control->bucket_count);
        LL_PREFETCH(&buckets[bucket[i]]);
        LL_PREFETCH(&buckets[ll_bucket_of(updates[i].new_ref, control->hash_seed, control->bucket_count)]);
    }
#if LL_HOT_LINES > 0
    (void)inners;
    (void)sides;
    return ll_book_order_stage(control, LL_ORDER_TABLE_PASS, updates, results, count, bucket, changes);
#else
    u32 change_count = 0;
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
        u32 first = change_count;
        change_count +=
            ll_order_message(control, buckets, &updates[i], bucket[i], &changes[first], i, &results[i]);
        LL_PREFETCH(&inners[changes[first].book_side].low[0]);
        LL_PREFETCH(&inners[changes[first].book_side].child[0]);
        LL_PREFETCH(&sides[changes[first].book_side]);
    }
    return change_count;
#endif
}

/* A level that found no room: the order that came with it goes again. Only where messages go one at a time.
 */
LL_FN_RARE void ll_book_refuse(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE,
                               struct ll_update update, LL_GLOBAL struct ll_result *result)
{
    u64 ref = update.op == LL_OP_REPLACE ? update.new_ref : update.ref;
    u32 home = ll_bucket_of(ref, control->hash_seed, control->bucket_count);
    (void)ll_order_take_out(control, LL_ORDER_TABLE_PASS, ll_order_find(LL_ORDER_TABLE_PASS, home, ref));
    result->verdict = LL_VERDICT_TABLE_FULL;
    result->leaves = 0;
}

/* A message that changes no level is answered all the same. */
LL_FN void ll_book_answer_only(LL_GLOBAL const struct ll_book_side *sides, LL_GLOBAL struct ll_result *result,
                               struct ll_change change)
{
    if ((change.message & LL_CHANGE_NO_BOOK) != 0)
        ll_level_answer_nothing(result);
    else
        ll_level_answer(result, sides, change.book_side);
}

/* Levels: applies the changes in order and completes the results. */
LL_FN_RARE void ll_book_levels(LL_BOOK_MEMORY, LL_GLOBAL const struct ll_update *updates,
                               LL_GLOBAL struct ll_result *results, const struct ll_change *changes,
                               u32 change_count)
{
    u32 leaf[LL_BATCH_MAX * LL_CHANGES_PER_MESSAGE];
    u32 shape[LL_BATCH_MAX * LL_CHANGES_PER_MESSAGE];
    for (u32 i = 0; i < change_count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 192
        u32 side = changes[i].book_side;
        LL_WORK_ON(const struct ll_book_side, here, sides, side);
        shape[i] = here->shape;
        leaf[i] = ll_tree_leaf_of(inners, side, here->height, changes[i].key);
        LL_PREFETCH(&leaves[leaf[i]].lane[0]);
        LL_PREFETCH(&leaves[leaf[i]].lane[16]);
    }
#if defined(LL_PREFETCHES)
    for (u32 i = 0; i < change_count; i++) {
        u32 hit = ll_leaf_find(&leaves[leaf[i]], changes[i].key);
        u32 unused = ~leaves[leaf[i]].lane[LL_LEAF_USED] | 1u << LL_LEAF_WAYS;
        LL_PREFETCH(&levels[ll_level_at(leaf[i], ll_ctz32(ll_select32((u32)(hit != 0), hit, unused)))]);
    }
#endif
    for (u32 i = 0; i < change_count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 192
        struct ll_change change = changes[i];
        u32 message = change.message & LL_CHANGE_INDEX;
        u32 at = leaf[i];
        if (LL_RARE((change.message & LL_CHANGE_NONE) != 0)) {
            ll_book_answer_only(sides, &results[message], change);
            continue;
        }
        if (LL_RARE(shape[i] != sides[change.book_side].shape))
            at = ll_tree_leaf_of(inners, change.book_side, sides[change.book_side].height, change.key);
        if (LL_RARE(ll_level_change(LL_TREE_MEMORY_PASS, change, at) == 0))
            ll_book_refuse(control, LL_ORDER_TABLE_PASS, updates[message], &results[message]);
        if ((change.message & LL_CHANGE_LAST) != 0)
            ll_level_answer(&results[message], sides, change.book_side);
    }
}

/* Any count: worked in batches of at most `batch` (1..LL_BATCH_MAX) messages. The results do not depend on
 * `batch`. */
LL_FN_HOT void ll_book_batch(LL_BOOK_MEMORY, LL_GLOBAL const struct ll_update *updates,
                             LL_GLOBAL struct ll_result *results, u32 count, u32 batch)
{
    struct ll_change changes[LL_BATCH_MAX * LL_CHANGES_PER_MESSAGE];
    u32 done = 0;
    batch = batch - 1u < LL_BATCH_MAX ? batch : LL_BATCH_MAX; /* 0 would never end, more would not fit */
    while (done < count) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
        u32 scarce = (u32)(control->leaf_free_count < LL_BATCH_MAX) |
                     (u32)(control->inner_free_count < LL_BATCH_MAX * LL_TREE_HEIGHT_MAX) |
                     (u32)(control->height_max >= LL_TREE_HEIGHT_MAX);
        u32 now = scarce != 0 ? 1u : batch;
        now = count - done < now ? count - done : now;
        u32 change_count = ll_book_orders(control, LL_ORDER_TABLE_PASS, inners, sides, updates + done,
                                          results + done, now, changes);
        ll_book_levels(LL_BOOK_MEMORY_PASS, updates + done, results + done, changes, change_count);
        done += now;
    }
}

/* What is on chip of the order table is forgotten. Called after anything but these functions has written
 * `buckets`, such as a load: the chip knows nothing of it. Nothing to do where LL_HOT_LINES is 0. */
LL_FN void ll_book_hot_clear(LL_BOOK_MEMORY)
{
    (void)control;
    (void)buckets;
    (void)leaves;
    (void)levels;
    (void)inners;
    (void)sides;
    LL_HOT_UNUSED(order_hot);
#if LL_HOT_LINES > 0
    ll_hot_clear(order_hot_tags);
#endif
}

/* An empty bucket of the chain or the free list that `link` says. */
LL_FN struct ll_order_bucket ll_bucket_empty(u32 link)
{
    struct ll_order_bucket bucket;
    for (u32 way = 0; way < LL_BUCKET_WAYS; way++) {
#pragma HLS UNROLL
        bucket.ref[way] = 0;
        bucket.shares[way] = 0;
        bucket.price[way] = 0;
        bucket.book_side[way] = 0;
    }
    bucket.link = link;
    return bucket;
}

/* Empties everything: control's counts and seed are set, the rest may be anything. Once per load, not on the
 * fast path. */
LL_FN void ll_book_reset(LL_BOOK_MEMORY)
{
    u32 side_count = 2u * control->book_count;
    ll_book_hot_clear(LL_BOOK_MEMORY_PASS);
    for (u32 i = 0; i < control->bucket_count + control->overflow_count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 2621488
        buckets[i] = ll_bucket_empty(i < control->bucket_count ? 0u : i + 1u);
    }
    for (u32 i = side_count; i < control->leaf_count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 0 max = 131136
        leaves[i].lane[0] = i + 1u;
    }
    for (u32 i = side_count; i < control->inner_count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 0 max = 33152
        inners[i].child[0] = i + 1u;
    }
    for (u32 i = 0; i < side_count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 2 max = 32768
        ll_leaf_clear(&leaves[i]);
        ll_inner_clear(&inners[i]);
        ll_inner_insert(&inners[i], 0, 0, i);
        sides[i].levels = 0;
        sides[i].height = 1;
        sides[i].best_key = LL_KEY_WORST;
        sides[i].best_orders = 0;
        sides[i].best_quantity = 0;
        sides[i].shape = 0;
    }
    control->overflow_free = control->bucket_count;
    control->overflow_free_count = control->overflow_count;
    control->leaf_free = side_count;
    control->leaf_free_count = control->leaf_count - side_count;
    control->inner_free = side_count;
    control->inner_free_count = control->inner_count - side_count;
    control->live_orders = 0;
    control->live_levels = 0;
    control->height_max = 1;
}

#endif
