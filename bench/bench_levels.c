/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: which structure keeps price levels best: the kernel's tree with unsorted leaves (hls/ll_levels.h),
 * sorted blocks, or a hashed 64-way bitmap tree (bench/alternatives/). Method: first all three go through the
 * day side by side and every field of every result must agree. Then they take turns, round by round, in one
 * process; what is printed is the CPU time per message of the day, best and median of the rounds, and the
 * median of the ratios to the kernel within a round. "decode+book" starts from the raw ITCH bytes, "book"
 * from decoded updates (decoding in blocks, outside the measured time). The order table, the stages and their
 * prefetches are the same for all. Memory is what the levels use at the end of the day: nodes in use, or the
 * whole hash table.
 * --smoke: small days, comparison and one round; returns 1 when a result differs.
 */
#include "bench/alternatives/ll_levels_bitmap.h"
#include "bench/alternatives/ll_levels_sorted.h"
#include "bench/ll_day.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_options.h"
#include "host/core/ll_book_memory.h"
#include "host/wire/ll_itch50_update.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX         31u
#define BLOCK_UPDATES      1024u /* decoded ahead for the "book" rows; a multiple of every batch size */
#define MESSAGE_READ_BYTES 40u   /* ll_itch50_update reads so far */
#define PREFIX_BYTES       2u
#define READ_AHEAD_BYTES \
    2048u /* a day lies in main memory; a feed comes from a network card into the cache */

struct config {
    bool is_smoke;
    bool is_sequential;
    const char *day;
    uint64_t rounds;
};

static const struct ll_option options[] = {
    {.name = "smoke",
     .type = LL_OPTION_FLAG,
     .offset = offsetof(struct config, is_smoke),
     .help = "Small days, one round; fails when results differ."},
    {.name = "sequential",
     .type = LL_OPTION_FLAG,
     .offset = offsetof(struct config, is_sequential),
     .help = "References that count up (default: mixed over all 64 bits)."},
    {.name = "day",
     .type = LL_OPTION_CHOICE,
     .offset = offsetof(struct config, day),
     .value_name = "NAME",
     .choices = "all|mux220|mux2000|simday",
     .help = "Which day (default: all)."},
    {.name = "rounds",
     .type = LL_OPTION_U64,
     .offset = offsetof(struct config, rounds),
     .min = 1,
     .max = ROUNDS_MAX,
     .value_name = "N",
     .help = "Rounds of all structures (default: 5)."},
    {.name = NULL},
};

/* --- the three ------------------------------------------------------------------------------------------ */

enum peer { PEER_KERNEL, PEER_BITMAP, PEER_SORTED, PEER_COUNT };

static const char *const peer_names[PEER_COUNT] = {"kernel", "bitmap", "sorted"};

struct book {
    struct ll_book_memory memory;
    struct ll_bitmap_control *table; /* of the bitmap tree only */
    struct ll_bitmap_bucket *entries;
    enum peer peer;
};

static void book_reset(struct book *book)
{
    struct ll_book_memory *m = &book->memory;
    ll_book_reset(m->control, m->buckets, m->leaves, m->levels, m->inners, m->sides);
    if (book->peer == PEER_BITMAP)
        ll_bitmap_reset(m->control, book->table, book->entries, m->sides);
}

static uint32_t power_of_two(uint64_t least)
{
    uint32_t power = 1;
    while (power < least)
        power *= 2;
    return power;
}

/* Room for as many levels as there are ever orders. The bitmap's table is as large as the order table. */
static int book_init(struct book *book, enum peer peer, struct ll_arena *arena, const struct ll_day *day,
                     struct ll_why *why)
{
    struct ll_book_config config = {.orders = day->live_orders_max + 1,
                                    .levels = day->live_orders_max + 1,
                                    .books = (uint64_t)day->instrument_count + 1,
                                    .hash_seed = 0x6c69666c};
    size_t footprint_bytes = ll_book_memory_footprint_bytes(&config);
    uint32_t bucket_count = power_of_two(((day->live_orders_max + 1) * 2 + 2) / 3);
    uint32_t overflow_count = bucket_count / 4 + 1024;
    size_t table_bytes = ((size_t)bucket_count + overflow_count) * sizeof(struct ll_bitmap_bucket);
    int status = ll_arena_init(arena, footprint_bytes + table_bytes + 8192, why);
    if (status != LL_OK)
        return status;
    book->peer = peer;
    ll_book_memory_place(&book->memory, ll_arena_alloc(arena, footprint_bytes, 4096), &config);
    if (peer == PEER_BITMAP) {
        book->table = ll_arena_alloc(arena, sizeof *book->table, 64);
        book->entries = ll_arena_alloc(arena, table_bytes, 64);
        book->table->bucket_count = bucket_count;
        book->table->overflow_count = overflow_count;
        book->table->hash_seed = 0x65766965;
        book_reset(book);
    }
    return LL_OK;
}

