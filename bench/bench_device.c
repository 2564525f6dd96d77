/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: what it costs to have the kernel work elsewhere: in this process (cpu), by PoCL and by XRT's software
 * emulation, resident and in batches; and what it costs to lose it. Method: one device after the other, in the
 * same run, from the same tables. Closed loop: a batch is submitted, its results are polled, then comes the
 * next; a round trip is from before the submit to the last result. "stream" keeps as much out as fits, and
 * makes messages meanwhile. Each row runs in rounds: messages/s are the median and the best of them, "best p50"
 * the lowest of a round, the other percentiles those of all round trips; one with fewer than ten round trips
 * beyond it is not shown. Both state hashes of the device must be those of the tables in this process at the
 * end, else exit code 1. Nothing is asserted about time.
 *
 *   host, device   CPUs kept busy by this process, the mirror's thread included, and by those below it
 *   launch         batch mode, one update to a launch, which is closed at once; what it takes beyond the
 *                  kernel's own time, the cpu's row, is the launch
 *   fall           from the end of the device process, by SIGKILL, to the next result, which comes from here
 *   reload         from the end of the device process until a new one has been loaded and answers
 *
 * Emulation figures say nothing about a card.
 */
#include "bench/ll_bench.h"
#include "bench/ll_children.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_beside.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_histogram.h"
#include "host/base/ll_options.h"
#include "host/base/ll_prng.h"
#include "host/device/ll_device.h"

#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define BATCH_MAX 1024u
#define BOOKS     500u
#define LIFE_IDS  1000u

struct config {
    bool is_smoke;
    bool is_card;
    uint64_t millis;
    uint64_t rounds;
    uint64_t orders;
    uint64_t lost_orders;
    const char *device;
};

#define OPTION(name, type, field, min, max, value, choices, help)                  \
    {                                                                              \
        name, type, offsetof(struct config, field), min, max, value, choices, help \
    }
