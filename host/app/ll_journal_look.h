/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs that look at what a trading gateway's journal says: check, orders, history, ledger.
 *
 * Shape    One option table for all of them; open brings the state back with a progress bar; the verb prints; close.
 * Units    none.
 * Errors   as ll_gateway_look.
 * Threads  none.
 */
#ifndef LL_HOST_APP_JOURNAL_LOOK_H
#define LL_HOST_APP_JOURNAL_LOOK_H

#include "host/app/ll_common_options.h"
#include "host/app/ll_gateway.h"
#include "host/app/ll_trading_options.h"
#include "host/base/ll_options.h"

#include <stdbool.h>

struct ll_journal_look {
    bool json;
    bool all;
    struct ll_common_options common;
    struct ll_trading_options trading;
    struct ll_operands operands; /* the first is DIR */
    struct ll_gateway *gateway;
};

/* What the four verbs share: parses, prints `help` when asked, opens. Returns an exit code, or -1: go on. */
int ll_journal_look_open(struct ll_journal_look *look, int argc, char **argv, const char *help,
                         uint32_t operands_least, uint32_t operands_most);
/* Ends the output; the exit code, `status` being what the verb found. */
int ll_journal_look_close(struct ll_journal_look *look, const char *verb, int status,
                          const struct ll_why *why);

const char *ll_order_side_name(uint8_t side);

#endif
