/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heart of the simulated exchange: one deterministic matching engine for all instruments.
 *
 * Shape    footprint_bytes(config) -> init(memory, config, handlers) -> enter, replace, reduce, cancel, ... until
 *          end_of_day. Price, then displayed before hidden, then time; a trade has the resting order's price.
 *          Everything that happens is told to the handlers, in the order in which it happens, inside the call that
 *          caused it. The same calls give the same events.
 *          An order that is accepted has a reference of its own for the day, larger than all before; a replace
 *          gives it the next one. Events of one enter: accepted; then for each trade the maker's executed and the
 *          taker's executed; then booked (what is left rests) or cancelled (it does not), or neither (nothing is
 *          left). A replace tells replaced in place of accepted. A refused request tells rejected and changes
 *          nothing: an order whose replace was refused is still there.
 * Units    prices raw, 1/10,000; quantities in shares; *_ns nanoseconds of the caller's clock.
 * Errors   init: LL_ERR_USAGE for a config outside its limits, LL_ERR_NO_MEMORY for too little memory. Requests
 *          answer with a verdict; what a client can send never reaches an assertion.
 * Threads  one owner. Handlers run inside the call, must not call back, and may read events during the call only.
 * Source   Nasdaq OUCH 5.0 (revision 1.05), "Replace Order Request", "Cancel Order Request", "AIQ Canceled",
 *          appendix of cancel reasons; the rules that are the simulation's own: docs/simulated-exchange.md.
 */
#ifndef LL_HOST_EXCHANGE_MATCHING_H
#define LL_HOST_EXCHANGE_MATCHING_H

#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_MATCHING_SYMBOL_BYTES    8u
#define LL_MATCHING_FIRM_BYTES      4u
#define LL_MATCHING_INSTRUMENTS_MAX 65535u
#define LL_MATCHING_ORDERS_MAX      (UINT32_C(1) << 26)
#define LL_MATCHING_TRADES_MAX      (UINT32_C(1) << 26)
#define LL_MATCHING_HANDLERS_MAX    4u
#define LL_MATCHING_QUANTITY_MAX    999999u
#define LL_MATCHING_PRICE_MAX       1999999900u /* 199,999.99 dollars, the highest limit price of OUCH 5.0 */
#define LL_MATCHING_ALL             UINT32_MAX  /* in place of an instrument */

/* Everything that is not a buy stands on the sell side; the kinds of short sale are only passed on. */
enum ll_matching_side { LL_MATCHING_BUY, LL_MATCHING_SELL, LL_MATCHING_SHORT, LL_MATCHING_SHORT_EXEMPT };

enum ll_matching_time_in_force {
    LL_MATCHING_DAY,
    LL_MATCHING_IOC, /* what does not trade at once is cancelled */
    LL_MATCHING_FOK  /* all at once, or nothing */
};

enum ll_matching_flag {
    LL_MATCHING_POST_ONLY = 1, /* cancelled whole if it would trade on entry */
    LL_MATCHING_MARKET = 2,    /* any price; `price` must be 0; never rests, as if IOC */
    LL_MATCHING_HIDDEN = 4,    /* behind all displayed orders of its price, and not in the feed */
    LL_MATCHING_ATTRIBUTED = 8 /* displayed under the firm's name */
};

/* What a request came to. */
#define LL_MATCHING_VERDICTS(V)                                                             \
    V(OK, "ok")                                                                             \
    V(BAD_INSTRUMENT, "bad_instrument")                                                     \
    V(BAD_SIDE, "bad_side")                                                                 \
    V(BAD_QUANTITY, "bad_quantity") /* 0, above the most, or no multiple of the lot */      \
    V(BAD_PRICE, "bad_price")       /* 0, above the highest, or no multiple of the tick */  \
    V(PRICE_BAND, "price_band")     /* further from the prior close than the band allows */ \
    V(BAD_MINIMUM, "bad_minimum")   /* above the quantity, or of an order that may rest */  \
    V(BAD_TIME_IN_FORCE, "bad_time_in_force")                                               \
    V(BAD_FLAGS, "bad_flags") /* unknown, or no sense together: post only and IOC */        \
    V(HALTED, "halted")                                                                     \
    V(CLOSED, "closed")               /* after the end of the day */                        \
    V(FULL, "full")                   /* as many live orders as the exchange can hold */    \
    V(UNKNOWN_ORDER, "unknown_order") /* never was, or has ended, or was replaced */        \
    V(NO_CHANGE, "no_change")         /* a reduce to no less than is open; a halt twice */  \
    V(UNKNOWN_TRADE, "unknown_trade") /* never was, or too many trades ago */               \
    V(BROKEN_BEFORE, "broken_before")

