/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: DPDK's AF_XDP device works as a port on a kernel interface, and closing it detaches its program.
 * Method: as test_port_live: a namespace of our own and a virtual Ethernet pair. One opening only: the driver
 * cannot open the same interface twice in a process. Skipped (77) without root or a kernel with AF_XDP.
 */
#include "tests/model/live_link.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Asked by the leak sanitizer, when there is one: the driver keeps its buffer registration when it is closed.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libxdp";
}

#define SKIPPED 77

static struct ll_port *port;

START_TEST(af_xdp_receives)
{
    ck_assert(live_run("ip -d link show llv1 | grep -q prog/xdp"));
    const char *problem = live_exchange(port, "llv0", 1400);
    ck_assert_msg(problem == NULL, "%s", problem);
    ll_port_close(port);
    ck_assert(!live_run("ip -d link show llv1 | grep -q prog/xdp"));
}
END_TEST

int main(void)
{
    (void)alarm(120);
    const struct ll_eal_config config = {0};
    const struct ll_flow flow = {LIVE_GROUP, LIVE_UDP_PORT, LIVE_LINE};
    struct ll_why why = {0};
    if (!live_enter_namespace() || !live_make_pair("llv0", "llv1", 1500)) {
        printf("SKIP test_port_af_xdp: no network namespace or virtual Ethernet here: %s\n", strerror(errno));
        return SKIPPED;
    }
    if (ll_eal_start(&config, &why) != LL_OK) {
        printf("EAL: %s\n", why.text);
        return 1;
    }
    int rc = ll_port_open(&port, "vdev:net_af_xdp0,iface=llv1,start_queue=0,queue_count=1", &flow, 1, &why);
    if (rc != LL_OK) {
        printf("SKIP test_port_af_xdp: %s\n", why.text);
        ll_eal_stop();
        return SKIPPED;
    }
    Suite *suite = suite_create("port_af_xdp");
    TCase *tcase = tcase_create("af_xdp");
    tcase_add_test(tcase, af_xdp_receives);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    ll_eal_stop();
    return failed == 0 ? 0 : 1;
}
