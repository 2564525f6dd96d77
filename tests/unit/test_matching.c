/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: each rule of the simulated exchange's matching, by name. Method: a few requests, and the lines of
 * tests/model/ll_matching_log.h that must come of them, no more and no fewer; limits at their edge, every
 * verdict. Random requests are in test_matching_random.c.
 */
#include "host/exchange/ll_matching.h"

#include "tests/model/ll_matching_log.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD_BYTES = 64, GUARD = 0x5A, AAPL = 0, MSFT = 1 };

#define NOW UINT64_C(34200000000000)

/* A tick is 100, a penny; the prior close 1000 ticks. Quantities of MSFT are whole lots. */
static const struct ll_matching_instrument table[] = {
    {"AAPL    ", 7, 100, 100, false, 100000},
    {"MSFT    ", 8, 100, 100, true, 100000},
};

struct exchange {
    struct ll_matching_config config;
    struct ll_matching *matching;
    struct ll_matching_log log;
    unsigned char *memory;
    size_t footprint_bytes;
};

static struct exchange fix; /* one per test: made by setup, ended by teardown */

static void open_exchange(void)
{
    struct ll_matching_handler handler = ll_matching_log_handler(&fix.log);
    struct ll_why why = {0};
    void *memory = NULL;
    ll_matching_log_init(&fix.log, false);
    fix.footprint_bytes = ll_matching_footprint_bytes(&fix.config);
    ck_assert_uint_gt(fix.footprint_bytes, 0);
    ck_assert_int_eq(posix_memalign(&memory, 64, fix.footprint_bytes + GUARD_BYTES), 0);
    memset(memory, GUARD, fix.footprint_bytes + GUARD_BYTES);
    fix.memory = memory;
    int code = ll_matching_init(&fix.matching, memory, fix.footprint_bytes, &fix.config, &handler, 1, &why);
    ck_assert_msg(code == LL_OK, "%s", why.text);
}

static void setup(void)
{
    fix.config = (struct ll_matching_config){.instruments = table,
                                             .instrument_count = 2,
                                             .orders_max = 8,
                                             .trades_max = 4,
                                             .reference_first = 1,
                                             .match_first = 1,
                                             .replace_keeps_priority = true};
    open_exchange();
}

static void teardown(void)
{
    ll_matching_check(fix.matching);
    for (size_t i = 0; i < GUARD_BYTES; i++)
        ck_assert_uint_eq(fix.memory[fix.footprint_bytes + i], GUARD);
    free(fix.memory);
}

/* The exchange anew, after a change of its config. */
static void reopen(void)
{
    teardown();
    open_exchange();
}

/* Since the last time, exactly these lines. */
static void told(const char *lines)
{
    ck_assert_str_eq(ll_matching_log_take(&fix.log), lines);
    ll_matching_check(fix.matching);
}

static struct ll_matching_enter order(uint64_t owner, char side, uint32_t quantity, uint32_t price)
{
    return (struct ll_matching_enter){.owner = owner,
                                      .instrument = AAPL,
                                      .quantity = quantity,
                                      .price = price,
                                      .side = side == 'B' ? LL_MATCHING_BUY : LL_MATCHING_SELL};
}

static enum ll_matching_verdict enter(struct ll_matching_enter request)
{
    return ll_matching_enter(fix.matching, &request, NOW);
}

/* An order that the test needs, but is not about. */
static void rests(uint64_t owner, char side, uint32_t quantity, uint32_t price, uint32_t flags,
                  uint32_t group)
{
    struct ll_matching_enter request = order(owner, side, quantity, price);
    request.flags = (uint8_t)flags;
    request.group = group;
    ck_assert_int_eq(enter(request), LL_MATCHING_OK);
    (void)ll_matching_log_take(&fix.log);
}

static enum ll_matching_verdict replace(uint64_t reference, uint64_t owner, uint32_t quantity, uint32_t price)
{
    struct ll_matching_replace request = {
        .reference = reference, .owner = owner, .quantity = quantity, .price = price};
    return ll_matching_replace(fix.matching, &request, NOW);
}

static enum ll_matching_verdict reduce(uint64_t reference, uint32_t quantity)
{
    return ll_matching_reduce(fix.matching, reference, quantity, LL_MATCHING_REASON_USER, NOW);
}

/* --- priority ------------------------------------------------------------------------------------------- */

START_TEST(an_order_that_meets_nothing_rests)
{
    ck_assert_int_eq(enter(order(11, 'B', 100, 100000)), LL_MATCHING_OK);
    told("accepted 1 o11 B 100@100000\n"
         "booked 1 100@100000\n");
    ck_assert_int_eq(enter(order(12, 'S', 100, 100100)), LL_MATCHING_OK);
    told("accepted 2 o12 S 100@100100\n"
         "booked 2 100@100100\n");
}
END_TEST

START_TEST(a_trade_has_the_resting_price)
{
    rests(11, 'S', 100, 100000, 0, 0);
    (void)enter(order(12, 'B', 40, 100500));
    told("accepted 2 o12 B 40@100500\n"
         "maker 1 o11 m1 40@100000 left 60\n"
         "taker 2 o12 m1 40@100000 left 0\n");
}
END_TEST

