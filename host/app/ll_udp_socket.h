/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP sockets that never block: one to send from, one to be asked at.
 *
 * Shape    open -> send, receive -> close.
 * Units    bytes; IPv4.
 * Errors   open: LL_ERR_ENVIRONMENT with the system's reason. send: false = the system did not take the datagram,
 *          which a network may do with any. receive: 0 = nothing waits.
 * Threads  one owner.
 */
#ifndef LL_HOST_APP_UDP_SOCKET_H
#define LL_HOST_APP_UDP_SOCKET_H

#include "host/base/ll_err.h"
#include "host/base/ll_ipv4.h"

#include <stdbool.h>
#include <stdint.h>

struct ll_udp_socket { /* may be read: the port that port 0 became; the descriptor, to wait for it */
    struct ll_ipv4 local;
    int fd; /* -1 = closed */
};

/* `local` NULL = any address and port, only to send from. `interface` NULL = as the system routes multicast. */
LL_MUST_CHECK int ll_udp_socket_open(struct ll_udp_socket *udp, const struct ll_ipv4 *local,
                                     const struct ll_ipv4 *interface, struct ll_why *why);
void ll_udp_socket_close(struct ll_udp_socket *udp);

bool ll_udp_socket_send(struct ll_udp_socket *udp, const struct ll_ipv4 *to, const uint8_t *bytes,
                        uint32_t bytes_count);
uint32_t ll_udp_socket_receive(struct ll_udp_socket *udp, struct ll_ipv4 *from, uint8_t *bytes,
                               uint32_t capacity_bytes);

#endif
