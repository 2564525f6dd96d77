/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the gateway takes each message once, in order, into the journal, and a restart at any datagram, clean or by a
 * power cut at any operation of the disk, ends in the state, the counts and the records of a run without one.
 * Method: datagrams built here (MoldUDP64 with ITCH 5.0), no port and no EAL; a simulated disk behind the journal.
 * A random rough feed: loss on either line, holes that nothing fills, repeats, swaps, damaged packets, another
 * session, heartbeats, an end; run once without interruption and then with restarts, the feed read again from its
 * start each time. And once more with a device process that is well, that dies, lies or falls silent.
 */
#include "tests/unit/ll_test_seed.h"

#include "host/app/ll_gateway.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"
#include "host/core/ll_book_memory.h"
#include "host/journal/ll_journal_reader.h"
#include "host/wire/ll_moldudp64.h"
#include "tests/model/ll_fake_device.h"
#include "tests/model/ll_sim_disk.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#define DATAGRAMS_MAX  1200u
#define DATAGRAM_BYTES 1000u
#define SESSION        "GATEWAY001"
#define DIR_NAME       "/journal"

struct datagram {
    uint32_t line;
    uint32_t bytes_count;
    uint64_t now_ns;
    uint8_t bytes[DATAGRAM_BYTES];
};

struct feed {
    uint32_t count;
    struct datagram *datagrams;
};

static void feed_free(struct feed *feed)
{
    free(feed->datagrams);
}

/* --- a feed ------------------------------------------------------------------------------------------------------ */

static uint32_t make_message(uint8_t *bytes, struct ll_prng *prng)
{
    memset(bytes, 0, 64);
    ll_store_be16(bytes + 1, (uint16_t)(1 + ll_prng_below(prng, 3)));
    ll_store_be64(bytes + 11, ll_prng_below(prng, 80));
    switch (ll_prng_below(prng, 10)) {
    case 0: /* none of ours */
        bytes[0] = 'z';
        return 1 + ll_prng_below(prng, 60);
    case 1:
        bytes[0] = 'P';
        return 44;
    case 2:
    case 3:
        bytes[0] = 'D';
        return 19;
    case 4:
        bytes[0] = 'E';
        ll_store_be32(bytes + 19, ll_prng_below(prng, 200));
        return 31;
    default:
        bytes[0] = 'A';
        bytes[19] = ll_prng_chance(prng, 500) ? 'B' : 'S';
        ll_store_be32(bytes + 20, 100);
        memcpy(bytes + 24, "SYM     ", 8);
        ll_store_be32(bytes + 32, 1000 + ll_prng_below(prng, 20));
        return 36;
    }
}

static struct datagram *feed_add(struct feed *feed, uint32_t line, uint64_t now_ns)
{
    ck_assert_uint_lt(feed->count, DATAGRAMS_MAX);
    struct datagram *datagram = &feed->datagrams[feed->count++];
    datagram->line = line;
    datagram->now_ns = now_ns;
    return datagram;
}

/* A packet with up to four messages; each number always has the same message. */
static void feed_packet(struct feed *feed, uint32_t line, uint64_t sequence, uint32_t message_count,
                        uint64_t seed, const char *session, uint64_t now_ns)
{
    struct datagram *datagram = feed_add(feed, line, now_ns);
    struct ll_moldudp64_builder builder;
    uint8_t message[64];
    ll_moldudp64_begin(&builder, datagram->bytes, DATAGRAM_BYTES, session, sequence);
    for (uint32_t i = 0; i < message_count; i++) {
        struct ll_prng prng;
        ll_prng_init(&prng, seed + sequence + i);
        uint32_t bytes_count = make_message(message, &prng);
        ck_assert_int_eq(ll_moldudp64_add(&builder, message, bytes_count), LL_OK);
    }
    datagram->bytes_count = ll_moldudp64_end(&builder);
}

static void feed_header(struct feed *feed, uint64_t sequence, uint16_t count, uint64_t now_ns)
{
    struct datagram *datagram = feed_add(feed, 0, now_ns);
    ll_moldudp64_write_header(datagram->bytes, SESSION, sequence, count);
    datagram->bytes_count = LL_MOLDUDP64_HEADER_BYTES;
}

static void feed_bad(struct feed *feed, struct ll_prng *prng, uint64_t sequence, uint64_t now_ns)
{
    feed_packet(feed, ll_prng_below(prng, 2), sequence, 2, 0, SESSION, now_ns);
    struct datagram *datagram = &feed->datagrams[feed->count - 1];
    datagram->bytes_count -= 1 + ll_prng_below(prng, datagram->bytes_count);
}

