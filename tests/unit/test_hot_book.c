/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the order table with lines on chip is the order table, also where a pipeline would go wrong. Method:
 * scripts made to hurt: one key again and again at distances of 1 to 16 messages, buckets that take one another's
 * place on chip, full buckets with chains, references of one hash. The kernel as it is answers one message at a
 * time, each held against the naive book; then each way made for a card does the script in batches: the same bytes,
 * the same books. The canary: where the chip shows late what was written, leaving out the window must be seen, at
 * each distance that the window covers and at no other; and so must a load that the chip is not told of.
 */
#include "hls/ll_book.h"
#include "host/base/ll_prng.h"
#include "tests/model/ll_book_pair.h"
#include "tests/model/ll_other_kernels.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

enum {
    MESSAGES_MAX = 2000,
    KEYS_MAX = 64,
    WINDOW = 4,
    CHIP_LINES = 16,
    DISTANCE_MAX = 16,
    RANDOM_SCRIPTS = 60
};

struct way {
    const char *name;
    ll_book_kernel *kernel;
    ll_book_emptying *reset;
};
static const struct way right_ways[] = {{"16 lines", ll_hot16_kernel, ll_hot16_reset},
                                        {"64 lines", ll_hot64_kernel, ll_hot64_reset},
                                        {"late", ll_hot_late_kernel, ll_hot_late_reset}};
static const struct way blind_way = {"blind", ll_hot_blind_kernel, ll_hot_blind_reset};

enum { RIGHT_WAYS = sizeof right_ways / sizeof right_ways[0] };

struct script {
    struct ll_book_pair_config config;
    uint64_t keys[KEYS_MAX];
    uint32_t count;
    struct ll_update updates[MESSAGES_MAX];
    struct ll_result results[MESSAGES_MAX]; /* what they must be */
    uint64_t hash;                          /* and the books after them */
};

static const struct ll_book_pair_config tables = {.bucket_count = 1024,
                                                  .overflow_count = 64,
                                                  .leaf_pool_count = 200,
                                                  .inner_pool_count = 400,
                                                  .book_count = 2,
                                                  .hash_seed = 5,
                                                  .epoch = 9};

static void script_begin(struct script *script, const struct ll_book_pair_config *config)
{
    memset(script, 0, sizeof *script);
    script->config = *config;
}

static struct ll_update *say(struct script *script, uint8_t op, uint64_t ref, uint32_t quantity)
{
    ck_assert_uint_lt(script->count, MESSAGES_MAX);
    struct ll_update *update = &script->updates[script->count++];
    *update =
        (struct ll_update){.ref = ref, .price = 1000, .quantity = quantity, .op = op, .seq = script->count};
    return update;
}

static uint32_t bucket_of(const struct script *script, uint64_t ref)
{
    return ll_bucket_of(ref, script->config.hash_seed, script->config.bucket_count);
}

/* A reference whose bucket stands at `place` of the chip, the `nth` of them. */
static uint64_t key_at(const struct script *script, uint32_t place, uint32_t nth)
{
    for (uint64_t ref = 1;; ref++)
        if (bucket_of(script, ref) % CHIP_LINES == place && nth-- == 0)
            return ref;
}

/* The nth reference of one and the same hash. */
static uint64_t key_of_one_hash(uint32_t seed, uint32_t nth)
{
    uint32_t high = nth * 0x9e3779b1u;
    return (uint64_t)nth << 32 | (uint32_t)(0x12345678u ^ seed ^ high ^ high >> 15);
}

/* Works out what must come, from the kernel as it is beside the naive book. */
static void script_settle(struct script *script)
{
    struct ll_book_pair pair;
    char text[LL_BOOK_PAIR_TEXT_BYTES];
    ll_book_pair_init(&pair, &script->config, true);
    for (uint32_t i = 0; i < script->count; i++) {
        ll_book_pair_run(&pair, &script->updates[i], &script->results[i], 1, 1);
        ck_assert_msg(ll_book_pair_expect(&pair, &script->updates[i], &script->results[i], text), "%s", text);
    }
    ck_assert_msg(ll_book_pair_compare_all(&pair, text), "%s", text);
    script->hash = ll_book_memory_hash(&pair.book);
    ll_book_pair_deinit(&pair);
}

/* The number of the first result that is not as it must be, `count` when only the books differ, UINT32_MAX when
 * all is right. */
