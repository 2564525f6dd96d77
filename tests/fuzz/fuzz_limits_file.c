/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: no text breaks the reader of limits files: it is refused with a reason and a place, or what it gives is taken
 * by limits and instruments as they are. Method: read from a block of exact size; commit what loads into real tables;
 * the same bytes again give the same entries.
 */
#include "host/app/ll_limits_file.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

#define FUZZ_WINDOW_COUNT 1000u

static void *memory_of(size_t bytes)
{
    LL_ASSERT(bytes != 0);
    void *memory = aligned_alloc(64, ll_align_up(bytes, 64));
    LL_ASSERT(memory != NULL);
    return memory;
}

static void commit_limits(const struct ll_limits_file *file)
{
    struct ll_limits_config config = {.rows_max = file->limit_row_count, .window_count = FUZZ_WINDOW_COUNT};
    struct ll_limits limits;
    ll_limits_init(&limits, memory_of(ll_limits_footprint_bytes(&config)), &config);
    ll_limits_begin(&limits);
    for (uint32_t i = 0; i < file->entry_count; i++)
        LL_ASSERT(ll_limits_add(&limits, &file->entries[i], NULL) == LL_OK);
    LL_ASSERT(ll_limits_commit(&limits, NULL) == LL_OK);
    free(limits.control);
}

static void list_instruments(const struct ll_limits_file *file)
{
    struct ll_instruments_config config = {.instruments_max = file->instrument_count + 1, .locate_max = 1};
    struct ll_instruments table;
    ll_instruments_init(&table, memory_of(ll_instruments_footprint_bytes(&config)), &config);
    ll_instruments_begin(&table);
    for (uint32_t i = 0; i < file->instrument_count; i++)
        LL_ASSERT(ll_instruments_list(&table, &file->instruments[i], NULL) == LL_OK);
    ll_instruments_commit(&table);
    free(table.control);
}

/* As a file it has the same verdict and the same entries, and does not change by itself. */
static void load_file(const uint8_t *bytes, size_t bytes_count, int code, const struct ll_limits_file *parsed)
{
    struct ll_limits_file file;
    struct ll_why why = {0};
    char path[32];
    bool is_new = true;
    int fd = memfd_create("fuzz_limits_file", 0);
    LL_ASSERT(fd >= 0);
    LL_ASSERT(write(fd, bytes, bytes_count) == (ssize_t)bytes_count);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int loaded = ll_limits_file_load(&file, path, FUZZ_WINDOW_COUNT, &why);
    LL_ASSERT(loaded == why.code && loaded == (bytes_count > 0 ? code : LL_ERR_INPUT));
    if (loaded == LL_OK) {
        LL_ASSERT(file.entry_count == parsed->entry_count);
        LL_ASSERT(memcmp(file.entries, parsed->entries, file.entry_count * sizeof *file.entries) == 0);
    }
    LL_ASSERT(!ll_limits_file_changed(path, &file.stamp));
    LL_ASSERT(ll_limits_file_reload(&file, path, FUZZ_WINDOW_COUNT, &is_new, NULL) == LL_OK && !is_new);
    LL_ASSERT(ftruncate(fd, (off_t)bytes_count + 1) == 0);
    LL_ASSERT(ll_limits_file_changed(path, &file.stamp));
    (void)!ll_limits_file_reload(&file, path, FUZZ_WINDOW_COUNT, &is_new, NULL);
    ll_limits_file_deinit(&file);
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_limits_file file;
    struct ll_limits_file again;
    struct ll_why why = {0};
    uint8_t *copy = calloc(1, bytes_count > 0 ? bytes_count : 1);
    LL_ASSERT(copy != NULL);
    if (bytes_count > 0)
        memcpy(copy, bytes, bytes_count);
    int code = ll_limits_file_parse(&file, "fuzz.yaml", copy, bytes_count, FUZZ_WINDOW_COUNT, &why);
    if (bytes_count % 4 == 0) /* a file is read into a block of its largest size, which takes time */
        load_file(bytes, bytes_count, code, &file);
    if (code != LL_OK) {
        LL_ASSERT(why.code == code);
        LL_ASSERT(strncmp(why.text, "fuzz.yaml:", 10) == 0);
        LL_ASSERT(file.entries == NULL);
        LL_ASSERT(file.instruments == NULL);
    } else {
        commit_limits(&file);
        list_instruments(&file);
        LL_ASSERT(ll_limits_file_parse(&again, "", copy, bytes_count, FUZZ_WINDOW_COUNT, NULL) == LL_OK);
        LL_ASSERT(again.entry_count == file.entry_count);
        LL_ASSERT(memcmp(again.entries, file.entries, file.entry_count * sizeof *file.entries) == 0);
        ll_limits_file_deinit(&again);
        ll_limits_file_deinit(&file);
    }
    free(copy);
    return 0;
}
