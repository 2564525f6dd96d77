/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb `lifeline snapshot`: makes a snapshot of a journal, also while a gateway writes it.
 *
 * Shape    argv[0] is the verb, as main hands it on. What was made goes to standard output, reasons to standard
 *          error. `lifeline snapshot --help` documents both.
 * Units    event ids, bytes.
 * Errors   the exit code: LL_EXIT_OK also when nothing is new; LL_EXIT_REFUSED no journal there; LL_EXIT_USAGE;
 *          LL_EXIT_ENVIRONMENT another one is being made, or no memory; LL_EXIT_IO; LL_EXIT_CORRUPT.
 * Threads  one.
 */
#ifndef LL_HOST_APP_CMD_SNAPSHOT_H
#define LL_HOST_APP_CMD_SNAPSHOT_H

int ll_cmd_snapshot(int argc, char **argv);

#endif
