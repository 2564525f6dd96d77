/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the gateway top is the plain kernel behind its link: updates and asks mixed, batch launches of 1 to 64
 * requests and resident ones that end by idling and by the stop word, tables that come by LOAD and are changed by
 * LOAD under the lines on chip, requests that are not whole, and requests of a half that is not there. Method:
 * kernels/vitis/ll_tb.h; every answer is held against the plain kernel given that one request.
 */
#include "kernels/vitis/ll_tb.h"

#define BUCKETS    64u
#define OVERFLOWS  32u
#define LEAVES     256u
#define INNERS     512u
#define BOOKS      8u
#define IDS        256u
#define ORDERS     64u
#define SLOTS      64u
#define LINK_WORDS 66112u /* ll_link_words(SLOTS), and depth= of the link in ll_gateway_top.c */

struct tables {
    struct ll_book_control control[1];
    struct ll_order_bucket buckets[BUCKETS + OVERFLOWS];
    struct ll_leaf leaves[LEAVES];
    struct ll_level levels[LEAVES * LL_LEAF_LANES];
    struct ll_inner inners[INNERS];
    struct ll_book_side sides[2 * BOOKS];
    struct ll_life_control life_control[1];
    struct ll_life_bucket life_buckets[BUCKETS + OVERFLOWS];
    u32 life_places[IDS];
    struct ll_life_order life_orders[ORDERS];
    u64 from_device[LINK_WORDS];
};

struct bench {
    struct ll_tb tb;
    struct tables top;
    struct tables plain;
    u64 to_device[LINK_WORDS];
    u32 first; /* the oldest request not answered, */
    u32 next;  /* and the one that comes next */
    u32 ids;
};

#define MEMORY_OF(tables)                                                                       \
    (tables)->control, (tables)->buckets, (tables)->leaves, (tables)->levels, (tables)->inners, \
        (tables)->sides, (tables)->life_control, (tables)->life_buckets, (tables)->life_places, \
        (tables)->life_orders
#define BOOK_OF(tables)                                                                         \
    (tables)->control, (tables)->buckets, (tables)->leaves, (tables)->levels, (tables)->inners, \
        (tables)->sides
#define LIFE_OF(tables) \
    (tables)->life_control, (tables)->life_buckets, (tables)->life_places, (tables)->life_orders

/* --- What is said --------------------------------------------------------------------------------------- */

static void put(struct bench *bench, u32 kind, struct ll_beat beat)
{
    ll_link_put(bench->to_device, SLOTS, bench->next, kind, beat);
    bench->next++;
}

static void say_update(struct bench *bench, u32 op, u64 ref, u32 price, u32 quantity)
{
    struct ll_update update;
    memset(&update, 0, sizeof update);
    update.op = (u8)op;
    update.ref = ref;
    update.new_ref = op == LL_OP_REPLACE ? ref + 0x10000u : 0;
    update.book = (u32)(ref & 3u);
    update.side = (u8)(ref >> 2 & 1u);
    update.price = price;
    update.quantity = quantity;
    put(bench, LL_BEAT_UPDATE, ll_beat_from_update(update));
}

static void say_ask(struct bench *bench, u32 op, u32 key, u32 order, u32 quantity)
{
    struct ll_life_ask ask;
    memset(&ask, 0, sizeof ask);
    ask.op = (u8)op;
    ask.key[0] = key;
    ask.key[1] = 0x4c4cu;
    ask.order = order;
    ask.quantity = quantity;
    ask.type = LL_ID_PROVIDER_REF;
    ask.id = op == LL_LIFE_OP_OPEN || op == LL_LIFE_OP_ADD ? bench->ids++ : 0;
    put(bench, LL_BEAT_ASK, ll_beat_from_ask(ask));
}

static void say_control(struct bench *bench, u32 op, u32 part, u32 first, u32 count)
{
    struct ll_beat beat;
    memset(&beat, 0, sizeof beat);
    beat.word[0] = op;
    beat.word[1] = part;
    beat.word[2] = first;
    beat.word[3] = count;
    put(bench, LL_BEAT_CONTROL, beat);
}

