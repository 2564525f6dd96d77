/* SPDX-License-Identifier: Apache-2.0 */
/* The exchange's own record against the gateway's: orders, money, books. */
#include "tests/sim/ll_sim_checks_parts.h"

#include "host/base/ll_assert.h"

#include <stdlib.h>
#include <string.h>

#define LL_SIM_LEVELS_MAX 1024u

/* What the exchange says of one order, from its first link to its last. */
struct ll_sim_chain {
    uint64_t number;   /* of the first link ... */
    uint64_t executed; /* lots, without those that were taken back */
    uint64_t notional;
    bool is_touched; /* something was executed, whatever became of it */
    const struct ll_ouch_link *last;
};

/* --- Orders --------------------------------------------------------------------------------------------- */

/* A bust that the gateway cannot tell, because the execution found no room for its identifier (docs/design.md, "Limits
 * known"), leaves the fill booked. */
static bool ll_sim_has_execution(const struct ll_oms *oms, uint32_t order, uint64_t match)
{
    for (uint32_t id = ll_oms_first_id(oms, order); id != LL_LIFE_NONE; id = ll_oms_next_id(oms, id)) {
        struct ll_oms_id_view view;
        ll_oms_id(oms, id, &view);
        if (view.type == LL_ID_EXECUTION && strtoull(view.text, NULL, 10) == match)
            return true;
    }
    return false;
}

static void ll_sim_chain_add(struct ll_sim_chain *chain, const struct ll_ouch_port *port,
                             const struct ll_oms *oms, uint32_t order, const struct ll_ouch_link *link)
{
    for (uint32_t index = link->first_execution; index != LL_OUCH_PORT_NONE;) {
        const struct ll_ouch_execution *execution = ll_ouch_port_execution(port, index);
        chain->is_touched = true;
        if (!execution->broken || !ll_sim_has_execution(oms, order, execution->match_number)) {
            chain->executed += execution->quantity;
            chain->notional += (uint64_t)execution->quantity * execution->price;
        }
        index = execution->next;
    }
    chain->last = link;
}

static struct ll_sim_chain ll_sim_chain_of(const struct ll_ouch_port *port, const struct ll_oms *oms,
                                           uint32_t order, const struct ll_ouch_link *first)
{
    struct ll_sim_chain chain = {.number = ll_sim_link_number(port, first)};
    const struct ll_ouch_link *link = first;
    ll_sim_chain_add(&chain, port, oms, order, link);
    while (link->replaced_by != LL_OUCH_PORT_NONE) {
        link = ll_ouch_port_link(port, link->replaced_by);
        ll_sim_chain_add(&chain, port, oms, order, link);
    }
    return chain;
}

static uint8_t ll_sim_chain_state(const struct ll_sim_chain *chain)
{
    switch (chain->last->state) {
    case LL_OUCH_LINK_LIVE:
        return chain->is_touched ? LL_ORDER_PARTIALLY_FILLED : LL_ORDER_NEW;
    case LL_OUCH_LINK_FILLED:
        return LL_ORDER_FILLED;
    default:
        return LL_ORDER_CANCELLED;
    }
}

static bool ll_sim_record_chain(const struct ll_sim_chain *chain, uint32_t session,
                                const struct ll_oms_view *order, struct ll_sim_verdict *verdict)
{
    const struct ll_ouch_link *last = chain->last;
    bool is_live = last->state == LL_OUCH_LINK_LIVE;
    if (order->state == ll_sim_chain_state(chain) && order->cumulative == chain->executed &&
        order->notional == chain->notional && order->leaves == last->open &&
        (!is_live || order->price == last->price))
        return true;
    return ll_sim_break(verdict, LL_SIM_CHECK_RECORD,
                        "session %u, number %llu, order %u: the exchange has it %s (state %u) with %llu lots "
                        "for %llu, open %u; "
                        "the gateway in state %u with %llu for %llu, open %llu",
                        session, (unsigned long long)chain->number, order->order,
                        ll_ouch_link_state_name(last->state), ll_sim_chain_state(chain),
                        (unsigned long long)chain->executed, (unsigned long long)chain->notional, last->open,
                        order->state, (unsigned long long)order->cumulative,
                        (unsigned long long)order->notional, (unsigned long long)order->leaves);
}