START_TEST(the_better_price_comes_first)
{
    rests(11, 'S', 10, 100200, 0, 0);
    rests(12, 'S', 10, 100000, 0, 0);
    rests(13, 'S', 10, 100100, 0, 0);
    (void)enter(order(14, 'B', 30, 100200));
    told("accepted 4 o14 B 30@100200\n"
         "maker 2 o12 m1 10@100000 left 0\n"
         "taker 4 o14 m1 10@100000 left 20\n"
         "maker 3 o13 m2 10@100100 left 0\n"
         "taker 4 o14 m2 10@100100 left 10\n"
         "maker 1 o11 m3 10@100200 left 0\n"
         "taker 4 o14 m3 10@100200 left 0\n");
    rests(15, 'B', 10, 99900, 0, 0);
    rests(16, 'B', 10, 100000, 0, 0);
    (void)enter(order(17, 'S', 20, 99900));
    told("accepted 7 o17 S 20@99900\n"
         "maker 6 o16 m4 10@100000 left 0\n"
         "taker 7 o17 m4 10@100000 left 10\n"
         "maker 5 o15 m5 10@99900 left 0\n"
         "taker 7 o17 m5 10@99900 left 0\n");
}
END_TEST

START_TEST(of_equal_prices_the_earlier_comes_first)
{
    rests(11, 'B', 10, 100000, 0, 0);
    rests(12, 'B', 10, 100000, 0, 0);
    (void)enter(order(13, 'S', 15, 100000));
    told("accepted 3 o13 S 15@100000\n"
         "maker 1 o11 m1 10@100000 left 0\n"
         "taker 3 o13 m1 10@100000 left 5\n"
         "maker 2 o12 m2 5@100000 left 5\n"
         "taker 3 o13 m2 5@100000 left 0\n");
}
END_TEST

START_TEST(displayed_comes_before_hidden_at_one_price_only)
{
    rests(11, 'S', 10, 100100, LL_MATCHING_HIDDEN, 0);
    rests(12, 'S', 10, 100100, 0, 0);
    rests(13, 'S', 10, 100000, LL_MATCHING_HIDDEN, 0);
    (void)enter(order(14, 'B', 30, 100100));
    told("accepted 4 o14 B 30@100100\n"
         "maker 3 o13 m1 10@100000 left 0\n"
         "taker 4 o14 m1 10@100000 left 20\n"
         "maker 2 o12 m2 10@100100 left 0\n"
         "taker 4 o14 m2 10@100100 left 10\n"
         "maker 1 o11 m3 10@100100 left 0\n"
         "taker 4 o14 m3 10@100100 left 0\n");
}
END_TEST

START_TEST(what_is_left_of_a_day_order_rests)
{
    rests(11, 'S', 10, 100000, 0, 0);
    (void)enter(order(12, 'B', 25, 100000));
    told("accepted 2 o12 B 25@100000\n"
         "maker 1 o11 m1 10@100000 left 0\n"
         "taker 2 o12 m1 10@100000 left 15\n"
         "booked 2 15@100000\n");
}
END_TEST

START_TEST(short_sales_stand_on_the_sell_side)
{
    struct ll_matching_enter request = order(11, 'S', 10, 100000);
    request.side = LL_MATCHING_SHORT;
    (void)enter(request);
    request.side = LL_MATCHING_SHORT_EXEMPT;
    (void)enter(request);
    told("accepted 1 o11 T 10@100000\n"
         "booked 1 10@100000\n"
         "accepted 2 o11 E 10@100000\n"
         "booked 2 10@100000\n");
    (void)enter(order(12, 'B', 10, 100000));
    told("accepted 3 o12 B 10@100000\n"
         "maker 1 o11 m1 10@100000 left 0\n"
         "taker 3 o12 m1 10@100000 left 0\n");
}
END_TEST

START_TEST(instruments_do_not_meet)
{
    rests(11, 'S', 100, 100000, 0, 0);
    struct ll_matching_enter request = order(12, 'B', 100, 100000);
    request.instrument = MSFT;
    (void)enter(request);
    told("accepted 2 o12 B 100@100000\n"
         "booked 2 100@100000\n");
}
END_TEST

/* --- orders that do not rest ---------------------------------------------------------------------------- */

START_TEST(ioc_cancels_what_does_not_trade)
{
    rests(11, 'S', 10, 100000, 0, 0);
    struct ll_matching_enter request = order(12, 'B', 25, 100000);
    request.time_in_force = LL_MATCHING_IOC;
    (void)enter(request);
    told("accepted 2 o12 B 25@100000\n"
         "maker 1 o11 m1 10@100000 left 0\n"
         "taker 2 o12 m1 10@100000 left 15\n"
         "cancelled 2 o12 15 left 0 I\n");
}
END_TEST

START_TEST(fok_is_all_or_nothing)
{
    rests(11, 'S', 10, 100000, 0, 0);
    rests(12, 'S', 10, 100100, 0, 0);
    struct ll_matching_enter request = order(13, 'B', 21, 100100);
    request.time_in_force = LL_MATCHING_FOK;
    (void)enter(request);
    told("accepted 3 o13 B 21@100100\n"
         "cancelled 3 o13 21 left 0 I\n");
    request.quantity = 20;
    (void)enter(request);
    told("accepted 4 o13 B 20@100100\n"
         "maker 1 o11 m1 10@100000 left 0\n"
         "taker 4 o13 m1 10@100000 left 10\n"
         "maker 2 o12 m2 10@100100 left 0\n"
         "taker 4 o13 m2 10@100100 left 0\n");
}
END_TEST

