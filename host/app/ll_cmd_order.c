/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_order.h"

#include "host/app/ll_ask.h"

#include <string.h>

#define LL_ORDER_ID_ROW(help) LL_ASK_TEXT("id", id, "ID", help)

static const struct ll_option ll_place_options[] = {
    LL_ASK_TEXT("account", account, "NAME", "whose order, at most 16 bytes"),
    LL_ASK_TEXT("symbol", symbol, "SYMBOL", "instrument, at most 8 bytes"),
    LL_ASK_ROW("side", LL_OPTION_CHOICE, side, 0, NULL, "buy|sell|sell-short", "which way"),
    LL_ASK_ROW("quantity", LL_OPTION_U64, quantity, 0, "LOTS", NULL, "how much, in lots"),
    LL_ASK_TEXT("price", price, "PRICE", "limit price, such as 150.34"),
    LL_ASK_TEXT("client-order-id", client_order_id, "ID",
                "your key: the same one again shows the order that is there, and sends nothing"),
    LL_ASK_ROW("type", LL_OPTION_CHOICE, type, 0, NULL, "limit|market|stop|stop-limit",
               "default limit; OUCH has no stop orders, they are refused: see --stop-price"),
    LL_ASK_ROW("time-in-force", LL_OPTION_CHOICE, time_in_force, 0, NULL, "day|ioc|fok|gtc|gtd",
               "default day; OUCH has no gtc, it is refused"),
    LL_ASK_ROW("expire-ns", LL_OPTION_U64, expire_ns, 0, "NS", NULL, "end of a gtd order, UTC ns since 1970"),
    LL_ASK_TEXT("stop-price", stop_price, "PRICE", "of a stop order; of others the stop-loss to add"),
    LL_ASK_TEXT("take-price", take_price, "PRICE", "the take-profit to add"),
    LL_ASK_TEXT("expected-price", expected_price, "PRICE", "what slippage is measured from"),
    LL_ASK_ROW("max-slippage-bps", LL_OPTION_U64, max_slippage_bps, 10000, "BPS", NULL,
               "slippage allowed, in basis points; 0 (the default): any"),
    LL_ASK_TEXT("id", id, "ID", "name of the order (default: the gateway makes one)"),
    LL_ASK_TEXT("user", user, "NAME", "at most 16 bytes"),
    LL_ASK_TEXT("strategy", strategy, "NAME", "at most 16 bytes"),
    LL_ASK_TEXT("reference", reference, "ID", "signal of an entry, position of an exit"),
    LL_ASK_TEXT("notes", notes, "TEXT", "at most 255 bytes, kept with the order"),
    LL_ASK_ROW("max-attempts", LL_OPTION_U64, max_attempts, 255, "N", NULL,
               "sends at most; 0 (the default): the gateway's 3"),
    LL_ASK_ROW("session", LL_OPTION_U64, session, 255, "N", NULL,
               "provider session; 0 (the default): the first"),
    LL_ASK_FLAG("exit", is_exit, "an exit order; without it an entry"),
    LL_ASK_FLAG("post-only", is_post_only, "never take liquidity"),
    LL_ASK_FLAG("demo", is_demo, "environment demo; without it live"),
    LL_ASK_COMMON_ROWS};

static const struct ll_option ll_cancel_options[] = {
    LL_ASK_ROW("keep", LL_OPTION_U64, quantity, 0, "LOTS", NULL,
               "open lots that shall stay; 0 (the default): none"),
    LL_ORDER_ID_ROW("name of this cancel (default: the gateway makes one)"), LL_ASK_COMMON_ROWS};

static const struct ll_option ll_replace_options[] = {
    LL_ASK_ROW("quantity", LL_OPTION_U64, quantity, 0, "LOTS", NULL, "lots in all, filled ones included"),
    LL_ASK_TEXT("price", price, "PRICE", "limit price, old or new"),
    LL_ORDER_ID_ROW("name of this change (default: the gateway makes one)"), LL_ASK_COMMON_ROWS};

static const struct ll_option ll_close_options[] = {
    LL_ASK_TEXT("price", price, "PRICE", "limit price of the exit (default: at market)"),
    LL_ORDER_ID_ROW("name of this close (default: the gateway makes one)"), LL_ASK_COMMON_ROWS};

