/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: how long a restart takes with so many live orders: from snapshot and tail, and by replaying everything, beside
 * the plain time to read the same bytes.
 * Method: a feed of adds over many names and prices, most of them soon deleted again, goes through a gateway into a
 * journal until `orders` are live; a snapshot is made when nine tenths of it are there, the rest is the tail. Then,
 * in turns, round by round:
 *
 *   snapshot + tail    ll_gateway_open with resume, as `lifelined --resume` does it
 *   whole journal      the same with no_snapshot
 *   plain read         the snapshot's file and the segments behind it (or all of them), 1 MiB at a time into one buffer
 *   memory only        a gateway of the same capacities without a journal: taking and formatting the tables
 *
 * With --own-ids the same with own orders instead of a feed: each placed, accepted and filled in parts, ten identifiers
 * each, and all of them alive.
 *
 * All files are in the page cache as far as they fit, for both sides. Both ways must end in the state hash of the first
 * run; else the exit code is 1. Nothing is asserted about time.
 */
#include "bench/ll_bench.h"
#include "host/app/ll_gateway.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_options.h"
#include "host/core/ll_book_memory.h"
#include "host/exchange/ll_own_orders.h"
#include "host/wire/ll_moldudp64.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES          2000u
#define DATAGRAM_BYTES 1400u
#define ADD_BYTES      36u
#define DELETE_BYTES   19u
#define READ_BYTES     ((size_t)1 << 20)
#define SESSION        "RESTART001"
#define START_NS       UINT64_C(1763693471000000000)
#define PATH_BYTES     4096u
#define OWN_IDS        10u /* of an own order: its own, the venue's, the public feed's, and those of its fills */
#define OWN_FILLS      (OWN_IDS - 3u)
#define OWN_TOGETHER   64u
#define OWN_SYMBOLS    5000u

struct config {
    bool is_smoke;
    const char *dir;
    uint64_t orders;
    uint64_t churn;
    uint64_t own_ids;
    uint64_t rounds;
};

