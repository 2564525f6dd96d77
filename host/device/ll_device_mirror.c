/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_device_mirror.h"

#include "hls/ll_book.h"
#include "hls/ll_life.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"

#include <string.h>
#include <time.h>

#define LL_MIRROR_RUN     64u /* requests done between two looks, and answers thrown away together */
#define LL_MIRROR_LOOKS   256u
#define LL_MIRROR_REST_NS ((long)500 * 1000) /* a small part of what the log holds at full speed */
#define LL_MIRROR_WAIT_NS ((long)50 * 1000)

_Static_assert(LL_MIRROR_LOG_SLOTS >= (uint64_t)LL_MIRROR_RUN, "a run fits into the log");
_Static_assert(LL_MIRROR_STEPPED_SLOTS >= (uint64_t)LL_MIRROR_RUN, "a run fits into the log");

static size_t ll_mirror_tables_bytes(const struct ll_device_mirror_config *config, size_t *book_bytes)
{
    size_t life_bytes = config->life.ids == 0 ? 0 : ll_life_memory_footprint_bytes(&config->life);
    *book_bytes = ll_align_up(ll_book_memory_footprint_bytes(&config->book), LL_RING_SLOT_BYTES);
    if (*book_bytes == 0 || (config->life.ids != 0 && life_bytes == 0))
        return 0;
    return *book_bytes + ll_align_up(life_bytes, LL_RING_SLOT_BYTES);
}

static uint64_t ll_mirror_log_slots(const struct ll_device_mirror_config *config)
{
    return config->is_stepped ? LL_MIRROR_STEPPED_SLOTS : LL_MIRROR_LOG_SLOTS;
}

size_t ll_device_mirror_footprint_bytes(const struct ll_device_mirror_config *config)
{
    size_t book_bytes;
    size_t tables_bytes = ll_mirror_tables_bytes(config, &book_bytes);
    size_t log_bytes = config->follows ? 2 * ll_slot_ring_footprint_bytes(ll_mirror_log_slots(config)) : 0;
    return tables_bytes == 0 ? 0 : tables_bytes + log_bytes;
}

void ll_device_mirror_init(struct ll_device_mirror *mirror, void *memory,
                           const struct ll_device_mirror_config *config)
{
    size_t book_bytes;
    size_t tables_bytes = ll_mirror_tables_bytes(config, &book_bytes);
    unsigned char *at = memory;
    LL_ASSERT(tables_bytes != 0);
    memset(mirror, 0, sizeof *mirror);
    mirror->batch = config->batch;
    mirror->has_log = config->follows;
    mirror->is_stepped = config->is_stepped;
    mirror->book_bytes = at;
    ll_book_memory_place(&mirror->book, at, &config->book);
    if (config->life.ids != 0) {
        mirror->life_bytes = at + book_bytes;
        ll_life_memory_place(&mirror->life, mirror->life_bytes, &config->life);
    }
    at += tables_bytes;
    if (config->follows) {
        uint64_t slots = ll_mirror_log_slots(config);
        ll_slot_ring_init(&mirror->updates, at, slots);
        at += ll_slot_ring_footprint_bytes(slots);
        ll_slot_ring_init(&mirror->asks, at, slots);
    }
    atomic_init(&mirror->stopping, false);
    if (sched_getaffinity(0, sizeof mirror->cpus, &mirror->cpus) != 0)
        CPU_ZERO(&mirror->cpus);
}

void ll_device_mirror_deinit(struct ll_device_mirror *mirror)
{
    ll_device_mirror_take_over(mirror);
}

/* One piece of code for the owner and for the thread. */
static void ll_mirror_do(const struct ll_device_mirror *mirror, enum ll_beat_kind kind, const void *requests,
                         void *answers, uint32_t count)
{
    const struct ll_book_memory *book = &mirror->book;
    const struct ll_life_memory *life = &mirror->life;
    if (kind == LL_BEAT_UPDATE) {
        ll_book_batch(book->control, book->buckets, book->leaves, book->levels, book->inners, book->sides,
                      requests, answers, count, mirror->batch);
        return;
    }
    LL_ASSERT(kind == LL_BEAT_ASK);
    LL_ASSERT(mirror->life_bytes != NULL);
    ll_life_batch(life->control, life->buckets, life->places, life->orders, requests, answers, count,
                  mirror->batch);
}

void ll_device_mirror_work(struct ll_device_mirror *mirror, enum ll_beat_kind kind, const void *requests,
                           void *answers, uint32_t count)
{
    LL_ASSERT(!mirror->is_following);
    ll_mirror_do(mirror, kind, requests, answers, count);
}

/* --- The thread ------------------------------------------------------------------------------------------ */

