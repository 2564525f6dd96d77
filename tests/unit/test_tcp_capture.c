/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the capture reader hands out exactly the TCP segments of a capture, and tells what is not TCP from what
 * is broken. What it shares with UDP (link layers, IPv4, damaged files) is tested in test_udp_capture.c.
 * Method: captures are written here, packet by packet; a packet is changed in one place at a time.
 */
#include "tests/unit/ll_test_vectors.h"

#include "host/app/ll_tcp_capture.h"
#include "host/base/ll_bytes.h"

#include <pcap/pcap.h>
#include <unistd.h>

#define TIME_NS      1692711000123456789u
#define PACKET_BYTES 64u

/* Raw IPv4 10.0.0.1:40000 to 10.0.0.2:26402 with `options_bytes` of TCP options, payload "hello". */
static uint32_t make_packet(uint8_t bytes[PACKET_BYTES], uint32_t options_bytes, uint8_t flags)
{
    uint32_t total_bytes = 40 + options_bytes + 5;
    memset(bytes, 0, PACKET_BYTES);
    bytes[0] = 0x45;
    ll_store_be16(bytes + 2, (uint16_t)total_bytes);
    bytes[8] = 64;
    bytes[9] = 6;
    ll_store_be32(bytes + 12, 0x0a000001u);
    ll_store_be32(bytes + 16, 0x0a000002u);
    ll_store_be16(bytes + 20, 40000);
    ll_store_be16(bytes + 22, 26402);
    ll_store_be32(bytes + 24, 0xfedcba98u);
    bytes[32] = (uint8_t)((20 + options_bytes) / 4 << 4);
    bytes[33] = flags;
    memcpy(bytes + 40 + options_bytes, "hello", 5);
    return total_bytes;
}

