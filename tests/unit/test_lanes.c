/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the three comparisons over lanes say the same in AVX-512, in plain C, and in the words of their
 * comments. Method: nodes of random keys, of few different keys (many equal lanes), of the smallest and
 * largest keys; each key asked for is a lane's own, its neighbours, or random. The plain way is compiled in a
 * file of its own. Without AVX-512 both are the plain way; the run says so.
 */
#include "hls/ll_lanes.h"
#include "host/base/ll_prng.h"
#include "tests/model/ll_other_kernels.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 20000, KEYS_PER_NODE = 40, LANES = 32 };

static uint64_t seed_of_run(void)
{
    const char *text = getenv("LL_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 20120621;
}

static uint32_t count_bits(uint32_t x)
{
    uint32_t count = 0;
    for (; x != 0; x >>= 1)
        count += x & 1u;
    return count;
}

static void check_node(const uint32_t *lane, uint32_t key)
{
    uint32_t equal = 0;
    uint32_t rank = 0;
    uint32_t smallest = UINT32_MAX;
    for (uint32_t i = 0; i < 32; i++)
        if (lane[i] == key)
            equal |= UINT32_C(1) << i;
    for (uint32_t i = 0; i <= 30; i++)
        if (lane[i] < smallest)
            smallest = lane[i];
    for (uint32_t i = 1; i <= 14; i++)
        if (lane[i] <= key)
            rank++;
    ck_assert_uint_eq(ll_lanes_equal32(lane, key), equal);
    ck_assert_uint_eq(ll_plain_lanes_equal32(lane, key), equal);
    ck_assert_uint_eq(ll_lanes_min31(lane), smallest);
    ck_assert_uint_eq(ll_plain_lanes_min31(lane), smallest);
    ck_assert_uint_eq(ll_lanes_rank14(lane, key), rank);
    ck_assert_uint_eq(ll_plain_lanes_rank14(lane, key), rank);
}

static uint32_t make_key(struct ll_prng *prng, uint32_t kind)
{
    uint32_t x = (uint32_t)ll_prng_next(prng);
    switch (kind % 5) {
    case 0:
        return x;
    case 1:
        return x % 8;
    case 2:
        return UINT32_MAX - x % 4;
    case 3:
        return 0x80000000u + x % 5 - 2; /* where a signed comparison would turn */
    default:
        return make_key(prng, x % 4);
    }
}

START_TEST(nodes_of_all_kinds)
{
    struct ll_prng prng;
    /* An inner node's bounds are one line in a struct of two: aligned to a line, as in the kernel's memory.
     */
    _Alignas(64) uint32_t lane[LANES];
    ll_prng_init(&prng, seed_of_run());
    for (uint32_t node = 0; node < NODES; node++) {
        for (uint32_t i = 0; i < LANES; i++)
            lane[i] = make_key(&prng, node);
        for (uint32_t i = 0; i < KEYS_PER_NODE; i++) {
            uint32_t own = lane[ll_prng_below(&prng, LANES)];
            check_node(lane, i % 4 == 0 ? make_key(&prng, node) : own + (i % 4) - 2);
        }
    }
}
END_TEST

/* Each lane alone: the one that differs is seen, and lanes that are not keys are not. */
START_TEST(each_lane_alone)
{
    uint32_t lane[LANES];
    for (uint32_t i = 0; i < LANES; i++) {
        memset(lane, 0xff, sizeof lane);
        lane[i] = 5;
        check_node(lane, 4);
        check_node(lane, 5);
        check_node(lane, 6);
        check_node(lane, UINT32_MAX);
        memset(lane, 0, sizeof lane);
        lane[i] = UINT32_MAX;
        check_node(lane, 0);
        check_node(lane, UINT32_MAX - 1);
        check_node(lane, UINT32_MAX);
    }
}
END_TEST

START_TEST(bits_and_selects)
{
    struct ll_prng prng;
    ll_prng_init(&prng, seed_of_run());
    for (uint32_t i = 0; i < 100000; i++) {
        uint32_t x =
            (uint32_t)ll_prng_next(&prng) & (uint32_t)ll_prng_next(&prng) & (uint32_t)ll_prng_next(&prng);
        uint64_t y = ll_prng_next(&prng);
        ck_assert_uint_eq(ll_popcount32(x), count_bits(x));
        if (x != 0) {
            ck_assert_uint_eq(x >> ll_ctz32(x) & 1u, 1);
            ck_assert_uint_eq(x & ((UINT32_C(1) << ll_ctz32(x)) - 1u), 0);
        }
        ck_assert_uint_eq(ll_select32(i & 1u, x, ~x), (i & 1u) != 0 ? x : ~x);
        ck_assert_uint_eq(ll_select64(i & 1u, y, ~y), (i & 1u) != 0 ? y : ~y);
    }
}
END_TEST

int main(void)
{
    printf("seed %" PRIu64 "\n", seed_of_run());
#ifndef LL_LANES_AVX512
    printf("no AVX-512 in this build: both ways are the plain one\n");
#endif
    Suite *suite = suite_create("lanes");
    TCase *tcase = tcase_create("lanes");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, nodes_of_all_kinds);
    tcase_add_test(tcase, each_lane_alone);
    tcase_add_test(tcase, bits_and_selects);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
