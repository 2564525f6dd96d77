/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One simulated run: exchange, network, gateway, disk, device and clients in one thread under one seed and a clock of
 * its own.
 *
 * Shape    run(options) -> outcome. Two phases. Safety: for `steps` steps everything in ll_sim_faults.h may go wrong,
 *          and after each step every promise is checked. Liveness: the faults stop, and within bounded simulated time
 *          everything has to be well again: sessions open, books current, nothing pending; and then the gateway has
 *          to agree with the exchange.
 *          Same seed, same options, same program: the same run, to the last byte.
 * Units    steps; *_ns of simulated time.
 * Errors   an outcome that is not ok, with the check, the step and the reason. Own mistakes abort.
 * Threads  one. A process may make many runs, one after the other.
 */
#ifndef LL_TESTS_SIM_H
#define LL_TESTS_SIM_H

#include "tests/sim/ll_sim_bugs.h"
#include "tests/sim/ll_sim_checks.h"
#include "tests/sim/ll_sim_faults.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define LL_SIM_STEPS_DEFAULT 3000u

struct ll_sim_options {
    uint64_t seed;
    uint32_t steps;      /* of the first phase; 0 = LL_SIM_STEPS_DEFAULT */
    enum ll_sim_bug bug; /* LL_SIM_BUG_NONE */
    const char
        *door_path; /* where the clients of this run come in: a name that is free, and is free again after */
    FILE *trace;    /* NULL = none */
};

struct ll_sim_outcome {
    struct ll_sim_verdict verdict;
    uint64_t step; /* at which it ended */
    uint64_t simulated_ns;
    uint64_t boots;
    uint64_t orders;   /* accepted by the gateway */
    uint64_t messages; /* of the feed, and of the order ports */
    uint64_t hash;     /* of everything that happened: two runs of a seed have the same */
    uint64_t struck[LL_SIM_FAULT_COUNT];
    uint64_t checked[LL_SIM_CHECK_COUNT];
};

/* True = no promise was broken. */
bool ll_sim_run(const struct ll_sim_options *options, struct ll_sim_outcome *outcome);

#endif
