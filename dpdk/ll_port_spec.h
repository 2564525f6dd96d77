/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A port's specification as text ("pcap:day.pcap") taken apart. Pure text: no DPDK in here.
 *
 * Shape    kind, and the words DPDK needs: a device name and its arguments.
 * Units    IPv4 in host byte order.
 * Errors   LL_ERR_USAGE, with what is allowed.
 * Threads  any, no state.
 */
#ifndef LL_DPDK_PORT_SPEC_H
#define LL_DPDK_PORT_SPEC_H

#include "host/base/ll_err.h"
#include "host/base/ll_ipv4.h"

#include <stdint.h>

enum ll_port_kind {
    LL_PORT_KIND_PCAP,
    LL_PORT_KIND_RING,
    LL_PORT_KIND_AF_PACKET,
    LL_PORT_KIND_VDEV,
    LL_PORT_KIND_PCI,
    LL_PORT_KIND_UDP,
    LL_PORT_KIND_AF_XDP,
    LL_PORT_KIND_COUNT
};

#define LL_PORT_SPEC_PATH_BYTES    4096u
#define LL_PORT_SPEC_DEVICE_BYTES  48u
#define LL_PORT_SPEC_ARGS_BYTES    1024u
#define LL_PORT_SPEC_ENDPOINTS_MAX 4u
#define LL_PORT_SPEC_QUEUE_MAX     255u

struct ll_port_spec {
    enum ll_port_kind kind;
    char path
        [LL_PORT_SPEC_PATH_BYTES]; /* pcap: the file. af_xdp: the program's object, "" = the installed one */
    char device[LL_PORT_SPEC_DEVICE_BYTES]; /* interface, vdev name or 0000:00:00.0 */
    char args[LL_PORT_SPEC_ARGS_BYTES];     /* vdev only, "" = none */
    uint32_t endpoint_count;                /* udp only, in the order of their lines */
    struct ll_ipv4 endpoint[LL_PORT_SPEC_ENDPOINTS_MAX];
    uint32_t interface_address; /* udp only: where multicast is joined */
    uint32_t queue;             /* af_xdp only */
};

LL_MUST_CHECK int ll_port_spec_parse(struct ll_port_spec *spec, const char *text, struct ll_why *why);

#endif
