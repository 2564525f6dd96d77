/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever orders, replaces, fills, cancels, busts, clock steps and new limits come, risk answers what the
 * plainest bookkeeping answers, and its sums are those of the orders.
 * Method: random operations with tiny limits; the model keeps a list of orders, a list of executions and a list of
 * times, and adds all of them up for every question. After each step refusal and sums are compared; now and then the
 * memory moves to another place, and all invariants are checked.
 */
#include "tests/unit/ll_test_risk.h"

#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#define COUNT(list)     (sizeof(list) / sizeof(list)[0])
#define ORDERS_MAX      400u
#define MESSAGES_MAX    40000u
#define STEPS           20000u
#define ORDERS_LIVE_MAX 40u

struct model_order {
    struct ll_risk_hold hold; /* what risk keeps with it */
    struct ll_risk_order order;
    uint64_t open, notional;         /* money per lot */
    uint64_t new_open, new_notional; /* while replacing */
    uint64_t filled, paid;
    bool is_replacing;
};

struct model_message {
    uint64_t time_ns;
    struct ll_risk_order order;
};

/* The tiny limits of a round; LL_LIMIT_NOT_SET = none. */
struct model_limits {
    uint64_t exposure[LL_SCOPE_COUNT]; /* of the firm, and of "*" in each scope */
    uint64_t position_long, position_short, firm_long;
    uint64_t messages[LL_SCOPE_COUNT];
    uint64_t session_messages;
    uint64_t executions;
};

struct model {
    struct model_order orders[ORDERS_MAX];
    struct model_message messages[MESSAGES_MAX];
    uint64_t executions[LL_TEST_STRATEGIES][MESSAGES_MAX];
    uint32_t order_count, message_count, execution_count[LL_TEST_STRATEGIES];
    bool is_disabled[LL_TEST_STRATEGIES];
    bool is_killed[LL_TEST_ACCOUNTS];
    struct model_limits limits;
    uint32_t seen[LL_REFUSAL_COUNT];
};

static struct ll_test_risk test;
static struct model *model;
static struct ll_prng prng;

static uint32_t below(uint32_t bound)
{
    return ll_prng_below(&prng, bound);
}

static uint64_t max_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* --- the model's sums ----------------------------------------------------------------------------------- */

/* Is an order in the sum of `scope` that `like` belongs to? LL_SCOPE_COUNT = its position. */
static bool is_in(uint32_t scope, const struct ll_risk_order *a, const struct ll_risk_order *like)
{
    switch (scope) {
    case LL_SCOPE_FIRM:
        return true;
    case LL_SCOPE_ACCOUNT:
        return a->account == like->account;
    case LL_SCOPE_STRATEGY:
        return a->strategy == like->strategy;
    case LL_SCOPE_SYMBOL:
        return a->instrument == like->instrument;
    default:
        return a->account == like->account && a->instrument == like->instrument;
    }
}

static uint64_t lots_of(const struct model_order *order)
{
    return order->is_replacing ? max_of(order->open, order->new_open) : order->open;
}

static uint64_t money_of(const struct model_order *order)
{
    uint64_t money = order->open * order->notional;
    return order->is_replacing ? max_of(money, order->new_open * order->new_notional) : money;
}

static struct ll_risk_tally sum_of(uint32_t scope, const struct ll_risk_order *like)
{
    struct ll_risk_tally sum = {0};
    for (uint32_t i = 0; i < model->order_count; i++) {
        const struct model_order *one = &model->orders[i];
        if (!is_in(scope, &one->order, like))
            continue;
        bool is_buy = one->order.side == LL_ORDER_BUY;
        sum.open_buy_lots += is_buy ? lots_of(one) : 0;
        sum.open_sell_lots += is_buy ? 0 : lots_of(one);
        sum.open_notional += money_of(one);
        sum.executed_notional += one->paid;
        sum.position_lots += is_buy ? (int64_t)one->filled : -(int64_t)one->filled;
    }
    return sum;
}

