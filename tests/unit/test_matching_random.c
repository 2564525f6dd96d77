/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the matching engine does exactly what the simplest possible one does, and nothing gets lost in it.
 * Method: random requests, good and bad, in a narrow band of prices, into both; after each step the verdicts
 * and every field of every event are equal, the engine's own structure holds, no book is crossed, and
 * quantities are conserved: entered = executed + cancelled + open. Small pools, so that they run full. Levels
 * and orders are compared now and then. The same seed again, in other memory, gives the same events.
 */
#include "host/exchange/ll_matching.h"

#include "host/base/ll_prng.h"
#include "tests/model/ll_matching_log.h"
#include "tests/model/ll_naive_matching.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS_PER_CASE  40u
#define STEPS           3000u
#define INSTRUMENTS_MAX 3u
#define TICK            100u
#define PRICE_MIDDLE    100000u
#define LEVELS_MAX      64u

/* What has happened to shares since the start of the day. */
struct sums {
    uint64_t entered; /* by enters and replaces */
    uint64_t gone_by_replace;
    uint64_t executed; /* both sides */
    uint64_t cancelled;
};

struct sim {
    uint64_t seed;
    struct ll_prng prng;
    struct ll_matching_instrument instruments[INSTRUMENTS_MAX];
    struct ll_matching_config config;
    void *memory;
    struct ll_matching *matching;
    struct ll_naive_matching *naive;
    struct ll_matching_log log;
    struct ll_matching_log naive_log;
    struct sums sums;
    uint64_t now_ns;
    uint64_t hash; /* of all events */
};

