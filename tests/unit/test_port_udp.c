/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a udp: port gives out what was sent to its endpoints, each on its own line, in order, and counts what
 * it cannot take and what the kernel had to drop. Method: sockets on loopback, ports that the system chooses;
 * EAL is started once for the whole binary, so the cases run in one process. Waiting is polling with a bound.
 */
#include "dpdk/ll_port.h"
#include "host/base/ll_ipv4.h"
#include "tests/unit/ll_test_eal.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LOOPBACK  0x7f000001u
#define GROUP     0xef0a0b0cu /* 239.10.11.12 */
#define TRIES_MAX 20000u

static int sender;
static uint8_t big[LL_PORT_FRAME_BYTES_MAX + 100];

/* A port that is free now. */
static uint16_t free_port(void)
{
    const struct ll_ipv4 any = {LOOPBACK, 0};
    struct sockaddr_in address = ll_ipv4_to_socket(&any);
    socklen_t address_bytes = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &address_bytes), 0);
    ck_assert_int_eq(close(fd), 0);
    return ntohs(address.sin_port);
}

static void send_to(uint32_t ipv4_address, uint16_t udp_port, const void *bytes, size_t bytes_count)
{
    const struct ll_ipv4 target = {ipv4_address, udp_port};
    const struct sockaddr_in address = ll_ipv4_to_socket(&target);
    ck_assert_int_eq(sendto(sender, bytes, bytes_count, 0, (const struct sockaddr *)&address, sizeof address),
                     (ssize_t)bytes_count);
}

/* `rest` comes after the first endpoint. */
static struct ll_port *open_port(const char *address, uint16_t udp_port, const char *rest)
{
    char text[128];
    struct ll_port *port;
    struct ll_why why = {0};
    (void)snprintf(text, sizeof text, "udp:%s:%u%s", address, (unsigned)udp_port, rest);
    int rc = ll_port_open(&port, text, NULL, 0, &why);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
    return port;
}

static struct ll_port *open_two(uint16_t first, uint16_t second)
{
    char rest[32];
    (void)snprintf(rest, sizeof rest, ",127.0.0.1:%u", (unsigned)second);
    return open_port("127.0.0.1", first, rest);
}

static uint32_t receive_soon(struct ll_port *port, struct ll_datagram *datagrams)
{
    const struct timespec rest = {0, 100000};
    for (uint32_t i = 0; i < TRIES_MAX; i++) {
        uint32_t count = ll_port_receive(port, datagrams);
        if (count > 0)
            return count;
        (void)nanosleep(&rest, NULL);
    }
    return 0;
}

static void check_invariant(struct ll_port *port)
{
    struct ll_port_counters c;
    ll_port_counters(port, &c);
    ck_assert_uint_eq(c.frames, c.datagrams + c.not_ipv4 + c.not_udp + c.fragments + c.no_flow + c.truncated +
                                    c.oversize);
    ck_assert_uint_eq(c.errors, 0);
}

START_TEST(two_lines_in_order)
{
    uint16_t a = free_port();
    uint16_t b = free_port();
    struct ll_port *port = open_two(a, b);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    uint32_t next[2] = {0, 0};
    ck_assert_uint_eq(ll_port_receive(port, datagrams), 0);
    ck_assert(!ll_port_drained(port));
    ck_assert_uint_eq(ll_port_frames_total(port), 0);
    for (uint32_t i = 0; i < 300; i++) {
        send_to(LOOPBACK, a, &i, sizeof i);
        if (i % 3 == 0)
            send_to(LOOPBACK, b, &i, sizeof i);
    }
    uint64_t ordinal = 0;
    while (next[0] < 300 || next[1] < 300) {
        uint32_t count = receive_soon(port, datagrams);
        ck_assert_uint_gt(count, 0);
        ck_assert_uint_le(count, LL_PORT_BURST_MAX);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t value;
            ck_assert_uint_eq(datagrams[i].payload_bytes, sizeof value);
            memcpy(&value, datagrams[i].payload, sizeof value);
            ck_assert_uint_lt(datagrams[i].line, 2);
            ck_assert_uint_eq(value, next[datagrams[i].line]);
            next[datagrams[i].line] += datagrams[i].line == 0 ? 1 : 3;
            ck_assert_uint_eq(datagrams[i].ordinal, ++ordinal);
            ck_assert_uint_eq(datagrams[i].rx_ns, 0);
        }
    }
    struct ll_port_counters counters;
    ll_port_counters(port, &counters);
    ck_assert_uint_eq(counters.datagrams, 400);
    ck_assert_uint_eq(counters.bytes, 1600);
    ck_assert_uint_eq(counters.missed, 0);
    check_invariant(port);
    ll_port_close(port);
}
END_TEST

/* One line floods: the other one is heard all the same. */
START_TEST(lines_take_turns)
{
    uint16_t a = free_port();
    uint16_t b = free_port();
    struct ll_port *port = open_two(a, b);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    bool heard = false;
    for (uint32_t i = 0; i < 2 * LL_PORT_BURST_MAX; i++)
        send_to(LOOPBACK, a, "a", 1);
    send_to(LOOPBACK, b, "b", 1);
    for (uint32_t burst = 0; burst < 2; burst++) {
        uint32_t count = receive_soon(port, datagrams);
        for (uint32_t i = 0; i < count; i++)
            heard = heard || datagrams[i].line == 1;
    }
    ck_assert(heard);
    ll_port_close(port);
}
END_TEST

