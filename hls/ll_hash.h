/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash of an exchange order reference.
 *
 * Shape    xor, shift and 32-bit multiplies only: three multipliers in hardware, a few cycles on a CPU.
 * Units    64-bit reference in, 32 well-mixed bits out.
 * Errors   none.
 * Threads  pure.
 * Source   the finaliser constants are MurmurHash3's (A. Appleby, public domain, fmix32).
 */
#ifndef LL_HLS_HASH_H
#define LL_HLS_HASH_H

#include "hls/ll_types.h"

LL_FN u32 ll_hash_ref(u64 ref, u32 seed)
{
    u32 low = (u32)ref ^ seed;
    u32 high = (u32)(ref >> 32) * 0x9e3779b1u;
    u32 mixed = low ^ high ^ (high >> 15);
    mixed *= 0x85ebca6bu;
    mixed ^= mixed >> 13;
    mixed *= 0xc2b2ae35u;
    return mixed ^ (mixed >> 16);
}

#endif
