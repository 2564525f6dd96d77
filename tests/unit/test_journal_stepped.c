/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a journal that its owner steps writes what the one with threads writes, byte for byte; does nothing unless it
 * is given a turn; and keeps the same promises when the disk fails, the process is killed or the power goes.
 * Method: the scripted records of the other journal tests on a simulated disk. Without threads a run is the same each
 * time, so every operation of the disk is struck once.
 */
#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"
#include "tests/model/ll_journal_script.h"
#include "tests/model/ll_sim_disk.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define STEPPED_RECORDS 400u
#define STEPPED_K_MAX   4000u

static void stepped_config(struct ll_journal_config *config, struct ll_sim_disk *disk, bool is_stepped)
{
    ll_journal_config_default(config);
    config->dir = "sim";
    config->segment_bytes = LL_JOURNAL_SEGMENT_BYTES_MIN;
    config->ring_slots = 64;
    config->files = ll_sim_disk_files(disk);
    config->is_stepped = is_stepped;
}

static struct ll_journal_script stepped_script(uint64_t seed)
{
    return (struct ll_journal_script){.seed = seed,
                                      .start_ns = (uint64_t)20000 * 86400 * LL_NS_PER_S,
                                      .step_ns = (uint64_t)600 * LL_NS_PER_S, /* a day in 144 records */
                                      .payload_bytes = UINT32_MAX};
}

static struct ll_journal *stepped_open(const struct ll_journal_config *config)
{
    struct ll_journal *journal = NULL;
    struct ll_journal_recovery recovery;
    struct ll_why why = {0};
    int rc = ll_journal_open(&journal, config, &recovery, &why);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
    return journal;
}

/* One record, whatever it takes. */
static int stepped_append(const struct ll_journal_script *script, struct ll_journal *journal,
                          uint64_t event_id)
{
    struct ll_slot slots[LL_RECORD_SLOTS_MAX];
    struct ll_script_record record;
    ll_script_make(script, event_id, &record);
    uint32_t slot_count = ll_record_write(slots, record.kind, record.verdict, event_id, record.time_ns,
                                          record.payload, record.payload_bytes);
    int rc = ll_journal_append(journal, slots, slot_count);
    while (rc == LL_ERR_FULL) {
        (void)ll_journal_work(journal);
        rc = ll_journal_append(journal, slots, slot_count);
    }
    return rc;
}

static void stepped_drain(struct ll_journal *journal)
{
    while (ll_journal_work(journal))
        ;
}

/* --- the same bytes ------------------------------------------------------------------------------------------- */

/* Each record is a run of its own, so that the writer's thread cannot put together what the steps keep apart. */
static void write_one_by_one(struct ll_sim_disk *disk, const struct ll_journal_script *script,
                             bool is_stepped)
{
    struct ll_journal_config config;
    stepped_config(&config, disk, is_stepped);
    struct ll_journal *journal = stepped_open(&config);
    for (uint64_t id = 1; id <= STEPPED_RECORDS; id++) {
        if (is_stepped) {
            ck_assert_int_eq(stepped_append(script, journal, id), LL_OK);
            stepped_drain(journal);
            ck_assert_uint_eq(ll_journal_durable_event_id(journal), id);
        } else {
            ck_assert_int_eq(ll_script_append(script, journal, id, 1), LL_OK);
            ck_assert_int_eq(ll_script_wait_durable(journal, id), LL_OK);
        }
    }
    ck_assert_int_eq(ll_journal_close(journal, NULL), LL_OK);
}

START_TEST(the_bytes_are_those_of_the_threads)
{
    const struct ll_journal_script script = stepped_script(ll_test_seed("journal_stepped"));
    struct ll_sim_disk *threaded = ll_sim_disk_new();
    struct ll_sim_disk *stepped = ll_sim_disk_new();
    write_one_by_one(threaded, &script, false);
    write_one_by_one(stepped, &script, true);
    uint32_t compared = 0;
    for (uint32_t i = 0; i < ll_sim_disk_file_count(stepped); i++) {
        const char *name = ll_sim_disk_file_name(stepped, i);
        uint8_t *bytes;
        uint8_t *other_bytes;
        uint64_t bytes_count;
        uint64_t other_bytes_count;
        ck_assert(ll_sim_disk_file(stepped, name, &bytes, &bytes_count));
        /* One segment is ahead, and who closes first need not have made it. */
        if (!ll_sim_disk_file(threaded, name, &other_bytes, &other_bytes_count))
            continue;
        ck_assert_uint_eq(bytes_count, other_bytes_count);
        ck_assert_mem_eq(bytes, other_bytes, bytes_count);
        compared++;
    }
    ck_assert_uint_ge(compared, 3); /* days and full segments */
    ll_sim_disk_free(threaded);
    ll_sim_disk_free(stepped);
}
END_TEST

