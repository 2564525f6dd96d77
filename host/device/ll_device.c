/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_device.h"

#include "hls/ll_book.h"
#include "hls/ll_life.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "host/device/ll_device_parts.h"

#include <stdio.h>
#include <string.h>

#define LL_DEVICE_WATCHDOG_NS      (2 * LL_NS_PER_S)
#define LL_DEVICE_START_TIMEOUT_NS (120 * LL_NS_PER_S)
#define LL_DEVICE_LOAD_LIMIT_NS    (10 * LL_NS_PER_S) /* the largest tables are emptied in a few seconds */

void ll_device_config_default(struct ll_device_config *config)
{
    memset(config, 0, sizeof *config);
    config->name = "cpu";
    config->batch = 32;
    config->must_start = true;
    config->watchdog_ns = LL_DEVICE_WATCHDOG_NS;
    config->start_timeout_ns = LL_DEVICE_START_TIMEOUT_NS;
    config->load_limit_ns = LL_DEVICE_LOAD_LIMIT_NS;
    ll_book_config_default(&config->book);
}

/* --- Open and close -------------------------------------------------------------------------------------- */

static int ll_device_check(const struct ll_device_config *config, struct ll_why *why)
{
    if (ll_book_memory_footprint_bytes(&config->book) == 0)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "capacities out of range: orders 1..%llu, levels 1..%llu, books 1..%llu",
                       (unsigned long long)LL_BOOK_ORDERS_MAX, (unsigned long long)LL_BOOK_LEVELS_MAX,
                       (unsigned long long)LL_BOOK_BOOKS_MAX);
    if (config->life.ids != 0 && ll_life_memory_footprint_bytes(&config->life) == 0)
        return LL_FAIL(why, LL_ERR_USAGE, "capacities out of range: identifiers 1..%llu, own orders 1..%llu",
                       (unsigned long long)LL_LIFE_IDS_MAX, (unsigned long long)LL_LIFE_ORDERS_MAX);
    if (config->batch < 1 || config->batch > LL_BATCH_MAX)
        return LL_FAIL(why, LL_ERR_USAGE, "batch %u is out of range: 1..%u", config->batch, LL_BATCH_MAX);
    return LL_OK;
}

/* Takes the memory and formats the tables in it. */
static int ll_device_take(struct ll_device **device_out, const struct ll_device_config *config,
                          const struct ll_device_request *request, bool is_cpu, struct ll_why *why)
{
    const bool is_carried = !is_cpu && config->carrier != NULL;
    const struct ll_device_mirror_config mirror = {.book = config->book,
                                                   .life = config->life,
                                                   .batch = config->batch,
                                                   .follows = !is_cpu && !config->verify,
                                                   .is_stepped = is_carried && config->carrier->is_stepped};
    struct ll_arena arena;
    size_t own_bytes = ll_align_up(sizeof(struct ll_device), 64);
    size_t tables_bytes = ll_align_up(ll_device_mirror_footprint_bytes(&mirror), 64);
    size_t port_bytes = is_cpu ? 0 : ll_ring_port_footprint_bytes(LL_LINK_SLOTS_MAX);
    int status = ll_arena_init(&arena, own_bytes + tables_bytes + port_bytes, why);
    if (status != LL_OK)
        return status;
    struct ll_device *device = ll_arena_alloc(&arena, own_bytes, 64);
    void *tables = ll_arena_alloc(&arena, tables_bytes, 64);
    device->port_memory = is_cpu ? NULL : ll_arena_alloc(&arena, port_bytes, 64);
    ll_arena_seal(&arena);
    device->arena = arena;
    device->config = *config;
    if (config->watchdog_ns == 0)
        device->config.watchdog_ns = LL_DEVICE_WATCHDOG_NS;
    if (config->start_timeout_ns == 0)
        device->config.start_timeout_ns = LL_DEVICE_START_TIMEOUT_NS;
    if (config->load_limit_ns == 0)
        device->config.load_limit_ns = LL_DEVICE_LOAD_LIMIT_NS;
    device->request = *request;
    device->is_cpu = is_cpu;
    device->memory_bytes = own_bytes + tables_bytes + port_bytes;
    ll_device_mirror_init(&device->mirror, tables, &mirror);
    ll_device_process_init(&device->process, device->program);
    device->carrier = is_carried ? *config->carrier : ll_device_carrier_of(&device->process);
    (void)snprintf(device->describe, sizeof device->describe, "%s", config->name);
    *device_out = device;
    return LL_OK;
}

int ll_device_open(struct ll_device **device_out, const struct ll_device_config *config, struct ll_why *why)
{
    struct ll_device_request request = {0};
    struct ll_why own = {0};
    struct ll_device *device = NULL;
    bool is_cpu = false;
    int status = ll_device_read_name(&request, &is_cpu, config, why);
    if (status == LL_OK)
        status = ll_device_check(config, why);
    if (status == LL_OK)
        status = ll_device_take(&device, config, &request, is_cpu, why);
    if (status == LL_OK && !is_cpu)
        status = ll_device_fill_request(device, why);
    if (status == LL_OK && !is_cpu && ll_device_start_and_await(device, &own) != LL_OK) {
        if (config->must_start || device->is_given_up)
            status = LL_FAIL(why, own.code, "%s", own.text);
        else
            ll_device_lose(device, LL_CAUSE_FAILED, &own);
    }
    if (status != LL_OK) {
        ll_device_close(device);
        return status;
    }
    *device_out = device;
    return LL_OK;
}

