/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lifecycle half of the kernel: asks in, one answer each.
 *
 * Shape    ll_life_reset once, then ll_life_batch. A batch is worked in stages:
 *
 *            asks -> hash -> bucket -> identifier (ll_life_ids.h) -> order -> do (ll_life_step.h) -> answers
 *
 *          Asks are done strictly in arrival order; the answers are those of doing one after the other. On a
 *          CPU each stage fetches ahead what the next one touches; in hardware the stages are the dataflow
 *          processes. What an early stage found stays true, because identifiers never leave and never move;
 *          what it did not find is looked for again when the turn of the ask has come.
 *          Work per ask is bounded: two keys of LL_LIFE_CHAIN_MAX buckets, three identifiers, one order.
 * Units    as in ll_life_records.h and ll_life_types.h.
 * Errors   verdicts, see ll_life_records.h. Everything that can be refused is asked before anything is
 *          written.
 * Threads  one owner of the memory.
 */
#ifndef LL_HLS_LIFE_H
#define LL_HLS_LIFE_H

#include "hls/ll_life_ids.h"
#include "hls/ll_life_step.h"

#define LL_LIFE_BATCH_MAX 64u

/* What an ask has done; the rest of the answer is read from the tables. */
struct ll_life_outcome {
    u32 id; /* of `key`, after */
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
LL_FN u32 ll_life_status_set(LL_GLOBAL struct ll_life_id *ids, LL_GLOBAL struct ll_life_order *orders, u32 id,
                             u32 status)
{
    struct ll_life_id record = ids[id];
    u32 verdict = ll_life_how_verdicts[ll_id_status_hows[record.status * LL_ID_STATUS_COUNT + status]];
    if (ll_life_accepts(verdict) == 0)
        return verdict;
    if (record.type < LL_LIFE_SLOTS && orders[record.order].active[record.type] == id)
        orders[record.order].active[record.type] = LL_LIFE_NONE;
    record.status = (u8)status;
    ids[id] = record;
    return verdict;
}

/* An identifier gives way to `successor`, if it is active. Returns its number if so, else `otherwise`. */
LL_FN u32 ll_life_supersede(LL_GLOBAL struct ll_life_id *ids, u32 id, u32 successor, u32 otherwise)
{
    if (id == LL_LIFE_NONE || id == successor || ids[id].status != LL_ID_STATUS_ACTIVE)
        return otherwise;
    ids[id].status = LL_ID_STATUS_REPLACED;
    ids[id].replaced_by = successor;
    return id;
}

/* A new identifier: its number must be free and its key must find room. Returns the verdict; other than ok,
 * nothing has changed. */
LL_FN u32 ll_life_add_id(LL_GLOBAL struct ll_life_control *control, LL_GLOBAL struct ll_life_bucket *buckets,
                         LL_GLOBAL struct ll_life_id *ids, u64 key0, u64 key1, u32 id,
                         struct ll_life_id record)
{
    u32 home = ll_life_bucket_of(key0, key1, control->hash_seed, control->bucket_count);
    if (id >= control->id_count)
        return LL_VERDICT_TABLE_FULL;
    if (ids[id].order != LL_LIFE_NONE)
        return LL_VERDICT_BAD_INPUT;
    if (ll_life_insert(control, buckets, home, key0, key1, id) == 0)
        return LL_VERDICT_TABLE_FULL;
    ids[id] = record;
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

/* --- One ask -------------------------------------------------------------------------------------------- */

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
LL_FN struct ll_life_outcome ll_life_known(LL_GLOBAL const struct ll_life_id *ids, struct ll_life_ask ask,
                                           struct ll_life_outcome outcome)
{
    u32 type = ask.op == LL_LIFE_OP_OPEN ? (u32)LL_ID_ORDER : ask.type;
    u32 owner = ids[outcome.id].order;
    if (owner == ask.order && ids[outcome.id].type == type) {
        outcome.verdict = LL_VERDICT_DUPLICATE;
    } else {
        outcome.verdict = LL_VERDICT_ID_TAKEN;
        outcome.other_order = owner;
    }
    return outcome;
}

LL_FN struct ll_life_outcome ll_life_open(LL_LIFE_MEMORY, struct ll_life_ask ask,
                                          struct ll_life_outcome outcome)
{
    struct ll_life_order order;
    if (outcome.id != LL_LIFE_NONE)
        return ll_life_known(ids, ask, outcome);
    if (ask.order >= control->order_count)
        outcome.verdict = LL_VERDICT_TABLE_FULL;
    else if (orders[ask.order].standing.state != LL_ORDER_NONE)
        outcome.verdict = LL_VERDICT_BAD_INPUT;
    else
        outcome.verdict = ll_life_add_id(control, buckets, ids, ask.key[0], ask.key[1], ask.id,
                                         ll_life_new_id(ask.order, LL_ID_ORDER, LL_ID_STATUS_ACTIVE, 0, 0));
    if (outcome.verdict != LL_VERDICT_OK)
        return outcome;
    order.standing.quantity = ask.quantity;
    order.standing.leaves = ask.quantity;
    order.standing.cumulative = 0;
    order.standing.state = LL_ORDER_PENDING;
    order.standing.flags = 0;
    order.standing.reserved = 0;
    for (u32 type = 0; type < LL_LIFE_SLOTS; type++)
        order.active[type] = LL_LIFE_NONE;
    order.active[LL_ID_ORDER] = ask.id;
    order.reserved[0] = 0;
    order.reserved[1] = 0;
    orders[ask.order] = order;
    control->orders_used++;
    outcome.id = ask.id;
    return outcome;
}

LL_FN struct ll_life_outcome ll_life_add(LL_LIFE_MEMORY, struct ll_life_ask ask,
                                         struct ll_life_outcome outcome)
{
    if (outcome.id != LL_LIFE_NONE)
        return ll_life_known(ids, ask, outcome);
    if (ask.order >= control->order_count || orders[ask.order].standing.state == LL_ORDER_NONE) {
        outcome.verdict = LL_VERDICT_UNKNOWN_ID;
        return outcome;
    }
    outcome.verdict = ll_life_add_id(control, buckets, ids, ask.key[0], ask.key[1], ask.id,
                                     ll_life_new_id(ask.order, ask.type, LL_ID_STATUS_ACTIVE, ask.flags, 0));
    if (outcome.verdict != LL_VERDICT_OK)
        return outcome;
    outcome.id = ask.id;
    if (ll_life_takes_slot(ask.type, ask.flags) != 0) {
        outcome.previous = ll_life_supersede(ids, orders[ask.order].active[ask.type], ask.id, LL_LIFE_NONE);
        orders[ask.order].active[ask.type] = ask.id;
    }
    return outcome;
}

LL_FN struct ll_life_outcome ll_life_status(LL_GLOBAL struct ll_life_id *ids,
                                            LL_GLOBAL struct ll_life_order *orders, u32 status,
                                            struct ll_life_outcome outcome)
{
    u32 type = ids[outcome.id].type;
    if (type != LL_ID_EXECUTION)
        outcome.verdict = ll_life_status_set(ids, orders, outcome.id, status);
    else if (ids[outcome.id].status == status)
        outcome.verdict = LL_VERDICT_DUPLICATE;
    else
        outcome.verdict = LL_VERDICT_ILLEGAL_TRANSITION;
    return outcome;
}

/* An event that concerns only the order. */
LL_FN struct ll_life_outcome ll_life_event_do(LL_GLOBAL const struct ll_life_id *ids,
                                              LL_GLOBAL struct ll_life_order *orders, struct ll_life_ask ask,
                                              struct ll_life_outcome outcome)
{
    u32 order = ids[outcome.id].order;
    struct ll_life_turn turn = ll_life_step(orders[order].standing, ask.op, ask.quantity, 0);
    orders[order].standing = turn.standing;
    outcome.verdict = turn.verdict;
    outcome.event = turn.event;
    outcome.booked = turn.booked;
    return outcome;
}

/* What a known new_key of a FILL or REPLACE means, when it is none of those that may be there. */
LL_FN struct ll_life_outcome ll_life_new_key_known(LL_GLOBAL const struct ll_life_id *ids, u32 order,
                                                   u32 type, u32 id, struct ll_life_outcome outcome)
{
    outcome.verdict = LL_VERDICT_DUPLICATE;
    if (ids[id].order != order || ids[id].type != type) {
        outcome.verdict = LL_VERDICT_ID_TAKEN;
        outcome.other_order = ids[id].order;
    }
    return outcome;
}

LL_FN u32 ll_life_find_key(LL_GLOBAL const struct ll_life_control *control,
                           LL_GLOBAL const struct ll_life_bucket *buckets, u64 key0, u64 key1)
{
    return ll_life_find(buckets, ll_life_bucket_of(key0, key1, control->hash_seed, control->bucket_count),
                        key0, key1);
}

LL_FN struct ll_life_outcome ll_life_fill(LL_LIFE_MEMORY, struct ll_life_ask ask,
                                          struct ll_life_outcome outcome)
{
    u32 order = ids[outcome.id].order;
    u32 named = ll_life_key_is_none(ask.new_key[0], ask.new_key[1]) ^ 1u;
    u32 known =
        named != 0 ? ll_life_find_key(control, buckets, ask.new_key[0], ask.new_key[1]) : LL_LIFE_NONE;
    if (known != LL_LIFE_NONE)
        return ll_life_new_key_known(ids, order, LL_ID_EXECUTION, known, outcome);
    struct ll_life_turn turn = ll_life_step(orders[order].standing, ask.op, ask.quantity, 0);
    outcome.event = turn.event;
    outcome.verdict = turn.verdict;
    if (ll_life_accepts(turn.verdict) == 0)
        return outcome;
    if (named != 0) {
        u32 verdict =
            ll_life_add_id(control, buckets, ids, ask.new_key[0], ask.new_key[1], ask.new_id,
                           ll_life_new_id(order, LL_ID_EXECUTION, LL_ID_STATUS_EXECUTED, 0, ask.quantity));
        if (verdict != LL_VERDICT_OK) {
            outcome.verdict = verdict;
            return outcome;
        }
    }
    orders[order].standing = turn.standing;
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

/* The link of the order moves to the identifier `next`. */
LL_FN u32 ll_life_relink(LL_GLOBAL struct ll_life_id *ids, LL_GLOBAL struct ll_life_order *orders, u32 old,
                         u32 next, u32 type)
{
    u32 order = ids[next].order;
    u32 previous = ll_life_supersede(ids, orders[order].active[type], next, LL_LIFE_NONE);
    if (ids[old].type == type)
        previous = ll_life_supersede(ids, old, next, previous);
    orders[order].active[type] = next;
    return previous;
}

LL_FN struct ll_life_outcome ll_life_replace(LL_LIFE_MEMORY, struct ll_life_ask ask,
                                             struct ll_life_outcome outcome)
{
    u32 order = ids[outcome.id].order;
    u32 type = ids[outcome.id].type == LL_ID_EXCHANGE_REF ? (u32)LL_ID_EXCHANGE_REF : (u32)LL_ID_PROVIDER_REF;
    u32 next = ll_life_find_key(control, buckets, ask.new_key[0], ask.new_key[1]);
    u32 follows = next != LL_LIFE_NONE ? ll_life_may_follow(ids[next], order, type) : 1u;
    u32 stays = (u32)(next == outcome.id) & (follows ^ 1u);
    if ((follows | stays) == 0)
        return ll_life_new_key_known(ids, order, type, next, outcome);
    struct ll_life_turn turn = ll_life_step(orders[order].standing, ask.op, ask.quantity, 0);
    outcome.event = turn.event;
    outcome.verdict = turn.verdict;
    if (ll_life_accepts(turn.verdict) == 0)
        return outcome;
    if (next == LL_LIFE_NONE) {
        u32 verdict = ll_life_add_id(control, buckets, ids, ask.new_key[0], ask.new_key[1], ask.new_id,
                                     ll_life_new_id(order, type, LL_ID_STATUS_ACTIVE, 0, 0));
        next = ask.new_id;
        if (verdict != LL_VERDICT_OK) {
            outcome.verdict = verdict;
            return outcome;
        }
    }
    if (stays == 0) {
        ids[next].status = LL_ID_STATUS_ACTIVE;
        ids[next].flags &= (u8)~LL_LIFE_REQUEST;
        outcome.previous = ll_life_relink(ids, orders, outcome.id, next, type);
    }
    orders[order].standing = turn.standing;
    return outcome;
}

LL_FN struct ll_life_outcome ll_life_bust(LL_GLOBAL struct ll_life_id *ids,
                                          LL_GLOBAL struct ll_life_order *orders, struct ll_life_ask ask,
                                          struct ll_life_outcome outcome)
{
    struct ll_life_id record = ids[outcome.id];
    u32 busts = (u32)(ask.op == LL_LIFE_OP_BUST);
    if (record.type != LL_ID_EXECUTION) {
        outcome.verdict = LL_VERDICT_BAD_INPUT;
        return outcome;
    }
    if (record.status == LL_ID_STATUS_CANCELLED) {
        outcome.verdict = busts != 0 ? LL_VERDICT_DUPLICATE : LL_VERDICT_ILLEGAL_TRANSITION;
        return outcome;
    }
    struct ll_life_turn turn =
        ll_life_step(orders[record.order].standing, ask.op, ask.quantity, record.quantity);
    outcome.event = turn.event;
    outcome.verdict = turn.verdict;
    outcome.booked = turn.booked;
    if (ll_life_accepts(turn.verdict) == 0)
        return outcome;
    if (busts != 0)
        record.status = LL_ID_STATUS_CANCELLED;
    else
        record.quantity = ask.quantity;
    ids[outcome.id] = record;
    orders[record.order].standing = turn.standing;
    return outcome;
}

/* All ops but RESOLVE of a known key. */
LL_FN_RARE struct ll_life_outcome ll_life_do(LL_LIFE_MEMORY, struct ll_life_ask ask,
                                             struct ll_life_outcome outcome)
{
    u32 known = (u32)(outcome.id != LL_LIFE_NONE);
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
        return ll_life_status(ids, orders, ask.status, outcome);
    case LL_LIFE_OP_FILL:
        return ll_life_fill(LL_LIFE_MEMORY_PASS, ask, outcome);
    case LL_LIFE_OP_REPLACE:
        return ll_life_replace(LL_LIFE_MEMORY_PASS, ask, outcome);
    case LL_LIFE_OP_BUST:
    case LL_LIFE_OP_CORRECT:
        return ll_life_bust(ids, orders, ask, outcome);
    case LL_LIFE_OP_REJECT:
        if ((ids[outcome.id].flags & LL_LIFE_REQUEST) != 0)
            return ll_life_status(ids, orders, LL_ID_STATUS_CANCELLED, outcome);
        return ll_life_event_do(ids, orders, ask, outcome);
    default:
        return ll_life_event_do(ids, orders, ask, outcome);
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

/* The answer about an identifier as it is; the order is as it was before. */
LL_FN_HOT struct ll_life_answer ll_life_answer_of(struct ll_life_answer answer, u32 id,
                                                  struct ll_life_id record, struct ll_order_standing standing)
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

/* Any ask the straight way does not take. `id` is what `key` names before, LL_LIFE_NONE = nothing. */
LL_FN_RARE struct ll_life_answer ll_life_other(LL_LIFE_MEMORY, struct ll_life_ask ask, u32 id)
{
    struct ll_life_answer answer = ll_life_answer_none(ask, control->epoch);
    struct ll_life_outcome outcome;
    outcome.id = id;
    outcome.verdict = LL_VERDICT_OK;
    outcome.event = LL_ORDER_EVENT_COUNT;
    outcome.booked = 0;
    outcome.previous = LL_LIFE_NONE;
    outcome.other_order = LL_LIFE_NONE;
    u32 state_before = LL_ORDER_NONE;
    u32 flags = 0;
    if (id != LL_LIFE_NONE) {
        answer = ll_life_answer_of(answer, id, ids[id], orders[ids[id].order].standing);
        state_before = answer.state_before;
        flags = answer.flags;
    }
    outcome = ll_life_do(LL_LIFE_MEMORY_PASS, ask, outcome);
    if (outcome.id != LL_LIFE_NONE) {
        answer =
            ll_life_answer_of(answer, outcome.id, ids[outcome.id], orders[ids[outcome.id].order].standing);
        if (id == LL_LIFE_NONE) { /* OPEN, or ADD to an order as it stands */
            state_before = ask.op == LL_LIFE_OP_OPEN ? (u32)LL_ORDER_NONE : answer.state_after;
            flags = answer.flags;
        }
        u32 ended = ll_order_is_ended(answer.state_after) & (ll_order_is_ended(state_before) ^ 1u);
        answer.state_before = (u8)state_before;
        answer.flags = (u8)(flags | (ended & (u32)(id != LL_LIFE_NONE)) * LL_LIFE_ENDED);
    }
    answer.verdict = (u8)outcome.verdict;
    answer.event = (u8)outcome.event;
    answer.booked = outcome.booked;
    answer.previous = outcome.previous;
    answer.other_order = outcome.other_order;
    return answer;
}

/* --- A batch -------------------------------------------------------------------------------------------- */

/* Hash, bucket, identifier: fills `home` and `found`, and fetches what doing the asks will touch. */
LL_FN_HOT void ll_life_look(LL_LIFE_MEMORY, LL_GLOBAL const struct ll_life_ask *asks, u32 count, u32 *home,
                            u32 *found)
{
    (void)ids; /* where nothing is fetched ahead */
    (void)orders;
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
        found[i] = ll_life_find(buckets, home[i], asks[i].key[0], asks[i].key[1]);
#if defined(LL_PREFETCHES)
        u32 add = (u32)(found[i] == LL_LIFE_NONE);
        LL_PREFETCH(&ids[ll_select32(add, asks[i].id, found[i])]);
#endif
    }
#if defined(LL_PREFETCHES)
    for (u32 i = 0; i < count; i++) {
        u32 order = found[i] != LL_LIFE_NONE ? ids[found[i]].order : asks[i].order;
        LL_PREFETCH(&orders[order]);
    }
#endif
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
            u32 id = found[i];
            if (LL_RARE(id == LL_LIFE_NONE)) /* it may have come since */
                id = ll_life_find(buckets, home[i], ask.key[0], ask.key[1]);
            if (ask.op != LL_LIFE_OP_RESOLVE || id == LL_LIFE_NONE) {
                answers[done + i] = ll_life_other(LL_LIFE_MEMORY_PASS, ask, id);
                continue;
            }
            struct ll_life_id record = ids[id];
            struct ll_life_answer answer = ll_life_answer_of(ll_life_answer_none(ask, control->epoch), id,
                                                             record, orders[record.order].standing);
            answer.verdict = LL_VERDICT_OK;
            answers[done + i] = answer;
        }
        done += now;
    }
}

/* Empties everything: control's counts and seed are set, the rest may be anything. Once per load, not on the
 * fast path. */
LL_FN void ll_life_reset(LL_LIFE_MEMORY)
{
    for (u32 i = 0; i < control->bucket_count + control->overflow_count; i++)
        buckets[i].link = 0;
    for (u32 i = 0; i < control->id_count; i++)
        ids[i] = ll_life_new_id(LL_LIFE_NONE, 0, 0, 0, 0);
    for (u32 i = 0; i < control->order_count; i++) {
        orders[i].standing.state = LL_ORDER_NONE;
        orders[i].standing.flags = 0;
    }
    control->overflow_used = 0;
    control->ids_used = 0;
    control->orders_used = 0;
}

#endif
