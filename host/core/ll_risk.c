/* SPDX-License-Identifier: Apache-2.0 */
#include "host/core/ll_risk_memory.h"

#include "hls/ll_hash.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"

#include <string.h>

#define LL_RISK_MAGIC     UINT64_C(0x4c4c5249534b5301) /* "LLRISKS", version 1 */
#define LL_RISK_COUNT_MAX (1u << 20)
#define LL_LINE_BYTES     ((size_t)64)
#define LL_POSITION_NONE  0xffffffffu

/* --- Memory --------------------------------------------------------------------------------------------- */

static uint32_t ll_risk_round_up(uint32_t value)
{
    uint32_t power = 4;
    while (power < value)
        power <<= 1;
    return power;
}

static size_t ll_risk_control_bytes(void)
{
    return ll_align_up(sizeof(struct ll_risk_control), LL_LINE_BYTES);
}

static size_t ll_risk_ring_count(const struct ll_risk_config *config)
{
    return (size_t)ll_risk_owner_count(config) + config->strategies_max;
}

size_t ll_risk_footprint_bytes(const struct ll_risk_config *config)
{
    const uint32_t counts[] = {config->accounts_max,    config->strategies_max, config->sessions_max,
                               config->instruments_max, config->positions_max,  config->window_count};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (counts[i] == 0 || counts[i] > LL_RISK_COUNT_MAX)
            return 0;
    if (config->accounts_max > 65536u || config->strategies_max > 65536u || config->sessions_max > 65536u)
        return 0;
    return ll_risk_control_bytes() + ll_risk_owner_count(config) * sizeof(struct ll_risk_owner) +
           config->positions_max * sizeof(struct ll_risk_position) +
           ll_risk_round_up(config->positions_max * 2) * sizeof(uint32_t) +
           ll_risk_ring_count(config) * ll_risk_round_up(config->window_count) * sizeof(uint64_t);
}

static void ll_risk_point(struct ll_risk *risk, void *memory, const struct ll_risk_config *config,
                          const struct ll_risk_parts *parts)
{
    unsigned char *at = memory;
    risk->parts = *parts;
    risk->control = memory;
    risk->owners = (void *)(at + ll_risk_control_bytes());
    risk->positions = (void *)(risk->owners + ll_risk_owner_count(config));
    risk->slots = (void *)(risk->positions + config->positions_max);
    risk->stamps = (void *)(risk->slots + ll_risk_round_up(config->positions_max * 2));
}

void ll_risk_init(struct ll_risk *risk, void *memory, const struct ll_risk_config *config,
                  const struct ll_risk_parts *parts)
{
    size_t bytes = ll_risk_footprint_bytes(config);
    LL_ASSERT(bytes != 0);
    LL_ASSERT((uintptr_t)memory % LL_LINE_BYTES == 0);
    LL_ASSERT(config->window_count >= ll_limits_window_count(parts->limits));
    memset(memory, 0, bytes);
    ll_risk_point(risk, memory, config, parts);
    risk->control->magic = LL_RISK_MAGIC;
    risk->control->config = *config;
    risk->control->slot_mask = ll_risk_round_up(config->positions_max * 2) - 1;
    risk->control->ring_mask = ll_risk_round_up(config->window_count) - 1;
}

int ll_risk_attach(struct ll_risk *risk, void *memory, size_t memory_bytes, const struct ll_risk_parts *parts)
{
    const struct ll_risk_control *control = memory;
    if (memory_bytes < sizeof *control || control->magic != LL_RISK_MAGIC)
        return LL_ERR_CORRUPT;
    size_t bytes = ll_risk_footprint_bytes(&control->config);
    if (bytes == 0 || bytes > memory_bytes || control->position_count > control->config.positions_max ||
        control->slot_mask != ll_risk_round_up(control->config.positions_max * 2) - 1 ||
        control->ring_mask != ll_risk_round_up(control->config.window_count) - 1 ||
        control->config.window_count < ll_limits_window_count(parts->limits))
        return LL_ERR_CORRUPT;
    ll_risk_point(risk, memory, &control->config, parts);
    return LL_OK;
}

/* --- Owners --------------------------------------------------------------------------------------------- */

static struct ll_risk_owner *ll_risk_owner_at(const struct ll_risk *risk, uint32_t kind, uint32_t number)
{
    const struct ll_risk_config *config = &risk->control->config;
    const uint32_t most[LL_RISK_OWNER_KINDS] = {UINT32_MAX, config->accounts_max, config->strategies_max,
                                                config->instruments_max, config->sessions_max};
    LL_ASSERT(kind < LL_RISK_OWNER_KINDS);
    LL_ASSERT(number < most[kind] || kind == LL_SCOPE_FIRM);
    return &risk->owners[ll_risk_owner_index(config, kind, number)];
}

void ll_risk_name(struct ll_risk *risk, enum ll_limit_scope scope, uint32_t number,
                  const char name[LL_NAME_BYTES_MAX])
{
    LL_ASSERT(scope == LL_SCOPE_ACCOUNT || scope == LL_SCOPE_STRATEGY);
    struct ll_risk_owner *owner = ll_risk_owner_at(risk, scope, number);
    LL_ASSERT(!owner->is_named || memcmp(owner->name, name, LL_NAME_BYTES_MAX) == 0);
    memcpy(owner->name, name, LL_NAME_BYTES_MAX);
    owner->is_named = 1;
}

