/* SPDX-License-Identifier: Apache-2.0 */
#include "dpdk/ll_frame.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"

#define ETHERNET_BYTES     14u
#define VLAN_TAG_BYTES     4u
#define IPV4_BYTES_MIN     20u
#define UDP_BYTES          8u
#define ETHER_TYPE_IPV4    0x0800u
#define ETHER_TYPE_VLAN    0x8100u
#define IP_PROTOCOL_UDP    17u
#define IPV4_DONT_FRAGMENT 0x4000u
#define IPV4_FRAGMENT_BITS 0x3FFFu /* more-fragments and the offset */
#define IPV4_TTL           64u
#define SOURCE_ADDRESS     0xC0000201u /* 192.0.2.1, RFC 5737: for documentation, belongs to nobody */
#define UDP_PAYLOAD_MAX    65507u

_Static_assert(ETHERNET_BYTES + IPV4_BYTES_MIN + UDP_BYTES == LL_FRAME_UDP_HEADERS_BYTES,
               "the builder writes no options and no tag");

/* From the first byte of the IPv4 header; `rest_bytes` is what the frame has from there. */
static enum ll_frame_verdict parse_ipv4(const uint8_t *ip, uint32_t rest_bytes, struct ll_frame_udp *udp)
{
    if (LL_UNLIKELY(rest_bytes < IPV4_BYTES_MIN))
        return LL_FRAME_TRUNCATED;
    if (LL_UNLIKELY(ip[0] >> 4 != 4))
        return LL_FRAME_NOT_IPV4;
    uint32_t header_bytes = (ip[0] & 0x0Fu) * 4u;
    uint32_t total_bytes = ll_load_be16(ip + 2);
    if (LL_UNLIKELY(header_bytes < IPV4_BYTES_MIN || total_bytes < header_bytes || total_bytes > rest_bytes))
        return LL_FRAME_TRUNCATED;
    if (LL_UNLIKELY(ip[9] != IP_PROTOCOL_UDP))
        return LL_FRAME_NOT_UDP;
    if (LL_UNLIKELY((ll_load_be16(ip + 6) & IPV4_FRAGMENT_BITS) != 0))
        return LL_FRAME_FRAGMENT;
    const uint8_t *datagram = ip + header_bytes;
    uint32_t datagram_bytes_max = total_bytes - header_bytes;
    if (LL_UNLIKELY(datagram_bytes_max < UDP_BYTES))
        return LL_FRAME_TRUNCATED;
    uint32_t datagram_bytes = ll_load_be16(datagram + 4);
    if (LL_UNLIKELY(datagram_bytes < UDP_BYTES || datagram_bytes > datagram_bytes_max))
        return LL_FRAME_TRUNCATED;
    udp->payload = datagram + UDP_BYTES;
    udp->payload_bytes = datagram_bytes - UDP_BYTES;
    udp->target_address = ll_load_be32(ip + 16);
    udp->target_port = ll_load_be16(datagram + 2);
    return LL_FRAME_UDP;
}

enum ll_frame_verdict ll_frame_parse(const uint8_t *frame, uint32_t frame_bytes, struct ll_frame_udp *udp)
{
    if (LL_UNLIKELY(frame_bytes < ETHERNET_BYTES))
        return LL_FRAME_TRUNCATED;
    uint32_t offset = ETHERNET_BYTES;
    uint32_t ether_type = ll_load_be16(frame + 12);
    if (LL_UNLIKELY(ether_type == ETHER_TYPE_VLAN)) {
        if (frame_bytes < ETHERNET_BYTES + VLAN_TAG_BYTES)
            return LL_FRAME_TRUNCATED;
        ether_type = ll_load_be16(frame + 16);
        offset += VLAN_TAG_BYTES;
    }
    if (LL_UNLIKELY(ether_type != ETHER_TYPE_IPV4))
        return LL_FRAME_NOT_IPV4;
    return parse_ipv4(frame + offset, frame_bytes - offset, udp);
}

/* Group addresses have a MAC of their own; everybody else is "the gateway's card". */
static void build_ethernet(uint8_t *frame, uint32_t target_address)
{
    uint64_t target_mac = 0x020000000001u;
    if (target_address >> 28 == 0xE)
        target_mac = 0x01005E000000u | (target_address & 0x7FFFFFu);
    ll_store_be48(frame, target_mac);
    ll_store_be48(frame + 6, 0x020000000002u);
    ll_store_be16(frame + 12, ETHER_TYPE_IPV4);
}

void ll_frame_build_udp(uint8_t *frame, uint32_t payload_bytes, uint32_t target_address, uint16_t target_port)
{
    LL_ASSERT(payload_bytes <= UDP_PAYLOAD_MAX);
    build_ethernet(frame, target_address);

    uint8_t *ip = frame + ETHERNET_BYTES;
    uint32_t total_bytes = IPV4_BYTES_MIN + UDP_BYTES + payload_bytes;
    /* The ones' complement sum of the header's ten words; what is constant is added by the compiler. */
    uint32_t sum = 0x4500u + IPV4_DONT_FRAGMENT + (IPV4_TTL << 8 | IP_PROTOCOL_UDP) + (SOURCE_ADDRESS >> 16) +
                   (SOURCE_ADDRESS & 0xFFFFu);
    sum += total_bytes + (target_address >> 16) + (target_address & 0xFFFFu);
    sum = (sum >> 16) + (sum & 0xFFFFu);
    sum += sum >> 16;
    ll_store_be16(ip, 0x4500u);
    ll_store_be16(ip + 2, (uint16_t)total_bytes);
    ll_store_be16(ip + 4, 0);
    ll_store_be16(ip + 6, IPV4_DONT_FRAGMENT);
    ll_store_be16(ip + 8, IPV4_TTL << 8 | IP_PROTOCOL_UDP);
    ll_store_be16(ip + 10, (uint16_t)~sum);
    ll_store_be32(ip + 12, SOURCE_ADDRESS);
    ll_store_be32(ip + 16, target_address);

    uint8_t *datagram = ip + IPV4_BYTES_MIN;
    ll_store_be16(datagram, target_port);
    ll_store_be16(datagram + 2, target_port);
    ll_store_be16(datagram + 4, (uint16_t)(UDP_BYTES + payload_bytes));
    ll_store_be16(datagram + 6, 0);
}
