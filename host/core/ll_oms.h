/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order engine (order management system): what clients ask, what providers report and what the gateway
 * itself decides become records, states of orders, bookings, messages to send and news for clients.
 *
 * Shape    Every event goes through one of: command, report, link, action, limit. Each writes its record, and
 *          the records of the messages it makes leave, into the shared record batch. Reports may be collected
 *          (they are matched by the kernel together); all others work at once, after ll_oms_step.
 *          What waits for durability is read from two queues by the owner: sends (bytes for a provider session) and
 *          events (answers and news for clients), each with the event id that has to be durable first.
 *          ll_oms_due finds what the gateway has to decide by itself: time-outs, retries, resends, triggers. It
 *          changes nothing: the owner gives its findings back as actions, and they are recorded, so a replay
 *          needs no clock.
 *          The state lies in one memory without pointers (a snapshot is a copy of it); struct ll_oms is the
 *          handle.
 * Units    time_ns UTC nanoseconds; quantities lots, prices ticks of 1/10,000.
 * Errors   a refusal for each command (enum ll_refusal), a verdict for each report (enum ll_verdict); replay:
 *          LL_ERR_CORRUPT when a record comes out different from what the journal says.
 * Threads  one owner. No clock, no I/O, no allocator.
 * Source   docs/orders.md.
 */
#ifndef LL_HOST_CORE_OMS_H
#define LL_HOST_CORE_OMS_H

#include "hls/ll_life_records.h"
#include "host/base/ll_err.h"
#include "host/core/ll_instruments.h"
#include "host/core/ll_ledger.h"
#include "host/core/ll_limits.h"
#include "host/core/ll_names.h"
#include "host/core/ll_record_batch.h"
#include "host/wire/ll_command.h"
#include "host/wire/ll_order_records.h"
#include "host/wire/ll_ouch_report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_OMS_SESSIONS_MAX 8u
#define LL_OMS_SENDS        1024u /* messages that may wait for durability or for the socket */
#define LL_OMS_EVENTS       4096u /* answers and news that may wait */
#define LL_OMS_REPORTS_MAX  32u   /* reports that are matched together */
#define LL_OMS_FLIGHT       4096u /* requests of a session that may be unanswered at once */

#define LL_OMS_CLIENT_NONE 0xffffffffu

/* What a LIMIT record is. */
enum ll_limit_record {
    LL_LIMIT_RECORD_BEGIN = 0,
    LL_LIMIT_RECORD_VALUES = 1,
    LL_LIMIT_RECORD_INSTRUMENT = 2,
    LL_LIMIT_RECORD_COMMIT = 3
};

/* Payload of a LIMIT record. */
struct ll_record_limit {
    uint8_t what; /* enum ll_limit_record */
    uint8_t reserved[7];
    union {
        struct ll_limit_entry values;
        struct ll_instrument_entry instrument;
    };
};
_Static_assert(sizeof(struct ll_record_limit) == 128, "no padding");

struct ll_oms;

struct ll_oms_config {
    uint64_t orders;      /* that shall fit, ended ones included */
    uint64_t ids;         /* identifiers of all kinds */
    uint64_t names;       /* accounts, users and strategies, each */
    uint64_t instruments; /* and one more asset for what nobody knows */
    uint64_t accounts;    /* ledger accounts */
    uint32_t bookings;    /* deposits and withdrawals with a key; 0 = the default, as of the next three */
    uint32_t repeats;     /* the last orders, as the rule against repeats knows them */
    uint32_t limit_rows;  /* names with limits of their own */
    uint32_t window;      /* events that one limit can count: no fewer than the limits say */
    uint64_t answer_timeout_ns;
    uint64_t retry_ns; /* before the second try; doubles */
    uint32_t hash_seed;
    uint8_t instance; /* of this gateway, in the identifiers it makes */
    uint8_t reserved[3];
};

/* The way to the kernel's lifecycle half: answers come at once and in order. */
struct ll_oms_door {
    void *context;
    void (*ask)(void *context, const struct ll_life_ask *asks, struct ll_life_answer *answers,
                uint32_t count);
};

struct ll_oms_send {
    uint64_t event_id;   /* its SENT record: durable before the bytes leave */
    uint64_t time_ns;    /* of the event behind it */
    uint64_t connection; /* it is meant for; on a later one it must not leave any more */
    uint8_t session;
    uint8_t reserved[3];
    uint32_t bytes_count;
    uint8_t bytes[LL_OUCH_MESSAGE_BYTES_MAX];
};

struct ll_oms_event {
    uint64_t event_id;
    struct ll_client_event event;
};

