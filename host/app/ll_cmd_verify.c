/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_verify.h"

#include "host/app/ll_exit.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_json.h"
#include "host/base/ll_options.h"
#include "host/base/ll_progress.h"
#include "host/journal/ll_journal_reader.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

struct ll_verify_config {
    bool json;
};

static const struct ll_option ll_verify_options[] = {{"json", LL_OPTION_FLAG,
                                                      offsetof(struct ll_verify_config, json), 0, 0, NULL,
                                                      NULL, "print the finding as one JSON object"},
                                                     {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static const char ll_verify_help[] =
    "usage: lifeline verify [--json] DIR\n"
    "\n"
    "Reads the journal in DIR from its first record to its last and checks every checksum, every event\n"
    "id and that no segment is missing. Changes nothing. A gateway may be writing meanwhile.\n"
    "\n"
    "An unfinished tail (\"torn slots\") is what a crash during a write leaves behind. It was never\n"
    "reported durable, the next start cuts it, and it is not an error.\n"
    "\n"
    "Exit: 0 intact, 1 no journal in DIR, 2 usage, 4 a file could not be read, 5 corrupt.\n"
    "\n"
    "options:\n";

static void ll_verify_progress(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    ll_progress_update(context, done_bytes, total_bytes, ll_clock_mono_ns());
}

static void ll_verify_print(const struct ll_journal_report *report)
{
    (void)printf("intact: %" PRIu64 " records in %" PRIu64 " slots, %" PRIu64 " segment%s", report->records,
                 report->slots, report->segments, report->segments == 1 ? "" : "s");
    if (report->records > 0)
        (void)printf(", events %" PRIu64 " to %" PRIu64, report->first_event_id, report->last_event_id);
    (void)printf("\n");
    if (report->torn_slots > 0)
        (void)printf("unfinished tail: %" PRIu64 " slots, cut at the next start\n", report->torn_slots);
}

static void ll_verify_print_json(int err, const struct ll_journal_report *report, const struct ll_why *why)
{
    struct ll_json json;
    ll_json_init(&json, stdout, false);
    ll_json_begin_object(&json, NULL);
    ll_json_string(&json, "status", err == LL_OK ? "intact" : ll_err_name(err));
    ll_json_u64(&json, "records", report->records);
    ll_json_u64(&json, "slots", report->slots);
    ll_json_u64(&json, "segments", report->segments);
    ll_json_u64(&json, "first_event_id", report->first_event_id);
    ll_json_u64(&json, "last_event_id", report->last_event_id);
    ll_json_u64(&json, "torn_slots", report->torn_slots);
    if (err != LL_OK)
        ll_json_string(&json, "reason", why->text);
    ll_json_end_object(&json);
    ll_json_newline(&json);
}

int ll_cmd_verify(int argc, char **argv)
{
    struct ll_verify_config config = {false};
    struct ll_operands operands = {{NULL}, 0};
    struct ll_journal_report report = {0};
    struct ll_progress progress;
    struct ll_why why = {0};
    int help = 0;
    int err = ll_options_parse(ll_verify_options, argc, argv, &config, &operands, &help, &why);
    if (err == LL_OK && help) {
        (void)fputs(ll_verify_help, stdout);
        ll_options_print_help(ll_verify_options, stdout);
        return LL_EXIT_OK;
    }
    if (err == LL_OK && operands.count != 1)
        err = LL_FAIL(&why, LL_ERR_USAGE, "give one DIR; usage: lifeline verify [--json] DIR");
    if (err != LL_OK) {
        (void)fprintf(stderr, "lifeline verify: %s\nTry: lifeline verify --help\n", why.text);
        return LL_EXIT_USAGE;
    }
    ll_progress_init(&progress, "verify", "B", ll_clock_mono_ns());
    err = ll_journal_verify(operands.value[0], &report, ll_verify_progress, &progress, &why);
    ll_progress_done(&progress);
    if (err != LL_OK)
        (void)fprintf(stderr, "lifeline verify: %s: %s\n", ll_err_name(err), why.text);
    if (config.json)
        ll_verify_print_json(err, &report, &why);
    else if (err == LL_OK)
        ll_verify_print(&report);
    else if (report.records > 0)
        (void)printf("intact before that: %" PRIu64 " records, events %" PRIu64 " to %" PRIu64 "\n",
                     report.records, report.first_event_id, report.last_event_id);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "lifeline verify: the output could not be written; is the disk full?\n");
        return LL_EXIT_IO;
    }
    return ll_exit_code(err);
}