/* About 500 packets of two lines over 30 s; `loss` in parts of a thousand. */
static struct feed feed_make(uint64_t seed, uint32_t loss)
{
    struct ll_prng prng;
    struct feed feed = {0, calloc(DATAGRAMS_MAX, sizeof *feed.datagrams)};
    uint64_t sequence = 1;
    ck_assert_ptr_nonnull(feed.datagrams);
    ll_prng_init(&prng, seed);
    for (uint32_t i = 0; i < 450; i++) {
        uint64_t now_ns = (1000 + i) * (LL_NS_PER_S / 15);
        uint32_t message_count = 1 + ll_prng_below(&prng, 4);
        for (uint32_t line = 0; line < 2; line++)
            if (!ll_prng_chance(&prng, loss))
                feed_packet(&feed, line, sequence, message_count, seed, SESSION, now_ns);
        if (ll_prng_chance(&prng, 40))
            feed_bad(&feed, &prng, sequence, now_ns);
        if (ll_prng_chance(&prng, 30))
            feed_packet(&feed, LL_MOLD_LINE_REREQUEST, sequence > 60 ? sequence - 60 : 1, 4, seed, SESSION,
                        now_ns);
        if (ll_prng_chance(&prng, 20))
            feed_packet(&feed, 0, sequence, 2, seed, "OTHERDAY02", now_ns);
        if (ll_prng_chance(&prng,
                           15)) /* far too early, and unconfirmed: put aside until the stream comes near */
            feed_packet(&feed, 0, sequence + 200, 2, seed, SESSION, now_ns);
        sequence += message_count;
        if (ll_prng_chance(&prng, 50))
            feed_header(&feed, sequence, LL_MOLDUDP64_COUNT_HEARTBEAT, now_ns);
        if (feed.count > 2 && ll_prng_chance(&prng, 100)) {
            struct datagram swapped = feed.datagrams[feed.count - 1];
            feed.datagrams[feed.count - 1] = feed.datagrams[feed.count - 2];
            feed.datagrams[feed.count - 2] = swapped;
        }
    }
    feed_header(&feed, sequence, LL_MOLDUDP64_COUNT_END, 1500 * (LL_NS_PER_S / 15));
    return feed;
}

/* --- a run ------------------------------------------------------------------------------------------------------- */

static struct ll_gateway_config config_of(struct ll_sim_disk *disk)
{
    struct ll_gateway_config config;
    ll_gateway_config_default(&config);
    config.device.book = (struct ll_book_config){.orders = 1024, .levels = 1024, .books = 16};
    config.mold.line_count = 2;
    config.mold.start_sequence = 1;
    config.mold.holdback_packets = 256;
    config.mold.ahead_messages_max = 50;
    if (disk != NULL) {
        config.journal.dir = DIR_NAME;
        config.journal.files = ll_sim_disk_files(disk);
        config.journal.segment_bytes = LL_JOURNAL_SEGMENT_BYTES_MIN;
        config.journal.ring_slots = 1024;
        config.resume = true;
    }
    return config;
}

static struct ll_gateway *must_open(const struct ll_gateway_config *config)
{
    struct ll_gateway *gateway = NULL;
    struct ll_why why = {0};
    ck_assert_msg(ll_gateway_open(&gateway, config, &why) == LL_OK, "%s", why.text);
    return gateway;
}

/* Datagrams 0..count-1, numbered as a capture's frames are; a flush after each burst. */
static void run(struct ll_gateway *gateway, const struct feed *feed, uint32_t count, uint32_t burst)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct datagram *datagram = &feed->datagrams[i];
        ll_gateway_datagram(gateway, datagram->line, datagram->bytes, datagram->bytes_count, i + 1,
                            datagram->now_ns);
        if (i % burst == burst - 1) {
            ll_gateway_flush(gateway);
            ll_gateway_poll(gateway, datagram->now_ns);
        }
    }
}

static uint64_t hash_of(const struct ll_gateway *gateway)
{
    return ll_engine_state_hash(ll_gateway_engine(gateway), ll_book_memory_hash(ll_gateway_book(gateway)));
}

/* What must be the same, however often it was restarted. */
struct outcome {
    uint64_t state_hash;
    uint64_t next_event_id;
    struct ll_engine_counters counters;
};

static struct outcome outcome_of(const struct ll_gateway *gateway)
{
    struct outcome outcome;
    const struct ll_engine *engine = ll_gateway_engine(gateway);
    memset(&outcome, 0, sizeof outcome);
    outcome.state_hash = hash_of(gateway);
    outcome.next_event_id = ll_engine_next_event_id(engine);
    outcome.counters = *ll_engine_counters(engine);
    return outcome;
}

static struct outcome finish(struct ll_gateway *gateway, const struct feed *feed)
{
    struct ll_why why = {0};
    ll_gateway_finish(gateway, feed->datagrams[feed->count - 1].now_ns);
    ck_assert_int_eq(ll_book_memory_check(ll_gateway_book(gateway), &why), LL_OK);
    struct outcome outcome = outcome_of(gateway);
    if (ll_gateway_durable_event_id(gateway) != 0)
        ck_assert_uint_eq(ll_gateway_durable_event_id(gateway), outcome.next_event_id - 1);
    ck_assert_msg(ll_gateway_close(gateway, &why) == LL_OK, "%s", why.text);
    return outcome;
}

/* Every record of the journal: kind, verdict and payload (not its time) in one number, record by record. */
static uint32_t read_records(struct ll_sim_disk *disk, uint64_t *digests, uint32_t digests_max)
{
    struct ll_journal_reader *reader;
    struct ll_journal_record record;
    struct ll_why why = {0};
    uint32_t count = 0;
    int status = ll_journal_reader_open_files(&reader, DIR_NAME, ll_sim_disk_files(disk), &why);
    if (status == LL_ERR_INPUT)
        return 0; /* no segment yet */
    ck_assert_msg(status == LL_OK, "%s", why.text);
    while ((status = ll_journal_reader_next(reader, &record, &why)) == LL_OK) {
        uint64_t digest = record.kind * 1000u + record.verdict;
        for (uint32_t i = 0; i < record.payload_bytes; i++)
            digest = (digest ^ record.payload[i]) * 0x100000001b3u;
        ck_assert_uint_lt(count, digests_max);
        digests[count++] = digest;
        ck_assert_uint_eq(record.event_id, count);
    }
    ck_assert_msg(status == LL_ERR_SHORT, "%s", why.text);
    ll_journal_reader_close(reader);
    return count;
}

#define RECORDS_MAX 8192u

