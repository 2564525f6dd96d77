/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of both halves as parts, and what a CONTROL request does to them.
 *
 * Shape    ll_gateway_control: request beat -> answer beat (LL_BEAT_OPS). Sizes are what the two control
 *          lines say, so:
 *            1. The control lines are zeros before the first launch: that half is not there, and all but PING,
 *               LOAD and DUMP of its control line is refused.
 *            2. LOAD of a control line sets the sizes. They are believed, and so is what a LOAD puts into
 *               tables: who loads has made the memories for these sizes and has checked what it loads.
 *            3. RESET empties the tables by these sizes, or LOADs of all other parts fill them.
 * Units    elements of a part (LL_PARTS); words of 64 bits. Of an odd number of places the last half word is
 *          nobody's: dumped as 0, not loaded.
 * Errors   LL_BEAT_REFUSED: no such op or part, elements beyond the part or the window, no such half, HASH of
 *          another part, RESET of another part or of elements. Nothing was done.
 * Threads  one kernel at a time on a set of tables.
 */
#ifndef LL_HLS_GATEWAY_PARTS_H
#define LL_HLS_GATEWAY_PARTS_H

#include "hls/ll_book.h"
#include "hls/ll_life.h"
#include "hls/ll_link.h"
#include "hls/ll_state_hash.h"
#include "hls/ll_words.h"

#define LL_GATEWAY_LAYOUT 0x4c4c4757u /* changes with anything in the slots, parts or tables */

/* The memories of both halves; those of the lifecycle under names of their own. */
#define LL_GATEWAY_MEMORY                                                          \
    LL_BOOK_MEMORY, LL_GLOBAL struct ll_life_control *life_control,                \
        LL_GLOBAL struct ll_life_bucket *life_buckets, LL_GLOBAL u32 *life_places, \
        LL_GLOBAL struct ll_life_order *life_orders LL_LIFE_HOT
#define LL_GATEWAY_LIFE_PASS   life_control, life_buckets, life_places, life_orders LL_LIFE_HOT_PASS
#define LL_GATEWAY_MEMORY_PASS LL_BOOK_MEMORY_PASS, LL_GATEWAY_LIFE_PASS

/* For a function that goes to the tables themselves: they always have what the chip has. */
#define LL_GATEWAY_HOT_UNUSED() \
    LL_HOT_UNUSED(order_hot);   \
    LL_HOT_UNUSED(id_hot);      \
    LL_HOT_UNUSED(life_hot)

/* Words of an element, 0 = no such part. */
LL_FN u32 ll_part_words(u64 part)
{
    switch (part) {
#define LL_PART_WORDS(name, number, text, bytes) \
    case LL_PART_##name:                         \
        return (bytes) / 8u;
        LL_PARTS(LL_PART_WORDS)
#undef LL_PART_WORDS
    default:
        return 0;
    }
}

/* Elements of a part. */
LL_FN u64 ll_part_count(LL_GLOBAL const struct ll_book_control *control,
                        LL_GLOBAL const struct ll_life_control *life_control, u64 part)
{
    switch (part) {
    case LL_PART_BOOK_CONTROL:
    case LL_PART_LIFE_CONTROL:
        return 1;
    case LL_PART_BOOK_BUCKETS:
        return (u64)control->bucket_count + control->overflow_count;
    case LL_PART_LEAVES:
    case LL_PART_LEVELS:
        return control->leaf_count;
    case LL_PART_INNERS:
        return control->inner_count;
    case LL_PART_SIDES:
        return (u64)control->book_count * 2u;
    case LL_PART_LIFE_BUCKETS:
        return (u64)life_control->bucket_count + life_control->overflow_count;
    case LL_PART_LIFE_PLACES:
        return ((u64)life_control->id_count + 1u) / 2u;
    case LL_PART_LIFE_ORDERS:
        return life_control->order_count;
    default:
        return 0;
    }
}

/* 1 = elements `first` .. `first + count - 1` are there. */
LL_FN u32 ll_part_has(u64 part_count, u64 first, u64 count)
{
    return first <= part_count ? (u32)(count <= part_count - first) : 0u;
}