static __attribute__((noinline)) void kernel_batch(struct book *book, const struct ll_update *updates,
                                                   struct ll_result *results, uint32_t count, uint32_t batch)
{
    struct ll_book_memory *m = &book->memory;
    ll_book_batch(m->control, m->buckets, m->leaves, m->levels, m->inners, m->sides, updates, results, count,
                  batch);
}

static __attribute__((noinline)) void bitmap_batch(struct book *book, const struct ll_update *updates,
                                                   struct ll_result *results, uint32_t count, uint32_t batch)
{
    struct ll_book_memory *m = &book->memory;
    ll_bitmap_batch(m->control, m->buckets, book->table, book->entries, m->sides, updates, results, count,
                    batch);
}

static __attribute__((noinline)) void sorted_batch(struct book *book, const struct ll_update *updates,
                                                   struct ll_result *results, uint32_t count, uint32_t batch)
{
    struct ll_book_memory *m = &book->memory;
    ll_sorted_batch(m->control, m->buckets, m->leaves, m->levels, m->inners, m->sides, updates, results,
                    count, batch);
}

static inline void book_batch(struct book *book, const struct ll_update *updates, struct ll_result *results,
                              uint32_t count, uint32_t batch)
{
    if (book->peer == PEER_KERNEL)
        kernel_batch(book, updates, results, count, batch);
    else if (book->peer == PEER_BITMAP)
        bitmap_batch(book, updates, results, count, batch);
    else
        sorted_batch(book, updates, results, count, batch);
}

/* Bytes of the level structure in use. */
static size_t book_levels_bytes(const struct book *book)
{
    const struct ll_book_control *control = book->memory.control;
    size_t sides_bytes = (size_t)control->book_count * 2 * sizeof(struct ll_book_side);
    if (book->peer == PEER_BITMAP)
        return sides_bytes + ((size_t)book->table->bucket_count + book->table->overflow_count -
                              book->table->overflow_free_count) *
                                 sizeof(struct ll_bitmap_bucket);
    return sides_bytes +
           (size_t)(control->leaf_count - control->leaf_free_count) *
               (sizeof(struct ll_leaf) + LL_LEAF_LANES * sizeof(struct ll_level)) +
           (size_t)(control->inner_count - control->inner_free_count) * sizeof(struct ll_inner);
}

/* --- the day -------------------------------------------------------------------------------------------- */

struct reader {
    const struct ll_day *day;
    size_t offset;
    uint64_t seq;
};

/* Decodes at most `count` messages; returns how many there were. */
static inline uint32_t reader_decode(struct reader *reader, struct ll_update *updates, uint32_t count)
{
    const struct ll_day *day = reader->day;
    uint32_t done = 0;
    while (done < count && reader->offset < day->bytes_count) {
        const uint8_t *message = day->bytes + reader->offset + PREFIX_BYTES;
        uint32_t bytes = ll_load_be16(day->bytes + reader->offset);
        uint8_t last[MESSAGE_READ_BYTES + UINT8_MAX] = {0};
        LL_PREFETCH(message + READ_AHEAD_BYTES);
        if (LL_RARE(day->bytes_count - reader->offset < PREFIX_BYTES + MESSAGE_READ_BYTES)) {
            memcpy(last, message, bytes);
            message = last;
        }
        (void)ll_itch50_update(message, bytes, reader->seq, &updates[done]);
        reader->offset += PREFIX_BYTES + bytes;
        reader->seq++;
        done++;
    }
    return done;
}

