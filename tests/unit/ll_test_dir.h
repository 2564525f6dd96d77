/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test's own directory: removed with the plain files in it.
 *
 * Shape    ll_test_remove_dir(path); a path that is not there is fine.
 * Units    none.
 * Errors   none: what cannot be removed stays.
 * Threads  one.
 */
#ifndef LL_TESTS_UNIT_TEST_DIR_H
#define LL_TESTS_UNIT_TEST_DIR_H

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

static inline void ll_test_remove_dir(const char *dir)
{
    char path[512];
    DIR *stream = opendir(dir);
    if (stream == NULL)
        return;
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(stream);
    (void)rmdir(dir);
}

#endif
