/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_daemon.h"

#include "dpdk/ll_port.h"
#include "host/app/ll_daemon_banner.h"
#include "host/app/ll_daemon_options.h"
#include "host/app/ll_device_options.h"
#include "host/app/ll_exit.h"
#include "host/app/ll_gateway.h"
#include "host/app/ll_live_view.h"
#include "host/app/ll_pacer.h"
#include "host/app/ll_report.h"
#include "host/app/ll_sandbox.h"
#include "host/app/ll_sim_feed.h"
#include "host/app/ll_snapshot_keeper.h"
#include "host/app/ll_stop.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_progress.h"
#include "host/provider/ll_udp_request.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* A paced packet carries what is due within this time: more would come late, less would cost a packet each. */
#define LL_DAEMON_SPLIT_NS ((uint64_t)1000)
/* Messages framed between two receives, and in one go while nothing is due for at least so long. */
#define LL_DAEMON_FILL          1024u
#define LL_DAEMON_FILL_AHEAD    32u
#define LL_DAEMON_FILL_SLACK_NS ((uint64_t)50000)
#define LL_DAEMON_TICK_NS       LL_NS_PER_MS
#define LL_DAEMON_PEAK_NS       (10 * LL_NS_PER_MS)
/* A port that has been silent this long is looked at every LL_DAEMON_NAP_NS only. */
#define LL_DAEMON_IDLE_NS ((uint64_t)200000)
#define LL_DAEMON_NAP_NS  ((long)50000)
/* Rounds of receiving after a stop: the deepest ring of a port, in bursts. */
#define LL_DAEMON_LAST_BURSTS 128u
/* One stray datagram is no other session; this many, and none of ours, are. */
#define LL_DAEMON_STRANGERS_MAX 8u

struct ll_daemon {
    struct ll_daemon_options options;
    struct ll_sandbox sandbox;
    struct ll_gateway *gateway;
    struct ll_sim_feed *sim; /* NULL = none; it then owns the port */
    struct ll_port *port;
    struct ll_live_view *view;         /* NULL = quiet */
    struct ll_snapshot_keeper *keeper; /* NULL = no snapshots */
    struct ll_udp_request requests;    /* open when options.sends_requests */
    struct ll_pacer pacer;
    uint64_t start_ns; /* monotonic; of the loop */
    uint64_t end_ns;
    uint64_t next_tick_ns;
    uint64_t next_view_ns;
    uint64_t peak_mark_ns;
    uint64_t peak_mark_messages;
    uint64_t peak_per_s;
    uint64_t feed_ns;      /* of the last datagram, or of the last poll */
    bool session_expected; /* by the journal, and no packet of it came yet */
    bool time_is_up;
    int status;
    struct ll_run_report report;
    char feed_text[64]; /* for the view */
};

static uint64_t ll_daemon_delivered(const struct ll_daemon *daemon)
{
    return ll_gateway_mold_counters(daemon->gateway)->messages;
}

/* --- Set-up --------------------------------------------------------------------------------------------- */

/* The threads made from here on inherit it: they keep off the hot thread's CPU, when there is another. */
static int ll_daemon_leave_cpu(const struct ll_daemon_options *options, struct ll_why *why)
{
    cpu_set_t cpus;
    size_t cpu = (size_t)options->cpu_number;
    if (!options->pin || sched_getaffinity(0, sizeof cpus, &cpus) != 0)
        return LL_OK;
    if (!CPU_ISSET(cpu, &cpus))
        return LL_FAIL(why, LL_ERR_USAGE, "--cpu %zu: there is none such, or this process may not run there",
                       cpu);
    CPU_CLR(cpu, &cpus);
    if (CPU_COUNT(&cpus) > 0)
        (void)sched_setaffinity(0, sizeof cpus, &cpus);
    return LL_OK;
}

/* Only for the directory we made up: one that somebody names shall not appear by a slip of the finger. */
static int ll_daemon_make_parents(struct ll_daemon_options *options, struct ll_why *why)
{
    if (!options->journal_dir_ours)
        return LL_OK;
    for (char *at = options->journal_path + 1; *at != '\0'; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        int made = mkdir(options->journal_path, 0700);
        int error = errno;
        if (made != 0 && error != EEXIST)
            return LL_FAIL(why, LL_ERR_IO, "%s: cannot be made: %s; give --journal DIR or --no-journal",
                           options->journal_path, strerror(error));
        *at = '/';
    }
    return LL_OK;
}

