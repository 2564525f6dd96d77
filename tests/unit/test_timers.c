/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: what falls due comes out by time, and at one time in the order in which it was set, however items were
 * moved and cleared before; the memory can be copied anywhere, and its check sees damage.
 * Method: memory of exactly the footprint with guard bytes behind it; the ends of time; random steps against
 * an array that is searched for the earliest item each time.
 */
#include "host/core/ll_timers.h"
#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD_BYTES = 64, GUARD = 0x5a };

struct fixture {
    struct ll_timers timers;
    uint8_t *memory;
    size_t bytes;
};

static void open_timers(struct fixture *fixture, uint64_t items)
{
    struct ll_timers_config config = {.items = items};
    fixture->bytes = ll_timers_footprint_bytes(&config);
    ck_assert_uint_gt(fixture->bytes, 0);
    fixture->memory = malloc(fixture->bytes + GUARD_BYTES);
    ck_assert_ptr_nonnull(fixture->memory);
    memset(fixture->memory, GUARD, fixture->bytes + GUARD_BYTES);
    ll_timers_init(&fixture->timers, fixture->memory, &config);
}

static void check_clean(const struct fixture *fixture)
{
    struct ll_why why = {0};
    ck_assert_msg(ll_timers_check(&fixture->timers, &why) == LL_OK, "%s", why.text);
}

static void close_timers(struct fixture *fixture)
{
    check_clean(fixture);
    for (size_t i = 0; i < GUARD_BYTES; i++)
        ck_assert_uint_eq(fixture->memory[fixture->bytes + i], GUARD);
    free(fixture->memory);
}

