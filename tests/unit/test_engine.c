/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: every event becomes exactly one record with the right verdict, and a journal replayed is the same engine again;
 * a journal that does not continue itself is refused.
 * Method: the engine with a cpu device, its records kept in a list as the journal would. Each kind of event and each
 * limit first; then random events, replayed into a second engine with other batches: counters, state hash, symbols and
 * position must be the same; then one thing at a time changed in the list.
 */
#include "tests/unit/ll_test_seed.h"

#include "host/base/ll_bytes.h"
#include "host/base/ll_prng.h"
#include "host/core/ll_book_memory.h"
#include "host/core/ll_engine.h"
#include "host/device/ll_device.h"
#include "host/wire/ll_itch50.h"

#include <check.h>
#include <string.h>

#define RECORDS_MAX 4096u
#define SESSION     "TESTFEED01"

struct kept {
    uint8_t kind;
    uint8_t verdict;
    uint32_t bytes_count;
    uint64_t event_id;
    uint64_t time_ns;
    uint8_t payload[LL_RECORD_PAYLOAD_BYTES_MAX];
};

struct rig {
    struct ll_engine *engine;
    struct ll_device *device;
    uint32_t batch; /* messages per step; the engine may want a step earlier */
    uint32_t kept_count;
    struct kept *kept; /* RECORDS_MAX */
};

static struct rig rig_open(uint32_t batch)
{
    struct rig rig = {.batch = batch};
    struct ll_device_config config = {.name = "cpu", .batch = 32};
    struct ll_why why = {0};
    ll_book_config_default(&config.book);
    config.book.orders = 1024;
    config.book.levels = 4096;
    config.book.books = 64;
    ck_assert_msg(ll_device_open(&rig.device, &config, &why) == LL_OK, "%s", why.text);
    void *memory = aligned_alloc(64, (ll_engine_footprint_bytes() + 63) / 64 * 64);
    ck_assert_ptr_nonnull(memory);
    rig.engine = ll_engine_init(memory);
    rig.kept = calloc(RECORDS_MAX, sizeof *rig.kept);
    ck_assert_ptr_nonnull(rig.kept);
    return rig;
}

static void rig_close(struct rig *rig)
{
    free(rig->engine);
    free(rig->kept);
    ll_device_close(rig->device);
}

/* Takes a record apart again, slot by slot, as the layout says. Returns its slots. */
static uint32_t rig_keep(struct rig *rig, const struct ll_slot *slots)
{
    ck_assert_uint_lt(rig->kept_count, RECORDS_MAX);
    struct kept *kept = &rig->kept[rig->kept_count++];
    kept->kind = slots[0].kind;
    kept->verdict = slots[0].verdict;
    kept->bytes_count = slots[0].payload_bytes;
    kept->event_id = slots[0].event_id;
    kept->time_ns = slots[0].time_ns;
    uint32_t at = kept->bytes_count < 40 ? kept->bytes_count : 40;
    uint32_t slot_count = 1;
    memcpy(kept->payload, slots[0].payload, at);
    for (; at < kept->bytes_count; slot_count++) {
        uint32_t part = kept->bytes_count - at < 48 ? kept->bytes_count - at : 48;
        ck_assert_uint_eq(slots[slot_count].kind, LL_RECORD_KIND_TAIL);
        ck_assert_uint_eq(slots[slot_count].payload_bytes, slot_count);
        ck_assert_uint_eq(slots[slot_count].event_id, kept->event_id);
        memcpy(kept->payload + at, (const uint8_t *)&slots[slot_count] + 16, part);
        at += part;
    }
    return slot_count;
}

static int rig_step_with(struct rig *rig, const struct ll_result *results, uint32_t count, struct ll_why *why)
{
    const struct ll_slot *slots;
    int status = ll_engine_reconcile(rig->engine, results, count, why);
    uint32_t slot_count = ll_engine_records(rig->engine, &slots);
    for (uint32_t i = 0; status == LL_OK && i < slot_count;)
        i += rig_keep(rig, slots + i);
    ll_engine_clear(rig->engine);
    return status;
}

static int rig_step(struct rig *rig, struct ll_why *why)
{
    const struct ll_update *updates;
    struct ll_result results[LL_ENGINE_BATCH_MAX];
    uint32_t count = ll_engine_updates(rig->engine, &updates);
    ck_assert_uint_eq(ll_device_submit(rig->device, updates, count), count);
    ck_assert_uint_eq(ll_device_poll(rig->device, results, count), count);
    return rig_step_with(rig, results, count, why);
}

