/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the host's end of a link hands out exactly the answers that are due, in order, each with the seq of
 * its request, and names everything else; it never has more requests out than there are slots.
 * Method: the test is the device: it reads requests out of one memory and writes answers, or worse, into the
 * other. Known edges and each way of being wrong; every single flipped bit; random posts, answers and takes
 * against a counting model, over the turn of the ordinals too; a device on a thread of its own (run it under
 * SAN=thread).
 * threads
 */
#include "hls/ll_life_records.h"
#include "hls/ll_records.h"
#include "host/base/ll_prng.h"
#include "host/device/ll_ring_port.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MAX     16u
#define EPOCH         7u
#define IDS           9u
#define ORDERS        5u
#define THREAD_ROUNDS 200000u

struct link {
    volatile uint64_t *to_device;
    volatile uint64_t *from_device;
    struct ll_ring_kept kept[SLOTS_MAX];
    struct ll_ring_port port;
    uint32_t slots;
    uint32_t served; /* ordinal the device takes next */
};

static void link_open(struct link *link, uint32_t slots, uint32_t first)
{
    size_t bytes = (size_t)ll_link_words(slots) * sizeof(uint64_t);
    ck_assert_uint_eq(ll_ring_port_footprint_bytes(slots), slots * sizeof link->kept[0]);
    link->slots = slots;
    link->served = first;
    link->to_device = calloc(1, bytes);
    link->from_device = calloc(1, bytes);
    ck_assert_ptr_nonnull((void *)link->to_device);
    ck_assert_ptr_nonnull((void *)link->from_device);
    ll_ring_port_init(&link->port, link->kept, slots, link->to_device, link->from_device, first);
    ll_ring_port_set_epoch(&link->port, EPOCH);
    ll_ring_port_set_life(&link->port, IDS, ORDERS);
}

static void link_close(struct link *link)
{
    free((void *)link->to_device);
    free((void *)link->from_device);
}

static void link_write(struct link *link, uint32_t ordinal, struct ll_beat beat, uint64_t tag)
{
    volatile uint64_t *slot = link->from_device + ll_link_slot_at(ordinal, link->slots);
    for (uint32_t i = 0; i < LL_BEAT_CONTENT; i++)
        slot[i] = beat.word[i];
    ll_link_store(&slot[LL_BEAT_TAG], tag);
}

/* What a kernel that does nothing would answer: op and epoch, and a field of the request for the test to
 * know it by. */
static struct ll_beat link_answer_to(struct ll_beat request, uint32_t kind)
{
    struct ll_beat answer = {{0}};
    struct ll_update update;
    struct ll_life_ask ask;
    if (kind == LL_BEAT_UPDATE) {
        memcpy(&update, &request, sizeof update);
        struct ll_result result = {.op = update.op, .epoch = EPOCH, .bid_quantity = update.ref};
        memcpy(&answer, &result, sizeof answer);
    } else if (kind == LL_BEAT_ASK) {
        memcpy(&ask, &request, sizeof ask);
        struct ll_life_answer done = {
            .op = ask.op, .flags = LL_LIFE_FOUND, .epoch = EPOCH, .quantity = ask.quantity};
        memcpy(&answer, &done, sizeof answer);
    } else {
        answer = request;
    }
    return answer;
}

static bool link_request(const struct link *link, uint32_t ordinal, struct ll_beat *request)
{
    const volatile uint64_t *slot = link->to_device + ll_link_slot_at(ordinal, link->slots);
    uint64_t tag = ll_link_load(&slot[LL_BEAT_TAG]);
    if (ll_beat_ordinal(tag) != ordinal || ll_beat_kind_of(tag) == LL_BEAT_NONE)
        return false;
    for (uint32_t i = 0; i < LL_BEAT_CONTENT; i++)
        request->word[i] = slot[i];
    request->word[LL_BEAT_TAG] = tag;
    ck_assert_uint_eq(ll_beat_is_whole(*request), 1);
    return true;
}

