/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the hash of the state is the sum over what the tables mean, all of it and nothing else. Method: tables
 * filled until trees have several heights and chains hang behind buckets; then every order, level, identifier
 * and order of ours as the host reads them (host/core), hashed one by one and added. The same items in tables
 * of other sizes and seeds give the same; each item counts, and so does its kind.
 */
#include "hls/ll_state_hash.h"
#include "host/base/ll_prng.h"
#include "tests/model/ll_book_pair.h"
#include "tests/model/ll_life_pair.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>

enum { LEVELS_MAX = 4000 };

static void add_order(void *context, const struct ll_book_order *order)
{
    uint64_t *sum = context;
    uint64_t hash = ll_state_mix(LL_STATE_ORDER, order->ref);
    hash = ll_state_mix(hash, order->book << 1 | order->side);
    *sum += ll_state_mix(hash, (uint64_t)order->price << 32 | order->shares);
}

static uint64_t levels_sum(const struct ll_book_memory *book)
{
    static struct ll_book_level levels[LEVELS_MAX];
    uint64_t sum = 0;
    for (uint32_t side = 0; side < 2 * book->control->book_count; side++) {
        uint32_t count = ll_book_memory_levels(book, side >> 1, side & 1u, levels, LEVELS_MAX);
        ck_assert_uint_le(count, LEVELS_MAX);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t key = (side & 1u) == LL_SIDE_SELL ? levels[i].price : ~levels[i].price;
            uint64_t hash = ll_state_mix(LL_STATE_LEVEL, (uint64_t)side << 32 | key);
            hash = ll_state_mix(hash, levels[i].quantity);
            sum += ll_state_mix(hash, levels[i].orders);
        }
    }
    return sum;
}

/* Adds at ascending and at random prices, so that a side becomes high, and some deletes. */
static void trade(const struct ll_book_pair *pair, uint64_t seed)
{
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    for (uint32_t i = 0; i < 6000; i++) {
        struct ll_result result;
        struct ll_update update = {.ref = i,
                                   .price = i % 3 == 0 ? 1000 + i : ll_prng_below(&prng, 500),
                                   .quantity = 1 + ll_prng_below(&prng, 99),
                                   .book = i % 3 == 0 ? 0 : ll_prng_below(&prng, 3),
                                   .op = LL_OP_ADD,
                                   .side = i % 2};
        if (i % 7 == 6) {
            update.op = LL_OP_DELETE;
            update.ref = ll_prng_below(&prng, i);
        }
        ll_book_pair_run(pair, &update, &result, 1, 1);
    }
}

START_TEST(the_book_is_the_sum_of_its_orders_and_levels)
{
    static const struct ll_book_pair_config configs[] = {{.bucket_count = 1024,
                                                          .overflow_count = 1500,
                                                          .leaf_pool_count = 900,
                                                          .inner_pool_count = 500,
                                                          .book_count = 3,
                                                          .hash_seed = 1},
                                                         {.bucket_count = 8192,
                                                          .overflow_count = 200,
                                                          .leaf_pool_count = 1500,
                                                          .inner_pool_count = 700,
                                                          .book_count = 5,
                                                          .hash_seed = 77}};
    uint64_t seed = ll_test_seed("the_book_is_the_sum_of_its_orders_and_levels");
    uint64_t hashes[2];
    for (uint32_t i = 0; i < 2; i++) {
        struct ll_book_pair pair;
        uint64_t sum = 0;
        ll_book_pair_init(&pair, &configs[i], false);
        ck_assert_uint_eq(ll_book_memory_hash(&pair.book), 0);
        trade(&pair, seed);
        ck_assert_uint_ge(pair.book.control->height_max, 2);
        ck_assert_uint_lt(pair.book.control->overflow_free_count, configs[i].overflow_count);
        ll_book_memory_orders(&pair.book, add_order, &sum);
        hashes[i] = ll_book_memory_hash(&pair.book);
        ck_assert_uint_eq(hashes[i], sum + levels_sum(&pair.book));
        ll_book_pair_deinit(&pair);
    }
    ck_assert_uint_eq(hashes[0], hashes[1]);
}
END_TEST

