/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever bytes a snapshot file holds, nothing outside the given memories is touched, a file whose checksums
 * are not right is never loaded, and what check passes, restore loads.
 * Method: the first byte chooses. Bit 0 clear: the rest is the file. Set: a good file is changed by the rest, four
 * bytes a change (offset of 16 bits, value, what to do: 0 set, 1 set far behind, 2 cut there); bit 1 then gives the
 * header a right checksum again, bit 2 the chunks and regions too, so that the checks behind them are reached. The
 * memories stand between guards.
 */
#include "host/base/ll_assert.h"
#include "host/journal/ll_journal.h"
#include "host/journal/ll_snapshot_file.h"
#include "tests/model/ll_journal_script.h"
#include "tests/model/ll_sim_disk.h"

#include <isa-l/crc.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

#define FUZZ_EVENT_ID    20u
#define FUZZ_FILE_MAX    ((size_t)1 << 16)
#define FUZZ_REGIONS     2u
#define FUZZ_GUARD_BYTES 64u
#define FUZZ_GUARD       0x5au

static const size_t fuzz_region_bytes[FUZZ_REGIONS] = {300, 5 * 4096 + 9};

/* A good journal and a good snapshot of it, made once. */
struct fuzz_base {
    uint8_t segment[LL_JOURNAL_SEGMENT_BYTES_MIN];
    uint8_t snapshot[FUZZ_FILE_MAX];
    uint64_t snapshot_bytes;
    char segment_name[64];
    char snapshot_name[LL_SNAPSHOT_NAME_BYTES];
};

struct fuzz_memory {
    uint8_t *bytes[FUZZ_REGIONS]; /* with guards */
    struct ll_snapshot_region regions[FUZZ_REGIONS];
    struct ll_snapshot_state state;
};

static void fuzz_memory_make(struct fuzz_memory *memory)
{
    static const char *const names[FUZZ_REGIONS] = {"small", "pages"};
    for (uint32_t i = 0; i < FUZZ_REGIONS; i++) {
        memory->bytes[i] = malloc(fuzz_region_bytes[i] + 2 * FUZZ_GUARD_BYTES);
        LL_ASSERT(memory->bytes[i] != NULL);
        memset(memory->bytes[i], FUZZ_GUARD, fuzz_region_bytes[i] + 2 * FUZZ_GUARD_BYTES);
        memory->regions[i] =
            (struct ll_snapshot_region){names[i], memory->bytes[i] + FUZZ_GUARD_BYTES, fuzz_region_bytes[i]};
    }
    memory->state = (struct ll_snapshot_state){"fuzz", memory->regions, FUZZ_REGIONS};
}

static void fuzz_memory_free(struct fuzz_memory *memory)
{
    for (uint32_t i = 0; i < FUZZ_REGIONS; i++) {
        for (uint32_t at = 0; at < FUZZ_GUARD_BYTES; at++) {
            LL_ASSERT(memory->bytes[i][at] == FUZZ_GUARD);
            LL_ASSERT(memory->bytes[i][FUZZ_GUARD_BYTES + fuzz_region_bytes[i] + at] == FUZZ_GUARD);
        }
        free(memory->bytes[i]);
    }
}

static void fuzz_keep_files(struct ll_sim_disk *disk, struct fuzz_base *base)
{
    for (uint32_t i = 0; i < ll_sim_disk_file_count(disk); i++) {
        const char *name = ll_sim_disk_file_name(disk, i);
        uint8_t *bytes;
        uint64_t bytes_count;
        LL_ASSERT(ll_sim_disk_file(disk, name, &bytes, &bytes_count));
        if (strstr(name, "-000001.lljournal") != NULL) {
            LL_ASSERT(bytes_count == sizeof base->segment);
            memcpy(base->segment, bytes, bytes_count);
            memcpy(base->segment_name, name, strlen(name));
        } else if (strstr(name, ".llsnap") != NULL) {
            LL_ASSERT(bytes_count <= sizeof base->snapshot);
            memcpy(base->snapshot, bytes, bytes_count);
            base->snapshot_bytes = bytes_count;
            memcpy(base->snapshot_name, name, strlen(name));
        }
    }
}

