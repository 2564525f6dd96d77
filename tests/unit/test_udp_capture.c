/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the capture reader hands out exactly the UDP datagrams of a capture, through every link layer it
 * names, and tells what is not UDP from what is broken. Method: captures are written here, packet by packet,
 * in pcap and pcapng; each packet is changed in one place at a time; every cut of a file.
 */
#include "tests/unit/ll_test_vectors.h"

#include "host/app/ll_udp_capture.h"
#include "host/base/ll_bytes.h"

#include <pcap/pcap.h>
#include <unistd.h>

#define PATH_BYTES   64u
#define PACKET_BYTES 128u
#define TIME_NS      1692711000123456789u

/* A packet without its link layer: IPv4 10.0.1.1:26400 to 233.54.12.111:26477, payload "hello". */
static uint32_t make_ipv4(uint8_t *bytes)
{
    memset(bytes, 0, 33);
    bytes[0] = 0x45;
    ll_store_be16(bytes + 2, 33);
    bytes[8] = 64;
    bytes[9] = 17;
    ll_store_be32(bytes + 12, 0x0a000101u);
    ll_store_be32(bytes + 16, 0xe9360c6fu);
    ll_store_be16(bytes + 20, 26400);
    ll_store_be16(bytes + 22, 26477);
    ll_store_be16(bytes + 24, 13);
    memcpy(bytes + 28, "hello", 5);
    return 33;
}

struct capture_file {
    char path[PATH_BYTES];
    pcap_t *pcap;
    pcap_dumper_t *dumper;
};

static void begin_file(struct capture_file *file, int link_type)
{
    (void)snprintf(file->path, sizeof file->path, "/tmp/ll_test_udp_capture.XXXXXX");
    int fd = mkstemp(file->path);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    file->pcap = pcap_open_dead_with_tstamp_precision(link_type, 65535, PCAP_TSTAMP_PRECISION_NANO);
    ck_assert_ptr_nonnull(file->pcap);
    file->dumper = pcap_dump_open(file->pcap, file->path);
    ck_assert_ptr_nonnull(file->dumper);
}

static void put_packet(struct capture_file *file, const uint8_t *bytes, uint32_t captured_bytes,
                       uint32_t wire_bytes)
{
    struct pcap_pkthdr head = {
        {(time_t)(TIME_NS / 1000000000u), (suseconds_t)(TIME_NS % 1000000000u)}, captured_bytes, wire_bytes};
    pcap_dump((u_char *)file->dumper, &head, bytes);
}

static void end_file(struct capture_file *file)
{
    pcap_dump_close(file->dumper);
    pcap_close(file->pcap);
}

static void check_hello(const struct ll_udp_datagram *datagram)
{
    ck_assert_uint_eq(datagram->time_ns, TIME_NS);
    ck_assert_uint_eq(datagram->source_ipv4, 0x0a000101u);
    ck_assert_uint_eq(datagram->target_ipv4, 0xe9360c6fu);
    ck_assert_uint_eq(datagram->source_port, 26400);
    ck_assert_uint_eq(datagram->target_port, 26477);
    ck_assert_uint_eq(datagram->payload_bytes, 5);
    ck_assert_mem_eq(datagram->payload, "hello", 5);
}

/* --- link layers --------------------------------------------------------------------------------------- */

struct link_case {
    int link_type;
    uint32_t header_bytes;
    const char *header;
};

static const struct link_case link_cases[] = {
    {DLT_EN10MB, 14, "\x01\0\x5e\x36\x0c\x6f\x02\0\0\0\0\x01\x08\0"},
    {DLT_EN10MB, 18, "\x01\0\x5e\x36\x0c\x6f\x02\0\0\0\0\x01\x81\0\0\x05\x08\0"},
    {DLT_EN10MB, 22, "\x01\0\x5e\x36\x0c\x6f\x02\0\0\0\0\x01\x88\xa8\0\x05\x81\0\0\x06\x08\0"},
    {DLT_EN10MB, 30,
     "\x01\0\x5e\x36\x0c\x6f\x02\0\0\0\0\x01\x91\0\0\x05\x81\0\0\x06\x81\0\0\x07\x81\0\0\x08\x08\0"},
    {DLT_LINUX_SLL, 16, "\0\0\0\x01\0\x06\x02\0\0\0\0\x01\0\0\x08\0"},
    {DLT_LINUX_SLL2, 20, "\x08\0\0\0\0\0\0\x02\0\x01\0\x06\x02\0\0\0\0\x01\0\0"},
    {DLT_RAW, 0, ""}};
