/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the naive book is right, for it is what every faster book is judged by.
 * Method: sequences worked out by hand, one for each rule of each operation and for rules that meet; then
 * random operations after which the levels are computed again from the list of live orders alone.
 */
#include "tests/model/ll_naive_book.h"

#include "host/base/ll_bytes.h"
#include "host/base/ll_prng.h"
#include "host/wire/ll_itch50.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ll_naive_book *books;
static struct ll_naive_result result;

static void setup(void)
{
    ll_naive_book_init(&books);
    memset(&result, 0xA5, sizeof result);
}

static void teardown(void)
{
    ll_naive_book_deinit(books);
}

static void expect(enum ll_naive_verdict verdict, uint16_t book, uint8_t side, uint32_t price,
                   uint32_t leaves, uint32_t removed)
{
    ck_assert_str_eq(ll_naive_verdict_name(result.verdict), ll_naive_verdict_name(verdict));
    ck_assert_uint_eq(result.book, book);
    ck_assert_uint_eq(result.side, side);
    ck_assert_uint_eq(result.price, price);
    ck_assert_uint_eq(result.leaves, leaves);
    ck_assert_uint_eq(result.removed, removed);
}

static void expect_level(const struct ll_naive_level *level, uint32_t price, uint64_t quantity,
                         uint32_t order_count)
{
    ck_assert_uint_eq(level->price, price);
    ck_assert_uint_eq(level->quantity, quantity);
    ck_assert_uint_eq(level->order_count, order_count);
}

static void expect_overwritten(uint64_t reference, uint16_t book, uint8_t side, uint32_t price,
                               uint32_t quantity)
{
    ck_assert_uint_eq(result.overwritten.reference, reference);
    ck_assert_uint_eq(result.overwritten.book, book);
    ck_assert_uint_eq(result.overwritten.side, side);
    ck_assert_uint_eq(result.overwritten.price, price);
    ck_assert_uint_eq(result.overwritten.quantity, quantity);
}

static void add(uint64_t reference, uint16_t book, uint8_t side, uint32_t price, uint32_t quantity)
{
    ll_naive_book_add(books, reference, book, side, price, quantity, &result);
}

static void reduce(uint64_t reference, uint16_t book, uint32_t quantity)
{
    ll_naive_book_reduce(books, reference, book, quantity, &result);
}

static void delete (uint64_t reference, uint16_t book)
{
    ll_naive_book_remove(books, reference, book, &result);
}

static void replace(uint64_t reference_old, uint64_t reference_new, uint16_t book, uint32_t quantity,
                    uint32_t price)
{
    ll_naive_book_replace(books, reference_old, reference_new, book, quantity, price, &result);
}

START_TEST(empty_book_has_nothing)
{
    struct ll_naive_order order;
    struct ll_naive_level level;
    ck_assert_uint_eq(ll_naive_book_live_count(books), 0);
    ck_assert(!ll_naive_book_find(books, 0, &order));
    ck_assert_uint_eq(ll_naive_book_live_orders(books, &order, 1), 0);
    ck_assert_uint_eq(ll_naive_book_levels(books, 65535, 'B', &level, 1), 0);
    delete (1, 9);
    expect(LL_NAIVE_UNKNOWN_ID, 9, 0, 0, 0, 0);
    expect_level(&result.bid, 0, 0, 0);
    expect_level(&result.ask, 0, 0, 0);
}
END_TEST

