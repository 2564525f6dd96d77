/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IPv4 packets of a packet capture (pcap or pcapng) that carry one protocol, one after the other.
 *
 * Shape    open -> next ... -> close. Link layers: Ethernet (with up to four VLAN tags), Linux cooked v1 and
 *          v2, raw IPv4. What is not IPv4 (ARP, IPv6), or of another protocol, is passed over and counted.
 *          Fragments are not put together. Checksums are not verified: captures of offloading hosts hold wrong
 *          ones. ll_udp_capture and ll_tcp_capture take their header off.
 * Units    bytes; time_ns: UTC nanoseconds since 1970; packets count from 1, as in other tools.
 * Errors   open: as ll_input_file_open, and LL_ERR_INPUT for what is no capture. next: LL_ERR_SHORT at the
 *          clean end; LL_ERR_MALFORMED: this packet cannot be read, the next one can; LL_ERR_INPUT: the file
 *          itself is damaged from here on.
 * Threads  one owner.
 * Source   pcap-savefile(5); RFC 791 section 3.1; IEEE 802.1Q.
 */
#ifndef LL_HOST_APP_IP_CAPTURE_H
#define LL_HOST_APP_IP_CAPTURE_H

#include "host/base/ll_err.h"

#include <stdint.h>

#define LL_IPV4_PROTOCOL_TCP 6u
#define LL_IPV4_PROTOCOL_UDP 17u

struct ll_ip_capture { /* private */
    void *pcap;
    const char *path;
    int link_type;
    uint64_t packet_number;
    uint64_t passed_over_count;
};

struct ll_ip_packet {
    uint64_t packet_number;
    uint64_t time_ns;
    uint32_t source_ipv4; /* host byte order */
    uint32_t target_ipv4;
    uint32_t payload_bytes;
    const uint8_t *payload; /* behind the IPv4 header; valid until the next call */
};

/* `path` must stay valid until close. */
LL_MUST_CHECK int ll_ip_capture_open(struct ll_ip_capture *capture, const char *path, struct ll_why *why);
void ll_ip_capture_close(struct ll_ip_capture *capture);

LL_MUST_CHECK int ll_ip_capture_next(struct ll_ip_capture *capture, uint8_t protocol,
                                     struct ll_ip_packet *packet, struct ll_why *why);

/* LL_ERR_MALFORMED, with `wrong` ("is too short ...") said of the packet that came last. */
LL_MUST_CHECK int ll_ip_capture_malformed(const struct ll_ip_capture *capture, const char *wrong,
                                          struct ll_why *why);

/* Packets so far that were not of the protocol over IPv4. */
uint64_t ll_ip_capture_passed_over_count(const struct ll_ip_capture *capture);

#endif