static const struct ll_option options[] = {
    {"smoke", LL_OPTION_FLAG, offsetof(struct config, is_smoke), 0, 0, NULL, NULL,
     "few orders, one round: checks the states, the figures mean little"},
    {"dir", LL_OPTION_STRING, offsetof(struct config, dir), 0, 0, "DIR", NULL,
     "where journal and snapshot lie (default build/bench-restart; made, and removed at the end)"},
    {"orders", LL_OPTION_U64, offsetof(struct config, orders), 1000, 30000000, "N", NULL,
     "live orders (default 1000000); 10000000 take about 2 GB of memory and 3 GB of disk"},
    {"churn", LL_OPTION_U64, offsetof(struct config, churn), 0, 1000, "N", NULL,
     "orders that come and go for each that stays (default 4; a real day has more)"},
    {"own-ids", LL_OPTION_U64, offsetof(struct config, own_ids), 0, 10000000, "N", NULL,
     "identifiers of own orders, ten each, instead of a feed; 10000000 take about 6 GB of memory and 4 GB of "
     "disk"},
    {"rounds", LL_OPTION_U64, offsetof(struct config, rounds), 1, LL_ROUNDS_MAX, "N", NULL, "default 5"},
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

enum way { WAY_SNAPSHOT, WAY_WHOLE, WAY_READ_SNAPSHOT, WAY_READ_WHOLE, WAY_MEMORY, WAY_COUNT };
static const char *const way_names[WAY_COUNT] = {"snapshot + tail", "whole journal",
                                                 "  plain read of snapshot + tail",
                                                 "  plain read of the journal", "  memory only"};

/* --- The feed --------------------------------------------------------------------------------------------- */

static void make_add(uint8_t *message, uint64_t ref)
{
    memset(message, 0, ADD_BYTES);
    message[0] = 'A';
    ll_store_be16(message + 1, (uint16_t)(1 + ref * 2654435761u % NAMES));
    ll_store_be64(message + 11, ref);
    message[19] = (ref & 1) != 0 ? 'B' : 'S';
    ll_store_be32(message + 20, 100 + (uint32_t)(ref % 900));
    memcpy(message + 24, "SYMBOL  ", 8);
    ll_store_be32(message + 32, 1000000 + (uint32_t)(ref * 40503u % 64) * 100);
}

static void make_delete(uint8_t *message, uint64_t ref)
{
    memset(message, 0, DELETE_BYTES);
    message[0] = 'D';
    ll_store_be16(message + 1, (uint16_t)(1 + ref * 2654435761u % NAMES));
    ll_store_be64(message + 11, ref);
}

struct feed {
    uint64_t churn;
    uint64_t next_ref;
    uint64_t next_sequence;
    uint64_t live;
};

/* Datagrams until so many orders are live, each flushed. */
static int feed_until(struct feed *feed, struct ll_gateway *gateway, uint64_t live, struct ll_why *why)
{
    uint8_t datagram[DATAGRAM_BYTES];
    uint8_t message[ADD_BYTES];
    while (feed->live < live && ll_gateway_status(gateway, NULL) == LL_OK) {
        struct ll_moldudp64_builder builder;
        uint64_t now_ns = START_NS + feed->next_sequence * 1000;
        uint64_t first_sequence = feed->next_sequence;
        ll_moldudp64_begin(&builder, datagram, sizeof datagram, SESSION, first_sequence);
        for (;;) {
            bool is_delete = feed->next_ref % (feed->churn + 1) != 0;
            make_add(message, feed->next_ref);
            if (ll_moldudp64_add(&builder, message, ADD_BYTES) != LL_OK)
                break;
            feed->next_sequence++;
            feed->live++;
            make_delete(message, feed->next_ref++);
            if (!is_delete)
                continue;
            if (ll_moldudp64_add(&builder, message, DELETE_BYTES) != LL_OK)
                break;
            feed->next_sequence++;
            feed->live--;
        }
        ll_gateway_datagram(gateway, 0, datagram, ll_moldudp64_end(&builder), 0, now_ns);
        ll_gateway_flush(gateway);
    }
    ll_gateway_drain(gateway);
    return ll_gateway_status(gateway, why);
}

/* --- Own orders --------------------------------------------------------------------------------------------- */

static void own_flush(void *context, uint64_t now_ns)
{
    ll_oms_step(ll_trading_oms(ll_gateway_trading(context)));
    (void)ll_gateway_trade(context, now_ns);
}

static void own_fill(struct ll_own_orders *own, uint64_t order, uint64_t match)
{
    uint8_t message[LL_OWN_EXECUTED_BYTES];
    uint32_t bytes = ll_own_executed(message, ll_own_number(order), 1, match);
    while (!ll_oms_room(own->oms))
        own->flush(own->context, own->now_ns);
    ll_oms_report(own->oms, 0, message, bytes, own->now_ns);
}

/* Orders until there are so many, each accepted and filled in parts. */
static int own_until(struct ll_own_orders *own, struct ll_gateway *gateway, uint64_t orders,
                     struct ll_why *why)
{
    own->oms = ll_trading_oms(ll_gateway_trading(gateway));
    own->flush = own_flush;
    own->context = gateway;
    int status = own->count == 0 ? ll_own_orders_begin(own, why) : LL_OK;
    while (own->count < orders && status == LL_OK) {
        uint64_t first = own->count;
        uint64_t next = first + OWN_TOGETHER < orders ? first + OWN_TOGETHER : orders;
        status = ll_own_orders_until(own, next, why);
        for (uint64_t fill = 0; fill < OWN_FILLS && status == LL_OK; fill++)
            for (uint64_t order = first; order < next; order++)
                own_fill(own, order, order * OWN_FILLS + fill + 1);
        own->flush(own->context, own->now_ns);
    }
    ll_gateway_drain(gateway);
    return status == LL_OK ? ll_gateway_status(gateway, why) : status;
}

/* --- Files ------------------------------------------------------------------------------------------------ */

static int read_file(const char *path, uint8_t *buffer, uint64_t *bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;
    if (fd < 0)
        return -1;
    while ((got = read(fd, buffer, READ_BYTES)) > 0)
        *bytes += (uint64_t)got;
    (void)close(fd);
    return got == 0 ? 0 : -1;
}

/* Reads what the way reads: the newest snapshot and the segments from `first_segment` on, or all segments. */
static int read_files(const char *dir, bool snapshot, uint64_t first_segment, uint8_t *buffer,
                      uint64_t *bytes)
{
    char path[PATH_BYTES];
    int failed = 0;
    DIR *stream = opendir(dir);
    *bytes = 0;
    if (stream == NULL)
        return -1;
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        const char *tail = strrchr(entry->d_name, '.');
        bool is_segment = tail != NULL && strcmp(tail, ".lljournal") == 0;
        bool is_snapshot = tail != NULL && strcmp(tail, ".llsnap") == 0;
        if (is_segment && snapshot && strtoull(entry->d_name + 9, NULL, 10) < first_segment)
            continue;
        if (!is_segment && !(is_snapshot && snapshot))
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        failed |= read_file(path, buffer, bytes);
    }
    (void)closedir(stream);
    return failed;
}

/* --- The turns -------------------------------------------------------------------------------------------- */

