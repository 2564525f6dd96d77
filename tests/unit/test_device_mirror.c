/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a mirror that follows by its log has the tables of one that works at once, to the last byte, whenever
 * it has caught up or was taken over.
 * Method: random updates and asks in random pieces to both; catch up, take over and follow again at random;
 * more in one go than the log holds. With a thread of its own, and stepped. Run it under SAN=thread too.
 * threads
 */
#include "hls/ll_life_records.h"
#include "hls/ll_records.h"
#include "host/base/ll_prng.h"
#include "host/device/ll_device_mirror.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_MAX 200u

struct pair {
    struct ll_device_mirror follower;
    struct ll_device_mirror worker;
    struct ll_prng prng;
    size_t tables_bytes;
    void *memory[2];
    struct ll_update updates[PIECE_MAX];
    struct ll_life_ask asks[PIECE_MAX];
    struct ll_result results[PIECE_MAX];
    struct ll_life_answer answers[PIECE_MAX];
};

enum mirror_kind { WORKER, FOLLOWER, STEPPED };

static struct ll_device_mirror_config make_config(uint32_t batch, enum mirror_kind kind)
{
    return (struct ll_device_mirror_config){
        .book = {.orders = 512, .levels = 256, .books = 8, .hash_seed = 5},
        .life = {.ids = 300, .orders = 100, .hash_seed = 6},
        .batch = batch,
        .follows = kind != WORKER,
        .is_stepped = kind == STEPPED};
}

static void *take_memory(size_t bytes)
{
    void *memory = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 0, bytes);
    return memory;
}

static void pair_open(struct pair *pair, uint64_t seed, enum mirror_kind kind)
{
    const uint64_t log_slots = kind == STEPPED ? LL_MIRROR_STEPPED_SLOTS : LL_MIRROR_LOG_SLOTS;
    memset(pair, 0, sizeof *pair);
    ll_prng_init(&pair->prng, seed);
    struct ll_device_mirror_config follower = make_config(1 + ll_prng_below(&pair->prng, 64), kind);
    struct ll_device_mirror_config worker = make_config(1 + ll_prng_below(&pair->prng, 64), WORKER);
    pair->tables_bytes = ll_device_mirror_footprint_bytes(&worker);
    ck_assert_uint_eq(ll_device_mirror_footprint_bytes(&follower),
                      pair->tables_bytes + 2 * log_slots * LL_RING_SLOT_BYTES);
    pair->memory[0] = take_memory(ll_device_mirror_footprint_bytes(&follower));
    pair->memory[1] = take_memory(pair->tables_bytes);
    ll_device_mirror_init(&pair->follower, pair->memory[0], &follower);
    ll_device_mirror_init(&pair->worker, pair->memory[1], &worker);
}

static void pair_close(struct pair *pair)
{
    ll_device_mirror_deinit(&pair->follower);
    ll_device_mirror_deinit(&pair->worker);
    free(pair->memory[0]);
    free(pair->memory[1]);
}

static void pair_is_equal(struct pair *pair)
{
    ck_assert_mem_eq(pair->follower.book_bytes, pair->worker.book_bytes, pair->tables_bytes);
}

static void do_both(struct pair *pair, enum ll_beat_kind kind, const void *requests, void *answers,
                    uint32_t count)
{
    ll_device_mirror_work(&pair->worker, kind, requests, answers, count);
    if (pair->follower.is_following)
        ll_device_mirror_log(&pair->follower, kind, requests, count);
    else
        ll_device_mirror_work(&pair->follower, kind, requests, answers, count);
}

static void some_updates(struct pair *pair, uint32_t count)
{
    struct ll_prng *prng = &pair->prng;
    for (uint32_t i = 0; i < count; i++)
        pair->updates[i] = (struct ll_update){.ref = ll_prng_below(prng, 600),
                                              .new_ref = ll_prng_below(prng, 600),
                                              .price = 100 + ll_prng_below(prng, 60),
                                              .quantity = ll_prng_below(prng, 12),
                                              .book = ll_prng_below(prng, 9),
                                              .op = (uint8_t)ll_prng_below(prng, 7),
                                              .side = (uint8_t)ll_prng_below(prng, 2)};
    do_both(pair, LL_BEAT_UPDATE, pair->updates, pair->results, count);
}

