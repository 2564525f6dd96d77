/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: how long an order takes from the client to the socket, with and without waiting for the disk.
 * Method: a real gateway with journal, door and an OUCH 5.0 session over loopback TCP; a client thread that
 * places orders through liblifeline's shared memory; a venue thread that logs the gateway in and answers each
 * order. Open loop: orders are planned at an even rate, and measured from the planned time, so that a stall
 * shows in each order that had to wait for it, and from the moment they were put into the ring. They count as
 * left when the gateway's turn that handed them to the socket is over. The same with durable_before_send on
 * (orders leave when their records are on disk) and off. Before each run of the first kind the disk alone: the
 * bytes that one order needs in the journal, by pwrite and fdatasync into a zeroed file, one after the other.
 *
 * Every order must be accepted by the venue, and nothing refused; else the exit code is 1. Nothing is asserted about
 * time.
 */
#include "bench/ll_bench.h"
#include "host/app/ll_gateway.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_histogram.h"
#include "host/base/ll_options.h"
#include "host/base/ll_tcp.h"
#include "host/client/lifeline.h"
#include "host/exchange/ll_own_orders.h"
#include "host/exchange/ll_soup_server.h"
#include "host/wire/ll_ouch.h"
#include "host/wire/ll_ouch50.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ORDERS_MAX       200000u
#define RATES            4u
#define SYMBOLS          1000u
#define WINDOW_NS        (10 * LL_NS_PER_MS)
#define OPEN_NS          (20 * LL_NS_PER_S)
#define DONE_NS          (60 * LL_NS_PER_S) /* for the last orders to leave */
#define VENUE_NAP_NS     20000
#define FULL_NAP_NS      10000             /* of a client whose ring is full */
#define CLIENT_SPIN_NS   ((uint64_t)20000) /* before an order is due; more would take a CPU from the others */
#define DISK_SYNCS       1000u
#define DISK_SYNCS_SMOKE 20u

struct config {
    bool is_smoke;
    const char *dir;
    uint64_t run_ms;
};

