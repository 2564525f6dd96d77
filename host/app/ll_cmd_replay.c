/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_replay.h"

#include "dpdk/ll_port.h"
#include "host/app/ll_common_options.h"
#include "host/app/ll_device_options.h"
#include "host/app/ll_exit.h"
#include "host/app/ll_gateway.h"
#include "host/app/ll_pacer.h"
#include "host/app/ll_replay_source.h"
#include "host/app/ll_report.h"
#include "host/app/ll_stop.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_options.h"
#include "host/base/ll_progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A paced packet carries what is due within this time: more would come late, less would cost a packet each. */
#define LL_REPLAY_SPLIT_NS ((uint64_t)1000)

struct ll_replay_options {
    bool json;
    const char *book;
    uint64_t depth;
    const char *speed;
    const char *journal;
    struct ll_common_options common;
    const char *hgrm;
};

#define LL_REPLAY_OPTION(name, type, field, min, max, value, help)                         \
    {                                                                                      \
        name, type, offsetof(struct ll_replay_options, field), min, max, value, NULL, help \
    }

static const struct ll_option ll_replay_table[] = {
    LL_REPLAY_OPTION("json", LL_OPTION_FLAG, json, 0, 0, NULL,
                     "print one JSON object instead of the summary"),
    LL_REPLAY_OPTION(
        "book", LL_OPTION_STRING, book, 0, 0, "SYMBOL",
        "print this symbol's book at the end: lines 'bid|ask price quantity orders', best first; prices as "
        "in the feed (1/10,000)"),
    LL_REPLAY_OPTION("depth", LL_OPTION_U64, depth, 0, UINT32_MAX, "N",
                     "only the best N levels of each side (0 = all)"),
    LL_REPLAY_OPTION(
        "speed", LL_OPTION_STRING, speed, 0, 0, "max|Nx|real",
        "how fast: as it goes (max, the default), in the feed's own time (real), or N times that"),
    LL_REPLAY_OPTION("journal", LL_OPTION_STRING, journal, 0, 0, "DIR",
                     "keep every event durably in DIR (made if absent)"),
    LL_COMMON_ROWS(struct ll_replay_options, "captures: "),
    LL_REPLAY_OPTION("hgrm", LL_OPTION_STRING, hgrm, 0, 0, "FILE",
                     "write the latency percentiles in HdrHistogram's text"),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static const char ll_replay_help[] =
    "usage: lifeline replay [options] FILE...\n"
    "\n"
    "Sends files through the whole gateway: DPDK port, MoldUDP64 receiver, decoder, the kernel's book\n"
    "table, reconciliation and, with --journal, the durable log; then shows what came out.\n"
    "\n"
    "FILE is a capture (pcap, pcapng) of MoldUDP64 packets with ITCH 5.0, or a NASDAQ BinaryFILE\n"
    "(.ITCH50, gzip too). Several files are one feed, in the order given.\n"
    "\n"
    "  lifeline replay day.ITCH50.gz                     a summary, rate and a latency histogram\n"
    "  lifeline replay day.ITCH50 --book AAPL --depth 5  the best five levels of a book\n"
    "  lifeline replay day.pcap --journal DIR            keep every event; a crash loses nothing durable\n"
    "  lifeline replay day.pcap --journal DIR --resume   go on after a crash; the end state is the same\n"
    "  lifeline replay day.pcap --speed real --json      in the feed's own time, open-loop latency\n"
    "  lifeline replay day.pcap --device pocl            the kernel as OpenCL C, in a process of its own\n"
    "\n"
    "What cannot be matched is never dropped: it is counted by verdict and, with --journal, kept with\n"
    "its raw bytes (lifeline dump --exceptions).\n"
    "\n"
    "With --device the kernel runs elsewhere; the results are the same. A device that is lost on the way\n"
    "costs nothing but time: this process goes on, and the exit code is 6 (lifeline device --help).\n"
    "\n"
    "Exit: 0 done (also with exceptions), 1 a file is not what it should be, 2 usage, 3 the machine\n"
    "lacks something, or the device was lost and --device-loss is stop, 4 the journal could not be\n"
    "written, 5 the journal is corrupt, or the device's tables are, 6 done, but the device was lost.\n"
    "\n"
    "options:\n";

struct ll_replay {
    struct ll_replay_options options;
    struct ll_operands operands;
    struct ll_flow flows[LL_COMMON_FLOWS_MAX];
    uint32_t flow_count;
    struct ll_gateway *gateway;
    struct ll_replay_source *source;
    struct ll_pacer pacer;
    struct ll_progress progress;
    struct ll_run_report report;
};

/* --- Set-up --------------------------------------------------------------------------------------------- */

static int ll_replay_parse(struct ll_replay *replay, int argc, char **argv, int *help, struct ll_why *why)
{
    struct ll_replay_options *options = &replay->options;
    uint64_t speed_milli;
    options->speed = "max";
    ll_common_options_default(&options->common);
    int status = ll_options_parse(ll_replay_table, argc, argv, options, &replay->operands, help, why);
    if (status != LL_OK || *help)
        return status;
    if (replay->operands.count == 0)
        return LL_FAIL(why, LL_ERR_USAGE, "give at least one FILE");
    if (options->common.resume && options->journal == NULL)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "--resume needs --journal DIR: there is nothing else to go on from");
    status = ll_pacer_parse_speed(options->speed, &speed_milli, why);
    ll_pacer_init(&replay->pacer, speed_milli);
    if (status == LL_OK)
        status = ll_common_options_flows(&options->common, replay->flows, &replay->flow_count, why);
    return status;
}

