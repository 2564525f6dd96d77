/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_report.h"

#include "host/app/ll_trading_show.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_json.h"
#include "host/wire/ll_itch50.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LL_REPORT_HISTOGRAM_WIDTH 40u

/* Percentiles shown, in parts of a million, and their JSON names. */
static const struct {
    uint32_t per_million;
    const char *json_name;
    const char *label;
} ll_report_percentiles[] = {{500000, "p50", "p50"},       {900000, "p90", "p90"},
                             {990000, "p99", "p99"},       {999000, "p99_9", "p99.9"},
                             {999900, "p99_99", "p99.99"}, {1000000, "max", "max"}};
#define LL_REPORT_PERCENTILES (sizeof ll_report_percentiles / sizeof ll_report_percentiles[0])

const char *ll_report_grouped(uint64_t value, char buffer[32])
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%" PRIu64, value);
    int at = 0;
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            buffer[at++] = ',';
        buffer[at++] = digits[i];
    }
    buffer[at] = '\0';
    return buffer;
}

const char *ll_report_duration(uint64_t ns, char buffer[32])
{
    static const char *const unit[] = {"ns", "us", "ms", "s"};
    uint32_t index = 0;
    uint64_t scale = 1;
    while (index < 3 && ns >= scale * 1000) {
        scale *= 1000;
        index++;
    }
    uint64_t whole = ns / scale;
    if (index == 0 || whole >= 100)
        (void)snprintf(buffer, 32, "%" PRIu64 " %s", whole, unit[index]);
    else if (whole >= 10)
        (void)snprintf(buffer, 32, "%" PRIu64 ".%" PRIu64 " %s", whole, ns * 10 / scale % 10, unit[index]);
    else
        (void)snprintf(buffer, 32, "%" PRIu64 ".%02" PRIu64 " %s", whole, ns * 100 / scale % 100,
                       unit[index]);
    return buffer;
}

static void ll_print_row(FILE *file, const char *label, uint64_t value, const char *rest)
{
    char grouped[32];
    (void)fprintf(file, "  %-22s %16s%s\n", label, ll_report_grouped(value, grouped), rest);
}

/* --- For people ----------------------------------------------------------------------------------------- */

static void ll_print_types(const struct ll_engine_counters *counters, FILE *file)
{
    (void)fprintf(file, "  by type               ");
    for (uint32_t i = 0; i < LL_ITCH50_TYPE_COUNT; i++) {
        uint8_t type = ll_itch50_type_at(i);
        char grouped[32];
        if (counters->by_type[type] != 0)
            (void)fprintf(file, " %c %s", type, ll_report_grouped(counters->by_type[type], grouped));
    }
    (void)fprintf(file, "\n");
}

static void ll_print_exceptions(const struct ll_run_report *report, FILE *file)
{
    const struct ll_engine_counters *counters = ll_engine_counters(ll_gateway_engine(report->gateway));
    const struct ll_mold_counters *mold = ll_gateway_mold_counters(report->gateway);
    for (uint32_t verdict = 1; verdict < LL_VERDICT_COUNT; verdict++)
        if (counters->verdicts[verdict] != 0)
            ll_print_row(file, ll_verdict_name((uint8_t)verdict), counters->verdicts[verdict],
                         "  kept as exceptions");
    if (counters->gaps != 0)
        ll_print_row(file, "gaps given up", counters->gaps, "");
    if (counters->messages_lost != 0)
        ll_print_row(file, "messages lost", counters->messages_lost, "");
    if (counters->bad_packets != 0)
        ll_print_row(file, "unreadable packets", counters->bad_packets, "  kept as exceptions");
    if (counters->payloads_cut != 0)
        ll_print_row(file, "cut to fit a record", counters->payloads_cut, "  longer than a record keeps");
    uint64_t wrong_session = ll_mold_counters_sum(mold).wrong_session;
    if (wrong_session != 0)
        ll_print_row(file, "other session", wrong_session, "  packets not taken");
    if (mold->far_dropped != 0)
        ll_print_row(file, "too far ahead", mold->far_dropped,
                     "  packets not taken: no second one confirmed the jump");
    if (mold->packets_after_end != 0)
        ll_print_row(file, "after the end", mold->packets_after_end, "  packets not taken");
    if (mold->dropped_holdback != 0)
        ll_print_row(file, "not held back", mold->dropped_holdback,
                     "  packets; their messages had to come again");
    if (counters->symbols_without_directory != 0)
        ll_print_row(file, "symbols undirected", counters->symbols_without_directory,
                     "  named by an order only");
}

