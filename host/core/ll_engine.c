/* SPDX-License-Identifier: Apache-2.0 */
#include "host/core/ll_engine.h"

#include "hls/ll_book.h"
#include "host/base/ll_assert.h"
#include "host/wire/ll_itch50_update.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LL_VERDICT_EXPECTED_NONE 0xFFu

_Static_assert(LL_ENGINE_BATCH_MAX <= LL_BATCH_MAX, "a batch goes to the kernel whole");
_Static_assert(LL_ENGINE_BATCH_MAX * 2 + LL_RECORD_SLOTS_MAX <= LL_RECORD_BATCH_SLOTS,
               "and so do its records");
_Static_assert(sizeof(((struct ll_record_session *)0)->session) == LL_ENGINE_SESSION_BYTES,
               "one session name");

/* What reconcile needs to know of each message of the batch. */
struct ll_engine_pending {
    uint32_t slot;    /* head slot of its record */
    uint8_t verdict;  /* of the decoder: stands when it is not ok */
    uint8_t expected; /* replay: what the journal says */
};

struct ll_engine {
    struct ll_update updates[LL_ENGINE_BATCH_MAX];
    struct ll_engine_pending pending[LL_ENGINE_BATCH_MAX];
    struct ll_record_batch batch;
    uint32_t update_count;
    uint64_t next_sequence;
    uint64_t bad_packet_ordinal; /* of the last one journaled */
    uint64_t bad_packet_ns_max;  /* latest time of all of them */
    uint8_t expected;            /* verdict of the record being replayed */
    bool session_known;
    bool feed_ended;
    char session[LL_ENGINE_SESSION_BYTES];
    uint64_t replayed_sequence; /* of the last message replayed; 0 = none */
    uint32_t replayed_bytes;
    uint8_t replayed[LL_RECORD_PAYLOAD_BYTES_MAX];
    struct ll_engine_counters counters;
    bool symbol_known[LL_ENGINE_SYMBOLS];
    char symbols[LL_ENGINE_SYMBOLS][LL_ENGINE_SYMBOL_BYTES];
};

size_t ll_engine_footprint_bytes(void)
{
    return sizeof(struct ll_engine);
}

struct ll_engine *ll_engine_init(void *memory)
{
    LL_ASSERT(((uintptr_t)memory & 63u) == 0);
    struct ll_engine *engine = memory;
    memset(engine, 0, sizeof *engine);
    engine->batch.next_event_id = 1;
    engine->expected = LL_VERDICT_EXPECTED_NONE;
    return engine;
}

bool ll_engine_full(const struct ll_engine *engine)
{
    return engine->update_count == LL_ENGINE_BATCH_MAX || !ll_record_batch_room(&engine->batch, 1);
}

/* --- Events --------------------------------------------------------------------------------------------- */

static uint32_t ll_engine_write(struct ll_engine *engine, uint8_t kind, uint64_t time_ns, const void *payload,
                                uint32_t payload_bytes)
{
    return ll_record_batch_write(&engine->batch, kind, LL_VERDICT_OK, time_ns, payload, payload_bytes);
}

/* A message's record: short ones, which nearly all are, in line. */
static inline uint32_t ll_engine_write_feed(struct ll_engine *engine, uint64_t time_ns, const uint8_t *bytes,
                                            uint32_t bytes_count)
{
    if (LL_LIKELY(bytes_count <= LL_RECORD_HEAD_PAYLOAD)) {
        uint32_t head = engine->batch.slot_count;
        engine->batch.slot_count +=
            ll_record_write_short(&engine->batch.slots[head], LL_RECORD_FEED, LL_VERDICT_OK,
                                  engine->batch.next_event_id++, time_ns, bytes, bytes_count);
        return head;
    }
    if (LL_LIKELY(bytes_count <= LL_RECORD_PAYLOAD_BYTES_MAX))
        return ll_engine_write(engine, LL_RECORD_FEED, time_ns, bytes, bytes_count);
    engine->counters.payloads_cut++;
    return ll_engine_write(engine, LL_RECORD_FEED, time_ns, bytes, LL_RECORD_PAYLOAD_BYTES_MAX);
}

