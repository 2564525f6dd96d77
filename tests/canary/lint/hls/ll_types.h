/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shape    the one header of hls/ that may include the host's types.
 * Units    none.
 * Errors   none.
 * Threads  any.
 */
#ifndef LL_HLS_TYPES_H
#define LL_HLS_TYPES_H

#ifdef __OPENCL_VERSION__
typedef uint u32;
#else
#include <stdint.h>
typedef uint32_t u32;
#endif

#endif
