/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a device in a process of its own answers as the kernel in this process does, byte for byte, and when
 * it is lost, in whatever way and whatever is to happen then, every answer and the tables stay the same.
 * Method: this program is the device process too (tests/model/ll_fake_device.h), honest or misbehaving as
 * told. Random updates and asks go to it and to a `cpu` device; results are compared one by one, the tables
 * by hash, by their own check, and byte by byte through the window. Afterwards no child and no file is left.
 * threads
 * limit 300 s
 */
#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"
#include "host/device/ll_device_parts.h"
#include "tests/model/ll_fake_device.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_MAX    300u
#define ASKS_MAX   40u
#define PATIENCE_S 60u

struct rig {
    struct ll_device_config config;
    struct ll_device *device;
    struct ll_device *cpu; /* what is right */
    struct ll_prng prng;
    uint64_t seq;
    uint32_t notes;
    char note[400];
    struct ll_update updates[RUN_MAX];
    struct ll_result results[RUN_MAX];
    struct ll_result wanted[RUN_MAX];
    struct ll_life_ask asks[ASKS_MAX];
    struct ll_life_answer answers[ASKS_MAX];
    struct ll_life_answer wanted_answers[ASKS_MAX];
};

static void take_note(void *context, const char *sentence)
{
    struct rig *rig = context;
    rig->notes++;
    (void)snprintf(rig->note, sizeof rig->note, "%s", sentence);
}

static void rig_init(struct rig *rig, uint64_t seed, const char *behaviour)
{
    memset(rig, 0, sizeof *rig);
    ll_prng_init(&rig->prng, seed);
    ll_device_config_default(&rig->config);
    rig->config.name = "xrt:1";
    rig->config.book = (struct ll_book_config){.orders = 512, .levels = 256, .books = 8, .hash_seed = 5};
    rig->config.life = (struct ll_life_config){.ids = 301, .orders = 100, .hash_seed = 6};
    rig->config.batch = 1 + ll_prng_below(&rig->prng, 64);
    rig->config.program = LL_FAKE_DEVICE_PROGRAM;
    rig->config.binary = behaviour;
    rig->config.watchdog_ns = 20 * LL_NS_PER_S; /* a busy machine is not a silent device */
    rig->config.start_timeout_ns = PATIENCE_S * LL_NS_PER_S;
    rig->config.note = take_note;
    rig->config.note_context = rig;
}

static void rig_open_cpu(struct rig *rig)
{
    struct ll_why why = {0};
    struct ll_device_config config = rig->config;
    config.name = "cpu";
    config.batch = 7;
    ck_assert_msg(ll_device_open(&rig->cpu, &config, &why) == LL_OK, "%s", why.text);
}

static void rig_open(struct rig *rig)
{
    struct ll_why why = {0};
    rig_open_cpu(rig);
    ck_assert_msg(ll_device_open(&rig->device, &rig->config, &why) == LL_OK, "%s", why.text);
    ck_assert_int_eq(ll_device_standing(rig->device), LL_DEVICE_HERE);
}

static void rig_attach(struct rig *rig)
{
    struct ll_why why = {0};
    ck_assert_msg(ll_device_attach(rig->device, &why) == LL_OK, "%s", why.text);
}

static void no_child_is_left(void)
{
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

static void rig_close(struct rig *rig)
{
    ll_device_close(rig->device);
    ll_device_close(rig->cpu);
    no_child_is_left();
}

/* --- Requests -------------------------------------------------------------------------------------------- */

static struct ll_update random_update(struct rig *rig)
{
    struct ll_prng *prng = &rig->prng;
    return (struct ll_update){.ref = ll_prng_below(prng, 600),
                              .new_ref = ll_prng_below(prng, 600),
                              .price = 100 + ll_prng_below(prng, 60),
                              .quantity = ll_prng_below(prng, 12),
                              .book = ll_prng_below(prng, 9),
                              .op = (uint8_t)(ll_prng_chance(prng, 500) ? LL_OP_ADD : ll_prng_below(prng, 7)),
                              .side = (uint8_t)ll_prng_below(prng, 2),
                              .seq = ++rig->seq * 0x100000001u};
}

static struct ll_life_ask random_ask(struct rig *rig)
{
    struct ll_prng *prng = &rig->prng;
    uint32_t op = ll_prng_chance(prng, 300) ? LL_LIFE_OP_OPEN : ll_prng_below(prng, LL_LIFE_OP_COUNT + 1);
    return (struct ll_life_ask){.key = {1 + ll_prng_below(prng, 200), 0},
                                .new_key = {1 + ll_prng_below(prng, 200), ll_prng_below(prng, 2)},
                                .order = ll_prng_below(prng, 102),
                                .id = ll_prng_below(prng, 303),
                                .new_id = ll_prng_below(prng, 303),
                                .quantity = ll_prng_below(prng, 30),
                                .op = (uint8_t)op,
                                .type = (uint8_t)ll_prng_below(prng, LL_ID_TYPE_COUNT + 1),
                                .status = (uint8_t)ll_prng_below(prng, LL_ID_STATUS_COUNT + 1),
                                .flags = (uint8_t)ll_prng_below(prng, 2),
                                .seq = ++rig->seq * 0x100000001u};
}

static void work_through(struct rig *rig, struct ll_device *device, struct ll_result *results, uint32_t count)
{
    uint32_t submitted = 0;
    uint32_t polled = 0;
    while (polled < count) {
        uint32_t left = count - submitted;
        uint32_t now = left == 0 ? 0 : 1 + ll_prng_below(&rig->prng, left);
        submitted += ll_device_submit(device, rig->updates + submitted, now);
        polled += ll_device_poll(device, results + polled, 1 + ll_prng_below(&rig->prng, count - polled));
        ck_assert_uint_le(polled, submitted);
    }
}

/* The epoch counts loads, which the cpu does not have. */
static void same_results(struct rig *rig, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        rig->results[i].epoch = rig->wanted[i].epoch;
        ck_assert_msg(memcmp(&rig->results[i], &rig->wanted[i], sizeof rig->results[i]) == 0,
                      "result %u of %u differs: verdict %u and %u, seq %llx and %llx", i, count,
                      rig->results[i].verdict, rig->wanted[i].verdict,
                      (unsigned long long)rig->results[i].seq, (unsigned long long)rig->wanted[i].seq);
    }
}

