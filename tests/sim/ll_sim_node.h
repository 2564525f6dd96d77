/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's machine in a simulated run: the whole gateway of host/app on a simulated disk and a simulated device,
 * which can be killed at any step and any disk operation, lose its power, and start again.
 *
 * Shape    new -> boot -> turn, again and again; crash or power_cut at any time -> boot ... -> free. A turn is one
 *          round of the daemon's loop: datagrams, flush, trading, what is due, and sometimes the journal's own work:
 *          the disk is as slow as the faults say. Snapshots are made beside it, as another process would.
 *          A gateway that failed (its disk did) stops by itself; it is then down until somebody boots it.
 * Units    *_ns of simulated time; the gateway's own clock may differ from it (LL_SIM_CLOCK_*).
 * Errors   boot: as ll_gateway_open says. LL_ERR_CORRUPT is right when damage was done to what was durable
 *          (LL_SIM_DISK_BIT_FLIP), and a failure of the run otherwise.
 * Threads  one owner.
 */
#ifndef LL_TESTS_SIM_NODE_H
#define LL_TESTS_SIM_NODE_H

#include "host/app/ll_gateway.h"
#include "tests/model/ll_sim_disk.h"
#include "tests/sim/ll_sim_bugs.h"
#include "tests/sim/ll_sim_faults.h"
#include "tests/sim/ll_sim_venue.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct ll_sim_node;

struct ll_sim_node_config {
    uint64_t seed;
    struct ll_sim_faults *faults;
    struct ll_sim_venue *venue;
    struct ll_sim_tcp *tcp[LL_SIM_SESSIONS];
    const char *door_path; /* where clients come in: a name in a directory of the run's own */
    enum ll_sim_bug bug;   /* LL_SIM_BUG_NONE = as it should be */
    FILE *trace;           /* a line for each thing that happens; NULL = none */
};

struct ll_sim_node *ll_sim_node_new(const struct ll_sim_node_config *config);
void ll_sim_node_free(struct ll_sim_node *node);

/* Starts the gateway on what the disk has. The one way up. */
LL_MUST_CHECK int ll_sim_node_boot(struct ll_sim_node *node, uint64_t now_ns, struct ll_why *why);
/* One round; false when the gateway is down, or stopped in it. */
bool ll_sim_node_turn(struct ll_sim_node *node, uint64_t now_ns);
/* The process is gone in this instant; what it wrote is in the machine's memory still. */
void ll_sim_node_crash(struct ll_sim_node *node);
/* The machine is gone, and with it what was not synced, or some of it. */
void ll_sim_node_power_cut(struct ll_sim_node *node);

/* --- looking ------------------------------------------------------------------------------------------------ */

bool ll_sim_node_is_up(const struct ll_sim_node *node);
/* NULL = down. */
struct ll_gateway *ll_sim_node_gateway(struct ll_sim_node *node);
struct ll_sim_disk *ll_sim_node_disk(struct ll_sim_node *node);
/* What it would be opened with, for ll_gateway_look and for readers of the journal. */
const struct ll_gateway_config *ll_sim_node_gateway_config(const struct ll_sim_node *node);
/* Damage was done to durable bytes of the journal since the last boot: a boot may refuse, and must not take them. */
bool ll_sim_node_is_damaged(const struct ll_sim_node *node);
/* Undoes the damage, as an operator would from a copy. */
void ll_sim_node_repair(struct ll_sim_node *node);
/* A snapshot was damaged, and a start took it all the same. */
bool ll_sim_node_took_damage(const struct ll_sim_node *node);
/* Why a snapshot could not be made of a journal that is not damaged; code LL_OK = that never happened. */
const struct ll_why *ll_sim_node_snapshot_why(const struct ll_sim_node *node);
/* Why a gateway stopped by itself though its disk did not fail; code LL_OK = that never happened. */
const struct ll_why *ll_sim_node_stop_why(const struct ll_sim_node *node);
/* The tables of this run hold fewer orders, identifiers or levels than its day may need. */
bool ll_sim_node_is_small(const struct ll_sim_node *node);
uint64_t ll_sim_node_clock_ns(const struct ll_sim_node *node, uint64_t now_ns);

#endif
