/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ctrl-C and SIGTERM as a flag that the hot loop looks at.
 *
 * Shape    install once in main; requested() from then on.
 * Units    none.
 * Errors   none.
 * Threads  any thread may ask.
 */
#ifndef LL_HOST_APP_STOP_H
#define LL_HOST_APP_STOP_H

#include <stdbool.h>

/* The second signal of the same kind ends the process at once, as without us. */
void ll_stop_install(void);
bool ll_stop_requested(void);

#endif