static void check_same(const struct outcome *got, const struct outcome *wanted, struct ll_sim_disk *disk,
                       const uint64_t *wanted_digests, uint32_t wanted_count)
{
    static uint64_t digests[RECORDS_MAX];
    ck_assert_uint_eq(got->next_event_id, wanted->next_event_id);
    ck_assert_uint_eq(got->state_hash, wanted->state_hash);
    ck_assert_mem_eq(&got->counters, &wanted->counters, sizeof wanted->counters);
    ck_assert_uint_eq(read_records(disk, digests, RECORDS_MAX), wanted_count);
    for (uint32_t i = 0; i < wanted_count; i++)
        ck_assert_msg(digests[i] == wanted_digests[i], "record %u differs", i + 1);
}

/* --- tests ------------------------------------------------------------------------------------------------------- */

START_TEST(what_cannot_be_opened)
{
    struct ll_gateway *gateway = NULL;
    for (int turn = 0; turn < 6; turn++) {
        struct ll_gateway_config config = config_of(NULL);
        struct ll_why why = {0};
        if (turn == 0)
            config.mold.holdback_packets = 0;
        else if (turn == 1)
            config.device.name = "abacus";
        else if (turn == 2)
            config.device.batch = 65;
        else if (turn == 3)
            config.device.book.orders = 0;
        else
            config.journal.dir = "/proc/nothing/j";
        if (turn == 5) { /* before anything is done about it: a step's records would not fit */
            config.journal.ring_slots = 128;
            ck_assert_int_eq(ll_gateway_open(&gateway, &config, NULL), LL_ERR_USAGE);
        }
        int status = ll_gateway_open(&gateway, &config, &why);
        ck_assert_msg(status < 0 && why.code == status, "turn %d: %d, reason %d: %s", turn, status, why.code,
                      why.text);
        ck_assert_int_eq(why.code, status);
    }
    ck_assert_int_eq(ll_gateway_close(NULL, NULL), LL_OK);
}
END_TEST

START_TEST(without_a_journal)
{
    uint64_t seed = ll_test_seed("without_a_journal");
    /* Nothing is lost on the lines, but a packet that comes far too early may cost what lies before it. */
    struct feed feed = feed_make(seed, 0);
    struct ll_gateway_config config = config_of(NULL);
    struct ll_gateway *gateway = must_open(&config);
    struct ll_journal_stats stats;
    ck_assert_uint_gt(ll_gateway_memory_bytes(gateway), 0);
    ck_assert_int_eq(ll_gateway_status(gateway, NULL), LL_OK);
    run(gateway, &feed, feed.count, 64);
    ll_gateway_flush(gateway);
    const struct ll_engine_counters *counters = ll_engine_counters(ll_gateway_engine(gateway));
    const struct ll_mold_counters *mold = ll_gateway_mold_counters(gateway);
    ck_assert_uint_eq(counters->messages, mold->messages);
    ck_assert_uint_eq(counters->messages + counters->messages_lost,
                      ll_engine_next_sequence(ll_gateway_engine(gateway)) - 1);
    ck_assert(ll_engine_feed_ended(ll_gateway_engine(gateway)) || mold->end_contradicted != 0);
    ck_assert_uint_eq(counters->bad_packets, mold->line[0].malformed + mold->line[1].malformed);
    ck_assert_uint_eq(ll_gateway_durable_event_id(gateway), 0);
    ll_gateway_journal_stats(gateway, &stats);
    ck_assert_uint_eq(stats.records_appended, 0);
    (void)finish(gateway, &feed);
    feed_free(&feed);
}
END_TEST

/* Bursts and batches change nothing. */
struct asked {
    uint32_t count;
    struct ll_moldudp64_request last;
};

/* Takes every second one. */
static int take_request(void *context, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES])
{
    struct asked *asked = context;
    ck_assert_int_eq(ll_moldudp64_parse_request(request, LL_MOLDUDP64_HEADER_BYTES, &asked->last), LL_OK);
    return asked->count++ % 2 == 0 ? LL_OK : LL_ERR_IO;
}

START_TEST(requests_go_to_whoever_sends_them)
{
    struct asked asked = {0};
    struct feed feed = {0, calloc(DATAGRAMS_MAX, sizeof *feed.datagrams)};
    ck_assert_ptr_nonnull(feed.datagrams);
    struct ll_gateway_config config = config_of(NULL);
    config.send_request = take_request;
    config.send_request_context = &asked;
    struct ll_gateway *gateway = must_open(&config);
    feed_packet(&feed, 0, 1, 2, 1, SESSION, LL_NS_PER_S);
    feed_packet(&feed, 0, 6, 1, 1, SESSION, LL_NS_PER_S);
    run(gateway, &feed, feed.count, 1);
    ck_assert_uint_eq(asked.count, 1);
    ck_assert_mem_eq(asked.last.session, SESSION, LL_MOLDUDP64_SESSION_BYTES);
    ck_assert_uint_eq(asked.last.sequence, 3);
    ck_assert_uint_eq(asked.last.count, 3);
    ll_gateway_poll(gateway, LL_NS_PER_S + config.mold.request_timeout_ns);
    ck_assert_uint_eq(asked.count, 2);
    ck_assert_uint_eq(ll_gateway_counters(gateway)->requests, 2);
    ck_assert_uint_eq(ll_gateway_counters(gateway)->requests_sent, 1);
    ck_assert_int_eq(ll_gateway_close(gateway, NULL), LL_OK);
    feed_free(&feed);
}
END_TEST

