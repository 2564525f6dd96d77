/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an order: every state, every event, and what each event does in each state. Written once; the kernel, the
 * host and the tests all read this table.
 *
 * Shape    LL_ORDER_STATES(S), LL_ORDER_EVENTS(E) name both; LL_ORDER_TRANSITIONS(T) gives one line per state with one
 *          cell per event, in the order of the events. A cell is a next state and how it was come by:
 *            OK(state)    as it should be
 *            EARLY(state) a message before the one that should come first: accepted, the missing one is implied
 *            LATE(state)  the order had ended already: accepted, because the venue is right, and flagged
 *            SAME         said already: nothing changes
 *            NO           refused: nothing changes, recorded with both states
 * Units    none.
 * Errors   a verdict of ll_records.h for each cell.
 * Threads  constants.
 * Source   order states: docs/orders.md; cancel and replace races: Nasdaq OUCH 5.0, "Replace Order Request".
 */
#ifndef LL_HLS_ORDER_STATES_H
#define LL_HLS_ORDER_STATES_H

#include "hls/ll_records.h"

/* S(NAME, number, "text", live). The number is what journal and snapshot keep, so it never changes. `live`: the order
 * may still trade, or may for all that is known. */
#define LL_ORDER_STATES(S)                                         \
    S(NONE, 0, "none", 0)                                          \
    S(PENDING, 1, "pending", 1)     /* accepted by us, not sent */ \
    S(SUBMITTED, 2, "submitted", 1) /* sent, not acknowledged */   \
    S(NEW, 3, "new", 1)             /* acknowledged */             \
    S(PARTIALLY_FILLED, 4, "partially_filled", 1)                  \
    S(FILLED, 5, "filled", 0)                                      \
    S(CANCELLED, 6, "cancelled", 0)                                \
    S(REJECTED, 7, "rejected", 0)                                  \
    S(EXPIRED, 8, "expired", 0)                                    \
    S(FAILED, 9, "failed", 0) /* could not be sent; waits for a retry */

/* E(NAME, number, "text") */
#define LL_ORDER_EVENTS(E)                                                                \
    E(SUBMIT, 0, "submit") /* its bytes leave, or leave again */                          \
    E(ACK, 1, "ack")                                                                      \
    E(PARTIAL_FILL, 2, "partial_fill")     /* less than what remains */                   \
    E(FILL, 3, "fill")                     /* all that remains */                         \
    E(CANCEL, 4, "cancel")                 /* all that remains is gone */                 \
    E(PARTIAL_CANCEL, 5, "partial_cancel") /* some of it is gone */                       \
    E(REPLACE, 6, "replace")               /* the order goes on under a new identifier */ \
    E(REJECT, 7, "reject")                                                                \
    E(EXPIRE, 8, "expire")                                                                \
    E(BUST, 9, "bust")        /* an execution is taken back; the order does not revive */ \
    E(CORRECT, 10, "correct") /* an execution's quantity or price is changed */           \
    E(FAIL, 11, "fail")       /* the link was down, or the venue says: try again */       \
    E(RETRY, 12, "retry")

enum ll_order_state {
#define LL_ORDER_STATE_ENUM(name, number, text, live) LL_ORDER_##name = (number),
    LL_ORDER_STATES(LL_ORDER_STATE_ENUM)
#undef LL_ORDER_STATE_ENUM
        LL_ORDER_STATE_COUNT = 10
};

enum ll_order_event {
#define LL_ORDER_EVENT_ENUM(name, number, text) LL_EVENT_##name = (number),
    LL_ORDER_EVENTS(LL_ORDER_EVENT_ENUM)
#undef LL_ORDER_EVENT_ENUM
        LL_ORDER_EVENT_COUNT = 13
};

/* A cell: the next state in the low four bits (LL_CELL_STAY = the one it is in), how it was come by above them. */
#define LL_CELL_STAY         15u
#define LL_CELL_HOW_OK       0u
#define LL_CELL_HOW_EARLY    1u
#define LL_CELL_HOW_LATE     2u
#define LL_CELL_HOW_SAME     3u
#define LL_CELL_HOW_NO       4u
#define LL_CELL(state, how)  ((u8)((u32)(state) | (u32)(how) << 4))
#define LL_CELL_OK(state)    LL_CELL(LL_ORDER_##state, LL_CELL_HOW_OK)
#define LL_CELL_EARLY(state) LL_CELL(LL_ORDER_##state, LL_CELL_HOW_EARLY)
#define LL_CELL_LATE(state)  LL_CELL(LL_ORDER_##state, LL_CELL_HOW_LATE)
#define LL_CELL_SAME         LL_CELL(LL_CELL_STAY, LL_CELL_HOW_SAME)
#define LL_CELL_NO           LL_CELL(LL_CELL_STAY, LL_CELL_HOW_NO)

/* clang-format off */
/* T(STATE, submit, ack, partial_fill, fill, cancel, partial_cancel, replace, reject, expire, bust, correct, fail,
 *   retry)
 *
 * An ACK of an order known to be acknowledged is a repeat, one that comes after what it should have come before is OK
 * and only adds what it tells: the kernel knows which by a flag of the order, so the cells say OK.
 * A fill of more than remains is a FILL, whatever the state; the kernel says overfill instead of the cell's verdict. */