/* The traders' side: a buyer gets lots and pays money. Assets: the currency, then the instruments. */
static void ll_sim_move(struct ll_sim_moved *moved, const struct ll_oms *oms, const struct ll_oms_view *order,
                        const struct ll_sim_chain *chain)
{
    const struct ll_instrument *instrument = ll_instruments_at(ll_oms_instruments(oms), order->instrument);
    int64_t *of_account = moved->amounts + (size_t)order->account * moved->asset_count;
    int64_t value = (int64_t)(chain->notional * instrument->multiplier);
    int64_t lots = (int64_t)chain->executed;
    bool is_buy = order->side == LL_ORDER_BUY;
    of_account[LL_LEDGER_CURRENCY] += is_buy ? -value : value;
    of_account[order->instrument + 1] += is_buy ? lots : -lots;
}

bool ll_sim_record_orders(const struct ll_ouch_port *port, uint32_t session, const struct ll_sim_known *known,
                          const struct ll_oms *oms, struct ll_sim_moved *moved, uint8_t *is_taken,
                          uint64_t *looked_count, struct ll_sim_verdict *verdict)
{
    LL_ASSERT(ll_ouch_port_counters(port)->executions_not_kept ==
              0); /* else there is nothing to hold it against */
    for (uint32_t index = 0; index < ll_ouch_port_link_count(port); index++) {
        const struct ll_ouch_link *link = ll_ouch_port_link(port, index);
        struct ll_oms_view order;
        if (link->replaces != LL_OUCH_PORT_NONE || link->state == LL_OUCH_LINK_REJECTED ||
            link->state == LL_OUCH_LINK_USED)
            continue;
        uint32_t number = ll_sim_known_number(known, session, ll_sim_link_number(port, link));
        ++*looked_count;
        if (number == LL_LIFE_NONE)
            return ll_sim_break(verdict, LL_SIM_CHECK_RECORD,
                                "session %u: the exchange has an order under number %llu, the gateway none",
                                session, (unsigned long long)ll_sim_link_number(port, link));
        const struct ll_sim_chain chain = ll_sim_chain_of(port, oms, number, link);
        ll_oms_order(oms, number, &order);
        is_taken[number] = 1;
        ll_sim_move(moved, oms, &order, &chain);
        if (!ll_sim_record_chain(&chain, session, &order, verdict))
            return false;
    }
    return true;
}

/* Lots of the whole order, those of trades that were broken included; *is_open: it may still trade. */
static uint64_t ll_sim_chain_lots(const struct ll_ouch_port *port, const struct ll_ouch_link *link,
                                  bool *is_open)
{
    uint64_t lots = link->executed;
    while (link->replaced_by != LL_OUCH_PORT_NONE) {
        link = ll_ouch_port_link(port, link->replaced_by);
        lots += link->executed;
    }
    *is_open = link->state == LL_OUCH_LINK_LIVE;
    return lots;
}

