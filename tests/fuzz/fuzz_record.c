/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a record of any payload lies in its slots as the layout draws it, whichever way it was written, and nothing of
 * the neighbours of its payload gets into it. Method: the first bytes are kind, verdict, event id and time, the rest is
 * the payload, in memory of exact size; it is read back slot by slot and compared; short ones are written in line too
 * and must be the same 64 bytes; then each slot is signed, checked, and one bit of it turned, which the check must see.
 */
#include "host/base/ll_assert.h"
#include "host/journal/ll_journal_segment.h"
#include "host/wire/ll_record.h"
#include "tests/fuzz/ll_fuzz_bytes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

enum { FUZZ_SEED = 0x1234 };

static void check_slots(const struct ll_slot *slots, uint32_t slot_count, uint64_t event_id,
                        const uint8_t *payload, uint32_t payload_bytes)
{
    static const uint8_t zeros[LL_RECORD_TAIL_PAYLOAD];
    uint32_t done = payload_bytes < LL_RECORD_HEAD_PAYLOAD ? payload_bytes : LL_RECORD_HEAD_PAYLOAD;
    LL_ASSERT(slot_count == ll_record_slots(payload_bytes) && slot_count <= LL_RECORD_SLOTS_MAX);
    LL_ASSERT(slots[0].event_id == event_id && slots[0].payload_bytes == payload_bytes);
    LL_ASSERT(memcmp(slots[0].payload, payload, done) == 0);
    LL_ASSERT(memcmp(slots[0].payload + done, zeros, LL_RECORD_HEAD_PAYLOAD - done) == 0);
    for (uint32_t i = 1; i < slot_count; i++) {
        struct ll_slot slot = slots[i];
        uint32_t left = payload_bytes - done;
        uint32_t part = left < LL_RECORD_TAIL_PAYLOAD ? left : LL_RECORD_TAIL_PAYLOAD;
        LL_ASSERT(slot.kind == LL_RECORD_KIND_TAIL && slot.payload_bytes == i && slot.event_id == event_id);
        LL_ASSERT(memcmp(ll_record_tail_payload(&slot), payload + done, part) == 0);
        LL_ASSERT(memcmp(ll_record_tail_payload(&slot) + part, zeros, LL_RECORD_TAIL_PAYLOAD - part) == 0);
        done += part;
    }
    LL_ASSERT(done == payload_bytes);
}

/* A slot that was signed is good, and with any one bit turned it is not. */
static void check_signature(struct ll_slot slot, uint32_t bit)
{
    slot.crc32c = ll_slot_crc32c(&slot, FUZZ_SEED);
    LL_ASSERT(slot.crc32c == ll_slot_crc32c_portable(&slot, FUZZ_SEED));
    LL_ASSERT(ll_slot_check(&slot, FUZZ_SEED) == LL_SLOT_GOOD);
    ((uint8_t *)&slot)[bit / 8 % sizeof slot] ^= (uint8_t)(1u << bit % 8);
    LL_ASSERT(ll_slot_check(&slot, FUZZ_SEED) != LL_SLOT_GOOD);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_fuzz_bytes input = ll_fuzz_begin(bytes, bytes_count);
    struct ll_slot slots[LL_RECORD_SLOTS_MAX];
    struct ll_slot short_slot;
    uint8_t kind = (uint8_t)(LL_RECORD_SESSION + ll_fuzz_u8(&input) % LL_RECORD_SETTINGS);
    uint8_t verdict = ll_fuzz_u8(&input);
    uint64_t event_id = ll_fuzz_u64(&input);
    uint64_t time_ns = ll_fuzz_u64(&input);
    size_t left = ll_fuzz_left_bytes(&input);
    uint32_t payload_bytes =
        (uint32_t)(left < LL_RECORD_PAYLOAD_BYTES_MAX ? left : LL_RECORD_PAYLOAD_BYTES_MAX);
    uint8_t *payload = malloc(payload_bytes > 0 ? payload_bytes : 1);
    LL_ASSERT(payload != NULL);
    if (payload_bytes > 0)
        memcpy(payload, input.at, payload_bytes);
    memset(slots, 0xa5, sizeof slots);
    uint32_t slot_count = ll_record_write(slots, kind, verdict, event_id, time_ns, payload, payload_bytes);
    LL_ASSERT(slots[0].kind == kind && slots[0].verdict == verdict && slots[0].time_ns == time_ns);
    check_slots(slots, slot_count, event_id, payload, payload_bytes);
    if (payload_bytes <= LL_RECORD_HEAD_PAYLOAD) {
        memset(&short_slot, 0x5a, sizeof short_slot);
        LL_ASSERT(ll_record_write_short(&short_slot, kind, verdict, event_id, time_ns, payload,
                                        payload_bytes) == 1);
        LL_ASSERT(memcmp(&short_slot, slots, sizeof short_slot) == 0);
    }
    for (uint32_t i = 0; i < slot_count; i++)
        check_signature(slots[i], (uint32_t)(event_id + 97 * i));
    free(payload);
    return 0;
}
