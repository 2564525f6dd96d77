/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compute unit of the emulated card: a kernel, its registers, and a thread of its own, so that XRT is
 * answered while a resident kernel runs.
 *
 * Shape    load opens the library of an xclbin and starts the thread, which waits for ap_start. Writing
 *          ap_start into the control word runs the kernel once on the registers as they are then; when it
 *          has ended, the control word says ap_done until it is read, and ap_idle from then on.
 * Units    bytes; offsets from the unit's address.
 * Errors   load: false with a sentence in `why`. Writes and reads beyond the registers: false.
 * Threads  calls from one thread; the kernel on the unit's own. There is no way to take a kernel that does not
 *          end away from its thread: the process ends with it.
 */
#ifndef LL_KERNELS_EMULATION_EMULATED_UNIT_H
#define LL_KERNELS_EMULATION_EMULATED_UNIT_H

#include "kernels/emulation/ll_emulated_memory.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#define LL_UNIT_WHY_BYTES 256u

struct ll_emulated_unit {
    struct ll_emulated_memory *memory;
    int (*entry)(const uint8_t *registers, uint8_t *memory, uint64_t memory_bytes);
    _Atomic uint32_t control; /* LL_CARD_AP_* */
    sem_t starts;
    pthread_t thread;
    uint8_t registers[LL_CARD_REGISTERS_BYTES]; /* as the host writes them */
    uint8_t latched[LL_CARD_REGISTERS_BYTES];   /* as they were at ap_start; the thread's while it runs */
};

void ll_emulated_unit_init(struct ll_emulated_unit *unit, struct ll_emulated_memory *memory);

/* Opens the library `path`; once for a unit. */
bool ll_emulated_unit_load(struct ll_emulated_unit *unit, const char *path, char why[LL_UNIT_WHY_BYTES]);

bool ll_emulated_unit_write(struct ll_emulated_unit *unit, uint64_t offset, const uint8_t *bytes,
                            uint64_t bytes_count);

/* One register of 32 bits. Reading the control word takes ap_done away. */
bool ll_emulated_unit_read(struct ll_emulated_unit *unit, uint64_t offset, uint32_t *value);

#endif