static uint32_t first_wrong(const struct script *script, const struct way *way, uint32_t batch)
{
    static struct ll_result results[MESSAGES_MAX];
    struct ll_book_pair pair;
    struct ll_book_pair_config config = script->config;
    config.kernel = way->kernel;
    config.reset = way->reset;
    ll_book_pair_init(&pair, &config, false);
    memset(results, 0x5a, sizeof results);
    ll_book_pair_run(&pair, script->updates, results, script->count, batch);
    uint32_t wrong = ll_book_memory_hash(&pair.book) == script->hash ? UINT32_MAX : script->count;
    for (uint32_t i = script->count; i > 0; i--)
        if (memcmp(&results[i - 1], &script->results[i - 1], sizeof results[0]) != 0)
            wrong = i - 1;
    ll_book_pair_deinit(&pair);
    return wrong;
}

static void check_right_ways(struct script *script, const char *what)
{
    static const uint32_t batches[] = {1, 2, 5, 17, 32, 64};
    script_settle(script);
    for (uint32_t w = 0; w < RIGHT_WAYS; w++)
        for (uint32_t b = 0; b < sizeof batches / sizeof batches[0]; b++)
            ck_assert_msg(first_wrong(script, &right_ways[w], batches[b]) == UINT32_MAX,
                          "%s, %s, batches of %u: result %u is wrong", what, right_ways[w].name, batches[b],
                          first_wrong(script, &right_ways[w], batches[b]));
}

/* `distance` orders, and then one share of each in turns: each again after `distance` messages. */
static void script_distance(struct script *script, uint32_t distance)
{
    script_begin(script, &tables);
    for (uint32_t i = 0; i < distance; i++)
        say(script, LL_OP_ADD, key_at(script, i, 0), 200);
    for (uint32_t i = 0; i < 8 * distance + 64; i++)
        say(script, LL_OP_EXECUTE, script->updates[i % distance].ref, 1);
}

START_TEST(one_key_at_distance)
{
    static struct script script;
    script_distance(&script, (uint32_t)_i);
    check_right_ways(&script, "one key at a distance");
}
END_TEST

/* Without the window the chip shows an old line exactly as long as the window would have covered it. */
START_TEST(canary_without_the_window)
{
    static struct script script;
    script_distance(&script, (uint32_t)_i);
    script_settle(&script);
    uint32_t wrong = first_wrong(&script, &blind_way, 64);
    if (_i <= WINDOW)
        ck_assert_uint_lt(wrong, script.count);
    else
        ck_assert_uint_eq(wrong, UINT32_MAX);
    ck_assert_uint_eq(first_wrong(&script, &blind_way, 1), UINT32_MAX); /* no pipeline, nothing to forward */
}
END_TEST

/* Orders that live and die: the same way of a bucket is free, taken, free again. */
START_TEST(add_and_delete_at_distance)
{
    static struct script script;
    uint32_t distance = (uint32_t)_i;
    script_begin(&script, &tables);
    for (uint32_t i = 0; i < 40 * distance; i++) {
        uint64_t ref = key_at(&script, i % distance, 0);
        say(&script, i / distance % 2 == 0 ? LL_OP_ADD : LL_OP_DELETE, ref, 7);
    }
    check_right_ways(&script, "add and delete");
}
END_TEST

/* Buckets that take one another's place on chip, each met while the other's line is still in the window. */
START_TEST(places_in_conflict)
{
    static struct script script;
    script_begin(&script, &tables);
    for (uint32_t i = 0; i < 6; i++)
        say(&script, LL_OP_ADD, key_at(&script, 3, i), 500);
    for (uint32_t stride = 1; stride < 6; stride++)
        for (uint32_t i = 0; i < 60; i++) {
            say(&script, LL_OP_EXECUTE, script.updates[i * stride % 6].ref, 1);
            if (i % 7 == 0)
                say(&script, LL_OP_CANCEL, script.updates[i % 6].ref, 1);
        }
    check_right_ways(&script, "places in conflict");
}
END_TEST

START_TEST(full_buckets)
{
    static struct script script;
    struct ll_book_pair_config config = tables;
    config.bucket_count = 2;
    config.overflow_count = 5;
    script_begin(&script, &config);
    for (uint32_t turn = 0; turn < 12; turn++) {
        for (uint64_t ref = 1; ref <= 30; ref++)
            say(&script, LL_OP_ADD, ref + turn * 7, 10);
        for (uint64_t ref = 1; ref <= 30; ref++)
            say(&script, ref % 3 == 0 ? LL_OP_EXECUTE : LL_OP_DELETE, ref * 2 + turn * 5, 10);
    }
    check_right_ways(&script, "full buckets");
}
END_TEST

