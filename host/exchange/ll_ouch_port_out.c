/* SPDX-License-Identifier: Apache-2.0 */
#include "host/exchange/ll_ouch_port_parts.h"

#include "host/base/ll_assert.h"
#include "host/wire/ll_ouch42.h"
#include "host/wire/ll_ouch50.h"
#include "host/wire/ll_ouch_report.h"

#include <assert.h>
#include <string.h>

static_assert(LL_OUCH42_MESSAGE_BYTES_MAX <= LL_OUCH_PORT_MESSAGE_BYTES, "a 4.2 message fits");

/* --- to the door, at once or later ------------------------------------------------------------------------ */

static void publish(struct ll_ouch_port *port, const uint8_t *bytes, uint32_t bytes_count)
{
    if (port->door.publish(port->door.context, bytes, bytes_count) == LL_OK)
        port->counters.published++;
    else
        port->counters.lost++;
}

/* The place in the ring that is so many behind the oldest answer. */
static uint32_t answer_at(const struct ll_ouch_port *port, uint32_t behind)
{
    uint32_t at = port->answer_first + behind;
    return at < port->config.answers_max ? at : at - port->config.answers_max;
}

static void release_first(struct ll_ouch_port *port)
{
    const struct ll_ouch_answer *answer = &port->answers[port->answer_first];
    publish(port, answer->bytes, answer->bytes_count);
    port->answer_first = answer_at(port, 1);
    port->answer_count--;
}

void ll_ouch_port_release(struct ll_ouch_port *port, uint64_t now_ns)
{
    while (port->answer_count > 0 && port->answers[port->answer_first].due_ns <= now_ns)
        release_first(port);
}

/* Answers keep their order: one that is due sooner still waits for the one in front of it. */
static void send_bytes(struct ll_ouch_port *port, const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns)
{
    uint64_t due_ns = now_ns;
    if (ll_ouch_port_draw(port, LL_OUCH_PORT_FAULT_DELAY))
        due_ns += ll_ouch_port_draw_ns(port, LL_OUCH_PORT_FAULT_DELAY, port->config.faults.delay_ns_max);
    if (due_ns < port->silent_until_ns)
        due_ns = port->silent_until_ns;
    ll_ouch_port_release(port, now_ns);
    if (port->answer_count == 0 && due_ns <= now_ns) {
        publish(port, bytes, bytes_count);
        return;
    }
    if (port->answer_count == port->config.answers_max)
        release_first(port);
    struct ll_ouch_answer *answer = &port->answers[answer_at(port, port->answer_count)];
    answer->due_ns = due_ns;
    answer->bytes_count = bytes_count;
    memcpy(answer->bytes, bytes, bytes_count);
    port->answer_count++;
}

/* Every message has its time at the same place, behind its type. */
static void send50(struct ll_ouch_port *port, struct ll_ouch50_message *message, uint64_t now_ns)
{
    uint8_t bytes[LL_OUCH_PORT_MESSAGE_BYTES];
    uint32_t bytes_count = 0;
    message->system_event.timestamp = now_ns - port->config.midnight_ns;
    int err = ll_ouch50_encode(LL_OUCH_OUT, message, bytes, sizeof bytes, &bytes_count);
    LL_ASSERT(err == LL_OK);
    send_bytes(port, bytes, bytes_count, now_ns);
}

static void send42(struct ll_ouch_port *port, union ll_ouch42_message *message, uint64_t now_ns)
{
    uint8_t bytes[LL_OUCH_PORT_MESSAGE_BYTES];
    uint32_t bytes_count = 0;
    message->system_event.timestamp = now_ns - port->config.midnight_ns;
    int err = ll_ouch42_encode(LL_OUCH_OUT, message, bytes, sizeof bytes, &bytes_count);
    LL_ASSERT(err == LL_OK);
    send_bytes(port, bytes, bytes_count, now_ns);
}

static bool is_50(const struct ll_ouch_port *port)
{
    return port->config.protocol == LL_PROTOCOL_OUCH50;
}

