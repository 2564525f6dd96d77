/* SPDX-License-Identifier: Apache-2.0 */
#include "host/exchange/ll_house.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_prng.h"

#include <string.h>

#define ALIGN_BYTES 64u
#define NS_PER_S    UINT64_C(1000000000)
#define SIDES       2u
#define SLOTS       (SIDES * LL_HOUSE_LEVELS) /* orders of one instrument */
/* Behind by more than this, the house lets go of what it missed. */
#define LATE_NS (NS_PER_S / 10)
/* How far behind the best price of the maker a taker still takes. */
#define TAKER_TICKS 3u

struct quote {
    uint64_t reference; /* 0 = none */
    uint32_t price;
};

struct instrument {
    uint32_t middle_ticks; /* the maker's price */
    uint32_t least_ticks;
    uint32_t most_ticks;
    struct quote quotes[SLOTS]; /* buys, then sells; best first */
};

struct ll_house {
    struct ll_house_config config;
    struct ll_matching *matching;
    struct instrument *instruments;
    struct ll_prng prng;
    struct ll_house_counters counters;
    uint64_t due_ns;
    uint64_t reference; /* of the order the engine accepted last */
};

/* Owners of the house are below those of every port. */
#define OWNER_HOUSE 1u

void ll_house_config_default(struct ll_house_config *config)
{
    memset(config, 0, sizeof *config);
    config->seed = 1;
    config->rate_per_s = 100;
    config->takers_per_mille = 150;
    config->moves_per_mille = 100;
    config->lots_max = 10;
    memset(config->firm, ' ', sizeof config->firm);
}

size_t ll_house_footprint_bytes(const struct ll_house_config *config)
{
    if (config->rate_per_s > LL_HOUSE_RATE_MAX || config->lots_max == 0 || config->lots_max > 1000)
        return 0;
    if (config->takers_per_mille > 1000 || config->moves_per_mille > 1000 - config->takers_per_mille)
        return 0;
    if (config->instrument_count == 0 || config->instrument_count > LL_MATCHING_INSTRUMENTS_MAX)
        return 0;
    return ll_align_up(sizeof(struct ll_house), ALIGN_BYTES) +
           ll_align_up(config->instrument_count * sizeof(struct instrument), ALIGN_BYTES);
}

int ll_house_init(struct ll_house **house_out, void *memory, size_t memory_bytes,
                  const struct ll_house_config *config, struct ll_why *why)
{
    size_t footprint_bytes = ll_house_footprint_bytes(config);
    if (footprint_bytes == 0)
        return LL_FAIL(
            why, LL_ERR_USAGE,
            "house: a value is outside its limits; rate 0..%u per second, lots 1..1000, takers and "
            "moves together 0..1000 per mille",
            LL_HOUSE_RATE_MAX);
    if (memory == NULL || memory_bytes < footprint_bytes)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "house: %zu bytes given, %zu needed", memory_bytes,
                       footprint_bytes);
    LL_ASSERT(((uintptr_t)memory & (ALIGN_BYTES - 1)) == 0);
    memset(memory, 0, footprint_bytes);
    struct ll_house *house = memory;
    unsigned char *bytes = memory;
    house->config = *config;
    house->instruments =
        (struct instrument *)(void *)(bytes + ll_align_up(sizeof(struct ll_house), ALIGN_BYTES));
    ll_prng_init(&house->prng, config->seed);
    *house_out = house;
    return LL_OK;
}

/* The engine gives references only through its events. */
static void on_accepted(void *context, const struct ll_matching_accepted *event)
{
    struct ll_house *house = context;
    if (event->order.owner == OWNER_HOUSE)
        house->reference = event->order.reference;
}

struct ll_matching_handler ll_house_handler(struct ll_house *house)
{
    return (struct ll_matching_handler){.context = house, .accepted = on_accepted};
}

void ll_house_attach(struct ll_house *house, struct ll_matching *matching)
{
    LL_ASSERT(ll_matching_instrument_count(matching) == house->config.instrument_count);
    house->matching = matching;
    for (uint32_t i = 0; i < house->config.instrument_count; i++) {
        const struct ll_matching_instrument *config = ll_matching_instrument(matching, i);
        struct instrument *instrument = &house->instruments[i];
        uint32_t ticks = config->prior_close / config->tick;
        uint32_t reach = (uint32_t)((uint64_t)ticks * LL_HOUSE_REACH_PER_MILLE / 1000);
        uint32_t least = LL_HOUSE_LEVELS + TAKER_TICKS + 1; /* no price of the house is 0 */
        instrument->middle_ticks = ticks > least ? ticks : least;
        instrument->least_ticks = ticks > reach + least ? ticks - reach : least;
        instrument->most_ticks = instrument->middle_ticks + reach;
    }
}

static uint32_t random_quantity(struct ll_house *house, const struct ll_matching_instrument *config)
{
    uint64_t quantity = (uint64_t)config->lot * (1 + ll_prng_below(&house->prng, house->config.lots_max));
    return quantity <= LL_MATCHING_QUANTITY_MAX ? (uint32_t)quantity : config->lot;
}

static bool enter(struct ll_house *house, struct ll_matching_enter *request, uint64_t now_ns)
{
    request->owner = OWNER_HOUSE;
    memcpy(request->firm, house->config.firm, sizeof request->firm);
    bool is_in = ll_matching_enter(house->matching, request, now_ns) == LL_MATCHING_OK;
    house->counters.entered += is_in;
    house->counters.refused += !is_in;
    return is_in;
}