static void ll_daemon_recovery_progress(void *context, uint64_t done, uint64_t total)
{
    ll_progress_update(context, done, total, ll_clock_mono_ns());
}

static int ll_daemon_send_request(void *context, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES])
{
    struct ll_daemon *daemon = context;
    return ll_udp_request_send(&daemon->requests, request);
}

/* With a server what is dropped can be asked for again, so nothing is given up for want of room. */
static int ll_daemon_open_requests(struct ll_daemon *daemon, struct ll_gateway_config *config,
                                   struct ll_why *why)
{
    if (!daemon->options.sends_requests)
        return LL_OK;
    config->mold.give_up_when_full = false;
    config->send_request = ll_daemon_send_request;
    config->send_request_context = daemon;
    return ll_udp_request_open(&daemon->requests, &daemon->options.request_server, why);
}

static int ll_daemon_open_gateway(struct ll_daemon *daemon, struct ll_why *why)
{
    const struct ll_daemon_options *options = &daemon->options;
    struct ll_gateway_config config;
    struct ll_progress recovery;
    struct ll_trading_config trading = {.session_count = 0};
    char session[LL_MOLDUDP64_SESSION_BYTES];
    if (ll_trading_options_wanted(&options->trading)) {
        int wanted = ll_trading_options_config(&daemon->options.trading, &trading, why);
        if (wanted != LL_OK)
            return wanted;
    }
    ll_common_options_gateway(&options->common, options->journal_dir, &config);
    config.trading = ll_trading_options_wanted(&options->trading) ? &trading : NULL;
    config.mold.gap_timeout_ns = options->gap_timeout_ns;
    if (options->udp_line_count != 0)
        config.mold.line_count = options->udp_line_count;
    int status = ll_daemon_open_requests(daemon, &config, why);
    if (status != LL_OK)
        return status;
    config.progress = ll_daemon_recovery_progress;
    config.progress_context = &recovery;
    ll_progress_init(&recovery, "recover", "events", ll_clock_mono_ns());
    status = ll_gateway_open(&daemon->gateway, &config, why);
    ll_progress_done(&recovery);
    if (status == LL_OK)
        daemon->session_expected = ll_gateway_feed_place(daemon->gateway, session) != 0;
    return status;
}

/* The same day again, up to where the journal ends. */
static int ll_daemon_take_up_sim(struct ll_daemon *daemon, struct ll_why *why)
{
    const struct ll_engine *engine = ll_gateway_engine(daemon->gateway);
    char ours[LL_MOLDUDP64_SESSION_BYTES];
    char theirs[LL_ENGINE_SESSION_BYTES];
    struct ll_progress progress;
    uint64_t skipped = 0;
    if (!daemon->session_expected)
        return LL_OK;
    uint64_t wanted = ll_engine_next_sequence(engine) - 1;
    (void)ll_engine_session_name(engine, theirs);
    ll_sim_feed_session(&daemon->options.sim, ours);
    if (memcmp(ours, theirs, sizeof ours) != 0)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "the journal holds session '%.10s', these options make session '%.10s': give the same "
                       "--seed, --symbols, --sim-orders, --sim-messages and --faults, or another journal",
                       theirs, ours);
    ll_progress_init(&progress, "take up the simulated day", "messages", ll_clock_mono_ns());
    while (skipped < wanted && !ll_stop_requested()) {
        uint64_t chunk = wanted - skipped < 65536 ? wanted - skipped : 65536;
        uint64_t taken = ll_sim_feed_skip(daemon->sim, chunk);
        skipped += taken;
        ll_progress_update(&progress, skipped, wanted, ll_clock_mono_ns());
        if (taken < chunk)
            break;
    }
    ll_progress_done(&progress);
    return LL_OK;
}

/* The one thing that may need more rights than the gateway has afterwards. */
static int ll_daemon_open_port(struct ll_daemon *daemon, struct ll_why *why)
{
    const struct ll_daemon_options *options = &daemon->options;
    int status = ll_sandbox_raise(&daemon->sandbox, why);
    if (status == LL_OK)
        status = ll_port_open(&daemon->port, options->feed, options->flows, options->flow_count, why);
    int lowered = ll_sandbox_lower(&daemon->sandbox, why);
    return status != LL_OK ? status : lowered;
}

