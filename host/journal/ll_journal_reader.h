/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a journal, record by record, and checking it: recovery, replay, dump and verify all come here.
 *
 * Shape    open(dir) -> next... -> close. Reads segments in order and hands out whole records with their
 *          payload joined. Never writes. It can follow a live journal: at the end it returns
 *          LL_ERR_SHORT, and a later call goes on when more has been written. What a follower reads may
 *          not be durable yet. The process that writes compares with ll_journal_durable_event_id; any
 *          other goes by the run-start marks: the position's durable_event_id.
 *          seek, or open_at, goes to an event. The first slot of a segment tells its first event id, so
 *          segments that end before the event are not read; the event's own is read from its start.
 * Units    bytes, event ids.
 * Errors   LL_ERR_CORRUPT with segment, byte offset, reason and remedy; LL_ERR_IO; LL_ERR_INPUT when the
 *          directory holds no journal. What comes behind the last good record decides (ll_journal.h tells
 *          why): nothing but zeros, or slots without a run-start mark, is the end (LL_ERR_SHORT; the
 *          latter is an unfinished write and counted as torn). A run-start mark or a used later segment
 *          behind a bad slot, a good slot with the wrong event id, a missing segment, a bad header:
 *          corruption.
 * Threads  one owner per reader; any number of readers beside the writer.
 */
#ifndef LL_HOST_JOURNAL_READER_H
#define LL_HOST_JOURNAL_READER_H

#include "host/base/ll_err.h"
#include "host/wire/ll_record.h"

#include <stdbool.h>
#include <stdint.h>

struct ll_journal_reader;
struct ll_journal_files; /* ll_journal_files.h */

struct ll_journal_record {
    uint8_t kind;
    uint8_t verdict;
    uint32_t payload_bytes;
    uint64_t event_id;
    uint64_t time_ns;
    const uint8_t *payload; /* valid until the next call */
};

/* What a full check found; see ll_journal_verify. */
struct ll_journal_report {
    uint64_t segments;
    uint64_t records;
    uint64_t slots;
    uint64_t first_event_id;
    uint64_t last_event_id;
    uint64_t torn_slots; /* slots of an unfinished tail: normal after a crash, cut at the next start */
};

LL_MUST_CHECK int ll_journal_reader_open(struct ll_journal_reader **reader, const char *dir,
                                         struct ll_why *why);
/* The same behind another door to the file system; NULL = the real one. */
LL_MUST_CHECK int ll_journal_reader_open_files(struct ll_journal_reader **reader, const char *dir,
                                               const struct ll_journal_files *files, struct ll_why *why);
/* Opens it at a record: the next one that next hands out is `event_id`. Errors as of open and seek. */
LL_MUST_CHECK int ll_journal_reader_open_at(struct ll_journal_reader **reader, const char *dir,
                                            uint64_t event_id, const struct ll_journal_files *files,
                                            struct ll_why *why);
void ll_journal_reader_close(struct ll_journal_reader *reader);

/* Goes to a record, forwards or back: the next one handed out is `event_id`, which may be one that is still to
 * be written. 0 = the first record there is. LL_ERR_SHORT: the journal ends before the one in front of it;
 * LL_ERR_INPUT: it begins behind it (older segments are gone); after both, seek again before next. The counts
 * of the position begin anew. */
LL_MUST_CHECK int ll_journal_reader_seek(struct ll_journal_reader *reader, uint64_t event_id,
                                         struct ll_why *why);

/* The next record: LL_OK; LL_ERR_SHORT at the end of what is written; or an error, which stays. */
LL_MUST_CHECK int ll_journal_reader_next(struct ll_journal_reader *reader, struct ll_journal_record *record,
                                         struct ll_why *why);

/* Where the reader stands. After LL_ERR_SHORT: where the log ends, and what recovery has to cut. */
struct ll_journal_position {
    uint64_t segment_number;
    uint64_t day; /* of the segment's name, since 1970-01-01 */
    uint64_t slot_index;
    uint64_t torn_first; /* first slot from slot_index on that is not zero */
    uint64_t torn_slots; /* from there on, as far as anything is written */
    bool sealed;         /* the slot before slot_index is a seal: closed in order */
    bool ended;          /* the last call of next came to the end */
    uint64_t segments;   /* that hold records */
    uint64_t records;
    uint64_t slots; /* of records */
    uint64_t first_event_id;
    uint64_t last_event_id;
    uint64_t next_event_id; /* 0 = not known: the first segments are gone and no record was read */
    uint64_t
        durable_event_id; /* up to here durable by the marks read so far; the last run has none behind it */
    uint64_t salt;        /* the journal's own number, equal in all its segments */
};

void ll_journal_reader_position(const struct ll_journal_reader *reader, struct ll_journal_position *position);

/* The door and the open directory it reads through: snapshots lie there too. */
const struct ll_journal_files *ll_journal_reader_door(const struct ll_journal_reader *reader, int *dir);

/* Reads everything. LL_OK (the report is filled, a torn tail is not an error) or the first error. `progress`,
 * when not NULL, is called now and then with bytes done and total. */
LL_MUST_CHECK int ll_journal_verify(const char *dir, struct ll_journal_report *report,
                                    void (*progress)(void *context, uint64_t done_bytes,
                                                     uint64_t total_bytes),
                                    void *context, struct ll_why *why);

#endif
