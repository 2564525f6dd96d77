/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the days that benchmarks run on: what is in them, how long making them takes, and, on request, as
 * files. Method: builds each day in memory (bench/ll_day.h), walks over its bytes again and counts for
 * itself, which must agree with what the generator says. --smoke makes small days, for `make test`. A day
 * made from the real hour is left out, by name, where that hour is not there.
 */
#include "bench/ll_day.h"

#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_options.h"
#include "host/exchange/ll_mux.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct config {
    bool is_smoke;
    bool is_sequential;
    const char *day;
    const char *out;
};

static const struct ll_option options[] = {
    {.name = "smoke",
     .type = LL_OPTION_FLAG,
     .offset = offsetof(struct config, is_smoke),
     .help = "Small days, checks only."},
    {.name = "sequential",
     .type = LL_OPTION_FLAG,
     .offset = offsetof(struct config, is_sequential),
     .help = "References that count up, each copy in a range of its own (default: mixed over all 64 bits)."},
    {.name = "day",
     .type = LL_OPTION_CHOICE,
     .offset = offsetof(struct config, day),
     .value_name = "NAME",
     .choices = "all|hour|mux220|mux2000|simday",
     .help = "Which day to make (default: all)."},
    {.name = "out",
     .type = LL_OPTION_STRING,
     .offset = offsetof(struct config, out),
     .value_name = "FILE",
     .help = "Write the day there as a BinaryFILE; with --day NAME only (default: memory only)."},
    {.name = NULL},
};

/* What the bytes themselves say. */
struct count {
    uint64_t messages;
    uint64_t by_type[256];
    uint64_t backwards; /* times that go back */
    uint64_t strangers; /* locates beyond the last instrument */
    uint64_t checksum;
};

static void day_count(const struct ll_day *day, struct count *count)
{
    uint64_t before_ns = 0;
    memset(count, 0, sizeof *count);
    for (size_t offset = 0; offset < day->bytes_count;) {
        const uint8_t *message = day->bytes + offset + LL_MUX_PREFIX_BYTES;
        uint64_t time_ns = ll_load_be48(message + LL_ITCH50_TIMESTAMP_OFFSET);
        count->messages++;
        count->by_type[message[0]]++;
        count->backwards += time_ns < before_ns;
        count->strangers += ll_load_be16(message + LL_ITCH50_STOCK_LOCATE_OFFSET) > day->instrument_count;
        uint32_t bytes = ll_load_be16(day->bytes + offset);
        /* FNV-1a over the last eight bytes, which differ for every type. */
        count->checksum = (count->checksum ^ ll_load_be64(message + bytes - 8)) * 0x100000001b3u;
        before_ns = time_ns;
        offset += LL_MUX_PREFIX_BYTES + bytes;
    }
}

static void day_print(enum ll_day_kind kind, const struct ll_day *day, const struct count *count,
                      uint64_t took_ns)
{
    printf("%-8s %10" PRIu64 " messages  %10zu bytes  %5" PRIu32 " instruments  %7" PRIu64
           " live orders at most  %s  %.2f s  checksum %016" PRIx64 "\n",
           ll_day_name(kind), day->message_count, day->bytes_count, day->instrument_count,
           day->live_orders_max, day->is_real ? "real" : "simulated", (double)took_ns / (double)LL_NS_PER_S,
           count->checksum);
    printf("        ");
    for (int type = 0; type < 256; type++)
        if (count->by_type[type] > 0)
            printf(" %c %" PRIu64, type, count->by_type[type]);
    printf("\n");
}

static int day_write(const struct ll_day *day, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    size_t written = fwrite(day->bytes, 1, day->bytes_count, file);
    if (fclose(file) != 0 || written != day->bytes_count) {
        perror(path);
        return 1;
    }
    return 0;
}

static int day_make(enum ll_day_kind kind, const struct config *config)
{
    struct ll_day day;
    struct ll_why why = {0};
    struct count count;
    uint64_t start_ns = ll_clock_mono_ns();
    int status = ll_day_build(&day, kind, !config->is_sequential, config->is_smoke, &why);
    uint64_t took_ns = ll_clock_mono_ns() - start_ns;
    if (status == LL_ERR_ENVIRONMENT) {
        printf("%-8s skipped: %s\n", ll_day_name(kind), why.text);
        return 0;
    }
    if (status != LL_OK) {
        (void)fprintf(stderr, "%s: %s\n", ll_day_name(kind), why.text);
        return 1;
    }
    day_count(&day, &count);
    day_print(kind, &day, &count, took_ns);
    int failed = count.messages != day.message_count || count.backwards != 0 || count.strangers != 0 ||
                 memcmp(count.by_type, day.by_type, sizeof count.by_type) != 0;
    if (failed)
        (void)fprintf(stderr, "%s: the bytes and the figures of the generator differ\n", ll_day_name(kind));
    if (!failed && config->out != NULL)
        failed = day_write(&day, config->out);
    ll_day_free(&day);
    return failed;
}

int main(int argc, char **argv)
{
    struct config config = {.day = "all"};
    struct ll_operands operands = {0};
    struct ll_why why = {0};
    int help = 0;
    if (ll_options_parse(options, argc, argv, &config, &operands, &help, &why) != LL_OK) {
        (void)fprintf(stderr, "%s\n", why.text);
        return 2;
    }
    if (help) {
        ll_options_print_help(options, stdout);
        return 0;
    }
    bool is_all = strcmp(config.day, "all") == 0;
    if (operands.count > 0 || (is_all && config.out != NULL)) {
        (void)fprintf(stderr, "no operands are taken, and --out needs --day NAME\n");
        return 2;
    }
    int failed = 0;
    for (int kind = 0; kind < LL_DAY_COUNT; kind++)
        if (is_all || strcmp(config.day, ll_day_name((enum ll_day_kind)kind)) == 0)
            failed |= day_make((enum ll_day_kind)kind, &config);
    return failed;
}
