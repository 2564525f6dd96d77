/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: nothing a client can ask for breaks the matching engine, or makes it differ from the simplest one. Method: the
 * input is cut into requests of 16 bytes, whose fields may have any value; engine and naive engine get the
 * same, and must give the same verdicts and events; the engine's structure is walked after each.
 */
#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/exchange/ll_matching.h"
#include "tests/model/ll_matching_log.h"
#include "tests/model/ll_naive_matching.h"

#include <stdlib.h>
#include <string.h>

#define REQUEST_BYTES 16u
#define REQUESTS_MAX  512u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static const struct ll_matching_instrument table[] = {
    {"AAPL    ", 1, 1, 100, false, 1000},
    {"MSFT    ", 2, 100, 10, true, 100000},
};

struct pair {
    struct ll_matching *matching;
    struct ll_naive_matching *naive;
    struct ll_matching_log log;
    struct ll_matching_log naive_log;
};

/* Byte 0 the call, 1 what stays small, 2 side and time in force, 3 flags, 4..7 quantity, 8..11 price, 12..13
 * minimum, 14..15 reference. */
static void apply(struct pair *pair, const uint8_t request[REQUEST_BYTES])
{
    uint64_t reference = ll_load_be16(request + 14);
    uint32_t quantity = ll_load_be32(request + 4);
    struct ll_matching_enter enter = {.owner = request[15],
                                      .group = request[1] >> 4,
                                      .instrument = request[1] & 15,
                                      .quantity = quantity,
                                      .minimum = ll_load_be16(request + 12),
                                      .price = ll_load_be32(request + 8),
                                      .side = request[2] & 15,
                                      .time_in_force = request[2] >> 4,
                                      .flags = request[3]};
    struct ll_matching_replace replace = {reference,   enter.owner,         quantity,   enter.minimum,
                                          enter.price, enter.time_in_force, enter.flags};
    switch (request[0] % 8) {
    case 0:
        LL_ASSERT(ll_matching_replace(pair->matching, &replace, 1) ==
                  ll_naive_matching_replace(pair->naive, &replace, 1));
        break;
    case 1:
        LL_ASSERT(ll_matching_reduce(pair->matching, reference, quantity, LL_MATCHING_REASON_USER, 1) ==
                  ll_naive_matching_reduce(pair->naive, reference, quantity, LL_MATCHING_REASON_USER, 1));
        break;
    case 2:
        LL_ASSERT(ll_matching_break_trade(pair->matching, reference, 'E', 1) ==
                  ll_naive_matching_break_trade(pair->naive, reference, 'E', 1));
        break;
    case 3:
        LL_ASSERT(ll_matching_halt(pair->matching, enter.instrument, "T1  ", 1) ==
                  ll_naive_matching_trading(pair->naive, enter.instrument, true, "T1  ", 1));
        break;
    case 4:
        LL_ASSERT(ll_matching_resume(pair->matching, enter.instrument, "T3  ", 1) ==
                  ll_naive_matching_trading(pair->naive, enter.instrument, false, "T3  ", 1));
        break;
    default:
        LL_ASSERT(ll_matching_enter(pair->matching, &enter, 1) ==
                  ll_naive_matching_enter(pair->naive, &enter, 1));
        break;
    }
    LL_ASSERT(strcmp(ll_matching_log_take(&pair->log), ll_matching_log_take(&pair->naive_log)) == 0);
    ll_matching_check(pair->matching);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_matching_config config = {.instruments = table,
                                        .instrument_count = 2,
                                        .orders_max = 16,
                                        .trades_max = 8,
                                        .reference_first = 1,
                                        .match_first = 1};
    if (bytes_count == 0)
        return 0;
    config.self_trade = (enum ll_matching_self_trade)(bytes[0] % 3);
    config.replace_keeps_priority = (bytes[0] & 4) != 0;
    config.band_per_mille = (bytes[0] & 8) != 0 ? 100 : 0;
    struct pair *pair = calloc(1, sizeof *pair);
    size_t footprint_bytes = ll_matching_footprint_bytes(&config);
    void *memory = NULL;
    LL_ASSERT(pair != NULL);
    LL_ASSERT(posix_memalign(&memory, 64, footprint_bytes) == 0);
    ll_matching_log_init(&pair->log, true);
    ll_matching_log_init(&pair->naive_log, true);
    struct ll_matching_handler handler = ll_matching_log_handler(&pair->log);
    int err = ll_matching_init(&pair->matching, memory, footprint_bytes, &config, &handler, 1, NULL);
    LL_ASSERT(err == LL_OK);
    handler = ll_matching_log_handler(&pair->naive_log);
    ll_naive_matching_init(&pair->naive, &config, &handler);
    size_t at = 1;
    for (uint32_t count = 0; count < REQUESTS_MAX && bytes_count - at >= REQUEST_BYTES; count++) {
        apply(pair, bytes + at);
        at += REQUEST_BYTES;
    }
    ll_naive_matching_deinit(pair->naive);
    free(memory);
    free(pair);
    return 0;
}
