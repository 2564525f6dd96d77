/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lifecycle half's memory as the host sees it: how big, where, and what it says.
 *
 * Shape    config -> footprint -> place (formats the caller's memory) -> the kernel works in it -> read it:
 *          identifiers, orders, a check of every invariant, and a hash of the logical state. A snapshot is
 *          the memory as it is: copy it into memory of the same size, attach, check. The same for every
 *          device: an OpenCL device copies its buffers into such a memory before they are read.
 * Units    counts of identifiers and orders; bytes; lots.
 * Errors   footprint 0 = a config that cannot be. attach: LL_ERR_CORRUPT, the bytes are no such memory. check
 *          names the first thing that is wrong (LL_ERR_CORRUPT), or LL_ERR_NO_MEMORY; it holds against any
 *          bytes after an attach.
 * Threads  reading needs the writer to stand still.
 */
#ifndef LL_HOST_CORE_LIFE_MEMORY_H
#define LL_HOST_CORE_LIFE_MEMORY_H

#include "hls/ll_life_types.h"
#include "host/base/ll_err.h"

#include <stddef.h>
#include <stdint.h>

#define LL_LIFE_IDS_MAX \
    ((uint64_t)1 << 26) /* bucket indices have 28 bits, and overflow buckets come on top */
#define LL_LIFE_ORDERS_MAX ((uint64_t)1 << 26)

struct ll_life_config {
    uint64_t ids;    /* identifiers of all orders together; the host's numbers are below it */
    uint64_t orders; /* the host's numbers of orders are below it */
    uint32_t hash_seed;
};

struct ll_life_memory {
    struct ll_life_control *control;
    struct ll_life_bucket *buckets;
    uint32_t *places;
    struct ll_life_order *orders;
};

/* One identifier, for reading. */
struct ll_life_id_view {
    uint64_t key[2];
    uint32_t id;
    struct ll_life_id record;
};

/* Fills in sizes for a day of two million orders. */
void ll_life_config_default(struct ll_life_config *config);

size_t ll_life_memory_footprint_bytes(const struct ll_life_config *config);
/* Formats `memory` (64-byte aligned, footprint bytes) and empties the tables. */
void ll_life_memory_place(struct ll_life_memory *life, void *memory, const struct ll_life_config *config);

/* Takes memory that was placed before (here or elsewhere) as it is. Bytes that nothing else vouches for need
 * ll_life_memory_check before anything else is done with them. */
LL_MUST_CHECK int ll_life_memory_attach(struct ll_life_memory *life, void *memory, size_t memory_bytes,
                                        struct ll_why *why);

/* The number of the identifier of a key, LL_LIFE_NONE = not known. */
uint32_t ll_life_memory_find(const struct ll_life_memory *life, const uint64_t key[2]);

/* Calls `visit` for every identifier, in the order of memory. */
void ll_life_memory_ids(const struct ll_life_memory *life,
                        void (*visit)(void *context, const struct ll_life_id_view *view), void *context);

/* Calls `visit` for every order there is, by number. */
void ll_life_memory_orders(const struct ll_life_memory *life,
                           void (*visit)(void *context, uint32_t number, const struct ll_life_order *order),
                           void *context);

/* A hash of what the tables mean: every identifier and every order, whatever place in memory they have. Sums
 * of per-item hashes, so that it does not depend on capacity, hash seed, batch size or device. */
uint64_t ll_life_memory_hash(const struct ll_life_memory *life);

/* Walks everything: chains, identifiers against orders and back, successors, executions against what is
 * filled, counters. */
LL_MUST_CHECK int ll_life_memory_check(const struct ll_life_memory *life, struct ll_why *why);

#endif