static uint64_t cpu_ns(void)
{
    return ll_clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

static double per_message(uint64_t ns, const struct reader *reader)
{
    return (double)ns / (double)reader->seq;
}

static double time_decode(const struct ll_day *day, uint32_t batch)
{
    struct ll_update updates[LL_BATCH_MAX];
    struct reader reader = {.day = day};
    uint64_t start_ns = cpu_ns();
    while (reader_decode(&reader, updates, batch) > 0)
        __asm__ volatile("" ::"r"(updates) : "memory"); /* what was decoded counts as read */
    return per_message(cpu_ns() - start_ns, &reader);
}

static double time_decode_and_book(struct book *book, const struct ll_day *day, uint32_t batch)
{
    struct ll_update updates[LL_BATCH_MAX];
    struct ll_result results[LL_BATCH_MAX];
    struct reader reader = {.day = day};
    uint32_t count = 0;
    book_reset(book);
    uint64_t start_ns = cpu_ns();
    while ((count = reader_decode(&reader, updates, batch)) > 0)
        book_batch(book, updates, results, count, batch);
    return per_message(cpu_ns() - start_ns, &reader);
}

static double time_book(struct book *book, const struct ll_day *day, uint32_t batch)
{
    struct ll_update updates[BLOCK_UPDATES];
    struct ll_result results[LL_BATCH_MAX];
    struct reader reader = {.day = day};
    uint64_t took_ns = 0;
    uint32_t count = 0;
    book_reset(book);
    while ((count = reader_decode(&reader, updates, BLOCK_UPDATES)) > 0) {
        uint64_t start_ns = cpu_ns();
        for (uint32_t done = 0; done < count; done += batch)
            book_batch(book, updates + done, results, count - done < batch ? count - done : batch, batch);
        took_ns += cpu_ns() - start_ns;
    }
    return per_message(took_ns, &reader);
}

/* All three side by side. Returns the number of results that differ from the kernel's. */
static uint64_t compare(struct book *books, const struct ll_day *day, uint64_t *checksum)
{
    struct ll_update updates[LL_BATCH_MAX];
    struct ll_result results[PEER_COUNT][LL_BATCH_MAX];
    struct reader reader = {.day = day};
    uint64_t differences = 0;
    uint32_t count = 0;
    *checksum = 0;
    for (int peer = 0; peer < PEER_COUNT; peer++)
        book_reset(&books[peer]);
    while ((count = reader_decode(&reader, updates, LL_BATCH_MAX)) > 0) {
        for (int peer = 0; peer < PEER_COUNT; peer++)
            book_batch(&books[peer], updates, results[peer], count, LL_BATCH_MAX);
        for (uint32_t i = 0; i < count; i++) {
            const struct ll_result *result = &results[PEER_KERNEL][i];
            for (int peer = PEER_KERNEL + 1; peer < PEER_COUNT; peer++)
                differences += memcmp(result, &results[peer][i], sizeof *result) != 0;
            *checksum = *checksum * 31 + result->verdict + result->bid_price + result->ask_price +
                        result->bid_quantity + result->ask_quantity + result->bid_orders + result->ask_orders;
        }
    }
    return differences;
}

/* --- the report ----------------------------------------------------------------------------------------- */

static int double_compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(const double *values, uint32_t count)
{
    double sorted[ROUNDS_MAX];
    memcpy(sorted, values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, double_compare);
    return sorted[count / 2];
}

static double least(const double *values, uint32_t count)
{
    double best = values[0];
    for (uint32_t i = 1; i < count; i++)
        best = values[i] < best ? values[i] : best;
    return best;
}

typedef double time_fn(struct book *book, const struct ll_day *day, uint32_t batch);

static void measure(struct book *books, const struct ll_day *day, uint32_t batch, uint32_t rounds,
                    time_fn *clock_one, const char *what)
{
    double took[PEER_COUNT][ROUNDS_MAX] = {0};
    double ratio[PEER_COUNT][ROUNDS_MAX] = {0};
    for (uint32_t round = 0; round < rounds; round++)
        for (int peer = 0; peer < PEER_COUNT; peer++) {
            took[peer][round] = clock_one(&books[peer], day, batch);
            ratio[peer][round] = took[peer][round] / took[PEER_KERNEL][round];
        }
    for (int peer = 0; peer < PEER_COUNT; peer++)
        printf("  %-12s batch %2u  %-7s best %6.1f  median %6.1f ns/message   %4.2f x kernel\n", what, batch,
               peer_names[peer], least(took[peer], rounds), median(took[peer], rounds),
               median(ratio[peer], rounds));
    (void)fflush(stdout);
}

static void report_memory(const struct book *books)
{
    const struct ll_book_control *control = books[PEER_KERNEL].memory.control;
    size_t orders_bytes =
        ((size_t)control->bucket_count + control->overflow_count) * sizeof(struct ll_order_bucket);
    printf("  at the end   %u orders (table %.1f MB, %.0f bytes each), %u levels:\n", control->live_orders,
           (double)orders_bytes / 1e6, (double)orders_bytes / (control->live_orders + 1e-9),
           control->live_levels);
    for (int peer = 0; peer < PEER_COUNT; peer++) {
        size_t bytes = book_levels_bytes(&books[peer]);
        printf("               %-7s %6.1f MB, %4.0f bytes/level\n", peer_names[peer], (double)bytes / 1e6,
               (double)bytes / (control->live_levels + 1e-9));
    }
}

static void measure_all(struct book *books, const struct ll_day *day, uint32_t rounds)
{
    static const uint32_t batches[] = {16, 32, 64};
    double decode[ROUNDS_MAX] = {0};
    for (uint32_t round = 0; round < rounds; round++)
        decode[round] = time_decode(day, 32);
    printf("  %-12s batch 32           best %6.1f  median %6.1f ns/message\n", "decode",
           least(decode, rounds), median(decode, rounds));
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        measure(books, day, batches[i], rounds, time_decode_and_book, "decode+book");
        measure(books, day, batches[i], rounds, time_book, "book");
    }
}

