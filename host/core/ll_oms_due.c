/* SPDX-License-Identifier: Apache-2.0 */
/* What the gateway decides by itself: it is found here, recorded as an action, and only then done. */
#include "host/base/ll_assert.h"
#include "host/core/ll_oms_state.h"

#include <string.h>

/* --- The market ------------------------------------------------------------------------------------------ */

/* What an order's position would get for itself now; 0 = nobody offers. */
static uint64_t ll_oms_exit_price(const struct ll_oms *oms, const struct ll_oms_order *entry)
{
    const struct ll_oms_quote *quote = &oms->quotes[entry->instrument];
    return entry->side == LL_ORDER_BUY ? quote->bid : quote->ask;
}

/* A long position is stopped when buyers fall to the stop, and takes its profit when they rise to it; a short one the
 * other way round. */
static bool ll_oms_is_hit(const struct ll_oms_order *entry, uint64_t price, const struct ll_oms_stop *stop,
                          bool loss, uint64_t now_ns)
{
    if (price == 0 || now_ns < stop->again_ns || stop->id == LL_OMS_NONE || stop->closer != LL_OMS_NONE ||
        entry->cumulative <= entry->closed)
        return false;
    bool falls = (entry->side == LL_ORDER_BUY) == loss;
    return falls ? price <= stop->price : price >= stop->price;
}

/* Has the order a stop that the market has reached? Only one at a time is noted; the next look finds the next. */
void ll_oms_watch(struct ll_oms *oms, uint32_t order)
{
    const struct ll_oms_order *entry = &oms->orders[order];
    if (entry->stoploss.id == LL_OMS_NONE && entry->takeprofit.id == LL_OMS_NONE)
        return;
    if (!entry->is_watched)
        ll_oms_watch_on(oms, order);
    oms->market_moved = true;
}

void ll_oms_market(struct ll_oms *oms, uint32_t book, const struct ll_result *result, uint64_t time_ns)
{
    uint32_t instrument = ll_instruments_by_locate(&oms->instruments, book);
    if (instrument == LL_INSTRUMENT_NONE)
        return;
    struct ll_oms_quote *quote = &oms->quotes[instrument];
    uint64_t bid = (result->flags & LL_RESULT_HAS_BID) != 0 ? result->bid_price : 0;
    uint64_t ask = (result->flags & LL_RESULT_HAS_ASK) != 0 ? result->ask_price : 0;
    if (bid == quote->bid && ask == quote->ask)
        return;
    quote->bid = bid;
    quote->ask = ask;
    if (bid != 0 && ask != 0)
        ll_instruments_reference(&oms->instruments, instrument, LL_REFERENCE_MID, (bid + ask) / 2, time_ns);
    oms->market_moved |= oms->control->watch_first != LL_OMS_NONE;
}

/* The sooner of two times that are still to come. */
static uint64_t ll_oms_sooner(uint64_t next_ns, uint64_t again_ns, uint64_t now_ns)
{
    return again_ns > now_ns && again_ns < next_ns ? again_ns : next_ns;
}

/* A stop that could not leave is looked at again although the market stands still. */
static bool ll_oms_trigger_due(struct ll_oms *oms, uint64_t now_ns, struct ll_record_action *action)
{
    if (!oms->market_moved && now_ns < oms->watch_again_ns)
        return false;
    uint64_t next_ns = now_ns + oms->config.retry_ns;
    for (uint32_t order = oms->control->watch_first; order != LL_OMS_NONE;
         order = oms->orders[order].watch_next) {
        const struct ll_oms_order *entry = &oms->orders[order];
        next_ns = ll_oms_sooner(next_ns, entry->stoploss.again_ns, now_ns);
        next_ns = ll_oms_sooner(next_ns, entry->takeprofit.again_ns, now_ns);
        uint64_t price = ll_oms_exit_price(oms, entry);
        bool loss = ll_oms_is_hit(entry, price, &entry->stoploss, true, now_ns);
        if (!ll_oms_is_open(oms, entry->session) ||
            (!loss && !ll_oms_is_hit(entry, price, &entry->takeprofit, false, now_ns)))
            continue;
        action->action = loss ? LL_ACTION_TRIGGER_STOPLOSS : LL_ACTION_TRIGGER_TAKEPROFIT;
        action->order = order;
        action->id = loss ? entry->stoploss.id : entry->takeprofit.id;
        action->price = price;
        return true;
    }
    oms->market_moved = false;
    oms->watch_again_ns = next_ns;
    return false;
}

