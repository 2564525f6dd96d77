/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the sender numbers, cuts, repeats and spoils packets as its header says, and by its seed alone. Method: every
 * datagram that goes through the door is written down as a line of text; single calls and the lines they must
 * give; the same seed twice; requests of every kind, and damaged ones. That a receiver gets everything through
 * its faults is shown in test_itch_publisher.c.
 */
#include "host/exchange/ll_mold_sender.h"

#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD_BYTES = 64, GUARD = 0x5A, LOG_BYTES = 1 << 20 };

#define SECOND_NS UINT64_C(1000000000)

struct feed {
    struct ll_mold_sender_config config;
    struct ll_mold_sender *sender;
    unsigned char *memory;
    size_t footprint_bytes;
    size_t log_bytes;
    char log[LOG_BYTES];
};

/* --- the door ------------------------------------------------------------------------------------------- */

static void note(struct feed *feed, const char *fmt, ...) LL_PRINTF(2, 3);

static void note(struct feed *feed, const char *fmt, ...)
{
    va_list arguments;
    va_start(arguments, fmt);
    int written = vsnprintf(feed->log + feed->log_bytes, LOG_BYTES - feed->log_bytes, fmt, arguments);
    va_end(arguments);
    ck_assert_int_ge(written, 0);
    feed->log_bytes += (size_t)written;
    ck_assert_uint_lt(feed->log_bytes, LOG_BYTES);
}

/* Messages hold their own number, so that a packet's content can be told. */
static void message_make(uint64_t sequence, uint8_t message[8])
{
    for (uint32_t index = 0; index < 8; index++)
        message[index] = (uint8_t)(sequence >> 8 * index);
}

static void note_packet(struct feed *feed, const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns)
{
    struct ll_moldudp64_packet packet;
    ck_assert_int_eq(ll_moldudp64_parse(bytes, bytes_count, &packet), LL_OK);
    ck_assert_mem_eq(packet.session, "DAY0000001", LL_MOLDUDP64_SESSION_BYTES);
    struct ll_moldudp64_cursor cursor = ll_moldudp64_cursor(&packet);
    for (uint64_t sequence = packet.sequence; cursor.left_count > 0; sequence++) {
        uint8_t expected[8];
        uint32_t message_bytes = 0;
        const uint8_t *message = ll_moldudp64_next(&cursor, &message_bytes);
        message_make(sequence, expected);
        ck_assert_uint_eq(message_bytes, sequence % 9);
        ck_assert(message_bytes == 0 || memcmp(message, expected, message_bytes) == 0);
    }
    static const char *const kinds[] = {"data", "heartbeat", "end"};
    note(feed, "%s %" PRIu64, kinds[packet.kind], packet.sequence);
    if (packet.kind == LL_MOLDUDP64_DATA)
        note(feed, "+%u", packet.message_count);
    note(feed, " at %" PRIu64 "\n", now_ns);
}

static void on_send(void *context, uint32_t line, const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns)
{
    struct feed *feed = context;
    ck_assert_uint_le(bytes_count, feed->config.packet_bytes_max[line]);
    note(feed, "%c ", "AB"[line]);
    note_packet(feed, bytes, bytes_count, now_ns);
}

static void on_answer(void *context, uint64_t requester, const uint8_t *bytes, uint32_t bytes_count,
                      uint64_t now_ns)
{
    struct feed *feed = context;
    ck_assert_uint_le(bytes_count, feed->config.answer_bytes_max);
    note(feed, "to %" PRIu64 " ", requester);
    note_packet(feed, bytes, bytes_count, now_ns);
}

/* --- the feed ------------------------------------------------------------------------------------------- */

static struct ll_mold_sender_config config_clean(void)
{
    return (struct ll_mold_sender_config){.seed = 1,
                                          .messages_max = 1000,
                                          .heartbeat_ns = SECOND_NS,
                                          .message_bytes_max = 8,
                                          .held_max = 16,
                                          .line_count = 2,
                                          .packet_bytes_max = {200, 40},
                                          .answer_bytes_max = 50,
                                          .session = "DAY0000001"};
}

