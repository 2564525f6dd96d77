/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structs and the 64-bit words they are made of, for a kernel that may not cast a pointer.
 *
 * Shape    ll_beat_to_X, ll_beat_from_X         what a beat carries: update, result, ask, answer. All eight
 *                                               words: the last one is seq here, and on the link the tag.
 *          ll_words_to_X, ll_words_from_X       an element of a part (LL_PARTS); the levels of a leaf one by
 *                                               one, two words each
 *          The words are those of little-endian memory, the fields in their order: a little-endian host may
 *          as well copy the bytes.
 * Units    words of 64 bits.
 * Errors   none: any words make a struct.
 * Threads  pure, but for the words they write.
 */
#ifndef LL_HLS_WORDS_H
#define LL_HLS_WORDS_H

#include "hls/ll_beat.h"
#include "hls/ll_book_types.h"
#include "hls/ll_life_types.h"

LL_FN_HOT u64 ll_words_pair(u32 low, u32 high)
{
    return (u64)high << 32 | low;
}

LL_FN_HOT u32 ll_words_low(u64 word)
{
    return (u32)word;
}

LL_FN_HOT u32 ll_words_high(u64 word)
{
    return (u32)(word >> 32);
}

/* Byte `at` of a word. */
LL_FN_HOT u8 ll_words_byte(u64 word, u32 at)
{
    return (u8)(word >> 8u * at);
}

LL_FN_HOT u32 ll_words_bytes(u8 a, u8 b, u8 c, u8 d)
{
    return (u32)a | (u32)b << 8 | (u32)c << 16 | (u32)d << 24;
}

/* --- What a beat carries -------------------------------------------------------------------------------- */

LL_FN_HOT struct ll_update ll_beat_to_update(struct ll_beat beat)
{
    struct ll_update update;
    update.ref = beat.word[0];
    update.new_ref = beat.word[1];
    update.price = ll_words_low(beat.word[2]);
    update.quantity = ll_words_high(beat.word[2]);
    update.book = ll_words_low(beat.word[3]);
    update.op = ll_words_byte(beat.word[3], 4);
    update.side = ll_words_byte(beat.word[3], 5);
    update.reserved16 = (u16)(beat.word[3] >> 48);
    update.reserved[0] = beat.word[4];
    update.reserved[1] = beat.word[5];
    update.reserved[2] = beat.word[6];
    update.seq = beat.word[7];
    return update;
}

LL_FN_HOT struct ll_beat ll_beat_from_update(struct ll_update update)
{
    struct ll_beat beat;
    beat.word[0] = update.ref;
    beat.word[1] = update.new_ref;
    beat.word[2] = ll_words_pair(update.price, update.quantity);
    beat.word[3] =
        ll_words_pair(update.book, (u32)update.op | (u32)update.side << 8 | (u32)update.reserved16 << 16);
    beat.word[4] = update.reserved[0];
    beat.word[5] = update.reserved[1];
    beat.word[6] = update.reserved[2];
    beat.word[7] = update.seq;
    return beat;
}

LL_FN_HOT struct ll_result ll_beat_to_result(struct ll_beat beat)
{
    struct ll_result result;
    result.verdict = ll_words_byte(beat.word[0], 0);
    result.op = ll_words_byte(beat.word[0], 1);
    result.flags = ll_words_byte(beat.word[0], 2);
    result.reserved8 = ll_words_byte(beat.word[0], 3);
    result.book = ll_words_high(beat.word[0]);
    result.price = ll_words_low(beat.word[1]);
    result.leaves = ll_words_high(beat.word[1]);
    result.removed = ll_words_low(beat.word[2]);
    result.epoch = ll_words_high(beat.word[2]);
    result.bid_price = ll_words_low(beat.word[3]);
    result.ask_price = ll_words_high(beat.word[3]);
    result.bid_quantity = beat.word[4];
    result.ask_quantity = beat.word[5];
    result.bid_orders = ll_words_low(beat.word[6]);
    result.ask_orders = ll_words_high(beat.word[6]);
    result.seq = beat.word[7];
    return result;
}

