/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: secrets are found equal exactly when every byte is.
 * Method: every byte value at every place against its own and all others; letters of both cases; lengths 0 to 64; the
 * result against memcmp and strncasecmp for random fields. That it takes the same time is in the code's shape, and no
 * test with a clock could say it.
 */
#include "host/base/ll_prng.h"
#include "host/base/ll_secret.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <string.h>
#include <strings.h>

#define FIELD_BYTES 64u

START_TEST(secret_lower_is_the_small_letter)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t wanted = byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
        ck_assert_uint_eq(ll_secret_lower(byte), wanted);
    }
}
END_TEST

START_TEST(secret_one_byte_differs)
{
    uint8_t known[FIELD_BYTES];
    uint8_t claimed[FIELD_BYTES];
    for (size_t i = 0; i < FIELD_BYTES; i++)
        known[i] = (uint8_t)(i * 37);
    for (size_t at = 0; at < FIELD_BYTES; at++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            memcpy(claimed, known, sizeof known);
            claimed[at] = (uint8_t)byte;
            ck_assert_int_eq(ll_secret_equal(claimed, known, FIELD_BYTES), byte == known[at]);
            ck_assert_int_eq(ll_secret_equal_caseless(claimed, known, FIELD_BYTES),
                             ll_secret_lower(byte) == ll_secret_lower(known[at]));
            ck_assert(ll_secret_equal(claimed, known, at)); /* what is before it is the same */
        }
    }
}
END_TEST

START_TEST(secret_nothing_equals_nothing)
{
    ck_assert(ll_secret_equal("a", "b", 0));
    ck_assert(ll_secret_equal_caseless("a", "b", 0));
}
END_TEST

START_TEST(secret_random_fields)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("secret"));
    for (uint32_t i = 0; i < 20000; i++) {
        char a[FIELD_BYTES];
        char b[FIELD_BYTES];
        uint32_t bytes = ll_prng_below(&prng, FIELD_BYTES) + 1;
        for (size_t at = 0; at < bytes; at++) {
            a[at] = (char)(0x21 + ll_prng_below(&prng, 0x5e));
            b[at] = a[at];
        }
        if (ll_prng_below(&prng, 2) != 0)
            b[ll_prng_below(&prng, bytes)] ^= (char)(1u << ll_prng_below(&prng, 7));
        ck_assert_int_eq(ll_secret_equal(a, b, bytes), memcmp(a, b, bytes) == 0);
        bool has_end = memchr(b, '\0', bytes) != NULL; /* where strncasecmp would stop */
        if (!has_end)
            ck_assert_int_eq(ll_secret_equal_caseless(a, b, bytes), strncasecmp(a, b, bytes) == 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("secret");
    TCase *all = tcase_create("all");
    tcase_add_test(all, secret_lower_is_the_small_letter);
    tcase_add_test(all, secret_one_byte_differs);
    tcase_add_test(all, secret_nothing_equals_nothing);
    tcase_add_test(all, secret_random_fields);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
