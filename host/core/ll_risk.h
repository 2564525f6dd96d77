/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pre-trade risk: every order is checked against every limit and reserved in the same step, before it is sent.
 *
 * Shape    reserve -> (fill | release)... until nothing of the order is open. What is reserved for an order is its
 *          hold: the caller keeps it in the order's record and hands it in again. A replace reserves the larger of old
 *          and new until it is confirmed or abandoned. A cancel that was only asked for releases nothing.
 *          A check that refuses changes nothing. The first control that is broken, in this order, is the answer:
 *          NO_LIMITS, KILLED, STRATEGY_DISABLED, UNKNOWN_INSTRUMENT, HALTED, RESTRICTED, BAD_QUANTITY or OVERFLOW,
 *          LOT, BAD_PRICE or OVERFLOW, TICK, NO_REFERENCE, COLLAR, MAX_QUANTITY, MAX_NOTIONAL, EXPOSURE, POSITION,
 *          TABLE_FULL, REPEAT, THROTTLE. A replace that adds nothing to an exposure or a position passes these two, so
 *          that one can go down when a limit has been lowered below it.
 *          All state is in the caller's memory, without pointers: a copy of it attached elsewhere is the same state.
 * Units    quantities in lots, prices in ticks, money = ticks x lots x multiplier, *_ns of one clock. Where that
 *          clock steps back, windows take it to stand still, so a step never makes a throttle wider.
 * Errors   enum ll_refusal with limit and value. What the venue says is never refused: a sum of money that would
 *          overflow stays at its largest value, and everything new is refused from then on.
 * Threads  one owner.
 * Source   control numbers: docs/risk.md.
 */
#ifndef LL_HOST_CORE_RISK_H
#define LL_HOST_CORE_RISK_H

#include "host/core/ll_guard.h"
#include "host/core/ll_instruments.h"
#include "host/core/ll_limits.h"

struct ll_risk_config {
    uint32_t accounts_max;
    uint32_t strategies_max;
    uint32_t sessions_max;
    uint32_t instruments_max; /* of the instrument table */
    uint32_t positions_max;   /* pairs of account and instrument that were ever ordered in */
    uint32_t window_count;    /* most events a window can count: at least that of the limits */
    uint32_t hash_seed;
};

/* What the checks look at beside their own memory. They outlive the risk, and attach wants them too. */
struct ll_risk_parts {
    const struct ll_limits *limits;
    const struct ll_instruments *instruments;
    struct ll_guard *guard;
};

/* A new order, or the new values of one. Numbers are the caller's; account and strategy have been named. */
struct ll_risk_order {
    uint64_t quantity;   /* lots; of a replace: what is open then */
    uint64_t price;      /* ticks; 0 when the type has none */
    uint32_t instrument; /* LL_INSTRUMENT_NONE = unknown, refused before all else */
    uint16_t account;
    uint16_t strategy;
    uint16_t session;
    uint8_t side; /* enum ll_order_side */
    uint8_t type; /* enum ll_order_type; a stop is judged as the market order it becomes */
};

/* What is reserved for one order. All zero = nothing, of no order. */
struct ll_risk_hold {
    uint64_t lot_notional;     /* money per lot that is reserved */
    uint64_t new_lot_notional; /* of the replace that is not resolved */
    uint32_t open_lots;
    uint32_t new_open_lots;
    uint32_t instrument;
    uint32_t position; /* private: the pair of account and instrument */
    uint32_t multiplier;
    uint16_t account;
    uint16_t strategy;
    uint8_t side;
    uint8_t is_replacing; /* 1 = a replace is not resolved */
    uint8_t reserved[6];
};
static_assert(sizeof(struct ll_risk_hold) == 48, "kept in the order's record");

/* Why an order was refused, for the client and the journal. */
struct ll_refusal_detail {
    uint64_t limit;
    uint64_t value;
    uint8_t refusal; /* enum ll_refusal */
    uint8_t which;   /* enum ll_limit, LL_LIMIT_NONE = none of them */
    uint8_t scope;   /* enum ll_limit_scope: whose total, or whose latch */
    uint8_t reserved[5];
};

/* Sums of one owner. Money is gross: buys and sells add up. Lots mean something only where there is one instrument. */
struct ll_risk_tally {
    int64_t position_lots;
    uint64_t open_buy_lots;
    uint64_t open_sell_lots;
    uint64_t open_notional;
    uint64_t executed_notional;
};

struct ll_risk_control;
struct ll_risk_owner;
struct ll_risk_position;

struct ll_risk { /* private */
    struct ll_risk_parts parts;
    struct ll_risk_control *control;
    struct ll_risk_owner *owners; /* firm, accounts, strategies, instruments, sessions */
    struct ll_risk_position *positions;
    uint32_t *slots;  /* hash by account and instrument: position + 1 */
    uint64_t *stamps; /* rings of times: messages of every owner, then executions of every strategy */
};

size_t ll_risk_footprint_bytes(const struct ll_risk_config *config);
void ll_risk_init(struct ll_risk *risk, void *memory, const struct ll_risk_config *config,
                  const struct ll_risk_parts *parts);
LL_MUST_CHECK int ll_risk_attach(struct ll_risk *risk, void *memory, size_t memory_bytes,
                                 const struct ll_risk_parts *parts);

/* Says what the limits call an account or a strategy (zero padded; all zero is a name too). Once per number. */
void ll_risk_name(struct ll_risk *risk, enum ll_limit_scope scope, uint32_t number,
                  const char name[LL_NAME_BYTES_MAX]);

