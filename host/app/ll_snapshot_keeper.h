/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes snapshots while the daemon runs: whenever so many records have become durable since the last one, it lets
 * `lifeline snapshot` make the next, as a process of its own.
 *
 * Shape    start (a thread that looks at the durable position) -> stop (ends a snapshot that is under way; what it
 *          has written so far has no name yet and is written over by the next one). The hot thread has no part in it:
 *          the thread reads one atomic number, and starting a process from it copies no memory and stops no other
 *          thread. The process gives way: ordinary scheduling, nice 10, not on the hot thread's CPU as long as that
 *          is pinned after start.
 * Units    records.
 * Errors   start: LL_ERR_ENVIRONMENT when the tool is not beside the daemon or no thread is to be had. A snapshot that
 *          fails is counted, and tried again after as many records more.
 * Threads  start, stop: the owner.
 */
#ifndef LL_HOST_APP_SNAPSHOT_KEEPER_H
#define LL_HOST_APP_SNAPSHOT_KEEPER_H

#include "host/app/ll_common_options.h"
#include "host/app/ll_gateway.h"
#include "host/app/ll_trading_options.h"
#include "host/base/ll_err.h"

#include <stdint.h>

struct ll_snapshot_keeper;

struct ll_snapshot_keeper_config {
    const struct ll_gateway *gateway; /* outlives the keeper, as all of this */
    const struct ll_common_options *common;
    const struct ll_trading_options *trading; /* NULL = the gateway does not trade */
    const char *journal_dir;
    uint64_t every_records;
};

struct ll_snapshot_keeper_counts {
    uint64_t made; /* or found that nothing was new */
    uint64_t failed;
};

LL_MUST_CHECK int ll_snapshot_keeper_start(struct ll_snapshot_keeper **keeper,
                                           const struct ll_snapshot_keeper_config *config,
                                           struct ll_why *why);
/* NULL is allowed: zeroes. */
void ll_snapshot_keeper_stop(struct ll_snapshot_keeper *keeper, struct ll_snapshot_keeper_counts *counts);

#endif
