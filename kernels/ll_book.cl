/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The book half as OpenCL C: the batch-launch way, for every platform that compiles OpenCL C 1.2 at run time.
 *
 * Shape    Two kernels, each one work-item (launch with a global size of 1): messages are matched strictly in
 *          arrival order, so that there is nothing to share out. Each memory of hls/ll_book_types.h is a buffer of
 *          its own, kept on the device between launches; updates and results are the buffers of one launch.
 *          ll_book_kernel_reset once, after control's counts, seed and epoch are written; then
 *          ll_book_kernel_batch as often as there is work. Build with -I <root of the source tree>.
 * Units    as in hls/ll_records.h; `batch` 1..LL_BATCH_MAX, the results do not depend on it.
 * Errors   verdicts in the results.
 * Threads  one launch at a time.
 */
#include "hls/ll_book.h"

__kernel void ll_book_kernel_reset(LL_BOOK_MEMORY)
{
    ll_book_reset(LL_BOOK_MEMORY_PASS);
}

__kernel void ll_book_kernel_batch(LL_BOOK_MEMORY, __global const struct ll_update *updates,
                                   __global struct ll_result *results, uint count, uint batch)
{
    ll_book_batch(LL_BOOK_MEMORY_PASS, updates, results, count, batch);
}
