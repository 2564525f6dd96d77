/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the public feed of the simulated exchange says exactly what its engine's displayed book is, and comes
 * whole through a bad network. Method: single requests and the messages they must become; random requests,
 * after each of which the book built from the feed by the project's own decoder and kernel (and by the naive
 * book) is the engine's, and was not crossed after any message; two faulty lines and a faulty re-request server
 * into the project's receiver, which must hand out every message of the store, in order, with nothing lost.
 */
#include "host/exchange/ll_itch_publisher.h"

#include "host/base/ll_prng.h"
#include "host/provider/ll_mold_receiver.h"
#include "host/wire/ll_itch50_update.h"
#include "tests/model/ll_book_pair.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MIDNIGHT_NS     UINT64_C(1700000000000000000)
#define OPEN_NS         (MIDNIGHT_NS + UINT64_C(34200000000000))
#define INSTRUMENTS     3u
#define LEVELS_MAX      256u
#define ORDERS_MAX      400u
#define MESSAGES_MAX    60000u
#define DATAGRAM_BYTES  1400u
#define WAITING_MAX     4096u
#define MILLISECOND_NS  UINT64_C(1000000)
#define SEEDS_PER_CASE  30u
#define HEAL_ROUNDS_MAX 20000u

static const struct ll_matching_instrument table[INSTRUMENTS] = {
    {"AAPL    ", 7, 100, 100, false, 100000},
    {"MSFT    ", 1, 100, 10, true, 100000},
    {"ZVZZT   ", 3, 100, 1, false, 100000},
};

/* An answer of the re-request server, which may only reach the receiver after the call that asked for it. */
struct waiting {
    uint32_t line;
    uint32_t bytes_count;
    uint8_t bytes[DATAGRAM_BYTES];
};

struct sim {
    uint64_t seed;
    struct ll_prng prng;
    uint64_t now_ns;
    uint32_t ticks; /* prices are so far apart: from a busy touch to a deep book */
    struct ll_matching *matching;
    struct ll_mold_sender *sender;
    struct ll_itch_publisher publisher;
    void *matching_memory;
    void *sender_memory;
    /* the way to the receiver */
    struct ll_mold_receiver *receiver;
    void *receiver_memory;
    struct waiting waiting[WAITING_MAX];
    uint32_t waiting_count;
    uint64_t delivered;
    bool ended;
    /* the book built from the feed */
    struct ll_book_pair pair;
    uint64_t applied; /* messages of the store */
    uint64_t by_type[256];
};

#define CHECK(sim, condition)                                                      \
    do {                                                                           \
        if (!(condition))                                                          \
            ck_abort_msg("%s; replay: LL_SEED=%" PRIu64, #condition, (sim)->seed); \
    } while (0)

/* --- the network ---------------------------------------------------------------------------------------- */

static void wait_for_receiver(struct sim *sim, uint32_t line, const uint8_t *bytes, uint32_t bytes_count)
{
    if (sim->receiver == NULL)
        return;
    CHECK(sim, sim->waiting_count < WAITING_MAX);
    CHECK(sim, bytes_count <= DATAGRAM_BYTES);
    struct waiting *waiting = &sim->waiting[sim->waiting_count++];
    waiting->line = line;
    waiting->bytes_count = bytes_count;
    memcpy(waiting->bytes, bytes, bytes_count);
}

static void on_send(void *context, uint32_t line, const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns)
{
    (void)now_ns;
    wait_for_receiver(context, line, bytes, bytes_count);
}

static void on_answer(void *context, uint64_t requester, const uint8_t *bytes, uint32_t bytes_count,
                      uint64_t now_ns)
{
    struct sim *sim = context;
    (void)now_ns;
    CHECK(sim, requester == 4711);
    wait_for_receiver(sim, LL_MOLD_LINE_REREQUEST, bytes, bytes_count);
}

static void on_message(void *context, uint64_t sequence, const uint8_t *message, uint32_t message_bytes,
                       uint64_t now_ns)
{
    struct sim *sim = context;
    uint32_t expected_bytes = 0;
    (void)now_ns;
    CHECK(sim, !sim->ended);
    CHECK(sim, sequence == sim->delivered + 1);
    CHECK(sim, sequence <= ll_mold_sender_counters(sim->sender)->messages);
    const uint8_t *expected = ll_mold_sender_message(sim->sender, sequence, &expected_bytes);
    CHECK(sim, message_bytes == expected_bytes);
    CHECK(sim, memcmp(message, expected, expected_bytes) == 0);
    sim->delivered = sequence;
}

static void on_session(void *context, const char session[LL_MOLDUDP64_SESSION_BYTES], uint64_t first_sequence,
                       uint64_t now_ns)
{
    (void)now_ns;
    CHECK((struct sim *)context, memcmp(session, "DAY0000001", LL_MOLDUDP64_SESSION_BYTES) == 0);
    CHECK((struct sim *)context, first_sequence == 1);
}

static void on_gap(void *context, uint64_t first_sequence, uint64_t count, uint64_t now_ns)
{
    struct sim *sim = context;
    (void)now_ns;
    ck_abort_msg("lost %" PRIu64 " from %" PRIu64 "; replay: LL_SEED=%" PRIu64, count, first_sequence,
                 sim->seed);
}

static void on_request(void *context, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES], uint64_t now_ns)
{
    struct sim *sim = context;
    (void)ll_mold_sender_request(sim->sender, 4711, request, LL_MOLDUDP64_HEADER_BYTES, now_ns);
}

