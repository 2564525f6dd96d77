/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: keys are what ll_keys.h says: numbers exact and told apart by scope, texts digested with the secret,
 * and never one like the other. Method: each field of a number's key changed alone; digests of all lengths,
 * of texts that differ in one byte and of scopes that differ in one field, compared all with all; many random
 * texts for the bit that tells the classes apart.
 */
#include "host/base/ll_prng.h"
#include "host/core/ll_keys.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t seed_one[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t seed_two[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17};
static const struct ll_key_scope platform = {LL_KEY_PLATFORM, 0, 0};

static bool equal(struct ll_key a, struct ll_key b)
{
    return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}

START_TEST(number_is_exact)
{
    struct ll_key_scope scope = {LL_KEY_PROVIDER_REF, 0x1234, 0x89abcdef};
    struct ll_key key = ll_key_number(scope, 0xfedcba9876543210u);
    ck_assert_uint_eq(key.word[0], 0xfedcba9876543210u);
    ck_assert_uint_eq(key.word[1], 0x8002123489abcdefu);
    ck_assert(ll_key_is_number(key));
    struct ll_key none = ll_key_number((struct ll_key_scope){0, 0, 0}, 0);
    ck_assert(none.word[1] != 0);
}
END_TEST

START_TEST(number_by_scope)
{
    struct ll_key_scope scopes[] = {{LL_KEY_PROVIDER_REF, 1, 100},  {LL_KEY_PROVIDER_REF, 1, 101},
                                    {LL_KEY_PROVIDER_REF, 2, 100},  {LL_KEY_EXCHANGE_REF, 1, 100},
                                    {LL_KEY_EXECUTION_BUY, 1, 100}, {LL_KEY_EXECUTION_SELL, 1, 100}};
    for (int a = 0; a < 6; a++)
        for (int b = 0; b < 6; b++)
            ck_assert_int_eq(equal(ll_key_number(scopes[a], 7), ll_key_number(scopes[b], 7)), a == b);
    ck_assert(!equal(ll_key_number(scopes[0], 7), ll_key_number(scopes[0], 8)));
}
END_TEST

START_TEST(text_by_secret_scope_and_bytes)
{
    static const char *const texts[] = {"SL1",
                                        "SL2",
                                        "SL10",
                                        "S",
                                        "sl1",
                                        "SL1.",
                                        "0123456789012345678901234567890123456789012345678901234567890123",
                                        "0123456789012345678901234567890123456789012345678901234567890124"};
    struct ll_key_scope scopes[] = {
        platform, {LL_KEY_CLIENT, 0, 0}, {LL_KEY_CLIENT, 1, 0}, {LL_KEY_PLATFORM, 0, 1}};
    struct ll_keys keys[2];
    struct ll_key made[2 * 4 * 8];
    int count = 0;
    ll_keys_init(&keys[0], seed_one);
    ll_keys_init(&keys[1], seed_two);
    for (int k = 0; k < 2; k++)
        for (int s = 0; s < 4; s++)
            for (int t = 0; t < 8; t++)
                made[count++] = ll_key_text(&keys[k], scopes[s], texts[t], strlen(texts[t]));
    for (int a = 0; a < count; a++)
        for (int b = 0; b < count; b++)
            ck_assert_int_eq(equal(made[a], made[b]), a == b);
    ck_assert(equal(made[0], ll_key_text(&keys[0], platform, "SL1", 3)));
}
END_TEST

/* Kept in snapshots and by other gateways of the cluster: it may not change with a library. */
START_TEST(text_stays)
{
    struct ll_keys keys;
    ll_keys_init(&keys, seed_one);
    struct ll_key key = ll_key_text(&keys, platform, "OR20260102-0000000001", 21);
    ck_assert_msg(key.word[0] == 0xfb251cff965d00e7u && key.word[1] == 0x72c1df5fefff651du,
                  "0x%016llx 0x%016llx", (unsigned long long)key.word[0], (unsigned long long)key.word[1]);
}
END_TEST

START_TEST(text_is_never_a_number)
{
    struct ll_prng prng;
    struct ll_keys keys;
    uint64_t high_bits = 0;
    ll_prng_init(&prng, ll_test_seed("keys"));
    ll_keys_init(&keys, seed_one);
    for (int i = 0; i < 20000; i++) {
        char text[LL_KEY_TEXT_BYTES_MAX];
        size_t bytes = 1 + ll_prng_below(&prng, LL_KEY_TEXT_BYTES_MAX);
        for (size_t at = 0; at < bytes; at++)
            text[at] = (char)('!' + ll_prng_below(&prng, '~' - '!' + 1));
        struct ll_key key = ll_key_text(&keys, platform, text, bytes);
        ck_assert(ll_key_text_is_valid(text, bytes));
        ck_assert(!ll_key_is_number(key));
        ck_assert((key.word[0] | key.word[1]) != 0);
        high_bits |= key.word[1];
    }
    ck_assert_uint_eq(high_bits, LL_KEY_NUMBER_BIT - 1); /* all others are used */
}
END_TEST

START_TEST(valid_texts)
{
    char text[LL_KEY_TEXT_BYTES_MAX + 1];
    memset(text, 'x', sizeof text);
    ck_assert(!ll_key_text_is_valid(text, 0));
    ck_assert(ll_key_text_is_valid(text, 1));
    ck_assert(ll_key_text_is_valid(text, LL_KEY_TEXT_BYTES_MAX));
    ck_assert(!ll_key_text_is_valid(text, LL_KEY_TEXT_BYTES_MAX + 1));
    for (int byte = 0; byte < 256; byte++) {
        text[5] = (char)byte;
        ck_assert_int_eq(ll_key_text_is_valid(text, 10), byte >= '!' && byte <= '~');
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keys");
    TCase *tcase = tcase_create("keys");
    tcase_add_test(tcase, number_is_exact);
    tcase_add_test(tcase, number_by_scope);
    tcase_add_test(tcase, text_by_secret_scope_and_bytes);
    tcase_add_test(tcase, text_stays);
    tcase_add_test(tcase, text_is_never_a_number);
    tcase_add_test(tcase, valid_texts);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
