/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_version.h"

/* The Makefile gives it to this file only, so that a commit recompiles one file. */
#ifndef LL_VERSION
#define LL_VERSION "unversioned"
#endif

const char *ll_version(void)
{
    return LL_VERSION;
}
