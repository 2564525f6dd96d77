/* SPDX-License-Identifier: Apache-2.0 */
#include "dpdk/ll_xdp_interface.h"

#include "host/base/ll_ipv4.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* One question to the kernel about the interface; 0, or an errno. */
static int ask(const char *name, unsigned long what, struct ifreq *request)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    (void)snprintf(request->ifr_name, sizeof request->ifr_name, "%s", name);
    int error = ioctl(fd, what, request) == 0 ? 0 : errno;
    (void)close(fd);
    return error;
}

/* Root, and a kernel that knows AF_XDP: the cheapest way to know is to try. */
static int check_kernel(struct ll_why *why)
{
    int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)close(fd);
        return LL_OK;
    }
    if (errno == EPERM || errno == EACCES)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "AF_XDP needs root (CAP_NET_RAW, CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_IPC_LOCK); without "
                       "it: --feed udp:...");
    return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                   "this kernel has no AF_XDP (%s; CONFIG_XDP_SOCKETS); take af_packet: or udp: instead",
                   strerror(errno));
}

static int check_state(const char *name, struct ll_why *why)
{
    struct ifreq request;
    memset(&request, 0, sizeof request);
    int error = ask(name, SIOCGIFFLAGS, &request);
    if (error == 0 && (request.ifr_flags & IFF_UP) == 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "%s is down; ip link set dev %s up", name, name);
    if (error == 0)
        error = ask(name, SIOCGIFMTU, &request);
    if (error == 0 && request.ifr_mtu > LL_XDP_MTU_MAX)
        return LL_FAIL(
            why, LL_ERR_ENVIRONMENT,
            "%s has an MTU of %d, and AF_XDP's buffers hold ordinary frames; ip link set dev %s mtu %d", name,
            request.ifr_mtu, name, LL_XDP_MTU_MAX);
    if (error != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "%s: %s", name, strerror(error));
    return LL_OK;
}

/* An interface that does not say how many queues it has is left to the driver. */
static int check_queue(const char *name, uint32_t queue, struct ll_why *why)
{
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    struct ifreq request;
    memset(&request, 0, sizeof request);
    request.ifr_data = (char *)&channels;
    if (ask(name, SIOCETHTOOL, &request) != 0)
        return LL_OK;
    uint32_t count = channels.rx_count + channels.combined_count;
    if (count == 0 || queue < count)
        return LL_OK;
    return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                   "%s has no receive queue %u, but %u, numbered from 0; see: ethtool -l %s", name, queue,
                   count, name);
}

static int claim(struct ll_xdp_interface *interface, const char *name, uint32_t index, struct ll_why *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    /* A name that begins with a zero byte is no file. */
    int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "lifeline-af_xdp-%u", index);
    socklen_t address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) + (socklen_t)length;
    interface->claim_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (interface->claim_fd >= 0 &&
        bind(interface->claim_fd, (const struct sockaddr *)&address, address_bytes) == 0)
        return LL_OK;
    if (errno == EADDRINUSE)
        return LL_FAIL(
            why, LL_ERR_BUSY,
            "another gateway receives on %s through AF_XDP; end it first, or take another interface", name);
    return LL_FAIL(why, LL_ERR_ENVIRONMENT, "%s: cannot be claimed: %s", name, strerror(errno));
}

/* What comes for the groups goes to the gateway or is dropped: the socket has no port. */
static int join(struct ll_xdp_interface *interface, const char *name, uint32_t index,
                const struct ll_flow *flows, uint32_t flow_count, struct ll_why *why)
{
    interface->member_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (interface->member_fd < 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "no socket for multicast: %s", strerror(errno));
    for (uint32_t i = 0; i < flow_count; i++) {
        struct ip_mreqn request = {.imr_ifindex = (int)index};
        request.imr_multiaddr.s_addr = htonl(flows[i].ipv4_address);
        if (!ll_ipv4_is_multicast(flows[i].ipv4_address))
            continue;
        if (setsockopt(interface->member_fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) != 0 &&
            errno != EADDRINUSE) /* two flows of one group */
            return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                           "%s: group %u.%u.%u.%u cannot be joined: %s; see: ip maddress show dev %s", name,
                           flows[i].ipv4_address >> 24, flows[i].ipv4_address >> 16 & 0xFF,
                           flows[i].ipv4_address >> 8 & 0xFF, flows[i].ipv4_address & 0xFF, strerror(errno),
                           name);
    }
    return LL_OK;
}

int ll_xdp_interface_open(struct ll_xdp_interface *interface, const char *name, uint32_t queue,
                          const struct ll_flow *flows, uint32_t flow_count, struct ll_why *why)
{
    interface->claim_fd = -1;
    interface->member_fd = -1;
    uint32_t index = if_nametoindex(name);
    if (index == 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "no interface '%s' here; see: ip link", name);
    int status = check_kernel(why);
    if (status == LL_OK)
        status = check_state(name, why);
    if (status == LL_OK)
        status = check_queue(name, queue, why);
    if (status == LL_OK)
        status = claim(interface, name, index, why);
    if (status == LL_OK)
        status = join(interface, name, index, flows, flow_count, why);
    if (status != LL_OK)
        ll_xdp_interface_close(interface);
    return status;
}

void ll_xdp_interface_close(struct ll_xdp_interface *interface)
{
    if (interface->member_fd >= 0)
        (void)close(interface->member_fd);
    if (interface->claim_fd >= 0)
        (void)close(interface->claim_fd);
    interface->claim_fd = -1;
    interface->member_fd = -1;
}
