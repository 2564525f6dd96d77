/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: SoupBinTCP packets are cut out of a stream however it arrives, logins of both lengths and both paddings
 * are read and written, and what is no login is refused.
 * Method: every vector, byte for byte; every prefix of a stream; every wrong length; numbers and texts at and
 * beyond their limits; random packets and random logins both ways.
 */
#include "tests/unit/ll_test_fields.h"

#include "host/wire/ll_soupbintcp.h"

/* The only packet of a vector. */
static struct ll_soup_packet only_packet(const struct ll_test_file *file, const char *name)
{
    struct ll_soup_packet packet = {0};
    ck_assert_msg(ll_soup_packet_next(file->bytes, file->bytes_count, &packet) == LL_OK, "%s", name);
    ck_assert_uint_eq(packet.packet_bytes, file->bytes_count);
    return packet;
}

static const char *text_of(const json_t *fields, const char *name)
{
    const char *text = json_string_value(json_object_get(fields, name));
    ck_assert_ptr_nonnull(text);
    return text;
}

/* --- vectors -------------------------------------------------------------------------------------------- */

static void check_login_request(const struct ll_test_file *file, const struct ll_soup_packet *packet,
                                const json_t *fields)
{
    struct ll_soup_login_request login;
    uint8_t bytes[LL_SOUP_LOGIN_REQUEST_BYTES_41];
    uint32_t bytes_count = 0;
    ck_assert_int_eq(ll_soup_login_request_decode(packet->payload, packet->payload_bytes, &login), LL_OK);
    ck_assert_str_eq(login.username, text_of(fields, "username"));
    ck_assert_str_eq(login.password, text_of(fields, "password"));
    ck_assert_str_eq(login.session, text_of(fields, "session"));
    ll_test_number(login.sequence, json_object_get(fields, "sequence"), "sequence");
    ck_assert(login.has_timeout == (json_object_get(fields, "heartbeat_timeout") != NULL));
    if (login.has_timeout)
        ll_test_number(login.timeout_ms, json_object_get(fields, "heartbeat_timeout"), "heartbeat_timeout");
    ck_assert_int_eq(ll_soup_login_request_encode(&login, bytes, sizeof bytes, &bytes_count), LL_OK);
    ck_assert_uint_eq(bytes_count, file->bytes_count);
    ck_assert_mem_eq(bytes, file->bytes, bytes_count);
}

/* Encoding pads left, whatever the vector does. */
static void check_login_accepted(const struct ll_test_file *file, const struct ll_soup_packet *packet,
                                 const json_t *fields)
{
    struct ll_soup_login_accepted accepted;
    struct ll_soup_login_accepted again;
    uint8_t bytes[LL_SOUP_LOGIN_ACCEPTED_BYTES];
    uint32_t bytes_count = 0;
    ck_assert_int_eq(ll_soup_login_accepted_decode(packet->payload, packet->payload_bytes, &accepted), LL_OK);
    ck_assert_str_eq(accepted.session, text_of(fields, "session"));
    ll_test_number(accepted.sequence, json_object_get(fields, "sequence"), "sequence");
    ck_assert_int_eq(ll_soup_login_accepted_encode(&accepted, bytes, sizeof bytes, &bytes_count), LL_OK);
    ck_assert_uint_eq(bytes_count, sizeof bytes);
    if (file->bytes[file->bytes_count - 1] != ' ')
        ck_assert_mem_eq(bytes, file->bytes, bytes_count);
    ck_assert_int_eq(ll_soup_login_accepted_decode(bytes + LL_SOUP_HEADER_BYTES,
                                                   bytes_count - LL_SOUP_HEADER_BYTES, &again),
                     LL_OK);
    ck_assert_mem_eq(&accepted, &again, sizeof again);
}