static void ll_print_latency(const struct ll_run_report *report, FILE *file)
{
    const struct ll_histogram *latency = &report->latency;
    if (latency->count == 0)
        return;
    (void)fprintf(file, "\n%s, ns per message:\n ",
                  report->open_loop
                      ? "Latency from the planned time to reconciled"
                      : "Service time from receipt to reconciled (bursts at full speed, closed loop)");
    for (size_t i = 0; i < LL_REPORT_PERCENTILES; i++)
        if (ll_histogram_percentile_is_supported(latency, ll_report_percentiles[i].per_million) ||
            ll_report_percentiles[i].per_million == 1000000)
            (void)fprintf(file, " %s %" PRIu64, ll_report_percentiles[i].label,
                          ll_histogram_percentile(latency, ll_report_percentiles[i].per_million));
    (void)fprintf(file, "\n");
    ll_histogram_print(latency, file, "ns", LL_REPORT_HISTOGRAM_WIDTH);
}

static void ll_print_journal(const struct ll_run_report *report, FILE *file)
{
    struct ll_journal_stats stats;
    char rest[128];
    if (report->journal_dir == NULL)
        return;
    ll_gateway_journal_stats(report->gateway, &stats);
    (void)snprintf(rest, sizeof rest, "  %" PRIu64 " bytes in %" PRIu64 " writes, %" PRIu64 " segments",
                   stats.bytes_written, stats.writes, stats.segments_created);
    ll_print_row(file, "journal records", stats.records_appended, rest);
    ll_print_row(file, "durable to event", ll_gateway_durable_event_id(report->gateway), "");
    if (ll_gateway_counters(report->gateway)->journal_waits != 0)
        ll_print_row(file, "waits for journal", ll_gateway_counters(report->gateway)->journal_waits, "");
    if (stats.syncs != 0) {
        (void)snprintf(rest, sizeof rest, "  mean %" PRIu64 " us, max %" PRIu64 " us",
                       stats.sync_ns_total / stats.syncs / 1000, stats.sync_ns_max / 1000);
        ll_print_row(file, "syncs", stats.syncs, rest);
    }
}

static const char *ll_report_headline(const struct ll_run_report *report)
{
    bool journal = report->journal_dir != NULL;
    switch (report->ended) {
    case LL_REPORT_END_SIGNAL:
        return journal ? "Interrupted; everything received is worked and durable."
                       : "Interrupted; everything received is worked.";
    case LL_REPORT_END_DURATION:
        return journal ? "Time is up; everything received is worked and durable."
                       : "Time is up; everything received is worked.";
    case LL_REPORT_END_ERROR:
        return "Stopped by an error; the counts are those until then.";
    case LL_REPORT_END_FEED:
    default:
        return "Done.";
    }
}

static const char *ll_report_end_name(enum ll_report_end ended)
{
    static const char *const names[] = {"feed", "signal", "duration", "error"};
    return names[ended];
}

