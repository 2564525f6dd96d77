/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: each control passes up to its limit and refuses the first value beyond it, with the right code, limit, scope
 * and value; a refusal changes nothing; what is reserved is released exactly once; latches hold, and come back with a
 * copy of the memory.
 * Method: one case per control around its edge; the life of orders by hand, with the sums after each step.
 */
#include "tests/unit/ll_test_risk.h"

#define BUY         LL_ORDER_BUY
#define SELL        LL_ORDER_SELL
#define PRICE       LL_TEST_REFERENCE
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static struct ll_test_risk test;

static void setup(void)
{
    static const struct ll_test_limit WIDE[] = {LL_TEST_WIDE};
    ll_test_risk_make(&test);
    ll_test_limits(&test.limits, WIDE, COUNT(WIDE));
}

static void teardown(void)
{
    ll_test_risk_free(&test);
}

/* The wide limits and one more. */
static void limit(uint8_t scope, const char *name, uint8_t which, uint64_t value)
{
    struct ll_test_limit values[] = {LL_TEST_WIDE, {scope, name, which, value}};
    size_t count = COUNT(values);
    for (size_t i = 0; i + 1 < count; i++) {
        if (scope == LL_SCOPE_FIRM && values[i].limit == which) {
            values[i].value = value;
            count--;
        }
    }
    ll_test_limits(&test.limits, values, count);
}

static struct ll_refusal_detail refused;

/* Reserves; a refusal must leave everything as it was. */
static enum ll_refusal reserve_at(struct ll_risk_order order, uint64_t now_ns, struct ll_risk_hold *hold)
{
    uint64_t before = ll_risk_hash(&test.risk) ^ ll_guard_hash(&test.guard);
    enum ll_refusal refusal = ll_risk_reserve(&test.risk, &order, now_ns, hold, &refused);
    ck_assert_int_eq(refused.refusal, refusal);
    ck_assert((refusal == LL_REFUSAL_NONE) ==
              (before != (ll_risk_hash(&test.risk) ^ ll_guard_hash(&test.guard))));
    return refusal;
}

static enum ll_refusal reserve(struct ll_risk_order order)
{
    struct ll_risk_hold hold = {0};
    return reserve_at(order, LL_TEST_START, &hold);
}

static void expect(struct ll_risk_order order, enum ll_refusal refusal, uint64_t limit_value, uint64_t value)
{
    ck_assert_msg(reserve(order) == refusal, "%s instead of %s", ll_refusal_name(refused.refusal),
                  ll_refusal_name((uint8_t)refusal));
    ck_assert_uint_eq(refused.limit, limit_value);
    ck_assert_uint_eq(refused.value, value);
}

static struct ll_risk_hold hold_of(struct ll_risk_order order)
{
    struct ll_risk_hold hold = {0};
    ck_assert_msg(reserve_at(order, LL_TEST_START, &hold) == LL_REFUSAL_NONE, "%s",
                  ll_refusal_name(refused.refusal));
    return hold;
}

/* --- controls ------------------------------------------------------------------------------------------- */

START_TEST(nothing_passes_without_limits)
{
    struct ll_test_risk empty;
    struct ll_risk_hold hold;
    struct ll_refusal_detail detail;
    struct ll_risk_order order = ll_test_order(BUY, 1, PRICE);
    ll_test_risk_make(&empty);
    ck_assert_int_eq(ll_risk_reserve(&empty.risk, &order, LL_TEST_START, &hold, &detail),
                     LL_REFUSAL_NO_LIMITS);
    /* A set that was begun and never committed is none. */
    ll_limits_begin(&empty.limits);
    ck_assert_int_eq(ll_risk_reserve(&empty.risk, &order, LL_TEST_START, &hold, &detail),
                     LL_REFUSAL_NO_LIMITS);
    ll_test_risk_free(&empty);
}
END_TEST

START_TEST(collar_stops_the_side_that_crosses)
{
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_COLLAR_BPS, 100);
    expect(ll_test_order(BUY, 1, PRICE + 10000), LL_REFUSAL_NONE, 0, 0);
    expect(ll_test_order(BUY, 1, PRICE + 10100), LL_REFUSAL_COLLAR, PRICE + 10000, PRICE + 10100);
    expect(ll_test_order(SELL, 1, PRICE - 10000), LL_REFUSAL_NONE, 0, 0);
    expect(ll_test_order(SELL, 1, PRICE - 10100), LL_REFUSAL_COLLAR, PRICE - 10000, PRICE - 10100);
    expect(ll_test_order(LL_ORDER_SELL_SHORT, 1, PRICE - 10100), LL_REFUSAL_COLLAR, PRICE - 10000,
           PRICE - 10100);
    /* Away from the market any price may wait. */
    expect(ll_test_order(BUY, 1, 100), LL_REFUSAL_NONE, 0, 0);
    expect(ll_test_order(SELL, 1, PRICE * 5), LL_REFUSAL_NONE, 0, 0);
    /* Of two forms the tighter one. */
    limit(LL_SCOPE_SYMBOL, "SYM0", LL_LIMIT_COLLAR_PRICE, 300);
    expect(ll_test_order(BUY, 1, PRICE + 300), LL_REFUSAL_NONE, 0, 0);
    expect(ll_test_order(BUY, 1, PRICE + 400), LL_REFUSAL_COLLAR, PRICE + 300, PRICE + 400);
    ck_assert_int_eq(refused.which, LL_LIMIT_COLLAR_PRICE);
    ck_assert_int_eq(refused.scope, LL_SCOPE_SYMBOL);
}
END_TEST

START_TEST(collar_of_zero_and_wider_than_the_price)
{
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_COLLAR_BPS, 0);
    expect(ll_test_order(BUY, 1, PRICE), LL_REFUSAL_NONE, 0, 0);
    expect(ll_test_order(BUY, 1, PRICE + 100), LL_REFUSAL_COLLAR, PRICE, PRICE + 100);
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_COLLAR_BPS, 10000);
    expect(ll_test_order(SELL, 1, 100), LL_REFUSAL_NONE, 0, 0);
    expect(ll_test_order(BUY, 1, 2 * PRICE), LL_REFUSAL_NONE, 0, 0);
    expect(ll_test_order(BUY, 1, 2 * PRICE + 100), LL_REFUSAL_COLLAR, 2 * PRICE, 2 * PRICE + 100);
}
END_TEST

