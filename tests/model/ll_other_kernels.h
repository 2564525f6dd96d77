/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel compiled in other ways than the CPU's: the same text, which must give the same answers.
 *
 * Shape    ll_plain_kernel, ll_plain_life: as a hardware compiler reads it (__SYNTHESIS__, no AVX-512, no
 *          prefetch), and its three comparisons over lanes. ll_low_kernel, ll_low_life: trees of height 2 at
 *          most and chains of two buckets, so that these limits are met by tables of ordinary size.
 *          ll_hot16, ll_hot64, ll_hot_late, ll_hot_blind: as made for a card, with so many lines on chip
 *          (hls/ll_hot.h); late: the chip shows what was written as late as may be; blind: the same without
 *          the window, which is wrong. Their own reset empties the tables, and the chip too.
 * Units    as in hls/ll_lanes.h.
 * Errors   none.
 * Threads  pure; those with lines on chip have one chip each, so one pair at a time.
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

#define LL_HOT_VARIANT(name)                                                               \
    void name##_kernel(const struct ll_book_memory *book, const struct ll_update *updates, \
                       struct ll_result *results, uint32_t count, uint32_t batch);         \
    void name##_reset(const struct ll_book_memory *book);                                  \
    void name##_life(const struct ll_life_memory *life, const struct ll_life_ask *asks,    \
                     struct ll_life_answer *answers, uint32_t count, uint32_t batch);      \
    void name##_life_reset(const struct ll_life_memory *life);                             \
    void name##_clear(const struct ll_book_memory *book, const struct ll_life_memory *life)

LL_HOT_VARIANT(ll_hot16);
LL_HOT_VARIANT(ll_hot64);
LL_HOT_VARIANT(ll_hot_late);
LL_HOT_VARIANT(ll_hot_blind);

#endif
