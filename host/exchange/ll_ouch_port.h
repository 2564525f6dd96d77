/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One order port of the simulated exchange: an OUCH 5.0 or 4.2 account, from message to message.
 *
 * Shape    footprint_bytes(config) -> init(memory, config, door) -> added to a struct ll_ouch_ports, whose handler
 *          goes to ll_matching_init -> attach(matching) -> start_of_day -> receive ... poll ... -> end_of_day. A
 *          message of the client becomes calls of the matching engine; what the engine tells about the port's
 *          orders leaves through the door as outbound messages, in the order in which it happened.
 *          Every number or token a client uses opens a link; an order is a chain of links, each replaced by the
 *          next. Links and executions are kept for the day: they are the exchange's own truth, to compare a client's
 *          with. The faults make the exchange misbehave in the ways that the protocol allows; each is drawn from a
 *          stream of its own made from the seed, so that the rate of one does not move the others.
 * Units    prices 1/10,000; quantities in shares; *_ns of the caller's clock; message times: ns since midnight_ns.
 * Errors   init: LL_ERR_USAGE for a config outside its limits, LL_ERR_NO_MEMORY. What a client sends is outside
 *          bytes: it is answered, or ignored and counted, never asserted. The door's refusals are counted (lost).
 * Threads  one owner, the engine's. The door is called inside every call, and must not call back.
 * Source   Nasdaq OUCH 5.0 (revision 1.05) and OUCH 4.2 (October 2025): "Replace Order", "Cancel Order", "Modify
 *          Order", "Mass Cancel", "UserRefNum"; choices where they are silent: docs/simulated-exchange.md.
 */
#ifndef LL_HOST_EXCHANGE_OUCH_PORT_H
#define LL_HOST_EXCHANGE_OUCH_PORT_H

#include "host/base/ll_err.h"
#include "host/exchange/ll_matching.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_OUCH_PORTS_MAX           16u
#define LL_OUCH_PORT_FIRMS_MAX      8u
#define LL_OUCH_PORT_LINKS_MAX      (UINT32_C(1) << 24)
#define LL_OUCH_PORT_EXECUTIONS_MAX (UINT32_C(1) << 24)
#define LL_OUCH_PORT_ANSWERS_MAX    (UINT32_C(1) << 20)
#define LL_OUCH_PORT_MESSAGE_BYTES  160u /* more than any message that is sent here */
#define LL_OUCH_PORT_NAME_BYTES     14u  /* a token or a ClOrdID */
#define LL_OUCH_PORT_NONE           UINT32_MAX

/* F(NAME, per mille of, "text"): what goes wrong on purpose. */
#define LL_OUCH_PORT_FAULTS(F)                                                                               \
    F(DELAY, answers, "delay")                   /* the answer leaves later; those behind it wait */         \
    F(SILENCE, messages, "silence")              /* input is worked, and nothing leaves for a while */       \
    F(DROP, messages, "drop")                    /* the connection is closed behind the message */           \
    F(DROP_LOST, messages, "drop-lost")          /* and here the message is lost with it */                  \
    F(REJECT_RETRY, orders, "reject-retry")      /* an enter or replace is rejected: too many messages */    \
    F(REJECT_FINAL, orders, "reject-final")      /* the same with a reason that will not change: exposure */ \
    F(FILL_ON_CANCEL, cancels, "fill-on-cancel") /* somebody trades the order just before its cancel */      \
    F(FILL_ON_REPLACE, replaces, "fill-on-replace") /* or just before its replace */                         \
    F(BUST, executions, "bust")                     /* the trade is broken later */                          \
    F(CANCEL, orders, "cancel")                     /* an order is cancelled later, and nobody asked for it */

enum ll_ouch_port_fault {
#define LL_OUCH_PORT_FAULT_ENUM(NAME, of, text) LL_OUCH_PORT_FAULT_##NAME,
    LL_OUCH_PORT_FAULTS(LL_OUCH_PORT_FAULT_ENUM)
#undef LL_OUCH_PORT_FAULT_ENUM
        LL_OUCH_PORT_FAULT_COUNT
};

