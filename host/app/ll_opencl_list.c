/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_opencl_list.h"
#include "host/app/ll_exit.h"
int ll_opencl_list(const char *program_dir, const char *library, bool as_json)
{
    (void)program_dir;
    (void)library;
    (void)as_json;
    return LL_EXIT_OK;
}
