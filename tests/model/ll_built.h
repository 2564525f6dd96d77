/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the other programs of the build are, for a test or a benchmark deeper down in the same build directory.
 *
 * Shape    ll_built_path("lifeline-device", path): the nearest directory above this program that has it.
 * Units    bytes of the buffer.
 * Errors   NULL: it is nowhere above; then the caller's default holds.
 * Threads  any.
 */
#ifndef LL_TESTS_MODEL_BUILT_H
#define LL_TESTS_MODEL_BUILT_H

#define LL_BUILT_PATH_BYTES 4096u

const char *ll_built_path(const char *name, char path[LL_BUILT_PATH_BYTES]);

#endif
