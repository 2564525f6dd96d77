/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: an af_xdp port takes its flows and nothing else, says when each datagram came in, removes what a killed
 * gateway left, and refuses with a reason and a remedy whatever else is in its way; closing it leaves nothing. Method:
 * as test_port_live: a namespace of our own, and a virtual Ethernet pair for each case, because the driver opens an
 * interface once per process. Frames are sent on one end. Skipped (77) without root, AF_XDP or the program.
 */
#include "dpdk/ll_frame.h"
#include "dpdk/ll_steer_program.h"
#include "dpdk/ll_xdp_interface.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "tests/model/live_link.h"
#include "tests/unit/ll_test_eal.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <check.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Asked by the leak sanitizer, when there is one: the driver keeps its buffer registration and its program when it is
 * closed. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libxdp\nleak:libbpf";
}

#define SKIPPED    77
#define PAIRS      8u
#define SPEC_BYTES (LL_STEER_PATH_BYTES + 64u)
#define ANY_PORT   26400u

static char object_path[LL_STEER_PATH_BYTES];

/* The flow of live_exchange, and one of any address. */
static const struct ll_flow flows[] = {{LIVE_GROUP, LIVE_UDP_PORT, LIVE_LINE}, {0, ANY_PORT, 1}};

static int open_port(struct ll_port **port, const char *interface, const char *more, struct ll_why *why)
{
    char specification[SPEC_BYTES];
    (void)snprintf(specification, sizeof specification, "af_xdp:%s%s,program=%s", interface, more,
                   object_path);
    return ll_port_open(port, specification, flows, 2, why);
}

static struct ll_port *must_open(const char *interface)
{
    struct ll_port *port = NULL;
    struct ll_why why = {0};
    int rc = open_port(&port, interface, "", &why);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
    return port;
}

static bool has_program(const char *interface)
{
    uint32_t id = 0;
    ck_assert_int_eq(bpf_xdp_query_id((int)if_nametoindex(interface), 0, &id), 0);
    return id != 0;
}

