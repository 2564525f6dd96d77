/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run shows at its end: a summary for people, one JSON object for machines, a book as lines.
 *
 * Shape    The run fills a struct ll_run_report; the printers only print it. Both programs use the same ones.
 * Units    ns of the monotonic clock for durations; prices raw, as the feed carries them (ITCH: 1/10,000).
 * Errors   none; write errors show in ferror(file).
 * Threads  the hot thread, after the run.
 */
#ifndef LL_HOST_APP_REPORT_H
#define LL_HOST_APP_REPORT_H

#include "dpdk/ll_port.h"
#include "host/app/ll_device_show.h"
#include "host/app/ll_gateway.h"
#include "host/base/ll_histogram.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum ll_report_end {
    LL_REPORT_END_FEED,     /* the feed was at its end */
    LL_REPORT_END_SIGNAL,   /* drained, but not to the end of the feed */
    LL_REPORT_END_DURATION, /* the same, at the time that was wanted */
    LL_REPORT_END_ERROR     /* an error stopped it: what is durable is durable, the rest is not */
};

struct ll_run_report {
    const struct ll_gateway *gateway;
    struct ll_port_counters port;
    struct ll_histogram latency; /* per message, ns */
    bool open_loop; /* latency from the planned time of each packet; else from its receipt: service time */
    enum ll_report_end ended;
    uint64_t elapsed_ns;     /* first datagram to all durable */
    uint64_t messages_new;   /* delivered by this run, not recovered */
    const char *journal_dir; /* NULL = none */
    const char *book_symbol; /* NULL = no book wanted */
    uint64_t book_depth;     /* 0 = all */
    struct ll_device_outcome device;
};

void ll_report_print(const struct ll_run_report *report, FILE *file);
void ll_report_print_json(const struct ll_run_report *report, FILE *file);

/* LL_ERR_INPUT: the book wanted is none of this feed. */
LL_MUST_CHECK int ll_report_check_book(const struct ll_run_report *report, struct ll_why *why);

/* Lines `bid|ask price quantity orders`, best first, bids before asks. LL_ERR_INPUT: no such symbol. */
LL_MUST_CHECK int ll_report_print_book(const struct ll_run_report *report, FILE *file, struct ll_why *why);

/* 12345678 -> "12,345,678" into a buffer of at least 32 bytes; returns it. */
const char *ll_report_grouped(uint64_t value, char buffer[32]);

/* "840 ns", "12.3 us", "1.20 ms": three digits. */
const char *ll_report_duration(uint64_t ns, char buffer[32]);

#endif
