/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card's top: the gateway kernel with its scratch on the chip.
 *
 * Shape    The memories and then the scalars of kernels/ll_gateway_args.h, in that order.
 * Units    as in hls/ll_gateway.h.
 * Errors   as in hls/ll_gateway.h.
 * Threads  one call at a time: the scratch is the chip's own.
 */
#ifndef LL_KERNELS_VITIS_GATEWAY_TOP_H
#define LL_KERNELS_VITIS_GATEWAY_TOP_H

#include "hls/ll_gateway.h"

#ifdef __cplusplus
extern "C" {
#endif

void ll_gateway_kernel(struct ll_book_control *control, struct ll_order_bucket *buckets,
                       struct ll_leaf *leaves, struct ll_leaf_levels *levels, struct ll_inner *inners,
                       struct ll_book_side *sides, struct ll_life_control *life_control,
                       struct ll_life_bucket *life_buckets, u32 *life_places,
                       struct ll_life_order *life_orders, volatile u64 *to_device, volatile u64 *from_device,
                       u32 slots, u32 first, u32 count, u32 looks_max, u32 batch);

#ifdef __cplusplus
}
#endif

#endif
