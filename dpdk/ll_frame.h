/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One Ethernet frame taken apart as far as its UDP payload, and built again. Pure bytes: no DPDK in here.
 *
 * Shape    ll_frame_parse gives a verdict, and for UDP where the payload is. ll_frame_build_udp writes the 42
 *          header bytes in front of a payload that is already in place.
 * Units    bytes; addresses and ports in host byte order.
 * Errors   no error codes: a frame is not an error, it is one of the verdicts.
 * Threads  any, no state.
 * Source   IEEE 802.3 and 802.1Q (one tag), RFC 791 (IPv4), RFC 768 (UDP), RFC 1112 section 6.4 (multicast
 *          MAC).
 *
 *   0            6            12     14 (18 with a tag)             +IHL*4         +8
 *   | target MAC | source MAC | type | IPv4 header, 20..60 bytes    | UDP header   | payload ...
 */
#ifndef LL_DPDK_FRAME_H
#define LL_DPDK_FRAME_H

#include <stdint.h>

#define LL_FRAME_UDP_HEADERS_BYTES 42u /* Ethernet 14, IPv4 20, UDP 8 */

enum ll_frame_verdict {
    LL_FRAME_UDP,       /* `udp` is filled */
    LL_FRAME_NOT_IPV4,  /* another ether type, a second VLAN tag, another IP version */
    LL_FRAME_NOT_UDP,   /* another IP protocol */
    LL_FRAME_FRAGMENT,  /* a piece of a UDP datagram */
    LL_FRAME_TRUNCATED, /* headers or lengths that do not fit the frame */
    LL_FRAME_VERDICT_COUNT
};

struct ll_frame_udp {
    const uint8_t *payload; /* inside the frame */
    uint32_t payload_bytes;
    uint32_t target_address;
    uint16_t target_port;
};

/* Checksums are not looked at: a kernel that offloads them to a card that is not there (veth, loopback)
 * leaves the UDP checksum unfinished, and what the card got wrong it has already dropped. `udp` is untouched
 * unless the verdict is LL_FRAME_UDP. */
enum ll_frame_verdict ll_frame_parse(const uint8_t *frame, uint32_t frame_bytes, struct ll_frame_udp *udp);

/* Fills frame[0..41] for `payload_bytes` at frame + 42: valid IPv4 checksum, UDP checksum 0 (none, RFC 768).
 * payload_bytes <= 65507. */
void ll_frame_build_udp(uint8_t *frame, uint32_t payload_bytes, uint32_t target_address,
                        uint16_t target_port);

#endif
