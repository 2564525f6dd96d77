/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One segment file: its name, its header and the check of one slot.
 *
 * Shape    The name is `YYYYMMDD-NNNNNN.lljournal`; files of other names are not segments. The header is
 *          written once, before the file gets its name, and never again:
 *
 *          0        8        12       16       24       32       40         48     4092
 *          | magic  | version| slot   | salt   | number | bytes  | run      | zero | crc32c |
 *          |LLJRNL01|        | bytes  |        |        |        | align    |      |        |
 *
 *          The salt is the journal's, equal in all segments. A slot's checksum is seeded with salt and
 *          number, so that neither old blocks of the disk nor slots of another segment or journal can
 *          pass for ours. The day and the first event id are not in the header, because a prepared
 *          segment does not know them: the day is in the name (renamed at a change of day, before use),
 *          the first event id in the first slot.
 * Units    bytes; slots are numbered from 0, slot n lies at LL_SEGMENT_HEADER_BYTES + n * LL_SLOT_BYTES.
 *          Days count from 1970-01-01.
 * Errors   a header that does not check is LL_ERR_CORRUPT with the reason.
 * Threads  pure functions.
 */
#ifndef LL_HOST_JOURNAL_JOURNAL_SEGMENT_H
#define LL_HOST_JOURNAL_JOURNAL_SEGMENT_H

#include "host/base/ll_err.h"
#include "host/wire/ll_record.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

#define LL_SEGMENT_HEADER_BYTES 4096u
#define LL_SEGMENT_BYTES_MAX    ((uint64_t)1 << 40)
#define LL_SEGMENT_NAME_BYTES   48u
#define LL_SEGMENT_TMP_NAME     "next.tmp"
#define LL_SEGMENT_LOCK_NAME    "lock"
#define LL_NS_PER_DAY           ((uint64_t)86400 * 1000000000u)

/* What one segment is: the header in memory. */
struct ll_segment {
    uint64_t salt;
    uint64_t number; /* from 1 */
    uint64_t segment_bytes;
    uint64_t run_align_bytes;
};

enum ll_slot_state {
    LL_SLOT_ZERO, /* never written */
    LL_SLOT_GOOD, /* checksum right */
    LL_SLOT_BAD
};

/* Writes the name; `name` has LL_SEGMENT_NAME_BYTES. */
void ll_segment_name(char *name, uint64_t day, uint64_t number);

/* True and the two numbers when `name` is exactly the name of a segment. */
bool ll_segment_name_parse(const char *name, uint64_t *day, uint64_t *number);

/* Fills all LL_SEGMENT_HEADER_BYTES. */
void ll_segment_header_encode(const struct ll_segment *segment, uint8_t *header);

LL_MUST_CHECK int ll_segment_header_decode(struct ll_segment *segment, const uint8_t *header,
                                           struct ll_why *why);

/* Gives header bytes their checksum; encode does it already. */
void ll_segment_header_sign(uint8_t *header);

/* Limits that header and config share: sizes are multiples, within bounds. */
bool ll_segment_sizes_valid(uint64_t segment_bytes, uint64_t run_align_bytes);

/* Seed of the slot checksums in this segment. */
uint32_t ll_segment_seed(const struct ll_segment *segment);

/* Same value as ll_slot_crc32c, by table-driven or vector code of a library, for machines without SSE 4.2. */
uint32_t ll_slot_crc32c_portable(const struct ll_slot *slot, uint32_t seed);

static inline uint64_t ll_segment_slots(const struct ll_segment *segment)
{
    return (segment->segment_bytes - LL_SEGMENT_HEADER_BYTES) / LL_SLOT_BYTES;
}

static inline uint64_t ll_segment_offset(uint64_t slot_index)
{
    return LL_SEGMENT_HEADER_BYTES + slot_index * LL_SLOT_BYTES;
}

/* First slot at or after `slot_index` on which a run may start. */
static inline uint64_t ll_segment_run_start(const struct ll_segment *segment, uint64_t slot_index)
{
    uint64_t align_slots = segment->run_align_bytes / LL_SLOT_BYTES;
    return (slot_index + align_slots - 1) & ~(align_slots - 1);
}

/* CRC32C (Castagnoli) over bytes 4..63, started at `seed`, not inverted: the seed is what keeps zeros from
 * passing. Eight-byte steps of the instruction: at 60 bytes the call into a vector library costs more than it
 * saves (2-3 ns against 6-7 on Zen 4). */
static inline uint32_t ll_slot_crc32c(const struct ll_slot *slot, uint32_t seed)
{
#ifdef __SSE4_2__
    const unsigned char *bytes = (const unsigned char *)slot;
    uint32_t word;
    memcpy(&word, bytes + 4, sizeof word);
    uint64_t crc = _mm_crc32_u32(seed, word);
    for (unsigned at = 8; at < LL_SLOT_BYTES; at += 8) {
        uint64_t part;
        memcpy(&part, bytes + at, sizeof part);
        crc = _mm_crc32_u64(crc, part);
    }
    return (uint32_t)crc;
#else
    return ll_slot_crc32c_portable(slot, seed);
#endif
}

static inline bool ll_slot_is_zero(const struct ll_slot *slot)
{
    uint64_t words[LL_SLOT_BYTES / 8];
    uint64_t any = 0;
    memcpy(words, slot, sizeof words);
    for (unsigned i = 0; i < LL_SLOT_BYTES / 8; i++)
        any |= words[i];
    return any == 0;
}

static inline enum ll_slot_state ll_slot_check(const struct ll_slot *slot, uint32_t seed)
{
    if (slot->kind != 0 && slot->crc32c == ll_slot_crc32c(slot, seed))
        return LL_SLOT_GOOD;
    return ll_slot_is_zero(slot) ? LL_SLOT_ZERO : LL_SLOT_BAD;
}

/* The first slot of a run: all before it was durable when it was written. Only for good slots. */
static inline bool ll_slot_starts_run(const struct ll_slot *slot)
{
    return slot->kind != LL_RECORD_KIND_TAIL && (slot->payload_bytes & LL_RECORD_RUN_START) != 0;
}

static inline uint32_t ll_slot_payload_bytes(const struct ll_slot *head)
{
    return head->payload_bytes & (uint32_t)(LL_RECORD_RUN_START - 1u);
}

#endif
