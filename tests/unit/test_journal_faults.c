/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: one failing disk operation never loses what was reported durable, stops the journal for good, names
 * its reason, and the next start on a healthy disk goes on. Method: a simulated disk fails the N-th write,
 * sync, creation or other operation with each error, for N = 1, 2, 3 ... until the run completes; then a
 * power cut or not by seed, then a second life that must finish the run.
 */
#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"
#include "tests/model/ll_journal_script.h"
#include "tests/model/ll_sim_disk.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULT_RECORDS 600u
#define FAULT_N_MAX   2000u

struct fault_case {
    enum ll_sim_operation kind;
    int code;
    const char *name;
};

static const struct fault_case fault_cases[] = {
    {LL_SIM_WRITE, LL_ERR_IO, "write io"},
    {LL_SIM_WRITE, LL_ERR_NO_SPACE, "write no space"},
    {LL_SIM_SYNC, LL_ERR_IO, "sync io"},
    {LL_SIM_SYNC, LL_ERR_NO_SPACE, "sync no space"},
    {LL_SIM_CREATE, LL_ERR_IO, "create io"},
    {LL_SIM_CREATE, LL_ERR_NO_SPACE, "create no space"},
    {LL_SIM_OTHER, LL_ERR_IO, "rename, remove io"},
};

static uint64_t fault_seed(void)
{
    const char *text = getenv("LL_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 20261121u;
}

/* One life: opens, appends all that is missing, closes. `status` is how it ended. */
static uint64_t fault_live(const struct ll_journal_config *config, const struct ll_journal_script *script,
                           uint64_t *recovered, int *status, struct ll_why *why)
{
    struct ll_journal *journal;
    struct ll_journal_recovery recovery;
    *recovered = UINT64_MAX;
    *status = ll_journal_open(&journal, config, &recovery, why);
    if (*status != LL_OK) {
        ck_assert_ptr_null(journal);
        return 0;
    }
    *recovered = recovery.last_event_id;
    int rc = LL_OK;
    if (recovery.last_event_id < FAULT_RECORDS)
        rc = ll_script_append(script, journal, recovery.last_event_id + 1,
                              FAULT_RECORDS - recovery.last_event_id);
    ck_assert(rc == LL_OK || rc == LL_ERR_STOPPED);
    rc = ll_script_wait_durable(journal, FAULT_RECORDS);
    uint64_t durable = ll_journal_durable_event_id(journal);
    if (rc != LL_OK) {
        /* Failed is final: nothing is taken any more and the watermark stays. */
        for (int i = 0; i < 3; i++)
            ck_assert_int_eq(ll_script_append(script, journal, durable + 1, 1), LL_ERR_STOPPED);
        ck_assert_uint_eq(ll_journal_durable_event_id(journal), durable);
    }
    *status = ll_journal_close(journal, why);
    ck_assert(rc == LL_OK || *status == rc);
    return durable;
}

START_TEST(fault_at_every_operation)
{
    const struct fault_case *fault = &fault_cases[_i];
    bool struck = true;
    uint64_t failures = 0;
    uint64_t n = 0;
    printf("LL_SEED=%llu %s\n", (unsigned long long)fault_seed(), fault->name);
    while (struck && n < FAULT_N_MAX) {
        struct ll_journal_config config;
        struct ll_prng prng;
        struct ll_why why = {0};
        uint64_t recovered;
        uint64_t last;
        int status;
        n++;
        ll_prng_init(&prng, fault_seed() + n * 977u + (uint64_t)_i);
        struct ll_sim_disk *disk = ll_sim_disk_new();
        struct ll_journal_script script = {.seed = ll_prng_next(&prng),
                                           .start_ns = (uint64_t)20000 * 86400 * LL_NS_PER_S,
                                           .step_ns = (uint64_t)400 * LL_NS_PER_S,
                                           .payload_bytes = UINT32_MAX};
        ll_journal_config_default(&config);
        config.dir = "sim";
        config.segment_bytes = LL_JOURNAL_SEGMENT_BYTES_MIN;
        config.ring_slots = 128;
        config.write_slots_max = 64;
        config.writer_spin_ns = 1000;
        config.files = ll_sim_disk_files(disk);
        ll_sim_disk_plan_fault(disk, fault->kind, n, fault->code);
        uint64_t durable = fault_live(&config, &script, &recovered, &status, &why);
        struck = ll_sim_disk_struck(disk);
        if (status != LL_OK) {
            failures++;
            ck_assert_int_eq(status, fault->code);
            ck_assert_msg(strstr(why.text, "planned fault") != NULL, "n %llu: %s", (unsigned long long)n,
                          why.text);
        }
        if (ll_prng_chance(&prng, 500))
            ll_sim_disk_power_cut(disk, ll_prng_next(&prng));
        memset(&why, 0, sizeof why);
        ll_sim_disk_plan_fault(disk, fault->kind, 0, LL_OK);
        uint64_t end = fault_live(&config, &script, &recovered, &status, &why);
        ck_assert_msg(status == LL_OK, "n %llu: %s", (unsigned long long)n, why.text);
        ck_assert_uint_ge(recovered, durable);
        ck_assert_uint_eq(end, FAULT_RECORDS);
        int rc = ll_script_read(&script, "sim", config.files, &last, &why);
        ck_assert_msg(rc == LL_ERR_SHORT, "n %llu: %s", (unsigned long long)n, why.text);
        ck_assert_uint_eq(last, FAULT_RECORDS);
        ll_sim_disk_free(disk);
    }
    ck_assert_uint_gt(failures, 1);
    ck_assert(!struck);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal_faults");
    TCase *faults = tcase_create("faults");
    tcase_set_timeout(faults, 120);
    tcase_add_loop_test(faults, fault_at_every_operation, 0,
                        (int)(sizeof fault_cases / sizeof fault_cases[0]));
    suite_add_tcase(suite, faults);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
