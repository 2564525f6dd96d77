/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's side of the door: takes commands of many clients on this machine, and answers them.
 *
 * Shape    open -> poll, answer, news in the loop; sweep now and then -> close. The whole of it in a gateway:
 *
 *            count = ll_door_poll(&door, commands, 32);           each pass; one load when nobody asked anything
 *            for each:  ll_door_answer(&door, commands[i].client, &event);
 *            for each event about an order (event.client = whose):  ll_door_news(&door, &event);
 *            ll_door_sweep(&door, 1);                             each 10 ms or so
 *
 *          A client is known by a number, new for every client that comes, so that an answer never reaches the next
 *          user of a place. The numbers of another generation differ: give `generation` one that grows with each
 *          start when orders outlive the gateway.
 *          A client that died is found by sweep: what it had published is still delivered, then its place is free. What
 *          it had not published is never seen. A client whose positions make no sense is evicted: nothing of it is read
 *          any more, and its place is free when its process has ended. A command that ll_command_check refuses is
 *          answered here (refusal MALFORMED) and not handed out.
 * Units    counts of commands, events, clients.
 * Errors   open: LL_ERR_BUSY a gateway lives there; LL_ERR_INPUT the file is something else; LL_ERR_IO;
 *          LL_ERR_NO_SPACE; LL_ERR_USAGE. Nothing fails afterwards: what clients do wrong is counted.
 * Threads  one owner; the other side of each place is one client thread. No call waits or blocks; poll, answer and news
 *          make no system call. sweep reads one file of /proc for each place it looks at.
 *          Trust ends at the user: the file is 0600, and who may write it may also cut it short or kill the gateway.
 */
#ifndef LL_HOST_CLIENT_DOOR_H
#define LL_HOST_CLIENT_DOOR_H

#include "host/base/ll_err.h"
#include "host/client/ll_door_shm.h"
#include "host/wire/ll_command.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_DOOR_PATH_BYTES 512u

struct ll_door_config {
    const char *path;
    uint32_t places;     /* clients at once: 1..LL_DOOR_PLACES_MAX */
    uint32_t requests;   /* commands that may wait per client, a power of two, at least 2 */
    uint32_t events;     /* events that may wait per client, a power of two, at least 2 */
    uint64_t generation; /* of this gateway; 0 = one more than that of the file taken over */
};

/* D(name, "text") */
#define LL_DOOR_COUNTERS(D)                                                     \
    D(commands, "commands handed out")                                          \
    D(malformed, "commands refused as malformed")                               \
    D(events, "events and answers handed over")                                 \
    D(events_lost, "events and answers that found a full ring")                 \
    D(events_gone, "answers to clients that had left")                          \
    D(clients_come, "clients that came")                                        \
    D(clients_left, "clients that left by themselves")                          \
    D(clients_died, "clients whose process ended without leaving")              \
    D(clients_evicted, "clients evicted because their positions made no sense") \
    D(strays, "places found written to that nobody owned")

struct ll_door_counters {
#define LL_DOOR_COUNTER(name, text) uint64_t name;
    LL_DOOR_COUNTERS(LL_DOOR_COUNTER)
#undef LL_DOOR_COUNTER
};

struct
    ll_door_client { /* private: what the gateway itself knows of a place; the shared copies are never read back */
    uint64_t owner; /* 0 = nobody */
    uint64_t request_tail;
    uint64_t event_head;
    uint64_t lost; /* events that found no room since the last LOST event */
    uint32_t number;
    bool is_ending;
    bool is_evicted;
};

struct ll_door { /* private */
    struct ll_door_shm shm;
    uint64_t process;  /* ourselves, as an owner word */
    uint64_t pending;  /* places to look at, one bit each */
    uint64_t sees_all; /* places by subscription */
    uint64_t sees_own;
    uint32_t next;       /* place that is served next */
    uint32_t next_sweep; /* place that is looked at next */
    uint32_t serial;     /* of the last client that came */
    int fd;              /* holds the lock that says that we live */
    struct ll_door_counters counters;
    struct ll_door_client clients[LL_DOOR_PLACES_MAX];
    char path[LL_DOOR_PATH_BYTES];
};

/* 64 places, 128 requests, 512 events: 11 MiB, taken at once. `path` stays NULL. */
void ll_door_config_default(struct ll_door_config *config);

LL_MUST_CHECK int ll_door_open(struct ll_door *door, const struct ll_door_config *config, struct ll_why *why);
/* Tells the clients, removes the file. */
void ll_door_close(struct ll_door *door);

/* At most `count_max` commands, copied out and checked, `client` filled in; each client with something gets its turn
 * before one gets a second. */
uint32_t ll_door_poll(struct ll_door *door, struct ll_command *commands, uint32_t count_max);

/* The answer to a command of `client` (the command's field). Dropped and counted when the client has gone or its ring
 * is full; a client that lost something is told by a LOST event as soon as there is room. */
void ll_door_answer(struct ll_door *door, uint32_t client, const struct ll_client_event *event);

/* News about an order: to each client that subscribed to all, and to event->client when it subscribed to its own. */
void ll_door_news(struct ll_door *door, const struct ll_client_event *event);

/* Looks whether the owners of up to `places_max` places still run, going on where the last sweep ended. */
void ll_door_sweep(struct ll_door *door, uint32_t places_max);

/* Places in use, evicted ones included. */
uint32_t ll_door_client_count(const struct ll_door *door);

#endif
