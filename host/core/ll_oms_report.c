/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What providers report. A report becomes asks about the order its number names; the kernel answers for a batch of them
 * in one go; the answers are then booked one by one, in their order.
 */
#include "host/base/ll_assert.h"
#include "host/core/ll_oms_state.h"

#include <string.h>

/* --- Asking ---------------------------------------------------------------------------------------------- */

static struct ll_life_ask *ll_oms_ask_number(struct ll_oms *oms, uint8_t op, uint8_t session, uint64_t number)
{
    struct ll_life_ask *ask = ll_oms_ask(oms, op);
    ll_oms_ask_key(ask, ll_oms_key_number(oms, LL_KEY_PROVIDER_REF, session, number));
    return ask;
}

static struct ll_key ll_oms_execution_key(const struct ll_oms *oms, const struct ll_oms_waiting *waiting)
{
    return ll_oms_key_number(oms, ll_oms_execution_kind(waiting->report.number), waiting->session,
                             waiting->report.match);
}

static void ll_oms_ask_fill(struct ll_oms *oms, struct ll_oms_waiting *waiting)
{
    struct ll_life_ask *ask =
        ll_oms_ask_number(oms, LL_LIFE_OP_FILL, waiting->session, waiting->report.number);
    ask->quantity = waiting->report.quantity;
    /* Without room for an identifier the kernel still tells a repeat of one that has its own. */
    struct ll_key key = ll_oms_execution_key(oms, waiting);
    ask->new_key[0] = key.word[0];
    ask->new_key[1] = key.word[1];
    if (!ll_oms_ids_room(oms, 1, 0))
        return;
    waiting->execution = ll_oms_id_number(oms, LL_ID_EXECUTION, ll_oms_execution_kind(waiting->report.number),
                                          waiting->session, waiting->report.match);
    ask->new_id = waiting->execution;
}

static void ll_oms_ask_replaced(struct ll_oms *oms, const struct ll_oms_waiting *waiting)
{
    const struct ll_report *report = &waiting->report;
    struct ll_life_ask *ask =
        ll_oms_ask_number(oms, LL_LIFE_OP_REPLACE, waiting->session, report->old_number);
    struct ll_key key = ll_oms_key_number(oms, LL_KEY_PROVIDER_REF, waiting->session, report->number);
    ask->new_key[0] = key.word[0];
    ask->new_key[1] = key.word[1];
    ask->quantity = report->quantity;
}

/* What may be another word the next time is a failure, to be tried again. */
static uint8_t ll_oms_reject_op(const struct ll_oms *oms, const struct ll_oms_waiting *waiting)
{
    uint8_t protocol = oms->control->sessions[waiting->session].protocol;
    return ll_ouch_reject_is_retryable(protocol, waiting->report.code) ? LL_LIFE_OP_FAIL : LL_LIFE_OP_REJECT;
}

static bool ll_oms_is_copy(const struct ll_oms_waiting *waiting)
{
    return waiting->link != waiting->session;
}

/* A copy repeats, and of what it repeats only executions and their breaks can be told from something new, by their
 * match numbers: a second "100 lots cancelled" may be either. So these are booked, whoever tells them first, and of
 * the others the copy only says that their order is known. What is not about an order is the session's own to say. */
static bool ll_oms_is_told_only(const struct ll_oms_waiting *waiting)
{
    return ll_oms_is_copy(waiting) && waiting->report.kind != LL_REPORT_EXECUTED &&
           waiting->report.kind != LL_REPORT_BROKEN;
}

static bool ll_oms_is_about_order(const struct ll_report *report)
{
    return report->kind != LL_REPORT_OTHER && report->kind != LL_REPORT_SYSTEM &&
           report->kind != LL_REPORT_QUERY;
}

