/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the kernel's book half is the naive book, whatever comes, and whatever the batch size.
 * Method: for each of many seeds a script of updates, shaped to reach one corner (deep levels, the whole
 * price range, splits at one end, thin leaves, chains of one bucket, tables that fill up). First one message
 * at a time: all 64 bytes of every answer, and the books, against the naive book
 * (tests/model/ll_book_pair.h). Then the same script in batches of 64, of one other fixed size, and cut at
 * random, also by the kernel with few lines on chip: the same bytes, the same books. A failure names its seed; LL_SEED=<seed> runs that seed alone,
 * LL_SEEDS=<n> that many.
 */
#include "hls/ll_book.h"
#include "host/base/ll_prng.h"
#include "tests/model/ll_book_pair.h"
#include "tests/model/ll_other_kernels.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS_DEFAULT = 1050, MESSAGES_MAX = 9000, KNOWN_MAX = 8192, COST_PER_MESSAGE = 300, RUNS = 5 };

enum price_mode {
    PRICE_TINY,
    PRICE_NARROW,
    PRICE_WIDE,
    PRICE_EDGES,
    PRICE_UP,
    PRICE_DOWN,
    PRICE_DRIFT,
    PRICE_SWEEP
};
enum ref_mode { REF_COUNTED, REF_RANDOM, REF_FEW, REF_COLLIDING };
enum full { FULL_NEVER = 0, FULL_ORDERS = 1, FULL_LEVELS = 2 };
enum take_mode { TAKE_RANDOM, TAKE_OLDEST, TAKE_NEWEST, TAKE_COMB }; /* comb: leave every 16th */

struct shape {
    const char *name;
    uint32_t messages;
    uint32_t phase; /* fill for so many messages, then drain for as many; 0 = a steady mix */
    enum price_mode price;
    enum ref_mode ref;
    enum take_mode take;
    struct ll_book_pair_config config;
    uint32_t full;   /* enum full: the tables that run out */
    uint32_t height; /* that the script reaches at least */
};

#define ROOMY(books)                                                                                   \
    {                                                                                                  \
        .bucket_count = 2048, .overflow_count = 600, .leaf_pool_count = 1200, .inner_pool_count = 500, \
        .book_count = (books)                                                                          \
    }
#define TABLES(buckets, overflow, leaves, inners, books)                                      \
    {                                                                                         \
        .bucket_count = (buckets), .overflow_count = (overflow), .leaf_pool_count = (leaves), \
        .inner_pool_count = (inners), .book_count = (books)                                   \
    }

/* The kernel with lower limits, so that they are reached. */
#define LOW(buckets, overflow, leaves, inners)                                            \
    {                                                                                     \
        .kernel = ll_low_kernel, .bucket_count = (buckets), .overflow_count = (overflow), \
        .leaf_pool_count = (leaves), .inner_pool_count = (inners), .book_count = 1        \
    }