START_TEST(bursts_and_batches_do_not_matter)
{
    uint64_t seed = ll_test_seed("bursts_and_batches_do_not_matter") + (uint64_t)_i;
    struct feed feed = feed_make(seed, 150);
    struct outcome wanted;
    static const uint32_t bursts[] = {1, 7, 64, 100000};
    static const uint32_t batches[] = {1, 5, 32, 64};
    for (uint32_t i = 0; i < 4; i++) {
        struct ll_gateway_config config = config_of(NULL);
        config.device.batch = batches[i];
        struct ll_gateway *gateway = must_open(&config);
        run(gateway, &feed, feed.count, bursts[i]);
        struct outcome got = finish(gateway, &feed);
        if (i == 0)
            wanted = got;
        ck_assert_mem_eq(&got, &wanted, sizeof got);
    }
    ck_assert_uint_gt(wanted.counters.gaps, 0);
    feed_free(&feed);
}
END_TEST

START_TEST(a_journal_is_not_taken_by_accident)
{
    struct feed feed = feed_make(ll_test_seed("a_journal_is_not_taken_by_accident"), 100);
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_gateway_config config = config_of(disk);
    struct ll_gateway *gateway = must_open(&config); /* resume of nothing is a start */
    struct ll_why why = {0};
    run(gateway, &feed, feed.count, 64);
    struct outcome wanted = finish(gateway, &feed);
    config.resume = false;
    ck_assert_int_eq(ll_gateway_open(&gateway, &config, &why), LL_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(why.text, "--resume"));
    config.resume = true;
    gateway = must_open(&config);
    ck_assert_uint_eq(ll_gateway_counters(gateway)->records_recovered, wanted.next_event_id - 1);
    ck_assert_uint_eq(hash_of(gateway), wanted.state_hash);
    run(gateway, &feed, feed.count, 64);
    ck_assert_uint_eq(ll_gateway_mold_counters(gateway)->messages, 0);
    struct outcome got = finish(gateway, &feed);
    ck_assert_mem_eq(&got, &wanted, sizeof got);
    ll_sim_disk_free(disk);
    feed_free(&feed);
}
END_TEST

/* Closed in order after any datagram, with packets held back, again and again. */
START_TEST(a_restart_at_any_datagram)
{
    uint64_t seed = ll_test_seed("a_restart_at_any_datagram") + (uint64_t)_i;
    static uint64_t digests[RECORDS_MAX];
    struct feed feed = feed_make(seed, 150);
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_gateway_config config = config_of(disk);
    struct ll_gateway *gateway = must_open(&config);
    run(gateway, &feed, feed.count, 16);
    struct outcome wanted = finish(gateway, &feed);
    uint32_t count = read_records(disk, digests, RECORDS_MAX);
    ck_assert_uint_eq(count, wanted.next_event_id - 1);
    ck_assert_uint_gt(wanted.counters.gaps, 0);
    ck_assert_uint_gt(wanted.counters.bad_packets, 0);
    ll_sim_disk_free(disk);
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    disk = ll_sim_disk_new();
    config = config_of(disk);
    for (uint32_t turn = 0; turn < 20; turn++) {
        gateway = must_open(&config);
        run(gateway, &feed, ll_prng_below(&prng, feed.count), 1 + ll_prng_below(&prng, 64));
        ll_gateway_drain(gateway);
        ck_assert_uint_eq(ll_gateway_durable_event_id(gateway),
                          ll_engine_next_event_id(ll_gateway_engine(gateway)) - 1);
        ck_assert_int_eq(ll_gateway_close(gateway, NULL), LL_OK);
    }
    gateway = must_open(&config);
    run(gateway, &feed, feed.count, 64);
    struct outcome got = finish(gateway, &feed);
    check_same(&got, &wanted, disk, digests, count);
    ll_sim_disk_free(disk);
    feed_free(&feed);
}
END_TEST

/* The power goes during any operation of the disk: what was durable is there, and the end is the same. */
START_TEST(a_power_cut_at_any_operation)
{
    uint64_t seed = ll_test_seed("a_power_cut_at_any_operation") + (uint64_t)_i;
    static uint64_t digests[RECORDS_MAX];
    static uint64_t now[RECORDS_MAX];
    struct feed feed = feed_make(seed, 150);
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_gateway_config config = config_of(disk);
    struct ll_gateway *gateway = must_open(&config);
    run(gateway, &feed, feed.count, 16);
    struct outcome wanted = finish(gateway, &feed);
    uint32_t count = read_records(disk, digests, RECORDS_MAX);
    ll_sim_disk_free(disk);
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    disk = ll_sim_disk_new();
    config = config_of(disk);
    uint64_t durable = 0;
    for (uint32_t turn = 0; turn < 12; turn++) {
        struct ll_why why = {0};
        ll_sim_disk_plan_cut(disk, 1 + ll_prng_below(&prng, 60));
        if (ll_gateway_open(&gateway, &config, &why) == LL_OK) {
            run(gateway, &feed, feed.count, 1 + ll_prng_below(&prng, 64));
            ll_gateway_drain(gateway);
            uint64_t reached = ll_gateway_durable_event_id(gateway);
            ck_assert_uint_ge(reached, durable);
            durable = reached;
            (void)ll_gateway_close(gateway, NULL);
        }
        ll_sim_disk_power_cut(disk, ll_prng_next(&prng));
        uint32_t left = read_records(disk, now, RECORDS_MAX);
        ck_assert_uint_ge(left, durable);
        for (uint32_t i = 0; i < left; i++)
            ck_assert_msg(now[i] == digests[i], "record %u differs", i + 1);
    }
    gateway = must_open(&config);
    run(gateway, &feed, feed.count, 64);
    struct outcome got = finish(gateway, &feed);
    check_same(&got, &wanted, disk, digests, count);
    ll_sim_disk_free(disk);
    feed_free(&feed);
}
END_TEST

