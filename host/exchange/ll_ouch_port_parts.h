/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of an order port: its state, a request that both editions share, and what its parts call of each other.
 *
 * Shape    ll_ouch_port_in.c makes requests of bytes, ll_ouch_port.c keeps the rules, ll_ouch_port_events.c
 *          takes what the engine tells, ll_ouch_port_out.c makes bytes of what happened and holds them back when
 *          a fault says so. For these four files only.
 * Units    as in ll_ouch_port.h.
 * Errors   as in ll_ouch_port.h.
 * Threads  one owner.
 */
#ifndef LL_HOST_EXCHANGE_OUCH_PORT_PARTS_H
#define LL_HOST_EXCHANGE_OUCH_PORT_PARTS_H

#include "host/base/ll_prng.h"
#include "host/core/ll_timers.h"
#include "host/exchange/ll_ouch_port.h"

/* R(NAME, code of 5.0, letter of 4.2): why a port says no. The ids are those of host/wire/ll_ouch.h. */
#define LL_OUCH_REFUSALS(R)                                       \
    R(SYMBOL, INVALID_SYMBOL, INVALID_STOCK)                      \
    R(SIDE, INVALID_SIDE, OTHER)                                  \
    R(QUANTITY, INVALID_QUANTITY, SHARES_EXCEED_THRESHOLD)        \
    R(PRICE, INVALID_PRICE, INVALID_PRICE)                        \
    R(BAND, FAT_FINGER, RISK_FAT_FINGER)                          \
    R(MINIMUM, INVALID_MIN_QUANTITY, INVALID_MIN_QUANTITY)        \
    R(DISPLAY, INVALID_DISPLAY, INVALID_DISPLAY)                  \
    R(HALTED, HALTED, HALTED)                                     \
    R(CLOSED, DESTINATION_CLOSED, CLOSED)                         \
    R(FULL, PROCESSING_ERROR, OTHER)                              \
    R(FIRM, FIRM_NOT_AUTHORISED, FIRM_NOT_AUTHORISED)             \
    R(CROSS, INVALID_CROSS_ORDER, NOT_ALLOWED_IN_CROSS)           \
    R(PEG, PEGGING_NOT_ALLOWED, INVALID_DISPLAY)                  \
    R(FLOOR, INVALID_MAX_FLOOR, OTHER)                            \
    R(RATE, RISK_PORT_MESSAGE_RATE, RISK_PORT_MESSAGE_RATE)       \
    R(EXPOSURE, RISK_AGGREGATE_EXPOSURE, RISK_AGGREGATE_EXPOSURE) \
    R(OTHER, OTHER, OTHER)

enum ll_ouch_refusal {
    LL_OUCH_REFUSAL_NONE,
#define LL_OUCH_REFUSAL_ENUM(NAME, id50, id42) LL_OUCH_REFUSAL_##NAME,
    LL_OUCH_REFUSALS(LL_OUCH_REFUSAL_ENUM)
#undef LL_OUCH_REFUSAL_ENUM
};

enum ll_ouch_request_kind {
    LL_OUCH_REQUEST_ENTER,
    LL_OUCH_REQUEST_REPLACE,
    LL_OUCH_REQUEST_CANCEL,
    LL_OUCH_REQUEST_MODIFY,
    LL_OUCH_REQUEST_MASS_CANCEL,
    LL_OUCH_REQUEST_DISABLE,
    LL_OUCH_REQUEST_ENABLE,
    LL_OUCH_REQUEST_QUERY
};

/* How a client names a link: by number and channel, or by token. */
struct ll_ouch_key {
    uint32_t number;
    uint8_t channel;
    char token[LL_OUCH_PORT_NAME_BYTES];
};

struct ll_ouch_request {
    struct ll_ouch_key key;    /* the new link; of cancel and modify the order's */
    struct ll_ouch_key target; /* replace: the order's */
    struct ll_ouch_link terms; /* what is asked for, in the members it is kept in */
    uint8_t kind;              /* enum ll_ouch_request_kind */
    uint8_t refusal;           /* enum ll_ouch_refusal: asks for what is not simulated, or not defined */
    /* Replace: what the message names; all else stays as it was. */
    bool has_minimum;
    bool has_post_only;
    bool has_expire;
    bool has_side; /* also of a mass cancel */
};

struct ll_ouch_answer {
    uint64_t due_ns;
    uint32_t bytes_count;
    uint8_t bytes[LL_OUCH_PORT_MESSAGE_BYTES];
};