START_TEST(a_reference_must_be_there_and_young)
{
    struct ll_risk_hold hold;
    struct ll_risk_order order = ll_test_order(BUY, 1, PRICE);
    uint64_t age = 10 * LL_TEST_S;
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + age, &hold), LL_REFUSAL_NONE);
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + age + 1, &hold), LL_REFUSAL_NO_REFERENCE);
    ck_assert_uint_eq(refused.limit, age);
    ck_assert_uint_eq(refused.value, age + 1);
    /* From the future it is no better. */
    ck_assert_int_eq(reserve_at(order, LL_TEST_START - age, &hold), LL_REFUSAL_NONE);
    ck_assert_int_eq(reserve_at(order, LL_TEST_START - age - 1, &hold), LL_REFUSAL_NO_REFERENCE);
    order.side = SELL;
    order.type = LL_TYPE_MARKET;
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + age + 1, &hold), LL_REFUSAL_NO_REFERENCE);
    ll_instruments_reference(&test.instruments, 0, LL_REFERENCE_LAST, 0, LL_TEST_START);
    ck_assert_int_eq(reserve(order), LL_REFUSAL_NO_REFERENCE);
    ck_assert_uint_eq(refused.value, 0);
}
END_TEST

START_TEST(the_best_reference_that_is_young_counts)
{
    uint64_t late = LL_TEST_START + 20 * LL_TEST_S;
    struct ll_risk_hold hold;
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_COLLAR_BPS, 0);
    ll_instruments_reference(&test.instruments, 0, LL_REFERENCE_MID, PRICE + 500, LL_TEST_START);
    ll_instruments_reference(&test.instruments, 0, LL_REFERENCE_CLOSE, PRICE + 900, LL_TEST_START);
    expect(ll_test_order(BUY, 1, PRICE + 500), LL_REFUSAL_NONE, 0, 0);
    expect(ll_test_order(BUY, 1, PRICE + 600), LL_REFUSAL_COLLAR, PRICE + 500, PRICE + 600);
    ll_instruments_reference(&test.instruments, 0, LL_REFERENCE_LAST, PRICE, late);
    ck_assert_int_eq(reserve_at(ll_test_order(BUY, 1, PRICE + 100), late, &hold), LL_REFUSAL_COLLAR);
    ck_assert_uint_eq(refused.limit, PRICE);
    /* A prior close is one only when its own limit says so. */
    ll_instruments_reference(&test.instruments, 0, LL_REFERENCE_LAST, 0, late);
    ck_assert_int_eq(reserve_at(ll_test_order(BUY, 1, 100), late, &hold), LL_REFUSAL_NO_REFERENCE);
    limit(LL_SCOPE_SYMBOL, "*", LL_LIMIT_PRIOR_CLOSE_AGE, 20 * LL_TEST_S);
    ck_assert_int_eq(reserve_at(ll_test_order(BUY, 1, PRICE + 900), late, &hold), LL_REFUSAL_NONE);
    ck_assert_int_eq(reserve_at(ll_test_order(BUY, 1, PRICE + 900), late + 1, &hold),
                     LL_REFUSAL_NO_REFERENCE);
}
END_TEST

START_TEST(quantity_up_to_its_limit)
{
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_ORDER_QUANTITY, 100);
    expect(ll_test_order(BUY, 99, PRICE), LL_REFUSAL_NONE, 0, 0);
    expect(ll_test_order(BUY, 100, PRICE), LL_REFUSAL_NONE, 0, 0);
    expect(ll_test_order(BUY, 101, PRICE), LL_REFUSAL_MAX_QUANTITY, 100, 101);
    expect(ll_test_order(BUY, 0, PRICE), LL_REFUSAL_BAD_QUANTITY, 1, 0);
    expect(ll_test_order(BUY, LL_QUANTITY_LOTS_MAX + 1, PRICE), LL_REFUSAL_OVERFLOW, LL_QUANTITY_LOTS_MAX,
           LL_QUANTITY_LOTS_MAX + 1);
    expect(ll_test_order(BUY, UINT64_MAX, PRICE), LL_REFUSAL_OVERFLOW, LL_QUANTITY_LOTS_MAX, UINT64_MAX);
}
END_TEST

START_TEST(names_stand_beside_each_other_and_before_the_firm)
{
    static const struct ll_test_limit VALUES[] = {LL_TEST_WIDE,
                                                  {LL_SCOPE_ACCOUNT, "*", LL_LIMIT_ORDER_QUANTITY, 50},
                                                  {LL_SCOPE_ACCOUNT, "ACC1", LL_LIMIT_ORDER_QUANTITY, 70},
                                                  {LL_SCOPE_STRATEGY, "STR1", LL_LIMIT_ORDER_QUANTITY, 60},
                                                  {LL_SCOPE_SYMBOL, "SYM1", LL_LIMIT_ORDER_QUANTITY, 40}};
    static const struct {
        uint16_t account, strategy;
        uint32_t instrument;
        uint64_t most;
        uint8_t scope;
    } CASES[] = {{0, 0, 0, 50, LL_SCOPE_ACCOUNT},
                 {1, 0, 0, 70, LL_SCOPE_ACCOUNT},
                 {1, 1, 0, 60, LL_SCOPE_STRATEGY},
                 {1, 1, 1, 40, LL_SCOPE_SYMBOL},
                 {0, 1, 2, 50, LL_SCOPE_ACCOUNT}};
    ll_test_limits(&test.limits, VALUES, COUNT(VALUES));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct ll_risk_order order = ll_test_order(BUY, CASES[i].most, PRICE);
        order.account = CASES[i].account;
        order.strategy = CASES[i].strategy;
        order.instrument = CASES[i].instrument;
        expect(order, LL_REFUSAL_NONE, 0, 0);
        order.quantity++;
        expect(order, LL_REFUSAL_MAX_QUANTITY, CASES[i].most, CASES[i].most + 1);
        ck_assert_int_eq(refused.scope, CASES[i].scope);
        ck_assert_int_eq(refused.which, LL_LIMIT_ORDER_QUANTITY);
    }
    /* A name may be wider than the firm. */
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_ORDER_QUANTITY, 10);
    expect(ll_test_order(BUY, 11, PRICE), LL_REFUSAL_MAX_QUANTITY, 10, 11);
}
END_TEST

