/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lifecycle half of the kernel: asks in, one answer each.
 *
 * Shape    ll_life_reset once, then ll_life_batch. ll_life_whose between two batches: it only reads. A batch is
 *          worked in stages:
 *
 *            asks -> hash -> bucket with the identifier (ll_life_ids.h) -> order -> do (ll_life_step.h) ->
 *            answers
 *
 *          Asks are done strictly in arrival order; the answers are those of doing one after the other. On a
 *          CPU each stage fetches ahead what the next one touches. What an early stage found stays true,
 *          because identifiers never leave and never move; what it did not find is looked for again when the
 *          turn of the ask has come.
 *          Work per ask is bounded: two keys of LL_LIFE_CHAIN_MAX buckets, three identifiers, one order.
 * Units    as in ll_life_records.h and ll_life_types.h.
 * Errors   verdicts, see ll_life_records.h. Everything that can be refused is asked before anything is
 *          written.
 * Threads  one owner of the memory.
 */
#ifndef LL_HLS_LIFE_H
#define LL_HLS_LIFE_H

#include "hls/ll_life_ids.h"
#include "hls/ll_life_orders.h"
#include "hls/ll_life_step.h"

#define LL_LIFE_BATCH_MAX 64u

/* What an ask has done; the rest of the answer is read from the tables. */
struct ll_life_outcome {
    u32 place; /* of the identifier `key`, after */
    u32 verdict;
    u32 event;
    u32 booked;
    u32 previous;
    u32 other_order;
};

/* --- Identifiers of an order ---------------------------------------------------------------------------- */

#define LL_ID_STATUS_ROW(from, active, replaced, cancelled, executed) \
    LL_CELL_HOW_##active, LL_CELL_HOW_##replaced, LL_CELL_HOW_##cancelled, LL_CELL_HOW_##executed,
LL_CONST u8 ll_id_status_hows[LL_ID_STATUS_COUNT * LL_ID_STATUS_COUNT] = {
    LL_ID_STATUS_CHANGES(LL_ID_STATUS_ROW)};
#undef LL_ID_STATUS_ROW

LL_FN u32 ll_life_key_is_none(u64 key0, u64 key1)
{
    return (u32)((key0 | key1) == 0);
}

/* 1 = an identifier of this type and these flags takes the order's slot of the type. */
LL_FN u32 ll_life_takes_slot(u32 type, u32 flags)
{
    u32 waits = (u32)((flags & LL_LIFE_REQUEST) != 0 && type >= LL_ID_PROVIDER_REF);
    return (u32)(type < LL_LIFE_SLOTS) & (waits ^ 1u);
}

/* The status changes; an identifier that is active no more leaves its slot. Returns the verdict. */
LL_FN u32 ll_life_status_set(LL_LIFE_IDS, LL_LIFE_ORDERS, u32 place, u32 status)
{
    struct ll_life_id record = ll_life_load(LL_LIFE_IDS_PASS, place);
    u32 verdict = ll_life_how_verdicts[ll_id_status_hows[record.status * LL_ID_STATUS_COUNT + status]];
    if (ll_life_accepts(verdict) == 0)
        return verdict;
    if (record.type < LL_LIFE_SLOTS && ll_life_order_active(LL_LIFE_ORDERS_PASS, record.order, record.type) ==
                                           ll_life_number(LL_LIFE_IDS_PASS, place))
        ll_life_order_link(LL_LIFE_ORDERS_PASS, record.order, record.type, LL_LIFE_NONE);
    record.status = (u8)status;
    ll_life_store(LL_LIFE_IDS_PASS, place, record);
    return verdict;
}

/* The identifier of number `id` gives way to `successor`, if it is active. Returns its number if so, else
 * `otherwise`. */
LL_FN u32 ll_life_supersede(LL_LIFE_IDS, LL_GLOBAL const u32 *places, u32 id, u32 successor, u32 otherwise)
{
    if (id == LL_LIFE_NONE || id == successor)
        return otherwise;
    struct ll_life_id record = ll_life_load(LL_LIFE_IDS_PASS, places[id]);
    if (record.status != LL_ID_STATUS_ACTIVE)
        return otherwise;
    record.status = LL_ID_STATUS_REPLACED;
    record.replaced_by = successor;
    ll_life_store(LL_LIFE_IDS_PASS, places[id], record);
    return id;
}

/* A new identifier: its number must be free and its key must find room. Returns the verdict; other than ok,
 * nothing has changed. */
LL_FN u32 ll_life_add_id(LL_GLOBAL struct ll_life_control *control, LL_LIFE_IDS, LL_GLOBAL u32 *places,
                         u64 key0, u64 key1, u32 id, struct ll_life_id record)
{
    u32 home = ll_life_bucket_of(key0, key1, control->hash_seed, control->bucket_count);
    if (id >= control->id_count)
        return LL_VERDICT_TABLE_FULL;
    if (places[id] != LL_LIFE_NONE)
        return LL_VERDICT_BAD_INPUT;
    u32 place = ll_life_insert(control, LL_LIFE_IDS_PASS, home, key0, key1, id);
    if (place == LL_LIFE_NONE)
        return LL_VERDICT_TABLE_FULL;
    ll_life_store(LL_LIFE_IDS_PASS, place, record);
    places[id] = place;
    control->ids_used++;
    return LL_VERDICT_OK;
}

LL_FN struct ll_life_id ll_life_new_id(u32 order, u32 type, u32 status, u32 flags, u32 quantity)
{
    struct ll_life_id record;
    record.order = order;
    record.replaced_by = LL_LIFE_NONE;
    record.quantity = quantity;
    record.type = (u8)type;
    record.status = (u8)status;
    record.flags = (u8)flags;
    record.reserved = 0;
    return record;
}

