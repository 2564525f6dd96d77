/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the identifier table beside DPDK's rte_hash: adding and resolving 8-byte numbers and 64-byte texts.
 * Method: tables of a few sizes are filled, then looked up at random places, all ways in turns, round by
 * round. What is asked for is made before, a block at a time, and is in the cache; the tables are not.
 *
 *   resolve, one        hls/ll_life.h, one ask at a time: a 64-byte ask in, a 64-byte answer out with type and
 *                       status of the identifier, state and quantities of its order (four identifiers each)
 *   resolve, batch      the same in batches of 64
 *   whose, batch        key to the identifier's number, order, type and status, in batches of 64: what
 *                       rte_hash's number would lead to
 *   rte_hash, one       lookup_data; the data is the number
 *   rte_hash, bulk      lookup_bulk_data, 64 at once
 *
 * Texts: ours makes the digest, looks it up, and compares the full text with a store of texts by number;
 * rte_hash has the text as its key. Both in memory of the same kind (transparent huge pages where the kernel
 * gives them). Every way sums what it found; a difference ends the run with exit code 1. Nothing is asserted
 * about time.
 */
#include "bench/ll_bench.h"
#include "dpdk/ll_port.h"
#include "hls/ll_life.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_options.h"
#include "host/base/ll_prng.h"
#include "host/core/ll_keys.h"
#include "host/core/ll_life_memory.h"

#include <inttypes.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BULK          64u
#define BLOCK         1024u
#define LOOKUPS_MAX   ((uint64_t)8 << 20)
#define BLOCKS_MAX    (LARGE_IDS / BLOCK)
#define IDS_PER_ORDER 4u
#define TEXT_BYTES    64u
#define LARGE_IDS     ((uint64_t)16 << 20)
#define LARGE_MB      ((uint64_t)10 << 10) /* that the machine must have free for the large tables */
#define EAL_MB        64u
#define HEAP_NAME     "bench_ids"
#define HUGE_BYTES    ((size_t)2 << 20)

enum way { WAY_ONE, WAY_BATCH, WAY_WHOSE, WAY_RTE, WAY_RTE_BULK, WAY_COUNT };
static const char *const way_names[WAY_COUNT] = {"resolve, one", "resolve, batch", "whose, batch",
                                                 "rte_hash, one", "rte_hash, bulk"};

struct config {
    bool is_smoke;
    uint64_t rounds;
    uint64_t lookups;
    uint64_t ids;
};

/* One size and kind of key. */
struct bench {
    uint64_t ids;
    bool is_text;
    struct ll_keys keys;
    struct ll_arena arena;
    struct ll_life_config life_config;
    size_t life_bytes;
    void *life_memory;
    struct ll_life_memory life;
    char *texts; /* by number, TEXT_BYTES each; NULL for numbers */
    struct ll_arena rte_arena;
    void *rte_memory;
    size_t rte_bytes;
    struct rte_hash *hash;
};

/* The time of each block. Its median counts, so that what the machine does between two blocks does not. */
struct times {
    uint64_t ns[BLOCKS_MAX];
    uint32_t count;
};

/* What is asked for: filled before the clock starts. */
struct block {
    struct ll_life_ask asks[BLOCK];
    struct ll_life_answer answers[BLOCK];
    uint64_t numbers[BLOCK];
    char texts[BLOCK][TEXT_BYTES];
    uint32_t ids[BLOCK];
};

static void times_add(struct times *times, uint64_t ns, uint32_t ops)
{
    times->ns[times->count++] = ns * BLOCK / ops; /* the last block may be a short one */
}