START_TEST(notional_up_to_its_limit_and_never_wraps)
{
    struct ll_risk_order order = ll_test_order(BUY, 10, 0);
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_ORDER_NOTIONAL, 10 * PRICE);
    expect(ll_test_order(BUY, 10, PRICE), LL_REFUSAL_NONE, 0, 0);
    expect(ll_test_order(BUY, 10, PRICE + 100), LL_REFUSAL_MAX_NOTIONAL, 10 * PRICE, 10 * PRICE + 1000);
    /* Without a price: the collar's upper edge, on both sides. */
    order.type = LL_TYPE_MARKET;
    expect(order, LL_REFUSAL_MAX_NOTIONAL, 10 * PRICE, 11 * PRICE);
    order.side = SELL;
    expect(order, LL_REFUSAL_MAX_NOTIONAL, 10 * PRICE, 11 * PRICE);
    order.type = LL_TYPE_STOP;
    order.quantity = 9;
    expect(order, LL_REFUSAL_NONE, 0, 0);
    /* The multiplier counts, and no product wraps. */
    ll_test_instruments(&test, 1, LL_MULTIPLIER_MAX);
    expect(ll_test_order(SELL, 1, PRICE * 100), LL_REFUSAL_MAX_NOTIONAL, 10 * PRICE,
           (uint64_t)PRICE * 100 * LL_MULTIPLIER_MAX);
    expect(ll_test_order(SELL, LL_QUANTITY_LOTS_MAX, LL_PRICE_TICKS_MAX / 100 * 100), LL_REFUSAL_OVERFLOW,
           LL_LIMIT_NOTIONAL_MAX, LL_QUANTITY_LOTS_MAX);
    expect(ll_test_order(SELL, 16384, LL_PRICE_TICKS_MAX / 100 * 100), LL_REFUSAL_OVERFLOW,
           LL_LIMIT_NOTIONAL_MAX, 16384);
}
END_TEST

START_TEST(tick_lot_and_price)
{
    uint64_t most = LL_PRICE_TICKS_MAX;
    ll_test_instruments(&test, 100, 1);
    expect(ll_test_order(BUY, 100, PRICE), LL_REFUSAL_NONE, 0, 0);
    expect(ll_test_order(BUY, 101, PRICE), LL_REFUSAL_LOT, 100, 101);
    expect(ll_test_order(BUY, 99, PRICE), LL_REFUSAL_LOT, 100, 99);
    expect(ll_test_order(BUY, 200, PRICE + 1), LL_REFUSAL_TICK, 100, PRICE + 1);
    expect(ll_test_order(BUY, 200, 0), LL_REFUSAL_BAD_PRICE, 1, 0);
    expect(ll_test_order(BUY, 200, most + 1), LL_REFUSAL_OVERFLOW, most, most + 1);
    /* A negative price, as it would come through. */
    expect(ll_test_order(BUY, 200, (uint64_t)-100), LL_REFUSAL_OVERFLOW, most, (uint64_t)-100);
}
END_TEST

START_TEST(exposure_is_open_and_executed)
{
    uint64_t most = 20 * PRICE;
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_EXPOSURE, most);
    struct ll_risk_hold first = hold_of(ll_test_order(BUY, 12, PRICE));
    expect(ll_test_order(SELL, 9, PRICE), LL_REFUSAL_EXPOSURE, most, 21 * PRICE);
    struct ll_risk_hold second = hold_of(ll_test_order(SELL, 8, PRICE));
    expect(ll_test_order(BUY, 1, 100), LL_REFUSAL_EXPOSURE, most, most + 100);
    /* Filled better than reserved: the difference is free again. */
    ck_assert(!ll_risk_fill(&test.risk, &first, 12, PRICE - PRICE / 4, LL_TEST_START));
    expect(ll_test_order(BUY, 1, 3 * PRICE), LL_REFUSAL_COLLAR, PRICE + PRICE / 10, 3 * PRICE);
    expect(ll_test_order(BUY, 3, PRICE + 100), LL_REFUSAL_EXPOSURE, most, most + 300);
    ll_risk_release(&test.risk, &second, 8);
    struct ll_risk_hold third = hold_of(ll_test_order(BUY, 11, PRICE));
    expect(ll_test_order(BUY, 1, 100), LL_REFUSAL_EXPOSURE, most, most + 100);
    /* A bust gives it back; so does a smaller correction. */
    ll_risk_unfill(&test.risk, &first, 12, PRICE - PRICE / 4);
    ll_risk_release(&test.risk, &third, 11);
    expect(ll_test_order(BUY, 20, PRICE), LL_REFUSAL_NONE, 0, 0);
}
END_TEST

START_TEST(every_scope_has_its_own_sum)
{
    static const struct {
        uint8_t scope;
        const char *name;
    } SCOPES[] = {{LL_SCOPE_FIRM, ""},
                  {LL_SCOPE_ACCOUNT, "ACC0"},
                  {LL_SCOPE_ACCOUNT, "*"},
                  {LL_SCOPE_STRATEGY, "STR0"},
                  {LL_SCOPE_SYMBOL, "SYM0"}};
    struct ll_risk_order other = ll_test_order(BUY, 1, PRICE);
    limit(SCOPES[_i].scope, SCOPES[_i].name, LL_LIMIT_EXPOSURE, 5 * PRICE);
    expect(ll_test_order(BUY, 6, PRICE), LL_REFUSAL_EXPOSURE, 5 * PRICE, 6 * PRICE);
    (void)hold_of(ll_test_order(BUY, 5, PRICE));
    expect(ll_test_order(BUY, 1, PRICE), LL_REFUSAL_EXPOSURE, 5 * PRICE, 6 * PRICE);
    ck_assert_int_eq(refused.scope, SCOPES[_i].scope);
    /* Another of that scope has room, unless it is the firm. */
    other.account = SCOPES[_i].scope == LL_SCOPE_ACCOUNT;
    other.strategy = SCOPES[_i].scope == LL_SCOPE_STRATEGY;
    other.instrument = SCOPES[_i].scope == LL_SCOPE_SYMBOL;
    ck_assert_int_eq(reserve(other) == LL_REFUSAL_NONE, SCOPES[_i].scope != LL_SCOPE_FIRM);
}
END_TEST

START_TEST(positions_count_the_worst_case)
{
    static const struct ll_test_limit VALUES[] = {LL_TEST_WIDE,
                                                  {LL_SCOPE_ACCOUNT, "*", LL_LIMIT_POSITION_LONG, 100},
                                                  {LL_SCOPE_ACCOUNT, "*", LL_LIMIT_POSITION_SHORT, 30},
                                                  {LL_SCOPE_SYMBOL, "SYM0", LL_LIMIT_FIRM_LONG, 150}};
    struct ll_risk_order other = ll_test_order(BUY, 51, PRICE);
    ll_test_limits(&test.limits, VALUES, COUNT(VALUES));
    struct ll_risk_hold buy = hold_of(ll_test_order(BUY, 60, PRICE));
    expect(ll_test_order(BUY, 41, PRICE), LL_REFUSAL_POSITION, 100, 101);
    /* An open order the other way does not make room. */
    struct ll_risk_hold sell = hold_of(ll_test_order(SELL, 30, PRICE));
    expect(ll_test_order(BUY, 41, PRICE), LL_REFUSAL_POSITION, 100, 101);
    expect(ll_test_order(LL_ORDER_SELL_SHORT, 1, PRICE), LL_REFUSAL_POSITION, 30, 31);
    (void)ll_risk_fill(&test.risk, &buy, 60, PRICE, LL_TEST_START);
    expect(ll_test_order(SELL, 60, PRICE), LL_REFUSAL_NONE, 0, 0);
    expect(ll_test_order(SELL, 1, PRICE), LL_REFUSAL_POSITION, 30, 31);
    (void)ll_risk_fill(&test.risk, &sell, 30, PRICE, LL_TEST_START);
    expect(ll_test_order(BUY, 71, PRICE), LL_REFUSAL_POSITION, 100, 101);
    (void)hold_of(ll_test_order(BUY, 70, PRICE));
    /* All accounts together: 30 held and 70 open leave 50. */
    other.account = 1;
    expect(other, LL_REFUSAL_POSITION, 150, 151);
    ck_assert_int_eq(refused.which, LL_LIMIT_FIRM_LONG);
    other.quantity = 50;
    expect(other, LL_REFUSAL_NONE, 0, 0);
}
END_TEST

