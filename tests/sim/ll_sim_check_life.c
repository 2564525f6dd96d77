/* SPDX-License-Identifier: Apache-2.0 */
/* The states of orders: each has come from the one before by the table of hls/ll_order_states.h. */
#include "tests/sim/ll_sim_checks_parts.h"

#include "host/base/ll_assert.h"

#include <stdlib.h>

static const char *const ll_sim_state_names[LL_ORDER_STATE_COUNT] = {
#define LL_SIM_STATE_NAME(name, number, text, live) [number] = text,
    LL_ORDER_STATES(LL_SIM_STATE_NAME)
#undef LL_SIM_STATE_NAME
};

static const char *ll_sim_state_name(uint8_t state)
{
    return state < LL_ORDER_STATE_COUNT ? ll_sim_state_names[state] : "no state";
}

void ll_sim_life_free(struct ll_sim_life *life)
{
    free(life->orders);
    free(life->id_statuses);
}

void ll_sim_life_restart(struct ll_sim_life *life)
{
    life->order_count = 0;
    life->id_count = 0;
    life->next_event_id = 0;
}

/* One bit per state that is reached from `from`. There are few states: the sets are made anew each time. */
static uint32_t ll_sim_life_reach(uint8_t from)
{
    uint32_t reached = 1u << from;
    uint32_t before = 0;
    while (reached != before) {
        before = reached;
        for (uint32_t state = 0; state < LL_ORDER_STATE_COUNT; state++)
            for (uint32_t event = 0; (before >> state & 1u) != 0 && event < LL_ORDER_EVENT_COUNT; event++)
                reached |= 1u << ll_order_transition(state, event).state;
    }
    return reached;
}

bool ll_sim_life_leads(uint8_t from, uint8_t to)
{
    if (from >= LL_ORDER_STATE_COUNT || to >= LL_ORDER_STATE_COUNT)
        return false;
    return from == to || (ll_sim_life_reach(from) >> to & 1u) != 0;
}

static struct ll_sim_standing *ll_sim_life_add(struct ll_sim_life *life)
{
    if (life->order_count == life->order_max) {
        life->order_max = life->order_max == 0 ? 256 : 2 * life->order_max;
        life->orders = realloc(life->orders, life->order_max * sizeof *life->orders);
        LL_ASSERT(life->orders != NULL);
    }
    struct ll_sim_standing *standing = &life->orders[life->order_count++];
    /* Every order begins so, and is looked at for the first time some events later. */
    *standing = (struct ll_sim_standing){.state = LL_ORDER_PENDING};
    return standing;
}

static uint32_t ll_sim_busts_of(const struct ll_oms *oms, uint32_t order)
{
    uint32_t busts = 0;
    for (uint32_t id = ll_oms_first_id(oms, order); id != LL_LIFE_NONE; id = ll_oms_next_id(oms, id)) {
        struct ll_oms_id_view view;
        ll_oms_id(oms, id, &view);
        busts += view.type == LL_ID_EXECUTION && view.status == LL_ID_STATUS_CANCELLED;
    }
    return busts;
}

/* What is filled becomes less only when an execution was taken back. */
static bool ll_sim_life_fills(struct ll_sim_standing *standing, const struct ll_oms *oms,
                              const struct ll_oms_view *order, struct ll_sim_verdict *verdict)
{
    if (order->cumulative < standing->cumulative) {
        uint32_t busts = ll_sim_busts_of(oms, order->order);
        if (busts == standing->busts)
            return ll_sim_break(verdict, LL_SIM_CHECK_LEGAL,
                                "order %u: filled %llu lots, then %llu, and no execution was taken back",
                                order->order, (unsigned long long)standing->cumulative,
                                (unsigned long long)order->cumulative);
        standing->busts = busts;
    }
    standing->cumulative = order->cumulative;
    return true;
}

static bool ll_sim_life_lots(const struct ll_oms_view *order, struct ll_sim_verdict *verdict)
{
    bool is_live = ll_order_is_live(order->state) != 0;
    bool is_untouched = order->state == LL_ORDER_PENDING || order->state == LL_ORDER_SUBMITTED ||
                        order->state == LL_ORDER_NEW;
    bool is_good = is_live ? order->leaves != 0 && order->quantity == order->cumulative + order->leaves
                           : order->leaves == 0;
    if (is_good && !(is_untouched && order->cumulative != 0))
        return true;
    return ll_sim_break(verdict, LL_SIM_CHECK_LEGAL,
                        "order %u is %s with %llu of %llu lots filled, %llu open", order->order,
                        ll_sim_state_name(order->state), (unsigned long long)order->cumulative,
                        (unsigned long long)order->quantity, (unsigned long long)order->leaves);
}

