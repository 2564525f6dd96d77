/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_book_pair.h"

#include "hls/ll_book.h"
#include "host/base/ll_assert.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void kernel_as_it_is(const struct ll_book_memory *book, const struct ll_update *updates,
                            struct ll_result *results, uint32_t count, uint32_t batch)
{
    ll_book_batch(book->control, book->buckets, book->leaves, book->levels, book->inners, book->sides,
                  updates, results, count, batch);
}

static void reset_as_it_is(const struct ll_book_memory *book)
{
    ll_book_reset(book->control, book->buckets, book->leaves, book->levels, book->inners, book->sides);
}

static void *take_lines(unsigned char **at, size_t bytes)
{
    void *taken = *at;
    *at += (bytes + 63) / 64 * 64;
    return taken;
}

void ll_book_pair_init(struct ll_book_pair *pair, const struct ll_book_pair_config *config, bool with_naive)
{
    memset(pair, 0, sizeof *pair);
    pair->config = *config;
    if (pair->config.kernel == NULL)
        pair->config.kernel = kernel_as_it_is;
    if (pair->config.reset == NULL)
        pair->config.reset = reset_as_it_is;
    size_t side_count = 2 * (size_t)config->book_count;
    size_t leaf_count = side_count + config->leaf_pool_count;
    size_t inner_count = side_count + config->inner_pool_count;
    size_t bucket_count = (size_t)config->bucket_count + config->overflow_count;
    size_t bytes = 64 * 6 + sizeof(struct ll_book_control) + bucket_count * sizeof(struct ll_order_bucket) +
                   leaf_count * (sizeof(struct ll_leaf) + LL_LEAF_LANES * sizeof(struct ll_level)) +
                   inner_count * sizeof(struct ll_inner) + side_count * sizeof(struct ll_book_side);
    bytes = (bytes + 63) / 64 * 64;
    unsigned char *at = aligned_alloc(64, bytes);
    LL_ASSERT(at != NULL);
    memset(at, 0xa5, bytes); /* nothing may depend on what was there before */
    pair->memory = at;
    pair->book.control = take_lines(&at, sizeof(struct ll_book_control));
    pair->book.buckets = take_lines(&at, bucket_count * sizeof(struct ll_order_bucket));
    pair->book.leaves = take_lines(&at, leaf_count * sizeof(struct ll_leaf));
    pair->book.levels = take_lines(&at, leaf_count * LL_LEAF_LANES * sizeof(struct ll_level));
    pair->book.inners = take_lines(&at, inner_count * sizeof(struct ll_inner));
    pair->book.sides = take_lines(&at, side_count * sizeof(struct ll_book_side));
    struct ll_book_control *control = pair->book.control;
    control->bucket_count = config->bucket_count;
    control->overflow_count = config->overflow_count;
    control->leaf_count = (uint32_t)leaf_count;
    control->inner_count = (uint32_t)inner_count;
    control->book_count = config->book_count;
    control->hash_seed = config->hash_seed;
    control->epoch = config->epoch;
    pair->config.reset(&pair->book);
    if (with_naive)
        ll_naive_book_init(&pair->naive);
}

void ll_book_pair_deinit(struct ll_book_pair *pair)
{
    if (pair->naive != NULL)
        ll_naive_book_deinit(pair->naive);
    free(pair->levels);
    free(pair->naive_levels);
    free(pair->memory);
}

void ll_book_pair_run(const struct ll_book_pair *pair, const struct ll_update *updates,
                      struct ll_result *results, uint32_t count, uint32_t batch)
{
    pair->config.kernel(&pair->book, updates, results, count, batch);
}

/* --- What the answer must be ------------------------------------------------------------------------- */

/* Fields that say what the message said, for answers that are about no order. */
static void expect_echo(struct ll_result *expected, const struct ll_update *update, enum ll_verdict verdict)
{
    expected->verdict = (uint8_t)verdict;
    expected->book = update->book;
    expected->price = update->price;
    expected->flags = (update->side & 1u) != 0 ? LL_RESULT_SELL : 0;
}