/* An empty message about a link; the channel comes back when the link was opened on one. */
static struct ll_ouch50_message about50(char type, const struct ll_ouch_link *link)
{
    struct ll_ouch50_message message;
    memset(&message, 0, sizeof message);
    message.message_type = type;
    message.executed.user_ref_num = link->number;
    if (link->has_channel) {
        message.options.present = LL_OUCH50_PRESENT(LL_OUCH50_TAG_USER_REF_IDX);
        message.options.user_ref_idx = link->channel;
    }
    return message;
}

static union ll_ouch42_message about42(char type, const struct ll_ouch_link *link)
{
    union ll_ouch42_message message;
    memset(&message, 0, sizeof message);
    message.message_type = type;
    memcpy(message.executed.order_token, link->name, sizeof message.executed.order_token);
    return message;
}

/* --- system event ----------------------------------------------------------------------------------------- */

void ll_ouch_put_system(struct ll_ouch_port *port, char event_code, uint64_t now_ns)
{
    static const struct ll_ouch_link nothing;
    if (is_50(port)) {
        struct ll_ouch50_message message = about50(LL_OUCH50_TYPE_SYSTEM_EVENT, &nothing);
        message.system_event.event_code = event_code;
        send50(port, &message, now_ns);
    } else {
        union ll_ouch42_message message = about42(LL_OUCH42_TYPE_SYSTEM_EVENT, &nothing);
        message.system_event.event_code = event_code;
        send42(port, &message, now_ns);
    }
}

/* --- accepted and replaced -------------------------------------------------------------------------------- */

/* What of the options is echoed; the replaced message does not list the last three. */
static void echo_options(const struct ll_ouch_link *link, bool is_replaced, struct ll_ouch50_options *options)
{
    if (link->has_firm) {
        options->present |= LL_OUCH50_PRESENT(LL_OUCH50_TAG_FIRM);
        memcpy(options->firm, link->firm, sizeof options->firm);
    }
    if (link->minimum != 0) {
        options->present |= LL_OUCH50_PRESENT(LL_OUCH50_TAG_MIN_QTY);
        options->min_qty = link->minimum;
    }
    if (link->post_only) {
        options->present |= LL_OUCH50_PRESENT(LL_OUCH50_TAG_POST_ONLY);
        options->post_only = 'P';
    }
    if (link->expire_s != 0) {
        options->present |= LL_OUCH50_PRESENT(LL_OUCH50_TAG_EXPIRE_TIME);
        options->expire_time = link->expire_s;
    }
    if (!is_replaced && link->customer_type != 0) {
        options->present |= LL_OUCH50_PRESENT(LL_OUCH50_TAG_CUSTOMER_TYPE);
        options->customer_type = link->customer_type;
    }
    if (!is_replaced && link->has_group_id) {
        options->present |= LL_OUCH50_PRESENT(LL_OUCH50_TAG_GROUP_ID);
        options->group_id = link->group_id;
    }
}

static void put_accepted50(struct ll_ouch_port *port, const struct ll_ouch_link *link, char state,
                           uint64_t now_ns)
{
    struct ll_ouch50_message message = about50(LL_OUCH50_TYPE_ACCEPTED, link);
    struct ll_ouch50_accepted *accepted = &message.accepted;
    accepted->side = link->side;
    accepted->quantity = link->quantity;
    memcpy(accepted->symbol, link->symbol, sizeof accepted->symbol);
    accepted->price = link->price;
    accepted->time_in_force = (char)link->time_in_force;
    accepted->display = link->display;
    accepted->order_reference_number = link->reference;
    accepted->capacity = link->capacity;
    accepted->intermarket_sweep_eligibility = link->sweep;
    accepted->cross_type = link->cross;
    accepted->order_state = state;
    memcpy(accepted->cl_ord_id, link->name, sizeof accepted->cl_ord_id);
    echo_options(link, false, &message.options);
    send50(port, &message, now_ns);
}