static void fuzz_base_make(struct fuzz_base *base)
{
    static const struct ll_journal_script script = {
        .seed = 1, .start_ns = 1, .step_ns = 1, .payload_bytes = 36};
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    struct ll_journal *journal;
    struct ll_journal_reader *reader;
    struct ll_journal_record record;
    struct ll_journal_position position;
    struct ll_snapshot_maker maker;
    struct ll_snapshot_info info;
    struct fuzz_memory memory;
    uint32_t removed;
    ll_journal_config_default(&config);
    config.dir = "sim";
    config.segment_bytes = LL_JOURNAL_SEGMENT_BYTES_MIN;
    config.files = ll_sim_disk_files(disk);
    LL_ASSERT(ll_journal_open(&journal, &config, &recovery, NULL) == LL_OK);
    LL_ASSERT(ll_script_append(&script, journal, 1, 30) == LL_OK);
    LL_ASSERT(ll_journal_close(journal, NULL) == LL_OK);
    LL_ASSERT(ll_journal_reader_open_at(&reader, "sim", FUZZ_EVENT_ID, config.files, NULL) == LL_OK);
    LL_ASSERT(ll_journal_reader_next(reader, &record, NULL) == LL_OK);
    ll_journal_reader_position(reader, &position);
    fuzz_memory_make(&memory);
    memset((uint8_t *)memory.regions[1].memory + 4096, 0, 2 * 4096);
    LL_ASSERT(ll_snapshot_maker_open(&maker, "sim", config.files, NULL) == LL_OK);
    LL_ASSERT(ll_snapshot_write(&maker, &memory.state, &record, position.salt, &info, &removed, NULL) ==
              LL_OK);
    ll_snapshot_maker_close(&maker);
    ll_journal_reader_close(reader);
    fuzz_memory_free(&memory);
    fuzz_keep_files(disk, base);
    ll_sim_disk_free(disk);
    LL_ASSERT(base->snapshot_bytes != 0);
}

/* Gives chunks, as far as they can be followed, and regions right checksums. */
static void fuzz_sign_chunks(uint8_t *file, size_t file_bytes, struct ll_snapshot_header *header)
{
    size_t at = LL_SNAPSHOT_HEADER_BYTES;
    for (uint32_t i = 0; i < FUZZ_REGIONS; i++) {
        struct ll_snapshot_chunk head;
        uint64_t pages_bytes = 0;
        if (file_bytes - at < sizeof head)
            return;
        memcpy(&head, file + at, sizeof head);
        for (uint32_t page = 0; page < LL_SNAPSHOT_CHUNK_PAGES; page++) {
            uint64_t from = (uint64_t)page * LL_SNAPSHOT_PAGE_BYTES;
            if ((head.mask[page / 64] >> page % 64 & 1u) == 0 || from >= fuzz_region_bytes[i])
                continue;
            uint64_t left_bytes = fuzz_region_bytes[i] - from;
            pages_bytes += left_bytes < LL_SNAPSHOT_PAGE_BYTES ? left_bytes : LL_SNAPSHOT_PAGE_BYTES;
        }
        if (pages_bytes > file_bytes - at - sizeof head)
            return;
        uint64_t seed =
            XXH3_64bits_withSeed((uint8_t *)&head + 8, sizeof head - sizeof head.checksum, header->salt);
        head.checksum = XXH3_64bits_withSeed(file + at + sizeof head, pages_bytes, seed);
        memcpy(file + at, &head, sizeof head);
        header->region[i].checksum = XXH3_64bits_withSeed(&head.checksum, sizeof head.checksum, 0);
        header->region[i].stored_bytes = sizeof head + pages_bytes;
        at += sizeof head + pages_bytes;
    }
    header->file_bytes = file_bytes;
}

