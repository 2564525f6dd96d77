/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_daemon_banner.h"

#include "dpdk/ll_port.h"
#include "host/app/ll_report.h"
#include "host/app/ll_version.h"
#include "host/base/ll_clock.h"

#include <inttypes.h>
#include <string.h>

#define LL_BANNER_MB ((uint64_t)1 << 20)

static uint64_t ll_banner_mb(uint64_t bytes)
{
    return (bytes + LL_BANNER_MB - 1) / LL_BANNER_MB;
}

static void ll_banner_feed(const struct ll_daemon_banner *banner, FILE *file)
{
    const struct ll_daemon_options *options = banner->options;
    char session[LL_MOLDUDP64_SESSION_BYTES];
    char a[32];
    char b[32];
    if (options->kind == LL_DAEMON_FEED_SIM) {
        ll_sim_feed_session(&options->sim, session);
        (void)fprintf(
            file,
            "  feed      simulated exchange: seed %" PRIu64
            ", %s symbols, %s live orders,\n            %u of 1000 messages bad; "
            "session %.10s, speed %s;\n            the books fill for %u s, then the market opens\n",
            options->seed, ll_report_grouped(options->symbols, a), ll_report_grouped(options->sim_orders, b),
            options->sim.faults_per_mille, session, options->speed,
            (unsigned)(LL_SIM_FEED_QUIET_NS / LL_NS_PER_S));
        (void)fprintf(file, "  port      DPDK ring in this process; exchange and gateway share one thread\n");
        return;
    }
    (void)fprintf(file, "  feed      %s", options->feed);
    if (options->kind == LL_DAEMON_FEED_PCAP)
        (void)fprintf(file, ", speed %s", options->speed);
    if (options->udp_line_count != 0)
        (void)fprintf(file, "\n  port      %" PRIu32 " line%s", options->udp_line_count,
                      options->udp_line_count == 1 ? "" : "s");
    else
        (void)fprintf(file, "\n  port      line A %s, line B %s, re-requests %s",
                      options->common.line_a != NULL ? options->common.line_a
                      : options->flow_count == 0     ? "= every UDP datagram"
                                                     : "none",
                      options->common.line_b != NULL ? options->common.line_b : "none",
                      options->common.rerequest != NULL ? options->common.rerequest : "none");
    if (options->sends_requests)
        (void)fprintf(file, ", asked for at %s", options->rerequest_server);
    (void)fprintf(file, "\n");
}

static void ll_banner_kernel(const struct ll_daemon_banner *banner, FILE *file)
{
    const struct ll_device_options *options = &banner->options->common.device;
    const struct ll_device *device = ll_gateway_device(banner->gateway);
    (void)fprintf(file, "  kernel    device %s, %" PRIu64 " messages together\n", ll_device_describe(device),
                  banner->options->common.batch);
    if (strcmp(options->name, "cpu") == 0)
        return;
    (void)fprintf(file, "            %s; answers are %s; lost after %" PRIu64 " ms of silence, then: %s\n",
                  ll_device_standing(device) == LL_DEVICE_THERE ? "its tables are loaded"
                                                                : "it did NOT start: this process answers",
                  options->verify ? "verified here" : "taken as they come",
                  options->watchdog_ns / LL_NS_PER_MS, options->loss);
}

static void ll_banner_journal(const struct ll_daemon_banner *banner, FILE *file)
{
    const struct ll_daemon_options *options = banner->options;
    const struct ll_gateway_counters *counters = ll_gateway_counters(banner->gateway);
    char a[32];
    if (options->journal_dir == NULL) {
        (void)fprintf(file, "  journal   none: nothing of this run is kept\n");
        return;
    }
    (void)fprintf(file,
                  "  journal   %s\n"
                  "            each sync covers what came during the one before; %" PRIu64 " MB segments\n",
                  options->journal_dir, ll_banner_mb(options->common.segment_bytes));
    if (counters->records_recovered != 0)
        (void)fprintf(file, "            goes on behind event %s; %" PRIu64 " torn slots cut\n",
                      ll_report_grouped(counters->records_recovered, a), counters->torn_slots_cut);
    if (counters->snapshot_event_id != 0)
        (void)fprintf(file, "            from the snapshot of event %s\n",
                      ll_report_grouped(counters->snapshot_event_id, a));
}

static void ll_banner_trading(const struct ll_daemon_banner *banner, FILE *file)
{
    const struct ll_trading *trading = ll_gateway_trading(banner->gateway);
    char address[LL_IPV4_TEXT_BYTES];
    char a[32];
    char b[32];
    if (trading == NULL) {
        (void)fprintf(file,
                      "  orders    none: this gateway takes a feed alone (--limits, --ouch50 or --ouch42)\n");
        return;
    }
    const struct ll_trading_config *config = ll_trading_config_of(trading);
    for (uint32_t i = 0; i < config->session_count; i++) {
        ll_ipv4_print(&config->sessions[i].address, address);
        (void)fprintf(file, "  session   %" PRIu32 ": %s at %s, user '%s'\n", i,
                      ll_protocol_name(config->sessions[i].protocol), address, config->sessions[i].user);
    }
    if (config->session_count == 0)
        (void)fprintf(file, "  session   none: no order can leave\n");
    (void)fprintf(file, "  limits    %s\n",
                  config->limits_path != NULL ? config->limits_path : "none: every order is refused");
    (void)fprintf(file, "  door      %s\n", config->door_path != NULL ? config->door_path : "none");
    (void)fprintf(file, "  policy    %s\n",
                  config->send_before_durable
                      ? "orders leave BEFORE they are durable: a crash may forget what it sent"
                  : banner->options->journal_dir == NULL ? "NO journal: a crash forgets every order"
                                                         : "an order leaves when its record is durable");
    (void)fprintf(file, "  orders    room for %s orders, %s identifiers: %" PRIu64 " MB\n",
                  ll_report_grouped(config->oms.orders, a), ll_report_grouped(config->oms.ids, b),
                  ll_banner_mb(ll_trading_footprint_bytes(config)));
}

