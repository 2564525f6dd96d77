/* SPDX-License-Identifier: Apache-2.0 */
#include "host/journal/ll_journal_list.h"

#include "host/journal/ll_journal_segment.h"

#include <stdlib.h>
#include <string.h>

#define LL_LIST_CAPACITY_FIRST 64u

struct ll_list_visit {
    struct ll_journal_list *list;
    uint64_t number_min;
};

static int ll_list_visit_name(void *visitor, const char *name)
{
    struct ll_list_visit *visit = visitor;
    struct ll_journal_list *list = visit->list;
    struct ll_journal_entry entry;
    if (!ll_segment_name_parse(name, &entry.day, &entry.number) || entry.number < visit->number_min)
        return LL_OK;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? list->capacity * 2 : LL_LIST_CAPACITY_FIRST;
        struct ll_journal_entry *entries = realloc(list->entries, capacity * sizeof *entries);
        if (entries == NULL)
            return LL_ERR_NO_MEMORY;
        list->entries = entries;
        list->capacity = capacity;
    }
    list->entries[list->count++] = entry;
    return LL_OK;
}

static int ll_list_compare(const void *left, const void *right)
{
    const struct ll_journal_entry *a = left;
    const struct ll_journal_entry *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

int ll_journal_list_read(struct ll_journal_list *list, const struct ll_journal_files *files, int dir,
                         uint64_t number_min, struct ll_why *why)
{
    struct ll_list_visit visit = {list, number_min};
    list->count = 0;
    int rc = files->dir_list(files->context, dir, ll_list_visit_name, &visit, why);
    if (rc == LL_ERR_NO_MEMORY)
        return LL_FAIL(why, rc, "no memory for the list of segments; free some and try again");
    if (rc != LL_OK)
        return rc;
    if (list->count > 1)
        qsort(list->entries, list->count, sizeof list->entries[0], ll_list_compare);
    for (size_t i = 1; i < list->count; i++) {
        uint64_t before = list->entries[i - 1].number;
        if (list->entries[i].number == before)
            return LL_FAIL(why, LL_ERR_CORRUPT,
                           "segment number %06llu exists twice, under two days; move the wrong one away",
                           (unsigned long long)before);
        if (list->entries[i].number != before + 1)
            return LL_FAIL(why, LL_ERR_CORRUPT,
                           "segment %06llu is missing, %06llu is there; bring it back from a copy",
                           (unsigned long long)(before + 1), (unsigned long long)list->entries[i].number);
    }
    return LL_OK;
}

void ll_journal_list_free(struct ll_journal_list *list)
{
    free(list->entries);
    memset(list, 0, sizeof *list);
}