void ll_oms_watch_on(struct ll_oms *oms, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    LL_ASSERT(!entry->is_watched);
    entry->is_watched = true;
    entry->watch_previous = LL_OMS_NONE;
    entry->watch_next = oms->control->watch_first;
    if (entry->watch_next != LL_OMS_NONE)
        oms->orders[entry->watch_next].watch_previous = order;
    oms->control->watch_first = order;
}

void ll_oms_watch_off(struct ll_oms *oms, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    if (!entry->is_watched || entry->stoploss.id != LL_OMS_NONE || entry->takeprofit.id != LL_OMS_NONE)
        return;
    entry->is_watched = false;
    if (entry->watch_previous == LL_OMS_NONE)
        oms->control->watch_first = entry->watch_next;
    else
        oms->orders[entry->watch_previous].watch_next = entry->watch_next;
    if (entry->watch_next != LL_OMS_NONE)
        oms->orders[entry->watch_next].watch_previous = entry->watch_previous;
}

/* --- Time ------------------------------------------------------------------------------------------------ */

static bool ll_oms_timer_due(struct ll_oms *oms, uint64_t now_ns, struct ll_record_action *action)
{
    uint64_t due_ns = 0;
    uint32_t order = ll_timers_first(&oms->timers, &due_ns);
    if (order == LL_TIMER_NONE || due_ns > now_ns)
        return false;
    action->action = oms->orders[order].state == LL_ORDER_FAILED ? LL_ACTION_RETRY : LL_ACTION_TIMEOUT;
    action->session = oms->orders[order].session;
    action->order = order;
    return true;
}

bool ll_oms_is_killed(const struct ll_oms *oms, const struct ll_oms_order *entry)
{
    return ll_risk_is_killed(&oms->risk, LL_KILL_FIRM, 0) ||
           ll_risk_is_killed(&oms->risk, LL_KILL_ACCOUNT, entry->account) ||
           ll_risk_is_killed(&oms->risk, LL_KILL_STRATEGY, entry->strategy) ||
           ll_risk_is_killed(&oms->risk, LL_KILL_SYMBOL, entry->instrument);
}

/* --- Sweeps over the live orders --------------------------------------------------------------------------- */

/* Sessions whose flight had no room for all cancels of a latch: when half of it is free, all is looked at again. */
static void ll_oms_kill_again(struct ll_oms *oms)
{
    if (oms->kill_again == 0 || oms->control->kill_cursor != LL_OMS_NONE)
        return;
    for (uint8_t session = 0; session < LL_OMS_SESSIONS_MAX; session++) {
        if (((uint32_t)oms->kill_again >> session & 1u) == 0 ||
            ll_oms_in_flight(oms, session) > LL_OMS_FLIGHT / 2)
            continue;
        oms->kill_again = 0;
        oms->control->kill_cursor = oms->control->live_first;
        return;
    }
}

/* The cursors only say where to look next. They belong to no state: a replay starts them anew. */
static bool ll_oms_kill_due(struct ll_oms *oms, struct ll_record_action *action)
{
    ll_oms_kill_again(oms);
    while (oms->control->kill_cursor != LL_OMS_NONE) {
        uint32_t order = oms->control->kill_cursor;
        const struct ll_oms_order *entry = &oms->orders[order];
        oms->control->kill_cursor = entry->live_next;
        if (entry->request != LL_REQUEST_NONE || !ll_oms_is_killed(oms, entry) ||
            (entry->state != LL_ORDER_FAILED && !ll_oms_is_open(oms, entry->session)))
            continue;
        if (entry->state != LL_ORDER_FAILED && !ll_oms_flight_room(oms, entry->session)) {
            oms->kill_again |= (uint8_t)(1u << entry->session);
            continue;
        }
        action->action = LL_ACTION_KILL_CANCEL;
        action->session = entry->session;
        action->order = order;
        return true;
    }
    return false;
}

