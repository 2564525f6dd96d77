/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/emulation/ll_emulated_unit.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

void ll_emulated_unit_init(struct ll_emulated_unit *unit, struct ll_emulated_memory *memory)
{
    memset(unit, 0, sizeof *unit);
    unit->memory = memory;
    atomic_init(&unit->control, LL_CARD_AP_IDLE);
    (void)sem_init(&unit->starts, 0, 0);
}

static void *unit_thread(void *context)
{
    struct ll_emulated_unit *unit = context;
    for (;;) {
        while (sem_wait(&unit->starts) != 0)
            ; /* a signal */
        if (unit->entry(unit->latched, unit->memory->base, LL_CARD_MEMORY_BYTES) != 0)
            (void)fputs("lifeline emulation: the kernel's registers name a place outside the card's memory; "
                        "nothing was run\n",
                        stderr);
        atomic_store_explicit(&unit->control, LL_CARD_AP_DONE | LL_CARD_AP_IDLE, memory_order_release);
    }
    return NULL;
}

bool ll_emulated_unit_load(struct ll_emulated_unit *unit, const char *path, char why[LL_UNIT_WHY_BYTES])
{
    if (unit->entry != NULL) {
        (void)snprintf(why, LL_UNIT_WHY_BYTES,
                       "a kernel is loaded already; open the device anew for another");
        return false;
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        (void)snprintf(why, LL_UNIT_WHY_BYTES, "%s; this is no xclbin that `make emulation` has packed",
                       dlerror());
        return false;
    }
    void *entry = dlsym(library, LL_CARD_ENTRY);
    if (entry == NULL) {
        (void)snprintf(why, LL_UNIT_WHY_BYTES,
                       "the kernel has no " LL_CARD_ENTRY "; pack the xclbin with `make emulation`");
        (void)dlclose(library);
        return false;
    }
    memcpy(&unit->entry, &entry, sizeof entry); /* ISO C has no cast between data and functions */
    if (pthread_create(&unit->thread, NULL, unit_thread, unit) != 0) {
        (void)snprintf(why, LL_UNIT_WHY_BYTES, "no thread for the kernel; raise the limit on processes");
        unit->entry = NULL;
        (void)dlclose(library);
        return false;
    }
    return true;
}

static void unit_start(struct ll_emulated_unit *unit)
{
    bool is_running = (atomic_load_explicit(&unit->control, memory_order_acquire) & LL_CARD_AP_IDLE) == 0;
    if (unit->entry == NULL || is_running)
        return;
    memcpy(unit->latched, unit->registers, sizeof unit->latched);
    atomic_store_explicit(&unit->control, LL_CARD_AP_START, memory_order_release);
    (void)sem_post(&unit->starts);
}

bool ll_emulated_unit_write(struct ll_emulated_unit *unit, uint64_t offset, const uint8_t *bytes,
                            uint64_t bytes_count)
{
    if (offset > LL_CARD_REGISTERS_BYTES || bytes_count > LL_CARD_REGISTERS_BYTES - offset)
        return false;
    memcpy(unit->registers + offset, bytes, bytes_count);
    if (offset == 0 && bytes_count > 0 && (bytes[0] & LL_CARD_AP_START) != 0)
        unit_start(unit);
    return true;
}

bool ll_emulated_unit_read(struct ll_emulated_unit *unit, uint64_t offset, uint32_t *value)
{
    if (offset > LL_CARD_REGISTERS_BYTES - sizeof *value)
        return false;
    if (offset == 0)
        *value = atomic_fetch_and_explicit(&unit->control, ~LL_CARD_AP_DONE, memory_order_acq_rel);
    else
        memcpy(value, unit->registers + offset, sizeof *value);
    return true;
}
