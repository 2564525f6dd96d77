/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb `lifeline device`: which devices there are, what one of them is like, and whether it works.
 *
 * Shape    argv[0] is the verb, as main hands it on. Findings go to standard output, reasons to standard error.
 *          `lifeline device --help` documents it.
 * Units    none.
 * Errors   the exit code (host/app/ll_exit.h); a device that gives wrong answers is LL_EXIT_CORRUPT.
 * Threads  one; the device has its own.
 */
#ifndef LL_HOST_APP_CMD_DEVICE_H
#define LL_HOST_APP_CMD_DEVICE_H

int ll_cmd_device(int argc, char **argv);

#endif