static int compare_ns(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* ns of `ops` operations, by the median block. */
static uint64_t times_total_ns(struct times *times, uint64_t ops)
{
    qsort(times->ns, times->count, sizeof times->ns[0], compare_ns);
    return times->ns[times->count / 2] * ops / BLOCK;
}

/* --- Keys ---------------------------------------------------------------------------------------------- */

/* Numbers as a venue gives them: growing, with gaps. */
static uint64_t number_of(uint64_t id)
{
    return 1000000 + id * 4 + (id * 0x9e3779b97f4a7c15u >> 62);
}

static void text_of(uint64_t id, char text[TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    memset(text, '-', TEXT_BYTES);
    memcpy(text, "OR20260102-gateway1-", 20);
    for (uint32_t i = 0; i < 16; i++)
        text[TEXT_BYTES - 1 - i] = digits[id >> (4 * i) & 15u];
}

static const struct ll_key_scope number_scope = {LL_KEY_EXCHANGE_REF, 1, 20000};
static const struct ll_key_scope text_scope = {LL_KEY_PLATFORM, 0, 0};

static struct ll_key key_of(const struct bench *bench, const struct block *block, uint32_t at)
{
    return bench->is_text ? ll_key_text(&bench->keys, text_scope, block->texts[at], TEXT_BYTES)
                          : ll_key_number(number_scope, block->numbers[at]);
}

static void key_set(const struct bench *bench, struct block *block, uint32_t at)
{
    struct ll_key key = key_of(bench, block, at);
    block->asks[at].key[0] = key.word[0];
    block->asks[at].key[1] = key.word[1];
}

static void block_name(const struct bench *bench, struct block *block, uint32_t at, uint64_t id)
{
    block->ids[at] = (uint32_t)id;
    if (bench->is_text)
        text_of(id, block->texts[at]);
    else
        block->numbers[at] = number_of(id);
}

static const void *rte_key(const struct bench *bench, const struct block *block, uint32_t at)
{
    return bench->is_text ? (const void *)block->texts[at] : (const void *)&block->numbers[at];
}

/* --- Adding -------------------------------------------------------------------------------------------- */

static void block_adds(const struct bench *bench, struct block *block, uint64_t first, uint32_t count)
{
    memset(block->asks, 0, sizeof block->asks);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t id = first + i;
        struct ll_life_ask *ask = &block->asks[i];
        block_name(bench, block, i, id);
        ask->op = id % IDS_PER_ORDER == 0 ? LL_LIFE_OP_OPEN : LL_LIFE_OP_ADD;
        ask->id = (uint32_t)id;
        ask->order = (uint32_t)(id / IDS_PER_ORDER);
        ask->type = LL_ID_STOPLOSS;
        ask->quantity = 100;
    }
}

/* Digest, and in batches of `batch`. */
static uint64_t time_adds(struct bench *bench, struct block *block, uint32_t count, uint32_t batch)
{
    uint64_t start_ns = ll_clock_mono_ns();
    for (uint32_t at = 0; at < count; at += batch) {
        uint32_t now = count - at < batch ? count - at : batch;
        for (uint32_t i = 0; i < now; i++)
            key_set(bench, block, at + i);
        ll_life_batch(bench->life.control, bench->life.buckets, bench->life.places, bench->life.orders,
                      block->asks + at, block->answers + at, now, batch);
    }
    return ll_clock_mono_ns() - start_ns;
}

static int fill_ours(struct bench *bench, struct block *block, uint32_t batch, struct times *times,
                     struct ll_why *why)
{
    ll_life_memory_place(&bench->life, bench->life_memory, &bench->life_config);
    times->count = 0;
    for (uint64_t first = 0; first < bench->ids; first += BLOCK) {
        uint32_t count = (uint32_t)(bench->ids - first < BLOCK ? bench->ids - first : BLOCK);
        block_adds(bench, block, first, count);
        times_add(times, time_adds(bench, block, count, batch), count);
        for (uint32_t i = 0; i < count; i++)
            if (block->answers[i].verdict != LL_VERDICT_OK)
                return LL_FAIL(why, LL_ERR_FULL, "identifier %" PRIu64 " of %" PRIu64 ": verdict %u",
                               first + i, bench->ids, block->answers[i].verdict);
        for (uint32_t i = 0; i < count && bench->is_text; i++)
            memcpy(bench->texts + (first + i) * TEXT_BYTES, block->texts[i], TEXT_BYTES);
    }
    return LL_OK;
}

static int fill_rte(struct bench *bench, struct block *block, struct times *times, struct ll_why *why)
{
    rte_hash_reset(bench->hash);
    times->count = 0;
    for (uint64_t first = 0; first < bench->ids; first += BLOCK) {
        uint32_t count = (uint32_t)(bench->ids - first < BLOCK ? bench->ids - first : BLOCK);
        int refused = 0;
        block_adds(bench, block, first, count);
        uint64_t start_ns = ll_clock_mono_ns();
        for (uint32_t i = 0; i < count; i++)
            refused |= rte_hash_add_key_data(bench->hash, rte_key(bench, block, i),
                                             (void *)(uintptr_t)block->ids[i]); /* NOLINT */
        times_add(times, ll_clock_mono_ns() - start_ns, count);
        if (refused != 0)
            return LL_FAIL(why, LL_ERR_FULL, "rte_hash of %" PRIu64 " keys refuses one", bench->ids);
    }
    return LL_OK;
}

/* --- Looking up ---------------------------------------------------------------------------------------- */

/* The texts of the store are compared in full; what does not agree counts as not found. */
static uint64_t texts_agree(const struct bench *bench, const struct block *block, uint32_t at, uint32_t count,
                            const uint32_t *ids)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        __builtin_prefetch(bench->texts + (uint64_t)ids[i] * TEXT_BYTES);
    for (uint32_t i = 0; i < count; i++)
        if (memcmp(bench->texts + (uint64_t)ids[i] * TEXT_BYTES, block->texts[at + i], TEXT_BYTES) == 0)
            sum += ids[i];
    return sum;
}

