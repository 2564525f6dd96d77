/* SPDX-License-Identifier: Apache-2.0 */
/* What must always be true of orders, identifiers and money. */
#include "host/base/ll_assert.h"
#include "host/core/ll_oms_state.h"

#include <string.h>

/* --- Identifiers: the four health checks -------------------------------------------------------------------- */

/* The kernel's index and the host's log of identifiers say the same. */
static int ll_oms_check_index(struct ll_oms *oms, uint32_t id, struct ll_why *why)
{
    const struct ll_oms_id *identifier = &oms->ids[id];
    ll_oms_ask_key(ll_oms_ask(oms, LL_LIFE_OP_RESOLVE), identifier->key);
    const struct ll_life_answer *answer = ll_oms_ask_run(oms);
    if (answer->verdict == LL_VERDICT_UNKNOWN_ID)
        return LL_FAIL(why, LL_ERR_CORRUPT, "identifier %u resolves to nothing", id);
    if (answer->id != id || answer->order != identifier->order || answer->type != identifier->type)
        return LL_FAIL(why, LL_ERR_CORRUPT, "identifier %u of order %u resolves to identifier %u of order %u",
                       id, identifier->order, answer->id, answer->order);
    const struct ll_oms_order *entry = &oms->orders[identifier->order];
    if (answer->state_after != entry->state || answer->quantity != entry->quantity ||
        answer->leaves != entry->leaves || answer->cumulative != entry->cumulative)
        return LL_FAIL(why, LL_ERR_CORRUPT,
                       "order %u is %u with %u/%u/%u lots, and in the index %u with %u/%u/%u", answer->order,
                       entry->state, entry->quantity, entry->leaves, entry->cumulative, answer->state_after,
                       answer->quantity, answer->leaves, answer->cumulative);
    if (answer->status != identifier->status)
        return LL_FAIL(why, LL_ERR_CORRUPT, "identifier %u is %u in the log and %u in the index", id,
                       identifier->status, answer->status);
    return LL_OK;
}

static int ll_oms_check_id(struct ll_oms *oms, uint32_t id, struct ll_why *why)
{
    const struct ll_oms_id *identifier = &oms->ids[id];
    if (identifier->order == LL_OMS_NONE) { /* kept for an execution that came twice */
        if (identifier->type != LL_ID_EXECUTION)
            return LL_FAIL(why, LL_ERR_CORRUPT, "identifier %u has no order", id);
        return LL_OK;
    }
    if (identifier->order >= oms->control->order_count)
        return LL_FAIL(why, LL_ERR_CORRUPT, "identifier %u is of order %u, which there is not", id,
                       identifier->order);
    if (identifier->replaced_by != LL_OMS_NONE) {
        /* A successor is younger, so no chain can close. */
        if (identifier->replaced_by <= id || identifier->replaced_by >= oms->control->id_count)
            return LL_FAIL(why, LL_ERR_CORRUPT, "identifier %u is replaced by %u, which is not younger", id,
                           identifier->replaced_by);
        const struct ll_oms_id *next = &oms->ids[identifier->replaced_by];
        if (next->order != identifier->order || next->type != identifier->type)
            return LL_FAIL(why, LL_ERR_CORRUPT, "identifier %u is replaced by %u of another order or type",
                           id, identifier->replaced_by);
    }
    return ll_oms_check_index(oms, id, why);
}

/* Types of which an order has one active identifier at most. */
static bool ll_oms_is_single(uint8_t type)
{
    return type <= LL_ID_EXCHANGE_REF;
}

static int ll_oms_check_active(const struct ll_oms *oms, uint32_t order, struct ll_why *why)
{
    uint32_t active = 0;
    for (uint32_t id = oms->orders[order].first_id; id != LL_OMS_NONE; id = oms->ids[id].next) {
        const struct ll_oms_id *identifier = &oms->ids[id];
        if (identifier->order != order)
            return LL_FAIL(why, LL_ERR_CORRUPT,
                           "identifier %u stands in the history of order %u and is order %u's", id, order,
                           identifier->order);
        bool request =
            oms->orders[order].request == LL_REQUEST_REPLACE && oms->orders[order].request_link == id;
        if (identifier->status != LL_ID_STATUS_ACTIVE || !ll_oms_is_single(identifier->type) || request)
            continue;
        if ((active >> identifier->type & 1u) != 0)
            return LL_FAIL(why, LL_ERR_CORRUPT, "order %u has two active identifiers of type %u", order,
                           identifier->type);
        active |= 1u << identifier->type;
    }
    return LL_OK;
}

