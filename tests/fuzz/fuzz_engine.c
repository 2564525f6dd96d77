/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: no feed, however wrong, breaks the engine and its books; every event becomes one record, and the records give
 * the same engine again; and records of any content are replayed or refused. Method: the input is a script of
 * messages (made up, or any bytes), gaps, bad packets, sessions and ends, in small tables. Records are taken apart by
 * their layout and kept. They are replayed into another engine, which must come to the same hash; then once more with
 * the records that the input's first bytes choose changed.
 *
 * Input: the change: record u8, what u8, value u8, then commands: kind u8, and its arguments. Missing bytes read
 * as 0.
 */
#include "hls/ll_book.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/core/ll_book_memory.h"
#include "host/core/ll_engine.h"
#include "host/wire/ll_itch50.h"
#include "tests/fuzz/ll_fuzz_bytes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

enum { FUZZ_COMMANDS_MAX = 500, FUZZ_RAW_BYTES_MAX = 2300, FUZZ_BOOKS = 4 };

struct record {
    uint64_t event_id;
    uint64_t time_ns;
    uint32_t payload_bytes;
    uint8_t kind;
    uint8_t verdict;
    uint8_t *payload;
};

struct half {
    struct ll_engine *engine;
    struct ll_book_memory book;
    void *book_bytes;
    struct record records[FUZZ_COMMANDS_MAX];
    uint32_t record_count;
    uint32_t event_count;
};

static struct half *half_make(void)
{
    const struct ll_book_config config = {.orders = 16, .levels = 8, .books = FUZZ_BOOKS, .hash_seed = 1};
    struct half *half = calloc(1, sizeof *half);
    LL_ASSERT(half != NULL);
    half->book_bytes = aligned_alloc(64, ll_align_up(ll_book_memory_footprint_bytes(&config), 64));
    void *memory = aligned_alloc(64, ll_align_up(ll_engine_footprint_bytes(), 64));
    LL_ASSERT(half->book_bytes != NULL && memory != NULL);
    ll_book_memory_place(&half->book, half->book_bytes, &config);
    half->engine = ll_engine_init(memory);
    return half;
}

static void half_free(struct half *half)
{
    for (uint32_t i = 0; i < half->record_count; i++)
        free(half->records[i].payload);
    free(half->book_bytes);
    free(half->engine);
    free(half);
}

/* One record out of its slots, into memory of exactly its size; returns how many slots it was. */
static uint32_t keep(struct half *half, const struct ll_slot *slots)
{
    LL_ASSERT(half->record_count < FUZZ_COMMANDS_MAX);
    struct record *record = &half->records[half->record_count++];
    *record = (struct record){slots[0].event_id, slots[0].time_ns, slots[0].payload_bytes,
                              slots[0].kind,     slots[0].verdict, malloc(slots[0].payload_bytes + 1u)};
    LL_ASSERT(record->payload != NULL && record->event_id == half->record_count);
    uint32_t at =
        record->payload_bytes < LL_RECORD_HEAD_PAYLOAD ? record->payload_bytes : LL_RECORD_HEAD_PAYLOAD;
    uint32_t slot_count = 1;
    memcpy(record->payload, slots[0].payload, at);
    for (; at < record->payload_bytes; slot_count++) {
        uint32_t left = record->payload_bytes - at;
        uint32_t part = left < LL_RECORD_TAIL_PAYLOAD ? left : LL_RECORD_TAIL_PAYLOAD;
        LL_ASSERT(slots[slot_count].kind == LL_RECORD_KIND_TAIL);
        LL_ASSERT(slots[slot_count].event_id == record->event_id);
        memcpy(record->payload + at, (const uint8_t *)&slots[slot_count] + offsetof(struct ll_slot, time_ns),
               part);
        at += part;
    }
    LL_ASSERT(slot_count == ll_record_slots(record->payload_bytes));
    return slot_count;
}