static bool link_serve(struct link *link)
{
    struct ll_beat request;
    if (!link_request(link, link->served, &request))
        return false;
    uint32_t kind = ll_beat_kind_of(request.word[LL_BEAT_TAG]);
    struct ll_beat answer = link_answer_to(request, kind);
    link_write(link, link->served, answer, ll_beat_tag(answer, link->served, kind));
    link->served++;
    return true;
}

static struct ll_update make_update(uint64_t number)
{
    return (struct ll_update){.ref = number, .op = LL_OP_ADD, .seq = ~number};
}

static void post_update(struct link *link, uint64_t number)
{
    struct ll_update update = make_update(number);
    ck_assert_uint_eq(ll_ring_port_post(&link->port, LL_BEAT_UPDATE, &update, 1), 1);
}

START_TEST(slot_counts_that_cannot_be_are_refused)
{
    static const uint32_t bad[] = {0, 3, 5, 6, 7, 9, 100, 4095, 4097, 8192, 1u << 31};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_uint_eq(ll_ring_port_footprint_bytes(bad[i]), 0);
    for (uint32_t slots = 1; slots <= LL_LINK_SLOTS_MAX; slots *= 2)
        ck_assert_uint_eq(ll_ring_port_footprint_bytes(slots), slots * sizeof(struct ll_ring_kept));
}
END_TEST

START_TEST(each_kind_comes_back_with_its_own_seq)
{
    struct link link;
    struct ll_update update = {.ref = 11, .op = LL_OP_DELETE, .seq = 0x1234567890u};
    struct ll_life_ask ask = {.op = LL_LIFE_OP_RETRY, .quantity = 5, .seq = UINT64_MAX};
    struct ll_beat control = {{LL_BEAT_OP_PING, 1, 2, 3, 4, 5, 6, 77}};
    struct ll_result result;
    struct ll_life_answer answer;
    struct ll_beat done;
    link_open(&link, 4, 1);
    ck_assert_int_eq(ll_ring_port_take(&link.port, &result), LL_RING_NOTHING); /* nothing was asked */
    ck_assert_uint_eq(ll_ring_port_post(&link.port, LL_BEAT_UPDATE, &update, 1), 1);
    ck_assert_uint_eq(ll_ring_port_post(&link.port, LL_BEAT_ASK, &ask, 1), 1);
    ck_assert_uint_eq(ll_ring_port_post(&link.port, LL_BEAT_CONTROL, &control, 1), 1);
    ck_assert_uint_eq(ll_ring_port_pending(&link.port), 3);
    ck_assert_int_eq(ll_ring_port_take(&link.port, &result), LL_RING_NOTHING); /* not yet */
    while (link_serve(&link))
        continue;
    ck_assert_int_eq(ll_ring_port_take(&link.port, &result), LL_RING_ANSWER);
    ck_assert_uint_eq(result.seq, update.seq);
    ck_assert_uint_eq(result.op, LL_OP_DELETE);
    ck_assert_uint_eq(result.bid_quantity, 11);
    ck_assert_int_eq(ll_ring_port_take(&link.port, &answer), LL_RING_ANSWER);
    ck_assert_uint_eq(answer.seq, ask.seq);
    ck_assert_uint_eq(answer.quantity, 5);
    ck_assert_int_eq(ll_ring_port_take(&link.port, &done), LL_RING_ANSWER);
    ck_assert_mem_eq(&done, &control, sizeof done);
    ck_assert_int_eq(ll_ring_port_take(&link.port, &done), LL_RING_NOTHING);
    ck_assert_uint_eq(ll_ring_port_pending(&link.port), 0);
    link_close(&link);
}
END_TEST

START_TEST(never_more_out_than_slots)
{
    struct link link;
    struct ll_update updates[6];
    struct ll_result result;
    for (uint64_t i = 0; i < 6; i++)
        updates[i] = make_update(i);
    link_open(&link, 4, 1);
    ck_assert_uint_eq(ll_ring_port_post(&link.port, LL_BEAT_UPDATE, updates, 0), 0);
    ck_assert_uint_eq(ll_ring_port_post(&link.port, LL_BEAT_UPDATE, updates, 6), 4);
    ck_assert_uint_eq(ll_ring_port_post(&link.port, LL_BEAT_UPDATE, updates + 4, 2), 0);
    while (link_serve(&link))
        continue;
    /* answered, but not taken: no credit yet */
    ck_assert_uint_eq(ll_ring_port_post(&link.port, LL_BEAT_UPDATE, updates + 4, 2), 0);
    ck_assert_int_eq(ll_ring_port_take(&link.port, &result), LL_RING_ANSWER);
    ck_assert_uint_eq(ll_ring_port_post(&link.port, LL_BEAT_UPDATE, updates + 4, 2), 1);
    ck_assert_uint_eq(ll_ring_port_pending(&link.port), 4);
    link_close(&link);
}
END_TEST

