/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card that the software emulation pretends to be: one kernel, its registers, one memory.
 *
 * Shape    The argument registers lie as HLS lays them out for an s_axilite interface: control word at 0,
 *          arguments from LL_CARD_ARGUMENTS_AT on in the order of kernels/ll_gateway_args.h; the address of a
 *          memory takes 12 bytes (low half, high half, reserved), a scalar of 32 bits takes 8. The packer
 *          writes this into the xclbin, the kernel's entry reads it from the registers: both from here.
 *          LL_CARD_ENTRY is what the library in the xclbin exports.
 * Units    bytes.
 * Errors   ll_card_entry: negative when a register names a place outside the memory; nothing has run then.
 * Threads  pure.
 */
#ifndef LL_KERNELS_EMULATION_EMULATED_CARD_H
#define LL_KERNELS_EMULATION_EMULATED_CARD_H

#include "kernels/ll_gateway_args.h"

#include <stdint.h>

#define LL_CARD_NAME "lifeline_emulated_card_1"

/* Where the kernel's registers are; the address is what Vitis gives to a design's first kernel. */
#define LL_CARD_UNIT_ADDRESS    0x1800000u
#define LL_CARD_REGISTERS_BYTES 4096u
#define LL_CARD_ARGUMENTS_AT    0x10u
#define LL_CARD_POINTER_BYTES   12u
#define LL_CARD_SCALAR_BYTES    8u

/* Bits of the control word. */
#define LL_CARD_AP_START 1u
#define LL_CARD_AP_DONE  2u
#define LL_CARD_AP_IDLE  4u

/* What XRT's own emulation is willing to hand out; pages are taken only when they are written. */
#define LL_CARD_MEMORY_GIB   16u
#define LL_CARD_MEMORY_BYTES ((uint64_t)LL_CARD_MEMORY_GIB << 30)

enum ll_card_argument {
#define LL_CARD_MEMORY_ENUM(name, type) LL_CARD_ARGUMENT_##name,
#define LL_CARD_SCALAR_ENUM(name)       LL_CARD_ARGUMENT_##name,
    LL_GATEWAY_MEMORIES(LL_CARD_MEMORY_ENUM) LL_GATEWAY_SCALARS(LL_CARD_SCALAR_ENUM)
#undef LL_CARD_MEMORY_ENUM
#undef LL_CARD_SCALAR_ENUM
        LL_CARD_ARGUMENT_COUNT
};
_Static_assert(LL_CARD_ARGUMENT_COUNT == LL_GATEWAY_MEMORY_COUNT + LL_GATEWAY_SCALAR_COUNT,
               "the counts beside the list are those of the list");

static inline uint32_t ll_card_argument_at(uint32_t argument)
{
    if (argument < LL_GATEWAY_MEMORY_COUNT)
        return LL_CARD_ARGUMENTS_AT + argument * LL_CARD_POINTER_BYTES;
    return LL_CARD_ARGUMENTS_AT + LL_GATEWAY_MEMORY_COUNT * LL_CARD_POINTER_BYTES +
           (argument - LL_GATEWAY_MEMORY_COUNT) * LL_CARD_SCALAR_BYTES;
}

/* Runs the kernel on these registers to its end; of a resident one, until its stop word. */
#define LL_CARD_ENTRY "ll_card_entry"
int ll_card_entry(const uint8_t *registers, uint8_t *memory, uint64_t memory_bytes);

#endif
