/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the order engine share among themselves. Only host/core/ll_oms*.c include this.
 *
 * Shape    The state: a control block, then arrays of orders, identifiers and texts, then the memories of
 *          ledger, names, risk and guard, all found by offsets that follow from the configuration. The handle:
 *          where those arrays are, the queues out, and the asks of the event at hand.
 *          An order stands in one list of live orders, and in one of its instrument, while it may trade or be
 *          retried.
 *          A request that was sent and not answered stands in its session's flight, in the order it was sent.
 * Units    as in ll_oms.h.
 * Errors   none of its own.
 * Threads  one owner.
 */
#ifndef LL_HOST_CORE_OMS_STATE_H
#define LL_HOST_CORE_OMS_STATE_H

#include "host/core/ll_guard.h"
#include "host/core/ll_instruments.h"
#include "host/core/ll_keys.h"
#include "host/core/ll_ledger.h"
#include "host/core/ll_names.h"
#include "host/core/ll_oms.h"
#include "host/core/ll_risk.h"
#include "host/core/ll_timers.h"

#define LL_OMS_NONE             LL_LIFE_NONE
#define LL_OMS_ASKS_MAX         (LL_OMS_REPORTS_MAX * 2u) /* those of a report's booking come behind the others */
#define LL_OMS_EXPECTED_NONE    0xffu                     /* not replaying */
#define LL_OMS_BOOKING_BYTES    32u                       /* digits of a 128-bit digest */
#define LL_OMS_ATTEMPTS_DEFAULT 3u
#define LL_OMS_OWN_REFS         4u /* slots of the public references per live order */

/* What an order's outstanding request is. */
enum ll_oms_request {
    LL_REQUEST_NONE = 0,
    LL_REQUEST_ENTER = 1,
    LL_REQUEST_CANCEL = 2,
    LL_REQUEST_REPLACE = 3
};

/* A stop-loss or a take-profit of an order. */
struct ll_oms_stop {
    uint64_t price;
    uint32_t id;       /* the active identifier; LL_OMS_NONE = none */
    uint32_t closer;   /* the exit order it became; LL_OMS_NONE = none yet */
    uint64_t again_ns; /* could not leave, or was not filled whole: not before */
};

struct ll_oms_order {
    uint64_t price;
    uint64_t expected_price;
    uint64_t notional; /* sum of price times lots of its fills */
    uint64_t locked;   /* what the ledger holds for it: currency of a buyer, lots of a seller */
    uint64_t exchange_ref;
    uint64_t number; /* of its live link at the venue */
    uint64_t created_ns;
    uint64_t updated_ns;
    uint64_t expire_ns;
    uint64_t retry_ns;       /* failed: when to try again */
    uint64_t request_price;  /* of a replace */
    uint64_t request_number; /* of a replace: the link it would become */
    uint64_t request_client; /* the client's number of the request */
    uint64_t enter_flight;   /* where they stand in the session's flight */
    uint64_t request_flight;
    uint32_t request_quantity;
    uint32_t request_id;   /* the identifier of the action */
    uint32_t request_link; /* of a replace: the identifier of the link it would become */
    uint32_t quantity;     /* these four as the kernel says */
    uint32_t leaves;
    uint32_t cumulative;
    uint32_t added;           /* lots filled while it stood in the public book, as the session says */
    uint32_t public_executed; /* the same as the public feed says */
    uint32_t closed;          /* lots that exit orders of it have filled */
    uint32_t account;
    uint32_t user;
    uint32_t strategy;
    uint32_t instrument;
    uint32_t parent;    /* the order it closes */
    uint32_t parent_id; /* the identifier of that order which it carries out */
    uint32_t first_id;
    uint32_t last_id;
    uint32_t order_id; /* identifier */
    uint32_t client;
    uint32_t live_next;
    uint32_t live_previous;
    uint32_t peer_next; /* live orders of the same instrument */
    uint32_t peer_previous;
    uint32_t watch_next; /* orders with a stop-loss or take-profit */
    uint32_t watch_previous;
    struct ll_risk_hold hold; /* what the risk engine reserves for it */
    struct ll_oms_stop stoploss;
    struct ll_oms_stop takeprofit;
    uint32_t max_slippage_bps;
    uint32_t generation; /* of the session when it was sent */
    uint16_t last_error;
    uint8_t state;
    uint8_t side; /* enum ll_order_side */
    uint8_t type;
    uint8_t time_in_force;
    uint8_t flags; /* of the command */
    uint8_t session;
    uint8_t request; /* enum ll_oms_request */
    uint8_t repeats; /* times the request was said again because no answer came */
    uint8_t reserved[2];
    uint32_t expire_s;         /* good till date: seconds to live, as sent */
    uint32_t request_expire_s; /* of a replace */
    uint8_t attempts;
    uint8_t max_attempts;
    uint8_t links;  /* how often it was replaced, counted up to 255 */
    bool is_listed; /* in the lists of live orders */
    bool is_watched;
    bool public_seen;
    bool is_short; /* less is locked than it can cost: its owner has no more */
};

