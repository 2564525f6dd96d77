/* SPDX-License-Identifier: Apache-2.0 */
/* The same without a look at the window: what the tests must be able to see. */
#define LL_VARIANT_LATE  1
#define LL_VARIANT_BLIND 1
#define LL_HOT_LINES     16
#define LL_HOT_WINDOW    4
#define LL_VARIANT(name) ll_hot_blind_##name
#include "tests/model/ll_hot_variant.inc"
