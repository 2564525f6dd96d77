/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client asks of the gateway and what it is told: the one layout of both, in shared memory and in the journal.
 *
 * Shape    command  112-byte head, then the texts one behind the other in the order of LL_COMMAND_TEXTS, each as many
 *          bytes as its length says, no terminator; at most LL_COMMAND_TEXT_BYTES_MAX. In shared memory it has six
 *          slots of 64 bytes; the journal keeps only the bytes that are used (ll_command_bytes).
 *          event    four slots: the answer to a request, or news about an order.
 *          Little-endian; every unused byte is zero.
 * Units    quantity in lots, prices in ticks of the instrument, amount in units of the asset, *_ns UTC nanoseconds.
 *          Wider than a provider's fields, so that too large is refused and never cut.
 * Errors   ll_command_check: LL_ERR_MALFORMED for a layout that cannot be. What a command asks is judged by the engine.
 * Threads  plain data.
 */
#ifndef LL_HOST_WIRE_COMMAND_H
#define LL_HOST_WIRE_COMMAND_H

#include "host/base/ll_err.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define LL_COMMAND_BYTES_MAX      384u
#define LL_COMMAND_HEAD_BYTES     112u
#define LL_COMMAND_TEXT_BYTES_MAX (LL_COMMAND_BYTES_MAX - LL_COMMAND_HEAD_BYTES)
#define LL_ID_BYTES_MAX           64u
#define LL_NAME_BYTES_MAX         16u
#define LL_SYMBOL_BYTES           8u

/* C(NAME, number, "verb", journaled). The number is in the journal, so it never changes. */
#define LL_COMMANDS(C)                                                                                  \
    C(PLACE, 1, "place", 1)     /* a new order */                                                       \
    C(CANCEL, 2, "cancel", 1)   /* target; quantity = open lots that shall stay, 0 = none */            \
    C(REPLACE, 3, "replace", 1) /* target, quantity (in all, filled ones included), price */            \
    C(CLOSE, 4, "close", 1)     /* target: an exit order the other way, of what target has filled */    \
    C(STOPLOSS_ADD, 5, "stoploss-add", 1) /* target, stop_price; replaces the one that is active */     \
    C(STOPLOSS_CANCEL, 6, "stoploss-cancel", 1)                                                         \
    C(TAKEPROFIT_ADD, 7, "takeprofit-add", 1)                                                           \
    C(TAKEPROFIT_CANCEL, 8, "takeprofit-cancel", 1)                                                     \
    C(ID_ADD, 9, "id-add", 1)        /* target, lifecycle_id, id_type, notes */                         \
    C(ID_STATUS, 10, "id-status", 1) /* lifecycle_id, id_status, notes */                               \
    C(DEPOSIT, 11, "deposit", 1)     /* account, symbol (none = the currency), amount */                \
    C(WITHDRAW, 12, "withdraw", 1)                                                                      \
    C(KILL, 13, "kill", 1)     /* scope and its name: no new order, no replace; cancels go through */   \
    C(UNKILL, 14, "unkill", 1) /* a person clears the latch; notes say who and why */                   \
    C(ENABLE_STRATEGY, 15, "enable-strategy", 1) /* a person lets a strategy go on that was disabled */ \
    C(RESOLVE, 16, "resolve", 0)                 /* lifecycle_id: whose is it */                        \
    C(STATUS, 17, "status", 0)                   /* target: the order as it is now */

enum ll_command_kind {
#define LL_COMMAND_ENUM(name, number, verb, journaled) LL_COMMAND_##name = (number),
    LL_COMMANDS(LL_COMMAND_ENUM)
#undef LL_COMMAND_ENUM
};

/* T(name, longest): the texts of a command in their order. */
#define LL_COMMAND_TEXTS(T)                                                                         \
    T(account, LL_NAME_BYTES_MAX)                                                                   \
    T(user, LL_NAME_BYTES_MAX)                                                                      \
    T(strategy, LL_NAME_BYTES_MAX)                                                                  \
    T(symbol, LL_SYMBOL_BYTES)                                                                      \
    T(client_order_id, LL_ID_BYTES_MAX) /* the client's idempotency key */                          \
    T(lifecycle_id, LL_ID_BYTES_MAX)    /* the name of this action; none = the gateway makes one */ \
    T(target, LL_ID_BYTES_MAX)          /* any identifier of the order it is about */               \
    T(reference, LL_ID_BYTES_MAX)       /* signal_id of an entry, position_id of an exit */         \
    T(notes, 255u)

enum ll_command_text {
#define LL_COMMAND_TEXT_ENUM(name, longest) LL_TEXT_##name,
    LL_COMMAND_TEXTS(LL_COMMAND_TEXT_ENUM)
#undef LL_COMMAND_TEXT_ENUM
        LL_COMMAND_TEXT_COUNT
};