START_TEST(every_size_has_its_place)
{
    static const uint32_t sizes[] = {0, 1, LL_PORT_FRAME_BYTES_MAX, LL_PORT_FRAME_BYTES_MAX + 1, 7};
    uint16_t a = free_port();
    struct ll_port *port = open_port("127.0.0.1", a, "");
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    struct ll_port_counters counters;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        memset(big, (int)i, sizeof big);
        send_to(LOOPBACK, a, big, sizes[i]);
        if (sizes[i] > LL_PORT_FRAME_BYTES_MAX)
            continue;
        ck_assert_uint_eq(receive_soon(port, datagrams), 1);
        ck_assert_uint_eq(datagrams[0].payload_bytes, sizes[i]);
        if (sizes[i] > 0)
            ck_assert_uint_eq(datagrams[0].payload[sizes[i] - 1], i);
    }
    ll_port_counters(port, &counters);
    ck_assert_uint_eq(counters.oversize, 1);
    ck_assert_uint_eq(counters.datagrams, 4);
    check_invariant(port);
    ll_port_close(port);
}
END_TEST

START_TEST(multicast_on_loopback)
{
    uint16_t a = free_port();
    struct ll_port *port = open_port("239.10.11.12", a, "");
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    const struct in_addr interface = {htonl(LOOPBACK)};
    ck_assert_int_eq(setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface), 0);
    send_to(GROUP, a, "group", 5);
    ck_assert_uint_eq(receive_soon(port, datagrams), 1);
    ck_assert_uint_eq(datagrams[0].payload_bytes, 5);
    ck_assert_mem_eq(datagrams[0].payload, "group", 5);
    /* Two may listen. */
    struct ll_port *second = open_port("239.10.11.12", a, ",iface=127.0.0.1");
    send_to(GROUP, a, "both", 4);
    ck_assert_uint_eq(receive_soon(port, datagrams), 1);
    ck_assert_uint_eq(receive_soon(second, datagrams), 1);
    ll_port_close(second);
    ll_port_close(port);
}
END_TEST

/* Nobody reads: the kernel drops, and tells with the next datagram. Sent, received and missed add up. */
START_TEST(drops_of_the_kernel_are_counted)
{
    uint16_t a = free_port();
    struct ll_port *port = open_port("127.0.0.1", a, "");
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    struct ll_port_counters counters;
    uint64_t sent = 0;
    for (; sent < 30000; sent++)
        send_to(LOOPBACK, a, big, 1400);
    while (ll_port_receive(port, datagrams) > 0)
        continue;
    send_to(LOOPBACK, a, "last", 4);
    sent++;
    ck_assert_uint_eq(receive_soon(port, datagrams), 1);
    ll_port_counters(port, &counters);
    ck_assert_uint_gt(counters.missed, 0);
    ck_assert_uint_eq(counters.datagrams + counters.missed, sent);
    /* Told again with each datagram, counted once. */
    uint64_t missed = counters.missed;
    send_to(LOOPBACK, a, "more", 4);
    ck_assert_uint_eq(receive_soon(port, datagrams), 1);
    ll_port_counters(port, &counters);
    ck_assert_uint_eq(counters.missed, missed);
    check_invariant(port);
    ll_port_close(port);
}
END_TEST

static void refused(const char *text, const struct ll_flow *flows, uint32_t flow_count, int code,
                    const char *word)
{
    struct ll_port *port;
    struct ll_why why = {0};
    ck_assert_int_eq(ll_port_open(&port, text, flows, flow_count, &why), code);
    ck_assert_ptr_null(port);
    ck_assert_msg(strstr(why.text, word) != NULL, "'%s' not in: %s", word, why.text);
}

START_TEST(refusals)
{
    const struct ll_flow flow = {0, 26477, 0};
    uint16_t a = free_port();
    char text[128];
    struct ll_port *port = open_port("127.0.0.1", a, "");
    (void)snprintf(text, sizeof text, "udp:127.0.0.1:%u", (unsigned)a);
    refused(text, NULL, 0, LL_ERR_ENVIRONMENT, "in use");
    ll_port_close(port);
    refused(text, &flow, 1, LL_ERR_USAGE, "lines");
    refused("udp:192.0.2.1:26477", NULL, 0, LL_ERR_ENVIRONMENT,
            "192.0.2.1:26477"); /* of documentation only */
    refused("udp:239.1.1.1:26477,iface=192.0.2.1", NULL, 0, LL_ERR_ENVIRONMENT, "joined");
    refused("udp:nowhere", NULL, 0, LL_ERR_USAGE, "udp:ADDR:PORT");
    /* Nothing is left over from all this. */
    port = open_port("127.0.0.1", a, "");
    ll_port_close(port);
}
END_TEST

int main(void)
{
    const struct ll_eal_config config = {.memory_mb = 128};
    Suite *suite = suite_create("port_udp");
    TCase *tcase = tcase_create("loopback");
    (void)alarm(120);
    sender = socket(AF_INET, SOCK_DGRAM, 0);
    if (sender < 0)
        return 1;
    tcase_add_test(tcase, two_lines_in_order);
    tcase_add_test(tcase, lines_take_turns);
    tcase_add_test(tcase, every_size_has_its_place);
    tcase_add_test(tcase, multicast_on_loopback);
    tcase_add_test(tcase, drops_of_the_kernel_are_counted);
    tcase_add_test(tcase, refusals);
    suite_add_tcase(suite, tcase);
    int failed = ll_test_run_with_eal(suite, &config);
    (void)close(sender);
    return failed;
}