void ll_report_print(const struct ll_run_report *report, FILE *file)
{
    const struct ll_engine *engine = ll_gateway_engine(report->gateway);
    const struct ll_engine_counters *counters = ll_engine_counters(engine);
    const struct ll_book_memory *book = ll_gateway_book(report->gateway);
    const struct ll_mold_counters *mold = ll_gateway_mold_counters(report->gateway);
    char rest[96];
    uint64_t elapsed_us = report->elapsed_ns / 1000;
    uint64_t rate = elapsed_us != 0 ? report->messages_new * 1000000 / elapsed_us : 0;
    char grouped[32];
    (void)snprintf(rest, sizeof rest, "  in %" PRIu64 ".%03" PRIu64 " s: %s messages/s", elapsed_us / 1000000,
                   elapsed_us / 1000 % 1000, ll_report_grouped(rate, grouped));
    (void)fprintf(file, "%s\n", ll_report_headline(report));
    ll_print_row(file, "messages", counters->messages,
                 report->messages_new == counters->messages ? rest : "");
    if (report->messages_new != counters->messages)
        ll_print_row(file, "of these new", report->messages_new, rest);
    ll_print_types(counters, file);
    (void)snprintf(rest, sizeof rest, "  %" PRIu64 " datagrams, %" PRIu64 " missed by the port",
                   report->port.datagrams, report->port.missed + report->port.errors);
    ll_print_row(file, "frames", report->port.frames, rest);
    ll_print_row(file, "duplicates", ll_mold_counters_sum(mold).messages_duplicate, "");
    ll_print_row(file, "symbols", counters->symbols, "");
    ll_print_row(file, "live orders", book->control->live_orders, "");
    ll_print_row(file, "price levels", book->control->live_levels, "");
    ll_print_row(file, "ok", counters->verdicts[LL_VERDICT_OK], "");
    ll_print_exceptions(report, file);
    ll_print_journal(report, file);
    (void)snprintf(rest, sizeof rest, "  tables in %s pages",
                   ll_device_memory_pages(ll_gateway_device(report->gateway)));
    ll_print_row(file, "memory bytes", ll_gateway_memory_bytes(report->gateway), rest);
    (void)fprintf(file, "  %-22s 0x%016" PRIx64 "\n", "state hash",
                  ll_engine_state_hash(engine, ll_book_memory_hash(book)));
    if (ll_gateway_trading(report->gateway) != NULL)
        ll_trading_show_print(ll_gateway_trading(report->gateway), file);
    ll_device_show_print(report->gateway, &report->device, file);
    ll_print_latency(report, file);
}

/* --- For machines --------------------------------------------------------------------------------------- */

static void ll_json_counts(struct ll_json *json, const struct ll_engine_counters *counters)
{
    uint64_t unknown = counters->messages;
    ll_json_begin_object(json, "by_type");
    for (uint32_t i = 0; i < LL_ITCH50_TYPE_COUNT; i++) {
        uint8_t type = ll_itch50_type_at(i);
        char name[2] = {(char)type, '\0'};
        unknown -= counters->by_type[type];
        if (counters->by_type[type] != 0)
            ll_json_u64(json, name, counters->by_type[type]);
    }
    if (unknown != 0)
        ll_json_u64(json, "unknown", unknown);
    ll_json_end_object(json);
    ll_json_begin_object(json, "verdicts");
    for (uint32_t verdict = 0; verdict < LL_VERDICT_COUNT; verdict++)
        if (counters->verdicts[verdict] != 0 || verdict == LL_VERDICT_OK)
            ll_json_u64(json, ll_verdict_name((uint8_t)verdict), counters->verdicts[verdict]);
    ll_json_end_object(json);
}

static void ll_json_feed(struct ll_json *json, const struct ll_run_report *report)
{
    const struct ll_engine_counters *counters = ll_engine_counters(ll_gateway_engine(report->gateway));
    const struct ll_mold_counters *mold = ll_gateway_mold_counters(report->gateway);
    ll_json_u64(json, "gaps", mold->gaps_detected);
    ll_json_u64(json, "gaps_given_up", counters->gaps);
    ll_json_u64(json, "messages_lost", counters->messages_lost);
    ll_json_u64(json, "duplicates", ll_mold_counters_sum(mold).messages_duplicate);
    ll_json_u64(json, "before_start", mold->messages_before_start);
    ll_json_u64(json, "wrong_session", ll_mold_counters_sum(mold).wrong_session);
    ll_json_u64(json, "far_dropped", mold->far_dropped);
    ll_json_u64(json, "packets_after_end", mold->packets_after_end);
    ll_json_u64(json, "end_contradicted", mold->end_contradicted);
    ll_json_u64(json, "dropped_holdback", mold->dropped_holdback);
    ll_json_u64(json, "messages_dropped", mold->messages_dropped);
    ll_json_u64(json, "payloads_cut", counters->payloads_cut);
    ll_json_u64(json, "bad_packets", counters->bad_packets);
    ll_json_u64(json, "exceptions", counters->exceptions);
    ll_json_u64(json, "requests", mold->requests);
    ll_json_u64(json, "requests_sent", ll_gateway_counters(report->gateway)->requests_sent);
    ll_json_begin_object(json, "port");
    ll_json_u64(json, "frames", report->port.frames);
    ll_json_u64(json, "datagrams", report->port.datagrams);
    ll_json_u64(json, "not_ipv4", report->port.not_ipv4);
    ll_json_u64(json, "not_udp", report->port.not_udp);
    ll_json_u64(json, "fragments", report->port.fragments);
    ll_json_u64(json, "no_flow", report->port.no_flow);
    ll_json_u64(json, "truncated", report->port.truncated);
    ll_json_u64(json, "oversize", report->port.oversize);
    ll_json_u64(json, "missed", report->port.missed);
    ll_json_u64(json, "errors", report->port.errors);
    ll_json_end_object(json);
}