START_TEST(add_builds_levels_best_first)
{
    add(1, 7, 'B', 1000, 100);
    expect(LL_NAIVE_OK, 7, 'B', 1000, 100, 0);
    expect_level(&result.bid, 1000, 100, 1);
    expect_level(&result.ask, 0, 0, 0);
    add(2, 7, 'B', 1200, 50);
    expect_level(&result.bid, 1200, 50, 1);
    add(3, 7, 'B', 1100, 10);
    expect_level(&result.bid, 1200, 50, 1);
    add(4, 7, 'B', 1200, 7);
    expect_level(&result.bid, 1200, 57, 2);
    add(5, 7, 'S', 1500, 5);
    add(6, 7, 'S', 1300, 6);
    expect(LL_NAIVE_OK, 7, 'S', 1300, 6, 0);
    expect_level(&result.bid, 1200, 57, 2);
    expect_level(&result.ask, 1300, 6, 1);

    struct ll_naive_level levels[4];
    ck_assert_uint_eq(ll_naive_book_levels(books, 7, 'B', levels, 4), 3);
    expect_level(&levels[0], 1200, 57, 2);
    expect_level(&levels[1], 1100, 10, 1);
    expect_level(&levels[2], 1000, 100, 1);
    ck_assert_uint_eq(ll_naive_book_levels(books, 7, 'S', levels, 4), 2);
    expect_level(&levels[0], 1300, 6, 1);
    expect_level(&levels[1], 1500, 5, 1);
    /* Fewer wanted than there are: the best ones, and the true number. */
    ck_assert_uint_eq(ll_naive_book_levels(books, 7, 'B', levels, 1), 3);
    expect_level(&levels[0], 1200, 57, 2);
}
END_TEST

START_TEST(bad_adds_change_nothing)
{
    add(1, 7, 'B', 1000, 100);
    add(1, 7, 'B', 2000, 0); /* live reference: still bad_input, still there */
    expect(LL_NAIVE_BAD_INPUT, 7, 'B', 2000, 0, 0);
    expect_level(&result.bid, 1000, 100, 1);
    add(2, 7, 'S', 3000, 0);
    expect(LL_NAIVE_BAD_INPUT, 7, 'S', 3000, 0, 0);
    expect_level(&result.ask, 0, 0, 0);
    add(1, 7, 'X', 3000, 10); /* no such side */
    expect(LL_NAIVE_BAD_INPUT, 7, 'X', 3000, 0, 0);
    expect_level(&result.bid, 1000, 100, 1);
    ck_assert_uint_eq(ll_naive_book_live_count(books), 1);
}
END_TEST

START_TEST(add_of_live_reference_overwrites)
{
    add(1, 7, 'B', 1000, 100);
    add(2, 7, 'B', 1000, 11);
    add(1, 8, 'S', 5000, 30); /* another book, another side */
    expect(LL_NAIVE_DUPLICATE, 8, 'S', 5000, 30, 100);
    expect_overwritten(1, 7, 'B', 1000, 100);
    expect_level(&result.bid, 0, 0, 0);
    expect_level(&result.ask, 5000, 30, 1);
    struct ll_naive_level bid;
    struct ll_naive_level ask;
    ll_naive_book_best(books, 7, &bid, &ask);
    expect_level(&bid, 1000, 11, 1);
    expect_level(&ask, 0, 0, 0);
    ck_assert_uint_eq(ll_naive_book_live_count(books), 2);
    add(1, 8, 'S', 5000, 31); /* the same place again */
    expect(LL_NAIVE_DUPLICATE, 8, 'S', 5000, 31, 30);
    expect_overwritten(1, 8, 'S', 5000, 30);
    expect_level(&result.ask, 5000, 31, 1);
}
END_TEST

START_TEST(reduce_to_less_to_nothing_and_beyond)
{
    add(1, 7, 'S', 1000, 100);
    add(2, 7, 'S', 1000, 40);
    add(3, 7, 'S', 900, 5);
    reduce(1, 7, 99);
    expect(LL_NAIVE_OK, 7, 'S', 1000, 1, 99);
    expect_level(&result.ask, 900, 5, 1);
    reduce(3, 7, 5); /* all of it: the level goes, the next one shows */
    expect(LL_NAIVE_OK, 7, 'S', 900, 0, 5);
    expect_level(&result.ask, 1000, 41, 2);
    reduce(1, 7, 2); /* one more than is left */
    expect(LL_NAIVE_OVERFILL, 7, 'S', 1000, 0, 1);
    expect_level(&result.ask, 1000, 40, 1);
    reduce(1, 7, 1); /* gone is gone */
    expect(LL_NAIVE_UNKNOWN_ID, 7, 0, 0, 0, 0);
    expect_level(&result.ask, 1000, 40, 1);
    reduce(2, 7, UINT32_MAX);
    expect(LL_NAIVE_OVERFILL, 7, 'S', 1000, 0, 40);
    expect_level(&result.ask, 0, 0, 0);
    ck_assert_uint_eq(ll_naive_book_live_count(books), 0);
}
END_TEST

