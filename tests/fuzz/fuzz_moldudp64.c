/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: any datagram is read whole or refused whole, and what is read can be built again to the same bytes.
 * Method: the blocks of an accepted packet are walked, must lie inside the datagram without gap, and are put
 * into a builder; the result is compared with the input. The same bytes are also tried as a request.
 */
#include "host/base/ll_assert.h"
#include "host/wire/ll_moldudp64.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static void rebuild_packet(const struct ll_moldudp64_packet *packet, const uint8_t *bytes,
                           uint32_t bytes_count)
{
    struct ll_moldudp64_builder builder;
    struct ll_moldudp64_cursor cursor = ll_moldudp64_cursor(packet);
    const uint8_t *message;
    const uint8_t *expected_at = bytes + LL_MOLDUDP64_HEADER_BYTES;
    uint32_t message_bytes = 0;
    uint32_t message_count = 0;
    uint8_t *built = malloc(bytes_count);
    LL_ASSERT(built != NULL);
    ll_moldudp64_begin(&builder, built, bytes_count, packet->session, packet->sequence);
    while ((message = ll_moldudp64_next(&cursor, &message_bytes)) != NULL) {
        LL_ASSERT(message == expected_at + LL_MOLDUDP64_BLOCK_HEADER_BYTES);
        expected_at = message + message_bytes;
        LL_ASSERT(ll_moldudp64_add(&builder, message, message_bytes) == LL_OK);
        message_count++;
    }
    LL_ASSERT(message_count == packet->message_count);
    LL_ASSERT(expected_at == bytes + bytes_count);
    LL_ASSERT(ll_moldudp64_end(&builder) == bytes_count);
    if (packet->kind == LL_MOLDUDP64_END)
        ll_moldudp64_write_header(built, packet->session, packet->sequence, LL_MOLDUDP64_COUNT_END);
    LL_ASSERT(memcmp(built, bytes, bytes_count) == 0);
    free(built);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_moldudp64_packet packet;
    struct ll_moldudp64_request request;
    if (bytes_count > UINT32_MAX)
        return 0;
    int err = ll_moldudp64_parse(bytes, (uint32_t)bytes_count, &packet);
    LL_ASSERT(err == LL_OK || err == LL_ERR_SHORT || err == LL_ERR_LONG || err == LL_ERR_MALFORMED);
    if (err == LL_OK)
        rebuild_packet(&packet, bytes, (uint32_t)bytes_count);
    if (ll_moldudp64_parse_request(bytes, (uint32_t)bytes_count, &request) == LL_OK) {
        uint8_t written[LL_MOLDUDP64_HEADER_BYTES];
        ll_moldudp64_write_header(written, request.session, request.sequence, request.count);
        LL_ASSERT(bytes_count == sizeof written);
        LL_ASSERT(memcmp(written, bytes, sizeof written) == 0);
    }
    return 0;
}
