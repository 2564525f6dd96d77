/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the order that stands in the way is found exactly when there is one, and the same order is counted exactly
 * inside its window.
 * Method: policies and edges by hand; random orders, with tables small enough to collide and to fill, against lists.
 */
#include "tests/unit/ll_test_risk.h"

#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static struct ll_guard make(uint32_t orders_max, uint32_t repeats_max)
{
    struct ll_guard_config config = {.orders_max = orders_max, .repeats_max = repeats_max, .hash_seed = 3};
    struct ll_guard guard;
    ll_guard_init(&guard, ll_test_memory(ll_guard_footprint_bytes(&config)), &config);
    return guard;
}

START_TEST(exits_stand_in_the_way_unless_told_otherwise)
{
    static const struct {
        uint64_t exit, entry; /* LL_LIMIT_NOT_SET = nothing is said */
        bool exit_stops, entry_stops;
    } POLICIES[] = {{LL_LIMIT_NOT_SET, LL_LIMIT_NOT_SET, true, false},
                    {0, 1, false, true},
                    {1, 0, true, false},
                    {1, 1, true, true}};
    struct ll_limits_config config = {.rows_max = 4, .window_count = 100};
    struct ll_limits limits;
    struct ll_guard guard = make(8, 8);
    struct ll_guard_key key = {.instrument = 1, .account = 2, .side = LL_ORDER_SELL, .is_exit = 1};
    struct ll_test_limit values[] = {LL_TEST_WIDE,
                                     {LL_SCOPE_FIRM, "", LL_LIMIT_ONE_ACTIVE_EXIT, 0},
                                     {LL_SCOPE_FIRM, "", LL_LIMIT_ONE_ACTIVE_ENTRY, 0}};
    ll_limits_init(&limits, ll_test_memory(ll_limits_footprint_bytes(&config)), &config);
    ck_assert_int_eq(ll_guard_open(&guard, key, 5), LL_OK);
    key.is_exit = 0;
    ck_assert_int_eq(ll_guard_open(&guard, key, 6), LL_OK);
    values[COUNT(values) - 2].value = POLICIES[_i].exit;
    values[COUNT(values) - 1].value = POLICIES[_i].entry;
    ll_test_limits(&limits, values, COUNT(values) - (POLICIES[_i].exit == LL_LIMIT_NOT_SET ? 2 : 0));
    ck_assert_uint_eq(ll_guard_existing(&guard, &limits, key), POLICIES[_i].entry_stops ? 6 : LL_GUARD_NONE);
    key.is_exit = 1;
    ck_assert_uint_eq(ll_guard_existing(&guard, &limits, key), POLICIES[_i].exit_stops ? 5 : LL_GUARD_NONE);
    key.side = LL_ORDER_SELL_SHORT; /* the same side */
    ck_assert_uint_eq(ll_guard_active(&guard, key), 5);
    key.side = LL_ORDER_BUY;
    ck_assert_uint_eq(ll_guard_active(&guard, key), LL_GUARD_NONE);
    free(limits.control);
    free(guard.control);
}
END_TEST

START_TEST(a_copy_elsewhere_is_the_same_guard)
{
    struct ll_guard guard = make(8, 8);
    struct ll_guard copy;
    struct ll_guard_key key = {.instrument = 1, .account = 2, .side = LL_ORDER_SELL, .is_exit = 1};
    struct ll_guard_likeness likeness = {.quantity = 1, .price = 2};
    struct ll_guard_config config = {.orders_max = 8, .repeats_max = 8};
    size_t bytes = ll_guard_footprint_bytes(&config);
    void *memory = ll_test_memory(bytes);
    ck_assert_int_eq(ll_guard_open(&guard, key, 5), LL_OK);
    ll_guard_record(&guard, &likeness, 10);
    memcpy(memory, guard.control, bytes);
    ck_assert_int_eq(ll_guard_attach(&copy, memory, bytes), LL_OK);
    ck_assert_uint_eq(ll_guard_hash(&copy), ll_guard_hash(&guard));
    ck_assert_uint_eq(ll_guard_active(&copy, key), 5);
    ck_assert_int_eq(ll_guard_check_repeat(&copy, &likeness, 1, 10, 19), LL_REFUSAL_REPEAT);
    ll_guard_end(&copy, key, 5);
    ck_assert_uint_ne(ll_guard_hash(&copy), ll_guard_hash(&guard));
    ck_assert_int_eq(ll_guard_attach(&copy, memory, bytes - 1), LL_ERR_CORRUPT);
    memset(memory, 1, 8);
    ck_assert_int_eq(ll_guard_attach(&copy, memory, bytes), LL_ERR_CORRUPT);
    free(memory);
    free(guard.control);
}
END_TEST

