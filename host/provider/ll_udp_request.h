/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where MoldUDP64 re-requests go, and their answers come from: one UDP socket to the re-request server.
 *
 * Shape    open -> send a request, receive answers ... -> close. The socket takes datagrams of that server
 *          only; an answer is a downstream packet for LL_MOLD_LINE_REREQUEST. Nothing is resent here: the
 *          receiver asks again.
 * Units    bytes; IPv4.
 * Errors   open: LL_ERR_USAGE = an address of nobody, LL_ERR_ENVIRONMENT with the kernel's reason. send:
 *          LL_ERR_FULL = the socket's buffer is full, LL_ERR_IO; both counted, and as good as lost on the way.
 * Threads  one owner. Nothing blocks.
 * Source   MoldUDP64 Protocol Specification V 1.00, "Request Packet".
 */
#ifndef LL_HOST_PROVIDER_UDP_REQUEST_H
#define LL_HOST_PROVIDER_UDP_REQUEST_H

#include "host/base/ll_err.h"
#include "host/base/ll_ipv4.h"
#include "host/wire/ll_moldudp64.h"

#include <stdint.h>

struct ll_udp_request { /* counters may be read */
    int fd;             /* -1 = closed */
    uint64_t sent;
    uint64_t unsent;
    uint64_t answers;
    uint64_t refused; /* times the server's machine said that nobody listens there */
    uint8_t answer[LL_MOLDUDP64_DATAGRAM_BYTES_MAX];
};

LL_MUST_CHECK int ll_udp_request_open(struct ll_udp_request *request, const struct ll_ipv4 *server,
                                      struct ll_why *why);
void ll_udp_request_close(struct ll_udp_request *request);

LL_MUST_CHECK int ll_udp_request_send(struct ll_udp_request *request,
                                      const uint8_t packet[LL_MOLDUDP64_HEADER_BYTES]);
/* The next answer, valid until the next call; NULL = none now. */
const uint8_t *ll_udp_request_receive(struct ll_udp_request *request, uint32_t *bytes_count);

#endif
