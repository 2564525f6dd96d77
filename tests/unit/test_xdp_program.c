/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the steering program takes exactly the listed flows, passes everything else, and counts every frame in one
 * place. Method: the kernel runs the program on frames that we hand it (BPF_PROG_TEST_RUN), nothing is attached
 * anywhere. A plain model of what it has to do says for each of 20,000 random frames what must come of it, and all
 * counts are compared at the end. Skipped (77) without root or where the program was not built.
 */
#include "dpdk/ll_frame.h"
#include "dpdk/ll_steer_program.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SKIPPED     77
#define FRAME_BYTES 600u
#define ROUNDS      20000u
#define GROUP       0xE9360C6Fu
#define HOST        0x0A4D0002u
#define FLOWS       3u

static uint64_t seed;
static struct bpf_object *object;
static int program_fd;
static struct ll_steer steer;
static int socket_fd = -1;

/* 0 = any address. */
static const struct {
    uint32_t address;
    uint16_t port;
} flows[FLOWS] = {{GROUP, 26477}, {HOST, 26477}, {0, 26400}};

/* --- the model ------------------------------------------------------------------------------------------ */

enum outcome { /* flows first */
               OUTCOME_TCP = FLOWS,
               OUTCOME_OTHER_UDP,
               OUTCOME_NO_SOCKET,
               OUTCOME_FRAGMENT,
               OUTCOME_IP_OPTIONS,
               OUTCOME_OTHER_IP,
               OUTCOME_VLAN,
               OUTCOME_IPV6,
               OUTCOME_OTHER,
               OUTCOME_TOO_SHORT,
               OUTCOME_COUNT
};

static enum outcome model(const uint8_t *frame, uint32_t bytes)
{
    uint16_t type = ll_load_be16(frame + 12);
    if (type == 0x8100 || type == 0x88a8)
        return OUTCOME_VLAN;
    if (type == 0x86dd)
        return OUTCOME_IPV6;
    if (type != 0x0800)
        return OUTCOME_OTHER;
    if (bytes < 34)
        return OUTCOME_TOO_SHORT;
    if (frame[23] == 6)
        return OUTCOME_TCP;
    if (frame[23] != 17)
        return OUTCOME_OTHER_IP;
    if ((frame[14] & 0xf) != 5)
        return OUTCOME_IP_OPTIONS;
    if ((ll_load_be16(frame + 20) & 0x3fff) != 0)
        return OUTCOME_FRAGMENT;
    if (bytes < 42)
        return OUTCOME_TOO_SHORT;
    for (uint32_t i = 0; i < FLOWS; i++)
        if ((flows[i].address == 0 || flows[i].address == ll_load_be32(frame + 30)) &&
            flows[i].port == ll_load_be16(frame + 36))
            return (enum outcome)i;
    return OUTCOME_OTHER_UDP;
}

/* --- the program ---------------------------------------------------------------------------------------- */

static uint32_t pick(struct ll_prng *prng, const uint32_t *choices, uint32_t count)
{
    return choices[ll_prng_below(prng, count)];
}

/* A frame for one of the flows, most of the time with something else about it. */
static uint32_t make_frame(struct ll_prng *prng, uint8_t frame[FRAME_BYTES])
{
    static const uint32_t types[] = {0x8100, 0x88a8, 0x86dd, 0x0806, 0x88cc, 0x0801};
    static const uint32_t protocols[] = {6, 1, 2, 47, 16, 18};
    static const uint32_t addresses[] = {GROUP, HOST, GROUP + 1, 0, 0xFFFFFFFF};
    static const uint32_t ports[] = {26477, 26400, 26401, 0, 65535};
    static const uint32_t pieces[] = {0x2000, 0x0001, 0x2001, 0x1fff, 0x4000};
    uint32_t payload_bytes = (uint32_t)ll_prng_below(prng, FRAME_BYTES - LL_FRAME_UDP_HEADERS_BYTES);
    uint32_t bytes = payload_bytes + LL_FRAME_UDP_HEADERS_BYTES;
    memset(frame, 0, FRAME_BYTES);
    ll_frame_build_udp(frame, payload_bytes, pick(prng, addresses, 5), (uint16_t)pick(prng, ports, 5));
    switch (ll_prng_below(prng, 12)) {
    case 0:
        ll_store_be16(frame + 12, (uint16_t)pick(prng, types, 6));
        break;
    case 1:
        frame[23] = (uint8_t)pick(prng, protocols, 6);
        break;
    case 2:
        frame[14] = (uint8_t)(0x40 | ll_prng_below(prng, 16));
        break;
    case 3:
        ll_store_be16(frame + 20, (uint16_t)pick(prng, pieces, 5));
        break;
    case 4:
        return 14 + (uint32_t)ll_prng_below(prng, 40); /* cut; shorter ones the kernel does not run */
    case 5:
        frame[ll_prng_below(prng, 42)] = (uint8_t)ll_prng_next(prng);
        break;
    default:
        break;
    }
    return bytes;
}