static void ll_engine_learn_symbol(struct ll_engine *engine, uint32_t locate, const uint8_t *name)
{
    if (!engine->symbol_known[locate])
        engine->counters.symbols++;
    engine->symbol_known[locate] = true;
    memcpy(engine->symbols[locate], name, LL_ENGINE_SYMBOL_BYTES);
}

/* The directory names a locate; where it did not, the first order of the locate does, flagged. */
static void ll_engine_directory(struct ll_engine *engine, const struct ll_update *update,
                                const uint8_t *bytes)
{
    uint32_t locate = ll_load_be16(bytes + LL_ITCH50_STOCK_LOCATE_OFFSET);
    if (update->op == LL_OP_ADD && !engine->symbol_known[locate]) {
        engine->counters.symbols_without_directory++;
        ll_engine_learn_symbol(engine, locate, bytes + LL_ITCH50_OFFSET_ADD_stock);
    } else if (bytes[0] == LL_ITCH50_TYPE_STOCK_DIRECTORY) {
        ll_engine_learn_symbol(engine, locate, bytes + LL_ITCH50_OFFSET_STOCK_DIRECTORY_stock);
    }
}
_Static_assert((int)LL_ITCH50_OFFSET_ADD_stock == (int)LL_ITCH50_OFFSET_ADD_MPID_stock,
               "both adds name the stock here");

void ll_engine_message(struct ll_engine *engine, uint64_t sequence, const uint8_t *bytes,
                       uint32_t bytes_count, uint64_t time_ns)
{
    LL_ASSERT(!ll_engine_full(engine));
    LL_ASSERT(sequence == engine->next_sequence); /* none left out, none twice */
    uint32_t head = ll_engine_write_feed(engine, time_ns, bytes, bytes_count);
    const struct ll_slot *slot = &engine->batch.slots[head];
    uint32_t index = engine->update_count++;
    struct ll_update *update = &engine->updates[index];
    /* Decoded from the record: 40 bytes are readable there, whatever the message's length. */
    uint8_t verdict = ll_itch50_update(slot->payload, bytes_count, slot->event_id, update);
    engine->pending[index] = (struct ll_engine_pending){head, verdict, engine->expected};
    engine->counters.by_type[slot->payload[0]]++;
    engine->next_sequence = sequence + 1;
    if (LL_LIKELY(verdict == LL_VERDICT_OK))
        ll_engine_directory(engine, update, slot->payload);
}

void ll_engine_session(struct ll_engine *engine, const char session[LL_ENGINE_SESSION_BYTES],
                       uint64_t first_sequence, uint64_t time_ns)
{
    LL_ASSERT(!ll_engine_full(engine));
    struct ll_record_session payload = {.first_sequence = first_sequence};
    memcpy(payload.session, session, sizeof payload.session);
    (void)ll_engine_write(engine, LL_RECORD_SESSION, time_ns, &payload, sizeof payload);
    memcpy(engine->session, session, sizeof engine->session);
    engine->session_known = true;
    engine->feed_ended = false;
    engine->next_sequence = first_sequence;
    engine->counters.sessions++;
}

void ll_engine_gap(struct ll_engine *engine, uint64_t first_sequence, uint64_t count, uint64_t time_ns)
{
    LL_ASSERT(!ll_engine_full(engine));
    LL_ASSERT(first_sequence == engine->next_sequence);
    struct ll_record_gap payload = {first_sequence, count};
    (void)ll_engine_write(engine, LL_RECORD_GAP, time_ns, &payload, sizeof payload);
    engine->next_sequence = first_sequence + count;
    engine->counters.gaps++;
    engine->counters.messages_lost += count;
    engine->counters.exceptions++;
}

