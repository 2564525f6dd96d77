/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_sim_disk.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_prng.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LL_SIM_FILES_MAX   512u
#define LL_SIM_NAMES_MAX   256u
#define LL_SIM_HANDLES_MAX 1024u
#define LL_SIM_LOG_MAX     16u
#define LL_SIM_NAME_BYTES  64u
#define LL_SIM_LOCKS_MAX   4u

struct ll_sim_file {
    uint8_t *now; /* what a reader sees */
    uint8_t *durable;
    uint8_t *dirty; /* one byte per sector */
    uint64_t now_bytes;
    uint64_t durable_bytes;
    uint64_t capacity_bytes; /* whole sectors */
    bool is_lied_of;         /* a sync of it did nothing */
};

/* One state of the directory. */
struct ll_sim_names {
    uint32_t count;
    struct {
        char name[LL_SIM_NAME_BYTES];
        uint32_t file;
    } entry[LL_SIM_NAMES_MAX];
};

enum ll_sim_handle { LL_SIM_FREE, LL_SIM_DIR, LL_SIM_LOCK, LL_SIM_FILE };

struct ll_sim_disk {
    struct ll_journal_files door;
    pthread_mutex_t mutex;
    struct ll_sim_file file[LL_SIM_FILES_MAX];
    uint32_t file_count;
    struct ll_sim_names log[LL_SIM_LOG_MAX]; /* [0] durable ... [log_count - 1] now */
    uint32_t log_count;
    struct {
        enum ll_sim_handle kind;
        uint32_t file;
    } handle[LL_SIM_HANDLES_MAX];
    uint64_t fault_in[LL_SIM_OPERATIONS]; /* 1 = the next one */
    int fault_code[LL_SIM_OPERATIONS];
    uint64_t cut_in;
    bool cut_is_kill;
    struct ll_prng kill; /* how much of a write is done */
    uint64_t short_read_in;
    bool is_full;
    bool is_lying;
    struct {
        char name[LL_SIM_NAME_BYTES]; /* "" = none has been here */
        bool held;
    } lock[LL_SIM_LOCKS_MAX];
    bool dead;
    bool struck;
    uint64_t salt;
};

static struct ll_sim_names *ll_sim_now(struct ll_sim_disk *disk)
{
    return &disk->log[disk->log_count - 1];
}

/* Counts an operation. LL_OK: go on. *last tells that the power goes during it: what it does may still count.
 */
static int ll_sim_step(struct ll_sim_disk *disk, enum ll_sim_operation kind, bool *last, struct ll_why *why)
{
    *last = false;
    if (disk->dead)
        return LL_FAIL(why, LL_ERR_IO, "simulated: no power");
    if (disk->cut_in > 0 && --disk->cut_in == 0) {
        disk->dead = true;
        disk->struck = true;
        *last = true;
        return LL_OK;
    }
    if (disk->fault_in[kind] > 0 && --disk->fault_in[kind] == 0) {
        disk->struck = true;
        return LL_FAIL(why, disk->fault_code[kind], "simulated: planned fault");
    }
    return LL_OK;
}

static int ll_sim_end(bool last, struct ll_why *why)
{
    return last ? LL_FAIL(why, LL_ERR_IO, "simulated: the power went") : LL_OK;
}

static int ll_sim_handle_new(struct ll_sim_disk *disk, enum ll_sim_handle kind, uint32_t file)
{
    int free_handle = 0;
    while (disk->handle[free_handle].kind != LL_SIM_FREE) {
        free_handle++;
        LL_ASSERT(free_handle < (int)LL_SIM_HANDLES_MAX);
    }
    disk->handle[free_handle].kind = kind;
    disk->handle[free_handle].file = file;
    return free_handle;
}

