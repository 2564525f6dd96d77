/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a snapshot comes back as it was written or not at all: after any damage, any power cut and any failing disk
 * operation while it is made, in front of another journal, another configuration or another history. A reader that
 * seeks an event returns exactly the records from there; a start with a reader reads each slot once; what a reader
 * calls durable is.
 * Method: a scripted journal on a simulated disk; the state after record n is a function of (seed, n), so that any
 * state that comes back can be judged without keeping it.
 */
#include "tests/unit/ll_test_seed.h"

#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"
#include "host/journal/ll_journal.h"
#include "host/journal/ll_snapshot.h"
#include "tests/model/ll_journal_script.h"
#include "tests/model/ll_sim_disk.h"

#include <check.h>
#include <string.h>

#define DIR_NAME    "sim"
#define PAGE        4096u
#define MEMORY_MAX  ((size_t)3 << 20)
#define REGIONS     3u
#define CONFIG_TEXT "three regions, layout 1"

static struct ll_journal_script script = {
    .start_ns = (uint64_t)20000 * 86400 * LL_NS_PER_S, .step_ns = LL_NS_PER_S, .payload_bytes = UINT32_MAX};

/* --- A state ----------------------------------------------------------------------------------------------------- */

struct state {
    struct ll_snapshot_region regions[REGIONS];
    struct ll_snapshot_state snapshot;
    uint32_t resets;
};

static void state_make(struct state *state, const size_t bytes[REGIONS])
{
    static const char *const names[REGIONS] = {"one", "two", "a name of 15 ch"};
    memset(state, 0, sizeof *state);
    for (uint32_t i = 0; i < REGIONS; i++) {
        state->regions[i] = (struct ll_snapshot_region){names[i], malloc(bytes[i]), bytes[i]};
        ck_assert_ptr_nonnull(state->regions[i].memory);
        memset(state->regions[i].memory, 0xee, bytes[i]);
    }
    state->snapshot = (struct ll_snapshot_state){CONFIG_TEXT, state->regions, REGIONS};
}

static void state_free(struct state *state)
{
    for (uint32_t i = 0; i < REGIONS; i++)
        free(state->regions[i].memory);
}

/* What the state is after record n: most pages zero, some with few bytes, some full. */
static void state_fill_region(uint8_t *memory, size_t bytes, uint64_t seed)
{
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    memset(memory, 0, bytes);
    for (size_t at = 0; at < bytes; at += PAGE) {
        size_t page_bytes = bytes - at < PAGE ? bytes - at : PAGE;
        switch (ll_prng_below(&prng, 4)) {
        case 0:
            for (size_t i = 0; i < page_bytes; i++)
                memory[at + i] = (uint8_t)ll_prng_next(&prng);
            break;
        case 1:
            memory[at + ll_prng_below(&prng, (uint32_t)page_bytes)] = 1;
            break;
        default:
            break;
        }
    }
}

static void state_fill(struct state *state, uint64_t event_id)
{
    for (uint32_t i = 0; i < REGIONS; i++)
        state_fill_region(state->regions[i].memory, state->regions[i].bytes, script.seed + event_id * 16 + i);
}

static void state_must_be(const struct state *state, uint64_t event_id)
{
    static uint8_t wanted[MEMORY_MAX];
    for (uint32_t i = 0; i < REGIONS; i++) {
        state_fill_region(wanted, state->regions[i].bytes, script.seed + event_id * 16 + i);
        ck_assert_msg(memcmp(wanted, state->regions[i].memory, state->regions[i].bytes) == 0,
                      "region %u is not that of event %llu", i, (unsigned long long)event_id);
    }
}

static void state_reset(void *context)
{
    struct state *state = context;
    state->resets++;
    for (uint32_t i = 0; i < REGIONS; i++)
        memset(state->regions[i].memory, 0xee, state->regions[i].bytes);
}

static const size_t small_bytes[REGIONS] = {100, 3 * PAGE + 17, 9 * PAGE};

static uint64_t segment_bytes = LL_JOURNAL_SEGMENT_BYTES_MIN;

/* --- A journal --------------------------------------------------------------------------------------------------- */

static struct ll_journal_config journal_config(const struct ll_journal_files *files)
{
    struct ll_journal_config config;
    ll_journal_config_default(&config);
    config.dir = DIR_NAME;
    config.segment_bytes = segment_bytes;
    config.ring_slots = 256;
    config.write_slots_max = 64;
    config.files = files;
    return config;
}