static void ll_engine_keep_bad_packet(struct ll_engine *engine, uint64_t ordinal, const uint8_t *bytes,
                                      uint32_t bytes_count, uint64_t time_ns)
{
    uint8_t payload[LL_RECORD_PAYLOAD_BYTES_MAX];
    uint32_t kept_bytes = bytes_count;
    if (kept_bytes > LL_RECORD_PAYLOAD_BYTES_MAX - sizeof ordinal) {
        kept_bytes = LL_RECORD_PAYLOAD_BYTES_MAX - (uint32_t)sizeof ordinal;
        engine->counters.payloads_cut++;
    }
    memcpy(payload, &ordinal, sizeof ordinal);
    memcpy(payload + sizeof ordinal, bytes, kept_bytes);
    (void)ll_engine_write(engine, LL_RECORD_BAD_PACKET, time_ns, payload,
                          kept_bytes + (uint32_t)sizeof ordinal);
    engine->bad_packet_ordinal = ordinal;
    if (engine->bad_packet_ns_max < time_ns)
        engine->bad_packet_ns_max = time_ns;
    engine->counters.bad_packets++;
    engine->counters.exceptions++;
}

void ll_engine_bad_packet(struct ll_engine *engine, uint64_t ordinal, const uint8_t *bytes,
                          uint32_t bytes_count, uint64_t time_ns)
{
    LL_ASSERT(!ll_engine_full(engine));
    bool is_known = ordinal <= engine->bad_packet_ordinal && time_ns <= engine->bad_packet_ns_max;
    if (ordinal == 0 || !is_known)
        ll_engine_keep_bad_packet(engine, ordinal, bytes, bytes_count, time_ns);
}

void ll_engine_feed_end(struct ll_engine *engine, uint64_t next_sequence, uint64_t time_ns)
{
    LL_ASSERT(!ll_engine_full(engine));
    (void)ll_engine_write(engine, LL_RECORD_FEED_END, time_ns, &next_sequence, sizeof next_sequence);
    engine->feed_ended = true;
}

/* --- Replay --------------------------------------------------------------------------------------------- */

static int ll_engine_replay_session(struct ll_engine *engine, uint64_t time_ns, const uint8_t *payload,
                                    uint32_t payload_bytes)
{
    struct ll_record_session session;
    if (payload_bytes != sizeof session)
        return LL_ERR_CORRUPT;
    memcpy(&session, payload, sizeof session);
    if (session.first_sequence == 0)
        return LL_ERR_CORRUPT;
    ll_engine_session(engine, session.session, session.first_sequence, time_ns);
    return LL_OK;
}

static int ll_engine_replay_gap(struct ll_engine *engine, uint64_t time_ns, const uint8_t *payload,
                                uint32_t payload_bytes)
{
    struct ll_record_gap gap;
    if (payload_bytes != sizeof gap)
        return LL_ERR_CORRUPT;
    memcpy(&gap, payload, sizeof gap);
    if (!engine->session_known || gap.first_sequence != engine->next_sequence || gap.count == 0 ||
        gap.count > UINT64_MAX - gap.first_sequence)
        return LL_ERR_CORRUPT;
    ll_engine_gap(engine, gap.first_sequence, gap.count, time_ns);
    return LL_OK;
}

static int ll_engine_replay_bad_packet(struct ll_engine *engine, uint64_t time_ns, const uint8_t *payload,
                                       uint32_t payload_bytes)
{
    uint64_t ordinal;
    if (payload_bytes < sizeof ordinal)
        return LL_ERR_CORRUPT;
    memcpy(&ordinal, payload, sizeof ordinal);
    /* What the journal holds has happened: nothing of it is ignored. */
    ll_engine_keep_bad_packet(engine, ordinal, payload + sizeof ordinal,
                              payload_bytes - (uint32_t)sizeof ordinal, time_ns);
    return LL_OK;
}