static void on_bad_packet(void *context, uint32_t line, int reason, const uint8_t *bytes,
                          uint32_t bytes_count, uint64_t now_ns)
{
    struct sim *sim = context;
    (void)bytes;
    (void)bytes_count;
    (void)now_ns;
    ck_abort_msg("bad packet on line %u: %d; replay: LL_SEED=%" PRIu64, line, reason, sim->seed);
}

static void on_end(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    struct sim *sim = context;
    (void)now_ns;
    CHECK(sim, next_sequence == ll_mold_sender_counters(sim->sender)->messages + 1);
    sim->ended = true;
}

static void receiver_open(struct sim *sim)
{
    struct ll_mold_config config = {.line_count = 2,
                                    .start_sequence = 1,
                                    .holdback_packets = 256,
                                    .holdback_bytes_max = DATAGRAM_BYTES,
                                    .request_timeout_ns = 5 * MILLISECOND_NS,
                                    .gap_requests_max = UINT32_MAX};
    struct ll_mold_handler handler = {.context = sim,
                                      .on_message = on_message,
                                      .on_session = on_session,
                                      .on_gap = on_gap,
                                      .on_request = on_request,
                                      .on_bad_packet = on_bad_packet,
                                      .on_end = on_end};
    sim->receiver_memory = malloc(ll_mold_receiver_footprint_bytes(&config));
    ck_assert_ptr_nonnull(sim->receiver_memory);
    sim->receiver = ll_mold_receiver_init(sim->receiver_memory, &config, &handler);
    ck_assert_ptr_nonnull(sim->receiver);
}

/* What the wire holds reaches the receiver; what that leads to, too. */
static void network_run(struct sim *sim)
{
    (void)ll_mold_sender_poll(sim->sender, sim->now_ns);
    for (uint32_t index = 0; index < sim->waiting_count; index++)
        ll_mold_receiver_packet(sim->receiver, sim->waiting[index].line, sim->waiting[index].bytes,
                                sim->waiting[index].bytes_count, sim->now_ns);
    sim->waiting_count = 0;
    ll_mold_receiver_poll(sim->receiver, sim->now_ns);
}

/* --- the exchange --------------------------------------------------------------------------------------- */

static void *memory_get(size_t bytes)
{
    void *memory = NULL;
    ck_assert_uint_gt(bytes, 0);
    ck_assert_int_eq(posix_memalign(&memory, 64, bytes), 0);
    memset(memory, 0xA5, bytes);
    return memory;
}

static struct ll_mold_sender_config sender_config_clean(uint64_t seed)
{
    return (struct ll_mold_sender_config){.seed = seed,
                                          .messages_max = MESSAGES_MAX,
                                          .heartbeat_ns = 20 * MILLISECOND_NS,
                                          .message_bytes_max = LL_ITCH50_MESSAGE_BYTES_MAX,
                                          .held_max = 64,
                                          .line_count = 2,
                                          .packet_bytes_max = {DATAGRAM_BYTES, 200},
                                          .answer_bytes_max = 300,
                                          .session = "DAY0000001"};
}

