/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device of a simulated run: the real kernel on tables of its own behind the carrier of host/device, in the
 * gateway's thread and in simulated time, and all that can become of it.
 *
 * Shape    new -> config (before every boot: what was there is gone) -> step, once in every turn -> free. In between
 *          the gateway starts it, loads it, waits for it and ends it; it works while it is waited for, and its time
 *          goes on meanwhile, ahead of the world's. In a gateway's machine that is:
 *              device = ll_sim_device_new(&(struct ll_sim_device_config){seed, faults, trace});    in new
 *              ll_sim_device_fill(device, &gateway_config.device);                                 in boot
 *              ll_sim_device_step(device, now_ns);                                                 in turn
 *          The seed draws what kind of device it is: none at all (`cpu`), slow or quick, few slots or many, verified
 *          or not, its watchdog, and whether a new one is loaded when it is lost.
 *          Faults: LL_SIM_DEVICE_*. A reset device is empty, of an older epoch or of none, or has forgotten where
 *          it was; a stalled one is silent for up to three times the watchdog; a broken answer says so of itself, has a
 *          bit flipped, or is torn and becomes whole a little later; a process that is gone may leave its card busy
 *          for a while. A wrong answer is one that only verification can tell: without it there is none. When the
 *          faults are calm, all that is over, and a device that is started works.
 * Units    *_ns of the device's time, which is never behind the world's.
 * Errors   none: what it cannot do, it asserts.
 * Threads  one owner.
 */
#ifndef LL_TESTS_SIM_DEVICE_H
#define LL_TESTS_SIM_DEVICE_H

#include "host/device/ll_device.h"
#include "tests/sim/ll_sim_faults.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct ll_sim_device_config {
    uint64_t seed;
    struct ll_sim_faults *faults;
    FILE *trace; /* NULL = none */
};

struct ll_sim_device;

struct ll_sim_device *ll_sim_device_new(const struct ll_sim_device_config *config);
void ll_sim_device_free(struct ll_sim_device *device);

/* All of a device's configuration but the sizes of the tables. Whatever gateway was there, it is no more. */
void ll_sim_device_fill(struct ll_sim_device *device, struct ll_device_config *config);

/* The world is there now; the process may be gone. */
void ll_sim_device_step(struct ll_sim_device *device, uint64_t now_ns);

uint64_t ll_sim_device_now_ns(const struct ll_sim_device *device);

#endif
