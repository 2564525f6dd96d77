/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a port's specification is taken apart exactly, and whatever is wrong is refused with what is allowed.
 * Method: tables of good and bad texts, the length limits, then random texts: never accepted unless they
 * begin with a known kind, and always with a reason when refused.
 */
#include "dpdk/ll_port_spec.h"
#include "host/base/ll_prng.h"

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed;

struct good {
    const char *text;
    enum ll_port_kind kind;
    const char *path;
    const char *device;
    const char *args;
};

static const struct good goods[] = {
    {"pcap:day.pcap", LL_PORT_KIND_PCAP, "day.pcap", "", ""},
    {"pcap:/a/b,c d:e.pcap", LL_PORT_KIND_PCAP, "/a/b,c d:e.pcap", "", ""},
    {"ring:", LL_PORT_KIND_RING, "", "", ""},
    {"af_packet:eth0", LL_PORT_KIND_AF_PACKET, "", "eth0", ""},
    {"af_packet:enp0s31f6.100", LL_PORT_KIND_AF_PACKET, "", "enp0s31f6.100", ""},
    {"af_packet:123456789012345", LL_PORT_KIND_AF_PACKET, "", "123456789012345", ""},
    {"vdev:net_null0", LL_PORT_KIND_VDEV, "", "net_null0", ""},
    {"vdev:net_null0,", LL_PORT_KIND_VDEV, "", "net_null0", ""},
    {"vdev:net_af_xdp0,iface=eth1,start_queue=0", LL_PORT_KIND_VDEV, "", "net_af_xdp0",
     "iface=eth1,start_queue=0"},
    {"pci:0000:03:00.0", LL_PORT_KIND_PCI, "", "0000:03:00.0", ""},
    {"pci:aF:1b.7", LL_PORT_KIND_PCI, "", "0000:aF:1b.7", ""},
    {"udp:127.0.0.1:26477", LL_PORT_KIND_UDP, "", "", ""},
    {"af_xdp:eth0", LL_PORT_KIND_AF_XDP, "", "eth0", ""},
    {"af_xdp:eth0,program=/a/b,c d:e.o", LL_PORT_KIND_AF_XDP, "/a/b,c d:e.o", "eth0", ""},
};

START_TEST(good_texts)
{
    const struct good *good = &goods[_i];
    struct ll_port_spec spec;
    struct ll_why why = {0};
    ck_assert_msg(ll_port_spec_parse(&spec, good->text, &why) == LL_OK, "%s: %s", good->text, why.text);
    ck_assert_int_eq(spec.kind, good->kind);
    ck_assert_str_eq(spec.path, good->path);
    ck_assert_str_eq(spec.device, good->device);
    ck_assert_str_eq(spec.args, good->args);
}
END_TEST

static const char *const bads[] = {
    "",
    "eth0",
    "ring",
    "ring:1",
    "Ring:",
    " ring:",
    "pcap",
    "pcap:",
    "file:day.pcap",
    "af_packet:",
    "af_packet:1234567890123456",
    "af_packet:eth 0",
    "af_packet:eth0,qpairs=2",
    "af_packet:../eth0",
    "af_xdp:",
    "af_xdp:,queue=0",
    "af_xdp:1234567890123456",
    "af_xdp:eth 0",
    "af_xdp:eth0,",
    "af_xdp:eth0,queue=",
    "af_xdp:eth0,queue=-1",
    "af_xdp:eth0,queue=256",
    "af_xdp:eth0,queue=1x",
    "af_xdp:eth0,queue=00000000000000000001",
    "af_xdp:eth0,queue=1,queue=2",
    "af_xdp:eth0,program=",
    "af_xdp:eth0,start_queue=1",
    "vdev:",
    "vdev:,iface=eth0",
    "vdev:net null",
    "vdev:net/null",
    "vdev:a1234567890123456789012345678901234567890123456789",
    "pci:",
    "pci:eth0",
    "pci:0000:03:00",
    "pci:0000:03:00.8",
    "pci:0000:03:00.00",
    "pci:00000:03:00.0",
    "pci:0000-03:00.0",
    "pci:g000:03:00.0",
    "pci:03:00.0 ",
    "udp:",
    "udp:26477",
    "udp:localhost:26477",
    "udp:127.0.0.1",
    "udp:127.0.0.1:0",
    "udp:127.0.0.1:65536",
    "udp:127.0.0.1:1,",
    "udp:,127.0.0.1:1",
    "udp:127.0.0.1:1 ,127.0.0.1:2",
    "udp:iface=127.0.0.1",
    "udp:127.0.0.1:1,iface=lo",
    "udp:127.0.0.1:1,iface=",
    "udp:127.0.0.1:1,iface=127.0.0.1:5",
    "udp:127.0.0.1:1,iface=1234567890123456789012345678901234567890",
    "udp:1.1.1.1:1,1.1.1.1:2,1.1.1.1:3,1.1.1.1:4,1.1.1.1:5",
};

START_TEST(bad_texts)
{
    struct ll_port_spec spec;
    struct ll_why why = {0};
    ck_assert_msg(ll_port_spec_parse(&spec, bads[_i], &why) == LL_ERR_USAGE, "'%s' was taken", bads[_i]);
    ck_assert_int_eq(why.code, LL_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(why.text, ":"));
    ck_assert_int_eq(ll_port_spec_parse(&spec, bads[_i], NULL), LL_ERR_USAGE);
}
END_TEST

