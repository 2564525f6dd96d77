/* SPDX-License-Identifier: Apache-2.0 */
#include "host/core/ll_guard.h"

#include "hls/ll_hash.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LL_GUARD_MAGIC UINT64_C(0x4c4c475541524401) /* "LLGUARD", version 1 */
#define LL_GUARD_MAX   (1u << 26)
#define LL_LINE_BYTES  ((size_t)64)

struct ll_guard_control {
    uint64_t magic;
    uint64_t repeat_count; /* orders recorded so far; the last of them is repeat number repeat_count */
    struct ll_guard_config config;
    uint32_t active_count;
    uint32_t active_mask;
    uint32_t repeat_mask;
    uint32_t head_mask;
    uint32_t reserved;
};

/* A live order. Open addressing; one key may be there several times, next to each other. */
struct ll_guard_active {
    struct ll_guard_key key;
    uint32_t order_plus_one; /* 0 = the slot is free */
};

/* An order that passed. */
struct ll_guard_repeat {
    struct ll_guard_likeness likeness;
    uint64_t time_ns;
    uint64_t previous; /* number of the one before it in its chain, from 1; 0 = none */
};

/* --- Memory --------------------------------------------------------------------------------------------- */

static uint32_t ll_guard_round_up(uint32_t value)
{
    uint32_t power = 2;
    while (power < value)
        power <<= 1;
    return power;
}

static size_t ll_guard_control_bytes(void)
{
    return ll_align_up(sizeof(struct ll_guard_control), LL_LINE_BYTES);
}

size_t ll_guard_footprint_bytes(const struct ll_guard_config *config)
{
    if (config->orders_max == 0 || config->orders_max > LL_GUARD_MAX || config->repeats_max == 0 ||
        config->repeats_max > LL_GUARD_MAX)
        return 0;
    size_t repeats = ll_guard_round_up(config->repeats_max);
    return ll_guard_control_bytes() + repeats * sizeof(struct ll_guard_repeat) +
           repeats * 2 * sizeof(uint64_t) +
           (size_t)ll_guard_round_up(config->orders_max * 2) * sizeof(struct ll_guard_active);
}

static void ll_guard_point(struct ll_guard *guard, void *memory, const struct ll_guard_config *config)
{
    unsigned char *at = memory;
    size_t repeats = ll_guard_round_up(config->repeats_max);
    guard->control = memory;
    guard->repeats = (void *)(at + ll_guard_control_bytes());
    guard->heads = (void *)(guard->repeats + repeats);
    guard->active = (void *)(guard->heads + repeats * 2);
}

void ll_guard_init(struct ll_guard *guard, void *memory, const struct ll_guard_config *config)
{
    size_t bytes = ll_guard_footprint_bytes(config);
    LL_ASSERT(bytes != 0);
    LL_ASSERT((uintptr_t)memory % LL_LINE_BYTES == 0);
    memset(memory, 0, bytes);
    ll_guard_point(guard, memory, config);
    guard->control->magic = LL_GUARD_MAGIC;
    guard->control->config = *config;
    guard->control->active_mask = ll_guard_round_up(config->orders_max * 2) - 1;
    guard->control->repeat_mask = ll_guard_round_up(config->repeats_max) - 1;
    guard->control->head_mask = guard->control->repeat_mask * 2 + 1;
}

int ll_guard_attach(struct ll_guard *guard, void *memory, size_t memory_bytes)
{
    const struct ll_guard_control *control = memory;
    if (memory_bytes < sizeof *control || control->magic != LL_GUARD_MAGIC)
        return LL_ERR_CORRUPT;
    size_t bytes = ll_guard_footprint_bytes(&control->config);
    if (bytes == 0 || bytes > memory_bytes || control->active_count > control->config.orders_max ||
        control->active_mask != ll_guard_round_up(control->config.orders_max * 2) - 1 ||
        control->repeat_mask != ll_guard_round_up(control->config.repeats_max) - 1 ||
        control->head_mask != control->repeat_mask * 2 + 1)
        return LL_ERR_CORRUPT;
    ll_guard_point(guard, memory, &control->config);
    return LL_OK;
}