static bool ll_oms_is_past(const struct ll_oms *oms, const struct ll_oms_order *entry)
{
    const struct ll_oms_session *link = &oms->control->sessions[entry->session];
    return link->state == LL_OMS_SESSION_ENDED || entry->generation != link->generation;
}

static bool ll_oms_expire_due(struct ll_oms *oms, struct ll_record_action *action)
{
    while (oms->control->expire_cursor != LL_OMS_NONE) {
        uint32_t order = oms->control->expire_cursor;
        const struct ll_oms_order *entry = &oms->orders[order];
        oms->control->expire_cursor = entry->live_next;
        if (!ll_oms_is_past(oms, entry))
            continue;
        action->action = LL_ACTION_EXPIRE;
        action->session = entry->session;
        action->order = order;
        return true;
    }
    return false;
}

bool ll_oms_due(struct ll_oms *oms, uint64_t now_ns, struct ll_record_action *action)
{
    memset(action, 0, sizeof *action);
    action->id = LL_OMS_NONE;
    return ll_oms_link_due(oms, action) || ll_oms_kill_due(oms, action) || ll_oms_expire_due(oms, action) ||
           ll_oms_timer_due(oms, now_ns, action) || ll_oms_trigger_due(oms, now_ns, action);
}

/* --- Done ------------------------------------------------------------------------------------------------- */

/* The position goes out at the market. What cannot leave now is tried again after a while. */
static void ll_oms_trigger(struct ll_oms *oms, const struct ll_record_action *action)
{
    struct ll_oms_order *entry = &oms->orders[action->order];
    struct ll_oms_stop *stop =
        action->action == LL_ACTION_TRIGGER_STOPLOSS ? &entry->stoploss : &entry->takeprofit;
    struct ll_oms_new exit_order = {.type = LL_TYPE_MARKET,
                                    .time_in_force = LL_TIF_IOC,
                                    .expected_price = action->price,
                                    .client = entry->client};
    struct ll_oms_refusal refusal = {.code = LL_REFUSAL_NONE, .order = LL_OMS_NONE};
    bool existing = false;
    if (stop->id != action->id || stop->closer != LL_OMS_NONE)
        return;
    stop->again_ns = oms->time_ns + oms->config.retry_ns;
    uint32_t closer = ll_oms_close_order(oms, action->order, stop->id, 0, &exit_order, &refusal, &existing);
    if (refusal.code != LL_REFUSAL_NONE || existing) {
        /* What is still to be bought must not be sold to ourselves: that part is taken back first. */
        if (refusal.code == LL_REFUSAL_SELF_TRADE && refusal.order == action->order)
            ll_oms_cancel_order(oms, action->order, 0, &(struct ll_oms_refusal){.code = LL_REFUSAL_NONE});
        struct ll_client_event *event = ll_oms_news(oms, LL_CLIENT_REQUEST_FAILED, action->order);
        event->refusal = refusal.code;
        event->limit = refusal.limit;
        event->value = refusal.value;
        return;
    }
    stop->closer = closer;
    if (!ll_oms_is_working(&oms->orders[closer]))
        ll_oms_stop_ended(oms, closer);
    oms->control->counters.triggers++;
    ll_oms_news(oms, LL_CLIENT_TRIGGERED, action->order)->last_price = action->price;
}

/* A stop's exit order has ended: the position is closed, or the stop waits for the market again. An order with stops of
 * its own that has ended stands in the way of none any more. */
