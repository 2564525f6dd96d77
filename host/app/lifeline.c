/* SPDX-License-Identifier: Apache-2.0 */
/* The tool `lifeline`: one verb, one function. */
#include "host/app/ll_cmd_account.h"
#include "host/app/ll_cmd_check.h"
#include "host/app/ll_cmd_history.h"
#include "host/app/ll_cmd_ledger.h"
#include "host/app/ll_cmd_orders.h"
#include "host/app/ll_cmd_decode.h"
#include "host/app/ll_cmd_device.h"
#include "host/app/ll_cmd_dump.h"
#include "host/app/ll_cmd_flows.h"
#include "host/app/ll_cmd_id.h"
#include "host/app/ll_cmd_kill.h"
#include "host/app/ll_cmd_order.h"
#include "host/app/ll_cmd_replay.h"
#include "host/app/ll_cmd_snapshot.h"
#include "host/app/ll_cmd_verify.h"
#include "host/app/ll_exit.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} ll_verbs[] = {
    {"replay", ll_cmd_replay,
     "send capture or BinaryFILE files through the whole gateway and show the result"},
    {"decode", ll_cmd_decode, "print the messages of a file as JSON lines, field by field"},
    {"dump", ll_cmd_dump, "print a journal as JSON lines, one per event"},
    {"snapshot", ll_cmd_snapshot, "keep the state that a journal gives, so that the next start is short"},
    {"verify", ll_cmd_verify, "check a journal from its first record to its last, and its snapshots"},
    {"check", ll_cmd_check,
     "check all that must be true of a journal's orders, identifiers, ledger and books"},
    {"device", ll_cmd_device, "show the devices the kernel can run on, and try one out"},
    {"flows", ll_cmd_flows, "show what the steering program on an interface took and what it passed"},
    {"orders", ll_cmd_orders, "print the orders of a journal"},
    {"history", ll_cmd_history, "print an order by any of its identifiers, and all that it ever had"},
    {"ledger", ll_cmd_ledger, "print the balances of a journal"},
    {"order", ll_cmd_order, "place, cancel, replace, close and guard orders of a running gateway"},
    {"id", ll_cmd_id, "add lifecycle identifiers, set their status, resolve any of them"},
    {"account", ll_cmd_account, "book deposits and withdrawals"},
    {"kill", ll_cmd_kill, "stop new orders of the firm, an account, a strategy or an instrument"},
    {"unkill", ll_cmd_unkill, "let them through again"},
    {"enable-strategy", ll_cmd_enable_strategy, "let a strategy go on that the gateway had disabled"},
};
#define LL_VERB_COUNT (sizeof ll_verbs / sizeof ll_verbs[0])

static void ll_print_usage(FILE *file)
{
    (void)fputs("usage: lifeline VERB [options] ...\n\nverbs:\n", file);
    for (size_t i = 0; i < LL_VERB_COUNT; i++)
        (void)fprintf(file, "  %-15s %s\n", ll_verbs[i].name, ll_verbs[i].help);
    (void)fputs("\n`lifeline VERB --help` tells what a verb does, its options and its exit codes.\n"
                "The daemon is `lifelined`.\n",
                file);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        ll_print_usage(stderr);
        return LL_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        ll_print_usage(stdout);
        return LL_EXIT_OK;
    }
    for (size_t i = 0; i < LL_VERB_COUNT; i++)
        if (strcmp(argv[1], ll_verbs[i].name) == 0)
            return ll_verbs[i].run(argc - 1, argv + 1);
    (void)fprintf(stderr, "lifeline: no verb '%s'\n", argv[1]);
    ll_print_usage(stderr);
    return LL_EXIT_USAGE;
}
