/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the book's memory holds what its configuration promises, says what it holds, hashes by meaning alone,
 * and its check sees every kind of damage. Method: memory of exactly the footprint, with guard bytes behind
 * it; as many orders and levels as configured, in several orders of arrival; the same books under other
 * capacities, seeds and histories must hash alike, and a change of any one field otherwise; then one word
 * after the other is damaged and the check must object.
 */
#include "host/core/ll_book_memory.h"
#include "hls/ll_book.h"
#include "host/base/ll_prng.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD_BYTES = 64, GUARD = 0x5a };

static uint64_t seed_of_run(void)
{
    const char *text = getenv("LL_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 20120621;
}

struct fixture {
    struct ll_book_memory book;
    uint8_t *memory;
    size_t bytes;
    uint64_t seq;
};

static void open_book(struct fixture *fixture, uint64_t orders, uint64_t levels, uint64_t books,
                      uint32_t seed)
{
    struct ll_book_config config = {.orders = orders, .levels = levels, .books = books, .hash_seed = seed};
    memset(fixture, 0, sizeof *fixture);
    fixture->bytes = ll_book_memory_footprint_bytes(&config);
    ck_assert_uint_gt(fixture->bytes, 0);
    fixture->memory = aligned_alloc(64, (fixture->bytes + GUARD_BYTES + 63) / 64 * 64);
    ck_assert_ptr_nonnull(fixture->memory);
    memset(fixture->memory, GUARD, fixture->bytes + GUARD_BYTES);
    ll_book_memory_place(&fixture->book, fixture->memory, &config);
}

static void check_clean(const struct fixture *fixture)
{
    struct ll_why why = {0};
    ck_assert_msg(ll_book_memory_check(&fixture->book, &why) == LL_OK, "%s", why.text);
}

static void close_book(struct fixture *fixture)
{
    for (size_t i = 0; i < GUARD_BYTES; i++)
        ck_assert_uint_eq(fixture->memory[fixture->bytes + i], GUARD);
    free(fixture->memory);
}

static struct ll_result send(struct fixture *fixture, struct ll_update update)
{
    struct ll_result result;
    const struct ll_book_memory *b = &fixture->book;
    update.seq = ++fixture->seq;
    ll_book_batch(b->control, b->buckets, b->leaves, b->levels, b->inners, b->sides, &update, &result, 1, 1);
    return result;
}

static uint8_t add(struct fixture *fixture, uint64_t ref, uint32_t book, uint32_t side, uint32_t price,
                   uint32_t quantity)
{
    return send(fixture, (struct ll_update){.op = LL_OP_ADD,
                                            .ref = ref,
                                            .book = book,
                                            .side = (uint8_t)side,
                                            .price = price,
                                            .quantity = quantity})
        .verdict;
}

/* --- Sizes ------------------------------------------------------------------------------------------- */

START_TEST(configs_that_cannot_be)
{
    static const struct ll_book_config bad[] = {{0, 1, 1, 0},
                                                {1, 0, 1, 0},
                                                {1, 1, 0, 0},
                                                {LL_BOOK_ORDERS_MAX + 1, 1, 1, 0},
                                                {1, LL_BOOK_LEVELS_MAX + 1, 1, 0},
                                                {1, 1, LL_BOOK_BOOKS_MAX + 1, 0},
                                                {UINT64_MAX, 1, 1, 0},
                                                {1, UINT64_MAX, 1, 0},
                                                {1, 1, UINT64_MAX, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_uint_eq(ll_book_memory_footprint_bytes(&bad[i]), 0);
    struct ll_book_config largest = {LL_BOOK_ORDERS_MAX, LL_BOOK_LEVELS_MAX, LL_BOOK_BOOKS_MAX, 0};
    /* Every order's share of a bucket, and every level's share of a leaf, at the least. */
    ck_assert_uint_gt(ll_book_memory_footprint_bytes(&largest),
                      LL_BOOK_ORDERS_MAX * 20 + LL_BOOK_LEVELS_MAX * 16);
    struct ll_book_config config;
    ll_book_config_default(&config);
    ck_assert_uint_gt(ll_book_memory_footprint_bytes(&config), 0);
}
END_TEST

START_TEST(the_smallest_book)
{
    struct fixture fixture;
    open_book(&fixture, 1, 1, 1, 0);
    check_clean(&fixture);
    ck_assert_uint_eq(ll_book_memory_levels(&fixture.book, 0, LL_SIDE_BUY, NULL, 0), 0);
    ck_assert_uint_eq(ll_book_memory_hash(&fixture.book), 0);
    ck_assert_uint_eq(add(&fixture, 1, 0, LL_SIDE_BUY, 5, 6), LL_VERDICT_OK);
    check_clean(&fixture);
    struct ll_book_level level;
    ck_assert_uint_eq(ll_book_memory_levels(&fixture.book, 0, LL_SIDE_BUY, &level, 1), 1);
    ck_assert_uint_eq(level.price, 5);
    ck_assert_uint_eq(level.quantity, 6);
    ck_assert_uint_eq(level.orders, 1);
    close_book(&fixture);
}
END_TEST

/* As many orders as configured fit, however the references are made. */
START_TEST(the_promised_orders)
{
    enum { ORDERS = 100000 };
    static const char *const ways[] = {"counted", "even",       "steps of 4096",
                                       "random",  "high words", "mirrored"};
    struct fixture fixture;
    struct ll_prng prng;
    ll_prng_init(&prng, seed_of_run());
    open_book(&fixture, ORDERS, 1000, 2, 12345);
    for (uint64_t i = 0; i < ORDERS; i++) {
        uint64_t random = ll_prng_next(&prng);
        uint64_t refs[] = {i, 2 * i, 4096 * i, random, i << 32, i << 32 | i};
        uint8_t verdict = add(&fixture, refs[_i], 1, i & 1u, (uint32_t)(i % 100), 1);
        ck_assert_msg(verdict == LL_VERDICT_OK, "references %s: order %" PRIu64 ": verdict %u", ways[_i], i,
                      verdict);
    }
    ck_assert_uint_eq(fixture.book.control->live_orders, ORDERS);
    check_clean(&fixture);
    close_book(&fixture);
}
END_TEST

/* As many levels as configured fit, in whatever order they come, on one side or spread over books. */
START_TEST(the_promised_levels)
{
    enum { LEVELS = 60000 };
    struct fixture fixture;
    uint32_t books = _i < 3 ? 1 : 500;
    open_book(&fixture, LEVELS, LEVELS, books, 1);
    for (uint32_t i = 0; i < LEVELS; i++) {
        uint32_t prices[] = {i * 7, UINT32_MAX - i * 7, i * 2654435761u, i * 2654435761u};
        ck_assert_uint_eq(add(&fixture, i, i % books, LL_SIDE_BUY, prices[_i], 1), LL_VERDICT_OK);
    }
    ck_assert_uint_eq(fixture.book.control->live_levels, LEVELS);
    check_clean(&fixture);
    for (uint32_t i = 0; i < LEVELS; i++)
        ck_assert_uint_eq(
            send(&fixture, (struct ll_update){.op = LL_OP_DELETE, .ref = i, .book = i % books}).verdict,
            LL_VERDICT_OK);
    check_clean(&fixture);
    ck_assert_uint_eq(fixture.book.control->leaf_free_count, fixture.book.control->leaf_count - 2 * books);
    ck_assert_uint_eq(fixture.book.control->inner_free_count, fixture.book.control->inner_count - 2 * books);
    ck_assert_uint_eq(fixture.book.control->overflow_free_count, fixture.book.control->overflow_count);
    close_book(&fixture);
}
END_TEST

/* A market that moves leaves single levels behind: those must not keep leaves and inner nodes of their own.
 * The window of live prices moves up; what it leaves is taken out from the bottom, at random, or from the
 * top, but for one level in `keep`. */
START_TEST(the_promised_levels_of_a_drifting_market)
{
    enum { LEVELS = 8000, BLOCK = 400 };
    static const uint32_t keeps[] = {2, 5, 8, 16, 32, 100};
    struct fixture fixture;
    struct ll_prng prng;
    uint32_t keep = keeps[_i / 3];
    uint32_t order[BLOCK];
    uint32_t price = 0;
    ll_prng_init(&prng, seed_of_run() + (uint64_t)_i);
    open_book(&fixture, 2 * LEVELS, LEVELS, 1, 1);
    while (fixture.book.control->live_levels + BLOCK <= LEVELS) {
        for (uint32_t i = 0; i < BLOCK; i++) {
            ck_assert_uint_eq(add(&fixture, price + i, 0, LL_SIDE_SELL, price + i, 1), LL_VERDICT_OK);
            order[i] = _i % 3 == 0 ? i : BLOCK - 1 - i;
        }
        for (uint32_t i = 0; _i % 3 == 1 && i < BLOCK; i++) {
            uint32_t other = ll_prng_below(&prng, BLOCK);
            uint32_t was = order[i];
            order[i] = order[other];
            order[other] = was;
        }
        for (uint32_t i = 0; i < BLOCK; i++)
            if (order[i] % keep != 0)
                (void)send(&fixture, (struct ll_update){.op = LL_OP_DELETE, .ref = price + order[i]});
        price += BLOCK;
    }
    check_clean(&fixture);
    close_book(&fixture);
}
END_TEST

/* --- Hash -------------------------------------------------------------------------------------------- */

START_TEST(the_hash_is_of_the_meaning)
{
    enum { ORDERS = 2000 };
    struct fixture one;
    struct fixture other;
    open_book(&one, ORDERS, ORDERS, 10, 1);
    open_book(&other, 50000, 10000, 700, 2);
    for (uint32_t i = 0; i < ORDERS; i++)
        ck_assert_uint_eq(add(&one, i, i % 10, i & 1u, i * 31 % 977, i + 1), LL_VERDICT_OK);
    for (uint32_t i = 2 * ORDERS; i-- > 0;) /* the other way round, with others that go again */
        ck_assert_uint_eq(add(&other, i, i % 10, i & 1u, i * 31 % 977, i + 1), LL_VERDICT_OK);
    for (uint32_t i = ORDERS; i < 2 * ORDERS; i++)
        (void)send(&other, (struct ll_update){.op = LL_OP_DELETE, .ref = i});
    ck_assert_uint_eq(ll_book_memory_hash(&one.book), ll_book_memory_hash(&other.book));
    uint64_t hash = ll_book_memory_hash(&one.book);
    static const struct ll_update changes[] = {
        {.op = LL_OP_EXECUTE, .ref = 7, .book = 7, .quantity = 1},
        {.op = LL_OP_DELETE, .ref = 8, .book = 8},
        {.op = LL_OP_REPLACE, .ref = 9, .new_ref = 9999, .book = 9, .price = 9 * 31, .quantity = 10},
        {.op = LL_OP_ADD, .ref = 8, .book = 8, .side = 1, .price = 8 * 31, .quantity = 9},
        {.op = LL_OP_ADD, .ref = 8, .book = 9, .side = 0, .price = 8 * 31, .quantity = 9}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        (void)send(&one, changes[i]);
        ck_assert_uint_ne(ll_book_memory_hash(&one.book), hash);
        hash = ll_book_memory_hash(&one.book);
    }
    close_book(&one);
    close_book(&other);
}
END_TEST

/* --- Damage ------------------------------------------------------------------------------------------ */

/* A book with chains, a tree of height 2, free nodes of every kind. */
static void open_rich_book(struct fixture *fixture)
{
    open_book(fixture, 1500, 1500, 2, 3);
    for (uint32_t i = 0; i < 1500; i++)
        ck_assert_uint_eq(add(fixture, i, i % 100 == 0, LL_SIDE_SELL, 10 + i, 5), LL_VERDICT_OK);
    for (uint32_t i = 500; i < 700; i++)
        (void)send(fixture, (struct ll_update){.op = LL_OP_DELETE, .ref = i});
    ck_assert_uint_eq(fixture->book.control->height_max, 2);
    check_clean(fixture);
}

static void damage(struct fixture *fixture, uint32_t *word, uint32_t value, const char *what)
{
    struct ll_why why = {0};
    uint32_t was = *word;
    ck_assert_uint_ne(was, value);
    *word = value;
    ck_assert_msg(ll_book_memory_check(&fixture->book, &why) == LL_ERR_CORRUPT, "not seen: %s", what);
    ck_assert_msg(why.text[0] != 0, "no reason: %s", what);
    *word = was;
    check_clean(fixture);
}

START_TEST(damage_to_trees)
{
    struct fixture fixture;
    open_rich_book(&fixture);
    const struct ll_book_memory *b = &fixture.book;
    struct ll_book_side *side = &b->sides[LL_SIDE_SELL];
    struct ll_inner *root = &b->inners[LL_SIDE_SELL];
    struct ll_inner *inner = &b->inners[root->child[0]];
    struct ll_leaf *leaf = &b->leaves[inner->child[0]];
    struct ll_level *level = &b->levels[ll_level_at(inner->child[0], 0)];
    damage(&fixture, &side->levels, side->levels + 1, "the count of levels");
    damage(&fixture, &side->height, 0, "height 0");
    damage(&fixture, &side->height, 1, "height too small");
    damage(&fixture, &side->height, LL_TREE_HEIGHT_MAX + 1, "height too large");
    damage(&fixture, &side->height, UINT32_MAX, "height without measure");
    damage(&fixture, &side->best_key, side->best_key + 1, "the best key");
    damage(&fixture, &side->best_orders, side->best_orders + 1, "the best level's orders");
    damage(&fixture, &root->child[0], root->child[1], "a child in two places");
    damage(&fixture, &root->child[0], b->control->inner_count, "a child just out of range");
    damage(&fixture, &root->child[1], UINT32_MAX, "a child far out of range");
    damage(&fixture, &root->low[1], 5, "bounds that overlap");
    damage(&fixture, &root->low[LL_INNER_COUNT], 0, "no children");
    damage(&fixture, &root->low[LL_INNER_COUNT], 16, "too many children");
    damage(&fixture, &inner->child[1], inner->child[0], "a leaf in two places");
    damage(&fixture, &inner->child[1], b->control->leaf_count, "a leaf just out of range");
    damage(&fixture, &inner->child[1], 0xfffffff0u, "a leaf far out of range");
    damage(&fixture, &leaf->lane[0], 4000, "a key outside its leaf's bounds");
    damage(&fixture, &leaf->lane[0], leaf->lane[1], "a key twice");
    damage(&fixture, &leaf->lane[LL_LEAF_USED], leaf->lane[LL_LEAF_USED] & ~1u, "a key not marked as used");
    damage(&fixture, &level->orders, 0, "a level without orders");
    damage(&fixture, &level->orders, level->orders + 1, "an order too many");
    damage(&fixture, (uint32_t *)(void *)&level->quantity, 6, "a share too many");
    close_book(&fixture);
}
END_TEST

START_TEST(damage_to_orders)
{
    struct fixture fixture;
    open_rich_book(&fixture);
    const struct ll_book_memory *b = &fixture.book;
    uint32_t home = 0; /* with a chain of one */
    while ((b->buckets[home].link & LL_LINK_NEXT_MASK) == 0 ||
           b->buckets[home].link >> LL_LINK_USED_SHIFT == 0)
        ck_assert_uint_lt(++home, b->control->bucket_count);
    struct ll_order_bucket *bucket = &b->buckets[home];
    uint32_t way = ll_ctz32(bucket->link >> LL_LINK_USED_SHIFT);
    uint32_t next = bucket->link & LL_LINK_NEXT_MASK;
    damage(&fixture, &bucket->shares[way], 0, "an order of nothing");
    damage(&fixture, &bucket->shares[way], 6, "an order too large for its level");
    damage(&fixture, &bucket->shares[way], 4, "an order too small for its level");
    damage(&fixture, &bucket->price[way], 1, "an order without a level");
    damage(&fixture, &bucket->book_side[way], 0, "an order on the other side");
    damage(&fixture, &bucket->book_side[way], UINT32_MAX, "an order of no book");
    damage(&fixture, (uint32_t *)(void *)&bucket->ref[way], 77777,
           "a reference that does not hash to its bucket");
    damage(&fixture, &bucket->link,
           bucket->link & ~(8u << LL_LINK_USED_SHIFT) & ~(1u << way << LL_LINK_USED_SHIFT),
           "an order not marked as used");
    damage(&fixture, &bucket->link, bucket->link & ~LL_LINK_NEXT_MASK, "a chain cut off");
    damage(&fixture, &bucket->link, (bucket->link & ~LL_LINK_NEXT_MASK) | LL_LINK_NEXT_MASK,
           "a chain out of range");
    damage(&fixture, &bucket->link, (bucket->link & ~LL_LINK_NEXT_MASK) | (home + 1),
           "a chain into a home bucket");
    damage(&fixture, &b->buckets[next].link, b->buckets[next].link | next, "a chain that bites its tail");
    damage(&fixture, &b->buckets[next].link, 0, "an empty bucket in a chain");
    close_book(&fixture);
}
END_TEST

START_TEST(damage_to_control)
{
    struct fixture fixture;
    open_rich_book(&fixture);
    struct ll_book_control *control = fixture.book.control;
    damage(&fixture, &control->live_orders, control->live_orders + 1, "the count of orders");
    damage(&fixture, &control->live_levels, control->live_levels - 1, "the count of levels");
    damage(&fixture, &control->leaf_free_count, control->leaf_free_count - 1, "a leaf lost");
    damage(&fixture, &control->inner_free_count, control->inner_free_count - 1, "an inner node lost");
    damage(&fixture, &control->overflow_free_count, control->overflow_free_count - 1, "a bucket lost");
    damage(&fixture, &control->leaf_free, fixture.book.inners[LL_SIDE_BUY].child[0],
           "a leaf free and in a tree");
    damage(&fixture, &control->leaf_free, control->leaf_count, "a free leaf out of range");
    damage(&fixture, &control->inner_free, LL_SIDE_SELL, "an inner node free and in a tree");
    damage(&fixture, &control->inner_free, LL_NODE_NONE, "a free inner node out of range");
    damage(&fixture, &control->overflow_free, 0, "a home bucket that is free");
    damage(&fixture, &control->overflow_free, control->bucket_count + control->overflow_count,
           "a free bucket out of range");
    struct ll_leaf *leaf = &fixture.book.leaves[control->leaf_free];
    damage(&fixture, &leaf->lane[0], control->leaf_free, "a free list that bites its tail");
    close_book(&fixture);
}
END_TEST

int main(void)
{
    printf("seed %" PRIu64 "\n", seed_of_run());
    Suite *suite = suite_create("book_memory");
    TCase *tcase = tcase_create("memory");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, configs_that_cannot_be);
    tcase_add_test(tcase, the_smallest_book);
    tcase_add_loop_test(tcase, the_promised_orders, 0, 6);
    tcase_add_loop_test(tcase, the_promised_levels, 0, 4);
    tcase_add_loop_test(tcase, the_promised_levels_of_a_drifting_market, 0, 18);
    tcase_add_test(tcase, the_hash_is_of_the_meaning);
    tcase_add_test(tcase, damage_to_trees);
    tcase_add_test(tcase, damage_to_orders);
    tcase_add_test(tcase, damage_to_control);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
