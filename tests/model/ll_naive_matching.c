/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_naive_matching.h"

#include "host/base/ll_assert.h"

#include <stdlib.h>
#include <string.h>

#define NOBODY UINT32_MAX

struct naive_trade {
    struct ll_matching_executed sides[2];
    bool broken;
};

struct ll_naive_matching {
    struct ll_matching_config config;
    struct ll_matching_handler handler;
    struct ll_matching_order *orders; /* those that rest; the earlier, the higher the priority */
    uint32_t order_count;
    bool *halted;
    struct naive_trade *trades; /* all of the day, by match number */
    uint64_t trade_count;
    uint64_t reference_next;
    bool closed;
    bool is_trial; /* a copy, on which nothing is told or stored */
};

static void *get_memory(size_t count, size_t bytes)
{
    void *memory = calloc(count, bytes);
    LL_ASSERT(memory != NULL);
    return memory;
}

void ll_naive_matching_init(struct ll_naive_matching **naive, const struct ll_matching_config *config,
                            const struct ll_matching_handler *handler)
{
    struct ll_naive_matching *made = get_memory(1, sizeof *made);
    made->config = *config;
    made->handler = *handler;
    made->orders = get_memory(config->orders_max, sizeof *made->orders);
    made->halted = get_memory(config->instrument_count, sizeof *made->halted);
    made->reference_next = config->reference_first;
    *naive = made;
}

void ll_naive_matching_deinit(struct ll_naive_matching *naive)
{
    free(naive->orders);
    free(naive->halted);
    free(naive->trades);
    free(naive);
}

/* --- the array ------------------------------------------------------------------------------------------ */

static uint32_t find(const struct ll_naive_matching *naive, uint64_t reference)
{
    for (uint32_t index = 0; index < naive->order_count; index++)
        if (naive->orders[index].reference == reference)
            return index;
    return NOBODY;
}

static void take_out(struct ll_naive_matching *naive, uint32_t index)
{
    naive->order_count--;
    memmove(&naive->orders[index], &naive->orders[index + 1],
            (naive->order_count - index) * sizeof naive->orders[0]);
}

static bool is_buy(const struct ll_matching_order *order)
{
    return order->side == LL_MATCHING_BUY;
}

/* Would the first come before the second, if they stood in the array in this order? */
static bool is_ahead(const struct ll_matching_order *first, const struct ll_matching_order *second)
{
    if (first->price != second->price)
        return is_buy(first) ? first->price > second->price : first->price < second->price;
    return (first->flags & LL_MATCHING_HIDDEN) == 0 || (second->flags & LL_MATCHING_HIDDEN) != 0;
}

/* The best order of a side that `wanted` names. */
static uint32_t best(const struct ll_naive_matching *naive, uint32_t instrument, bool buys)
{
    uint32_t found = NOBODY;
    for (uint32_t index = 0; index < naive->order_count; index++) {
        const struct ll_matching_order *order = &naive->orders[index];
        if (order->instrument != instrument || is_buy(order) != buys)
            continue;
        if (found == NOBODY || !is_ahead(&naive->orders[found], order))
            found = index;
    }
    return found;
}

static bool can_rest(const struct ll_matching_order *order)
{
    return order->time_in_force == LL_MATCHING_DAY && (order->flags & LL_MATCHING_MARKET) == 0;
}

/* The resting order that this one would meet now. */
static uint32_t maker_of(const struct ll_naive_matching *naive, const struct ll_matching_order *taker)
{
    uint32_t index = best(naive, taker->instrument, !is_buy(taker));
    if (index == NOBODY || (taker->flags & LL_MATCHING_MARKET) != 0)
        return index;
    uint32_t price = naive->orders[index].price;
    bool meets = is_buy(taker) ? price <= taker->price : price >= taker->price;
    return meets ? index : NOBODY;
}

/* --- events --------------------------------------------------------------------------------------------- */

static void tell_cancelled(struct ll_naive_matching *naive, const struct ll_matching_order *before,
                           struct ll_matching_cancelled event)
{
    event.order = *before;
    event.order.quantity -= event.quantity;
    if (!naive->is_trial)
        naive->handler.cancelled(naive->handler.context, &event);
}

static void cancel_resting(struct ll_naive_matching *naive, uint32_t index,
                           struct ll_matching_cancelled event)
{
    struct ll_matching_order before = naive->orders[index];
    naive->orders[index].quantity -= event.quantity;
    if (naive->orders[index].quantity == 0)
        take_out(naive, index);
    tell_cancelled(naive, &before, event);
}

