/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_tcp.h"

#include "host/base/ll_assert.h"

#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LL_TCP_BACKLOG 8

static const struct ll_ipv4 ll_tcp_nobody = {0, 0};

void ll_tcp_init(struct ll_tcp *tcp, const struct ll_ipv4 *peer)
{
    *tcp = (struct ll_tcp){*peer, -1};
}

/* Without it an answer of a few bytes waits for the acknowledgement of the one before. It speeds up and
 * nothing else, so a socket that refuses it serves all the same. */
static void ll_tcp_no_delay(int fd)
{
    const int yes = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

static int ll_tcp_fail_connect(struct ll_tcp *tcp, int error, struct ll_why *why)
{
    char peer[LL_IPV4_TEXT_BYTES];
    ll_ipv4_print(&tcp->peer, peer);
    ll_tcp_close(tcp);
    return LL_FAIL(why, LL_ERR_IO, "%s: no connection: %s; is the other side up, and is this its address?",
                   peer, strerror(error));
}

static int ll_tcp_begin_connect(struct ll_tcp *tcp, struct ll_why *why)
{
    const struct sockaddr_in peer = ll_ipv4_to_socket(&tcp->peer);
    tcp->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (tcp->fd < 0)
        return LL_FAIL(why, LL_ERR_IO, "no socket: %s; see ulimit -n", strerror(errno));
    ll_tcp_no_delay(tcp->fd);
    if (connect(tcp->fd, (const struct sockaddr *)&peer, sizeof peer) == 0)
        return LL_OK;
    return errno == EINPROGRESS ? LL_ERR_BUSY : ll_tcp_fail_connect(tcp, errno, why);
}

int ll_tcp_connect(struct ll_tcp *tcp, struct ll_why *why)
{
    int error = 0;
    socklen_t error_bytes = sizeof error;
    if (tcp->fd < 0)
        return ll_tcp_begin_connect(tcp, why);
    struct pollfd writable = {.fd = tcp->fd, .events = POLLOUT};
    if (poll(&writable, 1, 0) == 0)
        return LL_ERR_BUSY;
    if (getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes) != 0)
        error = errno;
    return error == 0 ? LL_OK : ll_tcp_fail_connect(tcp, error, why);
}

static int ll_tcp_count(ssize_t bytes_count)
{
    if (bytes_count >= 0)
        return (int)bytes_count;
    return errno == EAGAIN || errno == EINTR ? 0 : LL_ERR_IO;
}

int ll_tcp_send(struct ll_tcp *tcp, const uint8_t *bytes, uint32_t bytes_count)
{
    LL_ASSERT(bytes_count <= INT_MAX);
    return ll_tcp_count(send(tcp->fd, bytes, bytes_count, MSG_NOSIGNAL | MSG_DONTWAIT));
}

int ll_tcp_receive(struct ll_tcp *tcp, uint8_t *bytes, uint32_t capacity_bytes)
{
    LL_ASSERT(capacity_bytes > 0);
    LL_ASSERT(capacity_bytes <= INT_MAX);
    ssize_t bytes_count = recv(tcp->fd, bytes, capacity_bytes, MSG_DONTWAIT);
    return bytes_count == 0 ? LL_ERR_STOPPED : ll_tcp_count(bytes_count);
}

void ll_tcp_close(struct ll_tcp *tcp)
{
    if (tcp->fd >= 0)
        (void)close(tcp->fd);
    tcp->fd = -1;
}

/* --- as a door --- */

static int ll_tcp_door_connect(void *context, struct ll_why *why)
{
    return ll_tcp_connect(context, why);
}

static int ll_tcp_door_send(void *context, const uint8_t *bytes, uint32_t bytes_count)
{
    return ll_tcp_send(context, bytes, bytes_count);
}

static int ll_tcp_door_receive(void *context, uint8_t *bytes, uint32_t capacity_bytes)
{
    return ll_tcp_receive(context, bytes, capacity_bytes);
}

static void ll_tcp_door_close(void *context)
{
    ll_tcp_close(context);
}

struct ll_byte_door ll_tcp_door(struct ll_tcp *tcp)
{
    return (struct ll_byte_door){tcp, ll_tcp_door_connect, ll_tcp_door_send, ll_tcp_door_receive,
                                 ll_tcp_door_close};
}

/* --- listening --- */

static int ll_tcp_fail_listen(struct ll_tcp_listener *listener, struct ll_why *why)
{
    int error = errno;
    char local[LL_IPV4_TEXT_BYTES];
    ll_ipv4_print(&listener->local, local);
    ll_tcp_listener_close(listener);
    return LL_FAIL(why, LL_ERR_IO,
                   "%s: cannot listen: %s; choose another port, or an address of this machine", local,
                   strerror(error));
}

int ll_tcp_listen(struct ll_tcp_listener *listener, const struct ll_ipv4 *local, struct ll_why *why)
{
    const int yes = 1;
    struct sockaddr_in address = ll_ipv4_to_socket(local);
    socklen_t address_bytes = sizeof address;
    *listener = (struct ll_tcp_listener){*local, -1};
    listener->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0 || setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(listener->fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener->fd, LL_TCP_BACKLOG) != 0 ||
        getsockname(listener->fd, (struct sockaddr *)&address, &address_bytes) != 0)
        return ll_tcp_fail_listen(listener, why);
    listener->local = ll_ipv4_of_socket(&address);
    return LL_OK;
}

int ll_tcp_accept(struct ll_tcp_listener *listener, struct ll_tcp *tcp, struct ll_why *why)
{
    struct sockaddr_in peer;
    socklen_t peer_bytes = sizeof peer;
    ll_tcp_init(tcp, &ll_tcp_nobody);
    tcp->fd = accept4(listener->fd, (struct sockaddr *)&peer, &peer_bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (tcp->fd >= 0) {
        tcp->peer = ll_ipv4_of_socket(&peer);
        ll_tcp_no_delay(tcp->fd);
        return LL_OK;
    }
    /* A client that gave up between its connection and this call is as good as none. */
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
        return LL_ERR_BUSY;
    return LL_FAIL(why, LL_ERR_IO, "a connection cannot be accepted: %s; see ulimit -n", strerror(errno));
}

void ll_tcp_listener_close(struct ll_tcp_listener *listener)
{
    if (listener->fd >= 0)
        (void)close(listener->fd);
    listener->fd = -1;
}
