/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_opencl_device.h"

#include "hls/ll_gateway.h"
#include "host/base/ll_assert.h"
#include "host/device/ll_opencl_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLATFORMS_MAX 16u
#define DEVICES_MAX   16u
#define PAGE_BYTES    4096u
#define LINE_BYTES    64u

/* Indices of the kernel's arguments: memories, scalars, scratches. */
enum {
    LL_OPENCL_ARG_LINK = LL_PART_COUNT,
    LL_OPENCL_ARG_LAST_MEMORY = LL_GATEWAY_MEMORY_COUNT - 1,
#define LL_OPENCL_ARG_SCALAR(name) LL_OPENCL_ARG_##name,
    LL_GATEWAY_SCALARS(LL_OPENCL_ARG_SCALAR)
#undef LL_OPENCL_ARG_SCALAR
        LL_OPENCL_ARG_SCRATCHES
};

static const size_t ll_opencl_scratch_bytes[LL_GATEWAY_SCRATCH_COUNT] = {
#define LL_OPENCL_SCRATCH_BYTES(name, type) LL_GATEWAY_RUN_MAX * sizeof(type),
    LL_GATEWAY_SCRATCHES(LL_OPENCL_SCRATCH_BYTES)
#undef LL_OPENCL_SCRATCH_BYTES
};

/* What makes a part smaller. */
static const char *ll_opencl_option_of(uint32_t part)
{
    switch (part) {
    case LL_PART_BOOK_CONTROL:
    case LL_PART_BOOK_BUCKETS:
        return "--orders";
    case LL_PART_LEAVES:
    case LL_PART_LEVELS:
    case LL_PART_INNERS:
        return "--levels";
    case LL_PART_SIDES:
        return "--books";
    case LL_PART_LIFE_ORDERS:
        return "--own-orders";
    default:
        return "--ids";
    }
}

static const char *ll_opencl_part_text(uint32_t part)
{
    static const char *const texts[LL_PART_COUNT] = {
#define LL_OPENCL_PART_TEXT(name, number, text, bytes) text,
        LL_PARTS(LL_OPENCL_PART_TEXT)
#undef LL_OPENCL_PART_TEXT
    };
    return texts[part];
}

/* --- Finding ------------------------------------------------------------------------------------------------ */

static int ll_opencl_no_platform(const struct ll_opencl_device *device, const char *wanted,
                                 struct ll_why *why)
{
    const char *vendors = getenv("OCL_ICD_VENDORS");
    if (device->is_xrt && !device->is_emulated)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "XRT finds no card (see `xrt-smi examine` or `xbutil examine`); without one, set "
                       "XCL_EMULATION_MODE=sw_emu, or use --device pocl or cpu");
    return LL_FAIL(why, LL_ERR_ENVIRONMENT, "OpenCL has no platform \"%s\" in %s: install the package %s, %s",
                   wanted, vendors == NULL || vendors[0] == '\0' ? LL_OPENCL_VENDORS_DIR : vendors,
                   device->is_xrt ? "libxrt1" : "pocl-opencl-icd",
                   "or let OCL_ICD_VENDORS name a directory that has its .icd file");
}

static int ll_opencl_find_platform(struct ll_opencl_device *device, struct ll_why *why)
{
    const char *wanted = device->is_xrt ? "Xilinx" : "Portable Computing Language";
    cl_platform_id platforms[PLATFORMS_MAX];
    cl_uint count = 0;
    cl_int error = device->api.clGetPlatformIDs(PLATFORMS_MAX, platforms, &count);
    if (error != CL_SUCCESS && error != CL_PLATFORM_NOT_FOUND_KHR)
        return LL_OPENCL_FAIL(why, error, "asking for the platforms");
    if (error != CL_SUCCESS)
        count = 0;
    for (cl_uint i = 0; i < count && i < PLATFORMS_MAX; i++) {
        char name[LL_DEVICE_LINK_NAME_BYTES] = "";
        (void)device->api.clGetPlatformInfo(platforms[i], CL_PLATFORM_NAME, sizeof name - 1, name, NULL);
        if (strcmp(name, wanted) != 0)
            continue;
        device->platform = platforms[i];
        (void)snprintf(device->platform_name, sizeof device->platform_name, "%s", name);
        return LL_OK;
    }
    return ll_opencl_no_platform(device, wanted, why);
}

