/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a pcap port gives out every datagram of a file once, with its capture time, counts every other frame
 * where it belongs, knows its end exactly, and refuses a file that is not whole with a reason.
 * Method: the files are written here with libpcap into a temporary directory. Known files first, then every
 * way a file can be bad, then random mixes of all kinds of frames against a list. EAL is started once for the
 * binary, so the cases share the process.
 */
#include "dpdk/ll_frame.h"
#include "dpdk/ll_port.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_prng.h"

#include <check.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUP         0xE9360C6Fu
#define UDP_PORT      26477u
#define FRAME_MAX     200000u
#define SNAPLEN       262144
#define START_S       1700000000
#define RECEIVES_MAX  100000u
#define RANDOM_FILES  6u
#define RANDOM_FRAMES 900u
#define PCAP_HEADER   24
#define PACKET_HEADER 16

static uint64_t seed;
static char directory[] = "/tmp/lifeline-pcap-XXXXXX";
static uint8_t frame[FRAME_MAX];

/* What one frame of a file must turn into. */
enum fate { DATAGRAM, NOT_IPV4, NOT_UDP, FRAGMENT, NO_FLOW, TRUNCATED, OVERSIZE, FATE_COUNT };

struct expected {
    enum fate fate;
    uint32_t payload_bytes;
    uint8_t fill;
    uint64_t rx_ns;
};

static const char *path_of(const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static pcap_dumper_t *create(const char *name, pcap_t **dead, int link_type, unsigned precision)
{
    *dead = pcap_open_dead_with_tstamp_precision(link_type, SNAPLEN, precision);
    ck_assert_ptr_nonnull(*dead);
    pcap_dumper_t *dumper = pcap_dump_open(*dead, path_of(name));
    ck_assert_ptr_nonnull(dumper);
    return dumper;
}

static void finish(pcap_dumper_t *dumper, pcap_t *dead)
{
    pcap_dump_close(dumper);
    pcap_close(dead);
}

static void write_frame(pcap_dumper_t *dumper, uint32_t frame_bytes, uint64_t index)
{
    struct pcap_pkthdr header = {.caplen = frame_bytes, .len = frame_bytes};
    header.ts.tv_sec = START_S + (time_t)(index / 1000000);
    header.ts.tv_usec = (suseconds_t)(index % 1000000);
    pcap_dump((u_char *)dumper, &header, frame);
}

static uint64_t stamp_of(uint64_t index)
{
    return START_S * UINT64_C(1000000000) + index * 1000;
}

static uint32_t build_datagram(uint32_t payload_bytes, uint8_t fill)
{
    memset(frame + LL_FRAME_UDP_HEADERS_BYTES, fill, payload_bytes);
    ll_frame_build_udp(frame, payload_bytes, GROUP, UDP_PORT);
    return LL_FRAME_UDP_HEADERS_BYTES + payload_bytes;
}

/* A file of `count` datagrams of 100 bytes. */
static void write_plain(const char *name, uint32_t count)
{
    pcap_t *dead;
    pcap_dumper_t *dumper = create(name, &dead, DLT_EN10MB, PCAP_TSTAMP_PRECISION_MICRO);
    for (uint32_t i = 0; i < count; i++)
        write_frame(dumper, build_datagram(100, (uint8_t)i), i);
    finish(dumper, dead);
}

static struct ll_port *open_file(const char *name, const struct ll_flow *flows, uint32_t flow_count)
{
    char specification[600];
    struct ll_port *port;
    struct ll_why why = {0};
    (void)snprintf(specification, sizeof specification, "pcap:%s", path_of(name));
    int rc = ll_port_open(&port, specification, flows, flow_count, &why);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
    return port;
}

static void check_invariant(struct ll_port *port, struct ll_port_counters *c)
{
    ll_port_counters(port, c);
    ck_assert_uint_eq(c->frames, c->datagrams + c->not_ipv4 + c->not_udp + c->fragments + c->no_flow +
                                     c->truncated + c->oversize);
}

START_TEST(every_datagram_once_with_its_time)
{
    write_plain("plain", 1000);
    struct ll_port *port = open_file("plain", NULL, 0);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    ck_assert_uint_eq(ll_port_frames_total(port), 1000);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < RECEIVES_MAX && !ll_port_drained(port); i++) {
        uint32_t count = ll_port_receive(port, datagrams);
        for (uint32_t j = 0; j < count; j++, seen++) {
            ck_assert_uint_eq(datagrams[j].payload_bytes, 100);
            ck_assert_uint_eq(datagrams[j].payload[99], (uint8_t)seen);
            ck_assert_uint_eq(datagrams[j].rx_ns, stamp_of(seen));
            ck_assert_uint_eq(datagrams[j].ordinal, seen + 1);
            ck_assert_uint_eq(datagrams[j].line, 0);
        }
        ck_assert_int_eq(ll_port_drained(port), seen == 1000);
    }
    ck_assert_uint_eq(seen, 1000);
    ck_assert_uint_eq(ll_port_receive(port, datagrams), 0);
    ck_assert(ll_port_drained(port));
    struct ll_port_counters counters;
    check_invariant(port, &counters);
    ck_assert_uint_eq(counters.frames, 1000);
    ck_assert_uint_eq(counters.bytes, 1000 * 142);
    ck_assert_uint_eq(counters.missed + counters.errors, 0);
    ll_port_close(port);
}
END_TEST

