/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Price levels as sorted blocks with a bounded shift: a peer of hls/ll_levels.h, for measuring.
 *
 * Shape    The memory, the index of blocks and its bounds are those of hls/ll_book_tree.h; only the inside of
 *          a block differs. A block holds up to 31 keys in order, the best one last, with their levels beside
 *          them, and a count. An insert or a removal shifts what is better than the key, which is little
 *          where most happens: at the best. The next best after the best level has gone is the one before it.
 *
 *            leaf         31 keys, worst first + their count     two lines
 *            levels       31 x {quantity, orders}, same order    a shift moves both
 *
 *          A full block splits in half; a block that shrinks merges with its neighbour, as in the tree.
 * Units    as in hls/ll_book_types.h.
 * Errors   no node free: the change is not done, and nothing has changed.
 * Threads  one owner of the memory.
 */
#ifndef LL_BENCH_LEVELS_SORTED_H
#define LL_BENCH_LEVELS_SORTED_H

#include "hls/ll_book.h"

#define LL_SORTED_COUNT LL_LEAF_USED /* lane that holds the number of keys, not a mask */

/* How many of the first `count` keys are worse than `key`: where the key is or belongs. */
LL_FN_HOT u32 ll_sorted_rank(LL_GLOBAL const struct ll_leaf *leaf, u32 key)
{
    u32 below = (1u << leaf->lane[LL_SORTED_COUNT]) - 1u;
#if defined(LL_LANES_AVX512)
    __m512i keys = _mm512_set1_epi32((int)key);
    u32 low = _mm512_cmpgt_epu32_mask(_mm512_loadu_si512(leaf->lane), keys);
    u32 high = _mm512_cmpgt_epu32_mask(_mm512_loadu_si512(leaf->lane + 16), keys);
    return ll_popcount32((low | high << 16) & below);
#else
    u32 worse = 0;
    for (u32 i = 0; i < LL_LEAF_WAYS; i++) {
#pragma HLS UNROLL
        worse |= (u32)(leaf->lane[i] > key) << i;
    }
    return ll_popcount32(worse & below);
#endif
}

LL_FN_HOT u32 ll_sorted_has(LL_GLOBAL const struct ll_leaf *leaf, u32 at, u32 key)
{
    return (u32)(at < leaf->lane[LL_SORTED_COUNT]) & (u32)(leaf->lane[at] == key);
}

/* Makes a hole at `at`. */
LL_FN_HOT void ll_sorted_open(LL_GLOBAL struct ll_leaf *leaf, LL_GLOBAL struct ll_level *levels, u32 at)
{
    u32 count = leaf->lane[LL_SORTED_COUNT];
    for (u32 i = count; i > at; i--) {
        leaf->lane[i] = leaf->lane[i - 1u];
        levels[i] = levels[i - 1u];
    }
    leaf->lane[LL_SORTED_COUNT] = count + 1u;
}

LL_FN_HOT void ll_sorted_close(LL_GLOBAL struct ll_leaf *leaf, LL_GLOBAL struct ll_level *levels, u32 at)
{
    u32 count = leaf->lane[LL_SORTED_COUNT] - 1u;
    for (u32 i = at; i < count; i++) {
        leaf->lane[i] = leaf->lane[i + 1u];
        levels[i] = levels[i + 1u];
    }
    leaf->lane[LL_SORTED_COUNT] = count;
}

/* Splits the full block that `key` belongs into: the worse half moves. Returns the block to put the key into,
 * LL_NODE_NONE when there is no room. */
LL_FN_RARE u32 ll_sorted_split(LL_TREE_MEMORY, u32 book_side, u32 key)
{
    struct ll_tree_path path = ll_tree_path_of(inners, book_side, sides[book_side].height, key);
    u32 needs = ll_tree_split_needs(inners, path);
    if (control->leaf_free_count == 0 || needs > control->inner_free_count)
        return LL_NODE_NONE;
    u32 child = ll_leaf_alloc(control, leaves);
    u32 half = LL_LEAF_WAYS / 2u;
    for (u32 i = 0; i < LL_LEAF_WAYS; i++) {
        u32 target = i < half ? child : path.leaf;
        u32 at = i < half ? i : i - half;
        leaves[target].lane[at] = leaves[path.leaf].lane[i];
        levels[ll_level_at(target, at)] = levels[ll_level_at(path.leaf, i)];
    }
    leaves[child].lane[LL_SORTED_COUNT] = half;
    leaves[path.leaf].lane[LL_SORTED_COUNT] = LL_LEAF_WAYS - half;
    u32 low = leaves[child].lane[half - 1u];
    ll_tree_insert_child(control, inners, &sides[book_side], path, low, child);
    sides[book_side].shape++;
    control->height_max =
        sides[book_side].height > control->height_max ? sides[book_side].height : control->height_max;
    return key < low ? path.leaf : child;
}