static int ll_daemon_open_feed(struct ll_daemon *daemon, struct ll_why *why)
{
    const struct ll_daemon_options *options = &daemon->options;
    if (options->kind != LL_DAEMON_FEED_SIM)
        return ll_daemon_open_port(daemon, why);
    uint64_t split_ns = LL_DAEMON_SPLIT_NS * options->speed_milli / 1000;
    int status = ll_sim_feed_open(&daemon->sim, &options->sim, split_ns, why);
    if (status != LL_OK)
        return status;
    daemon->port = ll_sim_feed_port(daemon->sim);
    return ll_daemon_take_up_sim(daemon, why);
}

static int ll_daemon_start_view(struct ll_daemon *daemon, struct ll_why *why)
{
    const struct ll_daemon_options *options = &daemon->options;
    if (options->quiet)
        return LL_OK;
    if (daemon->sim != NULL)
        (void)snprintf(daemon->feed_text, sizeof daemon->feed_text, "simulated exchange, seed %llu",
                       (unsigned long long)options->seed);
    else
        (void)snprintf(daemon->feed_text, sizeof daemon->feed_text, "%.60s", options->feed);
    const struct ll_live_view_config config = {.feed = daemon->feed_text,
                                               .clock = daemon->sim != NULL ? "market" : "UTC",
                                               .duration_ns = options->duration_ns,
                                               .journal = options->journal_dir != NULL,
                                               .open_loop = daemon->report.open_loop};
    return ll_live_view_start(&daemon->view, &config, why);
}

static int ll_daemon_start_keeper(struct ll_daemon *daemon, struct ll_why *why)
{
    const struct ll_snapshot_keeper_config config = {
        .gateway = daemon->gateway,
        .common = &daemon->options.common,
        .trading = ll_gateway_trading(daemon->gateway) == NULL ? NULL : &daemon->options.trading,
        .journal_dir = daemon->options.journal_dir,
        .every_records = daemon->options.snapshot_every};
    return config.every_records != 0 ? ll_snapshot_keeper_start(&daemon->keeper, &config, why) : LL_OK;
}

static void ll_daemon_stop_keeper(struct ll_daemon *daemon)
{
    struct ll_snapshot_keeper_counts counts;
    ll_snapshot_keeper_stop(daemon->keeper, &counts);
    if (counts.failed != 0)
        (void)fprintf(stderr,
                      "lifelined: %" PRIu64 " snapshots failed, %" PRIu64
                      " were made; try `lifeline snapshot %s` to see why\n",
                      counts.failed, counts.made, daemon->options.journal_dir);
    else if (counts.made != 0 && !daemon->options.quiet)
        (void)fprintf(stderr, "lifelined: %" PRIu64 " snapshots made\n", counts.made);
}

static int ll_daemon_open(struct ll_daemon *daemon, struct ll_why *why)
{
    struct ll_daemon_options *options = &daemon->options;
    daemon->report.open_loop = options->kind != LL_DAEMON_FEED_LIVE && options->speed_milli != 0;
    ll_pacer_init(&daemon->pacer, options->speed_milli);
    int status = ll_sandbox_begin(&daemon->sandbox, why);
    if (status == LL_OK)
        status = ll_daemon_leave_cpu(options, why);
    if (status == LL_OK)
        status = ll_daemon_make_parents(options, why);
    if (status == LL_OK)
        status = ll_daemon_open_gateway(daemon, why);
    if (status == LL_OK)
        status = ll_daemon_open_feed(daemon, why);
    if (status != LL_OK)
        return status;
    if (!options->quiet) {
        const struct ll_daemon_banner banner = {options, &daemon->sandbox, daemon->gateway, daemon->sim};
        ll_daemon_banner_print(&banner, stderr);
    }
    status = ll_daemon_start_view(daemon, why);
    if (status == LL_OK)
        status = ll_daemon_start_keeper(daemon, why);
    if (status == LL_OK && ll_gateway_trading(daemon->gateway) != NULL)
        status = ll_trading_start(ll_gateway_trading(daemon->gateway), ll_clock_utc_ns(), why);
    if (status == LL_OK && options->pin)
        status = ll_eal_pin_thread(why);
    return status == LL_OK ? ll_sandbox_finish(&daemon->sandbox, why) : status;
}