static void expect_best(const struct ll_book_pair *pair, struct ll_result *expected)
{
    struct ll_naive_level bid;
    struct ll_naive_level ask;
    if (expected->book >= pair->config.book_count)
        return;
    ll_naive_book_best(pair->naive, (uint16_t)expected->book, &bid, &ask);
    expected->flags |= (uint8_t)((bid.order_count != 0 ? LL_RESULT_HAS_BID : 0u) |
                                 (ask.order_count != 0 ? LL_RESULT_HAS_ASK : 0u));
    expected->bid_price = bid.price;
    expected->bid_quantity = bid.quantity;
    expected->bid_orders = bid.order_count;
    expected->ask_price = ask.price;
    expected->ask_quantity = ask.quantity;
    expected->ask_orders = ask.order_count;
}

static bool level_is_there(const struct ll_book_pair *pair, uint32_t book, uint8_t side, uint32_t price,
                           size_t *level_count)
{
    *level_count = ll_naive_book_levels(pair->naive, (uint16_t)book, side, NULL, 0);
    struct ll_naive_level *levels = malloc((*level_count + 1) * sizeof *levels);
    LL_ASSERT(levels != NULL);
    (void)ll_naive_book_levels(pair->naive, (uint16_t)book, side, levels, *level_count);
    bool there = false;
    for (size_t i = 0; i < *level_count; i++)
        there |= levels[i].price == price;
    free(levels);
    return there;
}

/* Live orders of the naive book whose home is the bucket of `reference`. */
static uint32_t orders_of_bucket(const struct ll_book_pair *pair, uint64_t reference)
{
    const struct ll_book_control *control = pair->book.control;
    uint32_t home = ll_bucket_of(reference, control->hash_seed, control->bucket_count);
    size_t live_count = ll_naive_book_live_count(pair->naive);
    struct ll_naive_order *orders = malloc((live_count + 1) * sizeof *orders);
    LL_ASSERT(orders != NULL);
    (void)ll_naive_book_live_orders(pair->naive, orders, live_count);
    uint32_t count = 0;
    for (size_t i = 0; i < live_count; i++)
        count += ll_bucket_of(orders[i].reference, control->hash_seed, control->bucket_count) == home;
    free(orders);
    return count;
}

/* The kernel refused to take this order. A full home bucket, or a new price in a full leaf, may be the
 * reason. */
static bool may_be_full(struct ll_book_pair *pair, uint64_t reference, uint32_t book, uint8_t side,
                        uint32_t price)
{
    size_t level_count = 0;
    if (!level_is_there(pair, book, side, price, &level_count) && level_count >= LL_LEAF_WAYS) {
        pair->table_full_levels++;
        return true;
    }
    if (orders_of_bucket(pair, reference) >= LL_BUCKET_WAYS) {
        pair->table_full_orders++;
        return true;
    }
    return false;
}

/* Takes a live order out of the naive book; returns its shares, 0 when there is none. */
static uint32_t naive_take_out(struct ll_book_pair *pair, uint64_t reference)
{
    struct ll_naive_result result;
    ll_naive_book_remove(pair->naive, reference, 0, &result);
    return result.removed;
}

static bool expect_full(struct ll_book_pair *pair, const struct ll_update *update, struct ll_result *expected)
{
    struct ll_naive_order old;
    expect_echo(expected, update, LL_VERDICT_TABLE_FULL);
    if (update->quantity == 0 || update->side > LL_SIDE_SELL)
        return false;
    if (update->op == LL_OP_ADD) {
        expected->removed = naive_take_out(pair, update->ref);
        return may_be_full(pair, update->ref, update->book,
                           update->side == LL_SIDE_SELL ? LL_NAIVE_SELL : LL_NAIVE_BUY, update->price);
    }
    if (update->op != LL_OP_REPLACE || !ll_naive_book_find(pair->naive, update->ref, &old))
        return false;
    expected->removed = naive_take_out(pair, update->ref);
    expected->book = old.book;
    expected->flags = old.side == LL_NAIVE_SELL ? LL_RESULT_SELL : 0;
    (void)naive_take_out(pair, update->new_ref);
    return may_be_full(pair, update->new_ref, old.book, old.side, update->price);
}

