/* SPDX-License-Identifier: Apache-2.0 */
#include "host/journal/ll_journal.h"

#include "host/base/ll_assert.h"
#include "host/journal/ll_journal_list.h"
#include "host/journal/ll_journal_parts.h"
#include "host/journal/ll_journal_reader.h"

#include <sched.h>

#define LL_JOURNAL_PAGE_BYTES ((size_t)4096)

static_assert(LL_JOURNAL_SEGMENT_BYTES_MIN > LL_SEGMENT_HEADER_BYTES + LL_RECORD_SLOTS_MAX * LL_SLOT_BYTES,
              "the longest record fits in an empty segment");
static_assert(LL_JOURNAL_RING_SLOTS_MIN >= LL_RECORD_SLOTS_MAX, "the longest record fits in the ring");
static_assert(LL_SLOT_BYTES == LL_RING_SLOT_BYTES, "the ring carries slots");

void ll_journal_config_default(struct ll_journal_config *config)
{
    memset(config, 0, sizeof *config);
    config->segment_bytes = LL_JOURNAL_SEGMENT_BYTES_DEFAULT;
    config->ring_slots = LL_JOURNAL_RING_SLOTS_DEFAULT;
    config->write_slots_max = 0;
    config->writer_cpu = -1;
    config->writer_spin_ns = LL_JOURNAL_WRITER_SPIN_NS;
    config->run_align_bytes = LL_JOURNAL_RUN_ALIGN_DEFAULT;
}

static int ll_journal_check_config(const struct ll_journal_config *config, struct ll_why *why)
{
    if (config->dir == NULL || config->dir[0] == 0 || strlen(config->dir) > LL_JOURNAL_DIR_BYTES_MAX)
        return LL_FAIL(why, LL_ERR_USAGE, "journal directory: give a path of 1 to %u bytes",
                       LL_JOURNAL_DIR_BYTES_MAX);
    if (!ll_segment_sizes_valid(config->segment_bytes, config->run_align_bytes))
        return LL_FAIL(why, LL_ERR_USAGE,
                       "segment of %llu bytes, runs aligned to %llu: give a multiple of 4096 from %llu, and "
                       "512 or 4096",
                       (unsigned long long)config->segment_bytes, (unsigned long long)config->run_align_bytes,
                       (unsigned long long)LL_JOURNAL_SEGMENT_BYTES_MIN);
    if (config->ring_slots < LL_JOURNAL_RING_SLOTS_MIN ||
        ll_slot_ring_footprint_bytes(config->ring_slots) == 0)
        return LL_FAIL(why, LL_ERR_USAGE, "ring of %llu slots: give a power of two from %llu",
                       (unsigned long long)config->ring_slots, (unsigned long long)LL_JOURNAL_RING_SLOTS_MIN);
    if (config->writer_cpu >= CPU_SETSIZE)
        return LL_FAIL(why, LL_ERR_USAGE, "writer cpu %d: give one below %d, or -1", config->writer_cpu,
                       CPU_SETSIZE);
    return LL_OK;
}

/* Takes all memory the journal will ever have: the object itself, ring, run, zeros. */
static int ll_journal_take_memory(struct ll_journal **journal, const struct ll_journal_config *config,
                                  struct ll_why *why)
{
    struct ll_arena arena;
    size_t ring_bytes = ll_slot_ring_footprint_bytes(config->ring_slots);
    size_t run_bytes = (LL_JOURNAL_RUN_SLOTS_MAX + LL_RECORD_SLOTS_MAX) * LL_SLOT_BYTES;
    size_t object_bytes = ll_align_up(sizeof **journal, LL_JOURNAL_PAGE_BYTES);
    int rc = ll_arena_init(
        &arena, object_bytes + ring_bytes + run_bytes + LL_PREPARE_STEP_BYTES + LL_JOURNAL_PAGE_BYTES, why);
    if (rc != LL_OK)
        return rc;
    struct ll_journal *made = ll_arena_alloc(&arena, object_bytes, LL_JOURNAL_PAGE_BYTES);
    void *ring_slots = ll_arena_alloc(&arena, ring_bytes, LL_JOURNAL_PAGE_BYTES);
    made->zeros = ll_arena_alloc(&arena, LL_PREPARE_STEP_BYTES, LL_JOURNAL_PAGE_BYTES);
    made->writer.run = ll_arena_alloc(&arena, run_bytes, LL_JOURNAL_PAGE_BYTES);
    ll_arena_seal(&arena);
    ll_slot_ring_init(&made->ring, ring_slots, config->ring_slots);
    made->config = *config;
    made->writer.write_slots_max = config->write_slots_max;
    if (config->write_slots_max == 0 || config->write_slots_max > LL_JOURNAL_RUN_SLOTS_MAX)
        made->writer.write_slots_max = LL_JOURNAL_RUN_SLOTS_MAX;
    made->arena = arena;
    *journal = made;
    return LL_OK;
}