static void ll_json_journal(struct ll_json *json, const struct ll_run_report *report)
{
    const struct ll_gateway_counters *gateway = ll_gateway_counters(report->gateway);
    struct ll_journal_stats stats;
    ll_gateway_journal_stats(report->gateway, &stats);
    ll_json_u64(json, "journal_bytes", stats.bytes_written);
    ll_json_begin_object(json, "journal");
    ll_json_u64(json, "records", stats.records_appended);
    ll_json_u64(json, "recovered", gateway->records_recovered);
    ll_json_u64(json, "snapshot_event_id", gateway->snapshot_event_id);
    ll_json_u64(json, "snapshots_refused", gateway->snapshots_refused);
    ll_json_u64(json, "torn_slots_cut", gateway->torn_slots_cut);
    ll_json_u64(json, "durable_event_id", ll_gateway_durable_event_id(report->gateway));
    ll_json_u64(json, "writes", stats.writes);
    ll_json_u64(json, "syncs", stats.syncs);
    ll_json_u64(json, "segments_created", stats.segments_created);
    ll_json_u64(json, "waits", gateway->journal_waits);
    ll_json_end_object(json);
}

static void ll_json_latency(struct ll_json *json, const struct ll_run_report *report)
{
    ll_json_begin_object(json, report->open_loop ? "latency_ns" : "service_ns");
    ll_json_u64(json, "count", report->latency.count);
    for (size_t i = 0; i < LL_REPORT_PERCENTILES; i++)
        ll_json_u64(json, ll_report_percentiles[i].json_name,
                    ll_histogram_percentile(&report->latency, ll_report_percentiles[i].per_million));
    ll_json_u64(json, "over_range", report->latency.over_range);
    ll_json_end_object(json);
}

/* --- A book --------------------------------------------------------------------------------------------- */

/* The levels of one side, all of them or the best `depth`; the caller frees. */
static struct ll_book_level *ll_read_side(const struct ll_run_report *report, uint32_t locate, uint32_t side,
                                          uint32_t *count)
{
    const struct ll_book_memory *book = ll_gateway_book(report->gateway);
    *count = ll_book_memory_levels(book, locate, side, NULL, 0);
    struct ll_book_level *levels = calloc(*count + 1u, sizeof *levels);
    if (levels == NULL) {
        *count = 0;
        return NULL;
    }
    (void)ll_book_memory_levels(book, locate, side, levels, *count);
    if (report->book_depth != 0 && *count > report->book_depth)
        *count = (uint32_t)report->book_depth;
    return levels;
}

static int ll_find_book(const struct ll_run_report *report, uint32_t *locate, struct ll_why *why)
{
    const struct ll_engine *engine = ll_gateway_engine(report->gateway);
    char symbol[LL_ENGINE_SYMBOL_BYTES];
    size_t length = strlen(report->book_symbol);
    memset(symbol, ' ', sizeof symbol);
    memcpy(symbol, report->book_symbol, length < sizeof symbol ? length : sizeof symbol);
    *locate = length <= sizeof symbol ? ll_engine_locate(engine, symbol) : LL_ENGINE_SYMBOLS;
    if (*locate == LL_ENGINE_SYMBOLS)
        return LL_FAIL(why, LL_ERR_INPUT, "no symbol '%s' in this feed; %" PRIu64 " symbols are known",
                       report->book_symbol, ll_engine_counters(engine)->symbols);
    if (*locate >= ll_gateway_book(report->gateway)->control->book_count)
        return LL_FAIL(why, LL_ERR_INPUT,
                       "'%s' has number %u, and there are books for numbers below %u; raise --books",
                       report->book_symbol, *locate, ll_gateway_book(report->gateway)->control->book_count);
    return LL_OK;
}