LL_FN_HOT struct ll_beat ll_beat_from_result(struct ll_result result)
{
    struct ll_beat beat;
    beat.word[0] =
        ll_words_pair(ll_words_bytes(result.verdict, result.op, result.flags, result.reserved8), result.book);
    beat.word[1] = ll_words_pair(result.price, result.leaves);
    beat.word[2] = ll_words_pair(result.removed, result.epoch);
    beat.word[3] = ll_words_pair(result.bid_price, result.ask_price);
    beat.word[4] = result.bid_quantity;
    beat.word[5] = result.ask_quantity;
    beat.word[6] = ll_words_pair(result.bid_orders, result.ask_orders);
    beat.word[7] = result.seq;
    return beat;
}

LL_FN_HOT struct ll_life_ask ll_beat_to_ask(struct ll_beat beat)
{
    struct ll_life_ask ask;
    ask.key[0] = beat.word[0];
    ask.key[1] = beat.word[1];
    ask.new_key[0] = beat.word[2];
    ask.new_key[1] = beat.word[3];
    ask.order = ll_words_low(beat.word[4]);
    ask.id = ll_words_high(beat.word[4]);
    ask.new_id = ll_words_low(beat.word[5]);
    ask.quantity = ll_words_high(beat.word[5]);
    ask.op = ll_words_byte(beat.word[6], 0);
    ask.type = ll_words_byte(beat.word[6], 1);
    ask.status = ll_words_byte(beat.word[6], 2);
    ask.flags = ll_words_byte(beat.word[6], 3);
    ask.reserved32 = ll_words_high(beat.word[6]);
    ask.seq = beat.word[7];
    return ask;
}

LL_FN_HOT struct ll_beat ll_beat_from_ask(struct ll_life_ask ask)
{
    struct ll_beat beat;
    beat.word[0] = ask.key[0];
    beat.word[1] = ask.key[1];
    beat.word[2] = ask.new_key[0];
    beat.word[3] = ask.new_key[1];
    beat.word[4] = ll_words_pair(ask.order, ask.id);
    beat.word[5] = ll_words_pair(ask.new_id, ask.quantity);
    beat.word[6] = ll_words_pair(ll_words_bytes(ask.op, ask.type, ask.status, ask.flags), ask.reserved32);
    beat.word[7] = ask.seq;
    return beat;
}

LL_FN_HOT struct ll_life_answer ll_beat_to_answer(struct ll_beat beat)
{
    struct ll_life_answer answer;
    answer.verdict = ll_words_byte(beat.word[0], 0);
    answer.op = ll_words_byte(beat.word[0], 1);
    answer.state_before = ll_words_byte(beat.word[0], 2);
    answer.state_after = ll_words_byte(beat.word[0], 3);
    answer.type = ll_words_byte(beat.word[0], 4);
    answer.status = ll_words_byte(beat.word[0], 5);
    answer.flags = ll_words_byte(beat.word[0], 6);
    answer.event = ll_words_byte(beat.word[0], 7);
    answer.order = ll_words_low(beat.word[1]);
    answer.id = ll_words_high(beat.word[1]);
    answer.previous = ll_words_low(beat.word[2]);
    answer.booked = ll_words_high(beat.word[2]);
    answer.quantity = ll_words_low(beat.word[3]);
    answer.leaves = ll_words_high(beat.word[3]);
    answer.cumulative = ll_words_low(beat.word[4]);
    answer.other_order = ll_words_high(beat.word[4]);
    answer.epoch = ll_words_low(beat.word[5]);
    answer.reserved32 = ll_words_high(beat.word[5]);
    answer.reserved64 = beat.word[6];
    answer.seq = beat.word[7];
    return answer;
}

LL_FN_HOT struct ll_beat ll_beat_from_answer(struct ll_life_answer answer)
{
    struct ll_beat beat;
    beat.word[0] =
        ll_words_pair(ll_words_bytes(answer.verdict, answer.op, answer.state_before, answer.state_after),
                      ll_words_bytes(answer.type, answer.status, answer.flags, answer.event));
    beat.word[1] = ll_words_pair(answer.order, answer.id);
    beat.word[2] = ll_words_pair(answer.previous, answer.booked);
    beat.word[3] = ll_words_pair(answer.quantity, answer.leaves);
    beat.word[4] = ll_words_pair(answer.cumulative, answer.other_order);
    beat.word[5] = ll_words_pair(answer.epoch, answer.reserved32);
    beat.word[6] = answer.reserved64;
    beat.word[7] = answer.seq;
    return beat;
}

