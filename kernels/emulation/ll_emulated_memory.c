/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/emulation/ll_emulated_memory.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY_PAGE_BYTES 4096u

/* Fresh pages without backing, over `at` when that is not NULL. */
static uint8_t *memory_reserve(uint8_t *at, uint64_t bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at != NULL ? MAP_FIXED : 0);
    void *base = mmap(at, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    (void)madvise(base, bytes, MADV_DONTDUMP); /* a core file of the tables helps nobody */
    return base;
}

bool ll_emulated_memory_init(struct ll_emulated_memory *memory)
{
    memory->shared_count = 0;
    memory->base = memory_reserve(NULL, LL_CARD_MEMORY_BYTES);
    return memory->base != NULL;
}

uint8_t *ll_emulated_memory_at(const struct ll_emulated_memory *memory, uint64_t address, uint64_t bytes)
{
    if (address > LL_CARD_MEMORY_BYTES || bytes > LL_CARD_MEMORY_BYTES - address)
        return NULL;
    return memory->base + address;
}

static int memory_file(uint64_t bytes)
{
    int fd = memfd_create("lifeline-emulated-buffer", MFD_CLOEXEC);
    if (fd >= 0 && ftruncate(fd, (off_t)bytes) != 0) {
        int reason = errno;
        (void)close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

bool ll_emulated_memory_share(struct ll_emulated_memory *memory, uint64_t address, uint64_t bytes,
                              char name[LL_MEMORY_NAME_BYTES])
{
    uint8_t *at = ll_emulated_memory_at(memory, address, bytes);
    uint64_t whole_bytes = (bytes + MEMORY_PAGE_BYTES - 1) & ~(uint64_t)(MEMORY_PAGE_BYTES - 1);
    if (at == NULL || bytes == 0 || address % MEMORY_PAGE_BYTES != 0) {
        errno = EINVAL;
        return false;
    }
    if (memory->shared_count == LL_MEMORY_SHARED_MAX) {
        errno = ENFILE;
        return false;
    }
    int fd = memory_file(whole_bytes);
    if (fd < 0)
        return false;
    if (mmap(at, whole_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) {
        int reason = errno;
        (void)close(fd);
        errno = reason;
        return false;
    }
    (void)snprintf(name, LL_MEMORY_NAME_BYTES, "/proc/%d/fd/%d", (int)getpid(), fd);
    memory->shared[memory->shared_count++] = (struct ll_memory_shared){address, whole_bytes, fd};
    return true;
}

bool ll_emulated_memory_is_shared(const struct ll_emulated_memory *memory, uint64_t address, uint64_t bytes)
{
    for (uint32_t i = 0; i < memory->shared_count; i++) {
        const struct ll_memory_shared *shared = &memory->shared[i];
        if (address < shared->address + shared->bytes && shared->address < address + bytes)
            return true;
    }
    return false;
}

bool ll_emulated_memory_free(struct ll_emulated_memory *memory, uint64_t address)
{
    for (uint32_t i = 0; i < memory->shared_count; i++) {
        struct ll_memory_shared shared = memory->shared[i];
        if (shared.address != address)
            continue;
        memory->shared[i] = memory->shared[--memory->shared_count];
        (void)close(shared.fd);
        return memory_reserve(memory->base + address, shared.bytes) != NULL;
    }
    return true;
}