void ll_device_close(struct ll_device *device)
{
    if (device == NULL)
        return;
    ll_device_mirror_deinit(&device->mirror);
    device->carrier.end(device->carrier.context, LL_DEVICE_END_NS);
    /* The device lives in its own arena: a copy outlasts it. */
    struct ll_arena arena = device->arena;
    ll_arena_deinit(&arena);
}

/* --- State ----------------------------------------------------------------------------------------------- */

const struct ll_book_memory *ll_device_book(struct ll_device *device)
{
    ll_device_mirror_catch_up(&device->mirror);
    return &device->mirror.book;
}

const struct ll_life_memory *ll_device_life(struct ll_device *device)
{
    ll_device_mirror_catch_up(&device->mirror);
    return &device->mirror.life;
}

void *ll_device_book_bytes(struct ll_device *device)
{
    return device->mirror.book_bytes;
}

void *ll_device_life_bytes(struct ll_device *device)
{
    return device->mirror.life_bytes;
}

int ll_device_attach(struct ll_device *device, struct ll_why *why)
{
    struct ll_why own = {0};
    LL_ASSERT(!device->is_attached);
    LL_ASSERT(device->pending_count == 0);
    device->is_attached = true;
    if (device->is_cpu || device->standing != LL_DEVICE_HERE)
        return LL_OK;
    if (ll_device_go_there(device, &own) == LL_CAUSE_NONE)
        return LL_OK;
    if (!device->config.must_start && !device->is_given_up) {
        ll_device_lose(device, LL_CAUSE_FAILED, &own);
        return LL_OK;
    }
    ll_device_let_go(device);
    if (device->is_given_up)
        return LL_FAIL(why, LL_ERR_STOPPED, "%s", own.text);
    return LL_FAIL(why, own.code == LL_ERR_INPUT ? LL_ERR_INPUT : LL_ERR_ENVIRONMENT,
                   "the device cannot be loaded: %s", own.text);
}

/* Whoever is told that it is the end leaves results behind. They are nobody's any more, and neither are the updates:
 * where they lay, others may lie. */
static void ll_device_drop_left(struct ll_device *device)
{
    if (device->standing == LL_DEVICE_STOPPED)
        device->pending_count = 0;
}

/* Both halves of the work below: what is asked of the device when all is quiet. */
static bool ll_device_answers(struct ll_device *device)
{
    ll_device_drop_left(device);
    LL_ASSERT(device->pending_count == 0);
    ll_device_mirror_catch_up(&device->mirror);
    return device->standing == LL_DEVICE_THERE;
}

int ll_device_hash(struct ll_device *device, uint64_t *book_hash, uint64_t *life_hash, struct ll_why *why)
{
    struct ll_why own = {0};
    if (!ll_device_answers(device)) {
        *book_hash = ll_book_memory_hash(&device->mirror.book);
        *life_hash = device->mirror.life_bytes == NULL ? 0 : ll_life_memory_hash(&device->mirror.life);
        return LL_OK;
    }
    enum ll_device_cause cause = ll_device_sum(device, book_hash, life_hash, &own);
    if (cause == LL_CAUSE_NONE)
        return LL_OK;
    ll_device_lose(device, cause, &own);
    return LL_FAIL(why, own.code, "%s", own.text);
}

int ll_device_compare(struct ll_device *device, struct ll_why *why)
{
    struct ll_why own = {0};
    if (!ll_device_answers(device))
        return LL_OK;
    enum ll_device_cause cause = ll_device_hold_against(device, &own);
    if (cause != LL_CAUSE_NONE)
        ll_device_lose(device, cause, &own);
    return own.code == LL_OK ? LL_OK : LL_FAIL(why, own.code, "%s", own.text);
}

/* --- Work ------------------------------------------------------------------------------------------------ */

/* The mirror's own answers are what is given out, also in place of `answers` that differ. */
static bool ll_device_verify(struct ll_device *device, enum ll_beat_kind kind, const void *requests,
                             void *answers, uint32_t count, struct ll_why *why)
{
    const struct ll_beat *request = requests;
    struct ll_beat *answer = answers;
    bool is_same = true;
    for (uint32_t done = 0; done < count;) {
        uint32_t run = count - done < LL_DEVICE_VERIFY_RUN ? count - done : LL_DEVICE_VERIFY_RUN;
        ll_device_mirror_work(&device->mirror, kind, request + done, &device->own, run);
        if (memcmp(answer + done, &device->own, run * sizeof *answer) != 0) {
            if (is_same)
                (void)LL_FAIL(why, LL_ERR_CORRUPT,
                              "the device answers otherwise than the same kernel in this process");
            is_same = false;
            memcpy(answer + done, &device->own, run * sizeof *answer);
        }
        done += run;
    }
    return is_same;
}