static void ll_replay_recovery_progress(void *context, uint64_t done, uint64_t total)
{
    ll_progress_update(context, done, total, ll_clock_mono_ns());
}

static int ll_replay_open(struct ll_replay *replay, struct ll_why *why)
{
    const struct ll_replay_options *options = &replay->options;
    struct ll_gateway_config config;
    struct ll_progress recovery;
    ll_common_options_gateway(&options->common, options->journal, &config);
    config.progress = ll_replay_recovery_progress;
    config.progress_context = &recovery;
    ll_progress_init(&recovery, "recover", "events", ll_clock_mono_ns());
    int status = ll_gateway_open(&replay->gateway, &config, why);
    ll_progress_done(&recovery);
    if (status != LL_OK)
        return status;
    struct ll_replay_source_config source = {.paths = replay->operands.value,
                                             .path_count = replay->operands.count,
                                             .flows = replay->flows,
                                             .flow_count = replay->flow_count,
                                             .split_ns =
                                                 replay->pacer.speed_milli != 0 ? LL_REPLAY_SPLIT_NS : 0};
    /* Captures have session names of their own to be told by. */
    const struct ll_engine *engine = ll_gateway_engine(replay->gateway);
    char session[LL_ENGINE_SESSION_BYTES];
    if (ll_engine_session_name(engine, session) && ll_replay_source_is_own_session(session))
        source.resumed_message =
            ll_engine_last_replayed(engine, &source.resumed_sequence, &source.resumed_bytes);
    return ll_replay_source_open(&replay->source, &source, why);
}

/* --- The run -------------------------------------------------------------------------------------------- */

static uint64_t ll_replay_delivered(const struct ll_replay *replay)
{
    return ll_gateway_mold_counters(replay->gateway)->messages;
}

/* As fast as it goes: a burst is one unit of work, each of its messages waited for all of it. */
static void ll_replay_burst(struct ll_replay *replay, const struct ll_datagram *datagrams, uint32_t count)
{
    uint64_t before = ll_replay_delivered(replay);
    uint64_t received_ns = ll_clock_mono_ns();
    for (uint32_t i = 0; i < count; i++)
        ll_gateway_datagram(replay->gateway, datagrams[i].line, datagrams[i].payload,
                            datagrams[i].payload_bytes, datagrams[i].ordinal, datagrams[i].rx_ns);
    ll_gateway_flush(replay->gateway);
    uint64_t delivered = ll_replay_delivered(replay) - before;
    if (delivered != 0)
        ll_histogram_record(&replay->report.latency, ll_clock_mono_ns() - received_ns, delivered);
}

