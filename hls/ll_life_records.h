/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes into the lifecycle half of the kernel and what comes out: one 64-byte ask, one 64-byte answer.
 *
 * Shape    ask     0 key u64[2] | 16 new_key u64[2] | 32 order u32 | 36 id u32 | 40 new_id u32 | 44 quantity u32 |
 *                 48 op u8 | 49 type u8 | 50 status u8 | 51 flags u8 | 52 reserved u32 | 56 seq u64
 *          answer  0 verdict u8 | 1 op u8 | 2 state_before u8 | 3 state_after u8 | 4 type u8 | 5 status u8 |
 *                 6 flags u8 | 7 event u8 | 8 order u32 | 12 id u32 | 16 previous u32 | 20 booked u32 |
 *                 24 quantity u32 | 28 leaves u32 | 32 cumulative u32 | 36 other_order u32 | 40 epoch u32 |
 *                 44 reserved u32 | 48 reserved u64 | 56 seq u64
 *          A key is an identifier: a provider's number in its namespace as it is, or the 128-bit keyed digest of a
 *          text (host/core/ll_keys.h makes both; they cannot be equal). An id is the host's number of an identifier,
 *          an order the host's number of an order; the kernel only keeps them.
 * Units    quantity, leaves, cumulative, booked: lots; seq counts asks.
 * Errors   a verdict per ask; none is fatal, and a verdict other than ok, duplicate, late, out_of_order and overfill
 *          leaves everything as it was.
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

enum ll_life_op {
    LL_LIFE_OP_NONE = 0,
    LL_LIFE_OP_OPEN = 1, /* order, key, id: a new order in state pending of `quantity`; key is its order_id */
    LL_LIFE_OP_ADD =
        2, /* key, id, order, type, flags: an identifier of a known order; the active one of the type, if
                               any, is replaced (types of the host alone, EXECUTION and CLIENT_KEY, replace none) */
    LL_LIFE_OP_RESOLVE = 3, /* key */
    LL_LIFE_OP_STATUS =
        4, /* key, status: nothing leaves executed; replaced or cancelled to executed is late */
    LL_LIFE_OP_SUBMIT =
        5, /* key. From here on: the events of ll_order_states.h about the order that key names. */
    LL_LIFE_OP_ACK = 6, /* key, quantity: what the venue accepted; 0 = as asked */
    LL_LIFE_OP_FILL =
        7, /* key, quantity; new_key, new_id: the execution, which becomes an identifier of its own */
    LL_LIFE_OP_CANCEL = 8,  /* key, quantity: what is gone, not what is left */
    LL_LIFE_OP_REPLACE = 9, /* key old, new_key new, new_id, quantity: what is open now */
    LL_LIFE_OP_REJECT =
        10, /* key; of an identifier added with REQUEST it is the request that is refused, not the order */
    LL_LIFE_OP_EXPIRE = 11,  /* key */
    LL_LIFE_OP_BUST = 12,    /* key: the execution */
    LL_LIFE_OP_CORRECT = 13, /* key: the execution; quantity: what it is now */
    LL_LIFE_OP_FAIL = 14,    /* key */
    LL_LIFE_OP_RETRY = 15,   /* key */
    LL_LIFE_OP_COUNT = 16
};

/* Flags of an ask, kept with the identifier. */
#define LL_LIFE_REQUEST \
    1u /* names a request about the order (a replace not answered yet), not the order's live link */

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
#define LL_LIFE_FOUND      1u  /* the key is known: order, id, type and status say of what */
#define LL_LIFE_IS_REQUEST 2u  /* it names a request */
#define LL_LIFE_LATE       4u  /* the order, or the identifier, had ended before */
#define LL_LIFE_ENDED      8u  /* with this ask the order ended */
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
    u32 previous;    /* the identifier that an ADD or REPLACE made `replaced` */
    u32 booked;      /* lots this ask filled, took away, or busted */
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

#endif
