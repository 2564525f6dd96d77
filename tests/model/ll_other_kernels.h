/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel compiled in other ways than the CPU's: the same text, which must give the same answers.
 *
 * Shape    ll_plain_kernel, ll_plain_life: as a hardware compiler reads it (__SYNTHESIS__, no AVX-512, no
 *          prefetch), and its three comparisons over lanes. ll_low_kernel, ll_low_life: trees of height 2 at
 *          most and chains of two buckets, so that these limits are met by tables of ordinary size.
 * Units    as in hls/ll_lanes.h.
 * Errors   none.
 * Threads  pure.
 */
#ifndef LL_TESTS_MODEL_OTHER_KERNELS_H
#define LL_TESTS_MODEL_OTHER_KERNELS_H

#include "tests/model/ll_book_pair.h"
#include "tests/model/ll_life_pair.h"

#include <stdint.h>

void ll_plain_kernel(const struct ll_book_memory *book, const struct ll_update *updates,
                     struct ll_result *results, uint32_t count, uint32_t batch);
uint32_t ll_plain_lanes_equal32(const uint32_t *lane, uint32_t key);
uint32_t ll_plain_lanes_min31(const uint32_t *lane);
uint32_t ll_plain_lanes_rank14(const uint32_t *lane, uint32_t key);

void ll_low_kernel(const struct ll_book_memory *book, const struct ll_update *updates,
                   struct ll_result *results, uint32_t count, uint32_t batch);

void ll_plain_life(const struct ll_life_memory *life, const struct ll_life_ask *asks,
                   struct ll_life_answer *answers, uint32_t count, uint32_t batch);
void ll_low_life(const struct ll_life_memory *life, const struct ll_life_ask *asks,
                 struct ll_life_answer *answers, uint32_t count, uint32_t batch);

#endif
