/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simplest order lifecycle that can be right: the oracle the kernel's lifecycle half is compared with.
 *
 * Shape    An array of identifiers and an array of orders, searched from end to end. One call per ask, which
 *          gives all 64 bytes of the answer. Written from the contract (hls/ll_life_records.h) by event, not
 *          by state, and with leaves counted up and down, so that it shares neither tables nor arithmetic
 *          with the kernel. One thing it cannot know: that a chain of the kernel's table is full. The caller
 *          says so (`no_room`), and then the ask that would have added a key is answered table_full.
 * Units    lots.
 * Errors   none: verdicts. The memory comes from malloc; running out of it aborts.
 * Threads  one owner.
 */
#ifndef LL_TESTS_MODEL_NAIVE_LIFE_H
#define LL_TESTS_MODEL_NAIVE_LIFE_H

#include "hls/ll_life_records.h"

#include <stdbool.h>
#include <stdint.h>

struct ll_naive_life_id {
    uint64_t key[2];
    bool is_used;
    bool is_request;
    uint32_t order;
    uint32_t replaced_by; /* LL_LIFE_NONE = none */
    uint32_t quantity;
    uint32_t type;
    uint32_t status;
};

struct ll_naive_life_order {
    bool is_open;
    bool is_acked;
    uint32_t state;
    uint32_t quantity;
    uint32_t leaves;
    uint32_t cumulative;
};

struct ll_naive_life {
    struct ll_naive_life_id *ids; /* by the host's number */
    struct ll_naive_life_order *orders;
    uint32_t id_count;
    uint32_t order_count;
    uint32_t epoch;
};

void ll_naive_life_init(struct ll_naive_life *life, uint32_t id_count, uint32_t order_count, uint32_t epoch);
void ll_naive_life_deinit(struct ll_naive_life *life);

void ll_naive_life_ask(struct ll_naive_life *life, const struct ll_life_ask *ask, bool no_room,
                       struct ll_life_answer *answer);

/* What an event does in a state. */
struct ll_naive_move {
    uint32_t state;
    enum { LL_NAIVE_GOOD, LL_NAIVE_EARLY, LL_NAIVE_LATE, LL_NAIVE_SAME, LL_NAIVE_REFUSED } how;
};
struct ll_naive_move ll_naive_life_move(uint32_t state, uint32_t event);

/* The active identifier of a type that is the order's live one; LL_LIFE_NONE = none. */
uint32_t ll_naive_life_active(const struct ll_naive_life *life, uint32_t order, uint32_t type);

#endif
