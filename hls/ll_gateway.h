/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway kernel: both halves behind one link.
 *
 * Shape    One function for both ways of running it. `count` 0 = resident: it looks for request after request
 *          until the stop word is set, or until `looks_max` looks in a row have found nothing. `count` not 0
 *          = a batch launch: exactly the requests `first` .. `first + count - 1`, which are all there. What
 *          is there is taken in runs of one kind, at most LL_GATEWAY_RUN_MAX, through the scratch memories:
 *          words -> updates -> ll_book_batch -> results -> words. The results are those of taking one after
 *          the other. It keeps nothing between two launches but the tables: `first` says where to go on,
 *          LL_LINK_NEXT where it ended.
 * Units    as in ll_beat.h and ll_link.h; slots a power of two, at most LL_LINK_SLOTS_MAX.
 * Errors   LL_BEAT_BROKEN for a request that is not whole, LL_BEAT_REFUSED in a control answer, verdicts for
 *          the rest.
 * Threads  one kernel at a time on a set of tables; the host on the other side of the link.
 */
#ifndef LL_HLS_GATEWAY_H
#define LL_HLS_GATEWAY_H

#include "hls/ll_book.h"
#include "hls/ll_life.h"
#include "hls/ll_link.h"

#define LL_GATEWAY_RUN_MAX 64u
#define LL_GATEWAY_LAYOUT  0x4c4c4757u /* changes with anything in the slots, parts or tables */

/* The scratch memories, of LL_GATEWAY_RUN_MAX elements each: on chip in hardware. */
#define LL_GATEWAY_SCRATCH                                                    \
    LL_GLOBAL struct ll_update *updates, LL_GLOBAL struct ll_result *results, \
        LL_GLOBAL struct ll_life_ask *asks, LL_GLOBAL struct ll_life_answer *answers
#define LL_GATEWAY_SCRATCH_PASS updates, results, asks, answers

#define LL_GATEWAY_LINK      LL_GLOBAL volatile u64 *to_device, LL_GLOBAL volatile u64 *from_device
#define LL_GATEWAY_LINK_PASS to_device, from_device

#endif
