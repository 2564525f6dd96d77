/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb `lifeline orders`.
 *
 * Shape    argc and argv as main gets them, with the verb in front.
 * Units    none.
 * Errors   the exit code, as `lifeline orders --help` tells.
 * Threads  one.
 */
#ifndef LL_HOST_APP_CMD_ORDERS_H
#define LL_HOST_APP_CMD_ORDERS_H

int ll_cmd_orders(int argc, char **argv);

#endif
