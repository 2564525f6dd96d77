/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_gateway_rig.h"

#include "hls/ll_gateway.h"
#include "host/base/ll_assert.h"

#include <stdlib.h>
#include <string.h>

static void *zeros(size_t bytes)
{
    void *memory = NULL;
    int failed = posix_memalign(&memory, 64, bytes); /* of exactly so many bytes */
    LL_ASSERT(failed == 0);
    memset(memory, 0, bytes);
    return memory;
}

void ll_gateway_rig_init(struct ll_gateway_rig *rig, uint32_t slots, uint32_t batch)
{
    rig->hot = NULL;
    rig->slots = slots;
    rig->batch = batch;
    rig->control = zeros(sizeof *rig->control);
    rig->buckets = zeros((LL_GATEWAY_RIG_BUCKETS + LL_GATEWAY_RIG_OVERFLOW) * sizeof *rig->buckets);
    rig->leaves = zeros(LL_GATEWAY_RIG_LEAVES * sizeof *rig->leaves);
    rig->levels = zeros(LL_GATEWAY_RIG_LEAVES * LL_LEAF_LANES * sizeof *rig->levels);
    rig->inners = zeros(LL_GATEWAY_RIG_INNERS * sizeof *rig->inners);
    rig->sides = zeros((size_t)2 * LL_GATEWAY_RIG_BOOKS * sizeof *rig->sides);
    rig->life_control = zeros(sizeof *rig->life_control);
    rig->life_buckets =
        zeros((LL_GATEWAY_RIG_LIFE_BUCKETS + LL_GATEWAY_RIG_LIFE_OVERFLOW) * sizeof *rig->life_buckets);
    rig->life_places = zeros(LL_GATEWAY_RIG_IDS * sizeof *rig->life_places);
    rig->life_orders = zeros(LL_GATEWAY_RIG_ORDERS * sizeof *rig->life_orders);
    rig->updates = zeros(LL_GATEWAY_RUN_MAX * sizeof *rig->updates);
    rig->results = zeros(LL_GATEWAY_RUN_MAX * sizeof *rig->results);
    rig->asks = zeros(LL_GATEWAY_RUN_MAX * sizeof *rig->asks);
    rig->answers = zeros(LL_GATEWAY_RUN_MAX * sizeof *rig->answers);
    rig->to_device = zeros(ll_link_words(slots) * sizeof *rig->to_device);
    rig->from_device = zeros(ll_link_words(slots) * sizeof *rig->from_device);
}

void ll_gateway_rig_deinit(struct ll_gateway_rig *rig)
{
    void *memories[] = {
        rig->control,      rig->buckets,      rig->leaves,      rig->levels,      rig->inners,  rig->sides,
        rig->life_control, rig->life_buckets, rig->life_places, rig->life_orders, rig->updates, rig->results,
        rig->asks,         rig->answers,      rig->to_device,   rig->from_device, rig->hot};
    for (size_t i = 0; i < sizeof memories / sizeof memories[0]; i++)
        free(memories[i]);
}

void ll_gateway_rig_go_hot(struct ll_gateway_rig *rig)
{
    LL_ASSERT(rig->hot == NULL);
    rig->hot = ll_gateway_hot_make();
}

void ll_gateway_rig_place(struct ll_gateway_rig *rig, uint32_t book_epoch, uint32_t life_epoch)
{
    *rig->control = (struct ll_book_control){.bucket_count = LL_GATEWAY_RIG_BUCKETS,
                                             .overflow_count = LL_GATEWAY_RIG_OVERFLOW,
                                             .leaf_count = LL_GATEWAY_RIG_LEAVES,
                                             .inner_count = LL_GATEWAY_RIG_INNERS,
                                             .book_count = LL_GATEWAY_RIG_BOOKS,
                                             .hash_seed = 11,
                                             .epoch = book_epoch};
    *rig->life_control = (struct ll_life_control){.layout = LL_LIFE_LAYOUT,
                                                  .bucket_count = LL_GATEWAY_RIG_LIFE_BUCKETS,
                                                  .overflow_count = LL_GATEWAY_RIG_LIFE_OVERFLOW,
                                                  .id_count = LL_GATEWAY_RIG_IDS,
                                                  .order_count = LL_GATEWAY_RIG_ORDERS,
                                                  .hash_seed = 12,
                                                  .epoch = life_epoch};
    ll_book_reset(rig->control, rig->buckets, rig->leaves, rig->levels, rig->inners, rig->sides);
    ll_life_reset(rig->life_control, rig->life_buckets, rig->life_places, rig->life_orders);
    if (rig->hot != NULL) { /* this was not the kernel: what it has on chip is no more */
        free(rig->hot);
        rig->hot = ll_gateway_hot_make();
    }
}

