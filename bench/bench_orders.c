/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the order table beside DPDK's rte_hash, on the references of a day.
 * Method: the book messages of a day, decoded before (not timed), run through each table in turns, round by
 * round: an add puts a reference in, an execute or cancel looks it up and takes shares off, a delete takes it
 * out, a replace does both.
 *
 *   orders           hls/ll_orders.h in batches of 32, in transparent huge pages; it also checks duplicates,
 *                    verdicts and books, and writes a result and the level changes for each message
 *   orders, 4K pages the same in plain pages, as rte_hash has them here
 *   rte_hash         8-byte keys, add_key_data / lookup_data / del_key one by one; the data is the order's
 *                    shares, nothing else is kept or written
 *   rte_hash bulk    lookups of a block of 32 at once; references touched within the block are looked up again
 *
 * All end with the same live orders and the same sum of shares; a difference ends the run with exit code 1.
 * Nothing is asserted about time.
 */
#include "bench/ll_bench.h"
#include "dpdk/ll_port.h"
#include "hls/ll_book.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_options.h"
#include "host/core/ll_book_memory.h"
#include "host/wire/ll_itch50_update.h"

#include <inttypes.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK        32u
#define PREFIX_BYTES 2u

enum table { TABLE_ORDERS, TABLE_ORDERS_PLAIN, TABLE_RTE, TABLE_RTE_BULK, TABLE_COUNT };
static const char *const table_names[TABLE_COUNT] = {"orders", "orders, 4K pages", "rte_hash",
                                                     "rte_hash bulk"};

struct config {
    bool is_smoke;
    uint64_t rounds;
    const char *day;
};

/* What a table holds at the end. */
struct ending {
    uint64_t live_orders;
    uint64_t shares;
};

struct updates {
    struct ll_update *update; /* a multiple of BLOCK; filled up with LL_OP_NONE */
    uint64_t count;
    uint64_t message_count;
};

/* --- Ours ------------------------------------------------------------------------------------------------- */

static void sum_order(void *context, const struct ll_book_order *order)
{
    struct ending *ending = context;
    ending->live_orders++;
    ending->shares += order->shares;
}

/* Hash, fetch ahead, and the order stage; what would go to the levels is written and forgotten. */
static __attribute__((noinline)) uint64_t run_orders(struct ll_book_memory *book,
                                                     const struct updates *updates)
{
    struct ll_change changes[LL_BATCH_MAX * LL_CHANGES_PER_MESSAGE];
    struct ll_result results[BLOCK];
    uint64_t start_ns = ll_clock_mono_ns();
    for (uint64_t at = 0; at < updates->count; at += BLOCK)
        (void)ll_book_orders(book->control, book->buckets, book->inners, book->sides, updates->update + at,
                             results, BLOCK, changes);
    return ll_clock_mono_ns() - start_ns;
}

/* --- rte_hash --------------------------------------------------------------------------------------------- */

static void rte_take(const struct rte_hash *hash, uint64_t ref, void *data, uint32_t asked)
{
    uint64_t shares = (uint64_t)(uintptr_t)data;
    if (asked >= shares)
        (void)rte_hash_del_key(hash, &ref);
    else
        (void)rte_hash_add_key_data(hash, &ref, (void *)(uintptr_t)(shares - asked)); /* NOLINT */
}

static void rte_put(const struct rte_hash *hash, uint64_t ref, uint32_t shares)
{
    (void)rte_hash_add_key_data(hash, &ref, (void *)(uintptr_t)shares); /* NOLINT */
}

/* `data` is what the lookup found, when `found`. */
static void rte_apply(const struct rte_hash *hash, const struct ll_update *update, bool found, void *data)
{
    switch (update->op) {
    case LL_OP_ADD:
        rte_put(hash, update->ref, update->quantity);
        break;
    case LL_OP_EXECUTE:
    case LL_OP_CANCEL:
        if (found)
            rte_take(hash, update->ref, data, update->quantity);
        break;
    case LL_OP_DELETE:
        (void)rte_hash_del_key(hash, &update->ref);
        break;
    case LL_OP_REPLACE:
        (void)rte_hash_del_key(hash, &update->ref);
        rte_put(hash, update->new_ref, update->quantity);
        break;
    default:
        break;
    }
}

static bool rte_needs_lookup(const struct ll_update *update)
{
    return update->op == LL_OP_EXECUTE || update->op == LL_OP_CANCEL;
}

static __attribute__((noinline)) uint64_t run_rte(const struct rte_hash *hash, const struct updates *updates)
{
    uint64_t start_ns = ll_clock_mono_ns();
    for (uint64_t at = 0; at < updates->count; at++) {
        const struct ll_update *update = &updates->update[at];
        void *data = NULL;
        bool found = rte_needs_lookup(update) && rte_hash_lookup_data(hash, &update->ref, &data) >= 0;
        rte_apply(hash, update, found, data);
    }
    return ll_clock_mono_ns() - start_ns;
}

