/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel that stays: launched once, it takes requests out of the shared memory and puts answers there, and
 * no OpenCL call is made per message.
 *
 * Shape    start -> wait until ended_fd can be read, or something else happens -> tend: a kernel that has ended
 *          because nothing came is launched again where it stopped -> stop -> wait for ended_fd -> tend says
 *          that it has ended -> deinit.
 *          While the kernel runs nothing is flushed or finished: XRT would wait for its end.
 * Units    none.
 * Errors   LL_ERR_STOPPED and what OpenCL says: the kernel ended as it must not.
 * Threads  one owner. The runtime writes to ended_fd from a thread of its own.
 */
#ifndef LL_HOST_DEVICE_OPENCL_RESIDENT_H
#define LL_HOST_DEVICE_OPENCL_RESIDENT_H

#include "host/device/ll_opencl_link.h"

struct ll_opencl_resident {
    struct ll_opencl_device *device;
    struct ll_opencl_link *link;
    cl_event event; /* of the launch that runs; NULL = none */
    int ended_fd;   /* readable: look */
    uint64_t launches;
};

/* The device is prepared with one lane, and the link made for it. Launches at request 0, the ping. */
LL_MUST_CHECK int ll_opencl_resident_start(struct ll_opencl_resident *resident,
                                           struct ll_opencl_device *device, struct ll_opencl_link *link,
                                           struct ll_why *why);
/* LL_OK while it runs. LL_ERR_STOPPED: it has ended, as it was told to or not. */
LL_MUST_CHECK int ll_opencl_resident_tend(struct ll_opencl_resident *resident, struct ll_why *why);
/* Tells the kernel to end. */
void ll_opencl_resident_stop(struct ll_opencl_resident *resident);
bool ll_opencl_resident_is_running(const struct ll_opencl_resident *resident);
/* The kernel must have ended. */
void ll_opencl_resident_deinit(struct ll_opencl_resident *resident);

#endif