/* --- What an ask does ----------------------------------------------------------------------------------- */

/* 1 = the ask says something no sender may say, whatever the tables hold. */
LL_FN u32 ll_life_is_bad(struct ll_life_ask ask)
{
    u32 needs_quantity = (1u << LL_LIFE_OP_OPEN | 1u << LL_LIFE_OP_FILL | 1u << LL_LIFE_OP_CANCEL |
                          1u << LL_LIFE_OP_REPLACE | 1u << LL_LIFE_OP_CORRECT);
    u32 adds = (u32)(ask.op == LL_LIFE_OP_ADD);
    if (ask.op >= LL_LIFE_OP_COUNT)
        return 1u;
    if (ask.quantity == 0 && (needs_quantity >> ask.op & 1u) != 0)
        return 1u;
    if ((adds != 0 || ask.op == LL_LIFE_OP_OPEN) && ll_life_key_is_none(ask.key[0], ask.key[1]) != 0)
        return 1u;
    if (ask.op == LL_LIFE_OP_REPLACE && ll_life_key_is_none(ask.new_key[0], ask.new_key[1]) != 0)
        return 1u;
    if (ask.op == LL_LIFE_OP_STATUS && ask.status >= LL_ID_STATUS_COUNT)
        return 1u;
    return (u32)(adds != 0 && (ask.type >= LL_ID_TYPE_COUNT || ask.type == LL_ID_EXECUTION ||
                               (ask.flags & ~LL_LIFE_REQUEST) != 0));
}

/* OPEN and ADD of a key that is known: the same again, or somebody else's. */
LL_FN struct ll_life_outcome ll_life_known(LL_LIFE_IDS_LOOK, struct ll_life_ask ask,
                                           struct ll_life_outcome outcome)
{
    u32 type = ask.op == LL_LIFE_OP_OPEN ? (u32)LL_ID_ORDER : ask.type;
    struct ll_life_id record = ll_life_load(LL_LIFE_IDS_PASS, outcome.place);
    if (record.order == ask.order && record.type == type) {
        outcome.verdict = LL_VERDICT_DUPLICATE;
    } else {
        outcome.verdict = LL_VERDICT_ID_TAKEN;
        outcome.other_order = record.order;
    }
    return outcome;
}

/* An order as OPEN begins it; as `none` there is no such order. */
LL_FN struct ll_life_order ll_life_order_new(u32 state, u32 quantity)
{
    struct ll_life_order order;
    order.standing.quantity = quantity;
    order.standing.leaves = quantity;
    order.standing.cumulative = 0;
    order.standing.state = (u8)state;
    order.standing.flags = 0;
    order.standing.reserved = 0;
    for (u32 type = 0; type < LL_LIFE_SLOTS; type++) {
#pragma HLS UNROLL
        order.active[type] = LL_LIFE_NONE;
    }
    order.reserved[0] = 0;
    order.reserved[1] = 0;
    return order;
}

LL_FN struct ll_life_outcome ll_life_open(LL_LIFE_MEMORY, struct ll_life_ask ask,
                                          struct ll_life_outcome outcome)
{
    if (outcome.place != LL_LIFE_NONE)
        return ll_life_known(LL_LIFE_IDS_PASS, ask, outcome);
    if (ask.order >= control->order_count)
        outcome.verdict = LL_VERDICT_TABLE_FULL;
    else if (ll_life_order_standing(LL_LIFE_ORDERS_PASS, ask.order).state != LL_ORDER_NONE)
        outcome.verdict = LL_VERDICT_BAD_INPUT;
    else
        outcome.verdict = ll_life_add_id(control, LL_LIFE_IDS_PASS, places, ask.key[0], ask.key[1], ask.id,
                                         ll_life_new_id(ask.order, LL_ID_ORDER, LL_ID_STATUS_ACTIVE, 0, 0));
    if (outcome.verdict != LL_VERDICT_OK)
        return outcome;
    struct ll_life_order order = ll_life_order_new(LL_ORDER_PENDING, ask.quantity);
    order.active[LL_ID_ORDER] = ask.id;
    ll_life_order_put(LL_LIFE_ORDERS_PASS, ask.order, order);
    control->orders_used++;
    outcome.place = places[ask.id];
    return outcome;
}

LL_FN struct ll_life_outcome ll_life_add(LL_LIFE_MEMORY, struct ll_life_ask ask,
                                         struct ll_life_outcome outcome)
{
    if (outcome.place != LL_LIFE_NONE)
        return ll_life_known(LL_LIFE_IDS_PASS, ask, outcome);
    if (ask.order >= control->order_count ||
        ll_life_order_standing(LL_LIFE_ORDERS_PASS, ask.order).state == LL_ORDER_NONE) {
        outcome.verdict = LL_VERDICT_UNKNOWN_ID;
        return outcome;
    }
    outcome.verdict = ll_life_add_id(control, LL_LIFE_IDS_PASS, places, ask.key[0], ask.key[1], ask.id,
                                     ll_life_new_id(ask.order, ask.type, LL_ID_STATUS_ACTIVE, ask.flags, 0));
    if (outcome.verdict != LL_VERDICT_OK)
        return outcome;
    outcome.place = places[ask.id];
    if (ll_life_takes_slot(ask.type, ask.flags) != 0) {
        outcome.previous = ll_life_supersede(LL_LIFE_IDS_PASS, places,
                                             ll_life_order_active(LL_LIFE_ORDERS_PASS, ask.order, ask.type),
                                             ask.id, LL_LIFE_NONE);
        ll_life_order_link(LL_LIFE_ORDERS_PASS, ask.order, ask.type, ask.id);
    }
    return outcome;
}

