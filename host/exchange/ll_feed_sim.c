/* SPDX-License-Identifier: Apache-2.0 */
#include "host/exchange/ll_feed_sim.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_prng.h"
#include "host/exchange/ll_symbol_name.h"

#include <stdbool.h>
#include <string.h>

#define FEED_ALIGN_BYTES 64u
#define TICK             100u    /* a penny */
#define MIX_PARTS        100000u /* what LL_FEED_SIM_MIX adds up to */
#define START_GAP_NS     8000u   /* between messages before the open */
#define END_GAP_NS       1000000u
#define TIME_NS_MAX      ((UINT64_C(1) << 48) - 1)
#define NEAR_TICKS       32u
#define MID_MIN          (5 * TICK)
#define MID_MAX          (1000000 * TICK)

struct symbol {
    uint64_t stock;     /* the eight characters as they lie in a message */
    uint32_t mid;       /* the price its orders cluster around */
    uint32_t threshold; /* alias method: this symbol when a 32-bit coin is below, else the other */
    uint32_t alias;
    uint32_t rises; /* where the middle wants to go: up, or down */
    /* Live orders of each side by tick, modulo the number of cells; only those placed near the middle. The
     * middle moves over a tick when its cell is empty, and so bids stay below asks. */
    uint16_t near_count[2][NEAR_TICKS];
};

struct ll_feed_sim {
    struct ll_prng prng;
    uint64_t now_ns;
    uint64_t burst_left; /* messages still to come within the present burst */
    uint64_t open_position;
    uint64_t reference_count; /* before scrambling */
    uint64_t reference_key;
    uint64_t reference_gone; /* of an order that ended; 0 = none yet */
    uint64_t match_number;
    uint32_t replaced_index; /* where the last replaced order was, to make chains */
    uint16_t halted_locate;  /* 0 = none */
    struct ll_feed_sim_config config;
    struct ll_feed_sim_stats stats;
    struct symbol *symbols;
    struct ll_feed_sim_order *orders;
};

static const uint8_t bytes_of_type[256] = {
#define BYTES_ROW(ID, id, type, bytes, name) [(uint8_t)(type)] = (bytes),
    LL_ITCH50_MESSAGES(BYTES_ROW)
#undef BYTES_ROW
};

static const uint8_t types[LL_ITCH50_TYPE_COUNT] = {
#define TYPE_ROW(ID, id, type, bytes, name) (uint8_t)(type),
    LL_ITCH50_MESSAGES(TYPE_ROW)
#undef TYPE_ROW
};

#define MIX_SUM(ID, parts) +(parts)
_Static_assert(0 LL_FEED_SIM_MIX(MIX_SUM) == MIX_PARTS, "the mix is whole");
#undef MIX_SUM

const char *ll_feed_sim_fault_name(enum ll_feed_sim_fault fault)
{
    static const char *const names[LL_FEED_SIM_FAULT_COUNT] = {
#define FAULT_ROW(name, text) [LL_FEED_SIM_FAULT_##name] = (text),
        LL_FEED_SIM_FAULTS(FAULT_ROW)
#undef FAULT_ROW
    };
    LL_ASSERT(fault < LL_FEED_SIM_FAULT_COUNT);
    return names[fault];
}

/* --- life cycle ----------------------------------------------------------------------------------------- */

uint64_t ll_feed_sim_message_count_min(uint32_t symbol_count)
{
    return 2 * (uint64_t)symbol_count + 6; /* R and H of each; S O, S, Q, M, E, C */
}

static size_t align_up(size_t bytes)
{
    return ll_align_up(bytes, FEED_ALIGN_BYTES);
}

size_t ll_feed_sim_footprint_bytes(const struct ll_feed_sim_config *config)
{
    if (config->symbol_count == 0 || config->symbol_count > LL_FEED_SIM_SYMBOLS_MAX)
        return 0;
    if (config->live_orders_target == 0 || config->live_orders_target > LL_FEED_SIM_LIVE_ORDERS_MAX)
        return 0;
    if (config->faults_per_mille > LL_FEED_SIM_FAULTS_MAX)
        return 0;
    if (config->references != LL_FEED_SIM_SEQUENTIAL && config->references != LL_FEED_SIM_SCRAMBLED)
        return 0;
    if (config->message_count != 0 &&
        config->message_count < ll_feed_sim_message_count_min(config->symbol_count))
        return 0;
    return align_up(sizeof(struct ll_feed_sim)) + align_up(config->symbol_count * sizeof(struct symbol)) +
           align_up(config->live_orders_target * sizeof(struct ll_feed_sim_order));
}

/* Zipf with a blunted head: the share of rank r is 1/(r + 8), so the busiest of 2,000 names has 2 %. */
static uint64_t weight_of_rank(uint32_t rank)
{
    return (UINT32_C(1) << 24) / (rank + 8);
}

/* Ranks in random order over the locates; they wait in `mid` until the alias table is made. */
static void ranks_shuffle(struct ll_feed_sim *sim)
{
    struct symbol *symbols = sim->symbols;
    uint32_t count = sim->config.symbol_count;
    for (uint32_t index = 0; index < count; index++)
        symbols[index].mid = index;
    for (uint32_t index = count - 1; index > 0; index--) {
        uint32_t other = ll_prng_below(&sim->prng, index + 1);
        uint32_t rank = symbols[index].mid;
        symbols[index].mid = symbols[other].mid;
        symbols[other].mid = rank;
    }
}

/* The next index from `from` on whose weight, times the number of symbols, is above (or not above) the total.
 */
static uint32_t next_of_kind(const struct ll_feed_sim *sim, uint32_t from, uint64_t total, int heavy)
{
    uint32_t count = sim->config.symbol_count;
    while (from < count && (weight_of_rank(sim->symbols[from].mid) * count > total) != heavy)
        from++;
    return from;
}

/* Walker's alias table by one sweep over light and heavy symbols (Hübschle-Schneider and Sanders, 2019). All
 * in units of 1/count of a share; sums are exact, so light and heavy end together. */
static void alias_table_make(struct ll_feed_sim *sim)
{
    uint32_t count = sim->config.symbol_count;
    uint64_t total = 0;
    for (uint32_t index = 0; index < count; index++) {
        total += weight_of_rank(sim->symbols[index].mid);
        sim->symbols[index].threshold = UINT32_MAX;
        sim->symbols[index].alias = index;
    }
    uint32_t light = next_of_kind(sim, 0, total, 0);
    uint32_t heavy = next_of_kind(sim, 0, total, 1);
    uint64_t left = heavy < count ? weight_of_rank(sim->symbols[heavy].mid) * count : 0;
    while (heavy < count) {
        if (left > total) { /* the heavy one fills up a light one */
            LL_ASSERT(light < count);
            uint64_t weight = weight_of_rank(sim->symbols[light].mid) * count;
            if (weight < total)
                sim->symbols[light].threshold = (uint32_t)((weight << 32) / total);
            sim->symbols[light].alias = heavy;
            left -= total - weight;
            light = next_of_kind(sim, light + 1, total, 0);
        } else { /* the next heavy one fills up this one, which has become light */
            uint32_t next = next_of_kind(sim, heavy + 1, total, 1);
            if (next < count) {
                if (left < total)
                    sim->symbols[heavy].threshold = (uint32_t)((left << 32) / total);
                sim->symbols[heavy].alias = next;
                left = weight_of_rank(sim->symbols[next].mid) * count - (total - left);
            }
            heavy = next;
        }
    }
}

