/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb `lifeline check`.
 *
 * Shape    argc and argv as main gets them, with the verb in front.
 * Units    none.
 * Errors   the exit code, as `lifeline check --help` tells.
 * Threads  one.
 */
#ifndef LL_HOST_APP_CMD_CHECK_H
#define LL_HOST_APP_CMD_CHECK_H

int ll_cmd_check(int argc, char **argv);

#endif
