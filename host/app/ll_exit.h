/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exit codes of the programs: one small set, the same for every verb, so that scripts can tell reasons apart.
 *
 * Shape    numbers, and the mapping from the error codes of the libraries.
 * Units    none.
 * Errors   none.
 * Threads  pure function.
 */
#ifndef LL_HOST_APP_EXIT_H
#define LL_HOST_APP_EXIT_H

#define LL_EXIT_OK          0
#define LL_EXIT_REFUSED     1 /* an input is bad: a file, a message, a packet */
#define LL_EXIT_USAGE       2 /* the command line or a config value is wrong */
#define LL_EXIT_ENVIRONMENT 3 /* the machine lacks something: memory, permission, a device, a free lock */
#define LL_EXIT_IO          4 /* the operating system refused to read or write */
#define LL_EXIT_CORRUPT     5 /* a journal fails its own checks */
#define LL_EXIT_DEVICE      6 /* all is done and right, but the device was lost on the way: the report says how */

/* The exit code for an enum ll_err. A code that is none of ours ends as LL_EXIT_ENVIRONMENT, never as OK. */
int ll_exit_code(int err);

#endif
