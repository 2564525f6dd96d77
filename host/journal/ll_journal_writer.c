/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "host/journal/ll_journal_parts.h"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LL_WRITER_POLLS_PER_CLOCK 64
#define LL_WRITER_SLEEP_NS        ((long)100 * 1000 * 1000) /* a sleep that no append ends */
#define LL_WRITER_SLEEP_NS_UNSAFE ((long)1000 * 1000)       /* the most an append can go unnoticed */

static void ll_writer_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void ll_writer_count(_Atomic uint64_t *counter, uint64_t add)
{
    /* One writer: a plain addition is enough, no locked instruction. */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + add,
                          memory_order_relaxed);
}

void ll_journal_writer_stand(struct ll_journal_writer *writer, const struct ll_segment *segment, int file,
                             uint64_t day, uint64_t slot_index)
{
    LL_ASSERT(slot_index <= ll_segment_slots(segment));
    writer->segment = *segment;
    writer->seed = ll_segment_seed(segment);
    writer->file = file;
    writer->day = day;
    writer->day_end_ns = (day + 1) * LL_NS_PER_DAY;
    writer->slot_index = slot_index;
}

void ll_journal_want_next(struct ll_journal *journal)
{
    struct ll_segment next = journal->writer.segment;
    next.number++;
    next.segment_bytes = journal->config.segment_bytes;
    next.run_align_bytes = journal->config.run_align_bytes;
    uint64_t used_permille = journal->writer.slot_index * 1000 / ll_segment_slots(&journal->writer.segment);
    ll_preparer_progress(&journal->preparer,
                         atomic_load_explicit(&journal->counters.writes, memory_order_relaxed),
                         (uint32_t)used_permille);
    ll_preparer_want(&journal->preparer, &next, journal->writer.day);
}