enum ll_matching_verdict {
#define LL_MATCHING_VERDICT_ENUM(name, text) LL_MATCHING_##name,
    LL_MATCHING_VERDICTS(LL_MATCHING_VERDICT_ENUM)
#undef LL_MATCHING_VERDICT_ENUM
        LL_MATCHING_VERDICT_COUNT
};

/* Why quantity left an order without a trade; the letters of OUCH 5.0, so that a port passes them on. */
enum ll_matching_reason {
    LL_MATCHING_REASON_REGULATORY = 'D',
    LL_MATCHING_REASON_CLOSED = 'E',
    LL_MATCHING_REASON_POST_ONLY = 'F',
    LL_MATCHING_REASON_HALTED = 'H',
    LL_MATCHING_REASON_IOC = 'I', /* IOC, FOK, market: nothing more to be had */
    LL_MATCHING_REASON_SELF_MATCH = 'Q',
    LL_MATCHING_REASON_SUPERVISORY = 'S',
    LL_MATCHING_REASON_TIMEOUT = 'T',
    LL_MATCHING_REASON_USER = 'U',
    LL_MATCHING_REASON_SYSTEM = 'Z'
};

/* When an order meets one of its own group (a group of 0 never does). */
enum ll_matching_self_trade {
    LL_MATCHING_SELF_CANCEL_NEWEST, /* what is left of the incoming order goes */
    LL_MATCHING_SELF_CANCEL_OLDEST, /* the resting order goes, the incoming one goes on */
    LL_MATCHING_SELF_DECREMENT      /* both lose the smaller of the two quantities */
};

struct ll_matching_instrument {
    char symbol[LL_MATCHING_SYMBOL_BYTES]; /* padded with spaces */
    uint16_t locate;                       /* 1.., its number in the feed; no two alike */
    uint32_t tick;                         /* every price is a multiple of it */
    uint32_t lot;                          /* the round lot */
    bool lots_only;                        /* every quantity is a multiple of the lot */
    uint32_t prior_close;                  /* middle of the price band */
};

struct ll_matching_config {
    const struct ll_matching_instrument *instruments; /* copied */
    uint32_t instrument_count;                        /* 1..LL_MATCHING_INSTRUMENTS_MAX */
    uint32_t orders_max;                              /* live orders at once, 1..LL_MATCHING_ORDERS_MAX */
    uint32_t trades_max; /* trades that can still be broken, the latest so many; 1..LL_MATCHING_TRADES_MAX */
    uint64_t reference_first; /* of the day's first order, at least 1 */
    uint64_t match_first;     /* of the day's first trade, at least 1 */
    uint32_t band_per_mille;  /* of the prior close, to either side; 0 = no band */
    enum ll_matching_self_trade self_trade;
    /* A replace at the same price, to no more than was open, keeps its place in the queue. False: as OUCH has it,
     * every replace goes to the end. */
    bool replace_keeps_priority;
};

/* --- Requests ------------------------------------------------------------------------------------------- */

struct ll_matching_enter {
    uint64_t owner;      /* opaque: whom events about this order are for */
    uint32_t group;      /* beneficial owner, for self-trade prevention; 0 = none */
    uint32_t instrument; /* index in the config's table */
    uint32_t quantity;
    uint32_t
        minimum; /* trade at least this much on entry or nothing; 0 = any; only of orders that never rest */
    uint32_t price;
    uint8_t side;          /* enum ll_matching_side */
    uint8_t time_in_force; /* enum ll_matching_time_in_force */
    uint8_t flags;         /* enum ll_matching_flag */
    char firm[LL_MATCHING_FIRM_BYTES];
};

