/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_opencl_request.h"

#include "hls/ll_gateway.h"
#include "host/device/ll_opencl_device.h"

#include <string.h>

static int ll_opencl_out_of_range(const char *name, uint64_t value, uint64_t min, uint64_t max,
                                  struct ll_why *why)
{
    if (value >= min && value <= max)
        return LL_OK;
    return LL_FAIL(why, LL_ERR_USAGE, "%s is %llu, and must be %llu to %llu", name, (unsigned long long)value,
                   (unsigned long long)min, (unsigned long long)max);
}

int ll_opencl_request_check(const struct ll_device_request *request, size_t bytes, struct ll_why *why)
{
    if (bytes < sizeof request->magic + sizeof request->version || request->magic != LL_DEVICE_LINK_MAGIC)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "what came is no request of a gateway: lifeline-device is started by "
                       "lifelined; see --help");
    if (request->version != LL_DEVICE_LINK_VERSION || bytes != sizeof *request)
        return LL_FAIL(
            why, LL_ERR_USAGE,
            "the gateway speaks version %u of the link and this program version %u: install both from "
            "the same build",
            request->version, LL_DEVICE_LINK_VERSION);
    if (memchr(request->binary, '\0', sizeof request->binary) == NULL)
        return LL_FAIL(why, LL_ERR_USAGE, "the path of the binary has no end");
    if ((request->slots & (request->slots - 1)) != 0)
        return LL_FAIL(why, LL_ERR_USAGE, "slots is %u, and must be a power of two", request->slots);
    int err = ll_opencl_out_of_range("platform", request->platform, LL_DEVICE_PLATFORM_POCL,
                                     LL_DEVICE_PLATFORM_XRT, why);
    if (err == LL_OK)
        err = ll_opencl_out_of_range("mode", request->mode, LL_DEVICE_RESIDENT, LL_DEVICE_BATCH, why);
    if (err == LL_OK)
        err = ll_opencl_out_of_range("slots", request->slots, 2, LL_LINK_SLOTS_MAX, why);
    if (err == LL_OK)
        err = ll_opencl_out_of_range("kernel_batch", request->kernel_batch, 1, LL_GATEWAY_RUN_MAX, why);
    if (err != LL_OK || request->mode == LL_DEVICE_RESIDENT)
        return err;
    err = ll_opencl_out_of_range("batch_max", request->batch_max, 1,
                                 request->slots < LL_OPENCL_BATCH_MAX ? request->slots : LL_OPENCL_BATCH_MAX,
                                 why);
    if (err == LL_OK)
        err = ll_opencl_out_of_range("lanes", request->lanes, 1, LL_OPENCL_LANES_MAX, why);
    return err;
}
