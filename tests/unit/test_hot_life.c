/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: identifiers and orders with lines on chip are identifiers and orders, also where a pipeline would go
 * wrong. Method: as in test_hot_book.c: one order again and again at distances of 1 to 16 asks, by one name or by
 * two; orders and identifiers that take one another's place on chip; and random asks about what was last spoken
 * of. The kernel as it is answers one ask at a time, each held against the naive model; then each way made for a
 * card does the script in batches: the same bytes, the same state. The canary: where the chip shows late what was
 * written, leaving out the window must be seen, at each distance that the window covers and at no other.
 */
#include "hls/ll_life_ids.h"
#include "host/base/ll_prng.h"
#include "tests/model/ll_life_pair.h"
#include "tests/model/ll_other_kernels.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

enum { ASKS_MAX = 1200, WINDOW = 4, CHIP_LINES = 16, DISTANCE_MAX = 16, RANDOM_SCRIPTS = 60, LOTS = 1000 };

struct way {
    const char *name;
    ll_life_kernel *kernel;
    ll_life_emptying *reset;
};
static const struct way right_ways[] = {{"16 lines", ll_hot16_life, ll_hot16_life_reset},
                                        {"64 lines", ll_hot64_life, ll_hot64_life_reset},
                                        {"late", ll_hot_late_life, ll_hot_late_life_reset}};
static const struct way blind_way = {"blind", ll_hot_blind_life, ll_hot_blind_life_reset};

enum { RIGHT_WAYS = sizeof right_ways / sizeof right_ways[0] };

struct script {
    struct ll_life_pair_config config;
    uint32_t count;
    uint32_t next_id;
    struct ll_life_ask asks[ASKS_MAX];
    struct ll_life_answer answers[ASKS_MAX]; /* what they must be */
    uint64_t hash;                           /* and the state after them */
};

static const struct ll_life_pair_config tables = {.bucket_count = 4096,
                                                  .overflow_count = 64,
                                                  .id_count = 2000,
                                                  .order_count = 1024,
                                                  .hash_seed = 5,
                                                  .epoch = 9};

static void script_begin(struct script *script, const struct ll_life_pair_config *config)
{
    memset(script, 0, sizeof *script);
    script->config = *config;
}

static struct ll_life_ask *say(struct script *script, uint8_t op, uint64_t key, uint32_t quantity)
{
    ck_assert_uint_lt(script->count, ASKS_MAX);
    struct ll_life_ask *ask = &script->asks[script->count++];
    *ask = (struct ll_life_ask){.key = {key, 1}, .quantity = quantity, .op = op, .seq = script->count};
    return ask;
}

static void say_open(struct script *script, uint64_t key, uint32_t order)
{
    struct ll_life_ask *ask = say(script, LL_LIFE_OP_OPEN, key, LOTS);
    ask->order = order;
    ask->id = script->next_id++;
}

/* Another name of the order. */
static void say_name(struct script *script, uint64_t key, uint32_t order, uint8_t type)
{
    struct ll_life_ask *ask = say(script, LL_LIFE_OP_ADD, key, 0);
    ask->order = order;
    ask->type = type;
    ask->id = script->next_id++;
}

/* Works out what must come, from the kernel as it is beside the naive model. */
static void script_settle(struct script *script)
{
    struct ll_life_pair pair;
    char text[LL_LIFE_PAIR_TEXT_BYTES];
    ll_life_pair_init(&pair, &script->config);
    for (uint32_t i = 0; i < script->count; i++) {
        ll_life_pair_run(&pair, &script->asks[i], &script->answers[i], 1, 1);
        ck_assert_msg(ll_life_pair_expect(&pair, &script->asks[i], &script->answers[i], text), "%s", text);
    }
    ck_assert_msg(ll_life_pair_compare_all(&pair, text), "%s", text);
    script->hash = ll_life_memory_hash(&pair.life);
    ll_life_pair_deinit(&pair);
}

/* The number of the first answer that is not as it must be, `count` when only the state differs, UINT32_MAX when
 * all is right. */
