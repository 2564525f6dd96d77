/* SPDX-License-Identifier: Apache-2.0 */
#include "host/core/ll_life_memory.h"

#include "hls/ll_life.h"
#include "hls/ll_state_hash.h"
#include "host/base/ll_assert.h"

#include <string.h>

#define LL_LINE_BYTES ((size_t)64)

void ll_life_config_default(struct ll_life_config *config)
{
    *config = (struct ll_life_config){
        .ids = (uint64_t)8 << 20, .orders = (uint64_t)2 << 20, .hash_seed = 0x6c696665u};
}

static uint32_t ll_life_round_up_pow2(uint64_t value)
{
    uint64_t power = 1;
    while (power < value)
        power <<= 1;
    return (uint32_t)power;
}

/* The counts that follow from a config; one place for footprint and place. */
static struct ll_life_control ll_life_count(const struct ll_life_config *config)
{
    struct ll_life_control counts = {.layout = LL_LIFE_LAYOUT, .hash_seed = config->hash_seed};
    /* At most 4/3 keys to a bucket of two. Overflow buckets needed then: one for eight keys; one for seven is
     * provided for. */
    counts.bucket_count = ll_life_round_up_pow2((config->ids * 3 + 3) / 4);
    counts.overflow_count = (uint32_t)(config->ids / 7 + 16);
    counts.id_count = (uint32_t)config->ids;
    counts.order_count = (uint32_t)config->orders;
    return counts;
}

static size_t ll_life_places_bytes(const struct ll_life_control *counts)
{
    return ((size_t)counts->id_count * sizeof(uint32_t) + LL_LINE_BYTES - 1) & ~(LL_LINE_BYTES - 1);
}

static size_t ll_life_counts_bytes(const struct ll_life_control *counts)
{
    return sizeof *counts +
           ((size_t)counts->bucket_count + counts->overflow_count) * sizeof(struct ll_life_bucket) +
           ll_life_places_bytes(counts) + (size_t)counts->order_count * sizeof(struct ll_life_order);
}

size_t ll_life_memory_footprint_bytes(const struct ll_life_config *config)
{
    if (config->ids == 0 || config->ids > LL_LIFE_IDS_MAX || config->orders == 0 ||
        config->orders > LL_LIFE_ORDERS_MAX)
        return 0;
    struct ll_life_control counts = ll_life_count(config);
    return ll_life_counts_bytes(&counts);
}

static void ll_life_lay_out(struct ll_life_memory *life, void *memory)
{
    unsigned char *at = memory;
    life->control = (void *)at;
    at += sizeof *life->control;
    life->buckets = (void *)at;
    at +=
        ((size_t)life->control->bucket_count + life->control->overflow_count) * sizeof(struct ll_life_bucket);
    life->places = (void *)at;
    at += ll_life_places_bytes(life->control);
    life->orders = (void *)at;
}

void ll_life_memory_place(struct ll_life_memory *life, void *memory, const struct ll_life_config *config)
{
    LL_ASSERT(ll_life_memory_footprint_bytes(config) != 0);
    LL_ASSERT(((uintptr_t)memory & (LL_LINE_BYTES - 1)) == 0);
    *(struct ll_life_control *)memory = ll_life_count(config);
    ll_life_lay_out(life, memory);
    ll_life_reset(life->control, life->buckets, life->places, life->orders);
}

int ll_life_memory_attach(struct ll_life_memory *life, void *memory, size_t memory_bytes, struct ll_why *why)
{
    LL_ASSERT(((uintptr_t)memory & (LL_LINE_BYTES - 1)) == 0);
    const struct ll_life_control *control = memory;
    if (memory_bytes < sizeof *control)
        return LL_FAIL(why, LL_ERR_CORRUPT, "lifecycle tables of %zu bytes: cut off", memory_bytes);
    if (control->layout != LL_LIFE_LAYOUT)
        return LL_FAIL(why, LL_ERR_CORRUPT,
                       "lifecycle tables of layout %x, this program has %x: load the journal",
                       control->layout, LL_LIFE_LAYOUT);
    uint64_t buckets = (uint64_t)control->bucket_count + control->overflow_count;
    if (control->bucket_count == 0 || (control->bucket_count & (control->bucket_count - 1)) != 0 ||
        buckets > (uint64_t)LL_LIFE_NEXT_MASK + 1 || control->id_count > LL_LIFE_IDS_MAX ||
        control->order_count > LL_LIFE_ORDERS_MAX || control->overflow_used > control->overflow_count)
        return LL_FAIL(why, LL_ERR_CORRUPT, "lifecycle tables: sizes that cannot be");
    if (memory_bytes != ll_life_counts_bytes(control))
        return LL_FAIL(why, LL_ERR_CORRUPT, "lifecycle tables of %zu bytes, their sizes make %zu",
                       memory_bytes, ll_life_counts_bytes(control));
    life->control = memory;
    ll_life_lay_out(life, memory);
    return LL_OK;
}

/* --- Reading -------------------------------------------------------------------------------------------- */

uint32_t ll_life_memory_find(const struct ll_life_memory *life, const uint64_t key[2])
{
    uint32_t place = ll_life_find_key(life->control, life->buckets, key[0], key[1]);
    return place == LL_LIFE_NONE ? LL_LIFE_NONE : ll_life_number(life->buckets, place);
}

void ll_life_memory_ids(const struct ll_life_memory *life,
                        void (*visit)(void *context, const struct ll_life_id_view *view), void *context)
{
    /* Overflow buckets are used in order, so all that hold anything stand together behind the primary ones. */
    uint32_t bucket_count = life->control->bucket_count + life->control->overflow_used;
    for (uint32_t i = 0; i < bucket_count; i++) {
        const struct ll_life_bucket *bucket = &life->buckets[i];
        for (uint32_t way = 0; way < LL_LIFE_WAYS; way++) {
            uint32_t place = i << LL_LIFE_WAY_BITS | way;
            if ((bucket->link >> LL_LIFE_USED_SHIFT >> way & 1u) == 0)
                continue;
            struct ll_life_id_view view = {
                .key = {bucket->key[way][0], bucket->key[way][1]},
                .id = bucket->id[way],
                .record = ll_life_load(life->buckets, place),
            };
            visit(context, &view);
        }
    }
}

void ll_life_memory_orders(const struct ll_life_memory *life,
                           void (*visit)(void *context, uint32_t number, const struct ll_life_order *order),
                           void *context)
{
    for (uint32_t number = 0; number < life->control->order_count; number++)
        if (life->orders[number].standing.state != LL_ORDER_NONE)
            visit(context, number, &life->orders[number]);
}

uint64_t ll_life_memory_hash(const struct ll_life_memory *life)
{
    const struct ll_life_control *control = life->control;
    return ll_state_hash_ids(life->buckets, 0, control->bucket_count + control->overflow_used) +
           ll_state_hash_life_orders(life->orders, 0, control->order_count);
}
