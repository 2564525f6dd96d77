/* SPDX-License-Identifier: Apache-2.0 */
#include "host/journal/ll_snapshot.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/journal/ll_journal_files.h"
#include "host/journal/ll_snapshot_file.h"

#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LL_SNAPSHOT_NAME_HEAD   "snapshot-"
#define LL_SNAPSHOT_NAME_TAIL   ".llsnap"
#define LL_SNAPSHOT_NAME_DIGITS 20u

/* --- Names and hashes ------------------------------------------------------------------------------------- */

void ll_snapshot_name(char *name, uint64_t event_id)
{
    (void)snprintf(name, LL_SNAPSHOT_NAME_BYTES, LL_SNAPSHOT_NAME_HEAD "%020llu" LL_SNAPSHOT_NAME_TAIL,
                   (unsigned long long)event_id);
}

/* Reads the number and demands that it prints back to the same name. */
bool ll_snapshot_name_parse(const char *name, uint64_t *event_id)
{
    char again[LL_SNAPSHOT_NAME_BYTES];
    size_t head_bytes = sizeof LL_SNAPSHOT_NAME_HEAD - 1;
    uint64_t value = 0;
    if (strlen(name) != head_bytes + LL_SNAPSHOT_NAME_DIGITS + sizeof LL_SNAPSHOT_NAME_TAIL - 1)
        return false;
    for (size_t i = head_bytes; i < head_bytes + LL_SNAPSHOT_NAME_DIGITS; i++)
        value = value * 10u + (uint64_t)(unsigned char)(name[i] - '0');
    ll_snapshot_name(again, value);
    *event_id = value;
    return value != 0 && strcmp(again, name) == 0;
}

uint64_t ll_snapshot_record_hash(const struct ll_journal_record *record)
{
    uint64_t words[4] = {record->event_id, record->time_ns, (uint64_t)record->kind << 8 | record->verdict,
                         record->payload_bytes};
    uint64_t seed = XXH3_64bits(words, sizeof words);
    return XXH3_64bits_withSeed(record->payload, record->payload_bytes, seed);
}

uint64_t ll_snapshot_fingerprint(const struct ll_snapshot_state *state)
{
    uint64_t hash = XXH3_64bits(state->config, strlen(state->config));
    for (uint32_t i = 0; i < state->region_count; i++) {
        uint64_t bytes = state->regions[i].bytes;
        hash = XXH3_64bits_withSeed(state->regions[i].name, strlen(state->regions[i].name), hash);
        hash = XXH3_64bits_withSeed(&bytes, sizeof bytes, hash);
    }
    return hash;
}

static void ll_snapshot_tell(const struct ll_snapshot_header *header, struct ll_snapshot_info *info)
{
    *info = (struct ll_snapshot_info){.event_id = header->event_id,
                                      .time_ns = header->time_ns,
                                      .salt = header->salt,
                                      .record_hash = header->record_hash,
                                      .fingerprint = header->fingerprint,
                                      .file_bytes = header->file_bytes,
                                      .region_count = header->region_count};
    for (uint32_t i = 0; i < header->region_count; i++)
        info->memory_bytes += header->region[i].bytes;
    memcpy(info->config, header->config, sizeof info->config);
}

/* --- The list --------------------------------------------------------------------------------------------- */

/* Puts a name in its place; when the list is full the oldest goes. */
static int ll_snapshot_list_visit(void *visitor, const char *name)
{
    struct ll_snapshot_list *list = visitor;
    uint64_t event_id;
    if (!ll_snapshot_name_parse(name, &event_id))
        return LL_OK;
    if (list->count == LL_SNAPSHOT_LIST_MAX && event_id < list->event_id[list->count - 1])
        return LL_OK;
    uint32_t at = list->count < LL_SNAPSHOT_LIST_MAX ? list->count++ : list->count - 1;
    for (; at > 0 && list->event_id[at - 1] < event_id; at--)
        list->event_id[at] = list->event_id[at - 1];
    list->event_id[at] = event_id;
    return LL_OK;
}

