/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever lies in the memory to the device, the gateway kernel touches nothing but its own memories,
 * ends, and answers every request with a whole beat of its ordinal. Method: 8 bytes choose ring, batch, first
 * ordinal, tables or none, lines on chip or none, and whether tags are made right or left as they come; then
 * 64 bytes a request, as they lie in the ring. They are launched in batches; a whole LOAD goes alone, its
 * window full of the input, and afterwards the tables are placed again: what a LOAD puts into them is believed
 * (hls/ll_gateway_parts.h).
 */
#include "hls/ll_gateway.h"
#include "host/base/ll_assert.h"
#include "tests/model/ll_gateway_rig.h"

#include <string.h>

enum { HEAD_BYTES = 8, REQUESTS_MAX = 600, PLACED = 1, TAGGED = 2, HOT = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

/* A request of the input at its place. Returns 1 if it is a whole LOAD. */
static uint32_t put(struct ll_gateway_rig *rig, uint32_t ordinal, const uint8_t *bytes, uint32_t tagged)
{
    struct ll_beat beat;
    memcpy(&beat, bytes, sizeof beat);
    if (tagged != 0)
        ll_link_put(rig->to_device, rig->slots, ordinal, ll_beat_kind_of(beat.word[LL_BEAT_TAG]), beat);
    else
        memcpy(rig->to_device + ll_link_slot_at(ordinal, rig->slots), &beat, sizeof beat);
    beat = ll_link_get(rig->to_device, rig->slots, ordinal);
    return (uint32_t)(ll_gateway_kind(beat, ordinal) == LL_BEAT_CONTROL && beat.word[0] == LL_BEAT_OP_LOAD);
}

static void launch(struct ll_gateway_rig *rig, uint32_t first, uint32_t count)
{
    if (count == 0)
        return;
    ll_gateway_rig_run(rig, first, count, 0);
    LL_ASSERT(rig->from_device[LL_LINK_END] == LL_LINK_DONE);
    LL_ASSERT((uint32_t)rig->from_device[LL_LINK_NEXT] == first + count);
    for (uint32_t i = 0; i < count; i++) {
        struct ll_beat asked = ll_link_get(rig->to_device, rig->slots, first + i);
        struct ll_beat answer = ll_link_get(rig->from_device, rig->slots, first + i);
        uint32_t kind = ll_beat_kind_of(answer.word[LL_BEAT_TAG]);
        LL_ASSERT(ll_beat_is_whole(answer));
        LL_ASSERT(ll_beat_ordinal(answer.word[LL_BEAT_TAG]) == first + i);
        LL_ASSERT(kind == LL_BEAT_BROKEN || kind == ll_gateway_kind(asked, first + i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_gateway_rig rig;
    if (bytes_count < HEAD_BYTES)
        return 0;
    uint32_t first;
    uint32_t flags = bytes[2];
    memcpy(&first, bytes + 4, sizeof first);
    ll_gateway_rig_init(&rig, 1u << bytes[0] % 8, bytes[1]);
    if ((flags & HOT) != 0)
        ll_gateway_rig_go_hot(&rig);
    if ((flags & PLACED) != 0)
        ll_gateway_rig_place(&rig, 1, 2);
    uint8_t *window = (uint8_t *)(rig.to_device + ll_link_window_at(rig.slots));
    size_t window_bytes = LL_LINK_WINDOW_WORDS * 8;
    memcpy(window, bytes, bytes_count < window_bytes ? bytes_count : window_bytes);
    uint32_t waiting = 0;
    uint32_t done = 0;
    for (size_t at = HEAD_BYTES; at + sizeof(struct ll_beat) <= bytes_count && done < REQUESTS_MAX;
         at += sizeof(struct ll_beat)) {
        if (waiting == rig.slots) {
            launch(&rig, first, waiting);
            first += waiting;
            waiting = 0;
        }
        uint32_t loads = put(&rig, first + waiting, bytes + at, flags & TAGGED);
        done++;
        if (loads == 0) {
            waiting++;
            continue;
        }
        launch(&rig, first, waiting);
        launch(&rig, first + waiting, 1);
        first += waiting + 1;
        waiting = 0;
        ll_gateway_rig_place(&rig, 1, 2);
    }
    launch(&rig, first, waiting);
    ll_gateway_rig_deinit(&rig);
    return 0;
}
