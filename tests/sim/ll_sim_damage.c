/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim_damage.h"

#include "host/base/ll_assert.h"
#include "host/journal/ll_snapshot.h"

#include <stdio.h>
#include <string.h>

#define LL_SIM_SEGMENTS_MAX 256u
#define LL_SIM_FORGE_TRIES  64u
/* In a message of the feed: its tracking number, which no book looks at, so that nothing but a checksum can tell. */
#define LL_SIM_FORGE_AT 4u

struct ll_sim_segment {
    const char *name;
    struct ll_slot *slots;
    uint64_t slot_count;
    uint64_t number;
    uint32_t seed;
};

struct ll_sim_journal {
    struct ll_sim_segment segments[LL_SIM_SEGMENTS_MAX]; /* by number */
    uint32_t count;
    uint64_t snapshot_event_id; /* of the newest one; 0 = none */
    uint32_t mark_segment;      /* the last mark: the slots before it were durable */
    uint64_t mark_slot;
};

/* --- What the disk holds ---------------------------------------------------------------------------------- */

/* In its place by number. */
static void ll_sim_journal_add(struct ll_sim_journal *journal, const struct ll_sim_segment *segment)
{
    LL_ASSERT(journal->count < LL_SIM_SEGMENTS_MAX);
    uint32_t at = journal->count++;
    for (; at > 0 && journal->segments[at - 1].number > segment->number; at--)
        journal->segments[at] = journal->segments[at - 1];
    journal->segments[at] = *segment;
}

static void ll_sim_journal_list(struct ll_sim_journal *journal, struct ll_sim_disk *disk)
{
    memset(journal, 0, sizeof *journal);
    for (uint32_t i = 0; i < ll_sim_disk_file_count(disk); i++) {
        const char *name = ll_sim_disk_file_name(disk, i);
        struct ll_segment header;
        uint8_t *bytes;
        uint64_t bytes_count;
        uint64_t day;
        uint64_t number;
        uint64_t event_id;
        if (ll_snapshot_name_parse(name, &event_id) && event_id > journal->snapshot_event_id)
            journal->snapshot_event_id = event_id;
        if (!ll_segment_name_parse(name, &day, &number) ||
            !ll_sim_disk_file(disk, name, &bytes, &bytes_count) || bytes_count < LL_SEGMENT_HEADER_BYTES ||
            ll_segment_header_decode(&header, bytes, NULL) != LL_OK || header.segment_bytes != bytes_count)
            continue;
        const struct ll_sim_segment segment = {
            .name = name,
            .slots = (struct ll_slot *)(void *)(bytes + LL_SEGMENT_HEADER_BYTES),
            .slot_count = ll_segment_slots(&header),
            .number = number,
            .seed = ll_segment_seed(&header)};
        ll_sim_journal_add(journal, &segment);
    }
}

static bool ll_sim_is_good(const struct ll_sim_segment *segment, uint64_t slot)
{
    return ll_slot_check(&segment->slots[slot], segment->seed) == LL_SLOT_GOOD;
}

static bool ll_sim_journal_find_mark(struct ll_sim_journal *journal)
{
    for (uint32_t i = journal->count; i > 0; i--) {
        const struct ll_sim_segment *segment = &journal->segments[i - 1];
        for (uint64_t slot = segment->slot_count; slot > 0; slot--) {
            if (!ll_sim_is_good(segment, slot - 1) || !ll_slot_starts_run(&segment->slots[slot - 1]))
                continue;
            journal->mark_segment = i - 1;
            journal->mark_slot = slot - 1;
            return true;
        }
    }
    return false;
}

/* The `wanted`-th slot that may be damaged; *count is how many there are. */
static struct ll_slot *ll_sim_journal_pick(const struct ll_sim_journal *journal, uint64_t wanted,
                                           const struct ll_sim_segment **in, uint64_t *count)
{
    struct ll_slot *picked = NULL;
    *count = 0;
    for (uint32_t i = 0; i <= journal->mark_segment; i++) {
        const struct ll_sim_segment *segment = &journal->segments[i];
        uint64_t end = i < journal->mark_segment ? segment->slot_count : journal->mark_slot;
        for (uint64_t slot = 0; slot < end; slot++) {
            if (segment->slots[slot].event_id <= journal->snapshot_event_id || !ll_sim_is_good(segment, slot))
                continue;
            if ((*count)++ == wanted) {
                picked = &segment->slots[slot];
                *in = segment;
            }
        }
    }
    return picked;
}

