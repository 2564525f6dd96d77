/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of the book half: single steps, pairs of operations at a distance, sizes of submits. */
#include "hls/ll_orders.h"
#include "host/base/ll_assert.h"
#include "tests/device/ll_conf.h"
#include "tests/model/ll_book_script.h"

#include <inttypes.h>
#include <stdio.h>

/* --- Single steps ----------------------------------------------------------------------------------------- */

struct step {
    const char *name;
    struct ll_update update;
    enum ll_verdict verdict;
    uint32_t leaves;
    uint32_t removed;
};

#define STEP(text, operation, reference, second, side_, price_, shares, book_, outcome, left, gone) \
    {                                                                                               \
        (text),                                                                                     \
            {.ref = (reference),                                                                    \
             .new_ref = (second),                                                                   \
             .price = (price_),                                                                     \
             .quantity = (shares),                                                                  \
             .book = (book_),                                                                       \
             .op = (operation),                                                                     \
             .side = (side_)},                                                                      \
            LL_VERDICT_##outcome, (left), (gone)                                                    \
    }
#define NO_BOOK 0xfffffff0u

/* clang-format off */
/* In this order, on an empty book 1. What comes of each is written here, beside what the naive book says. */
static const struct step steps[] = {
    STEP("best prices of an empty book",  LL_OP_NONE,    0, 0, 0,   0,   0, 1, OK, 0, 0),
    STEP("best prices of no book",        LL_OP_NONE,    0, 0, 0,   0,   0, NO_BOOK, OK, 0, 0),
    STEP("execute what is not there",     LL_OP_EXECUTE, 1, 0, 0,   0,  10, 1, UNKNOWN_ID, 0, 0),
    STEP("cancel what is not there",      LL_OP_CANCEL,  1, 0, 0,   0,  10, 1, UNKNOWN_ID, 0, 0),
    STEP("delete what is not there",      LL_OP_DELETE,  1, 0, 0,   0,   0, 1, UNKNOWN_ID, 0, 0),
    STEP("replace what is not there",     LL_OP_REPLACE, 1, 2, 0, 100,  10, 1, UNKNOWN_ID, 0, 0),
    STEP("add",                           LL_OP_ADD,     1, 0, 0, 100,  50, 1, OK, 50, 0),
    STEP("add at the same price",         LL_OP_ADD,     2, 0, 0, 100,  60, 1, OK, 60, 0),
    STEP("add on the other side",         LL_OP_ADD,     3, 0, 1, 101,  70, 1, OK, 70, 0),
    STEP("add at price 0",                LL_OP_ADD,     4, 0, 0,   0,   1, 1, OK, 1, 0),
    STEP("add at the highest price",      LL_OP_ADD,     5, 0, 1, UINT32_MAX, 1, 1, OK, 1, 0),
    STEP("add of the most shares",        LL_OP_ADD,     6, 0, 0, 100, UINT32_MAX, 1, OK, UINT32_MAX, 0),
    STEP("add with reference 0",          LL_OP_ADD,     0, 0, 1, 102,   5, 1, OK, 5, 0),
    STEP("add with the last reference",   LL_OP_ADD, UINT64_MAX, 0, 1, 102, 6, 1, OK, 6, 0),
    STEP("add of nothing",                LL_OP_ADD,     9, 0, 0, 100,   0, 1, BAD_INPUT, 0, 0),
    STEP("add on no side",                LL_OP_ADD,     9, 0, 2, 100,  10, 1, BAD_INPUT, 0, 0),
    STEP("add to no book",                LL_OP_ADD,     9, 0, 0, 100,  10, NO_BOOK, TABLE_FULL, 0, 0),
    STEP("add again: the new one counts", LL_OP_ADD,     2, 0, 1, 103,  61, 1, DUPLICATE, 61, 60),
    STEP("execute of nothing",            LL_OP_EXECUTE, 1, 0, 0,   0,   0, 1, BAD_INPUT, 0, 0),
    STEP("execute a part",                LL_OP_EXECUTE, 1, 0, 0,   0,  20, 1, OK, 30, 20),
    STEP("execute, another book named",   LL_OP_EXECUTE, 1, 0, 0,   0,  10, 2, BOOK_MISMATCH, 20, 10),
    STEP("execute more than there is",    LL_OP_EXECUTE, 1, 0, 0,   0,  21, 1, OVERFILL, 0, 20),
    STEP("and it is gone",                LL_OP_EXECUTE, 1, 0, 0,   0,   1, 1, UNKNOWN_ID, 0, 0),
    STEP("execute all",                   LL_OP_EXECUTE, 3, 0, 0,   0,  70, 1, OK, 0, 70),
    STEP("cancel of nothing",             LL_OP_CANCEL,  2, 0, 0,   0,   0, 1, BAD_INPUT, 0, 0),
    STEP("cancel a part",                 LL_OP_CANCEL,  2, 0, 0,   0,   1, 1, OK, 60, 1),
    STEP("cancel, no book named",         LL_OP_CANCEL,  2, 0, 0,   0,  10, NO_BOOK, BOOK_MISMATCH, 50, 10),
    STEP("cancel more than there is",     LL_OP_CANCEL,  2, 0, 0,   0,  99, 1, OVERFILL, 0, 50),
    STEP("replace",                       LL_OP_REPLACE, 6, 7, 1,  99,  40, 1, OK, 40, UINT32_MAX),
    STEP("replace by itself",             LL_OP_REPLACE, 7, 7, 0,  98,  41, 1, OK, 41, 40),
    STEP("replace, another book named",   LL_OP_REPLACE, 7, 8, 0,  98,  42, 2, BOOK_MISMATCH, 42, 41),
    STEP("replace by one that is live",   LL_OP_REPLACE, 8, 4, 0,  97,  43, 1, DUPLICATE, 43, 42),
    STEP("replace by nothing",            LL_OP_REPLACE, 4, 9, 0,  97,   0, 1, BAD_INPUT, 0, 43),
    STEP("and the old one is gone",       LL_OP_DELETE,  4, 0, 0,   0,   0, 1, UNKNOWN_ID, 0, 0),
    STEP("delete",                        LL_OP_DELETE,  5, 0, 0,   0,   0, 1, OK, 0, 1),
    STEP("delete, another book named",    LL_OP_DELETE,  0, 0, 0,   0,   0, 2, BOOK_MISMATCH, 0, 5),
    STEP("delete the last one",           LL_OP_DELETE, UINT64_MAX, 0, 0, 0, 0, 1, OK, 0, 6),
    STEP("no such operation",             6,             1, 0, 0,   0,   1, 1, BAD_INPUT, 0, 0),
    STEP("nor the last number",           255,           1, 0, 0,   0,   1, 1, BAD_INPUT, 0, 0),
    STEP("best prices again",             LL_OP_NONE,    0, 0, 0,   0,   0, 1, OK, 0, 0),
};
/* clang-format on */