static struct feed *feed_open(const struct ll_mold_sender_config *config)
{
    struct feed *feed = calloc(1, sizeof *feed);
    struct ll_why why = {0};
    void *memory = NULL;
    ck_assert_ptr_nonnull(feed);
    feed->config = *config;
    feed->footprint_bytes = ll_mold_sender_footprint_bytes(config);
    ck_assert_uint_gt(feed->footprint_bytes, 0);
    ck_assert_int_eq(posix_memalign(&memory, 64, feed->footprint_bytes + GUARD_BYTES), 0);
    memset(memory, GUARD, feed->footprint_bytes + GUARD_BYTES);
    feed->memory = memory;
    struct ll_mold_sender_door door = {feed, on_send, on_answer};
    int code = ll_mold_sender_init(&feed->sender, memory, feed->footprint_bytes, config, &door, &why);
    ck_assert_msg(code == LL_OK, "%s", why.text);
    return feed;
}

static void feed_close(struct feed *feed)
{
    for (size_t i = 0; i < GUARD_BYTES; i++)
        ck_assert_uint_eq(feed->memory[feed->footprint_bytes + i], GUARD);
    free(feed->memory);
    free(feed);
}

/* Message n has n mod 9 bytes: 0 is a legal length. */
static void add(struct feed *feed, uint32_t count)
{
    for (uint32_t index = 0; index < count; index++) {
        uint8_t message[8];
        uint64_t sequence = ll_mold_sender_counters(feed->sender)->messages + 1;
        message_make(sequence, message);
        ck_assert_int_eq(ll_mold_sender_add(feed->sender, message, (uint32_t)(sequence % 9)), LL_OK);
    }
}

static void sent(struct feed *feed, const char *lines)
{
    feed->log[feed->log_bytes] = '\0';
    ck_assert_str_eq(feed->log, lines);
    feed->log_bytes = 0;
}

static enum ll_mold_request request(struct feed *feed, uint64_t sequence, uint16_t count, uint64_t now_ns)
{
    uint8_t bytes[LL_MOLDUDP64_HEADER_BYTES];
    ll_moldudp64_write_header(bytes, feed->config.session, sequence, count);
    return ll_mold_sender_request(feed->sender, 77, bytes, sizeof bytes, now_ns);
}

/* --- the lines ------------------------------------------------------------------------------------------ */

START_TEST(each_line_cuts_for_itself)
{
    struct ll_mold_sender_config config = config_clean();
    struct feed *feed = feed_open(&config);
    add(feed, 8); /* 36 bytes and 8 lengths; B has room for 20 bytes a packet */
    ck_assert_uint_eq(ll_mold_sender_poll(feed->sender, 5), 4);
    sent(feed, "A data 1+8 at 5\n"
               "B data 1+4 at 5\n"
               "B data 5+2 at 5\n"
               "B data 7+2 at 5\n");
    feed_close(feed);
}
END_TEST

START_TEST(silence_is_broken_by_heartbeats)
{
    struct ll_mold_sender_config config = config_clean();
    config.line_count = 1;
    struct feed *feed = feed_open(&config);
    (void)ll_mold_sender_poll(feed->sender, 0);
    sent(feed, "A heartbeat 1 at 0\n"); /* the first sign of life */
    add(feed, 1);
    (void)ll_mold_sender_poll(feed->sender, 10);
    sent(feed, "A data 1+1 at 10\n");
    ck_assert_uint_eq(ll_mold_sender_poll(feed->sender, 9 + SECOND_NS), 0);
    ck_assert_uint_eq(ll_mold_sender_poll(feed->sender, 10 + SECOND_NS), 1);
    sent(feed, "A heartbeat 2 at 1000000010\n");
    feed_close(feed);
}
END_TEST

