/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exchange's own liquidity: a market maker and a flow of takers, so that a client has somebody to trade with.
 *
 * Shape    footprint_bytes(config) -> init(memory, config) -> its handler goes to ll_matching_init ->
 *          attach(matching) -> open -> poll ... . Around a price of each instrument that moves slowly, the maker keeps
 *          LL_HOUSE_LEVELS orders on each side; now and then somebody takes some of them. What is done, and when
 *          it is due, comes from the seed alone; clients only change what is left in the book.
 * Units    rate in actions per second over all instruments; *_ns of the caller's clock.
 * Errors   init: LL_ERR_USAGE for a config outside its limits, LL_ERR_NO_MEMORY. Refusals of the engine (halted, full)
 *          are counted.
 * Threads  one owner, the engine's.
 */
#ifndef LL_HOST_EXCHANGE_HOUSE_H
#define LL_HOST_EXCHANGE_HOUSE_H

#include "host/base/ll_err.h"
#include "host/exchange/ll_matching.h"

#include <stddef.h>
#include <stdint.h>

#define LL_HOUSE_LEVELS      3u /* orders on each side of each instrument */
#define LL_HOUSE_RATE_MAX    1000000u
#define LL_HOUSE_ACTIONS_MAX 256u /* in one poll */
/* The price goes no further than this from the prior close, to either side. */
#define LL_HOUSE_REACH_PER_MILLE 50u

struct ll_house_config {
    uint64_t seed;
    uint32_t rate_per_s;       /* 0..LL_HOUSE_RATE_MAX; 0 = nothing after the open */
    uint32_t takers_per_mille; /* of the actions */
    uint32_t moves_per_mille;  /* of the actions; what is left over renews an order of the maker */
    uint32_t lots_max;         /* an order has 1..lots_max lots */
    uint32_t instrument_count; /* of the engine */
    char firm[LL_MATCHING_FIRM_BYTES];
};

struct ll_house_counters {
    uint64_t actions;
    uint64_t entered;
    uint64_t cancelled;
    uint64_t takers;
    uint64_t refused;
    uint64_t skipped; /* actions that were too late to be done */
};

struct ll_house; /* lives in the caller's memory */

/* Everything but instrument_count. */
void ll_house_config_default(struct ll_house_config *config);
/* 0 = config outside its limits. */
size_t ll_house_footprint_bytes(const struct ll_house_config *config);
/* `memory` is aligned to 64 bytes; the config is copied. */
LL_MUST_CHECK int ll_house_init(struct ll_house **house, void *memory, size_t memory_bytes,
                                const struct ll_house_config *config, struct ll_why *why);
struct ll_matching_handler ll_house_handler(struct ll_house *house);
/* The engine that knows its handler. */
void ll_house_attach(struct ll_house *house, struct ll_matching *matching);

/* The maker's first orders. */
void ll_house_open(struct ll_house *house, uint64_t now_ns);
/* Does what is due; returns how many actions. */
uint32_t ll_house_poll(struct ll_house *house, uint64_t now_ns);

const struct ll_house_counters *ll_house_counters(const struct ll_house *house);

#endif
