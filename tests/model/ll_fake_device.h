/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device process for tests: it speaks the protocol of host/device/ll_device_link.h, runs the gateway kernel
 * as plain C, and misbehaves when told to.
 *
 * Shape    The test program is the device process too: it opens devices with program LL_FAKE_DEVICE_PROGRAM,
 *          calls ll_fake_device_prepare before, and begins its main with
 *              if (ll_fake_device_is_wanted()) return ll_fake_device_main();
 *          ll_device_config.binary says how it behaves: empty = well, as a resident kernel; else one of
 *            at the start    fails, garbage-word, garbage-note, never-ready, exits, short-memory, one-memory,
 *                            other-slots, dies-in-load, refuses-load, other-layout,
 *                            silent-load, slow-load
 *            from the N-th update or ask on, as name:N
 *                            silent-after, exit-after, killed-after, lost-after, wrong-order, flip-bit,
 *                            stale-epoch, wrong-answer, bad-verdict, broken
 *            at the end      stubborn: it leaves directories in /dev/shm and /tmp, and does not end when it
 *                            should
 *            none of it      careful: well, request by request
 *          "once-" before the second kind: only the first epoch of the tables is misbehaved in.
 * Units    N counts updates and asks.
 * Errors   what it cannot do, it asserts.
 * Threads  a process of its own.
 */
#ifndef LL_TESTS_MODEL_FAKE_DEVICE_H
#define LL_TESTS_MODEL_FAKE_DEVICE_H

#include <stdbool.h>

#define LL_FAKE_DEVICE_PROGRAM "/proc/self/exe"

/* From here on the program, started by the gateway, is a device process. */
void ll_fake_device_prepare(void);
bool ll_fake_device_is_wanted(void);
int ll_fake_device_main(void);

#endif