/* The answer to request 6 is due, at a place that holds the one to request 2. */
static void link_second_lap(struct link *link)
{
    struct ll_result result;
    link_open(link, 4, 1);
    for (uint64_t i = 1; i <= 5; i++) {
        post_update(link, i);
        ck_assert(link_serve(link));
        ck_assert_int_eq(ll_ring_port_take(&link->port, &result), LL_RING_ANSWER);
    }
    post_update(link, 6);
}

static struct ll_beat good_answer(const struct link *link)
{
    struct ll_beat request;
    ck_assert(link_request(link, 6, &request));
    return link_answer_to(request, LL_BEAT_UPDATE);
}

/* How the answer to request 6 is wrong, and what it is called. */
static enum ll_ring_take spoil(struct link *link, int how)
{
    struct ll_beat good = good_answer(link);
    struct ll_beat other = good;
    struct ll_result result;
    memcpy(&result, &good, sizeof result);
    switch (how) {
    case 0: /* nothing: the lap before lies there */
        return LL_RING_NOTHING;
    case 1: /* the next one */
        link_write(link, 6, good, ll_beat_tag(good, 7, LL_BEAT_UPDATE));
        return LL_RING_OUT_OF_SEQUENCE;
    case 2: /* the right place, a lap ahead */
        link_write(link, 6, good, ll_beat_tag(good, 10, LL_BEAT_UPDATE));
        return LL_RING_OUT_OF_SEQUENCE;
    case 3:
        link_write(link, 6, good, ll_beat_tag(good, 6, LL_BEAT_ASK));
        return LL_RING_OUT_OF_SEQUENCE;
    case 4: /* two laps ago */
        link_write(link, 6, good, ll_beat_tag(good, 6u - 8u, LL_BEAT_UPDATE));
        return LL_RING_OUT_OF_SEQUENCE;
    case 5:
        link_write(link, 6, good, ll_beat_tag(good, 6, LL_BEAT_BROKEN));
        return LL_RING_BROKEN;
    case 6: /* a torn one that never gets whole */
        other.word[3] ^= 1;
        link_write(link, 6, other, ll_beat_tag(good, 6, LL_BEAT_UPDATE));
        return LL_RING_BROKEN;
    case 7: /* no beat at all */
        link_write(link, 6, good, 0x0123456789abcdefu);
        return LL_RING_BROKEN;
    case 8:
        result.epoch = EPOCH - 1;
        break;
    case 9:
        result.verdict = LL_VERDICT_COUNT;
        break;
    case 10:
        result.op = LL_OP_DELETE;
        break;
    default: /* never written: what a device that was cleared shows */
        link_write(link, 6, (struct ll_beat){{0}}, 0);
        return LL_RING_NOTHING;
    }
    memcpy(&other, &result, sizeof other);
    link_write(link, 6, other, ll_beat_tag(other, 6, LL_BEAT_UPDATE));
    return how == 8 ? LL_RING_STALE : LL_RING_IMPOSSIBLE;
}
#define SPOILED 12