/* What the naive book says, for a message that it takes. */
static void expect_applied(struct ll_book_pair *pair, const struct ll_update *update,
                           struct ll_result *expected)
{
    struct ll_naive_result naive;
    /* The naive book has 16-bit books. One that is larger is no order's own; 65535 is never any order's here.
     */
    uint16_t book = update->book < pair->config.book_count ? (uint16_t)update->book : UINT16_MAX;
    uint8_t side = update->side == LL_SIDE_SELL ? LL_NAIVE_SELL : LL_NAIVE_BUY;
    switch (update->op) {
    case LL_OP_ADD:
        ll_naive_book_add(pair->naive, update->ref, book, side, update->price, update->quantity, &naive);
        break;
    case LL_OP_EXECUTE:
    case LL_OP_CANCEL:
        ll_naive_book_reduce(pair->naive, update->ref, book, update->quantity, &naive);
        break;
    case LL_OP_DELETE:
        ll_naive_book_remove(pair->naive, update->ref, book, &naive);
        break;
    default:
        ll_naive_book_replace(pair->naive, update->ref, update->new_ref, book, update->quantity,
                              update->price, &naive);
        break;
    }
    expected->verdict = (uint8_t)naive.verdict;
    expected->book = naive.book;
    expected->flags = naive.side == LL_NAIVE_SELL ? LL_RESULT_SELL : 0;
    expected->price = naive.price;
    expected->leaves = naive.leaves;
    expected->removed = naive.removed;
    if (naive.verdict == LL_NAIVE_UNKNOWN_ID || (naive.verdict == LL_NAIVE_BAD_INPUT && naive.removed == 0))
        expect_echo(expected, update, (enum ll_verdict)naive.verdict);
}

static bool expect_result(struct ll_book_pair *pair, const struct ll_update *update,
                          const struct ll_result *result, struct ll_result *expected)
{
    bool can_be = true;
    memset(expected, 0, sizeof *expected);
    expected->op = update->op;
    expected->epoch = pair->config.epoch;
    expected->seq = update->seq;
    if (update->op == LL_OP_NONE) {
        expect_echo(expected, update, LL_VERDICT_OK);
    } else if (update->op > LL_OP_REPLACE || update->side > LL_SIDE_SELL) {
        expect_echo(expected, update, LL_VERDICT_BAD_INPUT);
    } else if (update->op == LL_OP_ADD && update->quantity != 0 && update->book >= pair->config.book_count) {
        expect_echo(expected, update, LL_VERDICT_TABLE_FULL);
        pair->table_full_book++;
    } else if (result->verdict == LL_VERDICT_TABLE_FULL) {
        can_be = expect_full(pair, update, expected);
    } else {
        expect_applied(pair, update, expected);
    }
    expect_best(pair, expected);
    return can_be;
}

static void describe(char text[LL_BOOK_PAIR_TEXT_BYTES], const char *who, const struct ll_result *r)
{
    size_t used = strlen(text);
    (void)snprintf(text + used, LL_BOOK_PAIR_TEXT_BYTES - used,
                   "; %s v%u f%u book %u price %u leaves %u removed %u bid %u:%" PRIu64 ":%u ask %u:%" PRIu64
                   ":%u",
                   who, r->verdict, r->flags, r->book, r->price, r->leaves, r->removed, r->bid_price,
                   r->bid_quantity, r->bid_orders, r->ask_price, r->ask_quantity, r->ask_orders);
}

bool ll_book_pair_expect(struct ll_book_pair *pair, const struct ll_update *update,
                         const struct ll_result *result, char text[LL_BOOK_PAIR_TEXT_BYTES])
{
    struct ll_result expected;
    text[0] = 0;
    bool can_be = expect_result(pair, update, result, &expected);
    if (can_be && memcmp(&expected, result, sizeof expected) == 0)
        return true;
    (void)snprintf(text, LL_BOOK_PAIR_TEXT_BYTES,
                   "seq %" PRIu64 " op %u ref %" PRIx64 " new %" PRIx64
                   " book %u side %u price %u quantity %u%s",
                   update->seq, update->op, update->ref, update->new_ref, update->book, update->side,
                   update->price, update->quantity, can_be ? "" : "; no table can have been full");
    describe(text, "expected", &expected);
    describe(text, "kernel", result);
    return false;
}

