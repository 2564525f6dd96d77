/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_account.h"

#include "host/app/ll_ask.h"
#include "host/base/ll_decimal.h"

static const struct ll_option ll_account_options[] = {
    LL_ASK_TEXT("symbol", symbol, "SYMBOL", "an instrument, in whole lots (default: the currency)"),
    LL_ASK_TEXT("id", client_order_id, "ID", "your key of this booking"), LL_ASK_COMMON_ROWS};

static int64_t ll_account_move(struct lifeline *gateway, const struct ll_ask *ask, bool is_deposit,
                               struct ll_why *why)
{
    uint64_t amount;
    const char *account = ask->operands.value[0];
    unsigned decimals = ask->symbol == NULL ? LL_ASK_PRICE_DECIMALS : 0;
    int err = ll_decimal_parse(ask->operands.value[1], decimals, &amount, why);
    if (err != LL_OK)
        return err;
    return is_deposit ? lifeline_deposit(gateway, account, ask->symbol, amount, ask->client_order_id)
                      : lifeline_withdraw(gateway, account, ask->symbol, amount, ask->client_order_id);
}

static int64_t ll_account_deposit(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    return ll_account_move(gateway, ask, true, why);
}

static int64_t ll_account_withdraw(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    return ll_account_move(gateway, ask, false, why);
}

static const struct ll_ask_verb ll_account_verbs[] = {
    {"deposit", " ACCOUNT AMOUNT", 2, ll_account_options, "book money or lots in",
     "Books an amount into what an account has available.\n"
     "\n"
     "  lifeline account deposit A1 25000.50\n"
     "  lifeline account deposit A1 300 --symbol AAPL\n",
     ll_account_deposit},
    {"withdraw", " ACCOUNT AMOUNT", 2, ll_account_options, "book money or lots out",
     "Books an amount out of what an account has available; what live orders lock stays.\n"
     "\n"
     "  lifeline account withdraw A1 1000 --id payout-7\n",
     ll_account_withdraw},
};

int ll_cmd_account(int argc, char **argv)
{
    return ll_ask_group("Balances, asked of the gateway that runs on this machine.\n", ll_account_verbs,
                        sizeof ll_account_verbs / sizeof ll_account_verbs[0], argc, argv);
}