enum ll_order_side { LL_ORDER_BUY = 0, LL_ORDER_SELL = 1, LL_ORDER_SELL_SHORT = 2 };
enum ll_order_type { LL_TYPE_LIMIT = 0, LL_TYPE_MARKET = 1, LL_TYPE_STOP = 2, LL_TYPE_STOP_LIMIT = 3 };
enum ll_time_in_force { LL_TIF_DAY = 0, LL_TIF_IOC = 1, LL_TIF_FOK = 2, LL_TIF_GTC = 3, LL_TIF_GTD = 4 };

#define LL_COMMAND_EXIT      1u /* an exit order; without it an entry */
#define LL_COMMAND_POST_ONLY 2u
#define LL_COMMAND_DEMO      4u /* environment demo; without it live */

/* K(NAME, number, "text") What a kill latch is about; its name is the command's account, strategy or symbol. */
#define LL_KILL_SCOPES(K)      \
    K(FIRM, 0, "firm")         \
    K(ACCOUNT, 1, "account")   \
    K(STRATEGY, 2, "strategy") \
    K(SYMBOL, 3, "symbol")

enum ll_kill_scope {
#define LL_KILL_ENUM(name, number, text) LL_KILL_##name = (number),
    LL_KILL_SCOPES(LL_KILL_ENUM)
#undef LL_KILL_ENUM
};

struct ll_command {
    uint64_t request; /* the client's number of it; comes back in the answer */
    uint64_t quantity;
    uint64_t price;
    uint64_t stop_price;
    uint64_t take_price;
    uint64_t expected_price;
    int64_t amount;
    uint64_t expire_ns; /* GTD */
    uint32_t client;    /* set by the gateway: which of its clients */
    uint32_t max_slippage_bps;
    uint8_t kind; /* enum ll_command_kind */
    uint8_t side;
    uint8_t type;
    uint8_t time_in_force;
    uint8_t flags;
    uint8_t id_type;      /* enum ll_id_type of hls/ll_life_records.h */
    uint8_t id_status;    /* enum ll_id_status */
    uint8_t scope;        /* enum ll_kill_scope */
    uint8_t max_attempts; /* 0 = the default, 3 */
    uint8_t session;      /* provider session to send through; 0 = the first */
    uint8_t reserved8[5];
    uint8_t text_bytes[LL_COMMAND_TEXT_COUNT];
    uint8_t reserved[16];
    char text[LL_COMMAND_TEXT_BYTES_MAX];
};
static_assert(sizeof(struct ll_command) == LL_COMMAND_BYTES_MAX, "six slots");

/* R(NAME, number, "text") Why a command was refused. The number is in the journal and goes to clients: it never
 * changes. `limit` and `value` of the event say which limit and by what it was broken. */
#define LL_REFUSALS(R)                                                                                      \
    R(NONE, 0, "none")                                                                                      \
    R(MALFORMED, 1, "malformed") /* not a command at all */                                                 \
    R(BAD_ID, 2, "bad_id")       /* not 1..64 printable ASCII bytes without space */                        \
    R(ID_TAKEN, 3, "id_taken")   /* the identifier is another order's; the event names the owner */         \
    R(UNKNOWN_ORDER, 4, "unknown_order")                                                                    \
    R(ORDER_ENDED, 5, "order_ended")                                                                        \
    R(REQUEST_OUTSTANDING, 6, "request_outstanding") /* one request per order at a time */                  \
    R(BAD_QUANTITY, 7, "bad_quantity")                                                                      \
    R(BAD_PRICE, 8, "bad_price")                                                                            \
    R(TICK, 9, "tick") /* control 13: not a multiple of the tick */                                         \
    R(LOT, 10, "lot")                                                                                       \
    R(COLLAR, 11, "collar")             /* control 1 */                                                     \
    R(NO_REFERENCE, 12, "no_reference") /* control 1: the reference price is missing or stale */            \
    R(MAX_QUANTITY, 13, "max_quantity") /* control 2 */                                                     \
    R(MAX_NOTIONAL, 14, "max_notional") /* control 3 */                                                     \
    R(OVERFLOW, 15, "overflow")                                                                             \
    R(REPEAT, 16, "repeat")                         /* control 4: the same order again inside the window */ \
    R(EXPOSURE, 17, "exposure")                     /* control 5 */                                         \
    R(POSITION, 18, "position")                     /* control 6 */                                         \
    R(THROTTLE, 19, "throttle")                     /* control 7 */                                         \
    R(STRATEGY_DISABLED, 20, "strategy_disabled")   /* control 8 */                                         \
    R(UNKNOWN_INSTRUMENT, 21, "unknown_instrument") /* control 11 */                                        \
    R(HALTED, 22, "halted")                         /* control 11 */                                        \
    R(SELF_TRADE, 23, "self_trade")                 /* control 14 */                                        \
    R(KILLED, 24, "killed")                         /* control 15 */                                        \
    R(NO_LIMITS, 25, "no_limits")                   /* nothing is loaded: fail closed */                    \
    R(BALANCE, 26, "balance")                                                                               \
    R(BELOW_FILLED, 27, "below_filled") /* a replace to no more than has been filled */                     \
    R(NOT_OPEN, 28, "not_open")         /* the provider's session is not open and reconciled */             \
    R(TABLE_FULL, 29, "table_full")                                                                         \
    R(UNSUPPORTED, 30, "unsupported")       /* the provider cannot do it */                                 \
    R(RESTRICTED, 31, "restricted")         /* control 9: this side of this symbol */                       \
    R(NOT_ACTIVE, 32, "not_active")         /* no such stop-loss or take-profit is active */                \
    R(ILLEGAL_STATUS, 33, "illegal_status") /* an identifier's status cannot go there */                    \
    R(UNKNOWN_ID, 34, "unknown_id")                                                                         \
    R(JOURNAL, 35, "journal") /* the journal has stopped: nothing is taken any more */