static void put_replaced50(struct ll_ouch_port *port, const struct ll_ouch_link *link, char state,
                           uint64_t now_ns)
{
    struct ll_ouch50_message message = about50(LL_OUCH50_TYPE_REPLACED, link);
    struct ll_ouch50_replaced *replaced = &message.replaced;
    replaced->orig_user_ref_num = port->links[link->replaces].number;
    replaced->user_ref_num = link->number;
    replaced->side = link->side;
    replaced->quantity = link->quantity;
    memcpy(replaced->symbol, link->symbol, sizeof replaced->symbol);
    replaced->price = link->price;
    replaced->time_in_force = (char)link->time_in_force;
    replaced->display = link->display;
    replaced->order_reference_number = link->reference;
    replaced->capacity = link->capacity;
    replaced->intermarket_sweep_eligibility = link->sweep;
    replaced->cross_type = link->cross;
    replaced->order_state = state;
    memcpy(replaced->cl_ord_id, link->name, sizeof replaced->cl_ord_id);
    echo_options(link, true, &message.options);
    send50(port, &message, now_ns);
}

static void put_accepted42(struct ll_ouch_port *port, const struct ll_ouch_link *link, char state,
                           uint64_t now_ns)
{
    union ll_ouch42_message message = about42(LL_OUCH42_TYPE_ACCEPTED, link);
    struct ll_ouch42_accepted *accepted = &message.accepted;
    accepted->buy_sell_indicator = link->side;
    accepted->shares = link->quantity;
    memcpy(accepted->stock, link->symbol, sizeof accepted->stock);
    accepted->price = (uint32_t)link->price;
    accepted->time_in_force = link->time_in_force;
    memcpy(accepted->firm, link->firm, sizeof accepted->firm);
    accepted->display = link->display;
    accepted->order_reference_number = link->reference;
    accepted->capacity = link->capacity;
    accepted->intermarket_sweep_eligibility = link->sweep;
    accepted->minimum_quantity = link->minimum;
    accepted->cross_type = link->cross;
    accepted->order_state = state;
    accepted->bbo_weight_indicator = ' ';
    send42(port, &message, now_ns);
}

static void put_replaced42(struct ll_ouch_port *port, const struct ll_ouch_link *link, char state,
                           uint64_t now_ns)
{
    union ll_ouch42_message message = about42(LL_OUCH42_TYPE_REPLACED, link);
    struct ll_ouch42_replaced *replaced = &message.replaced;
    replaced->buy_sell_indicator = link->side;
    replaced->shares = link->quantity;
    memcpy(replaced->stock, link->symbol, sizeof replaced->stock);
    replaced->price = (uint32_t)link->price;
    replaced->time_in_force = link->time_in_force;
    memcpy(replaced->firm, link->firm, sizeof replaced->firm);
    replaced->display = link->display;
    replaced->order_reference_number = link->reference;
    replaced->capacity = link->capacity;
    replaced->intermarket_sweep_eligibility = link->sweep;
    replaced->minimum_quantity = link->minimum;
    replaced->cross_type = link->cross;
    replaced->order_state = state;
    memcpy(replaced->previous_order_token, port->links[link->replaces].name,
           sizeof replaced->previous_order_token);
    replaced->bbo_weight_indicator = ' ';
    send42(port, &message, now_ns);
}

void ll_ouch_put_opened(struct ll_ouch_port *port, const struct ll_ouch_link *link, bool is_dead,
                        uint64_t now_ns)
{
    char state = is_dead ? LL_OUCH_STATE_DEAD : LL_OUCH_STATE_LIVE;
    bool is_replaced = link->replaces != LL_OUCH_PORT_NONE;
    if (is_50(port) && is_replaced)
        put_replaced50(port, link, state, now_ns);
    else if (is_50(port))
        put_accepted50(port, link, state, now_ns);
    else if (is_replaced)
        put_replaced42(port, link, state, now_ns);
    else
        put_accepted42(port, link, state, now_ns);
}

/* --- what happens to a live order ------------------------------------------------------------------------- */