/* The lookups of a block together; whoever was touched earlier in the block is looked up again. */
static __attribute__((noinline)) uint64_t run_rte_bulk(const struct rte_hash *hash,
                                                       const struct updates *updates)
{
    uint64_t start_ns = ll_clock_mono_ns();
    for (uint64_t at = 0; at < updates->count; at += BLOCK) {
        const struct ll_update *block = &updates->update[at];
        const void *keys[BLOCK];
        void *data[BLOCK];
        uint64_t hits = 0;
        for (uint32_t i = 0; i < BLOCK; i++)
            keys[i] = &block[i].ref;
        (void)rte_hash_lookup_bulk_data(hash, keys, BLOCK, &hits, data);
        for (uint32_t i = 0; i < BLOCK; i++) {
            bool found = (hits >> i & 1u) != 0;
            bool touched = false;
            for (uint32_t j = 0; j < i && rte_needs_lookup(&block[i]); j++)
                touched |= block[j].ref == block[i].ref || block[j].new_ref == block[i].ref;
            if (touched)
                found = rte_hash_lookup_data(hash, &block[i].ref, &data[i]) >= 0;
            rte_apply(hash, &block[i], found, data[i]);
        }
    }
    return ll_clock_mono_ns() - start_ns;
}

static struct ending rte_ending(const struct rte_hash *hash)
{
    struct ending ending = {0, 0};
    const void *key;
    void *data;
    uint32_t next = 0;
    while (rte_hash_iterate(hash, &key, &data, &next) >= 0) {
        ending.live_orders++;
        ending.shares += (uint64_t)(uintptr_t)data;
    }
    return ending;
}

/* --- A day ------------------------------------------------------------------------------------------------ */

static int updates_build(struct updates *updates, const struct ll_day *day, struct ll_why *why)
{
    size_t bytes = ll_align_up((day->message_count + BLOCK) * sizeof *updates->update, 4096);
    updates->update = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (updates->update == MAP_FAILED)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for %" PRIu64 " updates", day->message_count);
    for (size_t at = 0; at < day->bytes_count;) {
        uint8_t message[UINT8_MAX] = {0};
        uint32_t message_bytes = ll_load_be16(day->bytes + at);
        memcpy(message, day->bytes + at + PREFIX_BYTES,
               message_bytes < UINT8_MAX ? message_bytes : UINT8_MAX);
        struct ll_update *update = &updates->update[updates->count];
        (void)ll_itch50_update(message, message_bytes, updates->count, update);
        updates->count += update->op != LL_OP_NONE;
        at += PREFIX_BYTES + message_bytes;
    }
    updates->message_count = updates->count;
    for (; updates->count % BLOCK != 0; updates->count++)
        memset(&updates->update[updates->count], 0, sizeof *updates->update);
    return LL_OK;
}

