/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_ring_port.h"

#include "hls/ll_life_records.h"
#include "hls/ll_records.h"
#include "host/base/ll_assert.h"

#include <string.h>

/* Where the bytes lie that the port reads in requests and answers of a kind. */
struct ll_ring_layout {
    uint8_t op_at; /* of the request */
    uint8_t answer_op_at;
    uint8_t epoch_at;
    bool has_verdict; /* in byte 0, and an epoch */
};

static const struct ll_ring_layout ll_ring_layouts[] = {
    [LL_BEAT_UPDATE] = {offsetof(struct ll_update, op), offsetof(struct ll_result, op),
                        offsetof(struct ll_result, epoch), true},
    [LL_BEAT_ASK] = {offsetof(struct ll_life_ask, op), offsetof(struct ll_life_answer, op),
                     offsetof(struct ll_life_answer, epoch), true},
    [LL_BEAT_CONTROL] = {0, 0, 0, false},
};

_Static_assert(LL_VERDICT_COUNT <= 32, "a bit for each");
_Static_assert(offsetof(struct ll_result, verdict) == 0 && offsetof(struct ll_life_answer, verdict) == 0,
               "verdicts are the first byte of an answer");
_Static_assert(offsetof(struct ll_update, seq) == LL_BEAT_TAG * sizeof(uint64_t) &&
                   offsetof(struct ll_result, seq) == LL_BEAT_TAG * sizeof(uint64_t) &&
                   offsetof(struct ll_life_ask, seq) == LL_BEAT_TAG * sizeof(uint64_t) &&
                   offsetof(struct ll_life_answer, seq) == LL_BEAT_TAG * sizeof(uint64_t),
               "the tag lies where the seq lies");

size_t ll_ring_port_footprint_bytes(uint32_t slots)
{
    if (slots == 0 || slots > LL_LINK_SLOTS_MAX || (slots & (slots - 1)) != 0)
        return 0;
    return slots * sizeof(struct ll_ring_kept);
}

void ll_ring_port_init(struct ll_ring_port *port, void *memory, uint32_t slots, volatile uint64_t *to_device,
                       const volatile uint64_t *from_device, uint32_t first)
{
    LL_ASSERT(ll_ring_port_footprint_bytes(slots) != 0);
    memset(memory, 0, ll_ring_port_footprint_bytes(slots));
    *port = (struct ll_ring_port){.to_device = to_device,
                                  .from_device = from_device,
                                  .kept = memory,
                                  .slots = slots,
                                  .next = first,
                                  .due = first};
}

void ll_ring_port_set_epoch(struct ll_ring_port *port, uint32_t epoch)
{
    port->epoch = epoch;
}

void ll_ring_port_set_life(struct ll_ring_port *port, uint32_t ids, uint32_t orders)
{
    port->ids = ids;
    port->orders = orders;
}

static void ll_ring_port_post_one(struct ll_ring_port *port, enum ll_beat_kind kind, const void *record)
{
    struct ll_ring_kept *kept = &port->kept[port->next & (port->slots - 1)];
    struct ll_beat beat;
    memcpy(&beat, record, sizeof beat);
    kept->seq = beat.word[LL_BEAT_TAG];
    kept->kind = kind;
    kept->op = ((const uint8_t *)record)[ll_ring_layouts[kind].op_at];
    ll_link_put(port->to_device, port->slots, port->next, kind, beat);
    port->next++;
}

uint32_t ll_ring_port_post(struct ll_ring_port *port, enum ll_beat_kind kind, const void *records,
                           uint32_t count)
{
    LL_ASSERT(kind == LL_BEAT_UPDATE || kind == LL_BEAT_ASK || kind == LL_BEAT_CONTROL);
    uint32_t room = port->slots - ll_ring_port_pending(port);
    if (count > room)
        count = room;
    for (uint32_t i = 0; i < count; i++)
        ll_ring_port_post_one(port, kind, (const struct ll_beat *)records + i);
    return count;
}

static bool ll_ring_port_is_number(uint32_t number, uint32_t count)
{
    return number < count || number == LL_LIFE_NONE;
}

/* Whoever asked takes numbers out of the answer for places of arrays: in range, and there when the verdict says so. */
static bool ll_ring_port_may_be(const struct ll_ring_port *port, const struct ll_life_answer *answer)
{
    const uint32_t about = 1u << LL_VERDICT_OK | 1u << LL_VERDICT_LATE | 1u << LL_VERDICT_OUT_OF_ORDER |
                           1u << LL_VERDICT_OVERFILL | 1u << LL_VERDICT_DUPLICATE;
    bool is_found = (answer->flags & LL_LIFE_FOUND) != 0;
    bool is_about = answer->op != LL_LIFE_OP_NONE && (about >> answer->verdict & 1u) != 0;
    if (is_found ? answer->order >= port->orders || answer->id >= port->ids
                 : is_about || answer->order != LL_LIFE_NONE || answer->id != LL_LIFE_NONE)
        return false;
    if (answer->verdict == LL_VERDICT_ID_TAKEN && answer->other_order == LL_LIFE_NONE)
        return false;
    return ll_ring_port_is_number(answer->previous, port->ids) &&
           ll_ring_port_is_number(answer->other_order, port->orders) &&
           answer->state_before < LL_ORDER_STATE_COUNT && answer->state_after < LL_ORDER_STATE_COUNT &&
           answer->type < LL_ID_TYPE_COUNT && answer->status < LL_ID_STATUS_COUNT &&
           answer->event <= LL_ORDER_EVENT_COUNT;
}

