/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Price levels: what the changes of orders do to them, and the best bid and offer of every answer.
 *
 * Shape    ll_level_change: one change of one level, on one straight way for levels that grow, shrink, appear and go.
 *          ll_level_answer: the book's half of an answer.
 * Units    as in ll_book_types.h.
 * Errors   no node free: the change is not done, and nothing has changed.
 * Threads  one owner of the memory.
 */
#ifndef LL_HLS_LEVELS_H
#define LL_HLS_LEVELS_H

#include "hls/ll_book_tree.h"
#include "hls/ll_orders.h"

/* The best level of the side has gone: the next one is the minimum of the best leaf. */
LL_FN_HOT void ll_level_next_best(LL_TREE_MEMORY, u32 book_side)
{
    (void)control;
    LL_WORK_ON(struct ll_book_side, side, sides, book_side);
    u32 at = ll_tree_best_leaf(inners, book_side, side->height);
    LL_WORK_ON(const struct ll_leaf, leaf, leaves, at);
    u32 key = ll_lanes_min31(leaf->lane);
    u32 slot = ll_ctz32(ll_leaf_find(leaf, key));
    LL_WORK_ON(const struct ll_level, level, levels, ll_level_at(at, slot));
    side->best_key = key;
    side->best_orders = level->orders;
    side->best_quantity = level->quantity;
    LL_WORK_DONE(side, sides, book_side);
}

/* Leaf `at` is where the key is in or belongs into. Returns 1, or 0 when a new level found no room; nothing has
 * changed then. */
LL_FN_HOT u32 ll_level_change(LL_TREE_MEMORY, struct ll_change change, u32 at)
{
    u32 book_side = change.book_side;
    u32 key = change.key;
    LL_WORK_ON(struct ll_book_side, side, sides, book_side);
    LL_WORK_ON(struct ll_leaf, leaf, leaves, at);
    u32 hit = ll_leaf_find(leaf, key);
    u32 used = leaf->lane[LL_LEAF_USED];
    u32 appeared = (u32)(hit == 0);
    if (LL_RARE((appeared & (u32)(used == LL_LEAF_MASK)) != 0)) {
        at = ll_tree_split(LL_TREE_MEMORY_PASS, book_side, key);
        if (at == LL_NODE_NONE)
            return 0;
        LL_WORK_AGAIN(side, sides, book_side);
        LL_WORK_AGAIN(leaf, leaves, at);
        used = leaf->lane[LL_LEAF_USED];
    }
    u32 slot = ll_ctz32(ll_select32(appeared, ~used, hit));
    LL_WORK_ON(struct ll_level, level, levels, ll_level_at(at, slot));
    u64 quantity = (level->quantity & ((u64)appeared - 1u)) + change.quantity;
    u32 orders = (level->orders & (appeared - 1u)) + change.orders;
    u32 gone = (u32)(orders == 0);
    used = (used | 1u << slot) & ~(gone << slot);
    level->quantity = quantity;
    level->orders = orders;
    leaf->lane[slot] = key | (0u - gone); /* the key of a level that is gone is LL_KEY_WORST */
    leaf->lane[LL_LEAF_USED] = used;
    LL_WORK_DONE(level, levels, ll_level_at(at, slot));
    LL_WORK_DONE(leaf, leaves, at);
    control->live_levels += appeared - gone;

    u32 level_count = side->levels + appeared - gone;
    u32 at_best = (u32)(key <= side->best_key); /* of an empty side this is LL_KEY_WORST */
    side->levels = level_count;
    side->best_key = ll_select32(at_best, key, side->best_key);
    side->best_orders = ll_select32(at_best, orders, side->best_orders);
    side->best_quantity = ll_select64(at_best, quantity, side->best_quantity);
    LL_WORK_DONE(side, sides, book_side);
    u32 left = ll_popcount32(used);
    u32 shrinks = gone & (u32)(left != level_count) & ((u32)(left == 0) | (u32)(left == LL_MERGE_COUNT));
    if (LL_RARE((shrinks | (gone & at_best)) != 0)) {
        if (shrinks != 0)
            ll_tree_shrink(LL_TREE_MEMORY_PASS, book_side, key, left);
        if (at_best != 0 && level_count != 0)
            ll_level_next_best(LL_TREE_MEMORY_PASS, book_side);
        else if (at_best != 0)
            sides[book_side].best_key = LL_KEY_WORST; /* quantity and orders have come to 0 by themselves */
    }
    return 1;
}

/* The best of an empty side is LL_KEY_WORST with nothing in it, so nearly all is copied. */
LL_FN_HOT void ll_level_answer(LL_GLOBAL struct ll_result *result, LL_GLOBAL const struct ll_book_side *sides,
                               u32 book_side)
{
    LL_WORK_ON(const struct ll_book_side, buy, sides, book_side & ~1u);
    LL_WORK_ON(const struct ll_book_side, sell, sides, book_side | 1u);
    u32 has_bid = (u32)(buy->best_orders != 0);
    u32 has_ask = (u32)(sell->best_orders != 0);
    result->flags |= (u8)(has_bid * LL_RESULT_HAS_BID | has_ask * LL_RESULT_HAS_ASK);
    result->bid_price = ~buy->best_key;
    result->ask_price = sell->best_key & (0u - has_ask);
    result->bid_quantity = buy->best_quantity;
    result->ask_quantity = sell->best_quantity;
    result->bid_orders = buy->best_orders;
    result->ask_orders = sell->best_orders;
}

/* The answer to a message about a book that does not exist. */
LL_FN void ll_level_answer_nothing(LL_GLOBAL struct ll_result *result)
{
    result->bid_price = 0;
    result->ask_price = 0;
    result->bid_quantity = 0;
    result->ask_quantity = 0;
    result->bid_orders = 0;
    result->ask_orders = 0;
}

#endif