static const struct ll_option ll_guard_options[] = {
    LL_ASK_TEXT("price", price, "PRICE", "where it triggers"),
    LL_ORDER_ID_ROW("its name (default: the gateway makes one)"), LL_ASK_COMMON_ROWS};

static const struct ll_option ll_guard_cancel_options[] = {
    LL_ORDER_ID_ROW("name of this cancel (default: the gateway makes one)"), LL_ASK_COMMON_ROWS};

static const struct ll_option ll_show_options[] = {LL_ASK_COMMON_ROWS};

/* Position of a choice in its list, 0 for none given. The lists stand in the order of the enums. */
static int ll_order_choice(const char *text, const char *const *names, int count)
{
    for (int i = 0; i < count && text != NULL; i++)
        if (strcmp(text, names[i]) == 0)
            return i;
    return 0;
}

static int ll_order_prices(const struct ll_ask *ask, struct lifeline_order *order, struct ll_why *why)
{
    int err = ll_ask_price("price", ask->price, &order->price_ticks, why);
    if (err == LL_OK)
        err = ll_ask_price("stop-price", ask->stop_price, &order->stop_price_ticks, why);
    if (err == LL_OK)
        err = ll_ask_price("take-price", ask->take_price, &order->take_price_ticks, why);
    if (err == LL_OK)
        err = ll_ask_price("expected-price", ask->expected_price, &order->expected_price_ticks, why);
    return err;
}

static int64_t ll_order_place(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    static const char *const sides[] = {"buy", "sell", "sell-short"};
    static const char *const types[] = {"limit", "market", "stop", "stop-limit"};
    static const char *const tifs[] = {"day", "ioc", "fok", "gtc", "gtd"};
    struct lifeline_order order = {
        .account = ask->account,
        .user = ask->user,
        .strategy = ask->strategy,
        .symbol = ask->symbol,
        .client_order_id = ask->client_order_id,
        .order_id = ask->id,
        .reference = ask->reference,
        .notes = ask->notes,
        .quantity_lots = ask->quantity,
        .expire_ns = ask->expire_ns,
        .max_slippage_bps = (uint32_t)ask->max_slippage_bps,
        .side = (enum lifeline_side)ll_order_choice(ask->side, sides, 3),
        .type = (enum lifeline_type)ll_order_choice(ask->type, types, 4),
        .time_in_force = (enum lifeline_tif)ll_order_choice(ask->time_in_force, tifs, 5),
        .max_attempts = (uint8_t)ask->max_attempts,
        .session = (uint8_t)ask->session,
        .is_exit = ask->is_exit,
        .is_post_only = ask->is_post_only,
        .is_demo = ask->is_demo,
    };
    if (ask->side == NULL)
        return LL_FAIL(why, LL_ERR_USAGE, "--side is missing: buy, sell or sell-short");
    int err = ll_order_prices(ask, &order, why);
    return err != LL_OK ? err : lifeline_place(gateway, &order);
}

static int64_t ll_order_cancel(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    (void)why;
    return lifeline_cancel(gateway, ask->operands.value[0], ask->id, ask->quantity);
}

static int64_t ll_order_replace(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    uint64_t price_ticks;
    int err = ll_ask_price("price", ask->price, &price_ticks, why);
    return err != LL_OK
               ? err
               : lifeline_replace(gateway, ask->operands.value[0], ask->id, ask->quantity, price_ticks);
}

static int64_t ll_order_close(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    uint64_t price_ticks;
    int err = ll_ask_price("price", ask->price, &price_ticks, why);
    return err != LL_OK ? err
                        : lifeline_close_position(gateway, ask->operands.value[0], ask->id, price_ticks);
}

static int64_t ll_order_stoploss(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    uint64_t price_ticks;
    int err = ll_ask_price("price", ask->price, &price_ticks, why);
    return err != LL_OK ? err : lifeline_stoploss_add(gateway, ask->operands.value[0], ask->id, price_ticks);
}

static int64_t ll_order_stoploss_cancel(struct lifeline *gateway, const struct ll_ask *ask,
                                        struct ll_why *why)
{
    (void)why;
    return lifeline_stoploss_cancel(gateway, ask->operands.value[0], ask->id);
}