/* Directory, lock, and what an interrupted preparation left behind. */
static int ll_journal_enter_dir(struct ll_journal *journal, struct ll_why *why)
{
    const struct ll_journal_files *files = journal->files;
    struct ll_why ignored = {0};
    int rc = files->dir_open(files->context, journal->config.dir, true, &journal->dir, why);
    if (rc == LL_OK)
        rc = files->lock(files->context, journal->dir, LL_SEGMENT_LOCK_NAME, &journal->lock, why);
    if (rc ==
        LL_ERR_INPUT) { /* to the file system a name that is not there; to us a place that cannot be written */
        rc = LL_ERR_IO;
        if (why != NULL)
            why->code = rc;
    }
    if (rc != LL_OK)
        return rc;
    rc = files->unlink(files->context, journal->dir, LL_SEGMENT_TMP_NAME, &ignored);
    if (rc == LL_OK || rc == LL_ERR_INPUT)
        return LL_OK;
    if (why != NULL && why->code == LL_OK)
        *why = ignored;
    return rc;
}

/* The first segment ever. Its day is not known yet; the first record names it. */
static int ll_journal_begin(struct ll_journal *journal, struct ll_why *why)
{
    const struct ll_journal_files *files = journal->files;
    struct ll_prepared first = {.segment = {.salt = files->random_u64(files->context),
                                            .number = 1,
                                            .segment_bytes = journal->config.segment_bytes,
                                            .run_align_bytes = journal->config.run_align_bytes}};
    int rc = ll_prepare(&first, files, journal->dir, journal->zeros, NULL, why);
    if (rc != LL_OK)
        return rc;
    ll_journal_writer_stand(&journal->writer, &first.segment, first.file, first.day, 0);
    atomic_store_explicit(&journal->counters.segments_created, 1, memory_order_relaxed);
    return LL_OK;
}

/* Reads the whole journal: every record is checked before one is added. */
static int ll_journal_read_through(const struct ll_journal *journal, struct ll_journal_position *position,
                                   struct ll_why *why)
{
    struct ll_journal_reader *reader;
    struct ll_journal_record record;
    int rc = ll_journal_reader_open_files(&reader, journal->config.dir, journal->files, why);
    if (rc != LL_OK)
        return rc;
    do
        rc = ll_journal_reader_next(reader, &record, why);
    while (rc == LL_OK);
    ll_journal_reader_position(reader, position);
    ll_journal_reader_close(reader);
    return rc == LL_ERR_SHORT ? LL_OK : rc;
}

/* Zeroes the unfinished tail and makes durable what stays. Doing it twice, or half and then again, is
 * harmless: what is cut has no run-start mark behind its first bad slot, whatever part of it is left. Zeros
 * in front of it are not written again: they may share a sector with records that were durable before. */
static int ll_journal_cut(struct ll_journal *journal, const struct ll_journal_position *position,
                          struct ll_why *why)
{
    const struct ll_journal_files *files = journal->files;
    uint64_t at = ll_segment_offset(position->torn_first);
    uint64_t left_bytes = position->torn_slots * LL_SLOT_BYTES;
    int rc = LL_OK;
    while (left_bytes > 0 && rc == LL_OK) {
        size_t step_bytes = left_bytes < LL_PREPARE_STEP_BYTES ? (size_t)left_bytes : LL_PREPARE_STEP_BYTES;
        rc = files->write(files->context, journal->writer.file, journal->zeros, step_bytes, at, why);
        at += step_bytes;
        left_bytes -= step_bytes;
    }
    /* Also without a cut: records of a killed process may be in the page cache only. */
    return rc == LL_OK ? files->sync(files->context, journal->writer.file, why) : rc;
}

