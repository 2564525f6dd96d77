/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever bytes a client sends to an order port, it answers or ignores them: no assertion, no read past a
 * message, books and record consistent after each.
 * Method: the first byte chooses protocol, self-trade rule and faults; then messages, each behind a byte with its
 * length, to the one port of an exchange with two instruments. A length that no message has does something at the
 * exchange instead: somebody else trades, a trade is broken, the day begins or ends, a halt. What the port publishes
 * must decode; quantities add up.
 */
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/exchange/ll_matching.h"
#include "host/exchange/ll_ouch_port.h"
#include "host/wire/ll_ouch_report.h"

#include <stdlib.h>
#include <string.h>

#define LINKS_MAX 64u
#define STEP_NS   UINT64_C(100000000)
/* Lengths from here on say that something happens at the exchange. */
#define HAPPEN_FIRST 250

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static int on_publish(void *context, const uint8_t *message, uint32_t message_bytes)
{
    const uint8_t *protocol = context;
    struct ll_report report;
    LL_ASSERT(ll_ouch_report(*protocol, message, message_bytes, &report) == LL_OK);
    return LL_OK;
}

static void on_drop(void *context)
{
    (void)context;
}

static void check_links(const struct ll_ouch_port *port, const struct ll_matching *matching)
{
    for (uint32_t i = 0; i < ll_ouch_port_link_count(port); i++) {
        const struct ll_ouch_link *link = ll_ouch_port_link(port, i);
        struct ll_matching_order order;
        bool is_live = link->state == LL_OUCH_LINK_LIVE;
        LL_ASSERT(ll_matching_find(matching, link->reference, &order) == is_live);
        LL_ASSERT(link->open == (is_live ? order.quantity : 0));
        LL_ASSERT(link->state == LL_OUCH_LINK_REJECTED ||
                  link->quantity == link->open + link->executed + link->cancelled + link->passed_on);
    }
}

/* What the exchange does by itself; `value` says which order, trade or instrument. */
static void happen(struct ll_ouch_port *port, struct ll_matching *matching, uint8_t what, uint8_t value,
                   uint64_t now_ns)
{
    const struct ll_matching_enter enter = {.instrument = value % 2,
                                            .quantity = 100,
                                            .price = value % 2 == 0 ? 1503400 : 4000000,
                                            .side = value / 2 % 2 == 0 ? LL_MATCHING_BUY : LL_MATCHING_SELL,
                                            .group = 2};
    switch (what - HAPPEN_FIRST) {
    case 0:
        (void)ll_matching_enter(matching, &enter, now_ns);
        break;
    case 1:
        (void)ll_matching_break_trade(matching, 1u + value % 16u, 'E', now_ns);
        break;
    case 2:
        ll_matching_end_of_day(matching, now_ns);
        ll_ouch_port_end_of_day(port, now_ns);
        break;
    case 3:
        ll_ouch_port_start_of_day(port, now_ns);
        break;
    case 4:
        (void)ll_matching_halt(matching, value % 2, "T1  ", now_ns);
        break;
    default:
        (void)ll_matching_resume(matching, value % 2, "T3  ", now_ns);
        break;
    }
}

static void feed(struct ll_ouch_port *port, struct ll_matching *matching, const uint8_t *bytes,
                 size_t bytes_count)
{
    uint64_t now_ns = 1;
    while (bytes_count > 0) {
        uint32_t message_bytes = bytes[0];
        if (message_bytes > bytes_count - 1)
            message_bytes = (uint32_t)bytes_count - 1;
        if (bytes[0] >= HAPPEN_FIRST)
            message_bytes = bytes_count > 1 ? 1 : 0;
        uint8_t *exact = malloc(message_bytes > 0 ? message_bytes : 1);
        LL_ASSERT(exact != NULL);
        memcpy(exact, bytes + 1, message_bytes);
        if (bytes[0] >= HAPPEN_FIRST)
            happen(port, matching, bytes[0], message_bytes > 0 ? exact[0] : 0, now_ns);
        else
            ll_ouch_port_receive(port, exact, message_bytes, now_ns);
        free(exact);
        now_ns += STEP_NS;
        ll_ouch_port_poll(port, now_ns);
        ll_matching_check(matching);
        check_links(port, matching);
        bytes += 1 + message_bytes;
        bytes_count -= 1 + message_bytes;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    static const struct ll_matching_instrument instruments[] = {
        {{'A', 'A', 'P', 'L', ' ', ' ', ' ', ' '}, 1, 100, 100, false, 1503400},
        {{'M', 'S', 'F', 'T', ' ', ' ', ' ', ' '}, 2, 1, 1, true, 4000000}};
    if (bytes_count == 0)
        return 0;
    uint8_t protocol = (bytes[0] & 1) != 0 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42;
    struct ll_ouch_port_config config = {.protocol = protocol,
                                         .number = 1,
                                         .group = bytes[0] >> 1 & 1,
                                         .links_max = LINKS_MAX,
                                         .executions_max = LINKS_MAX,
                                         .answers_max = 4,
                                         .firm_count = 1,
                                         .firms = {{'A', 'B', 'C', 'D'}},
                                         .faults = {.delay_ns_max = 1000, .bust_ns_max = 10 * STEP_NS}};
    struct ll_matching_config matching_config = {.instruments = instruments,
                                                 .instrument_count = 2,
                                                 .orders_max = 16,
                                                 .trades_max = 16,
                                                 .reference_first = 1,
                                                 .match_first = 1,
                                                 .self_trade = bytes[0] >> 2 & 1};
    if ((bytes[0] >> 3 & 1) != 0)
        for (uint32_t fault = 0; fault < LL_OUCH_PORT_FAULT_COUNT; fault++)
            config.faults.per_mille[fault] = 200;
    struct ll_ouch_port_door door = {&protocol, on_publish, on_drop};
    struct ll_ouch_ports ports = {{NULL}};
    struct ll_ouch_port *port = NULL;
    struct ll_matching *matching = NULL;
    size_t port_bytes = ll_align_up(ll_ouch_port_footprint_bytes(&config), 64);
    size_t matching_bytes = ll_align_up(ll_matching_footprint_bytes(&matching_config), 64);
    void *memory[2] = {aligned_alloc(64, port_bytes), aligned_alloc(64, matching_bytes)};
    LL_ASSERT(ll_ouch_port_init(&port, memory[0], port_bytes, &config, &door, NULL) == LL_OK);
    ll_ouch_ports_add(&ports, port);
    struct ll_matching_handler handler = ll_ouch_ports_handler(&ports);
    LL_ASSERT(ll_matching_init(&matching, memory[1], matching_bytes, &matching_config, &handler, 1, NULL) ==
              LL_OK);
    ll_ouch_port_attach(port, matching);
    feed(port, matching, bytes + 1, bytes_count - 1);
    free(memory[0]);
    free(memory[1]);
    return 0;
}
