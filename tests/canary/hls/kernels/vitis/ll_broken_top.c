/* SPDX-License-Identifier: Apache-2.0 */
#include "hls/ll_types.h"
void ll_none(void);
void ll_twice(void);
u32 ll_broken = ll_unknown;
