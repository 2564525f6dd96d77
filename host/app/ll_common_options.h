/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options that every program with a gateway in it has: one definition of name, range, default and help.
 *
 * Shape    A program puts struct ll_common_options into its own options as the member `common` and
 *          LL_COMMON_ROWS into its table; default -> parse -> check -> gateway.
 * Units    each row names its own.
 * Errors   LL_ERR_USAGE with the option and what is allowed.
 * Threads  start-up only.
 */
#ifndef LL_HOST_APP_COMMON_OPTIONS_H
#define LL_HOST_APP_COMMON_OPTIONS_H

#include "dpdk/ll_port.h"
#include "host/app/ll_device_options.h"
#include "host/app/ll_gateway.h"
#include "host/base/ll_err.h"
#include "host/base/ll_options.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_COMMON_FLOWS_MAX 3u

struct ll_common_options {
    bool resume;
    bool no_snapshot;
    const char *line_a;
    const char *line_b;
    const char *rerequest;
    uint64_t start_sequence;
    struct ll_device_options device;
    uint64_t batch;
    uint64_t orders;
    uint64_t levels;
    uint64_t books;
    uint64_t segment_bytes;
};

#define LL_COMMON_ROW(type, name, kind, field, min, max, value, help)           \
    {                                                                           \
        name, kind, offsetof(type, common.field), min, max, value, NULL, (help) \
    }

/* What the state is made of, and so what a snapshot has to fit. */
#define LL_COMMON_STATE_ROWS(type)                                                                   \
    LL_COMMON_ROW(type, "no-snapshot", LL_OPTION_FLAG, no_snapshot, 0, 0, NULL,                      \
                  "leave snapshots aside: replay the journal from its first record"),                \
        LL_COMMON_ROW(                                                                               \
            type, "batch", LL_OPTION_U64, batch, 1, 64, "N",                                         \
            "messages the kernel works together, 1..64 (default 32); changes speed, never results"), \
        LL_COMMON_ROW(type, "orders", LL_OPTION_U64, orders, 1, LL_BOOK_ORDERS_MAX, "N",             \
                      "live orders to make room for (default 2097152)"),                             \
        LL_COMMON_ROW(type, "levels", LL_OPTION_U64, levels, 1, LL_BOOK_LEVELS_MAX, "N",             \
                      "price levels to make room for (default 1048576)"),                            \
        LL_COMMON_ROW(type, "books", LL_OPTION_U64, books, 1, LL_BOOK_BOOKS_MAX, "N",                \
                      "instruments to make room for: highest stock locate + 1 (default 16384)")

/* `type` is the program's struct of options; `where` a literal before the help of the flows ("captures: "). */
#define LL_COMMON_ROWS(type, where)                                                                       \
    LL_COMMON_ROW(type, "resume", LL_OPTION_FLAG, resume, 0, 0, NULL,                                     \
                  "go on where the journal in DIR ends: its newest snapshot and what is behind it are "   \
                  "replayed first, then the feed from there"),                                            \
        LL_COMMON_ROW(type, "line-a", LL_OPTION_STRING, line_a, 0, 0, "[ADDR:]PORT",                      \
                      where "UDP destination of line A (default: every UDP datagram is line A)"),         \
        LL_COMMON_ROW(type, "line-b", LL_OPTION_STRING, line_b, 0, 0, "[ADDR:]PORT",                      \
                      where "UDP destination of line B"),                                                 \
        LL_COMMON_ROW(type, "rerequest", LL_OPTION_STRING, rerequest, 0, 0, "[ADDR:]PORT",                \
                      where "UDP destination of the re-request server's answers"),                        \
        LL_COMMON_ROW(type, "start-sequence", LL_OPTION_U64, start_sequence, 0, UINT64_MAX / 2, "N",      \
                      "first message wanted; 0 (the default): start at whatever comes first"),            \
        LL_COMMON_STATE_ROWS(type), LL_DEVICE_ROWS(type, common.device),                                  \
        LL_COMMON_ROW(type, "segment-bytes", LL_OPTION_SIZE, segment_bytes, LL_JOURNAL_SEGMENT_BYTES_MIN, \
                      (uint64_t)1 << 40, "SIZE", "size of a journal segment (default 64M)")

void ll_common_options_default(struct ll_common_options *options);

/* Which datagrams belong to which line. `flows` has room for LL_COMMON_FLOWS_MAX. */
LL_MUST_CHECK int ll_common_options_flows(const struct ll_common_options *options, struct ll_flow *flows,
                                          uint32_t *flow_count, struct ll_why *why);

/* Defaults, and over them what these options say. `journal_dir` NULL = no journal. */
void ll_common_options_gateway(const struct ll_common_options *options, const char *journal_dir,
                               struct ll_gateway_config *config);

#endif
