/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a request of the gateway one that can be done? Nothing of it is used before.
 *
 * Shape    check(bytes as they came).
 * Units    bytes.
 * Errors   LL_ERR_USAGE: not a request, of another version, or a value out of its range.
 * Threads  pure.
 */
#ifndef LL_HOST_DEVICE_OPENCL_REQUEST_H
#define LL_HOST_DEVICE_OPENCL_REQUEST_H

#include "host/device/ll_device_link.h"

#include <stddef.h>

#define LL_OPENCL_BATCH_MAX 1024u

LL_MUST_CHECK int ll_opencl_request_check(const struct ll_device_request *request, size_t bytes,
                                          struct ll_why *why);

#endif