/* Side, group, firm and instrument stay. */
struct ll_matching_replace {
    uint64_t reference; /* the order as it is now */
    uint64_t owner;     /* from now on */
    uint32_t quantity;  /* OPEN after the replace: what the chain is liable for, less what it has executed */
    uint32_t minimum;
    uint32_t price;
    uint8_t time_in_force;
    uint8_t flags;
};

/* --- Events --------------------------------------------------------------------------------------------- */

/* An order as an event finds it: the values after the event. */
struct ll_matching_order {
    uint64_t reference;
    uint64_t owner;
    uint32_t group;
    uint32_t instrument;
    uint32_t quantity; /* open */
    uint32_t price;    /* 0 for market */
    uint8_t side;
    uint8_t time_in_force;
    uint8_t flags;
    char firm[LL_MATCHING_FIRM_BYTES];
    bool booked; /* rests in the book; of one that ended, did until now */
};

struct ll_matching_accepted {
    struct ll_matching_order order;
    uint64_t now_ns;
};

struct ll_matching_rejected {
    uint64_t owner;     /* of the request */
    uint64_t reference; /* of the order that was not replaced; 0 for an enter */
    enum ll_matching_verdict verdict;
    uint64_t now_ns;
};

struct ll_matching_booked {
    struct ll_matching_order order;
    uint64_t
        replaces; /* the reference it rested under until now (replaced.rests); 0 = it is new to the book */
    uint64_t now_ns;
};

/* One side of a trade; both sides share match_number. */
struct ll_matching_executed {
    struct ll_matching_order order; /* order.quantity: the leaves */
    uint64_t match_number;
    uint32_t price;
    uint32_t quantity;
    bool taker; /* came to the resting order; the other side is the maker */
    uint64_t now_ns;
};

struct ll_matching_cancelled {
    struct ll_matching_order order; /* order.quantity: the leaves; 0 = the order has ended */
    uint32_t quantity;              /* that left */
    enum ll_matching_reason reason;
    /* Of a self match: the trade that did not happen; else 0. */
    uint32_t prevented_quantity;
    uint32_t prevented_price;
    bool taker; /* of a self match: this is the incoming order */
    uint64_t now_ns;
};

struct ll_matching_replaced {
    struct ll_matching_order order;  /* the new one */
    struct ll_matching_order before; /* as it was; its reference is gone */
    bool rests;                      /* all of it rests at once: nothing but booked follows */
    bool keeps_priority;
    uint64_t now_ns;
};

/* One side of a trade that is no more. The order does not come back to life. */
struct ll_matching_broken {
    uint64_t reference; /* of the order at the time of the trade */
    uint64_t owner;     /* of the order at the time of the trade */
    uint64_t match_number;
    uint32_t instrument;
    uint32_t price;
    uint32_t quantity;
    uint8_t side;
    bool taker;
    uint8_t reason; /* as the caller gave it; OUCH: E erroneous, C consent, S supervisory, X external */
    uint64_t now_ns;
};

struct ll_matching_trading {
    uint32_t instrument;
    bool halted;
    char reason[4]; /* as the caller gave it; ITCH: "T1  " */
    uint64_t now_ns;
};

/* Who is told. Any function may be NULL. Several handlers are told one after another. */
struct ll_matching_handler {
    void *context;
    void (*accepted)(void *context, const struct ll_matching_accepted *event);
    void (*rejected)(void *context, const struct ll_matching_rejected *event);
    void (*booked)(void *context, const struct ll_matching_booked *event);
    void (*executed)(void *context, const struct ll_matching_executed *event);
    void (*cancelled)(void *context, const struct ll_matching_cancelled *event);
    void (*replaced)(void *context, const struct ll_matching_replaced *event);
    void (*broken)(void *context, const struct ll_matching_broken *event);
    void (*trading)(void *context, const struct ll_matching_trading *event);
};

/* --- Life cycle ----------------------------------------------------------------------------------------- */

struct ll_matching; /* lives in the caller's memory */

/* 0 = config outside its limits. */
size_t ll_matching_footprint_bytes(const struct ll_matching_config *config);

