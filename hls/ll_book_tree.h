/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Price levels of one side of one book: a B+ tree with unsorted leaves.
 *
 * Shape    Down the tree: one compare over 14 lanes per inner node (nearly always one, at most LL_TREE_HEIGHT_MAX),
 *          one compare over 31 lanes in the leaf, no branch that depends on the price. Splits, merges and removals of
 *          leaves are rare and walk the same path; an emptied node is freed at once, a leaf that shrinks merges with
 *          a neighbour.
 *          A side always has a leaf, its own from the start, so that an empty side is no special case.
 *          Nothing scans: the next best price after the best level is gone is a minimum over one leaf.
 * Units    keys as in ll_book_types.h.
 * Errors   no free node, or the height limit: the insert changes nothing and says so.
 * Threads  one owner.
 */
#ifndef LL_HLS_BOOK_TREE_H
#define LL_HLS_BOOK_TREE_H

#include "hls/ll_book_types.h"
#include "hls/ll_lanes.h"

/* The way from the root to a leaf: the inner node at each height and the child taken there. */
struct ll_tree_path {
    u32 node[LL_TREE_HEIGHT_MAX];
    u32 at[LL_TREE_HEIGHT_MAX];
    u32 height;
    u32 leaf;
};

/* Mask of the used lanes that hold `key`: one bit or none. */
LL_FN_HOT u32 ll_leaf_find(LL_GLOBAL const struct ll_leaf *leaf, u32 key)
{
    return ll_lanes_equal32(leaf->lane, key) & leaf->lane[LL_LEAF_USED];
}

/* The child of an inner node that `key` is routed to. Unused bounds are LL_KEY_WORST, hence the cap. */
LL_FN_HOT u32 ll_inner_find(LL_GLOBAL const struct ll_inner *inner, u32 key)
{
    u32 at = ll_lanes_rank14(inner->low, key);
    u32 last = inner->low[LL_INNER_COUNT] - 1u;
    return ll_select32((u32)(at < last), at, last);
}

LL_FN void ll_leaf_clear(LL_GLOBAL struct ll_leaf *leaf)
{
    for (u32 i = 0; i < LL_LEAF_LANES; i++) {
#pragma HLS UNROLL
        leaf->lane[i] = i == LL_LEAF_USED ? 0u : LL_KEY_WORST;
    }
}

LL_FN void ll_inner_clear(LL_GLOBAL struct ll_inner *inner)
{
    for (u32 i = 0; i < LL_INNER_LANES; i++) {
#pragma HLS UNROLL
        inner->low[i] = i == LL_INNER_COUNT ? 0u : LL_KEY_WORST;
    }
}

LL_FN u32 ll_leaf_alloc(LL_GLOBAL struct ll_book_control *control, LL_GLOBAL struct ll_leaf *leaves)
{
    u32 leaf = control->leaf_free;
    control->leaf_free = leaves[leaf].lane[0];
    control->leaf_free_count--;
    ll_leaf_clear(&leaves[leaf]);
    return leaf;
}

LL_FN void ll_leaf_release(LL_GLOBAL struct ll_book_control *control, LL_GLOBAL struct ll_leaf *leaves,
                           u32 leaf)
{
    leaves[leaf].lane[0] = control->leaf_free;
    leaves[leaf].lane[LL_LEAF_USED] = 0;
    control->leaf_free = leaf;
    control->leaf_free_count++;
}

LL_FN u32 ll_inner_alloc(LL_GLOBAL struct ll_book_control *control, LL_GLOBAL struct ll_inner *inners)
{
    u32 node = control->inner_free;
    control->inner_free = inners[node].child[0];
    control->inner_free_count--;
    ll_inner_clear(&inners[node]);
    return node;
}

LL_FN void ll_inner_release(LL_GLOBAL struct ll_book_control *control, LL_GLOBAL struct ll_inner *inners,
                            u32 node)
{
    inners[node].child[0] = control->inner_free;
    inners[node].low[LL_INNER_COUNT] = 0;
    control->inner_free = node;
    control->inner_free_count++;
}

/* Puts a child at position `at`; the caller knows that there is room. */
LL_FN void ll_inner_insert(LL_GLOBAL struct ll_inner *inner, u32 at, u32 low, u32 child)
{
    for (u32 i = LL_INNER_WAYS - 1u; i > 0; i--) {
        if (i > at) {
            inner->low[i] = inner->low[i - 1u];
            inner->child[i] = inner->child[i - 1u];
        }
    }
    inner->low[at] = low;
    inner->child[at] = child;
    inner->low[LL_INNER_COUNT]++;
}