START_TEST(a_minimum_is_met_or_nothing_trades)
{
    rests(11, 'S', 10, 100000, LL_MATCHING_HIDDEN, 0);
    struct ll_matching_enter request = order(12, 'B', 30, 100000);
    request.time_in_force = LL_MATCHING_IOC;
    request.minimum = 11;
    (void)enter(request);
    told("accepted 2 o12 B 30@100000\n"
         "cancelled 2 o12 30 left 0 I\n");
    request.minimum = 10;
    (void)enter(request);
    told("accepted 3 o12 B 30@100000\n"
         "maker 1 o11 m1 10@100000 left 0\n"
         "taker 3 o12 m1 10@100000 left 20\n"
         "cancelled 3 o12 20 left 0 I\n");
}
END_TEST

START_TEST(a_market_order_takes_any_price_and_never_rests)
{
    rests(11, 'S', 10, 100000, 0, 0);
    rests(12, 'S', 10, 1999999900, 0, 0);
    struct ll_matching_enter request = order(13, 'B', 30, 0);
    request.flags = LL_MATCHING_MARKET;
    (void)enter(request);
    told("accepted 3 o13 B 30@0\n"
         "maker 1 o11 m1 10@100000 left 0\n"
         "taker 3 o13 m1 10@100000 left 20\n"
         "maker 2 o12 m2 10@1999999900 left 0\n"
         "taker 3 o13 m2 10@1999999900 left 10\n"
         "cancelled 3 o13 10 left 0 I\n");
    rests(14, 'B', 10, 100, 0, 0);
    request = order(15, 'S', 10, 0);
    request.flags = LL_MATCHING_MARKET;
    (void)enter(request);
    told("accepted 5 o15 S 10@0\n"
         "maker 4 o14 m3 10@100 left 0\n"
         "taker 5 o15 m3 10@100 left 0\n");
}
END_TEST

START_TEST(post_only_goes_rather_than_trades)
{
    rests(11, 'S', 10, 100000, LL_MATCHING_HIDDEN, 0);
    struct ll_matching_enter request = order(12, 'B', 10, 100000);
    request.flags = LL_MATCHING_POST_ONLY;
    (void)enter(request);
    told("accepted 2 o12 B 10@100000\n"
         "cancelled 2 o12 10 left 0 F\n");
    request.price = 99900;
    (void)enter(request);
    told("accepted 3 o12 B 10@99900\n"
         "booked 3 10@99900\n");
}
END_TEST

/* --- self-trade prevention ------------------------------------------------------------------------------ */

START_TEST(self_match_cancels_the_newest)
{
    rests(11, 'S', 10, 100000, 0, 0);
    rests(12, 'S', 10, 100000, 0, 5);
    rests(13, 'S', 10, 100000, 0, 0);
    struct ll_matching_enter request = order(14, 'B', 30, 100000);
    request.group = 5;
    (void)enter(request);
    told("accepted 4 o14 B 30@100000\n"
         "maker 1 o11 m1 10@100000 left 0\n"
         "taker 4 o14 m1 10@100000 left 20\n"
         "cancelled 4 o14 20 left 0 Q prevented 10@100000 taker\n");
}
END_TEST

START_TEST(self_match_cancels_the_oldest)
{
    fix.config.self_trade = LL_MATCHING_SELF_CANCEL_OLDEST;
    reopen();
    rests(11, 'S', 20, 100000, 0, 5);
    rests(12, 'S', 10, 100000, 0, 0);
    struct ll_matching_enter request = order(13, 'B', 15, 100000);
    request.group = 5;
    (void)enter(request);
    told("accepted 3 o13 B 15@100000\n"
         "cancelled 1 o11 20 left 0 Q prevented 15@100000 maker\n"
         "maker 2 o12 m1 10@100000 left 0\n"
         "taker 3 o13 m1 10@100000 left 5\n"
         "booked 3 5@100000\n");
}
END_TEST

START_TEST(self_match_decrements_both)
{
    fix.config.self_trade = LL_MATCHING_SELF_DECREMENT;
    reopen();
    rests(11, 'S', 20, 100000, 0, 5);
    struct ll_matching_enter request = order(12, 'B', 15, 100000);
    request.group = 5;
    (void)enter(request);
    told("accepted 2 o12 B 15@100000\n"
         "cancelled 1 o11 15 left 5 Q prevented 15@100000 maker\n"
         "cancelled 2 o12 15 left 0 Q prevented 15@100000 taker\n");
    request.quantity = 7;
    (void)enter(request);
    told("accepted 3 o12 B 7@100000\n"
         "cancelled 1 o11 5 left 0 Q prevented 5@100000 maker\n"
         "cancelled 3 o12 5 left 2 Q prevented 5@100000 taker\n"
         "booked 3 2@100000\n");
}
END_TEST

START_TEST(no_group_never_matches_itself)
{
    rests(11, 'S', 10, 100000, 0, 0);
    (void)enter(order(11, 'B', 10, 100000));
    told("accepted 2 o11 B 10@100000\n"
         "maker 1 o11 m1 10@100000 left 0\n"
         "taker 2 o11 m1 10@100000 left 0\n");
}
END_TEST

/* What stands behind an own order does not count, or it does, by policy. */
START_TEST(a_fill_or_kill_counts_what_a_self_match_leaves)
{
    static const char *const lines[] = {
        "accepted 3 o13 B 20@100000\n"
        "cancelled 3 o13 20 left 0 I\n",
        "accepted 3 o13 B 20@100000\n"
        "cancelled 1 o11 5 left 0 Q prevented 5@100000 maker\n"
        "maker 2 o12 m1 20@100000 left 0\n"
        "taker 3 o13 m1 20@100000 left 0\n",
        "accepted 3 o13 B 20@100000\n"
        "cancelled 3 o13 20 left 0 I\n",
    };
    fix.config.self_trade = (enum ll_matching_self_trade)_i;
    reopen();
    rests(11, 'S', 5, 100000, 0, 5);
    rests(12, 'S', 20, 100000, 0, 0);
    struct ll_matching_enter request = order(13, 'B', 20, 100000);
    request.group = 5;
    request.time_in_force = LL_MATCHING_FOK;
    (void)enter(request);
    told(lines[_i]);
}
END_TEST