static void ll_oms_ask_about(struct ll_oms *oms, struct ll_oms_waiting *waiting)
{
    const struct ll_report *report = &waiting->report;
    uint8_t session = waiting->session;
    if (ll_oms_is_told_only(waiting)) {
        if (ll_oms_is_about_order(report))
            (void)ll_oms_ask_number(oms, LL_LIFE_OP_RESOLVE, session, report->number);
        return;
    }
    switch (report->kind) {
    case LL_REPORT_ACCEPTED:
        ll_oms_ask_number(oms, LL_LIFE_OP_ACK, session, report->number)->quantity = report->quantity;
        break;
    case LL_REPORT_REPLACED:
        ll_oms_ask_replaced(oms, waiting);
        break;
    case LL_REPORT_CANCELLED:
        ll_oms_ask_number(oms, LL_LIFE_OP_CANCEL, session, report->number)->quantity = report->quantity;
        break;
    case LL_REPORT_EXECUTED:
        ll_oms_ask_fill(oms, waiting);
        break;
    case LL_REPORT_BROKEN:
        ll_oms_ask_key(ll_oms_ask(oms, LL_LIFE_OP_BUST), ll_oms_execution_key(oms, waiting));
        break;
    case LL_REPORT_REJECTED:
        (void)ll_oms_ask_number(oms, ll_oms_reject_op(oms, waiting), session, report->number);
        break;
    case LL_REPORT_CANCEL_PENDING:
    case LL_REPORT_CANCEL_REJECTED:
    case LL_REPORT_PRIORITY:
    case LL_REPORT_MODIFIED:
    case LL_REPORT_RESTATED:
        (void)ll_oms_ask_number(oms, LL_LIFE_OP_RESOLVE, session, report->number);
        break;
    default:
        break;
    }
}

void ll_oms_report(struct ll_oms *oms, uint8_t session, const uint8_t *bytes, uint32_t bytes_count,
                   uint64_t time_ns)
{
    uint8_t payload[LL_RECORD_PAYLOAD_BYTES_MAX];
    struct ll_oms_session *link = &oms->control->sessions[session];
    struct ll_record_wire head = {.session = session, .protocol = link->protocol};
    const uint32_t room = LL_RECORD_PAYLOAD_BYTES_MAX - (uint32_t)sizeof head;
    uint32_t kept = bytes_count < room ? bytes_count : room;
    if (oms->waiting_count == LL_OMS_REPORTS_MAX)
        ll_oms_step(oms);
    head.begins = oms->waiting_count == 0;
    struct ll_oms_waiting *waiting = &oms->waiting[oms->waiting_count++];
    memset(waiting, 0, sizeof *waiting);
    memcpy(payload, &head, sizeof head);
    memcpy(payload + sizeof head, bytes, kept);
    oms->time_ns = time_ns;
    waiting->event_id = oms->batch->next_event_id;
    waiting->time_ns = time_ns;
    waiting->link = session;
    waiting->session = link->role == LL_LINK_ROLE_COPY ? link->of : session;
    waiting->execution = LL_OMS_NONE;
    waiting->expected = oms->expected;
    waiting->slot = ll_record_batch_write(oms->batch, LL_RECORD_REPORT, 0, time_ns, payload,
                                          (uint32_t)sizeof head + kept);
    waiting->ask = oms->ask_count;
    link->next_sequence++;
    /* What the journal has no room for is not looked at either: a replay could not. */
    int status = ll_ouch_report(link->protocol, bytes, kept, &waiting->report);
    waiting->verdict = status == LL_OK              ? LL_VERDICT_OK
                       : status == LL_ERR_TYPE      ? LL_VERDICT_UNKNOWN_TYPE
                       : status == LL_ERR_MALFORMED ? LL_VERDICT_BAD_INPUT
                                                    : LL_VERDICT_BAD_LENGTH;
    if (status == LL_OK)
        ll_oms_ask_about(oms, waiting);
    waiting->ask_count = oms->ask_count - waiting->ask;
    /* What changes the session, or speaks of things that are not the kernel's, is not kept waiting. Nor is what ends an
     * order, or fills it without an identifier, only when it is booked: answers to later reports of the order would not
     * know of it. */
    bool has_no_id = waiting->report.kind == LL_REPORT_EXECUTED && waiting->execution == LL_OMS_NONE;
    if (waiting->ask_count == 0 || waiting->report.dead || waiting->report.kind == LL_REPORT_REJECTED ||
        has_no_id)
        ll_oms_step(oms);
}