static bool ll_sim_life_order(struct ll_sim_life *life, const struct ll_oms *oms, uint32_t number,
                              bool nothing_happened, struct ll_sim_verdict *verdict)
{
    struct ll_oms_view order;
    bool is_new = number == life->order_count;
    struct ll_sim_standing *standing = is_new ? ll_sim_life_add(life) : &life->orders[number];
    ll_oms_order(oms, number, &order);
    uint8_t before = standing->state;
    standing->state = order.state;
    if (nothing_happened && (before != order.state || standing->cumulative != order.cumulative))
        return ll_sim_break(verdict, LL_SIM_CHECK_LEGAL,
                            "order %u was %s with %llu lots filled and is %s with %llu, without an event",
                            number, ll_sim_state_name(before), (unsigned long long)standing->cumulative,
                            ll_sim_state_name(order.state), (unsigned long long)order.cumulative);
    if (!ll_sim_life_leads(before, order.state))
        return ll_sim_break(verdict, LL_SIM_CHECK_LEGAL, "order %u was %s and is %s: no event does that",
                            number, ll_sim_state_name(before), ll_sim_state_name(order.state));
    return ll_sim_life_lots(&order, verdict) && ll_sim_life_fills(standing, oms, &order, verdict);
}

bool ll_sim_life_follow(struct ll_sim_life *life, const struct ll_oms *oms, uint64_t next_event_id,
                        uint64_t *looked_count, struct ll_sim_verdict *verdict)
{
    uint32_t order_count = ll_oms_order_count(oms);
    bool nothing_happened = life->next_event_id == next_event_id;
    if (order_count < life->order_count)
        return ll_sim_break(verdict, LL_SIM_CHECK_LEGAL, "there were %u orders, and are %u",
                            life->order_count, order_count);
    if (nothing_happened && order_count != life->order_count)
        return ll_sim_break(verdict, LL_SIM_CHECK_LEGAL, "there were %u orders, and are %u, without an event",
                            life->order_count, order_count);
    for (uint32_t number = 0; number < order_count; number++)
        if (!ll_sim_life_order(life, oms, number, nothing_happened, verdict))
            return false;
    *looked_count += order_count;
    life->next_event_id = next_event_id;
    return true;
}

/* --- Identifiers ---------------------------------------------------------------------------------------- */

/* In one step or several. An execution is over by its bust; a link that was given up may have been taken all the same,
 * and is then the order's. */
static bool ll_sim_status_leads(uint8_t type, uint8_t from, uint8_t to)
{
    static const uint8_t cells[LL_ID_STATUS_COUNT][LL_ID_STATUS_COUNT] = {
#define LL_SIM_HOW_OK   1
#define LL_SIM_HOW_LATE 1
#define LL_SIM_HOW_SAME 1
#define LL_SIM_HOW_NO   0
#define LL_SIM_STATUS_ROW(FROM, active, replaced, cancelled, executed) \
    {LL_SIM_HOW_##active, LL_SIM_HOW_##replaced, LL_SIM_HOW_##cancelled, LL_SIM_HOW_##executed},
        LL_ID_STATUS_CHANGES(LL_SIM_STATUS_ROW)
#undef LL_SIM_STATUS_ROW
#undef LL_SIM_HOW_OK
#undef LL_SIM_HOW_LATE
#undef LL_SIM_HOW_SAME
#undef LL_SIM_HOW_NO
    };
    if (type == LL_ID_EXECUTION)
        return from == to || (from == LL_ID_STATUS_EXECUTED && to == LL_ID_STATUS_CANCELLED);
    if (from == LL_ID_STATUS_ACTIVE && to == LL_ID_STATUS_REPLACED)
        return true; /* by its successor */
    return from < LL_ID_STATUS_COUNT && to < LL_ID_STATUS_COUNT && cells[from][to] != 0;
}

bool ll_sim_life_ids(struct ll_sim_life *life, const struct ll_oms *oms, uint64_t *looked_count,
                     struct ll_sim_verdict *verdict)
{
    uint32_t id_count = ll_oms_id_count(oms);
    if (id_count > life->id_max) {
        life->id_max = 2 * id_count;
        life->id_statuses = realloc(life->id_statuses, life->id_max);
        LL_ASSERT(life->id_statuses != NULL);
    }
    for (uint32_t id = 0; id < id_count; id++) {
        struct ll_oms_id_view view;
        ll_oms_id(oms, id, &view);
        uint8_t before = id < life->id_count ? life->id_statuses[id] : view.status;
        life->id_statuses[id] = view.status;
        ++*looked_count;
        if (!ll_sim_status_leads(view.type, before, view.status))
            return ll_sim_break(verdict, LL_SIM_CHECK_LEGAL,
                                "identifier %u (%s, type %u) of order %u went from status %u to %u", id,
                                view.text, view.type, view.order, before, view.status);
    }
    life->id_count = id_count;
    return true;
}