#define LL_OMS_COUNTERS(C)                                               \
    C(commands, "commands")                                              \
    C(refused, "commands refused")                                       \
    C(existing, "commands that had been asked before")                   \
    C(orders, "orders")                                                  \
    C(sends, "messages sent")                                            \
    C(resends, "messages sent again")                                    \
    C(reports, "reports")                                                \
    C(fills, "fills")                                                    \
    C(suspended, "fills of unknown orders, in suspense")                 \
    C(late, "late confirmations")                                        \
    C(timeouts, "requests unanswered in time")                           \
    C(unanswered, "requests the venue passed over")                      \
    C(retries, "orders tried again")                                     \
    C(triggers, "stop-losses and take-profits triggered")                \
    C(unknown_codes, "codes of the venue nobody knows, taken as active") \
    C(bad_reports, "reports that cannot be read")                        \
    C(ids_on_host, "identifiers the device had no room for")             \
    C(digest_collisions, "texts with the digest of another")             \
    C(money_short, "bookings the owner could not pay, in suspense")      \
    C(money_lost, "bookings too large for the ledger")                   \
    C(public_first, "own executions the public feed told first")         \
    C(private_first, "own executions the session told first")

struct ll_oms_counters {
#define LL_OMS_COUNTER_FIELD(name, text) uint64_t name;
    LL_OMS_COUNTERS(LL_OMS_COUNTER_FIELD)
#undef LL_OMS_COUNTER_FIELD
    uint64_t refusals[LL_REFUSAL_COUNT];
    uint64_t verdicts[LL_VERDICT_COUNT]; /* of reports */
    uint64_t
        ended[LL_ORDER_STATE_COUNT]; /* orders by the state they ended in; a late fill does not move them */
};

/* An order as readers see it. */
struct ll_oms_view {
    uint32_t order;
    uint32_t account;
    uint32_t instrument;
    uint32_t parent; /* LL_LIFE_NONE = none */
    uint64_t quantity;
    uint64_t leaves;
    uint64_t cumulative;
    uint64_t price;
    uint64_t notional; /* of all fills: price times lots */
    uint64_t exchange_ref;
    uint64_t created_ns;
    uint64_t updated_ns;
    uint64_t next_retry_ns;
    uint8_t state;
    uint8_t side;
    uint8_t attempts;
    uint8_t session;
    uint16_t last_error;
    bool request_outstanding;
    bool exit;
    bool working;    /* it may trade, or waits for a retry */
    uint64_t number; /* of its link at the venue */
    char symbol[LL_SYMBOL_BYTES];
};

/* An identifier as readers see it. */
struct ll_oms_id_view {
    uint32_t id;
    uint32_t order;
    uint32_t replaced_by; /* LL_LIFE_NONE = none */
    uint8_t type;
    uint8_t status;
    uint64_t created_ns;
    uint64_t updated_ns;
    char text[LL_ID_BYTES_MAX + 1];
};

/* 0 = bad config. */
size_t ll_oms_footprint_bytes(const struct ll_oms_config *config);
/* The state, which snapshots keep. */
size_t ll_oms_state_bytes(const struct ll_oms_config *config);

/* `handle` of ll_oms_footprint_bytes, `state` of ll_oms_state_bytes, both 64-byte aligned. With `attach` the state is
 * taken as it is, otherwise formatted. */
LL_MUST_CHECK int ll_oms_init(struct ll_oms **oms, void *handle, void *state,
                              const struct ll_oms_config *config, const struct ll_oms_door *door,
                              struct ll_record_batch *batch, bool attach, struct ll_why *why);

/* --- Events --------------------------------------------------------------------------------------------- */

/* Room for one more event of any kind: in the batch, the sends and the events. */
bool ll_oms_room(const struct ll_oms *oms);
/* So much waits to leave that nothing new should be begun: what venues report still has its room. */
bool ll_oms_is_busy(const struct ll_oms *oms);

/* A command whose layout was checked (ll_command_check). */
void ll_oms_command(struct ll_oms *oms, const struct ll_command *command, uint64_t time_ns);
/* One sequenced message of a provider's session, in order. Worked by the next ll_oms_step, or when enough wait. */
void ll_oms_report(struct ll_oms *oms, uint8_t session, const uint8_t *bytes, uint32_t bytes_count,
                   uint64_t time_ns);
void ll_oms_link(struct ll_oms *oms, const struct ll_record_link *link, uint64_t time_ns);
void ll_oms_action(struct ll_oms *oms, const struct ll_record_action *action, uint64_t time_ns);
/* Settings from now on: those of the configuration hold until the first ones come. */
void ll_oms_settings(struct ll_oms *oms, const struct ll_record_settings *settings, uint64_t time_ns);
const struct ll_record_settings *ll_oms_settings_in_force(const struct ll_oms *oms);
/* One entry of a limit set, or its begin or end. A set that is refused leaves the one before it in force. */
LL_MUST_CHECK int ll_oms_limit(struct ll_oms *oms, const struct ll_record_limit *entry, uint64_t time_ns,
                               struct ll_why *why);
/* Works the reports that wait. */
void ll_oms_step(struct ll_oms *oms);

