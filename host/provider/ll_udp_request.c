/* SPDX-License-Identifier: Apache-2.0 */
#include "host/provider/ll_udp_request.h"

#include "host/base/ll_assert.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* An answer lost here is asked for again a request timeout later, so there is room for those of many requests. */
#define LL_UDP_REQUEST_BUFFER_BYTES (2 << 20)

int ll_udp_request_open(struct ll_udp_request *request, const struct ll_ipv4 *server, struct ll_why *why)
{
    const struct sockaddr_in address = ll_ipv4_to_socket(server);
    const int buffer_bytes = LL_UDP_REQUEST_BUFFER_BYTES;
    char text[LL_IPV4_TEXT_BYTES];
    ll_ipv4_print(server, text);
    request->fd = -1;
    request->sent = 0;
    request->unsent = 0;
    request->answers = 0;
    request->refused = 0;
    if (server->port == 0 || server->address == INADDR_ANY || ll_ipv4_is_multicast(server->address))
        return LL_FAIL(why, LL_ERR_USAGE, "%s: not the address of one server", text);
    request->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (request->fd >= 0)
        (void)setsockopt(request->fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    if (request->fd < 0 || connect(request->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int error = errno;
        ll_udp_request_close(request);
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "%s: no way to the re-request server: %s; see ip route", text,
                       strerror(error));
    }
    return LL_OK;
}

void ll_udp_request_close(struct ll_udp_request *request)
{
    if (request->fd >= 0)
        (void)close(request->fd);
    request->fd = -1;
}

int ll_udp_request_send(struct ll_udp_request *request, const uint8_t packet[LL_MOLDUDP64_HEADER_BYTES])
{
    LL_ASSERT(request->fd >= 0);
    ssize_t sent = send(request->fd, packet, LL_MOLDUDP64_HEADER_BYTES, 0);
    if (sent < 0 && errno == ECONNREFUSED) {
        /* That was the answer to an earlier one. */
        request->refused++;
        sent = send(request->fd, packet, LL_MOLDUDP64_HEADER_BYTES, 0);
    }
    if (sent == (ssize_t)LL_MOLDUDP64_HEADER_BYTES) {
        request->sent++;
        return LL_OK;
    }
    request->unsent++;
    return errno == EAGAIN || errno == ENOBUFS ? LL_ERR_FULL : LL_ERR_IO;
}

const uint8_t *ll_udp_request_receive(struct ll_udp_request *request, uint32_t *bytes_count)
{
    LL_ASSERT(request->fd >= 0);
    ssize_t got = recv(request->fd, request->answer, sizeof request->answer, MSG_DONTWAIT);
    if (got < 0) {
        request->refused += errno == ECONNREFUSED;
        return NULL;
    }
    request->answers++;
    *bytes_count = (uint32_t)got;
    return request->answer;
}
