/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a ring port gives out exactly what was put in, in order, to the right line, and counts each frame
 * once. Method: EAL is started once for the whole binary, so the cases run in one process. Limits first (full
 * ring, longest payload), then the flow table and its errors, then random sends and receives against the
 * simplest model: a list of what was sent.
 */
#include "dpdk/ll_port.h"
#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_eal.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUP_A     0xE9360C6Fu
#define GROUP_B     0xE9360C70u
#define UDP_PORT    26477u
#define RING_FRAMES 1024u
#define CAPACITY    9174u /* 9216 less 42 bytes of headers */
#define STEPS       4000u

static uint64_t seed;

static struct ll_port *open_ring(const struct ll_flow *flows, uint32_t flow_count)
{
    struct ll_port *port;
    struct ll_why why = {0};
    int rc = ll_port_open(&port, "ring:", flows, flow_count, &why);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
    return port;
}

static void check_invariant(struct ll_port *port)
{
    struct ll_port_counters c;
    ll_port_counters(port, &c);
    ck_assert_uint_eq(c.frames, c.datagrams + c.not_ipv4 + c.not_udp + c.fragments + c.no_flow + c.truncated +
                                    c.oversize);
    ck_assert_uint_eq(c.missed, 0);
    ck_assert_uint_eq(c.errors, 0);
}

static void send_fill(struct ll_port *port, uint32_t payload_bytes, uint8_t fill, uint32_t address,
                      uint16_t udp, uint64_t rx_ns)
{
    uint32_t capacity_bytes = 0;
    uint8_t *payload = ll_port_send_begin(port, &capacity_bytes);
    ck_assert_ptr_nonnull(payload);
    ck_assert_uint_eq(capacity_bytes, CAPACITY);
    memset(payload, fill, payload_bytes);
    ll_port_send_commit(port, payload_bytes, address, udp, rx_ns);
}

START_TEST(empty_gives_nothing)
{
    struct ll_port *port = open_ring(NULL, 0);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    ck_assert_uint_eq(ll_port_receive(port, datagrams), 0);
    ck_assert(!ll_port_drained(port));
    ck_assert_uint_eq(ll_port_frames_total(port), 0);
    check_invariant(port);
    ll_port_close(port);
    ll_port_close(NULL);
}
END_TEST

START_TEST(one_comes_through)
{
    struct ll_port *port = open_ring(NULL, 0);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    send_fill(port, 5, 0x5A, GROUP_A, UDP_PORT, 1700000000123456789u);
    ck_assert_uint_eq(ll_port_receive(port, datagrams), 1);
    ck_assert_uint_eq(datagrams[0].payload_bytes, 5);
    ck_assert_uint_eq(datagrams[0].payload[4], 0x5A);
    ck_assert_uint_eq(datagrams[0].line, 0);
    ck_assert_uint_eq(datagrams[0].rx_ns, 1700000000123456789u);
    ck_assert_uint_eq(datagrams[0].ordinal, 1);
    struct ll_port_counters counters;
    ll_port_counters(port, &counters);
    ck_assert_uint_eq(counters.frames, 1);
    ck_assert_uint_eq(counters.bytes, 47);
    ck_assert_uint_eq(counters.datagrams, 1);
    ll_port_close(port);
}
END_TEST

START_TEST(full_ring_refuses_then_takes)
{
    struct ll_port *port = open_ring(NULL, 0);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    uint32_t capacity_bytes;
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < RING_FRAMES; i++)
            send_fill(port, 1, (uint8_t)i, GROUP_A, UDP_PORT, i);
        ck_assert_ptr_null(ll_port_send_begin(port, &capacity_bytes));
        for (uint32_t i = 0; i < RING_FRAMES; i += LL_PORT_BURST_MAX) {
            ck_assert_uint_eq(ll_port_receive(port, datagrams), LL_PORT_BURST_MAX);
            for (uint32_t j = 0; j < LL_PORT_BURST_MAX; j++)
                ck_assert_uint_eq(datagrams[j].rx_ns, i + j);
        }
        ck_assert_uint_eq(ll_port_receive(port, datagrams), 0);
    }
    check_invariant(port);
    ll_port_close(port);
}
END_TEST

START_TEST(uncommitted_buffer_comes_again)
{
    struct ll_port *port = open_ring(NULL, 0);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    uint32_t capacity_bytes;
    uint8_t *first = ll_port_send_begin(port, &capacity_bytes);
    ck_assert_ptr_eq(ll_port_send_begin(port, &capacity_bytes), first);
    ck_assert_uint_eq(ll_port_receive(port, datagrams), 0);
    ck_assert_ptr_eq(ll_port_send_begin(port, &capacity_bytes), first);
    ll_port_close(port); /* with a buffer in hand */
}
END_TEST

