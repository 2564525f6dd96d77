/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_life_script.h"

#include "tests/model/ll_other_kernels.h"

#include <string.h>

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

const struct ll_life_shape ll_life_shapes[LL_LIFE_SHAPE_COUNT] = {
    {"one order",             1000,   1, MIX,         LL_LOTS_SMALL, LL_LIFE_FULL_NEVER, TABLES(256, 99, 1200, 4)},
    {"few orders",            1200,   5, MIX,         LL_LOTS_MIXED, LL_LIFE_FULL_NEVER, TABLES(256, 99, 1500, 8)},
    {"many orders",           1500, 200, MIX,         LL_LOTS_MIXED, LL_LIFE_FULL_NEVER, TABLES(512, 99, 1800, 220)},
    {"names",                 1200,   4, MIX_NAMES,   LL_LOTS_SMALL, LL_LIFE_FULL_NEVER, TABLES(256, 99, 1500, 8)},
    {"names of many",         1200,  40, MIX_NAMES,   LL_LOTS_SMALL, LL_LIFE_FULL_NEVER, TABLES(256, 99, 1500, 60)},
    {"fills",                 1200,   6, MIX_FILLS,   LL_LOTS_SMALL, LL_LIFE_FULL_NEVER, TABLES(256, 99, 1500, 8)},
    {"fills of many",         1200,  60, MIX_FILLS,   LL_LOTS_MIXED, LL_LIFE_FULL_NEVER, TABLES(256, 99, 1500, 80)},
    {"sums near 32 bits",     1200,   6, MIX_FILLS,   LL_LOTS_HUGE,  LL_LIFE_FULL_NEVER, TABLES(256, 99, 1500, 8)},
    {"endings",               1500, 150, MIX_ENDINGS, LL_LOTS_SMALL, LL_LIFE_FULL_NEVER, TABLES(512, 99, 1800, 160)},
    {"endings of few",        1200,   8, MIX_ENDINGS, LL_LOTS_HUGE,  LL_LIFE_FULL_NEVER, TABLES(256, 99, 1500, 12)},
    {"numbers run out",       1000,  40, MIX,         LL_LOTS_MIXED, LL_LIFE_FULL_NUMBERS, TABLES(64, 40, 60, 12)},
    {"one bucket",             500,   4, MIX,         LL_LOTS_SMALL, LL_LIFE_FULL_CHAINS, TABLES(1, 9, 600, 8)},
    {"no overflow buckets",    600,   8, MIX,         LL_LOTS_SMALL, LL_LIFE_FULL_CHAINS, TABLES(16, 0, 600, 12)},
    {"few overflow buckets",   800,  12, MIX_FILLS,   LL_LOTS_SMALL, LL_LIFE_FULL_CHAINS, TABLES(8, 4, 900, 16)},
    {"short chains",           800,  12, MIX_NAMES,   LL_LOTS_SMALL, LL_LIFE_FULL_CHAINS, LOW(8, 16, 900, 16)},
    {"everything runs out",    800,  30, MIX,         LL_LOTS_MIXED, LL_LIFE_FULL_NUMBERS | LL_LIFE_FULL_CHAINS,
                                                              TABLES(4, 1, 90, 9)},
};
/* clang-format on */

void ll_life_script_init(struct ll_life_script *script, const struct ll_life_shape *shape, uint64_t seed)
{
    memset(script, 0, sizeof *script);
    script->shape = shape;
    ll_prng_init(&script->prng, seed);
    ll_prng_init(&script->prng, ll_prng_next(&script->prng)); /* neighbouring seeds, unlike streams */
}

static void make_key(struct ll_life_script *script, uint64_t key[2])
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

static void known_key(struct ll_life_script *script, uint64_t key[2])
{
    if (script->key_count == 0 || ll_prng_chance(&script->prng, 20))
        make_key(script, key);
    else
        memcpy(key, script->keys[pick(&script->prng, script->key_count)], 2 * sizeof key[0]);
}

static void known_execution(struct ll_life_script *script, uint64_t key[2])
{
    if (script->execution_count == 0 || ll_prng_chance(&script->prng, 60))
        known_key(script, key);
    else
        memcpy(key, script->executions[pick(&script->prng, script->execution_count)], 2 * sizeof key[0]);
}

static uint32_t make_lots(struct ll_life_script *script)
{
    struct ll_prng *prng = &script->prng;
    uint32_t kind = ll_prng_below(prng, 100);
    if (kind < 3)
        return 0;
    if (kind < 6)
        return UINT32_MAX - ll_prng_below(prng, 2);
    if (script->shape->lots == LL_LOTS_HUGE)
        return kind < 60 ? (uint32_t)ll_prng_next(prng) : UINT32_MAX / 2 + ll_prng_below(prng, 5) - 2;
    if (script->shape->lots == LL_LOTS_SMALL || kind < 60)
        return 1 + ll_prng_below(prng, 9);
    return 1 + ll_prng_below(prng, 1000);
}

static uint32_t make_number(struct ll_life_script *script, uint32_t count)
{
    uint32_t kind = ll_prng_below(&script->prng, 100);
    if (kind < 2)
        return ll_prng_below(&script->prng, count);
    if (kind < 4)
        return kind == 2 ? LL_LIFE_NONE : count + ll_prng_below(&script->prng, 3);
    return script->next_id++;
}

static uint8_t pick_op(struct ll_life_script *script)
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
    if (*count < LL_LIFE_SCRIPT_KEYS_MAX)
        memcpy(list[(*count)++], key, 2 * sizeof key[0]);
}

/* The fields of OPEN and ADD. */
static void make_new(struct ll_life_script *script, struct ll_life_ask *ask)
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
static void make_second(struct ll_life_script *script, struct ll_life_ask *ask)
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
void ll_life_script_next(struct ll_life_script *script, struct ll_life_ask *ask)
{
    uint32_t at = script->asks_made++;
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
