/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel interface made ready for AF_XDP: what has to be true of it is looked at before the driver tries, so that
 * the reason is ours and not "failed to create socket".
 *
 * Shape    open: it exists, is up, has that receive queue, carries no jumbo frames, and no other gateway has it;
 *          then the multicast groups are joined, so that card and switch let them through -> close.
 *          "Has it" is an abstract socket named after the interface: it lives in the interface's own network
 *          namespace and ends with its process. Whoever got it knows that a steering program that is attached
 *          already is a dead gateway's.
 * Units    IPv4 addresses in host byte order.
 * Errors   LL_ERR_ENVIRONMENT with the remedy; LL_ERR_BUSY: another gateway.
 * Threads  one owner.
 */
#ifndef LL_DPDK_XDP_INTERFACE_H
#define LL_DPDK_XDP_INTERFACE_H

#include "dpdk/ll_port.h"
#include "host/base/ll_err.h"

#include <stdint.h>

/* Longer frames find no buffer in the kernel's part of a port and are dropped there. */
#define LL_XDP_MTU_MAX 1500

struct ll_xdp_interface { /* private */
    int claim_fd;         /* -1 = not ours */
    int member_fd;        /* holds the memberships; receives nothing */
};

LL_MUST_CHECK int ll_xdp_interface_open(struct ll_xdp_interface *interface, const char *name, uint32_t queue,
                                        const struct ll_flow *flows, uint32_t flow_count, struct ll_why *why);
void ll_xdp_interface_close(struct ll_xdp_interface *interface);

#endif
