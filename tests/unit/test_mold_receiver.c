/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: every receiver rule of MoldUDP64, and every decision where the protocol is silent, on its own.
 * Method: packets built in code go into a receiver with tiny limits; each callback appends one word to a log,
 * so that a test states the exact conversation: "S1" session starts at 1, "M7" message 7, "R4+2" request of 2
 * from 4, "G4+2" 4 and 5 lost, "B-3" bad packet with reason, "E7" end at 7. Contents are checked in the
 * callback.
 */
#include "host/provider/ll_mold_receiver.h"

#include "host/base/ll_bytes.h"

#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RIG_LOG_BYTES      4096u
#define RIG_DATAGRAM_BYTES 65507u
#define MS                 UINT64_C(1000000)
#define A                  0u
#define B                  1u
#define ANSWER             LL_MOLD_LINE_REREQUEST

static const char SESSION[LL_MOLDUDP64_SESSION_BYTES] = {'0', '0', '0', '0', '1', '0', '0', '5', '9', 'B'};
static const char OTHER[LL_MOLDUDP64_SESSION_BYTES] = {'0', '0', '0', '0', '1', '0', '0', '5', '9', 'C'};

struct rig {
    struct ll_mold_config config;
    struct ll_mold_receiver *receiver;
    const struct ll_mold_counters *counters;
    void *memory;
    uint64_t now_ns;
    size_t log_bytes;
    char log[RIG_LOG_BYTES];
    uint8_t datagram[RIG_DATAGRAM_BYTES];
};

/* What message `sequence` says: its length depends on it too, 0 included. */
static uint32_t message_make(uint64_t sequence, uint8_t message[32])
{
    for (uint32_t i = 0; i < 32; i++)
        message[i] = (uint8_t)(sequence * 31 + i);
    return (uint32_t)(sequence % 9);
}

__attribute__((format(printf, 2, 3))) static void rig_log(struct rig *rig, const char *fmt, ...)
{
    va_list list;
    size_t left_bytes = RIG_LOG_BYTES - rig->log_bytes;
    const char *gap = rig->log_bytes > 0 ? " " : "";
    int used = snprintf(rig->log + rig->log_bytes, left_bytes, "%s", gap);
    rig->log_bytes += (size_t)used;
    va_start(list, fmt);
    used = vsnprintf(rig->log + rig->log_bytes, RIG_LOG_BYTES - rig->log_bytes, fmt, list);
    va_end(list);
    rig->log_bytes += (size_t)used;
    ck_assert_uint_lt(rig->log_bytes, RIG_LOG_BYTES);
}

static void on_message(void *context, uint64_t sequence, const uint8_t *message, uint32_t message_bytes,
                       uint64_t now_ns)
{
    uint8_t expected[32];
    struct rig *rig = context;
    ck_assert_uint_eq(message_bytes, message_make(sequence, expected));
    ck_assert_mem_eq(message, expected, message_bytes);
    ck_assert_uint_eq(now_ns, rig->now_ns);
    rig_log(rig, "M%" PRIu64, sequence);
}

static void on_session(void *context, const char session[LL_MOLDUDP64_SESSION_BYTES], uint64_t first_sequence,
                       uint64_t now_ns)
{
    struct rig *rig = context;
    ck_assert_mem_eq(session, SESSION, LL_MOLDUDP64_SESSION_BYTES);
    ck_assert_uint_eq(now_ns, rig->now_ns);
    rig_log(rig, "S%" PRIu64, first_sequence);
}

static void on_gap(void *context, uint64_t first_sequence, uint64_t count, uint64_t now_ns)
{
    struct rig *rig = context;
    ck_assert_uint_eq(now_ns, rig->now_ns);
    rig_log(rig, "G%" PRIu64 "+%" PRIu64, first_sequence, count);
}

static void on_request(void *context, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES], uint64_t now_ns)
{
    struct rig *rig = context;
    struct ll_moldudp64_request parsed;
    ck_assert_uint_eq(now_ns, rig->now_ns);
    ck_assert_int_eq(ll_moldudp64_parse_request(request, LL_MOLDUDP64_HEADER_BYTES, &parsed), LL_OK);
    ck_assert_mem_eq(parsed.session, SESSION, LL_MOLDUDP64_SESSION_BYTES);
    rig_log(rig, "R%" PRIu64 "+%u", parsed.sequence, parsed.count);
}

static void on_bad_packet(void *context, uint32_t line, int reason, const uint8_t *bytes,
                          uint32_t bytes_count, uint64_t now_ns)
{
    struct rig *rig = context;
    (void)line;
    (void)bytes_count;
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(now_ns, rig->now_ns);
    rig_log(rig, "B%d", reason);
}

static void on_end(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    struct rig *rig = context;
    ck_assert_uint_eq(now_ns, rig->now_ns);
    rig_log(rig, "E%" PRIu64, next_sequence);
}

static struct ll_mold_config default_config(void)
{
    return (struct ll_mold_config){
        .line_count = 2,
        .start_sequence = 1,
        .holdback_packets = 4,
        .holdback_bytes_max = 200,
        .request_timeout_ns = 10 * MS,
        .gap_requests_max = 3,
        .gap_timeout_ns = 1000 * MS,
        .ahead_messages_max = 100000,
        .stale_after_ns = 500 * MS,
    };
}

static void rig_init(struct rig *rig, struct ll_mold_config config)
{
    const struct ll_mold_handler handler = {rig,        on_message,    on_session, on_gap,
                                            on_request, on_bad_packet, on_end};
    memset(rig, 0, sizeof *rig);
    rig->config = config;
    rig->now_ns = 5 * MS;
    size_t memory_bytes = ll_mold_receiver_footprint_bytes(&config);
    ck_assert_uint_gt(memory_bytes, 0);
    rig->memory = malloc(memory_bytes);
    ck_assert_ptr_nonnull(rig->memory);
    memset(rig->memory, 0xa5, memory_bytes); /* init must not count on zeroed memory */
    rig->receiver = ll_mold_receiver_init(rig->memory, &config, &handler);
    ck_assert_ptr_nonnull(rig->receiver);
    rig->counters = ll_mold_receiver_counters(rig->receiver);
}

static void rig_deinit(struct rig *rig)
{
    free(rig->memory);
}

static uint32_t rig_build(struct rig *rig, const char *session, uint64_t sequence, uint32_t message_count)
{
    struct ll_moldudp64_builder builder;
    uint8_t message[32];
    ll_moldudp64_begin(&builder, rig->datagram, RIG_DATAGRAM_BYTES, session, sequence);
    for (uint32_t i = 0; i < message_count; i++) {
        uint32_t message_bytes = message_make(sequence + i, message);
        ck_assert_int_eq(ll_moldudp64_add(&builder, message, message_bytes), LL_OK);
    }
    return ll_moldudp64_end(&builder);
}

/* Hands bytes in from an exact-size heap copy, so that a read past the datagram is seen by a sanitizer. */
static void rig_raw(struct rig *rig, uint32_t line, const uint8_t *bytes, uint32_t bytes_count)
{
    uint8_t *copy = malloc(bytes_count > 0 ? bytes_count : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, bytes_count);
    ll_mold_receiver_packet(rig->receiver, line, copy, bytes_count, rig->now_ns);
    free(copy);
}

