/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the book half answers each operation, on both sides and at every edge of its fields, as ll_orders.h
 * says. Method: short stories worked out by hand. Every field of every answer is compared as 64 bytes,
 * padding included (expected results start from zero), in a memory that was full of rubbish before; after
 * each story the memory check is clean. Each story runs message by message and again as one batch.
 */
#include "hls/ll_book.h"
#include "tests/model/ll_book_pair.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BOOKS = 4, EPOCH = 77, STORY_MAX = 64 };

#define PRICE_MAX UINT32_MAX
#define BUY       LL_SIDE_BUY
#define SELL      LL_SIDE_SELL

/* A message and what must come back. */
struct step {
    struct ll_update update;
    struct ll_result result;
};

struct story {
    struct step steps[STORY_MAX];
    uint32_t count;
};

static const struct ll_book_pair_config roomy = {.bucket_count = 64,
                                                 .overflow_count = 32,
                                                 .leaf_pool_count = 200,
                                                 .inner_pool_count = 500,
                                                 .book_count = BOOKS,
                                                 .hash_seed = 5,
                                                 .epoch = EPOCH};

/* --- Telling a story --------------------------------------------------------------------------------- */

static struct step *tell(struct story *story, struct ll_update update, enum ll_verdict verdict)
{
    ck_assert_uint_lt(story->count, STORY_MAX);
    struct step *step = &story->steps[story->count++];
    step->update = update;
    step->update.seq = (uint64_t)story->count << 40 | 9;
    step->result = (struct ll_result){.verdict = (uint8_t)verdict,
                                      .op = update.op,
                                      .flags = (update.side & 1u) != 0 ? LL_RESULT_SELL : 0,
                                      .book = update.book,
                                      .price = update.price,
                                      .epoch = EPOCH,
                                      .seq = step->update.seq};
    return step;
}

static struct step *tell_add(struct story *story, uint64_t ref, uint32_t book, uint32_t side, uint32_t price,
                             uint32_t quantity, enum ll_verdict verdict)
{
    struct step *step = tell(story,
                             (struct ll_update){.op = LL_OP_ADD,
                                                .ref = ref,
                                                .book = book,
                                                .side = (uint8_t)side,
                                                .price = price,
                                                .quantity = quantity},
                             verdict);
    step->result.leaves = verdict == LL_VERDICT_OK || verdict == LL_VERDICT_DUPLICATE ? quantity : 0;
    return step;
}

static struct step *tell_take(struct story *story, enum ll_op op, uint64_t ref, uint32_t book,
                              uint32_t quantity, enum ll_verdict verdict)
{
    return tell(story, (struct ll_update){.op = (uint8_t)op, .ref = ref, .book = book, .quantity = quantity},
                verdict);
}

static struct step *tell_replace(struct story *story, uint64_t ref, uint64_t new_ref, uint32_t book,
                                 uint32_t price, uint32_t quantity, enum ll_verdict verdict)
{
    return tell(story,
                (struct ll_update){.op = LL_OP_REPLACE,
                                   .ref = ref,
                                   .new_ref = new_ref,
                                   .book = book,
                                   .price = price,
                                   .quantity = quantity},
                verdict);
}

/* The order the answer is about. */
static void order(struct step *step, uint32_t book, uint32_t side, uint32_t price, uint32_t leaves,
                  uint32_t removed)
{
    step->result.book = book;
    step->result.flags =
        (uint8_t)((step->result.flags & ~LL_RESULT_SELL) | (side == SELL ? LL_RESULT_SELL : 0));
    step->result.price = price;
    step->result.leaves = leaves;
    step->result.removed = removed;
}

static void bid(struct step *step, uint32_t price, uint64_t quantity, uint32_t orders)
{
    step->result.flags |= LL_RESULT_HAS_BID;
    step->result.bid_price = price;
    step->result.bid_quantity = quantity;
    step->result.bid_orders = orders;
}

