/* SPDX-License-Identifier: Apache-2.0 */
#include "host/wire/ll_ouch_report.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/wire/ll_command.h"
#include "host/wire/ll_ouch42.h"
#include "host/wire/ll_ouch50.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* --- tokens: "LL" and twelve digits ---------------------------------------------------------------------- */

#define LL_TOKEN_PREFIX_BYTES 2u
#define LL_TOKEN_NUMBER_END   1000000000000u /* twelve digits */

static_assert(LL_OUCH42_TOKEN_BYTES == LL_OUCH50_CL_ORD_BYTES, "one writer for both");

/* Any other text gives 0, which no order of ours has. */
static uint64_t ll_token_read(const uint8_t *token)
{
    if (token[0] != 'L' || token[1] != 'L')
        return 0;
    uint64_t number = 0;
    uint32_t wrong = 0;
    for (uint32_t i = LL_TOKEN_PREFIX_BYTES; i < LL_OUCH42_TOKEN_BYTES; i++) {
        uint32_t digit = (uint32_t)token[i] - '0';
        wrong |= digit > 9;
        number = number * 10 + digit;
    }
    return wrong != 0 ? 0 : number;
}

static void ll_token_write(uint64_t number, uint8_t *token)
{
    LL_ASSERT(number < LL_TOKEN_NUMBER_END);
    token[0] = 'L';
    token[1] = 'L';
    for (uint32_t i = LL_OUCH42_TOKEN_BYTES; i > LL_TOKEN_PREFIX_BYTES; i--) {
        token[i - 1] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
}

/* --- OUCH 5.0 to reports --------------------------------------------------------------------------------- */

/* A field of the message at `bytes`, by its name in the layout. */
#define LL_50_CHAR(ID, field) bytes[LL_OUCH50_OFFSET_##ID##_##field]
#define LL_50_U16(ID, field)  ll_load_be16(bytes + LL_OUCH50_OFFSET_##ID##_##field)
#define LL_50_U32(ID, field)  ll_load_be32(bytes + LL_OUCH50_OFFSET_##ID##_##field)
#define LL_50_U64(ID, field)  ll_load_be64(bytes + LL_OUCH50_OFFSET_##ID##_##field)

/* Most messages name their order at the same place; those that do not overwrite it below. */
static_assert((int)LL_OUCH50_OFFSET_EXECUTED_user_ref_num == LL_OUCH50_OFFSET_ACCEPTED_user_ref_num &&
                  (int)LL_OUCH50_OFFSET_EXECUTED_timestamp == LL_OUCH50_OFFSET_SYSTEM_EVENT_timestamp,
              "the head is the same in all messages");

static void ll_report50_opening(const uint8_t *bytes, struct ll_report *report)
{
    if (bytes[0] == LL_OUCH50_TYPE_ACCEPTED) {
        report->kind = LL_REPORT_ACCEPTED;
        report->side = (char)LL_50_CHAR(ACCEPTED, side);
        report->quantity = LL_50_U32(ACCEPTED, quantity);
        report->price = LL_50_U64(ACCEPTED, price);
        report->exchange_ref = LL_50_U64(ACCEPTED, order_reference_number);
        report->dead = LL_50_CHAR(ACCEPTED, order_state) == LL_OUCH_STATE_DEAD;
        return;
    }
    report->kind = LL_REPORT_REPLACED;
    report->old_number = LL_50_U32(REPLACED, orig_user_ref_num);
    report->number = LL_50_U32(REPLACED, user_ref_num);
    report->side = (char)LL_50_CHAR(REPLACED, side);
    report->quantity = LL_50_U32(REPLACED, quantity);
    report->price = LL_50_U64(REPLACED, price);
    report->exchange_ref = LL_50_U64(REPLACED, order_reference_number);
    report->dead = LL_50_CHAR(REPLACED, order_state) == LL_OUCH_STATE_DEAD;
}

/* `bytes` have been checked, and number and venue_ns are there. */
static void ll_report50_rest(const uint8_t *bytes, struct ll_report *report)
{
    switch (bytes[0]) {
    case LL_OUCH50_TYPE_EXECUTED:
        report->kind = LL_REPORT_EXECUTED;
        report->quantity = LL_50_U32(EXECUTED, quantity);
        report->price = LL_50_U64(EXECUTED, price);
        report->code = LL_50_CHAR(EXECUTED, liquidity_flag);
        report->match = LL_50_U64(EXECUTED, match_number);
        break;
    case LL_OUCH50_TYPE_CANCELED:
        report->kind = LL_REPORT_CANCELLED;
        report->quantity = LL_50_U32(CANCELED, quantity);
        report->code = LL_50_CHAR(CANCELED, reason);
        break;
    case LL_OUCH50_TYPE_AIQ_CANCELED:
        report->kind = LL_REPORT_CANCELLED;
        report->quantity = LL_50_U32(AIQ_CANCELED, decrement_shares);
        report->code = LL_50_CHAR(AIQ_CANCELED, reason);
        break;
    case LL_OUCH50_TYPE_REJECTED:
        report->kind = LL_REPORT_REJECTED;
        report->code = LL_50_U16(REJECTED, reason);
        break;
    case LL_OUCH50_TYPE_BROKEN_TRADE:
        report->kind = LL_REPORT_BROKEN;
        report->match = LL_50_U64(BROKEN_TRADE, match_number);
        report->code = LL_50_CHAR(BROKEN_TRADE, reason);
        break;
    case LL_OUCH50_TYPE_CANCEL_PENDING:
        report->kind = LL_REPORT_CANCEL_PENDING;
        break;
    case LL_OUCH50_TYPE_CANCEL_REJECT:
        report->kind = LL_REPORT_CANCEL_REJECTED;
        break;
    case LL_OUCH50_TYPE_PRIORITY_UPDATE:
        report->kind = LL_REPORT_PRIORITY;
        report->price = LL_50_U64(PRIORITY_UPDATE, price);
        report->exchange_ref = LL_50_U64(PRIORITY_UPDATE, order_reference_number);
        break;
    case LL_OUCH50_TYPE_MODIFIED:
        report->kind = LL_REPORT_MODIFIED;
        report->side = (char)LL_50_CHAR(MODIFIED, side);
        report->quantity = LL_50_U32(MODIFIED, quantity);
        break;
    case LL_OUCH50_TYPE_RESTATED:
        report->kind = LL_REPORT_RESTATED;
        report->code = LL_50_CHAR(RESTATED, reason);
        break;
    case LL_OUCH50_TYPE_QUERY_RESPONSE:
        report->kind = LL_REPORT_QUERY;
        break;
    default:
        break; /* the answers to mass cancel, disable and enable: other */
    }
}

static int ll_report50(const uint8_t *bytes, uint32_t bytes_count, struct ll_report *report)
{
    int err = ll_ouch50_check(LL_OUCH_OUT, bytes, bytes_count);
    if (err != LL_OK)
        return err;
    *report = (struct ll_report){.venue_ns = LL_50_U64(SYSTEM_EVENT, timestamp), .raw_type = bytes[0]};
    if (bytes[0] == LL_OUCH50_TYPE_SYSTEM_EVENT) {
        report->kind = LL_REPORT_SYSTEM;
        report->code = LL_50_CHAR(SYSTEM_EVENT, event_code);
        return LL_OK;
    }
    report->number = LL_50_U32(EXECUTED, user_ref_num);
    if (bytes[0] == LL_OUCH50_TYPE_ACCEPTED || bytes[0] == LL_OUCH50_TYPE_REPLACED)
        ll_report50_opening(bytes, report);
    else
        ll_report50_rest(bytes, report);
    return LL_OK;
}

/* --- OUCH 4.2 to reports --------------------------------------------------------------------------------- */

#define LL_42_CHAR(ID, field)  bytes[LL_OUCH42_OFFSET_##ID##_##field]
#define LL_42_U32(ID, field)   ll_load_be32(bytes + LL_OUCH42_OFFSET_##ID##_##field)
#define LL_42_U64(ID, field)   ll_load_be64(bytes + LL_OUCH42_OFFSET_##ID##_##field)
#define LL_42_TOKEN(ID, field) ll_token_read(bytes + LL_OUCH42_OFFSET_##ID##_##field)

static_assert((int)LL_OUCH42_OFFSET_EXECUTED_order_token == LL_OUCH42_OFFSET_ACCEPTED_order_token &&
                  (int)LL_OUCH42_OFFSET_EXECUTED_order_token ==
                      LL_OUCH42_OFFSET_REPLACED_replacement_order_token &&
                  (int)LL_OUCH42_OFFSET_EXECUTED_timestamp == LL_OUCH42_OFFSET_SYSTEM_EVENT_timestamp,
              "the head is the same in all messages");
static_assert((int)LL_OUCH42_OFFSET_EXECUTED_match_number ==
                      LL_OUCH42_OFFSET_EXECUTED_REFERENCE_match_number &&
                  (int)LL_OUCH42_OFFSET_EXECUTED_liquidity_flag ==
                      LL_OUCH42_OFFSET_EXECUTED_REFERENCE_liquidity_flag,
              "an execution with a reference price is one with more behind it");

static void ll_report42_opening(const uint8_t *bytes, struct ll_report *report)
{
    if (bytes[0] == LL_OUCH42_TYPE_ACCEPTED) {
        report->kind = LL_REPORT_ACCEPTED;
        report->side = (char)LL_42_CHAR(ACCEPTED, buy_sell_indicator);
        report->quantity = LL_42_U32(ACCEPTED, shares);
        report->price = LL_42_U32(ACCEPTED, price);
        report->exchange_ref = LL_42_U64(ACCEPTED, order_reference_number);
        report->dead = LL_42_CHAR(ACCEPTED, order_state) == LL_OUCH_STATE_DEAD;
        return;
    }
    report->kind = LL_REPORT_REPLACED;
    report->old_number = LL_42_TOKEN(REPLACED, previous_order_token);
    report->side = (char)LL_42_CHAR(REPLACED, buy_sell_indicator);
    report->quantity = LL_42_U32(REPLACED, shares);
    report->price = LL_42_U32(REPLACED, price);
    report->exchange_ref = LL_42_U64(REPLACED, order_reference_number);
    report->dead = LL_42_CHAR(REPLACED, order_state) == LL_OUCH_STATE_DEAD;
}

/* `bytes` have been checked, and number and venue_ns are there. Every type left has its case. */
static void ll_report42_rest(const uint8_t *bytes, struct ll_report *report)
{
    switch (bytes[0]) {
    case LL_OUCH42_TYPE_EXECUTED:
    case LL_OUCH42_TYPE_EXECUTED_REFERENCE:
        report->kind = LL_REPORT_EXECUTED;
        report->quantity = LL_42_U32(EXECUTED, executed_shares);
        report->price = LL_42_U32(EXECUTED, execution_price);
        report->code = LL_42_CHAR(EXECUTED, liquidity_flag);
        report->match = LL_42_U64(EXECUTED, match_number);
        break;
    case LL_OUCH42_TYPE_CANCELED:
        report->kind = LL_REPORT_CANCELLED;
        report->quantity = LL_42_U32(CANCELED, decrement_shares);
        report->code = LL_42_CHAR(CANCELED, reason);
        break;
    case LL_OUCH42_TYPE_AIQ_CANCELED:
        report->kind = LL_REPORT_CANCELLED;
        report->quantity = LL_42_U32(AIQ_CANCELED, decrement_shares);
        report->code = LL_42_CHAR(AIQ_CANCELED, reason);
        break;
    case LL_OUCH42_TYPE_REJECTED:
        report->kind = LL_REPORT_REJECTED;
        report->code = LL_42_CHAR(REJECTED, reason);
        break;
    case LL_OUCH42_TYPE_BROKEN_TRADE:
        report->kind = LL_REPORT_BROKEN;
        report->match = LL_42_U64(BROKEN_TRADE, match_number);
        report->code = LL_42_CHAR(BROKEN_TRADE, reason);
        break;
    case LL_OUCH42_TYPE_CANCEL_PENDING:
        report->kind = LL_REPORT_CANCEL_PENDING;
        break;
    case LL_OUCH42_TYPE_CANCEL_REJECT:
        report->kind = LL_REPORT_CANCEL_REJECTED;
        break;
    case LL_OUCH42_TYPE_PRIORITY_UPDATE:
        report->kind = LL_REPORT_PRIORITY;
        report->price = LL_42_U32(PRIORITY_UPDATE, price);
        report->exchange_ref = LL_42_U64(PRIORITY_UPDATE, order_reference_number);
        break;
    case LL_OUCH42_TYPE_MODIFIED:
        report->kind = LL_REPORT_MODIFIED;
        report->side = (char)LL_42_CHAR(MODIFIED, buy_sell_indicator);
        report->quantity = LL_42_U32(MODIFIED, shares);
        break;
    default:
        break;
    }
}

static int ll_report42(const uint8_t *bytes, uint32_t bytes_count, struct ll_report *report)
{
    int err = ll_ouch42_check(LL_OUCH_OUT, bytes, bytes_count);
    if (err != LL_OK)
        return err;
    *report = (struct ll_report){.venue_ns = LL_42_U64(SYSTEM_EVENT, timestamp), .raw_type = bytes[0]};
    if (bytes[0] == LL_OUCH42_TYPE_SYSTEM_EVENT) {
        report->kind = LL_REPORT_SYSTEM;
        report->code = LL_42_CHAR(SYSTEM_EVENT, event_code);
        return LL_OK;
    }
    report->number = LL_42_TOKEN(EXECUTED, order_token);
    if (bytes[0] == LL_OUCH42_TYPE_ACCEPTED || bytes[0] == LL_OUCH42_TYPE_REPLACED)
        ll_report42_opening(bytes, report);
    else
        ll_report42_rest(bytes, report);
    return LL_OK;
}

int ll_ouch_report(uint8_t protocol, const uint8_t *bytes, uint32_t bytes_count, struct ll_report *report)
{
    LL_ASSERT(protocol == LL_PROTOCOL_OUCH50 || protocol == LL_PROTOCOL_OUCH42);
    return protocol == LL_PROTOCOL_OUCH50 ? ll_report50(bytes, bytes_count, report)
                                          : ll_report42(bytes, bytes_count, report);
}

/* --- orders to messages: what both editions share ---------------------------------------------------------- */

#define LL_DAY_S 86400u

/* How the order's time in force goes onto the wire. GTC lives as long as any order of the venue: a day. */
struct ll_wire_tif {
    char tif50;
    uint32_t tif42;
    uint32_t minimum;  /* FOK: all of it */
    uint32_t expire_s; /* 5.0, in a tag; 0 = none */
};

static struct ll_wire_tif ll_wire_tif(const struct ll_ouch_order *order)
{
    bool is_fok = order->time_in_force == LL_TIF_FOK;
    if (order->time_in_force == LL_TIF_IOC || is_fok)
        return (struct ll_wire_tif){
            .tif50 = LL_OUCH50_TIF_IOC, .tif42 = LL_OUCH42_TIF_IOC, .minimum = is_fok ? order->quantity : 0};
    if (order->time_in_force == LL_TIF_GTD && order->expire_s > 0 && order->expire_s < LL_DAY_S)
        return (struct ll_wire_tif){
            .tif50 = LL_OUCH50_TIF_GTT, .tif42 = order->expire_s, .expire_s = order->expire_s};
    return (struct ll_wire_tif){.tif50 = LL_OUCH50_TIF_DAY, .tif42 = LL_OUCH42_TIF_MARKET_HOURS};
}

static bool ll_has_firm(const struct ll_ouch_order *order)
{
    return order->firm[0] != ' ' && order->firm[0] != '\0';
}

static void ll_assert_price(uint64_t price)
{
    LL_ASSERT(price <= LL_OUCH_PRICE_LIMIT_MAX || price == LL_OUCH_PRICE_MARKET);
}

/* --- orders to OUCH 5.0 ---------------------------------------------------------------------------------- */

#define LL_PUT50_CHAR(ID, field, value) (bytes[LL_OUCH50_OFFSET_##ID##_##field] = (uint8_t)(value))
#define LL_PUT50_U32(ID, field, value)  ll_store_be32(bytes + LL_OUCH50_OFFSET_##ID##_##field, (value))
#define LL_PUT50_U64(ID, field, value)  ll_store_be64(bytes + LL_OUCH50_OFFSET_##ID##_##field, (value))

static uint32_t ll_number50(uint64_t number)
{
    LL_ASSERT(number > 0 && number <= UINT32_MAX);
    return (uint32_t)number;
}

/* One element of an appendage: length, tag, value. Returns where the next one goes. */
static uint8_t *ll_put_tag(uint8_t *at, uint8_t tag, const void *value, uint8_t value_bytes)
{
    at[0] = (uint8_t)(1u + value_bytes);
    at[1] = tag;
    memcpy(at + 2, value, value_bytes);
    return at + 2 + value_bytes;
}

static uint8_t *ll_put_tag_u32(uint8_t *at, uint8_t tag, uint32_t value)
{
    uint8_t bytes[4];
    ll_store_be32(bytes, value);
    return ll_put_tag(at, tag, bytes, sizeof bytes);
}

/* Length and elements behind the fixed part; returns the bytes of the whole message. The firm cannot be changed by a
 * replace. */
static uint32_t ll_put_appendage(uint8_t *bytes, uint32_t fixed_bytes, const struct ll_ouch_order *order,
                                 bool with_firm)
{
    struct ll_wire_tif tif = ll_wire_tif(order);
    uint8_t *start = bytes + fixed_bytes + LL_OUCH50_LENGTH_BYTES;
    uint8_t *at = start;
    if (with_firm && ll_has_firm(order))
        at = ll_put_tag(at, LL_OUCH50_TAG_FIRM, order->firm, LL_OUCH50_FIRM_BYTES);
    if (tif.minimum != 0)
        at = ll_put_tag_u32(at, LL_OUCH50_TAG_MIN_QTY, tif.minimum);
    if (order->post_only)
        at = ll_put_tag(at, LL_OUCH50_TAG_POST_ONLY, "P", 1);
    if (tif.expire_s != 0)
        at = ll_put_tag_u32(at, LL_OUCH50_TAG_EXPIRE_TIME, tif.expire_s);
    ll_store_be16(bytes + fixed_bytes, (uint16_t)(at - start));
    return (uint32_t)(at - bytes);
}

static uint32_t ll_enter50(const struct ll_ouch_order *order, uint8_t *bytes)
{
    bytes[0] = LL_OUCH50_TYPE_ENTER;
    LL_PUT50_U32(ENTER, user_ref_num, ll_number50(order->number));
    LL_PUT50_CHAR(ENTER, side, order->side);
    LL_PUT50_U32(ENTER, quantity, order->quantity);
    memcpy(bytes + LL_OUCH50_OFFSET_ENTER_symbol, order->symbol, LL_OUCH50_SYMBOL_BYTES);
    LL_PUT50_U64(ENTER, price, order->price);
    LL_PUT50_CHAR(ENTER, time_in_force, ll_wire_tif(order).tif50);
    LL_PUT50_CHAR(ENTER, display, LL_OUCH_DISPLAY_VISIBLE);
    LL_PUT50_CHAR(ENTER, capacity, LL_OUCH_CAPACITY_PRINCIPAL);
    LL_PUT50_CHAR(ENTER, intermarket_sweep_eligibility, 'N');
    LL_PUT50_CHAR(ENTER, cross_type, LL_OUCH_CROSS_CONTINUOUS);
    ll_token_write(order->number, bytes + LL_OUCH50_OFFSET_ENTER_cl_ord_id);
    return ll_put_appendage(bytes, LL_OUCH50_BYTES_ENTER, order, true);
}

static uint32_t ll_replace50(const struct ll_ouch_order *order, uint8_t *bytes)
{
    bytes[0] = LL_OUCH50_TYPE_REPLACE;
    LL_PUT50_U32(REPLACE, orig_user_ref_num, ll_number50(order->old_number));
    LL_PUT50_U32(REPLACE, user_ref_num, ll_number50(order->number));
    LL_PUT50_U32(REPLACE, quantity, order->quantity);
    LL_PUT50_U64(REPLACE, price, order->price);
    LL_PUT50_CHAR(REPLACE, time_in_force, ll_wire_tif(order).tif50);
    LL_PUT50_CHAR(REPLACE, display, LL_OUCH_DISPLAY_VISIBLE);
    LL_PUT50_CHAR(REPLACE, intermarket_sweep_eligibility, 'N');
    ll_token_write(order->number, bytes + LL_OUCH50_OFFSET_REPLACE_cl_ord_id);
    return ll_put_appendage(bytes, LL_OUCH50_BYTES_REPLACE, order, false);
}

static uint32_t ll_cancel50(const struct ll_ouch_order *order, uint8_t *bytes)
{
    bytes[0] = LL_OUCH50_TYPE_CANCEL;
    LL_PUT50_U32(CANCEL, user_ref_num, ll_number50(order->number));
    LL_PUT50_U32(CANCEL, quantity, order->quantity);
    return LL_OUCH50_BYTES_CANCEL;
}

/* --- orders to OUCH 4.2 ---------------------------------------------------------------------------------- */

#define LL_PUT42_CHAR(ID, field, value)   (bytes[LL_OUCH42_OFFSET_##ID##_##field] = (uint8_t)(value))
#define LL_PUT42_U32(ID, field, value)    ll_store_be32(bytes + LL_OUCH42_OFFSET_##ID##_##field, (value))
#define LL_PUT42_TOKEN(ID, field, number) ll_token_write((number), bytes + LL_OUCH42_OFFSET_##ID##_##field)

#define LL_OUCH42_DISPLAY_POST_ONLY 'P' /* 4.2 alone says it in the display field */

static char ll_display42(const struct ll_ouch_order *order)
{
    return order->post_only ? LL_OUCH42_DISPLAY_POST_ONLY : LL_OUCH_DISPLAY_VISIBLE;
}

static uint32_t ll_enter42(const struct ll_ouch_order *order, uint8_t *bytes)
{
    struct ll_wire_tif tif = ll_wire_tif(order);
    bytes[0] = LL_OUCH42_TYPE_ENTER;
    LL_PUT42_TOKEN(ENTER, order_token, order->number);
    LL_PUT42_CHAR(ENTER, buy_sell_indicator, order->side);
    LL_PUT42_U32(ENTER, shares, order->quantity);
    memcpy(bytes + LL_OUCH42_OFFSET_ENTER_stock, order->symbol, LL_OUCH42_STOCK_BYTES);
    LL_PUT42_U32(ENTER, price, (uint32_t)order->price);
    LL_PUT42_U32(ENTER, time_in_force, tif.tif42);
    if (ll_has_firm(order))
        memcpy(bytes + LL_OUCH42_OFFSET_ENTER_firm, order->firm, LL_OUCH42_FIRM_BYTES);
    else
        memset(bytes + LL_OUCH42_OFFSET_ENTER_firm, ' ', LL_OUCH42_FIRM_BYTES);
    LL_PUT42_CHAR(ENTER, display, ll_display42(order));
    LL_PUT42_CHAR(ENTER, capacity, LL_OUCH_CAPACITY_PRINCIPAL);
    LL_PUT42_CHAR(ENTER, intermarket_sweep_eligibility, 'N');
    LL_PUT42_U32(ENTER, minimum_quantity, tif.minimum);
    LL_PUT42_CHAR(ENTER, cross_type, LL_OUCH_CROSS_CONTINUOUS);
    LL_PUT42_CHAR(ENTER, customer_type, ' ');
    return LL_OUCH42_BYTES_ENTER;
}

static uint32_t ll_replace42(const struct ll_ouch_order *order, uint8_t *bytes)
{
    struct ll_wire_tif tif = ll_wire_tif(order);
    bytes[0] = LL_OUCH42_TYPE_REPLACE;
    LL_PUT42_TOKEN(REPLACE, existing_order_token, order->old_number);
    LL_PUT42_TOKEN(REPLACE, replacement_order_token, order->number);
    LL_PUT42_U32(REPLACE, shares, order->quantity);
    LL_PUT42_U32(REPLACE, price, (uint32_t)order->price);
    LL_PUT42_U32(REPLACE, time_in_force, tif.tif42);
    LL_PUT42_CHAR(REPLACE, display, ll_display42(order));
    LL_PUT42_CHAR(REPLACE, intermarket_sweep_eligibility, 'N');
    LL_PUT42_U32(REPLACE, minimum_quantity, tif.minimum);
    return LL_OUCH42_BYTES_REPLACE;
}

static uint32_t ll_cancel42(const struct ll_ouch_order *order, uint8_t *bytes)
{
    bytes[0] = LL_OUCH42_TYPE_CANCEL;
    LL_PUT42_TOKEN(CANCEL, order_token, order->number);
    LL_PUT42_U32(CANCEL, shares, order->quantity);
    return LL_OUCH42_BYTES_CANCEL;
}

uint32_t ll_ouch_enter(uint8_t protocol, const struct ll_ouch_order *order, uint8_t *bytes)
{
    ll_assert_price(order->price);
    return protocol == LL_PROTOCOL_OUCH50 ? ll_enter50(order, bytes) : ll_enter42(order, bytes);
}

uint32_t ll_ouch_replace(uint8_t protocol, const struct ll_ouch_order *order, uint8_t *bytes)
{
    ll_assert_price(order->price);
    return protocol == LL_PROTOCOL_OUCH50 ? ll_replace50(order, bytes) : ll_replace42(order, bytes);
}

uint32_t ll_ouch_cancel(uint8_t protocol, const struct ll_ouch_order *order, uint8_t *bytes)
{
    return protocol == LL_PROTOCOL_OUCH50 ? ll_cancel50(order, bytes) : ll_cancel42(order, bytes);
}

uint32_t ll_ouch_query(uint8_t protocol, uint8_t *bytes)
{
    if (protocol != LL_PROTOCOL_OUCH50)
        return 0;
    bytes[0] = LL_OUCH50_TYPE_QUERY;
    return LL_OUCH50_BYTES_QUERY;
}

/* --- words ------------------------------------------------------------------------------------------------- */

bool ll_ouch_reject_is_retryable(uint8_t protocol, uint16_t reason)
{
    if (protocol == LL_PROTOCOL_OUCH50) {
        switch (reason) {
        case LL_OUCH50_REJECT_QUOTE_UNAVAILABLE:
        case LL_OUCH50_REJECT_DESTINATION_CLOSED:
        case LL_OUCH50_REJECT_HALTED:
        case LL_OUCH50_REJECT_PROCESSING_ERROR:
        case LL_OUCH50_REJECT_CROSSED_MARKET:
        case LL_OUCH50_REJECT_RISK_SYMBOL_MESSAGE_RATE:
        case LL_OUCH50_REJECT_RISK_PORT_MESSAGE_RATE:
        case LL_OUCH50_REJECT_REG_SHO_STATE_NOT_AVAILABLE:
            return true;
        default:
            return false;
        }
    }
    switch (reason) {
    case LL_OUCH42_REJECT_CLOSED:
    case LL_OUCH42_REJECT_HALTED:
    case LL_OUCH42_REJECT_OUTSIDE_PERMITTED_TIMES:
    case LL_OUCH42_REJECT_CROSSED_MARKET:
    case LL_OUCH42_REJECT_RISK_SYMBOL_MESSAGE_RATE:
    case LL_OUCH42_REJECT_RISK_PORT_MESSAGE_RATE:
        return true;
    default:
        return false;
    }
}

static const char *ll_event_text(uint16_t code)
{
    if (code == LL_OUCH_EVENT_START_OF_DAY)
        return "start of day";
    return code == LL_OUCH_EVENT_END_OF_DAY ? "end of day" : NULL;
}

/* All reasons but the rejects of 5.0 are one character. */
const char *ll_ouch_reason_text(uint8_t protocol, uint8_t report_kind, uint16_t reason)
{
    const char *text = NULL;
    char letter = reason < 128 ? (char)reason : '\0';
    if (report_kind == LL_REPORT_REJECTED && protocol == LL_PROTOCOL_OUCH50)
        text = ll_ouch50_reject_text(reason);
    else if (report_kind == LL_REPORT_REJECTED)
        text = ll_ouch42_reject_text(letter);
    else if (report_kind == LL_REPORT_CANCELLED)
        text = ll_ouch_cancel_text(letter);
    else if (report_kind == LL_REPORT_BROKEN)
        text = ll_ouch_broken_text(letter);
    else if (report_kind == LL_REPORT_SYSTEM)
        text = ll_event_text(reason);
    return text != NULL ? text : "a reason that is not listed";
}

const char *ll_protocol_name(uint8_t protocol)
{
    switch (protocol) {
#define LL_PROTOCOL_CASE(name, number, text) \
    case (number):                           \
        return text;
        LL_PROTOCOLS(LL_PROTOCOL_CASE)
#undef LL_PROTOCOL_CASE
    default:
        return "unknown";
    }
}

bool ll_ouch_is_displayed_add(uint16_t liquidity)
{
    switch (liquidity) {
    case 'A': /* added */
    case 'e': /* retail order, added and displayed */
    case 'u': /* added by a reserve order */
    case '7': /* sets the best price */
    case '8': /* joins the best price */
    case '2': /* added before the market opens */
        return true;
    default:
        return false;
    }
}
