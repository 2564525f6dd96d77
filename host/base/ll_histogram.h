/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A latency histogram: log-linear buckets, about three significant digits, fixed memory, no allocation.
 *
 * Shape    HdrHistogram's bucket layout: 2048 sub-buckets per power of two (values below 2048 exact), up to
 *          LL_HISTOGRAM_VALUE_MAX; larger values are counted as over-range and in max.
 * Units    whatever is recorded; the gateway records nanoseconds.
 * Errors   none.
 * Threads  one writer; copy it to read from elsewhere.
 * Source   HdrHistogram (Gil Tene), bucket layout and percentile text format.
 */
#ifndef LL_HOST_BASE_HISTOGRAM_H
#define LL_HOST_BASE_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

#define LL_HISTOGRAM_SUB_BUCKETS 2048u
#define LL_HISTOGRAM_VALUE_MAX   ((uint64_t)1 << 40) /* 18 minutes in ns */
#define LL_HISTOGRAM_BUCKETS     (LL_HISTOGRAM_SUB_BUCKETS + 29u * (LL_HISTOGRAM_SUB_BUCKETS / 2u) + 1u)

struct ll_histogram {
    uint64_t count; /* of all values, over-range ones too */
    uint64_t over_range;
    uint64_t min; /* UINT64_MAX while empty */
    uint64_t max;
    uint64_t bucket[LL_HISTOGRAM_BUCKETS];
};

void ll_histogram_init(struct ll_histogram *histogram);

/* Records `value`, `count` times. Hot path: a few instructions, inline in effect (no branch but the range
 * check). */
void ll_histogram_record(struct ll_histogram *histogram, uint64_t value, uint64_t count);

void ll_histogram_add(struct ll_histogram *target, const struct ll_histogram *source);

/* Highest value equivalent at `per_million` (999000 = p99.9; 1000000 = max). 0 when empty. */
uint64_t ll_histogram_percentile(const struct ll_histogram *histogram, uint32_t per_million);

/* How many values lie below the bucket of `limit`: those below it, but for the precision of a bucket. */
uint64_t ll_histogram_count_below(const struct ll_histogram *histogram, uint64_t limit);

/* A percentile with fewer than ten samples beyond it says nothing: false then. */
int ll_histogram_percentile_is_supported(const struct ll_histogram *histogram, uint32_t per_million);

/* A picture for a terminal: one row per power of two between min and max, bars scaled to `width` columns. */
void ll_histogram_print(const struct ll_histogram *histogram, FILE *file, const char *title, unsigned width);

/* HdrHistogram percentile text (.hgrm), readable by its plotters. */
void ll_histogram_print_hgrm(const struct ll_histogram *histogram, FILE *file);

#endif
