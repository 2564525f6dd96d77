/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liblifeline: what a strategy on the same machine uses to talk to the gateway, over shared memory.
 *
 * Shape    open -> place, cancel, ... -> poll or wait -> close. Every request is asynchronous: it returns its number at
 *          once, above 0, and the answer comes as an event that carries that number. A request makes no system call.
 *
 *            struct lifeline *gateway;
 *            struct lifeline_event event;
 *            if (lifeline_open(&gateway, NULL) < 0)
 *                fail(lifeline_error_text(gateway));
 *            int64_t request = lifeline_place(gateway, &(struct lifeline_order){.account = "A1", .symbol = "AAPL",
 *                .client_order_id = "mean-1", .quantity_lots = 100, .price_ticks = 1503400});
 *            if (request < 0 || lifeline_wait(gateway, request, LIFELINE_SECOND, &event) < 0)
 *                fail(lifeline_error_text(gateway));
 *            lifeline_close(gateway);
 *
 *          A whole strategy: docs/examples/strategy.c. Texts end with NUL; NULL means none, and then the gateway makes
 *          the identifier of the action. Identifiers have 1..64 bytes, printable ASCII without space.
 *          When the gateway ended or started anew, calls say LIFELINE_ERR_GONE: what was not answered may or may not
 *          have been taken. lifeline_reopen, and ask the same again with the same client_order_id: that never makes a
 *          second order.
 * Units    quantities in lots, prices in ticks of the instrument (US equities: 1/10000 dollar), amounts in units of the
 *          asset, *_ns nanoseconds, of UTC where it is a time.
 * Errors   a negative enum lifeline_error; lifeline_error_text says what was wrong and what to do. A refusal by the
 *          gateway is no error but an event.
 * Threads  a handle belongs to one thread; several threads open one each. A child after fork opens its own.
 */
#ifndef LIFELINE_H
#define LIFELINE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LIFELINE_API        __attribute__((visibility("default")))
#define LIFELINE_MUST_CHECK __attribute__((warn_unused_result))

#define LIFELINE_ID_BYTES 65u /* 64 and the NUL */
#define LIFELINE_SECOND   UINT64_C(1000000000)

struct lifeline;

enum lifeline_error {
    LIFELINE_OK = 0,
    LIFELINE_ERR_ARGUMENT = -1,   /* the request cannot be asked like this; nothing was sent */
    LIFELINE_ERR_NO_GATEWAY = -2, /* no gateway lives at that path */
    LIFELINE_ERR_GONE = -3,       /* the gateway we talked to has ended; lifeline_reopen */
    LIFELINE_ERR_FULL = -4, /* the gateway has not taken our last requests yet, or events wait to be polled */
    LIFELINE_ERR_TIMEOUT = -5, /* no answer in time; it may still come */
    LIFELINE_ERR_LOST = -6,    /* no answer in time, and events were lost: it may have been among them */
    LIFELINE_ERR_EVICTED = -7, /* the gateway put us out, because our memory made no sense to it */
    LIFELINE_ERR_SYSTEM = -8   /* the operating system refused */
};

enum lifeline_side { LIFELINE_BUY = 0, LIFELINE_SELL = 1, LIFELINE_SELL_SHORT = 2 };
enum lifeline_type { LIFELINE_LIMIT = 0, LIFELINE_MARKET = 1, LIFELINE_STOP = 2, LIFELINE_STOP_LIMIT = 3 };
enum lifeline_tif {
    LIFELINE_DAY = 0,
    LIFELINE_IOC = 1,
    LIFELINE_FOK = 2,
    LIFELINE_GTC = 3,
    LIFELINE_GTD = 4
};

/* What an identifier is the name of. */
enum lifeline_id_type {
    LIFELINE_ID_ORDER = 0,
    LIFELINE_ID_CLOSE = 1,
    LIFELINE_ID_CANCEL = 2,
    LIFELINE_ID_MODIFY = 3,
    LIFELINE_ID_STOPLOSS = 4,
    LIFELINE_ID_TAKEPROFIT = 5,
    LIFELINE_ID_STOPLOSS_CANCEL = 6,
    LIFELINE_ID_TAKEPROFIT_CANCEL = 7,
    LIFELINE_ID_PROVIDER_REF = 8,
    LIFELINE_ID_EXCHANGE_REF = 9,
    LIFELINE_ID_EXECUTION = 10,
    LIFELINE_ID_CLIENT_KEY = 11
};
enum lifeline_id_status {
    LIFELINE_ID_ACTIVE = 0,
    LIFELINE_ID_REPLACED = 1,
    LIFELINE_ID_CANCELLED = 2,
    LIFELINE_ID_EXECUTED = 3
};

