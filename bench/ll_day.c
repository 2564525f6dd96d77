/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/ll_day.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_progress.h"
#include "host/exchange/ll_feed_sim.h"
#include "host/exchange/ll_mux.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REAL_HOUR       "data/itch50/AAPL-20120621-0930-1030.ITCH50"
#define SEED            20120621u
#define PROGRESS_STRIDE 65536u /* messages between two looks at the clock */

const char *ll_day_name(enum ll_day_kind kind)
{
    static const char *const names[LL_DAY_COUNT] = {
#define NAME_ROW(name, text) [LL_DAY_##name] = (text),
        LL_DAYS(NAME_ROW)
#undef NAME_ROW
    };
    LL_ASSERT(kind < LL_DAY_COUNT);
    return names[kind];
}

/* --- any generator, into memory ------------------------------------------------------------------------- */

typedef uint32_t next_fn(void *generator, uint8_t *message, uint64_t *planned_ns);

static uint32_t next_of_sim(void *generator, uint8_t *message, uint64_t *planned_ns)
{
    return ll_feed_sim_next(generator, message, planned_ns);
}

static uint32_t next_of_mux(void *generator, uint8_t *message, uint64_t *planned_ns)
{
    return ll_mux_next(generator, message, planned_ns);
}

/* `capacity_bytes` is at least what the generator makes; pages never written are never taken. */
static int day_fill(struct ll_day *day, enum ll_day_kind kind, next_fn *next, void *generator,
                    uint64_t message_count, size_t capacity_bytes, struct ll_why *why)
{
    day->bytes = malloc(capacity_bytes + LL_DAY_PADDING_BYTES);
    if (day->bytes == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "%s: no %zu bytes of memory", ll_day_name(kind),
                       capacity_bytes);
    struct ll_progress progress;
    ll_progress_init(&progress, ll_day_name(kind), "messages", ll_clock_mono_ns());
    uint8_t message[LL_ITCH50_MESSAGE_BYTES_MAX];
    uint64_t planned_ns = 0;
    uint32_t bytes = 0;
    while ((bytes = next(generator, message, &planned_ns)) > 0) {
        LL_ASSERT(day->bytes_count + LL_MUX_PREFIX_BYTES + bytes <= capacity_bytes);
        ll_store_be16(day->bytes + day->bytes_count, (uint16_t)bytes);
        memcpy(day->bytes + day->bytes_count + LL_MUX_PREFIX_BYTES, message, bytes);
        day->bytes_count += LL_MUX_PREFIX_BYTES + bytes;
        day->message_count++;
        if (day->message_count % PROGRESS_STRIDE == 0)
            ll_progress_update(&progress, day->message_count, message_count, ll_clock_mono_ns());
    }
    ll_progress_done(&progress);
    LL_ASSERT(day->message_count == message_count);
    memset(day->bytes + day->bytes_count, 0, LL_DAY_PADDING_BYTES);
    return LL_OK;
}

/* --- simulated ------------------------------------------------------------------------------------------ */

static int sim_fill(struct ll_day *day, enum ll_day_kind kind, const struct ll_feed_sim_config *config,
                    struct ll_why *why)
{
    size_t footprint_bytes = ll_align_up(ll_feed_sim_footprint_bytes(config), 64);
    void *memory = aligned_alloc(64, footprint_bytes);
    struct ll_feed_sim *sim = NULL;
    int status = ll_feed_sim_init(&sim, memory, footprint_bytes, config, why);
    if (status == LL_OK)
        status = day_fill(day, kind, next_of_sim, sim, config->message_count,
                          config->message_count * (LL_MUX_PREFIX_BYTES + LL_ITCH50_MESSAGE_BYTES_MAX), why);
    if (status == LL_OK) {
        memcpy(day->by_type, ll_feed_sim_stats(sim)->by_type, sizeof day->by_type);
        day->live_orders_max = ll_feed_sim_stats(sim)->live_orders_max;
        day->instrument_count = config->symbol_count;
    }
    free(memory);
    return status;
}

static int simday_build(struct ll_day *day, bool is_mixed, bool is_small, struct ll_why *why)
{
    struct ll_feed_sim_config config = {.seed = SEED,
                                        .message_count = is_small ? 200000 : 10000000,
                                        .symbol_count = is_small ? 200 : 2000,
                                        .live_orders_target = is_small ? 5000 : 600000,
                                        .references =
                                            is_mixed ? LL_FEED_SIM_SCRAMBLED : LL_FEED_SIM_SEQUENTIAL};
    return sim_fill(day, LL_DAY_SIMDAY, &config, why);
}

/* --- multiplied ----------------------------------------------------------------------------------------- */