/* One element out of the window. */
LL_FN void ll_part_load(LL_GATEWAY_MEMORY, u64 part, u32 at, LL_GLOBAL const volatile u64 *words)
{
    LL_GATEWAY_HOT_UNUSED();
    switch (part) {
    case LL_PART_BOOK_CONTROL:
        control[0] = ll_words_to_book_control(words);
        break;
    case LL_PART_BOOK_BUCKETS:
        buckets[at] = ll_words_to_order_bucket(words);
        break;
    case LL_PART_LEAVES:
        leaves[at] = ll_words_to_leaf(words);
        break;
    case LL_PART_LEVELS:
        for (u32 i = 0; i < LL_LEAF_LANES; i++)
            levels[ll_level_at(at, i)] = ll_words_to_level(words + LL_WORDS_LEVEL * i);
        break;
    case LL_PART_INNERS:
        inners[at] = ll_words_to_inner(words);
        break;
    case LL_PART_SIDES:
        sides[at] = ll_words_to_book_side(words);
        break;
    case LL_PART_LIFE_CONTROL:
        life_control[0] = ll_words_to_life_control(words);
        break;
    case LL_PART_LIFE_BUCKETS:
        life_buckets[at] = ll_words_to_life_bucket(words);
        break;
    case LL_PART_LIFE_PLACES:
        life_places[2u * at] = ll_words_low(words[0]);
        if (2u * at + 1u < life_control->id_count)
            life_places[2u * at + 1u] = ll_words_high(words[0]);
        break;
    default:
        life_orders[at] = ll_words_to_life_order(words);
        break;
    }
}

/* One element into the window. */
LL_FN void ll_part_dump(LL_GATEWAY_MEMORY, u64 part, u32 at, LL_GLOBAL volatile u64 *words)
{
    LL_GATEWAY_HOT_UNUSED();
    switch (part) {
    case LL_PART_BOOK_CONTROL:
        ll_words_from_book_control(words, control[0]);
        break;
    case LL_PART_BOOK_BUCKETS:
        ll_words_from_order_bucket(words, buckets[at]);
        break;
    case LL_PART_LEAVES:
        ll_words_from_leaf(words, leaves[at]);
        break;
    case LL_PART_LEVELS:
        for (u32 i = 0; i < LL_LEAF_LANES; i++)
            ll_words_from_level(words + LL_WORDS_LEVEL * i, levels[ll_level_at(at, i)]);
        break;
    case LL_PART_INNERS:
        ll_words_from_inner(words, inners[at]);
        break;
    case LL_PART_SIDES:
        ll_words_from_book_side(words, sides[at]);
        break;
    case LL_PART_LIFE_CONTROL:
        ll_words_from_life_control(words, life_control[0]);
        break;
    case LL_PART_LIFE_BUCKETS:
        ll_words_from_life_bucket(words, life_buckets[at]);
        break;
    case LL_PART_LIFE_PLACES:
        words[0] = ll_words_pair(life_places[2u * at],
                                 2u * at + 1u < life_control->id_count ? life_places[2u * at + 1u] : 0u);
        break;
    default:
        ll_words_from_life_order(words, life_orders[at]);
        break;
    }
}

/* 1 = that half has been loaded or placed. */
LL_FN_HOT u32 ll_part_half_is_there(LL_GLOBAL const struct ll_book_control *control,
                                    LL_GLOBAL const struct ll_life_control *life_control, u64 part)
{
    return (u32)((part < LL_PART_LIFE_CONTROL ? control->bucket_count : life_control->bucket_count) != 0);
}

/* 1 = these elements are there, and fit into a window. */
LL_FN u32 ll_gateway_may_move(LL_GLOBAL const struct ll_book_control *control,
                              LL_GLOBAL const struct ll_life_control *life_control, u64 part, u64 first,
                              u64 count)
{
    return (u32)(ll_part_has(ll_part_count(control, life_control, part), first, count) != 0 &&
                 count <= LL_LINK_WINDOW_WORDS && count * ll_part_words(part) <= LL_LINK_WINDOW_WORDS);
}

LL_FN_RARE u32 ll_gateway_load(LL_GATEWAY_MEMORY, LL_GLOBAL const volatile u64 *window, u64 part, u64 first,
                               u64 count)
{
    u32 words = ll_part_words(part);
    if (ll_gateway_may_move(control, life_control, part, first, count) == 0)
        return LL_BEAT_REFUSED;
    for (u32 i = 0; i < (u32)count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 8192
        ll_part_load(LL_GATEWAY_MEMORY_PASS, part, (u32)first + i, window + i * words);
    }
    if (part < LL_PART_LIFE_CONTROL)
        ll_book_hot_clear(LL_BOOK_MEMORY_PASS);
    else
        ll_life_hot_clear(LL_GATEWAY_LIFE_PASS);
    return LL_BEAT_OK;
}