/* Adds records up to `last`, in a life of its own. */
static void journal_write(struct ll_sim_disk *disk, uint64_t last)
{
    struct ll_journal_config config = journal_config(ll_sim_disk_files(disk));
    struct ll_journal_recovery recovery;
    struct ll_journal *journal;
    struct ll_why why = {0};
    ck_assert_msg(ll_journal_open(&journal, &config, &recovery, &why) == LL_OK, "%s", why.text);
    ck_assert_int_eq(
        ll_script_append(&script, journal, recovery.last_event_id + 1, last - recovery.last_event_id), LL_OK);
    ck_assert_int_eq(ll_journal_close(journal, &why), LL_OK);
}

static struct ll_journal_reader *must_read(struct ll_sim_disk *disk)
{
    struct ll_journal_reader *reader;
    struct ll_why why = {0};
    int rc = ll_journal_reader_open_files(&reader, DIR_NAME, ll_sim_disk_files(disk), &why);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
    return reader;
}

/* Reads record `event_id` and makes the snapshot that belongs to it. */
static int snapshot_write(struct ll_sim_disk *disk, struct state *state, uint64_t event_id, uint32_t *removed,
                          struct ll_why *why)
{
    struct ll_snapshot_maker maker;
    struct ll_snapshot_info info;
    struct ll_journal_record record;
    struct ll_journal_position position;
    struct ll_journal_reader *reader = must_read(disk);
    ck_assert_int_eq(ll_journal_reader_seek(reader, event_id, why), LL_OK);
    ck_assert_int_eq(ll_journal_reader_next(reader, &record, why), LL_OK);
    ll_journal_reader_position(reader, &position);
    state_fill(state, event_id);
    *removed = 0;
    int rc = ll_snapshot_maker_open(&maker, DIR_NAME, ll_sim_disk_files(disk), why);
    if (rc == LL_OK) {
        rc = ll_snapshot_write(&maker, &state->snapshot, &record, position.salt, &info, removed, why);
        ll_snapshot_maker_close(&maker);
    }
    if (rc == LL_OK)
        ck_assert_uint_eq(info.event_id, event_id);
    ll_journal_reader_close(reader);
    return rc;
}

static void must_write(struct ll_sim_disk *disk, struct state *state, uint64_t event_id)
{
    struct ll_why why = {0};
    uint32_t removed;
    ck_assert_msg(snapshot_write(disk, state, event_id, &removed, &why) == LL_OK, "%s", why.text);
}

static char last_sentence[512];

static void keep_sentence(void *context, const char *sentence)
{
    (void)context;
    (void)snprintf(last_sentence, sizeof last_sentence, "%s", sentence);
}

/* Restores; returns the event id, and the reader's next record must be the one behind it. */
static uint64_t restore(struct ll_sim_disk *disk, struct state *state, uint32_t *refused)
{
    struct ll_why why = {0};
    struct ll_journal_record record;
    struct ll_journal_reader *reader = must_read(disk);
    struct ll_snapshot_restore work = {
        .state = &state->snapshot, .reset = state_reset, .reset_context = state, .refused = keep_sentence};
    state_reset(state);
    state->resets = 0;
    last_sentence[0] = 0;
    int rc = ll_snapshot_restore(&work, reader, &why);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
    *refused = work.refused_count;
    rc = ll_journal_reader_next(reader, &record, &why);
    if (rc == LL_OK)
        ck_assert_uint_eq(record.event_id, work.loaded.event_id + 1);
    else
        ck_assert_int_eq(rc, LL_ERR_SHORT);
    ll_journal_reader_close(reader);
    if (work.loaded.event_id != 0)
        state_must_be(state, work.loaded.event_id);
    return work.loaded.event_id;
}

/* --- Names, round trips ------------------------------------------------------------------------------------------ */

