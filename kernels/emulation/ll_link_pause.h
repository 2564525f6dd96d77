/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a resident kernel does between two looks that found nothing, when it runs on a processor that others
 * need too.
 *
 * Shape    LL_LINK_PAUSE(looks) of hls/ll_link.h, for the emulation: looks at once for a while, so that an answer
 *          under load costs no time; then gives the processor away at every look.
 * Units    looks: how many in a row have found nothing.
 * Errors   none.
 * Threads  the kernel's.
 */
#ifndef LL_KERNELS_EMULATION_LINK_PAUSE_H
#define LL_KERNELS_EMULATION_LINK_PAUSE_H

#include <sched.h>

#define LL_LINK_PAUSE_LOOKS  256u
#define LL_LINK_PAUSE(looks) ((void)((looks) >= LL_LINK_PAUSE_LOOKS && sched_yield()))

#endif