static void rig_data(struct rig *rig, uint32_t line, uint64_t sequence, uint32_t message_count)
{
    uint32_t bytes_count = rig_build(rig, SESSION, sequence, message_count);
    rig_raw(rig, line, rig->datagram, bytes_count);
}

static void rig_header(struct rig *rig, uint32_t line, uint64_t sequence, uint16_t count)
{
    uint8_t bytes[LL_MOLDUDP64_HEADER_BYTES];
    ll_moldudp64_write_header(bytes, SESSION, sequence, count);
    rig_raw(rig, line, bytes, sizeof bytes);
}

static void rig_heartbeat(struct rig *rig, uint32_t line, uint64_t sequence)
{
    rig_header(rig, line, sequence, LL_MOLDUDP64_COUNT_HEARTBEAT);
}

static void rig_end(struct rig *rig, uint32_t line, uint64_t sequence)
{
    rig_header(rig, line, sequence, LL_MOLDUDP64_COUNT_END);
}

static void rig_wait(struct rig *rig, uint64_t step_ns)
{
    rig->now_ns += step_ns;
    ll_mold_receiver_poll(rig->receiver, rig->now_ns);
}

/* What was said since the last look. */
static void rig_expect(struct rig *rig, const char *log)
{
    ck_assert_str_eq(rig->log, log);
    rig->log_bytes = 0;
    rig->log[0] = '\0';
}

/* --- the first packet, the session --- */

START_TEST(session_is_learnt_from_the_first_packet)
{
    struct rig rig;
    rig_init(&rig, default_config());
    ck_assert_uint_eq(ll_mold_receiver_next_sequence(rig.receiver), 0);
    rig_data(&rig, A, 1, 2);
    rig_expect(&rig, "S1 M1 M2");
    ck_assert_uint_eq(ll_mold_receiver_next_sequence(rig.receiver), 3);
    rig_deinit(&rig);
}
END_TEST

START_TEST(start_0_begins_at_whatever_comes_first)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.start_sequence = 0;
    rig_init(&rig, config);
    rig_data(&rig, A, 1000000007, 2);
    rig_expect(&rig, "S1000000007 M1000000007 M1000000008");
    rig_data(&rig, B, 1000000005, 3); /* the other line is behind: two of before, one duplicate */
    rig_expect(&rig, "");
    ck_assert_uint_eq(rig.counters->messages_before_start, 2);
    ck_assert_uint_eq(rig.counters->line[B].messages_duplicate, 1);
    rig_deinit(&rig);

    rig_init(&rig, config);
    rig_heartbeat(&rig, A, 50);
    rig_data(&rig, A, 50, 1);
    rig_expect(&rig, "S50 M50");
    rig_deinit(&rig);

    rig_init(&rig, config);
    rig_end(&rig, A, 50);
    rig_expect(&rig, "S50 E50");
    rig_deinit(&rig);
}
END_TEST

START_TEST(start_1_recovers_from_the_beginning)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 4, 2);
    rig_expect(&rig, "S1 R1+3");
    rig_data(&rig, ANSWER, 1, 3);
    rig_expect(&rig, "M1 M2 M3 M4 M5");
    ck_assert_uint_eq(rig.counters->line[ANSWER].messages_first, 3);
    ck_assert_uint_eq(rig.counters->gaps_filled, 1);
    rig_deinit(&rig);
}
END_TEST

START_TEST(start_n_resumes_and_counts_what_is_known)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.start_sequence = 5;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 3);
    rig_data(&rig, A, 4, 3);
    rig_expect(&rig, "S5 M5 M6");
    ck_assert_uint_eq(rig.counters->messages_before_start, 4);
    ck_assert_uint_eq(rig.counters->line[A].messages_duplicate, 0);
    ck_assert_uint_eq(rig.counters->line[A].messages_first, 2);
    rig_deinit(&rig);
}
END_TEST

START_TEST(number_0_is_no_message)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.start_sequence = 0;
    rig_init(&rig, config);
    uint32_t bytes_count = rig_build(&rig, SESSION, 0, 3);
    rig_raw(&rig, A, rig.datagram, bytes_count);
    rig_expect(&rig, "S1 M1 M2");
    ck_assert_uint_eq(rig.counters->messages_before_start, 1);
    rig_deinit(&rig);
}
END_TEST

START_TEST(another_session_is_counted_and_never_mixed)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    uint32_t bytes_count = rig_build(&rig, OTHER, 2, 1);
    rig_raw(&rig, A, rig.datagram, bytes_count);
    bytes_count = rig_build(&rig, OTHER, 1, 1);
    rig_raw(&rig, B, rig.datagram, bytes_count);
    rig_expect(&rig, "S1 M1");
    ck_assert_uint_eq(rig.counters->line[A].wrong_session, 1);
    ck_assert_uint_eq(rig.counters->line[B].wrong_session, 1);
    ck_assert_uint_eq(rig.counters->line[B].last_packet_ns, 0);
    rig_data(&rig, A, 2, 1);
    rig_expect(&rig, "M2");
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_preset_session_takes_no_other)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.session_known = true;
    config.start_sequence = 7;
    memcpy(config.session, SESSION, sizeof config.session);
    rig_init(&rig, config);
    uint32_t bytes_count = rig_build(&rig, OTHER, 7, 1);
    rig_raw(&rig, A, rig.datagram, bytes_count);
    rig_expect(&rig, "");
    ck_assert_uint_eq(ll_mold_receiver_next_sequence(rig.receiver), 0);
    rig_data(&rig, A, 7, 1);
    rig_expect(&rig, "S7 M7");
    rig_deinit(&rig);
}
END_TEST

/* --- order --- */

START_TEST(sequence_as_expected_is_delivered)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_heartbeat(&rig, A, 1);
    rig_data(&rig, A, 1, 2);
    rig_data(&rig, A, 3, 1);
    rig_data(&rig, A, 4, 2);
    rig_data(&rig, A, 6, 1);
    rig_heartbeat(&rig, A, 7);
    rig_end(&rig, A, 7);
    rig_expect(&rig, "S1 M1 M2 M3 M4 M5 M6 E7");
    ck_assert_uint_eq(rig.counters->messages, 6);
    ck_assert_uint_eq(rig.counters->line[A].heartbeats, 2);
    ck_assert_uint_eq(rig.counters->line[A].packets, 7);
    ck_assert_uint_eq(rig.counters->line[A].gaps, 0);
    ck_assert_uint_eq(rig.counters->gaps_detected, 0);
    rig_deinit(&rig);
}
END_TEST

START_TEST(sequence_above_expected_is_held_and_the_gap_requested)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 2);
    rig_data(&rig, A, 3, 1);
    rig_data(&rig, A, 6, 1);
    rig_expect(&rig, "S1 M1 M2 M3 R4+2");
    ck_assert_uint_eq(rig.counters->line[A].gaps, 1);
    ck_assert_uint_eq(rig.counters->gaps_detected, 1);
    rig_data(&rig, ANSWER, 4, 2);
    rig_expect(&rig, "M4 M5 M6");
    ck_assert_uint_eq(rig.counters->gaps_filled, 1);
    ck_assert_uint_eq(rig.counters->held_packets, 1);
    ck_assert_uint_eq(rig.counters->held_packets_max, 1);
    ck_assert_uint_eq(rig.counters->line[A].messages_first, 4);
    rig_deinit(&rig);
}
END_TEST

