/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shape    nothing.
 * Units    none.
 * Errors   none.
 * Threads  any.
 */
#ifndef LL_HOST_JOURNAL_SIDE_H
#define LL_HOST_JOURNAL_SIDE_H

#include "host/base/ll_good.h"

#endif
