/* SPDX-License-Identifier: Apache-2.0 */
/* Memories on chip that show what was written as late as may be. */
#define LL_VARIANT_LATE  1
#define LL_HOT_LINES     16
#define LL_HOT_WINDOW    4
#define LL_VARIANT(name) ll_hot_late_##name
#include "tests/model/ll_hot_variant.inc"
