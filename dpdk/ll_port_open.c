/* SPDX-License-Identifier: Apache-2.0 */
#include "dpdk/ll_log_capture.h"
#include "dpdk/ll_packet_socket.h"
#include "dpdk/ll_pcap_scan.h"
#include "dpdk/ll_port_state.h"
#include "dpdk/ll_steer_program.h"
#include "host/base/ll_assert.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <rte_mbuf_dyn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTS_MAX       32u
#define POOL_CACHE      256u
#define TX_DESCRIPTORS  512u
#define NS_PER_US       1000u
#define AF_XDP_DEVICE   "net_af_xdp"
#define XDP_POOL_FRAMES 16383u

/* With fewer, the AF_XDP driver reports no loss when it loses: its small ring overflows unseen. */
#define RX_DESCRIPTORS 2048u

/* The kernel's ring for af_packet, in blocks of slots; an MTU above what a small slot takes needs the large
 * ones. The driver wants whole slots in a block, the kernel whole pages, and a slot must fit a buffer. The
 * ring is locked in memory, twice (the driver makes one to send, too): with a low limit (ulimit -l) it is
 * halved until it fits. */
struct packet_ring {
    int mtu_max;
    uint32_t block_bytes;
    uint32_t slot_bytes;
    uint32_t block_count;
};

static const struct packet_ring packet_rings[] = {{1900, 65536, 2048, 256}, {INT_MAX, 122880, 10240, 168}};

#define PACKET_RING_HALVINGS 4
#define MTU_UNKNOWN          1500

/* Buffers by kind: what the driver may hold, what the caller looks at, and the pool's own cache. A pcap
 * device makes a chain of up to 7 out of one oversize frame. */
static const uint32_t pool_frames[] = {[LL_PORT_KIND_PCAP] = 1023,
                                       [LL_PORT_KIND_RING] = 2047,
                                       [LL_PORT_KIND_AF_PACKET] = 1023,
                                       [LL_PORT_KIND_VDEV] = 4095,
                                       [LL_PORT_KIND_PCI] = 8191,
                                       [LL_PORT_KIND_UDP] = 0,
                                       [LL_PORT_KIND_AF_XDP] = XDP_POOL_FRAMES};

_Static_assert(sizeof pool_frames / sizeof pool_frames[0] == LL_PORT_KIND_COUNT, "a size for each kind");
_Static_assert(LL_PORT_RING_BUFFERS <= 2047, "all of a ring's buffers at once");
_Static_assert(LL_PORT_BURST_MAX * 7 + POOL_CACHE * 3 / 2 <= 1023, "a burst of the longest chains");

static const char *const remedies[] = {
    [LL_PORT_KIND_PCAP] = "see docs/dpdk.md",
    [LL_PORT_KIND_RING] = "see docs/dpdk.md",
    [LL_PORT_KIND_AF_PACKET] =
        "packet sockets need root, CAP_NET_RAW or a namespace of one's own (unshare -Urn)",
    [LL_PORT_KIND_VDEV] =
        "check name and arguments; a kernel interface needs root, AF_XDP also a new process for each opening",
    [LL_PORT_KIND_PCI] = "bind it to vfio-pci (dpdk-devbind.py), allow PCI and huge pages",
    [LL_PORT_KIND_UDP] = "see docs/dpdk.md",
    [LL_PORT_KIND_AF_XDP] =
        "AF_XDP needs root (CAP_SYS_ADMIN, too), Linux 5.11 or later, and a new process for each opening"};

_Static_assert(sizeof remedies / sizeof remedies[0] == LL_PORT_KIND_COUNT, "a remedy for each kind");