bool ll_sim_record_bounds(const struct ll_ouch_port *port, uint32_t session, const struct ll_sim_known *known,
                          const struct ll_oms *oms, uint64_t *looked_count, struct ll_sim_verdict *verdict)
{
    for (uint32_t index = 0; index < ll_ouch_port_link_count(port); index++) {
        const struct ll_ouch_link *link = ll_ouch_port_link(port, index);
        struct ll_oms_view order;
        bool is_open;
        if (link->replaces != LL_OUCH_PORT_NONE || link->state == LL_OUCH_LINK_REJECTED)
            continue;
        uint32_t number = ll_sim_known_number(known, session, ll_sim_link_number(port, link));
        if (number == LL_LIFE_NONE) /* for another check */
            continue;
        ll_oms_order(oms, number, &order);
        uint64_t lots = ll_sim_chain_lots(port, link, &is_open);
        ++*looked_count;
        if (order.cumulative > lots || (is_open && ll_order_is_ended(order.state) != 0))
            return ll_sim_break(
                verdict, LL_SIM_CHECK_RECORD,
                "session %u, number %llu, order %u: the exchange has %llu lots filled and it is %s; "
                "the gateway has %llu and it is in state %u",
                session, (unsigned long long)ll_sim_link_number(port, link), number, (unsigned long long)lots,
                is_open ? "open" : "over", (unsigned long long)order.cumulative, order.state);
    }
    return true;
}

bool ll_sim_record_others(const struct ll_oms *oms, const uint8_t *is_taken, uint64_t *looked_count,
                          struct ll_sim_verdict *verdict)
{
    for (uint32_t number = 0; number < ll_oms_order_count(oms); number++) {
        struct ll_oms_view order;
        if (is_taken[number] != 0)
            continue;
        ++*looked_count;
        ll_oms_order(oms, number, &order);
        if (ll_order_is_ended(order.state) == 0 || order.state == LL_ORDER_FILLED || order.cumulative != 0)
            return ll_sim_break(
                verdict, LL_SIM_CHECK_RECORD,
                "order %u (session %u, number %llu) is in state %u with %llu lots filled, and the "
                "exchange never took it",
                number, order.session, (unsigned long long)order.number, order.state,
                (unsigned long long)order.cumulative);
    }
    return true;
}

/* --- Money ---------------------------------------------------------------------------------------------- */

void ll_sim_moved_make(struct ll_sim_moved *moved, const struct ll_oms *oms)
{
    moved->account_count = ll_names_count(ll_oms_accounts(oms));
    moved->asset_count = ll_instruments_count(ll_oms_instruments(oms)) + 1;
    moved->amounts = calloc((size_t)moved->account_count * moved->asset_count + 1, sizeof *moved->amounts);
    LL_ASSERT(moved->amounts != NULL);
}

void ll_sim_moved_free(struct ll_sim_moved *moved)
{
    free(moved->amounts);
    *moved = (struct ll_sim_moved){0};
}

bool ll_sim_record_provider(const struct ll_oms *oms, uint32_t session, const struct ll_sim_moved *moved,
                            uint64_t *looked_count, struct ll_sim_verdict *verdict)
{
    uint32_t owner = ll_oms_first_session_owner(oms) + session;
    for (uint32_t asset = 0; asset < moved->asset_count; asset++) {
        int64_t wanted = 0;
        for (uint32_t account = 0; account < moved->account_count; account++)
            wanted -= moved->amounts[(size_t)account * moved->asset_count + asset];
        int64_t is = ll_ledger_balance(ll_oms_ledger(oms), owner, asset, LL_LEDGER_PROVIDER);
        ++*looked_count;
        if (is != wanted)
            return ll_sim_break(
                verdict, LL_SIM_CHECK_RECORD,
                "session %u, asset %u: the executions come to %lld for the provider, the ledger has "
                "%lld",
                session, asset, (long long)wanted, (long long)is);
    }
    return true;
}

void ll_sim_moved_add(struct ll_sim_moved *sum, const struct ll_sim_moved *moved)
{
    LL_ASSERT(sum->account_count == moved->account_count && sum->asset_count == moved->asset_count);
    for (size_t i = 0; i < (size_t)sum->account_count * sum->asset_count; i++)
        sum->amounts[i] += moved->amounts[i];
}

