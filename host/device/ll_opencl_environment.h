/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an OpenCL runtime wants of its environment, looked at and put right before the first OpenCL call: XRT
 * does not return an error over a wrong variable or a missing file, it ends the process.
 *
 * Shape    decide (looks only) -> apply (makes the private directory, sets the variables) -> if must_exec, the
 *          caller executes itself once more, since the C library reads GLIBC_TUNABLES only then -> decide and
 *          apply again, which now find everything in place -> enter -> ... -> remove.
 *
 *            pocl         only PoCL is loaded, wherever OCL_ICD_VENDORS says nothing else; its cache of compiled
 *                         kernels lies where it can be written
 *            xrt, card    XCL_EMULATION_MODE empty; XILINX_XRT names an installation
 *            xrt, sw_emu  an installation of Vitis as the environment names it, or else the emulation tree:
 *                         $LIFELINE_EMULATION or <directory of the program>/emulation. The process gets a
 *                         private directory and a name of its own for the runtime's files and sockets
 *            xrt, hw_emu  an installation of Vitis as the environment names it
 * Units    bytes.
 * Errors   LL_ERR_ENVIRONMENT with the remedy; LL_ERR_USAGE, a value of XCL_EMULATION_MODE there is not.
 * Threads  start-up only: the environment belongs to the process.
 * Source   XRT 2.13 (Debian libxrt1 202210.2.13.466), core/pcie/emulation and xrt_core's loader, as observed;
 *          ocl-icd 2.3.1, OCL_ICD_VENDORS; PoCL 3.1, POCL_CACHE_DIR.
 */
#ifndef LL_HOST_DEVICE_OPENCL_ENVIRONMENT_H
#define LL_HOST_DEVICE_OPENCL_ENVIRONMENT_H

#include "host/base/ll_err.h"
#include "host/device/ll_device_link.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LL_OPENCL_SETTINGS_MAX 12u
#define LL_OPENCL_PATH_BYTES   1024u
#define LL_OPENCL_VENDORS_DIR  "/etc/OpenCL/vendors"

struct ll_opencl_setting {
    const char *name;
    char value[LL_OPENCL_PATH_BYTES];
};

struct ll_opencl_environment {
    struct ll_opencl_setting settings[LL_OPENCL_SETTINGS_MAX];
    uint32_t setting_count;
    bool must_exec;                  /* after apply: execute this program once more */
    pid_t private_pid;               /* of whom the private directory is; 0 = none is needed */
    char emulation[16];              /* "", "sw_emu" or "hw_emu" */
    char tree[LL_OPENCL_PATH_BYTES]; /* the emulation tree; empty = not used */
    char cache[64];                  /* made for compiled kernels; empty = they have a place */
};

/* program_dir: where this program lies; pid: of this process. */
LL_MUST_CHECK int ll_opencl_environment_decide(struct ll_opencl_environment *environment,
                                               enum ll_device_platform platform, const char *program_dir,
                                               pid_t pid, struct ll_why *why);
LL_MUST_CHECK int ll_opencl_environment_apply(const struct ll_opencl_environment *environment,
                                              struct ll_why *why);

/* The private directory becomes the working directory, where there is one: the emulation leaves files there. */
LL_MUST_CHECK int ll_opencl_environment_enter(const struct ll_opencl_environment *environment,
                                              struct ll_why *why);

/* Takes away what this process, or one that has ended, left in /dev/shm and /tmp. */
void ll_opencl_environment_remove(pid_t pid);
/* The same for every process that is no more: some are killed. Only what belongs to this user. */
void ll_opencl_environment_sweep(void);

#endif
