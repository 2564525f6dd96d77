/* SPDX-License-Identifier: Apache-2.0 */
#include "host/journal/ll_snapshot_file.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"

#include <isa-l/crc.h>
#include <stddef.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LL_SNAPSHOT_VERSION 1u

static const char ll_snapshot_magic[8] = {'L', 'L', 'S', 'N', 'A', 'P', '0', '1'};

static_assert((uint64_t)LL_SNAPSHOT_CHUNK_PAGES * LL_SNAPSHOT_PAGE_BYTES == LL_SNAPSHOT_CHUNK_BYTES,
              "whole pages");

static uint64_t ll_snapshot_chunk_hash(const struct ll_snapshot_file *file,
                                       const struct ll_snapshot_chunk *head, const void *pages,
                                       size_t pages_bytes)
{
    const uint8_t *rest = (const uint8_t *)head + sizeof head->checksum;
    uint64_t seed = XXH3_64bits_withSeed(rest, sizeof *head - sizeof head->checksum, file->salt);
    return XXH3_64bits_withSeed(pages, pages_bytes, seed);
}

static uint64_t ll_snapshot_chain(uint64_t before, uint64_t checksum)
{
    return XXH3_64bits_withSeed(&checksum, sizeof checksum, before);
}

static bool ll_page_is_stored(const struct ll_snapshot_chunk *head, uint32_t page)
{
    return (head->mask[page / 64] >> page % 64 & 1u) != 0;
}

/* The last page of a region may be a part of one. */
static size_t ll_page_bytes(size_t chunk_bytes, uint32_t page)
{
    size_t left_bytes = chunk_bytes - (size_t)page * LL_SNAPSHOT_PAGE_BYTES;
    return left_bytes < LL_SNAPSHOT_PAGE_BYTES ? left_bytes : LL_SNAPSHOT_PAGE_BYTES;
}

static uint32_t ll_chunk_pages(size_t chunk_bytes)
{
    return (uint32_t)((chunk_bytes + LL_SNAPSHOT_PAGE_BYTES - 1) / LL_SNAPSHOT_PAGE_BYTES);
}

static size_t ll_chunk_bytes(uint64_t region_bytes, uint64_t at)
{
    uint64_t left_bytes = region_bytes - at;
    return left_bytes < LL_SNAPSHOT_CHUNK_BYTES ? (size_t)left_bytes : LL_SNAPSHOT_CHUNK_BYTES;
}

/* --- Writing ---------------------------------------------------------------------------------------------- */

static bool ll_page_is_zero(const uint8_t *page, size_t bytes)
{
    /* Equal to itself one byte further on: all bytes are the first one. */
    return page[0] == 0 && memcmp(page, page + 1, bytes - 1) == 0;
}

/* Copies the pages that are not zero behind the head; returns their bytes. */
static size_t ll_snapshot_pack(struct ll_snapshot_chunk *head, uint8_t *pages, const uint8_t *memory,
                               size_t chunk_bytes)
{
    size_t packed_bytes = 0;
    for (uint32_t page = 0; page < ll_chunk_pages(chunk_bytes); page++) {
        const uint8_t *from = memory + (size_t)page * LL_SNAPSHOT_PAGE_BYTES;
        size_t page_bytes = ll_page_bytes(chunk_bytes, page);
        if (ll_page_is_zero(from, page_bytes))
            continue;
        memcpy(pages + packed_bytes, from, page_bytes);
        packed_bytes += page_bytes;
        head->mask[page / 64] |= (uint64_t)1 << page % 64;
        head->page_count++;
    }
    return packed_bytes;
}

/* Appends, and syncs now and then. */
static int ll_snapshot_append(struct ll_snapshot_file *file, size_t bytes, struct ll_why *why)
{
    const struct ll_journal_files *files = file->files;
    int rc = files->write(files->context, file->file, file->buffer, bytes, file->at_bytes, why);
    file->at_bytes += bytes;
    if (rc != LL_OK || file->at_bytes - file->synced_bytes < LL_SNAPSHOT_SYNC_STEP_BYTES)
        return rc;
    file->synced_bytes = file->at_bytes;
    return files->sync(files->context, file->file, why);
}

int ll_snapshot_put_region(struct ll_snapshot_file *file, uint32_t index, const void *memory,
                           struct ll_snapshot_region_entry *entry, struct ll_why *why)
{
    uint64_t start_bytes = file->at_bytes;
    uint8_t *pages = file->buffer + sizeof(struct ll_snapshot_chunk);
    int rc = LL_OK;
    entry->checksum = 0;
    for (uint64_t at = 0; at < entry->bytes && rc == LL_OK; at += LL_SNAPSHOT_CHUNK_BYTES) {
        struct ll_snapshot_chunk head = {
            .event_id = file->event_id, .region = index, .index = (uint32_t)(at / LL_SNAPSHOT_CHUNK_BYTES)};
        size_t packed_bytes =
            ll_snapshot_pack(&head, pages, (const uint8_t *)memory + at, ll_chunk_bytes(entry->bytes, at));
        head.checksum = ll_snapshot_chunk_hash(file, &head, pages, packed_bytes);
        entry->checksum = ll_snapshot_chain(entry->checksum, head.checksum);
        memcpy(file->buffer, &head, sizeof head);
        rc = ll_snapshot_append(file, sizeof head + packed_bytes, why);
    }
    entry->stored_bytes = file->at_bytes - start_bytes;
    return rc;
}

