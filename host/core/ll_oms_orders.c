/* SPDX-License-Identifier: Apache-2.0 */
#include "hls/ll_hash.h"
#include "host/base/ll_assert.h"
#include "host/core/ll_oms_state.h"

#include <string.h>

/* --- Lists of live orders -------------------------------------------------------------------------------- */

bool ll_oms_is_working(const struct ll_oms_order *order)
{
    return ll_order_is_live(order->state) != 0 || order->state == LL_ORDER_FAILED;
}

void ll_oms_list(struct ll_oms *oms, uint32_t order)
{
    struct ll_oms_control *control = oms->control;
    struct ll_oms_order *entry = &oms->orders[order];
    LL_ASSERT(!entry->is_listed);
    entry->is_listed = true;
    entry->live_next = LL_OMS_NONE;
    entry->live_previous = control->live_last;
    if (control->live_last == LL_OMS_NONE)
        control->live_first = order;
    else
        oms->orders[control->live_last].live_next = order;
    control->live_last = order;
    uint32_t *head = &oms->peers[entry->instrument];
    entry->peer_next = *head;
    entry->peer_previous = LL_OMS_NONE;
    if (*head != LL_OMS_NONE)
        oms->orders[*head].peer_previous = order;
    *head = order;
    control->live_count++;
}

void ll_oms_unlist(struct ll_oms *oms, uint32_t order)
{
    struct ll_oms_control *control = oms->control;
    struct ll_oms_order *entry = &oms->orders[order];
    LL_ASSERT(entry->is_listed);
    entry->is_listed = false;
    /* Whoever walks the list goes on behind the one that leaves it. */
    if (control->kill_cursor == order)
        control->kill_cursor = entry->live_next;
    if (control->expire_cursor == order)
        control->expire_cursor = entry->live_next;
    if (entry->live_previous == LL_OMS_NONE)
        control->live_first = entry->live_next;
    else
        oms->orders[entry->live_previous].live_next = entry->live_next;
    if (entry->live_next == LL_OMS_NONE)
        control->live_last = entry->live_previous;
    else
        oms->orders[entry->live_next].live_previous = entry->live_previous;
    if (entry->peer_previous == LL_OMS_NONE)
        oms->peers[entry->instrument] = entry->peer_next;
    else
        oms->orders[entry->peer_previous].peer_next = entry->peer_next;
    if (entry->peer_next != LL_OMS_NONE)
        oms->orders[entry->peer_next].peer_previous = entry->peer_previous;
    control->live_count--;
}

/* --- What the kernel says -------------------------------------------------------------------------------- */

/* An order has ended: what it held is free again, and nothing is asked of the venue any more. */
static void ll_oms_end(struct ll_oms *oms, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    const struct ll_guard_key key =
        ll_oms_guard_key(entry->instrument, entry->account, entry->side, entry->flags);
    ll_oms_answered(oms, order, 0, LL_REQUEST_ENTER);
    ll_oms_request_over(oms, order, true);
    if (entry->hold.open_lots != 0)
        ll_risk_release(&oms->risk, &entry->hold, entry->hold.open_lots);
    ll_guard_end(&oms->guard, key, order);
    ll_timers_clear(&oms->timers, order);
    /* The public feed may still have to tell of fills that we know already. */
    if (entry->exchange_ref != 0 && (!entry->public_seen || entry->public_executed >= entry->added))
        ll_oms_drop_ref(oms, entry->exchange_ref);
    oms->control->counters.ended[entry->state]++;
    ll_oms_unlist(oms, order);
    ll_oms_stop_ended(oms, order);
}

void ll_oms_order_answered(struct ll_oms *oms, uint32_t order, const struct ll_life_answer *answer)
{
    struct ll_oms_order *entry = &oms->orders[order];
    entry->state = answer->state_after;
    entry->quantity = answer->quantity;
    entry->leaves = answer->leaves;
    entry->cumulative = answer->cumulative;
    entry->updated_ns = oms->time_ns;
    if (!ll_oms_is_working(entry) && entry->is_listed)
        ll_oms_end(oms, order);
    ll_oms_align(oms, order);
}

