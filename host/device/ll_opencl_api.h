/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenCL calls of the device process, found when it runs: nothing links with OpenCL, so every program
 * starts on a machine that has none.
 *
 * Shape    open(library) -> api.clGetPlatformIDs(...) -> close. One list names the calls; the table and its
 *          loading are both made from it. Errors of OpenCL have names and remedies here.
 * Units    none.
 * Errors   open: LL_ERR_ENVIRONMENT, no such library, or one without a call of the list; the text names the
 *          Debian package.
 * Threads  as OpenCL has them; the table itself is only read after open.
 * Source   The OpenCL Specification 1.2, Khronos. Names and numbers of errors: appendix of the same, CL/cl.h;
 *          -1001 is cl_khr_icd's. The Xilinx values: XRT, CL/cl_ext_xilinx.h.
 */
#ifndef LL_HOST_DEVICE_OPENCL_API_H
#define LL_HOST_DEVICE_OPENCL_API_H

#define CL_TARGET_OPENCL_VERSION 120

#include "host/base/ll_err.h"

#include <CL/cl.h>
#include <CL/cl_ext.h>

#define LL_OPENCL_LIBRARY "libOpenCL.so.1"

/* XRT's implementation of OpenCL stands at 1.2: nothing newer is used. */
#define LL_OPENCL_CALLS(C)        \
    C(clGetPlatformIDs)           \
    C(clGetPlatformInfo)          \
    C(clGetDeviceIDs)             \
    C(clGetDeviceInfo)            \
    C(clCreateContext)            \
    C(clReleaseContext)           \
    C(clCreateCommandQueue)       \
    C(clReleaseCommandQueue)      \
    C(clCreateProgramWithSource)  \
    C(clCreateProgramWithBinary)  \
    C(clBuildProgram)             \
    C(clGetProgramBuildInfo)      \
    C(clReleaseProgram)           \
    C(clCreateKernel)             \
    C(clReleaseKernel)            \
    C(clSetKernelArg)             \
    C(clCreateBuffer)             \
    C(clReleaseMemObject)         \
    C(clEnqueueMapBuffer)         \
    C(clEnqueueReadBuffer)        \
    C(clEnqueueWriteBuffer)       \
    C(clEnqueueMigrateMemObjects) \
    C(clEnqueueTask)              \
    C(clSetEventCallback)         \
    C(clGetEventInfo)             \
    C(clReleaseEvent)             \
    C(clFlush)                    \
    C(clFinish)

struct ll_opencl_api {
    void *library;
#define LL_OPENCL_CALL_FIELD(name) __typeof__(&(name)) name;
    LL_OPENCL_CALLS(LL_OPENCL_CALL_FIELD)
#undef LL_OPENCL_CALL_FIELD
    /* XRT: the buffer as a file descriptor (xclGetMemObjectFd). NULL until find_xcl has found it. */
    cl_int (*xcl_get_fd)(cl_mem memory, int *fd);
};

/* What XRT adds (CL/cl_ext_xilinx.h), so that building needs no package of it. */
#define LL_OPENCL_MEM_EXT_PTR_XILINX ((cl_mem_flags)1 << 31)
#define LL_OPENCL_XCL_HOST_ONLY      (1u << 29)

struct ll_opencl_xcl_mem_ext { /* cl_mem_ext_ptr_t */
    cl_uint flags;
    void *object;
    void *parameter;
};

/* library: NULL = LL_OPENCL_LIBRARY. */
LL_MUST_CHECK int ll_opencl_api_open(struct ll_opencl_api *api, const char *library, struct ll_why *why);
void ll_opencl_api_close(struct ll_opencl_api *api);

/* The calls that the ICD loader does not pass on. Only after a platform of XRT was found. */
void ll_opencl_api_find_xcl(struct ll_opencl_api *api);

/* "CL_DEVICE_NOT_FOUND", and what to do; never NULL. */
const char *ll_opencl_error_name(cl_int error);
const char *ll_opencl_error_remedy(cl_int error);
/* Fills `why` from an error of OpenCL: what was tried, the name, the remedy. Returns the enum ll_err. */
int ll_opencl_failed(struct ll_why *why, cl_int error, const char *file, int line, const char *what);

#define LL_OPENCL_FAIL(why, error, what) ll_opencl_failed((why), (error), __FILE__, __LINE__, (what))

#endif
