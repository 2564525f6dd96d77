/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever becomes of the device of a simulated run, no answer and no table differs from those of the `cpu`; each
 * fault strikes, and is found as what it is; a seed is a run.
 * Method: random updates and asks in random pieces to a simulated device and to a `cpu` device beside it, for some
 * hundred seeds of small tables; losses are counted against what struck. Then each fault alone. A canary: with wrong
 * answers that nobody verifies the comparison does fail. Nothing is slept for, and there is no thread.
 */
#include "host/app/ll_device_workload.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"
#include "tests/sim/ll_sim_device.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define UPDATES_MAX 80u
#define ASKS_MAX    20u
#define SEEDS       400u
#define STEPS       40u
#define HEAL_STEPS  200u
#define OFTEN       16u /* times as often as in a run of the whole world, which is longer */
#define FAULT_FIRST LL_SIM_DEVICE_RESET
#define FAULT_LAST  LL_SIM_DEVICE_GONE

struct rig {
    struct ll_sim_faults faults;
    struct ll_sim_device *sim;
    struct ll_device_config config;
    struct ll_device *device;
    struct ll_device *cpu; /* what is right */
    struct ll_device_workload workload;
    struct ll_prng prng;
    uint64_t now_ns;
    uint64_t differences;
    uint64_t full;    /* answers that a table was */
    uint64_t history; /* a hash of all that was answered */
    struct ll_update updates[UPDATES_MAX];
    struct ll_result results[UPDATES_MAX];
    struct ll_result wanted[UPDATES_MAX];
    struct ll_life_ask asks[ASKS_MAX];
    struct ll_life_answer answers[ASKS_MAX];
    struct ll_life_answer wanted_answers[ASKS_MAX];
};

/* What came of many runs. */
struct sums {
    uint64_t struck[LL_SIM_FAULT_COUNT];
    struct ll_device_counters counters;
    uint64_t full;
    uint64_t cpus;
};

static void rig_init(struct rig *rig, uint64_t seed)
{
    const struct ll_sim_device_config sim = {.seed = seed, .faults = &rig->faults};
    memset(rig, 0, sizeof *rig);
    ll_prng_init(&rig->prng, seed + 1);
    ll_sim_faults_init(&rig->faults, seed + 2);
    for (uint32_t fault = FAULT_FIRST; fault <= FAULT_LAST; fault++)
        rig->faults.per_million[fault] *= OFTEN;
    rig->sim = ll_sim_device_new(&sim);
    rig->config.book = (struct ll_book_config){.orders = 48, .levels = 32, .books = 4, .hash_seed = 5};
    rig->config.life = (struct ll_life_config){.ids = 101, .orders = 40, .hash_seed = 6};
    ll_sim_device_fill(rig->sim, &rig->config);
    /* More than the tables hold, as often as not. */
    struct ll_book_config book = rig->config.book;
    struct ll_life_config life = rig->config.life;
    book.orders <<= 3 * ll_prng_below(&rig->prng, 2);
    life.ids <<= ll_prng_below(&rig->prng, 2);
    ll_device_workload_init(&rig->workload, seed + 3, &book, &life);
}

/* No fault but this one, in `per_million` of its occasions. */
static void rig_only(struct rig *rig, enum ll_sim_fault fault, uint32_t per_million)
{
    memset(rig->faults.per_million, 0, sizeof rig->faults.per_million);
    rig->faults.per_million[fault] = per_million;
}

static bool is_away(const struct rig *rig)
{
    return strcmp(rig->config.name, "cpu") != 0;
}

static void rig_open(struct rig *rig)
{
    struct ll_why why = {0};
    struct ll_device_config cpu = rig->config;
    cpu.name = "cpu";
    cpu.batch = 7;
    ck_assert_msg(ll_device_open(&rig->cpu, &cpu, &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_device_open(&rig->device, &rig->config, &why) == LL_OK, "%s", why.text);
}

static void rig_close(struct rig *rig)
{
    ll_device_close(rig->device);
    ll_device_close(rig->cpu);
    ll_sim_device_free(rig->sim);
}

/* --- Requests -------------------------------------------------------------------------------------------- */

static void remember(struct rig *rig, const void *bytes, size_t byte_count)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < byte_count; i++)
        rig->history = (rig->history ^ byte[i]) * 0x100000001b3u;
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
static void some_updates(struct rig *rig, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ll_device_workload_update(&rig->workload, &rig->updates[i]);
    work_through(rig, rig->cpu, rig->wanted, count);
    work_through(rig, rig->device, rig->results, count);
    remember(rig, rig->results, count * sizeof rig->results[0]);
    for (uint32_t i = 0; i < count; i++) {
        rig->results[i].epoch = rig->wanted[i].epoch;
        rig->differences += memcmp(&rig->results[i], &rig->wanted[i], sizeof rig->results[i]) != 0;
        rig->full += rig->results[i].verdict == LL_VERDICT_TABLE_FULL;
    }
}

