/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: MoldUDP64 packets are read exactly as sent, and nothing that is cut, overlong or inconsistent gets
 * through, not even in part.
 * Method: every vector and capture against what its description says; every prefix and extension of a good
 * packet; the edges of count, capacity and sequence; random packets against a plain list of messages.
 */
#include "tests/unit/ll_test_vectors.h"

#include "host/app/ll_udp_capture.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_prng.h"
#include "host/wire/ll_itch50.h"
#include "host/wire/ll_moldudp64.h"

static const char session_name[LL_MOLDUDP64_SESSION_BYTES] = {'0', '0', '0', '0', '1',
                                                              '0', '0', '5', '9', 'B'};

/* --- vectors -------------------------------------------------------------------------------------------- */

struct expected_packet {
    const char *file;
    int err;
    enum ll_moldudp64_kind kind;
    uint64_t sequence;
    uint32_t message_count;
    const char *types; /* one letter per message; '0' for a message without bytes */
};

static const struct expected_packet expected_packets[] = {
    {"moldudp64/heartbeat_seq1.bin", LL_OK, LL_MOLDUDP64_HEARTBEAT, 1, 0, ""},
    {"moldudp64/data_seq1_x2.bin", LL_OK, LL_MOLDUDP64_DATA, 1, 2, "SR"},
    {"moldudp64/data_seq3_x1.bin", LL_OK, LL_MOLDUDP64_DATA, 3, 1, "A"},
    {"moldudp64/data_seq4_x2.bin", LL_OK, LL_MOLDUDP64_DATA, 4, 2, "FE"},
    {"moldudp64/end_of_session_seq7.bin", LL_OK, LL_MOLDUDP64_END, 7, 0, ""},
    {"moldudp64/zero_length_block.bin", LL_OK, LL_MOLDUDP64_DATA, 7, 2, "0S"},
    {"moldudp64/NEG_short_header.bin", LL_ERR_SHORT, LL_MOLDUDP64_DATA, 0, 0, ""},
    {"moldudp64/NEG_count_exceeds_data.bin", LL_ERR_SHORT, LL_MOLDUDP64_DATA, 0, 0, ""},
    {"moldudp64/NEG_truncated_block.bin", LL_ERR_SHORT, LL_MOLDUDP64_DATA, 0, 0, ""}};
#define EXPECTED_PACKET_COUNT (sizeof expected_packets / sizeof expected_packets[0])

/* Walks a packet: every block is one whole ITCH message of the expected type. */
static void check_types(const struct ll_moldudp64_packet *packet, const char *types)
{
    struct ll_moldudp64_cursor cursor = ll_moldudp64_cursor(packet);
    const uint8_t *message;
    uint32_t message_bytes = 0;
    size_t index = 0;
    while ((message = ll_moldudp64_next(&cursor, &message_bytes)) != NULL) {
        union ll_itch50_message decoded;
        ck_assert_uint_lt(index, strlen(types));
        if (types[index] == '0')
            ck_assert_uint_eq(message_bytes, 0);
        else
            ck_assert_int_eq(ll_itch50_decode(message, message_bytes, &decoded), LL_OK);
        if (types[index] != '0')
            ck_assert_int_eq(decoded.header.message_type, types[index]);
        index++;
    }
    ck_assert_uint_eq(index, strlen(types));
    ck_assert_ptr_eq(cursor.at, packet->blocks + packet->blocks_bytes);
}

START_TEST(vectors_read_as_described)
{
    const struct expected_packet *expected = &expected_packets[_i];
    struct ll_test_file file = ll_test_read(LL_VECTORS, expected->file);
    struct ll_moldudp64_packet packet;
    struct ll_moldudp64_packet untouched;
    memset(&packet, 0x5a, sizeof packet);
    memcpy(&untouched, &packet, sizeof packet);
    ck_assert_int_eq(ll_moldudp64_parse(file.bytes, file.bytes_count, &packet), expected->err);
    if (expected->err != LL_OK) {
        ck_assert_mem_eq(&packet, &untouched, sizeof packet);
    } else {
        ck_assert_mem_eq(packet.session, session_name, sizeof session_name);
        ck_assert_int_eq(packet.kind, expected->kind);
        ck_assert_uint_eq(packet.sequence, expected->sequence);
        ck_assert_uint_eq(packet.message_count, expected->message_count);
        check_types(&packet, expected->types);
    }
    free(file.bytes);
}
END_TEST

