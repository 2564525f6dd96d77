/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "host/device/ll_device_parts.h"

#include <stdio.h>

/* A new process is tried so often, with pauses that grow from one try to the next; one that has been good for
 * a while has all its tries again. */
#define LL_DEVICE_TRIES_MAX 5u
#define LL_DEVICE_PAUSE_NS  (100 * LL_NS_PER_MS)
#define LL_DEVICE_STEADY_NS (60 * LL_NS_PER_S)

static void ll_device_count(struct ll_device *device, enum ll_device_cause cause)
{
    device->counters.losses++;
    switch (cause) {
#define LL_CAUSE_COUNT(name, counter) \
    case LL_CAUSE_##name:             \
        device->counters.counter++;   \
        break;
        LL_CAUSES(LL_CAUSE_COUNT)
#undef LL_CAUSE_COUNT
    case LL_CAUSE_NONE:
        LL_ASSERT(cause != LL_CAUSE_NONE);
    }
}

static void ll_device_say(const struct ll_device *device, const char *text, const char *then)
{
    char sentence[LL_WHY_BYTES + 80];
    (void)snprintf(sentence, sizeof sentence, "%s; %s", text, then);
    ll_device_note(device, sentence);
}

/* --- A loss ---------------------------------------------------------------------------------------------- */

void ll_device_lose(struct ll_device *device, enum ll_device_cause cause, const struct ll_why *why)
{
    static const char *const then[] = {[LL_DEVICE_LOSS_CPU] = "going on in this process",
                                       [LL_DEVICE_LOSS_RELOAD] =
                                           "going on in this process until a new device process is loaded",
                                       [LL_DEVICE_LOSS_STOP] = "stopping, as --device-loss stop says"};
    static const enum ll_device_standing standings[] = {[LL_DEVICE_LOSS_CPU] = LL_DEVICE_FALLEN,
                                                        [LL_DEVICE_LOSS_RELOAD] = LL_DEVICE_RELOADING,
                                                        [LL_DEVICE_LOSS_STOP] = LL_DEVICE_STOPPED};
    uint64_t now_ns = ll_device_now_ns(device);
    ll_device_count(device, cause);
    ll_device_let_go(device);
    ll_device_mirror_take_over(&device->mirror);
    device->why = *why;
    device->standing = standings[device->config.on_loss];
    if (device->attached_ns != 0 && now_ns - device->attached_ns > LL_DEVICE_STEADY_NS)
        device->tries = 0;
    device->next_try_ns = now_ns + (LL_DEVICE_PAUSE_NS << device->tries);
    ll_device_say(device, why->text, then[device->config.on_loss]);
}

/* --- A new one ------------------------------------------------------------------------------------------- */

enum ll_device_cause ll_device_go_there(struct ll_device *device, struct ll_why *why)
{
    /* Before the first load there is no work yet that waits for it. */
    device->load_until_ns = device->standing == LL_DEVICE_HERE
                                ? UINT64_MAX
                                : ll_device_now_ns(device) + device->config.load_limit_ns;
    enum ll_device_cause cause = ll_device_load(device, why);
    device->load_until_ns = 0;
    if (cause != LL_CAUSE_NONE)
        return cause;
    if (!device->config.verify && ll_device_mirror_follow(&device->mirror, why) != LL_OK)
        return LL_CAUSE_FAILED;
    device->standing = LL_DEVICE_THERE;
    device->attached_ns = ll_device_now_ns(device);
    return LL_CAUSE_NONE;
}

static void ll_device_try_failed(struct ll_device *device, const struct ll_why *why)
{
    ll_device_let_go(device);
    device->counters.reloads_failed++;
    device->next_try_ns = ll_device_now_ns(device) + (LL_DEVICE_PAUSE_NS << device->tries);
    if (device->tries < LL_DEVICE_TRIES_MAX) {
        ll_device_say(device, why->text, "the next try comes later");
        return;
    }
    device->standing = LL_DEVICE_FALLEN;
    ll_device_say(device, why->text, "that was the last try, this process goes on alone");
}

/* The process is started, and what it says is heard when we come by again. */
static void ll_device_begin_try(struct ll_device *device, uint64_t now_ns)
{
    struct ll_why why = {0};
    if (now_ns < device->next_try_ns)
        return;
    if (device->tries >= LL_DEVICE_TRIES_MAX) {
        device->standing = LL_DEVICE_FALLEN;
        ll_device_note(device, "the device was lost too often; this process goes on alone");
        return;
    }
    device->tries++;
    int status = LL_OK;
    if (device->carrier.reap(device->carrier.context))
        status = ll_device_start(device, &why);
    else /* a card can hold a process that was killed */
        status = LL_FAIL(&why, LL_ERR_BUSY, "the old device process has not ended yet");
    if (status != LL_OK)
        ll_device_try_failed(device, &why);
}

void ll_device_try_again(struct ll_device *device)
{
    struct ll_why why = {0};
    uint64_t now_ns = ll_device_now_ns(device);
    if (!device->is_started) {
        ll_device_begin_try(device, now_ns);
        return;
    }
    bool is_ready = ll_device_hear(device, &why);
    if (!is_ready && why.code == LL_OK && now_ns >= device->ready_until_ns)
        (void)LL_FAIL(&why, LL_ERR_ENVIRONMENT, "the new device process was not ready in time");
    if (is_ready && ll_device_go_there(device, &why) == LL_CAUSE_NONE) {
        device->counters.reloads++;
        ll_device_note(device, "a new device process is loaded and answers");
        return;
    }
    if (why.code != LL_OK)
        ll_device_try_failed(device, &why);
}