static void say_random(struct bench *bench, u32 count)
{
    struct ll_tb *tb = &bench->tb;
    for (u32 i = 0; i < count; i++) {
        if (ll_tb_random(tb, 4) != 0)
            say_update(bench, ll_tb_random(tb, 7), ll_tb_random(tb, 60), ll_tb_random(tb, 40),
                       ll_tb_random(tb, 20));
        else
            say_ask(bench, ll_tb_random(tb, LL_LIFE_OP_COUNT), 1u + ll_tb_random(tb, 40),
                    ll_tb_random(tb, ORDERS), ll_tb_random(tb, 50));
    }
}

/* --- What must be answered ------------------------------------------------------------------------------ */

/* The plain kernel's answer to one request; its kind comes back in `kind`. */
static struct ll_beat expect(struct bench *bench, struct ll_beat beat, u32 ordinal, u32 *kind)
{
    struct tables *plain = &bench->plain;
    u32 window = ll_link_window_at(SLOTS);
    struct ll_beat none;
    memset(&none, 0, sizeof none);
    *kind = ll_gateway_kind(beat, ordinal);
    if (*kind == LL_BEAT_UPDATE && plain->control->bucket_count != 0) {
        struct ll_update update = ll_beat_to_update(beat);
        struct ll_result result;
        ll_book_batch(BOOK_OF(plain), &update, &result, 1, 1);
        return ll_beat_from_result(result);
    }
    if (*kind == LL_BEAT_ASK && plain->life_control->bucket_count != 0) {
        struct ll_life_ask ask = ll_beat_to_ask(beat);
        struct ll_life_answer answer;
        ll_life_batch(LIFE_OF(plain), &ask, &answer, 1, 1);
        return ll_beat_from_answer(answer);
    }
    if (*kind == LL_BEAT_CONTROL)
        return ll_gateway_control(MEMORY_OF(plain), bench->to_device + window, plain->from_device + window,
                                  beat);
    *kind = LL_BEAT_BROKEN;
    return none;
}

/* Holds the answers up to request `last` against the plain kernel. */
static void check_answers(struct bench *bench, const char *what, u32 last)
{
    for (; bench->first != last; bench->first++) {
        u32 kind;
        struct ll_beat request = ll_link_get(bench->to_device, SLOTS, bench->first);
        struct ll_beat answer = ll_link_get(bench->top.from_device, SLOTS, bench->first);
        struct ll_beat plain = expect(bench, request, bench->first, &kind);
        plain.word[LL_BEAT_TAG] = ll_beat_tag(plain, bench->first, kind);
        ll_tb_equal(&bench->tb, what, bench->first, &answer, &plain, sizeof answer);
    }
}

/* A batch launch of all that has been said. */
static void run(struct bench *bench, const char *what, u32 batch)
{
    ll_gateway_kernel(MEMORY_OF(&bench->top), bench->to_device, bench->top.from_device, SLOTS, bench->first,
                      bench->next - bench->first, 0, batch);
    check_answers(bench, what, bench->next);
    ll_tb_equal_word(&bench->tb, what, bench->top.from_device[LL_LINK_NEXT], bench->next);
    ll_tb_equal_word(&bench->tb, what, bench->top.from_device[LL_LINK_END], LL_LINK_DONE);
}

/* A resident launch, which ends because nothing more comes, or because it shall. */
static void run_resident(struct bench *bench, const char *what, u32 stop)
{
    u64 pulse = bench->top.from_device[LL_LINK_PULSE];
    bench->to_device[LL_LINK_STOP] = stop;
    ll_gateway_kernel(MEMORY_OF(&bench->top), bench->to_device, bench->top.from_device, SLOTS, bench->first,
                      0, 3, 64);
    u32 next = (u32)bench->top.from_device[LL_LINK_NEXT];
    ll_tb_equal_word(&bench->tb, what, next, stop != 0 ? bench->first : bench->next);
    ll_tb_equal_word(&bench->tb, what, bench->top.from_device[LL_LINK_END],
                     stop != 0 ? LL_LINK_STOPPED : LL_LINK_IDLE);
    ll_tb_equal_word(&bench->tb, what, bench->top.from_device[LL_LINK_PULSE] > pulse, 1);
    check_answers(bench, what, next);
}

