/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only OR BSD-2-Clause */
/* The steering program: runs in the kernel at the interface, for each frame that comes in. See ll_steer.h. */
#include "dpdk/ll_steer.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define IP_HEADER_WORDS  5      /* without options */
#define IP_PIECE_OF_MORE 0x3fff /* of frag_off: "more fragments", or an offset */

struct {
    __uint(type, BPF_MAP_TYPE_XSKMAP);
    __uint(max_entries, LL_STEER_QUEUES_MAX);
    __type(key, __u32);
    __type(value, __u32);
} xsks_map SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, LL_STEER_FLOWS_MAX);
    __type(key, struct ll_steer_flow);
    __type(value, struct ll_steer_flow_count);
} ll_flows SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct ll_steer_passes);
} ll_passes SEC(".maps");

static __always_inline int pass(struct ll_steer_count *count, __u64 frame_bytes)
{
    count->packets++;
    count->bytes += frame_bytes;
    return XDP_PASS;
}

static __always_inline struct ll_steer_flow_count *find_flow(__be32 address, __be16 port)
{
    struct ll_steer_flow flow = {.port = bpf_ntohs(port)};
    const struct ll_steer_flow any = flow;
    __builtin_memcpy(flow.address, &address, sizeof flow.address);
    struct ll_steer_flow_count *count = bpf_map_lookup_elem(&ll_flows, &flow);
    if (count)
        return count;
    return bpf_map_lookup_elem(&ll_flows, &any);
}

/* Moves the frame's beginning, as far as the verifier is concerned: pointers into it end here. */
static __always_inline int put_stamp(struct xdp_md *context)
{
    if (bpf_xdp_adjust_meta(context, -(int)sizeof(struct ll_steer_stamp)) != 0)
        return 0;
    struct ll_steer_stamp *stamp = (void *)(long)context->data_meta;
    if ((void *)(stamp + 1) > (void *)(long)context->data)
        return 0;
    stamp->magic = LL_STEER_STAMP_MAGIC;
    stamp->mono_ns = bpf_ktime_get_ns();
    return 1;
}

static __always_inline int steer(struct xdp_md *context, struct ll_steer_flow_count *count,
                                 struct ll_steer_passes *passes, __u64 frame_bytes)
{
    __u32 queue = context->rx_queue_index;
    if (!bpf_map_lookup_elem(&xsks_map, &queue))
        return pass(&passes->no_socket, frame_bytes);
    count->packets++;
    count->bytes += frame_bytes;
    if (!put_stamp(context))
        count->unstamped++;
    return (int)bpf_redirect_map(&xsks_map, queue, XDP_PASS);
}

static __always_inline int take_ipv4(struct xdp_md *context, const struct iphdr *ip, const void *end,
                                     struct ll_steer_passes *passes, __u64 frame_bytes)
{
    if ((const void *)(ip + 1) > end)
        return pass(&passes->too_short, frame_bytes);
    if (ip->protocol == IPPROTO_TCP)
        return pass(&passes->tcp, frame_bytes);
    if (ip->protocol != IPPROTO_UDP)
        return pass(&passes->other_ip, frame_bytes);
    if (ip->ihl != IP_HEADER_WORDS)
        return pass(&passes->ip_options, frame_bytes);
    if (ip->frag_off & bpf_htons(IP_PIECE_OF_MORE))
        return pass(&passes->fragment, frame_bytes);
    const struct udphdr *udp = (const void *)(ip + 1);
    if ((const void *)(udp + 1) > end)
        return pass(&passes->too_short, frame_bytes);
    struct ll_steer_flow_count *count = find_flow(ip->daddr, udp->dest);
    if (!count)
        return pass(&passes->other_udp, frame_bytes);
    return steer(context, count, passes, frame_bytes);
}

SEC("xdp")
int ll_steer(struct xdp_md *context)
{
    const struct ethhdr *ethernet = (void *)(long)context->data;
    const void *end = (void *)(long)context->data_end;
    __u64 frame_bytes = (__u64)(end - (const void *)ethernet);
    __u32 zero = 0;
    struct ll_steer_passes *passes = bpf_map_lookup_elem(&ll_passes, &zero);
    if (!passes)
        return XDP_PASS; /* never: the one entry of an array is always there */
    if ((const void *)(ethernet + 1) > end)
        return pass(&passes->too_short, frame_bytes);
    switch (ethernet->h_proto) {
    case bpf_htons(ETH_P_IP):
        return take_ipv4(context, (const void *)(ethernet + 1), end, passes, frame_bytes);
    case bpf_htons(ETH_P_8021Q):
    case bpf_htons(ETH_P_8021AD):
        return pass(&passes->vlan, frame_bytes);
    case bpf_htons(ETH_P_IPV6):
        return pass(&passes->ipv6, frame_bytes);
    default:
        return pass(&passes->other, frame_bytes);
    }
}

/* The kernel asks for it: what it lends to programs under the GPL only. */
char _license[] SEC("license") = "Dual BSD/GPL";