LL_FN struct ll_life_outcome ll_life_status(LL_LIFE_IDS, LL_LIFE_ORDERS, u32 status,
                                            struct ll_life_outcome outcome)
{
    struct ll_life_id record = ll_life_load(LL_LIFE_IDS_PASS, outcome.place);
    if (record.type != LL_ID_EXECUTION)
        outcome.verdict = ll_life_status_set(LL_LIFE_IDS_PASS, LL_LIFE_ORDERS_PASS, outcome.place, status);
    else if (record.status == status)
        outcome.verdict = LL_VERDICT_DUPLICATE;
    else
        outcome.verdict = LL_VERDICT_ILLEGAL_TRANSITION;
    return outcome;
}

/* An event that concerns only the order. */
LL_FN struct ll_life_outcome ll_life_event_do(LL_LIFE_IDS_LOOK, LL_LIFE_ORDERS, struct ll_life_ask ask,
                                              struct ll_life_outcome outcome)
{
    u32 order = ll_life_load(LL_LIFE_IDS_PASS, outcome.place).order;
    struct ll_life_turn turn =
        ll_life_step(ll_life_order_standing(LL_LIFE_ORDERS_PASS, order), ask.op, ask.quantity, 0);
    ll_life_order_stand(LL_LIFE_ORDERS_PASS, order, turn.standing);
    outcome.verdict = turn.verdict;
    outcome.event = turn.event;
    outcome.booked = turn.booked;
    return outcome;
}

/* What a known new_key of a FILL or REPLACE means, when it is none of those that may be there-> */
LL_FN struct ll_life_outcome ll_life_new_key_known(LL_LIFE_IDS_LOOK, u32 order, u32 type, u32 place,
                                                   struct ll_life_outcome outcome)
{
    struct ll_life_id record = ll_life_load(LL_LIFE_IDS_PASS, place);
    outcome.verdict = LL_VERDICT_DUPLICATE;
    if (record.order != order || record.type != type) {
        outcome.verdict = LL_VERDICT_ID_TAKEN;
        outcome.other_order = record.order;
    }
    return outcome;
}

LL_FN u32 ll_life_find_key(LL_GLOBAL const struct ll_life_control *control, LL_LIFE_IDS_LOOK, u64 key0,
                           u64 key1)
{
    return ll_life_find(LL_LIFE_IDS_PASS,
                        ll_life_bucket_of(key0, key1, control->hash_seed, control->bucket_count), key0, key1);
}

LL_FN struct ll_life_outcome ll_life_fill(LL_LIFE_MEMORY, struct ll_life_ask ask,
                                          struct ll_life_outcome outcome)
{
    u32 order = ll_life_load(LL_LIFE_IDS_PASS, outcome.place).order;
    u32 named = ll_life_key_is_none(ask.new_key[0], ask.new_key[1]) ^ 1u;
    u32 known = named != 0 ? ll_life_find_key(control, LL_LIFE_IDS_PASS, ask.new_key[0], ask.new_key[1])
                           : LL_LIFE_NONE;
    if (known != LL_LIFE_NONE)
        return ll_life_new_key_known(LL_LIFE_IDS_PASS, order, LL_ID_EXECUTION, known, outcome);
    struct ll_life_turn turn =
        ll_life_step(ll_life_order_standing(LL_LIFE_ORDERS_PASS, order), ask.op, ask.quantity, 0);
    outcome.event = turn.event;
    outcome.verdict = turn.verdict;
    if (ll_life_accepts(turn.verdict) == 0)
        return outcome;
    if (named != 0) {
        u32 verdict =
            ll_life_add_id(control, LL_LIFE_IDS_PASS, places, ask.new_key[0], ask.new_key[1], ask.new_id,
                           ll_life_new_id(order, LL_ID_EXECUTION, LL_ID_STATUS_EXECUTED, 0, ask.quantity));
        if (verdict != LL_VERDICT_OK) {
            outcome.verdict = verdict;
            return outcome;
        }
    }
    ll_life_order_stand(LL_LIFE_ORDERS_PASS, order, turn.standing);
    outcome.booked = turn.booked;
    return outcome;
}

/* A known new_key that the order may go on under: a request that has not been the link yet. */
LL_FN u32 ll_life_may_follow(struct ll_life_id record, u32 order, u32 type)
{
    u32 waits = (u32)(record.status == LL_ID_STATUS_ACTIVE || record.status == LL_ID_STATUS_CANCELLED) &
                (u32)((record.flags & LL_LIFE_REQUEST) != 0) & (u32)(record.replaced_by == LL_LIFE_NONE);
    return (u32)(record.order == order) & (u32)(record.type == type) & waits;
}

/* The link of the order moves from the identifier at place `old` to the one at `next`. */
LL_FN u32 ll_life_relink(LL_LIFE_IDS, LL_GLOBAL const u32 *places, LL_LIFE_ORDERS, u32 old, u32 next,
                         u32 type)
{
    struct ll_life_id record = ll_life_load(LL_LIFE_IDS_PASS, next);
    u32 number = ll_life_number(LL_LIFE_IDS_PASS, next);
    record.status = LL_ID_STATUS_ACTIVE;
    record.flags &= (u8)~LL_LIFE_REQUEST;
    ll_life_store(LL_LIFE_IDS_PASS, next, record);
    u32 previous = ll_life_supersede(LL_LIFE_IDS_PASS, places,
                                     ll_life_order_active(LL_LIFE_ORDERS_PASS, record.order, type), number,
                                     LL_LIFE_NONE);
    if (ll_life_load(LL_LIFE_IDS_PASS, old).type == type)
        previous = ll_life_supersede(LL_LIFE_IDS_PASS, places, ll_life_number(LL_LIFE_IDS_PASS, old), number,
                                     previous);
    ll_life_order_link(LL_LIFE_ORDERS_PASS, record.order, type, number);
    return previous;
}

