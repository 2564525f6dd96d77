/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DPDK in: EAL start-up, one receive port, and the datagrams that come through it.
 *
 * Shape    ll_eal_start once per process, then one or more ports. A port is named by a specification:
 *            pcap:FILE             every packet of a pcap file, once, then the port is `drained`
 *            ring:                 in process: what ll_port_send_commit puts in, ll_port_receive gives out
 *            af_packet:IFACE       a kernel interface, no driver change
 *            af_xdp:IFACE          a kernel interface whose UDP flows come past the kernel, and nothing else:
 *                                  TCP, other UDP and the rest stay the kernel's (ll_steer.h). ,queue=N is the
 *                                  receive queue (default 0), ,program=FILE another steering program. Needs
 *                                  flows; it joins their multicast groups
 *            vdev:NAME,ARGS        any DPDK virtual device, its own words (net_af_packet0,iface=eth1,...)
 *            pci:ADDRESS           a PCI device bound to a DPDK driver
 *            udp:ADDR:PORT,...     the kernel's own UDP sockets, no rights needed; the endpoints are lines 0, 1,
 *                                  ... in their order and there are no flows. Multicast is joined on the
 *                                  interface that has the address in ,iface=ADDR (default 127.0.0.1)
 *          Received frames are taken apart here: Ethernet (one VLAN tag allowed), IPv4 without fragments,
 *          UDP. A flow table maps (destination address, destination port) to a small number, the line. A
 *          flow with an address goes before one without. With an empty flow table every UDP datagram
 *          belongs to line 0.
 * Units    bytes; *_ns UTC nanoseconds: of the capture for pcap (microsecond steps: that is what the DPDK
 *          port keeps), what the sender said for ring, 0 for ports that do not stamp. *_mono_ns
 *          CLOCK_MONOTONIC nanoseconds.
 * Errors   LL_ERR_USAGE: the specification or the flow table. LL_ERR_ENVIRONMENT: EAL or the driver cannot
 *          start, with the reason and what to do. LL_ERR_INPUT: the pcap file cannot be read or is cut.
 *          LL_ERR_NO_MEMORY: EAL's memory is used up.
 * Threads  start, stop, open and close: main thread. Everything else: one thread per port.
 */
#ifndef LL_DPDK_PORT_H
#define LL_DPDK_PORT_H

#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_PORT_BURST_MAX       64u
#define LL_PORT_FLOWS_MAX       16u
#define LL_PORT_LINE_NONE       0xFFFFFFFFu
#define LL_PORT_FRAME_BYTES_MAX 9216u /* jumbo frames are received whole, up to this */

struct ll_port;

struct ll_eal_config {
    uint32_t memory_mb;     /* 0 = default 128; only without huge pages */
    uint32_t cpu;           /* EAL's CPU; when the process may not run there, the first one it may run on */
    bool allow_pci;         /* probe PCI devices (needed for pci: ports only) */
    const char *extra_args; /* further EAL words, separated by spaces; NULL = none */
};

/* A UDP flow to a line. address 0 = any destination address. Host byte order. */
struct ll_flow {
    uint32_t ipv4_address;
    uint16_t udp_port;
    uint32_t line;
};

struct ll_datagram {
    const uint8_t *payload; /* valid until the next ll_port_receive or ll_port_close */
    uint32_t payload_bytes;
    uint32_t line;
    uint64_t rx_ns;      /* capture time, 0 = unknown */
    uint64_t rx_mono_ns; /* when the kernel had it at the interface: af_xdp, 0 = unknown */
    uint64_t ordinal;    /* 1, 2, 3, ... over all frames received on this port, whatever they were */
};

/* Every frame received is in exactly one of datagrams ... oversize:
 * frames = datagrams + not_ipv4 + not_udp + fragments + no_flow + truncated + oversize. */
struct ll_port_counters {
    uint64_t frames;
    uint64_t bytes;     /* of all frames; for udp: of the payloads, the rest is not seen */
    uint64_t datagrams; /* handed out */
    uint64_t not_ipv4;  /* ARP, IPv6, LLDP ... */
    uint64_t not_udp;
    uint64_t fragments; /* of UDP datagrams: MoldUDP64 senders stay below the MTU; counted, dropped */
    uint64_t no_flow;   /* UDP for nobody here */
    uint64_t truncated; /* headers or lengths that do not fit the frame */
    uint64_t oversize;  /* longer than LL_PORT_FRAME_BYTES_MAX */
    uint64_t
        missed; /* lost before we saw them: imissed + nombuf, for af_packet and udp: the kernel's own count */
    uint64_t errors; /* ierrors of the driver: not received either */
};

/* Starts EAL with the flags that need no rights, no huge pages and no card, or with huge pages when memory_mb
 * of them are free. Once per process: a second start, also after a failure, is refused by DPDK itself.
 * The calling thread keeps its CPU affinity (EAL alone would pin it, and every thread made later with it).
 * stdout and stderr are caught while EAL starts: call it before other threads print. */
LL_MUST_CHECK int ll_eal_start(const struct ll_eal_config *config, struct ll_why *why);
/* Pins the calling thread, the one that will poll, to EAL's CPU. Make the other threads first. */
LL_MUST_CHECK int ll_eal_pin_thread(struct ll_why *why);
/* Whether packet buffers lie in huge pages, once EAL runs. */
bool ll_eal_has_huge_pages(void);
/* After a successful start only, and with every port closed. */
void ll_eal_stop(void);

LL_MUST_CHECK int ll_port_open(struct ll_port **port, const char *specification, const struct ll_flow *flows,
                               uint32_t flow_count, struct ll_why *why);
void ll_port_close(struct ll_port *port); /* NULL is fine */

/* Up to LL_PORT_BURST_MAX datagrams. Gives the previous burst's buffers back first. 0 = nothing now. */
uint32_t ll_port_receive(struct ll_port *port, struct ll_datagram datagrams[LL_PORT_BURST_MAX]);

/* Ring ports only: a buffer to build one UDP payload in (capacity in *capacity_bytes), then commit it as a
 * frame to address:port. NULL when the ring is full: receive first. A buffer that is not committed comes
 * again. */
uint8_t *ll_port_send_begin(struct ll_port *port, uint32_t *capacity_bytes);
void ll_port_send_commit(struct ll_port *port, uint32_t payload_bytes, uint32_t ipv4_address,
                         uint16_t udp_port, uint64_t rx_ns);

/* A file port that has given out its last frame. Always false for live ports. */
bool ll_port_drained(const struct ll_port *port);
/* Frames in the file, counted when it was opened; 0 for live ports. */
uint64_t ll_port_frames_total(const struct ll_port *port);
/* Asks the driver, too: not for each burst. */
void ll_port_counters(struct ll_port *port, struct ll_port_counters *counters);

#endif