START_TEST(whatever_is_not_due_is_named)
{
    struct link link;
    struct ll_result result;
    struct ll_result untouched;
    uint32_t due;
    uint32_t found;
    memset(&result, 0x5a, sizeof result);
    untouched = result;
    link_second_lap(&link);
    enum ll_ring_take wanted = spoil(&link, _i);
    enum ll_ring_take got = LL_RING_NOTHING;
    uint32_t looks = 0;
    while (got == LL_RING_NOTHING && looks < 2 * LL_RING_PORT_LOOKS_MAX) {
        got = ll_ring_port_take(&link.port, &result);
        looks++;
    }
    ck_assert_str_eq(ll_ring_take_name(got), ll_ring_take_name(wanted));
    if (got != LL_RING_NOTHING) {
        ck_assert_uint_eq(looks, _i == 6 || _i == 7 ? LL_RING_PORT_LOOKS_MAX : 1);
        ck_assert_int_eq(ll_ring_port_take(&link.port, &result), got); /* it stays what it is */
    }
    ck_assert_mem_eq(&result, &untouched, sizeof result);
    ck_assert_uint_eq(ll_ring_port_pending(&link.port), 1);
    ll_ring_port_ordinals(&link.port, &due, &found);
    ck_assert_uint_eq(due, 6);
    ck_assert_uint_eq(found, _i == 1 ? 7 : _i == 2 ? 10 : found);
    link_close(&link);
}
END_TEST

/* What no kernel with tables of IDS and ORDERS says of an ask, and what it may just say. */
static const struct {
    struct ll_life_answer answer;
    bool is_possible;
} numbers[] = {
    {{.flags = LL_LIFE_FOUND, .order = ORDERS - 1, .id = IDS - 1}, true},
    {{.flags = LL_LIFE_FOUND, .order = ORDERS}, false},
    {{.flags = LL_LIFE_FOUND, .order = LL_LIFE_NONE}, false},
    {{.flags = LL_LIFE_FOUND, .id = IDS}, false},
    {{.flags = LL_LIFE_FOUND, .id = LL_LIFE_NONE}, false},
    {{.flags = LL_LIFE_FOUND, .previous = IDS - 1, .other_order = ORDERS - 1}, true},
    {{.flags = LL_LIFE_FOUND, .previous = LL_LIFE_NONE, .other_order = LL_LIFE_NONE}, true},
    {{.flags = LL_LIFE_FOUND, .previous = IDS}, false},
    {{.flags = LL_LIFE_FOUND, .other_order = ORDERS}, false},
    {{.verdict = LL_VERDICT_ID_TAKEN, .flags = LL_LIFE_FOUND, .other_order = LL_LIFE_NONE}, false},
    {{.verdict = LL_VERDICT_UNKNOWN_ID, .order = LL_LIFE_NONE, .id = LL_LIFE_NONE}, true},
    {{.verdict = LL_VERDICT_UNKNOWN_ID, .order = 0, .id = LL_LIFE_NONE}, false},
    {{.verdict = LL_VERDICT_UNKNOWN_ID, .order = LL_LIFE_NONE, .id = 0}, false},
    {{.verdict = LL_VERDICT_OK, .order = LL_LIFE_NONE, .id = LL_LIFE_NONE}, false},
    {{.verdict = LL_VERDICT_DUPLICATE, .order = LL_LIFE_NONE, .id = LL_LIFE_NONE}, false},
    {{.flags = LL_LIFE_FOUND, .state_before = LL_ORDER_STATE_COUNT}, false},
    {{.flags = LL_LIFE_FOUND, .state_after = LL_ORDER_STATE_COUNT}, false},
    {{.flags = LL_LIFE_FOUND, .type = LL_ID_TYPE_COUNT}, false},
    {{.flags = LL_LIFE_FOUND, .status = LL_ID_STATUS_COUNT}, false},
    {{.flags = LL_LIFE_FOUND, .event = LL_ORDER_EVENT_COUNT}, true},
    {{.flags = LL_LIFE_FOUND, .event = LL_ORDER_EVENT_COUNT + 1}, false},
};

START_TEST(an_answer_that_is_taken_may_be_an_index)
{
    struct link link;
    struct ll_beat beat;
    struct ll_life_answer answer = numbers[_i].answer;
    const struct ll_life_ask ask = {.op = LL_LIFE_OP_FILL};
    link_open(&link, 4, 1);
    ck_assert_uint_eq(ll_ring_port_post(&link.port, LL_BEAT_ASK, &ask, 1), 1);
    answer.op = LL_LIFE_OP_FILL;
    answer.epoch = EPOCH;
    memcpy(&beat, &answer, sizeof beat);
    link_write(&link, 1, beat, ll_beat_tag(beat, 1, LL_BEAT_ASK));
    ck_assert_int_eq(ll_ring_port_take(&link.port, &answer),
                     numbers[_i].is_possible ? LL_RING_ANSWER : LL_RING_IMPOSSIBLE);
    link_close(&link);
}
END_TEST