struct bench {
    struct config config;
    struct ll_gateway_config gateway;
    struct ll_trading_config trading;
    struct ll_rounds rounds[WAY_COUNT];
    uint64_t read_bytes[WAY_COUNT];
    uint64_t tail_segment; /* the first one behind the snapshot */
    uint64_t records;
    uint64_t snapshot_event_id;
    uint64_t state_hash;
    uint8_t *buffer;
};

static uint64_t hash_of(const struct ll_gateway *gateway)
{
    if (ll_gateway_trading(gateway) != NULL)
        return ll_trading_hash(ll_gateway_trading(gateway));
    return ll_engine_state_hash(ll_gateway_engine(gateway), ll_book_memory_hash(ll_gateway_book(gateway)));
}

static int run_open(struct bench *bench, enum way way, struct ll_why *why)
{
    struct ll_gateway_config config = bench->gateway;
    struct ll_gateway *gateway = NULL;
    config.no_snapshot = way == WAY_WHOLE;
    if (way == WAY_MEMORY)
        config.journal.dir = NULL;
    uint64_t start_ns = ll_clock_mono_ns();
    int status = ll_gateway_open(&gateway, &config, why);
    ll_rounds_add(&bench->rounds[way], ll_clock_mono_ns() - start_ns, 1);
    if (status != LL_OK)
        return status;
    uint64_t begun_from = ll_gateway_counters(gateway)->snapshot_event_id;
    if (way != WAY_MEMORY && hash_of(gateway) != bench->state_hash)
        status = LL_FAIL(why, LL_ERR_CORRUPT, "%s: another state", way_names[way]);
    if (begun_from != (way == WAY_SNAPSHOT ? bench->snapshot_event_id : 0))
        status = LL_FAIL(why, LL_ERR_CORRUPT, "%s: begun from another snapshot", way_names[way]);
    int closed = ll_gateway_close(gateway, why);
    return status != LL_OK ? status : closed;
}

static int run_read(struct bench *bench, enum way way, struct ll_why *why)
{
    uint64_t start_ns = ll_clock_mono_ns();
    int failed = read_files(bench->config.dir, way == WAY_READ_SNAPSHOT, bench->tail_segment, bench->buffer,
                            &bench->read_bytes[way]);
    ll_rounds_add(&bench->rounds[way], ll_clock_mono_ns() - start_ns, 1);
    return failed == 0 ? LL_OK : LL_FAIL(why, LL_ERR_IO, "%s: cannot be read", bench->config.dir);
}

static int run_rounds(struct bench *bench, struct ll_why *why)
{
    int status = LL_OK;
    for (uint64_t round = 0; round < bench->config.rounds && status == LL_OK; round++)
        for (uint32_t way = 0; way < WAY_COUNT && status == LL_OK; way++)
            status = way == WAY_READ_SNAPSHOT || way == WAY_READ_WHOLE ? run_read(bench, way, why)
                                                                       : run_open(bench, way, why);
    return status;
}

/* --- Before and after ------------------------------------------------------------------------------------- */

static uint64_t last_segment_of(const char *dir)
{
    struct ll_journal_reader *reader;
    struct ll_journal_position position = {0};
    struct ll_journal_record record;
    if (ll_journal_reader_open(&reader, dir, NULL) != LL_OK)
        return 0;
    while (ll_journal_reader_next(reader, &record, NULL) == LL_OK)
        ;
    ll_journal_reader_position(reader, &position);
    ll_journal_reader_close(reader);
    return position.segment_number;
}

/* A first life of nine tenths, a snapshot, a second life of the rest. */
static int prepare(struct bench *bench, struct ll_why *why)
{
    struct feed feed = {.churn = bench->config.churn, .next_ref = 1, .next_sequence = 1};
    struct ll_own_orders own = {.now_ns = START_NS, .lots = 100, .symbol_count = OWN_SYMBOLS};
    struct ll_gateway_snapshot snapshot;
    struct ll_gateway *gateway = NULL;
    uint64_t start_ns = 0;
    for (int life = 0; life < 2; life++) {
        int status = ll_gateway_open(&gateway, &bench->gateway, why);
        if (status != LL_OK)
            return status;
        uint64_t orders = life == 0 ? bench->config.orders / 10 * 9 : bench->config.orders;
        status = bench->config.own_ids == 0 ? feed_until(&feed, gateway, orders, why)
                                            : own_until(&own, gateway, orders, why);
        bench->state_hash = hash_of(gateway);
        bench->records = ll_engine_next_event_id(ll_gateway_engine(gateway)) - 1;
        int closed = ll_gateway_close(gateway, why);
        if (status != LL_OK || closed != LL_OK)
            return status != LL_OK ? status : closed;
        if (life == 1)
            continue;
        bench->tail_segment = last_segment_of(bench->config.dir);
        start_ns = ll_clock_mono_ns();
        status = ll_gateway_make_snapshot(&bench->gateway, &snapshot, why);
        if (status != LL_OK)
            return status;
        printf("snapshot of %" PRIu64 " records made in %.2f s: %.0f MB for %.0f MB of memory\n",
               snapshot.made.event_id, (double)(ll_clock_mono_ns() - start_ns) / 1e9,
               (double)snapshot.made.file_bytes / 1e6, (double)snapshot.made.memory_bytes / 1e6);
        bench->snapshot_event_id = snapshot.made.event_id;
    }
    return LL_OK;
}