/* --- Booking --------------------------------------------------------------------------------------------- */

static bool ll_oms_is_taken(uint8_t verdict)
{
    return verdict == LL_VERDICT_OK || verdict == LL_VERDICT_LATE || verdict == LL_VERDICT_OUT_OF_ORDER ||
           verdict == LL_VERDICT_OVERFILL;
}

static struct ll_client_event *ll_oms_report_news(struct ll_oms *oms, uint32_t order, uint8_t verdict)
{
    struct ll_client_event *event = ll_oms_news(oms, LL_CLIENT_ORDER, order);
    event->verdict = verdict;
    if (verdict == LL_VERDICT_LATE)
        event->flags |= LL_CLIENT_EVENT_LATE;
    return event;
}

/* The public feed's name of an order becomes an identifier of it. */
static void ll_oms_learn_ref(struct ll_oms *oms, uint32_t order, uint8_t session, uint64_t exchange_ref)
{
    if (exchange_ref == 0)
        return;
    if (!ll_oms_ids_room(oms, 1, 0)) {
        oms->control->counters.ids_on_host++;
        return;
    }
    uint32_t id = ll_oms_id_number(oms, LL_ID_EXCHANGE_REF, LL_KEY_EXCHANGE_REF, session, exchange_ref);
    ll_oms_ask_add(oms, id, order, 0);
    const struct ll_life_answer *answer = ll_oms_ask_run(oms);
    if (answer->verdict == LL_VERDICT_OK) {
        ll_oms_id_attach(oms, id, order);
        ll_oms_id_answered(oms, id, answer);
        ll_oms_own_ref(oms, order, exchange_ref);
    } else {
        ll_oms_id_drop(oms, id);
    }
}

static void ll_oms_book_accepted(struct ll_oms *oms, const struct ll_oms_waiting *waiting, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    ll_oms_answered(oms, order, waiting->report.number, LL_REQUEST_ENTER);
    if (entry->request == LL_REQUEST_NONE)
        ll_timers_clear(&oms->timers, order);
    if (entry->is_listed && entry->hold.open_lots > entry->leaves)
        ll_risk_restate(&oms->risk, &entry->hold, entry->leaves);
    ll_oms_learn_ref(oms, order, waiting->session, waiting->report.exchange_ref);
}

/* The order goes on under its new link, with new values, before its new state is looked at. */
static void ll_oms_book_replaced(struct ll_oms *oms, const struct ll_oms_waiting *waiting,
                                 const struct ll_life_answer *answer, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    const struct ll_report *report = &waiting->report;
    bool asked = entry->request == LL_REQUEST_REPLACE && entry->request_number == report->number;
    (void)ll_oms_ask_number(oms, LL_LIFE_OP_RESOLVE, waiting->session, report->number);
    uint32_t next = ll_oms_ask_run(oms)->id;
    ll_oms_id_answered(oms, next, answer);
    if (LL_LIKELY(next != LL_OMS_NONE)) { /* else a device that took it for the replace does not find it */
        oms->ids[next].status = LL_ID_STATUS_ACTIVE;
        oms->ids[next].updated_ns = oms->time_ns;
    }
    ll_oms_answered(oms, order, report->old_number, LL_REQUEST_ENTER);
    if (ll_order_is_live(answer->state_after) != 0)
        ll_oms_settle_replace(oms, order, true, asked, answer->leaves, report->price);
    entry->number = report->number;
    if (entry->links < UINT8_MAX)
        entry->links++;
    if (asked) {
        ll_oms_answered(oms, order, report->number, LL_REQUEST_REPLACE);
        entry->request = LL_REQUEST_NONE;
        entry->price = report->price;
        entry->expire_s = entry->request_expire_s;
        ll_oms_request_named(oms, order, false);
        ll_timers_clear(&oms->timers, order);
    }
}

