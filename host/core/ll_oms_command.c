/* SPDX-License-Identifier: Apache-2.0 */
/* What clients ask: each command is judged, recorded, done and answered. */
#include "host/base/ll_assert.h"
#include "host/core/ll_oms_state.h"

#include <string.h>

/* --- Looking up ------------------------------------------------------------------------------------------ */

/* A name is printable text without space, or nothing. */
static bool ll_oms_names_are_good(const struct ll_command *command)
{
    static const enum ll_command_text names[] = {LL_TEXT_account, LL_TEXT_user, LL_TEXT_strategy};
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct ll_oms_text text = ll_oms_text_of(command, names[i]);
        if (text.bytes_count != 0 && !ll_id_text_is_good(text.bytes, text.bytes_count))
            return false;
    }
    return true;
}

/* Names are given numbers when they are first used, the empty one too. */
static uint32_t ll_oms_name(struct ll_names *names, struct ll_oms_text text)
{
    uint32_t number;
    if (text.bytes_count == 0)
        text = (struct ll_oms_text){"-", 1};
    return ll_names_intern(names, text.bytes, text.bytes_count, &number, NULL) == LL_OK ? number
                                                                                        : LL_OMS_NONE;
}

uint32_t ll_oms_limited(struct ll_oms *oms, struct ll_names *names, enum ll_limit_scope scope,
                        struct ll_oms_text text)
{
    char name[LL_NAME_BYTES_MAX] = {0};
    uint32_t known = ll_names_count(names);
    uint32_t number = ll_oms_name(names, text);
    if (number == LL_OMS_NONE || number < known)
        return number;
    memcpy(name, text.bytes, text.bytes_count);
    ll_risk_name(&oms->risk, scope, number, name);
    return number;
}

uint32_t ll_oms_instrument(const struct ll_oms *oms, struct ll_oms_text text)
{
    char symbol[LL_SYMBOL_BYTES];
    if (!ll_symbol_pad(symbol, text.bytes, text.bytes_count))
        return LL_INSTRUMENT_NONE;
    return ll_instruments_find(&oms->instruments, symbol);
}

uint32_t ll_oms_target(struct ll_oms *oms, const struct ll_command *command, struct ll_oms_refusal *refusal)
{
    struct ll_oms_text text = ll_oms_text_of(command, LL_TEXT_target);
    if (!ll_id_text_is_good(text.bytes, text.bytes_count)) {
        refusal->code = LL_REFUSAL_BAD_ID;
        refusal->value = text.bytes_count;
        return LL_OMS_NONE;
    }
    const struct ll_life_answer *answer = ll_oms_find(oms, LL_OMS_NONE, text);
    if (answer == NULL) {
        refusal->code = LL_REFUSAL_UNKNOWN_ORDER;
        return LL_OMS_NONE;
    }
    return answer->order;
}

/* Every identifier in a command is a good one, or not there. */
static bool ll_oms_ids_are_good(const struct ll_command *command, struct ll_oms_refusal *refusal)
{
    static const enum ll_command_text ids[] = {LL_TEXT_client_order_id, LL_TEXT_lifecycle_id,
                                               LL_TEXT_reference};
    if (!ll_oms_names_are_good(command)) {
        refusal->code = LL_REFUSAL_MALFORMED;
        return false;
    }
    for (uint32_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct ll_oms_text text = ll_oms_text_of(command, ids[i]);
        if (text.bytes_count == 0 || ll_id_text_is_good(text.bytes, text.bytes_count))
            continue;
        refusal->code = LL_REFUSAL_BAD_ID;
        refusal->value = text.bytes_count;
        return false;
    }
    return true;
}

/* --- Orders ---------------------------------------------------------------------------------------------- */