START_TEST(request_vector_reads_and_writes)
{
    struct ll_test_file file = ll_test_read(LL_VECTORS, "moldudp64/request_seq4_x2.bin");
    struct ll_moldudp64_request request;
    ck_assert_int_eq(ll_moldudp64_parse_request(file.bytes, file.bytes_count, &request), LL_OK);
    ck_assert_mem_eq(request.session, session_name, sizeof session_name);
    ck_assert_uint_eq(request.sequence, 4);
    ck_assert_uint_eq(request.count, 2);
    uint8_t written[LL_MOLDUDP64_HEADER_BYTES];
    ll_moldudp64_write_header(written, session_name, 4, 2);
    ck_assert_mem_eq(written, file.bytes, sizeof written);
    /* As a downstream packet it is a header that promises two blocks and has none. */
    struct ll_moldudp64_packet packet;
    ck_assert_int_eq(ll_moldudp64_parse(file.bytes, file.bytes_count, &packet), LL_ERR_SHORT);
    free(file.bytes);
}
END_TEST

/* --- captures ------------------------------------------------------------------------------------------- */

#define CAPTURE_MESSAGES_MAX 64u

struct capture_sum {
    uint32_t packet_count;
    uint32_t request_count;
    uint32_t heartbeat_count;
    uint32_t end_count;
    uint32_t message_count;
    char type_of[CAPTURE_MESSAGES_MAX]; /* by sequence; 0 = never seen */
    uint32_t seen[CAPTURE_MESSAGES_MAX];
};

static void sum_packet(struct capture_sum *sum, const struct ll_moldudp64_packet *packet)
{
    struct ll_moldudp64_cursor cursor = ll_moldudp64_cursor(packet);
    const uint8_t *message;
    uint32_t message_bytes = 0;
    uint64_t sequence = packet->sequence;
    sum->heartbeat_count += packet->kind == LL_MOLDUDP64_HEARTBEAT;
    sum->end_count += packet->kind == LL_MOLDUDP64_END;
    while ((message = ll_moldudp64_next(&cursor, &message_bytes)) != NULL) {
        union ll_itch50_message decoded;
        ck_assert_int_eq(ll_itch50_decode(message, message_bytes, &decoded), LL_OK);
        ck_assert_uint_lt(sequence, CAPTURE_MESSAGES_MAX);
        /* Both lines and every answer carry the same message under a number. */
        ck_assert(sum->seen[sequence] == 0 || sum->type_of[sequence] == decoded.header.message_type);
        sum->type_of[sequence] = decoded.header.message_type;
        sum->seen[sequence]++;
        sum->message_count++;
        sequence++;
    }
}

static void walk_capture(const char *name, uint32_t source_ipv4, struct capture_sum *sum)
{
    struct ll_udp_capture capture;
    struct ll_udp_datagram datagram;
    struct ll_why why = {0};
    char path[256];
    int err;
    (void)snprintf(path, sizeof path, LL_VECTORS "%s", name);
    memset(sum, 0, sizeof *sum);
    ck_assert_msg(ll_udp_capture_open(&capture, path, &why) == LL_OK, "%s", why.text);
    while ((err = ll_udp_capture_next(&capture, &datagram, &why)) == LL_OK) {
        struct ll_moldudp64_packet packet;
        struct ll_moldudp64_request request;
        if (source_ipv4 != 0 && datagram.source_ipv4 != source_ipv4)
            continue;
        sum->packet_count++;
        if (datagram.target_port == 26478) {
            sum->request_count++;
            ck_assert_int_eq(ll_moldudp64_parse_request(datagram.payload, datagram.payload_bytes, &request),
                             LL_OK);
            continue;
        }
        ck_assert_int_eq(ll_moldudp64_parse(datagram.payload, datagram.payload_bytes, &packet), LL_OK);
        ck_assert_mem_eq(packet.session, session_name, sizeof session_name);
        sum_packet(sum, &packet);
    }
    ck_assert_msg(err == LL_ERR_SHORT, "%s", why.text);
    ck_assert_uint_eq(ll_udp_capture_passed_over_count(&capture), 0);
    ll_udp_capture_close(&capture);
}

