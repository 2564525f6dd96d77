/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the book top is the plain kernel, for the sequences that break a pipeline: one reference again at every
 * distance that the forwarding window covers and two more, add and cancel and add again, a bucket and its chain
 * filled up, references of one hash value, 0, 1 and the largest number of messages. Method: kernels/vitis/ll_tb.h.
 */
#include "kernels/vitis/ll_tb.h"

#define BUCKETS   64u
#define OVERFLOWS 32u
#define LEAVES    256u
#define INNERS    512u
#define BOOKS     8u
#define MESSAGES_MAX \
    1024u /* depth= of updates and results in ll_book_top.c, as the others are of the tables */

struct tables {
    struct ll_book_control control[1];
    struct ll_order_bucket buckets[BUCKETS + OVERFLOWS];
    struct ll_leaf leaves[LEAVES];
    struct ll_level levels[LEAVES * LL_LEAF_LANES];
    struct ll_inner inners[INNERS];
    struct ll_book_side sides[2 * BOOKS];
    struct ll_result results[MESSAGES_MAX];
};

struct bench {
    struct ll_tb tb;
    struct tables top;
    struct tables plain;
    struct ll_update updates[MESSAGES_MAX];
    u32 count;
};

static void say(struct bench *bench, u32 op, u64 ref, u32 price, u32 quantity)
{
    struct ll_update *update = &bench->updates[bench->count];
    memset(update, 0, sizeof *update);
    update->op = (u8)op;
    update->ref = ref;
    update->new_ref = op == LL_OP_REPLACE ? ref + 0x10000u : 0;
    update->book = (u32)(ref & 3u);
    update->side = (u8)(ref >> 2 & 1u);
    update->price = price;
    update->quantity = quantity;
    update->seq = bench->count;
    bench->count++;
}

/* Both take what was said; then everything is held against each other. */
static void run(struct bench *bench, const char *what, u32 batch)
{
    struct tables *top = &bench->top;
    struct tables *plain = &bench->plain;
    ll_book_top(top->control, top->buckets, top->leaves, top->levels, top->inners, top->sides, bench->updates,
                top->results, bench->count, batch, 0);
    ll_book_batch(plain->control, plain->buckets, plain->leaves, plain->levels, plain->inners, plain->sides,
                  bench->updates, plain->results, bench->count, 1);
    for (u32 i = 0; i < bench->count; i++)
        ll_tb_equal(&bench->tb, what, i, &top->results[i], &plain->results[i], sizeof top->results[i]);
    ll_tb_equal_word(&bench->tb, "orders", ll_state_hash_orders(top->buckets, 0, BUCKETS),
                     ll_state_hash_orders(plain->buckets, 0, BUCKETS));
    ll_tb_equal_word(
        &bench->tb, "levels",
        ll_state_hash_levels(top->leaves, top->levels, top->inners, top->sides, 0, 2 * BOOKS),
        ll_state_hash_levels(plain->leaves, plain->levels, plain->inners, plain->sides, 0, 2 * BOOKS));
    ll_tb_equal(&bench->tb, "control", 0, top->control, plain->control, sizeof top->control);
    bench->count = 0;
}

static void reset(struct bench *bench, u32 leaves, u32 seed)
{
    struct ll_book_control control;
    struct tables *top = &bench->top;
    struct tables *plain = &bench->plain;
    memset(&control, 0, sizeof control);
    control.bucket_count = BUCKETS;
    control.overflow_count = OVERFLOWS;
    control.leaf_count = leaves;
    control.inner_count = INNERS;
    control.book_count = BOOKS;
    control.hash_seed = seed;
    control.epoch = seed + 1u;
    top->control[0] = control;
    plain->control[0] = control;
    ll_book_top(top->control, top->buckets, top->leaves, top->levels, top->inners, top->sides, bench->updates,
                top->results, 0, 1, 1);
    ll_book_reset(plain->control, plain->buckets, plain->leaves, plain->levels, plain->inners, plain->sides);
}