/* --- replace -------------------------------------------------------------------------------------------- */

START_TEST(replace_downwards_keeps_its_place)
{
    rests(11, 'B', 10, 100000, 0, 0);
    rests(12, 'B', 10, 100000, 0, 0);
    ck_assert_int_eq(replace(1, 13, 8, 100000), LL_MATCHING_OK);
    told("replaced 1 by 3 o13 8@100000 rests keeps\n"
         "booked 3 8@100000 for 1\n");
    (void)enter(order(14, 'S', 8, 100000));
    told("accepted 4 o14 S 8@100000\n"
         "maker 3 o13 m1 8@100000 left 0\n"
         "taker 4 o14 m1 8@100000 left 0\n");
}
END_TEST

START_TEST(replace_upwards_goes_to_the_end)
{
    rests(11, 'B', 10, 100000, 0, 0);
    rests(12, 'B', 10, 100000, 0, 0);
    (void)replace(1, 13, 11, 100000);
    told("replaced 1 by 3 o13 11@100000 rests\n"
         "booked 3 11@100000 for 1\n");
    (void)enter(order(14, 'S', 8, 100000));
    told("accepted 4 o14 S 8@100000\n"
         "maker 2 o12 m1 8@100000 left 2\n"
         "taker 4 o14 m1 8@100000 left 0\n");
}
END_TEST

START_TEST(replace_to_hidden_goes_to_the_end)
{
    rests(11, 'B', 10, 100000, 0, 0);
    rests(12, 'B', 10, 100000, LL_MATCHING_HIDDEN, 0);
    struct ll_matching_replace request = {
        .reference = 1, .owner = 13, .quantity = 10, .price = 100000, .flags = LL_MATCHING_HIDDEN};
    (void)ll_matching_replace(fix.matching, &request, NOW);
    told("replaced 1 by 3 o13 10@100000 rests\n"
         "booked 3 10@100000 for 1\n");
    (void)enter(order(14, 'S', 8, 100000));
    told("accepted 4 o14 S 8@100000\n"
         "maker 2 o12 m1 8@100000 left 2\n"
         "taker 4 o14 m1 8@100000 left 0\n");
}
END_TEST

START_TEST(no_replace_keeps_its_place_where_the_config_says_so)
{
    fix.config.replace_keeps_priority = false;
    reopen();
    rests(11, 'B', 10, 100000, 0, 0);
    (void)replace(1, 12, 10, 100000);
    told("replaced 1 by 2 o12 10@100000 rests\n"
         "booked 2 10@100000 for 1\n");
}
END_TEST

START_TEST(a_replace_may_trade)
{
    rests(11, 'S', 10, 100100, 0, 0);
    rests(12, 'B', 10, 100000, 0, 0);
    (void)replace(2, 13, 15, 100100);
    told("replaced 2 by 3 o13 15@100100\n"
         "maker 1 o11 m1 10@100100 left 0\n"
         "taker 3 o13 m1 10@100100 left 5\n"
         "booked 3 5@100100\n");
}
END_TEST

START_TEST(a_replace_to_ioc_ends)
{
    rests(11, 'B', 10, 100000, 0, 0);
    struct ll_matching_replace request = {
        .reference = 1, .owner = 12, .quantity = 10, .price = 100000, .time_in_force = LL_MATCHING_IOC};
    (void)ll_matching_replace(fix.matching, &request, NOW);
    told("replaced 1 by 2 o12 10@100000\n"
         "cancelled 2 o12 10 left 0 I\n");
}
END_TEST

START_TEST(a_refused_replace_leaves_the_order)
{
    rests(11, 'B', 10, 100000, 0, 0);
    ck_assert_int_eq(replace(1, 12, 1000000, 100000), LL_MATCHING_BAD_QUANTITY);
    ck_assert_int_eq(replace(1, 12, 10, 100001), LL_MATCHING_BAD_PRICE);
    told("rejected o12 of 1 bad_quantity\n"
         "rejected o12 of 1 bad_price\n");
    struct ll_matching_order found;
    ck_assert(ll_matching_find(fix.matching, 1, &found));
    ck_assert_uint_eq(found.owner, 11);
    ck_assert_uint_eq(found.quantity, 10);
}
END_TEST

START_TEST(the_old_reference_is_gone)
{
    rests(11, 'B', 10, 100000, 0, 0);
    (void)replace(1, 12, 10, 100000);
    (void)ll_matching_log_take(&fix.log);
    ck_assert_int_eq(replace(1, 13, 10, 100000), LL_MATCHING_UNKNOWN_ORDER);
    told("rejected o13 of 1 unknown_order\n");
    ck_assert_int_eq(reduce(1, 0), LL_MATCHING_UNKNOWN_ORDER);
    told("");
    ck_assert_int_eq(reduce(2, 0), LL_MATCHING_OK);
    told("cancelled 2 o12 10 left 0 U\n");
}
END_TEST

/* --- reduce and cancel ---------------------------------------------------------------------------------- */