static void ask(struct step *step, uint32_t price, uint64_t quantity, uint32_t orders)
{
    step->result.flags |= LL_RESULT_HAS_ASK;
    step->result.ask_price = price;
    step->result.ask_quantity = quantity;
    step->result.ask_orders = orders;
}

static void check_step(const struct story *story, uint32_t i, const struct ll_result *got, const char *how)
{
    const struct ll_result *must = &story->steps[i].result;
    ck_assert_msg(memcmp(must, got, sizeof *got) == 0,
                  "step %u %s: expected v%u f%u book %u price %u leaves %u removed %u bid %u:%" PRIu64
                  ":%u ask %u:%" PRIu64
                  ":%u; got v%u f%u book %u price %u leaves %u removed %u bid %u:%" PRIu64
                  ":%u ask %u:%" PRIu64 ":%u",
                  i, how, must->verdict, must->flags, must->book, must->price, must->leaves, must->removed,
                  must->bid_price, must->bid_quantity, must->bid_orders, must->ask_price, must->ask_quantity,
                  must->ask_orders, got->verdict, got->flags, got->book, got->price, got->leaves,
                  got->removed, got->bid_price, got->bid_quantity, got->bid_orders, got->ask_price,
                  got->ask_quantity, got->ask_orders);
}

/* Runs the story one message at a time (also past the naive book), then as one batch. */
static void run(const struct story *story, const struct ll_book_pair_config *config)
{
    struct ll_book_pair pair;
    struct ll_update updates[STORY_MAX];
    struct ll_result results[STORY_MAX];
    char text[LL_BOOK_PAIR_TEXT_BYTES];
    ll_book_pair_init(&pair, config, true);
    for (uint32_t i = 0; i < story->count; i++) {
        updates[i] = story->steps[i].update;
        memset(&results[i], 0xff, sizeof results[i]);
        ll_book_pair_run(&pair, &updates[i], &results[i], 1, 1);
        check_step(story, i, &results[i], "alone");
        ck_assert_msg(ll_book_pair_expect(&pair, &updates[i], &results[i], text), "step %u: %s", i, text);
        ck_assert_msg(ll_book_pair_compare_all(&pair, text), "step %u: %s", i, text);
    }
    ll_book_pair_deinit(&pair);
    ll_book_pair_init(&pair, config, false);
    memset(results, 0xff, sizeof results);
    ll_book_pair_run(&pair, updates, results, story->count, LL_BATCH_MAX);
    for (uint32_t i = 0; i < story->count; i++)
        check_step(story, i, &results[i], "in a batch");
    ll_book_pair_deinit(&pair);
}

/* --- Stories ----------------------------------------------------------------------------------------- */

START_TEST(an_order_lives_and_ends)
{
    struct story story = {0};
    uint32_t side = (uint32_t)_i & 1u;
    struct step *step = tell_take(&story, LL_OP_NONE, 0, 1, 0, LL_VERDICT_OK);
    void (*best)(struct step *, uint32_t, uint64_t, uint32_t) = side == BUY ? bid : ask;

    best(tell_add(&story, 10, 1, side, 500, 100, LL_VERDICT_OK), 500, 100, 1);
    step = tell_take(&story, LL_OP_EXECUTE, 10, 1, 30, LL_VERDICT_OK);
    order(step, 1, side, 500, 70, 30);
    best(step, 500, 70, 1);
    step = tell_take(&story, LL_OP_CANCEL, 10, 1, 69, LL_VERDICT_OK);
    order(step, 1, side, 500, 1, 69);
    best(step, 500, 1, 1);
    step = tell_take(&story, LL_OP_NONE, 10, 1, 0, LL_VERDICT_OK);
    best(step, 500, 1, 1);
    order(tell_take(&story, LL_OP_EXECUTE, 10, 1, 1, LL_VERDICT_OK), 1, side, 500, 0, 1);
    tell_take(&story, LL_OP_EXECUTE, 10, 1, 1, LL_VERDICT_UNKNOWN_ID);

    tell_take(&story, LL_OP_NONE, 10, 1, 0, LL_VERDICT_OK);
    best(tell_add(&story, 10, 1, side, 501, 7, LL_VERDICT_OK), 501, 7, 1);
    order(tell_take(&story, LL_OP_DELETE, 10, 1, 0, LL_VERDICT_OK), 1, side, 501, 0, 7);
    tell_take(&story, LL_OP_DELETE, 10, 1, 0, LL_VERDICT_UNKNOWN_ID);
    best(tell_add(&story, 10, 1, side, 502, 7, LL_VERDICT_OK), 502, 7, 1);
    order(tell_take(&story, LL_OP_CANCEL, 10, 1, 7, LL_VERDICT_OK), 1, side, 502, 0, 7);
    tell_take(&story, LL_OP_CANCEL, 10, 1, 7, LL_VERDICT_UNKNOWN_ID);
    tell_replace(&story, 10, 11, 1, 3, 4, LL_VERDICT_UNKNOWN_ID);
    run(&story, &roomy);
}
END_TEST

