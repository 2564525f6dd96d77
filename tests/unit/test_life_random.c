/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the kernel's lifecycle half is the naive one, whatever is asked, and whatever the batch size.
 * Method: for each of many seeds a script of asks, shaped to reach one corner (tests/model/ll_life_script.h:
 * few orders, requests and replaces, fills with busts and corrections, sums near 32 bits, tables and chains
 * that fill up). First one ask at a time: all 64 bytes of every answer against the naive model
 * (tests/model/ll_life_pair.h), and the whole state now and then. Then the same script in batches of 64, of
 * one other size, and cut at random, by the kernel as hardware reads it, with few lines on chip and without: the
 * same bytes, the same state. A failure names its seed; LL_SEED=<seed> runs that seed alone, LL_SEEDS=<n> that
 * many.
 */
#include "tests/model/ll_life_script.h"
#include "tests/model/ll_other_kernels.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The sanitizer takes long, and looks at memory: it sees in a third of the seeds what it would see in all. */
#ifdef __SANITIZE_ADDRESS__
enum { SEEDS_DEFAULT = 400 };
#else
enum { SEEDS_DEFAULT = 1200 };
#endif
enum { COMPARE_EVERY = 97, SHAPE_COUNT = LL_LIFE_SHAPE_COUNT };

/* A script with what came of it. */
struct run {
    struct ll_life_script script;
    struct ll_life_ask asks[LL_LIFE_SCRIPT_ASKS_MAX];
    struct ll_life_answer answers[LL_LIFE_SCRIPT_ASKS_MAX];
};

/* What a shape has reached over its seeds: a script that misses its corner tests nothing. */
struct reach {
    uint64_t seeds;
    uint64_t verdicts[LL_VERDICT_COUNT];
    uint64_t chains_full;
};

static void reach_check(const struct reach *reach, const struct ll_life_shape *shape)
{
    static const enum ll_verdict verdicts[] = {
        LL_VERDICT_OK,           LL_VERDICT_DUPLICATE, LL_VERDICT_UNKNOWN_ID,         LL_VERDICT_LATE,
        LL_VERDICT_OUT_OF_ORDER, LL_VERDICT_OVERFILL,  LL_VERDICT_ILLEGAL_TRANSITION, LL_VERDICT_ID_TAKEN,
        LL_VERDICT_TABLE_FULL,   LL_VERDICT_BAD_INPUT};
    if (reach->seeds < 5)
        return;
    ck_assert_int_eq(reach->chains_full != 0, (shape->full & LL_LIFE_FULL_CHAINS) != 0);
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        ck_assert_msg(reach->verdicts[verdicts[i]] > 0 || shape->orders == 1, "%s: no verdict %d",
                      shape->name, (int)verdicts[i]);
}

/* One ask at a time, beside the naive model. */
static uint64_t run_beside_naive(struct run *run, const struct ll_life_pair_config *config, uint64_t seed,
                                 struct reach *reach)
{
    struct ll_life_pair pair;
    char text[LL_LIFE_PAIR_TEXT_BYTES];
    ll_life_pair_init(&pair, config);
    for (uint32_t i = 0; i < run->script.shape->asks; i++) {
        struct ll_life_ask *ask = &run->asks[i];
        struct ll_life_answer *answer = &run->answers[i];
        ll_life_script_next(&run->script, ask);
        memset(answer, 0xa5, sizeof *answer);
        ll_life_pair_run(&pair, ask, answer, 1, 1 + i % 64);
        ck_assert_msg(ll_life_pair_expect(&pair, ask, answer, text), "LL_SEED=%" PRIu64 " (%s): %s", seed,
                      run->script.shape->name, text);
        reach->verdicts[answer->verdict]++;
        if (i % COMPARE_EVERY == 0 || i + 1 == run->script.shape->asks)
            ck_assert_msg(ll_life_pair_compare_all(&pair, text), "LL_SEED=%" PRIu64 " (%s): ask %u: %s", seed,
                          run->script.shape->name, i, text);
    }
    uint64_t hash = ll_life_memory_hash(&pair.life);
    reach->seeds++;
    reach->chains_full += pair.chains_full;
    ll_life_pair_deinit(&pair);
    return hash;
}