static void rig_must_step(struct rig *rig)
{
    struct ll_why why = {0};
    ck_assert_msg(rig_step(rig, &why) == LL_OK, "%s", why.text);
}

/* Before each event: a step when the batch is full, or as long as this rig's are. */
static void rig_room(struct rig *rig)
{
    const struct ll_update *updates;
    if (ll_engine_full(rig->engine) || ll_engine_updates(rig->engine, &updates) >= rig->batch)
        rig_must_step(rig);
}

static void rig_message(struct rig *rig, const uint8_t *bytes, uint32_t bytes_count)
{
    rig_room(rig);
    ll_engine_message(rig->engine, ll_engine_next_sequence(rig->engine), bytes, bytes_count, 1000);
}

static uint64_t rig_hash(const struct rig *rig)
{
    return ll_engine_state_hash(rig->engine, ll_book_memory_hash(ll_device_book(rig->device)));
}

/* --- messages ---------------------------------------------------------------------------------------------------- */

static uint32_t make_add(uint8_t *bytes, uint16_t locate, uint64_t ref, char side, uint32_t shares,
                         uint32_t price, const char *stock)
{
    memset(bytes, 0, 64);
    bytes[0] = 'A';
    ll_store_be16(bytes + 1, locate);
    ll_store_be64(bytes + 11, ref);
    bytes[19] = (uint8_t)side;
    ll_store_be32(bytes + 20, shares);
    memcpy(bytes + 24, stock, 8);
    ll_store_be32(bytes + 32, price);
    return 36;
}

static uint32_t make_executed(uint8_t *bytes, uint16_t locate, uint64_t ref, uint32_t shares)
{
    memset(bytes, 0, 64);
    bytes[0] = 'E';
    ll_store_be16(bytes + 1, locate);
    ll_store_be64(bytes + 11, ref);
    ll_store_be32(bytes + 19, shares);
    return 31;
}

static uint32_t make_plain(uint8_t *bytes, char type, uint16_t locate, uint64_t ref)
{
    memset(bytes, 0, 64);
    bytes[0] = (uint8_t)type;
    ll_store_be16(bytes + 1, locate);
    ll_store_be64(bytes + 11, ref);
    return ll_itch50_bytes_of_type((uint8_t)type);
}

static uint32_t make_directory(uint8_t *bytes, uint16_t locate, const char *stock)
{
    uint32_t bytes_count = make_plain(bytes, 'R', locate, 0);
    memcpy(bytes + 11, stock, 8);
    return bytes_count;
}

/* --- known edges ------------------------------------------------------------------------------------------------- */

START_TEST(a_new_engine_knows_nothing)
{
    struct rig rig = rig_open(64);
    char session[LL_ENGINE_SESSION_BYTES];
    char symbol[LL_ENGINE_SYMBOL_BYTES];
    const struct ll_slot *slots;
    uint64_t sequence;
    uint32_t bytes_count;
    ck_assert_uint_eq(ll_engine_next_event_id(rig.engine), 1);
    ck_assert_uint_eq(ll_engine_next_sequence(rig.engine), 0);
    ck_assert(!ll_engine_session_name(rig.engine, session));
    ck_assert(!ll_engine_feed_ended(rig.engine));
    ck_assert(!ll_engine_full(rig.engine));
    ck_assert(!ll_engine_symbol(rig.engine, 5, symbol));
    ck_assert_uint_eq(ll_engine_locate(rig.engine, "AAPL    "), LL_ENGINE_SYMBOLS);
    ck_assert_uint_eq(ll_engine_records(rig.engine, &slots), 0);
    (void)ll_engine_last_replayed(rig.engine, &sequence, &bytes_count);
    ck_assert_uint_eq(sequence, 0);
    rig_must_step(&rig); /* a step of nothing is fine */
    ck_assert_uint_eq(rig.kept_count, 0);
    rig_close(&rig);
}
END_TEST

START_TEST(a_new_session_has_not_ended)
{
    struct rig rig = rig_open(64);
    ll_engine_session(rig.engine, SESSION, 7, 0);
    ll_engine_feed_end(rig.engine, 7, 0);
    ck_assert(ll_engine_feed_ended(rig.engine));
    ll_engine_session(rig.engine, "TOMORROW  ", 1, 0);
    ck_assert(!ll_engine_feed_ended(rig.engine));
    rig_must_step(&rig);
    rig_close(&rig);
}
END_TEST

