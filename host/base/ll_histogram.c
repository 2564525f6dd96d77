/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_histogram.h"

#include "host/base/ll_assert.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/*
 * index of a value, with S = 2048 sub-buckets:
 *
 *     0 .. S-1          value itself                      step 1
 *     S .. 2S-1         S/2 buckets                       step 2
 *     2^k S .. 2^(k+1)S-1   S/2 buckets                   step 2^(k+1)
 *
 * The shift is 0 below S, so one formula serves both: index = shift * S/2 + (value >> shift).
 */
#define LL_HALF         (LL_HISTOGRAM_SUB_BUCKETS / 2u)
#define LL_SUB_BITS     11u
#define LL_SHIFT_MAX    30u /* of LL_HISTOGRAM_VALUE_MAX, 2^40: 40 - (LL_SUB_BITS - 1) */
#define LL_PER_MILLION  1000000u
#define LL_HGRM_TICKS   5u /* lines per halving of the distance to 100 %, as HdrHistogram's tools use */
#define LL_BEYOND_MIN   10u
#define LL_BAR_COLS_MAX 200u

_Static_assert((1u << LL_SUB_BITS) == LL_HISTOGRAM_SUB_BUCKETS, "sub-buckets are a power of two");
_Static_assert((LL_HISTOGRAM_VALUE_MAX >> LL_SHIFT_MAX) == LL_HALF, "the largest value opens the last row");
_Static_assert(LL_SHIFT_MAX *LL_HALF + (uint32_t)(LL_HISTOGRAM_VALUE_MAX >> LL_SHIFT_MAX) + 1u ==
                   LL_HISTOGRAM_BUCKETS,
               "the largest value has the last bucket");

static inline unsigned ll_histogram_shift(uint64_t value)
{
    return 64u - LL_SUB_BITS - (unsigned)__builtin_clzll(value | (LL_HISTOGRAM_SUB_BUCKETS - 1u));
}

static inline uint32_t ll_histogram_index(uint64_t value)
{
    unsigned shift = ll_histogram_shift(value);
    return shift * LL_HALF + (uint32_t)(value >> shift);
}

static uint64_t ll_histogram_lowest_of(uint32_t index)
{
    if (index < LL_HISTOGRAM_SUB_BUCKETS)
        return index;
    unsigned shift = index / LL_HALF - 1u;
    return (uint64_t)(index - shift * LL_HALF) << shift;
}

/* The highest value that shares the bucket; recorded values are never reported above the real maximum. */
static uint64_t ll_histogram_highest_of(const struct ll_histogram *histogram, uint32_t index)
{
    uint64_t highest = ll_histogram_lowest_of(index + 1) - 1;
    return highest < histogram->max ? highest : histogram->max;
}

void ll_histogram_init(struct ll_histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
    histogram->min = UINT64_MAX;
}

void ll_histogram_record(struct ll_histogram *histogram, uint64_t value, uint64_t count)
{
    LL_ASSERT_SLOW(count > 0);
    histogram->count += count;
    histogram->min = value < histogram->min ? value : histogram->min;
    histogram->max = value > histogram->max ? value : histogram->max;
    if (LL_LIKELY(value <= LL_HISTOGRAM_VALUE_MAX))
        histogram->bucket[ll_histogram_index(value)] += count;
    else
        histogram->over_range += count;
}

void ll_histogram_add(struct ll_histogram *target, const struct ll_histogram *source)
{
    target->count += source->count;
    target->over_range += source->over_range;
    target->min = source->min < target->min ? source->min : target->min;
    target->max = source->max > target->max ? source->max : target->max;
    for (uint32_t i = 0; i < LL_HISTOGRAM_BUCKETS; i++)
        target->bucket[i] += source->bucket[i];
}

/* How many of `count` sorted samples lie at or below the percentile: count * per_million / 10^6, rounded up,
 * in steps that cannot overflow. */
static uint64_t ll_histogram_rank(uint64_t count, uint32_t per_million)
{
    uint64_t whole = count / LL_PER_MILLION * per_million;
    uint64_t part = count % LL_PER_MILLION * per_million;
    return whole + (part + LL_PER_MILLION - 1) / LL_PER_MILLION;
}

uint64_t ll_histogram_percentile(const struct ll_histogram *histogram, uint32_t per_million)
{
    LL_ASSERT(per_million <= LL_PER_MILLION);
    if (histogram->count == 0)
        return 0;
    uint64_t rank = ll_histogram_rank(histogram->count, per_million);
    uint64_t seen = 0;
    rank = rank > 0 ? rank : 1;
    for (uint32_t i = 0; i < LL_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->bucket[i];
        if (seen >= rank)
            return ll_histogram_highest_of(histogram, i);
    }
    return histogram->max; /* among the over-range values, of which only the largest is known */
}

uint64_t ll_histogram_count_below(const struct ll_histogram *histogram, uint64_t limit)
{
    uint32_t end = limit <= LL_HISTOGRAM_VALUE_MAX ? ll_histogram_index(limit) : LL_HISTOGRAM_BUCKETS;
    uint64_t count = 0;
    for (uint32_t i = 0; i < end; i++)
        count += histogram->bucket[i];
    return count;
}

int ll_histogram_percentile_is_supported(const struct ll_histogram *histogram, uint32_t per_million)
{
    LL_ASSERT(per_million <= LL_PER_MILLION);
    return histogram->count - ll_histogram_rank(histogram->count, per_million) >= LL_BEYOND_MIN;
}

