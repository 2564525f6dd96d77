/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the lifecycle top is the plain kernel, for the sequences that break a pipeline: one key and one order again
 * at every distance that the forwarding window covers and two more, a bucket and its chain filled up, keys of one
 * bucket, 0, 1 and the largest number of asks. Method: kernels/vitis/ll_tb.h.
 */
#include "kernels/vitis/ll_tb.h"

#define BUCKETS   64u
#define OVERFLOWS 32u
#define IDS       256u
#define ORDERS    64u
#define ASKS_MAX  1024u /* depth= of asks and answers in ll_life_top.c, as the others are of the tables */

struct tables {
    struct ll_life_control control[1];
    struct ll_life_bucket buckets[BUCKETS + OVERFLOWS];
    u32 places[IDS];
    struct ll_life_order orders[ORDERS];
    struct ll_life_answer answers[ASKS_MAX];
};

struct bench {
    struct ll_tb tb;
    struct tables top;
    struct tables plain;
    struct ll_life_ask asks[ASKS_MAX];
    u32 count;
    u32 seed;
    u32 ids; /* numbers given out */
};

/* Key 0 is none. */
static struct ll_life_ask *say(struct bench *bench, u32 op, u32 key, u32 order, u32 quantity)
{
    struct ll_life_ask *ask = &bench->asks[bench->count];
    memset(ask, 0, sizeof *ask);
    ask->op = (u8)op;
    ask->key[0] = key;
    ask->key[1] = key == 0 ? 0 : 0x4c4cu;
    ask->order = order;
    ask->quantity = quantity;
    ask->seq = bench->count;
    if (op == LL_LIFE_OP_OPEN || op == LL_LIFE_OP_ADD)
        ask->id = bench->ids++;
    bench->count++;
    return ask;
}

/* With a second key: an execution's, or the one an order goes on under. */
static void say_two(struct bench *bench, u32 op, u32 key, u32 new_key, u32 quantity)
{
    struct ll_life_ask *ask = say(bench, op, key, 0, quantity);
    ask->new_key[0] = new_key;
    ask->new_key[1] = 0x4c4cu;
    ask->new_id = bench->ids++;
}

/* Both do what was said; then everything is held against each other. */
static void run(struct bench *bench, const char *what, u32 batch)
{
    struct tables *top = &bench->top;
    struct tables *plain = &bench->plain;
    ll_life_top(top->control, top->buckets, top->places, top->orders, bench->asks, top->answers, bench->count,
                batch, 0);
    ll_life_batch(plain->control, plain->buckets, plain->places, plain->orders, bench->asks, plain->answers,
                  bench->count, 1);
    for (u32 i = 0; i < bench->count; i++)
        ll_tb_equal(&bench->tb, what, i, &top->answers[i], &plain->answers[i], sizeof top->answers[i]);
    ll_tb_equal_word(&bench->tb, "identifiers", ll_state_hash_ids(top->buckets, 0, BUCKETS + OVERFLOWS),
                     ll_state_hash_ids(plain->buckets, 0, BUCKETS + OVERFLOWS));
    ll_tb_equal_word(&bench->tb, "orders", ll_state_hash_life_orders(top->orders, 0, ORDERS),
                     ll_state_hash_life_orders(plain->orders, 0, ORDERS));
    ll_tb_equal(&bench->tb, "control", 0, top->control, plain->control, sizeof top->control);
    bench->count = 0;
}

static void reset(struct bench *bench, u32 seed)
{
    struct ll_life_control control;
    struct tables *top = &bench->top;
    struct tables *plain = &bench->plain;
    memset(&control, 0, sizeof control);
    control.layout = LL_LIFE_LAYOUT;
    control.bucket_count = BUCKETS;
    control.overflow_count = OVERFLOWS;
    control.id_count = IDS;
    control.order_count = ORDERS;
    control.hash_seed = seed;
    control.epoch = seed + 1u;
    top->control[0] = control;
    plain->control[0] = control;
    ll_life_top(top->control, top->buckets, top->places, top->orders, bench->asks, top->answers, 0, 1, 1);
    ll_life_reset(plain->control, plain->buckets, plain->places, plain->orders);
    bench->seed = seed;
    bench->ids = 0;
}

