/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LL_BAD_SOURCE_H
#define LL_BAD_SOURCE_H
#include <string.h>
#include "hls/ll_types.h"
union ll_bad_union {
    u32 word;
};
struct ll_bad_struct {
    u32 bits : 4;
    u32 *pointer;
};
struct ll_wide {
    u32 lane[64];
};
typedef void (*ll_bad_call)(void);
u32 ll_bad_print(u32 count, ...);
static inline u32 ll_bad_even(u32 n);
static inline u32 ll_bad_odd(u32 n)
{
    return n == 0 ? 0 : ll_bad_even(n - 1u);
}
static inline u32 ll_bad_even(u32 n)
{
    return n == 0 ? 1 : ll_bad_odd(n - 1u);
}
static inline u64 ll_bad_source(u32 *a, u32 *b, u32 **c, u32 count, u64 wide)
{
    static u32 kept;
    u32 queue = count;
    u32 vla[count];
    size_t size = count;
    float f = 1;
    u32 *one = count != 0 ? a : b;
    u64 *cast = (u64 *)a;
    u64 narrow = (u64)count * count;
    vla[0] = count / queue + (count / 8u);
    for (u32 i = 0; i < count; i++)
        kept += i;
    while (kept != 0) {
#pragma HLS LOOP_TRIPCOUNT max = 8
        kept >>= 1;
    }
    for (u32 i = 0; i < 8u; i++)
        kept += i;
    memset(vla, 0, 4);
    if (wide == 0)
        goto out;
    wide = wide * narrow + wide * 3u;
out:
    return wide + **c + *one + *cast + size + (u64)f + ll_bad_odd(count);
}
#endif