static uint64_t messages_in(uint32_t scope, const struct ll_risk_order *like, bool is_session,
                            uint64_t now_ns)
{
    uint64_t count = 0;
    uint64_t newest = 0;
    for (uint32_t i = 0; i < model->message_count; i++) {
        const struct ll_risk_order *order = &model->messages[i].order;
        if (is_session ? order->session == like->session : is_in(scope, order, like))
            newest = max_of(newest, model->messages[i].time_ns);
    }
    for (uint32_t i = model->message_count; i-- > 0 && count < 200;) {
        const struct ll_risk_order *order = &model->messages[i].order;
        if (is_session ? order->session == like->session : is_in(scope, order, like)) {
            if (max_of(now_ns, newest) - model->messages[i].time_ns >= LL_TEST_S)
                break;
            count++;
        }
    }
    return count;
}

/* --- the model's checks --------------------------------------------------------------------------------- */

static bool position_breaks(uint32_t scope, const struct ll_risk_order *order, uint64_t extra,
                            uint64_t most_long, uint64_t most_short)
{
    struct ll_risk_tally sum = sum_of(scope, order);
    if (order->side == LL_ORDER_BUY)
        return most_long != LL_LIMIT_NOT_SET &&
               sum.position_lots + (int64_t)(sum.open_buy_lots + extra) > (int64_t)most_long;
    return most_short != LL_LIMIT_NOT_SET &&
           (int64_t)(sum.open_sell_lots + extra) - sum.position_lots > (int64_t)most_short;
}

static enum ll_refusal model_check(const struct ll_risk_order *order, const struct model_order *old,
                                   uint64_t now_ns)
{
    const struct model_limits *limits = &model->limits;
    uint64_t notional = order->type == LL_TYPE_MARKET ? LL_TEST_REFERENCE * 11 / 10 : order->price;
    uint64_t lots = old == NULL ? 0 : lots_of(old);
    uint64_t money = old == NULL ? 0 : money_of(old);
    uint64_t extra_lots = order->quantity > lots ? order->quantity - lots : 0;
    uint64_t extra = order->quantity * notional > money ? order->quantity * notional - money : 0;
    if (model->is_killed[order->account])
        return LL_REFUSAL_KILLED;
    if (model->is_disabled[order->strategy])
        return LL_REFUSAL_STRATEGY_DISABLED;
    for (uint32_t scope = 0; scope < LL_SCOPE_COUNT && extra > 0; scope++) {
        struct ll_risk_tally sum = sum_of(scope, order);
        if (limits->exposure[scope] != LL_LIMIT_NOT_SET &&
            sum.executed_notional + sum.open_notional + extra > limits->exposure[scope])
            return LL_REFUSAL_EXPOSURE;
    }
    if (extra_lots > 0 &&
        (position_breaks(LL_SCOPE_COUNT, order, extra_lots, limits->position_long, limits->position_short) ||
         position_breaks(LL_SCOPE_SYMBOL, order, extra_lots, limits->firm_long, LL_LIMIT_NOT_SET)))
        return LL_REFUSAL_POSITION;
    for (uint32_t scope = 0; scope < LL_SCOPE_COUNT; scope++)
        if (limits->messages[scope] != LL_LIMIT_NOT_SET &&
            messages_in(scope, order, false, now_ns) >= limits->messages[scope])
            return LL_REFUSAL_THROTTLE;
    if (limits->session_messages != LL_LIMIT_NOT_SET &&
        messages_in(0, order, true, now_ns) >= limits->session_messages)
        return LL_REFUSAL_THROTTLE;
    return LL_REFUSAL_NONE;
}

/* Every owner's stamps never go down, so a message counts as of the newest of each; with one list that is the newest
 * of all only when the clock of all is the same, so the test steps the clock of all. */
static void count_message(const struct ll_risk_order *order, uint64_t now_ns)
{
    ck_assert_uint_lt(model->message_count, MESSAGES_MAX);
    model->messages[model->message_count++] = (struct model_message){now_ns, *order};
}

/* --- steps ---------------------------------------------------------------------------------------------- */