static bool ll_oms_command_place(struct ll_oms *oms, const struct ll_command *command, uint32_t *order,
                                 struct ll_oms_refusal *refusal)
{
    bool existing = false;
    struct ll_oms_new new_order = {.order_id = ll_oms_text_of(command, LL_TEXT_lifecycle_id),
                                   .client_key = ll_oms_text_of(command, LL_TEXT_client_order_id),
                                   .quantity = command->quantity,
                                   .price = command->price,
                                   .expected_price = command->expected_price,
                                   .expire_ns = command->expire_ns,
                                   .request = command->request,
                                   .parent = LL_OMS_NONE,
                                   .parent_id = LL_OMS_NONE,
                                   .client = command->client,
                                   .max_slippage_bps = command->max_slippage_bps,
                                   .side = command->side,
                                   .type = command->type,
                                   .time_in_force = command->time_in_force,
                                   .flags = command->flags,
                                   .session = command->session,
                                   .max_attempts = command->max_attempts};
    if (command->side > LL_ORDER_SELL_SHORT || command->type > LL_TYPE_STOP_LIMIT ||
        command->time_in_force > LL_TIF_GTD) {
        refusal->code = LL_REFUSAL_MALFORMED;
        return false;
    }
    if (command->stop_price > LL_PRICE_TICKS_MAX || command->take_price > LL_PRICE_TICKS_MAX) {
        refusal->code = LL_REFUSAL_BAD_PRICE;
        return false;
    }
    new_order.account =
        ll_oms_limited(oms, &oms->accounts, LL_SCOPE_ACCOUNT, ll_oms_text_of(command, LL_TEXT_account));
    new_order.user = ll_oms_name(&oms->users, ll_oms_text_of(command, LL_TEXT_user));
    new_order.strategy =
        ll_oms_limited(oms, &oms->strategies, LL_SCOPE_STRATEGY, ll_oms_text_of(command, LL_TEXT_strategy));
    new_order.instrument = ll_oms_instrument(oms, ll_oms_text_of(command, LL_TEXT_symbol));
    if (new_order.account == LL_OMS_NONE || new_order.user == LL_OMS_NONE ||
        new_order.strategy == LL_OMS_NONE) {
        refusal->code = LL_REFUSAL_TABLE_FULL;
        return false;
    }
    *order = ll_oms_place(oms, &new_order, refusal, &existing);
    return existing;
}

/* Requests about an order go one at a time, and only while the venue can answer. */
static bool ll_oms_can_ask(const struct ll_oms *oms, uint32_t order, struct ll_oms_refusal *refusal)
{
    const struct ll_oms_order *entry = &oms->orders[order];
    const struct ll_oms_session *link = &oms->control->sessions[entry->session];
    if (!ll_oms_is_working(entry))
        refusal->code = LL_REFUSAL_ORDER_ENDED;
    else if (entry->request != LL_REQUEST_NONE)
        refusal->code = LL_REFUSAL_REQUEST_OUTSTANDING;
    else if (link->state != LL_OMS_SESSION_OPEN || !ll_oms_flight_room(oms, entry->session))
        refusal->code = LL_REFUSAL_NOT_OPEN;
    return refusal->code == LL_REFUSAL_NONE;
}

void ll_oms_cancel_waiting(struct ll_oms *oms, uint32_t order)
{
    struct ll_life_ask *ask = ll_oms_ask(oms, LL_LIFE_OP_CANCEL);
    ll_oms_ask_key(ask, oms->ids[oms->orders[order].order_id].key);
    ask->quantity = LL_LIFE_ALL;
    ll_oms_order_answered(oms, order, ll_oms_ask_run(oms));
    (void)ll_oms_news(oms, LL_CLIENT_ORDER, order);
}

void ll_oms_cancel_order(struct ll_oms *oms, uint32_t order, uint32_t open_lots,
                         struct ll_oms_refusal *refusal)
{
    struct ll_oms_order *entry = &oms->orders[order];
    if (entry->state == LL_ORDER_FAILED) {
        ll_oms_cancel_waiting(oms, order);
        return;
    }
    if (!ll_oms_can_ask(oms, order, refusal))
        return;
    if (open_lots != 0 &&
        entry->links != 0) { /* the venue does not say what executions before a replace count for */
        refusal->code = LL_REFUSAL_UNSUPPORTED;
        return;
    }
    if (open_lots != 0 && open_lots >= entry->leaves) {
        refusal->code = LL_REFUSAL_BAD_QUANTITY;
        refusal->limit = entry->leaves;
        refusal->value = open_lots;
        return;
    }
    entry->request = LL_REQUEST_CANCEL;
    entry->request_client = 0;
    entry->request_id = LL_OMS_NONE;
    entry->request_number = entry->number;
    entry->request_quantity = open_lots == 0 ? 0 : entry->cumulative + open_lots;
    ll_oms_send_cancel(oms, order);
}

