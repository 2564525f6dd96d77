/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: an order of any values is written as a message that the venue's decoder takes and that says what the order
 * says, in both editions; the same order gives the same bytes. Method: the input is the order's fields. What was
 * written is decoded as the venue does, and number, quantity, price, symbol and side are compared.
 */
#include "host/base/ll_assert.h"
#include "host/wire/ll_command.h"
#include "host/wire/ll_ouch42.h"
#include "host/wire/ll_ouch50.h"
#include "host/wire/ll_ouch_report.h"
#include "tests/fuzz/ll_fuzz_bytes.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static void check50(const struct ll_ouch_order *order, const uint8_t *bytes, uint32_t bytes_count)
{
    struct ll_ouch50_message message;
    LL_ASSERT(ll_ouch50_decode(LL_OUCH_IN, bytes, bytes_count, &message) == LL_OK);
    LL_ASSERT(message.options.unknown_count == 0 && message.options.wrong_length_count == 0);
    switch (message.message_type) {
    case LL_OUCH50_TYPE_ENTER:
        LL_ASSERT(message.enter.user_ref_num == (uint32_t)order->number);
        LL_ASSERT(message.enter.quantity == order->quantity && message.enter.side == order->side);
        LL_ASSERT(message.enter.price == order->price);
        LL_ASSERT(memcmp(message.enter.symbol, order->symbol, sizeof order->symbol) == 0);
        break;
    case LL_OUCH50_TYPE_REPLACE:
        LL_ASSERT(message.replace.orig_user_ref_num == (uint32_t)order->old_number);
        LL_ASSERT(message.replace.user_ref_num == (uint32_t)order->number);
        LL_ASSERT(message.replace.quantity == order->quantity && message.replace.price == order->price);
        break;
    case LL_OUCH50_TYPE_CANCEL:
        LL_ASSERT(message.cancel.user_ref_num == (uint32_t)order->number);
        LL_ASSERT(message.cancel.quantity == order->quantity);
        break;
    default:
        LL_ASSERT(message.message_type == LL_OUCH50_TYPE_QUERY);
    }
}

/* The text is the number's, so that a report can be told by it. */
static bool is_token(const char token[LL_OUCH42_TOKEN_BYTES], uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "LL%012llu", (unsigned long long)number);
    return memcmp(token, text, LL_OUCH42_TOKEN_BYTES) == 0;
}

static void check42(const struct ll_ouch_order *order, const uint8_t *bytes, uint32_t bytes_count)
{
    union ll_ouch42_message message;
    LL_ASSERT(ll_ouch42_decode(LL_OUCH_IN, bytes, bytes_count, &message) == LL_OK);
    switch (message.message_type) {
    case LL_OUCH42_TYPE_ENTER:
        LL_ASSERT(is_token(message.enter.order_token, order->number));
        LL_ASSERT(message.enter.shares == order->quantity && message.enter.buy_sell_indicator == order->side);
        LL_ASSERT(message.enter.price == (uint32_t)order->price);
        LL_ASSERT(memcmp(message.enter.stock, order->symbol, sizeof order->symbol) == 0);
        break;
    case LL_OUCH42_TYPE_REPLACE:
        LL_ASSERT(is_token(message.replace.existing_order_token, order->old_number));
        LL_ASSERT(is_token(message.replace.replacement_order_token, order->number));
        LL_ASSERT(message.replace.shares == order->quantity &&
                  message.replace.price == (uint32_t)order->price);
        break;
    default:
        LL_ASSERT(message.message_type == LL_OUCH42_TYPE_CANCEL);
        LL_ASSERT(is_token(message.cancel.order_token, order->number));
        LL_ASSERT(message.cancel.shares == order->quantity);
    }
}

static void check_order(uint8_t protocol, const struct ll_ouch_order *order,
                        uint32_t (*write)(uint8_t, const struct ll_ouch_order *, uint8_t *))
{
    uint8_t bytes[LL_OUCH_MESSAGE_BYTES_MAX];
    uint8_t again[LL_OUCH_MESSAGE_BYTES_MAX];
    memset(bytes, 0x5a, sizeof bytes);
    memset(again, 0xa5, sizeof again);
    uint32_t bytes_count = write(protocol, order, bytes);
    LL_ASSERT(bytes_count > 0 && bytes_count <= sizeof bytes);
    LL_ASSERT(write(protocol, order, again) == bytes_count && memcmp(bytes, again, bytes_count) == 0);
    if (protocol == LL_PROTOCOL_OUCH50)
        check50(order, bytes, bytes_count);
    else
        check42(order, bytes, bytes_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    static const char sides[] = {LL_OUCH_SIDE_BUY, LL_OUCH_SIDE_SELL, LL_OUCH_SIDE_SHORT};
    struct ll_fuzz_bytes input = ll_fuzz_begin(bytes, bytes_count);
    uint8_t query[LL_OUCH_MESSAGE_BYTES_MAX];
    uint8_t choice = ll_fuzz_u8(&input);
    uint8_t protocol = choice % 2 != 0 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42;
    struct ll_ouch_order order = {.side = sides[choice / 2 % 3],
                                  .time_in_force = choice / 6 % (LL_TIF_GTD + 1),
                                  .post_only = choice >= 128};
    /* As many digits as a token has, as the order engine keeps it. */
    order.number = 1 + ll_fuzz_u64(&input) % UINT32_MAX;
    order.old_number = 1 + ll_fuzz_u64(&input) % UINT32_MAX;
    order.price = ll_fuzz_u64(&input) % (LL_OUCH_PRICE_LIMIT_MAX + 2u);
    if (order.price > LL_OUCH_PRICE_LIMIT_MAX)
        order.price = LL_OUCH_PRICE_MARKET;
    order.quantity = (uint32_t)ll_fuzz_u64(&input);
    order.expire_s = (uint32_t)ll_fuzz_u64(&input) >> choice % 32;
    for (size_t i = 0; i < sizeof order.symbol; i++)
        order.symbol[i] = (char)(' ' + ll_fuzz_u8(&input) % 95);
    for (size_t i = 0; i < sizeof order.firm; i++)
        order.firm[i] = (char)ll_fuzz_u8(&input);
    check_order(protocol, &order, ll_ouch_enter);
    check_order(protocol, &order, ll_ouch_replace);
    check_order(protocol, &order, ll_ouch_cancel);
    uint32_t query_bytes = ll_ouch_query(protocol, query);
    LL_ASSERT((query_bytes > 0) == (protocol == LL_PROTOCOL_OUCH50));
    if (query_bytes > 0)
        check50(&order, query, query_bytes);
    return 0;
}