/* --- News ------------------------------------------------------------------------------------------------ */

void ll_oms_fill_event(const struct ll_oms *oms, struct ll_client_event *event, uint32_t order)
{
    const struct ll_oms_order *entry = &oms->orders[order];
    event->order = order;
    event->state = entry->state;
    event->quantity = entry->quantity;
    event->leaves = entry->leaves;
    event->cumulative = entry->cumulative;
    event->price = entry->price;
    const struct ll_oms_id *identifier = &oms->ids[entry->order_id];
    event->order_id_bytes = identifier->text_bytes;
    memcpy(event->order_id, oms->texts[identifier->text], identifier->text_bytes);
}

struct ll_client_event *ll_oms_event_push(struct ll_oms *oms)
{
    /* Nobody waits for news of what a journal tells. */
    bool full = oms->event_head - oms->event_tail == LL_OMS_EVENTS;
    if (oms->replaying || full) {
        oms->events_dropped += full;
        memset(&oms->discarded, 0, sizeof oms->discarded);
        return &oms->discarded;
    }
    struct ll_oms_event *slot = &oms->events[oms->event_head++ % LL_OMS_EVENTS];
    memset(slot, 0, sizeof *slot);
    slot->event_id = oms->control->event_id;
    slot->event.event_id = oms->control->event_id;
    slot->event.time_ns = oms->time_ns;
    slot->event.order = LL_OMS_NONE;
    return &slot->event;
}

struct ll_client_event *ll_oms_news(struct ll_oms *oms, uint8_t kind, uint32_t order)
{
    struct ll_client_event *event = ll_oms_event_push(oms);
    event->kind = kind;
    event->client = oms->orders[order].client;
    ll_oms_fill_event(oms, event, order);
    return event;
}

const struct ll_oms_event *ll_oms_event_peek(const struct ll_oms *oms)
{
    return oms->event_head == oms->event_tail ? NULL : &oms->events[oms->event_tail % LL_OMS_EVENTS];
}

void ll_oms_event_pop(struct ll_oms *oms)
{
    LL_ASSERT(oms->event_tail < oms->event_head);
    oms->event_tail++;
}

/* --- Own orders in the public feed ------------------------------------------------------------------------ */

/* Open addressing with linear probing: the table has several places per live order, and is asked for every message of
 * the public feed. A reference that leaves draws those behind it forward, so that there are no marks of the dead. */
static uint32_t ll_oms_ref_home(const struct ll_oms *oms, uint64_t exchange_ref)
{
    return ll_hash_ref(exchange_ref, oms->config.hash_seed) & oms->own_mask;
}

static uint32_t ll_oms_ref_place(const struct ll_oms *oms, uint64_t exchange_ref)
{
    uint32_t at = ll_oms_ref_home(oms, exchange_ref);
    while (oms->own_refs[at] != 0 && oms->own_refs[at] != exchange_ref)
        at = (at + 1) & oms->own_mask;
    return at;
}

uint32_t ll_oms_find_ref(const struct ll_oms *oms, uint64_t exchange_ref)
{
    uint32_t at = ll_oms_ref_place(oms, exchange_ref);
    return oms->own_refs[at] == 0 ? LL_OMS_NONE : oms->own_orders[at];
}

void ll_oms_drop_ref(struct ll_oms *oms, uint64_t exchange_ref)
{
    uint32_t hole = ll_oms_ref_place(oms, exchange_ref);
    if (oms->own_refs[hole] == 0)
        return;
    oms->control->own_count--;
    for (uint32_t at = (hole + 1) & oms->own_mask; oms->own_refs[at] != 0; at = (at + 1) & oms->own_mask) {
        uint32_t home = ll_oms_ref_home(oms, oms->own_refs[at]);
        if (((at - home) & oms->own_mask) < ((at - hole) & oms->own_mask))
            continue; /* it would come to stand before its home */
        oms->own_refs[hole] = oms->own_refs[at];
        oms->own_orders[hole] = oms->own_orders[at];
        hole = at;
    }
    oms->own_refs[hole] = 0;
}