START_TEST(longest_and_empty_payload)
{
    struct ll_port *port = open_ring(NULL, 0);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    send_fill(port, CAPACITY, 0xEE, GROUP_A, UDP_PORT, 0);
    send_fill(port, 0, 0, GROUP_A, UDP_PORT, 0);
    ck_assert_uint_eq(ll_port_receive(port, datagrams), 2);
    ck_assert_uint_eq(datagrams[0].payload_bytes, CAPACITY);
    for (uint32_t i = 0; i < CAPACITY; i++)
        ck_assert_uint_eq(datagrams[0].payload[i], 0xEE);
    ck_assert_uint_eq(datagrams[1].payload_bytes, 0);
    check_invariant(port);
    ll_port_close(port);
}
END_TEST

START_TEST(flows_choose_the_line)
{
    /* The one without an address comes first in the table and still loses to the one with an address. */
    const struct ll_flow flows[] = {{0, UDP_PORT, 7}, {GROUP_A, UDP_PORT, 1}, {GROUP_B, 999, 2}};
    struct ll_port *port = open_ring(flows, 3);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    send_fill(port, 1, 0, GROUP_A, UDP_PORT, 10);
    send_fill(port, 1, 0, GROUP_B, UDP_PORT, 20);
    send_fill(port, 1, 0, GROUP_A, 999, 30); /* nobody's */
    send_fill(port, 1, 0, GROUP_B, 999, 40);
    ck_assert_uint_eq(ll_port_receive(port, datagrams), 3);
    ck_assert_uint_eq(datagrams[0].line, 1);
    ck_assert_uint_eq(datagrams[1].line, 7);
    ck_assert_uint_eq(datagrams[2].line, 2);
    ck_assert_uint_eq(datagrams[2].ordinal, 4);
    ck_assert_uint_eq(datagrams[2].rx_ns, 40);
    struct ll_port_counters counters;
    ll_port_counters(port, &counters);
    ck_assert_uint_eq(counters.no_flow, 1);
    ck_assert_uint_eq(counters.datagrams, 3);
    check_invariant(port);
    ll_port_close(port);
}
END_TEST

static void refuse_flows(const struct ll_flow *flows, uint32_t flow_count)
{
    struct ll_port *port = (struct ll_port *)&seed;
    struct ll_why why = {0};
    ck_assert_int_eq(ll_port_open(&port, "ring:", flows, flow_count, &why), LL_ERR_USAGE);
    ck_assert_ptr_null(port);
    ck_assert_uint_gt(strlen(why.text), 0);
}

START_TEST(bad_flows_are_refused)
{
    struct ll_flow flows[LL_PORT_FLOWS_MAX + 1] = {0};
    for (uint32_t i = 0; i <= LL_PORT_FLOWS_MAX; i++)
        flows[i] = (struct ll_flow){GROUP_A + i, UDP_PORT, i};
    ll_port_close(open_ring(flows, LL_PORT_FLOWS_MAX));
    refuse_flows(flows, LL_PORT_FLOWS_MAX + 1);
    flows[3].ipv4_address = GROUP_A;
    refuse_flows(flows, 4); /* the same twice */
    flows[3] = (struct ll_flow){GROUP_B + 100, 0, 3};
    refuse_flows(flows, 4);
    flows[3] = (struct ll_flow){GROUP_B + 100, UDP_PORT, LL_PORT_LINE_NONE};
    refuse_flows(flows, 4);
}
END_TEST

START_TEST(opens_again_and_again)
{
    /* More often than there are port numbers: nothing is left behind. With frames in every place. */
    for (uint32_t i = 0; i < 40; i++) {
        struct ll_port *port = open_ring(NULL, 0);
        struct ll_datagram datagrams[LL_PORT_BURST_MAX];
        for (uint32_t j = 0; j < 3 * LL_PORT_BURST_MAX + 5; j++)
            send_fill(port, 100, (uint8_t)j, GROUP_A, UDP_PORT, 0);
        ck_assert_uint_eq(ll_port_receive(port, datagrams), LL_PORT_BURST_MAX);
        ll_port_close(port);
    }
}
END_TEST

START_TEST(two_rings_are_apart)
{
    struct ll_port *a = open_ring(NULL, 0);
    struct ll_port *b = open_ring(NULL, 0);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    send_fill(a, 1, 0xAA, GROUP_A, UDP_PORT, 1);
    ck_assert_uint_eq(ll_port_receive(b, datagrams), 0);
    ck_assert_uint_eq(ll_port_receive(a, datagrams), 1);
    ck_assert_uint_eq(datagrams[0].payload[0], 0xAA);
    ll_port_close(a);
    send_fill(b, 1, 0xBB, GROUP_A, UDP_PORT, 1);
    ck_assert_uint_eq(ll_port_receive(b, datagrams), 1);
    ck_assert_uint_eq(datagrams[0].payload[0], 0xBB);
    ll_port_close(b);
}
END_TEST

START_TEST(memory_runs_out_with_a_reason)
{
    struct ll_port *ports[33] = {0};
    struct ll_why why = {0};
    int rc = LL_OK;
    uint32_t count = 0;
    for (; count < 33 && rc == LL_OK; count++)
        rc = ll_port_open(&ports[count], "ring:", NULL, 0, &why);
    ck_assert_int_eq(rc, LL_ERR_NO_MEMORY);
    ck_assert_ptr_nonnull(strstr(why.text, "memory"));
    ck_assert_uint_ge(count, 3);
    for (uint32_t i = 0; i < count; i++)
        ll_port_close(ports[i]);
    ll_port_close(open_ring(NULL, 0));
}
END_TEST

