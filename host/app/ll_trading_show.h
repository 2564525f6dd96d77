/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the trading half shows of itself: lines of the live view, part of the final report, part of its JSON.
 *
 * Shape    hot thread, about once a second: look copies counters into a plain snapshot, no text -> the view's thread
 *          makes lines of it. After the run: print and json, from the trading half itself.
 * Units    money in price ticks times lots, shown with four decimals; ns.
 * Errors   none; text that finds no room is cut.
 * Threads  look: the hot thread. picture and line: any, the snapshot is plain data. print, json: after the run.
 */
#ifndef LL_HOST_APP_TRADING_SHOW_H
#define LL_HOST_APP_TRADING_SHOW_H

#include "host/app/ll_trading.h"
#include "host/base/ll_histogram.h"
#include "host/base/ll_json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Lines of the picture. */
#define LL_TRADING_SHOW_ROWS 8u
/* With more accounts than this the balances are not added up while the gateway runs: it would take too long. */
#define LL_TRADING_SHOW_ACCOUNTS 4096u

struct ll_trading_shown_session {
    uint64_t reconnects;
    uint64_t in_flight; /* requests from the oldest that may be unanswered on */
    uint32_t protocol;  /* enum ll_protocol */
    uint32_t state;     /* enum ll_soup_client_state */
    bool is_open;       /* orders may be sent */
};

/* All counters are of the whole journal, those of sessions and door of this run. */
struct ll_trading_snapshot {
    bool is_trading; /* false: the gateway takes a feed alone, and nothing else of this is set */
    bool has_money;  /* the next two are known */
    int64_t money_available;
    int64_t money_locked;
    uint64_t live;
    uint64_t accounts; /* of the ledger */
    uint64_t clients;  /* now */
    uint64_t limits_loaded;
    uint64_t limits_refused;
    uint32_t session_count;
    struct ll_trading_shown_session sessions[LL_TRADING_SESSIONS_MAX];
    struct ll_oms_counters counters;
    struct ll_door_counters door;
    char limits_error[LL_WHY_BYTES];
};

/* What changed since the last picture, and the latencies of both spans. */
struct ll_trading_interval {
    uint64_t fills_per_s;
    const struct ll_histogram *wire;       /* order to wire, of this second */
    const struct ll_histogram *wire_whole; /* and of the whole run */
};

/* `trading` NULL = a feed alone. */
void ll_trading_look(const struct ll_trading *trading, struct ll_trading_snapshot *snapshot);

/* LL_TRADING_SHOW_ROWS lines. Returns the bytes written, without the NUL. */
uint32_t ll_trading_show_picture(const struct ll_trading_snapshot *snapshot,
                                 const struct ll_trading_interval *interval, char *text, uint32_t text_bytes);
/* " key=value ..." behind those of the feed, no line end. */
uint32_t ll_trading_show_line(const struct ll_trading_snapshot *snapshot,
                              const struct ll_trading_interval *interval, char *text, uint32_t text_bytes);

void ll_trading_show_print(const struct ll_trading *trading, FILE *file);
/* One object with this key. */
void ll_trading_show_json(const struct ll_trading *trading, struct ll_json *json, const char *key);

/* 15034005600 -> "1,503,400.5600" */
const char *ll_trading_show_money(int64_t money, char buffer[48]);

#endif
