/* SPDX-License-Identifier: Apache-2.0 */
/* Sections on tables so small that they run full. */
#include "hls/ll_orders.h"
#include "tests/device/ll_conf.h"
#include "tests/model/ll_book_script.h"

#include <inttypes.h>

/* --- Orders ----------------------------------------------------------------------------------------------- */

static void put(struct ll_conf *conf, uint8_t op, uint64_t ref, uint64_t new_ref, uint32_t price,
                uint32_t quantity)
{
    struct ll_update update = {
        .ref = ref, .new_ref = new_ref, .price = price, .quantity = quantity, .op = op};
    ll_conf_update(conf, &update);
}

/* The last result must have been `verdict`. */
static void must(struct ll_conf *conf, const char *what, enum ll_verdict verdict)
{
    ll_conf_updates_flush(conf);
    if (!conf->failed && conf->last_result.verdict != verdict)
        ll_conf_fail(conf, "%s: verdict %u, not %u", what, conf->last_result.verdict, (uint32_t)verdict);
}

enum { CHAIN_ORDERS = LL_CHAIN_MAX * LL_BUCKET_WAYS, BUCKET_REFS = CHAIN_ORDERS + 6 };

void ll_conf_book_bucket(struct ll_conf *conf)
{
    if (!ll_conf_section_begin(conf, "book bucket"))
        return;
    if (ll_device_book(conf->device)->control->bucket_count != 1)
        ll_conf_fail(conf, "these tables have more than one bucket");
    for (uint64_t ref = 0; ref < CHAIN_ORDERS; ref++)
        put(conf, LL_OP_ADD, ref, 0, 10, 100);
    must(conf, "the last order of a chain", LL_VERDICT_OK);
    put(conf, LL_OP_ADD, CHAIN_ORDERS, 0, 10, 100);
    must(conf, "an order beyond the chain", LL_VERDICT_TABLE_FULL);
    put(conf, LL_OP_ADD, 3, 0, 11, 50);
    must(conf, "an order again in a full chain", LL_VERDICT_DUPLICATE);
    put(conf, LL_OP_REPLACE, 4, CHAIN_ORDERS, 12, 60);
    must(conf, "a replace in a full chain", LL_VERDICT_OK);
    put(conf, LL_OP_DELETE, 0, 0, 0, 0);
    put(conf, LL_OP_ADD, 0, 0, 9, 1);
    must(conf, "an order in the place of another", LL_VERDICT_OK);
    for (uint32_t round = 0; round < 50; round++) {
        ll_conf_case(conf);
        conf->submit_max = 1u << (2 + ll_prng_below(&conf->prng, 9));
        for (uint32_t i = 0; i < 40; i++) {
            uint8_t op = (uint8_t)ll_prng_below(&conf->prng, LL_OP_REPLACE + 1);
            put(conf, ll_prng_chance(&conf->prng, 300) ? LL_OP_ADD : op,
                ll_prng_below(&conf->prng, BUCKET_REFS), ll_prng_below(&conf->prng, BUCKET_REFS),
                8 + ll_prng_below(&conf->prng, 5), 1 + ll_prng_below(&conf->prng, 60));
        }
        ll_conf_updates_flush(conf);
    }
    ll_conf_section_end(conf);
}

/* Twice through the whole table: what was given back must be there again. */
void ll_conf_book_overflow(struct ll_conf *conf)
{
    uint64_t full_before = conf->book_verdicts[LL_VERDICT_TABLE_FULL];
    uint64_t refs[400];
    if (!ll_conf_section_begin(conf, "book overflow"))
        return;
    for (uint32_t round = 0; round < 2; round++) {
        ll_conf_case(conf);
        for (uint32_t i = 0; i < 400; i++) {
            refs[i] = ll_prng_next(&conf->prng);
            put(conf, LL_OP_ADD, refs[i], 0, 100 + i % 7, 10 + i);
        }
        for (uint32_t i = 0; i < 400; i += 2)
            put(conf, LL_OP_REPLACE, refs[i], ~refs[i], 100, 20);
        for (uint32_t i = 0; i < 400; i++) {
            put(conf, LL_OP_DELETE, refs[i], 0, 0, 0);
            put(conf, LL_OP_DELETE, ~refs[i], 0, 0, 0);
        }
        ll_conf_updates_flush(conf);
    }
    if (!conf->failed && conf->book_verdicts[LL_VERDICT_TABLE_FULL] == full_before)
        ll_conf_fail(conf, "the table of orders never ran full");
    ll_conf_section_end(conf);
}