/* Paced: each datagram at its planned time, measured from there. Returns how many it took: all, unless stopped. */
static uint32_t ll_replay_paced(struct ll_replay *replay, const struct ll_datagram *datagrams, uint32_t count)
{
    uint32_t taken = 0;
    for (uint32_t i = 0; i < count && !ll_stop_requested(); i++, taken++) {
        uint64_t before = ll_replay_delivered(replay);
        uint64_t planned_ns = ll_pacer_wait(&replay->pacer, datagrams[i].rx_ns);
        ll_gateway_datagram(replay->gateway, datagrams[i].line, datagrams[i].payload,
                            datagrams[i].payload_bytes, datagrams[i].ordinal, datagrams[i].rx_ns);
        ll_gateway_flush(replay->gateway);
        uint64_t delivered = ll_replay_delivered(replay) - before;
        if (delivered != 0)
            ll_histogram_record(&replay->report.latency, ll_clock_mono_ns() - planned_ns, delivered);
    }
    return taken;
}

static int ll_replay_run(struct ll_replay *replay, struct ll_why *why)
{
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    uint64_t feed_ns = 0;
    uint32_t polls = 0;
    bool done = false;
    int status = LL_OK;
    uint64_t start_ns = ll_clock_mono_ns();
    ll_progress_init(&replay->progress, "replay", "", start_ns);
    while (status == LL_OK && !done && !ll_stop_requested()) {
        uint32_t count;
        status = ll_replay_source_poll(replay->source, datagrams, &count, &done, why);
        if (status != LL_OK || count == 0)
            continue;
        if (replay->pacer.speed_milli == 0)
            ll_replay_burst(replay, datagrams, count);
        else
            count = ll_replay_paced(replay, datagrams, count);
        if (count == 0)
            continue;
        /* Not beyond what was taken: datagrams left behind by a stop may hold what a gap waits for. */
        feed_ns = datagrams[count - 1].rx_ns;
        ll_gateway_poll(replay->gateway, feed_ns);
        status = ll_gateway_status(replay->gateway, why);
        if ((++polls & 0xffu) == 0 || replay->pacer.speed_milli != 0) {
            ll_gateway_tend(replay->gateway);
            uint64_t done_units;
            uint64_t total_units;
            ll_replay_source_progress(replay->source, &done_units, &total_units);
            ll_progress_update(&replay->progress, done_units, total_units, ll_clock_mono_ns());
        }
    }
    ll_progress_done(&replay->progress);
    /* What came in is worked and made durable whatever ended the loop; gaps are given up only at the feed's true end:
     * after an interruption or a file cut short the missing numbers may still come. */
    if (done)
        ll_gateway_finish(replay->gateway, feed_ns);
    else
        ll_gateway_drain(replay->gateway);
    replay->report.elapsed_ns = ll_clock_mono_ns() - start_ns;
    if (status == LL_OK)
        status = ll_gateway_status(replay->gateway, why);
    if (status != LL_OK)
        replay->report.ended = LL_REPORT_END_ERROR;
    else
        replay->report.ended = done ? LL_REPORT_END_FEED : LL_REPORT_END_SIGNAL;
    return status;
}

/* --- The result ----------------------------------------------------------------------------------------- */

static int ll_replay_write_hgrm(const struct ll_replay *replay, struct ll_why *why)
{
    FILE *file = fopen(replay->options.hgrm, "w");
    if (file == NULL)
        return LL_FAIL(why, LL_ERR_IO, "%s: cannot be written", replay->options.hgrm);
    ll_histogram_print_hgrm(&replay->report.latency, file);
    if (ferror(file) != 0 || fclose(file) != 0)
        return LL_FAIL(why, LL_ERR_IO, "%s: cannot be written; is the disk full?", replay->options.hgrm);
    return LL_OK;
}

