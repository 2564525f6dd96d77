/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a price as text becomes exactly its ticks or is refused, and comes back as the same number.
 * Method: a table of edges for both outcomes; every value near the limits; random round trips.
 */
#include "host/base/ll_decimal.h"
#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <string.h>

static const struct {
    const char *text;
    unsigned decimals;
    uint64_t value;
} decimal_good[] = {
    {"0", 4, 0},
    {"0.0000", 4, 0},
    {"150.34", 4, 1503400},
    {"150.3401", 4, 1503401},
    {"0.0001", 4, 1},
    {"1", 4, 10000},
    {"1.0", 4, 10000},
    {"00150.34", 4, 1503400},
    {"0.1", 1, 1},
    {"7", 0, 7},
    {"18446744073709551615", 0, UINT64_MAX},
    {"1844674407370955.1615", 4, UINT64_MAX},
    {"1844674407370955.1614", 4, UINT64_MAX - 1},
    {"18.446744073709551615", 18, UINT64_MAX},
    {"0.000000000000000001", 18, 1},
};

static const struct {
    const char *text;
    unsigned decimals;
    const char *reason;
} decimal_bad[] = {
    {"", 4, "no number"},
    {".", 4, "no number"},
    {"1.", 4, "no number"},
    {".5", 4, "no number"},
    {"1..5", 4, "no number"},
    {"1.5.0", 4, "no number"},
    {"-1", 4, "no number"},
    {"+1", 4, "no number"},
    {" 1", 4, "no number"},
    {"1 ", 4, "no number"},
    {"1,5", 4, "no number"},
    {"1e3", 4, "no number"},
    {"0x10", 4, "no number"},
    {"nan", 4, "no number"},
    {"inf", 4, "no number"},
    {"150.34001", 4, "more than 4 decimals"},
    {"150.34000", 4, "more than 4 decimals"},
    {"7.0", 0, "more than 0 decimals"},
    {"1844674407370955.1616", 4, "does not fit"},
    {"1844674407370956", 4, "does not fit"},
    {"18446744073709551616", 0, "does not fit"},
    {"99999999999999999999999999", 4, "does not fit"},
};

START_TEST(decimal_reads_exactly)
{
    uint64_t value = 99;
    struct ll_why why = {0};
    int err = ll_decimal_parse(decimal_good[_i].text, decimal_good[_i].decimals, &value, &why);
    ck_assert_msg(err == LL_OK, "%s: %s", decimal_good[_i].text, why.text);
    ck_assert_uint_eq(value, decimal_good[_i].value);
}
END_TEST

START_TEST(decimal_refuses_with_a_reason)
{
    uint64_t value = 99;
    struct ll_why why = {0};
    int err = ll_decimal_parse(decimal_bad[_i].text, decimal_bad[_i].decimals, &value, &why);
    ck_assert_msg(err == LL_ERR_USAGE, "'%s' is taken", decimal_bad[_i].text);
    ck_assert_msg(strstr(why.text, decimal_bad[_i].reason) != NULL, "%s", why.text);
    ck_assert_uint_eq(value, 99);
}
END_TEST

START_TEST(decimal_goes_and_comes_back)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("decimal"));
    for (uint32_t step = 0; step < 20000; step++) {
        char text[LL_DECIMAL_TEXT_BYTES];
        unsigned decimals = ll_prng_below(&prng, LL_DECIMALS_MAX + 1);
        uint64_t value = ll_prng_next(&prng) >> ll_prng_below(&prng, 64);
        uint64_t back = 0;
        ll_decimal_format(text, value, decimals);
        ck_assert_int_eq(ll_decimal_parse(text, decimals, &back, NULL), LL_OK);
        ck_assert_uint_eq(back, value);
        const char *point = strchr(text, '.');
        ck_assert_uint_eq(point != NULL ? strlen(point + 1) : 0, decimals);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decimal");
    TCase *edges = tcase_create("edges");
    tcase_add_loop_test(edges, decimal_reads_exactly, 0, (int)(sizeof decimal_good / sizeof decimal_good[0]));
    tcase_add_loop_test(edges, decimal_refuses_with_a_reason, 0,
                        (int)(sizeof decimal_bad / sizeof decimal_bad[0]));
    tcase_add_test(edges, decimal_goes_and_comes_back);
    suite_add_tcase(suite, edges);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