static void check_seen(const struct capture_sum *sum, const char *types)
{
    ck_assert_uint_eq(sum->seen[0], 0);
    for (size_t i = 0; i < strlen(types); i++)
        ck_assert_msg(sum->type_of[i + 1] == types[i], "sequence %zu: type '%c'", i + 1, sum->type_of[i + 1]);
    ck_assert_uint_eq(sum->seen[strlen(types) + 1], 0);
}

START_TEST(captures_hold_what_they_say)
{
    struct capture_sum sum;
    walk_capture("moldudp64/clean_session.pcap", 0, &sum);
    ck_assert_uint_eq(sum.packet_count, 6);
    ck_assert_uint_eq(sum.message_count, 6);
    ck_assert_uint_eq(sum.heartbeat_count, 1);
    ck_assert_uint_eq(sum.end_count, 1);
    check_seen(&sum, "SRAFEC");
    walk_capture("moldudp64/gap_and_retransmit.pcap", 0, &sum);
    ck_assert_uint_eq(sum.packet_count, 7);
    ck_assert_uint_eq(sum.request_count, 1);
    ck_assert_uint_eq(sum.message_count, 6);
    check_seen(&sum, "SRAFEC");
    walk_capture("itch50/all_types_in_moldudp64.pcap", 0, &sum);
    ck_assert_uint_eq(sum.packet_count, 6);
    ck_assert_uint_eq(sum.message_count, LL_ITCH50_TYPE_COUNT);
    check_seen(&sum, "SRHYLVWKJhAFECXUDPQBINO");
}
END_TEST

START_TEST(lines_complete_each_other)
{
    struct capture_sum sum;
    walk_capture("moldudp64/ab_arbitration.pcap", 0x0a000101u, &sum);
    ck_assert_uint_eq(sum.seen[4] + sum.seen[5], 0);
    ck_assert_uint_eq(sum.message_count, 4);
    walk_capture("moldudp64/ab_arbitration.pcap", 0x0a000102u, &sum);
    check_seen(&sum, "SRAFEC");
    ck_assert_uint_eq(sum.message_count, 6);
    walk_capture("moldudp64/ab_arbitration.pcap", 0, &sum);
    ck_assert_uint_eq(sum.packet_count, 11);
    check_seen(&sum, "SRAFEC");
}
END_TEST

/* --- edges ---------------------------------------------------------------------------------------------- */

/* Parses a copy of exact size, so that a read beyond it is seen. */
static int parse_copy(const uint8_t *bytes, uint32_t bytes_count)
{
    struct ll_moldudp64_packet packet;
    uint8_t *copy = ll_test_copy(bytes, bytes_count);
    int err = ll_moldudp64_parse(copy, bytes_count, &packet);
    free(copy);
    return err;
}

START_TEST(every_cut_and_every_extra_byte_is_refused)
{
    struct ll_test_file file = ll_test_read(LL_VECTORS, "moldudp64/data_seq4_x2.bin");
    uint8_t longer[256] = {0};
    memcpy(longer, file.bytes, file.bytes_count);
    for (uint32_t bytes_count = 0; bytes_count < sizeof longer; bytes_count++) {
        int expected = bytes_count < file.bytes_count ? LL_ERR_SHORT : LL_ERR_LONG;
        if (bytes_count == file.bytes_count)
            expected = LL_OK;
        ck_assert_int_eq(parse_copy(longer, bytes_count), expected);
    }
    free(file.bytes);
}
END_TEST

START_TEST(packets_without_messages_have_nothing_behind_them)
{
    static const uint16_t counts[] = {LL_MOLDUDP64_COUNT_HEARTBEAT, LL_MOLDUDP64_COUNT_END};
    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[LL_MOLDUDP64_HEADER_BYTES + 4] = {0};
        ll_moldudp64_write_header(bytes, session_name, UINT64_MAX, counts[i]);
        ck_assert_int_eq(parse_copy(bytes, LL_MOLDUDP64_HEADER_BYTES), LL_OK);
        ck_assert_int_eq(parse_copy(bytes, LL_MOLDUDP64_HEADER_BYTES - 1), LL_ERR_SHORT);
        for (uint32_t extra = 1; extra <= 4; extra++)
            ck_assert_int_eq(parse_copy(bytes, LL_MOLDUDP64_HEADER_BYTES + extra), LL_ERR_MALFORMED);
    }
}
END_TEST

