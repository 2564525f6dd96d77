/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The days that benchmarks run on, built in memory as a BinaryFILE (two bytes of length before each message).
 *
 * Shape    build(day, kind, scale) -> use day.bytes -> free. hour: the real hour of AAPL as recorded; mux220: that hour
 *          on 220 instruments; mux2000: its first 10,000 messages on 2,000 instruments; simday: ll_feed_sim, 10 M
 *          messages, 2,000 symbols, up to 600,000 live orders. Always the same bytes. The mux days take the real hour
 *          from LL_SHARED (default ../shared); `is_small` makes any of them small, and then, where the real hour is not
 *          there, from a simulated one.
 * Units    bytes; times are those in the messages (ns since midnight).
 * Errors   LL_ERR_ENVIRONMENT: the real hour is not there (skip, by name); LL_ERR_NO_MEMORY; LL_ERR_IO.
 * Threads  one owner. Draws a progress bar on a terminal.
 */
#ifndef LL_BENCH_DAY_H
#define LL_BENCH_DAY_H

#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_DAYS(D)        \
    D(HOUR, "hour")       \
    D(MUX220, "mux220")   \
    D(MUX2000, "mux2000") \
    D(SIMDAY, "simday")

enum ll_day_kind {
#define LL_DAY_ENUM(name, text) LL_DAY_##name,
    LL_DAYS(LL_DAY_ENUM)
#undef LL_DAY_ENUM
        LL_DAY_COUNT
};

#define LL_DAY_PADDING_BYTES 64u /* readable behind the last message: the hot decoder reads 40 at a time */

struct ll_day {
    uint8_t *bytes;
    size_t bytes_count; /* without padding */
    uint64_t message_count;
    uint64_t by_type[256];
    uint64_t live_orders_max;  /* 0 = not counted (hour) */
    uint32_t instrument_count; /* locates 1..instrument_count */
    bool is_real;              /* made from the real hour */
};

/* Fills `day`; its memory comes from the operating system and goes back by ll_day_free. `is_mixed`:
 * references over all 64 bits (the default of a fair benchmark of hashed references); else each copy counts
 * in a range of its own, as books that index an array by reference need it. */
LL_MUST_CHECK int ll_day_build(struct ll_day *day, enum ll_day_kind kind, bool is_mixed, bool is_small,
                               struct ll_why *why);
void ll_day_free(struct ll_day *day);

const char *ll_day_name(enum ll_day_kind kind);

#endif
