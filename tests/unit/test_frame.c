/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the frame parser gives the right verdict for every shape of frame, reads only inside the frame, and
 * agrees with the builder.
 * Method: one good frame is bent in one place per case (table below); then it is cut at every byte, each cut
 * in a heap block of exactly that size, so that the address sanitizer sees any read past the end; then random
 * payloads are built, parsed and compared, and the IPv4 checksum is recomputed the plain way of RFC 1071.
 */
#include "dpdk/ll_frame.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_prng.h"

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_BYTES   58u /* 42 of headers, 16 of payload */
#define PAYLOAD_BYTES 16u
#define GROUP         0xE9360C6Fu /* 233.54.12.111 */
#define UDP_PORT      26477u

static uint64_t seed;

static void good_frame(uint8_t frame[FRAME_BYTES])
{
    for (uint32_t i = 0; i < PAYLOAD_BYTES; i++)
        frame[LL_FRAME_UDP_HEADERS_BYTES + i] = (uint8_t)(0xA0 + i);
    ll_frame_build_udp(frame, PAYLOAD_BYTES, GROUP, UDP_PORT);
}

START_TEST(good_frame_is_udp)
{
    uint8_t frame[FRAME_BYTES];
    good_frame(frame);
    struct ll_frame_udp udp;
    ck_assert_int_eq(ll_frame_parse(frame, FRAME_BYTES, &udp), LL_FRAME_UDP);
    ck_assert_ptr_eq(udp.payload, frame + 42);
    ck_assert_uint_eq(udp.payload_bytes, PAYLOAD_BYTES);
    ck_assert_uint_eq(udp.target_address, GROUP);
    ck_assert_uint_eq(udp.target_port, UDP_PORT);
    /* RFC 1112: 01:00:5E and the low 23 bits. */
    ck_assert_uint_eq(ll_load_be48(frame), 0x01005E360C6Fu);
}
END_TEST

struct bend {
    const char *what;
    uint32_t offset;
    uint16_t value; /* big-endian at offset */
    enum ll_frame_verdict verdict;
    uint32_t payload_bytes; /* when LL_FRAME_UDP */
};

static const struct bend bends[] = {
    {"nothing: the frame as it is", 12, 0x0800, LL_FRAME_UDP, 16},
    {"ARP", 12, 0x0806, LL_FRAME_NOT_IPV4, 0},
    {"IPv6", 12, 0x86DD, LL_FRAME_NOT_IPV4, 0},
    {"LLDP", 12, 0x88CC, LL_FRAME_NOT_IPV4, 0},
    {"802.3 length instead of a type", 12, 0x0030, LL_FRAME_NOT_IPV4, 0},
    {"802.1ad service tag", 12, 0x88A8, LL_FRAME_NOT_IPV4, 0},
    {"IP version 6 under an IPv4 type", 14, 0x6500, LL_FRAME_NOT_IPV4, 0},
    {"IP version 0", 14, 0x0500, LL_FRAME_NOT_IPV4, 0},
    {"header length 4 words", 14, 0x4400, LL_FRAME_TRUNCATED, 0},
    {"header length 0", 14, 0x4000, LL_FRAME_TRUNCATED, 0},
    {"header length 15 words, beyond the total", 14, 0x4F00, LL_FRAME_TRUNCATED, 0},
    {"total length of the header only", 16, 20, LL_FRAME_TRUNCATED, 0},
    {"total length below the header", 16, 19, LL_FRAME_TRUNCATED, 0},
    {"total length 0", 16, 0, LL_FRAME_TRUNCATED, 0},
    {"total length one below the UDP header", 16, 27, LL_FRAME_TRUNCATED, 0},
    {"total length below the UDP length", 16, 43, LL_FRAME_TRUNCATED, 0},
    {"total length one over the frame", 16, 45, LL_FRAME_TRUNCATED, 0},
    {"total length 65535", 16, 65535, LL_FRAME_TRUNCATED, 0},
    {"first fragment", 20, 0x2000, LL_FRAME_FRAGMENT, 0},
    {"middle fragment", 20, 0x2001, LL_FRAME_FRAGMENT, 0},
    {"last fragment", 20, 0x0001, LL_FRAME_FRAGMENT, 0},
    {"last fragment, highest offset", 20, 0x1FFF, LL_FRAME_FRAGMENT, 0},
    {"no fragment bits at all", 20, 0x0000, LL_FRAME_UDP, 16},
    {"the reserved bit", 20, 0x8000, LL_FRAME_UDP, 16},
    {"TCP", 22, 0x4006, LL_FRAME_NOT_UDP, 0},
    {"IGMP", 22, 0x0102, LL_FRAME_NOT_UDP, 0},
    {"UDP-Lite", 22, 0x4088, LL_FRAME_NOT_UDP, 0},
    {"IPv4 checksum not enforced", 24, 0xDEAD, LL_FRAME_UDP, 16},
    {"UDP length 0", 38, 0, LL_FRAME_TRUNCATED, 0},
    {"UDP length 7", 38, 7, LL_FRAME_TRUNCATED, 0},
    {"UDP length 8: empty payload", 38, 8, LL_FRAME_UDP, 0},
    {"UDP length one below: bytes after the datagram", 38, 23, LL_FRAME_UDP, 15},
    {"UDP length one over", 38, 25, LL_FRAME_TRUNCATED, 0},
    {"UDP length 65535", 38, 65535, LL_FRAME_TRUNCATED, 0},
    {"UDP checksum not enforced", 40, 0xBEEF, LL_FRAME_UDP, 16},
};