bool ll_journal_fence_init(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void ll_journal_writer_wake(struct ll_journal *journal)
{
    atomic_store_explicit(&journal->writer_sleeps, 0, memory_order_relaxed);
    (void)syscall(SYS_futex, &journal->writer_sleeps, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static bool ll_writer_has_work(struct ll_journal *journal)
{
    void *slots;
    return ll_slot_ring_peek(&journal->ring, &slots, 1) > 0 ||
           atomic_load_explicit(&journal->stopping, memory_order_acquire);
}

/* Announces the sleep, looks once more, sleeps. Append publishes its slots and then looks at the
 * announcement, without a fence between the two; the membarrier here makes that fence happen on the
 * producer's core, at the expense of the idle side. Where it is not offered, the sleep is short instead. */
static void ll_writer_sleep(struct ll_journal *journal)
{
    atomic_store_explicit(&journal->writer_sleeps, 1, memory_order_seq_cst);
    bool fenced =
        journal->fences_for_producer && syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
    if (!ll_writer_has_work(journal)) {
        struct timespec most = {0, fenced ? LL_WRITER_SLEEP_NS : LL_WRITER_SLEEP_NS_UNSAFE};
        (void)syscall(SYS_futex, &journal->writer_sleeps, FUTEX_WAIT_PRIVATE, 1, &most, NULL, 0);
    }
    atomic_store_explicit(&journal->writer_sleeps, 0, memory_order_relaxed);
}

/* Waits for slots or the stop: polls for a while, then sleeps. */
static void ll_writer_wait(struct ll_journal *journal)
{
    uint64_t start_ns = ll_clock_mono_ns();
    do {
        for (int i = 0; i < LL_WRITER_POLLS_PER_CLOCK; i++) {
            if (ll_writer_has_work(journal))
                return;
            ll_writer_relax();
        }
    } while (ll_clock_mono_ns() - start_ns < journal->config.writer_spin_ns);
    while (!ll_writer_has_work(journal))
        ll_writer_sleep(journal);
}

enum ll_gather_end {
    LL_GATHER_EMPTY, /* nothing more is queued, or the run is long enough */
    LL_GATHER_FULL,  /* the next record does not fit in the segment */
    LL_GATHER_DAY    /* the next record begins a new day */
};

/* A run being built. */
struct ll_gather {
    uint64_t run_slots;
    uint64_t run_slots_max; /* room in the segment */
    uint64_t last_event_id;
    uint32_t tails_left; /* of the record being copied; a record may wrap around the ring */
    enum ll_gather_end end;
};

/* May the record that starts here join the run? Also checks that the caller keeps the rules. */
static bool ll_writer_admit(struct ll_journal_writer *writer, struct ll_gather *gather,
                            const struct ll_slot *head)
{
    LL_ASSERT(head->kind != 0 && head->kind < LL_RECORD_KIND_SEAL);
    LL_ASSERT(head->payload_bytes <= LL_RECORD_PAYLOAD_BYTES_MAX);
    LL_ASSERT(head->event_id == writer->next_event_id);
    uint32_t count = ll_record_slots(head->payload_bytes);
    gather->end = LL_GATHER_EMPTY;
    if (gather->run_slots > 0 && gather->run_slots + count > writer->write_slots_max)
        return false;
    if (LL_UNLIKELY(head->time_ns >= writer->day_end_ns)) {
        gather->end = LL_GATHER_DAY;
        return false;
    }
    if (LL_UNLIKELY(gather->run_slots + count > gather->run_slots_max)) {
        gather->end = LL_GATHER_FULL;
        return false;
    }
    gather->tails_left = count - 1;
    gather->last_event_id = head->event_id;
    writer->next_event_id = head->event_id + 1;
    return true;
}

/* Copies and checksums from one contiguous part of the ring; returns the slots taken. */
static uint64_t ll_writer_copy(struct ll_journal_writer *writer, struct ll_gather *gather,
                               const struct ll_slot *slots, uint64_t count)
{
    uint64_t taken = 0;
    while (taken < count) {
        const struct ll_slot *source = &slots[taken];
        if (gather->tails_left > 0)
            gather->tails_left--;
        else if (!ll_writer_admit(writer, gather, source))
            break;
        struct ll_slot *target = &writer->run[gather->run_slots];
        *target = *source;
        if (gather->run_slots == 0)
            target->payload_bytes |= LL_RECORD_RUN_START;
        target->crc32c = ll_slot_crc32c(target, writer->seed);
        gather->run_slots++;
        taken++;
    }
    return taken;
}

/* Builds a run from what is queued. */
static void ll_writer_gather(struct ll_journal *journal, struct ll_gather *gather)
{
    struct ll_journal_writer *writer = &journal->writer;
    uint64_t start = ll_segment_run_start(&writer->segment, writer->slot_index);
    *gather = (struct ll_gather){.run_slots_max = ll_segment_slots(&writer->segment) - start};
    for (;;) {
        void *slots;
        uint64_t most = LL_JOURNAL_RUN_SLOTS_MAX + LL_RECORD_SLOTS_MAX - gather->run_slots;
        uint64_t count = ll_slot_ring_peek(&journal->ring, &slots, most);
        if (count == 0)
            return;
        uint64_t taken = ll_writer_copy(writer, gather, slots, count);
        ll_slot_ring_pop(&journal->ring, taken);
        if (taken < count)
            return;
    }
}

static int ll_writer_sync(struct ll_journal *journal, struct ll_why *why)
{
    uint64_t start_ns = ll_clock_mono_ns();
    int rc = journal->files->sync(journal->files->context, journal->writer.file, why);
    uint64_t sync_ns = ll_clock_mono_ns() - start_ns;
    ll_writer_count(&journal->counters.syncs, 1);
    ll_writer_count(&journal->counters.sync_ns_total, sync_ns);
    if (sync_ns > atomic_load_explicit(&journal->counters.sync_ns_max, memory_order_relaxed))
        atomic_store_explicit(&journal->counters.sync_ns_max, sync_ns, memory_order_relaxed);
    return rc;
}

/* Writes and syncs the run; it is durable when this returns LL_OK. */
static int ll_writer_commit(struct ll_journal *journal, uint64_t run_slots, struct ll_why *why)
{
    struct ll_journal_writer *writer = &journal->writer;
    uint64_t start = ll_segment_run_start(&writer->segment, writer->slot_index);
    size_t run_bytes = (size_t)run_slots * LL_SLOT_BYTES;
    LL_ASSERT(run_slots > 0);
    LL_ASSERT(start + run_slots <= ll_segment_slots(&writer->segment));
    int rc = journal->files->write(journal->files->context, writer->file, writer->run, run_bytes,
                                   ll_segment_offset(start), why);
    ll_writer_count(&journal->counters.writes, 1);
    if (rc == LL_OK) {
        ll_writer_count(&journal->counters.slots_written, run_slots);
        ll_writer_count(&journal->counters.bytes_written, run_bytes);
        rc = ll_writer_sync(journal, why);
    }
    if (rc != LL_OK)
        ll_why_append(why, "segment %06llu, offset %llu", (unsigned long long)writer->segment.number,
                      (unsigned long long)ll_segment_offset(start));
    if (rc == LL_OK) {
        uint64_t writes = atomic_load_explicit(&journal->counters.writes, memory_order_relaxed);
        uint64_t used_permille = (start + run_slots) * 1000 / ll_segment_slots(&writer->segment);
        writer->slot_index = start + run_slots;
        ll_preparer_progress(&journal->preparer, writes, (uint32_t)used_permille);
        ll_writer_count(&journal->counters.slots_durable, run_slots);
    }
    return rc;
}

/* Gives a segment that holds nothing yet the day of its first record. */
static int ll_writer_rename(struct ll_journal *journal, uint64_t number, uint64_t from_day, uint64_t to_day,
                            struct ll_why *why)
{
    const struct ll_journal_files *files = journal->files;
    char from[LL_SEGMENT_NAME_BYTES];
    char to[LL_SEGMENT_NAME_BYTES];
    ll_segment_name(from, from_day, number);
    ll_segment_name(to, to_day, number);
    int rc = files->rename(files->context, journal->dir, from, to, why);
    return rc == LL_OK ? files->dir_sync(files->context, journal->dir, why) : rc;
}

/* Goes on in the next segment, under `day`. */
static int ll_writer_roll(struct ll_journal *journal, uint64_t day, struct ll_why *why)
{
    struct ll_journal_writer *writer = &journal->writer;
    struct ll_prepared next;
    int rc = ll_preparer_take(&journal->preparer, &next, why);
    if (rc != LL_OK)
        return rc;
    journal->files->close(journal->files->context, writer->file);
    ll_journal_writer_stand(writer, &next.segment, next.file, day, 0);
    ll_writer_count(&journal->counters.segments_created, 1);
    if (next.day != day)
        rc = ll_writer_rename(journal, next.segment.number, next.day, day, why);
    if (rc == LL_OK)
        ll_journal_want_next(journal);
    return rc;
}

/* The next record cannot go where the writer stands: makes a place for it. */
static int ll_writer_make_place(struct ll_journal *journal, enum ll_gather_end end, struct ll_why *why)
{
    struct ll_journal_writer *writer = &journal->writer;
    void *slots;
    uint64_t count = ll_slot_ring_peek(&journal->ring, &slots, 1);
    LL_ASSERT(count == 1);
    uint64_t day = ((const struct ll_slot *)slots)->time_ns / LL_NS_PER_DAY;
    if (day < writer->day)
        day = writer->day;
    if (end == LL_GATHER_FULL || writer->slot_index > 0)
        return ll_writer_roll(journal, day, why);
    int rc = ll_writer_rename(journal, writer->segment.number, writer->day, day, why);
    ll_journal_writer_stand(writer, &writer->segment, writer->file, day, 0);
    return rc;
}

/* One group commit: what is queued becomes durable. */
static int ll_writer_step(struct ll_journal *journal, struct ll_why *why)
{
    struct ll_gather gather;
    ll_writer_gather(journal, &gather);
    if (gather.run_slots == 0)
        return gather.end == LL_GATHER_EMPTY ? LL_OK : ll_writer_make_place(journal, gather.end, why);
    LL_ASSERT(gather.tails_left == 0);
    journal->writer.sealed = false;
    int rc = ll_writer_commit(journal, gather.run_slots, why);
    if (rc == LL_OK)
        atomic_store_explicit(&journal->durable_event_id, gather.last_event_id, memory_order_release);
    return rc;
}

/* A mark without a record: from here on all that was written is known to have been durable. */
static int ll_writer_seal(struct ll_journal *journal, struct ll_why *why)
{
    struct ll_journal_writer *writer = &journal->writer;
    uint64_t last_event_id = writer->next_event_id - 1;
    if (writer->sealed || last_event_id == 0)
        return LL_OK;
    uint64_t start = ll_segment_run_start(&writer->segment, writer->slot_index);
    /* A full disk is no reason to fail now: all records are durable, they only lack the seal. */
    if (start == ll_segment_slots(&writer->segment) && ll_writer_roll(journal, writer->day, NULL) != LL_OK)
        return LL_OK;
    struct ll_slot *seal = &writer->run[0];
    memset(seal, 0, sizeof *seal);
    seal->kind = LL_RECORD_KIND_SEAL;
    seal->payload_bytes = LL_RECORD_RUN_START;
    seal->event_id = last_event_id;
    seal->crc32c = ll_slot_crc32c(seal, writer->seed);
    return ll_writer_commit(journal, 1, why);
}

/* The first failure is the last thing that happens. */
static bool ll_writer_goes_on(struct ll_journal *journal, int rc, const struct ll_why *why)
{
    if (rc == LL_OK)
        return true;
    journal->why = *why;
    journal->why.code = rc;
    atomic_store_explicit(&journal->status, rc, memory_order_release);
    return false;
}

bool ll_journal_writer_turn(struct ll_journal *journal)
{
    struct ll_why why = {0};
    void *slots;
    if (ll_slot_ring_peek(&journal->ring, &slots, 1) == 0)
        return false;
    return ll_writer_goes_on(journal, ll_writer_step(journal, &why), &why);
}

void ll_journal_writer_end(struct ll_journal *journal)
{
    struct ll_why why = {0};
    (void)ll_writer_goes_on(journal, ll_writer_seal(journal, &why), &why);
}

void *ll_journal_writer_main(void *argument)
{
    struct ll_journal *journal = argument;
    for (;;) {
        bool is_last = atomic_load_explicit(&journal->stopping, memory_order_acquire);
        while (ll_journal_writer_turn(journal))
            ;
        if (atomic_load_explicit(&journal->status, memory_order_relaxed) != LL_OK)
            return NULL;
        if (is_last)
            break;
        ll_writer_wait(journal);
    }
    ll_journal_writer_end(journal);
    return NULL;
}
