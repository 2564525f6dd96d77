/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of the lifecycle half: each event in each state, pairs of asks at a distance, sizes of calls. */
#include "tests/device/ll_conf.h"
#include "tests/model/ll_life_script.h"

/* The keys of one order in a story. */
enum name {
    NAME_ORDER = 1,
    NAME_PROVIDER,
    NAME_NEXT, /* what a replace brings */
    NAME_REQUEST,
    NAME_CLIENT,
    NAME_FILL,
    NAME_OTHER_FILL,
    NAME_COUNT
};

/* One order of a shard: its number, and where its identifiers' numbers begin. */
struct story {
    struct ll_conf_shard *shard;
    uint32_t order;
    uint32_t ids;
};

static void set_key(uint64_t key[2], const struct story *story, uint32_t name)
{
    key[0] = story->order * 16u + name;
    key[1] = (uint64_t)1 << 63;
}

/* An ask about one of the order's names; what else it needs has been put in before. */
static void tell(struct ll_conf *conf, const struct story *story, struct ll_life_ask ask, uint32_t name,
                 uint32_t second)
{
    set_key(ask.key, story, name);
    ask.order = story->order;
    ask.id = story->ids + name;
    if (second != 0) {
        set_key(ask.new_key, story, second);
        ask.new_id = story->ids + second;
    }
    ll_conf_ask(conf, story->shard, &ask);
}

#define LOTS 100u

/* F(op, name, second name, quantity, type, status, flags) */
#define FORMS(F)                                                    \
    F(NONE, NAME_ORDER, 0, 0, 0, 0, 0)                              \
    F(OPEN, NAME_ORDER, 0, LOTS, 0, 0, 0)                           \
    F(ADD, NAME_PROVIDER, 0, 0, LL_ID_PROVIDER_REF, 0, 0)           \
    F(ADD, NAME_NEXT, 0, 0, LL_ID_PROVIDER_REF, 0, LL_LIFE_REQUEST) \
    F(ADD, NAME_REQUEST, 0, 0, LL_ID_CANCEL, 0, LL_LIFE_REQUEST)    \
    F(ADD, NAME_CLIENT, 0, 0, LL_ID_CLIENT_KEY, 0, 0)               \
    F(RESOLVE, NAME_ORDER, 0, 0, 0, 0, 0)                           \
    F(STATUS, NAME_ORDER, 0, 0, 0, LL_ID_STATUS_CANCELLED, 0)       \
    F(STATUS, NAME_PROVIDER, 0, 0, 0, LL_ID_STATUS_EXECUTED, 0)     \
    F(STATUS, NAME_ORDER, 0, 0, 0, LL_ID_STATUS_REPLACED, 0)        \
    F(SUBMIT, NAME_ORDER, 0, 0, 0, 0, 0)                            \
    F(ACK, NAME_ORDER, 0, 0, 0, 0, 0)                               \
    F(ACK, NAME_ORDER, 0, LOTS - 30, 0, 0, 0)                       \
    F(FILL, NAME_ORDER, NAME_FILL, 10, 0, 0, 0)                     \
    F(FILL, NAME_ORDER, NAME_OTHER_FILL, LOTS, 0, 0, 0)             \
    F(FILL, NAME_ORDER, NAME_OTHER_FILL, LOTS + 1, 0, 0, 0)         \
    F(FILL, NAME_ORDER, 0, 5, 0, 0, 0)                              \
    F(CANCEL, NAME_ORDER, 0, 20, 0, 0, 0)                           \
    F(CANCEL, NAME_ORDER, 0, LL_LIFE_ALL, 0, 0, 0)                  \
    F(REPLACE, NAME_PROVIDER, NAME_NEXT, 80, 0, 0, 0)               \
    F(REPLACE, NAME_ORDER, NAME_NEXT, 120, 0, 0, 0)                 \
    F(REPLACE, NAME_ORDER, NAME_ORDER, 90, 0, 0, 0)                 \
    F(REJECT, NAME_ORDER, 0, 0, 0, 0, 0)                            \
    F(REJECT, NAME_REQUEST, 0, 0, 0, 0, 0)                          \
    F(EXPIRE, NAME_ORDER, 0, 0, 0, 0, 0)                            \
    F(BUST, NAME_FILL, 0, 0, 0, 0, 0)                               \
    F(CORRECT, NAME_FILL, 0, 12, 0, 0, 0)                           \
    F(FAIL, NAME_ORDER, 0, 0, 0, 0, 0)                              \
    F(RETRY, NAME_ORDER, 0, 0, 0, 0, 0)                             \
    F(COUNT, NAME_ORDER, 0, 0, 0, 0, 0) /* no such op */

