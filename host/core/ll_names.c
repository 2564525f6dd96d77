/* SPDX-License-Identifier: Apache-2.0 */
#include "host/core/ll_names.h"

#include "host/base/ll_assert.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LL_NAMES_MAGIC     0x6c6c5f6e616d6573u /* "ll_names" */
#define LL_NAMES_LAYOUT    1u
#define LL_NAMES_HASH_SEED 4u /* apart from the other state hashes */

/* The memory: this, then the slots, the names. */
struct ll_names_control {
    uint64_t magic;
    uint32_t layout;
    uint32_t count;
    uint64_t name_max;
    uint64_t slot_count; /* a power of two, at least twice name_max */
    uint64_t seed;
    uint64_t reserved[3];
};
_Static_assert(sizeof(struct ll_names_control) == 64, "no padding");

/* --- Memory --------------------------------------------------------------------------------------------- */

static uint64_t ll_names_slot_count(uint64_t name_max)
{
    uint64_t count = 2;
    while (count < 2 * name_max)
        count <<= 1;
    return count;
}

size_t ll_names_footprint_bytes(const struct ll_names_config *config)
{
    if (config->names == 0 || config->names > LL_NAMES_MAX)
        return 0;
    return sizeof(struct ll_names_control) + ll_names_slot_count(config->names) * sizeof(uint32_t) +
           config->names * sizeof(struct ll_name);
}

/* Finds the parts of a memory whose control is right. */
static void ll_names_locate(struct ll_names *names, void *memory)
{
    unsigned char *at = memory;
    names->control = (void *)at;
    at += sizeof *names->control;
    names->slots = (void *)at;
    at += names->control->slot_count * sizeof *names->slots;
    names->names = (void *)at;
}

void ll_names_init(struct ll_names *names, void *memory, const struct ll_names_config *config)
{
    size_t bytes = ll_names_footprint_bytes(config);
    LL_ASSERT(bytes != 0);
    LL_ASSERT(((uintptr_t)memory & 7u) == 0);
    memset(memory, 0, bytes);
    struct ll_names_control *control = memory;
    control->magic = LL_NAMES_MAGIC;
    control->layout = LL_NAMES_LAYOUT;
    control->name_max = config->names;
    control->slot_count = ll_names_slot_count(config->names);
    control->seed = config->seed;
    ll_names_locate(names, memory);
}

int ll_names_attach(struct ll_names *names, void *memory, size_t memory_bytes, struct ll_why *why)
{
    LL_ASSERT(((uintptr_t)memory & 7u) == 0);
    const struct ll_names_control *control = memory;
    if (memory_bytes < sizeof *control || control->magic != LL_NAMES_MAGIC)
        return LL_FAIL(why, LL_ERR_CORRUPT, "this memory holds no names; rebuild them from the journal");
    if (control->layout != LL_NAMES_LAYOUT)
        return LL_FAIL(why, LL_ERR_CORRUPT,
                       "names of layout %" PRIu32 ", known is %u; rebuild them from the journal",
                       control->layout, LL_NAMES_LAYOUT);
    struct ll_names_config config = {control->name_max, control->seed};
    size_t bytes = ll_names_footprint_bytes(&config);
    if (bytes == 0 || bytes > memory_bytes || control->slot_count != ll_names_slot_count(config.names) ||
        control->count > control->name_max)
        return LL_FAIL(why, LL_ERR_CORRUPT,
                       "the sizes of the names do not fit %zu bytes; rebuild them from the journal",
                       memory_bytes);
    ll_names_locate(names, memory);
    return LL_OK;
}

/* --- Names ---------------------------------------------------------------------------------------------- */

static bool ll_name_is_legal(const char *text, size_t text_bytes)
{
    if (text_bytes == 0 || text_bytes > LL_NAMES_TEXT_BYTES_MAX)
        return false;
    for (size_t i = 0; i < text_bytes; i++)
        if (text[i] < '!' || text[i] > '~')
            return false;
    return true;
}

/* The slot that holds the name, or the empty one where it belongs. At most half the slots are taken, so the
 * walk is short and ends. */