/* Flows with an address first, so that they win; the same flow twice would hide one of the lines. */
static int load_flows(struct ll_port *port, const struct ll_flow *flows, uint32_t flow_count,
                      struct ll_why *why)
{
    if (flow_count > LL_PORT_FLOWS_MAX)
        return LL_FAIL(why, LL_ERR_USAGE, "%u flows; at most %u", flow_count, LL_PORT_FLOWS_MAX);
    LL_ASSERT(flows != NULL || flow_count == 0);
    for (uint32_t i = 0; i < flow_count; i++) {
        if (flows[i].udp_port == 0)
            return LL_FAIL(why, LL_ERR_USAGE, "flow %u has UDP port 0; name the port", i);
        if (flows[i].line == LL_PORT_LINE_NONE)
            return LL_FAIL(why, LL_ERR_USAGE, "flow %u has no line; lines are small numbers", i);
        for (uint32_t j = 0; j < i; j++) {
            if (flows[i].ipv4_address == flows[j].ipv4_address && flows[i].udp_port == flows[j].udp_port)
                return LL_FAIL(why, LL_ERR_USAGE, "flows %u and %u are the same (port %u); leave one out", j,
                               i, flows[i].udp_port);
        }
    }
    for (int with_address = 1; with_address >= 0; with_address--) {
        for (uint32_t i = 0; i < flow_count; i++) {
            if ((flows[i].ipv4_address != 0) != (with_address != 0))
                continue;
            port->flow[port->flow_count++] = (struct ll_port_flow){
                .address = flows[i].ipv4_address,
                .address_mask = with_address != 0 ? 0xFFFFFFFFu : 0,
                .udp_port = flows[i].udp_port,
                .line = flows[i].line,
            };
        }
    }
    port->line_default = flow_count == 0 ? 0 : LL_PORT_LINE_NONE;
    return LL_OK;
}

static bool is_af_xdp(const char *device)
{
    return strncmp(device, AF_XDP_DEVICE, strlen(AF_XDP_DEVICE)) == 0;
}

/* The pool's name numbers the port: everything else it owns in DPDK is named after it. */
static int make_pool(struct ll_port *port, const struct ll_port_spec *spec, uint32_t *number,
                     struct ll_why *why)
{
    char name[RTE_MEMPOOL_NAMESIZE];
    uint32_t free_number = 0;
    for (; free_number < PORTS_MAX; free_number++) {
        (void)snprintf(name, sizeof name, "ll_port_%u", free_number);
        if (rte_mempool_lookup(name) == NULL)
            break;
    }
    if (free_number == PORTS_MAX)
        return LL_FAIL(why, LL_ERR_FULL, "%u ports are open; close one", PORTS_MAX);
    /* The kernel takes no AF_XDP buffer above a page. Its interfaces carry no jumbo frames then, either. */
    bool xdp = spec->kind == LL_PORT_KIND_AF_XDP || is_af_xdp(spec->device);
    uint32_t frame_count = xdp ? XDP_POOL_FRAMES : pool_frames[spec->kind];
    uint16_t room_bytes = xdp ? RTE_MBUF_DEFAULT_BUF_SIZE : LL_PORT_BUFFER_BYTES + RTE_PKTMBUF_HEADROOM;
    port->pool = rte_pktmbuf_pool_create(name, frame_count, POOL_CACHE, 0, room_bytes, SOCKET_ID_ANY);
    if (port->pool == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY,
                       "no room for %u buffers of %u bytes: %s; give EAL more memory (MB)", frame_count,
                       room_bytes, rte_strerror(rte_errno));
    *number = free_number;
    return LL_OK;
}

/* The driver splits its arguments at commas, so it is given the file by descriptor, not by name. */
static int plug_pcap(struct ll_port *port, const char *path, uint32_t number, struct ll_why *why)
{
    char args[64];
    port->file_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (port->file_fd < 0)
        return LL_FAIL(why, LL_ERR_INPUT, "%.120s: %s; check the path", path, strerror(errno));
    (void)snprintf(args, sizeof args, "rx_pcap=/proc/self/fd/%d", port->file_fd);
    (void)snprintf(port->device, sizeof port->device, "net_pcap_ll%u", number);
    return rte_vdev_init(port->device, args);
}