LL_FN struct ll_life_outcome ll_life_replace(LL_LIFE_MEMORY, struct ll_life_ask ask,
                                             struct ll_life_outcome outcome)
{
    u32 order = ll_life_load(LL_LIFE_IDS_PASS, outcome.place).order;
    u32 type = ll_life_load(LL_LIFE_IDS_PASS, outcome.place).type == LL_ID_EXCHANGE_REF
                   ? (u32)LL_ID_EXCHANGE_REF
                   : (u32)LL_ID_PROVIDER_REF;
    u32 next = ll_life_find_key(control, LL_LIFE_IDS_PASS, ask.new_key[0], ask.new_key[1]);
    u32 follows =
        next != LL_LIFE_NONE ? ll_life_may_follow(ll_life_load(LL_LIFE_IDS_PASS, next), order, type) : 1u;
    u32 stays = (u32)(next == outcome.place) & (follows ^ 1u);
    if ((follows | stays) == 0)
        return ll_life_new_key_known(LL_LIFE_IDS_PASS, order, type, next, outcome);
    struct ll_life_turn turn =
        ll_life_step(ll_life_order_standing(LL_LIFE_ORDERS_PASS, order), ask.op, ask.quantity, 0);
    outcome.event = turn.event;
    outcome.verdict = turn.verdict;
    if (ll_life_accepts(turn.verdict) == 0)
        return outcome;
    if (next == LL_LIFE_NONE) {
        u32 verdict = ll_life_add_id(control, LL_LIFE_IDS_PASS, places, ask.new_key[0], ask.new_key[1],
                                     ask.new_id, ll_life_new_id(order, type, LL_ID_STATUS_ACTIVE, 0, 0));
        if (verdict != LL_VERDICT_OK) {
            outcome.verdict = verdict;
            return outcome;
        }
        next = places[ask.new_id];
    }
    if (stays == 0)
        outcome.previous =
            ll_life_relink(LL_LIFE_IDS_PASS, places, LL_LIFE_ORDERS_PASS, outcome.place, next, type);
    ll_life_order_stand(LL_LIFE_ORDERS_PASS, order, turn.standing);
    return outcome;
}

LL_FN struct ll_life_outcome ll_life_bust(LL_LIFE_IDS, LL_LIFE_ORDERS, struct ll_life_ask ask,
                                          struct ll_life_outcome outcome)
{
    struct ll_life_id record = ll_life_load(LL_LIFE_IDS_PASS, outcome.place);
    u32 busts = (u32)(ask.op == LL_LIFE_OP_BUST);
    if (record.type != LL_ID_EXECUTION) {
        outcome.verdict = LL_VERDICT_BAD_INPUT;
        return outcome;
    }
    if (record.status == LL_ID_STATUS_CANCELLED) {
        outcome.verdict = busts != 0 ? LL_VERDICT_DUPLICATE : LL_VERDICT_ILLEGAL_TRANSITION;
        return outcome;
    }
    struct ll_life_turn turn = ll_life_step(ll_life_order_standing(LL_LIFE_ORDERS_PASS, record.order), ask.op,
                                            ask.quantity, record.quantity);
    outcome.event = turn.event;
    outcome.verdict = turn.verdict;
    outcome.booked = turn.booked;
    if (ll_life_accepts(turn.verdict) == 0)
        return outcome;
    if (busts != 0)
        record.status = LL_ID_STATUS_CANCELLED;
    else
        record.quantity = ask.quantity;
    ll_life_store(LL_LIFE_IDS_PASS, outcome.place, record);
    ll_life_order_stand(LL_LIFE_ORDERS_PASS, record.order, turn.standing);
    return outcome;
}

/* All ops but RESOLVE of a known key. */
LL_FN_RARE struct ll_life_outcome ll_life_do(LL_LIFE_MEMORY, struct ll_life_ask ask,
                                             struct ll_life_outcome outcome)
{
    u32 known = (u32)(outcome.place != LL_LIFE_NONE);
    if (ll_life_is_bad(ask) != 0) {
        outcome.verdict = LL_VERDICT_BAD_INPUT;
        return outcome;
    }
    if (ask.op == LL_LIFE_OP_NONE)
        return outcome;
    if (ask.op == LL_LIFE_OP_OPEN)
        return ll_life_open(LL_LIFE_MEMORY_PASS, ask, outcome);
    if (ask.op == LL_LIFE_OP_ADD)
        return ll_life_add(LL_LIFE_MEMORY_PASS, ask, outcome);
    if (known == 0) {
        outcome.verdict = LL_VERDICT_UNKNOWN_ID;
        return outcome;
    }
    switch (ask.op) {
    case LL_LIFE_OP_STATUS:
        return ll_life_status(LL_LIFE_IDS_PASS, LL_LIFE_ORDERS_PASS, ask.status, outcome);
    case LL_LIFE_OP_FILL:
        return ll_life_fill(LL_LIFE_MEMORY_PASS, ask, outcome);
    case LL_LIFE_OP_REPLACE:
        return ll_life_replace(LL_LIFE_MEMORY_PASS, ask, outcome);
    case LL_LIFE_OP_BUST:
    case LL_LIFE_OP_CORRECT:
        return ll_life_bust(LL_LIFE_IDS_PASS, LL_LIFE_ORDERS_PASS, ask, outcome);
    case LL_LIFE_OP_REJECT:
        if ((ll_life_load(LL_LIFE_IDS_PASS, outcome.place).flags & LL_LIFE_REQUEST) != 0)
            return ll_life_status(LL_LIFE_IDS_PASS, LL_LIFE_ORDERS_PASS, LL_ID_STATUS_CANCELLED, outcome);
        return ll_life_event_do(LL_LIFE_IDS_PASS, LL_LIFE_ORDERS_PASS, ask, outcome);
    default:
        return ll_life_event_do(LL_LIFE_IDS_PASS, LL_LIFE_ORDERS_PASS, ask, outcome);
    }
}