START_TEST(reduce_zero_changes_nothing)
{
    add(1, 7, 'B', 1000, 100);
    add(2, 8, 'S', 2000, 5);
    reduce(1, 7, 0);
    expect(LL_NAIVE_BAD_INPUT, 7, 0, 0, 0, 0);
    expect_level(&result.bid, 1000, 100, 1);
    reduce(1, 8, 0); /* bad_input goes before book_mismatch, and the answer is about the message's book */
    expect(LL_NAIVE_BAD_INPUT, 8, 0, 0, 0, 0);
    expect_level(&result.bid, 0, 0, 0);
    expect_level(&result.ask, 2000, 5, 1);
    reduce(3, 7, 0); /* and before unknown_id */
    expect(LL_NAIVE_BAD_INPUT, 7, 0, 0, 0, 0);
    expect_level(&result.bid, 1000, 100, 1);
    ck_assert_uint_eq(ll_naive_book_live_count(books), 2);
}
END_TEST

START_TEST(remove_shows_the_next_level)
{
    add(1, 7, 'B', 1000, 100);
    add(2, 7, 'B', 999, 20);
    delete (1, 7);
    expect(LL_NAIVE_OK, 7, 'B', 1000, 0, 100);
    expect_level(&result.bid, 999, 20, 1);
    delete (1, 7);
    expect(LL_NAIVE_UNKNOWN_ID, 7, 0, 0, 0, 0);
    expect_level(&result.bid, 999, 20, 1);
    add(1, 7, 'B', 1001, 3); /* a reference that ended may come again */
    expect(LL_NAIVE_OK, 7, 'B', 1001, 3, 0);
}
END_TEST

START_TEST(replace_moves_the_order)
{
    add(1, 7, 'S', 1000, 100);
    add(2, 7, 'S', 1000, 20);
    replace(1, 3, 7, 60, 990);
    expect(LL_NAIVE_OK, 7, 'S', 990, 60, 100);
    expect_level(&result.ask, 990, 60, 1);
    replace(3, 4, 7, 61, 1000); /* a chain: side and book come from the first */
    expect(LL_NAIVE_OK, 7, 'S', 1000, 61, 60);
    expect_level(&result.ask, 1000, 81, 2);
    delete (1, 7);
    expect(LL_NAIVE_UNKNOWN_ID, 7, 0, 0, 0, 0);
    delete (3, 7);
    expect(LL_NAIVE_UNKNOWN_ID, 7, 0, 0, 0, 0);
    delete (4, 7);
    expect(LL_NAIVE_OK, 7, 'S', 1000, 0, 61);
    ck_assert_uint_eq(ll_naive_book_live_count(books), 1);
}
END_TEST

START_TEST(replace_by_itself_changes_price_and_size)
{
    add(1, 7, 'B', 1000, 100);
    replace(1, 1, 7, 70, 1010);
    expect(LL_NAIVE_OK, 7, 'B', 1010, 70, 100);
    ck_assert_uint_eq(result.overwritten.quantity, 0);
    expect_level(&result.bid, 1010, 70, 1);
    replace(1, 1, 9, 71, 1010);
    expect(LL_NAIVE_BOOK_MISMATCH, 7, 'B', 1010, 71, 70);
    ck_assert_uint_eq(ll_naive_book_live_count(books), 1);
}
END_TEST