/* --- The script ----------------------------------------------------------------------------------------- */

static void load_book_control(struct bench *bench, u32 seed)
{
    struct ll_book_control control;
    memset(&control, 0, sizeof control);
    control.bucket_count = BUCKETS;
    control.overflow_count = OVERFLOWS;
    control.leaf_count = LEAVES;
    control.inner_count = INNERS;
    control.book_count = BOOKS;
    control.hash_seed = seed;
    control.epoch = 5;
    ll_words_from_book_control(bench->to_device + ll_link_window_at(SLOTS), control);
    say_control(bench, LL_BEAT_OP_LOAD, LL_PART_BOOK_CONTROL, 0, 1);
    run(bench, "load of the book's control", 1);
    say_control(bench, LL_BEAT_OP_RESET, LL_PART_BOOK_CONTROL, 0, 0);
    run(bench, "reset of the book", 1);
}

static void load_life_control(struct bench *bench, u32 seed)
{
    struct ll_life_control control;
    memset(&control, 0, sizeof control);
    control.layout = LL_LIFE_LAYOUT;
    control.bucket_count = BUCKETS;
    control.overflow_count = OVERFLOWS;
    control.id_count = IDS;
    control.order_count = ORDERS;
    control.hash_seed = seed;
    control.epoch = 6;
    ll_words_from_life_control(bench->to_device + ll_link_window_at(SLOTS), control);
    say_control(bench, LL_BEAT_OP_LOAD, LL_PART_LIFE_CONTROL, 0, 1);
    run(bench, "load of the lifecycle's control", 1);
    say_control(bench, LL_BEAT_OP_RESET, LL_PART_LIFE_CONTROL, 0, 0);
    run(bench, "reset of the lifecycle", 1);
    bench->ids = 0;
}

static void run_distances(struct bench *bench)
{
    for (u32 distance = 1; distance <= LL_HOT_WINDOW + 2u; distance++) {
        for (u32 other = 0; other < distance; other++)
            say_update(bench, LL_OP_ADD, 100u * distance + other, 30, 500);
        for (u32 turn = 0; turn < 7u; turn++) {
            for (u32 other = 0; other < distance; other++)
                say_update(bench, LL_OP_EXECUTE, 100u * distance + other, 0, 3);
        }
        run(bench, "distances", 64);
    }
}

/* The host writes a table behind the kernel's back, one order's shares and one order's state: the next message
 * must see it. */
static void run_load_under_hot_lines(struct bench *bench)
{
    u64 *window = bench->to_device + ll_link_window_at(SLOTS);
    struct tables *plain = &bench->plain;
    say_update(bench, LL_OP_ADD, 4000, 12, 100);
    say_update(bench, LL_OP_EXECUTE, 4000, 0, 1);
    say_ask(bench, LL_LIFE_OP_OPEN, 4000, ORDERS - 1u, 100);
    say_ask(bench, LL_LIFE_OP_SUBMIT, 4000, 0, 0);
    run(bench, "before a load", 64);
    u32 at = ll_bucket_of(4000, plain->control->hash_seed, BUCKETS);
    struct ll_order_bucket bucket = plain->buckets[at];
    for (u32 way = 0; way < LL_BUCKET_WAYS; way++)
        bucket.shares[way] += 7u;
    ll_words_from_order_bucket(window, bucket);
    say_control(bench, LL_BEAT_OP_LOAD, LL_PART_BOOK_BUCKETS, at, 1);
    run(bench, "load of an order", 1);
    struct ll_life_order order = plain->life_orders[ORDERS - 1u];
    order.standing.quantity += 9u;
    order.standing.leaves += 9u;
    ll_words_from_life_order(window, order);
    say_control(bench, LL_BEAT_OP_LOAD, LL_PART_LIFE_ORDERS, ORDERS - 1u, 1);
    run(bench, "load of an order's state", 1);
    say_update(bench, LL_OP_EXECUTE, 4000, 0, 1);
    say_ask(bench, LL_LIFE_OP_FILL, 4000, 0, 3);
    run(bench, "after a load", 64);
}

