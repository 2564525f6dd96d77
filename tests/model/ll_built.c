/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_built.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OWN_BYTES 2048u

const char *ll_built_path(const char *name, char path[LL_BUILT_PATH_BYTES])
{
    char own[OWN_BYTES];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    if (length < 0)
        return NULL;
    own[length] = 0;
    for (char *slash = strrchr(own, '/'); slash != NULL; slash = strrchr(own, '/')) {
        *slash = 0;
        (void)snprintf(path, LL_BUILT_PATH_BYTES, "%s/%s", own, name);
        if (access(path, X_OK) == 0)
            return path;
    }
    return NULL;
}
