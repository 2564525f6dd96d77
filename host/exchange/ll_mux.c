/* SPDX-License-Identifier: Apache-2.0 */
#include "host/exchange/ll_mux.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_prng.h"
#include "host/exchange/ll_symbol_name.h"

#include <stdbool.h>
#include <string.h>

#define MUX_ALIGN_BYTES         64u
#define JITTER_NS_MAX           UINT64_C(3600000000000)
#define TIME_NS_MAX             UINT64_C(172800000000000) /* so that the jitter always fits the 48 bits */
#define PRICE_SHIFT_TICKS       20000u                    /* up to 200 dollars */
#define TICK                    100u
#define PRICE_MAX               1999999900u /* stub quotes start here and stay where they are */
#define MESSAGE_BYTES_MIN       (LL_MUX_PREFIX_BYTES + 12u)
#define PATCHES_MAX             7u /* with the end mark; DLCR has five prices and a stock */
#define STREAM_OF_NO_INSTRUMENT 0u /* the others are copies, from 1 */

/* Which fields of a type differ from copy to copy, found once in the layout list. */
enum patch_kind { PATCH_NONE, PATCH_STOCK, PATCH_PRICE, PATCH_REFERENCE, PATCH_MATCH_NUMBER };

struct patch {
    uint8_t offset;
    uint8_t kind;
};

struct source_message {
    uint32_t offset; /* of the message, behind its length */
    uint8_t bytes;
    int8_t live_change; /* of the number of live orders */
};

/* Live orders while the source is examined: open addressing, quantity 0 = ended. */
struct source_order {
    uint64_t reference;
    uint32_t quantity;
    uint32_t is_used;
};

struct copy {
    uint64_t stock;
    uint64_t jitter_ns;
    uint64_t reference_base;
    uint64_t match_base;
    uint32_t price_shift;
    uint32_t next; /* message of the source */
};

/* Smallest first; of two at the same time, the lower stream. */
struct heap_entry {
    uint64_t time_ns;
    uint32_t stream;
};

struct ll_mux {
    struct ll_mux_config config;
    struct ll_mux_stats stats;
    struct patch patches[256][PATCHES_MAX];
    const uint8_t *source;
    struct source_message *messages; /* of the instrument */
    struct source_message *others;   /* of none */
    struct source_order *orders;
    struct copy *copies;
    struct heap_entry *heap;
    uint64_t mix_key;
    uint64_t reference_range;
    uint64_t match_range;
    uint64_t file_bytes;
    uint32_t message_count;
    uint32_t other_count;
    uint32_t other_count_before; /* of the instrument's first message */
    uint32_t other_next;
    uint32_t order_slots; /* a power of two */
    uint32_t heap_count;
    uint16_t locate;
};

/* --- life cycle ----------------------------------------------------------------------------------------- */

static size_t message_count_max(size_t source_bytes)
{
    return source_bytes / MESSAGE_BYTES_MIN + 1;
}

static size_t order_slot_count(size_t source_bytes)
{
    size_t slots = 64;
    while (slots < 2 * message_count_max(source_bytes))
        slots *= 2;
    return slots;
}

static size_t align_up(size_t bytes)
{
    return ll_align_up(bytes, MUX_ALIGN_BYTES);
}

size_t ll_mux_footprint_bytes(const struct ll_mux_config *config, size_t source_bytes)
{
    if (config->instrument_count == 0 || config->instrument_count > LL_MUX_INSTRUMENTS_MAX)
        return 0;
    if (config->jitter_ns_max > JITTER_NS_MAX || source_bytes > UINT32_MAX)
        return 0;
    if (config->references != LL_MUX_DISJOINT && config->references != LL_MUX_MIXED)
        return 0;
    return align_up(sizeof(struct ll_mux)) +
           2 * align_up(message_count_max(source_bytes) * sizeof(struct source_message)) +
           align_up(order_slot_count(source_bytes) * sizeof(struct source_order)) +
           align_up(config->instrument_count * sizeof(struct copy)) +
           align_up((config->instrument_count + 1u) * sizeof(struct heap_entry));
}