START_TEST(an_overlapping_packet_delivers_only_what_is_new)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 4);
    rig_data(&rig, B, 3, 4);
    rig_expect(&rig, "S1 M1 M2 M3 M4 M5 M6");
    ck_assert_uint_eq(rig.counters->line[B].messages_first, 2);
    ck_assert_uint_eq(rig.counters->line[B].messages_duplicate, 2);
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_packet_below_expected_is_a_duplicate)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 4);
    rig_data(&rig, B, 1, 4);
    rig_data(&rig, B, 2, 3);
    rig_expect(&rig, "S1 M1 M2 M3 M4");
    ck_assert_uint_eq(rig.counters->line[B].messages_duplicate, 7);
    ck_assert_uint_eq(rig.counters->requests, 0);
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_jump_back_changes_nothing_but_a_counter)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 4);
    rig_data(&rig, A, 1, 1); /* a sender that began again under the same name */
    rig_heartbeat(&rig, A, 2);
    rig_data(&rig, A, 5, 1);
    rig_expect(&rig, "S1 M1 M2 M3 M4 M5");
    ck_assert_uint_eq(rig.counters->line[A].packets_back, 2);
    ck_assert_uint_eq(rig.counters->line[A].next_sequence, 6);
    rig_deinit(&rig);
}
END_TEST

START_TEST(lines_with_other_packet_boundaries_are_arbitrated_per_message)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 3);
    rig_data(&rig, B, 1, 2);
    rig_data(&rig, B, 3, 2); /* 4 first by B */
    rig_data(&rig, A, 6, 2); /* A lost 4 and 5 */
    rig_data(&rig, B, 5, 4); /* 5, 6, 7, 8 */
    rig_data(&rig, A, 8, 1);
    rig_expect(&rig, "S1 M1 M2 M3 M4 R5+1 M5 M6 M7 M8");
    ck_assert_uint_eq(rig.counters->line[A].gaps, 1);
    ck_assert_uint_eq(rig.counters->line[B].gaps, 0);
    ck_assert_uint_eq(rig.counters->line[A].messages_first + rig.counters->line[B].messages_first, 8);
    ck_assert_uint_eq(rig.counters->messages, 8);
    rig_deinit(&rig);
}
END_TEST

/* --- heartbeats, end --- */

START_TEST(a_heartbeat_above_expected_shows_a_tail_gap)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_heartbeat(&rig, A, 4);
    rig_expect(&rig, "S1 M1 R2+2");
    rig_heartbeat(&rig, B, 4);
    rig_expect(&rig, "");
    rig_data(&rig, ANSWER, 2, 2);
    rig_expect(&rig, "M2 M3");
    ck_assert_uint_eq(rig.counters->gaps_filled, 1);
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_heartbeat_below_expected_is_ignored)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 3);
    rig_heartbeat(&rig, B, 2);
    rig_expect(&rig, "S1 M1 M2 M3");
    ck_assert_uint_eq(rig.counters->gaps_detected, 0);
    ck_assert_uint_eq(rig.counters->line[B].heartbeats, 1);
    rig_deinit(&rig);
}
END_TEST

START_TEST(end_of_session_requests_the_tail_and_then_ends_once)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_end(&rig, A, 4);
    rig_expect(&rig, "S1 M1 R2+2");
    ck_assert(!ll_mold_receiver_ended(rig.receiver));
    rig_data(&rig, ANSWER, 2, 1);
    rig_data(&rig, ANSWER, 3, 1);
    rig_expect(&rig, "M2 R3+1 M3 E4");
    ck_assert(ll_mold_receiver_ended(rig.receiver));
    rig_end(&rig, A, 4);
    rig_end(&rig, B, 4);
    rig_data(&rig, B, 3, 1);
    ll_mold_receiver_finish(rig.receiver, rig.now_ns);
    rig_expect(&rig, "");
    ck_assert_uint_eq(rig.counters->line[B].messages_duplicate, 1);
    ck_assert_uint_eq(rig.counters->packets_after_end, 0);
    rig_deinit(&rig);
}
END_TEST

START_TEST(end_of_session_with_a_lost_tail_names_it)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_end(&rig, A, 4);
    rig_wait(&rig, 10 * MS);
    rig_wait(&rig, 10 * MS);
    rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "S1 M1 R2+2 R2+2 R2+2 G2+2 E4");
    rig_deinit(&rig);
}
END_TEST

START_TEST(nothing_is_delivered_beyond_the_end)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 2);
    rig_end(&rig, A, 3);
    rig_data(&rig, A, 2, 3);
    rig_heartbeat(&rig, A, 9);
    rig_expect(&rig, "S1 M1 M2 E3");
    ck_assert_uint_eq(rig.counters->packets_after_end, 2);
    ck_assert_uint_eq(rig.counters->messages_dropped, 2);
    ck_assert_uint_eq(rig.counters->line[A].messages_duplicate, 1);
    rig_deinit(&rig);
}
END_TEST

START_TEST(an_end_below_known_messages_is_refused)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 2);
    rig_end(&rig, A, 2);
    rig_data(&rig, A, 4, 1);
    rig_end(&rig, A, 4); /* message 4 is held */
    rig_data(&rig, B, 3, 1);
    rig_expect(&rig, "S1 M1 M2 R3+1 M3 M4");
    ck_assert_uint_eq(rig.counters->end_contradicted, 2);
    ck_assert(!ll_mold_receiver_ended(rig.receiver));
    rig_end(&rig, A, 5);
    rig_expect(&rig, "E5");
    rig_deinit(&rig);
}
END_TEST

START_TEST(an_end_is_withdrawn_when_later_messages_come)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_end(&rig, A, 3); /* pending: 2 is missing */
    rig_data(&rig, B, 2, 3);
    rig_expect(&rig, "S1 M1 R2+1 M2 M3 M4");
    ck_assert_uint_eq(rig.counters->end_contradicted, 1);
    rig_end(&rig, B, 5);
    rig_expect(&rig, "E5");
    rig_deinit(&rig);
}
END_TEST

/* --- requests --- */

START_TEST(an_unanswered_request_is_repeated_and_then_the_gap_given_up)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 4, 1);
    rig_expect(&rig, "S1 M1 R2+2");
    rig_wait(&rig, 10 * MS - 1);
    rig_expect(&rig, "");
    rig_wait(&rig, 1);
    rig_expect(&rig, "R2+2");
    rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "R2+2");
    rig_wait(&rig, 10 * MS - 1);
    rig_expect(&rig, "");
    rig_wait(&rig, 1);
    rig_expect(&rig, "G2+2 M4");
    ck_assert_uint_eq(rig.counters->requests, 3);
    ck_assert_uint_eq(rig.counters->gaps_given_up, 1);
    ck_assert_uint_eq(rig.counters->messages_lost, 2);
    rig_data(&rig, B, 2, 1); /* too late: never delivered after it was named lost */
    rig_expect(&rig, "");
    ck_assert_uint_eq(rig.counters->line[B].messages_duplicate, 1);
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_gap_is_given_up_by_time_in_any_case)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.gap_requests_max = 0;
    config.gap_timeout_ns = 25 * MS;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 5, 1);
    rig_wait(&rig, 10 * MS);
    rig_wait(&rig, 10 * MS);
    rig_data(&rig, ANSWER, 2, 1);
    rig_expect(&rig, "S1 M1 R2+3 R2+3 R2+3 M2 R3+2");
    rig_wait(&rig, 5 * MS - 1);
    rig_expect(&rig, "");
    rig_wait(&rig, 1);
    rig_expect(&rig, "G3+2 M5");
    rig_deinit(&rig);
}
END_TEST

