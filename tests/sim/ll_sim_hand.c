/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim_hand.h"

#include "host/core/ll_oms_state.h"

/* An identifier of an order that names it to somebody: not an execution's. */
static bool ll_sim_any_id(const struct ll_oms *oms, struct ll_prng *prng, uint32_t *id)
{
    uint32_t count = oms->control->id_count;
    uint32_t first = count == 0 ? 0 : ll_prng_below(prng, count);
    for (uint32_t i = 0; i < count; i++) {
        *id = (first + i) % count;
        if (oms->ids[*id].order != LL_OMS_NONE && oms->ids[*id].type != LL_ID_EXECUTION)
            return true;
    }
    return false;
}

/* The key in its bucket becomes another one: nothing leads to the identifier any more. */
static bool ll_sim_forget_id(const struct ll_oms *oms, const struct ll_life_memory *life,
                             struct ll_prng *prng)
{
    uint32_t id;
    if (!ll_sim_any_id(oms, prng, &id) || life->places[id] == LL_LIFE_NONE)
        return false;
    uint32_t place = life->places[id];
    life->buckets[place >> LL_LIFE_WAY_BITS].key[place & (LL_LIFE_WAYS - 1u)][0] ^= 1u;
    return true;
}

/* What an ended order can never become. */
static uint8_t ll_sim_other_end(uint8_t state)
{
    return state == LL_ORDER_CANCELLED ? LL_ORDER_EXPIRED : LL_ORDER_CANCELLED;
}

/* Engine and index say the same, and nothing is open either way: only the step from one to the other is wrong. */
static bool ll_sim_jump(const struct ll_oms *oms, const struct ll_life_memory *life, struct ll_prng *prng)
{
    uint32_t count = oms->control->order_count;
    uint32_t first = count == 0 ? 0 : ll_prng_below(prng, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t order = (first + i) % count;
        uint8_t state = oms->orders[order].state;
        if (ll_order_is_ended(state) == 0)
            continue;
        oms->orders[order].state = ll_sim_other_end(state);
        life->orders[order].standing.state = ll_sim_other_end(state);
        return true;
    }
    return false;
}

static bool ll_sim_leak(const struct ll_oms *oms, struct ll_prng *prng)
{
    uint32_t count = ll_ledger_account_count(&oms->ledger);
    uint32_t first = count == 0 ? 0 : ll_prng_below(prng, count);
    for (uint32_t i = 0; i < count; i++) {
        struct ll_ledger_account *account = &oms->ledger.accounts[(first + i) % count];
        if (account->kind != LL_LEDGER_AVAILABLE || account->balance <= account->lowest)
            continue;
        account->balance--;
        return true;
    }
    return false;
}

/* A word that means nothing for this kind of identifier, but is part of the state. */
static bool ll_sim_change_unrecorded(const struct ll_oms *oms, struct ll_prng *prng)
{
    uint32_t id;
    if (!ll_sim_any_id(oms, prng, &id))
        return false;
    oms->ids[id].price++;
    return true;
}

bool ll_sim_hand(struct ll_gateway *gateway, enum ll_sim_bug bug, struct ll_prng *prng)
{
    const struct ll_oms *oms = ll_trading_oms(ll_gateway_trading(gateway));
    const struct ll_life_memory *life = ll_device_life(ll_gateway_device(gateway));
    switch (bug) {
    case LL_SIM_BUG_FORGOTTEN_ID:
        return ll_sim_forget_id(oms, life, prng);
    case LL_SIM_BUG_STATE_JUMP:
        return ll_sim_jump(oms, life, prng);
    case LL_SIM_BUG_MONEY_LEAK:
        return ll_sim_leak(oms, prng);
    case LL_SIM_BUG_UNRECORDED:
        return ll_sim_change_unrecorded(oms, prng);
    default:
        return false;
    }
}
