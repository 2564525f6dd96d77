/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device of an OpenCL platform with the tables and the kernel on it. One file for PoCL and XRT: they differ
 * in where the program comes from, in who has the scratch memories, and in that XRT's clFlush waits.
 *
 * Shape    find (loader, platform by its exact name, device by number, room for the tables) -> load (context,
 *          queue, program; may take seconds) -> prepare (one kernel for each launch in flight, the tables,
 *          every argument that stays) -> set_link, launch... -> close.
 *          The queue keeps no order: who launches says what waits for what.
 * Units    bytes.
 * Errors   what is missing, with the remedy (LL_ERR_ENVIRONMENT); LL_ERR_FULL, a table larger than the device,
 *          with the option to lower; LL_ERR_INPUT, a wrong program; what OpenCL says.
 * Threads  one owner.
 */
#ifndef LL_HOST_DEVICE_OPENCL_DEVICE_H
#define LL_HOST_DEVICE_OPENCL_DEVICE_H

#include "host/base/ll_arena.h"
#include "host/device/ll_device_link.h"
#include "host/device/ll_opencl_api.h"
#include "host/device/ll_opencl_environment.h"
#include "kernels/ll_gateway_args.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_OPENCL_LANES_MAX 4u

struct ll_opencl_device {
    struct ll_opencl_api api;
    bool is_xrt;
    bool is_emulated;
    cl_platform_id platform;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    cl_program program;
    cl_kernel kernels[LL_OPENCL_LANES_MAX];
    cl_mem parts[LL_PART_COUNT];
    cl_mem scratches[LL_GATEWAY_SCRATCH_COUNT]; /* where the kernel has none of its own */
    struct ll_arena memory; /* of parts and scratches, where the device is this processor */
    uint64_t memory_bytes;  /* taken on the device */
    char platform_name[LL_DEVICE_LINK_NAME_BYTES];
    char device_name[LL_DEVICE_LINK_NAME_BYTES];
};

/* library: of OpenCL; NULL = the usual one. */
LL_MUST_CHECK int ll_opencl_device_find(struct ll_opencl_device *device,
                                        const struct ll_device_request *request, const char *library,
                                        struct ll_why *why);
LL_MUST_CHECK int ll_opencl_device_load(struct ll_opencl_device *device,
                                        const struct ll_device_request *request,
                                        const struct ll_opencl_environment *environment,
                                        const char *program_dir, struct ll_why *why);
/* lanes: launches in flight, 1..LL_OPENCL_LANES_MAX. slots: of the links that will be set. */
LL_MUST_CHECK int ll_opencl_device_prepare(struct ll_opencl_device *device,
                                           const struct ll_device_request *request, uint32_t lanes,
                                           uint32_t slots, struct ll_why *why);
LL_MUST_CHECK int ll_opencl_device_set_link(struct ll_opencl_device *device, uint32_t lane, cl_mem to_device,
                                            cl_mem from_device, struct ll_why *why);
/* Starts the kernel of `lane` once `waits` have ended; count 0 = resident. The caller releases the event. */
LL_MUST_CHECK int ll_opencl_device_launch(struct ll_opencl_device *device, uint32_t lane, uint32_t first,
                                          uint32_t count, const cl_event *waits, uint32_t wait_count,
                                          cl_event *event, struct ll_why *why);
/* Hands over what was enqueued. */
LL_MUST_CHECK int ll_opencl_device_flush(struct ll_opencl_device *device, struct ll_why *why);
/* Has it ended? 1 yes, 0 not yet; negative, an enum ll_err: it ended with an error. */
LL_MUST_CHECK int ll_opencl_device_ended(struct ll_opencl_device *device, cl_event event, struct ll_why *why);

/* Nothing may be running. A device that was only zeroed, or not opened in full, is fine. Not for XRT: a thread of the
 * runtime (2.13) lets go of the last kernel when it likes, and fails when the device has gone before. The end of the
 * process releases all of it. */
void ll_opencl_device_close(struct ll_opencl_device *device);

#endif