/* The updates to the book, its results back, the records kept. */
static int step(struct half *half)
{
    struct ll_result results[LL_ENGINE_BATCH_MAX];
    const struct ll_update *updates;
    const struct ll_slot *slots;
    struct ll_why why = {0};
    uint32_t count = ll_engine_updates(half->engine, &updates);
    ll_book_batch(half->book.control, half->book.buckets, half->book.leaves, half->book.levels,
                  half->book.inners, half->book.sides, updates, results, count, LL_BATCH_MAX);
    int err = ll_engine_reconcile(half->engine, results, count, &why);
    LL_ASSERT(err == why.code);
    uint32_t slot_count = ll_engine_records(half->engine, &slots);
    for (uint32_t i = 0; err == LL_OK && i < slot_count;)
        i += keep(half, slots + i);
    ll_engine_clear(half->engine);
    return err;
}

/* --- Events ----------------------------------------------------------------------------------------------- */

/* A message of any type of the book, with few references, prices and books. */
static uint32_t make_message(struct ll_fuzz_bytes *input, uint8_t bytes[LL_ITCH50_MESSAGE_BYTES_MAX])
{
    static const uint8_t types[] = "AAFEECXDUPQBRHS";
    uint8_t type = types[ll_fuzz_u8(input) % (sizeof types - 1)];
    uint32_t count = ll_itch50_bytes_of_type(type);
    memset(bytes, 0, LL_ITCH50_MESSAGE_BYTES_MAX);
    bytes[0] = type;
    bytes[2] = ll_fuzz_u8(input) % (FUZZ_BOOKS + 1); /* stock locate, low byte */
    bytes[18] = ll_fuzz_u8(input) % 24;              /* reference, low byte */
    if (type == 'A' || type == 'F') {
        uint8_t choice = ll_fuzz_u8(input);
        bytes[19] = choice % 8 == 7 ? choice : (uint8_t) "BS"[choice % 2];
        bytes[23] = choice / 8;
        bytes[35] = ll_fuzz_u8(input);
    } else if (type == 'U') {
        bytes[26] = ll_fuzz_u8(input) % 24;
        bytes[30] = ll_fuzz_u8(input) % 32;
        bytes[34] = ll_fuzz_u8(input);
    } else {
        bytes[22] = ll_fuzz_u8(input) % 32;
    }
    return count;
}

static void raw_message(struct half *half, struct ll_fuzz_bytes *input, bool is_bad, uint64_t time_ns)
{
    uint8_t bytes[FUZZ_RAW_BYTES_MAX];
    uint32_t count = ll_fuzz_u8(input);
    if (count >= 240) /* as long as a record, and longer */
        count = 2000 + (count - 240) * 20;
    for (uint32_t i = 0; i < count; i++)
        bytes[i] = ll_fuzz_u8(input);
    if (is_bad)
        ll_engine_bad_packet(half->engine, ll_fuzz_u8(input), bytes, count, time_ns);
    else
        ll_engine_message(half->engine, ll_engine_next_sequence(half->engine), bytes, count, time_ns);
}

static void run_command(struct half *half, struct ll_fuzz_bytes *input, uint64_t time_ns)
{
    static const char session[LL_ENGINE_SESSION_BYTES] = {'F', 'U', 'Z', 'Z'};
    uint8_t bytes[LL_ITCH50_MESSAGE_BYTES_MAX];
    uint8_t kind = ll_fuzz_u8(input);
    uint64_t next = ll_engine_next_sequence(half->engine);
    if (ll_engine_full(half->engine))
        LL_ASSERT(step(half) == LL_OK);
    uint32_t before = half->event_count++;
    switch (next == 0 ? 7 : kind % 16) { /* first of all a session */
    default:
        ll_engine_message(half->engine, next, bytes, make_message(input, bytes), time_ns);
        break;
    case 8:
    case 9:
        raw_message(half, input, false, time_ns);
        break;
    case 10: {
        uint64_t id = ll_engine_next_event_id(half->engine);
        raw_message(half, input, true, time_ns);
        half->event_count =
            before + (ll_engine_next_event_id(half->engine) != id); /* known ones are ignored */
        break;
    }
    case 11:
        ll_engine_gap(half->engine, next, 1u + ll_fuzz_u8(input), time_ns);
        break;
    case 12:
        ll_engine_feed_end(half->engine, next, time_ns);
        break;
    case 7:
        ll_engine_session(half->engine, session, 1u + ll_fuzz_u8(input), time_ns);
        break;
    case 13:
        half->event_count = before;
        LL_ASSERT(step(half) == LL_OK);
        break;
    }
}

