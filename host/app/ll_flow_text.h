/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "[ADDR:]PORT" on a command line to a flow of a port.
 *
 * Shape    text and line in, struct ll_flow out. Without an address any destination address will do.
 * Units    IPv4 address and UDP port in host byte order.
 * Errors   LL_ERR_USAGE with the text and what is allowed.
 * Threads  pure.
 */
#ifndef LL_HOST_APP_FLOW_TEXT_H
#define LL_HOST_APP_FLOW_TEXT_H

#include "dpdk/ll_port.h"
#include "host/base/ll_err.h"

#include <stdint.h>

struct ll_flow_text {
    const char *text;
    uint32_t line;
};

LL_MUST_CHECK int ll_flow_parse(const struct ll_flow_text *text, struct ll_flow *flow, struct ll_why *why);

#endif
