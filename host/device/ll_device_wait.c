/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_clock.h"
#include "host/device/ll_device_parts.h"

#define LL_DEVICE_LISTEN 64u /* rests between two times that the device is heard */

uint64_t ll_device_now_ns(const struct ll_device *device)
{
    return device->carrier.now_ns(device->carrier.context);
}

void ll_device_wait_over(struct ll_device *device)
{
    device->looks = 0;
    device->waiting_since_ns = 0;
    device->is_overdue = false;
}

bool ll_device_gives_up(struct ll_device *device, struct ll_why *why)
{
    const struct ll_device_config *config = &device->config;
    if (config->give_up == NULL || !config->give_up(config->give_up_context))
        return false;
    device->is_given_up = true;
    (void)LL_FAIL(why, LL_ERR_STOPPED, "told to stop before the device was ready");
    return true;
}

bool ll_device_is_gone(struct ll_device *device, struct ll_why *why)
{
    struct ll_device_word word;
    struct ll_device_memories memories;
    switch (device->carrier.hear(device->carrier.context, &word, &memories, why)) {
    case LL_CARRIER_NOTE:
        ll_device_note(device, word.text);
        return false;
    case LL_CARRIER_NOTHING:
        return false;
    case LL_CARRIER_READY: /* a second time is refused there */
    case LL_CARRIER_ENDED:
        break;
    }
    return true;
}

enum ll_device_cause ll_device_wait(struct ll_device *device, uint64_t limit_ns, struct ll_why *why)
{
    if (LL_LIKELY(device->looks < device->carrier.spins)) {
        device->looks++;
        return LL_CAUSE_NONE;
    }
    uint64_t now_ns = ll_device_now_ns(device);
    if (device->waiting_since_ns == 0)
        device->waiting_since_ns = now_ns;
    uint32_t rests = device->looks - device->carrier.spins;
    device->looks += device->looks != UINT32_MAX;
    if (rests % LL_DEVICE_LISTEN == 0 && ll_device_is_gone(device, why))
        return LL_CAUSE_GONE;
    bool is_overdue = now_ns - device->waiting_since_ns > limit_ns;
    if (is_overdue && device->is_overdue) {
        (void)LL_FAIL(why, LL_ERR_IO, "the device has not answered for %llu ms",
                      (unsigned long long)((now_ns - device->waiting_since_ns) / LL_NS_PER_MS));
        return LL_CAUSE_SILENT;
    }
    /* Whoever was stopped between the look and the clock has not looked for all that time. */
    device->is_overdue = is_overdue;
    device->carrier.rest(device->carrier.context, rests);
    return LL_CAUSE_NONE;
}

enum ll_device_cause ll_device_take_cause(const struct ll_device *device, enum ll_ring_take take,
                                          struct ll_why *why)
{
    uint32_t due;
    uint32_t found;
    ll_ring_port_ordinals(&device->port, &due, &found);
    (void)LL_FAIL(why, LL_ERR_CORRUPT, "the device's answer is %s: number %u is due, what lies there says %u",
                  ll_ring_take_name(take), due, found);
    switch (take) {
    case LL_RING_OUT_OF_SEQUENCE:
        return LL_CAUSE_OUT_OF_SEQUENCE;
    case LL_RING_BROKEN:
        return LL_CAUSE_BROKEN;
    case LL_RING_STALE:
        return LL_CAUSE_STALE;
    default:
        return LL_CAUSE_IMPOSSIBLE;
    }
}