static int plug_ring(struct ll_port *port, uint32_t number)
{
    char name[RTE_RING_NAMESIZE];
    (void)snprintf(name, sizeof name, "ll_port_%u", number);
    port->ring = rte_ring_create(name, LL_PORT_RING_FRAMES, SOCKET_ID_ANY,
                                 RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
    if (port->ring == NULL)
        return -rte_errno;
    if (rte_pktmbuf_alloc_bulk(port->pool, port->spare, LL_PORT_RING_BUFFERS) != 0)
        return -ENOMEM;
    port->spare_count = LL_PORT_RING_BUFFERS;
    int port_id = rte_eth_from_ring(port->ring);
    if (port_id < 0)
        return -rte_errno;
    (void)snprintf(port->device, sizeof port->device, "net_ring_%s", name);
    return 0;
}

static int interface_mtu(const char *interface)
{
    struct ifreq request;
    memset(&request, 0, sizeof request);
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%.15s", interface);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return MTU_UNKNOWN;
    int mtu = ioctl(fd, SIOCGIFMTU, &request) == 0 ? request.ifr_mtu : MTU_UNKNOWN;
    (void)close(fd);
    return mtu;
}

static int plug_af_packet(struct ll_port *port, const char *interface, uint32_t number, struct ll_why *why)
{
    struct ll_packet_socket_set before;
    if (if_nametoindex(interface) == 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "no interface '%s' here; see: ip link", interface);
    const struct packet_ring *ring = &packet_rings[0];
    if (interface_mtu(interface) > ring->mtu_max)
        ring = &packet_rings[1];
    (void)snprintf(port->device, sizeof port->device, "net_af_packet_ll%u", number);
    ll_packet_socket_note(&before);
    int error = -ENODEV;
    for (uint32_t i = 0; error != 0 && i < PACKET_RING_HALVINGS; i++) {
        char args[128];
        uint32_t block_count = ring->block_count >> i;
        (void)snprintf(args, sizeof args, "iface=%s,blocksz=%u,framesz=%u,framecnt=%u", interface,
                       ring->block_bytes, ring->slot_bytes,
                       block_count * (ring->block_bytes / ring->slot_bytes));
        error = rte_vdev_init(port->device, args);
    }
    if (error == 0)
        port->packet_fd = ll_packet_socket_find(&before, interface);
    return error;
}

/* The interface first, then what a killed gateway left on it: the driver attaches nothing beside another program. It
 * is given the program by descriptor, as plug_pcap its file. */
static int plug_af_xdp(struct ll_port *port, const struct ll_port_spec *spec, const struct ll_flow *flows,
                       uint32_t flow_count, uint32_t number, struct ll_why *why)
{
    char path[LL_STEER_PATH_BYTES];
    char args[128];
    if (flow_count == 0)
        return LL_FAIL(
            why, LL_ERR_USAGE,
            "af_xdp: takes listed flows only, the rest is the kernel's; name them: --line-a ADDR:PORT");
    int rc = ll_xdp_interface_open(&port->xdp, spec->device, spec->queue, flows, flow_count, why);
    if (rc == LL_OK)
        rc = ll_steer_clear(spec->device, why);
    if (rc == LL_OK && spec->path[0] == '\0')
        rc = ll_steer_find_object(path, why);
    else
        (void)snprintf(path, sizeof path, "%s", spec->path);
    if (rc != LL_OK)
        return rc;
    port->file_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (port->file_fd < 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "%.120s: %s; check the path", path, strerror(errno));
    (void)snprintf(port->interface, sizeof port->interface, "%.15s", spec->device);
    (void)snprintf(port->device, sizeof port->device, AF_XDP_DEVICE "_ll%u", number);
    (void)snprintf(args, sizeof args, "iface=%s,start_queue=%u,queue_count=1,xdp_prog=/proc/self/fd/%d",
                   spec->device, spec->queue, port->file_fd);
    return rte_vdev_init(port->device, args);
}

/* EAL has found it at its start, when PCI was allowed then; or it is probed now. */
static int plug_pci(struct ll_port *port, const char *address)
{
    uint16_t port_id;
    if (rte_eth_dev_get_port_by_name(address, &port_id) == 0)
        return rte_eth_dev_is_valid_port(port_id) ? 0 : -ENODEV;
    int error = rte_eal_hotplug_add("pci", address, "");
    if (error == 0)
        (void)snprintf(port->device, sizeof port->device, "%s", address);
    return error;
}

/* A negative errno of DPDK, or one of our errors with `why` filled. */
static int plug(struct ll_port *port, const struct ll_port_spec *spec, const struct ll_flow *flows,
                uint32_t flow_count, uint32_t number, struct ll_why *why)
{
    uint16_t existing;
    int error = -EINVAL;
    switch (spec->kind) {
    case LL_PORT_KIND_PCAP:
        error = plug_pcap(port, spec->path, number, why);
        break;
    case LL_PORT_KIND_RING:
        error = plug_ring(port, number);
        break;
    case LL_PORT_KIND_AF_PACKET:
        error = plug_af_packet(port, spec->device, number, why);
        break;
    case LL_PORT_KIND_VDEV:
        if (rte_eth_dev_get_port_by_name(spec->device, &existing) == 0)
            return LL_FAIL(why, LL_ERR_USAGE, "device %s is open already; give it another number",
                           spec->device);
        (void)snprintf(port->device, sizeof port->device, "%s", spec->device);
        error = rte_vdev_init(spec->device, spec->args);
        break;
    case LL_PORT_KIND_PCI:
        error = plug_pci(port, spec->device);
        break;
    case LL_PORT_KIND_AF_XDP:
        error = plug_af_xdp(port, spec, flows, flow_count, number, why);
        break;
    case LL_PORT_KIND_UDP: /* no device: bring_up_udp */
    case LL_PORT_KIND_COUNT:
        break;
    }
    if (error != 0)
        port->device[0] = '\0';
    const char *name = port->device[0] != '\0' ? port->device : spec->device;
    if (error == 0 && rte_eth_dev_get_port_by_name(name, &port->port_id) != 0)
        error = -ENODEV;
    port->port_made = error == 0;
    return error;
}

static int start(struct ll_port *port)
{
    struct rte_eth_conf conf;
    struct rte_eth_dev_info info;
    uint16_t rx_descriptors = RX_DESCRIPTORS;
    uint16_t tx_descriptors = TX_DESCRIPTORS;
    memset(&conf, 0, sizeof conf);
    int error = rte_eth_dev_info_get(port->port_id, &info);
    if (error != 0)
        return error;
    /* A card cuts at its MTU; kernel interfaces and files have theirs set elsewhere. */
    if (port->kind == LL_PORT_KIND_PCI)
        conf.rxmode.mtu = RTE_MIN(info.max_mtu, LL_PORT_FRAME_BYTES_MAX - RTE_ETHER_HDR_LEN - RTE_VLAN_HLEN);
    if ((error = rte_eth_dev_configure(port->port_id, 1, 1, &conf)) != 0)
        return error;
    if ((error = rte_eth_dev_adjust_nb_rx_tx_desc(port->port_id, &rx_descriptors, &tx_descriptors)) != 0)
        return error;
    error =
        rte_eth_rx_queue_setup(port->port_id, 0, rx_descriptors, (unsigned)SOCKET_ID_ANY, NULL, port->pool);
    if (error != 0)
        return error;
    if ((error = rte_eth_tx_queue_setup(port->port_id, 0, tx_descriptors, (unsigned)SOCKET_ID_ANY, NULL)) !=
        0)
        return error;
    if ((error = rte_eth_dev_start(port->port_id)) != 0)
        return error;
    port->port_started = true;
    /* A card filters multicast; elsewhere the kernel decides, and a socket that joins the group tells it. */
    if (port->kind == LL_PORT_KIND_PCI && rte_eth_allmulticast_enable(port->port_id) != 0)
        return rte_eth_promiscuous_enable(port->port_id);
    return 0;
}

/* Where the time of reception lies in a buffer: the pcap device writes microseconds into DPDK's own field, a
 * ring port has a field of its own in nanoseconds. */
static int find_stamp(struct ll_port *port)
{
    static const struct rte_mbuf_dynfield ring_stamp = {
        .name = "ll_port_rx_ns", .size = sizeof(uint64_t), .align = _Alignof(uint64_t)};
    if (port->kind == LL_PORT_KIND_PCAP) {
        port->stamp_unit_ns = NS_PER_US;
        return rte_mbuf_dyn_rx_timestamp_register(&port->stamp_offset, NULL);
    }
    if (port->kind != LL_PORT_KIND_RING)
        return 0;
    port->stamp_unit_ns = 1;
    port->stamp_offset = rte_mbuf_dynfield_register(&ring_stamp);
    return port->stamp_offset < 0 ? -rte_errno : 0;
}

/* Only now: a frame that were steered before the port runs would be lost, and not counted. */
static int steer_flows(struct ll_port *port, const struct ll_flow *flows, uint32_t flow_count,
                       struct ll_why *why)
{
    struct ll_steer steer;
    if (port->kind != LL_PORT_KIND_AF_XDP)
        return LL_OK;
    int rc = ll_steer_open(&steer, port->interface, why);
    if (rc != LL_OK)
        return rc;
    for (uint32_t i = 0; i < flow_count && rc == LL_OK; i++)
        rc = ll_steer_add_flow(&steer, flows[i].ipv4_address, flows[i].udp_port, why);
    ll_steer_close(&steer);
    port->is_steered = rc == LL_OK;
    return rc;
}

static void free_frames(struct ll_port *port)
{
    struct rte_mbuf *mbuf;
    rte_pktmbuf_free_bulk(port->held, port->held_count);
    rte_pktmbuf_free_bulk(port->spare, port->spare_count);
    rte_pktmbuf_free_bulk(port->tx, port->tx_count);
    for (uint32_t i = 0; port->ring != NULL && i < LL_PORT_RING_FRAMES; i++) {
        if (rte_ring_dequeue(port->ring, (void **)&mbuf) != 0)
            break;
        rte_pktmbuf_free(mbuf);
    }
}

void ll_port_close(struct ll_port *port)
{
    struct ll_log_capture capture;
    char ignored[LL_LOG_REASON_BYTES];
    if (port == NULL)
        return;
    ll_log_capture_begin(&capture, rte_log_get_global_level() <= RTE_LOG_CRIT, is_af_xdp(port->device));
    free_frames(port);
    if (port->port_started)
        (void)rte_eth_dev_stop(port->port_id);
    if (port->port_made)
        (void)rte_eth_dev_close(port->port_id);
    if (port->device[0] != '\0' && port->kind == LL_PORT_KIND_PCI)
        (void)rte_eal_hotplug_remove("pci", port->device);
    else if (port->device[0] != '\0')
        (void)rte_vdev_uninit(port->device);
    rte_ring_free(port->ring);
    rte_mempool_free(port->pool);
    /* The driver did, but not always when it failed to start. What then stays, the next start takes off. */
    int cleared = port->interface[0] != '\0' ? ll_steer_clear(port->interface, NULL) : LL_OK;
    (void)cleared;
    ll_xdp_interface_close(&port->xdp);
    if (port->file_fd >= 0)
        (void)close(port->file_fd);
    if (port->udp != NULL)
        ll_udp_sockets_close(port->udp);
    rte_free(port->udp);
    rte_free(port);
    ll_log_capture_end(&capture, ignored);
}

/* The driver's own words are best; -1 is no errno, some drivers return it for everything. */
static const char *describe(const char *reason, int error)
{
    if (reason[0] != '\0')
        return reason;
    return error == -1 ? "the driver refuses and says no more" : strerror(-error);
}

/* The kernel's sockets instead of a device. */
static int bring_up_udp(struct ll_port *port, const struct ll_port_spec *spec, struct ll_why *why)
{
    if (port->flow_count != 0)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "the endpoints of udp: are the lines, in their order; leave the flows out");
    port->udp = rte_zmalloc("ll_udp_sockets", sizeof *port->udp, RTE_CACHE_LINE_SIZE);
    if (port->udp == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no room for a burst of datagrams; give EAL more memory (MB)");
    return ll_udp_sockets_open(port->udp, spec, why);
}

/* From an empty port to a running one. On failure the caller closes what is there. */
static int bring_up(struct ll_port *port, const struct ll_port_spec *spec, const char *specification,
                    const struct ll_flow *flows, uint32_t flow_count, struct ll_why *why)
{
    uint32_t number = 0;
    int rc = LL_OK;
    if (spec->kind == LL_PORT_KIND_UDP)
        return bring_up_udp(port, spec, why);
    if (spec->kind == LL_PORT_KIND_PCAP) {
        rc = ll_pcap_scan(spec->path, &port->frames_total, why);
        port->drained = port->frames_total == 0;
    }
    if (rc == LL_OK)
        rc = make_pool(port, spec, &number, why);
    if (rc != LL_OK)
        return rc;

    struct ll_log_capture capture;
    struct ll_why own = {0};
    char reason[LL_LOG_REASON_BYTES];
    ll_log_capture_begin(&capture, rte_log_get_global_level() <= RTE_LOG_CRIT,
                         spec->kind == LL_PORT_KIND_AF_XDP || is_af_xdp(spec->device));
    int error = plug(port, spec, flows, flow_count, number, &own);
    if (error == 0)
        error = start(port);
    if (error == 0)
        error = find_stamp(port);
    if (error == 0)
        error = steer_flows(port, flows, flow_count, &own);
    ll_log_capture_end(&capture, reason);
    if (error == 0)
        return LL_OK;
    if (own.code != LL_OK)
        return LL_FAIL(why, own.code, "%s", own.text);
    LL_ASSERT(spec->kind < LL_PORT_KIND_COUNT);
    return LL_FAIL(why, LL_ERR_ENVIRONMENT, "%.40s does not start: %.110s; %s", specification,
                   describe(reason, error), remedies[spec->kind]);
}

int ll_port_open(struct ll_port **opened, const char *specification, const struct ll_flow *flows,
                 uint32_t flow_count, struct ll_why *why)
{
    LL_ASSERT(opened != NULL);
    LL_ASSERT(rte_lcore_count() > 0); /* ll_eal_start comes first */
    *opened = NULL;
    struct ll_port_spec spec;
    int rc = ll_port_spec_parse(&spec, specification, why);
    if (rc != LL_OK)
        return rc;
    struct ll_port *port = rte_zmalloc("ll_port", sizeof *port, RTE_CACHE_LINE_SIZE);
    if (port == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no room for a port; give EAL more memory (MB)");
    port->kind = spec.kind;
    port->stamp_offset = -1;
    port->packet_fd = -1;
    port->file_fd = -1;
    port->xdp.claim_fd = -1;
    port->xdp.member_fd = -1;
    rc = load_flows(port, flows, flow_count, why);
    if (rc == LL_OK)
        rc = bring_up(port, &spec, specification, flows, flow_count, why);
    if (rc != LL_OK) {
        ll_port_close(port);
        return rc;
    }
    *opened = port;
    return LL_OK;
}
