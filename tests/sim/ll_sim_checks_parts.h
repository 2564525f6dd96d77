/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the checks of a simulated run. Only ll_sim_check*.c and their unit test include this.
 *
 * Shape    ll_sim_known     what numbers at the exchange and clients' keys are in the gateway; begins anew with each
 *                           start, and follows it
 *          ll_sim_wire      the order messages that reached the exchange, and the orders it opened for them
 *          ll_sim_life      the states of the gateway's orders, from look to look
 *          ll_sim_told      which of the clients' answers and identifiers have been looked at
 *          ll_sim_tail      hashes of the journal's records, taken while the gateway is down
 *          ll_sim_record_*  the exchange's record against the gateway's
 *          Each is zeroed at first.
 * Units    lots, ticks; event ids.
 * Errors   false = a promise is broken; the verdict says which and how.
 * Threads  one owner.
 */
#ifndef LL_TESTS_SIM_CHECKS_PARTS_H
#define LL_TESTS_SIM_CHECKS_PARTS_H

#include "host/core/ll_oms.h"
#include "host/journal/ll_journal_reader.h"
#include "tests/sim/ll_sim_checks.h"
#include "tests/sim/ll_sim_index.h"

/* Writes the verdict; always false. The first one stays. */
LL_MUST_CHECK bool ll_sim_break(struct ll_sim_verdict *verdict, enum ll_sim_check check, const char *format,
                                ...) __attribute__((format(printf, 3, 4)));

/* --- ll_sim_check_wire.c: what the exchange was sent --------------------------------------------------------- */

struct ll_sim_known {
    struct ll_sim_index numbers; /* of a session's link -> order */
    struct ll_sim_index keys;    /* client_order_id of an account -> order */
    uint32_t ids_seen;
};

/* Takes in the identifiers that are new. A client's key that is of two orders: ONCE. */
LL_MUST_CHECK bool ll_sim_known_follow(struct ll_sim_known *known, const struct ll_oms *oms,
                                       struct ll_sim_verdict *verdict);
void ll_sim_known_clear(struct ll_sim_known *known);
void ll_sim_known_free(struct ll_sim_known *known);
/* Both LL_LIFE_NONE = nobody's. */
uint32_t ll_sim_known_number(const struct ll_sim_known *known, uint32_t session, uint64_t number);
uint32_t ll_sim_known_key(const struct ll_sim_known *known, const struct ll_oms *oms, const char *account,
                          const char *key);

/* An enter or a replace that reached the exchange. */
struct ll_sim_arrived {
    uint64_t number;
    uint64_t old_number;  /* of a replace */
    uint64_t bytes_hash;  /* of the whole message ... */
    uint64_t asking_hash; /* ... and of it without its own number */
    uint32_t previous;    /* that arrived at the same port; LL_SIM_INDEX_NONE = none */
    uint32_t session;
    uint32_t quantity;
    char type; /* O or U, as on the wire */
    char side; /* of an enter */
    char symbol[LL_SYMBOL_BYTES];
};

struct ll_sim_wire {
    struct ll_sim_arrived *arrived;
    uint32_t arrived_count;
    uint32_t arrived_max;
    uint32_t looked;                      /* those before were found in the gateway since it started */
    uint32_t last[LL_SIM_SESSIONS];       /* arrived at each port, +1 */
    struct ll_sim_index numbers;          /* -> arrived */
    struct ll_sim_index entered;          /* order + 1 -> number of its first link at the exchange */
    uint32_t links_seen[LL_SIM_SESSIONS]; /* since the gateway started */
};

void ll_sim_wire_free(struct ll_sim_wire *wire);
/* A message arrives. A number that came before with other bytes: ONCE. */
LL_MUST_CHECK bool ll_sim_wire_take(struct ll_sim_wire *wire, uint32_t session, uint8_t protocol,
                                    const uint8_t *bytes, uint32_t bytes_count,
                                    struct ll_sim_verdict *verdict);
