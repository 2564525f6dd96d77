/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shape    every way to leave the subset that device compilers take.
 * Units    none.
 * Errors   none.
 * Threads  any.
 */
#ifndef LL_HLS_BAD_H
#define LL_HLS_BAD_H

#include "hls/ll_types.h"
#include "host/base/ll_good.h"

#include <string.h>

struct ll_bad_layout {
    u32 *words;
    u32 low : 4;
};

static inline u32 ll_bad_step(u32 value, u32 count, u32 **table, u32 (*call)(u32))
{
    static u32 state = 0;
    u32 queue[4];
    float ratio = 1.0f;
    if (value % count > 7)
        goto end;
    memcpy(queue, *table, sizeof queue);
    state += (*call)(queue[value / 2]) + (u32)ratio;
    _Pragma("HLS inline") end : return state;
}

#endif
