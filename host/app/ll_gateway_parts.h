/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the gateway: the object, shared by its files.
 *
 * Shape    ll_gateway.c opens, works and closes; ll_gateway_recovery.c brings the state back from journal and
 *          snapshots, and makes snapshots.
 * Units    as in ll_gateway.h.
 * Errors   the first failure of a step stays in `status` and `why`.
 * Threads  one owner.
 */
#ifndef LL_HOST_APP_GATEWAY_PARTS_H
#define LL_HOST_APP_GATEWAY_PARTS_H

#include "host/app/ll_gateway.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"

#include <stddef.h>

struct ll_gateway {
    struct ll_arena arena;
    struct ll_engine *engine;
    struct ll_device *device;
    struct ll_mold_receiver *receiver;
    struct ll_journal *journal;
    struct ll_trading *trading; /* NULL = a feed alone */
    struct ll_result results[LL_ENGINE_BATCH_MAX];
    struct ll_gateway_counters counters;
    struct ll_histogram round_trips;       /* of the device, when it is not this process */
    struct ll_device_config device_config; /* the tables are emptied with its sizes */
    int (*send_request)(void *context, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES]);
    void *send_request_context;
    uint64_t ordinal; /* of the datagram being worked */
    uint64_t memory_bytes;
    bool is_stepped;    /* the journal has no threads: whoever waits for it gives it a turn */
    bool takes_reports; /* the feed is a copy of the sessions', not the public one */
    bool is_recovering; /* what is worked comes from the journal */
    int status;
    struct ll_why why;
};

/* Takes the memory, inits the engine and opens the device, which is not attached: a gateway without receiver and
 * journal. */
LL_MUST_CHECK int ll_gateway_take(struct ll_gateway **gateway, const struct ll_gateway_config *config,
                                  size_t receiver_bytes, void **receiver_memory, struct ll_why *why);

/* Works the engine's batch; with `journal` its records are appended. */
void ll_gateway_step(struct ll_gateway *gateway, bool journal);

/* Opens the journal and brings back the state that it holds. */
LL_MUST_CHECK int ll_gateway_recover(struct ll_gateway *gateway, const struct ll_gateway_config *config,
                                     struct ll_why *why);

#endif