/* Any slot that may be damaged; NULL = there is none. */
static struct ll_slot *ll_sim_journal_any(struct ll_sim_journal *journal, struct ll_sim_disk *disk,
                                          struct ll_prng *prng, const struct ll_sim_segment **in)
{
    uint64_t count = 0;
    ll_sim_journal_list(journal, disk);
    if (!ll_sim_journal_find_mark(journal))
        return NULL;
    (void)ll_sim_journal_pick(journal, UINT64_MAX, in, &count);
    return count == 0 ? NULL : ll_sim_journal_pick(journal, ll_prng_next(prng) % count, in, &count);
}

/* --- Damage ----------------------------------------------------------------------------------------------- */

static void ll_sim_damage_note(struct ll_sim_damage *damage, const struct ll_sim_segment *segment,
                               const struct ll_slot *slot)
{
    (void)snprintf(damage->name, sizeof damage->name, "%s", segment->name);
    damage->offset = ll_segment_offset((uint64_t)(slot - segment->slots));
    damage->event_id = slot->event_id;
    damage->original = *slot;
}

bool ll_sim_damage_flip(struct ll_sim_damage *damage, struct ll_sim_disk *disk, struct ll_prng *prng)
{
    struct ll_sim_journal journal;
    const struct ll_sim_segment *segment = NULL;
    struct ll_slot *slot = ll_sim_journal_any(&journal, disk, prng, &segment);
    if (slot == NULL)
        return false;
    ll_sim_damage_note(damage, segment, slot);
    uint32_t bit = ll_prng_below(prng, LL_SLOT_BYTES * 8u);
    ((uint8_t *)slot)[bit / 8] ^= (uint8_t)(1u << bit % 8);
    return true;
}

bool ll_sim_damage_forge(struct ll_sim_damage *damage, struct ll_sim_disk *disk, struct ll_prng *prng)
{
    struct ll_sim_journal journal;
    const struct ll_sim_segment *segment = NULL;
    for (uint32_t i = 0; i < LL_SIM_FORGE_TRIES; i++) {
        struct ll_slot *slot = ll_sim_journal_any(&journal, disk, prng, &segment);
        if (slot == NULL)
            return false;
        if (slot->kind != LL_RECORD_FEED || ll_slot_payload_bytes(slot) <= LL_SIM_FORGE_AT)
            continue;
        ll_sim_damage_note(damage, segment, slot);
        slot->payload[LL_SIM_FORGE_AT] ^= 1u;
        slot->crc32c = ll_slot_crc32c(slot, segment->seed);
        return true;
    }
    return false;
}

void ll_sim_damage_undo(struct ll_sim_damage *damage, struct ll_sim_disk *disk)
{
    uint8_t *bytes;
    uint64_t bytes_count;
    if (damage->name[0] == '\0')
        return;
    if (ll_sim_disk_file(disk, damage->name, &bytes, &bytes_count))
        memcpy(bytes + damage->offset, &damage->original, sizeof damage->original);
    damage->name[0] = '\0';
}

bool ll_sim_damage_snapshot(struct ll_sim_disk *disk, struct ll_prng *prng, uint64_t *event_id)
{
    struct ll_sim_journal journal;
    char name[LL_SNAPSHOT_NAME_BYTES];
    uint8_t *bytes;
    uint64_t bytes_count;
    ll_sim_journal_list(&journal, disk);
    ll_snapshot_name(name, journal.snapshot_event_id);
    if (journal.snapshot_event_id == 0 || !ll_sim_disk_file(disk, name, &bytes, &bytes_count) ||
        bytes_count == 0)
        return false;
    bytes[ll_prng_next(prng) % bytes_count] ^= (uint8_t)(1u << ll_prng_below(prng, 8));
    *event_id = journal.snapshot_event_id;
    return true;
}