START_TEST(bent_frame)
{
    const struct bend *bend = &bends[_i];
    uint8_t frame[FRAME_BYTES];
    good_frame(frame);
    ll_store_be16(frame + bend->offset, bend->value);
    struct ll_frame_udp udp = {0};
    int verdict = (int)ll_frame_parse(frame, FRAME_BYTES, &udp);
    ck_assert_msg(verdict == (int)bend->verdict, "%s: verdict %d", bend->what, verdict);
    if (bend->verdict == LL_FRAME_UDP)
        ck_assert_msg(udp.payload_bytes == bend->payload_bytes, "%s: %u bytes", bend->what,
                      udp.payload_bytes);
    else
        ck_assert_ptr_null(udp.payload);
}
END_TEST

/* The frame with `tag_count` 802.1Q tags and `option_words` words of IPv4 options. Returns its length. */
static uint32_t widened_frame(uint8_t *frame, uint32_t tag_count, uint32_t option_words)
{
    uint8_t plain[FRAME_BYTES];
    good_frame(plain);
    uint8_t *at = frame;
    memcpy(at, plain, 12);
    at += 12;
    for (uint32_t i = 0; i < tag_count; i++, at += 4) {
        ll_store_be16(at, 0x8100);
        ll_store_be16(at + 2, (uint16_t)(0x6000 | (100 + i)));
    }
    memcpy(at, plain + 12, 22);
    at[2] = (uint8_t)(0x45 + option_words);
    ll_store_be16(at + 4, (uint16_t)(20 + option_words * 4 + 8 + PAYLOAD_BYTES));
    at += 22;
    memset(at, 1, option_words * 4); /* no-operation options */
    at += option_words * 4;
    memcpy(at, plain + 34, FRAME_BYTES - 34);
    return (uint32_t)(at - frame) + FRAME_BYTES - 34;
}

