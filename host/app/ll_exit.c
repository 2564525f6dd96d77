/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_exit.h"

#include "host/base/ll_err.h"

int ll_exit_code(int err)
{
    switch (err) {
    case LL_OK:
        return LL_EXIT_OK;
    case LL_ERR_USAGE:
        return LL_EXIT_USAGE;
    case LL_ERR_INPUT:
    case LL_ERR_SHORT:
    case LL_ERR_LONG:
    case LL_ERR_TYPE:
    case LL_ERR_MALFORMED:
        return LL_EXIT_REFUSED;
    case LL_ERR_IO:
    case LL_ERR_NO_SPACE:
    case LL_ERR_STOPPED:
        return LL_EXIT_IO;
    case LL_ERR_CORRUPT:
        return LL_EXIT_CORRUPT;
    default: /* LL_ERR_FULL, LL_ERR_NO_MEMORY, LL_ERR_ENVIRONMENT, LL_ERR_BUSY */
        return LL_EXIT_ENVIRONMENT;
    }
}
