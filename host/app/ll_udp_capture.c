/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_udp_capture.h"

#include "host/base/ll_bytes.h"

#include <stddef.h>

#define LL_UDP_HEADER_BYTES 8u

int ll_udp_capture_open(struct ll_udp_capture *capture, const char *path, struct ll_why *why)
{
    return ll_ip_capture_open(&capture->ip, path, why);
}

void ll_udp_capture_close(struct ll_udp_capture *capture)
{
    ll_ip_capture_close(&capture->ip);
}

uint64_t ll_udp_capture_passed_over_count(const struct ll_udp_capture *capture)
{
    return ll_ip_capture_passed_over_count(&capture->ip);
}

/* What is wrong with this packet; NULL when it holds one whole UDP datagram. */
static const char *ll_capture_parse_udp(const struct ll_ip_packet *packet, struct ll_udp_datagram *datagram)
{
    if (packet->payload_bytes < LL_UDP_HEADER_BYTES)
        return "is too short for a UDP header";
    const uint8_t *udp = packet->payload;
    uint32_t udp_bytes = ll_load_be16(udp + 4);
    if (udp_bytes < LL_UDP_HEADER_BYTES || udp_bytes > packet->payload_bytes)
        return "has a UDP length that does not fit its packet";
    datagram->packet_number = packet->packet_number;
    datagram->time_ns = packet->time_ns;
    datagram->source_ipv4 = packet->source_ipv4;
    datagram->target_ipv4 = packet->target_ipv4;
    datagram->source_port = ll_load_be16(udp);
    datagram->target_port = ll_load_be16(udp + 2);
    datagram->payload = udp + LL_UDP_HEADER_BYTES;
    datagram->payload_bytes = udp_bytes - LL_UDP_HEADER_BYTES;
    return NULL;
}

int ll_udp_capture_next(struct ll_udp_capture *capture, struct ll_udp_datagram *datagram, struct ll_why *why)
{
    struct ll_ip_packet packet;
    int err = ll_ip_capture_next(&capture->ip, LL_IPV4_PROTOCOL_UDP, &packet, why);
    if (err != LL_OK)
        return err;
    const char *wrong = ll_capture_parse_udp(&packet, datagram);
    return wrong == NULL ? LL_OK : ll_ip_capture_malformed(&capture->ip, wrong, why);
}
