/* SPDX-License-Identifier: Apache-2.0 */
#include "host/wire/ll_moldudp64.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"

#include <stddef.h>
#include <string.h>

#define LL_MOLDUDP64_SEQUENCE_OFFSET 10u
#define LL_MOLDUDP64_COUNT_OFFSET    18u

_Static_assert(LL_MOLDUDP64_SEQUENCE_OFFSET == LL_MOLDUDP64_SESSION_BYTES, "the session opens the header");
_Static_assert(LL_MOLDUDP64_COUNT_OFFSET + 2u == LL_MOLDUDP64_HEADER_BYTES, "the count closes the header");
_Static_assert(LL_MOLDUDP64_MESSAGES_MAX + 1u == LL_MOLDUDP64_COUNT_END, "one count is taken by the end");

/* Are there exactly `count` whole blocks in these bytes? */
static int ll_moldudp64_check_blocks(const uint8_t *blocks, uint32_t blocks_bytes, uint32_t count)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (blocks_bytes - at < LL_MOLDUDP64_BLOCK_HEADER_BYTES)
            return LL_ERR_SHORT;
        uint32_t message_bytes = ll_load_be16(blocks + at);
        at += LL_MOLDUDP64_BLOCK_HEADER_BYTES;
        if (blocks_bytes - at < message_bytes)
            return LL_ERR_SHORT;
        at += message_bytes;
    }
    return at == blocks_bytes ? LL_OK : LL_ERR_LONG;
}

int ll_moldudp64_parse(const uint8_t *bytes, uint32_t bytes_count, struct ll_moldudp64_packet *packet)
{
    LL_ASSERT(packet != NULL);
    if (bytes_count < LL_MOLDUDP64_HEADER_BYTES)
        return LL_ERR_SHORT;
    uint64_t sequence = ll_load_be64(bytes + LL_MOLDUDP64_SEQUENCE_OFFSET);
    uint32_t count = ll_load_be16(bytes + LL_MOLDUDP64_COUNT_OFFSET);
    uint32_t blocks_bytes = bytes_count - LL_MOLDUDP64_HEADER_BYTES;
    enum ll_moldudp64_kind kind = LL_MOLDUDP64_DATA;
    if (count == LL_MOLDUDP64_COUNT_HEARTBEAT)
        kind = LL_MOLDUDP64_HEARTBEAT;
    else if (count == LL_MOLDUDP64_COUNT_END)
        kind = LL_MOLDUDP64_END;
    if (kind != LL_MOLDUDP64_DATA) {
        if (blocks_bytes != 0)
            return LL_ERR_MALFORMED;
        count = 0;
    }
    if (sequence > UINT64_MAX - count)
        return LL_ERR_MALFORMED;
    int err = ll_moldudp64_check_blocks(bytes + LL_MOLDUDP64_HEADER_BYTES, blocks_bytes, count);
    if (err != LL_OK)
        return err;
    memcpy(packet->session, bytes, LL_MOLDUDP64_SESSION_BYTES);
    packet->kind = kind;
    packet->sequence = sequence;
    packet->message_count = count;
    packet->blocks = bytes + LL_MOLDUDP64_HEADER_BYTES;
    packet->blocks_bytes = blocks_bytes;
    return LL_OK;
}

void ll_moldudp64_write_header(uint8_t bytes[LL_MOLDUDP64_HEADER_BYTES],
                               const char session[LL_MOLDUDP64_SESSION_BYTES], uint64_t sequence,
                               uint16_t count)
{
    memcpy(bytes, session, LL_MOLDUDP64_SESSION_BYTES);
    ll_store_be64(bytes + LL_MOLDUDP64_SEQUENCE_OFFSET, sequence);
    ll_store_be16(bytes + LL_MOLDUDP64_COUNT_OFFSET, count);
}

void ll_moldudp64_begin(struct ll_moldudp64_builder *builder, uint8_t *bytes, uint32_t capacity_bytes,
                        const char session[LL_MOLDUDP64_SESSION_BYTES], uint64_t sequence)
{
    LL_ASSERT(capacity_bytes >= LL_MOLDUDP64_HEADER_BYTES);
    ll_moldudp64_write_header(bytes, session, sequence, LL_MOLDUDP64_COUNT_HEARTBEAT);
    builder->bytes = bytes;
    builder->capacity_bytes = capacity_bytes;
    builder->used_bytes = LL_MOLDUDP64_HEADER_BYTES;
    builder->message_count = 0;
}

int ll_moldudp64_add(struct ll_moldudp64_builder *builder, const uint8_t *message, uint32_t message_bytes)
{
    LL_ASSERT(builder->used_bytes >= LL_MOLDUDP64_HEADER_BYTES);
    LL_ASSERT(builder->used_bytes <= builder->capacity_bytes);
    uint32_t left_bytes = builder->capacity_bytes - builder->used_bytes;
    if (builder->message_count == LL_MOLDUDP64_MESSAGES_MAX)
        return LL_ERR_FULL;
    if (message_bytes > UINT16_MAX)
        return LL_ERR_FULL;
    if (left_bytes < LL_MOLDUDP64_BLOCK_HEADER_BYTES + message_bytes)
        return LL_ERR_FULL;
    uint8_t *block = builder->bytes + builder->used_bytes;
    ll_store_be16(block, (uint16_t)message_bytes);
    if (message_bytes > 0)
        memcpy(block + LL_MOLDUDP64_BLOCK_HEADER_BYTES, message, message_bytes);
    builder->used_bytes += LL_MOLDUDP64_BLOCK_HEADER_BYTES + message_bytes;
    builder->message_count++;
    return LL_OK;
}

uint32_t ll_moldudp64_end(struct ll_moldudp64_builder *builder)
{
    /* What leaves here must be readable by the parser above. */
    LL_ASSERT(builder->message_count <= LL_MOLDUDP64_MESSAGES_MAX);
    LL_ASSERT(ll_load_be64(builder->bytes + LL_MOLDUDP64_SEQUENCE_OFFSET) <=
              UINT64_MAX - builder->message_count);
    ll_store_be16(builder->bytes + LL_MOLDUDP64_COUNT_OFFSET, (uint16_t)builder->message_count);
    return builder->used_bytes;
}

int ll_moldudp64_parse_request(const uint8_t *bytes, uint32_t bytes_count,
                               struct ll_moldudp64_request *request)
{
    LL_ASSERT(request != NULL);
    if (bytes_count != LL_MOLDUDP64_HEADER_BYTES)
        return bytes_count < LL_MOLDUDP64_HEADER_BYTES ? LL_ERR_SHORT : LL_ERR_LONG;
    uint64_t sequence = ll_load_be64(bytes + LL_MOLDUDP64_SEQUENCE_OFFSET);
    uint16_t count = ll_load_be16(bytes + LL_MOLDUDP64_COUNT_OFFSET);
    if (sequence > UINT64_MAX - count)
        return LL_ERR_MALFORMED;
    memcpy(request->session, bytes, LL_MOLDUDP64_SESSION_BYTES);
    request->sequence = sequence;
    request->count = count;
    return LL_OK;
}