static uint64_t resolve_some(struct bench *bench, struct block *block, uint32_t at, uint32_t count)
{
    uint32_t ids[BULK];
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        key_set(bench, block, at + i);
    ll_life_batch(bench->life.control, bench->life.buckets, bench->life.places, bench->life.orders,
                  block->asks + at, block->answers + at, count, count);
    for (uint32_t i = 0; i < count; i++) {
        ids[i] = block->answers[at + i].id;
        sum += block->answers[at + i].order == ids[i] / IDS_PER_ORDER ? ids[i] : 0;
    }
    return bench->is_text ? texts_agree(bench, block, at, count, ids) : sum;
}

static uint64_t whose_some(struct bench *bench, struct block *block, uint32_t at)
{
    uint64_t keys[BULK][2];
    struct ll_life_owner owners[BULK];
    uint32_t ids[BULK];
    uint64_t sum = 0;
    for (uint32_t i = 0; i < BULK; i++) {
        struct ll_key key = key_of(bench, block, at + i);
        keys[i][0] = key.word[0];
        keys[i][1] = key.word[1];
    }
    ll_life_whose(bench->life.control, bench->life.buckets, keys[0], owners, BULK);
    for (uint32_t i = 0; i < BULK; i++) {
        ids[i] = owners[i].id;
        sum += owners[i].order == ids[i] / IDS_PER_ORDER ? ids[i] : 0;
    }
    return bench->is_text ? texts_agree(bench, block, at, BULK, ids) : sum;
}

static uint64_t rte_one(struct bench *bench, const struct block *block, uint32_t at)
{
    void *data = NULL;
    return rte_hash_lookup_data(bench->hash, rte_key(bench, block, at), &data) >= 0
               ? (uint64_t)(uintptr_t)data
               : 0;
}

static uint64_t rte_bulk(struct bench *bench, const struct block *block, uint32_t at)
{
    const void *keys[BULK];
    void *data[BULK];
    uint64_t hits = 0;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < BULK; i++)
        keys[i] = rte_key(bench, block, at + i);
    (void)rte_hash_lookup_bulk_data(bench->hash, keys, BULK, &hits, data);
    for (uint32_t i = 0; i < BULK; i++)
        sum += (hits >> i & 1u) != 0 ? (uint64_t)(uintptr_t)data[i] : 0;
    return sum;
}

static __attribute__((noinline)) uint64_t time_lookups(struct bench *bench, struct block *block, enum way way,
                                                       uint64_t *sum)
{
    uint64_t start_ns = ll_clock_mono_ns();
    switch (way) {
    case WAY_ONE:
        for (uint32_t at = 0; at < BLOCK; at++)
            *sum += resolve_some(bench, block, at, 1);
        break;
    case WAY_BATCH:
        for (uint32_t at = 0; at < BLOCK; at += BULK)
            *sum += resolve_some(bench, block, at, BULK);
        break;
    case WAY_WHOSE:
        for (uint32_t at = 0; at < BLOCK; at += BULK)
            *sum += whose_some(bench, block, at);
        break;
    case WAY_RTE:
        for (uint32_t at = 0; at < BLOCK; at++)
            *sum += rte_one(bench, block, at);
        break;
    default:
        for (uint32_t at = 0; at < BLOCK; at += BULK)
            *sum += rte_bulk(bench, block, at);
        break;
    }
    return ll_clock_mono_ns() - start_ns;
}

/* `lookups` at random places, the same in every way; returns their time. */
static uint64_t look_up(struct bench *bench, struct block *block, enum way way, uint64_t lookups,
                        struct times *times, uint64_t *sum)
{
    struct ll_prng prng;
    times->count = 0;
    ll_prng_init(&prng, 1);
    memset(block->asks, 0, sizeof block->asks);
    *sum = 0;
    for (uint64_t done = 0; done < lookups; done += BLOCK) {
        for (uint32_t i = 0; i < BLOCK; i++) {
            block_name(bench, block, i, ll_prng_below(&prng, (uint32_t)bench->ids));
            block->asks[i].op = LL_LIFE_OP_RESOLVE;
        }
        times_add(times, time_lookups(bench, block, way, sum), BLOCK);
    }
    return times_total_ns(times, lookups);
}