START_TEST(sequence_numbers_must_not_overflow)
{
    uint8_t bytes[LL_MOLDUDP64_HEADER_BYTES + 4] = {0}; /* two blocks without bytes */
    ll_moldudp64_write_header(bytes, session_name, UINT64_MAX - 2, 2);
    ck_assert_int_eq(parse_copy(bytes, sizeof bytes), LL_OK);
    ll_moldudp64_write_header(bytes, session_name, UINT64_MAX - 1, 2);
    ck_assert_int_eq(parse_copy(bytes, sizeof bytes), LL_ERR_MALFORMED);
    struct ll_moldudp64_request request;
    ck_assert_int_eq(ll_moldudp64_parse_request(bytes, LL_MOLDUDP64_HEADER_BYTES, &request),
                     LL_ERR_MALFORMED);
    ll_moldudp64_write_header(bytes, session_name, UINT64_MAX - 2, 2);
    ck_assert_int_eq(ll_moldudp64_parse_request(bytes, LL_MOLDUDP64_HEADER_BYTES, &request), LL_OK);
    ck_assert_int_eq(ll_moldudp64_parse_request(bytes, LL_MOLDUDP64_HEADER_BYTES - 1, &request),
                     LL_ERR_SHORT);
    ck_assert_int_eq(ll_moldudp64_parse_request(bytes, LL_MOLDUDP64_HEADER_BYTES + 1, &request), LL_ERR_LONG);
}
END_TEST