struct ll_oms_id {
    struct ll_key key;
    uint64_t number; /* of a provider's identifier */
    uint64_t created_ns;
    uint64_t updated_ns;
    uint32_t order;
    uint32_t next; /* of the same order */
    uint32_t replaced_by;
    uint32_t text; /* LL_OMS_NONE = a number */
    uint8_t type;
    uint8_t status;
    uint8_t session;
    uint8_t text_bytes;
    uint32_t generation;
    uint32_t lots;         /* of an execution, and its price */
    uint32_t is_suspended; /* its owner could not pay for it: it is booked in suspense */
    uint64_t price;
    uint32_t exit_order; /* of a close: what it made */
    uint32_t reserved32;
};
_Static_assert(sizeof(struct ll_oms_id) == 88, "no padding");

enum ll_oms_session_state {
    LL_OMS_SESSION_NONE = 0,
    LL_OMS_SESSION_DOWN,
    LL_OMS_SESSION_CATCHING_UP, /* logged in; the venue says what was missed */
    LL_OMS_SESSION_RESENDING,   /* all is known; what was not answered is said again, or given up */
    LL_OMS_SESSION_OPEN,
    LL_OMS_SESSION_ENDED,
    LL_OMS_SESSION_LISTENING /* a copy: nothing can be sent */
};

struct ll_oms_flight {
    uint64_t number; /* of an enter or replace; of a cancel the order's link */
    uint32_t order;
    uint8_t request; /* enum ll_oms_request; NONE = answered */
    uint8_t reserved[3];
};

struct ll_oms_session {
    uint8_t state; /* enum ll_oms_session_state */
    uint8_t protocol;
    bool day_over; /* the venue takes no orders any more */
    bool query_out;
    bool
        query_lost; /* a connection broke before its answer: that may still come, and is not the next one's */
    char firm[4];
    char name[10];
    uint8_t role; /* enum ll_link_role */
    uint8_t of;   /* of a copy: the session whose orders it speaks of */
    uint8_t reserved[3];
    uint32_t generation; /* counts session names: the namespace of its numbers */
    uint32_t reserved32;
    uint64_t connections;
    uint64_t next_sequence;
    uint64_t next_number;
    uint64_t query_flight; /* requests before this one are covered by the question */
    uint64_t known_number; /* the venue's next one, as it answered */
    uint64_t sweep;        /* next request to settle; = sweep_end when nothing is left */
    uint64_t sweep_end;
    uint64_t flight_first; /* oldest request that may be unanswered */
    uint64_t flight_next;
    struct ll_oms_flight flight[LL_OMS_FLIGHT];
};

/* Best prices in the public feed; 0 = none. */
struct ll_oms_quote {
    uint64_t bid;
    uint64_t ask;
};

struct ll_oms_control {
    uint64_t magic;
    uint64_t state_bytes;
    uint32_t order_count;
    uint32_t id_count;
    uint32_t text_count;
    uint32_t live_count;
    uint32_t live_first;
    uint32_t live_last;
    uint32_t watch_first;
    uint32_t own_count;   /* references of own orders in the public feed */
    uint32_t kill_cursor; /* next live order the latch has to look at; LL_OMS_NONE = none */
    uint32_t expire_cursor;
    uint32_t generated; /* identifiers made for the event at hand */
    uint64_t event_id;  /* of the event at hand */
    struct ll_record_settings settings;
    struct ll_oms_counters counters;
    struct ll_oms_session sessions[LL_OMS_SESSIONS_MAX];
};