void ll_conf_book_steps(struct ll_conf *conf)
{
    if (!ll_conf_section_begin(conf, "book steps"))
        return;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && !conf->failed; i++) {
        const struct step *step = &steps[i];
        const struct ll_result *result = &conf->last_result;
        ll_conf_case(conf);
        ll_conf_update(conf, &step->update);
        ll_conf_updates_flush(conf);
        if (result->verdict != step->verdict || result->leaves != step->leaves ||
            result->removed != step->removed)
            ll_conf_fail(conf, "%s: verdict %u, leaves %u, removed %u; %u, %u, %u must come", step->name,
                         result->verdict, result->leaves, result->removed, step->verdict, step->leaves,
                         step->removed);
    }
    ll_conf_section_end(conf);
}

void ll_conf_nothing(struct ll_conf *conf)
{
    struct ll_update update = {.op = LL_OP_NONE};
    struct ll_result result;
    struct ll_life_ask ask = {.op = LL_LIFE_OP_NONE};
    struct ll_life_answer answer;
    if (!ll_conf_section_begin(conf, "nothing"))
        return;
    for (uint32_t i = 0; i < 3; i++) {
        ll_conf_case(conf);
        if (ll_device_submit(conf->device, &update, 0) != 0)
            ll_conf_fail(conf, "a submit of nothing took something");
        if (ll_device_poll(conf->device, &result, 1) != 0 || ll_device_poll(conf->device, &result, 0) != 0)
            ll_conf_fail(conf, "a result of nothing");
        if (conf->tables->life.ids != 0)
            ll_device_ask(conf->device, &ask, &answer, 0);
        ll_conf_update(conf, &update);
        ll_conf_updates_flush(conf);
        ll_device_tend(conf->device);
    }
    ll_conf_section_end(conf);
}

