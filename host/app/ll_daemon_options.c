/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_daemon_options.h"

#include "dpdk/ll_port_spec.h"
#include "host/app/ll_pacer.h"
#include "host/app/ll_sandbox.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_options.h"

#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LL_DAEMON_ROW(name, type, field, min, max, value, choices, help)                      \
    {                                                                                         \
        name, type, offsetof(struct ll_daemon_options, field), min, max, value, choices, help \
    }

static const struct ll_option ll_daemon_table[] = {
    LL_DAEMON_ROW(
        "feed", LL_OPTION_STRING, feed, 0, 0, "SPEC", NULL,
        "where messages come from: sim (default), udp:ADDR:PORT[,ADDR:PORT][,iface=ADDR] (lines A and B), "
        "pcap:FILE, af_packet:IFACE, af_xdp:IFACE, vdev:NAME,ARGS, pci:ADDRESS"),
    LL_DAEMON_ROW("duration", LL_OPTION_DURATION, duration_ns, 0, (uint64_t)366 * 86400 * LL_NS_PER_S, "TIME",
                  NULL, "end after this long, such as 20s or 5m; 0 (the default): until Ctrl-C"),
    LL_DAEMON_ROW("speed", LL_OPTION_STRING, speed, 0, 0, "real|Nx|max", NULL,
                  "sim and pcap: in the feed's own time (real, the default), N times that, or as fast as it "
                  "goes (max)"),
    LL_DAEMON_ROW("seed", LL_OPTION_U64, seed, 0, UINT64_MAX, "N", NULL,
                  "sim: the day is made from this number (default 1); same number, same bytes"),
    LL_DAEMON_ROW("symbols", LL_OPTION_U64, symbols, 1, LL_FEED_SIM_SYMBOLS_MAX, "N", NULL,
                  "sim: instruments (default 2000)"),
    LL_DAEMON_ROW("sim-orders", LL_OPTION_U64, sim_orders, 1, LL_FEED_SIM_LIVE_ORDERS_MAX, "N", NULL,
                  "sim: live orders the books grow to (default 100000)"),
    LL_DAEMON_ROW("sim-messages", LL_OPTION_U64, sim_messages, 0, UINT64_MAX, "N", NULL,
                  "sim: messages of the whole day; 0 (the default): endless"),
    LL_DAEMON_ROW("faults", LL_OPTION_U64, faults, 0, LL_FEED_SIM_FAULTS_MAX, "PER-MILLE", NULL,
                  "sim: bad messages among a thousand (default 0)"),
    LL_DAEMON_ROW(
        "journal", LL_OPTION_STRING, journal, 0, 0, "DIR", NULL,
        "keep every event durably in DIR (made if absent); default: a new directory for each run in "
        "$XDG_STATE_HOME/lifeline or ~/.local/state/lifeline"),
    LL_DAEMON_ROW("no-journal", LL_OPTION_FLAG, no_journal, 0, 0, NULL, NULL,
                  "keep nothing; goes before --journal"),
    LL_DAEMON_ROW("snapshot-every", LL_OPTION_U64, snapshot_every, 0, UINT64_MAX, "N", NULL,
                  "a process of its own makes a snapshot of the journal whenever N records more are durable, "
                  "so that the next --resume is short; 0 (the default): none"),
    LL_COMMON_ROWS(struct ll_daemon_options, "ports: "),
    LL_TRADING_ROWS(struct ll_daemon_options),
    LL_DAEMON_ROW("gap-timeout", LL_OPTION_DURATION, gap_timeout_ns, 1, 3600 * LL_NS_PER_S, "TIME", NULL,
                  "missing messages are given up, by name, after this long (default 5s)"),
    LL_DAEMON_ROW("rerequest-server", LL_OPTION_STRING, rerequest_server, 0, 0, "ADDR:PORT", NULL,
                  "ports: ask this server for missing messages, and take its answers (default: none)"),
    LL_DAEMON_ROW(
        "cpu", LL_OPTION_STRING, cpu, 0, 0, "any|N", NULL,
        "pin the hot thread to CPU N and keep all other threads of the gateway off it (default any: the "
        "scheduler decides)"),
    LL_DAEMON_ROW("memory-mb", LL_OPTION_U64, memory_mb, 16, UINT32_MAX, "N", NULL,
                  "DPDK's memory for packet buffers (default 128); in huge pages when so many are free"),
    LL_DAEMON_ROW(
        "idle", LL_OPTION_CHOICE, idle, 0, 0, NULL, "sleep|spin",
        "what the hot thread does when nothing is due: sleep after a while (default), which wakes some "
        "0.1 ms late on a port, or spin, which takes its whole CPU"),
    LL_DAEMON_ROW(
        "run-as", LL_OPTION_STRING, run_as, 0, 0, "NAME|UID", NULL,
        "started as root: become this user before the journal and all else is opened, and give up all "
        "rights once the port is (default: stay root)"),
    LL_DAEMON_ROW(
        "sandbox", LL_OPTION_CHOICE, sandbox, 0, 0, NULL, LL_SANDBOX_CHOICES,
        "full (default): system calls that a gateway never makes end it, nobody looks into its memory, "
        "no core dumps; debug: debuggers, profilers and core dumps work; off: no filter either"),
    LL_DAEMON_ROW("json", LL_OPTION_FLAG, json, 0, 0, NULL, NULL,
                  "print the final report as one JSON object on stdout"),
    LL_DAEMON_ROW("quiet", LL_OPTION_FLAG, quiet, 0, 0, NULL, NULL,
                  "no banner, no live view; errors and the final report only"),
    LL_DAEMON_ROW("check-config", LL_OPTION_FLAG, check_config, 0, 0, NULL, NULL,
                  "print the effective values and end; nothing is opened"),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static const char ll_daemon_help[] =
    "usage: lifelined [options]\n"
    "\n"
    "The gateway: takes a MoldUDP64 feed with ITCH 5.0 from a DPDK port, puts its one or two lines in "
    "order,\n"
    "keeps the books in the kernel, and writes every event to a durable journal. Once per second it shows "
    "on\n"
    "stderr how it goes; at the end the final report goes to stdout.\n"
    "\n"
    "With --limits, --ouch50, --ouch42 or --door it also trades: it takes clients' orders through the door "
    "(`lifeline\n"
    "order --help`), checks them against the limits, sends them when they are durable, and keeps identifiers "
    "and\n"
    "ledger.\n"
    "\n"
    "  lifelined --duration 20s                    a simulated exchange: quiet, the opening burst, steady "
    "load\n"
    "  lifelined --speed 4x --faults 5             faster, and 5 of 1000 messages are bad: see the "
    "exceptions\n"
    "  lifelined --feed pcap:day.pcap --speed max --no-journal\n"
    "  lifelined --feed udp:233.54.12.111:26477,233.54.12.112:26477,iface=10.0.0.5 --rerequest-server "
    "10.0.0.9:26480\n"
    "  lifelined --feed af_packet:eth1 --line-a 233.54.12.111:26477 --line-b 233.54.12.112:26477 \\\n"
    "            --journal /var/lib/lifeline/today\n"
    "  lifelined --feed af_xdp:eth1 --line-a 233.54.12.111:26477 --line-b 233.54.12.112:26477 \\\n"
    "            --ouch50 10.0.0.9:26402 ...         the lines past the kernel, orders through it; lifeline "
    "flows\n"
    "  lifelined --feed pci:0000:03:00.0 --line-a 26477 --cpu 3 --idle spin --journal "
    "/var/lib/lifeline/today\n"
    "  lifelined --feed udp:127.0.0.1:26477 --ouch50 127.0.0.1:26400 --password-file secret --limits "
    "limits.yaml\n"
    "  lifelined --feed sim --journal j --resume   go on after a crash or a stop: same session, same books\n"
    "  lifelined --feed sim --device xrt --device-loss reload   the kernel on a card; `lifeline device "
    "list`\n"
    "\n"
    "Ctrl-C (SIGINT) or SIGTERM ends it in order: what was received is worked, the journal durable and "
    "sealed.\n"
    "A second one ends it at once; the journal then recovers at the next start with --resume.\n"
    "\n"
    "Exit: 0 ended in order (also with exceptions), 1 the feed is not what it should be, 2 usage, or what "
    "stands\n"
    "in the limits file, 3 the machine lacks something (interface, right, memory, device, a free journal), "
    "or "
    "the\n"
    "device was lost and --device-loss is stop, 4 a file could not be read (limits, password) or written "
    "(journal,\n"
    "report), 5 the journal is corrupt, or the device's tables are, 6 ended in order, but the device was "
    "lost "
    "on the\n"
    "way: nothing is missing, the report says why.\n"
    "\n"
    "options:\n";

/* --- Defaults ------------------------------------------------------------------------------------------- */

static void ll_daemon_options_default(struct ll_daemon_options *options)
{
    memset(options, 0, sizeof *options);
    options->feed = "sim";
    options->speed = "real";
    options->seed = 1;
    options->symbols = 2000;
    options->sim_orders = 100000;
    options->gap_timeout_ns = 5 * LL_NS_PER_S;
    options->cpu = "any";
    options->memory_mb = 128;
    options->idle = "sleep";
    options->sandbox = "full";
    ll_common_options_default(&options->common);
    ll_trading_options_default(&options->trading);
}

/* .../lifeline/20240229-143015-4711: sorts by time, and two at once do not meet. */
static int ll_daemon_make_up_journal(struct ll_daemon_options *options, struct ll_why *why)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    const char *between = "";
    char stamp[32];
    struct tm now;
    time_t now_s = (time_t)(ll_clock_utc_ns() / LL_NS_PER_S);
    if (state == NULL || state[0] != '/') {
        state = home;
        between = "/.local/state";
    }
    if (state == NULL || state[0] != '/')
        return LL_FAIL(why, LL_ERR_USAGE,
                       "neither XDG_STATE_HOME nor HOME says where; give --journal DIR or --no-journal");
    (void)gmtime_r(&now_s, &now);
    (void)strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &now);
    int length = snprintf(options->journal_path, sizeof options->journal_path, "%s%s/lifeline/%s-%ld", state,
                          between, stamp, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof options->journal_path)
        return LL_FAIL(why, LL_ERR_USAGE, "the state directory's name is too long; give --journal DIR");
    options->journal_dir = options->journal_path;
    options->journal_dir_ours = true;
    return LL_OK;
}

