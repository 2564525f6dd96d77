/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparisons over a whole node at once: the three questions the tree asks of its nodes.
 *
 * Shape    plain loops with constant bounds, which hardware unrolls into as many comparators; on an x86 CPU with
 *          AVX-512 the same in a few instructions. tests/unit/test_lanes.c holds both against each other.
 * Units    lanes of 32 bits, unsigned.
 * Errors   none.
 * Threads  pure.
 */
#ifndef LL_HLS_LANES_H
#define LL_HLS_LANES_H

#include "hls/ll_types.h"

#if defined(__AVX512F__) && !defined(__OPENCL_VERSION__) && !defined(__SYNTHESIS__) && \
    !defined(LL_PLAIN_LANES)
#include <immintrin.h>
#define LL_LANES_AVX512 1
#endif

/* Bit i is set where lane[i] == key, over 32 lanes. */
LL_FN_HOT u32 ll_lanes_equal32(LL_GLOBAL const u32 *lane, u32 key)
{
#if defined(LL_LANES_AVX512)
    __m512i keys = _mm512_set1_epi32((int)key);
    u32 low = _mm512_cmpeq_epi32_mask(_mm512_loadu_si512(lane), keys);
    u32 high = _mm512_cmpeq_epi32_mask(_mm512_loadu_si512(lane + 16), keys);
    return low | high << 16;
#else
    u32 hits = 0;
    for (u32 i = 0; i < 32u; i++) {
#pragma HLS UNROLL
        hits |= (u32)(lane[i] == key) << i;
    }
    return hits;
#endif
}

/* The smallest of lanes 0..30; lane 31 is not a key. */
LL_FN_HOT u32 ll_lanes_min31(LL_GLOBAL const u32 *lane)
{
#if defined(LL_LANES_AVX512)
    __m512i high = _mm512_mask_loadu_epi32(_mm512_set1_epi32(-1), 0x7fff, lane + 16);
    return (u32)_mm512_reduce_min_epu32(_mm512_min_epu32(_mm512_loadu_si512(lane), high));
#else
    u32 best = 0xffffffffu;
    for (u32 i = 0; i < 32u; i++) {
#pragma HLS UNROLL
        u32 key = lane[i] | (i == 31u ? 0xffffffffu : 0u);
        best = key < best ? key : best;
    }
    return best;
#endif
}

/* How many of lanes 1..14 are <= key. */
LL_FN_HOT u32 ll_lanes_rank14(LL_GLOBAL const u32 *lane, u32 key)
{
#if defined(LL_LANES_AVX512)
    return ll_popcount32(
        _mm512_mask_cmple_epu32_mask(0x7ffe, _mm512_loadu_si512(lane), _mm512_set1_epi32((int)key)));
#else
    u32 rank = 0;
    for (u32 i = 1; i < 15u; i++) {
#pragma HLS UNROLL
        rank += (u32)(lane[i] <= key);
    }
    return rank;
#endif
}

#endif
