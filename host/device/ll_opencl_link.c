/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_opencl_link.h"

#include "hls/ll_gateway_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES   4096u
#define PING_ORDINAL 0u

static int ll_opencl_shared_plain(struct ll_opencl_shared *shared, size_t bytes, struct ll_why *why)
{
    shared->fd = memfd_create("lifeline-link", MFD_CLOEXEC);
    if (shared->fd < 0 || ftruncate(shared->fd, (off_t)bytes) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "cannot make %zu bytes of memory to share: %s", bytes,
                       strerror(errno));
    void *words = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, shared->fd, 0);
    if (words == MAP_FAILED)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "cannot map %zu bytes of memory to share: %s", bytes,
                       strerror(errno));
    shared->words = words;
    return LL_OK;
}

/* PoCL works on the host's memory as it is. */
static int ll_opencl_shared_pocl(struct ll_opencl_shared *shared, size_t bytes,
                                 struct ll_opencl_device *device, struct ll_why *why)
{
    cl_int error = CL_SUCCESS;
    int err = ll_opencl_shared_plain(shared, bytes, why);
    if (err != LL_OK)
        return err;
    shared->buffer = device->api.clCreateBuffer(device->context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR,
                                                bytes, (void *)(uintptr_t)shared->words, &error);
    return error == CL_SUCCESS ? LL_OK : LL_OPENCL_FAIL(why, error, "giving shared memory to the kernel");
}

static int ll_opencl_shared_xrt(struct ll_opencl_shared *shared, size_t bytes,
                                struct ll_opencl_device *device, struct ll_why *why)
{
    struct ll_opencl_xcl_mem_ext host_only = {LL_OPENCL_XCL_HOST_ONLY, NULL, NULL};
    cl_int error = CL_SUCCESS;
    shared->buffer = device->api.clCreateBuffer(
        device->context, CL_MEM_READ_WRITE | LL_OPENCL_MEM_EXT_PTR_XILINX, bytes, &host_only, &error);
    if (error == CL_SUCCESS)
        shared->words =
            device->api.clEnqueueMapBuffer(device->queue, shared->buffer, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE,
                                           0, bytes, 0, NULL, NULL, &error);
    if (error != CL_SUCCESS)
        return LL_FAIL(
            why, LL_ERR_ENVIRONMENT,
            "the card sees no memory of the host (%s): enable it as root, xrt-smi configure --host-mem "
            "-d <BDF> --size 1G enable; or use --device-mode batch",
            ll_opencl_error_name(error));
    if (device->api.xcl_get_fd == NULL || device->api.xcl_get_fd(shared->buffer, &shared->fd) != CL_SUCCESS ||
        shared->fd < 0)
        return LL_FAIL(
            why, LL_ERR_ENVIRONMENT,
            "this XRT cannot share its memory (xclGetMemObjectFd): use XRT 2.13, or --device-mode batch");
    memset((void *)(uintptr_t)shared->words, 0, bytes);
    return LL_OK;
}

int ll_opencl_link_init(struct ll_opencl_link *link, uint32_t slots, struct ll_opencl_device *device,
                        struct ll_why *why)
{
    int err = LL_OK;
    memset(link, 0, sizeof *link);
    link->slots = slots;
    link->bytes = ll_align_up((size_t)ll_link_words(slots) * sizeof(u64), PAGE_BYTES);
    link->is_mapped_by_runtime = device != NULL && device->is_xrt;
    for (uint32_t way = 0; way < LL_OPENCL_WAYS; way++)
        link->ways[way].fd = -1;
    for (uint32_t way = 0; way < LL_OPENCL_WAYS && err == LL_OK; way++) {
        struct ll_opencl_shared *shared = &link->ways[way];
        if (device == NULL)
            err = ll_opencl_shared_plain(shared, link->bytes, why);
        else if (device->is_xrt)
            err = ll_opencl_shared_xrt(shared, link->bytes, device, why);
        else
            err = ll_opencl_shared_pocl(shared, link->bytes, device, why);
    }
    return err;
}

void ll_opencl_link_put_ping(struct ll_opencl_link *link)
{
    struct ll_beat beat = {{LL_BEAT_OP_PING, 0, 0, 0, 0, 0, 0, 0}};
    ll_link_put(link->ways[LL_OPENCL_TO_DEVICE].words, link->slots, PING_ORDINAL, LL_BEAT_CONTROL, beat);
}

int ll_opencl_link_take_ping(struct ll_opencl_link *link, struct ll_why *why)
{
    u64 layout;
    if (ll_link_has(link->ways[LL_OPENCL_FROM_DEVICE].words, link->slots, PING_ORDINAL) == 0)
        return 0;
    layout = ll_link_get(link->ways[LL_OPENCL_FROM_DEVICE].words, link->slots, PING_ORDINAL).word[4];
    for (uint32_t way = 0; way < LL_OPENCL_WAYS; way++)
        for (uint32_t word = 0; word < LL_BEAT_WORDS; word++)
            link->ways[way].words[ll_link_slot_at(PING_ORDINAL, link->slots) + word] = 0;
    if (layout == LL_GATEWAY_LAYOUT)
        return 1;
    return LL_FAIL(why, LL_ERR_INPUT,
                   "the kernel's layout is %llx, and this program's is %x: give a binary of this version",
                   (unsigned long long)layout, LL_GATEWAY_LAYOUT);
}

void ll_opencl_link_deinit(struct ll_opencl_link *link, struct ll_opencl_device *device)
{
    for (uint32_t way = 0; way < LL_OPENCL_WAYS; way++) {
        struct ll_opencl_shared *shared = &link->ways[way];
        if (shared->buffer != NULL)
            (void)device->api.clReleaseMemObject(shared->buffer);
        if (shared->words != NULL && !link->is_mapped_by_runtime)
            (void)munmap((void *)(uintptr_t)shared->words, link->bytes);
        if (link->bytes != 0 && shared->fd >= 0)
            (void)close(shared->fd);
    }
    memset(link, 0, sizeof *link);
}
