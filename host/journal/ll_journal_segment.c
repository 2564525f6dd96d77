/* SPDX-License-Identifier: Apache-2.0 */
#include "host/journal/ll_journal_segment.h"

#include "host/base/ll_assert.h"
#include "host/journal/ll_journal.h"

#include <isa-l/crc.h>
#include <stdio.h>
#include <time.h>

#define LL_SEGMENT_VERSION   1u
#define LL_SEGMENT_CRC_AT    (LL_SEGMENT_HEADER_BYTES - 4u)
#define LL_SEGMENT_NAME_TAIL ".lljournal"

static const char ll_segment_magic[8] = {'L', 'L', 'J', 'R', 'N', 'L', '0', '1'};

/* The fields of the header, as they lie on disk (little-endian, ll_bytes.h asserts it). */
struct ll_segment_header {
    char magic[8];
    uint32_t version;
    uint32_t slot_bytes;
    uint64_t salt;
    uint64_t number;
    uint64_t segment_bytes;
    uint64_t run_align_bytes;
};
static_assert(sizeof(struct ll_segment_header) == 48, "as drawn in the header");

void ll_segment_name(char *name, uint64_t day, uint64_t number)
{
    time_t seconds = (time_t)(day * 86400u);
    struct tm date;
    memset(&date, 0, sizeof date);
    (void)gmtime_r(&seconds, &date);
    (void)snprintf(name, LL_SEGMENT_NAME_BYTES, "%04d%02d%02d-%06llu" LL_SEGMENT_NAME_TAIL,
                   (date.tm_year + 1900) % 10000, (date.tm_mon + 1) % 100, date.tm_mday % 100,
                   (unsigned long long)number);
}

static bool ll_segment_digits(const char *text, size_t count, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *value = *value * 10u + (uint64_t)(text[i] - '0');
    }
    return true;
}

/* Reads the numbers and demands that they print back to the same name: one name per segment, no variants. */
bool ll_segment_name_parse(const char *name, uint64_t *day, uint64_t *number)
{
    size_t name_bytes = strlen(name);
    size_t tail_bytes = sizeof LL_SEGMENT_NAME_TAIL - 1;
    uint64_t date;
    char again[LL_SEGMENT_NAME_BYTES];
    if (name_bytes < 9 + 6 + tail_bytes || name_bytes > 9 + 18 + tail_bytes)
        return false;
    if (!ll_segment_digits(name, 8, &date) || name[8] != '-' ||
        !ll_segment_digits(name + 9, name_bytes - 9 - tail_bytes, number))
        return false;
    struct tm parts;
    memset(&parts, 0, sizeof parts);
    parts.tm_year = (int)(date / 10000u) - 1900;
    parts.tm_mon = (int)(date / 100u % 100u) - 1;
    parts.tm_mday = (int)(date % 100u);
    time_t seconds = timegm(&parts);
    if (seconds < 0 || *number == 0)
        return false;
    *day = (uint64_t)seconds / 86400u;
    ll_segment_name(again, *day, *number);
    return strcmp(again, name) == 0;
}

bool ll_segment_sizes_valid(uint64_t segment_bytes, uint64_t run_align_bytes)
{
    if (run_align_bytes != 512 && run_align_bytes != 4096)
        return false;
    return segment_bytes >= LL_JOURNAL_SEGMENT_BYTES_MIN && segment_bytes <= LL_SEGMENT_BYTES_MAX &&
           segment_bytes % LL_SEGMENT_HEADER_BYTES == 0;
}

static uint32_t ll_segment_header_crc32c(const uint8_t *header)
{
    /* isa-l takes a pointer to non-const, and only reads. */
    return ~crc32_iscsi((unsigned char *)(uintptr_t)header, (int)LL_SEGMENT_CRC_AT, ~0u);
}

void ll_segment_header_sign(uint8_t *header)
{
    uint32_t crc = ll_segment_header_crc32c(header);
    memcpy(header + LL_SEGMENT_CRC_AT, &crc, sizeof crc);
}

void ll_segment_header_encode(const struct ll_segment *segment, uint8_t *header)
{
    LL_ASSERT(ll_segment_sizes_valid(segment->segment_bytes, segment->run_align_bytes));
    LL_ASSERT(segment->number > 0);
    struct ll_segment_header fields = {.version = LL_SEGMENT_VERSION,
                                       .slot_bytes = LL_SLOT_BYTES,
                                       .salt = segment->salt,
                                       .number = segment->number,
                                       .segment_bytes = segment->segment_bytes,
                                       .run_align_bytes = segment->run_align_bytes};
    memcpy(fields.magic, ll_segment_magic, sizeof fields.magic);
    memset(header, 0, LL_SEGMENT_HEADER_BYTES);
    memcpy(header, &fields, sizeof fields);
    ll_segment_header_sign(header);
}

int ll_segment_header_decode(struct ll_segment *segment, const uint8_t *header, struct ll_why *why)
{
    struct ll_segment_header fields;
    uint32_t crc;
    memcpy(&fields, header, sizeof fields);
    memcpy(&crc, header + LL_SEGMENT_CRC_AT, sizeof crc);
    if (memcmp(fields.magic, ll_segment_magic, sizeof fields.magic) != 0)
        return LL_FAIL(why, LL_ERR_CORRUPT, "offset 0: no segment header (magic)");
    if (crc != ll_segment_header_crc32c(header))
        return LL_FAIL(why, LL_ERR_CORRUPT, "offset 0: header is damaged (checksum)");
    if (fields.version != LL_SEGMENT_VERSION || fields.slot_bytes != LL_SLOT_BYTES)
        return LL_FAIL(why, LL_ERR_CORRUPT,
                       "offset 8: layout version %u with %u-byte slots is not known here", fields.version,
                       fields.slot_bytes);
    if (!ll_segment_sizes_valid(fields.segment_bytes, fields.run_align_bytes) || fields.number == 0)
        return LL_FAIL(why, LL_ERR_CORRUPT, "offset 24: header has impossible sizes");
    segment->salt = fields.salt;
    segment->number = fields.number;
    segment->segment_bytes = fields.segment_bytes;
    segment->run_align_bytes = fields.run_align_bytes;
    return LL_OK;
}

uint32_t ll_segment_seed(const struct ll_segment *segment)
{
    uint64_t parts[2] = {segment->salt, segment->number};
    return crc32_iscsi((unsigned char *)parts, (int)sizeof parts, ~0u);
}

uint32_t ll_slot_crc32c_portable(const struct ll_slot *slot, uint32_t seed)
{
    return crc32_iscsi((unsigned char *)(uintptr_t)slot + 4, (int)LL_SLOT_BYTES - 4, seed);
}
