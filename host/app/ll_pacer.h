/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed time to wall time: when a datagram is due in a paced replay.
 *
 * Shape    init -> wait(feed time) before each datagram -> its planned wall time. The plan never moves: a replay that falls
 *          behind shows it as latency (open loop), it does not stretch time.
 * Units    ns; speed in thousandths (1000 = real time), 0 = as fast as it goes.
 * Errors   none.
 * Threads  one owner.
 */
#ifndef LL_HOST_APP_PACER_H
#define LL_HOST_APP_PACER_H

#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stdint.h>

struct ll_pacer { /* private */
    uint64_t speed_milli;
    uint64_t start_mono_ns;
    uint64_t start_feed_ns;
    bool started;
};

void ll_pacer_init(struct ll_pacer *pacer, uint64_t speed_milli);

/* Sleeps, then spins until `feed_ns` is due, or a stop is requested. Returns the planned time on the monotonic clock; now,
 * when not paced. */
uint64_t ll_pacer_wait(struct ll_pacer *pacer, uint64_t feed_ns);

/* "max" -> 0, "real" -> 1000, "2.5x" -> 2500. */
LL_MUST_CHECK int ll_pacer_parse_speed(const char *text, uint64_t *speed_milli, struct ll_why *why);

#endif
