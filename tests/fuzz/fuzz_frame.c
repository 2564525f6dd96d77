/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever the bytes, the parser reads only inside the frame and the payload it names lies inside it.
 * Method: the input is the frame. A UDP verdict is checked against the frame's bounds, the payload's first
 * and last byte are touched, and the headers are built again from what was parsed: parsing that gives the
 * same.
 */
#include "dpdk/ll_frame.h"
#include "host/base/ll_assert.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INPUT_BYTES_MAX 16384u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static void check_round_trip(const struct ll_frame_udp *udp)
{
    static uint8_t rebuilt[LL_FRAME_UDP_HEADERS_BYTES + INPUT_BYTES_MAX];
    memcpy(rebuilt + LL_FRAME_UDP_HEADERS_BYTES, udp->payload, udp->payload_bytes);
    ll_frame_build_udp(rebuilt, udp->payload_bytes, udp->target_address, udp->target_port);
    struct ll_frame_udp again;
    enum ll_frame_verdict verdict =
        ll_frame_parse(rebuilt, LL_FRAME_UDP_HEADERS_BYTES + udp->payload_bytes, &again);
    LL_ASSERT(verdict == LL_FRAME_UDP);
    LL_ASSERT(again.payload == rebuilt + LL_FRAME_UDP_HEADERS_BYTES);
    LL_ASSERT(again.payload_bytes == udp->payload_bytes);
    LL_ASSERT(again.target_address == udp->target_address);
    LL_ASSERT(again.target_port == udp->target_port);
    LL_ASSERT(memcmp(again.payload, udp->payload, udp->payload_bytes) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    if (bytes_count > INPUT_BYTES_MAX)
        return 0;
    struct ll_frame_udp udp = {0};
    enum ll_frame_verdict verdict = ll_frame_parse(bytes, (uint32_t)bytes_count, &udp);
    LL_ASSERT(verdict < LL_FRAME_VERDICT_COUNT);
    if (verdict != LL_FRAME_UDP) {
        LL_ASSERT(udp.payload == NULL);
        return 0;
    }
    LL_ASSERT(udp.payload >= bytes + LL_FRAME_UDP_HEADERS_BYTES);
    LL_ASSERT(udp.payload <= bytes + bytes_count);
    LL_ASSERT(udp.payload_bytes <= (size_t)(bytes + bytes_count - udp.payload));
    check_round_trip(&udp);
    return 0;
}
