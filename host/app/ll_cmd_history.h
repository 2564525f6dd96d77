/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb `lifeline history`.
 *
 * Shape    argc and argv as main gets them, with the verb in front.
 * Units    none.
 * Errors   the exit code, as `lifeline history --help` tells.
 * Threads  one.
 */
#ifndef LL_HOST_APP_CMD_HISTORY_H
#define LL_HOST_APP_CMD_HISTORY_H

int ll_cmd_history(int argc, char **argv);

#endif
