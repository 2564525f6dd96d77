/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instruments: symbol -> dense number, and what an order in one must respect.
 *
 * Shape    begin, list..., commit: the terms as the limits file gives them, all of them each time; an instrument that
 *          a later file leaves out is no longer listed. The feed adds what it knows: locate and round lot (directory),
 *          halted or trading (trading action), reference prices. A symbol that only the feed names can be traded when
 *          the file gives terms for "*". Numbers count from 0 in order of arrival and never change.
 *          All state is in the caller's memory, without pointers: a copy of it attached elsewhere is the same table.
 * Units    prices in ticks (the finest price the venue can write), quantities in lots (the finest quantity);
 *          *_step: orders must be whole multiples of it. The multiplier turns ticks x lots into units of money.
 * Errors   LL_ERR_FULL: no room. attach: LL_ERR_CORRUPT when the memory is no such table.
 * Threads  one owner.
 * Source   divisibility without division: H. S. Warren, "Hacker's Delight", 2nd edition, section 10-17.
 */
#ifndef LL_HOST_CORE_INSTRUMENTS_H
#define LL_HOST_CORE_INSTRUMENTS_H

#include "host/base/ll_err.h"
#include "host/wire/ll_command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_INSTRUMENT_NONE   0xffffffffu
#define LL_INSTRUMENT_LIMIT  (1u << 20) /* most instruments a table may be made for */
#define LL_LOCATE_NONE       0u         /* the feed's locates count from 1 */
#define LL_PRICE_TICKS_MAX   ((UINT64_C(1) << 48) - 1)
#define LL_QUANTITY_LOTS_MAX UINT64_C(0xffffffff) /* what the kernel counts in */
#define LL_MULTIPLIER_MAX    1000000u

enum ll_instrument_state { LL_INSTRUMENT_UNKNOWN = 0, LL_INSTRUMENT_TRADING = 1, LL_INSTRUMENT_HALTED = 2 };

/* Where a reference price comes from, the preferred one first. */
enum ll_reference_source {
    LL_REFERENCE_MID = 0,
    LL_REFERENCE_LAST = 1,
    LL_REFERENCE_CLOSE = 2,
    LL_REFERENCE_COUNT = 3
};

/* Terms of one instrument, as the limits file gives them and the journal keeps them. */
struct ll_instrument_entry {
    char symbol[LL_SYMBOL_BYTES]; /* space padded; "*" = every symbol that only the feed names */
    uint64_t price_step_ticks;
    uint64_t lot_step_lots;
    uint64_t prior_close_ticks; /* 0 = none */
    uint64_t prior_close_ns;    /* when that was */
    uint32_t multiplier;
    uint8_t state;            /* enum ll_instrument_state until the feed says otherwise */
    uint8_t restricted_sides; /* bit 1 << enum ll_order_side: no order on that side */
    uint8_t reserved[2];
};
static_assert(sizeof(struct ll_instrument_entry) == 48, "journal payload");

/* Answers whether a value is a multiple, by one multiplication. */
struct ll_step {
    uint64_t inverse; /* of the odd part, modulo 2^64 */
    uint64_t quotient_max;
    uint32_t twos; /* times that two divides the step */
    uint32_t reserved;
};

struct ll_reference {
    uint64_t price_ticks; /* 0 = none */
    uint64_t time_ns;
};

struct ll_instrument {
    char symbol[LL_SYMBOL_BYTES];
    uint64_t price_step_ticks;
    uint64_t lot_step_lots;
    struct ll_step price_step;
    struct ll_step lot_step;
    struct ll_reference reference[LL_REFERENCE_COUNT];
    uint32_t multiplier;
    uint32_t listing;       /* the commit that listed it last; 0 = only the feed knows it */
    uint32_t feed_lot_lots; /* what the directory says; 0 = nothing */
    uint16_t locate;
    uint8_t state;
    uint8_t restricted_sides;
    uint8_t state_is_said; /* 1 = by the feed or an operator: a file no longer changes it */
    uint8_t reserved[7];
};