/* Words that arrive late: not whole for a while, and then the answer. */
START_TEST(a_beat_may_arrive_in_pieces)
{
    struct link link;
    struct ll_result result;
    link_second_lap(&link);
    struct ll_beat good = good_answer(&link);
    struct ll_beat torn = good;
    torn.word[4] ^= 0xffff0000u;
    link_write(&link, 6, torn, ll_beat_tag(good, 6, LL_BEAT_UPDATE));
    for (uint32_t i = 0; i + 1 < LL_RING_PORT_LOOKS_MAX; i++)
        ck_assert_int_eq(ll_ring_port_take(&link.port, &result), LL_RING_NOTHING);
    link_write(&link, 6, good, ll_beat_tag(good, 6, LL_BEAT_UPDATE));
    ck_assert_int_eq(ll_ring_port_take(&link.port, &result), LL_RING_ANSWER);
    ck_assert_uint_eq(result.seq, ~(uint64_t)6);
    /* The next one has all its looks again. */
    post_update(&link, 7);
    torn = good;
    torn.word[0]++;
    link_write(&link, 7, torn, ll_beat_tag(good, 7, LL_BEAT_UPDATE));
    for (uint32_t i = 0; i + 1 < LL_RING_PORT_LOOKS_MAX; i++)
        ck_assert_int_eq(ll_ring_port_take(&link.port, &result), LL_RING_NOTHING);
    ck_assert_int_eq(ll_ring_port_take(&link.port, &result), LL_RING_BROKEN);
    link_close(&link);
}
END_TEST

/* No flipped bit makes another answer. */
START_TEST(no_flipped_bit_is_taken)
{
    struct link link;
    struct ll_result result;
    link_second_lap(&link);
    const struct ll_ring_port before = link.port;
    const struct ll_beat good = good_answer(&link);
    for (uint32_t bit = 0; bit < 512; bit++) {
        struct ll_beat flipped = good;
        link.port = before;
        flipped.word[LL_BEAT_TAG] = ll_beat_tag(good, 6, LL_BEAT_UPDATE);
        flipped.word[bit / 64] ^= (uint64_t)1 << bit % 64;
        link_write(&link, 6, flipped, flipped.word[LL_BEAT_TAG]);
        for (uint32_t i = 0; i < LL_RING_PORT_LOOKS_MAX; i++)
            ck_assert_int_ne(ll_ring_port_take(&link.port, &result), LL_RING_ANSWER);
    }
    link_close(&link);
}
END_TEST

START_TEST(windows_carry_words)
{
    struct link link;
    static uint64_t words[LL_LINK_WINDOW_WORDS];
    static uint64_t back[LL_LINK_WINDOW_WORDS];
    link_open(&link, 8, 1);
    for (uint32_t i = 0; i < LL_LINK_WINDOW_WORDS; i++)
        words[i] = i * 0x9e3779b97f4a7c15u;
    ll_ring_port_write_window(&link.port, words, LL_LINK_WINDOW_WORDS);
    uint32_t at = ll_link_window_at(8);
    for (uint32_t i = 0; i < LL_LINK_WINDOW_WORDS; i++) {
        ck_assert(link.to_device[at + i] == words[i]);
        link.from_device[at + i] = ~words[i];
    }
    ll_ring_port_read_window(&link.port, back, LL_LINK_WINDOW_WORDS);
    for (uint32_t i = 0; i < LL_LINK_WINDOW_WORDS; i++)
        ck_assert(back[i] == ~words[i]);
    link_close(&link);
}
END_TEST