START_TEST(without_a_server_nothing_is_requested)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.request_timeout_ns = 0;
    config.gap_timeout_ns = 25 * MS;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 3, 1); /* 2 missing from here on */
    rig_wait(&rig, 20 * MS);
    rig_data(&rig, A, 5, 1); /* 4 missing from here on */
    rig_expect(&rig, "S1 M1");
    rig_wait(&rig, 5 * MS);
    rig_expect(&rig, "G2+1 M3");
    rig_wait(&rig, 20 * MS - 1);
    rig_expect(&rig, "");
    rig_wait(&rig, 1); /* its own time, not 25 ms after the first one was given up */
    rig_expect(&rig, "G4+1 M5");
    ck_assert_uint_eq(rig.counters->requests, 0);
    ck_assert_uint_eq(rig.counters->gaps_detected, 2);
    ck_assert_uint_eq(rig.counters->gaps_given_up, 2);
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_short_answer_is_followed_by_a_request_for_the_rest)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 8, 1);
    rig_data(&rig, ANSWER, 2, 2);
    rig_data(&rig, ANSWER, 4, 3);
    rig_data(&rig, ANSWER, 4, 3); /* a second answer to the same: no request for what is known */
    rig_data(&rig, ANSWER, 7, 1);
    rig_expect(&rig, "S1 M1 R2+6 M2 M3 R4+4 M4 M5 M6 R7+1 M7 M8");
    ck_assert_uint_eq(rig.counters->line[ANSWER].messages_first, 6);
    ck_assert_uint_eq(rig.counters->line[ANSWER].messages_duplicate, 3);
    ck_assert_uint_eq(rig.counters->gaps_detected, 1);
    ck_assert_uint_eq(rig.counters->gaps_filled, 1);
    rig_deinit(&rig);
}
END_TEST

START_TEST(an_answer_makes_the_count_of_unanswered_requests_start_again)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 6, 1);
    rig_wait(&rig, 10 * MS);
    rig_wait(&rig, 10 * MS);
    rig_data(&rig, ANSWER, 2, 1);
    rig_expect(&rig, "S1 M1 R2+4 R2+4 R2+4 M2 R3+3");
    rig_wait(&rig, 10 * MS);
    rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "R3+3 R3+3");
    rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "G3+3 M6");
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_large_gap_is_requested_in_parts)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 70002, 1);
    rig_expect(&rig, "S1 M1 R2+65534");
    rig_wait(&rig, 10 * MS); /* one request at a time, the same again */
    rig_expect(&rig, "R2+65534");
    rig_data(&rig, ANSWER, 2, 1);
    rig_expect(&rig, "M2 R3+65534");
    rig_wait(&rig, 10 * MS);
    rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "R3+65534 R3+65534");
    rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "G3+69999 M70002");
    ck_assert_uint_eq(rig.counters->messages_lost, 69999);
    rig_deinit(&rig);
}
END_TEST

START_TEST(each_hole_is_requested_when_it_is_seen)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 3, 1);
    rig_data(&rig, A, 7, 1);
    rig_heartbeat(&rig, A, 10);
    rig_expect(&rig, "S1 M1 R2+1 R4+3 R8+2");
    rig_data(&rig, ANSWER, 4, 1); /* the second one is answered first, in part */
    rig_data(&rig, ANSWER, 8, 2);
    rig_expect(&rig, "R5+2");
    rig_data(&rig, ANSWER, 2, 1);
    rig_data(&rig, ANSWER, 5, 2);
    rig_expect(&rig, "M2 M3 M4 M5 M6 M7 M8 M9");
    ck_assert_uint_eq(rig.counters->gaps_detected, 2); /* delivery stopped at 2 and at 5 */
    ck_assert_uint_eq(rig.counters->gaps_filled, 2);
    rig_deinit(&rig);
}
END_TEST

START_TEST(the_other_line_fills_a_gap_without_the_server)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 4, 1);
    rig_data(&rig, B, 1, 2);
    rig_data(&rig, B, 3, 2);
    rig_expect(&rig, "S1 M1 R2+2 M2 M3 M4");
    ck_assert_uint_eq(rig.counters->requests, 1);
    rig_wait(&rig, 100 * MS);
    rig_expect(&rig, "");
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_request_never_asks_for_65535)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 65537, 1);
    rig_expect(&rig, "S1 M1 R2+65534"); /* 65,535 missing; that count would say end of session */
    rig_deinit(&rig);
}
END_TEST

START_TEST(each_gap_is_counted_for_itself)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 3, 1);
    for (uint32_t i = 0; i < 3; i++)
        rig_wait(&rig, 10 * MS);
    rig_data(&rig, A, 5, 1);
    rig_data(&rig, B, 4, 1);
    rig_expect(&rig, "S1 M1 R2+1 R2+1 R2+1 G2+1 M3 R4+1 M4 M5");
    ck_assert_uint_eq(rig.counters->gaps_detected, 2);
    ck_assert_uint_eq(rig.counters->gaps_given_up, 1);
    ck_assert_uint_eq(rig.counters->gaps_filled, 1);
    rig_deinit(&rig);
}
END_TEST

START_TEST(what_a_line_brings_of_a_gap_is_an_answer_too)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 6, 1);
    rig_wait(&rig, 10 * MS);
    rig_wait(&rig, 10 * MS);
    rig_data(&rig, B, 2, 1); /* counted from here, repeated by the clock of the last request */
    rig_expect(&rig, "S1 M1 R2+4 R2+4 R2+4 M2");
    for (uint32_t i = 0; i < 4; i++)
        rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "R3+3 R3+3 R3+3 G3+3 M6");
    rig_deinit(&rig);
}
END_TEST

START_TEST(an_answer_that_swallows_a_held_packet_counts_for_the_next_hole)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 5, 1);
    rig_data(&rig, A, 9, 1);
    rig_expect(&rig, "S1 M1 R2+3 R6+3");
    rig_data(&rig, ANSWER, 4, 3); /* 4..6 */
    rig_data(&rig, ANSWER, 2, 2);
    rig_expect(&rig, "R7+2 M2 M3 M4 M5 M6");
    for (uint32_t i = 0; i < 3; i++)
        rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "R7+2 R7+2 G7+2 M9");
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_packet_beyond_a_hole_is_no_answer_to_it)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_heartbeat(&rig, A, 4);
    rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "S1 M1 R2+2 R2+2");
    rig_data(&rig, A, 4, 1);
    rig_wait(&rig, 10 * MS);
    rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "R2+2 G2+2 M4");
    rig_deinit(&rig);
}
END_TEST

START_TEST(numbers_that_go_missing_later_have_their_own_time)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.gap_requests_max = 0;
    config.request_timeout_ns = 100 * MS;
    config.gap_timeout_ns = 20 * MS;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_heartbeat(&rig, A, 3);
    rig_wait(&rig, 15 * MS);
    rig_data(&rig, A, 5, 1); /* 3 and 4 are younger than 2 */
    rig_expect(&rig, "S1 M1 R2+1");
    rig_wait(&rig, 5 * MS);
    rig_expect(&rig, "G2+1 R3+2");
    rig_wait(&rig, 20 * MS - 1);
    rig_expect(&rig, "");
    rig_wait(&rig, 1);
    rig_expect(&rig, "G3+2 M5");
    ck_assert_uint_eq(rig.counters->gaps_detected, 2);
    rig_heartbeat(&rig, A, 7); /* the old part filled: the younger is requested at once, in its own time */
    rig_wait(&rig, 15 * MS);
    rig_heartbeat(&rig, A, 9);
    rig_data(&rig, B, 6, 1);
    rig_expect(&rig, "R6+1 M6 R7+2");
    rig_wait(&rig, 20 * MS - 1);
    rig_expect(&rig, "");
    rig_wait(&rig, 1);
    rig_expect(&rig, "G7+2");
    rig_deinit(&rig);
}
END_TEST

