/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Provider sessions: what leaves, what is unanswered, and what is done about it.
 *
 * Every request that leaves stands in the session's flight until it is answered. OUCH passes over in silence what it
 * does not like (a replace of a filled order, a cancel too late, a number out of order), so silence proves
 * nothing. What does: messages of one port are worked in order, and so the answer to an account query comes
 * behind the answers to all that was sent before it. A request still unanswered then was passed over, if its
 * number is below the one the venue would take next; if it is not, the venue never saw it, and the same bytes
 * may go again: a number is taken once only.
 */
#include "host/base/ll_assert.h"
#include "host/core/ll_oms_state.h"
#include "host/wire/ll_ouch.h"

#include <string.h>

static struct ll_oms_flight *ll_oms_flight_at(struct ll_oms_session *session, uint64_t position)
{
    return &session->flight[position % LL_OMS_FLIGHT];
}

bool ll_oms_flight_room(const struct ll_oms *oms, uint8_t session)
{
    const struct ll_oms_session *link = &oms->control->sessions[session];
    return link->flight_next - link->flight_first < LL_OMS_FLIGHT;
}

/* The venue may say that it would take the last number next. */
bool ll_oms_number_room(const struct ll_oms *oms, uint8_t session)
{
    return ll_oms_flight_room(oms, session) && oms->control->sessions[session].next_number < UINT32_MAX;
}

bool ll_oms_is_open(const struct ll_oms *oms, uint8_t session)
{
    return session < LL_OMS_SESSIONS_MAX && oms->control->sessions[session].state == LL_OMS_SESSION_OPEN &&
           !oms->control->sessions[session].day_over;
}

bool ll_oms_is_ended(const struct ll_oms *oms, uint8_t session)
{
    return oms->control->sessions[session].state == LL_OMS_SESSION_ENDED;
}

uint64_t ll_oms_connection(const struct ll_oms *oms, uint8_t session)
{
    return oms->control->sessions[session].connections;
}

uint64_t ll_oms_in_flight(const struct ll_oms *oms, uint8_t session)
{
    const struct ll_oms_session *link = &oms->control->sessions[session];
    LL_ASSERT(session < LL_OMS_SESSIONS_MAX);
    return link->flight_next - link->flight_first;
}

uint64_t ll_oms_next_number(struct ll_oms *oms, uint8_t session, uint8_t side)
{
    struct ll_oms_session *link = &oms->control->sessions[session];
    uint64_t odd = side == LL_ORDER_BUY ? 1 : 0;
    uint64_t number = link->next_number + ((link->next_number & 1) != odd ? 1 : 0);
    link->next_number = number + 1;
    return number;
}

/* --- Sending --------------------------------------------------------------------------------------------- */

void ll_oms_record_send(struct ll_oms *oms, const struct ll_oms_send *send)
{
    uint8_t payload[sizeof(struct ll_record_wire) + LL_OUCH_MESSAGE_BYTES_MAX];
    const struct ll_record_wire head = {.session = send->session,
                                        .protocol = oms->control->sessions[send->session].protocol};
    LL_ASSERT(oms->batch->next_event_id == send->event_id);
    memcpy(payload, &head, sizeof head);
    memcpy(payload + sizeof head, send->bytes, send->bytes_count);
    (void)ll_record_batch_write(oms->batch, LL_RECORD_SENT, 0, send->time_ns, payload,
                                (uint32_t)sizeof head + send->bytes_count);
}

static void ll_oms_send(struct ll_oms *oms, uint8_t session, const uint8_t *bytes, uint32_t bytes_count)
{
    LL_ASSERT(oms->send_head - oms->send_tail < LL_OMS_SENDS);
    LL_ASSERT(bytes_count <= LL_OUCH_MESSAGE_BYTES_MAX);
    struct ll_oms_send *send = &oms->sends[oms->send_head++ % LL_OMS_SENDS];
    memset(send, 0, sizeof *send);
    send->event_id = oms->batch->next_event_id;
    send->time_ns = oms->time_ns;
    send->connection = oms->control->sessions[session].connections;
    send->session = session;
    send->bytes_count = bytes_count;
    memcpy(send->bytes, bytes, bytes_count);
    ll_oms_record_send(oms, send);
    oms->control->counters.sends++;
}