/* --- Elements of the book half -------------------------------------------------------------------------- */

LL_FN struct ll_book_control ll_words_to_book_control(LL_GLOBAL const volatile u64 *words)
{
    struct ll_book_control control;
    u64 word[8];
    for (u32 i = 0; i < 8u; i++)
        word[i] = words[i];
    control.bucket_count = ll_words_low(word[0]);
    control.overflow_count = ll_words_high(word[0]);
    control.leaf_count = ll_words_low(word[1]);
    control.inner_count = ll_words_high(word[1]);
    control.book_count = ll_words_low(word[2]);
    control.hash_seed = ll_words_high(word[2]);
    control.epoch = ll_words_low(word[3]);
    control.overflow_free = ll_words_high(word[3]);
    control.overflow_free_count = ll_words_low(word[4]);
    control.leaf_free = ll_words_high(word[4]);
    control.leaf_free_count = ll_words_low(word[5]);
    control.inner_free = ll_words_high(word[5]);
    control.inner_free_count = ll_words_low(word[6]);
    control.live_orders = ll_words_high(word[6]);
    control.live_levels = ll_words_low(word[7]);
    control.height_max = ll_words_high(word[7]);
    return control;
}

LL_FN void ll_words_from_book_control(LL_GLOBAL volatile u64 *words, struct ll_book_control control)
{
    words[0] = ll_words_pair(control.bucket_count, control.overflow_count);
    words[1] = ll_words_pair(control.leaf_count, control.inner_count);
    words[2] = ll_words_pair(control.book_count, control.hash_seed);
    words[3] = ll_words_pair(control.epoch, control.overflow_free);
    words[4] = ll_words_pair(control.overflow_free_count, control.leaf_free);
    words[5] = ll_words_pair(control.leaf_free_count, control.inner_free);
    words[6] = ll_words_pair(control.inner_free_count, control.live_orders);
    words[7] = ll_words_pair(control.live_levels, control.height_max);
}

LL_FN struct ll_order_bucket ll_words_to_order_bucket(LL_GLOBAL const volatile u64 *words)
{
    struct ll_order_bucket bucket;
    u64 word[8];
    for (u32 i = 0; i < 8u; i++)
        word[i] = words[i];
    bucket.ref[0] = word[0];
    bucket.ref[1] = word[1];
    bucket.ref[2] = word[2];
    bucket.shares[0] = ll_words_low(word[3]);
    bucket.shares[1] = ll_words_high(word[3]);
    bucket.shares[2] = ll_words_low(word[4]);
    bucket.price[0] = ll_words_high(word[4]);
    bucket.price[1] = ll_words_low(word[5]);
    bucket.price[2] = ll_words_high(word[5]);
    bucket.book_side[0] = ll_words_low(word[6]);
    bucket.book_side[1] = ll_words_high(word[6]);
    bucket.book_side[2] = ll_words_low(word[7]);
    bucket.link = ll_words_high(word[7]);
    return bucket;
}

LL_FN void ll_words_from_order_bucket(LL_GLOBAL volatile u64 *words, struct ll_order_bucket bucket)
{
    words[0] = bucket.ref[0];
    words[1] = bucket.ref[1];
    words[2] = bucket.ref[2];
    words[3] = ll_words_pair(bucket.shares[0], bucket.shares[1]);
    words[4] = ll_words_pair(bucket.shares[2], bucket.price[0]);
    words[5] = ll_words_pair(bucket.price[1], bucket.price[2]);
    words[6] = ll_words_pair(bucket.book_side[0], bucket.book_side[1]);
    words[7] = ll_words_pair(bucket.book_side[2], bucket.link);
}

LL_FN struct ll_leaf ll_words_to_leaf(LL_GLOBAL const volatile u64 *words)
{
    struct ll_leaf leaf;
    for (u32 i = 0; i < LL_LEAF_LANES / 2u; i++) {
        u64 word = words[i];
        leaf.lane[2u * i] = ll_words_low(word);
        leaf.lane[2u * i + 1u] = ll_words_high(word);
    }
    return leaf;
}