static uint64_t maybe(uint32_t chance, uint64_t value)
{
    return ll_prng_chance(&prng, chance) ? value : LL_LIMIT_NOT_SET;
}

static void new_limits(void)
{
    struct model_limits *limits = &model->limits;
    struct ll_test_limit values[20] = {LL_TEST_WIDE};
    static const char *const NAMES[LL_SCOPE_COUNT] = {"", "*", "*", "*"};
    size_t count = 6;
    for (uint8_t scope = 0; scope < LL_SCOPE_COUNT; scope++) {
        limits->exposure[scope] = maybe(300, (1 + below(6000)) * (uint64_t)LL_TEST_REFERENCE);
        if (limits->exposure[scope] != LL_LIMIT_NOT_SET)
            values[count++] =
                (struct ll_test_limit){scope, NAMES[scope], LL_LIMIT_EXPOSURE, limits->exposure[scope]};
        limits->messages[scope] = scope == LL_SCOPE_FIRM ? 40 : maybe(300, 1 + below(20));
        if (scope == LL_SCOPE_FIRM)
            values[4].value = limits->messages[scope];
        else if (limits->messages[scope] != LL_LIMIT_NOT_SET)
            values[count++] =
                (struct ll_test_limit){scope, NAMES[scope], LL_LIMIT_MESSAGES, limits->messages[scope]};
    }
    limits->position_long = maybe(400, below(300));
    limits->position_short = maybe(400, below(300));
    limits->firm_long = maybe(300, below(600));
    limits->session_messages = maybe(300, 1 + below(30));
    limits->executions = maybe(400, 1 + below(8));
    const struct ll_test_limit rest[] = {
        {LL_SCOPE_ACCOUNT, "*", LL_LIMIT_POSITION_LONG, limits->position_long},
        {LL_SCOPE_FIRM, "", LL_LIMIT_POSITION_SHORT, limits->position_short},
        {LL_SCOPE_SYMBOL, "*", LL_LIMIT_FIRM_LONG, limits->firm_long},
        {LL_SCOPE_FIRM, "", LL_LIMIT_SESSION_MESSAGES, limits->session_messages},
        {LL_SCOPE_STRATEGY, "*", LL_LIMIT_EXECUTIONS, limits->executions},
        {LL_SCOPE_FIRM, "", LL_LIMIT_EXECUTION_WINDOW, LL_TEST_S}};
    for (size_t i = 0; i < COUNT(rest); i++)
        if (rest[i].value != LL_LIMIT_NOT_SET)
            values[count++] = rest[i];
    ll_test_limits(&test.limits, values, count);
}

static struct ll_risk_order random_order(void)
{
    struct ll_risk_order order = {.quantity = 1 + below(20),
                                  .price = LL_TEST_REFERENCE - 5000 + 100 * (uint64_t)below(100),
                                  .instrument = below(3),
                                  .account = (uint16_t)below(3),
                                  .strategy = (uint16_t)below(3),
                                  .session = (uint16_t)below(2),
                                  .side = (uint8_t)below(3)};
    order.type = ll_prng_chance(&prng, 100) ? LL_TYPE_MARKET : LL_TYPE_LIMIT;
    return order;
}

static void step_order(uint64_t now_ns)
{
    struct ll_risk_order order = random_order();
    struct model_order *made = &model->orders[model->order_count];
    struct ll_refusal_detail detail;
    enum ll_refusal expected = model_check(&order, NULL, now_ns);
    uint64_t before = ll_risk_hash(&test.risk);
    if (model->order_count == ORDERS_MAX)
        return;
    memset(made, 0, sizeof *made);
    enum ll_refusal refusal = ll_risk_reserve(&test.risk, &order, now_ns, &made->hold, &detail);
    ck_assert_msg(refusal == expected, "%s instead of %s", ll_refusal_name((uint8_t)refusal),
                  ll_refusal_name((uint8_t)expected));
    model->seen[refusal]++;
    if (refusal != LL_REFUSAL_NONE) {
        ck_assert_uint_eq(ll_risk_hash(&test.risk), before);
        return;
    }
    made->order = order;
    made->open = order.quantity;
    made->notional = order.type == LL_TYPE_MARKET ? LL_TEST_REFERENCE * 11 / 10 : order.price;
    model->order_count++;
    count_message(&order, now_ns);
}