static int ll_opencl_find_card(struct ll_opencl_device *device, uint32_t card, struct ll_why *why)
{
    cl_device_id devices[DEVICES_MAX];
    cl_uint count = 0;
    cl_int error =
        device->api.clGetDeviceIDs(device->platform, CL_DEVICE_TYPE_ALL, DEVICES_MAX, devices, &count);
    if (error != CL_SUCCESS)
        return LL_OPENCL_FAIL(why, error, "asking for the devices");
    if (card >= count || card >= DEVICES_MAX)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "device %u was asked for, and %s has %u (from 0): see lifeline-device --list", card,
                       device->platform_name, (unsigned)count);
    device->device = devices[card];
    error = device->api.clGetDeviceInfo(device->device, CL_DEVICE_NAME, sizeof device->device_name - 1,
                                        device->device_name, NULL);
    if (error != CL_SUCCESS) /* longer than that: it is only a name */
        (void)snprintf(device->device_name, sizeof device->device_name, "device %u", card);
    return LL_OK;
}

static int ll_opencl_check_room(struct ll_opencl_device *device, const uint64_t *part_bytes,
                                struct ll_why *why)
{
    cl_ulong all = 0;
    cl_ulong one = 0;
    uint64_t sum = 0;
    uint32_t largest = 0;
    cl_int error =
        device->api.clGetDeviceInfo(device->device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof all, &all, NULL);
    if (error == CL_SUCCESS)
        error =
            device->api.clGetDeviceInfo(device->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof one, &one, NULL);
    if (error != CL_SUCCESS)
        return LL_OPENCL_FAIL(why, error, "asking how large the device's memory is");
    for (uint32_t i = 0; i < LL_PART_COUNT; i++) {
        if (part_bytes[i] > one)
            return LL_FAIL(why, LL_ERR_FULL,
                           "%s take %llu MB, and one buffer of %s has at most %llu MB: lower %s",
                           ll_opencl_part_text(i), (unsigned long long)(part_bytes[i] >> 20),
                           device->device_name, (unsigned long long)(one >> 20), ll_opencl_option_of(i));
        sum += part_bytes[i];
        largest = part_bytes[i] > part_bytes[largest] ? i : largest;
    }
    if (sum > all)
        return LL_FAIL(why, LL_ERR_FULL,
                       "the tables take %llu MB, and %s has %llu MB: lower %s (%s are the largest)",
                       (unsigned long long)(sum >> 20), device->device_name, (unsigned long long)(all >> 20),
                       ll_opencl_option_of(largest), ll_opencl_part_text(largest));
    return LL_OK;
}

int ll_opencl_device_find(struct ll_opencl_device *device, const struct ll_device_request *request,
                          const char *library, struct ll_why *why)
{
    const char *emulation = getenv("XCL_EMULATION_MODE");
    memset(device, 0, sizeof *device);
    device->is_xrt = request->platform == LL_DEVICE_PLATFORM_XRT;
    device->is_emulated = device->is_xrt && emulation != NULL && emulation[0] != '\0';
    int err = ll_opencl_api_open(&device->api, library, why);
    if (err == LL_OK)
        err = ll_opencl_find_platform(device, why);
    if (err == LL_OK)
        err = ll_opencl_find_card(device, request->card, why);
    if (err == LL_OK)
        err = ll_opencl_check_room(device, request->part_bytes, why);
    if (err == LL_OK && device->is_xrt)
        ll_opencl_api_find_xcl(&device->api);
    return err;
}

/* --- Loading ------------------------------------------------------------------------------------------------ */

int ll_opencl_device_load(struct ll_opencl_device *device, const struct ll_device_request *request,
                          const struct ll_opencl_environment *environment, const char *program_dir,
                          struct ll_why *why)
{
    char path[LL_OPENCL_PATH_BYTES];
    cl_int error = CL_SUCCESS;
    int err = device->is_xrt ? ll_opencl_find_xclbin(path, request->binary, environment, why)
                             : ll_opencl_find_source(path, request->binary, program_dir, why);
    if (err != LL_OK)
        return err;
    device->context = device->api.clCreateContext(NULL, 1, &device->device, NULL, NULL, &error);
    if (error != CL_SUCCESS)
        return LL_OPENCL_FAIL(why, error, "opening the device");
    device->queue = device->api.clCreateCommandQueue(device->context, device->device,
                                                     CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &error);
    if (error != CL_SUCCESS)
        return LL_OPENCL_FAIL(why, error, "making a queue");
    struct ll_opencl_place place = {&device->api, device->context, device->device};
    return device->is_xrt ? ll_opencl_load_xclbin(&device->program, &place, path, environment->emulation, why)
                          : ll_opencl_build_source(&device->program, &place, path, why);
}

/* --- Preparing ---------------------------------------------------------------------------------------------- */

static int ll_opencl_set_arg(struct ll_opencl_device *device, uint32_t lane, uint32_t index,
                             const void *value, size_t bytes, struct ll_why *why)
{
    cl_int error = device->api.clSetKernelArg(device->kernels[lane], index, bytes, value);
    return error == CL_SUCCESS ? LL_OK : LL_OPENCL_FAIL(why, error, "setting an argument of the kernel");
}

