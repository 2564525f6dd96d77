/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel as the platform takes it: OpenCL C that is compiled now (PoCL), or an xclbin that was linked for
 * a card or an emulation (XRT).
 *
 * Shape    find_source / find_xclbin (where it lies) -> build_source / load_xclbin -> a cl_program.
 *          The source is kernels/ll_gateway.cl under a directory that also has hls/: the one that was named, or
 *          $LIFELINE_KERNELS, or the source tree around the program's directory, or ../share/lifeline of it.
 * Units    bytes.
 * Errors   LL_ERR_INPUT, not what it should be; LL_ERR_USAGE, nothing was named where there is no default;
 *          LL_ERR_ENVIRONMENT, not found; LL_ERR_IO; what OpenCL says. All with the remedy.
 * Threads  start-up only.
 */
#ifndef LL_HOST_DEVICE_OPENCL_PROGRAM_H
#define LL_HOST_DEVICE_OPENCL_PROGRAM_H

#include "host/device/ll_opencl_api.h"
#include "host/device/ll_opencl_environment.h"

#include <stddef.h>

#define LL_OPENCL_SOURCE "kernels/ll_gateway.cl"
#define LL_OPENCL_XCLBIN "ll_gateway.sw_emu.xclbin" /* in the emulation tree */

/* Where OpenCL objects are made. */
struct ll_opencl_place {
    const struct ll_opencl_api *api;
    cl_context context;
    cl_device_id device;
};

/* named: the request's `binary`, may be empty. path: of the directory, LL_OPENCL_PATH_BYTES. */
LL_MUST_CHECK int ll_opencl_find_source(char *path, const char *named, const char *program_dir,
                                        struct ll_why *why);
LL_MUST_CHECK int ll_opencl_build_source(cl_program *program, const struct ll_opencl_place *place,
                                         const char *directory, struct ll_why *why);

/* path: of the file, LL_OPENCL_PATH_BYTES. */
LL_MUST_CHECK int ll_opencl_find_xclbin(char *path, const char *named,
                                        const struct ll_opencl_environment *environment, struct ll_why *why);
/* Everything that can be known of the file is checked before XRT gets it. */
LL_MUST_CHECK int ll_opencl_load_xclbin(cl_program *program, const struct ll_opencl_place *place,
                                        const char *path, const char *emulation, struct ll_why *why);

#endif