START_TEST(the_end_is_told_at_once_and_again)
{
    struct ll_mold_sender_config config = config_clean();
    config.line_count = 1;
    struct feed *feed = feed_open(&config);
    uint8_t message[8] = {0};
    add(feed, 3);
    ll_mold_sender_finish(feed->sender);
    ck_assert_int_eq(ll_mold_sender_add(feed->sender, message, 8), LL_ERR_STOPPED);
    (void)ll_mold_sender_poll(feed->sender, 10);
    (void)ll_mold_sender_poll(feed->sender, 11);
    (void)ll_mold_sender_poll(feed->sender, 10 + SECOND_NS);
    sent(feed, "A data 1+3 at 10\n"
               "A end 4 at 10\n"
               "A end 4 at 1000000010\n");
    ck_assert_int_eq(request(feed, 3, 1, 20), LL_MOLD_REQUEST_ANSWERED); /* still answered */
    sent(feed, "to 77 data 3+1 at 20\n");
    feed_close(feed);
}
END_TEST

START_TEST(one_poll_sends_a_bounded_burst)
{
    struct ll_mold_sender_config config = config_clean();
    config.line_count = 1;
    config.packet_bytes_max[0] = 30;
    struct feed *feed = feed_open(&config);
    add(feed, 1000);
    (void)ll_mold_sender_poll(feed->sender, 1);
    ck_assert_uint_eq(ll_mold_sender_counters(feed->sender)->line[0].packets, LL_MOLD_SENDER_BURST_PACKETS);
    while (ll_mold_sender_poll(feed->sender, 2) > 0)
        ;
    feed->log[feed->log_bytes] = '\0';
    ck_assert_ptr_nonnull(strstr(feed->log, "data 999+2"));
    ck_assert_uint_eq(ll_mold_sender_counters(feed->sender)->line[0].heartbeats, 0);
    feed_close(feed);
}
END_TEST

START_TEST(a_full_store_takes_no_more)
{
    struct ll_mold_sender_config config = config_clean();
    config.messages_max = 3;
    struct feed *feed = feed_open(&config);
    uint8_t message[8] = {0};
    add(feed, 3);
    ck_assert_int_eq(ll_mold_sender_add(feed->sender, message, 8), LL_ERR_FULL);
    ck_assert_uint_eq(ll_mold_sender_counters(feed->sender)->messages, 3);
    ck_assert_uint_eq(ll_mold_sender_counters(feed->sender)->messages_refused, 1);
    feed_close(feed);
}
END_TEST

/* --- faults --------------------------------------------------------------------------------------------- */

START_TEST(each_fault_does_what_it_is_called)
{
    struct ll_mold_sender_config config = config_clean();
    config.line_count = 1;
    struct feed *feed = feed_open(&config);
    struct ll_mold_sender_faults faults = {.loss_per_mille = 1000};
    const struct ll_mold_sender_faults none = {0};
    ll_mold_sender_set_faults(feed->sender, 0, &faults);
    add(feed, 1);
    ck_assert_uint_eq(ll_mold_sender_poll(feed->sender, 1), 0);
    faults = (struct ll_mold_sender_faults){.duplicate_per_mille = 1000};
    ll_mold_sender_set_faults(feed->sender, 0, &faults);
    add(feed, 1);
    ck_assert_uint_eq(ll_mold_sender_poll(feed->sender, 2), 2);
    sent(feed, "A data 2+1 at 2\nA data 2+1 at 2\n");
    faults = (struct ll_mold_sender_faults){.reorder_per_mille = 1000};
    ll_mold_sender_set_faults(feed->sender, 0, &faults);
    add(feed, 1);
    ck_assert_uint_eq(ll_mold_sender_poll(feed->sender, 3), 0);
    ll_mold_sender_set_faults(feed->sender, 0, &none);
    add(feed, 1);
    ck_assert_uint_eq(ll_mold_sender_poll(feed->sender, 4), 2);
    sent(feed, "A data 4+1 at 4\nA data 3+1 at 4\n");
    faults = (struct ll_mold_sender_faults){.delay_per_mille = 1000, .delay_ns_max = 1};
    ll_mold_sender_set_faults(feed->sender, 0, &faults);
    add(feed, 1);
    ck_assert_uint_eq(ll_mold_sender_poll(feed->sender, 5), 0);
    ll_mold_sender_set_faults(feed->sender, 0, &none);
    ck_assert_uint_eq(ll_mold_sender_poll(feed->sender, 5), 0);
    ck_assert_uint_eq(ll_mold_sender_poll(feed->sender, 6), 1);
    sent(feed, "A data 5+1 at 6\n");
    feed_close(feed);
}
END_TEST

