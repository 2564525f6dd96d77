/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the canary's own tree, without a fault. */
#ifndef LL_TYPES_H
#define LL_TYPES_H
#if !defined(__OPENCL_VERSION__)
#include <stdint.h>
#endif
typedef uint32_t u32;
typedef uint64_t u64;
#endif
