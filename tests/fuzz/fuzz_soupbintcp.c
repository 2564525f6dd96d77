/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: any stream of bytes is cut into packets without reading past it, each packet encodes to the same bytes,
 * and every login that decodes says the same after another round.
 * Method: the input is one stream; the three login decoders see every packet, whatever its type.
 */
#include "host/base/ll_assert.h"
#include "host/wire/ll_soupbintcp.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static void check_request(const struct ll_soup_packet *packet)
{
    struct ll_soup_login_request login;
    struct ll_soup_login_request again;
    uint8_t bytes[LL_SOUP_LOGIN_REQUEST_BYTES_41];
    uint32_t bytes_count = 0;
    if (ll_soup_login_request_decode(packet->payload, packet->payload_bytes, &login) != LL_OK)
        return;
    LL_ASSERT(ll_soup_login_request_encode(&login, bytes, sizeof bytes, &bytes_count) == LL_OK);
    LL_ASSERT(bytes_count == packet->packet_bytes);
    LL_ASSERT(ll_soup_login_request_decode(bytes + LL_SOUP_HEADER_BYTES, bytes_count - LL_SOUP_HEADER_BYTES,
                                           &again) == LL_OK);
    LL_ASSERT(memcmp(login.username, again.username, sizeof login.username) == 0);
    LL_ASSERT(memcmp(login.password, again.password, sizeof login.password) == 0);
    LL_ASSERT(memcmp(login.session, again.session, sizeof login.session) == 0);
    LL_ASSERT(login.sequence == again.sequence && login.timeout_ms == again.timeout_ms);
    LL_ASSERT(login.has_timeout == again.has_timeout);
}

static void check_accepted(const struct ll_soup_packet *packet)
{
    struct ll_soup_login_accepted accepted;
    struct ll_soup_login_accepted again;
    uint8_t bytes[LL_SOUP_LOGIN_ACCEPTED_BYTES];
    uint32_t bytes_count = 0;
    if (ll_soup_login_accepted_decode(packet->payload, packet->payload_bytes, &accepted) != LL_OK)
        return;
    LL_ASSERT(ll_soup_login_accepted_encode(&accepted, bytes, sizeof bytes, &bytes_count) == LL_OK);
    LL_ASSERT(ll_soup_login_accepted_decode(bytes + LL_SOUP_HEADER_BYTES, bytes_count - LL_SOUP_HEADER_BYTES,
                                            &again) == LL_OK);
    LL_ASSERT(memcmp(accepted.session, again.session, sizeof accepted.session) == 0);
    LL_ASSERT(accepted.sequence == again.sequence);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_soup_packet packet;
    struct ll_soup_login_rejected rejected;
    uint8_t encoded[LL_SOUP_PACKET_BYTES_MAX];
    uint32_t encoded_bytes = 0;
    if (bytes_count > UINT32_MAX)
        return 0;
    uint32_t at = 0;
    while (ll_soup_packet_next(bytes + at, (uint32_t)bytes_count - at, &packet) == LL_OK) {
        LL_ASSERT(packet.packet_bytes <= bytes_count - at);
        LL_ASSERT(ll_soup_packet_encode(packet.type, packet.payload, packet.payload_bytes, encoded,
                                        sizeof encoded, &encoded_bytes) == LL_OK);
        LL_ASSERT(encoded_bytes == packet.packet_bytes);
        LL_ASSERT(memcmp(encoded, bytes + at, encoded_bytes) == 0);
        check_request(&packet);
        check_accepted(&packet);
        int err = ll_soup_login_rejected_decode(packet.payload, packet.payload_bytes, &rejected);
        LL_ASSERT((err == LL_OK) == (packet.payload_bytes == 1));
        at += packet.packet_bytes;
    }
    return 0;
}
