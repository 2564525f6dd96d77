/* SPDX-License-Identifier: Apache-2.0 */
#include "hls/ll_gateway_parts.h"
#include "host/base/ll_options.h"
#include "host/device/ll_device_parts.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LL_DEVICE_CARDS_MAX     64u
#define LL_DEVICE_LANES_MAX     4u
#define LL_DEVICE_LANES_DEFAULT 2u
#define LL_DEVICE_BATCH_MAX     1024u
#define LL_DEVICE_BATCH_DEFAULT 256u
#define LL_DEVICE_LOOKS_DEFAULT ((uint64_t)1 << 24)
#define LL_DEVICE_WORDS_MAX     64u                  /* heard in one go */
#define LL_DEVICE_AWAIT_NS      ((uint64_t)50000000) /* between two questions whether to give up */

static int ll_device_read_card(struct ll_device_request *request, const char *number, const char *name,
                               struct ll_why *why)
{
    uint64_t card = 0;
    if (ll_options_parse_u64(number, LL_OPTION_U64, &card, NULL) != LL_OK || card >= LL_DEVICE_CARDS_MAX)
        return LL_FAIL(why, LL_ERR_USAGE, "no device '%.40s'; cards are xrt:0 to xrt:%u", name,
                       LL_DEVICE_CARDS_MAX - 1);
    request->card = (uint32_t)card;
    return LL_OK;
}

int ll_device_read_name(struct ll_device_request *request, bool *is_cpu,
                        const struct ll_device_config *config, struct ll_why *why)
{
    const char *name = config->name;
    *is_cpu = strcmp(name, "cpu") == 0;
    if (*is_cpu || config->carrier != NULL)
        return LL_OK;
    if (strcmp(name, "pocl") == 0) {
        request->platform = LL_DEVICE_PLATFORM_POCL;
        return LL_OK;
    }
    request->platform = LL_DEVICE_PLATFORM_XRT;
    if (strcmp(name, "xrt") == 0)
        return LL_OK;
    if (strncmp(name, "xrt:", 4) == 0)
        return ll_device_read_card(request, name + 4, name, why);
    return LL_FAIL(why, LL_ERR_USAGE, "no device '%.40s'; there are: cpu, pocl, xrt, xrt:N", name);
}

/* 0 in the configuration is the default of each. */
static uint64_t ll_device_or(uint64_t value, uint64_t otherwise)
{
    return value != 0 ? value : otherwise;
}

/* Enough for all lanes: a power of two. */
static uint32_t ll_device_slots(const struct ll_device_request *request)
{
    uint32_t slots = LL_DEVICE_SLOTS;
    while (request->mode == LL_DEVICE_BATCH && slots < request->batch_max * request->lanes &&
           slots < LL_LINK_SLOTS_MAX)
        slots *= 2;
    return slots;
}

static void ll_device_fill_parts(const struct ll_device *device, uint64_t part_bytes[LL_PART_COUNT])
{
    static const struct ll_life_control no_life;
    const struct ll_book_control *control = device->mirror.book.control;
    const struct ll_life_control *life =
        device->mirror.life_bytes != NULL ? device->mirror.life.control : &no_life;
    for (uint32_t part = 0; part < LL_PART_COUNT; part++)
        part_bytes[part] = ll_part_count(control, life, part) * ll_part_words(part) * sizeof(uint64_t);
}