/* Changes the good file; returns its length. */
static size_t fuzz_change(const struct fuzz_base *base, uint8_t *file, uint8_t choice, const uint8_t *bytes,
                          size_t bytes_count)
{
    size_t file_bytes = base->snapshot_bytes;
    struct ll_snapshot_header header;
    memcpy(file, base->snapshot, file_bytes);
    for (size_t i = 0; i + 4 <= bytes_count; i += 4) {
        size_t at = (size_t)(bytes[i] | bytes[i + 1] << 8) % base->snapshot_bytes;
        if (bytes[i + 3] % 3 == 0)
            file[at] = bytes[i + 2];
        else if (bytes[i + 3] % 3 == 1)
            file[base->snapshot_bytes - 1 - at] = bytes[i + 2];
        else
            file_bytes = at;
    }
    if (file_bytes < sizeof header || (choice & 6) == 0)
        return file_bytes;
    memcpy(&header, file, sizeof header);
    if ((choice & 4) != 0)
        fuzz_sign_chunks(file, file_bytes, &header);
    header.crc32c =
        ~crc32_iscsi((unsigned char *)&header, (int)offsetof(struct ll_snapshot_header, crc32c), ~0u);
    memcpy(file, &header, sizeof header);
    return file_bytes;
}

static void fuzz_reset(void *context)
{
    (void)context;
}

/* Returns whether it was loaded. */
static bool fuzz_load(const struct fuzz_base *base, const uint8_t *file, size_t file_bytes)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    const struct ll_journal_files *files = ll_sim_disk_files(disk);
    struct ll_journal_reader *reader;
    struct ll_snapshot_info info;
    struct fuzz_memory memory;
    struct ll_why why = {0};
    fuzz_memory_make(&memory);
    struct ll_snapshot_restore restore = {.state = &memory.state, .reset = fuzz_reset};
    ll_sim_disk_put(disk, base->segment_name, base->segment, sizeof base->segment);
    ll_sim_disk_put(disk, base->snapshot_name, file, file_bytes);
    int checked = ll_snapshot_check(&info, "sim", FUZZ_EVENT_ID, files, &why);
    LL_ASSERT(checked == LL_OK || checked == LL_ERR_CORRUPT);
    LL_ASSERT(ll_journal_reader_open_files(&reader, "sim", files, &why) == LL_OK);
    LL_ASSERT(ll_snapshot_restore(&restore, reader, NULL) == LL_OK);
    bool loaded = restore.loaded.event_id != 0;
    LL_ASSERT(restore.refused_count == !loaded);
    LL_ASSERT(!loaded || checked == LL_OK);
    ll_journal_reader_close(reader);
    fuzz_memory_free(&memory);
    ll_sim_disk_free(disk);
    return loaded;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    static struct fuzz_base base;
    static uint8_t file[FUZZ_FILE_MAX];
    if (base.snapshot_bytes == 0) {
        fuzz_base_make(&base);
        LL_ASSERT(fuzz_load(&base, base.snapshot, base.snapshot_bytes));
    }
    if (bytes_count == 0)
        return 0;
    size_t file_bytes = bytes_count - 1 < sizeof file ? bytes_count - 1 : sizeof file;
    if ((bytes[0] & 1) == 0)
        memcpy(file, bytes + 1, file_bytes);
    else
        file_bytes = fuzz_change(&base, file, bytes[0], bytes + 1, bytes_count - 1);
    bool same = file_bytes == base.snapshot_bytes && memcmp(file, base.snapshot, file_bytes) == 0;
    bool loaded = fuzz_load(&base, file, file_bytes);
    LL_ASSERT(loaded || !same);
    /* Without new checksums no change goes unseen. */
    LL_ASSERT(!loaded || same || (bytes[0] & 7) > 1);
    return 0;
}
