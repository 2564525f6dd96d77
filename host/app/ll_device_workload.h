/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests for trying a device out: drawn from a seed, good and bad ones, most of them about what was said before.
 *
 * Shape    init -> update and ask, as often as wanted: the same seed and sizes give the same requests.
 * Units    none.
 * Errors   none.
 * Threads  one owner.
 */
#ifndef LL_HOST_APP_DEVICE_WORKLOAD_H
#define LL_HOST_APP_DEVICE_WORKLOAD_H

#include "hls/ll_life_records.h"
#include "hls/ll_records.h"
#include "host/base/ll_prng.h"
#include "host/core/ll_book_memory.h"
#include "host/core/ll_life_memory.h"

#include <stdint.h>

struct ll_device_workload { /* private */
    struct ll_prng prng;
    uint32_t books;
    uint32_t references; /* that live at most together */
    uint32_t orders;
    uint32_t ids;
    uint32_t orders_made;
    uint32_t ids_made;
    uint64_t seq;
};

void ll_device_workload_init(struct ll_device_workload *workload, uint64_t seed,
                             const struct ll_book_config *book, const struct ll_life_config *life);
void ll_device_workload_update(struct ll_device_workload *workload, struct ll_update *update);
void ll_device_workload_ask(struct ll_device_workload *workload, struct ll_life_ask *ask);

#endif
