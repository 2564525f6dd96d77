/* SPDX-License-Identifier: Apache-2.0 */
/* Lines on chip, few enough that they take one another's places. */
#define LL_HOT_LINES     64
#define LL_HOT_WINDOW    5
#define LL_VARIANT(name) ll_hot64_##name
#include "tests/model/ll_hot_variant.inc"
