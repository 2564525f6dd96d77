/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a raw ITCH 5.0 message to the kernel's 64-byte update: the hot path's decoder.
 *
 * Shape    One table row per message type says where the few fields a book needs lie; fields a type lacks read as 0.
 *          One straight way for all types, no branch on the type. Offsets come from ll_itch50_layout.h.
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

/* Where a type keeps its fields; offset 0 = it has none (byte 0 is the type letter). */
struct ll_itch50_row {
    uint8_t bytes; /* length of the message, 0 = no such type */
    uint8_t op;    /* enum ll_op */
    uint8_t ref;
    uint8_t new_ref;
    uint8_t quantity;
    uint8_t price;
    uint8_t side;
    uint8_t reserved;
};

extern const struct ll_itch50_row ll_itch50_rows[256];

/* `bytes` must be readable up to 40 bytes, whatever bytes_count says (a journal slot's payload is). Returns
 * the verdict. */
static inline uint8_t ll_itch50_update(const uint8_t *bytes, uint32_t bytes_count, uint64_t seq,
                                       struct ll_update *update)
{
    const struct ll_itch50_row row = ll_itch50_rows[bytes[0]];
    uint32_t good = (uint32_t)(row.bytes == bytes_count) & (uint32_t)(bytes_count != 0);
    uint64_t mask = 0 - (uint64_t)good;
    uint8_t side = bytes[row.side];
    update->ref = ll_load_be64(bytes + row.ref) & mask & (0 - (uint64_t)(row.ref != 0));
    update->new_ref = ll_load_be64(bytes + row.new_ref) & mask & (0 - (uint64_t)(row.new_ref != 0));
    update->price = ll_load_be32(bytes + row.price) & (uint32_t)mask & (0u - (uint32_t)(row.price != 0));
    update->quantity =
        ll_load_be32(bytes + row.quantity) & (uint32_t)mask & (0u - (uint32_t)(row.quantity != 0));
    update->book = ll_load_be16(bytes + LL_ITCH50_STOCK_LOCATE_OFFSET) & (uint32_t)mask;
    update->op = (uint8_t)(row.op & mask);
    /* 'B' -> 0, 'S' -> 1, anything else -> 2, which the kernel refuses; no side field -> 0 */
    update->side = (uint8_t)(((side == 'S') | (uint32_t)((side != 'S') & (side != 'B')) << 1) &
                             (uint32_t)mask & (0u - (uint32_t)(row.side != 0)));
    update->reserved16 = 0;
    memset(update->reserved, 0, sizeof update->reserved);
    update->seq = seq;
    uint32_t bad = (uint32_t)(row.bytes == 0) ? LL_VERDICT_UNKNOWN_TYPE : LL_VERDICT_BAD_LENGTH;
    return (uint8_t)(good               ? (uint32_t)LL_VERDICT_OK
                     : bytes_count == 0 ? (uint32_t)LL_VERDICT_BAD_LENGTH
                                        : bad);
}

#endif
