/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots: the state that the first N records of a journal give, so that a start reads only what is behind them.
 *
 * Shape    A file beside the segments, `snapshot-<event id, 20 digits>.llsnap`: one header, then the memory of
 *          each region in chunks of 1 MiB. A chunk is a 64-byte head and its pages, without those that are zero:
 *
 *            0                4096
 *            | header: what,  | chunk | pages that are not zero | chunk | pages ... | end
 *            | regions, crc32c| 0     | straight from memory    | 1     |           |
 *
 *            chunk   0          8         16      20     24     28        32              64
 *                    | checksum | event_id| region| index| pages| reserved| mask of pages |
 *
 *          Every byte of the file is under a checksum: the header's CRC32C, or the XXH3 of its chunk, which is
 *          seeded with the journal's salt; the header holds a hash over each region's chunk checksums.
 *          Made by a reader of the journal, never by the hot thread: maker_open (one at a time) -> write, under a
 *          temporary name, synced in steps, renamed, the directory synced -> the newest two stay -> maker_close.
 *          A snapshot never holds what a power cut could take from the journal: whoever writes one takes records
 *          only up to the durable_event_id of a reader's position.
 *          restore takes the newest one that is whole, of this journal (salt) and this configuration
 *          (fingerprint), and whose last record the journal holds just as it was. One that does not pass is
 *          named, counted and left where it is.
 * Units    bytes, event ids, *_ns UTC nanoseconds.
 * Errors   write: as ll_journal_files.h. restore: a snapshot that is refused is no error; LL_ERR_CORRUPT and
 *          LL_ERR_IO are the journal's.
 * Threads  one owner each. The regions stand still meanwhile.
 */
#ifndef LL_HOST_JOURNAL_SNAPSHOT_H
#define LL_HOST_JOURNAL_SNAPSHOT_H

#include "host/base/ll_err.h"
#include "host/journal/ll_journal_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_SNAPSHOT_REGIONS_MAX     64u
#define LL_SNAPSHOT_REGION_NAME     16u /* bytes, the end of the string included */
#define LL_SNAPSHOT_CONFIG_BYTES    960u
#define LL_SNAPSHOT_NAME_BYTES      48u
#define LL_SNAPSHOT_LIST_MAX        64u
#define LL_SNAPSHOT_KEEP            2u
#define LL_SNAPSHOT_TMP_NAME        "snapshot.tmp"
#define LL_SNAPSHOT_LOCK_NAME       "snapshot.lock"
#define LL_SNAPSHOT_CHUNK_BYTES     ((size_t)1 << 20)
#define LL_SNAPSHOT_SYNC_STEP_BYTES ((uint64_t)4 << 20) /* one large sync would hold up the journal's */

struct ll_journal_files; /* ll_journal_files.h; NULL = the real one */

/* A part of the state: flat memory without pointers. */
struct ll_snapshot_region {
    const char *name;
    void *memory;
    size_t bytes;
};

/* All of the state: what is written, and where it is loaded to. */
struct ll_snapshot_state {
    const char *config; /* readable: capacities and layout versions; another text is another configuration */
    const struct ll_snapshot_region *regions;
    uint32_t region_count;
};

struct ll_snapshot_info {
    uint64_t event_id; /* of the last record in it; 0 = none */
    uint64_t time_ns;  /* of that record */
    uint64_t salt;     /* of the journal */
    uint64_t record_hash;
    uint64_t fingerprint;
    uint64_t file_bytes;
    uint64_t memory_bytes; /* of all regions */
    uint32_t region_count;
    char config[LL_SNAPSHOT_CONFIG_BYTES];
};

/* --- Making ----------------------------------------------------------------------------------------------- */

struct ll_snapshot_maker { /* private */
    const struct ll_journal_files *files;
    int dir;
    int lock;
};

/* LL_ERR_BUSY: another one is being made in this directory. */
LL_MUST_CHECK int ll_snapshot_maker_open(struct ll_snapshot_maker *maker, const char *dir,
                                         const struct ll_journal_files *files, struct ll_why *why);
/* `last` is the last record that the state has taken in, `salt` the journal's. Fills `info`; *removed_count =
 * older snapshots taken away. */
LL_MUST_CHECK int ll_snapshot_write(struct ll_snapshot_maker *maker, const struct ll_snapshot_state *state,
                                    const struct ll_journal_record *last, uint64_t salt,
                                    struct ll_snapshot_info *info, uint32_t *removed_count,
                                    struct ll_why *why);
void ll_snapshot_maker_close(struct ll_snapshot_maker *maker);

/* --- Loading ---------------------------------------------------------------------------------------------- */

/* What a restore is to do, and what it found. */
struct ll_snapshot_restore {
    const struct ll_snapshot_state *state;
    /* Makes the state what it was before: called after a snapshot proved damaged when some of it was loaded. */
    void (*reset)(void *context);
    void *reset_context;
    /* Told of every snapshot that is refused, in one sentence; NULL = nobody wants to know. */
    void (*refused)(void *context, const char *sentence);
    void *refused_context;
    /* Found. */
    struct ll_snapshot_info loaded; /* event_id 0 = none was loaded */
    uint32_t refused_count;
};

/* Afterwards `reader`, which decides which directory, stands behind the loaded snapshot's last record, or at the
 * journal's first one. */
LL_MUST_CHECK int ll_snapshot_restore(struct ll_snapshot_restore *restore, struct ll_journal_reader *reader,
                                      struct ll_why *why);

/* --- Looking ---------------------------------------------------------------------------------------------- */

struct ll_snapshot_list {
    uint64_t event_id[LL_SNAPSHOT_LIST_MAX]; /* newest first */
    uint32_t count;
};

/* The newest LL_SNAPSHOT_LIST_MAX by their names; nothing is opened. */
LL_MUST_CHECK int ll_snapshot_list_read(struct ll_snapshot_list *list, const char *dir,
                                        const struct ll_journal_files *files, struct ll_why *why);

/* Reads one from its first byte to its last. LL_ERR_CORRUPT with offset and reason when it is not whole. */
LL_MUST_CHECK int ll_snapshot_check(struct ll_snapshot_info *info, const char *dir, uint64_t event_id,
                                    const struct ll_journal_files *files, struct ll_why *why);

/* Writes the name; `name` has LL_SNAPSHOT_NAME_BYTES. */
void ll_snapshot_name(char *name, uint64_t event_id);
/* True and the event id when `name` is exactly the name of a snapshot. */
bool ll_snapshot_name_parse(const char *name, uint64_t *event_id);

/* What ties a snapshot to its last record. */
uint64_t ll_snapshot_record_hash(const struct ll_journal_record *record);
uint64_t ll_snapshot_fingerprint(const struct ll_snapshot_state *state);

#endif
