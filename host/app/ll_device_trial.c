/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_device_trial.h"

#include "host/app/ll_device_show.h"
#include "host/app/ll_report.h"
#include "host/app/ll_stop.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_progress.h"

#include <inttypes.h>
#include <string.h>

/* --- The run ---------------------------------------------------------------------------------------------- */

/* A lost device still has its answers given, by this process: that is no answer of it. */
static int ll_trial_check_loss(const struct ll_device_trial *trial, struct ll_why *why)
{
    const struct ll_device_counters *counters = ll_device_counters(trial->device);
    struct ll_why lost = {0};
    if (counters->losses == 0)
        return LL_OK;
    (void)ll_device_status(trial->device, &lost);
    if (counters->different != 0)
        return LL_FAIL(why, LL_ERR_CORRUPT, "a wrong answer: %s", lost.text);
    return LL_FAIL(why, LL_ERR_ENVIRONMENT, "the device was lost after %" PRIu64 " requests: %s",
                   trial->done_count, lost.text);
}

static int ll_trial_updates(struct ll_device_trial *trial, uint32_t count, struct ll_why *why)
{
    struct ll_update updates[LL_DEVICE_TRIAL_GROUP];
    struct ll_result results[LL_DEVICE_TRIAL_GROUP];
    uint32_t submitted = 0;
    uint32_t polled = 0;
    for (uint32_t i = 0; i < count; i++)
        ll_device_workload_update(&trial->workload, &updates[i]);
    uint64_t start_ns = ll_clock_mono_ns();
    while (polled < count && ll_device_status(trial->device, NULL) == LL_OK) {
        submitted += ll_device_submit(trial->device, updates + submitted, count - submitted);
        polled += ll_device_poll(trial->device, results + polled, count - polled);
    }
    uint64_t took_ns = ll_clock_mono_ns() - start_ns;
    ll_histogram_record(count == 1 ? &trial->single : &trial->group, took_ns, 1);
    for (uint32_t i = 0; i < polled; i++)
        if (results[i].seq != updates[i].seq)
            return LL_FAIL(why, LL_ERR_CORRUPT, "the answer to request %" PRIu64 " came as that to %" PRIu64,
                           results[i].seq, updates[i].seq);
    return LL_OK;
}

static int ll_trial_asks(struct ll_device_trial *trial, uint32_t count, struct ll_why *why)
{
    struct ll_life_ask asks[LL_DEVICE_TRIAL_GROUP];
    struct ll_life_answer answers[LL_DEVICE_TRIAL_GROUP];
    for (uint32_t i = 0; i < count; i++)
        ll_device_workload_ask(&trial->workload, &asks[i]);
    uint64_t start_ns = ll_clock_mono_ns();
    ll_device_ask(trial->device, asks, answers, count);
    uint64_t took_ns = ll_clock_mono_ns() - start_ns;
    ll_histogram_record(count == 1 ? &trial->single : &trial->group, took_ns, 1);
    for (uint32_t i = 0; i < count; i++)
        if (answers[i].seq != asks[i].seq)
            return LL_FAIL(why, LL_ERR_CORRUPT, "the answer to request %" PRIu64 " came as that to %" PRIu64,
                           answers[i].seq, asks[i].seq);
    return LL_OK;
}

/* Up to `until` requests in all, `together` at a time; every second group asks about orders. */
static int ll_trial_work(struct ll_device_trial *trial, uint64_t until, uint32_t together,
                         struct ll_progress *progress, struct ll_why *why)
{
    int status = LL_OK;
    bool is_ask = false;
    while (trial->done_count < until && status == LL_OK && !ll_stop_requested()) {
        uint64_t left = until - trial->done_count;
        uint32_t count = left < together ? (uint32_t)left : together;
        is_ask = trial->has_life && !is_ask;
        status = is_ask ? ll_trial_asks(trial, count, why) : ll_trial_updates(trial, count, why);
        if (status == LL_OK)
            status = ll_trial_check_loss(trial, why);
        trial->done_count += count;
        if ((trial->done_count & 0x3fu) == 0) {
            ll_device_tend(trial->device);
            ll_progress_update(progress, trial->done_count, trial->count, ll_clock_mono_ns());
        }
    }
    return status;
}