START_TEST(what_a_full_store_dropped_has_its_own_time)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.gap_requests_max = 0;
    config.request_timeout_ns = 100 * MS;
    config.gap_timeout_ns = 20 * MS;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_heartbeat(&rig, A, 14);
    for (uint64_t sequence = 10; sequence <= 13; sequence++)
        rig_data(&rig, A, sequence, 1);
    rig_wait(&rig, 15 * MS);
    rig_data(&rig, A, 14, 3);
    rig_expect(&rig, "S1 M1 R2+12");
    rig_data(&rig, B, 2, 8);
    rig_expect(&rig, "M2 M3 M4 M5 M6 M7 M8 M9 M10 M11 M12 M13 R14+3");
    rig_wait(&rig, 20 * MS - 1);
    rig_expect(&rig, "");
    rig_wait(&rig, 1);
    rig_expect(&rig, "G14+3");
    rig_deinit(&rig);
}
END_TEST

START_TEST(numbers_that_go_missing_later_have_their_own_requests)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_heartbeat(&rig, A, 3);
    rig_wait(&rig, 10 * MS);
    rig_data(&rig, A, 5, 1);
    rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "S1 M1 R2+1 R2+1 R2+3");
    rig_wait(&rig, 10 * MS);
    rig_wait(&rig, 10 * MS);
    rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "G2+1 R3+2 R3+2 R3+2");
    rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "G3+2 M5");
    rig_deinit(&rig);
}
END_TEST

/* --- malformed --- */

START_TEST(malformed_packets_are_counted_and_deliver_nothing)
{
    struct rig rig;
    rig_init(&rig, default_config());
    uint32_t bytes_count = rig_build(&rig, SESSION, 3, 4);
    rig_raw(&rig, A, rig.datagram, 0);
    rig_raw(&rig, A, rig.datagram, LL_MOLDUDP64_HEADER_BYTES - 1);
    rig_raw(&rig, A, rig.datagram, bytes_count - 1); /* a block runs past the datagram */
    rig_raw(&rig, B, rig.datagram, bytes_count + 1); /* bytes left over */
    rig.datagram[19]++;
    rig_raw(&rig, A, rig.datagram, bytes_count); /* more blocks counted than present */
    rig_expect(&rig, "B-3 B-3 B-3 B-4 B-3");
    bytes_count = rig_build(&rig, SESSION, 3, 1);
    ll_store_be64(rig.datagram + 10, UINT64_MAX);
    rig_raw(&rig, A, rig.datagram, bytes_count); /* sequence + count overflows */
    rig_expect(&rig, "B-6");
    ck_assert_uint_eq(rig.counters->line[A].malformed, 5);
    ck_assert_uint_eq(rig.counters->line[B].malformed, 1);
    ck_assert_uint_eq(rig.counters->messages, 0);
    ck_assert_uint_eq(ll_mold_receiver_next_sequence(rig.receiver), 0);
    rig_deinit(&rig);
}
END_TEST

/* --- hold-back --- */

START_TEST(held_packets_may_overlap)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 5, 4); /* 5..8 */
    rig_data(&rig, B, 3, 4); /* 3..6 */
    rig_data(&rig, B, 4, 5); /* all of it is held already, in two packets */
    rig_data(&rig, B, 7, 4); /* 7..10 */
    rig_data(&rig, A, 2, 1);
    rig_expect(&rig, "S1 M1 R2+3 M2 M3 M4 M5 M6 M7 M8 M9 M10");
    ck_assert_uint_eq(rig.counters->held_packets_max, 3);
    ck_assert_uint_eq(rig.counters->line[A].messages_duplicate, 2);     /* 5, 6 */
    ck_assert_uint_eq(rig.counters->line[B].messages_duplicate, 5 + 2); /* 4..8, then 7, 8 */
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_larger_packet_replaces_held_ones_inside_it)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    for (uint64_t sequence = 3; sequence <= 9; sequence += 2)
        rig_data(&rig, A, sequence, 1); /* 3 5 7 9: the store is full */
    rig_data(&rig, B, 3, 6);            /* 3..8 takes the place of three */
    rig_data(&rig, B, 11, 1);
    rig_data(&rig, B, 13, 1);
    rig_data(&rig, B, 2, 1);
    rig_expect(&rig, "S1 M1 R2+1 R4+1 R6+1 R8+1 R10+1 R12+1 M2 M3 M4 M5 M6 M7 M8 M9");
    ck_assert_uint_eq(rig.counters->dropped_holdback, 0);
    ck_assert_uint_eq(rig.counters->line[A].messages_duplicate, 3);
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_full_store_drops_the_packet_furthest_ahead)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    for (uint64_t sequence = 10; sequence <= 13; sequence++)
        rig_data(&rig, A, sequence, 1);
    rig_expect(&rig, "S1 M1 R2+8");
    rig_data(&rig, A, 14, 1); /* itself the furthest */
    rig_expect(&rig, "");
    ck_assert_uint_eq(rig.counters->dropped_holdback, 1);
    rig_data(&rig, A, 5, 5); /* 13 goes for it */
    ck_assert_uint_eq(rig.counters->dropped_holdback, 2);
    ck_assert_uint_eq(rig.counters->messages_dropped, 2);
    ck_assert_uint_eq(rig.counters->held_packets_max, 4);
    rig_data(&rig, B, 2, 3);
    /* What was dropped is known to exist, and now that there is room it is asked for. */
    rig_expect(&rig, "M2 M3 M4 M5 M6 M7 M8 M9 M10 M11 M12 R13+2");
    rig_data(&rig, ANSWER, 13, 2);
    rig_expect(&rig, "M13 M14");
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_full_store_without_answers_still_goes_on)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.holdback_packets = 1;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    for (uint64_t sequence = 3; sequence <= 9; sequence += 2)
        rig_data(&rig, A, sequence, 1);
    rig_expect(&rig, "S1 M1 R2+1");
    for (uint32_t i = 0; i < 6; i++)
        rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "R2+1 R2+1 G2+1 M3 R4+6 R4+6 R4+6 G4+6");
    ck_assert_uint_eq(ll_mold_receiver_next_sequence(rig.receiver), 10);
    ck_assert_uint_eq(rig.counters->messages + rig.counters->messages_lost, 9);
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_full_store_that_nobody_can_help_gives_its_first_hole_up)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.give_up_when_full = true;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    for (uint64_t sequence = 10; sequence <= 13; sequence++)
        rig_data(&rig, A, sequence, 1);
    rig_expect(&rig, "S1 M1 R2+8");
    rig_data(&rig, A, 11, 1); /* nothing new: no reason to give anything up */
    rig_expect(&rig, "");
    rig_data(&rig, A, 14, 1);
    rig_expect(&rig, "G2+8 M10 M11 M12 M13 M14");
    ck_assert_uint_eq(rig.counters->dropped_holdback, 0);
    ck_assert_uint_eq(rig.counters->messages_lost, 8);
    rig_deinit(&rig);
}
END_TEST

