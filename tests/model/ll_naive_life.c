/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_naive_life.h"

#include "host/base/ll_assert.h"

#include <stdlib.h>
#include <string.h>

void ll_naive_life_init(struct ll_naive_life *life, uint32_t id_count, uint32_t order_count, uint32_t epoch)
{
    life->ids = calloc((size_t)id_count + 1, sizeof *life->ids);
    life->orders = calloc((size_t)order_count + 1, sizeof *life->orders);
    life->id_count = id_count;
    life->order_count = order_count;
    life->epoch = epoch;
    LL_ASSERT(life->ids != NULL);
    LL_ASSERT(life->orders != NULL);
}

void ll_naive_life_deinit(struct ll_naive_life *life)
{
    free(life->ids);
    free(life->orders);
}

/* --- States --------------------------------------------------------------------------------------------- */

static bool is_before_ack(uint32_t state)
{
    return state == LL_ORDER_PENDING || state == LL_ORDER_SUBMITTED || state == LL_ORDER_FAILED;
}

static bool is_working(uint32_t state)
{
    return state == LL_ORDER_NEW || state == LL_ORDER_PARTIALLY_FILLED;
}

static bool is_over(uint32_t state)
{
    return state == LL_ORDER_FILLED || state == LL_ORDER_CANCELLED || state == LL_ORDER_REJECTED ||
           state == LL_ORDER_EXPIRED;
}

static bool is_live(uint32_t state)
{
    return is_working(state) || state == LL_ORDER_PENDING || state == LL_ORDER_SUBMITTED;
}

#define MOVE(next, by)                        \
    (struct ll_naive_move)                    \
    {                                         \
        .state = (next), .how = LL_NAIVE_##by \
    }

/* Messages from the venue that take something off an order or put it on under another name. */
static struct ll_naive_move move_by_venue(uint32_t state, uint32_t event)
{
    switch (event) {
    case LL_EVENT_PARTIAL_FILL:
        return is_before_ack(state) ? MOVE(LL_ORDER_PARTIALLY_FILLED, EARLY)
               : is_working(state)  ? MOVE(LL_ORDER_PARTIALLY_FILLED, GOOD)
                                    : MOVE(state, LATE);
    case LL_EVENT_FILL:
        return is_before_ack(state) ? MOVE(LL_ORDER_FILLED, EARLY)
               : is_working(state)  ? MOVE(LL_ORDER_FILLED, GOOD)
                                    : MOVE(LL_ORDER_FILLED, LATE);
    case LL_EVENT_CANCEL:
        return state == LL_ORDER_SUBMITTED   ? MOVE(LL_ORDER_CANCELLED, EARLY)
               : state == LL_ORDER_CANCELLED ? MOVE(state, SAME)
               : is_over(state)              ? MOVE(state, LATE)
                                             : MOVE(LL_ORDER_CANCELLED, GOOD);
    case LL_EVENT_PARTIAL_CANCEL:
        return is_before_ack(state) ? MOVE(LL_ORDER_NEW, EARLY)
               : is_working(state)  ? MOVE(state, GOOD)
                                    : MOVE(state, LATE);
    default: /* REPLACE */
        return state == LL_ORDER_REJECTED ? MOVE(state, REFUSED)
               : is_before_ack(state)     ? MOVE(LL_ORDER_NEW, EARLY)
               : is_working(state)        ? MOVE(state, GOOD)
                                          : MOVE(state, LATE);
    }
}