void ll_conf_book_full_random(struct ll_conf *conf)
{
    static struct ll_book_script script;
    static const uint32_t shapes[] = {12, 13, 14, 16, 17, 10};
    struct ll_update update;
    if (!ll_conf_section_begin(conf, "book full random"))
        return;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const struct ll_book_shape *shape = &ll_book_shapes[shapes[i]];
        ll_conf_case(conf);
        ll_book_script_init(&script, shape, ll_prng_next(&conf->prng));
        conf->submit_max = (uint32_t[]){LL_CONF_STREAM, 64, 1000}[i % 3];
        for (uint32_t at = 0; at < shape->messages; at++) {
            ll_book_script_next(&script, &update);
            ll_conf_update(conf, &update);
        }
        ll_conf_updates_flush(conf);
    }
    ll_conf_section_end(conf);
}

/* --- Levels ----------------------------------------------------------------------------------------------- */

enum { LEVEL_ORDERS = 4000 };

/* Prices one above the other, one below the other, or anywhere. */
static uint32_t level_price(struct ll_conf *conf, uint32_t round, uint32_t at)
{
    if (round % 3 == 0)
        return 1000 + 3 * at;
    return round % 3 == 1 ? 0xfffffff0u - 5 * at : (uint32_t)ll_prng_next(&conf->prng);
}

void ll_conf_book_levels(struct ll_conf *conf)
{
    uint64_t full_before = conf->book_verdicts[LL_VERDICT_TABLE_FULL];
    if (!ll_conf_section_begin(conf, "book levels"))
        return;
    for (uint32_t round = 0; round < 6; round++) {
        uint64_t first = (uint64_t)round * LEVEL_ORDERS;
        ll_conf_case(conf);
        for (uint32_t i = 0; i < LEVEL_ORDERS; i++) {
            struct ll_update update = {.ref = first + i,
                                       .price = level_price(conf, round, i),
                                       .quantity = 1 + i,
                                       .book = round % 2,
                                       .op = LL_OP_ADD,
                                       .side = (uint8_t)(round / 3)};
            ll_conf_update(conf, &update);
        }
        for (uint32_t i = 0; i < LEVEL_ORDERS; i += 3) /* a level more for each that goes */
            put(conf, LL_OP_REPLACE, first + i, first + i, level_price(conf, round, LEVEL_ORDERS + i), 7);
        for (uint32_t i = 0; i < LEVEL_ORDERS; i++)
            put(conf, LL_OP_CANCEL, first + (round % 2 == 0 ? i : LEVEL_ORDERS - 1 - i), 0, 0, UINT32_MAX);
        ll_conf_updates_flush(conf);
    }
    if (!conf->failed && conf->book_verdicts[LL_VERDICT_TABLE_FULL] == full_before)
        ll_conf_fail(conf, "the price levels never ran out");
    ll_conf_section_end(conf);
}

/* --- Identifiers ------------------------------------------------------------------------------------------ */

static void ask_one(struct ll_conf *conf, struct ll_conf_shard *shard, const char *what,
                    struct ll_life_ask ask, enum ll_verdict verdict)
{
    ll_conf_case(conf);
    ll_conf_ask(conf, shard, &ask);
    ll_conf_asks_flush(conf);
    if (!conf->failed && conf->last_answer.verdict != verdict)
        ll_conf_fail(conf, "%s: verdict %u, not %u", what, conf->last_answer.verdict, (uint32_t)verdict);
}

/* The whole tables, in one shard. */
static struct ll_conf_shard *open_all(struct ll_conf *conf)
{
    return ll_conf_shard_open(conf, conf->life.order_count, conf->life.id_count);
}

#define KEYED(operation, number, ...)                                    \
    (struct ll_life_ask)                                                 \
    {                                                                    \
        .op = LL_LIFE_OP_##operation, .key = {(number), 77}, __VA_ARGS__ \
    }