static int ll_snapshot_list_in(struct ll_snapshot_list *list, const struct ll_journal_files *files, int dir,
                               struct ll_why *why)
{
    list->count = 0;
    return files->dir_list(files->context, dir, ll_snapshot_list_visit, list, why);
}

int ll_snapshot_list_read(struct ll_snapshot_list *list, const char *dir,
                          const struct ll_journal_files *files, struct ll_why *why)
{
    int handle = -1;
    if (files == NULL)
        files = ll_journal_files_real();
    list->count = 0;
    int rc = files->dir_open(files->context, dir, false, &handle, why);
    if (rc != LL_OK)
        return rc;
    rc = ll_snapshot_list_in(list, files, handle, why);
    files->close(files->context, handle);
    return rc;
}

/* --- One file --------------------------------------------------------------------------------------------- */

/* Opens a snapshot and reads its header; the file is to be closed when this is LL_OK. */
static int ll_snapshot_open(struct ll_snapshot_file *file, struct ll_snapshot_header *header, int dir,
                            uint64_t event_id, struct ll_why *why)
{
    const struct ll_journal_files *files = file->files;
    char name[LL_SNAPSHOT_NAME_BYTES];
    ll_snapshot_name(name, event_id);
    file->event_id = event_id;
    int rc = files->open(files->context, dir, name, LL_JOURNAL_FILE_READ, &file->file, why);
    if (rc != LL_OK)
        return rc;
    rc = ll_snapshot_get_header(file, header, why);
    if (rc != LL_OK)
        files->close(files->context, file->file);
    return rc;
}

static int ll_snapshot_check_in(struct ll_snapshot_file *file, int dir, uint64_t event_id,
                                struct ll_snapshot_info *info, struct ll_why *why)
{
    struct ll_snapshot_header header;
    int rc = ll_snapshot_open(file, &header, dir, event_id, why);
    if (rc != LL_OK)
        return rc;
    for (uint32_t i = 0; i < header.region_count && rc == LL_OK; i++)
        rc = ll_snapshot_get_region(file, i, NULL, &header.region[i], why);
    file->files->close(file->files->context, file->file);
    ll_snapshot_tell(&header, info);
    return rc;
}

int ll_snapshot_check(struct ll_snapshot_info *info, const char *dir, uint64_t event_id,
                      const struct ll_journal_files *files, struct ll_why *why)
{
    struct ll_snapshot_file file = {.files = files != NULL ? files : ll_journal_files_real()};
    struct ll_arena arena;
    int handle = -1;
    memset(info, 0, sizeof *info);
    int rc = ll_arena_init(&arena, LL_SNAPSHOT_BUFFER_BYTES, why);
    if (rc != LL_OK)
        return rc;
    file.buffer = ll_arena_alloc(&arena, LL_SNAPSHOT_BUFFER_BYTES, 64);
    rc = file.files->dir_open(file.files->context, dir, false, &handle, why);
    if (rc == LL_OK) {
        rc = ll_snapshot_check_in(&file, handle, event_id, info, why);
        file.files->close(file.files->context, handle);
    }
    ll_arena_deinit(&arena);
    return rc;
}

/* --- Making ----------------------------------------------------------------------------------------------- */

int ll_snapshot_maker_open(struct ll_snapshot_maker *maker, const char *dir,
                           const struct ll_journal_files *files, struct ll_why *why)
{
    struct ll_why local = {0};
    maker->files = files != NULL ? files : ll_journal_files_real();
    files = maker->files;
    int rc = files->dir_open(files->context, dir, false, &maker->dir, why);
    if (rc != LL_OK)
        return rc;
    rc = files->lock(files->context, maker->dir, LL_SNAPSHOT_LOCK_NAME, &maker->lock, &local);
    if (rc == LL_OK)
        return LL_OK;
    files->close(files->context, maker->dir);
    if (rc == LL_ERR_BUSY)
        return LL_FAIL(why, rc, "a snapshot of %s is being made already; try again when it is done", dir);
    return LL_FAIL(why, rc, "%s; snapshot of %s", local.text, dir);
}

