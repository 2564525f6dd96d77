/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ll_book_memory_check: every invariant of the book half's memory, the slow and plain way. Orders are walked
 * by their chains and summed into their levels; trees are walked with the bounds their inner nodes promise.
 */
#include "hls/ll_book.h"
#include "host/core/ll_book_memory.h"

#include <stdlib.h>
#include <string.h>

/* What is still to be accounted for in each level: filled from the trees, drained by the orders. */
struct ll_book_audit {
    const struct ll_book_memory *book;
    struct ll_level *left; /* same shape as book->levels */
    unsigned char *leaf_seen;
    unsigned char *inner_seen;
    unsigned char *bucket_seen; /* overflow buckets only, counted from the first one */
    uint64_t leaves_in_trees;
    uint64_t inners_in_trees;
    uint64_t orders;
    uint64_t levels;
    struct ll_why *why;
    int status;
};

static int ll_audit_leaf(struct ll_book_audit *audit, uint32_t book_side, uint32_t leaf, uint64_t low,
                         uint64_t high, uint32_t *levels, uint32_t *best)
{
    if (leaf >= audit->book->control->leaf_count || audit->leaf_seen[leaf])
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "side %u: leaf %u is out of range or in two places",
                       book_side, leaf);
    const struct ll_leaf *lanes = &audit->book->leaves[leaf];
    audit->leaf_seen[leaf] = 1;
    audit->leaves_in_trees++;
    for (uint32_t i = 0; i < LL_LEAF_WAYS; i++) {
        uint32_t key = lanes->lane[i];
        const struct ll_level *level = &audit->book->levels[ll_level_at(leaf, i)];
        if ((lanes->lane[LL_LEAF_USED] >> i & 1u) == 0) {
            if (key != LL_KEY_WORST)
                return LL_FAIL(audit->why, LL_ERR_CORRUPT, "side %u leaf %u: unused lane %u has a key",
                               book_side, leaf, i);
            continue;
        }
        if (key < low || key > high)
            return LL_FAIL(audit->why, LL_ERR_CORRUPT, "side %u leaf %u: key %u outside its bounds",
                           book_side, leaf, key);
        if (level->orders == 0 || level->quantity == 0)
            return LL_FAIL(audit->why, LL_ERR_CORRUPT, "side %u key %u: an empty level", book_side, key);
        audit->left[ll_level_at(leaf, i)] = *level;
        *best = key < *best ? key : *best;
        ++*levels;
    }
    return LL_OK;
}

/* Walks one side's tree without recursion; bounds are inclusive. */
static int ll_audit_side(struct ll_book_audit *audit, uint32_t book_side)
{
    const struct ll_book_side *side = &audit->book->sides[book_side];
    uint32_t node[LL_TREE_HEIGHT_MAX];
    uint32_t at[LL_TREE_HEIGHT_MAX];
    uint64_t low[LL_TREE_HEIGHT_MAX + 1];
    uint64_t high[LL_TREE_HEIGHT_MAX + 1];
    uint32_t levels = 0;
    uint32_t best = LL_KEY_WORST;
    uint32_t depth = 0;
    if (side->height < 1 || side->height > LL_TREE_HEIGHT_MAX)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "side %u: height %u", book_side, side->height);
    if (side->height > 1 && audit->book->inners[book_side].low[LL_INNER_COUNT] < 2)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "side %u: height %u over a single child", book_side,
                       side->height);
    node[0] = book_side;
    audit->inner_seen[book_side] = 1;
    at[0] = 0;
    low[0] = 0;
    high[0] = LL_KEY_WORST;
    for (;;) {
        const struct ll_inner *inner = &audit->book->inners[node[depth]];
        uint32_t count = inner->low[LL_INNER_COUNT];
        if (count == 0 || count > LL_INNER_WAYS)
            return LL_FAIL(audit->why, LL_ERR_CORRUPT, "side %u: inner %u has %u children", book_side,
                           node[depth], count);
        if (at[depth] == count) {
            audit->inners_in_trees++;
            if (depth-- == 0)
                break;
            continue;
        }
        uint32_t i = at[depth]++;
        uint64_t child_low = i == 0 ? low[depth] : inner->low[i];
        uint64_t child_high = i + 1 < count ? (uint64_t)inner->low[i + 1] - 1 : high[depth];
        if (child_low > child_high + 1)
            return LL_FAIL(audit->why, LL_ERR_CORRUPT, "side %u: inner %u is not in order", book_side,
                           node[depth]);
        if (depth + 1 == side->height) {
            int status =
                ll_audit_leaf(audit, book_side, inner->child[i], child_low, child_high, &levels, &best);
            if (status != LL_OK)
                return status;
        } else {
            if (inner->child[i] >= audit->book->control->inner_count || audit->inner_seen[inner->child[i]])
                return LL_FAIL(audit->why, LL_ERR_CORRUPT,
                               "side %u: inner %u is out of range or in two places", book_side,
                               inner->child[i]);
            depth++;
            node[depth] = inner->child[i];
            audit->inner_seen[node[depth]] = 1;
            at[depth] = 0;
            low[depth] = child_low;
            high[depth] = child_high;
        }
    }
    audit->levels += levels;
    if (levels != side->levels)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "side %u: %u levels counted, %u found", book_side,
                       side->levels, levels);
    if (levels != 0 && best != side->best_key)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "side %u: best key %u, %u found", book_side,
                       side->best_key, best);
    return LL_OK;
}