static void check_login_rejected(const struct ll_test_file *file, const struct ll_soup_packet *packet,
                                 const json_t *fields)
{
    struct ll_soup_login_rejected rejected;
    uint8_t bytes[LL_SOUP_LOGIN_REJECTED_BYTES];
    uint32_t bytes_count = 0;
    ck_assert_int_eq(ll_soup_login_rejected_decode(packet->payload, packet->payload_bytes, &rejected), LL_OK);
    ll_test_char(rejected.reason, json_object_get(fields, "reason"), "reason");
    ck_assert_int_eq(ll_soup_login_rejected_encode(&rejected, bytes, sizeof bytes, &bytes_count), LL_OK);
    ck_assert_uint_eq(bytes_count, file->bytes_count);
    ck_assert_mem_eq(bytes, file->bytes, bytes_count);
}

static void check_vector(const struct ll_test_file *file, const char *name, const json_t *fields)
{
    struct ll_soup_packet packet = only_packet(file, name);
    uint8_t bytes[64];
    uint32_t bytes_count = 0;
    ck_assert_ptr_nonnull(ll_soup_name_of_type(packet.type));
    ck_assert_int_ne(ll_soup_sender_of_type(packet.type), LL_SOUP_SENDER_NONE);
    ck_assert_int_eq(ll_soup_packet_encode(packet.type, packet.payload, packet.payload_bytes, bytes,
                                           sizeof bytes, &bytes_count),
                     LL_OK);
    ck_assert_uint_eq(bytes_count, file->bytes_count);
    ck_assert_mem_eq(bytes, file->bytes, bytes_count);
    if (packet.type == LL_SOUP_LOGIN_REQUEST)
        check_login_request(file, &packet, fields);
    else if (packet.type == LL_SOUP_LOGIN_ACCEPTED)
        check_login_accepted(file, &packet, fields);
    else if (packet.type == LL_SOUP_LOGIN_REJECTED)
        check_login_rejected(file, &packet, fields);
    else if (packet.type == LL_SOUP_DEBUG)
        ck_assert_mem_eq(packet.payload, text_of(fields, "text"), packet.payload_bytes);
    else
        ck_assert_uint_eq(packet.payload_bytes * 2, fields != NULL && json_object_size(fields) > 0
                                                        ? strlen(text_of(fields, "payload"))
                                                        : 0);
}

START_TEST(vectors_decode_and_encode)
{
    json_t *manifest = ll_test_json("manifest.json");
    bool seen[256] = {false};
    for (size_t i = 0; i < json_array_size(manifest); i++) {
        const json_t *entry = json_array_get(manifest, i);
        const char *name = json_string_value(json_object_get(entry, "file"));
        const json_t *fields = json_object_get(entry, "fields");
        if (strncmp(name, "soupbintcp/", 11) != 0 || !json_is_object(fields))
            continue;
        struct ll_test_file file = ll_test_read(LL_VECTORS, name);
        check_vector(&file, name, fields);
        seen[file.bytes[LL_SOUP_LENGTH_BYTES]] = true;
        free(file.bytes);
    }
#define CHECK_SEEN(ID, id, type, sender, name) ck_assert_msg(seen[type], "no vector of %s", name);
    LL_SOUP_PACKETS(CHECK_SEEN)
    json_decref(manifest);
}
END_TEST

START_TEST(negative_vectors_are_refused)
{
    struct ll_soup_packet packet;
    struct ll_soup_login_request login;
    struct ll_soup_login_accepted accepted;
    struct ll_test_file zero = ll_test_read(LL_VECTORS, "soupbintcp/NEG_zero_length.bin");
    struct ll_test_file cut = ll_test_read(LL_VECTORS, "soupbintcp/NEG_bad_login_length.bin");
    struct ll_test_file garbage = ll_test_read(LL_VECTORS, "soupbintcp/NEG_login_garbage_number.bin");
    ck_assert_int_eq(ll_soup_packet_next(zero.bytes, zero.bytes_count, &packet), LL_ERR_MALFORMED);
    packet = only_packet(&cut, "NEG_bad_login_length");
    ck_assert_int_eq(ll_soup_login_request_decode(packet.payload, packet.payload_bytes, &login),
                     LL_ERR_SHORT);
    packet = only_packet(&garbage, "NEG_login_garbage_number");
    ck_assert_int_eq(ll_soup_login_accepted_decode(packet.payload, packet.payload_bytes, &accepted),
                     LL_ERR_MALFORMED);
    free(zero.bytes);
    free(cut.bytes);
    free(garbage.bytes);
}
END_TEST