START_TEST(replace_refusals)
{
    add(1, 7, 'B', 1000, 100);
    replace(9, 10, 7, 5, 1000);
    expect(LL_NAIVE_UNKNOWN_ID, 7, 0, 1000, 0, 0);
    replace(9, 10, 7, 0, 1000); /* unknown_id goes first */
    expect(LL_NAIVE_UNKNOWN_ID, 7, 0, 1000, 0, 0);
    replace(9, 1, 7, 5, 2000); /* nothing is made, and nothing overwritten */
    expect(LL_NAIVE_UNKNOWN_ID, 7, 0, 2000, 0, 0);
    expect_level(&result.bid, 1000, 100, 1);
    ck_assert_uint_eq(ll_naive_book_live_count(books), 1);
    replace(1, 2, 8, 0, 3000); /* quantity 0: the old one goes; bad_input before book_mismatch */
    expect(LL_NAIVE_BAD_INPUT, 7, 'B', 1000, 0, 100);
    expect_level(&result.bid, 0, 0, 0);
    ck_assert_uint_eq(ll_naive_book_live_count(books), 0);
}
END_TEST

START_TEST(replace_by_zero_spares_the_order_under_the_new_reference)
{
    add(1, 7, 'B', 1000, 100);
    add(2, 7, 'B', 1000, 30);
    replace(1, 2, 7, 0, 3000);
    expect(LL_NAIVE_BAD_INPUT, 7, 'B', 1000, 0, 100);
    expect_overwritten(0, 0, 0, 0, 0);
    expect_level(&result.bid, 1000, 30, 1);
    replace(2, 2, 7, 0, 3000);
    expect(LL_NAIVE_BAD_INPUT, 7, 'B', 1000, 0, 30);
    ck_assert_uint_eq(ll_naive_book_live_count(books), 0);
}
END_TEST

START_TEST(replace_onto_live_reference_overwrites)
{
    add(1, 7, 'B', 1000, 100);
    add(2, 8, 'S', 4000, 30);
    replace(1, 2, 9, 55, 1005); /* duplicate goes before book_mismatch */
    expect(LL_NAIVE_DUPLICATE, 7, 'B', 1005, 55, 100);
    expect_overwritten(2, 8, 'S', 4000, 30);
    expect_level(&result.bid, 1005, 55, 1);
    struct ll_naive_level bid;
    struct ll_naive_level ask;
    ll_naive_book_best(books, 8, &bid, &ask);
    expect_level(&ask, 0, 0, 0);
    struct ll_naive_order order;
    ck_assert(!ll_naive_book_find(books, 1, &order));
    ck_assert(ll_naive_book_find(books, 2, &order));
    ck_assert_uint_eq(order.book, 7);
    ck_assert_uint_eq(order.side, 'B');
    ck_assert_uint_eq(ll_naive_book_live_count(books), 1);
}
END_TEST

START_TEST(other_book_is_named_but_the_own_book_is_changed)
{
    add(1, 7, 'B', 1000, 100);
    add(2, 8, 'B', 2000, 10);
    reduce(1, 8, 40);
    expect(LL_NAIVE_BOOK_MISMATCH, 7, 'B', 1000, 60, 40);
    expect_level(&result.bid, 1000, 60, 1);
    reduce(1, 8, 61);
    expect(LL_NAIVE_OVERFILL, 7, 'B', 1000, 0, 60);
    delete (1, 8);
    expect(LL_NAIVE_UNKNOWN_ID, 8, 0, 0, 0, 0);
    expect_level(&result.bid, 2000, 10, 1);
    replace(2, 3, 7, 20, 2100);
    expect(LL_NAIVE_BOOK_MISMATCH, 8, 'B', 2100, 20, 10);
    expect_level(&result.bid, 2100, 20, 1);
    delete (3, 0);
    expect(LL_NAIVE_BOOK_MISMATCH, 8, 'B', 2100, 0, 20);
    expect_level(&result.bid, 0, 0, 0);
}
END_TEST