static void *plain_pages(size_t bytes)
{
    void *memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

struct tables {
    struct ll_arena arena;
    void *plain;
    struct ll_book_config config;
    size_t book_bytes;
    void *huge;
    struct rte_hash *hash;
};

static int tables_open(struct tables *tables, const struct ll_day *day, struct ll_why *why)
{
    uint64_t live = day->live_orders_max != 0 ? day->live_orders_max : 1024;
    tables->config = (struct ll_book_config){live, 1024, (uint64_t)day->instrument_count + 1, 1};
    tables->book_bytes = ll_book_memory_footprint_bytes(&tables->config);
    int status = ll_arena_init(&tables->arena, tables->book_bytes, why);
    if (status != LL_OK)
        return status;
    tables->huge = ll_arena_alloc(&tables->arena, tables->book_bytes, 64);
    tables->plain = plain_pages(tables->book_bytes);
    const struct rte_hash_parameters parameters = {.name = "orders",
                                                   .entries = (uint32_t)(live + live / 8 + 64),
                                                   .key_len = sizeof(uint64_t),
                                                   .hash_func = rte_hash_crc,
                                                   .extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE};
    tables->hash = rte_hash_create(&parameters);
    if (tables->plain == NULL || tables->hash == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for the tables");
    return LL_OK;
}

static void tables_close(struct tables *tables)
{
    rte_hash_free(tables->hash);
    (void)munmap(tables->plain, tables->book_bytes);
    ll_arena_deinit(&tables->arena);
}

static uint64_t round_of(struct tables *tables, enum table table, const struct updates *updates,
                         struct ending *ending)
{
    uint64_t took_ns;
    *ending = (struct ending){0, 0};
    if (table <= TABLE_ORDERS_PLAIN) {
        struct ll_book_memory book;
        ll_book_memory_place(&book, table == TABLE_ORDERS ? tables->huge : tables->plain, &tables->config);
        took_ns = run_orders(&book, updates);
        ll_book_memory_orders(&book, sum_order, ending);
        return took_ns;
    }
    rte_hash_reset(tables->hash);
    took_ns = table == TABLE_RTE ? run_rte(tables->hash, updates) : run_rte_bulk(tables->hash, updates);
    *ending = rte_ending(tables->hash);
    return took_ns;
}

static int day_rounds(struct tables *tables, const struct updates *updates, uint64_t rounds)
{
    struct ll_rounds took[TABLE_COUNT] = {0};
    struct ending first = {0, 0};
    for (uint64_t round = 0; round < rounds; round++)
        for (int table = 0; table < TABLE_COUNT; table++) {
            struct ending ending;
            uint64_t ns = round_of(tables, (enum table)table, updates, &ending);
            ll_rounds_add(&took[table], ns, updates->message_count);
            if (round == 0 && table == 0)
                first = ending;
            if (ending.live_orders != first.live_orders || ending.shares != first.shares) {
                printf("  %s ends with %" PRIu64 " orders and %" PRIu64 " shares: DIFFERS\n",
                       table_names[table], ending.live_orders, ending.shares);
                return 1;
            }
        }
    printf("  all end with %" PRIu64 " live orders, %" PRIu64 " shares\n", first.live_orders, first.shares);
    for (int table = 0; table < TABLE_COUNT; table++)
        printf("  %-18s median %6.1f  best %6.1f ns/message   %4.2f x orders\n", table_names[table],
               ll_rounds_median(&took[table]), ll_rounds_best(&took[table]),
               ll_rounds_median(&took[table]) / ll_rounds_median(&took[TABLE_ORDERS]));
    return 0;
}

static int day_run(enum ll_day_kind kind, const struct config *config, struct ll_why *why)
{
    struct ll_day day = {0};
    struct updates updates = {0};
    struct tables tables = {0};
    int status = ll_day_build(&day, kind, true, config->is_smoke, why);
    if (status == LL_OK)
        status = updates_build(&updates, &day, why);
    if (status == LL_OK)
        status = tables_open(&tables, &day, why);
    if (status != LL_OK)
        return status;
    printf("%s: %" PRIu64 " book messages, at most %" PRIu64 " live orders; table %zu bytes in %s pages\n",
           ll_day_name(kind), updates.message_count, day.live_orders_max, tables.book_bytes,
           ll_arena_pages_name(&tables.arena));
    int differs = day_rounds(&tables, &updates, config->is_smoke ? 1 : config->rounds);
    tables_close(&tables);
    (void)munmap(updates.update, ll_align_up((day.message_count + BLOCK) * sizeof *updates.update, 4096));
    ll_day_free(&day);
    return differs != 0 ? LL_FAIL(why, LL_ERR_CORRUPT, "the tables do not agree") : LL_OK;
}

#define OPTION(name, type, field, min, max, value, help)                        \
    {                                                                           \
        name, type, offsetof(struct config, field), min, max, value, NULL, help \
    }

static const struct ll_option options[] = {
    OPTION("smoke", LL_OPTION_FLAG, is_smoke, 0, 0, NULL, "small days, one round: checks only"),
    OPTION("rounds", LL_OPTION_U64, rounds, 1, LL_ROUNDS_MAX, "N", "rounds of each table, default 5"),
    OPTION("day", LL_OPTION_STRING, day, 0, 0, "NAME", "default mux220, mux2000 and simday"),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

int main(int argc, char **argv)
{
    struct config config = {.rounds = 5, .day = NULL};
    const struct ll_eal_config eal = {.memory_mb = 512};
    struct ll_operands operands;
    struct ll_why why = {0};
    int help = 0;
    int status = ll_options_parse(options, argc, argv, &config, &operands, &help, &why);
    if (status == LL_OK && help) {
        ll_options_print_help(options, stdout);
        return 0;
    }
    if (status == LL_OK)
        status = ll_eal_start(&eal, &why);
    if (status == LL_OK)
        ll_bench_header(stdout, "bench_orders");
    for (int kind = LL_DAY_MUX220; kind < LL_DAY_COUNT && status == LL_OK; kind++)
        if (config.day == NULL || strcmp(config.day, ll_day_name((enum ll_day_kind)kind)) == 0)
            status = day_run((enum ll_day_kind)kind, &config, &why);
    if (status != LL_OK)
        (void)fprintf(stderr, "bench_orders: %s: %s\n", ll_err_name(status), why.text);
    return status == LL_OK ? 0 : status == LL_ERR_ENVIRONMENT ? 77 : 1;
}
