/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_book_script.h"

#include "hls/ll_book.h"
#include "tests/model/ll_other_kernels.h"

#include <string.h>

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
const struct ll_book_shape ll_book_shapes[LL_BOOK_SHAPE_COUNT] = {
    {"deep levels",               2000,    0, LL_PRICE_TINY,   LL_REF_COUNTED,   LL_TAKE_RANDOM, ROOMY(1), LL_FULL_NEVER, 1},
    {"narrow, many books",        2500,    0, LL_PRICE_NARROW, LL_REF_RANDOM,    LL_TAKE_RANDOM, ROOMY(40), LL_FULL_NEVER, 1},
    {"whole price range",         2500,    0, LL_PRICE_WIDE,   LL_REF_RANDOM,    LL_TAKE_RANDOM, ROOMY(1), LL_FULL_NEVER, 1},
    {"edge prices",               2000,    0, LL_PRICE_EDGES,  LL_REF_COUNTED,   LL_TAKE_RANDOM, ROOMY(2), LL_FULL_NEVER, 1},
    {"ascending, drained",        4000, 1000, LL_PRICE_UP,     LL_REF_COUNTED,   LL_TAKE_OLDEST, ROOMY(1), LL_FULL_NEVER, 2},
    {"ascending, drained back",   4000, 1000, LL_PRICE_UP,     LL_REF_COUNTED,   LL_TAKE_NEWEST, ROOMY(1), LL_FULL_NEVER, 2},
    {"descending, drained",       4000, 1000, LL_PRICE_DOWN,   LL_REF_COUNTED,   LL_TAKE_OLDEST, ROOMY(1), LL_FULL_NEVER, 2},
    {"comb: thin leaves",         5000, 1200, LL_PRICE_UP,     LL_REF_COUNTED,   LL_TAKE_COMB,   ROOMY(1), LL_FULL_NEVER, 2},
    {"random fill and drain",     5000, 1200, LL_PRICE_WIDE,   LL_REF_COUNTED,   LL_TAKE_RANDOM, ROOMY(1), LL_FULL_NEVER, 2},
    {"drifting market",           4000,    0, LL_PRICE_DRIFT,  LL_REF_COUNTED,   LL_TAKE_OLDEST, ROOMY(3), LL_FULL_NEVER, 1},
    {"few references",            2500,    0, LL_PRICE_NARROW, LL_REF_FEW,       LL_TAKE_RANDOM, ROOMY(3), LL_FULL_NEVER, 1},
    {"one bucket",                2000,   60, LL_PRICE_NARROW, LL_REF_COLLIDING, LL_TAKE_RANDOM, TABLES(64, 40, 60, 30, 2), LL_FULL_ORDERS, 1},
    {"orders run out",            2500,  300, LL_PRICE_NARROW, LL_REF_RANDOM,    LL_TAKE_RANDOM, TABLES(16, 3, 200, 80, 2), LL_FULL_ORDERS, 1},
    {"no overflow buckets",       2500,  300, LL_PRICE_NARROW, LL_REF_FEW,       LL_TAKE_RANDOM, TABLES(4, 0, 200, 80, 2), LL_FULL_ORDERS, 1},
    {"leaves run out",            3000,  400, LL_PRICE_WIDE,   LL_REF_COUNTED,   LL_TAKE_RANDOM, TABLES(512, 200, 3, 100, 2), LL_FULL_LEVELS, 1},
    {"inner nodes run out",       5000, 1200, LL_PRICE_UP,     LL_REF_COUNTED,   LL_TAKE_COMB,   TABLES(2048, 600, 500, 0, 1), LL_FULL_LEVELS, 2},
    {"no pool at all",            2500,  300, LL_PRICE_WIDE,   LL_REF_RANDOM,    LL_TAKE_RANDOM, TABLES(256, 99, 0, 0, 3), LL_FULL_LEVELS, 1},
    {"everything runs out",       3000,  400, LL_PRICE_WIDE,   LL_REF_RANDOM,    LL_TAKE_NEWEST, TABLES(16, 9, 1, 1, 1), LL_FULL_ORDERS | LL_FULL_LEVELS, 1},
    {"pool near the batch limit", 4000, 1000, LL_PRICE_WIDE,   LL_REF_COUNTED,   LL_TAKE_RANDOM, TABLES(1024, 300, 70, 390, 1), LL_FULL_NEVER, 2},
    {"height 3",                  9000, 4400, LL_PRICE_UP,     LL_REF_COUNTED,   LL_TAKE_OLDEST, TABLES(4096, 900, 2000, 900, 1), LL_FULL_NEVER, 3},
    {"height 3, random drain",    9000, 4400, LL_PRICE_DOWN,   LL_REF_COUNTED,   LL_TAKE_RANDOM, TABLES(4096, 900, 2000, 900, 1), LL_FULL_NEVER, 3},
    {"leaves run out in a batch", 2500,    0, LL_PRICE_WIDE,   LL_REF_COUNTED,   LL_TAKE_NEWEST, TABLES(512, 200, 9, 390, 1), LL_FULL_LEVELS, 1},
    {"inners run out in a batch", 5000,    0, LL_PRICE_WIDE,   LL_REF_COUNTED,   LL_TAKE_NEWEST, TABLES(1024, 400, 400, 0, 1), LL_FULL_LEVELS, 1},
    {"sweeping",                  8000,  900, LL_PRICE_SWEEP,  LL_REF_COUNTED,   LL_TAKE_OLDEST, ROOMY(1), LL_FULL_NEVER, 2},
    {"sweeping, thin",            8000,  900, LL_PRICE_SWEEP,  LL_REF_COUNTED,   LL_TAKE_COMB,   ROOMY(1), LL_FULL_NEVER, 2},
    {"the height limit",          9000, 4400, LL_PRICE_UP,     LL_REF_COUNTED,   LL_TAKE_RANDOM, LOW(4096, 900, 900, 900), LL_FULL_LEVELS, 2},
    {"a short chain",             2500,  300, LL_PRICE_TINY,   LL_REF_RANDOM,    LL_TAKE_RANDOM, LOW(16, 16, 200, 80), LL_FULL_ORDERS, 1},
};
/* clang-format on */

