/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: every recorded value comes back from the histogram, within the promised precision, at every percentile.
 * Method: the edges of the bucket layout one by one, then random values against a sorted array.
 */
#include "host/base/ll_histogram.h"

#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TEST_VALUES 20000u

static struct ll_histogram *histogram_new(void)
{
    struct ll_histogram *histogram = malloc(sizeof *histogram);
    ck_assert_ptr_nonnull(histogram);
    ll_histogram_init(histogram);
    return histogram;
}

START_TEST(test_count_below)
{
    struct ll_histogram *histogram = histogram_new();
    ck_assert_uint_eq(ll_histogram_count_below(histogram, UINT64_MAX), 0);
    ll_histogram_record(histogram, 0, 1);
    ll_histogram_record(histogram, 999, 2);
    ll_histogram_record(histogram, 1000, 4);
    ll_histogram_record(histogram, LL_HISTOGRAM_VALUE_MAX, 8);
    ll_histogram_record(histogram, LL_HISTOGRAM_VALUE_MAX + 1, 16);
    ck_assert_uint_eq(ll_histogram_count_below(histogram, 0), 0);
    ck_assert_uint_eq(ll_histogram_count_below(histogram, 1), 1);
    ck_assert_uint_eq(ll_histogram_count_below(histogram, 999), 1);
    ck_assert_uint_eq(ll_histogram_count_below(histogram, 1000), 3);
    ck_assert_uint_eq(ll_histogram_count_below(histogram, 1001), 7);
    ck_assert_uint_eq(ll_histogram_count_below(histogram, LL_HISTOGRAM_VALUE_MAX), 7);
    ck_assert_uint_eq(ll_histogram_count_below(histogram, UINT64_MAX), 15); /* over-range ones are nowhere */
    free(histogram);
}
END_TEST

/* Index of the only bucket in use. */
static uint32_t only_bucket(const struct ll_histogram *histogram)
{
    uint32_t found = LL_HISTOGRAM_BUCKETS;
    for (uint32_t i = 0; i < LL_HISTOGRAM_BUCKETS; i++) {
        if (histogram->bucket[i] == 0)
            continue;
        ck_assert_uint_eq(found, LL_HISTOGRAM_BUCKETS);
        found = i;
    }
    ck_assert_uint_lt(found, LL_HISTOGRAM_BUCKETS);
    return found;
}

static uint32_t bucket_of(uint64_t value)
{
    struct ll_histogram *histogram = histogram_new();
    ll_histogram_record(histogram, value, 1);
    uint32_t bucket = only_bucket(histogram);
    free(histogram);
    return bucket;
}

START_TEST(test_empty)
{
    struct ll_histogram *histogram = histogram_new();
    ck_assert_uint_eq(histogram->count, 0);
    ck_assert_uint_eq(histogram->min, UINT64_MAX);
    ck_assert_uint_eq(ll_histogram_percentile(histogram, 0), 0);
    ck_assert_uint_eq(ll_histogram_percentile(histogram, 1000000), 0);
    ck_assert_int_eq(ll_histogram_percentile_is_supported(histogram, 500000), 0);
    free(histogram);
}
END_TEST

/* Values and the index they must have: exact below 2048, then pairs, then fours, ... up to the last bucket. */
static const struct {
    uint64_t value;
    uint32_t bucket;
} layout[] = {
    {0, 0},
    {1, 1},
    {2047, 2047},
    {2048, 2048},
    {2049, 2048},
    {2050, 2049},
    {4095, 3071},
    {4096, 3072},
    {4099, 3072},
    {4100, 3073},
    {8191, 4095},
    {8192, 4096},
    {LL_HISTOGRAM_VALUE_MAX - 1, LL_HISTOGRAM_BUCKETS - 2},
    {LL_HISTOGRAM_VALUE_MAX, LL_HISTOGRAM_BUCKETS - 1},
};

START_TEST(test_layout)
{
    ck_assert_uint_eq(bucket_of(layout[_i].value), layout[_i].bucket);
}
END_TEST

