/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs `lifeline id ...`: add, status and resolve lifecycle identifiers in a running gateway.
 *
 * Shape    argv[0] is "id", as main hands it on. Answers go to standard output, reasons to standard error.
 *          `lifeline id VERB --help` documents each.
 * Units    none.
 * Errors   the exit code, see host/app/ll_ask.h.
 * Threads  one.
 */
#ifndef LL_HOST_APP_CMD_ID_H
#define LL_HOST_APP_CMD_ID_H

int ll_cmd_id(int argc, char **argv);

#endif
