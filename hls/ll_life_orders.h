/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The orders' memory: by the host's number, one line each.
 *
 * Shape    An order is read as a whole; written is the whole of it, where it stands, or one of its active
 *          identifiers. In hardware each of these is one line, on chip where it has its place (ll_hot.h).
 * Units    as in ll_life_types.h; numbers below the control's order_count.
 * Errors   none.
 * Threads  one owner of the memory.
 */
#ifndef LL_HLS_LIFE_ORDERS_H
#define LL_HLS_LIFE_ORDERS_H

#include "hls/ll_life_types.h"

#if LL_HOT_LINES > 0

/* An order as the words it lies in memory as, and back: wires. */
LL_FN_HOT struct ll_line ll_life_order_to_line(struct ll_life_order order)
{
    struct ll_line line;
    line.word[0] = order.standing.quantity | (u64)order.standing.leaves << 32;
    line.word[1] = order.standing.cumulative | (u64)order.standing.state << 32 |
                   (u64)order.standing.flags << 40 | (u64)order.standing.reserved << 48;
    for (u32 i = 0; i < LL_LIFE_SLOTS / 2u; i++) {
#pragma HLS UNROLL
        line.word[2u + i] = order.active[2u * i] | (u64)order.active[2u * i + 1u] << 32;
    }
    line.word[7] = order.reserved[0] | (u64)order.reserved[1] << 32;
    return line;
}

LL_FN_HOT struct ll_life_order ll_life_order_from_line(struct ll_line line)
{
    struct ll_life_order order;
    order.standing.quantity = (u32)line.word[0];
    order.standing.leaves = (u32)(line.word[0] >> 32);
    order.standing.cumulative = (u32)line.word[1];
    order.standing.state = (u8)(line.word[1] >> 32);
    order.standing.flags = (u8)(line.word[1] >> 40);
    order.standing.reserved = (u16)(line.word[1] >> 48);
    for (u32 i = 0; i < LL_LIFE_SLOTS / 2u; i++) {
#pragma HLS UNROLL
        order.active[2u * i] = (u32)line.word[2u + i];
        order.active[2u * i + 1u] = (u32)(line.word[2u + i] >> 32);
    }
    order.reserved[0] = (u32)line.word[7];
    order.reserved[1] = (u32)(line.word[7] >> 32);
    return order;
}

/* From the chip, else from the big memory and then on the chip. */
LL_FN struct ll_life_order ll_life_order_get(LL_LIFE_ORDERS_LOOK, u32 number)
{
    struct ll_hot_found found = ll_hot_look(number LL_LIFE_ORDERS_HOT_PASS);
    if (found.hit == 0) {
        found.line = ll_life_order_to_line(orders[number]);
        ll_hot_keep(number, found.line LL_LIFE_ORDERS_HOT_PASS);
        LL_HOT_SETTLED();
    }
    return ll_life_order_from_line(found.line);
}

/* On the chip and in the big memory. */
LL_FN void ll_life_order_put(LL_LIFE_ORDERS, u32 number, struct ll_life_order order)
{
    orders[number] = order;
    ll_hot_keep(number, ll_life_order_to_line(order) LL_LIFE_ORDERS_HOT_PASS);
    LL_HOT_SETTLED();
}

LL_FN struct ll_order_standing ll_life_order_standing(LL_LIFE_ORDERS_LOOK, u32 number)
{
    return ll_life_order_get(LL_LIFE_ORDERS_PASS, number).standing;
}

LL_FN u32 ll_life_order_active(LL_LIFE_ORDERS_LOOK, u32 number, u32 type)
{
    struct ll_life_order order = ll_life_order_get(LL_LIFE_ORDERS_PASS, number);
    return order.active[type];
}

LL_FN void ll_life_order_stand(LL_LIFE_ORDERS, u32 number, struct ll_order_standing standing)
{
    struct ll_life_order order = ll_life_order_get(LL_LIFE_ORDERS_PASS, number);
    order.standing = standing;
    ll_life_order_put(LL_LIFE_ORDERS_PASS, number, order);
}

LL_FN void ll_life_order_link(LL_LIFE_ORDERS, u32 number, u32 type, u32 id)
{
    struct ll_life_order order = ll_life_order_get(LL_LIFE_ORDERS_PASS, number);
    order.active[type] = id;
    ll_life_order_put(LL_LIFE_ORDERS_PASS, number, order);
}

#else

/* The same where memory is one: what is not looked at is not read, what does not change is not written. */
LL_FN_HOT struct ll_order_standing ll_life_order_standing(LL_LIFE_ORDERS_LOOK, u32 number)
{
    return orders[number].standing;
}

/* The active identifier of a type, below LL_LIFE_SLOTS. */
LL_FN_HOT u32 ll_life_order_active(LL_LIFE_ORDERS_LOOK, u32 number, u32 type)
{
    return orders[number].active[type];
}

LL_FN_HOT void ll_life_order_put(LL_LIFE_ORDERS, u32 number, struct ll_life_order order)
{
    orders[number] = order;
}

LL_FN_HOT void ll_life_order_stand(LL_LIFE_ORDERS, u32 number, struct ll_order_standing standing)
{
    orders[number].standing = standing;
}

LL_FN_HOT void ll_life_order_link(LL_LIFE_ORDERS, u32 number, u32 type, u32 id)
{
    orders[number].active[type] = id;
}

#endif

#endif