static uint64_t must_make_snapshot(const struct ll_gateway_config *config)
{
    struct ll_gateway_snapshot snapshot;
    struct ll_why why = {0};
    ck_assert_msg(ll_gateway_make_snapshot(config, &snapshot, &why) == LL_OK, "%s", why.text);
    ck_assert(snapshot.made.event_id == 0 || snapshot.made.event_id > snapshot.from_event_id);
    return snapshot.made.event_id;
}

/* Snapshots made at any time, beside a running gateway and between two runs: the state, the counts and the records
 * are those of a run without any; a start uses them, and one that may not ends in the same state. */
START_TEST(snapshots_change_nothing)
{
    uint64_t seed = ll_test_seed("snapshots_change_nothing") + (uint64_t)_i;
    static uint64_t digests[RECORDS_MAX];
    struct feed feed = feed_make(seed, 150);
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_gateway_config config = config_of(disk);
    struct ll_gateway *gateway = must_open(&config);
    run(gateway, &feed, feed.count, 16);
    struct outcome wanted = finish(gateway, &feed);
    uint32_t count = read_records(disk, digests, RECORDS_MAX);
    ll_sim_disk_free(disk);
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    disk = ll_sim_disk_new();
    config = config_of(disk);
    uint64_t newest = 0;
    uint32_t used = 0;
    for (uint32_t turn = 0; turn < 20; turn++) {
        gateway = must_open(&config);
        ck_assert_uint_eq(ll_gateway_counters(gateway)->snapshot_event_id, newest);
        ck_assert_uint_eq(ll_gateway_counters(gateway)->snapshots_refused, 0);
        ck_assert_uint_eq(ll_gateway_counters(gateway)->records_recovered,
                          ll_engine_next_event_id(ll_gateway_engine(gateway)) - 1);
        used += newest != 0;
        run(gateway, &feed, ll_prng_below(&prng, feed.count), 1 + ll_prng_below(&prng, 64));
        if (ll_prng_chance(&prng, 400)) {
            uint64_t made = must_make_snapshot(&config);
            ck_assert_uint_le(made, ll_gateway_durable_event_id(gateway));
            newest = made != 0 ? made : newest;
        }
        ll_gateway_drain(gateway);
        ck_assert_int_eq(ll_gateway_close(gateway, NULL), LL_OK);
        if (ll_prng_chance(&prng, 400)) {
            uint64_t made = must_make_snapshot(&config);
            newest = made != 0 ? made : newest;
            ck_assert_uint_eq(must_make_snapshot(&config), 0); /* nothing new */
        }
    }
    ck_assert_uint_gt(used, 5);
    config.no_snapshot = true;
    gateway = must_open(&config);
    ck_assert_uint_eq(ll_gateway_counters(gateway)->snapshot_event_id, 0);
    struct outcome replayed = outcome_of(gateway);
    ck_assert_int_eq(ll_gateway_close(gateway, NULL), LL_OK);
    config.no_snapshot = false;
    gateway = must_open(&config);
    struct outcome loaded = outcome_of(gateway);
    ck_assert_mem_eq(&loaded, &replayed, sizeof loaded);
    run(gateway, &feed, feed.count, 64);
    struct outcome got = finish(gateway, &feed);
    check_same(&got, &wanted, disk, digests, count);
    ll_sim_disk_free(disk);
    feed_free(&feed);
}
END_TEST

/* The power goes while a snapshot is made, or the gateway is killed (no seal) and the power goes then: no snapshot is
 * ever ahead of the journal, none that has its name is torn, and the end is the same. */
START_TEST(a_power_cut_around_a_snapshot)
{
    uint64_t seed = ll_test_seed("a_power_cut_around_a_snapshot") + (uint64_t)_i;
    static uint64_t digests[RECORDS_MAX];
    struct feed feed = feed_make(seed, 150);
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_gateway_config config = config_of(disk);
    struct ll_gateway *gateway = must_open(&config);
    run(gateway, &feed, feed.count, 16);
    struct outcome wanted = finish(gateway, &feed);
    uint32_t count = read_records(disk, digests, RECORDS_MAX);
    ll_sim_disk_free(disk);
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    disk = ll_sim_disk_new();
    config = config_of(disk);
    uint32_t used = 0;
    for (uint32_t turn = 0; turn < 12; turn++) {
        struct ll_gateway_snapshot snapshot;
        gateway = must_open(&config);
        ck_assert_uint_eq(ll_gateway_counters(gateway)->snapshots_refused, 0);
        used += ll_gateway_counters(gateway)->snapshot_event_id != 0;
        run(gateway, &feed, feed.count * (turn + 1) / 13, 1 + ll_prng_below(&prng, 64));
        if (turn % 2 == 0) /* while it runs: records that are not durable yet lie in the files */
            (void)must_make_snapshot(&config);
        ll_sim_disk_plan_cut(disk, 1 + ll_prng_below(&prng, 30));
        if (turn % 2 == 1) {
            struct ll_why why = {0};
            int made = ll_gateway_make_snapshot(&config, &snapshot, &why);
            ck_assert_msg(made == LL_OK || ll_sim_disk_struck(disk), "%s", why.text);
        }
        ll_gateway_drain(gateway);
        (void)ll_gateway_close(gateway, NULL);
        ll_sim_disk_power_cut(disk, ll_prng_next(&prng));
    }
    ck_assert_uint_gt(used, 3);
    gateway = must_open(&config);
    ck_assert_uint_eq(ll_gateway_counters(gateway)->snapshots_refused, 0);
    run(gateway, &feed, feed.count, 64);
    struct outcome got = finish(gateway, &feed);
    check_same(&got, &wanted, disk, digests, count);
    ll_sim_disk_free(disk);
    feed_free(&feed);
}
END_TEST

