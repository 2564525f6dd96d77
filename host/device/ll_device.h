/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A way to reach the kernel. One interface; `cpu` runs it in this process.
 *
 * Shape    open -> submit, poll, submit, poll... -> book -> close. Results come in the order of the updates. The tables
 *          live in the device; they are a cache of the journal and are loaded by replaying it.
 * Units    counts of updates; bytes.
 * Errors   open: LL_ERR_USAGE (no such device, a size out of range), LL_ERR_NO_MEMORY. Later: none.
 * Threads  one owner.
 */
#ifndef LL_HOST_DEVICE_DEVICE_H
#define LL_HOST_DEVICE_DEVICE_H

#include "hls/ll_records.h"
#include "host/base/ll_err.h"
#include "host/core/ll_book_memory.h"

#include <stddef.h>
#include <stdint.h>

struct ll_device;

struct ll_device_config {
    const char *name; /* "cpu" */
    struct ll_book_config book;
    uint32_t batch; /* updates worked together, 1..64; the results do not depend on it */
};

struct ll_device_counters {
    uint64_t updates;
    uint64_t batches;
};

/* What a device is made of; each way fills one in. */
struct ll_device_ops {
    const char *name;
    int (*open)(struct ll_device **device, const struct ll_device_config *config, struct ll_why *why);
    uint32_t (*submit)(struct ll_device *device, const struct ll_update *updates, uint32_t count);
    uint32_t (*poll)(struct ll_device *device, struct ll_result *results, uint32_t count_max);
    const struct ll_book_memory *(*book)(struct ll_device *device);
    void (*close)(struct ll_device *device);
};

struct ll_device { /* private */
    const struct ll_device_ops *ops;
    struct ll_device_counters counters;
    size_t memory_bytes;
    const char *memory_pages;
};

LL_MUST_CHECK int ll_device_open(struct ll_device **device, const struct ll_device_config *config,
                                 struct ll_why *why);
void ll_device_close(struct ll_device *device);

/* Hands updates over; returns how many were taken. They stay in place until their results have been polled.
 */
uint32_t ll_device_submit(struct ll_device *device, const struct ll_update *updates, uint32_t count);
/* Up to count_max results; 0 = none yet. */
uint32_t ll_device_poll(struct ll_device *device, struct ll_result *results, uint32_t count_max);

/* The tables, as they are after the last polled result. Valid until the next submit. */
const struct ll_book_memory *ll_device_book(struct ll_device *device);

const struct ll_device_counters *ll_device_counters(const struct ll_device *device);
size_t ll_device_memory_bytes(const struct ll_device *device);
/* "plain", "transparent huge", "huge" or where else the tables lie. */
const char *ll_device_memory_pages(const struct ll_device *device);

#endif
