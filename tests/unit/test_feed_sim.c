/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the simulated feed is what its header says: consistent, deterministic, bounded, complete, and faulty
 * only on request and then in the way it says. Method: every message of several days is applied to the naive
 * book, and the verdict, the live orders and the book are compared with what the generator says of itself;
 * two feeds of one seed run side by side; the memory is exactly the stated footprint with guard bytes behind
 * it.
 */
#include "host/exchange/ll_feed_sim.h"

#include "host/base/ll_bytes.h"
#include "tests/model/ll_naive_book.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD_BYTES = 64, GUARD = 0x5A };

struct feed {
    struct ll_feed_sim *sim;
    uint8_t *memory;
    size_t footprint_bytes;
    uint8_t message[LL_ITCH50_MESSAGE_BYTES_MAX];
    uint32_t bytes;
    uint64_t planned_ns;
};

static uint64_t seed_of_run(void)
{
    const char *text = getenv("LL_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 20120621;
}

/* A day like the one in docs/simulated-feed.md, small. */
static struct ll_feed_sim_config config_default(void)
{
    return (struct ll_feed_sim_config){.seed = seed_of_run(),
                                       .message_count = 200000,
                                       .symbol_count = 50,
                                       .live_orders_target = 5000,
                                       .faults_per_mille = 0,
                                       .references = LL_FEED_SIM_SEQUENTIAL};
}

static void feed_open(struct feed *feed, const struct ll_feed_sim_config *config)
{
    memset(feed, 0, sizeof *feed);
    feed->footprint_bytes = ll_feed_sim_footprint_bytes(config);
    ck_assert_uint_gt(feed->footprint_bytes, 0);
    void *memory = NULL;
    ck_assert_int_eq(posix_memalign(&memory, 64, feed->footprint_bytes + GUARD_BYTES), 0);
    feed->memory = memory;
    memset(feed->memory, GUARD, feed->footprint_bytes + GUARD_BYTES);
    struct ll_why why = {0};
    ck_assert_int_eq(ll_feed_sim_init(&feed->sim, feed->memory, feed->footprint_bytes, config, &why), LL_OK);
}

static bool feed_next(struct feed *feed)
{
    feed->bytes = ll_feed_sim_next(feed->sim, feed->message, &feed->planned_ns);
    return feed->bytes > 0;
}

static void feed_close(struct feed *feed)
{
    for (size_t i = 0; i < GUARD_BYTES; i++)
        ck_assert_uint_eq(feed->memory[feed->footprint_bytes + i], GUARD);
    free(feed->memory);
}

static uint32_t bytes_of_type(uint8_t type)
{
    switch (type) {
#define TYPE_CASE(ID, id, type_char, type_bytes, name) \
    case (type_char):                                  \
        return (type_bytes);
        LL_ITCH50_MESSAGES(TYPE_CASE)
#undef TYPE_CASE
    default:
        return 0;
    }
}

static uint64_t timestamp_of(const uint8_t *message)
{
    return ll_load_be48(message + LL_ITCH50_TIMESTAMP_OFFSET);
}

/* The generator's live orders and the book's are the same. */
static void check_live_orders(const struct feed *feed, const struct ll_naive_book *books)
{
    uint32_t live = ll_feed_sim_stats(feed->sim)->live_orders;
    ck_assert_uint_eq(ll_naive_book_live_count(books), live);
    for (uint32_t index = 0; index < live; index++) {
        struct ll_feed_sim_order said;
        struct ll_naive_order found;
        ll_feed_sim_live_order(feed->sim, index, &said);
        ck_assert(ll_naive_book_find(books, said.reference, &found));
        ck_assert_uint_eq(found.price, said.price);
        ck_assert_uint_eq(found.quantity, said.quantity);
        ck_assert_uint_eq(found.book, said.locate);
        ck_assert_uint_eq(found.side, said.side);
    }
}

/* --- limits --------------------------------------------------------------------------------------------- */

START_TEST(configs_outside_the_limits_are_refused)
{
    const struct ll_feed_sim_config good = config_default();
    struct ll_feed_sim_config bad[8];
    for (int i = 0; i < 8; i++)
        bad[i] = good;
    bad[0].symbol_count = 0;
    bad[1].symbol_count = LL_FEED_SIM_SYMBOLS_MAX + 1;
    bad[2].live_orders_target = 0;
    bad[3].live_orders_target = LL_FEED_SIM_LIVE_ORDERS_MAX + 1;
    bad[4].faults_per_mille = LL_FEED_SIM_FAULTS_MAX + 1;
    bad[5].message_count = ll_feed_sim_message_count_min(good.symbol_count) - 1;
    bad[6].references = (enum ll_feed_sim_references)2;
    bad[7].message_count = 1;
    uint8_t memory[1];
    for (int i = 0; i < 8; i++) {
        struct ll_feed_sim *sim = NULL;
        struct ll_why why = {0};
        ck_assert_uint_eq(ll_feed_sim_footprint_bytes(&bad[i]), 0);
        ck_assert_int_eq(ll_feed_sim_init(&sim, memory, sizeof memory, &bad[i], &why), LL_ERR_USAGE);
        ck_assert_int_eq(why.code, LL_ERR_USAGE);
        ck_assert_ptr_null(sim);
    }
}
END_TEST

START_TEST(too_little_memory_is_refused)
{
    struct ll_feed_sim_config config = config_default();
    size_t footprint_bytes = ll_feed_sim_footprint_bytes(&config);
    void *memory = NULL;
    ck_assert_int_eq(posix_memalign(&memory, 64, footprint_bytes), 0);
    struct ll_feed_sim *sim = NULL;
    struct ll_why why = {0};
    ck_assert_int_eq(ll_feed_sim_init(&sim, memory, footprint_bytes - 1, &config, &why), LL_ERR_NO_MEMORY);
    ck_assert_ptr_null(sim);
    ck_assert_int_eq(ll_feed_sim_init(&sim, NULL, footprint_bytes, &config, NULL), LL_ERR_NO_MEMORY);
    ck_assert_int_eq(ll_feed_sim_init(&sim, memory, footprint_bytes, &config, NULL), LL_OK);
    free(memory);
}
END_TEST

START_TEST(shortest_day_is_start_and_end)
{
    struct ll_feed_sim_config config = config_default();
    config.symbol_count = 3;
    config.message_count = ll_feed_sim_message_count_min(3);
    struct feed feed;
    feed_open(&feed, &config);
    char types[16] = {0};
    char events[16] = {0};
    size_t type_count = 0;
    size_t event_count = 0;
    while (feed_next(&feed)) {
        types[type_count++] = (char)feed.message[0];
        if (feed.message[0] == 'S')
            events[event_count++] = (char)feed.message[LL_ITCH50_OFFSET_SYSTEM_EVENT_event_code];
    }
    ck_assert_str_eq(types, "SRRRHHHSSSSS");
    ck_assert_str_eq(events, "OSQMEC");
    ck_assert(!feed_next(&feed)); /* and it stays ended */
    feed_close(&feed);
}
END_TEST

/* --- the day -------------------------------------------------------------------------------------------- */

struct shape {
    uint32_t symbol_count;
    uint32_t live_orders_target;
    uint64_t message_count;
    enum ll_feed_sim_references references;
};

static const struct shape shapes[] = {
    {1, 1, 3000, LL_FEED_SIM_SEQUENTIAL},
    {1, 2, 3000, LL_FEED_SIM_SCRAMBLED},
    {2, 40, 20000, LL_FEED_SIM_SCRAMBLED},
    {50, 5000, 200000, LL_FEED_SIM_SEQUENTIAL},
    {50, 5000, 200000, LL_FEED_SIM_SCRAMBLED},
    {3000, 1000000, 60000, LL_FEED_SIM_SEQUENTIAL}, /* a day too short for its book */
    {LL_FEED_SIM_SYMBOLS_MAX, 20000, 300000, LL_FEED_SIM_SCRAMBLED},
};

/* Each symbol once in R, then once in H, before anything else; all other messages name a symbol they
 * announced. */
static void check_start(const struct feed *feed, uint64_t position, uint32_t symbol_count)
{
    uint16_t locate = ll_load_be16(feed->message + LL_ITCH50_STOCK_LOCATE_OFFSET);
    ck_assert_uint_le(locate, symbol_count);
    if (position >= 1 && position <= symbol_count) {
        ck_assert_uint_eq(feed->message[0], 'R');
        ck_assert_uint_eq(locate, position);
    } else if (position > symbol_count && position <= 2 * (uint64_t)symbol_count) {
        ck_assert_uint_eq(feed->message[0], 'H');
        ck_assert_uint_eq(locate, position - symbol_count);
        ck_assert_uint_eq(feed->message[LL_ITCH50_OFFSET_TRADING_ACTION_trading_state], 'T');
    }
}

START_TEST(every_day_is_consistent)
{
    const struct shape *shape = &shapes[_i];
    struct ll_feed_sim_config config = config_default();
    config.symbol_count = shape->symbol_count;
    config.live_orders_target = shape->live_orders_target;
    config.message_count = shape->message_count;
    config.references = shape->references;
    struct feed feed;
    struct ll_naive_book *books = NULL;
    feed_open(&feed, &config);
    ll_naive_book_init(&books);
    uint64_t count = 0;
    uint64_t message_bytes = 0;
    uint64_t before_ns = 0;
    size_t live_max = 0;
    while (feed_next(&feed)) {
        struct ll_naive_result result;
        ck_assert_uint_eq(feed.bytes, bytes_of_type(feed.message[0]));
        ck_assert_uint_eq(timestamp_of(feed.message), feed.planned_ns);
        ck_assert_uint_ge(feed.planned_ns, before_ns);
        before_ns = feed.planned_ns;
        check_start(&feed, count, config.symbol_count);
        (void)ll_naive_book_apply_itch50(books, feed.message, feed.bytes, &result);
        if (result.verdict != LL_NAIVE_OK)
            ck_abort_msg("message %llu, seed %llu: %s", (unsigned long long)count,
                         (unsigned long long)config.seed, ll_naive_verdict_name(result.verdict));
        size_t live = ll_naive_book_live_count(books);
        ck_assert_uint_eq(ll_feed_sim_stats(feed.sim)->live_orders, live);
        live_max = live > live_max ? live : live_max;
        count++;
        message_bytes += feed.bytes;
    }
    const struct ll_feed_sim_stats *stats = ll_feed_sim_stats(feed.sim);
    ck_assert_uint_eq(count, config.message_count);
    ck_assert_uint_eq(stats->messages, count);
    ck_assert_uint_eq(stats->message_bytes, message_bytes);
    ck_assert_uint_eq(stats->live_orders_max, live_max);
    ck_assert_uint_le(live_max, config.live_orders_target);
    ck_assert_uint_eq(stats->by_fault[LL_FEED_SIM_FAULT_NONE], count);
    check_live_orders(&feed, books);
    ll_naive_book_deinit(books);
    feed_close(&feed);
}
END_TEST

START_TEST(mix_is_as_stated_and_complete)
{
    struct ll_feed_sim_config config = config_default();
    struct feed feed;
    feed_open(&feed, &config);
    uint64_t count[256] = {0};
    uint64_t total = 0;
    bool open = false;
    while (feed_next(&feed)) {
        if (open) {
            count[feed.message[0]]++;
            total++;
        }
        open =
            open || (feed.message[0] == 'S' && feed.message[LL_ITCH50_OFFSET_SYSTEM_EVENT_event_code] == 'Q');
    }
    const struct ll_feed_sim_stats *stats = ll_feed_sim_stats(feed.sim);
#define TYPE_SEEN(ID, id, type, bytes, name) \
    ck_assert_msg(stats->by_type[(uint8_t)(type)] > 0, "no %s", name);
    LL_ITCH50_MESSAGES(TYPE_SEEN)
#undef TYPE_SEEN
    /* Per cent, around the mix of the header: the book's bounds shift adds and deletes a little. */
    ck_assert_uint_gt(100 * (count['A'] + count['F']), 43 * total);
    ck_assert_uint_lt(100 * (count['A'] + count['F']), 51 * total);
    ck_assert_uint_gt(100 * count['D'], 36 * total);
    ck_assert_uint_lt(100 * count['D'], 44 * total);
    ck_assert_uint_gt(100 * (count['E'] + count['C']), 4 * total);
    ck_assert_uint_lt(100 * (count['E'] + count['C']), 5 * total);
    ck_assert_uint_gt(100 * count['U'], 4 * total);
    ck_assert_uint_lt(100 * count['U'], 5 * total);
    ck_assert_uint_gt(100 * count['P'], 2 * total);
    ck_assert_uint_lt(100 * count['P'], 3 * total);
    ck_assert_uint_gt(count['F'], 0);
    ck_assert_uint_lt(10 * count['F'], count['A']);
    feed_close(&feed);
}
END_TEST

/* What makes the feed worth having: skew, chains of replaces, prices near the middle and anywhere, odd lots,
 * bids below asks. */
START_TEST(flow_is_lifelike)
{
    struct ll_feed_sim_config config = config_default();
    struct feed feed;
    struct ll_naive_book *books = NULL;
    feed_open(&feed, &config);
    ll_naive_book_init(&books);
    uint64_t of_symbol[51] = {0};
    uint64_t updates = 0;
    uint64_t crossed = 0;
    uint64_t odd = 0;
    uint64_t off_penny = 0;
    uint64_t extreme = 0;
    uint64_t adds = 0;
    uint64_t chained = 0;
    uint64_t replaced_last = 0;
    while (feed_next(&feed)) {
        struct ll_naive_result result;
        if (!ll_naive_book_apply_itch50(books, feed.message, feed.bytes, &result))
            continue;
        updates++;
        of_symbol[result.book]++;
        crossed +=
            result.bid.order_count > 0 && result.ask.order_count > 0 && result.bid.price >= result.ask.price;
        if (feed.message[0] == 'A') {
            adds++;
            odd += result.leaves % 100 != 0;
            off_penny += result.price % 100 != 0;
            extreme += result.price == 0 || result.price >= 1999999900u;
        } else if (feed.message[0] == 'U') {
            chained +=
                ll_load_be64(feed.message + LL_ITCH50_OFFSET_REPLACE_original_order_reference_number) ==
                replaced_last;
            replaced_last = ll_load_be64(feed.message + LL_ITCH50_OFFSET_REPLACE_new_order_reference_number);
        }
    }
    uint64_t busiest = 0;
    for (int i = 1; i <= 50; i++) {
        ck_assert_uint_gt(of_symbol[i], 0);
        busiest = of_symbol[i] > busiest ? of_symbol[i] : busiest;
    }
    ck_assert_uint_gt(busiest, 2 * updates / 50);
    ck_assert_uint_lt(100 * crossed, updates);
    ck_assert_uint_gt(10 * odd, adds);
    ck_assert_uint_gt(2 * (adds - odd), adds);
    ck_assert_uint_gt(off_penny, 0);
    ck_assert_uint_lt(20 * off_penny, adds);
    ck_assert_uint_gt(extreme, 0);
    ck_assert_uint_gt(chained, 0);
    ll_naive_book_deinit(books);
    feed_close(&feed);
}
END_TEST

START_TEST(planned_times_burst_at_the_open)
{
    struct ll_feed_sim_config config = config_default();
    config.message_count = 0;
    struct feed feed;
    feed_open(&feed, &config);
    uint64_t first_8_ms = 0;
    uint64_t next_500_ms = 0;
    uint64_t times_ns[1001] = {0}; /* of the last messages, as a ring */
    uint64_t shortest_ns = UINT64_MAX;
    uint64_t longest_gap_ns = 0;
    uint64_t before_ns = LL_FEED_SIM_OPEN_NS;
    uint64_t count = 0;
    while (feed.planned_ns < LL_FEED_SIM_OPEN_NS + 1000000000u) {
        ck_assert(feed_next(&feed));
        if (feed.planned_ns < LL_FEED_SIM_OPEN_NS)
            continue;
        first_8_ms += feed.planned_ns < LL_FEED_SIM_OPEN_NS + 8000000u;
        next_500_ms += feed.planned_ns >= LL_FEED_SIM_OPEN_NS + 8000000u &&
                       feed.planned_ns < LL_FEED_SIM_OPEN_NS + 508000000u;
        if (feed.planned_ns - before_ns > longest_gap_ns)
            longest_gap_ns = feed.planned_ns - before_ns;
        before_ns = feed.planned_ns;
        if (count >= 1001 && feed.planned_ns - times_ns[count % 1001] < shortest_ns)
            shortest_ns = feed.planned_ns - times_ns[count % 1001];
        times_ns[count++ % 1001] = feed.planned_ns;
    }
    /* 900 k/s for 8 ms is 7,200; 130 k/s for half a second is 65,000, less what a long quiet spell takes. */
    ck_assert_uint_gt(first_8_ms, 6000);
    ck_assert_uint_lt(first_8_ms, 8500);
    ck_assert_uint_gt(next_500_ms, 40000);
    ck_assert_uint_lt(next_500_ms, 90000);
    ck_assert_uint_lt(shortest_ns, 100000);     /* a thousand messages within 100 µs */
    ck_assert_uint_gt(longest_gap_ns, 1000000); /* and quiet for a millisecond */
    feed_close(&feed);
}
END_TEST

START_TEST(same_seed_same_bytes)
{
    struct ll_feed_sim_config config = config_default();
    config.faults_per_mille = _i == 0 ? 0 : 50;
    struct ll_feed_sim_config config_other = config;
    config_other.seed++;
    struct feed one;
    struct feed two;
    struct feed other;
    feed_open(&one, &config);
    feed_open(&two, &config);
    feed_open(&other, &config_other);
    memset(two.message, 0xEE, sizeof two.message); /* what was in the buffer before must not matter */
    uint64_t different = 0;
    while (feed_next(&one)) {
        ck_assert(feed_next(&two));
        ck_assert(feed_next(&other));
        ck_assert_uint_eq(one.bytes, two.bytes);
        ck_assert_mem_eq(one.message, two.message, one.bytes);
        ck_assert_uint_eq(one.planned_ns, two.planned_ns);
        different += one.bytes != other.bytes || memcmp(one.message, other.message, one.bytes) != 0;
    }
    ck_assert(!feed_next(&two));
    ck_assert_uint_gt(2 * different, config.message_count);
    feed_close(&one);
    feed_close(&two);
    feed_close(&other);
}
END_TEST

START_TEST(messages_stay_within_their_length)
{
    struct ll_feed_sim_config config = config_default();
    config.faults_per_mille = 200;
    struct feed feed;
    feed_open(&feed, &config);
    do {
        memset(feed.message, GUARD, sizeof feed.message);
        feed.bytes = ll_feed_sim_next(feed.sim, feed.message, &feed.planned_ns);
        for (uint32_t i = feed.bytes; i < sizeof feed.message; i++)
            ck_assert_uint_eq(feed.message[i], GUARD);
    } while (feed.bytes > 0);
    feed_close(&feed);
}
END_TEST

START_TEST(references_are_unique_and_scrambled_on_request)
{
    struct ll_feed_sim_config config = config_default();
    config.references = _i == 0 ? LL_FEED_SIM_SEQUENTIAL : LL_FEED_SIM_SCRAMBLED;
    struct feed feed;
    feed_open(&feed, &config);
    uint64_t before = 0;
    uint64_t descents = 0;
    uint64_t high = 0;
    uint64_t count = 0;
    while (feed_next(&feed)) {
        uint64_t reference;
        if (feed.message[0] == 'A' || feed.message[0] == 'F')
            reference = ll_load_be64(feed.message + LL_ITCH50_OFFSET_ADD_order_reference_number);
        else if (feed.message[0] == 'U')
            reference = ll_load_be64(feed.message + LL_ITCH50_OFFSET_REPLACE_new_order_reference_number);
        else
            continue;
        descents += reference <= before;
        high += reference >> 63;
        before = reference;
        count++;
    }
    if (_i == 0) {
        ck_assert_uint_eq(descents, 0); /* always up, so never twice */
        ck_assert_uint_lt(before, 16 * count);
        ck_assert_uint_gt(before, count); /* with gaps */
    } else {
        ck_assert_uint_gt(3 * descents, count);
        ck_assert_uint_gt(3 * high, count);
        ck_assert_uint_lt(3 * high, 2 * count);
    }
    feed_close(&feed);
}
END_TEST

/* --- faults --------------------------------------------------------------------------------------------- */

static enum ll_naive_verdict verdict_of_fault(enum ll_feed_sim_fault fault)
{
    switch (fault) {
    case LL_FEED_SIM_FAULT_UNKNOWN_REFERENCE:
        return LL_NAIVE_UNKNOWN_ID;
    case LL_FEED_SIM_FAULT_DOUBLE_ADD:
    case LL_FEED_SIM_FAULT_DOUBLE_REPLACE:
        return LL_NAIVE_DUPLICATE;
    case LL_FEED_SIM_FAULT_OVER_EXECUTION:
        return LL_NAIVE_OVERFILL;
    case LL_FEED_SIM_FAULT_ZERO_QUANTITY:
        return LL_NAIVE_BAD_INPUT;
    case LL_FEED_SIM_FAULT_OTHER_BOOK:
        return LL_NAIVE_BOOK_MISMATCH;
    default:
        return LL_NAIVE_OK;
    }
}

static void check_fault(const struct feed *feed, const struct ll_naive_result *result, bool applied)
{
    enum ll_feed_sim_fault fault = ll_feed_sim_stats(feed->sim)->fault_last;
    ck_assert_int_eq(result->verdict, verdict_of_fault(fault));
    if (fault == LL_FEED_SIM_FAULT_UNKNOWN_TYPE) {
        ck_assert_uint_eq(bytes_of_type(feed->message[0]), 0);
    } else if (fault == LL_FEED_SIM_FAULT_WRONG_LENGTH) {
        ck_assert_uint_gt(bytes_of_type(feed->message[0]), 0);
        ck_assert_uint_ne(bytes_of_type(feed->message[0]), feed->bytes);
    } else {
        ck_assert_uint_eq(bytes_of_type(feed->message[0]), feed->bytes);
        if (fault != LL_FEED_SIM_FAULT_NONE)
            ck_assert(applied);
    }
    if (fault == LL_FEED_SIM_FAULT_EXTREME_PRICE)
        ck_assert(result->price == 0 || result->price == UINT32_MAX);
}

static const struct {
    uint32_t faults_per_mille;
    uint32_t symbol_count;
    uint32_t live_orders_target;
} faulty[] = {{1000, 50, 500}, {100, 50, 5000}, {10, 500, 5000}, {500, 1, 1}, {900, 2, 2}};

START_TEST(faults_are_what_they_are_called)
{
    struct ll_feed_sim_config config = config_default();
    config.message_count = 100000;
    config.faults_per_mille = faulty[_i].faults_per_mille;
    config.symbol_count = faulty[_i].symbol_count;
    config.live_orders_target = faulty[_i].live_orders_target;
    config.references = _i % 2 == 0 ? LL_FEED_SIM_SEQUENTIAL : LL_FEED_SIM_SCRAMBLED;
    struct feed feed;
    struct ll_naive_book *books = NULL;
    feed_open(&feed, &config);
    ll_naive_book_init(&books);
    uint64_t by_fault[LL_FEED_SIM_FAULT_COUNT] = {0};
    while (feed_next(&feed)) {
        struct ll_naive_result result;
        bool applied = ll_naive_book_apply_itch50(books, feed.message, feed.bytes, &result);
        by_fault[ll_feed_sim_stats(feed.sim)->fault_last]++;
        check_fault(&feed, &result, applied);
        ck_assert_uint_eq(ll_naive_book_live_count(books), ll_feed_sim_stats(feed.sim)->live_orders);
        ck_assert_uint_le(ll_naive_book_live_count(books), config.live_orders_target);
    }
    check_live_orders(&feed, books);
    uint64_t faults = 0;
    for (int fault = 0; fault < LL_FEED_SIM_FAULT_COUNT; fault++) {
        ck_assert_uint_eq(ll_feed_sim_stats(feed.sim)->by_fault[fault], by_fault[fault]);
        if (fault == LL_FEED_SIM_FAULT_NONE)
            continue;
        faults += by_fault[fault];
        /* One symbol has no other book, one live order no second one to be replaced onto. */
        if ((fault == LL_FEED_SIM_FAULT_OTHER_BOOK && config.symbol_count == 1) ||
            (fault == LL_FEED_SIM_FAULT_DOUBLE_REPLACE && config.live_orders_target == 1))
            continue;
        ck_assert_msg(by_fault[fault] > 0, "no %s", ll_feed_sim_fault_name((enum ll_feed_sim_fault)fault));
    }
    ck_assert_uint_gt(faults * 1000, config.message_count * config.faults_per_mille * 8 / 10);
    ck_assert_uint_lt(faults * 1000, config.message_count * config.faults_per_mille * 12 / 10);
    ll_naive_book_deinit(books);
    feed_close(&feed);
}
END_TEST

int main(void)
{
    printf("LL_SEED=%llu\n", (unsigned long long)seed_of_run());
    (void)fflush(stdout);
    Suite *suite = suite_create("feed_sim");
    TCase *limits = tcase_create("limits");
    tcase_add_test(limits, configs_outside_the_limits_are_refused);
    tcase_add_test(limits, too_little_memory_is_refused);
    tcase_add_test(limits, shortest_day_is_start_and_end);
    suite_add_tcase(suite, limits);
    TCase *day = tcase_create("day");
    tcase_set_timeout(day, 120);
    tcase_add_loop_test(day, every_day_is_consistent, 0, (int)(sizeof shapes / sizeof shapes[0]));
    tcase_add_test(day, mix_is_as_stated_and_complete);
    tcase_add_test(day, flow_is_lifelike);
    tcase_add_test(day, planned_times_burst_at_the_open);
    tcase_add_loop_test(day, same_seed_same_bytes, 0, 2);
    tcase_add_test(day, messages_stay_within_their_length);
    tcase_add_loop_test(day, references_are_unique_and_scrambled_on_request, 0, 2);
    suite_add_tcase(suite, day);
    TCase *faults = tcase_create("faults");
    tcase_set_timeout(faults, 120);
    tcase_add_loop_test(faults, faults_are_what_they_are_called, 0, (int)(sizeof faulty / sizeof faulty[0]));
    suite_add_tcase(suite, faults);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
