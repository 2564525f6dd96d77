/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A single-producer single-consumer ring of 64-byte slots: how the engine hands records to the journal.
 *
 * Shape    init in caller's memory (capacity a power of two). Producer: push all or nothing. Consumer: peek a
 *          contiguous run, then pop it, so that the run can be written to disk straight from the ring.
 * Units    counts of slots; positions count up for ever and never wrap in practice (2^64).
 * Errors   push returns false when the slots do not fit; nothing is written then.
 * Threads  exactly one producer and one consumer. Release on publish, acquire on read; each side keeps a
 *          private copy of the other's position, so that the shared lines move once per lap, not per slot.
 */
#ifndef LL_HOST_BASE_SLOT_RING_H
#define LL_HOST_BASE_SLOT_RING_H

#include "host/base/ll_assert.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LL_RING_SLOT_BYTES 64u

struct ll_slot_ring { /* private; producer's, consumer's and read-only fields on lines of their own */
    _Alignas(64) _Atomic uint64_t head; /* next position the producer writes */
    uint64_t producer_seen_tail;
    _Alignas(64) _Atomic uint64_t tail; /* next position the consumer reads */
    uint64_t consumer_seen_head;
    _Alignas(64) uint64_t mask;
    unsigned char *slots;
};

/* Bytes of slot memory for a ring; 0 when slot_count is not a power of two of at least 2. */
static inline size_t ll_slot_ring_footprint_bytes(uint64_t slot_count)
{
    if (slot_count < 2 || (slot_count & (slot_count - 1)) != 0)
        return 0;
    return (size_t)slot_count * LL_RING_SLOT_BYTES;
}

static inline void ll_slot_ring_init(struct ll_slot_ring *ring, void *memory, uint64_t slot_count)
{
    LL_ASSERT(ll_slot_ring_footprint_bytes(slot_count) > 0);
    LL_ASSERT(((uintptr_t)memory & (LL_RING_SLOT_BYTES - 1)) == 0);
    atomic_init(&ring->head, 0);
    atomic_init(&ring->tail, 0);
    ring->producer_seen_tail = 0;
    ring->consumer_seen_head = 0;
    ring->mask = slot_count - 1;
    ring->slots = memory;
}

/* Producer: copies `count` slots in, or none when they do not fit. */
static inline bool ll_slot_ring_push(struct ll_slot_ring *ring, const void *slots, uint64_t count)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t capacity = ring->mask + 1;
    if (head + count - ring->producer_seen_tail > capacity) {
        ring->producer_seen_tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
        if (head + count - ring->producer_seen_tail > capacity)
            return false;
    }
    uint64_t first = head & ring->mask;
    uint64_t until_wrap = capacity - first;
    uint64_t part = count < until_wrap ? count : until_wrap;
    memcpy(ring->slots + first * LL_RING_SLOT_BYTES, slots, part * LL_RING_SLOT_BYTES);
    if (part < count)
        memcpy(ring->slots, (const unsigned char *)slots + part * LL_RING_SLOT_BYTES,
               (count - part) * LL_RING_SLOT_BYTES);
    atomic_store_explicit(&ring->head, head + count, memory_order_release);
    return true;
}

/* Producer: the consumer has given back all that was ever pushed, and what it did meanwhile is seen. */
static inline bool ll_slot_ring_is_drained(struct ll_slot_ring *ring)
{
    return atomic_load_explicit(&ring->tail, memory_order_acquire) ==
           atomic_load_explicit(&ring->head, memory_order_relaxed);
}

/* Consumer: points at the next contiguous run of at most `count_max` slots; returns its length, 0 when empty.
 * The slots stay valid, and may be changed in place, until ll_slot_ring_pop. */
static inline uint64_t ll_slot_ring_peek(struct ll_slot_ring *ring, void **slots, uint64_t count_max)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (ring->consumer_seen_head == tail) {
        ring->consumer_seen_head = atomic_load_explicit(&ring->head, memory_order_acquire);
        if (ring->consumer_seen_head == tail)
            return 0;
    }
    uint64_t count = ring->consumer_seen_head - tail;
    uint64_t first = tail & ring->mask;
    uint64_t until_wrap = ring->mask + 1 - first;
    if (count > until_wrap)
        count = until_wrap;
    if (count > count_max)
        count = count_max;
    *slots = ring->slots + first * LL_RING_SLOT_BYTES;
    return count;
}

/* Consumer: gives `count` slots of the last peek back to the producer. */
static inline void ll_slot_ring_pop(struct ll_slot_ring *ring, uint64_t count)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    LL_ASSERT(ring->consumer_seen_head - tail >= count);
    atomic_store_explicit(&ring->tail, tail + count, memory_order_release);
}

#endif
