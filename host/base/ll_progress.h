/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A progress bar for long work, on a terminal only; silent anywhere else, so that output stays parseable.
 *
 * Shape    init -> update as often as you like (draws at most ten times a second) -> done (clears the line).
 * Units    done and total in any unit; the rate is per second of the caller's clock (ns).
 * Errors   none.
 * Threads  one owner. Writes to stderr.
 */
#ifndef LL_HOST_BASE_PROGRESS_H
#define LL_HOST_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct ll_progress { /* private */
    const char *what;
    const char *unit;
    uint64_t start_ns;
    uint64_t drawn_ns;
    bool enabled;
    bool drawn;
};

void ll_progress_init(struct ll_progress *progress, const char *what, const char *unit, uint64_t now_ns);
/* total 0 = unknown: shows count and rate without a bar. */
void ll_progress_update(struct ll_progress *progress, uint64_t done, uint64_t total, uint64_t now_ns);
void ll_progress_done(struct ll_progress *progress);

#endif