/* Both ends of the price range, where the turned key is 0 and 2^32-1: the latter is also the mark of no key.
 */
START_TEST(prices_at_the_edges)
{
    static const uint32_t prices[] = {0, 1, PRICE_MAX - 1, PRICE_MAX};
    struct story story = {0};
    struct step *step;
    for (uint32_t i = 0; i < 4; i++) { /* bids get better, asks come best first */
        step = tell_add(&story, 100 + i, 0, BUY, prices[i], 10 + i, LL_VERDICT_OK);
        bid(step, prices[i], 10 + i, 1);
        if (i > 0)
            ask(step, 0, 20, 1);
        step = tell_add(&story, 200 + i, 0, SELL, prices[i], 20 + i, LL_VERDICT_OK);
        bid(step, prices[i], 10 + i, 1);
        ask(step, 0, 20, 1);
    }
    for (uint32_t i = 0; i < 4; i++) { /* the best goes, the next one shows */
        step = tell_take(&story, LL_OP_DELETE, 103 - i, 0, 0, LL_VERDICT_OK);
        order(step, 0, BUY, prices[3 - i], 0, 13 - i);
        if (i < 3)
            bid(step, prices[2 - i], 12 - i, 1);
        ask(step, prices[i], 20 + i, 1);
        step = tell_take(&story, LL_OP_DELETE, 200 + i, 0, 0, LL_VERDICT_OK);
        order(step, 0, SELL, prices[i], 0, 20 + i);
        if (i < 3) {
            bid(step, prices[2 - i], 12 - i, 1);
            ask(step, prices[i + 1], 21 + i, 1);
        }
    }
    run(&story, &roomy);
}
END_TEST

/* Only the worst price there is: its key looks like an unused lane. */
START_TEST(the_worst_price_alone)
{
    struct story story = {0};
    uint32_t side = (uint32_t)_i & 1u;
    uint32_t price = side == BUY ? 0 : PRICE_MAX;
    void (*best)(struct step *, uint32_t, uint64_t, uint32_t) = side == BUY ? bid : ask;
    best(tell_add(&story, 1, 3, side, price, 5, LL_VERDICT_OK), price, 5, 1);
    best(tell_add(&story, 2, 3, side, price, 6, LL_VERDICT_OK), price, 11, 2);
    struct step *step = tell_take(&story, LL_OP_DELETE, 1, 3, 0, LL_VERDICT_OK);
    order(step, 3, side, price, 0, 5);
    best(step, price, 6, 1);
    order(tell_take(&story, LL_OP_DELETE, 2, 3, 0, LL_VERDICT_OK), 3, side, price, 0, 6);
    tell_take(&story, LL_OP_NONE, 0, 3, 0, LL_VERDICT_OK);
    run(&story, &roomy);
}
END_TEST