/* --- What follows from what was given ------------------------------------------------------------------- */

static int ll_daemon_check_feed(struct ll_daemon_options *options, struct ll_why *why)
{
    struct ll_port_spec spec;
    if (strcmp(options->feed, "sim") == 0) {
        options->kind = LL_DAEMON_FEED_SIM;
        return LL_OK;
    }
    int status = ll_port_spec_parse(&spec, options->feed, why);
    if (status != LL_OK) {
        ll_why_append(why, "or sim");
        return status;
    }
    if (spec.kind == LL_PORT_KIND_RING)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "--feed ring: nobody would send; sim is a ring with an exchange in it");
    if (spec.kind == LL_PORT_KIND_UDP)
        options->udp_line_count = spec.endpoint_count;
    options->kind = spec.kind == LL_PORT_KIND_PCAP ? LL_DAEMON_FEED_PCAP : LL_DAEMON_FEED_LIVE;
    options->allow_pci = spec.kind == LL_PORT_KIND_PCI;
    options->allow_bpf = spec.kind != LL_PORT_KIND_UDP && spec.kind != LL_PORT_KIND_AF_PACKET &&
                         spec.kind != LL_PORT_KIND_PCAP;
    return LL_OK;
}

/* The endpoints of udp: are its lines; answers come to the socket that asks. */
static int ll_daemon_check_lines(struct ll_daemon_options *options, struct ll_why *why)
{
    const char *server = options->rerequest_server;
    int status = LL_OK;
    if (options->udp_line_count > LL_MOLD_LINES_MAX)
        return LL_FAIL(why, LL_ERR_USAGE, "--feed %.60s: at most %u lines", options->feed, LL_MOLD_LINES_MAX);
    if (options->udp_line_count != 0 && options->flow_count != 0)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "--line-a, --line-b and --rerequest are not for udp:; its endpoints are the lines");
    if (server == NULL)
        return LL_OK;
    if (options->kind != LL_DAEMON_FEED_LIVE)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "--rerequest-server is for ports; nobody answers for sim or a capture");
    status = ll_ipv4_parse(&options->request_server, server, (uint32_t)strlen(server), why);
    options->sends_requests = status == LL_OK;
    return status;
}

