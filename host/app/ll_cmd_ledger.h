/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb `lifeline ledger`.
 *
 * Shape    argc and argv as main gets them, with the verb in front.
 * Units    none.
 * Errors   the exit code, as `lifeline ledger --help` tells.
 * Threads  one.
 */
#ifndef LL_HOST_APP_CMD_LEDGER_H
#define LL_HOST_APP_CMD_LEDGER_H

int ll_cmd_ledger(int argc, char **argv);

#endif
