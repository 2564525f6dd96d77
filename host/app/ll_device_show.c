/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_device_show.h"

#include "host/app/ll_exit.h"
#include "host/app/ll_report.h"

#include <inttypes.h>
#include <string.h>

const char *ll_device_standing_name(enum ll_device_standing standing)
{
    static const char *const names[] = {"here", "there", "fallen", "reloading", "stopped"};
    return names[standing];
}

static bool ll_device_is_shown(const struct ll_gateway *gateway)
{
    return strcmp(ll_gateway_device_config(gateway)->name, "cpu") != 0;
}

/* --- While it runs ---------------------------------------------------------------------------------------- */

void ll_device_look(struct ll_gateway *gateway, struct ll_device_snapshot *snapshot)
{
    const struct ll_device *device = ll_gateway_device(gateway);
    const struct ll_device_counters *counters = ll_device_counters(device);
    *snapshot = (struct ll_device_snapshot){.is_shown = ll_device_is_shown(gateway),
                                            .standing = ll_device_standing(device),
                                            .answers = counters->device_answers,
                                            .losses = counters->losses,
                                            .reloads = counters->reloads};
    (void)snprintf(snapshot->name, sizeof snapshot->name, "%s", ll_device_describe(device));
}

static uint32_t ll_device_text_bytes(int length, uint32_t room_bytes)
{
    if (length < 0)
        return 0;
    return (uint32_t)length < room_bytes ? (uint32_t)length : room_bytes - 1;
}

uint32_t ll_device_show_picture(const struct ll_device_snapshot *snapshot, char *text, uint32_t text_bytes)
{
    char a[32];
    char b[32];
    char c[32];
    if (!snapshot->is_shown)
        return 0;
    int length = snprintf(text, text_bytes, "device      %s, %s answers   lost %s   loaded anew %s   %s\n",
                          ll_device_standing_name((enum ll_device_standing)snapshot->standing),
                          ll_report_grouped(snapshot->answers, a), ll_report_grouped(snapshot->losses, b),
                          ll_report_grouped(snapshot->reloads, c), snapshot->name);
    return ll_device_text_bytes(length, text_bytes);
}

uint32_t ll_device_show_line(const struct ll_device_snapshot *snapshot, char *text, uint32_t text_bytes)
{
    if (!snapshot->is_shown)
        return 0;
    int length =
        snprintf(text, text_bytes,
                 " device=%s device_answers=%" PRIu64 " device_losses=%" PRIu64 " device_reloads=%" PRIu64,
                 ll_device_standing_name((enum ll_device_standing)snapshot->standing), snapshot->answers,
                 snapshot->losses, snapshot->reloads);
    return ll_device_text_bytes(length, text_bytes);
}

/* --- The end -------------------------------------------------------------------------------------------- */

int ll_device_check_hashes(struct ll_device *device, bool has_life, uint64_t book_hash, uint64_t life_hash,
                           struct ll_why *why)
{
    uint64_t book_hash_here = ll_book_memory_hash(ll_device_book(device));
    uint64_t life_hash_here = has_life ? ll_life_memory_hash(ll_device_life(device)) : 0;
    if (book_hash == book_hash_here && life_hash == life_hash_here)
        return LL_OK;
    return LL_FAIL(why, LL_ERR_CORRUPT,
                   "the device's tables hash to 0x%016" PRIx64 " and 0x%016" PRIx64
                   ", those here to 0x%016" PRIx64 " and 0x%016" PRIx64,
                   book_hash, life_hash, book_hash_here, life_hash_here);
}

int ll_device_settle(struct ll_gateway *gateway, struct ll_device_outcome *outcome, struct ll_why *why)
{
    struct ll_device *device = ll_gateway_device(gateway);
    struct ll_why lost = {0};
    memset(outcome, 0, sizeof *outcome);
    bool is_there = ll_device_standing(device) == LL_DEVICE_THERE &&
                    ll_device_hash(device, &outcome->book_hash, &outcome->life_hash, &lost) == LL_OK &&
                    ll_device_standing(device) == LL_DEVICE_THERE;
    outcome->losses = ll_device_counters(device)->losses;
    if (!is_there)
        return LL_OK;
    int status = ll_device_check_hashes(device, ll_gateway_trading(gateway) != NULL, outcome->book_hash,
                                        outcome->life_hash, why);
    outcome->is_compared = true;
    outcome->is_equal = status == LL_OK;
    if (status != LL_OK)
        ll_why_append(why, "do not use it, and see `lifeline device test`");
    return status;
}

int ll_device_exit_code(int status, const struct ll_device_outcome *outcome)
{
    return status == LL_OK && outcome->losses != 0 ? LL_EXIT_DEVICE : ll_exit_code(status);
}