struct ll_naive_move ll_naive_life_move(uint32_t state, uint32_t event)
{
    if (state == LL_ORDER_NONE)
        return MOVE(state, REFUSED);
    switch (event) {
    case LL_EVENT_SUBMIT:
        return state == LL_ORDER_PENDING     ? MOVE(LL_ORDER_SUBMITTED, GOOD)
               : state == LL_ORDER_SUBMITTED ? MOVE(state, SAME)
                                             : MOVE(state, REFUSED);
    case LL_EVENT_ACK:
        return state == LL_ORDER_SUBMITTED  ? MOVE(LL_ORDER_NEW, GOOD)
               : is_before_ack(state)       ? MOVE(LL_ORDER_NEW, EARLY)
               : state == LL_ORDER_REJECTED ? MOVE(state, REFUSED)
                                            : MOVE(state, GOOD);
    case LL_EVENT_REJECT:
        return state == LL_ORDER_SUBMITTED  ? MOVE(LL_ORDER_REJECTED, GOOD)
               : is_before_ack(state)       ? MOVE(LL_ORDER_REJECTED, EARLY)
               : state == LL_ORDER_REJECTED ? MOVE(state, SAME)
                                            : MOVE(state, REFUSED);
    case LL_EVENT_EXPIRE:
        return state == LL_ORDER_EXPIRED ? MOVE(state, SAME)
               : is_over(state)          ? MOVE(state, LATE)
                                         : MOVE(LL_ORDER_EXPIRED, GOOD);
    case LL_EVENT_BUST:
    case LL_EVENT_CORRECT: /* only of what has been filled */
        return is_before_ack(state) || state == LL_ORDER_NEW ? MOVE(state, REFUSED) : MOVE(state, GOOD);
    case LL_EVENT_FAIL:
        return state == LL_ORDER_FAILED ? MOVE(state, SAME)
               : is_before_ack(state)   ? MOVE(LL_ORDER_FAILED, GOOD)
                                        : MOVE(state, REFUSED);
    case LL_EVENT_RETRY:
        return state == LL_ORDER_FAILED ? MOVE(LL_ORDER_PENDING, GOOD) : MOVE(state, REFUSED);
    default:
        return move_by_venue(state, event);
    }
}

static uint32_t verdict_of(struct ll_naive_move move)
{
    switch (move.how) {
    case LL_NAIVE_GOOD:
        return LL_VERDICT_OK;
    case LL_NAIVE_EARLY:
        return LL_VERDICT_OUT_OF_ORDER;
    case LL_NAIVE_LATE:
        return LL_VERDICT_LATE;
    case LL_NAIVE_SAME:
        return LL_VERDICT_DUPLICATE;
    default:
        return LL_VERDICT_ILLEGAL_TRANSITION;
    }
}

/* --- Identifiers ---------------------------------------------------------------------------------------- */

static uint32_t find(const struct ll_naive_life *life, const uint64_t key[2])
{
    for (uint32_t id = 0; id < life->id_count; id++)
        if (life->ids[id].is_used && memcmp(life->ids[id].key, key, sizeof life->ids[id].key) == 0)
            return id;
    return LL_LIFE_NONE;
}

static bool is_zero(const uint64_t key[2])
{
    return key[0] == 0 && key[1] == 0;
}

static bool is_venue_type(uint32_t type)
{
    return type == LL_ID_PROVIDER_REF || type == LL_ID_EXCHANGE_REF;
}

/* A name that stands for the order, of which there is one at a time. */
static bool is_live_name(const struct ll_naive_life_id *id)
{
    return id->status == LL_ID_STATUS_ACTIVE && id->type != LL_ID_EXECUTION && id->type != LL_ID_CLIENT_KEY &&
           !(id->is_request && is_venue_type(id->type));
}

uint32_t ll_naive_life_active(const struct ll_naive_life *life, uint32_t order, uint32_t type)
{
    for (uint32_t id = 0; id < life->id_count; id++)
        if (life->ids[id].is_used && life->ids[id].order == order && life->ids[id].type == type &&
            is_live_name(&life->ids[id]))
            return id;
    return LL_LIFE_NONE;
}

static uint32_t add_verdict(const struct ll_naive_life *life, uint32_t number, bool no_room)
{
    if (number >= life->id_count)
        return LL_VERDICT_TABLE_FULL;
    if (life->ids[number].is_used)
        return LL_VERDICT_BAD_INPUT;
    return no_room ? LL_VERDICT_TABLE_FULL : LL_VERDICT_OK;
}