/* A report between its record and its verdict. */
struct ll_oms_waiting {
    struct ll_report report;
    uint64_t event_id;
    uint64_t time_ns;
    uint32_t slot; /* head slot of its record */
    uint32_t ask;  /* first of its asks */
    uint32_t ask_count;
    uint32_t execution; /* identifier kept for it */
    uint8_t link;       /* the session it came through */
    uint8_t session;    /* the one whose orders it speaks of */
    uint8_t verdict;    /* of the decoder */
    uint8_t expected;   /* replay: what the journal says; 0xff = not replaying */
};

struct ll_oms {
    struct ll_oms_config config;
    struct ll_oms_door door;
    struct ll_record_batch *batch;
    struct ll_oms_control *control;
    struct ll_oms_order *orders;
    struct ll_oms_id *ids;
    char (*texts)[LL_ID_BYTES_MAX];
    uint32_t *peers; /* first live order of each instrument */
    struct ll_oms_quote *quotes;
    uint64_t *own_refs;
    uint32_t *own_orders;
    uint32_t own_mask;
    struct ll_ledger ledger;
    struct ll_names accounts;
    struct ll_names users;
    struct ll_names strategies;
    struct ll_names bookings; /* keys of deposits and withdrawals that were made */
    struct ll_instruments instruments;
    struct ll_limits limits;
    struct ll_risk risk;
    struct ll_guard guard;
    struct ll_timers timers; /* items: orders */
    struct ll_keys keys;
    uint64_t time_ns; /* of the event at hand */
    uint64_t watch_again_ns;
    bool replaying;     /* from the first record to ll_oms_replay_end */
    bool market_moved;  /* since the stops were looked at */
    uint8_t expected;   /* verdict of the record being replayed */
    uint8_t kill_again; /* one bit per session: cancels of a latch that found no room in its flight */
    uint8_t reserved[4];
    struct ll_oms_waiting waiting[LL_OMS_REPORTS_MAX];
    uint32_t waiting_count;
    uint32_t ask_count;
    struct ll_life_ask asks[LL_OMS_ASKS_MAX];
    struct ll_life_answer answers[LL_OMS_ASKS_MAX];
    struct ll_life_answer booked[LL_OMS_ASKS_MAX]; /* the answers to the reports being booked */
    uint64_t send_head;
    uint64_t send_tail;
    uint64_t event_head;
    uint64_t event_tail;
    uint64_t events_dropped;
    struct ll_client_event discarded; /* what is written when nobody waits for it */
    int replay_status;
    struct ll_oms_send sends[LL_OMS_SENDS];
    struct ll_oms_event events[LL_OMS_EVENTS];
};

/* A text of a command, where it stands. */
struct ll_oms_text {
    const char *bytes;
    uint32_t bytes_count;
};

static inline struct ll_oms_text ll_oms_text_of(const struct ll_command *command, enum ll_command_text which)
{
    struct ll_oms_text text;
    text.bytes = ll_command_text(command, which, &text.bytes_count);
    return text;
}

/* What an answer to a refused command tells beside the refusal. */
struct ll_oms_refusal {
    uint8_t code;   /* enum ll_refusal; NONE = not refused */
    uint32_t order; /* whose identifier it is, or which order is in the way */
    uint64_t limit;
    uint64_t value;
};

/* A new order, from a command or from a trigger. */
struct ll_oms_new {
    struct ll_oms_text order_id;   /* empty = made here */
    struct ll_oms_text client_key; /* empty = none */
    uint64_t quantity;
    uint64_t price;
    uint64_t expected_price;
    uint64_t expire_ns;
    uint64_t request; /* the client's number */
    uint32_t account;
    uint32_t user;
    uint32_t strategy;
    uint32_t instrument;
    uint32_t parent;
    uint32_t parent_id;
    uint32_t client;
    uint32_t max_slippage_bps;
    uint8_t side;
    uint8_t type;
    uint8_t time_in_force;
    uint8_t flags;
    uint8_t session;
    uint8_t max_attempts;
};