START_TEST(equal_hashes)
{
    static struct script script;
    script_begin(&script, &tables);
    for (uint32_t turn = 0; turn < 8; turn++)
        for (uint32_t i = 0; i < 25; i++) {
            uint64_t ref = key_of_one_hash(tables.hash_seed, i);
            ck_assert_uint_eq(bucket_of(&script, ref),
                              bucket_of(&script, key_of_one_hash(tables.hash_seed, 0)));
            say(&script, LL_OP_ADD, ref, 10 + i);
            say(&script, i % 2 == 0 ? LL_OP_DELETE : LL_OP_EXECUTE, ref, 3);
        }
    check_right_ways(&script, "equal hashes");
}
END_TEST

/* Any message about one of the keys of the last 16 messages, replaces among them. */
START_TEST(random_near_keys)
{
    static struct script script;
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_near_keys"));
    for (uint32_t turn = 0; turn < RANDOM_SCRIPTS; turn++) {
        struct ll_book_pair_config config = tables;
        config.bucket_count = 4u << ll_prng_below(&prng, 7);
        config.overflow_count = ll_prng_below(&prng, 9);
        script_begin(&script, &config);
        for (uint32_t i = 0; i < 800; i++) {
            static const uint8_t ops[] = {LL_OP_ADD,    LL_OP_ADD,    LL_OP_EXECUTE, LL_OP_EXECUTE,
                                          LL_OP_CANCEL, LL_OP_DELETE, LL_OP_REPLACE, LL_OP_NONE};
            uint32_t near = 1 + ll_prng_below(&prng, DISTANCE_MAX);
            uint64_t ref = near <= i ? script.updates[i - near].ref : 1 + ll_prng_below(&prng, 20);
            uint8_t op = ops[ll_prng_below(&prng, ll_prng_chance(&prng, 300) ? 8 : 6)];
            if (ll_prng_chance(&prng, 200))
                ref = 1 + ll_prng_below(&prng, 40);
            struct ll_update *update = say(&script, op, ref, 1 + ll_prng_below(&prng, 20));
            update->new_ref = 1 + ll_prng_below(&prng, 40);
            update->price += ll_prng_below(&prng, 3);
            update->side = (uint8_t)ll_prng_below(&prng, 2);
        }
        check_right_ways(&script, "random near keys");
    }
}
END_TEST

/* What stands in the memory behind the chip changes, as a load does it. Returns what then remains of an order. */
static uint32_t leaves_after_load(bool is_told)
{
    struct ll_book_pair pair;
    struct ll_book_pair_config config = tables;
    struct ll_life_pair life;
    struct ll_life_pair_config life_config = {
        .bucket_count = 16, .overflow_count = 1, .id_count = 4, .order_count = 4};
    struct ll_result results[2];
    const struct ll_update updates[2] = {
        {.ref = 77, .price = 1000, .quantity = 100, .op = LL_OP_ADD, .seq = 1},
        {.ref = 77, .quantity = 1, .op = LL_OP_EXECUTE, .seq = 2},
    };
    config.kernel = ll_hot16_kernel;
    config.reset = ll_hot16_reset;
    ll_book_pair_init(&pair, &config, false);
    ll_life_pair_init(&life, &life_config);
    ll_book_pair_run(&pair, updates, results, 2, 2);
    struct ll_order_bucket *bucket =
        &pair.book.buckets[ll_bucket_of(77, config.hash_seed, config.bucket_count)];
    ck_assert_uint_eq(bucket->shares[0], 99); /* written through */
    bucket->shares[0] = 50;
    if (is_told)
        ll_hot16_clear(&pair.book, &life.life);
    ll_book_pair_run(&pair, &updates[1], results, 1, 1);
    ll_life_pair_deinit(&life);
    ll_book_pair_deinit(&pair);
    return results[0].leaves;
}

START_TEST(a_load_clears_the_chip)
{
    ck_assert_uint_eq(leaves_after_load(true), 49);
    ck_assert_uint_eq(leaves_after_load(false), 98); /* the canary: the chip knows nothing of it */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hot_book");
    TCase *tcase = tcase_create("hot_book");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, one_key_at_distance, 1, DISTANCE_MAX + 1);
    tcase_add_loop_test(tcase, canary_without_the_window, 1, DISTANCE_MAX + 1);
    tcase_add_loop_test(tcase, add_and_delete_at_distance, 1, DISTANCE_MAX + 1);
    tcase_add_test(tcase, places_in_conflict);
    tcase_add_test(tcase, full_buckets);
    tcase_add_test(tcase, equal_hashes);
    tcase_add_test(tcase, random_near_keys);
    tcase_add_test(tcase, a_load_clears_the_chip);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