static void some_asks(struct pair *pair, uint32_t count)
{
    struct ll_prng *prng = &pair->prng;
    for (uint32_t i = 0; i < count; i++)
        pair->asks[i] = (struct ll_life_ask){.key = {1 + ll_prng_below(prng, 200), 0},
                                             .new_key = {1 + ll_prng_below(prng, 200), 0},
                                             .order = ll_prng_below(prng, 101),
                                             .id = ll_prng_below(prng, 301),
                                             .new_id = ll_prng_below(prng, 301),
                                             .quantity = ll_prng_below(prng, 30),
                                             .op = (uint8_t)ll_prng_below(prng, LL_LIFE_OP_COUNT),
                                             .type = (uint8_t)ll_prng_below(prng, LL_ID_TYPE_COUNT)};
    do_both(pair, LL_BEAT_ASK, pair->asks, pair->answers, count);
}

START_TEST(sizes_that_cannot_be)
{
    struct ll_device_mirror_config config = make_config(1, WORKER);
    size_t whole = ll_device_mirror_footprint_bytes(&config);
    ck_assert_uint_gt(whole, 0);
    config.book.orders = 0;
    ck_assert_uint_eq(ll_device_mirror_footprint_bytes(&config), 0);
    config = make_config(1, FOLLOWER);
    config.life.orders = 0;
    ck_assert_uint_eq(ll_device_mirror_footprint_bytes(&config), 0);
    config = make_config(1, WORKER);
    config.life.ids = 0; /* no such half is a way to be */
    ck_assert_uint_gt(ll_device_mirror_footprint_bytes(&config), 0);
    ck_assert_uint_lt(ll_device_mirror_footprint_bytes(&config), whole);
}
END_TEST

START_TEST(a_follower_has_the_tables_of_a_worker)
{
    struct pair pair;
    struct ll_why why = {0};
    pair_open(&pair, ll_test_seed("a_follower_has_the_tables_of_a_worker") + (uint64_t)_i,
              _i % 2 == 0 ? FOLLOWER : STEPPED);
    for (uint32_t step = 0; step < 1500; step++) {
        uint32_t count = 1 + ll_prng_below(&pair.prng, PIECE_MAX);
        if (ll_prng_chance(&pair.prng, 500))
            some_updates(&pair, count);
        else
            some_asks(&pair, count);
        if (ll_prng_chance(&pair.prng, 30)) {
            ll_device_mirror_catch_up(&pair.follower);
            pair_is_equal(&pair);
        }
        if (!ll_prng_chance(&pair.prng, 20))
            continue;
        if (pair.follower.is_following)
            ll_device_mirror_take_over(&pair.follower);
        else
            ck_assert_msg(ll_device_mirror_follow(&pair.follower, &why) == LL_OK, "%s", why.text);
        ll_device_mirror_catch_up(&pair.follower);
        pair_is_equal(&pair);
    }
    ll_device_mirror_take_over(&pair.follower);
    pair_is_equal(&pair);
    ck_assert_uint_gt(pair.worker.book.control->live_orders, 0);
    ck_assert_uint_gt(pair.worker.life.control->ids_used, 0);
    pair_close(&pair);
}
END_TEST

/* Many times what the log holds: nothing is left out, and the owner may have to wait. */
START_TEST(a_full_log_is_waited_for)
{
    struct pair pair;
    struct ll_why why = {0};
    pair_open(&pair, 3, _i == 0 ? FOLLOWER : STEPPED);
    ck_assert_msg(ll_device_mirror_follow(&pair.follower, &why) == LL_OK, "%s", why.text);
    some_updates(&pair, PIECE_MAX);
    for (uint32_t i = 0; i < 1000; i++)
        ll_device_mirror_log(&pair.follower, LL_BEAT_UPDATE, pair.updates, PIECE_MAX);
    ll_device_mirror_catch_up(&pair.follower);
    for (uint32_t i = 0; i < 1000; i++)
        ll_device_mirror_work(&pair.worker, LL_BEAT_UPDATE, pair.updates, pair.results, PIECE_MAX);
    pair_is_equal(&pair);
    if (_i != 0)
        ck_assert_uint_gt(pair.follower.waits, 0);
    pair_close(&pair);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device_mirror");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, sizes_that_cannot_be);
    tcase_add_loop_test(all, a_follower_has_the_tables_of_a_worker, 0, 8);
    tcase_add_loop_test(all, a_full_log_is_waited_for, 0, 2);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