static void read_report(const char *interface, struct ll_steer_report *report)
{
    struct ll_steer steer;
    struct ll_why why = {0};
    ck_assert_msg(ll_steer_open(&steer, interface, &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_steer_read(&steer, report, &why) == LL_OK, "%s", why.text);
    ll_steer_close(&steer);
}

START_TEST(takes_its_flows_and_nothing_else)
{
    struct ll_port *port = must_open("llv1");
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    struct ll_steer_report report;
    struct ll_port_counters counters;
    uint8_t tcp[60] = {0};
    int fd = live_open_sender("llv0");
    const uint32_t count = 40;
    uint64_t earliest_ns = ll_clock_mono_ns();
    ll_frame_build_udp(tcp, 18, LIVE_GROUP, LIVE_UDP_PORT);
    tcp[23] = IPPROTO_TCP;
    for (uint32_t i = 0; i < count; i++) {
        ck_assert(live_send(fd, i, 100, LIVE_UDP_PORT));
        ck_assert(live_send(fd, i, 200, LIVE_UDP_PORT + 1));
        ck_assert(live_send(fd, i, 300, ANY_PORT));
        ck_assert_int_eq(send(fd, tcp, sizeof tcp, 0), sizeof tcp);
    }
    uint64_t end_ns = ll_clock_mono_ns() + LIVE_WAIT_NS;
    uint32_t seen[2] = {0, 0};
    uint64_t before_ns = 0;
    while (seen[0] + seen[1] < 2 * count && ll_clock_mono_ns() < end_ns) {
        uint32_t burst = ll_port_receive(port, datagrams);
        for (uint32_t i = 0; i < burst; i++) {
            bool is_first = datagrams[i].line == LIVE_LINE;
            ck_assert(is_first || datagrams[i].line == 1);
            ck_assert_uint_eq(datagrams[i].payload_bytes, is_first ? 100 : 300);
            ck_assert_uint_eq(ll_load_be32(datagrams[i].payload), seen[is_first]++);
            ck_assert_uint_eq(datagrams[i].rx_ns, 0);
            ck_assert(datagrams[i].rx_mono_ns >= earliest_ns && datagrams[i].rx_mono_ns >= before_ns);
            ck_assert(datagrams[i].rx_mono_ns <= ll_clock_mono_ns());
            before_ns = datagrams[i].rx_mono_ns;
        }
    }
    ck_assert(seen[0] == count && seen[1] == count);
    ll_port_counters(port, &counters);
    ck_assert(live_counters_add_up(&counters));
    ck_assert_uint_eq(counters.frames, 2 * count);
    ck_assert_uint_eq(counters.datagrams, 2 * count);
    ck_assert_uint_eq(counters.missed, 0);
    read_report("llv1", &report);
    ck_assert_uint_eq(report.flow_count, 2);
    for (uint32_t i = 0; i < 2; i++) { /* any address sorts first */
        uint32_t frame_bytes = LL_FRAME_UDP_HEADERS_BYTES + (i == 0 ? 300u : 100u);
        ck_assert_uint_eq(report.flow[i].count.packets, count);
        ck_assert_uint_eq(report.flow[i].count.bytes, (uint64_t)count * frame_bytes);
        ck_assert_uint_eq(report.flow[i].count.unstamped, 0);
    }
    ck_assert_uint_eq(report.passes.tcp.packets, count);
    ck_assert_uint_eq(report.passes.other_udp.packets, count);
    ck_assert_uint_eq(report.passes.no_socket.packets, 0);
    ck_assert(live_run("ip maddress show dev llv1 | grep -q 233.54.12.111"));
    ll_port_close(port);
    ck_assert(!has_program("llv1"));
    ck_assert(!live_run("ip maddress show dev llv1 | grep -q 233.54.12.111"));
    (void)close(fd);
}
END_TEST

/* More than a ring takes while nobody receives: what is lost is said. */
START_TEST(counts_what_was_lost)
{
    struct ll_port *port = must_open("llv3");
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    struct ll_steer_report report;
    struct ll_port_counters counters;
    int fd = live_open_sender("llv2");
    const uint32_t sent = 6000;
    for (uint32_t i = 0; i < sent; i++)
        ck_assert(live_send(fd, i, 100, LIVE_UDP_PORT));
    uint64_t end_ns = ll_clock_mono_ns() + LIVE_WAIT_NS;
    uint64_t seen = 0;
    do {
        seen += ll_port_receive(port, datagrams);
        ll_port_counters(port, &counters);
    } while (seen + counters.missed < sent && ll_clock_mono_ns() < end_ns);
    ck_assert_uint_gt(counters.missed, 0);
    ck_assert_uint_eq(seen + counters.missed, sent);
    read_report("llv3", &report);
    ck_assert_uint_eq(report.flow[1].count.packets, sent);
    ll_port_close(port);
    (void)close(fd);
}
END_TEST

/* As a gateway that is killed leaves it: attached, and nobody has it. */
static uint32_t leave_program(const char *interface)
{
    struct bpf_object *object = bpf_object__open_file(object_path, NULL);
    ck_assert(object != NULL && bpf_object__load(object) == 0);
    int fd = bpf_program__fd(bpf_object__find_program_by_name(object, LL_STEER_PROGRAM));
    uint32_t id = 0;
    ck_assert_int_eq(bpf_xdp_attach((int)if_nametoindex(interface), fd, 0, NULL), 0);
    ck_assert_int_eq(bpf_xdp_query_id((int)if_nametoindex(interface), 0, &id), 0);
    bpf_object__close(object);
    return id;
}

START_TEST(takes_a_dead_gateways_program_off)
{
    uint32_t left_id = leave_program("llv5");
    struct ll_steer steer;
    struct ll_why why = {0};
    struct ll_port *port = must_open("llv5");
    ck_assert_int_eq(ll_steer_open(&steer, "llv5", &why), LL_OK);
    ck_assert_uint_ne(steer.program_id, left_id);
    ll_steer_close(&steer);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    int fd = live_open_sender("llv4");
    uint64_t end_ns = ll_clock_mono_ns() + LIVE_WAIT_NS;
    uint32_t seen = 0;
    ck_assert(live_send(fd, 1, 64, LIVE_UDP_PORT));
    while (seen == 0 && ll_clock_mono_ns() < end_ns)
        seen = ll_port_receive(port, datagrams);
    ck_assert_uint_eq(seen, 1);
    (void)close(fd);
    ll_port_close(port);
    ck_assert(!has_program("llv5"));
}
END_TEST

/* A program of two instructions, as anybody's. */
static int foreign_program(void)
{
    const struct bpf_insn pass[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
        {.code = BPF_JMP | BPF_EXIT}};
    return bpf_prog_load(BPF_PROG_TYPE_XDP, "somebody_else", "GPL", pass, 2, NULL);
}

START_TEST(leaves_another_program_alone)
{
    struct ll_port *port = NULL;
    struct ll_steer steer;
    struct ll_why why = {0};
    int fd = foreign_program();
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bpf_xdp_attach((int)if_nametoindex("llv7"), fd, 0, NULL), 0);
    ck_assert_int_eq(open_port(&port, "llv7", "", &why), LL_ERR_ENVIRONMENT);
    ck_assert_ptr_null(port);
    ck_assert_msg(strstr(why.text, "'somebody_else'") != NULL &&
                      strstr(why.text, "ip link set dev llv7 xdp off"),
                  "%s", why.text);
    ck_assert(has_program("llv7"));
    why = (struct ll_why){0};
    ck_assert_int_eq(ll_steer_open(&steer, "llv7", &why), LL_ERR_ENVIRONMENT);
    ck_assert_msg(strstr(why.text, "not the gateway's") != NULL, "%s", why.text);
    ck_assert(live_run("ip link set dev llv7 xdp off"));
    ll_port_close(must_open("llv7"));
    (void)close(fd);
}
END_TEST