/* A whole beat with the ordinal that is due. */
static enum ll_ring_take ll_ring_port_judge(const struct ll_ring_port *port, const struct ll_beat *beat)
{
    const struct ll_ring_kept *kept = &port->kept[port->due & (port->slots - 1)];
    const struct ll_ring_layout *layout = &ll_ring_layouts[kept->kind];
    const uint8_t *bytes = (const uint8_t *)beat;
    uint32_t kind = ll_beat_kind_of(beat->word[LL_BEAT_TAG]);
    uint32_t epoch;
    if (kind == LL_BEAT_BROKEN)
        return LL_RING_BROKEN;
    if (kind != kept->kind)
        return LL_RING_OUT_OF_SEQUENCE;
    memcpy(&epoch, bytes + layout->epoch_at, sizeof epoch);
    if (layout->has_verdict && epoch != port->epoch)
        return LL_RING_STALE;
    if (bytes[layout->answer_op_at] != kept->op || (layout->has_verdict && bytes[0] >= LL_VERDICT_COUNT))
        return LL_RING_IMPOSSIBLE;
    if (kind == LL_BEAT_ASK) {
        struct ll_life_answer answer;
        memcpy(&answer, beat, sizeof answer);
        if (!ll_ring_port_may_be(port, &answer))
            return LL_RING_IMPOSSIBLE;
    }
    return LL_RING_ANSWER;
}

enum ll_ring_take ll_ring_port_take(struct ll_ring_port *port, void *record)
{
    if (port->due == port->next)
        return LL_RING_NOTHING;
    const uint32_t tag_at = ll_link_slot_at(port->due, port->slots) + LL_BEAT_TAG;
    uint64_t tag = ll_link_load(port->from_device + tag_at);
    uint32_t ordinal = ll_beat_ordinal(tag);
    if (LL_LIKELY(tag == 0 || ordinal == port->due - port->slots))
        return LL_RING_NOTHING;
    struct ll_beat beat = ll_link_get(port->from_device, port->slots, port->due);
    ordinal = ll_beat_ordinal(beat.word[LL_BEAT_TAG]);
    if (LL_UNLIKELY(ll_beat_is_whole(beat) == 0))
        return ++port->looks < LL_RING_PORT_LOOKS_MAX ? LL_RING_NOTHING : LL_RING_BROKEN;
    if (LL_UNLIKELY(ordinal != port->due))
        return LL_RING_OUT_OF_SEQUENCE;
    enum ll_ring_take take = ll_ring_port_judge(port, &beat);
    if (LL_UNLIKELY(take != LL_RING_ANSWER))
        return take;
    beat.word[LL_BEAT_TAG] = port->kept[port->due & (port->slots - 1)].seq;
    memcpy(record, &beat, sizeof beat);
    port->due++;
    port->looks = 0;
    return LL_RING_ANSWER;
}

void ll_ring_port_write_window(struct ll_ring_port *port, const void *bytes, uint32_t words)
{
    LL_ASSERT(words <= LL_LINK_WINDOW_WORDS);
    volatile uint64_t *window = port->to_device + ll_link_window_at(port->slots);
    const unsigned char *from = bytes;
    for (uint32_t i = 0; i < words; i++, from += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, from, sizeof word);
        window[i] = word;
    }
}

void ll_ring_port_read_window(const struct ll_ring_port *port, void *bytes, uint32_t words)
{
    LL_ASSERT(words <= LL_LINK_WINDOW_WORDS);
    const volatile uint64_t *window = ll_ring_port_window(port);
    unsigned char *to = bytes;
    for (uint32_t i = 0; i < words; i++, to += sizeof(uint64_t)) {
        uint64_t word = window[i];
        memcpy(to, &word, sizeof word);
    }
}

void ll_ring_port_ordinals(const struct ll_ring_port *port, uint32_t *due, uint32_t *found)
{
    *due = port->due;
    *found = ll_beat_ordinal(port->from_device[ll_link_slot_at(port->due, port->slots) + LL_BEAT_TAG]);
}

const char *ll_ring_take_name(enum ll_ring_take take)
{
    static const char *const names[] = {"nothing", "answer", "out of sequence",
                                        "broken",  "stale",  "impossible"};
    return (uint32_t)take < sizeof names / sizeof names[0] ? names[take] : "unknown";
}