START_TEST(quantities_at_the_edges)
{
    struct story story = {0};
    tell_add(&story, 1, 0, BUY, 9, 0, LL_VERDICT_BAD_INPUT);
    bid(tell_add(&story, 1, 0, BUY, 9, UINT32_MAX, LL_VERDICT_OK), 9, UINT32_MAX, 1);
    bid(tell_add(&story, 2, 0, BUY, 9, UINT32_MAX, LL_VERDICT_OK), 9, 2 * (uint64_t)UINT32_MAX, 2);
    bid(tell_add(&story, 3, 0, BUY, 9, 1, LL_VERDICT_OK), 9, 2 * (uint64_t)UINT32_MAX + 1, 3);
    struct step *step = tell_take(&story, LL_OP_EXECUTE, 1, 0, 0, LL_VERDICT_BAD_INPUT);
    bid(step, 9, 2 * (uint64_t)UINT32_MAX + 1, 3);
    step = tell_take(&story, LL_OP_CANCEL, 1, 0, 0, LL_VERDICT_BAD_INPUT);
    bid(step, 9, 2 * (uint64_t)UINT32_MAX + 1, 3);
    step = tell_take(&story, LL_OP_EXECUTE, 1, 0, UINT32_MAX - 1, LL_VERDICT_OK);
    order(step, 0, BUY, 9, 1, UINT32_MAX - 1);
    bid(step, 9, (uint64_t)UINT32_MAX + 2, 3);
    step = tell_take(&story, LL_OP_EXECUTE, 1, 0, UINT32_MAX, LL_VERDICT_OVERFILL);
    order(step, 0, BUY, 9, 0, 1);
    bid(step, 9, (uint64_t)UINT32_MAX + 1, 2);
    step = tell_take(&story, LL_OP_CANCEL, 2, 0, UINT32_MAX, LL_VERDICT_OK);
    order(step, 0, BUY, 9, 0, UINT32_MAX);
    bid(step, 9, 1, 1);
    order(tell_take(&story, LL_OP_CANCEL, 3, 0, 2, LL_VERDICT_OVERFILL), 0, BUY, 9, 0, 1);
    run(&story, &roomy);
}
END_TEST

/* References are 64 bits, and 0 is one of them. */
START_TEST(references_at_the_edges)
{
    static const uint64_t refs[] = {0, 1, UINT32_MAX, (uint64_t)1 << 32, UINT64_MAX - 1, UINT64_MAX};
    struct story story = {0};
    for (uint32_t i = 0; i < 6; i++)
        tell_take(&story, LL_OP_DELETE, refs[i], 0, 0, LL_VERDICT_UNKNOWN_ID);
    for (uint32_t i = 0; i < 6; i++)
        ask(tell_add(&story, refs[i], 0, SELL, 7, 1, LL_VERDICT_OK), 7, i + 1, i + 1);
    for (uint32_t i = 0; i < 6; i++) {
        struct step *step = tell_take(&story, LL_OP_DELETE, refs[i], 0, 0, LL_VERDICT_OK);
        order(step, 0, SELL, 7, 0, 1);
        if (i < 5)
            ask(step, 7, 5 - i, 5 - i);
    }
    run(&story, &roomy);
}
END_TEST

/* What no sender may send: refused before anything is looked at, with the best prices of the book it names.
 */
START_TEST(bad_input)
{
    struct story story = {0};
    bid(tell_add(&story, 1, 2, BUY, 50, 10, LL_VERDICT_OK), 50, 10, 1);
    static const uint8_t sides[] = {2, 3, 'B', 'S', 255};
    for (uint32_t i = 0; i < 5; i++) {
        bid(tell_add(&story, 2, 2, sides[i], 60, 10, LL_VERDICT_BAD_INPUT), 50, 10, 1);
        struct ll_update update = {.op = LL_OP_EXECUTE, .side = sides[i], .ref = 1, .book = 2, .quantity = 1};
        bid(tell(&story, update, LL_VERDICT_BAD_INPUT), 50, 10, 1);
    }
    static const uint8_t ops[] = {6, 7, 128, 255};
    for (uint32_t i = 0; i < 4; i++) {
        struct ll_update update = {
            .op = ops[i], .ref = 1, .new_ref = 2, .book = 2, .price = 4, .quantity = 1};
        bid(tell(&story, update, LL_VERDICT_BAD_INPUT), 50, 10, 1);
    }
    struct step *step = tell_take(&story, LL_OP_EXECUTE, 3, 2, 0, LL_VERDICT_BAD_INPUT);
    bid(step, 50, 10, 1);
    tell_add(&story, 2, 3, BUY, 60, 0, LL_VERDICT_BAD_INPUT);
    run(&story, &roomy);
}
END_TEST

