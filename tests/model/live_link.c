/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/live_link.h"

#include "dpdk/ll_frame.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"

#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS       10u
#define ROUND_FRAMES 50u

bool live_run(const char *command)
{
    int status = system(command);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    if (fd < 0)
        return false;
    ssize_t length = (ssize_t)strlen(text);
    bool written = write(fd, text, (size_t)length) == length;
    (void)close(fd);
    return written;
}

bool live_enter_namespace(void)
{
    char map[64];
    uid_t uid = getuid();
    gid_t gid = getgid();
    if (unshare(CLONE_NEWNET) == 0)
        return true;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    (void)snprintf(map, sizeof map, "0 %u 1", uid);
    bool mapped = write_text("/proc/self/uid_map", map) && write_text("/proc/self/setgroups", "deny");
    (void)snprintf(map, sizeof map, "0 %u 1", gid);
    return mapped && write_text("/proc/self/gid_map", map);
}

bool live_make_pair(const char *one, const char *other, uint32_t mtu)
{
    char command[512];
    /* No IPv6: its neighbour discovery would put frames of its own on the new link. */
    (void)write_text("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    (void)snprintf(
        command, sizeof command,
        "ip link add %s mtu %u type veth peer name %s mtu %u && ip link set %s up && ip link set %s up", one,
        mtu, other, mtu, one, other);
    return live_run(command);
}

int live_open_sender(const char *interface)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

bool live_send(int fd, uint32_t index, uint32_t payload_bytes, uint16_t udp_port)
{
    uint8_t frame[LL_PORT_FRAME_BYTES_MAX] = {0};
    memset(frame + LL_FRAME_UDP_HEADERS_BYTES, (uint8_t)index, payload_bytes);
    ll_store_be32(frame + LL_FRAME_UDP_HEADERS_BYTES, index);
    ll_frame_build_udp(frame, payload_bytes, LIVE_GROUP, udp_port);
    size_t frame_bytes = LL_FRAME_UDP_HEADERS_BYTES + payload_bytes;
    return send(fd, frame, frame_bytes, 0) == (ssize_t)frame_bytes;
}

/* Receives one portion; its datagrams are numbered 0, 1, 2, ... */
static const char *receive_portion(struct ll_port *port, uint32_t payload_bytes)
{
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    uint64_t end_ns = ll_clock_mono_ns() + LIVE_WAIT_NS;
    uint32_t seen = 0;
    while (seen < ROUND_FRAMES && ll_clock_mono_ns() < end_ns) {
        uint32_t count = ll_port_receive(port, datagrams);
        for (uint32_t i = 0; i < count; i++, seen++) {
            if (datagrams[i].payload_bytes != payload_bytes || datagrams[i].line != LIVE_LINE)
                return "a datagram of another length or line";
            if (ll_load_be32(datagrams[i].payload) != seen ||
                datagrams[i].payload[payload_bytes - 1] != (uint8_t)seen)
                return "a datagram out of order or with other bytes";
        }
    }
    return seen == ROUND_FRAMES ? NULL : "not all datagrams came";
}

bool live_counters_add_up(const struct ll_port_counters *c)
{
    return c->frames ==
           c->datagrams + c->not_ipv4 + c->not_udp + c->fragments + c->no_flow + c->truncated + c->oversize;
}

const char *live_exchange(struct ll_port *port, const char *interface, uint32_t payload_bytes)
{
    struct ll_port_counters counters;
    const char *problem = NULL;
    int fd = live_open_sender(interface);
    if (fd < 0)
        return "no packet socket to send with";
    for (uint32_t round = 0; round < ROUNDS && problem == NULL; round++) {
        bool sent = true;
        for (uint32_t i = 0; i < ROUND_FRAMES; i++) {
            sent = sent && live_send(fd, i, payload_bytes, LIVE_UDP_PORT + 1);
            sent = sent && live_send(fd, i, payload_bytes, LIVE_UDP_PORT);
        }
        problem = sent ? receive_portion(port, payload_bytes) : "cannot send";
    }
    (void)close(fd);
    ll_port_counters(port, &counters);
    if (problem == NULL && !live_counters_add_up(&counters))
        problem = "the counters do not add up";
    if (problem == NULL &&
        (counters.datagrams != ROUNDS * ROUND_FRAMES || counters.no_flow != counters.datagrams))
        problem = "frames counted in the wrong place";
    if (problem == NULL && (counters.missed != 0 || ll_port_drained(port)))
        problem = "frames missed, or a live port that is drained";
    return problem;
}