static uint32_t wanted_ticks(const struct instrument *instrument, uint32_t slot)
{
    uint32_t away = 1 + slot % LL_HOUSE_LEVELS;
    return slot < LL_HOUSE_LEVELS ? instrument->middle_ticks - away : instrument->middle_ticks + away;
}

/* The order of a slot goes when it stands at another price than it should, and comes back when it is gone. It never
 * takes: an order of a client that stands in its way keeps it out. */
static void renew(struct ll_house *house, uint32_t at, uint32_t slot, uint64_t now_ns)
{
    const struct ll_matching_instrument *config = ll_matching_instrument(house->matching, at);
    struct instrument *instrument = &house->instruments[at];
    struct quote *quote = &instrument->quotes[slot];
    struct ll_matching_order order;
    uint32_t price = wanted_ticks(instrument, slot) * config->tick;
    uint32_t quantity = random_quantity(house, config);
    bool is_live = quote->reference != 0 && ll_matching_find(house->matching, quote->reference, &order);
    if (is_live && quote->price == price)
        return;
    if (is_live) {
        (void)ll_matching_cancel(house->matching, quote->reference, LL_MATCHING_REASON_USER, now_ns);
        house->counters.cancelled++;
    }
    struct ll_matching_enter request = {.instrument = at,
                                        .quantity = quantity,
                                        .price = price,
                                        .side = slot < LL_HOUSE_LEVELS ? LL_MATCHING_BUY : LL_MATCHING_SELL,
                                        .time_in_force = LL_MATCHING_DAY,
                                        .flags = LL_MATCHING_POST_ONLY};
    quote->reference = enter(house, &request, now_ns) ? house->reference : 0;
    quote->price = price;
}

static void take(struct ll_house *house, uint32_t at, uint64_t now_ns)
{
    const struct ll_matching_instrument *config = ll_matching_instrument(house->matching, at);
    const struct instrument *instrument = &house->instruments[at];
    bool is_buy = ll_prng_below(&house->prng, 2) == 0;
    uint32_t reach = 1 + ll_prng_below(&house->prng, TAKER_TICKS);
    uint32_t ticks = is_buy ? instrument->middle_ticks + reach : instrument->middle_ticks - reach;
    struct ll_matching_enter request = {.instrument = at,
                                        .quantity = random_quantity(house, config),
                                        .price = ticks * config->tick,
                                        .side = is_buy ? LL_MATCHING_BUY : LL_MATCHING_SELL,
                                        .time_in_force = LL_MATCHING_IOC};
    house->counters.takers++;
    (void)enter(house, &request, now_ns);
}

/* One tick up or down, and the maker follows: first the side it leaves, so that it never meets itself. */
static void move(struct ll_house *house, uint32_t at, uint64_t now_ns)
{
    struct instrument *instrument = &house->instruments[at];
    bool is_up = ll_prng_below(&house->prng, 2) == 0;
    if (is_up ? instrument->middle_ticks >= instrument->most_ticks
              : instrument->middle_ticks <= instrument->least_ticks)
        is_up = !is_up;
    instrument->middle_ticks = is_up ? instrument->middle_ticks + 1 : instrument->middle_ticks - 1;
    for (uint32_t i = 0; i < SLOTS; i++)
        renew(house, at, is_up ? SLOTS - 1 - i : i, now_ns);
}

static void act(struct ll_house *house, uint64_t now_ns)
{
    uint32_t at = ll_prng_below(&house->prng, house->config.instrument_count);
    uint32_t kind = ll_prng_below(&house->prng, 1000);
    uint32_t slot = ll_prng_below(&house->prng, SLOTS);
    house->counters.actions++;
    if (kind < house->config.takers_per_mille)
        take(house, at, now_ns);
    else if (kind < house->config.takers_per_mille + house->config.moves_per_mille)
        move(house, at, now_ns);
    else
        renew(house, at, slot, now_ns);
}

/* On average one action in 1/rate; each wait is up to twice that. */
static uint64_t wait_ns(struct ll_house *house)
{
    uint64_t mean_ns = NS_PER_S / house->config.rate_per_s;
    return 1 + ll_prng_next(&house->prng) % (2 * mean_ns);
}

void ll_house_open(struct ll_house *house, uint64_t now_ns)
{
    LL_ASSERT(house->matching != NULL);
    for (uint32_t at = 0; at < house->config.instrument_count; at++)
        for (uint32_t slot = 0; slot < SLOTS; slot++)
            renew(house, at, slot, now_ns);
    if (house->config.rate_per_s > 0)
        house->due_ns = now_ns + wait_ns(house);
}

uint32_t ll_house_poll(struct ll_house *house, uint64_t now_ns)
{
    uint32_t count = 0;
    if (house->config.rate_per_s == 0 || house->due_ns == 0)
        return 0;
    while (house->due_ns <= now_ns && count < LL_HOUSE_ACTIONS_MAX) {
        if (now_ns - house->due_ns > LATE_NS) {
            house->due_ns = now_ns;
            house->counters.skipped++;
        }
        act(house, now_ns);
        house->due_ns += wait_ns(house);
        count++;
    }
    return count;
}

const struct ll_house_counters *ll_house_counters(const struct ll_house *house)
{
    return &house->counters;
}