/* Books that do not exist have no room; no best prices are made up for them, at whatever number. */
START_TEST(books_out_of_range)
{
    static const uint32_t books[] = {BOOKS,       BOOKS + 1,   65535,       65536,
                                     0x7fffffffu, 0x80000000u, 0x80000001u, 0xffffffffu};
    struct story story = {0};
    bid(tell_add(&story, 1, 0, BUY, 50, 10, LL_VERDICT_OK), 50, 10, 1);
    bid(tell_add(&story, 2, 1, BUY, 51, 100, LL_VERDICT_OK), 51, 100, 1);
    for (uint32_t i = 0; i < 8; i++) {
        tell_add(&story, 3, books[i], SELL, 60, 10, LL_VERDICT_TABLE_FULL);
        tell_add(&story, 3, books[i], SELL, 60, 0, LL_VERDICT_BAD_INPUT);
        tell_take(&story, LL_OP_NONE, 1, books[i], 0, LL_VERDICT_OK);
        tell_take(&story, LL_OP_DELETE, 3, books[i], 0, LL_VERDICT_UNKNOWN_ID);
        struct step *step = tell_take(&story, LL_OP_CANCEL, 2, books[i], 1, LL_VERDICT_BOOK_MISMATCH);
        order(step, 1, BUY, 51, 99 - i, 1);
        bid(step, 51, 99 - i, 1);
    }
    run(&story, &roomy);
}
END_TEST

START_TEST(another_book_named)
{
    struct story story = {0};
    ask(tell_add(&story, 1, 1, SELL, 50, 10, LL_VERDICT_OK), 50, 10, 1);
    ask(tell_add(&story, 2, 2, SELL, 70, 10, LL_VERDICT_OK), 70, 10, 1);
    struct step *step = tell_take(&story, LL_OP_EXECUTE, 1, 2, 1, LL_VERDICT_BOOK_MISMATCH);
    order(step, 1, SELL, 50, 9, 1);
    ask(step, 50, 9, 1);
    step = tell_replace(&story, 1, 3, 2, 51, 20, LL_VERDICT_BOOK_MISMATCH);
    order(step, 1, SELL, 51, 20, 9);
    ask(step, 51, 20, 1);
    /* The graver verdicts win. */
    order(tell_take(&story, LL_OP_CANCEL, 3, 2, 21, LL_VERDICT_OVERFILL), 1, SELL, 51, 0, 20);
    ask(tell_add(&story, 4, 1, SELL, 52, 5, LL_VERDICT_OK), 52, 5, 1);
    order(tell_replace(&story, 4, 5, 2, 53, 0, LL_VERDICT_BAD_INPUT), 1, SELL, 52, 0, 5);
    ask(tell_add(&story, 4, 1, SELL, 52, 5, LL_VERDICT_OK), 52, 5, 1);
    step = tell_replace(&story, 4, 2, 0, 53, 6, LL_VERDICT_DUPLICATE);
    order(step, 1, SELL, 53, 6, 5);
    ask(step, 53, 6, 1);
    tell_take(&story, LL_OP_NONE, 0, 2, 0, LL_VERDICT_OK); /* order 2 of book 2 gave way */
    order(tell_take(&story, LL_OP_DELETE, 2, 0, 0, LL_VERDICT_BOOK_MISMATCH), 1, SELL, 53, 0, 6);
    run(&story, &roomy);
}
END_TEST

