/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to host/journal: the journal object, shared by its files.
 *
 * Shape    ll_journal.c opens, recovers, closes and answers the caller; ll_journal_writer.c is the writer
 *          thread; ll_journal_preparer.c makes the next segment. One group of fields per thread, on lines
 *          of its own.
 * Units    as in ll_journal.h.
 * Errors   the writer stores `why`, then `status` (release); whoever sees the status may read the text.
 * Threads  noted at each group.
 */
#ifndef LL_HOST_JOURNAL_JOURNAL_PARTS_H
#define LL_HOST_JOURNAL_JOURNAL_PARTS_H

#include "host/base/ll_arena.h"
#include "host/base/ll_slot_ring.h"
#include "host/journal/ll_journal.h"
#include "host/journal/ll_journal_files.h"
#include "host/journal/ll_journal_preparer.h"
#include "host/journal/ll_journal_segment.h"

#include <pthread.h>
#include <stdatomic.h>

/* What the writer does and others may look at; only the writer stores. */
struct ll_journal_counters {
    _Atomic uint64_t slots_written;
    _Atomic uint64_t slots_durable;
    _Atomic uint64_t writes;
    _Atomic uint64_t syncs;
    _Atomic uint64_t segments_created;
    _Atomic uint64_t bytes_written;
    _Atomic uint64_t sync_ns_total;
    _Atomic uint64_t sync_ns_max;
};

/* The writer's own. */
struct ll_journal_writer {
    struct ll_segment segment; /* the one being written */
    uint64_t day;
    uint64_t day_end_ns; /* a record at or after this begins a new segment */
    uint64_t slot_index; /* first slot that was never written */
    uint64_t next_event_id;
    uint64_t write_slots_max;
    struct ll_slot *run; /* the run being built: slots leave the ring at once, the producer has room again */
    int file;
    bool sealed; /* nothing was written since the last seal */
    uint32_t seed;
};

struct ll_journal {
    struct ll_slot_ring ring;
    /* Read by the producer at each append, stored rarely. */
    _Alignas(64) _Atomic int status;
    _Atomic uint32_t writer_sleeps; /* futex: 1 = append must wake */
    /* The producer's. */
    _Alignas(64) _Atomic uint64_t appended_event_id;
    _Atomic uint64_t slots_appended;
    /* The writer's. */
    _Alignas(64) _Atomic uint64_t durable_event_id;
    struct ll_journal_counters counters;
    _Alignas(64) struct ll_journal_writer writer;
    /* Set at open. */
    _Alignas(64) const struct ll_journal_files *files;
    struct ll_journal_config config;
    uint64_t recovered_event_id;
    int dir;
    int lock;
    bool fences_for_producer; /* membarrier works: sleeping cannot miss an append */
    bool writer_running;
    atomic_bool stopping;
    pthread_t writer_thread;
    struct ll_preparer preparer;
    uint8_t *zeros; /* LL_PREPARE_STEP_BYTES of them */
    struct ll_arena arena;
    struct ll_why why; /* of `status` */
};

/* The writer thread. Ends when `stopping` is set and the ring is empty, or at the first failure. */
void *ll_journal_writer_main(void *journal);
/* One group commit of what is queued; false when nothing was, or it failed. */
bool ll_journal_writer_turn(struct ll_journal *journal);
/* The seal, when nothing is queued any more. */
void ll_journal_writer_end(struct ll_journal *journal);

/* Makes the writer stand at a slot of a segment. */
void ll_journal_writer_stand(struct ll_journal_writer *writer, const struct ll_segment *segment, int file,
                             uint64_t day, uint64_t slot_index);

/* Asks for the segment that follows the writer's. */
void ll_journal_want_next(struct ll_journal *journal);

/* Wakes the writer when it sleeps. */
void ll_journal_writer_wake(struct ll_journal *journal);

/* Registers for membarrier; false when the system does not offer it. */
bool ll_journal_fence_init(void);

#endif
