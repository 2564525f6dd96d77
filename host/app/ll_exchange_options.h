/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of `lifeline-exchange`: table, defaults, and what of it cannot be.
 *
 * Shape    parse fills everything the exchange needs from argv; help and values print the table.
 * Units    each row of the table names its own; prices 1/10,000.
 * Errors   LL_ERR_USAGE with the option and what is allowed; LL_ERR_IO for a password file that cannot be read.
 * Threads  start-up only.
 */
#ifndef LL_HOST_APP_EXCHANGE_OPTIONS_H
#define LL_HOST_APP_EXCHANGE_OPTIONS_H

#include "host/base/ll_err.h"
#include "host/base/ll_ipv4.h"
#include "host/exchange/ll_matching.h"
#include "host/exchange/ll_mold_sender.h"
#include "host/exchange/ll_ouch_port.h"
#include "host/exchange/ll_soup_server.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define LL_EXCHANGE_ACCOUNTS_MAX    8u
#define LL_EXCHANGE_INSTRUMENTS_MAX 4096u
#define LL_EXCHANGE_TICK            100u /* one cent */
#define LL_EXCHANGE_LOT             100u

struct ll_exchange_account_options {
    struct ll_ipv4 listen;
    uint8_t protocol; /* enum ll_protocol */
};

struct ll_exchange_options {
    /* As given. */
    const char *ouch50;
    const char *ouch42;
    const char *user;
    const char *password;
    const char *password_file;
    const char *session;
    const char *firms;
    const char *mold;
    const char *mold_b;
    const char *rerequest;
    const char *mold_faults;
    const char *mold_b_faults;
    const char *interface;
    uint64_t symbols;
    const char *symbol;
    uint64_t band;
    const char *self_trade;
    uint64_t seed;
    uint64_t house_rate;
    uint64_t house_lots;
    uint64_t duration_ns;
    const char *misbehave;
    uint64_t delay_max_ns;
    uint64_t silence_max_ns;
    uint64_t bust_max_ns;
    uint64_t cancel_max_ns;
    uint64_t drop_after_bytes;
    uint64_t next_number;
    uint64_t first_reference;
    uint64_t first_match;
    uint64_t orders;
    uint64_t day_orders;
    uint64_t feed_messages;
    const char *record;
    const char *idle;
    bool json;
    bool quiet;
    /* What follows from it. */
    bool help;
    bool spin;
    bool has_mold;
    bool has_mold_b;
    bool has_rerequest;
    bool has_interface;
    struct ll_ipv4 mold_to;
    struct ll_ipv4 mold_b_to;
    struct ll_ipv4 rerequest_at;
    struct ll_ipv4 interface_at;
    uint32_t account_count;
    struct ll_exchange_account_options accounts[LL_EXCHANGE_ACCOUNTS_MAX];
    uint32_t firm_count;
    char firm[LL_OUCH_PORT_FIRMS_MAX][LL_MATCHING_FIRM_BYTES];
    uint32_t instrument_count;
    struct ll_matching_instrument instruments[LL_EXCHANGE_INSTRUMENTS_MAX];
    enum ll_matching_self_trade self_trade_kind;
    struct ll_ouch_port_faults faults;
    struct ll_mold_sender_faults feed_faults[LL_MOLD_SENDER_LINES_MAX];
    char password_read[LL_SOUP_PASSWORD_BYTES + 1];
};

LL_MUST_CHECK int ll_exchange_options_parse(struct ll_exchange_options *options, int argc, char **argv,
                                            struct ll_why *why);
void ll_exchange_options_print_help(FILE *file);

#endif
