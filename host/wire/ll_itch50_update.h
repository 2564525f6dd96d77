/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a raw ITCH 5.0 message to the kernel's 64-byte update: the hot path's decoder.
 *
 * Shape    One table row per message type says where the few fields a book needs lie; fields a type lacks
 *          read as 0. One straight way for all types, no branch on the type: two byte shuffles, where the
 *          processor has them, swap and place the fields. Offsets come from ll_itch50_layout.h.
 * Units    as in hls/ll_records.h.
 * Errors   the verdict: LL_VERDICT_OK, UNKNOWN_TYPE or BAD_LENGTH; the update is an LL_OP_NONE for the latter two.
 * Threads  pure.
 * Source   Nasdaq TotalView-ITCH 5.0 specification; layouts in ll_itch50_layout.h.
 */
#ifndef LL_HOST_WIRE_ITCH50_UPDATE_H
#define LL_HOST_WIRE_ITCH50_UPDATE_H

#include "hls/ll_records.h"
#include "host/base/ll_bytes.h"
#include "host/wire/ll_itch50.h"

#include <stdint.h>
#include <string.h>

#if defined(__SSSE3__)
#include <immintrin.h>
#endif

/* Where a type keeps its fields, made for moving them all at once: what a book needs lies within two windows
 * of 16 bytes, and each byte of the update names the byte of its window that it takes, or none. */
#define LL_ITCH50_WINDOW_BYTES 16u
#define LL_ITCH50_WINDOW_REFS  11u /* offset of the references' window; of the other one: `window` */
#define LL_ITCH50_ZERO         0x80u

struct ll_itch50_row {
    uint8_t refs[LL_ITCH50_WINDOW_BYTES];   /* update bytes 0..15: ref, new_ref */
    uint8_t prices[LL_ITCH50_WINDOW_BYTES]; /* update bytes 16..31: price, quantity, zeros */
    uint8_t bytes;                          /* length of the message, 0 = no such type */
    uint8_t op;                             /* enum ll_op */
    uint8_t window;                         /* offset of the prices' window */
    uint8_t side;                           /* offset; 0 = it has none (byte 0 is the type letter) */
    uint8_t reserved[12];
};

extern const struct ll_itch50_row ll_itch50_rows[256];

/* Byte i of `target` is byte order[i] of `source`, 0 where that is LL_ITCH50_ZERO. */
static inline void ll_itch50_move(void *target, const uint8_t *source,
                                  const uint8_t order[LL_ITCH50_WINDOW_BYTES])
{
#if defined(__SSSE3__)
    _mm_storeu_si128(target, _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)source),
                                              _mm_loadu_si128((const __m128i *)(const void *)order)));
#else
    uint8_t moved[LL_ITCH50_WINDOW_BYTES];
    for (uint32_t i = 0; i < LL_ITCH50_WINDOW_BYTES; i++)
        moved[i] = order[i] == LL_ITCH50_ZERO ? 0 : source[order[i]];
    memcpy(target, moved, sizeof moved);
#endif
}

/* `bytes` must be readable up to 40 bytes, whatever bytes_count says (a journal slot's payload is). Returns
 * the verdict. */
static inline uint8_t ll_itch50_update(const uint8_t *bytes, uint32_t bytes_count, uint64_t seq,
                                       struct ll_update *update)
{
    const struct ll_itch50_row *row = &ll_itch50_rows[bytes[0]];
    uint8_t side = bytes[row->side];
    if (LL_RARE(bytes_count != row->bytes || bytes_count == 0)) {
        memset(update, 0, sizeof *update);
        update->seq = seq;
        return bytes_count == 0 || row->bytes != 0 ? LL_VERDICT_BAD_LENGTH : LL_VERDICT_UNKNOWN_TYPE;
    }
    ll_itch50_move(&update->ref, bytes + LL_ITCH50_WINDOW_REFS, row->refs);
    ll_itch50_move(&update->price, bytes + row->window, row->prices);
    update->book = ll_load_be16(bytes + LL_ITCH50_STOCK_LOCATE_OFFSET);
    update->op = row->op;
    /* 'B' -> 0, 'S' -> 1, anything else -> 2, which the kernel refuses; no side field -> 0 */
    update->side =
        (uint8_t)(((uint32_t)(side != 'B') << (uint32_t)(side != 'S')) & (0u - (uint32_t)(row->side != 0)));
    memset(update->reserved, 0, sizeof update->reserved);
    update->seq = seq;
    return LL_VERDICT_OK;
}

#endif