START_TEST(the_same_order_again_is_counted)
{
    static const struct ll_test_limit VALUES[] = {LL_TEST_WIDE,
                                                  {LL_SCOPE_FIRM, "", LL_LIMIT_REPEAT_COUNT, 2},
                                                  {LL_SCOPE_FIRM, "", LL_LIMIT_REPEAT_WINDOW, LL_TEST_S}};
    struct ll_risk_hold hold;
    struct ll_risk_order order = ll_test_order(BUY, 5, PRICE);
    ll_test_limits(&test.limits, VALUES, COUNT(VALUES));
    expect(order, LL_REFUSAL_NONE, 0, 0);
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + 10, &hold), LL_REFUSAL_NONE);
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + LL_TEST_S - 1, &hold), LL_REFUSAL_REPEAT);
    ck_assert_uint_eq(refused.limit, 2);
    ck_assert_uint_eq(refused.value, 3);
    order.price += 100;
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + 20, &hold), LL_REFUSAL_NONE);
    order.price -= 100;
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + LL_TEST_S, &hold), LL_REFUSAL_NONE);
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + LL_TEST_S + 9, &hold), LL_REFUSAL_REPEAT);
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + LL_TEST_S + 10, &hold), LL_REFUSAL_NONE);
}
END_TEST

/* Sends `count` orders and sees them pass. */
static void send(uint32_t count, uint64_t now_ns)
{
    struct ll_risk_hold hold;
    for (uint32_t i = 0; i < count; i++)
        ck_assert_int_eq(reserve_at(ll_test_order(BUY, 1, PRICE), now_ns, &hold), LL_REFUSAL_NONE);
}

START_TEST(throttle_counts_a_sliding_window)
{
    static const struct {
        uint8_t scope;
        const char *name;
        uint8_t which;
    } SCOPES[] = {{LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGES},
                  {LL_SCOPE_ACCOUNT, "ACC0", LL_LIMIT_MESSAGES},
                  {LL_SCOPE_STRATEGY, "*", LL_LIMIT_MESSAGES},
                  {LL_SCOPE_SYMBOL, "SYM0", LL_LIMIT_MESSAGES},
                  {LL_SCOPE_FIRM, "", LL_LIMIT_SESSION_MESSAGES}};
    struct ll_risk_hold hold = {0};
    struct ll_risk_order order = ll_test_order(BUY, 1, PRICE);
    limit(SCOPES[_i].scope, SCOPES[_i].name, SCOPES[_i].which, 5);
    send(3, LL_TEST_START);
    send(2, LL_TEST_START + 400);
    expect(order, LL_REFUSAL_THROTTLE, 5, 6);
    ck_assert_int_eq(refused.which, SCOPES[_i].which);
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + LL_TEST_S - 1, &hold), LL_REFUSAL_THROTTLE);
    send(3, LL_TEST_START + LL_TEST_S);
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + LL_TEST_S + 399, &hold), LL_REFUSAL_THROTTLE);
    send(2, LL_TEST_START + LL_TEST_S + 400);
    /* Cancels are counted and never asked. */
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + LL_TEST_S + 400, &hold), LL_REFUSAL_THROTTLE);
    struct ll_risk_hold live = {0};
    ll_risk_count_cancel(&test.risk, &live, 0);
    ck_assert_uint_eq(ll_risk_cancel_count(&test.risk, LL_SCOPE_FIRM, 0), 1);
    ck_assert_uint_eq(ll_risk_message_count(&test.risk, LL_SCOPE_ACCOUNT, 0), 10);
    send(3, LL_TEST_START + 2 * LL_TEST_S);
}
END_TEST

START_TEST(a_clock_that_steps_never_widens_a_window)
{
    struct ll_risk_hold hold;
    struct ll_risk_order order = ll_test_order(BUY, 1, PRICE);
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGES, 2);
    send(2, LL_TEST_START);
    /* Back by a second: time stands still, and what was sent stays in the window until it is past again. */
    ck_assert_int_eq(reserve_at(order, LL_TEST_START - LL_TEST_S, &hold), LL_REFUSAL_THROTTLE);
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + LL_TEST_S - 1, &hold), LL_REFUSAL_THROTTLE);
    send(1, LL_TEST_START + LL_TEST_S);
    ck_assert_int_eq(reserve_at(order, LL_TEST_START, &hold), LL_REFUSAL_NONE);
    /* It counts as of the newest one, not of the time it was said to be. */
    ck_assert_int_eq(reserve_at(order, LL_TEST_START + 2 * LL_TEST_S - 1, &hold), LL_REFUSAL_THROTTLE);
    send(2, LL_TEST_START + 2 * LL_TEST_S);
}
END_TEST

START_TEST(a_throttle_of_nothing_and_a_lowered_one)
{
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGES, 64);
    send(10, LL_TEST_START);
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGES, 10);
    expect(ll_test_order(BUY, 1, PRICE), LL_REFUSAL_THROTTLE, 10, 11);
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGES, 11);
    send(1, LL_TEST_START);
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGES, 64);
    send(53, LL_TEST_START);
    expect(ll_test_order(BUY, 1, PRICE), LL_REFUSAL_THROTTLE, 64, 65);
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGES, 0);
    expect(ll_test_order(BUY, 1, PRICE), LL_REFUSAL_THROTTLE, 0, 1);
}
END_TEST

