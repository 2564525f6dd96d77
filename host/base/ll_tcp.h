/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP sockets as byte doors: connections that never block, and a listener.
 *
 * Shape    client: ll_tcp_init, then the door's own connect ... close, any number of times.
 *          server: ll_tcp_listen, ll_tcp_accept for each connection, its door is connected already.
 *          Small packets leave at once (TCP_NODELAY). A peer that goes away is an error code, never a signal.
 * Units    bytes; IPv4.
 * Errors   as host/base/ll_byte_door.h; cold calls say why. ll_tcp_accept: LL_ERR_BUSY = nobody is waiting.
 * Threads  one owner for each connection and listener.
 */
#ifndef LL_HOST_BASE_TCP_H
#define LL_HOST_BASE_TCP_H

#include "host/base/ll_byte_door.h"
#include "host/base/ll_err.h"
#include "host/base/ll_ipv4.h"

#include <stdint.h>

struct ll_tcp { /* private */
    struct ll_ipv4 peer;
    int fd; /* -1 = closed */
};

/* `peer` is where the door's connect goes to. */
void ll_tcp_init(struct ll_tcp *tcp, const struct ll_ipv4 *peer);
/* The door lasts as long as `tcp` does. */
struct ll_byte_door ll_tcp_door(struct ll_tcp *tcp);

LL_MUST_CHECK int ll_tcp_connect(struct ll_tcp *tcp, struct ll_why *why);
LL_MUST_CHECK int ll_tcp_send(struct ll_tcp *tcp, const uint8_t *bytes, uint32_t bytes_count);
LL_MUST_CHECK int ll_tcp_receive(struct ll_tcp *tcp, uint8_t *bytes, uint32_t capacity_bytes);
void ll_tcp_close(struct ll_tcp *tcp);
/* To wait for it with poll(2); -1 = closed. */
static inline int ll_tcp_fd(const struct ll_tcp *tcp)
{
    return tcp->fd;
}

struct ll_tcp_listener { /* may be read: the port that port 0 became; the descriptor, to wait for it */
    struct ll_ipv4 local;
    int fd; /* -1 = closed */
};

LL_MUST_CHECK int ll_tcp_listen(struct ll_tcp_listener *listener, const struct ll_ipv4 *local,
                                struct ll_why *why);
LL_MUST_CHECK int ll_tcp_accept(struct ll_tcp_listener *listener, struct ll_tcp *tcp, struct ll_why *why);
void ll_tcp_listener_close(struct ll_tcp_listener *listener);

#endif
