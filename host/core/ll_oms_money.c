/* SPDX-License-Identifier: Apache-2.0 */
/* What an order costs: ledger, risk and guard, always together. */
#include "host/base/ll_assert.h"
#include "host/core/ll_oms_state.h"
#include "host/wire/ll_ouch.h"

#include <string.h>

/* Owners in the ledger: the accounts, then one for each provider session. Assets: the currency, then the instruments,
 * then one for what nobody knows. */
static uint32_t ll_oms_provider(const struct ll_oms *oms, uint8_t session)
{
    return (uint32_t)oms->config.names + session;
}

static uint32_t ll_oms_asset(uint32_t instrument)
{
    return instrument + 1;
}

uint32_t ll_oms_unknown_asset(const struct ll_oms *oms)
{
    return (uint32_t)oms->config.instruments + 1;
}

/* Price times lots times multiplier; INT64_MAX when it is more. */
static int64_t ll_oms_value(uint64_t price, uint64_t lots, uint32_t multiplier)
{
    uint64_t value;
    if (__builtin_mul_overflow(price, lots, &value) || __builtin_mul_overflow(value, multiplier, &value) ||
        value > INT64_MAX)
        return INT64_MAX;
    return (int64_t)value;
}

static bool ll_oms_is_buy(const struct ll_oms_order *entry)
{
    return entry->side == LL_ORDER_BUY;
}

static uint32_t ll_oms_lock_asset(const struct ll_oms_order *entry)
{
    return ll_oms_is_buy(entry) ? LL_LEDGER_CURRENCY : ll_oms_asset(entry->instrument);
}

static uint64_t ll_oms_lock_of(const struct ll_oms_order *entry, uint64_t price, uint64_t lots)
{
    switch (entry->side) {
    case LL_ORDER_BUY:
        return (uint64_t)ll_oms_value(price, lots, entry->hold.multiplier);
    case LL_ORDER_SELL:
        return lots;
    default:
        return 0; /* a short sale sells what the provider lends */
    }
}

uint64_t ll_oms_wanted_lock(const struct ll_oms_order *entry)
{
    if (ll_order_is_live(entry->state) == 0) /* an order that waits for a retry holds nothing */
        return 0;
    uint64_t wanted = ll_oms_lock_of(entry, entry->price, entry->leaves);
    if (entry->request == LL_REQUEST_REPLACE && entry->request_quantity > entry->cumulative) {
        uint64_t other =
            ll_oms_lock_of(entry, entry->request_price, entry->request_quantity - entry->cumulative);
        if (other > wanted)
            wanted = other;
    }
    return wanted;
}

static int ll_oms_lock(struct ll_oms *oms, struct ll_oms_order *entry, uint64_t amount)
{
    struct ll_ledger_entry entries[LL_LEDGER_ENTRIES_MAX];
    ll_ledger_begin(&oms->ledger, entries, LL_LEDGER_ENTRIES_MAX);
    int status =
        ll_ledger_lock(&oms->ledger, entry->account, ll_oms_lock_asset(entry), (int64_t)amount, NULL);
    (void)ll_ledger_commit(&oms->ledger);
    if (status == LL_OK)
        entry->locked += amount;
    return status;
}

static void ll_oms_unlock(struct ll_oms *oms, struct ll_oms_order *entry, uint64_t amount)
{
    struct ll_ledger_entry entries[LL_LEDGER_ENTRIES_MAX];
    ll_ledger_begin(&oms->ledger, entries, LL_LEDGER_ENTRIES_MAX);
    int status =
        ll_ledger_unlock(&oms->ledger, entry->account, ll_oms_lock_asset(entry), (int64_t)amount, NULL);
    (void)ll_ledger_commit(&oms->ledger);
    LL_ASSERT(status == LL_OK); /* what is locked can be unlocked */
    entry->locked -= amount;
}

void ll_oms_align(struct ll_oms *oms, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    uint64_t wanted = ll_oms_wanted_lock(entry);
    if (entry->locked > wanted)
        ll_oms_unlock(oms, entry, entry->locked - wanted);
    /* The venue gave the order more than was asked for: lock what can be. */
    else if (entry->locked < wanted && ll_oms_lock(oms, entry, wanted - entry->locked) != LL_OK)
        oms->control->counters.money_short += !entry->is_short;
    entry->is_short = entry->locked < wanted;
}

bool ll_oms_can_pay(const struct ll_oms *oms, uint32_t order)
{
    const struct ll_oms_order *entry = &oms->orders[order];
    uint64_t wanted = ll_oms_lock_of(entry, entry->price, entry->quantity - entry->cumulative);
    int64_t available =
        ll_ledger_balance(&oms->ledger, entry->account, ll_oms_lock_asset(entry), LL_LEDGER_AVAILABLE);
    return wanted == 0 || (available > 0 && wanted <= (uint64_t)available);
}

