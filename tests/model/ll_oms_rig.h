/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An order engine with all it needs around it: memories, limits, a journal in memory, and hands that place orders and
 * speak as the venue.
 *
 * Shape    make -> ready -> do (a client's command), say (a venue's message), quote, due -> look at sends, events,
 *          journal -> free. Every call pumps: reports are worked, records go into the journal, sends and events
 *          into the arrays here, and ll_oms_check runs unless `is_unchecked`.
 *          A second rig replays the first one's journal, or takes a copy of its memories.
 *          Symbols are SYM0.., accounts and strategies whatever a command says; tick 100, lot 1.
 * Units    as in host/core/ll_oms.h.
 * Errors   what the rig itself cannot do, and every check of the engine that fails, aborts with its reason.
 * Threads  one owner.
 */
#ifndef LL_TESTS_MODEL_OMS_RIG_H
#define LL_TESTS_MODEL_OMS_RIG_H

#include "host/core/ll_life_memory.h"
#include "host/core/ll_oms.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_RIG_S          UINT64_C(1000000000)
#define LL_RIG_START_NS   (UINT64_C(1000000) * LL_RIG_S)
#define LL_RIG_TIMEOUT_NS (2 * LL_RIG_S)
#define LL_RIG_RETRY_NS   LL_RIG_S
#define LL_RIG_SYMBOLS    4u
#define LL_RIG_LIMITS_MAX 64u
#define LL_RIG_MID        1000000u /* 100.0000: the quotes that ready gives lie around it */
#define LL_RIG_CASH       INT64_C(1000000000000000)
#define LL_RIG_LOTS       INT64_C(1000000)

struct ll_rig_record {
    uint64_t event_id;
    uint64_t time_ns;
    uint32_t payload_bytes;
    uint8_t kind;
    uint8_t verdict;
    uint8_t reserved[2];
    uint8_t payload[440];
};

/* One value of the limits. */
struct ll_rig_limit {
    uint8_t scope;
    uint8_t limit;
    const char *name;
    uint64_t value;
};

struct ll_oms_rig {
    struct ll_oms_config config;
    struct ll_oms *oms;
    void *handle;
    void *state;
    void *life_bytes;
    struct ll_life_memory life;
    struct ll_record_batch batch;
    int64_t *scratch;
    uint64_t now_ns;
    uint64_t request; /* of the last command */
    bool is_unchecked;
    bool finds_nothing; /* the kernel lies: no key resolves */
    struct ll_rig_limit limits[LL_RIG_LIMITS_MAX];
    uint32_t limit_count;
    struct ll_rig_record *journal;
    uint32_t record_count;
    uint32_t record_max;
    struct ll_oms_send *sends; /* all since make, oldest first */
    uint32_t send_count;
    uint32_t send_max;
    struct ll_client_event *events;
    uint32_t event_count;
    uint32_t event_max;
    struct ll_client_event answer; /* to the last command */
};

/* A command; texts that are NULL are empty. */
struct ll_rig_command {
    uint8_t kind; /* enum ll_command_kind */
    uint8_t side;
    uint8_t type;
    uint8_t time_in_force;
    uint8_t flags;
    uint8_t id_type;
    uint8_t id_status;
    uint8_t scope;
    uint8_t max_attempts;
    uint8_t session;
    uint32_t client;
    uint64_t quantity;
    uint64_t price;
    uint64_t stop_price;
    uint64_t take_price;
    uint64_t expire_ns;
    int64_t amount;
    const char *account; /* NULL = "ACC" */
    const char *strategy;
    const char *symbol;
    const char *key; /* client_order_id */
    const char *id;  /* lifecycle_id */
    const char *target;
};

/* What a venue says: the same for 5.0 and 4.2. */
struct ll_rig_message {
    char type; /* as in OUCH: A C E U J B P I T Q S */
    char side; /* '\0' = by the number: odd buys */
    bool dead;
    uint64_t number;
    uint64_t old_number; /* U */
    uint64_t quantity;
    uint64_t price;
    uint64_t match;
    uint64_t exchange_ref;
    uint16_t code;
};

/* What a message that was sent says. */
struct ll_rig_sent {
    char type; /* O U X Q */
    char side;
    char time_in_force; /* 5.0 */
    uint64_t number;
    uint64_t old_number;
    uint64_t quantity;
    uint64_t price;
};

void ll_oms_rig_config(struct ll_oms_config *config);
/* `config` NULL = the one above. */
void ll_oms_rig_make(struct ll_oms_rig *rig, const struct ll_oms_config *config);
void ll_oms_rig_free(struct ll_oms_rig *rig);
/* As after make with the same configuration, in the same memories, whatever they hold: the millions of bytes of an
 * engine are taken once only. */
void ll_oms_rig_again(struct ll_oms_rig *rig);

