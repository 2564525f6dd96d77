/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the kernel's lifecycle half is the naive one, whatever is asked, and whatever the batch size.
 * Method: for each of many seeds a script of asks, shaped to reach one corner (few orders, requests and
 * replaces, fills with busts and corrections, sums near 32 bits, tables and chains that fill up). First one
 * ask at a time: all 64 bytes of every answer against the naive model (tests/model/ll_life_pair.h), and the
 * whole state now and then. Then the same script in batches of 64, of one other size, and cut at random, by
 * the kernel as hardware reads it: the same bytes, the same state. A failure names its seed; LL_SEED=<seed>
 * runs that seed alone, LL_SEEDS=<n> that many.
 */
#include "host/base/ll_prng.h"
#include "tests/model/ll_life_pair.h"
#include "tests/model/ll_other_kernels.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS_DEFAULT = 1200, ASKS_MAX = 1500, KEYS_MAX = 2000, COMPARE_EVERY = 97 };

enum quantities { LOTS_SMALL, LOTS_MIXED, LOTS_HUGE };
enum full { FULL_NEVER = 0, FULL_NUMBERS = 1, FULL_CHAINS = 2 };

struct shape {
    const char *name;
    uint32_t asks;
    uint32_t orders;                /* that the script talks about */
    uint32_t ops[LL_LIFE_OP_COUNT]; /* weights */
    enum quantities lots;
    uint32_t full; /* enum full: what runs out */
    struct ll_life_pair_config config;
};

#define TABLES(buckets, overflow, ids, orders)                                                              \
    {                                                                                                       \
        .bucket_count = (buckets), .overflow_count = (overflow), .id_count = (ids), .order_count = (orders) \
    }
#define LOW(buckets, overflow, ids, orders)                                                                  \
    {                                                                                                        \
        .bucket_count = (buckets), .overflow_count = (overflow), .id_count = (ids), .order_count = (orders), \
        .chain_max = 2, .kernel = ll_low_life                                                                \
    }
/* clang-format off */
/* weights of:          none open add res sta sub ack fil can rep rej exp bus cor fai ret */
#define MIX          {1, 12, 10, 6, 6, 8, 8, 16, 6, 8, 4, 2, 4, 4, 3, 3}
#define MIX_FILLS    {1, 6, 3, 2, 1, 6, 6, 40, 5, 3, 1, 1, 16, 16, 1, 1}
#define MIX_NAMES    {1, 5, 25, 8, 20, 3, 3, 4, 1, 25, 10, 0, 2, 1, 1, 1}
#define MIX_ENDINGS  {1, 20, 3, 2, 2, 12, 12, 14, 12, 6, 10, 10, 4, 4, 10, 10}

static const struct shape shapes[] = {
    {"one order",             1000,   1, MIX,         LOTS_SMALL, FULL_NEVER, TABLES(256, 99, 1200, 4)},
    {"few orders",            1200,   5, MIX,         LOTS_MIXED, FULL_NEVER, TABLES(256, 99, 1500, 8)},
    {"many orders",           1500, 200, MIX,         LOTS_MIXED, FULL_NEVER, TABLES(512, 99, 1800, 220)},
    {"names",                 1200,   4, MIX_NAMES,   LOTS_SMALL, FULL_NEVER, TABLES(256, 99, 1500, 8)},
    {"names of many",         1200,  40, MIX_NAMES,   LOTS_SMALL, FULL_NEVER, TABLES(256, 99, 1500, 60)},
    {"fills",                 1200,   6, MIX_FILLS,   LOTS_SMALL, FULL_NEVER, TABLES(256, 99, 1500, 8)},
    {"fills of many",         1200,  60, MIX_FILLS,   LOTS_MIXED, FULL_NEVER, TABLES(256, 99, 1500, 80)},
    {"sums near 32 bits",     1200,   6, MIX_FILLS,   LOTS_HUGE,  FULL_NEVER, TABLES(256, 99, 1500, 8)},
    {"endings",               1500, 150, MIX_ENDINGS, LOTS_SMALL, FULL_NEVER, TABLES(512, 99, 1800, 160)},
    {"endings of few",        1200,   8, MIX_ENDINGS, LOTS_HUGE,  FULL_NEVER, TABLES(256, 99, 1500, 12)},
    {"numbers run out",       1000,  40, MIX,         LOTS_MIXED, FULL_NUMBERS, TABLES(64, 40, 60, 12)},
    {"one bucket",             500,   4, MIX,         LOTS_SMALL, FULL_CHAINS, TABLES(1, 9, 600, 8)},
    {"no overflow buckets",    600,   8, MIX,         LOTS_SMALL, FULL_CHAINS, TABLES(16, 0, 600, 12)},
    {"few overflow buckets",   800,  12, MIX_FILLS,   LOTS_SMALL, FULL_CHAINS, TABLES(8, 4, 900, 16)},
    {"short chains",           800,  12, MIX_NAMES,   LOTS_SMALL, FULL_CHAINS, LOW(8, 16, 900, 16)},
    {"everything runs out",    800,  30, MIX,         LOTS_MIXED, FULL_NUMBERS | FULL_CHAINS, TABLES(4, 1, 90, 9)},
};
/* clang-format on */