/* --- Before it is sent ------------------------------------------------------------------------------------ */

static void ll_oms_refuse(struct ll_oms_refusal *refusal, const struct ll_refusal_detail *detail)
{
    refusal->code = detail->refusal;
    refusal->limit = detail->limit;
    refusal->value = detail->value;
}

static void ll_oms_refuse_balance(const struct ll_oms *oms, const struct ll_oms_order *entry, uint64_t wanted,
                                  struct ll_oms_refusal *refusal)
{
    refusal->code = LL_REFUSAL_BALANCE;
    refusal->limit = (uint64_t)ll_ledger_balance(&oms->ledger, entry->account, ll_oms_lock_asset(entry),
                                                 LL_LEDGER_AVAILABLE);
    refusal->value = wanted;
}

/* More than the venue's fields can say. */
static bool ll_oms_fits_wire(uint64_t quantity, uint64_t price, struct ll_oms_refusal *refusal)
{
    if (quantity <= LL_OUCH_QUANTITY_MAX && price <= LL_OUCH_PRICE_LIMIT_MAX)
        return true;
    bool quantity_does = quantity <= LL_OUCH_QUANTITY_MAX;
    refusal->code = LL_REFUSAL_UNSUPPORTED;
    refusal->limit = quantity_does ? LL_OUCH_PRICE_LIMIT_MAX : LL_OUCH_QUANTITY_MAX;
    refusal->value = quantity_does ? price : quantity;
    return false;
}

static struct ll_risk_order ll_oms_risk_order(const struct ll_oms_order *entry, uint64_t quantity,
                                              uint64_t price)
{
    return (struct ll_risk_order){.quantity = quantity,
                                  .price = entry->type == LL_TYPE_MARKET ? 0 : price,
                                  .instrument = entry->instrument,
                                  .account = (uint16_t)entry->account,
                                  .strategy = (uint16_t)entry->strategy,
                                  .session = entry->session,
                                  .side = entry->side,
                                  .type = entry->type};
}

/* Every account that the order and its fills can need is there before the order leaves: a fill is never without a
 * place. */
static bool ll_oms_open_accounts(struct ll_oms *oms, const struct ll_oms_order *entry)
{
    const uint32_t assets[] = {LL_LEDGER_CURRENCY, ll_oms_asset(entry->instrument)};
    uint32_t provider = ll_oms_provider(oms, entry->session);
    if (ll_ledger_open(&oms->ledger, entry->account, ll_oms_lock_asset(entry), LL_LEDGER_LOCKED, NULL) !=
        LL_OK)
        return false;
    for (uint32_t i = 0; i < 2; i++)
        if (ll_ledger_open(&oms->ledger, entry->account, assets[i], LL_LEDGER_AVAILABLE, NULL) != LL_OK ||
            ll_ledger_open(&oms->ledger, provider, assets[i], LL_LEDGER_PROVIDER, NULL) != LL_OK ||
            ll_ledger_open(&oms->ledger, provider, assets[i], LL_LEDGER_SUSPENSE, NULL) != LL_OK)
            return false;
    return true;
}

void ll_oms_reserve(struct ll_oms *oms, uint32_t order, uint64_t quantity, struct ll_oms_refusal *refusal)
{
    struct ll_oms_order *entry = &oms->orders[order];
    struct ll_refusal_detail detail;
    const struct ll_risk_order asked = ll_oms_risk_order(entry, quantity, entry->price);
    if (ll_risk_reserve(&oms->risk, &asked, oms->time_ns, &entry->hold, &detail) != LL_REFUSAL_NONE) {
        ll_oms_refuse(refusal, &detail);
        return;
    }
    /* A market order goes out as one that takes the collar's price at worst. */
    if (entry->type == LL_TYPE_MARKET)
        entry->price = ll_risk_market_price(&oms->risk, &asked, oms->time_ns);
    if (!ll_oms_fits_wire(quantity, entry->price, refusal)) {
        ll_risk_release(&oms->risk, &entry->hold, entry->hold.open_lots);
        return;
    }
    if (!ll_oms_open_accounts(oms, entry)) {
        ll_risk_release(&oms->risk, &entry->hold, entry->hold.open_lots);
        refusal->code = LL_REFUSAL_TABLE_FULL;
        return;
    }
    uint64_t wanted = ll_oms_wanted_lock(entry);
    if (wanted >= INT64_MAX || ll_oms_lock(oms, entry, wanted) != LL_OK) {
        ll_risk_release(&oms->risk, &entry->hold, entry->hold.open_lots);
        ll_oms_refuse_balance(oms, entry, wanted, refusal);
        return;
    }
    const struct ll_guard_key key =
        ll_oms_guard_key(entry->instrument, entry->account, entry->side, entry->flags);
    if (ll_guard_open(&oms->guard, key, order) != LL_OK) {
        ll_risk_release(&oms->risk, &entry->hold, entry->hold.open_lots);
        ll_oms_unlock(oms, entry, entry->locked);
        refusal->code = LL_REFUSAL_TABLE_FULL;
    }
}

