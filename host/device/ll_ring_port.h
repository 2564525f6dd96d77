/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's end of a link (hls/ll_link.h): requests go in, answers come out in order, and nothing that is not
 * the answer now due gets past it.
 *
 * Shape    init over the two shared memories -> post, post, take, take... A request becomes a beat: its own
 *          seq, in the last word, stays here, and is put back into its answer. The port holds the credits:
 *          what is posted and not taken never exceeds the slots. A take looks once:
 *
 *            NOTHING          what lies at the place is of the lap before, or was never written, or is just
 *                             being written: a beat that is not whole is looked at again, so often at most
 *            ANSWER           the beat with the ordinal and kind that are due, whole, of the port's epoch
 *            OUT_OF_SEQUENCE  a whole beat of another ordinal or kind
 *            BROKEN           not whole after LL_RING_PORT_LOOKS_MAX looks, or the device's own word that the
 *                             request was not
 *            STALE            of another epoch than the tables have that were loaded
 *            IMPOSSIBLE       an answer no kernel gives: a verdict that is none, another op than asked; of an
 *                             ask also an order or identifier beyond the tables, a state, type, status or
 *                             event that is none, or success without saying of what. So an answer that was
 *                             taken may be used as an index. Whether it is true, only a verification tells
 *
 *          All but the first two are the end: they stay what they are, and the port is to be thrown away.
 * Units    counts of requests; ordinals count from 1, modulo 2^32.
 * Errors   as above. What is in the memory of the device is not trusted.
 * Threads  one owner; on the other side one device, or nobody. No system call.
 */
#ifndef LL_HOST_DEVICE_RING_PORT_H
#define LL_HOST_DEVICE_RING_PORT_H

#include "hls/ll_link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Looks at an answer that is due and not whole: some hundred times what a beat takes to arrive. */
#define LL_RING_PORT_LOOKS_MAX 4096u

enum ll_ring_take {
    LL_RING_NOTHING = 0,
    LL_RING_ANSWER = 1,
    LL_RING_OUT_OF_SEQUENCE = 2,
    LL_RING_BROKEN = 3,
    LL_RING_STALE = 4,
    LL_RING_IMPOSSIBLE = 5
};

/* What is kept back of a request. */
struct ll_ring_kept {
    uint64_t seq;
    uint32_t kind; /* enum ll_beat_kind */
    uint32_t op;
};

struct ll_ring_port { /* private */
    volatile uint64_t *to_device;
    const volatile uint64_t *from_device;
    struct ll_ring_kept *kept; /* by place */
    uint32_t slots;
    uint32_t epoch;
    uint32_t ids; /* of the lifecycle half */
    uint32_t orders;
    uint32_t next; /* ordinal of the next request */
    uint32_t due;  /* ordinal of the next answer */
    uint32_t looks;
};

/* 0 when `slots` is no power of two, or more than LL_LINK_SLOTS_MAX. */
size_t ll_ring_port_footprint_bytes(uint32_t slots);
/* `memory` is the port's own, 8-byte aligned; the other two are ll_link_words(slots) words each. `first` is
 * the ordinal of the first request: 1 on a new link. */
void ll_ring_port_init(struct ll_ring_port *port, void *memory, uint32_t slots, volatile uint64_t *to_device,
                       const volatile uint64_t *from_device, uint32_t first);

/* The epoch that answers to updates and asks must carry from now on. */
void ll_ring_port_set_epoch(struct ll_ring_port *port, uint32_t epoch);

/* The sizes of the lifecycle half, which numbers in answers to asks must be below. None before. */
void ll_ring_port_set_life(struct ll_ring_port *port, uint32_t ids, uint32_t orders);

/* Posts 64-byte records of one kind (struct ll_update, struct ll_life_ask, or a struct ll_beat for CONTROL),
 * as many as there are credits for; returns how many. */
uint32_t ll_ring_port_post(struct ll_ring_port *port, enum ll_beat_kind kind, const void *records,
                           uint32_t count);

/* Takes the answer that is due into `record`, 64 bytes, which is written with LL_RING_ANSWER only. NOTHING
 * when none is due. */
enum ll_ring_take ll_ring_port_take(struct ll_ring_port *port, void *record);

/* Posted, and not taken. */
static inline uint32_t ll_ring_port_pending(const struct ll_ring_port *port)
{
    return port->next - port->due;
}

/* The windows, as words: what a LOAD brings is written before it is posted, what a DUMP brings is read after
 * its answer, copied or where it lies. */
void ll_ring_port_write_window(struct ll_ring_port *port, const void *bytes, uint32_t words);
void ll_ring_port_read_window(const struct ll_ring_port *port, void *bytes, uint32_t words);
static inline const volatile uint64_t *ll_ring_port_window(const struct ll_ring_port *port)
{
    return port->from_device + ll_link_window_at(port->slots);
}

/* The ordinals of the answer that is due and of the one that lies at its place, for a sentence about it. */
void ll_ring_port_ordinals(const struct ll_ring_port *port, uint32_t *due, uint32_t *found);

/* "nothing", "answer", "out of sequence", ... */
const char *ll_ring_take_name(enum ll_ring_take take);

#endif
