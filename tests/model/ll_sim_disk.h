/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk in memory behind the journal's door to the file system, that can fail, fill up, lie and lose its power.
 *
 * Shape    new -> files() handed to the code under test -> power_cut, restart or look -> free. One directory. What is
 *          written is visible at once and durable after sync. A power cut decides for each sector (512 bytes) written
 *          since the last sync: kept, lost (old content stays) or garbage; of the directory's changes since its last
 *          sync, a random first part is kept (file systems keep their order). What was synced is untouched: that is the
 *          one promise of the hardware this model takes as given, unless it is told to lie.
 *          A process that is killed loses nothing of what it wrote, and leaves it as durable as it was.
 * Units    bytes, sectors; operations (writes, syncs, creations, renames, removals) are counted from 1, reads apart.
 * Errors   planned ones come back as the planned code. After the planned cut or kill every operation is LL_ERR_IO.
 * Threads  any number may use the door at once; plan, cut and looking from one thread while nobody does.
 */
#ifndef LL_TESTS_MODEL_SIM_DISK_H
#define LL_TESTS_MODEL_SIM_DISK_H

#include "host/journal/ll_journal_files.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_SIM_SECTOR_BYTES 512u

enum ll_sim_operation { LL_SIM_WRITE, LL_SIM_SYNC, LL_SIM_CREATE, LL_SIM_OTHER, LL_SIM_OPERATIONS };

struct ll_sim_disk;

struct ll_sim_disk *ll_sim_disk_new(void);
void ll_sim_disk_free(struct ll_sim_disk *disk);

const struct ll_journal_files *ll_sim_disk_files(struct ll_sim_disk *disk);

/* The `nth` operation from now on of the kind fails with `code`, once. nth 0 = none. */
void ll_sim_disk_plan_fault(struct ll_sim_disk *disk, enum ll_sim_operation kind, uint64_t nth, int code);
/* The power goes during the `nth` operation from now on, whatever it is. nth 0 = never. */
void ll_sim_disk_plan_cut(struct ll_sim_disk *disk, uint64_t nth);
/* The process is killed during the `nth` operation from now on; a write is done up to a byte that `seed` says. */
void ll_sim_disk_plan_kill(struct ll_sim_disk *disk, uint64_t nth, uint64_t seed);
/* The `nth` read from now on gives half of what it should. nth 0 = none. */
void ll_sim_disk_plan_short_read(struct ll_sim_disk *disk, uint64_t nth);
/* Did what was planned last happen? */
bool ll_sim_disk_struck(const struct ll_sim_disk *disk);
/* Nothing that was planned will happen any more. */
void ll_sim_disk_plan_nothing(struct ll_sim_disk *disk);

/* No room: a write that would make a file longer is LL_ERR_NO_SPACE. */
void ll_sim_disk_set_full(struct ll_sim_disk *disk, bool is_full);
/* A sync of a file that was synced once says that it is done, and does nothing. What such a sync was said of, a power
 * cut takes whole: what is left was true once, only long ago. */
void ll_sim_disk_set_lying(struct ll_sim_disk *disk, bool is_lying);

/* The process is killed now: every operation fails and changes nothing. */
void ll_sim_disk_halt(struct ll_sim_disk *disk);
/* It was, by ll_sim_disk_halt or as planned. */
bool ll_sim_disk_is_halted(const struct ll_sim_disk *disk);
/* The next process: locks and handles are free, the plans forgotten; the files are as they were. */
void ll_sim_disk_restart(struct ll_sim_disk *disk);
/* Handles and locks that are held. */
uint32_t ll_sim_disk_open_count(const struct ll_sim_disk *disk);

/* Power off and on: decides by `seed` what is left, lets go of locks and handles, forgets the plans. */
void ll_sim_disk_power_cut(struct ll_sim_disk *disk, uint64_t seed);

/* The files, for looking and for doing damage. A name that is not there: false. */
uint32_t ll_sim_disk_file_count(const struct ll_sim_disk *disk);
const char *ll_sim_disk_file_name(const struct ll_sim_disk *disk, uint32_t index);
bool ll_sim_disk_file(struct ll_sim_disk *disk, const char *name, uint8_t **bytes, uint64_t *bytes_count);
bool ll_sim_disk_remove(struct ll_sim_disk *disk, const char *name);
/* Makes a file with these bytes (for readers of hostile bytes). */
void ll_sim_disk_put(struct ll_sim_disk *disk, const char *name, const uint8_t *bytes, uint64_t bytes_count);

#endif
