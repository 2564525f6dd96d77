/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated exchange as a feed of the daemon: generated messages, framed, through a ring port.
 *
 * Shape    open -> skip (when a journal goes on) -> begin(now) -> fill and ll_port_receive, again and again -> close.
 *          The session's name is made from everything that makes the day's bytes, so equal names mean equal messages:
 *          after a restart the same day is generated again and goes on behind the last message journaled.
 * Units    feed time: UTC ns, the market's planned times laid onto the wall clock of the start: the directory and the
 *          book before the open take LL_SIM_FEED_QUIET_NS, from the open on time runs as planned.
 * Errors   LL_ERR_USAGE: a config outside the generator's limits.
 * Threads  one owner, the port's thread.
 */
#ifndef LL_HOST_APP_SIM_FEED_H
#define LL_HOST_APP_SIM_FEED_H

#include "dpdk/ll_port.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_err.h"
#include "host/exchange/ll_feed_sim.h"
#include "host/wire/ll_moldudp64.h"

#include <stdbool.h>
#include <stdint.h>

/* Long enough to see the books fill, short enough that the burst comes early in a demonstration. */
#define LL_SIM_FEED_QUIET_NS (4 * LL_NS_PER_S)

struct ll_sim_feed;

/* `split_ns`: a packet ends when the next message is due this much later; 0 = only by size. */
LL_MUST_CHECK int ll_sim_feed_open(struct ll_sim_feed **feed, const struct ll_feed_sim_config *config,
                                   uint64_t split_ns, struct ll_why *why);
void ll_sim_feed_close(struct ll_sim_feed *feed); /* NULL is fine */

void ll_sim_feed_session(const struct ll_feed_sim_config *config, char session[LL_MOLDUDP64_SESSION_BYTES]);

/* Generates up to `message_count` messages that are journaled already and drops them; returns how many. */
uint64_t ll_sim_feed_skip(struct ll_sim_feed *feed, uint64_t message_count);
/* The next message is due at `utc_ns`. */
void ll_sim_feed_begin(struct ll_sim_feed *feed, uint64_t utc_ns);
/* Frames up to `message_count` messages into the ring; returns how many: 0 = no room, or the day is over. */
uint32_t ll_sim_feed_fill(struct ll_sim_feed *feed, uint32_t message_count);
/* All is in the ring, the end of session too. */
bool ll_sim_feed_ended(const struct ll_sim_feed *feed);

struct ll_port *ll_sim_feed_port(struct ll_sim_feed *feed);
/* The market's clock, ns since midnight, at a feed time. */
uint64_t ll_sim_feed_market_ns(const struct ll_sim_feed *feed, uint64_t feed_ns);
size_t ll_sim_feed_memory_bytes(const struct ll_sim_feed *feed);
const char *ll_sim_feed_memory_pages(const struct ll_sim_feed *feed);

#endif
