/* SPDX-License-Identifier: Apache-2.0 */
#include "host/exchange/ll_own_orders.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/wire/ll_ouch.h"
#include "host/wire/ll_ouch50.h"

#include <string.h>

#define CASH         INT64_C(1000000000000000000)
#define MESSAGES_MAX 8000u /* in a second, of the engine's windows */
#define REF_BASE     UINT64_C(0x100000000)

/* --- What the venue says --------------------------------------------------------------------------------- */

uint32_t ll_own_number(uint64_t order)
{
    return (uint32_t)(2 * order + 1);
}

uint32_t ll_own_accepted(uint8_t *bytes, uint64_t order, uint32_t lots)
{
    memset(bytes, 0, LL_OWN_ACCEPTED_BYTES);
    bytes[0] = LL_OUCH50_TYPE_ACCEPTED;
    ll_store_be32(bytes + LL_OUCH50_OFFSET_ACCEPTED_user_ref_num, ll_own_number(order));
    bytes[LL_OUCH50_OFFSET_ACCEPTED_side] = LL_OUCH_SIDE_BUY;
    ll_store_be32(bytes + LL_OUCH50_OFFSET_ACCEPTED_quantity, lots);
    ll_store_be64(bytes + LL_OUCH50_OFFSET_ACCEPTED_price, LL_OWN_PRICE);
    ll_store_be64(bytes + LL_OUCH50_OFFSET_ACCEPTED_order_reference_number, REF_BASE + order);
    bytes[LL_OUCH50_OFFSET_ACCEPTED_order_state] = LL_OUCH_STATE_LIVE;
    return LL_OUCH50_BYTES_ACCEPTED + LL_OUCH50_LENGTH_BYTES;
}

uint32_t ll_own_executed(uint8_t *bytes, uint32_t number, uint32_t lots, uint64_t match)
{
    memset(bytes, 0, LL_OWN_EXECUTED_BYTES);
    bytes[0] = LL_OUCH50_TYPE_EXECUTED;
    ll_store_be32(bytes + LL_OUCH50_OFFSET_EXECUTED_user_ref_num, number);
    ll_store_be32(bytes + LL_OUCH50_OFFSET_EXECUTED_quantity, lots);
    ll_store_be64(bytes + LL_OUCH50_OFFSET_EXECUTED_price, LL_OWN_PRICE);
    bytes[LL_OUCH50_OFFSET_EXECUTED_liquidity_flag] = 'A';
    ll_store_be64(bytes + LL_OUCH50_OFFSET_EXECUTED_match_number, match);
    return LL_OUCH50_BYTES_EXECUTED + LL_OUCH50_LENGTH_BYTES;
}

/* --- Room ------------------------------------------------------------------------------------------------- */

static void make_room(struct ll_own_orders *own)
{
    ll_oms_step(own->oms);
    /* Messages may have to wait for a disk. */
    while (!ll_oms_room(own->oms) || ll_oms_is_busy(own->oms))
        own->flush(own->context, own->now_ns);
}

static void say(struct ll_own_orders *own, const uint8_t *bytes, uint32_t bytes_count)
{
    while (!ll_oms_room(own->oms))
        own->flush(own->context, own->now_ns);
    ll_oms_report(own->oms, 0, bytes, bytes_count, own->now_ns);
}

static int command(struct ll_own_orders *own, const struct ll_command *asked, struct ll_why *why)
{
    const struct ll_oms_counters *counters = ll_oms_counters(own->oms);
    make_room(own);
    uint64_t refused = counters->refused;
    LL_ASSERT(ll_command_check(asked) == LL_OK);
    ll_oms_command(own->oms, asked, own->now_ns);
    if (counters->refused == refused)
        return LL_OK;
    for (uint32_t refusal = 0; refusal < LL_REFUSAL_COUNT; refusal++)
        if (counters->refusals[refusal] != 0)
            return LL_FAIL(why, LL_ERR_INPUT, "%s was refused: %s", ll_command_verb(asked->kind),
                           ll_refusal_name((uint8_t)refusal));
    return LL_FAIL(why, LL_ERR_INPUT, "refused");
}

static void add_text(struct ll_command *asked, enum ll_command_text which, const char *text)
{
    int status = ll_command_add_text(asked, which, text, (uint32_t)strlen(text));
    LL_ASSERT(status == LL_OK);
}

/* --- Limits ----------------------------------------------------------------------------------------------- */