static struct sim *sim_open(uint64_t seed, const struct ll_mold_sender_config *sender_config)
{
    struct sim *sim = calloc(1, sizeof *sim);
    ck_assert_ptr_nonnull(sim);
    sim->seed = seed;
    sim->now_ns = OPEN_NS;
    ll_prng_init(&sim->prng, seed);
    sim->ticks = 2 + ll_prng_below(&sim->prng, 100);
    struct ll_mold_sender_door door = {sim, on_send, on_answer};
    struct ll_why why = {0};
    size_t bytes = ll_mold_sender_footprint_bytes(sender_config);
    sim->sender_memory = memory_get(bytes);
    int code = ll_mold_sender_init(&sim->sender, sim->sender_memory, bytes, sender_config, &door, &why);
    ck_assert_msg(code == LL_OK, "%s", why.text);
    ll_itch_publisher_init(&sim->publisher, table, INSTRUMENTS, MIDNIGHT_NS, sim->sender);
    struct ll_matching_config config = {.instruments = table,
                                        .instrument_count = INSTRUMENTS,
                                        .orders_max = ORDERS_MAX,
                                        .trades_max = 1000,
                                        .reference_first = 1,
                                        .match_first = 1,
                                        .self_trade = (enum ll_matching_self_trade)(seed % 3),
                                        .replace_keeps_priority = seed % 2 == 0};
    struct ll_matching_handler handler = ll_itch_publisher_handler(&sim->publisher);
    bytes = ll_matching_footprint_bytes(&config);
    sim->matching_memory = memory_get(bytes);
    code = ll_matching_init(&sim->matching, sim->matching_memory, bytes, &config, &handler, 1, &why);
    ck_assert_msg(code == LL_OK, "%s", why.text);
    return sim;
}

static void sim_close(struct sim *sim)
{
    free(sim->receiver_memory);
    free(sim->sender_memory);
    free(sim->matching_memory);
    free(sim);
}

/* --- single requests ------------------------------------------------------------------------------------ */

/* The next message that the test has not looked at yet. */
static union ll_itch50_message next_message(struct sim *sim)
{
    union ll_itch50_message message;
    uint32_t bytes_count = 0;
    CHECK(sim, sim->applied < ll_mold_sender_counters(sim->sender)->messages);
    const uint8_t *bytes = ll_mold_sender_message(sim->sender, ++sim->applied, &bytes_count);
    ck_assert_int_eq(ll_itch50_decode(bytes, bytes_count, &message), LL_OK);
    ck_assert_uint_eq(message.header.timestamp, sim->now_ns - MIDNIGHT_NS);
    return message;
}

/* The types of the messages since the last time, in order. */
static void published(struct sim *sim, const char *types)
{
    char got[64] = {0};
    for (size_t count = 0; sim->applied < ll_mold_sender_counters(sim->sender)->messages; count++) {
        ck_assert_uint_lt(count + 1, sizeof got);
        got[count] = next_message(sim).header.message_type;
    }
    ck_assert_str_eq(got, types);
}

static void enter(struct sim *sim, uint8_t side, uint32_t quantity, uint32_t price, uint32_t flags)
{
    struct ll_matching_enter request = {.instrument = 0,
                                        .quantity = quantity,
                                        .price = price,
                                        .side = side,
                                        .flags = (uint8_t)flags,
                                        .firm = "FIRM"};
    ck_assert_int_eq(ll_matching_enter(sim->matching, &request, sim->now_ns), LL_MATCHING_OK);
}

static void replace(struct sim *sim, uint64_t reference, uint32_t quantity, uint32_t price, uint32_t flags)
{
    struct ll_matching_replace request = {
        .reference = reference, .quantity = quantity, .price = price, .flags = (uint8_t)flags};
    ck_assert_int_eq(ll_matching_replace(sim->matching, &request, sim->now_ns), LL_MATCHING_OK);
}

