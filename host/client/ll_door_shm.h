/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door file: the memory that a gateway and its clients share, and how either side knows whether the other lives.
 *
 * Shape    header | place 0 | place 1 | ...; a place is four control lines, a ring of requests (struct ll_command) and
 *          a ring of events (struct ll_client_event). Positions count commands or events up for ever, and each has a
 *          cache line of its own with whatever else its only writer writes.
 *
 *            line 0  client   request_head, owner, subscription, leaving
 *            line 1  gateway  request_tail, state, number of the client
 *            line 2  gateway  event_head
 *            line 3  client   event_tail
 *
 *          `owner` names a process in one word, so that a place is taken by one compare-and-swap: 40 bits of start time
 *          and 24 bits of pid. A pid that was given out again has another start time and is another process. Only the
 *          gateway gives a place back. `bell` has one bit per place: set by the client after it published something.
 * Units    bytes; positions and ring sizes in commands or events; start time in the kernel's clock ticks since boot.
 * Errors   LL_ERR_INPUT a file that is no door, or another version's; LL_ERR_IO; LL_ERR_ENVIRONMENT.
 * Threads  per ring one producer and one consumer: the head is stored with release and loaded with acquire by the
 *          other side, and so is the tail. Whatever a client writes, the gateway treats as it would a packet: sizes
 *          come from its own copy, positions are checked, a command is copied out before it is looked at.
 * Source   process state and start time: proc_pid_stat(5), fields 3 and 22.
 */
#ifndef LL_HOST_CLIENT_DOOR_SHM_H
#define LL_HOST_CLIENT_DOOR_SHM_H

#include "host/base/ll_err.h"
#include "host/wire/ll_command.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_DOOR_MAGIC        UINT64_C(0x313030726f6f646c) /* "ldoor001" */
#define LL_DOOR_VERSION      1u
#define LL_DOOR_PLACES_MAX   64u /* one bit each in the bell */
#define LL_DOOR_REQUESTS_MAX 4096u
#define LL_DOOR_EVENTS_MAX   65536u
#define LL_DOOR_PAGE_BYTES   4096u

enum ll_door_state { LL_DOOR_OPEN = 1, LL_DOOR_CLOSED = 2 };
enum ll_place_state { LL_PLACE_FREE = 0, LL_PLACE_SERVED = 1, LL_PLACE_EVICTED = 2 };
enum ll_subscription { LL_SUBSCRIBE_NONE = 0, LL_SUBSCRIBE_OWN = 1, LL_SUBSCRIBE_ALL = 2 };

struct ll_door_header {
    uint64_t magic;
    uint32_t version;
    uint32_t places;
    uint32_t requests; /* a power of two; so is events */
    uint32_t events;
    uint32_t command_bytes;
    uint32_t event_bytes;
    uint64_t place_bytes;
    uint64_t file_bytes;
    uint64_t generation;                 /* grows with each gateway that takes the file over */
    uint64_t gateway;                    /* the process, like `owner` */
    _Alignas(64) _Atomic uint32_t state; /* enum ll_door_state */
    _Alignas(64) _Atomic uint64_t bell;
};
static_assert(sizeof(struct ll_door_header) == 192, "three lines of the first page");

struct ll_door_place {
    _Alignas(64) _Atomic uint64_t request_head;
    _Atomic uint64_t owner; /* 0 = free */
    _Atomic uint32_t subscription;
    _Atomic uint32_t leaving;
    _Alignas(64) _Atomic uint64_t request_tail;
    _Atomic uint32_t state;  /* enum ll_place_state */
    _Atomic uint32_t client; /* its number, once the gateway has seen it */
    _Alignas(64) _Atomic uint64_t event_head;
    _Alignas(64) _Atomic uint64_t event_tail;
};
static_assert(sizeof(struct ll_door_place) == 256, "four lines");

/* One side's mapping, with its own copy of every size. */
struct ll_door_shm {
    struct ll_door_header *header; /* NULL = not mapped */
    uint64_t file_bytes;
    uint64_t place_bytes;
    uint32_t places;
    uint32_t requests;
    uint32_t events;
};

/* Fills the sizes of `shm` from these three; LL_ERR_USAGE when they are out of range. */
LL_MUST_CHECK int ll_door_shm_size(struct ll_door_shm *shm, uint32_t places, uint32_t requests,
                                   uint32_t events, struct ll_why *why);
/* Maps `fd` with the sizes in `shm`. */
LL_MUST_CHECK int ll_door_shm_map(struct ll_door_shm *shm, int fd, struct ll_why *why);
/* Maps a door that somebody else made, after checking that it is one. */
LL_MUST_CHECK int ll_door_shm_attach(struct ll_door_shm *shm, int fd, const char *path, struct ll_why *why);
void ll_door_shm_unmap(struct ll_door_shm *shm);

static inline struct ll_door_place *ll_door_place(const struct ll_door_shm *shm, uint32_t place)
{
    return (struct ll_door_place *)((unsigned char *)shm->header + LL_DOOR_PAGE_BYTES +
                                    place * shm->place_bytes);
}

static inline void *ll_door_request(const struct ll_door_shm *shm, uint32_t place, uint64_t position)
{
    return (unsigned char *)ll_door_place(shm, place) + sizeof(struct ll_door_place) +
           (position & (shm->requests - 1)) * sizeof(struct ll_command);
}

static inline void *ll_door_event(const struct ll_door_shm *shm, uint32_t place, uint64_t position)
{
    return (unsigned char *)ll_door_request(shm, place, 0) + shm->requests * sizeof(struct ll_command) +
           (position & (shm->events - 1)) * sizeof(struct ll_client_event);
}

/* Where the door is when nobody says: $LIFELINE_DOOR, else /dev/shm/lifeline-UID. */
void ll_door_default_path(char *path, size_t path_bytes);

/* This process as an owner word, 0 when the kernel does not tell. A file is read: cold. */
uint64_t ll_process_self(void);
/* Whether the process of an owner word runs. What cannot be found out counts as alive. Cold. */
bool ll_process_is_alive(uint64_t process);
static inline uint32_t ll_process_pid(uint64_t process)
{
    return (uint32_t)(process & 0xffffff);
}

#endif