static int ll_trial_compare(struct ll_device_trial *trial, struct ll_why *why)
{
    int status = ll_device_hash(trial->device, &trial->book_hash, &trial->life_hash, why);
    if (status == LL_OK)
        status =
            ll_device_check_hashes(trial->device, trial->has_life, trial->book_hash, trial->life_hash, why);
    if (status == LL_OK)
        status = ll_device_compare(trial->device, why);
    trial->tables_equal = status == LL_OK;
    return status;
}

int ll_device_trial_run(struct ll_device_trial *trial, struct ll_why *why)
{
    struct ll_progress progress;
    ll_histogram_init(&trial->single);
    ll_histogram_init(&trial->group);
    ll_progress_init(&progress, "device test", "requests", ll_clock_mono_ns());
    int status = ll_trial_work(trial, trial->count / 2, 1, &progress, why);
    uint64_t singles = trial->done_count;
    uint64_t start_ns = ll_clock_mono_ns();
    if (status == LL_OK)
        status = ll_trial_work(trial, trial->count, LL_DEVICE_TRIAL_GROUP, &progress, why);
    trial->together_ns = ll_clock_mono_ns() - start_ns;
    trial->together_count = trial->done_count - singles;
    ll_progress_done(&progress);
    if (status == LL_OK)
        status = ll_trial_compare(trial, why);
    return status != LL_OK ? status : ll_trial_check_loss(trial, why);
}

/* --- The finding ------------------------------------------------------------------------------------------ */

static void ll_trial_print_times(const char *label, const struct ll_histogram *times, FILE *file)
{
    char p50[32];
    char p99[32];
    char p99_9[32];
    char max[32];
    char count[32];
    if (times->count != 0)
        (void)fprintf(file, "%s %s round trips: p50 %s, p99 %s, p99.9 %s, max %s\n", label,
                      ll_report_grouped(times->count, count),
                      ll_report_duration(ll_histogram_percentile(times, 500000), p50),
                      ll_report_duration(ll_histogram_percentile(times, 990000), p99),
                      ll_report_duration(ll_histogram_percentile(times, 999000), p99_9),
                      ll_report_duration(times->max, max));
}

static uint64_t ll_trial_rate_per_s(const struct ll_device_trial *trial)
{
    uint64_t together_us = trial->together_ns / LL_NS_PER_US;
    return together_us != 0 ? trial->together_count * 1000000 / together_us : 0;
}

void ll_device_trial_print(const struct ll_device_trial *trial, FILE *file)
{
    char a[32];
    char b[32];
    ll_trial_print_times("one by one ", &trial->single, file);
    ll_trial_print_times("64 at once ", &trial->group, file);
    (void)fprintf(file, "together    %s requests, %s per second\n",
                  ll_report_grouped(trial->together_count, a),
                  ll_report_grouped(ll_trial_rate_per_s(trial), b));
    (void)fprintf(file, "answers     %s requests worked, seed %" PRIu64 "\n",
                  ll_report_grouped(trial->done_count, a), trial->seed);
    if (trial->tables_equal)
        (void)fprintf(file,
                      "tables      hash of books 0x%016" PRIx64 ", of orders 0x%016" PRIx64
                      ": as here; read back, the same byte for byte\n",
                      trial->book_hash, trial->life_hash);
}

void ll_device_trial_json(const struct ll_device_trial *trial, struct ll_json *json)
{
    ll_json_u64(json, "requests", trial->done_count);
    ll_json_u64(json, "seed", trial->seed);
    ll_device_json_times(json, "single_ns", &trial->single);
    ll_device_json_times(json, "group_of_64_ns", &trial->group);
    ll_json_u64(json, "per_s", ll_trial_rate_per_s(trial));
    ll_json_hash(json, "book_hash", trial->book_hash);
    ll_json_hash(json, "life_hash", trial->life_hash);
    ll_json_bool(json, "tables_equal", trial->tables_equal);
}
