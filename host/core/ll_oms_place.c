/* SPDX-License-Identifier: Apache-2.0 */
/* A new order, from its identifiers to its first message. */
#include "host/base/ll_assert.h"
#include "host/core/ll_oms_state.h"

#include <string.h>

/* Identifiers an order needs before it is sent: its own, the client's key, its link at the venue, two stops. */
#define LL_OMS_PLACE_IDS   5u
#define LL_OMS_PLACE_TEXTS 4u

/* What an order of this side must not meet: a resting one of the same account at a price they would trade at. */
static uint32_t ll_oms_self_trade(const struct ll_oms *oms, const struct ll_oms_new *new_order)
{
    const struct ll_risk_tally *own = ll_risk_position(&oms->risk, new_order->account, new_order->instrument);
    uint64_t against_lots = 0;
    if (own != NULL)
        against_lots = new_order->side == LL_ORDER_BUY ? own->open_sell_lots : own->open_buy_lots;
    /* Nearly always the account has nothing on the other side, and then nobody need be looked at. */
    uint32_t peer = against_lots == 0 ? LL_OMS_NONE : oms->peers[new_order->instrument];
    while (peer != LL_OMS_NONE) {
        const struct ll_oms_order *other = &oms->orders[peer];
        if (other->account == new_order->account && ll_order_is_live(other->state) != 0 &&
            ll_risk_would_cross(new_order->side, new_order->type, new_order->price, other->side,
                                other->price))
            return peer;
        peer = other->peer_next;
    }
    return LL_OMS_NONE;
}

/* An order that was asked for before, or that stands in the way of a second one; LL_OMS_NONE = none. */
static uint32_t ll_oms_existing(struct ll_oms *oms, const struct ll_oms_new *new_order)
{
    if (new_order->client_key.bytes_count != 0) {
        const struct ll_life_answer *answer = ll_oms_find(oms, new_order->account, new_order->client_key);
        if (answer != NULL)
            return answer->order;
    }
    const struct ll_guard_key key =
        ll_oms_guard_key(new_order->instrument, new_order->account, new_order->side, new_order->flags);
    return ll_guard_existing(&oms->guard, &oms->limits, key);
}

static void ll_oms_check_new(struct ll_oms *oms, const struct ll_oms_new *new_order,
                             struct ll_oms_refusal *refusal)
{
    if (new_order->type > LL_TYPE_MARKET || new_order->time_in_force == LL_TIF_GTC) {
        refusal->code = LL_REFUSAL_UNSUPPORTED;
    } else if (new_order->time_in_force == LL_TIF_GTD && new_order->expire_ns <= oms->time_ns) {
        refusal->code = LL_REFUSAL_MALFORMED; /* its time is over already */
        refusal->limit = oms->time_ns;
        refusal->value = new_order->expire_ns;
    } else if (oms->control->order_count == oms->config.orders ||
               !ll_oms_ids_room(oms, LL_OMS_PLACE_IDS, LL_OMS_PLACE_TEXTS)) {
        refusal->code = LL_REFUSAL_TABLE_FULL;
    } else if (!ll_oms_is_open(oms, new_order->session) || !ll_oms_number_room(oms, new_order->session)) {
        refusal->code = LL_REFUSAL_NOT_OPEN;
    } else if (new_order->instrument != LL_INSTRUMENT_NONE) {
        refusal->order = ll_oms_self_trade(oms, new_order);
        if (refusal->order != LL_OMS_NONE)
            refusal->code = LL_REFUSAL_SELF_TRADE;
    }
}

/* The order id itself must be nobody's. */
static void ll_oms_check_order_id(struct ll_oms *oms, const struct ll_oms_new *new_order,
                                  struct ll_oms_refusal *refusal)
{
    if (new_order->order_id.bytes_count == 0)
        return;
    const struct ll_life_answer *answer = ll_oms_find(oms, LL_OMS_NONE, new_order->order_id);
    if (answer == NULL)
        return;
    refusal->code = LL_REFUSAL_ID_TAKEN;
    refusal->order = answer->order;
}

