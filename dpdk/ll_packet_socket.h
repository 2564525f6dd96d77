/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's own loss count of the packet socket inside DPDK's af_packet device.
 *
 * Shape    That driver reports no loss at all, and does not give its socket away. So: note which packet sockets the
 *          process has, let the driver open its own, find the new one, and ask the kernel about it.
 * Units    frames.
 * Errors   none: a socket that is not found has descriptor -1 and drops nothing.
 * Threads  one owner. The descriptor belongs to the driver: never close it.
 * Source   packet(7), PACKET_STATISTICS: reading it sets it back to zero.
 */
#ifndef LL_DPDK_PACKET_SOCKET_H
#define LL_DPDK_PACKET_SOCKET_H

#include <stdint.h>

#define LL_PACKET_SOCKET_FD_MAX 1024

struct ll_packet_socket_set { /* private */
    uint64_t bits[LL_PACKET_SOCKET_FD_MAX / 64];
};

/* The packet sockets of this process right now. */
void ll_packet_socket_note(struct ll_packet_socket_set *set);
/* The packet socket on `interface` that is not in `before`; -1 = none. */
int ll_packet_socket_find(const struct ll_packet_socket_set *before, const char *interface);
/* Dropped since the last call. */
uint64_t ll_packet_socket_drops(int fd);

#endif