/* What is in the tables, by HASH and by DUMP. */
static void run_looks(struct bench *bench)
{
    u32 window = ll_link_window_at(SLOTS);
    say_control(bench, LL_BEAT_OP_HASH, LL_PART_BOOK_BUCKETS, 0, BUCKETS);
    say_control(bench, LL_BEAT_OP_HASH, LL_PART_SIDES, 0, 2 * BOOKS);
    say_control(bench, LL_BEAT_OP_HASH, LL_PART_LIFE_BUCKETS, 0, BUCKETS + OVERFLOWS);
    say_control(bench, LL_BEAT_OP_HASH, LL_PART_LIFE_ORDERS, 0, ORDERS);
    say_control(bench, LL_BEAT_OP_HASH, LL_PART_LEAVES, 0, 1);
    say_control(bench, LL_BEAT_OP_LOAD, LL_PART_SIDES, 2 * BOOKS, 1);
    say_control(bench, LL_BEAT_OP_DUMP, LL_PART_COUNT, 0, 1);
    say_control(bench, LL_BEAT_OP_PING, 0, 0, 0);
    say_control(bench, LL_BEAT_OP_DUMP, LL_PART_SIDES, 0, 2 * BOOKS);
    run(bench, "hashes and dumps", 64);
    for (u32 i = 0; i < 2 * BOOKS * 4u; i++)
        ll_tb_equal_word(&bench->tb, "a dumped side", bench->top.from_device[window + i],
                         bench->plain.from_device[window + i]);
}

/* A flipped bit, and a kind that is no request's. */
static void run_broken(struct bench *bench)
{
    say_update(bench, LL_OP_ADD, 3000, 5, 5);
    bench->to_device[ll_link_slot_at(bench->next - 1u, SLOTS) + 2u] ^= 4u;
    say_update(bench, LL_OP_ADD, 3001, 5, 5);
    put(bench, LL_BEAT_BROKEN, ll_link_get(bench->to_device, SLOTS, bench->next - 1u));
    say_update(bench, LL_OP_DELETE, 3001, 0, 0);
    run(bench, "broken requests", 64);
}

int main(int count, char **words)
{
    static struct bench bench;
    ll_tb_begin(&bench.tb, count, words);
    bench.first = 0xfffffff0u; /* ordinals go over the edge of 32 bits */
    bench.next = bench.first;
    say_random(&bench, 5);
    run(&bench, "before any table", 64);
    for (u32 i = 0; i < 3u; i++) {
        load_book_control(&bench, i * 77u);
        load_life_control(&bench, i);
        run_resident(&bench, "resident, nothing to do", 0);
        say_random(&bench, 1);
        run(&bench, "one request", 64);
        run_distances(&bench);
        run_load_under_hot_lines(&bench);
        for (u32 round = 0; round < 20u; round++) {
            say_random(&bench, round % 4u == 0 ? SLOTS : 1u + ll_tb_random(&bench.tb, SLOTS));
            if (round % 3u == 1u)
                run_resident(&bench, "resident, to be stopped", 1);
            if (round % 3u != 0)
                run_resident(&bench, "resident", 0);
            else
                run(&bench, "random", round + 1u);
        }
        run_broken(&bench);
        run_looks(&bench);
    }
    return ll_tb_end(&bench.tb, "tb_gateway");
}
