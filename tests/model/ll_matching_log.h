/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a matching engine tells, as text: one line per event, so that a test can say what it expects, and two
 * engines can be compared event for event.
 *
 * Shape    a handler that appends lines; take() gives what has come and starts anew. Short lines hold what a
 *          rule is about, full ones every field of every event. Short lines:
 *              accepted 1 o11 B 100@1000
 *              booked 1 100@1000            booked 3 100@1000 for 1
 *              maker 1 o11 m1 40@1000 left 60
 *              taker 2 o12 m1 40@1000 left 0
 *              cancelled 1 o11 60 left 0 U  cancelled 2 o12 60 left 0 Q prevented 60@1000 taker
 *              replaced 1 by 3 o13 100@1000 rests keeps
 *              rejected o14 of 1 bad_price
 *              broken 1 o11 m1 40@1000 maker E
 *              trading 0 halted T1
 * Units    as in host/exchange/ll_matching.h.
 * Errors   a line that finds no room aborts.
 * Threads  one owner.
 */
#ifndef LL_TESTS_MODEL_MATCHING_LOG_H
#define LL_TESTS_MODEL_MATCHING_LOG_H

#include "host/exchange/ll_matching.h"

#include <stdbool.h>
#include <stddef.h>

#define LL_MATCHING_LOG_BYTES (1u << 20)

struct ll_matching_log {
    bool full;
    size_t used_bytes;
    char text[LL_MATCHING_LOG_BYTES];
};

void ll_matching_log_init(struct ll_matching_log *log, bool full);
struct ll_matching_handler ll_matching_log_handler(struct ll_matching_log *log);

/* The lines since the last take, valid until the next event. */
const char *ll_matching_log_take(struct ll_matching_log *log);

#endif