static int ll_engine_replay_end(struct ll_engine *engine, uint64_t time_ns, const uint8_t *payload,
                                uint32_t payload_bytes)
{
    uint64_t next_sequence;
    if (payload_bytes != sizeof next_sequence)
        return LL_ERR_CORRUPT;
    memcpy(&next_sequence, payload, sizeof next_sequence);
    if (!engine->session_known || next_sequence != engine->next_sequence)
        return LL_ERR_CORRUPT;
    ll_engine_feed_end(engine, next_sequence, time_ns);
    return LL_OK;
}

static int ll_engine_replay_message(struct ll_engine *engine, uint8_t verdict, uint64_t time_ns,
                                    const uint8_t *payload, uint32_t payload_bytes)
{
    if (!engine->session_known || verdict >= LL_VERDICT_COUNT)
        return LL_ERR_CORRUPT;
    engine->replayed_sequence = engine->next_sequence;
    engine->replayed_bytes = payload_bytes;
    memcpy(engine->replayed, payload, payload_bytes);
    engine->expected = verdict;
    ll_engine_message(engine, engine->next_sequence, payload, payload_bytes, time_ns);
    engine->expected = LL_VERDICT_EXPECTED_NONE;
    return LL_OK;
}

int ll_engine_replay(struct ll_engine *engine, uint8_t kind, uint8_t verdict, uint64_t event_id,
                     uint64_t time_ns, const uint8_t *payload, uint32_t payload_bytes, struct ll_why *why)
{
    int status = LL_OK;
    if (event_id != engine->batch.next_event_id)
        return LL_FAIL(why, LL_ERR_CORRUPT, "record %llu comes where %llu is due",
                       (unsigned long long)event_id, (unsigned long long)engine->batch.next_event_id);
    if (payload_bytes > LL_RECORD_PAYLOAD_BYTES_MAX)
        kind = 0; /* no record of any kind */
    switch (kind) {
    case LL_RECORD_FEED:
        status = ll_engine_replay_message(engine, verdict, time_ns, payload, payload_bytes);
        break;
    case LL_RECORD_SESSION:
        status = ll_engine_replay_session(engine, time_ns, payload, payload_bytes);
        break;
    case LL_RECORD_GAP:
        status = ll_engine_replay_gap(engine, time_ns, payload, payload_bytes);
        break;
    case LL_RECORD_BAD_PACKET:
        status = ll_engine_replay_bad_packet(engine, time_ns, payload, payload_bytes);
        break;
    case LL_RECORD_FEED_END:
        status = ll_engine_replay_end(engine, time_ns, payload, payload_bytes);
        break;
    default:
        status = LL_ERR_CORRUPT;
    }
    if (status != LL_OK)
        return LL_FAIL(why, status,
                       "record %llu: kind %u with %u bytes is none of this version's, or does not follow "
                       "what is before it",
                       (unsigned long long)event_id, kind, payload_bytes);
    return LL_OK;
}

/* --- The step ------------------------------------------------------------------------------------------- */

uint32_t ll_engine_updates(const struct ll_engine *engine, const struct ll_update **updates)
{
    *updates = engine->updates;
    return engine->update_count;
}

const struct ll_slot *ll_engine_update_slot(const struct ll_engine *engine, uint32_t index)
{
    LL_ASSERT(index < engine->update_count);
    return &engine->batch.slots[engine->pending[index].slot];
}

