/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the kernel, for every compiler that reads it: gcc and clang (the CPU way and the golden model), OpenCL C
 * (PoCL), and Vitis HLS.
 *
 * Shape    fixed-width integers, the address space of big memory (LL_GLOBAL), of tables (LL_CONST), and of functions
 *          (LL_FN); two bit helpers; a prefetch that only a CPU takes.
 * Units    widths in bits.
 * Errors   none.
 * Threads  none.
 */
#ifndef LL_HLS_TYPES_H
#define LL_HLS_TYPES_H

#if defined(__OPENCL_VERSION__) || defined(__OPENCL_C_VERSION__)

typedef uchar u8;
typedef ushort u16;
typedef uint u32;
typedef ulong u64;
#define LL_GLOBAL      __global
#define LL_CONST       __constant
#define LL_FN          static inline
#define LL_FN_HOT      static inline
#define LL_FN_RARE     static inline
#define LL_PREFETCH(p) ((void)(p))
#define LL_RARE(x)     (x)
#if defined(__clang__)
#define LL_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#else
#define LL_STATIC_ASSERT(condition, text)
#endif

#else

#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
#define LL_GLOBAL
#define LL_CONST static const
#define LL_FN    static inline
#if defined(__cplusplus)
#define LL_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define LL_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif
#if defined(__SYNTHESIS__)
#define LL_FN_HOT      static inline
#define LL_FN_RARE     static inline
#define LL_PREFETCH(p) ((void)(p))
#define LL_RARE(x)     (x)
#else
/* What every message runs through is one piece of code; what few run through stays out of its way. */
#define LL_FN_HOT      static inline __attribute__((always_inline))
#define LL_FN_RARE     static __attribute__((noinline, unused))
#define LL_PREFETCHES  1
#define LL_PREFETCH(p) __builtin_prefetch((const void *)(p), 1, 3)
#define LL_RARE(x)     __builtin_expect(!!(x), 0)
#endif

#endif

/* `yes` when `condition` is 1, `no` when it is 0, by masks and not by a branch: which way a message goes is
 * close to random, and a mispredicted branch costs more than a level's whole arithmetic. */
LL_FN_HOT u32 ll_select32(u32 condition, u32 yes, u32 no)
{
    return no ^ ((yes ^ no) & (0u - condition));
}

LL_FN_HOT u64 ll_select64(u32 condition, u64 yes, u64 no)
{
    return no ^ ((yes ^ no) & ((u64)0 - condition));
}

/* Index of the lowest set bit; x != 0. */
LL_FN u32 ll_ctz32(u32 x)
{
#if defined(__OPENCL_VERSION__) || defined(__OPENCL_C_VERSION__)
    return popcount((x & (0u - x)) - 1u);
#else
    return (u32)__builtin_ctz(x);
#endif
}

/* Number of set bits. */
LL_FN u32 ll_popcount32(u32 x)
{
#if defined(__OPENCL_VERSION__) || defined(__OPENCL_C_VERSION__)
    return popcount(x);
#else
    return (u32)__builtin_popcount(x);
#endif
}

#endif
