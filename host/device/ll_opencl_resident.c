/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_opencl_resident.h"

#include "host/base/ll_assert.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* On a thread of the runtime. */
static void CL_CALLBACK ll_opencl_on_end(cl_event event, cl_int status, void *context)
{
    struct ll_opencl_resident *resident = context;
    uint64_t one = 1;
    (void)event;
    (void)status;
    (void)!write(resident->ended_fd, &one, sizeof one);
}

static int ll_opencl_resident_launch(struct ll_opencl_resident *resident, uint32_t first, struct ll_why *why)
{
    struct ll_opencl_device *device = resident->device;
    int err = ll_opencl_device_launch(device, 0, first, 0, NULL, 0, &resident->event, why);
    if (err != LL_OK)
        return err;
    resident->launches++;
    cl_int error = device->api.clSetEventCallback(resident->event, CL_COMPLETE, ll_opencl_on_end, resident);
    if (error != CL_SUCCESS)
        return LL_OPENCL_FAIL(why, error, "asking to be told when the kernel ends");
    return ll_opencl_device_flush(device, why);
}

int ll_opencl_resident_start(struct ll_opencl_resident *resident, struct ll_opencl_device *device,
                             struct ll_opencl_link *link, struct ll_why *why)
{
    memset(resident, 0, sizeof *resident);
    resident->device = device;
    resident->link = link;
    resident->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (resident->ended_fd < 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "cannot make an eventfd: %s", strerror(errno));
    int err = ll_opencl_device_set_link(device, 0, link->ways[LL_OPENCL_TO_DEVICE].buffer,
                                        link->ways[LL_OPENCL_FROM_DEVICE].buffer, why);
    if (err != LL_OK)
        return err;
    ll_opencl_link_put_ping(link);
    return ll_opencl_resident_launch(resident, 0, why);
}

int ll_opencl_resident_tend(struct ll_opencl_resident *resident, struct ll_why *why)
{
    uint64_t ends = 0;
    const volatile u64 *from = resident->link->ways[LL_OPENCL_FROM_DEVICE].words;
    if (resident->event == NULL)
        return LL_ERR_STOPPED;
    (void)!read(resident->ended_fd, &ends, sizeof ends);
    int ended = ll_opencl_device_ended(resident->device, resident->event, why);
    if (ended == 0)
        return LL_OK;
    (void)resident->device->api.clReleaseEvent(resident->event);
    resident->event = NULL;
    if (ended < 0)
        return LL_ERR_STOPPED;
    u64 end = ll_link_load(from + LL_LINK_END);
    if (end == LL_LINK_IDLE)
        return ll_opencl_resident_launch(resident, (uint32_t)ll_link_load(from + LL_LINK_NEXT), why);
    if (end == LL_LINK_STOPPED)
        return LL_FAIL(why, LL_ERR_STOPPED, "the kernel was told to end");
    return LL_FAIL(why, LL_ERR_STOPPED,
                   "the kernel ended without saying so (%llu): its program is of another version",
                   (unsigned long long)end);
}

void ll_opencl_resident_stop(struct ll_opencl_resident *resident)
{
    ll_link_store(resident->link->ways[LL_OPENCL_TO_DEVICE].words + LL_LINK_STOP, 1);
}

bool ll_opencl_resident_is_running(const struct ll_opencl_resident *resident)
{
    return resident->event != NULL;
}

void ll_opencl_resident_deinit(struct ll_opencl_resident *resident)
{
    LL_ASSERT(resident->event == NULL);
    if (resident->device != NULL && resident->ended_fd >= 0)
        (void)close(resident->ended_fd);
    memset(resident, 0, sizeof *resident);
}