LL_FN void ll_words_from_leaf(LL_GLOBAL volatile u64 *words, struct ll_leaf leaf)
{
    for (u32 i = 0; i < LL_LEAF_LANES / 2u; i++)
        words[i] = ll_words_pair(leaf.lane[2u * i], leaf.lane[2u * i + 1u]);
}

#define LL_WORDS_LEVEL 2u /* words of one level of a leaf */

LL_FN struct ll_level ll_words_to_level(LL_GLOBAL const volatile u64 *words)
{
    struct ll_level level;
    u64 word = words[1];
    level.quantity = words[0];
    level.orders = ll_words_low(word);
    level.reserved = ll_words_high(word);
    return level;
}

LL_FN void ll_words_from_level(LL_GLOBAL volatile u64 *words, struct ll_level level)
{
    words[0] = level.quantity;
    words[1] = ll_words_pair(level.orders, level.reserved);
}

LL_FN struct ll_inner ll_words_to_inner(LL_GLOBAL const volatile u64 *words)
{
    struct ll_inner inner;
    for (u32 i = 0; i < LL_INNER_LANES / 2u; i++) {
        u64 low = words[i];
        u64 child = words[LL_INNER_LANES / 2u + i];
        inner.low[2u * i] = ll_words_low(low);
        inner.low[2u * i + 1u] = ll_words_high(low);
        inner.child[2u * i] = ll_words_low(child);
        inner.child[2u * i + 1u] = ll_words_high(child);
    }
    return inner;
}

LL_FN void ll_words_from_inner(LL_GLOBAL volatile u64 *words, struct ll_inner inner)
{
    for (u32 i = 0; i < LL_INNER_LANES / 2u; i++) {
        words[i] = ll_words_pair(inner.low[2u * i], inner.low[2u * i + 1u]);
        words[LL_INNER_LANES / 2u + i] = ll_words_pair(inner.child[2u * i], inner.child[2u * i + 1u]);
    }
}

LL_FN struct ll_book_side ll_words_to_book_side(LL_GLOBAL const volatile u64 *words)
{
    struct ll_book_side side;
    u64 word[4];
    for (u32 i = 0; i < 4u; i++)
        word[i] = words[i];
    side.levels = ll_words_low(word[0]);
    side.height = ll_words_high(word[0]);
    side.best_key = ll_words_low(word[1]);
    side.best_orders = ll_words_high(word[1]);
    side.best_quantity = word[2];
    side.shape = ll_words_low(word[3]);
    side.reserved = ll_words_high(word[3]);
    return side;
}

LL_FN void ll_words_from_book_side(LL_GLOBAL volatile u64 *words, struct ll_book_side side)
{
    words[0] = ll_words_pair(side.levels, side.height);
    words[1] = ll_words_pair(side.best_key, side.best_orders);
    words[2] = side.best_quantity;
    words[3] = ll_words_pair(side.shape, side.reserved);
}

/* --- Elements of the lifecycle half (a place is half a word) ---------------------------------------------- */

LL_FN struct ll_life_control ll_words_to_life_control(LL_GLOBAL const volatile u64 *words)
{
    struct ll_life_control control;
    u64 word[8];
    for (u32 i = 0; i < 8u; i++)
        word[i] = words[i];
    control.layout = ll_words_low(word[0]);
    control.bucket_count = ll_words_high(word[0]);
    control.overflow_count = ll_words_low(word[1]);
    control.id_count = ll_words_high(word[1]);
    control.order_count = ll_words_low(word[2]);
    control.hash_seed = ll_words_high(word[2]);
    control.epoch = ll_words_low(word[3]);
    control.overflow_used = ll_words_high(word[3]);
    control.ids_used = ll_words_low(word[4]);
    control.orders_used = ll_words_high(word[4]);
    for (u32 i = 0; i < 3u; i++) {
        control.reserved[2u * i] = ll_words_low(word[5u + i]);
        control.reserved[2u * i + 1u] = ll_words_high(word[5u + i]);
    }
    return control;
}

