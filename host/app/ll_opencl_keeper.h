/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that waits for the end of this one, however it ends, and takes its files away.
 *
 * Shape    start once; it ends by itself. It is nobody's child, and holds nothing of this process but the read
 *          end of a pipe, whose write end this process and its children have until all of them have ended.
 * Units    none.
 * Errors   start: LL_ERR_ENVIRONMENT, the system gives no process or no pipe.
 * Threads  start-up only, before there is a second thread.
 */
#ifndef LL_HOST_APP_OPENCL_KEEPER_H
#define LL_HOST_APP_OPENCL_KEEPER_H

#include "host/base/ll_err.h"

LL_MUST_CHECK int ll_opencl_keeper_start(struct ll_why *why);

#endif