START_TEST(configs_that_cannot_be)
{
    static const uint64_t bad[] = {0, LL_TIMERS_ITEMS_MAX + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_uint_eq(ll_timers_footprint_bytes(&(struct ll_timers_config){bad[i]}), 0);
    ck_assert_uint_gt(ll_timers_footprint_bytes(&(struct ll_timers_config){LL_TIMERS_ITEMS_MAX}),
                      LL_TIMERS_ITEMS_MAX * 20);
}
END_TEST

START_TEST(one_item)
{
    struct fixture fixture;
    uint64_t due_ns = 77;
    open_timers(&fixture, 1);
    struct ll_timers *timers = &fixture.timers;
    ck_assert_uint_eq(ll_timers_first(timers, &due_ns), LL_TIMER_NONE);
    ck_assert_uint_eq(ll_timers_pop_due(timers, UINT64_MAX), LL_TIMER_NONE);
    ck_assert(!ll_timers_clear(timers, 0));
    ck_assert(!ll_timers_is_set(timers, 0, &due_ns));
    ck_assert_uint_eq(due_ns, 77);
    ck_assert_uint_eq(ll_timers_hash(timers), 0);
    ll_timers_set(timers, 0, 100);
    ck_assert_uint_ne(ll_timers_hash(timers), 0);
    ck_assert_uint_eq(ll_timers_count(timers), 1);
    ck_assert_uint_eq(ll_timers_first(timers, &due_ns), 0);
    ck_assert_uint_eq(due_ns, 100);
    ck_assert(ll_timers_is_set(timers, 0, NULL));
    ck_assert_uint_eq(ll_timers_pop_due(timers, 99), LL_TIMER_NONE);
    ck_assert_uint_eq(ll_timers_pop_due(timers, 100), 0);
    ck_assert_uint_eq(ll_timers_pop_due(timers, 100), LL_TIMER_NONE);
    ll_timers_set(timers, 0, UINT64_MAX);
    ck_assert_uint_eq(ll_timers_pop_due(timers, UINT64_MAX - 1), LL_TIMER_NONE);
    ck_assert_uint_eq(ll_timers_pop_due(timers, UINT64_MAX), 0);
    ll_timers_set(timers, 0, 0);
    ck_assert_uint_eq(ll_timers_pop_due(timers, 0), 0);
    ll_timers_set(timers, 0, 5);
    ck_assert(ll_timers_clear(timers, 0));
    ck_assert_uint_eq(ll_timers_count(timers), 0);
    close_timers(&fixture);
}
END_TEST

/* Every count of items up to some levels of the heap; set earliest first, latest first, all alike. */
START_TEST(in_order_of_time_then_of_setting)
{
    enum { ITEMS = 100 };
    struct fixture fixture;
    open_timers(&fixture, ITEMS);
    for (uint32_t count = 1; count <= ITEMS; count++) {
        for (uint32_t i = 0; i < count; i++) {
            const uint64_t due_ns[] = {10 + i, 1000 - i, 500};
            ll_timers_set(&fixture.timers, i, due_ns[_i]);
        }
        check_clean(&fixture);
        for (uint32_t i = 0; i < count; i++)
            ck_assert_uint_eq(ll_timers_pop_due(&fixture.timers, 1000), _i == 1 ? count - 1 - i : i);
        ck_assert_uint_eq(ll_timers_count(&fixture.timers), 0);
    }
    /* Set again for the same time: behind the others of that time. */
    for (uint32_t i = 0; i < 3; i++)
        ll_timers_set(&fixture.timers, i, 7);
    ll_timers_set(&fixture.timers, 0, 7);
    ck_assert_uint_eq(ll_timers_pop_due(&fixture.timers, 7), 1);
    ck_assert_uint_eq(ll_timers_pop_due(&fixture.timers, 7), 2);
    ck_assert_uint_eq(ll_timers_pop_due(&fixture.timers, 7), 0);
    close_timers(&fixture);
}
END_TEST

/* --- Random steps against an array --------------------------------------------------------------------- */

enum { MODEL_ITEMS = 200 };

struct model {
    uint64_t due_ns[MODEL_ITEMS];
    uint64_t set_at[MODEL_ITEMS]; /* step; 0 = does not wait */
};

static uint32_t model_first(const struct model *model)
{
    uint32_t first = LL_TIMER_NONE;
    for (uint32_t i = 0; i < MODEL_ITEMS; i++)
        if (model->set_at[i] != 0 &&
            (first == LL_TIMER_NONE || model->due_ns[i] < model->due_ns[first] ||
             (model->due_ns[i] == model->due_ns[first] && model->set_at[i] < model->set_at[first])))
            first = i;
    return first;
}

static void compare(const struct fixture *fixture, const struct model *model)
{
    uint32_t count = 0;
    uint64_t due_ns = 0;
    uint32_t first = ll_timers_first(&fixture->timers, &due_ns);
    ck_assert_uint_eq(first, model_first(model));
    if (first != LL_TIMER_NONE)
        ck_assert_uint_eq(due_ns, model->due_ns[first]);
    for (uint32_t i = 0; i < MODEL_ITEMS; i++) {
        bool is_set = ll_timers_is_set(&fixture->timers, i, &due_ns);
        ck_assert(is_set == (model->set_at[i] != 0));
        if (is_set)
            ck_assert_uint_eq(due_ns, model->due_ns[i]);
        count += is_set;
    }
    ck_assert_uint_eq(ll_timers_count(&fixture->timers), count);
    check_clean(fixture);
}

/* One random call on both; few times, so that many are equal. Items wait more or less, in waves. */
static void random_call(struct fixture *fixture, struct model *model, struct ll_prng *prng, uint64_t step)
{
    uint32_t item = ll_prng_below(prng, MODEL_ITEMS);
    uint32_t set_per_mille = step / 1000 % 2 == 0 ? 700 : 250;
    if (ll_prng_chance(prng, set_per_mille)) {
        model->due_ns[item] = ll_prng_below(prng, 64);
        model->set_at[item] = step;
        ll_timers_set(&fixture->timers, item, model->due_ns[item]);
    } else if (ll_prng_chance(prng, 500)) {
        ck_assert(ll_timers_clear(&fixture->timers, item) == (model->set_at[item] != 0));
        model->set_at[item] = 0;
    } else {
        uint64_t now_ns = ll_prng_below(prng, 64);
        uint32_t first = model_first(model);
        if (first != LL_TIMER_NONE && model->due_ns[first] > now_ns)
            first = LL_TIMER_NONE;
        ck_assert_uint_eq(ll_timers_pop_due(&fixture->timers, now_ns), first);
        if (first != LL_TIMER_NONE)
            model->set_at[first] = 0;
    }
}

START_TEST(random_steps_against_an_array)
{
    enum { STEPS = 20000 };
    struct fixture fixture;
    struct model model;
    struct ll_prng prng;
    uint32_t count_max = 0;
    memset(&model, 0, sizeof model);
    ll_prng_init(&prng, ll_test_seed("random_steps_against_an_array"));
    open_timers(&fixture, MODEL_ITEMS);
    for (uint64_t step = 1; step <= STEPS; step++) {
        random_call(&fixture, &model, &prng, step);
        compare(&fixture, &model);
        if (ll_timers_count(&fixture.timers) > count_max)
            count_max = ll_timers_count(&fixture.timers);
        if (step % 997 == 0) { /* goes on in another place */
            uint64_t hash = ll_timers_hash(&fixture.timers);
            uint8_t *moved = malloc(fixture.bytes + GUARD_BYTES);
            ck_assert_ptr_nonnull(moved);
            memcpy(moved, fixture.memory, fixture.bytes + GUARD_BYTES);
            memset(fixture.memory, GUARD, fixture.bytes);
            free(fixture.memory);
            fixture.memory = moved;
            ck_assert_int_eq(ll_timers_attach(&fixture.timers, moved, fixture.bytes, NULL), LL_OK);
            ck_assert_uint_eq(ll_timers_hash(&fixture.timers), hash);
        }
    }
    ck_assert_uint_gt(count_max, 100); /* deep enough to mean something */
    close_timers(&fixture);
}
END_TEST

/* --- Memory --------------------------------------------------------------------------------------------- */

START_TEST(the_hash_is_of_the_meaning)
{
    struct fixture one;
    struct fixture other;
    open_timers(&one, 10);
    open_timers(&other, 1000);
    for (uint32_t i = 0; i < 10; i++)
        ll_timers_set(&one.timers, i, i % 3);
    for (uint32_t i = 0; i < 10; i++)
        ll_timers_set(&other.timers, i, i % 3);
    ck_assert_uint_eq(ll_timers_hash(&one.timers), ll_timers_hash(&other.timers));
    ll_timers_set(&one.timers, 3, 0);
    ck_assert_uint_ne(ll_timers_hash(&one.timers), ll_timers_hash(&other.timers));
    close_timers(&one);
    close_timers(&other);
}
END_TEST

START_TEST(memory_that_holds_no_timers)
{
    struct fixture fixture;
    struct ll_timers timers;
    open_timers(&fixture, 10);
    for (size_t bytes = 0; bytes < fixture.bytes; bytes++) {
        struct ll_why why = {0};
        ck_assert_int_eq(ll_timers_attach(&timers, fixture.memory, bytes, &why), LL_ERR_CORRUPT);
        ck_assert_ptr_nonnull(strchr(why.text, ';'));
    }
    static const size_t header[] = {0, 4, 8, 12, 16, 20}; /* words that attach judges by */
    for (size_t i = 0; i < sizeof header / sizeof header[0]; i++) {
        fixture.memory[header[i] + 3] ^= 0x80;
        ck_assert_msg(ll_timers_attach(&timers, fixture.memory, fixture.bytes, NULL) == LL_ERR_CORRUPT,
                      "byte %zu", header[i] + 3);
        fixture.memory[header[i] + 3] ^= 0x80;
    }
    close_timers(&fixture);
}
END_TEST

static void damage(struct fixture *fixture, size_t offset, uint32_t value, const char *what)
{
    struct ll_why why = {0};
    uint32_t was;
    memcpy(&was, fixture->memory + offset, sizeof was);
    ck_assert_uint_ne(was, value);
    memcpy(fixture->memory + offset, &value, sizeof value);
    ck_assert_msg(ll_timers_check(&fixture->timers, &why) == LL_ERR_CORRUPT, "not seen: %s", what);
    ck_assert_msg(why.text[0] != 0, "no reason: %s", what);
    memcpy(fixture->memory + offset, &was, sizeof was);
    check_clean(fixture);
}

START_TEST(damage_is_seen)
{
    enum { ITEMS = 10, COUNT = 12, ITEM_0 = 32, HEAP = ITEM_0 + ITEMS * 24 };
    struct fixture fixture;
    open_timers(&fixture, ITEMS);
    for (uint32_t i = 0; i < 7; i++)
        ll_timers_set(&fixture.timers, i, 100 + i);
    damage(&fixture, COUNT, 6, "an item too few");
    damage(&fixture, COUNT, 8, "an item too many");
    damage(&fixture, 24, 6, "an item set after the last one");
    damage(&fixture, HEAP, 1, "an item in two places");
    damage(&fixture, HEAP + 4, ITEMS, "an item out of range");
    damage(&fixture, HEAP + 4, UINT32_MAX, "an item far out of range");
    damage(&fixture, ITEM_0, 200, "an item too late for its place");
    damage(&fixture, ITEM_0 + 24 * 6, 1, "an item too early for its place");
    damage(&fixture, ITEM_0 + 8, 0, "an item that was never set");
    damage(&fixture, ITEM_0 + 16, 2, "a place that is another item's");
    damage(&fixture, ITEM_0 + 16, 0, "an item in the heap that does not wait");
    damage(&fixture, ITEM_0 + 24 * 9 + 16, 1, "an item that waits and is not in the heap");
    close_timers(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timers");
    TCase *tcase = tcase_create("timers");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, configs_that_cannot_be);
    tcase_add_test(tcase, one_item);
    tcase_add_loop_test(tcase, in_order_of_time_then_of_setting, 0, 3);
    tcase_add_test(tcase, random_steps_against_an_array);
    tcase_add_test(tcase, the_hash_is_of_the_meaning);
    tcase_add_test(tcase, memory_that_holds_no_timers);
    tcase_add_test(tcase, damage_is_seen);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