/* Joins the block at the end of `path` with its neighbour when both together stay small. Returns the height.
 */
LL_FN u32 ll_sorted_merge(LL_TREE_MEMORY, struct ll_tree_path path)
{
    (void)sides;
    u32 h = path.height - 1u;
    u32 parent = path.node[h];
    u32 children = inners[parent].low[LL_INNER_COUNT];
    if (children < 2u)
        return path.height;
    u32 left_at = path.at[h] + 1u < children ? path.at[h] : path.at[h] - 1u;
    u32 left = inners[parent].child[left_at];
    u32 right = inners[parent].child[left_at + 1u];
    u32 left_count = leaves[left].lane[LL_SORTED_COUNT];
    u32 right_count = leaves[right].lane[LL_SORTED_COUNT];
    if (left_count + right_count > LL_MERGED_COUNT_MAX)
        return path.height;
    for (u32 i = left_count; i > 0; i--) { /* the left one is better: it moves up, behind the right one's */
        leaves[left].lane[i - 1u + right_count] = leaves[left].lane[i - 1u];
        levels[ll_level_at(left, i - 1u + right_count)] = levels[ll_level_at(left, i - 1u)];
    }
    for (u32 i = 0; i < right_count; i++) {
        leaves[left].lane[i] = leaves[right].lane[i];
        levels[ll_level_at(left, i)] = levels[ll_level_at(right, i)];
    }
    leaves[left].lane[LL_SORTED_COUNT] = left_count + right_count;
    path.at[h] = left_at + 1u;
    path.leaf = right;
    return ll_tree_remove_leaf(control, leaves, inners, path);
}

LL_FN_RARE void ll_sorted_shrink(LL_TREE_MEMORY, u32 book_side, u32 key, u32 left)
{
    struct ll_tree_path path = ll_tree_path_of(inners, book_side, sides[book_side].height, key);
    if (left == 0)
        sides[book_side].height = ll_tree_remove_leaf(control, leaves, inners, path);
    else
        sides[book_side].height = ll_sorted_merge(LL_TREE_MEMORY_PASS, path);
    sides[book_side].shape++;
}

LL_FN_HOT void ll_sorted_next_best(LL_TREE_MEMORY, u32 book_side)
{
    (void)control;
    LL_GLOBAL struct ll_book_side *side = &sides[book_side];
    u32 leaf = ll_tree_best_leaf(inners, book_side, side->height);
    u32 last = leaves[leaf].lane[LL_SORTED_COUNT] - 1u;
    side->best_key = leaves[leaf].lane[last];
    side->best_orders = levels[ll_level_at(leaf, last)].orders;
    side->best_quantity = levels[ll_level_at(leaf, last)].quantity;
}

LL_FN_HOT u32 ll_sorted_level_appears(LL_TREE_MEMORY, struct ll_change change, u32 leaf, u32 at)
{
    LL_GLOBAL struct ll_book_side *side = &sides[change.book_side];
    if (LL_RARE(leaves[leaf].lane[LL_SORTED_COUNT] == LL_LEAF_WAYS)) {
        leaf = ll_sorted_split(LL_TREE_MEMORY_PASS, change.book_side, change.key);
        if (leaf == LL_NODE_NONE)
            return 0;
        at = ll_sorted_rank(&leaves[leaf], change.key);
    }
    ll_sorted_open(&leaves[leaf], &levels[ll_level_at(leaf, 0)], at);
    leaves[leaf].lane[at] = change.key;
    levels[ll_level_at(leaf, at)].quantity = change.quantity;
    levels[ll_level_at(leaf, at)].orders = change.orders;
    u32 at_best = (u32)(change.key <= side->best_key);
    side->levels++;
    side->best_key = ll_select32(at_best, change.key, side->best_key);
    side->best_orders = ll_select32(at_best, change.orders, side->best_orders);
    side->best_quantity = ll_select64(at_best, change.quantity, side->best_quantity);
    control->live_levels++;
    return 1;
}

LL_FN_HOT void ll_sorted_level_goes(LL_TREE_MEMORY, struct ll_change change, u32 leaf, u32 at)
{
    LL_GLOBAL struct ll_book_side *side = &sides[change.book_side];
    ll_sorted_close(&leaves[leaf], &levels[ll_level_at(leaf, 0)], at);
    u32 left = leaves[leaf].lane[LL_SORTED_COUNT];
    side->levels--;
    control->live_levels--;
    if (LL_RARE(left != side->levels && (left == 0 || left == LL_MERGE_COUNT)))
        ll_sorted_shrink(LL_TREE_MEMORY_PASS, change.book_side, change.key, left);
    if (side->levels == 0) {
        side->best_key = LL_KEY_WORST;
        side->best_orders = 0;
        side->best_quantity = 0;
    } else if (change.key == side->best_key)
        ll_sorted_next_best(LL_TREE_MEMORY_PASS, change.book_side);
}

