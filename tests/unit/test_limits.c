/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a set of limits is in force whole or not at all; names find their values; what a commit changed is told.
 * Method: sets by hand, good and bad; every limit at its edges; the changes of random sets against a plain table.
 */
#include "tests/unit/ll_test_risk.h"

#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static struct ll_limits limits;
static const struct ll_limits_config CONFIG = {.rows_max = 12, .window_count = 100};
static const struct ll_test_limit WIDE[] = {{LL_SCOPE_FIRM, "", LL_LIMIT_COLLAR_BPS, 1000},
                                            {LL_SCOPE_FIRM, "", LL_LIMIT_REFERENCE_AGE, LL_TEST_S},
                                            {LL_SCOPE_FIRM, "", LL_LIMIT_ORDER_QUANTITY, 1000},
                                            {LL_SCOPE_FIRM, "", LL_LIMIT_ORDER_NOTIONAL, 1000000},
                                            {LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGES, 64},
                                            {LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGE_WINDOW, LL_TEST_S}};

static void setup(void)
{
    ll_limits_init(&limits, ll_test_memory(ll_limits_footprint_bytes(&CONFIG)), &CONFIG);
}

static void teardown(void)
{
    free(limits.control);
}

/* The wide set and one more value. */
static int try_one(uint8_t scope, const char *name, uint8_t limit, uint64_t value)
{
    struct ll_test_limit values[COUNT(WIDE) + 1];
    struct ll_why why = {0};
    memcpy(values, WIDE, sizeof WIDE);
    values[COUNT(WIDE)] = (struct ll_test_limit){scope, name, limit, value};
    int code = ll_test_limits_try(&limits, values, COUNT(values), &why);
    ck_assert((code == LL_OK) == (why.text[0] == '\0'));
    return code;
}

static uint64_t value_of(enum ll_limit_scope scope, const char *name, enum ll_limit limit)
{
    char padded[LL_NAME_BYTES_MAX] = {0};
    memcpy(padded, name, strlen(name));
    return ll_limits_row(&limits, ll_limits_find(&limits, scope, padded))->value[limit];
}

START_TEST(the_list_is_whole)
{
    for (uint32_t i = 0; i < LL_LIMIT_COUNT; i++) {
        const struct ll_limit_info *info = ll_limit_info(i);
        ck_assert_ptr_nonnull(info->name);
        ck_assert_uint_lt(info->most, LL_LIMIT_NOT_SET);
        ck_assert_uint_le(info->least, info->most);
        ck_assert_uint_ne(info->scopes & LL_SCOPES_FIRM, 0);
        ck_assert_str_ne(ll_limit_unit_name(info->unit), "unknown");
        for (uint32_t k = 0; k < i; k++)
            ck_assert_str_ne(ll_limit_info(k)->name, info->name);
    }
    ck_assert_str_eq(ll_limit_scope_name(LL_SCOPE_SYMBOL), "symbol");
    ck_assert_str_eq(ll_limit_scope_name(4), "unknown");
    ck_assert_str_eq(ll_limit_unit_name(200), "unknown");
}
END_TEST

START_TEST(names_find_their_own_or_the_star)
{
    static const struct ll_test_limit VALUES[] = {LL_TEST_WIDE,
                                                  {LL_SCOPE_ACCOUNT, "*", LL_LIMIT_EXPOSURE, 10},
                                                  {LL_SCOPE_ACCOUNT, "*", LL_LIMIT_MESSAGES, 5},
                                                  {LL_SCOPE_ACCOUNT, "A", LL_LIMIT_EXPOSURE, 20},
                                                  {LL_SCOPE_SYMBOL, "A", LL_LIMIT_EXPOSURE, 30}};
    ck_assert_uint_eq(ll_limits_version(&limits), 0);
    ck_assert_uint_eq(value_of(LL_SCOPE_ACCOUNT, "A", LL_LIMIT_EXPOSURE), LL_LIMIT_NOT_SET);
    ll_test_limits(&limits, VALUES, COUNT(VALUES));
    ck_assert_uint_eq(ll_limits_version(&limits), 1);
    ck_assert_uint_eq(value_of(LL_SCOPE_ACCOUNT, "A", LL_LIMIT_EXPOSURE), 20);
    ck_assert_uint_eq(value_of(LL_SCOPE_ACCOUNT, "A", LL_LIMIT_MESSAGES), 5);
    ck_assert_uint_eq(value_of(LL_SCOPE_ACCOUNT, "B", LL_LIMIT_EXPOSURE), 10);
    ck_assert_uint_eq(value_of(LL_SCOPE_ACCOUNT, "", LL_LIMIT_EXPOSURE), 10);
    ck_assert_uint_eq(value_of(LL_SCOPE_SYMBOL, "A", LL_LIMIT_EXPOSURE), 30);
    ck_assert_uint_eq(value_of(LL_SCOPE_STRATEGY, "A", LL_LIMIT_EXPOSURE), LL_LIMIT_NOT_SET);
    ck_assert_uint_eq(ll_limits_firm(&limits, LL_LIMIT_MESSAGES), 64);
}
END_TEST

