/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_udp_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int bind_to(struct ll_udp_socket *udp, const struct ll_ipv4 *local, struct ll_why *why)
{
    struct sockaddr_in address = ll_ipv4_to_socket(local);
    socklen_t address_bytes = sizeof address;
    char text[LL_IPV4_TEXT_BYTES];
    ll_ipv4_print(local, text);
    if (bind(udp->fd, (const struct sockaddr *)&address, address_bytes) != 0 ||
        getsockname(udp->fd, (struct sockaddr *)&address, &address_bytes) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "%s: %s; give an address of this machine and a free port",
                       text, strerror(errno));
    udp->local = ll_ipv4_of_socket(&address);
    return LL_OK;
}

static int leave_by(struct ll_udp_socket *udp, const struct ll_ipv4 *interface, struct ll_why *why)
{
    struct in_addr address = ll_ipv4_to_socket(interface).sin_addr;
    if (setsockopt(udp->fd, IPPROTO_IP, IP_MULTICAST_IF, &address, sizeof address) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "multicast: %s; give the address of an interface of this machine", strerror(errno));
    return LL_OK;
}

int ll_udp_socket_open(struct ll_udp_socket *udp, const struct ll_ipv4 *local,
                       const struct ll_ipv4 *interface, struct ll_why *why)
{
    int err = LL_OK;
    memset(udp, 0, sizeof *udp);
    udp->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (udp->fd < 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "no UDP socket: %s", strerror(errno));
    if (local != NULL)
        err = bind_to(udp, local, why);
    if (err == LL_OK && interface != NULL)
        err = leave_by(udp, interface, why);
    if (err != LL_OK)
        ll_udp_socket_close(udp);
    return err;
}

void ll_udp_socket_close(struct ll_udp_socket *udp)
{
    if (udp->fd >= 0)
        (void)close(udp->fd);
    udp->fd = -1;
}

bool ll_udp_socket_send(struct ll_udp_socket *udp, const struct ll_ipv4 *to, const uint8_t *bytes,
                        uint32_t bytes_count)
{
    struct sockaddr_in address = ll_ipv4_to_socket(to);
    ssize_t sent = sendto(udp->fd, bytes, bytes_count, 0, (const struct sockaddr *)&address, sizeof address);
    return sent == (ssize_t)bytes_count;
}

uint32_t ll_udp_socket_receive(struct ll_udp_socket *udp, struct ll_ipv4 *from, uint8_t *bytes,
                               uint32_t capacity_bytes)
{
    struct sockaddr_in address;
    socklen_t address_bytes = sizeof address;
    ssize_t received =
        recvfrom(udp->fd, bytes, capacity_bytes, 0, (struct sockaddr *)&address, &address_bytes);
    if (received <= 0)
        return 0;
    *from = ll_ipv4_of_socket(&address);
    return (uint32_t)received;
}