struct form {
    struct ll_life_ask ask;
    uint32_t name;
    uint32_t second;
};

static const struct form forms[] = {
#define FORM_ROW(operation, name, second, lots, kind, to, bits)                                           \
    {{.op = LL_LIFE_OP_##operation, .quantity = (lots), .type = (kind), .status = (to), .flags = (bits)}, \
     (name),                                                                                              \
     (second)},
    FORMS(FORM_ROW)
#undef FORM_ROW
};

enum { FORM_COUNT = sizeof forms / sizeof forms[0], DISTANCE_MAX = 16, FILLERS = 4 };

static void put_form(struct ll_conf *conf, const struct story *story, const struct form *form)
{
    tell(conf, story, form->ask, form->name, form->second);
}

static void put_op(struct ll_conf *conf, const struct story *story, uint8_t op, uint32_t quantity)
{
    tell(conf, story, (struct ll_life_ask){.op = op, .quantity = quantity}, NAME_ORDER, 0);
}

static void put_fill(struct ll_conf *conf, const struct story *story, uint32_t quantity, uint32_t second)
{
    tell(conf, story, (struct ll_life_ask){.op = LL_LIFE_OP_FILL, .quantity = quantity}, NAME_ORDER, second);
}

/* --- Each event in each state ----------------------------------------------------------------------------- */

/* Brings a new order into a state. */
static void bring(struct ll_conf *conf, const struct story *story, uint32_t state)
{
    put_op(conf, story, LL_LIFE_OP_OPEN, LOTS);
    if (state != LL_ORDER_PENDING && state != LL_ORDER_FAILED)
        put_op(conf, story, LL_LIFE_OP_SUBMIT, 0);
    if (state == LL_ORDER_NEW || state == LL_ORDER_PARTIALLY_FILLED || state == LL_ORDER_FILLED)
        put_op(conf, story, LL_LIFE_OP_ACK, 0);
    if (state == LL_ORDER_PARTIALLY_FILLED || state == LL_ORDER_FILLED)
        put_fill(conf, story, 10, NAME_FILL);
    if (state == LL_ORDER_FILLED)
        put_fill(conf, story, LOTS - 10, 0);
    if (state == LL_ORDER_CANCELLED)
        put_op(conf, story, LL_LIFE_OP_CANCEL, LL_LIFE_ALL);
    if (state == LL_ORDER_REJECTED)
        put_op(conf, story, LL_LIFE_OP_REJECT, 0);
    if (state == LL_ORDER_EXPIRED)
        put_op(conf, story, LL_LIFE_OP_EXPIRE, 0);
    if (state == LL_ORDER_FAILED)
        put_op(conf, story, LL_LIFE_OP_FAIL, 0);
}

/* In a state that has ended, and has no execution yet, a late fill brings one; where the order is filled, a
 * bust makes room for a part again. */
static void make_room(struct ll_conf *conf, const struct story *story, uint32_t state)
{
    if (state == LL_ORDER_CANCELLED || state == LL_ORDER_REJECTED || state == LL_ORDER_EXPIRED)
        put_fill(conf, story, 3, NAME_FILL);
    if (state == LL_ORDER_FILLED)
        tell(conf, story, (struct ll_life_ask){.op = LL_LIFE_OP_BUST}, NAME_FILL, 0);
}

void ll_conf_life_states(struct ll_conf *conf)
{
    uint32_t order = 0;
    if (!ll_conf_section_begin(conf, "life states"))
        return;
    uint32_t orders = 2 * LL_ORDER_STATE_COUNT * FORM_COUNT;
    struct ll_conf_shard *shard = ll_conf_shard_open(conf, orders, orders * NAME_COUNT);
    for (uint32_t state = LL_ORDER_PENDING; state < LL_ORDER_STATE_COUNT; state++)
        for (uint32_t form = 0; form < FORM_COUNT; form++)
            for (uint32_t with_room = 0; with_room < 2; with_room++, order++) {
                struct story story = {shard, order, order * NAME_COUNT};
                ll_conf_case(conf);
                bring(conf, &story, state);
                if (with_room != 0)
                    make_room(conf, &story, state);
                put_form(conf, &story, &forms[form]);
                put_op(conf, &story, LL_LIFE_OP_RESOLVE, 0);
            }
    ll_conf_shard_close(conf, shard);
    ll_conf_section_end(conf);
}

/* --- Pairs ------------------------------------------------------------------------------------------------ */

/* How far an order is when the first of a pair comes. */
static void put_setup(struct ll_conf *conf, const struct story *story, uint32_t setup)
{
    if (setup == 0)
        return; /* the key is not known */
    put_op(conf, story, LL_LIFE_OP_OPEN, LOTS);
    if (setup == 1)
        return;
    put_op(conf, story, LL_LIFE_OP_SUBMIT, 0);
    tell(conf, story, (struct ll_life_ask){.op = LL_LIFE_OP_ADD, .type = LL_ID_PROVIDER_REF}, NAME_PROVIDER,
         0);
    if (setup == 2)
        return;
    put_op(conf, story, LL_LIFE_OP_ACK, 0);
    put_fill(conf, story, 10, NAME_FILL);
}

/* Something about other orders of the shard, which stay alive. */
static void put_filler(struct ll_conf *conf, struct ll_conf_shard *shard, uint32_t at)
{
    struct story other = {shard, at % FILLERS, (at % FILLERS) * NAME_COUNT};
    if (at % 3 == 0)
        put_fill(conf, &other, 1, 0);
    else
        put_op(conf, &other, at % 3 == 1 ? LL_LIFE_OP_RESOLVE : LL_LIFE_OP_CANCEL, 1);
}

/* All distances of one pair: a shard of their own. */
static void put_pairs(struct ll_conf *conf, const struct form *a, const struct form *b, uint32_t round)
{
    uint32_t orders = FILLERS + DISTANCE_MAX;
    struct ll_conf_shard *shard = ll_conf_shard_open(conf, orders, orders * NAME_COUNT);
    for (uint32_t i = 0; i < FILLERS; i++) {
        struct story other = {shard, i, i * NAME_COUNT};
        put_op(conf, &other, LL_LIFE_OP_OPEN, 1000000);
    }
    for (uint32_t distance = 1; distance <= DISTANCE_MAX; distance++) {
        uint32_t order = FILLERS + distance - 1;
        struct story story = {shard, order, order * NAME_COUNT};
        ll_conf_case(conf);
        put_setup(conf, &story, (round + distance) % 4);
        put_form(conf, &story, a);
        for (uint32_t i = 0; i + 1 < distance; i++)
            put_filler(conf, shard, i + round);
        put_form(conf, &story, b);
    }
    ll_conf_shard_close(conf, shard);
}

void ll_conf_life_pairs(struct ll_conf *conf)
{
    if (!ll_conf_section_begin(conf, "life pairs"))
        return;
    for (uint32_t a = 0; a < FORM_COUNT; a++)
        for (uint32_t b = 0; b < FORM_COUNT; b++)
            put_pairs(conf, &forms[a], &forms[b], a + b);
    ll_conf_section_end(conf);
}

/* --- Sizes of calls --------------------------------------------------------------------------------------- */

void ll_conf_life_sizes(struct ll_conf *conf)
{
    static const uint32_t sizes[] = {1, 16, 64, 256, LL_CONF_ASKS_MAX};
    static struct ll_life_script script;
    const struct ll_life_shape *shape = &ll_life_shapes[1];
    struct ll_life_ask ask;
    if (!ll_conf_section_begin(conf, "life sizes"))
        return;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct ll_conf_shard *shard =
            ll_conf_shard_open(conf, shape->config.order_count, shape->config.id_count);
        ll_conf_case(conf);
        conf->ask_max = sizes[i];
        ll_life_script_init(&script, shape, conf->options->seed);
        for (uint32_t at = 0; at < (sizes[i] == 1 ? 300 : shape->asks); at++) {
            ll_life_script_next(&script, &ask);
            ll_conf_ask(conf, shard, &ask);
        }
        ll_conf_asks_flush(conf);
        ll_conf_shard_close(conf, shard);
    }
    ll_conf_section_end(conf);
}
