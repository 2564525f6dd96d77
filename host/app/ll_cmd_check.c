/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_check.h"

#include "host/app/ll_journal_look.h"
#include "host/base/ll_json.h"
#include "host/core/ll_book_memory.h"

#include <inttypes.h>
#include <stdio.h>

static const char ll_check_help[] =
    "usage: lifeline check [options] DIR\n"
    "\n"
    "Brings back what the journal in DIR says and checks all that must always be true: the books; that each\n"
    "order and type has at most one active identifier, each identifier an order, each successor the same\n"
    "order and type and no chain a cycle, index and log agree; states and quantities of orders; that "
    "entries\n"
    "sum to zero, no account is below its limit, what is locked is what live orders hold; positions and\n"
    "exposure. A gateway may be running meanwhile.\n"
    "\n"
    "Give the gateway's capacities if they are not the usual ones.\n"
    "\n"
    "Exit: 0 all is true; 1 no journal in DIR, 2 usage, 3 the machine lacks something, 4 it could not be\n"
    "read, 5 the journal is corrupt or something is not true: the first is named.\n"
    "\n"
    "options:\n";

static void ll_check_print(const struct ll_journal_look *look)
{
    struct ll_trading *trading = ll_gateway_trading(look->gateway);
    const struct ll_oms *oms = ll_trading_oms(trading);
    struct ll_json json;
    uint32_t seen = 0;
    uint32_t differ = 0;
    ll_oms_feeds(oms, &seen, &differ);
    if (!look->json) {
        (void)printf("good: %" PRIu64
                     " events; %u orders, %u of them live, %u identifiers, %u accounts; books, "
                     "identifiers, ledger and risk hold; state hash 0x%016" PRIx64 "\n",
                     ll_engine_next_event_id(ll_gateway_engine(look->gateway)) - 1, ll_oms_order_count(oms),
                     ll_oms_live_count(oms), ll_oms_id_count(oms),
                     ll_ledger_account_count(ll_oms_ledger(oms)), ll_trading_hash(trading));
        (void)printf(
            "public feed: showed %u own orders; of %u it tells other fills than the session; of the fills "
            "of both, it told %" PRIu64 " first and the session %" PRIu64 "\n",
            seen, differ, ll_oms_counters(oms)->public_first, ll_oms_counters(oms)->private_first);
        return;
    }
    ll_json_init(&json, stdout, false);
    ll_json_begin_object(&json, NULL);
    ll_json_string(&json, "status", "good");
    ll_json_u64(&json, "events", ll_engine_next_event_id(ll_gateway_engine(look->gateway)) - 1);
    ll_json_u64(&json, "orders", ll_oms_order_count(oms));
    ll_json_u64(&json, "live", ll_oms_live_count(oms));
    ll_json_u64(&json, "ids", ll_oms_id_count(oms));
    ll_json_u64(&json, "accounts", ll_ledger_account_count(ll_oms_ledger(oms)));
    ll_json_u64(&json, "public_seen", seen);
    ll_json_u64(&json, "public_differ", differ);
    ll_json_u64(&json, "public_first", ll_oms_counters(oms)->public_first);
    ll_json_u64(&json, "private_first", ll_oms_counters(oms)->private_first);
    ll_json_hash(&json, "state_hash", ll_trading_hash(trading));
    ll_json_hash(&json, "books_hash",
                 ll_engine_state_hash(ll_gateway_engine(look->gateway),
                                      ll_book_memory_hash(ll_gateway_book(look->gateway))));
    ll_json_end_object(&json);
    ll_json_newline(&json);
}

int ll_cmd_check(int argc, char **argv)
{
    struct ll_journal_look look;
    struct ll_why why = {0};
    int exit_code = ll_journal_look_open(&look, argc, argv, ll_check_help, 1, 1);
    if (exit_code >= 0)
        return exit_code;
    int status = ll_book_memory_check(ll_gateway_book(look.gateway), &why);
    if (status == LL_OK)
        status = ll_trading_check(ll_gateway_trading(look.gateway), &why);
    if (status == LL_OK)
        ll_check_print(&look);
    return ll_journal_look_close(&look, "check", status, &why);
}