const struct ll_oms_send *ll_oms_send_peek(const struct ll_oms *oms)
{
    return oms->send_head == oms->send_tail ? NULL : &oms->sends[oms->send_tail % LL_OMS_SENDS];
}

void ll_oms_send_pop(struct ll_oms *oms)
{
    LL_ASSERT(oms->send_tail < oms->send_head);
    oms->send_tail++;
}

static void ll_oms_fly(struct ll_oms *oms, uint32_t order, uint8_t request, uint64_t number)
{
    struct ll_oms_order *entry = &oms->orders[order];
    struct ll_oms_session *link = &oms->control->sessions[entry->session];
    LL_ASSERT(ll_oms_flight_room(oms, entry->session));
    if (request == LL_REQUEST_ENTER)
        entry->enter_flight = link->flight_next;
    else
        entry->request_flight = link->flight_next;
    entry->repeats = 0;
    *ll_oms_flight_at(link, link->flight_next++) =
        (struct ll_oms_flight){.number = number, .order = order, .request = request};
    ll_timers_set(&oms->timers, order, oms->time_ns + oms->config.answer_timeout_ns);
}

/* What an order would say to the venue. The same order gives the same bytes. */
static struct ll_ouch_order ll_oms_ouch_order(const struct ll_oms *oms, const struct ll_oms_order *entry)
{
    static const char sides[] = {LL_OUCH_SIDE_BUY, LL_OUCH_SIDE_SELL, LL_OUCH_SIDE_SHORT};
    struct ll_ouch_order ouch = {.number = entry->number,
                                 .price = entry->price,
                                 .quantity = entry->quantity,
                                 .side = sides[entry->side],
                                 .time_in_force =
                                     entry->type == LL_TYPE_MARKET ? LL_TIF_IOC : entry->time_in_force,
                                 .post_only = (entry->flags & LL_COMMAND_POST_ONLY) != 0};
    ouch.expire_s = entry->expire_s;
    memcpy(ouch.symbol, ll_instruments_at(&oms->instruments, entry->instrument)->symbol, sizeof ouch.symbol);
    memcpy(ouch.firm, oms->control->sessions[entry->session].firm, sizeof ouch.firm);
    return ouch;
}

static void ll_oms_write(struct ll_oms *oms, uint32_t order, uint8_t request)
{
    const struct ll_oms_order *entry = &oms->orders[order];
    uint8_t protocol = oms->control->sessions[entry->session].protocol;
    struct ll_ouch_order ouch = ll_oms_ouch_order(oms, entry);
    uint8_t bytes[LL_OUCH_MESSAGE_BYTES_MAX];
    uint32_t bytes_count;
    switch (request) {
    case LL_REQUEST_ENTER:
        bytes_count = ll_ouch_enter(protocol, &ouch, bytes);
        break;
    case LL_REQUEST_CANCEL:
        ouch.quantity = entry->request_quantity;
        bytes_count = ll_ouch_cancel(protocol, &ouch, bytes);
        break;
    default:
        ouch.old_number = entry->number;
        ouch.number = entry->request_number;
        ouch.quantity = entry->request_quantity;
        ouch.price = entry->request_price;
        ouch.expire_s = entry->request_expire_s;
        bytes_count = ll_ouch_replace(protocol, &ouch, bytes);
        break;
    }
    ll_oms_send(oms, entry->session, bytes, bytes_count);
}

void ll_oms_send_enter(struct ll_oms *oms, uint32_t order)
{
    /* Under a new number: of the one before nothing is asked any more, whatever the venue has said of it. */
    ll_oms_answered(oms, order, 0, LL_REQUEST_ENTER);
    ll_oms_fly(oms, order, LL_REQUEST_ENTER, oms->orders[order].number);
    ll_oms_write(oms, order, LL_REQUEST_ENTER);
}

void ll_oms_send_cancel(struct ll_oms *oms, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    ll_oms_fly(oms, order, LL_REQUEST_CANCEL, entry->number);
    ll_oms_write(oms, order, LL_REQUEST_CANCEL);
    ll_risk_count_cancel(&oms->risk, &entry->hold, entry->session);
}

