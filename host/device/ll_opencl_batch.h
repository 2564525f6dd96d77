/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A launch for each batch: this process takes requests out of the shared memory, gives them to the kernel, and
 * puts its answers back, so that the gateway sees no difference from a kernel that stays.
 *
 * Shape    init -> step, step... -> collect until is_idle -> deinit. A batch ends with batch_max requests, with
 *          the age of its first, or before and after a CONTROL request, which goes alone with the window it
 *          needs. Each launch in flight has a lane: a link of its own on the device, a copy of it here, and a
 *          kernel object. Requests of the next batch go to the device while the kernel is at this one; kernels
 *          run one after the other, and answers are published in order.
 * Units    ns; requests.
 * Errors   what OpenCL says; LL_ERR_STOPPED, the kernel has ended without an answer to each request.
 * Threads  one owner.
 */
#ifndef LL_HOST_DEVICE_OPENCL_BATCH_H
#define LL_HOST_DEVICE_OPENCL_BATCH_H

#include "host/device/ll_opencl_link.h"

#define LL_OPENCL_MOVES_MAX 3u /* two stretches of a ring, and a window */

struct ll_opencl_lane {
    cl_mem buffers[LL_OPENCL_WAYS]; /* on the device */
    u64 *words[LL_OPENCL_WAYS];     /* the copies here */
    cl_event task;
    cl_event reads[LL_OPENCL_MOVES_MAX];
    uint32_t read_count;
    uint32_t first;
    uint32_t count;
    uint32_t dump_words; /* of the window, that come back with the answer */
};

struct ll_opencl_batch {
    struct ll_opencl_device *device;
    struct ll_opencl_link *link;
    struct ll_arena memory;
    struct ll_opencl_lane lanes[LL_OPENCL_LANES_MAX];
    uint32_t lane_count;
    uint32_t oldest; /* lane */
    uint32_t busy;   /* lanes, from the oldest on */
    uint32_t slots;  /* of a lane's rings */
    uint32_t batch_max;
    uint64_t close_ns;
    uint32_t next;     /* ordinal of the first request that is in no batch */
    uint32_t seen;     /* requests from `next` on that are there and can go together */
    bool is_cut;       /* behind them comes one that cannot */
    uint64_t since_ns; /* when the first of them was seen */
    uint64_t pulse;
};

/* Slots of the lanes' rings, for ll_opencl_device_prepare. */
uint32_t ll_opencl_batch_slots(const struct ll_device_request *request);

/* The device is prepared with request->lanes lanes of ll_opencl_batch_slots; the link is the gateway's. */
LL_MUST_CHECK int ll_opencl_batch_init(struct ll_opencl_batch *batch, struct ll_opencl_device *device,
                                       struct ll_opencl_link *link, const struct ll_device_request *request,
                                       struct ll_why *why);
/* Publishes what is done and launches what is due. How many batches that were; negative, an enum ll_err. */
LL_MUST_CHECK int ll_opencl_batch_step(struct ll_opencl_batch *batch, uint64_t now_ns, struct ll_why *why);
/* Only the first half of it. */
LL_MUST_CHECK int ll_opencl_batch_collect(struct ll_opencl_batch *batch, struct ll_why *why);
bool ll_opencl_batch_is_idle(const struct ll_opencl_batch *batch);
/* Idle, or not opened. */
void ll_opencl_batch_deinit(struct ll_opencl_batch *batch);

#endif