enum { SHAPE_COUNT = sizeof shapes / sizeof shapes[0] };

/* Makes one ask after the other; knows the keys it gave, not what became of them. */
struct script {
    const struct shape *shape;
    struct ll_prng prng;
    uint64_t keys[KEYS_MAX][2];
    uint32_t key_count;
    uint64_t executions[KEYS_MAX][2];
    uint32_t execution_count;
    uint32_t next_id;
    struct ll_life_ask asks[ASKS_MAX];
    struct ll_life_answer answers[ASKS_MAX];
};

static void make_key(struct script *script, uint64_t key[2])
{
    struct ll_prng *prng = &script->prng;
    key[0] = ll_prng_chance(prng, 500) ? script->key_count + script->execution_count + 1 : ll_prng_next(prng);
    key[1] = ll_prng_chance(prng, 500) ? (uint64_t)1 << 63 | ll_prng_below(prng, 3) : ll_prng_next(prng);
}

/* Half of the time one of the last few: what was just said is said again, or answered. */
static uint32_t pick(struct ll_prng *prng, uint32_t count)
{
    uint32_t recent = count < 12 ? count : 12;
    return ll_prng_chance(prng, 500) ? count - 1 - ll_prng_below(prng, recent) : ll_prng_below(prng, count);
}

static void known_key(struct script *script, uint64_t key[2])
{
    if (script->key_count == 0 || ll_prng_chance(&script->prng, 20))
        make_key(script, key);
    else
        memcpy(key, script->keys[pick(&script->prng, script->key_count)], 2 * sizeof key[0]);
}

static void known_execution(struct script *script, uint64_t key[2])
{
    if (script->execution_count == 0 || ll_prng_chance(&script->prng, 60))
        known_key(script, key);
    else
        memcpy(key, script->executions[pick(&script->prng, script->execution_count)], 2 * sizeof key[0]);
}

static uint32_t make_lots(struct script *script)
{
    struct ll_prng *prng = &script->prng;
    uint32_t kind = ll_prng_below(prng, 100);
    if (kind < 3)
        return 0;
    if (kind < 6)
        return UINT32_MAX - ll_prng_below(prng, 2);
    if (script->shape->lots == LOTS_HUGE)
        return kind < 60 ? (uint32_t)ll_prng_next(prng) : UINT32_MAX / 2 + ll_prng_below(prng, 5) - 2;
    if (script->shape->lots == LOTS_SMALL || kind < 60)
        return 1 + ll_prng_below(prng, 9);
    return 1 + ll_prng_below(prng, 1000);
}

static uint32_t make_number(struct script *script, uint32_t count)
{
    uint32_t kind = ll_prng_below(&script->prng, 100);
    if (kind < 2)
        return ll_prng_below(&script->prng, count);
    if (kind < 4)
        return kind == 2 ? LL_LIFE_NONE : count + ll_prng_below(&script->prng, 3);
    return script->next_id++;
}

static uint8_t pick_op(struct script *script)
{
    uint32_t sum = 0;
    for (uint32_t op = 0; op < LL_LIFE_OP_COUNT; op++)
        sum += script->shape->ops[op];
    uint32_t at = ll_prng_below(&script->prng, sum);
    for (uint32_t op = 0; op < LL_LIFE_OP_COUNT; op++) {
        if (at < script->shape->ops[op])
            return (uint8_t)op;
        at -= script->shape->ops[op];
    }
    return 0;
}

static void remember(uint64_t (*list)[2], uint32_t *count, const uint64_t key[2])
{
    if (*count < KEYS_MAX)
        memcpy(list[(*count)++], key, 2 * sizeof key[0]);
}

/* The fields of OPEN and ADD. */
static void make_new(struct script *script, struct ll_life_ask *ask)
{
    struct ll_prng *prng = &script->prng;
    ask->id = make_number(script, script->shape->config.id_count);
    ask->order = ll_prng_below(prng, script->shape->orders);
    if (ll_prng_chance(prng, 20))
        ask->order = script->shape->config.order_count + ll_prng_below(prng, 2);
    if (ll_prng_chance(prng, 150))
        known_key(script, ask->key);
    else
        make_key(script, ask->key);
    if (ll_prng_chance(prng, 10))
        ask->key[0] = ask->key[1] = 0;
    remember(script->keys, &script->key_count, ask->key);
    ask->type = (uint8_t)ll_prng_below(prng, ll_prng_chance(prng, 30) ? 256 : LL_ID_TYPE_COUNT);
    if (ll_prng_chance(prng, 500))
        ask->type = LL_ID_PROVIDER_REF;
    ask->flags = (uint8_t)(ll_prng_chance(prng, 20) ? ll_prng_below(prng, 256) : ll_prng_below(prng, 2));
}