START_TEST(the_same_reference_added_again)
{
    struct story story = {0};
    bid(tell_add(&story, 1, 0, BUY, 50, 10, LL_VERDICT_OK), 50, 10, 1);
    struct step *step = tell_add(&story, 1, 0, BUY, 50, 4, LL_VERDICT_DUPLICATE); /* same level */
    order(step, 0, BUY, 50, 4, 10);
    bid(step, 50, 4, 1);
    step = tell_add(&story, 1, 0, BUY, 40, 5, LL_VERDICT_DUPLICATE); /* a worse level */
    order(step, 0, BUY, 40, 5, 4);
    bid(step, 40, 5, 1);
    step = tell_add(&story, 1, 0, SELL, 60, 6, LL_VERDICT_DUPLICATE); /* the other side */
    order(step, 0, SELL, 60, 6, 5);
    ask(step, 60, 6, 1);
    step = tell_add(&story, 1, 3, SELL, 70, 7, LL_VERDICT_DUPLICATE); /* another book */
    order(step, 3, SELL, 70, 7, 6);
    ask(step, 70, 7, 1);
    tell_take(&story, LL_OP_NONE, 0, 0, 0, LL_VERDICT_OK);
    step = tell_add(&story, 1, 3, SELL, 80, 0, LL_VERDICT_BAD_INPUT); /* refused: the live one stays */
    ask(step, 70, 7, 1);
    tell_add(&story, 1, BOOKS, SELL, 80, 8, LL_VERDICT_TABLE_FULL); /* not taken either */
    step = tell_take(&story, LL_OP_DELETE, 1, 3, 0, LL_VERDICT_OK);
    order(step, 3, SELL, 70, 0, 7);
    run(&story, &roomy);
}
END_TEST

START_TEST(replaces)
{
    struct story story = {0};
    bid(tell_add(&story, 1, 0, BUY, 50, 10, LL_VERDICT_OK), 50, 10, 1);
    struct step *step = tell_replace(&story, 1, 1, 0, 55, 20, LL_VERDICT_OK); /* onto itself */
    order(step, 0, BUY, 55, 20, 10);
    bid(step, 55, 20, 1);
    step = tell_replace(&story, 1, 1, 0, 55, 21, LL_VERDICT_OK); /* onto itself, in its level */
    order(step, 0, BUY, 55, 21, 20);
    bid(step, 55, 21, 1);
    step = tell_replace(&story, 1, 2, 0, 45, 30, LL_VERDICT_OK); /* to a new reference, worse price */
    order(step, 0, BUY, 45, 30, 21);
    bid(step, 45, 30, 1);
    step = tell_replace(&story, 1, 3, 0, 66, 1, LL_VERDICT_UNKNOWN_ID); /* the old one is gone */
    order(step, 0, BUY, 66, 0, 0);
    bid(step, 45, 30, 1);
    step = tell_add(&story, 4, 0, SELL, 90, 8, LL_VERDICT_OK);
    bid(step, 45, 30, 1);
    ask(step, 90, 8, 1);
    step =
        tell_replace(&story, 2, 4, 0, 46, 31, LL_VERDICT_DUPLICATE); /* onto a live order of the other side */
    order(step, 0, BUY, 46, 31, 30);
    bid(step, 46, 31, 1);
    step =
        tell_replace(&story, 4, 5, 0, 47, 0, LL_VERDICT_BAD_INPUT); /* the exchange has ended the old one */
    order(step, 0, BUY, 46, 0, 31);
    tell_replace(&story, 4, 5, 0, 47, 1, LL_VERDICT_UNKNOWN_ID);
    tell_replace(&story, 5, 6, 0, 47, 1, LL_VERDICT_UNKNOWN_ID);
    ask(tell_add(&story, 7, 0, SELL, 5, UINT32_MAX, LL_VERDICT_OK), 5, UINT32_MAX, 1);
    step = tell_replace(&story, 7, UINT64_MAX, 0, PRICE_MAX, UINT32_MAX, LL_VERDICT_OK);
    order(step, 0, SELL, PRICE_MAX, UINT32_MAX, UINT32_MAX);
    ask(step, PRICE_MAX, UINT32_MAX, 1);
    run(&story, &roomy);
}
END_TEST