void ll_snapshot_maker_close(struct ll_snapshot_maker *maker)
{
    maker->files->close(maker->files->context, maker->lock);
    maker->files->close(maker->files->context, maker->dir);
}

static void ll_snapshot_describe(struct ll_snapshot_header *header, const struct ll_snapshot_state *state,
                                 const struct ll_journal_record *last, uint64_t salt)
{
    LL_ASSERT(state->region_count > 0);
    LL_ASSERT(state->region_count <= LL_SNAPSHOT_REGIONS_MAX);
    LL_ASSERT(strlen(state->config) < LL_SNAPSHOT_CONFIG_BYTES);
    memset(header, 0, sizeof *header);
    header->region_count = state->region_count;
    header->salt = salt;
    header->event_id = last->event_id;
    header->time_ns = last->time_ns;
    header->record_hash = ll_snapshot_record_hash(last);
    header->fingerprint = ll_snapshot_fingerprint(state);
    memcpy(header->config, state->config, strlen(state->config));
    for (uint32_t i = 0; i < state->region_count; i++) {
        const struct ll_snapshot_region *region = &state->regions[i];
        LL_ASSERT(strlen(region->name) < LL_SNAPSHOT_REGION_NAME);
        LL_ASSERT(region->bytes > 0);
        memcpy(header->region[i].name, region->name, strlen(region->name));
        header->region[i].bytes = region->bytes;
    }
}

/* Writes the whole file under the temporary name, durable when LL_OK. */
static int ll_snapshot_write_tmp(const struct ll_snapshot_maker *maker, const struct ll_snapshot_state *state,
                                 struct ll_snapshot_header *header, struct ll_why *why)
{
    const struct ll_journal_files *files = maker->files;
    struct ll_snapshot_file file = {.files = files,
                                    .salt = header->salt,
                                    .event_id = header->event_id,
                                    .at_bytes = LL_SNAPSHOT_HEADER_BYTES,
                                    .synced_bytes = LL_SNAPSHOT_HEADER_BYTES};
    struct ll_arena arena;
    int rc = ll_arena_init(&arena, LL_SNAPSHOT_BUFFER_BYTES, why);
    if (rc != LL_OK)
        return rc;
    file.buffer = ll_arena_alloc(&arena, LL_SNAPSHOT_BUFFER_BYTES, 64);
    rc = files->open(files->context, maker->dir, LL_SNAPSHOT_TMP_NAME, LL_JOURNAL_FILE_CREATE, &file.file,
                     why);
    if (rc == LL_OK) {
        for (uint32_t i = 0; i < header->region_count && rc == LL_OK; i++)
            rc = ll_snapshot_put_region(&file, i, state->regions[i].memory, &header->region[i], why);
        if (rc == LL_OK)
            rc = ll_snapshot_put_header(&file, header, why);
        files->close(files->context, file.file);
    }
    ll_arena_deinit(&arena);
    return rc;
}

/* Takes away what is older than the newest LL_SNAPSHOT_KEEP up to this one. Damaged ones, another journal's, and
 * ones that say they are newer are not ours to remove. */