static uint64_t ll_names_probe(const struct ll_names *names, const char *text, size_t text_bytes)
{
    uint64_t mask = names->control->slot_count - 1;
    uint64_t slot = XXH3_64bits_withSeed(text, text_bytes, names->control->seed) & mask;
    for (; names->slots[slot] != 0; slot = (slot + 1) & mask) {
        const struct ll_name *name = &names->names[names->slots[slot] - 1];
        if (name->bytes_count == text_bytes && memcmp(name->text, text, text_bytes) == 0)
            break;
    }
    return slot;
}

int ll_names_intern(struct ll_names *names, const char *text, size_t text_bytes, uint32_t *number,
                    struct ll_why *why)
{
    if (!ll_name_is_legal(text, text_bytes))
        return LL_FAIL(why, LL_ERR_INPUT,
                       "a name of %zu bytes; it has 1 to %u, printable ASCII without space", text_bytes,
                       LL_NAMES_TEXT_BYTES_MAX);
    struct ll_names_control *control = names->control;
    uint64_t slot = ll_names_probe(names, text, text_bytes);
    if (names->slots[slot] == 0) {
        if (control->count == control->name_max)
            return LL_FAIL(why, LL_ERR_FULL, "all %" PRIu64 " names are in use; configure more",
                           control->name_max);
        struct ll_name *name = &names->names[control->count];
        name->bytes_count = (uint32_t)text_bytes;
        memcpy(name->text, text, text_bytes);
        names->slots[slot] = ++control->count;
    }
    *number = names->slots[slot] - 1;
    return LL_OK;
}

uint32_t ll_names_find(const struct ll_names *names, const char *text, size_t text_bytes)
{
    if (!ll_name_is_legal(text, text_bytes))
        return LL_NAME_NONE;
    /* An empty slot holds 0, and 0 - 1 is LL_NAME_NONE. */
    return names->slots[ll_names_probe(names, text, text_bytes)] - 1u;
}

uint32_t ll_names_count(const struct ll_names *names)
{
    return names->control->count;
}

const struct ll_name *ll_names_at(const struct ll_names *names, uint32_t number)
{
    LL_ASSERT(number < names->control->count);
    return &names->names[number];
}

/* --- Hash and check ------------------------------------------------------------------------------------- */

uint64_t ll_names_hash(const struct ll_names *names)
{
    return XXH3_64bits_withSeed(names->names, names->control->count * sizeof *names->names,
                                LL_NAMES_HASH_SEED);
}

/* Before every slot is known to name a name, nothing may be looked up: the walk might leave the table, or
 * never end. */
int ll_names_check(const struct ll_names *names, struct ll_why *why)
{
    const struct ll_names_control *control = names->control;
    uint64_t used = 0;
    for (uint64_t slot = 0; slot < control->slot_count; slot++) {
        if (names->slots[slot] > control->count)
            return LL_FAIL(why, LL_ERR_CORRUPT, "slot %" PRIu64 " holds name %" PRIu32 " of %" PRIu32, slot,
                           names->slots[slot], control->count);
        used += names->slots[slot] != 0;
    }
    if (used != control->count)
        return LL_FAIL(why, LL_ERR_CORRUPT, "%" PRIu64 " slots for %" PRIu32 " names", used, control->count);
    for (uint32_t i = 0; i < control->count; i++) {
        static const char zeroes[LL_NAMES_TEXT_BYTES_MAX] = {0};
        const struct ll_name *name = &names->names[i];
        if (name->reserved != 0 || !ll_name_is_legal(name->text, name->bytes_count) ||
            memcmp(name->text + name->bytes_count, zeroes, LL_NAMES_TEXT_BYTES_MAX - name->bytes_count) != 0)
            return LL_FAIL(why, LL_ERR_CORRUPT, "name %" PRIu32 " is not text of its length", i);
        if (names->slots[ll_names_probe(names, name->text, name->bytes_count)] != i + 1)
            return LL_FAIL(why, LL_ERR_CORRUPT, "name %" PRIu32 " is not where it is looked for", i);
    }
    return LL_OK;
}
