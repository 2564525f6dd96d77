/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TCP segments of a packet capture (pcap or pcapng), one after the other, as they were captured.
 *
 * Shape    open -> next ... -> close, over ll_ip_capture, which see for link layers. What is not TCP over IPv4
 *          is passed over and counted. Segments are put in order by ll_tcp_stream.
 * Units    bytes; time_ns: UTC nanoseconds since 1970; packets count from 1, as in other tools.
 * Errors   as ll_ip_capture.
 * Threads  one owner.
 * Source   RFC 9293 section 3.1.
 */
#ifndef LL_HOST_APP_TCP_CAPTURE_H
#define LL_HOST_APP_TCP_CAPTURE_H

#include "host/app/ll_ip_capture.h"
#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stdint.h>

struct ll_tcp_capture { /* private */
    struct ll_ip_capture ip;
};

struct ll_tcp_segment {
    uint64_t packet_number;
    uint64_t time_ns;
    uint32_t source_ipv4; /* host byte order */
    uint32_t target_ipv4;
    uint16_t source_port;
    uint16_t target_port;
    uint32_t sequence; /* of the first payload byte; with is_syn of the byte in front of it */
    bool is_syn;
    bool is_ack;
    uint32_t payload_bytes;
    const uint8_t *payload; /* valid until the next call */
};

/* `path` must stay valid until close. */
LL_MUST_CHECK int ll_tcp_capture_open(struct ll_tcp_capture *capture, const char *path, struct ll_why *why);
void ll_tcp_capture_close(struct ll_tcp_capture *capture);

LL_MUST_CHECK int ll_tcp_capture_next(struct ll_tcp_capture *capture, struct ll_tcp_segment *segment,
                                      struct ll_why *why);

/* Packets so far that were not TCP over IPv4. */
uint64_t ll_tcp_capture_passed_over_count(const struct ll_tcp_capture *capture);

#endif