/* The gateway has started: everything is to be found in it again. */
void ll_sim_wire_restart(struct ll_sim_wire *wire);
/* What arrived is an order of the gateway, that very order: KNOWN; or ONCE when what arrived right before it said all
 * the same under another number, and was not rejected. Adds to *looked_count how many were looked at. */
LL_MUST_CHECK bool ll_sim_wire_known(struct ll_sim_wire *wire, const struct ll_sim_known *known,
                                     const struct ll_oms *oms,
                                     const struct ll_ouch_port *const ports[LL_SIM_SESSIONS],
                                     uint64_t *looked_count, struct ll_sim_verdict *verdict);
/* The orders that a port opened: none for nothing, and one for each of the gateway's at most: ONCE. */
LL_MUST_CHECK bool ll_sim_wire_links(struct ll_sim_wire *wire, const struct ll_sim_known *known,
                                     uint32_t session, const struct ll_ouch_port *port,
                                     uint64_t *looked_count, struct ll_sim_verdict *verdict);
/* The number of a port's link; 0 = none of ours. */
uint64_t ll_sim_link_number(const struct ll_ouch_port *port, const struct ll_ouch_link *link);

/* --- ll_sim_check_life.c: states ------------------------------------------------------------------------------ */

struct ll_sim_standing {
    uint64_t cumulative;
    uint32_t busts; /* executions of it that were taken back */
    uint8_t state;
};

struct ll_sim_life {
    struct ll_sim_standing *orders;
    uint32_t order_count;
    uint32_t order_max;
    uint64_t next_event_id; /* when they were looked at */
    uint8_t *id_statuses;
    uint32_t id_count;
    uint32_t id_max;
};

void ll_sim_life_free(struct ll_sim_life *life);
/* The gateway has started: what was not durable may be gone. */
void ll_sim_life_restart(struct ll_sim_life *life);
/* Some number of events, none included, leads from one state to the other. */
bool ll_sim_life_leads(uint8_t from, uint8_t to);
/* Every order has come from where it was by the table, and its lots fit its state: LEGAL. `next_event_id` of the
 * gateway: when it has not moved, nothing may have. */
LL_MUST_CHECK bool ll_sim_life_follow(struct ll_sim_life *life, const struct ll_oms *oms,
                                      uint64_t next_event_id, uint64_t *looked_count,
                                      struct ll_sim_verdict *verdict);

/* The same of the statuses of identifiers, by LL_ID_STATUS_CHANGES. */
LL_MUST_CHECK bool ll_sim_life_ids(struct ll_sim_life *life, const struct ll_oms *oms, uint64_t *looked_count,
                                   struct ll_sim_verdict *verdict);

/* --- ll_sim_check_told.c: what clients were told --------------------------------------------------------------- */

struct ll_sim_told {
    uint8_t *is_looked_at; /* of each that was asked: since the gateway started, when it was durable */
    uint32_t asked_max;
    uint32_t named_next;     /* the next to look at, round robin */
    uint32_t named_at_start; /* those told before the gateway started */
};

void ll_sim_told_free(struct ll_sim_told *told);
void ll_sim_told_restart(struct ll_sim_told *told, const struct ll_sim_clients *clients);
/* All of it is to be looked at again. */
void ll_sim_told_again(struct ll_sim_told *told);
/* Acceptances that were told as durable: the order is there, by its key and by its name: ACKNOWLEDGED. */
LL_MUST_CHECK bool ll_sim_told_asked(struct ll_sim_told *told, const struct ll_sim_clients *clients,
                                     const struct ll_sim_known *known, struct ll_oms *oms,
                                     uint64_t *looked_count, struct ll_sim_verdict *verdict);
/* The next `count` identifiers that clients were told: IDENTIFIERS. */
LL_MUST_CHECK bool ll_sim_told_named(struct ll_sim_told *told, const struct ll_sim_clients *clients,
                                     const struct ll_sim_known *known, struct ll_oms *oms, uint32_t count,
                                     uint64_t *looked_count, struct ll_sim_verdict *verdict);
