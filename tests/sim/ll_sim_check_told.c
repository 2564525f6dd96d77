/* SPDX-License-Identifier: Apache-2.0 */
/* What clients were told stays true: their orders, and every identifier. */
#include "tests/sim/ll_sim_checks_parts.h"

#include "host/base/ll_assert.h"

#include <stdlib.h>
#include <string.h>

void ll_sim_told_free(struct ll_sim_told *told)
{
    free(told->is_looked_at);
}

void ll_sim_told_again(struct ll_sim_told *told)
{
    if (told->asked_max != 0)
        memset(told->is_looked_at, 0, told->asked_max);
}

void ll_sim_told_restart(struct ll_sim_told *told, const struct ll_sim_clients *clients)
{
    ll_sim_told_again(told);
    told->named_at_start = ll_sim_clients_named_count(clients);
    told->named_next = 0;
}

static void ll_sim_told_grow(struct ll_sim_told *told, uint32_t asked_count)
{
    if (asked_count <= told->asked_max)
        return;
    uint32_t asked_max = 2 * asked_count + 64;
    told->is_looked_at = realloc(told->is_looked_at, asked_max);
    LL_ASSERT(told->is_looked_at != NULL);
    memset(told->is_looked_at + told->asked_max, 0, asked_max - told->asked_max);
    told->asked_max = asked_max;
}

/* The order of a text, of any kind: LL_LIFE_NONE = nobody's. */
static uint32_t ll_sim_order_of(struct ll_oms *oms, const char *text)
{
    struct ll_oms_id_view view;
    uint32_t id = ll_oms_resolve(oms, text, (uint32_t)strlen(text));
    if (id == LL_LIFE_NONE)
        return LL_LIFE_NONE;
    ll_oms_id(oms, id, &view);
    return view.order;
}

static const char *ll_sim_number_text(uint32_t order, char text[24])
{
    if (order == LL_LIFE_NONE)
        return "nothing";
    (void)snprintf(text, 24, "order %u", order);
    return text;
}

static bool ll_sim_told_one(const struct ll_sim_asked *asked, const struct ll_sim_known *known,
                            struct ll_oms *oms, struct ll_sim_verdict *verdict)
{
    struct ll_oms_view order;
    char texts[2][24];
    uint32_t by_key = ll_sim_known_key(known, oms, asked->account, asked->key);
    uint32_t by_name = ll_sim_order_of(oms, asked->order_id);
    if (by_key == LL_LIFE_NONE || by_key != by_name)
        return ll_sim_break(
            verdict, LL_SIM_CHECK_ACKNOWLEDGED,
            "told as durable: key %s of account %s is order %s; the key is of %s, the name of %s", asked->key,
            asked->account, asked->order_id, ll_sim_number_text(by_key, texts[0]),
            ll_sim_number_text(by_name, texts[1]));
    ll_oms_order(oms, by_key, &order);
    if (asked->status != 0 && !ll_sim_life_leads(asked->status, order.state))
        return ll_sim_break(
            verdict, LL_SIM_CHECK_ACKNOWLEDGED,
            "told as durable: order %s (%u) is in state %u; it is in %u now, which does not follow",
            asked->order_id, by_key, asked->status, order.state);
    return true;
}

bool ll_sim_told_asked(struct ll_sim_told *told, const struct ll_sim_clients *clients,
                       const struct ll_sim_known *known, struct ll_oms *oms, uint64_t *looked_count,
                       struct ll_sim_verdict *verdict)
{
    uint32_t asked_count = ll_sim_clients_asked_count(clients);
    ll_sim_told_grow(told, asked_count);
    for (uint32_t i = 0; i < asked_count; i++) {
        const struct ll_sim_asked *asked = ll_sim_clients_asked(clients, i);
        if (told->is_looked_at[i] != 0 || !asked->is_durable)
            continue;
        told->is_looked_at[i] = 1;
        ++*looked_count;
        if (!ll_sim_told_one(asked, known, oms, verdict))
            return false;
    }
    return true;
}

static bool ll_sim_told_name(const struct ll_sim_clients *clients, const struct ll_sim_named *named,
                             const struct ll_sim_known *known, struct ll_oms *oms,
                             struct ll_sim_verdict *verdict)
{
    const struct ll_sim_asked *asked = ll_sim_clients_asked(clients, named->asked);
    char texts[2][24];
    uint32_t wanted = ll_sim_order_of(oms, asked->order_id);
    uint32_t order = ll_sim_order_of(oms, named->id);
    if (order == LL_LIFE_NONE) /* a key is its account's own, and is not resolved without it */
        order = ll_sim_known_key(known, oms, asked->account, named->id);
    if (order != LL_LIFE_NONE && order == wanted)
        return true;
    return ll_sim_break(verdict, LL_SIM_CHECK_IDENTIFIERS,
                        "identifier %s was said to be of order %s (key %s): it resolves to %s, that to %s",
                        named->id, asked->order_id, asked->key, ll_sim_number_text(order, texts[0]),
                        ll_sim_number_text(wanted, texts[1]));
}