bool ll_oms_check_name(struct ll_oms *oms, const struct ll_command *command, uint32_t order, uint8_t type,
                       uint32_t *id, struct ll_oms_refusal *refusal)
{
    return ll_oms_id_check(oms, order, type, ll_oms_text_of(command, LL_TEXT_lifecycle_id), id, refusal);
}

uint32_t ll_oms_name_action(struct ll_oms *oms, const struct ll_command *command, uint32_t order,
                            uint8_t type)
{
    struct ll_oms_refusal ignored = {.code = LL_REFUSAL_NONE, .order = LL_OMS_NONE};
    uint32_t id = ll_oms_id_give(oms, order, type, ll_oms_text_of(command, LL_TEXT_lifecycle_id), &ignored);
    oms->control->counters.ids_on_host += id == LL_OMS_NONE;
    return id;
}

static uint32_t ll_oms_command_cancel(struct ll_oms *oms, const struct ll_command *command, uint32_t *id,
                                      bool *existing, struct ll_oms_refusal *refusal)
{
    uint32_t order = ll_oms_target(oms, command, refusal);
    if (order == LL_OMS_NONE || !ll_oms_check_name(oms, command, order, LL_ID_CANCEL, id, refusal))
        return order;
    struct ll_oms_order *entry = &oms->orders[order];
    *existing = *id != LL_OMS_NONE;
    if (*existing)
        return order;
    if (command->quantity > UINT32_MAX) {
        refusal->code = LL_REFUSAL_BAD_QUANTITY;
        refusal->limit = entry->leaves;
        refusal->value = command->quantity;
        return order;
    }
    ll_oms_cancel_order(oms, order, (uint32_t)command->quantity, refusal);
    if (refusal->code != LL_REFUSAL_NONE)
        return order;
    *id = ll_oms_name_action(oms, command, order, LL_ID_CANCEL);
    entry->request_id = *id;
    if (entry->request == LL_REQUEST_CANCEL)
        entry->request_client = command->request;
    else /* it waited for a retry: cancelled at once */
        ll_oms_request_named(oms, order, false);
    return order;
}

static void ll_oms_check_replace(const struct ll_oms *oms, const struct ll_command *command, uint32_t order,
                                 struct ll_oms_refusal *refusal)
{
    const struct ll_oms_order *entry = &oms->orders[order];
    if (!ll_oms_can_ask(oms, order, refusal))
        return;
    refusal->value = command->quantity;
    refusal->limit = entry->cumulative;
    if (entry->state == LL_ORDER_FAILED || !ll_oms_number_room(oms, entry->session))
        refusal->code = LL_REFUSAL_NOT_OPEN;
    else if (entry->type == LL_TYPE_MARKET) /* it has no price that could be another, and does not rest */
        refusal->code = LL_REFUSAL_UNSUPPORTED;
    else if (command->quantity == 0 || command->quantity > UINT32_MAX)
        refusal->code = LL_REFUSAL_BAD_QUANTITY;
    else if (command->quantity <= entry->cumulative)
        refusal->code = LL_REFUSAL_BELOW_FILLED;
    else if (!ll_oms_ids_room(oms, 2, 1))
        refusal->code = LL_REFUSAL_TABLE_FULL;
}

/* The new link is known before it is sent, so whatever the venue says of it finds its order. */
static void ll_oms_start_replace(struct ll_oms *oms, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    entry->request_number = ll_oms_next_number(oms, entry->session, entry->side);
    uint32_t link =
        ll_oms_id_number(oms, LL_ID_PROVIDER_REF, LL_KEY_PROVIDER_REF, entry->session, entry->request_number);
    ll_oms_ask_add(oms, link, order, LL_LIFE_REQUEST);
    const struct ll_life_answer *answer = ll_oms_ask_run(oms);
    bool known = answer->verdict == LL_VERDICT_OK;
    entry->request_link = known ? link : LL_OMS_NONE;
    if (known) {
        ll_oms_id_attach(oms, link, order);
        ll_oms_send_replace(oms, order);
    } else {
        ll_oms_id_drop(oms, link);
        oms->control->counters.ids_on_host++;
        ll_oms_request_over(oms, order, true);
    }
}