static uint32_t first_wrong(const struct script *script, const struct way *way, uint32_t batch)
{
    static struct ll_life_answer answers[ASKS_MAX];
    struct ll_life_pair pair;
    struct ll_life_pair_config config = script->config;
    config.kernel = way->kernel;
    config.reset = way->reset;
    ll_life_pair_init(&pair, &config);
    memset(answers, 0x5a, sizeof answers);
    ll_life_pair_run(&pair, script->asks, answers, script->count, batch);
    uint32_t wrong = ll_life_memory_hash(&pair.life) == script->hash ? UINT32_MAX : script->count;
    for (uint32_t i = script->count; i > 0; i--)
        if (memcmp(&answers[i - 1], &script->answers[i - 1], sizeof answers[0]) != 0)
            wrong = i - 1;
    ll_life_pair_deinit(&pair);
    return wrong;
}

static void check_right_ways(struct script *script, const char *what)
{
    static const uint32_t batches[] = {1, 2, 5, 17, 32, 64};
    script_settle(script);
    for (uint32_t w = 0; w < RIGHT_WAYS; w++)
        for (uint32_t b = 0; b < sizeof batches / sizeof batches[0]; b++)
            ck_assert_msg(first_wrong(script, &right_ways[w], batches[b]) == UINT32_MAX,
                          "%s, %s, batches of %u: answer %u is wrong", what, right_ways[w].name, batches[b],
                          first_wrong(script, &right_ways[w], batches[b]));
}

/* A key whose bucket stands at `place` of the chip, of the nth such. */
static uint64_t key_at(uint32_t place, uint32_t nth)
{
    for (uint64_t key = 1;; key++)
        if (ll_life_bucket_of(key, 1, tables.hash_seed, tables.bucket_count) % CHIP_LINES == place &&
            nth-- == 0)
            return key;
}

/* `distance` orders, and then one lot of each in turns: each again after `distance` asks. */
static void script_distance(struct script *script, uint32_t distance)
{
    script_begin(script, &tables);
    for (uint32_t i = 0; i < distance; i++)
        say_open(script, key_at(i, 0), i);
    for (uint32_t i = 0; i < 8 * distance + 64; i++)
        say(script, LL_LIFE_OP_FILL, script->asks[i % distance].key[0], 1);
}