START_TEST(every_limit_at_its_edges)
{
    const struct ll_limit_info *info = ll_limit_info(_i);
    uint64_t most = (info->control == 7 || info->control == 8) && info->unit == LL_UNIT_COUNT
                        ? CONFIG.window_count
                        : info->most;
    struct ll_limit_entry entry = {.scope = LL_SCOPE_FIRM};
    const uint64_t good[] = {info->least, most};
    for (size_t i = 0; i < 2; i++) {
        ll_limits_begin(&limits);
        entry.value_count = 0;
        ck_assert(ll_limit_entry_add(&entry, _i, good[i]));
        ck_assert_int_eq(ll_limits_add(&limits, &entry, NULL), LL_OK);
    }
    const uint64_t bad[] = {most + 1, LL_LIMIT_NOT_SET, info->least - 1};
    for (size_t i = 0; i < (info->least > 0 ? 3u : 2u); i++) {
        ll_limits_begin(&limits);
        entry.value_count = 0;
        ck_assert(ll_limit_entry_add(&entry, _i, bad[i]));
        ck_assert_int_eq(ll_limits_add(&limits, &entry, NULL), LL_ERR_MALFORMED);
    }
    for (uint8_t scope = 0; scope < LL_SCOPE_COUNT; scope++) {
        struct ll_limit_entry one = {.scope = scope};
        one.name[0] = scope == LL_SCOPE_FIRM ? '\0' : 'X';
        ll_limits_begin(&limits);
        ck_assert(ll_limit_entry_add(&one, _i, info->least));
        ck_assert_int_eq(ll_limits_add(&limits, &one, NULL),
                         (info->scopes >> scope & 1u) != 0 ? LL_OK : LL_ERR_MALFORMED);
    }
}
END_TEST

START_TEST(what_the_firm_must_have)
{
    struct ll_test_limit values[COUNT(WIDE)];
    size_t count = 0;
    struct ll_why why = {0};
    for (size_t i = 0; i < COUNT(WIDE); i++)
        if (i != (size_t)_i)
            values[count++] = WIDE[i];
    ck_assert_int_eq(ll_test_limits_try(&limits, values, count, &why), LL_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(why.text, ll_limit_info(WIDE[_i].limit)->name));
    ck_assert_uint_eq(ll_limits_version(&limits), 0);
}
END_TEST

