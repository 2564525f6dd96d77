/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the kernel's book half is the naive book, whatever comes, and whatever the batch size.
 * Method: for each of many seeds a script of updates, shaped to reach one corner
 * (tests/model/ll_book_script.h: deep levels, the whole price range, splits at one end, thin leaves, chains
 * of one bucket, tables that fill up). First one message at a time: all 64 bytes of every answer, and the
 * books, against the naive book (tests/model/ll_book_pair.h). Then the same script in batches of 64, of one
 * other fixed size, and cut at random, also by the kernel with few lines on chip: the same bytes, the same
 * books. A failure names its seed; LL_SEED=<seed> runs that seed alone, LL_SEEDS=<n> that many.
 */
#include "hls/ll_book.h"
#include "tests/model/ll_book_script.h"
#include "tests/model/ll_other_kernels.h"

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS_DEFAULT = 1050, COST_PER_MESSAGE = 300, SHAPE_COUNT = LL_BOOK_SHAPE_COUNT, RUNS = 5 };

/* A script with what came of it. */
struct run {
    struct ll_book_script script;
    struct ll_update updates[LL_BOOK_SCRIPT_MESSAGES_MAX];
    struct ll_result results[LL_BOOK_SCRIPT_MESSAGES_MAX];
};

/* What a shape has reached over its seeds: a script that misses its corner tests nothing. */
struct reach {
    uint64_t seeds;
    uint64_t verdicts[LL_VERDICT_COUNT];
    uint64_t full_orders;
    uint64_t full_levels;
    uint32_t height_max;
};

static void reach_add(struct reach *reach, const struct ll_book_pair *pair)
{
    reach->seeds++;
    reach->full_orders += pair->table_full_orders;
    reach->full_levels += pair->table_full_levels;
    if (pair->book.control->height_max > reach->height_max)
        reach->height_max = pair->book.control->height_max;
}

static void reach_check(const struct reach *reach, const struct ll_book_shape *shape)
{
    static const enum ll_verdict verdicts[] = {
        LL_VERDICT_OK,        LL_VERDICT_DUPLICATE,     LL_VERDICT_UNKNOWN_ID, LL_VERDICT_OVERFILL,
        LL_VERDICT_BAD_INPUT, LL_VERDICT_BOOK_MISMATCH, LL_VERDICT_TABLE_FULL};
    if (reach->seeds < 5)
        return;
    ck_assert_uint_ge(reach->height_max, shape->height);
    ck_assert_int_eq(reach->full_orders != 0, (shape->full & LL_FULL_ORDERS) != 0);
    ck_assert_int_eq(reach->full_levels != 0, (shape->full & LL_FULL_LEVELS) != 0);
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        ck_assert_msg(reach->verdicts[verdicts[i]] > 0, "%s: no verdict %d", shape->name, (int)verdicts[i]);
}

/* One message at a time, beside the naive book. */
static void run_beside_naive(struct run *run, const struct ll_book_pair_config *config, uint64_t seed,
                             struct reach *reach)
{
    struct ll_book_pair pair;
    char text[LL_BOOK_PAIR_TEXT_BYTES];
    uint64_t cost = 0;
    ll_book_pair_init(&pair, config, true);
    for (uint32_t i = 0; i < run->script.shape->messages; i++) {
        struct ll_update *update = &run->updates[i];
        struct ll_result *result = &run->results[i];
        ll_book_script_next(&run->script, update);
        memset(result, 0xa5, sizeof *result);
        ll_book_pair_run(&pair, update, result, 1, 1 + i % LL_BATCH_MAX);
        ck_assert_msg(ll_book_pair_expect(&pair, update, result, text), "LL_SEED=%" PRIu64 " (%s): %s", seed,
                      run->script.shape->name, text);
        ck_assert_msg(result->verdict != LL_VERDICT_TABLE_FULL || run->script.shape->full != LL_FULL_NEVER ||
                          update->book >= config->book_count,
                      "LL_SEED=%" PRIu64 " (%s): message %u: table_full", seed, run->script.shape->name, i);
        reach->verdicts[result->verdict]++;
        if (cost < (uint64_t)(i + 1) * COST_PER_MESSAGE && result->book < config->book_count)
            ck_assert_msg(ll_book_pair_compare_book(&pair, result->book, &cost, text),
                          "LL_SEED=%" PRIu64 " (%s): message %u: %s", seed, run->script.shape->name, i, text);
        if (i % 499 == 0 || i + 1 == run->script.shape->messages)
            ck_assert_msg(ll_book_pair_compare_all(&pair, text), "LL_SEED=%" PRIu64 " (%s): message %u: %s",
                          seed, run->script.shape->name, i, text);
    }
    reach_add(reach, &pair);
    ll_book_pair_deinit(&pair);
}

/* The same script, cut into calls of at most `calls_max` messages and batches of at most `batch` (0 =
 * random). */