/* As ll_level_change. */
LL_FN_HOT u32 ll_sorted_change(LL_TREE_MEMORY, struct ll_change change, u32 leaf)
{
    LL_GLOBAL struct ll_book_side *side = &sides[change.book_side];
    u32 at = ll_sorted_rank(&leaves[leaf], change.key);
    if (ll_sorted_has(&leaves[leaf], at, change.key) == 0)
        return ll_sorted_level_appears(LL_TREE_MEMORY_PASS, change, leaf, at);
    u64 quantity = levels[ll_level_at(leaf, at)].quantity + change.quantity;
    u32 orders = levels[ll_level_at(leaf, at)].orders + change.orders;
    if (orders == 0) {
        ll_sorted_level_goes(LL_TREE_MEMORY_PASS, change, leaf, at);
        return 1;
    }
    levels[ll_level_at(leaf, at)].quantity = quantity;
    levels[ll_level_at(leaf, at)].orders = orders;
    u32 at_best = (u32)(change.key == side->best_key);
    side->best_orders = ll_select32(at_best, orders, side->best_orders);
    side->best_quantity = ll_select64(at_best, quantity, side->best_quantity);
    return 1;
}

/* --- Batches, staged as in hls/ll_book.h ---------------------------------------------------------------- */

LL_FN_RARE void ll_sorted_levels(LL_BOOK_MEMORY, LL_GLOBAL const struct ll_update *updates,
                                 LL_GLOBAL struct ll_result *results, const struct ll_change *changes,
                                 u32 change_count)
{
    u32 leaf[LL_BATCH_MAX * LL_CHANGES_PER_MESSAGE];
    u32 shape[LL_BATCH_MAX * LL_CHANGES_PER_MESSAGE];
    for (u32 i = 0; i < change_count; i++) {
        u32 side = changes[i].book_side;
        shape[i] = sides[side].shape;
        leaf[i] = ll_tree_leaf_of(inners, side, sides[side].height, changes[i].key);
        LL_PREFETCH(&leaves[leaf[i]].lane[0]);
        LL_PREFETCH(&leaves[leaf[i]].lane[16]);
    }
    for (u32 i = 0; i < change_count; i++)
        LL_PREFETCH(&levels[ll_level_at(leaf[i], ll_sorted_rank(&leaves[leaf[i]], changes[i].key))]);
    for (u32 i = 0; i < change_count; i++) {
        struct ll_change change = changes[i];
        u32 message = change.message & LL_CHANGE_INDEX;
        u32 at = leaf[i];
        if (LL_RARE((change.message & LL_CHANGE_NONE) != 0)) {
            ll_book_answer_only(sides, &results[message], change);
            continue;
        }
        if (LL_RARE(shape[i] != sides[change.book_side].shape))
            at = ll_tree_leaf_of(inners, change.book_side, sides[change.book_side].height, change.key);
        if (LL_RARE(ll_sorted_change(LL_TREE_MEMORY_PASS, change, at) == 0))
            ll_book_refuse(control, buckets, updates[message], &results[message]);
        if ((change.message & LL_CHANGE_LAST) != 0)
            ll_level_answer(&results[message], sides, change.book_side);
    }
}

/* Reset is ll_book_reset: a used mask of 0 is a count of 0. */
LL_FN_HOT void ll_sorted_batch(LL_BOOK_MEMORY, LL_GLOBAL const struct ll_update *updates,
                               LL_GLOBAL struct ll_result *results, u32 count, u32 batch)
{
    struct ll_change changes[LL_BATCH_MAX * LL_CHANGES_PER_MESSAGE];
    u32 done = 0;
    batch = batch - 1u < LL_BATCH_MAX ? batch : LL_BATCH_MAX;
    while (done < count) {
        u32 scarce = (u32)(control->leaf_free_count < LL_BATCH_MAX) |
                     (u32)(control->inner_free_count < LL_BATCH_MAX * LL_TREE_HEIGHT_MAX) |
                     (u32)(control->height_max >= LL_TREE_HEIGHT_MAX);
        u32 now = scarce != 0 ? 1u : batch;
        now = count - done < now ? count - done : now;
        u32 change_count =
            ll_book_orders(control, buckets, inners, sides, updates + done, results + done, now, changes);
        ll_sorted_levels(LL_BOOK_MEMORY_PASS, updates + done, results + done, changes, change_count);
        done += now;
    }
}

#endif