/* One record of a journal as an event. */
LL_MUST_CHECK int ll_oms_replay(struct ll_oms *oms, uint8_t kind, uint8_t verdict, uint64_t event_id,
                                uint64_t time_ns, const uint8_t *payload, uint32_t payload_bytes,
                                struct ll_why *why);
/* The journal is at its end: messages that it does not know to have left get their records now, in the batch. */
LL_MUST_CHECK int ll_oms_replay_end(struct ll_oms *oms, struct ll_why *why);

/* --- What the public feed says, and what the gateway has to decide ------------------------------------------ */

/* The public feed about a book: its best prices. */
void ll_oms_market(struct ll_oms *oms, uint32_t book, const struct ll_result *result, uint64_t time_ns);
/* The feed's directory and trading actions. */
void ll_oms_directory(struct ll_oms *oms, const char symbol[LL_SYMBOL_BYTES], uint16_t book,
                      uint32_t round_lot);
void ll_oms_trading_action(struct ll_oms *oms, const char symbol[LL_SYMBOL_BYTES], char trading_state);
/* The public feed about an exchange reference: lots executed with this message, and whether the order left the book.
 * True = it is an order of ours. */
bool ll_oms_public(struct ll_oms *oms, uint64_t exchange_ref, uint32_t executed, bool gone);

/* The next thing that is due, if any. Give it to ll_oms_action before asking again. */
bool ll_oms_due(struct ll_oms *oms, uint64_t now_ns, struct ll_record_action *action);

/* --- What waits ------------------------------------------------------------------------------------------ */

/* The oldest message to send; NULL = none. It stays until popped. */
const struct ll_oms_send *ll_oms_send_peek(const struct ll_oms *oms);
void ll_oms_send_pop(struct ll_oms *oms);
const struct ll_oms_event *ll_oms_event_peek(const struct ll_oms *oms);
void ll_oms_event_pop(struct ll_oms *oms);
/* Answers and news for which there was no room. */
uint64_t ll_oms_events_dropped(const struct ll_oms *oms);

/* --- Reading --------------------------------------------------------------------------------------------- */

const struct ll_oms_counters *ll_oms_counters(const struct ll_oms *oms);
uint32_t ll_oms_order_count(const struct ll_oms *oms);
uint32_t ll_oms_id_count(const struct ll_oms *oms);
uint32_t ll_oms_live_count(const struct ll_oms *oms);
void ll_oms_order(const struct ll_oms *oms, uint32_t order, struct ll_oms_view *view);
void ll_oms_id(const struct ll_oms *oms, uint32_t id, struct ll_oms_id_view *view);
/* The identifiers of an order, oldest first: the first, and the one after `id`; LL_LIFE_NONE = no more. */
uint32_t ll_oms_first_id(const struct ll_oms *oms, uint32_t order);
uint32_t ll_oms_next_id(const struct ll_oms *oms, uint32_t id);
/* Whose identifier a text is; LL_LIFE_NONE = nobody's. */
uint32_t ll_oms_resolve(struct ll_oms *oms, const char *text, uint32_t text_bytes);

/* Own orders that the public feed has shown, and those of which it tells other fills than the session: some only until
 * it has caught up. */
void ll_oms_feeds(const struct ll_oms *oms, uint32_t *seen, uint32_t *differ);

/* Where a session stands: what the next login asks for. Next sequence 1 and a blank name = the first of the day. A copy
 * keeps its place when it has ended. */
uint64_t ll_oms_next_sequence(const struct ll_oms *oms, uint8_t session, char name[10]);
/* Nothing more comes from the session of that name. */
bool ll_oms_is_ended(const struct ll_oms *oms, uint8_t session);
/* Counts the times the session was opened. */
uint64_t ll_oms_connection(const struct ll_oms *oms, uint8_t session);
/* Requests from the oldest that may be unanswered on: the ones that wait for the venue are among them. */
uint64_t ll_oms_in_flight(const struct ll_oms *oms, uint8_t session);
/* Orders may be sent: logged in, caught up, nothing unanswered from before. */
bool ll_oms_is_open(const struct ll_oms *oms, uint8_t session);

const struct ll_ledger *ll_oms_ledger(const struct ll_oms *oms);
const struct ll_names *ll_oms_accounts(const struct ll_oms *oms);
/* Owners in the ledger from here on are provider sessions. */
uint32_t ll_oms_first_session_owner(const struct ll_oms *oms);
const struct ll_instruments *ll_oms_instruments(const struct ll_oms *oms);

/* The health checks of identifiers, the states, the invariants of ledger and risk; names the first thing that is
 * wrong. `scratch` has one number for each account of the configuration. */
LL_MUST_CHECK int ll_oms_check(struct ll_oms *oms, int64_t *scratch, struct ll_why *why);
/* Of the logical state: orders, identifiers, ledger, limits, latches, timers, sessions. */
uint64_t ll_oms_hash(const struct ll_oms *oms);

#endif