START_TEST(each_kind_becomes_its_record)
{
    struct rig rig = rig_open(64);
    uint8_t bytes[64];
    uint64_t words[2];
    ll_engine_session(rig.engine, SESSION, 7, 11);
    ck_assert_uint_eq(ll_engine_next_sequence(rig.engine), 7);
    uint32_t bytes_count = make_plain(bytes, 'P', 3, 0);
    ll_engine_message(rig.engine, 7, bytes, bytes_count, 12);
    ll_engine_gap(rig.engine, 8, 5, 13);
    ck_assert_uint_eq(ll_engine_next_sequence(rig.engine), 13);
    ll_engine_bad_packet(rig.engine, 42, (const uint8_t *)"bad", 3, 14);
    ll_engine_feed_end(rig.engine, 13, 15);
    ck_assert(ll_engine_feed_ended(rig.engine));
    rig_must_step(&rig);
    static const uint8_t kinds[] = {LL_RECORD_SESSION, LL_RECORD_FEED, LL_RECORD_GAP, LL_RECORD_BAD_PACKET,
                                    LL_RECORD_FEED_END};
    ck_assert_uint_eq(rig.kept_count, sizeof kinds);
    for (uint32_t i = 0; i < sizeof kinds; i++) {
        ck_assert_uint_eq(rig.kept[i].kind, kinds[i]);
        ck_assert_uint_eq(rig.kept[i].event_id, i + 1);
        ck_assert_uint_eq(rig.kept[i].time_ns, 11 + i);
        ck_assert_uint_eq(rig.kept[i].verdict, LL_VERDICT_OK);
    }
    ck_assert_uint_eq(rig.kept[0].bytes_count, sizeof(struct ll_record_session));
    ck_assert_mem_eq(rig.kept[0].payload, SESSION, 10);
    ck_assert_uint_eq(rig.kept[1].bytes_count, 44); /* two slots */
    ck_assert_mem_eq(rig.kept[1].payload, bytes, 44);
    memcpy(words, rig.kept[2].payload, sizeof words);
    ck_assert_uint_eq(words[0], 8);
    ck_assert_uint_eq(words[1], 5);
    memcpy(words, rig.kept[3].payload, 8);
    ck_assert_uint_eq(words[0], 42);
    ck_assert_mem_eq(rig.kept[3].payload + 8, "bad", 3);
    const struct ll_engine_counters *counters = ll_engine_counters(rig.engine);
    ck_assert_uint_eq(counters->messages, 1);
    ck_assert_uint_eq(counters->sessions, 1);
    ck_assert_uint_eq(counters->gaps, 1);
    ck_assert_uint_eq(counters->messages_lost, 5);
    ck_assert_uint_eq(counters->bad_packets, 1);
    ck_assert_uint_eq(counters->exceptions, 2);
    rig_close(&rig);
}
END_TEST

/* The decoder's verdict stands; else the device's does. */
START_TEST(verdicts_are_merged)
{
    struct rig rig = rig_open(64);
    uint8_t bytes[64];
    static const uint8_t wanted[] = {LL_VERDICT_BAD_LENGTH,   LL_VERDICT_UNKNOWN_TYPE, LL_VERDICT_BAD_LENGTH,
                                     LL_VERDICT_BAD_LENGTH,   LL_VERDICT_OK,           LL_VERDICT_DUPLICATE,
                                     LL_VERDICT_OVERFILL,     LL_VERDICT_UNKNOWN_ID,   LL_VERDICT_BAD_INPUT,
                                     LL_VERDICT_BOOK_MISMATCH};
    ll_engine_session(rig.engine, SESSION, 1, 0);
    rig_message(&rig, bytes, 0);
    memset(bytes, 'z', sizeof bytes);
    rig_message(&rig, bytes, 20);
    (void)make_add(bytes, 1, 9, 'B', 100, 5, "AAPL    ");
    rig_message(&rig, bytes, 35); /* an add cut by a byte adds nothing */
    rig_message(&rig, bytes, 37);
    rig_message(&rig, bytes, 36);
    rig_message(&rig, bytes, 36);
    rig_message(&rig, bytes, make_executed(bytes, 1, 9, 101));
    rig_message(&rig, bytes, make_executed(bytes, 1, 9, 1));
    rig_message(&rig, bytes, make_add(bytes, 1, 10, 'B', 0, 5, "AAPL    "));
    (void)make_add(bytes, 1, 11, 'S', 100, 5, "AAPL    ");
    rig_message(&rig, bytes, 36);
    rig_message(&rig, bytes, make_executed(bytes, 2, 11, 1));
    rig_must_step(&rig);
    const struct ll_engine_counters *counters = ll_engine_counters(rig.engine);
    uint32_t at = 1;
    for (uint32_t i = 0; i < sizeof wanted; i++, at++) {
        at += i == 9; /* the add before it was plainly ok */
        ck_assert_msg(rig.kept[at].verdict == wanted[i], "message %u: %s, not %s", i,
                      ll_verdict_name(rig.kept[at].verdict), ll_verdict_name(wanted[i]));
    }
    ck_assert_uint_eq(counters->messages, 11);
    ck_assert_uint_eq(counters->verdicts[LL_VERDICT_OK], 2);
    ck_assert_uint_eq(counters->verdicts[LL_VERDICT_BAD_LENGTH], 3);
    ck_assert_uint_eq(counters->exceptions, 9);
    ck_assert_uint_eq(counters->by_type[0], 1);
    ck_assert_uint_eq(counters->by_type['z'], 1);
    ck_assert_uint_eq(counters->by_type['A'], 6);
    rig_close(&rig);
}
END_TEST