/* clang-format off */
static const struct shape shapes[] = {
    {"deep levels",               2000,    0, PRICE_TINY,   REF_COUNTED,   TAKE_RANDOM, ROOMY(1), FULL_NEVER, 1},
    {"narrow, many books",        2500,    0, PRICE_NARROW, REF_RANDOM,    TAKE_RANDOM, ROOMY(40), FULL_NEVER, 1},
    {"whole price range",         2500,    0, PRICE_WIDE,   REF_RANDOM,    TAKE_RANDOM, ROOMY(1), FULL_NEVER, 1},
    {"edge prices",               2000,    0, PRICE_EDGES,  REF_COUNTED,   TAKE_RANDOM, ROOMY(2), FULL_NEVER, 1},
    {"ascending, drained",        4000, 1000, PRICE_UP,     REF_COUNTED,   TAKE_OLDEST, ROOMY(1), FULL_NEVER, 2},
    {"ascending, drained back",   4000, 1000, PRICE_UP,     REF_COUNTED,   TAKE_NEWEST, ROOMY(1), FULL_NEVER, 2},
    {"descending, drained",       4000, 1000, PRICE_DOWN,   REF_COUNTED,   TAKE_OLDEST, ROOMY(1), FULL_NEVER, 2},
    {"comb: thin leaves",         5000, 1200, PRICE_UP,     REF_COUNTED,   TAKE_COMB,   ROOMY(1), FULL_NEVER, 2},
    {"random fill and drain",     5000, 1200, PRICE_WIDE,   REF_COUNTED,   TAKE_RANDOM, ROOMY(1), FULL_NEVER, 2},
    {"drifting market",           4000,    0, PRICE_DRIFT,  REF_COUNTED,   TAKE_OLDEST, ROOMY(3), FULL_NEVER, 1},
    {"few references",            2500,    0, PRICE_NARROW, REF_FEW,       TAKE_RANDOM, ROOMY(3), FULL_NEVER, 1},
    {"one bucket",                2000,   60, PRICE_NARROW, REF_COLLIDING, TAKE_RANDOM, TABLES(64, 40, 60, 30, 2), FULL_ORDERS, 1},
    {"orders run out",            2500,  300, PRICE_NARROW, REF_RANDOM,    TAKE_RANDOM, TABLES(16, 3, 200, 80, 2), FULL_ORDERS, 1},
    {"no overflow buckets",       2500,  300, PRICE_NARROW, REF_FEW,       TAKE_RANDOM, TABLES(4, 0, 200, 80, 2), FULL_ORDERS, 1},
    {"leaves run out",            3000,  400, PRICE_WIDE,   REF_COUNTED,   TAKE_RANDOM, TABLES(512, 200, 3, 100, 2), FULL_LEVELS, 1},
    {"inner nodes run out",       5000, 1200, PRICE_UP,     REF_COUNTED,   TAKE_COMB,   TABLES(2048, 600, 500, 0, 1), FULL_LEVELS, 2},
    {"no pool at all",            2500,  300, PRICE_WIDE,   REF_RANDOM,    TAKE_RANDOM, TABLES(256, 99, 0, 0, 3), FULL_LEVELS, 1},
    {"everything runs out",       3000,  400, PRICE_WIDE,   REF_RANDOM,    TAKE_NEWEST, TABLES(16, 9, 1, 1, 1), FULL_ORDERS | FULL_LEVELS, 1},
    {"pool near the batch limit", 4000, 1000, PRICE_WIDE,   REF_COUNTED,   TAKE_RANDOM, TABLES(1024, 300, 70, 390, 1), FULL_NEVER, 2},
    {"height 3",                  9000, 4400, PRICE_UP,     REF_COUNTED,   TAKE_OLDEST, TABLES(4096, 900, 2000, 900, 1), FULL_NEVER, 3},
    {"height 3, random drain",    9000, 4400, PRICE_DOWN,   REF_COUNTED,   TAKE_RANDOM, TABLES(4096, 900, 2000, 900, 1), FULL_NEVER, 3},
    {"leaves run out in a batch", 2500,    0, PRICE_WIDE,   REF_COUNTED,   TAKE_NEWEST, TABLES(512, 200, 9, 390, 1), FULL_LEVELS, 1},
    {"inners run out in a batch", 5000,    0, PRICE_WIDE,   REF_COUNTED,   TAKE_NEWEST, TABLES(1024, 400, 400, 0, 1), FULL_LEVELS, 1},
    {"sweeping",                  8000,  900, PRICE_SWEEP,  REF_COUNTED,   TAKE_OLDEST, ROOMY(1), FULL_NEVER, 2},
    {"sweeping, thin",            8000,  900, PRICE_SWEEP,  REF_COUNTED,   TAKE_COMB,   ROOMY(1), FULL_NEVER, 2},
    {"the height limit",          9000, 4400, PRICE_UP,     REF_COUNTED,   TAKE_RANDOM, LOW(4096, 900, 900, 900), FULL_LEVELS, 2},
    {"a short chain",             2500,  300, PRICE_TINY,   REF_RANDOM,    TAKE_RANDOM, LOW(16, 16, 200, 80), FULL_ORDERS, 1},
};
/* clang-format on */