/* Checks and reserves. LL_REFUSAL_NONE: `hold` is the order's; else `detail` says why and nothing has changed. */
LL_MUST_CHECK enum ll_refusal ll_risk_reserve(struct ll_risk *risk, const struct ll_risk_order *order,
                                              uint64_t now_ns, struct ll_risk_hold *hold,
                                              struct ll_refusal_detail *detail);
/* The same for new values of a live order (account, instrument, side and strategy of `order` are those of the hold).
 * One replace at a time: LL_REFUSAL_REQUEST_OUTSTANDING. */
LL_MUST_CHECK enum ll_refusal ll_risk_reserve_replace(struct ll_risk *risk, struct ll_risk_hold *hold,
                                                      const struct ll_risk_order *order, uint64_t now_ns,
                                                      struct ll_refusal_detail *detail);
/* What an order without a price goes out at: the collar's edge on its side, as a multiple of the tick. 0 = there is no
 * reference that is young enough. Only orders without a price come here: it divides. */
uint64_t ll_risk_market_price(struct ll_risk *risk, const struct ll_risk_order *order, uint64_t now_ns);
/* The venue took the replace: the new values hold, and `open_lots` is what it says is open. */
void ll_risk_confirm_replace(struct ll_risk *risk, struct ll_risk_hold *hold, uint64_t open_lots);
/* The venue refused it, or it never left: the old values hold. */
void ll_risk_abandon_replace(struct ll_risk *risk, struct ll_risk_hold *hold);

/* `lots` are no longer open (cancelled, rejected, expired); of more than is open, all. With the last of them a replace
 * that is not resolved is gone too. */
void ll_risk_release(struct ll_risk *risk, struct ll_risk_hold *hold, uint64_t lots);
/* The venue says that `open_lots` are open: an acknowledgement of less, a restatement, a correction. */
void ll_risk_restate(struct ll_risk *risk, struct ll_risk_hold *hold, uint64_t open_lots);
/* `lots` filled at `price`: all of them are booked, also more than was open or of an order that has ended.
 * True when the strategy broke its execution limit with this one and is disabled now. */
bool ll_risk_fill(struct ll_risk *risk, struct ll_risk_hold *hold, uint64_t lots, uint64_t price,
                  uint64_t now_ns);
/* A bust: the fill never was. Nothing becomes open again. */
void ll_risk_unfill(struct ll_risk *risk, const struct ll_risk_hold *hold, uint64_t lots, uint64_t price);
/* A correction: `lots` at `price` take the place of the old fill. */
void ll_risk_correct(struct ll_risk *risk, const struct ll_risk_hold *hold, uint64_t old_lots,
                     uint64_t old_price, uint64_t lots, uint64_t price);
/* Takes an order over that lives at the venue without having been checked here. LL_ERR_FULL: no position is free. */
LL_MUST_CHECK int ll_risk_adopt(struct ll_risk *risk, const struct ll_risk_order *order,
                                struct ll_risk_hold *hold);

/* A cancel leaves: counted apart from the messages, never refused. */
void ll_risk_count_cancel(struct ll_risk *risk, const struct ll_risk_hold *hold, uint16_t session);

/* Latches. The number is ignored for the firm; setting one twice is setting it once. */
void ll_risk_kill(struct ll_risk *risk, enum ll_kill_scope scope, uint32_t number);
void ll_risk_unkill(struct ll_risk *risk, enum ll_kill_scope scope, uint32_t number);
bool ll_risk_is_killed(const struct ll_risk *risk, enum ll_kill_scope scope, uint32_t number);
/* A person lets a strategy go on; its executions count anew. */
void ll_risk_enable_strategy(struct ll_risk *risk, uint32_t strategy);
bool ll_risk_strategy_is_disabled(const struct ll_risk *risk, uint32_t strategy);

/* Sums for reading; `number` as with latches. */
const struct ll_risk_tally *ll_risk_tally(const struct ll_risk *risk, enum ll_limit_scope scope,
                                          uint32_t number);
/* NULL = that account never ordered in that instrument. */
const struct ll_risk_tally *ll_risk_position(const struct ll_risk *risk, uint32_t account,
                                             uint32_t instrument);
uint64_t ll_risk_cancel_count(const struct ll_risk *risk, enum ll_limit_scope scope, uint32_t number);
uint64_t ll_risk_message_count(const struct ll_risk *risk, enum ll_limit_scope scope, uint32_t number);

/* Control 14: would an order trade with a resting one of the same owner? `other_side` and `other_price` are the
 * resting order's, which has a price. */
static inline bool ll_risk_would_cross(uint8_t side, uint8_t type, uint64_t price, uint8_t other_side,
                                       uint64_t other_price)
{
    bool has_price = type == LL_TYPE_LIMIT || type == LL_TYPE_STOP_LIMIT;
    if ((side == LL_ORDER_BUY) == (other_side == LL_ORDER_BUY))
        return false;
    return !has_price || (side == LL_ORDER_BUY ? price >= other_price : price <= other_price);
}

/* Calls `visit` with the hold of every live order, in any order, the same ones each time. */
struct ll_risk_live {
    void (*each)(void *context, void (*visit)(void *visitor, const struct ll_risk_hold *hold), void *visitor);
    void *context;
};

/* Open lots and open money of every owner and every position are the sums over the live orders, and positions add up
 * over accounts. LL_ERR_CORRUPT names the first that is not. Everything is as it was afterwards. */
LL_MUST_CHECK int ll_risk_check(struct ll_risk *risk, const struct ll_risk_live *live, struct ll_why *why);
uint64_t ll_risk_hash(const struct ll_risk *risk);

#endif
