/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which source a program was built from.
 *
 * Shape    one text, from `git describe` when it was built; "unversioned" from a tree without git.
 * Units    none.
 * Errors   none.
 * Threads  any.
 */
#ifndef LL_HOST_APP_VERSION_H
#define LL_HOST_APP_VERSION_H

const char *ll_version(void);

#endif
