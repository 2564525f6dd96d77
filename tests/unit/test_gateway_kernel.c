/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: behind the link the two halves are what they are without it, and the link itself is what
 * hls/ll_gateway.h says. Method: requests in random order of kinds go through a ring, in batch launches and
 * to a resident kernel in a second thread; every answer is compared, byte by byte, with ll_book_batch and
 * ll_life_batch called directly on tables of the same size, and at the end all tables with theirs. Then each
 * control op, its bounds from both sides, requests that are not whole, the ends of a resident kernel, and
 * ordinals that pass 2^32.
 * threads
 */
#include "hls/ll_gateway.h"
#include "host/base/ll_prng.h"
#include "host/core/ll_book_memory.h"
#include "host/core/ll_life_memory.h"
#include "tests/model/ll_gateway_rig.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { BOOK_EPOCH = 7, LIFE_EPOCH = 9, SLOTS = 256 };

#define LOOKS_FOR_EVER UINT32_MAX

/* What was asked, to be asked again without the link. */
struct request {
    uint32_t kind;
    struct ll_update update;
    struct ll_life_ask ask;
};

static struct request make_request(struct ll_prng *prng, uint32_t at)
{
    struct request request = {.kind = ll_prng_chance(prng, 500) ? LL_BEAT_UPDATE : LL_BEAT_ASK};
    request.update = (struct ll_update){.ref = ll_prng_below(prng, 120),
                                        .new_ref = ll_prng_below(prng, 120),
                                        .price = 100 + ll_prng_below(prng, 60),
                                        .quantity = ll_prng_below(prng, 50),
                                        .book = ll_prng_below(prng, LL_GATEWAY_RIG_BOOKS + 1),
                                        .op = (uint8_t)ll_prng_below(prng, LL_OP_REPLACE + 2),
                                        .side = (uint8_t)ll_prng_below(prng, 2)};
    request.ask = (struct ll_life_ask){.key = {1 + ll_prng_below(prng, 60), 0},
                                       .new_key = {1 + ll_prng_below(prng, 60), 0},
                                       .order = ll_prng_below(prng, LL_GATEWAY_RIG_ORDERS + 1),
                                       .id = at % (LL_GATEWAY_RIG_IDS + 1),
                                       .new_id = (at * 7) % (LL_GATEWAY_RIG_IDS + 1),
                                       .quantity = ll_prng_below(prng, 100),
                                       .op = (uint8_t)ll_prng_below(prng, LL_LIFE_OP_COUNT + 1),
                                       .type = (uint8_t)ll_prng_below(prng, LL_ID_TYPE_COUNT),
                                       .status = (uint8_t)ll_prng_below(prng, LL_ID_STATUS_COUNT),
                                       .flags = (uint8_t)ll_prng_below(prng, 2)};
    return request;
}

static void put_request(struct ll_gateway_rig *rig, uint32_t ordinal, const struct request *request)
{
    ll_link_put(rig->to_device, rig->slots, ordinal, request->kind,
                request->kind == LL_BEAT_UPDATE ? ll_beat_from_update(request->update)
                                                : ll_beat_from_ask(request->ask));
}

static struct ll_beat answer_of(const struct ll_gateway_rig *rig, uint32_t ordinal, uint32_t kind)
{
    struct ll_beat beat = ll_link_get(rig->from_device, rig->slots, ordinal);
    ck_assert_uint_eq(ll_beat_is_whole(beat), 1);
    ck_assert_uint_eq(ll_beat_ordinal(beat.word[LL_BEAT_TAG]), ordinal);
    ck_assert_uint_eq(ll_beat_kind_of(beat.word[LL_BEAT_TAG]), kind);
    return beat;
}

/* The same request on `direct`, whose answer is compared with the one in the ring, but for the last word. */
static void expect_answer(const struct ll_gateway_rig *rig, struct ll_gateway_rig *direct, uint32_t ordinal,
                          const struct request *request)
{
    struct ll_beat beat = answer_of(rig, ordinal, request->kind);
    if (request->kind == LL_BEAT_UPDATE) {
        struct ll_result wanted;
        ll_gateway_rig_book(direct, &request->update, &wanted);
        ck_assert_uint_eq(wanted.epoch, BOOK_EPOCH);
        ck_assert_mem_eq(&beat, &wanted, sizeof wanted - sizeof wanted.seq);
    } else {
        struct ll_life_answer wanted;
        ll_gateway_rig_life(direct, &request->ask, &wanted);
        ck_assert_uint_eq(wanted.epoch, LIFE_EPOCH);
        ck_assert_mem_eq(&beat, &wanted, sizeof wanted - sizeof wanted.seq);
    }
}

static void expect_same_tables(const struct ll_gateway_rig *a, const struct ll_gateway_rig *b)
{
    for (uint32_t i = 0; i < LL_PART_COUNT; i++) {
        struct ll_gateway_rig_part one = ll_gateway_rig_part(a, i);
        struct ll_gateway_rig_part other = ll_gateway_rig_part(b, i);
        ck_assert_msg(memcmp(one.memory, other.memory, one.memory_bytes) == 0, "part %u", i);
    }
}

