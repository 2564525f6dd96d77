/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the device process still says when its runtime ends it: XRT sends SIGTERM to its own process group when
 * its emulation dies, and calls exit() over other troubles.
 *
 * Shape    install once; set(word) while there is something to lose; clear before an orderly end. A runtime may put
 *          handlers of its own in place when it starts (PoCL's compiler does, and sends itself the signal again):
 *          keep_signals when it has.
 *          Signals from elsewhere (Ctrl-C, a service manager that ends everything) do not end the process: the
 *          gateway still has work for it, and closes the socket when it has not.
 * Units    none.
 * Errors   none.
 * Threads  set and clear by one thread.
 */
#ifndef LL_HOST_APP_LAST_WORD_H
#define LL_HOST_APP_LAST_WORD_H

#include "host/device/ll_device_link.h"

void ll_last_word_install(void);
void ll_last_word_keep_signals(void);
void ll_last_word_set(const struct ll_device_word *word);
void ll_last_word_clear(void);

#endif