void ll_oms_send_replace(struct ll_oms *oms, uint32_t order)
{
    ll_oms_fly(oms, order, LL_REQUEST_REPLACE, oms->orders[order].request_number);
    ll_oms_write(oms, order, LL_REQUEST_REPLACE);
}

static void ll_oms_send_query(struct ll_oms *oms, uint8_t session)
{
    struct ll_oms_session *link = &oms->control->sessions[session];
    uint8_t bytes[LL_OUCH_MESSAGE_BYTES_MAX];
    uint32_t bytes_count = ll_ouch_query(link->protocol, bytes);
    if (bytes_count == 0 || link->query_out)
        return;
    link->query_out = true;
    link->query_flight = link->flight_next;
    ll_oms_send(oms, session, bytes, bytes_count);
}

/* --- Answers --------------------------------------------------------------------------------------------- */

/* The sweep moves on behind what has been settled, and behind what need not be: while the connection holds, a number
 * the venue has not come to yet is on its way. With the last one the session is open. */
static void ll_oms_sweep_on(struct ll_oms *oms, struct ll_oms_session *link)
{
    bool resends = link->state == LL_OMS_SESSION_RESENDING;
    if (link->sweep < link->flight_first)
        link->sweep = link->flight_first;
    while (link->sweep < link->sweep_end) {
        const struct ll_oms_flight *flight = ll_oms_flight_at(link, link->sweep);
        bool waits = flight->request != LL_REQUEST_NONE && flight->request != LL_REQUEST_CANCEL &&
                     flight->number >= link->known_number;
        if (flight->request != LL_REQUEST_NONE && (resends || !waits))
            break;
        link->sweep++;
    }
    if (!resends || link->sweep < link->sweep_end)
        return;
    link->state = LL_OMS_SESSION_OPEN;
    /* What a latch could not cancel while the session was not open, it can now. */
    oms->control->kill_cursor = oms->control->live_first;
}

void ll_oms_answered(struct ll_oms *oms, uint32_t order, uint64_t number, uint8_t request)
{
    const struct ll_oms_order *entry = &oms->orders[order];
    struct ll_oms_session *link = &oms->control->sessions[entry->session];
    uint64_t position = request == LL_REQUEST_ENTER ? entry->enter_flight : entry->request_flight;
    if (position < link->flight_first || position >= link->flight_next)
        return;
    struct ll_oms_flight *flight = ll_oms_flight_at(link, position);
    if (flight->order != order || flight->request != request ||
        (request != LL_REQUEST_CANCEL && number != 0 && flight->number != number))
        return;
    flight->request = LL_REQUEST_NONE;
    while (link->flight_first < link->flight_next &&
           ll_oms_flight_at(link, link->flight_first)->request == LL_REQUEST_NONE)
        link->flight_first++;
    ll_oms_sweep_on(oms, link);
}

void ll_oms_request_named(struct ll_oms *oms, uint32_t order, bool failed)
{
    struct ll_oms_order *entry = &oms->orders[order];
    if (entry->request_id != LL_OMS_NONE)
        ll_oms_id_status(oms, entry->request_id, failed ? LL_ID_STATUS_CANCELLED : LL_ID_STATUS_EXECUTED);
    entry->request_id = LL_OMS_NONE;
}

/* An order's outstanding cancel or replace has come to an end. `failed`: the order is as it was. */
void ll_oms_request_over(struct ll_oms *oms, uint32_t order, bool failed)
{
    struct ll_oms_order *entry = &oms->orders[order];
    uint8_t request = entry->request;
    if (request == LL_REQUEST_NONE)
        return;
    ll_oms_answered(oms, order, entry->request_number, request);
    entry->request = LL_REQUEST_NONE;
    ll_timers_clear(&oms->timers, order);
    if (request == LL_REQUEST_REPLACE && failed) {
        ll_oms_settle_replace(oms, order, false, true, 0, 0);
        if (entry->request_link != LL_OMS_NONE)
            ll_oms_id_status(oms, entry->request_link, LL_ID_STATUS_CANCELLED);
    }
    ll_oms_request_named(oms, order, failed);
    if (failed)
        ll_oms_news(oms, LL_CLIENT_REQUEST_FAILED, order)->request = entry->request_client;
    ll_oms_align(oms, order);
    /* A latch could not cancel the order while its request was out. */
    if (ll_oms_is_working(entry) && ll_oms_is_killed(oms, entry))
        oms->control->kill_cursor = oms->control->live_first;
}