static void some_asks(struct rig *rig, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ll_device_workload_ask(&rig->workload, &rig->asks[i]);
    ll_device_ask(rig->cpu, rig->asks, rig->wanted_answers, count);
    ll_device_ask(rig->device, rig->asks, rig->answers, count);
    remember(rig, rig->answers, count * sizeof rig->answers[0]);
    for (uint32_t i = 0; i < count; i++) {
        rig->answers[i].epoch = rig->wanted_answers[i].epoch;
        rig->differences += memcmp(&rig->answers[i], &rig->wanted_answers[i], sizeof rig->answers[i]) != 0;
    }
}

/* Microseconds mostly, and now and then what a pause between two tries takes. */
static void pass_time(struct rig *rig)
{
    bool is_long = ll_prng_chance(&rig->prng, 100);
    rig->now_ns += 1 + ll_prng_below(&rig->prng, (uint32_t)(is_long ? LL_NS_PER_S : 20 * LL_NS_PER_US));
    ll_sim_device_step(rig->sim, rig->now_ns);
    ck_assert_uint_ge(ll_sim_device_now_ns(rig->sim), rig->now_ns);
}

static void some_steps(struct rig *rig, uint32_t steps)
{
    for (uint32_t i = 0; i < steps; i++) {
        pass_time(rig);
        if (ll_prng_chance(&rig->prng, 600))
            some_updates(rig, 1 + ll_prng_below(&rig->prng, UPDATES_MAX));
        else
            some_asks(rig, 1 + ll_prng_below(&rig->prng, ASKS_MAX));
        ll_device_tend(rig->device);
    }
}

/* Recovery works here, and the rest there. */
static void attach_and_go(struct rig *rig, uint32_t steps)
{
    struct ll_why why = {0};
    some_updates(rig, UPDATES_MAX / 2);
    some_asks(rig, ASKS_MAX / 2);
    ck_assert_msg(ll_device_attach(rig->device, &why) == LL_OK, "%s", why.text);
    some_steps(rig, steps);
}

/* --- What is right ---------------------------------------------------------------------------------------- */