LL_FN void ll_inner_remove(LL_GLOBAL struct ll_inner *inner, u32 at)
{
    for (u32 i = 0; i + 1u < LL_INNER_WAYS; i++) {
        if (i >= at) {
            inner->low[i] = inner->low[i + 1u];
            inner->child[i] = inner->child[i + 1u];
        }
    }
    inner->low[LL_INNER_WAYS - 1u] = LL_KEY_WORST;
    inner->low[LL_INNER_COUNT]--;
}

/* Moves children `from`.. of `source` to the empty node `target`. */
LL_FN void ll_inner_move_tail(LL_GLOBAL struct ll_inner *inners, u32 source, u32 target, u32 from)
{
    u32 count = inners[source].low[LL_INNER_COUNT];
    for (u32 i = 0; i < LL_INNER_WAYS; i++) {
        if (i >= from && i < count) {
            inners[target].low[i - from] = inners[source].low[i];
            inners[target].child[i - from] = inners[source].child[i];
            inners[source].low[i] = LL_KEY_WORST;
        }
    }
    inners[target].low[LL_INNER_COUNT] = count - from;
    inners[source].low[LL_INNER_COUNT] = from;
}

/* The node below `node` that `key` is routed to. */
LL_FN_HOT u32 ll_inner_child(LL_GLOBAL const struct ll_inner *inners, u32 node, u32 key)
{
    LL_WORK_ON(const struct ll_inner, inner, inners, node);
    return inner->child[ll_inner_find(inner, key)];
}

/* The leaf that `key` is in or belongs into, of the side whose root is inner `root`. */
LL_FN_HOT u32 ll_tree_leaf_of(LL_GLOBAL const struct ll_inner *inners, u32 root, u32 height, u32 key)
{
    u32 node = ll_inner_child(inners, root, key);
    if (LL_RARE(height > 1u)) {
        for (u32 h = 1; h < LL_TREE_HEIGHT_MAX; h++) {
            if (h >= height)
                break;
            node = ll_inner_child(inners, node, key);
        }
    }
    return node;
}

/* The leaf with the best key. */
LL_FN_HOT u32 ll_tree_best_leaf(LL_GLOBAL const struct ll_inner *inners, u32 root, u32 height)
{
    u32 node = inners[root].child[0];
    if (LL_RARE(height > 1u)) {
        for (u32 h = 1; h < LL_TREE_HEIGHT_MAX; h++) {
            if (h >= height)
                break;
            node = inners[node].child[0];
        }
    }
    return node;
}

LL_FN struct ll_tree_path ll_tree_path_of(LL_GLOBAL const struct ll_inner *inners, u32 root, u32 height,
                                          u32 key)
{
    struct ll_tree_path path;
    path.height = height;
    path.leaf = root;
    for (u32 h = 0; h < LL_TREE_HEIGHT_MAX; h++) {
        if (h >= height)
            break;
        path.node[h] = path.leaf;
        path.at[h] = ll_inner_find(&inners[path.leaf], key);
        path.leaf = inners[path.leaf].child[path.at[h]];
    }
    return path;
}

/* A root with a single inner node below it takes that node's children. Returns the new height. */
LL_FN u32 ll_tree_lower_root(LL_GLOBAL struct ll_book_control *control, LL_GLOBAL struct ll_inner *inners,
                             u32 root, u32 height)
{
    for (u32 h = 0; h < LL_TREE_HEIGHT_MAX; h++) {
        if (height <= 1u || inners[root].low[LL_INNER_COUNT] != 1u)
            break;
        u32 node = inners[root].child[0];
        inners[root] = inners[node];
        ll_inner_release(control, inners, node);
        height--;
    }
    return height;
}

/* Child `at` of `parent` has shrunk: joins it with a neighbour when both together stay small. Returns the
 * place in `parent` of the one that this empties (it is free already), LL_NODE_NONE when neither neighbour
 * fits. */
