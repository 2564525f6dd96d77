/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits file: what a person writes about limits and instruments, read whole or refused whole.
 *
 * Shape    YAML of a fixed shape, described in docs/limits.example.yaml. load -> entries for ll_limits and
 *          ll_instruments, which have been tried and will be taken. reload does so again when the file has changed,
 *          and leaves what was loaded before alone when the new file is not good.
 * Units    the file has prices and money as decimal numbers and times with a unit; entries have ticks, money in
 *          ticks x lots, and ns. price_decimals says how many decimals a tick has.
 * Errors   LL_ERR_IO, LL_ERR_INPUT; LL_ERR_USAGE for what is written wrongly, as "file:line:column: what is wrong; what
 *          to do". Unknown and repeated keys are errors.
 * Threads  one; not the hot thread, as it reads files and takes memory.
 * Source   YAML 1.1, as libyaml 0.2.5 reads it. Anchors, aliases and tags are refused.
 */
#ifndef LL_HOST_APP_LIMITS_FILE_H
#define LL_HOST_APP_LIMITS_FILE_H

#include "host/core/ll_instruments.h"
#include "host/core/ll_limits.h"

#define LL_LIMITS_FILE_BYTES_MAX    (8u << 20)
#define LL_LIMITS_FILE_NAMES_MAX    65536u /* accounts, strategies, symbols and instruments together */
#define LL_LIMITS_FILE_DECIMALS     4u     /* when the file does not say */
#define LL_LIMITS_FILE_DECIMALS_MAX 9u

/* Which file it was: two that differ in none of it are taken to be the same. All zero = there is none. */
struct ll_limits_file_stamp {
    uint64_t device;
    uint64_t inode;
    uint64_t size_bytes;
    uint64_t modified_ns;
};

struct ll_limits_file {
    struct ll_limit_entry *entries;
    struct ll_instrument_entry *instruments;
    uint32_t entry_count;
    uint32_t instrument_count;
    uint32_t
        limit_row_count; /* names with limits, the firm and "*" included: ll_limits_config needs no more */
    uint32_t price_decimals;
    struct ll_limits_file_stamp stamp;
};

/* `window_count` is that of the ll_limits that will take the entries. After an error the file is empty, and the stamp
 * says which one was tried. */
LL_MUST_CHECK int ll_limits_file_load(struct ll_limits_file *file, const char *path, uint32_t window_count,
                                      struct ll_why *why);
/* The same from memory; `name` stands in errors. */
LL_MUST_CHECK int ll_limits_file_parse(struct ll_limits_file *file, const char *name, const uint8_t *bytes,
                                       size_t bytes_count, uint32_t window_count, struct ll_why *why);
void ll_limits_file_deinit(struct ll_limits_file *file);

/* The file is not the one with that stamp: another, written to, gone, or there again. */
bool ll_limits_file_changed(const char *path, const struct ll_limits_file_stamp *stamp);
/* Loads it again if it has changed; *is_new says so. A file that is not good is tried once and not until it changes
 * again; what was loaded before stays, and the reason says that too. */
LL_MUST_CHECK int ll_limits_file_reload(struct ll_limits_file *file, const char *path, uint32_t window_count,
                                        bool *is_new, struct ll_why *why);

#endif