#define LINK_CASE_COUNT (sizeof link_cases / sizeof link_cases[0])

START_TEST(every_link_layer_gives_the_datagram)
{
    const struct link_case *link = &link_cases[_i];
    struct capture_file file;
    struct ll_udp_capture capture;
    struct ll_udp_datagram datagram;
    struct ll_why why = {0};
    uint8_t packet[PACKET_BYTES] = {0};
    memcpy(packet, link->header, link->header_bytes);
    uint32_t bytes_count = link->header_bytes + make_ipv4(packet + link->header_bytes);
    begin_file(&file, link->link_type);
    put_packet(&file, packet, bytes_count, bytes_count);
    put_packet(&file, packet, bytes_count + 20, bytes_count + 20); /* padded by the link: not payload */
    end_file(&file);
    ck_assert_msg(ll_udp_capture_open(&capture, file.path, &why) == LL_OK, "%s", why.text);
    for (uint64_t number = 1; number <= 2; number++) {
        ck_assert_msg(ll_udp_capture_next(&capture, &datagram, &why) == LL_OK, "%s", why.text);
        ck_assert_uint_eq(datagram.packet_number, number);
        check_hello(&datagram);
    }
    ck_assert_int_eq(ll_udp_capture_next(&capture, &datagram, &why), LL_ERR_SHORT);
    ck_assert_uint_eq(ll_udp_capture_passed_over_count(&capture), 0);
    ll_udp_capture_close(&capture);
    (void)unlink(file.path);
}
END_TEST

/* --- one change at a time ------------------------------------------------------------------------------- */

enum outcome { TAKEN, PASSED_OVER, REFUSED };

struct change {
    const char *what;
    uint32_t offset; /* in the Ethernet frame; IPv4 begins at 14, UDP at 34 */
    uint16_t value;
    uint32_t captured_bytes; /* 0 = whole */
    enum outcome outcome;
};

static const struct change changes[] = {{"nothing", 12, 0x0800, 0, TAKEN},
                                        {"ARP", 12, 0x0806, 0, PASSED_OVER},
                                        {"IPv6", 12, 0x86dd, 0, PASSED_OVER},
                                        {"five tags have an end", 12, 0x8100, 0, PASSED_OVER},
                                        {"TCP", 22, 0x4006, 0, PASSED_OVER},
                                        {"don't fragment", 20, 0x4000, 0, TAKEN},
                                        {"more fragments", 20, 0x2000, 0, REFUSED},
                                        {"later fragment", 20, 0x0001, 0, REFUSED},
                                        {"version 6 in IPv4", 14, 0x6500, 0, REFUSED},
                                        {"header of 16 bytes", 14, 0x4400, 0, REFUSED},
                                        {"header longer than the packet", 14, 0x4f00, 0, REFUSED},
                                        {"total length below the header", 16, 19, 0, REFUSED},
                                        {"total length leaves 7 bytes for UDP", 16, 27, 0, REFUSED},
                                        {"total length beyond the capture", 16, 34, 0, REFUSED},
                                        {"UDP length below its header", 38, 7, 0, REFUSED},
                                        {"UDP length beyond the packet", 38, 14, 0, REFUSED},
                                        {"cut in the link layer", 12, 0x0800, 13, PASSED_OVER},
                                        {"cut in IPv4", 12, 0x0800, 33, REFUSED},
                                        {"cut in UDP", 12, 0x0800, 41, REFUSED},
                                        {"cut in the payload", 12, 0x0800, 46, REFUSED}};