#define LL_ORDER_TRANSITIONS(T)                                                                                     \
    T(NONE,             NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO)                                         \
    T(PENDING,          OK(SUBMITTED), EARLY(NEW), EARLY(PARTIALLY_FILLED), EARLY(FILLED), OK(CANCELLED), EARLY(NEW), \
                        EARLY(NEW), EARLY(REJECTED), OK(EXPIRED), NO, NO, OK(FAILED), NO)                           \
    T(SUBMITTED,        SAME, OK(NEW), EARLY(PARTIALLY_FILLED), EARLY(FILLED), EARLY(CANCELLED), EARLY(NEW),        \
                        EARLY(NEW), OK(REJECTED), OK(EXPIRED), NO, NO, OK(FAILED), NO)                              \
    T(NEW,              NO, OK(NEW), OK(PARTIALLY_FILLED), OK(FILLED), OK(CANCELLED), OK(NEW),                      \
                        OK(NEW), NO, OK(EXPIRED), NO, NO, NO, NO)                                                   \
    T(PARTIALLY_FILLED, NO, OK(PARTIALLY_FILLED), OK(PARTIALLY_FILLED), OK(FILLED), OK(CANCELLED),                  \
                        OK(PARTIALLY_FILLED), OK(PARTIALLY_FILLED), NO, OK(EXPIRED), OK(PARTIALLY_FILLED),          \
                        OK(PARTIALLY_FILLED), NO, NO)                                                               \
    T(FILLED,           NO, OK(FILLED), LATE(FILLED), LATE(FILLED), LATE(FILLED), LATE(FILLED),                     \
                        LATE(FILLED), NO, LATE(FILLED), OK(FILLED), OK(FILLED), NO, NO)                             \
    T(CANCELLED,        NO, OK(CANCELLED), LATE(CANCELLED), LATE(FILLED), SAME, LATE(CANCELLED),                    \
                        LATE(CANCELLED), NO, LATE(CANCELLED), OK(CANCELLED), OK(CANCELLED), NO, NO)                 \
    T(REJECTED,         NO, NO, LATE(REJECTED), LATE(FILLED), LATE(REJECTED), LATE(REJECTED),                       \
                        NO, SAME, LATE(REJECTED), OK(REJECTED), OK(REJECTED), NO, NO)                               \
    T(EXPIRED,          NO, OK(EXPIRED), LATE(EXPIRED), LATE(FILLED), LATE(EXPIRED), LATE(EXPIRED),                 \
                        LATE(EXPIRED), NO, SAME, OK(EXPIRED), OK(EXPIRED), NO, NO)                                  \
    T(FAILED,           NO, EARLY(NEW), EARLY(PARTIALLY_FILLED), EARLY(FILLED), OK(CANCELLED), EARLY(NEW),          \
                        EARLY(NEW), EARLY(REJECTED), OK(EXPIRED), NO, NO, SAME, OK(PENDING))
/* clang-format on */

/* The table, one row of LL_ORDER_EVENT_COUNT cells per state. */
#define LL_ORDER_ROW(state, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12)                    \
    LL_CELL_##c0, LL_CELL_##c1, LL_CELL_##c2, LL_CELL_##c3, LL_CELL_##c4, LL_CELL_##c5, LL_CELL_##c6, \
        LL_CELL_##c7, LL_CELL_##c8, LL_CELL_##c9, LL_CELL_##c10, LL_CELL_##c11, LL_CELL_##c12,
LL_CONST u8 ll_order_cells[LL_ORDER_STATE_COUNT * LL_ORDER_EVENT_COUNT] = {
    LL_ORDER_TRANSITIONS(LL_ORDER_ROW)};
#undef LL_ORDER_ROW

/* One bit per live state. */
#define LL_ORDER_LIVE_BIT(name, number, text, live) | (u32)(live) << (number)
#define LL_ORDER_LIVE_MASK                          (0u LL_ORDER_STATES(LL_ORDER_LIVE_BIT))

LL_FN u32 ll_order_is_live(u32 state)
{
    return LL_ORDER_LIVE_MASK >> state & 1u;
}

/* Ended for good: neither live, nor waiting for a retry. */
LL_FN u32 ll_order_is_ended(u32 state)
{
    return ~(LL_ORDER_LIVE_MASK | 1u << LL_ORDER_NONE | 1u << LL_ORDER_FAILED) >> state & 1u;
}

struct ll_order_step {
    u32 state; /* after */
    u32 how;   /* LL_CELL_HOW_... */
};

/* What `event` does to an order in `state`. */
LL_FN struct ll_order_step ll_order_transition(u32 state, u32 event)
{
    struct ll_order_step step;
    u32 cell = ll_order_cells[state * LL_ORDER_EVENT_COUNT + event];
    u32 next = cell & LL_CELL_STAY;
    step.state = ll_select32((u32)(next == LL_CELL_STAY), state, next);
    step.how = cell >> 4;
    return step;
}

#endif