START_TEST(one_gateway_to_an_interface)
{
    struct ll_xdp_interface other;
    struct ll_port *port = NULL;
    struct ll_why why = {0};
    ck_assert_int_eq(ll_xdp_interface_open(&other, "llv9", 0, flows, 2, &why), LL_OK);
    uint32_t id = leave_program("llv9"); /* the other one's: it is in use */
    ck_assert_int_eq(open_port(&port, "llv9", "", &why), LL_ERR_BUSY);
    ck_assert_msg(strstr(why.text, "llv9") != NULL && strchr(why.text, ';') != NULL, "%s", why.text);
    uint32_t id_now = 0;
    ck_assert_int_eq(bpf_xdp_query_id((int)if_nametoindex("llv9"), 0, &id_now), 0);
    ck_assert_uint_eq(id_now, id);
    ll_xdp_interface_close(&other);
    ll_port_close(must_open("llv9"));
    ck_assert(!has_program("llv9"));
}
END_TEST

static const struct {
    const char *specification; /* before ,program=..., unless it has one */
    int rc;
    const char *word; /* in the reason */
} refusals[] = {
    {"af_xdp:llnone", LL_ERR_ENVIRONMENT, "no interface 'llnone'"},
    {"af_xdp:llv10", LL_ERR_ENVIRONMENT, "llv10 is down"},
    {"af_xdp:llv12", LL_ERR_ENVIRONMENT, "MTU of 3000"},
    {"af_xdp:llv11,queue=7", LL_ERR_ENVIRONMENT, "no receive queue 7"},
    {"af_xdp:llv11,program=/nowhere/ll_steer.bpf.o", LL_ERR_ENVIRONMENT, "No such file"},
    {"af_xdp:llv11", LL_ERR_ENVIRONMENT, "is neither beside"},
    {"af_xdp:llv14,program=/proc/self/exe", LL_ERR_ENVIRONMENT, "does not start"},
};