START_TEST(delayed_packets_come_in_the_order_of_their_times)
{
    struct ll_mold_sender_config config = config_clean();
    config.line_count = 1;
    struct feed *feed = feed_open(&config);
    const struct ll_mold_sender_faults none = {0};
    struct ll_mold_sender_faults faults = {.delay_per_mille = 1000, .delay_ns_max = SECOND_NS};
    ll_mold_sender_set_faults(feed->sender, 0, &faults);
    add(feed, 1);
    (void)ll_mold_sender_poll(feed->sender, 1);
    faults.delay_ns_max = 1;
    ll_mold_sender_set_faults(feed->sender, 0, &faults);
    add(feed, 1);
    (void)ll_mold_sender_poll(feed->sender, 2);
    add(feed, 1);
    (void)ll_mold_sender_poll(feed->sender, 2);
    ll_mold_sender_set_faults(feed->sender, 0, &none);
    ck_assert_uint_eq(ll_mold_sender_poll(feed->sender, SECOND_NS), 3);
    sent(feed, "A data 2+1 at 1000000000\n"
               "A data 3+1 at 1000000000\n"
               "A data 1+1 at 1000000000\n");
    feed_close(feed);
}
END_TEST

START_TEST(what_cannot_be_held_goes_at_once)
{
    struct ll_mold_sender_config config = config_clean();
    config.line_count = 1;
    config.held_max = 1;
    config.faults[0] = (struct ll_mold_sender_faults){.delay_per_mille = 1000, .delay_ns_max = 1};
    struct feed *feed = feed_open(&config);
    add(feed, 1);
    (void)ll_mold_sender_poll(feed->sender, 1);
    add(feed, 1);
    struct ll_mold_sender_faults reorder = {.reorder_per_mille = 1000};
    ll_mold_sender_set_faults(feed->sender, 0, &reorder);
    (void)ll_mold_sender_poll(feed->sender, 1);
    sent(feed, "A data 2+1 at 1\n");
    ck_assert_uint_eq(ll_mold_sender_counters(feed->sender)->line[0].held_full, 1);
    feed_close(feed);
}
END_TEST

/* A day of random calls; what went through the door is its result. */
static void noisy_day(struct feed *feed, uint64_t seed)
{
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    uint64_t now_ns = 0;
    for (uint32_t step = 0; step < 2000; step++) {
        now_ns += ll_prng_below(&prng, 100000000);
        uint32_t room = 1000 - (uint32_t)ll_mold_sender_counters(feed->sender)->messages;
        uint32_t count = ll_prng_below(&prng, 4);
        add(feed, count < room ? count : room);
        (void)ll_mold_sender_poll(feed->sender, now_ns);
        if (ll_prng_chance(&prng, 200))
            (void)request(feed, ll_prng_below(&prng, 1002), (uint16_t)ll_prng_next(&prng), now_ns);
    }
    feed->log[feed->log_bytes] = '\0';
}