/* Accepted or replaced, and gone at once: two events in one message. */
static void ll_oms_book_dead(struct ll_oms *oms, uint32_t order)
{
    struct ll_life_ask *ask = ll_oms_ask(oms, LL_LIFE_OP_CANCEL);
    ll_oms_ask_key(ask, oms->ids[oms->orders[order].order_id].key);
    ask->quantity = LL_LIFE_ALL;
    const struct ll_life_answer *answer = ll_oms_ask_run(oms);
    if (ll_oms_is_taken(answer->verdict))
        ll_oms_order_answered(oms, order, answer);
}

static void ll_oms_book_cancelled(struct ll_oms *oms, const struct ll_life_answer *answer, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    ll_oms_release(oms, order, answer->booked);
    /* Some of it went by itself, as to prevent a trade with oneself: a cancel of all is still to be answered. */
    if (entry->request == LL_REQUEST_CANCEL && (entry->request_quantity != 0 || answer->leaves == 0))
        ll_oms_request_over(oms, order, false);
}

/* The position an exit order closes has shrunk; its action is executed, however long ago it was replaced. */
static void ll_oms_book_exit(struct ll_oms *oms, uint32_t order, uint32_t lots)
{
    const struct ll_oms_order *entry = &oms->orders[order];
    if (entry->parent == LL_OMS_NONE)
        return;
    struct ll_oms_order *parent = &oms->orders[entry->parent];
    parent->closed += lots;
    if (entry->parent_id != LL_OMS_NONE)
        ll_oms_id_status(oms, entry->parent_id, LL_ID_STATUS_EXECUTED);
    if (parent->closed < parent->cumulative || ll_oms_is_working(parent))
        return;
    struct ll_oms_stop *stops[] = {&parent->stoploss, &parent->takeprofit};
    for (uint32_t i = 0; i < 2; i++)
        if (stops[i]->id != LL_OMS_NONE && stops[i]->closer != order)
            ll_oms_stop_clear(oms, stops[i], LL_ID_STATUS_CANCELLED);
    ll_oms_watch_off(oms, entry->parent);
}

static void ll_oms_book_executed(struct ll_oms *oms, const struct ll_oms_waiting *waiting, uint8_t verdict,
                                 uint32_t order)
{
    const struct ll_report *report = &waiting->report;
    bool booked = ll_oms_book_fill(oms, order, report->quantity, report->price);
    if (ll_ouch_is_displayed_add(report->code))
        ll_oms_private(oms, order, report->quantity);
    oms->control->counters.fills++;
    oms->control->counters.late += verdict == LL_VERDICT_LATE;
    if (waiting->execution != LL_OMS_NONE) {
        ll_oms_id_attach(oms, waiting->execution, order);
        oms->ids[waiting->execution].status = LL_ID_STATUS_EXECUTED;
        oms->ids[waiting->execution].price = report->price;
        oms->ids[waiting->execution].lots = report->quantity;
        oms->ids[waiting->execution].is_suspended = !booked;
    }
    ll_oms_answered(oms, order, report->number, LL_REQUEST_ENTER);
    ll_oms_book_exit(oms, order, report->quantity);
}

static void ll_oms_book_broken(struct ll_oms *oms, const struct ll_life_answer *answer, uint32_t order)
{
    struct ll_oms_id *execution = &oms->ids[answer->id];
    execution->status = LL_ID_STATUS_CANCELLED;
    execution->updated_ns = oms->time_ns;
    ll_oms_book_bust(oms, order, answer->booked, execution->price, execution->is_suspended != 0);
    if (oms->orders[order].parent != LL_OMS_NONE)
        oms->orders[oms->orders[order].parent].closed -= answer->booked;
}

/* The venue refused a replace. It need not be the one that is out now. */
static void ll_oms_request_rejected(struct ll_oms *oms, uint64_t number, const struct ll_life_answer *answer)
{
    const struct ll_oms_order *entry = &oms->orders[answer->order];
    oms->ids[answer->id].status = answer->status;
    oms->ids[answer->id].updated_ns = oms->time_ns;
    if (entry->request == LL_REQUEST_REPLACE && entry->request_number == number)
        ll_oms_request_over(oms, answer->order, true);
}

