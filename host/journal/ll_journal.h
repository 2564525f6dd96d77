/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: the system of record. The engine appends records; a writer thread makes them durable.
 *
 * Shape    A directory of segment files, `YYYYMMDD-NNNNNN.lljournal`: the UTC day of the first record and
 *          a segment number that counts up over all days. A new day or a full segment starts the next
 *          file; time that goes back stays in the current one. One 4096-byte header and pre-zeroed slots
 *          (ll_journal_segment.h). A record never straddles two segments: when it does not fit, the rest
 *          of the segment stays zero.
 *          Append copies into an SPSC ring and returns. The writer thread checksums what is queued,
 *          writes it with one call (a *run*), syncs, moves the durable watermark, repeats: group commit
 *          without a timer. The next segment is created, zeroed and synced ahead by a helper thread,
 *          under a temporary name, so the writer waits for it only when it is faster than the disk can
 *          zero.
 *          What a power cut may leave, and how recovery tells it from damage: at most one run is not
 *          synced at any time, and any part of it may be on disk, in any order, or garbled. So the first
 *          slot of every run carries a mark under its checksum: "all before this slot was durable when
 *          this was written". A bad slot with no mark behind it lies in that last run: it was never
 *          reported durable and is cut. A bad slot with a mark (or a used later segment) behind it was
 *          durable once: corruption, refused. Runs start on a multiple of `run_align_bytes`, zeros
 *          between, so that a sector torn by the cut holds nothing older. Close writes a seal, a mark
 *          without a record, so that a closed journal is covered to its last record; after a crash the
 *          run that was last is not (damage there looks like a torn write).
 * Units    bytes, slots; event ids count records from 1; *_ns are nanoseconds.
 * Errors   A failed write or sync is final: the journal is `failed`, nothing is retried, append returns
 *          LL_ERR_STOPPED, and the durable watermark never moves again. Disk full is LL_ERR_NO_SPACE. A
 *          second writer on the same directory is LL_ERR_BUSY (lock file, flock).
 * Threads  append: one producer thread. durable, status, stats: any. The writer and the preparer are the
 *          journal's own; a stepped journal has none, and then all calls are one thread's.
 * Source   practice behind the choices: docs/design.md, "Journal".
 */
#ifndef LL_HOST_JOURNAL_JOURNAL_H
#define LL_HOST_JOURNAL_JOURNAL_H

#include "host/base/ll_err.h"
#include "host/wire/ll_record.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_JOURNAL_SEGMENT_BYTES_DEFAULT ((uint64_t)64 << 20)
#define LL_JOURNAL_SEGMENT_BYTES_MIN     ((uint64_t)64 << 10)
#define LL_JOURNAL_RING_SLOTS_DEFAULT    ((uint64_t)1 << 16)
#define LL_JOURNAL_RING_SLOTS_MIN        ((uint64_t)64)
#define LL_JOURNAL_RUN_SLOTS_MAX         ((uint64_t)1 << 14) /* 1 MiB: a longer write no longer gains rate */
#define LL_JOURNAL_RUN_ALIGN_DEFAULT     ((uint64_t)512)
#define LL_JOURNAL_WRITER_SPIN_NS        ((uint64_t)50000)
#define LL_JOURNAL_DIR_BYTES_MAX         3072u

struct ll_journal;
struct ll_journal_reader;
struct ll_journal_files; /* ll_journal_files.h: the door to the file system; NULL = the real one */

struct ll_journal_config {
    const char *dir;          /* created when absent */
    uint64_t segment_bytes;   /* whole file, multiple of 4096 */
    uint64_t ring_slots;      /* power of two */
    uint64_t write_slots_max; /* most slots in one write+sync; 0 = LL_JOURNAL_RUN_SLOTS_MAX */
    const struct ll_journal_files *files;
    int writer_cpu;           /* -1 = leave to the scheduler */
    uint64_t writer_spin_ns;  /* how long the idle writer polls before it sleeps; append then wakes it */
    uint64_t run_align_bytes; /* runs start on a multiple: a sector the disk tears as one. 512 or 4096 */
    bool is_stepped; /* no threads: the owner gives the turns, with ll_journal_work (for simulation) */
};

/* What recovery found; also the position the next append continues from. A start behind a snapshot reads, and
 * counts, only from there on. */
struct ll_journal_recovery {
    uint64_t last_event_id; /* 0 = empty journal */
    uint64_t segments;
    uint64_t bytes;          /* bytes of slots that hold records, headers not counted */
    uint64_t torn_slots_cut; /* slots of an unfinished tail that were zeroed */
};

struct ll_journal_stats {
    uint64_t records_appended; /* event ids handed to append */
    uint64_t slots_appended;
    uint64_t slots_written;
    uint64_t slots_durable;
    uint64_t writes;
    uint64_t syncs;
    uint64_t segments_created;
    uint64_t bytes_written; /* slot bytes this process wrote, headers and zeroing not counted */
    uint64_t sync_ns_total;
    uint64_t sync_ns_max;
};

/* Fills the defaults; the caller then sets `dir`. */
void ll_journal_config_default(struct ll_journal_config *config);

/* Recovers (cuts a torn tail, refuses a hole or a bad record followed by good ones with LL_ERR_CORRUPT),
 * takes the lock, prepares the segment to write to and starts the threads. Takes memory here and nowhere
 * later. */
LL_MUST_CHECK int ll_journal_open(struct ll_journal **journal, const struct ll_journal_config *config,
                                  struct ll_journal_recovery *recovery, struct ll_why *why);

/* The same in two steps, for an owner who wants to see the records that recovery reads: lock, then read them with
 * a reader of the directory until it says LL_ERR_SHORT (no journal there yet: no reader), then start from where
 * that reader stands. So each slot is read once, and with a snapshot only those behind it. `reader` NULL: start
 * reads everything itself. Between the two only close is allowed. */
LL_MUST_CHECK int ll_journal_lock(struct ll_journal **journal, const struct ll_journal_config *config,
                                  struct ll_why *why);
LL_MUST_CHECK int ll_journal_start(struct ll_journal *journal, const struct ll_journal_reader *reader,
                                   struct ll_journal_recovery *recovery, struct ll_why *why);

/* Queues finished slots (whole records in event order, crc32c still 0). LL_OK, LL_ERR_FULL (ring has no room:
 * try again, nothing was taken) or LL_ERR_STOPPED (the journal failed: stop the intake). Never blocks. */
LL_MUST_CHECK int ll_journal_append(struct ll_journal *journal, const struct ll_slot *slots,
                                    uint32_t slot_count);

/* A stepped journal's turn: one group commit when something is queued, else the next segment when it is wanted. False
 * when there was nothing to do, or the journal has failed. */
bool ll_journal_work(struct ll_journal *journal);

/* Highest event id that is durable; everything up to it survives a power cut (as far as the disk tells the
 * truth). */
uint64_t ll_journal_durable_event_id(const struct ll_journal *journal);

/* LL_OK, or the error that stopped the journal; `why` then says what failed. */
int ll_journal_status(const struct ll_journal *journal, struct ll_why *why);

void ll_journal_stats(const struct ll_journal *journal, struct ll_journal_stats *stats);

/* Waits until all that was appended is durable, stops the threads, releases the lock and the memory. Returns
 * the journal's status: LL_OK, or why it failed. NULL is allowed. */
int ll_journal_close(struct ll_journal *journal, struct ll_why *why);

#endif