static const struct ll_option options[] = {
    {"smoke", LL_OPTION_FLAG, offsetof(struct config, is_smoke), 0, 0, NULL, NULL,
     "few orders: checks that all leave, the figures mean little"},
    {"dir", LL_OPTION_STRING, offsetof(struct config, dir), 0, 0, "DIR", NULL,
     "where the journal lies (default build/bench-order-wire; made, and removed at the end)"},
    {"run-ms", LL_OPTION_U64, offsetof(struct config, run_ms), 10, 8000, "N", NULL,
     "milliseconds at each rate (default 4000)"},
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

/* --- The venue --------------------------------------------------------------------------------------------- */

struct venue {
    struct ll_tcp_listener listener;
    struct ll_tcp tcp;
    struct ll_soup_server *server;
    void *memory;
    uint64_t refs;
    atomic_bool stop;
    pthread_t thread;
};

static void venue_publish(struct venue *venue, const uint8_t *message, uint32_t bytes)
{
    int status = ll_soup_server_publish(venue->server, message, bytes);
    LL_ASSERT(status == LL_OK); /* the store holds a whole run */
}

/* Accepted and gone at once, so that orders do not pile up. */
static void venue_message(void *context, const uint8_t *message, uint32_t message_bytes, uint64_t now_ns)
{
    struct venue *venue = context;
    uint8_t answer[LL_OWN_ACCEPTED_BYTES];
    (void)now_ns;
    if (message_bytes >= LL_OUCH50_BYTES_ENTER && message[0] == LL_OUCH50_TYPE_ENTER) {
        uint32_t number = ll_load_be32(message + LL_OUCH50_OFFSET_ENTER_user_ref_num);
        uint32_t bytes = ll_own_accepted(answer, ++venue->refs, 1);
        ll_store_be32(answer + LL_OUCH50_OFFSET_ACCEPTED_user_ref_num, number);
        answer[LL_OUCH50_OFFSET_ACCEPTED_order_state] = LL_OUCH_STATE_DEAD;
        venue_publish(venue, answer, bytes);
    } else if (message[0] == LL_OUCH50_TYPE_QUERY_RESPONSE) { /* the question has the answer's letter */
        uint8_t next[LL_OUCH50_BYTES_QUERY_RESPONSE] = {LL_OUCH50_TYPE_QUERY_RESPONSE};
        ll_store_be32(next + LL_OUCH50_OFFSET_QUERY_RESPONSE_next_user_ref_num, 1);
        venue_publish(venue, next, sizeof next);
    }
}

static void venue_login(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    (void)context;
    (void)next_sequence;
    (void)now_ns;
}

static void venue_closed(void *context, enum ll_soup_server_reason reason, bool was_in, uint64_t now_ns)
{
    (void)context;
    (void)reason;
    (void)was_in;
    (void)now_ns;
}

static void *venue_run(void *context)
{
    struct venue *venue = context;
    const struct timespec nap = {0, VENUE_NAP_NS};
    bool has_connection = false;
    while (!atomic_load(&venue->stop)) {
        uint64_t now_ns = ll_clock_mono_ns();
        if (!has_connection && ll_tcp_accept(&venue->listener, &venue->tcp, NULL) == LL_OK) {
            const struct ll_byte_door door = ll_tcp_door(&venue->tcp);
            has_connection = ll_soup_server_accept(venue->server, &door, now_ns) == LL_OK;
        }
        ll_soup_server_poll(venue->server, now_ns);
        (void)nanosleep(&nap, NULL);
    }
    return NULL;
}

static int venue_open(struct venue *venue, struct ll_why *why)
{
    const struct ll_ipv4 local = {0x7f000001u, 0};
    const struct ll_soup_server_handler handler = {venue, venue_login, venue_message, venue_closed};
    struct ll_soup_server_config config;
    memset(venue, 0, sizeof *venue);
    ll_soup_server_config_default(&config);
    (void)snprintf(config.username, sizeof config.username, "BENCH");
    (void)snprintf(config.password, sizeof config.password, "SECRET");
    (void)snprintf(config.session, sizeof config.session, "WIRE");
    config.message_count_max = ORDERS_MAX + 100;
    config.store_bytes = (uint64_t)config.message_count_max * LL_OWN_ACCEPTED_BYTES;
    venue->memory = malloc(ll_soup_server_footprint_bytes(&config));
    if (venue->memory == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for the venue");
    venue->server = ll_soup_server_init(venue->memory, &config, &handler);
    LL_ASSERT(venue->server != NULL);
    int status = ll_tcp_listen(&venue->listener, &local, why);
    if (status == LL_OK && pthread_create(&venue->thread, NULL, venue_run, venue) != 0)
        status = LL_FAIL(why, LL_ERR_ENVIRONMENT, "no thread for the venue");
    return status;
}

static void venue_close(struct venue *venue)
{
    atomic_store(&venue->stop, true);
    (void)pthread_join(venue->thread, NULL);
    ll_soup_server_deinit(venue->server);
    ll_tcp_listener_close(&venue->listener);
    free(venue->memory);
}

/* --- The client -------------------------------------------------------------------------------------------- */

struct client {
    const char *door;
    uint64_t rate;   /* orders per second */
    uint64_t count;  /* of this run */
    uint64_t serial; /* of the run, in the orders' keys */
    uint64_t *planned_ns;
    uint64_t *asked_ns;
    uint64_t answers; /* those that were lost, because the client did not keep up, included */
    uint64_t refused;
    uint64_t full; /* times the ring was */
    atomic_bool done;
    char text[256]; /* what failed */
    pthread_t thread;
};

static void client_read(struct client *client, struct lifeline *gateway)
{
    struct lifeline_event event;
    while (lifeline_poll(gateway, &event) == 1) {
        client->answers += event.kind == LIFELINE_EVENT_LOST ? event.value : event.request != 0;
        client->refused += event.kind == LIFELINE_EVENT_REFUSED;
    }
}

static void client_wait(struct client *client, struct lifeline *gateway, uint64_t until_ns)
{
    uint64_t now_ns = ll_clock_mono_ns();
    client_read(client, gateway);
    while (now_ns < until_ns) {
        if (until_ns - now_ns > 2 * CLIENT_SPIN_NS) {
            uint64_t nap_ns = until_ns - now_ns - CLIENT_SPIN_NS;
            const struct timespec nap = {0, (long)(nap_ns < LL_NS_PER_S ? nap_ns : LL_NS_PER_S - 1)};
            (void)nanosleep(&nap, NULL);
        }
        now_ns = ll_clock_mono_ns();
    }
}

static bool client_place(struct client *client, struct lifeline *gateway, uint64_t i)
{
    char key[32];
    char symbol[LL_SYMBOL_BYTES + 1] = {0};
    ll_own_symbol(symbol, (uint32_t)(i % SYMBOLS));
    (void)snprintf(key, sizeof key, "w%" PRIu64 "-%" PRIu64, client->serial, i);
    const struct lifeline_order order = {.account = "ACC",
                                         .symbol = symbol,
                                         .client_order_id = key,
                                         .quantity_lots = 1,
                                         .price_ticks = LL_OWN_PRICE};
    client->asked_ns[i] = ll_clock_mono_ns();
    int64_t request = lifeline_place(gateway, &order);
    while (request == LIFELINE_ERR_FULL) {
        const struct timespec nap = {0, FULL_NAP_NS};
        client->full++;
        client_read(client, gateway);
        (void)nanosleep(&nap, NULL);
        request = lifeline_place(gateway, &order);
    }
    if (request < 0)
        (void)snprintf(client->text, sizeof client->text, "%s", lifeline_error_text(gateway));
    return request > 0;
}

static void *client_run(void *context)
{
    struct client *client = context;
    struct lifeline *gateway = NULL;
    bool good = lifeline_open(&gateway, client->door) == LIFELINE_OK &&
                lifeline_subscribe(gateway, LIFELINE_NEWS_NONE) == LIFELINE_OK;
    if (!good)
        (void)snprintf(client->text, sizeof client->text, "%s", lifeline_error_text(gateway));
    uint64_t start_ns = ll_clock_mono_ns() + 10 * LL_NS_PER_MS;
    for (uint64_t i = 0; i < client->count && good; i++) {
        client->planned_ns[i] = start_ns + i * LL_NS_PER_S / client->rate;
        client_wait(client, gateway, client->planned_ns[i]);
        good = client_place(client, gateway, i);
    }
    uint64_t until_ns = ll_clock_mono_ns() + DONE_NS;
    while (good && client->answers < client->count && ll_clock_mono_ns() < until_ns)
        client_wait(client, gateway, ll_clock_mono_ns() + LL_NS_PER_MS);
    lifeline_close(gateway);
    atomic_store(&client->done, true);
    return NULL;
}

/* --- The disk alone ---------------------------------------------------------------------------------------- */

static int disk_measure(const struct config *config, uint32_t bytes, struct ll_histogram *syncs,
                        struct ll_why *why)
{
    static uint8_t zeroes[1 << 16];
    char path[512];
    uint32_t count = config->is_smoke ? DISK_SYNCS_SMOKE : DISK_SYNCS;
    uint64_t total = (uint64_t)count * bytes;
    (void)snprintf(path, sizeof path, "%s/disk", config->dir);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool good = file >= 0;
    for (uint64_t at = 0; at < total && good; at += sizeof zeroes)
        good = pwrite(file, zeroes, sizeof zeroes, (off_t)at) == (ssize_t)sizeof zeroes;
    good = good && fsync(file) == 0;
    for (uint32_t i = 0; i < count && good; i++) {
        zeroes[0] = (uint8_t)(i + 1);
        uint64_t start_ns = ll_clock_mono_ns();
        good = pwrite(file, zeroes, bytes, (off_t)((uint64_t)i * bytes)) == (ssize_t)bytes &&
               fdatasync(file) == 0;
        ll_histogram_record(syncs, ll_clock_mono_ns() - start_ns, 1);
    }
    zeroes[0] = 0;
    if (file >= 0)
        (void)close(file);
    (void)unlink(path);
    return good ? LL_OK : LL_FAIL(why, LL_ERR_IO, "%s cannot be written", path);
}

/* --- The gateway ------------------------------------------------------------------------------------------- */

struct bench {
    struct config config;
    struct venue venue;
    struct client client;
    struct ll_gateway *gateway;
    struct ll_trading *trading;
    char journal[512];
    char door[128];
    bool durable;
    uint64_t sends_before;
    uint64_t slots_before;
    struct ll_histogram from_plan;
    struct ll_histogram from_ring;
    struct ll_histogram disk;
};

static uint64_t sends_of(const struct bench *bench)
{
    return ll_soup_client_counters(ll_trading_session(bench->trading, 0))->sends;
}

static void flush_own(void *context, uint64_t now_ns)
{
    (void)ll_gateway_trade(context, now_ns);
}

static int gateway_ready(struct bench *bench, struct ll_why *why)
{
    struct ll_own_orders own = {.oms = ll_trading_oms(bench->trading),
                                .flush = flush_own,
                                .context = bench->gateway,
                                .now_ns = ll_clock_utc_ns(),
                                .window_ns = WINDOW_NS,
                                .symbol_count = SYMBOLS,
                                .lots = 1};
    int status = ll_own_orders_limits(&own, why);
    uint64_t until_ns = ll_clock_mono_ns() + OPEN_NS;
    while (status == LL_OK && !ll_oms_is_open(own.oms, 0) && ll_clock_mono_ns() < until_ns) {
        (void)ll_gateway_trade(bench->gateway, ll_clock_utc_ns());
        status = ll_gateway_status(bench->gateway, why);
    }
    if (status == LL_OK && !ll_oms_is_open(own.oms, 0))
        status = LL_FAIL(why, LL_ERR_ENVIRONMENT, "the session did not open");
    return status;
}

static int gateway_open(struct bench *bench, struct ll_why *why)
{
    struct ll_gateway_config config;
    struct ll_trading_config trading;
    ll_trading_config_default(&trading);
    trading.session_count = 1;
    trading.sessions[0].address = bench->venue.listener.local;
    trading.sessions[0].protocol = LL_PROTOCOL_OUCH50;
    memset(trading.sessions[0].firm, ' ', sizeof trading.sessions[0].firm);
    (void)snprintf(trading.sessions[0].user, sizeof trading.sessions[0].user, "BENCH");
    (void)snprintf(trading.sessions[0].password, sizeof trading.sessions[0].password, "SECRET");
    trading.oms.instruments = SYMBOLS + 16;
    trading.oms.answer_timeout_ns = 600 * LL_NS_PER_S; /* no question shall be counted as an order */
    trading.silence_ns = 60 * LL_NS_PER_S;
    trading.door_path = bench->door;
    trading.send_before_durable = !bench->durable;
    ll_gateway_config_default(&config);
    config.trading = &trading;
    config.device.book = (struct ll_book_config){.orders = 1024, .levels = 1024, .books = 16};
    config.journal.dir = bench->journal;
    ll_bench_remove_dir(bench->journal);
    int status = ll_gateway_open(&bench->gateway, &config, why);
    if (status != LL_OK)
        return status;
    bench->trading = ll_gateway_trading(bench->gateway);
    (void)ll_bench_pin(0);
    status = ll_trading_start(bench->trading, ll_clock_utc_ns(), why);
    return status == LL_OK ? gateway_ready(bench, why) : status;
}

/* --- A run ------------------------------------------------------------------------------------------------- */

/* The hot thread: until all have left, and the client has its answers. */
static int run_hot(struct bench *bench, struct ll_why *why)
{
    const struct client *client = &bench->client;
    uint64_t left = 0;
    int status = LL_OK;
    while (status == LL_OK &&
           !(atomic_load(&client->done) && (left == client->count || client->text[0] != 0))) {
        (void)ll_gateway_trade(bench->gateway, ll_clock_utc_ns());
        uint64_t sent = sends_of(bench) - bench->sends_before;
        if (left < sent) {
            uint64_t now_ns = ll_clock_mono_ns();
            for (; left < sent && left < client->count; left++) {
                ll_histogram_record(&bench->from_plan, now_ns - client->planned_ns[left], 1);
                ll_histogram_record(&bench->from_ring, now_ns - client->asked_ns[left], 1);
            }
        }
        status = ll_gateway_status(bench->gateway, why);
    }
    return status;
}

static void print_row(const char *name, const struct ll_histogram *histogram)
{
    printf("  %-34s %10.1f %10.1f %10.1f %10.1f %9" PRIu64 "\n", name,
           (double)ll_histogram_percentile(histogram, 500000) / 1e3,
           (double)ll_histogram_percentile(histogram, 990000) / 1e3,
           (double)ll_histogram_percentile(histogram, 999000) / 1e3, (double)histogram->max / 1e3,
           histogram->count);
}

static void print_run(const struct bench *bench, uint64_t slots)
{
    const struct client *client = &bench->client;
    printf("\n%s, %" PRIu64 " orders/s: %.0f journal bytes an order; the client found its ring full %" PRIu64
           " times; load ",
           bench->durable ? "durable before send" : "send before durable", client->rate,
           (double)(slots * LL_SLOT_BYTES) / (double)client->count, client->full);
    double load[1] = {0};
    (void)getloadavg(load, 1);
    printf("%.1f\n  %-34s %10s %10s %10s %10s %9s\n", load[0], "us", "p50", "p99", "p99.9", "max", "count");
    print_row("from the planned time", &bench->from_plan);
    print_row("from the client's ring", &bench->from_ring);
    if (bench->disk.count != 0)
        print_row("fdatasync of the same bytes", &bench->disk);
}

static uint64_t slots_of(const struct bench *bench)
{
    struct ll_journal_stats stats;
    ll_gateway_journal_stats(bench->gateway, &stats);
    return stats.slots_written;
}

static int run_rate(struct bench *bench, uint64_t rate, uint64_t count, struct ll_why *why)
{
    struct client *client = &bench->client;
    uint64_t serial = client->serial + 1;
    uint64_t *planned_ns = client->planned_ns;
    uint64_t *asked_ns = client->asked_ns;
    LL_ASSERT(count <= ORDERS_MAX);
    memset(client, 0, sizeof *client);
    client->door = bench->door;
    client->rate = rate;
    client->count = count;
    client->serial = serial;
    client->planned_ns = planned_ns;
    client->asked_ns = asked_ns;
    ll_histogram_init(&bench->from_plan);
    ll_histogram_init(&bench->from_ring);
    bench->sends_before = sends_of(bench);
    bench->slots_before = slots_of(bench);
    ll_bench_pin_away(0);
    if (pthread_create(&client->thread, NULL, client_run, client) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "no thread for the client");
    (void)ll_bench_pin(0);
    int status = run_hot(bench, why);
    (void)pthread_join(client->thread, NULL);
    if (status == LL_OK && client->text[0] != 0)
        status = LL_FAIL(why, LL_ERR_INPUT, "client: %s", client->text);
    if (status == LL_OK && (client->refused != 0 || client->answers != count))
        status =
            LL_FAIL(why, LL_ERR_CORRUPT, "%" PRIu64 " answers and %" PRIu64 " refusals to %" PRIu64 " orders",
                    client->answers, client->refused, count);
    ll_gateway_drain(bench->gateway);
    return status;
}

/* All the venue's answers are in, and each order is over. */
static int check_orders(struct bench *bench, uint64_t count, struct ll_why *why)
{
    struct ll_oms *oms = ll_trading_oms(bench->trading);
    uint64_t until_ns = ll_clock_mono_ns() + OPEN_NS;
    while (ll_oms_live_count(oms) != 0 && ll_clock_mono_ns() < until_ns)
        (void)ll_gateway_trade(bench->gateway, ll_clock_utc_ns());
    if (ll_oms_order_count(oms) != count || ll_oms_live_count(oms) != 0)
        return LL_FAIL(why, LL_ERR_CORRUPT, "%u orders of %" PRIu64 ", %u of them without an answer",
                       ll_oms_order_count(oms), count, ll_oms_live_count(oms));
    return LL_OK;
}

static int run_mode(struct bench *bench, struct ll_why *why)
{
    static const uint64_t rates[RATES] = {100, 1000, 5000, 20000};
    uint64_t total = 200;
    int status = gateway_open(bench, why);
    if (status == LL_OK)
        status = run_rate(bench, 1000, total, why); /* warms up, and says how many bytes an order has */
    uint64_t bytes = status == LL_OK ? (slots_of(bench) - bench->slots_before) * LL_SLOT_BYTES / total : 0;
    for (uint32_t i = 0; i < (bench->config.is_smoke ? 1 : RATES) && status == LL_OK; i++) {
        uint64_t count = rates[i] * bench->config.run_ms / 1000;
        ll_histogram_init(&bench->disk);
        if (bench->durable)
            status = disk_measure(&bench->config, (uint32_t)bytes, &bench->disk, why);
        if (status == LL_OK)
            status = run_rate(bench, rates[i], count, why);
        if (status == LL_OK)
            print_run(bench, slots_of(bench) - bench->slots_before);
        total += count;
    }
    if (status == LL_OK)
        status = check_orders(bench, total, why);
    if (bench->trading != NULL)
        ll_trading_stop(bench->trading, ll_clock_utc_ns());
    int closed = ll_gateway_close(bench->gateway, why);
    bench->gateway = NULL;
    bench->trading = NULL;
    ll_bench_remove_dir(bench->journal);
    return status != LL_OK ? status : closed;
}

static int run_all(struct bench *bench, struct ll_why *why)
{
    int status = ll_bench_make_dir(bench->config.dir, why);
    for (int mode = 0; mode < 2 && status == LL_OK; mode++) {
        bench->durable = mode == 0;
        ll_bench_pin_away(0); /* whoever is made now keeps off the hot thread's CPU */
        status = venue_open(&bench->venue, why);
        if (status == LL_OK) {
            status = run_mode(bench, why);
            venue_close(&bench->venue);
        }
    }
    ll_bench_remove_dir(bench->config.dir);
    return status;
}

int main(int argc, char **argv)
{
    static struct bench bench = {
        .config = {.is_smoke = false, .dir = "build/bench-order-wire", .run_ms = 4000}};
    struct ll_operands operands = {{NULL}, 0};
    struct ll_why why = {0};
    int help = 0;
    if (ll_options_parse(options, argc, argv, &bench.config, &operands, &help, &why) != LL_OK) {
        (void)fprintf(stderr, "bench_order_wire: %s\n", why.text);
        return 2;
    }
    if (help) {
        ll_options_print_help(options, stdout);
        return 0;
    }
    if (bench.config.is_smoke)
        bench.config.run_ms = 300;
    (void)snprintf(bench.journal, sizeof bench.journal, "%s/journal", bench.config.dir);
    (void)snprintf(bench.door, sizeof bench.door, "/dev/shm/lifeline-bench-%ld", (long)getpid());
    bench.client.planned_ns = calloc(ORDERS_MAX, sizeof *bench.client.planned_ns);
    bench.client.asked_ns = calloc(ORDERS_MAX, sizeof *bench.client.asked_ns);
    if (bench.client.planned_ns == NULL || bench.client.asked_ns == NULL)
        return 3;
    ll_bench_header(stdout, "bench_order_wire");
    printf("# open loop; one hot thread, one client, one venue and the journal's threads share the CPUs\n");
    int status = run_all(&bench, &why);
    if (status != LL_OK)
        (void)fprintf(stderr, "bench_order_wire: %s: %s\n", ll_err_name(status), why.text);
    else
        printf("\nevery order was accepted\n");
    free(bench.client.planned_ns);
    free(bench.client.asked_ns);
    return status == LL_OK ? 0 : 1;
}