/* --- turns ------------------------------------------------------------------------------------------------------ */

START_TEST(nothing_is_durable_before_a_turn)
{
    struct ll_journal_config config;
    struct ll_journal_stats stats;
    const struct ll_journal_script script = stepped_script(1);
    struct ll_sim_disk *disk = ll_sim_disk_new();
    stepped_config(&config, disk, true);
    struct ll_journal *journal = stepped_open(&config);
    ck_assert(ll_journal_work(journal)); /* the next segment */
    ck_assert(!ll_journal_work(journal));
    for (uint64_t id = 1; id <= 3; id++)
        ck_assert_int_eq(stepped_append(&script, journal, id), LL_OK);
    ll_journal_stats(journal, &stats);
    ck_assert_uint_eq(stats.records_appended, 3);
    ck_assert_uint_eq(stats.writes, 0);
    ck_assert_uint_eq(ll_journal_durable_event_id(journal), 0);
    stepped_drain(journal);
    ck_assert_uint_eq(ll_journal_durable_event_id(journal), 3);
    ck_assert_int_eq(stepped_append(&script, journal, 4), LL_OK);
    ck_assert_int_eq(ll_journal_close(journal, NULL), LL_OK); /* what is queued is written */
    uint64_t last;
    ck_assert_int_eq(ll_script_read(&script, "sim", ll_sim_disk_files(disk), &last, NULL), LL_ERR_SHORT);
    ck_assert_uint_eq(last, 4);
    ll_sim_disk_free(disk);
}
END_TEST

/* Also when nobody has made the next segment ahead: the writer makes it when it needs it. */
START_TEST(the_writer_needs_no_turn_of_the_preparer)
{
    struct ll_journal_config config;
    struct ll_journal_stats stats;
    const struct ll_journal_script script = stepped_script(2);
    struct ll_sim_disk *disk = ll_sim_disk_new();
    stepped_config(&config, disk, true);
    struct ll_journal *journal = stepped_open(&config);
    for (uint64_t id = 1; id <= STEPPED_RECORDS; id++) {
        ck_assert_int_eq(stepped_append(&script, journal, id), LL_OK);
        while (ll_journal_durable_event_id(journal) < id)
            ck_assert(ll_journal_work(journal));
    }
    ll_journal_stats(journal, &stats);
    ck_assert_uint_ge(stats.segments_created, 3);
    ck_assert_int_eq(ll_journal_close(journal, NULL), LL_OK);
    ll_sim_disk_free(disk);
}
END_TEST

/* The turn in which the writer fails is the last one: nothing else is begun in it. */
START_TEST(a_turn_that_fails_does_nothing_more)
{
    struct ll_journal_config config;
    const struct ll_journal_script script = stepped_script(3);
    struct ll_sim_disk *disk = ll_sim_disk_new();
    stepped_config(&config, disk, true);
    struct ll_journal *journal = stepped_open(&config);
    uint32_t files = ll_sim_disk_file_count(disk);
    ck_assert_int_eq(stepped_append(&script, journal, 1), LL_OK);
    ll_sim_disk_plan_fault(disk, LL_SIM_SYNC, 1, LL_ERR_IO);
    ck_assert(!ll_journal_work(journal));
    ck_assert(!ll_journal_work(journal));
    ck_assert_uint_eq(ll_sim_disk_file_count(disk), files);
    ck_assert_int_eq(ll_journal_close(journal, NULL), LL_ERR_IO);
    ll_sim_disk_free(disk);
}
END_TEST

/* --- faults ------------------------------------------------------------------------------------------------------ */

/* Goes on from what is there up to STEPPED_RECORDS, with turns now and then; stops where the disk says so. Returns what
 * was reported durable; *recovered is UINT64_MAX when it could not be opened. */
static uint64_t live(struct ll_sim_disk *disk, const struct ll_journal_script *script, uint64_t seed,
                     uint64_t *recovered, int *status)
{
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    struct ll_journal *journal;
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    stepped_config(&config, disk, true);
    config.write_slots_max = 1u << ll_prng_below(&prng, 7);
    *recovered = UINT64_MAX;
    *status = ll_journal_open(&journal, &config, &recovery, NULL);
    if (*status != LL_OK)
        return 0;
    *recovered = recovery.last_event_id;
    int rc = LL_OK;
    for (uint64_t id = recovery.last_event_id + 1; id <= STEPPED_RECORDS && rc == LL_OK; id++) {
        rc = stepped_append(script, journal, id);
        if (ll_prng_chance(&prng, 300))
            (void)ll_journal_work(journal);
    }
    stepped_drain(journal);
    uint64_t durable = ll_journal_durable_event_id(journal);
    *status = ll_journal_status(journal, NULL);
    ck_assert(rc == LL_OK || *status != LL_OK);
    if (*status != LL_OK) { /* it stays so, and says so */
        ck_assert(!ll_journal_work(journal));
        ck_assert_int_eq(stepped_append(script, journal, STEPPED_RECORDS + 1), LL_ERR_STOPPED);
        ck_assert_uint_eq(ll_journal_durable_event_id(journal), durable);
    }
    int closed = ll_journal_close(journal, NULL);
    ck_assert(*status == LL_OK || closed == *status);
    ck_assert_uint_eq(ll_sim_disk_open_count(disk), 0);
    return durable;
}

