/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No order twice: which orders are active per side, and how often the same order came lately.
 *
 * Shape    active   every live order is opened and ended here. ll_guard_existing answers with the order that is
 *                   already active for an account, a symbol and a side when the policy allows only one; entries and
 *                   exits are apart, sell and sell short are one side.
 *          repeats  a ring of the orders that passed, chained by hash from the newest back, so that nothing has to be
 *                   expired: a look goes back until it is out of the window. Asked by ll_risk_reserve.
 *          An order counts as live until it is known to have ended.
 *          All state is in the caller's memory, without pointers: a copy of it attached elsewhere is the same guard.
 * Units    *_ns of one clock. Where that clock steps back, time stands still until it is past again.
 * Errors   LL_ERR_FULL; repeats: LL_REFUSAL_REPEAT, or LL_REFUSAL_TABLE_FULL when the ring is too short for the window.
 * Threads  one owner.
 */
#ifndef LL_HOST_CORE_GUARD_H
#define LL_HOST_CORE_GUARD_H

#include "host/base/ll_err.h"
#include "host/core/ll_limits.h"

#define LL_GUARD_NONE 0xffffffffu

struct ll_guard_config {
    uint32_t orders_max;  /* live orders */
    uint32_t repeats_max; /* orders inside the repeat window */
    uint32_t hash_seed;
};

struct ll_guard_key {
    uint32_t instrument;
    uint16_t account;
    uint8_t side;    /* enum ll_order_side */
    uint8_t is_exit; /* 0 or 1 */
};

struct ll_guard_control;
struct ll_guard_active;
struct ll_guard_repeat;

struct ll_guard { /* private */
    struct ll_guard_control *control;
    struct ll_guard_active *active;
    struct ll_guard_repeat *repeats;
    uint64_t *heads; /* newest repeat of each chain, by number from 1 */
};

size_t ll_guard_footprint_bytes(const struct ll_guard_config *config);
void ll_guard_init(struct ll_guard *guard, void *memory, const struct ll_guard_config *config);
LL_MUST_CHECK int ll_guard_attach(struct ll_guard *guard, void *memory, size_t memory_bytes);

/* The order that stands in the way of a new one under the policy in force (the oldest, by number), or LL_GUARD_NONE. */
uint32_t ll_guard_existing(const struct ll_guard *guard, const struct ll_limits *limits,
                           struct ll_guard_key key);
/* The same whatever the policy. */
uint32_t ll_guard_active(const struct ll_guard *guard, struct ll_guard_key key);
LL_MUST_CHECK int ll_guard_open(struct ll_guard *guard, struct ll_guard_key key, uint32_t order);
/* An order that is not open is passed over. */
void ll_guard_end(struct ll_guard *guard, struct ll_guard_key key, uint32_t order);

/* What makes two orders the same. */
struct ll_guard_likeness {
    uint64_t quantity;
    uint64_t price;
    uint32_t instrument;
    uint16_t account;
    uint16_t side; /* enum ll_order_side */
};

/* LL_REFUSAL_NONE when the same order came fewer than `count_max` times in the last `window_ns`. Changes nothing. */
enum ll_refusal ll_guard_check_repeat(const struct ll_guard *guard, const struct ll_guard_likeness *likeness,
                                      uint64_t count_max, uint64_t window_ns, uint64_t now_ns);
/* Remembers an order that passed. */
void ll_guard_record(struct ll_guard *guard, const struct ll_guard_likeness *likeness, uint64_t now_ns);

uint64_t ll_guard_hash(const struct ll_guard *guard);

#endif