#define CHECK(sim, condition)                                                      \
    do {                                                                           \
        if (!(condition))                                                          \
            ck_abort_msg("%s; replay: LL_SEED=%" PRIu64, #condition, (sim)->seed); \
    } while (0)

/* --- quantities ----------------------------------------------------------------------------------------- */

static void sum_accepted(void *context, const struct ll_matching_accepted *event)
{
    ((struct sums *)context)->entered += event->order.quantity;
}

static void sum_replaced(void *context, const struct ll_matching_replaced *event)
{
    struct sums *sums = context;
    sums->entered += event->order.quantity;
    sums->gone_by_replace += event->before.quantity;
}

static void sum_executed(void *context, const struct ll_matching_executed *event)
{
    ((struct sums *)context)->executed += event->quantity;
}

static void sum_cancelled(void *context, const struct ll_matching_cancelled *event)
{
    ((struct sums *)context)->cancelled += event->quantity;
}

static void check_conserved(struct sim *sim)
{
    uint64_t open = 0;
    for (uint32_t index = 0; index < ll_naive_matching_live_count(sim->naive); index++)
        open += ll_naive_matching_live(sim->naive, index)->quantity;
    const struct sums *sums = &sim->sums;
    CHECK(sim, sums->entered == sums->gone_by_replace + sums->executed + sums->cancelled + open);
}

/* --- the day -------------------------------------------------------------------------------------------- */

static void sim_open(struct sim *sim, uint64_t seed, int self_trade, int garbage)
{
    memset(sim, 0, sizeof *sim);
    sim->seed = seed;
    ll_prng_init(&sim->prng, seed);
    struct ll_matching_config *config = &sim->config;
    config->instruments = sim->instruments;
    config->instrument_count = 1 + ll_prng_below(&sim->prng, INSTRUMENTS_MAX);
    config->orders_max = 8u << ll_prng_below(&sim->prng, 7);
    config->trades_max = 1 + ll_prng_below(&sim->prng, 50);
    config->reference_first = 1 + ll_prng_next(&sim->prng) / 2;
    config->match_first = 1 + ll_prng_below(&sim->prng, 1000);
    config->band_per_mille = ll_prng_chance(&sim->prng, 300) ? 4 : 0;
    config->self_trade = (enum ll_matching_self_trade)self_trade;
    config->replace_keeps_priority = ll_prng_chance(&sim->prng, 700);
    for (uint32_t index = 0; index < config->instrument_count; index++) {
        struct ll_matching_instrument *instrument = &sim->instruments[index];
        memcpy(instrument->symbol, "AAA     ", LL_MATCHING_SYMBOL_BYTES);
        instrument->symbol[2] = (char)('A' + index);
        instrument->locate = (uint16_t)(index + 1);
        instrument->tick = TICK;
        instrument->lot = 10;
        instrument->lots_only = ll_prng_chance(&sim->prng, 200);
        instrument->prior_close = PRICE_MIDDLE;
    }
    ll_matching_log_init(&sim->log, true);
    ll_matching_log_init(&sim->naive_log, true);
    struct ll_matching_handler handlers[] = {ll_matching_log_handler(&sim->log),
                                             {.context = &sim->sums,
                                              .accepted = sum_accepted,
                                              .replaced = sum_replaced,
                                              .executed = sum_executed,
                                              .cancelled = sum_cancelled}};
    size_t footprint_bytes = ll_matching_footprint_bytes(config);
    CHECK(sim, posix_memalign(&sim->memory, 64, footprint_bytes) == 0);
    memset(sim->memory, garbage, footprint_bytes);
    struct ll_why why = {0};
    int code = ll_matching_init(&sim->matching, sim->memory, footprint_bytes, config, handlers, 2, &why);
    ck_assert_msg(code == LL_OK, "%s", why.text);
    struct ll_matching_handler naive_handler = ll_matching_log_handler(&sim->naive_log);
    ll_naive_matching_init(&sim->naive, config, &naive_handler);
}

static void sim_close(struct sim *sim)
{
    ll_naive_matching_deinit(sim->naive);
    free(sim->memory);
}

static void check_events(struct sim *sim)
{
    const char *told = ll_matching_log_take(&sim->log);
    const char *expected = ll_matching_log_take(&sim->naive_log);
    if (strcmp(told, expected) != 0)
        ck_abort_msg("expected\n%stold\n%sreplay: LL_SEED=%" PRIu64, expected, told, sim->seed);
    for (const char *at = told; *at != '\0'; at++)
        sim->hash = (sim->hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
}

static void check_levels(struct sim *sim)
{
    struct ll_matching_level levels[LEVELS_MAX];
    for (uint32_t instrument = 0; instrument < sim->config.instrument_count; instrument++)
        for (int side = LL_MATCHING_BUY; side <= LL_MATCHING_SELL; side++) {
            uint32_t count = ll_matching_levels(sim->matching, instrument, (enum ll_matching_side)side,
                                                levels, LEVELS_MAX);
            for (uint32_t depth = 0; depth <= count; depth++) {
                struct ll_matching_level naive =
                    ll_naive_matching_level(sim->naive, instrument, (enum ll_matching_side)side, depth);
                if (depth == count) {
                    CHECK(sim, naive.orders_displayed + naive.orders_hidden == 0);
                    continue;
                }
                CHECK(sim, levels[depth].price == naive.price);
                CHECK(sim, levels[depth].orders_displayed == naive.orders_displayed);
                CHECK(sim, levels[depth].orders_hidden == naive.orders_hidden);
                CHECK(sim, levels[depth].quantity_displayed == naive.quantity_displayed);
                CHECK(sim, levels[depth].quantity_hidden == naive.quantity_hidden);
            }
        }
}

static void check_orders(struct sim *sim)
{
    struct ll_matching_order order;
    uint32_t live_count = ll_naive_matching_live_count(sim->naive);
    CHECK(sim, ll_matching_counters(sim->matching)->orders_live == live_count);
    for (uint32_t index = 0; index < live_count; index++) {
        const struct ll_matching_order *naive = ll_naive_matching_live(sim->naive, index);
        CHECK(sim, ll_matching_find(sim->matching, naive->reference, &order));
        CHECK(sim, order.owner == naive->owner);
        CHECK(sim, order.quantity == naive->quantity);
        CHECK(sim, order.price == naive->price);
    }
}

/* --- requests ------------------------------------------------------------------------------------------- */

static uint32_t draw_price(struct sim *sim)
{
    if (ll_prng_chance(&sim->prng, 5))
        return (uint32_t)ll_prng_next(&sim->prng);
    return PRICE_MIDDLE - 6 * TICK + TICK * ll_prng_below(&sim->prng, 13) +
           (ll_prng_chance(&sim->prng, 5) ? 1 : 0);
}

static uint32_t draw_quantity(struct sim *sim)
{
    if (ll_prng_chance(&sim->prng, 10))
        return ll_prng_below(&sim->prng, 1000002);
    return 10 * ll_prng_below(&sim->prng, 20) + (ll_prng_chance(&sim->prng, 100) ? 3 : 10);
}

static uint8_t draw_flags(struct sim *sim)
{
    if (ll_prng_chance(&sim->prng, 10))
        return (uint8_t)ll_prng_next(&sim->prng);
    static const uint8_t flags[] = {LL_MATCHING_POST_ONLY,
                                    LL_MATCHING_HIDDEN,
                                    LL_MATCHING_HIDDEN,
                                    LL_MATCHING_MARKET,
                                    LL_MATCHING_ATTRIBUTED,
                                    0,
                                    0,
                                    0};
    return flags[ll_prng_below(&sim->prng, sizeof flags)];
}

static uint8_t draw_time_in_force(struct sim *sim)
{
    if (ll_prng_chance(&sim->prng, 700))
        return LL_MATCHING_DAY;
    return (uint8_t)(LL_MATCHING_IOC + ll_prng_below(&sim->prng, ll_prng_chance(&sim->prng, 20) ? 3 : 2));
}

static uint32_t draw_minimum(struct sim *sim, uint8_t time_in_force, uint32_t quantity)
{
    if (time_in_force == LL_MATCHING_DAY ? ll_prng_chance(&sim->prng, 990) : ll_prng_chance(&sim->prng, 600))
        return 0;
    return ll_prng_below(&sim->prng, quantity + 2);
}

/* Mostly a live one. */
static uint64_t draw_reference(struct sim *sim)
{
    uint32_t live_count = ll_naive_matching_live_count(sim->naive);
    if (live_count == 0 || ll_prng_chance(&sim->prng, 30))
        return sim->config.reference_first + ll_prng_below(&sim->prng, STEPS);
    return ll_naive_matching_live(sim->naive, ll_prng_below(&sim->prng, live_count))->reference;
}

static void step_enter(struct sim *sim)
{
    struct ll_matching_enter request = {.owner = ll_prng_next(&sim->prng),
                                        .group = ll_prng_below(&sim->prng, 5),
                                        .instrument = ll_prng_below(&sim->prng, sim->config.instrument_count),
                                        .side = (uint8_t)(ll_prng_below(&sim->prng, 2)),
                                        .time_in_force = draw_time_in_force(sim),
                                        .flags = draw_flags(sim),
                                        .firm = "FIRM"};
    if (request.side != LL_MATCHING_BUY || ll_prng_chance(&sim->prng, 5))
        request.side = (uint8_t)(1 + ll_prng_below(&sim->prng, ll_prng_chance(&sim->prng, 10) ? 4 : 3));
    if (ll_prng_chance(&sim->prng, 5))
        request.instrument = ll_prng_below(&sim->prng, 5);
    request.quantity = draw_quantity(sim);
    request.minimum = draw_minimum(sim, request.time_in_force, request.quantity);
    if ((request.flags & LL_MATCHING_MARKET) == 0 || ll_prng_chance(&sim->prng, 50))
        request.price = draw_price(sim);
    CHECK(sim, ll_matching_enter(sim->matching, &request, sim->now_ns) ==
                   ll_naive_matching_enter(sim->naive, &request, sim->now_ns));
}

static void step_replace(struct sim *sim)
{
    struct ll_matching_order order = {.price = PRICE_MIDDLE, .quantity = 10};
    struct ll_matching_replace request = {.reference = draw_reference(sim),
                                          .owner = ll_prng_next(&sim->prng),
                                          .time_in_force = draw_time_in_force(sim),
                                          .flags = draw_flags(sim)};
    (void)ll_matching_find(sim->matching, request.reference, &order);
    if (ll_prng_chance(&sim->prng, 600)) {
        request.flags = order.flags;
        request.time_in_force = order.time_in_force;
    }
    bool is_same_price = ll_prng_chance(&sim->prng, 500);
    request.price = is_same_price ? order.price : draw_price(sim);
    request.quantity =
        ll_prng_chance(&sim->prng, 400) ? order.quantity - order.quantity / 20 * 10 : draw_quantity(sim);
    request.minimum = draw_minimum(sim, request.time_in_force, request.quantity);
    if ((request.flags & LL_MATCHING_MARKET) != 0)
        request.price = 0;
    CHECK(sim, ll_matching_replace(sim->matching, &request, sim->now_ns) ==
                   ll_naive_matching_replace(sim->naive, &request, sim->now_ns));
}

static void step_reduce(struct sim *sim)
{
    uint64_t reference = draw_reference(sim);
    uint32_t quantity = ll_prng_chance(&sim->prng, 600) ? 0 : ll_prng_below(&sim->prng, 200);
    enum ll_matching_reason reason =
        ll_prng_chance(&sim->prng, 900) ? LL_MATCHING_REASON_USER : LL_MATCHING_REASON_SUPERVISORY;
    CHECK(sim, ll_matching_reduce(sim->matching, reference, quantity, reason, sim->now_ns) ==
                   ll_naive_matching_reduce(sim->naive, reference, quantity, reason, sim->now_ns));
}

static bool wants_group(void *context, const struct ll_matching_order *order)
{
    return order->group == *(const uint32_t *)context;
}

static void step_mass_cancel(struct sim *sim)
{
    uint32_t group = ll_prng_below(&sim->prng, 5);
    uint32_t instrument = ll_prng_chance(&sim->prng, 500)
                              ? LL_MATCHING_ALL
                              : ll_prng_below(&sim->prng, sim->config.instrument_count);
    CHECK(sim, ll_matching_mass_cancel(sim->matching, instrument, wants_group, &group,
                                       LL_MATCHING_REASON_SYSTEM, sim->now_ns) ==
                   ll_naive_matching_mass_cancel(sim->naive, instrument, wants_group, &group,
                                                 LL_MATCHING_REASON_SYSTEM, sim->now_ns));
}

static void step_break_trade(struct sim *sim)
{
    uint64_t trades = ll_matching_counters(sim->matching)->trades;
    uint64_t match_number =
        sim->config.match_first + (trades > 30 ? trades - 30 : 0) + ll_prng_below(&sim->prng, 32);
    if (ll_prng_chance(&sim->prng, 50))
        match_number = ll_prng_below(&sim->prng, 3);
    CHECK(sim, ll_matching_break_trade(sim->matching, match_number, 'E', sim->now_ns) ==
                   ll_naive_matching_break_trade(sim->naive, match_number, 'E', sim->now_ns));
}

/* A halt soon ends, so that most of the day is trading. */
static void step_trading(struct sim *sim)
{
    uint32_t instrument = ll_prng_below(&sim->prng, sim->config.instrument_count + 1);
    bool halted = ll_prng_chance(&sim->prng, 200);
    enum ll_matching_verdict verdict =
        halted ? ll_matching_halt(sim->matching, instrument, "T1  ", sim->now_ns)
               : ll_matching_resume(sim->matching, instrument, "T3  ", sim->now_ns);
    CHECK(sim, verdict == ll_naive_matching_trading(sim->naive, instrument, halted, halted ? "T1  " : "T3  ",
                                                    sim->now_ns));
}

static void step(struct sim *sim)
{
    uint32_t choice = ll_prng_below(&sim->prng, 1000);
    sim->now_ns += ll_prng_below(&sim->prng, 1000000);
    if (choice < 600)
        step_enter(sim);
    else if (choice < 780)
        step_replace(sim);
    else if (choice < 930)
        step_reduce(sim);
    else if (choice < 935)
        step_mass_cancel(sim);
    else if (choice < 960)
        step_break_trade(sim);
    else
        step_trading(sim);
}

/* Returns the hash of all that was told. */
static uint64_t day(uint64_t seed, int self_trade, int garbage)
{
    struct sim *sim = malloc(sizeof *sim);
    ck_assert_ptr_nonnull(sim);
    sim_open(sim, seed, self_trade, garbage);
    for (uint32_t count = 0; count < STEPS; count++) {
        step(sim);
        check_events(sim);
        check_conserved(sim);
        ll_matching_check(sim->matching);
        if (count % 50 == 0) {
            check_levels(sim);
            check_orders(sim);
        }
    }
    ll_matching_end_of_day(sim->matching, sim->now_ns);
    ll_naive_matching_end_of_day(sim->naive, sim->now_ns);
    check_events(sim);
    check_conserved(sim);
    CHECK(sim, ll_naive_matching_live_count(sim->naive) == 0);
    CHECK(sim, ll_matching_counters(sim->matching)->orders_live == 0);
    for (uint32_t count = 0; count < 100; count++) { /* the day is over, and stays over */
        step(sim);
        check_events(sim);
    }
    const struct ll_matching_counters *counters = ll_matching_counters(sim->matching);
    CHECK(sim, counters->trades > STEPS / 60);
    CHECK(sim, counters->replaced > 0 && counters->rejected > 0 && counters->broken > 0);
    CHECK(sim, 2 * counters->quantity_traded == sim->sums.executed);
    uint64_t hash = sim->hash;
    sim_close(sim);
    free(sim);
    return hash;
}

START_TEST(every_event_is_that_of_the_simplest_engine)
{
    uint64_t seed = ll_test_seed("every_event_is_that_of_the_simplest_engine");
    for (uint64_t each = seed; each < seed + SEEDS_PER_CASE; each++)
        (void)day(each, _i, 0xA5);
}
END_TEST

START_TEST(same_requests_same_events)
{
    uint64_t seed = ll_test_seed("same_requests_same_events");
    uint64_t first = day(seed, _i, 0xA5);
    ck_assert_uint_eq(first, day(seed, _i, 0x5A));
    ck_assert_uint_ne(first, day(seed + 1, _i, 0xA5));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("matching_random");
    TCase *random = tcase_create("random");
    tcase_set_timeout(random, 120);
    tcase_add_loop_test(random, every_event_is_that_of_the_simplest_engine, LL_MATCHING_SELF_CANCEL_NEWEST,
                        LL_MATCHING_SELF_DECREMENT + 1);
    tcase_add_loop_test(random, same_requests_same_events, LL_MATCHING_SELF_CANCEL_NEWEST,
                        LL_MATCHING_SELF_DECREMENT + 1);
    suite_add_tcase(suite, random);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