static void run_batched(struct run *run, const struct ll_book_pair_config *config, uint64_t seed,
                        uint32_t calls_max, uint32_t batch, uint64_t *hash)
{
    static struct ll_result results[LL_BOOK_SCRIPT_MESSAGES_MAX];
    struct ll_book_pair pair;
    struct ll_why why = {0};
    ll_book_pair_init(&pair, config, false);
    memset(results, 0x5a, sizeof results);
    for (uint32_t done = 0; done < run->script.shape->messages;) {
        uint32_t left = run->script.shape->messages - done;
        uint32_t count = calls_max == 0 ? 1 + ll_prng_below(&run->script.prng, 200) : calls_max;
        uint32_t size = batch == 0 ? 1 + ll_prng_below(&run->script.prng, LL_BATCH_MAX) : batch;
        count = count < left ? count : left;
        ll_book_pair_run(&pair, &run->updates[done], &results[done], count, size);
        done += count;
    }
    for (uint32_t i = 0; i < run->script.shape->messages; i++)
        ck_assert_msg(memcmp(&results[i], &run->results[i], sizeof results[i]) == 0,
                      "LL_SEED=%" PRIu64 " (%s): batch %u: result %u differs", seed, run->script.shape->name,
                      batch, i);
    ck_assert_msg(ll_book_memory_check(&pair.book, &why) == LL_OK, "LL_SEED=%" PRIu64 " (%s): batch %u: %s",
                  seed, run->script.shape->name, batch, why.text);
    *hash = ll_book_memory_hash(&pair.book);
    ll_book_pair_deinit(&pair);
}

/* The ways made for a card, in turns. */
static void config_hot(struct ll_book_pair_config *config, uint64_t turn)
{
    ll_book_kernel *const kernels[] = {ll_hot16_kernel, ll_hot64_kernel, ll_hot_late_kernel};
    ll_book_emptying *const resets[] = {ll_hot16_reset, ll_hot64_reset, ll_hot_late_reset};
    config->kernel = kernels[turn % 3];
    config->reset = resets[turn % 3];
}

static void run_seed(uint64_t seed, struct reach *reach)
{
    static struct run run;
    uint64_t hashes[RUNS];
    const struct ll_book_shape *shape = &ll_book_shapes[seed % SHAPE_COUNT];
    memset(&run, 0, sizeof run);
    ll_book_script_init(&run.script, shape, seed);
    struct ll_book_pair_config config = shape->config;
    config.epoch = (uint32_t)seed;
    if ((shape->full & LL_FULL_LEVELS) != 0) { /* every number of nodes that a split may find too few */
        config.inner_pool_count += (uint32_t)(seed / SHAPE_COUNT % 5);
        config.leaf_pool_count += config.leaf_pool_count != 0 ? (uint32_t)(seed / SHAPE_COUNT % 7) : 0;
    }
    run_beside_naive(&run, &config, seed, reach);
    uint32_t odd_batch = 2 + ll_prng_below(&run.script.prng, LL_BATCH_MAX - 2);
    run_batched(&run, &config, seed, 1, 1, &hashes[0]);
    run_batched(&run, &config, seed, LL_BOOK_SCRIPT_MESSAGES_MAX, LL_BATCH_MAX, &hashes[1]);
    bool is_own = config.kernel == NULL; /* else its limits are others */
    if (is_own)                          /* the text as a hardware compiler reads it: no AVX, no prefetch */
        config.kernel = ll_plain_kernel;
    run_batched(&run, &config, seed, LL_BOOK_SCRIPT_MESSAGES_MAX, odd_batch, &hashes[2]);
    if (is_own)
        config_hot(&config, seed / SHAPE_COUNT);
    run_batched(&run, &config, seed, 0, 0, &hashes[3]);
    if (is_own)
        config_hot(&config, seed / SHAPE_COUNT + 1);
    run_batched(&run, &config, seed, LL_BOOK_SCRIPT_MESSAGES_MAX, LL_BATCH_MAX, &hashes[4]);
    for (int i = 1; i < RUNS; i++)
        ck_assert_msg(hashes[i] == hashes[0], "LL_SEED=%" PRIu64 ": the books of run %d differ", seed, i);
}

START_TEST(random_scripts)
{
    const char *seed_text = getenv("LL_SEED");
    const char *seeds_text = getenv("LL_SEEDS");
    struct reach reach = {0};
    uint64_t seed_count = seeds_text != NULL ? strtoull(seeds_text, NULL, 0) : SEEDS_DEFAULT;
    if (seed_text != NULL) {
        printf("seed %s\n", seed_text);
        run_seed(strtoull(seed_text, NULL, 0), &reach);
        return;
    }
    /* Each turn of the loop test takes the seeds of one shape. */
    printf("%s: seeds %d + n * %d below %" PRIu64 "\n", ll_book_shapes[_i].name, _i, SHAPE_COUNT, seed_count);
    fflush(stdout);
    for (uint64_t seed = (uint64_t)_i; seed < seed_count; seed += SHAPE_COUNT)
        run_seed(seed, &reach);
    reach_check(&reach, &ll_book_shapes[_i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("book_random");
    TCase *tcase = tcase_create("random");
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, random_scripts, 0, getenv("LL_SEED") != NULL ? 1 : SHAPE_COUNT);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