/* A failed order waits for its next try, twice as long each time; after the last one it is over. What was asked of it
 * in the meantime came to nothing, except that it be cancelled: then it is. */
void ll_oms_try_again(struct ll_oms *oms, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    LL_ASSERT(entry->state == LL_ORDER_FAILED);
    bool cancelled = entry->request == LL_REQUEST_CANCEL && entry->request_quantity == 0;
    ll_oms_request_over(oms, order, !cancelled);
    if (cancelled) {
        ll_oms_cancel_waiting(oms, order);
        return;
    }
    if (entry->attempts < entry->max_attempts) {
        entry->retry_ns = oms->time_ns + (oms->config.retry_ns << (entry->attempts - 1u));
        ll_timers_set(&oms->timers, order, entry->retry_ns);
        return;
    }
    ll_oms_ask_key(ll_oms_ask(oms, LL_LIFE_OP_REJECT), oms->ids[entry->order_id].key);
    ll_oms_order_answered(oms, order, ll_oms_ask_run(oms));
}

/* The order could not be brought to the venue. */
void ll_oms_fail(struct ll_oms *oms, uint32_t order)
{
    ll_oms_ask_key(ll_oms_ask(oms, LL_LIFE_OP_FAIL), oms->ids[oms->orders[order].order_id].key);
    ll_oms_order_answered(oms, order, ll_oms_ask_run(oms));
    if (oms->orders[order].state == LL_ORDER_FAILED)
        ll_oms_try_again(oms, order);
    (void)ll_oms_news(oms, LL_CLIENT_ORDER, order);
}

/* --- What the gateway decided about a request -------------------------------------------------------------- */

/* The request of this order that waits longest; NULL = none. */
static struct ll_oms_flight *ll_oms_oldest(struct ll_oms *oms, uint32_t order)
{
    const struct ll_oms_order *entry = &oms->orders[order];
    struct ll_oms_session *link = &oms->control->sessions[entry->session];
    const uint64_t positions[] = {entry->enter_flight, entry->request_flight};
    for (uint32_t i = 0; i < 2; i++) {
        if (positions[i] < link->flight_first || positions[i] >= link->flight_next)
            continue;
        struct ll_oms_flight *flight = ll_oms_flight_at(link, positions[i]);
        if (flight->order == order && flight->request != LL_REQUEST_NONE)
            return flight;
    }
    return NULL;
}

/* The request of this order that the sweep stands at; NULL = it has been answered since. */
static struct ll_oms_flight *ll_oms_swept(struct ll_oms *oms, uint32_t order)
{
    struct ll_oms_session *link = &oms->control->sessions[oms->orders[order].session];
    if (link->sweep < link->flight_first || link->sweep >= link->sweep_end)
        return NULL;
    struct ll_oms_flight *flight = ll_oms_flight_at(link, link->sweep);
    return flight->order == order && flight->request != LL_REQUEST_NONE ? flight : NULL;
}

void ll_oms_unanswered(struct ll_oms *oms, uint32_t order)
{
    const struct ll_oms_flight *flight = ll_oms_swept(oms, order);
    if (flight == NULL)
        return;
    uint8_t request = flight->request;
    oms->control->counters.unanswered++;
    ll_oms_answered(oms, order, flight->number, request);
    if (request != LL_REQUEST_ENTER)
        ll_oms_request_over(oms, order, true);
    else if (ll_order_is_live(oms->orders[order].state) != 0)
        ll_oms_fail(oms, order);
}