/* Removes prepared segments behind the writer's, which are proven to be empty: highest first and each made
 * durable, so that a cut in between never leaves a hole in the numbers. The preparer makes new ones. */
static int ll_journal_remove_prepared(struct ll_journal *journal, struct ll_journal_list *list,
                                      struct ll_why *why)
{
    const struct ll_journal_files *files = journal->files;
    uint64_t number = journal->writer.segment.number;
    int rc = ll_journal_list_read(list, files, journal->dir, number, why);
    for (size_t i = list->count; rc == LL_OK && i > 1; i--) {
        char name[LL_SEGMENT_NAME_BYTES];
        LL_ASSERT(list->entries[i - 1].number > number);
        ll_segment_name(name, list->entries[i - 1].day, list->entries[i - 1].number);
        rc = files->unlink(files->context, journal->dir, name, why);
        if (rc == LL_OK)
            rc = files->dir_sync(files->context, journal->dir, why);
    }
    return rc;
}

/* Puts the writer where the reading ended. */
static int ll_journal_stand_at(struct ll_journal *journal, const struct ll_journal_position *position,
                               struct ll_why *why)
{
    const struct ll_journal_files *files = journal->files;
    struct ll_segment segment;
    char name[LL_SEGMENT_NAME_BYTES];
    uint8_t header[LL_SEGMENT_HEADER_BYTES];
    size_t got_bytes = 0;
    int file = -1;
    if (position->next_event_id == 0)
        return LL_FAIL(why, LL_ERR_CORRUPT,
                       "segment %06llu holds nothing and those before it are gone: the last event id is not "
                       "known; bring back the segment before it",
                       (unsigned long long)position->segment_number);
    ll_segment_name(name, position->day, position->segment_number);
    int rc = files->open(files->context, journal->dir, name, LL_JOURNAL_FILE_WRITE, &file, why);
    if (rc != LL_OK)
        return rc;
    journal->writer.file = file;
    rc = files->read(files->context, file, header, sizeof header, 0, &got_bytes, why);
    if (rc == LL_OK && got_bytes < sizeof header)
        rc = LL_FAIL(why, LL_ERR_IO, "segment %s became shorter while it was read", name);
    if (rc == LL_OK)
        rc = ll_segment_header_decode(&segment, header, why);
    if (rc == LL_OK)
        ll_journal_writer_stand(&journal->writer, &segment, file, position->day, position->slot_index);
    return rc;
}

static int ll_journal_recover(struct ll_journal *journal, struct ll_journal_list *list,
                              const struct ll_journal_reader *reader, struct ll_journal_recovery *recovery,
                              struct ll_why *why)
{
    const struct ll_journal_files *files = journal->files;
    struct ll_journal_position position;
    int rc = LL_OK;
    if (reader != NULL)
        ll_journal_reader_position(reader, &position);
    else
        rc = ll_journal_read_through(journal, &position, why);
    LL_ASSERT(rc != LL_OK || position.ended);
    if (rc == LL_OK)
        rc = ll_journal_stand_at(journal, &position, why);
    if (rc == LL_OK)
        rc = ll_journal_cut(journal, &position, why);
    if (rc == LL_OK)
        rc = files->dir_sync(files->context, journal->dir, why);
    if (rc == LL_OK)
        rc = ll_journal_remove_prepared(journal, list, why);
    if (rc != LL_OK)
        return rc;
    journal->writer.sealed = position.sealed;
    recovery->last_event_id = position.last_event_id;
    recovery->segments = position.segments;
    recovery->bytes = position.slots * LL_SLOT_BYTES;
    recovery->torn_slots_cut = position.torn_slots;
    return LL_OK;
}