static void ll_banner_memory(const struct ll_daemon_banner *banner, FILE *file)
{
    const struct ll_device *device = ll_gateway_device(banner->gateway);
    const struct ll_daemon_options *options = banner->options;
    uint64_t tables_bytes = ll_device_memory_bytes(device);
    const struct ll_trading *trading = ll_gateway_trading(banner->gateway);
    uint64_t trading_bytes = trading != NULL ? ll_trading_footprint_bytes(ll_trading_config_of(trading)) : 0;
    uint64_t gateway_bytes = ll_gateway_memory_bytes(banner->gateway) - tables_bytes - trading_bytes;
    char a[32];
    char b[32];
    char c[32];
    (void)fprintf(file, "  tables    room for %s orders, %s price levels, %s books\n",
                  ll_report_grouped(options->common.orders, a), ll_report_grouped(options->common.levels, b),
                  ll_report_grouped(options->common.books, c));
    (void)fprintf(
        file, "  memory    tables %" PRIu64 " MB (%s pages),\n            receiver %" PRIu64 " MB (%s pages)",
        ll_banner_mb(tables_bytes), ll_device_memory_pages(device), ll_banner_mb(gateway_bytes),
        ll_gateway_memory_pages(banner->gateway));
    if (banner->sim != NULL)
        (void)fprintf(file, ",\n            exchange %" PRIu64 " MB (%s pages)",
                      ll_banner_mb(ll_sim_feed_memory_bytes(banner->sim)),
                      ll_sim_feed_memory_pages(banner->sim));
    (void)fprintf(file, ",\n            DPDK %" PRIu64 " MB (%s pages)", options->memory_mb,
                  ll_eal_has_huge_pages() ? "huge" : "plain");
    if (options->journal_dir != NULL)
        (void)fprintf(file, ", journal ring %" PRIu64 " MB",
                      ll_banner_mb(LL_JOURNAL_RING_SLOTS_DEFAULT * sizeof(struct ll_slot)));
    (void)fprintf(file, "; none is taken later\n");
}

/* The kernel's list of CPUs it schedules nothing on; "" when there are none. */
static void ll_banner_isolated_cpus(char text[64])
{
    FILE *file = fopen("/sys/devices/system/cpu/isolated", "r");
    text[0] = '\0';
    if (file == NULL)
        return;
    if (fgets(text, 64, file) != NULL)
        text[strcspn(text, "\n")] = '\0';
    (void)fclose(file);
}

static void ll_banner_not_on(const struct ll_daemon_banner *banner, FILE *file)
{
    const struct ll_device *device = ll_gateway_device(banner->gateway);
    char isolated[64];
    ll_banner_isolated_cpus(isolated);
    (void)fprintf(file, "  not on    %s",
                  ll_device_standing(device) == LL_DEVICE_THERE
                      ? "no kernel on this CPU, but for the device's mirror"
                      : "no card: this CPU runs the kernel");
    if (!banner->options->allow_pci)
        (void)fprintf(file, "; no network card");
    if (!ll_eal_has_huge_pages())
        (void)fprintf(file, "; no huge pages");
    (void)fprintf(file, ";\n            ");
    if (isolated[0] == '\0')
        (void)fprintf(file, "no isolated CPU: other processes may delay us");
    else
        (void)fprintf(file, "isolated CPUs: %s", isolated);
    (void)fprintf(file, "\n");
}

void ll_daemon_banner_print(const struct ll_daemon_banner *banner, FILE *file)
{
    const struct ll_daemon_options *options = banner->options;
    char rights[256];
    (void)fprintf(file, "lifelined %s\n", ll_version());
    ll_banner_feed(banner, file);
    ll_banner_kernel(banner, file);
    ll_banner_journal(banner, file);
    ll_banner_trading(banner, file);
    ll_banner_memory(banner, file);
    if (options->pin)
        (void)fprintf(file, "  thread    hot thread pinned to CPU %" PRIu64 ", the others elsewhere",
                      options->cpu_number);
    else
        (void)fprintf(file, "  thread    hot thread not pinned (--cpu N pins it)");
    (void)fprintf(file, "; when idle it %s\n", options->spin ? "spins" : "sleeps");
    ll_sandbox_describe(banner->sandbox, rights, sizeof rights);
    (void)fprintf(file, "  rights    %s\n", rights);
    ll_banner_not_on(banner, file);
    if (options->duration_ns != 0)
        (void)fprintf(file, "  end       after %" PRIu64 " ms; Ctrl-C ends it earlier, in order\n\n",
                      options->duration_ns / LL_NS_PER_MS);
    else
        (void)fprintf(file, "  end       Ctrl-C ends it in order, a second one at once\n\n");
}
