/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two memories of hls/ll_link.h, made so that another process can map them.
 *
 * Shape    init -> put_ping, the kernel gets the buffers and is started at request 0 -> take_ping until it has
 *          answered -> the descriptors go to the gateway, whose first request is 1 -> deinit. Without a device:
 *          plain shared memory, for a process that moves the beats itself. With PoCL the same memory is the
 *          buffers; with XRT the runtime makes memory of the host that the card sees, and hands out descriptors.
 * Units    64-bit words, bytes.
 * Errors   LL_ERR_ENVIRONMENT: the system or the card has no such memory; the text names the remedy.
 * Threads  one owner; the words belong to who hls/ll_link.h says.
 */
#ifndef LL_HOST_DEVICE_OPENCL_LINK_H
#define LL_HOST_DEVICE_OPENCL_LINK_H

#include "host/device/ll_opencl_device.h"

enum ll_opencl_way { LL_OPENCL_TO_DEVICE = 0, LL_OPENCL_FROM_DEVICE = 1, LL_OPENCL_WAYS = 2 };

struct ll_opencl_shared {
    volatile u64 *words;
    int fd;
    cl_mem buffer; /* NULL = the kernel does not see it */
};

struct ll_opencl_link {
    struct ll_opencl_shared ways[LL_OPENCL_WAYS];
    size_t bytes; /* of each */
    uint32_t slots;
    bool is_mapped_by_runtime;
};

/* device: whose kernel shall see the memories; NULL = nobody's. */
LL_MUST_CHECK int ll_opencl_link_init(struct ll_opencl_link *link, uint32_t slots,
                                      struct ll_opencl_device *device, struct ll_why *why);
/* The kernel's first request, before there is a gateway: is it there, and of this version? A program may be compiled
 * in full only when it is launched first, so that the answer may take seconds. */
void ll_opencl_link_put_ping(struct ll_opencl_link *link);
/* 1 answered, and both places are as if nothing had been; 0 not yet; LL_ERR_INPUT, it is of another version. */
LL_MUST_CHECK int ll_opencl_link_take_ping(struct ll_opencl_link *link, struct ll_why *why);
/* Before the device is closed. */
void ll_opencl_link_deinit(struct ll_opencl_link *link, struct ll_opencl_device *device);

#endif
