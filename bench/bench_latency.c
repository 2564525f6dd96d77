/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: how long a message takes when it comes at a time of its own choosing. Method: open loop. Datagrams made
 * before come at planned times, whether the gateway is ready or not; latency counts from the planned time, so a stall
 * is seen by every datagram that waits behind it. Two ends: reconciled (the books are right, the record is handed to
 * the journal) and durable (the journal's watermark has passed it, as the hot thread sees it). The hot thread spins,
 * as it does in production. Everything runs twice, without a journal and with one, and must end in the same books.
 * A percentile with fewer than ten messages beyond it is not shown. Nothing is asserted about time.
 *
 *   nothing the same loop with no gateway in it: what the machine and the clock add to every other row
 *   late    datagrams taken up more than 10 us after their time
 *   behind  most datagrams that were due and not yet taken up: what a card's ring would have to hold
 *   burst   the opening of a real day: 887,000 messages/s for 7.7 ms, then 127,000/s; ten times. "burst" rows hold
 *           the messages of the 7.7 ms only
 */
#include "bench/ll_bench.h"
#include "host/app/ll_gateway.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_histogram.h"
#include "host/base/ll_options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LATE_NS          ((uint64_t)10000)
#define WARM_UP_MESSAGES ((uint64_t)200000)
#define WARM_UP_SMOKE    ((uint64_t)2000)
#define BURST_RATE       ((uint64_t)887000)
#define BURST_NS         ((uint64_t)7700000)
#define CALM_RATE        ((uint64_t)127000)
#define BURST_PERIOD_NS  ((uint64_t)257700000)

struct config {
    bool is_smoke;
    uint64_t cpu;
    uint64_t millis;
    const char *dir;
    const char *out;
};

#define OPTION(name, type, field, min, max, value, help)                        \
    {                                                                           \
        name, type, offsetof(struct config, field), min, max, value, NULL, help \
    }
static const struct ll_option options[] = {
    OPTION("smoke", LL_OPTION_FLAG, is_smoke, 0, 0, NULL, "milliseconds of each: checks only"),
    OPTION("cpu", LL_OPTION_U64, cpu, 0, 1023, "N",
           "where the hot thread spins, best not where the disk interrupts; default 0"),
    OPTION("millis", LL_OPTION_U64, millis, 1, 60000, "N", "how long each rate is held, default 1000"),
    OPTION("dir", LL_OPTION_STRING, dir, 0, 0, "DIR",
           "journal, on the disk to measure; default build/bench-latency"),
    OPTION("out", LL_OPTION_STRING, out, 0, 0, "DIR", "where the .hgrm files go, default build/latency"),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

/* When messages come. */
struct plan {
    const char *name;
    uint64_t rate_per_s; /* 0 = the bursts */
    uint32_t packet_messages;
    bool is_nothing; /* no gateway: the machine's own delays */
};

static const struct plan plans[] = {
    {"nothing", 1000000, 4, true},  {"100k-1", 100000, 1, false}, {"100k-4", 100000, 4, false},
    {"100k-16", 100000, 16, false}, {"500k-1", 500000, 1, false}, {"500k-4", 500000, 4, false},
    {"500k-16", 500000, 16, false}, {"1M-1", 1000000, 1, false},  {"1M-4", 1000000, 4, false},
    {"1M-16", 1000000, 16, false},  {"2M-1", 2000000, 1, false},  {"2M-4", 2000000, 4, false},
    {"2M-16", 2000000, 16, false},  {"burst-1", 0, 1, false},     {"burst-4", 0, 4, false},
    {"burst-16", 0, 16, false}};
#define PLAN_COUNT (sizeof plans / sizeof plans[0])

/* A datagram that is not durable yet. */
struct waiting {
    uint64_t event_id;
    uint64_t planned_ns;
    uint32_t message_count;
    bool in_burst;
};

struct measure {
    struct ll_histogram reconciled;
    struct ll_histogram durable;
    struct ll_histogram burst_reconciled;
    struct ll_histogram burst_durable;
    uint64_t messages;
    uint64_t packets;
    uint64_t late;
    uint64_t behind_max;
};

struct bench {
    const struct config *config;
    const struct ll_day *day;
    struct ll_gateway *gateway;
    struct ll_packets_place place;
    struct ll_packets packets;
    uint64_t *planned_ns; /* of each packet, from the start of its plan */
    struct waiting *waiting;
    uint64_t waiting_first;
    uint64_t waiting_end;
    bool journal;
    struct measure measure;
};

/* --- The plan ------------------------------------------------------------------------------------------- */

/* Planned time of message number `index` of a plan. */
static uint64_t plan_ns(const struct plan *plan, uint64_t index)
{
    if (plan->rate_per_s != 0)
        return index * LL_NS_PER_S / plan->rate_per_s;
    uint64_t burst_count = BURST_RATE * BURST_NS / LL_NS_PER_S;
    uint64_t calm_count = CALM_RATE * (BURST_PERIOD_NS - BURST_NS) / LL_NS_PER_S;
    uint64_t period = index / (burst_count + calm_count);
    uint64_t within = index % (burst_count + calm_count);
    uint64_t at_ns = within < burst_count ? within * LL_NS_PER_S / BURST_RATE
                                          : BURST_NS + (within - burst_count) * LL_NS_PER_S / CALM_RATE;
    return period * BURST_PERIOD_NS + at_ns;
}

static bool plan_in_burst(const struct plan *plan, uint64_t planned_ns)
{
    return plan->rate_per_s == 0 && planned_ns % BURST_PERIOD_NS < BURST_NS;
}

static uint64_t plan_messages(const struct plan *plan, uint64_t millis)
{
    uint64_t burst_count = BURST_RATE * BURST_NS / LL_NS_PER_S;
    uint64_t calm_count = CALM_RATE * (BURST_PERIOD_NS - BURST_NS) / LL_NS_PER_S;
    if (plan->rate_per_s == 0)
        return (burst_count + calm_count) * (millis < 1000 ? 1 : 10);
    return plan->rate_per_s * millis / 1000;
}

/* Datagrams of the next messages of the day, and when each is due: when its last message is. */
static int plan_make(struct bench *bench, const struct plan *plan, struct ll_why *why)
{
    uint64_t message_count = plan_messages(plan, bench->config->millis);
    struct ll_packets_place before = bench->place;
    int status = ll_packets_build(&bench->packets, bench->day, &bench->place, message_count,
                                  plan->packet_messages, why);
    if (status != LL_OK)
        return status;
    bench->planned_ns = malloc(bench->packets.count * sizeof *bench->planned_ns);
    bench->waiting = malloc(bench->packets.count * sizeof *bench->waiting);
    if (bench->planned_ns == NULL || bench->waiting == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for the plan");
    uint64_t index = 0;
    for (uint64_t i = 0; i < bench->packets.count; i++) {
        index += bench->packets.packet[i].message_count;
        bench->planned_ns[i] = plan_ns(plan, index - 1);
    }
    if (plan->is_nothing)
        bench->place = before; /* they are still to come */
    if (index != message_count)
        return LL_FAIL(why, LL_ERR_USAGE, "the day has too few messages; lower --millis");
    return LL_OK;
}

static void plan_free(struct bench *bench)
{
    ll_packets_free(&bench->packets);
    free(bench->planned_ns);
    free(bench->waiting);
    bench->planned_ns = NULL;
    bench->waiting = NULL;
}

/* --- The run -------------------------------------------------------------------------------------------- */

/* What has become durable since the last look. */
static inline void durable_look(struct bench *bench, uint64_t now_ns)
{
    uint64_t durable = ll_gateway_durable_event_id(bench->gateway);
    while (bench->waiting_first < bench->waiting_end &&
           bench->waiting[bench->waiting_first].event_id <= durable) {
        const struct waiting *one = &bench->waiting[bench->waiting_first++];
        ll_histogram_record(&bench->measure.durable, now_ns - one->planned_ns, one->message_count);
        if (one->in_burst)
            ll_histogram_record(&bench->measure.burst_durable, now_ns - one->planned_ns, one->message_count);
    }
}

static inline uint64_t wait_until(struct bench *bench, uint64_t planned_ns)
{
    uint64_t now_ns = ll_clock_mono_ns();
    while (now_ns < planned_ns) {
        if (bench->waiting_first < bench->waiting_end)
            durable_look(bench, now_ns);
        now_ns = ll_clock_mono_ns();
    }
    return now_ns;
}

static void packet_skip(struct bench *bench, uint64_t index, uint64_t planned_ns)
{
    ll_histogram_record(&bench->measure.reconciled, ll_clock_mono_ns() - planned_ns,
                        bench->packets.packet[index].message_count);
}

static void packet_send(struct bench *bench, uint64_t index, uint64_t planned_ns, bool in_burst)
{
    const struct ll_packet *packet = &bench->packets.packet[index];
    ll_gateway_datagram(bench->gateway, 0, bench->packets.bytes + packet->at_bytes, packet->payload_bytes, 0,
                        planned_ns);
    ll_gateway_flush(bench->gateway);
    uint64_t done_ns = ll_clock_mono_ns();
    ll_histogram_record(&bench->measure.reconciled, done_ns - planned_ns, packet->message_count);
    if (in_burst)
        ll_histogram_record(&bench->measure.burst_reconciled, done_ns - planned_ns, packet->message_count);
    if (!bench->journal)
        return;
    uint64_t event_id = ll_engine_next_event_id(ll_gateway_engine(bench->gateway)) - 1;
    bench->waiting[bench->waiting_end++] =
        (struct waiting){event_id, planned_ns, packet->message_count, in_burst};
    durable_look(bench, done_ns);
}

static int plan_run(struct bench *bench, const struct plan *plan, struct ll_why *why)
{
    struct measure *measure = &bench->measure;
    memset(measure, 0, sizeof *measure);
    ll_histogram_init(&measure->reconciled);
    ll_histogram_init(&measure->durable);
    ll_histogram_init(&measure->burst_reconciled);
    ll_histogram_init(&measure->burst_durable);
    bench->waiting_first = 0;
    bench->waiting_end = 0;
    uint64_t due = 0;
    uint64_t start_ns = ll_clock_mono_ns() + LL_NS_PER_MS;
    for (uint64_t i = 0; i < bench->packets.count; i++) {
        uint64_t planned_ns = start_ns + bench->planned_ns[i];
        uint64_t now_ns = wait_until(bench, planned_ns);
        measure->late += now_ns - planned_ns > LATE_NS;
        while (due < bench->packets.count && start_ns + bench->planned_ns[due] <= now_ns)
            due++;
        if (due - i > measure->behind_max)
            measure->behind_max = due - i;
        if (plan->is_nothing)
            packet_skip(bench, i, planned_ns);
        else
            packet_send(bench, i, planned_ns, plan_in_burst(plan, bench->planned_ns[i]));
        measure->messages += bench->packets.packet[i].message_count;
    }
    measure->packets = bench->packets.count;
    while (bench->waiting_first < bench->waiting_end && ll_gateway_status(bench->gateway, why) == LL_OK)
        durable_look(bench, ll_clock_mono_ns());
    return ll_gateway_status(bench->gateway, why);
}

/* --- Results -------------------------------------------------------------------------------------------- */

static void histogram_print(const char *plan, const char *what, const struct ll_histogram *histogram)
{
    static const uint32_t per_million[] = {500000, 900000, 990000, 999000, 999900};
    printf("  %-9s %-16s", plan, what);
    for (size_t i = 0; i < sizeof per_million / sizeof per_million[0]; i++)
        if (ll_histogram_percentile_is_supported(histogram, per_million[i]))
            printf(" %10.2f", (double)ll_histogram_percentile(histogram, per_million[i]) / 1e3);
        else
            printf(" %10s", "-");
    printf(" %10.2f %9" PRIu64, (double)histogram->max / 1e3, histogram->count);
}

static int histogram_write(const struct bench *bench, const char *plan, const char *what,
                           const struct ll_histogram *histogram, struct ll_why *why)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s%s-%s.hgrm", bench->config->out, plan,
                   bench->journal ? "-journal" : "", what);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return LL_FAIL(why, LL_ERR_IO, "%s: cannot be written", path);
    ll_histogram_print_hgrm(histogram, file);
    if (fclose(file) != 0)
        return LL_FAIL(why, LL_ERR_IO, "%s: cannot be written", path);
    return LL_OK;
}

static int plan_show(const struct bench *bench, const struct plan *plan, struct ll_why *why)
{
    const struct measure *measure = &bench->measure;
    histogram_print(plan->name, plan->is_nothing ? "clock to clock" : "reconciled", &measure->reconciled);
    printf(" %8.3f %% %7" PRIu64 "\n", 100.0 * (double)measure->late / (double)measure->packets,
           measure->behind_max);
    int status = histogram_write(bench, plan->name, "reconciled", &measure->reconciled, why);
    if (plan->rate_per_s == 0) {
        histogram_print("", "  of it burst", &measure->burst_reconciled);
        printf("\n");
    }
    if (!bench->journal || plan->is_nothing)
        return status;
    histogram_print("", "durable", &measure->durable);
    printf("\n");
    if (status == LL_OK)
        status = histogram_write(bench, plan->name, "durable", &measure->durable, why);
    if (plan->rate_per_s == 0) {
        histogram_print("", "  of it burst", &measure->burst_durable);
        printf("\n");
    }
    return status;
}

/* --- One pass ------------------------------------------------------------------------------------------- */

static int warm_up(struct bench *bench, struct ll_why *why)
{
    uint64_t message_count = bench->config->is_smoke ? WARM_UP_SMOKE : WARM_UP_MESSAGES;
    int status = ll_packets_build(&bench->packets, bench->day, &bench->place, message_count, 0, why);
    for (uint64_t i = 0; i < bench->packets.count && status == LL_OK; i++) {
        const struct ll_packet *packet = &bench->packets.packet[i];
        ll_gateway_datagram(bench->gateway, 0, bench->packets.bytes + packet->at_bytes, packet->payload_bytes,
                            0, 1);
        ll_gateway_flush(bench->gateway);
    }
    ll_gateway_drain(bench->gateway);
    ll_packets_free(&bench->packets);
    return status;
}

/* Every message that was sent must have been worked. */
static int pass_check(const struct bench *bench, uint64_t *hash, struct ll_why *why)
{
    uint64_t worked = ll_engine_counters(ll_gateway_engine(bench->gateway))->messages;
    *hash = ll_book_memory_hash(ll_gateway_book(bench->gateway));
    printf("  %" PRIu64 " messages sent, %" PRIu64 " worked, state %016" PRIx64 "\n",
           bench->place.sequence - 1, worked, *hash);
    if (worked != bench->place.sequence - 1)
        return LL_FAIL(why, LL_ERR_CORRUPT, "messages were lost");
    return LL_OK;
}

static int pass_run(struct bench *bench, uint64_t *hash, struct ll_why *why)
{
    struct ll_gateway_config config;
    char journal_dir[512];
    (void)snprintf(journal_dir, sizeof journal_dir, "%s/journal", bench->config->dir);
    ll_gateway_config_default(&config);
    config.journal.dir = bench->journal ? journal_dir : NULL;
    ll_bench_pin_away(
        (int)bench->config->cpu); /* the journal's threads must not inherit the hot thread's CPU */
    int status = ll_gateway_open(&bench->gateway, &config, why);
    (void)ll_bench_pin((int)bench->config->cpu);
    if (status != LL_OK)
        return status;
    bench->place = (struct ll_packets_place){0, 1};
    status = warm_up(bench, why);
    printf("\n%s: us from the planned time; rate and messages in a datagram\n",
           bench->journal ? "with journal" : "no journal");
    printf("  %-9s %-16s %10s %10s %10s %10s %10s %10s %9s %10s %7s\n", "", "", "p50", "p90", "p99", "p99.9",
           "p99.99", "max", "count", "late", "behind");
    for (size_t i = 0; i < PLAN_COUNT && status == LL_OK; i++) {
        status = plan_make(bench, &plans[i], why);
        if (status == LL_OK)
            status = plan_run(bench, &plans[i], why);
        if (status == LL_OK)
            status = plan_show(bench, &plans[i], why);
        plan_free(bench);
        (void)fflush(stdout);
    }
    if (status == LL_OK)
        status = pass_check(bench, hash, why);
    int closed = ll_gateway_close(bench->gateway, why);
    ll_bench_remove_dir(journal_dir);
    return status != LL_OK ? status : closed;
}

static int run_all(const struct config *config, struct ll_why *why)
{
    struct ll_day day;
    uint64_t hash[2] = {0, 0};
    struct bench *bench = calloc(1, sizeof *bench);
    if (bench == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory");
    int status = ll_bench_make_dir(config->dir, why);
    if (status == LL_OK)
        status = ll_bench_make_dir(config->out, why);
    if (status == LL_OK)
        status =
            ll_day_build(&day, config->is_smoke ? LL_DAY_SIMDAY : LL_DAY_MUX220, true, config->is_smoke, why);
    if (status == LL_OK) {
        bench->config = config;
        bench->day = &day;
        for (int pass = 0; pass < 2 && status == LL_OK; pass++) {
            bench->journal = pass == 1;
            status = pass_run(bench, &hash[pass], why);
        }
        ll_day_free(&day);
    }
    if (status == LL_OK && hash[0] != hash[1])
        status = LL_FAIL(why, LL_ERR_CORRUPT, "the books with a journal are not those without one");
    (void)rmdir(config->dir);
    free(bench);
    return status;
}

int main(int argc, char **argv)
{
    struct config config = {false, 0, 1000, "build/bench-latency", "build/latency"};
    struct ll_operands operands;
    struct ll_why why = {0};
    int help = 0;
    if (ll_options_parse(options, argc, argv, &config, &operands, &help, &why) != LL_OK) {
        (void)fprintf(stderr, "bench_latency: %s\n", why.text);
        return 2;
    }
    if (help) {
        ll_options_print_help(options, stdout);
        return 0;
    }
    if (config.is_smoke)
        config.millis = 5;
    ll_bench_header(stdout, "bench_latency");
    printf("# not included: a network card, a port, the wire, loss of power (the disk's own cache is "
           "trusted)\n");
    int status = run_all(&config, &why);
    if (status == LL_ERR_ENVIRONMENT) {
        printf("skipped: %s\n", why.text);
        return 0;
    }
    if (status != LL_OK) {
        (void)fprintf(stderr, "bench_latency: %s\n", why.text);
        return 1;
    }
    printf("both passes end in the same books; percentiles in %s\n", config.out);
    return 0;
}