START_TEST(a_day_opens_and_closes)
{
    struct ll_mold_sender_config config = sender_config_clean(1);
    struct sim *sim = sim_open(1, &config);
    ll_itch_publisher_start_of_day(&sim->publisher, sim->now_ns);
    ck_assert_int_eq(next_message(sim).system_event.event_code, 'O');
    for (uint32_t index = 0; index < INSTRUMENTS; index++) {
        union ll_itch50_message message = next_message(sim);
        ck_assert_int_eq(message.header.message_type, 'R');
        ck_assert_uint_eq(message.stock_directory.stock_locate, table[index].locate);
        ck_assert_mem_eq(message.stock_directory.stock, table[index].symbol, 8);
        ck_assert_uint_eq(message.stock_directory.round_lot_size, table[index].lot);
        ck_assert_int_eq(message.stock_directory.round_lots_only, table[index].lots_only ? 'Y' : 'N');
    }
    for (uint32_t index = 0; index < INSTRUMENTS; index++)
        ck_assert_int_eq(next_message(sim).trading_action.trading_state, 'T');
    ck_assert_int_eq(next_message(sim).system_event.event_code, 'S');
    ck_assert_int_eq(next_message(sim).system_event.event_code, 'Q');
    enter(sim, LL_MATCHING_BUY, 100, 100000, 0);
    ll_matching_end_of_day(sim->matching, sim->now_ns);
    ll_itch_publisher_end_of_day(&sim->publisher, sim->now_ns);
    published(sim, "ADSSS");
    ck_assert(ll_itch_publisher_is_whole(&sim->publisher));
    sim_close(sim);
}
END_TEST

START_TEST(each_event_becomes_its_message)
{
    struct ll_mold_sender_config config = sender_config_clean(1);
    struct sim *sim = sim_open(2, &config); /* 2: replaces may keep their place */
    enter(sim, LL_MATCHING_BUY, 100, 100000, 0);
    union ll_itch50_message message = next_message(sim);
    ck_assert_int_eq(message.add.message_type, 'A');
    ck_assert_uint_eq(message.add.order_reference_number, 1);
    ck_assert_int_eq(message.add.buy_sell_indicator, 'B');
    ck_assert_uint_eq(message.add.shares, 100);
    ck_assert_uint_eq(message.add.price, 100000);
    ck_assert_mem_eq(message.add.stock, "AAPL    ", 8);
    enter(sim, LL_MATCHING_SHORT, 50, 100100, LL_MATCHING_ATTRIBUTED);
    message = next_message(sim);
    ck_assert_int_eq(message.add_mpid.message_type, 'F');
    ck_assert_int_eq(message.add_mpid.buy_sell_indicator, 'S');
    ck_assert_mem_eq(message.add_mpid.attribution, "FIRM", 4);
    enter(sim, LL_MATCHING_SELL, 30, 100000, 0); /* 3, trades with 1 */
    message = next_message(sim);
    ck_assert_int_eq(message.executed.message_type, 'E');
    ck_assert_uint_eq(message.executed.order_reference_number, 1);
    ck_assert_uint_eq(message.executed.executed_shares, 30);
    ck_assert_uint_eq(message.executed.match_number, 1);
    (void)ll_matching_reduce(sim->matching, 1, 60, LL_MATCHING_REASON_USER, sim->now_ns);
    message = next_message(sim);
    ck_assert_int_eq(message.cancel.message_type, 'X');
    ck_assert_uint_eq(message.cancel.cancelled_shares, 10);
    replace(sim, 1, 50, 100000, 0); /* 4 */
    message = next_message(sim);
    ck_assert_int_eq(message.replace.message_type, 'U');
    ck_assert_uint_eq(message.replace.original_order_reference_number, 1);
    ck_assert_uint_eq(message.replace.new_order_reference_number, 4);
    ck_assert_uint_eq(message.replace.shares, 50);
    (void)ll_matching_break_trade(sim->matching, 1, 'E', sim->now_ns);
    message = next_message(sim);
    ck_assert_int_eq(message.broken_trade.message_type, 'B');
    ck_assert_uint_eq(message.broken_trade.match_number, 1);
    (void)ll_matching_halt(sim->matching, 0, "T1  ", sim->now_ns);
    message = next_message(sim);
    ck_assert_int_eq(message.trading_action.trading_state, 'H');
    ck_assert_mem_eq(message.trading_action.reason, "T1  ", 4);
    (void)ll_matching_resume(sim->matching, 0, "T3  ", sim->now_ns);
    ck_assert_int_eq(next_message(sim).trading_action.trading_state, 'T');
    (void)ll_matching_cancel(sim->matching, 4, LL_MATCHING_REASON_USER, sim->now_ns);
    message = next_message(sim);
    ck_assert_int_eq(message.delete.message_type, 'D');
    ck_assert_uint_eq(message.delete.order_reference_number, 4);
    published(sim, "");
    sim_close(sim);
}
END_TEST