struct ll_instruments_config {
    uint32_t instruments_max;
    uint32_t locate_max; /* highest locate of the feed */
};

struct ll_instruments_control;

struct ll_instruments { /* private */
    struct ll_instruments_control *control;
    struct ll_instrument *instrument;
    uint32_t *slots;     /* hash by symbol: number + 1 */
    uint32_t *by_locate; /* number + 1 */
};

size_t ll_instruments_footprint_bytes(const struct ll_instruments_config *config);
void ll_instruments_init(struct ll_instruments *table, void *memory,
                         const struct ll_instruments_config *config);
LL_MUST_CHECK int ll_instruments_attach(struct ll_instruments *table, void *memory, size_t memory_bytes);

/* LL_OK or LL_ERR_MALFORMED with the reason: a symbol, step, multiplier, state that cannot be. */
LL_MUST_CHECK int ll_instrument_entry_check(const struct ll_instrument_entry *entry, struct ll_why *why);
/* A new list of terms. Until commit the old ones hold for what is not listed yet. */
void ll_instruments_begin(struct ll_instruments *table);
LL_MUST_CHECK int ll_instruments_list(struct ll_instruments *table, const struct ll_instrument_entry *entry,
                                      struct ll_why *why);
void ll_instruments_commit(struct ll_instruments *table);

/* `symbol` is space padded. LL_INSTRUMENT_NONE = not in the table. */
uint32_t ll_instruments_find(const struct ll_instruments *table, const char symbol[LL_SYMBOL_BYTES]);
uint32_t ll_instruments_by_locate(const struct ll_instruments *table, uint32_t locate);
uint32_t ll_instruments_count(const struct ll_instruments *table);
const struct ll_instrument *ll_instruments_at(const struct ll_instruments *table, uint32_t number);

/* The feed's stock directory. `lot_step_lots`: the round lot where nothing else is taken, else 1; a file that names the
 * symbol has the last word. LL_ERR_FULL when a new symbol finds no room or the locate is beyond locate_max. */
LL_MUST_CHECK int ll_instruments_directory(struct ll_instruments *table, const char symbol[LL_SYMBOL_BYTES],
                                           uint16_t locate, uint32_t lot_step_lots);
/* The feed's trading action: 'T' trades, every other state does not. A symbol that is not there is passed over. */
void ll_instruments_trading_action(struct ll_instruments *table, const char symbol[LL_SYMBOL_BYTES],
                                   char trading_state);
/* An operator's word: as a trading action, by number. */
void ll_instruments_set_state(struct ll_instruments *table, uint32_t number, enum ll_instrument_state state);
/* A new reference price; 0, or one beyond LL_PRICE_TICKS_MAX, takes the old one away. */
void ll_instruments_reference(struct ll_instruments *table, uint32_t number, enum ll_reference_source source,
                              uint64_t price_ticks, uint64_t now_ns);

/* It may be traded as far as the table knows: listed (or under the terms of "*"), and its state is trading. */
bool ll_instruments_is_listed(const struct ll_instruments *table, uint32_t number);

/* A text of 1..8 printable bytes without space, space padded; false when it is none. */
bool ll_symbol_pad(char symbol[LL_SYMBOL_BYTES], const char *text, uint32_t text_bytes);
/* Bytes of a symbol without the spaces behind it. */
uint32_t ll_symbol_bytes(const char symbol[LL_SYMBOL_BYTES]);

uint64_t ll_instruments_hash(const struct ll_instruments *table);

/* `step` is at least 1. */
struct ll_step ll_step_make(uint64_t step);

static inline bool ll_step_divides(const struct ll_step *step, uint64_t value)
{
    uint64_t product = value * step->inverse;
    uint64_t turned = product >> step->twos | product << ((64u - step->twos) & 63u);
    return turned <= step->quotient_max;
}

#endif
