/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway kernel as OpenCL C, for every platform that compiles OpenCL C 1.2 at run time.
 *
 * Shape    One kernel, LL_GATEWAY_KERNEL, of one work-item: messages are matched strictly in arrival order, so
 *          that there is nothing to share out. Its arguments are those of kernels/ll_gateway_args.h in their
 *          order: each memory a buffer that stays on the device between launches, the scalars, the scratches.
 *          Build with -cl-std=CL1.2 -I <root of the source tree>.
 * Units    as in hls/ll_gateway.h.
 * Errors   as there.
 * Threads  one launch at a time.
 */
#include "hls/ll_gateway.h"
#include "kernels/ll_gateway_args.h"

#define LL_ARGUMENT_MEMORY(name, type) __global type *name,
#define LL_ARGUMENT_SCALAR(name)       u32 name,

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
ll_gateway_kernel(LL_GATEWAY_MEMORIES(LL_ARGUMENT_MEMORY) LL_GATEWAY_SCALARS(LL_ARGUMENT_SCALAR)
                      LL_GATEWAY_SCRATCH)
{
    ll_gateway_run(LL_GATEWAY_MEMORY_PASS, LL_GATEWAY_SCRATCH_PASS, LL_GATEWAY_LINK_PASS, slots, first, count,
                   looks_max, batch);
}