START_TEST(hidden_orders_show_only_as_trades)
{
    struct ll_mold_sender_config config = sender_config_clean(1);
    struct sim *sim = sim_open(1, &config);
    enter(sim, LL_MATCHING_BUY, 100, 100000, LL_MATCHING_HIDDEN); /* 1 */
    replace(sim, 1, 90, 99900, LL_MATCHING_HIDDEN);               /* 2 */
    (void)ll_matching_reduce(sim->matching, 2, 80, LL_MATCHING_REASON_USER, sim->now_ns);
    published(sim, "");
    enter(sim, LL_MATCHING_SELL, 30, 99900, 0); /* 3 */
    union ll_itch50_message message = next_message(sim);
    ck_assert_int_eq(message.trade.message_type, 'P');
    ck_assert_uint_eq(message.trade.order_reference_number, 0);
    ck_assert_int_eq(message.trade.buy_sell_indicator, 'B');
    ck_assert_uint_eq(message.trade.shares, 30);
    ck_assert_uint_eq(message.trade.price, 99900);
    ck_assert_uint_eq(message.trade.match_number, 1);
    replace(sim, 2, 50, 99900, 0); /* 4, to the light */
    published(sim, "A");
    replace(sim, 4, 50, 99900, LL_MATCHING_HIDDEN); /* 5, and back */
    published(sim, "D");
    (void)ll_matching_cancel(sim->matching, 5, LL_MATCHING_REASON_USER, sim->now_ns);
    published(sim, "");
    sim_close(sim);
}
END_TEST

START_TEST(a_replace_that_does_not_simply_rest_is_a_delete)
{
    struct ll_mold_sender_config config = sender_config_clean(1);
    struct sim *sim = sim_open(1, &config);
    enter(sim, LL_MATCHING_SELL, 10, 100100, 0); /* 1 */
    enter(sim, LL_MATCHING_BUY, 10, 100000, 0);  /* 2 */
    published(sim, "AA");
    replace(sim, 2, 15, 100100, 0); /* 3: takes 1, rests with 5 */
    published(sim, "DEA");
    replace(sim, 3, 5, 100100, LL_MATCHING_ATTRIBUTED); /* 4: another kind of add */
    published(sim, "DF");
    replace(sim, 4, 5, 100000, LL_MATCHING_ATTRIBUTED); /* 5 */
    published(sim, "U");
    replace(sim, 5, 5, 0, LL_MATCHING_MARKET); /* 6: finds nothing */
    published(sim, "D");
    sim_close(sim);
}
END_TEST

/* The engine's trades have the maker's price; a price improvement would look like this. */
START_TEST(another_price_than_the_orders_is_told)
{
    struct ll_mold_sender_config config = sender_config_clean(1);
    struct sim *sim = sim_open(1, &config);
    struct ll_matching_executed event = {
        .order = {.reference = 9, .price = 100000, .booked = true, .quantity = 5},
        .match_number = 3,
        .price = 100050,
        .quantity = 10,
        .now_ns = sim->now_ns};
    struct ll_matching_handler handler = ll_itch_publisher_handler(&sim->publisher);
    handler.executed(handler.context, &event);
    union ll_itch50_message message = next_message(sim);
    ck_assert_int_eq(message.executed_price.message_type, 'C');
    ck_assert_uint_eq(message.executed_price.order_reference_number, 9);
    ck_assert_uint_eq(message.executed_price.executed_shares, 10);
    ck_assert_uint_eq(message.executed_price.match_number, 3);
    ck_assert_int_eq(message.executed_price.printable, 'Y');
    ck_assert_uint_eq(message.executed_price.execution_price, 100050);
    sim_close(sim);
}
END_TEST

START_TEST(a_full_store_is_seen)
{
    struct ll_mold_sender_config config = sender_config_clean(1);
    config.messages_max = 2;
    struct sim *sim = sim_open(1, &config);
    enter(sim, LL_MATCHING_BUY, 10, 100000, 0);
    enter(sim, LL_MATCHING_BUY, 10, 100000, 0);
    ck_assert(ll_itch_publisher_is_whole(&sim->publisher));
    enter(sim, LL_MATCHING_BUY, 10, 100000, 0);
    ck_assert(!ll_itch_publisher_is_whole(&sim->publisher));
    ck_assert_uint_eq(ll_mold_sender_counters(sim->sender)->messages_refused, 1);
    sim_close(sim);
}
END_TEST

