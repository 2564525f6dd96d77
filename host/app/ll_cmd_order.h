/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs `lifeline order ...`: place, cancel, replace, close, stop-loss, take-profit and show, asked of a gateway.
 *
 * Shape    argv[0] is "order", as main hands it on. Answers go to standard output, reasons to standard error.
 *          `lifeline order VERB --help` documents each.
 * Units    prices as decimals of four places, quantities in lots.
 * Errors   the exit code, see host/app/ll_ask.h.
 * Threads  one.
 */
#ifndef LL_HOST_APP_CMD_ORDER_H
#define LL_HOST_APP_CMD_ORDER_H

int ll_cmd_order(int argc, char **argv);

#endif
