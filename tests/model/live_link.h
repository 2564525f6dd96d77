/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real link for tests of ports: a network namespace, a virtual Ethernet pair, and traffic over it.
 *
 * Shape    Everything is inside a namespace of the process' own and goes when the process ends.
 *          Datagrams carry their number in the first four bytes, and its low byte as filling.
 * Units    bytes.
 * Errors   false or -1 where the kernel refuses; live_exchange says what was not as expected.
 * Threads  one.
 */
#ifndef LL_TESTS_MODEL_LIVE_LINK_H
#define LL_TESTS_MODEL_LIVE_LINK_H

#include "dpdk/ll_port.h"

#include <stdbool.h>
#include <stdint.h>

#define LIVE_GROUP    0xE9360C6Fu /* 233.54.12.111 */
#define LIVE_UDP_PORT 26477u
#define LIVE_LINE     3u
#define LIVE_WAIT_NS  5000000000u

/* A namespace of our own: directly as root, else inside a user namespace where we are root. */
bool live_enter_namespace(void);
bool live_run(const char *command);
/* A pair of interfaces, up. */
bool live_make_pair(const char *one, const char *other, uint32_t mtu);
/* A packet socket that sends on the interface. */
int live_open_sender(const char *interface);
bool live_send(int fd, uint32_t index, uint32_t payload_bytes, uint16_t udp_port);
bool live_counters_add_up(const struct ll_port_counters *counters);
/* Sends 500 datagrams for the port's one flow (LIVE_GROUP, LIVE_UDP_PORT, LIVE_LINE) and as many for nobody
 * on `interface`, in portions that fit any ring; all must come. NULL = as expected, else what was not. */
const char *live_exchange(struct ll_port *port, const char *interface, uint32_t payload_bytes);

#endif