/* From ordinals that turn over soon, too. */
START_TEST(random_steps_follow_a_counting_model)
{
    struct ll_prng prng;
    struct link link;
    struct ll_result result;
    uint64_t posted = 0;
    uint64_t taken = 0;
    uint64_t answered = 0;
    ll_prng_init(&prng, ll_test_seed("random_steps_follow_a_counting_model") + (uint64_t)_i);
    link_open(&link, 1u << ll_prng_below(&prng, 5), _i % 2 == 0 ? 1 : 0u - ll_prng_below(&prng, 100));
    for (uint32_t step = 0; step < 20000; step++) {
        struct ll_update updates[4];
        uint32_t count = ll_prng_below(&prng, 4);
        switch (ll_prng_below(&prng, 3)) {
        case 0:
            for (uint32_t i = 0; i < count; i++)
                updates[i] = make_update(posted + i);
            uint32_t room = link.slots - (uint32_t)(posted - taken);
            uint32_t fits = count < room ? count : room;
            ck_assert_uint_eq(ll_ring_port_post(&link.port, LL_BEAT_UPDATE, updates, count), fits);
            posted += fits;
            break;
        case 1:
            ck_assert(link_serve(&link) == (answered < posted));
            answered += answered < posted;
            break;
        default:
            if (taken == answered) {
                ck_assert_int_eq(ll_ring_port_take(&link.port, &result), LL_RING_NOTHING);
                break;
            }
            ck_assert_int_eq(ll_ring_port_take(&link.port, &result), LL_RING_ANSWER);
            ck_assert_uint_eq(result.bid_quantity, taken);
            ck_assert_uint_eq(result.seq, ~taken);
            taken++;
        }
        ck_assert_uint_eq(ll_ring_port_pending(&link.port), posted - taken);
    }
    ck_assert_uint_gt(taken, 1000);
    link_close(&link);
}
END_TEST

static void *device_main(void *argument)
{
    struct link *link = argument;
    for (uint32_t served = 0; served < THREAD_ROUNDS;) {
        if (link_serve(link))
            served++;
        else
            (void)sched_yield();
    }
    return NULL;
}

START_TEST(a_device_on_a_thread_of_its_own)
{
    struct link link;
    pthread_t device;
    uint64_t posted = 0;
    uint64_t taken = 0;
    link_open(&link, _i == 0 ? 2 : SLOTS_MAX, 1);
    ck_assert_int_eq(pthread_create(&device, NULL, device_main, &link), 0);
    while (taken < THREAD_ROUNDS) {
        struct ll_result result;
        struct ll_update update = make_update(posted);
        if (posted < THREAD_ROUNDS)
            posted += ll_ring_port_post(&link.port, LL_BEAT_UPDATE, &update, 1);
        enum ll_ring_take take = ll_ring_port_take(&link.port, &result);
        if (take == LL_RING_NOTHING) {
            (void)sched_yield();
            continue;
        }
        ck_assert_int_eq(take, LL_RING_ANSWER);
        ck_assert_uint_eq(result.bid_quantity, taken);
        ck_assert_uint_eq(result.seq, ~taken);
        taken++;
    }
    ck_assert_int_eq(pthread_join(device, NULL), 0);
    link_close(&link);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ring_port");
    TCase *edges = tcase_create("edges");
    tcase_set_timeout(edges, 60);
    tcase_add_test(edges, slot_counts_that_cannot_be_are_refused);
    tcase_add_test(edges, each_kind_comes_back_with_its_own_seq);
    tcase_add_test(edges, never_more_out_than_slots);
    tcase_add_loop_test(edges, whatever_is_not_due_is_named, 0, SPOILED);
    tcase_add_loop_test(edges, an_answer_that_is_taken_may_be_an_index, 0,
                        (int)(sizeof numbers / sizeof numbers[0]));
    tcase_add_test(edges, a_beat_may_arrive_in_pieces);
    tcase_add_test(edges, no_flipped_bit_is_taken);
    tcase_add_test(edges, windows_carry_words);
    suite_add_tcase(suite, edges);
    TCase *random = tcase_create("random");
    tcase_set_timeout(random, 60);
    tcase_add_loop_test(random, random_steps_follow_a_counting_model, 0, 20);
    tcase_add_loop_test(random, a_device_on_a_thread_of_its_own, 0, 2);
    suite_add_tcase(suite, random);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
