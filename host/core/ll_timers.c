/* SPDX-License-Identifier: Apache-2.0 */
#include "host/core/ll_timers.h"

#include "host/base/ll_assert.h"

#include <inttypes.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LL_TIMERS_MAGIC     0x6c6c74696d657273u /* "lltimers" */
#define LL_TIMERS_LAYOUT    1u
#define LL_TIMERS_HASH_SEED 5u /* apart from the other state hashes */
#define LL_TIMERS_WAYS      4u /* children of place p: 4p + 1 to 4p + 4 */

/* The memory: this, then the items, the heap. */
struct ll_timers_control {
    uint64_t magic;
    uint32_t layout;
    uint32_t count; /* items that wait */
    uint64_t item_max;
    uint64_t sequence; /* of the item that was set last */
};
_Static_assert(sizeof(struct ll_timers_control) == 32, "no padding");

/* All zero while the item does not wait. */
struct ll_timers_item {
    uint64_t due_ns;
    uint64_t sequence; /* when it was set, to tell apart what is due at the same time */
    uint32_t place;    /* in the heap, counted from 1 */
    uint32_t reserved;
};
_Static_assert(sizeof(struct ll_timers_item) == 24, "no padding");

/* --- Memory --------------------------------------------------------------------------------------------- */

size_t ll_timers_footprint_bytes(const struct ll_timers_config *config)
{
    if (config->items == 0 || config->items > LL_TIMERS_ITEMS_MAX)
        return 0;
    return sizeof(struct ll_timers_control) +
           config->items * (sizeof(struct ll_timers_item) + sizeof(uint32_t));
}

/* Finds the parts of a memory whose control is right. */
static void ll_timers_locate(struct ll_timers *timers, void *memory)
{
    unsigned char *at = memory;
    timers->control = (void *)at;
    at += sizeof *timers->control;
    timers->items = (void *)at;
    at += timers->control->item_max * sizeof *timers->items;
    timers->heap = (void *)at;
}

void ll_timers_init(struct ll_timers *timers, void *memory, const struct ll_timers_config *config)
{
    size_t bytes = ll_timers_footprint_bytes(config);
    LL_ASSERT(bytes != 0);
    LL_ASSERT(((uintptr_t)memory & 7u) == 0);
    memset(memory, 0, bytes);
    struct ll_timers_control *control = memory;
    control->magic = LL_TIMERS_MAGIC;
    control->layout = LL_TIMERS_LAYOUT;
    control->item_max = config->items;
    ll_timers_locate(timers, memory);
}

int ll_timers_attach(struct ll_timers *timers, void *memory, size_t memory_bytes, struct ll_why *why)
{
    LL_ASSERT(((uintptr_t)memory & 7u) == 0);
    const struct ll_timers_control *control = memory;
    if (memory_bytes < sizeof *control || control->magic != LL_TIMERS_MAGIC)
        return LL_FAIL(why, LL_ERR_CORRUPT, "this memory holds no timers; rebuild them from the journal");
    if (control->layout != LL_TIMERS_LAYOUT)
        return LL_FAIL(why, LL_ERR_CORRUPT,
                       "timers of layout %" PRIu32 ", known is %u; rebuild them from the journal",
                       control->layout, LL_TIMERS_LAYOUT);
    struct ll_timers_config config = {control->item_max};
    size_t bytes = ll_timers_footprint_bytes(&config);
    if (bytes == 0 || bytes > memory_bytes || control->count > control->item_max)
        return LL_FAIL(why, LL_ERR_CORRUPT,
                       "the sizes of the timers do not fit %zu bytes; rebuild them from the journal",
                       memory_bytes);
    ll_timers_locate(timers, memory);
    return LL_OK;
}

/* --- The heap ------------------------------------------------------------------------------------------- */

static bool ll_timers_is_before(const struct ll_timers *timers, uint32_t left, uint32_t right)
{
    const struct ll_timers_item *a = &timers->items[left];
    const struct ll_timers_item *b = &timers->items[right];
    return a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->sequence < b->sequence);
}

static void ll_timers_put(struct ll_timers *timers, uint32_t place, uint32_t item)
{
    timers->heap[place] = item;
    timers->items[item].place = place + 1;
}

/* The item belongs at `place` or nearer to the first. */
static void ll_timers_rise(struct ll_timers *timers, uint32_t place, uint32_t item)
{
    while (place > 0) {
        uint32_t parent = (place - 1) / LL_TIMERS_WAYS;
        if (!ll_timers_is_before(timers, item, timers->heap[parent]))
            break;
        ll_timers_put(timers, place, timers->heap[parent]);
        place = parent;
    }
    ll_timers_put(timers, place, item);
}

/* The child that comes first; `place` has at least one. */
static uint32_t ll_timers_first_child(const struct ll_timers *timers, uint32_t place)
{
    uint32_t first = place * LL_TIMERS_WAYS + 1;
    uint32_t end = first + LL_TIMERS_WAYS;
    if (end > timers->control->count)
        end = timers->control->count;
    for (uint32_t child = first + 1; child < end; child++)
        if (ll_timers_is_before(timers, timers->heap[child], timers->heap[first]))
            first = child;
    return first;
}

