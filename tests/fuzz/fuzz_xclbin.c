/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: no bytes that call themselves an xclbin lead outside of them, and each is taken or refused with a reason.
 * Method: all checks on the input, for each mode, against the arguments of the gateway kernel.
 */
#include "host/base/ll_assert.h"
#include "host/device/ll_xclbin.h"
#include "kernels/ll_gateway_args.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static const char *const arguments[] = {
#define MEMORY_NAME(name, type) #name,
#define SCALAR_NAME(name)       #name,
    LL_GATEWAY_MEMORIES(MEMORY_NAME) LL_GATEWAY_SCALARS(SCALAR_NAME)};

static void check_reason(int err, const struct ll_why *why)
{
    LL_ASSERT(err == LL_OK || err == LL_ERR_INPUT);
    LL_ASSERT((err == LL_OK) == (why->text[0] == '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    static const char *const emulations[] = {"", "sw_emu", "hw_emu"};
    struct ll_xclbin xclbin;
    struct ll_why why = {0};
    uint32_t modes = 0;
    int err = ll_xclbin_read(&xclbin, bytes, bytes_count, &why);
    check_reason(err, &why);
    if (err != LL_OK)
        return 0;
    LL_ASSERT(xclbin.metadata >= (const char *)bytes);
    LL_ASSERT(xclbin.metadata + xclbin.metadata_bytes <= (const char *)bytes + bytes_count);
    LL_ASSERT(memchr(xclbin.platform, '\0', sizeof xclbin.platform) != NULL);
    for (uint32_t i = 0; i < 3; i++) {
        why = (struct ll_why){0};
        err = ll_xclbin_check_mode(&xclbin, emulations[i], &why);
        check_reason(err, &why);
        modes += err == LL_OK;
    }
    LL_ASSERT(modes == 1);
    why = (struct ll_why){0};
    err = ll_xclbin_check_kernel(&xclbin, LL_GATEWAY_KERNEL, arguments,
                                 LL_GATEWAY_MEMORY_COUNT + LL_GATEWAY_SCALAR_COUNT, &why);
    check_reason(err, &why);
    return 0;
}
