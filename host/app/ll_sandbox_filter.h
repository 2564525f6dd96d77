/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that a gateway never makes once it is set up, and that are worth most to somebody who has got into it:
 * looking into other processes, mounting, loading modules, keys, clocks, whole machines.
 *
 * Shape    a list of what is denied, and not of what is allowed: drivers, OpenCL runtimes and compilers that the device
 *          process starts are free to change what they call. A denied call ends the whole process by SIGSYS: loud, and
 *          nothing can go on from there. Programs started afterwards have the filter too.
 * Units    none.
 * Errors   LL_ERR_ENVIRONMENT when the kernel takes no filter.
 * Threads  installed in all threads at once.
 * Source   seccomp(2), syscalls(2).
 */
#ifndef LL_HOST_APP_SANDBOX_FILTER_H
#define LL_HOST_APP_SANDBOX_FILTER_H

#include "host/base/ll_err.h"

#include <stdbool.h>

/* The calling thread has no_new_privs. allows_debug: what debuggers, profilers and sanitizers call is let through. */
LL_MUST_CHECK int ll_sandbox_filter_install(bool allows_debug, bool allows_bpf, struct ll_why *why);

#endif