static void symbols_init(struct ll_feed_sim *sim)
{
    ranks_shuffle(sim);
    alias_table_make(sim);
    for (uint32_t index = 0; index < sim->config.symbol_count; index++) {
        /* From 2 to 512 dollars, as many between 2 and 4 as between 256 and 512. */
        uint32_t cents = UINT32_C(200) << ll_prng_below(&sim->prng, 8);
        cents += ll_prng_below(&sim->prng, cents);
        sim->symbols[index].mid = cents * TICK;
        sim->symbols[index].stock = ll_symbol_name(index);
        sim->symbols[index].rises = index & 1;
        memset(sim->symbols[index].near_count, 0, sizeof sim->symbols[index].near_count);
    }
}

/* How many orders the pre-open leaves: nearly the target, but no more than a quarter of a short day. */
static uint64_t preopen_count(const struct ll_feed_sim_config *config)
{
    uint64_t count = config->live_orders_target - config->live_orders_target / 16;
    if (config->message_count == 0)
        return count;
    uint64_t limit = (config->message_count - ll_feed_sim_message_count_min(config->symbol_count)) / 4;
    return count < limit ? count : limit;
}

int ll_feed_sim_init(struct ll_feed_sim **sim, void *memory, size_t memory_bytes,
                     const struct ll_feed_sim_config *config, struct ll_why *why)
{
    size_t footprint_bytes = ll_feed_sim_footprint_bytes(config);
    if (footprint_bytes == 0)
        return LL_FAIL(
            why, LL_ERR_USAGE,
            "simulated feed: a value is outside its limits; symbols 1..%u, live orders 1..%u, faults "
            "0..%u per mille, messages 0 or at least 6 and 2 per symbol",
            LL_FEED_SIM_SYMBOLS_MAX, LL_FEED_SIM_LIVE_ORDERS_MAX, LL_FEED_SIM_FAULTS_MAX);
    if (memory == NULL || memory_bytes < footprint_bytes)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "simulated feed: %zu bytes given, %zu needed", memory_bytes,
                       footprint_bytes);
    LL_ASSERT(((uintptr_t)memory & (FEED_ALIGN_BYTES - 1)) == 0);
    unsigned char *bytes = memory;
    struct ll_feed_sim *made = memory;
    memset(made, 0, sizeof *made);
    made->config = *config;
    made->symbols = (struct symbol *)(void *)(bytes + align_up(sizeof *made));
    made->orders =
        (struct ll_feed_sim_order *)(void *)(bytes + align_up(sizeof *made) +
                                             align_up(config->symbol_count * sizeof(struct symbol)));
    ll_prng_init(&made->prng, config->seed);
    made->reference_key = ll_prng_next(&made->prng);
    made->open_position = 2 * (uint64_t)config->symbol_count + 2 + preopen_count(config);
    symbols_init(made);
    *sim = made;
    return LL_OK;
}

const struct ll_feed_sim_stats *ll_feed_sim_stats(const struct ll_feed_sim *sim)
{
    return &sim->stats;
}

void ll_feed_sim_live_order(const struct ll_feed_sim *sim, uint32_t index, struct ll_feed_sim_order *order)
{
    LL_ASSERT(index < sim->stats.live_orders);
    *order = sim->orders[index];
}

/* --- draws ---------------------------------------------------------------------------------------------- */

static uint32_t draw_symbol(struct ll_feed_sim *sim)
{
    uint64_t random = ll_prng_next(&sim->prng);
    uint32_t index = (uint32_t)(((random >> 32) * sim->config.symbol_count) >> 32);
    const struct symbol *symbol = &sim->symbols[index];
    return (uint32_t)random < symbol->threshold ? index : symbol->alias;
}

/* Half of what happens, happens to young orders; they stand at the end of the array. */
static uint32_t draw_order(struct ll_feed_sim *sim)
{
    uint64_t random = ll_prng_next(&sim->prng);
    uint32_t live = sim->stats.live_orders;
    LL_ASSERT(live > 0);
    if (random & 1) {
        uint32_t age =
            (uint32_t)(random >> 1 & 31) + 32 * (uint32_t)__builtin_ctzll(random >> 6 | UINT64_C(1) << 20);
        if (age < live)
            return live - 1 - age;
    }
    return (uint32_t)(((random >> 32) * live) >> 32);
}

/* How far an order would trade through the middle of its book; below zero for one that rests away from it. */
static int64_t order_aggression(const struct ll_feed_sim *sim, uint32_t index)
{
    const struct ll_feed_sim_order *order = &sim->orders[index];
    int64_t distance = (int64_t)order->price - sim->symbols[order->locate - 1u].mid;
    return order->side == 'B' ? distance : -distance;
}

/* The most aggressive of a few: executions happen at the touch, and most deletes near it. */
static uint32_t draw_order_near_touch(struct ll_feed_sim *sim, uint32_t draws)
{
    uint32_t best = draw_order(sim);
    for (uint32_t i = 1; i < draws; i++) {
        uint32_t other = draw_order(sim);
        if (order_aggression(sim, other) > order_aggression(sim, best))
            best = other;
    }
    return best;
}

static uint32_t draw_quantity(struct ll_feed_sim *sim)
{
    uint64_t random = ll_prng_next(&sim->prng);
    uint32_t choice = random & 0xff;
    uint32_t more = (uint32_t)(random >> 8 & 0xffff);
    if ((random >> 51) == 0) /* one in 8,192: any 32 bits, so that totals need 64 */
        return (uint32_t)(random >> 8) | 1;
    if (choice < 150)
        return 100;
    if (choice < 190)
        return 100 * (1 + more % 10);
    if (choice < 246)
        return 1 + more % 99;
    return 100 * (1 + more % 200);
}

/* Away from the middle, on the order's own side of it: stub quotes and any other price there is. */
static uint32_t price_anywhere(uint64_t random, uint32_t mid, uint8_t side)
{
    static const uint32_t stubs_buy[4] = {0, 1, TICK, TICK};
    static const uint32_t stubs_sell[4] = {1999999900u, 2000000000u, UINT32_MAX, 1999999900u};
    if (random & 4)
        return side == 'B' ? stubs_buy[random & 3] : stubs_sell[random & 3];
    uint64_t span = side == 'B' ? mid : UINT32_MAX - mid;
    uint32_t part = (uint32_t)(((random >> 32) * (span + 1)) >> 32);
    return side == 'B' ? part : mid + part;
}

/* Nobody joins the touch that the market is moving through, so that it can empty. */
static uint32_t draw_price(struct ll_feed_sim *sim, const struct symbol *symbol, uint8_t side)
{
    uint32_t mid = symbol->mid;
    uint64_t random = ll_prng_next(&sim->prng);
    uint32_t choice = random & 0x3ff;
    random >>= 10;
    if (choice < 3)
        return price_anywhere(random, mid, side);
    uint32_t ticks = (uint32_t)(random & 3) + 4 * (uint32_t)__builtin_ctzll(random >> 2 | UINT64_C(1) << 24);
    if (choice < 54)
        ticks = (uint32_t)(random & 0x1ff);
    uint32_t distance = (ticks + (symbol->rises == (side == 'S'))) * TICK;
    if (choice >= 1019)
        distance += (uint32_t)(random >> 32) % (TICK - 1) + 1; /* not on the penny */
    if (side == 'S')
        return mid + TICK + distance;
    return distance < mid ? mid - distance : TICK;
}

