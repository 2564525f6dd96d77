/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ll_life_memory_check: every invariant of the lifecycle half's memory, the slow and plain way. Nothing is
 * followed before it is known to be in range, so that the bytes may be anything.
 */
#include "hls/ll_life.h"
#include "host/core/ll_life_memory.h"

#include <stdlib.h>

enum { ID_UNSEEN = 0, ID_IN_TABLE = 1, ID_ON_WALK = 2, ID_DONE = 3 };

struct ll_life_audit {
    const struct ll_life_memory *life;
    unsigned char *id_seen;     /* by identifier */
    unsigned char *order_named; /* by order: an order_id leads to it */
    uint64_t *executed;         /* by order: lots of its executions that were not busted */
    uint64_t ids;
    uint64_t overflow;
    struct ll_why *why;
};

/* The keys of one bucket of the chain of `home`. */
static int ll_audit_keys(struct ll_life_audit *audit, uint32_t home, uint32_t bucket)
{
    const struct ll_life_control *control = audit->life->control;
    const struct ll_life_bucket *at = &audit->life->buckets[bucket];
    for (uint32_t way = 0; way < LL_LIFE_WAYS; way++) {
        uint32_t id = at->id[way];
        uint32_t place = bucket << LL_LIFE_WAY_BITS | way;
        if ((at->link >> LL_LIFE_USED_SHIFT >> way & 1u) == 0)
            continue;
        if (id >= control->id_count || audit->life->places[id] != place)
            return LL_FAIL(audit->why, LL_ERR_CORRUPT,
                           "bucket %u: identifier %u is out of range, in two places or unused", bucket, id);
        if (ll_life_bucket_of(at->key[way][0], at->key[way][1], control->hash_seed, control->bucket_count) !=
                home ||
            ll_life_find(audit->life->buckets, home, at->key[way][0], at->key[way][1]) != place)
            return LL_FAIL(audit->why, LL_ERR_CORRUPT, "identifier %u: its key does not lead to it", id);
        audit->id_seen[id] = ID_IN_TABLE;
        audit->ids++;
    }
    return LL_OK;
}

/* A chain first: it is followed by ll_life_find in the checks of its keys. Only its last bucket has room. */
static int ll_audit_chain(struct ll_life_audit *audit, uint32_t home)
{
    const struct ll_life_control *control = audit->life->control;
    uint32_t bucket = home;
    for (uint32_t depth = 1;; depth++) {
        uint32_t link = audit->life->buckets[bucket].link;
        uint32_t used = link >> LL_LIFE_USED_SHIFT;
        uint32_t next = link & LL_LIFE_NEXT_MASK;
        if ((used & (used + 1u)) != 0 || used > LL_LIFE_FULL || (next != 0 && used != LL_LIFE_FULL) ||
            (bucket != home && used == 0))
            return LL_FAIL(audit->why, LL_ERR_CORRUPT, "bucket %u: used ways %x, next %u", bucket, used,
                           next);
        if (next == 0)
            return LL_OK;
        if (depth >= LL_LIFE_CHAIN_MAX || next < control->bucket_count ||
            next - control->bucket_count >= control->overflow_used)
            return LL_FAIL(audit->why, LL_ERR_CORRUPT, "bucket %u: chain too long, or out of range", home);
        audit->overflow++;
        bucket = next;
    }
}

static int ll_audit_buckets(struct ll_life_audit *audit)
{
    const struct ll_life_control *control = audit->life->control;
    int status = LL_OK;
    for (uint32_t home = 0; home < control->bucket_count && status == LL_OK; home++)
        status = ll_audit_chain(audit, home);
    for (uint32_t home = 0; home < control->bucket_count && status == LL_OK; home++) {
        uint32_t bucket = home;
        do {
            status = ll_audit_keys(audit, home, bucket);
            bucket = audit->life->buckets[bucket].link & LL_LIFE_NEXT_MASK;
        } while (bucket != 0 && status == LL_OK);
    }
    if (status == LL_OK && (audit->overflow != control->overflow_used || audit->ids != control->ids_used))
        return LL_FAIL(audit->why, LL_ERR_CORRUPT,
                       "counted %u identifiers and %u overflow buckets, found %llu and %llu",
                       control->ids_used, control->overflow_used, (unsigned long long)audit->ids,
                       (unsigned long long)audit->overflow);
    return status;
}