static uint32_t ll_oms_fill_in(struct ll_oms *oms, const struct ll_oms_new *new_order)
{
    uint32_t order = oms->control->order_count;
    struct ll_oms_order *entry = &oms->orders[order];
    memset(entry, 0, sizeof *entry);
    entry->price = new_order->price;
    entry->expected_price = new_order->expected_price;
    entry->created_ns = oms->time_ns;
    entry->updated_ns = oms->time_ns;
    entry->expire_ns = new_order->expire_ns;
    entry->request_client = new_order->request;
    entry->request_id = LL_OMS_NONE;
    entry->request_link = LL_OMS_NONE;
    entry->quantity = (uint32_t)new_order->quantity;
    entry->leaves = (uint32_t)new_order->quantity;
    entry->account = new_order->account;
    entry->user = new_order->user;
    entry->strategy = new_order->strategy;
    entry->instrument = new_order->instrument;
    entry->parent = new_order->parent;
    entry->parent_id = new_order->parent_id;
    entry->first_id = LL_OMS_NONE;
    entry->last_id = LL_OMS_NONE;
    entry->client = new_order->client;
    entry->stoploss = (struct ll_oms_stop){0, LL_OMS_NONE, LL_OMS_NONE, 0};
    entry->takeprofit = (struct ll_oms_stop){0, LL_OMS_NONE, LL_OMS_NONE, 0};
    entry->max_slippage_bps = new_order->max_slippage_bps;
    entry->state = LL_ORDER_PENDING;
    entry->side = new_order->side;
    entry->type = new_order->type;
    entry->time_in_force = new_order->time_in_force;
    entry->flags = new_order->flags;
    entry->session = new_order->session;
    entry->max_attempts = new_order->max_attempts == 0 ? LL_OMS_ATTEMPTS_DEFAULT : new_order->max_attempts;
    return order;
}

/* Opens the order in the kernel under its own id and the client's key; false = no room there. */
static bool ll_oms_open(struct ll_oms *oms, const struct ll_oms_new *new_order, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    uint32_t order_id = new_order->order_id.bytes_count == 0
                            ? ll_oms_id_generate(oms, LL_ID_ORDER)
                            : ll_oms_id_text(oms, LL_ID_ORDER, LL_OMS_NONE, new_order->order_id);
    struct ll_life_ask *ask = ll_oms_ask(oms, LL_LIFE_OP_OPEN);
    ll_oms_ask_key(ask, oms->ids[order_id].key);
    ask->id = order_id;
    ask->order = order;
    ask->quantity = entry->quantity;
    if (ll_oms_ask_run(oms)->verdict != LL_VERDICT_OK) {
        ll_oms_id_drop(oms, order_id);
        return false;
    }
    oms->control->order_count++;
    entry->order_id = order_id;
    ll_oms_id_attach(oms, order_id, order);
    if (new_order->client_key.bytes_count != 0) {
        uint32_t key_id = ll_oms_id_text(oms, LL_ID_CLIENT_KEY, new_order->account, new_order->client_key);
        ll_oms_ask_add(oms, key_id, order, 0);
        if (ll_oms_ask_run(oms)->verdict == LL_VERDICT_OK) {
            ll_oms_id_attach(oms, key_id, order);
        } else { /* a repeat of it would not be seen: it does not leave */
            ll_oms_id_drop(oms, key_id);
            entry->attempts = entry->max_attempts;
        }
    }
    return true;
}

uint32_t ll_oms_place(struct ll_oms *oms, const struct ll_oms_new *new_order, struct ll_oms_refusal *refusal,
                      bool *existing)
{
    uint32_t order = ll_oms_existing(oms, new_order);
    *existing = order != LL_OMS_NONE;
    if (*existing)
        return order;
    ll_oms_check_new(oms, new_order, refusal);
    if (refusal->code == LL_REFUSAL_NONE)
        ll_oms_check_order_id(oms, new_order, refusal);
    if (refusal->code != LL_REFUSAL_NONE)
        return LL_OMS_NONE;
    order = ll_oms_fill_in(oms, new_order);
    ll_oms_reserve(oms, order, new_order->quantity, refusal);
    if (refusal->code != LL_REFUSAL_NONE)
        return LL_OMS_NONE;
    if (!ll_oms_open(oms, new_order, order)) {
        ll_oms_unreserve(oms, order);
        refusal->code = LL_REFUSAL_TABLE_FULL;
        return LL_OMS_NONE;
    }
    oms->control->counters.orders++;
    ll_oms_list(oms, order);
    if (oms->orders[order].attempts == 0)
        ll_oms_submit(oms, order);
    else
        ll_oms_fail(oms, order);
    return order;
}