void ll_own_symbol(char symbol[LL_SYMBOL_BYTES], uint32_t number)
{
    symbol[0] = 'S';
    for (uint32_t i = LL_SYMBOL_BYTES - 1; i > 0; i--) {
        symbol[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

static int limit(struct ll_own_orders *own, const struct ll_record_limit *record, struct ll_why *why)
{
    make_room(own);
    return ll_oms_limit(own->oms, record, own->now_ns, why);
}

static void firm_values(struct ll_limit_entry *entry, uint64_t window_ns)
{
    const struct {
        enum ll_limit limit;
        uint64_t value;
    } values[] = {{LL_LIMIT_COLLAR_BPS, 5000},
                  {LL_LIMIT_REFERENCE_AGE, LL_LIMIT_TIME_MAX},
                  {LL_LIMIT_PRIOR_CLOSE_AGE, LL_LIMIT_TIME_MAX},
                  {LL_LIMIT_ORDER_QUANTITY, LL_LIMIT_LOTS_MAX},
                  {LL_LIMIT_ORDER_NOTIONAL, LL_LIMIT_NOTIONAL_MAX},
                  {LL_LIMIT_MESSAGES, MESSAGES_MAX},
                  {LL_LIMIT_MESSAGE_WINDOW, window_ns == 0 ? LL_NS_PER_S : window_ns}};
    entry->scope = LL_SCOPE_FIRM;
    for (uint32_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        bool fits = ll_limit_entry_add(entry, values[i].limit, values[i].value);
        LL_ASSERT(fits);
    }
}

static int deposit(struct ll_own_orders *own, struct ll_why *why)
{
    struct ll_command asked = {.request = 1, .amount = CASH, .kind = LL_COMMAND_DEPOSIT};
    add_text(&asked, LL_TEXT_account, "ACC");
    return command(own, &asked, why);
}

int ll_own_orders_limits(struct ll_own_orders *own, struct ll_why *why)
{
    struct ll_record_limit record = {.what = LL_LIMIT_RECORD_BEGIN};
    int status = limit(own, &record, why);
    record = (struct ll_record_limit){.what = LL_LIMIT_RECORD_VALUES};
    firm_values(&record.values, own->window_ns);
    if (status == LL_OK)
        status = limit(own, &record, why);
    for (uint32_t i = 0; i < own->symbol_count && status == LL_OK; i++) {
        record = (struct ll_record_limit){.what = LL_LIMIT_RECORD_INSTRUMENT};
        record.instrument = (struct ll_instrument_entry){.price_step_ticks = 100,
                                                         .lot_step_lots = 1,
                                                         .prior_close_ticks = LL_OWN_PRICE,
                                                         .prior_close_ns = own->now_ns,
                                                         .multiplier = 1,
                                                         .state = LL_INSTRUMENT_TRADING};
        ll_own_symbol(record.instrument.symbol, i);
        status = limit(own, &record, why);
    }
    record = (struct ll_record_limit){.what = LL_LIMIT_RECORD_COMMIT};
    if (status == LL_OK)
        status = limit(own, &record, why);
    return status == LL_OK ? deposit(own, why) : status;
}

/* --- Begin ------------------------------------------------------------------------------------------------ */

static void link_event(struct ll_own_orders *own, uint8_t event)
{
    struct ll_record_link link = {.event = event,
                                  .protocol = LL_PROTOCOL_OUCH50,
                                  .name = {'O', 'W', 'N', 'O', 'R', 'D', 'E', 'R', 'S', '1'},
                                  .next_sequence = 1};
    make_room(own);
    ll_oms_link(own->oms, &link, own->now_ns);
}

int ll_own_orders_begin(struct ll_own_orders *own, struct ll_why *why)
{
    uint8_t answer[LL_OUCH50_BYTES_QUERY_RESPONSE] = {LL_OUCH50_TYPE_QUERY_RESPONSE};
    int status = ll_own_orders_limits(own, why);
    if (status != LL_OK)
        return status;
    link_event(own, LL_LINK_CONFIGURED);
    link_event(own, LL_LINK_OPENED);
    ll_store_be32(answer + LL_OUCH50_OFFSET_QUERY_RESPONSE_next_user_ref_num, 1);
    say(own, answer, sizeof answer);
    ll_oms_step(own->oms);
    LL_ASSERT(ll_oms_is_open(own->oms, 0));
    own->flush(own->context, own->now_ns);
    return LL_OK;
}

/* --- Orders ----------------------------------------------------------------------------------------------- */

int ll_own_orders_place(struct ll_own_orders *own, struct ll_why *why)
{
    struct ll_command asked = {
        .request = own->count + 1, .quantity = own->lots, .price = LL_OWN_PRICE, .kind = LL_COMMAND_PLACE};
    char symbol[LL_SYMBOL_BYTES + 1] = {0};
    ll_own_symbol(symbol, (uint32_t)(own->count % own->symbol_count));
    add_text(&asked, LL_TEXT_account, "ACC");
    add_text(&asked, LL_TEXT_symbol, symbol);
    own->now_ns += LL_NS_PER_S / MESSAGES_MAX + 1000;
    own->count++;
    return command(own, &asked, why);
}

int ll_own_orders_until(struct ll_own_orders *own, uint64_t count, struct ll_why *why)
{
    uint8_t message[LL_OWN_ACCEPTED_BYTES];
    int status = LL_OK;
    while (own->count < count && status == LL_OK) {
        status = ll_own_orders_place(own, why);
        uint32_t bytes = ll_own_accepted(message, own->count - 1, own->lots);
        if (status == LL_OK)
            say(own, message, bytes);
    }
    ll_oms_step(own->oms);
    own->flush(own->context, own->now_ns);
    return status;
}

uint64_t ll_own_orders_sum(const struct ll_oms *oms)
{
    struct ll_oms_view view;
    uint64_t sum = ll_ledger_hash(ll_oms_ledger(oms));
    for (uint32_t order = 0; order < ll_oms_order_count(oms); order++) {
        ll_oms_order(oms, order, &view);
        sum += (view.cumulative + view.notional + view.state) * (2 * (uint64_t)order + 1);
    }
    return sum;
}