static int ll_audit_best(const struct ll_book_audit *audit, uint32_t book_side)
{
    const struct ll_book_side *side = &audit->book->sides[book_side];
    if (side->levels == 0)
        return LL_OK;
    uint32_t leaf = ll_tree_leaf_of(audit->book->inners, book_side, side->height, side->best_key);
    uint32_t hit = ll_leaf_find(&audit->book->leaves[leaf], side->best_key);
    const struct ll_level *level = hit != 0 ? &audit->book->levels[ll_level_at(leaf, ll_ctz32(hit))] : NULL;
    if (level == NULL || level->quantity != side->best_quantity || level->orders != side->best_orders)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "side %u: the best level is not what the book says",
                       book_side);
    return LL_OK;
}

/* The order is where its reference is looked for: in its own chain, and under its reference only once. */
static int ll_audit_place(const struct ll_book_audit *audit, const struct ll_book_order *order)
{
    const struct ll_book_control *control = audit->book->control;
    uint32_t home = ll_bucket_of(order->ref, control->hash_seed, control->bucket_count);
    struct ll_order_place place = ll_order_find(audit->book->buckets, home, order->ref);
    const struct ll_order_bucket *bucket = &audit->book->buckets[place.found != 0 ? place.bucket : 0];
    if (place.found == 0 || bucket->price[place.way] != order->price ||
        bucket->shares[place.way] != order->shares ||
        bucket->book_side[place.way] != (order->book << 1 | order->side))
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "order %llu: its reference does not lead to it",
                       (unsigned long long)order->ref);
    return LL_OK;
}

static void ll_audit_order(void *context, const struct ll_book_order *order)
{
    struct ll_book_audit *audit = context;
    uint32_t book_side = order->book << 1 | order->side;
    audit->orders++;
    if (audit->status != LL_OK)
        return;
    if (order->book >= audit->book->control->book_count || order->shares == 0) {
        audit->status = LL_FAIL(audit->why, LL_ERR_CORRUPT, "order %llu: book %u, %u shares",
                                (unsigned long long)order->ref, order->book, order->shares);
        return;
    }
    audit->status = ll_audit_place(audit, order);
    if (audit->status != LL_OK)
        return;
    uint32_t key = ll_price_key(order->price, book_side);
    uint32_t leaf =
        ll_tree_leaf_of(audit->book->inners, book_side, audit->book->sides[book_side].height, key);
    uint32_t hit = ll_leaf_find(&audit->book->leaves[leaf], key);
    struct ll_level *left = hit != 0 ? &audit->left[ll_level_at(leaf, ll_ctz32(hit))] : NULL;
    if (left == NULL || left->orders == 0 || left->quantity < order->shares) {
        audit->status = LL_FAIL(audit->why, LL_ERR_CORRUPT, "order %llu: its level does not contain it",
                                (unsigned long long)order->ref);
        return;
    }
    left->orders--;
    left->quantity -= order->shares;
}

static int ll_audit_totals(const struct ll_book_audit *audit)
{
    const struct ll_book_control *control = audit->book->control;
    for (uint32_t leaf = 0; leaf < control->leaf_count; leaf++)
        for (uint32_t i = 0; i < LL_LEAF_WAYS; i++)
            if (audit->left[ll_level_at(leaf, i)].orders != 0 ||
                audit->left[ll_level_at(leaf, i)].quantity != 0)
                return LL_FAIL(audit->why, LL_ERR_CORRUPT,
                               "leaf %u lane %u: more in the level than in its orders", leaf, i);
    if (audit->orders != control->live_orders || audit->levels != control->live_levels)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "counted %u orders and %u levels, found %llu and %llu",
                       control->live_orders, control->live_levels, (unsigned long long)audit->orders,
                       (unsigned long long)audit->levels);
    if (audit->leaves_in_trees + control->leaf_free_count != control->leaf_count)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "%llu leaves in trees and %u free of %u",
                       (unsigned long long)audit->leaves_in_trees, control->leaf_free_count,
                       control->leaf_count);
    if (audit->inners_in_trees + control->inner_free_count != control->inner_count)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "%llu inner nodes in trees and %u free of %u",
                       (unsigned long long)audit->inners_in_trees, control->inner_free_count,
                       control->inner_count);
    return LL_OK;
}