/* At each power of two, the neighbours on both sides come back within one part in 1024 of themselves. */
START_TEST(test_precision_at_powers)
{
    uint64_t power = (uint64_t)1 << _i;
    for (uint64_t value = power - 1; value <= power + 1 && value <= LL_HISTOGRAM_VALUE_MAX; value++) {
        struct ll_histogram *histogram = histogram_new();
        ll_histogram_record(histogram, value, 1);
        ll_histogram_record(histogram, LL_HISTOGRAM_VALUE_MAX, 1); /* so that max does not hide the bucket */
        uint64_t reported = ll_histogram_percentile(histogram, 500000);
        ck_assert_uint_ge(reported, value);
        ck_assert_uint_le(reported - value, value / 1024);
        free(histogram);
    }
}
END_TEST

START_TEST(test_over_range)
{
    struct ll_histogram *histogram = histogram_new();
    ll_histogram_record(histogram, LL_HISTOGRAM_VALUE_MAX + 1, 1);
    ll_histogram_record(histogram, UINT64_MAX, 2);
    ll_histogram_record(histogram, 7, 1);
    ck_assert_uint_eq(histogram->count, 4);
    ck_assert_uint_eq(histogram->over_range, 3);
    ck_assert_uint_eq(histogram->min, 7);
    ck_assert_uint_eq(histogram->max, UINT64_MAX);
    ck_assert_uint_eq(only_bucket(histogram), 7);
    ck_assert_uint_eq(ll_histogram_percentile(histogram, 250000), 7);
    ck_assert_uint_eq(ll_histogram_percentile(histogram, 250001), UINT64_MAX);
    free(histogram);
}
END_TEST

START_TEST(test_supported)
{
    struct ll_histogram *histogram = histogram_new();
    ll_histogram_record(histogram, 5, 999);
    ck_assert_int_eq(ll_histogram_percentile_is_supported(histogram, 990000), 0);
    ll_histogram_record(histogram, 5, 1);
    ck_assert_int_ne(ll_histogram_percentile_is_supported(histogram, 990000), 0);
    ck_assert_int_eq(ll_histogram_percentile_is_supported(histogram, 990001), 0);
    ck_assert_int_eq(ll_histogram_percentile_is_supported(histogram, 1000000), 0);
    free(histogram);
}
END_TEST

/* Counts near 2^64 / 10^6 would overflow a plain count * per_million. */
START_TEST(test_huge_counts)
{
    struct ll_histogram *histogram = histogram_new();
    ll_histogram_record(histogram, 10, UINT64_MAX / 4);
    ll_histogram_record(histogram, 20, UINT64_MAX / 4);
    ck_assert_uint_eq(ll_histogram_percentile(histogram, 499999), 10);
    ck_assert_uint_eq(ll_histogram_percentile(histogram, 500001), 20);
    free(histogram);
}
END_TEST

static int compare_u64(const void *left, const void *right)
{
    uint64_t a;
    uint64_t b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

/* The definition, on a sorted array: the smallest value with at least per_million of all at or below it. */
static uint64_t naive_percentile(const uint64_t *sorted, uint64_t count, uint32_t per_million)
{
    for (uint64_t i = 0; i < count; i++)
        if ((i + 1) * 1000000u >= count * per_million)
            return sorted[i];
    return sorted[count - 1];
}

START_TEST(test_against_sorted_array)
{
    static const uint32_t levels[] = {0, 1, 100000, 500000, 900000, 990000, 999000, 999900, 999999, 1000000};
    static uint64_t values[TEST_VALUES];
    struct ll_histogram *histogram = histogram_new();
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("against_sorted_array") + (uint64_t)_i);
    for (uint32_t i = 0; i < TEST_VALUES; i++) {
        values[i] = ll_prng_next(&prng) >> (24 + ll_prng_below(&prng, 40));
        ll_histogram_record(histogram, values[i], 1);
    }
    qsort(values, TEST_VALUES, sizeof values[0], compare_u64);
    ck_assert_uint_eq(histogram->count, TEST_VALUES);
    ck_assert_uint_eq(histogram->over_range, 0);
    ck_assert_uint_eq(histogram->min, values[0]);
    ck_assert_uint_eq(histogram->max, values[TEST_VALUES - 1]);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        uint64_t exact = naive_percentile(values, TEST_VALUES, levels[i]);
        uint64_t reported = ll_histogram_percentile(histogram, levels[i]);
        ck_assert_uint_ge(reported, exact);
        ck_assert_uint_le(reported - exact, exact / 1024);
    }
    free(histogram);
}
END_TEST