START_TEST(a_bad_entry_spoils_the_new_set_only)
{
    struct ll_limit_entry entry = {.scope = LL_SCOPE_COUNT};
    ll_test_limits(&limits, WIDE, COUNT(WIDE));
    uint64_t before = ll_limits_hash(&limits);
    ck_assert_int_eq(ll_limits_add(&limits, &entry, NULL), LL_ERR_USAGE); /* not begun */
    ck_assert_int_eq(ll_limits_commit(&limits, NULL), LL_ERR_USAGE);
    ll_limits_begin(&limits);
    ck_assert_int_eq(ll_limits_add(&limits, &entry, NULL), LL_ERR_MALFORMED);
    ck_assert_int_eq(ll_limits_commit(&limits, NULL), LL_ERR_USAGE);
    entry.scope = LL_SCOPE_FIRM;
    entry.value_count = LL_LIMIT_ENTRY_VALUES_MAX + 1;
    ck_assert_int_eq(ll_limits_add(&limits, &entry, NULL), LL_ERR_MALFORMED);
    entry.value_count = 1;
    entry.limit[0] = LL_LIMIT_COUNT;
    ck_assert_int_eq(ll_limits_add(&limits, &entry, NULL), LL_ERR_MALFORMED);
    /* A set that is whole but for what was refused is not whole. */
    ck_assert_int_eq(try_one(LL_SCOPE_ACCOUNT, "A", LL_LIMIT_REPEAT_WINDOW, 1), LL_ERR_MALFORMED);
    ck_assert_int_eq(ll_limits_commit(&limits, NULL), LL_ERR_USAGE);
    ck_assert_int_eq(try_one(LL_SCOPE_FIRM, "X", LL_LIMIT_EXPOSURE, 1), LL_ERR_MALFORMED);
    ck_assert_int_eq(try_one(LL_SCOPE_ACCOUNT, "", LL_LIMIT_EXPOSURE, 1), LL_ERR_MALFORMED);
    ck_assert_int_eq(try_one(LL_SCOPE_ACCOUNT, "A B", LL_LIMIT_EXPOSURE, 1), LL_ERR_MALFORMED);
    ck_assert_int_eq(try_one(LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGES, 1), LL_ERR_MALFORMED); /* twice */
    ck_assert_int_eq(try_one(LL_SCOPE_FIRM, "", LL_LIMIT_REPEAT_COUNT, 1), LL_ERR_USAGE); /* no window */
    ck_assert_int_eq(try_one(LL_SCOPE_STRATEGY, "S", LL_LIMIT_EXECUTIONS, 1), LL_ERR_USAGE);
    ck_assert_uint_eq(ll_limits_hash(&limits), before);
    ck_assert_uint_eq(ll_limits_version(&limits), 1);
}
END_TEST

START_TEST(rows_are_bounded)
{
    struct ll_limit_entry entry = {.scope = LL_SCOPE_ACCOUNT, .name = "A"};
    ck_assert(ll_limit_entry_add(&entry, LL_LIMIT_EXPOSURE, 5));
    ll_limits_begin(&limits);
    for (uint32_t i = LL_SCOPE_COUNT; i < CONFIG.rows_max; i++, entry.name[0]++)
        ck_assert_int_eq(ll_limits_add(&limits, &entry, NULL), LL_OK);
    ck_assert_int_eq(ll_limits_add(&limits, &entry, NULL), LL_ERR_FULL);
    for (uint32_t i = entry.value_count; i < LL_LIMIT_ENTRY_VALUES_MAX; i++)
        ck_assert(ll_limit_entry_add(&entry, LL_LIMIT_EXPOSURE, 5));
    ck_assert(!ll_limit_entry_add(&entry, LL_LIMIT_EXPOSURE, 5));
}
END_TEST