/* Takes the answers that are there. None, and the device is lost: the caller goes on here. */
static uint32_t ll_device_take_answers(struct ll_device *device, enum ll_beat_kind kind, const void *requests,
                                       void *answers, uint32_t count_max)
{
    enum ll_ring_take take = LL_RING_NOTHING;
    enum ll_device_cause cause = LL_CAUSE_NONE;
    struct ll_why why = {0};
    uint32_t count = 0;
    while (count < count_max) {
        take = ll_ring_port_take(&device->port, (struct ll_beat *)answers + count);
        if (take != LL_RING_ANSWER)
            break;
        count++;
    }
    if (count != 0) {
        ll_device_wait_over(device);
        device->counters.device_answers += count;
        if (!device->config.verify) {
            ll_device_mirror_log(&device->mirror, kind, requests, count);
            device->counters.mirror_waits = device->mirror.waits;
        } else if (!ll_device_verify(device, kind, requests, answers, count, &why)) {
            cause = LL_CAUSE_DIFFERENT;
        }
    } else if (take == LL_RING_NOTHING) {
        cause = ll_device_wait(device, device->config.watchdog_ns, &why);
    }
    if (cause == LL_CAUSE_NONE && take > LL_RING_ANSWER)
        cause = ll_device_take_cause(device, take, &why);
    if (LL_UNLIKELY(cause != LL_CAUSE_NONE))
        ll_device_lose(device, cause, &why);
    return count;
}

uint32_t ll_device_submit(struct ll_device *device, const struct ll_update *updates, uint32_t count)
{
    /* What is under way is one array, so that where a request lies follows from how many are out. */
    if (device->pending_count != 0 && updates != device->updates + device->pending_count)
        return 0;
    if (device->pending_count == 0)
        device->updates = updates;
    if (device->standing == LL_DEVICE_THERE)
        count = ll_ring_port_post(&device->port, LL_BEAT_UPDATE, updates, count);
    device->pending_count += count;
    return count;
}

static void ll_device_polled(struct ll_device *device, uint32_t count)
{
    device->updates += count;
    device->pending_count -= count;
    device->counters.updates += count;
    device->counters.batches += count != 0;
}

uint32_t ll_device_poll(struct ll_device *device, struct ll_result *results, uint32_t count_max)
{
    uint32_t count = device->pending_count < count_max ? device->pending_count : count_max;
    if (count == 0)
        return 0;
    if (device->standing == LL_DEVICE_THERE) {
        uint32_t taken = ll_device_take_answers(device, LL_BEAT_UPDATE, device->updates, results, count);
        ll_device_polled(device, taken);
        if (taken != 0 || device->standing == LL_DEVICE_THERE)
            return taken;
    }
    ll_device_mirror_work(&device->mirror, LL_BEAT_UPDATE, device->updates, results, count);
    ll_device_polled(device, count);
    return count;
}

void ll_device_ask(struct ll_device *device, const struct ll_life_ask *asks, struct ll_life_answer *answers,
                   uint32_t count)
{
    uint32_t posted = 0;
    uint32_t done = 0;
    ll_device_drop_left(device);
    LL_ASSERT(device->pending_count == 0);
    LL_ASSERT(device->mirror.life_bytes != NULL);
    while (done < count && device->standing == LL_DEVICE_THERE) {
        posted += ll_ring_port_post(&device->port, LL_BEAT_ASK, asks + posted, count - posted);
        done += ll_device_take_answers(device, LL_BEAT_ASK, asks + done, answers + done, posted - done);
    }
    if (done < count)
        ll_device_mirror_work(&device->mirror, LL_BEAT_ASK, asks + done, answers + done, count - done);
    device->counters.asks += count;
}

void ll_device_tend(struct ll_device *device)
{
    struct ll_why why = {0};
    if (!device->is_attached)
        return;
    if (device->standing == LL_DEVICE_RELOADING) {
        if (device->pending_count == 0)
            ll_device_try_again(device);
    } else if (device->standing == LL_DEVICE_THERE) {
        if (ll_device_is_gone(device, &why))
            ll_device_lose(device, LL_CAUSE_GONE, &why);
    } else {
        (void)device->carrier.reap(device->carrier.context);
    }
}

/* --- Reading --------------------------------------------------------------------------------------------- */

int ll_device_status(const struct ll_device *device, struct ll_why *why)
{
    if (why != NULL)
        *why = device->why;
    return device->standing == LL_DEVICE_STOPPED ? LL_ERR_STOPPED : LL_OK;
}

enum ll_device_standing ll_device_standing(const struct ll_device *device)
{
    return device->standing;
}

const struct ll_device_counters *ll_device_counters(const struct ll_device *device)
{
    return &device->counters;
}

const char *ll_device_describe(const struct ll_device *device)
{
    return device->describe;
}

size_t ll_device_memory_bytes(const struct ll_device *device)
{
    return device->memory_bytes;
}

const char *ll_device_memory_pages(const struct ll_device *device)
{
    return ll_arena_pages_name(&device->arena);
}