START_TEST(names)
{
    static const char *const bad[] = {"",
                                      "snapshot.tmp",
                                      "snapshot-00000000000000000000.llsnap",
                                      "snapshot-0000000000000000007.llsnap",
                                      "snapshot-000000000000000000007.llsnap",
                                      "snapshot-0000000000000000000x.llsnap",
                                      "snapshot-99999999999999999999.llsnap",
                                      "snapshot-00000000000000000007.llsnip",
                                      "Snapshot-00000000000000000007.llsnap"};
    static const uint64_t ids[] = {1, 7, 123456789, UINT64_MAX};
    char name[LL_SNAPSHOT_NAME_BYTES];
    uint64_t event_id;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!ll_snapshot_name_parse(bad[i], &event_id), "%s", bad[i]);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        ll_snapshot_name(name, ids[i]);
        ck_assert(ll_snapshot_name_parse(name, &event_id));
        ck_assert_uint_eq(event_id, ids[i]);
    }
    ll_snapshot_name(name, 7);
    ck_assert_str_eq(name, "snapshot-00000000000000000007.llsnap");
}
END_TEST

START_TEST(round_trips)
{
    static const size_t edges[] = {1,
                                   2,
                                   PAGE - 1,
                                   PAGE,
                                   PAGE + 1,
                                   ((size_t)1 << 20) - 1,
                                   (size_t)1 << 20,
                                   ((size_t)1 << 20) + 1,
                                   ((size_t)2 << 20) + PAGE};
    const uint32_t edge_count = sizeof edges / sizeof edges[0];
    script.seed = ll_test_seed("round_trips");
    for (uint32_t i = 0; i < edge_count; i++) {
        const size_t bytes[REGIONS] = {edges[i], edges[(i * 2 + 1) % edge_count],
                                       edges[(i * 5 + 3) % edge_count]};
        struct ll_sim_disk *disk = ll_sim_disk_new();
        struct state state;
        uint32_t refused;
        state_make(&state, bytes);
        journal_write(disk, 40);
        must_write(disk, &state, 1 + i);
        ck_assert_uint_eq(restore(disk, &state, &refused), 1 + i);
        ck_assert_uint_eq(refused, 0);
        ck_assert_uint_eq(state.resets, 0);
        state_free(&state);
        ll_sim_disk_free(disk);
    }
}
END_TEST

/* Zero pages cost nothing, the newest two stay, and a second maker is told to wait. */
START_TEST(what_is_kept)
{
    const size_t bytes[REGIONS] = {PAGE, 10 * PAGE, MEMORY_MAX};
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_snapshot_list list;
    struct ll_snapshot_info info;
    struct ll_snapshot_maker maker;
    struct ll_snapshot_maker second;
    struct ll_journal_record record = {.event_id = 30, .payload = (const uint8_t *)""};
    struct ll_why why = {0};
    struct state state;
    uint32_t removed;
    script.seed = ll_test_seed("what_is_kept");
    state_make(&state, bytes);
    journal_write(disk, 40);
    for (uint64_t event_id = 10; event_id < 15; event_id++) {
        ck_assert_int_eq(snapshot_write(disk, &state, event_id, &removed, &why), LL_OK);
        ck_assert_uint_eq(removed, event_id >= 12);
    }
    ck_assert_int_eq(ll_snapshot_list_read(&list, DIR_NAME, ll_sim_disk_files(disk), &why), LL_OK);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_uint_eq(list.event_id[0], 14);
    ck_assert_uint_eq(list.event_id[1], 13);
    ck_assert_int_eq(ll_snapshot_maker_open(&maker, DIR_NAME, ll_sim_disk_files(disk), &why), LL_OK);
    ck_assert_int_eq(ll_snapshot_maker_open(&second, DIR_NAME, ll_sim_disk_files(disk), &why), LL_ERR_BUSY);
    ck_assert_ptr_nonnull(strstr(why.text, "being made already"));
    memset(state.regions[1].memory, 0, bytes[1]);
    memset(state.regions[2].memory, 0, bytes[2]);
    memset(state.regions[0].memory, 1, bytes[0]);
    memset(&why, 0, sizeof why);
    ck_assert_int_eq(ll_snapshot_write(&maker, &state.snapshot, &record, 1, &info, &removed, &why), LL_OK);
    ll_snapshot_maker_close(&maker);
    /* The header, five chunks' heads, one page. */
    ck_assert_uint_eq(info.file_bytes, 4096 + 5 * 64 + PAGE);
    ck_assert_uint_eq(info.memory_bytes, bytes[0] + bytes[1] + bytes[2]);
    state_free(&state);
    ll_sim_disk_free(disk);
}
END_TEST

/* --- Damage ------------------------------------------------------------------------------------------------------ */