void ll_oms_resend(struct ll_oms *oms, uint32_t order)
{
    const struct ll_oms_flight *flight = ll_oms_swept(oms, order);
    struct ll_oms_session *link = &oms->control->sessions[oms->orders[order].session];
    if (flight == NULL)
        return;
    ll_timers_set(&oms->timers, order, oms->time_ns + oms->config.answer_timeout_ns);
    oms->control->counters.resends++;
    ll_oms_write(oms, order, flight->request);
    link->sweep++;
    ll_oms_sweep_on(oms, link);
}

/* Silence for too long: ask what the venue knows. A venue that cannot be asked is told again, which is harmless.
 * While the session is not open there is nobody to ask; when it opens again, all that is unanswered is looked at. */
void ll_oms_timed_out(struct ll_oms *oms, uint32_t order)
{
    const struct ll_oms_flight *flight = ll_oms_oldest(oms, order);
    uint8_t session = oms->orders[order].session;
    struct ll_oms_session *link = &oms->control->sessions[session];
    ll_timers_clear(&oms->timers, order);
    if (flight == NULL || link->state != LL_OMS_SESSION_OPEN)
        return;
    oms->control->counters.timeouts++;
    ll_timers_set(&oms->timers, order, oms->time_ns + oms->config.answer_timeout_ns);
    if (link->protocol == LL_PROTOCOL_OUCH50) {
        ll_oms_send_query(oms, session);
    } else if (flight->request == LL_REQUEST_CANCEL && oms->orders[order].repeats != 0) {
        /* Such a venue passes over a second cancel after it refused one. The order lives, as far as is known. */
        oms->control->counters.unanswered++;
        ll_oms_request_over(oms, order, true);
    } else {
        oms->orders[order].repeats = 1;
        ll_oms_write(oms, order, flight->request);
    }
}

/* All that was sent before the question is answered, or never will be. */
void ll_oms_query_answered(struct ll_oms *oms, uint8_t session, uint64_t next_number)
{
    struct ll_oms_session *link = &oms->control->sessions[session];
    if (!link->query_out)
        return;
    link->query_out = false;
    link->known_number = next_number;
    if (link->next_number < next_number)
        link->next_number = next_number;
    link->sweep = link->flight_first;
    link->sweep_end = link->query_flight > link->flight_first ? link->query_flight : link->flight_first;
    if (link->state == LL_OMS_SESSION_CATCHING_UP)
        link->state = LL_OMS_SESSION_RESENDING;
    ll_oms_sweep_on(oms, link);
}

/* What has to be done about the request the sweep stands at: what the venue never saw goes again, after a connection
 * that broke; cancels go again in any case, since they have no number to tell by. Under a latch what is sure to have
 * been seen by nobody is given up; where the venue cannot be asked, it may have been, and only the same again tells. */
static void ll_oms_sweep_due(const struct ll_oms *oms, uint8_t session, struct ll_record_action *action)
{
    const struct ll_oms_session *link = &oms->control->sessions[session];
    const struct ll_oms_flight *flight = &link->flight[link->sweep % LL_OMS_FLIGHT];
    bool given_up =
        link->protocol == LL_PROTOCOL_OUCH50 && ll_oms_is_killed(oms, &oms->orders[flight->order]);
    bool unseen = flight->request == LL_REQUEST_CANCEL || (flight->number >= link->known_number && !given_up);
    action->action =
        link->state == LL_OMS_SESSION_RESENDING && unseen ? LL_ACTION_RESEND : LL_ACTION_UNANSWERED;
    action->session = session;
    action->order = flight->order;
}

bool ll_oms_link_due(const struct ll_oms *oms, struct ll_record_action *action)
{
    for (uint8_t session = 0; session < LL_OMS_SESSIONS_MAX; session++) {
        const struct ll_oms_session *link = &oms->control->sessions[session];
        bool sweeps = link->state == LL_OMS_SESSION_RESENDING || link->state == LL_OMS_SESSION_OPEN;
        if (sweeps && link->sweep < link->sweep_end) {
            ll_oms_sweep_due(oms, session, action);
            return true;
        }
    }
    return false;
}

/* --- What happens to a session ---------------------------------------------------------------------------- */