START_TEST(a_batch_is_full_in_time)
{
    struct rig rig = rig_open(1000);
    static uint8_t longest[LL_RECORD_PAYLOAD_BYTES_MAX];
    uint8_t bytes[64];
    const struct ll_update *updates;
    const struct ll_slot *slots;
    ll_engine_session(rig.engine, SESSION, 1, 0);
    for (uint32_t i = 0; i < LL_ENGINE_BATCH_MAX; i++) {
        ck_assert(!ll_engine_full(rig.engine));
        ll_engine_message(rig.engine, i + 1, bytes, make_plain(bytes, 'D', 1, i), 0);
    }
    ck_assert(ll_engine_full(rig.engine));
    ck_assert_uint_eq(ll_engine_updates(rig.engine, &updates), LL_ENGINE_BATCH_MAX);
    rig_must_step(&rig);
    ck_assert_uint_eq(rig.kept_count, LL_ENGINE_BATCH_MAX + 1);
    /* The longest records fill it sooner; one more always fits while it is not full. */
    uint32_t taken = 0;
    memset(longest, 'q', sizeof longest);
    for (; !ll_engine_full(rig.engine); taken++)
        ll_engine_message(rig.engine, 65 + taken, longest, sizeof longest, 0);
    ck_assert_uint_ge(taken, 2);
    ck_assert_uint_eq(ll_engine_records(rig.engine, &slots), taken * LL_RECORD_SLOTS_MAX);
    rig_must_step(&rig);
    for (uint32_t i = 0; i < taken; i++)
        ck_assert_mem_eq(rig.kept[LL_ENGINE_BATCH_MAX + 1 + i].payload, longest, sizeof longest);
    /* Events without an update fill it, too. */
    for (taken = 0; !ll_engine_full(rig.engine); taken++)
        ll_engine_bad_packet(rig.engine, 0, longest, 100, 0);
    ck_assert_uint_gt(taken, 10);
    rig_must_step(&rig);
    ck_assert_uint_eq(ll_engine_counters(rig.engine)->bad_packets, taken);
    rig_close(&rig);
}
END_TEST

START_TEST(what_is_too_long_is_cut_and_counted)
{
    struct rig rig = rig_open(64);
    static uint8_t bytes[9000];
    for (uint32_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)('A' + i % 7);
    static const uint32_t lengths[] = {40, 41, 88, 89, 2047, 2048, 2049, 9000};
    const uint32_t length_count = sizeof lengths / sizeof lengths[0];
    ll_engine_session(rig.engine, SESSION, 1, 0);
    for (uint32_t i = 0; i < length_count; i++)
        rig_message(&rig, bytes, lengths[i]);
    rig_must_step(&rig);
    for (uint32_t i = 0; i < length_count; i++) {
        uint32_t kept_bytes = lengths[i] < 2048 ? lengths[i] : 2048;
        ck_assert_uint_eq(rig.kept[i + 1].bytes_count, kept_bytes);
        ck_assert_mem_eq(rig.kept[i + 1].payload, bytes, kept_bytes);
        ck_assert_uint_eq(rig.kept[i + 1].verdict, LL_VERDICT_BAD_LENGTH);
    }
    ck_assert_uint_eq(ll_engine_counters(rig.engine)->payloads_cut, 2);
    ll_engine_bad_packet(rig.engine, 1, bytes, 2040, 1);
    ll_engine_bad_packet(rig.engine, 2, bytes, 2041, 1);
    ll_engine_bad_packet(rig.engine, 3, bytes, 0, 1);
    rig_must_step(&rig);
    ck_assert_uint_eq(ll_engine_counters(rig.engine)->payloads_cut, 3);
    ck_assert_uint_eq(rig.kept[length_count + 2].bytes_count, 2048);
    ck_assert_uint_eq(rig.kept[length_count + 3].bytes_count, 8);
    rig_close(&rig);
}
END_TEST