/* --- Afterwards ------------------------------------------------------------------------------------------- */

static void ll_device_print_count(FILE *file, const char *label, uint64_t value)
{
    char grouped[32];
    (void)fprintf(file, "  %-22s %16s\n", label, ll_report_grouped(value, grouped));
}

static void ll_device_print_times(FILE *file, const char *label, const struct ll_histogram *times)
{
    char p50[32];
    char p99[32];
    char max[32];
    if (times != NULL && times->count != 0)
        (void)fprintf(file, "  %-22s %16" PRIu64 "  p50 %s, p99 %s, max %s\n", label, times->count,
                      ll_report_duration(ll_histogram_percentile(times, 500000), p50),
                      ll_report_duration(ll_histogram_percentile(times, 990000), p99),
                      ll_report_duration(times->max, max));
}

static const struct ll_histogram *ll_device_ask_times(const struct ll_gateway *gateway)
{
    const struct ll_trading *trading = ll_gateway_trading(gateway);
    return trading != NULL ? ll_trading_ask_trips(trading) : NULL;
}

void ll_device_show_print(const struct ll_gateway *gateway, const struct ll_device_outcome *outcome,
                          FILE *file)
{
    const struct ll_device *device = ll_gateway_device(gateway);
    const struct ll_device_counters *counters = ll_device_counters(device);
    struct ll_why lost = {0};
    if (!ll_device_is_shown(gateway))
        return;
    (void)ll_device_status(device, &lost);
    (void)fprintf(file, "\nDevice: %s, at the end %s\n", ll_device_describe(device),
                  ll_device_standing_name(ll_device_standing(device)));
#define LL_DEVICE_PRINT(name, text) \
    if (counters->name != 0)        \
        ll_device_print_count(file, text, counters->name);
    LL_DEVICE_COUNTERS(LL_DEVICE_PRINT)
#undef LL_DEVICE_PRINT
    ll_device_print_times(file, "round trips, books", ll_gateway_round_trips(gateway));
    ll_device_print_times(file, "round trips, orders", ll_device_ask_times(gateway));
    if (lost.text[0] != '\0')
        (void)fprintf(file, "  lost, the last time: %s\n", lost.text);
    if (!outcome->is_compared)
        (void)fprintf(file, "  its tables at the end: not to be had; what is shown is of this process\n");
    else
        (void)fprintf(file,
                      "  its tables at the end: %s as here; summed there, books 0x%016" PRIx64
                      ", orders 0x%016" PRIx64 "\n",
                      outcome->is_equal ? "the same" : "NOT THE SAME", outcome->book_hash,
                      outcome->life_hash);
}

void ll_device_json_times(struct ll_json *json, const char *key, const struct ll_histogram *times)
{
    if (times == NULL)
        return;
    ll_json_begin_object(json, key);
    ll_json_u64(json, "count", times->count);
    ll_json_u64(json, "p50", ll_histogram_percentile(times, 500000));
    ll_json_u64(json, "p99", ll_histogram_percentile(times, 990000));
    ll_json_u64(json, "p99_9", ll_histogram_percentile(times, 999000));
    ll_json_u64(json, "max", times->max);
    ll_json_end_object(json);
}

void ll_device_show_json(const struct ll_gateway *gateway, const struct ll_device_outcome *outcome,
                         struct ll_json *json, const char *key)
{
    const struct ll_device *device = ll_gateway_device(gateway);
    const struct ll_device_counters *counters = ll_device_counters(device);
    const struct ll_device_config *config = ll_gateway_device_config(gateway);
    struct ll_why lost = {0};
    (void)ll_device_status(device, &lost);
    ll_json_begin_object(json, key);
    ll_json_string(json, "wanted", config->name);
    ll_json_string(json, "is", ll_device_describe(device));
    ll_json_string(json, "mode", config->mode == LL_DEVICE_BATCH ? "batch" : "resident");
    ll_json_bool(json, "verified", config->verify);
    ll_json_string(json, "standing", ll_device_standing_name(ll_device_standing(device)));
    ll_json_string(json, "last_loss", lost.text);
#define LL_DEVICE_JSON(name, text) ll_json_u64(json, #name, counters->name);
    LL_DEVICE_COUNTERS(LL_DEVICE_JSON)
#undef LL_DEVICE_JSON
    ll_device_json_times(json, "book_trip_ns", ll_gateway_round_trips(gateway));
    ll_device_json_times(json, "order_trip_ns", ll_device_ask_times(gateway));
    ll_json_bool(json, "tables_compared", outcome->is_compared);
    ll_json_bool(json, "tables_equal", outcome->is_equal);
    ll_json_hash(json, "book_hash", outcome->book_hash);
    ll_json_hash(json, "life_hash", outcome->life_hash);
    ll_json_end_object(json);
}
