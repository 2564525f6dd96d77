/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a running gateway shows of itself: a picture that is drawn again in place on a terminal, or one line of
 * key=value per call anywhere else. Always on stderr.
 *
 * Shape    start (a thread) -> hot thread: record latencies into the interval's histograms, and about once a
 *          second begin, fill in, publish -> stop. There is one snapshot and it belongs to one thread at a time:
 *          publish hands it to the view's thread, which draws, clears the histograms of that interval and gives
 *          all back. While it is still drawing (a slow terminal), begin gives NULL and the interval becomes
 *          longer. So the hot thread never waits, locks or makes a system call here.
 * Units    ns and counts; rates per second of the monotonic clock.
 * Errors   LL_ERR_NO_MEMORY, LL_ERR_ENVIRONMENT at start. Write errors are ignored: a closed terminal stops
 *          no gateway.
 * Threads  interval, begin, publish: the hot thread. start, stop: the thread that owns the view.
 */
#ifndef LL_HOST_APP_LIVE_VIEW_H
#define LL_HOST_APP_LIVE_VIEW_H

#include "host/app/ll_device_show.h"
#include "host/app/ll_trading_show.h"
#include "host/base/ll_err.h"
#include "host/base/ll_histogram.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_LIVE_VIEW_PERIOD_NS ((uint64_t)1000000000)

struct ll_live_view;

/* Everything is since the start of this run, unless it says something else. */
struct ll_live_snapshot {
    uint64_t now_ns;     /* monotonic */
    uint64_t elapsed_ns; /* since the loop began */
    uint64_t clock_ns;   /* feed clock, ns since midnight; 0 = nothing came yet */
    uint64_t messages;
    uint64_t rate_peak_per_s; /* highest over 10 ms since the last snapshot */
    uint64_t datagrams;
    uint64_t duplicates;
    uint64_t missed; /* by the port */
    uint64_t wrong_session;
    uint64_t live_orders; /* now, as are the next two */
    uint64_t levels;
    uint64_t symbols;
    uint64_t exceptions; /* of the whole journal */
    uint64_t gaps;       /* given up, of the whole journal */
    uint64_t messages_lost;
    uint64_t holes_open; /* seen and neither filled nor given up */
    uint64_t records;    /* events of the whole journal */
    uint64_t durable;    /* of these */
    uint64_t journal_waits;
    uint64_t syncs;
    uint64_t sync_ns_total;
    struct ll_trading_snapshot trading;
    struct ll_device_snapshot device;
};

struct ll_live_view_config {
    const char *feed;     /* "simulated exchange, seed 1" */
    const char *clock;    /* "market" or "UTC": which clock clock_ns is */
    uint64_t duration_ns; /* 0 = no end planned */
    bool journal;
    bool open_loop; /* latency is from the planned time, not from receipt */
};

/* The texts of the config must outlive the view. */
LL_MUST_CHECK int ll_live_view_start(struct ll_live_view **view, const struct ll_live_view_config *config,
                                     struct ll_why *why);
/* Returns when the thread has ended; the last picture stays. NULL is fine. */
void ll_live_view_stop(struct ll_live_view *view);

/* Where to record now; changes with every publish. */
struct ll_histogram *ll_live_view_interval(struct ll_live_view *view);
/* The same for order to wire. */
struct ll_histogram *ll_live_view_wire_interval(struct ll_live_view *view);
/* The snapshot to fill in, or NULL while the last one is still being drawn. */
struct ll_live_snapshot *ll_live_view_begin(struct ll_live_view *view);
void ll_live_view_publish(struct ll_live_view *view);

#endif
