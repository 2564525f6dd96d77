/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two clocks of the process. Only host/app reads them; everything below gets the time as an argument.
 *
 * Shape    static inline around clock_gettime (vDSO, no system call).
 * Units    nanoseconds: `mono` since an arbitrary start, for durations; `utc` since 1970, for records.
 * Errors   none.
 * Threads  any.
 */
#ifndef LL_HOST_BASE_CLOCK_H
#define LL_HOST_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* 64 bits wide, so that 5 * LL_NS_PER_S is five seconds. */
#define LL_NS_PER_S  ((uint64_t)1000000000)
#define LL_NS_PER_MS ((uint64_t)1000000)
#define LL_NS_PER_US ((uint64_t)1000)

static inline uint64_t ll_clock_read_ns(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * LL_NS_PER_S + (uint64_t)now.tv_nsec;
}

static inline uint64_t ll_clock_mono_ns(void)
{
    return ll_clock_read_ns(CLOCK_MONOTONIC);
}

static inline uint64_t ll_clock_utc_ns(void)
{
    return ll_clock_read_ns(CLOCK_REALTIME);
}

#endif