static int ll_replay_show(struct ll_replay *replay, struct ll_why *why)
{
    struct ll_run_report *report = &replay->report;
    int status = LL_OK;
    ll_replay_source_counters(replay->source, &report->port);
    report->gateway = replay->gateway;
    report->open_loop = replay->pacer.speed_milli != 0;
    report->messages_new = ll_replay_delivered(replay);
    report->journal_dir = replay->options.journal;
    report->book_symbol = replay->options.book;
    report->book_depth = replay->options.depth;
    if (replay->options.json) {
        status = ll_report_check_book(report, why);
        ll_report_print_json(report, stdout);
    } else if (replay->options.book != NULL)
        status = ll_report_print_book(report, stdout, why);
    else {
        ll_report_print(report, stdout);
    }
    if (status == LL_OK && replay->options.hgrm != NULL)
        status = ll_replay_write_hgrm(replay, why);
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        status = LL_FAIL(why, LL_ERR_IO, "the output could not be written");
    return status;
}

/* A resume that took nothing, because every packet was of another session, is the wrong feed and no success. */
static int ll_replay_check_session(const struct ll_replay *replay, struct ll_why *why)
{
    const struct ll_mold_counters *mold = ll_gateway_mold_counters(replay->gateway);
    char session[LL_ENGINE_SESSION_BYTES];
    const struct ll_mold_line_counters lines = ll_mold_counters_sum(mold);
    uint64_t taken = mold->messages + mold->messages_before_start + lines.messages_duplicate;
    if (ll_gateway_counters(replay->gateway)->records_recovered == 0 || taken != 0 ||
        lines.wrong_session == 0 || !ll_engine_session_name(ll_gateway_engine(replay->gateway), session))
        return LL_OK;
    return LL_FAIL(
        why, LL_ERR_INPUT,
        "the journal holds session '%.10s', and no packet of the files is of it: another feed; name the "
        "journal's own files",
        session);
}

static int ll_replay_main(struct ll_replay *replay, struct ll_why *why)
{
    const struct ll_eal_config eal = {0};
    ll_histogram_init(&replay->report.latency);
    int status = ll_eal_start(&eal, why);
    if (status != LL_OK)
        return status;
    status = ll_replay_open(replay, why);
    if (status == LL_OK) {
        status = ll_replay_run(replay, why);
        if (status == LL_OK)
            status = ll_replay_check_session(replay, why);
        int settled = ll_device_settle(replay->gateway, &replay->report.device, why);
        int shown = ll_replay_show(replay, why);
        status = status != LL_OK ? status : settled != LL_OK ? settled : shown;
    } else if (ll_device_options_was_stopped(status)) {
        (void)fprintf(stderr, "lifeline replay: %s\n", why->text);
        status = LL_OK;
    }
    ll_replay_source_close(replay->source);
    int closed = ll_gateway_close(replay->gateway, why);
    ll_eal_stop();
    return status != LL_OK ? status : closed;
}

int ll_cmd_replay(int argc, char **argv)
{
    struct ll_why why = {0};
    int help = 0;
    struct ll_replay *replay = calloc(1, sizeof *replay);
    if (replay == NULL)
        return LL_EXIT_ENVIRONMENT;
    int status = ll_replay_parse(replay, argc, argv, &help, &why);
    if (status == LL_OK && help) {
        (void)fputs(ll_replay_help, stdout);
        ll_options_print_help(ll_replay_table, stdout);
    } else if (status == LL_OK) {
        ll_stop_install();
        status = ll_replay_main(replay, &why);
    }
    if (status != LL_OK)
        (void)fprintf(stderr, "lifeline replay: %s: %s\n%s", ll_err_name(status), why.text,
                      status == LL_ERR_USAGE ? "Try: lifeline replay --help\n" : "");
    int exit_code = ll_device_exit_code(status, &replay->report.device);
    free(replay);
    return exit_code;
}