/* One order changed again and again, with 0 to LL_HOT_WINDOW + 1 others in between. */
static void say_distances(struct bench *bench)
{
    for (u32 distance = 1; distance <= LL_HOT_WINDOW + 2u; distance++) {
        u64 ref = (u64)100 * distance;
        say(bench, LL_OP_ADD, ref, 50, 1000);
        for (u32 turn = 0; turn < 8u; turn++) {
            for (u32 other = 1; other < distance; other++)
                say(bench, turn == 0 ? LL_OP_ADD : LL_OP_EXECUTE, ref + other, 50u + other, 10);
            say(bench, turn % 3u == 2u ? LL_OP_CANCEL : LL_OP_EXECUTE, ref, 0, 7);
        }
        say(bench, LL_OP_DELETE, ref, 0, 0);
    }
}

static void say_again(struct bench *bench)
{
    for (u32 turn = 0; turn < 6u; turn++) {
        say(bench, LL_OP_ADD, 7, 60u + turn, 5);
        say(bench, LL_OP_CANCEL, 7, 0, turn % 2u == 0 ? 5 : 9);
        say(bench, LL_OP_ADD, 7, 60, 5);
        say(bench, LL_OP_ADD, 7, 61, 6);
        say(bench, LL_OP_REPLACE, 7, 62, 8);
        say(bench, LL_OP_DELETE, 7, 0, 0);
        say(bench, LL_OP_DELETE, 7u + 0x10000u, 0, 0);
    }
}

/* References that all have the hash value of 1: the high word goes in by an exclusive or with the low one. */
static u64 same_hash(u32 number)
{
    u32 high = number * 0x9e3779b1u;
    return (u64)number << 32 | (1u ^ high ^ high >> 15);
}

static void say_full(struct bench *bench)
{
    u32 last = LL_CHAIN_MAX * LL_BUCKET_WAYS + 2u; /* two more than one chain holds */
    for (u32 i = 0; i < last; i++)
        say(bench, LL_OP_ADD, same_hash(i), 70u + i, 3);
    for (u32 i = 0; i < last; i += 2)
        say(bench, LL_OP_DELETE, same_hash(i), 0, 0);
    for (u32 i = 0; i < last; i++)
        say(bench, LL_OP_ADD, same_hash(i), 90, 4);
    for (u32 i = 0; i < last; i++)
        say(bench, LL_OP_EXECUTE, same_hash(i), 0, 9);
}

static void say_random(struct bench *bench, u32 refs, u32 prices)
{
    struct ll_tb *tb = &bench->tb;
    while (bench->count < MESSAGES_MAX) {
        u32 op = ll_tb_random(tb, 16);
        op = op < 6u ? (u32)LL_OP_ADD : op < 14u ? op % 5u + 1u : op - 14u + LL_OP_REPLACE;
        say(bench, op, ll_tb_random(tb, refs), ll_tb_random(tb, prices), ll_tb_random(tb, 20));
    }
}

int main(int count, char **words)
{
    static struct bench bench;
    static const u32 batches[] = {64, 1, 7, 0};
    ll_tb_begin(&bench.tb, count, words);
    for (u32 i = 0; i < 4u; i++) {
        reset(&bench, i == 3u ? 24u : LEAVES, i * 77u);
        run(&bench, "no messages", batches[i]);
        say(&bench, LL_OP_ADD, 1, 10, 10);
        run(&bench, "one message", batches[i]);
        say_distances(&bench);
        run(&bench, "distances", batches[i]);
        say_again(&bench);
        run(&bench, "again", batches[i]);
        reset(&bench, LEAVES, 0);
        say_full(&bench);
        run(&bench, "full bucket", batches[i]);
        say_random(&bench, 60, 40);
        run(&bench, "random", batches[i]);
        say_random(&bench, 400, 2000);
        run(&bench, "random, many", batches[i]);
    }
    return ll_tb_end(&bench.tb, "tb_book");
}
