/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the programs and files lie that were built or installed with this program: beside it.
 *
 * Shape    name in, path out. ll_beside is for programs, and looks; ll_beside_path only says where.
 * Units    bytes.
 * Errors   LL_ERR_ENVIRONMENT: /proc does not tell, or the program is not there; the text says where it has to be.
 * Threads  start-up only.
 */
#ifndef LL_HOST_BASE_BESIDE_H
#define LL_HOST_BASE_BESIDE_H

#include "host/base/ll_err.h"

#define LL_BESIDE_PATH_BYTES 4096u

/* `name` may go up and down again: ../lib/lifeline/... */
LL_MUST_CHECK int ll_beside_path(char path[LL_BESIDE_PATH_BYTES], const char *name, struct ll_why *why);
LL_MUST_CHECK int ll_beside(char path[LL_BESIDE_PATH_BYTES], const char *name, struct ll_why *why);

#endif