static struct ll_naive_life_id *add(struct ll_naive_life *life, uint32_t number, const uint64_t key[2],
                                    uint32_t order, uint32_t type)
{
    struct ll_naive_life_id *id = &life->ids[number];
    *id = (struct ll_naive_life_id){.key = {key[0], key[1]},
                                    .is_used = true,
                                    .order = order,
                                    .replaced_by = LL_LIFE_NONE,
                                    .type = type,
                                    .status = LL_ID_STATUS_ACTIVE};
    return id;
}

static void retire(struct ll_naive_life *life, uint32_t id, uint32_t successor)
{
    life->ids[id].status = LL_ID_STATUS_REPLACED;
    life->ids[id].replaced_by = successor;
}

static uint32_t change_status(struct ll_naive_life_id *id, uint32_t status)
{
    uint32_t now = id->status;
    if (now == status)
        return LL_VERDICT_DUPLICATE;
    if (id->type == LL_ID_EXECUTION)
        return LL_VERDICT_ILLEGAL_TRANSITION;
    if (status == LL_ID_STATUS_EXECUTED ||
        (status == LL_ID_STATUS_CANCELLED && now != LL_ID_STATUS_EXECUTED)) {
        id->status = status;
        return now == LL_ID_STATUS_ACTIVE ? LL_VERDICT_OK : LL_VERDICT_LATE;
    }
    return LL_VERDICT_ILLEGAL_TRANSITION;
}

/* --- What an event does to the lots --------------------------------------------------------------------- */

/* Lots that a late fill may still bring before it is too much. */
static uint32_t remains_of(const struct ll_naive_life_order *order)
{
    if (is_live(order->state))
        return order->leaves;
    return order->cumulative < order->quantity ? order->quantity - order->cumulative : 0;
}

static uint32_t full_event(const struct ll_life_ask *ask, const struct ll_naive_life_order *order)
{
    bool is_part = ask->quantity < remains_of(order);
    switch (ask->op) {
    case LL_LIFE_OP_SUBMIT:
        return LL_EVENT_SUBMIT;
    case LL_LIFE_OP_ACK:
        return LL_EVENT_ACK;
    case LL_LIFE_OP_FILL:
        return is_part ? LL_EVENT_PARTIAL_FILL : LL_EVENT_FILL;
    case LL_LIFE_OP_CANCEL:
        return is_part ? LL_EVENT_PARTIAL_CANCEL : LL_EVENT_CANCEL;
    case LL_LIFE_OP_REPLACE:
        return LL_EVENT_REPLACE;
    case LL_LIFE_OP_REJECT:
        return LL_EVENT_REJECT;
    case LL_LIFE_OP_EXPIRE:
        return LL_EVENT_EXPIRE;
    case LL_LIFE_OP_BUST:
        return LL_EVENT_BUST;
    case LL_LIFE_OP_CORRECT:
        return LL_EVENT_CORRECT;
    case LL_LIFE_OP_FAIL:
        return LL_EVENT_FAIL;
    default:
        return LL_EVENT_RETRY;
    }
}

static uint32_t do_ack(struct ll_naive_life_order *order, uint32_t accepted, uint32_t verdict)
{
    if (order->is_acked)
        return LL_VERDICT_DUPLICATE;
    order->is_acked = true;
    if (accepted == 0 || accepted >= order->quantity)
        return verdict;
    if (accepted > order->cumulative) {
        if (is_live(order->state))
            order->leaves -= order->quantity - accepted;
        order->quantity = accepted;
        return verdict;
    }
    order->leaves = 0;
    order->quantity = order->cumulative;
    if (is_live(order->state))
        order->state = LL_ORDER_FILLED;
    return accepted < order->cumulative ? LL_VERDICT_OVERFILL : verdict;
}

static uint32_t do_fill(struct ll_naive_life_order *order, uint32_t lots, uint32_t remains, uint32_t verdict)
{
    if (lots > UINT32_MAX - order->cumulative)
        return LL_VERDICT_BAD_INPUT;
    order->cumulative += lots;
    order->leaves -= lots < order->leaves ? lots : order->leaves;
    return lots > remains ? LL_VERDICT_OVERFILL : verdict;
}