/* The second key of FILL and REPLACE. */
static void make_second(struct script *script, struct ll_life_ask *ask)
{
    struct ll_prng *prng = &script->prng;
    uint32_t kind = ll_prng_below(prng, 100);
    ask->new_id = make_number(script, script->shape->config.id_count);
    if (kind < 10)
        return; /* none */
    if (kind < 20)
        known_execution(script, ask->new_key);
    else if (kind < (ask->op == LL_LIFE_OP_REPLACE ? 60u : 25u))
        known_key(script, ask->new_key);
    else if (kind < 62)
        memcpy(ask->new_key, ask->key, sizeof ask->new_key);
    else
        make_key(script, ask->new_key);
    if (ask->op == LL_LIFE_OP_FILL)
        remember(script->executions, &script->execution_count, ask->new_key);
    else
        remember(script->keys, &script->key_count, ask->new_key);
}

/* Fields without a meaning for the op are set as well, now and then: they must not matter. */
static void make_ask(struct script *script, uint32_t at, struct ll_life_ask *ask)
{
    struct ll_prng *prng = &script->prng;
    memset(ask, 0, sizeof *ask);
    ask->seq = at + 1;
    ask->op = pick_op(script);
    ask->quantity = make_lots(script);
    ask->status = (uint8_t)ll_prng_below(prng, ll_prng_chance(prng, 30) ? 256 : LL_ID_STATUS_COUNT);
    if (ask->op == LL_LIFE_OP_OPEN || ask->op == LL_LIFE_OP_ADD) {
        make_new(script, ask);
    } else {
        if (ask->op == LL_LIFE_OP_BUST || ask->op == LL_LIFE_OP_CORRECT || ll_prng_chance(prng, 30))
            known_execution(script, ask->key);
        else
            known_key(script, ask->key);
        if (ask->op == LL_LIFE_OP_ACK && ll_prng_chance(prng, 400))
            ask->quantity = 0;
        ask->order = ll_prng_below(prng, 3);
        ask->type = (uint8_t)ll_prng_below(prng, 3);
        ask->flags = (uint8_t)ll_prng_below(prng, 3);
    }
    if (ask->op == LL_LIFE_OP_FILL || ask->op == LL_LIFE_OP_REPLACE)
        make_second(script, ask);
    else if (ll_prng_chance(prng, 100))
        make_key(script, ask->new_key);
    if (ll_prng_chance(prng, 5))
        ask->op = (uint8_t)ll_prng_next(prng);
}

/* What a shape has reached over its seeds: a script that misses its corner tests nothing. */
struct reach {
    uint64_t seeds;
    uint64_t verdicts[LL_VERDICT_COUNT];
    uint64_t chains_full;
};

static void reach_check(const struct reach *reach, const struct shape *shape)
{
    static const enum ll_verdict verdicts[] = {
        LL_VERDICT_OK,           LL_VERDICT_DUPLICATE, LL_VERDICT_UNKNOWN_ID,         LL_VERDICT_LATE,
        LL_VERDICT_OUT_OF_ORDER, LL_VERDICT_OVERFILL,  LL_VERDICT_ILLEGAL_TRANSITION, LL_VERDICT_ID_TAKEN,
        LL_VERDICT_TABLE_FULL,   LL_VERDICT_BAD_INPUT};
    if (reach->seeds < 5)
        return;
    ck_assert_int_eq(reach->chains_full != 0, (shape->full & FULL_CHAINS) != 0);
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        ck_assert_msg(reach->verdicts[verdicts[i]] > 0 || shape->orders == 1, "%s: no verdict %d",
                      shape->name, (int)verdicts[i]);
}

/* One ask at a time, beside the naive model. */
static uint64_t run_beside_naive(struct script *script, const struct ll_life_pair_config *config,
                                 uint64_t seed, struct reach *reach)
{
    struct ll_life_pair pair;
    char text[LL_LIFE_PAIR_TEXT_BYTES];
    ll_life_pair_init(&pair, config);
    for (uint32_t i = 0; i < script->shape->asks; i++) {
        struct ll_life_ask *ask = &script->asks[i];
        struct ll_life_answer *answer = &script->answers[i];
        make_ask(script, i, ask);
        memset(answer, 0xa5, sizeof *answer);
        ll_life_pair_run(&pair, ask, answer, 1, 1 + i % 64);
        ck_assert_msg(ll_life_pair_expect(&pair, ask, answer, text), "LL_SEED=%" PRIu64 " (%s): %s", seed,
                      script->shape->name, text);
        reach->verdicts[answer->verdict]++;
        if (i % COMPARE_EVERY == 0 || i + 1 == script->shape->asks)
            ck_assert_msg(ll_life_pair_compare_all(&pair, text), "LL_SEED=%" PRIu64 " (%s): ask %u: %s", seed,
                          script->shape->name, i, text);
    }
    uint64_t hash = ll_life_memory_hash(&pair.life);
    reach->seeds++;
    reach->chains_full += pair.chains_full;
    ll_life_pair_deinit(&pair);
    return hash;
}

