/* SPDX-License-Identifier: Apache-2.0 */
#include "hls/ll_gateway_parts.h"
#include "host/base/ll_assert.h"
#include "host/device/ll_device_parts.h"

#include <string.h>

#define LL_DEVICE_HASH_COUNT 16384u /* elements summed by one request */

static const struct ll_life_control ll_device_no_life;

/* --- Parts ----------------------------------------------------------------------------------------------- */

static const char *ll_device_part_name(uint32_t part)
{
    static const char *const names[] = {
#define LL_PART_NAME(name, number, text, bytes) [number] = (text),
        LL_PARTS(LL_PART_NAME)
#undef LL_PART_NAME
    };
    return names[part];
}

static void *ll_device_part_memory(const struct ll_device_mirror *mirror, uint32_t part)
{
    void *const memories[LL_PART_COUNT] = {mirror->book.control, mirror->book.buckets, mirror->book.leaves,
                                           mirror->book.levels,  mirror->book.inners,  mirror->book.sides,
                                           mirror->life.control, mirror->life.buckets, mirror->life.places,
                                           mirror->life.orders};
    return memories[part];
}

static uint64_t ll_device_part_count(const struct ll_device_mirror *mirror, uint32_t part)
{
    if (mirror->life_bytes == NULL)
        return part >= LL_PART_LIFE_CONTROL ? 0
                                            : ll_part_count(mirror->book.control, &ll_device_no_life, part);
    return ll_part_count(mirror->book.control, mirror->life.control, part);
}

/* --- Requests -------------------------------------------------------------------------------------------- */

/* Before the first load nobody waits but who starts the program. Later the owner has its work to do here. */
static uint64_t ll_device_control_limit_ns(const struct ll_device *device)
{
    uint64_t limit_ns = device->config.start_timeout_ns;
    if (device->standing != LL_DEVICE_HERE && limit_ns > device->config.load_limit_ns)
        limit_ns = device->config.load_limit_ns;
    return limit_ns > device->config.watchdog_ns ? limit_ns : device->config.watchdog_ns;
}

/* A load may be called off, and one that work waits for takes too long at some time. */
static enum ll_device_cause ll_device_load_goes_on(struct ll_device *device, struct ll_why *why)
{
    if (device->load_until_ns == 0)
        return LL_CAUSE_NONE;
    if (ll_device_gives_up(device, why))
        return LL_CAUSE_FAILED;
    if (ll_device_now_ns(device) <= device->load_until_ns)
        return LL_CAUSE_NONE;
    (void)LL_FAIL(why, LL_ERR_ENVIRONMENT, "the tables were not loaded after %llu ms, and the work waits",
                  (unsigned long long)(device->config.load_limit_ns / 1000000u));
    return LL_CAUSE_FAILED;
}

/* One CONTROL request and its answer. They take their time: the tables may be large. */
static enum ll_device_cause ll_device_control(struct ll_device *device, struct ll_beat *beat,
                                              struct ll_why *why)
{
    const uint64_t limit_ns = ll_device_control_limit_ns(device);
    enum ll_ring_take take = LL_RING_NOTHING;
    LL_ASSERT(ll_ring_port_pending(&device->port) == 0);
    uint32_t posted = ll_ring_port_post(&device->port, LL_BEAT_CONTROL, beat, 1);
    LL_ASSERT(posted == 1);
    for (;;) {
        enum ll_device_cause cause = ll_device_load_goes_on(device, why);
        if (cause != LL_CAUSE_NONE)
            return cause;
        take = ll_ring_port_take(&device->port, beat);
        if (take != LL_RING_NOTHING)
            break;
        cause = ll_device_wait(device, limit_ns, why);
        if (cause != LL_CAUSE_NONE)
            return cause;
    }
    ll_device_wait_over(device);
    return take == LL_RING_ANSWER ? LL_CAUSE_NONE : ll_device_take_cause(device, take, why);
}

/* A request about elements of a part, which has to be done, and answered with the epoch of the tables. */
static enum ll_device_cause ll_device_part_request(struct ll_device *device, enum ll_beat_op op,
                                                   uint32_t part, uint64_t first, uint64_t count,
                                                   uint64_t *value, struct ll_why *why)
{
    static const char *const names[] = {
#define LL_BEAT_OP_NAME(name, number, text) [number] = (text),
        LL_BEAT_OPS(LL_BEAT_OP_NAME)
#undef LL_BEAT_OP_NAME
    };
    struct ll_beat beat = {{op, part, first, count}};
    enum ll_device_cause cause = ll_device_control(device, &beat, why);
    if (cause != LL_CAUSE_NONE)
        return cause;
    if (beat.word[6] != LL_BEAT_OK) {
        (void)LL_FAIL(why, LL_ERR_INPUT, "the device refused to %s %s, elements %llu and %llu more",
                      names[op], ll_device_part_name(part), (unsigned long long)first,
                      (unsigned long long)count);
        return LL_CAUSE_IMPOSSIBLE;
    }
    if (beat.word[5] != device->epoch) {
        (void)LL_FAIL(why, LL_ERR_CORRUPT, "the device's tables are of epoch %llu, loaded was epoch %u",
                      (unsigned long long)beat.word[5], device->epoch);
        return LL_CAUSE_STALE;
    }
    if (value != NULL)
        *value = beat.word[4];
    return LL_CAUSE_NONE;
}