static void step_replace(struct model_order *one, uint64_t now_ns)
{
    struct ll_risk_order order = one->order;
    struct ll_refusal_detail detail;
    struct ll_risk_order values = random_order();
    order.quantity = values.quantity;
    order.price = values.price;
    order.type = LL_TYPE_LIMIT;
    enum ll_refusal expected =
        one->is_replacing ? LL_REFUSAL_REQUEST_OUTSTANDING : model_check(&order, one, now_ns);
    enum ll_refusal refusal = ll_risk_reserve_replace(&test.risk, &one->hold, &order, now_ns, &detail);
    ck_assert_msg(refusal == expected, "replace: %s instead of %s", ll_refusal_name((uint8_t)refusal),
                  ll_refusal_name((uint8_t)expected));
    model->seen[refusal]++;
    if (refusal != LL_REFUSAL_NONE)
        return;
    one->is_replacing = true;
    one->new_open = order.quantity;
    one->new_notional = order.price;
    count_message(&order, now_ns);
}

static void take(struct model_order *one, uint64_t lots)
{
    one->open -= lots < one->open ? lots : one->open;
    one->new_open -= lots < one->new_open ? lots : one->new_open;
}

/* Executions in the window as the strategy's ring sees them: its own stamps never go down. */
static void step_fill(struct model_order *one, uint64_t now_ns)
{
    uint32_t strategy = one->order.strategy;
    uint64_t *times = model->executions[strategy];
    uint32_t *count = &model->execution_count[strategy];
    uint64_t lots = 1 + below(6);
    uint64_t price = LL_TEST_REFERENCE - below(1000);
    uint64_t stamp = *count > 0 ? max_of(now_ns, times[*count - 1]) : now_ns;
    uint32_t young = 0;
    for (uint32_t i = 0; i < *count; i++)
        young += stamp - times[i] < LL_TEST_S;
    bool breaks = model->limits.executions != LL_LIMIT_NOT_SET && young >= model->limits.executions;
    bool told = ll_risk_fill(&test.risk, &one->hold, lots, price, now_ns);
    ck_assert_int_eq(told, breaks && !model->is_disabled[strategy]);
    model->is_disabled[strategy] |= breaks;
    times[(*count)++] = stamp;
    take(one, lots);
    one->filled += lots;
    one->paid += lots * price;
}

static void step_bust(struct model_order *one)
{
    if (one->filled == 0)
        return;
    uint64_t price = one->paid / one->filled;
    ll_risk_unfill(&test.risk, &one->hold, 1, price);
    one->filled--;
    one->paid -= price;
}

static void resolve(struct model_order *one)
{
    if (one->is_replacing && ll_prng_chance(&prng, 500)) {
        uint64_t open = ll_prng_chance(&prng, 800) ? one->new_open : below(10);
        ll_risk_confirm_replace(&test.risk, &one->hold, open);
        one->open = open;
        one->notional = one->new_notional;
    } else {
        ll_risk_abandon_replace(&test.risk, &one->hold);
    }
    one->is_replacing = false;
    one->new_open = 0;
}

static void release(struct model_order *one)
{
    uint64_t lots = ll_prng_chance(&prng, 500) ? one->open : below(8);
    ll_risk_release(&test.risk, &one->hold, lots);
    take(one, lots);
    if (one->open == 0) {
        one->is_replacing = false;
        one->new_open = 0;
    }
}

static void step_person(void)
{
    uint32_t account = below(3);
    uint32_t strategy = below(3);
    if (ll_prng_chance(&prng, 300)) {
        ll_risk_kill(&test.risk, LL_KILL_ACCOUNT, account);
        model->is_killed[account] = true;
    } else {
        ll_risk_unkill(&test.risk, LL_KILL_ACCOUNT, account);
        model->is_killed[account] = false;
    }
    ll_risk_enable_strategy(&test.risk, strategy);
    model->is_disabled[strategy] = false;
    model->execution_count[strategy] = 0;
}