START_TEST(one_order_at_distance)
{
    static struct script script;
    script_distance(&script, (uint32_t)_i);
    check_right_ways(&script, "one order at a distance");
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

/* One order by two names: what is the same is the order, not the key. */
START_TEST(two_names_of_one_order)
{
    static struct script script;
    script_begin(&script, &tables);
    say_open(&script, key_at(0, 0), 7);
    say_name(&script, key_at(1, 0), 7, LL_ID_PROVIDER_REF);
    say_name(&script, key_at(2, 0), 7, LL_ID_CLIENT_KEY);
    for (uint32_t i = 0; i < 200; i++) {
        static const uint8_t ops[] = {LL_LIFE_OP_FILL, LL_LIFE_OP_RESOLVE, LL_LIFE_OP_CANCEL, LL_LIFE_OP_ACK};
        say(&script, ops[i / 3 % 4], script.asks[i % 3].key[0], 1 + i % 2);
    }
    check_right_ways(&script, "two names of one order");
}
END_TEST

/* Orders and identifiers that take one another's place on chip. */
START_TEST(places_in_conflict)
{
    static struct script script;
    script_begin(&script, &tables);
    for (uint32_t i = 0; i < 6; i++)
        say_open(&script, key_at(3, i), 5 + CHIP_LINES * i);
    for (uint32_t stride = 1; stride < 6; stride++)
        for (uint32_t i = 0; i < 60; i++)
            say(&script, i % 7 == 0 ? LL_LIFE_OP_CANCEL : LL_LIFE_OP_FILL, script.asks[i * stride % 6].key[0],
                1);
    check_right_ways(&script, "places in conflict");
}
END_TEST

/* Every op and every status of an identifier, so that each leaves the pipeline where it must. */
static void say_random(struct script *script, struct ll_prng *prng, uint32_t keys)
{
    uint32_t near = 1 + ll_prng_below(prng, DISTANCE_MAX);
    uint64_t key = near <= script->count ? script->asks[script->count - near].key[0] : 1;
    if (ll_prng_chance(prng, 300))
        key = 1 + ll_prng_below(prng, keys);
    uint8_t op = (uint8_t)(ll_prng_chance(prng, 500) ? LL_LIFE_OP_SUBMIT + ll_prng_below(prng, 6)
                                                     : ll_prng_below(prng, LL_LIFE_OP_COUNT + 2));
    struct ll_life_ask *ask = say(script, op, key, ll_prng_below(prng, 5));
    ask->order = ll_prng_below(prng, keys);
    ask->id = script->next_id++;
    ask->new_id = script->next_id++ % script->config.id_count;
    ask->type = (uint8_t)ll_prng_below(prng, LL_ID_TYPE_COUNT);
    ask->status = (uint8_t)ll_prng_below(prng, LL_ID_STATUS_COUNT);
    ask->flags = (uint8_t)ll_prng_below(prng, 2);
    if (op == LL_LIFE_OP_OPEN)
        ask->quantity = 20;
    if (ll_prng_chance(prng, 200)) {
        ask->new_key[0] = 1 + ll_prng_below(prng, 2 * keys);
        ask->new_key[1] = 1;
    }
}

START_TEST(random_near_keys)
{
    static struct script script;
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_near_keys"));
    for (uint32_t turn = 0; turn < RANDOM_SCRIPTS; turn++) {
        struct ll_life_pair_config config = tables;
        config.bucket_count = 2u << ll_prng_below(&prng, 7);
        config.overflow_count = ll_prng_below(&prng, 30);
        uint32_t keys = 2u << ll_prng_below(&prng, 5);
        script_begin(&script, &config);
        for (uint32_t i = 0; i < keys; i++)
            say_open(&script, 1 + i, i);
        for (uint32_t i = 0; i < 600; i++)
            say_random(&script, &prng, keys);
        check_right_ways(&script, "random near keys");
    }
}
END_TEST

/* What stands in the memory behind the chip changes, as a load does it. Returns what is then open of an order. */
static uint32_t leaves_after_load(bool is_told)
{
    static struct script script;
    struct ll_life_pair pair;
    struct ll_life_answer answers[2];
    struct ll_book_pair book;
    struct ll_book_pair_config book_config = {.bucket_count = 16,
                                              .overflow_count = 1,
                                              .leaf_pool_count = 1,
                                              .inner_pool_count = 1,
                                              .book_count = 1};
    script_begin(&script, &tables);
    script.config.kernel = ll_hot16_life;
    script.config.reset = ll_hot16_life_reset;
    say_open(&script, 77, 3);
    say(&script, LL_LIFE_OP_FILL, 77, 1);
    ll_book_pair_init(&book, &book_config, false);
    ll_life_pair_init(&pair, &script.config);
    ll_life_pair_run(&pair, script.asks, answers, 2, 2);
    ck_assert_uint_eq(pair.life.orders[3].standing.leaves, LOTS - 1); /* written through */
    pair.life.orders[3].standing.cumulative = LOTS - 50;
    if (is_told)
        ll_hot16_clear(&book.book, &pair.life);
    ll_life_pair_run(&pair, &script.asks[1], answers, 1, 1);
    ll_life_pair_deinit(&pair);
    ll_book_pair_deinit(&book);
    return answers[0].leaves;
}

START_TEST(a_load_clears_the_chip)
{
    ck_assert_uint_eq(leaves_after_load(true), 49);
    ck_assert_uint_eq(leaves_after_load(false), LOTS - 2); /* the canary: the chip knows nothing of it */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hot_life");
    TCase *tcase = tcase_create("hot_life");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, one_order_at_distance, 1, DISTANCE_MAX + 1);
    tcase_add_loop_test(tcase, canary_without_the_window, 1, DISTANCE_MAX + 1);
    tcase_add_test(tcase, two_names_of_one_order);
    tcase_add_test(tcase, places_in_conflict);
    tcase_add_test(tcase, random_near_keys);
    tcase_add_test(tcase, a_load_clears_the_chip);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