int ll_device_fill_request(struct ll_device *device, struct ll_why *why)
{
    const struct ll_device_config *config = &device->config;
    struct ll_device_request *request = &device->request;
    const char *binary = config->binary != NULL ? config->binary : "";
    char whole[PATH_MAX];
    const char *program = config->program != NULL ? config->program : "";
    request->magic = LL_DEVICE_LINK_MAGIC;
    request->version = LL_DEVICE_LINK_VERSION;
    request->mode = config->mode;
    request->batch_max = (uint32_t)ll_device_or(config->batch_max, LL_DEVICE_BATCH_DEFAULT);
    request->lanes = (uint32_t)ll_device_or(config->lanes, LL_DEVICE_LANES_DEFAULT);
    request->kernel_batch = config->batch;
    request->batch_close_ns = config->batch_close_ns;
    request->looks_max = ll_device_or(config->looks_max, LL_DEVICE_LOOKS_DEFAULT);
    if (request->batch_max > LL_DEVICE_BATCH_MAX || request->lanes > LL_DEVICE_LANES_MAX)
        return LL_FAIL(why, LL_ERR_USAGE, "%u requests in a batch and %u lanes; at most %u and %u",
                       request->batch_max, request->lanes, LL_DEVICE_BATCH_MAX, LL_DEVICE_LANES_MAX);
    if (strlen(binary) >= sizeof request->binary || strlen(program) >= sizeof device->program)
        return LL_FAIL(why, LL_ERR_USAGE, "the path of the device's program is too long: at most %zu bytes",
                       sizeof request->binary - 1);
    /* The device process may work elsewhere. What is not there is for it to complain about. */
    bool is_there =
        binary[0] != '\0' && realpath(binary, whole) != NULL && strlen(whole) < sizeof request->binary;
    const char *path = is_there ? whole : binary;
    memcpy(request->binary, path, strlen(path) + 1); /* it fits, either way */
    (void)snprintf(device->program, sizeof device->program, "%s", program);
    request->slots = device->carrier.slots != 0 ? device->carrier.slots : ll_device_slots(request);
    ll_device_fill_parts(device, request->part_bytes);
    return LL_OK;
}

void ll_device_note(const struct ll_device *device, const char *sentence)
{
    if (device->config.note != NULL)
        device->config.note(device->config.note_context, sentence);
}

int ll_device_start(struct ll_device *device, struct ll_why *why)
{
    device->ready_until_ns = ll_device_now_ns(device) + device->config.start_timeout_ns;
    int status = device->carrier.start(device->carrier.context, &device->request, why);
    device->is_started = status == LL_OK;
    return status;
}

void ll_device_let_go(struct ll_device *device)
{
    device->carrier.kill(device->carrier.context);
    (void)device->carrier.reap(device->carrier.context);
    device->is_started = false;
    ll_device_wait_over(device);
}

static void ll_device_is_ready(struct ll_device *device, const struct ll_device_word *word,
                               const struct ll_device_memories *memories)
{
    ll_ring_port_init(&device->port, device->port_memory, device->request.slots, memories->to_device,
                      memories->from_device, 1);
    ll_ring_port_set_life(&device->port, (uint32_t)device->config.life.ids,
                          (uint32_t)device->config.life.orders);
    ll_device_wait_over(device);
    (void)snprintf(device->describe, sizeof device->describe, "%s, %s, %s", word->platform, word->device,
                   device->config.mode == LL_DEVICE_BATCH ? "batch launches" : "resident");
}

bool ll_device_hear(struct ll_device *device, struct ll_why *why)
{
    struct ll_device_word word;
    struct ll_device_memories memories;
    for (uint32_t i = 0; i < LL_DEVICE_WORDS_MAX; i++) {
        switch (device->carrier.hear(device->carrier.context, &word, &memories, why)) {
        case LL_CARRIER_NOTE:
            ll_device_note(device, word.text);
            break;
        case LL_CARRIER_READY:
            ll_device_is_ready(device, &word, &memories);
            return true;
        case LL_CARRIER_NOTHING:
        case LL_CARRIER_ENDED:
            return false;
        }
    }
    return false;
}

int ll_device_start_and_await(struct ll_device *device, struct ll_why *why)
{
    struct ll_why end = {0};
    int status = ll_device_start(device, why);
    while (status == LL_OK && !ll_device_hear(device, &end)) {
        uint64_t now_ns = ll_device_now_ns(device);
        if (end.code == LL_OK && !ll_device_gives_up(device, &end) && now_ns >= device->ready_until_ns)
            (void)LL_FAIL(&end, LL_ERR_ENVIRONMENT,
                          "the device process was not ready after %llu ms; give it more time, or another "
                          "--device",
                          (unsigned long long)(device->config.start_timeout_ns / 1000000u));
        if (end.code != LL_OK)
            status = LL_FAIL(why, end.code, "%s", end.text);
        else
            device->carrier.await(device->carrier.context,
                                  device->ready_until_ns - now_ns < LL_DEVICE_AWAIT_NS
                                      ? device->ready_until_ns - now_ns
                                      : LL_DEVICE_AWAIT_NS);
    }
    if (status != LL_OK)
        ll_device_let_go(device);
    return status;
}
