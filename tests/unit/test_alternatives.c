/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the two peers of the kernel's price levels (bench/alternatives/) answer as the kernel does, so that
 * what bench_levels compares is the same work. Method: random messages, good and bad ones, on thick and thin
 * books, with prices on the cent, between cents and at both ends of the range, go through all three in
 * batches of random sizes; every field of every result is compared, and in the end everything is deleted
 * again. A small memory makes the peers refuse: then what they refused must leave no trace.
 */
#include "bench/alternatives/ll_levels_bitmap.h"
#include "bench/alternatives/ll_levels_sorted.h"
#include "host/base/ll_prng.h"
#include "host/core/ll_book_memory.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS    300u
#define MESSAGES 3000u
#define BOOKS    5u
#define REFS_MAX 900u

struct peers {
    struct ll_book_memory kernel;
    struct ll_book_memory sorted;
    struct ll_book_memory bitmap; /* its orders and sides */
    struct ll_bitmap_control table;
    struct ll_bitmap_bucket *entries;
    void *memory[3];
};

static void place(struct ll_book_memory *book, void **memory, const struct ll_book_config *config)
{
    size_t bytes = (ll_book_memory_footprint_bytes(config) + 63) & ~(size_t)63;
    *memory = aligned_alloc(64, bytes);
    ck_assert_ptr_nonnull(*memory);
    memset(*memory, 0xa5, bytes);
    ll_book_memory_place(book, *memory, config);
}

static void peers_init(struct peers *peers, uint64_t orders, uint64_t levels, uint32_t entries)
{
    struct ll_book_config config = {orders, levels, BOOKS, 77};
    place(&peers->kernel, &peers->memory[0], &config);
    place(&peers->sorted, &peers->memory[1], &config);
    place(&peers->bitmap, &peers->memory[2], &config);
    peers->table = (struct ll_bitmap_control){
        .bucket_count = entries, .overflow_count = entries / 4 + 512, .hash_seed = 78};
    size_t count = peers->table.bucket_count + peers->table.overflow_count;
    peers->entries = aligned_alloc(64, count * sizeof *peers->entries);
    ck_assert_ptr_nonnull(peers->entries);
    ll_bitmap_reset(peers->bitmap.control, &peers->table, peers->entries, peers->bitmap.sides);
}

static void peers_deinit(struct peers *peers)
{
    for (int i = 0; i < 3; i++)
        free(peers->memory[i]);
    free(peers->entries);
}

static void run_kernel(struct ll_book_memory *b, const struct ll_update *updates, struct ll_result *results,
                       uint32_t count, uint32_t batch)
{
    ll_book_batch(b->control, b->buckets, b->leaves, b->levels, b->inners, b->sides, updates, results, count,
                  batch);
}

static void run_sorted(struct ll_book_memory *b, const struct ll_update *updates, struct ll_result *results,
                       uint32_t count, uint32_t batch)
{
    ll_sorted_batch(b->control, b->buckets, b->leaves, b->levels, b->inners, b->sides, updates, results,
                    count, batch);
}

static void run_bitmap(struct peers *peers, const struct ll_update *updates, struct ll_result *results,
                       uint32_t count, uint32_t batch)
{
    ll_bitmap_batch(peers->bitmap.control, peers->bitmap.buckets, &peers->table, peers->entries,
                    peers->bitmap.sides, updates, results, count, batch);
}

/* Prices of one run: how wide, how fine, and sometimes an end of the range. */
static uint32_t random_price(struct ll_prng *prng, uint32_t style)
{
    uint32_t width = style % 3 == 0 ? 20 : style % 3 == 1 ? 400 : 100000;
    uint32_t unit = style / 3 % 3 == 0 ? 100 : style / 3 % 3 == 1 ? 1 : 33;
    if (style / 9 % 2 == 1 && ll_prng_chance(prng, 300))
        return ll_prng_chance(prng, 500) ? ll_prng_below(prng, 120) : UINT32_MAX - ll_prng_below(prng, 120);
    if (ll_prng_chance(prng, 20))
        return (uint32_t)ll_prng_next(prng);
    return 5000000u + ll_prng_below(prng, width) * unit;
}

static struct ll_update random_update(struct ll_prng *prng, uint32_t style, uint32_t refs, uint64_t seq)
{
    static const uint8_t ops[] = {LL_OP_ADD,    LL_OP_ADD,     LL_OP_ADD,     LL_OP_DELETE,  LL_OP_DELETE,
                                  LL_OP_CANCEL, LL_OP_EXECUTE, LL_OP_REPLACE, LL_OP_REPLACE, LL_OP_NONE};
    struct ll_update update = {0};
    update.op = ops[ll_prng_below(prng, sizeof ops)];
    update.ref = 1 + ll_prng_below(prng, refs);
    update.new_ref = 1 + ll_prng_below(prng, refs);
    update.price = random_price(prng, style);
    update.quantity = ll_prng_below(prng, 30) * 10;
    update.book = ll_prng_below(prng, BOOKS) * ll_prng_below(prng, 2);
    update.side = (uint8_t)ll_prng_below(prng, 2);
    update.seq = seq;
    if (ll_prng_chance(prng, 5))
        update.op = (uint8_t)ll_prng_below(prng, 256);
    if (ll_prng_chance(prng, 5))
        update.book = BOOKS + ll_prng_below(prng, 3);
    if (ll_prng_chance(prng, 5))
        update.side = 2;
    return update;
}