static int ll_daemon_check_sim(struct ll_daemon_options *options, struct ll_why *why)
{
    const struct ll_common_options *common = &options->common;
    if (options->kind == LL_DAEMON_FEED_SIM && strcmp(options->trading.feed_payload, "itch50") != 0)
        return LL_FAIL(why, LL_ERR_USAGE, "--feed-payload is for ports and captures; sim is a public feed");
    options->sim = (struct ll_feed_sim_config){.seed = options->seed,
                                               .message_count = options->sim_messages,
                                               .symbol_count = (uint32_t)options->symbols,
                                               .live_orders_target = (uint32_t)options->sim_orders,
                                               .faults_per_mille = (uint32_t)options->faults,
                                               .references = LL_FEED_SIM_SEQUENTIAL};
    if (options->kind != LL_DAEMON_FEED_SIM)
        return LL_OK;
    if (options->flow_count != 0 || common->start_sequence != 0)
        return LL_FAIL(
            why, LL_ERR_USAGE,
            "--line-a, --line-b, --rerequest and --start-sequence are for ports; sim has one line, "
            "from its first message");
    uint64_t least = ll_feed_sim_message_count_min((uint32_t)options->symbols);
    if (options->sim_messages != 0 && options->sim_messages < least)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "--sim-messages: a day of %" PRIu64 " symbols has at least %" PRIu64, options->symbols,
                       least);
    if (options->symbols >= common->books)
        return LL_FAIL(why, LL_ERR_USAGE, "--symbols %" PRIu64 " needs --books of at least %" PRIu64,
                       options->symbols, options->symbols + 1);
    if (options->sim_orders > common->orders)
        return LL_FAIL(why, LL_ERR_USAGE, "--sim-orders %" PRIu64 " needs --orders of at least as many",
                       options->sim_orders);
    return LL_OK;
}