/* --- Once in a while ------------------------------------------------------------------------------------ */

static uint64_t ll_daemon_clock_ns(const struct ll_daemon *daemon)
{
    if (daemon->feed_ns == 0)
        return 0;
    if (daemon->sim != NULL)
        return ll_sim_feed_market_ns(daemon->sim, daemon->feed_ns);
    return daemon->feed_ns % (86400 * LL_NS_PER_S);
}

static void ll_daemon_fill_snapshot(struct ll_daemon *daemon, struct ll_live_snapshot *snapshot,
                                    uint64_t now_ns)
{
    const struct ll_engine *engine = ll_gateway_engine(daemon->gateway);
    const struct ll_engine_counters *counters = ll_engine_counters(engine);
    const struct ll_mold_counters *mold = ll_gateway_mold_counters(daemon->gateway);
    const struct ll_book_control *book = ll_gateway_book(daemon->gateway)->control;
    struct ll_port_counters port;
    struct ll_journal_stats journal;
    ll_port_counters(daemon->port, &port);
    ll_gateway_journal_stats(daemon->gateway, &journal);
    *snapshot = (struct ll_live_snapshot){
        .now_ns = now_ns,
        .elapsed_ns = now_ns - daemon->start_ns,
        .clock_ns = ll_daemon_clock_ns(daemon),
        .messages = mold->messages,
        .rate_peak_per_s = daemon->peak_per_s,
        .datagrams = port.datagrams,
        .missed = port.missed + port.errors,
        .live_orders = book->live_orders,
        .levels = book->live_levels,
        .symbols = counters->symbols,
        .exceptions = counters->exceptions,
        .gaps = counters->gaps,
        .messages_lost = counters->messages_lost,
        .holes_open = mold->gaps_detected - mold->gaps_filled - mold->gaps_given_up,
        .records = ll_engine_next_event_id(engine) - 1,
        .durable = ll_gateway_durable_event_id(daemon->gateway),
        .journal_waits = ll_gateway_counters(daemon->gateway)->journal_waits,
        .syncs = journal.syncs,
        .sync_ns_total = journal.sync_ns_total,
    };
    const struct ll_mold_line_counters lines = ll_mold_counters_sum(mold);
    snapshot->duplicates = lines.messages_duplicate;
    snapshot->wrong_session = lines.wrong_session;
    ll_trading_look(ll_gateway_trading(daemon->gateway), &snapshot->trading);
    ll_device_look(daemon->gateway, &snapshot->device);
}

/* Order to wire goes where the view's interval is. */
static void ll_daemon_measure_orders(struct ll_daemon *daemon)
{
    struct ll_trading *trading = ll_gateway_trading(daemon->gateway);
    if (trading != NULL && daemon->view != NULL)
        ll_trading_record_into(trading, ll_live_view_wire_interval(daemon->view));
}

static void ll_daemon_publish(struct ll_daemon *daemon, uint64_t now_ns)
{
    struct ll_live_snapshot *snapshot = ll_live_view_begin(daemon->view);
    if (snapshot == NULL)
        return; /* still drawing: the next tick tries again */
    ll_daemon_fill_snapshot(daemon, snapshot, now_ns);
    ll_live_view_publish(daemon->view);
    ll_daemon_measure_orders(daemon);
    daemon->peak_per_s = 0;
    while (daemon->next_view_ns <= now_ns)
        daemon->next_view_ns += LL_LIVE_VIEW_PERIOD_NS;
}

static void ll_daemon_measure_peak(struct ll_daemon *daemon, uint64_t now_ns)
{
    uint64_t messages = ll_daemon_delivered(daemon);
    uint64_t interval_us = (now_ns - daemon->peak_mark_ns) / LL_NS_PER_US;
    uint64_t rate_per_s = (messages - daemon->peak_mark_messages) * 1000000 / interval_us;
    if (rate_per_s > daemon->peak_per_s)
        daemon->peak_per_s = rate_per_s;
    daemon->peak_mark_ns = now_ns;
    daemon->peak_mark_messages = messages;
}

