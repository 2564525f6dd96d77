/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_snapshot.h"

#include "host/app/ll_common_options.h"
#include "host/app/ll_exit.h"
#include "host/app/ll_gateway.h"
#include "host/app/ll_trading_options.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_json.h"
#include "host/base/ll_options.h"
#include "host/base/ll_progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>

#define LL_SNAPSHOT_NICE 10

struct ll_snapshot_options {
    bool json;
    struct ll_common_options common;
    struct ll_trading_options trading;
};

static const struct ll_option ll_snapshot_table[] = {{"json", LL_OPTION_FLAG,
                                                      offsetof(struct ll_snapshot_options, json), 0, 0, NULL,
                                                      NULL, "print what was made as one JSON object"},
                                                     LL_COMMON_STATE_ROWS(struct ll_snapshot_options),
                                                     LL_TRADING_STATE_ROWS(struct ll_snapshot_options),
                                                     {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static const char ll_snapshot_help[] =
    "usage: lifeline snapshot [options] DIR\n"
    "\n"
    "Replays the journal in DIR, from its newest snapshot on, and keeps the state as a new snapshot beside\n"
    "it. The next start with --resume loads that and replays only what is behind it. Every record and\n"
    "every verdict is checked on the way.\n"
    "\n"
    "A gateway may be writing meanwhile: only what is durable is taken, and the gateway never waits. This\n"
    "process needs as much memory as the gateway and runs at a low priority (nice 10).\n"
    "\n"
    "Give the gateway's --orders, --levels and --books, and of one that trades --trade, --own-orders, --ids\n"
    "and --instruments: a snapshot of other capacities is not used. The newest two snapshots are kept,\n"
    "damaged ones are left for you to look at.\n"
    "\n"
    "Exit: 0 made, or nothing new is durable; 1 no journal in DIR, 2 usage, 3 the machine lacks something,\n"
    "or one is being made already; 4 it could not be read or written, 5 the journal is corrupt.\n"
    "\n"
    "options:\n";

static void ll_snapshot_progress(void *context, uint64_t done, uint64_t total)
{
    ll_progress_update(context, done, total, ll_clock_mono_ns());
}

static void ll_snapshot_print(const struct ll_gateway_snapshot *snapshot)
{
    const struct ll_snapshot_info *made = &snapshot->made;
    if (made->event_id == 0 && snapshot->from_event_id == 0)
        (void)printf("nothing to keep: no record is known to be durable yet\n");
    else if (made->event_id == 0)
        (void)printf("nothing new: the snapshot of event %" PRIu64 " holds all that is known to be durable\n",
                     snapshot->from_event_id);
    else
        (void)printf("snapshot of event %" PRIu64 ": %" PRIu64 " MB for %" PRIu64 " MB of memory, %" PRIu64
                     " records replayed, %u older one%s taken away\n",
                     made->event_id, made->file_bytes / 1000000, made->memory_bytes / 1000000,
                     made->event_id - snapshot->from_event_id, snapshot->removed_count,
                     snapshot->removed_count == 1 ? "" : "s");
}

static void ll_snapshot_print_json(const struct ll_gateway_snapshot *snapshot)
{
    struct ll_json json;
    ll_json_init(&json, stdout, false);
    ll_json_begin_object(&json, NULL);
    ll_json_u64(&json, "event_id", snapshot->made.event_id);
    ll_json_u64(&json, "from_event_id", snapshot->from_event_id);
    ll_json_u64(&json, "time_ns", snapshot->made.time_ns);
    ll_json_u64(&json, "file_bytes", snapshot->made.file_bytes);
    ll_json_u64(&json, "memory_bytes", snapshot->made.memory_bytes);
    ll_json_u64(&json, "removed", snapshot->removed_count);
    ll_json_string(&json, "config", snapshot->made.config);
    ll_json_end_object(&json);
    ll_json_newline(&json);
}

static int ll_snapshot_run(struct ll_snapshot_options *options, const char *dir,
                           struct ll_gateway_snapshot *snapshot, struct ll_why *why)
{
    struct ll_gateway_config config;
    struct ll_progress progress;
    struct ll_trading_config trading;
    /* Not being heard is no reason to stop: it then only runs with the priority it was started with. */
    (void)setpriority(PRIO_PROCESS, 0, LL_SNAPSHOT_NICE);
    ll_common_options_gateway(&options->common, dir, &config);
    if (options->trading.trade) {
        int wanted = ll_trading_options_config(&options->trading, &trading, why);
        if (wanted != LL_OK)
            return wanted;
        config.trading = &trading;
    }
    config.progress = ll_snapshot_progress;
    config.progress_context = &progress;
    ll_progress_init(&progress, "snapshot", "events", ll_clock_mono_ns());
    int err = ll_gateway_make_snapshot(&config, snapshot, why);
    ll_progress_done(&progress);
    return err;
}

int ll_cmd_snapshot(int argc, char **argv)
{
    struct ll_snapshot_options options = {.json = false};
    struct ll_operands operands = {{NULL}, 0};
    struct ll_gateway_snapshot snapshot;
    struct ll_why why = {0};
    int help = 0;
    ll_common_options_default(&options.common);
    ll_trading_options_default(&options.trading);
    int err = ll_options_parse(ll_snapshot_table, argc, argv, &options, &operands, &help, &why);
    if (err == LL_OK && help) {
        (void)fputs(ll_snapshot_help, stdout);
        ll_options_print_help(ll_snapshot_table, stdout);
        return LL_EXIT_OK;
    }
    if (err == LL_OK && operands.count != 1)
        err = LL_FAIL(&why, LL_ERR_USAGE, "give one DIR; usage: lifeline snapshot [options] DIR");
    if (err == LL_OK)
        err = ll_snapshot_run(&options, operands.value[0], &snapshot, &why);
    if (err != LL_OK) {
        (void)fprintf(stderr, "lifeline snapshot: %s: %s\n%s", ll_err_name(err), why.text,
                      err == LL_ERR_USAGE ? "Try: lifeline snapshot --help\n" : "");
        return ll_exit_code(err);
    }
    if (options.json)
        ll_snapshot_print_json(&snapshot);
    else
        ll_snapshot_print(&snapshot);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "lifeline snapshot: the output could not be written; is the disk full?\n");
        return LL_EXIT_IO;
    }
    return LL_EXIT_OK;
}