void ll_ouch_put_cancelled(struct ll_ouch_port *port, const struct ll_ouch_link *link, uint32_t quantity,
                           char reason, uint64_t now_ns)
{
    if (is_50(port)) {
        struct ll_ouch50_message message = about50(LL_OUCH50_TYPE_CANCELED, link);
        message.canceled.quantity = quantity;
        message.canceled.reason = reason;
        send50(port, &message, now_ns);
    } else {
        union ll_ouch42_message message = about42(LL_OUCH42_TYPE_CANCELED, link);
        message.canceled.decrement_shares = quantity;
        message.canceled.reason = reason;
        send42(port, &message, now_ns);
    }
}

void ll_ouch_put_prevented(struct ll_ouch_port *port, const struct ll_ouch_link *link,
                           const struct ll_matching_cancelled *event, char strategy)
{
    char liquidity = event->taker ? 'R' : 'A';
    if (is_50(port)) {
        struct ll_ouch50_message message = about50(LL_OUCH50_TYPE_AIQ_CANCELED, link);
        message.aiq_canceled.decrement_shares = event->quantity;
        message.aiq_canceled.reason = LL_OUCH_CANCEL_SELF_MATCH;
        message.aiq_canceled.quantity_prevented_from_trading = event->prevented_quantity;
        message.aiq_canceled.execution_price = event->prevented_price;
        message.aiq_canceled.liquidity_flag = liquidity;
        message.aiq_canceled.aiq_strategy = strategy;
        send50(port, &message, event->now_ns);
    } else {
        union ll_ouch42_message message = about42(LL_OUCH42_TYPE_AIQ_CANCELED, link);
        message.aiq_canceled.decrement_shares = event->quantity;
        message.aiq_canceled.reason = LL_OUCH_CANCEL_SELF_MATCH;
        message.aiq_canceled.quantity_prevented_from_trading = event->prevented_quantity;
        message.aiq_canceled.execution_price = event->prevented_price;
        message.aiq_canceled.liquidity_flag = liquidity;
        message.aiq_canceled.aiq_strategy = strategy;
        send42(port, &message, event->now_ns);
    }
}

void ll_ouch_put_executed(struct ll_ouch_port *port, const struct ll_ouch_link *link,
                          const struct ll_ouch_execution *execution)
{
    if (is_50(port)) {
        struct ll_ouch50_message message = about50(LL_OUCH50_TYPE_EXECUTED, link);
        message.executed.quantity = execution->quantity;
        message.executed.price = execution->price;
        message.executed.liquidity_flag = execution->liquidity;
        message.executed.match_number = execution->match_number;
        send50(port, &message, execution->time_ns);
    } else {
        union ll_ouch42_message message = about42(LL_OUCH42_TYPE_EXECUTED, link);
        message.executed.executed_shares = execution->quantity;
        message.executed.execution_price = execution->price;
        message.executed.liquidity_flag = execution->liquidity;
        message.executed.match_number = execution->match_number;
        send42(port, &message, execution->time_ns);
    }
}

void ll_ouch_put_broken(struct ll_ouch_port *port, const struct ll_ouch_link *link, uint64_t match_number,
                        char reason, uint64_t now_ns)
{
    if (is_50(port)) {
        struct ll_ouch50_message message = about50(LL_OUCH50_TYPE_BROKEN_TRADE, link);
        message.broken_trade.match_number = match_number;
        message.broken_trade.reason = reason;
        memcpy(message.broken_trade.cl_ord_id, link->name, sizeof message.broken_trade.cl_ord_id);
        send50(port, &message, now_ns);
    } else {
        union ll_ouch42_message message = about42(LL_OUCH42_TYPE_BROKEN_TRADE, link);
        message.broken_trade.match_number = match_number;
        message.broken_trade.reason = reason;
        send42(port, &message, now_ns);
    }
}

