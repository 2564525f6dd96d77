/* SPDX-License-Identifier: Apache-2.0 */
/* Lines on chip, few enough that they take one another's places. */
#define LL_HOT_LINES     16
#define LL_HOT_WINDOW    4
#define LL_VARIANT(name) ll_hot16_##name
#include "tests/model/ll_hot_variant.inc"