struct ll_gateway_rig_part ll_gateway_rig_part(const struct ll_gateway_rig *rig, uint32_t part)
{
#define LL_RIG_PART(memory, count)                                                  \
    {                                                                               \
        (memory), (count), sizeof *(memory), (uint32_t)((count) * sizeof *(memory)) \
    }
    struct ll_gateway_rig_part parts[LL_PART_COUNT] = {
        [LL_PART_BOOK_CONTROL] = LL_RIG_PART(rig->control, 1),
        [LL_PART_BOOK_BUCKETS] = LL_RIG_PART(rig->buckets, LL_GATEWAY_RIG_BUCKETS + LL_GATEWAY_RIG_OVERFLOW),
        [LL_PART_LEAVES] = LL_RIG_PART(rig->leaves, LL_GATEWAY_RIG_LEAVES),
        [LL_PART_LEVELS] = {rig->levels, LL_GATEWAY_RIG_LEAVES, LL_LEAF_LANES * sizeof *rig->levels,
                            LL_GATEWAY_RIG_LEAVES * LL_LEAF_LANES * sizeof *rig->levels},
        [LL_PART_INNERS] = LL_RIG_PART(rig->inners, LL_GATEWAY_RIG_INNERS),
        [LL_PART_SIDES] = LL_RIG_PART(rig->sides, 2 * LL_GATEWAY_RIG_BOOKS),
        [LL_PART_LIFE_CONTROL] = LL_RIG_PART(rig->life_control, 1),
        [LL_PART_LIFE_BUCKETS] =
            LL_RIG_PART(rig->life_buckets, LL_GATEWAY_RIG_LIFE_BUCKETS + LL_GATEWAY_RIG_LIFE_OVERFLOW),
        [LL_PART_LIFE_PLACES] = {rig->life_places, (LL_GATEWAY_RIG_IDS + 1) / 2, 8,
                                 LL_GATEWAY_RIG_IDS * sizeof(uint32_t)},
        [LL_PART_LIFE_ORDERS] = LL_RIG_PART(rig->life_orders, LL_GATEWAY_RIG_ORDERS)};
#undef LL_RIG_PART
    LL_ASSERT(part < LL_PART_COUNT);
    return parts[part];
}

void ll_gateway_rig_run(struct ll_gateway_rig *rig, uint32_t first, uint32_t count, uint32_t looks_max)
{
    if (rig->hot != NULL) {
        ll_gateway_hot_run(rig, first, count, looks_max);
        return;
    }
    ll_gateway_run(rig->control, rig->buckets, rig->leaves, rig->levels, rig->inners, rig->sides,
                   rig->life_control, rig->life_buckets, rig->life_places, rig->life_orders, rig->updates,
                   rig->results, rig->asks, rig->answers, rig->to_device, rig->from_device, rig->slots, first,
                   count, looks_max, rig->batch);
}

void ll_gateway_rig_book(struct ll_gateway_rig *rig, const struct ll_update *update, struct ll_result *result)
{
    ll_book_batch(rig->control, rig->buckets, rig->leaves, rig->levels, rig->inners, rig->sides, update,
                  result, 1, 1);
}

void ll_gateway_rig_life(struct ll_gateway_rig *rig, const struct ll_life_ask *ask,
                         struct ll_life_answer *answer)
{
    ll_life_batch(rig->life_control, rig->life_buckets, rig->life_places, rig->life_orders, ask, answer, 1,
                  1);
}