START_TEST(reduce_keeps_its_place)
{
    rests(11, 'B', 10, 100000, 0, 0);
    rests(12, 'B', 10, 100000, 0, 0);
    ck_assert_int_eq(reduce(1, 4), LL_MATCHING_OK);
    told("cancelled 1 o11 6 left 4 U\n");
    (void)enter(order(13, 'S', 5, 100000));
    told("accepted 3 o13 S 5@100000\n"
         "maker 1 o11 m1 4@100000 left 0\n"
         "taker 3 o13 m1 4@100000 left 1\n"
         "maker 2 o12 m2 1@100000 left 9\n"
         "taker 3 o13 m2 1@100000 left 0\n");
}
END_TEST

START_TEST(reduce_to_no_less_than_is_open_does_nothing)
{
    rests(11, 'B', 10, 100000, 0, 0);
    ck_assert_int_eq(reduce(1, 10), LL_MATCHING_NO_CHANGE);
    ck_assert_int_eq(reduce(1, 11), LL_MATCHING_NO_CHANGE);
    told("");
}
END_TEST

START_TEST(cancel_says_its_reason)
{
    rests(11, 'B', 10, 100000, 0, 0);
    ck_assert_int_eq(ll_matching_cancel(fix.matching, 1, LL_MATCHING_REASON_SUPERVISORY, NOW),
                     LL_MATCHING_OK);
    told("cancelled 1 o11 10 left 0 S\n");
    ck_assert_int_eq(ll_matching_cancel(fix.matching, 1, LL_MATCHING_REASON_USER, NOW),
                     LL_MATCHING_UNKNOWN_ORDER);
    told("");
}
END_TEST

static bool wants_group(void *context, const struct ll_matching_order *wanted)
{
    return wanted->group == *(const uint32_t *)context;
}

START_TEST(mass_cancel_takes_what_is_wanted_in_order)
{
    uint32_t group = 5;
    rests(11, 'S', 10, 100100, 0, 5);
    rests(12, 'B', 10, 99800, 0, 5);
    rests(13, 'B', 10, 99900, 0, 4);
    rests(14, 'B', 10, 99900, LL_MATCHING_HIDDEN, 5);
    rests(15, 'B', 10, 99900, 0, 5);
    struct ll_matching_enter request = order(16, 'B', 100, 100000);
    request.instrument = MSFT;
    request.group = 5;
    (void)enter(request);
    (void)ll_matching_log_take(&fix.log);
    ck_assert_uint_eq(
        ll_matching_mass_cancel(fix.matching, AAPL, wants_group, &group, LL_MATCHING_REASON_USER, NOW), 4);
    told("cancelled 5 o15 10 left 0 U\n"
         "cancelled 4 o14 10 left 0 U\n"
         "cancelled 2 o12 10 left 0 U\n"
         "cancelled 1 o11 10 left 0 U\n");
    ck_assert_uint_eq(ll_matching_mass_cancel(fix.matching, LL_MATCHING_ALL, wants_group, &group,
                                              LL_MATCHING_REASON_USER, NOW),
                      1);
    told("cancelled 6 o16 100 left 0 U\n");
}
END_TEST

/* --- broken trades, halts, the end ---------------------------------------------------------------------- */

START_TEST(a_trade_is_broken_once_and_brings_nothing_back)
{
    rests(11, 'S', 10, 100000, 0, 0);
    (void)enter(order(12, 'B', 10, 100000));
    (void)ll_matching_log_take(&fix.log);
    ck_assert_int_eq(ll_matching_break_trade(fix.matching, 1, 'E', NOW), LL_MATCHING_OK);
    told("broken 1 o11 m1 10@100000 maker E\n"
         "broken 2 o12 m1 10@100000 taker E\n");
    ck_assert_int_eq(ll_matching_break_trade(fix.matching, 1, 'E', NOW), LL_MATCHING_BROKEN_BEFORE);
    ck_assert_int_eq(ll_matching_break_trade(fix.matching, 2, 'E', NOW), LL_MATCHING_UNKNOWN_TRADE);
    ck_assert_int_eq(ll_matching_break_trade(fix.matching, 0, 'E', NOW), LL_MATCHING_UNKNOWN_TRADE);
    told("");
    ck_assert_uint_eq(ll_matching_counters(fix.matching)->orders_live, 0);
}
END_TEST

START_TEST(a_broken_trade_names_the_owner_at_the_time)
{
    rests(11, 'S', 10, 100000, 0, 0);
    (void)enter(order(12, 'B', 4, 100000));
    (void)replace(1, 13, 6, 100000);
    (void)ll_matching_log_take(&fix.log);
    (void)ll_matching_break_trade(fix.matching, 1, 'C', NOW);
    told("broken 1 o11 m1 4@100000 maker C\n"
         "broken 2 o12 m1 4@100000 taker C\n");
}
END_TEST

START_TEST(only_the_latest_trades_can_be_broken)
{
    rests(11, 'S', 10, 100000, 0, 0);
    for (int count = 0; count < 5; count++)
        (void)enter(order(12, 'B', 1, 100000));
    (void)ll_matching_log_take(&fix.log);
    ck_assert_int_eq(ll_matching_break_trade(fix.matching, 1, 'E', NOW), LL_MATCHING_UNKNOWN_TRADE);
    ck_assert_int_eq(ll_matching_break_trade(fix.matching, 2, 'E', NOW), LL_MATCHING_OK);
}
END_TEST