static void cancel_incoming(struct ll_naive_matching *naive, struct ll_matching_order *order,
                            struct ll_matching_cancelled event)
{
    tell_cancelled(naive, order, event);
    order->quantity -= event.quantity;
}

static void trade(struct ll_naive_matching *naive, struct ll_matching_order *taker, uint32_t index,
                  uint64_t now_ns)
{
    struct ll_matching_order *maker = &naive->orders[index];
    uint32_t quantity = taker->quantity < maker->quantity ? taker->quantity : maker->quantity;
    struct naive_trade made = {0};
    taker->quantity -= quantity;
    maker->quantity -= quantity;
    for (uint32_t side = 0; side < 2; side++)
        made.sides[side] =
            (struct ll_matching_executed){.order = side == 0 ? *maker : *taker,
                                          .match_number = naive->config.match_first + naive->trade_count,
                                          .price = maker->price,
                                          .quantity = quantity,
                                          .taker = side == 1,
                                          .now_ns = now_ns};
    if (maker->quantity == 0)
        take_out(naive, index);
    if (naive->is_trial)
        return;
    naive->trades = realloc(naive->trades, (naive->trade_count + 1) * sizeof naive->trades[0]);
    LL_ASSERT(naive->trades != NULL);
    naive->trades[naive->trade_count++] = made;
    naive->handler.executed(naive->handler.context, &made.sides[0]);
    naive->handler.executed(naive->handler.context, &made.sides[1]);
}

static void self_match(struct ll_naive_matching *naive, struct ll_matching_order *taker, uint32_t index,
                       uint64_t now_ns)
{
    struct ll_matching_order maker = naive->orders[index];
    uint32_t both = taker->quantity < maker.quantity ? taker->quantity : maker.quantity;
    struct ll_matching_cancelled of_maker = {.quantity = both,
                                             .reason = LL_MATCHING_REASON_SELF_MATCH,
                                             .prevented_quantity = both,
                                             .prevented_price = maker.price,
                                             .now_ns = now_ns};
    struct ll_matching_cancelled of_taker = of_maker;
    of_taker.taker = true;
    switch (naive->config.self_trade) {
    case LL_MATCHING_SELF_CANCEL_NEWEST:
        of_taker.quantity = taker->quantity;
        cancel_incoming(naive, taker, of_taker);
        break;
    case LL_MATCHING_SELF_CANCEL_OLDEST:
        of_maker.quantity = maker.quantity;
        cancel_resting(naive, index, of_maker);
        break;
    default:
        cancel_resting(naive, index, of_maker);
        cancel_incoming(naive, taker, of_taker);
        break;
    }
}

/* Trades while it can; what was traded is the difference in quantity, less what a self match took. */
static uint32_t run(struct ll_naive_matching *naive, struct ll_matching_order *taker, uint64_t now_ns)
{
    uint32_t traded = 0;
    uint32_t index = maker_of(naive, taker);
    while (taker->quantity > 0 && index != NOBODY) {
        uint32_t before = taker->quantity;
        if (taker->group != 0 && naive->orders[index].group == taker->group) {
            self_match(naive, taker, index, now_ns);
        } else {
            trade(naive, taker, index, now_ns);
            traded += before - taker->quantity;
        }
        index = maker_of(naive, taker);
    }
    return traded;
}

static uint32_t run_trial(const struct ll_naive_matching *naive, struct ll_matching_order taker)
{
    struct ll_naive_matching trial = *naive;
    trial.is_trial = true;
    trial.orders = get_memory(naive->config.orders_max, sizeof trial.orders[0]);
    memcpy(trial.orders, naive->orders, naive->order_count * sizeof trial.orders[0]);
    uint32_t traded = run(&trial, &taker, 0);
    free(trial.orders);
    return traded;
}