/* Every event begins here. */
void ll_oms_begin(struct ll_oms *oms, uint64_t time_ns);
/* Replay: the verdict of the record at hand must be the journal's. */
void ll_oms_check_expected(struct ll_oms *oms, uint8_t verdict);

/* --- ll_oms_ids.c: identifiers and asks ------------------------------------------------------------------ */

struct ll_life_ask *ll_oms_ask(struct ll_oms *oms, uint8_t op);
/* Asks all that was put together; the answers stay until the next one. */
const struct ll_life_answer *ll_oms_ask_run(struct ll_oms *oms);
/* `account` LL_OMS_NONE: a platform identifier; else a client's key, which is its account's. */
struct ll_key ll_oms_key_text(const struct ll_oms *oms, uint32_t account, struct ll_oms_text text);
struct ll_key ll_oms_key_number(const struct ll_oms *oms, uint8_t kind, uint8_t session, uint64_t number);
/* The kind of an execution's key follows from the link it is of: even numbers are links of sell orders. */
uint8_t ll_oms_execution_kind(uint64_t number);
void ll_oms_ask_key(struct ll_life_ask *ask, struct ll_key key);
bool ll_oms_ids_room(const struct ll_oms *oms, uint32_t ids, uint32_t texts);
/* A new identifier, not yet of any order. */
uint32_t ll_oms_id_text(struct ll_oms *oms, uint8_t type, uint32_t account, struct ll_oms_text text);
uint32_t ll_oms_id_number(struct ll_oms *oms, uint8_t type, uint8_t kind, uint8_t session, uint64_t number);
/* Makes a text of the type's prefix that was never one before. */
uint32_t ll_oms_id_generate(struct ll_oms *oms, uint8_t type);
/* The last one made is not needed after all. */
void ll_oms_id_drop(struct ll_oms *oms, uint32_t id);
void ll_oms_id_attach(struct ll_oms *oms, uint32_t id, uint32_t order);
void ll_oms_ask_add(struct ll_oms *oms, uint32_t id, uint32_t order, uint8_t flags);
/* What the answer to an ADD, STATUS or REPLACE says of the identifiers. */
void ll_oms_id_answered(struct ll_oms *oms, uint32_t id, const struct ll_life_answer *answer);
/* Gives an order an identifier; its refusal is ID_TAKEN or TABLE_FULL. An empty text is made here. */
uint32_t ll_oms_id_give(struct ll_oms *oms, uint32_t order, uint8_t type, struct ll_oms_text text,
                        struct ll_oms_refusal *refusal);
/* May it have this name? False and a refusal when it is another's, or when there is no room; `known` is the identifier
 * if the order has it already, so that the action was asked for before, else LL_OMS_NONE. */
bool ll_oms_id_check(struct ll_oms *oms, uint32_t order, uint8_t type, struct ll_oms_text text,
                     uint32_t *known, struct ll_oms_refusal *refusal);
void ll_oms_id_status(struct ll_oms *oms, uint32_t id, uint8_t status);
/* Looks a text up; NULL = nobody's. */
const struct ll_life_answer *ll_oms_find(struct ll_oms *oms, uint32_t account, struct ll_oms_text text);

/* --- ll_oms_orders.c: orders, lists, news ----------------------------------------------------------------- */

void ll_oms_list(struct ll_oms *oms, uint32_t order);
void ll_oms_unlist(struct ll_oms *oms, uint32_t order);
bool ll_oms_is_working(const struct ll_oms_order *order);
void ll_oms_order_answered(struct ll_oms *oms, uint32_t order, const struct ll_life_answer *answer);
struct ll_client_event *ll_oms_news(struct ll_oms *oms, uint8_t kind, uint32_t order);
void ll_oms_fill_event(const struct ll_oms *oms, struct ll_client_event *event, uint32_t order);
struct ll_client_event *ll_oms_event_push(struct ll_oms *oms);
void ll_oms_own_ref(struct ll_oms *oms, uint32_t order, uint64_t exchange_ref);
void ll_oms_drop_ref(struct ll_oms *oms, uint64_t exchange_ref);
void ll_oms_private(struct ll_oms *oms, uint32_t order, uint32_t lots);
uint32_t ll_oms_find_ref(const struct ll_oms *oms, uint64_t exchange_ref);