#define MODEL_ORDERS 24u

struct model_order {
    struct ll_guard_key key;
    uint32_t order;
    bool is_live;
};

static uint32_t model_active(const struct model_order *orders, struct ll_guard_key key)
{
    uint32_t oldest = LL_GUARD_NONE;
    for (uint32_t i = 0; i < MODEL_ORDERS; i++)
        if (orders[i].is_live && orders[i].key.instrument == key.instrument &&
            orders[i].key.account == key.account && orders[i].key.is_exit == key.is_exit &&
            (orders[i].key.side == LL_ORDER_BUY) == (key.side == LL_ORDER_BUY) && orders[i].order < oldest)
            oldest = orders[i].order;
    return oldest;
}

static struct ll_guard_key random_key(struct ll_prng *prng)
{
    return (struct ll_guard_key){.instrument = ll_prng_below(prng, 3),
                                 .account = (uint16_t)ll_prng_below(prng, 3),
                                 .side = (uint8_t)ll_prng_below(prng, 3),
                                 .is_exit = (uint8_t)ll_prng_below(prng, 2)};
}

START_TEST(random_orders_open_and_end)
{
    struct model_order orders[MODEL_ORDERS] = {0};
    struct ll_guard guard = make(MODEL_ORDERS, 4);
    struct ll_prng prng;
    uint32_t live_count = 0;
    uint32_t full_count = 0;
    ll_prng_init(&prng, ll_test_seed("guard"));
    for (uint32_t step = 1; step <= 100000; step++) {
        struct model_order *order = &orders[ll_prng_below(&prng, MODEL_ORDERS)];
        struct ll_guard_key key = random_key(&prng);
        ck_assert_uint_eq(ll_guard_active(&guard, key), model_active(orders, key));
        if (live_count == MODEL_ORDERS) {
            ck_assert_int_eq(ll_guard_open(&guard, key, step), LL_ERR_FULL);
            full_count++;
        }
        if (order->is_live && ll_prng_chance(&prng, step % 2000 < 1000 ? 50 : 600)) {
            ll_guard_end(&guard, order->key, order->order);
            ll_guard_end(&guard, order->key, order->order); /* passed over */
            order->is_live = false;
            live_count--;
        } else if (!order->is_live) {
            *order = (struct model_order){key, step, true};
            ck_assert_int_eq(ll_guard_open(&guard, key, step), LL_OK);
            live_count++;
        }
    }
    ck_assert_uint_gt(full_count, 0);
    free(guard.control);
}
END_TEST

/* --- repeats -------------------------------------------------------------------------------------------- */

#define MODEL_REPEATS 20000u

struct model_repeat {
    struct ll_guard_likeness likeness;
    uint64_t time_ns;
};

struct model_repeats {
    struct model_repeat list[MODEL_REPEATS];
    uint32_t count;
};

/* The plainest way: look at all. */
static enum ll_refusal model_check(const struct model_repeats *model,
                                   const struct ll_guard_likeness *likeness, uint64_t count_max,
                                   uint64_t window_ns, uint64_t now_ns, uint32_t room)
{
    uint64_t found = 0;
    uint32_t young = 0;
    if (model->count > 0 && now_ns < model->list[model->count - 1].time_ns)
        now_ns = model->list[model->count - 1].time_ns;
    for (uint32_t i = 0; i < model->count; i++) {
        const struct model_repeat *repeat = &model->list[i];
        if (now_ns - repeat->time_ns >= window_ns)
            continue;
        young++;
        found += repeat->likeness.quantity == likeness->quantity &&
                 repeat->likeness.price == likeness->price && repeat->likeness.side == likeness->side &&
                 repeat->likeness.account == likeness->account &&
                 repeat->likeness.instrument == likeness->instrument;
    }
    if (found >= count_max)
        return LL_REFUSAL_REPEAT;
    return young >= room ? LL_REFUSAL_TABLE_FULL : LL_REFUSAL_NONE;
}