/* A sync fails: what was written lies in the files, readable and not durable. A snapshot leaves it out. */
START_TEST(a_snapshot_takes_only_what_is_durable)
{
    uint64_t seed = ll_test_seed("a_snapshot_takes_only_what_is_durable");
    static uint64_t digests[RECORDS_MAX];
    struct feed feed = feed_make(seed, 0);
    uint32_t ahead = 0;
    uint32_t made_some = 0;
    for (uint32_t turn = 0; turn < 30; turn++) {
        struct ll_sim_disk *disk = ll_sim_disk_new();
        struct ll_gateway_config config = config_of(disk);
        struct ll_gateway *gateway = must_open(&config);
        ll_sim_disk_plan_fault(disk, LL_SIM_SYNC, 1 + turn, LL_ERR_IO);
        for (uint32_t at = 0; at < feed.count && ll_gateway_status(gateway, NULL) == LL_OK; at++) {
            const struct datagram *datagram = &feed.datagrams[at];
            ll_gateway_datagram(gateway, datagram->line, datagram->bytes, datagram->bytes_count, at + 1,
                                datagram->now_ns);
            ll_gateway_drain(gateway);
        }
        ck_assert(ll_sim_disk_struck(disk));
        uint64_t durable = ll_gateway_durable_event_id(gateway);
        ahead += read_records(disk, digests, RECORDS_MAX) > durable;
        uint64_t made = must_make_snapshot(&config);
        ck_assert_uint_le(made, durable);
        made_some += made != 0;
        (void)ll_gateway_close(gateway, NULL);
        ll_sim_disk_power_cut(disk, seed + turn);
        gateway = must_open(&config);
        ck_assert_uint_eq(ll_gateway_counters(gateway)->snapshots_refused, 0);
        ck_assert_uint_eq(ll_gateway_counters(gateway)->snapshot_event_id, made);
        ck_assert_int_eq(ll_gateway_close(gateway, NULL), LL_OK);
        ll_sim_disk_free(disk);
    }
    ck_assert_uint_gt(ahead, 5);
    ck_assert_uint_gt(made_some, 5);
    feed_free(&feed);
}
END_TEST

static char noted[512];

static void keep_note(void *context, const char *sentence)
{
    (void)context;
    (void)snprintf(noted, sizeof noted, "%s", sentence);
}

/* Other capacities, a damaged file: refused by name and everything replayed. No journal beside it: not begun anew. */
START_TEST(a_snapshot_that_does_not_fit)
{
    struct feed feed = feed_make(ll_test_seed("a_snapshot_that_does_not_fit"), 100);
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_gateway_config config = config_of(disk);
    struct ll_gateway *gateway = must_open(&config);
    struct ll_why why = {0};
    char name[LL_SNAPSHOT_NAME_BYTES];
    uint8_t *bytes;
    uint64_t bytes_count;
    run(gateway, &feed, feed.count, 64);
    struct outcome wanted = finish(gateway, &feed);
    uint64_t event_id = must_make_snapshot(&config);
    ck_assert_uint_eq(event_id, wanted.next_event_id - 1);
    config.note = keep_note;
    config.device.book.orders *= 2;
    for (int turn = 0; turn < 2; turn++) {
        gateway = must_open(&config);
        ck_assert_uint_eq(ll_gateway_counters(gateway)->snapshots_refused, 1);
        ck_assert_uint_eq(ll_gateway_counters(gateway)->snapshot_event_id, 0);
        ck_assert_ptr_nonnull(
            strstr(noted, turn == 0 ? "it was made with 'orders 1024 " : "damaged (checksum)"));
        struct outcome got = outcome_of(gateway);
        ck_assert_mem_eq(&got, &wanted, sizeof got);
        ck_assert_int_eq(ll_gateway_close(gateway, NULL), LL_OK);
        config.device.book.orders = 1024;
        ll_snapshot_name(name, event_id);
        ck_assert(ll_sim_disk_file(disk, name, &bytes, &bytes_count));
        bytes[bytes_count - 1] ^= 1; /* most of it is loaded by then */
    }
    for (uint32_t i = ll_sim_disk_file_count(disk); i-- > 0;)
        if (strstr(ll_sim_disk_file_name(disk, i), ".lljournal") != NULL)
            ck_assert(ll_sim_disk_remove(disk, ll_sim_disk_file_name(disk, i)));
    ck_assert_int_eq(ll_gateway_open(&gateway, &config, &why), LL_ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(why.text, "holds snapshots, and no journal"));
    ll_sim_disk_free(disk);
    feed_free(&feed);
}
END_TEST

/* The first failure of the disk is final: nothing more is taken, nothing more is durable, the reason stays. */
START_TEST(a_disk_error_stops_it)
{
    struct feed feed = feed_make(ll_test_seed("a_disk_error_stops_it"), 0);
    static const enum ll_sim_operation kinds[] = {LL_SIM_WRITE, LL_SIM_SYNC};
    static uint64_t digests[RECORDS_MAX];
    for (uint32_t turn = 0; turn < 12; turn++) {
        struct ll_sim_disk *disk = ll_sim_disk_new();
        struct ll_gateway_config config = config_of(disk);
        struct ll_gateway *gateway = must_open(&config);
        struct ll_why why = {0};
        int code = turn % 3 == 0 ? LL_ERR_NO_SPACE : LL_ERR_IO;
        ll_sim_disk_plan_fault(disk, kinds[turn % 2], 1 + turn / 2, code);
        for (uint32_t at = 0; at < feed.count && ll_gateway_status(gateway, NULL) == LL_OK; at++) {
            const struct datagram *datagram = &feed.datagrams[at];
            ll_gateway_datagram(gateway, datagram->line, datagram->bytes, datagram->bytes_count, at + 1,
                                datagram->now_ns);
            ll_gateway_drain(gateway); /* so that there are as many runs as datagrams */
        }
        ck_assert(ll_sim_disk_struck(disk));
        ck_assert_int_eq(ll_gateway_status(gateway, &why), code);
        ck_assert_int_eq(why.code, code);
        uint64_t durable = ll_gateway_durable_event_id(gateway);
        uint64_t messages = ll_gateway_mold_counters(gateway)->messages;
        run(gateway, &feed, feed.count, 8);
        ll_gateway_poll(gateway, UINT64_MAX);
        ll_gateway_finish(gateway, UINT64_MAX);
        ck_assert_uint_eq(ll_gateway_mold_counters(gateway)->messages, messages);
        ck_assert_uint_eq(ll_gateway_durable_event_id(gateway), durable);
        ck_assert_int_eq(ll_gateway_close(gateway, NULL), code);
        ck_assert_uint_ge(read_records(disk, digests, RECORDS_MAX), durable);
        ll_sim_disk_free(disk);
    }
    feed_free(&feed);
}
END_TEST

