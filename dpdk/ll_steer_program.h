/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steering program on an interface, seen from outside the kernel: whose it is, its flows, what it counted.
 *
 * Shape    ll_steer_find_object -> the driver loads and attaches it -> ll_steer_open -> ll_steer_add_flow ... ->
 *          ll_steer_read -> ll_steer_close, which leaves the program where it is. ll_steer_clear takes away what
 *          a killed gateway left.
 *          The driver does not tell what it loaded: everything is found by asking the kernel, so it works from
 *          another process as well.
 * Units    IPv4 address and UDP port in host byte order here; counts as in ll_steer.h.
 * Errors   LL_ERR_ENVIRONMENT: no such interface, no program there, somebody else's, no right; the text says what
 *          to do. LL_ERR_FULL: no room for a flow. LL_ERR_BUSY: a program that cannot be detached.
 * Threads  one owner. Any number of processes may read.
 */
#ifndef LL_DPDK_STEER_PROGRAM_H
#define LL_DPDK_STEER_PROGRAM_H

#include "dpdk/ll_steer.h"
#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_STEER_OBJECT     "ll_steer.bpf.o"
#define LL_STEER_PATH_BYTES 4096u
#define LL_STEER_CPUS_MAX   512
#define LL_STEER_NAME_BYTES 16u

struct ll_steer { /* may be read */
    uint32_t interface_index;
    uint32_t program_id;
    uint32_t flows_id; /* of the maps, as bpftool shows them */
    uint32_t passes_id;
    bool is_generic; /* runs in the kernel's own copy of the frame, not in the driver */
    int flows_fd;    /* private */
    int passes_fd;
};

struct ll_steer_flow_sum {
    uint32_t ipv4_address; /* 0 = any */
    uint16_t udp_port;
    struct ll_steer_flow_count count; /* of all processors together */
};

struct ll_steer_report {
    uint32_t flow_count;
    struct ll_steer_flow_sum flow[LL_STEER_FLOWS_MAX]; /* by address, then port */
    struct ll_steer_passes passes;
};

/* Where the program's object lies: beside this program, or where `make install` puts it. */
LL_MUST_CHECK int ll_steer_find_object(char path[LL_STEER_PATH_BYTES], struct ll_why *why);

/* Detaches a steering program from the interface when there is one. Only for who knows that no gateway uses it
 * (ll_xdp_interface.h). Another program is left alone, and is an error that names it. */
LL_MUST_CHECK int ll_steer_clear(const char *interface, struct ll_why *why);

LL_MUST_CHECK int ll_steer_open(struct ll_steer *steer, const char *interface, struct ll_why *why);
void ll_steer_close(struct ll_steer *steer);

/* The same flow again changes nothing. */
LL_MUST_CHECK int ll_steer_add_flow(const struct ll_steer *steer, uint32_t ipv4_address, uint16_t udp_port,
                                    struct ll_why *why);
LL_MUST_CHECK int ll_steer_read(const struct ll_steer *steer, struct ll_steer_report *report,
                                struct ll_why *why);

#endif
