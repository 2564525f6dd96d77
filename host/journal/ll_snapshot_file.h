/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to host/journal: the bytes of one snapshot file. ll_snapshot.h draws them.
 *
 * Shape    writing: put_region for each region, then the header. Reading: get_header, then get_region for each.
 *          The caller opens and closes the file and brings the buffer.
 * Units    bytes.
 * Errors   reading: LL_ERR_CORRUPT with offset and reason; what was read until then may have changed the memory.
 *          Otherwise as ll_journal_files.h.
 * Threads  one owner.
 */
#ifndef LL_HOST_JOURNAL_SNAPSHOT_FILE_H
#define LL_HOST_JOURNAL_SNAPSHOT_FILE_H

#include "host/base/ll_err.h"
#include "host/journal/ll_journal_files.h"
#include "host/journal/ll_snapshot.h"

#include <assert.h>
#include <stdint.h>

#define LL_SNAPSHOT_HEADER_BYTES 4096u
#define LL_SNAPSHOT_PAGE_BYTES   4096u
#define LL_SNAPSHOT_CHUNK_PAGES  256u

/* The fields below lie on disk as they are (little-endian, ll_bytes.h asserts it). */
struct ll_snapshot_region_entry {
    char name[LL_SNAPSHOT_REGION_NAME];
    uint64_t bytes;        /* of memory */
    uint64_t stored_bytes; /* in the file, heads of chunks included */
    uint64_t checksum;     /* over the checksums of its chunks */
};
static_assert(sizeof(struct ll_snapshot_region_entry) == 40, "no padding");

struct ll_snapshot_header {
    char magic[8];
    uint32_t version;
    uint32_t region_count;
    uint64_t salt;
    uint64_t event_id;
    uint64_t time_ns;
    uint64_t record_hash;
    uint64_t fingerprint;
    uint64_t file_bytes;
    char config[LL_SNAPSHOT_CONFIG_BYTES];
    struct ll_snapshot_region_entry region[LL_SNAPSHOT_REGIONS_MAX];
    uint8_t zero[508];
    uint32_t crc32c; /* of all before it */
};
static_assert(sizeof(struct ll_snapshot_header) == LL_SNAPSHOT_HEADER_BYTES, "one page");

struct ll_snapshot_chunk {
    uint64_t checksum; /* XXH3 of the pages, seeded with that of the rest of this head */
    uint64_t event_id;
    uint32_t region;
    uint32_t index; /* of the chunk in its region */
    uint32_t page_count;
    uint32_t reserved;
    uint64_t mask[LL_SNAPSHOT_CHUNK_PAGES / 64]; /* bit n: page n follows; else it is zero */
};
static_assert(sizeof(struct ll_snapshot_chunk) == 64, "as drawn in ll_snapshot.h");

#define LL_SNAPSHOT_BUFFER_BYTES (sizeof(struct ll_snapshot_chunk) + LL_SNAPSHOT_CHUNK_BYTES)

/* A file being written or read. */
struct ll_snapshot_file {
    const struct ll_journal_files *files;
    int file;
    uint8_t *buffer; /* LL_SNAPSHOT_BUFFER_BYTES */
    uint64_t salt;
    uint64_t event_id;
    uint64_t at_bytes;  /* where the next chunk lies; begins behind the header */
    uint64_t end_bytes; /* reading: of the file */
    uint64_t synced_bytes;
};

/* Writes the chunks of region number `index` and fills its entry, name excepted. */
LL_MUST_CHECK int ll_snapshot_put_region(struct ll_snapshot_file *file, uint32_t index, const void *memory,
                                         struct ll_snapshot_region_entry *entry, struct ll_why *why);
/* Completes the header (magic, version, size, checksum), writes it and makes the whole file durable. */
LL_MUST_CHECK int ll_snapshot_put_header(struct ll_snapshot_file *file, struct ll_snapshot_header *header,
                                         struct ll_why *why);

/* Reads and checks the header of file->event_id; takes salt and size from it. */
LL_MUST_CHECK int ll_snapshot_get_header(struct ll_snapshot_file *file, struct ll_snapshot_header *header,
                                         struct ll_why *why);
/* Reads the chunks of region number `index` into `memory`, or only checks them when it is NULL. */
LL_MUST_CHECK int ll_snapshot_get_region(struct ll_snapshot_file *file, uint32_t index, void *memory,
                                         const struct ll_snapshot_region_entry *entry, struct ll_why *why);

#endif
