/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exchange of a simulated run: the real matching engine, house, order ports, session servers and MoldUDP64 sender
 * of host/exchange, behind a simulated network. What it knows is the truth the gateway is held against.
 *
 * Shape    new (the day opens) -> poll, again and again -> free. Two order ports: session 0 speaks OUCH 5.0, session 1
 *          OUCH 4.2. The feed goes out on two lines, and the re-request server answers, through `feed`, which delivers
 *          when the gateway's machine asks. While the exchange is away (LL_SIM_VENUE_RESTART) nothing is taken and
 *          nothing is said; it comes back with the same day, sessions and numbers, as after a failover.
 * Units    prices 1/10,000; shares; *_ns of simulated time.
 * Errors   none; an own mistake aborts.
 * Threads  one owner.
 */
#ifndef LL_TESTS_SIM_VENUE_H
#define LL_TESTS_SIM_VENUE_H

#include "host/exchange/ll_matching.h"
#include "host/exchange/ll_mold_sender.h"
#include "host/exchange/ll_ouch_port.h"
#include "host/wire/ll_moldudp64.h"
#include "tests/sim/ll_sim_bugs.h"
#include "tests/sim/ll_sim_faults.h"
#include "tests/sim/ll_sim_tcp.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_SIM_SESSIONS     2u
#define LL_SIM_INSTRUMENTS  4u
#define LL_SIM_SESSION_NAME "SIM0000001" /* of the feed, and of both order sessions */
#define LL_SIM_USER         "SIM001"
#define LL_SIM_PASSWORD     "SECRET"
#define LL_SIM_FIRM         "FIRM"
#define LL_SIM_LINE_ANSWERS LL_MOLD_SENDER_LINES_MAX /* in place of a line: an answer to a re-request */

struct ll_sim_venue;

struct ll_sim_venue_config {
    uint64_t seed;
    uint64_t now_ns;
    struct ll_sim_faults *faults;
    struct ll_sim_tcp *tcp[LL_SIM_SESSIONS];
    enum ll_sim_bug bug; /* LL_SIM_BUG_NONE = as it should be */
    /* Every message of the gateway that an order port is about to work; NULL = nobody listens. */
    void (*on_order)(void *context, uint32_t session, const uint8_t *message, uint32_t message_bytes);
    void *context;
};

struct ll_sim_venue *ll_sim_venue_new(const struct ll_sim_venue_config *config);
void ll_sim_venue_free(struct ll_sim_venue *venue);

/* Sessions, house, matching, feed. */
void ll_sim_venue_poll(struct ll_sim_venue *venue, uint64_t now_ns);
/* The next datagram that has arrived at the gateway's machine by now; false = none. `bytes` until the next call. While
 * nobody is there to take them, they are lost: ll_sim_venue_feed_drop. */
bool ll_sim_venue_feed_take(struct ll_sim_venue *venue, uint64_t now_ns, uint32_t *line,
                            const uint8_t **bytes, uint32_t *bytes_count);
void ll_sim_venue_feed_drop(struct ll_sim_venue *venue, uint64_t now_ns);
/* The gateway asks for messages again. */
void ll_sim_venue_request(struct ll_sim_venue *venue, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES],
                          uint64_t now_ns);
/* No more faults, no more house: what is left is to be told. Halts nothing. */
void ll_sim_venue_calm(struct ll_sim_venue *venue);

/* --- the truth --------------------------------------------------------------------------------------------- */

bool ll_sim_venue_is_away(const struct ll_sim_venue *venue);
const struct ll_matching *ll_sim_venue_matching(const struct ll_sim_venue *venue);
const struct ll_ouch_port *ll_sim_venue_port(const struct ll_sim_venue *venue, uint32_t session);
/* Messages of the feed so far, and each of them (ll_mold_sender_message). */
const struct ll_mold_sender *ll_sim_venue_sender(const struct ll_sim_venue *venue);
/* Nothing is on its way: no datagram, no answer of a port, no byte of a session. */
bool ll_sim_venue_is_quiet(const struct ll_sim_venue *venue);
/* Name of an instrument, 0..LL_SIM_INSTRUMENTS-1, as clients write it. */
const char *ll_sim_venue_symbol(uint32_t instrument);
/* Its prior close, around which the house trades. */
uint32_t ll_sim_venue_price(uint32_t instrument);

#endif
