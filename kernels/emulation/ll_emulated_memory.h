/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of the emulated card, and the parts of it that the host maps too.
 *
 * Shape    One range of LL_CARD_MEMORY_BYTES without backing: a page is taken when it is first written. XRT
 *          itself hands out addresses. A buffer that host and card share (host memory, peer-to-peer, command
 *          buffers) is a memory file of its own, laid over the range; XRT opens it by the name that
 *          ll_emulated_memory_share gives, below /proc. So nothing of it is ever in a directory, and nothing
 *          is left behind however this process ends.
 * Units    bytes; addresses from 0 on.
 * Errors   false with errno; NULL for a range that is not in the memory.
 * Threads  calls from one thread; the kernel works in the memory meanwhile.
 */
#ifndef LL_KERNELS_EMULATION_EMULATED_MEMORY_H
#define LL_KERNELS_EMULATION_EMULATED_MEMORY_H

#include "kernels/emulation/ll_emulated_card.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_MEMORY_SHARED_MAX 512u
#define LL_MEMORY_NAME_BYTES 48u

struct ll_memory_shared {
    uint64_t address;
    uint64_t bytes; /* whole pages */
    int fd;
};

struct ll_emulated_memory {
    uint8_t *base;
    uint32_t shared_count;
    struct ll_memory_shared shared[LL_MEMORY_SHARED_MAX];
};

bool ll_emulated_memory_init(struct ll_emulated_memory *memory);

/* Where `bytes` bytes from `address` on lie; NULL when they are not all in the memory. */
uint8_t *ll_emulated_memory_at(const struct ll_emulated_memory *memory, uint64_t address, uint64_t bytes);

/* Makes a buffer one that both sides map, and writes the name the host opens it by. */
bool ll_emulated_memory_share(struct ll_emulated_memory *memory, uint64_t address, uint64_t bytes,
                              char name[LL_MEMORY_NAME_BYTES]);

/* Whether any of these bytes lie in a shared buffer. */
bool ll_emulated_memory_is_shared(const struct ll_emulated_memory *memory, uint64_t address, uint64_t bytes);

/* Takes a shared buffer out of the memory again; nothing for any other address. */
bool ll_emulated_memory_free(struct ll_emulated_memory *memory, uint64_t address);

#endif