/* The same script, in calls and batches of at most `batch` (0 = random). */
static uint64_t run_batched(struct run *run, const struct ll_life_pair_config *config, uint64_t seed,
                            uint32_t batch)
{
    static struct ll_life_answer answers[LL_LIFE_SCRIPT_ASKS_MAX];
    struct ll_life_pair pair;
    struct ll_why why = {0};
    ll_life_pair_init(&pair, config);
    memset(answers, 0x5a, sizeof answers);
    for (uint32_t done = 0; done < run->script.shape->asks;) {
        uint32_t left = run->script.shape->asks - done;
        uint32_t count = batch == 0 ? 1 + ll_prng_below(&run->script.prng, 200) : left;
        count = count < left ? count : left;
        ll_life_pair_run(&pair, &run->asks[done], &answers[done], count,
                         batch == 0 ? 1 + ll_prng_below(&run->script.prng, 64) : batch);
        done += count;
    }
    for (uint32_t i = 0; i < run->script.shape->asks; i++)
        ck_assert_msg(memcmp(&answers[i], &run->answers[i], sizeof answers[i]) == 0,
                      "LL_SEED=%" PRIu64 " (%s): batch %u: answer %u differs", seed, run->script.shape->name,
                      batch, i);
    ck_assert_msg(ll_life_memory_check(&pair.life, &why) == LL_OK, "LL_SEED=%" PRIu64 " (%s): batch %u: %s",
                  seed, run->script.shape->name, batch, why.text);
    uint64_t hash = ll_life_memory_hash(&pair.life);
    ll_life_pair_deinit(&pair);
    return hash;
}

static void run_seed(uint64_t seed, struct reach *reach)
{
    static struct run run;
    const struct ll_life_shape *shape = &ll_life_shapes[seed % SHAPE_COUNT];
    memset(&run, 0, sizeof run);
    ll_life_script_init(&run.script, shape, seed);
    struct ll_life_pair_config config = shape->config;
    config.epoch = (uint32_t)seed;
    config.hash_seed = (uint32_t)(seed / SHAPE_COUNT);
    uint64_t hash = run_beside_naive(&run, &config, seed, reach);
    ll_life_kernel *const kernels[] = {NULL, ll_plain_life, ll_hot16_life, ll_hot64_life, ll_hot_late_life};
    ll_life_emptying *const resets[] = {NULL, NULL, ll_hot16_life_reset, ll_hot64_life_reset,
                                        ll_hot_late_life_reset};
    uint32_t sizes[] = {64, 1 + (uint32_t)(seed / SHAPE_COUNT % 64), 0, 64, 1 + (uint32_t)(seed % 64)};
    for (int i = 0; i < 5; i++) {
        if (shape->config.kernel == NULL) { /* else its limits are others */
            config.kernel = kernels[i];
            config.reset = resets[i];
        }
        ck_assert_msg(run_batched(&run, &config, seed, sizes[i]) == hash,
                      "LL_SEED=%" PRIu64 ": the state after batches of %u differs", seed, sizes[i]);
    }
}

START_TEST(random_scripts)
{
    const char *seed_text = getenv("LL_SEED");
    const char *seeds_text = getenv("LL_SEEDS");
    struct reach reach = {0};
    uint64_t seed_count = seeds_text != NULL ? strtoull(seeds_text, NULL, 0) : SEEDS_DEFAULT;
    if (seed_text != NULL && seed_text[0] != '\0') {
        printf("seed %s\n", seed_text);
        run_seed(strtoull(seed_text, NULL, 0), &reach);
        return;
    }
    /* Each turn of the loop test takes the seeds of one shape. */
    printf("%s: seeds %d + n * %d below %" PRIu64 "\n", ll_life_shapes[_i].name, _i, SHAPE_COUNT, seed_count);
    (void)fflush(stdout);
    for (uint64_t seed = (uint64_t)_i; seed < seed_count; seed += SHAPE_COUNT)
        run_seed(seed, &reach);
    reach_check(&reach, &ll_life_shapes[_i]);
}
END_TEST

int main(void)
{
    const char *seed_text = getenv("LL_SEED");
    Suite *suite = suite_create("life_random");
    TCase *tcase = tcase_create("random");
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, random_scripts, 0,
                        seed_text != NULL && seed_text[0] != '\0' ? 1 : SHAPE_COUNT);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
