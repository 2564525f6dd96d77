/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: what a message costs in each part of the path and in the whole of it, on the same messages in the same
 * run. Method: every row works the same day from empty tables; rows are interleaved in rounds, so that ratios
 * hold although the machine is shared; printed are the median and the best of the rounds. All rows but the
 * decoder end in the same books, and a difference ends the run with exit code 1. Nothing is asserted about time.
 *
 *   decode           ll_itch50_update over the messages, lying one after the other
 *   kernel           ll_book_batch on updates decoded before (not timed), 64 at a time, batch 32, as the gateway does
 *   decode + kernel  both, 64 messages at a time
 *   gateway          datagrams in memory -> receiver -> engine -> device -> reconcile; no journal, no port
 *   gateway+journal  the same, and every record durable at the end of the timed part
 *   source           file -> MoldUDP64 framing -> DPDK ring port, nobody reading what comes
 *   replay           as `lifeline replay --speed max`: source and gateway
 *   replay+journal   as `lifeline replay --speed max --journal`, durable at the end of the timed part
 *
 * "cpu ns" is the hot thread's own time on a CPU: where a shared machine takes the CPU away, it is what remains.
 * The hour is short, so it is worked several times, each time from empty tables and in an empty journal.
 */
#include "bench/ll_bench.h"
#include "dpdk/ll_port.h"
#include "hls/ll_book.h"
#include "host/app/ll_gateway.h"
#include "host/app/ll_replay_source.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_options.h"
#include "host/exchange/ll_mux.h"
#include "host/wire/ll_itch50_update.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STEP_MESSAGES 64u
#define BATCH         32u

enum row {
    ROW_DECODE,
    ROW_KERNEL,
    ROW_DECODE_KERNEL,
    ROW_GATEWAY,
    ROW_GATEWAY_JOURNAL,
    ROW_SOURCE,
    ROW_REPLAY,
    ROW_REPLAY_JOURNAL,
    ROW_COUNT
};

static const char *const row_names[ROW_COUNT] = {"decode",  "kernel",          "decode + kernel",
                                                 "gateway", "gateway+journal", "source",
                                                 "replay",  "replay+journal"};

struct config {
    bool is_smoke;
    uint64_t rounds;
    uint64_t cpu;
    const char *day;
    const char *row;
    const char *dir;
};

#define OPTION(name, type, field, min, max, value, choices, help)                  \
    {                                                                              \
        name, type, offsetof(struct config, field), min, max, value, choices, help \
    }