static void add_id(void *context, const struct ll_life_id_view *view)
{
    uint64_t *sum = context;
    const struct ll_life_id *record = &view->record;
    uint64_t hash = ll_state_mix(LL_STATE_ID, view->key[0]);
    hash = ll_state_mix(hash, view->key[1]);
    hash = ll_state_mix(hash, (uint64_t)view->id << 32 | record->order);
    hash = ll_state_mix(hash, (uint64_t)record->replaced_by << 32 | record->quantity);
    *sum += ll_state_mix(hash, (uint64_t)record->type << 16 | (uint64_t)record->status << 8 | record->flags);
}

static void add_life_order(void *context, uint32_t number, const struct ll_life_order *order)
{
    uint64_t *sum = context;
    const struct ll_order_standing *standing = &order->standing;
    uint64_t hash = ll_state_mix(LL_STATE_LIFE_ORDER, (uint64_t)number << 32 | standing->quantity);
    hash = ll_state_mix(hash, (uint64_t)standing->leaves << 32 | standing->cumulative);
    hash = ll_state_mix(hash, (uint64_t)standing->state << 8 | standing->flags);
    for (uint32_t type = 0; type < LL_LIFE_SLOTS; type++)
        hash = ll_state_mix(hash, order->active[type]);
    *sum += hash;
}

START_TEST(the_lifecycle_is_the_sum_of_its_identifiers_and_orders)
{
    static const struct ll_life_pair_config configs[] = {
        {.bucket_count = 64, .overflow_count = 300, .id_count = 500, .order_count = 90, .hash_seed = 1},
        {.bucket_count = 512, .overflow_count = 99, .id_count = 900, .order_count = 200, .hash_seed = 5}};
    uint64_t hashes[2];
    for (uint32_t i = 0; i < 2; i++) {
        struct ll_life_pair pair;
        struct ll_life_answer answer;
        uint64_t sum = 0;
        ll_life_pair_init(&pair, &configs[i]);
        ck_assert_uint_eq(ll_life_memory_hash(&pair.life), 0);
        for (uint32_t n = 0; n < 80; n++) {
            struct ll_life_ask ask = {
                .key = {n + 1, 9}, .order = n, .id = n, .quantity = 100, .op = LL_LIFE_OP_OPEN};
            ll_life_pair_run(&pair, &ask, &answer, 1, 1);
            ask = (struct ll_life_ask){.key = {n + 1, 9},
                                       .new_key = {n + 1, 8},
                                       .new_id = 100 + n,
                                       .quantity = 1 + n,
                                       .op = LL_LIFE_OP_FILL};
            ll_life_pair_run(&pair, &ask, &answer, 1, 1);
            ask = (struct ll_life_ask){.key = {n + 1, 7},
                                       .order = n,
                                       .id = 200 + n,
                                       .op = LL_LIFE_OP_ADD,
                                       .type = (uint8_t)(n % LL_ID_EXECUTION)};
            ll_life_pair_run(&pair, &ask, &answer, 1, 1);
        }
        ck_assert_uint_gt(pair.life.control->overflow_used, 0);
        ll_life_memory_ids(&pair.life, add_id, &sum);
        ll_life_memory_orders(&pair.life, add_life_order, &sum);
        hashes[i] = ll_life_memory_hash(&pair.life);
        ck_assert_uint_eq(hashes[i], sum);
        ck_assert_uint_ge(pair.life.control->ids_used, 200);
        ll_life_pair_deinit(&pair);
    }
    ck_assert_uint_eq(hashes[0], hashes[1]);
}
END_TEST

/* Bits of each word reach all of the hash: about half of them turn with any one. */
START_TEST(every_bit_of_a_word_turns_half_of_the_hash)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("every_bit_of_a_word_turns_half_of_the_hash"));
    for (uint32_t bit = 0; bit < 64; bit++) {
        uint32_t turned = 0;
        for (uint32_t i = 0; i < 100; i++) {
            uint64_t hash = ll_prng_next(&prng);
            uint64_t word = ll_prng_next(&prng);
            turned += (uint32_t)__builtin_popcountll(ll_state_mix(hash, word) ^
                                                     ll_state_mix(hash, word ^ (uint64_t)1 << bit));
        }
        ck_assert_uint_gt(turned, 2900);
        ck_assert_uint_lt(turned, 3500);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("state_hash");
    TCase *tcase = tcase_create("state_hash");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_book_is_the_sum_of_its_orders_and_levels);
    tcase_add_test(tcase, the_lifecycle_is_the_sum_of_its_identifiers_and_orders);
    tcase_add_test(tcase, every_bit_of_a_word_turns_half_of_the_hash);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