static uint32_t do_cancel(struct ll_naive_life_order *order, const struct ll_life_ask *ask, uint32_t remains,
                          uint32_t verdict, uint32_t *booked)
{
    if (verdict == LL_VERDICT_LATE)
        return verdict;
    if (ask->quantity < remains) {
        order->leaves -= ask->quantity;
        order->quantity -= ask->quantity;
        *booked = ask->quantity;
        return verdict;
    }
    *booked = order->leaves;
    order->leaves = 0;
    return ask->quantity > remains && ask->quantity != LL_LIFE_ALL ? LL_VERDICT_OVERFILL : verdict;
}

static uint32_t do_correct(struct ll_naive_life_order *order, uint32_t from, uint32_t to, uint32_t verdict)
{
    uint32_t without = order->cumulative - from;
    bool too_much = to > from && (uint64_t)without + to > order->quantity;
    if (to > UINT32_MAX - without ||
        (is_live(order->state) && (uint64_t)without + to + order->leaves > UINT32_MAX))
        return LL_VERDICT_BAD_INPUT;
    order->cumulative = without + to;
    if (is_live(order->state))
        order->quantity = order->cumulative + order->leaves;
    return too_much ? LL_VERDICT_OVERFILL : verdict;
}

/* The event `ask` on an order; `executed` of the execution it names. Refused: the order is as it was. */
static uint32_t do_event(struct ll_naive_life_order *order, const struct ll_life_ask *ask, uint32_t executed,
                         struct ll_life_answer *answer)
{
    struct ll_naive_life_order before = *order;
    uint32_t remains = remains_of(order);
    uint32_t event = full_event(ask, order);
    struct ll_naive_move move = ll_naive_life_move(order->state, event);
    uint32_t verdict = verdict_of(move);
    uint32_t booked = 0;
    answer->event = (uint8_t)event;
    if (verdict == LL_VERDICT_DUPLICATE || verdict == LL_VERDICT_ILLEGAL_TRANSITION)
        return verdict;
    if (is_live(move.state) && !is_live(order->state)) /* a failed order lives again */
        order->leaves = order->quantity;
    if (event != LL_EVENT_FILL && event != LL_EVENT_CANCEL && event != LL_EVENT_EXPIRE &&
        event != LL_EVENT_REJECT)
        order->state = move.state;
    if (ask->op == LL_LIFE_OP_ACK) {
        verdict = do_ack(order, ask->quantity, verdict);
    } else if (ask->op == LL_LIFE_OP_FILL) {
        verdict = do_fill(order, ask->quantity, remains, verdict);
        booked = ask->quantity;
    } else if (ask->op == LL_LIFE_OP_CANCEL) {
        verdict = do_cancel(order, ask, remains, verdict, &booked);
    } else if (ask->op == LL_LIFE_OP_REPLACE && verdict != LL_VERDICT_LATE) {
        if (ask->quantity > UINT32_MAX - order->cumulative)
            verdict = LL_VERDICT_BAD_INPUT;
        order->leaves = ask->quantity;
        order->quantity = order->cumulative + ask->quantity;
    } else if (ask->op == LL_LIFE_OP_BUST) {
        verdict = do_correct(order, executed, 0, verdict);
        booked = executed;
    } else if (ask->op == LL_LIFE_OP_CORRECT) {
        verdict = do_correct(order, executed, ask->quantity, verdict);
        booked = ask->quantity - executed;
    } else if (ask->op == LL_LIFE_OP_REJECT || ask->op == LL_LIFE_OP_EXPIRE) {
        booked = order->leaves;
    }
    if (verdict == LL_VERDICT_BAD_INPUT || verdict == LL_VERDICT_DUPLICATE) {
        *order = before;
        return verdict;
    }
    if (event == LL_EVENT_FILL || event == LL_EVENT_CANCEL || event == LL_EVENT_EXPIRE ||
        event == LL_EVENT_REJECT)
        order->state = move.state;
    if (!is_live(order->state))
        order->leaves = 0;
    answer->booked = booked;
    return verdict;
}

