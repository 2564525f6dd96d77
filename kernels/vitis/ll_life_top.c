/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lifecycle half on a card: asks in memory, answers in memory, one launch per batch.
 *
 * Three processes work on blocks of LL_LIFE_BATCH_MAX asks: one fetches the next block, one does this block, one
 * writes the answers of the last. They share nothing but the block's own arrays, each with one writer and one
 * reader, so that asks are done in their order. Doing them stays one process: every stage of it reads and writes
 * the same buckets, and what an ask finds may be what the one before it has put there.
 */
#include "hls/ll_life.h"
#include "kernels/vitis/ll_tops.h"

static u32 ll_life_top_size(u32 count, u32 block)
{
    u32 left = count - block * LL_LIFE_BATCH_MAX;
    return left < LL_LIFE_BATCH_MAX ? left : LL_LIFE_BATCH_MAX;
}

static void ll_life_top_fetch(const struct ll_life_ask *asks, u32 count, u32 block,
                              struct ll_life_ask in[LL_LIFE_BATCH_MAX])
{
    u32 now = ll_life_top_size(count, block);
    for (u32 i = 0; i < now; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
#pragma HLS PIPELINE II = 1
        in[i] = asks[block * LL_LIFE_BATCH_MAX + i];
    }
}

static void ll_life_top_do(LL_LIFE_MEMORY, const struct ll_life_ask in[LL_LIFE_BATCH_MAX],
                           struct ll_life_answer out[LL_LIFE_BATCH_MAX], u32 count, u32 block, u32 batch)
{
    ll_life_batch(LL_LIFE_MEMORY_PASS, in, out, ll_life_top_size(count, block), batch);
}

static void ll_life_top_store(struct ll_life_answer *answers, u32 count, u32 block,
                              const struct ll_life_answer out[LL_LIFE_BATCH_MAX])
{
    u32 now = ll_life_top_size(count, block);
    for (u32 i = 0; i < now; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
#pragma HLS PIPELINE II = 1
        answers[block * LL_LIFE_BATCH_MAX + i] = out[i];
    }
}

void ll_life_top(struct ll_life_control *control, struct ll_life_bucket *buckets, u32 *places,
                 struct ll_life_order *orders, const struct ll_life_ask *asks, struct ll_life_answer *answers,
                 u32 count, u32 batch, u32 reset)
{
    /* clang-format off */
#pragma HLS INTERFACE mode=m_axi port=control       bundle=gm_control       offset=slave depth=1 latency=64
#pragma HLS INTERFACE mode=m_axi port=buckets       bundle=gm_buckets       offset=slave depth=96 latency=64
#pragma HLS INTERFACE mode=m_axi port=places        bundle=gm_places        offset=slave depth=256 latency=64
#pragma HLS INTERFACE mode=m_axi port=orders        bundle=gm_orders        offset=slave depth=64 latency=64
#pragma HLS INTERFACE mode=m_axi port=asks          bundle=gm_asks          offset=slave depth=1024 latency=64
#pragma HLS INTERFACE mode=m_axi port=answers       bundle=gm_answers       offset=slave depth=1024 latency=64
#pragma HLS INTERFACE mode=s_axilite port=control bundle=control
#pragma HLS INTERFACE mode=s_axilite port=buckets bundle=control
#pragma HLS INTERFACE mode=s_axilite port=places bundle=control
#pragma HLS INTERFACE mode=s_axilite port=orders bundle=control
#pragma HLS INTERFACE mode=s_axilite port=asks bundle=control
#pragma HLS INTERFACE mode=s_axilite port=answers bundle=control
#pragma HLS INTERFACE mode=s_axilite port=count bundle=control
#pragma HLS INTERFACE mode=s_axilite port=batch bundle=control
#pragma HLS INTERFACE mode=s_axilite port=reset bundle=control
#pragma HLS INTERFACE mode=s_axilite port=return bundle=control
#pragma HLS INTERFACE mode=ap_ctrl_chain port=return bundle=control
    /* clang-format on */
#if LL_HOT_LINES > 0
    LL_HOT_ARRAYS(LL_TOPS_STATIC, id_hot)
    LL_HOT_ARRAYS(LL_TOPS_STATIC, life_hot)
    /* clang-format off */
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
    u32 blocks = (count + (LL_LIFE_BATCH_MAX - 1u)) / LL_LIFE_BATCH_MAX;
    if (reset != 0)
        ll_life_reset(LL_LIFE_MEMORY_PASS);
    for (u32 block = 0; block < blocks; block++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
#pragma HLS DATAFLOW
        struct ll_life_ask in[LL_LIFE_BATCH_MAX];
        struct ll_life_answer out[LL_LIFE_BATCH_MAX];
        ll_life_top_fetch(asks, count, block, in);
        ll_life_top_do(LL_LIFE_MEMORY_PASS, in, out, count, block, batch);
        ll_life_top_store(answers, count, block, out);
    }
}
