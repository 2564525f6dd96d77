/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "tests/sim/ll_sim_clients.h"
#include "tests/sim/ll_sim_node.h"
#include "tests/sim/ll_sim_tcp.h"
#include "tests/sim/ll_sim_venue.h"

#include <inttypes.h>
#include <string.h>

#define SIM_START_NS   ((UINT64_C(20400) * 86400 + 50000) * LL_NS_PER_S) /* early on an afternoon */
#define SIM_DEEP_STEPS 400u
#define SIM_DOWN_NS    (2 * LL_NS_PER_S)   /* the longest that a gateway stays down */
#define SIM_HEAL_NS    (180 * LL_NS_PER_S) /* every timeout of the product several times over */
#define SIM_HEAL_STEP  (20 * LL_NS_PER_MS)

struct sim {
    const struct ll_sim_options *options;
    struct ll_sim_outcome *outcome;
    struct ll_sim_faults faults;
    struct ll_prng prng;
    uint64_t now_ns;
    uint64_t boot_ns; /* of a gateway that is down: when somebody starts it */
    struct ll_sim_tcp *tcp[LL_SIM_SESSIONS];
    struct ll_sim_venue *venue;
    struct ll_sim_node *node;
    struct ll_sim_clients *clients;
    struct ll_sim_checks *checks;
};

/* --- setting up --------------------------------------------------------------------------------------------- */

static void on_order(void *context, uint32_t session, const uint8_t *message, uint32_t message_bytes)
{
    struct sim *sim = context;
    ll_sim_checks_on_order(sim->checks, session, message, message_bytes);
}

static void set_up(struct sim *sim, const struct ll_sim_options *options, struct ll_sim_outcome *outcome)
{
    struct ll_sim_venue_config venue = {.now_ns = SIM_START_NS, .bug = options->bug};
    struct ll_sim_node_config node = {.bug = options->bug, .trace = options->trace};
    struct ll_sim_clients_config clients = {.trace = options->trace};
    memset(sim, 0, sizeof *sim);
    sim->options = options;
    sim->outcome = outcome;
    sim->now_ns = SIM_START_NS;
    ll_prng_init(&sim->prng, options->seed);
    ll_sim_faults_init(&sim->faults, ll_prng_next(&sim->prng));
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        node.tcp[i] = venue.tcp[i] = sim->tcp[i] = ll_sim_tcp_new(&sim->faults);
    clients.faults = node.faults = venue.faults = &sim->faults;
    venue.seed = ll_prng_next(&sim->prng);
    venue.on_order = on_order;
    venue.context = sim;
    sim->venue = ll_sim_venue_new(&venue);
    node.seed = ll_prng_next(&sim->prng);
    node.venue = sim->venue;
    node.door_path = options->door_path;
    sim->node = ll_sim_node_new(&node);
    clients.seed = ll_prng_next(&sim->prng);
    clients.door_path = options->door_path;
    sim->clients = ll_sim_clients_new(&clients);
    sim->checks = ll_sim_checks_new(sim->node, sim->venue, sim->clients);
}

static void tear_down(struct sim *sim)
{
    ll_sim_clients_free(sim->clients);
    ll_sim_checks_free(sim->checks);
    ll_sim_node_free(sim->node);
    ll_sim_venue_free(sim->venue);
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        ll_sim_tcp_free(sim->tcp[i]);
}

/* --- one step ------------------------------------------------------------------------------------------------ */

static void trace(const struct sim *sim, const char *what)
{
    if (sim->options->trace != NULL)
        (void)fprintf(sim->options->trace, "%6" PRIu64 " %12.6f  %s\n", sim->outcome->step,
                      (double)(sim->now_ns - SIM_START_NS) / LL_NS_PER_S, what);
}

/* Mostly little time passes, so that things meet each other; sometimes enough for a timeout. */
static uint64_t some_time_ns(struct sim *sim)
{
    uint32_t kind = ll_prng_below(&sim->prng, 1000);
    uint64_t most_ns = 200 * LL_NS_PER_US;
    if (kind >= 990)
        most_ns = LL_NS_PER_S;
    else if (kind >= 900)
        most_ns = 100 * LL_NS_PER_MS;
    else if (kind >= 600)
        most_ns = 5 * LL_NS_PER_MS;
    return 1 + ll_prng_next(&sim->prng) % most_ns;
}

static void note_down(struct sim *sim, const char *what)
{
    trace(sim, what);
    sim->boot_ns = sim->now_ns + 1 + ll_prng_next(&sim->prng) % SIM_DOWN_NS;
}

static bool boot(struct sim *sim)
{
    struct ll_why why = {0};
    int status = ll_sim_node_boot(sim->node, sim->now_ns, &why);
    sim->outcome->boots++;
    trace(sim, status == LL_OK ? "the gateway has started" : why.text);
    bool is_good = ll_sim_checks_boot(sim->checks, status, &why, sim->now_ns, &sim->outcome->verdict);
    if (status == LL_OK)
        return is_good;
    if (ll_sim_node_is_damaged(sim->node))
        ll_sim_node_repair(sim->node);
    note_down(sim, "the gateway does not start");
    return is_good;
}