/* --- The whole state --------------------------------------------------------------------------------- */

static void make_scratch(struct ll_book_pair *pair, size_t level_count)
{
    if (level_count <= pair->level_max)
        return;
    pair->level_max = 2 * level_count;
    pair->levels = realloc(pair->levels, pair->level_max * sizeof *pair->levels);
    pair->naive_levels = realloc(pair->naive_levels, pair->level_max * sizeof *pair->naive_levels);
    LL_ASSERT(pair->levels != NULL && pair->naive_levels != NULL);
}

bool ll_book_pair_compare_book(struct ll_book_pair *pair, uint32_t book, uint64_t *cost,
                               char text[LL_BOOK_PAIR_TEXT_BYTES])
{
    for (uint32_t side = LL_SIDE_BUY; side <= LL_SIDE_SELL; side++) {
        uint8_t naive_side = side == LL_SIDE_SELL ? LL_NAIVE_SELL : LL_NAIVE_BUY;
        size_t count = ll_naive_book_levels(pair->naive, (uint16_t)book, naive_side, NULL, 0);
        make_scratch(pair, count + 1);
        (void)ll_naive_book_levels(pair->naive, (uint16_t)book, naive_side, pair->naive_levels, count);
        uint32_t got =
            ll_book_memory_levels(&pair->book, book, side, pair->levels, (uint32_t)pair->level_max);
        *cost += count + 1;
        if (got != count) {
            (void)snprintf(text, LL_BOOK_PAIR_TEXT_BYTES, "book %u side %u: %u levels, %zu expected", book,
                           side, got, count);
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            const struct ll_book_level *is = &pair->levels[i];
            const struct ll_naive_level *must = &pair->naive_levels[i];
            if (is->price != must->price || is->quantity != must->quantity ||
                is->orders != must->order_count) {
                (void)snprintf(text, LL_BOOK_PAIR_TEXT_BYTES,
                               "book %u side %u level %zu: %u:%" PRIu64 ":%u, expected %u:%" PRIu64 ":%u",
                               book, side, i, is->price, is->quantity, is->orders, must->price,
                               must->quantity, must->order_count);
                return false;
            }
        }
    }
    return true;
}

struct orders_reading {
    const struct ll_book_pair *pair;
    char *text;
    size_t count;
    bool equal;
};

static void compare_order(void *context, const struct ll_book_order *order)
{
    struct orders_reading *reading = context;
    struct ll_naive_order must;
    reading->count++;
    bool live = ll_naive_book_find(reading->pair->naive, order->ref, &must);
    if (live && must.price == order->price && must.quantity == order->shares && must.book == order->book &&
        (must.side == LL_NAIVE_SELL) == (order->side == LL_SIDE_SELL))
        return;
    reading->equal = false;
    (void)snprintf(reading->text, LL_BOOK_PAIR_TEXT_BYTES, "order %" PRIx64 " is not the naive book's",
                   order->ref);
}

bool ll_book_pair_compare_all(struct ll_book_pair *pair, char text[LL_BOOK_PAIR_TEXT_BYTES])
{
    uint64_t cost = 0;
    struct ll_why why = {0};
    text[0] = 0;
    for (uint32_t book = 0; book < pair->config.book_count; book++)
        if (!ll_book_pair_compare_book(pair, book, &cost, text))
            return false;
    struct orders_reading reading = {pair, text, 0, true};
    ll_book_memory_orders(&pair->book, compare_order, &reading);
    if (!reading.equal)
        return false;
    size_t live_count = ll_naive_book_live_count(pair->naive);
    if (reading.count != live_count || pair->book.control->live_orders != live_count) {
        (void)snprintf(text, LL_BOOK_PAIR_TEXT_BYTES, "%zu orders, %u counted, %zu expected", reading.count,
                       pair->book.control->live_orders, live_count);
        return false;
    }
    if (ll_book_memory_check(&pair->book, &why) != LL_OK) {
        (void)snprintf(text, LL_BOOK_PAIR_TEXT_BYTES, "memory check: %s", why.text);
        return false;
    }
    return true;
}