START_TEST(the_very_last_packet_is_believed_however_far_it_jumps)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 5000000, 2);
    rig_expect(&rig, "S1 M1");
    ll_mold_receiver_finish(rig.receiver, rig.now_ns);
    rig_expect(&rig, "R2+65534 G2+4999998 M5000000 M5000001");
    ck_assert_uint_eq(rig.counters->far_dropped, 0);
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_datagram_too_long_to_hold_must_come_again)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.holdback_bytes_max = 40;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 3, 20);
    rig_expect(&rig, "S1 M1 R2+21");
    ck_assert_uint_eq(rig.counters->dropped_holdback, 1);
    ck_assert_uint_eq(rig.counters->messages_dropped, 20);
    rig_data(&rig, B, 2, 1);
    rig_data(&rig, B, 3, 20); /* in order any length will do */
    ck_assert_uint_eq(rig.counters->messages, 22);
    ck_assert_uint_eq(rig.counters->gaps_filled, 1);
    rig_deinit(&rig);
}
END_TEST

START_TEST(finish_hands_out_what_is_held_and_names_what_is_lost)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 3, 1);
    rig_data(&rig, A, 6, 2);
    rig_heartbeat(&rig, A, 10);
    rig_expect(&rig, "S1 M1 R2+1 R4+2 R8+2");
    ll_mold_receiver_finish(rig.receiver, rig.now_ns);
    rig_expect(&rig, "G2+1 M3 G4+2 M6 M7 G8+2");
    ck_assert_uint_eq(rig.counters->messages_lost, 5);
    ck_assert_uint_eq(rig.counters->gaps_detected, 3);
    ck_assert_uint_eq(rig.counters->gaps_given_up, 3);
    ll_mold_receiver_finish(rig.receiver, rig.now_ns);
    rig_expect(&rig, "");
    rig_deinit(&rig);

    rig_init(&rig, default_config());
    ll_mold_receiver_finish(rig.receiver, rig.now_ns); /* nothing ever came */
    rig_expect(&rig, "");
    rig_data(&rig, A, 1, 1);
    rig_end(&rig, A, 3);
    ll_mold_receiver_finish(rig.receiver, rig.now_ns);
    rig_expect(&rig, "S1 M1 R2+1 G2+1 E3");
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_dropped_tail_is_asked_for_when_there_is_room)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 10, 1);
    rig_data(&rig, A, 11, 1);
    rig_data(&rig, A, 12, 1);
    rig_heartbeat(&rig, A, 30);
    rig_expect(&rig, "S1 M1 R2+8 R13+17");
    rig_data(&rig, A, 5, 1);
    rig_data(&rig, A, 7, 1); /* 12 goes for it: the tail is another one now */
    rig_expect(&rig, "");
    rig_data(&rig, B, 8, 2);
    rig_data(&rig, B, 6, 1);
    rig_data(&rig, B, 2, 3);
    rig_expect(&rig, "M2 M3 M4 M5 M6 M7 M8 M9 R10+20");
    ck_assert_uint_eq(rig.counters->dropped_holdback, 3);
    rig_deinit(&rig);
}
END_TEST

START_TEST(an_answer_that_fills_the_store_asks_no_further)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.holdback_packets = 2;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 10, 1);
    rig_heartbeat(&rig, A, 30);
    rig_expect(&rig, "S1 M1 R2+8 R11+19");
    rig_data(&rig, ANSWER, 11, 2);
    rig_expect(&rig, "");
    rig_data(&rig, ANSWER, 2, 8);
    rig_expect(&rig, "M2 M3 M4 M5 M6 M7 M8 M9 M10 M11 M12 R13+17");
    rig_deinit(&rig);
}
END_TEST

START_TEST(the_longest_datagram_to_hold_is_exact)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.ahead_messages_max = 10;
    rig_init(&rig, config);
    uint32_t bytes_count = rig_build(&rig, SESSION, 3, 2);
    rig_deinit(&rig);
    config.holdback_bytes_max = bytes_count;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 3, 2);
    ck_assert_uint_eq(rig.counters->dropped_holdback, 0);
    rig_data(&rig, A, 21, 2); /* the same length, put aside */
    rig_data(&rig, A, 12, 1);
    rig_data(&rig, A, 30, 3); /* longer */
    ck_assert_uint_eq(rig.counters->far_packets, 1);
    ck_assert_uint_eq(rig.counters->dropped_holdback, 1);
    rig_expect(&rig, "S1 M1 R2+1 R5+7 R13+8 R23+10");
    ll_mold_receiver_finish(rig.receiver, rig.now_ns);
    rig_expect(&rig, "G2+1 M3 M4 G5+7 M12 G13+8 M21 M22 G23+10");
    rig_deinit(&rig);

    config.holdback_bytes_max = bytes_count - 1;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 3, 2);
    ck_assert_uint_eq(rig.counters->dropped_holdback, 1);
    rig_deinit(&rig);
}
END_TEST

/* --- numbers far ahead --- */

START_TEST(one_forged_number_moves_nothing)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, UINT64_C(1) << 63, 1);
    rig_heartbeat(&rig, A, UINT64_MAX);
    rig_end(&rig, A, UINT64_C(1) << 62);
    rig_expect(&rig, "S1 M1");
    ck_assert_uint_eq(rig.counters->far_packets, 3);
    ck_assert_uint_eq(rig.counters->far_dropped, 2); /* the third one still waits for a second word */
    rig_wait(&rig, 2000 * MS);
    rig_data(&rig, A, 2, 1);
    ll_mold_receiver_finish(rig.receiver, rig.now_ns);
    rig_expect(&rig, "M2");
    ck_assert_uint_eq(rig.counters->far_dropped, 3);
    ck_assert_uint_eq(rig.counters->messages_lost, 0);
    ck_assert_uint_eq(rig.counters->messages_dropped, 1);
    ck_assert_uint_eq(rig.counters->line[A].gaps, 0);
    rig_deinit(&rig);
}
END_TEST