static size_t ll_opencl_buffer_bytes(uint64_t bytes)
{
    return bytes == 0 ? PAGE_BYTES : ll_align_up(bytes, PAGE_BYTES); /* OpenCL has no empty buffers */
}

/* On this processor in memory of ours, which is zero; else the device's. */
static int ll_opencl_make_buffer(struct ll_opencl_device *device, cl_mem *buffer, uint64_t bytes,
                                 struct ll_why *why)
{
    cl_int error = CL_SUCCESS;
    size_t buffer_bytes = ll_opencl_buffer_bytes(bytes);
    cl_mem_flags flags = CL_MEM_READ_WRITE | (device->is_xrt ? 0 : CL_MEM_USE_HOST_PTR);
    void *memory = device->is_xrt ? NULL : ll_arena_alloc(&device->memory, buffer_bytes, PAGE_BYTES);
    *buffer = device->api.clCreateBuffer(device->context, flags, buffer_bytes, memory, &error);
    device->memory_bytes += buffer_bytes;
    return error == CL_SUCCESS ? LL_OK : LL_OPENCL_FAIL(why, error, "taking memory for the tables");
}

static int ll_opencl_make_tables(struct ll_opencl_device *device, const uint64_t *part_bytes,
                                 struct ll_why *why)
{
    size_t bytes = 0;
    int err = LL_OK;
    for (uint32_t i = 0; i < LL_PART_COUNT; i++)
        bytes += ll_opencl_buffer_bytes(part_bytes[i]);
    for (uint32_t i = 0; i < LL_GATEWAY_SCRATCH_COUNT; i++)
        bytes += ll_opencl_buffer_bytes(ll_opencl_scratch_bytes[i]);
    if (!device->is_xrt)
        err = ll_arena_init(&device->memory, bytes, why);
    /* XRT chooses the memory bank when the buffer becomes an argument, so that comes at once. */
    for (uint32_t i = 0; i < LL_PART_COUNT && err == LL_OK; i++) {
        err = ll_opencl_make_buffer(device, &device->parts[i], part_bytes[i], why);
        if (err == LL_OK)
            err = ll_opencl_set_arg(device, 0, i, &device->parts[i], sizeof(cl_mem), why);
    }
    for (uint32_t i = 0; i < LL_GATEWAY_SCRATCH_COUNT && err == LL_OK && !device->is_xrt; i++)
        err = ll_opencl_make_buffer(device, &device->scratches[i], ll_opencl_scratch_bytes[i], why);
    return err;
}

/* The kernel wants the control lines zero; nothing else of the tables matters before they are loaded. XRT would
 * copy each buffer to the card with the first launch if it were not told that there is nothing in them. */
static int ll_opencl_clear_tables(struct ll_opencl_device *device, struct ll_why *why)
{
    static const uint8_t zeros[LINE_BYTES];
    static const uint32_t lines[] = {LL_PART_BOOK_CONTROL, LL_PART_LIFE_CONTROL};
    if (!device->is_xrt)
        return LL_OK;
    cl_int error = device->api.clEnqueueMigrateMemObjects(
        device->queue, LL_PART_COUNT, device->parts, CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED, 0, NULL, NULL);
    if (error == CL_SUCCESS)
        error = device->api.clFinish(device->queue);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0] && error == CL_SUCCESS; i++)
        error = device->api.clEnqueueWriteBuffer(device->queue, device->parts[lines[i]], CL_TRUE, 0,
                                                 sizeof zeros, zeros, 0, NULL, NULL);
    return error == CL_SUCCESS ? LL_OK : LL_OPENCL_FAIL(why, error, "clearing the tables");
}

static int ll_opencl_make_kernel(struct ll_opencl_device *device, uint32_t lane, struct ll_why *why)
{
    cl_int error = CL_SUCCESS;
    device->kernels[lane] = device->api.clCreateKernel(device->program, LL_GATEWAY_KERNEL, &error);
    return error == CL_SUCCESS ? LL_OK : LL_OPENCL_FAIL(why, error, "taking the kernel " LL_GATEWAY_KERNEL);
}

/* Every argument that stays. */
static int ll_opencl_set_args(struct ll_opencl_device *device, uint32_t lane,
                              const struct ll_device_request *request, uint32_t slots, struct ll_why *why)
{
    cl_uint looks_max =
        request->looks_max == 0 || request->looks_max > UINT32_MAX ? UINT32_MAX : (cl_uint)request->looks_max;
    int err = LL_OK;
    for (uint32_t i = 0; i < LL_PART_COUNT && err == LL_OK; i++)
        err = ll_opencl_set_arg(device, lane, i, &device->parts[i], sizeof(cl_mem), why);
    for (uint32_t i = 0; i < LL_GATEWAY_SCRATCH_COUNT && err == LL_OK && !device->is_xrt; i++)
        err = ll_opencl_set_arg(device, lane, LL_OPENCL_ARG_SCRATCHES + i, &device->scratches[i],
                                sizeof(cl_mem), why);
    if (err == LL_OK)
        err = ll_opencl_set_arg(device, lane, LL_OPENCL_ARG_slots, &slots, sizeof(cl_uint), why);
    if (err == LL_OK)
        err = ll_opencl_set_arg(device, lane, LL_OPENCL_ARG_looks_max, &looks_max, sizeof looks_max, why);
    if (err == LL_OK)
        err = ll_opencl_set_arg(device, lane, LL_OPENCL_ARG_batch, &request->kernel_batch, sizeof(cl_uint),
                                why);
    return err;
}