/* What is left is a prefix with all that was durable, and the next life completes it. */
static void check_left(struct ll_sim_disk *disk, const struct ll_journal_script *script, uint64_t durable,
                       uint64_t k)
{
    struct ll_why why = {0};
    uint64_t last = 0;
    uint64_t recovered = 0;
    int status = LL_OK;
    int rc = ll_script_read(script, "sim", ll_sim_disk_files(disk), &last, &why);
    ck_assert_msg(rc == LL_ERR_SHORT || (rc == LL_ERR_INPUT && durable == 0), "k %llu: %s",
                  (unsigned long long)k, why.text);
    ck_assert_msg(last >= durable, "k %llu: %llu were durable, %llu are left", (unsigned long long)k,
                  (unsigned long long)durable, (unsigned long long)last);
    ck_assert_uint_eq(live(disk, script, k, &recovered, &status), STEPPED_RECORDS);
    ck_assert_int_eq(status, LL_OK);
    ck_assert_uint_eq(recovered, last);
    ck_assert_int_eq(ll_script_read(script, "sim", ll_sim_disk_files(disk), &last, NULL), LL_ERR_SHORT);
    ck_assert_uint_eq(last, STEPPED_RECORDS);
}

enum strike { STRIKE_WRITE, STRIKE_SYNC, STRIKE_FULL, STRIKE_KILL, STRIKE_KILL_THEN_POWER, STRIKE_POWER };

static void plan(struct ll_sim_disk *disk, enum strike strike, uint64_t k)
{
    if (strike == STRIKE_WRITE)
        ll_sim_disk_plan_fault(disk, LL_SIM_WRITE, k, LL_ERR_IO);
    else if (strike == STRIKE_SYNC)
        ll_sim_disk_plan_fault(disk, LL_SIM_SYNC, k, LL_ERR_IO);
    else if (strike == STRIKE_FULL)
        ll_sim_disk_plan_fault(disk, LL_SIM_CREATE, k, LL_ERR_NO_SPACE);
    else if (strike == STRIKE_POWER)
        ll_sim_disk_plan_cut(disk, k);
    else
        ll_sim_disk_plan_kill(disk, k, k);
}

/* k = 1, 2, 3 ... until the run completes. */
START_TEST(every_operation_is_struck_once)
{
    enum strike strike = (enum strike)_i;
    const struct ll_journal_script script = stepped_script(ll_test_seed("journal_stepped") + (uint64_t)_i);
    bool struck = true;
    uint64_t k = 0;
    while (struck && k < STEPPED_K_MAX) {
        struct ll_sim_disk *disk = ll_sim_disk_new();
        uint64_t recovered;
        int status;
        k++;
        plan(disk, strike, k);
        uint64_t durable = live(disk, &script, 0, &recovered, &status);
        struck = ll_sim_disk_struck(disk);
        if (!struck)
            ck_assert_uint_eq(durable, STEPPED_RECORDS);
        if (strike == STRIKE_POWER || strike == STRIKE_KILL_THEN_POWER)
            ll_sim_disk_power_cut(disk, k);
        else
            ll_sim_disk_restart(disk);
        check_left(disk, &script, durable, k);
        ll_sim_disk_free(disk);
    }
    ck_assert_uint_lt(k, STEPPED_K_MAX);
    ck_assert_uint_gt(k, 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal_stepped");
    TCase *turns = tcase_create("turns");
    tcase_add_test(turns, the_bytes_are_those_of_the_threads);
    tcase_add_test(turns, nothing_is_durable_before_a_turn);
    tcase_add_test(turns, the_writer_needs_no_turn_of_the_preparer);
    tcase_add_test(turns, a_turn_that_fails_does_nothing_more);
    suite_add_tcase(suite, turns);
    TCase *faults = tcase_create("faults");
    tcase_set_timeout(faults, 120);
    tcase_add_loop_test(faults, every_operation_is_struck_once, 0, STRIKE_POWER + 1);
    suite_add_tcase(suite, faults);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
