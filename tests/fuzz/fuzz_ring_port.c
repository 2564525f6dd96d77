/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever a device writes into its memory, the port takes nothing but whole answers to what was asked,
 * in order, and never looks outside the memory.
 * Method: the input is a script: post, take, write words anywhere into the ring, answer well, answer almost
 * well. Each answer that is taken is held against the requests: ordinal by count, seq, op, verdict and epoch.
 *
 * Input: slots as a power of two u8, first ordinal u32, then commands: kind u8, and its arguments. Missing
 * bytes read as 0.
 */
#include "hls/ll_life_records.h"
#include "hls/ll_records.h"
#include "host/base/ll_assert.h"
#include "host/device/ll_ring_port.h"
#include "tests/fuzz/ll_fuzz_bytes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

#define FUZZ_COMMANDS_MAX 4000u
#define FUZZ_SLOTS_MAX    8u
#define FUZZ_EPOCH        3u
#define FUZZ_IDS          9u
#define FUZZ_ORDERS       5u

struct fuzz {
    struct ll_fuzz_bytes input;
    struct ll_ring_port port;
    struct ll_ring_kept kept[FUZZ_SLOTS_MAX];
    uint64_t *to_device;
    uint64_t *from_device;
    uint32_t slots;
    uint32_t next; /* ordinal of the next request; the seq of a request is made of it */
    uint32_t due;
};

static uint64_t seq_of(uint32_t ordinal)
{
    return (uint64_t)ordinal * 0x9e3779b97f4a7c15u;
}

/* The kind and op of a request follow from its ordinal. */
static enum ll_beat_kind kind_of(uint32_t ordinal)
{
    return (enum ll_beat_kind)(LL_BEAT_UPDATE + ordinal % 3);
}

static void post(struct fuzz *fuzz)
{
    struct ll_beat record = {{0}};
    uint8_t op = (uint8_t)(fuzz->next % 5);
    switch (kind_of(fuzz->next)) {
    case LL_BEAT_UPDATE:
        memcpy(&record, &(struct ll_update){.op = op}, sizeof record);
        break;
    case LL_BEAT_ASK:
        memcpy(&record, &(struct ll_life_ask){.op = op}, sizeof record);
        break;
    default:
        record.word[0] = op;
    }
    record.word[LL_BEAT_TAG] = seq_of(fuzz->next);
    uint32_t posted = ll_ring_port_post(&fuzz->port, kind_of(fuzz->next), &record, 1);
    LL_ASSERT(posted == (fuzz->next - fuzz->due < fuzz->slots));
    fuzz->next += posted;
}

static bool take(struct fuzz *fuzz)
{
    struct ll_beat record;
    enum ll_ring_take taken = ll_ring_port_take(&fuzz->port, &record);
    LL_ASSERT(strcmp(ll_ring_take_name(taken), "unknown") != 0);
    if (taken != LL_RING_ANSWER)
        return taken == LL_RING_NOTHING;
    LL_ASSERT(fuzz->due != fuzz->next);
    LL_ASSERT(record.word[LL_BEAT_TAG] == seq_of(fuzz->due));
    uint8_t op = (uint8_t)(fuzz->due % 5);
    struct ll_result result;
    struct ll_life_answer answer;
    memcpy(&result, &record, sizeof result);
    memcpy(&answer, &record, sizeof answer);
    switch (kind_of(fuzz->due)) {
    case LL_BEAT_UPDATE:
        LL_ASSERT(result.op == op && result.epoch == FUZZ_EPOCH && result.verdict < LL_VERDICT_COUNT);
        break;
    case LL_BEAT_ASK:
        LL_ASSERT(answer.op == op && answer.epoch == FUZZ_EPOCH && answer.verdict < LL_VERDICT_COUNT);
        LL_ASSERT((answer.id < FUZZ_IDS && answer.order < FUZZ_ORDERS) ||
                  (answer.id == LL_LIFE_NONE && answer.order == LL_LIFE_NONE));
        LL_ASSERT(answer.previous < FUZZ_IDS || answer.previous == LL_LIFE_NONE);
        LL_ASSERT(answer.other_order < FUZZ_ORDERS || answer.other_order == LL_LIFE_NONE);
        break;
    default:
        LL_ASSERT((uint8_t)record.word[0] == op);
    }
    fuzz->due++;
    return true;
}

/* A good answer to the request `ahead` of the one due, with one byte changed before the tag is made, and one
 * after. */