/* The newest one is damaged: it must be refused, named, left there, and the one before it taken. */
static void must_refuse_newest(struct ll_sim_disk *disk, struct state *state, uint64_t at)
{
    struct ll_snapshot_info info;
    struct ll_why why = {0};
    int rc = ll_snapshot_check(&info, DIR_NAME, 20, ll_sim_disk_files(disk), &why);
    ck_assert_msg(rc == LL_ERR_CORRUPT, "byte %llu: check says %d", (unsigned long long)at, rc);
    uint32_t refused;
    ck_assert_msg(restore(disk, state, &refused) == 10, "byte %llu", (unsigned long long)at);
    ck_assert_uint_eq(refused, 1);
    ck_assert_ptr_nonnull(strstr(last_sentence, "snapshot-00000000000000000020.llsnap is not used: "));
    uint8_t *bytes;
    uint64_t bytes_count;
    ck_assert(ll_sim_disk_file(disk, "snapshot-00000000000000000020.llsnap", &bytes, &bytes_count));
}

START_TEST(every_damaged_byte_is_seen)
{
    const char *name = "snapshot-00000000000000000020.llsnap";
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_prng prng;
    struct state state;
    uint8_t *bytes;
    uint64_t bytes_count;
    script.seed = ll_test_seed("every_damaged_byte_is_seen");
    ll_prng_init(&prng, script.seed);
    state_make(&state, small_bytes);
    journal_write(disk, 40);
    must_write(disk, &state, 10);
    must_write(disk, &state, 20);
    uint32_t resets = 0;
    ck_assert(ll_sim_disk_file(disk, name, &bytes, &bytes_count));
    for (uint64_t at = 0; at < bytes_count; at++) {
        uint8_t flip = (uint8_t)(1u << ll_prng_below(&prng, 8));
        bytes[at] ^= flip;
        must_refuse_newest(disk, &state, at);
        resets += state.resets;
        bytes[at] ^= flip;
    }
    ck_assert_uint_gt(resets, 0);
    /* Every length; a file of the simulated disk is made anew for each, so only some of them. */
    uint8_t *whole = malloc(bytes_count + 1);
    ck_assert_ptr_nonnull(whole);
    memcpy(whole, bytes, bytes_count);
    whole[bytes_count] = 0;
    for (uint32_t i = 0; i < 300; i++) {
        uint64_t length = ll_prng_below(&prng, (uint32_t)bytes_count + 1);
        if (i < 4)
            length = (uint64_t[]){0, 4095, 4096, bytes_count - 1}[i];
        if (length == bytes_count)
            length++; /* one too long */
        ll_sim_disk_put(disk, name, whole, length);
        must_refuse_newest(disk, &state, length);
    }
    ll_sim_disk_put(disk, name, whole, bytes_count);
    ck_assert_uint_eq(restore(disk, &state, &resets), 20);
    free(whole);
    state_free(&state);
    ll_sim_disk_free(disk);
}
END_TEST

/* Whole, but not for this journal, this configuration or this history. */
START_TEST(what_does_not_belong)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_sim_disk *other = ll_sim_disk_new();
    struct ll_snapshot_list list;
    struct state state;
    uint8_t *bytes;
    uint64_t bytes_count;
    uint32_t refused;
    script.seed = ll_test_seed("what_does_not_belong");
    state_make(&state, small_bytes);
    journal_write(disk, 40);
    (void)ll_sim_disk_files(other)->random_u64(other); /* another salt */
    journal_write(other, 60);
    must_write(other, &state, 35);
    ck_assert(ll_sim_disk_file(other, "snapshot-00000000000000000035.llsnap", &bytes, &bytes_count));
    ll_sim_disk_put(disk, "snapshot-00000000000000000035.llsnap", bytes, bytes_count);
    must_write(disk, &state, 30);
    ck_assert_uint_eq(restore(disk, &state, &refused), 30);
    ck_assert_uint_eq(refused, 1);
    ck_assert_ptr_nonnull(strstr(last_sentence, "another journal"));
    /* Under another number than its own. */
    ck_assert(ll_sim_disk_file(disk, "snapshot-00000000000000000030.llsnap", &bytes, &bytes_count));
    ll_sim_disk_put(disk, "snapshot-00000000000000000036.llsnap", bytes, bytes_count);
    ck_assert_uint_eq(restore(disk, &state, &refused), 30);
    ck_assert_uint_eq(refused, 2);
    ck_assert(ll_sim_disk_remove(disk, "snapshot-00000000000000000035.llsnap"));
    ck_assert(ll_sim_disk_remove(disk, "snapshot-00000000000000000036.llsnap"));
    /* Another configuration: by its text, by a size. */
    state.snapshot.config = "three regions, layout 2";
    ck_assert_uint_eq(restore(disk, &state, &refused), 0);
    ck_assert_ptr_nonnull(
        strstr(last_sentence, "'three regions, layout 1', this is 'three regions, layout 2'"));
    state.snapshot.config = CONFIG_TEXT;
    state.regions[1].bytes--;
    ck_assert_uint_eq(restore(disk, &state, &refused), 0);
    state.regions[1].bytes++;
    state.snapshot.region_count--;
    ck_assert_uint_eq(restore(disk, &state, &refused), 0);
    state.snapshot.region_count++;
    ck_assert_uint_eq(restore(disk, &state, &refused), 30);
    ck_assert_int_eq(ll_snapshot_list_read(&list, DIR_NAME, ll_sim_disk_files(disk), NULL), LL_OK);
    ck_assert_uint_eq(list.count, 1);
    state_free(&state);
    ll_sim_disk_free(other);
    ll_sim_disk_free(disk);
}
END_TEST

