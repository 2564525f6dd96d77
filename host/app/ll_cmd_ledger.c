/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_ledger.h"

#include "host/app/ll_journal_look.h"
#include "host/base/ll_json.h"

#include <inttypes.h>
#include <stdio.h>

static const char ll_ledger_help[] =
    "usage: lifeline ledger [options] DIR\n"
    "\n"
    "Prints the balances of the journal in DIR. Money is in price ticks times lots, with four decimals;\n"
    "instruments are in lots.\n"
    "\n"
    "Exit: 0 done; 1 no journal in DIR, 2 usage, 3 the machine lacks something, 4 it could not be read, 5 "
    "the\n"
    "journal is corrupt.\n"
    "\n"
    "options:\n";

/* The account's name; a provider's session has a number only. */
static void ll_ledger_owner(const struct ll_oms *oms, const struct ll_ledger_account *account, char *text,
                            size_t text_bytes)
{
    if (account->owner < ll_names_count(ll_oms_accounts(oms)))
        (void)snprintf(text, text_bytes, "%s", ll_names_at(ll_oms_accounts(oms), account->owner)->text);
    else
        (void)snprintf(text, text_bytes, "(session %u)", account->owner - ll_oms_first_session_owner(oms));
}

static void ll_ledger_asset(const struct ll_oms *oms, const struct ll_ledger_account *account, char *text,
                            size_t text_bytes)
{
    if (account->asset == LL_LEDGER_CURRENCY) {
        (void)snprintf(text, text_bytes, "money");
    } else if (account->asset <= ll_instruments_count(ll_oms_instruments(oms))) {
        const char *symbol = ll_instruments_at(ll_oms_instruments(oms), account->asset - 1)->symbol;
        (void)snprintf(text, text_bytes, "%.*s", (int)ll_symbol_bytes(symbol), symbol);
    } else {
        (void)snprintf(text, text_bytes, "(unknown)");
    }
}

int ll_cmd_ledger(int argc, char **argv)
{
    struct ll_journal_look look;
    struct ll_why why = {0};
    int exit_code = ll_journal_look_open(&look, argc, argv, ll_ledger_help, 1, 1);
    if (exit_code >= 0)
        return exit_code;
    const struct ll_oms *oms = ll_trading_oms(ll_gateway_trading(look.gateway));
    const struct ll_ledger *ledger = ll_oms_ledger(oms);
    struct ll_json json;
    ll_json_init(&json, stdout, false);
    for (uint32_t i = 0; i < ll_ledger_account_count(ledger); i++) {
        const struct ll_ledger_account *account = ll_ledger_account_at(ledger, i);
        char owner[80];
        char asset[16];
        ll_ledger_owner(oms, account, owner, sizeof owner);
        ll_ledger_asset(oms, account, asset, sizeof asset);
        if (!look.json) {
            (void)printf("%-20s %-10s %-10s %22" PRId64 "  version %" PRIu64 "\n", owner, asset,
                         ll_ledger_kind_name(account->kind), account->balance, account->version);
            continue;
        }
        ll_json_begin_object(&json, NULL);
        ll_json_string(&json, "owner", owner);
        ll_json_string(&json, "asset", asset);
        ll_json_string(&json, "kind", ll_ledger_kind_name(account->kind));
        ll_json_i64(&json, "balance", account->balance);
        ll_json_u64(&json, "version", account->version);
        ll_json_end_object(&json);
        ll_json_newline(&json);
    }
    return ll_journal_look_close(&look, "ledger", LL_OK, &why);
}