/* `prefix` and so many 'x': taken up to `bytes_max`, refused above. */
static void check_limit(const char *prefix, size_t bytes_max)
{
    static char text[8192];
    struct ll_port_spec spec;
    struct ll_why why = {0};
    for (size_t bytes = bytes_max - 1; bytes <= bytes_max + 1; bytes++) {
        size_t prefix_bytes = strlen(prefix);
        memcpy(text, prefix, prefix_bytes);
        memset(text + prefix_bytes, 'x', bytes);
        text[prefix_bytes + bytes] = '\0';
        int rc = ll_port_spec_parse(&spec, text, &why);
        ck_assert_int_eq(rc, bytes <= bytes_max ? LL_OK : LL_ERR_USAGE);
    }
}

START_TEST(endpoints_are_lines_in_their_order)
{
    struct ll_port_spec spec;
    ck_assert_int_eq(ll_port_spec_parse(&spec, "udp:1.2.3.4:5,239.0.0.1:65535,9.9.9.9:1,0.0.0.0:2", NULL),
                     LL_OK);
    ck_assert_uint_eq(spec.endpoint_count, 4);
    ck_assert_uint_eq(spec.endpoint[0].address, 0x01020304u);
    ck_assert_uint_eq(spec.endpoint[0].port, 5);
    ck_assert_uint_eq(spec.endpoint[1].address, 0xef000001u);
    ck_assert_uint_eq(spec.endpoint[1].port, 65535);
    ck_assert_uint_eq(spec.endpoint[3].port, 2);
    ck_assert_uint_eq(spec.interface_address, 0x7f000001u);
    ck_assert_int_eq(ll_port_spec_parse(&spec, "udp:239.0.0.1:7,iface=10.0.0.5", NULL), LL_OK);
    ck_assert_uint_eq(spec.endpoint_count, 1);
    ck_assert_uint_eq(spec.interface_address, 0x0a000005u);
    ck_assert_int_eq(ll_port_spec_parse(&spec, "udp:iface=10.0.0.5,239.0.0.1:7", NULL), LL_OK);
    ck_assert_uint_eq(spec.endpoint[0].port, 7);
}
END_TEST

START_TEST(queues_of_af_xdp)
{
    struct ll_port_spec spec;
    ck_assert_int_eq(ll_port_spec_parse(&spec, "af_xdp:eth0,queue=255", NULL), LL_OK);
    ck_assert_str_eq(spec.device, "eth0");
    ck_assert_uint_eq(spec.queue, 255);
    ck_assert_int_eq(ll_port_spec_parse(&spec, "af_xdp:eth0,queue=3,program=a.o", NULL), LL_OK);
    ck_assert_uint_eq(spec.queue, 3);
    ck_assert_str_eq(spec.path, "a.o");
    ck_assert_int_eq(ll_port_spec_parse(&spec, "af_xdp:eth0", NULL), LL_OK);
    ck_assert_uint_eq(spec.queue, 0);
}
END_TEST

START_TEST(length_limits)
{
    check_limit("pcap:", LL_PORT_SPEC_PATH_BYTES - 1);
    check_limit("af_packet:", 15);
    check_limit("af_xdp:", 15);
    check_limit("af_xdp:eth0,program=", LL_PORT_SPEC_PATH_BYTES - 1);
    check_limit("vdev:", LL_PORT_SPEC_DEVICE_BYTES - 1);
    check_limit("vdev:net_null0,", LL_PORT_SPEC_ARGS_BYTES - 1);
}
END_TEST

START_TEST(random_texts)
{
    static const char *const prefixes[] = {
        "pcap:", "ring:", "af_packet:", "vdev:", "pci:", "udp:", "af_xdp:", "af_xdp:a,queue=", "", "x"};
    static const char letters[] = "abf0189.:,=/- %\n\x80";
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    for (uint32_t i = 0; i < 100000; i++) {
        char text[64];
        uint32_t which = ll_prng_below(&prng, sizeof prefixes / sizeof prefixes[0]);
        size_t length = (size_t)snprintf(text, sizeof text, "%s", prefixes[which]);
        size_t end = length + ll_prng_below(&prng, 30);
        for (; length < end; length++)
            text[length] = letters[ll_prng_below(&prng, sizeof letters - 1)];
        text[length] = '\0';
        struct ll_port_spec spec;
        struct ll_why why = {0};
        int rc = ll_port_spec_parse(&spec, text, &why);
        if (rc == LL_OK) {
            ck_assert_uint_le(which, LL_PORT_KIND_COUNT); /* the last two are no kind */
            ck_assert_ptr_nonnull(strstr(text, spec.device));
            ck_assert_ptr_nonnull(strstr(text, spec.args));
        } else {
            ck_assert_int_eq(rc, LL_ERR_USAGE);
            ck_assert_int_eq(why.code, LL_ERR_USAGE);
        }
    }
}
END_TEST

int main(void)
{
    const char *text = getenv("LL_SEED");
    seed = text != NULL ? strtoull(text, NULL, 0) : 20260101u;
    printf("LL_SEED=%" PRIu64 "\n", seed);
    Suite *suite = suite_create("port_spec");
    TCase *tcase = tcase_create("spec");
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, good_texts, 0, (int)(sizeof goods / sizeof goods[0]));
    tcase_add_loop_test(tcase, bad_texts, 0, (int)(sizeof bads / sizeof bads[0]));
    tcase_add_test(tcase, length_limits);
    tcase_add_test(tcase, queues_of_af_xdp);
    tcase_add_test(tcase, endpoints_are_lines_in_their_order);
    tcase_add_test(tcase, random_texts);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
