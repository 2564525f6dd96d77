/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What falls due next, of many things that wait: retries, answers that do not come.
 *
 * Shape    config -> footprint -> init (formats the caller's memory) -> set, move, clear -> pop what is due. An item
 *          is a dense number of the caller's and waits for at most one time. A heap of item numbers with four children
 *          to a node; each item knows its place in it, so moving and clearing need no search.
 *          Items due at the same time come in the order in which they were set: the same calls give the same order
 *          everywhere. The memory holds numbers only: it may be copied or written out, and attached elsewhere.
 * Units    due_ns in the caller's clock; items 0..items-1.
 * Errors   none on the path: an item beyond the config is our own mistake. Work per call grows with the logarithm of
 *          the items that wait.
 * Threads  one owner.
 */
#ifndef LL_HOST_CORE_TIMERS_H
#define LL_HOST_CORE_TIMERS_H

#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_TIMERS_ITEMS_MAX ((uint64_t)1 << 30)
#define LL_TIMER_NONE       UINT32_MAX

struct ll_timers_config {
    uint64_t items; /* highest item number + 1 */
};

struct ll_timers_control;
struct ll_timers_item;

/* The handle; all state is in the memory. */
struct ll_timers { /* private */
    struct ll_timers_control *control;
    struct ll_timers_item *items;
    uint32_t *heap;
};

/* 0 = bad config: no items, or more than LL_TIMERS_ITEMS_MAX. */
size_t ll_timers_footprint_bytes(const struct ll_timers_config *config);
/* Formats `memory` (8-byte aligned, footprint bytes): nothing waits. */
void ll_timers_init(struct ll_timers *timers, void *memory, const struct ll_timers_config *config);
/* Takes memory that was formatted before, here or elsewhere. Only its header is looked at: bytes from outside need
 * ll_timers_check before they are used. LL_ERR_CORRUPT when these are no timers, or more than the memory. */
LL_MUST_CHECK int ll_timers_attach(struct ll_timers *timers, void *memory, size_t memory_bytes,
                                   struct ll_why *why);

/* The item waits for `due_ns`, instead of what it waited for. */
void ll_timers_set(struct ll_timers *timers, uint32_t item, uint64_t due_ns);
/* The item waits no more; false = it did not. */
bool ll_timers_clear(struct ll_timers *timers, uint32_t item);

/* True when the item waits; then `due_ns`, unless NULL, says for when. */
bool ll_timers_is_set(const struct ll_timers *timers, uint32_t item, uint64_t *due_ns);
/* The item that falls due first, or LL_TIMER_NONE; then `due_ns`, unless NULL, stays as it is. */
uint32_t ll_timers_first(const struct ll_timers *timers, uint64_t *due_ns);
/* Takes out the first item when it is due at `now_ns` or was before; else LL_TIMER_NONE. */
uint32_t ll_timers_pop_due(struct ll_timers *timers, uint64_t now_ns);
uint32_t ll_timers_count(const struct ll_timers *timers);

/* A hash of what waits for when, and in which order; not of the heap's shape. */
uint64_t ll_timers_hash(const struct ll_timers *timers);
/* Walks everything; LL_ERR_CORRUPT names the first thing that is wrong. */
LL_MUST_CHECK int ll_timers_check(const struct ll_timers *timers, struct ll_why *why);

#endif
