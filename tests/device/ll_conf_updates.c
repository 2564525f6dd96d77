/* SPDX-License-Identifier: Apache-2.0 */
#include "hls/ll_state_hash.h"
#include "host/base/ll_assert.h"
#include "tests/device/ll_conf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define POISON 0xa5

/* Compares result number `at` of those that are pending. */
static void check_result(struct ll_conf *conf, uint32_t at)
{
    char text[LL_BOOK_PAIR_TEXT_BYTES];
    struct ll_result *result = &conf->results[at];
    ll_conf_seen(conf, result);
    conf->updates_done++;
    if (!ll_book_pair_expect(&conf->book, &conf->updates[at], result, text))
        ll_conf_fail(conf, "operation %" PRIu64 ": %s; epoch %u, %u expected", conf->operations, text,
                     result->epoch, conf->book.config.epoch);
    else
        conf->book_verdicts[result->verdict]++;
    ll_conf_digest(conf, result, &result->epoch);
    conf->last_result = *result;
}

/* What a poll brought: results [got, got + count), of `given` that are out. */
static void take_results(struct ll_conf *conf, uint32_t got, uint32_t count, uint32_t asked, uint32_t given)
{
    const uint8_t *behind = (const uint8_t *)&conf->results[got + asked];
    if (count > asked || count > given - got) {
        ll_conf_fail(conf, "%u results, %u asked for and %u out", count, asked, given - got);
        return;
    }
    if (behind[0] != POISON || behind[sizeof(struct ll_result) - 1] != POISON)
        ll_conf_fail(conf, "a poll wrote behind the results it was asked for");
    for (uint32_t i = 0; i < count && !conf->failed; i++)
        check_result(conf, got + i);
}

/* Submits and polls what is pending from `first` up to `end`, at most `part` updates to a call; `is_stream`:
 * calls of all sizes, and no waiting until all are back between them. */
static void work(struct ll_conf *conf, uint32_t first, uint32_t end, uint32_t part, bool is_stream)
{
    enum { SIZES = 8 };
    static const uint32_t sizes[SIZES] = {
        1, 16, 64, 256, LL_CONF_SUBMIT_MAX, LL_CONF_SUBMIT_MAX, LL_CONF_SUBMIT_MAX, LL_CONF_SUBMIT_MAX};
    uint32_t given = first;
    uint32_t got = first;
    uint64_t since_ns = 0;
    while (got < end && !conf->failed) {
        uint32_t size = is_stream ? sizes[ll_prng_below(&conf->sizes, SIZES)] : part;
        uint32_t asked = is_stream ? 1 + ll_prng_below(&conf->sizes, 2 * LL_CONF_SUBMIT_MAX) : end - got;
        size = size < end - given ? size : end - given;
        asked = asked < end - got ? asked : end - got;
        if (size != 0) {
            uint32_t taken = ll_device_submit(conf->device, conf->updates + given, size);
            if (taken > size)
                ll_conf_fail(conf, "%u updates taken of %u", taken, size);
            given += taken;
        }
        uint32_t count = ll_device_poll(conf->device, conf->results + got, asked);
        take_results(conf, got, count, asked, given);
        got += count;
        if (count == 0)
            ll_conf_wait(conf, &since_ns);
        else
            since_ns = 0;
    }
}

void ll_conf_updates_flush(struct ll_conf *conf)
{
    uint32_t part = conf->submit_max;
    uint32_t count = conf->pending;
    conf->pending = 0;
    if (count == 0 || conf->failed)
        return;
    memset(conf->results, POISON, sizeof conf->results[0] * ((size_t)count + 1));
    if (part == LL_CONF_STREAM)
        work(conf, 0, count, LL_CONF_SUBMIT_MAX, true);
    for (uint32_t first = 0; part != LL_CONF_STREAM && first < count; first += part)
        work(conf, first, first + part < count ? first + part : count, part, false);
    struct ll_result none;
    if (!conf->failed && ll_device_poll(conf->device, &none, 1) != 0)
        ll_conf_fail(conf, "a result that belongs to no update");
}

void ll_conf_update(struct ll_conf *conf, const struct ll_update *update)
{
    if (conf->failed)
        return;
    struct ll_update *mine = &conf->updates[conf->pending++];
    *mine = *update;
    mine->seq = ++conf->seq * 0x9e3779b97f4a7c15u; /* any number: it only has to come back */
    if (conf->pending == LL_CONF_PENDING_MAX)
        ll_conf_updates_flush(conf);
}

/* --- The state hash of the naive book --------------------------------------------------------------------- */

static uint64_t order_hash(const struct ll_naive_order *order)
{
    struct ll_order_bucket bucket = {.link = 1u << LL_LINK_USED_SHIFT};
    bucket.ref[0] = order->reference;
    bucket.shares[0] = order->quantity;
    bucket.price[0] = order->price;
    bucket.book_side[0] =
        order->book * 2u + (order->side == LL_NAIVE_SELL ? (uint32_t)LL_SIDE_SELL : (uint32_t)LL_SIDE_BUY);
    return ll_state_hash_bucket(bucket);
}

static uint64_t level_hash(uint32_t book, uint32_t side, const struct ll_naive_level *level)
{
    struct ll_leaf leaf = {{0}};
    struct ll_level levels[LL_LEAF_LANES] = {{0}};
    leaf.lane[0] = side == LL_SIDE_SELL ? level->price : ~level->price;
    leaf.lane[LL_LEAF_USED] = 1;
    levels[0].quantity = level->quantity;
    levels[0].orders = level->order_count;
    return ll_state_hash_leaf(&leaf, levels, book * 2 + side, 0);
}

static uint64_t side_hash(const struct ll_naive_book *naive, uint32_t book, uint32_t side)
{
    uint8_t naive_side = side == LL_SIDE_SELL ? LL_NAIVE_SELL : LL_NAIVE_BUY;
    uint64_t sum = 0;
    size_t count = ll_naive_book_levels(naive, (uint16_t)book, naive_side, NULL, 0);
    struct ll_naive_level *levels = malloc((count + 1) * sizeof *levels);
    LL_ASSERT(levels != NULL);
    (void)ll_naive_book_levels(naive, (uint16_t)book, naive_side, levels, count);
    for (size_t i = 0; i < count; i++)
        sum += level_hash(book, side, &levels[i]);
    free(levels);
    return sum;
}

uint64_t ll_conf_book_hash(const struct ll_conf *conf)
{
    const struct ll_naive_book *naive = conf->book.naive;
    size_t count = ll_naive_book_live_count(naive);
    struct ll_naive_order *orders = malloc((count + 1) * sizeof *orders);
    uint64_t sum = 0;
    LL_ASSERT(orders != NULL);
    (void)ll_naive_book_live_orders(naive, orders, count);
    for (size_t i = 0; i < count; i++)
        sum += order_hash(&orders[i]);
    free(orders);
    for (uint32_t book = 0; book < conf->book.config.book_count; book++)
        sum += side_hash(naive, book, LL_SIDE_BUY) + side_hash(naive, book, LL_SIDE_SELL);
    return sum;
}
