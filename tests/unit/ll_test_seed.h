/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seed of a random test: LL_SEED when set (a number, or a hexadecimal hash of which 16 digits count), else a fixed
 * one, and always printed before it is used.
 *
 * Shape    ll_test_seed(what) once per test case.
 * Units    none.
 * Errors   an LL_SEED that is neither stops the test.
 * Threads  one.
 */
#ifndef LL_TESTS_UNIT_TEST_SEED_H
#define LL_TESTS_UNIT_TEST_SEED_H

#include "host/base/ll_assert.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline uint64_t ll_test_seed(const char *what)
{
    const char *text = getenv("LL_SEED");
    uint64_t seed = 1;
    if (text != NULL && text[0] != '\0') {
        char *end = NULL;
        seed = strtoull(text, &end, 0);
        if (*end != '\0') {
            char digits[17] = {0};
            (void)snprintf(digits, sizeof digits, "%.16s", text);
            seed = strtoull(digits, &end, 16);
            LL_ASSERT(*end == '\0');
        }
    }
    printf("%s: LL_SEED=%" PRIu64 "\n", what, seed);
    (void)fflush(stdout);
    return seed;
}

#endif