void ll_oms_stop_ended(struct ll_oms *oms, uint32_t order)
{
    uint32_t target = oms->orders[order].parent;
    struct ll_oms_order *entry = &oms->orders[order];
    entry->stoploss.again_ns = 0;
    entry->takeprofit.again_ns = 0;
    oms->market_moved |= entry->is_watched;
    if (target == LL_OMS_NONE)
        return;
    struct ll_oms_order *parent = &oms->orders[target];
    struct ll_oms_stop *stops[] = {&parent->stoploss, &parent->takeprofit};
    /* A close that filled nothing came to nothing. */
    if (entry->parent_id != LL_OMS_NONE && entry->cumulative == 0 &&
        oms->ids[entry->parent_id].type == LL_ID_CLOSE)
        ll_oms_id_status(oms, entry->parent_id, LL_ID_STATUS_CANCELLED);
    for (uint32_t i = 0; i < 2; i++) {
        if (stops[i]->closer != order)
            continue;
        stops[i]->closer = LL_OMS_NONE;
        stops[i]->again_ns = oms->time_ns + oms->config.retry_ns;
        oms->watch_again_ns = ll_oms_sooner(oms->watch_again_ns, stops[i]->again_ns, oms->time_ns);
        if (parent->closed >= parent->cumulative && !ll_oms_is_working(parent))
            *stops[i] = (struct ll_oms_stop){0, LL_OMS_NONE, LL_OMS_NONE, 0};
    }
    ll_oms_watch_off(oms, target);
}

static void ll_oms_end_by(struct ll_oms *oms, uint32_t order, uint8_t op)
{
    ll_oms_ask_key(ll_oms_ask(oms, op), oms->ids[oms->orders[order].order_id].key);
    ll_oms_order_answered(oms, order, ll_oms_ask_run(oms));
    (void)ll_oms_news(oms, LL_CLIENT_ORDER, order);
}

static void ll_oms_retry(struct ll_oms *oms, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    if (entry->state != LL_ORDER_FAILED)
        return;
    if (entry->time_in_force == LL_TIF_GTD && entry->expire_ns <= oms->time_ns) {
        ll_oms_end_by(oms, order, LL_LIFE_OP_EXPIRE);
        return;
    }
    if (!ll_oms_is_open(oms, entry->session) || !ll_oms_number_room(oms, entry->session) ||
        ll_oms_is_killed(oms, entry) || ll_risk_strategy_is_disabled(&oms->risk, entry->strategy)) {
        ll_timers_set(&oms->timers, order, oms->time_ns + oms->config.retry_ns);
        return;
    }
    /* A full table stays full: there will never be a number to try it under. */
    if (!ll_oms_can_pay(oms, order) || !ll_oms_ids_room(oms, 1, 0)) {
        ll_oms_end_by(oms, order, LL_LIFE_OP_REJECT);
        return;
    }
    ll_oms_ask_key(ll_oms_ask(oms, LL_LIFE_OP_RETRY), oms->ids[entry->order_id].key);
    ll_oms_order_answered(oms, order, ll_oms_ask_run(oms));
    oms->control->counters.retries++;
    ll_oms_submit(oms, order);
}

static void ll_oms_expire(struct ll_oms *oms, uint32_t order)
{
    if (ll_oms_is_past(oms, &oms->orders[order]))
        ll_oms_end_by(oms, order, LL_LIFE_OP_EXPIRE);
}

void ll_oms_action(struct ll_oms *oms, const struct ll_record_action *action, uint64_t time_ns)
{
    struct ll_oms_refusal ignored = {.code = LL_REFUSAL_NONE, .order = LL_OMS_NONE};
    LL_ASSERT(action->order < oms->control->order_count);
    ll_oms_begin(oms, time_ns);
    (void)ll_record_batch_write(oms->batch, LL_RECORD_ACTION, 0, time_ns, action, sizeof *action);
    switch (action->action) {
    case LL_ACTION_TRIGGER_STOPLOSS:
    case LL_ACTION_TRIGGER_TAKEPROFIT:
        ll_oms_trigger(oms, action);
        break;
    case LL_ACTION_TIMEOUT:
        ll_oms_timed_out(oms, action->order);
        break;
    case LL_ACTION_RETRY:
        ll_oms_retry(oms, action->order);
        break;
    case LL_ACTION_RESEND:
        ll_oms_resend(oms, action->order);
        break;
    case LL_ACTION_KILL_CANCEL:
        ll_oms_cancel_order(oms, action->order, 0, &ignored);
        break;
    case LL_ACTION_EXPIRE:
        ll_oms_expire(oms, action->order);
        break;
    default:
        ll_oms_unanswered(oms, action->order);
        break;
    }
}
