/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: af_packet ports work on real kernel interfaces and count what the kernel dropped, any virtual device
 * works by its own words, and what is not there gives a clear error. Method: the process moves into a network
 * namespace of its own (as root, or in a user namespace), so nothing it makes outlives it. Frames are sent on
 * one end of a virtual Ethernet pair and received through the port on the other. EAL starts once, so the
 * cases share the process. Skipped (77) when the kernel allows no namespace.
 */
#include "dpdk/ll_frame.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "tests/model/live_link.h"
#include "tests/unit/ll_test_eal.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SKIPPED      77
#define PACKET_SLOTS 8192u /* the most that an af_packet port asks the kernel for */

static struct ll_port *open_port(const char *specification)
{
    const struct ll_flow flow = {LIVE_GROUP, LIVE_UDP_PORT, LIVE_LINE};
    struct ll_port *port;
    struct ll_why why = {0};
    int rc = ll_port_open(&port, specification, &flow, 1, &why);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
    return port;
}

static void check_counters(struct ll_port *port, struct ll_port_counters *counters)
{
    ll_port_counters(port, counters);
    ck_assert(live_counters_add_up(counters));
}

static void exchange(const char *specification, const char *interface, uint32_t payload_bytes)
{
    struct ll_port *port = open_port(specification);
    const char *problem = live_exchange(port, interface, payload_bytes);
    ck_assert_msg(problem == NULL, "%s: %s", specification, problem);
    ll_port_close(port);
}

START_TEST(af_packet_receives)
{
    exchange("af_packet:llv1", "llv0", 200);
    exchange("af_packet:llv1", "llv0", 1400); /* a second time: the first left nothing behind */
}
END_TEST

START_TEST(af_packet_receives_jumbo_frames)
{
    exchange("af_packet:llv3", "llv2", 8900);
}
END_TEST

/* The driver asks the kernel to put fragments together, so they arrive as the datagram they were. */
START_TEST(af_packet_gets_fragments_whole)
{
    struct ll_port *port = open_port("af_packet:llv1");
    struct ll_port_counters counters;
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    uint8_t whole[LL_FRAME_UDP_HEADERS_BYTES + 1000];
    int fd = live_open_sender("llv0");
    for (uint32_t i = 0; i < 1000; i++)
        whole[LL_FRAME_UDP_HEADERS_BYTES + i] = (uint8_t)i;
    ll_frame_build_udp(whole, 1000, LIVE_GROUP, LIVE_UDP_PORT);
    /* 1008 bytes behind the IPv4 header, sent as 504 and 504. The checksum is set anew each time (RFC 1624).
     */
    for (uint32_t part = 0; part < 2; part++) {
        uint8_t frame[34 + 504];
        memcpy(frame, whole, 34);
        memcpy(frame + 34, whole + 34 + part * 504, 504);
        ll_store_be16(frame + 16, 20 + 504);
        ll_store_be16(frame + 20, part == 0 ? 0x2000 : 504 / 8);
        ll_store_be16(frame + 24, 0);
        uint32_t sum = 0;
        for (uint32_t i = 14; i < 34; i += 2)
            sum += ll_load_be16(frame + i);
        sum = (sum >> 16) + (sum & 0xFFFF);
        ll_store_be16(frame + 24, (uint16_t) ~(sum + (sum >> 16)));
        ck_assert_int_eq(send(fd, frame, sizeof frame, 0), sizeof frame);
    }
    uint64_t end_ns = ll_clock_mono_ns() + LIVE_WAIT_NS;
    uint32_t count = 0;
    while (count == 0 && ll_clock_mono_ns() < end_ns)
        count = ll_port_receive(port, datagrams);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(datagrams[0].payload_bytes, 1000);
    ck_assert_int_eq(memcmp(datagrams[0].payload, whole + LL_FRAME_UDP_HEADERS_BYTES, 1000), 0);
    check_counters(port, &counters);
    ck_assert_uint_eq(counters.fragments, 0);
    ll_port_close(port);
    (void)close(fd);
}
END_TEST