/* --- Replay ----------------------------------------------------------------------------------------------- */

static int replay(struct half *half, const struct half *from)
{
    struct ll_why why = {0};
    int err = LL_OK;
    for (uint32_t i = 0; err == LL_OK && i < from->record_count; i++) {
        const struct record *record = &from->records[i];
        if (ll_engine_full(half->engine))
            err = step(half);
        if (err != LL_OK)
            break;
        err = ll_engine_replay(half->engine, record->kind, record->verdict, record->event_id, record->time_ns,
                               record->payload, record->payload_bytes, &why);
        LL_ASSERT(err == why.code);
    }
    if (err == LL_OK)
        err = step(half);
    LL_ASSERT(err == LL_OK || err == LL_ERR_CORRUPT);
    LL_ASSERT(ll_book_memory_check(&half->book, NULL) == LL_OK);
    return err;
}

static uint64_t hash_of(const struct half *half)
{
    return ll_engine_state_hash(half->engine, ll_book_memory_hash(&half->book));
}

static void replay_same(const struct half *first)
{
    struct half *again = half_make();
    LL_ASSERT(replay(again, first) == LL_OK);
    LL_ASSERT(hash_of(again) == hash_of(first));
    LL_ASSERT(again->record_count == first->record_count);
    for (uint32_t i = 0; i < first->record_count; i++) {
        const struct record *left = &first->records[i];
        const struct record *right = &again->records[i];
        LL_ASSERT(left->kind == right->kind && left->verdict == right->verdict);
        LL_ASSERT(left->time_ns == right->time_ns && left->payload_bytes == right->payload_bytes);
        LL_ASSERT(memcmp(left->payload, right->payload, left->payload_bytes) == 0);
    }
    half_free(again);
}

static void replay_changed(struct half *first, uint8_t number, uint8_t what, uint8_t value)
{
    struct half *again = half_make();
    struct record *record = &first->records[number % first->record_count];
    if (what < 128 && record->payload_bytes > 0)
        record->payload[what % record->payload_bytes] ^= value;
    else if (what < 160)
        record->kind = value % 16;
    else if (what < 192)
        record->verdict = value;
    else if (what < 224)
        record->payload_bytes -= value < record->payload_bytes ? value : record->payload_bytes;
    else
        record->event_id += value;
    (void)replay(again, first);
    half_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_fuzz_bytes input = ll_fuzz_begin(bytes, bytes_count);
    struct half *half = half_make();
    uint8_t number = ll_fuzz_u8(&input);
    uint8_t what = ll_fuzz_u8(&input);
    uint8_t value = ll_fuzz_u8(&input);
    for (uint32_t i = 0; i < FUZZ_COMMANDS_MAX && ll_fuzz_left_bytes(&input) > 0; i++)
        run_command(half, &input, i + 1);
    LL_ASSERT(step(half) == LL_OK);
    LL_ASSERT(half->record_count == half->event_count);
    LL_ASSERT(ll_book_memory_check(&half->book, NULL) == LL_OK);
    if (half->record_count > 0) {
        replay_same(half);
        replay_changed(half, number, what, value);
    }
    half_free(half);
    return 0;
}
