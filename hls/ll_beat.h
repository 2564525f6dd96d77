/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The beat: what travels between host and device, 64 bytes in one beat.
 *
 * Shape    seven words of content, and a tag in the last word, which is written last:
 *
 *            tag   bits 0..31 ordinal | 32..55 check of the other seven words, ordinal and kind | 56..63 kind
 *
 *          Ordinals count the requests of a link from 1, modulo 2^32; an answer carries the ordinal and the
 *          kind of its request. So a reader who waits for ordinal n at place n knows from the beat alone that
 *          it has arrived, that it is whole, and whose it is. An update and an ask are beats but for their
 *          last word: there the caller's own seq stands, which the host keeps back and puts in again.
 *
 *            LOAD, DUMP, HASH, RESET, PING   0 op | 1 part | 2 first | 3 count | 4 value | 5 epoch | 6 status
 * Units    first, count: elements of a part (enum ll_part); value, see enum ll_beat_op.
 * Errors   ll_beat_is_whole: 0 = the words and the tag do not belong together.
 * Threads  pure.
 */
#ifndef LL_HLS_BEAT_H
#define LL_HLS_BEAT_H

#include "hls/ll_types.h"

#define LL_BEAT_WORDS   8u
#define LL_BEAT_CONTENT 7u
#define LL_BEAT_TAG     7u

enum ll_beat_kind {
    LL_BEAT_NONE = 0,    /* never written */
    LL_BEAT_UPDATE = 1,  /* struct ll_update -> struct ll_result */
    LL_BEAT_ASK = 2,     /* struct ll_life_ask -> struct ll_life_answer */
    LL_BEAT_CONTROL = 3, /* enum ll_beat_op */
    LL_BEAT_BROKEN = 4 /* only as an answer: the request with this ordinal was not whole; nothing was done */
};

/*
 * O(NAME, number, "text") What a CONTROL slot asks for.
 *
 *   PING   nothing; answers value = LL_GATEWAY_LAYOUT
 *   LOAD   count elements from the window into part, from element first on
 *   DUMP   count elements of part into the window
 *   RESET  part is BOOK_CONTROL or LIFE_CONTROL: empties that half, as its control line says; first, count 0
 *   HASH   part is BOOK_BUCKETS (primary ones), SIDES, LIFE_BUCKETS (all) or LIFE_ORDERS: the sum of the
 *          state hash over count elements from first on (hls/ll_state_hash.h); answers value
 */
#define LL_BEAT_OPS(O)   \
    O(PING, 0, "ping")   \
    O(LOAD, 1, "load")   \
    O(DUMP, 2, "dump")   \
    O(RESET, 3, "reset") \
    O(HASH, 4, "hash")

enum ll_beat_op {
#define LL_BEAT_OP_ENUM(name, number, text) LL_BEAT_OP_##name = (number),
    LL_BEAT_OPS(LL_BEAT_OP_ENUM)
#undef LL_BEAT_OP_ENUM
        LL_BEAT_OP_COUNT = 5
};

enum ll_beat_status {
    LL_BEAT_OK = 0,
    LL_BEAT_REFUSED = 1 /* no such op or part, or elements beyond the part or the window; nothing was done */
};

/*
 * P(NAME, number, "text", bytes of an element) The memories of both halves, in the order of the kernel's
 * arguments.
 * LOAD and DUMP move elements as they lie in the host's memory: little-endian words, the fields in their
 *      order.
 */
#define LL_PARTS(P)                                               \
    P(BOOK_CONTROL, 0, "book control", 64)                        \
    P(BOOK_BUCKETS, 1, "order buckets", 64)                       \
    P(LEAVES, 2, "leaves", 128)                                   \
    P(LEVELS, 3, "levels", 512)                                   \
    P(INNERS, 4, "inner nodes", 128)                              \
    P(SIDES, 5, "sides", 32)                                      \
    P(LIFE_CONTROL, 6, "lifecycle control", 64)                   \
    P(LIFE_BUCKETS, 7, "identifiers", 64)                         \
    P(LIFE_PLACES, 8, "places", 8) /* two places to an element */ \
    P(LIFE_ORDERS, 9, "orders", 64)

enum ll_part {
#define LL_PART_ENUM(name, number, text, bytes) LL_PART_##name = (number),
    LL_PARTS(LL_PART_ENUM)
#undef LL_PART_ENUM
        LL_PART_COUNT = 10
};

struct ll_beat {
    u64 word[LL_BEAT_WORDS];
};
LL_STATIC_ASSERT(sizeof(struct ll_beat) == 64, "one line, one beat");

LL_FN_HOT u64 ll_beat_rotate(u64 x, u32 bits)
{
    return x << bits | x >> (64u - bits);
}

/* Three sums of the words, ordinal and kind among them, each word turned by another amount in each sum, and
 * each sum folded to another width. So every bit has a pattern of check bits of its own: one or two flipped
 * bits always give another check, and a slot of which some words are older than the others nearly always (by
 * chance, one in 2^24 is not seen). Xor and rotations only: a few levels of logic in hardware. */
LL_FN_HOT u32 ll_beat_check(struct ll_beat beat, u32 ordinal, u32 kind)
{
    u64 a = 0;
    u64 b = 0;
    u64 c = 0;
    beat.word[LL_BEAT_TAG] = (u64)kind << 32 | ordinal;
#define LL_BEAT_TURN(i, in_a, in_b, in_c)    \
    a ^= ll_beat_rotate(beat.word[i], in_a); \
    b ^= ll_beat_rotate(beat.word[i], in_b); \
    c ^= ll_beat_rotate(beat.word[i], in_c);
    LL_BEAT_TURN(0, 2, 3, 59)
    LL_BEAT_TURN(1, 40, 45, 52)
    LL_BEAT_TURN(2, 34, 35, 17)
    LL_BEAT_TURN(3, 11, 5, 25)
    LL_BEAT_TURN(4, 43, 28, 59)
    LL_BEAT_TURN(5, 36, 39, 7)
    LL_BEAT_TURN(6, 1, 42, 7)
    LL_BEAT_TURN(7, 7, 28, 21)
#undef LL_BEAT_TURN
    a ^= a >> 24 ^ a >> 48;
    b ^= b >> 23 ^ b >> 46;
    c ^= c >> 22 ^ c >> 44;
    return (u32)((a & 0xffffffu) ^ (b & 0x7fffffu) ^ (c & 0x3fffffu));
}

LL_FN_HOT u64 ll_beat_tag(struct ll_beat beat, u32 ordinal, u32 kind)
{
    return (u64)kind << 56 | (u64)ll_beat_check(beat, ordinal, kind) << 32 | ordinal;
}

LL_FN_HOT u32 ll_beat_ordinal(u64 tag)
{
    return (u32)tag;
}

LL_FN_HOT u32 ll_beat_kind_of(u64 tag)
{
    return (u32)(tag >> 56);
}

LL_FN_HOT u32 ll_beat_is_whole(struct ll_beat beat)
{
    u64 tag = beat.word[LL_BEAT_TAG];
    return (u32)(ll_beat_tag(beat, ll_beat_ordinal(tag), ll_beat_kind_of(tag)) == tag);
}

#endif
