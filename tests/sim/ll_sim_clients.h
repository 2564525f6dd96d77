/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clients of a simulated run: strategies that trade through liblifeline, as any would, and remember every word they
 * were told.
 *
 * Shape    new -> turn, again and again -> quiet -> turn ... -> free. They place, cancel, replace, protect, ask again
 *          what was not answered under the same key, leave and come back, and die with events unread. `quiet`: nothing
 *          new is begun, what is open is cancelled.
 *          Their memory outlives every crash of the gateway: it is what the gateway is held against.
 * Units    lots, ticks; *_ns of simulated time.
 * Errors   none; an own mistake aborts.
 * Threads  one owner.
 */
#ifndef LL_TESTS_SIM_CLIENTS_H
#define LL_TESTS_SIM_CLIENTS_H

#include "host/client/lifeline.h"
#include "tests/sim/ll_sim_faults.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define LL_SIM_CLIENTS_MAX 3u

struct ll_sim_clients;

struct ll_sim_clients_config {
    uint64_t seed;
    struct ll_sim_faults *faults;
    const char *door_path;
    FILE *trace; /* NULL = none */
};

/* What a client asked for and was told, by its own key. */
struct ll_sim_asked {
    char key[LIFELINE_ID_BYTES];      /* client_order_id */
    char order_id[LIFELINE_ID_BYTES]; /* as answered; empty = never answered */
    char account[LIFELINE_ID_BYTES];
    uint64_t event_id; /* of the highest event about it that was told as durable; 0 = none */
    uint32_t instrument;
    uint8_t status; /* last told, as in struct lifeline_event */
    bool is_refused;
    bool is_durable; /* the acceptance was told as durable */
};

/* An identifier that an answer or an event named, and the order it was said to be of. */
struct ll_sim_named {
    char id[LIFELINE_ID_BYTES];
    uint32_t asked; /* index */
    bool is_durable;
};

struct ll_sim_clients *ll_sim_clients_new(const struct ll_sim_clients_config *config);
void ll_sim_clients_free(struct ll_sim_clients *clients);

/* Each client does something, or nothing, and reads what came. */
void ll_sim_clients_turn(struct ll_sim_clients *clients, uint64_t now_ns);
void ll_sim_clients_quiet(struct ll_sim_clients *clients);
/* Every request was answered, and every order that was accepted has ended. */
bool ll_sim_clients_are_settled(const struct ll_sim_clients *clients);

uint32_t ll_sim_clients_asked_count(const struct ll_sim_clients *clients);
const struct ll_sim_asked *ll_sim_clients_asked(const struct ll_sim_clients *clients, uint32_t index);
uint32_t ll_sim_clients_named_count(const struct ll_sim_clients *clients);
const struct ll_sim_named *ll_sim_clients_named(const struct ll_sim_clients *clients, uint32_t index);
/* The highest event id that any of them was told as durable. */
uint64_t ll_sim_clients_durable_event_id(const struct ll_sim_clients *clients);

#endif
