/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A suite whose cases need DPDK: EAL starts once per process, so they share it and do not fork.
 *
 * Shape    int main(void) { ...; return ll_test_run_with_eal(suite, &config); }
 * Units    the return value is main's: 0 = nothing failed.
 * Errors   an EAL that does not start is a failure, never a skip: DPDK needs no rights and no card.
 * Threads  one. check's own timeout needs a fork: set an alarm.
 */
#ifndef LL_TESTS_UNIT_TEST_EAL_H
#define LL_TESTS_UNIT_TEST_EAL_H

#include "dpdk/ll_port.h"

#include <check.h>
#include <stdio.h>

static inline int ll_test_run_with_eal(Suite *suite, const struct ll_eal_config *config)
{
    struct ll_why why = {0};
    if (ll_eal_start(config, &why) != LL_OK) {
        printf("EAL: %s\n", why.text);
        return 1;
    }
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    ll_eal_stop();
    return failed == 0 ? 0 : 1;
}

#endif