START_TEST(whole_range_of_every_field)
{
    add(0, 0, 'B', 0, UINT32_MAX);
    expect_level(&result.bid, 0, UINT32_MAX, 1);
    add(UINT64_MAX, 0, 'B', 0, UINT32_MAX);
    expect_level(&result.bid, 0, 2 * (uint64_t)UINT32_MAX, 2);
    add(1, 0, 'B', UINT32_MAX, 1);
    expect_level(&result.bid, UINT32_MAX, 1, 1);
    add(2, 65535, 'S', UINT32_MAX, 1);
    expect_level(&result.ask, UINT32_MAX, 1, 1);
    add(3, 65535, 'S', 0, 2);
    expect_level(&result.ask, 0, 2, 1);
    /* A level at price 0 is a level: its order count tells it from no level. */
    delete (1, 0);
    expect_level(&result.bid, 0, 2 * (uint64_t)UINT32_MAX, 2);
    struct ll_naive_order orders[8];
    ck_assert_uint_eq(ll_naive_book_live_orders(books, orders, 8), 4);
    ck_assert_uint_eq(orders[0].reference, 0);
    ck_assert_uint_eq(orders[1].reference, 2);
    ck_assert_uint_eq(orders[2].reference, 3);
    ck_assert_uint_eq(orders[3].reference, UINT64_MAX);
    ck_assert_uint_eq(ll_naive_book_live_orders(books, orders, 1), 4);
    ck_assert_uint_eq(orders[0].reference, 0);
}
END_TEST

/* One message of each kind, laid out here by the offsets of the layout list. */
START_TEST(itch_messages_reach_the_operations)
{
    uint8_t bytes[LL_ITCH50_MESSAGE_BYTES_MAX] = {LL_ITCH50_TYPE_ADD};
    ll_store_be16(bytes + LL_ITCH50_STOCK_LOCATE_OFFSET, 7);
    ll_store_be64(bytes + LL_ITCH50_OFFSET_ADD_order_reference_number, 5);
    bytes[LL_ITCH50_OFFSET_ADD_buy_sell_indicator] = 'S';
    ll_store_be32(bytes + LL_ITCH50_OFFSET_ADD_shares, 100);
    ll_store_be32(bytes + LL_ITCH50_OFFSET_ADD_price, 1000);
    ck_assert(ll_naive_book_apply_itch50(books, bytes, LL_ITCH50_BYTES_ADD, &result));
    expect(LL_NAIVE_OK, 7, 'S', 1000, 100, 0);
    ck_assert(!ll_naive_book_apply_itch50(books, bytes, LL_ITCH50_BYTES_ADD - 1, &result));
    ck_assert(!ll_naive_book_apply_itch50(books, bytes, 0, &result));
    bytes[0] = LL_ITCH50_TYPE_ADD_MPID;
    ck_assert(!ll_naive_book_apply_itch50(books, bytes, LL_ITCH50_BYTES_ADD, &result));
    ck_assert(ll_naive_book_apply_itch50(books, bytes, LL_ITCH50_BYTES_ADD_MPID, &result));
    expect(LL_NAIVE_DUPLICATE, 7, 'S', 1000, 100, 100);

    bytes[0] = LL_ITCH50_TYPE_EXECUTED;
    ll_store_be32(bytes + LL_ITCH50_OFFSET_EXECUTED_executed_shares, 10);
    ck_assert(ll_naive_book_apply_itch50(books, bytes, LL_ITCH50_BYTES_EXECUTED, &result));
    expect(LL_NAIVE_OK, 7, 'S', 1000, 90, 10);
    bytes[0] = LL_ITCH50_TYPE_EXECUTED_PRICE;
    ck_assert(ll_naive_book_apply_itch50(books, bytes, LL_ITCH50_BYTES_EXECUTED_PRICE, &result));
    expect(LL_NAIVE_OK, 7, 'S', 1000, 80, 10);
    bytes[0] = LL_ITCH50_TYPE_CANCEL;
    ll_store_be32(bytes + LL_ITCH50_OFFSET_CANCEL_cancelled_shares, 20);
    ck_assert(ll_naive_book_apply_itch50(books, bytes, LL_ITCH50_BYTES_CANCEL, &result));
    expect(LL_NAIVE_OK, 7, 'S', 1000, 60, 20);
    bytes[0] = LL_ITCH50_TYPE_REPLACE;
    ll_store_be64(bytes + LL_ITCH50_OFFSET_REPLACE_new_order_reference_number, 6);
    ll_store_be32(bytes + LL_ITCH50_OFFSET_REPLACE_shares, 33);
    ll_store_be32(bytes + LL_ITCH50_OFFSET_REPLACE_price, 1100);
    ck_assert(ll_naive_book_apply_itch50(books, bytes, LL_ITCH50_BYTES_REPLACE, &result));
    expect(LL_NAIVE_OK, 7, 'S', 1100, 33, 60);
    bytes[0] = LL_ITCH50_TYPE_DELETE;
    ll_store_be64(bytes + LL_ITCH50_OFFSET_DELETE_order_reference_number, 6);
    ck_assert(ll_naive_book_apply_itch50(books, bytes, LL_ITCH50_BYTES_DELETE, &result));
    expect(LL_NAIVE_OK, 7, 'S', 1100, 0, 33);
    bytes[0] = LL_ITCH50_TYPE_TRADE;
    ck_assert(!ll_naive_book_apply_itch50(books, bytes, LL_ITCH50_BYTES_TRADE, &result));
    ck_assert_uint_eq(ll_naive_book_live_count(books), 0);
}
END_TEST

