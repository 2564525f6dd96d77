/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segments of a journal directory, in order of their numbers.
 *
 * Shape    read -> entries -> free. Numbers must follow each other; the first may be above 1 (older
 *          segments have been archived).
 * Units    days since 1970-01-01.
 * Errors   LL_ERR_CORRUPT names the missing or doubled segment; LL_ERR_NO_MEMORY.
 * Threads  one owner.
 */
#ifndef LL_HOST_JOURNAL_JOURNAL_LIST_H
#define LL_HOST_JOURNAL_JOURNAL_LIST_H

#include "host/base/ll_err.h"
#include "host/journal/ll_journal_files.h"

#include <stddef.h>
#include <stdint.h>

struct ll_journal_entry {
    uint64_t number;
    uint64_t day;
};

struct ll_journal_list {
    struct ll_journal_entry *entries;
    size_t count;
    size_t capacity;
};

/* Replaces what the list held; a list of zeros is empty. Entries below `number_min` are left out. */
LL_MUST_CHECK int ll_journal_list_read(struct ll_journal_list *list, const struct ll_journal_files *files,
                                       int dir, uint64_t number_min, struct ll_why *why);
void ll_journal_list_free(struct ll_journal_list *list);

#endif