enum { SHAPE_COUNT = sizeof shapes / sizeof shapes[0] };

/* Makes one message after the other; knows the references it gave, not which of them live. */
struct script {
    const struct shape *shape;
    struct ll_prng prng;
    uint64_t known[KNOWN_MAX];
    uint32_t known_count;
    uint64_t refs_made;
    uint32_t prices_made;
    uint32_t takes;
    struct ll_update updates[MESSAGES_MAX];
    struct ll_result results[MESSAGES_MAX];
};

static uint64_t make_ref(struct script *script)
{
    const struct ll_book_pair_config *config = &script->shape->config;
    uint64_t ref;
    switch (script->shape->ref) {
    case REF_COUNTED:
        return 1000 + script->refs_made++ * 3;
    case REF_RANDOM:
        return ll_prng_next(&script->prng);
    case REF_FEW:
        return ll_prng_below(&script->prng, 30);
    default:
        do /* two buckets of 64: a few dozen tries */
            ref = ll_prng_next(&script->prng);
        while (ll_bucket_of(ref, config->hash_seed, config->bucket_count) > 1);
        return ref;
    }
}

static uint32_t make_price(struct script *script, uint32_t at)
{
    static const uint32_t edges[] = {0,           1,           2,           0x7fffffffu,
                                     0x80000000u, 0xfffffffdu, 0xfffffffeu, 0xffffffffu};
    struct ll_prng *prng = &script->prng;
    switch (script->shape->price) {
    case PRICE_TINY:
        return 100 + ll_prng_below(prng, 6);
    case PRICE_NARROW:
        return 100000 + ll_prng_below(prng, 300);
    case PRICE_WIDE:
        return (uint32_t)ll_prng_next(prng);
    case PRICE_EDGES:
        return ll_prng_chance(prng, 700) ? edges[ll_prng_below(prng, 8)] : (uint32_t)ll_prng_next(prng);
    case PRICE_UP:
        return 1000 + 2 * script->prices_made++;
    case PRICE_SWEEP: /* up again and again, through what is left and what was emptied */
        script->prices_made += 1 + ll_prng_below(prng, 2);
        return 1000 + 4 * (script->prices_made % 1600) + ll_prng_below(prng, 4);
    case PRICE_DOWN:
        return 0xfffffff0u - 2 * script->prices_made++;
    default:
        return 100000 + 3 * (at / 10) + ll_prng_below(prng, 90);
    }
}

static uint32_t make_quantity(struct ll_prng *prng)
{
    uint32_t kind = ll_prng_below(prng, 100);
    if (kind < 2)
        return 0;
    if (kind < 8)
        return UINT32_MAX - ll_prng_below(prng, 2);
    return kind < 20 ? 1 : 1 + ll_prng_below(prng, 500);
}

/* Where in `known` the order that a message is about stands; removes it when `ends`. */
static uint64_t take_ref(struct script *script, int ends)
{
    uint32_t count = script->known_count;
    if (count == 0 || ll_prng_chance(&script->prng, 15))
        return make_ref(script);
    uint32_t at = ll_prng_below(&script->prng, count);
    if (script->shape->take == TAKE_OLDEST)
        at = 0;
    else if (script->shape->take == TAKE_NEWEST)
        at = count - 1;
    else if (script->shape->take == TAKE_COMB) /* one order in 16 is stepped over, and stays */
        at = script->takes % count;
    uint64_t ref = script->known[at];
    if (ends && !ll_prng_chance(&script->prng, 30)) {
        script->known_count--;
        if (script->shape->take == TAKE_RANDOM)
            script->known[at] = script->known[script->known_count];
        else
            memmove(&script->known[at], &script->known[at + 1],
                    (script->known_count - at) * sizeof script->known[0]);
        if (script->shape->take == TAKE_COMB && ll_prng_below(&script->prng, 16) == 0)
            script->takes++;
    }
    return ref;
}