/* What a file brings again after a restart is known; what a later capture brings, or a live feed, is not. */
START_TEST(bad_packets_are_kept_once)
{
    struct rig rig = rig_open(64);
    static const struct {
        uint64_t ordinal;
        uint64_t time_ns;
        bool is_new;
    } sent[] = {{5, 100, true}, {5, 100, false}, {3, 90, false}, {6, 80, true},
                {6, 80, false}, {5, 100, false}, {1, 200, true}, {1, 200, false},
                {2, 150, true}, {0, 1, true},    {0, 1, true},   {1, 201, true}};
    uint32_t wanted = 0;
    for (uint32_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
        ll_engine_bad_packet(rig.engine, sent[i].ordinal, (const uint8_t *)"x", 1, sent[i].time_ns);
        wanted += sent[i].is_new;
        ck_assert_msg(ll_engine_counters(rig.engine)->bad_packets == wanted, "packet %u", i);
    }
    rig_must_step(&rig);
    ck_assert_uint_eq(rig.kept_count, wanted);
    rig_close(&rig);
}
END_TEST

START_TEST(symbols_come_from_the_directory_or_an_order)
{
    struct rig rig = rig_open(64);
    uint8_t bytes[64];
    char symbol[LL_ENGINE_SYMBOL_BYTES];
    ll_engine_session(rig.engine, SESSION, 1, 0);
    rig_message(&rig, bytes, make_directory(bytes, 8, "AAPL    "));
    rig_message(&rig, bytes, make_add(bytes, 9, 1, 'B', 1, 1, "MSFT    "));
    rig_message(&rig, bytes, make_add(bytes, 9, 2, 'B', 1, 1, "OTHER   ")); /* the first one counts */
    rig_message(&rig, bytes, make_add(bytes, 10, 3, 'B', 1, 1, "LATE    "));
    rig_message(&rig, bytes, make_directory(bytes, 10, "RENAMED ")); /* but the directory has the last word */
    (void)make_directory(bytes, 11, "BROKEN  ");
    rig_message(&rig, bytes, 38); /* a wrong length names nothing */
    rig_message(&rig, bytes, make_directory(bytes, 65535, "LAST    "));
    rig_must_step(&rig);
    ck_assert(ll_engine_symbol(rig.engine, 9, symbol));
    ck_assert_mem_eq(symbol, "MSFT    ", 8);
    ck_assert_uint_eq(ll_engine_locate(rig.engine, "AAPL    "), 8);
    ck_assert_uint_eq(ll_engine_locate(rig.engine, "RENAMED "), 10);
    ck_assert_uint_eq(ll_engine_locate(rig.engine, "LATE    "), LL_ENGINE_SYMBOLS);
    ck_assert_uint_eq(ll_engine_locate(rig.engine, "BROKEN  "), LL_ENGINE_SYMBOLS);
    ck_assert_uint_eq(ll_engine_locate(rig.engine, "LAST    "), 65535);
    ck_assert_uint_eq(ll_engine_counters(rig.engine)->symbols, 4);
    ck_assert_uint_eq(ll_engine_counters(rig.engine)->symbols_without_directory, 2);
    rig_close(&rig);
}
END_TEST

START_TEST(a_device_that_answers_wrongly_is_refused)
{
    for (int turn = 0; turn < 3; turn++) {
        struct rig rig = rig_open(64);
        uint8_t bytes[64];
        struct ll_result results[3];
        struct ll_why why = {0};
        const struct ll_update *updates;
        memset(results, 0, sizeof results);
        ll_engine_session(rig.engine, SESSION, 1, 0);
        for (uint32_t i = 0; i < 3; i++)
            rig_message(&rig, bytes, make_add(bytes, 1, i, 'B', 1, 1, "A       "));
        ck_assert_uint_eq(ll_engine_updates(rig.engine, &updates), 3);
        for (uint32_t i = 0; i < 3; i++)
            results[i].seq = updates[i].seq;
        if (turn == 0)
            results[1].seq = updates[2].seq;
        else if (turn == 1)
            results[2].verdict = LL_VERDICT_COUNT;
        ck_assert_int_eq(rig_step_with(&rig, results, 3, &why), turn == 2 ? LL_OK : LL_ERR_CORRUPT);
        ck_assert_int_eq(why.code, turn == 2 ? LL_OK : LL_ERR_CORRUPT);
        rig_close(&rig);
    }
}
END_TEST