/* --- comparison ----------------------------------------------------------------------------------------- */

static void compare_tally(const struct ll_risk_tally *tally, struct ll_risk_tally sum)
{
    if (tally == NULL)
        ck_assert_uint_eq(sum.executed_notional + sum.open_notional, 0);
    else
        ck_assert_mem_eq(tally, &sum, sizeof sum);
}

static void compare(void)
{
    struct ll_risk_order like = {0};
    compare_tally(ll_risk_tally(&test.risk, LL_SCOPE_FIRM, 0), sum_of(LL_SCOPE_FIRM, &like));
    for (uint16_t i = 0; i < 3; i++) {
        like = (struct ll_risk_order){.account = i, .strategy = i, .instrument = i};
        for (uint32_t scope = LL_SCOPE_ACCOUNT; scope < LL_SCOPE_COUNT; scope++)
            compare_tally(ll_risk_tally(&test.risk, scope, i), sum_of(scope, &like));
        for (like.instrument = 0; like.instrument < 3; like.instrument++)
            compare_tally(ll_risk_position(&test.risk, i, like.instrument), sum_of(LL_SCOPE_COUNT, &like));
    }
}

static void each(void *context, void (*visit)(void *visitor, const struct ll_risk_hold *hold), void *visitor)
{
    (void)context;
    for (uint32_t i = 0; i < model->order_count; i++)
        visit(visitor, &model->orders[i].hold);
}

/* All memory of risk goes to another place. */
static void move_memory(void)
{
    struct ll_risk_live live = {each, NULL};
    struct ll_why why = {0};
    size_t bytes = ll_risk_footprint_bytes(&test.risk_config);
    struct ll_risk_parts parts = ll_test_parts(&test);
    uint64_t before = ll_risk_hash(&test.risk);
    void *old = test.risk.control;
    void *memory = ll_test_memory(bytes);
    ck_assert_msg(ll_risk_check(&test.risk, &live, &why) == LL_OK, "%s", why.text);
    memcpy(memory, old, bytes);
    memset(old, 0xff, bytes);
    free(old);
    ck_assert_int_eq(ll_risk_attach(&test.risk, memory, bytes, &parts), LL_OK);
    ck_assert_uint_eq(ll_risk_hash(&test.risk), before);
}

static void step(uint64_t now_ns)
{
    struct model_order *one = model->order_count > 0 ? &model->orders[below(model->order_count)] : NULL;
    uint32_t kind = below(100);
    if (kind < 45 || one == NULL)
        step_order(now_ns);
    else if (kind < 60)
        step_replace(one, now_ns);
    else if (kind < 72)
        resolve(one);
    else if (kind < 84)
        step_fill(one, now_ns);
    else if (kind < 95)
        release(one);
    else if (kind < 98)
        step_bust(one);
    else
        step_person();
}

/* What has ended leaves the list when it is nearly full, after its positions and money have been taken out. */
static void forget_ended(void)
{
    uint32_t kept = 0;
    if (model->order_count < ORDERS_MAX)
        return;
    for (uint32_t i = 0; i < model->order_count; i++) {
        struct model_order *one = &model->orders[i];
        if (i < ORDERS_LIVE_MAX) {
            model->orders[kept++] = *one;
            continue;
        }
        ll_risk_abandon_replace(&test.risk, &one->hold);
        ll_risk_release(&test.risk, &one->hold, UINT64_MAX);
        while (one->filled > 0)
            step_bust(one);
    }
    model->order_count = kept;
}