/* The identifier of number `id`, which may be any; one that no key leads to has no order. */
static struct ll_life_id ll_audit_load(const struct ll_life_audit *audit, uint32_t id)
{
    static const struct ll_life_id none = {.order = LL_LIFE_NONE};
    if (id >= audit->life->control->id_count || audit->id_seen[id] == ID_UNSEEN)
        return none;
    return ll_life_load(audit->life->buckets, audit->life->places[id]);
}

/* What an identifier may be, by itself. */
static int ll_audit_record(const struct ll_life_audit *audit, uint32_t id)
{
    struct ll_life_id record = ll_audit_load(audit, id);
    int is_execution = record.type == LL_ID_EXECUTION;
    if (record.order >= audit->life->control->order_count ||
        audit->life->orders[record.order].standing.state == LL_ORDER_NONE)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "identifier %u has no order", id);
    if (record.type >= LL_ID_TYPE_COUNT || record.status >= LL_ID_STATUS_COUNT ||
        (record.flags & ~LL_LIFE_REQUEST) != 0)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "identifier %u: type %u, status %u, flags %u", id,
                       record.type, record.status, record.flags);
    if (is_execution != (record.quantity != 0) ||
        (is_execution && record.status != LL_ID_STATUS_EXECUTED && record.status != LL_ID_STATUS_CANCELLED))
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "identifier %u of type %u: status %u with %u lots", id,
                       record.type, record.status, record.quantity);
    if ((record.status == LL_ID_STATUS_REPLACED && record.replaced_by == LL_LIFE_NONE) ||
        (record.status == LL_ID_STATUS_ACTIVE && record.replaced_by != LL_LIFE_NONE))
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "identifier %u: status %u, replaced by %u", id,
                       record.status, record.replaced_by);
    return LL_OK;
}

/* An identifier beside its successor and its order. */
static int ll_audit_id(struct ll_life_audit *audit, uint32_t id)
{
    struct ll_life_id record = ll_audit_load(audit, id);
    const struct ll_life_order *order = &audit->life->orders[record.order];
    if (record.replaced_by != LL_LIFE_NONE) {
        struct ll_life_id next = ll_audit_load(audit, record.replaced_by);
        if (next.order != record.order || next.type != record.type)
            return LL_FAIL(audit->why, LL_ERR_CORRUPT,
                           "identifier %u: its successor %u is not of the same order and type", id,
                           record.replaced_by);
    }
    if (record.status == LL_ID_STATUS_ACTIVE && ll_life_takes_slot(record.type, record.flags) != 0 &&
        order->active[record.type] != id)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "identifier %u is active beside %u of order %u", id,
                       order->active[record.type], record.order);
    if (record.type == LL_ID_EXECUTION && record.status == LL_ID_STATUS_EXECUTED)
        audit->executed[record.order] += record.quantity;
    if (record.type == LL_ID_ORDER)
        audit->order_named[record.order] = 1;
    return LL_OK;
}

/* Successors lead to an end. */
static int ll_audit_successors(struct ll_life_audit *audit, uint32_t first)
{
    uint32_t id = first;
    for (; id != LL_LIFE_NONE && audit->id_seen[id] == ID_IN_TABLE; id = ll_audit_load(audit, id).replaced_by)
        audit->id_seen[id] = ID_ON_WALK;
    if (id != LL_LIFE_NONE && audit->id_seen[id] == ID_ON_WALK)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "identifier %u replaces itself in the end", id);
    id = first;
    while (id != LL_LIFE_NONE && audit->id_seen[id] == ID_ON_WALK) {
        audit->id_seen[id] = ID_DONE;
        id = ll_audit_load(audit, id).replaced_by;
    }
    return LL_OK;
}