/* An instrument's limits go by its symbol, whose padding is zero there. */
static void ll_risk_name_instrument(const struct ll_risk *risk, struct ll_risk_owner *owner, uint32_t number)
{
    const char *symbol = ll_instruments_at(risk->parts.instruments, number)->symbol;
    for (uint32_t i = 0; i < LL_SYMBOL_BYTES && symbol[i] != ' '; i++)
        owner->name[i] = symbol[i];
    owner->is_named = 1;
}

/* The values in force for an owner. Where they stand is looked up once for each version of the limits. */
static const uint64_t *ll_risk_values(struct ll_risk *risk, enum ll_limit_scope scope, uint32_t number)
{
    struct ll_risk_owner *owner = ll_risk_owner_at(risk, scope, number);
    uint32_t version = ll_limits_version(risk->parts.limits);
    if (LL_UNLIKELY(owner->row_version != version)) {
        if (scope == LL_SCOPE_SYMBOL)
            ll_risk_name_instrument(risk, owner, number);
        LL_ASSERT(owner->is_named || scope == LL_SCOPE_FIRM);
        owner->row = ll_limits_find(risk->parts.limits, scope, owner->name);
        owner->row_version = version;
    }
    return ll_limits_row(risk->parts.limits, owner->row)->value;
}

void ll_risk_kill(struct ll_risk *risk, enum ll_kill_scope scope, uint32_t number)
{
    ll_risk_owner_at(risk, scope, number)->is_killed = 1;
}

void ll_risk_unkill(struct ll_risk *risk, enum ll_kill_scope scope, uint32_t number)
{
    ll_risk_owner_at(risk, scope, number)->is_killed = 0;
}

bool ll_risk_is_killed(const struct ll_risk *risk, enum ll_kill_scope scope, uint32_t number)
{
    return ll_risk_owner_at(risk, scope, number)->is_killed != 0;
}

void ll_risk_enable_strategy(struct ll_risk *risk, uint32_t strategy)
{
    struct ll_risk_owner *owner = ll_risk_owner_at(risk, LL_SCOPE_STRATEGY, strategy);
    owner->is_disabled = 0;
    owner->execution_count = 0;
}

bool ll_risk_strategy_is_disabled(const struct ll_risk *risk, uint32_t strategy)
{
    return ll_risk_owner_at(risk, LL_SCOPE_STRATEGY, strategy)->is_disabled != 0;
}

const struct ll_risk_tally *ll_risk_tally(const struct ll_risk *risk, enum ll_limit_scope scope,
                                          uint32_t number)
{
    return &ll_risk_owner_at(risk, scope, number)->tally;
}

uint64_t ll_risk_cancel_count(const struct ll_risk *risk, enum ll_limit_scope scope, uint32_t number)
{
    return ll_risk_owner_at(risk, scope, number)->cancel_count;
}

uint64_t ll_risk_message_count(const struct ll_risk *risk, enum ll_limit_scope scope, uint32_t number)
{
    return ll_risk_owner_at(risk, scope, number)->message_count;
}

/* --- Positions ------------------------------------------------------------------------------------------ */

/* The slot that a pair has, or would get. Slots are at least twice the positions. */
static uint32_t *ll_risk_position_slot(const struct ll_risk *risk, uint32_t account, uint32_t instrument)
{
    uint32_t mask = risk->control->slot_mask;
    uint32_t slot = ll_hash_ref((uint64_t)account << 32 | instrument, risk->control->config.hash_seed) & mask;
    for (;; slot = (slot + 1) & mask) {
        uint32_t position = risk->slots[slot];
        if (position == 0 || (risk->positions[position - 1].account == account &&
                              risk->positions[position - 1].instrument == instrument))
            return &risk->slots[slot];
    }
}

const struct ll_risk_tally *ll_risk_position(const struct ll_risk *risk, uint32_t account,
                                             uint32_t instrument)
{
    uint32_t slot = *ll_risk_position_slot(risk, account, instrument);
    return slot == 0 ? NULL : &risk->positions[slot - 1].tally;
}

/* The number of a pair's position, a new one when it has none; LL_POSITION_NONE = full. */
static uint32_t ll_risk_position_for(struct ll_risk *risk, uint32_t account, uint32_t instrument)
{
    uint32_t *slot = ll_risk_position_slot(risk, account, instrument);
    if (*slot == 0 && risk->control->position_count < risk->control->config.positions_max) {
        struct ll_risk_position *position = &risk->positions[risk->control->position_count++];
        position->account = (uint16_t)account;
        position->instrument = instrument;
        *slot = risk->control->position_count;
    }
    return *slot - 1; /* an empty slot, 0, is LL_POSITION_NONE */
}

/* --- Windows -------------------------------------------------------------------------------------------- */

/* Fewer than `limit` events in the window: the one `limit` events ago has left it. No counting is needed. */
static bool ll_window_has_room(const uint64_t *stamps, uint32_t mask, uint64_t count, uint64_t limit,
                               uint64_t window_ns, uint64_t now_ns)
{
    LL_ASSERT(limit <= (uint64_t)mask + 1);
    if (limit == 0)
        return false;
    if (count < limit)
        return true;
    uint64_t newest_ns = stamps[(count - 1) & mask];
    uint64_t now = now_ns > newest_ns ? now_ns : newest_ns;
    return now - stamps[(count - limit) & mask] >= window_ns;
}

/* Stamps never go down, whatever the clock does. */
static void ll_window_push(uint64_t *stamps, uint32_t mask, uint64_t *count, uint64_t now_ns)
{
    uint64_t newest_ns = *count == 0 ? 0 : stamps[(*count - 1) & mask];
    stamps[*count & mask] = now_ns > newest_ns ? now_ns : newest_ns;
    ++*count;
}