/* An older copy of the journal came back: the snapshot is ahead of it, and later of another history. */
START_TEST(what_the_journal_does_not_hold)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_sim_disk *copy = ll_sim_disk_new();
    struct state state;
    uint8_t *bytes;
    uint64_t bytes_count;
    uint32_t refused;
    script.seed = ll_test_seed("what_the_journal_does_not_hold");
    state_make(&state, small_bytes);
    journal_write(disk, 40);
    must_write(disk, &state, 10);
    for (uint32_t i = 0; i < ll_sim_disk_file_count(disk); i++) {
        const char *name = ll_sim_disk_file_name(disk, i);
        ck_assert(ll_sim_disk_file(disk, name, &bytes, &bytes_count));
        ll_sim_disk_put(copy, name, bytes, bytes_count);
    }
    journal_write(disk, 80);
    must_write(disk, &state, 60);
    ck_assert(ll_sim_disk_file(disk, "snapshot-00000000000000000060.llsnap", &bytes, &bytes_count));
    ll_sim_disk_put(copy, "snapshot-00000000000000000060.llsnap", bytes, bytes_count);
    ck_assert_uint_eq(restore(copy, &state, &refused), 10);
    ck_assert_ptr_nonnull(strstr(last_sentence, "the journal ends before its last record"));
    script.step_ns++; /* the same ids, another history */
    journal_write(copy, 80);
    ck_assert_uint_eq(restore(copy, &state, &refused), 10);
    ck_assert_ptr_nonnull(strstr(last_sentence, "another than its last record"));
    script.step_ns--;
    state_free(&state);
    ll_sim_disk_free(copy);
    ll_sim_disk_free(disk);
}
END_TEST

/* --- Trouble while it is made ------------------------------------------------------------------------------------ */

START_TEST(a_power_cut_at_every_operation)
{
    uint64_t seed = ll_test_seed("a_power_cut_at_every_operation") + (uint64_t)_i * 1000;
    bool struck = true;
    uint32_t new_ones = 0;
    uint64_t k = 0;
    script.seed = seed;
    while (struck && k < 100) {
        struct ll_sim_disk *disk = ll_sim_disk_new();
        struct ll_why why = {0};
        struct state state;
        uint32_t refused;
        uint32_t removed;
        k++;
        state_make(&state, small_bytes);
        journal_write(disk, 40);
        must_write(disk, &state, 10);
        must_write(disk, &state, 20);
        ll_sim_disk_plan_cut(disk, k);
        int rc = snapshot_write(disk, &state, 30, &removed, &why);
        struck = ll_sim_disk_struck(disk);
        ck_assert_int_eq(rc == LL_OK, !struck);
        ll_sim_disk_power_cut(disk, seed + k);
        uint64_t event_id = restore(disk, &state, &refused);
        ck_assert(event_id == 20 || event_id == 30);
        ck_assert_uint_eq(refused, 0); /* what has the name is whole */
        ck_assert(struck || event_id == 30);
        new_ones += struck && event_id == 30;
        must_write(disk, &state, 40);
        ck_assert_uint_eq(restore(disk, &state, &refused), 40);
        state_free(&state);
        ll_sim_disk_free(disk);
    }
    ck_assert(!struck);
    ck_assert_uint_gt(k, 8);
    ck_assert_uint_gt(new_ones, 0);
}
END_TEST