/* What need not happen with each datagram; two comparisons when there is nothing to do. */
static void ll_daemon_tick(struct ll_daemon *daemon, uint64_t now_ns)
{
    if (LL_LIKELY(now_ns < daemon->next_tick_ns))
        return;
    daemon->next_tick_ns = now_ns + LL_DAEMON_TICK_NS;
    daemon->time_is_up = now_ns >= daemon->end_ns;
    ll_gateway_tend(daemon->gateway);
    if (now_ns - daemon->peak_mark_ns >= LL_DAEMON_PEAK_NS)
        ll_daemon_measure_peak(daemon, now_ns);
    if (daemon->view != NULL && now_ns >= daemon->next_view_ns)
        ll_daemon_publish(daemon, now_ns);
}

static bool ll_daemon_goes_on(const struct ll_daemon *daemon)
{
    return daemon->status == LL_OK && !daemon->time_is_up && !ll_stop_requested();
}

/* --- Work ----------------------------------------------------------------------------------------------- */

/* A journal that goes on and a feed that is another session have nothing to do with each other: every packet would be
 * dropped, and silence would look like peace. */
static int ll_daemon_check_session(struct ll_daemon *daemon, const struct ll_datagram *datagram, bool at_end,
                                   struct ll_why *why)
{
    const struct ll_mold_line_counters lines =
        ll_mold_counters_sum(ll_gateway_mold_counters(daemon->gateway));
    char expected[LL_ENGINE_SESSION_BYTES];
    uint64_t strangers = lines.wrong_session;
    bool came = lines.last_packet_ns != 0;
    daemon->session_expected = !came;
    if (came || strangers == 0 || (strangers < LL_DAEMON_STRANGERS_MAX && !at_end))
        return LL_OK;
    (void)ll_gateway_feed_place(daemon->gateway, expected);
    if (datagram == NULL || datagram->payload_bytes < LL_MOLDUDP64_SESSION_BYTES)
        return LL_FAIL(why, LL_ERR_INPUT,
                       "the feed is another session than the journal's, '%.10s'; give another --journal DIR",
                       expected);
    return LL_FAIL(why, LL_ERR_INPUT,
                   "the feed's session is '%.10s', the journal holds '%.10s'; give another --journal DIR",
                   (const char *)datagram->payload, expected);
}

static void ll_daemon_record(struct ll_daemon *daemon, uint64_t latency_ns, uint64_t messages)
{
    ll_histogram_record(&daemon->report.latency, latency_ns, messages);
    if (daemon->view != NULL)
        ll_histogram_record(ll_live_view_interval(daemon->view), latency_ns, messages);
}

/* One unit of work: what was there at once. Each datagram is measured from its own planned time to the unit's end. */
static void ll_daemon_work(struct ll_daemon *daemon, const struct ll_datagram *datagrams,
                           const uint64_t *planned_ns, uint32_t count, struct ll_why *why)
{
    uint64_t delivered[LL_PORT_BURST_MAX];
    LL_ASSERT(count > 0);
    LL_ASSERT(count <= LL_PORT_BURST_MAX);
    uint64_t before = ll_daemon_delivered(daemon);
    bool numbered = daemon->options.kind == LL_DAEMON_FEED_PCAP;
    for (uint32_t i = 0; i < count; i++) {
        ll_gateway_datagram(daemon->gateway, datagrams[i].line, datagrams[i].payload,
                            datagrams[i].payload_bytes, numbered ? datagrams[i].ordinal : 0,
                            datagrams[i].rx_ns);
        uint64_t after = ll_daemon_delivered(daemon);
        delivered[i] = after - before;
        before = after;
    }
    daemon->feed_ns = datagrams[count - 1].rx_ns;
    ll_gateway_poll(daemon->gateway, daemon->feed_ns);
    ll_gateway_flush(daemon->gateway);
    uint64_t done_ns = ll_clock_mono_ns();
    for (uint32_t i = 0; i < count; i++)
        if (delivered[i] != 0)
            ll_daemon_record(daemon, done_ns - planned_ns[i], delivered[i]);
    daemon->status = ll_gateway_status(daemon->gateway, why);
    if (LL_UNLIKELY(daemon->session_expected && daemon->status == LL_OK))
        daemon->status = ll_daemon_check_session(daemon, &datagrams[count - 1], false, why);
    ll_daemon_tick(daemon, done_ns);
}

/* --- Feeds that have a plan: sim and pcap --------------------------------------------------------------- */