/* The next run of one half. */
static bool ll_mirror_follow_half(struct ll_device_mirror *mirror, struct ll_slot_ring *ring,
                                  enum ll_beat_kind kind)
{
    union {
        struct ll_result results[LL_MIRROR_RUN];
        struct ll_life_answer answers[LL_MIRROR_RUN];
    } unread;
    void *requests;
    uint64_t count = ll_slot_ring_peek(ring, &requests, LL_MIRROR_RUN);
    if (count == 0)
        return false;
    ll_mirror_do(mirror, kind, requests, &unread, (uint32_t)count);
    ll_slot_ring_pop(ring, count);
    return true;
}

static bool ll_mirror_follow(struct ll_device_mirror *mirror)
{
    bool did = ll_mirror_follow_half(mirror, &mirror->updates, LL_BEAT_UPDATE);
    did |= ll_mirror_follow_half(mirror, &mirror->asks, LL_BEAT_ASK);
    return did;
}

static void *ll_mirror_main(void *argument)
{
    struct ll_device_mirror *mirror = argument;
    const struct timespec rest = {0, LL_MIRROR_REST_NS};
    uint32_t looks = 0;
    for (;;) {
        /* Read before the logs: what was logged before it was set is still done. */
        bool stopping = atomic_load_explicit(&mirror->stopping, memory_order_acquire);
        bool did = ll_mirror_follow(mirror);
        looks = did ? 0 : looks + 1;
        if (!did && stopping)
            return NULL;
        if (looks > LL_MIRROR_LOOKS)
            (void)nanosleep(&rest, NULL);
    }
}

static int ll_mirror_start_thread(struct ll_device_mirror *mirror, struct ll_why *why)
{
    const struct sched_param ordinary = {.sched_priority = 0};
    pthread_attr_t attributes;
    atomic_store_explicit(&mirror->stopping, false, memory_order_relaxed);
    (void)pthread_attr_init(&attributes);
    /* Not of the owner's priority, and not on the owner's CPU. */
    (void)pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    (void)pthread_attr_setschedpolicy(&attributes, SCHED_OTHER);
    (void)pthread_attr_setschedparam(&attributes, &ordinary);
    if (CPU_COUNT(&mirror->cpus) > 0)
        (void)pthread_attr_setaffinity_np(&attributes, sizeof mirror->cpus, &mirror->cpus);
    int error = pthread_create(&mirror->thread, &attributes, ll_mirror_main, mirror);
    (void)pthread_attr_destroy(&attributes);
    if (error != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "no thread for the device's mirror: %s; raise the limit",
                       strerror(error));
    (void)pthread_setname_np(mirror->thread, "ll-mirror");
    return LL_OK;
}

int ll_device_mirror_follow(struct ll_device_mirror *mirror, struct ll_why *why)
{
    LL_ASSERT(mirror->has_log);
    LL_ASSERT(!mirror->is_following);
    int status = mirror->is_stepped ? LL_OK : ll_mirror_start_thread(mirror, why);
    mirror->is_following = status == LL_OK;
    return status;
}

/* A few yields, then sleep: an owner of real-time priority that only yields keeps an ordinary thread off its CPU. */
static void ll_mirror_wait(struct ll_device_mirror *mirror, uint32_t *looks)
{
    const struct timespec rest = {0, LL_MIRROR_WAIT_NS};
    if (mirror->is_stepped)
        (void)ll_mirror_follow(mirror);
    else if (++*looks <= LL_MIRROR_LOOKS)
        (void)sched_yield();
    else
        (void)nanosleep(&rest, NULL);
}

void ll_device_mirror_log(struct ll_device_mirror *mirror, enum ll_beat_kind kind, const void *requests,
                          uint32_t count)
{
    struct ll_slot_ring *ring = kind == LL_BEAT_UPDATE ? &mirror->updates : &mirror->asks;
    const struct ll_beat *next = requests;
    LL_ASSERT(mirror->is_following);
    while (count != 0) {
        uint32_t run = count < LL_MIRROR_RUN ? count : LL_MIRROR_RUN;
        if (LL_UNLIKELY(!ll_slot_ring_push(ring, next, run))) {
            uint32_t looks = 0;
            mirror->waits++;
            do
                ll_mirror_wait(mirror, &looks);
            while (!ll_slot_ring_push(ring, next, run));
        }
        next += run;
        count -= run;
    }
}

void ll_device_mirror_catch_up(struct ll_device_mirror *mirror)
{
    uint32_t looks = 0;
    if (!mirror->is_following)
        return;
    while (!ll_slot_ring_is_drained(&mirror->updates) || !ll_slot_ring_is_drained(&mirror->asks))
        ll_mirror_wait(mirror, &looks);
}

void ll_device_mirror_take_over(struct ll_device_mirror *mirror)
{
    if (!mirror->is_following)
        return;
    if (mirror->is_stepped) {
        ll_device_mirror_catch_up(mirror);
    } else {
        atomic_store_explicit(&mirror->stopping, true, memory_order_release);
        (void)pthread_join(mirror->thread, NULL);
    }
    mirror->is_following = false;
}
