/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LL_BAD_PRAGMAS_H
#define LL_BAD_PRAGMAS_H
#include "hls/ll_types.h"
#pragma HLS INLINE
static inline u32 ll_bad_pragmas(u32 count, u32 row[4], u32 table[4])
{
#pragma HLS UNROL
#pragma HLS RESOURCE variable=table core=RAM_2P
#pragma HLS BIND_STORAGE variable=table type=ram_2p impl=uram lattency=2
#pragma HLS BIND_STORAGE variable=table type=ram_2p impl=vram
#pragma HLS BIND_STORAGE variable=table impl=bram
#pragma HLS ARRAY_PARTITION variable=row type=complete dim=one
#pragma HLS INTERFACE mode=m_axi port=table bundle=gm_table
#pragma HLS INTERFACE mode=ap_stable port=row
#pragma HLS LOOP_TRIPCOUNT max=4
#pragma HLS DEPENDENCE variable=table type=inter dependent=false
    _Pragma("HLS INLINE off")
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT max = 4
#pragma HLS PIPELINE II = 1 \
    style = flp
        row[0] += table[i & 3u];
    }
    return row[0];
}
#endif
