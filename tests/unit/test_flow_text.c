/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: "[ADDR:]PORT" is read to the end or refused with the text in the reason.
 * Method: tables of what is allowed and what is not; random texts must do one of the two and never more.
 */
#include "tests/unit/ll_test_seed.h"

#include "host/app/ll_flow_text.h"
#include "host/base/ll_prng.h"

#include <check.h>
#include <string.h>

START_TEST(good_ones)
{
    static const struct {
        const char *text;
        uint32_t address;
        uint16_t port;
    } good[] = {{"1", 0, 1},
                {"26477", 0, 26477},
                {"65535", 0, 65535},
                {"233.54.12.111:26477", 0xe9360c6fu, 26477},
                {"0.0.0.0:5", 0, 5},
                {"255.255.255.255:65535", 0xffffffffu, 65535},
                {"10.0.0.1:1", 0x0a000001u, 1}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct ll_flow flow = {1, 2, 3};
        struct ll_why why = {0};
        const struct ll_flow_text text = {good[i].text, (uint32_t)i};
        ck_assert_msg(ll_flow_parse(&text, &flow, &why) == LL_OK, "%s: %s", good[i].text, why.text);
        ck_assert_uint_eq(flow.ipv4_address, good[i].address);
        ck_assert_uint_eq(flow.udp_port, good[i].port);
        ck_assert_uint_eq(flow.line, i);
    }
}
END_TEST

START_TEST(bad_ones)
{
    static const char *const bad[] = {"",
                                      ":",
                                      "x",
                                      "0",
                                      "65536",
                                      "-1",
                                      "1.5",
                                      ":5",
                                      "1.2.3.4:",
                                      "1.2.3.4:0",
                                      "1.2.3.4:65536",
                                      "1.2.3:5",
                                      "1.2.3.4.5:6",
                                      "256.1.1.1:5",
                                      "1.2.3.4:5x",
                                      "1.2.3.4:5:6",
                                      "::1:5",
                                      "host:5",
                                      " 1.2.3.4:5",
                                      "1.2.3.4 :5",
                                      "1.2.3.4: 5",
                                      "1111111111111111111111.2.3.4:5",
                                      "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ll_flow flow;
        struct ll_why why = {0};
        const struct ll_flow_text text = {bad[i], 0};
        ck_assert_msg(ll_flow_parse(&text, &flow, &why) == LL_ERR_USAGE, "'%s' is taken", bad[i]);
        ck_assert_int_eq(why.code, LL_ERR_USAGE);
        ck_assert_ptr_nonnull(strstr(why.text, bad[i]));
    }
}
END_TEST

START_TEST(random_ones)
{
    static const char letters[] = "0123456789...:::x -";
    struct ll_prng prng;
    uint32_t taken = 0;
    ll_prng_init(&prng, ll_test_seed("random_ones"));
    for (uint32_t turn = 0; turn < 200000; turn++) {
        char bytes[32];
        uint32_t length = ll_prng_below(&prng, 9);
        for (uint32_t i = 0; i < length; i++)
            bytes[i] = letters[ll_prng_below(&prng, sizeof letters - 1)];
        bytes[length] = '\0';
        struct ll_flow flow = {0, 0, 0};
        const struct ll_flow_text text = {bytes, 0};
        if (ll_flow_parse(&text, &flow, NULL) != LL_OK)
            continue;
        taken++;
        ck_assert_uint_ge(flow.udp_port, 1);
        ck_assert_msg(strpbrk(bytes, " -") == NULL, "'%s' is taken", bytes);
    }
    ck_assert_uint_gt(taken, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flow_text");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, good_ones);
    tcase_add_test(all, bad_ones);
    tcase_add_test(all, random_ones);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