LL_FN u32 ll_inner_merge(LL_GLOBAL struct ll_book_control *control, LL_GLOBAL struct ll_inner *inners,
                         u32 parent, u32 at)
{
    u32 last = inners[parent].low[LL_INNER_COUNT] - 1u;
    for (u32 i = 0; i < 2u; i++) { /* with the worse neighbour, else with the better one */
        u32 left_at = at - i;
        if (left_at >= last)
            continue;
        u32 left = inners[parent].child[left_at];
        u32 right = inners[parent].child[left_at + 1u];
        u32 left_count = inners[left].low[LL_INNER_COUNT];
        u32 right_count = inners[right].low[LL_INNER_COUNT];
        if (left_count + right_count > LL_INNER_MERGED_COUNT_MAX)
            continue;
        for (u32 j = 0; j < LL_INNER_WAYS; j++) {
            if (j < right_count) { /* the bound of a first child is its parent's */
                inners[left].low[left_count + j] =
                    j == 0 ? inners[parent].low[left_at + 1u] : inners[right].low[j];
                inners[left].child[left_count + j] = inners[right].child[j];
            }
        }
        inners[left].low[LL_INNER_COUNT] = left_count + right_count;
        ll_inner_release(control, inners, right);
        return left_at + 1u;
    }
    return LL_NODE_NONE;
}

/* Takes the leaf at the end of `path` out of the tree, and every inner node that this empties or makes small
 * enough to join a neighbour. Never the only leaf. Returns the new height. */
LL_FN u32 ll_tree_remove_leaf(LL_GLOBAL struct ll_book_control *control, LL_GLOBAL struct ll_leaf *leaves,
                              LL_GLOBAL struct ll_inner *inners, struct ll_tree_path path)
{
    ll_leaf_release(control, leaves, path.leaf);
    for (u32 i = 0; i < LL_TREE_HEIGHT_MAX; i++) {
        if (i >= path.height)
            break;
        u32 h = path.height - 1u - i;
        u32 node = path.node[h];
        ll_inner_remove(&inners[node], path.at[h]);
        u32 left = inners[node].low[LL_INNER_COUNT];
        if (h == 0 || (left != 0 && left != LL_INNER_MERGE_COUNT))
            break;
        if (left == 0)
            ll_inner_release(control, inners, node);
        else
            path.at[h - 1u] = ll_inner_merge(control, inners, path.node[h - 1u], path.at[h - 1u]);
        if (path.at[h - 1u] == LL_NODE_NONE)
            break;
    }
    return ll_tree_lower_root(control, inners, path.node[0], path.height);
}

/* The leaf at the end of `path` has shrunk: joins it with a neighbour when both together stay small.
 * Returns the new height. */
LL_FN u32 ll_tree_merge_leaf(LL_TREE_MEMORY, struct ll_tree_path path)
{
    (void)sides;
    u32 h = path.height - 1u;
    u32 parent = path.node[h];
    u32 last = inners[parent].low[LL_INNER_COUNT] - 1u;
    for (u32 i = 0; i < 2u; i++) { /* with the worse neighbour, else with the better one */
        u32 left_at = path.at[h] - i;
        if (left_at >= last)
            continue;
        u32 left = inners[parent].child[left_at];
        u32 right = inners[parent].child[left_at + 1u];
        u32 left_used = leaves[left].lane[LL_LEAF_USED];
        u32 right_used = leaves[right].lane[LL_LEAF_USED];
        if (ll_popcount32(left_used) + ll_popcount32(right_used) > LL_MERGED_COUNT_MAX)
            continue;
        for (u32 j = 0; j < LL_LEAF_WAYS; j++) {
            if ((right_used >> j & 1u) != 0) {
                u32 slot = ll_ctz32(~left_used);
                leaves[left].lane[slot] = leaves[right].lane[j];
                levels[ll_level_at(left, slot)] = levels[ll_level_at(right, j)];
                left_used |= 1u << slot;
            }
        }
        leaves[left].lane[LL_LEAF_USED] = left_used;
        path.at[h] = left_at + 1u;
        path.leaf = right;
        return ll_tree_remove_leaf(control, leaves, inners, path);
    }
    return path.height;
}

/* How many pool nodes a split of the leaf at the end of `path` needs; LL_NODE_NONE when the tree would grow
 * too high. */
LL_FN u32 ll_tree_split_needs(LL_GLOBAL const struct ll_inner *inners, struct ll_tree_path path)
{
    u32 needs = 0;
    for (u32 i = 0; i < LL_TREE_HEIGHT_MAX; i++) {
        if (i >= path.height)
            break;
        if (inners[path.node[path.height - 1u - i]].low[LL_INNER_COUNT] < LL_INNER_WAYS)
            return needs;
        needs++;
    }
    return path.height < LL_TREE_HEIGHT_MAX ? needs + 1u : LL_NODE_NONE;
}