/* --- One ask -------------------------------------------------------------------------------------------- */

static bool is_bad(const struct ll_life_ask *ask)
{
    switch (ask->op) {
    case LL_LIFE_OP_OPEN:
        return ask->quantity == 0 || is_zero(ask->key);
    case LL_LIFE_OP_ADD:
        return is_zero(ask->key) || ask->type >= LL_ID_TYPE_COUNT || ask->type == LL_ID_EXECUTION ||
               ask->flags > 1;
    case LL_LIFE_OP_STATUS:
        return ask->status >= LL_ID_STATUS_COUNT;
    case LL_LIFE_OP_FILL:
    case LL_LIFE_OP_CANCEL:
    case LL_LIFE_OP_CORRECT:
        return ask->quantity == 0;
    case LL_LIFE_OP_REPLACE:
        return ask->quantity == 0 || is_zero(ask->new_key);
    default:
        return ask->op > LL_LIFE_OP_RETRY;
    }
}

/* The identifier `id`, wanted for an order and type, is there already. */
static uint32_t known(const struct ll_naive_life *life, uint32_t id, uint32_t order, uint32_t type,
                      struct ll_life_answer *answer)
{
    if (life->ids[id].order == order && life->ids[id].type == type)
        return LL_VERDICT_DUPLICATE;
    answer->other_order = life->ids[id].order;
    return LL_VERDICT_ID_TAKEN;
}

static uint32_t ask_open(struct ll_naive_life *life, const struct ll_life_ask *ask, bool no_room,
                         struct ll_life_answer *answer)
{
    uint32_t id = find(life, ask->key);
    if (id != LL_LIFE_NONE)
        return known(life, id, ask->order, LL_ID_ORDER, answer);
    if (ask->order >= life->order_count)
        return LL_VERDICT_TABLE_FULL;
    if (life->orders[ask->order].is_open)
        return LL_VERDICT_BAD_INPUT;
    uint32_t verdict = add_verdict(life, ask->id, no_room);
    if (verdict != LL_VERDICT_OK)
        return verdict;
    (void)add(life, ask->id, ask->key, ask->order, LL_ID_ORDER);
    life->orders[ask->order] = (struct ll_naive_life_order){
        .is_open = true, .state = LL_ORDER_PENDING, .quantity = ask->quantity, .leaves = ask->quantity};
    return LL_VERDICT_OK;
}

static uint32_t ask_add(struct ll_naive_life *life, const struct ll_life_ask *ask, bool no_room,
                        struct ll_life_answer *answer)
{
    uint32_t id = find(life, ask->key);
    if (id != LL_LIFE_NONE)
        return known(life, id, ask->order, ask->type, answer);
    if (ask->order >= life->order_count || !life->orders[ask->order].is_open)
        return LL_VERDICT_UNKNOWN_ID;
    uint32_t verdict = add_verdict(life, ask->id, no_room);
    if (verdict != LL_VERDICT_OK)
        return verdict;
    uint32_t active = ll_naive_life_active(life, ask->order, ask->type);
    struct ll_naive_life_id *new_id = add(life, ask->id, ask->key, ask->order, ask->type);
    new_id->is_request = ask->flags != 0;
    if (active != LL_LIFE_NONE && is_live_name(new_id)) {
        retire(life, active, ask->id);
        answer->previous = active;
    }
    return LL_VERDICT_OK;
}