/* What an identifier and its order say before an ask: the flags of the answer that are about then. */
LL_FN_HOT u32 ll_life_flags_before(struct ll_life_id record, u32 state, u32 standing_flags)
{
    u32 gone = (u32)(record.status != LL_ID_STATUS_ACTIVE) & (u32)(record.type != LL_ID_EXECUTION);
    return ((u32)record.flags & LL_LIFE_REQUEST) * LL_LIFE_IS_REQUEST |
           (gone | ll_order_is_ended(state)) * LL_LIFE_LATE |
           (standing_flags & LL_STANDING_ACKED) * LL_LIFE_ACKED;
}

/* An answer about no identifier. */
LL_FN_HOT struct ll_life_answer ll_life_answer_none(struct ll_life_ask ask, u32 epoch)
{
    struct ll_life_answer answer;
    answer.verdict = LL_VERDICT_UNKNOWN_ID;
    answer.op = ask.op;
    answer.state_before = LL_ORDER_NONE;
    answer.state_after = LL_ORDER_NONE;
    answer.type = 0;
    answer.status = 0;
    answer.flags = 0;
    answer.event = LL_ORDER_EVENT_COUNT;
    answer.order = LL_LIFE_NONE;
    answer.id = LL_LIFE_NONE;
    answer.previous = LL_LIFE_NONE;
    answer.booked = 0;
    answer.quantity = 0;
    answer.leaves = 0;
    answer.cumulative = 0;
    answer.other_order = LL_LIFE_NONE;
    answer.epoch = epoch;
    answer.reserved32 = 0;
    answer.reserved64 = 0;
    answer.seq = ask.seq;
    return answer;
}

/* The answer about an identifier and its order as they are. */
LL_FN_HOT struct ll_life_answer ll_life_answer_of(struct ll_life_answer answer, struct ll_life_id record,
                                                  u32 id, struct ll_order_standing standing)
{
    answer.id = id;
    answer.order = record.order;
    answer.type = record.type;
    answer.status = record.status;
    answer.state_before = standing.state;
    answer.state_after = standing.state;
    answer.quantity = standing.quantity;
    answer.leaves = standing.leaves;
    answer.cumulative = standing.cumulative;
    answer.flags = (u8)(LL_LIFE_FOUND | ll_life_flags_before(record, standing.state, standing.flags));
    return answer;
}

/* The same about the one at `place`. */
LL_FN_HOT struct ll_life_answer ll_life_answer_at(LL_LIFE_IDS_LOOK, LL_LIFE_ORDERS_LOOK,
                                                  struct ll_life_answer answer, u32 place)
{
    struct ll_life_id record = ll_life_load(LL_LIFE_IDS_PASS, place);
    return ll_life_answer_of(answer, record, ll_life_number(LL_LIFE_IDS_PASS, place),
                             ll_life_order_standing(LL_LIFE_ORDERS_PASS, record.order));
}

/* Any ask the straight way does not take. `place` is that of `key` before, LL_LIFE_NONE = nothing. */
LL_FN_RARE struct ll_life_answer ll_life_other(LL_LIFE_MEMORY, struct ll_life_ask ask, u32 place)
{
    struct ll_life_answer answer = ll_life_answer_none(ask, control->epoch);
    struct ll_life_outcome outcome;
    outcome.place = place;
    outcome.verdict = LL_VERDICT_OK;
    outcome.event = LL_ORDER_EVENT_COUNT;
    outcome.booked = 0;
    outcome.previous = LL_LIFE_NONE;
    outcome.other_order = LL_LIFE_NONE;
    u32 state_before = LL_ORDER_NONE;
    u32 flags = 0;
    if (place != LL_LIFE_NONE) {
        answer = ll_life_answer_at(LL_LIFE_IDS_PASS, LL_LIFE_ORDERS_PASS, answer, place);
        state_before = answer.state_before;
        flags = answer.flags;
    }
    outcome = ll_life_do(LL_LIFE_MEMORY_PASS, ask, outcome);
    if (outcome.place != LL_LIFE_NONE) {
        answer = ll_life_answer_at(LL_LIFE_IDS_PASS, LL_LIFE_ORDERS_PASS, answer, outcome.place);
        if (place == LL_LIFE_NONE) { /* OPEN, or ADD to an order as it stands */
            state_before = ask.op == LL_LIFE_OP_OPEN ? (u32)LL_ORDER_NONE : answer.state_after;
            flags = answer.flags;
        }
        u32 ended = ll_order_is_ended(answer.state_after) & (ll_order_is_ended(state_before) ^ 1u);
        answer.state_before = (u8)state_before;
        answer.flags = (u8)(flags | (ended & (u32)(place != LL_LIFE_NONE)) * LL_LIFE_ENDED);
    }
    answer.verdict = (u8)outcome.verdict;
    answer.event = (u8)outcome.event;
    answer.booked = outcome.booked;
    answer.previous = outcome.previous;
    answer.other_order = outcome.other_order;
    return answer;
}

#if LL_HOT_LINES > 0

/* --- Straight asks, as a pipeline ----------------------------------------------------------------------- */

/* What an ask does that changes nothing but where its order stands. */
struct ll_life_move {
    struct ll_life_answer answer;
    struct ll_order_standing standing; /* of the order, after */
    u32 straight;                      /* 0 = the ask takes another way; the rest says nothing then */
};

/* The events of a whole order. */
#define LL_LIFE_MOVES                                                                                   \
    (1u << LL_LIFE_OP_SUBMIT | 1u << LL_LIFE_OP_ACK | 1u << LL_LIFE_OP_FILL | 1u << LL_LIFE_OP_CANCEL | \
     1u << LL_LIFE_OP_REJECT | 1u << LL_LIFE_OP_EXPIRE | 1u << LL_LIFE_OP_FAIL | 1u << LL_LIFE_OP_RETRY)