START_TEST(a_copy_elsewhere_is_the_same_set)
{
    size_t bytes = ll_limits_footprint_bytes(&CONFIG);
    struct ll_limits copy;
    ck_assert_int_eq(try_one(LL_SCOPE_ACCOUNT, "A", LL_LIMIT_EXPOSURE, 7), LL_OK);
    void *memory = ll_test_memory(bytes);
    memcpy(memory, limits.control, bytes);
    ck_assert_int_eq(ll_limits_attach(&copy, memory, bytes), LL_OK);
    ck_assert_uint_eq(ll_limits_hash(&copy), ll_limits_hash(&limits));
    ck_assert_uint_eq(ll_limits_find(&copy, LL_SCOPE_ACCOUNT, "A\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
                      ll_limits_find(&limits, LL_SCOPE_ACCOUNT, "A\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    ll_test_limits(&copy, WIDE, COUNT(WIDE));
    ck_assert_uint_ne(ll_limits_hash(&copy), ll_limits_hash(&limits));
    ck_assert_int_eq(ll_limits_attach(&copy, memory, bytes - 1), LL_ERR_CORRUPT);
    memset(memory, 1, 8);
    ck_assert_int_eq(ll_limits_attach(&copy, memory, bytes), LL_ERR_CORRUPT);
    free(memory);
}
END_TEST

/* --- what changed --------------------------------------------------------------------------------------- */

#define NAMES 5u

/* The model: values by name (0 = the star) of one scope, and one limit of the firm. */
struct model {
    uint64_t exposure[NAMES];
    uint64_t quantity;
};

static void commit_model(const struct model *model)
{
    struct ll_test_limit values[COUNT(WIDE) + NAMES];
    static const char *const TEXTS[NAMES] = {"*", "A", "B", "C", "D"};
    size_t count = COUNT(WIDE);
    memcpy(values, WIDE, sizeof WIDE);
    values[2].value = model->quantity;
    for (size_t i = 0; i < NAMES; i++)
        if (model->exposure[i] != LL_LIMIT_NOT_SET)
            values[count++] =
                (struct ll_test_limit){LL_SCOPE_ACCOUNT, TEXTS[i], LL_LIMIT_EXPOSURE, model->exposure[i]};
    ll_test_limits(&limits, values, count);
}

START_TEST(changes_are_told_once_each)
{
    struct model models[2];
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("changes"));
    models[0].quantity = 1000;
    for (size_t i = 0; i < NAMES; i++)
        models[0].exposure[i] = LL_LIMIT_NOT_SET;
    commit_model(&models[0]);
    for (uint32_t round = 0; round < 300; round++) {
        const struct model *old = &models[round & 1];
        struct model *new = &models[~round & 1];
        struct ll_limit_change change;
        uint64_t cursor = 0;
        uint32_t expected = 0;
        uint32_t told = 0;
        new->quantity = 1 + ll_prng_below(&prng, 3);
        for (size_t i = 0; i < NAMES; i++)
            new->exposure[i] = ll_prng_chance(&prng, 400) ? LL_LIMIT_NOT_SET : ll_prng_below(&prng, 3);
        expected += old->quantity != new->quantity;
        for (size_t i = 0; i < NAMES; i++)
            expected += old->exposure[i] != new->exposure[i];
        commit_model(new);
        while (ll_limits_next_change(&limits, &cursor, &change)) {
            size_t name = change.name[0] == '*' ? 0 : (size_t)(change.name[0] - 'A' + 1);
            bool is_firm = change.scope == LL_SCOPE_FIRM;
            ck_assert_uint_eq(change.old_value, is_firm ? old->quantity : old->exposure[name]);
            ck_assert_uint_eq(change.new_value, is_firm ? new->quantity : new->exposure[name]);
            ck_assert_int_eq(change.limit, is_firm ? LL_LIMIT_ORDER_QUANTITY : LL_LIMIT_EXPOSURE);
            told++;
        }
        ck_assert_uint_eq(told, expected);
    }
    uint64_t cursor = 0;
    struct ll_limit_change change;
    ll_limits_begin(&limits);
    ck_assert(!ll_limits_next_change(&limits, &cursor, &change));
}
END_TEST

START_TEST(the_first_commit_changes_all_it_says)
{
    uint64_t cursor = 0;
    uint32_t told = 0;
    struct ll_limit_change change;
    ck_assert(!ll_limits_next_change(&limits, &cursor, &change));
    ll_test_limits(&limits, WIDE, COUNT(WIDE));
    for (cursor = 0; ll_limits_next_change(&limits, &cursor, &change); told++)
        ck_assert_uint_eq(change.old_value, LL_LIMIT_NOT_SET);
    ck_assert_uint_eq(told, COUNT(WIDE));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *tcase = tcase_create("limits");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_list_is_whole);
    tcase_add_test(tcase, names_find_their_own_or_the_star);
    tcase_add_loop_test(tcase, every_limit_at_its_edges, 0, LL_LIMIT_COUNT);
    tcase_add_loop_test(tcase, what_the_firm_must_have, 0, (int)COUNT(WIDE));
    tcase_add_test(tcase, a_bad_entry_spoils_the_new_set_only);
    tcase_add_test(tcase, rows_are_bounded);
    tcase_add_test(tcase, a_copy_elsewhere_is_the_same_set);
    tcase_add_test(tcase, changes_are_told_once_each);
    tcase_add_test(tcase, the_first_commit_changes_all_it_says);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