/* --- Checks --------------------------------------------------------------------------------------------- */

/* All that the checks of one order look at. */
struct ll_risk_case {
    const struct ll_risk_order *order;
    const struct ll_instrument *instrument;
    const struct ll_risk_hold *hold;        /* of a replace: the order as it is; NULL = a new order */
    const uint64_t *values[LL_SCOPE_COUNT]; /* limits by scope */
    uint32_t number[LL_RISK_OWNER_KINDS];   /* owners by scope, and the session */
    struct ll_refusal_detail *detail;
    uint64_t now_ns;
    uint64_t lot_notional;       /* money per lot at the price that counts */
    struct ll_risk_amount extra; /* what the sums would grow by */
};

static enum ll_refusal ll_risk_refuse(const struct ll_risk_case *one, enum ll_refusal refusal, uint32_t which,
                                      uint32_t scope, uint64_t limit, uint64_t value)
{
    *one->detail = (struct ll_refusal_detail){.limit = limit,
                                              .value = value,
                                              .refusal = (uint8_t)refusal,
                                              .which = (uint8_t)which,
                                              .scope = (uint8_t)scope,
                                              .reserved = {0}};
    return refusal;
}

/* The value of an ORDER limit: the tightest of account, strategy and symbol, else the firm's. */
static uint64_t ll_risk_limit(const struct ll_risk_case *one, enum ll_limit limit, uint32_t *scope)
{
    uint64_t tightest = LL_LIMIT_NOT_SET;
    *scope = LL_SCOPE_FIRM;
    for (uint32_t i = LL_SCOPE_ACCOUNT; i < LL_SCOPE_COUNT; i++) {
        if (one->values[i][limit] < tightest) {
            tightest = one->values[i][limit];
            *scope = i;
        }
    }
    return tightest != LL_LIMIT_NOT_SET ? tightest : one->values[LL_SCOPE_FIRM][limit];
}

/* Refuses a value beyond an ORDER limit that is set: one that is not is beyond every value. */
static enum ll_refusal ll_risk_check_most(const struct ll_risk_case *one, enum ll_limit limit, uint64_t value,
                                          enum ll_refusal refusal)
{
    uint32_t scope;
    uint64_t most = ll_risk_limit(one, limit, &scope);
    if (value > most)
        return ll_risk_refuse(one, refusal, limit, scope, most, value);
    return LL_REFUSAL_NONE;
}

/* Controls 15, 8, 11 and 9: may anybody trade this at all? */
static enum ll_refusal ll_risk_check_open(const struct ll_risk *risk, const struct ll_risk_case *one)
{
    for (uint32_t scope = 0; scope < LL_SCOPE_COUNT; scope++)
        if (ll_risk_owner_at(risk, scope, one->number[scope])->is_killed)
            return ll_risk_refuse(one, LL_REFUSAL_KILLED, LL_LIMIT_NONE, scope, 0, 0);
    if (ll_risk_strategy_is_disabled(risk, one->order->strategy))
        return ll_risk_refuse(one, LL_REFUSAL_STRATEGY_DISABLED, LL_LIMIT_EXECUTIONS, LL_SCOPE_STRATEGY, 0,
                              0);
    if (!ll_instruments_is_listed(risk->parts.instruments, one->order->instrument) ||
        one->instrument->state == LL_INSTRUMENT_UNKNOWN)
        return ll_risk_refuse(one, LL_REFUSAL_UNKNOWN_INSTRUMENT, LL_LIMIT_NONE, LL_SCOPE_SYMBOL, 0, 0);
    if (one->instrument->state != LL_INSTRUMENT_TRADING)
        return ll_risk_refuse(one, LL_REFUSAL_HALTED, LL_LIMIT_NONE, LL_SCOPE_SYMBOL, 0, 0);
    if ((one->instrument->restricted_sides >> one->order->side & 1u) != 0)
        return ll_risk_refuse(one, LL_REFUSAL_RESTRICTED, LL_LIMIT_NONE, LL_SCOPE_SYMBOL, 0,
                              one->order->side);
    return LL_REFUSAL_NONE;
}

static bool ll_risk_has_price(const struct ll_risk_order *order)
{
    return order->type == LL_TYPE_LIMIT || order->type == LL_TYPE_STOP_LIMIT;
}

/* Control 13, and numbers that cannot be. */
static enum ll_refusal ll_risk_check_numbers(const struct ll_risk_case *one)
{
    const struct ll_risk_order *order = one->order;
    const struct ll_instrument *instrument = one->instrument;
    uint32_t symbol = LL_SCOPE_SYMBOL;
    if (order->quantity == 0)
        return ll_risk_refuse(one, LL_REFUSAL_BAD_QUANTITY, LL_LIMIT_NONE, symbol, 1, 0);
    if (order->quantity > LL_QUANTITY_LOTS_MAX)
        return ll_risk_refuse(one, LL_REFUSAL_OVERFLOW, LL_LIMIT_NONE, symbol, LL_QUANTITY_LOTS_MAX,
                              order->quantity);
    if (!ll_step_divides(&instrument->lot_step, order->quantity))
        return ll_risk_refuse(one, LL_REFUSAL_LOT, LL_LIMIT_NONE, symbol, instrument->lot_step_lots,
                              order->quantity);
    if (!ll_risk_has_price(order))
        return LL_REFUSAL_NONE;
    if (order->price == 0)
        return ll_risk_refuse(one, LL_REFUSAL_BAD_PRICE, LL_LIMIT_NONE, symbol, 1, 0);
    if (order->price > LL_PRICE_TICKS_MAX)
        return ll_risk_refuse(one, LL_REFUSAL_OVERFLOW, LL_LIMIT_NONE, symbol, LL_PRICE_TICKS_MAX,
                              order->price);
    if (!ll_step_divides(&instrument->price_step, order->price))
        return ll_risk_refuse(one, LL_REFUSAL_TICK, LL_LIMIT_NONE, symbol, instrument->price_step_ticks,
                              order->price);
    return LL_REFUSAL_NONE;
}