/* --- Full tables ------------------------------------------------------------------------------------- */

/* One bucket, no overflow: three orders, not a fourth. */
START_TEST(no_room_for_an_order)
{
    struct ll_book_pair_config config = roomy;
    struct story story = {0};
    config.bucket_count = 1;
    config.overflow_count = 0;
    for (uint32_t i = 0; i < 3; i++)
        bid(tell_add(&story, i, 0, BUY, 50 + i, 10, LL_VERDICT_OK), 50 + i, 10, 1);
    bid(tell_add(&story, 3, 0, BUY, 60, 10, LL_VERDICT_TABLE_FULL), 52, 10, 1);
    struct step *step =
        tell_add(&story, 2, 0, BUY, 61, 11, LL_VERDICT_DUPLICATE); /* takes the place it had */
    order(step, 0, BUY, 61, 11, 10);
    bid(step, 61, 11, 1);
    step = tell_replace(&story, 2, 9, 0, 62, 12, LL_VERDICT_OK); /* so does a replace */
    order(step, 0, BUY, 62, 12, 11);
    bid(step, 62, 12, 1);
    step = tell_take(&story, LL_OP_DELETE, 0, 0, 0, LL_VERDICT_OK);
    order(step, 0, BUY, 50, 0, 10);
    bid(step, 62, 12, 1);
    bid(tell_add(&story, 3, 0, BUY, 63, 10, LL_VERDICT_OK), 63, 10, 1);
    run(&story, &config);
}
END_TEST

/* A chain ends after LL_CHAIN_MAX buckets, however many overflow buckets are left; and when they are used up.
 */
START_TEST(no_room_in_a_chain)
{
    struct ll_book_pair_config config = roomy;
    struct story story = {0};
    uint32_t overflow = _i == 0 ? LL_CHAIN_MAX + 3 : 2;
    uint32_t room = LL_BUCKET_WAYS * (_i == 0 ? LL_CHAIN_MAX : 1 + overflow);
    config.bucket_count = 1;
    config.overflow_count = overflow;
    for (uint32_t i = 0; i < room; i++)
        ask(tell_add(&story, i, 0, SELL, 50, 1, LL_VERDICT_OK), 50, i + 1, i + 1);
    ask(tell_add(&story, 99, 0, SELL, 50, 1, LL_VERDICT_TABLE_FULL), 50, room, room);
    for (uint32_t i = 0; i < 6; i++) { /* the two first buckets empty, then give room again */
        struct step *step = tell_take(&story, LL_OP_EXECUTE, i, 0, 1, LL_VERDICT_OK);
        order(step, 0, SELL, 50, 0, 1);
        ask(step, 50, room - i - 1, room - i - 1);
    }
    for (uint32_t i = 0; i < 6; i++)
        ask(tell_add(&story, 200 + i, 0, SELL, 50, 1, LL_VERDICT_OK), 50, room - 5 + i, room - 5 + i);
    ask(tell_add(&story, 99, 0, SELL, 50, 1, LL_VERDICT_TABLE_FULL), 50, room, room);
    run(&story, &config);
}
END_TEST

