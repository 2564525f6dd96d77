/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the house keeps both sides of every instrument quoted, trades now and then, stays near the prior close, and
 * does the same for the same seed.
 * Method: thousands of actions against the real engine, whose structure is checked, and whose events are counted
 * and hashed by a handler of the test.
 */
#include "tests/unit/ll_test_vectors.h"

#include "host/base/ll_arena.h"
#include "host/exchange/ll_house.h"
#include "host/exchange/ll_matching.h"

#define INSTRUMENTS 3u
#define NS_PER_S    UINT64_C(1000000000)

struct bench {
    struct ll_matching *matching;
    struct ll_house *house;
    void *memory[2];
    uint64_t hash; /* of all events */
    uint64_t trades;
    uint32_t price_least;
    uint32_t price_most;
};

static void mix(struct bench *bench, uint64_t value)
{
    bench->hash = (bench->hash ^ value) * UINT64_C(0x100000001b3);
}

static void on_executed(void *context, const struct ll_matching_executed *event)
{
    struct bench *bench = context;
    mix(bench, event->match_number);
    mix(bench, event->quantity);
    mix(bench, event->price);
    bench->trades += event->taker;
}

static void on_booked(void *context, const struct ll_matching_booked *event)
{
    struct bench *bench = context;
    mix(bench, event->order.reference);
    mix(bench, event->order.price);
    if (event->order.price < bench->price_least)
        bench->price_least = event->order.price;
    if (event->order.price > bench->price_most)
        bench->price_most = event->order.price;
}

static void *memory_of(size_t bytes)
{
    void *memory = aligned_alloc(64, ll_align_up(bytes, 64));
    ck_assert_ptr_nonnull(memory);
    return memory;
}

static void bench_init(struct bench *bench, uint64_t seed, uint32_t rate_per_s)
{
    struct ll_matching_instrument instruments[INSTRUMENTS];
    struct ll_house_config house;
    memset(bench, 0, sizeof *bench);
    memset(instruments, 0, sizeof instruments);
    bench->price_least = UINT32_MAX;
    for (uint32_t i = 0; i < INSTRUMENTS; i++) {
        (void)memcpy(instruments[i].symbol, "AAA     ", 8);
        instruments[i].symbol[0] = (char)('A' + i);
        instruments[i].locate = (uint16_t)(i + 1);
        instruments[i].tick = 100;
        instruments[i].lot = 100;
        instruments[i].prior_close = 1000000;
    }
    struct ll_matching_config config = {.instruments = instruments,
                                        .instrument_count = INSTRUMENTS,
                                        .orders_max = 64,
                                        .trades_max = 64,
                                        .reference_first = 1,
                                        .match_first = 1,
                                        .band_per_mille = 100};
    ll_house_config_default(&house);
    house.seed = seed;
    house.rate_per_s = rate_per_s;
    house.instrument_count = INSTRUMENTS;
    size_t house_bytes = ll_house_footprint_bytes(&house);
    size_t matching_bytes = ll_matching_footprint_bytes(&config);
    bench->memory[0] = memory_of(house_bytes);
    bench->memory[1] = memory_of(matching_bytes);
    ck_assert_int_eq(ll_house_init(&bench->house, bench->memory[0], house_bytes, &house, NULL), LL_OK);
    struct ll_matching_handler handlers[2] = {
        ll_house_handler(bench->house), {.context = bench, .booked = on_booked, .executed = on_executed}};
    ck_assert_int_eq(
        ll_matching_init(&bench->matching, bench->memory[1], matching_bytes, &config, handlers, 2, NULL),
        LL_OK);
    ll_house_attach(bench->house, bench->matching);
    ll_house_open(bench->house, 1);
}

static void bench_deinit(struct bench *bench)
{
    free(bench->memory[0]);
    free(bench->memory[1]);
}

static uint32_t side_orders(const struct bench *bench, uint32_t instrument, enum ll_matching_side side)
{
    struct ll_matching_level levels[16];
    uint32_t count = ll_matching_levels(bench->matching, instrument, side, levels, 16);
    uint32_t orders = 0;
    for (uint32_t i = 0; i < count; i++)
        orders += levels[i].orders_displayed;
    return orders;
}

