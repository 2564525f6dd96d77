/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All memory of a part, taken once at start from the operating system and handed out by bumping a pointer.
 *
 * Shape    init(bytes) -> alloc... -> seal -> use -> deinit. Zeroed, huge pages where the kernel has them
 *          (explicit 2 MiB pages first, transparent ones by advice otherwise, plain pages last).
 * Units    bytes.
 * Errors   init: LL_ERR_NO_MEMORY. alloc beyond the size, or after seal, is our own mistake: assertion.
 * Threads  one owner.
 */
#ifndef LL_HOST_BASE_ARENA_H
#define LL_HOST_BASE_ARENA_H

#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stddef.h>

enum ll_arena_pages { LL_ARENA_PAGES_PLAIN, LL_ARENA_PAGES_TRANSPARENT, LL_ARENA_PAGES_HUGE };

struct ll_arena { /* private */
    unsigned char *base;
    size_t size_bytes;
    size_t used_bytes;
    enum ll_arena_pages pages;
    bool sealed;
};

LL_MUST_CHECK int ll_arena_init(struct ll_arena *arena, size_t size_bytes, struct ll_why *why);
void ll_arena_deinit(struct ll_arena *arena);

/* `align_bytes` is a power of two, at most 4096. The memory is zero and already faulted in. */
void *ll_arena_alloc(struct ll_arena *arena, size_t bytes, size_t align_bytes);

/* No more allocations: what runs now has all it will ever have. */
void ll_arena_seal(struct ll_arena *arena);

/* "plain", "transparent huge" or "huge": what the memory was given, for the start-up report. */
const char *ll_arena_pages_name(const struct ll_arena *arena);

/* Rounds up; the footprint functions use it so that footprint and alloc agree. */
static inline size_t ll_align_up(size_t bytes, size_t align_bytes)
{
    return (bytes + align_bytes - 1) & ~(align_bytes - 1);
}

#endif