START_TEST(while_halted_orders_only_go)
{
    rests(11, 'B', 10, 100000, 0, 0);
    ck_assert_int_eq(ll_matching_halt(fix.matching, AAPL, "T1  ", NOW), LL_MATCHING_OK);
    ck_assert_int_eq(ll_matching_halt(fix.matching, AAPL, "T1  ", NOW), LL_MATCHING_NO_CHANGE);
    ck_assert_int_eq(ll_matching_halt(fix.matching, 2, "T1  ", NOW), LL_MATCHING_BAD_INSTRUMENT);
    told("trading 0 halted T1  \n");
    ck_assert(ll_matching_is_halted(fix.matching, AAPL));
    ck_assert(!ll_matching_is_halted(fix.matching, MSFT));
    ck_assert_int_eq(enter(order(12, 'B', 10, 100000)), LL_MATCHING_HALTED);
    ck_assert_int_eq(replace(1, 13, 5, 100000), LL_MATCHING_HALTED);
    ck_assert_int_eq(reduce(1, 5), LL_MATCHING_OK);
    told("rejected o12 halted\n"
         "rejected o13 of 1 halted\n"
         "cancelled 1 o11 5 left 5 U\n");
    ck_assert_int_eq(ll_matching_resume(fix.matching, AAPL, "T3  ", NOW), LL_MATCHING_OK);
    ck_assert_int_eq(enter(order(14, 'S', 5, 100000)), LL_MATCHING_OK);
    told("trading 0 resumed T3  \n"
         "accepted 2 o14 S 5@100000\n"
         "maker 1 o11 m1 5@100000 left 0\n"
         "taker 2 o14 m1 5@100000 left 0\n");
}
END_TEST

START_TEST(the_end_of_the_day_ends_every_order)
{
    rests(11, 'B', 10, 100000, 0, 0);
    rests(12, 'S', 10, 100100, LL_MATCHING_HIDDEN, 0);
    ll_matching_end_of_day(fix.matching, NOW);
    told("cancelled 1 o11 10 left 0 E\n"
         "cancelled 2 o12 10 left 0 E\n");
    ck_assert_int_eq(enter(order(13, 'B', 10, 100000)), LL_MATCHING_CLOSED);
    told("rejected o13 closed\n");
}
END_TEST

/* --- refusals and limits -------------------------------------------------------------------------------- */

struct refusal {
    struct ll_matching_enter request;
    enum ll_matching_verdict verdict;
};

static const struct refusal refusals[] = {
    {{.instrument = 2, .quantity = 1, .price = 100}, LL_MATCHING_BAD_INSTRUMENT},
    {{.side = 4, .quantity = 1, .price = 100}, LL_MATCHING_BAD_SIDE},
    {{.time_in_force = 3, .quantity = 1, .price = 100}, LL_MATCHING_BAD_TIME_IN_FORCE},
    {{.flags = 16, .quantity = 1, .price = 100}, LL_MATCHING_BAD_FLAGS},
    {{.flags = LL_MATCHING_POST_ONLY, .time_in_force = LL_MATCHING_IOC, .quantity = 1, .price = 100},
     LL_MATCHING_BAD_FLAGS},
    {{.flags = LL_MATCHING_POST_ONLY | LL_MATCHING_MARKET, .quantity = 1}, LL_MATCHING_BAD_FLAGS},
    {{.flags = LL_MATCHING_HIDDEN | LL_MATCHING_ATTRIBUTED, .quantity = 1, .price = 100},
     LL_MATCHING_BAD_FLAGS},
    {{.quantity = 0, .price = 100}, LL_MATCHING_BAD_QUANTITY},
    {{.quantity = 999999, .price = 100}, LL_MATCHING_OK},
    {{.quantity = 1000000, .price = 100}, LL_MATCHING_BAD_QUANTITY},
    {{.instrument = MSFT, .quantity = 150, .price = 100}, LL_MATCHING_BAD_QUANTITY},
    {{.instrument = MSFT, .quantity = 200, .price = 100}, LL_MATCHING_OK},
    {{.quantity = 1, .price = 0}, LL_MATCHING_BAD_PRICE},
    {{.quantity = 1, .price = 150}, LL_MATCHING_BAD_PRICE},
    {{.quantity = 1, .price = 1999999900}, LL_MATCHING_OK},
    {{.quantity = 1, .price = 2000000000}, LL_MATCHING_BAD_PRICE},
    {{.quantity = 1, .flags = LL_MATCHING_MARKET, .price = 100}, LL_MATCHING_BAD_PRICE},
    {{.quantity = 10, .minimum = 11, .time_in_force = LL_MATCHING_IOC, .price = 100},
     LL_MATCHING_BAD_MINIMUM},
    {{.quantity = 10, .minimum = 10, .time_in_force = LL_MATCHING_IOC, .price = 100}, LL_MATCHING_OK},
    {{.quantity = 10, .minimum = 1, .price = 100}, LL_MATCHING_BAD_MINIMUM},
};

START_TEST(bad_requests_are_refused_by_name)
{
    struct ll_matching_enter request = refusals[_i].request;
    request.owner = 11;
    ck_assert_int_eq(enter(request), refusals[_i].verdict);
    const char *line = ll_matching_log_take(&fix.log);
    if (refusals[_i].verdict == LL_MATCHING_OK) {
        ck_assert_ptr_eq(strstr(line, "rejected"), NULL);
        return;
    }
    ck_assert_ptr_eq(strstr(line, "rejected o11 "), line);
    ck_assert_ptr_nonnull(strstr(line, ll_matching_verdict_name(refusals[_i].verdict)));
    ck_assert_uint_eq(ll_matching_counters(fix.matching)->orders_live, 0);
}
END_TEST

