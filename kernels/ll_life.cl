/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lifecycle half as OpenCL C: the batch-launch way, for every platform that compiles OpenCL C 1.2 at run
 * time.
 *
 * Shape    Two kernels, each one work-item (launch with a global size of 1): asks are done strictly in
 *          arrival order, so that there is nothing to share out. Each memory of hls/ll_life_types.h is a
 *          buffer of its own, kept on the device between launches; asks and answers are the buffers of one
 *          launch. ll_life_kernel_reset once, after control's counts, seed and epoch are written; then
 *          ll_life_kernel_batch as often as there is work. Build with -I <root of the source tree>.
 * Units    as in hls/ll_life_records.h; `batch` 1..LL_LIFE_BATCH_MAX, the answers do not depend on it.
 * Errors   verdicts in the answers.
 * Threads  one launch at a time.
 */
#include "hls/ll_life.h"

__kernel void ll_life_kernel_reset(LL_LIFE_MEMORY)
{
    ll_life_reset(LL_LIFE_MEMORY_PASS);
}

__kernel void ll_life_kernel_batch(LL_LIFE_MEMORY, __global const struct ll_life_ask *asks,
                                   __global struct ll_life_answer *answers, uint count, uint batch)
{
    ll_life_batch(LL_LIFE_MEMORY_PASS, asks, answers, count, batch);
}
