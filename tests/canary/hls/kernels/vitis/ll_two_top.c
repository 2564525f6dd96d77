/* SPDX-License-Identifier: Apache-2.0 */
#include "hls/ll_types.h"
void ll_helper(u32 *a);
void ll_helper(u32 *a)
{
    a[0] = 0;
}