/* A new session is a new day: its numbers start again, and of the old one's orders nothing more will be heard. */
static void ll_oms_new_day(struct ll_oms *oms, struct ll_oms_session *link,
                           const struct ll_record_link *event)
{
    bool first = link->generation == 0 || link->role == LL_LINK_ROLE_COPY;
    memcpy(link->name, event->name, sizeof link->name);
    link->generation++;
    link->next_number = 1;
    link->day_over = false;
    link->query_out = false;
    link->query_lost = false;
    link->flight_first = link->flight_next;
    link->sweep = link->flight_next;
    link->sweep_end = link->flight_next;
    if (!first)
        oms->control->expire_cursor = oms->control->live_first;
}

/* The connection that a question went out on is gone. */
static void ll_oms_lose_query(struct ll_oms_session *link)
{
    link->query_lost |= link->query_out;
    link->query_out = false;
}

static void ll_oms_opened(struct ll_oms *oms, struct ll_oms_session *link, const struct ll_record_link *event)
{
    if (link->generation == 0 || memcmp(link->name, event->name, sizeof link->name) != 0)
        ll_oms_new_day(oms, link, event);
    link->connections++;
    link->next_sequence = event->next_sequence;
    ll_oms_lose_query(link);
    if (link->role == LL_LINK_ROLE_COPY) {
        link->state = LL_OMS_SESSION_LISTENING;
        return;
    }
    link->state = LL_OMS_SESSION_CATCHING_UP;
    /* Among what was missed may be the answer to a question of the connection before; so first all of that. */
    if (!link->query_lost)
        ll_oms_send_query(oms, event->session);
}

/* All that was missed has been said. A venue that cannot be asked has no more to say: what it did not answer, it is
 * told again. */
static void ll_oms_caught_up(struct ll_oms *oms, uint8_t session)
{
    struct ll_oms_session *link = &oms->control->sessions[session];
    if (link->state != LL_OMS_SESSION_CATCHING_UP || link->query_out)
        return;
    link->query_lost = false;
    ll_oms_send_query(oms, session);
    if (link->query_out)
        return;
    link->known_number = 0;
    link->sweep = link->flight_first;
    link->sweep_end = link->flight_next;
    link->state = LL_OMS_SESSION_RESENDING;
    ll_oms_sweep_on(oms, link);
}

void ll_oms_link(struct ll_oms *oms, const struct ll_record_link *event, uint64_t time_ns)
{
    LL_ASSERT(event->session < LL_OMS_SESSIONS_MAX);
    ll_oms_begin(oms, time_ns);
    (void)ll_record_batch_write(oms->batch, LL_RECORD_LINK, 0, time_ns, event, sizeof *event);
    struct ll_oms_session *link = &oms->control->sessions[event->session];
    switch (event->event) {
    case LL_LINK_CONFIGURED:
        link->protocol = event->protocol;
        link->role = event->role;
        link->of = event->of;
        memcpy(link->firm, event->firm, sizeof link->firm);
        if (link->state == LL_OMS_SESSION_NONE)
            link->state = LL_OMS_SESSION_DOWN;
        break;
    case LL_LINK_OPENED:
        ll_oms_opened(oms, link, event);
        break;
    case LL_LINK_CAUGHT_UP:
        ll_oms_caught_up(oms, event->session);
        break;
    case LL_LINK_GAP:
        link->next_sequence = event->next_sequence;
        break;
    case LL_LINK_CLOSED:
        link->state = LL_OMS_SESSION_DOWN;
        ll_oms_lose_query(link);
        break;
    default:
        link->state = LL_OMS_SESSION_ENDED;
        ll_oms_lose_query(link);
        if (link->role != LL_LINK_ROLE_COPY)
            oms->control->expire_cursor = oms->control->live_first;
        break;
    }
}

uint64_t ll_oms_next_sequence(const struct ll_oms *oms, uint8_t session, char name[10])
{
    const struct ll_oms_session *link = &oms->control->sessions[session];
    bool fresh =
        link->generation == 0 || (link->state == LL_OMS_SESSION_ENDED && link->role != LL_LINK_ROLE_COPY);
    memset(name, ' ', 10);
    if (!fresh)
        memcpy(name, link->name, sizeof link->name);
    return fresh ? 1 : link->next_sequence;
}
