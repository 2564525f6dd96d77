/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a feed that carries a copy of the execution reports finds the orders they are of; what it repeats is booked
 * once, what nobody knows is kept by name, and a restart at any datagram, in order or by a power cut, ends in the same
 * money and the same orders.
 * Method: a gateway with own orders that were placed and accepted through session 0, OUCH 5.0 in MoldUDP64 packets made
 * here, a simulated disk behind the journal; also through a DPDK ring port. Holdings are compared with the sums of what
 * was executed, counted by hand; states with those of a run that was not interrupted.
 */
#include "tests/unit/ll_test_eal.h"
#include "tests/unit/ll_test_seed.h"

#include "host/app/ll_gateway.h"
#include "host/app/ll_mold_framer.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"
#include "host/exchange/ll_own_orders.h"
#include "host/journal/ll_journal_reader.h"
#include "host/wire/ll_moldudp64.h"
#include "host/wire/ll_ouch50.h"
#include "tests/model/ll_sim_disk.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ORDERS       40u
#define LOTS         100u
#define SESSION      "REPORTS001"
#define DIR_NAME     "/journal"
#define START_NS     (1700000000 * LL_NS_PER_S)
#define FEED_NS      (START_NS + 3600 * LL_NS_PER_S)
#define PACKET_BYTES 1400u
#define PACKETS_MAX  400u

struct packet {
    uint32_t bytes_count;
    uint8_t bytes[PACKET_BYTES];
};

struct fixture {
    struct ll_sim_disk *disk;
    struct ll_trading_config trading;
    struct ll_gateway_config config;
    struct ll_gateway *gateway;
    struct ll_own_orders own;
    struct ll_moldudp64_builder builder;
    struct packet packet; /* the one being built */
    uint64_t now_ns;
};

/* --- A gateway with own orders --------------------------------------------------------------------------- */

static void flush_own(void *context, uint64_t now_ns)
{
    (void)ll_gateway_trade(context, now_ns);
}

static void open_gateway(struct fixture *fixture)
{
    struct ll_why why = {0};
    ck_assert_msg(ll_gateway_open(&fixture->gateway, &fixture->config, &why) == LL_OK, "%s", why.text);
}