void ll_oms_own_ref(struct ll_oms *oms, uint32_t order, uint64_t exchange_ref)
{
    struct ll_oms_order *entry = &oms->orders[order];
    if (entry->exchange_ref != 0)
        ll_oms_drop_ref(oms, entry->exchange_ref);
    entry->exchange_ref = exchange_ref;
    /* Half full at most: beyond it the public feed's view of an order is given up, not the order. */
    if (exchange_ref == 0 || !entry->is_listed || oms->control->own_count > oms->own_mask / 2)
        return;
    uint32_t at = ll_oms_ref_place(oms, exchange_ref);
    oms->control->own_count += oms->own_refs[at] == 0;
    oms->own_refs[at] = exchange_ref;
    oms->own_orders[at] = order;
}

bool ll_oms_public(struct ll_oms *oms, uint64_t exchange_ref, uint32_t executed, bool gone)
{
    if (oms->control->own_count == 0)
        return false;
    uint32_t order = ll_oms_find_ref(oms, exchange_ref);
    if (order == LL_OMS_NONE)
        return false;
    struct ll_oms_order *entry = &oms->orders[order];
    entry->public_seen = true;
    if (executed != 0) {
        entry->public_executed += executed;
        oms->control->counters.public_first += entry->public_executed > entry->added;
    }
    if (!entry->is_listed && (gone || entry->public_executed >= entry->added))
        ll_oms_drop_ref(oms, exchange_ref);
    return true;
}

/* A fill of what stood in the public book: the public feed tells of it too, sooner or later. */
void ll_oms_private(struct ll_oms *oms, uint32_t order, uint32_t lots)
{
    struct ll_oms_order *entry = &oms->orders[order];
    entry->added += lots;
    oms->control->counters.private_first += entry->added > entry->public_executed;
}

void ll_oms_feeds(const struct ll_oms *oms, uint32_t *seen, uint32_t *differ)
{
    *seen = 0;
    *differ = 0;
    for (uint32_t order = 0; order < oms->control->order_count; order++) {
        const struct ll_oms_order *entry = &oms->orders[order];
        *seen += entry->public_seen;
        *differ += entry->public_seen && entry->public_executed != entry->added;
    }
}

/* --- Reading --------------------------------------------------------------------------------------------- */

uint32_t ll_oms_order_count(const struct ll_oms *oms)
{
    return oms->control->order_count;
}

uint32_t ll_oms_live_count(const struct ll_oms *oms)
{
    return oms->control->live_count;
}

void ll_oms_order(const struct ll_oms *oms, uint32_t order, struct ll_oms_view *view)
{
    LL_ASSERT(order < oms->control->order_count);
    const struct ll_oms_order *entry = &oms->orders[order];
    memset(view, 0, sizeof *view);
    view->order = order;
    view->account = entry->account;
    view->instrument = entry->instrument;
    view->parent = entry->parent;
    view->quantity = entry->quantity;
    view->leaves = entry->leaves;
    view->cumulative = entry->cumulative;
    view->price = entry->price;
    view->notional = entry->notional;
    view->exchange_ref = entry->exchange_ref;
    view->created_ns = entry->created_ns;
    view->updated_ns = entry->updated_ns;
    view->next_retry_ns = entry->state == LL_ORDER_FAILED ? entry->retry_ns : 0;
    view->state = entry->state;
    view->side = entry->side;
    view->attempts = entry->attempts;
    view->session = entry->session;
    view->last_error = entry->last_error;
    view->request_outstanding = entry->request != LL_REQUEST_NONE;
    view->working = ll_oms_is_working(entry);
    view->number = entry->number;
    view->exit = (entry->flags & LL_COMMAND_EXIT) != 0;
    memcpy(view->symbol, ll_instruments_at(&oms->instruments, entry->instrument)->symbol, LL_SYMBOL_BYTES);
}
