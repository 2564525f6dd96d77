/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small venue behind one session of the rig: takes what was sent, in order, and says what a venue may say, by chance.
 *
 * Shape    take (bytes that arrived) -> it answers at once, or not at all; stir: it does something of its own (a
 *          fill, a cancel, a bust). What it says is numbered and kept for the day, so that it can be said again; the
 *          transport asks for it by its number. `is_calm`: no more rejects, silence or fills of its own.
 *          Numbers are taken as the venue takes them: 5.0 never one below the highest so far, 4.2 never one twice.
 *          The venue aborts when a number comes a second time with other bytes.
 * Units    lots, ticks; sequence numbers from 1.
 * Errors   none.
 * Threads  one owner.
 * Source   Nasdaq OUCH 5.0 and 4.2: what happens to a replace, what is silently ignored.
 */
#ifndef LL_TESTS_MODEL_OMS_VENUE_H
#define LL_TESTS_MODEL_OMS_VENUE_H

#include "host/base/ll_prng.h"
#include "tests/model/ll_oms_rig.h"

#define LL_VENUE_ORDERS  512u
#define LL_VENUE_NUMBERS 2048u
#define LL_VENUE_SAID    8192u
#define LL_VENUE_FILLS   2048u

struct ll_venue_order {
    uint64_t number; /* its live link */
    uint64_t price;
    uint64_t executed; /* by all links, busts not taken off */
    uint64_t busted;
    uint64_t open;
    uint64_t first_number;
    char side;
    bool is_cancel_refused; /* said once, and then silence */
};

struct ll_venue_fill {
    uint64_t match;
    uint32_t order;
    uint32_t quantity;
    bool is_busted;
};

struct ll_oms_venue {
    struct ll_prng *prng;
    uint8_t protocol;
    bool is_calm;
    uint32_t order_count;
    uint32_t said_count;
    uint32_t fill_count;
    uint32_t bytes_count[LL_VENUE_NUMBERS]; /* of what came with a number; 0 = nothing yet */
    uint8_t bytes[LL_VENUE_NUMBERS][LL_OUCH_MESSAGE_BYTES_MAX];
    uint32_t order_of[LL_VENUE_NUMBERS]; /* order + 1 */
    bool is_used[LL_VENUE_NUMBERS];
    uint64_t last_number;
    uint64_t next_match;
    uint64_t next_ref;
    struct ll_venue_order orders[LL_VENUE_ORDERS];
    struct ll_venue_fill fills[LL_VENUE_FILLS];
    struct ll_rig_message said[LL_VENUE_SAID];
};

void ll_oms_venue_init(struct ll_oms_venue *venue, uint8_t protocol, struct ll_prng *prng);
/* A message arrives. */
void ll_oms_venue_take(struct ll_oms_venue *venue, const struct ll_oms_send *send);
/* The venue does something by itself. */
void ll_oms_venue_stir(struct ll_oms_venue *venue);
/* The order a number belongs to, or belonged to; NULL = none. */
const struct ll_venue_order *ll_oms_venue_order(const struct ll_oms_venue *venue, uint64_t number);

#endif
