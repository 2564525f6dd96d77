/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assertions: our own mistakes, never what a peer, a disk or an operator can cause.
 *
 * Shape    LL_ASSERT stays on in release builds; LL_ASSERT_SLOW walks whole structures and is on when
 *          LL_SLOW_CHECKS is defined (MODE=debug and every sanitizer build).
 * Units    none.
 * Errors   a failed assertion prints the place and aborts.
 * Threads  any.
 */
#ifndef LL_HOST_BASE_ASSERT_H
#define LL_HOST_BASE_ASSERT_H

_Noreturn void ll_assert_failed(const char *condition, const char *file, int line);

#define LL_LIKELY(x)   __builtin_expect(!!(x), 1)
#define LL_UNLIKELY(x) __builtin_expect(!!(x), 0)

#define LL_ASSERT(condition)                                  \
    do {                                                      \
        if (LL_UNLIKELY(!(condition)))                        \
            ll_assert_failed(#condition, __FILE__, __LINE__); \
    } while (0)

#ifdef LL_SLOW_CHECKS
#define LL_ASSERT_SLOW(condition) LL_ASSERT(condition)
#else
#define LL_ASSERT_SLOW(condition) ((void)0)
#endif

#endif