static int run(const uint8_t *frame, uint32_t bytes, uint8_t out[FRAME_BYTES + 64], uint32_t *out_bytes)
{
    struct bpf_test_run_opts options;
    memset(&options, 0, sizeof options);
    options.sz = sizeof options;
    options.data_in = frame;
    options.data_size_in = bytes;
    options.data_out = out;
    options.data_size_out = FRAME_BYTES + 64;
    options.repeat = 1;
    int error = bpf_prog_test_run_opts(program_fd, &options);
    ck_assert_msg(error == 0, "the kernel does not run it on %u bytes: %d", bytes, error);
    *out_bytes = options.data_size_out;
    return (int)options.retval;
}

static void set_socket(bool is_there)
{
    int map_fd = bpf_object__find_map_fd_by_name(object, LL_STEER_SOCKETS_MAP);
    const uint32_t queue = 0;
    if (is_there && socket_fd < 0) {
        socket_fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
        ck_assert_int_ge(socket_fd, 0);
        ck_assert_int_eq(bpf_map_update_elem(map_fd, &queue, &socket_fd, 0), 0);
    } else if (!is_there && socket_fd >= 0) {
        ck_assert_int_eq(bpf_map_delete_elem(map_fd, &queue), 0);
        (void)close(socket_fd);
        socket_fd = -1;
    }
}

static struct ll_steer_count of_report(const struct ll_steer_report *report, uint32_t outcome)
{
    struct ll_steer_count none = {0, 0};
    for (uint32_t i = 0; outcome < FLOWS && i < report->flow_count; i++)
        if (report->flow[i].ipv4_address == flows[outcome].address &&
            report->flow[i].udp_port == flows[outcome].port)
            return (struct ll_steer_count){report->flow[i].count.packets, report->flow[i].count.bytes};
    switch (outcome) {
    case OUTCOME_TCP:
        return report->passes.tcp;
    case OUTCOME_OTHER_UDP:
        return report->passes.other_udp;
    case OUTCOME_NO_SOCKET:
        return report->passes.no_socket;
    case OUTCOME_FRAGMENT:
        return report->passes.fragment;
    case OUTCOME_IP_OPTIONS:
        return report->passes.ip_options;
    case OUTCOME_OTHER_IP:
        return report->passes.other_ip;
    case OUTCOME_VLAN:
        return report->passes.vlan;
    case OUTCOME_IPV6:
        return report->passes.ipv6;
    case OUTCOME_OTHER:
        return report->passes.other;
    case OUTCOME_TOO_SHORT:
        return report->passes.too_short;
    default:
        return none;
    }
}

static void read_report(struct ll_steer_report *report)
{
    struct ll_why why = {0};
    ck_assert_msg(ll_steer_read(&steer, report, &why) == LL_OK, "%s", why.text);
}

START_TEST(as_the_model)
{
    struct ll_prng prng;
    struct ll_steer_report before;
    struct ll_steer_report after;
    struct ll_steer_count wanted[OUTCOME_COUNT] = {{0, 0}};
    uint8_t frame[FRAME_BYTES];
    uint8_t out[FRAME_BYTES + 64];
    ll_prng_init(&prng, seed);
    read_report(&before);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t out_bytes = 0;
        if (i % 100 == 0)
            set_socket(ll_prng_below(&prng, 4) != 0);
        uint32_t bytes = make_frame(&prng, frame);
        uint32_t outcome = model(frame, bytes);
        bool is_taken = outcome < FLOWS && socket_fd >= 0;
        if (outcome < FLOWS && !is_taken)
            outcome = OUTCOME_NO_SOCKET;
        wanted[outcome].packets++;
        wanted[outcome].bytes += bytes;
        uint64_t earliest_ns = ll_clock_mono_ns();
        int action = run(frame, bytes, out, &out_bytes);
        ck_assert_msg(action == (is_taken ? XDP_REDIRECT : XDP_PASS), "frame %u, %u bytes: %d", i, bytes,
                      action);
        struct ll_steer_stamp stamp;
        uint32_t stamp_bytes = is_taken ? sizeof stamp : 0;
        ck_assert_uint_eq(out_bytes, bytes + stamp_bytes);
        ck_assert_int_eq(memcmp(out + stamp_bytes, frame, bytes), 0);
        memcpy(&stamp, out, sizeof stamp);
        if (is_taken)
            ck_assert(stamp.magic == LL_STEER_STAMP_MAGIC && stamp.mono_ns >= earliest_ns &&
                      stamp.mono_ns <= ll_clock_mono_ns());
    }
    read_report(&after);
    for (uint32_t i = 0; i < OUTCOME_COUNT; i++) {
        struct ll_steer_count one = of_report(&before, i);
        struct ll_steer_count other = of_report(&after, i);
        ck_assert_uint_eq(other.packets - one.packets, wanted[i].packets);
        ck_assert_uint_eq(other.bytes - one.bytes, wanted[i].bytes);
        ck_assert_msg(wanted[i].packets > 0, "no frame came out as %u: the frames are not random enough", i);
    }
}
END_TEST