static int day_run(enum ll_day_kind kind, const struct config *config)
{
    struct ll_day day;
    struct ll_why why = {0};
    struct ll_arena arenas[PEER_COUNT] = {0};
    struct book books[PEER_COUNT] = {0};
    uint64_t checksum = 0;
    int peers_ready = 0;
    int status = ll_day_build(&day, kind, !config->is_sequential, config->is_smoke, &why);
    if (status == LL_ERR_ENVIRONMENT) {
        printf("%-8s skipped: %s\n", ll_day_name(kind), why.text);
        return 0;
    }
    for (; status == LL_OK && peers_ready < PEER_COUNT; peers_ready++)
        status = book_init(&books[peers_ready], (enum peer)peers_ready, &arenas[peers_ready], &day, &why);
    uint64_t differences = 0;
    if (status == LL_OK) {
        differences = compare(books, &day, &checksum);
        printf("%s: %" PRIu64 " messages of %u instruments (%s), at most %" PRIu64 " live orders, %s pages\n",
               ll_day_name(kind), day.message_count, day.instrument_count, day.is_real ? "real" : "simulated",
               day.live_orders_max, ll_arena_pages_name(&arenas[0]));
        printf("  results      %" PRIu64 " differ, checksum %016" PRIx64 "\n", differences, checksum);
        report_memory(books);
        measure_all(books, &day, config->is_smoke ? 1 : (uint32_t)config->rounds);
    } else {
        (void)fprintf(stderr, "%s: %s\n", ll_day_name(kind), why.text);
    }
    for (int peer = 0; peer < peers_ready; peer++)
        if (arenas[peer].base != NULL)
            ll_arena_deinit(&arenas[peer]);
    ll_day_free(&day);
    return status != LL_OK || differences != 0;
}

int main(int argc, char **argv)
{
    struct config config = {.day = "all", .rounds = 5};
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
    if (operands.count > 0) {
        (void)fprintf(stderr, "no operands are taken\n");
        return 2;
    }
    int failed = 0;
    for (int kind = LL_DAY_MUX220; kind < LL_DAY_COUNT; kind++) /* the hour alone is too small to tell */
        if (strcmp(config.day, "all") == 0 || strcmp(config.day, ll_day_name((enum ll_day_kind)kind)) == 0)
            failed |= day_run((enum ll_day_kind)kind, &config);
    return failed;
}
