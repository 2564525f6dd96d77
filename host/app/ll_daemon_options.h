/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of `lifelined`: table, defaults, and what of it cannot be.
 *
 * Shape    parse fills everything the daemon needs from argv; help and values print the table.
 * Units    each row of the table names its own.
 * Errors   LL_ERR_USAGE with the option and what is allowed.
 * Threads  start-up only.
 */
#ifndef LL_HOST_APP_DAEMON_OPTIONS_H
#define LL_HOST_APP_DAEMON_OPTIONS_H

#include "dpdk/ll_port.h"
#include "host/app/ll_common_options.h"
#include "host/app/ll_trading_options.h"
#include "host/base/ll_err.h"
#include "host/base/ll_ipv4.h"
#include "host/exchange/ll_feed_sim.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define LL_DAEMON_PATH_BYTES 1024u

enum ll_daemon_feed { LL_DAEMON_FEED_SIM, LL_DAEMON_FEED_PCAP, LL_DAEMON_FEED_LIVE };

struct ll_daemon_options {
    /* As given. */
    const char *feed;
    uint64_t duration_ns;
    const char *speed;
    uint64_t seed;
    uint64_t symbols;
    uint64_t sim_orders;
    uint64_t sim_messages;
    uint64_t faults;
    const char *journal;
    bool no_journal;
    uint64_t snapshot_every;
    struct ll_common_options common;
    struct ll_trading_options trading;
    uint64_t gap_timeout_ns;
    const char *rerequest_server;
    const char *cpu;
    uint64_t memory_mb;
    const char *idle;
    const char *run_as;
    const char *sandbox;
    bool json;
    bool quiet;
    bool check_config;
    /* What follows from it. */
    bool help;
    enum ll_daemon_feed kind;
    bool allow_pci;
    bool allow_bpf; /* the port's driver may want it when it closes */
    bool spin;
    bool pin;
    uint64_t cpu_number; /* when pinned */
    uint64_t speed_milli;
    const char *journal_dir; /* NULL = none */
    bool journal_dir_ours;   /* made up here: its parents may be missing */
    struct ll_flow flows[LL_COMMON_FLOWS_MAX];
    uint32_t flow_count;
    uint32_t udp_line_count; /* of a udp: feed, else 0 */
    bool sends_requests;
    struct ll_ipv4 request_server;
    struct ll_feed_sim_config sim;
    char journal_path[LL_DAEMON_PATH_BYTES];
};

LL_MUST_CHECK int ll_daemon_options_parse(struct ll_daemon_options *options, int argc, char **argv,
                                          struct ll_why *why);
void ll_daemon_options_print_help(FILE *file);
/* `name = value`, one per line, the effective ones. */
void ll_daemon_options_print_values(const struct ll_daemon_options *options, FILE *file);

#endif
