/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator's program: one seed, many seeds, or the canaries.
 *
 * Shape    argv in, a summary out; a failed run is one line with the command that runs it again.
 * Units    seeds are numbers, decimal or 0x...; times are simulated unless it says otherwise.
 * Errors   exit status 0: every promise was kept (or every canary was seen); 1: not so; 2: the command line.
 * Threads  one; workers are processes.
 */
#include "host/app/ll_exit.h"
#include "host/app/ll_stop.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_json.h"
#include "host/base/ll_options.h"
#include "tests/sim/ll_sim_swarm.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CANARY_SEEDS_MAX 400u /* a bug that shows in none of them is not seen */
#define BUGS_ALL         "all"

struct sim_command {
    uint64_t seed;
    uint64_t seeds;
    uint64_t steps;
    uint64_t jobs;
    const char *bug;
    bool trace;
    bool json;
};

static const struct ll_option sim_options[] = {
    {"seed", LL_OPTION_U64, offsetof(struct sim_command, seed), 0, 0, "N", NULL,
     "the first seed (default 1); one hexadecimal number of the commit gives each commit its own"},
    {"seeds", LL_OPTION_U64, offsetof(struct sim_command, seeds), 1, 0, "N", NULL,
     "how many seeds, one behind the other (default 1)"},
    {"steps", LL_OPTION_U64, offsetof(struct sim_command, steps), 1, 1000000, "N", NULL,
     "steps in which faults happen (default 3000)"},
    {"jobs", LL_OPTION_U64, offsetof(struct sim_command, jobs), 1, LL_SIM_JOBS_MAX, "N", NULL,
     "worker processes (default: one per processor)"},
    {"bug", LL_OPTION_STRING, offsetof(struct sim_command, bug), 0, 0, "NAME", NULL,
     "build this bug in (a canary), or `all`: each one after the other, and each has to be seen by its "
     "check"},
    {"trace", LL_OPTION_FLAG, offsetof(struct sim_command, trace), 0, 0, NULL, NULL,
     "say on stderr what happens, step by step"},
    {"json", LL_OPTION_FLAG, offsetof(struct sim_command, json), 0, 0, NULL, NULL, "the summary as JSON"},
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static void print_help(void)
{
    (void)printf("sim - the whole gateway and its world in one thread, with faults of every kind\n\n"
                 "  sim --seed 42                run one seed again, as a failure line says\n"
                 "  sim --seed 42 --trace        and say what happens\n"
                 "  sim --seeds 10000            many, on all processors\n"
                 "  sim --bug all                do the checks see anything at all?\n\n");
    ll_options_print_help(sim_options, stdout);
    (void)printf("\nbugs:\n");
    for (uint32_t bug = 1; bug < LL_SIM_BUG_COUNT; bug++)
        (void)printf("  %-14s seen by %s\n", ll_sim_bug_name((enum ll_sim_bug)bug),
                     ll_sim_check_name(ll_sim_bug_check((enum ll_sim_bug)bug)));
}

/* --- reports ------------------------------------------------------------------------------------------------------ */

static void print_failure(const struct ll_sim_swarm_config *config, const struct ll_sim_failure *failure)
{
    char again[128];
    (void)snprintf(again, sizeof again, "sim --seed 0x%" PRIx64 " --steps %u%s%s", failure->seed,
                   config->options.steps, config->options.bug == LL_SIM_BUG_NONE ? "" : " --bug ",
                   config->options.bug == LL_SIM_BUG_NONE ? "" : ll_sim_bug_name(config->options.bug));
    if (failure->signal != 0)
        (void)printf("FAILED  %s  ended by signal %d (%s)\n", again, failure->signal,
                     strsignal(failure->signal));
    else
        (void)printf("FAILED  %s  step %" PRIu64 "  %s: %s\n", again, failure->step,
                     ll_sim_check_name(failure->verdict.check), failure->verdict.text);
}

static void print_summary(const struct ll_sim_swarm_result *result)
{
    const struct ll_sim_outcome *sum = &result->sum;
    double elapsed_s = (double)result->elapsed_ns / LL_NS_PER_S;
    double simulated_s = (double)sum->simulated_ns / LL_NS_PER_S;
    (void)printf("%" PRIu64 " seeds, %" PRIu64 " failed; %.1f s, %.0f seeds/h, %.2f simulated hours in all, "
                 "%.0f times as fast as time\n",
                 result->runs, result->failures, elapsed_s, (double)result->runs * 3600 / elapsed_s,
                 simulated_s / 3600, simulated_s / elapsed_s);
    (void)printf("%" PRIu64 " steps, %" PRIu64 " starts, %" PRIu64 " orders, %" PRIu64 " messages\n",
                 sum->step, sum->boots, sum->orders, sum->messages);
    (void)printf("\nfaults that struck\n");
    for (uint32_t i = 0; i < LL_SIM_FAULT_COUNT; i++)
        (void)printf("  %-18s %12" PRIu64 "  %s\n", ll_sim_fault_name((enum ll_sim_fault)i), sum->struck[i],
                     ll_sim_fault_text((enum ll_sim_fault)i));
    (void)printf("\npromises looked at\n");
    for (uint32_t i = 0; i < LL_SIM_CHECK_COUNT; i++)
        (void)printf("  %-18s %12" PRIu64 "  %s\n", ll_sim_check_name((enum ll_sim_check)i), sum->checked[i],
                     ll_sim_check_text((enum ll_sim_check)i));
}

static void print_summary_json(const struct ll_sim_swarm_result *result)
{
    struct ll_json json;
    ll_json_init(&json, stdout, true);
    ll_json_begin_object(&json, NULL);
    ll_json_u64(&json, "runs", result->runs);
    ll_json_u64(&json, "failures", result->failures);
    ll_json_fixed(&json, "elapsed_s", result->elapsed_ns, 9);
    ll_json_fixed(&json, "simulated_s", result->sum.simulated_ns, 9);
    ll_json_u64(&json, "steps", result->sum.step);
    ll_json_u64(&json, "boots", result->sum.boots);
    ll_json_u64(&json, "orders", result->sum.orders);
    ll_json_u64(&json, "messages", result->sum.messages);
    ll_json_hash(&json, "hash", result->sum.hash);
    ll_json_begin_object(&json, "struck");
    for (uint32_t i = 0; i < LL_SIM_FAULT_COUNT; i++)
        ll_json_u64(&json, ll_sim_fault_name((enum ll_sim_fault)i), result->sum.struck[i]);
    ll_json_end_object(&json);
    ll_json_begin_object(&json, "checked");
    for (uint32_t i = 0; i < LL_SIM_CHECK_COUNT; i++)
        ll_json_u64(&json, ll_sim_check_name((enum ll_sim_check)i), result->sum.checked[i]);
    ll_json_end_object(&json);
    ll_json_end_object(&json);
    ll_json_newline(&json);
}

/* --- what is run -------------------------------------------------------------------------------------------------- */

static int run_seeds(const struct ll_sim_swarm_config *config, bool json)
{
    struct ll_sim_swarm_result result;
    struct ll_why why = {0};
    if (ll_sim_swarm_run(config, &result, &why) != LL_OK) {
        (void)fprintf(stderr, "sim: %s\n", why.text);
        return LL_EXIT_ENVIRONMENT;
    }
    for (uint64_t i = 0; i < result.failures && i < LL_SIM_FAILURES_MAX; i++)
        print_failure(config, &result.failure[i]);
    if (json)
        print_summary_json(&result);
    else
        print_summary(&result);
    return result.failures == 0 ? LL_EXIT_OK : LL_EXIT_REFUSED;
}

/* A canary is seen when the check that it is meant for is what ended a run; others may end runs before. */
static bool see_canary(const struct ll_sim_swarm_config *given, enum ll_sim_bug bug)
{
    struct ll_sim_swarm_config config = *given;
    struct ll_sim_swarm_result result;
    struct ll_why why = {0};
    config.options.bug = bug;
    config.is_hunt = true;
    config.hunted = ll_sim_bug_check(bug);
    config.seed_count = CANARY_SEEDS_MAX;
    if (ll_sim_swarm_run(&config, &result, &why) != LL_OK)
        return false;
    (void)printf("%-8s %-14s by %-12s in %3" PRIu64 " seeds, of which %" PRIu64 " failed",
                 result.is_caught ? "seen" : "NOT SEEN", ll_sim_bug_name(bug),
                 ll_sim_check_name(config.hunted), result.runs, result.failures);
    (void)printf("%s%s\n", result.is_caught ? ": " : "", result.is_caught ? result.caught.verdict.text : "");
    return result.is_caught;
}

static int run_canaries(const struct ll_sim_swarm_config *config)
{
    const uint32_t bugs = LL_SIM_BUG_COUNT - 1;
    uint32_t unseen = 0;
    for (uint32_t bug = 1; bug <= bugs; bug++)
        unseen += !see_canary(config, (enum ll_sim_bug)bug);
    (void)printf("%u bugs, %u not seen\n", bugs, unseen);
    return unseen == 0 ? LL_EXIT_OK : LL_EXIT_REFUSED;
}

static int find_bug(const char *name, enum ll_sim_bug *bug)
{
    for (uint32_t i = 1; i < LL_SIM_BUG_COUNT; i++) {
        *bug = (enum ll_sim_bug)i;
        if (strcmp(ll_sim_bug_name(*bug), name) == 0)
            return LL_OK;
    }
    return LL_ERR_USAGE;
}

static int run_in(const struct sim_command *command, const char *dir)
{
    struct ll_sim_swarm_config config = {.options = {.steps = (uint32_t)command->steps},
                                         .first_seed = command->seed,
                                         .seed_count = command->seeds,
                                         .jobs = (uint32_t)command->jobs,
                                         .dir = dir};
    if (command->trace)
        config.options.trace = stderr;
    if (command->bug == NULL)
        return run_seeds(&config, command->json);
    if (strcmp(command->bug, BUGS_ALL) == 0)
        return run_canaries(&config);
    if (find_bug(command->bug, &config.options.bug) != LL_OK) {
        (void)fprintf(stderr, "sim: there is no bug '%s'; --help names them\n", command->bug);
        return LL_EXIT_USAGE;
    }
    return run_seeds(&config, command->json);
}

int main(int argc, char **argv)
{
    struct sim_command command = {.seed = 1,
                                  .seeds = 1,
                                  .steps = LL_SIM_STEPS_DEFAULT,
                                  .jobs = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN)};
    struct ll_operands operands;
    struct ll_why why = {0};
    char dir[] = "/dev/shm/lifeline-sim-XXXXXX";
    int help = 0;
    if (ll_options_parse(sim_options, argc, argv, &command, &operands, &help, &why) != LL_OK) {
        (void)fprintf(stderr, "sim: %s\n", why.text);
        return LL_EXIT_USAGE;
    }
    if (help) {
        print_help();
        return LL_EXIT_OK;
    }
    ll_stop_install();
    if (mkdtemp(dir) == NULL) {
        (void)fprintf(stderr, "sim: no directory in /dev/shm for the clients' doors\n");
        return LL_EXIT_ENVIRONMENT;
    }
    if (command.jobs > command.seeds && command.bug == NULL)
        command.jobs = command.seeds;
    int status = run_in(&command, dir);
    (void)rmdir(dir);
    return status;
}
