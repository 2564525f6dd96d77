/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes below this one, as /proc tells of them: what CPU they have taken, and which is the first.
 *
 * Shape    ll_children_cpu_ns before and after; the difference is theirs. ll_children_first to end one.
 * Units    ns, of which the kernel counts ticks of 10 ms.
 * Errors   none: what cannot be read counts as nothing, and 0 is no process.
 * Threads  any.
 */
#ifndef LL_BENCH_CHILDREN_H
#define LL_BENCH_CHILDREN_H

#include <stdint.h>
#include <sys/types.h>

/* Of all descendants that are alive. */
uint64_t ll_children_cpu_ns(void);
/* The child with the lowest number; 0 = none. */
pid_t ll_children_first(void);

#endif