START_TEST(a_fault_at_every_operation)
{
    static const enum ll_sim_operation kinds[] = {LL_SIM_WRITE, LL_SIM_SYNC, LL_SIM_CREATE, LL_SIM_OTHER};
    uint32_t failures = 0;
    script.seed = ll_test_seed("a_fault_at_every_operation");
    for (uint32_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        bool struck = true;
        for (uint64_t nth = 1; struck; nth++) {
            struct ll_sim_disk *disk = ll_sim_disk_new();
            struct ll_why why = {0};
            struct state state;
            uint32_t refused;
            uint32_t removed;
            int code = nth % 2 == 0 ? LL_ERR_NO_SPACE : LL_ERR_IO;
            ck_assert_uint_lt(nth, 100);
            state_make(&state, small_bytes);
            journal_write(disk, 40);
            must_write(disk, &state, 10);
            must_write(disk, &state, 20);
            ll_sim_disk_plan_fault(disk, kinds[kind], nth, code);
            int rc = snapshot_write(disk, &state, 30, &removed, &why);
            struck = ll_sim_disk_struck(disk);
            ck_assert_int_eq(rc, struck ? code : LL_OK);
            ck_assert(!struck || strstr(why.text, "planned fault") != NULL);
            failures += struck;
            uint64_t event_id = restore(disk, &state, &refused);
            ck_assert(event_id == 30 || (struck && event_id == 20));
            ck_assert_uint_eq(refused, 0);
            ll_sim_disk_plan_fault(disk, kinds[kind], 0, LL_OK);
            must_write(disk, &state, 40);
            ck_assert_uint_eq(restore(disk, &state, &refused), 40);
            state_free(&state);
            ll_sim_disk_free(disk);
        }
    }
    ck_assert_uint_gt(failures, 6);
}
END_TEST

/* --- The reader -------------------------------------------------------------------------------------------------- */

static void must_read_from(struct ll_journal_reader *reader, uint64_t first, uint64_t last)
{
    struct ll_journal_record record;
    struct ll_journal_position position;
    struct ll_why why = {0};
    for (uint64_t event_id = first; event_id <= last; event_id++) {
        ck_assert_msg(ll_journal_reader_next(reader, &record, &why) == LL_OK, "%s", why.text);
        ck_assert_uint_eq(record.event_id, event_id);
        ck_assert(ll_script_equals(&script, &record));
    }
    ck_assert_int_eq(ll_journal_reader_next(reader, &record, &why), LL_ERR_SHORT);
    ll_journal_reader_position(reader, &position);
    ck_assert_uint_eq(position.records, last + 1 - first);
    ck_assert_uint_eq(position.last_event_id, last);
    ck_assert_uint_eq(position.durable_event_id, last); /* sealed */
    ck_assert_uint_eq(position.first_event_id, first <= last ? first : 0);
    ck_assert(position.ended);
}

START_TEST(a_reader_from_any_event)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    const struct ll_journal_files *files = ll_sim_disk_files(disk);
    struct ll_journal_reader *reader;
    struct ll_journal_reader *one;
    struct ll_prng prng;
    struct ll_why why = {0};
    uint64_t last = 0;
    script.seed = ll_test_seed("a_reader_from_any_event") + (uint64_t)_i;
    ll_prng_init(&prng, script.seed);
    for (int life = 0; life < 6; life++) { /* seals in the middle, also at the start of a segment */
        last += 1 + ll_prng_below(&prng, 300);
        journal_write(disk, last);
    }
    ck_assert_uint_gt(ll_sim_disk_file_count(disk), 2);
    one = must_read(disk);
    for (uint64_t event_id = 1; event_id <= last + 1; event_id++) {
        int rc = ll_journal_reader_open_at(&reader, DIR_NAME, event_id, files, &why);
        ck_assert_msg(rc == LL_OK, "event %llu: %s", (unsigned long long)event_id, why.text);
        uint64_t there = 1 + ll_prng_below(&prng, (uint32_t)last + 1);
        if (event_id % 7 == 0 || event_id == last + 1)
            must_read_from(reader, event_id, last);
        ck_assert_msg(ll_journal_reader_seek(one, there, &why) == LL_OK, "%s", why.text);
        if (event_id % 7 == 3)
            must_read_from(one, there, last); /* forwards and back with the same reader */
        ll_journal_reader_close(reader);
    }
    ck_assert_int_eq(ll_journal_reader_seek(one, last + 2, &why), LL_ERR_SHORT);
    ck_assert_ptr_nonnull(strstr(why.text, "before event"));
    ck_assert_int_eq(ll_journal_reader_seek(one, 0, &why), LL_OK);
    must_read_from(one, 1, last);
    ll_journal_reader_close(one);
    ll_sim_disk_free(disk);
}
END_TEST

