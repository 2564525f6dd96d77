/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must always be true in a simulated run (LL_SIM_CHECKS), looked at from outside: the gateway against what clients
 * were told, what the exchange has seen and done, and what its own journal says.
 *
 * Shape    new -> on_order for every order message that reaches the exchange; step after every step; boot after every
 *          start; now and then, and at the end of the healed phase, deep (replay, whole tables) -> end (the exchange's
 *          record, books) -> free. The first thing that is not so ends the run; it is named with the check.
 * Units    *_ns of simulated time.
 * Errors   false = a promise is broken; the verdict says which and how.
 * Threads  one owner.
 */
#ifndef LL_TESTS_SIM_CHECKS_H
#define LL_TESTS_SIM_CHECKS_H

#include "tests/sim/ll_sim_bugs.h"
#include "tests/sim/ll_sim_clients.h"
#include "tests/sim/ll_sim_node.h"
#include "tests/sim/ll_sim_venue.h"

#include <stdbool.h>
#include <stdint.h>

struct ll_sim_verdict {
    bool is_broken;
    enum ll_sim_check check;
    char text[400];
};

struct ll_sim_checks;

struct ll_sim_checks *ll_sim_checks_new(struct ll_sim_node *node, struct ll_sim_venue *venue,
                                        struct ll_sim_clients *clients);
void ll_sim_checks_free(struct ll_sim_checks *checks);

/* How often each check was made: a check that is never made is none. */
const uint64_t *ll_sim_checks_made(const struct ll_sim_checks *checks); /* [LL_SIM_CHECK_COUNT] */

/* An order message arrives at the exchange. */
void ll_sim_checks_on_order(struct ll_sim_checks *checks, uint32_t session, const uint8_t *message,
                            uint32_t message_bytes);
/* Cheap; after every step. */
LL_MUST_CHECK bool ll_sim_checks_step(struct ll_sim_checks *checks, uint64_t now_ns,
                                      struct ll_sim_verdict *verdict);
/* The gateway has just started again: with `status` LL_OK, or it refused. */
LL_MUST_CHECK bool ll_sim_checks_boot(struct ll_sim_checks *checks, int status, const struct ll_why *why,
                                      uint64_t now_ns, struct ll_sim_verdict *verdict);
/* Replays the journal beside the gateway, which is up. */
LL_MUST_CHECK bool ll_sim_checks_deep(struct ll_sim_checks *checks, struct ll_sim_verdict *verdict);
/* The faults are over. True and not *is_healed: not yet, go on; `waits_for` names the promise, and the verdict's text,
 * which is not broken yet, says what is missing. */
LL_MUST_CHECK bool ll_sim_checks_healing(struct ll_sim_checks *checks, uint64_t now_ns, bool *is_healed,
                                         enum ll_sim_check *waits_for, struct ll_sim_verdict *verdict);
/* Healed: the gateway's orders, money and books against the exchange's. */
LL_MUST_CHECK bool ll_sim_checks_end(struct ll_sim_checks *checks, struct ll_sim_verdict *verdict);

const char *ll_sim_check_name(enum ll_sim_check check);
const char *ll_sim_check_text(enum ll_sim_check check);
const char *ll_sim_bug_name(enum ll_sim_bug bug);
enum ll_sim_check ll_sim_bug_check(enum ll_sim_bug bug);

#endif
