/* SPDX-License-Identifier: Apache-2.0 */
#include "host/core/ll_instruments.h"

#include "hls/ll_hash.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LL_INSTRUMENTS_MAGIC UINT64_C(0x4c4c494e53545201) /* "LLINSTR", version 1 */
#define LL_LINE_BYTES        ((size_t)64)
#define LL_LOCATE_LIMIT      65535u

static const char LL_SYMBOL_ANY[LL_SYMBOL_BYTES] = {'*', ' ', ' ', ' ', ' ', ' ', ' ', ' '};

struct ll_instruments_control {
    uint64_t magic;
    struct ll_instruments_config config;
    uint32_t count;
    uint32_t listing;      /* the last commit */
    uint32_t listing_next; /* the list that was begun last */
    uint32_t any_listing;  /* when `any` was given last; 0 = never */
    uint32_t slot_mask;
    uint32_t reserved;
    struct ll_instrument_entry any; /* terms for symbols that only the feed names */
};

/* --- Memory --------------------------------------------------------------------------------------------- */

static uint32_t ll_instruments_slot_count(const struct ll_instruments_config *config)
{
    uint32_t count = 4;
    while (count < config->instruments_max * 2)
        count <<= 1;
    return count;
}

static size_t ll_instruments_control_bytes(void)
{
    return ll_align_up(sizeof(struct ll_instruments_control), LL_LINE_BYTES);
}

size_t ll_instruments_footprint_bytes(const struct ll_instruments_config *config)
{
    if (config->instruments_max == 0 || config->instruments_max > LL_INSTRUMENT_LIMIT ||
        config->locate_max > LL_LOCATE_LIMIT)
        return 0;
    return ll_instruments_control_bytes() + config->instruments_max * sizeof(struct ll_instrument) +
           ll_align_up((ll_instruments_slot_count(config) + (size_t)config->locate_max + 1) *
                           sizeof(uint32_t),
                       LL_LINE_BYTES);
}

static void ll_instruments_point(struct ll_instruments *table, void *memory,
                                 const struct ll_instruments_config *config)
{
    unsigned char *at = memory;
    table->control = memory;
    table->instrument = (void *)(at + ll_instruments_control_bytes());
    table->slots = (void *)(table->instrument + config->instruments_max);
    table->by_locate = table->slots + ll_instruments_slot_count(config);
}

void ll_instruments_init(struct ll_instruments *table, void *memory,
                         const struct ll_instruments_config *config)
{
    size_t bytes = ll_instruments_footprint_bytes(config);
    LL_ASSERT(bytes != 0);
    LL_ASSERT((uintptr_t)memory % LL_LINE_BYTES == 0);
    memset(memory, 0, bytes);
    ll_instruments_point(table, memory, config);
    table->control->magic = LL_INSTRUMENTS_MAGIC;
    table->control->config = *config;
    table->control->slot_mask = ll_instruments_slot_count(config) - 1;
}

int ll_instruments_attach(struct ll_instruments *table, void *memory, size_t memory_bytes)
{
    const struct ll_instruments_control *control = memory;
    if (memory_bytes < sizeof *control || control->magic != LL_INSTRUMENTS_MAGIC)
        return LL_ERR_CORRUPT;
    size_t bytes = ll_instruments_footprint_bytes(&control->config);
    if (bytes == 0 || bytes > memory_bytes || control->count > control->config.instruments_max ||
        control->slot_mask != ll_instruments_slot_count(&control->config) - 1)
        return LL_ERR_CORRUPT;
    ll_instruments_point(table, memory, &control->config);
    return LL_OK;
}

/* --- Steps ---------------------------------------------------------------------------------------------- */

struct ll_step ll_step_make(uint64_t step)
{
    LL_ASSERT(step > 0);
    struct ll_step made = {.inverse = 1, .quotient_max = UINT64_MAX / step, .twos = 0, .reserved = 0};
    uint64_t odd = step;
    while ((odd & 1u) == 0) {
        odd >>= 1;
        made.twos++;
    }
    /* Newton's iteration: each round doubles the low bits that are right, from one to 64. */
    for (int round = 0; round < 6; round++)
        made.inverse *= 2 - odd * made.inverse;
    return made;
}

/* --- Symbols -------------------------------------------------------------------------------------------- */

