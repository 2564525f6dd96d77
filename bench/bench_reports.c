/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: what an execution report costs, stage by stage, with so many own orders alive, and how many per second come
 * through DPDK into money and journal.
 * Method: three gateways' worth of the same orders (an engine alone; a gateway without and one with a journal). Each
 * round, every one of them books the same executions, of one lot each, of orders picked at random, so that nothing is
 * in a cache that would not be in a real day with as many orders. In turns, round by round:
 *
 *   decode             OUCH bytes to what the engine wants to know, from a buffer
 *   record             the journal record of the message, written into the batch
 *   engine, in 32s     ll_oms_report and ll_oms_step: decode, record, kernel, states, ledger, risk, news; of that
 *     kernel           the time inside the lifecycle kernel
 *     reconcile, money what is left without decode, record and kernel
 *   engine, one by one the same, each report matched alone
 *   gateway            datagrams of 1,400 bytes in memory: receiver, engine, sessions' turn
 *   dpdk               that, received from a DPDK ring port; framing them is not counted
 *   gateway + journal, dpdk + journal
 *                      the same with a journal: the hot thread's time, which waits when the disk cannot follow
 *
 * Orders and ledger must be the same in all three at the end, or the exit code is 1. Nothing is asserted about time.
 */
#include "bench/ll_bench.h"
#include "dpdk/ll_port.h"
#include "hls/ll_life.h"
#include "host/app/ll_gateway.h"
#include "host/app/ll_mold_framer.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_options.h"
#include "host/base/ll_prng.h"
#include "host/core/ll_life_memory.h"
#include "host/exchange/ll_own_orders.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SESSION       "REPORTS001"
#define START_NS      (1700000000 * LL_NS_PER_S)
#define LOTS          10000u /* of an order: more than it is ever filled with */
#define SYMBOLS_MAX   5000u
#define LIFE_BATCH    32u
#define PACKET_BYTES  1400u
#define REPORTS_SMOKE 2000u

struct config {
    bool is_smoke;
    bool engine_only;
    const char *dir;
    uint64_t orders;
    uint64_t reports;
    uint64_t rounds;
    uint64_t cpu;
};

