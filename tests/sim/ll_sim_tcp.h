/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One order session's way through a simulated network: byte streams with delay, that can stall, trickle and break
 * between any two bytes. The gateway's end is a byte door that connects, the venue's end one that was accepted.
 *
 * Shape    new -> client door to the gateway for good; listen(true) -> accept, again and again, on the venue's side.
 *          poll moves time on. What was sent on a connection that broke may have arrived up to any byte, and neither
 *          end is told how far. Bytes on their way when a machine dies still arrive. One connection of the gateway's at
 *          a time; older ones live on until the venue has closed its end of them.
 * Units    bytes; *_ns of simulated time.
 * Errors   as the byte door says.
 * Threads  one owner.
 */
#ifndef LL_TESTS_SIM_TCP_H
#define LL_TESTS_SIM_TCP_H

#include "host/base/ll_byte_door.h"
#include "tests/sim/ll_sim_faults.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_SIM_TCP_BYTES 65536u /* on their way in one direction; a sender that is faster has to wait */

struct ll_sim_tcp;

struct ll_sim_tcp *ll_sim_tcp_new(struct ll_sim_faults *faults);
void ll_sim_tcp_free(struct ll_sim_tcp *tcp);

void ll_sim_tcp_poll(struct ll_sim_tcp *tcp, uint64_t now_ns);
/* The gateway's end. The door stays good for the life of `tcp`. */
const struct ll_byte_door *ll_sim_tcp_client_door(struct ll_sim_tcp *tcp);
/* Whether a connect succeeds at the venue; false also breaks what is connected. */
void ll_sim_tcp_listen(struct ll_sim_tcp *tcp, bool is_listening);
/* The venue's end of a connection that was made since; false = none. */
bool ll_sim_tcp_accept(struct ll_sim_tcp *tcp, struct ll_byte_door *door);
/* The gateway's machine died: its end is gone, what is under way still arrives, then the venue sees a break. */
void ll_sim_tcp_client_died(struct ll_sim_tcp *tcp);
bool ll_sim_tcp_is_connected(const struct ll_sim_tcp *tcp);
/* No byte waits to be taken or read at an end that is still held. */
bool ll_sim_tcp_is_quiet(const struct ll_sim_tcp *tcp);

#endif