static uint32_t ll_oms_command_replace(struct ll_oms *oms, const struct ll_command *command, uint32_t *id,
                                       bool *existing, struct ll_oms_refusal *refusal)
{
    uint32_t order = ll_oms_target(oms, command, refusal);
    if (order == LL_OMS_NONE || !ll_oms_check_name(oms, command, order, LL_ID_MODIFY, id, refusal))
        return order;
    struct ll_oms_order *entry = &oms->orders[order];
    *existing = *id != LL_OMS_NONE;
    if (*existing)
        return order;
    ll_oms_check_replace(oms, command, order, refusal);
    if (refusal->code == LL_REFUSAL_NONE)
        ll_oms_reserve_replace(oms, order, (uint32_t)command->quantity, command->price, refusal);
    if (refusal->code != LL_REFUSAL_NONE)
        return order;
    *id = ll_oms_name_action(oms, command, order, LL_ID_MODIFY);
    entry->request_id = *id;
    entry->request_client = command->request;
    entry->request_expire_s = ll_oms_seconds_left(oms, entry);
    ll_oms_start_replace(oms, order);
    return order;
}

static uint32_t ll_oms_command_close(struct ll_oms *oms, const struct ll_command *command, uint32_t *id,
                                     bool *existing, struct ll_oms_refusal *refusal)
{
    struct ll_oms_new exit_order = {.client_key = ll_oms_text_of(command, LL_TEXT_client_order_id),
                                    .price = command->price,
                                    .request = command->request,
                                    .client = command->client,
                                    .type = command->price == 0 ? LL_TYPE_MARKET : LL_TYPE_LIMIT,
                                    .time_in_force = command->time_in_force,
                                    .flags = command->flags};
    if (command->time_in_force > LL_TIF_GTD) {
        refusal->code = LL_REFUSAL_MALFORMED;
        return LL_OMS_NONE;
    }
    uint32_t target = ll_oms_target(oms, command, refusal);
    if (target == LL_OMS_NONE || !ll_oms_check_name(oms, command, target, LL_ID_CLOSE, id, refusal))
        return target;
    *existing = *id != LL_OMS_NONE;
    if (*existing)
        return oms->ids[*id].exit_order;
    uint32_t closer =
        ll_oms_close_order(oms, target, LL_OMS_NONE, command->quantity, &exit_order, refusal, existing);
    if (refusal->code != LL_REFUSAL_NONE)
        return target;
    /* Whose order was there before keeps the name all the same, if he gave one. */
    if (*existing && ll_oms_text_of(command, LL_TEXT_lifecycle_id).bytes_count == 0)
        return closer;
    *id = ll_oms_name_action(oms, command, target, LL_ID_CLOSE);
    if (*id != LL_OMS_NONE)
        oms->ids[*id].exit_order = closer;
    if (!*existing)
        oms->orders[closer].parent_id = *id;
    return closer;
}

/* --- Identifiers ----------------------------------------------------------------------------------------- */

static uint32_t ll_oms_command_id_add(struct ll_oms *oms, const struct ll_command *command, uint32_t *id,
                                      struct ll_oms_refusal *refusal)
{
    uint32_t order = ll_oms_target(oms, command, refusal);
    if (order == LL_OMS_NONE)
        return order;
    /* The venue's own identifiers come from the venue, and an order has one order_id. */
    if (command->id_type == LL_ID_ORDER || command->id_type > LL_ID_TAKEPROFIT_CANCEL)
        refusal->code = LL_REFUSAL_MALFORMED;
    else
        *id = ll_oms_id_give(oms, order, command->id_type, ll_oms_text_of(command, LL_TEXT_lifecycle_id),
                             refusal);
    if (*id == LL_OMS_NONE || oms->ids[*id].status != LL_ID_STATUS_ACTIVE)
        return order;
    /* A stop that is armed goes on under its new name. */
    struct ll_oms_order *entry = &oms->orders[order];
    if (command->id_type == LL_ID_STOPLOSS && entry->stoploss.id != LL_OMS_NONE)
        entry->stoploss.id = *id;
    if (command->id_type == LL_ID_TAKEPROFIT && entry->takeprofit.id != LL_OMS_NONE)
        entry->takeprofit.id = *id;
    return order;
}

