/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway kernel on a card: both halves behind the link to the host.
 *
 * Every table has a port of its own (kernels/vitis/cards/ says in which memory it lies), and the two memories of
 * the link have one each, in the host's memory. The scratch memories are on chip. `latency` is what the tool
 * may count on between asking and having, in cycles: 64 for a card's memory (107 to 138 ns of HBM, and the way
 * there), 300 for the host's (a microsecond of PCIe).
 * Nothing here is a dataflow region. A resident kernel takes what is there and answers it before it looks again,
 * and what is there is mostly one message: processes side by side would wait for each other. Both halves share
 * the link, whose answers leave in the order of their requests, and a control request (LOAD, RESET) may touch
 * any table between two messages. What can overlap is inside the halves, see ll_book_top.c and ll_life_top.c.
 */
#include "hls/ll_gateway.h"
#include "kernels/vitis/ll_tops.h"

void ll_gateway_kernel(struct ll_book_control *control, struct ll_order_bucket *buckets,
                       struct ll_leaf *leaves, struct ll_level *levels, struct ll_inner *inners,
                       struct ll_book_side *sides, struct ll_life_control *life_control,
                       struct ll_life_bucket *life_buckets, u32 *life_places,
                       struct ll_life_order *life_orders, volatile u64 *to_device, volatile u64 *from_device,
                       u32 slots, u32 first, u32 count, u32 looks_max, u32 batch)
{
    /* clang-format off */
#pragma HLS INTERFACE mode=m_axi port=control       bundle=gm_control       offset=slave depth=1 latency=64
#pragma HLS INTERFACE mode=m_axi port=buckets       bundle=gm_buckets       offset=slave depth=96 latency=64
#pragma HLS INTERFACE mode=m_axi port=leaves        bundle=gm_leaves        offset=slave depth=256 latency=64
#pragma HLS INTERFACE mode=m_axi port=levels        bundle=gm_levels        offset=slave depth=8192 latency=64
#pragma HLS INTERFACE mode=m_axi port=inners        bundle=gm_inners        offset=slave depth=512 latency=64
#pragma HLS INTERFACE mode=m_axi port=sides         bundle=gm_sides         offset=slave depth=16 latency=64
#pragma HLS INTERFACE mode=m_axi port=life_control  bundle=gm_life_control  offset=slave depth=1 latency=64
#pragma HLS INTERFACE mode=m_axi port=life_buckets  bundle=gm_life_buckets  offset=slave depth=96 latency=64
#pragma HLS INTERFACE mode=m_axi port=life_places   bundle=gm_life_places   offset=slave depth=256 latency=64
#pragma HLS INTERFACE mode=m_axi port=life_orders   bundle=gm_life_orders   offset=slave depth=64 latency=64
#pragma HLS INTERFACE mode=m_axi port=to_device     bundle=gm_to_device     offset=slave depth=66112 latency=300
#pragma HLS INTERFACE mode=m_axi port=from_device   bundle=gm_from_device   offset=slave depth=66112 latency=300
#pragma HLS INTERFACE mode=s_axilite port=control bundle=control
#pragma HLS INTERFACE mode=s_axilite port=buckets bundle=control
#pragma HLS INTERFACE mode=s_axilite port=leaves bundle=control
#pragma HLS INTERFACE mode=s_axilite port=levels bundle=control
#pragma HLS INTERFACE mode=s_axilite port=inners bundle=control
#pragma HLS INTERFACE mode=s_axilite port=sides bundle=control
#pragma HLS INTERFACE mode=s_axilite port=life_control bundle=control
#pragma HLS INTERFACE mode=s_axilite port=life_buckets bundle=control
#pragma HLS INTERFACE mode=s_axilite port=life_places bundle=control
#pragma HLS INTERFACE mode=s_axilite port=life_orders bundle=control
#pragma HLS INTERFACE mode=s_axilite port=to_device bundle=control
#pragma HLS INTERFACE mode=s_axilite port=from_device bundle=control
#pragma HLS INTERFACE mode=s_axilite port=slots bundle=control
#pragma HLS INTERFACE mode=s_axilite port=first bundle=control
#pragma HLS INTERFACE mode=s_axilite port=count bundle=control
#pragma HLS INTERFACE mode=s_axilite port=looks_max bundle=control
#pragma HLS INTERFACE mode=s_axilite port=batch bundle=control
#pragma HLS INTERFACE mode=s_axilite port=return bundle=control
#pragma HLS INTERFACE mode=ap_ctrl_chain port=return bundle=control
    /* clang-format on */
#if LL_HOT_LINES > 0
    LL_HOT_ARRAYS(LL_TOPS_STATIC, order_hot)
    LL_HOT_ARRAYS(LL_TOPS_STATIC, id_hot)
    LL_HOT_ARRAYS(LL_TOPS_STATIC, life_hot)
    /* clang-format off */
#pragma HLS BIND_STORAGE variable=order_hot_word0 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=order_hot_word1 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=order_hot_word2 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=order_hot_word3 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=order_hot_word4 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=order_hot_word5 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=order_hot_word6 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=order_hot_word7 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=order_hot_tags type=ram_2p impl=bram
#pragma HLS BIND_STORAGE variable=id_hot_word0 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=id_hot_word1 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=id_hot_word2 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=id_hot_word3 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=id_hot_word4 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=id_hot_word5 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=id_hot_word6 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=id_hot_word7 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=id_hot_tags type=ram_2p impl=bram
#pragma HLS BIND_STORAGE variable=life_hot_word0 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=life_hot_word1 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=life_hot_word2 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=life_hot_word3 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=life_hot_word4 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=life_hot_word5 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=life_hot_word6 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=life_hot_word7 type=ram_2p impl=uram
#pragma HLS BIND_STORAGE variable=life_hot_tags type=ram_2p impl=bram
    /* clang-format on */
#endif
    struct ll_update updates[LL_GATEWAY_RUN_MAX];
    struct ll_result results[LL_GATEWAY_RUN_MAX];
    struct ll_life_ask asks[LL_GATEWAY_RUN_MAX];
    struct ll_life_answer answers[LL_GATEWAY_RUN_MAX];
#pragma HLS AGGREGATE variable = updates compact = none
#pragma HLS AGGREGATE variable = results compact = none
#pragma HLS AGGREGATE variable = asks compact = none
#pragma HLS AGGREGATE variable = answers compact = none
    ll_gateway_run(LL_GATEWAY_MEMORY_PASS, LL_GATEWAY_SCRATCH_PASS, LL_GATEWAY_LINK_PASS, slots, first, count,
                   looks_max, batch);
}
