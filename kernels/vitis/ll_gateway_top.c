/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/vitis/ll_gateway_top.h"

void ll_gateway_kernel(struct ll_book_control *control, struct ll_order_bucket *buckets,
                       struct ll_leaf *leaves, struct ll_leaf_levels *levels, struct ll_inner *inners,
                       struct ll_book_side *sides, struct ll_life_control *life_control,
                       struct ll_life_bucket *life_buckets, u32 *life_places,
                       struct ll_life_order *life_orders, volatile u64 *to_device, volatile u64 *from_device,
                       u32 slots, u32 first, u32 count, u32 looks_max, u32 batch)
{
    static struct ll_update updates[LL_GATEWAY_RUN_MAX];
    static struct ll_result results[LL_GATEWAY_RUN_MAX];
    static struct ll_life_ask asks[LL_GATEWAY_RUN_MAX];
    static struct ll_life_answer answers[LL_GATEWAY_RUN_MAX];
    ll_gateway_run(LL_GATEWAY_MEMORY_PASS, LL_GATEWAY_SCRATCH_PASS, LL_GATEWAY_LINK_PASS, slots, first, count,
                   looks_max, batch);
}