static uint32_t ll_oms_command_id_status(struct ll_oms *oms, const struct ll_command *command, uint32_t *id,
                                         struct ll_client_event *answer, struct ll_oms_refusal *refusal)
{
    struct ll_oms_text text = ll_oms_text_of(command, LL_TEXT_lifecycle_id);
    struct ll_life_ask *ask;
    if (!ll_id_text_is_good(text.bytes, text.bytes_count) || command->id_status >= LL_ID_STATUS_COUNT) {
        refusal->code = LL_REFUSAL_BAD_ID;
        return LL_OMS_NONE;
    }
    const struct ll_life_answer *found = ll_oms_find(oms, LL_OMS_NONE, text);
    if (found == NULL) {
        refusal->code = LL_REFUSAL_UNKNOWN_ID;
        return LL_OMS_NONE;
    }
    uint32_t order = found->order;
    *id = found->id;
    ask = ll_oms_ask(oms, LL_LIFE_OP_STATUS);
    ll_oms_ask_key(ask, oms->ids[*id].key);
    ask->status = command->id_status;
    const struct ll_life_answer *done = ll_oms_ask_run(oms);
    answer->verdict = done->verdict;
    if (done->verdict == LL_VERDICT_LATE) {
        answer->flags |= LL_CLIENT_EVENT_LATE;
        oms->control->counters.late++;
    }
    if (done->verdict == LL_VERDICT_OK || done->verdict == LL_VERDICT_LATE) {
        oms->ids[*id].status = command->id_status;
        oms->ids[*id].updated_ns = oms->time_ns;
        ll_oms_stop_follow(oms, order, *id);
    } else if (done->verdict != LL_VERDICT_DUPLICATE) {
        refusal->code = LL_REFUSAL_ILLEGAL_STATUS;
        refusal->value = done->status;
    }
    return order;
}

/* --- One command ------------------------------------------------------------------------------------------ */

static uint32_t ll_oms_command_question(struct ll_oms *oms, const struct ll_command *command, uint32_t *id,
                                        struct ll_oms_refusal *refusal)
{
    enum ll_command_text which = command->kind == LL_COMMAND_RESOLVE ? LL_TEXT_lifecycle_id : LL_TEXT_target;
    struct ll_oms_text text = ll_oms_text_of(command, which);
    const struct ll_life_answer *answer = NULL;
    if (ll_id_text_is_good(text.bytes, text.bytes_count))
        answer = ll_oms_find(oms, LL_OMS_NONE, text);
    if (answer == NULL) {
        refusal->code = LL_REFUSAL_UNKNOWN_ID;
        return LL_OMS_NONE;
    }
    *id = answer->id;
    return answer->order;
}