START_TEST(af_packet_counts_what_the_kernel_dropped)
{
    struct ll_port *port = open_port("af_packet:llv1");
    struct ll_port_counters counters;
    int fd = live_open_sender("llv0");
    const uint32_t sent = PACKET_SLOTS + 1000;
    for (uint32_t i = 0; i < sent; i++)
        ck_assert(live_send(fd, i, 100, LIVE_UDP_PORT));
    uint64_t end_ns = ll_clock_mono_ns() + LIVE_WAIT_NS;
    uint64_t seen = 0;
    do {
        struct ll_datagram datagrams[LL_PORT_BURST_MAX];
        seen += ll_port_receive(port, datagrams);
        check_counters(port, &counters);
    } while (seen + counters.missed < sent && ll_clock_mono_ns() < end_ns);
    ck_assert_uint_gt(counters.missed, 0);
    ck_assert_uint_eq(seen + counters.missed, sent);
    ll_port_counters(port, &counters); /* the kernel forgets at each reading, we do not */
    ck_assert_uint_eq(seen + counters.missed, sent);
    ll_port_close(port);
    (void)close(fd);
}
END_TEST

START_TEST(null_device_gives_frames_for_nobody)
{
    struct ll_port *port = open_port("vdev:net_null0,size=64");
    struct ll_port_counters counters;
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    ck_assert_uint_eq(ll_port_receive(port, datagrams), 0);
    check_counters(port, &counters);
    ck_assert_uint_eq(counters.frames, LL_PORT_BURST_MAX);
    ck_assert_uint_eq(counters.not_ipv4, LL_PORT_BURST_MAX);
    ck_assert_uint_eq(counters.bytes, 64 * LL_PORT_BURST_MAX);
    struct ll_port *second;
    struct ll_why why = {0};
    ck_assert_int_eq(ll_port_open(&second, "vdev:net_null0", NULL, 0, &why), LL_ERR_USAGE);
    ll_port_close(port);
    ll_port_close(open_port("vdev:net_null0"));
}
END_TEST

struct failing_open {
    const char *specification;
    const char *word; /* in the reason */
};

static const struct failing_open failing_opens[] = {
    {"af_packet:llnone", "no interface"},
    {"vdev:net_nothing0", "net_nothing0"},
    {"vdev:net_af_packet0,iface=llnone", "net_af_packet0"},
    {"vdev:net_null0,nonsense=1", "net_null0"},
    {"pci:0000:ff:1f.7", "0000:ff:1f.7"},
};

START_TEST(failing_open_has_a_reason)
{
    const struct failing_open *failing = &failing_opens[_i];
    struct ll_port *port = (struct ll_port *)&failing_opens;
    struct ll_why why = {0};
    int rc = ll_port_open(&port, failing->specification, NULL, 0, &why);
    ck_assert_msg(rc == LL_ERR_ENVIRONMENT, "%s: %d %s", failing->specification, rc, why.text);
    ck_assert_ptr_null(port);
    ck_assert_msg(strstr(why.text, failing->word) != NULL, "'%s' not in: %s", failing->word, why.text);
    ck_assert_msg(strchr(why.text, ';') != NULL, "no remedy in: %s", why.text);
}
END_TEST

int main(void)
{
    (void)alarm(180); /* the cases share this process: check's own timeout needs a fork */
    if (!live_enter_namespace() || !live_make_pair("llv0", "llv1", 1500) ||
        !live_make_pair("llv2", "llv3", 9000)) {
        printf("SKIP test_port_live: no network namespace or virtual Ethernet here: %s\n", strerror(errno));
        return SKIPPED;
    }
    const struct ll_eal_config config = {.memory_mb = 256};
    Suite *suite = suite_create("port_live");
    TCase *tcase = tcase_create("live");
    tcase_add_test(tcase, af_packet_receives);
    tcase_add_test(tcase, af_packet_receives_jumbo_frames);
    tcase_add_test(tcase, af_packet_gets_fragments_whole);
    tcase_add_test(tcase, af_packet_counts_what_the_kernel_dropped);
    tcase_add_test(tcase, null_device_gives_frames_for_nobody);
    tcase_add_loop_test(tcase, failing_open_has_a_reason, 0,
                        (int)(sizeof failing_opens / sizeof failing_opens[0]));
    suite_add_tcase(suite, tcase);
    return ll_test_run_with_eal(suite, &config);
}