static void know_ref(struct script *script, uint64_t ref)
{
    if (script->known_count < KNOWN_MAX)
        script->known[script->known_count++] = ref;
}

static uint8_t pick_op(struct script *script, uint32_t at)
{
    uint32_t phase = script->shape->phase;
    uint32_t kind = ll_prng_below(&script->prng, 100);
    int drains = phase != 0 && at / phase % 2 == 1;
    if (kind < 1)
        return (uint8_t)ll_prng_below(&script->prng, 256);
    if (kind < 3)
        return LL_OP_NONE;
    if (phase != 0)
        return kind < 6 ? LL_OP_EXECUTE : kind < 9 ? LL_OP_REPLACE : drains ? LL_OP_DELETE : LL_OP_ADD;
    return kind < 45   ? LL_OP_ADD
           : kind < 60 ? LL_OP_EXECUTE
           : kind < 70 ? LL_OP_CANCEL
           : kind < 85 ? LL_OP_DELETE
                       : LL_OP_REPLACE;
}

/* Fields without a meaning for the operation are set as well, now and then: they must not matter. */
static void make_update(struct script *script, uint32_t at, struct ll_update *update)
{
    struct ll_prng *prng = &script->prng;
    uint32_t books = script->shape->config.book_count;
    memset(update, 0, sizeof *update);
    update->seq = at + 1;
    update->op = pick_op(script, at);
    update->book = ll_prng_below(prng, books);
    update->quantity = make_quantity(prng);
    update->side = (uint8_t)ll_prng_below(prng, 2);
    if (script->shape->price == PRICE_SWEEP)
        update->side = LL_SIDE_SELL;
    else if (script->shape->phase >= 1000) /* one side, so that the tree gets high */
        update->side = (uint8_t)(at / (2 * script->shape->phase) % 2);
    if (update->op == LL_OP_ADD) {
        update->ref = ll_prng_chance(prng, 20) ? take_ref(script, 0) : make_ref(script);
        update->price = make_price(script, at);
        know_ref(script, update->ref);
    } else if (update->op == LL_OP_REPLACE) {
        update->ref = take_ref(script, 1);
        update->new_ref = ll_prng_chance(prng, 50)   ? update->ref
                          : ll_prng_chance(prng, 50) ? take_ref(script, 0)
                                                     : make_ref(script);
        update->price = make_price(script, at);
        know_ref(script, update->new_ref);
    } else {
        update->ref = take_ref(script, update->op == LL_OP_DELETE);
        update->price = ll_prng_chance(prng, 100) ? (uint32_t)ll_prng_next(prng) : 0;
        update->new_ref = ll_prng_chance(prng, 100) ? ll_prng_next(prng) : 0;
    }
    uint32_t odd = ll_prng_below(prng, 1000);
    if (odd < 5)
        update->side = (uint8_t)ll_prng_next(prng);
    else if (odd < 10)
        update->book = books + ll_prng_below(prng, 3);
    else if (odd < 13)
        update->book |= (uint32_t)ll_prng_next(prng) << 31 | 0x40000000u << ll_prng_below(prng, 2);
}

/* What a shape has reached over its seeds: a script that misses its corner tests nothing. */
struct reach {
    uint64_t seeds;
    uint64_t verdicts[LL_VERDICT_COUNT];
    uint64_t full_orders;
    uint64_t full_levels;
    uint32_t height_max;
};

static void reach_add(struct reach *reach, const struct ll_book_pair *pair)
{
    reach->seeds++;
    reach->full_orders += pair->table_full_orders;
    reach->full_levels += pair->table_full_levels;
    if (pair->book.control->height_max > reach->height_max)
        reach->height_max = pair->book.control->height_max;
}