/* Until then: frame ahead, so that a burst finds its packets ready; then sleep, then spin. */
static uint64_t ll_daemon_wait(struct ll_daemon *daemon, uint64_t planned_ns)
{
    uint64_t now_ns = ll_clock_mono_ns();
    while (now_ns < planned_ns) {
        ll_daemon_tick(daemon, now_ns);
        if (!ll_daemon_goes_on(daemon))
            break;
        bool worked = ll_gateway_trade(daemon->gateway, ll_clock_utc_ns()) != 0;
        worked = worked || (daemon->sim != NULL && planned_ns - now_ns > LL_DAEMON_FILL_SLACK_NS &&
                            ll_sim_feed_fill(daemon->sim, LL_DAEMON_FILL_AHEAD) != 0);
        if (!worked && !daemon->options.spin)
            ll_pacer_sleep_towards(planned_ns, now_ns);
        now_ns = ll_clock_mono_ns();
    }
    return now_ns;
}

static void ll_daemon_work_planned(struct ll_daemon *daemon, const struct ll_datagram *datagrams,
                                   uint32_t count, struct ll_why *why)
{
    uint64_t planned_ns[LL_PORT_BURST_MAX];
    uint32_t first = 0;
    while (first < count && ll_daemon_goes_on(daemon)) {
        uint64_t now_ns = ll_clock_mono_ns();
        uint64_t next_ns = ll_pacer_planned(&daemon->pacer, datagrams[first].rx_ns, now_ns);
        uint32_t due = 0;
        now_ns = ll_daemon_wait(daemon, next_ns);
        while (first + due < count && next_ns <= now_ns) {
            planned_ns[due++] = next_ns;
            if (first + due < count)
                next_ns = ll_pacer_planned(&daemon->pacer, datagrams[first + due].rx_ns, now_ns);
        }
        if (due != 0) /* 0: stopped while waiting */
            ll_daemon_work(daemon, datagrams + first, planned_ns, due, why);
        /* Also while the feed is behind its plan and nobody waits. */
        (void)ll_gateway_trade(daemon->gateway, ll_clock_utc_ns());
        first += due;
    }
}

/* True when the feed came to its end. */
static bool ll_daemon_run_planned(struct ll_daemon *daemon, struct ll_why *why)
{
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    if (daemon->sim != NULL)
        ll_sim_feed_begin(daemon->sim, ll_clock_utc_ns());
    while (ll_daemon_goes_on(daemon)) {
        bool last = daemon->sim != NULL ? ll_sim_feed_ended(daemon->sim) : ll_port_drained(daemon->port);
        if (daemon->sim != NULL)
            (void)ll_sim_feed_fill(daemon->sim, LL_DAEMON_FILL);
        uint32_t count = ll_port_receive(daemon->port, datagrams);
        if (count != 0)
            ll_daemon_work_planned(daemon, datagrams, count, why);
        else if (last)
            return true;
        else
            ll_daemon_tick(daemon, ll_clock_mono_ns());
    }
    return false;
}

/* --- Live ports ----------------------------------------------------------------------------------------- */

/* Returns how many datagrams there were. */
static uint32_t ll_daemon_work_received(struct ll_daemon *daemon, struct ll_why *why)
{
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    uint64_t received_ns[LL_PORT_BURST_MAX];
    uint32_t count = ll_port_receive(daemon->port, datagrams);
    if (count == 0)
        return 0;
    uint64_t now_ns = ll_clock_mono_ns();
    uint64_t utc_ns = ll_clock_utc_ns();
    for (uint32_t i = 0; i < count; i++) {
        /* How long it lay in the port, where the kernel said when it came in. */
        uint64_t came_ns = datagrams[i].rx_mono_ns;
        uint64_t waited_ns = came_ns != 0 && came_ns < now_ns ? now_ns - came_ns : 0;
        received_ns[i] = now_ns - waited_ns;
        datagrams[i].rx_ns = utc_ns - waited_ns;
    }
    ll_daemon_work(daemon, datagrams, received_ns, count, why);
    return count;
}

