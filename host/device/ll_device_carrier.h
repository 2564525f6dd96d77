/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What brings a device: it starts one, hears of it, hands over the two memories of its link, and ends it; and it has
 * the time in which the gateway waits for it. Without another one it is a device process (ll_device_process.h) and the
 * machine's clock. A test may bring a device that works in the gateway's own thread and in a time of its own.
 *
 * Shape    start -> hear... until READY, with the memories -> hear now and then, rest between looks at an answer that
 *          is due -> kill -> reap until it is gone -> start again; end at last, whatever went before. At most one
 *          device at a time. From kill and end on the gateway sees nothing of it: its memories may be gone then.
 *          All of it is off the fast path: posting requests and taking answers needs nobody but the memories.
 * Units    ns of the carrier's clock, which never goes back; counts of looks.
 * Errors   start: LL_ERR_ENVIRONMENT with the remedy. hear: LL_CARRIER_ENDED and the reason.
 * Threads  the owner of the device.
 */
#ifndef LL_HOST_DEVICE_DEVICE_CARRIER_H
#define LL_HOST_DEVICE_DEVICE_CARRIER_H

#include "host/base/ll_err.h"
#include "host/device/ll_device_link.h"

#include <stdbool.h>
#include <stdint.h>

struct ll_device_process;

enum ll_carrier_news {
    LL_CARRIER_NOTHING = 0,
    LL_CARRIER_NOTE = 1,  /* word.text */
    LL_CARRIER_READY = 2, /* word, and the memories */
    LL_CARRIER_ENDED = 3  /* or it does not speak our language; it is to be killed */
};

/* ll_link_words(request.slots) words each. */
struct ll_device_memories {
    volatile uint64_t *to_device;
    const volatile uint64_t *from_device;
};

struct ll_device_carrier {
    void *context;
    /* The device works in `rest`, in this thread, and at no other time; the mirror has no thread either then. */
    bool is_stepped;
    uint32_t spins; /* looks in a row that find nothing before the first rest */
    uint32_t slots; /* of the rings, a power of two; 0 = enough for all that can be under way */

    int (*start)(void *context, const struct ll_device_request *request, struct ll_why *why);
    /* The next word, NOTHING when no device was started; never waits. Words and memories are filled with the news that
     * have them. */
    enum ll_carrier_news (*hear)(void *context, struct ll_device_word *word,
                                 struct ll_device_memories *memories, struct ll_why *why);
    /* Waits for the next word, or the end, for so long at most. */
    void (*await)(void *context, uint64_t wait_ns);
    /* Gives the device time to answer; `rests` were made before, since the last answer. */
    void (*rest)(void *context, uint32_t rests);
    uint64_t (*now_ns)(void *context);

    /* Lets go of it and does not wait for that. */
    void (*kill)(void *context);
    /* True when there is none any more. Never waits. */
    bool (*reap)(void *context);
    /* Lets it end by itself, for so long at most, and then makes it. */
    void (*end)(void *context, uint64_t wait_ns);
};

/* The carrier that is a device process, which was initialised and outlives the carrier. */
struct ll_device_carrier ll_device_carrier_of(struct ll_device_process *process);

#endif