/* --- packets -------------------------------------------------------------------------------------------- */

START_TEST(lookups_agree_for_every_byte)
{
    uint32_t known_count = 0;
    for (uint32_t type = 0; type < 256; type++) {
        bool is_known = ll_soup_name_of_type((uint8_t)type) != NULL;
        ck_assert((ll_soup_sender_of_type((uint8_t)type) != LL_SOUP_SENDER_NONE) == is_known);
        known_count += is_known;
    }
    ck_assert_uint_eq(known_count, LL_SOUP_TYPE_COUNT);
    ck_assert_int_eq(ll_soup_sender_of_type('U'), LL_SOUP_SENDER_BOTH);
    ck_assert_int_eq(ll_soup_sender_of_type('L'), LL_SOUP_SENDER_CLIENT);
    ck_assert_int_eq(ll_soup_sender_of_type('S'), LL_SOUP_SENDER_SERVER);
}
END_TEST

/* Every prefix of a packet asks for more; what follows it is not looked at. */
START_TEST(a_packet_is_complete_or_it_waits)
{
    static const uint8_t stream[] = {0, 4, 'S', 'a', 'b', 'c', 0, 0};
    struct ll_soup_packet packet = {0};
    for (uint32_t bytes_count = 0; bytes_count < 6; bytes_count++) {
        uint8_t *prefix = ll_test_copy(stream, bytes_count);
        ck_assert_int_eq(ll_soup_packet_next(prefix, bytes_count, &packet), LL_ERR_SHORT);
        ck_assert_uint_eq(packet.packet_bytes, 0);
        free(prefix);
    }
    for (uint32_t bytes_count = 6; bytes_count <= sizeof stream; bytes_count++) {
        ck_assert_int_eq(ll_soup_packet_next(stream, bytes_count, &packet), LL_OK);
        ck_assert_uint_eq(packet.packet_bytes, 6);
        ck_assert_uint_eq(packet.payload_bytes, 3);
        ck_assert_mem_eq(packet.payload, "abc", 3);
        ck_assert_uint_eq(packet.type, 'S');
    }
    ck_assert_int_eq(ll_soup_packet_next(stream + 6, 2, &packet), LL_ERR_MALFORMED);
}
END_TEST

START_TEST(the_largest_packet_fits)
{
    uint8_t *payload = calloc(1, LL_SOUP_PAYLOAD_BYTES_MAX + 1);
    uint8_t *bytes = calloc(1, LL_SOUP_PACKET_BYTES_MAX);
    struct ll_soup_packet packet;
    uint32_t bytes_count = 77;
    ck_assert(payload != NULL && bytes != NULL);
    ck_assert_int_eq(ll_soup_packet_encode('U', payload, LL_SOUP_PAYLOAD_BYTES_MAX, bytes,
                                           LL_SOUP_PACKET_BYTES_MAX - 1, &bytes_count),
                     LL_ERR_FULL);
    ck_assert_int_eq(ll_soup_packet_encode('U', payload, LL_SOUP_PAYLOAD_BYTES_MAX + 1, bytes,
                                           LL_SOUP_PACKET_BYTES_MAX, &bytes_count),
                     LL_ERR_LONG);
    ck_assert_uint_eq(bytes_count, 77);
    ck_assert_int_eq(ll_soup_packet_encode('U', payload, LL_SOUP_PAYLOAD_BYTES_MAX, bytes,
                                           LL_SOUP_PACKET_BYTES_MAX, &bytes_count),
                     LL_OK);
    ck_assert_uint_eq(bytes_count, LL_SOUP_PACKET_BYTES_MAX);
    ck_assert_int_eq(ll_soup_packet_next(bytes, bytes_count, &packet), LL_OK);
    ck_assert_uint_eq(packet.payload_bytes, LL_SOUP_PAYLOAD_BYTES_MAX);
    free(payload);
    free(bytes);
}
END_TEST