START_TEST(faults_come_from_the_seed_alone)
{
    uint64_t seed = ll_test_seed("faults_come_from_the_seed_alone");
    struct ll_mold_sender_config config = config_clean();
    config.seed = seed;
    for (uint32_t line = 0; line < 2; line++)
        config.faults[line] = (struct ll_mold_sender_faults){100, 100, 100, 100, SECOND_NS};
    config.server_faults = (struct ll_mold_sender_server_faults){200, 200, SECOND_NS};
    struct feed *first = feed_open(&config);
    struct feed *same = feed_open(&config);
    config.seed++;
    struct feed *other = feed_open(&config);
    noisy_day(first, seed);
    noisy_day(same, seed);
    noisy_day(other, seed);
    ck_assert_str_eq(first->log, same->log);
    ck_assert_str_ne(first->log, other->log);
    const struct ll_mold_sender_counters *counters = ll_mold_sender_counters(first->sender);
    for (uint32_t line = 0; line < 2; line++) {
        ck_assert_uint_gt(counters->line[line].lost, 0);
        ck_assert_uint_gt(counters->line[line].delayed, 0);
        ck_assert_uint_gt(counters->line[line].reordered, 0);
        ck_assert_uint_gt(counters->line[line].duplicated, 0);
    }
    feed_close(first);
    feed_close(same);
    feed_close(other);
}
END_TEST

/* --- the re-request server ------------------------------------------------------------------------------ */

START_TEST(an_answer_is_one_packet_from_the_number_asked)
{
    struct ll_mold_sender_config config = config_clean();
    struct feed *feed = feed_open(&config);
    add(feed, 20);
    ck_assert_int_eq(request(feed, 4, 2, 9), LL_MOLD_REQUEST_ANSWERED);
    ck_assert_int_eq(request(feed, 4, UINT16_MAX, 9), LL_MOLD_REQUEST_ANSWERED); /* as many as fit */
    ck_assert_int_eq(request(feed, 20, 5, 9), LL_MOLD_REQUEST_ANSWERED);         /* as many as there are */
    sent(feed, "to 77 data 4+2 at 9\n"
               "to 77 data 4+4 at 9\n"
               "to 77 data 20+1 at 9\n");
    feed_close(feed);
}
END_TEST

START_TEST(requests_that_cannot_be_served_get_nothing)
{
    struct ll_mold_sender_config config = config_clean();
    struct feed *feed = feed_open(&config);
    uint8_t bytes[LL_MOLDUDP64_HEADER_BYTES + 1] = {0};
    add(feed, 3);
    ck_assert_int_eq(request(feed, 0, 1, 1), LL_MOLD_REQUEST_RANGE);
    ck_assert_int_eq(request(feed, 4, 1, 1), LL_MOLD_REQUEST_RANGE);
    ck_assert_int_eq(request(feed, UINT64_MAX, 1, 1), LL_MOLD_REQUEST_BAD);
    ck_assert_int_eq(request(feed, 1, 0, 1), LL_MOLD_REQUEST_RANGE);
    ll_moldudp64_write_header(bytes, "DAY0000002", 1, 1);
    ck_assert_int_eq(ll_mold_sender_request(feed->sender, 77, bytes, 20, 1), LL_MOLD_REQUEST_SESSION);
    ll_moldudp64_write_header(bytes, config.session, 1, 1);
    ck_assert_int_eq(ll_mold_sender_request(feed->sender, 77, bytes, 19, 1), LL_MOLD_REQUEST_BAD);
    ck_assert_int_eq(ll_mold_sender_request(feed->sender, 77, bytes, 21, 1), LL_MOLD_REQUEST_BAD);
    ck_assert_int_eq(ll_mold_sender_request(feed->sender, 77, bytes, 0, 1), LL_MOLD_REQUEST_BAD);
    sent(feed, "");
    const struct ll_mold_sender_counters *counters = ll_mold_sender_counters(feed->sender);
    ck_assert_uint_eq(counters->requests[LL_MOLD_REQUEST_RANGE], 3);
    ck_assert_uint_eq(counters->requests[LL_MOLD_REQUEST_BAD], 4);
    ck_assert_uint_eq(counters->answers, 0);
    feed_close(feed);
}
END_TEST