static void init_pair(struct ll_gateway_rig *rig, struct ll_gateway_rig *direct, uint32_t slots,
                      uint32_t batch)
{
    ll_gateway_rig_init(rig, slots, batch);
    ll_gateway_rig_init(direct, 1, 1);
    ll_gateway_rig_place(rig, BOOK_EPOCH, LIFE_EPOCH);
    ll_gateway_rig_place(direct, BOOK_EPOCH, LIFE_EPOCH);
}

static void deinit_pair(struct ll_gateway_rig *rig, struct ll_gateway_rig *direct)
{
    ll_gateway_rig_deinit(rig);
    ll_gateway_rig_deinit(direct);
}

/* A control request of its own launch. */
static struct ll_beat control(struct ll_gateway_rig *rig, uint32_t op, uint64_t part, uint64_t first,
                              uint64_t count)
{
    struct ll_beat beat = {{op, part, first, count, 0, 0, 0, 0}};
    ll_link_put(rig->to_device, rig->slots, 1, LL_BEAT_CONTROL, beat);
    ll_gateway_rig_run(rig, 1, 1, 0);
    struct ll_beat answer = answer_of(rig, 1, LL_BEAT_CONTROL);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_uint_eq(answer.word[i], beat.word[i]);
    return answer;
}

#define EXPECT_OK(rig, op, part, first, count) \
    ck_assert_uint_eq(control(rig, LL_BEAT_OP_##op, part, first, count).word[6], LL_BEAT_OK)
#define EXPECT_REFUSED(rig, op, part, first, count) \
    ck_assert_uint_eq(control(rig, LL_BEAT_OP_##op, part, first, count).word[6], LL_BEAT_REFUSED)

/* --- Batch launches ------------------------------------------------------------------------------------- */

/* Launches of random length, from one request to the whole ring, the ordinals passing 2^32. */
START_TEST(batch_launches_give_the_answers_of_the_halves)
{
    static const uint32_t batches[] = {1, 2, 7, 63, 64, 0, 1000};
    static struct request requests[SLOTS];
    struct ll_gateway_rig rig;
    struct ll_gateway_rig direct;
    struct ll_prng prng;
    uint32_t slots = _i % 2 == 0 ? SLOTS : 4;
    uint32_t first = 0u - 1500u;
    ll_prng_init(&prng, ll_test_seed("batch_launches_give_the_answers_of_the_halves") + (uint64_t)_i);
    init_pair(&rig, &direct, slots, batches[_i % 7]);
    if (_i >= 7)
        ll_gateway_rig_go_hot(&rig);
    for (uint32_t done = 0; done < 4000;) {
        uint32_t count = 1 + ll_prng_below(&prng, slots);
        for (uint32_t i = 0; i < count; i++) {
            requests[i] = make_request(&prng, done + i);
            put_request(&rig, first + i, &requests[i]);
        }
        ll_gateway_rig_run(&rig, first, count, 0);
        ck_assert_uint_eq(rig.from_device[LL_LINK_END], LL_LINK_DONE);
        ck_assert_uint_eq(rig.from_device[LL_LINK_NEXT], (uint32_t)(first + count));
        for (uint32_t i = 0; i < count; i++)
            expect_answer(&rig, &direct, first + i, &requests[i]);
        first += count;
        done += count;
    }
    expect_same_tables(&rig, &direct);
    ck_assert_uint_gt(rig.control->live_orders, 0);
    ck_assert_uint_gt(rig.life_control->ids_used, 20);
    deinit_pair(&rig, &direct);
}
END_TEST

/* --- Resident ------------------------------------------------------------------------------------------- */

struct resident {
    struct ll_gateway_rig *rig;
    uint32_t first;
    uint32_t looks_max;
    pthread_t thread;
};

static void *resident_main(void *context)
{
    struct resident *resident = context;
    ll_gateway_rig_run(resident->rig, resident->first, 0, resident->looks_max);
    return NULL;
}

static void resident_start(struct resident *resident, struct ll_gateway_rig *rig, uint32_t first,
                           uint32_t looks_max)
{
    *resident = (struct resident){.rig = rig, .first = first, .looks_max = looks_max};
    ck_assert_int_eq(pthread_create(&resident->thread, NULL, resident_main, resident), 0);
}

static void resident_join(struct resident *resident, enum ll_link_end end, uint32_t next)
{
    ck_assert_int_eq(pthread_join(resident->thread, NULL), 0);
    ck_assert_uint_eq(resident->rig->from_device[LL_LINK_END], end);
    ck_assert_uint_eq(resident->rig->from_device[LL_LINK_NEXT], next);
}

/* Up to the whole ring is out at a time; a slot is used again when its answer has been read. */
START_TEST(a_resident_kernel_gives_the_answers_of_the_halves)
{
    enum { REQUESTS = 2500 };
    static struct request requests[REQUESTS];
    struct ll_gateway_rig rig;
    struct ll_gateway_rig direct;
    struct ll_prng prng;
    struct resident resident;
    uint32_t slots = 1u << 2 * _i;
    uint32_t first = 0u - REQUESTS / 2;
    ll_prng_init(&prng, ll_test_seed("a_resident_kernel_gives_the_answers_of_the_halves") + (uint64_t)_i);
    init_pair(&rig, &direct, slots, 16);
    for (uint32_t i = 0; i < REQUESTS; i++)
        requests[i] = make_request(&prng, i);
    resident_start(&resident, &rig, first, LOOKS_FOR_EVER);
    uint32_t put = 0;
    for (uint32_t got = 0; got < REQUESTS; got++) {
        while (put < REQUESTS && put - got < slots && (put == got || ll_prng_chance(&prng, 900))) {
            put_request(&rig, first + put, &requests[put]);
            put++;
        }
        while (ll_link_has(rig.from_device, slots, first + got) == 0)
            (void)sched_yield();
        expect_answer(&rig, &direct, first + got, &requests[got]);
    }
    ck_assert_uint_eq(ll_link_load(&rig.from_device[LL_LINK_END]), LL_LINK_RUNS);
    ll_link_store(&rig.to_device[LL_LINK_STOP], 1);
    resident_join(&resident, LL_LINK_STOPPED, first + REQUESTS);
    expect_same_tables(&rig, &direct);
    deinit_pair(&rig, &direct);
}
END_TEST

START_TEST(a_resident_kernel_ends_when_nothing_comes_and_goes_on_where_it_ended)
{
    struct ll_gateway_rig rig;
    struct ll_gateway_rig direct;
    struct ll_prng prng;
    uint32_t next = 0u - 20u;
    ll_prng_init(&prng, ll_test_seed("a_resident_kernel_ends_when_nothing_comes"));
    init_pair(&rig, &direct, 16, 64);
    uint64_t pulse = rig.from_device[LL_LINK_PULSE];
    for (uint32_t launch = 0; launch < 40; launch++) {
        struct request requests[16];
        uint32_t count = ll_prng_below(&prng, 17);
        for (uint32_t i = 0; i < count; i++) {
            requests[i] = make_request(&prng, launch * 16 + i);
            put_request(&rig, next + i, &requests[i]);
        }
        ll_gateway_rig_run(&rig, next, 0, launch % 3);
        ck_assert_uint_eq(rig.from_device[LL_LINK_END], LL_LINK_IDLE);
        ck_assert_uint_eq(rig.from_device[LL_LINK_NEXT], (uint32_t)(next + count));
        for (uint32_t i = 0; i < count; i++)
            expect_answer(&rig, &direct, next + i, &requests[i]);
        next += count;
        ck_assert_uint_gt(rig.from_device[LL_LINK_PULSE], pulse);
        pulse = rig.from_device[LL_LINK_PULSE];
    }
    expect_same_tables(&rig, &direct);
    deinit_pair(&rig, &direct);
}
END_TEST

/* Only looks in a row count: with one less than allowed between requests it goes on, with as many it ends. */
START_TEST(a_request_starts_the_looks_anew)
{
    struct ll_gateway_rig rig;
    ll_gateway_rig_init(&rig, 4, 1);
    ll_gateway_rig_go_hot(&rig);
    rig.to_device[LL_GATEWAY_RIG_FEED] = 30;
    ll_gateway_rig_run(&rig, 1, 0, LL_GATEWAY_RIG_FEED_LOOKS + 1);
    ck_assert_uint_eq(rig.from_device[LL_LINK_END], LL_LINK_IDLE);
    ck_assert_uint_eq(rig.from_device[LL_LINK_NEXT], 31);
    rig.to_device[LL_GATEWAY_RIG_FEED] = 30;
    ll_gateway_rig_run(&rig, 31, 0, LL_GATEWAY_RIG_FEED_LOOKS);
    ck_assert_uint_eq(rig.from_device[LL_LINK_NEXT], 31);
    ll_gateway_rig_deinit(&rig);
}
END_TEST

START_TEST(the_pulse_counts_while_nothing_comes)
{
    struct ll_gateway_rig rig;
    ll_gateway_rig_init(&rig, 1, 1);
    ll_gateway_rig_run(&rig, 1, 0, 10 * LL_GATEWAY_PULSE_TURNS);
    ck_assert_uint_eq(rig.from_device[LL_LINK_END], LL_LINK_IDLE);
    ck_assert_uint_eq(rig.from_device[LL_LINK_PULSE], 10);
    ck_assert_uint_eq(rig.from_device[LL_LINK_NEXT], 1);
    ll_gateway_rig_run(&rig, 1, 0, 1);
    ck_assert_uint_eq(rig.from_device[LL_LINK_PULSE], 11);
    ll_gateway_rig_deinit(&rig);
}
END_TEST

/* The stop word ends it before its first look, and in the midst of requests that never end: then the rest is
 * left, and the next kernel goes on there. */
START_TEST(a_resident_kernel_stops_whatever_comes)
{
    struct ll_gateway_rig rig;
    struct resident resident;
    struct ll_beat ping = {{LL_BEAT_OP_PING}};
    ll_gateway_rig_init(&rig, 1, 1);
    ll_link_store(&rig.to_device[LL_LINK_STOP], 1);
    ll_link_put(rig.to_device, 1, 5, LL_BEAT_CONTROL, ping);
    ll_gateway_rig_run(&rig, 5, 0, 100);
    ck_assert_uint_eq(rig.from_device[LL_LINK_END], LL_LINK_STOPPED);
    ck_assert_uint_eq(rig.from_device[LL_LINK_NEXT], 5);
    ck_assert_uint_eq(ll_link_has(rig.from_device, 1, 5), 0);
    ll_link_store(&rig.to_device[LL_LINK_STOP], 0);
    rig.from_device[LL_LINK_END] = LL_LINK_NEVER_RAN;
    resident_start(&resident, &rig, 5, LOOKS_FOR_EVER);
    uint32_t ordinal = 5;
    while (ll_link_load(&rig.from_device[LL_LINK_END]) != LL_LINK_STOPPED) {
        if (ll_link_has(rig.from_device, 1, ordinal) == 0) {
            (void)sched_yield();
            continue;
        }
        ordinal++;
        ll_link_put(rig.to_device, 1, ordinal, LL_BEAT_CONTROL, ping);
        if (ordinal == 50)
            ll_link_store(&rig.to_device[LL_LINK_STOP], 1);
    }
    resident_join(&resident, LL_LINK_STOPPED, ordinal + ll_link_has(rig.from_device, 1, ordinal));
    ck_assert_uint_ge(ordinal, 50);
    ll_gateway_rig_deinit(&rig);
}
END_TEST

/* --- Requests that are none ------------------------------------------------------------------------------- */

/* One broken request among good ones, by each bit, in a batch launch and to a resident kernel. */
START_TEST(a_broken_request_changes_nothing_and_is_told)
{
    enum { COUNT = 5, BROKEN = 2 };
    struct ll_gateway_rig rig;
    struct ll_gateway_rig direct;
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("a_broken_request_changes_nothing_and_is_told"));
    init_pair(&rig, &direct, 8, 64);
    uint32_t first = 1;
    for (uint32_t bit = 0; bit < 512; bit++) {
        struct request requests[COUNT];
        uint32_t resident = bit % 2;
        for (uint32_t i = 0; i < COUNT; i++) {
            requests[i] = make_request(&prng, bit + i);
            put_request(&rig, first + i, &requests[i]);
        }
        rig.to_device[ll_link_slot_at(first + BROKEN, 8) + bit / 64] ^= (uint64_t)1 << bit % 64;
        ll_gateway_rig_run(&rig, first, resident != 0 ? 0 : COUNT, 3);
        if (resident != 0 && bit / 64 == LL_BEAT_TAG && bit % 64 < 32) {
            /* With another ordinal it has not come yet. */
            ck_assert_uint_eq(rig.from_device[LL_LINK_NEXT], first + BROKEN);
            rig.to_device[ll_link_slot_at(first + BROKEN, 8) + LL_BEAT_TAG] ^= (uint64_t)1 << bit % 64;
            ll_gateway_rig_run(&rig, first + BROKEN, 0, 3);
            expect_answer(&rig, &direct, first, &requests[0]);
            expect_answer(&rig, &direct, first + 1, &requests[1]);
            expect_answer(&rig, &direct, first + 2, &requests[2]);
        } else {
            expect_answer(&rig, &direct, first, &requests[0]);
            expect_answer(&rig, &direct, first + 1, &requests[1]);
            struct ll_beat beat = answer_of(&rig, first + BROKEN, LL_BEAT_BROKEN);
            for (uint32_t i = 0; i < LL_BEAT_CONTENT; i++)
                ck_assert_uint_eq(beat.word[i], 0);
        }
        expect_answer(&rig, &direct, first + 3, &requests[3]);
        expect_answer(&rig, &direct, first + 4, &requests[4]);
        first += COUNT;
    }
    expect_same_tables(&rig, &direct);
    deinit_pair(&rig, &direct);
}
END_TEST

/* Whole, but of a kind that is no request; and a batch launch of requests that are not there, or are of
 * another turn of the ring. */
START_TEST(no_known_kind_is_broken)
{
    static const uint32_t kinds[] = {LL_BEAT_NONE, LL_BEAT_BROKEN, 5, 255};
    struct ll_gateway_rig rig;
    struct ll_beat beat = {{1, 2, 3, 4, 5, 6, 7}};
    ll_gateway_rig_init(&rig, 4, 64);
    ll_gateway_rig_place(&rig, BOOK_EPOCH, LIFE_EPOCH);
    for (uint32_t i = 0; i < 4; i++)
        ll_link_put(rig.to_device, 4, 1 + i, kinds[i], beat);
    ll_gateway_rig_run(&rig, 1, 0, 1);
    ck_assert_uint_eq(rig.from_device[LL_LINK_NEXT], 5);
    for (uint32_t i = 0; i < 4; i++)
        (void)answer_of(&rig, 1 + i, LL_BEAT_BROKEN);
    ll_gateway_rig_run(&rig, 5, 3, 0);
    ck_assert_uint_eq(rig.from_device[LL_LINK_END], LL_LINK_DONE);
    for (uint32_t i = 5; i < 8; i++)
        (void)answer_of(&rig, i, LL_BEAT_BROKEN);
    for (uint32_t i = 9; i < 13; i++) {
        ll_link_put(rig.to_device, 4, i, LL_BEAT_CONTROL, beat);
        ll_gateway_rig_run(&rig, i + 4, 1, 0);
        (void)answer_of(&rig, i + 4, LL_BEAT_BROKEN);
    }
    ll_gateway_rig_deinit(&rig);
}
END_TEST

/* With zeros in a control line that half is not there; the other one is. */
START_TEST(a_half_that_is_not_there_answers_nothing)
{
    struct ll_gateway_rig rig;
    struct ll_gateway_rig direct;
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("a_half_that_is_not_there_answers_nothing"));
    for (uint32_t absent = 0; absent < 2; absent++) {
        struct request requests[64];
        init_pair(&rig, &direct, 64, 64);
        memset(absent == 0 ? (void *)rig.control : (void *)rig.life_control, 0, 64);
        for (uint32_t i = 0; i < 64; i++) {
            requests[i] = make_request(&prng, i);
            put_request(&rig, 1 + i, &requests[i]);
        }
        ll_gateway_rig_run(&rig, 1, 64, 0);
        for (uint32_t i = 0; i < 64; i++) {
            if (requests[i].kind == (absent == 0 ? LL_BEAT_UPDATE : LL_BEAT_ASK))
                (void)answer_of(&rig, 1 + i, LL_BEAT_BROKEN);
            else
                expect_answer(&rig, &direct, 1 + i, &requests[i]);
        }
        deinit_pair(&rig, &direct);
    }
}
END_TEST

/* --- Control -------------------------------------------------------------------------------------------- */

/* Fills the tables with what random requests leave behind. */
static void live(struct ll_gateway_rig *rig, uint64_t seed)
{
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    for (uint32_t i = 0; i < 1500; i++) {
        struct request request = make_request(&prng, i);
        struct ll_result result;
        struct ll_life_answer answer;
        ll_gateway_rig_book(rig, &request.update, &result);
        ll_gateway_rig_life(rig, &request.ask, &answer);
    }
}

static struct ll_book_memory book_of(const struct ll_gateway_rig *rig)
{
    return (struct ll_book_memory){rig->control, rig->buckets, rig->leaves,
                                   rig->levels,  rig->inners,  rig->sides};
}

static struct ll_life_memory life_of(const struct ll_gateway_rig *rig)
{
    return (struct ll_life_memory){rig->life_control, rig->life_buckets, rig->life_places, rig->life_orders};
}

START_TEST(ping_says_the_layout_and_epochs)
{
    struct ll_gateway_rig rig;
    ll_gateway_rig_init(&rig, 1, 1);
    ck_assert_uint_eq(control(&rig, LL_BEAT_OP_PING, 0, 0, 0).word[6], LL_BEAT_OK);
    ck_assert_uint_eq(control(&rig, LL_BEAT_OP_PING, 0, 0, 0).word[5], 0);
    ll_gateway_rig_place(&rig, BOOK_EPOCH, LIFE_EPOCH);
    ck_assert_uint_eq(control(&rig, LL_BEAT_OP_PING, 0, 0, 0).word[4], LL_GATEWAY_LAYOUT);
    ck_assert_uint_eq(control(&rig, LL_BEAT_OP_PING, LL_PART_SIDES, 0, 0).word[5], BOOK_EPOCH);
    ck_assert_uint_eq(control(&rig, LL_BEAT_OP_PING, LL_PART_LIFE_CONTROL, 0, 0).word[5], LIFE_EPOCH);
    ll_gateway_rig_deinit(&rig);
}
END_TEST

/* Everything out of one device and into another that has nothing but zeros, in pieces of random size. */
START_TEST(all_parts_go_out_and_in_again)
{
    static const uint32_t order[LL_PART_COUNT] = {
        LL_PART_BOOK_CONTROL, LL_PART_LIFE_CONTROL, LL_PART_BOOK_BUCKETS, LL_PART_LEAVES,
        LL_PART_LEVELS,       LL_PART_INNERS,       LL_PART_SIDES,        LL_PART_LIFE_BUCKETS,
        LL_PART_LIFE_PLACES,  LL_PART_LIFE_ORDERS};
    struct ll_gateway_rig rig;
    struct ll_gateway_rig other;
    struct ll_prng prng;
    uint64_t seed = ll_test_seed("all_parts_go_out_and_in_again");
    ll_prng_init(&prng, seed);
    ll_gateway_rig_init(&rig, 2, 64);
    ll_gateway_rig_init(&other, 4, 64);
    ll_gateway_rig_place(&rig, BOOK_EPOCH, LIFE_EPOCH);
    live(&rig, seed);
    for (uint32_t i = 0; i < LL_PART_COUNT; i++) {
        struct ll_gateway_rig_part part = ll_gateway_rig_part(&rig, order[i]);
        for (uint32_t first = 0; first < part.count;) {
            uint32_t count = 1 + ll_prng_below(&prng, part.count - first);
            uint64_t *out = rig.from_device + ll_link_window_at(2);
            uint64_t *in = other.to_device + ll_link_window_at(4);
            size_t bytes = (size_t)count * part.element_bytes;
            size_t at = (size_t)first * part.element_bytes;
            memset(out, 0xa5, LL_LINK_WINDOW_WORDS * 8);
            EXPECT_OK(&rig, DUMP, order[i], first, count);
            ck_assert_mem_eq(out, (char *)part.memory + at,
                             at + bytes < part.memory_bytes ? bytes : part.memory_bytes - at);
            ck_assert_uint_eq(out[bytes / 8], 0xa5a5a5a5a5a5a5a5ull);
            memcpy(in, out, bytes);
            EXPECT_OK(&other, LOAD, order[i], first, count);
            first += count;
        }
    }
    uint64_t last_place = rig.from_device[ll_link_window_at(2)];
    EXPECT_OK(&rig, DUMP, LL_PART_LIFE_PLACES, LL_GATEWAY_RIG_IDS / 2, 1);
    last_place = rig.from_device[ll_link_window_at(2)];
    ck_assert_uint_eq(last_place, rig.life_places[LL_GATEWAY_RIG_IDS - 1]);
    expect_same_tables(&rig, &other);
    struct ll_book_memory book = book_of(&other);
    struct ll_life_memory life = life_of(&other);
    struct ll_why why = {0};
    ck_assert_msg(ll_book_memory_check(&book, &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_life_memory_check(&life, &why) == LL_OK, "%s", why.text);
    ll_gateway_rig_deinit(&rig);
    ll_gateway_rig_deinit(&other);
}
END_TEST

/* What a kernel has on chip must not outlive a LOAD: tables that lived on go back to what they were, and what
 * is asked then is answered from that. */
START_TEST(a_load_is_seen_behind_lines_on_chip)
{
    struct ll_gateway_rig rig;
    struct ll_gateway_rig direct;
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("a_load_is_seen_behind_lines_on_chip"));
    init_pair(&rig, &direct, SLOTS, 64);
    ll_gateway_rig_go_hot(&rig);
    live(&direct, 3);
    for (uint32_t round = 0; round < 8; round++) {
        for (uint32_t i = 0; i < LL_PART_COUNT; i++) {
            struct ll_gateway_rig_part part = ll_gateway_rig_part(&direct, i);
            memcpy(rig.to_device + ll_link_window_at(SLOTS), part.memory, part.memory_bytes);
            EXPECT_OK(&rig, LOAD, i, 0, part.count);
        }
        expect_same_tables(&rig, &direct);
        struct request requests[SLOTS];
        for (uint32_t i = 0; i < SLOTS; i++) {
            requests[i] = make_request(&prng, i);
            put_request(&rig, 2 + i, &requests[i]);
        }
        ll_gateway_rig_run(&rig, 2, SLOTS, 0);
        for (uint32_t i = 0; i < SLOTS; i++)
            expect_answer(&rig, &direct, 2 + i, &requests[i]);
        expect_same_tables(&rig, &direct);
        live(&direct, 4 + round);
    }
    deinit_pair(&rig, &direct);
}
END_TEST

/* Sums over pieces, over the whole, and the host's own reading of the same memory. */
START_TEST(hashes_of_pieces_add_up_to_the_hosts)
{
    static const struct {
        uint32_t part;
        uint32_t count;
    } book_parts[] = {{LL_PART_BOOK_BUCKETS, LL_GATEWAY_RIG_BUCKETS},
                      {LL_PART_SIDES, 2 * LL_GATEWAY_RIG_BOOKS}},
      life_parts[] = {{LL_PART_LIFE_BUCKETS, LL_GATEWAY_RIG_LIFE_BUCKETS + LL_GATEWAY_RIG_LIFE_OVERFLOW},
                      {LL_PART_LIFE_ORDERS, LL_GATEWAY_RIG_ORDERS}};
    struct ll_gateway_rig rig;
    uint64_t seed = ll_test_seed("hashes_of_pieces_add_up_to_the_hosts");
    ll_gateway_rig_init(&rig, 1, 64);
    ll_gateway_rig_place(&rig, BOOK_EPOCH, LIFE_EPOCH);
    struct ll_book_memory book = book_of(&rig);
    struct ll_life_memory life = life_of(&rig);
    for (uint32_t round = 0; round < 3; round++) {
        uint64_t sums[2] = {0, 0};
        for (uint32_t i = 0; i < 2; i++) {
            for (uint32_t half = 0; half < 2; half++) {
                uint32_t part = half == 0 ? book_parts[i].part : life_parts[i].part;
                uint32_t count = half == 0 ? book_parts[i].count : life_parts[i].count;
                uint64_t whole = control(&rig, LL_BEAT_OP_HASH, part, 0, count).word[4];
                uint64_t pieces = 0;
                for (uint32_t first = 0; first < count; first += 3)
                    pieces +=
                        control(&rig, LL_BEAT_OP_HASH, part, first, count - first < 3 ? count - first : 3)
                            .word[4];
                ck_assert_uint_eq(pieces, whole);
                EXPECT_OK(&rig, HASH, part, count, 0);
                EXPECT_REFUSED(&rig, HASH, part, 0, count + 1);
                sums[half] += whole;
            }
        }
        ck_assert_uint_eq(sums[0], ll_book_memory_hash(&book));
        ck_assert_uint_eq(sums[1], ll_life_memory_hash(&life));
        ck_assert(round == 0 || (sums[0] != 0 && sums[1] != 0));
        live(&rig, seed + round);
    }
    ll_gateway_rig_deinit(&rig);
}
END_TEST

/* RESET of one half leaves the other, and what it leaves is what placing makes. */
START_TEST(reset_empties_one_half)
{
    struct ll_gateway_rig rig;
    ll_gateway_rig_init(&rig, 1, 64);
    ll_gateway_rig_place(&rig, BOOK_EPOCH, LIFE_EPOCH);
    struct ll_book_memory book = book_of(&rig);
    struct ll_life_memory life = life_of(&rig);
    uint64_t empty = ll_book_memory_hash(&book);
    live(&rig, ll_test_seed("reset_empties_one_half"));
    uint64_t life_hash = ll_life_memory_hash(&life);
    EXPECT_OK(&rig, RESET, LL_PART_BOOK_CONTROL, 0, 0);
    ck_assert_uint_eq(ll_book_memory_hash(&book), empty);
    ck_assert_uint_eq(ll_life_memory_hash(&life), life_hash);
    ck_assert_uint_eq(rig.control->epoch, BOOK_EPOCH);
    ck_assert_int_eq(ll_book_memory_check(&book, NULL), LL_OK);
    live(&rig, 5);
    uint64_t book_hash = ll_book_memory_hash(&book);
    EXPECT_OK(&rig, RESET, LL_PART_LIFE_CONTROL, 0, 0);
    ck_assert_uint_eq(ll_book_memory_hash(&book), book_hash);
    ck_assert_uint_eq(rig.life_control->ids_used, 0);
    ck_assert_int_eq(ll_life_memory_check(&life, NULL), LL_OK);
    ll_gateway_rig_deinit(&rig);
}
END_TEST

START_TEST(what_is_out_of_bounds_is_refused)
{
    static const uint64_t far[] = {1, UINT32_MAX, (uint64_t)1 << 32, (uint64_t)1 << 63, UINT64_MAX};
    struct ll_gateway_rig rig;
    struct ll_gateway_rig before;
    ll_gateway_rig_init(&rig, 1, 64);
    ll_gateway_rig_init(&before, 1, 64);
    ll_gateway_rig_place(&rig, BOOK_EPOCH, LIFE_EPOCH);
    ll_gateway_rig_place(&before, BOOK_EPOCH, LIFE_EPOCH);
    for (uint32_t i = 0; i < LL_PART_COUNT; i++) {
        uint32_t count = ll_gateway_rig_part(&rig, i).count;
        for (uint32_t j = 0; j < sizeof far / sizeof far[0]; j++) {
            uint64_t beyond = count + far[j] > far[j] ? count + far[j] : far[j];
            EXPECT_REFUSED(&rig, LOAD, i, 0, beyond);
            EXPECT_REFUSED(&rig, DUMP, i, 0, beyond);
            EXPECT_REFUSED(&rig, LOAD, i, beyond, 0);
            EXPECT_REFUSED(&rig, LOAD, i, beyond, 1);
            EXPECT_REFUSED(&rig, DUMP, i, count, far[j]);
            EXPECT_REFUSED(&rig, DUMP, i, count - 1, far[j] + 1 > far[j] ? far[j] + 1 : far[j]);
            EXPECT_REFUSED(&rig, HASH, i, count, far[j]);
            EXPECT_REFUSED(&rig, HASH, i, beyond, 0);
        }
        EXPECT_OK(&rig, LOAD, i, count, 0);
        EXPECT_OK(&rig, DUMP, i, 0, count);
    }
    for (uint64_t part = 0; part < LL_PART_COUNT + 2; part++) {
        if (part == LL_PART_BOOK_CONTROL || part == LL_PART_LIFE_CONTROL) {
            EXPECT_REFUSED(&rig, RESET, part, 1, 0);
            EXPECT_REFUSED(&rig, RESET, part, 0, 1);
        } else {
            EXPECT_REFUSED(&rig, RESET, part, 0, 0);
        }
    }
    EXPECT_REFUSED(&rig, LOAD, LL_PART_COUNT, 0, 1);
    EXPECT_REFUSED(&rig, DUMP, (uint64_t)1 << 32, 0, 1);
    EXPECT_REFUSED(&rig, HASH, LL_PART_LEAVES, 0, 1);
    EXPECT_REFUSED(&rig, HASH, LL_PART_BOOK_BUCKETS, 0, LL_GATEWAY_RIG_BUCKETS + 1);
    ck_assert_uint_eq(control(&rig, LL_BEAT_OP_COUNT, 0, 0, 0).word[6], LL_BEAT_REFUSED);
    expect_same_tables(&rig, &before);
    ll_gateway_rig_deinit(&rig);
    ll_gateway_rig_deinit(&before);
}
END_TEST

/* Counts that the table has, the window has not: the last that fits goes, one more does not. */
START_TEST(the_window_bounds_a_load)
{
    struct ll_gateway_rig rig;
    ll_gateway_rig_init(&rig, 1, 64);
    struct ll_life_order *orders =
        calloc(LL_LINK_WINDOW_WORDS / 8 + 1, sizeof *orders); /* instead of the rig's */
    struct ll_life_order *own = rig.life_orders;
    ck_assert_ptr_nonnull(orders);
    rig.life_orders = orders;
    *rig.life_control =
        (struct ll_life_control){.bucket_count = 1, .order_count = LL_LINK_WINDOW_WORDS / 8 + 1};
    EXPECT_OK(&rig, LOAD, LL_PART_LIFE_ORDERS, 1, LL_LINK_WINDOW_WORDS / 8);
    EXPECT_OK(&rig, DUMP, LL_PART_LIFE_ORDERS, 0, LL_LINK_WINDOW_WORDS / 8);
    EXPECT_REFUSED(&rig, LOAD, LL_PART_LIFE_ORDERS, 0, LL_LINK_WINDOW_WORDS / 8 + 1);
    EXPECT_REFUSED(&rig, DUMP, LL_PART_LIFE_ORDERS, 0, LL_LINK_WINDOW_WORDS / 8 + 1);
    rig.life_orders = own;
    free(orders);
    ll_gateway_rig_deinit(&rig);
}
END_TEST

/* As a device comes up: zeros; only its control lines can be loaded and dumped. */
START_TEST(without_a_control_line_only_that_can_be_loaded)
{
    struct ll_gateway_rig rig;
    ll_gateway_rig_init(&rig, 1, 64);
    for (uint32_t i = 0; i < LL_PART_COUNT; i++) {
        if (i != LL_PART_BOOK_CONTROL && i != LL_PART_LIFE_CONTROL) {
            EXPECT_REFUSED(&rig, LOAD, i, 0, 1);
            EXPECT_REFUSED(&rig, DUMP, i, 0, 1);
        }
        EXPECT_REFUSED(&rig, RESET, i, 0, 0);
        EXPECT_REFUSED(&rig, HASH, i, 0, 1);
    }
    struct ll_gateway_rig placed;
    ll_gateway_rig_init(&placed, 1, 64);
    ll_gateway_rig_place(&placed, BOOK_EPOCH, LIFE_EPOCH);
    memcpy(rig.to_device + ll_link_window_at(1), placed.control, 64);
    EXPECT_OK(&rig, LOAD, LL_PART_BOOK_CONTROL, 0, 1);
    memcpy(rig.to_device + ll_link_window_at(1), placed.life_control, 64);
    EXPECT_OK(&rig, LOAD, LL_PART_LIFE_CONTROL, 0, 1);
    EXPECT_OK(&rig, RESET, LL_PART_BOOK_CONTROL, 0, 0);
    EXPECT_OK(&rig, RESET, LL_PART_LIFE_CONTROL, 0, 0);
    expect_same_tables(&rig, &placed);
    ll_gateway_rig_deinit(&placed);
    ll_gateway_rig_deinit(&rig);
}
END_TEST

static TCase *new_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("gateway_kernel");
    TCase *requests = new_case(suite, "requests");
    tcase_add_loop_test(requests, batch_launches_give_the_answers_of_the_halves, 0, 14);
    tcase_add_loop_test(requests, a_resident_kernel_gives_the_answers_of_the_halves, 0, 5);
    tcase_add_test(requests, a_resident_kernel_ends_when_nothing_comes_and_goes_on_where_it_ended);
    tcase_add_test(requests, a_request_starts_the_looks_anew);
    tcase_add_test(requests, the_pulse_counts_while_nothing_comes);
    tcase_add_test(requests, a_resident_kernel_stops_whatever_comes);
    tcase_add_test(requests, a_broken_request_changes_nothing_and_is_told);
    tcase_add_test(requests, no_known_kind_is_broken);
    tcase_add_test(requests, a_half_that_is_not_there_answers_nothing);
    TCase *controls = new_case(suite, "controls");
    tcase_add_test(controls, ping_says_the_layout_and_epochs);
    tcase_add_test(controls, all_parts_go_out_and_in_again);
    tcase_add_test(controls, a_load_is_seen_behind_lines_on_chip);
    tcase_add_test(controls, hashes_of_pieces_add_up_to_the_hosts);
    tcase_add_test(controls, reset_empties_one_half);
    tcase_add_test(controls, what_is_out_of_bounds_is_refused);
    tcase_add_test(controls, the_window_bounds_a_load);
    tcase_add_test(controls, without_a_control_line_only_that_can_be_loaded);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