/* Two halves added are the whole, in every field. */
START_TEST(test_add)
{
    struct ll_histogram *whole = histogram_new();
    struct ll_histogram *half[2] = {histogram_new(), histogram_new()};
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("add"));
    for (uint32_t i = 0; i < TEST_VALUES; i++) {
        uint64_t value = ll_prng_next(&prng) >> ll_prng_below(&prng, 64);
        uint64_t count = 1 + ll_prng_below(&prng, 3);
        ll_histogram_record(whole, value, count);
        ll_histogram_record(half[ll_prng_below(&prng, 2)], value, count);
    }
    ll_histogram_add(half[0], half[1]);
    ck_assert_mem_eq(half[0], whole, sizeof *whole);
    free(half[0]);
    free(half[1]);
    free(whole);
}
END_TEST

/* The percentile text: levels and counts never fall, the last line is the whole, the totals are right. */
START_TEST(test_hgrm_text)
{
    struct ll_histogram *histogram = histogram_new();
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *file = open_memstream(&text, &text_bytes);
    ck_assert_ptr_nonnull(file);
    for (uint64_t value = 1; value <= 5000; value++)
        ll_histogram_record(histogram, value, 1);
    ll_histogram_record(histogram, UINT64_MAX / 2, 1);
    ll_histogram_print_hgrm(histogram, file);
    ck_assert_int_eq(fclose(file), 0);
    double level_before = -1;
    unsigned long count_before = 0;
    unsigned lines = 0;
    for (char *line = strtok(text, "\n"); line != NULL && line[0] != '#'; line = strtok(NULL, "\n")) {
        double value;
        double level;
        unsigned long count;
        if (sscanf(line, "%lf %lf %lu", &value, &level, &count) != 3)
            continue; /* the heading */
        ck_assert(level >= level_before);
        ck_assert_uint_ge(count, count_before);
        level_before = level;
        count_before = count;
        lines++;
    }
    ck_assert(level_before >= 1.0);
    ck_assert_uint_eq(count_before, 5001);
    ck_assert_uint_gt(lines, 20);
    free(text);
    free(histogram);
}
END_TEST

/* Bars are at most `width` wide, one of them exactly; the rows hold every value in range. */
START_TEST(test_picture)
{
    struct ll_histogram *histogram = histogram_new();
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *file = open_memstream(&text, &text_bytes);
    ck_assert_ptr_nonnull(file);
    ll_histogram_print(histogram, file, "nothing", 40);
    for (uint64_t value = 0; value < 1000; value++)
        ll_histogram_record(histogram, value, 1);
    ll_histogram_record(histogram, UINT64_MAX, 1);
    ll_histogram_print(histogram, file, "latency", 40);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_ptr_nonnull(strstr(text, "nothing: 0 values\n"));
    ck_assert_ptr_nonnull(strstr(text, "over range 1"));
    unsigned long total = 0;
    size_t widest = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        unsigned long low;
        unsigned long high;
        unsigned long count;
        if (sscanf(line, " %lu .. %lu %lu", &low, &high, &count) != 3)
            continue;
        const char *bar = strchr(line, '#');
        size_t width = bar != NULL ? strspn(bar, "#") : 0;
        widest = width > widest ? width : widest;
        ck_assert_uint_eq(count > 0, width > 0);
        total += count;
    }
    ck_assert_uint_eq(total, 1000);
    ck_assert_uint_eq(widest, 40);
    free(text);
    free(histogram);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("histogram");
    TCase *tcase = tcase_create("histogram");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, test_empty);
    tcase_add_loop_test(tcase, test_layout, 0, (int)(sizeof layout / sizeof layout[0]));
    tcase_add_loop_test(tcase, test_precision_at_powers, 1, 41);
    tcase_add_test(tcase, test_over_range);
    tcase_add_test(tcase, test_count_below);
    tcase_add_test(tcase, test_supported);
    tcase_add_test(tcase, test_huge_counts);
    tcase_add_loop_test(tcase, test_against_sorted_array, 0, 5);
    tcase_add_test(tcase, test_add);
    tcase_add_test(tcase, test_hgrm_text);
    tcase_add_test(tcase, test_picture);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