/* --- Active orders -------------------------------------------------------------------------------------- */

/* Sell and sell short are one side. */
static struct ll_guard_key ll_guard_normal(struct ll_guard_key key)
{
    key.side = key.side != LL_ORDER_BUY;
    key.is_exit = key.is_exit != 0;
    return key;
}

static bool ll_guard_is_key(struct ll_guard_key a, struct ll_guard_key b)
{
    return a.instrument == b.instrument && a.account == b.account && a.side == b.side &&
           a.is_exit == b.is_exit;
}

static uint32_t ll_guard_home(const struct ll_guard *guard, struct ll_guard_key key)
{
    uint64_t word =
        (uint64_t)key.instrument << 32 | (uint64_t)key.account << 16 | (uint64_t)key.side << 8 | key.is_exit;
    return ll_hash_ref(word, guard->control->config.hash_seed) & guard->control->active_mask;
}

uint32_t ll_guard_active(const struct ll_guard *guard, struct ll_guard_key key)
{
    struct ll_guard_key normal = ll_guard_normal(key);
    uint32_t mask = guard->control->active_mask;
    uint32_t oldest = LL_GUARD_NONE;
    for (uint32_t slot = ll_guard_home(guard, normal); guard->active[slot].order_plus_one != 0;
         slot = (slot + 1) & mask)
        if (ll_guard_is_key(guard->active[slot].key, normal) &&
            guard->active[slot].order_plus_one - 1 < oldest)
            oldest = guard->active[slot].order_plus_one - 1;
    return oldest;
}

uint32_t ll_guard_existing(const struct ll_guard *guard, const struct ll_limits *limits,
                           struct ll_guard_key key)
{
    uint64_t policy =
        ll_limits_firm(limits, key.is_exit ? LL_LIMIT_ONE_ACTIVE_EXIT : LL_LIMIT_ONE_ACTIVE_ENTRY);
    bool is_on = policy == LL_LIMIT_NOT_SET ? key.is_exit != 0 : policy != 0;
    return is_on ? ll_guard_active(guard, key) : LL_GUARD_NONE;
}

int ll_guard_open(struct ll_guard *guard, struct ll_guard_key key, uint32_t order)
{
    LL_ASSERT(order != LL_GUARD_NONE);
    struct ll_guard_key normal = ll_guard_normal(key);
    if (guard->control->active_count == guard->control->config.orders_max)
        return LL_ERR_FULL;
    uint32_t slot = ll_guard_home(guard, normal);
    while (guard->active[slot].order_plus_one != 0)
        slot = (slot + 1) & guard->control->active_mask;
    guard->active[slot].key = normal;
    guard->active[slot].order_plus_one = order + 1;
    guard->control->active_count++;
    return LL_OK;
}

/* Closes the hole at `hole`: what stands behind it and may stand nearer to its home moves up. */
static void ll_guard_close_up(struct ll_guard *guard, uint32_t hole)
{
    uint32_t mask = guard->control->active_mask;
    for (uint32_t slot = (hole + 1) & mask; guard->active[slot].order_plus_one != 0;
         slot = (slot + 1) & mask) {
        uint32_t home = ll_guard_home(guard, guard->active[slot].key);
        if (((slot - home) & mask) >= ((slot - hole) & mask)) {
            guard->active[hole] = guard->active[slot];
            hole = slot;
        }
    }
    memset(&guard->active[hole], 0, sizeof guard->active[hole]);
}

void ll_guard_end(struct ll_guard *guard, struct ll_guard_key key, uint32_t order)
{
    struct ll_guard_key normal = ll_guard_normal(key);
    uint32_t mask = guard->control->active_mask;
    for (uint32_t slot = ll_guard_home(guard, normal); guard->active[slot].order_plus_one != 0;
         slot = (slot + 1) & mask) {
        if (guard->active[slot].order_plus_one == order + 1 &&
            ll_guard_is_key(guard->active[slot].key, normal)) {
            ll_guard_close_up(guard, slot);
            guard->control->active_count--;
            return;
        }
    }
}

/* --- Repeats -------------------------------------------------------------------------------------------- */

