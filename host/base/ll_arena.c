/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_arena.h"

#include "host/base/ll_assert.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define LL_HUGE_PAGE_BYTES ((size_t)2 << 20)
#define LL_PAGE_BYTES      ((size_t)4096)

static void *ll_arena_map_transparent(size_t size_bytes, enum ll_arena_pages *pages)
{
    /* Over-map by one huge page so that the start can be aligned: unaligned regions get no huge pages. */
    size_t mapped_bytes = size_bytes + LL_HUGE_PAGE_BYTES;
    unsigned char *raw = mmap(NULL, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == MAP_FAILED)
        return NULL;
    size_t head_bytes = (size_t)(-(uintptr_t)raw) & (LL_HUGE_PAGE_BYTES - 1);
    if (head_bytes > 0)
        (void)munmap(raw, head_bytes);
    if (head_bytes < LL_HUGE_PAGE_BYTES)
        (void)munmap(raw + head_bytes + size_bytes, LL_HUGE_PAGE_BYTES - head_bytes);
    *pages = madvise(raw + head_bytes, size_bytes, MADV_HUGEPAGE) == 0 ? LL_ARENA_PAGES_TRANSPARENT
                                                                       : LL_ARENA_PAGES_PLAIN;
    return raw + head_bytes;
}

int ll_arena_init(struct ll_arena *arena, size_t size_bytes, struct ll_why *why)
{
    memset(arena, 0, sizeof *arena);
    size_bytes = ll_align_up(size_bytes > 0 ? size_bytes : 1, LL_HUGE_PAGE_BYTES);
    void *base = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
    arena->pages = LL_ARENA_PAGES_HUGE;
    if (base == MAP_FAILED)
        base = ll_arena_map_transparent(size_bytes, &arena->pages);
    if (base == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "cannot map %zu bytes: %s; lower the configured capacities",
                       size_bytes, strerror(errno));
    arena->base = base;
    arena->size_bytes = size_bytes;
    return LL_OK;
}

void ll_arena_deinit(struct ll_arena *arena)
{
    if (arena->base != NULL)
        (void)munmap(arena->base, arena->size_bytes);
    memset(arena, 0, sizeof *arena);
}

void *ll_arena_alloc(struct ll_arena *arena, size_t bytes, size_t align_bytes)
{
    LL_ASSERT(!arena->sealed);
    LL_ASSERT(align_bytes > 0 && align_bytes <= LL_PAGE_BYTES);
    size_t start = ll_align_up(arena->used_bytes, align_bytes);
    LL_ASSERT(bytes <= arena->size_bytes);
    LL_ASSERT(start <= arena->size_bytes - bytes);
    arena->used_bytes = start + bytes;
    unsigned char *memory = arena->base + start;
    /* Fault every page in now, so that the hot path never does. The kernel gave zeroes; writing keeps them.
     */
    for (size_t at = 0; at < bytes; at += LL_PAGE_BYTES)
        ((volatile unsigned char *)memory)[at] = 0;
    return memory;
}

void ll_arena_seal(struct ll_arena *arena)
{
    arena->sealed = true;
}

const char *ll_arena_pages_name(const struct ll_arena *arena)
{
    switch (arena->pages) {
    case LL_ARENA_PAGES_HUGE:
        return "huge";
    case LL_ARENA_PAGES_TRANSPARENT:
        return "transparent huge";
    case LL_ARENA_PAGES_PLAIN:
    default:
        return "plain";
    }
}