static void work(struct ll_naive_matching *naive, struct ll_matching_order order, uint32_t minimum,
                 uint64_t replaces, uint64_t now_ns)
{
    struct ll_matching_cancelled gone = {
        .quantity = order.quantity, .reason = LL_MATCHING_REASON_IOC, .now_ns = now_ns};
    if ((order.flags & LL_MATCHING_POST_ONLY) != 0 && maker_of(naive, &order) != NOBODY) {
        gone.reason = LL_MATCHING_REASON_POST_ONLY;
        cancel_incoming(naive, &order, gone);
        return;
    }
    if (order.time_in_force == LL_MATCHING_FOK)
        minimum = order.quantity;
    if (minimum > 0 && run_trial(naive, order) < minimum) {
        cancel_incoming(naive, &order, gone);
        return;
    }
    (void)run(naive, &order, now_ns);
    if (order.quantity == 0)
        return;
    if (!can_rest(&order)) {
        gone.quantity = order.quantity;
        cancel_incoming(naive, &order, gone);
        return;
    }
    order.booked = true;
    LL_ASSERT(naive->order_count < naive->config.orders_max);
    naive->orders[naive->order_count++] = order;
    struct ll_matching_booked event = {order, replaces, now_ns};
    naive->handler.booked(naive->handler.context, &event);
}

/* --- requests ------------------------------------------------------------------------------------------- */

static bool price_is_far(const struct ll_matching_config *config,
                         const struct ll_matching_instrument *instrument, uint32_t price)
{
    uint64_t reach = (uint64_t)instrument->prior_close * config->band_per_mille / 1000;
    uint64_t distance =
        price > instrument->prior_close ? price - instrument->prior_close : instrument->prior_close - price;
    return config->band_per_mille > 0 && distance > reach;
}

/* An order is seen as the request it would be; its minimum apart. */
static enum ll_matching_verdict verdict_of(const struct ll_naive_matching *naive,
                                           const struct ll_matching_order *wanted, uint32_t minimum)
{
    if (naive->closed)
        return LL_MATCHING_CLOSED;
    if (wanted->instrument >= naive->config.instrument_count)
        return LL_MATCHING_BAD_INSTRUMENT;
    if (naive->halted[wanted->instrument])
        return LL_MATCHING_HALTED;
    const struct ll_matching_instrument *instrument = &naive->config.instruments[wanted->instrument];
    bool is_market = (wanted->flags & LL_MATCHING_MARKET) != 0;
    bool is_post = (wanted->flags & LL_MATCHING_POST_ONLY) != 0;
    bool is_secret = (wanted->flags & LL_MATCHING_HIDDEN) != 0;
    if (wanted->side > LL_MATCHING_SHORT_EXEMPT)
        return LL_MATCHING_BAD_SIDE;
    if (wanted->time_in_force > LL_MATCHING_FOK)
        return LL_MATCHING_BAD_TIME_IN_FORCE;
    if (wanted->flags > 15 || (is_post && !can_rest(wanted)) ||
        (is_secret && (wanted->flags & LL_MATCHING_ATTRIBUTED) != 0))
        return LL_MATCHING_BAD_FLAGS;
    if (wanted->quantity == 0 || wanted->quantity > 999999 ||
        (instrument->lots_only && wanted->quantity % instrument->lot != 0))
        return LL_MATCHING_BAD_QUANTITY;
    if (minimum > wanted->quantity || (minimum > 0 && can_rest(wanted)))
        return LL_MATCHING_BAD_MINIMUM;
    if (is_market)
        return wanted->price == 0 ? LL_MATCHING_OK : LL_MATCHING_BAD_PRICE;
    if (wanted->price == 0 || wanted->price > 1999999900 || wanted->price % instrument->tick != 0)
        return LL_MATCHING_BAD_PRICE;
    return price_is_far(&naive->config, instrument, wanted->price) ? LL_MATCHING_PRICE_BAND : LL_MATCHING_OK;
}

static enum ll_matching_verdict reject(struct ll_naive_matching *naive, uint64_t owner, uint64_t reference,
                                       enum ll_matching_verdict verdict, uint64_t now_ns)
{
    struct ll_matching_rejected event = {owner, reference, verdict, now_ns};
    naive->handler.rejected(naive->handler.context, &event);
    return verdict;
}

enum ll_matching_verdict ll_naive_matching_enter(struct ll_naive_matching *naive,
                                                 const struct ll_matching_enter *request, uint64_t now_ns)
{
    struct ll_matching_order order = {.owner = request->owner,
                                      .group = request->group,
                                      .instrument = request->instrument,
                                      .quantity = request->quantity,
                                      .price = request->price,
                                      .side = request->side,
                                      .time_in_force = request->time_in_force,
                                      .flags = request->flags};
    memcpy(order.firm, request->firm, sizeof order.firm);
    enum ll_matching_verdict verdict = verdict_of(naive, &order, request->minimum);
    if (verdict == LL_MATCHING_OK && naive->order_count == naive->config.orders_max)
        verdict = LL_MATCHING_FULL;
    if (verdict != LL_MATCHING_OK)
        return reject(naive, request->owner, 0, verdict, now_ns);
    order.reference = naive->reference_next++;
    struct ll_matching_accepted event = {order, now_ns};
    naive->handler.accepted(naive->handler.context, &event);
    work(naive, order, request->minimum, 0, now_ns);
    return LL_MATCHING_OK;
}

