/* SPDX-License-Identifier: Apache-2.0 */
/* The limit is used by the code, not by the layout, so that a lower one reads the same memory. */
#include "hls/ll_life_types.h"
#undef LL_LIFE_CHAIN_MAX
#define LL_LIFE_CHAIN_MAX 2u
#include "hls/ll_life.h"

#include "tests/model/ll_other_kernels.h"

void ll_low_life(const struct ll_life_memory *life, const struct ll_life_ask *asks,
                 struct ll_life_answer *answers, uint32_t count, uint32_t batch)
{
    ll_life_batch(life->control, life->buckets, life->places, life->orders, asks, answers, count, batch);
}