START_TEST(older_segments_are_gone)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_journal_reader *reader;
    struct ll_journal_position position;
    struct ll_journal_record record;
    struct ll_why why = {0};
    struct state state;
    uint32_t refused;
    char name[64];
    script.seed = ll_test_seed("older_segments_are_gone");
    state_make(&state, small_bytes);
    journal_write(disk, 600);
    must_write(disk, &state, 500);
    for (uint32_t i = ll_sim_disk_file_count(disk); i-- > 0;) {
        (void)snprintf(name, sizeof name, "%s", ll_sim_disk_file_name(disk, i));
        if (strstr(name, "-000001.lljournal") != NULL || strstr(name, "-000002.lljournal") != NULL)
            ck_assert(ll_sim_disk_remove(disk, name));
    }
    ck_assert_int_eq(ll_journal_reader_open_at(&reader, DIR_NAME, 1, ll_sim_disk_files(disk), &why),
                     LL_ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(why.text, "the journal begins at event"));
    reader = must_read(disk);
    memset(&why, 0, sizeof why);
    ck_assert_int_eq(ll_journal_reader_next(reader, &record, &why), LL_OK);
    uint64_t first = record.event_id;
    ck_assert_uint_gt(first, 2);
    ck_assert_int_eq(ll_journal_reader_seek(reader, first + 5, &why), LL_OK);
    must_read_from(reader, first + 5, 600);
    ll_journal_reader_position(reader, &position);
    ck_assert_uint_eq(position.last_event_id, 600);
    ll_journal_reader_close(reader);
    /* The snapshot is what makes such a journal whole again. */
    ck_assert_uint_eq(restore(disk, &state, &refused), 500);
    state_free(&state);
    ll_sim_disk_free(disk);
}
END_TEST

/* --- One pass at the start --------------------------------------------------------------------------------------- */

static uint64_t read_bytes;
static int (*sim_read)(void *context, int file, void *bytes, size_t bytes_count, uint64_t offset,
                       size_t *got_bytes, struct ll_why *why);

static int counted_read(void *context, int file, void *bytes, size_t bytes_count, uint64_t offset,
                        size_t *got_bytes, struct ll_why *why)
{
    read_bytes += bytes_count;
    return sim_read(context, file, bytes, bytes_count, offset, got_bytes, why);
}

/* Opens in two steps from `event_id` on, and closes. Returns the bytes read. */
static uint64_t start_from(const struct ll_journal_files *files, uint64_t event_id, uint64_t last)
{
    struct ll_journal_config config = journal_config(files);
    struct ll_journal_recovery recovery;
    struct ll_journal *journal;
    struct ll_journal_reader *reader;
    struct ll_journal_record record;
    struct ll_why why = {0};
    int rc;
    read_bytes = 0;
    ck_assert_msg(ll_journal_lock(&journal, &config, &why) == LL_OK, "%s", why.text);
    ck_assert_int_eq(ll_journal_reader_open_at(&reader, DIR_NAME, event_id, files, &why), LL_OK);
    while ((rc = ll_journal_reader_next(reader, &record, &why)) == LL_OK)
        ;
    ck_assert_int_eq(rc, LL_ERR_SHORT);
    ck_assert_int_eq(ll_journal_start(journal, reader, &recovery, &why), LL_OK);
    ck_assert_uint_eq(recovery.last_event_id, last);
    ll_journal_reader_close(reader);
    uint64_t bytes = read_bytes;
    ck_assert_int_eq(ll_script_append(&script, journal, last + 1, 1), LL_OK);
    ck_assert_int_eq(ll_journal_close(journal, &why), LL_OK);
    return bytes;
}

