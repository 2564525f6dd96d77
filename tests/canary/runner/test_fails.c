/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: prove that a failing check is seen. Method: one check that holds, one that does not; run only by
 * tests/canary/runner.sh, which fails when this is counted as anything but 1 passed, 1 failed.
 */
#include <check.h>

START_TEST(test_holds)
{
    ck_assert_int_eq(1, 1);
}
END_TEST

START_TEST(test_does_not_hold)
{
    ck_assert_int_eq(1, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("canary");
    TCase *tcase = tcase_create("canary");
    tcase_add_test(tcase, test_holds);
    tcase_add_test(tcase, test_does_not_hold);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
