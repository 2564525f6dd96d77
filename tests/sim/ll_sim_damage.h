/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damage to what a simulated disk holds of a journal, done while nobody has it open: what a start must see, and how it
 * is undone.
 *
 * Shape    flip or forge -> undo. Only slots are taken that were durable for certain and that the next start reads:
 *          those before the last run-start mark of the journal (a mark says that all before it was durable), and of
 *          events behind the newest snapshot. What is behind the last mark looks like a torn write when it is damaged,
 *          and may be cut; what a snapshot holds already is not read again.
 * Units    bytes.
 * Errors   false = there is nothing to be damaged that way.
 * Threads  one owner.
 */
#ifndef LL_TESTS_SIM_DAMAGE_H
#define LL_TESTS_SIM_DAMAGE_H

#include "host/base/ll_prng.h"
#include "host/journal/ll_journal_segment.h"
#include "tests/model/ll_sim_disk.h"

#include <stdbool.h>
#include <stdint.h>

/* One damaged slot. */
struct ll_sim_damage {
    char name[LL_SEGMENT_NAME_BYTES]; /* of the segment; "" = there is none */
    uint64_t offset;
    uint64_t event_id;
    struct ll_slot original;
};

/* Flips one bit. */
bool ll_sim_damage_flip(struct ll_sim_damage *damage, struct ll_sim_disk *disk, struct ll_prng *prng);
/* Changes a message of the feed and gives the slot the checksum of what it now says. */
bool ll_sim_damage_forge(struct ll_sim_damage *damage, struct ll_sim_disk *disk, struct ll_prng *prng);
/* As from a copy. Also of no damage. */
void ll_sim_damage_undo(struct ll_sim_damage *damage, struct ll_sim_disk *disk);

/* Flips a bit anywhere in the newest snapshot and says which one that is; nobody needs to undo it. */
bool ll_sim_damage_snapshot(struct ll_sim_disk *disk, struct ll_prng *prng, uint64_t *event_id);

#endif
