/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of the trading half, shared by the daemon and the verbs that read a trading gateway's journal.
 *
 * Shape    LL_TRADING_STATE_ROWS says how large the state is; LL_TRADING_ROWS adds where orders go and come from. Both
 *          are rows of an option table whose struct has a member `trading`. default -> parse -> config.
 * Units    as the rows say.
 * Errors   config: LL_ERR_USAGE with the option's name; LL_ERR_IO for a password file that cannot be read.
 * Threads  none.
 */
#ifndef LL_HOST_APP_TRADING_OPTIONS_H
#define LL_HOST_APP_TRADING_OPTIONS_H

#include "host/app/ll_trading.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_err.h"
#include "host/base/ll_options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_TRADING_PATH_BYTES 512u

struct ll_trading_options {
    bool trade;
    const char *ouch50;
    const char *ouch42;
    const char *user;
    const char *password_file;
    const char *firm;
    const char *feed_payload;
    const char *limits;
    const char *door;
    uint64_t own_orders;
    uint64_t ids;
    uint64_t instruments;
    uint64_t instance;
    uint64_t answer_timeout_ns;
    uint64_t retry_ns;
    uint64_t reconnect_ns;
    uint64_t silence_ns;
    bool send_before_durable;
    char door_path[LL_TRADING_PATH_BYTES]; /* what follows from it */
};

#define LL_TRADING_ROW(type, name, kind, field, min, max, value, help)           \
    {                                                                            \
        name, kind, offsetof(type, trading.field), min, max, value, NULL, (help) \
    }

#define LL_TRADING_STATE_ROWS(type)                                                                  \
    LL_TRADING_ROW(                                                                                  \
        type, "trade", LL_OPTION_FLAG, trade, 0, 0, NULL,                                            \
        "the journal is of a gateway that trades; implied by --limits, --ouch50, --ouch42, --door"), \
        LL_TRADING_ROW(type, "own-orders", LL_OPTION_U64, own_orders, 1, LL_LIFE_ORDERS_MAX, "N",    \
                       "own orders to make room for, ended ones included (default 262144)"),         \
        LL_TRADING_ROW(type, "ids", LL_OPTION_U64, ids, 1, LL_LIFE_IDS_MAX, "N",                     \
                       "identifiers of own orders to make room for (default 1048576)"),              \
        LL_TRADING_ROW(type, "instruments", LL_OPTION_U64, instruments, 1, 65534, "N",               \
                       "instruments that can be traded (default 1024)")

#define LL_TRADING_ROWS(type)                                                                                \
    LL_TRADING_STATE_ROWS(type),                                                                             \
        LL_TRADING_ROW(type, "ouch50", LL_OPTION_STRING, ouch50, 0, 0, "ADDR:PORT",                          \
                       "send orders there: OUCH 5.0 over SoupBinTCP"),                                       \
        LL_TRADING_ROW(                                                                                      \
            type, "ouch42", LL_OPTION_STRING, ouch42, 0, 0, "ADDR:PORT",                                     \
            "send orders there: OUCH 4.2 over SoupBinTCP; with both, 5.0 is session 0 and 4.2 is 1"),        \
        {"feed-payload",                                                                                     \
         LL_OPTION_CHOICE,                                                                                   \
         offsetof(type, trading.feed_payload),                                                               \
         0,                                                                                                  \
         0,                                                                                                  \
         NULL,                                                                                               \
         "itch50|ouch50|ouch42",                                                                             \
         "what the feed carries: the public feed (itch50, the default), or a copy of the reports that "      \
         "the sessions of that protocol get; of it executions and breaks are booked, whoever tells "         \
         "them first"},                                                                                      \
        LL_TRADING_ROW(type, "user", LL_OPTION_STRING, user, 0, 0, "NAME", "user name of the login"),        \
        LL_TRADING_ROW(type, "password-file", LL_OPTION_STRING, password_file, 0, 0, "FILE",                 \
                       "file whose first line is the password of the login"),                                \
        LL_TRADING_ROW(type, "firm", LL_OPTION_STRING, firm, 0, 0, "MPID",                                   \
                       "firm in whose name orders go (default: the port's own)"),                            \
        LL_TRADING_ROW(                                                                                      \
            type, "limits", LL_OPTION_STRING, limits, 0, 0, "FILE",                                          \
            "risk limits and instruments; read again whenever it changes. Without any, every order is "      \
            "refused"),                                                                                      \
        LL_TRADING_ROW(type, "door", LL_OPTION_STRING, door, 0, 0, "PATH",                                   \
                       "shared memory that clients come through (default /dev/shm/lifeline-UID)"),           \
        LL_TRADING_ROW(type, "instance", LL_OPTION_U64, instance, 0, 255, "N",                               \
                       "number of this gateway, in the identifiers it makes (default 0)"),                   \
        LL_TRADING_ROW(type, "answer-timeout", LL_OPTION_DURATION, answer_timeout_ns, 1000000,               \
                       3600 * LL_NS_PER_S, "TIME",                                                           \
                       "ask the venue about a request that went unanswered so long (default 2s)"),           \
        LL_TRADING_ROW(type, "retry", LL_OPTION_DURATION, retry_ns, 1000000, 3600 * LL_NS_PER_S, "TIME",     \
                       "try a failed order again after so long; doubles each time (default 1s)"),            \
        LL_TRADING_ROW(type, "reconnect", LL_OPTION_DURATION, reconnect_ns, 1000000, 3600 * LL_NS_PER_S,     \
                       "TIME", "longest pause before a broken session is tried again (default 10s)"),        \
        LL_TRADING_ROW(type, "silence", LL_OPTION_DURATION, silence_ns, 1000000, 3600 * LL_NS_PER_S, "TIME", \
                       "give a session up that says nothing for so long, heartbeats included (default 5s)"), \
        LL_TRADING_ROW(                                                                                      \
            type, "send-before-durable", LL_OPTION_FLAG, send_before_durable, 0, 0, NULL,                    \
            "send orders before their records are on disk: faster, and a crash may forget what it sent")

void ll_trading_options_default(struct ll_trading_options *options);
/* The options ask for a trading half. */
bool ll_trading_options_wanted(const struct ll_trading_options *options);
/* Fills the config; its strings point into `options`. */
LL_MUST_CHECK int ll_trading_options_config(struct ll_trading_options *options,
                                            struct ll_trading_config *config, struct ll_why *why);

#endif