/* All zero = behave. */
struct ll_ouch_port_faults {
    uint32_t per_mille[LL_OUCH_PORT_FAULT_COUNT];
    uint64_t delay_ns_max;   /* a delay is 1..delay_ns_max */
    uint64_t silence_ns_max; /* a silence is 1..silence_ns_max */
    uint64_t bust_ns_max;    /* a bust comes 1..bust_ns_max after the trade */
    uint64_t cancel_ns_max;  /* a cancel 1..cancel_ns_max after the order */
    uint64_t drop_every;     /* each so many messages the connection is closed; 0 = never */
};

struct ll_ouch_port_config {
    uint8_t protocol;        /* enum ll_protocol of host/wire/ll_ouch_report.h */
    uint32_t number;         /* of this port, 1..LL_OUCH_PORTS_MAX */
    uint32_t group;          /* beneficial owner, for self-trade prevention; 0 = none */
    uint32_t links_max;      /* numbers or tokens of a day */
    uint32_t executions_max; /* of a day, that are kept one by one */
    uint32_t answers_max;    /* that wait at once because of faults; more leave early */
    uint32_t firm_count;     /* 1..LL_OUCH_PORT_FIRMS_MAX */
    char firms[LL_OUCH_PORT_FIRMS_MAX][LL_MATCHING_FIRM_BYTES]; /* the first is the port's default */
    uint32_t number_last; /* 5.0: numbers up to this were used before; for a restart in the middle of a day */
    uint64_t midnight_ns;
    uint64_t seed; /* of the faults */
    struct ll_ouch_port_faults faults;
};

/* Where messages leave. Neither may be NULL. */
struct ll_ouch_port_door {
    void *context;
    /* LL_OK, or the message is lost. */
    int (*publish)(void *context, const uint8_t *message, uint32_t message_bytes);
    /* A fault: the client's connection shall be closed. */
    void (*drop)(void *context);
};

/* What became of a link. */
#define LL_OUCH_LINK_STATES(S) \
    S(LIVE, "live")            \
    S(FILLED, "filled")        \
    S(CANCELLED, "cancelled")  \
    S(REPLACED, "replaced")    \
    S(REJECTED, "rejected")    \
    S(USED, "used") /* a number of 5.0 that named no order: a mass cancel, a disable or an enable */

enum ll_ouch_link_state {
#define LL_OUCH_LINK_STATE_ENUM(NAME, text) LL_OUCH_LINK_##NAME,
    LL_OUCH_LINK_STATES(LL_OUCH_LINK_STATE_ENUM)
#undef LL_OUCH_LINK_STATE_ENUM
        LL_OUCH_LINK_STATE_COUNT
};

/* Always: quantity = open + executed + cancelled + passed_on. */
struct ll_ouch_link {
    uint64_t reference;  /* of the exchange; 0 = never accepted */
    uint64_t entered_ns; /* when the message was worked */
    uint64_t price;      /* as asked for */
    uint32_t number;     /* UserRefNum; 0 in 4.2 */
    uint32_t quantity;   /* open when accepted or replaced; as asked for when rejected */
    uint32_t open;
    uint32_t executed;    /* by this link; busts are not taken off */
    uint32_t cancelled;   /* from this link */
    uint32_t passed_on;   /* open when the next link took over */
    uint32_t chain_used;  /* executed or self-match-decremented by the chain so far, up to this link's end */
    uint32_t replaces;    /* the link before, LL_OUCH_PORT_NONE = it is the first of its chain */
    uint32_t replaced_by; /* the link behind, or LL_OUCH_PORT_NONE */
    uint32_t first_execution;
    uint32_t last_execution;
    uint32_t instrument; /* LL_MATCHING_ALL = none that is known */
    uint32_t minimum;
    uint32_t expire_s;      /* 0 = none */
    uint32_t time_in_force; /* the letter of 5.0, the number of 4.2 */
    uint16_t group_id;
    uint16_t reason; /* of the reject, or of the last cancel */
    uint8_t state;   /* enum ll_ouch_link_state */
    uint8_t channel; /* 5.0: UserRefIdx */
    bool has_channel;
    bool has_group_id;
    bool has_firm; /* the message named it */
    bool post_only;
    char side; /* as on the wire */
    char display;
    char capacity;
    char sweep;
    char cross;
    char customer_type; /* 0 = not said */
    char firm[LL_MATCHING_FIRM_BYTES];
    char symbol[LL_MATCHING_SYMBOL_BYTES];
    char name[LL_OUCH_PORT_NAME_BYTES]; /* 4.2: the token; 5.0: the ClOrdID */
    uint8_t reserved[2];
};

