/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway kernel with few lines on chip, so that they are fought for; and whoever pauses may find a request
 * put there (LL_GATEWAY_RIG_FEED). */
#define LL_HOT_LINES         4
#define LL_LINK_PAUSE(looks) ll_gateway_hot_feed(to_device, slots, next, looks)
#include "tests/model/ll_gateway_rig.h"

static void ll_gateway_hot_feed(volatile uint64_t *to_device, uint32_t slots, uint32_t next, uint32_t looks);

#include "hls/ll_gateway.h"
#include "host/base/ll_assert.h"

#include <stdlib.h>

#define LL_HOT_FIELD(type, array) type array[LL_HOT_LINES];
#define LL_HOT_LOCAL(type, array) type *array = rig->hot->array;

struct ll_gateway_hot {
    LL_HOT_ARRAYS(LL_HOT_FIELD, order_hot)
    LL_HOT_ARRAYS(LL_HOT_FIELD, id_hot)
    LL_HOT_ARRAYS(LL_HOT_FIELD, life_hot)
};

static void ll_gateway_hot_feed(volatile uint64_t *to_device, uint32_t slots, uint32_t next, uint32_t looks)
{
    struct ll_beat ping = {{LL_BEAT_OP_PING}};
    if (looks != LL_GATEWAY_RIG_FEED_LOOKS || to_device[LL_GATEWAY_RIG_FEED] == 0)
        return;
    to_device[LL_GATEWAY_RIG_FEED]--;
    ll_link_put(to_device, slots, next, LL_BEAT_CONTROL, ping);
}

struct ll_gateway_hot *ll_gateway_hot_make(void)
{
    struct ll_gateway_hot *hot = calloc(1, sizeof *hot);
    LL_ASSERT(hot != NULL);
    return hot;
}

void ll_gateway_hot_run(struct ll_gateway_rig *rig, uint32_t first, uint32_t count, uint32_t looks_max)
{
    LL_HOT_ARRAYS(LL_HOT_LOCAL, order_hot)
    LL_HOT_ARRAYS(LL_HOT_LOCAL, id_hot)
    LL_HOT_ARRAYS(LL_HOT_LOCAL, life_hot)
    ll_gateway_run(rig->control, rig->buckets, rig->leaves, rig->levels, rig->inners,
                   rig->sides LL_HOT_PASS(order_hot), rig->life_control, rig->life_buckets, rig->life_places,
                   rig->life_orders LL_LIFE_HOT_PASS, rig->updates, rig->results, rig->asks, rig->answers,
                   rig->to_device, rig->from_device, rig->slots, first, count, looks_max, rig->batch);
}