/* The item belongs at `place` or farther from the first. */
static void ll_timers_sink(struct ll_timers *timers, uint32_t place, uint32_t item)
{
    while ((uint64_t)place * LL_TIMERS_WAYS + 1 < timers->control->count) {
        uint32_t child = ll_timers_first_child(timers, place);
        if (!ll_timers_is_before(timers, timers->heap[child], item))
            break;
        ll_timers_put(timers, place, timers->heap[child]);
        place = child;
    }
    ll_timers_put(timers, place, item);
}

/* The item at `place` may have become too early or too late for it. */
static void ll_timers_settle(struct ll_timers *timers, uint32_t place, uint32_t item)
{
    if (place > 0 && ll_timers_is_before(timers, item, timers->heap[(place - 1) / LL_TIMERS_WAYS]))
        ll_timers_rise(timers, place, item);
    else
        ll_timers_sink(timers, place, item);
}

/* --- Items ---------------------------------------------------------------------------------------------- */

void ll_timers_set(struct ll_timers *timers, uint32_t item, uint64_t due_ns)
{
    LL_ASSERT(item < timers->control->item_max);
    struct ll_timers_item *at = &timers->items[item];
    at->due_ns = due_ns;
    at->sequence = ++timers->control->sequence;
    if (at->place != 0)
        ll_timers_settle(timers, at->place - 1, item);
    else
        ll_timers_rise(timers, timers->control->count++, item);
}

bool ll_timers_clear(struct ll_timers *timers, uint32_t item)
{
    LL_ASSERT(item < timers->control->item_max);
    uint32_t place = timers->items[item].place;
    if (place == 0)
        return false;
    uint32_t last = --timers->control->count;
    uint32_t moved = timers->heap[last];
    memset(&timers->items[item], 0, sizeof timers->items[item]);
    if (moved != item)
        ll_timers_settle(timers, place - 1, moved);
    return true;
}

bool ll_timers_is_set(const struct ll_timers *timers, uint32_t item, uint64_t *due_ns)
{
    LL_ASSERT(item < timers->control->item_max);
    if (timers->items[item].place == 0)
        return false;
    if (due_ns != NULL)
        *due_ns = timers->items[item].due_ns;
    return true;
}

uint32_t ll_timers_first(const struct ll_timers *timers, uint64_t *due_ns)
{
    if (timers->control->count == 0)
        return LL_TIMER_NONE;
    if (due_ns != NULL)
        *due_ns = timers->items[timers->heap[0]].due_ns;
    return timers->heap[0];
}

uint32_t ll_timers_pop_due(struct ll_timers *timers, uint64_t now_ns)
{
    uint64_t due_ns;
    uint32_t item = ll_timers_first(timers, &due_ns);
    if (item == LL_TIMER_NONE || due_ns > now_ns)
        return LL_TIMER_NONE;
    (void)ll_timers_clear(timers, item);
    return item;
}

uint32_t ll_timers_count(const struct ll_timers *timers)
{
    return timers->control->count;
}

/* --- Hash and check ------------------------------------------------------------------------------------- */

uint64_t ll_timers_hash(const struct ll_timers *timers)
{
    uint64_t sum = 0;
    for (uint32_t place = 0; place < timers->control->count; place++) {
        const struct ll_timers_item *item = &timers->items[timers->heap[place]];
        uint64_t words[3] = {timers->heap[place], item->due_ns, item->sequence};
        sum += XXH3_64bits_withSeed(words, sizeof words, LL_TIMERS_HASH_SEED);
    }
    return sum;
}

int ll_timers_check(const struct ll_timers *timers, struct ll_why *why)
{
    const struct ll_timers_control *control = timers->control;
    uint64_t waiting = 0;
    for (uint32_t place = 0; place < control->count; place++) {
        uint32_t item = timers->heap[place];
        if (item >= control->item_max || timers->items[item].place != place + 1)
            return LL_FAIL(why, LL_ERR_CORRUPT, "place %" PRIu32 ": item %" PRIu32 " is not there", place,
                           item);
        if (timers->items[item].sequence == 0 || timers->items[item].sequence > control->sequence)
            return LL_FAIL(why, LL_ERR_CORRUPT, "item %" PRIu32 " was never set", item);
        if (place > 0 && !ll_timers_is_before(timers, timers->heap[(place - 1) / LL_TIMERS_WAYS], item))
            return LL_FAIL(why, LL_ERR_CORRUPT, "place %" PRIu32 ": item %" PRIu32 " is too early for it",
                           place, item);
    }
    for (uint32_t item = 0; item < control->item_max; item++)
        waiting += timers->items[item].place != 0;
    if (waiting != control->count)
        return LL_FAIL(why, LL_ERR_CORRUPT, "%" PRIu64 " items wait, %" PRIu32 " are in the heap", waiting,
                       control->count);
    return LL_OK;
}