static struct ll_mux *memory_divide(void *memory, const struct ll_mux_config *config, size_t source_bytes)
{
    struct ll_mux *mux = memory;
    unsigned char *next = (unsigned char *)memory + align_up(sizeof *mux);
    size_t list_bytes = align_up(message_count_max(source_bytes) * sizeof(struct source_message));
    memset(mux, 0, sizeof *mux);
    mux->config = *config;
    mux->messages = (struct source_message *)(void *)next;
    next += list_bytes;
    mux->others = (struct source_message *)(void *)next;
    next += list_bytes;
    mux->orders = (struct source_order *)(void *)next;
    mux->order_slots = (uint32_t)order_slot_count(source_bytes);
    memset(mux->orders, 0, mux->order_slots * sizeof *mux->orders);
    next += align_up(mux->order_slots * sizeof *mux->orders);
    mux->copies = (struct copy *)(void *)next;
    next += align_up(config->instrument_count * sizeof *mux->copies);
    mux->heap = (struct heap_entry *)(void *)next;
    return mux;
}

static uint8_t patch_kind_of(const char *field, enum ll_field_kind kind)
{
    if (strcmp(field, "stock") == 0)
        return PATCH_STOCK;
    if (strcmp(field, "match_number") == 0)
        return PATCH_MATCH_NUMBER;
    if (strstr(field, "order_reference_number") != NULL)
        return PATCH_REFERENCE;
    return kind == LL_FIELD_PRICE4 ? PATCH_PRICE : PATCH_NONE;
}

