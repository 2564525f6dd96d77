/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many simulated runs, one seed each, on all processors.
 *
 * Shape    run(config) -> result. Worker processes take seed after seed; one that crashes or hangs is one failed run,
 *          named by its seed, and another worker goes on. Ctrl-C, as ll_stop.h has it, ends it behind the runs that
 *          are under way.
 * Units    seeds are first_seed, first_seed + 1, ... modulo 2^64.
 * Errors   LL_ERR_ENVIRONMENT: no processes or no memory to share.
 * Threads  one; it forks.
 */
#ifndef LL_TESTS_SIM_SWARM_H
#define LL_TESTS_SIM_SWARM_H

#include "tests/sim/ll_sim.h"

#define LL_SIM_FAILURES_MAX 64u
#define LL_SIM_JOBS_MAX     64u
#define LL_SIM_LIMIT_S      120u /* a run takes a fraction of a second; one that takes so long hangs */

struct ll_sim_failure {
    uint64_t seed;
    uint64_t step;
    int signal; /* that ended it; 0 = a promise was broken */
    struct ll_sim_verdict verdict;
};

struct ll_sim_swarm_config {
    struct ll_sim_options options; /* of each run, seed and door excepted */
    uint64_t first_seed;
    uint64_t seed_count;
    uint32_t jobs;
    bool is_hunt; /* it ends with the first run that fails by this check: */
    enum ll_sim_check hunted;
    const char *dir; /* for the doors of the workers; it is there */
};

struct ll_sim_swarm_result {
    uint64_t runs;
    bool is_caught; /* by the hunted check, and this is how: */
    struct ll_sim_failure caught;
    uint64_t failures; /* and the first LL_SIM_FAILURES_MAX of them: */
    struct ll_sim_failure failure[LL_SIM_FAILURES_MAX];
    uint64_t elapsed_ns;
    struct ll_sim_outcome sum; /* of all runs that ended by themselves */
};

LL_MUST_CHECK int ll_sim_swarm_run(const struct ll_sim_swarm_config *config,
                                   struct ll_sim_swarm_result *result, struct ll_why *why);

#endif
