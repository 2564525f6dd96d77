/* SPDX-License-Identifier: Apache-2.0 */
#include "dpdk/ll_port.h"

#include "dpdk/ll_packet_socket.h"
#include "dpdk/ll_port_state.h"
#include "dpdk/ll_steer.h"
#include "host/base/ll_assert.h"

#include <rte_ethdev.h>
#include <rte_mbuf_dyn.h>
#include <string.h>

/* Enough to cover the memory latency at the few ns that one frame takes. */
#define PREFETCH_AHEAD 4u

static uint32_t flow_line(const struct ll_port *port, uint32_t address, uint32_t udp_port)
{
    for (uint32_t i = 0; i < port->flow_count; i++) {
        const struct ll_port_flow *flow = &port->flow[i];
        if (flow->udp_port == udp_port && ((flow->address ^ address) & flow->address_mask) == 0)
            return flow->line;
    }
    return port->line_default;
}

static uint64_t *stamp_slot(const struct ll_port *port, struct rte_mbuf *mbuf)
{
    return RTE_MBUF_DYNFIELD(mbuf, (uint32_t)port->stamp_offset, uint64_t *);
}

static uint64_t stamp_ns(const struct ll_port *port, struct rte_mbuf *mbuf)
{
    if (port->stamp_offset < 0)
        return 0;
    return *stamp_slot(port, mbuf) * port->stamp_unit_ns;
}

/* What the steering program left in front of the frame; 0 = nothing. It is taken out: the next frame in this buffer
 * may come without one. */
static uint64_t steer_mono_ns(const struct ll_port *port, struct rte_mbuf *mbuf)
{
    struct ll_steer_stamp stamp;
    if (!port->is_steered || rte_pktmbuf_headroom(mbuf) < sizeof stamp)
        return 0;
    uint8_t *at = rte_pktmbuf_mtod(mbuf, uint8_t *) - sizeof stamp;
    memcpy(&stamp, at, sizeof stamp);
    if (stamp.magic != LL_STEER_STAMP_MAGIC)
        return 0;
    memset(at, 0, sizeof stamp.magic);
    return stamp.mono_ns;
}

/* Buffers hold any frame up to the limit, so pieces are rare: a driver that cuts on its own, or an oversize
 * frame. Puts the pieces together; false = counted as oversize. */
static bool in_one_piece(struct ll_port *port, struct rte_mbuf *mbuf)
{
    if (mbuf->pkt_len <= LL_PORT_FRAME_BYTES_MAX && rte_pktmbuf_linearize(mbuf) == 0)
        return true;
    port->oversize++;
    return false;
}

/* Counts one frame where it belongs; true when it is a datagram for one of our lines. */
static inline bool take_frame(struct ll_port *port, struct rte_mbuf *mbuf, struct ll_datagram *datagram)
{
    port->frames++;
    port->bytes += mbuf->pkt_len;
    if (LL_UNLIKELY(mbuf->nb_segs != 1 || mbuf->pkt_len > LL_PORT_FRAME_BYTES_MAX) &&
        !in_one_piece(port, mbuf))
        return false;
    struct ll_frame_udp udp;
    enum ll_frame_verdict verdict =
        ll_frame_parse(rte_pktmbuf_mtod(mbuf, const uint8_t *), mbuf->data_len, &udp);
    port->verdict_count[verdict]++;
    if (LL_UNLIKELY(verdict != LL_FRAME_UDP))
        return false;
    uint32_t line = flow_line(port, udp.target_address, udp.target_port);
    if (LL_UNLIKELY(line == LL_PORT_LINE_NONE)) {
        port->no_flow++;
        return false;
    }
    datagram->payload = udp.payload;
    datagram->payload_bytes = udp.payload_bytes;
    datagram->line = line;
    datagram->rx_ns = stamp_ns(port, mbuf);
    datagram->rx_mono_ns = steer_mono_ns(port, mbuf);
    datagram->ordinal = port->frames;
    return true;
}

/* The ring was measured before each frame was taken in, so it has room for all of them. */
static void flush_sent(struct ll_port *port)
{
    uint16_t sent = rte_eth_tx_burst(port->port_id, 0, port->tx, (uint16_t)port->tx_count);
    LL_ASSERT(sent == port->tx_count);
    port->ring_count += sent;
    port->tx_count = 0;
}

/* The previous burst: the caller is done with it. */
static void give_back(struct ll_port *port)
{
    if (port->kind != LL_PORT_KIND_RING) {
        rte_pktmbuf_free_bulk(port->held, port->held_count);
        return;
    }
    LL_ASSERT(port->spare_count + port->held_count <= LL_PORT_RING_BUFFERS);
    memcpy(&port->spare[port->spare_count], port->held, port->held_count * sizeof port->held[0]);
    port->spare_count += port->held_count;
}

/* A file gave nothing: it is at its end, also when it was cut after it had been counted - unless the driver
 * had no buffer and lost the frame it was reading. An unreadable rest is an error again at each call, so
 * errors do not count here. */
