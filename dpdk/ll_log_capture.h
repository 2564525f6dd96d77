/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What DPDK says while it starts or opens something, kept for the reason of a failure instead of printed.
 *
 * Shape    begin -> the DPDK calls -> end gives the error lines, joined on one line.
 *          With `stdio` the process' stdout and stderr are caught too: EAL answers a wrong word by printing
 *          its whole usage there, getopt complains on its own, and so do the BPF libraries.
 * Units    bytes.
 * Errors   none: without memory for it, nothing is caught and the reason is empty.
 * Threads  main thread; with `stdio` before other threads print.
 */
#ifndef LL_DPDK_LOG_CAPTURE_H
#define LL_DPDK_LOG_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define LL_LOG_REASON_BYTES 160u

struct ll_log_capture { /* private */
    FILE *stream;
    char *text;
    size_t text_bytes;
    FILE *saved_stdout;
    FILE *saved_stderr;
    uint32_t saved_level;
    bool enabled;
    bool stdio;
};

/* enabled = false: both calls do nothing, the log goes where the operator asked for. */
void ll_log_capture_begin(struct ll_log_capture *capture, bool enabled, bool stdio);
/* Empty text when nothing was said. */
void ll_log_capture_end(struct ll_log_capture *capture, char reason[LL_LOG_REASON_BYTES]);

#endif