/* Both flows of an address, and one of any: the one with the address counts. */
START_TEST(an_address_goes_before_any)
{
    struct ll_steer_report before;
    struct ll_steer_report after;
    struct ll_why why = {0};
    uint8_t frame[64] = {0};
    uint8_t out[FRAME_BYTES + 64];
    uint32_t out_bytes = 0;
    set_socket(true);
    ck_assert_int_eq(ll_steer_add_flow(&steer, HOST, 26400, &why), LL_OK);
    ll_frame_build_udp(frame, 22, HOST, 26400);
    read_report(&before);
    ck_assert_int_eq(run(frame, sizeof frame, out, &out_bytes), XDP_REDIRECT);
    read_report(&after);
    for (uint32_t i = 0; i < after.flow_count; i++) {
        bool is_it = after.flow[i].ipv4_address == HOST && after.flow[i].udp_port == 26400;
        ck_assert_uint_eq(after.flow[i].count.packets - before.flow[i].count.packets, is_it ? 1 : 0);
    }
}
END_TEST

/* Sorted, no more than there is room for, and a flow that is there keeps its counts. */
START_TEST(the_map_is_full)
{
    struct ll_steer_report before;
    struct ll_steer_report report;
    struct ll_why why = {0};
    read_report(&before);
    for (uint16_t i = 0; i < LL_STEER_FLOWS_MAX - before.flow_count; i++)
        ck_assert_int_eq(ll_steer_add_flow(&steer, GROUP + 7, (uint16_t)(5000 - i), &why), LL_OK);
    ck_assert_int_eq(ll_steer_add_flow(&steer, GROUP + 7, 1, &why), LL_ERR_FULL);
    ck_assert(strstr(why.text, "64") != NULL);
    ck_assert_int_eq(ll_steer_add_flow(&steer, flows[0].address, flows[0].port, &why), LL_OK);
    read_report(&report);
    ck_assert_uint_eq(report.flow_count, LL_STEER_FLOWS_MAX);
    for (uint32_t i = 1; i < report.flow_count; i++)
        ck_assert(report.flow[i - 1].ipv4_address < report.flow[i].ipv4_address ||
                  (report.flow[i - 1].ipv4_address == report.flow[i].ipv4_address &&
                   report.flow[i - 1].udp_port < report.flow[i].udp_port));
    struct ll_steer_count one = of_report(&before, 0);
    ck_assert_uint_gt(one.packets, 0);
    ck_assert_uint_eq(of_report(&report, 0).packets, one.packets);
}
END_TEST

/* "" = all is well, else why this machine cannot. */
static const char *load(void)
{
    char path[LL_STEER_PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 32);
    if (length <= 0)
        return "no /proc";
    path[length] = '\0';
    for (uint32_t i = 0; i < 3; i++) /* build/<cc>-<mode>/tests/unit/test_... */
        *strrchr(path, '/') = '\0';
    (void)memcpy(strchr(path, '\0'), "/" LL_STEER_OBJECT, sizeof "/" LL_STEER_OBJECT);
    if (access(path, R_OK) != 0)
        return "the steering program is not built (make deps)";
    (void)libbpf_set_print(NULL);
    object = bpf_object__open_file(path, NULL);
    if (object == NULL || bpf_object__load(object) != 0)
        return geteuid() == 0 ? "the kernel does not take BPF programs" : "not root";
    struct bpf_program *program = bpf_object__find_program_by_name(object, LL_STEER_PROGRAM);
    program_fd = bpf_program__fd(program);
    steer = (struct ll_steer){.flows_fd = bpf_object__find_map_fd_by_name(object, LL_STEER_FLOWS_MAP),
                              .passes_fd = bpf_object__find_map_fd_by_name(object, LL_STEER_PASSES_MAP)};
    return "";
}

int main(void)
{
    (void)alarm(120);
    const char *refused = load();
    if (refused[0] != '\0') {
        printf("SKIP test_xdp_program: %s\n", refused);
        return SKIPPED;
    }
    struct ll_why why = {0};
    for (uint32_t i = 0; i < FLOWS; i++)
        if (ll_steer_add_flow(&steer, flows[i].address, flows[i].port, &why) != LL_OK) {
            printf("flow %u: %s\n", i, why.text);
            return 1;
        }
    seed = ll_test_seed("xdp_program");
    Suite *suite = suite_create("xdp_program");
    TCase *tcase = tcase_create("steer");
    tcase_add_test(tcase, as_the_model);
    tcase_add_test(tcase, an_address_goes_before_any);
    tcase_add_test(tcase, the_map_is_full);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (socket_fd >= 0)
        (void)close(socket_fd);
    bpf_object__close(object);
    return failed == 0 ? 0 : 1;
}