START_TEST(random_repeats_against_a_list)
{
    struct ll_guard guard = make(4, 16);
    struct model_repeats *model = calloc(1, sizeof *model);
    uint32_t seen[LL_REFUSAL_COUNT] = {0};
    struct ll_prng prng;
    static const uint64_t WINDOWS[] = {1, 30, 60, 100};
    uint64_t window_ns = WINDOWS[_i];
    uint64_t now = 1000000;
    ck_assert_ptr_nonnull(model);
    ll_prng_init(&prng, ll_test_seed("repeats"));
    for (uint32_t step = 0; step < MODEL_REPEATS; step++) {
        struct ll_guard_likeness likeness = {.quantity = ll_prng_below(&prng, 2),
                                             .price = ll_prng_below(&prng, 2),
                                             .instrument = ll_prng_below(&prng, 2),
                                             .account = (uint16_t)ll_prng_below(&prng, 2),
                                             .side = (uint16_t)ll_prng_below(&prng, 2)};
        uint64_t count_max = 1 + ll_prng_below(&prng, 3);
        now += ll_prng_below(&prng, 12);
        now -= ll_prng_chance(&prng, 20) ? 50 : 0; /* the clock steps back */
        enum ll_refusal refusal = ll_guard_check_repeat(&guard, &likeness, count_max, window_ns, now);
        enum ll_refusal expected = model_check(model, &likeness, count_max, window_ns, now, 16);
        ck_assert_msg(refusal == expected, "step %u: %d instead of %d", step, (int)refusal, (int)expected);
        seen[refusal]++;
        if (refusal != LL_REFUSAL_NONE)
            continue;
        uint64_t newest = model->count > 0 ? model->list[model->count - 1].time_ns : 0;
        ll_guard_record(&guard, &likeness, now);
        model->list[model->count++] = (struct model_repeat){likeness, now > newest ? now : newest};
    }
    ck_assert_uint_gt(seen[LL_REFUSAL_REPEAT], 100);
    ck_assert_uint_gt(seen[LL_REFUSAL_NONE], 1000);
    ck_assert(window_ns < 100 || seen[LL_REFUSAL_TABLE_FULL] > 100);
    free(model);
    free(guard.control);
}
END_TEST

START_TEST(a_ring_that_is_too_short_refuses_instead_of_forgetting)
{
    struct ll_guard guard = make(4, 4);
    struct ll_guard_likeness likeness = {.quantity = 1};
    for (uint64_t i = 0; i < 4; i++) {
        likeness.price = i;
        ck_assert_int_eq(ll_guard_check_repeat(&guard, &likeness, 1, 100, 1000 + i), LL_REFUSAL_NONE);
        ll_guard_record(&guard, &likeness, 1000 + i);
    }
    likeness.price = 9;
    ck_assert_int_eq(ll_guard_check_repeat(&guard, &likeness, 1, 100, 1099), LL_REFUSAL_TABLE_FULL);
    ck_assert_int_eq(ll_guard_check_repeat(&guard, &likeness, 1, 100, 1100), LL_REFUSAL_NONE);
    free(guard.control);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("guard");
    TCase *tcase = tcase_create("guard");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, exits_stand_in_the_way_unless_told_otherwise, 0, 4);
    tcase_add_test(tcase, a_copy_elsewhere_is_the_same_guard);
    tcase_add_test(tcase, a_ring_that_is_too_short_refuses_instead_of_forgetting);
    tcase_add_test(tcase, random_orders_open_and_end);
    tcase_add_loop_test(tcase, random_repeats_against_a_list, 0, 4);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