/* Moves the worse half of a full leaf into an empty one. Returns the smallest key moved. */
LL_FN u32 ll_leaf_split(LL_GLOBAL struct ll_leaf *leaves, LL_GLOBAL struct ll_level *levels, u32 source,
                        u32 target)
{
    u32 keys[LL_LEAF_WAYS];
    u32 moved = 0;
    u32 low = LL_KEY_WORST;
    for (u32 i = 0; i < LL_LEAF_WAYS; i++)
        keys[i] = leaves[source].lane[i];
    for (u32 i = 0; i < LL_LEAF_WAYS; i++) {
        u32 better = 0;
        for (u32 j = 0; j < LL_LEAF_WAYS; j++) {
#pragma HLS UNROLL
            better += (u32)(keys[j] < keys[i]);
        }
        if (better > LL_LEAF_WAYS / 2u) {
            leaves[target].lane[i] = keys[i];
            levels[ll_level_at(target, i)] = levels[ll_level_at(source, i)];
            leaves[source].lane[i] = LL_KEY_WORST;
            moved |= 1u << i;
            low = keys[i] < low ? keys[i] : low;
        }
    }
    leaves[target].lane[LL_LEAF_USED] = moved;
    leaves[source].lane[LL_LEAF_USED] = LL_LEAF_MASK & ~moved;
    return low;
}

/* Puts `child`, whose keys start at `low`, beside the end of `path`, and splits the inner nodes that are
 * full. */
LL_FN void ll_tree_insert_child(LL_GLOBAL struct ll_book_control *control, LL_GLOBAL struct ll_inner *inners,
                                LL_GLOBAL struct ll_book_side *side, struct ll_tree_path path, u32 low,
                                u32 child)
{
    for (u32 i = 0; i < LL_TREE_HEIGHT_MAX; i++) {
        if (i >= path.height)
            break;
        u32 h = path.height - 1u - i;
        u32 node = path.node[h];
        u32 at = path.at[h] + 1u;
        if (inners[node].low[LL_INNER_COUNT] < LL_INNER_WAYS) {
            ll_inner_insert(&inners[node], at, low, child);
            return;
        }
        u32 kept = LL_INNER_WAYS / 2u + 1u; /* (`half` is a type in OpenCL C) */
        if (h == 0) { /* the root keeps its place: its children go one floor down, and it gets two new ones */
            u32 left = ll_inner_alloc(control, inners);
            inners[left] = inners[node];
            ll_inner_clear(&inners[node]);
            ll_inner_insert(&inners[node], 0, 0, left);
            side->height = path.height + 1u;
            path.at[0] = 0;
            node = left;
        }
        u32 right = ll_inner_alloc(control, inners);
        u32 right_low = inners[node].low[kept];
        ll_inner_move_tail(inners, node, right, kept);
        if (at <= kept)
            ll_inner_insert(&inners[node], at, low, child);
        else
            ll_inner_insert(&inners[right], at - kept, low, child);
        low = right_low;
        child = right;
        if (h == 0)
            ll_inner_insert(&inners[path.node[0]], 1, low, child);
    }
}

/* Splits the full leaf that `key` belongs into. Returns the leaf to put it into, LL_NODE_NONE when there is
 * no room (then nothing has changed). */
LL_FN_RARE u32 ll_tree_split(LL_TREE_MEMORY, u32 book_side, u32 key)
{
    struct ll_tree_path path = ll_tree_path_of(inners, book_side, sides[book_side].height, key);
    u32 needs = ll_tree_split_needs(inners, path);
    if (control->leaf_free_count == 0 || needs > control->inner_free_count)
        return LL_NODE_NONE;
    u32 child = ll_leaf_alloc(control, leaves);
    u32 low = ll_leaf_split(leaves, levels, path.leaf, child);
    ll_tree_insert_child(control, inners, &sides[book_side], path, low, child);
    sides[book_side].shape++;
    control->height_max =
        sides[book_side].height > control->height_max ? sides[book_side].height : control->height_max;
    return key < low ? path.leaf : child;
}

/* A level has gone and left `left` levels in its leaf: an empty leaf leaves the tree, a small one merges. */
LL_FN_RARE void ll_tree_shrink(LL_TREE_MEMORY, u32 book_side, u32 key, u32 left)
{
    struct ll_tree_path path = ll_tree_path_of(inners, book_side, sides[book_side].height, key);
    if (left == 0)
        sides[book_side].height = ll_tree_remove_leaf(control, leaves, inners, path);
    else
        sides[book_side].height = ll_tree_merge_leaf(LL_TREE_MEMORY_PASS, path);
    sides[book_side].shape++;
}

#endif