START_TEST(each_slot_is_read_once)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_journal_files files = *ll_sim_disk_files(disk);
    struct ll_why why = {0};
    uint64_t last = 0;
    script.seed = ll_test_seed("each_slot_is_read_once");
    sim_read = files.read;
    files.read = counted_read;
    segment_bytes = (uint64_t)1 << 20;
    journal_write(disk, 20000);
    uint64_t segments = ll_sim_disk_file_count(disk) - 1; /* the last one is prepared, not used */
    ck_assert_uint_gt(segments, 4);
    /* Whole: once, and at each end of a segment a look at what is behind it. From the last records on: as much as
     * that takes in two segments, however long the journal is. */
    ck_assert_uint_le(start_from(&files, 1, 20000), segments * segment_bytes * 3 / 2);
    ck_assert_uint_le(start_from(&files, 19990, 20001), 3 * segment_bytes);
    ck_assert_int_eq(ll_script_read(&script, DIR_NAME, &files, &last, &why), LL_ERR_SHORT);
    ck_assert_uint_eq(last, 20002);
    ll_sim_disk_free(disk);
}
END_TEST

/* Locked and given up, locked twice, never started. */
START_TEST(a_lock_without_a_start)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_journal_config config = journal_config(ll_sim_disk_files(disk));
    struct ll_journal *journal;
    struct ll_journal *second;
    struct ll_journal_recovery recovery;
    struct ll_why why = {0};
    script.seed = ll_test_seed("a_lock_without_a_start");
    ck_assert_int_eq(ll_journal_lock(&journal, &config, &why), LL_OK);
    ck_assert_int_eq(ll_journal_lock(&second, &config, &why), LL_ERR_BUSY);
    ck_assert_ptr_null(second);
    ck_assert_int_eq(ll_journal_close(journal, &why), LL_OK);
    ck_assert_uint_eq(ll_sim_disk_file_count(disk), 0);
    ck_assert_int_eq(ll_journal_lock(&journal, &config, &why), LL_OK);
    ck_assert_int_eq(ll_journal_start(journal, NULL, &recovery, &why), LL_OK);
    ck_assert_int_eq(ll_script_append(&script, journal, 1, 10), LL_OK);
    ck_assert_int_eq(ll_journal_close(journal, &why), LL_OK);
    ll_sim_disk_free(disk);
}
END_TEST

/* What a follower calls durable is never more than what the writer does, and at the end all of it. */
START_TEST(durable_by_marks)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_journal_config config = journal_config(ll_sim_disk_files(disk));
    struct ll_journal *journal;
    struct ll_journal_recovery recovery;
    struct ll_journal_record record;
    struct ll_journal_position position;
    struct ll_why why = {0};
    uint64_t seen = 0;
    script.seed = ll_test_seed("durable_by_marks");
    ck_assert_int_eq(ll_journal_open(&journal, &config, &recovery, &why), LL_OK);
    struct ll_journal_reader *reader = must_read(disk);
    for (uint64_t event_id = 1; event_id <= 1500; event_id++) {
        ck_assert_int_eq(ll_script_append(&script, journal, event_id, 1), LL_OK);
        while (event_id % 50 == 0 && ll_journal_reader_next(reader, &record, &why) == LL_OK) {
            ll_journal_reader_position(reader, &position);
            ck_assert_uint_ge(position.durable_event_id, seen);
            seen = position.durable_event_id;
            ck_assert_uint_lt(seen, record.event_id);
            ck_assert_uint_le(seen, ll_journal_durable_event_id(journal));
        }
    }
    ck_assert_uint_gt(seen, 0);
    ck_assert_int_eq(ll_journal_close(journal, &why), LL_OK);
    while (ll_journal_reader_next(reader, &record, &why) == LL_OK)
        ;
    ll_journal_reader_position(reader, &position);
    ck_assert_uint_eq(position.durable_event_id, 1500);
    ll_journal_reader_close(reader);
    ll_sim_disk_free(disk);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("snapshot");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 100);
    tcase_add_test(all, names);
    tcase_add_test(all, round_trips);
    tcase_add_test(all, what_is_kept);
    tcase_add_test(all, every_damaged_byte_is_seen);
    tcase_add_test(all, what_does_not_belong);
    tcase_add_test(all, what_the_journal_does_not_hold);
    tcase_add_loop_test(all, a_power_cut_at_every_operation, 0, 6);
    tcase_add_test(all, a_fault_at_every_operation);
    tcase_add_loop_test(all, a_reader_from_any_event, 0, 3);
    tcase_add_test(all, older_segments_are_gone);
    tcase_add_test(all, each_slot_is_read_once);
    tcase_add_test(all, a_lock_without_a_start);
    tcase_add_test(all, durable_by_marks);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