static void reach_check(const struct reach *reach, const struct shape *shape)
{
    static const enum ll_verdict verdicts[] = {
        LL_VERDICT_OK,        LL_VERDICT_DUPLICATE,     LL_VERDICT_UNKNOWN_ID, LL_VERDICT_OVERFILL,
        LL_VERDICT_BAD_INPUT, LL_VERDICT_BOOK_MISMATCH, LL_VERDICT_TABLE_FULL};
    if (reach->seeds < 5)
        return;
    ck_assert_uint_ge(reach->height_max, shape->height);
    ck_assert_int_eq(reach->full_orders != 0, (shape->full & FULL_ORDERS) != 0);
    ck_assert_int_eq(reach->full_levels != 0, (shape->full & FULL_LEVELS) != 0);
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        ck_assert_msg(reach->verdicts[verdicts[i]] > 0, "%s: no verdict %d", shape->name, (int)verdicts[i]);
}

/* One message at a time, beside the naive book. */
static void run_beside_naive(struct script *script, const struct ll_book_pair_config *config, uint64_t seed,
                             struct reach *reach)
{
    struct ll_book_pair pair;
    char text[LL_BOOK_PAIR_TEXT_BYTES];
    uint64_t cost = 0;
    ll_book_pair_init(&pair, config, true);
    for (uint32_t i = 0; i < script->shape->messages; i++) {
        struct ll_update *update = &script->updates[i];
        struct ll_result *result = &script->results[i];
        make_update(script, i, update);
        memset(result, 0xa5, sizeof *result);
        ll_book_pair_run(&pair, update, result, 1, 1 + i % LL_BATCH_MAX);
        ck_assert_msg(ll_book_pair_expect(&pair, update, result, text), "LL_SEED=%" PRIu64 " (%s): %s", seed,
                      script->shape->name, text);
        ck_assert_msg(result->verdict != LL_VERDICT_TABLE_FULL || script->shape->full != FULL_NEVER ||
                          update->book >= config->book_count,
                      "LL_SEED=%" PRIu64 " (%s): message %u: table_full", seed, script->shape->name, i);
        reach->verdicts[result->verdict]++;
        if (cost < (uint64_t)(i + 1) * COST_PER_MESSAGE && result->book < config->book_count)
            ck_assert_msg(ll_book_pair_compare_book(&pair, result->book, &cost, text),
                          "LL_SEED=%" PRIu64 " (%s): message %u: %s", seed, script->shape->name, i, text);
        if (i % 499 == 0 || i + 1 == script->shape->messages)
            ck_assert_msg(ll_book_pair_compare_all(&pair, text), "LL_SEED=%" PRIu64 " (%s): message %u: %s",
                          seed, script->shape->name, i, text);
    }
    reach_add(reach, &pair);
    ll_book_pair_deinit(&pair);
}

/* The same script, cut into calls of at most `calls_max` messages and batches of at most `batch` (0 =
 * random). */
static void run_batched(struct script *script, const struct ll_book_pair_config *config, uint64_t seed,
                        uint32_t calls_max, uint32_t batch, uint64_t *hash)
{
    static struct ll_result results[MESSAGES_MAX];
    struct ll_book_pair pair;
    struct ll_why why = {0};
    ll_book_pair_init(&pair, config, false);
    memset(results, 0x5a, sizeof results);
    for (uint32_t done = 0; done < script->shape->messages;) {
        uint32_t left = script->shape->messages - done;
        uint32_t count = calls_max == 0 ? 1 + ll_prng_below(&script->prng, 200) : calls_max;
        uint32_t size = batch == 0 ? 1 + ll_prng_below(&script->prng, LL_BATCH_MAX) : batch;
        count = count < left ? count : left;
        ll_book_pair_run(&pair, &script->updates[done], &results[done], count, size);
        done += count;
    }
    for (uint32_t i = 0; i < script->shape->messages; i++)
        ck_assert_msg(memcmp(&results[i], &script->results[i], sizeof results[i]) == 0,
                      "LL_SEED=%" PRIu64 " (%s): batch %u: result %u differs", seed, script->shape->name,
                      batch, i);
    ck_assert_msg(ll_book_memory_check(&pair.book, &why) == LL_OK, "LL_SEED=%" PRIu64 " (%s): batch %u: %s",
                  seed, script->shape->name, batch, why.text);
    *hash = ll_book_memory_hash(&pair.book);
    ll_book_pair_deinit(&pair);
}