START_TEST(a_price_beyond_the_band_is_refused)
{
    fix.config.band_per_mille = 100;
    reopen();
    ck_assert_int_eq(enter(order(11, 'B', 1, 89900)), LL_MATCHING_PRICE_BAND);
    ck_assert_int_eq(enter(order(11, 'B', 1, 90000)), LL_MATCHING_OK);
    ck_assert_int_eq(enter(order(11, 'S', 1, 110000)), LL_MATCHING_OK);
    ck_assert_int_eq(enter(order(11, 'S', 1, 110100)), LL_MATCHING_PRICE_BAND);
}
END_TEST

START_TEST(a_full_exchange_refuses_and_recovers)
{
    for (uint32_t count = 0; count < 8; count++)
        rests(11, 'B', 10, 100000 + 100 * count, 0, 0);
    ck_assert_int_eq(enter(order(12, 'S', 10, 100000)), LL_MATCHING_FULL);
    told("rejected o12 full\n");
    ck_assert_int_eq(replace(1, 13, 20, 99000), LL_MATCHING_OK); /* needs no more room */
    ck_assert_int_eq(reduce(9, 0), LL_MATCHING_OK);
    ck_assert_int_eq(enter(order(12, 'S', 80, 100000)), LL_MATCHING_OK);
    ck_assert_uint_eq(ll_matching_counters(fix.matching)->orders_live, 1);
    ck_assert_uint_eq(ll_matching_counters(fix.matching)->orders_live_max, 8);
    (void)ll_matching_log_take(&fix.log);
}
END_TEST

START_TEST(levels_say_what_rests)
{
    struct ll_matching_level levels[4];
    rests(11, 'B', 10, 100000, 0, 0);
    rests(12, 'B', 20, 100000, LL_MATCHING_HIDDEN, 0);
    rests(13, 'B', 30, 99900, 0, 0);
    ck_assert_uint_eq(ll_matching_levels(fix.matching, AAPL, LL_MATCHING_BUY, levels, 4), 2);
    ck_assert_uint_eq(levels[0].price, 100000);
    ck_assert_uint_eq(levels[0].orders_displayed, 1);
    ck_assert_uint_eq(levels[0].quantity_displayed, 10);
    ck_assert_uint_eq(levels[0].orders_hidden, 1);
    ck_assert_uint_eq(levels[0].quantity_hidden, 20);
    ck_assert_uint_eq(levels[1].price, 99900);
    ck_assert_uint_eq(ll_matching_levels(fix.matching, AAPL, LL_MATCHING_BUY, levels, 1), 1);
    ck_assert_uint_eq(ll_matching_levels(fix.matching, AAPL, LL_MATCHING_SELL, levels, 4), 0);
    ck_assert_uint_eq(ll_matching_levels(fix.matching, MSFT, LL_MATCHING_BUY, levels, 4), 0);
}
END_TEST

START_TEST(symbols_are_found)
{
    ck_assert_uint_eq(ll_matching_instrument_count(fix.matching), 2);
    ck_assert_uint_eq(ll_matching_find_symbol(fix.matching, "AAPL    "), AAPL);
    ck_assert_uint_eq(ll_matching_find_symbol(fix.matching, "MSFT    "), MSFT);
    ck_assert_uint_eq(ll_matching_find_symbol(fix.matching, "MSFTX   "), LL_MATCHING_ALL);
    ck_assert_uint_eq(ll_matching_instrument(fix.matching, MSFT)->locate, 8);
}
END_TEST

/* --- configs -------------------------------------------------------------------------------------------- */

START_TEST(configs_outside_the_limits_are_refused)
{
    const struct ll_matching_config good = fix.config;
    struct ll_matching_config bad[8];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        bad[i] = good;
    bad[0].instrument_count = 0;
    bad[1].instrument_count = LL_MATCHING_INSTRUMENTS_MAX + 1;
    bad[2].orders_max = 0;
    bad[3].trades_max = 0;
    bad[4].reference_first = 0;
    bad[5].match_first = 0;
    bad[6].band_per_mille = 1001;
    bad[7].self_trade = (enum ll_matching_self_trade)3;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ll_matching *made = NULL;
        struct ll_why why = {0};
        ck_assert_uint_eq(ll_matching_footprint_bytes(&bad[i]), 0);
        ck_assert_int_eq(ll_matching_init(&made, fix.memory, fix.footprint_bytes, &bad[i], NULL, 0, &why),
                         LL_ERR_USAGE);
        ck_assert_ptr_null(made);
    }
}
END_TEST

START_TEST(bad_instruments_and_little_memory_are_refused)
{
    struct ll_matching_instrument instruments[2];
    struct ll_matching_config bad = fix.config;
    struct ll_matching *made = NULL;
    bad.instruments = instruments;
    for (int which = 0; which < 6; which++) {
        struct ll_why why = {0};
        memcpy(instruments, table, sizeof instruments);
        instruments[1].locate = which == 0 ? 0 : which == 1 ? instruments[0].locate : instruments[1].locate;
        instruments[1].tick = which == 2 ? 0 : instruments[1].tick;
        instruments[1].lot = which == 3 ? 0 : instruments[1].lot;
        if (which == 4)
            memcpy(instruments[1].symbol, instruments[0].symbol, LL_MATCHING_SYMBOL_BYTES);
        bad.band_per_mille = which == 5 ? 10 : 0;
        instruments[1].prior_close = which == 5 ? 0 : instruments[1].prior_close;
        ck_assert_int_eq(ll_matching_init(&made, fix.memory, fix.footprint_bytes, &bad, NULL, 0, &why),
                         LL_ERR_USAGE);
        ck_assert_int_ne(why.text[0], '\0');
    }
    ck_assert_int_eq(ll_matching_init(&made, fix.memory, fix.footprint_bytes - 1, &fix.config, NULL, 0, NULL),
                     LL_ERR_NO_MEMORY);
    ck_assert_int_eq(ll_matching_init(&made, fix.memory, fix.footprint_bytes, &fix.config, NULL, 0, NULL),
                     LL_OK);
    fix.matching = made;
}
END_TEST

