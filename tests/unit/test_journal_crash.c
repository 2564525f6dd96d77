/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: after a power cut or a kill at any instant the journal is a prefix of what was appended, in order and
 * bit exact, holds everything that was reported durable, and goes on. Method: a simulated disk whose power
 * goes during the k-th operation, k = 1, 2, 3 ... until the run completes, with each sector that was not
 * synced kept, lost or garbled by seed; then the same during recovery; then real files and a child process
 * that is killed at random instants.
 */
#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"
#include "tests/model/ll_journal_script.h"
#include "tests/model/ll_sim_disk.h"
#include "tests/unit/ll_test_dir.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CRASH_RECORDS 900u
#define CRASH_K_MAX   4000u
#define KILLS         60u

static uint64_t crash_seed(void)
{
    const char *text = getenv("LL_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 20261121u;
}

static void crash_config(struct ll_journal_config *config, struct ll_sim_disk *disk, struct ll_prng *prng)
{
    ll_journal_config_default(config);
    config->dir = "sim";
    config->segment_bytes = LL_JOURNAL_SEGMENT_BYTES_MIN;
    config->ring_slots = 256;
    config->writer_spin_ns = 1000;
    config->write_slots_max = 1u << ll_prng_below(prng, 9);
    config->run_align_bytes = ll_prng_chance(prng, 200) ? 4096 : 512;
    config->files = ll_sim_disk_files(disk);
}

static const struct ll_journal_script *crash_script(uint64_t seed)
{
    static struct ll_journal_script script;
    script = (struct ll_journal_script){.seed = seed,
                                        .start_ns = (uint64_t)20000 * 86400 * LL_NS_PER_S,
                                        .step_ns = (uint64_t)300 * LL_NS_PER_S, /* a day in 288 records */
                                        .payload_bytes = UINT32_MAX};
    return &script;
}

/* Opens, appends up to CRASH_RECORDS, closes; a power cut anywhere is fine. Returns what was reported
 * durable, and in *recovered what open found (UINT64_MAX when open failed). */
static uint64_t crash_live(const struct ll_journal_config *config, const struct ll_journal_script *script,
                           uint64_t *recovered, struct ll_why *why)
{
    struct ll_journal *journal;
    struct ll_journal_recovery recovery;
    *recovered = UINT64_MAX;
    int rc = ll_journal_open(&journal, config, &recovery, why);
    if (rc != LL_OK)
        return 0;
    *recovered = recovery.last_event_id;
    rc = LL_OK;
    if (recovery.last_event_id < CRASH_RECORDS)
        rc = ll_script_append(script, journal, recovery.last_event_id + 1,
                              CRASH_RECORDS - recovery.last_event_id);
    if (rc == LL_OK)
        rc = ll_script_wait_durable(journal, CRASH_RECORDS);
    uint64_t durable = ll_journal_durable_event_id(journal);
    int closed = ll_journal_close(journal, why);
    ck_assert(rc == LL_OK || closed != LL_OK);
    return durable;
}

/* After the cut: a reader sees at least `durable`; opening finds the same; a second life completes the run.
 */
static void crash_check(struct ll_sim_disk *disk, const struct ll_journal_config *config,
                        const struct ll_journal_script *script, uint64_t durable, uint64_t k)
{
    struct ll_why why = {0};
    uint64_t last = 0;
    uint64_t recovered;
    int rc = ll_script_read(script, "sim", ll_sim_disk_files(disk), &last, &why);
    ck_assert_msg(rc == LL_ERR_SHORT || (rc == LL_ERR_INPUT && durable == 0), "k %llu: rc %d %s",
                  (unsigned long long)k, rc, why.text);
    ck_assert_msg(last >= durable, "k %llu: %llu reported durable, %llu left", (unsigned long long)k,
                  (unsigned long long)durable, (unsigned long long)last);
    ck_assert_uint_le(last, CRASH_RECORDS);
    memset(&why, 0, sizeof why);
    uint64_t end = crash_live(config, script, &recovered, &why);
    ck_assert_msg(recovered == last, "k %llu: read %llu, recovered %llu: %s", (unsigned long long)k,
                  (unsigned long long)last, (unsigned long long)recovered, why.text);
    ck_assert_msg(end == CRASH_RECORDS, "k %llu: second life ended at %llu: %s", (unsigned long long)k,
                  (unsigned long long)end, why.text);
    rc = ll_script_read(script, "sim", ll_sim_disk_files(disk), &last, &why);
    ck_assert_msg(rc == LL_ERR_SHORT, "k %llu: %s", (unsigned long long)k, why.text);
    ck_assert_uint_eq(last, CRASH_RECORDS);
}

START_TEST(crash_power_cut_at_every_operation)
{
    uint64_t seed = crash_seed() + (uint64_t)_i * 1000003u;
    bool struck = true;
    uint64_t torn = 0;
    printf("LL_SEED=%llu\n", (unsigned long long)crash_seed());
    uint64_t k = 0;
    while (struck && k < CRASH_K_MAX) {
        struct ll_journal_config config;
        struct ll_prng prng;
        struct ll_why why = {0};
        uint64_t recovered;
        k++;
        ll_prng_init(&prng, seed + k);
        struct ll_sim_disk *disk = ll_sim_disk_new();
        const struct ll_journal_script *script = crash_script(ll_prng_next(&prng));
        crash_config(&config, disk, &prng);
        if (_i == 0)
            config.write_slots_max = 256; /* few operations: so that the run completes within the bound */
        ll_sim_disk_plan_cut(disk, k);
        uint64_t durable = crash_live(&config, script, &recovered, &why);
        struck = ll_sim_disk_struck(disk);
        ll_sim_disk_power_cut(disk, ll_prng_next(&prng));
        torn += durable < CRASH_RECORDS;
        crash_check(disk, &config, script, durable, k);
        ll_sim_disk_free(disk);
        if (_i > 0 && k >= 400)
            break;
    }
    ck_assert_uint_gt(torn, 10);
    ck_assert(_i > 0 || !struck);
}
END_TEST

/* The power goes again while the first cut is being repaired, at every operation of the repair. */
START_TEST(crash_power_cut_during_recovery)
{
    uint64_t seed = crash_seed() * 31u + 7u;
    for (uint64_t round = 0; round < 150; round++) {
        struct ll_journal_config config;
        struct ll_prng prng;
        struct ll_why why = {0};
        uint64_t recovered;
        ll_prng_init(&prng, seed + round);
        struct ll_sim_disk *disk = ll_sim_disk_new();
        const struct ll_journal_script *script = crash_script(ll_prng_next(&prng));
        crash_config(&config, disk, &prng);
        uint64_t durable = 0;
        for (int life = 0; life < 5; life++) {
            ll_sim_disk_plan_cut(disk, 1 + ll_prng_below(&prng, life == 0 ? 120 : 8));
            uint64_t reported = crash_live(&config, script, &recovered, &why);
            if (recovered != UINT64_MAX) {
                ck_assert_uint_ge(recovered, durable);
                durable = recovered; /* what open reports is durable from then on */
            }
            if (reported > durable)
                durable = reported;
            ll_sim_disk_power_cut(disk, ll_prng_next(&prng));
        }
        crash_check(disk, &config, script, durable, round);
        ll_sim_disk_free(disk);
    }
}
END_TEST

/* The child: recovers, appends for ever, tells the parent what is durable. */
static void crash_child(const struct ll_journal_config *config, const struct ll_journal_script *script,
                        int report)
{
    struct ll_journal *journal;
    struct ll_journal_recovery recovery;
    struct ll_why why = {0};
    if (ll_journal_open(&journal, config, &recovery, &why) != LL_OK) {
        (void)fprintf(stderr, "child: %s\n", why.text);
        _exit(3);
    }
    uint64_t durable = recovery.last_event_id;
    for (uint64_t id = recovery.last_event_id + 1;; id++) {
        if (write(report, &durable, sizeof durable) != (ssize_t)sizeof durable)
            _exit(4);
        if (ll_script_append(script, journal, id, 1) != LL_OK)
            _exit(5);
        durable = ll_journal_durable_event_id(journal);
    }
}

/* One life of the child, ended by SIGKILL after `live_us`; returns the last durable id it reported. */
static uint64_t crash_one_kill(const struct ll_journal_config *config, const struct ll_journal_script *script,
                               uint32_t live_us)
{
    int report[2];
    uint64_t durable = 0;
    uint64_t value;
    ck_assert_int_eq(pipe(report), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)close(report[0]);
        crash_child(config, script, report[1]);
    }
    (void)close(report[1]);
    uint64_t start_ns = ll_clock_mono_ns();
    bool killed = false;
    for (;;) {
        ssize_t got = read(report[0], &value, sizeof value);
        if (got != (ssize_t)sizeof value)
            break;
        durable = value;
        if (!killed && ll_clock_mono_ns() - start_ns > (uint64_t)live_us * LL_NS_PER_US) {
            (void)kill(child, SIGKILL);
            killed = true;
        }
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status), "the child ended by itself: %d", status);
    (void)close(report[0]);
    return durable;
}

