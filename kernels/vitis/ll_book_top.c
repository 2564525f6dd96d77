/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The book half on a card: updates in memory, results in memory, one launch per batch.
 *
 * Three processes work on blocks of LL_BATCH_MAX messages: one fetches the updates of the next block, one
 * matches this block, one writes the results of the last. They share nothing but the block's own arrays, each
 * with one writer and one reader, so that the order of matching is that of the messages. Inside the matching
 * the orders and the levels stay one process: both count in control, whether a batch may run in stages is said
 * by the free nodes that the levels before it left, and a level that finds no room takes its order out of the
 * buckets again.
 */
#include "hls/ll_book.h"
#include "kernels/vitis/ll_tops.h"

static u32 ll_book_top_size(u32 count, u32 block)
{
    u32 left = count - block * LL_BATCH_MAX;
    return left < LL_BATCH_MAX ? left : LL_BATCH_MAX;
}

static void ll_book_top_fetch(const struct ll_update *updates, u32 count, u32 block,
                              struct ll_update in[LL_BATCH_MAX])
{
    u32 now = ll_book_top_size(count, block);
    for (u32 i = 0; i < now; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
#pragma HLS PIPELINE II = 1
        in[i] = updates[block * LL_BATCH_MAX + i];
    }
}

static void ll_book_top_match(LL_BOOK_MEMORY, const struct ll_update in[LL_BATCH_MAX],
                              struct ll_result out[LL_BATCH_MAX], u32 count, u32 block, u32 batch)
{
    ll_book_batch(LL_BOOK_MEMORY_PASS, in, out, ll_book_top_size(count, block), batch);
}

static void ll_book_top_store(struct ll_result *results, u32 count, u32 block,
                              const struct ll_result out[LL_BATCH_MAX])
{
    u32 now = ll_book_top_size(count, block);
    for (u32 i = 0; i < now; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
#pragma HLS PIPELINE II = 1
        results[block * LL_BATCH_MAX + i] = out[i];
    }
}

void ll_book_top(struct ll_book_control *control, struct ll_order_bucket *buckets, struct ll_leaf *leaves,
                 struct ll_level *levels, struct ll_inner *inners, struct ll_book_side *sides,
                 const struct ll_update *updates, struct ll_result *results, u32 count, u32 batch, u32 reset)
{
    /* clang-format off */
#pragma HLS INTERFACE mode=m_axi port=control       bundle=gm_control       offset=slave depth=1 latency=64
#pragma HLS INTERFACE mode=m_axi port=buckets       bundle=gm_buckets       offset=slave depth=96 latency=64
#pragma HLS INTERFACE mode=m_axi port=leaves        bundle=gm_leaves        offset=slave depth=256 latency=64
#pragma HLS INTERFACE mode=m_axi port=levels        bundle=gm_levels        offset=slave depth=8192 latency=64
#pragma HLS INTERFACE mode=m_axi port=inners        bundle=gm_inners        offset=slave depth=512 latency=64
#pragma HLS INTERFACE mode=m_axi port=sides         bundle=gm_sides         offset=slave depth=16 latency=64
#pragma HLS INTERFACE mode=m_axi port=updates       bundle=gm_updates       offset=slave depth=1024 latency=64
#pragma HLS INTERFACE mode=m_axi port=results       bundle=gm_results       offset=slave depth=1024 latency=64
#pragma HLS INTERFACE mode=s_axilite port=control bundle=control
#pragma HLS INTERFACE mode=s_axilite port=buckets bundle=control
#pragma HLS INTERFACE mode=s_axilite port=leaves bundle=control
#pragma HLS INTERFACE mode=s_axilite port=levels bundle=control
#pragma HLS INTERFACE mode=s_axilite port=inners bundle=control
#pragma HLS INTERFACE mode=s_axilite port=sides bundle=control
#pragma HLS INTERFACE mode=s_axilite port=updates bundle=control
#pragma HLS INTERFACE mode=s_axilite port=results bundle=control
#pragma HLS INTERFACE mode=s_axilite port=count bundle=control
#pragma HLS INTERFACE mode=s_axilite port=batch bundle=control
#pragma HLS INTERFACE mode=s_axilite port=reset bundle=control
#pragma HLS INTERFACE mode=s_axilite port=return bundle=control
#pragma HLS INTERFACE mode=ap_ctrl_chain port=return bundle=control
    /* clang-format on */
#if LL_HOT_LINES > 0
    LL_HOT_ARRAYS(LL_TOPS_STATIC, order_hot)
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
    /* clang-format on */
#endif
    u32 blocks = (count + (LL_BATCH_MAX - 1u)) / LL_BATCH_MAX;
    if (reset != 0)
        ll_book_reset(LL_BOOK_MEMORY_PASS);
    for (u32 block = 0; block < blocks; block++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
#pragma HLS DATAFLOW
        struct ll_update in[LL_BATCH_MAX];
        struct ll_result out[LL_BATCH_MAX];
        ll_book_top_fetch(updates, count, block, in);
        ll_book_top_match(LL_BOOK_MEMORY_PASS, in, out, count, block, batch);
        ll_book_top_store(results, count, block, out);
    }
}