START_TEST(tags_and_options)
{
    for (uint32_t tag_count = 0; tag_count <= 2; tag_count++) {
        for (uint32_t option_words = 0; option_words <= 10; option_words++) {
            uint8_t frame[FRAME_BYTES + 8 + 40];
            uint32_t frame_bytes = widened_frame(frame, tag_count, option_words);
            struct ll_frame_udp udp;
            enum ll_frame_verdict verdict = ll_frame_parse(frame, frame_bytes, &udp);
            if (tag_count == 2) {
                ck_assert_int_eq(verdict, LL_FRAME_NOT_IPV4);
                continue;
            }
            ck_assert_int_eq(verdict, LL_FRAME_UDP);
            ck_assert_uint_eq(udp.payload_bytes, PAYLOAD_BYTES);
            ck_assert_uint_eq(udp.payload[0], 0xA0);
            ck_assert_uint_eq(udp.target_address, GROUP);
            ck_assert_uint_eq(udp.target_port, UDP_PORT);
        }
    }
}
END_TEST

START_TEST(cut_at_every_byte)
{
    for (uint32_t tag_count = 0; tag_count <= 1; tag_count++) {
        uint8_t whole[FRAME_BYTES + 8 + 40];
        uint32_t whole_bytes = widened_frame(whole, tag_count, 3);
        for (uint32_t cut_bytes = 0; cut_bytes < whole_bytes; cut_bytes++) {
            uint8_t *cut = malloc(cut_bytes > 0 ? cut_bytes : 1);
            ck_assert_ptr_nonnull(cut);
            memcpy(cut, whole, cut_bytes);
            struct ll_frame_udp udp;
            ck_assert_int_eq(ll_frame_parse(cut, cut_bytes, &udp), LL_FRAME_TRUNCATED);
            free(cut);
        }
    }
}
END_TEST

START_TEST(padding_is_not_payload)
{
    /* The shortest Ethernet frame is 60 bytes without its checksum: short datagrams come padded. */
    uint8_t frame[60] = {0};
    frame[42] = 'x';
    ll_frame_build_udp(frame, 1, 0x0A000001u, 9);
    struct ll_frame_udp udp;
    ck_assert_int_eq(ll_frame_parse(frame, sizeof frame, &udp), LL_FRAME_UDP);
    ck_assert_uint_eq(udp.payload_bytes, 1);
}
END_TEST

/* RFC 1071: the sum over a header with a right checksum is 0xFFFF. */
static uint32_t header_sum(const uint8_t *header)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 20; i += 2)
        sum += ll_load_be16(header + i);
    while (sum > 0xFFFF)
        sum = (sum >> 16) + (sum & 0xFFFF);
    return sum;
}

START_TEST(build_and_parse_agree)
{
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    static uint8_t frame[42 + 65507];
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t payload_bytes = ll_prng_below(&prng, 65508);
        uint32_t address = (uint32_t)ll_prng_next(&prng);
        uint16_t port = (uint16_t)ll_prng_next(&prng);
        ll_frame_build_udp(frame, payload_bytes, address, port);
        ck_assert_uint_eq(header_sum(frame + 14), 0xFFFF);
        struct ll_frame_udp udp;
        ck_assert_int_eq(ll_frame_parse(frame, 42 + payload_bytes, &udp), LL_FRAME_UDP);
        ck_assert_ptr_eq(udp.payload, frame + 42);
        ck_assert_uint_eq(udp.payload_bytes, payload_bytes);
        ck_assert_uint_eq(udp.target_address, address);
        ck_assert_uint_eq(udp.target_port, port);
        ck_assert_uint_eq(ll_load_be48(frame) >> 40 & 1, (address >> 28) == 0xE);
    }
}
END_TEST

int main(void)
{
    const char *text = getenv("LL_SEED");
    seed = text != NULL ? strtoull(text, NULL, 0) : 20260101u;
    printf("LL_SEED=%" PRIu64 "\n", seed);
    Suite *suite = suite_create("frame");
    TCase *tcase = tcase_create("frame");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, good_frame_is_udp);
    tcase_add_loop_test(tcase, bent_frame, 0, (int)(sizeof bends / sizeof bends[0]));
    tcase_add_test(tcase, tags_and_options);
    tcase_add_test(tcase, cut_at_every_byte);
    tcase_add_test(tcase, padding_is_not_payload);
    tcase_add_test(tcase, build_and_parse_agree);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
