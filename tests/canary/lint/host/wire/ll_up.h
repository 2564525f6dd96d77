/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shape    nothing.
 * Units    none.
 * Errors   none.
 * Threads  any.
 */
#ifndef LL_HOST_WIRE_UP_H
#define LL_HOST_WIRE_UP_H

#include "host/base/ll_good.h"

#endif