/* Behind the kernel's answer: the order has ended, or waits, or it was only a request. */
static void ll_oms_book_rejected(struct ll_oms *oms, const struct ll_oms_waiting *waiting,
                                 const struct ll_life_answer *answer, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    const struct ll_report *report = &waiting->report;
    entry->last_error = report->code;
    if ((answer->flags & LL_LIFE_IS_REQUEST) != 0) {
        ll_oms_request_rejected(oms, report->number, answer);
        return;
    }
    ll_oms_answered(oms, order, report->number, LL_REQUEST_ENTER);
    if (entry->state == LL_ORDER_FAILED)
        ll_oms_try_again(oms, order);
}

static void ll_oms_book_known(struct ll_oms *oms, const struct ll_oms_waiting *waiting, uint8_t verdict)
{
    const struct ll_life_answer *answer = &oms->booked[waiting->ask];
    uint32_t order = answer->order;
    if (waiting->report.kind == LL_REPORT_EXECUTED)
        ll_oms_book_executed(oms, waiting, verdict, order);
    else if (waiting->report.kind == LL_REPORT_BROKEN)
        ll_oms_book_broken(oms, answer, order);
    else if (waiting->report.kind == LL_REPORT_CANCELLED)
        ll_oms_book_cancelled(oms, answer, order);
    else if (waiting->report.kind == LL_REPORT_REPLACED)
        ll_oms_book_replaced(oms, waiting, answer, order);
    if (answer->op != LL_LIFE_OP_RESOLVE)
        ll_oms_order_answered(oms, order, answer);
    switch (waiting->report.kind) {
    case LL_REPORT_ACCEPTED:
        ll_oms_book_accepted(oms, waiting, order);
        break;
    case LL_REPORT_REPLACED:
        ll_oms_learn_ref(oms, order, waiting->session, waiting->report.exchange_ref);
        break;
    case LL_REPORT_REJECTED:
        ll_oms_book_rejected(oms, waiting, answer, order);
        break;
    case LL_REPORT_CANCEL_REJECTED:
        if (oms->orders[order].request == LL_REQUEST_CANCEL)
            ll_oms_request_over(oms, order, true);
        break;
    case LL_REPORT_PRIORITY:
    case LL_REPORT_RESTATED:
        ll_oms_learn_ref(oms, order, waiting->session, waiting->report.exchange_ref);
        break;
    default:
        break;
    }
    if (waiting->report.dead)
        ll_oms_book_dead(oms, order);
    struct ll_client_event *event = ll_oms_report_news(oms, order, verdict);
    if (waiting->report.kind == LL_REPORT_EXECUTED) {
        event->last_price = waiting->report.price;
        event->last_quantity = waiting->report.quantity;
    }
}

static void ll_oms_system(struct ll_oms *oms, const struct ll_oms_waiting *waiting)
{
    struct ll_oms_session *link = &oms->control->sessions[waiting->session];
    if (waiting->report.code == 'S')
        link->day_over = false;
    else if (waiting->report.code == 'E')
        link->day_over = true;
    else
        oms->control->counters.unknown_codes++;
}

/* A retryable reject of a replace: the order lives, so it cannot fail; only the request is over. */
static void ll_oms_reject_request(struct ll_oms *oms, const struct ll_oms_waiting *waiting)
{
    (void)ll_oms_ask_number(oms, LL_LIFE_OP_REJECT, waiting->session, waiting->report.number);
    const struct ll_life_answer *answer = ll_oms_ask_run(oms);
    if (answer->verdict == LL_VERDICT_OK && (answer->flags & LL_LIFE_IS_REQUEST) != 0)
        ll_oms_request_rejected(oms, waiting->report.number, answer);
}

/* There is no room for the execution's identifier. The fill is booked without it: none is lost, but a repeat or a bust
 * of this one cannot be told any more. So only the session's own word is taken: a copy would book it twice. */
static void ll_oms_fill_without_id(struct ll_oms *oms, struct ll_oms_waiting *waiting)
{
    struct ll_life_ask *ask =
        ll_oms_ask_number(oms, LL_LIFE_OP_FILL, waiting->session, waiting->report.number);
    ask->quantity = waiting->report.quantity;
    oms->booked[waiting->ask] = *ll_oms_ask_run(oms);
    waiting->execution = LL_OMS_NONE;
    oms->control->counters.ids_on_host++;
}