START_TEST(another_session_changes_nothing)
{
    struct feed feed = feed_make(ll_test_seed("another_session_changes_nothing"), 0);
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_gateway_config config = config_of(disk);
    struct ll_gateway *gateway = must_open(&config);
    run(gateway, &feed, feed.count / 2, 64);
    ll_gateway_drain(gateway);
    struct outcome before = outcome_of(gateway);
    ck_assert_int_eq(ll_gateway_close(gateway, NULL), LL_OK);
    gateway = must_open(&config);
    struct feed other = {0, calloc(DATAGRAMS_MAX, sizeof *other.datagrams)};
    ck_assert_ptr_nonnull(other.datagrams);
    for (uint32_t i = 0; i < 50; i++)
        feed_packet(&other, 0, 1 + 4 * i, 4, 7, "NOTTHISONE", LL_NS_PER_S * i);
    run(gateway, &other, other.count, 16);
    struct outcome got = finish(gateway, &other);
    ck_assert_mem_eq(&got, &before, sizeof got);
    ll_sim_disk_free(disk);
    feed_free(&feed);
    feed_free(&other);
}
END_TEST

/* --- a device ---------------------------------------------------------------------------------------------------- */

static struct ll_gateway_config config_with_device(struct ll_sim_disk *disk, const char *behaviour,
                                                   enum ll_device_loss on_loss)
{
    struct ll_gateway_config config = config_of(disk);
    config.device.name = "xrt";
    config.device.program = LL_FAKE_DEVICE_PROGRAM;
    config.device.binary = behaviour;
    config.device.on_loss = on_loss;
    config.device.watchdog_ns = strncmp(behaviour, "silent", 6) == 0 ? 200 * LL_NS_PER_MS : 20 * LL_NS_PER_S;
    return config;
}

/* The undisturbed run. Returns how many records its journal has. */
static uint32_t run_without_device(const struct feed *feed, struct outcome *wanted, uint64_t *digests)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_gateway_config config = config_of(disk);
    struct ll_gateway *gateway = must_open(&config);
    run(gateway, feed, feed->count, 16);
    *wanted = finish(gateway, feed);
    uint32_t count = read_records(disk, digests, RECORDS_MAX);
    ll_sim_disk_free(disk);
    return count;
}

static const struct {
    const char *behaviour;
    bool verify;
    uint64_t losses;
} devices[] = {{"", false, 0},
               {"careful", true, 0},
               {"exit-after:1", false, 1},
               {"exit-after:300", false, 1},
               {"killed-after:301", true, 1},
               {"lost-after:40", false, 1},
               {"silent-after:200", false, 1},
               {"flip-bit:77", false, 1},
               {"wrong-answer:500", true, 1}};

START_TEST(a_device_changes_nothing)
{
    static uint64_t digests[RECORDS_MAX];
    struct feed feed = feed_make(ll_test_seed("a_device_changes_nothing") + (uint64_t)_i, 100);
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_why why = {0};
    struct outcome wanted;
    uint32_t count = run_without_device(&feed, &wanted, digests);
    struct ll_gateway_config config = config_with_device(disk, devices[_i].behaviour, LL_DEVICE_LOSS_CPU);
    config.device.verify = devices[_i].verify;
    struct ll_gateway *gateway = must_open(&config);
    struct ll_device *device = ll_gateway_device(gateway);
    ck_assert_int_eq(ll_device_standing(device), LL_DEVICE_THERE);
    run(gateway, &feed, feed.count, 16);
    ll_gateway_tend(gateway);
    ck_assert_int_eq(ll_gateway_status(gateway, NULL), LL_OK);
    ck_assert_uint_eq(ll_device_counters(device)->losses, devices[_i].losses);
    ck_assert_int_eq(ll_device_standing(device),
                     devices[_i].losses == 0 ? LL_DEVICE_THERE : LL_DEVICE_FALLEN);
    ck_assert_uint_gt(ll_gateway_round_trips(gateway)->count, 0);
    if (devices[_i].losses == 0)
        ck_assert_msg(ll_device_compare(device, &why) == LL_OK, "%s", why.text);
    struct outcome got = finish(gateway, &feed);
    check_same(&got, &wanted, disk, digests, count);
    ll_sim_disk_free(disk);
    feed_free(&feed);
}
END_TEST

