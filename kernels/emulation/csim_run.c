/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way into the card's top when a host compiler has built it: reads the registers as the adapter that HLS
 * generates would, and calls it. This and kernels/vitis/ll_gateway_top.c are the whole library in the
 * emulation's xclbin.
 */
#include "kernels/emulation/ll_emulated_card.h"
#include "kernels/vitis/ll_tops.h"

#include <string.h>

static uint64_t csim_address(const uint8_t *registers, uint32_t argument)
{
    uint64_t address;
    memcpy(&address, registers + ll_card_argument_at(argument), sizeof address);
    return address;
}

static uint32_t csim_scalar(const uint8_t *registers, uint32_t argument)
{
    uint32_t value;
    memcpy(&value, registers + ll_card_argument_at(argument), sizeof value);
    return value;
}

__attribute__((visibility("default"))) int ll_card_entry(const uint8_t *registers, uint8_t *memory,
                                                         uint64_t memory_bytes)
{
    for (uint32_t argument = 0; argument < LL_GATEWAY_MEMORY_COUNT; argument++)
        if (csim_address(registers, argument) >= memory_bytes)
            return -1;
#define CSIM_SCALAR(name)       u32 name = csim_scalar(registers, LL_CARD_ARGUMENT_##name);
#define CSIM_MEMORY(name, type) (type *)(void *)(memory + csim_address(registers, LL_CARD_ARGUMENT_##name)),
    LL_GATEWAY_SCALARS(CSIM_SCALAR)
    ll_gateway_kernel(LL_GATEWAY_MEMORIES(CSIM_MEMORY) slots, first, count, looks_max, batch);
#undef CSIM_SCALAR
#undef CSIM_MEMORY
    return 0;
}