START_TEST(capture_without_packets_is_drained)
{
    write_plain("none", 0);
    struct ll_port *port = open_file("none", NULL, 0);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    ck_assert(ll_port_drained(port));
    ck_assert_uint_eq(ll_port_receive(port, datagrams), 0);
    ck_assert_uint_eq(ll_port_frames_total(port), 0);
    ll_port_close(port);
}
END_TEST

START_TEST(odd_file_names)
{
    static const char *const names[] = {"a,b.pcap", "with space", "br[0]ack,et", "eq=ual", "-", "%s"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        write_plain(names[i], 3);
        struct ll_port *port = open_file(names[i], NULL, 0);
        struct ll_datagram datagrams[LL_PORT_BURST_MAX];
        ck_assert_uint_eq(ll_port_receive(port, datagrams), 3);
        ll_port_close(port);
    }
}
END_TEST

START_TEST(nanosecond_captures_keep_microseconds)
{
    pcap_t *dead;
    pcap_dumper_t *dumper = create("nano", &dead, DLT_EN10MB, PCAP_TSTAMP_PRECISION_NANO);
    struct pcap_pkthdr header = {.caplen = build_datagram(1, 1)};
    header.len = header.caplen;
    header.ts.tv_sec = START_S;
    header.ts.tv_usec = 123456789; /* nanoseconds in such a file */
    pcap_dump((u_char *)dumper, &header, frame);
    finish(dumper, dead);
    struct ll_port *port = open_file("nano", NULL, 0);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    ck_assert_uint_eq(ll_port_receive(port, datagrams), 1);
    ck_assert_uint_eq(datagrams[0].rx_ns, START_S * UINT64_C(1000000000) + 123456000);
    ll_port_close(port);
}
END_TEST

START_TEST(two_files_at_once_and_many_after_another)
{
    write_plain("one", 5);
    write_plain("two", 7);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    for (uint32_t i = 0; i < 40; i++) {
        struct ll_port *one = open_file("one", NULL, 0);
        struct ll_port *two = open_file("two", NULL, 0);
        ck_assert_uint_eq(ll_port_receive(two, datagrams), 7);
        ck_assert_uint_eq(ll_port_receive(one, datagrams), 5);
        ll_port_close(one);
        ll_port_close(two);
    }
}
END_TEST

/* The file must be refused, with `word` in the reason. */
static void refuse(const char *path, const char *word)
{
    char specification[600];
    struct ll_port *port = (struct ll_port *)&seed;
    struct ll_why why = {0};
    (void)snprintf(specification, sizeof specification, "pcap:%s", path);
    int rc = ll_port_open(&port, specification, NULL, 0, &why);
    ck_assert_msg(rc == LL_ERR_INPUT, "%s: %d %s", path, rc, why.text);
    ck_assert_ptr_null(port);
    ck_assert_msg(strstr(why.text, word) != NULL, "'%s' not in: %s", word, why.text);
}