START_TEST(the_limit_ahead_is_exact)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.ahead_messages_max = 10;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 12, 1);
    rig_expect(&rig, "S1 M1 R2+10");
    rig_data(&rig, A, 24, 1);
    rig_expect(&rig, "");
    ck_assert_uint_eq(rig.counters->far_packets, 1);
    rig_data(&rig, A, 23, 1); /* counts from what is known, not from what is delivered */
    rig_expect(&rig, "R13+10");
    rig_deinit(&rig);

    config.ahead_messages_max = 0;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 2 + LL_MOLD_AHEAD_MESSAGES_DEFAULT + 1, 1);
    ck_assert_uint_eq(rig.counters->far_packets, 1);
    rig_data(&rig, A, 2 + LL_MOLD_AHEAD_MESSAGES_DEFAULT, 1);
    ck_assert_uint_eq(rig.counters->far_packets, 1);
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_second_packet_confirms_a_long_outage)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 50000000, 1);
    rig_expect(&rig, "S1 M1");
    rig_data(&rig, A, 50000001, 2); /* the stream goes on there: both are kept */
    rig_expect(&rig, "R2+65534");
    ck_assert_uint_eq(rig.counters->far_packets, 1);
    ck_assert_uint_eq(rig.counters->far_dropped, 0);
    for (uint32_t i = 0; i < 3; i++)
        rig_wait(&rig, 10 * MS);
    rig_expect(&rig, "R2+65534 R2+65534 G2+49999998 M50000000 M50000001 M50000002");
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_repeated_heartbeat_or_the_other_line_confirms_too)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.gap_timeout_ns = 5 * MS;
    rig_init(&rig, config);
    rig_heartbeat(&rig, A, 50000000);
    rig_heartbeat(&rig, A, 50000000);
    rig_expect(&rig, "S1 R1+65534");
    rig_wait(&rig, 5 * MS);
    rig_expect(&rig, "G1+49999999");
    rig_data(&rig, A, 90000000, 2);
    rig_data(&rig, B, 90000000, 2); /* the same packet: one of them is the duplicate */
    rig_expect(&rig, "R50000000+65534");
    ck_assert_uint_eq(rig.counters->line[B].messages_duplicate, 2);
    rig_wait(&rig, 5 * MS);
    rig_expect(&rig, "G50000000+40000000 M90000000 M90000001");
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_far_packet_elsewhere_confirms_nothing)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.holdback_bytes_max = 40;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 50000000, 1);
    rig_data(&rig, A, 90000000, 3);
    rig_expect(&rig, "S1 M1");
    ck_assert_uint_eq(rig.counters->far_packets, 2);
    ck_assert_uint_eq(rig.counters->far_dropped, 1);
    rig_data(&rig, A, 90000003, 30); /* too long for the store, but a witness */
    rig_expect(&rig, "R2+65534 R90000003+30");
    ck_assert_uint_eq(rig.counters->dropped_holdback, 1);
    rig_deinit(&rig);

    rig_init(&rig, config); /* the one put aside is too long: only its word counts */
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 50000000, 30);
    rig_data(&rig, A, 50000030, 1);
    rig_expect(&rig, "S1 M1 R2+65534");
    ck_assert_uint_eq(rig.counters->messages_dropped, 30);
    ll_mold_receiver_finish(rig.receiver, rig.now_ns);
    rig_expect(&rig, "G2+50000028 M50000030");
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_packet_put_aside_is_taken_when_the_stream_comes_near)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.ahead_messages_max = 10;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, B, 20, 1);
    rig_data(&rig, A, 10, 1); /* 20 is near now, and held like any other */
    rig_expect(&rig, "S1 M1 R2+8 R11+9");
    ll_mold_receiver_finish(rig.receiver, rig.now_ns);
    rig_expect(&rig, "G2+8 M10 G11+9 M20");
    ck_assert_uint_eq(rig.counters->far_dropped, 0);
    rig_deinit(&rig);

    rig_init(&rig, config); /* the same with nothing missing on the way there */
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, B, 20, 1);
    for (uint64_t sequence = 2; sequence <= 12; sequence++)
        rig_data(&rig, A, sequence, 1);
    rig_wait(&rig, 1);
    rig_expect(&rig, "S1 M1 M2 M3 M4 M5 M6 M7 M8 M9 M10 M11 M12 R13+7");
    rig_data(&rig, A, 13, 7);
    rig_expect(&rig, "M13 M14 M15 M16 M17 M18 M19 M20");
    rig_deinit(&rig);
}
END_TEST

START_TEST(how_near_a_second_packet_must_be_is_exact)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.ahead_messages_max = 10;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 1000, 2);
    rig_data(&rig, A, 1013, 1); /* 11 beyond its end */
    rig_expect(&rig, "S1 M1");
    ck_assert_uint_eq(rig.counters->far_dropped, 1);
    rig_data(&rig, B, 1002, 1); /* ends 10 before the one put aside now */
    rig_expect(&rig, "R2+1011");
    ck_assert_uint_eq(rig.counters->far_packets, 2);
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_packet_put_aside_is_taken_at_the_finish_when_near)
{
    struct rig rig;
    struct ll_mold_config config = default_config();
    config.ahead_messages_max = 10;
    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, B, 13, 1);
    rig_data(&rig, A, 2, 1); /* in order: nobody looked */
    ll_mold_receiver_finish(rig.receiver, rig.now_ns);
    rig_expect(&rig, "S1 M1 M2 R3+10 G3+10 M13");
    rig_deinit(&rig);

    rig_init(&rig, config);
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, B, 14, 1);
    rig_data(&rig, A, 2, 2);
    rig_end(&rig, A, 4); /* the end came first */
    rig_wait(&rig, 1);
    ll_mold_receiver_finish(rig.receiver, rig.now_ns);
    rig_expect(&rig, "S1 M1 M2 M3 E4");
    ck_assert_uint_eq(rig.counters->far_dropped, 1);
    ck_assert_uint_eq(rig.counters->messages_dropped, 1);
    rig_deinit(&rig);
}
END_TEST

/* --- lines --- */

START_TEST(a_silent_line_is_stale_until_it_speaks)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_wait(&rig, 500 * MS - 1);
    ck_assert(!rig.counters->line[A].stale);
    rig_wait(&rig, 1);
    ck_assert(rig.counters->line[A].stale);
    ck_assert(rig.counters->line[B].stale); /* never heard at all */
    rig_data(&rig, ANSWER, 2, 1);           /* says nothing about a line */
    ck_assert(rig.counters->line[A].stale);
    rig_heartbeat(&rig, A, 3);
    ck_assert(!rig.counters->line[A].stale);
    ck_assert(rig.counters->line[B].stale);
    rig_wait(&rig, 600 * MS);
    ck_assert_uint_eq(rig.counters->line[A].stale_periods, 2);
    rig_heartbeat(&rig, A, 3);
    rig_wait(&rig, 400 * MS);
    ck_assert(!rig.counters->line[A].stale); /* counts from its last packet */
    ck_assert_uint_eq(rig.counters->line[B].stale_periods, 1);
    ck_assert(!rig.counters->line[ANSWER].stale);
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_clock_that_steps_back_does_nothing_early)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, A, 3, 1);
    rig_expect(&rig, "S1 M1 R2+1");
    rig.now_ns = 1;
    rig_wait(&rig, 0);
    rig_expect(&rig, "");
    ck_assert(!rig.counters->line[A].stale);
    rig_deinit(&rig);
}
END_TEST

START_TEST(a_gap_of_one_line_is_counted_even_when_the_other_filled_it)
{
    struct rig rig;
    rig_init(&rig, default_config());
    rig_data(&rig, A, 1, 1);
    rig_data(&rig, B, 1, 2);
    rig_data(&rig, A, 3, 1); /* A never sent 2 */
    rig_data(&rig, B, 3, 1);
    rig_heartbeat(&rig, B, 4);
    rig_expect(&rig, "S1 M1 M2 M3");
    ck_assert_uint_eq(rig.counters->line[A].gaps, 1);
    ck_assert_uint_eq(rig.counters->line[B].gaps, 0);
    ck_assert_uint_eq(rig.counters->line[B].packets_back, 0);
    ck_assert_uint_eq(rig.counters->gaps_detected, 0);
    rig_deinit(&rig);
}
END_TEST

/* --- configuration --- */