static void setup(struct fixture *fixture, uint8_t protocol)
{
    struct ll_why why = {0};
    memset(fixture, 0, sizeof *fixture);
    fixture->disk = ll_sim_disk_new();
    fixture->now_ns = FEED_NS;
    ll_trading_config_default(&fixture->trading);
    fixture->trading.oms.orders = 64;
    fixture->trading.oms.ids = 4096;
    fixture->trading.oms.names = 4;
    fixture->trading.oms.instruments = 16;
    fixture->trading.oms.accounts = 128;
    fixture->trading.feed_protocol = protocol;
    ll_gateway_config_default(&fixture->config);
    fixture->config.trading = &fixture->trading;
    fixture->config.device.book = (struct ll_book_config){.orders = 64, .levels = 64, .books = 4};
    fixture->config.mold.start_sequence = 1;
    fixture->config.journal.dir = DIR_NAME;
    fixture->config.journal.files = ll_sim_disk_files(fixture->disk);
    fixture->config.journal.segment_bytes = LL_JOURNAL_SEGMENT_BYTES_MIN;
    fixture->config.journal.ring_slots = 1024;
    fixture->config.resume = true;
    open_gateway(fixture);
    ck_assert_int_eq(ll_trading_start(ll_gateway_trading(fixture->gateway), START_NS, &why), LL_OK);
    fixture->own = (struct ll_own_orders){.oms = ll_trading_oms(ll_gateway_trading(fixture->gateway)),
                                          .flush = flush_own,
                                          .context = fixture->gateway,
                                          .now_ns = START_NS,
                                          .symbol_count = 8,
                                          .lots = LOTS};
    ck_assert_msg(ll_own_orders_begin(&fixture->own, &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_own_orders_until(&fixture->own, ORDERS, &why) == LL_OK, "%s", why.text);
    ll_gateway_drain(fixture->gateway);
}

static void check_gateway(const struct fixture *fixture)
{
    struct ll_why why = {0};
    ck_assert_msg(ll_gateway_status(fixture->gateway, &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_trading_check(ll_gateway_trading(fixture->gateway), &why) == LL_OK, "%s", why.text);
}

static uint64_t hash_of(const struct fixture *fixture)
{
    return ll_trading_hash(ll_gateway_trading(fixture->gateway));
}

static void close_gateway(struct fixture *fixture)
{
    struct ll_why why = {0};
    ll_gateway_drain(fixture->gateway);
    check_gateway(fixture);
    ck_assert_msg(ll_gateway_close(fixture->gateway, &why) == LL_OK, "%s", why.text);
    fixture->gateway = NULL;
}

static void teardown(struct fixture *fixture)
{
    (void)ll_gateway_close(fixture->gateway, NULL);
    ll_sim_disk_free(fixture->disk);
}

static const struct ll_oms *oms_of(const struct fixture *fixture)
{
    return ll_trading_oms(ll_gateway_trading(fixture->gateway));
}

static struct ll_oms_view order_of(const struct fixture *fixture, uint32_t order)
{
    struct ll_oms_view view;
    ll_oms_order(oms_of(fixture), order, &view);
    return view;
}

/* --- What the feed says ----------------------------------------------------------------------------------- */

static void packet_begin(struct fixture *fixture, uint64_t sequence)
{
    ll_moldudp64_begin(&fixture->builder, fixture->packet.bytes, PACKET_BYTES, SESSION, sequence);
}

static void packet_add(struct fixture *fixture, const uint8_t *message, uint32_t bytes_count)
{
    ck_assert_int_eq(ll_moldudp64_add(&fixture->builder, message, bytes_count), LL_OK);
}

static void packet_executed(struct fixture *fixture, uint32_t order, uint32_t lots, uint64_t match)
{
    uint8_t message[LL_OWN_EXECUTED_BYTES];
    packet_add(fixture, message, ll_own_executed(message, ll_own_number(order), lots, match));
}

static void send_bytes(struct fixture *fixture, const struct packet *packet)
{
    fixture->now_ns += LL_NS_PER_MS;
    ll_gateway_datagram(fixture->gateway, 0, packet->bytes, packet->bytes_count, 0, fixture->now_ns);
}

static void packet_send(struct fixture *fixture)
{
    fixture->packet.bytes_count = ll_moldudp64_end(&fixture->builder);
    send_bytes(fixture, &fixture->packet);
    (void)ll_gateway_trade(fixture->gateway, fixture->now_ns);
}

static void send_header(struct fixture *fixture, uint64_t sequence, uint16_t count)
{
    ll_moldudp64_write_header(fixture->packet.bytes, SESSION, sequence, count);
    fixture->packet.bytes_count = LL_MOLDUDP64_HEADER_BYTES;
    send_bytes(fixture, &fixture->packet);
    (void)ll_gateway_trade(fixture->gateway, fixture->now_ns);
}

/* Records of a kind in the journal, and of those the ones with this verdict (any: 0xff). */
static uint32_t count_records(const struct fixture *fixture, uint8_t kind, uint8_t verdict)
{
    struct ll_journal_reader *reader;
    struct ll_journal_record record;
    struct ll_why why = {0};
    uint32_t count = 0;
    ck_assert_int_eq(ll_journal_reader_open_files(&reader, DIR_NAME, ll_sim_disk_files(fixture->disk), &why),
                     LL_OK);
    while (ll_journal_reader_next(reader, &record, &why) == LL_OK)
        count += record.kind == kind && (verdict == 0xff || record.verdict == verdict);
    ll_journal_reader_close(reader);
    return count;
}

/* --- Tests ------------------------------------------------------------------------------------------------ */

/* Executions are booked once, whoever tells them first; the rest is known or unknown, and changes nothing. */
START_TEST(reports_reach_their_orders)
{
    static struct fixture fixture;
    uint8_t message[64] = {0};
    setup(&fixture, LL_PROTOCOL_OUCH50);
    const struct ll_oms_counters *counters = ll_oms_counters(oms_of(&fixture));
    uint64_t reports = counters->reports;
    ck_assert_int_eq(order_of(&fixture, 3).state, LL_ORDER_NEW);
    packet_begin(&fixture, 1);
    packet_executed(&fixture, 3, 40, 1001);
    packet_executed(&fixture, 3, 60, 1002);
    packet_executed(&fixture, 4, 10, 1003);
    packet_executed(&fixture, 4, 10, 1003);    /* again */
    packet_executed(&fixture, 90000, 7, 1004); /* nobody's */
    memset(message, 0, sizeof message);
    message[0] = LL_OUCH50_TYPE_CANCELED;
    ll_store_be32(message + LL_OUCH50_OFFSET_CANCELED_user_ref_num, ll_own_number(5));
    ll_store_be32(message + LL_OUCH50_OFFSET_CANCELED_quantity, 30);
    message[LL_OUCH50_OFFSET_CANCELED_reason] = 'U';
    packet_add(&fixture, message, LL_OUCH50_BYTES_CANCELED);
    packet_add(&fixture, message, 7); /* cut */
    packet_add(&fixture, message, 0); /* empty */
    packet_send(&fixture);
    ck_assert_uint_eq(counters->reports, reports + 8);
    ck_assert_uint_eq(counters->fills, 3);
    ck_assert_uint_eq(counters->suspended, 1);
    ck_assert_uint_eq(counters->bad_reports, 2);
    ck_assert_uint_eq(counters->verdicts[LL_VERDICT_DUPLICATE], 1);
    ck_assert_uint_eq(counters->verdicts[LL_VERDICT_UNKNOWN_ID], 1);
    ck_assert_int_eq(order_of(&fixture, 3).state, LL_ORDER_FILLED);
    ck_assert_uint_eq(order_of(&fixture, 4).cumulative, 10);
    ck_assert_uint_eq(order_of(&fixture, 5).leaves, LOTS);
    ck_assert(!ll_oms_is_open(oms_of(&fixture), LL_TRADING_FEED_SESSION));
    ck_assert(ll_oms_is_open(oms_of(&fixture), 0));
    close_gateway(&fixture);
    ck_assert_uint_eq(count_records(&fixture, LL_RECORD_REPORT, LL_VERDICT_UNKNOWN_ID), 1);
    ck_assert_uint_eq(count_records(&fixture, LL_RECORD_FEED, 0xff), 0);
    teardown(&fixture);
}
END_TEST

/* The session tells what the copy has told already, and the other way round. */
START_TEST(each_way_may_be_the_first)
{
    static struct fixture fixture;
    uint8_t message[LL_OWN_EXECUTED_BYTES];
    setup(&fixture, LL_PROTOCOL_OUCH50);
    struct ll_oms *oms = ll_trading_oms(ll_gateway_trading(fixture.gateway));
    packet_begin(&fixture, 1);
    packet_executed(&fixture, 1, 100, 1);
    packet_send(&fixture);
    for (uint32_t order = 1; order <= 2; order++) {
        uint32_t bytes = ll_own_executed(message, ll_own_number(order), 100, order);
        ll_oms_report(oms, 0, message, bytes, fixture.now_ns);
    }
    (void)ll_gateway_trade(fixture.gateway, fixture.now_ns);
    packet_begin(&fixture, 2);
    packet_executed(&fixture, 2, 100, 2);
    packet_send(&fixture);
    ck_assert_uint_eq(ll_oms_counters(oms)->fills, 2);
    ck_assert_int_eq(order_of(&fixture, 1).state, LL_ORDER_FILLED);
    ck_assert_int_eq(order_of(&fixture, 2).state, LL_ORDER_FILLED);
    close_gateway(&fixture);
    teardown(&fixture);
}
END_TEST

/* Lost messages and the end are records of the feed's session, and it goes on behind them. */
START_TEST(gaps_and_the_end_are_kept)
{
    static struct fixture fixture;
    char name[LL_MOLDUDP64_SESSION_BYTES];
    setup(&fixture, LL_PROTOCOL_OUCH50);
    packet_begin(&fixture, 1);
    packet_executed(&fixture, 1, 10, 1);
    packet_send(&fixture);
    packet_begin(&fixture, 5); /* 2 to 4 never come */
    packet_executed(&fixture, 2, 10, 5);
    packet_send(&fixture);
    ck_assert_uint_eq(ll_gateway_feed_place(fixture.gateway, name), 2);
    fixture.now_ns += 6 * LL_NS_PER_S;
    ll_gateway_poll(fixture.gateway, fixture.now_ns);
    ll_gateway_flush(fixture.gateway);
    ck_assert_uint_eq(ll_gateway_feed_place(fixture.gateway, name), 6);
    ck_assert_mem_eq(name, SESSION, sizeof name);
    ck_assert_uint_eq(order_of(&fixture, 2).cumulative, 10);
    fixture.packet.bytes_count = 5; /* no packet at all */
    send_bytes(&fixture, &fixture.packet);
    send_header(&fixture, 6, LL_MOLDUDP64_COUNT_END);
    ck_assert(ll_gateway_feed_ended(fixture.gateway));
    uint64_t hash = hash_of(&fixture);
    close_gateway(&fixture);
    uint32_t links = count_records(&fixture, LL_RECORD_LINK, 0xff);
    ck_assert_uint_eq(count_records(&fixture, LL_RECORD_BAD_PACKET, 0xff), 1);
    open_gateway(&fixture); /* an end is an end, also when the same is read again */
    ck_assert_uint_eq(hash_of(&fixture), hash);
    ck_assert(ll_gateway_feed_ended(fixture.gateway));
    packet_begin(&fixture, 1);
    packet_executed(&fixture, 1, 10, 1);
    packet_send(&fixture);
    send_header(&fixture, 6, LL_MOLDUDP64_COUNT_END);
    ck_assert_uint_eq(hash_of(&fixture), hash);
    close_gateway(&fixture);
    ck_assert_uint_eq(count_records(&fixture, LL_RECORD_LINK, 0xff), links);
    teardown(&fixture);
}
END_TEST

/* --- Restarts --------------------------------------------------------------------------------------------- */

struct feed {
    uint32_t count;
    uint64_t now_ns[PACKETS_MAX];
    struct packet packets[PACKETS_MAX];
};

/* Random executions of known and unknown orders, repeats, and what changes nothing; some packets are lost. */
static void make_feed(struct feed *feed, uint64_t seed)
{
    uint8_t message[LL_OWN_EXECUTED_BYTES];
    struct ll_prng prng;
    uint64_t sequence = 1;
    ll_prng_init(&prng, seed);
    feed->count = 0;
    while (feed->count < 150) {
        struct packet *packet = &feed->packets[feed->count];
        struct ll_moldudp64_builder builder;
        ll_moldudp64_begin(&builder, packet->bytes, PACKET_BYTES, SESSION, sequence);
        for (uint32_t i = ll_prng_below(&prng, 30); i > 0; i--) {
            uint32_t order = ll_prng_below(&prng, ORDERS + 2);
            uint32_t bytes = ll_own_executed(message, ll_own_number(order), 1 + ll_prng_below(&prng, 3),
                                             ll_prng_below(&prng, 3000));
            if (ll_prng_chance(&prng, 30))
                bytes -= 3 + ll_prng_below(&prng, 20);
            ck_assert_int_eq(ll_moldudp64_add(&builder, message, bytes), LL_OK);
            sequence++;
        }
        packet->bytes_count = ll_moldudp64_end(&builder);
        feed->now_ns[feed->count] = FEED_NS + feed->count * (LL_NS_PER_S / 4);
        feed->count += !ll_prng_chance(&prng, 60);
    }
}

static void run_feed(struct fixture *fixture, const struct feed *feed, uint32_t count, uint32_t burst)
{
    for (uint32_t i = 0; i < count; i++) {
        ll_gateway_datagram(fixture->gateway, 0, feed->packets[i].bytes, feed->packets[i].bytes_count, 0,
                            feed->now_ns[i]);
        ll_gateway_poll(fixture->gateway, feed->now_ns[i]);
        if (i % burst == burst - 1)
            (void)ll_gateway_trade(fixture->gateway, feed->now_ns[i]);
    }
}

/* What the accounts hold is what was booked, however often it was restarted. */
static uint64_t finish(struct fixture *fixture, const struct feed *feed)
{
    ll_gateway_finish(fixture->gateway, feed->now_ns[feed->count - 1] + 60 * LL_NS_PER_S);
    check_gateway(fixture);
    return ll_own_orders_sum(oms_of(fixture));
}

START_TEST(a_restart_at_any_datagram)
{
    static struct fixture fixture;
    static struct feed feed;
    uint64_t seed = ll_test_seed("a_restart_at_any_datagram") + (uint64_t)_i;
    struct ll_prng prng;
    make_feed(&feed, seed);
    setup(&fixture, LL_PROTOCOL_OUCH50);
    run_feed(&fixture, &feed, feed.count, 16);
    uint64_t wanted = finish(&fixture, &feed);
    uint64_t fills = ll_oms_counters(oms_of(&fixture))->fills;
    ck_assert_uint_gt(fills, 50);
    ck_assert_uint_gt(ll_oms_counters(oms_of(&fixture))->suspended, 0);
    close_gateway(&fixture);
    uint32_t records = count_records(&fixture, LL_RECORD_REPORT, 0xff);
    teardown(&fixture);
    ll_prng_init(&prng, seed);
    setup(&fixture, LL_PROTOCOL_OUCH50);
    for (uint32_t turn = 0; turn < 4; turn++) {
        run_feed(&fixture, &feed, ll_prng_below(&prng, feed.count), 1 + ll_prng_below(&prng, 20));
        if (turn % 2 == 0) {
            ll_gateway_drain(fixture.gateway);
            uint64_t hash = hash_of(&fixture);
            close_gateway(&fixture);
            open_gateway(&fixture);
            ck_assert_uint_eq(hash_of(&fixture), hash);
        } else {
            ll_sim_disk_plan_cut(fixture.disk, 1 + ll_prng_below(&prng, 6));
            run_feed(&fixture, &feed, feed.count, 3);
            (void)ll_gateway_close(fixture.gateway, NULL);
            ll_sim_disk_power_cut(fixture.disk, seed + turn);
            open_gateway(&fixture);
        }
    }
    run_feed(&fixture, &feed, feed.count, 7);
    ck_assert_uint_eq(finish(&fixture, &feed), wanted);
    ck_assert_uint_eq(ll_oms_counters(oms_of(&fixture))->fills, fills);
    close_gateway(&fixture);
    ck_assert_uint_eq(count_records(&fixture, LL_RECORD_REPORT, 0xff), records);
    teardown(&fixture);
}
END_TEST

/* A replay ends in the same state, wherever the run's batches ended. */
START_TEST(a_replay_ends_the_same)
{
    static struct fixture fixture;
    struct ll_prng prng;
    uint8_t message[LL_OWN_ACCEPTED_BYTES];
    struct ll_why why = {0};
    ll_prng_init(&prng, ll_test_seed("a_replay_ends_the_same") + (uint64_t)_i);
    setup(&fixture, LL_PROTOCOL_OUCH50);
    struct ll_oms *oms = fixture.own.oms;
    for (uint32_t order = ORDERS; order < ORDERS + 20; order++)
        ck_assert_int_eq(ll_own_orders_place(&fixture.own, &why), LL_OK);
    (void)ll_gateway_trade(fixture.gateway, fixture.own.now_ns);
    for (uint32_t order = ORDERS; order < ORDERS + 20; order++) {
        uint32_t bytes = ll_own_accepted(message, order, LOTS);
        if (ll_prng_chance(&prng, 800))
            ll_oms_report(oms, 0, message, bytes, fixture.own.now_ns);
        bytes = ll_own_executed(message, ll_own_number(order), 10, order + 1);
        ll_oms_report(oms, 0, message, bytes, fixture.own.now_ns);
        if (ll_prng_chance(&prng, 200) || !ll_oms_room(oms))
            (void)ll_gateway_trade(fixture.gateway, fixture.own.now_ns);
    }
    (void)ll_gateway_trade(fixture.gateway, fixture.own.now_ns);
    uint64_t hash = hash_of(&fixture);
    close_gateway(&fixture);
    open_gateway(&fixture);
    ck_assert_uint_eq(hash_of(&fixture), hash);
    close_gateway(&fixture);
    teardown(&fixture);
}
END_TEST

/* --- Through a port --------------------------------------------------------------------------------------- */

START_TEST(reports_come_through_a_port)
{
    static struct fixture fixture;
    struct ll_port *port = NULL;
    struct ll_mold_framer framer;
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    struct ll_why why = {0};
    uint8_t message[LL_OWN_EXECUTED_BYTES];
    uint32_t count;
    setup(&fixture, LL_PROTOCOL_OUCH50);
    ck_assert_msg(ll_port_open(&port, "ring:", NULL, 0, &why) == LL_OK, "%s", why.text);
    ll_mold_framer_init(&framer, port, SESSION, 1, LL_NS_PER_S);
    for (uint32_t order = 0; order < ORDERS; order++) {
        uint32_t bytes = ll_own_executed(message, ll_own_number(order), LOTS, order + 1);
        ck_assert_int_eq(ll_mold_framer_add(&framer, message, bytes, FEED_NS), LL_OK);
    }
    ll_mold_framer_flush(&framer);
    ck_assert_int_eq(ll_mold_framer_end(&framer, FEED_NS), LL_OK);
    while ((count = ll_port_receive(port, datagrams)) != 0)
        for (uint32_t i = 0; i < count; i++)
            ll_gateway_datagram(fixture.gateway, 0, datagrams[i].payload, datagrams[i].payload_bytes, 0,
                                FEED_NS);
    ll_gateway_flush(fixture.gateway);
    ck_assert(ll_gateway_feed_ended(fixture.gateway));
    ck_assert_uint_eq(ll_oms_counters(oms_of(&fixture))->fills, ORDERS);
    ck_assert_uint_eq(ll_oms_live_count(oms_of(&fixture)), 0);
    ll_port_close(port);
    close_gateway(&fixture);
    teardown(&fixture);
}
END_TEST

int main(void)
{
    const struct ll_eal_config config = {0};
    Suite *suite = suite_create("reports_feed");
    TCase *tcase = tcase_create("reports_feed");
    (void)alarm(110); /* the cases share this process: check's own timeout needs a fork */
    tcase_add_test(tcase, reports_reach_their_orders);
    tcase_add_test(tcase, each_way_may_be_the_first);
    tcase_add_test(tcase, gaps_and_the_end_are_kept);
    tcase_add_loop_test(tcase, a_restart_at_any_datagram, 0, 10);
    tcase_add_loop_test(tcase, a_replay_ends_the_same, 0, 10);
    tcase_add_test(tcase, reports_come_through_a_port);
    suite_add_tcase(suite, tcase);
    return ll_test_run_with_eal(suite, &config);
}
