/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal record: what the engine decides, byte for byte as it lies on disk and in memory.
 *
 * Shape    A record is a head slot and, when its payload is longer than 40 bytes, as many tail slots as
 *          it needs. Every slot is 64 bytes, one cache line, and carries its own checksum and the event
 *          id, so a reader can judge each slot alone. The usual book messages (A D E U X C F) fit in one
 *          slot.
 *
 *            head  0        4     5        6              8         16       24                        64
 *                  | crc32c | kind| verdict| payload_bytes| event_id| time_ns| payload[40]              |
 *            tail  0        4     5        6              8         16                                 64
 *                  | crc32c | 0xFF| 0      | tail_index   | event_id| payload[48]                       |
 *
 *          crc32c covers bytes 4..63, seeded per segment (host/journal/ll_journal_segment.h). Unused
 *          payload is zero. Little-endian. Event ids count up by one per record, from 1, without a hole,
 *          over all segments. The journal writer owns the top bit of a head's payload_bytes (the run-
 *          start mark) and one kind, the seal: a slot without a record that carries the last event id.
 *          Readers see neither.
 * Units    time_ns: UTC nanoseconds. payload_bytes: bytes of payload over the whole record.
 * Errors   none; the reader decides (ll_journal_reader.h).
 * Threads  plain data.
 */
#ifndef LL_HOST_WIRE_RECORD_H
#define LL_HOST_WIRE_RECORD_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#if defined(__AVX512BW__)
#include <immintrin.h>
#endif

#define LL_SLOT_BYTES               64u
#define LL_RECORD_HEAD_PAYLOAD      40u
#define LL_RECORD_TAIL_PAYLOAD      48u
#define LL_RECORD_KIND_TAIL         0xFFu
#define LL_RECORD_KIND_SEAL         0xFEu /* journal writer only */
#define LL_RECORD_RUN_START         0x8000u /* journal writer only: in payload_bytes of the first slot of a write */
#define LL_RECORD_PAYLOAD_BYTES_MAX 2048u /* a longer message is cut here, and counted */
#define LL_RECORD_SLOTS_MAX                                                                      \
    (1u + (LL_RECORD_PAYLOAD_BYTES_MAX - LL_RECORD_HEAD_PAYLOAD + LL_RECORD_TAIL_PAYLOAD - 1u) / \
              LL_RECORD_TAIL_PAYLOAD)

/* Kinds of record: number, name in dumps, meaning. 0 is an empty (pre-zeroed) slot and never written. */
#define LL_RECORD_KINDS(K)                                                                                   \
    K(SESSION, 1, "session") /* a feed begins: session name and first sequence (struct ll_record_session) */ \
    K(FEED, 2, "feed")       /* one sequenced provider message, raw, with the verdict on it */               \
    K(GAP, 3, "gap")         /* sequences given up as lost (struct ll_record_gap) */                         \
    K(BAD_PACKET, 4,                                                                                         \
      "bad_packet")            /* a datagram that could not be read (8-byte rx ordinal, then raw bytes) */   \
    K(FEED_END, 5, "feed_end") /* the provider ended the session */                                          \
    K(COMMAND, 6, "command")   /* from here on: host/wire/ll_order_records.h */                              \
    K(REPORT, 7, "report")                                                                                   \
    K(LINK, 8, "link")                                                                                       \
    K(ACTION, 9, "action")                                                                                   \
    K(SENT, 10, "sent")                                                                                      \
    K(LIMIT, 11, "limit")                                                                                    \
    K(SETTINGS, 12, "settings")

enum ll_record_kind {
#define LL_RECORD_ENUM(name, number, text) LL_RECORD_##name = (number),
    LL_RECORD_KINDS(LL_RECORD_ENUM)
#undef LL_RECORD_ENUM
};