static int64_t ll_order_takeprofit(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    uint64_t price_ticks;
    int err = ll_ask_price("price", ask->price, &price_ticks, why);
    return err != LL_OK ? err
                        : lifeline_takeprofit_add(gateway, ask->operands.value[0], ask->id, price_ticks);
}

static int64_t ll_order_takeprofit_cancel(struct lifeline *gateway, const struct ll_ask *ask,
                                          struct ll_why *why)
{
    (void)why;
    return lifeline_takeprofit_cancel(gateway, ask->operands.value[0], ask->id);
}

static int64_t ll_order_show(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    (void)why;
    return lifeline_status(gateway, ask->operands.value[0]);
}

#define LL_ORDER_TARGET \
    "TARGET is any identifier the order ever had: its own, one of a stop-loss, the provider's.\n"

static const struct ll_ask_verb ll_order_verbs[] = {
    {"place", "", 0, ll_place_options, "send a new order",
     "Asks the gateway for a new order. It is checked against every limit before it leaves.\n"
     "\n"
     "  lifeline order place --account A1 --symbol AAPL --side buy --quantity 100 --price 150.34 \\\n"
     "      --client-order-id mean-17\n"
     "  lifeline order place --account A1 --symbol AAPL --side sell --quantity 100 --type market --exit \\\n"
     "      --reference position-4 --client-order-id mean-18\n"
     "\n"
     "The same --client-order-id again answers `existing`: asking twice never makes two orders.\n",
     ll_order_place},
    {"cancel", " TARGET", 1, ll_cancel_options, "cancel an order, or part of what is open",
     "Cancels what is open of an order.\n" LL_ORDER_TARGET "\n"
     "  lifeline order cancel OR-1\n"
     "  lifeline order cancel SL-7 --keep 50          all but 50 lots, by the name of its stop-loss\n",
     ll_order_cancel},
    {"replace", " TARGET", 1, ll_replace_options, "change quantity and price",
     "Changes an order.\n" LL_ORDER_TARGET "\n"
     "  lifeline order replace OR-1 --quantity 200 --price 150.5\n",
     ll_order_replace},
    {"close", " TARGET", 1, ll_close_options, "send the exit of what an order has filled",
     "Sends an exit order the other way, of what the order has filled.\n" LL_ORDER_TARGET "\n"
     "  lifeline order close OR-1                     at market\n"
     "  lifeline order close OR-1 --price 151.2 --id CL-1\n",
     ll_order_close},
    {"stoploss-add", " TARGET", 1, ll_guard_options, "add a stop-loss, or replace the active one",
     "Adds a stop-loss. The one that was active is replaced, and its name still finds the "
     "order.\n" LL_ORDER_TARGET "\n"
     "  lifeline order stoploss-add OR-1 --price 149 --id SL-1\n",
     ll_order_stoploss},
    {"stoploss-cancel", " TARGET", 1, ll_guard_cancel_options, "cancel the active stop-loss",
     "Cancels the active stop-loss of an order.\n" LL_ORDER_TARGET "\n"
     "  lifeline order stoploss-cancel OR-1\n",
     ll_order_stoploss_cancel},
    {"takeprofit-add", " TARGET", 1, ll_guard_options, "add a take-profit, or replace the active one",
     "Adds a take-profit. The one that was active is replaced, and its name still finds the "
     "order.\n" LL_ORDER_TARGET "\n"
     "  lifeline order takeprofit-add OR-1 --price 160.25\n",
     ll_order_takeprofit},
    {"takeprofit-cancel", " TARGET", 1, ll_guard_cancel_options, "cancel the active take-profit",
     "Cancels the active take-profit of an order.\n" LL_ORDER_TARGET "\n"
     "  lifeline order takeprofit-cancel OR-1 --id TPC-1\n",
     ll_order_takeprofit_cancel},
    {"show", " TARGET", 1, ll_show_options, "show an order as it is now",
     "Shows the order that an identifier belongs to.\n" LL_ORDER_TARGET "\n"
     "  lifeline order show mean-17 --json\n",
     ll_order_show},
};

int ll_cmd_order(int argc, char **argv)
{
    return ll_ask_group("Orders, asked of the gateway that runs on this machine.\n", ll_order_verbs,
                        sizeof ll_order_verbs / sizeof ll_order_verbs[0], argc, argv);
}