LL_FN void ll_words_from_life_control(LL_GLOBAL volatile u64 *words, struct ll_life_control control)
{
    words[0] = ll_words_pair(control.layout, control.bucket_count);
    words[1] = ll_words_pair(control.overflow_count, control.id_count);
    words[2] = ll_words_pair(control.order_count, control.hash_seed);
    words[3] = ll_words_pair(control.epoch, control.overflow_used);
    words[4] = ll_words_pair(control.ids_used, control.orders_used);
    for (u32 i = 0; i < 3u; i++)
        words[5u + i] = ll_words_pair(control.reserved[2u * i], control.reserved[2u * i + 1u]);
}

LL_FN struct ll_life_bucket ll_words_to_life_bucket(LL_GLOBAL const volatile u64 *words)
{
    struct ll_life_bucket bucket;
    u64 word[8];
    for (u32 i = 0; i < 8u; i++)
        word[i] = words[i];
    for (u32 way = 0; way < LL_LIFE_WAYS; way++) {
        bucket.key[way][0] = word[2u * way];
        bucket.key[way][1] = word[2u * way + 1u];
        bucket.type[way] = ll_words_byte(word[7], way);
        bucket.status[way] = ll_words_byte(word[7], LL_LIFE_WAYS + way);
    }
    bucket.id[0] = ll_words_low(word[4]);
    bucket.id[1] = ll_words_high(word[4]);
    bucket.order[0] = ll_words_low(word[5]);
    bucket.order[1] = ll_words_high(word[5]);
    bucket.rest[0] = ll_words_low(word[6]);
    bucket.rest[1] = ll_words_high(word[6]);
    bucket.link = ll_words_high(word[7]);
    return bucket;
}

LL_FN void ll_words_from_life_bucket(LL_GLOBAL volatile u64 *words, struct ll_life_bucket bucket)
{
    for (u32 way = 0; way < LL_LIFE_WAYS; way++) {
        words[2u * way] = bucket.key[way][0];
        words[2u * way + 1u] = bucket.key[way][1];
    }
    words[4] = ll_words_pair(bucket.id[0], bucket.id[1]);
    words[5] = ll_words_pair(bucket.order[0], bucket.order[1]);
    words[6] = ll_words_pair(bucket.rest[0], bucket.rest[1]);
    words[7] = ll_words_pair(
        ll_words_bytes(bucket.type[0], bucket.type[1], bucket.status[0], bucket.status[1]), bucket.link);
}

LL_FN struct ll_life_order ll_words_to_life_order(LL_GLOBAL const volatile u64 *words)
{
    struct ll_life_order order;
    u64 word[8];
    for (u32 i = 0; i < 8u; i++)
        word[i] = words[i];
    order.standing.quantity = ll_words_low(word[0]);
    order.standing.leaves = ll_words_high(word[0]);
    order.standing.cumulative = ll_words_low(word[1]);
    order.standing.state = ll_words_byte(word[1], 4);
    order.standing.flags = ll_words_byte(word[1], 5);
    order.standing.reserved = (u16)(word[1] >> 48);
    for (u32 i = 0; i < LL_LIFE_SLOTS / 2u; i++) {
        order.active[2u * i] = ll_words_low(word[2u + i]);
        order.active[2u * i + 1u] = ll_words_high(word[2u + i]);
    }
    order.reserved[0] = ll_words_low(word[7]);
    order.reserved[1] = ll_words_high(word[7]);
    return order;
}

LL_FN void ll_words_from_life_order(LL_GLOBAL volatile u64 *words, struct ll_life_order order)
{
    words[0] = ll_words_pair(order.standing.quantity, order.standing.leaves);
    words[1] =
        ll_words_pair(order.standing.cumulative, (u32)order.standing.state | (u32)order.standing.flags << 8 |
                                                     (u32)order.standing.reserved << 16);
    for (u32 i = 0; i < LL_LIFE_SLOTS / 2u; i++)
        words[2u + i] = ll_words_pair(order.active[2u * i], order.active[2u * i + 1u]);
    words[7] = ll_words_pair(order.reserved[0], order.reserved[1]);
}

#endif