static void some_updates(struct rig *rig, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        rig->updates[i] = random_update(rig);
    work_through(rig, rig->cpu, rig->wanted, count);
    work_through(rig, rig->device, rig->results, count);
    same_results(rig, count);
}

static void some_asks(struct rig *rig, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        rig->asks[i] = random_ask(rig);
    ll_device_ask(rig->cpu, rig->asks, rig->wanted_answers, count);
    ll_device_ask(rig->device, rig->asks, rig->answers, count);
    for (uint32_t i = 0; i < count; i++) {
        rig->answers[i].epoch = rig->wanted_answers[i].epoch;
        ck_assert_msg(memcmp(&rig->answers[i], &rig->wanted_answers[i], sizeof rig->answers[i]) == 0,
                      "answer %u of %u differs", i, count);
    }
}

static void random_steps(struct rig *rig, uint32_t steps)
{
    for (uint32_t i = 0; i < steps; i++) {
        if (ll_prng_chance(&rig->prng, 600))
            some_updates(rig, 1 + ll_prng_below(&rig->prng, RUN_MAX));
        else
            some_asks(rig, 1 + ll_prng_below(&rig->prng, ASKS_MAX));
        if (ll_prng_chance(&rig->prng, 200))
            ll_device_tend(rig->device);
    }
}

/* --- State ----------------------------------------------------------------------------------------------- */