START_TEST(builder_stops_at_capacity)
{
    uint8_t bytes[LL_MOLDUDP64_HEADER_BYTES + 12];
    const uint8_t message[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    struct ll_moldudp64_builder builder;
    for (uint32_t room = 0; room <= 12; room++) {
        memset(bytes, 0xa5, sizeof bytes);
        ll_moldudp64_begin(&builder, bytes, LL_MOLDUDP64_HEADER_BYTES + room, session_name, 9);
        int expected = room >= 12 ? LL_OK : LL_ERR_FULL;
        ck_assert_int_eq(ll_moldudp64_add(&builder, message, sizeof message), expected);
        if (expected == LL_ERR_FULL) /* nothing is written then */
            ck_assert_uint_eq(bytes[LL_MOLDUDP64_HEADER_BYTES], 0xa5);
        uint32_t bytes_count = ll_moldudp64_end(&builder);
        ck_assert_uint_eq(bytes_count, LL_MOLDUDP64_HEADER_BYTES + (room >= 12 ? 12 : 0));
        ck_assert_int_eq(parse_copy(bytes, bytes_count), LL_OK);
    }
    ll_moldudp64_begin(&builder, bytes, sizeof bytes, session_name, 9);
    ck_assert_int_eq(ll_moldudp64_add(&builder, message, UINT16_MAX + 1u), LL_ERR_FULL);
    ck_assert_int_eq(ll_moldudp64_add(&builder, NULL, 0), LL_OK);
    ck_assert_uint_eq(ll_moldudp64_end(&builder), LL_MOLDUDP64_HEADER_BYTES + 2);
}
END_TEST

/* 65,535 would read as end of session, so the builder must stop one before it. */
START_TEST(builder_stops_at_the_largest_count)
{
    uint32_t capacity_bytes = LL_MOLDUDP64_HEADER_BYTES + 2u * (LL_MOLDUDP64_MESSAGES_MAX + 2u);
    uint8_t *bytes = malloc(capacity_bytes);
    struct ll_moldudp64_builder builder;
    struct ll_moldudp64_packet packet;
    ck_assert_ptr_nonnull(bytes);
    ll_moldudp64_begin(&builder, bytes, capacity_bytes, session_name, 1);
    for (uint32_t i = 0; i < LL_MOLDUDP64_MESSAGES_MAX; i++)
        ck_assert_int_eq(ll_moldudp64_add(&builder, NULL, 0), LL_OK);
    ck_assert_int_eq(ll_moldudp64_add(&builder, NULL, 0), LL_ERR_FULL);
    uint32_t bytes_count = ll_moldudp64_end(&builder);
    ck_assert_int_eq(ll_moldudp64_parse(bytes, bytes_count, &packet), LL_OK);
    ck_assert_int_eq(packet.kind, LL_MOLDUDP64_DATA);
    ck_assert_uint_eq(packet.message_count, LL_MOLDUDP64_MESSAGES_MAX);
    free(bytes);
}
END_TEST

/* --- random packets against a list of messages ---------------------------------------------------------- */

#define MODEL_MESSAGES_MAX 40u
#define MODEL_BYTES_MAX    1400u

struct model {
    uint64_t sequence;
    uint32_t count;
    uint32_t lengths[MODEL_MESSAGES_MAX];
    uint8_t text[MODEL_BYTES_MAX];
};

static uint32_t build_random(struct ll_prng *prng, struct model *model, uint8_t *bytes)
{
    struct ll_moldudp64_builder builder;
    uint32_t used = 0;
    model->sequence = ll_prng_chance(prng, 100) ? UINT64_MAX - MODEL_MESSAGES_MAX : ll_prng_next(prng) >> 1;
    model->count = 0;
    ll_moldudp64_begin(&builder, bytes, MODEL_BYTES_MAX, session_name, model->sequence);
    uint32_t wanted = ll_prng_below(prng, MODEL_MESSAGES_MAX + 1);
    for (uint32_t i = 0; i < wanted; i++) {
        uint32_t length = ll_prng_chance(prng, 100) ? 0 : ll_prng_below(prng, 60);
        if (used + length > MODEL_BYTES_MAX)
            break;
        for (uint32_t k = 0; k < length; k++)
            model->text[used + k] = (uint8_t)ll_prng_next(prng);
        if (ll_moldudp64_add(&builder, model->text + used, length) != LL_OK)
            break;
        model->lengths[model->count++] = length;
        used += length;
    }
    return ll_moldudp64_end(&builder);
}

static void check_against_model(const struct model *model, const uint8_t *bytes, uint32_t bytes_count)
{
    struct ll_moldudp64_packet packet;
    uint32_t index = 0;
    uint32_t used = 0;
    uint32_t message_bytes = 0;
    const uint8_t *message;
    ck_assert_int_eq(ll_moldudp64_parse(bytes, bytes_count, &packet), LL_OK);
    ck_assert_uint_eq(packet.sequence, model->sequence);
    ck_assert_uint_eq(packet.message_count, model->count);
    struct ll_moldudp64_cursor cursor = ll_moldudp64_cursor(&packet);
    while ((message = ll_moldudp64_next(&cursor, &message_bytes)) != NULL) {
        ck_assert_uint_lt(index, model->count);
        ck_assert_uint_eq(message_bytes, model->lengths[index]);
        if (message_bytes > 0)
            ck_assert_mem_eq(message, model->text + used, message_bytes);
        used += message_bytes;
        index++;
    }
    ck_assert_uint_eq(index, model->count);
}

START_TEST(random_packets_come_back)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_packets_come_back"));
    for (uint32_t step = 0; step < 3000; step++) {
        struct model model;
        uint8_t bytes[MODEL_BYTES_MAX];
        uint32_t bytes_count = build_random(&prng, &model, bytes);
        uint8_t *exact = ll_test_copy(bytes, bytes_count);
        check_against_model(&model, exact, bytes_count);
        /* Any cut of it is refused. */
        uint32_t cut = ll_prng_below(&prng, bytes_count);
        ck_assert_int_eq(parse_copy(exact, cut), LL_ERR_SHORT);
        free(exact);
    }
}
END_TEST

static Suite *moldudp64_suite(void)
{
    Suite *suite = suite_create("moldudp64");
    TCase *vectors = tcase_create("vectors");
    tcase_add_loop_test(vectors, vectors_read_as_described, 0, (int)EXPECTED_PACKET_COUNT);
    tcase_add_test(vectors, request_vector_reads_and_writes);
    tcase_add_test(vectors, captures_hold_what_they_say);
    tcase_add_test(vectors, lines_complete_each_other);
    suite_add_tcase(suite, vectors);
    TCase *edges = tcase_create("edges");
    tcase_add_test(edges, every_cut_and_every_extra_byte_is_refused);
    tcase_add_test(edges, packets_without_messages_have_nothing_behind_them);
    tcase_add_test(edges, sequence_numbers_must_not_overflow);
    tcase_add_test(edges, builder_stops_at_capacity);
    tcase_add_test(edges, builder_stops_at_the_largest_count);
    suite_add_tcase(suite, edges);
    TCase *random = tcase_create("random");
    tcase_set_timeout(random, 30);
    tcase_add_test(random, random_packets_come_back);
    suite_add_tcase(suite, random);
    return suite;
}

int main(void)
{
    return ll_test_run(moldudp64_suite());
}