uint32_t ll_oms_seconds_left(const struct ll_oms *oms, const struct ll_oms_order *entry)
{
    if (entry->time_in_force != LL_TIF_GTD || entry->expire_ns <= oms->time_ns)
        return 0;
    uint64_t seconds = (entry->expire_ns - oms->time_ns) / UINT64_C(1000000000);
    return seconds == 0 ? 1 : (uint32_t)(seconds < UINT32_MAX ? seconds : UINT32_MAX);
}

/* Gives the order a link of its own and sends it. */
void ll_oms_submit(struct ll_oms *oms, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    entry->attempts++;
    entry->generation = oms->control->sessions[entry->session].generation;
    entry->number = ll_oms_next_number(oms, entry->session, entry->side);
    uint32_t id =
        ll_oms_id_number(oms, LL_ID_PROVIDER_REF, LL_KEY_PROVIDER_REF, entry->session, entry->number);
    ll_oms_ask_add(oms, id, order, 0);
    ll_oms_ask_key(ll_oms_ask(oms, LL_LIFE_OP_SUBMIT), oms->ids[entry->order_id].key);
    const struct ll_life_answer link = ll_oms_ask_run(oms)[0];
    const struct ll_life_answer submitted = oms->answers[1];
    ll_oms_id_answered(oms, id, &link);
    if (link.verdict == LL_VERDICT_OK)
        ll_oms_id_attach(oms, id, order);
    else
        ll_oms_id_drop(oms, id);
    ll_oms_order_answered(oms, order, &submitted);
    if (link.verdict != LL_VERDICT_OK) { /* what the venue would say of it could not be matched: not sent */
        entry->attempts = entry->max_attempts;
        ll_oms_fail(oms, order);
        return;
    }
    entry->expire_s = ll_oms_seconds_left(oms, entry);
    ll_oms_send_enter(oms, order);
    (void)ll_oms_news(oms, LL_CLIENT_ORDER, order);
}

/* Lots that exit orders of `target` may still fill. */
static uint64_t ll_oms_closing(const struct ll_oms *oms, uint32_t target)
{
    uint64_t lots = 0;
    uint32_t peer = oms->peers[oms->orders[target].instrument];
    for (; peer != LL_OMS_NONE; peer = oms->orders[peer].peer_next)
        if (oms->orders[peer].parent == target)
            lots += oms->orders[peer].quantity - oms->orders[peer].cumulative;
    return lots;
}

/* An exit order for what `target` has filled, the other way round. One that the policy lets exist alone is found before
 * its quantity is looked at. */
uint32_t ll_oms_close_order(struct ll_oms *oms, uint32_t target, uint32_t id, uint64_t quantity,
                            struct ll_oms_new *exit_order, struct ll_oms_refusal *refusal, bool *existing)
{
    const struct ll_oms_order *entry = &oms->orders[target];
    uint64_t open_position = entry->cumulative > entry->closed ? entry->cumulative - entry->closed : 0;
    exit_order->quantity = quantity;
    exit_order->account = entry->account;
    exit_order->user = entry->user;
    exit_order->strategy = entry->strategy;
    exit_order->instrument = entry->instrument;
    exit_order->session = entry->session;
    exit_order->side = entry->side == LL_ORDER_BUY ? LL_ORDER_SELL : LL_ORDER_BUY;
    exit_order->flags |= LL_COMMAND_EXIT;
    exit_order->parent = target;
    exit_order->parent_id = id;
    uint32_t other = ll_oms_existing(oms, exit_order);
    *existing = other != LL_OMS_NONE;
    if (*existing)
        return other;
    uint64_t closing = ll_oms_closing(oms, target);
    open_position -= closing < open_position ? closing : open_position;
    if (quantity == 0)
        exit_order->quantity = open_position;
    if (exit_order->quantity > open_position || open_position == 0) {
        refusal->code = LL_REFUSAL_BAD_QUANTITY;
        refusal->limit = open_position;
        refusal->value = exit_order->quantity;
        return LL_OMS_NONE;
    }
    return ll_oms_place(oms, exit_order, refusal, existing);
}
