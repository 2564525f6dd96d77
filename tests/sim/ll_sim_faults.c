/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim_faults.h"

#include <string.h>

#define LL_SIM_MILLION 1000000u

struct ll_sim_fault_kind {
    const char *name;
    const char *text;
    uint32_t most_per_million;
};

static const struct ll_sim_fault_kind ll_sim_fault_kinds[LL_SIM_FAULT_COUNT] = {
#define LL_SIM_FAULT_KIND(NAME, text, occasion, most) {#NAME, text, most},
    LL_SIM_FAULTS(LL_SIM_FAULT_KIND)
#undef LL_SIM_FAULT_KIND
};

void ll_sim_faults_init(struct ll_sim_faults *faults, uint64_t seed)
{
    struct ll_prng swarm;
    memset(faults, 0, sizeof *faults);
    ll_prng_init(&swarm, seed);
    for (uint32_t i = 0; i < LL_SIM_FAULT_COUNT; i++) {
        uint32_t most = ll_sim_fault_kinds[i].most_per_million;
        bool is_on = ll_prng_chance(&swarm, 500);
        /* As often a tenth of the most as all of it: rare faults meet a system that has got somewhere. */
        uint32_t rate = (most >> ll_prng_below(&swarm, 6)) + 1;
        ll_prng_init(&faults->prng[i], ll_prng_next(&swarm));
        faults->per_million[i] = is_on ? rate : 0;
    }
}

void ll_sim_faults_without(struct ll_sim_faults *faults, enum ll_sim_fault fault)
{
    faults->per_million[fault] = 0;
}

bool ll_sim_strikes(struct ll_sim_faults *faults, enum ll_sim_fault fault)
{
    if (faults->is_calm || faults->per_million[fault] == 0 ||
        ll_prng_below(&faults->prng[fault], LL_SIM_MILLION) >= faults->per_million[fault])
        return false;
    faults->struck[fault]++;
    return true;
}

uint64_t ll_sim_draw(struct ll_sim_faults *faults, enum ll_sim_fault fault, uint64_t bound)
{
    return ll_prng_next(&faults->prng[fault]) % bound;
}

void ll_sim_faults_calm(struct ll_sim_faults *faults)
{
    faults->is_calm = true;
}

const char *ll_sim_fault_name(enum ll_sim_fault fault)
{
    return ll_sim_fault_kinds[fault].name;
}

const char *ll_sim_fault_text(enum ll_sim_fault fault)
{
    return ll_sim_fault_kinds[fault].text;
}
