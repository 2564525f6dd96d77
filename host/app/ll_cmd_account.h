/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs `lifeline account ...`: deposit and withdraw.
 *
 * Shape    argv[0] is "account", as main hands it on. Answers go to standard output, reasons to standard error.
 *          `lifeline account VERB --help` documents each.
 * Units    currency as decimals of four places, instruments in lots.
 * Errors   the exit code, see host/app/ll_ask.h.
 * Threads  one.
 */
#ifndef LL_HOST_APP_CMD_ACCOUNT_H
#define LL_HOST_APP_CMD_ACCOUNT_H

int ll_cmd_account(int argc, char **argv);

#endif