void ll_book_script_init(struct ll_book_script *script, const struct ll_book_shape *shape, uint64_t seed)
{
    memset(script, 0, sizeof *script);
    script->shape = shape;
    ll_prng_init(&script->prng, seed);
    ll_prng_init(&script->prng, ll_prng_next(&script->prng)); /* neighbouring seeds, unlike streams */
}

static uint64_t make_ref(struct ll_book_script *script)
{
    const struct ll_book_pair_config *config = &script->shape->config;
    uint64_t ref;
    switch (script->shape->ref) {
    case LL_REF_COUNTED:
        return 1000 + script->refs_made++ * 3;
    case LL_REF_RANDOM:
        return ll_prng_next(&script->prng);
    case LL_REF_FEW:
        return ll_prng_below(&script->prng, 30);
    default:
        do /* two buckets of 64: a few dozen tries */
            ref = ll_prng_next(&script->prng);
        while (ll_bucket_of(ref, config->hash_seed, config->bucket_count) > 1);
        return ref;
    }
}

static uint32_t make_price(struct ll_book_script *script, uint32_t at)
{
    static const uint32_t edges[] = {0,           1,           2,           0x7fffffffu,
                                     0x80000000u, 0xfffffffdu, 0xfffffffeu, 0xffffffffu};
    struct ll_prng *prng = &script->prng;
    switch (script->shape->price) {
    case LL_PRICE_TINY:
        return 100 + ll_prng_below(prng, 6);
    case LL_PRICE_NARROW:
        return 100000 + ll_prng_below(prng, 300);
    case LL_PRICE_WIDE:
        return (uint32_t)ll_prng_next(prng);
    case LL_PRICE_EDGES:
        return ll_prng_chance(prng, 700) ? edges[ll_prng_below(prng, 8)] : (uint32_t)ll_prng_next(prng);
    case LL_PRICE_UP:
        return 1000 + 2 * script->prices_made++;
    case LL_PRICE_SWEEP: /* up again and again, through what is left and what was emptied */
        script->prices_made += 1 + ll_prng_below(prng, 2);
        return 1000 + 4 * (script->prices_made % 1600) + ll_prng_below(prng, 4);
    case LL_PRICE_DOWN:
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
static uint64_t take_ref(struct ll_book_script *script, int ends)
{
    uint32_t count = script->known_count;
    if (count == 0 || ll_prng_chance(&script->prng, 15))
        return make_ref(script);
    uint32_t at = ll_prng_below(&script->prng, count);
    if (script->shape->take == LL_TAKE_OLDEST)
        at = 0;
    else if (script->shape->take == LL_TAKE_NEWEST)
        at = count - 1;
    else if (script->shape->take == LL_TAKE_COMB) /* one order in 16 is stepped over, and stays */
        at = script->takes % count;
    uint64_t ref = script->known[at];
    if (ends && !ll_prng_chance(&script->prng, 30)) {
        script->known_count--;
        if (script->shape->take == LL_TAKE_RANDOM)
            script->known[at] = script->known[script->known_count];
        else
            memmove(&script->known[at], &script->known[at + 1],
                    (script->known_count - at) * sizeof script->known[0]);
        if (script->shape->take == LL_TAKE_COMB && ll_prng_below(&script->prng, 16) == 0)
            script->takes++;
    }
    return ref;
}

static void know_ref(struct ll_book_script *script, uint64_t ref)
{
    if (script->known_count < LL_BOOK_SCRIPT_KNOWN_MAX)
        script->known[script->known_count++] = ref;
}

static uint8_t pick_op(struct ll_book_script *script, uint32_t at)
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
void ll_book_script_next(struct ll_book_script *script, struct ll_update *update)
{
    uint32_t at = script->messages_made++;
    struct ll_prng *prng = &script->prng;
    uint32_t books = script->shape->config.book_count;
    memset(update, 0, sizeof *update);
    update->seq = at + 1;
    update->op = pick_op(script, at);
    update->book = ll_prng_below(prng, books);
    update->quantity = make_quantity(prng);
    update->side = (uint8_t)ll_prng_below(prng, 2);
    if (script->shape->price == LL_PRICE_SWEEP)
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
