/* SPDX-License-Identifier: Apache-2.0 */
#define __SYNTHESIS__  1
#define LL_PLAIN_LANES 1
#include "hls/ll_book.h"
#undef __SYNTHESIS__

#include "tests/model/ll_other_kernels.h"

#ifdef LL_LANES_AVX512
#error "this is the plain way"
#endif

void ll_plain_kernel(const struct ll_book_memory *book, const struct ll_update *updates,
                     struct ll_result *results, uint32_t count, uint32_t batch)
{
    ll_book_batch(book->control, book->buckets, book->leaves, book->levels, book->inners, book->sides,
                  updates, results, count, batch);
}

uint32_t ll_plain_lanes_equal32(const uint32_t *lane, uint32_t key)
{
    return ll_lanes_equal32(lane, key);
}

uint32_t ll_plain_lanes_min31(const uint32_t *lane)
{
    return ll_lanes_min31(lane);
}

uint32_t ll_plain_lanes_rank14(const uint32_t *lane, uint32_t key)
{
    return ll_lanes_rank14(lane, key);
}
