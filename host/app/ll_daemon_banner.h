/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon says when it starts: what runs, on what, with which memory, and what is not on.
 *
 * Shape    one call, after everything is open and before the first datagram.
 * Units    MB are 2^20 bytes.
 * Errors   none.
 * Threads  main thread.
 */
#ifndef LL_HOST_APP_DAEMON_BANNER_H
#define LL_HOST_APP_DAEMON_BANNER_H

#include "host/app/ll_daemon_options.h"
#include "host/app/ll_gateway.h"
#include "host/app/ll_sandbox.h"
#include "host/app/ll_sim_feed.h"

#include <stdio.h>

struct ll_daemon_banner {
    const struct ll_daemon_options *options;
    const struct ll_sandbox *sandbox;
    const struct ll_gateway *gateway;
    const struct ll_sim_feed *sim; /* NULL = none */
};

void ll_daemon_banner_print(const struct ll_daemon_banner *banner, FILE *file);

#endif