LL_FN_HOT u32 ll_life_moves(u32 op)
{
    return (u32)(op < LL_LIFE_OP_COUNT) & LL_LIFE_MOVES >> (op & (LL_LIFE_OP_COUNT - 1u));
}

/* 1 = the ask is a RESOLVE, or an event of the whole order. A fill with an execution is not: it adds an
 * identifier; nor is the REJECT of a request. */
LL_FN_HOT u32 ll_life_is_straight(struct ll_life_ask ask, struct ll_life_id record)
{
    u32 fills = (u32)(ask.op == LL_LIFE_OP_FILL);
    u32 takes_none = (fills | (u32)(ask.op == LL_LIFE_OP_CANCEL)) & (u32)(ask.quantity == 0);
    u32 adds = fills & (ll_life_key_is_none(ask.new_key[0], ask.new_key[1]) ^ 1u);
    u32 request = (u32)(ask.op == LL_LIFE_OP_REJECT) & (u32)((record.flags & LL_LIFE_REQUEST) != 0);
    u32 known = ll_life_moves(ask.op) | (u32)(ask.op == LL_LIFE_OP_RESOLVE);
    return known & ((takes_none | adds | request) ^ 1u);
}

/* An ask, the identifier it names and where that one's order stands: values in, values out. */
LL_FN_HOT struct ll_life_move ll_life_ask_step(struct ll_life_ask ask, struct ll_life_id record, u32 id,
                                               struct ll_order_standing standing, u32 epoch)
{
    struct ll_life_move move;
    u32 moves = ll_life_moves(ask.op);
    struct ll_life_turn turn =
        ll_life_step(standing, ll_select32(moves, ask.op, LL_LIFE_OP_SUBMIT), ask.quantity, 0);
    move.straight = ll_life_is_straight(ask, record);
    move.standing = standing;
    move.answer = ll_life_answer_of(ll_life_answer_none(ask, epoch), record, id, standing);
    move.answer.verdict = LL_VERDICT_OK;
    if (moves != 0) {
        u32 ended = ll_order_is_ended(turn.standing.state) & (ll_order_is_ended(standing.state) ^ 1u);
        move.standing = turn.standing;
        move.answer.verdict = (u8)turn.verdict;
        move.answer.event = (u8)turn.event;
        move.answer.booked = turn.booked;
        move.answer.state_after = turn.standing.state;
        move.answer.quantity = turn.standing.quantity;
        move.answer.leaves = turn.standing.leaves;
        move.answer.cumulative = turn.standing.cumulative;
        move.answer.flags |= (u8)(ended * LL_LIFE_ENDED);
    }
    return move;
}

LL_STATIC_ASSERT(LL_HOT_WINDOW >= 4, "the distance in ll_life_run");

/*
 * Straight asks whose identifiers stand in their home buckets, with these and the orders on chip: one after the
 * other through a pipeline that reads no big memory. Ends before the first that is not so, and returns how many
 * went. Identifiers do not change here, so that only the orders need the window. What limits it is the way of
 * a line from the window through the step and back: the table of states, and sums and compares one behind the
 * other; four cycles are asked for.
 */
LL_FN u32 ll_life_run(LL_LIFE_MEMORY, LL_GLOBAL const struct ll_life_ask *asks,
                      LL_GLOBAL struct ll_life_answer *answers, u32 count, const u32 *home)
{
    struct ll_window window = ll_window_empty();
    u32 epoch = control->epoch;
    u32 gone = 0;
    u32 goes = 1;
    (void)buckets;
    (void)places;
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
#ifndef __BAMBU__
#pragma HLS PIPELINE II = 4
#pragma HLS DEPENDENCE variable = life_hot_word0 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = life_hot_word1 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = life_hot_word2 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = life_hot_word3 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = life_hot_word4 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = life_hot_word5 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = life_hot_word6 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = life_hot_word7 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = life_hot_tags type = inter direction = RAW distance = 4 dependent = true
#endif
        struct ll_life_ask ask = asks[i];
        struct ll_hot_found id_line = ll_hot_look(home[i] LL_LIFE_IDS_HOT_PASS);
        struct ll_life_bucket bucket = ll_life_bucket_from_line(id_line.line);
        u32 hits = ll_life_bucket_find(&bucket, ask.key[0], ask.key[1]);
        u32 way = ll_life_way(hits);
        struct ll_life_id record = ll_life_bucket_id(&bucket, way);
        struct ll_hot_found line =
            ll_window_find(window, record.order, ll_hot_look(record.order LL_LIFE_ORDERS_HOT_PASS));
        struct ll_life_order order = ll_life_order_from_line(line.line);
        struct ll_life_move move = ll_life_ask_step(ask, record, bucket.id[way], order.standing, epoch);
        order.standing = move.standing;
        line.line = ll_life_order_to_line(order);
        window = ll_window_push(window, record.order, line.line); /* one for each ask, whatever it does */
        goes &= id_line.hit & (u32)(hits != 0) & line.hit & move.straight;
        gone += goes;
        if (goes != 0) {
            answers[i] = move.answer;
            orders[record.order] = order;
            ll_hot_keep(record.order, line.line LL_LIFE_ORDERS_HOT_PASS);
        }
    }
    LL_HOT_SETTLED();
    return gone;
}

