/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulated ITCH 5.0 feed: one day of a market, made from a seed, with all 23 message types.
 *
 * Shape    footprint_bytes(config) -> init(memory, config) -> next... -> 0 bytes at the end of a finite day.
 *          The day: S 'O', one R and one H 'T' per symbol, S 'S', the book of the pre-open (adds only, almost
 *          up to the live orders wanted), S 'Q', the mix of LL_FEED_SIM_MIX, and S 'M' 'E' 'C' when finite.
 *          The generator keeps every live order, so each message fits what went before: no unknown
 *          reference, no over-execution. Unless faults are asked for: then it keeps what a receiver must be
 *          left with. Same config, same bytes, on any machine: integers only. O(1) per message, no
 *          allocation; never more than `live_orders_target` live orders.
 * Units    planned time: ns since midnight, the same as in the message, never going backwards; prices in
 *          1/10,000.
 * Errors   init: LL_ERR_USAGE for a config outside its limits, LL_ERR_NO_MEMORY for too little memory.
 * Threads  one owner per feed.
 * Source   layouts: Nasdaq TotalView-ITCH 5.0; mix and rates: docs/simulated-feed.md.
 */
#ifndef LL_HOST_EXCHANGE_FEED_SIM_H
#define LL_HOST_EXCHANGE_FEED_SIM_H

#include "host/base/ll_err.h"
#include "host/wire/ll_itch50.h"

#include <stddef.h>
#include <stdint.h>

#define LL_FEED_SIM_SYMBOLS_MAX     65535u
#define LL_FEED_SIM_LIVE_ORDERS_MAX (1u << 26)
#define LL_FEED_SIM_FAULTS_MAX      1000u
/* 09:30:00, when S 'Q' is due; all that comes before it is planned backwards from here. */
#define LL_FEED_SIM_OPEN_NS 34200000000000u

enum ll_feed_sim_references {
    LL_FEED_SIM_SEQUENTIAL, /* ascending with random gaps, as an exchange gives them */
    LL_FEED_SIM_SCRAMBLED   /* a bijective mix of those over all 64 bits */
};

struct ll_feed_sim_config {
    uint64_t seed;
    uint64_t message_count;      /* of the whole day, start and end included; 0 = endless */
    uint32_t symbol_count;       /* 1..LL_FEED_SIM_SYMBOLS_MAX; locates 1..symbol_count */
    uint32_t live_orders_target; /* 1..LL_FEED_SIM_LIVE_ORDERS_MAX */
    uint32_t faults_per_mille;   /* 0..LL_FEED_SIM_FAULTS_MAX of the messages after S 'Q' */
    enum ll_feed_sim_references references;
};

/* Message types after the open, in parts of 100,000. A is split: one add in 24 is an F. S comes by itself. */
#define LL_FEED_SIM_MIX(M)      \
    M(ADD, 45400)               \
    M(DELETE, 41830)            \
    M(EXECUTED, 4350)           \
    M(REPLACE, 4430)            \
    M(TRADE, 2470)              \
    M(CANCEL, 530)              \
    M(EXECUTED_PRICE, 250)      \
    M(NOII, 400)                \
    M(PARTICIPANT_POSITION, 60) \
    M(TRADING_ACTION, 40)       \
    M(RPII, 40)                 \
    M(REG_SHO, 20)              \
    M(STOCK_DIRECTORY, 20)      \
    M(MWCB_LEVEL, 20)           \
    M(MWCB_STATUS, 20)          \
    M(IPO_QUOTING, 20)          \
    M(LULD_COLLAR, 20)          \
    M(OPERATIONAL_HALT, 20)     \
    M(CROSS_TRADE, 20)          \
    M(BROKEN_TRADE, 20)         \
    M(DLCR, 20)

/* Bad messages: name, text, what a receiver must do. */
#define LL_FEED_SIM_FAULTS(F)                                                                                \
    F(NONE, "none")                                                                                          \
    F(UNKNOWN_TYPE, "unknown_type")           /* skip by length */                                           \
    F(WRONG_LENGTH, "wrong_length")           /* refuse whole */                                             \
    F(UNKNOWN_REFERENCE, "unknown_reference") /* unknown_id: D E C X U of a reference gone or never seen */  \
    F(DOUBLE_ADD, "double_add")               /* duplicate: the new order takes the place of the live one */ \
    F(DOUBLE_REPLACE, "double_replace")       /* duplicate: the new reference of a U is live */              \
    F(OVER_EXECUTION, "over_execution")       /* overfill: E C X of more than is left */                     \
    F(ZERO_QUANTITY, "zero_quantity")         /* bad_input: A F E C X U of 0 shares */                       \
    F(OTHER_BOOK, "other_book")               /* book_mismatch: D E C X U naming another locate */           \
    F(EXTREME_PRICE, "extreme_price")         /* ok: A F U at price 0 or 4294967295, legal for a book */

enum ll_feed_sim_fault {
#define LL_FEED_SIM_FAULT_ENUM(name, text) LL_FEED_SIM_FAULT_##name,
    LL_FEED_SIM_FAULTS(LL_FEED_SIM_FAULT_ENUM)
#undef LL_FEED_SIM_FAULT_ENUM
        LL_FEED_SIM_FAULT_COUNT
};

struct ll_feed_sim_stats {
    uint64_t messages;
    uint64_t message_bytes;
    uint64_t by_type[256]; /* by the first byte; includes faults of a known type */
    uint64_t by_fault[LL_FEED_SIM_FAULT_COUNT];
    uint32_t live_orders;
    uint32_t live_orders_max;
    enum ll_feed_sim_fault fault_last; /* what was wrong with the message made last; NONE = nothing */
};

struct ll_feed_sim_order {
    uint64_t reference;
    uint32_t price;
    uint32_t quantity;
    uint16_t locate;
    uint8_t side; /* 'B' or 'S' */
    uint8_t near; /* private: the generator counts it among those near the middle */
};

struct ll_feed_sim; /* lives in the caller's memory */

/* Bytes the feed needs; 0 = config outside its limits. */
size_t ll_feed_sim_footprint_bytes(const struct ll_feed_sim_config *config);

/* The shortest finite day for this number of symbols: start and end and nothing between. */
uint64_t ll_feed_sim_message_count_min(uint32_t symbol_count);

/* `memory` is aligned to 64 bytes. */
LL_MUST_CHECK int ll_feed_sim_init(struct ll_feed_sim **sim, void *memory, size_t memory_bytes,
                                   const struct ll_feed_sim_config *config, struct ll_why *why);

/* Writes the next message and its planned time. Returns its bytes, 1..LL_ITCH50_MESSAGE_BYTES_MAX; 0 at the
 * end of the day. What lies behind the message in the buffer is left alone. */
uint32_t ll_feed_sim_next(struct ll_feed_sim *sim, uint8_t message[LL_ITCH50_MESSAGE_BYTES_MAX],
                          uint64_t *planned_ns);

const struct ll_feed_sim_stats *ll_feed_sim_stats(const struct ll_feed_sim *sim);
const char *ll_feed_sim_fault_name(enum ll_feed_sim_fault fault);

/* The live order at index < stats.live_orders, in no particular order. */
void ll_feed_sim_live_order(const struct ll_feed_sim *sim, uint32_t index, struct ll_feed_sim_order *order);

#endif