static int ll_audit_ids(struct ll_life_audit *audit)
{
    const struct ll_life_control *control = audit->life->control;
    int status = LL_OK;
    for (uint32_t id = 0; id < control->id_count && status == LL_OK; id++) {
        if (audit->life->places[id] == LL_LIFE_NONE)
            continue;
        if (audit->id_seen[id] == ID_UNSEEN)
            return LL_FAIL(audit->why, LL_ERR_CORRUPT, "identifier %u: no key leads to it", id);
        status = ll_audit_record(audit, id);
        if (status == LL_OK)
            status = ll_audit_id(audit, id);
    }
    for (uint32_t id = 0; id < control->id_count && status == LL_OK; id++)
        if (audit->id_seen[id] == ID_IN_TABLE)
            status = ll_audit_successors(audit, id);
    return status;
}

static int ll_audit_standing(const struct ll_life_audit *audit, uint32_t number)
{
    const struct ll_order_standing *standing = &audit->life->orders[number].standing;
    uint64_t whole = (uint64_t)standing->cumulative + standing->leaves;
    int is_live = standing->state < LL_ORDER_STATE_COUNT && ll_order_is_live(standing->state) != 0;
    int is_early = standing->state == LL_ORDER_PENDING || standing->state == LL_ORDER_SUBMITTED ||
                   standing->state == LL_ORDER_FAILED;
    if (standing->state >= LL_ORDER_STATE_COUNT || is_live != (standing->leaves != 0) ||
        (is_live && whole != standing->quantity) || standing->quantity == 0)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "order %u, state %u: %u lots, %u open and %u filled",
                       number, standing->state, standing->quantity, standing->leaves, standing->cumulative);
    if ((standing->flags & ~LL_STANDING_ACKED) != 0 || (is_early && standing->flags != 0) ||
        ((is_early || standing->state == LL_ORDER_NEW) && standing->cumulative != 0))
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "order %u, state %u: flags %u, %u filled", number,
                       standing->state, standing->flags, standing->cumulative);
    if (audit->executed[number] > standing->cumulative)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "order %u: executions of %llu lots, %u filled", number,
                       (unsigned long long)audit->executed[number], standing->cumulative);
    return LL_OK;
}

static int ll_audit_orders(const struct ll_life_audit *audit)
{
    const struct ll_life_control *control = audit->life->control;
    uint32_t orders = 0;
    for (uint32_t number = 0; number < control->order_count; number++) {
        const struct ll_life_order *order = &audit->life->orders[number];
        if (order->standing.state == LL_ORDER_NONE)
            continue;
        int status = ll_audit_standing(audit, number);
        if (status != LL_OK)
            return status;
        if (!audit->order_named[number])
            return LL_FAIL(audit->why, LL_ERR_CORRUPT, "order %u has no order_id", number);
        for (uint32_t type = 0; type < LL_LIFE_SLOTS; type++) {
            uint32_t id = order->active[type];
            struct ll_life_id record = ll_audit_load(audit, id);
            if (id == LL_LIFE_NONE)
                continue;
            if (record.order != number || record.type != type || record.status != LL_ID_STATUS_ACTIVE ||
                ll_life_takes_slot(type, record.flags) == 0)
                return LL_FAIL(audit->why, LL_ERR_CORRUPT, "order %u: %u is not its active one of type %u",
                               number, id, type);
        }
        orders++;
    }
    if (orders != control->orders_used)
        return LL_FAIL(audit->why, LL_ERR_CORRUPT, "counted %u orders, found %u", control->orders_used,
                       orders);
    return LL_OK;
}

int ll_life_memory_check(const struct ll_life_memory *life, struct ll_why *why)
{
    struct ll_life_audit audit = {.life = life, .why = why};
    int status = LL_OK;
    audit.id_seen = calloc((size_t)life->control->id_count + 1, 1);
    audit.order_named = calloc((size_t)life->control->order_count + 1, 1);
    audit.executed = calloc((size_t)life->control->order_count + 1, sizeof *audit.executed);
    if (audit.id_seen == NULL || audit.order_named == NULL || audit.executed == NULL)
        status = LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for the check");
    if (status == LL_OK)
        status = ll_audit_buckets(&audit);
    if (status == LL_OK)
        status = ll_audit_ids(&audit);
    if (status == LL_OK)
        status = ll_audit_orders(&audit);
    free(audit.id_seen);
    free(audit.order_named);
    free(audit.executed);
    return status;
}