struct ll_ouch_port {
    struct ll_ouch_port_config config;
    struct ll_ouch_port_door door;
    struct ll_matching *matching;
    struct ll_ouch_link *links;
    struct ll_ouch_execution *executions;
    struct ll_ouch_answer *answers; /* a ring, oldest first */
    uint32_t *buckets;              /* link + 1 by key; 0 = free */
    struct ll_timers timers;        /* items: ll_ouch_timer_expire, _cancel, _bust */
    struct ll_prng prng[LL_OUCH_PORT_FAULT_COUNT];
    struct ll_ouch_port_counters counters;
    uint64_t silent_until_ns;
    uint32_t bucket_mask;
    uint32_t link_count;
    uint32_t execution_count;
    uint32_t answer_first;
    uint32_t answer_count;
    uint32_t number_last[256]; /* by channel */
    uint32_t
        held; /* this link's accepted or replaced has not left yet: it may be dead; or LL_OUCH_PORT_NONE */
    uint32_t modifying; /* what the engine says about this link belongs to a modify; or LL_OUCH_PORT_NONE */
    bool firm_disabled[LL_OUCH_PORT_FIRMS_MAX];
};

/* The engine's name of a link: whose port, which link. Port 0 is nobody's: the house trades under it. */
#define LL_OUCH_OWNER_PORT_SHIFT 32u

/* A link has two timers, an execution one behind them all. */
static inline uint32_t ll_ouch_timer_expire(uint32_t link)
{
    return 2 * link;
}

static inline uint32_t ll_ouch_timer_cancel(uint32_t link)
{
    return 2 * link + 1;
}

static inline uint32_t ll_ouch_timer_bust(const struct ll_ouch_port *port, uint32_t execution)
{
    return 2 * port->config.links_max + execution;
}

/* Bytes of the client to a request. LL_OK, or what the codec says. */
LL_MUST_CHECK int ll_ouch_port_decode(const struct ll_ouch_port *port, const uint8_t *message,
                                      uint32_t message_bytes, struct ll_ouch_request *request);

/* The fault is drawn; true = it happens, and is counted. */
bool ll_ouch_port_draw(struct ll_ouch_port *port, enum ll_ouch_port_fault fault);
/* 1..max from the fault's stream; 1 when max is 0. */
uint64_t ll_ouch_port_draw_ns(struct ll_ouch_port *port, enum ll_ouch_port_fault fault, uint64_t max_ns);

/* The held message leaves, and the order is alive in it. */
void ll_ouch_port_flush_held(struct ll_ouch_port *port, uint64_t now_ns);

/* What happened, to bytes, to the door. */
void ll_ouch_put_system(struct ll_ouch_port *port, char event_code, uint64_t now_ns);
/* Accepted, or replaced when the link has one before it. */
void ll_ouch_put_opened(struct ll_ouch_port *port, const struct ll_ouch_link *link, bool is_dead,
                        uint64_t now_ns);
void ll_ouch_put_cancelled(struct ll_ouch_port *port, const struct ll_ouch_link *link, uint32_t quantity,
                           char reason, uint64_t now_ns);
void ll_ouch_put_prevented(struct ll_ouch_port *port, const struct ll_ouch_link *link,
                           const struct ll_matching_cancelled *event, char strategy);
void ll_ouch_put_executed(struct ll_ouch_port *port, const struct ll_ouch_link *link,
                          const struct ll_ouch_execution *execution);
void ll_ouch_put_broken(struct ll_ouch_port *port, const struct ll_ouch_link *link, uint64_t match_number,
                        char reason, uint64_t now_ns);
void ll_ouch_put_rejected(struct ll_ouch_port *port, const struct ll_ouch_link *link, uint64_t now_ns);
void ll_ouch_put_modified(struct ll_ouch_port *port, const struct ll_ouch_link *link, uint64_t now_ns);
void ll_ouch_put_priority(struct ll_ouch_port *port, const struct ll_ouch_link *link, uint64_t now_ns);
/* 5.0 only: the answers to what names no order. */
void ll_ouch_put_administrative(struct ll_ouch_port *port, const struct ll_ouch_request *request,
                                uint64_t now_ns);
/* Lets go what has waited long enough. */
void ll_ouch_port_release(struct ll_ouch_port *port, uint64_t now_ns);

/* The code of a refusal in the port's edition. */
uint16_t ll_ouch_refusal_code(const struct ll_ouch_port *port, uint8_t refusal);

#endif