static int ll_journal_recover_or_begin(struct ll_journal *journal, const struct ll_journal_reader *reader,
                                       struct ll_journal_recovery *recovery, struct ll_why *why)
{
    struct ll_journal_list list = {0};
    int rc = ll_journal_list_read(&list, journal->files, journal->dir, 0, why);
    if (rc == LL_OK && list.count == 0)
        rc = ll_journal_begin(journal, why);
    else if (rc == LL_OK)
        rc = ll_journal_recover(journal, &list, reader, recovery, why);
    ll_journal_list_free(&list);
    journal->recovered_event_id = recovery->last_event_id;
    journal->writer.next_event_id = recovery->last_event_id + 1;
    atomic_store_explicit(&journal->appended_event_id, recovery->last_event_id, memory_order_relaxed);
    atomic_store_explicit(&journal->durable_event_id, recovery->last_event_id, memory_order_relaxed);
    return rc;
}

static int ll_journal_start_threads(struct ll_journal *journal, struct ll_why *why)
{
    pthread_attr_t attributes;
    int rc = ll_preparer_start(&journal->preparer, journal->files, journal->dir, journal->zeros,
                               journal->config.is_stepped, why);
    if (rc != LL_OK)
        return rc;
    ll_journal_want_next(journal);
    if (journal->config.is_stepped) {
        journal->writer_running = true;
        return LL_OK;
    }
    (void)pthread_attr_init(&attributes);
    if (journal->config.writer_cpu >= 0) {
        cpu_set_t cpus;
        CPU_ZERO(&cpus);
        CPU_SET((size_t)journal->config.writer_cpu, &cpus);
        (void)pthread_attr_setaffinity_np(&attributes, sizeof cpus, &cpus);
    }
    if (pthread_create(&journal->writer_thread, &attributes, ll_journal_writer_main, journal) == 0) {
        journal->writer_running = true;
        (void)pthread_setname_np(journal->writer_thread, "ll-journal");
    } else {
        rc = LL_FAIL(why, LL_ERR_ENVIRONMENT,
                     "cannot start the journal's writer thread on cpu %d; name another",
                     journal->config.writer_cpu);
    }
    (void)pthread_attr_destroy(&attributes);
    return rc;
}

/* What is queued is written first. */
static void ll_journal_stop_writer(struct ll_journal *journal)
{
    if (!journal->writer_running)
        return;
    journal->writer_running = false;
    if (journal->config.is_stepped) {
        while (ll_journal_status(journal, NULL) == LL_OK && ll_journal_writer_turn(journal))
            ;
        if (ll_journal_status(journal, NULL) == LL_OK)
            ll_journal_writer_end(journal);
        return;
    }
    atomic_store_explicit(&journal->stopping, true, memory_order_release);
    ll_journal_writer_wake(journal);
    (void)pthread_join(journal->writer_thread, NULL);
}

/* Gives back everything that is held, the object last; the threads first. */
static void ll_journal_release(struct ll_journal *journal)
{
    ll_journal_stop_writer(journal);
    ll_preparer_stop(&journal->preparer);
    if (journal->writer.file >= 0)
        journal->files->close(journal->files->context, journal->writer.file);
    if (journal->lock >= 0)
        journal->files->close(journal->files->context, journal->lock);
    if (journal->dir >= 0)
        journal->files->close(journal->files->context, journal->dir);
    struct ll_arena arena = journal->arena; /* the object lies in it */
    ll_arena_deinit(&arena);
}

int ll_journal_lock(struct ll_journal **journal, const struct ll_journal_config *config, struct ll_why *why)
{
    struct ll_journal *made;
    *journal = NULL;
    int rc = ll_journal_check_config(config, why);
    if (rc == LL_OK)
        rc = ll_journal_take_memory(&made, config, why);
    if (rc != LL_OK)
        return rc;
    made->files = config->files != NULL ? config->files : ll_journal_files_real();
    made->dir = -1;
    made->lock = -1;
    made->writer.file = -1;
    made->fences_for_producer = !config->is_stepped && ll_journal_fence_init();
    rc = ll_journal_enter_dir(made, why);
    if (rc == LL_OK) {
        *journal = made;
        return LL_OK;
    }
    ll_why_append(why, "journal %s", config->dir);
    ll_journal_release(made);
    return rc;
}

