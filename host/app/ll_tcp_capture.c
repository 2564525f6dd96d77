/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_tcp_capture.h"

#include "host/base/ll_bytes.h"

#include <stddef.h>

#define LL_TCP_HEADER_BYTES_MIN 20u
#define LL_TCP_FLAG_SYN         0x02u
#define LL_TCP_FLAG_ACK         0x10u

int ll_tcp_capture_open(struct ll_tcp_capture *capture, const char *path, struct ll_why *why)
{
    return ll_ip_capture_open(&capture->ip, path, why);
}

void ll_tcp_capture_close(struct ll_tcp_capture *capture)
{
    ll_ip_capture_close(&capture->ip);
}

uint64_t ll_tcp_capture_passed_over_count(const struct ll_tcp_capture *capture)
{
    return ll_ip_capture_passed_over_count(&capture->ip);
}

/* What is wrong with this packet; NULL when it holds one whole TCP segment. */
static const char *ll_capture_parse_tcp(const struct ll_ip_packet *packet, struct ll_tcp_segment *segment)
{
    if (packet->payload_bytes < LL_TCP_HEADER_BYTES_MIN)
        return "is too short for a TCP header";
    const uint8_t *tcp = packet->payload;
    uint32_t header_bytes = (uint32_t)(tcp[12] >> 4) * 4u;
    if (header_bytes < LL_TCP_HEADER_BYTES_MIN || header_bytes > packet->payload_bytes)
        return "has a TCP header that does not fit it";
    segment->packet_number = packet->packet_number;
    segment->time_ns = packet->time_ns;
    segment->source_ipv4 = packet->source_ipv4;
    segment->target_ipv4 = packet->target_ipv4;
    segment->source_port = ll_load_be16(tcp);
    segment->target_port = ll_load_be16(tcp + 2);
    segment->sequence = ll_load_be32(tcp + 4);
    segment->is_syn = (tcp[13] & LL_TCP_FLAG_SYN) != 0;
    segment->is_ack = (tcp[13] & LL_TCP_FLAG_ACK) != 0;
    segment->payload = tcp + header_bytes;
    segment->payload_bytes = packet->payload_bytes - header_bytes;
    return NULL;
}

int ll_tcp_capture_next(struct ll_tcp_capture *capture, struct ll_tcp_segment *segment, struct ll_why *why)
{
    struct ll_ip_packet packet;
    int err = ll_ip_capture_next(&capture->ip, LL_IPV4_PROTOCOL_TCP, &packet, why);
    if (err != LL_OK)
        return err;
    const char *wrong = ll_capture_parse_tcp(&packet, segment);
    return wrong == NULL ? LL_OK : ll_ip_capture_malformed(&capture->ip, wrong, why);
}
