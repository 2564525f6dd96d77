/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hashes of an exchange order reference, and of a 16-byte key.
 *
 * Shape    xor, shift and 32-bit multiplies only: three multipliers in hardware (six for a key), a few cycles on a CPU.
 * Units    64-bit reference or two 64-bit words in, 32 well-mixed bits out.
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

/* The words meet only after each has been multiplied, and the seed goes in before: who does not know it cannot choose
 * numbers that meet in one bucket. */
LL_FN_HOT u32 ll_hash_key(u64 key0, u64 key1, u32 seed)
{
    u32 a = ((u32)key0 ^ seed) * 0x9e3779b1u;
    u32 b = ((u32)(key0 >> 32) + seed) * 0x85ebca6bu;
    u32 c = (u32)key1 * 0xcc9e2d51u;
    u32 d = (u32)(key1 >> 32) * 0x1b873593u;
    u32 mixed = (a ^ a >> 15) + (b ^ b >> 17) + (c ^ c >> 13) + (d ^ d >> 16);
    mixed ^= mixed >> 16;
    mixed *= 0x85ebca6bu;
    mixed ^= mixed >> 13;
    mixed *= 0xc2b2ae35u;
    return mixed ^ (mixed >> 16);
}

#endif