/* One order asked about again and again, with 0 to LL_HOT_WINDOW + 1 others in between. */
static void say_distances(struct bench *bench)
{
    for (u32 distance = 1; distance <= LL_HOT_WINDOW + 2u; distance++) {
        u32 key = 10u * distance;
        for (u32 other = 0; other < distance; other++)
            say(bench, LL_LIFE_OP_OPEN, key + other, bench->ids, 1000);
        for (u32 turn = 0; turn < 6u; turn++) {
            for (u32 other = 1; other < distance; other++)
                say(bench, LL_LIFE_OP_FILL, key + other, 0, 3);
            say(bench,
                turn == 0   ? LL_LIFE_OP_SUBMIT
                : turn == 1 ? LL_LIFE_OP_ACK
                            : LL_LIFE_OP_FILL,
                key, 0, turn * 7u);
        }
        say(bench, LL_LIFE_OP_CANCEL, key, 0, LL_LIFE_ALL);
        say(bench, LL_LIFE_OP_FILL, key, 0, 1);
    }
}

/* Names that come and are asked for at once, and replaces of replaces. */
static void say_names(struct bench *bench)
{
    u32 order = bench->ids;
    say(bench, LL_LIFE_OP_OPEN, 500, order, 100);
    say(bench, LL_LIFE_OP_ADD, 501, order, 0)->type = LL_ID_PROVIDER_REF;
    say(bench, LL_LIFE_OP_RESOLVE, 501, 0, 0);
    say(bench, LL_LIFE_OP_ADD, 501, order, 0)->type = LL_ID_PROVIDER_REF;
    say(bench, LL_LIFE_OP_ADD, 501, order + 1u, 0)->type = LL_ID_PROVIDER_REF;
    for (u32 i = 0; i < 6u; i++) {
        say_two(bench, LL_LIFE_OP_REPLACE, 501u + i, 502u + i, 90u - i);
        say(bench, LL_LIFE_OP_RESOLVE, 502u + i, 0, 0);
        say_two(bench, LL_LIFE_OP_FILL, 502u + i, 600u + i, 2);
        say(bench, LL_LIFE_OP_CORRECT, 600u + i, 0, 3);
        say(bench, LL_LIFE_OP_BUST, 600u + i, 0, 0);
        say(bench, LL_LIFE_OP_BUST, 600u + i, 0, 0);
    }
    say(bench, LL_LIFE_OP_RESOLVE, 499, 0, 0);
    say(bench, LL_LIFE_OP_RESOLVE, 0, 0, 0);
}

/* Keys of one bucket, two more than its chain holds; each is looked for at once. */
static void say_full(struct bench *bench)
{
    u32 home = ll_life_bucket_of(500, 0x4c4cu, bench->seed, BUCKETS);
    u32 said = 0;
    for (u32 key = 1000; said < LL_LIFE_CHAIN_MAX * LL_LIFE_WAYS + 2u; key++) {
        if (ll_life_bucket_of(key, 0x4c4cu, bench->seed, BUCKETS) != home)
            continue;
        say(bench, LL_LIFE_OP_ADD, key, 0, 0)->type = LL_ID_CLIENT_KEY;
        say(bench, LL_LIFE_OP_RESOLVE, key, 0, 0);
        said++;
    }
}

static void say_random(struct bench *bench, u32 keys)
{
    struct ll_tb *tb = &bench->tb;
    while (bench->count + 1u < ASKS_MAX) {
        u32 op = ll_tb_random(tb, LL_LIFE_OP_COUNT + 1u);
        u32 key = 2000u + ll_tb_random(tb, keys);
        u32 quantity = ll_tb_random(tb, 40);
        if (op == LL_LIFE_OP_FILL || op == LL_LIFE_OP_REPLACE) {
            say_two(bench, op, key, 2000u + ll_tb_random(tb, keys), quantity);
            continue;
        }
        struct ll_life_ask *ask = say(bench, op, key, ll_tb_random(tb, ORDERS + 2u), quantity);
        ask->type = (u8)ll_tb_random(tb, LL_ID_TYPE_COUNT + 1u);
        ask->status = (u8)ll_tb_random(tb, LL_ID_STATUS_COUNT + 1u);
        ask->flags = (u8)ll_tb_random(tb, 2);
    }
}

int main(int count, char **words)
{
    static struct bench bench;
    static const u32 batches[] = {64, 1, 7, 0};
    ll_tb_begin(&bench.tb, count, words);
    for (u32 i = 0; i < 4u; i++) {
        reset(&bench, i * 77u);
        run(&bench, "no asks", batches[i]);
        say(&bench, LL_LIFE_OP_OPEN, 1, 0, 10);
        run(&bench, "one ask", batches[i]);
        say_distances(&bench);
        run(&bench, "distances", batches[i]);
        say_names(&bench);
        run(&bench, "names", batches[i]);
        say_full(&bench);
        run(&bench, "full bucket", batches[i]);
        reset(&bench, i);
        say_random(&bench, 50);
        run(&bench, "random", batches[i]);
        reset(&bench, i);
        say_random(&bench, 400);
        run(&bench, "random, many", batches[i]);
    }
    return ll_tb_end(&bench.tb, "tb_life");
}