/* The ways made for a card, in turns. */
static void config_hot(struct ll_book_pair_config *config, uint64_t turn)
{
    ll_book_kernel *const kernels[] = {ll_hot16_kernel, ll_hot64_kernel, ll_hot_late_kernel};
    ll_book_emptying *const resets[] = {ll_hot16_reset, ll_hot64_reset, ll_hot_late_reset};
    config->kernel = kernels[turn % 3];
    config->reset = resets[turn % 3];
}

static void run_seed(uint64_t seed, struct reach *reach)
{
    static struct script script;
    uint64_t hashes[RUNS];
    memset(&script, 0, sizeof script);
    script.shape = &shapes[seed % SHAPE_COUNT];
    ll_prng_init(&script.prng, seed);
    ll_prng_init(&script.prng, ll_prng_next(&script.prng)); /* neighbouring seeds, unlike streams */
    struct ll_book_pair_config config = script.shape->config;
    config.epoch = (uint32_t)seed;
    if ((script.shape->full & FULL_LEVELS) != 0) { /* every number of nodes that a split may find too few */
        config.inner_pool_count += (uint32_t)(seed / SHAPE_COUNT % 5);
        config.leaf_pool_count += config.leaf_pool_count != 0 ? (uint32_t)(seed / SHAPE_COUNT % 7) : 0;
    }
    run_beside_naive(&script, &config, seed, reach);
    uint32_t odd_batch = 2 + ll_prng_below(&script.prng, LL_BATCH_MAX - 2);
    run_batched(&script, &config, seed, 1, 1, &hashes[0]);
    run_batched(&script, &config, seed, MESSAGES_MAX, LL_BATCH_MAX, &hashes[1]);
    if (config.kernel == NULL) { /* the text as a hardware compiler reads it: no AVX, no prefetch */
        config.kernel = ll_plain_kernel;
        run_batched(&script, &config, seed, MESSAGES_MAX, odd_batch, &hashes[2]);
        config_hot(&config, seed / SHAPE_COUNT);
        run_batched(&script, &config, seed, 0, 0, &hashes[3]);
        config_hot(&config, seed / SHAPE_COUNT + 1);
        run_batched(&script, &config, seed, MESSAGES_MAX, LL_BATCH_MAX, &hashes[4]);
    } else {
        run_batched(&script, &config, seed, MESSAGES_MAX, odd_batch, &hashes[2]);
        run_batched(&script, &config, seed, 0, 0, &hashes[3]);
        hashes[4] = hashes[3];
    }
    for (int i = 1; i < RUNS; i++)
        ck_assert_msg(hashes[i] == hashes[0], "LL_SEED=%" PRIu64 ": the books of run %d differ", seed, i);
}

START_TEST(random_scripts)
{
    const char *seed_text = getenv("LL_SEED");
    const char *seeds_text = getenv("LL_SEEDS");
    struct reach reach = {0};
    uint64_t seed_count = seeds_text != NULL ? strtoull(seeds_text, NULL, 0) : SEEDS_DEFAULT;
    if (seed_text != NULL) {
        printf("seed %s\n", seed_text);
        run_seed(strtoull(seed_text, NULL, 0), &reach);
        return;
    }
    /* Each turn of the loop test takes the seeds of one shape. */
    printf("%s: seeds %d + n * %d below %" PRIu64 "\n", shapes[_i].name, _i, SHAPE_COUNT, seed_count);
    fflush(stdout);
    for (uint64_t seed = (uint64_t)_i; seed < seed_count; seed += SHAPE_COUNT)
        run_seed(seed, &reach);
    reach_check(&reach, &shapes[_i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("book_random");
    TCase *tcase = tcase_create("random");
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, random_scripts, 0, getenv("LL_SEED") != NULL ? 1 : SHAPE_COUNT);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