/* --- Pairs ------------------------------------------------------------------------------------------------ */

/* F(op, quantity, key is new_ref too, price, book): what is done to a key that has 100 shares in book 3, if it
 * lives. */
#define FORMS(F)                                             \
    F(LL_OP_NONE, 0, 0, 500, 3)                              \
    F(LL_OP_ADD, 100, 0, 500, 3)                             \
    F(LL_OP_ADD, 70, 0, 507, 4)                              \
    F(LL_OP_ADD, 0, 0, 500, 3)                               \
    F(LL_OP_EXECUTE, 1, 0, 0, 3)                             \
    F(LL_OP_EXECUTE, 100, 0, 0, 3)                           \
    F(LL_OP_CANCEL, 99, 0, 0, 3)                             \
    F(LL_OP_CANCEL, 101, 0, 0, 3)                            \
    F(LL_OP_DELETE, 0, 0, 0, 3)                              \
    F(LL_OP_DELETE, 0, 0, 0, 4)                              \
    F(LL_OP_REPLACE, 30, 0, 501, 3) /* the key by another */ \
    F(LL_OP_REPLACE, 40, 1, 500, 3) /* by itself */          \
    F(LL_OP_REPLACE, 50, 2, 502, 3) /* another by the key */ \
    F(LL_OP_REPLACE, 0, 0, 500, 3)                           \
    F(LL_OP_REPLACE + 1, 1, 0, 500, 3)

struct form {
    uint8_t op;
    uint32_t quantity;
    uint32_t way; /* 0: the key is the reference; 1: both; 2: the new reference */
    uint32_t price;
    uint32_t book;
};

static const struct form forms[] = {
#define FORM_ROW(op, quantity, way, price, book) {(op), (quantity), (way), (price), (book)},
    FORMS(FORM_ROW)
#undef FORM_ROW
};

enum { FORM_COUNT = sizeof forms / sizeof forms[0], DISTANCE_MAX = 16, FILLERS = DISTANCE_MAX - 1 };

/* References of the pairs: the key, another one, and those of the orders between. */
struct pair_refs {
    uint64_t key;
    uint64_t other;
    uint64_t filler[FILLERS];
};

/* Of one bucket, all of them, or anywhere. */
static void make_refs(struct ll_conf *conf, struct pair_refs *refs, bool is_one_bucket)
{
    const struct ll_book_control *control = ll_device_book(conf->device)->control;
    uint64_t found[2 + FILLERS];
    for (uint32_t count = 0; count < 2 + FILLERS;) {
        found[count] = ll_prng_next(&conf->prng);
        count += !is_one_bucket || ll_bucket_of(found[count], control->hash_seed, control->bucket_count) == 7;
    }
    refs->key = found[0];
    refs->other = found[1];
    for (uint32_t i = 0; i < FILLERS; i++)
        refs->filler[i] = found[2 + i];
}

static void put(struct ll_conf *conf, uint8_t op, uint64_t ref, uint64_t new_ref, uint32_t price,
                uint32_t quantity, uint32_t book)
{
    struct ll_update update = {
        .ref = ref, .new_ref = new_ref, .price = price, .quantity = quantity, .book = book, .op = op};
    ll_conf_update(conf, &update);
}

static void put_form(struct ll_conf *conf, const struct pair_refs *refs, const struct form *form)
{
    uint64_t ref = form->way == 2 ? refs->other : refs->key;
    uint64_t new_ref = form->way == 0 ? refs->other : refs->key;
    put(conf, form->op, ref, new_ref, form->price, form->quantity, form->book);
}

