/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs `lifeline kill`, `lifeline unkill` and `lifeline enable-strategy`: the latches that a person moves.
 *
 * Shape    argv[0] is the verb, as main hands it on. Answers go to standard output, reasons to standard error.
 *          `lifeline VERB --help` documents each.
 * Units    none.
 * Errors   the exit code, see host/app/ll_ask.h.
 * Threads  one.
 */
#ifndef LL_HOST_APP_CMD_KILL_H
#define LL_HOST_APP_CMD_KILL_H

int ll_cmd_kill(int argc, char **argv);
int ll_cmd_unkill(int argc, char **argv);
int ll_cmd_enable_strategy(int argc, char **argv);

#endif