static int real_hour_read(struct ll_day *hour, struct ll_why *why)
{
    const char *shared = getenv("LL_SHARED");
    char path[512];
    (void)snprintf(path, sizeof path, "%s/" REAL_HOUR, shared != NULL ? shared : "../shared");
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "%s is not there; LL_SHARED names the directory above data/",
                       path);
    int status = LL_OK;
    long size_bytes = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    rewind(file);
    if (size_bytes > 0)
        hour->bytes = calloc(1, (size_t)size_bytes + LL_DAY_PADDING_BYTES);
    if (hour->bytes != NULL)
        hour->bytes_count = fread(hour->bytes, 1, (size_t)size_bytes, file);
    if (hour->bytes == NULL || hour->bytes_count != (size_t)size_bytes)
        status = LL_FAIL(why, LL_ERR_IO, "%s: cannot be read whole", path);
    (void)fclose(file);
    hour->is_real = true;
    return status;
}

static int hour_make(struct ll_day *hour, bool is_small, struct ll_why *why)
{
    const struct ll_feed_sim_config config = {
        .seed = SEED, .message_count = 20000, .symbol_count = 1, .live_orders_target = 400};
    struct ll_why why_not = {0};
    int status = real_hour_read(hour, is_small ? &why_not : why);
    if (status != LL_ERR_ENVIRONMENT || !is_small)
        return status;
    return sim_fill(hour, LL_DAY_SIMDAY, &config, why);
}

/* Counts what is in the hour as it was recorded; a small one keeps its first 10,000 messages. */
static int hour_build(struct ll_day *hour, bool is_small, struct ll_why *why)
{
    int status = hour_make(hour, is_small, why);
    uint64_t message_count_max = is_small ? 10000 : UINT64_MAX;
    size_t at = 0;
    if (status != LL_OK)
        return status;
    memset(hour->by_type, 0, sizeof hour->by_type);
    hour->message_count = 0;
    hour->instrument_count = 0;
    while (at < hour->bytes_count && hour->message_count < message_count_max) {
        const uint8_t *message = hour->bytes + at + LL_MUX_PREFIX_BYTES;
        uint32_t locate = ll_load_be16(message + LL_ITCH50_STOCK_LOCATE_OFFSET);
        if (locate > hour->instrument_count)
            hour->instrument_count = locate;
        hour->by_type[message[0]]++;
        hour->message_count++;
        at += LL_MUX_PREFIX_BYTES + ll_load_be16(hour->bytes + at);
    }
    hour->bytes_count = at;
    return LL_OK;
}

static int mux_fill(struct ll_day *day, enum ll_day_kind kind, const struct ll_mux_config *config,
                    const struct ll_day *hour, struct ll_why *why)
{
    size_t footprint_bytes = ll_align_up(ll_mux_footprint_bytes(config, hour->bytes_count), 64);
    void *memory = aligned_alloc(64, footprint_bytes);
    struct ll_mux *mux = NULL;
    int status = ll_mux_init(&mux, memory, footprint_bytes, config, hour->bytes, hour->bytes_count, why);
    if (status == LL_OK)
        status =
            day_fill(day, kind, next_of_mux, mux, ll_mux_message_count(mux), ll_mux_file_bytes(mux), why);
    if (status == LL_OK) {
        LL_ASSERT(day->bytes_count == ll_mux_file_bytes(mux));
        memcpy(day->by_type, ll_mux_stats(mux)->by_type, sizeof day->by_type);
        day->live_orders_max = ll_mux_stats(mux)->live_orders_max;
        day->instrument_count = config->instrument_count;
        day->is_real = hour->is_real;
    }
    free(memory);
    return status;
}

static int mux_build(struct ll_day *day, enum ll_day_kind kind, bool is_mixed, bool is_small,
                     struct ll_why *why)
{
    struct ll_mux_config config = {.seed = SEED,
                                   .jitter_ns_max = LL_NS_PER_S,
                                   .messages_max = kind == LL_DAY_MUX2000 ? 10000 : 0,
                                   .instrument_count = kind == LL_DAY_MUX2000 ? 2000 : 220,
                                   .references = is_mixed ? LL_MUX_MIXED : LL_MUX_DISJOINT};
    if (is_small) {
        config.messages_max = kind == LL_DAY_MUX2000 ? 500 : 2000;
        config.instrument_count = kind == LL_DAY_MUX2000 ? 200 : 22;
    }
    struct ll_day hour = {0};
    int status = hour_make(&hour, is_small, why);
    if (status == LL_OK)
        status = mux_fill(day, kind, &config, &hour, why);
    ll_day_free(&hour);
    return status;
}

int ll_day_build(struct ll_day *day, enum ll_day_kind kind, bool is_mixed, bool is_small, struct ll_why *why)
{
    memset(day, 0, sizeof *day);
    int status = kind == LL_DAY_SIMDAY ? simday_build(day, is_mixed, is_small, why)
                 : kind == LL_DAY_HOUR ? hour_build(day, is_small, why)
                                       : mux_build(day, kind, is_mixed, is_small, why);
    if (status != LL_OK)
        ll_day_free(day);
    return status;
}

void ll_day_free(struct ll_day *day)
{
    free(day->bytes);
    memset(day, 0, sizeof *day);
}
