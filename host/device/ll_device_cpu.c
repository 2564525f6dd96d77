/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_device_cpu.h"

#include "hls/ll_book.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"

struct ll_device_cpu {
    struct ll_device device; /* first: the two are converted into each other */
    struct ll_arena arena;
    struct ll_book_memory book;
    const struct ll_update *updates;
    uint32_t pending_count;
    uint32_t batch;
};

static int ll_device_cpu_open(struct ll_device **device, const struct ll_device_config *config,
                              struct ll_why *why)
{
    size_t book_bytes = ll_book_memory_footprint_bytes(&config->book);
    size_t own_bytes = ll_align_up(sizeof(struct ll_device_cpu), 64);
    struct ll_arena arena;
    if (config->batch < 1 || config->batch > LL_BATCH_MAX)
        return LL_FAIL(why, LL_ERR_USAGE, "batch %u is out of range: 1..%u", config->batch, LL_BATCH_MAX);
    int status = ll_arena_init(&arena, own_bytes + book_bytes, why);
    if (status != LL_OK)
        return status;
    struct ll_device_cpu *cpu = ll_arena_alloc(&arena, sizeof *cpu, 64);
    ll_book_memory_place(&cpu->book, ll_arena_alloc(&arena, book_bytes, 64), &config->book);
    ll_arena_seal(&arena);
    cpu->arena = arena;
    cpu->batch = config->batch;
    cpu->device.ops = &ll_device_cpu_ops;
    cpu->device.memory_bytes = own_bytes + book_bytes;
    cpu->device.memory_pages = ll_arena_pages_name(&arena);
    *device = &cpu->device;
    return LL_OK;
}

static uint32_t ll_device_cpu_submit(struct ll_device *device, const struct ll_update *updates,
                                     uint32_t count)
{
    struct ll_device_cpu *cpu = (struct ll_device_cpu *)device;
    if (cpu->pending_count != 0)
        return 0;
    cpu->updates = updates;
    cpu->pending_count = count;
    return count;
}

static uint32_t ll_device_cpu_poll(struct ll_device *device, struct ll_result *results, uint32_t count_max)
{
    struct ll_device_cpu *cpu = (struct ll_device_cpu *)device;
    uint32_t count = cpu->pending_count < count_max ? cpu->pending_count : count_max;
    ll_book_batch(cpu->book.control, cpu->book.buckets, cpu->book.leaves, cpu->book.levels, cpu->book.inners,
                  cpu->book.sides, cpu->updates, results, count, cpu->batch);
    cpu->updates += count;
    cpu->pending_count -= count;
    device->counters.updates += count;
    device->counters.batches += count != 0;
    return count;
}

static const struct ll_book_memory *ll_device_cpu_book(struct ll_device *device)
{
    return &((struct ll_device_cpu *)device)->book;
}

static void ll_device_cpu_close(struct ll_device *device)
{
    /* The device lives in its own arena: a copy outlasts it. */
    struct ll_arena arena = ((struct ll_device_cpu *)device)->arena;
    ll_arena_deinit(&arena);
}

const struct ll_device_ops ll_device_cpu_ops = {
    .name = "cpu",
    .open = ll_device_cpu_open,
    .submit = ll_device_cpu_submit,
    .poll = ll_device_cpu_poll,
    .book = ll_device_cpu_book,
    .close = ll_device_cpu_close,
};