/* --- random days ---------------------------------------------------------------------------------------- */

static uint64_t draw_reference(struct sim *sim)
{
    const struct ll_matching_counters *counters = ll_matching_counters(sim->matching);
    uint64_t used = counters->entered + counters->replaced;
    uint64_t span = used < 400 ? used : 400;
    return span == 0 ? 1 : used - ll_prng_below(&sim->prng, (uint32_t)span);
}

static uint8_t draw_flags(struct sim *sim)
{
    static const uint8_t flags[] = {
        0, 0, 0, LL_MATCHING_HIDDEN, LL_MATCHING_ATTRIBUTED, LL_MATCHING_POST_ONLY, LL_MATCHING_MARKET};
    return flags[ll_prng_below(&sim->prng, sizeof flags)];
}

static uint32_t draw_price(struct sim *sim, uint8_t flags)
{
    return (flags & LL_MATCHING_MARKET) != 0 ? 0 : 99000 + 100 * ll_prng_below(&sim->prng, sim->ticks);
}

static void step_enter(struct sim *sim)
{
    struct ll_matching_enter request = {.group = ll_prng_below(&sim->prng, 6),
                                        .instrument = ll_prng_below(&sim->prng, INSTRUMENTS),
                                        .quantity = 10 * (1 + ll_prng_below(&sim->prng, 30)),
                                        .side = (uint8_t)ll_prng_below(&sim->prng, 2),
                                        .flags = draw_flags(sim),
                                        .firm = "ABCD"};
    request.price = draw_price(sim, request.flags);
    if (request.flags != LL_MATCHING_POST_ONLY && ll_prng_chance(&sim->prng, 100))
        request.time_in_force = LL_MATCHING_IOC;
    (void)ll_matching_enter(sim->matching, &request, sim->now_ns);
}

static void step(struct sim *sim)
{
    uint32_t choice = ll_prng_below(&sim->prng, 1000);
    sim->now_ns += ll_prng_below(&sim->prng, (uint32_t)MILLISECOND_NS);
    if (choice < 550) {
        step_enter(sim);
    } else if (choice < 750) {
        struct ll_matching_replace request = {.reference = draw_reference(sim),
                                              .quantity = 10 * (1 + ll_prng_below(&sim->prng, 30)),
                                              .flags = draw_flags(sim)};
        request.price = draw_price(sim, request.flags);
        (void)ll_matching_replace(sim->matching, &request, sim->now_ns);
    } else if (choice < 950) {
        (void)ll_matching_reduce(sim->matching, draw_reference(sim), ll_prng_below(&sim->prng, 2) * 50,
                                 LL_MATCHING_REASON_USER, sim->now_ns);
    } else if (choice < 970) {
        (void)ll_matching_break_trade(sim->matching, 1 + ll_prng_below(&sim->prng, 500), 'E', sim->now_ns);
    } else if (choice < 975) {
        (void)ll_matching_halt(sim->matching, ll_prng_below(&sim->prng, INSTRUMENTS), "T1  ", sim->now_ns);
    } else {
        (void)ll_matching_resume(sim->matching, ll_prng_below(&sim->prng, INSTRUMENTS), "T3  ", sim->now_ns);
    }
}

/* The messages since the last time go into both books, one by one. */
static void feed_apply(struct sim *sim)
{
    char text[LL_BOOK_PAIR_TEXT_BYTES];
    while (sim->applied < ll_mold_sender_counters(sim->sender)->messages) {
        uint32_t bytes_count = 0;
        struct ll_update update;
        struct ll_result result;
        const uint8_t *bytes = ll_mold_sender_message(sim->sender, ++sim->applied, &bytes_count);
        CHECK(sim, ll_itch50_update(bytes, bytes_count, sim->applied, &update) == LL_VERDICT_OK);
        ll_book_pair_run(&sim->pair, &update, &result, 1, 1);
        if (!ll_book_pair_expect(&sim->pair, &update, &result, text))
            ck_abort_msg("%s; replay: LL_SEED=%" PRIu64, text, sim->seed);
        CHECK(sim, result.verdict == LL_VERDICT_OK);
        sim->by_type[bytes[0]]++;
        struct ll_naive_level bid;
        struct ll_naive_level ask;
        ll_naive_book_best(sim->pair.naive, (uint16_t)update.book, &bid, &ask);
        CHECK(sim, bid.order_count == 0 || ask.order_count == 0 || bid.price < ask.price);
    }
}