START_TEST(too_many_executions_disable_a_strategy)
{
    static const struct ll_test_limit VALUES[] = {LL_TEST_WIDE,
                                                  {LL_SCOPE_STRATEGY, "STR0", LL_LIMIT_EXECUTIONS, 3},
                                                  {LL_SCOPE_FIRM, "", LL_LIMIT_EXECUTION_WINDOW, LL_TEST_S}};
    struct ll_risk_order other = ll_test_order(BUY, 1, PRICE);
    uint64_t now = LL_TEST_START;
    ll_test_limits(&test.limits, VALUES, COUNT(VALUES));
    struct ll_risk_hold hold = hold_of(ll_test_order(BUY, 20, PRICE));
    for (uint32_t i = 0; i < 3; i++)
        ck_assert(!ll_risk_fill(&test.risk, &hold, 1, PRICE, now + i));
    ck_assert(!ll_risk_fill(&test.risk, &hold, 1, PRICE, now + LL_TEST_S));
    expect(ll_test_order(BUY, 1, PRICE), LL_REFUSAL_NONE, 0, 0);
    ck_assert(ll_risk_fill(&test.risk, &hold, 1, PRICE, now + LL_TEST_S));
    ck_assert(!ll_risk_fill(&test.risk, &hold, 1, PRICE, now + LL_TEST_S)); /* it is said once */
    expect(ll_test_order(BUY, 1, PRICE), LL_REFUSAL_STRATEGY_DISABLED, 0, 0);
    other.strategy = 1;
    expect(other, LL_REFUSAL_NONE, 0, 0);
    /* Time alone does not enable it. */
    struct ll_risk_hold later;
    ck_assert_int_eq(reserve_at(ll_test_order(BUY, 1, PRICE), now + 5 * LL_TEST_S, &later),
                     LL_REFUSAL_STRATEGY_DISABLED);
    ll_risk_enable_strategy(&test.risk, 0);
    expect(ll_test_order(BUY, 1, PRICE), LL_REFUSAL_NONE, 0, 0);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert(!ll_risk_fill(&test.risk, &hold, 1, PRICE, now + LL_TEST_S));
    ck_assert(ll_risk_fill(&test.risk, &hold, 1, PRICE, now + LL_TEST_S));
}
END_TEST

START_TEST(instruments_must_be_known_listed_and_trading)
{
    struct ll_risk_order order = ll_test_order(LL_ORDER_SELL_SHORT, 1, PRICE);
    struct ll_instrument_entry entry = {.symbol = "SYM0    ",
                                        .price_step_ticks = 100,
                                        .lot_step_lots = 1,
                                        .multiplier = 1,
                                        .restricted_sides = 1u << LL_ORDER_SELL_SHORT};
    ll_instruments_trading_action(&test.instruments, "SYM0    ", 'H');
    expect(order, LL_REFUSAL_HALTED, 0, 0);
    ll_instruments_trading_action(&test.instruments, "SYM0    ", 'T');
    expect(order, LL_REFUSAL_NONE, 0, 0);
    ll_instruments_set_state(&test.instruments, 0, LL_INSTRUMENT_UNKNOWN);
    expect(order, LL_REFUSAL_UNKNOWN_INSTRUMENT, 0, 0);
    ll_instruments_set_state(&test.instruments, 0, LL_INSTRUMENT_TRADING);
    ll_instruments_begin(&test.instruments);
    ck_assert_int_eq(ll_instruments_list(&test.instruments, &entry, NULL), LL_OK);
    ll_instruments_commit(&test.instruments);
    expect(order, LL_REFUSAL_RESTRICTED, 0, LL_ORDER_SELL_SHORT);
    order.side = SELL;
    ll_instruments_reference(&test.instruments, 0, LL_REFERENCE_LAST, PRICE, LL_TEST_START);
    expect(order, LL_REFUSAL_NONE, 0, 0);
    order.instrument = 1; /* not on the new list */
    expect(order, LL_REFUSAL_UNKNOWN_INSTRUMENT, 0, 0);
    order.instrument = LL_INSTRUMENT_NONE;
    expect(order, LL_REFUSAL_UNKNOWN_INSTRUMENT, 0, 0);
}
END_TEST

START_TEST(sides_and_types_that_are_none_are_refused)
{
    struct ll_risk_order order = ll_test_order(LL_ORDER_SELL_SHORT + 1, 1, PRICE);
    expect(order, LL_REFUSAL_MALFORMED, 0, 0);
    order.side = SELL;
    order.type = LL_TYPE_STOP_LIMIT + 1;
    expect(order, LL_REFUSAL_MALFORMED, 0, 0);
}
END_TEST

START_TEST(own_orders_cross)
{
    ck_assert(ll_risk_would_cross(BUY, LL_TYPE_LIMIT, 100, SELL, 100));
    ck_assert(!ll_risk_would_cross(BUY, LL_TYPE_LIMIT, 99, SELL, 100));
    ck_assert(ll_risk_would_cross(SELL, LL_TYPE_LIMIT, 100, BUY, 100));
    ck_assert(!ll_risk_would_cross(LL_ORDER_SELL_SHORT, LL_TYPE_LIMIT, 101, BUY, 100));
    ck_assert(ll_risk_would_cross(BUY, LL_TYPE_MARKET, 0, LL_ORDER_SELL_SHORT, 100));
    ck_assert(!ll_risk_would_cross(BUY, LL_TYPE_MARKET, 0, BUY, 100));
    ck_assert(!ll_risk_would_cross(SELL, LL_TYPE_LIMIT, 1, LL_ORDER_SELL_SHORT, 100));
}
END_TEST

/* --- latches -------------------------------------------------------------------------------------------- */

/* Attaches to a copy of all memory, as a snapshot is. */
static void attach_copy(struct ll_test_risk *copy)
{
    struct ll_risk_parts parts;
    const size_t bytes[] = {ll_limits_footprint_bytes(&test.limits_config),
                            ll_instruments_footprint_bytes(&test.instruments_config),
                            ll_guard_footprint_bytes(&test.guard_config),
                            ll_risk_footprint_bytes(&test.risk_config)};
    const void *from[] = {test.limits.control, test.instruments.control, test.guard.control,
                          test.risk.control};
    void *to[4];
    for (size_t i = 0; i < COUNT(bytes); i++) {
        to[i] = ll_test_memory(bytes[i]);
        memcpy(to[i], from[i], bytes[i]);
    }
    *copy = test;
    parts = ll_test_parts(copy);
    ck_assert_int_eq(ll_limits_attach(&copy->limits, to[0], bytes[0]), LL_OK);
    ck_assert_int_eq(ll_instruments_attach(&copy->instruments, to[1], bytes[1]), LL_OK);
    ck_assert_int_eq(ll_guard_attach(&copy->guard, to[2], bytes[2]), LL_OK);
    ck_assert_int_eq(ll_risk_attach(&copy->risk, to[3], bytes[3], &parts), LL_OK);
}