#define CHANGE_COUNT (sizeof changes / sizeof changes[0])

START_TEST(one_change_has_its_outcome)
{
    const struct change *change = &changes[_i];
    struct capture_file file;
    struct ll_udp_capture capture;
    struct ll_udp_datagram datagram;
    struct ll_why why = {0};
    uint8_t packet[PACKET_BYTES] = {0};
    uint8_t good[PACKET_BYTES] = {0};
    memcpy(good, link_cases[0].header, 14);
    uint32_t bytes_count = 14 + make_ipv4(good + 14);
    memcpy(packet, good, sizeof packet);
    ll_store_be16(packet + change->offset, change->value);
    begin_file(&file, DLT_EN10MB);
    put_packet(&file, packet, change->captured_bytes != 0 ? change->captured_bytes : bytes_count,
               bytes_count);
    put_packet(&file, good, bytes_count, bytes_count);
    end_file(&file);
    ck_assert_int_eq(ll_udp_capture_open(&capture, file.path, &why), LL_OK);
    int err = ll_udp_capture_next(&capture, &datagram, &why);
    ck_assert_msg(err == (change->outcome == REFUSED ? LL_ERR_MALFORMED : LL_OK), "%s: %d", change->what,
                  err);
    if (change->outcome == REFUSED)
        ck_assert_msg(strstr(why.text, "packet 1 ") != NULL, "%s", why.text);
    /* The good packet behind it is taken in any case. */
    if (change->outcome != PASSED_OVER)
        ck_assert_int_eq(ll_udp_capture_next(&capture, &datagram, NULL), LL_OK);
    ck_assert_uint_eq(datagram.packet_number, 2);
    check_hello(&datagram);
    ck_assert_uint_eq(ll_udp_capture_passed_over_count(&capture), change->outcome == PASSED_OVER);
    ck_assert_int_eq(ll_udp_capture_next(&capture, &datagram, NULL), LL_ERR_SHORT);
    ll_udp_capture_close(&capture);
    (void)unlink(file.path);
}
END_TEST

/* --- files --------------------------------------------------------------------------------------------- */

static void write_bytes(const char *path, const uint8_t *bytes, size_t bytes_count)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, bytes_count, file), bytes_count);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(every_cut_of_a_file_is_refused_or_at_a_packet)
{
    struct ll_test_file whole = ll_test_read(LL_VECTORS, "moldudp64/clean_session.pcap");
    char path[PATH_BYTES] = "/tmp/ll_test_udp_capture.XXXXXX";
    uint32_t clean_count = 0;
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    for (uint32_t cut = 0; cut <= whole.bytes_count; cut++) {
        struct ll_udp_capture capture;
        struct ll_udp_datagram datagram;
        struct ll_why why = {0};
        write_bytes(path, whole.bytes, cut);
        int err = ll_udp_capture_open(&capture, path, &why);
        ck_assert_int_eq(err, cut < 24 ? LL_ERR_INPUT : LL_OK);
        if (err != LL_OK)
            continue;
        while ((err = ll_udp_capture_next(&capture, &datagram, &why)) == LL_OK)
            continue;
        ck_assert(err == LL_ERR_SHORT || err == LL_ERR_INPUT);
        ck_assert(err == LL_ERR_SHORT || strstr(why.text, "damaged after packet") != NULL);
        clean_count += err == LL_ERR_SHORT;
        ll_udp_capture_close(&capture);
    }
    ck_assert_uint_eq(clean_count, 7); /* after the file header and after each of six packets */
    free(whole.bytes);
    (void)unlink(path);
}
END_TEST

