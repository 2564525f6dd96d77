/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: every word of the domain means what the domain says, and a word nobody knows is active. Method: the two
 * lists of active and inactive words, written down here once more; each state there and back; words that are nearly
 * one.
 */
#include "host/core/ll_order_codes.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char *const ACTIVE[] = {"DON",  "QUE",     "ACK",     "REC",    "NEW",
                                     "OPEN", "PENDING", "WORKING", "FAILED", "PARTIALLY_FILLED"};
static const char *const INACTIVE[] = {"FILLED", "CAN", "EXP", "REJ", "REJECTED", "OUT", "CLOSED"};
static const char *const NO_WORDS[] = {"", "NE", "NEWS", "FILLED ", "PARTIALLY FILLED", "\xc3\xa4", "9"};

START_TEST(test_active_words_are_active)
{
    struct ll_order_code code = ll_order_code_read(ACTIVE[_i], (uint32_t)strlen(ACTIVE[_i]));
    ck_assert(code.known);
    ck_assert(code.active);
}
END_TEST

START_TEST(test_inactive_words_are_not)
{
    struct ll_order_code code = ll_order_code_read(INACTIVE[_i], (uint32_t)strlen(INACTIVE[_i]));
    ck_assert(code.known);
    ck_assert(!code.active);
    ck_assert_uint_eq(ll_order_is_live(code.state), 0);
}
END_TEST

START_TEST(test_a_word_nobody_knows_is_active)
{
    struct ll_order_code code = ll_order_code_read(NO_WORDS[_i], (uint32_t)strlen(NO_WORDS[_i]));
    ck_assert(!code.known);
    ck_assert(code.active);
    ck_assert_uint_eq(code.state, LL_ORDER_NONE);
}
END_TEST

START_TEST(test_each_state_there_and_back)
{
    const char *word = ll_order_code_write((uint32_t)_i);
    struct ll_order_code code = ll_order_code_read(word, (uint32_t)strlen(word));
    ck_assert(code.known);
    ck_assert_uint_eq(code.state, (uint32_t)_i);
    ck_assert_uint_eq(code.active, ll_order_is_live((uint32_t)_i) != 0 || _i == LL_ORDER_FAILED);
}
END_TEST

START_TEST(test_case_does_not_matter_and_no_state_has_no_word)
{
    ck_assert_uint_eq(ll_order_code_read("Partially_Filled", 16).state, LL_ORDER_PARTIALLY_FILLED);
    ck_assert_str_eq(ll_order_code_write(LL_ORDER_NONE), "UNKNOWN");
    ck_assert_str_eq(ll_order_code_write(LL_ORDER_STATE_COUNT), "UNKNOWN");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("order_codes");
    TCase *words = tcase_create("words");
    tcase_add_loop_test(words, test_active_words_are_active, 0, (int)(sizeof ACTIVE / sizeof ACTIVE[0]));
    tcase_add_loop_test(words, test_inactive_words_are_not, 0, (int)(sizeof INACTIVE / sizeof INACTIVE[0]));
    tcase_add_loop_test(words, test_a_word_nobody_knows_is_active, 0,
                        (int)(sizeof NO_WORDS / sizeof NO_WORDS[0]));
    tcase_add_loop_test(words, test_each_state_there_and_back, LL_ORDER_PENDING, LL_ORDER_STATE_COUNT);
    tcase_add_test(words, test_case_does_not_matter_and_no_state_has_no_word);
    suite_add_tcase(suite, words);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
