/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_device.h"

#include "host/base/ll_assert.h"
#include "host/device/ll_device_cpu.h"

#include <string.h>

static const struct ll_device_ops *const ll_devices[] = {&ll_device_cpu_ops};

int ll_device_open(struct ll_device **device, const struct ll_device_config *config, struct ll_why *why)
{
    if (ll_book_memory_footprint_bytes(&config->book) == 0)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "capacities out of range: orders 1..%llu, levels 1..%llu, books 1..%llu",
                       (unsigned long long)LL_BOOK_ORDERS_MAX, (unsigned long long)LL_BOOK_LEVELS_MAX,
                       (unsigned long long)LL_BOOK_BOOKS_MAX);
    for (size_t i = 0; i < sizeof ll_devices / sizeof ll_devices[0]; i++)
        if (strcmp(ll_devices[i]->name, config->name) == 0)
            return ll_devices[i]->open(device, config, why);
    return LL_FAIL(why, LL_ERR_USAGE, "no device '%s'; there is: cpu", config->name);
}

void ll_device_close(struct ll_device *device)
{
    if (device != NULL)
        device->ops->close(device);
}

uint32_t ll_device_submit(struct ll_device *device, const struct ll_update *updates, uint32_t count)
{
    return device->ops->submit(device, updates, count);
}

uint32_t ll_device_poll(struct ll_device *device, struct ll_result *results, uint32_t count_max)
{
    return device->ops->poll(device, results, count_max);
}

const struct ll_book_memory *ll_device_book(struct ll_device *device)
{
    return device->ops->book(device);
}

const struct ll_device_counters *ll_device_counters(const struct ll_device *device)
{
    return &device->counters;
}

size_t ll_device_memory_bytes(const struct ll_device *device)
{
    return device->memory_bytes;
}

const char *ll_device_memory_pages(const struct ll_device *device)
{
    return device->memory_pages;
}
