/* SPDX-License-Identifier: Apache-2.0 */
#include "host/wire/ll_record.h"

#include "host/base/ll_assert.h"

#include <string.h>

const char *ll_record_kind_name(uint8_t kind)
{
    switch (kind) {
#define LL_RECORD_CASE(name, number, text) \
    case number:                           \
        return text;
        LL_RECORD_KINDS(LL_RECORD_CASE)
#undef LL_RECORD_CASE
    default:
        return "unknown";
    }
}

static uint32_t ll_record_write_tails(struct ll_slot *slots, uint64_t event_id, const uint8_t *payload,
                                      uint32_t payload_bytes)
{
    uint32_t slot_index = 0;
    for (uint32_t at = 0; at < payload_bytes; at += LL_RECORD_TAIL_PAYLOAD) {
        struct ll_slot *slot = &slots[slot_index++];
        uint32_t left_bytes = payload_bytes - at;
        memset(slot, 0, sizeof *slot);
        slot->kind = LL_RECORD_KIND_TAIL;
        slot->payload_bytes = (uint16_t)slot_index;
        slot->event_id = event_id;
        memcpy(ll_record_tail_payload(slot), payload + at,
               left_bytes < LL_RECORD_TAIL_PAYLOAD ? left_bytes : LL_RECORD_TAIL_PAYLOAD);
    }
    return slot_index;
}

uint32_t ll_record_write(struct ll_slot *slots, uint8_t kind, uint8_t verdict, uint64_t event_id,
                         uint64_t time_ns, const uint8_t *payload, uint32_t payload_bytes)
{
    LL_ASSERT(payload_bytes <= LL_RECORD_PAYLOAD_BYTES_MAX);
    struct ll_slot *head = &slots[0];
    uint32_t head_bytes = payload_bytes < LL_RECORD_HEAD_PAYLOAD ? payload_bytes : LL_RECORD_HEAD_PAYLOAD;
    memset(head, 0, sizeof *head);
    head->kind = kind;
    head->verdict = verdict;
    head->payload_bytes = (uint16_t)payload_bytes;
    head->event_id = event_id;
    head->time_ns = time_ns;
    memcpy(head->payload, payload, head_bytes);
    return 1u + ll_record_write_tails(slots + 1, event_id, payload + head_bytes, payload_bytes - head_bytes);
}