void ll_oms_unreserve(struct ll_oms *oms, uint32_t order)
{
    struct ll_oms_order *entry = &oms->orders[order];
    const struct ll_guard_key key =
        ll_oms_guard_key(entry->instrument, entry->account, entry->side, entry->flags);
    ll_guard_end(&oms->guard, key, order);
    ll_risk_release(&oms->risk, &entry->hold, entry->hold.open_lots);
    ll_oms_unlock(oms, entry, entry->locked);
}

void ll_oms_reserve_replace(struct ll_oms *oms, uint32_t order, uint32_t quantity, uint64_t price,
                            struct ll_oms_refusal *refusal)
{
    struct ll_oms_order *entry = &oms->orders[order];
    struct ll_refusal_detail detail;
    const struct ll_risk_order asked = ll_oms_risk_order(entry, quantity - entry->cumulative, price);
    if (ll_risk_reserve_replace(&oms->risk, &entry->hold, &asked, oms->time_ns, &detail) != LL_REFUSAL_NONE) {
        ll_oms_refuse(refusal, &detail);
        return;
    }
    if (!ll_oms_fits_wire(quantity, price, refusal)) {
        ll_risk_abandon_replace(&oms->risk, &entry->hold);
        return;
    }
    entry->request = LL_REQUEST_REPLACE;
    entry->request_quantity = quantity;
    entry->request_price = price;
    uint64_t wanted = ll_oms_wanted_lock(entry);
    if (wanted > entry->locked &&
        (wanted >= INT64_MAX || ll_oms_lock(oms, entry, wanted - entry->locked) != LL_OK)) {
        ll_risk_abandon_replace(&oms->risk, &entry->hold);
        entry->request = LL_REQUEST_NONE;
        ll_oms_refuse_balance(oms, entry, wanted - entry->locked, refusal);
    }
}

void ll_oms_settle_replace(struct ll_oms *oms, uint32_t order, bool done, bool asked, uint32_t open,
                           uint64_t price)
{
    struct ll_oms_order *entry = &oms->orders[order];
    if (done) {
        if (asked && entry->hold.is_replacing != 0)
            ll_risk_confirm_replace(&oms->risk, &entry->hold, open);
        else
            ll_risk_restate(&oms->risk, &entry->hold, open);
        entry->price = price;
    } else if (entry->hold.is_replacing != 0) {
        ll_risk_abandon_replace(&oms->risk, &entry->hold);
    }
}

/* --- What the venue says ---------------------------------------------------------------------------------- */

static struct ll_ledger_fill ll_oms_ledger_fill(const struct ll_oms *oms, const struct ll_oms_order *entry,
                                                uint32_t lots, uint64_t price)
{
    return (struct ll_ledger_fill){.owner = entry->account,
                                   .provider = ll_oms_provider(oms, entry->session),
                                   .asset = ll_oms_asset(entry->instrument),
                                   .side = ll_oms_is_buy(entry) ? LL_SIDE_BUY : LL_SIDE_SELL,
                                   .lots = lots,
                                   .value = ll_oms_value(price, lots, entry->hold.multiplier)};
}

/* Who sells short owes what he sells: as far below zero as that, and no further, his balance may go. */
static void ll_oms_permit_short(struct ll_oms *oms, const struct ll_oms_order *entry, int64_t lots)
{
    uint32_t asset = ll_oms_asset(entry->instrument);
    int64_t lowest = ll_ledger_balance(&oms->ledger, entry->account, asset, LL_LEDGER_AVAILABLE) - lots;
    /* An account that finds no room leaves the fill to the suspense. */
    (void)!ll_ledger_permit(&oms->ledger, entry->account, asset, LL_LEDGER_AVAILABLE, lowest < 0 ? lowest : 0,
                            NULL);
}

/* Money never wraps: at its largest value it has lost count. */
static uint64_t ll_oms_add_value(uint64_t sum, uint64_t value)
{
    return sum > INT64_MAX - value ? INT64_MAX : sum + value;
}