/* --- several handlers ----------------------------------------------------------------------------------- */

static void count_accepted(void *context, const struct ll_matching_accepted *event)
{
    *(uint64_t *)context += event->order.reference;
}

START_TEST(every_handler_is_told_and_may_leave_functions_out)
{
    uint64_t counts[LL_MATCHING_HANDLERS_MAX] = {0};
    struct ll_matching_handler handlers[LL_MATCHING_HANDLERS_MAX] = {0};
    for (uint32_t index = 0; index < LL_MATCHING_HANDLERS_MAX; index++) {
        handlers[index].context = &counts[index];
        handlers[index].accepted = index == 1 ? NULL : count_accepted;
    }
    ck_assert_int_eq(ll_matching_init(&fix.matching, fix.memory, fix.footprint_bytes, &fix.config, handlers,
                                      LL_MATCHING_HANDLERS_MAX, NULL),
                     LL_OK);
    ck_assert_int_eq(enter(order(11, 'B', 10, 100000)), LL_MATCHING_OK);
    ck_assert_uint_eq(counts[0], 1);
    ck_assert_uint_eq(counts[1], 0);
    ck_assert_uint_eq(counts[2], 1);
    ck_assert_uint_eq(counts[3], 1);
}
END_TEST

static void add_priority_tests(TCase *rules)
{
    tcase_add_test(rules, an_order_that_meets_nothing_rests);
    tcase_add_test(rules, a_trade_has_the_resting_price);
    tcase_add_test(rules, the_better_price_comes_first);
    tcase_add_test(rules, of_equal_prices_the_earlier_comes_first);
    tcase_add_test(rules, displayed_comes_before_hidden_at_one_price_only);
    tcase_add_test(rules, what_is_left_of_a_day_order_rests);
    tcase_add_test(rules, short_sales_stand_on_the_sell_side);
    tcase_add_test(rules, instruments_do_not_meet);
    tcase_add_test(rules, ioc_cancels_what_does_not_trade);
    tcase_add_test(rules, fok_is_all_or_nothing);
    tcase_add_test(rules, a_minimum_is_met_or_nothing_trades);
    tcase_add_test(rules, a_market_order_takes_any_price_and_never_rests);
    tcase_add_test(rules, post_only_goes_rather_than_trades);
    tcase_add_test(rules, self_match_cancels_the_newest);
    tcase_add_test(rules, self_match_cancels_the_oldest);
    tcase_add_test(rules, self_match_decrements_both);
    tcase_add_test(rules, no_group_never_matches_itself);
    tcase_add_loop_test(rules, a_fill_or_kill_counts_what_a_self_match_leaves, 0, 3);
}

static void add_change_tests(TCase *rules)
{
    tcase_add_test(rules, replace_downwards_keeps_its_place);
    tcase_add_test(rules, replace_upwards_goes_to_the_end);
    tcase_add_test(rules, replace_to_hidden_goes_to_the_end);
    tcase_add_test(rules, no_replace_keeps_its_place_where_the_config_says_so);
    tcase_add_test(rules, a_replace_may_trade);
    tcase_add_test(rules, a_replace_to_ioc_ends);
    tcase_add_test(rules, a_refused_replace_leaves_the_order);
    tcase_add_test(rules, the_old_reference_is_gone);
    tcase_add_test(rules, reduce_keeps_its_place);
    tcase_add_test(rules, reduce_to_no_less_than_is_open_does_nothing);
    tcase_add_test(rules, cancel_says_its_reason);
    tcase_add_test(rules, mass_cancel_takes_what_is_wanted_in_order);
    tcase_add_test(rules, a_trade_is_broken_once_and_brings_nothing_back);
    tcase_add_test(rules, a_broken_trade_names_the_owner_at_the_time);
    tcase_add_test(rules, only_the_latest_trades_can_be_broken);
    tcase_add_test(rules, while_halted_orders_only_go);
    tcase_add_test(rules, the_end_of_the_day_ends_every_order);
}

int main(void)
{
    Suite *suite = suite_create("matching");
    TCase *rules = tcase_create("rules");
    tcase_add_checked_fixture(rules, setup, teardown);
    add_priority_tests(rules);
    add_change_tests(rules);
    suite_add_tcase(suite, rules);
    TCase *limits = tcase_create("limits");
    tcase_add_checked_fixture(limits, setup, teardown);
    tcase_add_loop_test(limits, bad_requests_are_refused_by_name, 0,
                        (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(limits, a_price_beyond_the_band_is_refused);
    tcase_add_test(limits, a_full_exchange_refuses_and_recovers);
    tcase_add_test(limits, levels_say_what_rests);
    tcase_add_test(limits, symbols_are_found);
    tcase_add_test(limits, configs_outside_the_limits_are_refused);
    tcase_add_test(limits, bad_instruments_and_little_memory_are_refused);
    tcase_add_test(limits, every_handler_is_told_and_may_leave_functions_out);
    suite_add_tcase(suite, limits);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
