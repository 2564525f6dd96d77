/* SPDX-License-Identifier: Apache-2.0 */
#define __SYNTHESIS__ 1
#include "hls/ll_life.h"
#undef __SYNTHESIS__

#include "tests/model/ll_other_kernels.h"

#ifdef LL_PREFETCHES
#error "this is the plain way"
#endif

void ll_plain_life(const struct ll_life_memory *life, const struct ll_life_ask *asks,
                   struct ll_life_answer *answers, uint32_t count, uint32_t batch)
{
    ll_life_batch(life->control, life->buckets, life->places, life->orders, asks, answers, count, batch);
}