START_TEST(the_state_hash_sees_books_and_verdicts)
{
    struct rig one = rig_open(64);
    struct rig two = rig_open(64);
    uint8_t bytes[64];
    ll_engine_session(one.engine, SESSION, 1, 0);
    ll_engine_session(two.engine, "OTHERNAME1", 9, 5);
    ck_assert_uint_eq(rig_hash(&one), rig_hash(&two));
    rig_message(&one, bytes, make_add(bytes, 1, 1, 'B', 1, 1, "A       "));
    rig_message(&two, bytes, make_add(bytes, 1, 1, 'B', 2, 1, "A       "));
    rig_must_step(&one);
    rig_must_step(&two);
    ck_assert_uint_ne(rig_hash(&one), rig_hash(&two));
    rig_message(&two, bytes, make_executed(bytes, 1, 1, 1));
    rig_must_step(&two);
    ck_assert_uint_eq(ll_book_memory_hash(ll_device_book(one.device)),
                      ll_book_memory_hash(ll_device_book(two.device)));
    ck_assert_uint_ne(rig_hash(&one), rig_hash(&two)); /* one message more */
    rig_close(&one);
    rig_close(&two);
}
END_TEST

/* --- replay ------------------------------------------------------------------------------------------------------ */

static void random_message(struct rig *rig, struct ll_prng *prng)
{
    uint8_t bytes[2100];
    uint16_t locate = (uint16_t)(1 + ll_prng_below(prng, 4));
    uint64_t ref = ll_prng_below(prng, 60);
    uint32_t bytes_count = 0;
    memset(bytes, (int)('A' + ll_prng_below(prng, 40)), sizeof bytes);
    switch (ll_prng_below(prng, 8)) {
    case 0:
    case 1:
    case 2:
        bytes_count =
            make_add(bytes, locate, ref, "BSX"[ll_prng_below(prng, 50) == 0 ? 2 : ll_prng_below(prng, 2)],
                     ll_prng_below(prng, 5), 100 + ll_prng_below(prng, 10), "SYM     ");
        break;
    case 3:
        bytes_count = make_executed(bytes, locate, ref, ll_prng_below(prng, 4));
        break;
    case 4:
        bytes_count = make_plain(bytes, 'D', locate, ref);
        break;
    case 5:
        bytes_count = make_directory(bytes, locate, "NAMED   ");
        break;
    case 6:
        bytes_count = make_plain(bytes, 'U', locate, ref);
        ll_store_be64(bytes + 19, ll_prng_below(prng, 60));
        ll_store_be32(bytes + 27, ll_prng_below(prng, 4));
        break;
    default:
        bytes_count = ll_prng_chance(prng, 50) ? 1000 + ll_prng_below(prng, 1100) : ll_prng_below(prng, 60);
    }
    rig_message(rig, bytes, bytes_count);
}

static void random_events(struct rig *rig, struct ll_prng *prng, uint32_t event_count)
{
    ll_engine_session(rig->engine, SESSION, 1 + ll_prng_below(prng, 1000), 0);
    for (uint32_t i = 1; i < event_count; i++) {
        uint64_t next = ll_engine_next_sequence(rig->engine);
        uint32_t choice = ll_prng_below(prng, 100);
        rig_room(rig);
        if (choice == 0)
            ll_engine_gap(rig->engine, next, 1 + ll_prng_below(prng, 1000), i);
        else if (choice == 1)
            ll_engine_bad_packet(rig->engine, i, (const uint8_t *)&next, ll_prng_below(prng, 9), i);
        else if (choice == 2 && ll_prng_chance(prng, 100))
            ll_engine_feed_end(rig->engine, next, i);
        else
            random_message(rig, prng);
    }
    rig_must_step(rig);
}

static int replay_one(struct rig *rig, const struct kept *kept, struct ll_why *why)
{
    rig_room(rig);
    return ll_engine_replay(rig->engine, kept->kind, kept->verdict, kept->event_id, kept->time_ns,
                            kept->payload, kept->bytes_count, why);
}