/* Overflow buckets are either in a chain, with at least one order, or free. */
static int ll_audit_buckets(const struct ll_book_audit *audit)
{
    const struct ll_book_control *control = audit->book->control;
    uint64_t chained = 0;
    for (uint32_t home = 0; home < control->bucket_count; home++) {
        uint32_t bucket = audit->book->buckets[home].link & LL_LINK_NEXT_MASK;
        for (uint32_t depth = 1; bucket != 0; depth++) {
            if (depth >= LL_CHAIN_MAX || bucket < control->bucket_count ||
                bucket - control->bucket_count >= control->overflow_count ||
                audit->bucket_seen[bucket - control->bucket_count] ||
                audit->book->buckets[bucket].link >> LL_LINK_USED_SHIFT == 0)
                return LL_FAIL(audit->why, LL_ERR_CORRUPT,
                               "bucket %u: chain too long, or not of overflow buckets with orders", home);
            audit->bucket_seen[bucket - control->bucket_count] = 1;
            chained++;
            bucket = audit->book->buckets[bucket].link & LL_LINK_NEXT_MASK;
        }
    }
    if (chained + control->overflow_free_count != control->overflow_count)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "%llu overflow buckets in chains and %u free of %u",
                       (unsigned long long)chained, control->overflow_free_count, control->overflow_count);
    return LL_OK;
}

/* What is free is in range, in no tree or chain, and on its list once. */
static int ll_audit_free_lists(struct ll_book_audit *audit)
{
    const struct ll_book_control *control = audit->book->control;
    uint32_t at = control->leaf_free;
    for (uint32_t i = 0; i < control->leaf_free_count; i++, at = audit->book->leaves[at].lane[0]) {
        if (at >= control->leaf_count || audit->leaf_seen[at])
            return LL_FAIL(audit->why, LL_ERR_CORRUPT, "leaf %u is free and elsewhere too, or out of range",
                           at);
        audit->leaf_seen[at] = 1;
    }
    at = control->inner_free;
    for (uint32_t i = 0; i < control->inner_free_count; i++, at = audit->book->inners[at].child[0]) {
        if (at >= control->inner_count || audit->inner_seen[at])
            return LL_FAIL(audit->why, LL_ERR_CORRUPT, "inner %u is free and elsewhere too, or out of range",
                           at);
        audit->inner_seen[at] = 1;
    }
    at = control->overflow_free;
    for (uint32_t i = 0; i < control->overflow_free_count; i++, at = audit->book->buckets[at].link) {
        if (at - control->bucket_count >= control->overflow_count ||
            audit->bucket_seen[at - control->bucket_count])
            return LL_FAIL(audit->why, LL_ERR_CORRUPT, "bucket %u is free and elsewhere too, or out of range",
                           at);
        audit->bucket_seen[at - control->bucket_count] = 1;
    }
    return LL_OK;
}

int ll_book_memory_check(const struct ll_book_memory *book, struct ll_why *why)
{
    struct ll_book_audit audit = {.book = book, .why = why, .status = LL_OK};
    audit.left = calloc((size_t)book->control->leaf_count * LL_LEAF_LANES, sizeof *audit.left);
    audit.leaf_seen = calloc(book->control->leaf_count, 1);
    audit.inner_seen = calloc(book->control->inner_count, 1);
    audit.bucket_seen = calloc((size_t)book->control->overflow_count + 1, 1);
    if (audit.left == NULL || audit.leaf_seen == NULL || audit.inner_seen == NULL ||
        audit.bucket_seen == NULL)
        audit.status = LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for the check");
    for (uint32_t side = 0; side < book->control->book_count * 2 && audit.status == LL_OK; side++)
        audit.status = ll_audit_side(&audit, side);
    for (uint32_t side = 0; side < book->control->book_count * 2 && audit.status == LL_OK; side++)
        audit.status = ll_audit_best(&audit, side);
    if (audit.status == LL_OK)
        audit.status = ll_audit_buckets(&audit);
    if (audit.status == LL_OK)
        ll_book_memory_orders(book, ll_audit_order, &audit);
    if (audit.status == LL_OK)
        audit.status = ll_audit_totals(&audit);
    if (audit.status == LL_OK)
        audit.status = ll_audit_free_lists(&audit);
    free(audit.left);
    free(audit.leaf_seen);
    free(audit.inner_seen);
    free(audit.bucket_seen);
    return audit.status;
}