static enum ll_device_cause ll_device_ping(struct ll_device *device, struct ll_why *why)
{
    struct ll_beat beat = {{LL_BEAT_OP_PING}};
    enum ll_device_cause cause = ll_device_control(device, &beat, why);
    if (cause != LL_CAUSE_NONE || beat.word[4] == LL_GATEWAY_LAYOUT)
        return cause;
    (void)LL_FAIL(why, LL_ERR_INPUT,
                  "the device's kernel has layout %llx, this program %x; build the kernel of this version",
                  (unsigned long long)beat.word[4], LL_GATEWAY_LAYOUT);
    return LL_CAUSE_IMPOSSIBLE;
}

/* False with a reason: the first word that differs from the mirror's. */
static bool ll_device_compare_piece(const struct ll_device *device, uint32_t part, uint64_t first,
                                    uint64_t count, struct ll_why *why)
{
    uint32_t words = ll_part_words(part);
    const unsigned char *own = (const unsigned char *)ll_device_part_memory(&device->mirror, part) +
                               first * words * sizeof(uint64_t);
    const volatile uint64_t *window = ll_ring_port_window(&device->port);
    for (uint64_t i = 0; i < count * words; i++, own += sizeof(uint64_t)) {
        uint64_t word;
        uint64_t there = window[i];
        memcpy(&word, own, sizeof word);
        if (word == there)
            continue;
        (void)LL_FAIL(why, LL_ERR_CORRUPT,
                      "%s differ: element %llu, byte %llu is %016llx in the device, %016llx here",
                      ll_device_part_name(part), (unsigned long long)(first + i / words),
                      (unsigned long long)(i % words * sizeof(uint64_t)), (unsigned long long)there,
                      (unsigned long long)word);
        return false;
    }
    return true;
}

/* --- Load ------------------------------------------------------------------------------------------------ */

/* One window at a time: the next one may be written when this one's answer is here. */
static enum ll_device_cause ll_device_load_piece(struct ll_device *device, uint32_t part, uint64_t first,
                                                 uint64_t count, struct ll_why *why)
{
    uint32_t words = ll_part_words(part);
    const unsigned char *memory = ll_device_part_memory(&device->mirror, part);
    ll_ring_port_write_window(&device->port, memory + first * words * sizeof(uint64_t),
                              (uint32_t)count * words);
    return ll_device_part_request(device, LL_BEAT_OP_LOAD, part, first, count, NULL, why);
}

static uint64_t ll_device_piece(uint64_t left, uint64_t count_max)
{
    return left < count_max ? left : count_max;
}

static enum ll_device_cause ll_device_load_part(struct ll_device *device, uint32_t part, struct ll_why *why)
{
    const unsigned char *memory = ll_device_part_memory(&device->mirror, part);
    const size_t element_bytes = ll_part_words(part) * sizeof(uint64_t);
    uint64_t part_count = ll_device_part_count(&device->mirror, part);
    uint64_t count_max = LL_LINK_WINDOW_WORDS / ll_part_words(part);
    enum ll_device_cause cause = LL_CAUSE_NONE;
    for (uint64_t first = 0; cause == LL_CAUSE_NONE && first < part_count; first += count_max) {
        uint64_t count = ll_device_piece(part_count - first, count_max);
        if (!ll_device_is_as_reset(&device->mirror, part, memory + first * element_bytes, first, count))
            cause = ll_device_load_piece(device, part, first, count, why);
    }
    return cause;
}

/* Of a device that lost its memory the last control line would make tables again. Those have no element of zeros only
 * in this part, not even when they are empty. What is lost later has another epoch. */
static enum ll_device_cause ll_device_look_back(struct ll_device *device, uint32_t part, struct ll_why *why)
{
    enum ll_device_cause cause = ll_device_part_request(device, LL_BEAT_OP_DUMP, part, 0, 1, NULL, why);
    if (cause == LL_CAUSE_NONE && !ll_device_compare_piece(device, part, 0, 1, why))
        cause = LL_CAUSE_DIFFERENT;
    return cause;
}

/* The control line says how large the tables are, and RESET empties them; then comes what is not empty, and
 * the control line again; then we look whether it is still there. */
static enum ll_device_cause ll_device_load_half(struct ll_device *device, uint32_t control_part,
                                                uint32_t end_part, struct ll_why *why)
{
    enum ll_device_cause cause = ll_device_load_piece(device, control_part, 0, 1, why);
    if (cause == LL_CAUSE_NONE)
        cause = ll_device_part_request(device, LL_BEAT_OP_RESET, control_part, 0, 0, NULL, why);
    for (uint32_t part = control_part + 1; cause == LL_CAUSE_NONE && part < end_part; part++)
        cause = ll_device_load_part(device, part, why);
    if (cause == LL_CAUSE_NONE)
        cause = ll_device_load_piece(device, control_part, 0, 1, why);
    if (cause == LL_CAUSE_NONE)
        cause = ll_device_look_back(device, end_part - 1, why);
    return cause;
}

