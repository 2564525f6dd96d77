/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: real captures come through a pcap port as they are in the file.
 * Method: each capture of the shared data (LL_SHARED, default ../shared) is read twice: with libpcap and the
 * frame parser here, and through the port; both must give the same datagrams. Skipped (77) when there are
 * none.
 */
#include "dpdk/ll_frame.h"
#include "dpdk/ll_port.h"
#include "tests/unit/ll_test_eal.h"

#include <check.h>
#include <glob.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SKIPPED      77
#define FRAMES_MAX   100000u
#define RECEIVES_MAX 100000u

static glob_t captures;

/* FNV-1a over what a datagram is: enough to see any difference. */
static uint64_t hash(uint64_t state, const void *bytes, size_t bytes_count)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < bytes_count; i++)
        state = (state ^ at[i]) * UINT64_C(0x100000001b3);
    return state;
}

static uint64_t hash_datagram(uint64_t state, const uint8_t *payload, uint32_t payload_bytes, uint64_t rx_ns)
{
    state = hash(state, &payload_bytes, sizeof payload_bytes);
    state = hash(state, &rx_ns, sizeof rx_ns);
    return hash(state, payload, payload_bytes);
}

static uint64_t read_plainly(const char *path, uint64_t *frame_count, uint64_t *datagram_count)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline(path, error);
    ck_assert_msg(pcap != NULL, "%s: %s", path, error);
    struct pcap_pkthdr *header;
    const u_char *bytes;
    uint64_t state = 0;
    while (*frame_count < FRAMES_MAX && pcap_next_ex(pcap, &header, &bytes) == 1) {
        struct ll_frame_udp udp;
        ++*frame_count;
        if (ll_frame_parse(bytes, header->caplen, &udp) != LL_FRAME_UDP)
            continue;
        uint64_t us = (uint64_t)header->ts.tv_sec * 1000000 + (uint64_t)header->ts.tv_usec;
        state = hash_datagram(state, udp.payload, udp.payload_bytes, us * 1000);
        ++*datagram_count;
    }
    pcap_close(pcap);
    return state;
}

START_TEST(port_gives_what_the_file_holds)
{
    const char *path = captures.gl_pathv[_i];
    char specification[4096];
    uint64_t frame_count = 0;
    uint64_t datagram_count = 0;
    uint64_t plain = read_plainly(path, &frame_count, &datagram_count);
    struct ll_port *port;
    struct ll_why why = {0};
    (void)snprintf(specification, sizeof specification, "pcap:%s", path);
    int rc = ll_port_open(&port, specification, NULL, 0, &why);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
    uint64_t state = 0;
    for (uint32_t i = 0; i < RECEIVES_MAX && !ll_port_drained(port); i++) {
        struct ll_datagram datagrams[LL_PORT_BURST_MAX];
        uint32_t count = ll_port_receive(port, datagrams);
        for (uint32_t j = 0; j < count; j++)
            state =
                hash_datagram(state, datagrams[j].payload, datagrams[j].payload_bytes, datagrams[j].rx_ns);
    }
    struct ll_port_counters counters;
    ll_port_counters(port, &counters);
    printf("%s: %" PRIu64 " frames, %" PRIu64 " datagrams\n", path, counters.frames, counters.datagrams);
    ck_assert_uint_gt(frame_count, 0);
    ck_assert_uint_eq(ll_port_frames_total(port), frame_count);
    ck_assert_uint_eq(counters.frames, frame_count);
    ck_assert_uint_eq(counters.datagrams, datagram_count);
    ck_assert_uint_eq(state, plain);
    ll_port_close(port);
}
END_TEST

int main(void)
{
    const char *shared = getenv("LL_SHARED");
    char pattern[1024];
    (void)alarm(120);
    (void)snprintf(pattern, sizeof pattern, "%s/data/*/*.pcap", shared != NULL ? shared : "../shared");
    if (glob(pattern, 0, NULL, &captures) != 0) {
        printf("SKIP test_port_captures: no %s; set LL_SHARED\n", pattern);
        return SKIPPED;
    }
    const struct ll_eal_config config = {0};
    Suite *suite = suite_create("port_captures");
    TCase *tcase = tcase_create("captures");
    tcase_add_loop_test(tcase, port_gives_what_the_file_holds, 0, (int)captures.gl_pathc);
    suite_add_tcase(suite, tcase);
    int status = ll_test_run_with_eal(suite, &config);
    globfree(&captures);
    return status;
}