/* Answers of the re-request server. They are looked for while a hole is open; what comes later is old. */
static uint32_t ll_daemon_work_answers(struct ll_daemon *daemon, struct ll_why *why)
{
    const struct ll_mold_counters *mold = ll_gateway_mold_counters(daemon->gateway);
    uint32_t count = 0;
    if (!daemon->options.sends_requests)
        return 0;
    while (count < LL_PORT_BURST_MAX && daemon->status == LL_OK &&
           mold->gaps_detected != mold->gaps_filled + mold->gaps_given_up) {
        struct ll_datagram answer = {.line = LL_MOLD_LINE_REREQUEST};
        answer.payload = ll_udp_request_receive(&daemon->requests, &answer.payload_bytes);
        if (answer.payload == NULL)
            break;
        uint64_t received_ns = ll_clock_mono_ns();
        answer.rx_ns = ll_clock_utc_ns();
        ll_daemon_work(daemon, &answer, &received_ns, 1, why);
        count++;
    }
    return count;
}

static void ll_daemon_idle(struct ll_daemon *daemon, uint64_t *idle_since_ns, struct ll_why *why)
{
    const struct timespec nap = {0, LL_DAEMON_NAP_NS};
    uint64_t now_ns = ll_clock_mono_ns();
    if (*idle_since_ns == 0)
        *idle_since_ns = now_ns;
    if (now_ns >= daemon->next_tick_ns) {
        daemon->feed_ns = ll_clock_utc_ns();
        ll_gateway_poll(daemon->gateway, daemon->feed_ns);
        ll_gateway_flush(daemon->gateway);
        daemon->status = ll_gateway_status(daemon->gateway, why);
    }
    ll_daemon_tick(daemon, now_ns);
    if (!daemon->options.spin && now_ns - *idle_since_ns > LL_DAEMON_IDLE_NS)
        (void)nanosleep(&nap, NULL);
}

/* True when the session ended; no message can follow. Who trades goes on without the feed: orders may be working. */
static bool ll_daemon_run_live(struct ll_daemon *daemon, struct ll_why *why)
{
    bool trades = ll_gateway_trading(daemon->gateway) != NULL;
    uint64_t idle_since_ns = 0;
    while (ll_daemon_goes_on(daemon) && (trades || !ll_gateway_feed_ended(daemon->gateway))) {
        uint32_t worked = ll_daemon_work_received(daemon, why);
        worked += ll_daemon_work_answers(daemon, why);
        worked += ll_gateway_trade(daemon->gateway, ll_clock_utc_ns());
        if (worked != 0)
            idle_since_ns = 0;
        else
            ll_daemon_idle(daemon, &idle_since_ns, why);
    }
    for (uint32_t i = 0; i < LL_DAEMON_LAST_BURSTS && daemon->status == LL_OK; i++)
        if (ll_daemon_work_received(daemon, why) == 0)
            break;
    return ll_gateway_feed_ended(daemon->gateway);
}

/* --- The run and its end -------------------------------------------------------------------------------- */

static enum ll_report_end ll_daemon_end(const struct ll_daemon *daemon, bool done)
{
    if (daemon->status != LL_OK)
        return LL_REPORT_END_ERROR;
    if (done)
        return LL_REPORT_END_FEED;
    return daemon->time_is_up ? LL_REPORT_END_DURATION : LL_REPORT_END_SIGNAL;
}

static int ll_daemon_run(struct ll_daemon *daemon, struct ll_why *why)
{
    const struct ll_daemon_options *options = &daemon->options;
    ll_daemon_measure_orders(daemon);
    daemon->start_ns = ll_clock_mono_ns();
    daemon->end_ns = options->duration_ns != 0 ? daemon->start_ns + options->duration_ns : UINT64_MAX;
    daemon->next_view_ns = daemon->start_ns + LL_LIVE_VIEW_PERIOD_NS;
    daemon->peak_mark_ns = daemon->start_ns;
    bool done = options->kind == LL_DAEMON_FEED_LIVE ? ll_daemon_run_live(daemon, why)
                                                     : ll_daemon_run_planned(daemon, why);
    if (daemon->session_expected && daemon->status == LL_OK)
        daemon->status = ll_daemon_check_session(daemon, NULL, true, why);
    if (ll_gateway_trading(daemon->gateway) != NULL && daemon->status == LL_OK)
        ll_trading_stop(ll_gateway_trading(daemon->gateway), ll_clock_utc_ns());
    /* Gaps are given up only at the feed's true end: after a stop the missing numbers may still come. */
    if (done && daemon->status == LL_OK)
        ll_gateway_finish(daemon->gateway, daemon->feed_ns);
    else
        ll_gateway_drain(daemon->gateway);
    if (daemon->status == LL_OK)
        daemon->status = ll_gateway_status(daemon->gateway, why);
    daemon->report.elapsed_ns = ll_clock_mono_ns() - daemon->start_ns;
    daemon->report.ended = ll_daemon_end(daemon, done);
    return daemon->status;
}