/* The first of book mid, last trade and prior close that is young enough. A price from the future is as far away as
 * one from the past: a clock that was set back does not make it fresh. */
static enum ll_refusal ll_risk_reference(const struct ll_risk_case *one, uint64_t *price)
{
    uint64_t limit = 0;
    uint64_t youngest_ns = 0;
    uint32_t scope = LL_SCOPE_FIRM;
    for (uint32_t i = LL_REFERENCE_COUNT; i-- > 0;) {
        const struct ll_reference *reference = &one->instrument->reference[i];
        uint64_t age_ns = one->now_ns > reference->time_ns ? one->now_ns - reference->time_ns
                                                           : reference->time_ns - one->now_ns;
        limit = ll_risk_limit(
            one, i == LL_REFERENCE_CLOSE ? LL_LIMIT_PRIOR_CLOSE_AGE : LL_LIMIT_REFERENCE_AGE, &scope);
        if (reference->price_ticks == 0 || limit == LL_LIMIT_NOT_SET)
            continue;
        if (age_ns <= limit)
            *price = reference->price_ticks;
        else if (youngest_ns == 0 || age_ns < youngest_ns)
            youngest_ns = age_ns;
    }
    if (*price != 0)
        return LL_REFUSAL_NONE;
    return ll_risk_refuse(one, LL_REFUSAL_NO_REFERENCE, LL_LIMIT_REFERENCE_AGE, scope, limit, youngest_ns);
}

/* How far the collar reaches: the tighter of its two forms. */
static uint64_t ll_risk_collar(const struct ll_risk_case *one, uint64_t reference, enum ll_limit *which,
                               uint32_t *scope)
{
    uint32_t bps_scope;
    uint64_t bps = ll_risk_limit(one, LL_LIMIT_COLLAR_BPS, &bps_scope);
    uint64_t reach = ll_risk_limit(one, LL_LIMIT_COLLAR_PRICE, scope);
    uint64_t bps_reach = bps == LL_LIMIT_NOT_SET ? LL_LIMIT_NOT_SET : reference * bps / 10000u;
    *which = LL_LIMIT_COLLAR_PRICE;
    if (bps_reach <= reach) {
        *which = LL_LIMIT_COLLAR_BPS;
        *scope = bps_scope;
        reach = bps_reach;
    }
    return reach;
}

/* Control 1. An order without a price is reserved at the collar's upper edge on both sides: the dearest that it may
 * become, as a sell order's own edge would say too little. */
static enum ll_refusal ll_risk_check_collar(struct ll_risk_case *one, uint64_t *price)
{
    uint64_t reference = 0;
    enum ll_limit which;
    uint32_t scope;
    enum ll_refusal refusal = ll_risk_reference(one, &reference);
    if (refusal != LL_REFUSAL_NONE)
        return refusal;
    uint64_t reach = ll_risk_collar(one, reference, &which, &scope);
    uint64_t high = reference + reach;
    uint64_t low = reference > reach ? reference - reach : 0;
    *price = ll_risk_has_price(one->order) ? one->order->price : high;
    if (!ll_risk_has_price(one->order))
        return LL_REFUSAL_NONE;
    if (one->order->side == LL_ORDER_BUY && *price > high)
        return ll_risk_refuse(one, LL_REFUSAL_COLLAR, which, scope, high, *price);
    if (one->order->side != LL_ORDER_BUY && *price < low)
        return ll_risk_refuse(one, LL_REFUSAL_COLLAR, which, scope, low, *price);
    return LL_REFUSAL_NONE;
}

/* Controls 2 and 3; works out what the sums would grow by. */
static enum ll_refusal ll_risk_check_size(struct ll_risk_case *one, uint64_t price)
{
    uint64_t quantity = one->order->quantity;
    uint64_t notional = 0;
    enum ll_refusal refusal =
        ll_risk_check_most(one, LL_LIMIT_ORDER_QUANTITY, quantity, LL_REFUSAL_MAX_QUANTITY);
    if (refusal != LL_REFUSAL_NONE)
        return refusal;
    if (__builtin_mul_overflow(price, (uint64_t)one->instrument->multiplier, &one->lot_notional) ||
        __builtin_mul_overflow(quantity, one->lot_notional, &notional) || notional > LL_LIMIT_NOTIONAL_MAX)
        return ll_risk_refuse(one, LL_REFUSAL_OVERFLOW, LL_LIMIT_ORDER_NOTIONAL, LL_SCOPE_FIRM,
                              LL_LIMIT_NOTIONAL_MAX, quantity);
    refusal = ll_risk_check_most(one, LL_LIMIT_ORDER_NOTIONAL, notional, LL_REFUSAL_MAX_NOTIONAL);
    struct ll_risk_amount old = {0, 0};
    if (one->hold != NULL)
        old = ll_risk_hold_amount(one->hold);
    one->extra.lots = quantity > old.lots ? quantity - old.lots : 0;
    one->extra.notional = notional > old.notional ? notional - old.notional : 0;
    return refusal;
}