void ll_ouch_put_rejected(struct ll_ouch_port *port, const struct ll_ouch_link *link, uint64_t now_ns)
{
    if (is_50(port)) {
        struct ll_ouch50_message message = about50(LL_OUCH50_TYPE_REJECTED, link);
        message.rejected.reason = link->reason;
        memcpy(message.rejected.cl_ord_id, link->name, sizeof message.rejected.cl_ord_id);
        send50(port, &message, now_ns);
    } else {
        union ll_ouch42_message message = about42(LL_OUCH42_TYPE_REJECTED, link);
        message.rejected.reason = (char)link->reason;
        send42(port, &message, now_ns);
    }
}

void ll_ouch_put_modified(struct ll_ouch_port *port, const struct ll_ouch_link *link, uint64_t now_ns)
{
    if (is_50(port)) {
        struct ll_ouch50_message message = about50(LL_OUCH50_TYPE_MODIFIED, link);
        message.modified.side = link->side;
        message.modified.quantity = link->open;
        send50(port, &message, now_ns);
    } else {
        union ll_ouch42_message message = about42(LL_OUCH42_TYPE_MODIFIED, link);
        message.modified.buy_sell_indicator = link->side;
        message.modified.shares = link->open;
        send42(port, &message, now_ns);
    }
}

void ll_ouch_put_priority(struct ll_ouch_port *port, const struct ll_ouch_link *link, uint64_t now_ns)
{
    if (is_50(port)) {
        struct ll_ouch50_message message = about50(LL_OUCH50_TYPE_PRIORITY_UPDATE, link);
        message.priority_update.price = link->price;
        message.priority_update.display = link->display;
        message.priority_update.order_reference_number = link->reference;
        send50(port, &message, now_ns);
    } else {
        union ll_ouch42_message message = about42(LL_OUCH42_TYPE_PRIORITY_UPDATE, link);
        message.priority_update.price = (uint32_t)link->price;
        message.priority_update.display = link->display;
        message.priority_update.order_reference_number = link->reference;
        send42(port, &message, now_ns);
    }
}

/* --- answers that name no order: 5.0 only ----------------------------------------------------------------- */

static void put_mass_cancel(struct ll_ouch_port *port, const struct ll_ouch_request *request, uint64_t now_ns)
{
    const struct ll_ouch_link *terms = &request->terms;
    struct ll_ouch50_message message = about50(LL_OUCH50_TYPE_MASS_CANCEL_RESPONSE, terms);
    memcpy(message.mass_cancel_response.firm, terms->firm, sizeof message.mass_cancel_response.firm);
    memcpy(message.mass_cancel_response.symbol, terms->symbol, sizeof message.mass_cancel_response.symbol);
    if (request->has_side) {
        message.options.present |= LL_OUCH50_PRESENT(LL_OUCH50_TAG_SIDE);
        message.options.side = terms->side;
    }
    if (terms->has_group_id) {
        message.options.present |= LL_OUCH50_PRESENT(LL_OUCH50_TAG_GROUP_ID);
        message.options.group_id = terms->group_id;
    }
    send50(port, &message, now_ns);
}

void ll_ouch_put_administrative(struct ll_ouch_port *port, const struct ll_ouch_request *request,
                                uint64_t now_ns)
{
    const struct ll_ouch_link *terms = &request->terms;
    struct ll_ouch50_message message;
    switch (request->kind) {
    case LL_OUCH_REQUEST_MASS_CANCEL:
        put_mass_cancel(port, request, now_ns);
        return;
    case LL_OUCH_REQUEST_DISABLE:
        message = about50(LL_OUCH50_TYPE_DISABLE_RESPONSE, terms);
        memcpy(message.disable_response.firm, terms->firm, sizeof message.disable_response.firm);
        break;
    case LL_OUCH_REQUEST_ENABLE:
        message = about50(LL_OUCH50_TYPE_ENABLE_RESPONSE, terms);
        memcpy(message.enable_response.firm, terms->firm, sizeof message.enable_response.firm);
        break;
    default:
        message = about50(LL_OUCH50_TYPE_QUERY_RESPONSE, terms);
        message.query_response.next_user_ref_num = port->number_last[terms->channel] + 1;
        break;
    }
    send50(port, &message, now_ns);
}
