/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of one batch, between the engines that write them and the journal that keeps them. One such batch numbers
 * all records of a gateway, so that there is one order of events.
 *
 * Shape    write records; the owner hands `slots` to the journal and clears. One longest record more always fits
 *          before the batch is full.
 * Units    slots of 64 bytes; event ids count from 1.
 * Errors   none; whoever writes asks ll_record_batch_room first.
 * Threads  one owner.
 */
#ifndef LL_HOST_CORE_RECORD_BATCH_H
#define LL_HOST_CORE_RECORD_BATCH_H

#include "host/base/ll_assert.h"
#include "host/wire/ll_record.h"

#include <stdbool.h>
#include <stdint.h>

/* A batch of 64 plain messages needs one slot each. */
#define LL_RECORD_BATCH_SLOTS (128u + LL_RECORD_SLOTS_MAX)

struct ll_record_batch {
    struct ll_slot slots[LL_RECORD_BATCH_SLOTS];
    uint64_t next_event_id;
    uint32_t slot_count;
    uint32_t reserved32;
};

/* Room for `records` records of any length. */
static inline bool ll_record_batch_room(const struct ll_record_batch *batch, uint32_t records)
{
    return batch->slot_count + records * LL_RECORD_SLOTS_MAX <= LL_RECORD_BATCH_SLOTS;
}

/* Writes a record; returns the index of its head slot. */
static inline uint32_t ll_record_batch_write(struct ll_record_batch *batch, uint8_t kind, uint8_t verdict,
                                             uint64_t time_ns, const void *payload, uint32_t payload_bytes)
{
    uint32_t head = batch->slot_count;
    LL_ASSERT(head + ll_record_slots(payload_bytes) <= LL_RECORD_BATCH_SLOTS);
    batch->slot_count += ll_record_write(&batch->slots[head], kind, verdict, batch->next_event_id++, time_ns,
                                         payload, payload_bytes);
    return head;
}

#endif
