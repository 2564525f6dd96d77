/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device `cpu`: the kernel in this process, on the thread that polls.
 *
 * Shape    submit remembers, poll works. All memory is taken at open, in huge pages where there are some.
 * Units    as in ll_device.h.
 * Errors   LL_ERR_NO_MEMORY at open; nothing later.
 * Threads  one owner.
 */
#ifndef LL_HOST_DEVICE_CPU_H
#define LL_HOST_DEVICE_CPU_H

#include "host/device/ll_device.h"

extern const struct ll_device_ops ll_device_cpu_ops;

#endif