static void store_le(uint8_t *bytes, uint64_t value, uint32_t bytes_count)
{
    for (uint32_t i = 0; i < bytes_count; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

/* A section header, one Ethernet interface that counts nanoseconds, one packet. */
START_TEST(pcapng_is_read)
{
    uint8_t bytes[256] = {0};
    store_le(bytes, 0x0a0d0d0a, 4);
    store_le(bytes + 4, 28, 4);
    store_le(bytes + 8, 0x1a2b3c4d, 4);
    store_le(bytes + 12, 1, 2);
    store_le(bytes + 16, UINT64_MAX, 8);
    store_le(bytes + 24, 28, 4);
    uint8_t *interface = bytes + 28;
    store_le(interface, 1, 4);
    store_le(interface + 4, 32, 4);
    store_le(interface + 8, 1, 2);
    store_le(interface + 12, 65535, 4);
    store_le(interface + 16, 9, 2); /* if_tsresol: 10^-9 s */
    store_le(interface + 18, 1, 2);
    interface[20] = 9;
    store_le(interface + 28, 32, 4);
    uint8_t *packet = interface + 32;
    store_le(packet, 6, 4);
    store_le(packet + 4, 32 + 48, 4);
    store_le(packet + 12, TIME_NS >> 32, 4);
    store_le(packet + 16, TIME_NS & 0xffffffffu, 4);
    store_le(packet + 20, 47, 4);
    store_le(packet + 24, 47, 4);
    memcpy(packet + 28, link_cases[0].header, 14);
    (void)make_ipv4(packet + 42);
    store_le(packet + 76, 32 + 48, 4);
    char path[PATH_BYTES] = "/tmp/ll_test_udp_capture.XXXXXX";
    struct ll_udp_capture capture;
    struct ll_udp_datagram datagram;
    struct ll_why why = {0};
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    write_bytes(path, bytes, 28 + 32 + 80);
    ck_assert_msg(ll_udp_capture_open(&capture, path, &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_udp_capture_next(&capture, &datagram, &why) == LL_OK, "%s", why.text);
    check_hello(&datagram);
    ck_assert_int_eq(ll_udp_capture_next(&capture, &datagram, &why), LL_ERR_SHORT);
    ll_udp_capture_close(&capture);
    (void)unlink(path);
}
END_TEST

START_TEST(what_is_no_capture_is_refused)
{
    struct ll_udp_capture capture;
    struct ll_why why = {0};
    ck_assert_int_eq(ll_udp_capture_open(&capture, "/tmp/ll_test_udp_capture.no/such", &why), LL_ERR_IO);
    why = (struct ll_why){0};
    ck_assert_int_eq(ll_udp_capture_open(&capture, "tests", &why), LL_ERR_INPUT);
    why = (struct ll_why){0};
    ck_assert_int_eq(ll_udp_capture_open(&capture, LL_VECTORS "layouts.json", &why), LL_ERR_INPUT);
    ck_assert_msg(strstr(why.text, "pcap") != NULL, "%s", why.text);
    struct capture_file file;
    begin_file(&file, DLT_IEEE802_11);
    end_file(&file);
    why = (struct ll_why){0};
    ck_assert_int_eq(ll_udp_capture_open(&capture, file.path, &why), LL_ERR_INPUT);
    ck_assert_msg(strstr(why.text, "Ethernet") != NULL, "%s", why.text);
    (void)unlink(file.path);
}
END_TEST

static Suite *udp_capture_suite(void)
{
    Suite *suite = suite_create("udp_capture");
    TCase *packets = tcase_create("packets");
    tcase_add_loop_test(packets, every_link_layer_gives_the_datagram, 0, (int)LINK_CASE_COUNT);
    tcase_add_loop_test(packets, one_change_has_its_outcome, 0, (int)CHANGE_COUNT);
    suite_add_tcase(suite, packets);
    TCase *files = tcase_create("files");
    tcase_set_timeout(files, 30);
    tcase_add_test(files, every_cut_of_a_file_is_refused_or_at_a_packet);
    tcase_add_test(files, pcapng_is_read);
    tcase_add_test(files, what_is_no_capture_is_refused);
    suite_add_tcase(suite, files);
    return suite;
}

int main(void)
{
    return ll_test_run(udp_capture_suite());
}