/* One ask by itself. */
LL_FN struct ll_life_answer ll_life_one(LL_LIFE_MEMORY, struct ll_life_ask ask, u32 home)
{
    u32 place = ll_life_find(LL_LIFE_IDS_PASS, home, ask.key[0], ask.key[1]);
    if (ask.op != LL_LIFE_OP_RESOLVE || place == LL_LIFE_NONE)
        return ll_life_other(LL_LIFE_MEMORY_PASS, ask, place);
    struct ll_life_answer answer = ll_life_answer_at(LL_LIFE_IDS_PASS, LL_LIFE_ORDERS_PASS,
                                                     ll_life_answer_none(ask, control->epoch), place);
    answer.verdict = LL_VERDICT_OK;
    return answer;
}

/* Any count: what goes straight goes through the pipeline, what does not goes by itself. */
LL_FN void ll_life_batch(LL_LIFE_MEMORY, LL_GLOBAL const struct ll_life_ask *asks,
                         LL_GLOBAL struct ll_life_answer *answers, u32 count, u32 batch)
{
    u32 home[LL_LIFE_BATCH_MAX];
    batch = batch - 1u < LL_LIFE_BATCH_MAX ? batch : LL_LIFE_BATCH_MAX; /* 0 would never end */
    for (u32 done = 0; done < count; done += batch) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
        u32 now = count - done < batch ? count - done : batch;
        for (u32 i = 0; i < now; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
            home[i] = ll_life_bucket_of(asks[done + i].key[0], asks[done + i].key[1], control->hash_seed,
                                        control->bucket_count);
        }
        for (u32 i = 0; i < now; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
            i += ll_life_run(LL_LIFE_MEMORY_PASS, asks + done + i, answers + done + i, now - i, home + i);
            if (i < now)
                answers[done + i] = ll_life_one(LL_LIFE_MEMORY_PASS, asks[done + i], home[i]);
        }
    }
}

#else

/* --- Asks in stages ------------------------------------------------------------------------------------- */

/* Hash, bucket, identifier: fills `home` and `found`, and fetches what doing the asks will touch. */
LL_FN_HOT void ll_life_look(LL_LIFE_MEMORY, LL_GLOBAL const struct ll_life_ask *asks, u32 count, u32 *home,
                            u32 *found)
{
    u32 far[LL_LIFE_BATCH_MAX]; /* the asks whose keys are not in their home, which has a chain */
    u32 far_count = 0;
    far[0] = 0;
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
        home[i] =
            ll_life_bucket_of(asks[i].key[0], asks[i].key[1], control->hash_seed, control->bucket_count);
        LL_PREFETCH(&buckets[home[i]]);
#if defined(LL_PREFETCHES)
        if (ll_life_key_is_none(asks[i].new_key[0], asks[i].new_key[1]) == 0)
            LL_PREFETCH(&buckets[ll_life_bucket_of(asks[i].new_key[0], asks[i].new_key[1], control->hash_seed,
                                                   control->bucket_count)]);
#endif
    }
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
        LL_LIFE_BUCKET_AT(here, home[i]);
        u32 hits = ll_life_bucket_find(here, asks[i].key[0], asks[i].key[1]);
        u32 known = (u32)(hits != 0);
        u32 way = ll_life_way(hits);
        u32 next = here->link & LL_LIFE_NEXT_MASK;
        found[i] = ll_select32(known, home[i] << LL_LIFE_WAY_BITS | way, LL_LIFE_NONE);
        far[far_count] = i;
        far_count += (known ^ 1u) & (u32)(next != 0);
        LL_PREFETCH(&buckets[ll_select32(known, home[i], next)]);
        LL_PREFETCH(&places[ll_select32(known, 0, asks[i].id)]);
        LL_PREFETCH(&orders[ll_select32(known, here->order[way], asks[i].order)]);
    }
    for (u32 i = 0; i < far_count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 0 max = 64
        u32 at = far[i];
        LL_LIFE_BUCKET_AT(here, home[at]);
        found[at] = ll_life_find_far(LL_LIFE_IDS_PASS, here->link & LL_LIFE_NEXT_MASK, asks[at].key[0],
                                     asks[at].key[1]);
#if defined(LL_PREFETCHES)
        if (found[at] != LL_LIFE_NONE)
            LL_PREFETCH(&orders[ll_life_load(LL_LIFE_IDS_PASS, found[at]).order]);
#endif
    }
}

/* Any count: worked in batches of at most `batch` (1..LL_LIFE_BATCH_MAX) asks. The answers do not depend on
 * `batch`. */
LL_FN_HOT void ll_life_batch(LL_LIFE_MEMORY, LL_GLOBAL const struct ll_life_ask *asks,
                             LL_GLOBAL struct ll_life_answer *answers, u32 count, u32 batch)
{
    u32 home[LL_LIFE_BATCH_MAX];
    u32 found[LL_LIFE_BATCH_MAX];
    u32 done = 0;
    batch = batch - 1u < LL_LIFE_BATCH_MAX ? batch : LL_LIFE_BATCH_MAX; /* 0 would never end */
    while (done < count) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
        u32 now = count - done < batch ? count - done : batch;
        ll_life_look(LL_LIFE_MEMORY_PASS, asks + done, now, home, found);
        for (u32 i = 0; i < now; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
            struct ll_life_ask ask = asks[done + i];
            u32 place = found[i];
            if (LL_RARE(place == LL_LIFE_NONE)) /* it may have come since */
                place = ll_life_find(LL_LIFE_IDS_PASS, home[i], ask.key[0], ask.key[1]);
            if (ask.op != LL_LIFE_OP_RESOLVE || place == LL_LIFE_NONE) {
                answers[done + i] = ll_life_other(LL_LIFE_MEMORY_PASS, ask, place);
                continue;
            }
            struct ll_life_answer answer = ll_life_answer_at(LL_LIFE_IDS_PASS, LL_LIFE_ORDERS_PASS,
                                                             ll_life_answer_none(ask, control->epoch), place);
            answer.verdict = LL_VERDICT_OK;
            answers[done + i] = answer;
        }
        done += now;
    }
}