bool ll_sim_told_named(struct ll_sim_told *told, const struct ll_sim_clients *clients,
                       const struct ll_sim_known *known, struct ll_oms *oms, uint32_t count,
                       uint64_t *looked_count, struct ll_sim_verdict *verdict)
{
    uint32_t named_count = ll_sim_clients_named_count(clients);
    for (uint32_t i = 0; i < count && i < named_count; i++) {
        uint32_t index = told->named_next < named_count ? told->named_next : 0;
        const struct ll_sim_named *named = ll_sim_clients_named(clients, index);
        told->named_next = index + 1;
        /* Of what was told before the start only what was durable is sure to be there. */
        if (index < told->named_at_start && !named->is_durable)
            continue;
        ++*looked_count;
        if (!ll_sim_told_name(clients, named, known, oms, verdict))
            return false;
    }
    return true;
}

bool ll_sim_told_paid(const struct ll_oms *oms, uint64_t *looked_count, struct ll_sim_verdict *verdict)
{
    const struct ll_ledger *ledger = ll_oms_ledger(oms);
    for (uint32_t i = 0; i < ll_ledger_account_count(ledger); i++) {
        const struct ll_ledger_account *account = ll_ledger_account_at(ledger, i);
        if (account->kind != LL_LEDGER_EXTERNAL)
            continue;
        ++*looked_count;
        if (account->version > 1)
            return ll_sim_break(verdict, LL_SIM_CHECK_ONCE,
                                "owner %u paid in asset %u %llu times, %lld in all, under one key",
                                account->owner, account->asset, (unsigned long long)account->version,
                                -(long long)account->balance);
    }
    return true;
}

/* --- The log and the table ------------------------------------------------------------------------------ */

struct ll_sim_index_walk {
    const struct ll_oms *oms;
    const struct ll_life_memory *life;
    uint64_t *looked_count;
    struct ll_sim_verdict *verdict;
    uint32_t with_order; /* identifiers of orders that were found */
    bool is_good;
};

static void ll_sim_index_visit(void *context, const struct ll_life_id_view *found)
{
    struct ll_sim_index_walk *walk = context;
    struct ll_oms_id_view view;
    if (!walk->is_good)
        return;
    ++*walk->looked_count;
    if (found->id >= ll_oms_id_count(walk->oms)) {
        walk->is_good = ll_sim_break(walk->verdict, LL_SIM_CHECK_IDENTIFIERS,
                                     "the table has identifier %u, the log has %u of them", found->id,
                                     ll_oms_id_count(walk->oms));
        return;
    }
    ll_oms_id(walk->oms, found->id, &view);
    walk->with_order++;
    if (ll_life_memory_find(walk->life, found->key) != found->id) {
        walk->is_good =
            ll_sim_break(walk->verdict, LL_SIM_CHECK_IDENTIFIERS,
                         "the key of identifier %u (%s, type %u, of order %u) does not lead to it", found->id,
                         view.text, view.type, view.order);
        return;
    }
    if (view.order != found->record.order || view.type != found->record.type)
        walk->is_good = ll_sim_break(
            walk->verdict, LL_SIM_CHECK_IDENTIFIERS,
            "identifier %u (%s) is of order %u, type %u; in the table of order %u, type %u", found->id,
            view.text, view.order, view.type, found->record.order, found->record.type);
}

bool ll_sim_told_index(const struct ll_oms *oms, const struct ll_life_memory *life, uint64_t *looked_count,
                       struct ll_sim_verdict *verdict)
{
    struct ll_sim_index_walk walk = {oms, life, looked_count, verdict, 0, true};
    uint32_t with_order = 0;
    ll_life_memory_ids(life, ll_sim_index_visit, &walk);
    for (uint32_t id = 0; id < ll_oms_id_count(oms); id++) {
        struct ll_oms_id_view view;
        ll_oms_id(oms, id, &view);
        with_order += view.order != LL_LIFE_NONE;
    }
    if (walk.is_good && walk.with_order != with_order)
        return ll_sim_break(verdict, LL_SIM_CHECK_IDENTIFIERS,
                            "the log has %u identifiers of orders, the table %u", with_order,
                            walk.with_order);
    return walk.is_good;
}