static uint32_t ask_fill(struct ll_naive_life *life, uint32_t id, const struct ll_life_ask *ask, bool no_room,
                         struct ll_life_answer *answer)
{
    uint32_t number = life->ids[id].order;
    struct ll_naive_life_order order = life->orders[number];
    if (is_zero(ask->new_key))
        return do_event(&life->orders[number], ask, 0, answer);
    uint32_t execution = find(life, ask->new_key);
    if (execution != LL_LIFE_NONE)
        return known(life, execution, number, LL_ID_EXECUTION, answer);
    uint32_t verdict = do_event(&order, ask, 0, answer);
    if (verdict == LL_VERDICT_ILLEGAL_TRANSITION || verdict == LL_VERDICT_BAD_INPUT)
        return verdict;
    uint32_t room = add_verdict(life, ask->new_id, no_room);
    if (room != LL_VERDICT_OK) {
        answer->booked = 0;
        return room;
    }
    struct ll_naive_life_id *new_id = add(life, ask->new_id, ask->new_key, number, LL_ID_EXECUTION);
    new_id->status = LL_ID_STATUS_EXECUTED;
    new_id->quantity = ask->quantity;
    life->orders[number] = order;
    return verdict;
}

/* The order goes on under `next`: all names of the type that were live give way, and the one it was
 * asked by. */
static void move_name(struct ll_naive_life *life, uint32_t old, uint32_t next, struct ll_life_answer *answer)
{
    struct ll_naive_life_id *new_id = &life->ids[next];
    new_id->status = LL_ID_STATUS_CANCELLED; /* out of the way of the search */
    uint32_t active = ll_naive_life_active(life, new_id->order, new_id->type);
    bool old_too =
        old != next && life->ids[old].type == new_id->type && life->ids[old].status == LL_ID_STATUS_ACTIVE;
    new_id->status = LL_ID_STATUS_ACTIVE;
    new_id->is_request = false;
    if (active != LL_LIFE_NONE) {
        retire(life, active, next);
        answer->previous = active;
    }
    if (old_too) {
        retire(life, old, next);
        answer->previous = old;
    }
}

static uint32_t ask_replace(struct ll_naive_life *life, uint32_t id, const struct ll_life_ask *ask,
                            bool no_room, struct ll_life_answer *answer)
{
    uint32_t number = life->ids[id].order;
    uint32_t type = life->ids[id].type == LL_ID_EXCHANGE_REF ? LL_ID_EXCHANGE_REF : LL_ID_PROVIDER_REF;
    uint32_t next = find(life, ask->new_key);
    struct ll_naive_life_order order = life->orders[number];
    bool is_promoted = false;
    if (next != LL_LIFE_NONE) {
        const struct ll_naive_life_id *known_id = &life->ids[next];
        is_promoted = known_id->order == number && known_id->type == type && known_id->is_request &&
                      known_id->replaced_by == LL_LIFE_NONE &&
                      (known_id->status == LL_ID_STATUS_ACTIVE || known_id->status == LL_ID_STATUS_CANCELLED);
        if (!is_promoted && next != id)
            return known(life, next, number, type, answer);
    }
    uint32_t verdict = do_event(&order, ask, 0, answer);
    if (verdict == LL_VERDICT_ILLEGAL_TRANSITION || verdict == LL_VERDICT_BAD_INPUT)
        return verdict;
    if (next == LL_LIFE_NONE) {
        uint32_t room = add_verdict(life, ask->new_id, no_room);
        if (room != LL_VERDICT_OK)
            return room;
        next = ask->new_id;
        (void)add(life, next, ask->new_key, number, type);
        is_promoted = true;
    }
    if (is_promoted)
        move_name(life, id, next, answer);
    life->orders[number] = order;
    return verdict;
}

static uint32_t ask_bust(struct ll_naive_life *life, uint32_t id, const struct ll_life_ask *ask,
                         struct ll_life_answer *answer)
{
    struct ll_naive_life_id *execution = &life->ids[id];
    if (execution->type != LL_ID_EXECUTION)
        return LL_VERDICT_BAD_INPUT;
    if (execution->status == LL_ID_STATUS_CANCELLED)
        return ask->op == LL_LIFE_OP_BUST ? LL_VERDICT_DUPLICATE : LL_VERDICT_ILLEGAL_TRANSITION;
    uint32_t verdict = do_event(&life->orders[execution->order], ask, execution->quantity, answer);
    if (verdict == LL_VERDICT_BAD_INPUT || verdict == LL_VERDICT_ILLEGAL_TRANSITION)
        return verdict;
    if (ask->op == LL_LIFE_OP_BUST)
        execution->status = LL_ID_STATUS_CANCELLED;
    else
        execution->quantity = ask->quantity;
    return verdict;
}