LL_FN_RARE u32 ll_gateway_dump(LL_GATEWAY_MEMORY, LL_GLOBAL volatile u64 *window, u64 part, u64 first,
                               u64 count)
{
    u32 words = ll_part_words(part);
    if (ll_gateway_may_move(control, life_control, part, first, count) == 0)
        return LL_BEAT_REFUSED;
    for (u32 i = 0; i < (u32)count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 8192
        ll_part_dump(LL_GATEWAY_MEMORY_PASS, part, (u32)first + i, window + i * words);
    }
    return LL_BEAT_OK;
}

LL_FN_RARE u32 ll_gateway_reset(LL_GATEWAY_MEMORY, u64 part, u64 first, u64 count)
{
    if ((part != LL_PART_BOOK_CONTROL && part != LL_PART_LIFE_CONTROL) || (first | count) != 0 ||
        ll_part_half_is_there(control, life_control, part) == 0)
        return LL_BEAT_REFUSED;
    if (part == LL_PART_BOOK_CONTROL)
        ll_book_reset(LL_BOOK_MEMORY_PASS);
    else
        ll_life_reset(LL_GATEWAY_LIFE_PASS);
    return LL_BEAT_OK;
}

/* Only of parts that have a hash, and of elements that are there. Of the order buckets only the primary ones
 * count: the others hang behind them. */
LL_FN u32 ll_gateway_may_hash(LL_GLOBAL const struct ll_book_control *control,
                              LL_GLOBAL const struct ll_life_control *life_control, u64 part, u64 first,
                              u64 count)
{
    u32 has_hash = (u32)(part == LL_PART_BOOK_BUCKETS) | (u32)(part == LL_PART_SIDES) |
                   (u32)(part == LL_PART_LIFE_BUCKETS) | (u32)(part == LL_PART_LIFE_ORDERS);
    u64 part_count = part == LL_PART_BOOK_BUCKETS ? (u64)control->bucket_count
                                                  : ll_part_count(control, life_control, part);
    return has_hash & ll_part_has(part_count, first, count);
}

LL_FN_RARE u64 ll_gateway_hash(LL_GATEWAY_MEMORY, u64 part, u32 first, u32 count)
{
    LL_GATEWAY_HOT_UNUSED();
    (void)control;
    (void)life_control;
    (void)life_places;
    switch (part) {
    case LL_PART_BOOK_BUCKETS:
        return ll_state_hash_orders(buckets, first, count);
    case LL_PART_SIDES:
        return ll_state_hash_levels(leaves, levels, inners, sides, first, count);
    case LL_PART_LIFE_BUCKETS:
        return ll_state_hash_ids(life_buckets, first, count);
    default:
        return ll_state_hash_life_orders(life_orders, first, count);
    }
}

LL_FN_RARE struct ll_beat ll_gateway_control(LL_GATEWAY_MEMORY, LL_GLOBAL const volatile u64 *load_window,
                                             LL_GLOBAL volatile u64 *dump_window, struct ll_beat beat)
{
    u64 part = beat.word[1];
    u64 first = beat.word[2];
    u64 count = beat.word[3];
    u64 value = 0;
    u32 status = LL_BEAT_REFUSED;
    switch (beat.word[0]) {
    case LL_BEAT_OP_PING:
        value = LL_GATEWAY_LAYOUT;
        status = LL_BEAT_OK;
        break;
    case LL_BEAT_OP_LOAD:
        status = ll_gateway_load(LL_GATEWAY_MEMORY_PASS, load_window, part, first, count);
        break;
    case LL_BEAT_OP_DUMP:
        status = ll_gateway_dump(LL_GATEWAY_MEMORY_PASS, dump_window, part, first, count);
        break;
    case LL_BEAT_OP_RESET:
        status = ll_gateway_reset(LL_GATEWAY_MEMORY_PASS, part, first, count);
        break;
    case LL_BEAT_OP_HASH:
        if (ll_gateway_may_hash(control, life_control, part, first, count) != 0) {
            value = ll_gateway_hash(LL_GATEWAY_MEMORY_PASS, part, (u32)first, (u32)count);
            status = LL_BEAT_OK;
        }
        break;
    default:
        break;
    }
    beat.word[4] = value;
    beat.word[5] = part < LL_PART_LIFE_CONTROL ? control->epoch : life_control->epoch;
    beat.word[6] = status;
    return beat;
}

#endif
