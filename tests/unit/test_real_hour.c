/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: over an hour of real order flow, and over generated days with and without faults, the book half is
 * the naive book after every message. Method: bytes -> ll_itch50_update -> kernel, beside the naive book; all
 * 64 bytes of every answer, the whole book of the message after every message (generated days: within a
 * budget), every invariant now and then. The real hour is read from $LL_SHARED/data/itch50 (default
 * ../shared) and skipped by name when it is absent. The naive book's own decoder of raw messages is asked as
 * well, so that the two decoders are held against each other.
 */
#include "host/base/ll_bytes.h"
#include "host/exchange/ll_feed_sim.h"
#include "host/provider/ll_binary_file.h"
#include "host/wire/ll_itch50_update.h"
#include "tests/model/ll_book_pair.h"
#include "tests/model/ll_other_kernels.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL_HOUR "data/itch50/AAPL-20120621-0930-1030.ITCH50"

enum { COST_PER_MESSAGE = 150, CHECK_EVERY = 9973, BATCH = 64, MESSAGE_ROOM = 64 };

static uint64_t seed_of_run(void)
{
    const char *text = getenv("LL_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 20120621;
}

/* One feed through the kernel and the naive book; a second kernel takes the same in batches of 64. */
struct feed_run {
    struct ll_book_pair alone;
    struct ll_book_pair batched;
    struct ll_update updates[BATCH];
    struct ll_result results[BATCH];
    uint32_t waiting;
    uint64_t messages;
    uint64_t cost;
    uint64_t cost_per_message;
    uint64_t verdicts[LL_VERDICT_COUNT];
    struct ll_naive_book *by_bytes; /* reads the raw messages itself */
};

static void run_open(struct feed_run *run, uint32_t books, uint64_t cost_per_message)
{
    struct ll_book_pair_config config = {.bucket_count = 8192,
                                         .overflow_count = 2048,
                                         .leaf_pool_count = 4096,
                                         .inner_pool_count = 1024,
                                         .book_count = books,
                                         .epoch = 1};
    memset(run, 0, sizeof *run);
    run->cost_per_message = cost_per_message;
    ll_book_pair_init(&run->alone, &config, true);
    config.kernel = ll_plain_kernel;
    config.hash_seed = 99;
    ll_book_pair_init(&run->batched, &config, false);
    ll_naive_book_init(&run->by_bytes);
}

static void run_flush(struct feed_run *run)
{
    struct ll_result results[BATCH];
    ll_book_pair_run(&run->batched, run->updates, results, run->waiting, BATCH);
    for (uint32_t i = 0; i < run->waiting; i++)
        ck_assert_msg(memcmp(&results[i], &run->results[i], sizeof results[i]) == 0,
                      "seq %" PRIu64 ": the batch answers otherwise", results[i].seq);
    run->waiting = 0;
}

static void run_message(struct feed_run *run, const uint8_t *message, uint32_t bytes_count)
{
    char text[LL_BOOK_PAIR_TEXT_BYTES];
    uint8_t readable[MESSAGE_ROOM] = {0};
    struct ll_naive_result by_bytes;
    struct ll_update *update = &run->updates[run->waiting];
    struct ll_result *result = &run->results[run->waiting];
    memcpy(readable, message, bytes_count < MESSAGE_ROOM ? bytes_count : MESSAGE_ROOM);
    uint8_t decoded = ll_itch50_update(readable, bytes_count, ++run->messages, update);
    ll_book_pair_run(&run->alone, update, result, 1, 1);
    ck_assert_msg(ll_book_pair_expect(&run->alone, update, result, text), "%s", text);
    run->verdicts[decoded != LL_VERDICT_OK ? decoded : result->verdict]++;
    bool in_book = ll_naive_book_apply_itch50(run->by_bytes, message, bytes_count, &by_bytes);
    ck_assert_int_eq(in_book, update->op != LL_OP_NONE);
    if (in_book) {
        ck_assert_uint_eq(result->verdict, (uint32_t)by_bytes.verdict);
        ck_assert_uint_eq(result->leaves, by_bytes.leaves);
        ck_assert_uint_eq(result->removed, by_bytes.removed);
    }
    if (run->cost < run->messages * run->cost_per_message && result->book < run->alone.config.book_count)
        ck_assert_msg(ll_book_pair_compare_book(&run->alone, result->book, &run->cost, text),
                      "message %" PRIu64 ": %s", run->messages, text);
    if (run->messages % CHECK_EVERY == 0)
        ck_assert_msg(ll_book_pair_compare_all(&run->alone, text), "message %" PRIu64 ": %s", run->messages,
                      text);
    if (++run->waiting == BATCH)
        run_flush(run);
}

static void run_close(struct feed_run *run)
{
    char text[LL_BOOK_PAIR_TEXT_BYTES];
    struct ll_why why = {0};
    run_flush(run);
    ck_assert_msg(ll_book_pair_compare_all(&run->alone, text), "%s", text);
    ck_assert_msg(ll_book_memory_check(&run->batched.book, &why) == LL_OK, "%s", why.text);
    ck_assert_uint_eq(ll_book_memory_hash(&run->alone.book), ll_book_memory_hash(&run->batched.book));
    ck_assert_uint_eq(ll_naive_book_live_count(run->by_bytes), ll_naive_book_live_count(run->alone.naive));
    ck_assert_uint_eq(run->verdicts[LL_VERDICT_TABLE_FULL], 0);
    ll_book_pair_deinit(&run->alone);
    ll_book_pair_deinit(&run->batched);
    ll_naive_book_deinit(run->by_bytes);
}

static const char *real_hour_path(char path[4096])
{
    const char *shared = getenv("LL_SHARED");
    (void)snprintf(path, 4096, "%s/%s", shared != NULL ? shared : "../shared", REAL_HOUR);
    return path;
}

START_TEST(real_hour)
{
    static struct feed_run run;
    char path[4096];
    struct ll_binary_file file;
    struct ll_why why = {0};
    const uint8_t *message;
    uint32_t bytes_count;
    if (access(real_hour_path(path), R_OK) != 0)
        return; /* main says so, and returns 77 */
    ck_assert_msg(ll_binary_file_open(&file, path, &why) == LL_OK, "%s", why.text);
    run_open(&run, 16384, UINT64_MAX / 1000000);
    while (ll_binary_file_next(&file, &message, &bytes_count, &why) == LL_OK)
        run_message(&run, message, bytes_count);
    ll_binary_file_close(&file);
    printf("%" PRIu64 " real messages\n", run.messages);
    ck_assert_uint_gt(run.messages, 0);
    ck_assert_uint_eq(run.verdicts[LL_VERDICT_OK], run.messages); /* and so no unknown reference */
    run_close(&run);
}
END_TEST

static void generated_day(const struct ll_feed_sim_config *config)
{
    static struct feed_run run;
    struct ll_feed_sim *sim;
    struct ll_why why = {0};
    uint8_t message[LL_ITCH50_MESSAGE_BYTES_MAX];
    uint64_t planned_ns;
    uint32_t bytes_count;
    size_t memory_bytes = ll_feed_sim_footprint_bytes(config);
    void *memory = aligned_alloc(64, (memory_bytes + 63) / 64 * 64);
    ck_assert_ptr_nonnull(memory);
    ck_assert_msg(ll_feed_sim_init(&sim, memory, memory_bytes, config, &why) == LL_OK, "%s", why.text);
    run_open(&run, config->symbol_count + 1, COST_PER_MESSAGE);
    while ((bytes_count = ll_feed_sim_next(sim, message, &planned_ns)) != 0)
        run_message(&run, message, bytes_count);
    ck_assert_uint_eq(run.messages, ll_feed_sim_stats(sim)->messages);
    ck_assert_uint_eq(run.alone.book.control->live_orders, ll_feed_sim_stats(sim)->live_orders);
    static const enum ll_verdict faults[] = {
        LL_VERDICT_UNKNOWN_ID,    LL_VERDICT_DUPLICATE,    LL_VERDICT_OVERFILL,  LL_VERDICT_BAD_INPUT,
        LL_VERDICT_BOOK_MISMATCH, LL_VERDICT_UNKNOWN_TYPE, LL_VERDICT_BAD_LENGTH};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        ck_assert_int_eq(run.verdicts[faults[i]] != 0, config->faults_per_mille != 0);
    run_close(&run);
    free(memory);
}

START_TEST(generated_days)
{
    struct ll_feed_sim_config config = {.seed = seed_of_run() + (uint64_t)_i,
                                        .message_count = 120000,
                                        .symbol_count = _i % 2 == 0 ? 50 : 3,
                                        .live_orders_target = 5000,
                                        .faults_per_mille = _i < 2 ? 0 : 60,
                                        .references =
                                            _i % 2 == 0 ? LL_FEED_SIM_SEQUENTIAL : LL_FEED_SIM_SCRAMBLED};
    generated_day(&config);
}
END_TEST

int main(void)
{
    char path[4096];
    printf("seed %" PRIu64 "\n", seed_of_run());
    Suite *suite = suite_create("real_hour");
    TCase *tcase = tcase_create("feeds");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, real_hour);
    tcase_add_loop_test(tcase, generated_days, 0, 4);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (failed == 0 && access(real_hour_path(path), R_OK) != 0) {
        printf("test_real_hour: skipped in part: %s is absent; set LL_SHARED to the directory that holds "
               "data/\n",
               path);
        return 77;
    }
    return failed == 0 ? 0 : 1;
}