static void end_of_file(struct ll_port *port)
{
    struct ll_port_counters counters;
    ll_port_counters(port, &counters);
    port->drained = counters.missed == port->empty_missed;
    port->empty_missed = counters.missed;
}

uint32_t ll_port_receive(struct ll_port *port, struct ll_datagram datagrams[LL_PORT_BURST_MAX])
{
    if (port->udp != NULL)
        return ll_udp_sockets_receive(port->udp, datagrams);
    if (port->held_count > 0)
        give_back(port);
    if (port->tx_count > 0)
        flush_sent(port);
    uint16_t frame_count = rte_eth_rx_burst(port->port_id, 0, port->held, LL_PORT_BURST_MAX);
    LL_ASSERT(frame_count <= LL_PORT_BURST_MAX);
    port->held_count = frame_count;
    for (uint16_t i = 0; i < frame_count && i < PREFETCH_AHEAD; i++)
        rte_prefetch0(rte_pktmbuf_mtod(port->held[i], const void *));
    uint32_t datagram_count = 0;
    for (uint16_t i = 0; i < frame_count; i++) {
        if (i + PREFETCH_AHEAD < frame_count)
            rte_prefetch0(rte_pktmbuf_mtod(port->held[i + PREFETCH_AHEAD], const void *));
        if (take_frame(port, port->held[i], &datagrams[datagram_count]))
            datagram_count++;
    }
    if (port->kind == LL_PORT_KIND_RING)
        port->ring_count -= frame_count;
    if (port->kind == LL_PORT_KIND_PCAP) {
        if (port->frames == port->frames_total)
            port->drained = true;
        else if (frame_count == 0)
            end_of_file(port);
    }
    return datagram_count;
}

uint8_t *ll_port_send_begin(struct ll_port *port, uint32_t *capacity_bytes)
{
    LL_ASSERT(port->kind == LL_PORT_KIND_RING);
    if (port->ring_count + port->tx_count >= LL_PORT_RING_FRAMES)
        return NULL;
    LL_ASSERT(port->spare_count > 0);
    *capacity_bytes = LL_PORT_FRAME_BYTES_MAX - LL_FRAME_UDP_HEADERS_BYTES;
    return rte_pktmbuf_mtod(port->spare[port->spare_count - 1], uint8_t *) + LL_FRAME_UDP_HEADERS_BYTES;
}

void ll_port_send_commit(struct ll_port *port, uint32_t payload_bytes, uint32_t ipv4_address,
                         uint16_t udp_port, uint64_t rx_ns)
{
    LL_ASSERT(port->spare_count > 0);
    LL_ASSERT(payload_bytes <= LL_PORT_FRAME_BYTES_MAX - LL_FRAME_UDP_HEADERS_BYTES);
    struct rte_mbuf *mbuf = port->spare[--port->spare_count];
    ll_frame_build_udp(rte_pktmbuf_mtod(mbuf, uint8_t *), payload_bytes, ipv4_address, udp_port);
    mbuf->data_len = (uint16_t)(LL_FRAME_UDP_HEADERS_BYTES + payload_bytes);
    mbuf->pkt_len = mbuf->data_len;
    *stamp_slot(port, mbuf) = rx_ns;
    port->tx[port->tx_count++] = mbuf;
    if (port->tx_count == LL_PORT_BURST_MAX)
        flush_sent(port);
}

bool ll_port_drained(const struct ll_port *port)
{
    return port->drained;
}

uint64_t ll_port_frames_total(const struct ll_port *port)
{
    return port->frames_total;
}

void ll_port_counters(struct ll_port *port, struct ll_port_counters *counters)
{
    struct rte_eth_stats stats;
    if (port->udp != NULL) {
        const struct ll_udp_sockets *udp = port->udp;
        *counters = (struct ll_port_counters){.frames = udp->frames,
                                              .bytes = udp->bytes,
                                              .datagrams = udp->frames - udp->oversize,
                                              .oversize = udp->oversize,
                                              .missed = udp->dropped};
        return;
    }
    memset(&stats, 0, sizeof stats);
    (void)rte_eth_stats_get(port->port_id, &stats);
    port->kernel_dropped += ll_packet_socket_drops(port->packet_fd);
    *counters = (struct ll_port_counters){
        .frames = port->frames,
        .bytes = port->bytes,
        .datagrams = port->verdict_count[LL_FRAME_UDP] - port->no_flow,
        .not_ipv4 = port->verdict_count[LL_FRAME_NOT_IPV4],
        .not_udp = port->verdict_count[LL_FRAME_NOT_UDP],
        .fragments = port->verdict_count[LL_FRAME_FRAGMENT],
        .no_flow = port->no_flow,
        .truncated = port->verdict_count[LL_FRAME_TRUNCATED],
        .oversize = port->oversize,
        .missed = stats.imissed + stats.rx_nombuf + port->kernel_dropped,
        .errors = stats.ierrors,
    };
}
