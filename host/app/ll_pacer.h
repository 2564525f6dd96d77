/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed time to wall time: when a datagram is due in a paced replay.
 *
 * Shape    init -> wait(feed time) before each datagram -> its planned wall time; or planned, and wait yourself.
 *          The plan never moves: a replay that falls behind shows it as latency (open loop), it does not stretch
 *          time.
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

/* When `feed_ns` is due on the monotonic clock; `now_ns`, when not paced. The first call fixes the plan. */
uint64_t ll_pacer_planned(struct ll_pacer *pacer, uint64_t feed_ns, uint64_t now_ns);
/* For owners with work of their own while they wait: sleeps a part of the way, at most 0.1 s, never too long. */
void ll_pacer_sleep_towards(uint64_t planned_ns, uint64_t now_ns);

/* Sleeps, then spins until `feed_ns` is due, or a stop is requested. Returns the planned time on the monotonic
 * clock; now, when not paced. */
uint64_t ll_pacer_wait(struct ll_pacer *pacer, uint64_t feed_ns);

/* "max" -> 0, "real" -> 1000, "2.5x" -> 2500. */
LL_MUST_CHECK int ll_pacer_parse_speed(const char *text, uint64_t *speed_milli, struct ll_why *why);

#endif
