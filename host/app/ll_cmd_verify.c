/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_verify.h"

#include "host/app/ll_exit.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_json.h"
#include "host/base/ll_options.h"
#include "host/base/ll_progress.h"
#include "host/journal/ll_journal_reader.h"
#include "host/journal/ll_snapshot.h"

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
    "Snapshots are read too, from their first byte to their last. A damaged one costs nothing but time: a\n"
    "start goes on without it; move it away.\n"
    "\n"
    "Exit: 0 intact, 1 no journal in DIR, 2 usage, 4 a file could not be read, 5 corrupt\n"
    "(the journal or a snapshot).\n"
    "\n"
    "options:\n";

static void ll_verify_progress(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    ll_progress_update(context, done_bytes, total_bytes, ll_clock_mono_ns());
}

struct ll_verify_snapshots {
    uint64_t intact;
    uint64_t damaged;
    uint64_t newest_event_id; /* of the intact ones */
};

/* The snapshots of the list, which is older than the report: so none may hold more than the journal. Damage is
 * told here, one line each. LL_ERR_CORRUPT when there was any. */
static int ll_verify_snapshots(const char *dir, const struct ll_snapshot_list *list,
                               const struct ll_journal_report *report, struct ll_verify_snapshots *found,
                               struct ll_why *why)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct ll_snapshot_info info;
        struct ll_why reason = {0};
        char name[LL_SNAPSHOT_NAME_BYTES];
        int one = ll_snapshot_check(&info, dir, list->event_id[i], NULL, &reason);
        if (one == LL_ERR_INPUT)
            continue; /* a newer one took its place meanwhile */
        if (one == LL_OK && info.event_id > report->last_event_id)
            one = LL_FAIL(&reason, LL_ERR_CORRUPT, "it holds more than the journal, which ends at event %llu",
                          (unsigned long long)report->last_event_id);
        found->intact += one == LL_OK;
        found->damaged += one != LL_OK;
        if (one == LL_OK && info.event_id > found->newest_event_id)
            found->newest_event_id = info.event_id;
        ll_snapshot_name(name, list->event_id[i]);
        if (one != LL_OK)
            (void)fprintf(stderr, "lifeline verify: %s: %s: %s\n", ll_err_name(one), name, reason.text);
    }
    if (found->damaged > 0)
        return LL_FAIL(why, LL_ERR_CORRUPT, "%" PRIu64 " of the snapshots cannot be used; move them away",
                       found->damaged);
    return LL_OK;
}

static void ll_verify_print(const struct ll_journal_report *report,
                            const struct ll_verify_snapshots *snapshots)
{
    (void)printf("intact: %" PRIu64 " records in %" PRIu64 " slots, %" PRIu64 " segment%s", report->records,
                 report->slots, report->segments, report->segments == 1 ? "" : "s");
    if (report->records > 0)
        (void)printf(", events %" PRIu64 " to %" PRIu64, report->first_event_id, report->last_event_id);
    (void)printf("\n");
    if (report->torn_slots > 0)
        (void)printf("unfinished tail: %" PRIu64 " slots, cut at the next start\n", report->torn_slots);
    if (snapshots->intact > 0)
        (void)printf("snapshots: %" PRIu64 " intact, the newest of event %" PRIu64 "\n", snapshots->intact,
                     snapshots->newest_event_id);
}

static void ll_verify_print_json(int err, const struct ll_journal_report *report,
                                 const struct ll_verify_snapshots *snapshots, const struct ll_why *why)
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
    ll_json_u64(&json, "snapshots_intact", snapshots->intact);
    ll_json_u64(&json, "snapshots_damaged", snapshots->damaged);
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
    struct ll_verify_snapshots snapshots = {0};
    struct ll_snapshot_list list;
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
    err = ll_snapshot_list_read(&list, operands.value[0], NULL, &why);
    if (err == LL_OK)
        err = ll_journal_verify(operands.value[0], &report, ll_verify_progress, &progress, &why);
    ll_progress_done(&progress);
    if (err == LL_OK)
        err = ll_verify_snapshots(operands.value[0], &list, &report, &snapshots, &why);
    if (err != LL_OK)
        (void)fprintf(stderr, "lifeline verify: %s: %s\n", ll_err_name(err), why.text);
    if (config.json)
        ll_verify_print_json(err, &report, &snapshots, &why);
    else if (err == LL_OK)
        ll_verify_print(&report, &snapshots);
    else if (report.records > 0)
        (void)printf("intact before that: %" PRIu64 " records, events %" PRIu64 " to %" PRIu64 "\n",
                     report.records, report.first_event_id, report.last_event_id);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "lifeline verify: the output could not be written; is the disk full?\n");
        return LL_EXIT_IO;
    }
    return ll_exit_code(err);
}
