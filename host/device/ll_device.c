/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_device.h"

#include "hls/ll_book.h"
#include "hls/ll_life.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"

#include <string.h>

struct ll_device {
    struct ll_arena arena;
    struct ll_device_config config;
    struct ll_book_memory book;
    struct ll_life_memory life;
    void *book_bytes;
    void *life_bytes;
    const struct ll_update *updates;
    uint32_t pending_count;
    struct ll_device_counters counters;
    size_t memory_bytes;
};

void ll_device_config_default(struct ll_device_config *config)
{
    memset(config, 0, sizeof *config);
    config->name = "cpu";
    config->batch = 32;
    config->must_start = true;
    ll_book_config_default(&config->book);
}

int ll_device_open(struct ll_device **device_out, const struct ll_device_config *config, struct ll_why *why)
{
    size_t book_bytes = ll_book_memory_footprint_bytes(&config->book);
    size_t life_bytes = config->life.ids == 0 ? 0 : ll_life_memory_footprint_bytes(&config->life);
    size_t own_bytes = ll_align_up(sizeof(struct ll_device), 64);
    struct ll_arena arena;
    if (strcmp(config->name, "cpu") != 0)
        return LL_FAIL(why, LL_ERR_USAGE, "no device '%s'; there is: cpu", config->name);
    if (book_bytes == 0)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "capacities out of range: orders 1..%llu, levels 1..%llu, books 1..%llu",
                       (unsigned long long)LL_BOOK_ORDERS_MAX, (unsigned long long)LL_BOOK_LEVELS_MAX,
                       (unsigned long long)LL_BOOK_BOOKS_MAX);
    if (config->batch < 1 || config->batch > LL_BATCH_MAX)
        return LL_FAIL(why, LL_ERR_USAGE, "batch %u is out of range: 1..%u", config->batch, LL_BATCH_MAX);
    int status = ll_arena_init(&arena, own_bytes + book_bytes + life_bytes, why);
    if (status != LL_OK)
        return status;
    struct ll_device *device = ll_arena_alloc(&arena, sizeof *device, 64);
    device->config = *config;
    device->memory_bytes = own_bytes + book_bytes + life_bytes;
    device->book_bytes = ll_arena_alloc(&arena, book_bytes, 64);
    ll_book_memory_place(&device->book, device->book_bytes, &config->book);
    if (life_bytes != 0) {
        device->life_bytes = ll_arena_alloc(&arena, life_bytes, 64);
        ll_life_memory_place(&device->life, device->life_bytes, &config->life);
    }
    ll_arena_seal(&arena);
    device->arena = arena;
    *device_out = device;
    return LL_OK;
}

void ll_device_close(struct ll_device *device)
{
    if (device == NULL)
        return;
    /* The device lives in its own arena: a copy outlasts it. */
    struct ll_arena arena = device->arena;
    ll_arena_deinit(&arena);
}

const struct ll_book_memory *ll_device_book(struct ll_device *device)
{
    return &device->book;
}

const struct ll_life_memory *ll_device_life(struct ll_device *device)
{
    return &device->life;
}

void *ll_device_book_bytes(struct ll_device *device)
{
    return device->book_bytes;
}

void *ll_device_life_bytes(struct ll_device *device)
{
    return device->life_bytes;
}

int ll_device_attach(struct ll_device *device, struct ll_why *why)
{
    (void)device;
    (void)why;
    return LL_OK;
}

int ll_device_hash(struct ll_device *device, uint64_t *book_hash, uint64_t *life_hash, struct ll_why *why)
{
    (void)why;
    *book_hash = ll_book_memory_hash(&device->book);
    *life_hash = device->life_bytes == NULL ? 0 : ll_life_memory_hash(&device->life);
    return LL_OK;
}

int ll_device_compare(struct ll_device *device, struct ll_why *why)
{
    (void)device;
    (void)why;
    return LL_OK;
}

uint32_t ll_device_submit(struct ll_device *device, const struct ll_update *updates, uint32_t count)
{
    if (device->pending_count != 0)
        return 0;
    device->updates = updates;
    device->pending_count = count;
    return count;
}

uint32_t ll_device_poll(struct ll_device *device, struct ll_result *results, uint32_t count_max)
{
    struct ll_book_memory *book = &device->book;
    uint32_t count = device->pending_count < count_max ? device->pending_count : count_max;
    ll_book_batch(book->control, book->buckets, book->leaves, book->levels, book->inners, book->sides,
                  device->updates, results, count, device->config.batch);
    device->updates += count;
    device->pending_count -= count;
    device->counters.updates += count;
    device->counters.batches += count != 0;
    return count;
}

void ll_device_ask(struct ll_device *device, const struct ll_life_ask *asks, struct ll_life_answer *answers,
                   uint32_t count)
{
    struct ll_life_memory *life = &device->life;
    LL_ASSERT(device->pending_count == 0);
    ll_life_batch(life->control, life->buckets, life->places, life->orders, asks, answers, count,
                  device->config.batch);
    device->counters.asks += count;
}

void ll_device_tend(struct ll_device *device)
{
    (void)device;
}

int ll_device_status(const struct ll_device *device, struct ll_why *why)
{
    (void)device;
    (void)why;
    return LL_OK;
}

enum ll_device_standing ll_device_standing(const struct ll_device *device)
{
    (void)device;
    return LL_DEVICE_HERE;
}

const struct ll_device_counters *ll_device_counters(const struct ll_device *device)
{
    return &device->counters;
}

const char *ll_device_describe(const struct ll_device *device)
{
    return device->config.name;
}

size_t ll_device_memory_bytes(const struct ll_device *device)
{
    return device->memory_bytes;
}

const char *ll_device_memory_pages(const struct ll_device *device)
{
    return ll_arena_pages_name(&device->arena);
}