static void patches_init(struct ll_mux *mux)
{
    static const struct {
        const char *field;
        uint8_t type;
        uint8_t offset;
        uint8_t kind;
    } fields[] = {
#define FIELD_ROW(ID, id, field, offset, bytes, kind) \
    {#field, LL_ITCH50_TYPE_##ID, (offset), LL_FIELD_##kind},
#define FIELDS_OF(ID, id, type, bytes, name) LL_ITCH50_FIELDS_##ID(FIELD_ROW)
        LL_ITCH50_MESSAGES(FIELDS_OF)
#undef FIELDS_OF
#undef FIELD_ROW
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct patch *patch = mux->patches[fields[i].type];
        uint8_t kind = patch_kind_of(fields[i].field, (enum ll_field_kind)fields[i].kind);
        if (kind == PATCH_NONE)
            continue;
        while (patch->kind != PATCH_NONE)
            patch++;
        LL_ASSERT(patch < mux->patches[fields[i].type] + PATCHES_MAX - 1);
        *patch = (struct patch){.offset = fields[i].offset, .kind = kind};
    }
}

/* --- the source ----------------------------------------------------------------------------------------- */

static const uint8_t bytes_of_type[256] = {
#define BYTES_ROW(ID, id, type, bytes, name) [(uint8_t)(type)] = (bytes),
    LL_ITCH50_MESSAGES(BYTES_ROW)
#undef BYTES_ROW
};

/* The slot of a reference, or the free one where it would be. */
static struct source_order *order_slot(struct ll_mux *mux, uint64_t reference)
{
    uint32_t slot = (uint32_t)((reference * 0x9e3779b97f4a7c15u) >> 32) & (mux->order_slots - 1);
    while (mux->orders[slot].is_used && mux->orders[slot].reference != reference)
        slot = (slot + 1) & (mux->order_slots - 1);
    return &mux->orders[slot];
}

static bool order_add(struct ll_mux *mux, uint64_t reference, uint32_t quantity)
{
    struct source_order *order = order_slot(mux, reference);
    if (order->quantity != 0 || quantity == 0 || reference == 0 || reference == UINT64_MAX)
        return false;
    *order = (struct source_order){.reference = reference, .quantity = quantity, .is_used = 1};
    if (reference >= mux->reference_range)
        mux->reference_range = reference + 1;
    return true;
}

static bool order_reduce(struct ll_mux *mux, uint64_t reference, uint32_t quantity, int8_t *live_change)
{
    struct source_order *order = order_slot(mux, reference);
    if (order->quantity < quantity || quantity == 0)
        return false;
    order->quantity -= quantity;
    *live_change = order->quantity == 0 ? -1 : 0;
    return true;
}

/* What the message does to the number of live orders; false when it does not fit what went before. */
static bool book_follow(struct ll_mux *mux, const uint8_t *message, int8_t *live_change)
{
    *live_change = 0;
    if (bytes_of_type[message[0]] < LL_ITCH50_BYTES_DELETE) /* the shortest that could be about an order */
        return true;
    uint64_t reference = ll_load_be64(message + LL_ITCH50_OFFSET_ADD_order_reference_number);
    switch (message[0]) {
    case LL_ITCH50_TYPE_ADD:
    case LL_ITCH50_TYPE_ADD_MPID:
        *live_change = 1;
        return order_add(mux, reference, ll_load_be32(message + LL_ITCH50_OFFSET_ADD_shares));
    case LL_ITCH50_TYPE_EXECUTED:
    case LL_ITCH50_TYPE_EXECUTED_PRICE:
        return order_reduce(mux, reference, ll_load_be32(message + LL_ITCH50_OFFSET_EXECUTED_executed_shares),
                            live_change);
    case LL_ITCH50_TYPE_CANCEL:
        return order_reduce(mux, reference, ll_load_be32(message + LL_ITCH50_OFFSET_CANCEL_cancelled_shares),
                            live_change);
    case LL_ITCH50_TYPE_DELETE:
        return order_reduce(mux, reference, order_slot(mux, reference)->quantity, live_change);
    case LL_ITCH50_TYPE_REPLACE:
        if (!order_reduce(mux, reference, order_slot(mux, reference)->quantity, live_change))
            return false;
        *live_change = 0;
        return order_add(mux, ll_load_be64(message + LL_ITCH50_OFFSET_REPLACE_new_order_reference_number),
                         ll_load_be32(message + LL_ITCH50_OFFSET_REPLACE_shares));
    default:
        return true;
    }
}

static void match_range_follow(struct ll_mux *mux, const uint8_t *message)
{
    for (const struct patch *patch = mux->patches[message[0]]; patch->kind != PATCH_NONE; patch++) {
        if (patch->kind != PATCH_MATCH_NUMBER)
            continue;
        uint64_t number = ll_load_be64(message + patch->offset);
        if (number >= mux->match_range && number != UINT64_MAX)
            mux->match_range = number + 1;
    }
}

/* Takes one message of the source into one of the two lists; NULL, or what is wrong with it. */
static const char *source_take(struct ll_mux *mux, uint32_t offset, uint32_t bytes, uint64_t *before_ns)
{
    const uint8_t *message = mux->source + offset;
    struct source_message taken = {.offset = offset, .bytes = (uint8_t)bytes};
    if (bytes == 0 || bytes_of_type[message[0]] != bytes)
        return "a message of an unknown type or of a wrong length";
    uint16_t locate = ll_load_be16(message + LL_ITCH50_STOCK_LOCATE_OFFSET);
    uint64_t time_ns = ll_load_be48(message + LL_ITCH50_TIMESTAMP_OFFSET);
    if (time_ns < *before_ns)
        return "a time that goes backwards";
    if (time_ns > TIME_NS_MAX)
        return "a time beyond two days";
    *before_ns = time_ns;
    if (locate == 0) {
        mux->others[mux->other_count++] = taken;
        mux->other_count_before += mux->message_count == 0;
        return NULL;
    }
    if (mux->locate == 0)
        mux->locate = locate;
    if (locate != mux->locate)
        return "a second instrument; one is wanted";
    if (mux->config.messages_max != 0 && mux->message_count == mux->config.messages_max)
        return NULL;
    if (!book_follow(mux, message, &taken.live_change))
        return "an order message that does not fit those before it";
    match_range_follow(mux, message);
    mux->messages[mux->message_count++] = taken;
    return NULL;
}

static int source_read(struct ll_mux *mux, size_t source_bytes, struct ll_why *why)
{
    uint64_t before_ns = 0;
    size_t offset = 0;
    while (offset < source_bytes) {
        uint32_t bytes = 0;
        const char *wrong = "a message that is cut off";
        if (source_bytes - offset >= LL_MUX_PREFIX_BYTES)
            bytes = ll_load_be16(mux->source + offset);
        if (source_bytes - offset >= LL_MUX_PREFIX_BYTES + bytes)
            wrong = source_take(mux, (uint32_t)(offset + LL_MUX_PREFIX_BYTES), bytes, &before_ns);
        if (wrong != NULL)
            return LL_FAIL(why, LL_ERR_INPUT, "multiplied day: at byte %zu of the source: %s", offset, wrong);
        offset += LL_MUX_PREFIX_BYTES + bytes;
    }
    if (mux->message_count == 0)
        return LL_FAIL(why, LL_ERR_INPUT, "multiplied day: the source has no message of an instrument");
    return LL_OK;
}

/* --- the heap ------------------------------------------------------------------------------------------- */

static bool is_before(const struct heap_entry *left, const struct heap_entry *right)
{
    return left->time_ns < right->time_ns ||
           (left->time_ns == right->time_ns && left->stream < right->stream);
}

/* The entry at the root has become later, or is new: it sinks to its place. */
static void heap_sink(struct ll_mux *mux, uint32_t hole)
{
    struct heap_entry *heap = mux->heap;
    struct heap_entry entry = heap[hole];
    for (;;) {
        uint32_t child = 2 * hole + 1;
        if (child >= mux->heap_count)
            break;
        if (child + 1 < mux->heap_count)
            child += is_before(&heap[child + 1], &heap[child]);
        if (!is_before(&heap[child], &entry))
            break;
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = entry;
}

static uint64_t time_of(const struct ll_mux *mux, const struct source_message *message)
{
    return ll_load_be48(mux->source + message->offset + LL_ITCH50_TIMESTAMP_OFFSET);
}

/* When a message of no instrument is due: at its time while no copy has begun, afterwards when the last has
 * passed that time. */
static uint64_t other_time_ns(const struct ll_mux *mux, uint32_t index)
{
    uint64_t delay_ns = index < mux->other_count_before ? 0 : mux->config.jitter_ns_max + 1;
    return time_of(mux, &mux->others[index]) + delay_ns;
}

static void copies_init(struct ll_mux *mux)
{
    struct ll_prng prng;
    ll_prng_init(&prng, mux->config.seed);
    mux->mix_key = ll_prng_next(&prng);
    if (mux->other_count > 0)
        mux->heap[mux->heap_count++] =
            (struct heap_entry){.time_ns = other_time_ns(mux, 0), .stream = STREAM_OF_NO_INSTRUMENT};
    for (uint32_t index = 0; index < mux->config.instrument_count; index++) {
        struct copy *copy = &mux->copies[index];
        copy->next = 0;
        copy->stock = ll_symbol_name(index);
        copy->jitter_ns = ll_prng_next(&prng) % (mux->config.jitter_ns_max + 1);
        copy->reference_base = index * mux->reference_range;
        copy->match_base = index * mux->match_range;
        copy->price_shift = ll_prng_below(&prng, PRICE_SHIFT_TICKS) * TICK;
        mux->heap[mux->heap_count++] = (struct heap_entry){
            .time_ns = time_of(mux, &mux->messages[0]) + copy->jitter_ns, .stream = index + 1};
    }
    for (uint32_t index = mux->heap_count / 2; index > 0; index--)
        heap_sink(mux, index - 1);
}

static void file_bytes_sum(struct ll_mux *mux)
{
    uint64_t of_copy = 0;
    for (uint32_t i = 0; i < mux->message_count; i++)
        of_copy += LL_MUX_PREFIX_BYTES + mux->messages[i].bytes;
    mux->file_bytes = of_copy * mux->config.instrument_count;
    for (uint32_t i = 0; i < mux->other_count; i++)
        mux->file_bytes += LL_MUX_PREFIX_BYTES + mux->others[i].bytes;
}

int ll_mux_init(struct ll_mux **mux, void *memory, size_t memory_bytes, const struct ll_mux_config *config,
                const uint8_t *source, size_t source_bytes, struct ll_why *why)
{
    size_t footprint_bytes = ll_mux_footprint_bytes(config, source_bytes);
    if (footprint_bytes == 0)
        return LL_FAIL(
            why, LL_ERR_USAGE,
            "multiplied day: a value is outside its limits; instruments 1..%u, jitter up to an hour, "
            "a source below 4 GiB",
            LL_MUX_INSTRUMENTS_MAX);
    if (memory == NULL || memory_bytes < footprint_bytes)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "multiplied day: %zu bytes given, %zu needed", memory_bytes,
                       footprint_bytes);
    LL_ASSERT(((uintptr_t)memory & (MUX_ALIGN_BYTES - 1)) == 0);
    struct ll_mux *made = memory_divide(memory, config, source_bytes);
    made->source = source;
    patches_init(made);
    int status = source_read(made, source_bytes, why);
    if (status != LL_OK)
        return status;
    if (made->reference_range > UINT64_MAX / config->instrument_count ||
        made->match_range > UINT64_MAX / config->instrument_count)
        return LL_FAIL(why, LL_ERR_INPUT, "multiplied day: the source's numbers leave no room for %u ranges",
                       config->instrument_count);
    copies_init(made);
    file_bytes_sum(made);
    *mux = made;
    return LL_OK;
}

uint64_t ll_mux_message_count(const struct ll_mux *mux)
{
    return (uint64_t)mux->message_count * mux->config.instrument_count + mux->other_count;
}

uint64_t ll_mux_file_bytes(const struct ll_mux *mux)
{
    return mux->file_bytes;
}

const struct ll_mux_stats *ll_mux_stats(const struct ll_mux *mux)
{
    return &mux->stats;
}

/* --- the day -------------------------------------------------------------------------------------------- */

/* 0 stays 0: a trade against a hidden order has no reference. */
static uint64_t reference_of_copy(const struct ll_mux *mux, const struct copy *copy, uint64_t reference)
{
    if (reference == 0)
        return 0;
    uint64_t z = reference + copy->reference_base;
    if (mux->config.references == LL_MUX_DISJOINT)
        return z;
    z ^= mux->mix_key;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void patch_apply(const struct ll_mux *mux, const struct copy *copy, uint8_t *field, uint8_t kind)
{
    if (kind == PATCH_STOCK) {
        memcpy(field, &copy->stock, sizeof copy->stock);
    } else if (kind == PATCH_PRICE) {
        uint32_t price = ll_load_be32(field);
        if (price != 0 && price < PRICE_MAX - PRICE_SHIFT_TICKS * TICK)
            ll_store_be32(field, price + copy->price_shift);
    } else if (kind == PATCH_REFERENCE) {
        ll_store_be64(field, reference_of_copy(mux, copy, ll_load_be64(field)));
    } else {
        ll_store_be64(field, ll_load_be64(field) + copy->match_base);
    }
}

/* The root's stream goes on to its next message, or leaves the heap. */
static void heap_advance(struct ll_mux *mux, bool has_next, uint64_t next_ns)
{
    if (has_next)
        mux->heap[0].time_ns = next_ns;
    else
        mux->heap[0] = mux->heap[--mux->heap_count];
    if (mux->heap_count > 0)
        heap_sink(mux, 0);
}

static const struct source_message *other_take(struct ll_mux *mux, uint8_t *message)
{
    const struct source_message *taken = &mux->others[mux->other_next++];
    bool has_next = mux->other_next < mux->other_count;
    memcpy(message, mux->source + taken->offset, taken->bytes);
    heap_advance(mux, has_next, has_next ? other_time_ns(mux, mux->other_next) : 0);
    return taken;
}

static const struct source_message *copy_take(struct ll_mux *mux, uint32_t index, uint8_t *message)
{
    struct copy *copy = &mux->copies[index];
    const struct source_message *taken = &mux->messages[copy->next++];
    bool has_next = copy->next < mux->message_count;
    memcpy(message, mux->source + taken->offset, taken->bytes);
    ll_store_be16(message + LL_ITCH50_STOCK_LOCATE_OFFSET, (uint16_t)(index + 1));
    for (const struct patch *patch = mux->patches[message[0]]; patch->kind != PATCH_NONE; patch++)
        patch_apply(mux, copy, message + patch->offset, patch->kind);
    heap_advance(mux, has_next, has_next ? time_of(mux, taken + 1) + copy->jitter_ns : 0);
    return taken;
}

uint32_t ll_mux_next(struct ll_mux *mux, uint8_t message[LL_ITCH50_MESSAGE_BYTES_MAX], uint64_t *planned_ns)
{
    if (mux->heap_count == 0)
        return 0;
    uint32_t stream = mux->heap[0].stream;
    uint64_t time_ns = mux->heap[0].time_ns;
    const struct source_message *taken =
        stream == STREAM_OF_NO_INSTRUMENT ? other_take(mux, message) : copy_take(mux, stream - 1, message);
    ll_store_be48(message + LL_ITCH50_TIMESTAMP_OFFSET, time_ns);
    *planned_ns = time_ns;
    mux->stats.messages++;
    mux->stats.message_bytes += taken->bytes;
    mux->stats.by_type[message[0]]++;
    mux->stats.live_orders += (uint64_t)(int64_t)taken->live_change;
    if (mux->stats.live_orders > mux->stats.live_orders_max)
        mux->stats.live_orders_max = mux->stats.live_orders;
    return taken->bytes;
}