static uint32_t ask_any(struct ll_naive_life *life, const struct ll_life_ask *ask, bool no_room,
                        struct ll_life_answer *answer)
{
    uint32_t id = find(life, ask->key);
    if (is_bad(ask))
        return LL_VERDICT_BAD_INPUT;
    if (ask->op == LL_LIFE_OP_NONE)
        return LL_VERDICT_OK;
    if (ask->op == LL_LIFE_OP_OPEN)
        return ask_open(life, ask, no_room, answer);
    if (ask->op == LL_LIFE_OP_ADD)
        return ask_add(life, ask, no_room, answer);
    if (id == LL_LIFE_NONE)
        return LL_VERDICT_UNKNOWN_ID;
    switch (ask->op) {
    case LL_LIFE_OP_RESOLVE:
        return LL_VERDICT_OK;
    case LL_LIFE_OP_STATUS:
        return change_status(&life->ids[id], ask->status);
    case LL_LIFE_OP_FILL:
        return ask_fill(life, id, ask, no_room, answer);
    case LL_LIFE_OP_REPLACE:
        return ask_replace(life, id, ask, no_room, answer);
    case LL_LIFE_OP_BUST:
    case LL_LIFE_OP_CORRECT:
        return ask_bust(life, id, ask, answer);
    case LL_LIFE_OP_REJECT:
        if (life->ids[id].is_request)
            return change_status(&life->ids[id], LL_ID_STATUS_CANCELLED);
        break;
    default:
        break;
    }
    return do_event(&life->orders[life->ids[id].order], ask, 0, answer);
}

void ll_naive_life_ask(struct ll_naive_life *life, const struct ll_life_ask *ask, bool no_room,
                       struct ll_life_answer *answer)
{
    uint32_t id = find(life, ask->key);
    struct ll_naive_life_order before = {.state = LL_ORDER_NONE};
    bool was_request = false;
    bool was_gone = false;
    if (id != LL_LIFE_NONE) {
        before = life->orders[life->ids[id].order];
        was_request = life->ids[id].is_request;
        was_gone = life->ids[id].status != LL_ID_STATUS_ACTIVE && life->ids[id].type != LL_ID_EXECUTION;
    } else if (ask->op == LL_LIFE_OP_ADD && ask->order < life->order_count) {
        before = life->orders[ask->order];
        was_request = ask->flags != 0;
    }
    memset(answer, 0, sizeof *answer);
    answer->op = ask->op;
    answer->event = LL_ORDER_EVENT_COUNT;
    answer->order = answer->id = answer->previous = answer->other_order = LL_LIFE_NONE;
    answer->epoch = life->epoch;
    answer->seq = ask->seq;
    answer->verdict = (uint8_t)ask_any(life, ask, no_room, answer);
    id = find(life, ask->key);
    if (id == LL_LIFE_NONE)
        return;
    const struct ll_naive_life_order *order = &life->orders[life->ids[id].order];
    answer->id = id;
    answer->order = life->ids[id].order;
    answer->type = (uint8_t)life->ids[id].type;
    answer->status = (uint8_t)life->ids[id].status;
    answer->state_before = (uint8_t)before.state;
    answer->state_after = (uint8_t)order->state;
    answer->quantity = order->quantity;
    answer->leaves = order->leaves;
    answer->cumulative = order->cumulative;
    answer->flags = (uint8_t)(LL_LIFE_FOUND | (was_request ? LL_LIFE_IS_REQUEST : 0) |
                              (was_gone || is_over(before.state) ? LL_LIFE_LATE : 0) |
                              (before.is_acked ? LL_LIFE_ACKED : 0) |
                              (!is_over(before.state) && is_over(order->state) ? LL_LIFE_ENDED : 0));
}