/* What a kill stops: new orders and replaces; cancels go through. */
enum lifeline_scope {
    LIFELINE_KILL_FIRM = 0,
    LIFELINE_KILL_ACCOUNT = 1,
    LIFELINE_KILL_STRATEGY = 2,
    LIFELINE_KILL_SYMBOL = 3
};

/* Which news about orders come, beside the answers. */
enum lifeline_subscription { LIFELINE_NEWS_NONE = 0, LIFELINE_NEWS_OWN = 1, LIFELINE_NEWS_ALL = 2 };

enum lifeline_event_kind {
    LIFELINE_EVENT_ACCEPTED = 1,      /* answer: done, or on its way */
    LIFELINE_EVENT_EXISTING = 2,      /* answer: it was asked before; this is what came of it */
    LIFELINE_EVENT_REFUSED = 3,       /* answer: refusal, limit, value */
    LIFELINE_EVENT_RESOLVED = 4,      /* answer to resolve and status */
    LIFELINE_EVENT_ORDER = 5,         /* news: the order changed */
    LIFELINE_EVENT_TRIGGERED = 6,     /* news: a stop-loss or take-profit left as an order */
    LIFELINE_EVENT_LOST = 7,          /* news: we did not keep up; `value` events were dropped */
    LIFELINE_EVENT_REQUEST_FAILED = 8 /* news: a cancel or replace was refused or came to nothing */
};

enum lifeline_state {
    LIFELINE_STATE_NONE = 0,
    LIFELINE_STATE_PENDING = 1,   /* taken, not sent */
    LIFELINE_STATE_SUBMITTED = 2, /* sent, not acknowledged */
    LIFELINE_STATE_NEW = 3,       /* acknowledged */
    LIFELINE_STATE_PARTIALLY_FILLED = 4,
    LIFELINE_STATE_FILLED = 5,
    LIFELINE_STATE_CANCELLED = 6,
    LIFELINE_STATE_REJECTED = 7,
    LIFELINE_STATE_EXPIRED = 8,
    LIFELINE_STATE_FAILED = 9 /* could not be sent; waits for a retry */
};

/* A new order. account, symbol and client_order_id must be given, and a price unless it is a market order. */
struct lifeline_order {
    const char *account; /* at most 16 bytes; so are user and strategy */
    const char *user;
    const char *strategy;
    const char *symbol;          /* at most 8 bytes */
    const char *client_order_id; /* your key: the same one again never makes a second order */
    const char *order_id;        /* the name of the order */
    const char *reference;       /* signal_id of an entry, position_id of an exit */
    const char *notes;           /* at most 255 bytes, and 272 with all the others */
    uint64_t quantity_lots;
    uint64_t price_ticks;
    uint64_t stop_price_ticks;     /* stop orders: when; others: the stop-loss to add; 0 = none */
    uint64_t take_price_ticks;     /* the take-profit to add; 0 = none */
    uint64_t expected_price_ticks; /* what slippage is measured from; 0 = none */
    uint64_t expire_ns;            /* GTD */
    uint32_t max_slippage_bps;
    enum lifeline_side side;
    enum lifeline_type type;
    enum lifeline_tif time_in_force;
    uint8_t max_attempts; /* 0 = the default, 3 */
    uint8_t session;      /* provider session; 0 = the first */
    bool is_exit;
    bool is_post_only;
    bool is_demo;
};

struct lifeline_event {
    uint64_t request;  /* the request it answers; 0 = news */
    uint64_t event_id; /* journal record behind it */
    uint64_t time_ns;
    uint64_t limit; /* of a refusal: the limit, */
    uint64_t value; /* and what broke it */
    uint64_t quantity_lots;
    uint64_t leaves_lots;
    uint64_t cumulative_lots;
    uint64_t price_ticks;
    uint64_t last_price_ticks; /* of this execution; so is last_quantity_lots */
    uint64_t last_quantity_lots;
    uint32_t order; /* number of the order in this gateway */
    enum lifeline_event_kind kind;
    enum lifeline_state state;
    int refusal; /* lifeline_refusal_name */
    int verdict; /* of the provider's message behind it */
    int command; /* of an answer: what was asked, lifeline_command_name */
    enum lifeline_id_type id_type;
    enum lifeline_id_status id_status;
    bool is_late;    /* the order or identifier had ended before */
    bool is_durable; /* what it says is durable */
    char order_id[LIFELINE_ID_BYTES];
    char lifecycle_id[LIFELINE_ID_BYTES];
};

/* --- the connection --- */

/* Comes in at `path`; NULL: $LIFELINE_DOOR, else /dev/shm/lifeline-UID. Also when it fails *gateway is a handle (NULL
 * only when memory is short) that has the error's text and can be reopened; close it in any case. */