/* --- Orders and money --------------------------------------------------------------------------------------- */

static int ll_oms_check_order(const struct ll_oms *oms, uint32_t order, struct ll_why *why)
{
    const struct ll_oms_order *entry = &oms->orders[order];
    bool working = ll_oms_is_working(entry);
    if (entry->is_listed != working)
        return LL_FAIL(why, LL_ERR_CORRUPT, "order %u is %s and %s the list of live orders", order,
                       working ? "working" : "over", entry->is_listed ? "in" : "not in");
    bool live = ll_order_is_live(entry->state) != 0;
    if (live && entry->quantity != entry->cumulative + entry->leaves)
        return LL_FAIL(why, LL_ERR_CORRUPT, "order %u: %u lots are not %u filled and %u open", order,
                       entry->quantity, entry->cumulative, entry->leaves);
    if (!live && entry->leaves != 0)
        return LL_FAIL(why, LL_ERR_CORRUPT, "order %u is at no venue with %u lots open", order,
                       entry->leaves);
    uint32_t open = working ? entry->quantity - entry->cumulative : 0;
    if (entry->hold.open_lots != open)
        return LL_FAIL(why, LL_ERR_CORRUPT, "order %u has %u lots open, and %u are reserved", order, open,
                       entry->hold.open_lots);
    if (entry->is_short ? entry->locked > ll_oms_wanted_lock(entry)
                        : entry->locked != ll_oms_wanted_lock(entry))
        return LL_FAIL(why, LL_ERR_CORRUPT, "order %u holds %llu locked and can cost %llu", order,
                       (unsigned long long)entry->locked, (unsigned long long)ll_oms_wanted_lock(entry));
    return ll_oms_check_active(oms, order, why);
}

static void ll_oms_each_hold(void *context, void (*visit)(void *visitor, const struct ll_risk_hold *hold),
                             void *visitor)
{
    const struct ll_oms *oms = context;
    for (uint32_t order = oms->control->live_first; order != LL_OMS_NONE;
         order = oms->orders[order].live_next)
        visit(visitor, &oms->orders[order].hold);
}

/* What is locked in each account is what its live orders hold. */
static int ll_oms_check_money(struct ll_oms *oms, int64_t *expected, struct ll_why *why)
{
    memset(expected, 0, ll_ledger_account_count(&oms->ledger) * sizeof *expected);
    for (uint32_t order = oms->control->live_first; order != LL_OMS_NONE;
         order = oms->orders[order].live_next) {
        const struct ll_oms_order *entry = &oms->orders[order];
        uint32_t asset = entry->side == LL_ORDER_BUY ? LL_LEDGER_CURRENCY : entry->instrument + 1;
        if (entry->locked == 0)
            continue;
        int status = ll_ledger_expect_locked(&oms->ledger, expected, entry->account, asset,
                                             (int64_t)entry->locked, why);
        if (status != LL_OK)
            return status;
    }
    return ll_ledger_check(&oms->ledger, expected, why);
}

int ll_oms_check(struct ll_oms *oms, int64_t *scratch, struct ll_why *why)
{
    const struct ll_risk_live live = {ll_oms_each_hold, oms};
    int status = LL_OK;
    LL_ASSERT(oms->waiting_count == 0);
    for (uint32_t id = 0; id < oms->control->id_count && status == LL_OK; id++)
        status = ll_oms_check_id(oms, id, why);
    for (uint32_t order = 0; order < oms->control->order_count && status == LL_OK; order++)
        status = ll_oms_check_order(oms, order, why);
    if (status == LL_OK)
        status = ll_oms_check_money(oms, scratch, why);
    if (status == LL_OK)
        status = ll_risk_check(&oms->risk, &live, why);
    if (status == LL_OK)
        status = ll_timers_check(&oms->timers, why);
    return status;
}