static void write_bytes(const char *name, const void *bytes, size_t bytes_count)
{
    FILE *file = fopen(path_of(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, bytes_count, file), bytes_count);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(bad_files_are_refused)
{
    refuse(path_of("missing"), "No such file");
    refuse(directory, "directory");
    refuse("-", "standard input");
    write_bytes("empty", "", 0);
    refuse(path_of("empty"), "empty");
    write_bytes("text", "this is not a capture at all\n", 29);
    refuse(path_of("text"), "not a readable pcap");
    write_bytes("short", "\xd4\xc3\xb2\xa1\x02\x00", 6);
    refuse(path_of("short"), "not a readable pcap");
    ck_assert_int_eq(mkfifo(path_of("fifo"), 0600), 0);
    refuse(path_of("fifo"), "regular file");
    pcap_t *dead;
    pcap_dumper_t *dumper = create("cooked", &dead, DLT_LINUX_SLL, PCAP_TSTAMP_PRECISION_MICRO);
    finish(dumper, dead);
    refuse(path_of("cooked"), "not Ethernet");
}
END_TEST

START_TEST(cut_file_is_refused_at_every_byte)
{
    uint8_t bytes[PCAP_HEADER + 3 * (PACKET_HEADER + 142)];
    write_plain("whole", 3);
    FILE *file = fopen(path_of("whole"), "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(bytes, 1, sizeof bytes, file), sizeof bytes);
    ck_assert_int_eq(fclose(file), 0);
    for (size_t cut = PCAP_HEADER; cut <= sizeof bytes; cut++) {
        write_bytes("cut", bytes, cut);
        size_t whole_frames = (cut - PCAP_HEADER) / (PACKET_HEADER + 142);
        if ((cut - PCAP_HEADER) % (PACKET_HEADER + 142) == 0) {
            struct ll_port *port = open_file("cut", NULL, 0);
            ck_assert_uint_eq(ll_port_frames_total(port), whole_frames);
            ll_port_close(port);
        } else {
            char word[32];
            (void)snprintf(word, sizeof word, "frame %zu is cut", whole_frames + 1);
            refuse(path_of("cut"), word);
        }
    }
}
END_TEST

START_TEST(file_cut_while_it_is_read_still_ends)
{
    write_plain("shrinks", 2000);
    struct ll_port *port = open_file("shrinks", NULL, 0);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    uint64_t seen = ll_port_receive(port, datagrams);
    ck_assert_int_eq(truncate(path_of("shrinks"), PCAP_HEADER + 1000 * (PACKET_HEADER + 142) + 33), 0);
    for (uint32_t i = 0; i < RECEIVES_MAX && !ll_port_drained(port); i++)
        seen += ll_port_receive(port, datagrams);
    ck_assert(ll_port_drained(port));
    ck_assert_uint_eq(seen, 1000);
    struct ll_port_counters counters;
    check_invariant(port, &counters);
    ck_assert_uint_eq(counters.frames, 1000);
    ck_assert_uint_gt(counters.errors, 0);
    ll_port_close(port);
}
END_TEST

static uint32_t random_oversize(struct ll_prng *prng)
{
    /* Also around 65536, where the driver's own 16-bit arithmetic wraps, and far beyond. */
    static const uint32_t sizes[] = {9217,  10240, 10241, 20480,  20481,
                                     65535, 65536, 65537, 100000, FRAME_MAX};
    return sizes[ll_prng_below(prng, sizeof sizes / sizeof sizes[0])];
}

/* Builds one frame in `frame`, says what must become of it, and returns its length. */
static uint32_t random_frame(struct ll_prng *prng, struct expected *expected)
{
    uint32_t roll = ll_prng_below(prng, 100);
    expected->payload_bytes = ll_prng_below(prng, roll < 3 ? LL_PORT_FRAME_BYTES_MAX - 41 : 1400);
    expected->fill = (uint8_t)ll_prng_next(prng);
    expected->fate = roll < 60 ? DATAGRAM : (enum fate)ll_prng_below(prng, FATE_COUNT);
    uint32_t frame_bytes = build_datagram(expected->payload_bytes, expected->fill);
    switch (expected->fate) {
    case NOT_IPV4:
        ll_store_be16(frame + 12, 0x0806);
        break;
    case NOT_UDP:
        frame[23] = 6;
        break;
    case FRAGMENT:
        ll_store_be16(frame + 20, 0x2000);
        break;
    case NO_FLOW:
        ll_store_be16(frame + 36, UDP_PORT + 1);
        break;
    case TRUNCATED:
        frame_bytes -= 1 + ll_prng_below(prng, frame_bytes);
        /* Without a whole ether type, or without a whole header or payload: both are truncated. */
        break;
    case OVERSIZE:
        frame_bytes = random_oversize(prng);
        break;
    case DATAGRAM:
    case FATE_COUNT:
        break;
    }
    return frame_bytes;
}

static void compare_datagram(const struct ll_datagram *datagram, const struct expected *expected)
{
    ck_assert_int_eq(expected->fate, DATAGRAM);
    ck_assert_uint_eq(datagram->payload_bytes, expected->payload_bytes);
    ck_assert_uint_eq(datagram->rx_ns, expected->rx_ns);
    ck_assert_uint_eq(datagram->line, 4);
    for (uint32_t i = 0; i < datagram->payload_bytes; i++) {
        if (datagram->payload[i] != expected->fill)
            ck_abort_msg("byte %u", i);
    }
}

static void compare_counters(struct ll_port *port, const uint64_t fates[FATE_COUNT], uint64_t bytes)
{
    struct ll_port_counters counters;
    check_invariant(port, &counters);
    ck_assert_uint_eq(counters.frames, RANDOM_FRAMES);
    ck_assert_uint_eq(counters.bytes, bytes);
    ck_assert_uint_eq(counters.datagrams, fates[DATAGRAM]);
    ck_assert_uint_eq(counters.not_ipv4, fates[NOT_IPV4]);
    ck_assert_uint_eq(counters.not_udp, fates[NOT_UDP]);
    ck_assert_uint_eq(counters.fragments, fates[FRAGMENT]);
    ck_assert_uint_eq(counters.no_flow, fates[NO_FLOW]);
    ck_assert_uint_eq(counters.truncated, fates[TRUNCATED]);
    ck_assert_uint_eq(counters.oversize, fates[OVERSIZE]);
    ck_assert_uint_eq(counters.missed + counters.errors, 0);
}

START_TEST(random_mix_against_a_list)
{
    static struct expected expected[RANDOM_FRAMES];
    const struct ll_flow flow = {GROUP, UDP_PORT, 4};
    struct ll_prng prng;
    ll_prng_init(&prng, seed + (uint64_t)_i);
    uint64_t fates[FATE_COUNT] = {0};
    uint64_t bytes = 0;
    pcap_t *dead;
    pcap_dumper_t *dumper = create("random", &dead, DLT_EN10MB, PCAP_TSTAMP_PRECISION_MICRO);
    for (uint32_t i = 0; i < RANDOM_FRAMES; i++) {
        uint64_t index = i * UINT64_C(1500) + ll_prng_below(&prng, 1500);
        uint32_t frame_bytes = random_frame(&prng, &expected[i]);
        expected[i].rx_ns = stamp_of(index);
        write_frame(dumper, frame_bytes, index);
        fates[expected[i].fate]++;
        bytes += frame_bytes;
    }
    finish(dumper, dead);

    struct ll_port *port = open_file("random", &flow, 1);
    ck_assert_uint_eq(ll_port_frames_total(port), RANDOM_FRAMES);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    uint64_t seen = 0;
    for (uint32_t i = 0; i < RECEIVES_MAX && !ll_port_drained(port); i++) {
        uint32_t count = ll_port_receive(port, datagrams);
        for (uint32_t j = 0; j < count; j++, seen++) {
            ck_assert_uint_le(datagrams[j].ordinal, RANDOM_FRAMES);
            compare_datagram(&datagrams[j], &expected[datagrams[j].ordinal - 1]);
        }
    }
    ck_assert(ll_port_drained(port));
    ck_assert_uint_eq(seen, fates[DATAGRAM]);
    compare_counters(port, fates, bytes);
    ll_port_close(port);
}
END_TEST

static int run(void)
{
    Suite *suite = suite_create("port_pcap");
    TCase *tcase = tcase_create("pcap");
    tcase_add_test(tcase, every_datagram_once_with_its_time);
    tcase_add_test(tcase, capture_without_packets_is_drained);
    tcase_add_test(tcase, odd_file_names);
    tcase_add_test(tcase, nanosecond_captures_keep_microseconds);
    tcase_add_test(tcase, two_files_at_once_and_many_after_another);
    tcase_add_test(tcase, bad_files_are_refused);
    tcase_add_test(tcase, cut_file_is_refused_at_every_byte);
    tcase_add_test(tcase, file_cut_while_it_is_read_still_ends);
    tcase_add_loop_test(tcase, random_mix_against_a_list, 0, RANDOM_FILES);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed;
}

static void remove_files(void)
{
    static const char *const names[] = {"plain",  "none",  "a,b.pcap", "with space", "br[0]ack,et",
                                        "eq=ual", "-",     "%s",       "nano",       "one",
                                        "two",    "empty", "text",     "short",      "fifo",
                                        "cooked", "whole", "cut",      "random",     "shrinks"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unlink(path_of(names[i]));
    (void)rmdir(directory);
}

int main(void)
{
    const char *text = getenv("LL_SEED");
    seed = text != NULL ? strtoull(text, NULL, 0) : 20260101u;
    printf("LL_SEED=%" PRIu64 "\n", seed);
    (void)alarm(120); /* the cases share this process: check's own timeout needs a fork */
    const struct ll_eal_config config = {0};
    struct ll_why why = {0};
    if (mkdtemp(directory) == NULL || ll_eal_start(&config, &why) != LL_OK) {
        printf("cannot start: %s\n", why.text);
        return 1;
    }
    int failed = run();
    ll_eal_stop();
    remove_files();
    return failed == 0 ? 0 : 1;
}
