/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An xclbin, read before XRT sees it: XRT ends the process over a file that is not what it should be.
 *
 * Shape    read(bytes) finds the parts; then check_mode (for the card, or for which emulation was it built?)
 *          and check_kernel (has it our kernel, with the arguments of this version?).
 *
 *            0 "xclbin2\0" | 304 u64 length | 332 u16 mode | 352 platform, 64 characters | 448 u32 sections
 *            456 + 40 n: u32 kind, 16 characters, u64 offset (at 24), u64 bytes (at 32)
 *
 *          little-endian, offsets from the start of the file. The kernels stand in the section
 *          EMBEDDED_METADATA, as XML: <kernel name=""> with an <arg name=""> for each argument.
 * Units    bytes.
 * Errors   LL_ERR_INPUT and what to give instead.
 * Threads  pure; what `read` finds points into the caller's bytes.
 * Source   XRT 2.13, xclbin.h: struct axlf, enum XCLBIN_MODE, enum axlf_section_kind.
 */
#ifndef LL_HOST_DEVICE_XCLBIN_H
#define LL_HOST_DEVICE_XCLBIN_H

#include "host/base/ll_err.h"

#include <stddef.h>
#include <stdint.h>

#define LL_XCLBIN_HEADER_BYTES   456u
#define LL_XCLBIN_SECTION_BYTES  40u
#define LL_XCLBIN_SECTIONS_MAX   256u /* XRT writes a dozen */
#define LL_XCLBIN_PLATFORM_BYTES 65u

/* M(NAME, number, "text") What it was built for; "" is the value of XCL_EMULATION_MODE that asks for a card. */
#define LL_XCLBIN_MODES(M) \
    M(FLAT, 0, "")         \
    M(PR, 1, "")           \
    M(TANDEM, 2, "")       \
    M(TANDEM_PR, 3, "")    \
    M(HW_EMU, 4, "hw_emu") \
    M(SW_EMU, 5, "sw_emu") \
    M(HW_EMU_PR, 6, "hw_emu")

enum ll_xclbin_mode {
#define LL_XCLBIN_MODE_ENUM(name, number, text) LL_XCLBIN_##name = (number),
    LL_XCLBIN_MODES(LL_XCLBIN_MODE_ENUM)
#undef LL_XCLBIN_MODE_ENUM
        LL_XCLBIN_MODE_COUNT = 7
};

enum ll_xclbin_section { LL_XCLBIN_BITSTREAM = 0, LL_XCLBIN_METADATA = 2 };

struct ll_xclbin {
    enum ll_xclbin_mode mode;
    char platform[LL_XCLBIN_PLATFORM_BYTES]; /* the card's platform it was linked for */
    const char *metadata;                    /* XML, without an end mark */
    size_t metadata_bytes;
};

LL_MUST_CHECK int ll_xclbin_read(struct ll_xclbin *xclbin, const uint8_t *bytes, size_t bytes_count,
                                 struct ll_why *why);

/* emulation: the value of XCL_EMULATION_MODE, "" for a card. */
LL_MUST_CHECK int ll_xclbin_check_mode(const struct ll_xclbin *xclbin, const char *emulation,
                                       struct ll_why *why);

/* The kernel is there, and has exactly these arguments in this order. */
LL_MUST_CHECK int ll_xclbin_check_kernel(const struct ll_xclbin *xclbin, const char *kernel,
                                         const char *const *arguments, uint32_t argument_count,
                                         struct ll_why *why);

#endif
