/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which platforms and devices there are, for people and as JSON.
 *
 * Shape    each runtime that is registered is loaded in a process of its own: one that aborts is a line of the
 *          list, with what to do, and not the end of it.
 * Units    bytes; megabytes for people.
 * Errors   exit status; a runtime that fails is part of the list.
 * Threads  one.
 */
#ifndef LL_HOST_APP_OPENCL_LIST_H
#define LL_HOST_APP_OPENCL_LIST_H

#include <stdbool.h>

/* library: of OpenCL; NULL = the usual one. Returns the exit status. */
int ll_opencl_list(const char *program_dir, const char *library, bool as_json);

#endif