static void ll_oms_book(struct ll_oms *oms, struct ll_oms_waiting *waiting)
{
    if (waiting->report.kind == LL_REPORT_EXECUTED && waiting->ask_count != 0 && !ll_oms_is_copy(waiting) &&
        oms->booked[waiting->ask].verdict == LL_VERDICT_TABLE_FULL)
        ll_oms_fill_without_id(oms, waiting);
    uint8_t verdict = waiting->ask_count == 0 ? waiting->verdict : oms->booked[waiting->ask].verdict;
    oms->time_ns = waiting->time_ns;
    oms->control->event_id = waiting->event_id;
    oms->control->counters.reports++;
    oms->control->counters.verdicts[verdict]++;
    oms->batch->slots[waiting->slot].verdict = verdict;
    if (waiting->ask_count != 0 && ll_oms_is_taken(verdict) && !ll_oms_is_told_only(waiting))
        ll_oms_book_known(oms, waiting, verdict);
    else if (waiting->report.kind == LL_REPORT_REJECTED && verdict == LL_VERDICT_ILLEGAL_TRANSITION)
        ll_oms_reject_request(oms, waiting);
    else if (waiting->report.kind == LL_REPORT_EXECUTED && verdict == LL_VERDICT_UNKNOWN_ID)
        ll_oms_book_suspense(oms, &waiting->report, waiting->link);
    else if (waiting->report.kind == LL_REPORT_SYSTEM && !ll_oms_is_copy(waiting))
        ll_oms_system(oms, waiting);
    else if (waiting->report.kind == LL_REPORT_QUERY && !ll_oms_is_copy(waiting))
        ll_oms_query_answered(oms, waiting->session, waiting->report.number);
    else if (waiting->verdict != LL_VERDICT_OK)
        oms->control->counters.bad_reports++;
    else if (waiting->execution != LL_OMS_NONE && waiting->execution + 1 == oms->control->id_count)
        ll_oms_id_drop(oms, waiting->execution); /* it came twice */
    oms->expected = waiting->expected;
    ll_oms_check_expected(oms, verdict);
    oms->expected = LL_OMS_EXPECTED_NONE;
}

/* In line, because gcc takes a function that only fetches ahead for one that does nothing, and leaves it out. */
LL_FN_HOT void ll_oms_fetch(const void *record, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64)
        LL_PREFETCH((const char *)record + at);
}

/* What booking will touch is spread over all own orders: it is fetched for the whole batch at once, order records, then
 * the identifiers they name, then the texts of those. */
LL_FN_HOT void ll_oms_fetch_ahead(const struct ll_oms *oms, uint32_t count)
{
    const struct ll_oms_order *orders[LL_OMS_REPORTS_MAX];
    uint32_t known = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t order =
            oms->waiting[i].ask_count == 0 ? LL_OMS_NONE : oms->booked[oms->waiting[i].ask].order;
        if (order == LL_OMS_NONE)
            continue;
        orders[known++] = &oms->orders[order];
        ll_oms_fetch(&oms->orders[order], sizeof oms->orders[order]);
    }
    for (uint32_t i = 0; i < known; i++) {
        ll_oms_fetch(&oms->ids[orders[i]->order_id], sizeof oms->ids[0]);
        LL_PREFETCH(&oms->ids[orders[i]->last_id]);
    }
    for (uint32_t i = 0; i < known; i++)
        LL_PREFETCH(oms->texts[oms->ids[orders[i]->order_id].text]);
}

void ll_oms_step(struct ll_oms *oms)
{
    uint32_t count = oms->waiting_count;
    if (count == 0)
        return;
    uint32_t ask_count = oms->ask_count;
    /* Booking asks questions of its own, so the answers are kept apart. */
    memcpy(oms->booked, ll_oms_ask_run(oms), ask_count * sizeof oms->booked[0]);
    oms->waiting_count = 0;
    ll_oms_fetch_ahead(oms, count);
    for (uint32_t i = 0; i < count; i++)
        ll_oms_book(oms, &oms->waiting[i]);
}