START_TEST(crash_kill_the_process)
{
    char dir[] = "/tmp/ll-journal-kill-XXXXXX";
    struct ll_journal_config config;
    struct ll_prng prng;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    const struct ll_journal_script *script = crash_script(crash_seed());
    ll_journal_config_default(&config);
    config.dir = dir;
    config.segment_bytes = LL_JOURNAL_SEGMENT_BYTES_MIN * 4;
    config.ring_slots = 1024;
    ll_prng_init(&prng, crash_seed());
    uint64_t last = 0;
    for (uint32_t kill_index = 0; kill_index < KILLS; kill_index++) {
        struct ll_why why = {0};
        uint64_t before = last;
        uint64_t durable = crash_one_kill(&config, script, 1000 + ll_prng_below(&prng, 12000));
        int rc = ll_script_read(script, dir, NULL, &last, &why);
        ck_assert_msg(rc == LL_ERR_SHORT, "kill %u: rc %d %s", kill_index, rc, why.text);
        ck_assert_uint_ge(last, durable);
        ck_assert_uint_ge(last, before);
    }
    ck_assert_uint_gt(last, KILLS);
    ll_test_remove_dir(dir);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal_crash");
    TCase *power = tcase_create("power");
    tcase_set_timeout(power, 120);
    tcase_add_loop_test(power, crash_power_cut_at_every_operation, 0, 3);
    tcase_add_test(power, crash_power_cut_during_recovery);
    suite_add_tcase(suite, power);
    TCase *killed = tcase_create("kill");
    tcase_set_timeout(killed, 120);
    tcase_add_test(killed, crash_kill_the_process);
    suite_add_tcase(suite, killed);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
