/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: speeds are read to the end or refused; a plan fixed by the first datagram never moves, whatever the feed's
 * times do.
 * Method: tables of texts; waits whose planned times are computed here. Nothing is asserted about how long a wait
 * takes, only that it does not end before its time.
 */
#include "host/app/ll_pacer.h"

#include "host/app/ll_stop.h"
#include "host/base/ll_clock.h"

#include <check.h>
#include <signal.h>

START_TEST(speeds_are_read)
{
    static const struct {
        const char *text;
        uint64_t milli;
    } good[] = {{"max", 0},
                {"real", 1000},
                {"1x", 1000},
                {"2x", 2000},
                {"0.5x", 500},
                {"2.5x", 2500},
                {"0.001x", 1},
                {"10000x", 10000000},
                {"1.250x", 1250},
                {".5x", 500},
                {"1.x", 1000},
                {"007x", 7000},
                {"1000000000x", 1000000000000u}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint64_t milli = 99;
        struct ll_why why = {0};
        ck_assert_msg(ll_pacer_parse_speed(good[i].text, &milli, &why) == LL_OK, "%s: %s", good[i].text,
                      why.text);
        ck_assert_msg(milli == good[i].milli, "%s", good[i].text);
    }
}
END_TEST

START_TEST(other_words_are_refused)
{
    static const char *const bad[] = {"",
                                      "x",
                                      "0x",
                                      "0.0x",
                                      "0.0001x",
                                      "1",
                                      "-1x",
                                      "+1x",
                                      "1xx",
                                      "1x ",
                                      " 1x",
                                      "1..5x",
                                      "1.2.3x",
                                      "fast",
                                      "MAX",
                                      "maxx",
                                      "1e3x",
                                      "1,5x",
                                      "nanx",
                                      "1.0000x",
                                      "1000000001x",
                                      "99999999999999999999999999x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t milli = 99;
        struct ll_why why = {0};
        ck_assert_msg(ll_pacer_parse_speed(bad[i], &milli, &why) == LL_ERR_USAGE, "'%s' is taken", bad[i]);
        ck_assert_int_eq(why.code, LL_ERR_USAGE);
    }
}
END_TEST

START_TEST(the_plan_never_moves)
{
    struct ll_pacer pacer;
    const uint64_t feed_ns = 1000 * LL_NS_PER_S;
    ll_pacer_init(&pacer, 4000); /* four times as fast */
    uint64_t before_ns = ll_clock_mono_ns();
    uint64_t start_ns = ll_pacer_wait(&pacer, feed_ns);
    ck_assert_uint_ge(start_ns, before_ns);
    ck_assert_uint_le(start_ns, ll_clock_mono_ns());
    static const uint64_t later_ns[] = {0, 4000, 8000000, 4000000, 0, 20000000, 19999999};
    for (size_t i = 0; i < sizeof later_ns / sizeof later_ns[0]; i++) {
        uint64_t planned_ns = ll_pacer_wait(&pacer, feed_ns + later_ns[i]);
        ck_assert_uint_eq(planned_ns, start_ns + later_ns[i] / 4);
        ck_assert_uint_ge(ll_clock_mono_ns(), planned_ns);
    }
    /* Before the first one: due at once. */
    ck_assert_uint_eq(ll_pacer_wait(&pacer, 1), start_ns);
    ck_assert_uint_eq(ll_pacer_wait(&pacer, 0), start_ns);
}
END_TEST

START_TEST(unpaced_is_now)
{
    struct ll_pacer pacer;
    ll_pacer_init(&pacer, 0);
    static const uint64_t feed_ns[] = {0, UINT64_MAX, 5, UINT64_MAX / 2};
    uint64_t before_ns = ll_clock_mono_ns();
    for (size_t i = 0; i < sizeof feed_ns / sizeof feed_ns[0]; i++) {
        uint64_t planned_ns = ll_pacer_wait(&pacer, feed_ns[i]);
        ck_assert_uint_ge(planned_ns, before_ns);
        before_ns = planned_ns;
    }
    ck_assert_uint_le(before_ns, ll_clock_mono_ns());
}
END_TEST

/* A feed time far away, such as a damaged capture has, does not overflow, and a stop ends the wait for it. */
START_TEST(a_stop_ends_a_wait)
{
    struct ll_pacer pacer;
    ll_pacer_init(&pacer, 1);
    ll_stop_install();
    (void)ll_pacer_wait(&pacer, 0);
    ck_assert_int_eq(raise(SIGTERM), 0);
    ck_assert(ll_stop_requested());
    uint64_t near_ns = ll_pacer_wait(&pacer, (uint64_t)400 * 86400 * LL_NS_PER_S);
    uint64_t far_ns = ll_pacer_wait(&pacer, UINT64_MAX);
    ck_assert_uint_gt(near_ns, ll_clock_mono_ns());
    ck_assert_uint_ge(far_ns, near_ns);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pacer");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, speeds_are_read);
    tcase_add_test(all, other_words_are_refused);
    tcase_add_test(all, the_plan_never_moves);
    tcase_add_test(all, unpaced_is_now);
    tcase_add_test(all, a_stop_ends_a_wait);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