/* Returns the order it was about, or LL_OMS_NONE. */
static uint32_t ll_oms_do(struct ll_oms *oms, const struct ll_command *command,
                          struct ll_client_event *answer, uint32_t *id, struct ll_oms_refusal *refusal)
{
    uint32_t order = LL_OMS_NONE;
    bool existing = false;
    switch (command->kind) {
    case LL_COMMAND_PLACE:
        existing = ll_oms_command_place(oms, command, &order, refusal);
        if (!existing && refusal->code == LL_REFUSAL_NONE)
            ll_oms_place_stops(oms, command, order);
        break;
    case LL_COMMAND_CANCEL:
        order = ll_oms_command_cancel(oms, command, id, &existing, refusal);
        break;
    case LL_COMMAND_REPLACE:
        order = ll_oms_command_replace(oms, command, id, &existing, refusal);
        break;
    case LL_COMMAND_CLOSE:
        order = ll_oms_command_close(oms, command, id, &existing, refusal);
        break;
    case LL_COMMAND_STOPLOSS_ADD:
    case LL_COMMAND_TAKEPROFIT_ADD:
        order = ll_oms_command_stop_add(oms, command, id, &existing, refusal);
        break;
    case LL_COMMAND_STOPLOSS_CANCEL:
    case LL_COMMAND_TAKEPROFIT_CANCEL:
        order = ll_oms_command_stop_cancel(oms, command, id, &existing, refusal);
        break;
    case LL_COMMAND_ID_ADD:
        order = ll_oms_command_id_add(oms, command, id, refusal);
        break;
    case LL_COMMAND_ID_STATUS:
        order = ll_oms_command_id_status(oms, command, id, answer, refusal);
        break;
    case LL_COMMAND_DEPOSIT:
    case LL_COMMAND_WITHDRAW:
        existing = ll_oms_command_money(oms, command, refusal);
        break;
    case LL_COMMAND_KILL:
    case LL_COMMAND_UNKILL:
    case LL_COMMAND_ENABLE_STRATEGY:
        ll_oms_command_latch(oms, command, refusal);
        break;
    default:
        order = ll_oms_command_question(oms, command, id, refusal);
        break;
    }
    answer->kind = existing ? LL_CLIENT_EXISTING : LL_CLIENT_ACCEPTED;
    return order;
}

static void ll_oms_answer(struct ll_oms *oms, const struct ll_command *command,
                          struct ll_client_event *answer, uint32_t order, uint32_t id,
                          const struct ll_oms_refusal *refusal)
{
    bool refused = refusal->code != LL_REFUSAL_NONE;
    uint32_t about = refused && refusal->order != LL_OMS_NONE ? refusal->order : order;
    if (refused)
        answer->kind = LL_CLIENT_REFUSED;
    else if (!ll_command_is_journaled(command->kind))
        answer->kind = LL_CLIENT_RESOLVED;
    answer->request = command->request;
    answer->client = command->client;
    answer->command = command->kind;
    answer->refusal = refusal->code;
    answer->limit = refusal->limit;
    answer->value = refusal->value;
    if (about != LL_OMS_NONE)
        ll_oms_fill_event(oms, answer, about);
    if (id == LL_OMS_NONE)
        return;
    const struct ll_oms_id *identifier = &oms->ids[id];
    answer->id_type = identifier->type;
    answer->id_status = identifier->status;
    answer->lifecycle_id_bytes = identifier->text_bytes;
    if (identifier->text != LL_OMS_NONE)
        memcpy(answer->lifecycle_id, oms->texts[identifier->text], identifier->text_bytes);
}

void ll_oms_command(struct ll_oms *oms, const struct ll_command *command, uint64_t time_ns)
{
    struct ll_oms_refusal refusal = {.code = LL_REFUSAL_NONE, .order = LL_OMS_NONE};
    struct ll_client_event answer = {.order = LL_OMS_NONE};
    uint32_t order = LL_OMS_NONE;
    uint32_t id = LL_OMS_NONE;
    bool journaled = ll_command_is_journaled(command->kind);
    uint32_t slot = 0;
    ll_oms_begin(oms, time_ns);
    answer.time_ns = time_ns;
    if (!journaled) /* what it says is as durable as the last event */
        oms->control->event_id--;
    answer.event_id = oms->control->event_id;
    if (journaled)
        slot = ll_record_batch_write(oms->batch, LL_RECORD_COMMAND, 0, time_ns, command,
                                     ll_command_bytes(command));
    if (ll_oms_ids_are_good(command, &refusal))
        order = ll_oms_do(oms, command, &answer, &id, &refusal);
    ll_oms_answer(oms, command, &answer, order, id, &refusal);
    struct ll_client_event *event = ll_oms_event_push(oms);
    *event = answer;
    if (!journaled)
        return;
    oms->batch->slots[slot].verdict = refusal.code;
    oms->control->counters.commands++;
    oms->control->counters.refusals[refusal.code]++;
    oms->control->counters.refused += refusal.code != LL_REFUSAL_NONE;
    oms->control->counters.existing += answer.kind == LL_CLIENT_EXISTING;
    ll_oms_check_expected(oms, refusal.code);
}