bool ll_symbol_pad(char symbol[LL_SYMBOL_BYTES], const char *text, uint32_t text_bytes)
{
    if (text_bytes == 0 || text_bytes > LL_SYMBOL_BYTES)
        return false;
    for (uint32_t i = 0; i < text_bytes; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    memset(symbol, ' ', LL_SYMBOL_BYTES);
    memcpy(symbol, text, text_bytes);
    return true;
}

uint32_t ll_symbol_bytes(const char symbol[LL_SYMBOL_BYTES])
{
    uint32_t bytes = LL_SYMBOL_BYTES;
    while (bytes != 0 && symbol[bytes - 1] == ' ')
        bytes--;
    return bytes;
}

/* The slot a symbol has, or would get. The table of slots is never more than half full. */
static uint32_t *ll_instruments_slot(const struct ll_instruments *table, const char symbol[LL_SYMBOL_BYTES])
{
    uint64_t word;
    memcpy(&word, symbol, sizeof word);
    uint32_t slot = ll_hash_ref(word, 0) & table->control->slot_mask;
    while (table->slots[slot] != 0 &&
           memcmp(table->instrument[table->slots[slot] - 1].symbol, symbol, LL_SYMBOL_BYTES) != 0)
        slot = (slot + 1) & table->control->slot_mask;
    return &table->slots[slot];
}

uint32_t ll_instruments_find(const struct ll_instruments *table, const char symbol[LL_SYMBOL_BYTES])
{
    return *ll_instruments_slot(table, symbol) - 1; /* an empty slot, 0, is LL_INSTRUMENT_NONE */
}

static uint32_t ll_instruments_find_or_add(struct ll_instruments *table, const char symbol[LL_SYMBOL_BYTES])
{
    uint32_t *slot = ll_instruments_slot(table, symbol);
    if (*slot == 0 && table->control->count < table->control->config.instruments_max) {
        struct ll_instrument *made = &table->instrument[table->control->count];
        memset(made, 0, sizeof *made);
        memcpy(made->symbol, symbol, LL_SYMBOL_BYTES);
        made->price_step_ticks = 1;
        made->lot_step_lots = 1;
        made->price_step = ll_step_make(1);
        made->lot_step = ll_step_make(1);
        made->multiplier = 1;
        *slot = ++table->control->count;
    }
    return *slot - 1;
}

uint32_t ll_instruments_by_locate(const struct ll_instruments *table, uint32_t locate)
{
    if (locate > table->control->config.locate_max)
        return LL_INSTRUMENT_NONE;
    return table->by_locate[locate] - 1;
}

uint32_t ll_instruments_count(const struct ll_instruments *table)
{
    return table->control->count;
}

const struct ll_instrument *ll_instruments_at(const struct ll_instruments *table, uint32_t number)
{
    LL_ASSERT(number < table->control->count);
    return &table->instrument[number];
}

/* --- Terms ---------------------------------------------------------------------------------------------- */

int ll_instrument_entry_check(const struct ll_instrument_entry *entry, struct ll_why *why)
{
    char symbol[LL_SYMBOL_BYTES];
    if (!ll_symbol_pad(symbol, entry->symbol, ll_symbol_bytes(entry->symbol)))
        return LL_FAIL(why, LL_ERR_MALFORMED, "a symbol has 1 to 8 printable characters without space");
    if (entry->price_step_ticks == 0 || entry->price_step_ticks > LL_PRICE_TICKS_MAX)
        return LL_FAIL(why, LL_ERR_MALFORMED, "%.8s: the tick is at least the finest price", entry->symbol);
    if (entry->lot_step_lots == 0 || entry->lot_step_lots > LL_QUANTITY_LOTS_MAX)
        return LL_FAIL(why, LL_ERR_MALFORMED, "%.8s: the lot is 1 to %llu", entry->symbol,
                       (unsigned long long)LL_QUANTITY_LOTS_MAX);
    if (entry->multiplier == 0 || entry->multiplier > LL_MULTIPLIER_MAX)
        return LL_FAIL(why, LL_ERR_MALFORMED, "%.8s: the multiplier is 1 to %u", entry->symbol,
                       LL_MULTIPLIER_MAX);
    if (entry->prior_close_ticks > LL_PRICE_TICKS_MAX)
        return LL_FAIL(why, LL_ERR_MALFORMED, "%.8s: the prior close is too large", entry->symbol);
    if (entry->state > LL_INSTRUMENT_HALTED || entry->restricted_sides > 7u)
        return LL_FAIL(why, LL_ERR_MALFORMED, "%.8s: no such state or side", entry->symbol);
    return LL_OK;
}

static void ll_instrument_set_terms(struct ll_instrument *instrument, const struct ll_instrument_entry *entry,
                                    uint32_t listing)
{
    instrument->price_step_ticks = entry->price_step_ticks;
    instrument->price_step = ll_step_make(entry->price_step_ticks);
    instrument->lot_step_lots = entry->lot_step_lots;
    instrument->lot_step = ll_step_make(entry->lot_step_lots);
    instrument->multiplier = entry->multiplier;
    instrument->restricted_sides = entry->restricted_sides;
    instrument->reference[LL_REFERENCE_CLOSE] =
        (struct ll_reference){entry->prior_close_ticks, entry->prior_close_ns};
    instrument->listing = listing;
    if (!instrument->state_is_said)
        instrument->state = entry->state;
}

void ll_instruments_begin(struct ll_instruments *table)
{
    table->control->listing_next++;
}

int ll_instruments_list(struct ll_instruments *table, const struct ll_instrument_entry *entry,
                        struct ll_why *why)
{
    struct ll_instruments_control *control = table->control;
    int code = ll_instrument_entry_check(entry, why);
    if (code != LL_OK)
        return code;
    if (memcmp(entry->symbol, LL_SYMBOL_ANY, LL_SYMBOL_BYTES) == 0) {
        control->any = *entry;
        control->any_listing = control->listing_next;
        return LL_OK;
    }
    uint32_t number = ll_instruments_find_or_add(table, entry->symbol);
    if (number == LL_INSTRUMENT_NONE)
        return LL_FAIL(why, LL_ERR_FULL, "no room for more than %u instruments; start with a larger table",
                       control->config.instruments_max);
    ll_instrument_set_terms(&table->instrument[number], entry, control->listing_next);
    return LL_OK;
}

/* A symbol that only the feed names gets the terms of "*", but keeps the feed's lot. */
static void ll_instruments_set_any(struct ll_instruments *table, struct ll_instrument *instrument)
{
    struct ll_instrument_entry entry = table->control->any;
    if (instrument->feed_lot_lots > entry.lot_step_lots)
        entry.lot_step_lots = instrument->feed_lot_lots;
    ll_instrument_set_terms(instrument, &entry, table->control->listing);
}

void ll_instruments_commit(struct ll_instruments *table)
{
    struct ll_instruments_control *control = table->control;
    control->listing = control->listing_next;
    if (control->any_listing != control->listing)
        return;
    for (uint32_t i = 0; i < control->count; i++)
        if (table->instrument[i].listing != control->listing && table->instrument[i].feed_lot_lots != 0)
            ll_instruments_set_any(table, &table->instrument[i]);
}

bool ll_instruments_is_listed(const struct ll_instruments *table, uint32_t number)
{
    uint32_t listing = ll_instruments_at(table, number)->listing;
    return listing != 0 && listing >= table->control->listing;
}

/* --- What the feed says --------------------------------------------------------------------------------- */

int ll_instruments_directory(struct ll_instruments *table, const char symbol[LL_SYMBOL_BYTES],
                             uint16_t locate, uint32_t lot_step_lots)
{
    struct ll_instruments_control *control = table->control;
    if (locate == LL_LOCATE_NONE || locate > control->config.locate_max)
        return LL_ERR_FULL;
    uint32_t number = ll_instruments_find_or_add(table, symbol);
    if (number == LL_INSTRUMENT_NONE)
        return LL_ERR_FULL;
    struct ll_instrument *instrument = &table->instrument[number];
    uint32_t before = table->by_locate[locate];
    if (before != 0)
        table->instrument[before - 1].locate = LL_LOCATE_NONE;
    table->by_locate[instrument->locate] = 0;
    table->by_locate[locate] = number + 1;
    instrument->locate = locate;
    instrument->feed_lot_lots = lot_step_lots > 0 ? lot_step_lots : 1;
    if (!ll_instruments_is_listed(table, number) && control->any_listing != 0 &&
        control->any_listing == control->listing)
        ll_instruments_set_any(table, instrument);
    return LL_OK;
}

void ll_instruments_set_state(struct ll_instruments *table, uint32_t number, enum ll_instrument_state state)
{
    LL_ASSERT(number < table->control->count);
    table->instrument[number].state = (uint8_t)state;
    table->instrument[number].state_is_said = 1;
}

void ll_instruments_trading_action(struct ll_instruments *table, const char symbol[LL_SYMBOL_BYTES],
                                   char trading_state)
{
    uint32_t number = ll_instruments_find(table, symbol);
    if (number != LL_INSTRUMENT_NONE)
        ll_instruments_set_state(table, number,
                                 trading_state == 'T' ? LL_INSTRUMENT_TRADING : LL_INSTRUMENT_HALTED);
}

void ll_instruments_reference(struct ll_instruments *table, uint32_t number, enum ll_reference_source source,
                              uint64_t price_ticks, uint64_t now_ns)
{
    LL_ASSERT(number < table->control->count);
    LL_ASSERT(source < LL_REFERENCE_COUNT);
    struct ll_reference *reference = &table->instrument[number].reference[source];
    reference->price_ticks = price_ticks <= LL_PRICE_TICKS_MAX ? price_ticks : 0;
    reference->time_ns = now_ns;
}

uint64_t ll_instruments_hash(const struct ll_instruments *table)
{
    uint64_t hash =
        XXH3_64bits_withSeed(&table->control->any, sizeof table->control->any,
                             (uint64_t)table->control->any_listing << 32 | table->control->listing);
    return XXH3_64bits_withSeed(table->instrument, table->control->count * sizeof *table->instrument, hash);
}