/* --- random operations ---------------------------------------------------------------------------------- */

enum { RANDOM_BOOKS = 3, RANDOM_REFERENCES = 40, RANDOM_PRICES = 6, RANDOM_STEPS = 60000 };

/* Every level of one side must be just what the live orders add up to, in strict order. */
static void check_side(uint16_t book, uint8_t side, const struct ll_naive_order *orders, size_t order_count)
{
    struct ll_naive_level levels[RANDOM_REFERENCES];
    size_t level_count = ll_naive_book_levels(books, book, side, levels, RANDOM_REFERENCES);
    size_t counted = 0;
    size_t expected = 0;
    for (size_t index = 0; index < level_count; index++) {
        uint64_t quantity = 0;
        uint32_t count = 0;
        for (size_t i = 0; i < order_count; i++) {
            if (orders[i].book == book && orders[i].side == side && orders[i].price == levels[index].price) {
                quantity += orders[i].quantity;
                count++;
            }
        }
        expect_level(&levels[index], levels[index].price, quantity, count);
        ck_assert_uint_gt(count, 0);
        counted += count;
        if (index > 0 && side == 'B')
            ck_assert_uint_gt(levels[index - 1].price, levels[index].price);
        if (index > 0 && side == 'S')
            ck_assert_uint_lt(levels[index - 1].price, levels[index].price);
    }
    for (size_t i = 0; i < order_count; i++)
        expected += orders[i].book == book && orders[i].side == side;
    ck_assert_uint_eq(counted, expected);
    if (book == result.book) {
        const struct ll_naive_level none = {0};
        const struct ll_naive_level *best = level_count > 0 ? &levels[0] : &none;
        const struct ll_naive_level *said = side == 'B' ? &result.bid : &result.ask;
        expect_level(said, best->price, best->quantity, best->order_count);
    }
}

static void random_step(struct ll_prng *prng)
{
    uint64_t reference = ll_prng_below(prng, RANDOM_REFERENCES);
    uint16_t book = (uint16_t)ll_prng_below(prng, RANDOM_BOOKS);
    uint32_t quantity = ll_prng_below(prng, 8);
    uint32_t price = ll_prng_below(prng, RANDOM_PRICES);
    switch (ll_prng_below(prng, 5)) {
    case 0:
    case 1:
        add(reference, book, ll_prng_chance(prng, 500) ? 'B' : 'S', price, quantity);
        break;
    case 2:
        reduce(reference, book, quantity);
        break;
    case 3:
        delete (reference, book);
        break;
    default:
        replace(reference, ll_prng_below(prng, RANDOM_REFERENCES), book, quantity, price);
        break;
    }
}