static const struct {
    uint32_t line_count, holdback_packets, holdback_bytes_max, gap_requests_max;
    uint64_t request_timeout_ns, gap_timeout_ns;
    bool is_good;
} CONFIGS[] = {
    {1, 1, 20, 1, 1, 0, true},  {2, LL_MOLD_HOLDBACK_PACKETS_MAX, 65507, 0, 0, 1, true},
    {0, 1, 20, 1, 1, 1, false}, {3, 1, 20, 1, 1, 1, false},
    {1, 0, 20, 1, 1, 1, false}, {1, LL_MOLD_HOLDBACK_PACKETS_MAX + 1, 20, 1, 1, 1, false},
    {1, 1, 19, 1, 1, 1, false}, {1, 1, 65508, 1, 1, 1, false},
    {1, 1, 20, 0, 1, 0, false}, /* never given up: no count of requests, no time */
    {1, 1, 20, 1, 0, 0, false}, /* never given up: no requests, no time */
};

START_TEST(config_limits)
{
    static uint64_t memory[4096];
    static const struct ll_mold_handler handler = {NULL,       on_message,    on_session, on_gap,
                                                   on_request, on_bad_packet, on_end};
    struct ll_mold_config config = default_config();
    config.line_count = CONFIGS[_i].line_count;
    config.holdback_packets = CONFIGS[_i].holdback_packets;
    config.holdback_bytes_max = CONFIGS[_i].holdback_bytes_max;
    config.gap_requests_max = CONFIGS[_i].gap_requests_max;
    config.request_timeout_ns = CONFIGS[_i].request_timeout_ns;
    config.gap_timeout_ns = CONFIGS[_i].gap_timeout_ns;
    size_t memory_bytes = ll_mold_receiver_footprint_bytes(&config);
    ck_assert_int_eq(memory_bytes != 0, CONFIGS[_i].is_good);
    if (memory_bytes <= sizeof memory)
        ck_assert_int_eq(ll_mold_receiver_init(memory, &config, &handler) != NULL, CONFIGS[_i].is_good);
}
END_TEST

static TCase *rules_case(void)
{
    TCase *rules = tcase_create("rules");
    tcase_set_timeout(rules, 20);
    tcase_add_test(rules, session_is_learnt_from_the_first_packet);
    tcase_add_test(rules, start_0_begins_at_whatever_comes_first);
    tcase_add_test(rules, start_1_recovers_from_the_beginning);
    tcase_add_test(rules, start_n_resumes_and_counts_what_is_known);
    tcase_add_test(rules, number_0_is_no_message);
    tcase_add_test(rules, another_session_is_counted_and_never_mixed);
    tcase_add_test(rules, a_preset_session_takes_no_other);
    tcase_add_test(rules, sequence_as_expected_is_delivered);
    tcase_add_test(rules, sequence_above_expected_is_held_and_the_gap_requested);
    tcase_add_test(rules, an_overlapping_packet_delivers_only_what_is_new);
    tcase_add_test(rules, a_packet_below_expected_is_a_duplicate);
    tcase_add_test(rules, a_jump_back_changes_nothing_but_a_counter);
    tcase_add_test(rules, lines_with_other_packet_boundaries_are_arbitrated_per_message);
    tcase_add_test(rules, a_heartbeat_above_expected_shows_a_tail_gap);
    tcase_add_test(rules, a_heartbeat_below_expected_is_ignored);
    tcase_add_test(rules, end_of_session_requests_the_tail_and_then_ends_once);
    tcase_add_test(rules, end_of_session_with_a_lost_tail_names_it);
    tcase_add_test(rules, nothing_is_delivered_beyond_the_end);
    tcase_add_test(rules, an_end_below_known_messages_is_refused);
    tcase_add_test(rules, an_end_is_withdrawn_when_later_messages_come);
    tcase_add_test(rules, malformed_packets_are_counted_and_deliver_nothing);
    return rules;
}

static TCase *recovery_case(void)
{
    TCase *recovery = tcase_create("recovery");
    tcase_set_timeout(recovery, 20);
    tcase_add_test(recovery, an_unanswered_request_is_repeated_and_then_the_gap_given_up);
    tcase_add_test(recovery, a_gap_is_given_up_by_time_in_any_case);
    tcase_add_test(recovery, without_a_server_nothing_is_requested);
    tcase_add_test(recovery, a_short_answer_is_followed_by_a_request_for_the_rest);
    tcase_add_test(recovery, an_answer_makes_the_count_of_unanswered_requests_start_again);
    tcase_add_test(recovery, a_large_gap_is_requested_in_parts);
    tcase_add_test(recovery, each_hole_is_requested_when_it_is_seen);
    tcase_add_test(recovery, the_other_line_fills_a_gap_without_the_server);
    tcase_add_test(recovery, held_packets_may_overlap);
    tcase_add_test(recovery, a_larger_packet_replaces_held_ones_inside_it);
    tcase_add_test(recovery, a_full_store_drops_the_packet_furthest_ahead);
    tcase_add_test(recovery, a_full_store_without_answers_still_goes_on);
    tcase_add_test(recovery, a_full_store_that_nobody_can_help_gives_its_first_hole_up);
    tcase_add_test(recovery, the_very_last_packet_is_believed_however_far_it_jumps);
    tcase_add_test(recovery, a_datagram_too_long_to_hold_must_come_again);
    tcase_add_test(recovery, finish_hands_out_what_is_held_and_names_what_is_lost);
    tcase_add_test(recovery, one_forged_number_moves_nothing);
    tcase_add_test(recovery, the_limit_ahead_is_exact);
    tcase_add_test(recovery, a_second_packet_confirms_a_long_outage);
    tcase_add_test(recovery, a_repeated_heartbeat_or_the_other_line_confirms_too);
    tcase_add_test(recovery, a_far_packet_elsewhere_confirms_nothing);
    tcase_add_test(recovery, a_packet_put_aside_is_taken_when_the_stream_comes_near);
    tcase_add_test(recovery, a_silent_line_is_stale_until_it_speaks);
    tcase_add_test(recovery, a_clock_that_steps_back_does_nothing_early);
    tcase_add_test(recovery, a_request_never_asks_for_65535);
    tcase_add_test(recovery, each_gap_is_counted_for_itself);
    tcase_add_test(recovery, what_a_line_brings_of_a_gap_is_an_answer_too);
    tcase_add_test(recovery, an_answer_that_swallows_a_held_packet_counts_for_the_next_hole);
    tcase_add_test(recovery, a_packet_beyond_a_hole_is_no_answer_to_it);
    tcase_add_test(recovery, a_dropped_tail_is_asked_for_when_there_is_room);
    tcase_add_test(recovery, an_answer_that_fills_the_store_asks_no_further);
    tcase_add_test(recovery, the_longest_datagram_to_hold_is_exact);
    tcase_add_test(recovery, how_near_a_second_packet_must_be_is_exact);
    tcase_add_test(recovery, a_packet_put_aside_is_taken_at_the_finish_when_near);
    tcase_add_test(recovery, a_gap_of_one_line_is_counted_even_when_the_other_filled_it);
    tcase_add_test(recovery, numbers_that_go_missing_later_have_their_own_time);
    tcase_add_test(recovery, what_a_full_store_dropped_has_its_own_time);
    tcase_add_test(recovery, numbers_that_go_missing_later_have_their_own_requests);
    tcase_add_loop_test(recovery, config_limits, 0, (int)(sizeof CONFIGS / sizeof CONFIGS[0]));
    return recovery;
}

int main(void)
{
    Suite *suite = suite_create("mold_receiver");
    suite_add_tcase(suite, rules_case());
    suite_add_tcase(suite, recovery_case());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