/* --- logins --------------------------------------------------------------------------------------------- */

START_TEST(logins_of_any_other_length_are_refused)
{
    uint8_t payload[80];
    memset(payload, ' ', sizeof payload);
    payload[45] = '1'; /* the last digits of the two numbers of a request */
    payload[50] = '1';
    for (uint32_t payload_bytes = 0; payload_bytes <= sizeof payload; payload_bytes++) {
        struct ll_soup_login_request login;
        struct ll_soup_login_accepted accepted;
        struct ll_soup_login_rejected rejected;
        uint8_t *exact = ll_test_copy(payload, payload_bytes);
        int wanted = payload_bytes < 51 ? LL_ERR_SHORT : LL_ERR_LONG;
        if (payload_bytes == 46 || payload_bytes == 51)
            wanted = LL_OK;
        ck_assert_int_eq(ll_soup_login_request_decode(exact, payload_bytes, &login), wanted);
        if (payload_bytes != 30)
            ck_assert_int_eq(ll_soup_login_accepted_decode(exact, payload_bytes, &accepted),
                             payload_bytes < 30 ? LL_ERR_SHORT : LL_ERR_LONG);
        if (payload_bytes != 1)
            ck_assert_int_eq(ll_soup_login_rejected_decode(exact, payload_bytes, &rejected),
                             payload_bytes == 0 ? LL_ERR_SHORT : LL_ERR_LONG);
        free(exact);
    }
}
END_TEST

struct number_case {
    const char *text; /* 20 bytes */
    int err;
    uint64_t number;
};
static const struct number_case number_cases[] = {
    {"                   0", LL_OK, 0},
    {"7                   ", LL_OK, 7},
    {"         42         ", LL_OK, 42},
    {"00000000000000000007", LL_OK, 7},
    {"18446744073709551615", LL_OK, UINT64_MAX},
    {"18446744073709551616", LL_ERR_MALFORMED, 0},
    {"99999999999999999999", LL_ERR_MALFORMED, 0},
    {"                    ", LL_ERR_MALFORMED, 0},
    {"                  -1", LL_ERR_MALFORMED, 0},
    {"                  +1", LL_ERR_MALFORMED, 0},
    {"                 1 2", LL_ERR_MALFORMED, 0},
    {"                 0x1", LL_ERR_MALFORMED, 0},
    {"                 1.0", LL_ERR_MALFORMED, 0},
    {"                  1\t", LL_ERR_MALFORMED, 0},
    {"                  :1", LL_ERR_MALFORMED, 0},
    {"                  /1", LL_ERR_MALFORMED, 0},
};

START_TEST(numbers_are_decimal_or_refused)
{
    const struct number_case *wanted = &number_cases[_i];
    struct ll_soup_login_accepted accepted;
    struct ll_soup_login_accepted untouched;
    uint8_t payload[LL_SOUP_LOGIN_ACCEPTED_BYTES - LL_SOUP_HEADER_BYTES];
    memset(&accepted, 0x5a, sizeof accepted);
    memset(&untouched, 0x5a, sizeof untouched);
    memset(payload, 'S', LL_SOUP_SESSION_BYTES);
    memcpy(payload + LL_SOUP_SESSION_BYTES, wanted->text, LL_SOUP_SEQUENCE_BYTES);
    ck_assert_int_eq(ll_soup_login_accepted_decode(payload, sizeof payload, &accepted), wanted->err);
    if (wanted->err == LL_OK)
        ck_assert_uint_eq(accepted.sequence, wanted->number);
    else
        ck_assert_mem_eq(&accepted, &untouched, sizeof accepted);
}
END_TEST