/* A side of one leaf and an empty pool: 31 levels, not a 32nd; orders of levels that are there go on. */
START_TEST(no_room_for_a_level)
{
    struct ll_book_pair_config config = roomy;
    struct story story = {0};
    config.leaf_pool_count = (uint32_t)_i;
    config.inner_pool_count = 0;
    for (uint32_t i = 0; i < LL_LEAF_WAYS; i++)
        bid(tell_add(&story, i, 0, BUY, 100 + i, 1, LL_VERDICT_OK), 100 + i, 1, 1);
    if (_i == 0) {
        bid(tell_add(&story, 50, 0, BUY, 99, 1, LL_VERDICT_TABLE_FULL), 130, 1, 1);
        bid(tell_add(&story, 51, 0, BUY, 131, 1, LL_VERDICT_TABLE_FULL), 130, 1, 1);
        bid(tell_add(&story, 50, 0, BUY, 130, 1, LL_VERDICT_OK), 130, 2, 2);
        struct step *step =
            tell_replace(&story, 50, 51, 0, 200, 7, LL_VERDICT_TABLE_FULL); /* the old one is gone */
        order(step, 0, BUY, 200, 0, 1);
        bid(step, 130, 1, 1);
        tell_take(&story, LL_OP_DELETE, 51, 1, 0, LL_VERDICT_UNKNOWN_ID);
        step = tell_replace(&story, 30, 51, 0, 200, 7, LL_VERDICT_OK); /* gives up its own level */
        order(step, 0, BUY, 200, 7, 1);
        bid(step, 200, 7, 1);
        bid(tell_add(&story, 52, 0, BUY, 129, 5, LL_VERDICT_OK), 200, 7, 1);
        step =
            tell_add(&story, 52, 0, BUY, 300, 6, LL_VERDICT_TABLE_FULL); /* nor is the one it doubles there */
        order(step, 0, BUY, 300, 0, 5);
        bid(step, 200, 7, 1);
    } else {
        bid(tell_add(&story, 50, 0, BUY, 99, 1, LL_VERDICT_OK), 130, 1, 1);
        bid(tell_add(&story, 51, 0, BUY, 131, 1, LL_VERDICT_OK), 131, 1, 1);
    }
    run(&story, &config);
}
END_TEST

/* Calls: no message, one message, batch sizes outside 1..64. */
START_TEST(odd_calls)
{
    static const uint32_t batches[] = {0, 1, 2, 63, 64, 65, 1000, UINT32_MAX};
    enum { COUNT = 200 };
    for (uint32_t b = 0; b < 8; b++) {
        struct ll_book_pair pair;
        struct ll_update updates[COUNT] = {{0}};
        struct ll_result results[COUNT];
        char text[LL_BOOK_PAIR_TEXT_BYTES];
        memset(results, 0xff, sizeof results);
        ll_book_pair_init(&pair, &roomy, true);
        ll_book_pair_run(&pair, updates, results, 0, batches[b]);
        ck_assert_uint_eq(results[0].verdict, 0xff);
        for (uint32_t i = 0; i < COUNT; i++)
            updates[i] = (struct ll_update){.op = LL_OP_ADD, .ref = i, .price = i, .quantity = 1, .seq = i};
        ll_book_pair_run(&pair, updates, results, COUNT - 1, batches[b]);
        ck_assert_uint_eq(results[COUNT - 1].verdict, 0xff);
        for (uint32_t i = 0; i < COUNT - 1; i++)
            ck_assert_msg(ll_book_pair_expect(&pair, &updates[i], &results[i], text), "%s", text);
        ck_assert_msg(ll_book_pair_compare_all(&pair, text), "%s", text);
        ll_book_pair_deinit(&pair);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("book");
    TCase *tcase = tcase_create("stories");
    tcase_add_loop_test(tcase, an_order_lives_and_ends, 0, 2);
    tcase_add_test(tcase, prices_at_the_edges);
    tcase_add_loop_test(tcase, the_worst_price_alone, 0, 2);
    tcase_add_test(tcase, quantities_at_the_edges);
    tcase_add_test(tcase, references_at_the_edges);
    tcase_add_test(tcase, bad_input);
    tcase_add_test(tcase, books_out_of_range);
    tcase_add_test(tcase, another_book_named);
    tcase_add_test(tcase, the_same_reference_added_again);
    tcase_add_test(tcase, replaces);
    tcase_add_test(tcase, no_room_for_an_order);
    tcase_add_loop_test(tcase, no_room_in_a_chain, 0, 2);
    tcase_add_loop_test(tcase, no_room_for_a_level, 0, 2);
    tcase_add_test(tcase, odd_calls);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
