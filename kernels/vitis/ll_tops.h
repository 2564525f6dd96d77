/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tops: what Vitis HLS makes into kernels for a card.
 *
 * Shape    ll_book_top and ll_life_top are one half each, in batches: what csim, cosim and hls-check look
 *          at, and for who wants one table alone. ll_gateway_kernel is what lifeline-device loads: both halves
 *          behind the link of hls/ll_link.h. A top has the interface pragmas and the on-chip arrays, and
 *          decides nothing: that is hls/.
 * Units    as in hls/ll_records.h, hls/ll_life_records.h and hls/ll_gateway.h. `reset` not 0: the half is
 *          emptied first, as its control line says.
 * Errors   verdicts.
 * Threads  one launch at a time.
 */
#ifndef LL_KERNELS_VITIS_TOPS_H
#define LL_KERNELS_VITIS_TOPS_H

#include "hls/ll_book_types.h"
#include "hls/ll_life_types.h"
#include "hls/ll_records.h"
#include "kernels/ll_gateway_args.h"

/* The arrays of a store of lines on chip (hls/ll_hot.h), which live from launch to launch. Words are in URAM,
 * which nothing sets when the card is loaded; tags are in BRAM, which is zeros then: an empty store. */
#define LL_TOPS_STATIC(type, array) static type array[LL_HOT_LINES];

#if defined(__cplusplus)
extern "C" {
#endif

void ll_book_top(struct ll_book_control *control, struct ll_order_bucket *buckets, struct ll_leaf *leaves,
                 struct ll_level *levels, struct ll_inner *inners, struct ll_book_side *sides,
                 const struct ll_update *updates, struct ll_result *results, u32 count, u32 batch, u32 reset);

void ll_life_top(struct ll_life_control *control, struct ll_life_bucket *buckets, u32 *places,
                 struct ll_life_order *orders, const struct ll_life_ask *asks, struct ll_life_answer *answers,
                 u32 count, u32 batch, u32 reset);

#define LL_TOPS_MEMORY(name, type) type *name,
void ll_gateway_kernel(LL_GATEWAY_MEMORIES(LL_TOPS_MEMORY) u32 slots, u32 first, u32 count, u32 looks_max,
                       u32 batch);
#undef LL_TOPS_MEMORY

#if defined(__cplusplus)
}
#endif

#endif