START_TEST(text_is_printable_and_fits)
{
    struct ll_soup_login_request login = {"user", "pass", "", 1, true, LL_SOUP_TIMEOUT_MS_MAX};
    uint8_t bytes[LL_SOUP_LOGIN_REQUEST_BYTES_41];
    uint8_t untouched[sizeof bytes];
    uint32_t bytes_count = 77;
    memset(bytes, 0xa5, sizeof bytes);
    memset(untouched, 0xa5, sizeof untouched);
    ck_assert_int_eq(ll_soup_login_request_encode(&login, bytes, sizeof bytes - 1, &bytes_count),
                     LL_ERR_FULL);
    login.timeout_ms++;
    ck_assert_int_eq(ll_soup_login_request_encode(&login, bytes, sizeof bytes, &bytes_count), LL_ERR_LONG);
    login.timeout_ms--;
    login.username[2] = '\n';
    ck_assert_int_eq(ll_soup_login_request_encode(&login, bytes, sizeof bytes, &bytes_count),
                     LL_ERR_MALFORMED);
    memset(login.username, 'x', sizeof login.username); /* no end: seven letters */
    ck_assert_int_eq(ll_soup_login_request_encode(&login, bytes, sizeof bytes, &bytes_count), LL_ERR_LONG);
    ck_assert_mem_eq(bytes, untouched, sizeof bytes);
    ck_assert_uint_eq(bytes_count, 77);
    login.username[LL_SOUP_USERNAME_BYTES] = '\0';
    ck_assert_int_eq(ll_soup_login_request_encode(&login, bytes, sizeof bytes, &bytes_count), LL_OK);
    ck_assert_int_eq(ll_soup_login_request_decode(bytes + LL_SOUP_HEADER_BYTES,
                                                  bytes_count - LL_SOUP_HEADER_BYTES, &login),
                     LL_OK);
    for (uint32_t at = 0; at < 26; at++) { /* username, password and session */
        uint8_t kept = bytes[LL_SOUP_HEADER_BYTES + at];
        bytes[LL_SOUP_HEADER_BYTES + at] = 0x80;
        ck_assert_int_eq(ll_soup_login_request_decode(bytes + LL_SOUP_HEADER_BYTES,
                                                      bytes_count - LL_SOUP_HEADER_BYTES, &login),
                         LL_ERR_MALFORMED);
        bytes[LL_SOUP_HEADER_BYTES + at] = kept;
    }
}
END_TEST

/* --- random --------------------------------------------------------------------------------------------- */

/* Up to `text_max` letters. */
static void random_text(struct ll_prng *prng, char *text, uint32_t text_max)
{
    uint32_t text_bytes = ll_prng_below(prng, text_max + 1);
    for (uint32_t i = 0; i < text_bytes; i++)
        text[i] = (char)('!' + ll_prng_below(prng, 94));
    text[text_bytes] = '\0';
}