static int ll_daemon_check_cpu(struct ll_daemon_options *options, struct ll_why *why)
{
    if (strcmp(options->cpu, "any") == 0)
        return LL_OK;
    options->pin = true;
    if (ll_options_parse_u64(options->cpu, LL_OPTION_U64, &options->cpu_number, NULL) != LL_OK ||
        options->cpu_number >= CPU_SETSIZE)
        return LL_FAIL(why, LL_ERR_USAGE, "--cpu '%.60s': give any, or a number below %d", options->cpu,
                       CPU_SETSIZE);
    return LL_OK;
}

static int ll_daemon_check_journal(struct ll_daemon_options *options, struct ll_why *why)
{
    if (options->common.resume && (options->no_journal || options->journal == NULL))
        return LL_FAIL(why, LL_ERR_USAGE,
                       "--resume needs --journal DIR: there is nothing else to go on from");
    if (options->snapshot_every != 0 && options->no_journal)
        return LL_FAIL(why, LL_ERR_USAGE, "--snapshot-every: there is nothing to keep without a journal");
    if (options->no_journal)
        return LL_OK;
    options->journal_dir = options->journal;
    return options->journal != NULL ? LL_OK : ll_daemon_make_up_journal(options, why);
}

int ll_daemon_options_parse(struct ll_daemon_options *options, int argc, char **argv, struct ll_why *why)
{
    struct ll_operands operands;
    int help = 0;
    ll_daemon_options_default(options);
    int status = ll_options_parse(ll_daemon_table, argc, argv, options, &operands, &help, why);
    options->help = help != 0;
    if (status != LL_OK || options->help)
        return status;
    if (operands.count != 0)
        return LL_FAIL(why, LL_ERR_USAGE, "'%.60s' is no option; a feed is given with --feed",
                       operands.value[0]);
    options->spin = strcmp(options->idle, "spin") == 0;
    status = ll_daemon_check_feed(options, why);
    if (status == LL_OK)
        status = ll_pacer_parse_speed(options->speed, &options->speed_milli, why);
    if (status == LL_OK)
        status = ll_common_options_flows(&options->common, options->flows, &options->flow_count, why);
    if (status == LL_OK)
        status = ll_daemon_check_lines(options, why);
    if (status == LL_OK)
        status = ll_daemon_check_cpu(options, why);
    if (status == LL_OK)
        status = ll_daemon_check_sim(options, why);
    if (status == LL_OK)
        status = ll_daemon_check_journal(options, why);
    return status;
}

void ll_daemon_options_print_help(FILE *file)
{
    (void)fputs(ll_daemon_help, file);
    ll_options_print_help(ll_daemon_table, file);
}

void ll_daemon_options_print_values(const struct ll_daemon_options *options, FILE *file)
{
    struct ll_daemon_options effective = *options;
    effective.journal = options->journal_dir;
    ll_options_print_values(ll_daemon_table, &effective, file);
}
