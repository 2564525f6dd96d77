/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim_swarm.h"

#include "host/app/ll_stop.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_progress.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SWARM_LOOK_NS ((long)20000000)
#define SWARM_DOOR    "door-%u"

/* What parent and workers share. */
struct shared {
    _Atomic uint64_t next; /* seed to be taken, counted from first_seed */
    _Atomic uint64_t failures;
    _Atomic uint64_t runs;
    _Atomic bool is_caught;
    struct ll_sim_failure caught;
    struct ll_sim_failure failure[LL_SIM_FAILURES_MAX];
    struct worker {
        uint64_t seed; /* that it works on */
        struct ll_sim_outcome sum;
    } worker[LL_SIM_JOBS_MAX];
};

struct swarm {
    const struct ll_sim_swarm_config *config;
    struct shared *shared;
    pid_t process[LL_SIM_JOBS_MAX]; /* 0 = none */
};

static void note_failure(struct shared *shared, const struct ll_sim_failure *failure)
{
    uint64_t index = atomic_fetch_add(&shared->failures, 1);
    if (index < LL_SIM_FAILURES_MAX)
        shared->failure[index] = *failure;
}

/* The first one counts; who comes second finds it taken. */
static void note_catch(const struct ll_sim_swarm_config *config, struct shared *shared,
                       const struct ll_sim_failure *failure)
{
    if (config->is_hunt && failure->verdict.check == config->hunted &&
        !atomic_exchange(&shared->is_caught, true))
        shared->caught = *failure;
}

static void add_up(struct ll_sim_outcome *sum, const struct ll_sim_outcome *outcome)
{
    sum->step += outcome->step;
    sum->simulated_ns += outcome->simulated_ns;
    sum->boots += outcome->boots;
    sum->orders += outcome->orders;
    sum->messages += outcome->messages;
    sum->hash ^= outcome->hash;
    for (uint32_t i = 0; i < LL_SIM_FAULT_COUNT; i++)
        sum->struck[i] += outcome->struck[i];
    for (uint32_t i = 0; i < LL_SIM_CHECK_COUNT; i++)
        sum->checked[i] += outcome->checked[i];
}

/* --- a worker --------------------------------------------------------------------------------------------------- */

static void work(const struct swarm *swarm, uint32_t number)
{
    const struct ll_sim_swarm_config *config = swarm->config;
    struct shared *shared = swarm->shared;
    struct worker *worker = &shared->worker[number];
    struct ll_sim_options options = config->options;
    struct ll_sim_outcome outcome;
    char door_path[512];
    (void)snprintf(door_path, sizeof door_path, "%s/" SWARM_DOOR, config->dir, number);
    options.door_path = door_path;
    for (;;) {
        uint64_t index = atomic_fetch_add(&shared->next, 1);
        if (index >= config->seed_count || atomic_load(&shared->is_caught) || ll_stop_requested())
            return;
        options.seed = worker->seed = config->first_seed + index;
        (void)alarm(LL_SIM_LIMIT_S);
        if (!ll_sim_run(&options, &outcome)) {
            const struct ll_sim_failure failure = {options.seed, outcome.step, 0, outcome.verdict};
            note_failure(shared, &failure);
            note_catch(config, shared, &failure);
        }
        add_up(&worker->sum, &outcome);
        atomic_fetch_add(&shared->runs, 1);
    }
}

static int start_worker(struct swarm *swarm, uint32_t number, struct ll_why *why)
{
    pid_t process = fork();
    if (process < 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "no process to be had: %s", strerror(errno));
    if (process == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        work(swarm, number);
        _exit(0);
    }
    swarm->process[number] = process;
    return LL_OK;
}

/* --- the parent -------------------------------------------------------------------------------------------------- */

/* A worker that was killed by a signal died of its seed; another one goes on behind it. */
static int look_after_worker(struct swarm *swarm, uint32_t number, struct ll_why *why)
{
    char door_path[512];
    int status;
    if (swarm->process[number] == 0 || waitpid(swarm->process[number], &status, WNOHANG) == 0)
        return LL_OK;
    swarm->process[number] = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return LL_OK;
    struct ll_sim_failure failure = {.seed = swarm->shared->worker[number].seed,
                                     .signal = WIFSIGNALED(status) ? WTERMSIG(status) : SIGABRT};
    note_failure(swarm->shared, &failure);
    atomic_fetch_add(&swarm->shared->runs, 1);
    (void)snprintf(door_path, sizeof door_path, "%s/" SWARM_DOOR, swarm->config->dir, number);
    (void)unlink(door_path);
    return start_worker(swarm, number, why);
}

/* Each ends its run, and takes no other. */
static void stop_workers(const struct swarm *swarm)
{
    for (uint32_t i = 0; i < swarm->config->jobs; i++)
        if (swarm->process[i] != 0)
            (void)kill(swarm->process[i], SIGTERM);
}

static bool is_anybody_working(const struct swarm *swarm)
{
    for (uint32_t i = 0; i < swarm->config->jobs; i++)
        if (swarm->process[i] != 0)
            return true;
    return false;
}

static int run_workers(struct swarm *swarm, struct ll_why *why)
{
    const struct timespec look = {0, SWARM_LOOK_NS};
    struct ll_progress progress;
    int status = LL_OK;
    bool is_told = false;
    ll_progress_init(&progress, "simulate", "seeds", ll_clock_mono_ns());
    for (uint32_t i = 0; i < swarm->config->jobs && status == LL_OK; i++)
        status = start_worker(swarm, i, why);
    while (is_anybody_working(swarm)) {
        (void)nanosleep(&look, NULL);
        if (ll_stop_requested() && !is_told) {
            stop_workers(swarm);
            is_told = true;
        }
        for (uint32_t i = 0; i < swarm->config->jobs; i++)
            if (look_after_worker(swarm, i, why) != LL_OK)
                status = LL_ERR_ENVIRONMENT;
        ll_progress_update(&progress, atomic_load(&swarm->shared->runs), swarm->config->seed_count,
                           ll_clock_mono_ns());
    }
    ll_progress_done(&progress);
    return status;
}

static void gather(const struct swarm *swarm, struct ll_sim_swarm_result *result)
{
    result->runs = atomic_load(&swarm->shared->runs);
    result->failures = atomic_load(&swarm->shared->failures);
    result->is_caught = atomic_load(&swarm->shared->is_caught);
    result->caught = swarm->shared->caught;
    memcpy(result->failure, swarm->shared->failure, sizeof result->failure);
    for (uint32_t i = 0; i < swarm->config->jobs; i++)
        add_up(&result->sum, &swarm->shared->worker[i].sum);
}

int ll_sim_swarm_run(const struct ll_sim_swarm_config *config, struct ll_sim_swarm_result *result,
                     struct ll_why *why)
{
    struct swarm swarm = {.config = config};
    LL_ASSERT(config->jobs > 0 && config->jobs <= LL_SIM_JOBS_MAX);
    memset(result, 0, sizeof *result);
    swarm.shared =
        mmap(NULL, sizeof *swarm.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (swarm.shared == MAP_FAILED)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "no memory to share between processes");
    uint64_t start_ns = ll_clock_mono_ns();
    int status = run_workers(&swarm, why);
    result->elapsed_ns = ll_clock_mono_ns() - start_ns;
    gather(&swarm, result);
    (void)munmap(swarm.shared, sizeof *swarm.shared);
    return status;
}
