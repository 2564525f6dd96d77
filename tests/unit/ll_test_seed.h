/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seed of a random test: LL_SEED when set, else a fixed one, and always printed before it is used.
 *
 * Shape    ll_test_seed(what) once per test case.
 * Units    none.
 * Errors   an LL_SEED that is not a number stops the test.
 * Threads  one.
 */
#ifndef LL_TESTS_UNIT_TEST_SEED_H
#define LL_TESTS_UNIT_TEST_SEED_H

#include "host/base/ll_assert.h"
#include "host/base/ll_options.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline uint64_t ll_test_seed(const char *what)
{
    const char *text = getenv("LL_SEED");
    uint64_t seed = 1;
    if (text != NULL && text[0] != '\0')
        LL_ASSERT(ll_options_parse_u64(text, LL_OPTION_U64, &seed, NULL) == LL_OK);
    printf("%s: LL_SEED=%" PRIu64 "\n", what, seed);
    (void)fflush(stdout);
    return seed;
}

#endif
