/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that say where the kernel runs and what happens when it is lost: one definition for every program.
 *
 * Shape    A program's options have a struct ll_device_options in them and LL_DEVICE_ROWS in their table; default ->
 *          parse -> config.
 * Units    each row names its own.
 * Errors   none here: the table checks words and ranges, ll_device_open the rest.
 * Threads  start-up only.
 */
#ifndef LL_HOST_APP_DEVICE_OPTIONS_H
#define LL_HOST_APP_DEVICE_OPTIONS_H

#include "host/base/ll_clock.h"
#include "host/base/ll_options.h"
#include "host/device/ll_device.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ll_device_options {
    const char *name;
    const char *mode;
    bool verify;
    const char *loss;
    const char *start;
    uint64_t watchdog_ns;
    const char *binary;
    uint64_t launch_batch;
    uint64_t launch_close_ns;
};

#define LL_DEVICE_ROW(type, member, name, kind, field, min, max, value, choices, help) \
    {                                                                                  \
        name, kind, offsetof(type, member.field), min, max, value, choices, (help)     \
    }

/* `member` is where in `type` the struct ll_device_options is. */
#define LL_DEVICE_ROWS(type, member)                                                                         \
    LL_DEVICE_ROW(type, member, "device", LL_OPTION_STRING, name, 0, 0, "NAME", NULL,                        \
                  "where the kernel runs: cpu (this process, the default), pocl (OpenCL on this CPU), xrt "  \
                  "or xrt:N (the N-th Xilinx card from 0, or its emulation); `lifeline device list` shows "  \
                  "what there is"),                                                                          \
        LL_DEVICE_ROW(type, member, "device-mode", LL_OPTION_CHOICE, mode, 0, 0, NULL, "resident|batch",     \
                      "resident (the default): the kernel runs all the time and looks for requests in host " \
                      "memory; batch: it is launched for each batch, where residence cannot be had"),        \
        LL_DEVICE_ROW(type, member, "verify-device", LL_OPTION_FLAG, verify, 0, 0, NULL, NULL,               \
                      "run the kernel here beside the device and compare each answer before it is used; "    \
                      "another answer is a loss of the device"),                                             \
        LL_DEVICE_ROW(type, member, "device-loss", LL_OPTION_CHOICE, loss, 0, 0, NULL, "cpu|reload|stop",    \
                      "when the device is silent, wrong or gone: go on in this process (cpu, the default), " \
                      "do so until a new device is loaded (reload), or stop with an error (stop)"),          \
        LL_DEVICE_ROW(type, member, "device-start", LL_OPTION_CHOICE, start, 0, 0, NULL, "must|may",         \
                      "a device that does not start is an error (must, the default), or a loss (may)"),      \
        LL_DEVICE_ROW(type, member, "device-watchdog", LL_OPTION_DURATION, watchdog_ns, LL_NS_PER_MS,        \
                      3600 * LL_NS_PER_S, "TIME", NULL,                                                      \
                      "a device that leaves a request unanswered for so long is lost (default 2s, long "     \
                      "enough for an emulated one)"),                                                        \
        LL_DEVICE_ROW(type, member, "device-binary", LL_OPTION_STRING, binary, 0, 0, "PATH", NULL,           \
                      "xrt: the xclbin; pocl: the directory of the kernel's source (default: what was "      \
                      "built with this program)"),                                                           \
        LL_DEVICE_ROW(type, member, "device-batch", LL_OPTION_U64, launch_batch, 0, 1024, "N", NULL,         \
                      "batch mode: requests that make a batch full, 1..1024; 0 (the default): as suits "     \
                      "the device"),                                                                         \
        LL_DEVICE_ROW(type, member, "device-close", LL_OPTION_DURATION, launch_close_ns, 0, LL_NS_PER_S,     \
                      "TIME", NULL,                                                                          \
                      "batch mode: launch a batch that is not full when its oldest request is this old; 0 "  \
                      "(the default): at once")

void ll_device_options_default(struct ll_device_options *options);

/* What is no option (capacities, the kernel's batch) stays as it is. What becomes of the device goes to stderr, with
 * the time. A stop (host/app/ll_stop.h) ends the wait for the device. */
void ll_device_options_config(const struct ll_device_options *options, struct ll_device_config *config);

/* An opening that ended with `status` was stopped while it waited for the device: nothing was begun, and that is no
 * failure. */
bool ll_device_options_was_stopped(int status);

#endif