/* Something else, on the level of the key or beside it, that leaves its order alive. */
static void put_filler(struct ll_conf *conf, const struct pair_refs *refs, uint32_t at, uint32_t round)
{
    uint64_t ref = refs->filler[at];
    if ((at + round) % 3 == 0)
        put(conf, LL_OP_EXECUTE, ref, 0, 0, 1, 3);
    else if ((at + round) % 3 == 1)
        put(conf, LL_OP_REPLACE, ref, ref, 500 + (at + round) % 4, 1000000, 3);
    else
        put(conf, LL_OP_ADD, ref, 0, 499 + at % 3, 1000000, 3); /* again */
}

static void put_pair(struct ll_conf *conf, const struct pair_refs *refs, const struct form *a,
                     const struct form *b, uint32_t distance, uint32_t round)
{
    ll_conf_case(conf);
    if ((round & 1u) != 0)
        put(conf, LL_OP_ADD, refs->key, 0, 500, 100, 3);
    if (a->way == 2 || b->way == 2)
        put(conf, LL_OP_ADD, refs->other, 0, 500, 100, 3);
    put_form(conf, refs, a);
    for (uint32_t i = 0; i + 1 < distance; i++)
        put_filler(conf, refs, i, round);
    put_form(conf, refs, b);
    put(conf, LL_OP_DELETE, refs->key, 0, 0, 0, 3);
    put(conf, LL_OP_DELETE, refs->other, 0, 0, 0, 3);
}

/* `rounds`: 1 = only with a key that lives before, 2 = also with one that does not. */
static void put_all_pairs(struct ll_conf *conf, const struct pair_refs *refs, uint32_t rounds)
{
    for (uint32_t i = 0; i < FILLERS; i++)
        put(conf, LL_OP_ADD, refs->filler[i], 0, 500, 1000000, 3);
    for (uint32_t round = 2 - rounds; round < 2; round++)
        for (uint32_t a = 0; a < FORM_COUNT; a++)
            for (uint32_t b = 0; b < FORM_COUNT; b++)
                for (uint32_t distance = 1; distance <= DISTANCE_MAX; distance++)
                    put_pair(conf, refs, &forms[a], &forms[b], distance, round);
    for (uint32_t i = 0; i < FILLERS; i++)
        put(conf, LL_OP_DELETE, refs->filler[i], 0, 0, 0, 3);
    ll_conf_updates_flush(conf);
}

void ll_conf_book_pairs(struct ll_conf *conf)
{
    static const struct {
        const char *name;
        uint32_t submit_max;
        uint32_t rounds;
        bool is_one_bucket;
    } ways[] = {
        {"book pairs 1024", 1024, 2, true}, {"book pairs 64", 64, 2, false}, {"book pairs 16", 16, 1, true}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct pair_refs refs;
        if (!ll_conf_section_begin(conf, ways[i].name))
            return;
        conf->submit_max = ways[i].submit_max;
        make_refs(conf, &refs, ways[i].is_one_bucket);
        put_all_pairs(conf, &refs, ways[i].rounds);
        ll_conf_section_end(conf);
    }
}

/* --- Sizes of submits ------------------------------------------------------------------------------------- */

static void run_size(struct ll_conf *conf, uint32_t submit_max, uint32_t count)
{
    static struct ll_book_script script;
    char name[32];
    struct ll_update update;
    (void)snprintf(name, sizeof name, "book size %u", submit_max);
    ll_conf_case(conf);
    conf->submit_max = submit_max;
    ll_book_script_init(&script, &ll_book_shapes[1], conf->options->seed);
    for (uint32_t i = 0; i < count; i++) {
        ll_book_script_next(&script, &update);
        ll_conf_update(conf, &update);
    }
    ll_conf_updates_flush(conf);
}

void ll_conf_book_sizes(struct ll_conf *conf)
{
    static const uint32_t sizes[] = {1, 16, 64, 256, 1024, LL_CONF_PENDING_MAX};
    if (!ll_conf_section_begin(conf, "book sizes"))
        return;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        run_size(conf, sizes[i], sizes[i] == 1 ? 300 : 2500);
    ll_conf_section_end(conf);
}
