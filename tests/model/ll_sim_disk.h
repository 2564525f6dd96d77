/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk in memory behind the journal's door to the file system, that can fail, fill up and lose its power.
 *
 * Shape    new -> files() handed to the code under test -> power_cut or look -> free. One directory. What is
 *          written is visible at once and durable after sync. A power cut decides for each sector (512 bytes)
 *          written since the last sync: kept, lost (old content stays) or garbage; of the directory's changes
 *          since its last sync, a random first part is kept (file systems keep their order). What was synced
 * is untouched: that is the one promise of the hardware this model takes as given. Units    bytes, sectors;
 * operations (writes, syncs, creations, renames, removals) are counted from 1. Errors   planned ones come
 * back as the planned code. After the planned cut every operation is LL_ERR_IO. Threads  any number may use
 * the door at once; plan, cut and looking from one thread while nobody does.
 */
#ifndef LL_TESTS_MODEL_SIM_DISK_H
#define LL_TESTS_MODEL_SIM_DISK_H

#include "host/journal/ll_journal_files.h"

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
/* Did the planned fault or cut happen? */
bool ll_sim_disk_struck(const struct ll_sim_disk *disk);

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