/* The last messages delete everything that may be left. */
static void random_updates(struct ll_update *updates, uint64_t seed, uint32_t refs)
{
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    uint32_t style = ll_prng_below(&prng, 18);
    for (uint32_t i = 0; i < MESSAGES; i++)
        updates[i] = random_update(&prng, style, refs, i);
    for (uint32_t i = 0; i < refs; i++)
        updates[MESSAGES + i] = (struct ll_update){.ref = i + 1, .op = LL_OP_DELETE, .seq = MESSAGES + i};
}

static uint64_t seed_first(void)
{
    const char *text = getenv("LL_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 1;
}

static void compare(const struct ll_result *left, const struct ll_result *right, uint32_t count,
                    uint64_t seed, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        ck_assert_msg(memcmp(&left[i], &right[i], sizeof left[i]) == 0,
                      "seed %llu: %s differs at message %u: verdict %u/%u bid %u/%u ask %u/%u",
                      (unsigned long long)seed, name, i, left[i].verdict, right[i].verdict, left[i].bid_price,
                      right[i].bid_price, left[i].ask_price, right[i].ask_price);
}

START_TEST(peers_answer_as_the_kernel)
{
    static struct ll_update updates[MESSAGES + REFS_MAX];
    static struct ll_result expected[MESSAGES + REFS_MAX];
    static struct ll_result got[MESSAGES + REFS_MAX];
    for (uint64_t seed = seed_first(); seed < seed_first() + SEEDS; seed++) {
        struct peers peers;
        struct ll_prng prng;
        ll_prng_init(&prng, ~seed);
        uint32_t refs = 10 + ll_prng_below(&prng, REFS_MAX - 10);
        uint32_t count = MESSAGES + refs;
        random_updates(updates, seed, refs);
        peers_init(&peers, REFS_MAX, REFS_MAX, 512);
        run_kernel(&peers.kernel, updates, expected, count, 1 + ll_prng_below(&prng, LL_BATCH_MAX));
        run_sorted(&peers.sorted, updates, got, count, 1 + ll_prng_below(&prng, LL_BATCH_MAX));
        compare(expected, got, count, seed, "sorted");
        run_bitmap(&peers, updates, got, count, 1 + ll_prng_below(&prng, LL_BATCH_MAX));
        compare(expected, got, count, seed, "bitmap");
        ck_assert_uint_eq(peers.kernel.control->live_orders, 0);
        ck_assert_uint_eq(peers.sorted.control->live_levels, 0);
        ck_assert_uint_eq(peers.sorted.control->leaf_free_count, peers.kernel.control->leaf_free_count);
        ck_assert_uint_eq(peers.table.live_levels, 0);
        ck_assert_uint_eq(peers.table.live_entries, 0);
        ck_assert_uint_eq(peers.table.overflow_free_count, peers.table.overflow_count);
        peers_deinit(&peers);
    }
}
END_TEST

/* One message at a time, with a handful of buckets. */
START_TEST(a_refused_level_leaves_no_trace)
{
    static struct ll_update updates[MESSAGES + REFS_MAX];
    static struct ll_result results[MESSAGES + REFS_MAX];
    uint32_t refused = 0;
    for (uint64_t seed = seed_first(); seed < seed_first() + 50; seed++) {
        struct peers peers;
        random_updates(updates, seed, REFS_MAX);
        peers_init(&peers, REFS_MAX, REFS_MAX, 16);
        peers.table.overflow_free_count = 8; /* as if the others were taken; the list itself is longer */
        run_bitmap(&peers, updates, results, MESSAGES + REFS_MAX, LL_BATCH_MAX);
        for (uint32_t i = 0; i < MESSAGES; i++)
            refused += (uint32_t)(results[i].verdict == LL_VERDICT_TABLE_FULL && updates[i].book < BOOKS);
        ck_assert_uint_eq(peers.bitmap.control->live_orders, 0);
        ck_assert_uint_eq(peers.table.live_levels, 0);
        ck_assert_uint_eq(peers.table.live_entries, 0);
        ck_assert_uint_eq(peers.table.overflow_free_count, 8);
        for (uint32_t side = 0; side < 2 * BOOKS; side++) {
            ck_assert_uint_eq(peers.bitmap.sides[side].levels, 0);
            ck_assert_uint_eq(peers.bitmap.sides[side].height, 0);
            ck_assert_uint_eq(peers.bitmap.sides[side].shape, 0);
        }
        peers_deinit(&peers);
    }
    ck_assert_uint_gt(refused, 0);
}
END_TEST

/* Every price there is has a point of its own, in order. */
START_TEST(points_are_exact_and_ordered)
{
    struct ll_prng prng;
    ll_prng_init(&prng, seed_first());
    for (uint32_t i = 0; i < 200000; i++) {
        uint32_t key = i < 1000 ? i : i < 2000 ? UINT32_MAX - (i - 1000) : (uint32_t)ll_prng_next(&prng);
        uint32_t side = ll_prng_below(&prng, 2);
        struct ll_bitmap_point at = ll_bitmap_point_of(key, side);
        ck_assert_uint_eq(ll_bitmap_key_of(at.cent, at.tick, side), key);
        if (key != UINT32_MAX) {
            struct ll_bitmap_point next = ll_bitmap_point_of(key + 1, side);
            ck_assert_uint_lt(at.cent * UINT64_C(100) + at.tick, next.cent * UINT64_C(100) + next.tick);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alternatives");
    TCase *tcase = tcase_create("levels");
    printf("LL_SEED=%llu\n", (unsigned long long)seed_first());
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, peers_answer_as_the_kernel);
    tcase_add_test(tcase, a_refused_level_leaves_no_trace);
    tcase_add_test(tcase, points_are_exact_and_ordered);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