START_TEST(random_life_against_plain_bookkeeping)
{
    uint64_t now = LL_TEST_START;
    model = calloc(1, sizeof *model);
    ck_assert_ptr_nonnull(model);
    ll_prng_init(&prng, ll_test_seed("risk") + (uint64_t)_i);
    ll_test_risk_make(&test);
    new_limits();
    for (uint32_t i = 0; i < STEPS; i++) {
        now += below(100) * (LL_TEST_S / 1000);
        now += ll_prng_chance(&prng, 2) ? 2 * LL_TEST_S : 0;
        for (uint32_t symbol = 0; symbol < 3; symbol++)
            ll_instruments_reference(&test.instruments, symbol, LL_REFERENCE_LAST, LL_TEST_REFERENCE, now);
        if (ll_prng_chance(&prng, 10))
            new_limits();
        step(now);
        forget_ended();
        if (i % 16 == 0)
            compare();
        if (i % 1000 == 0)
            move_memory();
    }
    for (uint32_t refusal = 0; refusal < LL_REFUSAL_COUNT; refusal++)
        if (model->seen[refusal] > 0)
            printf("  %-20s %u\n", ll_refusal_name((uint8_t)refusal), model->seen[refusal]);
    ck_assert_uint_gt(model->seen[LL_REFUSAL_NONE], STEPS / 10);
    ck_assert_uint_gt(model->seen[LL_REFUSAL_EXPOSURE], 100);
    ck_assert_uint_gt(model->seen[LL_REFUSAL_POSITION], 100);
    ck_assert_uint_gt(model->seen[LL_REFUSAL_THROTTLE], 100);
    ck_assert_uint_gt(model->seen[LL_REFUSAL_STRATEGY_DISABLED], 100);
    ck_assert_uint_gt(model->seen[LL_REFUSAL_REQUEST_OUTSTANDING], 100);
    ll_test_risk_free(&test);
    free(model);
}
END_TEST

/* --- one window, with a clock that goes where it likes -------------------------------------------------- */

/* The model: a list of all times, with the rule that time never goes back. */
START_TEST(a_window_with_a_wild_clock)
{
    static uint64_t times[STEPS];
    struct ll_test_limit values[] = {LL_TEST_WIDE};
    uint32_t count = 0;
    uint32_t refused = 0;
    uint64_t now = LL_TEST_START;
    uint64_t most = 5;
    ll_prng_init(&prng, ll_test_seed("window") + (uint64_t)_i);
    ll_test_risk_make(&test);
    for (uint32_t i = 0; i < STEPS; i++) {
        struct ll_risk_order order = ll_test_order(LL_ORDER_BUY, 1, 100);
        struct ll_risk_hold hold;
        struct ll_refusal_detail detail;
        if (i % 100 == 0) {
            most = 1 + below(64);
            values[4].value = most;
            ll_test_limits(&test.limits, values, COUNT(values));
        }
        now += below(60) * (LL_TEST_S / 1000);
        now -= ll_prng_chance(&prng, 10) ? below(3) * LL_TEST_S : 0;
        now += ll_prng_chance(&prng, 10) ? below(3) * LL_TEST_S : 0;
        ll_instruments_reference(&test.instruments, 0, LL_REFERENCE_LAST, LL_TEST_REFERENCE, now);
        uint64_t seen_now = count > 0 ? max_of(now, times[count - 1]) : now;
        uint32_t young = 0;
        for (uint32_t k = count; k-- > 0 && seen_now - times[k] < LL_TEST_S;)
            young++;
        enum ll_refusal expected = young < most ? LL_REFUSAL_NONE : LL_REFUSAL_THROTTLE;
        ck_assert_int_eq(ll_risk_reserve(&test.risk, &order, now, &hold, &detail), expected);
        if (expected == LL_REFUSAL_NONE) {
            times[count++] = seen_now;
            ll_risk_release(&test.risk, &hold, 1);
        } else {
            refused++;
        }
    }
    ck_assert_uint_gt(refused, 100);
    ck_assert_uint_gt(count, 1000);
    ll_test_risk_free(&test);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("risk_random");
    TCase *tcase = tcase_create("random");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, random_life_against_plain_bookkeeping, 0, 4);
    tcase_add_loop_test(tcase, a_window_with_a_wild_clock, 0, 3);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