START_TEST(a_replayed_journal_is_the_same_engine)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("a_replayed_journal_is_the_same_engine") + (uint64_t)_i);
    struct rig live = rig_open(1 + ll_prng_below(&prng, LL_ENGINE_BATCH_MAX));
    struct rig again = rig_open(1 + ll_prng_below(&prng, LL_ENGINE_BATCH_MAX));
    struct ll_why why = {0};
    random_events(&live, &prng, 1500);
    for (uint32_t i = 0; i < live.kept_count; i++)
        ck_assert_msg(replay_one(&again, &live.kept[i], &why) == LL_OK, "%s", why.text);
    rig_must_step(&again);
    ck_assert_uint_eq(again.kept_count, live.kept_count);
    for (uint32_t i = 0; i < live.kept_count; i++)
        ck_assert_msg(memcmp(&again.kept[i], &live.kept[i], sizeof live.kept[i]) == 0, "record %u differs",
                      i + 1);
    ck_assert_uint_eq(rig_hash(&again), rig_hash(&live));
    struct ll_engine_counters counters = *ll_engine_counters(live.engine);
    counters.payloads_cut = 0; /* a journal does not tell */
    ck_assert_mem_eq(ll_engine_counters(again.engine), &counters, sizeof counters);
    ck_assert_uint_eq(ll_engine_next_event_id(again.engine), ll_engine_next_event_id(live.engine));
    ck_assert_uint_eq(ll_engine_next_sequence(again.engine), ll_engine_next_sequence(live.engine));
    ck_assert_int_eq(ll_engine_feed_ended(again.engine), ll_engine_feed_ended(live.engine));
    ck_assert_int_eq(ll_book_memory_check(ll_device_book(again.device), &why), LL_OK);
    rig_close(&live);
    rig_close(&again);
}
END_TEST

START_TEST(the_last_message_replayed_is_known)
{
    struct rig live = rig_open(64);
    struct rig again = rig_open(64);
    struct ll_why why = {0};
    uint8_t bytes[64];
    uint64_t sequence;
    uint32_t bytes_count;
    ll_engine_session(live.engine, SESSION, 20, 0);
    rig_message(&live, bytes, make_plain(bytes, 'D', 1, 77));
    ll_engine_bad_packet(live.engine, 0, bytes, 5, 0);
    ll_engine_gap(live.engine, 21, 2, 0);
    rig_must_step(&live);
    for (uint32_t i = 0; i < live.kept_count; i++) {
        ck_assert_int_eq(replay_one(&again, &live.kept[i], &why), LL_OK);
        const uint8_t *last = ll_engine_last_replayed(again.engine, &sequence, &bytes_count);
        ck_assert_uint_eq(sequence, i == 1 || i == 2 ? 20 : 0); /* no more once a gap follows */
        if (sequence != 0) {
            ck_assert_uint_eq(bytes_count, 19);
            ck_assert_mem_eq(last, bytes, 19);
        }
    }
    rig_must_step(&again);
    rig_close(&live);
    rig_close(&again);
}
END_TEST

/* The verdict that a journal holds is expected of its own message only. */
START_TEST(after_a_replay_nothing_is_expected)
{
    struct rig live = rig_open(64);
    struct rig again = rig_open(64);
    struct ll_why why = {0};
    uint8_t bytes[64];
    ll_engine_session(live.engine, SESSION, 1, 0);
    rig_message(&live, bytes, make_add(bytes, 1, 77, 'B', 100, 5000, "AAPL    "));
    rig_must_step(&live);
    for (uint32_t i = 0; i < live.kept_count; i++)
        ck_assert_int_eq(replay_one(&again, &live.kept[i], &why), LL_OK);
    rig_must_step(&again);
    rig_message(&again, bytes, make_plain(bytes, 'D', 1, 78)); /* of nobody */
    rig_must_step(&again);
    ck_assert_uint_eq(again.kept[again.kept_count - 1].verdict, LL_VERDICT_UNKNOWN_ID);
    rig_close(&live);
    rig_close(&again);
}
END_TEST