START_TEST(random_operations_keep_levels_and_orders_together)
{
    const char *text = getenv("LL_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 1;
    printf("LL_SEED=%llu\n", (unsigned long long)seed);
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    uint64_t seen[LL_NAIVE_VERDICT_COUNT] = {0};
    for (int step = 0; step < RANDOM_STEPS; step++) {
        struct ll_naive_order before[RANDOM_REFERENCES];
        struct ll_naive_order after[RANDOM_REFERENCES];
        size_t count_before = ll_naive_book_live_orders(books, before, RANDOM_REFERENCES);
        uint64_t total_before = 0;
        for (size_t i = 0; i < count_before; i++)
            total_before += before[i].quantity;
        random_step(&prng);
        size_t count_after = ll_naive_book_live_orders(books, after, RANDOM_REFERENCES);
        uint64_t total_after = 0;
        for (size_t i = 0; i < count_after; i++)
            total_after += after[i].quantity;
        /* Nothing comes from nowhere: removed, overwritten and what stands now account for every share. */
        uint64_t gone = result.removed;
        if (result.verdict == LL_NAIVE_DUPLICATE && count_after < count_before)
            gone += result.overwritten.quantity; /* a replace: two orders became one */
        uint64_t came = total_after + gone - total_before;
        ck_assert(came == 0 || came == result.leaves);
        for (uint16_t book = 0; book < RANDOM_BOOKS; book++) {
            check_side(book, 'B', after, count_after);
            check_side(book, 'S', after, count_after);
        }
        seen[result.verdict]++;
    }
    for (int verdict = 0; verdict < LL_NAIVE_VERDICT_COUNT; verdict++) {
        bool known = strcmp(ll_naive_verdict_name((enum ll_naive_verdict)verdict), "unknown") != 0;
        ck_assert(known == (seen[verdict] > 0));
    }
}
END_TEST

START_TEST(many_orders_grow_the_tables)
{
    enum { COUNT = 20000 };
    for (uint64_t i = 0; i < COUNT; i++)
        add(i << 32, 1, 'B', (uint32_t)(i % 100), 1);
    ck_assert_uint_eq(ll_naive_book_live_count(books), COUNT);
    expect_level(&result.bid, 99, COUNT / 100, COUNT / 100);
    for (uint64_t i = 0; i < COUNT; i++) {
        delete (i << 32, 1);
        ck_assert_int_eq(result.verdict, LL_NAIVE_OK);
    }
    expect_level(&result.bid, 0, 0, 0);
    ck_assert_uint_eq(ll_naive_book_live_count(books), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("naive_book");
    TCase *rules = tcase_create("rules");
    tcase_add_checked_fixture(rules, setup, teardown);
    tcase_add_test(rules, empty_book_has_nothing);
    tcase_add_test(rules, add_builds_levels_best_first);
    tcase_add_test(rules, bad_adds_change_nothing);
    tcase_add_test(rules, add_of_live_reference_overwrites);
    tcase_add_test(rules, reduce_to_less_to_nothing_and_beyond);
    tcase_add_test(rules, reduce_zero_changes_nothing);
    tcase_add_test(rules, remove_shows_the_next_level);
    tcase_add_test(rules, replace_moves_the_order);
    tcase_add_test(rules, replace_by_itself_changes_price_and_size);
    tcase_add_test(rules, replace_refusals);
    tcase_add_test(rules, replace_by_zero_spares_the_order_under_the_new_reference);
    tcase_add_test(rules, replace_onto_live_reference_overwrites);
    tcase_add_test(rules, other_book_is_named_but_the_own_book_is_changed);
    tcase_add_test(rules, whole_range_of_every_field);
    tcase_add_test(rules, itch_messages_reach_the_operations);
    suite_add_tcase(suite, rules);
    TCase *random = tcase_create("random");
    tcase_set_timeout(random, 60);
    tcase_add_checked_fixture(random, setup, teardown);
    tcase_add_test(random, random_operations_keep_levels_and_orders_together);
    tcase_add_test(random, many_orders_grow_the_tables);
    suite_add_tcase(suite, random);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