/* Recovery is done here; what comes of it is loaded. */
START_TEST(a_device_goes_on_behind_a_journal)
{
    static uint64_t digests[RECORDS_MAX];
    struct feed feed = feed_make(ll_test_seed("a_device_goes_on_behind_a_journal"), 100);
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_why why = {0};
    struct outcome wanted;
    uint32_t count = run_without_device(&feed, &wanted, digests);
    struct ll_gateway_config config = config_of(disk);
    struct ll_gateway *gateway = must_open(&config);
    run(gateway, &feed, feed.count / 2, 16);
    ll_gateway_drain(gateway);
    ck_assert_int_eq(ll_gateway_close(gateway, NULL), LL_OK);
    config = config_with_device(disk, "", LL_DEVICE_LOSS_CPU);
    gateway = must_open(&config);
    ck_assert_uint_eq(ll_device_counters(ll_gateway_device(gateway))->device_answers, 0);
    ck_assert_msg(ll_device_compare(ll_gateway_device(gateway), &why) == LL_OK, "%s", why.text);
    run(gateway, &feed, feed.count, 16);
    ck_assert_uint_gt(ll_device_counters(ll_gateway_device(gateway))->device_answers, 0);
    struct outcome got = finish(gateway, &feed);
    check_same(&got, &wanted, disk, digests, count);
    ll_sim_disk_free(disk);
    feed_free(&feed);
}
END_TEST

/* Fails closed: nothing behind the loss is kept, and a restart goes on from there. */
START_TEST(a_lost_device_stops_it)
{
    static const char *const behaviours[] = {"exit-after:300", "silent-after:10", "flip-bit:450"};
    static uint64_t digests[RECORDS_MAX];
    struct feed feed = feed_make(ll_test_seed("a_lost_device_stops_it"), 100);
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_why why = {0};
    struct outcome wanted;
    uint32_t count = run_without_device(&feed, &wanted, digests);
    struct ll_gateway_config config = config_with_device(disk, behaviours[_i], LL_DEVICE_LOSS_STOP);
    struct ll_gateway *gateway = must_open(&config);
    run(gateway, &feed, feed.count, 16);
    ck_assert_int_eq(ll_gateway_status(gateway, &why), LL_ERR_ENVIRONMENT);
    ck_assert_int_eq(why.code, LL_ERR_ENVIRONMENT);
    ck_assert_uint_gt(strlen(why.text), 10);
    ck_assert_int_eq(ll_gateway_close(gateway, NULL), LL_ERR_ENVIRONMENT);
    config = config_of(disk);
    gateway = must_open(&config);
    uint64_t before = ll_engine_next_event_id(ll_gateway_engine(gateway)) - 1;
    ck_assert_uint_lt(before, wanted.next_event_id - 1);
    run(gateway, &feed, feed.count, 16);
    struct outcome got = finish(gateway, &feed);
    check_same(&got, &wanted, disk, digests, count);
    ll_sim_disk_free(disk);
    feed_free(&feed);
}
END_TEST

/* Must it start, it is an error; may it, a loss. Who only looks starts none. */
START_TEST(a_device_that_does_not_start)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct feed feed = feed_make(ll_test_seed("a_device_that_does_not_start"), 0);
    struct ll_gateway_config config = config_with_device(disk, "fails", LL_DEVICE_LOSS_CPU);
    struct ll_gateway *gateway = NULL;
    struct ll_why why = {0};
    int status = ll_gateway_open(&gateway, &config, &why);
    ck_assert_int_lt(status, 0);
    ck_assert_int_eq(why.code, status);
    config.device.must_start = false;
    gateway = must_open(&config);
    ck_assert_int_eq(ll_device_standing(ll_gateway_device(gateway)), LL_DEVICE_FALLEN);
    ck_assert_uint_eq(ll_device_counters(ll_gateway_device(gateway))->losses, 1);
    run(gateway, &feed, feed.count, 16);
    struct outcome wanted = finish(gateway, &feed);
    config.device.must_start = true;
    why = (struct ll_why){0};
    ck_assert_msg(ll_gateway_look(&gateway, &config, &why) == LL_OK, "%s", why.text);
    ck_assert_int_eq(ll_device_standing(ll_gateway_device(gateway)), LL_DEVICE_HERE);
    ck_assert_uint_eq(hash_of(gateway), wanted.state_hash);
    ck_assert_int_eq(ll_gateway_close(gateway, NULL), LL_OK);
    ll_sim_disk_free(disk);
    feed_free(&feed);
}
END_TEST

int main(void)
{
    if (ll_fake_device_is_wanted())
        return ll_fake_device_main();
    ll_fake_device_prepare();
    Suite *suite = suite_create("gateway");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 100);
    tcase_add_test(all, what_cannot_be_opened);
    tcase_add_test(all, without_a_journal);
    tcase_add_test(all, requests_go_to_whoever_sends_them);
    tcase_add_loop_test(all, bursts_and_batches_do_not_matter, 0, 5);
    tcase_add_test(all, a_journal_is_not_taken_by_accident);
    tcase_add_loop_test(all, a_restart_at_any_datagram, 0, 8);
    tcase_add_loop_test(all, a_power_cut_at_any_operation, 0, 12);
    tcase_add_loop_test(all, snapshots_change_nothing, 0, 6);
    tcase_add_loop_test(all, a_power_cut_around_a_snapshot, 0, 12);
    tcase_add_test(all, a_snapshot_takes_only_what_is_durable);
    tcase_add_test(all, a_snapshot_that_does_not_fit);
    tcase_add_test(all, a_disk_error_stops_it);
    tcase_add_test(all, another_session_changes_nothing);
    tcase_add_loop_test(all, a_device_changes_nothing, 0, (int)(sizeof devices / sizeof devices[0]));
    tcase_add_test(all, a_device_goes_on_behind_a_journal);
    tcase_add_loop_test(all, a_lost_device_stops_it, 0, 3);
    tcase_add_test(all, a_device_that_does_not_start);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
