/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only OR BSD-2-Clause */
/*
 * What the steering program in the kernel and the gateway share: the maps' names, keys and values, and the stamp
 * in front of a frame. One definition, read by both compilers.
 *
 * Shape    The program (ll_steer.bpf.c) sends a frame of a listed UDP flow to the AF_XDP socket of its queue and
 *          leaves everything else to the kernel. Each frame is counted in exactly one place: at its flow, or at
 *          the reason why it passed.
 * Units    bytes of whole frames, without the checksum behind them; *_ns CLOCK_MONOTONIC nanoseconds.
 *          An address as its four bytes, a port as a number: so both can be read in a dump of the map.
 * Errors   none.
 * Threads  The counts are per processor: each adds to its own, a reader adds them up.
 */
#ifndef LL_DPDK_STEER_H
#define LL_DPDK_STEER_H

#include <linux/types.h>

/* Names, at most 15 characters each. The driver looks for the first map by its name; by all of them a program
 * that a killed gateway left behind is told from somebody else's. */
#define LL_STEER_PROGRAM     "ll_steer"
#define LL_STEER_SOCKETS_MAP "xsks_map"
#define LL_STEER_FLOWS_MAP   "ll_flows"
#define LL_STEER_PASSES_MAP  "ll_passes"

#define LL_STEER_FLOWS_MAX  64
#define LL_STEER_QUEUES_MAX 256

struct ll_steer_count {
    __u64 packets;
    __u64 bytes;
};

/* Key of the map of flows. address 0.0.0.0 = any destination. */
struct ll_steer_flow {
    __u8 address[4];
    __u16 port;
    __u16 zero;
};

/* Its value. */
struct ll_steer_flow_count {
    __u64 packets;
    __u64 bytes;
    __u64 unstamped; /* of these packets: the interface's driver has no room for a stamp */
};

/* Why a frame passes to the kernel: the fields of the other map's one value, and what they say to a person. */
#define LL_STEER_PASSES(P)                                                         \
    P(tcp, "TCP")                                                                  \
    P(other_udp, "UDP that is no flow of ours")                                    \
    P(no_socket, "of a flow, but on a receive queue without the gateway's socket") \
    P(fragment, "fragments of UDP datagrams")                                      \
    P(ip_options, "UDP behind IPv4 options")                                       \
    P(other_ip, "other IPv4: ICMP, IGMP, ...")                                     \
    P(vlan, "with a VLAN tag")                                                     \
    P(ipv6, "IPv6")                                                                \
    P(other, "ARP, LLDP, ...")                                                     \
    P(too_short, "shorter than their headers")

struct ll_steer_passes {
#define LL_STEER_FIELD(name, text) struct ll_steer_count name;
    LL_STEER_PASSES(LL_STEER_FIELD)
#undef LL_STEER_FIELD
};

/* In the 16 bytes in front of a steered frame. */
#define LL_STEER_STAMP_MAGIC 0x4c4c535445455231ULL

struct ll_steer_stamp {
    __u64 magic;
    __u64 mono_ns; /* when the program saw the frame */
};

#endif