int ll_engine_reconcile(struct ll_engine *engine, const struct ll_result *results, uint32_t count,
                        struct ll_why *why)
{
    LL_ASSERT(count == engine->update_count);
    for (uint32_t i = 0; i < count; i++) {
        const struct ll_engine_pending *pending = &engine->pending[i];
        if (LL_UNLIKELY(results[i].seq != engine->updates[i].seq || results[i].verdict >= LL_VERDICT_COUNT))
            return LL_FAIL(why, LL_ERR_CORRUPT,
                           "the device answered update %llu with sequence %llu, verdict %u",
                           (unsigned long long)engine->updates[i].seq, (unsigned long long)results[i].seq,
                           results[i].verdict);
        uint8_t verdict = pending->verdict != LL_VERDICT_OK ? pending->verdict : results[i].verdict;
        engine->batch.slots[pending->slot].verdict = verdict;
        engine->counters.verdicts[verdict]++;
        engine->counters.exceptions += verdict != LL_VERDICT_OK;
        if (LL_UNLIKELY(pending->expected != LL_VERDICT_EXPECTED_NONE && pending->expected != verdict))
            return LL_FAIL(
                why, LL_ERR_CORRUPT,
                "record %llu: the journal says %s, replaying it says %s; replay with the capacities it was "
                "written with (--orders, --levels, --books)",
                (unsigned long long)engine->updates[i].seq, ll_verdict_name(pending->expected),
                ll_verdict_name(verdict));
    }
    engine->counters.messages += count;
    return LL_OK;
}

uint32_t ll_engine_records(const struct ll_engine *engine, const struct ll_slot **slots)
{
    *slots = engine->batch.slots;
    return engine->batch.slot_count;
}

void ll_engine_clear(struct ll_engine *engine)
{
    engine->update_count = 0;
    engine->batch.slot_count = 0;
}

/* --- Reading -------------------------------------------------------------------------------------------- */

struct ll_record_batch *ll_engine_batch(struct ll_engine *engine)
{
    return &engine->batch;
}

const struct ll_engine_counters *ll_engine_counters(const struct ll_engine *engine)
{
    return &engine->counters;
}

uint64_t ll_engine_next_event_id(const struct ll_engine *engine)
{
    return engine->batch.next_event_id;
}

uint64_t ll_engine_next_sequence(const struct ll_engine *engine)
{
    return engine->session_known ? engine->next_sequence : 0;
}

bool ll_engine_session_name(const struct ll_engine *engine, char session[LL_ENGINE_SESSION_BYTES])
{
    memcpy(session, engine->session, sizeof engine->session);
    return engine->session_known;
}

bool ll_engine_feed_ended(const struct ll_engine *engine)
{
    return engine->feed_ended;
}

const uint8_t *ll_engine_last_replayed(const struct ll_engine *engine, uint64_t *sequence,
                                       uint32_t *bytes_count)
{
    *sequence = engine->replayed_sequence + 1 == engine->next_sequence ? engine->replayed_sequence : 0;
    *bytes_count = engine->replayed_bytes;
    return engine->replayed;
}

bool ll_engine_symbol(const struct ll_engine *engine, uint32_t locate, char symbol[LL_ENGINE_SYMBOL_BYTES])
{
    LL_ASSERT(locate < LL_ENGINE_SYMBOLS);
    memcpy(symbol, engine->symbols[locate], LL_ENGINE_SYMBOL_BYTES);
    return engine->symbol_known[locate];
}

uint32_t ll_engine_locate(const struct ll_engine *engine, const char symbol[LL_ENGINE_SYMBOL_BYTES])
{
    uint32_t locate = 0;
    while (locate < LL_ENGINE_SYMBOLS &&
           (!engine->symbol_known[locate] ||
            memcmp(engine->symbols[locate], symbol, LL_ENGINE_SYMBOL_BYTES) != 0))
        locate++;
    return locate;
}

uint64_t ll_engine_state_hash(const struct ll_engine *engine, uint64_t book_hash)
{
    uint64_t words[1 + LL_VERDICT_COUNT];
    words[0] = book_hash;
    memcpy(&words[1], engine->counters.verdicts, sizeof engine->counters.verdicts);
    return XXH3_64bits(words, sizeof words);
}

const char *ll_verdict_name(uint8_t verdict)
{
    switch (verdict) {
#define LL_VERDICT_CASE(name, number, text) \
    case number:                            \
        return text;
        LL_VERDICTS(LL_VERDICT_CASE)
#undef LL_VERDICT_CASE
    default:
        return "unknown";
    }
}