LIFELINE_API LIFELINE_MUST_CHECK int lifeline_open(struct lifeline **gateway, const char *path);
/* Leaves, and comes in again: after LIFELINE_ERR_GONE. The subscription is kept, request numbers go on. */
LIFELINE_API LIFELINE_MUST_CHECK int lifeline_reopen(struct lifeline *gateway);
/* Requests that were sent are still carried out. NULL is fine. */
LIFELINE_API void lifeline_close(struct lifeline *gateway);
/* What the last call that failed has to say, NULL handle included. Valid until the next call that fails. */
LIFELINE_API const char *lifeline_error_text(const struct lifeline *gateway);
/* Looks now whether the gateway lives; poll and wait look every 20 ms by themselves. A file is read. */
LIFELINE_API LIFELINE_MUST_CHECK int lifeline_check(struct lifeline *gateway);
LIFELINE_API LIFELINE_MUST_CHECK int lifeline_subscribe(struct lifeline *gateway,
                                                        enum lifeline_subscription news);

/* --- requests: a number above 0, or an error --- */

LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_place(struct lifeline *gateway,
                                                        const struct lifeline_order *order);
/* `target` is any identifier of the order, however old. The text after it names this action, NULL: made up. */
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_cancel(struct lifeline *gateway, const char *target,
                                                         const char *cancel_id, uint64_t stay_lots);
/* `quantity_lots` in all, what is filled included. */
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_replace(struct lifeline *gateway, const char *target,
                                                          const char *modify_id, uint64_t quantity_lots,
                                                          uint64_t price_ticks);
/* An exit order the other way, of what the target has filled; price 0 = at market. */
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_close_position(struct lifeline *gateway, const char *target,
                                                                 const char *close_id, uint64_t price_ticks);
/* Takes the place of the one that is active, whose identifier still resolves. */
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_stoploss_add(struct lifeline *gateway, const char *target,
                                                               const char *stoploss_id,
                                                               uint64_t stop_price_ticks);
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_stoploss_cancel(struct lifeline *gateway,
                                                                  const char *target, const char *cancel_id);
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_takeprofit_add(struct lifeline *gateway, const char *target,
                                                                 const char *takeprofit_id,
                                                                 uint64_t take_price_ticks);
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_takeprofit_cancel(struct lifeline *gateway,
                                                                    const char *target,
                                                                    const char *cancel_id);
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_id_add(struct lifeline *gateway, const char *target,
                                                         enum lifeline_id_type type, const char *id,
                                                         const char *notes);
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_id_status(struct lifeline *gateway, const char *id,
                                                            enum lifeline_id_status status,
                                                            const char *notes);
/* Whose is this identifier: answered by LIFELINE_EVENT_RESOLVED. */
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_resolve(struct lifeline *gateway, const char *id);
/* The order as it is now: answered by LIFELINE_EVENT_RESOLVED. */
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_status(struct lifeline *gateway, const char *target);
/* `asset` NULL = the currency. `id` is your key, as client_order_id is of an order. */
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_deposit(struct lifeline *gateway, const char *account,
                                                          const char *asset, uint64_t amount, const char *id);
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_withdraw(struct lifeline *gateway, const char *account,
                                                           const char *asset, uint64_t amount,
                                                           const char *id);
/* `name` of the account, strategy or symbol; NULL for the firm. `notes`: who and why. */
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_kill(struct lifeline *gateway, enum lifeline_scope scope,
                                                       const char *name, const char *notes);
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_unkill(struct lifeline *gateway, enum lifeline_scope scope,
                                                         const char *name, const char *notes);
LIFELINE_API LIFELINE_MUST_CHECK int64_t lifeline_enable_strategy(struct lifeline *gateway,
                                                                  const char *strategy, const char *notes);

/* --- answers and news --- */

/* The next event: 1; none: 0; an error when there is none and will be none. */
LIFELINE_API LIFELINE_MUST_CHECK int lifeline_poll(struct lifeline *gateway, struct lifeline_event *event);
/* The answer to a request. Other events that come meanwhile are kept for lifeline_poll. */
LIFELINE_API LIFELINE_MUST_CHECK int lifeline_wait(struct lifeline *gateway, int64_t request,
                                                   uint64_t timeout_ns, struct lifeline_event *event);

/* --- words for numbers --- */

LIFELINE_API const char *lifeline_error_name(int error);
LIFELINE_API const char *lifeline_event_name(int kind);
LIFELINE_API const char *lifeline_refusal_name(int refusal);
LIFELINE_API const char *lifeline_state_name(int state);
LIFELINE_API const char *lifeline_command_name(int command);
LIFELINE_API const char *lifeline_id_type_name(int type);
LIFELINE_API const char *lifeline_id_status_name(int status);

#ifdef __cplusplus
}
#endif

#endif