static void answer(struct fuzz *fuzz)
{
    uint32_t ordinal = fuzz->due + ll_fuzz_u8(&fuzz->input) % 3;
    uint8_t before = ll_fuzz_u8(&fuzz->input);
    uint8_t after = ll_fuzz_u8(&fuzz->input);
    uint8_t change = ll_fuzz_u8(&fuzz->input);
    uint8_t op = (uint8_t)(ordinal % 5);
    struct ll_beat beat = {{op}};
    uint8_t *bytes = (uint8_t *)&beat;
    if (kind_of(ordinal) == LL_BEAT_UPDATE)
        memcpy(&beat, &(struct ll_result){.op = op, .epoch = FUZZ_EPOCH}, sizeof beat);
    if (kind_of(ordinal) == LL_BEAT_ASK)
        memcpy(&beat, &(struct ll_life_answer){.op = op, .flags = LL_LIFE_FOUND, .epoch = FUZZ_EPOCH},
               sizeof beat);
    if (before < sizeof beat)
        bytes[before] ^= change;
    beat.word[LL_BEAT_TAG] = ll_beat_tag(beat, ordinal, kind_of(ordinal));
    if (after < sizeof beat)
        bytes[after] ^= change;
    memcpy(fuzz->from_device + ll_link_slot_at(ordinal, fuzz->slots), &beat, sizeof beat);
}

/* What goes into the window of one memory stands there; what stands in the other's comes out. */
static void move_window(struct fuzz *fuzz)
{
    uint64_t words[4];
    uint64_t back[4];
    uint32_t count = 1 + ll_fuzz_u8(&fuzz->input) % 4u;
    uint32_t due = 0;
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++)
        words[i] = ll_fuzz_u64(&fuzz->input);
    ll_ring_port_write_window(&fuzz->port, words, count);
    uint64_t at = ll_link_window_at(fuzz->slots);
    LL_ASSERT(memcmp(fuzz->to_device + at, words, count * sizeof words[0]) == 0);
    memcpy(fuzz->from_device + at, words, count * sizeof words[0]);
    ll_ring_port_read_window(&fuzz->port, back, count);
    LL_ASSERT(memcmp(words, back, count * sizeof words[0]) == 0);
    ll_ring_port_ordinals(&fuzz->port, &due, &found);
    LL_ASSERT(due == fuzz->due);
}

static void command(struct fuzz *fuzz, bool *is_alive)
{
    switch (ll_fuzz_u8(&fuzz->input) % 6) {
    case 0:
        post(fuzz);
        break;
    case 1:
        *is_alive = take(fuzz);
        break;
    case 2: { /* any word of the ring */
        uint32_t word = ll_fuzz_u8(&fuzz->input) % (fuzz->slots * LL_BEAT_WORDS);
        fuzz->from_device[LL_LINK_HEAD_WORDS + word] = ll_fuzz_u64(&fuzz->input);
        break;
    }
    case 3: /* as long as a beat may take to become whole */
        for (uint32_t i = 0; *is_alive && i < 16; i++)
            *is_alive = take(fuzz);
        break;
    case 5:
        move_window(fuzz);
        break;
    default:
        answer(fuzz);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct fuzz fuzz = {.input = ll_fuzz_begin(bytes, bytes_count)};
    bool is_alive = true;
    fuzz.slots = 1u << ll_fuzz_u8(&fuzz.input) % 4;
    fuzz.next = (uint32_t)(ll_fuzz_u64(&fuzz.input) >> 32);
    fuzz.due = fuzz.next;
    fuzz.to_device = calloc(ll_link_words(fuzz.slots), sizeof(uint64_t));
    fuzz.from_device = calloc(ll_link_words(fuzz.slots), sizeof(uint64_t));
    LL_ASSERT(fuzz.to_device != NULL && fuzz.from_device != NULL);
    ll_ring_port_init(&fuzz.port, fuzz.kept, fuzz.slots, fuzz.to_device, fuzz.from_device, fuzz.next);
    ll_ring_port_set_epoch(&fuzz.port, FUZZ_EPOCH);
    ll_ring_port_set_life(&fuzz.port, FUZZ_IDS, FUZZ_ORDERS);
    for (uint32_t i = 0; is_alive && ll_fuzz_left_bytes(&fuzz.input) > 0 && i < FUZZ_COMMANDS_MAX; i++)
        command(&fuzz, &is_alive);
    LL_ASSERT(ll_ring_port_pending(&fuzz.port) == fuzz.next - fuzz.due);
    free(fuzz.to_device);
    free(fuzz.from_device);
    return 0;
}