static int ll_snapshot_prune(const struct ll_snapshot_maker *maker, const struct ll_snapshot_header *newest,
                             uint32_t *removed_count, struct ll_why *why)
{
    const struct ll_journal_files *files = maker->files;
    struct ll_snapshot_list list;
    uint32_t good_count = 0;
    int rc = ll_snapshot_list_in(&list, files, maker->dir, why);
    for (uint32_t i = 0; i < list.count && rc == LL_OK; i++) {
        struct ll_snapshot_file file = {.files = files};
        struct ll_snapshot_header header;
        char name[LL_SNAPSHOT_NAME_BYTES];
        if (list.event_id[i] > newest->event_id ||
            ll_snapshot_open(&file, &header, maker->dir, list.event_id[i], NULL) != LL_OK)
            continue;
        files->close(files->context, file.file);
        if (header.salt != newest->salt || ++good_count <= LL_SNAPSHOT_KEEP)
            continue;
        ll_snapshot_name(name, list.event_id[i]);
        rc = files->unlink(files->context, maker->dir, name, why);
        *removed_count += rc == LL_OK;
    }
    if (rc == LL_OK && *removed_count > 0)
        rc = files->dir_sync(files->context, maker->dir, why);
    if (rc != LL_OK)
        ll_why_append(why, "the new snapshot is made, older ones could not be taken away");
    return rc;
}

int ll_snapshot_write(struct ll_snapshot_maker *maker, const struct ll_snapshot_state *state,
                      const struct ll_journal_record *last, uint64_t salt, struct ll_snapshot_info *info,
                      uint32_t *removed_count, struct ll_why *why)
{
    const struct ll_journal_files *files = maker->files;
    struct ll_snapshot_header header;
    char name[LL_SNAPSHOT_NAME_BYTES];
    LL_ASSERT(last->event_id > 0);
    *removed_count = 0;
    ll_snapshot_describe(&header, state, last, salt);
    ll_snapshot_name(name, last->event_id);
    int rc = ll_snapshot_write_tmp(maker, state, &header, why);
    if (rc == LL_OK)
        rc = files->rename(files->context, maker->dir, LL_SNAPSHOT_TMP_NAME, name, why);
    if (rc != LL_OK) {
        (void)files->unlink(files->context, maker->dir, LL_SNAPSHOT_TMP_NAME, NULL);
        ll_why_append(why, "%s", name);
        return rc;
    }
    ll_snapshot_tell(&header, info);
    rc = files->dir_sync(files->context, maker->dir, why);
    return rc == LL_OK ? ll_snapshot_prune(maker, &header, removed_count, why) : rc;
}

/* --- Loading ---------------------------------------------------------------------------------------------- */

/* Is it a snapshot of this journal and this configuration? */
static int ll_snapshot_fits(const struct ll_snapshot_header *header, const struct ll_snapshot_state *state,
                            uint64_t salt, struct ll_why *why)
{
    if (header->salt != salt)
        return LL_FAIL(why, LL_ERR_INPUT, "it belongs to another journal (salt); move it away");
    bool same = header->fingerprint == ll_snapshot_fingerprint(state) &&
                header->region_count == state->region_count && strcmp(header->config, state->config) == 0;
    for (uint32_t i = 0; i < state->region_count && same; i++)
        same = header->region[i].bytes == state->regions[i].bytes;
    if (!same)
        return LL_FAIL(why, LL_ERR_INPUT, "it was made with '%.90s', this is '%.90s'", header->config,
                       state->config);
    return LL_OK;
}

/* Does the journal hold the snapshot's last record, and just as it was? The reader then stands behind it. Else
 * LL_ERR_INPUT, or the error of the journal. */
static int ll_snapshot_find_record(const struct ll_snapshot_header *header, struct ll_journal_reader *reader,
                                   struct ll_why *refusal, struct ll_why *why)
{
    struct ll_journal_record record;
    struct ll_why local = {0};
    int rc = ll_journal_reader_seek(reader, header->event_id, &local);
    if (rc == LL_OK)
        rc = ll_journal_reader_next(reader, &record, &local);
    if (rc == LL_ERR_SHORT)
        return LL_FAIL(refusal, LL_ERR_INPUT, "the journal ends before its last record, event %llu",
                       (unsigned long long)header->event_id);
    if (rc == LL_ERR_INPUT)
        return LL_FAIL(refusal, rc, "%s", local.text);
    if (rc != LL_OK) {
        if (why != NULL && why->code == LL_OK)
            *why = local;
        return rc;
    }
    if (ll_snapshot_record_hash(&record) != header->record_hash)
        return LL_FAIL(refusal, LL_ERR_INPUT,
                       "the journal's event %llu is another than its last record; move it away",
                       (unsigned long long)header->event_id);
    return LL_OK;
}