START_TEST(random_logins_come_back)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_logins_come_back"));
    for (uint32_t step = 0; step < 20000; step++) {
        struct ll_soup_login_request sent;
        struct ll_soup_login_request got;
        uint8_t bytes[LL_SOUP_LOGIN_REQUEST_BYTES_41];
        uint32_t bytes_count = 0;
        memset(&sent, 0, sizeof sent);
        random_text(&prng, sent.username, LL_SOUP_USERNAME_BYTES);
        random_text(&prng, sent.password, LL_SOUP_PASSWORD_BYTES);
        random_text(&prng, sent.session, LL_SOUP_SESSION_BYTES);
        sent.sequence = ll_prng_next(&prng) >> ll_prng_below(&prng, 64);
        sent.has_timeout = ll_prng_below(&prng, 2) == 0;
        sent.timeout_ms = sent.has_timeout ? ll_prng_below(&prng, LL_SOUP_TIMEOUT_MS_MAX + 1) : 0;
        ck_assert_int_eq(ll_soup_login_request_encode(&sent, bytes, sizeof bytes, &bytes_count), LL_OK);
        ck_assert_uint_eq(bytes_count,
                          sent.has_timeout ? LL_SOUP_LOGIN_REQUEST_BYTES_41 : LL_SOUP_LOGIN_REQUEST_BYTES);
        ck_assert_int_eq(ll_soup_login_request_decode(bytes + LL_SOUP_HEADER_BYTES,
                                                      bytes_count - LL_SOUP_HEADER_BYTES, &got),
                         LL_OK);
        ck_assert_str_eq(got.username, sent.username);
        ck_assert_str_eq(got.password, sent.password);
        ck_assert_str_eq(got.session, sent.session);
        ck_assert_uint_eq(got.sequence, sent.sequence);
        ck_assert(got.has_timeout == sent.has_timeout);
        ck_assert_uint_eq(got.timeout_ms, sent.timeout_ms);
    }
}
END_TEST

/* A stream of random packets, handed over with ever more bytes at its end. */
START_TEST(random_packets_come_back_from_a_stream)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_packets_come_back_from_a_stream"));
    for (uint32_t round = 0; round < 200; round++) {
        uint8_t stream[4096];
        uint32_t packet_bytes[20];
        uint32_t stream_bytes = 0;
        for (uint32_t i = 0; i < 20; i++) {
            uint8_t payload[100];
            uint32_t payload_bytes = ll_prng_below(&prng, sizeof payload + 1);
            ll_test_fill(&prng, payload, sizeof payload);
            ck_assert_int_eq(ll_soup_packet_encode((uint8_t)ll_prng_next(&prng), payload, payload_bytes,
                                                   stream + stream_bytes,
                                                   (uint32_t)sizeof stream - stream_bytes, &packet_bytes[i]),
                             LL_OK);
            stream_bytes += packet_bytes[i];
        }
        uint32_t at = 0;
        uint32_t seen_count = 0;
        for (uint32_t have_bytes = 0; have_bytes <= stream_bytes; have_bytes++) {
            struct ll_soup_packet packet;
            while (at < have_bytes && ll_soup_packet_next(stream + at, have_bytes - at, &packet) == LL_OK) {
                ck_assert_uint_eq(packet.packet_bytes, packet_bytes[seen_count++]);
                at += packet.packet_bytes;
                ck_assert_uint_eq(at, have_bytes); /* not a byte later than it could be */
            }
        }
        ck_assert_uint_eq(seen_count, 20);
    }
}
END_TEST

static Suite *soupbintcp_suite(void)
{
    Suite *suite = suite_create("soupbintcp");
    TCase *vectors = tcase_create("vectors");
    tcase_add_test(vectors, vectors_decode_and_encode);
    tcase_add_test(vectors, negative_vectors_are_refused);
    suite_add_tcase(suite, vectors);
    TCase *packets = tcase_create("packets");
    tcase_add_test(packets, lookups_agree_for_every_byte);
    tcase_add_test(packets, a_packet_is_complete_or_it_waits);
    tcase_add_test(packets, the_largest_packet_fits);
    suite_add_tcase(suite, packets);
    TCase *logins = tcase_create("logins");
    tcase_add_test(logins, logins_of_any_other_length_are_refused);
    tcase_add_loop_test(logins, numbers_are_decimal_or_refused, 0,
                        sizeof number_cases / sizeof number_cases[0]);
    tcase_add_test(logins, text_is_printable_and_fits);
    suite_add_tcase(suite, logins);
    TCase *random = tcase_create("random");
    tcase_set_timeout(random, 30);
    tcase_add_test(random, random_logins_come_back);
    tcase_add_test(random, random_packets_come_back_from_a_stream);
    suite_add_tcase(suite, random);
    return suite;
}

int main(void)
{
    return ll_test_run(soupbintcp_suite());
}