/* A capture of one packet, `times` times, opened. */
static struct ll_tcp_capture open_capture(const uint8_t *packet, uint32_t captured_bytes, uint32_t times)
{
    static char path[64];
    struct ll_tcp_capture capture;
    struct ll_why why = {0};
    struct pcap_pkthdr head = {{(time_t)(TIME_NS / 1000000000u), (suseconds_t)(TIME_NS % 1000000000u)},
                               captured_bytes,
                               captured_bytes};
    (void)snprintf(path, sizeof path, "/tmp/ll_test_tcp_capture.XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    pcap_t *pcap = pcap_open_dead_with_tstamp_precision(DLT_RAW, 65535, PCAP_TSTAMP_PRECISION_NANO);
    ck_assert_ptr_nonnull(pcap);
    pcap_dumper_t *dumper = pcap_dump_open(pcap, path);
    ck_assert_ptr_nonnull(dumper);
    for (uint32_t i = 0; i < times; i++)
        pcap_dump((u_char *)dumper, &head, packet);
    pcap_dump_close(dumper);
    pcap_close(pcap);
    ck_assert_msg(ll_tcp_capture_open(&capture, path, &why) == LL_OK, "%s", why.text);
    (void)unlink(path); /* it is open */
    return capture;
}

START_TEST(every_field_of_a_segment_is_there)
{
    uint32_t options_bytes = (uint32_t)_i * 4;
    uint8_t packet[PACKET_BYTES];
    struct ll_tcp_segment segment;
    struct ll_why why = {0};
    uint32_t bytes_count = make_packet(packet, options_bytes, 0x12);
    struct ll_tcp_capture capture = open_capture(packet, bytes_count + 7, 2); /* padded by the link */
    for (uint64_t number = 1; number <= 2; number++) {
        ck_assert_msg(ll_tcp_capture_next(&capture, &segment, &why) == LL_OK, "%s", why.text);
        ck_assert_uint_eq(segment.packet_number, number);
        ck_assert_uint_eq(segment.time_ns, TIME_NS);
        ck_assert_uint_eq(segment.source_ipv4, 0x0a000001u);
        ck_assert_uint_eq(segment.target_ipv4, 0x0a000002u);
        ck_assert_uint_eq(segment.source_port, 40000);
        ck_assert_uint_eq(segment.target_port, 26402);
        ck_assert_uint_eq(segment.sequence, 0xfedcba98u);
        ck_assert(segment.is_syn && segment.is_ack);
        ck_assert_uint_eq(segment.payload_bytes, 5);
        ck_assert_mem_eq(segment.payload, "hello", 5);
    }
    ck_assert_int_eq(ll_tcp_capture_next(&capture, &segment, &why), LL_ERR_SHORT);
    ck_assert_uint_eq(ll_tcp_capture_passed_over_count(&capture), 0);
    ll_tcp_capture_close(&capture);
}
END_TEST

START_TEST(flags_are_told_apart)
{
    uint8_t packet[PACKET_BYTES];
    struct ll_tcp_segment segment;
    struct ll_why why = {0};
    uint32_t bytes_count = make_packet(packet, 0, (uint8_t)_i);
    struct ll_tcp_capture capture = open_capture(packet, bytes_count, 1);
    ck_assert_int_eq(ll_tcp_capture_next(&capture, &segment, &why), LL_OK);
    ck_assert(segment.is_syn == ((_i & 2) != 0));
    ck_assert(segment.is_ack == ((_i & 16) != 0));
    ll_tcp_capture_close(&capture);
}
END_TEST

struct bad_case {
    uint32_t offset;
    uint8_t byte;
    uint32_t captured_bytes; /* 0 = all */
    const char *reason;      /* NULL = passed over */
};

static const struct bad_case bad_cases[] = {{9, 17, 0, NULL},
                                            {32, 0x40, 0, "TCP header that does not fit"},
                                            {32, 0x00, 0, "TCP header that does not fit"},
                                            {32, 0xf0, 0, "TCP header that does not fit"},
                                            {3, 39, 0, "too short for a TCP header"},
                                            {3, 20, 0, "too short for a TCP header"},
                                            {6, 0x20, 0, "fragment"},
                                            {7, 0x01, 0, "fragment"},
                                            {8, 64, 44, "was cut by the capture"}};

START_TEST(what_is_wrong_is_said)
{
    const struct bad_case *bad = &bad_cases[_i];
    uint8_t packet[PACKET_BYTES];
    struct ll_tcp_segment segment;
    struct ll_why why = {0};
    uint32_t bytes_count = make_packet(packet, 0, 0x10);
    packet[bad->offset] = bad->byte;
    struct ll_tcp_capture capture =
        open_capture(packet, bad->captured_bytes != 0 ? bad->captured_bytes : bytes_count, 1);
    int err = ll_tcp_capture_next(&capture, &segment, &why);
    if (bad->reason == NULL) {
        ck_assert_int_eq(err, LL_ERR_SHORT);
        ck_assert_uint_eq(ll_tcp_capture_passed_over_count(&capture), 1);
    } else {
        ck_assert_int_eq(err, LL_ERR_MALFORMED);
        ck_assert_msg(strstr(why.text, bad->reason) != NULL, "%s", why.text);
        why = (struct ll_why){0};
        ck_assert_int_eq(ll_tcp_capture_next(&capture, &segment, &why), LL_ERR_SHORT);
    }
    ll_tcp_capture_close(&capture);
}
END_TEST

static Suite *tcp_capture_suite(void)
{
    Suite *suite = suite_create("tcp_capture");
    TCase *segments = tcase_create("segments");
    tcase_add_loop_test(segments, every_field_of_a_segment_is_there, 0, 3);
    tcase_add_loop_test(segments, flags_are_told_apart, 0, 32);
    tcase_add_loop_test(segments, what_is_wrong_is_said, 0, sizeof bad_cases / sizeof bad_cases[0]);
    suite_add_tcase(suite, segments);
    return suite;
}

int main(void)
{
    return ll_test_run(tcp_capture_suite());
}