START_TEST(a_latch_stops_orders_but_not_cancels_and_survives)
{
    static const uint32_t NUMBERS[] = {0, 1, 2, 3};
    struct ll_risk_order order = ll_test_order(BUY, 5, PRICE);
    struct ll_test_risk copy;
    struct ll_risk_hold hold = {0};
    order.account = 1;
    order.strategy = 2;
    order.instrument = 3;
    hold = hold_of(order);
    struct ll_risk_hold live = hold;
    ll_risk_kill(&test.risk, (enum ll_kill_scope)_i, NUMBERS[_i]);
    expect(order, LL_REFUSAL_KILLED, 0, 0);
    ck_assert_int_eq(refused.scope, _i);
    ck_assert_int_eq(ll_risk_reserve_replace(&test.risk, &live, &order, LL_TEST_START, &refused),
                     LL_REFUSAL_KILLED);
    ck_assert_int_eq(reserve(ll_test_order(BUY, 1, PRICE)),
                     _i == LL_KILL_FIRM ? LL_REFUSAL_KILLED : LL_REFUSAL_NONE);
    /* A cancel leaves and is confirmed as ever, and so is a fill. */
    ll_risk_count_cancel(&test.risk, &live, 0);
    (void)ll_risk_fill(&test.risk, &live, 2, PRICE, LL_TEST_START);
    ll_risk_release(&test.risk, &live, 3);
    ck_assert_uint_eq(ll_risk_position(&test.risk, 1, 3)->open_buy_lots, 0);
    ck_assert_int_eq(ll_risk_position(&test.risk, 1, 3)->position_lots, 2);
    /* New limits do not clear it, and neither does a restart. */
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_ORDER_QUANTITY, 1000);
    expect(order, LL_REFUSAL_KILLED, 0, 0);
    attach_copy(&copy);
    ck_assert_uint_eq(ll_risk_hash(&copy.risk), ll_risk_hash(&test.risk));
    ck_assert(ll_risk_is_killed(&copy.risk, (enum ll_kill_scope)_i, NUMBERS[_i]));
    ck_assert_int_eq(ll_risk_reserve(&copy.risk, &order, LL_TEST_START, &hold, &refused), LL_REFUSAL_KILLED);
    ll_risk_unkill(&copy.risk, (enum ll_kill_scope)_i, NUMBERS[_i]);
    ck_assert_int_eq(ll_risk_reserve(&copy.risk, &order, LL_TEST_START, &hold, &refused), LL_REFUSAL_NONE);
    ck_assert_uint_ne(ll_risk_hash(&copy.risk), ll_risk_hash(&test.risk));
    ll_test_risk_free(&copy);
}
END_TEST

START_TEST(memory_that_is_none_is_not_attached)
{
    struct ll_risk_parts parts = ll_test_parts(&test);
    struct ll_risk risk;
    size_t bytes = ll_risk_footprint_bytes(&test.risk_config);
    struct ll_risk_config bad = test.risk_config;
    ck_assert_int_eq(ll_risk_attach(&risk, test.risk.control, bytes - 1, &parts), LL_ERR_CORRUPT);
    ck_assert_int_eq(ll_risk_attach(&risk, test.risk.control, 8, &parts), LL_ERR_CORRUPT);
    ck_assert_int_eq(ll_risk_attach(&risk, test.guard.control, bytes, &parts), LL_ERR_CORRUPT);
    bad.accounts_max = 65537;
    ck_assert_uint_eq(ll_risk_footprint_bytes(&bad), 0);
    bad.accounts_max = 0;
    ck_assert_uint_eq(ll_risk_footprint_bytes(&bad), 0);
}
END_TEST

/* --- the life of an order ------------------------------------------------------------------------------- */

static void expect_open(uint64_t buy_lots, uint64_t notional)
{
    const struct ll_risk_tally *tallies[] = {
        ll_risk_tally(&test.risk, LL_SCOPE_FIRM, 0), ll_risk_tally(&test.risk, LL_SCOPE_ACCOUNT, 0),
        ll_risk_tally(&test.risk, LL_SCOPE_STRATEGY, 0), ll_risk_tally(&test.risk, LL_SCOPE_SYMBOL, 0),
        ll_risk_position(&test.risk, 0, 0)};
    for (size_t i = 0; i < COUNT(tallies); i++) {
        ck_assert_uint_eq(tallies[i]->open_buy_lots, buy_lots);
        ck_assert_uint_eq(tallies[i]->open_sell_lots, 0);
        ck_assert_uint_eq(tallies[i]->open_notional, notional);
    }
}

static enum ll_refusal replace(struct ll_risk_hold *hold, uint64_t quantity, uint64_t price)
{
    struct ll_risk_order order = ll_test_order(BUY, quantity, price);
    return ll_risk_reserve_replace(&test.risk, hold, &order, LL_TEST_START, &refused);
}

START_TEST(a_replace_holds_the_larger_of_both)
{
    struct ll_risk_hold hold = hold_of(ll_test_order(BUY, 10, PRICE));
    ck_assert_int_eq(replace(&hold, 15, PRICE), LL_REFUSAL_NONE);
    expect_open(15, 15 * PRICE);
    ck_assert_int_eq(replace(&hold, 20, PRICE), LL_REFUSAL_REQUEST_OUTSTANDING);
    ll_risk_abandon_replace(&test.risk, &hold);
    expect_open(10, 10 * PRICE);
    ck_assert_int_eq(replace(&hold, 4, PRICE), LL_REFUSAL_NONE);
    expect_open(10, 10 * PRICE);
    ll_risk_confirm_replace(&test.risk, &hold, 4);
    expect_open(4, 4 * PRICE);
    /* More lots at a lower price: lots and money may be the larger on different sides. */
    ck_assert_int_eq(replace(&hold, 5, PRICE / 2), LL_REFUSAL_NONE);
    expect_open(5, 4 * PRICE);
    /* A fill that comes meanwhile is in both. */
    (void)ll_risk_fill(&test.risk, &hold, 3, PRICE, LL_TEST_START);
    expect_open(2, 1 * PRICE);
    ll_risk_confirm_replace(&test.risk, &hold, 2);
    expect_open(2, 1 * PRICE);
    ll_risk_release(&test.risk, &hold, 2);
    expect_open(0, 0);
    ck_assert_int_eq(ll_risk_position(&test.risk, 0, 0)->position_lots, 3);
    ck_assert_uint_eq(ll_risk_position(&test.risk, 0, 0)->executed_notional, 3 * PRICE);
}
END_TEST