/* --- One size ------------------------------------------------------------------------------------------ */

/* rte_hash in pages like ours: EAL's own memory would be in small ones. */
static int rte_open(struct bench *bench, struct ll_why *why)
{
    uint32_t key_bytes = bench->is_text ? TEXT_BYTES : sizeof(uint64_t);
    uint64_t entries = bench->ids + bench->ids / 8 + 64;
    /* Keys with their data; buckets, both kinds, and the rings of free ones: less than 64 bytes an entry. */
    bench->rte_bytes = ll_align_up(entries * (key_bytes + 8 + 64) + ((size_t)16 << 20), HUGE_BYTES);
    int status = ll_arena_init(&bench->rte_arena, bench->rte_bytes + HUGE_BYTES, why);
    if (status != LL_OK)
        return status;
    uintptr_t base = (uintptr_t)ll_arena_alloc(&bench->rte_arena, bench->rte_bytes + HUGE_BYTES, 4096);
    bench->rte_memory = (void *)ll_align_up(base, HUGE_BYTES); /* NOLINT */
    if (rte_malloc_heap_create(HEAP_NAME) != 0 ||
        rte_malloc_heap_memory_add(HEAP_NAME, bench->rte_memory, bench->rte_bytes, NULL,
                                   (unsigned)(bench->rte_bytes / HUGE_BYTES), HUGE_BYTES) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "DPDK takes no memory from outside");
    const struct rte_hash_parameters parameters = {.name = "ids",
                                                   .entries = (uint32_t)entries,
                                                   .key_len = key_bytes,
                                                   .hash_func = rte_hash_crc,
                                                   .socket_id = rte_malloc_heap_get_socket(HEAP_NAME),
                                                   .extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE};
    bench->hash = rte_hash_create(&parameters);
    if (bench->hash == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for rte_hash");
    return LL_OK;
}

static int bench_open(struct bench *bench, struct ll_why *why)
{
    static const uint8_t seed[16] = {7};
    ll_keys_init(&bench->keys, seed);
    bench->life_config =
        (struct ll_life_config){bench->ids, (bench->ids + IDS_PER_ORDER - 1) / IDS_PER_ORDER, 12345};
    bench->life_bytes = ll_life_memory_footprint_bytes(&bench->life_config);
    size_t texts_bytes = bench->is_text ? bench->ids * TEXT_BYTES : 0;
    int status = ll_arena_init(&bench->arena, bench->life_bytes + texts_bytes + 64, why);
    if (status != LL_OK)
        return status;
    bench->life_memory = ll_arena_alloc(&bench->arena, bench->life_bytes, 64);
    if (bench->is_text)
        bench->texts = ll_arena_alloc(&bench->arena, texts_bytes, 64);
    return rte_open(bench, why);
}

static void bench_close(struct bench *bench)
{
    rte_hash_free(bench->hash);
    (void)rte_malloc_heap_memory_remove(HEAP_NAME, bench->rte_memory, bench->rte_bytes);
    (void)rte_malloc_heap_destroy(HEAP_NAME);
    ll_arena_deinit(&bench->rte_arena);
    ll_arena_deinit(&bench->arena);
}

static int bench_fill(struct bench *bench, struct block *block, struct times *times, struct ll_why *why)
{
    static const char *const names[3] = {"add, one", "add, batch", "rte_hash add"};
    int status = LL_OK;
    for (int way = 0; way < 3 && status == LL_OK; way++) {
        status = way == 2 ? fill_rte(bench, block, times, why)
                          : fill_ours(bench, block, way == 0 ? 1 : BULK, times, why);
        if (status != LL_OK)
            break;
        double ns = (double)times_total_ns(times, bench->ids) / (double)bench->ids;
        printf("  %-16s %6.1f ns/op  %6.2f M/s\n", names[way], ns, 1e3 / ns);
    }
    return status;
}

static int bench_look_up(struct bench *bench, struct block *block, struct times *times,
                         const struct config *config, struct ll_why *why)
{
    struct ll_rounds took[WAY_COUNT] = {0};
    uint64_t first_sum = 0;
    for (uint64_t round = 0; round < config->rounds; round++)
        for (int way = 0; way < WAY_COUNT; way++) {
            uint64_t sum;
            uint64_t ns = look_up(bench, block, (enum way)way, config->lookups, times, &sum);
            ll_rounds_add(&took[way], ns, config->lookups);
            if (round == 0 && way == 0)
                first_sum = sum;
            if (sum != first_sum)
                return LL_FAIL(why, LL_ERR_CORRUPT, "%s finds other identifiers", way_names[way]);
        }
    for (int way = 0; way < WAY_COUNT; way++) {
        double median = ll_rounds_median(&took[way]);
        printf("  %-16s median %6.1f  best %6.1f ns/op  %6.2f M/s  %5.2f x resolve, batch\n", way_names[way],
               median, ll_rounds_best(&took[way]), 1e3 / median, median / ll_rounds_median(&took[WAY_BATCH]));
    }
    return LL_OK;
}

static int bench_run(uint64_t ids, bool is_text, const struct config *config, struct ll_why *why)
{
    static struct block block;
    static struct times times;
    struct bench bench = {.ids = ids, .is_text = is_text};
    int status = bench_open(&bench, why);
    if (status != LL_OK)
        return status;
    printf("%" PRIu64 " identifiers, %s: %.1f bytes each%s, in %s pages\n", ids,
           is_text ? "64-byte texts" : "8-byte numbers",
           (double)(bench.life_bytes + (is_text ? ids * TEXT_BYTES : 0)) / (double)ids,
           is_text ? " with text and order" : " with order", ll_arena_pages_name(&bench.arena));
    status = bench_fill(&bench, &block, &times, why);
    if (status == LL_OK)
        status = bench_look_up(&bench, &block, &times, config, why);
    bench_close(&bench);
    return status;
}

#define OPTION(name, type, field, min, max, value, help)                        \
    {                                                                           \
        name, type, offsetof(struct config, field), min, max, value, NULL, help \
    }

static const struct ll_option options[] = {
    OPTION("smoke", LL_OPTION_FLAG, is_smoke, 0, 0, NULL, "small tables, one round: checks only"),
    OPTION("rounds", LL_OPTION_U64, rounds, 1, LL_ROUNDS_MAX, "N", "rounds of each way, default 5"),
    OPTION("lookups", LL_OPTION_U64, lookups, BLOCK, LOOKUPS_MAX, "N", "in each round, default 2097152"),
    OPTION("ids", LL_OPTION_U64, ids, 1, LARGE_IDS, "N", "this size alone; default 1 k, 1 M and 16 M"),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static int run_sizes(const struct config *config, bool has_memory, struct ll_why *why)
{
    uint64_t sizes[3] = {1000, (uint64_t)1 << 20, LARGE_IDS};
    int status = LL_OK;
    if (config->is_smoke)
        sizes[1] = sizes[2] = 20000;
    for (int size = 0; size < 3 && status == LL_OK; size++) {
        uint64_t ids = config->ids != 0 ? config->ids : sizes[size];
        if (ids > (uint64_t)1 << 20 && !has_memory) {
            printf("%" PRIu64 " identifiers: skipped, less than %" PRIu64 " MB of memory\n", ids, LARGE_MB);
            continue;
        }
        status = bench_run(ids, false, config, why);
        if (status == LL_OK)
            status = bench_run(ids, true, config, why);
        if (config->ids != 0 || (config->is_smoke && size == 1))
            break;
    }
    return status;
}

int main(int argc, char **argv)
{
    struct config config = {.rounds = 5, .lookups = (uint64_t)2 << 20};
    struct ll_operands operands;
    struct ll_why why = {0};
    int help = 0;
    int status = ll_options_parse(options, argc, argv, &config, &operands, &help, &why);
    if (status == LL_OK && help) {
        ll_options_print_help(options, stdout);
        return 0;
    }
    if (config.is_smoke) {
        config.rounds = 1;
        config.lookups = (uint64_t)64 << 10;
    }
    config.lookups = config.lookups / BLOCK * BLOCK;
    bool has_memory = !config.is_smoke && (uint64_t)sysconf(_SC_AVPHYS_PAGES) * 4096 >> 20 >= LARGE_MB;
    const struct ll_eal_config eal = {.memory_mb = EAL_MB};
    if (status == LL_OK)
        status = ll_eal_start(&eal, &why);
    if (status == LL_OK) {
        ll_bench_header(stdout, "bench_ids");
        status = run_sizes(&config, has_memory, &why);
    }
    if (status != LL_OK)
        (void)fprintf(stderr, "bench_ids: %s: %s\n", ll_err_name(status), why.text);
    return status == LL_OK ? 0 : status == LL_ERR_ENVIRONMENT ? 77 : 1;
}