static uint32_t ll_snapshot_header_crc32c(const struct ll_snapshot_header *header)
{
    /* isa-l takes a pointer to non-const, and only reads. */
    return ~crc32_iscsi((unsigned char *)(uintptr_t)header, (int)offsetof(struct ll_snapshot_header, crc32c),
                        ~0u);
}

int ll_snapshot_put_header(struct ll_snapshot_file *file, struct ll_snapshot_header *header,
                           struct ll_why *why)
{
    const struct ll_journal_files *files = file->files;
    memcpy(header->magic, ll_snapshot_magic, sizeof header->magic);
    header->version = LL_SNAPSHOT_VERSION;
    header->file_bytes = file->at_bytes;
    header->crc32c = ll_snapshot_header_crc32c(header);
    int rc = files->write(files->context, file->file, header, sizeof *header, 0, why);
    return rc == LL_OK ? files->sync(files->context, file->file, why) : rc;
}

/* --- Reading ---------------------------------------------------------------------------------------------- */

static int ll_snapshot_corrupt(uint64_t offset, const char *reason, struct ll_why *why)
{
    return LL_FAIL(why, LL_ERR_CORRUPT, "offset %llu: %s", (unsigned long long)offset, reason);
}

/* As ll_journal_files.h, and a file that ends before is corrupt. */
static int ll_snapshot_read(struct ll_snapshot_file *file, void *bytes, size_t bytes_count, uint64_t offset,
                            struct ll_why *why)
{
    const struct ll_journal_files *files = file->files;
    size_t got_bytes = 0;
    int rc = files->read(files->context, file->file, bytes, bytes_count, offset, &got_bytes, why);
    if (rc == LL_OK && got_bytes < bytes_count)
        rc = ll_snapshot_corrupt(offset + got_bytes, "the file ends here, too early", why);
    return rc;
}

/* What a right checksum does not say: that the parts fit together. */
static int ll_snapshot_check_header(const struct ll_snapshot_file *file,
                                    const struct ll_snapshot_header *header, struct ll_why *why)
{
    uint64_t end_bytes = LL_SNAPSHOT_HEADER_BYTES;
    if (header->version != LL_SNAPSHOT_VERSION)
        return ll_snapshot_corrupt(8, "this layout version is not known here", why);
    if (header->event_id != file->event_id || header->event_id == 0)
        return ll_snapshot_corrupt(24, "the header's event id is not the name's", why);
    if (header->region_count == 0 || header->region_count > LL_SNAPSHOT_REGIONS_MAX ||
        header->config[sizeof header->config - 1] != 0)
        return ll_snapshot_corrupt(12, "the header has impossible sizes", why);
    for (uint32_t i = 0; i < header->region_count; i++) {
        const struct ll_snapshot_region_entry *entry = &header->region[i];
        if (entry->name[sizeof entry->name - 1] != 0 || entry->bytes == 0 || entry->bytes > UINT64_MAX / 2 ||
            entry->stored_bytes > header->file_bytes)
            return ll_snapshot_corrupt(1024, "a region has an impossible size", why);
        end_bytes += entry->stored_bytes;
    }
    if (end_bytes != header->file_bytes)
        return ll_snapshot_corrupt(56, "the regions do not fill the file", why);
    return LL_OK;
}

int ll_snapshot_get_header(struct ll_snapshot_file *file, struct ll_snapshot_header *header,
                           struct ll_why *why)
{
    uint64_t file_bytes = 0;
    int rc = file->files->size(file->files->context, file->file, &file_bytes, why);
    if (rc == LL_OK)
        rc = ll_snapshot_read(file, header, sizeof *header, 0, why);
    if (rc != LL_OK)
        return rc;
    if (memcmp(header->magic, ll_snapshot_magic, sizeof header->magic) != 0)
        return ll_snapshot_corrupt(0, "no snapshot header (magic)", why);
    if (header->crc32c != ll_snapshot_header_crc32c(header))
        return ll_snapshot_corrupt(0, "the header is damaged (checksum)", why);
    if (header->file_bytes != file_bytes)
        return LL_FAIL(why, LL_ERR_CORRUPT, "the file has %llu bytes, its header says %llu",
                       (unsigned long long)file_bytes, (unsigned long long)header->file_bytes);
    file->salt = header->salt;
    file->at_bytes = LL_SNAPSHOT_HEADER_BYTES;
    file->end_bytes = file_bytes;
    return ll_snapshot_check_header(file, header, why);
}

