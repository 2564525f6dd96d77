/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing is wrong here: lint must stay silent. Words in comments do not count: malloc(1), printf("x"), strcpy.
 *
 * Shape    a table and a function.
 * Units    none.
 * Errors   none.
 * Threads  any.
 */
#ifndef LL_HOST_BASE_GOOD_H
#define LL_HOST_BASE_GOOD_H

struct ll_good;

struct ll_good_pair {
    int first;
    int (*call)(int);
};

static const char *const ll_good_names[] = {"malloc(1)", "exit(2)", "/* not a comment"};

static inline const char *ll_good_name(int index)
{
    static const int order[] = {2, 1, 0};
    return ll_good_names[order[index]];
}

int ll_good_free(struct ll_good *good, int (*free)(int));

#endif
