/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_orders.h"

#include "host/app/ll_journal_look.h"
#include "host/base/ll_decimal.h"
#include "host/base/ll_json.h"
#include "host/client/lifeline.h"

#include <inttypes.h>
#include <stdio.h>

#define LL_ORDERS_PRICE_DECIMALS 4u

static const char ll_orders_help[] =
    "usage: lifeline orders [options] DIR\n"
    "\n"
    "Prints the orders of the journal in DIR: the live ones, or with --all every one.\n"
    "\n"
    "Exit: 0 done; 1 no journal in DIR, 2 usage, 3 the machine lacks something,\n"
    "4 it could not be read, 5 the journal is corrupt.\n"
    "\n"
    "options:\n";

static void ll_orders_json(struct ll_json *json, const struct ll_oms_view *order, const char *order_id)
{
    ll_json_begin_object(json, NULL);
    ll_json_string(json, "order_id", order_id);
    ll_json_text(json, "symbol", order->symbol, ll_symbol_bytes(order->symbol));
    ll_json_string(json, "side", ll_order_side_name(order->side));
    ll_json_string(json, "state", lifeline_state_name(order->state));
    ll_json_u64(json, "quantity", order->quantity);
    ll_json_u64(json, "leaves", order->leaves);
    ll_json_u64(json, "filled", order->cumulative);
    ll_json_u64(json, "price", order->price);
    ll_json_u64(json, "notional", order->notional);
    ll_json_u64(json, "number", order->number);
    ll_json_u64(json, "exchange_ref", order->exchange_ref);
    ll_json_u64(json, "session", order->session);
    ll_json_u64(json, "attempts", order->attempts);
    ll_json_bool(json, "exit", order->exit);
    ll_json_bool(json, "request_outstanding", order->request_outstanding);
    ll_json_u64(json, "created_ns", order->created_ns);
    ll_json_u64(json, "updated_ns", order->updated_ns);
    ll_json_end_object(json);
    ll_json_newline(json);
}

static void ll_orders_line(const struct ll_oms_view *order, const char *order_id)
{
    char price[LL_DECIMAL_TEXT_BYTES];
    ll_decimal_format(price, order->price, LL_ORDERS_PRICE_DECIMALS);
    (void)printf("%-24s %.8s %-10s %-16s %8" PRIu64 " of %8" PRIu64 " filled, %8" PRIu64 " open at %s\n",
                 order_id, order->symbol, ll_order_side_name(order->side), lifeline_state_name(order->state),
                 order->cumulative, order->quantity, order->leaves, price);
}

int ll_cmd_orders(int argc, char **argv)
{
    struct ll_journal_look look;
    struct ll_why why = {0};
    int exit_code = ll_journal_look_open(&look, argc, argv, ll_orders_help, 1, 1);
    if (exit_code >= 0)
        return exit_code;
    const struct ll_oms *oms = ll_trading_oms(ll_gateway_trading(look.gateway));
    struct ll_json json;
    ll_json_init(&json, stdout, false);
    for (uint32_t i = 0; i < ll_oms_order_count(oms); i++) {
        struct ll_oms_view order;
        struct ll_oms_id_view id;
        ll_oms_order(oms, i, &order);
        ll_oms_id(oms, ll_oms_first_id(oms, i), &id);
        if (!look.all && !order.working)
            continue;
        if (look.json)
            ll_orders_json(&json, &order, id.text);
        else
            ll_orders_line(&order, id.text);
    }
    return ll_journal_look_close(&look, "orders", LL_OK, &why);
}
