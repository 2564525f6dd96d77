/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UDP datagrams of a packet capture (pcap or pcapng), one after the other.
 *
 * Shape    open -> next ... -> close, over ll_ip_capture, which see for link layers. What is not UDP over IPv4
 *          (ARP, TCP, IPv6) is passed over and counted.
 * Units    bytes; time_ns: UTC nanoseconds since 1970; packets count from 1, as in other tools.
 * Errors   as ll_ip_capture.
 * Threads  one owner.
 * Source   RFC 768.
 */
#ifndef LL_HOST_APP_UDP_CAPTURE_H
#define LL_HOST_APP_UDP_CAPTURE_H

#include "host/app/ll_ip_capture.h"
#include "host/base/ll_err.h"

#include <stdint.h>

struct ll_udp_capture { /* private */
    struct ll_ip_capture ip;
};

struct ll_udp_datagram {
    uint64_t packet_number;
    uint64_t time_ns;
    uint32_t source_ipv4; /* host byte order */
    uint32_t target_ipv4;
    uint16_t source_port;
    uint16_t target_port;
    uint32_t payload_bytes;
    const uint8_t *payload; /* valid until the next call */
};

/* `path` must stay valid until close. */
LL_MUST_CHECK int ll_udp_capture_open(struct ll_udp_capture *capture, const char *path, struct ll_why *why);
void ll_udp_capture_close(struct ll_udp_capture *capture);

LL_MUST_CHECK int ll_udp_capture_next(struct ll_udp_capture *capture, struct ll_udp_datagram *datagram,
                                      struct ll_why *why);

/* Packets so far that were not UDP over IPv4. */
uint64_t ll_udp_capture_passed_over_count(const struct ll_udp_capture *capture);

#endif
