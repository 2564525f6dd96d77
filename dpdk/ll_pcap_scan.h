/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pcap file read once from end to end before it is replayed: is it whole, and how many frames has it.
 *
 * Shape    DPDK's pcap device ends silently at the first packet it cannot read, so the file is checked here,
 *          and the count makes "all given out" exact.
 * Units    frames.
 * Errors   LL_ERR_INPUT with the frame number and what to do. A capture without any packet is valid.
 * Threads  any, no state.
 */
#ifndef LL_DPDK_PCAP_SCAN_H
#define LL_DPDK_PCAP_SCAN_H

#include "host/base/ll_err.h"

#include <stdint.h>

LL_MUST_CHECK int ll_pcap_scan(const char *path, uint64_t *frame_count, struct ll_why *why);

#endif