struct ll_slot {
    uint32_t crc32c;
    uint8_t kind;
    uint8_t verdict;        /* enum ll_verdict of hls/ll_records.h; of a command enum ll_refusal; 0 = ok */
    uint16_t payload_bytes; /* tail slots: index of the tail slot, from 1 */
    uint64_t event_id;
    uint64_t time_ns; /* tail slots: first 8 bytes of payload */
    uint8_t payload[LL_RECORD_HEAD_PAYLOAD];
};
static_assert(sizeof(struct ll_slot) == LL_SLOT_BYTES, "one cache line");
static_assert(offsetof(struct ll_slot, payload) == 24, "as drawn above");

/* Payload of a SESSION record. */
struct ll_record_session {
    char session[10]; /* MoldUDP64 session name, verbatim */
    uint8_t reserved[6];
    uint64_t first_sequence; /* the next message journaled has this sequence number */
};
static_assert(sizeof(struct ll_record_session) == 24, "no padding");

/* Payload of a GAP record: messages first..first+count-1 will not come. */
struct ll_record_gap {
    uint64_t first_sequence;
    uint64_t count;
};
static_assert(sizeof(struct ll_record_gap) == 16, "no padding");

/* Slots that a record with this payload occupies. */
static inline uint32_t ll_record_slots(uint32_t payload_bytes)
{
    if (payload_bytes <= LL_RECORD_HEAD_PAYLOAD)
        return 1;
    return 1u +
           (payload_bytes - LL_RECORD_HEAD_PAYLOAD + LL_RECORD_TAIL_PAYLOAD - 1u) / LL_RECORD_TAIL_PAYLOAD;
}

/* Where the payload of a tail slot starts (it reuses the time_ns field). */
static inline uint8_t *ll_record_tail_payload(struct ll_slot *slot)
{
    return (uint8_t *)slot + offsetof(struct ll_slot, time_ns);
}

/* Name of a kind for dumps; "unknown" for a number that is none. */
const char *ll_record_kind_name(uint8_t kind);

/* Writes the record into `slots` (ll_record_slots(payload_bytes) of them), crc32c left 0 for the journal
 * writer. Returns the number of slots. payload_bytes <= LL_RECORD_PAYLOAD_BYTES_MAX. */
uint32_t ll_record_write(struct ll_slot *slots, uint8_t kind, uint8_t verdict, uint64_t event_id,
                         uint64_t time_ns, const uint8_t *payload, uint32_t payload_bytes);

/* The same for a payload of at most LL_RECORD_HEAD_PAYLOAD bytes, in line: the record of nearly every message.
 * Where the processor can load any number of bytes without a branch on it, it does: the lengths of a feed's
 * messages follow each other at random, and one whole store lets the decoder read the slot back without
 * waiting for it. */
static inline uint32_t ll_record_write_short(struct ll_slot *slot, uint8_t kind, uint8_t verdict,
                                             uint64_t event_id, uint64_t time_ns, const uint8_t *payload,
                                             uint32_t payload_bytes)
{
#if defined(__AVX512BW__)
    const uint32_t head_bytes = LL_SLOT_BYTES - LL_RECORD_HEAD_PAYLOAD;
    const uint64_t mask = (((uint64_t)1 << payload_bytes) - 1) << head_bytes;
    const uint64_t word = (uint64_t)kind << 32 | (uint64_t)verdict << 40 | (uint64_t)payload_bytes << 48;
    /* The address lies before the payload; the bytes there are masked out and not read. */
    const void *from =
        (const void *)((uintptr_t)payload - head_bytes); /* NOLINT(performance-no-int-to-ptr) */
    __m512i whole = _mm512_maskz_loadu_epi8(mask, from);
    __m256i head = _mm256_set_epi64x(0, (long long)time_ns, (long long)event_id, (long long)word);
    _mm512_storeu_si512(slot, _mm512_or_si512(whole, _mm512_zextsi256_si512(head)));
    return 1;
#else
    return ll_record_write(slot, kind, verdict, event_id, time_ns, payload, payload_bytes);
#endif
}

#endif