static uint64_t *ll_guard_head(const struct ll_guard *guard, const struct ll_guard_likeness *likeness)
{
    uint32_t hash = ll_hash_ref(likeness->quantity, guard->control->config.hash_seed);
    hash = ll_hash_ref(likeness->price, hash);
    hash = ll_hash_ref(
        (uint64_t)likeness->instrument << 32 | (uint64_t)likeness->account << 16 | likeness->side, hash);
    return &guard->heads[hash & guard->control->head_mask];
}

static const struct ll_guard_repeat *ll_guard_repeat_at(const struct ll_guard *guard, uint64_t number)
{
    return &guard->repeats[(number - 1) & guard->control->repeat_mask];
}

static bool ll_guard_is_like(const struct ll_guard_likeness *a, const struct ll_guard_likeness *b)
{
    return a->quantity == b->quantity && a->price == b->price && a->instrument == b->instrument &&
           a->account == b->account && a->side == b->side;
}

/* The clock as the ring sees it: never before the newest order in it. */
static uint64_t ll_guard_now(const struct ll_guard *guard, uint64_t now_ns)
{
    uint64_t count = guard->control->repeat_count;
    uint64_t newest_ns = count == 0 ? 0 : ll_guard_repeat_at(guard, count)->time_ns;
    return now_ns > newest_ns ? now_ns : newest_ns;
}

enum ll_refusal ll_guard_check_repeat(const struct ll_guard *guard, const struct ll_guard_likeness *likeness,
                                      uint64_t count_max, uint64_t window_ns, uint64_t now_ns)
{
    uint64_t recorded = guard->control->repeat_count;
    uint64_t room = (uint64_t)guard->control->repeat_mask + 1;
    uint64_t now = ll_guard_now(guard, now_ns);
    uint64_t found = 0;
    uint64_t number = *ll_guard_head(guard, likeness);
    /* A number that has left the ring has nothing but older ones behind it. */
    while (number != 0 && number + room > recorded) {
        const struct ll_guard_repeat *repeat = ll_guard_repeat_at(guard, number);
        if (now - repeat->time_ns >= window_ns)
            break;
        found += ll_guard_is_like(&repeat->likeness, likeness);
        if (found >= count_max)
            return LL_REFUSAL_REPEAT;
        number = repeat->previous;
    }
    /* The next order takes the place of the oldest, which must not be needed any more. */
    if (recorded >= room && now - ll_guard_repeat_at(guard, recorded + 1)->time_ns < window_ns)
        return LL_REFUSAL_TABLE_FULL;
    return LL_REFUSAL_NONE;
}

void ll_guard_record(struct ll_guard *guard, const struct ll_guard_likeness *likeness, uint64_t now_ns)
{
    uint64_t now = ll_guard_now(guard, now_ns);
    uint64_t *head = ll_guard_head(guard, likeness);
    uint64_t number = ++guard->control->repeat_count;
    struct ll_guard_repeat *repeat = &guard->repeats[(number - 1) & guard->control->repeat_mask];
    repeat->likeness = *likeness;
    repeat->time_ns = now;
    repeat->previous = *head;
    *head = number;
}

/* --- Hash ----------------------------------------------------------------------------------------------- */

/* Active orders as a sum, wherever they stand; repeats in their order. */
uint64_t ll_guard_hash(const struct ll_guard *guard)
{
    uint64_t sum = 0;
    for (uint32_t slot = 0; slot <= guard->control->active_mask; slot++)
        if (guard->active[slot].order_plus_one != 0)
            sum += XXH3_64bits(&guard->active[slot], sizeof guard->active[slot]);
    uint64_t count = guard->control->repeat_count;
    uint64_t room = (uint64_t)guard->control->repeat_mask + 1;
    for (uint64_t number = count > room ? count - room + 1 : 1; number <= count; number++) {
        const struct ll_guard_repeat *repeat = ll_guard_repeat_at(guard, number);
        sum += XXH3_64bits_withSeed(&repeat->likeness, sizeof repeat->likeness, repeat->time_ns ^ number);
    }
    return sum;
}