#endif

/* --- Whose identifier a key is ---------------------------------------------------------------------------- */

LL_FN_HOT struct ll_life_owner ll_life_owner_at(LL_LIFE_IDS_LOOK, u32 place)
{
    struct ll_life_owner owner;
    struct ll_life_id record = ll_life_load(LL_LIFE_IDS_PASS, place);
    owner.order = record.order;
    owner.id = ll_life_number(LL_LIFE_IDS_PASS, place);
    owner.type = record.type;
    owner.status = record.status;
    owner.flags = (u8)(LL_LIFE_FOUND | (record.flags & LL_LIFE_REQUEST) * LL_LIFE_IS_REQUEST);
    owner.reserved8 = 0;
    owner.reserved32 = 0;
    return owner;
}

LL_FN_HOT struct ll_life_owner ll_life_owner_none(void)
{
    struct ll_life_owner owner;
    owner.order = LL_LIFE_NONE;
    owner.id = LL_LIFE_NONE;
    owner.type = 0;
    owner.status = 0;
    owner.flags = 0;
    owner.reserved8 = 0;
    owner.reserved32 = 0;
    return owner;
}

/* At most LL_LIFE_BATCH_MAX keys of ll_life_whose. */
LL_FN_HOT void ll_life_whose_some(LL_GLOBAL const struct ll_life_control *control, LL_LIFE_IDS_LOOK,
                                  LL_GLOBAL const u64 *keys, LL_GLOBAL struct ll_life_owner *owners,
                                  u32 count)
{
    u32 home[LL_LIFE_BATCH_MAX];
    u32 far[LL_LIFE_BATCH_MAX];
    u32 far_count = 0;
    far[0] = 0;
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
        home[i] = ll_life_bucket_of(keys[2 * i], keys[2 * i + 1], control->hash_seed, control->bucket_count);
        LL_PREFETCH(&buckets[home[i]]);
    }
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
        LL_LIFE_BUCKET_AT(here, home[i]);
        u32 hits = ll_life_bucket_find(here, keys[2 * i], keys[2 * i + 1]);
        u32 known = (u32)(hits != 0);
        u32 next = here->link & LL_LIFE_NEXT_MASK;
        /* Of a key that is not here it is another's owner, until the loop below. */
        owners[i] = ll_life_owner_at(LL_LIFE_IDS_PASS, home[i] << LL_LIFE_WAY_BITS | ll_life_way(hits));
        far[far_count] = i;
        far_count += known ^ 1u;
        LL_PREFETCH(&buckets[ll_select32(known, home[i], next)]);
    }
    for (u32 i = 0; i < far_count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 0 max = 64
        u32 at = far[i];
        u32 place = ll_life_find(LL_LIFE_IDS_PASS, home[at], keys[2 * at], keys[2 * at + 1]);
        owners[at] = place == LL_LIFE_NONE ? ll_life_owner_none() : ll_life_owner_at(LL_LIFE_IDS_PASS, place);
    }
}

/* Whose identifiers the keys are (two words each): as RESOLVE, without the order's state and quantities, so
 * that one line per key is all that is touched. Any count; changes nothing. */
LL_FN_HOT void ll_life_whose(LL_GLOBAL const struct ll_life_control *control, LL_LIFE_IDS_LOOK,
                             LL_GLOBAL const u64 *keys, LL_GLOBAL struct ll_life_owner *owners, u32 count)
{
    for (u32 done = 0; done < count; done += LL_LIFE_BATCH_MAX) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
        u32 now = count - done < LL_LIFE_BATCH_MAX ? count - done : LL_LIFE_BATCH_MAX;
        ll_life_whose_some(control, LL_LIFE_IDS_PASS, keys + 2 * done, owners + done, now);
    }
}

/* What is on chip of the identifiers and orders is forgotten. Called after anything but these functions has
 * written `buckets` or `orders`, such as a load: the chip knows nothing of it. Nothing to do where
 * LL_HOT_LINES is 0. */
LL_FN void ll_life_hot_clear(LL_LIFE_MEMORY)
{
    (void)control;
    (void)buckets;
    (void)places;
    (void)orders;
    LL_HOT_UNUSED(id_hot);
    LL_HOT_UNUSED(life_hot);
#if LL_HOT_LINES > 0
    ll_hot_clear(id_hot_tags);
    ll_hot_clear(life_hot_tags);
#endif
}

LL_FN struct ll_life_bucket ll_life_bucket_empty(void)
{
    struct ll_life_bucket bucket;
    for (u32 way = 0; way < LL_LIFE_WAYS; way++) {
#pragma HLS UNROLL
        bucket.key[way][0] = 0;
        bucket.key[way][1] = 0;
        bucket.id[way] = 0;
        bucket.order[way] = 0;
        bucket.rest[way] = 0;
        bucket.type[way] = 0;
        bucket.status[way] = 0;
    }
    bucket.link = 0;
    return bucket;
}

/* Empties everything: control's counts and seed are set, the rest may be anything. Once per load, not on the
 * fast path. */
LL_FN void ll_life_reset(LL_LIFE_MEMORY)
{
    ll_life_hot_clear(LL_LIFE_MEMORY_PASS);
    for (u32 i = 0; i < control->bucket_count + control->overflow_count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 9587012
        buckets[i] = ll_life_bucket_empty();
    }
    for (u32 i = 0; i < control->id_count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 8388608
        places[i] = LL_LIFE_NONE;
    }
    for (u32 i = 0; i < control->order_count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 2097152
        orders[i] = ll_life_order_new(LL_ORDER_NONE, 0);
    }
    control->overflow_used = 0;
    control->ids_used = 0;
    control->orders_used = 0;
}

#endif
