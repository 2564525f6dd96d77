/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes into the lifecycle half of the kernel and what comes out: one 64-byte ask, one 64-byte answer.
 *
 * Shape    ask     0 key u64[2] | 16 new_key u64[2] | 32 order u32 | 36 id u32 | 40 new_id u32 |
 *                 44 quantity u32 | 48 op u8 | 49 type u8 | 50 status u8 | 51 flags u8 |
 *                 52 reserved u32 | 56 seq u64
 *          answer  0 verdict u8 | 1 op u8 | 2 state_before u8 | 3 state_after u8 | 4 type u8 | 5 status u8 |
 *                 6 flags u8 | 7 event u8 | 8 order u32 | 12 id u32 | 16 previous u32 | 20 booked u32 |
 *                 24 quantity u32 | 28 leaves u32 | 32 cumulative u32 | 36 other_order u32 | 40 epoch u32 |
 *                 44 reserved u32 | 48 reserved u64 | 56 seq u64
 *          A key is an identifier: a provider's number in its namespace as it is, or the 128-bit keyed digest
 *          of a text (host/core/ll_keys.h makes both; they cannot be equal). An id is the host's number of an
 *          identifier, an order the host's number of an order; the kernel only keeps them.
 * Units    quantity, leaves, cumulative, booked: lots; seq counts asks.
 * Errors   a verdict per ask; none is fatal, and a verdict other than ok, late, out_of_order and overfill
 *          leaves everything as it was. The first that fits:
 *            bad_input     a field no sender may send: quantity 0 (OPEN, FILL, CANCEL, REPLACE, CORRECT), a
 *                          key of zeros (OPEN, ADD, REPLACE's new one), no such op, type, status or flag, ADD
 *                          of an EXECUTION
 *            unknown_id    the key is not known; ADD: no such order
 *            duplicate     said already: the key (the execution, the replacement) is there, the same status,
 *                          a second ACK
 *            id_taken      the key, or new_key, is of another order or type: `other_order`
 *            bad_input     BUST or CORRECT of what is no execution; a sum beyond 32 bits
 *            of the cell   illegal_transition, duplicate, late or out_of_order; overfill before these two: a
 *                          fill or cancel of more than remains, an ACK of less than is filled, a CORRECT to
 *                          more than the order's quantity
 *            table_full    the number of the order or identifier is beyond the table
 *            bad_input     that number is in use
 *            table_full    the chain of the key is full
 * Threads  plain data.
 * Source   identifiers, statuses and types: docs/orders.md.
 */
#ifndef LL_HLS_LIFE_RECORDS_H
#define LL_HLS_LIFE_RECORDS_H

#include "hls/ll_order_states.h"
#include "hls/ll_records.h"

#define LL_LIFE_NONE 0xffffffffu /* no order, no identifier */

/* I(NAME, number, "text", "prefix of generated ids") What an identifier is the name of. */
#define LL_ID_TYPES(I)                                                                        \
    I(ORDER, 0, "order_id", "OR")                                                             \
    I(CLOSE, 1, "close_id", "CL")                                                             \
    I(CANCEL, 2, "cancel_id", "CX")                                                           \
    I(MODIFY, 3, "modify_id", "MD")                                                           \
    I(STOPLOSS, 4, "stoploss_id", "SL")                                                       \
    I(TAKEPROFIT, 5, "takeprofit_id", "TP")                                                   \
    I(STOPLOSS_CANCEL, 6, "stoploss_cancel_id", "SLC")                                        \
    I(TAKEPROFIT_CANCEL, 7, "takeprofit_cancel_id", "TPC")                                    \
    I(PROVIDER_REF, 8, "provider_ref", "") /* what the provider's session calls the order */  \
    I(EXCHANGE_REF, 9, "exchange_ref",                                                        \
      "") /* what its public feed calls it: a provider_ref of another namespace */            \
    I(EXECUTION, 10, "execution", "")        /* one fill of the order, by its match number */ \
    I(CLIENT_KEY, 11, "client_order_id", "") /* the client's idempotency key */

enum ll_id_type {
#define LL_ID_TYPE_ENUM(name, number, text, prefix) LL_ID_##name = (number),
    LL_ID_TYPES(LL_ID_TYPE_ENUM)
#undef LL_ID_TYPE_ENUM
        LL_ID_TYPE_COUNT = 12
};

/* U(NAME, number, "text") */
#define LL_ID_STATUSES(U)        \
    U(ACTIVE, 0, "active")       \
    U(REPLACED, 1, "replaced")   \
    U(CANCELLED, 2, "cancelled") \
    U(EXECUTED, 3, "executed")

enum ll_id_status {
#define LL_ID_STATUS_ENUM(name, number, text) LL_ID_STATUS_##name = (number),
    LL_ID_STATUSES(LL_ID_STATUS_ENUM)
#undef LL_ID_STATUS_ENUM
        LL_ID_STATUS_COUNT = 4
};

/*
 * C(FROM, active, replaced, cancelled, executed) What STATUS does to an identifier, by the cells of
 * ll_order_states.h: a confirmation may come late, and a fill wins, so replaced may still become cancelled,
 * and both executed; nothing leaves executed, nothing becomes active again, and only a successor makes
 * replaced. An EXECUTION has no STATUS: it is executed until its BUST.
 */
#define LL_ID_STATUS_CHANGES(C)       \
    C(ACTIVE, SAME, NO, OK, OK)       \
    C(REPLACED, NO, SAME, LATE, LATE) \
    C(CANCELLED, NO, NO, SAME, LATE)  \
    C(EXECUTED, NO, NO, NO, SAME)

/*
 * O(NAME, number, "text", event) What an ask asks for. From SUBMIT on: an event of ll_order_states.h about
 * the order that `key` names; a fill or a cancel of less than remains becomes the partial event.
 *
 *   OPEN     order, key, id, quantity: a new order in state pending; key is its order_id
 *   ADD      key, id, order, type, flags: an identifier of a known order. The active one of the type becomes
 *            `previous` and replaced; a CLIENT_KEY, and a REQUEST of a venue's type, replace none. An
 *            EXECUTION comes with its FILL
 *   RESOLVE  key
 *   STATUS   key, status: see LL_ID_STATUS_CHANGES
 *   ACK      key, quantity: what the venue accepted, 0 = as asked. Less than asked lowers the order, more
 *            does not raise it. Lowered to what is filled already, the order is filled
 *   FILL     key, quantity; new_key, new_id: the execution, which becomes an identifier in status executed,
 *            or no new_key
 *   CANCEL   key, quantity: what is gone, not what is left; LL_LIFE_ALL = all that is open
 *   REPLACE  key old, new_key new, new_id, quantity: what is open now. The new one is of the old one's type
 *            when that is EXCHANGE_REF, else PROVIDER_REF; the active one of that type, and the old one,
 *            become replaced. new_key may be key: then the order goes on under its old name. An ended order
 *            only gets the identifier
 *   REJECT   key; of an identifier added with REQUEST it is the request that is refused, not the order: the
 *            identifier becomes cancelled
 *   BUST     key: the execution, which becomes cancelled. Leaves stay
 *   CORRECT  key: the execution, quantity: what it is now. Leaves stay; the same quantity is a change of
 *            price alone
 */
#define LL_LIFE_OPS(O)                 \
    O(NONE, 0, "none", COUNT)          \
    O(OPEN, 1, "open", COUNT)          \
    O(ADD, 2, "add", COUNT)            \
    O(RESOLVE, 3, "resolve", COUNT)    \
    O(STATUS, 4, "status", COUNT)      \
    O(SUBMIT, 5, "submit", SUBMIT)     \
    O(ACK, 6, "ack", ACK)              \
    O(FILL, 7, "fill", FILL)           \
    O(CANCEL, 8, "cancel", CANCEL)     \
    O(REPLACE, 9, "replace", REPLACE)  \
    O(REJECT, 10, "reject", REJECT)    \
    O(EXPIRE, 11, "expire", EXPIRE)    \
    O(BUST, 12, "bust", BUST)          \
    O(CORRECT, 13, "correct", CORRECT) \
    O(FAIL, 14, "fail", FAIL)          \
    O(RETRY, 15, "retry", RETRY)

enum ll_life_op {
#define LL_LIFE_OP_ENUM(name, number, text, event) LL_LIFE_OP_##name = (number),
    LL_LIFE_OPS(LL_LIFE_OP_ENUM)
#undef LL_LIFE_OP_ENUM
        LL_LIFE_OP_COUNT = 16
};

#define LL_LIFE_ALL 0xffffffffu /* of a cancel: all that is open */

/* Flags of an ask, kept with the identifier. REQUEST: it names a request about the order, which a REJECT ends
 * alone. Of a venue's type (PROVIDER_REF, EXCHANGE_REF) it is a replace not answered yet: the live link stays
 * active until REPLACE. */
#define LL_LIFE_REQUEST 1u

struct ll_life_ask {
    u64 key[2];
    u64 new_key[2];
    u32 order;
    u32 id;
    u32 new_id;
    u32 quantity;
    u8 op;
    u8 type;
    u8 status;
    u8 flags;
    u32 reserved32;
    u64 seq;
};
LL_STATIC_ASSERT(sizeof(struct ll_life_ask) == 64, "one slot, one beat");

/* Flags of an answer. */
#define LL_LIFE_FOUND      1u  /* the key is known now: order, id, type and status say of what */
#define LL_LIFE_IS_REQUEST 2u  /* it names a request, or did before */
#define LL_LIFE_LATE       4u  /* the order had ended before, or the identifier was not active */
#define LL_LIFE_ENDED      8u  /* with this ask the order ended (failed is no end) */
#define LL_LIFE_ACKED      16u /* the venue had acknowledged the order before */

struct ll_life_answer {
    u8 verdict; /* enum ll_verdict */
    u8 op;
    u8 state_before; /* enum ll_order_state of the order */
    u8 state_after;
    u8 type;   /* of the identifier `key` */
    u8 status; /* of it, after */
    u8 flags;
    u8 event;        /* enum ll_order_event; LL_ORDER_EVENT_COUNT = none */
    u32 order;       /* LL_LIFE_NONE = none */
    u32 id;          /* of the identifier `key` */
    u32 previous;    /* the identifier that an ADD or REPLACE made `replaced`; of two, the one `key` names */
    u32 booked;      /* lots filled, taken away or busted; of a CORRECT the difference, two's complement */
    u32 quantity;    /* of the order, after: what it may fill in all */
    u32 leaves;      /* what is open */
    u32 cumulative;  /* what is filled */
    u32 other_order; /* of id_taken: whose it is */
    u32 epoch;
    u32 reserved32;
    u64 reserved64;
    u64 seq;
};
LL_STATIC_ASSERT(sizeof(struct ll_life_answer) == 64, "one slot, one beat");

/* What ll_life_whose says of a key. */
struct ll_life_owner {
    u32 order; /* LL_LIFE_NONE = the key is not known */
    u32 id;
    u8 type;
    u8 status;
    u8 flags; /* LL_LIFE_FOUND, LL_LIFE_IS_REQUEST */
    u8 reserved8;
    u32 reserved32;
};
LL_STATIC_ASSERT(sizeof(struct ll_life_owner) == 16, "four to a line");

#endif