START_TEST(a_replace_passes_every_control)
{
    struct ll_risk_hold hold = hold_of(ll_test_order(BUY, 10, PRICE));
    uint64_t before = ll_risk_hash(&test.risk);
    limit(LL_SCOPE_ACCOUNT, "ACC0", LL_LIMIT_EXPOSURE, 12 * PRICE);
    ck_assert_int_eq(replace(&hold, 13, PRICE), LL_REFUSAL_EXPOSURE);
    ck_assert_uint_eq(refused.value, 13 * PRICE);
    ck_assert_int_eq(replace(&hold, 0, PRICE), LL_REFUSAL_BAD_QUANTITY);
    ck_assert_int_eq(replace(&hold, 1, PRICE + 1), LL_REFUSAL_TICK);
    ck_assert_int_eq(replace(&hold, 1, 3 * PRICE), LL_REFUSAL_COLLAR);
    limit(LL_SCOPE_ACCOUNT, "ACC0", LL_LIMIT_POSITION_LONG, 12);
    ck_assert_int_eq(replace(&hold, 13, PRICE), LL_REFUSAL_POSITION);
    limit(LL_SCOPE_ACCOUNT, "ACC0", LL_LIMIT_ORDER_QUANTITY, 9);
    ck_assert_int_eq(replace(&hold, 10, PRICE), LL_REFUSAL_MAX_QUANTITY);
    limit(LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGES, 1);
    ck_assert_int_eq(replace(&hold, 9, PRICE), LL_REFUSAL_THROTTLE);
    ck_assert_uint_eq(ll_risk_hash(&test.risk), before);
    expect_open(10, 10 * PRICE);
    /* Below a limit that was lowered under it an order may still become smaller. */
    limit(LL_SCOPE_ACCOUNT, "ACC0", LL_LIMIT_EXPOSURE, 5 * PRICE);
    expect(ll_test_order(BUY, 1, 100), LL_REFUSAL_EXPOSURE, 5 * PRICE, 10 * PRICE + 100);
    ck_assert_int_eq(replace(&hold, 11, PRICE), LL_REFUSAL_EXPOSURE);
    ck_assert_int_eq(replace(&hold, 8, PRICE), LL_REFUSAL_NONE);
}
END_TEST

START_TEST(an_order_that_ends_takes_its_replace_with_it)
{
    struct ll_risk_hold hold = hold_of(ll_test_order(BUY, 10, PRICE));
    ck_assert_int_eq(replace(&hold, 30, PRICE), LL_REFUSAL_NONE);
    ll_risk_release(&test.risk, &hold, 10);
    expect_open(0, 0);
    ck_assert_int_eq(hold.is_replacing, 0);
    ll_risk_release(&test.risk, &hold, 10);
    ll_risk_abandon_replace(&test.risk, &hold);
    expect_open(0, 0);
    /* Filled before the answer to a larger replace: what the new values still have open stays reserved. */
    hold = hold_of(ll_test_order(BUY, 10, PRICE));
    ck_assert_int_eq(replace(&hold, 30, PRICE), LL_REFUSAL_NONE);
    (void)ll_risk_fill(&test.risk, &hold, 10, PRICE, LL_TEST_START);
    expect_open(20, 20 * PRICE);
    ll_risk_abandon_replace(&test.risk, &hold);
    expect_open(0, 0);
}
END_TEST

START_TEST(what_the_venue_says_is_booked_in_full)
{
    struct ll_risk_hold hold = hold_of(ll_test_order(BUY, 10, PRICE));
    (void)ll_risk_fill(&test.risk, &hold, 25, PRICE, LL_TEST_START); /* overfill */
    expect_open(0, 0);
    ck_assert_int_eq(ll_risk_position(&test.risk, 0, 0)->position_lots, 25);
    (void)ll_risk_fill(&test.risk, &hold, 5, PRICE, LL_TEST_START); /* late */
    ck_assert_int_eq(ll_risk_position(&test.risk, 0, 0)->position_lots, 30);
    ll_risk_correct(&test.risk, &hold, 25, PRICE, 20, 2 * PRICE);
    ck_assert_int_eq(ll_risk_tally(&test.risk, LL_SCOPE_SYMBOL, 0)->position_lots, 25);
    ck_assert_uint_eq(ll_risk_tally(&test.risk, LL_SCOPE_FIRM, 0)->executed_notional, 45 * PRICE);
    ll_risk_unfill(&test.risk, &hold, 20, 2 * PRICE);
    ck_assert_int_eq(ll_risk_position(&test.risk, 0, 0)->position_lots, 5);
    expect_open(0, 0);
    ll_risk_restate(&test.risk, &hold, 7);
    expect_open(7, 7 * PRICE);
    ll_risk_restate(&test.risk, &hold, 2);
    expect_open(2, 2 * PRICE);
    ll_risk_restate(&test.risk, &hold, UINT64_MAX);
    expect_open(LL_QUANTITY_LOTS_MAX, LL_QUANTITY_LOTS_MAX * PRICE);
}
END_TEST

START_TEST(money_that_overflows_stands_still_and_stops_orders)
{
    struct ll_risk_hold hold = hold_of(ll_test_order(BUY, 10, PRICE));
    (void)ll_risk_fill(&test.risk, &hold, UINT64_MAX, UINT64_MAX, LL_TEST_START);
    (void)ll_risk_fill(&test.risk, &hold, UINT64_MAX, UINT64_MAX, LL_TEST_START);
    ck_assert_uint_eq(ll_risk_tally(&test.risk, LL_SCOPE_FIRM, 0)->executed_notional, UINT64_MAX);
    ll_risk_unfill(&test.risk, &hold, 1, PRICE);
    ck_assert_uint_eq(ll_risk_tally(&test.risk, LL_SCOPE_FIRM, 0)->executed_notional, UINT64_MAX);
    expect(ll_test_order(BUY, 1, PRICE), LL_REFUSAL_OVERFLOW, LL_LIMIT_NOT_SET, UINT64_MAX);
}
END_TEST

START_TEST(adopted_orders_are_held_like_others)
{
    struct ll_risk_hold holds[3];
    struct ll_risk_order order = ll_test_order(BUY, 10, PRICE);
    ck_assert_int_eq(ll_risk_adopt(&test.risk, &order, &holds[0]), LL_OK);
    expect_open(10, 10 * PRICE);
    /* Money that would overflow is cut to what fits. */
    order.quantity = UINT64_MAX;
    order.price = UINT64_MAX;
    ck_assert_int_eq(ll_risk_adopt(&test.risk, &order, &holds[1]), LL_OK);
    ck_assert_int_eq(ll_risk_adopt(&test.risk, &order, &holds[2]), LL_OK);
    ck_assert_uint_ge(ll_risk_tally(&test.risk, LL_SCOPE_FIRM, 0)->open_notional, 10 * PRICE);
    for (size_t i = 1; i < 3; i++)
        ll_risk_release(&test.risk, &holds[i], UINT64_MAX);
    expect_open(10, 10 * PRICE);
    ll_risk_release(&test.risk, &holds[0], 10);
    expect_open(0, 0);
}
END_TEST

