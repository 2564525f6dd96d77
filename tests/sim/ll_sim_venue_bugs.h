/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bugs of the exchange's side (ll_sim_bugs.h) as changes of bytes: what a message turns into when it is told
 * wrongly.
 *
 * Shape    pure functions over one message each; ll_sim_venue.c decides which messages they strike.
 * Units    shares.
 * Errors   a message that is not of the kind that is asked for stays as it is.
 * Threads  any.
 */
#ifndef LL_TESTS_SIM_VENUE_BUGS_H
#define LL_TESTS_SIM_VENUE_BUGS_H

#include "host/exchange/ll_ouch_port.h"

#include <stdbool.h>
#include <stdint.h>

/* A message of a port, or two of them, in place of one. */
struct ll_sim_told {
    uint32_t count;
    uint32_t bytes_count[2];
    uint8_t bytes[2][LL_OUCH_PORT_MESSAGE_BYTES];
};

/* LL_SIM_BUG_SENT_TWICE: an enter order becomes one under the next number of its side, two further on, with the
 * ClOrdID of the first one (5.0). False = it is no enter order. */
bool ll_sim_sent_twice(uint8_t protocol, uint8_t *message, uint32_t message_bytes);

/* LL_SIM_BUG_SHORT_FILL: an execution of more than one share is told with one share less, and that share as cancelled:
 * the order ends as it does at the exchange, with another record. */
void ll_sim_short_fill(uint8_t protocol, const uint8_t *message, uint32_t message_bytes,
                       struct ll_sim_told *told);

/* LL_SIM_BUG_LOST_REPORT: a cancel that is done is not told. An acceptance that is not told would be another bug:
 * to the gateway it proves that the order was not taken, and may go again. */
bool ll_sim_is_loss(const uint8_t *message);

/* LL_SIM_BUG_BOOK_POKE: orders that are added to the book get one share more, where `is_struck` says so; in a datagram
 * of MoldUDP64 with messages of ITCH 5.0. */
void ll_sim_poke_feed(uint8_t *bytes, uint32_t bytes_count,
                      bool (*is_struck)(const void *context, uint64_t reference), const void *context);

#endif