/* Control 5: every scope's sum against its own value. */
static enum ll_refusal ll_risk_check_exposure(const struct ll_risk *risk, const struct ll_risk_case *one)
{
    if (one->extra.notional == 0)
        return LL_REFUSAL_NONE;
    for (uint32_t scope = 0; scope < LL_SCOPE_COUNT; scope++) {
        const struct ll_risk_tally *tally = &ll_risk_owner_at(risk, scope, one->number[scope])->tally;
        uint64_t limit = one->values[scope][LL_LIMIT_EXPOSURE];
        uint64_t sum = 0;
        if (__builtin_add_overflow(tally->executed_notional, tally->open_notional, &sum) ||
            __builtin_add_overflow(sum, one->extra.notional, &sum))
            return ll_risk_refuse(one, LL_REFUSAL_OVERFLOW, LL_LIMIT_EXPOSURE, scope, limit, UINT64_MAX);
        if (sum > limit)
            return ll_risk_refuse(one, LL_REFUSAL_EXPOSURE, LL_LIMIT_EXPOSURE, scope, limit, sum);
    }
    return LL_REFUSAL_NONE;
}

/* The position if all open orders of the side fill, this one too, as lots on that side; 0 = none or the other side.
 * Open lots are below 2^63: the venue would have to take two thousand million of the largest orders. */
static uint64_t ll_risk_worst_case(const struct ll_risk_case *one, const struct ll_risk_tally *tally)
{
    bool is_buy = one->order->side == LL_ORDER_BUY;
    uint64_t open = (is_buy ? tally->open_buy_lots : tally->open_sell_lots) + one->extra.lots;
    int64_t worst = 0;
    if (is_buy ? __builtin_add_overflow((int64_t)open, tally->position_lots, &worst)
               : __builtin_sub_overflow((int64_t)open, tally->position_lots, &worst))
        return UINT64_MAX;
    return worst > 0 ? (uint64_t)worst : 0;
}

/* Control 6: of the account in the instrument, and of all accounts together. */
static enum ll_refusal ll_risk_check_position(const struct ll_risk *risk, const struct ll_risk_case *one)
{
    static const struct ll_risk_tally NOTHING = {0};
    bool is_buy = one->order->side == LL_ORDER_BUY;
    if (one->extra.lots == 0)
        return LL_REFUSAL_NONE;
    const struct ll_risk_tally *tally = ll_risk_position(risk, one->order->account, one->order->instrument);
    enum ll_refusal refusal =
        ll_risk_check_most(one, is_buy ? LL_LIMIT_POSITION_LONG : LL_LIMIT_POSITION_SHORT,
                           ll_risk_worst_case(one, tally != NULL ? tally : &NOTHING), LL_REFUSAL_POSITION);
    if (refusal != LL_REFUSAL_NONE)
        return refusal;
    return ll_risk_check_most(
        one, is_buy ? LL_LIMIT_FIRM_LONG : LL_LIMIT_FIRM_SHORT,
        ll_risk_worst_case(one, ll_risk_tally(risk, LL_SCOPE_SYMBOL, one->order->instrument)),
        LL_REFUSAL_POSITION);
}

static struct ll_guard_likeness ll_risk_likeness(const struct ll_risk_order *order)
{
    return (struct ll_guard_likeness){.quantity = order->quantity,
                                      .price = ll_risk_has_price(order) ? order->price : 0,
                                      .instrument = order->instrument,
                                      .account = order->account,
                                      .side = order->side};
}

/* Control 4. */
static enum ll_refusal ll_risk_check_repeat(const struct ll_risk *risk, const struct ll_risk_case *one)
{
    uint32_t scope;
    uint64_t count_max = ll_risk_limit(one, LL_LIMIT_REPEAT_COUNT, &scope);
    if (count_max == LL_LIMIT_NOT_SET)
        return LL_REFUSAL_NONE;
    struct ll_guard_likeness likeness = ll_risk_likeness(one->order);
    enum ll_refusal refusal =
        ll_guard_check_repeat(risk->parts.guard, &likeness, count_max,
                              one->values[LL_SCOPE_FIRM][LL_LIMIT_REPEAT_WINDOW], one->now_ns);
    if (refusal != LL_REFUSAL_NONE)
        return ll_risk_refuse(one, refusal, LL_LIMIT_REPEAT_COUNT, scope, count_max, count_max + 1);
    return LL_REFUSAL_NONE;
}

/* Control 7: every scope's messages against its own value, and the session's. */
static enum ll_refusal ll_risk_check_throttle(const struct ll_risk *risk, const struct ll_risk_case *one)
{
    uint64_t window_ns = one->values[LL_SCOPE_FIRM][LL_LIMIT_MESSAGE_WINDOW];
    for (uint32_t kind = 0; kind < LL_RISK_OWNER_KINDS; kind++) {
        uint32_t scope = kind == LL_RISK_SESSION ? (uint32_t)LL_SCOPE_FIRM : kind;
        enum ll_limit which = kind == LL_RISK_SESSION ? LL_LIMIT_SESSION_MESSAGES : LL_LIMIT_MESSAGES;
        uint64_t limit = one->values[scope][which];
        uint32_t index = ll_risk_owner_index(&risk->control->config, kind, one->number[kind]);
        if (limit != LL_LIMIT_NOT_SET &&
            !ll_window_has_room(ll_risk_ring(risk, index), risk->control->ring_mask,
                                risk->owners[index].message_count, limit, window_ns, one->now_ns))
            return ll_risk_refuse(one, LL_REFUSAL_THROTTLE, which, scope, limit, limit + 1);
    }
    return LL_REFUSAL_NONE;
}