START_TEST(positions_are_bounded)
{
    struct ll_test_risk small;
    struct ll_risk_hold hold;
    static const struct ll_test_limit WIDE[] = {LL_TEST_WIDE};
    struct ll_risk_order order = ll_test_order(BUY, 1, PRICE);
    ll_test_risk_make(&small);
    ll_test_limits(&small.limits, WIDE, COUNT(WIDE));
    free(small.risk.control);
    struct ll_risk_config config = small.risk_config;
    struct ll_risk_parts parts = ll_test_parts(&small);
    config.positions_max = 2;
    void *memory = ll_test_memory(ll_risk_footprint_bytes(&config));
    ll_risk_init(&small.risk, memory, &config, &parts);
    ll_risk_name(&small.risk, LL_SCOPE_ACCOUNT, 0, "ACC0\0\0\0\0\0\0\0\0\0\0\0");
    ll_risk_name(&small.risk, LL_SCOPE_STRATEGY, 0, "STR0\0\0\0\0\0\0\0\0\0\0\0");
    for (order.instrument = 0; order.instrument < 2; order.instrument++)
        ck_assert_int_eq(ll_risk_reserve(&small.risk, &order, LL_TEST_START, &hold, &refused),
                         LL_REFUSAL_NONE);
    uint64_t before = ll_risk_hash(&small.risk);
    ck_assert_int_eq(ll_risk_reserve(&small.risk, &order, LL_TEST_START, &hold, &refused),
                     LL_REFUSAL_TABLE_FULL);
    ck_assert_int_eq(ll_risk_adopt(&small.risk, &order, &hold), LL_ERR_FULL);
    ck_assert_uint_eq(ll_risk_hash(&small.risk), before);
    ck_assert_ptr_null(ll_risk_position(&small.risk, 0, 2));
    ll_test_risk_free(&small);
}
END_TEST

/* --- invariants ----------------------------------------------------------------------------------------- */

struct live {
    const struct ll_risk_hold *holds;
    size_t count;
};

static void each(void *context, void (*visit)(void *visitor, const struct ll_risk_hold *hold), void *visitor)
{
    struct live *live = context;
    for (size_t i = 0; i < live->count; i++)
        visit(visitor, &live->holds[i]);
}

START_TEST(the_check_sees_what_does_not_add_up)
{
    struct ll_risk_hold holds[2] = {hold_of(ll_test_order(BUY, 10, PRICE)),
                                    hold_of(ll_test_order(SELL, 4, PRICE))};
    struct live live = {holds, 2};
    struct ll_risk_live lives = {each, &live};
    struct ll_why why = {0};
    (void)ll_risk_fill(&test.risk, &holds[0], 3, PRICE, LL_TEST_START);
    uint64_t before = ll_risk_hash(&test.risk);
    ck_assert_msg(ll_risk_check(&test.risk, &lives, &why) == LL_OK, "%s", why.text);
    live.count = 1;
    ck_assert_int_eq(ll_risk_check(&test.risk, &lives, &why), LL_ERR_CORRUPT);
    live.count = 2;
    holds[1].open_lots--;
    ck_assert_int_eq(ll_risk_check(&test.risk, &lives, NULL), LL_ERR_CORRUPT);
    holds[1].open_lots++;
    holds[0].lot_notional++;
    ck_assert_int_eq(ll_risk_check(&test.risk, &lives, NULL), LL_ERR_CORRUPT);
    holds[0].lot_notional--;
    ck_assert_uint_eq(ll_risk_hash(&test.risk), before);
    ((struct ll_risk_tally *)(uintptr_t)ll_risk_position(&test.risk, 0, 0))->position_lots++;
    ck_assert_int_eq(ll_risk_check(&test.risk, &lives, NULL), LL_ERR_CORRUPT);
}
END_TEST

static Suite *risk_suite(void)
{
    Suite *suite = suite_create("risk");
    TCase *controls = tcase_create("controls");
    tcase_add_checked_fixture(controls, setup, teardown);
    tcase_add_test(controls, nothing_passes_without_limits);
    tcase_add_test(controls, collar_stops_the_side_that_crosses);
    tcase_add_test(controls, collar_of_zero_and_wider_than_the_price);
    tcase_add_test(controls, a_reference_must_be_there_and_young);
    tcase_add_test(controls, the_best_reference_that_is_young_counts);
    tcase_add_test(controls, quantity_up_to_its_limit);
    tcase_add_test(controls, names_stand_beside_each_other_and_before_the_firm);
    tcase_add_test(controls, notional_up_to_its_limit_and_never_wraps);
    tcase_add_test(controls, tick_lot_and_price);
    tcase_add_test(controls, exposure_is_open_and_executed);
    tcase_add_loop_test(controls, every_scope_has_its_own_sum, 0, 5);
    tcase_add_test(controls, positions_count_the_worst_case);
    tcase_add_test(controls, the_same_order_again_is_counted);
    tcase_add_loop_test(controls, throttle_counts_a_sliding_window, 0, 5);
    tcase_add_test(controls, a_clock_that_steps_never_widens_a_window);
    tcase_add_test(controls, a_throttle_of_nothing_and_a_lowered_one);
    tcase_add_test(controls, too_many_executions_disable_a_strategy);
    tcase_add_test(controls, instruments_must_be_known_listed_and_trading);
    tcase_add_test(controls, sides_and_types_that_are_none_are_refused);
    tcase_add_test(controls, own_orders_cross);
    suite_add_tcase(suite, controls);
    TCase *life = tcase_create("life");
    tcase_add_checked_fixture(life, setup, teardown);
    tcase_add_loop_test(life, a_latch_stops_orders_but_not_cancels_and_survives, 0, LL_SCOPE_COUNT);
    tcase_add_test(life, memory_that_is_none_is_not_attached);
    tcase_add_test(life, a_replace_holds_the_larger_of_both);
    tcase_add_test(life, a_replace_passes_every_control);
    tcase_add_test(life, an_order_that_ends_takes_its_replace_with_it);
    tcase_add_test(life, what_the_venue_says_is_booked_in_full);
    tcase_add_test(life, money_that_overflows_stands_still_and_stops_orders);
    tcase_add_test(life, adopted_orders_are_held_like_others);
    tcase_add_test(life, positions_are_bounded);
    tcase_add_test(life, the_check_sees_what_does_not_add_up);
    suite_add_tcase(suite, life);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(risk_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
