/* SPDX-License-Identifier: Apache-2.0 */
#include "hls/ll_bad_pragmas.h"
#include "hls/ll_bad_source.h"
void ll_bad_kernel(u32 *a, struct ll_wide *b, u32 *c, u32 *d, float e, u32 count)
{
#pragma HLS INTERFACE mode=m_axi port=a bundle=gm_a offset=slave depth=4
#pragma HLS INTERFACE mode=m_axi port=b bundle=gm_a offset=slave depth=4
#pragma HLS INTERFACE mode=m_axi port=c
#pragma HLS INTERFACE mode=m_axi port=f bundle=gm_f offset=slave depth=4
#pragma HLS INTERFACE mode=s_axilite port=a
#pragma HLS INTERFACE mode=s_axilite port=b
#pragma HLS INTERFACE mode=s_axilite port=c
#pragma HLS INTERFACE mode=s_axilite port=d
#pragma HLS INTERFACE mode=s_axilite port=e
#pragma HLS INTERFACE mode=s_axilite port=return
    static u32 loose[4];
    static u32 placed[4];
#pragma HLS BIND_STORAGE variable=placed type=ram_2p impl=bram
    a[0] = b[0].lane[0] + c[0] + d[0] + count + (u32)e + loose[0] + placed[0];
}
