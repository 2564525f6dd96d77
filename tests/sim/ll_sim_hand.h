/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hand in the gateway's memory: the bugs of ll_sim_bugs.h that are a wrong byte in it.
 *
 * Shape    one call, between two rounds of the gateway; it knows where the order engine and the lifecycle half keep
 *          what, and goes past both. What it leaves is wrong in one respect only, so that the check which has to see it
 *          is the first that can.
 * Units    none.
 * Errors   false = there is nothing yet that could be wrong that way.
 * Threads  the gateway's owner.
 */
#ifndef LL_TESTS_SIM_HAND_H
#define LL_TESTS_SIM_HAND_H

#include "host/app/ll_gateway.h"
#include "host/base/ll_prng.h"
#include "tests/sim/ll_sim_bugs.h"

#include <stdbool.h>

/* FORGOTTEN_ID, STATE_JUMP, MONEY_LEAK or UNRECORDED; false of any other. */
bool ll_sim_hand(struct ll_gateway *gateway, enum ll_sim_bug bug, struct ll_prng *prng);

#endif
