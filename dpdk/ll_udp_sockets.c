/* SPDX-License-Identifier: Apache-2.0 */
#include "dpdk/ll_udp_sockets.h"

#include "host/base/ll_assert.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* Some ten milliseconds of an opening burst. The kernel gives what net.core.rmem_max allows, or all of it with
 * CAP_NET_ADMIN. */
#define LL_UDP_SOCKET_BUFFER_BYTES (8 << 20)

static int ll_udp_line_fail(const struct ll_ipv4 *endpoint, const char *what, struct ll_why *why)
{
    int error = errno;
    char text[LL_IPV4_TEXT_BYTES];
    ll_ipv4_print(endpoint, text);
    return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                   "udp:%s: %s: %s; see ip address, and who else has the port (ss -lun)", text, what,
                   strerror(error));
}

static int ll_udp_line_join(int fd, const struct ll_ipv4 *group, uint32_t interface_address)
{
    const int no = 0;
    const struct ip_mreqn request = {.imr_multiaddr.s_addr = htonl(group->address),
                                     .imr_address.s_addr = htonl(interface_address)};
    /* Only the groups joined here, not those that other sockets of the machine have joined. */
    (void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &no, sizeof no);
    return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request);
}

static int ll_udp_line_open(struct ll_udp_line *socket_out, const struct ll_ipv4 *endpoint,
                            uint32_t interface_address, struct ll_why *why)
{
    const int yes = 1;
    const int buffer_bytes = LL_UDP_SOCKET_BUFFER_BYTES;
    const struct sockaddr_in address = ll_ipv4_to_socket(endpoint);
    bool multicast = ll_ipv4_is_multicast(endpoint->address);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socket_out->fd = fd;
    if (fd < 0)
        return ll_udp_line_fail(endpoint, "no socket", why);
    /* Several programs may listen to a group; a port of one's own shall be one's own. */
    if (multicast && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0)
        return ll_udp_line_fail(endpoint, "cannot be shared", why);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    if (setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof yes) != 0)
        return ll_udp_line_fail(endpoint, "the kernel does not count its drops", why);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return ll_udp_line_fail(endpoint, "cannot be bound", why);
    if (multicast && ll_udp_line_join(fd, endpoint, interface_address) != 0)
        return ll_udp_line_fail(endpoint, "cannot be joined on that interface", why);
    return LL_OK;
}

int ll_udp_sockets_open(struct ll_udp_sockets *sockets, const struct ll_port_spec *spec, struct ll_why *why)
{
    LL_ASSERT(spec->endpoint_count <= LL_PORT_SPEC_ENDPOINTS_MAX);
    for (uint32_t i = 0; i < spec->endpoint_count; i++) {
        sockets->socket_count = i + 1;
        int rc = ll_udp_line_open(&sockets->socket[i], &spec->endpoint[i], spec->interface_address, why);
        if (rc != LL_OK)
            return rc;
    }
    for (uint32_t i = 0; i < LL_PORT_BURST_MAX; i++) {
        sockets->vector[i] = (struct iovec){sockets->payload[i], LL_PORT_FRAME_BYTES_MAX};
        sockets->header[i].msg_hdr = (struct msghdr){
            .msg_iov = &sockets->vector[i], .msg_iovlen = 1, .msg_control = sockets->control[i]};
    }
    return LL_OK;
}

void ll_udp_sockets_close(struct ll_udp_sockets *sockets)
{
    for (uint32_t i = 0; i < sockets->socket_count; i++)
        if (sockets->socket[i].fd >= 0)
            (void)close(sockets->socket[i].fd);
    sockets->socket_count = 0;
}

/* The kernel adds its count to a datagram only when it is not 0. */
static void ll_udp_line_count_drops(struct ll_udp_sockets *sockets, struct ll_udp_line *socket,
                                    struct msghdr *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
        uint32_t kernel_drops;
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SO_RXQ_OVFL)
            continue;
        memcpy(&kernel_drops, CMSG_DATA(part), sizeof kernel_drops);
        sockets->dropped += kernel_drops - socket->kernel_drops;
        socket->kernel_drops = kernel_drops;
    }
}

/* Fills headers from `first` on; returns how many there were. */
static uint32_t ll_udp_line_burst(struct ll_udp_sockets *sockets, struct ll_udp_line *socket, uint32_t first)
{
    for (uint32_t i = first; i < LL_PORT_BURST_MAX; i++) /* the kernel wrote the last burst's lengths there */
        sockets->header[i].msg_hdr.msg_controllen = LL_UDP_SOCKET_CONTROL_BYTES;
    int count = recvmmsg(socket->fd, sockets->header + first, LL_PORT_BURST_MAX - first, MSG_DONTWAIT, NULL);
    return count > 0 ? (uint32_t)count : 0;
}

uint32_t ll_udp_sockets_receive(struct ll_udp_sockets *sockets,
                                struct ll_datagram datagrams[LL_PORT_BURST_MAX])
{
    uint32_t datagram_count = 0;
    uint32_t used = 0;
    uint32_t line = sockets->turn;
    for (uint32_t i = 0; i < sockets->socket_count && used < LL_PORT_BURST_MAX; i++) {
        uint32_t first = used;
        used += ll_udp_line_burst(sockets, &sockets->socket[line], first);
        for (uint32_t j = first; j < used; j++) {
            struct mmsghdr *header = &sockets->header[j];
            sockets->frames++;
            sockets->bytes += header->msg_len;
            ll_udp_line_count_drops(sockets, &sockets->socket[line], &header->msg_hdr);
            if (LL_UNLIKELY((header->msg_hdr.msg_flags & MSG_TRUNC) != 0)) {
                sockets->oversize++;
                continue;
            }
            datagrams[datagram_count++] = (struct ll_datagram){.payload = sockets->payload[j],
                                                               .payload_bytes = header->msg_len,
                                                               .line = line,
                                                               .ordinal = sockets->frames};
        }
        line = line + 1 < sockets->socket_count ? line + 1 : 0;
    }
    sockets->turn = sockets->turn + 1 < sockets->socket_count ? sockets->turn + 1 : 0;
    return datagram_count;
}