static int ll_sim_find(const struct ll_sim_names *names, const char *name)
{
    for (uint32_t i = 0; i < names->count; i++) {
        if (strcmp(names->entry[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

/* A new state of the directory, not durable yet. */
static struct ll_sim_names *ll_sim_change(struct ll_sim_disk *disk)
{
    if (disk->log_count == LL_SIM_LOG_MAX) {
        memmove(&disk->log[0], &disk->log[1], sizeof disk->log[0] * (LL_SIM_LOG_MAX - 1));
        disk->log_count--;
    }
    disk->log[disk->log_count] = disk->log[disk->log_count - 1];
    disk->log_count++;
    return ll_sim_now(disk);
}

static void ll_sim_names_remove(struct ll_sim_names *names, int index)
{
    names->entry[index] = names->entry[--names->count];
}

static void ll_sim_names_add(struct ll_sim_names *names, const char *name, uint32_t file)
{
    LL_ASSERT(names->count < LL_SIM_NAMES_MAX);
    (void)snprintf(names->entry[names->count].name, LL_SIM_NAME_BYTES, "%s", name);
    names->entry[names->count++].file = file;
}

static void ll_sim_file_free(struct ll_sim_file *file)
{
    free(file->now);
    free(file->durable);
    free(file->dirty);
    memset(file, 0, sizeof *file);
}

/* Marks the files that a name leads to, even one that only a power cut would bring back, or a handle. */
static void ll_sim_files_in_use(const struct ll_sim_disk *disk, bool in_use[LL_SIM_FILES_MAX])
{
    memset(in_use, 0, LL_SIM_FILES_MAX * sizeof *in_use);
    for (uint32_t state = 0; state < disk->log_count; state++)
        for (uint32_t i = 0; i < disk->log[state].count; i++)
            in_use[disk->log[state].entry[i].file] = true;
    for (uint32_t i = 0; i < LL_SIM_HANDLES_MAX; i++)
        if (disk->handle[i].kind == LL_SIM_FILE)
            in_use[disk->handle[i].file] = true;
}

/* In the place of one that nothing leads to any more, so that a disk may live for ever. */
static uint32_t ll_sim_file_new(struct ll_sim_disk *disk)
{
    bool in_use[LL_SIM_FILES_MAX];
    uint32_t file = 0;
    ll_sim_files_in_use(disk, in_use);
    while (in_use[file]) {
        file++;
        LL_ASSERT(file < LL_SIM_FILES_MAX);
    }
    if (file < disk->file_count)
        ll_sim_file_free(&disk->file[file]);
    else
        disk->file_count = file + 1;
    return file;
}

static void ll_sim_file_grow(struct ll_sim_file *file, uint64_t bytes)
{
    if (bytes <= file->capacity_bytes)
        return;
    uint64_t capacity_bytes = (bytes + 65535) & ~(uint64_t)65535;
    file->now = realloc(file->now, capacity_bytes);
    file->durable = realloc(file->durable, capacity_bytes);
    file->dirty = realloc(file->dirty, capacity_bytes / LL_SIM_SECTOR_BYTES);
    LL_ASSERT(file->now != NULL && file->durable != NULL && file->dirty != NULL);
    uint64_t added_bytes = capacity_bytes - file->capacity_bytes;
    memset(file->now + file->capacity_bytes, 0, added_bytes);
    memset(file->durable + file->capacity_bytes, 0, added_bytes);
    memset(file->dirty + file->capacity_bytes / LL_SIM_SECTOR_BYTES, 0, added_bytes / LL_SIM_SECTOR_BYTES);
    file->capacity_bytes = capacity_bytes;
}

static void ll_sim_lock(struct ll_sim_disk *disk)
{
    (void)pthread_mutex_lock(&disk->mutex);
}

static int ll_sim_unlock(struct ll_sim_disk *disk, int rc)
{
    (void)pthread_mutex_unlock(&disk->mutex);
    return rc;
}

static int ll_sim_dir_open(void *context, const char *path, bool create, int *dir, struct ll_why *why)
{
    struct ll_sim_disk *disk = context;
    (void)path;
    (void)create;
    ll_sim_lock(disk);
    int rc = disk->dead ? LL_FAIL(why, LL_ERR_IO, "simulated: no power") : LL_OK;
    if (rc == LL_OK)
        *dir = ll_sim_handle_new(disk, LL_SIM_DIR, 0);
    return ll_sim_unlock(disk, rc);
}

static int ll_sim_dir_sync(void *context, int dir, struct ll_why *why)
{
    struct ll_sim_disk *disk = context;
    bool last;
    ll_sim_lock(disk);
    LL_ASSERT(disk->handle[dir].kind == LL_SIM_DIR);
    int rc = ll_sim_step(disk, LL_SIM_SYNC, &last, why);
    if (rc == LL_OK && !last) {
        disk->log[0] = *ll_sim_now(disk);
        disk->log_count = 1;
    }
    return ll_sim_unlock(disk, rc == LL_OK ? ll_sim_end(last, why) : rc);
}

static int ll_sim_dir_list(void *context, int dir, int (*visit)(void *visitor, const char *name),
                           void *visitor, struct ll_why *why)
{
    struct ll_sim_disk *disk = context;
    ll_sim_lock(disk);
    LL_ASSERT(disk->handle[dir].kind == LL_SIM_DIR);
    int rc = disk->dead ? LL_FAIL(why, LL_ERR_IO, "simulated: no power") : LL_OK;
    const struct ll_sim_names *names = ll_sim_now(disk);
    for (uint32_t i = 0; i < names->count && rc == LL_OK; i++)
        rc = visit(visitor, names->entry[i].name);
    return ll_sim_unlock(disk, rc);
}

static int ll_sim_lock_file(void *context, int dir, const char *name, int *file, struct ll_why *why)
{
    struct ll_sim_disk *disk = context;
    uint32_t index = 0;
    ll_sim_lock(disk);
    LL_ASSERT(disk->handle[dir].kind == LL_SIM_DIR);
    while (disk->lock[index].name[0] != 0 && strcmp(disk->lock[index].name, name) != 0) {
        index++;
        LL_ASSERT(index < LL_SIM_LOCKS_MAX);
    }
    (void)snprintf(disk->lock[index].name, LL_SIM_NAME_BYTES, "%s", name);
    int rc = LL_OK;
    if (disk->lock[index].held) {
        rc = LL_FAIL(why, LL_ERR_BUSY, "simulated: locked");
    } else {
        disk->lock[index].held = true;
        *file = ll_sim_handle_new(disk, LL_SIM_LOCK, index);
    }
    return ll_sim_unlock(disk, rc);
}

static int ll_sim_open(void *context, int dir, const char *name, enum ll_journal_file_mode mode, int *file,
                       struct ll_why *why)
{
    struct ll_sim_disk *disk = context;
    bool last = false;
    int rc = LL_OK;
    ll_sim_lock(disk);
    LL_ASSERT(disk->handle[dir].kind == LL_SIM_DIR);
    int index = ll_sim_find(ll_sim_now(disk), name);
    if (mode == LL_JOURNAL_FILE_CREATE) {
        rc = ll_sim_step(disk, LL_SIM_CREATE, &last, why);
        if (rc == LL_OK) {
            struct ll_sim_names *names = ll_sim_change(disk);
            if (index >= 0)
                ll_sim_names_remove(names, index);
            ll_sim_names_add(names, name, ll_sim_file_new(disk));
            index = (int)names->count - 1;
            rc = ll_sim_end(last, why);
        }
    } else if (disk->dead) {
        rc = LL_FAIL(why, LL_ERR_IO, "simulated: no power");
    } else if (index < 0) {
        rc = LL_FAIL(why, LL_ERR_INPUT, "simulated: no file %s", name);
    }
    if (rc == LL_OK)
        *file = ll_sim_handle_new(disk, LL_SIM_FILE, ll_sim_now(disk)->entry[index].file);
    return ll_sim_unlock(disk, rc);
}

static struct ll_sim_file *ll_sim_file_of(struct ll_sim_disk *disk, int handle)
{
    LL_ASSERT(handle >= 0 && handle < (int)LL_SIM_HANDLES_MAX);
    LL_ASSERT(disk->handle[handle].kind == LL_SIM_FILE);
    return &disk->file[disk->handle[handle].file];
}

static int ll_sim_size(void *context, int file, uint64_t *bytes, struct ll_why *why)
{
    struct ll_sim_disk *disk = context;
    (void)why;
    ll_sim_lock(disk);
    *bytes = ll_sim_file_of(disk, file)->now_bytes;
    return ll_sim_unlock(disk, LL_OK);
}

static int ll_sim_read(void *context, int handle, void *bytes, size_t bytes_count, uint64_t offset,
                       size_t *got_bytes, struct ll_why *why)
{
    struct ll_sim_disk *disk = context;
    ll_sim_lock(disk);
    const struct ll_sim_file *file = ll_sim_file_of(disk, handle);
    int rc = disk->dead ? LL_FAIL(why, LL_ERR_IO, "simulated: no power") : LL_OK;
    *got_bytes = 0;
    if (rc == LL_OK && disk->short_read_in > 0 && --disk->short_read_in == 0) {
        disk->struck = true;
        bytes_count /= 2;
    }
    if (rc == LL_OK && offset < file->now_bytes) {
        uint64_t left_bytes = file->now_bytes - offset;
        *got_bytes = bytes_count < left_bytes ? bytes_count : (size_t)left_bytes;
        memcpy(bytes, file->now + offset, *got_bytes);
    }
    return ll_sim_unlock(disk, rc);
}

static int ll_sim_write(void *context, int handle, const void *bytes, size_t bytes_count, uint64_t offset,
                        struct ll_why *why)
{
    struct ll_sim_disk *disk = context;
    bool last;
    ll_sim_lock(disk);
    struct ll_sim_file *file = ll_sim_file_of(disk, handle);
    int rc = ll_sim_step(disk, LL_SIM_WRITE, &last, why);
    if (rc == LL_OK && disk->is_full && offset + bytes_count > file->now_bytes)
        rc = LL_FAIL(why, LL_ERR_NO_SPACE, "simulated: the disk is full");
    if (last && disk->cut_is_kill)
        bytes_count = ll_prng_next(&disk->kill) % (bytes_count + 1);
    if (rc == LL_OK && bytes_count > 0) {
        ll_sim_file_grow(file, offset + bytes_count);
        memcpy(file->now + offset, bytes, bytes_count);
        uint64_t first = offset / LL_SIM_SECTOR_BYTES;
        uint64_t end = (offset + bytes_count + LL_SIM_SECTOR_BYTES - 1) / LL_SIM_SECTOR_BYTES;
        memset(file->dirty + first, 1, end - first);
        if (offset + bytes_count > file->now_bytes)
            file->now_bytes = offset + bytes_count;
    }
    return ll_sim_unlock(disk, rc == LL_OK ? ll_sim_end(last, why) : rc);
}

/* What is written is durable. */
static void ll_sim_file_settle(struct ll_sim_file *file)
{
    for (uint64_t i = 0; i < file->capacity_bytes / LL_SIM_SECTOR_BYTES; i++)
        if (file->dirty[i] != 0)
            memcpy(file->durable + i * LL_SIM_SECTOR_BYTES, file->now + i * LL_SIM_SECTOR_BYTES,
                   LL_SIM_SECTOR_BYTES);
    if (file->capacity_bytes > 0)
        memset(file->dirty, 0, file->capacity_bytes / LL_SIM_SECTOR_BYTES);
    file->durable_bytes = file->now_bytes;
}

static int ll_sim_sync(void *context, int handle, struct ll_why *why)
{
    struct ll_sim_disk *disk = context;
    bool last;
    ll_sim_lock(disk);
    struct ll_sim_file *file = ll_sim_file_of(disk, handle);
    int rc = ll_sim_step(disk, LL_SIM_SYNC, &last, why);
    if (rc == LL_OK && !last && disk->is_lying && file->durable_bytes > 0)
        file->is_lied_of = true;
    else if (rc == LL_OK && !last)
        ll_sim_file_settle(file);
    return ll_sim_unlock(disk, rc == LL_OK ? ll_sim_end(last, why) : rc);
}

static int ll_sim_rename(void *context, int dir, const char *from, const char *to, struct ll_why *why)
{
    struct ll_sim_disk *disk = context;
    bool last;
    ll_sim_lock(disk);
    LL_ASSERT(disk->handle[dir].kind == LL_SIM_DIR);
    int rc = ll_sim_step(disk, LL_SIM_OTHER, &last, why);
    if (rc == LL_OK && ll_sim_find(ll_sim_now(disk), from) < 0)
        rc = LL_FAIL(why, LL_ERR_INPUT, "simulated: no file %s", from);
    if (rc == LL_OK) {
        struct ll_sim_names *names = ll_sim_change(disk);
        uint32_t file = names->entry[ll_sim_find(names, from)].file;
        ll_sim_names_remove(names, ll_sim_find(names, from));
        int old = ll_sim_find(names, to);
        if (old >= 0)
            ll_sim_names_remove(names, old);
        ll_sim_names_add(names, to, file);
        rc = ll_sim_end(last, why);
    }
    return ll_sim_unlock(disk, rc);
}

static int ll_sim_unlink(void *context, int dir, const char *name, struct ll_why *why)
{
    struct ll_sim_disk *disk = context;
    bool last = false;
    ll_sim_lock(disk);
    LL_ASSERT(disk->handle[dir].kind == LL_SIM_DIR);
    int rc = LL_OK;
    if (ll_sim_find(ll_sim_now(disk), name) < 0)
        rc = LL_FAIL(why, LL_ERR_INPUT, "simulated: no file %s", name);
    if (rc == LL_OK)
        rc = ll_sim_step(disk, LL_SIM_OTHER, &last, why);
    if (rc == LL_OK) {
        struct ll_sim_names *names = ll_sim_change(disk);
        ll_sim_names_remove(names, ll_sim_find(names, name));
        rc = ll_sim_end(last, why);
    }
    return ll_sim_unlock(disk, rc);
}

static void ll_sim_close(void *context, int handle)
{
    struct ll_sim_disk *disk = context;
    ll_sim_lock(disk);
    LL_ASSERT(handle >= 0 && handle < (int)LL_SIM_HANDLES_MAX);
    LL_ASSERT(disk->handle[handle].kind != LL_SIM_FREE);
    if (disk->handle[handle].kind == LL_SIM_LOCK)
        disk->lock[disk->handle[handle].file].held = false;
    disk->handle[handle].kind = LL_SIM_FREE;
    (void)ll_sim_unlock(disk, LL_OK);
}

static uint64_t ll_sim_random_u64(void *context)
{
    struct ll_sim_disk *disk = context;
    return ++disk->salt * 0x9e3779b97f4a7c15u;
}

struct ll_sim_disk *ll_sim_disk_new(void)
{
    struct ll_sim_disk *disk = calloc(1, sizeof *disk);
    LL_ASSERT(disk != NULL);
    (void)pthread_mutex_init(&disk->mutex, NULL);
    disk->log_count = 1;
    disk->door = (struct ll_journal_files){.context = disk,
                                           .dir_open = ll_sim_dir_open,
                                           .dir_sync = ll_sim_dir_sync,
                                           .dir_list = ll_sim_dir_list,
                                           .lock = ll_sim_lock_file,
                                           .open = ll_sim_open,
                                           .size = ll_sim_size,
                                           .read = ll_sim_read,
                                           .write = ll_sim_write,
                                           .sync = ll_sim_sync,
                                           .rename = ll_sim_rename,
                                           .unlink = ll_sim_unlink,
                                           .close = ll_sim_close,
                                           .random_u64 = ll_sim_random_u64};
    return disk;
}

void ll_sim_disk_free(struct ll_sim_disk *disk)
{
    for (uint32_t i = 0; i < disk->file_count; i++)
        ll_sim_file_free(&disk->file[i]);
    (void)pthread_mutex_destroy(&disk->mutex);
    free(disk);
}

const struct ll_journal_files *ll_sim_disk_files(struct ll_sim_disk *disk)
{
    return &disk->door;
}

void ll_sim_disk_plan_fault(struct ll_sim_disk *disk, enum ll_sim_operation kind, uint64_t nth, int code)
{
    disk->fault_in[kind] = nth;
    disk->fault_code[kind] = code;
    disk->struck = false;
}

void ll_sim_disk_plan_cut(struct ll_sim_disk *disk, uint64_t nth)
{
    disk->cut_in = nth;
    disk->cut_is_kill = false;
    disk->struck = false;
}

void ll_sim_disk_plan_kill(struct ll_sim_disk *disk, uint64_t nth, uint64_t seed)
{
    ll_sim_disk_plan_cut(disk, nth);
    disk->cut_is_kill = true;
    ll_prng_init(&disk->kill, seed);
}

void ll_sim_disk_plan_short_read(struct ll_sim_disk *disk, uint64_t nth)
{
    disk->short_read_in = nth;
    disk->struck = false;
}

void ll_sim_disk_plan_nothing(struct ll_sim_disk *disk)
{
    memset(disk->fault_in, 0, sizeof disk->fault_in);
    disk->cut_in = 0;
    disk->short_read_in = 0;
    disk->struck = false;
}

void ll_sim_disk_set_full(struct ll_sim_disk *disk, bool is_full)
{
    disk->is_full = is_full;
}

void ll_sim_disk_set_lying(struct ll_sim_disk *disk, bool is_lying)
{
    disk->is_lying = is_lying;
}

void ll_sim_disk_halt(struct ll_sim_disk *disk)
{
    disk->dead = true;
}

bool ll_sim_disk_is_halted(const struct ll_sim_disk *disk)
{
    return disk->dead;
}

void ll_sim_disk_restart(struct ll_sim_disk *disk)
{
    ll_sim_disk_plan_nothing(disk);
    memset(disk->handle, 0, sizeof disk->handle);
    memset(disk->lock, 0, sizeof disk->lock);
    disk->dead = false;
}

uint32_t ll_sim_disk_open_count(const struct ll_sim_disk *disk)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < LL_SIM_HANDLES_MAX; i++)
        count += disk->handle[i].kind != LL_SIM_FREE;
    return count;
}

bool ll_sim_disk_struck(const struct ll_sim_disk *disk)
{
    return disk->struck;
}

/* All that was lied of is lost. */
static void ll_sim_file_fall_back(struct ll_sim_file *file)
{
    if (file->capacity_bytes > 0) {
        memcpy(file->now, file->durable, file->capacity_bytes);
        memset(file->dirty, 0, file->capacity_bytes / LL_SIM_SECTOR_BYTES);
    }
    file->now_bytes = file->durable_bytes;
    file->is_lied_of = false;
}

static void ll_sim_file_cut(struct ll_sim_file *file, struct ll_prng *prng)
{
    if (file->is_lied_of)
        ll_sim_file_fall_back(file);
    for (uint64_t i = 0; i < file->capacity_bytes / LL_SIM_SECTOR_BYTES; i++) {
        uint8_t *now = file->now + i * LL_SIM_SECTOR_BYTES;
        if (file->dirty[i] == 0)
            continue;
        switch (ll_prng_below(prng, 3)) {
        case 0:
            break;
        case 1:
            memcpy(now, file->durable + i * LL_SIM_SECTOR_BYTES, LL_SIM_SECTOR_BYTES);
            break;
        default:
            for (uint32_t at = 0; at < LL_SIM_SECTOR_BYTES; at++)
                now[at] = (uint8_t)ll_prng_next(prng);
            break;
        }
    }
    if (ll_prng_chance(prng, 500))
        file->now_bytes = file->durable_bytes;
    if (file->capacity_bytes > 0) {
        memset(file->now + file->now_bytes, 0, file->capacity_bytes - file->now_bytes);
        memcpy(file->durable, file->now, file->capacity_bytes);
        memset(file->dirty, 0, file->capacity_bytes / LL_SIM_SECTOR_BYTES);
    }
    file->durable_bytes = file->now_bytes;
}

void ll_sim_disk_power_cut(struct ll_sim_disk *disk, uint64_t seed)
{
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    disk->log[0] = disk->log[ll_prng_below(&prng, disk->log_count)];
    disk->log_count = 1;
    for (uint32_t i = 0; i < disk->file_count; i++)
        ll_sim_file_cut(&disk->file[i], &prng);
    ll_sim_disk_restart(disk);
}

uint32_t ll_sim_disk_file_count(const struct ll_sim_disk *disk)
{
    return disk->log[disk->log_count - 1].count;
}

const char *ll_sim_disk_file_name(const struct ll_sim_disk *disk, uint32_t index)
{
    return disk->log[disk->log_count - 1].entry[index].name;
}

bool ll_sim_disk_file(struct ll_sim_disk *disk, const char *name, uint8_t **bytes, uint64_t *bytes_count)
{
    int index = ll_sim_find(ll_sim_now(disk), name);
    if (index < 0)
        return false;
    struct ll_sim_file *file = &disk->file[ll_sim_now(disk)->entry[index].file];
    *bytes = file->now;
    *bytes_count = file->now_bytes;
    return true;
}

bool ll_sim_disk_remove(struct ll_sim_disk *disk, const char *name)
{
    int index = ll_sim_find(ll_sim_now(disk), name);
    if (index >= 0)
        ll_sim_names_remove(ll_sim_now(disk), index);
    return index >= 0;
}

void ll_sim_disk_put(struct ll_sim_disk *disk, const char *name, const uint8_t *bytes, uint64_t bytes_count)
{
    (void)ll_sim_disk_remove(disk, name);
    uint32_t index = ll_sim_file_new(disk);
    struct ll_sim_file *file = &disk->file[index];
    ll_sim_file_grow(file, bytes_count);
    if (bytes_count > 0) {
        memcpy(file->now, bytes, bytes_count);
        memcpy(file->durable, bytes, bytes_count);
    }
    file->now_bytes = bytes_count;
    file->durable_bytes = bytes_count;
    ll_sim_names_add(ll_sim_now(disk), name, index);
}