static void same_state(struct rig *rig)
{
    struct ll_why why = {0};
    uint64_t book = 0;
    uint64_t life = 0;
    uint64_t wanted_book = ll_book_memory_hash(ll_device_book(rig->cpu));
    uint64_t wanted_life = ll_life_memory_hash(ll_device_life(rig->cpu));
    ck_assert_uint_eq(ll_book_memory_hash(ll_device_book(rig->device)), wanted_book);
    ck_assert_uint_eq(ll_life_memory_hash(ll_device_life(rig->device)), wanted_life);
    ck_assert_msg(ll_book_memory_check(ll_device_book(rig->device), &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_life_memory_check(ll_device_life(rig->device), &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_device_hash(rig->device, &book, &life, &why) == LL_OK, "%s", why.text);
    ck_assert_uint_eq(book, wanted_book);
    ck_assert_uint_eq(life, wanted_life);
    ck_assert_msg(ll_device_compare(rig->device, &why) == LL_OK, "%s", why.text);
}

static void await_standing(struct rig *rig, enum ll_device_standing standing)
{
    uint64_t end_ns = ll_clock_mono_ns() + PATIENCE_S * LL_NS_PER_S;
    while (ll_device_standing(rig->device) != standing && ll_clock_mono_ns() < end_ns) {
        ll_device_tend(rig->device);
        (void)usleep(500);
    }
    ck_assert_msg(ll_device_standing(rig->device) == standing, "standing %d, not %d: %s",
                  ll_device_standing(rig->device), standing, rig->note);
}

/* --- An honest device ------------------------------------------------------------------------------------ */

static const char *const honest[] = {"", "careful"};

START_TEST(an_honest_device_is_the_cpu)
{
    struct rig rig;
    struct ll_why why = {0};
    rig_init(&rig, ll_test_seed("an_honest_device_is_the_cpu") + (uint64_t)_i, honest[_i % 2]);
    rig.config.verify = _i / 2 % 2 != 0;
    rig.config.mode = _i / 4 != 0 ? LL_DEVICE_BATCH : LL_DEVICE_RESIDENT;
    rig.config.lanes = 4;
    rig.config.batch_max = 1024;
    rig_open(&rig);
    random_steps(&rig, 20); /* still here: what recovery would do */
    ck_assert_uint_eq(ll_device_counters(rig.device)->device_answers, 0);
    rig_attach(&rig);
    ck_assert_int_eq(ll_device_standing(rig.device), LL_DEVICE_THERE);
    ck_assert_ptr_nonnull(strstr(ll_device_describe(rig.device), "fake device"));
    same_state(&rig);
    for (uint32_t i = 0; i < 4; i++) {
        random_steps(&rig, 30);
        same_state(&rig);
    }
    const struct ll_device_counters *counters = ll_device_counters(rig.device);
    ck_assert_uint_gt(counters->device_answers, 2000);
    ck_assert_uint_eq(counters->updates, ll_device_counters(rig.cpu)->updates);
    ck_assert_uint_eq(counters->asks, ll_device_counters(rig.cpu)->asks);
    ck_assert_uint_eq(counters->losses, 0);
    ck_assert_int_eq(ll_device_status(rig.device, &why), LL_OK);
    ck_assert_int_eq(why.code, LL_OK);
    ck_assert_str_eq(rig.note, "the fake device starts");
    rig_close(&rig);
}
END_TEST

START_TEST(answers_carry_the_epoch_of_the_load)
{
    struct rig rig;
    struct ll_result result;
    struct ll_life_answer answer;
    rig_init(&rig, 1, "");
    rig_open(&rig);
    ((struct ll_book_control *)ll_device_book_bytes(rig.device))->epoch = 40; /* as a snapshot may have it */
    rig_attach(&rig);
    rig.updates[0] = random_update(&rig);
    rig.asks[0] = random_ask(&rig);
    ck_assert_uint_eq(ll_device_submit(rig.device, rig.updates, 1), 1);
    while (ll_device_poll(rig.device, &result, 1) == 0)
        continue;
    ll_device_ask(rig.device, rig.asks, &answer, 1);
    ck_assert_uint_eq(result.epoch, 41);
    ck_assert_uint_eq(answer.epoch, 41);
    rig_close(&rig);
}
END_TEST

/* More than the ring holds, and a second array while the first is under way. */
START_TEST(credits_and_arrays_are_kept_apart)
{
    struct rig rig;
    static struct ll_update many[3000];
    static struct ll_result results[3000];
    rig_init(&rig, 2, "");
    rig_open(&rig);
    rig_attach(&rig);
    for (uint32_t i = 0; i < 3000; i++)
        many[i] = (struct ll_update){.op = LL_OP_NONE, .seq = i};
    ck_assert_uint_eq(ll_device_submit(rig.device, many, 3000), LL_DEVICE_SLOTS);
    ck_assert_uint_eq(ll_device_submit(rig.device, many, 1), 0); /* not the one that is next */
    uint32_t submitted = LL_DEVICE_SLOTS;
    for (uint32_t polled = 0; polled < 3000;) {
        polled += ll_device_poll(rig.device, results + polled, 3000 - polled);
        submitted += ll_device_submit(rig.device, many + submitted, 3000 - submitted);
    }
    for (uint32_t i = 0; i < 3000; i++)
        ck_assert_uint_eq(results[i].seq, i);
    ck_assert_uint_eq(ll_device_poll(rig.device, results, 3000), 0);
    rig_close(&rig);
}
END_TEST

START_TEST(a_book_without_lifecycle_half)
{
    struct rig rig;
    struct ll_why why = {0};
    uint64_t book;
    uint64_t life;
    rig_init(&rig, 3, "");
    rig.config.life.ids = 0;
    rig_open(&rig);
    rig_attach(&rig);
    for (uint32_t i = 0; i < 20; i++)
        some_updates(&rig, RUN_MAX);
    ck_assert_int_eq(ll_device_hash(rig.device, &book, &life, &why), LL_OK);
    ck_assert_uint_eq(book, ll_book_memory_hash(ll_device_book(rig.cpu)));
    ck_assert_uint_eq(life, 0);
    ck_assert_msg(ll_device_compare(rig.device, &why) == LL_OK, "%s", why.text);
    rig_close(&rig);
}
END_TEST

static uint32_t requests_made(const struct rig *rig)
{
    return rig->device->port.next - 1;
}

/* Tables of many windows: what RESET makes of zeroed memory is not loaded, and the rest is, wherever it is. */
START_TEST(only_what_is_used_is_loaded)
{
    struct rig rig;
    rig_init(&rig, 16, "");
    rig.config.book = (struct ll_book_config){.orders = 60000, .levels = 400000, .books = 16};
    rig.config.life = (struct ll_life_config){.ids = 70001, .orders = 30000};
    rig_open(&rig);
    if (_i != 0)
        random_steps(&rig, 10);
    rig_attach(&rig);
    /* ping, both control lines twice, two resets, two looks back, some hashes; the first leaves, inner nodes and
     * sides, and the last, odd place. Used: some orders lie in every window of them. */
    uint32_t loads = requests_made(&rig);
    ck_assert_uint_ge(loads, 13);
    ck_assert_uint_le(loads, _i == 0 ? 26 : 50);
    same_state(&rig);
    for (uint32_t i = 0; i < 3; i++) {
        random_steps(&rig, 20);
        same_state(&rig);
    }
    rig_close(&rig);
}
END_TEST

/* A difference is found: the mirror is changed behind the device's back. */
START_TEST(compare_finds_a_difference)
{
    struct rig rig;
    struct ll_why why = {0};
    rig_init(&rig, 4, "");
    rig_open(&rig);
    random_steps(&rig, 20);
    rig_attach(&rig);
    random_steps(&rig, 20);
    same_state(&rig);
    ll_device_life(rig.device)->orders[99].reserved[1] ^= 1;
    ck_assert_int_eq(ll_device_compare(rig.device, &why), LL_ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(why.text, "orders differ: element 99, byte 56"));
    ck_assert_int_eq(ll_device_standing(rig.device), LL_DEVICE_THERE);
    rig_close(&rig);
}
END_TEST

/* --- A device that is lost ------------------------------------------------------------------------------- */

#define COUNTER(name) offsetof(struct ll_device_counters, name)

static const struct {
    const char *behaviour;
    size_t counter;
    bool needs_verify;
    bool is_slow; /* found out by the watchdog alone */
} losses[] = {
    {"silent-after", COUNTER(silent), false, true},
    {"exit-after", COUNTER(gone), false, false},
    {"killed-after", COUNTER(gone), false, false},
    {"lost-after", COUNTER(gone), false, false},
    {"wrong-order", COUNTER(out_of_sequence), false, false},
    {"flip-bit", COUNTER(broken), false, false},
    {"broken", COUNTER(broken), false, false},
    {"stale-epoch", COUNTER(stale), false, false},
    {"bad-verdict", COUNTER(impossible), false, false},
    {"wrong-answer", COUNTER(different), true, false},
};
#define LOSSES (sizeof losses / sizeof losses[0])

static uint64_t counter_at(const struct ll_device *device, size_t offset)
{
    uint64_t value;
    memcpy(&value, (const char *)ll_device_counters(device) + offset, sizeof value);
    return value;
}

/* _i: which loss, what happens then, verified or not. */
START_TEST(a_loss_changes_no_answer)
{
    struct rig rig;
    struct ll_why why = {0};
    char behaviour[64] = "";
    uint32_t which = (uint32_t)_i % LOSSES;
    enum ll_device_loss on_loss = (enum ll_device_loss)((uint32_t)_i / LOSSES % 3);
    bool verify = (uint32_t)_i / LOSSES / 3 != 0;
    rig_init(&rig, ll_test_seed("a_loss_changes_no_answer") + (uint64_t)_i, behaviour);
    (void)snprintf(behaviour, sizeof behaviour, "once-%s:%u", losses[which].behaviour,
                   1 + ll_prng_below(&rig.prng, 3000));
    rig.config.verify = verify || losses[which].needs_verify;
    rig.config.on_loss = on_loss;
    if (losses[which].is_slow)
        rig.config.watchdog_ns = 100 * LL_NS_PER_MS;
    rig_open(&rig);
    random_steps(&rig, 10);
    rig_attach(&rig);
    random_steps(&rig, 60);
    ck_assert_msg(ll_device_counters(rig.device)->losses == 1, "%s", behaviour);
    ck_assert_uint_eq(counter_at(rig.device, losses[which].counter), 1);
    ck_assert_uint_ge(rig.notes, 2);
    ck_assert_int_eq(ll_device_status(rig.device, &why),
                     on_loss == LL_DEVICE_LOSS_STOP ? LL_ERR_STOPPED : LL_OK);
    ck_assert_int_ne(why.code, LL_OK);
    same_state(&rig);
    if (on_loss == LL_DEVICE_LOSS_RELOAD) {
        await_standing(&rig, LL_DEVICE_THERE);
        rig.device->config.watchdog_ns = 20 * LL_NS_PER_S;
        uint64_t answers = ll_device_counters(rig.device)->device_answers;
        same_state(&rig);
        random_steps(&rig, 20);
        ck_assert_uint_eq(ll_device_counters(rig.device)->reloads, 1);
        ck_assert_uint_gt(ll_device_counters(rig.device)->device_answers, answers);
    } else {
        ck_assert_int_eq(ll_device_standing(rig.device),
                         on_loss == LL_DEVICE_LOSS_CPU ? LL_DEVICE_FALLEN : LL_DEVICE_STOPPED);
    }
    ck_assert_uint_eq(ll_device_counters(rig.device)->losses, 1);
    same_state(&rig);
    rig_close(&rig);
}
END_TEST

/* In the middle of asks, and of what was submitted and not polled. */
START_TEST(what_was_under_way_is_done_here)
{
    struct rig rig;
    char behaviour[64] = "";
    rig_init(&rig, 5, behaviour);
    (void)snprintf(behaviour, sizeof behaviour, "exit-after:%u", 3 + (uint32_t)_i);
    rig_open(&rig);
    rig_attach(&rig);
    for (uint32_t i = 0; i < 200; i++)
        rig.updates[i] = random_update(&rig);
    work_through(&rig, rig.cpu, rig.wanted, 200);
    ck_assert_uint_eq(ll_device_submit(rig.device, rig.updates, 200), 200);
    await_standing(&rig, LL_DEVICE_FALLEN); /* seen by tend, with all of them out */
    ck_assert_uint_eq(ll_device_poll(rig.device, rig.results, 200), 200);
    same_results(&rig, 200);
    some_asks(&rig, ASKS_MAX);
    ck_assert_uint_eq(ll_device_counters(rig.device)->gone, 1);
    same_state(&rig);
    rig_close(&rig);
}
END_TEST

START_TEST(asks_under_way_are_done_here)
{
    struct rig rig;
    char behaviour[64] = "";
    rig_init(&rig, 6 + (uint64_t)_i, behaviour);
    (void)snprintf(behaviour, sizeof behaviour, "exit-after:%u", 1 + (uint32_t)_i * 7);
    rig_open(&rig);
    rig_attach(&rig);
    for (uint32_t i = 0; i < 4; i++)
        some_asks(&rig, ASKS_MAX);
    ck_assert_int_eq(ll_device_standing(rig.device), LL_DEVICE_FALLEN);
    same_state(&rig);
    rig_close(&rig);
}
END_TEST

/* This process stood still behind a look that found nothing, for longer than the watchdog's time. */
START_TEST(an_own_pause_is_no_silence)
{
    struct rig rig;
    struct ll_why why = {0};
    struct ll_beat beat;
    rig_init(&rig, 19, "");
    rig_open(&rig);
    rig_attach(&rig);
    rig.updates[0] = random_update(&rig);
    ck_assert_uint_eq(ll_device_submit(rig.device, rig.updates, 1), 1);
    struct ll_ring_port port = rig.device->port; /* a look that leaves the answer where it is */
    while (ll_ring_port_take(&port, &beat) == LL_RING_NOTHING)
        continue;
    rig.device->looks = 1u << 20;
    rig.device->waiting_since_ns = 1;
    ck_assert_int_eq(ll_device_wait(rig.device, LL_NS_PER_MS, &why), LL_CAUSE_NONE);
    ck_assert_uint_eq(ll_device_poll(rig.device, rig.results, 1), 1);
    ck_assert_int_eq(ll_device_standing(rig.device), LL_DEVICE_THERE);
    /* The next wait has its own look. When that finds nothing either, it was silence. */
    rig.device->looks = 1u << 20;
    rig.device->waiting_since_ns = 1;
    ck_assert_int_eq(ll_device_wait(rig.device, LL_NS_PER_MS, &why), LL_CAUSE_NONE);
    ck_assert_int_eq(why.code, LL_OK);
    ck_assert_int_eq(ll_device_wait(rig.device, LL_NS_PER_MS, &why), LL_CAUSE_SILENT);
    rig_close(&rig);
}
END_TEST

/* Lost in the middle of a batch, and the owner, told to stop, does not come for the rest of it. */
START_TEST(what_a_stop_leaves_behind_is_dropped)
{
    struct rig rig;
    struct ll_why why = {0};
    uint64_t book;
    uint64_t life;
    rig_init(&rig, 20, "exit-after:50");
    rig.config.on_loss = LL_DEVICE_LOSS_STOP;
    rig_open(&rig);
    rig_attach(&rig);
    for (uint32_t i = 0; i < 200; i++)
        rig.updates[i] = random_update(&rig);
    ck_assert_uint_eq(ll_device_submit(rig.device, rig.updates, 200), 200);
    uint32_t polled = 0;
    while (ll_device_status(rig.device, NULL) == LL_OK)
        polled += ll_device_poll(rig.device, rig.results + polled, 20);
    ck_assert_uint_lt(polled, 200);
    memset(rig.updates, 0xa5, sizeof rig.updates);
    if (_i == 0)
        some_asks(&rig, ASKS_MAX);
    ck_assert_msg(ll_device_hash(rig.device, &book, &life, &why) == LL_OK, "%s", why.text);
    ck_assert_uint_eq(life, ll_life_memory_hash(ll_device_life(rig.cpu)));
    some_asks(&rig, ASKS_MAX);
    ck_assert_msg(ll_device_compare(rig.device, &why) == LL_OK, "%s", why.text);
    ck_assert_uint_eq(ll_device_poll(rig.device, rig.results, 20), 0);
    rig_close(&rig);
}
END_TEST

/* Each new process is lost again: at last this process goes on alone. */
START_TEST(reloads_are_bounded)
{
    struct rig rig;
    rig_init(&rig, 8, "exit-after:50");
    rig.config.on_loss = LL_DEVICE_LOSS_RELOAD;
    rig_open(&rig);
    rig_attach(&rig);
    uint64_t end_ns = ll_clock_mono_ns() + PATIENCE_S * LL_NS_PER_S;
    while (ll_device_standing(rig.device) != LL_DEVICE_FALLEN && ll_clock_mono_ns() < end_ns) {
        some_updates(&rig, 10);
        ll_device_tend(rig.device);
        (void)usleep(500);
    }
    ck_assert_int_eq(ll_device_standing(rig.device), LL_DEVICE_FALLEN);
    ck_assert_uint_ge(ll_device_counters(rig.device)->reloads, 2);
    ck_assert_uint_eq(ll_device_counters(rig.device)->losses, ll_device_counters(rig.device)->reloads + 1);
    some_updates(&rig, RUN_MAX);
    same_state(&rig);
    rig_close(&rig);
}
END_TEST

static const char *const reload_failures[] = {"fails", "dies-in-load", "never-ready", "slow-load"};

/* The first process is good. Those after it do not even start, or each of their answers is in time and all of them are
 * not: a load has some ten of 30 ms. */
START_TEST(reloads_that_fail_are_counted)
{
    struct rig rig;
    rig_init(&rig, 9, "exit-after:5");
    rig.config.on_loss = LL_DEVICE_LOSS_RELOAD;
    rig_open(&rig);
    rig_attach(&rig);
    (void)snprintf(rig.device->request.binary, sizeof rig.device->request.binary, "%s", reload_failures[_i]);
    if (_i == 2)
        rig.device->config.start_timeout_ns = 20 * LL_NS_PER_MS;
    if (_i == 3)
        rig.device->config.load_limit_ns = 100 * LL_NS_PER_MS;
    some_updates(&rig, 50);
    ck_assert_int_eq(ll_device_standing(rig.device), LL_DEVICE_RELOADING);
    await_standing(&rig, LL_DEVICE_FALLEN);
    if (_i == 3)
        ck_assert_msg(strstr(rig.note, "not loaded after 100 ms") != NULL, "%s", rig.note);
    ck_assert_uint_eq(ll_device_counters(rig.device)->reloads, 0);
    ck_assert_uint_eq(ll_device_counters(rig.device)->reloads_failed, 5);
    ck_assert_uint_eq(ll_device_counters(rig.device)->losses, 1);
    some_updates(&rig, 50);
    same_state(&rig);
    rig_close(&rig);
}
END_TEST

/* --- A device that does not start ------------------------------------------------------------------------ */

static const struct {
    const char *behaviour;
    int code; /* of open, or of attach */
    bool in_attach;
    const char *text;
} bad_starts[] = {
    {"fails", LL_ERR_INPUT, false, "no fake card; put one in"},
    {"garbage-word", LL_ERR_INPUT, false, "another language"},
    {"garbage-note", LL_ERR_INPUT, false, "another language"},
    {"never-ready", LL_ERR_ENVIRONMENT, false, "not ready after"},
    {"exits", LL_ERR_ENVIRONMENT, false, "ended without a word"},
    {"short-memory", LL_ERR_INPUT, false, "bytes of memory from the device"},
    {"one-memory", LL_ERR_INPUT, false, "1 memories"},
    {"other-slots", LL_ERR_INPUT, false, "2048 slots"},
    {"dies-in-load", LL_ERR_ENVIRONMENT, true, "ended without a word"},
    {"refuses-load", LL_ERR_INPUT, true, "refused to load"},
    {"other-layout", LL_ERR_INPUT, true, "build the kernel of this version"},
};
#define BAD_STARTS (sizeof bad_starts / sizeof bad_starts[0])

START_TEST(a_device_that_must_start_is_an_error)
{
    struct rig rig;
    struct ll_why why = {0};
    rig_init(&rig, 10, bad_starts[_i].behaviour);
    if (strcmp(bad_starts[_i].behaviour, "never-ready") == 0)
        rig.config.start_timeout_ns = 100 * LL_NS_PER_MS;
    int status = ll_device_open(&rig.device, &rig.config, &why);
    if (bad_starts[_i].in_attach) {
        ck_assert_msg(status == LL_OK, "%s", why.text);
        status = ll_device_attach(rig.device, &why);
        ck_assert_int_eq(ll_device_standing(rig.device), LL_DEVICE_HERE);
        ck_assert_uint_eq(ll_device_counters(rig.device)->losses, 0);
        ll_device_close(rig.device);
    }
    ck_assert_int_eq(status, bad_starts[_i].code);
    ck_assert_int_eq(why.code, status);
    ck_assert_msg(strstr(why.text, bad_starts[_i].text) != NULL, "%s", why.text);
    no_child_is_left();
}
END_TEST

START_TEST(a_device_that_need_not_start_is_a_loss)
{
    struct rig rig;
    struct ll_why why = {0};
    rig_init(&rig, 11, bad_starts[_i].behaviour);
    rig.config.must_start = false;
    if (strcmp(bad_starts[_i].behaviour, "never-ready") == 0)
        rig.config.start_timeout_ns = 100 * LL_NS_PER_MS;
    rig_open_cpu(&rig);
    ck_assert_msg(ll_device_open(&rig.device, &rig.config, &why) == LL_OK, "%s", why.text);
    random_steps(&rig, 5);
    rig_attach(&rig);
    random_steps(&rig, 5);
    ck_assert_int_eq(ll_device_standing(rig.device), LL_DEVICE_FALLEN);
    ck_assert_uint_eq(ll_device_counters(rig.device)->losses, 1);
    ck_assert_uint_eq(ll_device_counters(rig.device)->failed, 1);
    ck_assert_int_eq(ll_device_status(rig.device, &why), LL_OK);
    ck_assert_msg(strstr(why.text, bad_starts[_i].text) != NULL, "%s", why.text);
    ck_assert_ptr_nonnull(strstr(rig.note, "going on in this process"));
    same_state(&rig);
    rig_close(&rig);
}
END_TEST

/* Says stop at the N-th question. */
struct stopper {
    uint32_t asked;
    uint32_t stop_at;
};

static bool stops(void *context)
{
    struct stopper *stopper = context;
    return ++stopper->asked >= stopper->stop_at;
}

static const struct {
    const char *behaviour;
    bool in_attach;
} waits[] = {{"never-ready", false}, {"silent-load", true}};

/* _i: in open or in attach; whether it must start. The times would outlast the test. */
START_TEST(a_stop_ends_the_wait_for_a_device)
{
    struct rig rig;
    struct ll_why why = {0};
    struct stopper stopper = {.stop_at = UINT32_MAX};
    bool in_attach = waits[_i % 2].in_attach;
    rig_init(&rig, 17, waits[_i % 2].behaviour);
    rig.config.must_start = _i / 2 != 0;
    rig.config.start_timeout_ns = 1000 * LL_NS_PER_S;
    rig.config.watchdog_ns = 1000 * LL_NS_PER_S;
    rig.config.give_up = stops;
    rig.config.give_up_context = &stopper;
    stopper.stop_at = in_attach ? UINT32_MAX : 3;
    int status = ll_device_open(&rig.device, &rig.config, &why);
    if (in_attach) {
        ck_assert_msg(status == LL_OK, "%s", why.text);
        stopper.stop_at = stopper.asked + 10000;
        status = ll_device_attach(rig.device, &why);
        ck_assert_int_eq(ll_device_standing(rig.device), LL_DEVICE_HERE);
        ck_assert_uint_eq(ll_device_counters(rig.device)->losses, 0);
        ll_device_close(rig.device);
    }
    ck_assert_int_eq(status, LL_ERR_STOPPED);
    ck_assert_int_eq(why.code, LL_ERR_STOPPED);
    ck_assert_str_eq(why.text, "told to stop before the device was ready");
    ck_assert_uint_eq(stopper.asked, stopper.stop_at);
    no_child_is_left();
}
END_TEST

/* Once it is there, nobody is asked: what is at the end of a run is not called off by what ended it. */
START_TEST(a_stop_does_not_disturb_a_device_that_is_there)
{
    struct rig rig;
    struct stopper stopper = {.stop_at = UINT32_MAX};
    rig_init(&rig, 18, "");
    rig.config.give_up = stops;
    rig.config.give_up_context = &stopper;
    rig_open(&rig);
    rig_attach(&rig);
    stopper.stop_at = 0;
    random_steps(&rig, 5);
    same_state(&rig);
    ck_assert_int_eq(ll_device_standing(rig.device), LL_DEVICE_THERE);
    rig_close(&rig);
}
END_TEST

/* Nothing waits for the first load, so it may take its time. */
START_TEST(a_first_load_has_no_limit)
{
    struct rig rig;
    rig_init(&rig, 21, "slow-load");
    rig.config.load_limit_ns = 10 * LL_NS_PER_MS;
    rig_open(&rig);
    rig_attach(&rig);
    ck_assert_int_eq(ll_device_standing(rig.device), LL_DEVICE_THERE);
    random_steps(&rig, 5);
    rig_close(&rig);
}
END_TEST

START_TEST(a_program_that_is_not_there)
{
    struct rig rig;
    struct ll_why why = {0};
    rig_init(&rig, 12, "");
    rig.config.program = "/nowhere/lifeline-device";
    ck_assert_int_eq(ll_device_open(&rig.device, &rig.config, &why), LL_ERR_ENVIRONMENT);
    ck_assert_msg(strstr(why.text, "/nowhere/lifeline-device cannot be run: No such file") != NULL, "%s",
                  why.text);
    no_child_is_left();
}
END_TEST

START_TEST(bad_configurations_are_refused)
{
    static const char *const names[] = {"", "gpu", "xrt:", "xrt:x", "xrt:64", "xrt1", "CPU"};
    struct rig rig;
    for (size_t i = 0; i < sizeof names / sizeof names[0] + 5; i++) {
        struct ll_why why = {0};
        rig_init(&rig, 13, "");
        if (i < sizeof names / sizeof names[0])
            rig.config.name = names[i];
        else if (i == sizeof names / sizeof names[0])
            rig.config.book.books = 0;
        else if (i == sizeof names / sizeof names[0] + 1)
            rig.config.life.orders = LL_LIFE_ORDERS_MAX + 1;
        else if (i == sizeof names / sizeof names[0] + 2)
            rig.config.batch = 65;
        else if (i == sizeof names / sizeof names[0] + 3)
            rig.config.batch_max = 1025;
        else
            rig.config.lanes = 5;
        ck_assert_msg(ll_device_open(&rig.device, &rig.config, &why) == LL_ERR_USAGE, "%zu: %s", i, why.text);
        ck_assert_int_eq(why.code, LL_ERR_USAGE);
    }
    no_child_is_left();
}
END_TEST

/* A process that does not end is killed, and what it left in /dev/shm and /tmp is removed. */
START_TEST(a_stubborn_process_is_killed)
{
    static const char *const roots[] = {"/dev/shm", "/tmp"};
    struct rig rig;
    char path[2][64];
    struct stat stat_of;
    rig_init(&rig, 14, "stubborn");
    rig_open(&rig);
    rig_attach(&rig);
    random_steps(&rig, 5);
    for (uint32_t i = 0; i < 2; i++) {
        (void)snprintf(path[i], sizeof path[i], "%s/lifeline-device.%ld", roots[i],
                       (long)rig.device->process.pid);
        ck_assert_int_eq(stat(path[i], &stat_of), 0);
    }
    rig_close(&rig);
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(stat(path[i], &stat_of), -1);
        ck_assert_int_eq(errno, ENOENT);
    }
}
END_TEST

/* Another child of this program is not waited for by the device. */
START_TEST(other_children_are_left_alone)
{
    struct rig rig;
    int status = 0;
    pid_t other = fork();
    ck_assert_int_ge(other, 0);
    if (other == 0)
        _exit(9);
    rig_init(&rig, 15, "exit-after:10");
    rig_open(&rig);
    rig_attach(&rig);
    random_steps(&rig, 10);
    ll_device_close(rig.device);
    ll_device_close(rig.cpu);
    ck_assert_int_eq(waitpid(other, &status, 0), other);
    ck_assert_int_eq(WEXITSTATUS(status), 9);
    no_child_is_left();
}
END_TEST

static Suite *device_suite(void)
{
    Suite *suite = suite_create("device");
    TCase *good = tcase_create("honest");
    tcase_set_timeout(good, 120);
    tcase_add_loop_test(good, an_honest_device_is_the_cpu, 0, 8);
    tcase_add_test(good, answers_carry_the_epoch_of_the_load);
    tcase_add_test(good, credits_and_arrays_are_kept_apart);
    tcase_add_test(good, a_book_without_lifecycle_half);
    tcase_add_loop_test(good, only_what_is_used_is_loaded, 0, 2);
    tcase_add_test(good, compare_finds_a_difference);
    suite_add_tcase(suite, good);
    TCase *lost = tcase_create("lost");
    tcase_set_timeout(lost, 120);
    tcase_add_loop_test(lost, a_loss_changes_no_answer, 0, (int)LOSSES * 6);
    tcase_add_loop_test(lost, what_was_under_way_is_done_here, 0, 3);
    tcase_add_loop_test(lost, asks_under_way_are_done_here, 0, 6);
    tcase_add_test(lost, an_own_pause_is_no_silence);
    tcase_add_loop_test(lost, what_a_stop_leaves_behind_is_dropped, 0, 2);
    tcase_add_test(lost, reloads_are_bounded);
    tcase_add_loop_test(lost, reloads_that_fail_are_counted, 0, 4);
    suite_add_tcase(suite, lost);
    TCase *start = tcase_create("start");
    tcase_set_timeout(start, 120);
    tcase_add_loop_test(start, a_device_that_must_start_is_an_error, 0, (int)BAD_STARTS);
    tcase_add_loop_test(start, a_device_that_need_not_start_is_a_loss, 0, (int)BAD_STARTS);
    tcase_add_loop_test(start, a_stop_ends_the_wait_for_a_device, 0, 4);
    tcase_add_test(start, a_stop_does_not_disturb_a_device_that_is_there);
    tcase_add_test(start, a_first_load_has_no_limit);
    tcase_add_test(start, a_program_that_is_not_there);
    tcase_add_test(start, bad_configurations_are_refused);
    tcase_add_test(start, a_stubborn_process_is_killed);
    tcase_add_test(start, other_children_are_left_alone);
    suite_add_tcase(suite, start);
    return suite;
}

int main(void)
{
    if (ll_fake_device_is_wanted())
        return ll_fake_device_main();
    ll_fake_device_prepare();
    SRunner *runner = srunner_create(device_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
