/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many own orders in an order engine, quickly, with the venue's part said by hand: for tests and benchmarks of what
 * comes in about them.
 *
 * Shape    begin (limits, symbols, cash, session 0 open with OUCH 5.0) -> place, accept, again and again. Order n is a
 *          buy of `lots` in symbol n modulo symbol_count, and its number at the venue is 2n + 1.
 *          ll_own_accepted and ll_own_executed write what the venue says, for a feed that carries it.
 *          `flush` is the owner's: it works the reports that wait, journals and empties the batch, and lets out
 *          sends and events.
 *          `now_ns` moves on by itself, so that no throttle is met.
 * Units    lots, ticks of 1/10,000, UTC ns.
 * Errors   LL_ERR_INPUT with the refusal; limits that are not good.
 * Threads  one owner.
 */
#ifndef LL_HOST_EXCHANGE_OWN_ORDERS_H
#define LL_HOST_EXCHANGE_OWN_ORDERS_H

#include "host/core/ll_oms.h"

#include <stdint.h>

#define LL_OWN_PRICE          1000000u
#define LL_OWN_ACCEPTED_BYTES 64u
#define LL_OWN_EXECUTED_BYTES 36u

struct ll_own_orders {
    struct ll_oms *oms;
    void (*flush)(void *context, uint64_t now_ns);
    void *context;
    uint64_t now_ns;
    uint64_t count;     /* orders placed */
    uint64_t window_ns; /* in which 8000 orders may leave; 0 = a second */
    uint32_t symbol_count;
    uint32_t lots; /* of each order */
};

LL_MUST_CHECK int ll_own_orders_begin(struct ll_own_orders *own, struct ll_why *why);
/* The limits, symbols and cash alone: an engine whose sessions and clients are real does the rest. */
LL_MUST_CHECK int ll_own_orders_limits(struct ll_own_orders *own, struct ll_why *why);
/* The next order: sent, not answered. */
LL_MUST_CHECK int ll_own_orders_place(struct ll_own_orders *own, struct ll_why *why);
/* Places and accepts until there are so many. */
LL_MUST_CHECK int ll_own_orders_until(struct ll_own_orders *own, uint64_t count, struct ll_why *why);

/* "S0000017" of symbol 17. */
void ll_own_symbol(char symbol[LL_SYMBOL_BYTES], uint32_t number);
uint32_t ll_own_number(uint64_t order);

/* A checksum of what every order has got, and of all balances: the same for the same executions, however they came. */
uint64_t ll_own_orders_sum(const struct ll_oms *oms);

/* Messages of the venue; each returns its bytes. */
uint32_t ll_own_accepted(uint8_t *bytes, uint64_t order, uint32_t lots);
uint32_t ll_own_executed(uint8_t *bytes, uint32_t number, uint32_t lots, uint64_t match);

#endif