enum ll_matching_verdict ll_naive_matching_replace(struct ll_naive_matching *naive,
                                                   const struct ll_matching_replace *request, uint64_t now_ns)
{
    uint32_t index = find(naive, request->reference);
    if (index == NOBODY)
        return reject(naive, request->owner, request->reference, LL_MATCHING_UNKNOWN_ORDER, now_ns);
    struct ll_matching_order before = naive->orders[index];
    struct ll_matching_order after = before;
    after.owner = request->owner;
    after.quantity = request->quantity;
    after.price = request->price;
    after.time_in_force = request->time_in_force;
    after.flags = request->flags;
    enum ll_matching_verdict verdict = verdict_of(naive, &after, request->minimum);
    if (verdict != LL_MATCHING_OK)
        return reject(naive, request->owner, request->reference, verdict, now_ns);
    after.reference = naive->reference_next++;
    bool keeps = naive->config.replace_keeps_priority && after.price == before.price &&
                 after.quantity <= before.quantity && can_rest(&after) &&
                 (after.flags & LL_MATCHING_HIDDEN) == (before.flags & LL_MATCHING_HIDDEN);
    struct ll_matching_replaced event = {
        .order = after, .before = before, .rests = keeps, .keeps_priority = keeps, .now_ns = now_ns};
    if (keeps) {
        naive->orders[index] = after;
        naive->handler.replaced(naive->handler.context, &event);
        struct ll_matching_booked booked = {after, before.reference, now_ns};
        naive->handler.booked(naive->handler.context, &booked);
        return LL_MATCHING_OK;
    }
    take_out(naive, index);
    after.booked = false;
    event.order = after;
    event.rests = can_rest(&after) && maker_of(naive, &after) == NOBODY;
    naive->handler.replaced(naive->handler.context, &event);
    work(naive, after, request->minimum, event.rests ? before.reference : 0, now_ns);
    return LL_MATCHING_OK;
}

enum ll_matching_verdict ll_naive_matching_reduce(struct ll_naive_matching *naive, uint64_t reference,
                                                  uint32_t quantity, enum ll_matching_reason reason,
                                                  uint64_t now_ns)
{
    uint32_t index = find(naive, reference);
    if (index == NOBODY)
        return LL_MATCHING_UNKNOWN_ORDER;
    if (quantity >= naive->orders[index].quantity)
        return LL_MATCHING_NO_CHANGE;
    struct ll_matching_cancelled event = {
        .quantity = naive->orders[index].quantity - quantity, .reason = reason, .now_ns = now_ns};
    cancel_resting(naive, index, event);
    return LL_MATCHING_OK;
}

/* One side, best first: what is wanted and not yet gone, again and again. */
static uint32_t mass_cancel_side(struct ll_naive_matching *naive, uint32_t instrument, bool buys,
                                 bool (*wanted)(void *context, const struct ll_matching_order *order),
                                 void *context, enum ll_matching_reason reason, uint64_t now_ns)
{
    uint32_t count = 0;
    for (;;) {
        uint32_t found = NOBODY;
        for (uint32_t index = 0; index < naive->order_count; index++) {
            const struct ll_matching_order *order = &naive->orders[index];
            if (order->instrument == instrument && is_buy(order) == buys && wanted(context, order) &&
                (found == NOBODY || !is_ahead(&naive->orders[found], order)))
                found = index;
        }
        if (found == NOBODY)
            return count;
        cancel_resting(naive, found,
                       (struct ll_matching_cancelled){
                           .quantity = naive->orders[found].quantity, .reason = reason, .now_ns = now_ns});
        count++;
    }
}

uint32_t ll_naive_matching_mass_cancel(struct ll_naive_matching *naive, uint32_t instrument,
                                       bool (*wanted)(void *context, const struct ll_matching_order *order),
                                       void *context, enum ll_matching_reason reason, uint64_t now_ns)
{
    uint32_t count = 0;
    for (uint32_t each = 0; each < naive->config.instrument_count; each++) {
        if (instrument != LL_MATCHING_ALL && instrument != each)
            continue;
        count += mass_cancel_side(naive, each, true, wanted, context, reason, now_ns);
        count += mass_cancel_side(naive, each, false, wanted, context, reason, now_ns);
    }
    return count;
}