/* Index of the power of two a value belongs to: 0 for 0, 1 for 1, 2 for 2..3, 3 for 4..7. */
static unsigned ll_histogram_row(uint64_t value)
{
    return value == 0 ? 0 : 64u - (unsigned)__builtin_clzll(value);
}

static void ll_histogram_print_row(const struct ll_histogram *histogram, FILE *file, unsigned row,
                                   uint64_t count, unsigned bar_columns)
{
    char bar[LL_BAR_COLS_MAX + 1];
    double percent = 100.0 * (double)count / (double)histogram->count;
    uint64_t lowest = row == 0 ? 0 : (uint64_t)1 << (row - 1);
    uint64_t highest = row == 0 ? 0 : lowest + (lowest - 1);
    memset(bar, '#', bar_columns);
    bar[bar_columns] = '\0';
    (void)fprintf(file, "  %13" PRIu64 " ..%14" PRIu64 " %12" PRIu64 " %6.2f %%%s%s\n", lowest, highest,
                  count, percent, bar_columns > 0 ? "  " : "", bar);
}

void ll_histogram_print(const struct ll_histogram *histogram, FILE *file, const char *title, unsigned width)
{
    (void)fprintf(file, "%s: %" PRIu64 " values", title, histogram->count);
    if (histogram->count == 0) {
        (void)putc('\n', file);
        return;
    }
    (void)fprintf(file,
                  ", min %" PRIu64 ", p50 %" PRIu64 ", p99 %" PRIu64 ", max %" PRIu64 ", over range %" PRIu64
                  "\n",
                  histogram->min, ll_histogram_percentile(histogram, 500000),
                  ll_histogram_percentile(histogram, 990000), histogram->max, histogram->over_range);
    uint64_t row_count[65] = {0};
    uint64_t row_count_max = 1;
    for (uint32_t i = 0; i < LL_HISTOGRAM_BUCKETS; i++)
        row_count[ll_histogram_row(ll_histogram_lowest_of(i))] += histogram->bucket[i];
    unsigned first_row = ll_histogram_row(histogram->min);
    unsigned last_row = 0; /* over-range values are in the title and have no row */
    for (unsigned row = first_row; row < sizeof row_count / sizeof row_count[0]; row++) {
        last_row = row_count[row] > 0 ? row : last_row;
        row_count_max = row_count[row] > row_count_max ? row_count[row] : row_count_max;
    }
    width = width < LL_BAR_COLS_MAX ? width : LL_BAR_COLS_MAX;
    for (unsigned row = first_row; row <= last_row; row++) {
        double part = (double)row_count[row] / (double)row_count_max;
        ll_histogram_print_row(histogram, file, row, row_count[row], (unsigned)ceil(part * width));
    }
}

/* Mean and standard deviation from the middle of each bucket; over-range values count as the maximum. */
static void ll_histogram_moments(const struct ll_histogram *histogram, double *mean, double *deviation)
{
    double count = (double)histogram->count;
    double sum = (double)histogram->over_range * (double)histogram->max;
    *mean = 0;
    *deviation = 0;
    if (histogram->count == 0)
        return;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < LL_HISTOGRAM_BUCKETS; i++) {
            if (histogram->bucket[i] == 0)
                continue;
            uint64_t lowest = ll_histogram_lowest_of(i);
            double middle = ((double)lowest + (double)ll_histogram_highest_of(histogram, i)) / 2;
            double distance = middle - *mean;
            sum += (double)histogram->bucket[i] * (pass == 0 ? middle : distance * distance);
        }
        if (pass == 0)
            *mean = sum / count;
        else
            *deviation = sqrt(sum / count);
        double beyond = (double)histogram->max - *mean;
        sum = (double)histogram->over_range * beyond * beyond;
    }
}

/* Prints the levels that one bucket reaches; `level` is the next percentile due, moved on. */
static void ll_histogram_print_levels(FILE *file, double *level, uint64_t value, uint64_t seen,
                                      uint64_t count)
{
    double reached = 100.0 * (double)seen / (double)count;
    while (reached >= *level) {
        (void)fprintf(file, "%12.3f %2.12f %10" PRIu64 " %14.2f\n", (double)value, *level / 100.0, seen,
                      100.0 / (100.0 - *level));
        double halvings = floor(log2(100.0 / (100.0 - *level))) + 1.0;
        *level += 100.0 / (LL_HGRM_TICKS * exp2(halvings));
        if (seen == count)
            break; /* the last value: its remaining levels are the one line of 100 % */
    }
}

void ll_histogram_print_hgrm(const struct ll_histogram *histogram, FILE *file)
{
    double mean;
    double deviation;
    double level = 0;
    uint64_t seen = 0;
    (void)fprintf(file, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    for (uint32_t i = 0; i < LL_HISTOGRAM_BUCKETS; i++) {
        if (histogram->bucket[i] == 0)
            continue;
        seen += histogram->bucket[i];
        ll_histogram_print_levels(file, &level, ll_histogram_highest_of(histogram, i), seen,
                                  histogram->count);
    }
    if (histogram->over_range > 0)
        ll_histogram_print_levels(file, &level, histogram->max, histogram->count, histogram->count);
    if (histogram->count > 0)
        (void)fprintf(file, "%12.3f %2.12f %10" PRIu64 "\n", (double)histogram->max, 1.0, histogram->count);
    ll_histogram_moments(histogram, &mean, &deviation);
    (void)fprintf(file, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", mean, deviation);
    (void)fprintf(file, "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n", (double)histogram->max,
                  histogram->count);
    (void)fprintf(file, "#[Buckets = %12u, SubBuckets     = %12u]\n", LL_SHIFT_MAX + 1,
                  LL_HISTOGRAM_SUB_BUCKETS);
}