int ll_opencl_device_prepare(struct ll_opencl_device *device, const struct ll_device_request *request,
                             uint32_t lanes, uint32_t slots, struct ll_why *why)
{
    int err = LL_OK;
    LL_ASSERT(lanes >= 1 && lanes <= LL_OPENCL_LANES_MAX);
    for (uint32_t lane = 0; lane < lanes && err == LL_OK; lane++)
        err = ll_opencl_make_kernel(device, lane, why);
    if (err == LL_OK)
        err = ll_opencl_make_tables(device, request->part_bytes, why);
    if (err == LL_OK)
        err = ll_opencl_clear_tables(device, why);
    for (uint32_t lane = 0; lane < lanes && err == LL_OK; lane++)
        err = ll_opencl_set_args(device, lane, request, slots, why);
    return err;
}

int ll_opencl_device_set_link(struct ll_opencl_device *device, uint32_t lane, cl_mem to_device,
                              cl_mem from_device, struct ll_why *why)
{
    int err = ll_opencl_set_arg(device, lane, LL_OPENCL_ARG_LINK, &to_device, sizeof(cl_mem), why);
    if (err == LL_OK)
        err = ll_opencl_set_arg(device, lane, LL_OPENCL_ARG_LINK + 1, &from_device, sizeof(cl_mem), why);
    return err;
}

/* --- Running ------------------------------------------------------------------------------------------------ */

int ll_opencl_device_launch(struct ll_opencl_device *device, uint32_t lane, uint32_t first, uint32_t count,
                            const cl_event *waits, uint32_t wait_count, cl_event *event, struct ll_why *why)
{
    int err = ll_opencl_set_arg(device, lane, LL_OPENCL_ARG_first, &first, sizeof(cl_uint), why);
    if (err == LL_OK)
        err = ll_opencl_set_arg(device, lane, LL_OPENCL_ARG_count, &count, sizeof(cl_uint), why);
    if (err != LL_OK)
        return err;
    cl_int error = device->api.clEnqueueTask(device->queue, device->kernels[lane], wait_count,
                                             wait_count == 0 ? NULL : waits, event);
    return error == CL_SUCCESS ? LL_OK : LL_OPENCL_FAIL(why, error, "launching the kernel");
}

int ll_opencl_device_flush(struct ll_opencl_device *device, struct ll_why *why)
{
    if (device->is_xrt) /* it starts by itself, and clFlush would wait for its end */
        return LL_OK;
    cl_int error = device->api.clFlush(device->queue);
    return error == CL_SUCCESS ? LL_OK : LL_OPENCL_FAIL(why, error, "handing over the launch");
}

int ll_opencl_device_ended(struct ll_opencl_device *device, cl_event event, struct ll_why *why)
{
    cl_int status = CL_QUEUED;
    cl_int error =
        device->api.clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL);
    if (error == CL_SUCCESS && status < 0)
        error = status;
    if (error != CL_SUCCESS)
        return LL_OPENCL_FAIL(why, error, "running the kernel");
    return status == CL_COMPLETE;
}

void ll_opencl_device_close(struct ll_opencl_device *device)
{
    const struct ll_opencl_api *api = &device->api;
    LL_ASSERT(!device->is_xrt);
    for (uint32_t i = 0; i < LL_OPENCL_LANES_MAX; i++)
        if (device->kernels[i] != NULL)
            (void)api->clReleaseKernel(device->kernels[i]);
    for (uint32_t i = 0; i < LL_PART_COUNT; i++)
        if (device->parts[i] != NULL)
            (void)api->clReleaseMemObject(device->parts[i]);
    for (uint32_t i = 0; i < LL_GATEWAY_SCRATCH_COUNT; i++)
        if (device->scratches[i] != NULL)
            (void)api->clReleaseMemObject(device->scratches[i]);
    if (device->program != NULL)
        (void)api->clReleaseProgram(device->program);
    if (device->queue != NULL)
        (void)api->clReleaseCommandQueue(device->queue);
    if (device->context != NULL)
        (void)api->clReleaseContext(device->context);
    ll_arena_deinit(&device->memory);
    ll_opencl_api_close(&device->api);
    memset(device, 0, sizeof *device);
}
