/* SPDX-License-Identifier: Apache-2.0 */
#include "dpdk/ll_packet_socket.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

static bool is_packet_socket(int fd)
{
    int domain = 0;
    socklen_t length = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_PACKET;
}

void ll_packet_socket_note(struct ll_packet_socket_set *set)
{
    memset(set, 0, sizeof *set);
    for (int fd = 0; fd < LL_PACKET_SOCKET_FD_MAX; fd++) {
        if (is_packet_socket(fd))
            set->bits[fd / 64] |= UINT64_C(1) << (fd % 64);
    }
}

int ll_packet_socket_find(const struct ll_packet_socket_set *before, const char *interface)
{
    unsigned index = if_nametoindex(interface);
    for (int fd = 0; fd < LL_PACKET_SOCKET_FD_MAX; fd++) {
        struct sockaddr_ll address = {0};
        socklen_t length = sizeof address;
        if ((before->bits[fd / 64] >> (fd % 64) & 1) != 0 || !is_packet_socket(fd))
            continue;
        if (getsockname(fd, (struct sockaddr *)&address, &length) != 0 || address.sll_ifindex < 0)
            continue;
        if ((unsigned)address.sll_ifindex == index)
            return fd;
    }
    return -1;
}

uint64_t ll_packet_socket_drops(int fd)
{
    struct tpacket_stats statistics = {0};
    socklen_t length = sizeof statistics;
    if (fd < 0 || getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &length) != 0)
        return 0;
    return statistics.tp_drops;
}