START_TEST(the_open_quotes_both_sides)
{
    struct bench bench;
    bench_init(&bench, 1, 0);
    for (uint32_t i = 0; i < INSTRUMENTS; i++) {
        ck_assert_uint_eq(side_orders(&bench, i, LL_MATCHING_BUY), LL_HOUSE_LEVELS);
        ck_assert_uint_eq(side_orders(&bench, i, LL_MATCHING_SELL), LL_HOUSE_LEVELS);
    }
    ck_assert_uint_eq(ll_house_poll(bench.house, 1000 * NS_PER_S), 0); /* rate 0 */
    bench_deinit(&bench);
}
END_TEST

START_TEST(it_trades_and_stays_near)
{
    struct bench bench;
    bench_init(&bench, ll_test_seed("it_trades_and_stays_near"), 1000);
    for (uint64_t step = 1; step <= 20000; step++) {
        (void)ll_house_poll(bench.house, step * NS_PER_S / 1000);
        if (step % 100 == 0)
            ll_matching_check(bench.matching);
    }
    const struct ll_house_counters *counters = ll_house_counters(bench.house);
    ck_assert_uint_gt(counters->actions, 15000);
    ck_assert_uint_lt(counters->actions, 25000);
    ck_assert_uint_eq(counters->skipped, 0);
    ck_assert_uint_eq(counters->refused, 0);
    ck_assert_uint_gt(bench.trades, 500);
    ck_assert_uint_ge(bench.price_least, 1000000 - 60000);
    ck_assert_uint_le(bench.price_most, 1000000 + 60000);
    bench_deinit(&bench);
}
END_TEST

START_TEST(the_same_seed_does_the_same)
{
    struct bench first;
    struct bench second;
    struct bench other;
    bench_init(&first, 7, 1000);
    bench_init(&second, 7, 1000);
    bench_init(&other, 8, 1000);
    for (uint64_t step = 1; step <= 2000; step++) {
        (void)ll_house_poll(first.house, step * NS_PER_S / 1000);
        (void)ll_house_poll(other.house, step * NS_PER_S / 1000);
        if (step % 10 == 0) /* another rhythm of polls changes no action */
            (void)ll_house_poll(second.house, step * NS_PER_S / 1000);
    }
    ck_assert_uint_eq(first.hash, second.hash);
    ck_assert_uint_ne(first.hash, other.hash);
    bench_deinit(&first);
    bench_deinit(&second);
    bench_deinit(&other);
}
END_TEST

START_TEST(what_is_long_past_is_let_go)
{
    struct bench bench;
    bench_init(&bench, 1, 1000);
    ck_assert_uint_le(ll_house_poll(bench.house, 1000 * NS_PER_S), LL_HOUSE_ACTIONS_MAX);
    ck_assert_uint_eq(ll_house_counters(bench.house)->skipped, 1);
    ck_assert_uint_le(ll_house_poll(bench.house, 1000 * NS_PER_S), 1);
    bench_deinit(&bench);
}
END_TEST

START_TEST(configs_outside_their_limits_are_refused)
{
    struct ll_house_config config;
    struct ll_house *house;
    uint64_t memory[8];
    ll_house_config_default(&config);
    ck_assert_uint_eq(ll_house_footprint_bytes(&config), 0); /* no instruments */
    ck_assert_int_eq(ll_house_init(&house, memory, sizeof memory, &config, NULL), LL_ERR_USAGE);
    config.instrument_count = 1;
    ck_assert_uint_gt(ll_house_footprint_bytes(&config), 0);
    ck_assert_int_eq(ll_house_init(&house, memory, sizeof memory, &config, NULL), LL_ERR_NO_MEMORY);
    config.takers_per_mille = 901;
    ck_assert_uint_eq(ll_house_footprint_bytes(&config), 0);
    config.takers_per_mille = 0;
    config.rate_per_s = LL_HOUSE_RATE_MAX + 1;
    ck_assert_uint_eq(ll_house_footprint_bytes(&config), 0);
}
END_TEST

static Suite *house_suite(void)
{
    Suite *suite = suite_create("house");
    TCase *house = tcase_create("house");
    tcase_set_timeout(house, 30);
    tcase_add_test(house, the_open_quotes_both_sides);
    tcase_add_test(house, it_trades_and_stays_near);
    tcase_add_test(house, the_same_seed_does_the_same);
    tcase_add_test(house, what_is_long_past_is_let_go);
    tcase_add_test(house, configs_outside_their_limits_are_refused);
    suite_add_tcase(suite, house);
    return suite;
}

int main(void)
{
    return ll_test_run(house_suite());
}