static const struct ll_option options[] = {
    OPTION("smoke", LL_OPTION_FLAG, is_smoke, 0, 0, NULL, NULL, "milliseconds of each: checks only"),
    OPTION("millis", LL_OPTION_U64, millis, 1, 60000, "N", NULL, "how long each row runs, default 2000"),
    OPTION("rounds", LL_OPTION_U64, rounds, 1, LL_ROUNDS_MAX, "N", NULL, "of each row, default 10"),
    OPTION("orders", LL_OPTION_U64, orders, 1, 10000000, "N", NULL,
           "live orders of the rows, default 100000"),
    OPTION("lost-orders", LL_OPTION_U64, lost_orders, 1, 10000000, "N", NULL,
           "live orders when the device is lost, default 1000000"),
    OPTION("device", LL_OPTION_CHOICE, device, 0, 0, "NAME", "all|cpu|pocl|xrt", "default all"),
    OPTION("card", LL_OPTION_FLAG, is_card, 0, 0, NULL, NULL, "xrt is a card; without it, its emulation"),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

struct way {
    const char *device;
    enum ll_device_mode mode;
};

static const struct way ways[] = {{"cpu", LL_DEVICE_RESIDENT},
                                  {"pocl", LL_DEVICE_RESIDENT},
                                  {"pocl", LL_DEVICE_BATCH},
                                  {"xrt", LL_DEVICE_RESIDENT},
                                  {"xrt", LL_DEVICE_BATCH}};

static const uint32_t batch_sizes[] = {1, 16, 64, 256, BATCH_MAX};

/* A device with live orders, and what comes next to them. */
struct bench {
    const struct config *config;
    struct ll_device *device;
    struct ll_prng prng;
    uint64_t first_ref; /* the oldest live order; the newest is next_ref - 1 */
    uint64_t next_ref;
    struct ll_update updates[2 * BATCH_MAX];
    struct ll_result results[2 * BATCH_MAX];
    struct ll_life_ask asks[BATCH_MAX];
    struct ll_life_answer answers[BATCH_MAX];
    uint64_t wrong; /* results that no message here can have */
};

static const char *mode_name(const struct way *way)
{
    if (strcmp(way->device, "cpu") == 0)
        return "";
    return way->mode == LL_DEVICE_BATCH ? "batch" : "resident";
}

/* --- Messages --------------------------------------------------------------------------------------------- */

static void make_add(struct bench *bench, struct ll_update *update)
{
    uint64_t ref = bench->next_ref++;
    uint32_t side = ll_prng_below(&bench->prng, 2);
    uint32_t away = ll_prng_below(&bench->prng, 50);
    *update = (struct ll_update){.ref = ref * 0x9e3779b97f4a7c15u,
                                 .price = side == LL_SIDE_SELL ? 100000 + away : 99999 - away,
                                 .quantity = 100,
                                 .book = (uint32_t)(ref % BOOKS),
                                 .op = LL_OP_ADD,
                                 .side = (uint8_t)side,
                                 .seq = ref};
}

/* Adds, deletes of the oldest and executions of a share, so that as many live orders remain. */
static void make_update(struct bench *bench, struct ll_update *update, uint32_t at)
{
    uint64_t live = bench->next_ref - bench->first_ref;
    uint64_t ref =
        at % 4 < 2 ? bench->first_ref : bench->first_ref + ll_prng_below(&bench->prng, (uint32_t)live);
    if (at % 4 == 0) {
        make_add(bench, update);
        return;
    }
    *update = (struct ll_update){.ref = ref * 0x9e3779b97f4a7c15u,
                                 .quantity = 1,
                                 .book = (uint32_t)(ref % BOOKS),
                                 .op = at % 4 == 1 ? LL_OP_DELETE : LL_OP_EXECUTE,
                                 .seq = ref};
    bench->first_ref += at % 4 == 1;
}

static void make_updates(struct bench *bench, struct ll_update *updates, uint32_t count, uint64_t at)
{
    for (uint32_t i = 0; i < count; i++)
        make_update(bench, &updates[i], (uint32_t)(at + i));
}

static void make_asks(struct bench *bench, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        bench->asks[i] = (struct ll_life_ask){.key = {1 + ll_prng_below(&bench->prng, LIFE_IDS), 1},
                                              .op = LL_LIFE_OP_RESOLVE};
}

/* Until all are back, or the device has stopped. */
static void round_trip(struct bench *bench, uint32_t count)
{
    uint32_t given = 0;
    for (uint32_t got = 0; got < count && ll_device_status(bench->device, NULL) == LL_OK;) {
        given += ll_device_submit(bench->device, bench->updates + given, count - given);
        uint32_t taken = ll_device_poll(bench->device, bench->results + got, count - got);
        for (uint32_t i = 0; i < taken; i++)
            bench->wrong += bench->results[got + i].seq != bench->updates[got + i].seq;
        got += taken;
        if (taken == 0)
            (void)sched_yield(); /* the CPUs may be fewer than those who spin */
    }
}

/* --- Open ------------------------------------------------------------------------------------------------- */

static int open_device(struct bench *bench, const struct way *way, const struct ll_device_config *more,
                       struct ll_why *why)
{
    static char program[LL_BESIDE_PATH_BYTES];
    struct ll_device_config config;
    ll_device_config_default(&config);
    config.name = way->device;
    config.mode = way->mode;
    config.program = ll_beside(program, "../lifeline-device", NULL) == LL_OK ? program : NULL;
    config.on_loss = more->on_loss;
    config.batch_close_ns = more->batch_close_ns;
    config.book = (struct ll_book_config){
        .orders = more->book.orders + 4096, .levels = BOOKS * 128, .books = BOOKS, .hash_seed = 11};
    config.life = (struct ll_life_config){.ids = LIFE_IDS, .orders = LIFE_IDS, .hash_seed = 12};
    ll_prng_init(&bench->prng, 1);
    bench->first_ref = bench->next_ref = 1;
    bench->wrong = 0;
    return ll_device_open(&bench->device, &config, why);
}

/* Fills the tables in this process, then hands them over. */
static int fill_and_attach(struct bench *bench, uint64_t orders, uint64_t *attach_ns, struct ll_why *why)
{
    for (uint64_t left = orders; left != 0;) {
        uint32_t count = left < BATCH_MAX ? (uint32_t)left : BATCH_MAX;
        for (uint32_t i = 0; i < count; i++)
            make_add(bench, &bench->updates[i]);
        round_trip(bench, count);
        left -= count;
    }
    for (uint32_t i = 0; i < LIFE_IDS; i++) {
        bench->asks[0] = (struct ll_life_ask){
            .key = {1 + i, 1}, .order = i, .id = i, .quantity = 100, .op = LL_LIFE_OP_OPEN};
        ll_device_ask(bench->device, bench->asks, bench->answers, 1);
    }
    uint64_t start_ns = ll_clock_mono_ns();
    int status = ll_device_attach(bench->device, why);
    *attach_ns = ll_clock_mono_ns() - start_ns;
    return status;
}

/* A device that is not there is left out; the reason is printed. */
static bool is_there(struct bench *bench, const struct way *way, int status, const struct ll_why *why)
{
    if (status == LL_OK)
        return true;
    printf("  %-5s %-9s left out: %s\n", way->device, mode_name(way), why->text);
    ll_device_close(bench->device);
    bench->device = NULL;
    return false;
}

/* What came of it must be right: nothing else was measured. */
static int check_and_close(struct bench *bench, struct ll_why *why)
{
    uint64_t book_hash = 0;
    uint64_t life_hash = 0;
    int status = ll_device_hash(bench->device, &book_hash, &life_hash, why);
    if (status == LL_OK && (book_hash != ll_book_memory_hash(ll_device_book(bench->device)) ||
                            life_hash != ll_life_memory_hash(ll_device_life(bench->device))))
        status = LL_FAIL(why, LL_ERR_CORRUPT, "the state hash of the device is another");
    if (status == LL_OK && (bench->wrong != 0 || ll_device_book(bench->device)->control->live_orders !=
                                                     bench->next_ref - bench->first_ref))
        status = LL_FAIL(why, LL_ERR_CORRUPT, "%" PRIu64 " wrong results, or orders were lost", bench->wrong);
    ll_device_close(bench->device);
    bench->device = NULL;
    return status;
}

/* --- Rows ------------------------------------------------------------------------------------------------- */

struct usage {
    uint64_t wall_ns;
    uint64_t host_ns;
    uint64_t device_ns;
};

static uint64_t time_ns(struct timeval time)
{
    return (uint64_t)time.tv_sec * LL_NS_PER_S + (uint64_t)time.tv_usec * 1000;
}

static struct usage usage_now(void)
{
    struct rusage own;
    uint64_t device_ns = ll_children_cpu_ns(); /* takes a while */
    (void)getrusage(RUSAGE_SELF, &own);
    return (struct usage){ll_clock_mono_ns(), time_ns(own.ru_utime) + time_ns(own.ru_stime), device_ns};
}

static void print_percentile(const struct ll_histogram *histogram, uint32_t per_million)
{
    if (ll_histogram_percentile_is_supported(histogram, per_million))
        printf(" %10.2f", (double)ll_histogram_percentile(histogram, per_million) / 1e3);
    else
        printf(" %10s", "-");
}

/* A row, in as many rounds as are asked for: on a shared machine the best of them says most. */
struct row {
    struct usage from;
    struct ll_rounds rounds; /* ns per message */
    struct ll_histogram trips;
    struct ll_histogram round_trips; /* of the round that runs */
    uint64_t best_p50_ns;
    uint64_t messages;
};

static void row_begin(struct row *row)
{
    row->rounds.count = 0;
    row->messages = 0;
    row->best_p50_ns = UINT64_MAX;
    ll_histogram_init(&row->trips);
    row->from = usage_now();
}

static void row_add_round(struct row *row, uint64_t ns, uint64_t messages)
{
    uint64_t p50_ns = ll_histogram_percentile(&row->round_trips, 500000);
    ll_rounds_add(&row->rounds, ns, messages);
    ll_histogram_add(&row->trips, &row->round_trips);
    if (row->round_trips.count != 0 && p50_ns < row->best_p50_ns)
        row->best_p50_ns = p50_ns;
    row->messages += messages;
}

static void row_print(const struct row *row, const struct way *way, const char *what)
{
    double wall_ns = (double)(ll_clock_mono_ns() - row->from.wall_ns);
    struct usage to = usage_now();
    printf("  %-5s %-9s %-10s %11.0f %11.0f", way->device, mode_name(way), what,
           1e9 / ll_rounds_median(&row->rounds), 1e9 / ll_rounds_best(&row->rounds));
    if (row->best_p50_ns != UINT64_MAX)
        printf(" %10.2f", (double)row->best_p50_ns / 1e3);
    else
        printf(" %10s", "-");
    print_percentile(&row->trips, 500000);
    print_percentile(&row->trips, 990000);
    print_percentile(&row->trips, 999000);
    printf(" %8" PRIu64 " %6.2f %6.2f\n", row->trips.count,
           (double)(to.host_ns - row->from.host_ns) / wall_ns,
           (double)(to.device_ns - row->from.device_ns) / wall_ns);
    (void)fflush(stdout);
}

static uint64_t round_ns(const struct config *config)
{
    return config->millis * LL_NS_PER_MS / config->rounds;
}

/* Making the messages is not in a round trip, nor in what the round took. */
static void round_of_batches(struct bench *bench, struct row *row, uint32_t size, bool is_asks)
{
    uint64_t end_ns = ll_clock_mono_ns() + round_ns(bench->config);
    uint64_t now_ns = 0;
    uint64_t spent_ns = 0;
    uint64_t messages = 0;
    ll_histogram_init(&row->round_trips);
    while (now_ns < end_ns && ll_device_status(bench->device, NULL) == LL_OK) {
        if (is_asks)
            make_asks(bench, size);
        else
            make_updates(bench, bench->updates, size, messages);
        uint64_t start_ns = ll_clock_mono_ns();
        if (is_asks)
            ll_device_ask(bench->device, bench->asks, bench->answers, size);
        else
            round_trip(bench, size);
        now_ns = ll_clock_mono_ns();
        ll_histogram_record(&row->round_trips, now_ns - start_ns, 1);
        spent_ns += now_ns - start_ns;
        messages += size;
    }
    row_add_round(row, spent_ns, messages);
}

static void run_batches(struct bench *bench, const struct way *way, uint32_t size, bool is_asks)
{
    static struct row row;
    char what[32];
    row_begin(&row);
    for (uint64_t i = 0; i < bench->config->rounds; i++)
        round_of_batches(bench, &row, size, is_asks);
    (void)snprintf(what, sizeof what, "%s%u", is_asks ? "asks " : "", size);
    row_print(&row, way, what);
}

/* Two halves of a buffer in turns: one is out while the other is made and handed over. */
static void round_of_stream(struct bench *bench, struct row *row)
{
    uint64_t made = 0;
    uint64_t given = 0;
    uint64_t got = 0;
    uint64_t start_ns = ll_clock_mono_ns();
    ll_histogram_init(&row->round_trips);
    while (ll_device_status(bench->device, NULL) == LL_OK) {
        bool is_over = made != 0 && ll_clock_mono_ns() - start_ns >= round_ns(bench->config);
        if (is_over && got == made)
            break;
        if (!is_over && made - got <= BATCH_MAX) {
            make_updates(bench, bench->updates + made % (2 * BATCH_MAX), BATCH_MAX, made);
            made += BATCH_MAX;
        }
        uint64_t half_end = given - given % BATCH_MAX + BATCH_MAX;
        uint64_t end = half_end < made ? half_end : made;
        given += ll_device_submit(bench->device, bench->updates + given % (2 * BATCH_MAX),
                                  (uint32_t)(end - given));
        uint32_t taken = ll_device_poll(bench->device, bench->results, BATCH_MAX);
        for (uint32_t i = 0; i < taken; i++)
            bench->wrong += bench->results[i].seq != bench->updates[(got + i) % (2 * BATCH_MAX)].seq;
        got += taken;
        if (taken == 0)
            (void)sched_yield();
    }
    row_add_round(row, ll_clock_mono_ns() - start_ns, got);
}

static void run_stream(struct bench *bench, const struct way *way)
{
    static struct row row;
    row_begin(&row);
    for (uint64_t i = 0; i < bench->config->rounds; i++)
        round_of_stream(bench, &row);
    row_print(&row, way, "stream");
}

static int run_way(struct bench *bench, const struct way *way, struct ll_why *why)
{
    struct ll_device_config more = {.on_loss = LL_DEVICE_LOSS_STOP,
                                    .book = {.orders = bench->config->orders}};
    uint64_t attach_ns = 0;
    int status = open_device(bench, way, &more, why);
    if (status == LL_OK)
        status = fill_and_attach(bench, bench->config->orders, &attach_ns, why);
    if (!is_there(bench, way, status, why)) {
        *why = (struct ll_why){0};
        return status == LL_ERR_ENVIRONMENT ? LL_OK : status;
    }
    printf("  # %s; attached in %.0f ms\n", ll_device_describe(bench->device), (double)attach_ns / 1e6);
    for (size_t i = 0; i < sizeof batch_sizes / sizeof batch_sizes[0]; i++)
        run_batches(bench, way, batch_sizes[i], false);
    run_stream(bench, way);
    run_batches(bench, way, 1, true);
    run_batches(bench, way, BATCH_MAX, true);
    return check_and_close(bench, why);
}

/* --- Launch ----------------------------------------------------------------------------------------------- */

/* One update to a launch, which is closed at once; for the cpu, the kernel's own time for it. */
static int run_launch(struct bench *bench, const struct way *way, struct ll_why *why)
{
    struct ll_device_config more = {
        .on_loss = LL_DEVICE_LOSS_STOP, .book = {.orders = bench->config->orders}, .batch_close_ns = 1};
    uint64_t attach_ns = 0;
    int status = open_device(bench, way, &more, why);
    if (status == LL_OK)
        status = fill_and_attach(bench, bench->config->orders, &attach_ns, why);
    if (!is_there(bench, way, status, why)) {
        *why = (struct ll_why){0};
        return status == LL_ERR_ENVIRONMENT ? LL_OK : status;
    }
    run_batches(bench, way, 1, false);
    return check_and_close(bench, why);
}

/* --- Loss ------------------------------------------------------------------------------------------------- */

/* Trades on, slowly, until the new device answers. False: it does not come. */
static bool wait_for_reload(struct bench *bench, uint64_t *made)
{
    uint64_t end_ns = ll_clock_mono_ns() + 120 * LL_NS_PER_S;
    while (ll_device_standing(bench->device) != LL_DEVICE_THERE && ll_clock_mono_ns() < end_ns) {
        struct timespec pause = {0, (long)LL_NS_PER_MS};
        make_updates(bench, bench->updates, 4, *made);
        *made += 4;
        round_trip(bench, 4);
        ll_device_tend(bench->device);
        (void)nanosleep(&pause, NULL);
    }
    return ll_device_standing(bench->device) == LL_DEVICE_THERE;
}

static int run_loss(struct bench *bench, const struct way *way, enum ll_device_loss on_loss,
                    struct ll_why *why)
{
    uint64_t orders = bench->config->lost_orders;
    struct ll_device_config more = {.on_loss = on_loss, .book = {.orders = orders}};
    uint64_t attach_ns = 0;
    uint64_t made = 0;
    int status = open_device(bench, way, &more, why);
    if (status == LL_OK)
        status = fill_and_attach(bench, orders, &attach_ns, why);
    if (!is_there(bench, way, status, why)) {
        *why = (struct ll_why){0};
        return status == LL_ERR_ENVIRONMENT ? LL_OK : status;
    }
    make_updates(bench, bench->updates, BATCH_MAX, made);
    made += BATCH_MAX;
    round_trip(bench, BATCH_MAX);
    make_updates(bench, bench->updates, 4, made);
    made += 4;
    pid_t child = ll_children_first();
    if (child == 0)
        return LL_FAIL(why, LL_ERR_CORRUPT, "%s: there is no device process to lose", way->device);
    uint64_t start_ns = ll_clock_mono_ns();
    (void)kill(child, SIGKILL);
    round_trip(bench, 4);
    while (ll_device_counters(bench->device)->losses == 0) { /* it may have answered these before it ended */
        make_updates(bench, bench->updates, 4, made);
        made += 4;
        round_trip(bench, 4);
    }
    uint64_t fall_ns = ll_clock_mono_ns() - start_ns;
    bool is_back = on_loss == LL_DEVICE_LOSS_RELOAD && wait_for_reload(bench, &made);
    uint64_t reload_ns = ll_clock_mono_ns() - start_ns;
    printf("  %-5s %-9s %8" PRIu64 " orders, %4.0f MB: attached in %.0f ms, fall %.2f ms", way->device,
           mode_name(way), orders, (double)ll_device_memory_bytes(bench->device) / 1e6,
           (double)attach_ns / 1e6, (double)fall_ns / 1e6);
    if (on_loss == LL_DEVICE_LOSS_RELOAD)
        printf(is_back ? ", reload %.0f ms" : ", not reloaded after %.0f ms", (double)reload_ns / 1e6);
    printf("\n");
    (void)fflush(stdout);
    status = check_and_close(bench, why);
    if (status == LL_OK && on_loss == LL_DEVICE_LOSS_RELOAD && !is_back)
        status = LL_FAIL(why, LL_ERR_CORRUPT, "no new device after a loss");
    return status;
}

/* --- All -------------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct config *config, const struct way *way)
{
    return strcmp(config->device, "all") == 0 || strcmp(config->device, way->device) == 0;
}

static int run_all(struct bench *bench, struct ll_why *why)
{
    const struct config *config = bench->config;
    int status = LL_OK;
    printf("\n%" PRIu64 " live orders; messages in a batch; us from submit to the last result\n"
           "  %-26s %11s %11s %10s %10s %10s %10s %8s %6s %6s\n",
           config->orders, "batch", "messages/s", "best round", "best p50", "p50", "p99", "p99.9", "trips",
           "host", "device");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0] && status == LL_OK; i++)
        if (is_wanted(config, &ways[i]))
            status = run_way(bench, &ways[i], why);
    printf("\nlaunch: one message, batches closed at once; cpu: the kernel's own time for it\n");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0] && status == LL_OK; i++)
        if (i == 0 || (is_wanted(config, &ways[i]) && ways[i].mode == LL_DEVICE_BATCH))
            status = run_launch(bench, &ways[i], why);
    printf("\nloss: the device process is killed\n");
    for (size_t i = 1; i < sizeof ways / sizeof ways[0] && status == LL_OK; i++)
        if (is_wanted(config, &ways[i])) {
            status = run_loss(bench, &ways[i], LL_DEVICE_LOSS_CPU, why);
            if (status == LL_OK)
                status = run_loss(bench, &ways[i], LL_DEVICE_LOSS_RELOAD, why);
        }
    return status;
}

int main(int argc, char **argv)
{
    struct config config = {false, false, 2000, 10, 100000, 1000000, "all"};
    struct ll_operands operands;
    struct ll_why why = {0};
    int help = 0;
    if (ll_options_parse(options, argc, argv, &config, &operands, &help, &why) != LL_OK) {
        (void)fprintf(stderr, "bench_device: %s\n", why.text);
        return 2;
    }
    if (help) {
        ll_options_print_help(options, stdout);
        return 0;
    }
    if (config.is_smoke) {
        config.millis = 5;
        config.rounds = 1;
        config.orders = 1000;
        config.lost_orders = 1000;
    }
    if (!config.is_card)
        (void)setenv("XCL_EMULATION_MODE", "sw_emu", 1);
    ll_bench_header(stdout, "bench_device");
    printf("# xrt here is %s\n",
           config.is_card ? "a card" : "XRT's software emulation, which says nothing about a card");
    struct bench *bench = calloc(1, sizeof *bench);
    LL_ASSERT(bench != NULL);
    bench->config = &config;
    int status = run_all(bench, &why);
    free(bench);
    if (status != LL_OK) {
        (void)fprintf(stderr, "bench_device: %s\n", why.text);
        return 1;
    }
    return 0;
}