int ll_journal_start(struct ll_journal *journal, const struct ll_journal_reader *reader,
                     struct ll_journal_recovery *recovery, struct ll_why *why)
{
    LL_ASSERT(!journal->writer_running);
    memset(recovery, 0, sizeof *recovery);
    int rc = ll_journal_recover_or_begin(journal, reader, recovery, why);
    if (rc == LL_OK)
        rc = ll_journal_start_threads(journal, why);
    if (rc != LL_OK)
        ll_why_append(why, "journal %s", journal->config.dir);
    return rc;
}

int ll_journal_open(struct ll_journal **journal, const struct ll_journal_config *config,
                    struct ll_journal_recovery *recovery, struct ll_why *why)
{
    memset(recovery, 0, sizeof *recovery);
    int rc = ll_journal_lock(journal, config, why);
    if (rc == LL_OK)
        rc = ll_journal_start(*journal, NULL, recovery, why);
    if (rc != LL_OK && *journal != NULL) {
        ll_journal_release(*journal);
        *journal = NULL;
    }
    return rc;
}

int ll_journal_append(struct ll_journal *journal, const struct ll_slot *slots, uint32_t slot_count)
{
    LL_ASSERT(slot_count > 0);
    LL_ASSERT(slot_count <= journal->config.ring_slots);
    if (LL_UNLIKELY(atomic_load_explicit(&journal->status, memory_order_relaxed) != LL_OK))
        return LL_ERR_STOPPED;
    if (LL_UNLIKELY(!ll_slot_ring_push(&journal->ring, slots, slot_count)))
        return LL_ERR_FULL;
    uint64_t slots_appended = atomic_load_explicit(&journal->slots_appended, memory_order_relaxed);
    atomic_store_explicit(&journal->slots_appended, slots_appended + slot_count, memory_order_relaxed);
    atomic_store_explicit(&journal->appended_event_id, slots[slot_count - 1].event_id, memory_order_relaxed);
    if (LL_UNLIKELY(atomic_load_explicit(&journal->writer_sleeps, memory_order_relaxed) != 0))
        ll_journal_writer_wake(journal);
    return LL_OK;
}

bool ll_journal_work(struct ll_journal *journal)
{
    LL_ASSERT(journal->config.is_stepped);
    if (ll_journal_status(journal, NULL) != LL_OK)
        return false;
    if (ll_journal_writer_turn(journal))
        return true;
    return ll_journal_status(journal, NULL) == LL_OK && ll_preparer_work(&journal->preparer);
}

uint64_t ll_journal_durable_event_id(const struct ll_journal *journal)
{
    return atomic_load_explicit(&journal->durable_event_id, memory_order_acquire);
}

int ll_journal_status(const struct ll_journal *journal, struct ll_why *why)
{
    int status = atomic_load_explicit(&journal->status, memory_order_acquire);
    if (status != LL_OK && why != NULL && why->code == LL_OK)
        *why = journal->why;
    return status;
}

void ll_journal_stats(const struct ll_journal *journal, struct ll_journal_stats *stats)
{
    const struct ll_journal_counters *counters = &journal->counters;
    stats->records_appended =
        atomic_load_explicit(&journal->appended_event_id, memory_order_relaxed) - journal->recovered_event_id;
    stats->slots_appended = atomic_load_explicit(&journal->slots_appended, memory_order_relaxed);
    stats->slots_written = atomic_load_explicit(&counters->slots_written, memory_order_relaxed);
    stats->slots_durable = atomic_load_explicit(&counters->slots_durable, memory_order_relaxed);
    stats->writes = atomic_load_explicit(&counters->writes, memory_order_relaxed);
    stats->syncs = atomic_load_explicit(&counters->syncs, memory_order_relaxed);
    stats->segments_created = atomic_load_explicit(&counters->segments_created, memory_order_relaxed);
    stats->bytes_written = atomic_load_explicit(&counters->bytes_written, memory_order_relaxed);
    stats->sync_ns_total = atomic_load_explicit(&counters->sync_ns_total, memory_order_relaxed);
    stats->sync_ns_max = atomic_load_explicit(&counters->sync_ns_max, memory_order_relaxed);
}

int ll_journal_close(struct ll_journal *journal, struct ll_why *why)
{
    if (journal == NULL)
        return LL_OK;
    ll_journal_stop_writer(journal);
    int status = ll_journal_status(journal, why);
    ll_journal_release(journal);
    return status;
}
