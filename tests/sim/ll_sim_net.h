/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network between the exchange's feed and the gateway's machine: datagrams on two lines and answers to re-requests,
 * which are lost, doubled, late, out of order, cut short or garbled as the faults of a run say (FEED_*, REQUEST_*).
 *
 * Shape    new -> send, answer, poll, take, again and again -> free. Without faults a line keeps its order.
 *          What is garbled can be told: no packet that can be read is ever other than it was sent.
 *          A packet held behind its successors leaves with the last of them, or after LL_SIM_NET_HELD_NS.
 * Units    bytes; *_ns of simulated time.
 * Errors   none: what finds no room is lost.
 * Threads  one owner.
 */
#ifndef LL_TESTS_SIM_NET_H
#define LL_TESTS_SIM_NET_H

#include "host/exchange/ll_mold_sender.h"
#include "tests/sim/ll_sim_faults.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_SIM_NET_LINES        (LL_MOLD_SENDER_LINES_MAX + 1) /* the last one: answers */
#define LL_SIM_NET_ANSWERS      LL_MOLD_SENDER_LINES_MAX
#define LL_SIM_NET_PACKET_BYTES 512u  /* the longest that is sent */
#define LL_SIM_NET_PACKETS      1024u /* under way at once */
#define LL_SIM_NET_HELD_NS      UINT64_C(200000000)

struct ll_sim_net;

struct ll_sim_net *ll_sim_net_new(struct ll_sim_faults *faults);
void ll_sim_net_free(struct ll_sim_net *net);

/* Time passes: lines die, and the way to the re-request server. */
void ll_sim_net_poll(struct ll_sim_net *net, uint64_t now_ns);
void ll_sim_net_send(struct ll_sim_net *net, uint32_t line, const uint8_t *bytes, uint32_t bytes_count,
                     uint64_t now_ns);
/* A re-request is on its way; false = it, or the answer to it, is lost. */
bool ll_sim_net_request(struct ll_sim_net *net, uint64_t now_ns);
/* The answer to the latest of them. */
void ll_sim_net_answer(struct ll_sim_net *net, const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns);
/* The next datagram that is there by now; false = none. `bytes` until the next call. */
bool ll_sim_net_take(struct ll_sim_net *net, uint64_t now_ns, uint32_t *line, const uint8_t **bytes,
                     uint32_t *bytes_count);
bool ll_sim_net_is_quiet(const struct ll_sim_net *net);

#endif
