/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a port, shared by the file that opens it (ll_port_open.c) and the one that runs it
 * (ll_port.c).
 *
 * Shape    private to dpdk/. Hot fields first.
 * Units    frames unless named otherwise.
 * Errors   none.
 * Threads  the port's thread.
 */
#ifndef LL_DPDK_PORT_STATE_H
#define LL_DPDK_PORT_STATE_H

#include "dpdk/ll_frame.h"
#include "dpdk/ll_port.h"
#include "dpdk/ll_port_spec.h"
#include "dpdk/ll_udp_sockets.h"
#include "dpdk/ll_xdp_interface.h"

#include <net/if.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <stdbool.h>
#include <stdint.h>

/* What a ring port holds between send and receive, and all the buffers it ever needs: a full ring, the burst
 * the caller is looking at, and one being built. */
#define LL_PORT_RING_FRAMES  1024u
#define LL_PORT_RING_BUFFERS (LL_PORT_RING_FRAMES + LL_PORT_BURST_MAX + 1u)

/* Longest frame any driver puts into one buffer here: af_packet's slots are this long, less their header. */
#define LL_PORT_BUFFER_BYTES 10240u
_Static_assert(LL_PORT_BUFFER_BYTES >= LL_PORT_FRAME_BYTES_MAX, "a frame in one piece");

struct ll_port_flow {
    uint32_t address;
    uint32_t address_mask; /* 0 = any address */
    uint32_t udp_port;
    uint32_t line;
};

struct ll_port {
    uint16_t port_id;
    uint16_t held_count;
    uint16_t flow_count;
    uint16_t stamp_unit_ns; /* of the stamp in the buffer */
    int stamp_offset;       /* of the stamp in the buffer, -1 = none */
    uint32_t line_default;  /* when no flow matches */
    bool drained;
    bool is_steered; /* af_xdp: the steering program's stamp lies in front of a frame */
    enum ll_port_kind kind;
    uint64_t frames;
    uint64_t bytes;
    uint64_t oversize;
    uint64_t verdict_count[LL_FRAME_VERDICT_COUNT]; /* LL_FRAME_UDP: datagrams and no_flow together */
    uint64_t no_flow;
    struct ll_port_flow flow[LL_PORT_FLOWS_MAX];
    struct rte_mbuf *held[LL_PORT_BURST_MAX]; /* the burst the caller is looking at */

    /* Ring ports: buffers to build in, frames not yet in the ring, frames in it. The buffers go round among
     * these and `held` and never back to the pool, which would clear each one twice. */
    uint32_t spare_count;
    uint32_t tx_count;
    uint32_t ring_count;
    struct rte_mbuf *tx[LL_PORT_BURST_MAX];
    struct rte_mbuf *spare[LL_PORT_RING_BUFFERS];

    /* Cold. */
    uint64_t frames_total;       /* in the file */
    uint64_t empty_missed;       /* lost when the file last gave nothing */
    uint64_t kernel_dropped;     /* af_packet: read so far from the kernel */
    int packet_fd;               /* af_packet: the driver's socket; -1 = none */
    int file_fd;                 /* pcap, af_xdp: keeps the name that the driver was given valid */
    struct ll_xdp_interface xdp; /* af_xdp */
    char interface[IF_NAMESIZE]; /* af_xdp: whose program goes when the port closes; "" = none */
    bool port_made;
    bool port_started;
    struct rte_mempool *pool;
    struct rte_ring *ring;
    struct ll_udp_sockets *udp;             /* udp: instead of a device; NULL = none */
    char device[LL_PORT_SPEC_DEVICE_BYTES]; /* "" = nothing was plugged in */
};

#endif
