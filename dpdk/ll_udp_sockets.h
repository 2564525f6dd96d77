/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams through the kernel's own UDP sockets: the way in that needs no rights and no card.
 *
 * Shape    open -> receive ... -> close. Each endpoint is a socket, and its place in the list is the line of
 *          its datagrams. A multicast address is joined on the interface that has the address given. Bursts
 *          come with one system call for each socket; the sockets take turns at being first.
 * Units    bytes; IPv4 in host byte order.
 * Errors   open: LL_ERR_ENVIRONMENT, with the endpoint and the kernel's reason. Receiving has none: what the
 *          kernel had to drop is counted (`dropped`), as soon as a later datagram of that socket tells of it.
 * Threads  one owner.
 */
#ifndef LL_DPDK_UDP_SOCKETS_H
#define LL_DPDK_UDP_SOCKETS_H

#include "dpdk/ll_port.h"
#include "dpdk/ll_port_spec.h"
#include "host/base/ll_err.h"

#include <stdint.h>
#include <sys/socket.h>

/* The kernel tells a socket's own count of drops, modulo 2^32. */
#define LL_UDP_SOCKET_CONTROL_BYTES 64u

_Static_assert(CMSG_SPACE(sizeof(uint32_t)) <= LL_UDP_SOCKET_CONTROL_BYTES, "room for one count");

struct ll_udp_line {
    int fd;
    uint32_t kernel_drops; /* as last told */
};

struct ll_udp_sockets { /* private; zeroed memory, large */
    uint32_t socket_count;
    uint32_t turn;
    uint64_t frames;
    uint64_t bytes;
    uint64_t oversize; /* longer than LL_PORT_FRAME_BYTES_MAX */
    uint64_t dropped;
    struct ll_udp_line socket[LL_PORT_SPEC_ENDPOINTS_MAX];
    struct mmsghdr header[LL_PORT_BURST_MAX];
    struct iovec vector[LL_PORT_BURST_MAX];
    _Alignas(struct cmsghdr) uint8_t control[LL_PORT_BURST_MAX][LL_UDP_SOCKET_CONTROL_BYTES];
    uint8_t payload[LL_PORT_BURST_MAX][LL_PORT_FRAME_BYTES_MAX];
};

LL_MUST_CHECK int ll_udp_sockets_open(struct ll_udp_sockets *sockets, const struct ll_port_spec *spec,
                                      struct ll_why *why);
void ll_udp_sockets_close(struct ll_udp_sockets *sockets);
/* Payloads are valid until the next call. */
uint32_t ll_udp_sockets_receive(struct ll_udp_sockets *sockets,
                                struct ll_datagram datagrams[LL_PORT_BURST_MAX]);

#endif
