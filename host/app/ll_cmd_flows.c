/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_flows.h"

#include "dpdk/ll_steer_program.h"
#include "host/app/ll_exit.h"
#include "host/app/ll_report.h"
#include "host/base/ll_ipv4.h"
#include "host/base/ll_json.h"
#include "host/base/ll_options.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

struct ll_flows_config {
    bool json;
};

static const struct ll_option ll_flows_options[] = {{"json", LL_OPTION_FLAG,
                                                     offsetof(struct ll_flows_config, json), 0, 0, NULL, NULL,
                                                     "print the counts as one JSON object"},
                                                    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static const char ll_flows_help[] =
    "usage: lifeline flows [--json] IFACE\n"
    "\n"
    "Shows what the steering program of a gateway with --feed af_xdp:IFACE has counted since that gateway\n"
    "started: each flow that it takes past the kernel, and why everything else was passed on. Every frame\n"
    "that came in is in exactly one row. Frames that the gateway was too slow for are in their flow's row,\n"
    "and in the gateway's own report as missed.\n"
    "\n"
    "Frames \"without the gateway's socket\" came on another receive queue than the gateway's: send the\n"
    "flows there (ethtool -N), or have one queue only (ethtool -L IFACE combined 1). They are counted there\n"
    "also when the gateway was killed and its program is still attached; the next start takes it off.\n"
    "\n"
    "The same by other tools:  bpftool map dump name " LL_STEER_FLOWS_MAP
    "; bpftool map dump name " LL_STEER_PASSES_MAP "\n"
    "\n"
    "Needs root, in the network namespace of the interface.\n"
    "\n"
    "Exit: 0 shown, 2 usage, 3 there is no such interface, no steering program on it, or no right to look.\n"
    "\n"
    "options:\n";

static void ll_flows_row(const char *name, uint64_t packets, uint64_t bytes, const char *text)
{
    char a[32];
    char b[32];
    (void)printf("  %-22s %15s frames %18s bytes%s%s\n", name, ll_report_grouped(packets, a),
                 ll_report_grouped(bytes, b), text[0] != '\0' ? "  " : "", text);
}

/* 233.54.12.111:26477, or any:26477 */
static void ll_flows_name(const struct ll_steer_flow_sum *flow, char text[LL_IPV4_TEXT_BYTES])
{
    const struct ll_ipv4 address = {.address = flow->ipv4_address, .port = flow->udp_port};
    if (flow->ipv4_address != 0)
        ll_ipv4_print(&address, text);
    else
        (void)snprintf(text, LL_IPV4_TEXT_BYTES, "any:%u", flow->udp_port);
}

static void ll_flows_print(const char *interface, const struct ll_steer *steer,
                           const struct ll_steer_report *report)
{
    (void)printf("%s: steering program %" PRIu32 " (%s), maps %" PRIu32 " and %" PRIu32 "\n", interface,
                 steer->program_id, steer->is_generic ? "generic: slow" : "in the driver", steer->flows_id,
                 steer->passes_id);
    (void)printf("past the kernel, to the gateway:\n");
    for (uint32_t i = 0; i < report->flow_count; i++) {
        const struct ll_steer_flow_sum *flow = &report->flow[i];
        char name[LL_IPV4_TEXT_BYTES];
        ll_flows_name(flow, name);
        ll_flows_row(name, flow->count.packets, flow->count.bytes, "");
        if (flow->count.unstamped != 0)
            (void)printf("    %" PRIu64 " of them without a time: the driver has no room for it\n",
                         (uint64_t)flow->count.unstamped);
    }
    if (report->flow_count == 0)
        (void)printf("  no flow is listed\n");
    (void)printf("to the kernel:\n");
#define LL_FLOWS_ROW(name, text)          \
    if (report->passes.name.packets != 0) \
        ll_flows_row(#name, report->passes.name.packets, report->passes.name.bytes, text);
    LL_STEER_PASSES(LL_FLOWS_ROW)
#undef LL_FLOWS_ROW
}

static void ll_flows_print_json(const char *interface, const struct ll_steer *steer,
                                const struct ll_steer_report *report)
{
    struct ll_json json;
    ll_json_init(&json, stdout, false);
    ll_json_begin_object(&json, NULL);
    ll_json_string(&json, "interface", interface);
    ll_json_u64(&json, "interface_index", steer->interface_index);
    ll_json_u64(&json, "program_id", steer->program_id);
    ll_json_string(&json, "mode", steer->is_generic ? "generic" : "driver");
    ll_json_u64(&json, "flows_map_id", steer->flows_id);
    ll_json_u64(&json, "passes_map_id", steer->passes_id);
    ll_json_begin_array(&json, "flows");
    for (uint32_t i = 0; i < report->flow_count; i++) {
        const struct ll_steer_flow_sum *flow = &report->flow[i];
        char name[LL_IPV4_TEXT_BYTES];
        ll_flows_name(flow, name);
        ll_json_begin_object(&json, NULL);
        ll_json_string(&json, "flow", name);
        ll_json_u64(&json, "packets", flow->count.packets);
        ll_json_u64(&json, "bytes", flow->count.bytes);
        ll_json_u64(&json, "unstamped", flow->count.unstamped);
        ll_json_end_object(&json);
    }
    ll_json_end_array(&json);
    ll_json_begin_object(&json, "passes");
#define LL_FLOWS_FIELD(name, text)                              \
    ll_json_begin_object(&json, #name);                         \
    ll_json_u64(&json, "packets", report->passes.name.packets); \
    ll_json_u64(&json, "bytes", report->passes.name.bytes);     \
    ll_json_end_object(&json);
    LL_STEER_PASSES(LL_FLOWS_FIELD)
#undef LL_FLOWS_FIELD
    ll_json_end_object(&json);
    ll_json_end_object(&json);
    ll_json_newline(&json);
}

static int ll_flows_show(const char *interface, bool json, struct ll_why *why)
{
    struct ll_steer steer;
    struct ll_steer_report report;
    int status = ll_steer_open(&steer, interface, why);
    if (status != LL_OK)
        return status;
    status = ll_steer_read(&steer, &report, why);
    ll_steer_close(&steer);
    if (status != LL_OK)
        return status;
    if (json)
        ll_flows_print_json(interface, &steer, &report);
    else
        ll_flows_print(interface, &steer, &report);
    if (fflush(stdout) != 0 || ferror(stdout))
        return LL_FAIL(why, LL_ERR_IO, "the output could not be written; is the disk full?");
    return LL_OK;
}

int ll_cmd_flows(int argc, char **argv)
{
    struct ll_flows_config config = {false};
    struct ll_operands operands = {{NULL}, 0};
    struct ll_why why = {0};
    int help = 0;
    int status = ll_options_parse(ll_flows_options, argc, argv, &config, &operands, &help, &why);
    if (status == LL_OK && help) {
        (void)fputs(ll_flows_help, stdout);
        ll_options_print_help(ll_flows_options, stdout);
        return LL_EXIT_OK;
    }
    if (status == LL_OK && operands.count != 1)
        status = LL_FAIL(&why, LL_ERR_USAGE, "give one interface; usage: lifeline flows [--json] IFACE");
    if (status == LL_OK)
        status = ll_flows_show(operands.value[0], config.json, &why);
    if (status != LL_OK)
        (void)fprintf(stderr, "lifeline flows: %s\n%s", why.text,
                      status == LL_ERR_USAGE ? "Try: lifeline flows --help\n" : "");
    return ll_exit_code(status);
}