/* Loads one snapshot. LL_OK; LL_ERR_INPUT when it is refused, `refusal` says why; or the error of the journal. */
static int ll_snapshot_try(struct ll_snapshot_restore *restore, struct ll_snapshot_file *file,
                           uint64_t event_id, struct ll_journal_reader *reader, struct ll_why *refusal,
                           struct ll_why *why)
{
    const struct ll_snapshot_state *state = restore->state;
    struct ll_snapshot_header header;
    struct ll_journal_position position;
    int dir;
    file->files = ll_journal_reader_door(reader, &dir);
    ll_journal_reader_position(reader, &position);
    if (ll_snapshot_open(file, &header, dir, event_id, refusal) != LL_OK)
        return LL_ERR_INPUT;
    int rc = ll_snapshot_fits(&header, state, position.salt, refusal);
    if (rc == LL_OK)
        rc = ll_snapshot_find_record(&header, reader, refusal, why);
    if (rc == LL_OK) {
        for (uint32_t i = 0; i < header.region_count && rc == LL_OK; i++)
            rc = ll_snapshot_get_region(file, i, state->regions[i].memory, &header.region[i], refusal);
        if (rc != LL_OK) {
            restore->reset(restore->reset_context);
            rc = LL_ERR_INPUT;
        }
    }
    file->files->close(file->files->context, file->file);
    if (rc == LL_OK)
        ll_snapshot_tell(&header, &restore->loaded);
    return rc;
}

static void ll_snapshot_refuse(struct ll_snapshot_restore *restore, uint64_t event_id,
                               const struct ll_why *refusal)
{
    char sentence[LL_WHY_BYTES + LL_SNAPSHOT_NAME_BYTES + 64];
    char name[LL_SNAPSHOT_NAME_BYTES];
    restore->refused_count++;
    if (restore->refused == NULL)
        return;
    ll_snapshot_name(name, event_id);
    (void)snprintf(sentence, sizeof sentence, "%s is not used: %s", name, refusal->text);
    restore->refused(restore->refused_context, sentence);
}

int ll_snapshot_restore(struct ll_snapshot_restore *restore, struct ll_journal_reader *reader,
                        struct ll_why *why)
{
    struct ll_snapshot_file file = {0};
    struct ll_snapshot_list list;
    struct ll_arena arena;
    int dir;
    const struct ll_journal_files *files = ll_journal_reader_door(reader, &dir);
    memset(&restore->loaded, 0, sizeof restore->loaded);
    restore->refused_count = 0;
    int rc = ll_snapshot_list_in(&list, files, dir, why);
    if (rc == LL_OK)
        rc = ll_arena_init(&arena, LL_SNAPSHOT_BUFFER_BYTES, why);
    if (rc != LL_OK)
        return rc;
    file.buffer = ll_arena_alloc(&arena, LL_SNAPSHOT_BUFFER_BYTES, 64);
    rc = LL_ERR_INPUT;
    for (uint32_t i = 0; i < list.count && rc == LL_ERR_INPUT; i++) {
        struct ll_why refusal = {0};
        rc = ll_snapshot_try(restore, &file, list.event_id[i], reader, &refusal, why);
        if (rc == LL_ERR_INPUT)
            ll_snapshot_refuse(restore, list.event_id[i], &refusal);
    }
    ll_arena_deinit(&arena);
    return rc == LL_ERR_INPUT ? ll_journal_reader_seek(reader, 0, why) : rc;
}