static const struct ll_option options[] = {
    {"smoke", LL_OPTION_FLAG, offsetof(struct config, is_smoke), 0, 0, NULL, NULL,
     "few orders, one round: checks the sums, the figures mean little"},
    {"engine-only", LL_OPTION_FLAG, offsetof(struct config, engine_only), 0, 0, NULL, NULL,
     "no gateways: for a profile"},
    {"dir", LL_OPTION_STRING, offsetof(struct config, dir), 0, 0, "DIR", NULL,
     "where the journal lies (default build/bench-reports; made, and removed at the end)"},
    {"orders", LL_OPTION_U64, offsetof(struct config, orders), 0, 1000000, "N", NULL,
     "live own orders; 0 (the default): 1000, 100000 and 1000000, one after the other"},
    {"reports", LL_OPTION_U64, offsetof(struct config, reports), 1000, 1000000, "N", NULL,
     "reports of a row and round (default 100000)"},
    {"rounds", LL_OPTION_U64, offsetof(struct config, rounds), 1, 20, "N", NULL, "default 5"},
    {"cpu", LL_OPTION_U64, offsetof(struct config, cpu), 0, 1023, "N", NULL,
     "the hot thread's CPU (default 0)"},
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

enum row {
    ROW_DECODE,
    ROW_RECORD,
    ROW_ENGINE,
    ROW_KERNEL,
    ROW_REST,
    ROW_ALONE,
    ROW_GATEWAY,
    ROW_DPDK,
    ROW_GATEWAY_JOURNAL,
    ROW_DPDK_JOURNAL,
    ROW_COUNT
};
static const char *const row_names[ROW_COUNT] = {
    "decode",  "record", "engine, in 32s",    "  kernel",      "  reconcile, money", "engine, one by one",
    "gateway", "dpdk",   "gateway + journal", "dpdk + journal"};

/* --- The reports ------------------------------------------------------------------------------------------ */

struct reports {
    uint8_t (*message)[LL_OWN_EXECUTED_BYTES];
    uint64_t count;
    uint64_t next_match;
    struct ll_prng prng;
};

/* The next so many, of random orders. */
static void reports_make(struct reports *reports, uint64_t orders)
{
    for (uint64_t i = 0; i < reports->count; i++) {
        uint32_t order = ll_prng_below(&reports->prng, (uint32_t)orders);
        (void)ll_own_executed(reports->message[i], ll_own_number(order), 1, reports->next_match++);
    }
}

/* --- The engine alone --------------------------------------------------------------------------------------- */

struct engine {
    struct ll_arena arena;
    struct ll_oms *oms;
    struct ll_life_memory life;
    struct ll_record_batch *batch;
    struct ll_own_orders own;
    uint64_t kernel_ns;
};

static void engine_ask(void *context, const struct ll_life_ask *asks, struct ll_life_answer *answers,
                       uint32_t count)
{
    struct engine *engine = context;
    struct ll_life_memory *life = &engine->life;
    uint64_t start_ns = ll_clock_mono_ns();
    ll_life_batch(life->control, life->buckets, life->places, life->orders, asks, answers, count, LIFE_BATCH);
    engine->kernel_ns += ll_clock_mono_ns() - start_ns;
}

static void engine_flush(void *context, uint64_t now_ns)
{
    struct engine *engine = context;
    (void)now_ns;
    ll_oms_step(engine->oms);
    while (ll_oms_send_peek(engine->oms) != NULL)
        ll_oms_send_pop(engine->oms);
    while (ll_oms_event_peek(engine->oms) != NULL)
        ll_oms_event_pop(engine->oms);
    engine->batch->slot_count = 0;
}

static int engine_open(struct engine *engine, const struct ll_oms_config *config, struct ll_why *why)
{
    const struct ll_life_config life = {config->ids, config->orders, config->hash_seed};
    const struct ll_oms_door door = {engine, engine_ask};
    size_t handle_bytes = ll_align_up(ll_oms_footprint_bytes(config), 64);
    size_t state_bytes = ll_align_up(ll_oms_state_bytes(config), 64);
    size_t life_bytes = ll_align_up(ll_life_memory_footprint_bytes(&life), 64);
    size_t batch_bytes = ll_align_up(sizeof *engine->batch, 64);
    LL_ASSERT(handle_bytes != 0 && state_bytes != 0 && life_bytes != 0);
    int status =
        ll_arena_init(&engine->arena, handle_bytes + state_bytes + life_bytes + batch_bytes + 256, why);
    if (status != LL_OK)
        return status;
    void *handle = ll_arena_alloc(&engine->arena, handle_bytes, 64);
    void *state = ll_arena_alloc(&engine->arena, state_bytes, 64);
    ll_life_memory_place(&engine->life, ll_arena_alloc(&engine->arena, life_bytes, 64), &life);
    engine->batch = ll_arena_alloc(&engine->arena, batch_bytes, 64);
    engine->batch->next_event_id = 1;
    return ll_oms_init(&engine->oms, handle, state, config, &door, engine->batch, false, why);
}

/* `together` reports are matched at a time. */
static uint64_t engine_run(struct engine *engine, const struct reports *reports, uint32_t together)
{
    uint64_t now_ns = engine->own.now_ns;
    uint64_t start_ns = ll_clock_mono_ns();
    for (uint64_t i = 0; i < reports->count; i++) {
        if (!ll_oms_room(engine->oms))
            engine_flush(engine, now_ns);
        ll_oms_report(engine->oms, 0, reports->message[i], LL_OWN_EXECUTED_BYTES, now_ns);
        if (together == 1)
            ll_oms_step(engine->oms);
    }
    engine_flush(engine, now_ns);
    return ll_clock_mono_ns() - start_ns;
}

/* --- A gateway ---------------------------------------------------------------------------------------------- */

struct gate {
    struct ll_gateway *gateway;
    struct ll_port *port;
    struct ll_own_orders own;
    uint64_t next_sequence;
    struct ll_packet *packets;
    uint8_t *bytes;
    uint64_t packet_count;
};

static void gate_flush(void *context, uint64_t now_ns)
{
    (void)ll_gateway_trade(context, now_ns);
}

static int gate_open(struct gate *gate, const struct ll_oms_config *oms, const char *dir, struct ll_why *why)
{
    struct ll_gateway_config config;
    struct ll_trading_config trading;
    ll_trading_config_default(&trading);
    trading.oms = *oms;
    trading.feed_protocol = LL_PROTOCOL_OUCH50;
    ll_gateway_config_default(&config);
    config.trading = &trading;
    config.device.book = (struct ll_book_config){.orders = 1024, .levels = 1024, .books = 16};
    config.mold.start_sequence = 1;
    config.journal.dir = dir;
    int status = ll_gateway_open(&gate->gateway, &config, why);
    if (status == LL_OK)
        status = ll_trading_start(ll_gateway_trading(gate->gateway), START_NS, why);
    if (status == LL_OK)
        status = ll_port_open(&gate->port, "ring:", NULL, 0, why);
    gate->next_sequence = 1;
    return status;
}

static void gate_close(struct gate *gate)
{
    ll_port_close(gate->port);
    (void)ll_gateway_close(gate->gateway, NULL);
    free(gate->packets);
    free(gate->bytes);
}

/* The reports as datagrams. */
static int gate_pack(struct gate *gate, const struct reports *reports, struct ll_why *why)
{
    uint64_t at = 0;
    uint64_t i = 0;
    uint64_t packets_max = reports->count / 16 + 2;
    if (gate->bytes == NULL) {
        gate->bytes = malloc(packets_max * PACKET_BYTES);
        gate->packets = malloc(packets_max * sizeof *gate->packets);
    }
    if (gate->bytes == NULL || gate->packets == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for the datagrams");
    gate->packet_count = 0;
    while (i < reports->count) {
        struct ll_moldudp64_builder builder;
        uint64_t first = i;
        ll_moldudp64_begin(&builder, gate->bytes + at, PACKET_BYTES, SESSION, gate->next_sequence);
        while (i < reports->count &&
               ll_moldudp64_add(&builder, reports->message[i], LL_OWN_EXECUTED_BYTES) == LL_OK)
            i++;
        gate->next_sequence += i - first;
        LL_ASSERT(gate->packet_count < packets_max);
        gate->packets[gate->packet_count++] =
            (struct ll_packet){at, ll_moldudp64_end(&builder), (uint32_t)(i - first)};
        at += PACKET_BYTES;
    }
    return LL_OK;
}

static void gate_take(struct gate *gate, const uint8_t *bytes, uint32_t bytes_count)
{
    ll_gateway_datagram(gate->gateway, 0, bytes, bytes_count, 0, gate->own.now_ns);
    ll_gateway_flush(gate->gateway);
    (void)ll_gateway_trade(gate->gateway, gate->own.now_ns);
}

static uint64_t gate_run(struct gate *gate)
{
    uint64_t start_ns = ll_clock_mono_ns();
    for (uint64_t i = 0; i < gate->packet_count; i++)
        gate_take(gate, gate->bytes + gate->packets[i].at_bytes, gate->packets[i].payload_bytes);
    return ll_clock_mono_ns() - start_ns;
}

/* Frames as much as the ring holds, then receives that; only the receiving is counted. */
static uint64_t gate_run_dpdk(struct gate *gate, const struct reports *reports)
{
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    struct ll_mold_framer framer;
    uint64_t spent_ns = 0;
    uint64_t i = 0;
    ll_mold_framer_init(&framer, gate->port, SESSION, gate->next_sequence, LL_NS_PER_S);
    while (i < reports->count) {
        while (i < reports->count && ll_mold_framer_add(&framer, reports->message[i], LL_OWN_EXECUTED_BYTES,
                                                        gate->own.now_ns) == LL_OK)
            i++;
        if (i == reports->count)
            ll_mold_framer_flush(&framer);
        uint64_t start_ns = ll_clock_mono_ns();
        uint32_t count;
        while ((count = ll_port_receive(gate->port, datagrams)) != 0)
            for (uint32_t d = 0; d < count; d++)
                gate_take(gate, datagrams[d].payload, datagrams[d].payload_bytes);
        spent_ns += ll_clock_mono_ns() - start_ns;
    }
    gate->next_sequence += reports->count;
    return spent_ns;
}

/* --- A size ------------------------------------------------------------------------------------------------- */

struct bench {
    struct config config;
    uint64_t orders;
    struct reports reports;
    struct engine engine;
    struct gate plain;
    struct gate durable;
    struct ll_rounds rounds[ROW_COUNT];
    uint64_t decoded; /* so that decoding is not left out */
    double setup_ns;
};

static struct ll_oms_config oms_config(const struct bench *bench)
{
    struct ll_trading_config trading;
    ll_trading_config_default(&trading);
    struct ll_oms_config config = trading.oms;
    config.orders = bench->orders + 16;
    config.ids = bench->orders * 3 + (bench->config.rounds + 1) * 2 * bench->reports.count + 1024;
    config.instruments = SYMBOLS_MAX + 16;
    config.accounts = (uint64_t)1 << 17;
    return config;
}

static int fill_orders(struct bench *bench, struct ll_own_orders *own, struct ll_why *why)
{
    own->now_ns = START_NS;
    own->lots = LOTS;
    own->symbol_count = bench->orders / 50 < SYMBOLS_MAX ? (uint32_t)(bench->orders / 50) : SYMBOLS_MAX;
    uint64_t start_ns = ll_clock_mono_ns();
    int status = ll_own_orders_begin(own, why);
    if (status == LL_OK)
        status = ll_own_orders_until(own, bench->orders, why);
    bench->setup_ns = (double)(ll_clock_mono_ns() - start_ns) / (double)bench->orders;
    return status;
}

static int fill_gate(struct bench *bench, struct gate *gate, struct ll_why *why)
{
    gate->own.oms = ll_trading_oms(ll_gateway_trading(gate->gateway));
    gate->own.flush = gate_flush;
    gate->own.context = gate->gateway;
    return fill_orders(bench, &gate->own, why);
}

static int bench_open(struct bench *bench, struct ll_why *why)
{
    const struct ll_oms_config config = oms_config(bench);
    ll_prng_init(&bench->reports.prng, bench->orders);
    bench->reports.next_match = 1;
    bench->reports.message = malloc(bench->reports.count * sizeof *bench->reports.message);
    if (bench->reports.message == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for the reports");
    ll_bench_pin_away((int)bench->config.cpu); /* the journal's threads */
    ll_bench_remove_dir(bench->config.dir);    /* of a run that was stopped */
    int status = ll_bench_make_dir(bench->config.dir, why);
    if (status == LL_OK)
        status = engine_open(&bench->engine, &config, why);
    if (status == LL_OK && !bench->config.engine_only)
        status = gate_open(&bench->plain, &config, NULL, why);
    if (status == LL_OK && !bench->config.engine_only)
        status = gate_open(&bench->durable, &config, bench->config.dir, why);
    if (status != LL_OK)
        return status;
    if (!ll_bench_pin((int)bench->config.cpu))
        return LL_FAIL(why, LL_ERR_USAGE, "--cpu %" PRIu64 ": may not run there", bench->config.cpu);
    bench->engine.own.oms = bench->engine.oms;
    bench->engine.own.flush = engine_flush;
    bench->engine.own.context = &bench->engine;
    if (!bench->config.engine_only)
        status = fill_gate(bench, &bench->durable, why);
    if (status == LL_OK && !bench->config.engine_only)
        status = fill_gate(bench, &bench->plain, why);
    return status == LL_OK ? fill_orders(bench, &bench->engine.own, why) : status;
}

static void bench_close(struct bench *bench)
{
    gate_close(&bench->plain);
    gate_close(&bench->durable);
    ll_arena_deinit(&bench->engine.arena);
    free(bench->reports.message);
    ll_bench_remove_dir(bench->config.dir);
}

/* --- Rounds ------------------------------------------------------------------------------------------------- */

static void keep(struct bench *bench, enum row row, uint64_t ns)
{
    ll_rounds_add(&bench->rounds[row], ns, bench->reports.count);
}

static uint64_t run_decode(struct bench *bench)
{
    struct ll_report report = {0};
    uint64_t start_ns = ll_clock_mono_ns();
    for (uint64_t i = 0; i < bench->reports.count; i++) {
        int status =
            ll_ouch_report(LL_PROTOCOL_OUCH50, bench->reports.message[i], LL_OWN_EXECUTED_BYTES, &report);
        bench->decoded += report.match + (uint64_t)(status == LL_OK);
    }
    return ll_clock_mono_ns() - start_ns;
}

static uint64_t run_record(struct bench *bench)
{
    struct ll_record_batch *batch = bench->engine.batch;
    uint64_t next_event_id = batch->next_event_id;
    uint64_t start_ns = ll_clock_mono_ns();
    for (uint64_t i = 0; i < bench->reports.count; i++) {
        if (!ll_record_batch_room(batch, 1))
            batch->slot_count = 0;
        (void)ll_record_batch_write(batch, LL_RECORD_REPORT, 0, START_NS, bench->reports.message[i],
                                    LL_OWN_EXECUTED_BYTES);
    }
    uint64_t spent_ns = ll_clock_mono_ns() - start_ns;
    batch->slot_count = 0;
    batch->next_event_id = next_event_id;
    return spent_ns;
}

static void run_stages(struct bench *bench)
{
    uint64_t decode_ns = run_decode(bench);
    uint64_t record_ns = run_record(bench);
    bench->engine.kernel_ns = 0;
    uint64_t engine_ns = engine_run(&bench->engine, &bench->reports, LIFE_BATCH);
    uint64_t rest_ns = decode_ns + record_ns + bench->engine.kernel_ns;
    keep(bench, ROW_DECODE, decode_ns);
    keep(bench, ROW_RECORD, record_ns);
    keep(bench, ROW_ENGINE, engine_ns);
    keep(bench, ROW_KERNEL, bench->engine.kernel_ns);
    keep(bench, ROW_REST, engine_ns > rest_ns ? engine_ns - rest_ns : 0);
}

static int run_gates(struct bench *bench, struct ll_why *why)
{
    int status = gate_pack(&bench->plain, &bench->reports, why);
    if (status == LL_OK)
        status = gate_pack(&bench->durable, &bench->reports, why);
    if (status != LL_OK)
        return status;
    keep(bench, ROW_GATEWAY, gate_run(&bench->plain));
    keep(bench, ROW_GATEWAY_JOURNAL, gate_run(&bench->durable));
    ll_gateway_drain(bench->durable.gateway);
    return ll_gateway_status(bench->durable.gateway, why);
}

static int run_gates_dpdk(struct bench *bench, struct ll_why *why)
{
    keep(bench, ROW_DPDK, gate_run_dpdk(&bench->plain, &bench->reports));
    keep(bench, ROW_DPDK_JOURNAL, gate_run_dpdk(&bench->durable, &bench->reports));
    ll_gateway_drain(bench->durable.gateway);
    return ll_gateway_status(bench->durable.gateway, why);
}

/* Everybody books the same: one part each way. */
static int run_round(struct bench *bench, struct ll_why *why)
{
    bool gates = !bench->config.engine_only;
    reports_make(&bench->reports, bench->orders);
    run_stages(bench);
    int status = gates ? run_gates(bench, why) : LL_OK;
    if (status != LL_OK)
        return status;
    reports_make(&bench->reports, bench->orders);
    keep(bench, ROW_ALONE, engine_run(&bench->engine, &bench->reports, 1));
    return gates ? run_gates_dpdk(bench, why) : LL_OK;
}

static int check_sums(const struct bench *bench, uint64_t *sum, struct ll_why *why)
{
    const struct ll_oms_counters *counters = ll_oms_counters(bench->engine.oms);
    *sum = ll_own_orders_sum(bench->engine.oms);
    if (counters->fills != bench->reports.next_match - 1)
        return LL_FAIL(why, LL_ERR_CORRUPT, "%" PRIu64 " fills of %" PRIu64 " reports", counters->fills,
                       bench->reports.next_match - 1);
    if (bench->config.engine_only)
        return LL_OK;
    if (ll_own_orders_sum(bench->plain.own.oms) != *sum || ll_own_orders_sum(bench->durable.own.oms) != *sum)
        return LL_FAIL(why, LL_ERR_CORRUPT, "the gateways end in other orders or balances than the engine");
    return LL_OK;
}

static void print(const struct bench *bench, uint64_t sum)
{
    printf("\n%" PRIu64 " live own orders, %" PRIu64 " reports a round, %" PRIu64
           " rounds; an order placed and accepted took %.0f ns; checksum %016" PRIx64 "\n",
           bench->orders, bench->reports.count, bench->config.rounds, bench->setup_ns, sum);
    printf("  %-20s %10s %10s %12s\n", "", "ns/report", "best", "reports/s");
    for (uint32_t row = 0; row < ROW_COUNT && bench->rounds[row].count != 0; row++) {
        double ns = ll_rounds_median(&bench->rounds[row]);
        printf("  %-20s %10.1f %10.1f %10.2f M\n", row_names[row], ns, ll_rounds_best(&bench->rounds[row]),
               1e3 / ns);
    }
}

static int run_size(const struct config *config, uint64_t orders, struct ll_why *why)
{
    struct bench *bench = calloc(1, sizeof *bench);
    uint64_t sum = 0;
    if (bench == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory");
    bench->config = *config;
    bench->orders = orders;
    bench->reports.count = config->reports;
    int status = bench_open(bench, why);
    /* The first round warms up and is not counted. */
    for (uint64_t round = 0; round <= config->rounds && status == LL_OK; round++) {
        if (round == 1)
            memset(bench->rounds, 0, sizeof bench->rounds);
        status = run_round(bench, why);
    }
    if (status == LL_OK)
        status = check_sums(bench, &sum, why);
    if (status == LL_OK)
        print(bench, sum);
    bench_close(bench);
    free(bench);
    return status;
}

static int run_all(const struct config *config)
{
    static const uint64_t sizes[] = {1000, 100000, 1000000};
    const struct ll_eal_config eal = {.cpu = (uint32_t)config->cpu};
    struct ll_why why = {0};
    ll_bench_header(stdout, "bench_reports");
    int status = ll_eal_start(&eal, &why);
    if (status == LL_OK && config->orders != 0)
        status = run_size(config, config->orders, &why);
    for (uint32_t i = 0; i < 3 && config->orders == 0 && status == LL_OK; i++)
        status = run_size(config, sizes[i], &why);
    if (status != LL_OK)
        (void)fprintf(stderr, "bench_reports: %s: %s\n", ll_err_name(status), why.text);
    else
        printf("\nengine and gateways end in the same orders and balances\n");
    return status == LL_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct config config = {false, false, "build/bench-reports", 0, 100000, 5, 0};
    struct ll_operands operands = {{NULL}, 0};
    struct ll_why why = {0};
    int help = 0;
    if (ll_options_parse(options, argc, argv, &config, &operands, &help, &why) != LL_OK) {
        (void)fprintf(stderr, "bench_reports: %s\n", why.text);
        return 2;
    }
    if (help) {
        ll_options_print_help(options, stdout);
        return 0;
    }
    if (config.is_smoke) {
        config.orders = 1000;
        config.reports = REPORTS_SMOKE;
        config.rounds = 1;
    }
    return run_all(&config);
}
