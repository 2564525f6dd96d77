/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MoldUDP64 1.00: downstream packets and request packets, bytes to structs and back.
 *
 * Shape    downstream packet          request packet
 *            0 session[10]              0 session[10]
 *           10 sequence_number u64     10 sequence_number u64      (all integers big-endian)
 *           18 message_count u16       18 requested_message_count u16
 *           20 blocks: message_length u16, message_data[message_length], ...
 *          message_count 0 = heartbeat, 0xFFFF = end of session; both are 20 bytes. The two packets look
 *          alike: decide by socket, never by content. ll_moldudp64_parse checks the whole datagram first, so
 *          that the iterator can walk its blocks without any check of its own failing.
 * Units    bytes; sequence numbers count messages from 1.
 * Errors   LL_ERR_SHORT: less than a header, or blocks end early. LL_ERR_LONG: bytes left over after the last
 *          block, or a request of more than 20 bytes. LL_ERR_MALFORMED: sequence + count overflows u64; a
 *          heartbeat or end of session with bytes behind it. A refused packet leaves the result untouched.
 * Threads  pure functions.
 * Source   MoldUDP64 Protocol Specification V 1.00, "Downstream Packet", "Request Packet".
 */
#ifndef LL_HOST_WIRE_MOLDUDP64_H
#define LL_HOST_WIRE_MOLDUDP64_H

#include "host/base/ll_err.h"

#include <stdint.h>

#define LL_MOLDUDP64_HEADER_BYTES       20u
#define LL_MOLDUDP64_SESSION_BYTES      10u
#define LL_MOLDUDP64_BLOCK_HEADER_BYTES 2u
#define LL_MOLDUDP64_COUNT_HEARTBEAT    0u
#define LL_MOLDUDP64_COUNT_END          0xFFFFu
#define LL_MOLDUDP64_MESSAGES_MAX       65534u /* most messages in one packet or one request */
#define LL_MOLDUDP64_DATAGRAM_BYTES_MAX 65507u

enum ll_moldudp64_kind { LL_MOLDUDP64_DATA, LL_MOLDUDP64_HEARTBEAT, LL_MOLDUDP64_END };

struct ll_moldudp64_packet {
    char session[LL_MOLDUDP64_SESSION_BYTES];
    enum ll_moldudp64_kind kind;
    uint64_t sequence;      /* of the first block; of the next message for heartbeat and end */
    uint32_t message_count; /* blocks present: 0 for heartbeat and end */
    const uint8_t *blocks;  /* first block header; points into the datagram */
    uint32_t blocks_bytes;
};

/* Walks the blocks of a parsed packet. */
struct ll_moldudp64_cursor {
    const uint8_t *at;
    uint32_t left_count;
};

LL_MUST_CHECK int ll_moldudp64_parse(const uint8_t *bytes, uint32_t bytes_count,
                                     struct ll_moldudp64_packet *packet);

static inline struct ll_moldudp64_cursor ll_moldudp64_cursor(const struct ll_moldudp64_packet *packet)
{
    return (struct ll_moldudp64_cursor){packet->blocks, packet->message_count};
}

/* The next block's data; its length in *message_bytes (0 is legal). NULL after the last one. */
static inline const uint8_t *ll_moldudp64_next(struct ll_moldudp64_cursor *cursor, uint32_t *message_bytes)
{
    if (cursor->left_count == 0)
        return 0;
    const uint8_t *message = cursor->at + LL_MOLDUDP64_BLOCK_HEADER_BYTES;
    *message_bytes = ((uint32_t)cursor->at[0] << 8) | cursor->at[1];
    cursor->at = message + *message_bytes;
    cursor->left_count--;
    return message;
}

/* Builds packets: begin, add blocks while they fit, then end gives the datagram's length. */
struct ll_moldudp64_builder { /* private */
    uint8_t *bytes;
    uint32_t capacity_bytes;
    uint32_t used_bytes;
    uint32_t message_count;
};

/* capacity_bytes >= LL_MOLDUDP64_HEADER_BYTES. */
void ll_moldudp64_begin(struct ll_moldudp64_builder *builder, uint8_t *bytes, uint32_t capacity_bytes,
                        const char session[LL_MOLDUDP64_SESSION_BYTES], uint64_t sequence);
/* LL_OK, or LL_ERR_FULL when the block does not fit (nothing is written then). */
LL_MUST_CHECK int ll_moldudp64_add(struct ll_moldudp64_builder *builder, const uint8_t *message,
                                   uint32_t message_bytes);
uint32_t ll_moldudp64_end(struct ll_moldudp64_builder *builder);

/* 20-byte packets: count is LL_MOLDUDP64_COUNT_HEARTBEAT, LL_MOLDUDP64_COUNT_END, or a request's count. */
void ll_moldudp64_write_header(uint8_t bytes[LL_MOLDUDP64_HEADER_BYTES],
                               const char session[LL_MOLDUDP64_SESSION_BYTES], uint64_t sequence,
                               uint16_t count);

struct ll_moldudp64_request {
    char session[LL_MOLDUDP64_SESSION_BYTES];
    uint64_t sequence;
    uint16_t count;
};
LL_MUST_CHECK int ll_moldudp64_parse_request(const uint8_t *bytes, uint32_t bytes_count,
                                             struct ll_moldudp64_request *request);

#endif