static void same_state(struct rig *rig, uint64_t seed)
{
    struct ll_why why = {0};
    uint64_t book = 0;
    uint64_t life = 0;
    uint64_t wanted_book = ll_book_memory_hash(ll_device_book(rig->cpu));
    uint64_t wanted_life = ll_life_memory_hash(ll_device_life(rig->cpu));
    ck_assert_msg(rig->differences == 0, "seed %llu: %llu answers differ", (unsigned long long)seed,
                  (unsigned long long)rig->differences);
    ck_assert_msg(ll_book_memory_check(ll_device_book(rig->device), &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_life_memory_check(ll_device_life(rig->device), &why) == LL_OK, "%s", why.text);
    /* The device is asked itself; it may be lost by that, and then the answer comes from here. */
    if (ll_device_hash(rig->device, &book, &life, &why) != LL_OK)
        ck_assert_int_eq(ll_device_hash(rig->device, &book, &life, &why), LL_OK);
    ck_assert_uint_eq(book, wanted_book);
    ck_assert_uint_eq(life, wanted_life);
}

static uint64_t struck_in_all(const struct rig *rig)
{
    uint64_t sum = 0;
    for (uint32_t fault = FAULT_FIRST; fault <= FAULT_LAST; fault++)
        sum += rig->faults.struck[fault];
    return sum;
}

/* Nothing is lost without a reason, nor for another one than there was. */
static void losses_have_reasons(const struct rig *rig)
{
    const struct ll_device_counters *counters = ll_device_counters(rig->device);
    const uint64_t *struck = rig->faults.struck;
    uint64_t reset = struck[LL_SIM_DEVICE_RESET];
    uint64_t wrong = struck[LL_SIM_DEVICE_WRONG];
    uint64_t broken = struck[LL_SIM_DEVICE_BROKEN];
    ck_assert_uint_eq(counters->losses, counters->silent + counters->gone + counters->out_of_sequence +
                                            counters->broken + counters->stale + counters->impossible +
                                            counters->different + counters->failed);
    ck_assert_uint_le(counters->losses, struck_in_all(rig));
    ck_assert_uint_le(counters->reloads, counters->losses);
    ck_assert_uint_le(counters->silent, struck[LL_SIM_DEVICE_STALL] + reset + broken);
    ck_assert_uint_le(counters->gone, struck[LL_SIM_DEVICE_GONE]);
    ck_assert_uint_le(counters->broken, broken + reset);
    ck_assert_uint_le(counters->stale, reset + wrong);
    ck_assert_uint_le(counters->impossible, reset + wrong);
    ck_assert_uint_le(counters->different, wrong);
    ck_assert_uint_eq(counters->out_of_sequence, 0);
    if (!rig->config.verify)
        ck_assert_uint_eq(wrong, 0);
    if (!is_away(rig))
        ck_assert_uint_eq(struck_in_all(rig), 0);
}

static void add_to_sums(const struct rig *rig, struct sums *sums)
{
    const struct ll_device_counters *counters = ll_device_counters(rig->device);
    for (uint32_t fault = 0; fault < LL_SIM_FAULT_COUNT; fault++)
        sums->struck[fault] += rig->faults.struck[fault];
#define ADD_COUNTER(name, text) sums->counters.name += counters->name;
    LL_DEVICE_COUNTERS(ADD_COUNTER)
#undef ADD_COUNTER
    sums->full += rig->full;
    sums->cpus += !is_away(rig);
}

static void print_sums(const struct sums *sums)
{
    for (uint32_t fault = FAULT_FIRST; fault <= FAULT_LAST; fault++)
        printf("  %-14s %6llu\n", ll_sim_fault_name((enum ll_sim_fault)fault),
               (unsigned long long)sums->struck[fault]);
#define PRINT_COUNTER(name, text) printf("  %-14s %6llu\n", #name, (unsigned long long)sums->counters.name);
    LL_DEVICE_COUNTERS(PRINT_COUNTER)
#undef PRINT_COUNTER
    printf("  %-14s %6llu\n  %-14s %6llu\n", "tables full", (unsigned long long)sums->full, "cpus",
           (unsigned long long)sums->cpus);
    (void)fflush(stdout);
}

/* --- Runs ------------------------------------------------------------------------------------------------- */

START_TEST(whatever_strikes_changes_no_answer)
{
    struct rig rig;
    struct sums sums = {0};
    uint64_t seed = ll_test_seed("whatever_strikes_changes_no_answer");
    for (uint64_t i = 0; i < SEEDS; i++) {
        rig_init(&rig, seed * SEEDS + i);
        rig_open(&rig);
        attach_and_go(&rig, STEPS);
        same_state(&rig, seed * SEEDS + i);
        losses_have_reasons(&rig);
        add_to_sums(&rig, &sums);
        rig_close(&rig);
    }
    print_sums(&sums);
    for (uint32_t fault = FAULT_FIRST; fault <= FAULT_LAST; fault++)
        ck_assert_msg(sums.struck[fault] != 0, "%s never struck",
                      ll_sim_fault_name((enum ll_sim_fault)fault));
    ck_assert_uint_gt(sums.counters.silent, 0);
    ck_assert_uint_gt(sums.counters.gone, 0);
    ck_assert_uint_gt(sums.counters.broken, 0);
    ck_assert_uint_gt(sums.counters.stale, 0);
    ck_assert_uint_gt(sums.counters.impossible, 0);
    ck_assert_uint_gt(sums.counters.different, 0);
    ck_assert_uint_gt(sums.counters.failed, 0);
    ck_assert_uint_gt(sums.counters.reloads, 0);
    ck_assert_uint_gt(sums.counters.reloads_failed, 0);
    ck_assert_uint_gt(sums.counters.mirror_waits, 0);
    ck_assert_uint_gt(sums.full, 0);
    ck_assert_uint_gt(sums.cpus, 0);
    ck_assert_uint_lt(sums.cpus, SEEDS / 2);
}
END_TEST

START_TEST(without_faults_nothing_is_lost)
{
    struct rig rig;
    struct ll_why why = {0};
    uint64_t seed = ll_test_seed("without_faults_nothing_is_lost");
    for (uint64_t i = 0; i < SEEDS / 8; i++) {
        rig_init(&rig, seed * SEEDS + i);
        ll_sim_faults_calm(&rig.faults);
        rig_open(&rig);
        attach_and_go(&rig, STEPS);
        same_state(&rig, i);
        const struct ll_device_counters *counters = ll_device_counters(rig.device);
        uint64_t before = UPDATES_MAX / 2 + ASKS_MAX / 2; /* here, as recovery */
        ck_assert_uint_eq(counters->losses, 0);
        ck_assert_uint_eq(struck_in_all(&rig), 0);
        ck_assert_uint_eq(counters->device_answers,
                          is_away(&rig) ? counters->updates + counters->asks - before : 0);
        ck_assert_msg(ll_device_compare(rig.device, &why) == LL_OK, "%s", why.text);
        rig_close(&rig);
    }
}
END_TEST

START_TEST(a_seed_is_a_run)
{
    struct rig rig;
    uint64_t history[2];
    struct ll_device_counters counters[2];
    uint64_t seed = ll_test_seed("a_seed_is_a_run");
    for (uint64_t i = 0; i < SEEDS / 8; i++) {
        for (uint32_t run = 0; run < 2; run++) {
            rig_init(&rig, seed * SEEDS + i);
            rig_open(&rig);
            attach_and_go(&rig, STEPS);
            history[run] = rig.history ^ ll_sim_device_now_ns(rig.sim);
            counters[run] = *ll_device_counters(rig.device);
            rig_close(&rig);
        }
        ck_assert_uint_eq(history[0], history[1]);
        ck_assert_mem_eq(&counters[0], &counters[1], sizeof counters[0]);
    }
}
END_TEST

/* By counters that are not 0 over some seeds, and by those that are. */
START_TEST(each_fault_is_found_as_what_it_is)
{
    struct rig rig;
    struct sums sums = {0};
    enum ll_sim_fault fault = (enum ll_sim_fault)(FAULT_FIRST + (uint32_t)_i);
    uint64_t seed = ll_test_seed("each_fault_is_found_as_what_it_is");
    for (uint64_t i = 0; i < SEEDS / 8; i++) {
        rig_init(&rig, seed * SEEDS + i);
        rig_only(&rig, fault, fault == LL_SIM_DEVICE_GONE ? 100000 : 5000);
        rig_open(&rig);
        attach_and_go(&rig, STEPS);
        same_state(&rig, i);
        losses_have_reasons(&rig);
        add_to_sums(&rig, &sums);
        rig_close(&rig);
    }
    const struct ll_device_counters *counters = &sums.counters;
    ck_assert_uint_gt(sums.struck[fault], 0);
    ck_assert_uint_gt(counters->losses, 0);
    ck_assert_uint_gt(counters->reloads, 0);
    ck_assert_int_eq(counters->silent != 0, fault != LL_SIM_DEVICE_WRONG && fault != LL_SIM_DEVICE_GONE);
    ck_assert_int_eq(counters->gone != 0, fault == LL_SIM_DEVICE_GONE);
    ck_assert_int_eq(counters->broken != 0, fault == LL_SIM_DEVICE_BROKEN || fault == LL_SIM_DEVICE_RESET);
    if (fault != LL_SIM_DEVICE_WRONG) /* the epoch may be what is wrong */
        ck_assert_int_eq(counters->stale != 0, fault == LL_SIM_DEVICE_RESET);
    ck_assert_int_eq(counters->different != 0, fault == LL_SIM_DEVICE_WRONG);
}
END_TEST

/* Nothing is in the tables, so that nothing can be missed in them: the memory is gone before any of a load's requests,
 * and what lies there then are no tables. */
START_TEST(what_is_forgotten_in_a_load_is_missed)
{
    struct rig rig;
    struct ll_why why = {0};
    struct sums sums = {0};
    uint64_t seed = ll_test_seed("what_is_forgotten_in_a_load_is_missed");
    for (uint64_t i = 0; i < SEEDS; i++) {
        rig_init(&rig, seed * SEEDS + i);
        rig_only(&rig, LL_SIM_DEVICE_RESET, 60000);
        rig.config.verify = false;
        rig_open(&rig);
        ck_assert_msg(ll_device_attach(rig.device, &why) == LL_OK, "%s", why.text);
        ll_sim_faults_calm(&rig.faults);
        some_steps(&rig, STEPS / 4);
        same_state(&rig, i);
        losses_have_reasons(&rig);
        add_to_sums(&rig, &sums);
        rig_close(&rig);
    }
    ck_assert_uint_gt(sums.counters.failed, SEEDS / 8);
    ck_assert_uint_gt(sums.counters.device_answers, 0);
}
END_TEST

/* All was done to it, and now all is well: whoever reloads is there again, unless the tries were used up. */
START_TEST(after_the_faults_all_heals)
{
    struct rig rig;
    uint64_t healed = 0;
    struct ll_why why = {0};
    uint64_t seed = ll_test_seed("after_the_faults_all_heals");
    for (uint64_t i = 0; i < SEEDS / 4; i++) {
        rig_init(&rig, seed * SEEDS + i);
        rig_open(&rig);
        attach_and_go(&rig, STEPS / 2);
        ll_sim_faults_calm(&rig.faults);
        bool was_lost = ll_device_standing(rig.device) == LL_DEVICE_RELOADING;
        some_steps(&rig, HEAL_STEPS);
        ck_assert_int_ne(ll_device_standing(rig.device), LL_DEVICE_RELOADING);
        healed += was_lost && ll_device_standing(rig.device) == LL_DEVICE_THERE;
        uint64_t losses = ll_device_counters(rig.device)->losses;
        some_steps(&rig, STEPS / 2);
        same_state(&rig, i);
        ck_assert_uint_eq(ll_device_counters(rig.device)->losses, losses);
        ck_assert_msg(ll_device_compare(rig.device, &why) == LL_OK, "%s", why.text);
        rig_close(&rig);
    }
    printf("  healed %llu\n", (unsigned long long)healed);
    ck_assert_uint_gt(healed, 0);
}
END_TEST

/* A gateway that is killed says no goodbye, and the next one starts its device anew. */
START_TEST(a_gateway_after_another)
{
    struct rig rig;
    uint64_t seed = ll_test_seed("a_gateway_after_another");
    for (uint64_t i = 0; i < SEEDS / 8; i++) {
        rig_init(&rig, seed * SEEDS + i);
        for (uint32_t life = 0; life < 3; life++) {
            rig_open(&rig);
            attach_and_go(&rig, STEPS / 4);
            same_state(&rig, i);
            ll_device_close(rig.device);
            ll_device_close(rig.cpu);
            ll_sim_device_fill(rig.sim, &rig.config);
        }
        ll_sim_device_free(rig.sim);
    }
}
END_TEST

/* The canary: the simulated device believes that it is verified, and nobody does. */
START_TEST(wrong_answers_that_nobody_verifies_are_seen_here)
{
    struct rig rig;
    uint64_t differences = 0;
    uint64_t seed = ll_test_seed("wrong_answers_that_nobody_verifies_are_seen_here");
    for (uint64_t i = 0; i < SEEDS / 8; i++) {
        rig_init(&rig, seed * SEEDS + i);
        rig_only(&rig, LL_SIM_DEVICE_WRONG, 5000);
        rig.config.verify = false;
        rig_open(&rig);
        attach_and_go(&rig, STEPS);
        differences += rig.differences;
        rig_close(&rig);
    }
    ck_assert_uint_gt(differences, 0);
}
END_TEST

START_TEST(nobody_else_works)
{
    struct rig rig;
    uint32_t tasks = 0;
    for (uint64_t i = 0; i < 8; i++) {
        rig_init(&rig, i);
        rig_open(&rig);
        attach_and_go(&rig, 4);
        DIR *dir = opendir("/proc/self/task");
        ck_assert_ptr_nonnull(dir);
        tasks = 0;
        for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
            tasks += entry->d_name[0] != '.';
        (void)closedir(dir);
        ck_assert_uint_eq(tasks, 1);
        rig_close(&rig);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim_device");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_test(all, whatever_strikes_changes_no_answer);
    tcase_add_test(all, without_faults_nothing_is_lost);
    tcase_add_test(all, a_seed_is_a_run);
    tcase_add_loop_test(all, each_fault_is_found_as_what_it_is, 0, FAULT_LAST - FAULT_FIRST + 1);
    tcase_add_test(all, what_is_forgotten_in_a_load_is_missed);
    tcase_add_test(all, after_the_faults_all_heals);
    tcase_add_test(all, a_gateway_after_another);
    tcase_add_test(all, wrong_answers_that_nobody_verifies_are_seen_here);
    tcase_add_test(all, nobody_else_works);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