/* What the guard knows an order by; `flags` are the command's. */
static inline struct ll_guard_key ll_oms_guard_key(uint32_t instrument, uint32_t account, uint8_t side,
                                                   uint8_t flags)
{
    return (struct ll_guard_key){instrument, (uint16_t)account, side, (flags & LL_COMMAND_EXIT) != 0};
}

/* --- ll_oms_money.c: ledger, risk and guard --------------------------------------------------------------- */

/* Checks and reserves, both or neither. */
void ll_oms_reserve(struct ll_oms *oms, uint32_t order, uint64_t quantity, struct ll_oms_refusal *refusal);
void ll_oms_unreserve(struct ll_oms *oms, uint32_t order);
uint32_t ll_oms_unknown_asset(const struct ll_oms *oms);
void ll_oms_reserve_replace(struct ll_oms *oms, uint32_t order, uint32_t quantity, uint64_t price,
                            struct ll_oms_refusal *refusal);
/* A replace is done or not; `asked`: it is the one that was reserved for. */
void ll_oms_settle_replace(struct ll_oms *oms, uint32_t order, bool done, bool asked, uint32_t open,
                           uint64_t price);
/* False: it is booked in suspense, because its owner could not pay for it. */
bool ll_oms_book_fill(struct ll_oms *oms, uint32_t order, uint32_t lots, uint64_t price);
void ll_oms_book_bust(struct ll_oms *oms, uint32_t order, uint32_t lots, uint64_t price, bool is_suspended);
void ll_oms_book_suspense(struct ll_oms *oms, const struct ll_report *report, uint8_t session);
/* What a failed order will hold again when it is tried again can be locked. */
bool ll_oms_can_pay(const struct ll_oms *oms, uint32_t order);
/* Lots are gone from the order without a fill. */
void ll_oms_release(struct ll_oms *oms, uint32_t order, uint32_t lots);
/* The ledger holds exactly what the order can still cost. */
void ll_oms_align(struct ll_oms *oms, uint32_t order);
uint64_t ll_oms_wanted_lock(const struct ll_oms_order *order);

/* --- ll_oms_place.c, ll_oms_command.c --------------------------------------------------------------------- */

uint32_t ll_oms_place(struct ll_oms *oms, const struct ll_oms_new *new_order, struct ll_oms_refusal *refusal,
                      bool *existing);
void ll_oms_submit(struct ll_oms *oms, uint32_t order);
/* Seconds until an order that is good till a date ends; 0 = it is none. */
uint32_t ll_oms_seconds_left(const struct ll_oms *oms, const struct ll_oms_order *entry);
void ll_oms_cancel_order(struct ll_oms *oms, uint32_t order, uint32_t open_lots,
                         struct ll_oms_refusal *refusal);
uint32_t ll_oms_close_order(struct ll_oms *oms, uint32_t target, uint32_t id, uint64_t quantity,
                            struct ll_oms_new *exit_order, struct ll_oms_refusal *refusal, bool *existing);
/* An order that waits for a retry is at no venue: it ends here and now. */
void ll_oms_cancel_waiting(struct ll_oms *oms, uint32_t order);

/* --- ll_oms_command.c: what the parts of it share ---------------------------------------------------------- */

/* The number of an account or a strategy; the limits are told what it is called. */
uint32_t ll_oms_limited(struct ll_oms *oms, struct ll_names *names, enum ll_limit_scope scope,
                        struct ll_oms_text text);
uint32_t ll_oms_instrument(const struct ll_oms *oms, struct ll_oms_text text);
/* The order a command is about; LL_OMS_NONE and a refusal = there is none. */
uint32_t ll_oms_target(struct ll_oms *oms, const struct ll_command *command, struct ll_oms_refusal *refusal);
/* May this action have its name? `id` is the identifier if the same action was asked for before. */
bool ll_oms_check_name(struct ll_oms *oms, const struct ll_command *command, uint32_t order, uint8_t type,
                       uint32_t *id, struct ll_oms_refusal *refusal);