/* --- Reserve -------------------------------------------------------------------------------------------- */

/* Gathers what the checks look at. */
static enum ll_refusal ll_risk_open_case(struct ll_risk *risk, struct ll_risk_case *one)
{
    const struct ll_risk_order *order = one->order;
    if (ll_limits_version(risk->parts.limits) == 0)
        return ll_risk_refuse(one, LL_REFUSAL_NO_LIMITS, LL_LIMIT_NONE, LL_SCOPE_FIRM, 0, 0);
    if (order->side > LL_ORDER_SELL_SHORT || order->type > LL_TYPE_STOP_LIMIT)
        return ll_risk_refuse(one, LL_REFUSAL_MALFORMED, LL_LIMIT_NONE, LL_SCOPE_FIRM, 0, 0);
    if (order->instrument == LL_INSTRUMENT_NONE)
        return ll_risk_refuse(one, LL_REFUSAL_UNKNOWN_INSTRUMENT, LL_LIMIT_NONE, LL_SCOPE_SYMBOL, 0, 0);
    const uint32_t numbers[LL_RISK_OWNER_KINDS] = {0, order->account, order->strategy, order->instrument,
                                                   order->session};
    memcpy(one->number, numbers, sizeof numbers);
    one->instrument = ll_instruments_at(risk->parts.instruments, order->instrument);
    for (uint32_t scope = 0; scope < LL_SCOPE_COUNT; scope++)
        one->values[scope] = ll_risk_values(risk, scope, one->number[scope]);
    return LL_REFUSAL_NONE;
}

static enum ll_refusal ll_risk_check_all(struct ll_risk *risk, struct ll_risk_case *one)
{
    uint64_t price = 0;
    enum ll_refusal refusal = ll_risk_open_case(risk, one);
    if (refusal == LL_REFUSAL_NONE)
        refusal = ll_risk_check_open(risk, one);
    if (refusal == LL_REFUSAL_NONE)
        refusal = ll_risk_check_numbers(one);
    if (refusal == LL_REFUSAL_NONE)
        refusal = ll_risk_check_collar(one, &price);
    if (refusal == LL_REFUSAL_NONE)
        refusal = ll_risk_check_size(one, price);
    if (refusal == LL_REFUSAL_NONE)
        refusal = ll_risk_check_exposure(risk, one);
    if (refusal == LL_REFUSAL_NONE)
        refusal = ll_risk_check_position(risk, one);
    if (refusal == LL_REFUSAL_NONE && risk->control->position_count == risk->control->config.positions_max &&
        ll_risk_position(risk, one->order->account, one->order->instrument) == NULL)
        refusal = ll_risk_refuse(one, LL_REFUSAL_TABLE_FULL, LL_LIMIT_NONE, LL_SCOPE_FIRM,
                                 risk->control->config.positions_max, risk->control->position_count);
    if (refusal == LL_REFUSAL_NONE)
        refusal = ll_risk_check_repeat(risk, one);
    if (refusal == LL_REFUSAL_NONE)
        refusal = ll_risk_check_throttle(risk, one);
    return refusal;
}

/* The order has passed: it counts in every window from now on. */
static void ll_risk_count_message(struct ll_risk *risk, const struct ll_risk_case *one)
{
    struct ll_guard_likeness likeness = ll_risk_likeness(one->order);
    for (uint32_t kind = 0; kind < LL_RISK_OWNER_KINDS; kind++) {
        uint32_t index = ll_risk_owner_index(&risk->control->config, kind, one->number[kind]);
        ll_window_push(ll_risk_ring(risk, index), risk->control->ring_mask,
                       &risk->owners[index].message_count, one->now_ns);
    }
    ll_guard_record(risk->parts.guard, &likeness, one->now_ns);
}

static void ll_risk_fill_in_hold(struct ll_risk *risk, const struct ll_risk_order *order,
                                 struct ll_risk_hold *hold)
{
    memset(hold, 0, sizeof *hold);
    hold->instrument = order->instrument;
    hold->account = order->account;
    hold->strategy = order->strategy;
    hold->side = order->side;
    hold->multiplier = ll_instruments_at(risk->parts.instruments, order->instrument)->multiplier;
    hold->position = ll_risk_position_for(risk, order->account, order->instrument);
}

enum ll_refusal ll_risk_reserve(struct ll_risk *risk, const struct ll_risk_order *order, uint64_t now_ns,
                                struct ll_risk_hold *hold, struct ll_refusal_detail *detail)
{
    struct ll_risk_case one = {.order = order, .detail = detail, .now_ns = now_ns};
    memset(detail, 0, sizeof *detail);
    enum ll_refusal refusal = ll_risk_check_all(risk, &one);
    if (refusal != LL_REFUSAL_NONE)
        return refusal;
    ll_risk_fill_in_hold(risk, order, hold);
    LL_ASSERT(hold->position != LL_POSITION_NONE);
    hold->open_lots = (uint32_t)order->quantity;
    hold->lot_notional = one.lot_notional;
    ll_risk_count_open(risk, hold, true);
    ll_risk_count_message(risk, &one);
    return LL_REFUSAL_NONE;
}