struct sent {
    uint32_t payload_bytes;
    uint32_t line; /* LL_PORT_LINE_NONE: to nobody */
    uint64_t rx_ns;
    uint8_t fill;
};

static void send_random(struct ll_port *port, struct ll_prng *prng, struct sent *sent)
{
    static const uint32_t addresses[] = {GROUP_A, GROUP_B, 0x0A000001u};
    uint32_t which = ll_prng_below(prng, 3);
    uint32_t bytes_max = ll_prng_chance(prng, 50) ? CAPACITY : 200;
    sent->payload_bytes = ll_prng_below(prng, bytes_max + 1);
    sent->line = which < 2 ? which : LL_PORT_LINE_NONE;
    sent->rx_ns = ll_prng_next(prng);
    sent->fill = (uint8_t)ll_prng_next(prng);
    send_fill(port, sent->payload_bytes, sent->fill, addresses[which], UDP_PORT, sent->rx_ns);
}

/* Receives one burst and takes the same frames off the model. Returns how many. */
static uint32_t receive_and_compare(struct ll_port *port, const struct sent *model, uint32_t model_count,
                                    uint64_t ordinal)
{
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    uint32_t count = ll_port_receive(port, datagrams);
    uint32_t frames = model_count < LL_PORT_BURST_MAX ? model_count : LL_PORT_BURST_MAX;
    uint32_t at = 0;
    for (uint32_t i = 0; i < frames; i++) {
        if (model[i].line == LL_PORT_LINE_NONE)
            continue;
        ck_assert_uint_lt(at, count);
        const struct ll_datagram *datagram = &datagrams[at++];
        ck_assert_uint_eq(datagram->payload_bytes, model[i].payload_bytes);
        ck_assert_uint_eq(datagram->line, model[i].line);
        ck_assert_uint_eq(datagram->rx_ns, model[i].rx_ns);
        ck_assert_uint_eq(datagram->ordinal, ordinal + i + 1);
        for (uint32_t j = 0; j < model[i].payload_bytes; j++) {
            if (datagram->payload[j] != model[i].fill)
                ck_abort_msg("byte %u of frame %u", j, i);
        }
    }
    ck_assert_uint_eq(at, count);
    return frames;
}

START_TEST(random_steps_against_a_list)
{
    const struct ll_flow flows[] = {{GROUP_A, UDP_PORT, 0}, {GROUP_B, UDP_PORT, 1}};
    struct ll_port *port = open_ring(flows, 2);
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    static struct sent model[RING_FRAMES];
    uint32_t model_count = 0;
    uint64_t received = 0;
    for (uint32_t step = 0; step < STEPS; step++) {
        /* In turn mostly sending and mostly receiving, so that the ring is full and empty many times. */
        if (ll_prng_chance(&prng, step / 500 % 2 == 0 ? 700 : 300)) {
            uint32_t burst = ll_prng_below(&prng, 100);
            for (uint32_t i = 0; i < burst && model_count < RING_FRAMES; i++)
                send_random(port, &prng, &model[model_count++]);
        } else {
            uint32_t taken = receive_and_compare(port, model, model_count, received);
            received += taken;
            model_count -= taken;
            memmove(model, model + taken, model_count * sizeof model[0]);
        }
    }
    struct ll_port_counters counters;
    ll_port_counters(port, &counters);
    ck_assert_uint_eq(counters.frames, received);
    ck_assert_uint_gt(counters.no_flow, 0);
    check_invariant(port);
    ll_port_close(port);
}
END_TEST

int main(void)
{
    const char *text = getenv("LL_SEED");
    seed = text != NULL ? strtoull(text, NULL, 0) : 20260101u;
    printf("LL_SEED=%" PRIu64 "\n", seed);
    (void)alarm(120); /* the cases share this process: check's own timeout needs a fork */
    const struct ll_eal_config config = {0};
    Suite *suite = suite_create("port_ring");
    TCase *tcase = tcase_create("ring");
    tcase_add_test(tcase, empty_gives_nothing);
    tcase_add_test(tcase, one_comes_through);
    tcase_add_test(tcase, full_ring_refuses_then_takes);
    tcase_add_test(tcase, uncommitted_buffer_comes_again);
    tcase_add_test(tcase, longest_and_empty_payload);
    tcase_add_test(tcase, flows_choose_the_line);
    tcase_add_test(tcase, bad_flows_are_refused);
    tcase_add_test(tcase, opens_again_and_again);
    tcase_add_test(tcase, two_rings_are_apart);
    tcase_add_test(tcase, memory_runs_out_with_a_reason);
    tcase_add_test(tcase, random_steps_against_a_list);
    suite_add_tcase(suite, tcase);
    return ll_test_run_with_eal(suite, &config);
}