static void check_side(struct sim *sim, uint32_t instrument, enum ll_matching_side side)
{
    struct ll_matching_level levels[LEVELS_MAX];
    struct ll_naive_level naive[LEVELS_MAX];
    uint32_t count = ll_matching_levels(sim->matching, instrument, side, levels, LEVELS_MAX);
    size_t naive_count =
        ll_naive_book_levels(sim->pair.naive, table[instrument].locate,
                             side == LL_MATCHING_BUY ? LL_NAIVE_BUY : LL_NAIVE_SELL, naive, LEVELS_MAX);
    size_t displayed = 0;
    for (uint32_t index = 0; index < count; index++) {
        if (levels[index].orders_displayed == 0)
            continue;
        CHECK(sim, displayed < naive_count);
        CHECK(sim, naive[displayed].price == levels[index].price);
        CHECK(sim, naive[displayed].quantity == levels[index].quantity_displayed);
        CHECK(sim, naive[displayed].order_count == levels[index].orders_displayed);
        displayed++;
    }
    CHECK(sim, displayed == naive_count);
}

static void check_book(struct sim *sim)
{
    feed_apply(sim);
    for (uint32_t instrument = 0; instrument < INSTRUMENTS; instrument++) {
        check_side(sim, instrument, LL_MATCHING_BUY);
        check_side(sim, instrument, LL_MATCHING_SELL);
    }
}

static void check_orders(struct sim *sim)
{
    struct ll_naive_order orders[ORDERS_MAX];
    struct ll_matching_order order;
    char text[LL_BOOK_PAIR_TEXT_BYTES];
    size_t count = ll_naive_book_live_orders(sim->pair.naive, orders, ORDERS_MAX);
    CHECK(sim, count <= ORDERS_MAX);
    for (size_t index = 0; index < count; index++) {
        CHECK(sim, ll_matching_find(sim->matching, orders[index].reference, &order));
        CHECK(sim, order.quantity == orders[index].quantity);
        CHECK(sim, order.price == orders[index].price);
        CHECK(sim, (order.flags & LL_MATCHING_HIDDEN) == 0);
    }
    if (!ll_book_pair_compare_all(&sim->pair, text))
        ck_abort_msg("%s; replay: LL_SEED=%" PRIu64, text, sim->seed);
}

static void one_book_day(uint64_t seed)
{
    struct ll_mold_sender_config sender_config = sender_config_clean(seed);
    struct ll_book_pair_config pair_config = {.bucket_count = 256,
                                              .overflow_count = 512,
                                              .leaf_pool_count = 256,
                                              .inner_pool_count = 256,
                                              .book_count = 8};
    struct sim *sim = sim_open(seed, &sender_config);
    ll_book_pair_init(&sim->pair, &pair_config, true);
    ll_itch_publisher_start_of_day(&sim->publisher, sim->now_ns);
    for (uint32_t count = 0; count < 5000; count++) {
        step(sim);
        check_book(sim);
        if (count % 250 == 0)
            check_orders(sim);
    }
    ll_matching_end_of_day(sim->matching, sim->now_ns);
    check_book(sim);
    CHECK(sim, ll_naive_book_live_count(sim->pair.naive) == 0);
    ll_itch_publisher_end_of_day(&sim->publisher, sim->now_ns);
    check_book(sim);
    for (const char *type = "SRHAFEXDUPB"; *type != '\0'; type++)
        CHECK(sim, sim->by_type[(uint8_t)*type] > 0);
    CHECK(sim, ll_itch_publisher_is_whole(&sim->publisher));
    ll_book_pair_deinit(&sim->pair);
    sim_close(sim);
}

START_TEST(the_feed_rebuilds_the_displayed_book)
{
    uint64_t seed = ll_test_seed("the_feed_rebuilds_the_displayed_book");
    for (uint64_t each = seed; each < seed + SEEDS_PER_CASE; each++)
        one_book_day(each);
}
END_TEST