static uint8_t draw_side(struct ll_feed_sim *sim)
{
    return ll_prng_next(&sim->prng) >> 63 ? 'B' : 'S';
}

static uint64_t reference_of_count(const struct ll_feed_sim *sim, uint64_t count)
{
    if (sim->config.references == LL_FEED_SIM_SEQUENTIAL)
        return count;
    uint64_t z = count ^ sim->reference_key;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t draw_reference(struct ll_feed_sim *sim)
{
    sim->reference_count += 1 + (ll_prng_next(&sim->prng) >> 61);
    return reference_of_count(sim, sim->reference_count);
}

static uint64_t draw_match_number(struct ll_feed_sim *sim)
{
    sim->match_number += 1 + (ll_prng_next(&sim->prng) >> 62);
    return sim->match_number;
}

/* --- the clock ------------------------------------------------------------------------------------------ */

/* Real rates (docs/simulated-feed.md): 0.9 M/s for 8 ms after the open, 130 k/s for 25 s, then 34 k/s. */
static uint64_t mean_gap_ns(uint64_t since_open_ns)
{
    if (since_open_ns < UINT64_C(8000000))
        return 1111;
    if (since_open_ns < UINT64_C(25000000000))
        return 7692;
    return 29412;
}

/* Messages come in bursts at line rate with quiet between, so long that the mean rate holds. Most bursts are
 * short; one in 4,096 has thousands of messages within about a hundred microseconds. */
static void clock_step(struct ll_feed_sim *sim)
{
    uint64_t random = ll_prng_next(&sim->prng);
    uint64_t gap_ns = random & 63;
    if (sim->burst_left > 0) {
        sim->burst_left--;
    } else {
        uint64_t mean_ns = mean_gap_ns(sim->now_ns - LL_FEED_SIM_OPEN_NS);
        uint64_t count = 1 + (random >> 6 & 15);
        if ((random >> 10 & 0xfff) == 0 && mean_ns > 1111)
            count = 1000 + (random >> 22 & 0xfff);
        gap_ns = count * (mean_ns - 32) * (512 + (random >> 40 & 0x3ff)) / 1024;
        sim->burst_left = count - 1;
    }
    sim->now_ns += gap_ns;
    if (sim->now_ns > TIME_NS_MAX)
        sim->now_ns = TIME_NS_MAX;
}

/* --- the book the feed is about ------------------------------------------------------------------------- */

/* The cell of an order's tick; a price between two ticks counts for the one nearer to the other side. */
static uint16_t *near_cell(struct ll_feed_sim *sim, const struct ll_feed_sim_order *order)
{
    uint32_t tick = order->side == 'B' ? (order->price + TICK - 1) / TICK : order->price / TICK;
    return &sim->symbols[order->locate - 1u].near_count[order->side == 'S'][tick & (NEAR_TICKS - 1)];
}

static void live_put(struct ll_feed_sim *sim, uint32_t index, const struct ll_feed_sim_order *order)
{
    LL_ASSERT(order->quantity > 0);
    struct ll_feed_sim_order *live = &sim->orders[index];
    *live = *order;
    uint32_t mid = sim->symbols[order->locate - 1u].mid;
    uint32_t distance = order->price > mid ? order->price - mid : mid - order->price;
    live->near = distance < NEAR_TICKS / 2 * TICK && *near_cell(sim, live) < UINT16_MAX;
    if (live->near)
        ++*near_cell(sim, live);
}

/* The order at index ends; its place is free to be put to. */
static void live_take(struct ll_feed_sim *sim, uint32_t index)
{
    const struct ll_feed_sim_order *live = &sim->orders[index];
    sim->reference_gone = live->reference;
    if (live->near) {
        LL_ASSERT(*near_cell(sim, live) > 0);
        --*near_cell(sim, live);
    }
}

static void live_insert(struct ll_feed_sim *sim, const struct ll_feed_sim_order *order)
{
    LL_ASSERT(sim->stats.live_orders < sim->config.live_orders_target);
    live_put(sim, sim->stats.live_orders++, order);
    if (sim->stats.live_orders > sim->stats.live_orders_max)
        sim->stats.live_orders_max = sim->stats.live_orders;
}

static void live_remove(struct ll_feed_sim *sim, uint32_t index)
{
    LL_ASSERT(index < sim->stats.live_orders);
    live_take(sim, index);
    sim->orders[index] = sim->orders[--sim->stats.live_orders];
}

/* --- writers: bytes only, no state of the feed ---------------------------------------------------------- */

enum {
#define HEADER_ROW(ID, id, field, offset, bytes, kind) OFFSET_HEADER_##field = (offset),
    LL_ITCH50_FIELDS_HEADER(HEADER_ROW, HEADER, header)
#undef HEADER_ROW
};

static uint32_t write_header(const struct ll_feed_sim *sim, uint8_t *message, uint8_t type, uint32_t locate)
{
    message[OFFSET_HEADER_message_type] = type;
    ll_store_be16(message + OFFSET_HEADER_stock_locate, (uint16_t)locate);
    ll_store_be16(message + OFFSET_HEADER_tracking_number, (uint16_t)(sim->stats.messages & 0x3fff));
    ll_store_be48(message + OFFSET_HEADER_timestamp, sim->now_ns);
    return bytes_of_type[type];
}

static void put_stock(const struct ll_feed_sim *sim, uint8_t *field, uint32_t locate)
{
    memcpy(field, &sim->symbols[locate - 1].stock, sizeof sim->symbols->stock);
}

static uint32_t write_system_event(const struct ll_feed_sim *sim, uint8_t *message, uint8_t event_code)
{
    message[LL_ITCH50_OFFSET_SYSTEM_EVENT_event_code] = event_code;
    return write_header(sim, message, LL_ITCH50_TYPE_SYSTEM_EVENT, 0);
}

static uint32_t write_directory(const struct ll_feed_sim *sim, uint8_t *message, uint32_t locate)
{
    put_stock(sim, message + LL_ITCH50_OFFSET_STOCK_DIRECTORY_stock, locate);
    message[LL_ITCH50_OFFSET_STOCK_DIRECTORY_market_category] = 'Q';
    message[LL_ITCH50_OFFSET_STOCK_DIRECTORY_financial_status_indicator] = 'N';
    ll_store_be32(message + LL_ITCH50_OFFSET_STOCK_DIRECTORY_round_lot_size, 100);
    message[LL_ITCH50_OFFSET_STOCK_DIRECTORY_round_lots_only] = 'N';
    message[LL_ITCH50_OFFSET_STOCK_DIRECTORY_issue_classification] = 'C';
    memcpy(message + LL_ITCH50_OFFSET_STOCK_DIRECTORY_issue_sub_type, "Z ", 2);
    message[LL_ITCH50_OFFSET_STOCK_DIRECTORY_authenticity] = 'P';
    message[LL_ITCH50_OFFSET_STOCK_DIRECTORY_short_sale_threshold_indicator] = 'N';
    message[LL_ITCH50_OFFSET_STOCK_DIRECTORY_ipo_flag] = 'N';
    message[LL_ITCH50_OFFSET_STOCK_DIRECTORY_luld_reference_price_tier] = '1';
    message[LL_ITCH50_OFFSET_STOCK_DIRECTORY_etp_flag] = 'N';
    ll_store_be32(message + LL_ITCH50_OFFSET_STOCK_DIRECTORY_etp_leverage_factor, 0);
    message[LL_ITCH50_OFFSET_STOCK_DIRECTORY_inverse_indicator] = 'N';
    return write_header(sim, message, LL_ITCH50_TYPE_STOCK_DIRECTORY, locate);
}

static uint32_t write_trading_action(const struct ll_feed_sim *sim, uint8_t *message, uint32_t locate,
                                     uint8_t state, const char *reason)
{
    put_stock(sim, message + LL_ITCH50_OFFSET_TRADING_ACTION_stock, locate);
    message[LL_ITCH50_OFFSET_TRADING_ACTION_trading_state] = state;
    message[LL_ITCH50_OFFSET_TRADING_ACTION_reserved] = ' ';
    memcpy(message + LL_ITCH50_OFFSET_TRADING_ACTION_reason, reason, 4);
    return write_header(sim, message, LL_ITCH50_TYPE_TRADING_ACTION, locate);
}

_Static_assert((int)LL_ITCH50_OFFSET_ADD_order_reference_number ==
                   (int)LL_ITCH50_OFFSET_ADD_MPID_order_reference_number,
               "A and F share their beginning");
_Static_assert((int)LL_ITCH50_OFFSET_ADD_price == (int)LL_ITCH50_OFFSET_ADD_MPID_price,
               "A and F share their beginning");

static uint32_t write_add(struct ll_feed_sim *sim, uint8_t *message, const struct ll_feed_sim_order *order)
{
    ll_store_be64(message + LL_ITCH50_OFFSET_ADD_order_reference_number, order->reference);
    message[LL_ITCH50_OFFSET_ADD_buy_sell_indicator] = order->side;
    ll_store_be32(message + LL_ITCH50_OFFSET_ADD_shares, order->quantity);
    put_stock(sim, message + LL_ITCH50_OFFSET_ADD_stock, order->locate);
    ll_store_be32(message + LL_ITCH50_OFFSET_ADD_price, order->price);
    if (ll_prng_below(&sim->prng, 24) != 0)
        return write_header(sim, message, LL_ITCH50_TYPE_ADD, order->locate);
    memcpy(message + LL_ITCH50_OFFSET_ADD_MPID_attribution, "LIFE", 4);
    return write_header(sim, message, LL_ITCH50_TYPE_ADD_MPID, order->locate);
}

static uint32_t write_delete(const struct ll_feed_sim *sim, uint8_t *message,
                             const struct ll_feed_sim_order *order)
{
    ll_store_be64(message + LL_ITCH50_OFFSET_DELETE_order_reference_number, order->reference);
    return write_header(sim, message, LL_ITCH50_TYPE_DELETE, order->locate);
}

static uint32_t write_cancel(const struct ll_feed_sim *sim, uint8_t *message,
                             const struct ll_feed_sim_order *order, uint32_t quantity)
{
    ll_store_be64(message + LL_ITCH50_OFFSET_CANCEL_order_reference_number, order->reference);
    ll_store_be32(message + LL_ITCH50_OFFSET_CANCEL_cancelled_shares, quantity);
    return write_header(sim, message, LL_ITCH50_TYPE_CANCEL, order->locate);
}

/* `type` is E or C; a C trades a tick away from the price on display. */
static uint32_t write_executed(struct ll_feed_sim *sim, uint8_t *message, uint8_t type,
                               const struct ll_feed_sim_order *order, uint32_t quantity)
{
    ll_store_be64(message + LL_ITCH50_OFFSET_EXECUTED_order_reference_number, order->reference);
    ll_store_be32(message + LL_ITCH50_OFFSET_EXECUTED_executed_shares, quantity);
    ll_store_be64(message + LL_ITCH50_OFFSET_EXECUTED_match_number, draw_match_number(sim));
    if (type == LL_ITCH50_TYPE_EXECUTED_PRICE) {
        uint32_t price = order->price < UINT32_MAX - TICK ? order->price + TICK : order->price - TICK;
        message[LL_ITCH50_OFFSET_EXECUTED_PRICE_printable] = sim->match_number & 1 ? 'Y' : 'N';
        ll_store_be32(message + LL_ITCH50_OFFSET_EXECUTED_PRICE_execution_price, price);
    }
    return write_header(sim, message, type, order->locate);
}

_Static_assert((int)LL_ITCH50_OFFSET_EXECUTED_match_number ==
                   (int)LL_ITCH50_OFFSET_EXECUTED_PRICE_match_number,
               "E and C share their beginning");

static uint32_t write_replace(const struct ll_feed_sim *sim, uint8_t *message,
                              const struct ll_feed_sim_order *old, const struct ll_feed_sim_order *changed)
{
    ll_store_be64(message + LL_ITCH50_OFFSET_REPLACE_original_order_reference_number, old->reference);
    ll_store_be64(message + LL_ITCH50_OFFSET_REPLACE_new_order_reference_number, changed->reference);
    ll_store_be32(message + LL_ITCH50_OFFSET_REPLACE_shares, changed->quantity);
    ll_store_be32(message + LL_ITCH50_OFFSET_REPLACE_price, changed->price);
    return write_header(sim, message, LL_ITCH50_TYPE_REPLACE, old->locate);
}

/* --- messages that change the book ---------------------------------------------------------------------- */

/* Every fourth order finds the middle ready to move by a tick: up when nobody sells at the tick above, down
 * when nobody buys at the tick it is on. The direction turns after one move in four, and, lest it be stuck,
 * sometimes. */
static void middle_move(struct ll_feed_sim *sim, struct symbol *symbol)
{
    uint32_t random = (uint32_t)(ll_prng_next(&sim->prng) >> 32);
    uint32_t tick = symbol->mid / TICK;
    if ((random & 3) != 0)
        return;
    bool moves = symbol->rises
                     ? symbol->mid < MID_MAX && symbol->near_count[1][(tick + 1) & (NEAR_TICKS - 1)] == 0
                     : symbol->mid > MID_MIN && symbol->near_count[0][tick & (NEAR_TICKS - 1)] == 0;
    if (moves)
        symbol->mid = symbol->rises ? symbol->mid + TICK : symbol->mid - TICK;
    if ((random >> 2 & (moves ? 3 : 4095)) == 0)
        symbol->rises ^= 1;
}

/* An order somebody would enter now: in a busy symbol more likely, and near its middle. */
static struct ll_feed_sim_order draw_new_order(struct ll_feed_sim *sim)
{
    uint32_t index = draw_symbol(sim);
    struct symbol *symbol = &sim->symbols[index];
    middle_move(sim, symbol);
    struct ll_feed_sim_order order = {.side = draw_side(sim), .locate = (uint16_t)(index + 1)};
    order.reference = draw_reference(sim);
    order.quantity = draw_quantity(sim);
    order.price = draw_price(sim, symbol, order.side);
    return order;
}

static uint32_t make_add(struct ll_feed_sim *sim, uint8_t *message)
{
    struct ll_feed_sim_order order = draw_new_order(sim);
    live_insert(sim, &order);
    return write_add(sim, message, &order);
}

static uint32_t make_delete(struct ll_feed_sim *sim, uint8_t *message, uint32_t index)
{
    uint32_t bytes = write_delete(sim, message, &sim->orders[index]);
    live_remove(sim, index);
    return bytes;
}

/* 73 of 100 executions take all that is left, as in the real hour. Nothing executes while it is halted. */
static uint32_t make_executed(struct ll_feed_sim *sim, uint8_t *message, uint8_t type)
{
    uint32_t index = draw_order_near_touch(sim, 4);
    struct ll_feed_sim_order *order = &sim->orders[index];
    if (order->locate == sim->halted_locate)
        return make_delete(sim, message, index);
    if (order->quantity == 1 || ll_prng_chance(&sim->prng, 726)) {
        uint32_t bytes = write_executed(sim, message, type, order, order->quantity);
        live_remove(sim, index);
        return bytes;
    }
    uint32_t quantity = 1 + ll_prng_below(&sim->prng, order->quantity - 1);
    order->quantity -= quantity;
    return write_executed(sim, message, type, order, quantity);
}

/* A cancel leaves something; an order of one share can only be deleted. */
static uint32_t make_cancel(struct ll_feed_sim *sim, uint8_t *message)
{
    uint32_t index = draw_order(sim);
    struct ll_feed_sim_order *order = &sim->orders[index];
    if (order->quantity == 1)
        return make_delete(sim, message, index);
    uint32_t quantity = 1 + ll_prng_below(&sim->prng, order->quantity - 1);
    order->quantity -= quantity;
    return write_cancel(sim, message, order, quantity);
}

/* Half of the replaces go on with the order replaced last, so that chains form. */
static uint32_t draw_order_to_replace(struct ll_feed_sim *sim)
{
    uint32_t index = draw_order(sim);
    if (sim->replaced_index < sim->stats.live_orders && ll_prng_next(&sim->prng) >> 63)
        index = sim->replaced_index;
    sim->replaced_index = index;
    return index;
}

static struct ll_feed_sim_order draw_change(struct ll_feed_sim *sim, const struct ll_feed_sim_order *old)
{
    struct ll_feed_sim_order changed = *old;
    uint32_t what = ll_prng_below(&sim->prng, 8);
    changed.reference = draw_reference(sim);
    if (what >= 2) /* price, to where the market is now */
        changed.price = draw_price(sim, &sim->symbols[old->locate - 1u], old->side);
    if (what < 4) /* size */
        changed.quantity = draw_quantity(sim);
    return changed;
}

static uint32_t make_replace(struct ll_feed_sim *sim, uint8_t *message)
{
    uint32_t index = draw_order_to_replace(sim);
    struct ll_feed_sim_order changed = draw_change(sim, &sim->orders[index]);
    uint32_t bytes = write_replace(sim, message, &sim->orders[index], &changed);
    live_take(sim, index);
    live_put(sim, index, &changed);
    return bytes;
}

/* --- messages that do not change the book --------------------------------------------------------------- */

static uint32_t make_noii(struct ll_feed_sim *sim, uint8_t *message, uint32_t locate)
{
    uint32_t mid = sim->symbols[locate - 1].mid;
    uint64_t random = ll_prng_next(&sim->prng);
    ll_store_be64(message + LL_ITCH50_OFFSET_NOII_paired_shares, random >> 44);
    ll_store_be64(message + LL_ITCH50_OFFSET_NOII_imbalance_shares, random >> 24 & 0xffff);
    message[LL_ITCH50_OFFSET_NOII_imbalance_direction] = (uint8_t) "BSNO"[random & 3];
    put_stock(sim, message + LL_ITCH50_OFFSET_NOII_stock, locate);
    ll_store_be32(message + LL_ITCH50_OFFSET_NOII_far_price, mid + TICK);
    ll_store_be32(message + LL_ITCH50_OFFSET_NOII_near_price, mid);
    ll_store_be32(message + LL_ITCH50_OFFSET_NOII_current_reference_price, mid);
    message[LL_ITCH50_OFFSET_NOII_cross_type] = (uint8_t) "OCHA"[random >> 2 & 3];
    message[LL_ITCH50_OFFSET_NOII_price_variation_indicator] = 'L';
    return write_header(sim, message, LL_ITCH50_TYPE_NOII, locate);
}

/* A trade against a hidden order. A halted symbol does not trade; it has an imbalance instead. */
static uint32_t make_trade(struct ll_feed_sim *sim, uint8_t *message, uint32_t locate)
{
    if (locate == sim->halted_locate)
        return make_noii(sim, message, locate);
    ll_store_be64(message + LL_ITCH50_OFFSET_TRADE_order_reference_number, 0);
    message[LL_ITCH50_OFFSET_TRADE_buy_sell_indicator] = 'B';
    ll_store_be32(message + LL_ITCH50_OFFSET_TRADE_shares, draw_quantity(sim));
    put_stock(sim, message + LL_ITCH50_OFFSET_TRADE_stock, locate);
    ll_store_be32(message + LL_ITCH50_OFFSET_TRADE_price, sim->symbols[locate - 1].mid);
    ll_store_be64(message + LL_ITCH50_OFFSET_TRADE_match_number, draw_match_number(sim));
    return write_header(sim, message, LL_ITCH50_TYPE_TRADE, locate);
}

static uint32_t make_cross_trade(struct ll_feed_sim *sim, uint8_t *message, uint32_t locate)
{
    ll_store_be64(message + LL_ITCH50_OFFSET_CROSS_TRADE_shares, ll_prng_next(&sim->prng) >> 44);
    put_stock(sim, message + LL_ITCH50_OFFSET_CROSS_TRADE_stock, locate);
    ll_store_be32(message + LL_ITCH50_OFFSET_CROSS_TRADE_cross_price, sim->symbols[locate - 1].mid);
    ll_store_be64(message + LL_ITCH50_OFFSET_CROSS_TRADE_match_number, draw_match_number(sim));
    message[LL_ITCH50_OFFSET_CROSS_TRADE_cross_type] = 'H';
    return write_header(sim, message, LL_ITCH50_TYPE_CROSS_TRADE, locate);
}

static uint32_t make_broken_trade(const struct ll_feed_sim *sim, uint8_t *message, uint32_t locate)
{
    ll_store_be64(message + LL_ITCH50_OFFSET_BROKEN_TRADE_match_number, sim->match_number);
    return write_header(sim, message, LL_ITCH50_TYPE_BROKEN_TRADE, locate);
}

/* At most one symbol is halted; the next such message lets it trade again. */
static uint32_t make_trading_action(struct ll_feed_sim *sim, uint8_t *message, uint32_t locate)
{
    if (sim->halted_locate != 0) {
        locate = sim->halted_locate;
        sim->halted_locate = 0;
        return write_trading_action(sim, message, locate, 'T', "    ");
    }
    sim->halted_locate = (uint16_t)locate;
    return ll_prng_chance(&sim->prng, 500) ? write_trading_action(sim, message, locate, 'H', "T1  ")
                                           : write_trading_action(sim, message, locate, 'P', "LUDP");
}

static uint32_t make_participant_position(struct ll_feed_sim *sim, uint8_t *message, uint32_t locate)
{
    uint64_t random = ll_prng_next(&sim->prng);
    memcpy(message + LL_ITCH50_OFFSET_PARTICIPANT_POSITION_mpid, "LIFE", 4);
    put_stock(sim, message + LL_ITCH50_OFFSET_PARTICIPANT_POSITION_stock, locate);
    message[LL_ITCH50_OFFSET_PARTICIPANT_POSITION_primary_market_maker] = (uint8_t) "YN"[random & 1];
    message[LL_ITCH50_OFFSET_PARTICIPANT_POSITION_market_maker_mode] = 'N';
    message[LL_ITCH50_OFFSET_PARTICIPANT_POSITION_market_participant_state] =
        (uint8_t) "AEWS"[random >> 1 & 3];
    return write_header(sim, message, LL_ITCH50_TYPE_PARTICIPANT_POSITION, locate);
}

static uint32_t make_dlcr(const struct ll_feed_sim *sim, uint8_t *message, uint32_t locate)
{
    uint32_t mid = sim->symbols[locate - 1].mid;
    put_stock(sim, message + LL_ITCH50_OFFSET_DLCR_stock, locate);
    message[LL_ITCH50_OFFSET_DLCR_open_eligibility_status] = 'Y';
    ll_store_be32(message + LL_ITCH50_OFFSET_DLCR_minimum_allowable_price, mid - mid / 5);
    ll_store_be32(message + LL_ITCH50_OFFSET_DLCR_maximum_allowable_price, mid + mid / 5 * 4);
    ll_store_be32(message + LL_ITCH50_OFFSET_DLCR_near_execution_price, mid);
    ll_store_be64(message + LL_ITCH50_OFFSET_DLCR_near_execution_time, sim->now_ns);
    ll_store_be32(message + LL_ITCH50_OFFSET_DLCR_lower_price_range_collar, mid - mid / 10);
    ll_store_be32(message + LL_ITCH50_OFFSET_DLCR_upper_price_range_collar, mid + mid / 10);
    return write_header(sim, message, LL_ITCH50_TYPE_DLCR, locate);
}

static uint32_t make_luld_collar(const struct ll_feed_sim *sim, uint8_t *message, uint32_t locate)
{
    uint32_t mid = sim->symbols[locate - 1].mid;
    put_stock(sim, message + LL_ITCH50_OFFSET_LULD_COLLAR_stock, locate);
    ll_store_be32(message + LL_ITCH50_OFFSET_LULD_COLLAR_auction_collar_reference_price, mid);
    ll_store_be32(message + LL_ITCH50_OFFSET_LULD_COLLAR_upper_auction_collar_price, mid + mid / 20);
    ll_store_be32(message + LL_ITCH50_OFFSET_LULD_COLLAR_lower_auction_collar_price, mid - mid / 20);
    ll_store_be32(message + LL_ITCH50_OFFSET_LULD_COLLAR_auction_collar_extension, 0);
    return write_header(sim, message, LL_ITCH50_TYPE_LULD_COLLAR, locate);
}

static uint32_t make_ipo_quoting(const struct ll_feed_sim *sim, uint8_t *message, uint32_t locate)
{
    put_stock(sim, message + LL_ITCH50_OFFSET_IPO_QUOTING_stock, locate);
    ll_store_be32(message + LL_ITCH50_OFFSET_IPO_QUOTING_ipo_quotation_release_time,
                  (uint32_t)(sim->now_ns / 1000000000u));
    message[LL_ITCH50_OFFSET_IPO_QUOTING_ipo_quotation_release_qualifier] = 'A';
    ll_store_be32(message + LL_ITCH50_OFFSET_IPO_QUOTING_ipo_price, sim->symbols[locate - 1].mid);
    return write_header(sim, message, LL_ITCH50_TYPE_IPO_QUOTING, 0); /* always 0 for this type */
}

static uint32_t make_mwcb_level(const struct ll_feed_sim *sim, uint8_t *message)
{
    uint64_t index_value = UINT64_C(500000000000); /* 5,000.00000000 */
    ll_store_be64(message + LL_ITCH50_OFFSET_MWCB_LEVEL_level_1, index_value / 100 * 93);
    ll_store_be64(message + LL_ITCH50_OFFSET_MWCB_LEVEL_level_2, index_value / 100 * 87);
    ll_store_be64(message + LL_ITCH50_OFFSET_MWCB_LEVEL_level_3, index_value / 100 * 80);
    return write_header(sim, message, LL_ITCH50_TYPE_MWCB_LEVEL, 0);
}

/* The types with a single letter to say. */
static uint32_t make_flag(struct ll_feed_sim *sim, uint8_t *message, uint8_t type, uint32_t locate)
{
    uint32_t choice = (uint32_t)(ll_prng_next(&sim->prng) >> 62);
    switch (type) {
    case LL_ITCH50_TYPE_RPII:
        put_stock(sim, message + LL_ITCH50_OFFSET_RPII_stock, locate);
        message[LL_ITCH50_OFFSET_RPII_interest_flag] = (uint8_t) "BSAN"[choice];
        break;
    case LL_ITCH50_TYPE_REG_SHO:
        put_stock(sim, message + LL_ITCH50_OFFSET_REG_SHO_stock, locate);
        message[LL_ITCH50_OFFSET_REG_SHO_reg_sho_action] = (uint8_t) "0012"[choice];
        break;
    case LL_ITCH50_TYPE_OPERATIONAL_HALT:
        put_stock(sim, message + LL_ITCH50_OFFSET_OPERATIONAL_HALT_stock, locate);
        message[LL_ITCH50_OFFSET_OPERATIONAL_HALT_market_code] = (uint8_t) "QBXQ"[choice];
        message[LL_ITCH50_OFFSET_OPERATIONAL_HALT_operational_halt_action] = choice & 1 ? 'H' : 'T';
        break;
    default:
        LL_ASSERT(type == LL_ITCH50_TYPE_MWCB_STATUS);
        message[LL_ITCH50_OFFSET_MWCB_STATUS_breached_level] = (uint8_t) "1231"[choice];
        locate = 0;
        break;
    }
    return write_header(sim, message, type, locate);
}

static uint32_t make_other(struct ll_feed_sim *sim, uint8_t *message, uint8_t type)
{
    uint32_t locate = draw_symbol(sim) + 1;
    switch (type) {
    case LL_ITCH50_TYPE_TRADE:
        return make_trade(sim, message, locate);
    case LL_ITCH50_TYPE_NOII:
        return make_noii(sim, message, locate);
    case LL_ITCH50_TYPE_PARTICIPANT_POSITION:
        return make_participant_position(sim, message, locate);
    case LL_ITCH50_TYPE_TRADING_ACTION:
        return make_trading_action(sim, message, locate);
    case LL_ITCH50_TYPE_STOCK_DIRECTORY:
        return write_directory(sim, message, locate);
    case LL_ITCH50_TYPE_CROSS_TRADE:
        return make_cross_trade(sim, message, locate);
    case LL_ITCH50_TYPE_BROKEN_TRADE:
        return make_broken_trade(sim, message, locate);
    case LL_ITCH50_TYPE_DLCR:
        return make_dlcr(sim, message, locate);
    case LL_ITCH50_TYPE_LULD_COLLAR:
        return make_luld_collar(sim, message, locate);
    case LL_ITCH50_TYPE_IPO_QUOTING:
        return make_ipo_quoting(sim, message, locate);
    case LL_ITCH50_TYPE_MWCB_LEVEL:
        return make_mwcb_level(sim, message);
    default:
        return make_flag(sim, message, type, locate);
    }
}

/* --- faults --------------------------------------------------------------------------------------------- */

static void fill_random(struct ll_feed_sim *sim, uint8_t *message, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        message[i] = (uint8_t)(ll_prng_next(&sim->prng) >> 56);
}

/* Any bytes behind the header, as much of it as fits; only the length is sure. */
static uint32_t write_junk(struct ll_feed_sim *sim, uint8_t *message, uint8_t type, uint32_t bytes)
{
    uint8_t whole[LL_ITCH50_MESSAGE_BYTES_MAX];
    fill_random(sim, whole, sizeof whole);
    (void)write_header(sim, whole, type, 1 + ll_prng_below(&sim->prng, sim->config.symbol_count));
    memcpy(message, whole, bytes);
    return bytes;
}

static uint32_t fault_unknown_type(struct ll_feed_sim *sim, uint8_t *message)
{
    uint8_t type = (uint8_t)ll_prng_below(&sim->prng, 256);
    while (bytes_of_type[type] != 0)
        type++;
    return write_junk(sim, message, type, 1 + ll_prng_below(&sim->prng, LL_ITCH50_MESSAGE_BYTES_MAX));
}

/* Half of them are wrong by one byte only. */
static uint32_t fault_wrong_length(struct ll_feed_sim *sim, uint8_t *message)
{
    uint8_t type = types[ll_prng_below(&sim->prng, LL_ITCH50_TYPE_COUNT)];
    uint32_t right = bytes_of_type[type];
    uint32_t bytes = 1 + ll_prng_below(&sim->prng, LL_ITCH50_MESSAGE_BYTES_MAX);
    uint32_t choice = (uint32_t)(ll_prng_next(&sim->prng) >> 62);
    if (choice == 0 || bytes == right)
        bytes = right - 1;
    if (choice == 1 && right < LL_ITCH50_MESSAGE_BYTES_MAX)
        bytes = right + 1;
    LL_ASSERT(bytes != right);
    return write_junk(sim, message, type, bytes);
}

/* A reference that ended, when there is one, or one that never was: the counter never has the top bit. */
static uint32_t fault_unknown_reference(struct ll_feed_sim *sim, uint8_t *message)
{
    struct ll_feed_sim_order order = draw_new_order(sim);
    struct ll_feed_sim_order changed = order;
    uint64_t random = ll_prng_next(&sim->prng);
    order.reference = reference_of_count(sim, random | UINT64_C(1) << 63);
    if (sim->reference_gone != 0 && (random & 1) != 0)
        order.reference = sim->reference_gone;
    switch (random >> 1 & 7) {
    case 0:
        return write_executed(sim, message, LL_ITCH50_TYPE_EXECUTED, &order, order.quantity);
    case 1:
        return write_executed(sim, message, LL_ITCH50_TYPE_EXECUTED_PRICE, &order, order.quantity);
    case 2:
        return write_cancel(sim, message, &order, order.quantity);
    case 3:
    case 4:
        return write_replace(sim, message, &order, &changed);
    default:
        return write_delete(sim, message, &order);
    }
}

static uint32_t fault_double_add(struct ll_feed_sim *sim, uint8_t *message)
{
    uint32_t index = draw_order(sim);
    struct ll_feed_sim_order order = draw_new_order(sim);
    order.reference = sim->orders[index].reference;
    uint64_t reference_gone = sim->reference_gone;
    live_take(sim, index);
    live_put(sim, index, &order);
    sim->reference_gone = reference_gone; /* the taken one lives on */
    return write_add(sim, message, &order);
}

/* The order under the new reference goes, the replaced one takes that reference. */
static uint32_t fault_double_replace(struct ll_feed_sim *sim, uint8_t *message)
{
    uint32_t live = sim->stats.live_orders;
    uint32_t from = draw_order(sim);
    uint32_t onto = (from + 1 + ll_prng_below(&sim->prng, live - 1)) % live;
    struct ll_feed_sim_order changed = draw_change(sim, &sim->orders[from]);
    changed.reference = sim->orders[onto].reference;
    uint32_t bytes = write_replace(sim, message, &sim->orders[from], &changed);
    live_take(sim, onto);
    live_put(sim, onto, &changed);
    live_remove(sim, from); /* the last to end, and really gone */
    return bytes;
}

static uint32_t fault_over_execution(struct ll_feed_sim *sim, uint8_t *message)
{
    uint32_t index = draw_order(sim);
    struct ll_feed_sim_order order = sim->orders[index];
    if (order.quantity == UINT32_MAX) { /* there is no more than this */
        sim->stats.fault_last = LL_FEED_SIM_FAULT_UNKNOWN_TYPE;
        return fault_unknown_type(sim, message);
    }
    uint32_t quantity = order.quantity + 1;
    if (ll_prng_chance(&sim->prng, 500))
        quantity += ll_prng_below(&sim->prng, UINT32_MAX - order.quantity);
    live_remove(sim, index);
    switch (ll_prng_below(&sim->prng, 3)) {
    case 0:
        return write_executed(sim, message, LL_ITCH50_TYPE_EXECUTED, &order, quantity);
    case 1:
        return write_executed(sim, message, LL_ITCH50_TYPE_EXECUTED_PRICE, &order, quantity);
    default:
        return write_cancel(sim, message, &order, quantity);
    }
}

static uint32_t fault_zero_quantity(struct ll_feed_sim *sim, uint8_t *message)
{
    struct ll_feed_sim_order order = draw_new_order(sim);
    order.quantity = 0;
    uint32_t choice = sim->stats.live_orders > 0 ? ll_prng_below(&sim->prng, 5) : 4;
    if (choice == 4)
        return write_add(sim, message, &order);
    uint32_t index = draw_order(sim);
    struct ll_feed_sim_order live = sim->orders[index];
    switch (choice) {
    case 0:
        return write_executed(sim, message, LL_ITCH50_TYPE_EXECUTED, &live, 0);
    case 1:
        return write_executed(sim, message, LL_ITCH50_TYPE_EXECUTED_PRICE, &live, 0);
    case 2:
        return write_cancel(sim, message, &live, 0);
    default: /* the old order is gone, and none comes */
        live_remove(sim, index);
        return write_replace(sim, message, &live, &order);
    }
}

/* Right in all but the locate. */
static uint32_t fault_other_book(struct ll_feed_sim *sim, uint8_t *message)
{
    uint32_t bytes = 0;
    switch (ll_prng_below(&sim->prng, 5)) {
    case 0:
        bytes = make_executed(sim, message, LL_ITCH50_TYPE_EXECUTED);
        break;
    case 1:
        bytes = make_executed(sim, message, LL_ITCH50_TYPE_EXECUTED_PRICE);
        break;
    case 2:
        bytes = make_cancel(sim, message);
        break;
    case 3:
        bytes = make_replace(sim, message);
        break;
    default:
        bytes = make_delete(sim, message, draw_order(sim));
        break;
    }
    uint32_t locate = ll_load_be16(message + OFFSET_HEADER_stock_locate);
    locate =
        (locate + ll_prng_below(&sim->prng, sim->config.symbol_count - 1)) % sim->config.symbol_count + 1;
    ll_store_be16(message + OFFSET_HEADER_stock_locate, (uint16_t)locate);
    return bytes;
}

static uint32_t fault_extreme_price(struct ll_feed_sim *sim, uint8_t *message)
{
    uint64_t random = ll_prng_next(&sim->prng);
    uint32_t price = random & 1 ? 0 : UINT32_MAX;
    uint32_t live = sim->stats.live_orders;
    if (live == sim->config.live_orders_target || (live > 0 && (random & 2) != 0)) {
        uint32_t index = draw_order(sim);
        struct ll_feed_sim_order changed = draw_change(sim, &sim->orders[index]);
        changed.price = price;
        uint32_t bytes = write_replace(sim, message, &sim->orders[index], &changed);
        live_take(sim, index);
        live_put(sim, index, &changed);
        return bytes;
    }
    struct ll_feed_sim_order order = draw_new_order(sim);
    order.price = price;
    live_insert(sim, &order);
    return write_add(sim, message, &order);
}

/* A fault that needs what is not there (a live order, a second one, a second symbol) becomes an unknown type.
 */
static uint32_t make_fault(struct ll_feed_sim *sim, uint8_t *message)
{
    uint32_t live = sim->stats.live_orders;
    enum ll_feed_sim_fault fault =
        (enum ll_feed_sim_fault)(1 + ll_prng_below(&sim->prng, LL_FEED_SIM_FAULT_COUNT - 1));
    int needs_order = fault == LL_FEED_SIM_FAULT_DOUBLE_ADD || fault == LL_FEED_SIM_FAULT_OVER_EXECUTION ||
                      fault == LL_FEED_SIM_FAULT_OTHER_BOOK;
    if ((needs_order && live == 0) || (fault == LL_FEED_SIM_FAULT_DOUBLE_REPLACE && live < 2) ||
        (fault == LL_FEED_SIM_FAULT_OTHER_BOOK && sim->config.symbol_count < 2))
        fault = LL_FEED_SIM_FAULT_UNKNOWN_TYPE;
    sim->stats.fault_last = fault;
    switch (fault) {
    case LL_FEED_SIM_FAULT_WRONG_LENGTH:
        return fault_wrong_length(sim, message);
    case LL_FEED_SIM_FAULT_UNKNOWN_REFERENCE:
        return fault_unknown_reference(sim, message);
    case LL_FEED_SIM_FAULT_DOUBLE_ADD:
        return fault_double_add(sim, message);
    case LL_FEED_SIM_FAULT_DOUBLE_REPLACE:
        return fault_double_replace(sim, message);
    case LL_FEED_SIM_FAULT_OVER_EXECUTION:
        return fault_over_execution(sim, message);
    case LL_FEED_SIM_FAULT_ZERO_QUANTITY:
        return fault_zero_quantity(sim, message);
    case LL_FEED_SIM_FAULT_OTHER_BOOK:
        return fault_other_book(sim, message);
    case LL_FEED_SIM_FAULT_EXTREME_PRICE:
        return fault_extreme_price(sim, message);
    default:
        return fault_unknown_type(sim, message);
    }
}

/* --- the day -------------------------------------------------------------------------------------------- */

/* S 'O', directory, trading states, S 'S', the orders of the pre-open; S 'Q' is at open_position. */
static uint32_t day_start(struct ll_feed_sim *sim, uint8_t *message)
{
    uint64_t position = sim->stats.messages;
    uint64_t symbol_count = sim->config.symbol_count;
    sim->now_ns = LL_FEED_SIM_OPEN_NS - (sim->open_position - position) * START_GAP_NS;
    if (position == 0)
        return write_system_event(sim, message, 'O');
    if (position <= symbol_count)
        return write_directory(sim, message, (uint32_t)position);
    if (position <= 2 * symbol_count)
        return write_trading_action(sim, message, (uint32_t)(position - symbol_count), 'T', "    ");
    if (position == 2 * symbol_count + 1)
        return write_system_event(sim, message, 'S');
    if (position < sim->open_position)
        return make_add(sim, message);
    return write_system_event(sim, message, 'Q');
}

static uint32_t day_end(struct ll_feed_sim *sim, uint8_t *message, uint64_t left)
{
    LL_ASSERT(left >= 1);
    LL_ASSERT(left <= 3);
    sim->now_ns += END_GAP_NS;
    if (sim->now_ns > TIME_NS_MAX)
        sim->now_ns = TIME_NS_MAX;
    return write_system_event(sim, message, (uint8_t) " CEM"[left]);
}

static uint8_t draw_type(struct ll_feed_sim *sim)
{
    uint32_t part = ll_prng_below(&sim->prng, MIX_PARTS);
#define MIX_DRAW(ID, parts)         \
    if (part < (parts))             \
        return LL_ITCH50_TYPE_##ID; \
    part -= (parts);
    LL_FEED_SIM_MIX(MIX_DRAW)
#undef MIX_DRAW
    return LL_ITCH50_TYPE_TRADE;
}

/* The mix alone would let the number of live orders drift: a full book turns adds into deletes, and one that
 * has lost an eighth turns every eighth delete into an add. */
static uint8_t draw_type_that_fits(struct ll_feed_sim *sim)
{
    uint8_t type = draw_type(sim);
    uint32_t live = sim->stats.live_orders;
    uint32_t target = sim->config.live_orders_target;
    if (type == LL_ITCH50_TYPE_DELETE && live < target - target / 8 && ll_prng_below(&sim->prng, 8) == 0)
        type = LL_ITCH50_TYPE_ADD;
    if (type == LL_ITCH50_TYPE_ADD && live == target)
        type = LL_ITCH50_TYPE_DELETE;
    if (live == 0 && (type == LL_ITCH50_TYPE_DELETE || type == LL_ITCH50_TYPE_EXECUTED ||
                      type == LL_ITCH50_TYPE_EXECUTED_PRICE || type == LL_ITCH50_TYPE_CANCEL ||
                      type == LL_ITCH50_TYPE_REPLACE))
        type = LL_ITCH50_TYPE_ADD;
    return type;
}

static uint32_t trading(struct ll_feed_sim *sim, uint8_t *message)
{
    clock_step(sim);
    if (sim->config.faults_per_mille > 0 && ll_prng_chance(&sim->prng, sim->config.faults_per_mille))
        return make_fault(sim, message);
    uint8_t type = draw_type_that_fits(sim);
    switch (type) {
    case LL_ITCH50_TYPE_ADD:
        return make_add(sim, message);
    case LL_ITCH50_TYPE_DELETE:
        return make_delete(sim, message, draw_order_near_touch(sim, 2));
    case LL_ITCH50_TYPE_EXECUTED:
    case LL_ITCH50_TYPE_EXECUTED_PRICE:
        return make_executed(sim, message, type);
    case LL_ITCH50_TYPE_CANCEL:
        return make_cancel(sim, message);
    case LL_ITCH50_TYPE_REPLACE:
        return make_replace(sim, message);
    default:
        return make_other(sim, message, type);
    }
}

uint32_t ll_feed_sim_next(struct ll_feed_sim *sim, uint8_t message[LL_ITCH50_MESSAGE_BYTES_MAX],
                          uint64_t *planned_ns)
{
    uint64_t count = sim->config.message_count;
    uint64_t position = sim->stats.messages;
    sim->stats.fault_last = LL_FEED_SIM_FAULT_NONE;
    if (count != 0 && position == count)
        return 0;
    uint32_t bytes = 0;
    if (position <= sim->open_position)
        bytes = day_start(sim, message);
    else if (count != 0 && count - position <= 3)
        bytes = day_end(sim, message, count - position);
    else
        bytes = trading(sim, message);
    LL_ASSERT(bytes > 0);
    LL_ASSERT(bytes <= LL_ITCH50_MESSAGE_BYTES_MAX);
    sim->stats.messages++;
    sim->stats.message_bytes += bytes;
    sim->stats.by_type[message[0]]++;
    sim->stats.by_fault[sim->stats.fault_last]++;
    *planned_ns = sim->now_ns;
    return bytes;
}