static void print(const struct bench *bench)
{
    const struct ll_rounds *rounds = bench->rounds;
    double snapshot_ns = ll_rounds_median(&rounds[WAY_SNAPSHOT]);
    printf("%" PRIu64 " live %sorders, %" PRIu64 " records, %" PRIu64 " of them behind the snapshot\n\n",
           bench->config.orders, bench->config.own_ids == 0 ? "" : "own ", bench->records,
           bench->records - bench->snapshot_event_id);
    printf("%-32s %10s %10s %8s\n", "", "median s", "best s", "MB");
    for (uint32_t way = 0; way < WAY_COUNT; way++) {
        printf("%-32s %10.3f %10.3f", way_names[way], ll_rounds_median(&rounds[way]) / 1e9,
               ll_rounds_best(&rounds[way]) / 1e9);
        if (bench->read_bytes[way] != 0)
            printf(" %8.0f", (double)bench->read_bytes[way] / 1e6);
        printf("\n");
    }
    printf(
        "\nsnapshot + tail: %.1f times as fast as the whole journal; of its time plain reading is %.0f %%, "
        "taking memory %.0f %%\n",
        ll_rounds_median(&rounds[WAY_WHOLE]) / snapshot_ns,
        100 * ll_rounds_median(&rounds[WAY_READ_SNAPSHOT]) / snapshot_ns,
        100 * ll_rounds_median(&rounds[WAY_MEMORY]) / snapshot_ns);
}

static void configure_own(struct bench *bench)
{
    ll_trading_config_default(&bench->trading);
    bench->config.orders = bench->config.own_ids / OWN_IDS;
    bench->trading.oms.orders = bench->config.orders + 16;
    bench->trading.oms.ids = bench->config.own_ids + 1024;
    bench->trading.oms.instruments = OWN_SYMBOLS + 16;
    bench->trading.oms.accounts = (uint64_t)1 << 17;
    bench->gateway.trading = &bench->trading;
    bench->gateway.device.book = (struct ll_book_config){.orders = 1024, .levels = 1024, .books = 16};
}

static int run(struct bench *bench, struct ll_why *why)
{
    memset(bench->rounds, 0, sizeof bench->rounds);
    ll_gateway_config_default(&bench->gateway);
    bench->gateway.device.book.orders = bench->config.orders + 1000;
    bench->gateway.journal.dir = bench->config.dir;
    bench->gateway.mold.start_sequence = 1;
    bench->gateway.resume = true;
    if (bench->config.own_ids != 0)
        configure_own(bench);
    ll_bench_remove_dir(bench->config.dir); /* of a run that was stopped */
    int status = ll_bench_make_dir(bench->config.dir, why);
    if (status == LL_OK)
        status = prepare(bench, why);
    if (status == LL_OK)
        status = run_rounds(bench, why);
    if (status == LL_OK)
        print(bench);
    ll_bench_remove_dir(bench->config.dir);
    return status;
}

int main(int argc, char **argv)
{
    static struct bench bench = {
        .config = {.dir = "build/bench-restart", .orders = 1000000, .churn = 4, .rounds = 5}};
    struct ll_operands operands = {{NULL}, 0};
    struct ll_why why = {0};
    int help = 0;
    if (ll_options_parse(options, argc, argv, &bench.config, &operands, &help, &why) != LL_OK) {
        (void)fprintf(stderr, "bench_restart: %s\n", why.text);
        return 2;
    }
    if (help) {
        ll_options_print_help(options, stdout);
        return 0;
    }
    if (bench.config.is_smoke) {
        bench.config.orders = 20000;
        bench.config.rounds = 1;
    }
    bench.buffer = malloc(READ_BYTES);
    if (bench.buffer == NULL)
        return 3;
    ll_bench_header(stdout, "restart");
    int status = run(&bench, &why);
    if (status == LL_OK && bench.config.is_smoke && bench.config.own_ids == 0) {
        bench.config.own_ids = 20000;
        status = run(&bench, &why);
    }
    if (status != LL_OK)
        (void)fprintf(stderr, "bench_restart: %s: %s\n", ll_err_name(status), why.text);
    free(bench.buffer);
    return status == LL_OK ? 0 : 1;
}
