/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim_index.h"

#include "host/base/ll_assert.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LL_SIM_INDEX_PLACES_FIRST 256u

void ll_sim_index_free(struct ll_sim_index *index)
{
    free(index->keys);
    free(index->values);
    *index = (struct ll_sim_index){0};
}

void ll_sim_index_clear(struct ll_sim_index *index)
{
    if (index->places != 0)
        memset(index->keys, 0, index->places * sizeof *index->keys);
    index->count = 0;
}

/* Where the key is, or would be. */
static uint32_t ll_sim_index_place(const struct ll_sim_index *index, uint64_t key)
{
    uint32_t mask = index->places - 1;
    uint32_t at = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;
    while (index->keys[at] != 0 && index->keys[at] != key)
        at = (at + 1) & mask;
    return at;
}

static void ll_sim_index_grow(struct ll_sim_index *index)
{
    struct ll_sim_index larger = {.count = index->count};
    larger.places = index->places == 0 ? LL_SIM_INDEX_PLACES_FIRST : index->places * 2;
    larger.keys = calloc(larger.places, sizeof *larger.keys);
    larger.values = calloc(larger.places, sizeof *larger.values);
    LL_ASSERT(larger.keys != NULL && larger.values != NULL);
    for (uint32_t i = 0; i < index->places; i++) {
        if (index->keys[i] == 0)
            continue;
        uint32_t at = ll_sim_index_place(&larger, index->keys[i]);
        larger.keys[at] = index->keys[i];
        larger.values[at] = index->values[i];
    }
    free(index->keys);
    free(index->values);
    *index = larger;
}

void ll_sim_index_put(struct ll_sim_index *index, uint64_t key, uint32_t value)
{
    LL_ASSERT(key != 0);
    if (2 * (index->count + 1) > index->places)
        ll_sim_index_grow(index);
    uint32_t at = ll_sim_index_place(index, key);
    index->count += index->keys[at] == 0;
    index->keys[at] = key;
    index->values[at] = value;
}

uint32_t ll_sim_index_find(const struct ll_sim_index *index, uint64_t key)
{
    if (index->places == 0)
        return LL_SIM_INDEX_NONE;
    uint32_t at = ll_sim_index_place(index, key);
    return index->keys[at] == 0 ? LL_SIM_INDEX_NONE : index->values[at];
}

uint64_t ll_sim_key_number(uint32_t scope, uint64_t number)
{
    LL_ASSERT(number < UINT64_C(1) << 56);
    return (uint64_t)(scope + 1) << 56 | number;
}

uint64_t ll_sim_key_text(uint32_t scope, const char *text, size_t text_bytes)
{
    uint64_t hash = XXH3_64bits_withSeed(text, text_bytes, scope);
    return hash != 0 ? hash : 1;
}