static const struct ll_option options[] = {
    OPTION("smoke", LL_OPTION_FLAG, is_smoke, 0, 0, NULL, NULL, "small days, one round: checks only"),
    OPTION("rounds", LL_OPTION_U64, rounds, 1, LL_ROUNDS_MAX, "N", NULL, "rounds of each row, default 5"),
    OPTION("cpu", LL_OPTION_U64, cpu, 0, 1023, "N", NULL,
           "where the hot thread runs, best not where the disk interrupts; default 0"),
    OPTION("day", LL_OPTION_CHOICE, day, 0, 0, "NAME", "all|hour|mux220|mux2000|simday", "default all"),
    OPTION("row", LL_OPTION_STRING, row, 0, 0, "TEXT", NULL, "only the rows whose name has it, default all"),
    OPTION("dir", LL_OPTION_STRING, dir, 0, 0, "DIR", NULL,
           "where the journals are written, on the disk to measure; default build/bench-path"),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

/* One day, in every form that a row wants it. */
struct load {
    const struct config *config;
    enum ll_day_kind kind;
    struct ll_day day;
    struct ll_packets packets;
    struct ll_book_config book;
    uint64_t segment_bytes;
    uint32_t repeats;
    int file; /* the day as a file in memory */
    char path[64];
    char journal_dir[512];
    struct ll_arena arena; /* of the rows without a gateway */
    void *book_memory;
    struct ll_rounds rounds[ROW_COUNT];
    struct ll_rounds cpu[ROW_COUNT];
    uint64_t hash[ROW_COUNT];
    uint64_t journal_waits;
    uint64_t syncs;
    uint64_t sync_ns;
};

/* What one run of one row says. */
struct outcome {
    uint64_t ns;
    uint64_t cpu_ns; /* of the hot thread */
    uint64_t hash;
};

/* When a timed part began. */
struct stopwatch {
    uint64_t ns;
    uint64_t cpu_ns;
};

static struct stopwatch stopwatch_start(void)
{
    uint64_t cpu_ns = ll_clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
    return (struct stopwatch){ll_clock_mono_ns(), cpu_ns};
}

static void stopwatch_stop(struct stopwatch start, struct outcome *outcome)
{
    outcome->ns += ll_clock_mono_ns() - start.ns;
    outcome->cpu_ns += ll_clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - start.cpu_ns;
}

static void gateway_config(const struct load *load, bool journal, struct ll_gateway_config *config)
{
    ll_gateway_config_default(config);
    config->device.batch = BATCH;
    config->device.book = load->book;
    config->mold.holdback_bytes_max = LL_PORT_FRAME_BYTES_MAX;
    config->journal.segment_bytes = load->segment_bytes;
    config->journal.dir = journal ? load->journal_dir : NULL;
}

/* The journal's threads would inherit the hot thread's CPU, and starve there. */
static int gateway_open(const struct load *load, bool journal, struct ll_gateway **gateway,
                        struct ll_why *why)
{
    struct ll_gateway_config config;
    gateway_config(load, journal, &config);
    ll_bench_pin_away((int)load->config->cpu);
    int status = ll_gateway_open(gateway, &config, why);
    (void)ll_bench_pin((int)load->config->cpu);
    return status;
}

/* --- Rows without a gateway ----------------------------------------------------------------------------- */

/* Decodes up to `count_max` messages from *at; returns how many there were. */
static inline uint32_t decode_step(const struct ll_day *day, size_t *at, uint64_t *seq,
                                   struct ll_update *updates, uint32_t count_max)
{
    size_t here = *at;
    uint32_t count = 0;
    while (count < count_max && here < day->bytes_count) {
        uint32_t bytes = ll_load_be16(day->bytes + here);
        (void)ll_itch50_update(day->bytes + here + LL_MUX_PREFIX_BYTES, bytes, ++*seq, &updates[count++]);
        here += LL_MUX_PREFIX_BYTES + bytes;
    }
    *at = here;
    return count;
}

/* What was decoded, in one number; taken outside of what is timed, over the last step. */
static uint64_t updates_hash(uint64_t hash, const struct ll_update *updates, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        hash = (hash ^ updates[i].ref ^ updates[i].new_ref << 1 ^ (uint64_t)updates[i].price << 32 ^
                updates[i].quantity ^ (uint64_t)updates[i].op << 16) *
               0x100000001b3u;
    return hash;
}

static int run_decode(struct load *load, struct outcome *outcome, struct ll_why *why)
{
    struct ll_update updates[STEP_MESSAGES];
    (void)why;
    size_t at = 0;
    uint64_t seq = 0;
    struct stopwatch start = stopwatch_start();
    for (;;) {
        uint32_t count = decode_step(&load->day, &at, &seq, updates, STEP_MESSAGES);
        if (count == 0)
            break;
        __asm__ volatile("" : : "r"(updates) : "memory"); /* every update is made, and made in memory */
    }
    stopwatch_stop(start, outcome);
    outcome->hash = 0;
    at = 0;
    seq = 0;
    for (uint32_t count = 1; count > 0;) {
        count = decode_step(&load->day, &at, &seq, updates, STEP_MESSAGES);
        outcome->hash = updates_hash(outcome->hash, updates, count);
    }
    return LL_OK;
}

static void book_open(struct load *load, struct ll_book_memory *book)
{
    ll_book_memory_place(book, load->book_memory, &load->book);
}

static inline void book_step(struct ll_book_memory *book, const struct ll_update *updates, uint32_t count)
{
    struct ll_result results[STEP_MESSAGES];
    for (uint32_t done = 0; done < count; done += STEP_MESSAGES) {
        uint32_t now = count - done < STEP_MESSAGES ? count - done : STEP_MESSAGES;
        ll_book_batch(book->control, book->buckets, book->leaves, book->levels, book->inners, book->sides,
                      updates + done, results, now, BATCH);
        __asm__ volatile("" : : "r"(results) : "memory");
    }
}

/* Decoded in pieces that stay in the second-level cache; only the kernel's share is timed. */
#define KERNEL_PIECE (STEP_MESSAGES * 64u)
static int run_kernel(struct load *load, struct outcome *outcome, struct ll_why *why)
{
    static struct ll_update updates[KERNEL_PIECE];
    struct ll_book_memory book;
    size_t at = 0;
    uint64_t seq = 0;
    (void)why;
    book_open(load, &book);
    for (;;) {
        uint32_t count = decode_step(&load->day, &at, &seq, updates, KERNEL_PIECE);
        if (count == 0)
            break;
        struct stopwatch start = stopwatch_start();
        book_step(&book, updates, count);
        stopwatch_stop(start, outcome);
    }
    outcome->hash = ll_book_memory_hash(&book);
    return LL_OK;
}

static int run_decode_kernel(struct load *load, struct outcome *outcome, struct ll_why *why)
{
    struct ll_update updates[STEP_MESSAGES];
    struct ll_book_memory book;
    size_t at = 0;
    uint64_t seq = 0;
    (void)why;
    book_open(load, &book);
    struct stopwatch start = stopwatch_start();
    for (;;) {
        uint32_t count = decode_step(&load->day, &at, &seq, updates, STEP_MESSAGES);
        if (count == 0)
            break;
        book_step(&book, updates, count);
    }
    stopwatch_stop(start, outcome);
    outcome->hash = ll_book_memory_hash(&book);
    return LL_OK;
}

/* --- Rows with one -------------------------------------------------------------------------------------- */

/* The end of a run: what it left behind, checked, and the gateway closed. */
static int gateway_end(struct load *load, struct ll_gateway *gateway, struct outcome *outcome,
                       struct ll_why *why)
{
    const struct ll_engine_counters *counters = ll_engine_counters(ll_gateway_engine(gateway));
    struct ll_journal_stats stats;
    int status = ll_gateway_status(gateway, why);
    outcome->hash = ll_book_memory_hash(ll_gateway_book(gateway));
    if (status == LL_OK && counters->messages != load->day.message_count)
        status = LL_FAIL(why, LL_ERR_CORRUPT, "%" PRIu64 " of %" PRIu64 " messages arrived",
                         counters->messages, load->day.message_count);
    ll_gateway_journal_stats(gateway, &stats);
    load->journal_waits += ll_gateway_counters(gateway)->journal_waits;
    load->syncs += stats.syncs;
    load->sync_ns += stats.sync_ns_total;
    int closed = ll_gateway_close(gateway, why);
    ll_bench_remove_dir(load->journal_dir);
    return status != LL_OK ? status : closed;
}

static int run_gateway(struct load *load, bool journal, struct outcome *outcome, struct ll_why *why)
{
    struct ll_gateway *gateway;
    int status = gateway_open(load, journal, &gateway, why);
    if (status != LL_OK)
        return status;
    struct stopwatch start = stopwatch_start();
    for (uint64_t i = 0; i < load->packets.count; i++) {
        const struct ll_packet *packet = &load->packets.packet[i];
        ll_gateway_datagram(gateway, 0, load->packets.bytes + packet->at_bytes, packet->payload_bytes, 0, 1);
        ll_gateway_flush(gateway);
    }
    ll_gateway_finish(gateway, 1);
    stopwatch_stop(start, outcome);
    return gateway_end(load, gateway, outcome, why);
}

static int source_open(const struct load *load, struct ll_replay_source **source, struct ll_why *why)
{
    const char *paths[] = {load->path};
    const struct ll_replay_source_config config = {.paths = paths, .path_count = 1};
    return ll_replay_source_open(source, &config, why);
}

static int run_source(struct load *load, struct outcome *outcome, struct ll_why *why)
{
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    struct ll_replay_source *source;
    uint64_t bytes = 0;
    bool done = false;
    int status = source_open(load, &source, why);
    if (status != LL_OK)
        return status;
    struct stopwatch start = stopwatch_start();
    while (status == LL_OK && !done) {
        uint32_t count = 0;
        status = ll_replay_source_poll(source, datagrams, &count, &done, why);
        for (uint32_t i = 0; i < count; i++)
            bytes += datagrams[i].payload_bytes;
    }
    stopwatch_stop(start, outcome);
    outcome->hash = bytes;
    ll_replay_source_close(source);
    return status;
}

/* The loop of `lifeline replay --speed max`, its clock readings included. */
static int replay_all(struct ll_gateway *gateway, struct ll_replay_source *source, struct ll_why *why)
{
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    uint64_t feed_ns = 0;
    uint64_t spent_ns = 0;
    bool done = false;
    int status = LL_OK;
    while (status == LL_OK && !done) {
        uint32_t count = 0;
        status = ll_replay_source_poll(source, datagrams, &count, &done, why);
        if (status != LL_OK || count == 0)
            continue;
        uint64_t received_ns = ll_clock_mono_ns();
        for (uint32_t i = 0; i < count; i++) {
            ll_gateway_datagram(gateway, datagrams[i].line, datagrams[i].payload, datagrams[i].payload_bytes,
                                datagrams[i].ordinal, datagrams[i].rx_ns);
            ll_gateway_flush(gateway);
            uint64_t done_ns = ll_clock_mono_ns();
            spent_ns += done_ns - received_ns;
            received_ns = done_ns;
        }
        feed_ns = datagrams[count - 1].rx_ns;
        ll_gateway_poll(gateway, feed_ns);
        status = ll_gateway_status(gateway, why);
    }
    __asm__ volatile("" : : "r"(spent_ns));
    ll_gateway_finish(gateway, feed_ns);
    return status;
}

static int run_replay(struct load *load, bool journal, struct outcome *outcome, struct ll_why *why)
{
    struct ll_gateway *gateway;
    struct ll_replay_source *source;
    int status = gateway_open(load, journal, &gateway, why);
    if (status != LL_OK)
        return status;
    status = source_open(load, &source, why);
    if (status != LL_OK) {
        (void)ll_gateway_close(gateway, NULL);
        return status;
    }
    struct stopwatch start = stopwatch_start();
    status = replay_all(gateway, source, why);
    stopwatch_stop(start, outcome);
    ll_replay_source_close(source);
    int ended = gateway_end(load, gateway, outcome, why);
    return status != LL_OK ? status : ended;
}

static int run_row(struct load *load, enum row row, struct outcome *outcome, struct ll_why *why)
{
    switch (row) {
    case ROW_DECODE:
        return run_decode(load, outcome, why);
    case ROW_KERNEL:
        return run_kernel(load, outcome, why);
    case ROW_DECODE_KERNEL:
        return run_decode_kernel(load, outcome, why);
    case ROW_GATEWAY:
    case ROW_GATEWAY_JOURNAL:
        return run_gateway(load, row == ROW_GATEWAY_JOURNAL, outcome, why);
    case ROW_SOURCE:
        return run_source(load, outcome, why);
    case ROW_REPLAY:
    case ROW_REPLAY_JOURNAL:
        return run_replay(load, row == ROW_REPLAY_JOURNAL, outcome, why);
    case ROW_COUNT:
    default:
        return LL_FAIL(why, LL_ERR_USAGE, "no such row");
    }
}

/* --- A day ---------------------------------------------------------------------------------------------- */

static int load_make_file(struct load *load, struct ll_why *why)
{
    load->file = memfd_create("day", 0);
    (void)snprintf(load->path, sizeof load->path, "/proc/self/fd/%d", load->file);
    size_t at = 0;
    while (load->file >= 0 && at < load->day.bytes_count) {
        ssize_t put = write(load->file, load->day.bytes + at, load->day.bytes_count - at);
        if (put <= 0)
            break;
        at += (size_t)put;
    }
    if (at != load->day.bytes_count)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for the day as a file");
    return LL_OK;
}

static int load_open(struct load *load, const struct config *config, enum ll_day_kind kind,
                     struct ll_why *why)
{
    struct ll_packets_place place = {0, 1};
    memset(load, 0, sizeof *load);
    load->config = config;
    load->kind = kind;
    load->file = -1;
    load->repeats = kind == LL_DAY_HOUR && !config->is_smoke ? 20 : 1;
    load->segment_bytes = LL_JOURNAL_SEGMENT_BYTES_DEFAULT;
    ll_book_config_default(&load->book);
    if (kind == LL_DAY_HOUR || config->is_smoke) { /* small tables: they are emptied for each run */
        load->book.orders = 1 << 16;
        load->book.levels = 1 << 16;
        load->segment_bytes = (uint64_t)8 << 20;
    }
    (void)snprintf(load->journal_dir, sizeof load->journal_dir, "%s/journal", config->dir);
    int status = ll_day_build(&load->day, kind, true, config->is_smoke, why);
    if (status == LL_OK)
        status = ll_packets_build(&load->packets, &load->day, &place, load->day.message_count, 0, why);
    if (status == LL_OK)
        status = load_make_file(load, why);
    size_t book_bytes = ll_book_memory_footprint_bytes(&load->book);
    if (status == LL_OK)
        status = ll_arena_init(&load->arena, book_bytes, why);
    if (status == LL_OK)
        load->book_memory = ll_arena_alloc(&load->arena, book_bytes, 64);
    return status;
}

static void load_close(struct load *load)
{
    ll_arena_deinit(&load->arena);
    ll_packets_free(&load->packets);
    ll_day_free(&load->day);
    if (load->file >= 0)
        (void)close(load->file);
}

static bool row_wanted(const struct config *config, enum row row)
{
    return config->row == NULL || strstr(row_names[row], config->row) != NULL || row == ROW_KERNEL;
}

/* One round of one row: the time of all repeats. */
static int row_round(struct load *load, enum row row, struct ll_why *why)
{
    struct outcome outcome = {0};
    for (uint32_t i = 0; i < load->repeats; i++) {
        int status = run_row(load, row, &outcome, why);
        if (status != LL_OK)
            return status;
        if (load->hash[row] != 0 && load->hash[row] != outcome.hash)
            return LL_FAIL(why, LL_ERR_CORRUPT, "%s: state hash %016" PRIx64 ", and %016" PRIx64 " before",
                           row_names[row], outcome.hash, load->hash[row]);
        load->hash[row] = outcome.hash;
    }
    ll_rounds_add(&load->rounds[row], outcome.ns, load->day.message_count * load->repeats);
    ll_rounds_add(&load->cpu[row], outcome.cpu_ns, load->day.message_count * load->repeats);
    return LL_OK;
}

/* Every row that has books has the kernel's. */
static int load_check(const struct load *load, struct ll_why *why)
{
    for (int row = 0; row < ROW_COUNT; row++)
        if (row != ROW_DECODE && row != ROW_SOURCE && load->hash[row] != 0 &&
            load->hash[row] != load->hash[ROW_KERNEL])
            return LL_FAIL(why, LL_ERR_CORRUPT, "%s ends in other books than the kernel alone",
                           row_names[row]);
    return LL_OK;
}

static void load_print(const struct load *load)
{
    double kernel_ns = ll_rounds_median(&load->rounds[ROW_KERNEL]);
    double kernel_cpu_ns = ll_rounds_median(&load->cpu[ROW_KERNEL]);
    printf("\n%s: %" PRIu64 " messages%s%s, %" PRIu32 " instruments, %" PRIu64
           " datagrams; tables for %" PRIu64 " orders, %" PRIu64 " levels, %" PRIu64 " books in %s pages\n",
           ll_day_name(load->kind), load->day.message_count, load->repeats > 1 ? " x 20" : "",
           load->day.is_real ? "" : " (simulated)", load->day.instrument_count, load->packets.count,
           load->book.orders, load->book.levels, load->book.books, ll_arena_pages_name(&load->arena));
    printf("  %-16s %9s %9s %11s %9s | %9s %9s %9s | %s\n", "", "ns/msg", "best", "messages/s", "x kernel",
           "cpu ns", "best", "x kernel", "state");
    for (int row = 0; row < ROW_COUNT; row++) {
        if (load->rounds[row].count == 0)
            continue;
        double ns = ll_rounds_median(&load->rounds[row]);
        double cpu_ns = ll_rounds_median(&load->cpu[row]);
        printf("  %-16s %9.2f %9.2f %9.2f M %9.2f | %9.2f %9.2f %9.2f | %016" PRIx64 "\n", row_names[row], ns,
               ll_rounds_best(&load->rounds[row]), 1e3 / ns, ns / kernel_ns, cpu_ns,
               ll_rounds_best(&load->cpu[row]), cpu_ns / kernel_cpu_ns, load->hash[row]);
    }
    if (load->syncs != 0)
        printf("  journal: %" PRIu64 " syncs, %.0f us each; the hot thread found its ring full %" PRIu64
               " times\n",
               load->syncs, (double)load->sync_ns / (double)load->syncs / 1e3, load->journal_waits);
}

static int load_run(const struct config *config, enum ll_day_kind kind, struct ll_why *why)
{
    struct load *load = calloc(1, sizeof *load);
    if (load == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory");
    int status = load_open(load, config, kind, why);
    for (uint64_t round = 0; round < config->rounds && status == LL_OK; round++)
        for (int i = 0; i < ROW_COUNT && status == LL_OK; i++) {
            enum row row =
                (enum row)(((uint64_t)i + round) % ROW_COUNT); /* nobody always runs behind the same */
            if (row_wanted(config, row))
                status = row_round(load, row, why);
        }
    if (status == LL_OK)
        status = load_check(load, why);
    if (status == LL_OK)
        load_print(load);
    load_close(load);
    free(load);
    return status;
}

/* --- Main ----------------------------------------------------------------------------------------------- */

static int run_all(const struct config *config)
{
    const struct ll_eal_config eal = {.cpu = (uint32_t)config->cpu};
    struct ll_why why = {0};
    ll_bench_header(stdout, "bench_path");
    printf("# not included: a network card, the wire, loss of power (the disk's own cache is trusted)\n");
    int status = ll_bench_make_dir(config->dir, &why);
    if (status == LL_OK)
        status = ll_eal_start(&eal, &why);
    if (status == LL_OK && !ll_bench_pin((int)config->cpu))
        status = LL_FAIL(&why, LL_ERR_USAGE, "--cpu %" PRIu64 ": may not run there", config->cpu);
    for (int kind = 0; kind < LL_DAY_COUNT && status == LL_OK; kind++) {
        const char *name = ll_day_name((enum ll_day_kind)kind);
        if (strcmp(config->day, "all") != 0 && strcmp(config->day, name) != 0)
            continue;
        status = load_run(config, (enum ll_day_kind)kind, &why);
        if (status == LL_ERR_ENVIRONMENT) {
            printf("\n%s skipped: %s\n", name, why.text);
            memset(&why, 0, sizeof why);
            status = LL_OK;
        }
        (void)fflush(stdout);
    }
    (void)rmdir(config->dir);
    if (status != LL_OK)
        (void)fprintf(stderr, "bench_path: %s\n", why.text);
    else
        printf("all rows of a day end in the same books\n");
    return status == LL_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct config config = {false, 5, 0, "all", NULL, "build/bench-path"};
    struct ll_operands operands;
    struct ll_why why = {0};
    int help = 0;
    if (ll_options_parse(options, argc, argv, &config, &operands, &help, &why) != LL_OK) {
        (void)fprintf(stderr, "bench_path: %s\n", why.text);
        return 2;
    }
    if (help) {
        ll_options_print_help(options, stdout);
        return 0;
    }
    if (config.is_smoke)
        config.rounds = 1;
    return run_all(&config);
}