enum ll_refusal ll_risk_reserve_replace(struct ll_risk *risk, struct ll_risk_hold *hold,
                                        const struct ll_risk_order *order, uint64_t now_ns,
                                        struct ll_refusal_detail *detail)
{
    struct ll_risk_case one = {.order = order, .hold = hold, .detail = detail, .now_ns = now_ns};
    LL_ASSERT(order->instrument == hold->instrument);
    LL_ASSERT(order->account == hold->account);
    LL_ASSERT(order->strategy == hold->strategy);
    LL_ASSERT((order->side == LL_ORDER_BUY) == (hold->side == LL_ORDER_BUY));
    memset(detail, 0, sizeof *detail);
    if (hold->is_replacing)
        return ll_risk_refuse(&one, LL_REFUSAL_REQUEST_OUTSTANDING, LL_LIMIT_NONE, LL_SCOPE_FIRM, 1, 2);
    enum ll_refusal refusal = ll_risk_check_all(risk, &one);
    if (refusal != LL_REFUSAL_NONE)
        return refusal;
    ll_risk_count_open(risk, hold, false);
    hold->new_open_lots = (uint32_t)order->quantity;
    hold->new_lot_notional = one.lot_notional;
    hold->is_replacing = 1;
    ll_risk_count_open(risk, hold, true);
    ll_risk_count_message(risk, &one);
    return LL_REFUSAL_NONE;
}

uint64_t ll_risk_market_price(struct ll_risk *risk, const struct ll_risk_order *order, uint64_t now_ns)
{
    struct ll_refusal_detail detail;
    struct ll_risk_case one = {.order = order, .detail = &detail, .now_ns = now_ns};
    uint64_t reference = 0;
    enum ll_limit which;
    uint32_t scope;
    if (ll_risk_open_case(risk, &one) != LL_REFUSAL_NONE ||
        ll_risk_reference(&one, &reference) != LL_REFUSAL_NONE)
        return 0;
    uint64_t reach = ll_risk_collar(&one, reference, &which, &scope);
    uint64_t step = one.instrument->price_step_ticks;
    if (order->side == LL_ORDER_BUY) {
        uint64_t high = reference + reach < LL_PRICE_TICKS_MAX ? reference + reach : LL_PRICE_TICKS_MAX;
        return high - high % step;
    }
    uint64_t low = reference > reach ? reference - reach : 0;
    return low <= step ? step : low + (step - low % step) % step;
}

/* --- What the venue says -------------------------------------------------------------------------------- */

/* The most money per lot, at most `lot_notional`, with which the firm's open money does not overflow: no other sum of
 * open money is larger. */
static uint64_t ll_risk_fitting(const struct ll_risk *risk, uint64_t lots, uint64_t lot_notional)
{
    uint64_t open = risk->owners[0].tally.open_notional;
    uint64_t sum = 0;
    if (lots == 0 ||
        (!__builtin_mul_overflow(lots, lot_notional, &sum) && !__builtin_add_overflow(open, sum, &sum)))
        return lot_notional;
    return (UINT64_MAX - open) / lots;
}

static uint32_t ll_risk_clamp_lots(uint64_t lots)
{
    return (uint32_t)(lots < LL_QUANTITY_LOTS_MAX ? lots : LL_QUANTITY_LOTS_MAX);
}

/* Nothing is being replaced any more, and `open_lots` are open at `lot_notional`. */
static void ll_risk_set_open(struct ll_risk *risk, struct ll_risk_hold *hold, uint64_t open_lots,
                             uint64_t lot_notional)
{
    ll_risk_count_open(risk, hold, false);
    hold->is_replacing = 0;
    hold->new_open_lots = 0;
    hold->new_lot_notional = 0;
    hold->open_lots = ll_risk_clamp_lots(open_lots);
    hold->lot_notional = ll_risk_fitting(risk, hold->open_lots, lot_notional);
    ll_risk_count_open(risk, hold, true);
}

void ll_risk_confirm_replace(struct ll_risk *risk, struct ll_risk_hold *hold, uint64_t open_lots)
{
    ll_risk_set_open(risk, hold, open_lots, hold->is_replacing ? hold->new_lot_notional : hold->lot_notional);
}

void ll_risk_abandon_replace(struct ll_risk *risk, struct ll_risk_hold *hold)
{
    ll_risk_set_open(risk, hold, hold->open_lots, hold->lot_notional);
}

/* Lots leave what is open, of the old values and of the new ones. */
static void ll_risk_take(struct ll_risk *risk, struct ll_risk_hold *hold, uint64_t lots)
{
    ll_risk_count_open(risk, hold, false);
    hold->open_lots -= (uint32_t)(lots < hold->open_lots ? lots : hold->open_lots);
    hold->new_open_lots -= (uint32_t)(lots < hold->new_open_lots ? lots : hold->new_open_lots);
    ll_risk_count_open(risk, hold, true);
}

void ll_risk_release(struct ll_risk *risk, struct ll_risk_hold *hold, uint64_t lots)
{
    ll_risk_take(risk, hold, lots);
    if (hold->open_lots == 0)
        ll_risk_abandon_replace(risk, hold);
}

void ll_risk_restate(struct ll_risk *risk, struct ll_risk_hold *hold, uint64_t open_lots)
{
    if (open_lots <= hold->open_lots) {
        ll_risk_release(risk, hold, hold->open_lots - open_lots);
        return;
    }
    uint64_t more = ll_risk_clamp_lots(open_lots) - hold->open_lots;
    ll_risk_count_open(risk, hold, false);
    hold->open_lots += (uint32_t)more;
    hold->lot_notional = ll_risk_fitting(risk, hold->open_lots, hold->lot_notional);
    if (hold->is_replacing) {
        hold->new_open_lots = ll_risk_clamp_lots(hold->new_open_lots + more);
        hold->new_lot_notional = ll_risk_fitting(risk, hold->new_open_lots, hold->new_lot_notional);
    }
    ll_risk_count_open(risk, hold, true);
}