/* The name of an action that was done becomes an identifier of the order; one is made when it has none. */
uint32_t ll_oms_name_action(struct ll_oms *oms, const struct ll_command *command, uint32_t order,
                            uint8_t type);

/* --- ll_oms_command_stop.c --------------------------------------------------------------------------------- */

/* An active one is over; what it may have sent is taken back. */
void ll_oms_stop_clear(struct ll_oms *oms, struct ll_oms_stop *stop, uint8_t status);
/* A stop whose identifier is active no more is armed no more. */
void ll_oms_stop_follow(struct ll_oms *oms, uint32_t order, uint32_t id);
/* A new order may bring its stops along: they get identifiers of their own. */
void ll_oms_place_stops(struct ll_oms *oms, const struct ll_command *command, uint32_t order);
/* Both return the order it was about, or LL_OMS_NONE. */
uint32_t ll_oms_command_stop_add(struct ll_oms *oms, const struct ll_command *command, uint32_t *id,
                                 bool *existing, struct ll_oms_refusal *refusal);
uint32_t ll_oms_command_stop_cancel(struct ll_oms *oms, const struct ll_command *command, uint32_t *id,
                                    bool *existing, struct ll_oms_refusal *refusal);

/* --- ll_oms_command_money.c -------------------------------------------------------------------------------- */

/* Returns whether a booking of this key was made before. */
bool ll_oms_command_money(struct ll_oms *oms, const struct ll_command *command,
                          struct ll_oms_refusal *refusal);
void ll_oms_command_latch(struct ll_oms *oms, const struct ll_command *command,
                          struct ll_oms_refusal *refusal);

/* --- ll_oms_due.c: stops ----------------------------------------------------------------------------------- */

/* The order has a stop: it is looked at when the market moves, and now. */
void ll_oms_watch(struct ll_oms *oms, uint32_t order);
void ll_oms_watch_on(struct ll_oms *oms, uint32_t order);
void ll_oms_watch_off(struct ll_oms *oms, uint32_t order);
/* An order has ended: was it what a stop had sent, or is a stop free to leave now? */
void ll_oms_stop_ended(struct ll_oms *oms, uint32_t order);

/* --- ll_oms_link.c: sessions, requests in flight ---------------------------------------------------------- */

/* Writes the record of a message: when it is made, or when a journal was cut before it. */
void ll_oms_record_send(struct ll_oms *oms, const struct ll_oms_send *send);
void ll_oms_send_enter(struct ll_oms *oms, uint32_t order);
void ll_oms_send_cancel(struct ll_oms *oms, uint32_t order);
void ll_oms_send_replace(struct ll_oms *oms, uint32_t order);
/* The venue has answered: an enter or replace by its number, a cancel by its order. Number 0 = whichever. */
void ll_oms_answered(struct ll_oms *oms, uint32_t order, uint64_t number, uint8_t request);
/* The identifier of the action, if it has one, was carried out or came to nothing. */
void ll_oms_request_named(struct ll_oms *oms, uint32_t order, bool failed);
void ll_oms_request_over(struct ll_oms *oms, uint32_t order, bool failed);
void ll_oms_query_answered(struct ll_oms *oms, uint8_t session, uint64_t next_number);
/* The venue's next number for this side: odd for buys, even for sells. */
uint64_t ll_oms_next_number(struct ll_oms *oms, uint8_t session, uint8_t side);
/* Room for one more request: for a cancel, and for what needs a number of its own. */
bool ll_oms_flight_room(const struct ll_oms *oms, uint8_t session);
bool ll_oms_number_room(const struct ll_oms *oms, uint8_t session);
bool ll_oms_link_due(const struct ll_oms *oms, struct ll_record_action *action);
/* A latch is engaged that the order stands under. */
bool ll_oms_is_killed(const struct ll_oms *oms, const struct ll_oms_order *entry);
void ll_oms_unanswered(struct ll_oms *oms, uint32_t order);
void ll_oms_resend(struct ll_oms *oms, uint32_t order);
void ll_oms_timed_out(struct ll_oms *oms, uint32_t order);
void ll_oms_fail(struct ll_oms *oms, uint32_t order);
void ll_oms_try_again(struct ll_oms *oms, uint32_t order);

#endif