/* No answer of a device that was loaded before can be one to us. */
static void ll_device_begin_epoch(struct ll_device *device)
{
    struct ll_device_mirror *mirror = &device->mirror;
    uint32_t epoch = mirror->book.control->epoch;
    if (mirror->life_bytes != NULL && mirror->life.control->epoch > epoch)
        epoch = mirror->life.control->epoch;
    device->epoch = epoch + 1;
    mirror->book.control->epoch = device->epoch;
    if (mirror->life_bytes != NULL)
        mirror->life.control->epoch = device->epoch;
    ll_ring_port_set_epoch(&device->port, device->epoch);
}

static enum ll_device_cause ll_device_compare_sums(struct ll_device *device, struct ll_why *why)
{
    uint64_t book = 0;
    uint64_t life = 0;
    enum ll_device_cause cause = ll_device_sum(device, &book, &life, why);
    if (cause != LL_CAUSE_NONE)
        return cause;
    if (book != ll_book_memory_hash(&device->mirror.book) ||
        (device->mirror.life_bytes != NULL && life != ll_life_memory_hash(&device->mirror.life))) {
        (void)LL_FAIL(why, LL_ERR_CORRUPT, "the tables in the device are not those that were loaded");
        return LL_CAUSE_DIFFERENT;
    }
    return LL_CAUSE_NONE;
}

enum ll_device_cause ll_device_load(struct ll_device *device, struct ll_why *why)
{
    enum ll_device_cause cause = ll_device_ping(device, why);
    if (cause != LL_CAUSE_NONE)
        return cause;
    ll_device_begin_epoch(device);
    cause = ll_device_load_half(device, LL_PART_BOOK_CONTROL, LL_PART_LIFE_CONTROL, why);
    if (cause == LL_CAUSE_NONE && device->mirror.life_bytes != NULL)
        cause = ll_device_load_half(device, LL_PART_LIFE_CONTROL, LL_PART_COUNT, why);
    if (cause == LL_CAUSE_NONE)
        cause = ll_device_compare_sums(device, why);
    return cause;
}

/* --- Hash and dump --------------------------------------------------------------------------------------- */

static enum ll_device_cause ll_device_sum_part(struct ll_device *device, uint32_t part, uint64_t part_count,
                                               uint64_t *sum, struct ll_why *why)
{
    for (uint64_t first = 0; first < part_count; first += LL_DEVICE_HASH_COUNT) {
        uint64_t value = 0;
        uint64_t count = ll_device_piece(part_count - first, LL_DEVICE_HASH_COUNT);
        enum ll_device_cause cause =
            ll_device_part_request(device, LL_BEAT_OP_HASH, part, first, count, &value, why);
        if (cause != LL_CAUSE_NONE)
            return cause;
        *sum += value;
    }
    return LL_CAUSE_NONE;
}

enum ll_device_cause ll_device_sum(struct ll_device *device, uint64_t *book_hash, uint64_t *life_hash,
                                   struct ll_why *why)
{
    const struct ll_device_mirror *mirror = &device->mirror;
    *book_hash = 0;
    *life_hash = 0;
    enum ll_device_cause cause =
        ll_device_sum_part(device, LL_PART_BOOK_BUCKETS, mirror->book.control->bucket_count, book_hash, why);
    if (cause == LL_CAUSE_NONE)
        cause = ll_device_sum_part(device, LL_PART_SIDES, ll_device_part_count(mirror, LL_PART_SIDES),
                                   book_hash, why);
    if (cause != LL_CAUSE_NONE || mirror->life_bytes == NULL)
        return cause;
    cause = ll_device_sum_part(device, LL_PART_LIFE_BUCKETS,
                               ll_device_part_count(mirror, LL_PART_LIFE_BUCKETS), life_hash, why);
    if (cause == LL_CAUSE_NONE)
        cause = ll_device_sum_part(device, LL_PART_LIFE_ORDERS,
                                   ll_device_part_count(mirror, LL_PART_LIFE_ORDERS), life_hash, why);
    return cause;
}

enum ll_device_cause ll_device_hold_against(struct ll_device *device, struct ll_why *why)
{
    for (uint32_t part = 0; part < LL_PART_COUNT; part++) {
        uint64_t part_count = ll_device_part_count(&device->mirror, part);
        uint64_t count_max = LL_LINK_WINDOW_WORDS / ll_part_words(part);
        for (uint64_t first = 0; first < part_count; first += count_max) {
            uint64_t count = ll_device_piece(part_count - first, count_max);
            enum ll_device_cause cause =
                ll_device_part_request(device, LL_BEAT_OP_DUMP, part, first, count, NULL, why);
            if (cause != LL_CAUSE_NONE)
                return cause;
            if (!ll_device_compare_piece(device, part, first, count, why))
                return LL_CAUSE_NONE;
        }
    }
    return LL_CAUSE_NONE;
}