/* Limits as wide as they go, unless added before; loads them, opens session 0 (5.0), quotes every symbol, and gives
 * "ACC" cash and lots. */
void ll_oms_rig_ready(struct ll_oms_rig *rig);
/* Adds or changes a value; ll_oms_rig_load puts all of them in force. */
void ll_oms_rig_limit(struct ll_oms_rig *rig, uint8_t scope, const char *name, uint8_t limit, uint64_t value);
void ll_oms_rig_load(struct ll_oms_rig *rig);

/* Best prices of SYM<symbol>, also as the reference. */
void ll_oms_rig_quote(struct ll_oms_rig *rig, uint32_t symbol, uint64_t bid, uint64_t ask);
/* The public feed halts a symbol or lets it trade. */
void ll_oms_rig_trading(struct ll_oms_rig *rig, uint32_t symbol, char trading_state);

/* A command as it would come from a client; the answer also stays in rig->answer. */
const struct ll_client_event *ll_oms_rig_do(struct ll_oms_rig *rig, const struct ll_rig_command *command);
/* The same for one made by hand. */
const struct ll_client_event *ll_oms_rig_command(struct ll_oms_rig *rig, const struct ll_command *command);
/* The usual ones, all of account ACC and SYM0. */
const struct ll_client_event *ll_oms_rig_place(struct ll_oms_rig *rig, const char *id, uint8_t side,
                                               uint64_t quantity, uint64_t price);
const struct ll_client_event *ll_oms_rig_cancel(struct ll_oms_rig *rig, const char *target);
const struct ll_client_event *ll_oms_rig_replace(struct ll_oms_rig *rig, const char *target,
                                                 uint64_t quantity, uint64_t price);

/* The venue says something; `hold` does not pump, so that reports are matched together. */
void ll_oms_rig_say(struct ll_oms_rig *rig, uint8_t session, const struct ll_rig_message *message);
void ll_oms_rig_hold(struct ll_oms_rig *rig, uint8_t session, const struct ll_rig_message *message);
/* Writes a message of the venue; returns its bytes. */
uint32_t ll_rig_write(uint8_t protocol, const struct ll_rig_message *message, uint8_t *bytes);
/* Bytes as they come. */
void ll_oms_rig_bytes(struct ll_oms_rig *rig, uint8_t session, const uint8_t *bytes, uint32_t bytes_count);

void ll_oms_rig_configure(struct ll_oms_rig *rig, uint8_t session, uint8_t protocol);
/* `event` of enum ll_link_event; `name` may be NULL. */
void ll_oms_rig_link(struct ll_oms_rig *rig, uint8_t session, uint8_t event, const char *name,
                     uint64_t next_sequence);
/* Logs in and, with 5.0, answers the query with the next number; with 4.2 says that all was caught up. */
void ll_oms_rig_open(struct ll_oms_rig *rig, uint8_t session, const char *name, uint64_t next_number);

/* Does all that is due; returns how much there was. */
uint32_t ll_oms_rig_due(struct ll_oms_rig *rig);
/* Time passes, in steps of a quarter of a second, and what falls due is done. */
void ll_oms_rig_pass(struct ll_oms_rig *rig, uint64_t time_ns);
void ll_oms_rig_pump(struct ll_oms_rig *rig);
void ll_oms_rig_check(struct ll_oms_rig *rig);

/* Reads a message that was sent. */
struct ll_rig_sent ll_rig_read(uint8_t protocol, const struct ll_oms_send *send);
/* The last message sent. */
struct ll_rig_sent ll_oms_rig_last(const struct ll_oms_rig *rig, uint8_t protocol);

/* Order by any of its identifiers; aborts when there is none. */
struct ll_oms_view ll_oms_rig_order(struct ll_oms_rig *rig, const char *id);
struct ll_oms_id_view ll_oms_rig_id(struct ll_oms_rig *rig, const char *id);
/* Balance of an account: symbol -1 = the currency. */
int64_t ll_oms_rig_balance(const struct ll_oms_rig *rig, const char *account, int symbol, uint32_t kind);

/* Hash of all there is: engine and lifecycle tables. */
uint64_t ll_oms_rig_hash(const struct ll_oms_rig *rig);
/* Replays the first `count` records of another rig's journal into this fresh one; LL_OK or the engine's error. */
LL_MUST_CHECK int ll_oms_rig_replay(struct ll_oms_rig *rig, const struct ll_oms_rig *from, uint32_t count,
                                    struct ll_why *why);
/* Ends the replay; the records it writes are added to the journal, which then holds `count` and these. */
void ll_oms_rig_replay_end(struct ll_oms_rig *rig);
/* Takes copies of another rig's memories. The rig has been made with the same configuration. */
void ll_oms_rig_copy(struct ll_oms_rig *rig, const struct ll_oms_rig *from);

#endif
