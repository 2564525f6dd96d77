/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words by which providers and platforms name the state of an order, and what they mean here.
 *
 * Shape    One list: word, state, active. A word keeps its own text beside the normal form; the way back gives the one
 *          word of a state that we say ourselves.
 * Units    none.
 * Errors   a word that is not listed is not known, and active: an order must not be sent a second time because of
 *          a word we do not know. Whoever asks keeps it, counts it and raises the alarm.
 * Threads  pure functions.
 * Source   docs/orders.md, "States"; FIX 4.4 tag 39 (OrdStatus) for the one-letter words.
 */
#ifndef LL_HOST_CORE_ORDER_CODES_H
#define LL_HOST_CORE_ORDER_CODES_H

#include "hls/ll_order_states.h"

#include <stdbool.h>
#include <stdint.h>

/* C("word", STATE, active): the first one of a state is the one we say. Case does not matter. */
#define LL_ORDER_CODES(C)                         \
    C("PENDING", PENDING, true)                   \
    C("SUBMITTED", SUBMITTED, true)               \
    C("CONFIRMING", SUBMITTED, true)              \
    C("QUE", SUBMITTED, true)                     \
    C("REC", SUBMITTED, true)                     \
    C("DON", SUBMITTED, true)                     \
    C("A", SUBMITTED, true)                       \
    C("NEW", NEW, true)                           \
    C("ACK", NEW, true)                           \
    C("OPEN", NEW, true)                          \
    C("WORKING", NEW, true)                       \
    C("0", NEW, true)                             \
    C("PARTIALLY_FILLED", PARTIALLY_FILLED, true) \
    C("1", PARTIALLY_FILLED, true)                \
    C("FILLED", FILLED, false)                    \
    C("2", FILLED, false)                         \
    C("CANCELLED", CANCELLED, false)              \
    C("CANCELED", CANCELLED, false)               \
    C("CAN", CANCELLED, false)                    \
    C("OUT", CANCELLED, false)                    \
    C("CLOSED", CANCELLED, false)                 \
    C("4", CANCELLED, false)                      \
    C("REJECTED", REJECTED, false)                \
    C("REJ", REJECTED, false)                     \
    C("8", REJECTED, false)                       \
    C("EXPIRED", EXPIRED, false)                  \
    C("EXP", EXPIRED, false)                      \
    C("C", EXPIRED, false)                        \
    C("FAILED", FAILED, true)

struct ll_order_code {
    uint8_t state; /* enum ll_order_state; NONE = unknown */
    bool active;
    bool known;
};

/* What a word means. */
struct ll_order_code ll_order_code_read(const char *word, uint32_t word_bytes);
/* The word of a state; "UNKNOWN" for a number that is none. */
const char *ll_order_code_write(uint32_t state);

#endif
