/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: every error code has its own name, and the first reason survives on its way up.
 * Method: the whole table of codes, then filling, refilling, appending and overflowing a struct ll_why.
 */
#include "host/base/ll_err.h"

#include <check.h>
#include <string.h>

static const int codes[] = {
#define TEST_CODE(name, value, text) LL_##name,
    LL_ERRORS(TEST_CODE)
#undef TEST_CODE
};
static const int code_count = (int)(sizeof codes / sizeof codes[0]);

START_TEST(test_names_are_distinct)
{
    for (int i = 0; i < code_count; i++) {
        ck_assert_str_ne(ll_err_name(codes[i]), "unknown");
        ck_assert_int_eq(codes[i], -i); /* dense, so that a new code cannot reuse a number */
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(ll_err_name(codes[i]), ll_err_name(codes[j]));
    }
    ck_assert_str_eq(ll_err_name(1), "unknown");
    ck_assert_str_eq(ll_err_name(-code_count), "unknown");
}
END_TEST

START_TEST(test_first_reason_stays)
{
    struct ll_why why = {0};
    int line = __LINE__ + 1;
    ck_assert_int_eq(LL_FAIL(&why, LL_ERR_IO, "disk %d; look at it", 7), LL_ERR_IO);
    ck_assert_int_eq(LL_FAIL(&why, LL_ERR_USAGE, "a later complaint"), LL_ERR_USAGE);
    ck_assert_int_eq(why.code, LL_ERR_IO);
    ck_assert_int_eq(why.line, line);
    ck_assert_ptr_nonnull(strstr(why.file, "test_err.c"));
    ck_assert_str_eq(why.text, "disk 7; look at it");
}
END_TEST

START_TEST(test_no_reason_wanted)
{
    ck_assert_int_eq(LL_FAIL(NULL, LL_ERR_FULL, "nobody reads this"), LL_ERR_FULL);
    ll_why_append(NULL, "nor this");
    struct ll_why why = {0};
    ll_why_append(&why, "there is no error to extend");
    ck_assert_str_eq(why.text, "");
    ck_assert_int_eq(why.code, LL_OK);
}
END_TEST

START_TEST(test_context_is_appended)
{
    struct ll_why why = {0};
    (void)LL_FAIL(&why, LL_ERR_IO, "cannot open");
    ll_why_append(&why, "segment %d", 3);
    ll_why_append(&why, "journal %s", "x");
    ck_assert_str_eq(why.text, "cannot open; segment 3; journal x");
}
END_TEST

/* Appending to a reason of every length around the end of the text keeps it a string and keeps its start. */
START_TEST(test_truncates)
{
    char text[LL_WHY_BYTES + 8];
    for (size_t text_bytes = LL_WHY_BYTES - 12; text_bytes < sizeof text; text_bytes++) {
        struct ll_why why = {0};
        memset(text, 'x', sizeof text);
        text[text_bytes < sizeof text ? text_bytes : sizeof text - 1] = '\0';
        (void)LL_FAIL(&why, LL_ERR_IO, "%s", text);
        size_t kept_bytes = text_bytes < LL_WHY_BYTES ? text_bytes : LL_WHY_BYTES - 1;
        ck_assert_uint_eq(strlen(why.text), kept_bytes);
        ll_why_append(&why, "%s", "context");
        ck_assert_uint_lt(strlen(why.text), LL_WHY_BYTES);
        ck_assert_uint_ge(strlen(why.text), kept_bytes);
        ck_assert_uint_eq(strspn(why.text, "x"), kept_bytes);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("err");
    TCase *tcase = tcase_create("err");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, test_names_are_distinct);
    tcase_add_test(tcase, test_first_reason_stays);
    tcase_add_test(tcase, test_no_reason_wanted);
    tcase_add_test(tcase, test_context_is_appended);
    tcase_add_test(tcase, test_truncates);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
