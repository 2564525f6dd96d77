/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device process at work for one gateway (host/device/ll_device_link.h).
 *
 * Shape    request -> environment put right, if need be by executing this program once more -> device, program,
 *          tables -> READY -> the kernel works, or batches are launched -> until the socket closes or
 *          the device is lost.
 *          What the runtime prints goes to stderr. It may end this process whenever it likes: when that can
 *          still be said, the gateway hears LOST.
 * Units    ns.
 * Errors   told to the gateway as FAILED or LOST, and as exit status (ll_exit.h).
 * Threads  one, besides those of the runtime.
 */
#ifndef LL_HOST_APP_OPENCL_SERVE_H
#define LL_HOST_APP_OPENCL_SERVE_H

struct ll_opencl_serve_config {
    const char *program_dir; /* where this program lies */
    const char *library;     /* of OpenCL; NULL = the usual one */
    char **argv;             /* to execute this program once more */
};

/* The socket is descriptor LL_DEVICE_LINK_FD. Returns the exit status. */
int ll_opencl_serve(const struct ll_opencl_serve_config *config);

#endif