static int ll_daemon_show(struct ll_daemon *daemon, struct ll_why *why)
{
    struct ll_run_report *report = &daemon->report;
    ll_port_counters(daemon->port, &report->port);
    report->gateway = daemon->gateway;
    report->messages_new = ll_daemon_delivered(daemon);
    report->journal_dir = daemon->options.journal_dir;
    if (daemon->options.json)
        ll_report_print_json(report, stdout);
    else
        ll_report_print(report, stdout);
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return LL_FAIL(why, LL_ERR_IO, "the report could not be written");
    return LL_OK;
}

static void ll_daemon_close_feed(struct ll_daemon *daemon)
{
    if (daemon->sim != NULL)
        ll_sim_feed_close(daemon->sim);
    else
        ll_port_close(daemon->port);
    if (daemon->options.sends_requests)
        ll_udp_request_close(&daemon->requests);
}

/* As of a run that a signal ends: in order. But there is nothing to report. */
static int ll_daemon_end_early(const struct ll_why *why)
{
    (void)fprintf(stderr, "lifelined: %s\n", why->text);
    return LL_OK;
}

static int ll_daemon_main(struct ll_daemon *daemon, struct ll_why *why)
{
    const struct ll_eal_config eal = {.memory_mb = (uint32_t)daemon->options.memory_mb,
                                      .cpu = (uint32_t)daemon->options.cpu_number,
                                      .allow_pci = daemon->options.allow_pci};
    ll_histogram_init(&daemon->report.latency);
    daemon->requests.fd = -1;
    int status = ll_sandbox_init(&daemon->sandbox, daemon->options.sandbox, daemon->options.run_as, why);
    if (status == LL_OK)
        status = ll_eal_start(&eal, why);
    if (status != LL_OK)
        return status;
    daemon->sandbox.allows_bpf = daemon->options.allow_bpf;
    status = ll_daemon_open(daemon, why);
    bool opened = status == LL_OK;
    if (opened)
        status = ll_daemon_run(daemon, why);
    else if (ll_device_options_was_stopped(status))
        status = ll_daemon_end_early(why);
    if (daemon->gateway != NULL && ll_gateway_trading(daemon->gateway) != NULL)
        ll_trading_record_into(ll_gateway_trading(daemon->gateway), NULL);
    ll_live_view_stop(daemon->view);
    ll_daemon_stop_keeper(daemon);
    if (opened) {
        int settled = ll_device_settle(daemon->gateway, &daemon->report.device, why);
        int shown = ll_daemon_show(daemon, why);
        status = status != LL_OK ? status : settled != LL_OK ? settled : shown;
    }
    ll_daemon_close_feed(daemon);
    int closed = ll_gateway_close(daemon->gateway, why);
    ll_eal_stop();
    return status != LL_OK ? status : closed;
}

int ll_daemon(int argc, char **argv)
{
    struct ll_why why = {0};
    struct ll_daemon *daemon = calloc(1, sizeof *daemon);
    if (daemon == NULL)
        return LL_EXIT_ENVIRONMENT;
    int status = ll_daemon_options_parse(&daemon->options, argc, argv, &why);
    if (status == LL_OK && daemon->options.help) {
        ll_daemon_options_print_help(stdout);
    } else if (status == LL_OK && daemon->options.check_config) {
        ll_daemon_options_print_values(&daemon->options, stdout);
    } else if (status == LL_OK) {
        ll_stop_install();
        /* A reader of our lines that goes away is no reason to stop. */
        (void)signal(SIGPIPE, SIG_IGN);
        status = ll_daemon_main(daemon, &why);
    }
    if (status != LL_OK)
        (void)fprintf(stderr, "lifelined: %s: %s\n%s", ll_err_name(status), why.text,
                      status == LL_ERR_USAGE ? "Try: lifelined --help\n" : "");
    int exit_code = ll_device_exit_code(status, &daemon->report.device);
    free(daemon);
    return exit_code;
}