static uint64_t ll_oms_take_value(uint64_t sum, uint64_t value)
{
    if (sum == INT64_MAX)
        return sum;
    return sum > value ? sum - value : 0;
}

/* A fill the owner cannot pay for is one all the same: it waits in suspense for a person. */
bool ll_oms_book_fill(struct ll_oms *oms, uint32_t order, uint32_t lots, uint64_t price)
{
    struct ll_oms_order *entry = &oms->orders[order];
    bool sells_short = entry->side == LL_ORDER_SELL_SHORT;
    struct ll_ledger_entry entries[2 * LL_LEDGER_ENTRIES_MAX];
    struct ll_ledger_fill fill = ll_oms_ledger_fill(oms, entry, lots, price);
    uint64_t lock = ll_oms_lock_of(entry, entry->price, lots);
    fill.lock = (int64_t)(lock < entry->locked ? lock : entry->locked);
    if (sells_short)
        ll_oms_permit_short(oms, entry, lots);
    ll_ledger_begin(&oms->ledger, entries, 2 * LL_LEDGER_ENTRIES_MAX);
    bool booked = ll_ledger_settle(&oms->ledger, &fill, NULL) == LL_OK;
    if (booked) {
        entry->locked -= (uint64_t)fill.lock;
    } else {
        fill.lock = 0;
        oms->control->counters.money_short++;
        if (ll_ledger_suspend(&oms->ledger, &fill, NULL) != LL_OK)
            oms->control->counters.money_lost++;
    }
    (void)ll_ledger_commit(&oms->ledger);
    /* What was bought back, or did not go through, is owed no more. */
    if (sells_short || ll_oms_is_buy(entry))
        ll_oms_permit_short(oms, entry, 0);
    (void)ll_risk_fill(&oms->risk, &entry->hold, lots, price, oms->time_ns);
    entry->notional = ll_oms_add_value(entry->notional, (uint64_t)ll_oms_value(price, lots, 1));
    return booked;
}

void ll_oms_book_bust(struct ll_oms *oms, uint32_t order, uint32_t lots, uint64_t price, bool is_suspended)
{
    struct ll_oms_order *entry = &oms->orders[order];
    struct ll_ledger_entry entries[2 * LL_LEDGER_ENTRIES_MAX];
    struct ll_ledger_fill fill = ll_oms_ledger_fill(oms, entry, lots, price);
    ll_ledger_begin(&oms->ledger, entries, 2 * LL_LEDGER_ENTRIES_MAX);
    bool booked = !is_suspended && ll_ledger_bust(&oms->ledger, &fill, NULL) == LL_OK;
    if (!booked) {
        /* It waits in suspense, or its owner has spent it: the provider's side is taken back there. */
        fill.side = fill.side == LL_SIDE_BUY ? LL_SIDE_SELL : LL_SIDE_BUY;
        oms->control->counters.money_short += !is_suspended;
        if (ll_ledger_suspend(&oms->ledger, &fill, NULL) != LL_OK)
            oms->control->counters.money_lost++;
    }
    (void)ll_ledger_commit(&oms->ledger);
    ll_risk_unfill(&oms->risk, &entry->hold, lots, price);
    entry->notional = ll_oms_take_value(entry->notional, (uint64_t)ll_oms_value(price, lots, 1));
}

/* A fill of an order nobody knows: neither side nor instrument are in the message, so it is booked as a purchase of
 * what nobody knows. */
void ll_oms_book_suspense(struct ll_oms *oms, const struct ll_report *report, uint8_t session)
{
    struct ll_ledger_entry entries[LL_LEDGER_ENTRIES_MAX];
    const struct ll_ledger_fill fill = {.provider = ll_oms_provider(oms, session),
                                        .asset = ll_oms_unknown_asset(oms),
                                        .side = LL_SIDE_BUY,
                                        .lots = report->quantity,
                                        .value = ll_oms_value(report->price, report->quantity, 1)};
    oms->control->counters.suspended++;
    ll_ledger_begin(&oms->ledger, entries, LL_LEDGER_ENTRIES_MAX);
    if (ll_ledger_suspend(&oms->ledger, &fill, NULL) != LL_OK)
        oms->control->counters.money_lost++;
    (void)ll_ledger_commit(&oms->ledger);
}

void ll_oms_release(struct ll_oms *oms, uint32_t order, uint32_t lots)
{
    struct ll_oms_order *entry = &oms->orders[order];
    uint32_t open = entry->hold.open_lots;
    ll_risk_release(&oms->risk, &entry->hold, lots < open ? lots : open);
}
