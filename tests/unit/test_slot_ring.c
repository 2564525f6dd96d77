/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the slot ring hands over what was pushed, all of it, once, in order, and refuses what does not fit.
 * Method: known edges; random pushes and pops against a counting model; two threads, each slot carrying its
 * position in every word (run it under SAN=thread too: x86 hides a missing release).
 */
#include "host/base/ll_prng.h"
#include "host/base/ll_slot_ring.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define RING_SLOTS_MAX   64u
#define THREAD_POSITIONS 200000u

struct ring_slot {
    uint64_t word[8];
};

static uint64_t ring_seed(void)
{
    const char *text = getenv("LL_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 20261121u;
}

static void ring_fill(struct ring_slot *slot, uint64_t position)
{
    for (uint64_t i = 0; i < 8; i++)
        slot->word[i] = position * 8 + i;
}

static bool ring_holds(const struct ring_slot *slot, uint64_t position)
{
    for (uint64_t i = 0; i < 8; i++) {
        if (slot->word[i] != position * 8 + i)
            return false;
    }
    return true;
}

START_TEST(ring_footprint_refuses_bad_counts)
{
    static const uint64_t bad[] = {0, 1, 3, 5, 6, 7, 9, 63, 65, UINT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_uint_eq(ll_slot_ring_footprint_bytes(bad[i]), 0);
    ck_assert_uint_eq(ll_slot_ring_footprint_bytes(2), 128);
    ck_assert_uint_eq(ll_slot_ring_footprint_bytes(64), 4096);
}
END_TEST

START_TEST(ring_takes_all_or_nothing)
{
    static _Alignas(64) struct ring_slot memory[4];
    struct ll_slot_ring ring;
    struct ring_slot in[5];
    void *out;
    for (uint64_t i = 0; i < 5; i++)
        ring_fill(&in[i], i);
    ll_slot_ring_init(&ring, memory, 4);
    ck_assert_uint_eq(ll_slot_ring_peek(&ring, &out, 4), 0);
    ck_assert(ll_slot_ring_is_drained(&ring));
    ck_assert(!ll_slot_ring_push(&ring, in, 5));
    ck_assert(ll_slot_ring_is_drained(&ring));
    ck_assert_uint_eq(ll_slot_ring_peek(&ring, &out, 4), 0);
    ck_assert(ll_slot_ring_push(&ring, in, 3));
    ck_assert(!ll_slot_ring_push(&ring, in, 2));
    ck_assert(ll_slot_ring_push(&ring, in + 3, 1));
    ck_assert(!ll_slot_ring_push(&ring, in, 1));
    ck_assert_uint_eq(ll_slot_ring_peek(&ring, &out, 2), 2);
    ck_assert(ring_holds(out, 0));
    ll_slot_ring_pop(&ring, 1);
    ck_assert(!ll_slot_ring_push(&ring, in, 2));
    ck_assert(ll_slot_ring_push(&ring, in + 4, 1));
    ck_assert_uint_eq(ll_slot_ring_peek(&ring, &out, 9), 3); /* up to the wrap */
    ck_assert(ring_holds(out, 1));
    ll_slot_ring_pop(&ring, 3);
    ck_assert_uint_eq(ll_slot_ring_peek(&ring, &out, 9), 1);
    ck_assert(ring_holds(out, 4));
    ck_assert(!ll_slot_ring_is_drained(&ring)); /* looked at, not given back */
    ll_slot_ring_pop(&ring, 1);
    ck_assert(ll_slot_ring_is_drained(&ring));
    ck_assert_uint_eq(ll_slot_ring_peek(&ring, &out, 9), 0);
}
END_TEST

START_TEST(ring_equals_the_model)
{
    static _Alignas(64) struct ring_slot memory[RING_SLOTS_MAX];
    struct ring_slot in[RING_SLOTS_MAX];
    struct ll_slot_ring ring;
    struct ll_prng prng;
    uint64_t capacity = (uint64_t)2 << _i;
    uint64_t pushed = 0;
    uint64_t popped = 0;
    printf("LL_SEED=%llu\n", (unsigned long long)ring_seed());
    ll_prng_init(&prng, ring_seed() + (uint64_t)_i);
    ll_slot_ring_init(&ring, memory, capacity);
    for (uint32_t step = 0; step < 20000; step++) {
        uint64_t count = 1 + ll_prng_below(&prng, (uint32_t)capacity);
        if (ll_prng_chance(&prng, 500)) {
            for (uint64_t i = 0; i < count; i++)
                ring_fill(&in[i], pushed + i);
            bool fits = pushed + count - popped <= capacity;
            ck_assert(ll_slot_ring_push(&ring, in, count) == fits);
            pushed += fits ? count : 0;
        } else {
            void *out;
            uint64_t got = ll_slot_ring_peek(&ring, &out, count);
            ck_assert_uint_le(got, count);
            ck_assert_uint_le(got, pushed - popped);
            ck_assert(got > 0 || pushed == popped);
            for (uint64_t i = 0; i < got; i++)
                ck_assert(ring_holds((struct ring_slot *)out + i, popped + i));
            ll_slot_ring_pop(&ring, got);
            popped += got;
        }
    }
    ck_assert_uint_gt(popped, capacity * 10);
}
END_TEST

static void *ring_producer(void *argument)
{
    struct ll_slot_ring *ring = argument;
    struct ring_slot in[7];
    struct ll_prng prng;
    ll_prng_init(&prng, ring_seed());
    for (uint64_t position = 0; position < THREAD_POSITIONS;) {
        uint64_t count = 1 + ll_prng_below(&prng, 7);
        if (count > THREAD_POSITIONS - position)
            count = THREAD_POSITIONS - position;
        for (uint64_t i = 0; i < count; i++)
            ring_fill(&in[i], position + i);
        while (!ll_slot_ring_push(ring, in, count))
            (void)sched_yield();
        position += count;
    }
    return NULL;
}

START_TEST(ring_between_two_threads)
{
    static _Alignas(64) struct ring_slot memory[RING_SLOTS_MAX];
    static struct ll_slot_ring ring;
    pthread_t producer;
    uint64_t position = 0;
    ll_slot_ring_init(&ring, memory, _i == 0 ? 8 : RING_SLOTS_MAX);
    ck_assert_int_eq(pthread_create(&producer, NULL, ring_producer, &ring), 0);
    while (position < THREAD_POSITIONS) {
        void *out;
        uint64_t got = ll_slot_ring_peek(&ring, &out, RING_SLOTS_MAX);
        if (got == 0)
            (void)sched_yield();
        for (uint64_t i = 0; i < got; i++) {
            struct ring_slot *slot = (struct ring_slot *)out + i;
            ck_assert(ring_holds(slot, position + i));
            slot->word[0] = 0; /* the consumer may write in place */
        }
        ll_slot_ring_pop(&ring, got);
        position += got;
    }
    ck_assert_int_eq(pthread_join(producer, NULL), 0);
    void *out;
    ck_assert_uint_eq(ll_slot_ring_peek(&ring, &out, 1), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("slot_ring");
    TCase *edges = tcase_create("edges");
    tcase_add_test(edges, ring_footprint_refuses_bad_counts);
    tcase_add_test(edges, ring_takes_all_or_nothing);
    suite_add_tcase(suite, edges);
    TCase *model = tcase_create("model");
    tcase_set_timeout(model, 60);
    tcase_add_loop_test(model, ring_equals_the_model, 0, 6);
    tcase_add_loop_test(model, ring_between_two_threads, 0, 2);
    suite_add_tcase(suite, model);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