START_TEST(refusal_has_a_reason)
{
    struct ll_port *port = (struct ll_port *)&refusals;
    struct ll_why why = {0};
    int rc = ll_port_open(&port, refusals[_i].specification, flows, 2, &why);
    ck_assert_msg(rc == refusals[_i].rc, "%s: %d %s", refusals[_i].specification, rc, why.text);
    ck_assert_ptr_null(port);
    ck_assert_msg(strstr(why.text, refusals[_i].word) != NULL, "'%s' not in: %s", refusals[_i].word,
                  why.text);
    ck_assert_msg(strchr(why.text, ';') != NULL || strchr(why.text, ':') != NULL, "no remedy in: %s",
                  why.text);
    ck_assert(!has_program("llv11") && !has_program("llv14"));
}
END_TEST

START_TEST(flows_are_needed)
{
    struct ll_port *port = NULL;
    struct ll_steer steer;
    struct ll_why why = {0};
    ck_assert_int_eq(ll_port_open(&port, "af_xdp:llv11", NULL, 0, &why), LL_ERR_USAGE);
    ck_assert_msg(strstr(why.text, "--line-a") != NULL, "%s", why.text);
    why = (struct ll_why){0};
    ck_assert_int_eq(ll_steer_open(&steer, "llv11", &why), LL_ERR_ENVIRONMENT);
    ck_assert_msg(strstr(why.text, "no steering program on llv11") != NULL, "%s", why.text);
    why = (struct ll_why){0};
    ck_assert_int_eq(ll_steer_open(&steer, "llnone", &why), LL_ERR_ENVIRONMENT);
    ck_assert_msg(strstr(why.text, "no interface") != NULL, "%s", why.text);
}
END_TEST

static bool find_object(void)
{
    ssize_t length = readlink("/proc/self/exe", object_path, sizeof object_path - 32);
    if (length <= 0)
        return false;
    object_path[length] = '\0';
    for (uint32_t i = 0; i < 3; i++) /* build/<cc>-<mode>/tests/unit/test_... */
        *strrchr(object_path, '/') = '\0';
    (void)memcpy(strchr(object_path, '\0'), "/" LL_STEER_OBJECT, sizeof "/" LL_STEER_OBJECT);
    return access(object_path, R_OK) == 0;
}

/* llv0 and llv1, llv2 and llv3, ...; frames are sent on the even one. */
static bool make_pairs(void)
{
    for (uint32_t i = 0; i < PAIRS; i++) {
        char names[2][IF_NAMESIZE];
        (void)snprintf(names[0], IF_NAMESIZE, "llv%u", 2 * i);
        (void)snprintf(names[1], IF_NAMESIZE, "llv%u", 2 * i + 1);
        if (!live_make_pair(names[0], names[1], i == 6 ? 3000 : 1500))
            return false;
    }
    return live_run("ip link set llv10 down");
}

int main(void)
{
    (void)alarm(180);
    const char *missing = geteuid() != 0  ? "not root"
                          : find_object() ? ""
                                          : "the steering program is not built";
    int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (missing[0] == '\0' && fd < 0)
        missing = "the kernel gives no AF_XDP socket";
    if (fd >= 0)
        (void)close(fd);
    if (missing[0] == '\0' && (!live_enter_namespace() || !make_pairs()))
        missing = "no network namespace or virtual Ethernet here";
    if (missing[0] != '\0') {
        printf("SKIP test_xdp_port: %s\n", missing);
        return SKIPPED;
    }
    const struct ll_eal_config config = {.memory_mb = 256};
    Suite *suite = suite_create("xdp_port");
    TCase *tcase = tcase_create("af_xdp");
    tcase_add_test(tcase, takes_its_flows_and_nothing_else);
    tcase_add_test(tcase, counts_what_was_lost);
    tcase_add_test(tcase, takes_a_dead_gateways_program_off);
    tcase_add_test(tcase, leaves_another_program_alone);
    tcase_add_test(tcase, one_gateway_to_an_interface);
    tcase_add_loop_test(tcase, refusal_has_a_reason, 0, (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(tcase, flows_are_needed);
    suite_add_tcase(suite, tcase);
    return ll_test_run_with_eal(suite, &config);
}