static bool give_node_a_turn(struct sim *sim)
{
    if (!ll_sim_node_is_up(sim->node)) {
        ll_sim_venue_feed_drop(sim->venue, sim->now_ns);
        return sim->now_ns < sim->boot_ns || boot(sim);
    }
    if (!ll_sim_node_turn(sim->node, sim->now_ns))
        note_down(sim, "the gateway has stopped");
    return true;
}

static void strike_node(struct sim *sim)
{
    bool crashes = ll_sim_strikes(&sim->faults, LL_SIM_CRASH);
    bool loses_power = ll_sim_strikes(&sim->faults, LL_SIM_POWER_CUT);
    if (crashes && ll_sim_node_is_up(sim->node)) {
        ll_sim_node_crash(sim->node);
        note_down(sim, "killed");
    }
    if (loses_power) {
        ll_sim_node_power_cut(sim->node);
        note_down(sim, "the power is cut");
    }
}

/* What happened, as a number: any difference between two runs of a seed shows in it. */
static void fold(struct sim *sim, uint64_t word)
{
    sim->outcome->hash = (sim->outcome->hash ^ word) * UINT64_C(0x100000001b3);
}

static bool step(struct sim *sim)
{
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        ll_sim_tcp_poll(sim->tcp[i], sim->now_ns);
    ll_sim_venue_poll(sim->venue, sim->now_ns);
    if (!give_node_a_turn(sim))
        return false;
    ll_sim_clients_turn(sim->clients, sim->now_ns);
    strike_node(sim);
    struct ll_gateway *gateway = ll_sim_node_gateway(sim->node);
    fold(sim, sim->now_ns);
    fold(sim, gateway == NULL ? 0 : ll_gateway_durable_event_id(gateway));
    fold(sim, ll_sim_clients_named_count(sim->clients));
    sim->outcome->step++;
    return ll_sim_checks_step(sim->checks, sim->now_ns, &sim->outcome->verdict);
}

static bool look_deep(struct sim *sim)
{
    return !ll_sim_node_is_up(sim->node) || ll_sim_checks_deep(sim->checks, &sim->outcome->verdict);
}

/* --- the phases ----------------------------------------------------------------------------------------------- */

static bool run_safety(struct sim *sim)
{
    uint32_t steps = sim->options->steps != 0 ? sim->options->steps : LL_SIM_STEPS_DEFAULT;
    for (uint32_t i = 0; i < steps; i++) {
        sim->now_ns += some_time_ns(sim);
        if (!step(sim) || ((i + 1) % SIM_DEEP_STEPS == 0 && !look_deep(sim)))
            return false;
    }
    return true;
}

static bool run_liveness(struct sim *sim)
{
    uint64_t until_ns = sim->now_ns + SIM_HEAL_NS;
    enum ll_sim_check waits_for = LL_SIM_CHECK_SESSIONS;
    bool is_healed = false;
    trace(sim, "no more faults");
    ll_sim_faults_calm(&sim->faults);
    ll_sim_venue_calm(sim->venue);
    ll_sim_clients_quiet(sim->clients);
    while (!is_healed && sim->now_ns < until_ns) {
        sim->now_ns += 1 + ll_prng_next(&sim->prng) % SIM_HEAL_STEP;
        if (!step(sim) ||
            !ll_sim_checks_healing(sim->checks, sim->now_ns, &is_healed, &waits_for, &sim->outcome->verdict))
            return false;
    }
    if (is_healed)
        return true;
    sim->outcome->verdict.is_broken = true;
    sim->outcome->verdict.check = waits_for;
    size_t length = strlen(sim->outcome->verdict.text);
    (void)snprintf(sim->outcome->verdict.text + length, sizeof sim->outcome->verdict.text - length,
                   "%snot so within %u s after the last fault", length == 0 ? "" : "; ",
                   (uint32_t)(SIM_HEAL_NS / LL_NS_PER_S));
    return false;
}

static void note_outcome(struct sim *sim)
{
    struct ll_sim_outcome *outcome = sim->outcome;
    outcome->simulated_ns = sim->now_ns - SIM_START_NS;
    outcome->messages = ll_mold_sender_counters(ll_sim_venue_sender(sim->venue))->messages;
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++) {
        const struct ll_ouch_port_counters *port = ll_ouch_port_counters(ll_sim_venue_port(sim->venue, i));
        outcome->messages += port->received + port->published;
        outcome->orders += port->accepted;
    }
    memcpy(outcome->struck, sim->faults.struck, sizeof outcome->struck);
    memcpy(outcome->checked, ll_sim_checks_made(sim->checks), sizeof outcome->checked);
    fold(sim, outcome->messages);
}

bool ll_sim_run(const struct ll_sim_options *options, struct ll_sim_outcome *outcome)
{
    struct sim sim;
    memset(outcome, 0, sizeof *outcome);
    set_up(&sim, options, outcome);
    bool is_good = run_safety(&sim) && run_liveness(&sim) &&
                   ll_sim_checks_deep(sim.checks, &outcome->verdict) &&
                   ll_sim_checks_end(sim.checks, &outcome->verdict);
    note_outcome(&sim);
    tear_down(&sim);
    LL_ASSERT(is_good != outcome->verdict.is_broken);
    return is_good;
}