enum ll_refusal {
#define LL_REFUSAL_ENUM(name, number, text) LL_REFUSAL_##name = (number),
    LL_REFUSALS(LL_REFUSAL_ENUM)
#undef LL_REFUSAL_ENUM
        LL_REFUSAL_COUNT = 36
};

/* V(NAME, number, "text") What an event says. */
#define LL_CLIENT_EVENTS(V)                                                                          \
    V(ACCEPTED, 1, "accepted")   /* answer: done, or on its way */                                   \
    V(EXISTING, 2, "existing")   /* answer: it was asked before; this is what came of it */          \
    V(REFUSED, 3, "refused")     /* answer: refusal, limit, value */                                 \
    V(RESOLVED, 4, "resolved")   /* answer to resolve and status */                                  \
    V(ORDER, 5, "order")         /* news: the order changed */                                       \
    V(TRIGGERED, 6, "triggered") /* news: a stop-loss or take-profit left as an order */             \
    V(LOST, 7, "lost")           /* news: the client did not keep up; `value` events were dropped */ \
    V(REQUEST_FAILED, 8, "request_failed") /* news: a cancel or replace was refused or came to nothing */

enum ll_client_event_kind {
#define LL_CLIENT_EVENT_ENUM(name, number, text) LL_CLIENT_##name = (number),
    LL_CLIENT_EVENTS(LL_CLIENT_EVENT_ENUM)
#undef LL_CLIENT_EVENT_ENUM
};

#define LL_CLIENT_EVENT_LATE    1u /* the order or identifier had ended before */
#define LL_CLIENT_EVENT_DURABLE 2u /* what it says is durable */

struct ll_client_event {
    uint64_t request;  /* of the command it answers; 0 = news */
    uint64_t event_id; /* journal record behind it */
    uint64_t time_ns;
    uint64_t limit;
    uint64_t value;
    uint64_t quantity;
    uint64_t leaves;
    uint64_t cumulative;
    uint64_t price;      /* of the order */
    uint64_t last_price; /* of this execution */
    uint64_t last_quantity;
    uint32_t order;  /* number of the order in this gateway */
    uint32_t client; /* whose order */
    uint8_t kind;    /* enum ll_client_event_kind */
    uint8_t refusal; /* enum ll_refusal */
    uint8_t state;   /* enum ll_order_state */
    uint8_t verdict; /* enum ll_verdict of the message behind it */
    uint8_t flags;
    uint8_t id_type;
    uint8_t id_status;
    uint8_t command; /* enum ll_command_kind it answers */
    uint8_t order_id_bytes;
    uint8_t lifecycle_id_bytes;
    uint8_t reserved[22];
    char order_id[LL_ID_BYTES_MAX];
    char lifecycle_id[LL_ID_BYTES_MAX];
};
static_assert(sizeof(struct ll_client_event) == 256, "four slots");

/* Puts a text into a command that has none of it yet; texts go in in their order. LL_ERR_FULL: no room. */
LL_MUST_CHECK int ll_command_add_text(struct ll_command *command, enum ll_command_text which,
                                      const char *text, uint32_t text_bytes);
/* Where a text stands, and its bytes. */
const char *ll_command_text(const struct ll_command *command, enum ll_command_text which,
                            uint32_t *text_bytes);
/* Bytes that are used: head and texts. */
uint32_t ll_command_bytes(const struct ll_command *command);
/* Takes the used bytes of a command back into a whole one: LL_ERR_SHORT, LL_ERR_LONG or LL_ERR_MALFORMED when they
 * are none. The inverse of cutting a command to ll_command_bytes. */
LL_MUST_CHECK int ll_command_read(struct ll_command *command, const uint8_t *bytes, uint32_t bytes_count);
/* LL_OK, or LL_ERR_MALFORMED: an unknown kind, texts longer than they may be, bytes set that mean nothing. */
LL_MUST_CHECK int ll_command_check(const struct ll_command *command);

const char *ll_command_verb(uint8_t kind);
bool ll_command_is_journaled(uint8_t kind);
const char *ll_refusal_name(uint8_t refusal);
const char *ll_client_event_name(uint8_t kind);

/* A text that may be an identifier: 1..64 bytes, printable ASCII without space. */
bool ll_id_text_is_good(const char *text, uint32_t text_bytes);

#endif