/* `memory` is aligned to 64 bytes. Config and handlers are copied. */
LL_MUST_CHECK int ll_matching_init(struct ll_matching **matching, void *memory, size_t memory_bytes,
                                   const struct ll_matching_config *config,
                                   const struct ll_matching_handler *handlers, uint32_t handler_count,
                                   struct ll_why *why);

/* --- Requests to the engine ----------------------------------------------------------------------------- */

/* A refused enter or replace is also told to the handlers; the others' refusals only come back. */
enum ll_matching_verdict ll_matching_enter(struct ll_matching *matching,
                                           const struct ll_matching_enter *request, uint64_t now_ns);
enum ll_matching_verdict ll_matching_replace(struct ll_matching *matching,
                                             const struct ll_matching_replace *request, uint64_t now_ns);

/* Down to `quantity` open, 0 = all of it goes. Keeps its place in the queue, also while halted. */
enum ll_matching_verdict ll_matching_reduce(struct ll_matching *matching, uint64_t reference,
                                            uint32_t quantity, enum ll_matching_reason reason,
                                            uint64_t now_ns);
enum ll_matching_verdict ll_matching_cancel(struct ll_matching *matching, uint64_t reference,
                                            enum ll_matching_reason reason, uint64_t now_ns);

/* Cancels the orders of an instrument (or LL_MATCHING_ALL) that `wanted` names, by instrument, buys first, best
 * price first, then by priority. Returns how many. */
uint32_t ll_matching_mass_cancel(struct ll_matching *matching, uint32_t instrument,
                                 bool (*wanted)(void *context, const struct ll_matching_order *order),
                                 void *context, enum ll_matching_reason reason, uint64_t now_ns);

enum ll_matching_verdict ll_matching_break_trade(struct ll_matching *matching, uint64_t match_number,
                                                 uint8_t reason, uint64_t now_ns);

/* Halted: nothing is entered, replaced or traded; orders stay, and can be reduced and cancelled. */
enum ll_matching_verdict ll_matching_halt(struct ll_matching *matching, uint32_t instrument,
                                          const char reason[4], uint64_t now_ns);
enum ll_matching_verdict ll_matching_resume(struct ll_matching *matching, uint32_t instrument,
                                            const char reason[4], uint64_t now_ns);

/* Cancels every order (reason closed); from now on nothing is entered or replaced. Trades can still be broken. */
void ll_matching_end_of_day(struct ll_matching *matching, uint64_t now_ns);

/* --- Questions ------------------------------------------------------------------------------------------ */

/* "ok", "bad_price", ... */
const char *ll_matching_verdict_name(enum ll_matching_verdict verdict);

uint32_t ll_matching_instrument_count(const struct ll_matching *matching);
const struct ll_matching_instrument *ll_matching_instrument(const struct ll_matching *matching,
                                                            uint32_t instrument);
/* LL_MATCHING_ALL = no such symbol. */
uint32_t ll_matching_find_symbol(const struct ll_matching *matching,
                                 const char symbol[LL_MATCHING_SYMBOL_BYTES]);
bool ll_matching_is_halted(const struct ll_matching *matching, uint32_t instrument);

/* The live order under a reference; false when there is none. */
bool ll_matching_find(const struct ll_matching *matching, uint64_t reference,
                      struct ll_matching_order *order);

struct ll_matching_level {
    uint32_t price;
    uint32_t orders_displayed;
    uint64_t quantity_displayed;
    uint32_t orders_hidden;
    uint64_t quantity_hidden;
};

/* The levels of one side, best first; returns how many were written, at most `count_max`. */
uint32_t ll_matching_levels(const struct ll_matching *matching, uint32_t instrument,
                            enum ll_matching_side side, struct ll_matching_level *levels, uint32_t count_max);

struct ll_matching_counters {
    uint64_t entered; /* accepted */
    uint64_t rejected;
    uint64_t replaced;
    uint64_t cancelled; /* events */
    uint64_t trades;
    uint64_t broken;
    uint64_t quantity_traded; /* one side; broken trades are not taken off */
    uint32_t orders_live;
    uint32_t orders_live_max;
};

const struct ll_matching_counters *ll_matching_counters(const struct ll_matching *matching);

/* Walks everything and asserts that it fits together: queues, totals, order of prices, no crossed book. */
void ll_matching_check(const struct ll_matching *matching);

#endif