/* What is changed in a good journal of session, message, gap, bad packet, message, end. */
static bool corrupt(struct kept *kept, int what)
{
    uint64_t word;
    switch (what) {
    case 0: /* a record is missing */
        memmove(&kept[1], &kept[2], 4 * sizeof *kept);
        return true;
    case 1: /* a record comes twice */
        kept[2] = kept[1];
        return true;
    case 2:
        kept[1].kind = 9;
        return true;
    case 3:
        kept[1].kind = LL_RECORD_KIND_TAIL;
        return true;
    case 4: /* a message without a session before it */
        kept[0] = kept[1];
        kept[0].event_id = 1;
        return true;
    case 5:
        kept[0].bytes_count--;
        return true;
    case 6:
        kept[2].bytes_count++;
        return true;
    case 7:
        kept[3].bytes_count = 7;
        return true;
    case 8:
        kept[5].bytes_count = 0;
        return true;
    case 9: /* a gap that is somewhere else */
        word = 3;
        memcpy(kept[2].payload, &word, sizeof word);
        return true;
    case 10: /* a gap of nothing */
        memset(kept[2].payload + 8, 0, 8);
        return true;
    case 11: /* a gap beyond all numbers */
        memset(kept[2].payload + 8, 0xff, 8);
        return true;
    case 12: /* an end that is somewhere else */
        word = 99;
        memcpy(kept[5].payload, &word, sizeof word);
        return true;
    case 13:
        kept[4].verdict = LL_VERDICT_LATE;
        return true;
    case 14:
        kept[4].verdict = LL_VERDICT_COUNT;
        return true;
    case 15: /* another message: its verdict is another one */
        kept[4].payload[0] = 'z';
        return true;
    case 16: /* sequences count from 1 */
        memset(kept[0].payload + 16, 0, 8);
        return true;
    case 17:
        kept[4].bytes_count = LL_RECORD_PAYLOAD_BYTES_MAX + 1;
        return true;
    default:
        return false;
    }
}
#define CORRUPTIONS 18

START_TEST(a_corrupt_journal_is_refused)
{
    struct rig live = rig_open(64);
    struct rig again = rig_open(64);
    struct ll_why why = {0};
    uint8_t bytes[64];
    ll_engine_session(live.engine, SESSION, 1, 0);
    rig_message(&live, bytes, make_add(bytes, 1, 1, 'B', 5, 5, "A       "));
    ll_engine_gap(live.engine, 2, 3, 0);
    ll_engine_bad_packet(live.engine, 1, bytes, 5, 0);
    rig_message(&live, bytes, make_executed(bytes, 1, 1, 2));
    ll_engine_feed_end(live.engine, 6, 0);
    rig_must_step(&live);
    ck_assert_uint_eq(live.kept_count, 6);
    bool is_corrupt = corrupt(live.kept, _i);
    int status = LL_OK;
    for (uint32_t i = 0; status == LL_OK && i < live.kept_count; i++)
        status = replay_one(&again, &live.kept[i], &why);
    if (status == LL_OK)
        status = rig_step(&again, &why);
    ck_assert_int_eq(status, is_corrupt ? LL_ERR_CORRUPT : LL_OK);
    ck_assert_int_eq(why.code, status);
    rig_close(&live);
    rig_close(&again);
}
END_TEST

START_TEST(verdicts_have_names)
{
    for (uint32_t verdict = 0; verdict < LL_VERDICT_COUNT; verdict++)
        ck_assert_str_ne(ll_verdict_name((uint8_t)verdict), "unknown");
    ck_assert_str_eq(ll_verdict_name(LL_VERDICT_COUNT), "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("engine");
    TCase *edges = tcase_create("edges");
    tcase_set_timeout(edges, 60);
    tcase_add_test(edges, a_new_engine_knows_nothing);
    tcase_add_test(edges, a_new_session_has_not_ended);
    tcase_add_test(edges, each_kind_becomes_its_record);
    tcase_add_test(edges, verdicts_are_merged);
    tcase_add_test(edges, a_batch_is_full_in_time);
    tcase_add_test(edges, what_is_too_long_is_cut_and_counted);
    tcase_add_test(edges, bad_packets_are_kept_once);
    tcase_add_test(edges, symbols_come_from_the_directory_or_an_order);
    tcase_add_test(edges, a_device_that_answers_wrongly_is_refused);
    tcase_add_test(edges, the_state_hash_sees_books_and_verdicts);
    tcase_add_test(edges, verdicts_have_names);
    suite_add_tcase(suite, edges);
    TCase *replay = tcase_create("replay");
    tcase_set_timeout(replay, 60);
    tcase_add_loop_test(replay, a_replayed_journal_is_the_same_engine, 0, 30);
    tcase_add_test(replay, the_last_message_replayed_is_known);
    tcase_add_test(replay, after_a_replay_nothing_is_expected);
    tcase_add_loop_test(replay, a_corrupt_journal_is_refused, 0, CORRUPTIONS + 1);
    suite_add_tcase(suite, replay);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
