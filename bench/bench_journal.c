/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: how many records per second become durable, and how long one commit takes, beside what else could be
 * used.
 * Method: closed loop, so these are service times: a batch of 1, 64 or 1024 records is committed, then the
 * next. All peers run in one process on one disk, interleaved in short rounds, so that the ratios hold
 * although the machine is shared. "journal, queue full" keeps records waiting, so that each sync covers one
 * batch and nobody waits for it; "raw, other thread" is raw append with the same hand-over to a second thread
 * and back as the journal has. Raw gets its zeroed file for nothing; the journal zeroes its next segment
 * meanwhile. Then the journal alone, streaming one-slot records as fast as it takes them. What was written is
 * read back and compared; a difference ends the run with exit code 1. Nothing is asserted about time.
 */
#include "bench/ll_journal_peers.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_histogram.h"
#include "host/base/ll_options.h"
#include "host/journal/ll_journal.h"
#include "host/journal/ll_journal_files.h"
#include "host/journal/ll_journal_reader.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct bench_config {
    bool smoke;
    const char *dir;
    uint64_t rounds;
};

static const struct ll_option bench_options[] = {
    {"smoke", LL_OPTION_FLAG, offsetof(struct bench_config, smoke), 0, 0, NULL, NULL,
     "seconds instead of minutes: checks the read-back, the figures mean little"},
    {"dir", LL_OPTION_STRING, offsetof(struct bench_config, dir), 0, 0, "DIR", NULL,
     "directory on the disk to measure, default build/bench-journal"},
    {"rounds", LL_OPTION_U64, offsetof(struct bench_config, rounds), 1, 1000, "N", NULL,
     "rounds per table, default 5"},
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

struct bench_row {
    void *state;
    uint64_t next_id;
    uint64_t hash; /* expected */
    uint64_t busy_ns;
    struct ll_histogram commit_ns;
};

/* Commits of one round: about a third of a second for the fast ones. */
static uint64_t bench_commits(uint32_t batch, bool smoke)
{
    uint64_t commits = batch == 1 ? 1500 : batch == 64 ? 1000 : 300;
    return smoke ? commits / 20 : commits;
}

static int bench_round(const struct ll_peer *peer, struct bench_row *row, uint32_t batch, uint64_t commits)
{
    uint64_t start_ns = ll_clock_mono_ns();
    for (uint64_t i = 0; i < commits; i++) {
        uint64_t before_ns = ll_clock_mono_ns();
        if (peer->commit(row->state, row->next_id, batch) != 0)
            return 1;
        ll_histogram_record(&row->commit_ns, ll_clock_mono_ns() - before_ns, 1);
        row->next_id += batch;
    }
    if (peer->finish != NULL && peer->finish(row->state) != 0)
        return 1;
    row->busy_ns += ll_clock_mono_ns() - start_ns;
    return 0;
}

static int bench_check(const struct ll_peer *peer, struct bench_row *row, uint32_t payload_bytes)
{
    uint8_t payload[LL_PEER_PAYLOAD_MAX];
    uint64_t expected = 0;
    uint64_t hash = 0;
    uint64_t count = 0;
    for (uint64_t id = 1; id < row->next_id; id++) {
        ll_peer_payload(id, payload, payload_bytes);
        expected = ll_peer_hash_add(expected, id, payload, payload_bytes);
    }
    if (peer->read_back(row->state, &hash, &count) != 0)
        return 1;
    if (hash != expected || count != row->next_id - 1) {
        (void)fprintf(stderr,
                      "bench_journal: %s: read back %" PRIu64 " records, hash %016" PRIx64
                      "; expected %" PRIu64 ", %016" PRIx64 "\n",
                      peer->name, count, hash, row->next_id - 1, expected);
        return 1;
    }
    row->hash = hash;
    return 0;
}

static void bench_print(const struct ll_peer *peer, const struct bench_row *row, double raw_rate,
                        double raw_p99)
{
    double records = (double)(row->next_id - 1);
    double rate = records / ((double)row->busy_ns / 1e9);
    double p99_us = (double)ll_histogram_percentile(&row->commit_ns, 990000) / 1e3;
    if (peer->finish != NULL) {
        printf("  %-22s %12.0f %7.2f %9s %9s %9s %7s %8s  %016" PRIx64 "\n", peer->name, rate,
               rate / raw_rate, "-", "-", "-", "-", "-", row->hash);
        return;
    }
    printf("  %-22s %12.0f %7.2f %9.1f %9.1f %9.1f %7.2f %8" PRIu64 "  %016" PRIx64 "\n", peer->name, rate,
           rate / raw_rate, (double)ll_histogram_percentile(&row->commit_ns, 500000) / 1e3, p99_us,
           (double)row->commit_ns.max / 1e3, p99_us / raw_p99, row->commit_ns.count, row->hash);
}

static int bench_table(const struct bench_config *config, struct bench_row *rows, uint32_t payload_bytes,
                       uint32_t batch)
{
    uint32_t slot_bytes = ll_record_slots(payload_bytes) * LL_SLOT_BYTES;
    uint64_t commits = bench_commits(batch, config->smoke);
    uint64_t records = commits * batch * (config->rounds + 1);
    int failed = 0;
    for (int i = 0; i < LL_PEERS_COUNT; i++) {
        memset(&rows[i], 0, sizeof rows[i]);
        rows[i].next_id = 1;
        ll_histogram_init(&rows[i].commit_ns);
        failed |= ll_peers[i].open(&rows[i].state, config->dir, payload_bytes, batch, records * slot_bytes);
    }
    /* Round 0 warms up and is not counted. The order turns, so that nobody always runs behind the same one.
     */
    for (uint64_t round = 0; round <= config->rounds && !failed; round++) {
        for (uint64_t i = 0; i < LL_PEERS_COUNT && !failed; i++) {
            uint64_t peer = (i + round) % LL_PEERS_COUNT;
            failed |= bench_round(&ll_peers[peer], &rows[peer], batch, commits);
            if (round == 0) {
                rows[peer].busy_ns = 0;
                ll_histogram_init(&rows[peer].commit_ns);
            }
        }
    }
    for (int i = 0; i < LL_PEERS_COUNT && !failed; i++) {
        failed |= bench_check(&ll_peers[i], &rows[i], payload_bytes);
        rows[i].next_id -= commits * batch; /* the rate is that of the counted rounds */
    }
    printf("payload %u bytes (%u slot bytes), %u per sync\n  %-22s %12s %7s %9s %9s %9s %7s %8s  %s\n",
           payload_bytes, slot_bytes, batch, "", "records/s", "x raw", "p50 us", "p99 us", "max us",
           "p99/raw", "commits", "checksum");
    double raw_rate = (double)(rows[LL_PEER_RAW].next_id - 1) / ((double)rows[LL_PEER_RAW].busy_ns / 1e9);
    double raw_p99 = (double)ll_histogram_percentile(&rows[LL_PEER_RAW].commit_ns, 990000) / 1e3;
    for (int i = 0; i < LL_PEERS_COUNT; i++) {
        if (!failed)
            bench_print(&ll_peers[i], &rows[i], raw_rate, raw_p99);
        if (rows[i].state != NULL)
            ll_peers[i].close(rows[i].state);
    }
    return failed;
}

/* --- streaming --------------------------------------------------------------------------------------- */

static int bench_no_sync(void *context, int file, struct ll_why *why)
{
    (void)context;
    (void)file;
    (void)why;
    return LL_OK;
}

/* Streams `records` one-slot records in appends of `burst` slots and prints what limited it. */
static int bench_stream(const char *dir, const char *title, const struct ll_journal_files *files,
                        uint64_t records, uint32_t burst)
{
    static struct ll_slot slots[64];
    char path[512];
    uint8_t payload[36];
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    struct ll_journal_stats stats;
    struct ll_journal *journal;
    struct ll_why why = {0};
    (void)snprintf(path, sizeof path, "%s/stream", dir);
    ll_peer_remove_dir(path);
    ll_journal_config_default(&config);
    config.dir = path;
    config.files = files;
    if (ll_journal_open(&journal, &config, &recovery, &why) != LL_OK) {
        (void)fprintf(stderr, "bench_journal: %s\n", why.text);
        return 1;
    }
    ll_peer_payload(1, payload, sizeof payload);
    for (uint32_t i = 0; i < burst; i++)
        (void)ll_record_write(&slots[i], LL_RECORD_FEED, 0, 0, ll_peer_time_ns(1), payload, sizeof payload);
    uint64_t full = 0;
    uint64_t start_ns = ll_clock_mono_ns();
    int rc = LL_OK;
    for (uint64_t id = 1; id <= records && rc == LL_OK;) {
        for (uint32_t i = 0; i < burst; i++)
            slots[i].event_id = id + i;
        while ((rc = ll_journal_append(journal, slots, burst)) == LL_ERR_FULL) {
            full++;
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
        id += burst;
    }
    while (rc == LL_OK && ll_journal_durable_event_id(journal) < records)
        rc = ll_journal_status(journal, &why);
    double seconds = (double)(ll_clock_mono_ns() - start_ns) / 1e9;
    ll_journal_stats(journal, &stats);
    int closed = ll_journal_close(journal, &why);
    struct ll_journal_report report;
    if (rc != LL_OK || closed != LL_OK || ll_journal_verify(path, &report, NULL, NULL, &why) != LL_OK ||
        report.records != records) {
        (void)fprintf(stderr, "bench_journal: stream: %s\n", why.text);
        return 1;
    }
    printf(
        "  %-34s %6.2f M/s %7.0f MB/s  %6.0f slots/sync  sync %4.1f %% of time, max %7.0f us  full %" PRIu64
        "  last event %" PRIu64 "\n",
        title, (double)records / seconds / 1e6, (double)stats.bytes_written / seconds / 1e6,
        (double)stats.slots_written / (double)stats.syncs, (double)stats.sync_ns_total / seconds / 1e7,
        (double)stats.sync_ns_max / 1e3, full, report.last_event_id);
    ll_peer_remove_dir(path);
    return 0;
}

/* The same bytes by plain 1 MiB writes, each synced, into a pre-zeroed file: what the disk can take. */
static int bench_stream_raw(const char *dir, uint64_t bytes_total)
{
    static uint8_t block[1 << 20];
    char path[512];
    uint64_t taken_ns = 0;
    (void)snprintf(path, sizeof path, "%s/stream.raw", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
    bool good = fd >= 0;
    for (int pass = 0; pass < 2 && good; pass++) {
        memset(block, pass, sizeof block);
        uint64_t start_ns = ll_clock_mono_ns();
        for (uint64_t at = 0; at < bytes_total && good; at += sizeof block)
            good = pwrite(fd, block, sizeof block, (off_t)at) == (ssize_t)sizeof block && fdatasync(fd) == 0;
        taken_ns = ll_clock_mono_ns() - start_ns;
    }
    if (fd >= 0)
        (void)close(fd);
    (void)unlink(path);
    printf("  %-34s %6.2f M/s %7.0f MB/s\n", "raw, 1 MiB per pwrite+fdatasync",
           (double)bytes_total / LL_SLOT_BYTES / (double)taken_ns * 1e3,
           (double)bytes_total / (double)taken_ns * 1e3);
    return good ? 0 : 1;
}

static int bench_streams(const struct bench_config *config)
{
    uint64_t records = config->smoke ? (uint64_t)1 << 17 : (uint64_t)20 << 20;
    struct ll_journal_files no_sync = *ll_journal_files_real();
    no_sync.sync = bench_no_sync;
    printf("streaming one-slot records (64 slot bytes)\n");
    int failed = bench_stream_raw(config->dir, records * LL_SLOT_BYTES);
    failed |= bench_stream(config->dir, "journal, 1 per append", NULL, records, 1);
    failed |= bench_stream(config->dir, "journal, 32 per append", NULL, records, 32);
    failed |= bench_stream(config->dir, "journal, 32 per append, sync off", &no_sync, records / 4, 32);
    return failed;
}

static void bench_print_conditions(void)
{
    double load[3] = {0, 0, 0};
    (void)getloadavg(load, 3);
    printf("bench_journal: closed loop (service times), %ld cpus, load %.2f at the start, not isolated, "
           "compiler %s\n",
           sysconf(_SC_NPROCESSORS_ONLN), load[0], __VERSION__);
    printf("not included: loss of power (the disk's own cache is trusted)\n");
}

int main(int argc, char **argv)
{
    static const uint32_t payload_bytes[] = {128, 36};
    static const uint32_t batches[] = {1, 64, 1024};
    struct bench_config config = {false, "build/bench-journal", 5};
    struct ll_operands operands = {{NULL}, 0};
    struct ll_why why = {0};
    int help = 0;
    int failed = 0;
    if (ll_options_parse(bench_options, argc, argv, &config, &operands, &help, &why) != LL_OK) {
        (void)fprintf(stderr, "bench_journal: %s\n", why.text);
        return 2;
    }
    if (help) {
        ll_options_print_help(bench_options, stdout);
        return 0;
    }
    if (config.smoke)
        config.rounds = 1;
    (void)mkdir("build", 0777);
    (void)mkdir(config.dir, 0777);
    struct bench_row *rows = calloc(LL_PEERS_COUNT, sizeof *rows);
    if (rows == NULL)
        return 3;
    bench_print_conditions();
    for (int p = 0; p < 2 && !failed; p++) {
        for (int b = 0; b < 3 && !failed; b++)
            failed = bench_table(&config, rows, payload_bytes[p], batches[b]);
    }
    free(rows);
    if (!failed)
        failed = bench_streams(&config);
    (void)rmdir(config.dir);
    printf("%s\n", failed ? "FAILED: what was read back differs or a peer failed" : "all read back equal");
    return failed ? 1 : 0;
}