void ll_conf_life_numbers(struct ll_conf *conf)
{
    if (!ll_conf_section_begin(conf, "life numbers"))
        return;
    struct ll_conf_shard *shard = open_all(conf);
    uint32_t orders = conf->life.order_count;
    uint32_t ids = conf->life.id_count;
    ask_one(conf, shard, "an order beyond the table", KEYED(OPEN, 1, .order = orders, .id = 0, .quantity = 5),
            LL_VERDICT_TABLE_FULL);
    ask_one(conf, shard, "an order of no number",
            KEYED(OPEN, 1, .order = LL_LIFE_NONE, .id = 0, .quantity = 5), LL_VERDICT_TABLE_FULL);
    ask_one(conf, shard, "an identifier beyond the table",
            KEYED(OPEN, 1, .order = 0, .id = ids, .quantity = 5), LL_VERDICT_TABLE_FULL);
    ask_one(conf, shard, "an identifier of no number",
            KEYED(OPEN, 1, .order = 0, .id = LL_LIFE_NONE, .quantity = 5), LL_VERDICT_TABLE_FULL);
    ask_one(conf, shard, "the last order and identifier",
            KEYED(OPEN, 1, .order = orders - 1, .id = ids - 1, .quantity = 5), LL_VERDICT_OK);
    ask_one(conf, shard, "an order in use", KEYED(OPEN, 2, .order = orders - 1, .id = 0, .quantity = 5),
            LL_VERDICT_BAD_INPUT);
    ask_one(conf, shard, "an identifier in use",
            KEYED(ADD, 2, .order = orders - 1, .id = ids - 1, .type = LL_ID_CLOSE), LL_VERDICT_BAD_INPUT);
    ask_one(conf, shard, "an order that is not there", KEYED(ADD, 2, .order = orders, .id = 0),
            LL_VERDICT_UNKNOWN_ID);
    ask_one(conf, shard, "a fill whose execution is beyond the table",
            KEYED(FILL, 1, .new_key = {9, 9}, .new_id = ids, .quantity = 1), LL_VERDICT_TABLE_FULL);
    ask_one(conf, shard, "a fill whose execution is in use",
            KEYED(FILL, 1, .new_key = {9, 9}, .new_id = ids - 1, .quantity = 1), LL_VERDICT_BAD_INPUT);
    ask_one(conf, shard, "a replace beyond the table",
            KEYED(REPLACE, 1, .new_key = {9, 9}, .new_id = ids, .quantity = 1), LL_VERDICT_TABLE_FULL);
    ask_one(conf, shard, "all the same, the order is as it was", KEYED(RESOLVE, 1, .id = 0), LL_VERDICT_OK);
    if (!conf->failed && conf->last_answer.leaves != 5)
        ll_conf_fail(conf, "%u lots are open of 5", conf->last_answer.leaves);
    ll_conf_shard_close(conf, shard);
    ll_conf_section_end(conf);
}

/* The next free number of an identifier. */
static uint32_t free_id(const struct ll_conf_shard *shard)
{
    uint32_t id = 0;
    while (id < shard->naive.id_count && shard->naive.ids[id].is_used)
        id++;
    return id;
}

/* The `at`-th key of a chain. */
static void find_key(const struct ll_conf *conf, const struct ll_conf_shard *shard, uint32_t home,
                     uint32_t at, uint64_t key[2])
{
    key[0] = 1;
    key[1] = 5;
    for (uint32_t seen = 0;; key[0]++) {
        seen += ll_conf_home(conf, shard, key) == home;
        if (seen == at + 1)
            return;
    }
}

/* A new key of the chain, in each of the ways that a key can come. */
static void add_key(struct ll_conf *conf, struct ll_conf_shard *shard, uint32_t home, uint32_t at)
{
    struct ll_life_ask ask = {.op = LL_LIFE_OP_ADD, .order = 0, .type = LL_ID_CLIENT_KEY, .quantity = 1};
    ll_conf_case(conf);
    ask.id = ask.new_id = free_id(shard);
    find_key(conf, shard, home, at, ask.key);
    if (home + at == 0)
        ask.op = LL_LIFE_OP_OPEN, ask.quantity = 1000;
    if (at % 3 == 1) {
        ask.op = at % 2 == 0 ? LL_LIFE_OP_FILL : LL_LIFE_OP_REPLACE;
        ask.new_key[0] = ask.key[0];
        ask.new_key[1] = ask.key[1];
        find_key(conf, shard, 0, 0, ask.key);
    }
    ll_conf_ask(conf, shard, &ask);
    ll_conf_asks_flush(conf);
    ask.id = ask.new_id = 0; /* in use: where there is no room, that comes first */
    ll_conf_ask(conf, shard, &ask);
    ll_conf_asks_flush(conf);
}

void ll_conf_life_chains(struct ll_conf *conf)
{
    uint64_t full_before = conf->life.chains_full;
    if (!ll_conf_section_begin(conf, "life chains"))
        return;
    struct ll_conf_shard *shard = open_all(conf);
    for (uint32_t home = 0; home < 6 && !conf->failed; home++)
        for (uint32_t at = 0; at < 18 && !conf->failed; at++)
            add_key(conf, shard, home, at);
    if (!conf->failed && conf->life.chains_full - full_before < 10)
        ll_conf_fail(conf, "the chains of identifiers did not run full");
    if (!conf->failed && conf->life.overflow_used != conf->life.overflow_count)
        ll_conf_fail(conf, "the overflow buckets of identifiers did not run out");
    ll_conf_shard_close(conf, shard);
    ll_conf_section_end(conf);
}