/* What clients paid in under a key was booked once, as each of them pays in once for each asset: ONCE. */
LL_MUST_CHECK bool ll_sim_told_paid(const struct ll_oms *oms, uint64_t *looked_count,
                                    struct ll_sim_verdict *verdict);
/* Every identifier of the gateway's log is in the kernel's table, as the same order's, and the other way round:
 * IDENTIFIERS. */
LL_MUST_CHECK bool ll_sim_told_index(const struct ll_oms *oms, const struct ll_life_memory *life,
                                     uint64_t *looked_count, struct ll_sim_verdict *verdict);

/* --- ll_sim_check_journal.c: what is on the disk ----------------------------------------------------------------- */

struct ll_sim_tail {
    uint64_t *hashes; /* [event id - 1] */
    uint64_t count;
    uint64_t max;
};

void ll_sim_tail_free(struct ll_sim_tail *tail);
/* The gateway is down, and had said that all up to an event is durable. What cannot be read now is left to the start to
 * be judged by. */
void ll_sim_tail_look(struct ll_sim_tail *tail, const struct ll_gateway_config *config,
                      uint64_t durable_event_id);
/* The gateway has started and read `recovered` records: they are those that were there: ACKNOWLEDGED, or CORRUPTION
 * when they were damaged. A start from a snapshot reads nothing before it. */
LL_MUST_CHECK bool ll_sim_tail_compare(struct ll_sim_tail *tail, const struct ll_gateway_config *config,
                                       const struct ll_gateway_counters *counters, bool is_damaged,
                                       uint64_t *looked_count, struct ll_sim_verdict *verdict);
/* The journal replayed is the state that is: REPLAY. The gateway has been drained. */
LL_MUST_CHECK bool ll_sim_replay(struct ll_gateway *gateway, const struct ll_gateway_config *config,
                                 bool no_snapshot, struct ll_sim_verdict *verdict);

/* --- ll_sim_check_record.c: the exchange's record ---------------------------------------------------------------- */

/* What executions come to for the accounts that traded, by the ledger's numbers of owners and assets. */
struct ll_sim_moved {
    int64_t *amounts; /* [account * asset_count + asset] */
    uint32_t account_count;
    uint32_t asset_count; /* the currency, then the instruments */
};

void ll_sim_moved_make(struct ll_sim_moved *moved, const struct ll_oms *oms);
void ll_sim_moved_free(struct ll_sim_moved *moved);
void ll_sim_moved_add(struct ll_sim_moved *sum, const struct ll_sim_moved *moved);

/* All of these: RECORD. Every order that a port took: lots, money and state are as the gateway has them. What was
 * traded is added to `moved`; `is_taken`, by the gateway's orders, is set. */
LL_MUST_CHECK bool ll_sim_record_orders(const struct ll_ouch_port *port, uint32_t session,
                                        const struct ll_sim_known *known, const struct ll_oms *oms,
                                        struct ll_sim_moved *moved, uint8_t *is_taken, uint64_t *looked_count,
                                        struct ll_sim_verdict *verdict);
/* The gateway's orders that no port took have ended, with nothing filled. */
LL_MUST_CHECK bool ll_sim_record_others(const struct ll_oms *oms, const uint8_t *is_taken,
                                        uint64_t *looked_count, struct ll_sim_verdict *verdict);
/* What the provider's account holds is the other side of what was traded at its port. */
LL_MUST_CHECK bool ll_sim_record_provider(const struct ll_oms *oms, uint32_t session,
                                          const struct ll_sim_moved *moved, uint64_t *looked_count,
                                          struct ll_sim_verdict *verdict);
/* What the accounts hold is what was paid in and what was traded at all ports. */
LL_MUST_CHECK bool ll_sim_record_accounts(const struct ll_oms *oms, const struct ll_sim_moved *moved,
                                          uint64_t *looked_count, struct ll_sim_verdict *verdict);
/* The levels of every instrument: BOOK. */
LL_MUST_CHECK bool ll_sim_record_books(const struct ll_matching *matching, const struct ll_book_memory *book,
                                       uint64_t *looked_count, struct ll_sim_verdict *verdict);

#endif
