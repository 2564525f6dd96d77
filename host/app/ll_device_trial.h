/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trying a device out: requests drawn from a seed, one at a time and many together, every answer compared, and at the
 * end the tables.
 *
 * Shape    open the device (ll_device.h) and attach it -> run -> print or json.
 * Units    ns; counts.
 * Errors   run: LL_ERR_ENVIRONMENT, the device was lost; LL_ERR_CORRUPT, it gave a wrong answer or its tables are
 *          others than those here.
 * Threads  one owner.
 */
#ifndef LL_HOST_APP_DEVICE_TRIAL_H
#define LL_HOST_APP_DEVICE_TRIAL_H

#include "host/app/ll_device_workload.h"
#include "host/base/ll_histogram.h"
#include "host/base/ll_json.h"
#include "host/device/ll_device.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define LL_DEVICE_TRIAL_GROUP 64u

struct ll_device_trial {
    struct ll_device *device;
    uint64_t count; /* requests wanted; half of them go one at a time */
    uint64_t seed;
    bool has_life;
    struct ll_device_workload workload;
    /* What came of it. */
    uint64_t done_count;
    uint64_t together_count;
    uint64_t together_ns;
    struct ll_histogram single; /* a round trip of one */
    struct ll_histogram group;  /* of LL_DEVICE_TRIAL_GROUP handed over together */
    uint64_t book_hash;         /* of the device's tables */
    uint64_t life_hash;
    bool tables_equal; /* by hash and byte for byte */
};

/* `device`, `count`, `seed`, `has_life` and `workload` are filled in. Ends early, and well, when a stop is
 * requested. */
LL_MUST_CHECK int ll_device_trial_run(struct ll_device_trial *trial, struct ll_why *why);
void ll_device_trial_print(const struct ll_device_trial *trial, FILE *file);
/* Keys of an object that the caller has begun. */
void ll_device_trial_json(const struct ll_device_trial *trial, struct ll_json *json);

#endif