struct ll_ouch_execution {
    uint64_t match_number;
    uint64_t time_ns;
    uint32_t link;
    uint32_t price;
    uint32_t quantity;
    uint32_t next; /* of the same link, or LL_OUCH_PORT_NONE */
    char liquidity;
    bool broken;
    uint8_t broken_reason;
    uint8_t reserved[5];
};

struct ll_ouch_port_counters {
    uint64_t received;
    uint64_t malformed; /* no message of this protocol: ignored */
    uint64_t ignored;   /* silently, as the documents ask */
    uint64_t published;
    uint64_t lost; /* the door did not take them */
    uint64_t accepted;
    uint64_t replaced;
    uint64_t rejected;
    uint64_t executions;
    uint64_t executions_not_kept; /* beyond executions_max: only summed up in their link */
    uint64_t broken;
    uint64_t faults[LL_OUCH_PORT_FAULT_COUNT]; /* drawn */
};

struct ll_ouch_port; /* lives in the caller's memory */

/* 0 = config outside its limits. */
size_t ll_ouch_port_footprint_bytes(const struct ll_ouch_port_config *config);
/* `memory` is aligned to 64 bytes; config and door are copied. */
LL_MUST_CHECK int ll_ouch_port_init(struct ll_ouch_port **port, void *memory, size_t memory_bytes,
                                    const struct ll_ouch_port_config *config,
                                    const struct ll_ouch_port_door *door, struct ll_why *why);
/* The engine that knows this port's handler. Before everything that follows. */
void ll_ouch_port_attach(struct ll_ouch_port *port, struct ll_matching *matching);

/* All ports of an exchange, and the one handler that tells each of its orders. */
struct ll_ouch_ports {
    struct ll_ouch_port *port[LL_OUCH_PORTS_MAX + 1]; /* by number; NULL = none */
};
void ll_ouch_ports_add(struct ll_ouch_ports *ports, struct ll_ouch_port *port);
struct ll_matching_handler ll_ouch_ports_handler(struct ll_ouch_ports *ports);

void ll_ouch_port_start_of_day(struct ll_ouch_port *port, uint64_t now_ns);
/* Only says so, behind every answer that still waited; ll_matching_end_of_day cancels the orders, and comes before. */
void ll_ouch_port_end_of_day(struct ll_ouch_port *port, uint64_t now_ns);

/* One message of the client. */
void ll_ouch_port_receive(struct ll_ouch_port *port, const uint8_t *message, uint32_t message_bytes,
                          uint64_t now_ns);
/* Time passes: orders expire, faults fall due, answers that waited leave. */
void ll_ouch_port_poll(struct ll_ouch_port *port, uint64_t now_ns);

void ll_ouch_port_set_faults(struct ll_ouch_port *port, const struct ll_ouch_port_faults *faults);

const char *ll_ouch_port_fault_name(uint32_t fault); /* "fill-on-cancel" */
const char *ll_ouch_link_state_name(uint8_t state);  /* "live" */

uint8_t ll_ouch_port_protocol(const struct ll_ouch_port *port);
uint32_t ll_ouch_port_link_count(const struct ll_ouch_port *port);
const struct ll_ouch_link *ll_ouch_port_link(const struct ll_ouch_port *port, uint32_t link);
const struct ll_ouch_execution *ll_ouch_port_execution(const struct ll_ouch_port *port, uint32_t execution);
/* Answers that wait because of faults. */
uint32_t ll_ouch_port_waiting(const struct ll_ouch_port *port);
const struct ll_ouch_port_counters *ll_ouch_port_counters(const struct ll_ouch_port *port);

#endif