enum ll_matching_verdict ll_naive_matching_break_trade(struct ll_naive_matching *naive, uint64_t match_number,
                                                       uint8_t reason, uint64_t now_ns)
{
    uint64_t next = naive->config.match_first + naive->trade_count;
    if (match_number < naive->config.match_first || match_number >= next ||
        next - match_number > naive->config.trades_max)
        return LL_MATCHING_UNKNOWN_TRADE;
    struct naive_trade *broken = &naive->trades[match_number - naive->config.match_first];
    if (broken->broken)
        return LL_MATCHING_BROKEN_BEFORE;
    broken->broken = true;
    for (uint32_t side = 0; side < 2; side++) {
        const struct ll_matching_executed *executed = &broken->sides[side];
        struct ll_matching_broken event = {executed->order.reference,
                                           executed->order.owner,
                                           match_number,
                                           executed->order.instrument,
                                           executed->price,
                                           executed->quantity,
                                           executed->order.side,
                                           executed->taker,
                                           reason,
                                           now_ns};
        naive->handler.broken(naive->handler.context, &event);
    }
    return LL_MATCHING_OK;
}

enum ll_matching_verdict ll_naive_matching_trading(struct ll_naive_matching *naive, uint32_t instrument,
                                                   bool halted, const char reason[4], uint64_t now_ns)
{
    if (instrument >= naive->config.instrument_count)
        return LL_MATCHING_BAD_INSTRUMENT;
    if (naive->halted[instrument] == halted)
        return LL_MATCHING_NO_CHANGE;
    naive->halted[instrument] = halted;
    struct ll_matching_trading event = {
        instrument, halted, {reason[0], reason[1], reason[2], reason[3]}, now_ns};
    naive->handler.trading(naive->handler.context, &event);
    return LL_MATCHING_OK;
}

static bool want_all(void *context, const struct ll_matching_order *order)
{
    (void)context;
    return order->quantity > 0;
}

void ll_naive_matching_end_of_day(struct ll_naive_matching *naive, uint64_t now_ns)
{
    naive->closed = true;
    (void)ll_naive_matching_mass_cancel(naive, LL_MATCHING_ALL, want_all, NULL, LL_MATCHING_REASON_CLOSED,
                                        now_ns);
}

/* --- questions ------------------------------------------------------------------------------------------ */

uint32_t ll_naive_matching_live_count(const struct ll_naive_matching *naive)
{
    return naive->order_count;
}

const struct ll_matching_order *ll_naive_matching_live(const struct ll_naive_matching *naive, uint32_t index)
{
    LL_ASSERT(index < naive->order_count);
    return &naive->orders[index];
}

static bool is_better(uint32_t price, uint32_t other, bool buys)
{
    return buys ? price > other : price < other;
}

struct ll_matching_level ll_naive_matching_level(const struct ll_naive_matching *naive, uint32_t instrument,
                                                 enum ll_matching_side side, uint32_t depth)
{
    struct ll_matching_level level = {0};
    bool buys = side == LL_MATCHING_BUY;
    bool is_there = false;
    for (uint32_t step = 0; step <= depth; step++) {
        uint32_t last = level.price;
        bool is_first = step == 0;
        is_there = false;
        for (uint32_t index = 0; index < naive->order_count; index++) {
            const struct ll_matching_order *order = &naive->orders[index];
            if (order->instrument != instrument || is_buy(order) != buys)
                continue;
            if ((is_first || is_better(last, order->price, buys)) &&
                (!is_there || is_better(order->price, level.price, buys))) {
                level.price = order->price;
                is_there = true;
            }
        }
        if (!is_there)
            return (struct ll_matching_level){0};
    }
    for (uint32_t index = 0; index < naive->order_count; index++) {
        const struct ll_matching_order *order = &naive->orders[index];
        if (order->instrument != instrument || is_buy(order) != buys || order->price != level.price)
            continue;
        bool hidden = (order->flags & LL_MATCHING_HIDDEN) != 0;
        level.orders_hidden += hidden;
        level.orders_displayed += !hidden;
        level.quantity_hidden += hidden ? order->quantity : 0;
        level.quantity_displayed += hidden ? 0 : order->quantity;
    }
    return level;
}