int ll_report_check_book(const struct ll_run_report *report, struct ll_why *why)
{
    uint32_t locate;
    return report->book_symbol != NULL ? ll_find_book(report, &locate, why) : LL_OK;
}

int ll_report_print_book(const struct ll_run_report *report, FILE *file, struct ll_why *why)
{
    uint32_t locate;
    int status = ll_find_book(report, &locate, why);
    for (uint32_t side = LL_SIDE_BUY; side <= LL_SIDE_SELL && status == LL_OK; side++) {
        uint32_t count;
        struct ll_book_level *levels = ll_read_side(report, locate, side, &count);
        for (uint32_t i = 0; i < count; i++)
            (void)fprintf(file, "%s %" PRIu32 " %" PRIu64 " %" PRIu32 "\n",
                          side == LL_SIDE_BUY ? "bid" : "ask", levels[i].price, levels[i].quantity,
                          levels[i].orders);
        free(levels);
    }
    return status;
}

static void ll_json_book(struct ll_json *json, const struct ll_run_report *report)
{
    uint32_t locate;
    if (report->book_symbol == NULL || ll_find_book(report, &locate, NULL) != LL_OK)
        return;
    ll_json_begin_object(json, "book");
    for (uint32_t side = LL_SIDE_BUY; side <= LL_SIDE_SELL; side++) {
        uint32_t count;
        struct ll_book_level *levels = ll_read_side(report, locate, side, &count);
        ll_json_begin_array(json, side == LL_SIDE_BUY ? "bid" : "ask");
        for (uint32_t i = 0; i < count; i++) {
            ll_json_begin_object(json, NULL);
            ll_json_u64(json, "price", levels[i].price);
            ll_json_u64(json, "quantity", levels[i].quantity);
            ll_json_u64(json, "orders", levels[i].orders);
            ll_json_end_object(json);
        }
        ll_json_end_array(json);
        free(levels);
    }
    ll_json_end_object(json);
}

void ll_report_print_json(const struct ll_run_report *report, FILE *file)
{
    const struct ll_engine *engine = ll_gateway_engine(report->gateway);
    const struct ll_engine_counters *counters = ll_engine_counters(engine);
    const struct ll_book_memory *book = ll_gateway_book(report->gateway);
    struct ll_json json;
    ll_json_init(&json, file, false);
    ll_json_begin_object(&json, NULL);
    ll_json_u64(&json, "messages", counters->messages);
    ll_json_u64(&json, "messages_new", report->messages_new);
    ll_json_counts(&json, counters);
    ll_json_u64(&json, "live_orders", book->control->live_orders);
    ll_json_u64(&json, "levels", book->control->live_levels);
    ll_json_u64(&json, "symbols", counters->symbols);
    ll_json_u64(&json, "symbols_without_directory", counters->symbols_without_directory);
    ll_json_feed(&json, report);
    ll_json_hash(&json, "state_hash", ll_engine_state_hash(engine, ll_book_memory_hash(book)));
    ll_json_journal(&json, report);
    ll_json_u64(&json, "memory_bytes", ll_gateway_memory_bytes(report->gateway));
    ll_json_fixed(&json, "elapsed_s", report->elapsed_ns, 9);
    ll_json_bool(&json, "interrupted",
                 report->ended == LL_REPORT_END_SIGNAL || report->ended == LL_REPORT_END_ERROR);
    ll_json_string(&json, "ended_by", ll_report_end_name(report->ended));
    ll_json_latency(&json, report);
    if (ll_gateway_trading(report->gateway) != NULL)
        ll_trading_show_json(ll_gateway_trading(report->gateway), &json, "trading");
    ll_device_show_json(report->gateway, &report->device, &json, "device");
    ll_json_book(&json, report);
    ll_json_end_object(&json);
    ll_json_newline(&json);
}