/* How bad the network is: nothing; each fault alone; all; one line dead. */
static const struct ll_mold_sender_faults line_faults[][LL_MOLD_SENDER_LINES_MAX] = {
    {{0}, {0}},
    {{.loss_per_mille = 300}, {.loss_per_mille = 300}},
    {{.duplicate_per_mille = 300}, {.duplicate_per_mille = 300}},
    {{.reorder_per_mille = 300}, {.reorder_per_mille = 300}},
    {{.delay_per_mille = 300, .delay_ns_max = 8 * MILLISECOND_NS},
     {.delay_per_mille = 300, .delay_ns_max = 3 * MILLISECOND_NS}},
    {{.loss_per_mille = 200,
      .delay_per_mille = 100,
      .reorder_per_mille = 100,
      .duplicate_per_mille = 100,
      .delay_ns_max = 8 * MILLISECOND_NS},
     {.loss_per_mille = 300,
      .delay_per_mille = 50,
      .reorder_per_mille = 200,
      .duplicate_per_mille = 50,
      .delay_ns_max = 20 * MILLISECOND_NS}},
    {{.loss_per_mille = 1000}, {.loss_per_mille = 400}},
};

static void one_network_day(uint64_t seed,
                            const struct ll_mold_sender_faults faults[LL_MOLD_SENDER_LINES_MAX])
{
    struct ll_mold_sender_config config = sender_config_clean(seed);
    memcpy(config.faults, faults, sizeof config.faults);
    config.server_faults = (struct ll_mold_sender_server_faults){300, 300, 12 * MILLISECOND_NS};
    struct sim *sim = sim_open(seed, &config);
    receiver_open(sim);
    ll_itch_publisher_start_of_day(&sim->publisher, sim->now_ns);
    for (uint32_t count = 0; count < 3000; count++) {
        step(sim);
        if (ll_prng_chance(&sim->prng, 700)) /* else a packet of more messages */
            network_run(sim);
    }
    ll_matching_end_of_day(sim->matching, sim->now_ns);
    ll_itch_publisher_end_of_day(&sim->publisher, sim->now_ns);
    for (uint32_t round = 0; round < HEAL_ROUNDS_MAX && !sim->ended; round++) {
        sim->now_ns += MILLISECOND_NS;
        network_run(sim);
    }
    const struct ll_mold_sender_counters *counters = ll_mold_sender_counters(sim->sender);
    CHECK(sim, sim->ended);
    CHECK(sim, sim->delivered == counters->messages);
    for (uint32_t line = 0; line < LL_MOLD_SENDER_LINES_MAX; line++) {
        CHECK(sim, (counters->line[line].lost > 0) == (faults[line].loss_per_mille > 0));
        CHECK(sim, (counters->line[line].delayed > 0) == (faults[line].delay_per_mille > 0));
        CHECK(sim, (counters->line[line].reordered > 0) == (faults[line].reorder_per_mille > 0));
        CHECK(sim, (counters->line[line].duplicated > 0) == (faults[line].duplicate_per_mille > 0));
    }
    if (faults[0].loss_per_mille > 0 && faults[1].loss_per_mille > 0) {
        CHECK(sim, counters->requests[LL_MOLD_REQUEST_ANSWERED] > 0);
        CHECK(sim, counters->requests[LL_MOLD_REQUEST_LATE] > 0);
        CHECK(sim, counters->requests[LL_MOLD_REQUEST_SILENT] > 0);
    }
    sim_close(sim);
}

START_TEST(a_bad_network_loses_nothing)
{
    uint64_t seed = ll_test_seed("a_bad_network_loses_nothing");
    for (uint64_t each = seed; each < seed + SEEDS_PER_CASE; each++)
        one_network_day(each, line_faults[_i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("itch_publisher");
    TCase *messages = tcase_create("messages");
    tcase_add_test(messages, a_day_opens_and_closes);
    tcase_add_test(messages, each_event_becomes_its_message);
    tcase_add_test(messages, hidden_orders_show_only_as_trades);
    tcase_add_test(messages, a_replace_that_does_not_simply_rest_is_a_delete);
    tcase_add_test(messages, another_price_than_the_orders_is_told);
    tcase_add_test(messages, a_full_store_is_seen);
    suite_add_tcase(suite, messages);
    TCase *random = tcase_create("random");
    tcase_set_timeout(random, 120);
    tcase_add_test(random, the_feed_rebuilds_the_displayed_book);
    tcase_add_loop_test(random, a_bad_network_loses_nothing, 0,
                        (int)(sizeof line_faults / sizeof line_faults[0]));
    suite_add_tcase(suite, random);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