/* What an account has is what was paid in, and what its executions came to. */
bool ll_sim_record_accounts(const struct ll_oms *oms, const struct ll_sim_moved *moved,
                            uint64_t *looked_count, struct ll_sim_verdict *verdict)
{
    const struct ll_ledger *ledger = ll_oms_ledger(oms);
    if (ll_oms_counters(oms)->money_short != 0) /* some of it waits in suspense */
        return true;
    for (uint32_t account = 0; account < moved->account_count; account++)
        for (uint32_t asset = 0; asset < moved->asset_count; asset++) {
            int64_t has = ll_ledger_balance(ledger, account, asset, LL_LEDGER_AVAILABLE) +
                          ll_ledger_balance(ledger, account, asset, LL_LEDGER_LOCKED);
            int64_t paid_in = -ll_ledger_balance(ledger, account, asset, LL_LEDGER_EXTERNAL);
            int64_t traded = moved->amounts[(size_t)account * moved->asset_count + asset];
            ++*looked_count;
            if (has != paid_in + traded)
                return ll_sim_break(
                    verdict, LL_SIM_CHECK_RECORD,
                    "account %u, asset %u: %lld were paid in and %lld traded, the ledger has %lld", account,
                    asset, (long long)paid_in, (long long)traded, (long long)has);
        }
    return true;
}

/* --- Books ---------------------------------------------------------------------------------------------- */

/* Only what is displayed is in the feed; returns how many levels are left. */
static uint32_t ll_sim_displayed(struct ll_matching_level *levels, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (levels[i].quantity_displayed != 0)
            levels[kept++] = levels[i];
    return kept;
}

static bool ll_sim_record_side(const struct ll_matching *matching, const struct ll_book_memory *book,
                               uint32_t instrument, bool is_buy, struct ll_sim_verdict *verdict)
{
    static const struct ll_matching_level no_level;
    const struct ll_matching_instrument *about = ll_matching_instrument(matching, instrument);
    struct ll_matching_level wanted[LL_SIM_LEVELS_MAX];
    struct ll_book_level is[LL_SIM_LEVELS_MAX];
    uint32_t wanted_count = ll_matching_levels(
        matching, instrument, is_buy ? LL_MATCHING_BUY : LL_MATCHING_SELL, wanted, LL_SIM_LEVELS_MAX);
    uint32_t is_count = ll_book_memory_levels(book, about->locate, is_buy ? LL_SIDE_BUY : LL_SIDE_SELL, is,
                                              LL_SIM_LEVELS_MAX);
    LL_ASSERT(wanted_count < LL_SIM_LEVELS_MAX);
    wanted_count = ll_sim_displayed(wanted, wanted_count);
    for (uint32_t i = 0; i < wanted_count || i < is_count; i++) {
        const struct ll_matching_level *level = i < wanted_count ? &wanted[i] : &no_level;
        struct ll_book_level ours = {0};
        if (i < is_count && i < LL_SIM_LEVELS_MAX)
            ours = is[i];
        if (ours.price == level->price && ours.quantity == level->quantity_displayed &&
            ours.orders == level->orders_displayed)
            continue;
        return ll_sim_break(
            verdict, LL_SIM_CHECK_BOOK,
            "%.8s %s, level %u of %u and %u: the exchange has %llu at %u in %u orders, the gateway "
            "%llu at %u in %u",
            about->symbol, is_buy ? "bids" : "offers", i, wanted_count, is_count,
            (unsigned long long)level->quantity_displayed, level->price, level->orders_displayed,
            (unsigned long long)ours.quantity, ours.price, ours.orders);
    }
    return true;
}

bool ll_sim_record_books(const struct ll_matching *matching, const struct ll_book_memory *book,
                         uint64_t *looked_count, struct ll_sim_verdict *verdict)
{
    for (uint32_t instrument = 0; instrument < ll_matching_instrument_count(matching); instrument++) {
        *looked_count += 2;
        if (!ll_sim_record_side(matching, book, instrument, true, verdict) ||
            !ll_sim_record_side(matching, book, instrument, false, verdict))
            return false;
    }
    return true;
}