/* The same script, in calls and batches of at most `batch` (0 = random). */
static uint64_t run_batched(struct script *script, const struct ll_life_pair_config *config, uint64_t seed,
                            uint32_t batch)
{
    static struct ll_life_answer answers[ASKS_MAX];
    struct ll_life_pair pair;
    struct ll_why why = {0};
    ll_life_pair_init(&pair, config);
    memset(answers, 0x5a, sizeof answers);
    for (uint32_t done = 0; done < script->shape->asks;) {
        uint32_t left = script->shape->asks - done;
        uint32_t count = batch == 0 ? 1 + ll_prng_below(&script->prng, 200) : left;
        count = count < left ? count : left;
        ll_life_pair_run(&pair, &script->asks[done], &answers[done], count,
                         batch == 0 ? 1 + ll_prng_below(&script->prng, 64) : batch);
        done += count;
    }
    for (uint32_t i = 0; i < script->shape->asks; i++)
        ck_assert_msg(memcmp(&answers[i], &script->answers[i], sizeof answers[i]) == 0,
                      "LL_SEED=%" PRIu64 " (%s): batch %u: answer %u differs", seed, script->shape->name,
                      batch, i);
    ck_assert_msg(ll_life_memory_check(&pair.life, &why) == LL_OK, "LL_SEED=%" PRIu64 " (%s): batch %u: %s",
                  seed, script->shape->name, batch, why.text);
    uint64_t hash = ll_life_memory_hash(&pair.life);
    ll_life_pair_deinit(&pair);
    return hash;
}

static void run_seed(uint64_t seed, struct reach *reach)
{
    static struct script script;
    memset(&script, 0, sizeof script);
    script.shape = &shapes[seed % SHAPE_COUNT];
    ll_prng_init(&script.prng, seed);
    ll_prng_init(&script.prng, ll_prng_next(&script.prng)); /* neighbouring seeds, unlike streams */
    struct ll_life_pair_config config = script.shape->config;
    config.epoch = (uint32_t)seed;
    config.hash_seed = (uint32_t)(seed / SHAPE_COUNT);
    uint64_t hash = run_beside_naive(&script, &config, seed, reach);
    ll_life_kernel *const kernels[] = {NULL, ll_plain_life, ll_hot16_life, ll_hot64_life};
    ll_life_emptying *const resets[] = {NULL, NULL, ll_hot16_life_reset, ll_hot64_life_reset};
    uint32_t sizes[] = {64, 1 + (uint32_t)(seed / SHAPE_COUNT % 64), 0, 64};
    for (int i = 0; i < 4; i++) {
        if (script.shape->config.kernel == NULL) {
            config.kernel = kernels[i];
            config.reset = resets[i];
        }
        ck_assert_msg(run_batched(&script, &config, seed, sizes[i]) == hash,
                      "LL_SEED=%" PRIu64 ": the state after batches of %u differs", seed, sizes[i]);
    }
}

START_TEST(random_scripts)
{
    const char *seed_text = getenv("LL_SEED");
    const char *seeds_text = getenv("LL_SEEDS");
    struct reach reach = {0};
    uint64_t seed_count = seeds_text != NULL ? strtoull(seeds_text, NULL, 0) : SEEDS_DEFAULT;
    if (seed_text != NULL && seed_text[0] != '\0') {
        printf("seed %s\n", seed_text);
        run_seed(strtoull(seed_text, NULL, 0), &reach);
        return;
    }
    /* Each turn of the loop test takes the seeds of one shape. */
    printf("%s: seeds %d + n * %d below %" PRIu64 "\n", shapes[_i].name, _i, SHAPE_COUNT, seed_count);
    (void)fflush(stdout);
    for (uint64_t seed = (uint64_t)_i; seed < seed_count; seed += SHAPE_COUNT)
        run_seed(seed, &reach);
    reach_check(&reach, &shapes[_i]);
}
END_TEST

int main(void)
{
    const char *seed_text = getenv("LL_SEED");
    Suite *suite = suite_create("life_random");
    TCase *tcase = tcase_create("random");
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, random_scripts, 0,
                        seed_text != NULL && seed_text[0] != '\0' ? 1 : SHAPE_COUNT);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
