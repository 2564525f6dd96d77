/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_beside.h"

#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int ll_beside_path(char path[LL_BESIDE_PATH_BYTES], const char *name, struct ll_why *why)
{
    size_t name_bytes = strlen(name) + 1;
    ssize_t length = readlink("/proc/self/exe", path, LL_BESIDE_PATH_BYTES - name_bytes);
    if (length <= 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "/proc does not say where this program is");
    path[length] = '\0';
    char *last = strrchr(path, '/');
    memcpy(last != NULL ? last + 1 : path, name, name_bytes);
    return LL_OK;
}

int ll_beside(char path[LL_BESIDE_PATH_BYTES], const char *name, struct ll_why *why)
{
    int status = ll_beside_path(path, name, why);
    if (status != LL_OK)
        return status;
    if (access(path, X_OK) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "%.150s cannot be run; install it there", path);
    return LL_OK;
}