int ll_risk_adopt(struct ll_risk *risk, const struct ll_risk_order *order, struct ll_risk_hold *hold)
{
    uint64_t lot_notional = 0;
    ll_risk_fill_in_hold(risk, order, hold);
    if (hold->position == LL_POSITION_NONE) {
        memset(hold, 0, sizeof *hold);
        return LL_ERR_FULL;
    }
    if (__builtin_mul_overflow(order->price, (uint64_t)hold->multiplier, &lot_notional))
        lot_notional = UINT64_MAX;
    ll_risk_set_open(risk, hold, order->quantity, lot_notional);
    return LL_OK;
}

/* --- Executions ----------------------------------------------------------------------------------------- */

static uint64_t ll_risk_money(uint64_t lots, uint64_t price, uint64_t multiplier)
{
    uint64_t money = 0;
    if (__builtin_mul_overflow(price, multiplier, &money) || __builtin_mul_overflow(money, lots, &money))
        return UINT64_MAX;
    return money;
}

/* Money at its largest value has lost count, so it stays there. */
static uint64_t ll_risk_money_add(uint64_t money, uint64_t more)
{
    return money > UINT64_MAX - more ? UINT64_MAX : money + more;
}

static uint64_t ll_risk_money_take(uint64_t money, uint64_t less)
{
    if (money == UINT64_MAX)
        return money;
    return money > less ? money - less : 0;
}

static int64_t ll_risk_lots_add(int64_t lots, uint64_t more, bool is_up)
{
    int64_t sum = 0;
    int64_t step = more > INT64_MAX ? INT64_MAX : (int64_t)more;
    if (__builtin_add_overflow(lots, is_up ? step : -step, &sum))
        return is_up ? INT64_MAX : INT64_MIN + 1;
    return sum;
}

/* Books an execution into every sum of its order, or takes it out again. */
static void ll_risk_book(struct ll_risk *risk, const struct ll_risk_hold *hold, uint64_t lots, uint64_t price,
                         bool is_in)
{
    LL_ASSERT(hold->multiplier != 0); /* it has been reserved or adopted */
    struct ll_risk_tally *sums[LL_RISK_SUMS];
    uint64_t money = ll_risk_money(lots, price, hold->multiplier);
    bool is_up = (hold->side == LL_ORDER_BUY) == is_in;
    ll_risk_sums_of(risk, hold, sums);
    for (uint32_t i = 0; i < LL_RISK_SUMS; i++) {
        sums[i]->position_lots = ll_risk_lots_add(sums[i]->position_lots, lots, is_up);
        sums[i]->executed_notional = is_in ? ll_risk_money_add(sums[i]->executed_notional, money)
                                           : ll_risk_money_take(sums[i]->executed_notional, money);
    }
}

/* Control 8. */
static bool ll_risk_count_execution(struct ll_risk *risk, uint32_t strategy, uint64_t now_ns)
{
    struct ll_risk_owner *owner = ll_risk_owner_at(risk, LL_SCOPE_STRATEGY, strategy);
    const struct ll_limits *limits = risk->parts.limits;
    uint64_t *ring = ll_risk_ring(risk, ll_risk_owner_count(&risk->control->config) + strategy);
    uint64_t limit = ll_risk_values(risk, LL_SCOPE_STRATEGY, strategy)[LL_LIMIT_EXECUTIONS];
    if (limit == LL_LIMIT_NOT_SET)
        limit = ll_limits_firm(limits, LL_LIMIT_EXECUTIONS);
    bool is_beyond = limit != LL_LIMIT_NOT_SET &&
                     !ll_window_has_room(ring, risk->control->ring_mask, owner->execution_count, limit,
                                         ll_limits_firm(limits, LL_LIMIT_EXECUTION_WINDOW), now_ns);
    bool is_new = is_beyond && !owner->is_disabled;
    ll_window_push(ring, risk->control->ring_mask, &owner->execution_count, now_ns);
    owner->is_disabled |= is_beyond;
    return is_new;
}

bool ll_risk_fill(struct ll_risk *risk, struct ll_risk_hold *hold, uint64_t lots, uint64_t price,
                  uint64_t now_ns)
{
    ll_risk_take(risk, hold, lots);
    ll_risk_book(risk, hold, lots, price, true);
    return ll_risk_count_execution(risk, hold->strategy, now_ns);
}

void ll_risk_unfill(struct ll_risk *risk, const struct ll_risk_hold *hold, uint64_t lots, uint64_t price)
{
    ll_risk_book(risk, hold, lots, price, false);
}

void ll_risk_correct(struct ll_risk *risk, const struct ll_risk_hold *hold, uint64_t old_lots,
                     uint64_t old_price, uint64_t lots, uint64_t price)
{
    ll_risk_book(risk, hold, old_lots, old_price, false);
    ll_risk_book(risk, hold, lots, price, true);
}

void ll_risk_count_cancel(struct ll_risk *risk, const struct ll_risk_hold *hold, uint16_t session)
{
    const uint32_t numbers[LL_RISK_OWNER_KINDS] = {0, hold->account, hold->strategy, hold->instrument,
                                                   session};
    for (uint32_t kind = 0; kind < LL_RISK_OWNER_KINDS; kind++)
        ll_risk_owner_at(risk, kind, numbers[kind])->cancel_count++;
}