/* Is it the head that is due, and possible? *pages_bytes = what follows it. */
static int ll_snapshot_check_chunk(const struct ll_snapshot_file *file, const struct ll_snapshot_chunk *head,
                                   const struct ll_snapshot_chunk *due, size_t chunk_bytes,
                                   size_t *pages_bytes, struct ll_why *why)
{
    uint32_t page_count = 0;
    *pages_bytes = 0;
    if (head->event_id != due->event_id || head->region != due->region || head->index != due->index ||
        head->reserved != 0)
        return ll_snapshot_corrupt(file->at_bytes, "another chunk than is due", why);
    for (uint32_t page = 0; page < LL_SNAPSHOT_CHUNK_PAGES; page++) {
        if (!ll_page_is_stored(head, page))
            continue;
        if (page >= ll_chunk_pages(chunk_bytes))
            return ll_snapshot_corrupt(file->at_bytes, "a page behind the end of its region", why);
        *pages_bytes += ll_page_bytes(chunk_bytes, page);
        page_count++;
    }
    if (page_count != head->page_count)
        return ll_snapshot_corrupt(file->at_bytes, "the chunk's count of pages is wrong", why);
    if (*pages_bytes > file->end_bytes - file->at_bytes - sizeof *head)
        return ll_snapshot_corrupt(file->at_bytes, "the chunk reaches behind the end of the file", why);
    return LL_OK;
}

static void ll_snapshot_unpack(const struct ll_snapshot_chunk *head, const uint8_t *pages, uint8_t *memory,
                               size_t chunk_bytes)
{
    for (uint32_t page = 0; page < ll_chunk_pages(chunk_bytes); page++) {
        uint8_t *to = memory + (size_t)page * LL_SNAPSHOT_PAGE_BYTES;
        size_t page_bytes = ll_page_bytes(chunk_bytes, page);
        if (ll_page_is_stored(head, page)) {
            memcpy(to, pages, page_bytes);
            pages += page_bytes;
        } else {
            memset(to, 0, page_bytes);
        }
    }
}

/* Reads the chunk that is due, into `memory` unless that is NULL. A chunk without zero pages goes there straight. */
static int ll_snapshot_get_chunk(struct ll_snapshot_file *file, const struct ll_snapshot_chunk *due,
                                 uint8_t *memory, size_t chunk_bytes, uint64_t *checksum, struct ll_why *why)
{
    struct ll_snapshot_chunk head;
    size_t pages_bytes;
    if (file->end_bytes - file->at_bytes < sizeof head)
        return ll_snapshot_corrupt(file->at_bytes, "the file ends here, too early", why);
    int rc = ll_snapshot_read(file, &head, sizeof head, file->at_bytes, why);
    if (rc == LL_OK)
        rc = ll_snapshot_check_chunk(file, &head, due, chunk_bytes, &pages_bytes, why);
    if (rc != LL_OK)
        return rc;
    bool straight = memory != NULL && pages_bytes == chunk_bytes;
    uint8_t *pages = straight ? memory : file->buffer;
    rc = ll_snapshot_read(file, pages, pages_bytes, file->at_bytes + sizeof head, why);
    if (rc != LL_OK)
        return rc;
    if (head.checksum != ll_snapshot_chunk_hash(file, &head, pages, pages_bytes))
        return ll_snapshot_corrupt(file->at_bytes, "the chunk is damaged (checksum)", why);
    if (memory != NULL && !straight)
        ll_snapshot_unpack(&head, pages, memory, chunk_bytes);
    file->at_bytes += sizeof head + pages_bytes;
    *checksum = head.checksum;
    return LL_OK;
}

int ll_snapshot_get_region(struct ll_snapshot_file *file, uint32_t index, void *memory,
                           const struct ll_snapshot_region_entry *entry, struct ll_why *why)
{
    uint64_t start_bytes = file->at_bytes;
    uint64_t chain = 0;
    for (uint64_t at = 0; at < entry->bytes; at += LL_SNAPSHOT_CHUNK_BYTES) {
        const struct ll_snapshot_chunk due = {
            .event_id = file->event_id, .region = index, .index = (uint32_t)(at / LL_SNAPSHOT_CHUNK_BYTES)};
        uint64_t checksum = 0;
        int rc = ll_snapshot_get_chunk(file, &due, memory != NULL ? (uint8_t *)memory + at : NULL,
                                       ll_chunk_bytes(entry->bytes, at), &checksum, why);
        if (rc != LL_OK)
            return rc;
        chain = ll_snapshot_chain(chain, checksum);
    }
    if (chain != entry->checksum || file->at_bytes - start_bytes != entry->stored_bytes)
        return ll_snapshot_corrupt(start_bytes, "the region's chunks are not those the header means", why);
    return LL_OK;
}