START_TEST(the_server_is_silent_or_late_on_request)
{
    struct ll_mold_sender_config config = config_clean();
    config.heartbeat_ns = 1000 * SECOND_NS;
    config.server_faults = (struct ll_mold_sender_server_faults){.silence_per_mille = 1000};
    struct feed *feed = feed_open(&config);
    add(feed, 3);
    (void)ll_mold_sender_poll(feed->sender, 0);
    feed->log_bytes = 0;
    ck_assert_int_eq(request(feed, 1, 3, 1), LL_MOLD_REQUEST_SILENT);
    struct ll_mold_sender_server_faults late = {.late_per_mille = 1000, .late_ns_max = SECOND_NS};
    ll_mold_sender_set_server_faults(feed->sender, &late);
    ck_assert_int_eq(request(feed, 2, 2, 1), LL_MOLD_REQUEST_LATE);
    sent(feed, "");
    ck_assert_uint_eq(ll_mold_sender_poll(feed->sender, 1), 0);
    ck_assert_uint_eq(ll_mold_sender_poll(feed->sender, 1 + SECOND_NS), 1);
    sent(feed, "to 77 data 2+2 at 1000000001\n");
    feed_close(feed);
}
END_TEST

/* --- configs -------------------------------------------------------------------------------------------- */

START_TEST(configs_outside_the_limits_are_refused)
{
    struct ll_mold_sender_config bad[10];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        bad[i] = config_clean();
    bad[0].messages_max = 0;
    bad[1].messages_max = LL_MOLD_SENDER_MESSAGES_MAX + 1;
    bad[2].heartbeat_ns = 0;
    bad[3].message_bytes_max = 0;
    bad[4].message_bytes_max = LL_MOLD_SENDER_MESSAGE_BYTES_MAX + 1;
    bad[5].held_max = 0;
    bad[6].line_count = 0;
    bad[7].line_count = LL_MOLD_SENDER_LINES_MAX + 1;
    bad[8].packet_bytes_max[1] = 29; /* one short of a message */
    bad[9].answer_bytes_max = LL_MOLDUDP64_DATAGRAM_BYTES_MAX + 1;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ll_mold_sender *sender = NULL;
        struct ll_mold_sender_door door = {NULL, on_send, on_answer};
        struct ll_why why = {0};
        ck_assert_uint_eq(ll_mold_sender_footprint_bytes(&bad[i]), 0);
        ck_assert_int_eq(ll_mold_sender_init(&sender, NULL, 0, &bad[i], &door, &why), LL_ERR_USAGE);
    }
    struct ll_mold_sender_config good = config_clean();
    struct ll_mold_sender *sender = NULL;
    struct ll_mold_sender_door door = {NULL, on_send, on_answer};
    ck_assert_int_eq(ll_mold_sender_init(&sender, NULL, 0, &good, &door, NULL), LL_ERR_NO_MEMORY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mold_sender");
    TCase *lines = tcase_create("lines");
    tcase_add_test(lines, each_line_cuts_for_itself);
    tcase_add_test(lines, silence_is_broken_by_heartbeats);
    tcase_add_test(lines, the_end_is_told_at_once_and_again);
    tcase_add_test(lines, one_poll_sends_a_bounded_burst);
    tcase_add_test(lines, a_full_store_takes_no_more);
    suite_add_tcase(suite, lines);
    TCase *faults = tcase_create("faults");
    tcase_add_test(faults, each_fault_does_what_it_is_called);
    tcase_add_test(faults, delayed_packets_come_in_the_order_of_their_times);
    tcase_add_test(faults, what_cannot_be_held_goes_at_once);
    tcase_add_test(faults, faults_come_from_the_seed_alone);
    suite_add_tcase(suite, faults);
    TCase *server = tcase_create("server");
    tcase_add_test(server, an_answer_is_one_packet_from_the_number_asked);
    tcase_add_test(server, requests_that_cannot_be_served_get_nothing);
    tcase_add_test(server, the_server_is_silent_or_late_on_request);
    tcase_add_test(server, configs_outside_the_limits_are_refused);
    suite_add_tcase(suite, server);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
