/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: each rule of identifiers and orders that hls/ll_life_records.h states, by name.
 * Method: short histories, each answer's fields as the rule says them; beside that the naive model sees every
 * ask too, and the memory is walked after each history. The cells of the table of states go through the step
 * alone, because some of them no history reaches. Memory: attach refuses what is none, and the check finds
 * each kind of damage.
 */
#include "hls/ll_life.h"
#include "host/core/ll_life_memory.h"
#include "tests/model/ll_life_pair.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { ORDER_KEY = 1, REF = 100, NEW_REF = 200, MATCH = 1000 };

static struct ll_life_pair pair;
static struct ll_life_answer last;
static uint32_t next_id;
static uint64_t next_seq;

static void setup(void)
{
    const struct ll_life_pair_config config = {.bucket_count = 16,
                                               .overflow_count = 8,
                                               .id_count = 40,
                                               .order_count = 4,
                                               .hash_seed = 7,
                                               .epoch = 3};
    ll_life_pair_init(&pair, &config);
    next_id = 0;
    next_seq = 0;
}

static void teardown(void)
{
    char text[LL_LIFE_PAIR_TEXT_BYTES];
    ck_assert_msg(ll_life_pair_compare_all(&pair, text), "%s", text);
    ll_life_pair_deinit(&pair);
}

/* Returns the verdict; `last` has the rest. */
static uint32_t ask(struct ll_life_ask given)
{
    char text[LL_LIFE_PAIR_TEXT_BYTES];
    given.seq = ++next_seq;
    ll_life_pair_run(&pair, &given, &last, 1, 1);
    ck_assert_msg(ll_life_pair_expect(&pair, &given, &last, text), "%s", text);
    return last.verdict;
}

static uint32_t open_order(uint32_t order, uint64_t key, uint32_t quantity)
{
    return ask((struct ll_life_ask){
        .op = LL_LIFE_OP_OPEN, .key = {key, 0}, .order = order, .id = next_id++, .quantity = quantity});
}

static uint32_t add(uint32_t order, uint32_t type, uint64_t key, uint32_t flags)
{
    return ask((struct ll_life_ask){.op = LL_LIFE_OP_ADD,
                                    .key = {key, 0},
                                    .order = order,
                                    .type = (uint8_t)type,
                                    .flags = (uint8_t)flags,
                                    .id = next_id++});
}

static uint32_t event(uint32_t op, uint64_t key, uint32_t quantity)
{
    return ask((struct ll_life_ask){.op = (uint8_t)op, .key = {key, 0}, .quantity = quantity});
}

static uint32_t fill(uint64_t key, uint32_t quantity, uint64_t match)
{
    return ask((struct ll_life_ask){.op = LL_LIFE_OP_FILL,
                                    .key = {key, 0},
                                    .quantity = quantity,
                                    .new_key = {match, 0},
                                    .new_id = match != 0 ? next_id++ : 0});
}

static uint32_t replace(uint64_t old, uint64_t new_key, uint32_t open)
{
    return ask((struct ll_life_ask){.op = LL_LIFE_OP_REPLACE,
                                    .key = {old, 0},
                                    .new_key = {new_key, 0},
                                    .new_id = next_id++,
                                    .quantity = open});
}

static uint32_t status(uint64_t key, uint32_t to)
{
    return ask((struct ll_life_ask){.op = LL_LIFE_OP_STATUS, .key = {key, 0}, .status = (uint8_t)to});
}

static uint32_t resolve(uint64_t key)
{
    return event(LL_LIFE_OP_RESOLVE, key, 0);
}

/* Order 0 of 100 lots, acknowledged, with its provider_ref REF. */
static void working_order(void)
{
    ck_assert_uint_eq(open_order(0, ORDER_KEY, 100), LL_VERDICT_OK);
    ck_assert_uint_eq(add(0, LL_ID_PROVIDER_REF, REF, 0), LL_VERDICT_OK);
    ck_assert_uint_eq(event(LL_LIFE_OP_SUBMIT, ORDER_KEY, 0), LL_VERDICT_OK);
    ck_assert_uint_eq(event(LL_LIFE_OP_ACK, REF, 0), LL_VERDICT_OK);
    ck_assert_uint_eq(last.state_after, LL_ORDER_NEW);
}

static void expect_lots(uint32_t quantity, uint32_t leaves, uint32_t cumulative, uint32_t booked)
{
    ck_assert_uint_eq(last.quantity, quantity);
    ck_assert_uint_eq(last.leaves, leaves);
    ck_assert_uint_eq(last.cumulative, cumulative);
    ck_assert_uint_eq(last.booked, booked);
}

#define EXPECT(asked, wanted) ck_assert_uint_eq((asked), LL_VERDICT_##wanted)
#define STATE(wanted)         ck_assert_uint_eq(last.state_after, LL_ORDER_##wanted)

/* --- Identifiers ---------------------------------------------------------------------------------------- */

START_TEST(open_rules)
{
    EXPECT(open_order(0, ORDER_KEY, 100), OK);
    STATE(PENDING);
    expect_lots(100, 100, 0, 0);
    ck_assert_uint_eq(last.state_before, LL_ORDER_NONE);
    ck_assert_uint_eq(last.type, LL_ID_ORDER);
    ck_assert_uint_eq(last.status, LL_ID_STATUS_ACTIVE);
    ck_assert_uint_eq(last.flags, LL_LIFE_FOUND);
    ck_assert_uint_eq(last.epoch, 3);
    EXPECT(open_order(0, ORDER_KEY, 55), DUPLICATE);
    expect_lots(100, 100, 0, 0);
    ck_assert_uint_eq(last.id, 0);
    EXPECT(open_order(1, ORDER_KEY, 55), ID_TAKEN);
    ck_assert_uint_eq(last.other_order, 0);
    EXPECT(open_order(0, 2, 55), BAD_INPUT); /* the number is in use */
    EXPECT(open_order(1, 2, 0), BAD_INPUT);
    EXPECT(open_order(1, 0, 5), BAD_INPUT);
    EXPECT(open_order(4, 2, 5), TABLE_FULL);
    EXPECT(
        ask((struct ll_life_ask){.op = LL_LIFE_OP_OPEN, .key = {2, 0}, .order = 1, .id = 0, .quantity = 5}),
        BAD_INPUT);
    EXPECT(
        ask((struct ll_life_ask){.op = LL_LIFE_OP_OPEN, .key = {2, 0}, .order = 1, .id = 40, .quantity = 5}),
        TABLE_FULL);
    ck_assert_uint_eq(last.flags, 0);
    EXPECT(open_order(1, 2, UINT32_MAX), OK);
    EXPECT(add(0, LL_ID_STOPLOSS, 2, 0), ID_TAKEN);
    ck_assert_uint_eq(last.other_order, 1);
}
END_TEST

/* The story the gateway is for: a second stop-loss, and then the first one is confirmed. */
START_TEST(every_identifier_resolves_for_ever)
{
    working_order();
    EXPECT(add(0, LL_ID_STOPLOSS, 50, 0), OK);
    ck_assert_uint_eq(last.previous, LL_LIFE_NONE);
    uint32_t first = last.id;
    EXPECT(add(0, LL_ID_STOPLOSS, 51, 0), OK);
    ck_assert_uint_eq(last.previous, first);
    EXPECT(add(0, LL_ID_STOPLOSS, 52, 0), OK);
    EXPECT(resolve(50), OK);
    ck_assert_uint_eq(last.order, 0);
    ck_assert_uint_eq(last.type, LL_ID_STOPLOSS);
    ck_assert_uint_eq(last.status, LL_ID_STATUS_REPLACED);
    ck_assert((last.flags & LL_LIFE_LATE) != 0);
    EXPECT(fill(50, 10, MATCH), OK);
    expect_lots(100, 90, 10, 10);
    ck_assert((last.flags & LL_LIFE_LATE) != 0);
    EXPECT(status(50, LL_ID_STATUS_EXECUTED), LATE);
    ck_assert_uint_eq(ll_life_load(pair.life.buckets, pair.life.places[first]).replaced_by, first + 1);
    EXPECT(resolve(53), UNKNOWN_ID);
    ck_assert_uint_eq(last.order, LL_LIFE_NONE);
}
END_TEST

START_TEST(add_rules)
{
    working_order();
    EXPECT(add(0, LL_ID_CLOSE, 60, 0), OK);
    EXPECT(add(0, LL_ID_CLOSE, 60, 0), DUPLICATE);
    EXPECT(add(0, LL_ID_CANCEL, 60, 0), ID_TAKEN); /* another type of the same order */
    ck_assert_uint_eq(last.other_order, 0);
    EXPECT(add(1, LL_ID_CLOSE, 61, 0), UNKNOWN_ID); /* no such order */
    EXPECT(add(9, LL_ID_CLOSE, 61, 0), UNKNOWN_ID);
    EXPECT(add(0, LL_ID_EXECUTION, 61, 0), BAD_INPUT);
    EXPECT(add(0, LL_ID_TYPE_COUNT, 61, 0), BAD_INPUT);
    EXPECT(add(0, LL_ID_CLOSE, 61, 2), BAD_INPUT);
    EXPECT(add(0, LL_ID_CLOSE, 0, 0), BAD_INPUT);
    EXPECT(ask((struct ll_life_ask){.op = LL_LIFE_OP_ADD, .key = {61, 0}, .id = 40}), TABLE_FULL);
    EXPECT(ask((struct ll_life_ask){.op = LL_LIFE_OP_ADD, .key = {61, 0}, .id = 0}), BAD_INPUT);
    EXPECT(resolve(61), UNKNOWN_ID);
    EXPECT(add(0, LL_ID_CLIENT_KEY, 62, 0), OK);
    EXPECT(add(0, LL_ID_CLIENT_KEY, 63, 0), OK); /* replaces none */
    ck_assert_uint_eq(last.previous, LL_LIFE_NONE);
    EXPECT(resolve(62), OK);
    ck_assert_uint_eq(last.status, LL_ID_STATUS_ACTIVE);
    EXPECT(ask((struct ll_life_ask){.op = LL_LIFE_OP_NONE, .key = {62, 0}}), OK);
    EXPECT(ask((struct ll_life_ask){.op = LL_LIFE_OP_COUNT, .key = {62, 0}}), BAD_INPUT);
    EXPECT(ask((struct ll_life_ask){.op = 255}), BAD_INPUT);
}
END_TEST

/* Both words of a key are compared. */
START_TEST(keys_are_whole)
{
    EXPECT(
        ask((struct ll_life_ask){.op = LL_LIFE_OP_OPEN, .key = {1, 1}, .order = 0, .id = 0, .quantity = 5}),
        OK);
    EXPECT(
        ask((struct ll_life_ask){.op = LL_LIFE_OP_OPEN, .key = {1, 2}, .order = 1, .id = 1, .quantity = 5}),
        OK);
    EXPECT(
        ask((struct ll_life_ask){.op = LL_LIFE_OP_OPEN, .key = {0, 1}, .order = 2, .id = 2, .quantity = 5}),
        OK);
    for (uint32_t order = 0; order < 3; order++) {
        EXPECT(ask((struct ll_life_ask){.op = LL_LIFE_OP_RESOLVE, .key = {order != 2, order == 1 ? 2 : 1}}),
               OK);
        ck_assert_uint_eq(last.order, order);
    }
    EXPECT(ask((struct ll_life_ask){.op = LL_LIFE_OP_RESOLVE, .key = {1, 0}}), UNKNOWN_ID);
    EXPECT(ask((struct ll_life_ask){.op = LL_LIFE_OP_RESOLVE, .key = {0, 0}}), UNKNOWN_ID);
    /* More than there are buckets, so that some share one: each word alone tells keys of a bucket apart. */
    for (uint32_t i = 0; i < 18; i++) {
        struct ll_life_ask same_first = {.op = LL_LIFE_OP_ADD, .key = {1, 10 + i}, .type = LL_ID_CLIENT_KEY};
        struct ll_life_ask same_second = {.op = LL_LIFE_OP_ADD, .key = {10 + i, 1}, .type = LL_ID_CLIENT_KEY};
        same_first.id = 3 + 2 * i;
        same_second.id = 4 + 2 * i;
        EXPECT(ask(same_first), OK);
        EXPECT(ask(same_second), OK);
    }
}
END_TEST

/* One bucket's keys: as many as a chain may have, and then the table is full for this key alone. */
START_TEST(chain_has_an_end)
{
    const struct ll_life_control *control = pair.life.control;
    uint64_t key = 1000;
    EXPECT(open_order(0, ORDER_KEY, 100), OK);
    uint32_t home = ll_life_bucket_of(ORDER_KEY, 0, control->hash_seed, control->bucket_count);
    for (uint32_t in_chain = 1; in_chain <= LL_LIFE_CHAIN_MAX * LL_LIFE_WAYS; in_chain++) {
        do
            key++;
        while (ll_life_bucket_of(key, 0, control->hash_seed, control->bucket_count) != home);
        bool has_room = in_chain < LL_LIFE_CHAIN_MAX * LL_LIFE_WAYS;
        ck_assert_uint_eq(add(0, LL_ID_CLIENT_KEY, key, 0), has_room ? LL_VERDICT_OK : LL_VERDICT_TABLE_FULL);
    }
    ck_assert_uint_eq(control->overflow_used, LL_LIFE_CHAIN_MAX - 1);
    EXPECT(fill(ORDER_KEY, 10, key), TABLE_FULL); /* nothing is booked */
    expect_lots(100, 100, 0, 0);
    EXPECT(replace(ORDER_KEY, key, 10), TABLE_FULL);
    expect_lots(100, 100, 0, 0);
    EXPECT(fill(ORDER_KEY, 10, 0), OUT_OF_ORDER);
}
END_TEST

START_TEST(status_rules)
{
    static const uint32_t want[4][4] = {
        {LL_VERDICT_DUPLICATE, LL_VERDICT_ILLEGAL_TRANSITION, LL_VERDICT_OK, LL_VERDICT_OK},
        {LL_VERDICT_ILLEGAL_TRANSITION, LL_VERDICT_DUPLICATE, LL_VERDICT_LATE, LL_VERDICT_LATE},
        {LL_VERDICT_ILLEGAL_TRANSITION, LL_VERDICT_ILLEGAL_TRANSITION, LL_VERDICT_DUPLICATE, LL_VERDICT_LATE},
        {LL_VERDICT_ILLEGAL_TRANSITION, LL_VERDICT_ILLEGAL_TRANSITION, LL_VERDICT_ILLEGAL_TRANSITION,
         LL_VERDICT_DUPLICATE}};
    working_order();
    for (uint32_t from = 0; from < 4; from++)
        for (uint32_t to = 0; to < 4; to++) {
            uint64_t key = 300 + from * 4 + to;
            EXPECT(add(0, LL_ID_TAKEPROFIT, key, 0), OK);
            if (from == LL_ID_STATUS_REPLACED)
                EXPECT(add(0, LL_ID_TAKEPROFIT, key + 100, 0), OK);
            else if (from != LL_ID_STATUS_ACTIVE)
                EXPECT(status(key, from), OK);
            ck_assert_uint_eq(status(key, to), want[from][to]);
            bool moves = want[from][to] == LL_VERDICT_OK || want[from][to] == LL_VERDICT_LATE;
            ck_assert_uint_eq(last.status, moves ? to : from);
            ck_assert_int_eq((last.flags & LL_LIFE_LATE) != 0, from != LL_ID_STATUS_ACTIVE);
        }
    EXPECT(status(300, 4), BAD_INPUT);
    EXPECT(status(999, 0), UNKNOWN_ID);
}
END_TEST

/* An identifier that ended left its slot: the next one replaces nothing. */
START_TEST(ended_identifier_is_not_replaced)
{
    working_order();
    EXPECT(add(0, LL_ID_MODIFY, 70, 0), OK);
    EXPECT(status(70, LL_ID_STATUS_EXECUTED), OK);
    EXPECT(add(0, LL_ID_MODIFY, 71, 0), OK);
    ck_assert_uint_eq(last.previous, LL_LIFE_NONE);
    EXPECT(resolve(70), OK);
    ck_assert_uint_eq(last.status, LL_ID_STATUS_EXECUTED);
}
END_TEST

/* --- Fills ---------------------------------------------------------------------------------------------- */

START_TEST(fill_rules)
{
    working_order();
    EXPECT(fill(REF, 30, MATCH), OK);
    STATE(PARTIALLY_FILLED);
    expect_lots(100, 70, 30, 30);
    ck_assert_uint_eq(last.event, LL_EVENT_PARTIAL_FILL);
    EXPECT(fill(REF, 30, MATCH), DUPLICATE); /* the same execution */
    expect_lots(100, 70, 30, 0);
    EXPECT(fill(REF, 30, 0), OK); /* no execution is named: booked */
    expect_lots(100, 40, 60, 30);
    EXPECT(fill(REF, 0, MATCH + 1), BAD_INPUT);
    EXPECT(fill(999, 1, MATCH + 1), UNKNOWN_ID);
    EXPECT(fill(REF, 1, ORDER_KEY), ID_TAKEN); /* no execution of this order */
    EXPECT(fill(REF, 40, MATCH + 1), OK);
    STATE(FILLED);
    ck_assert_uint_eq(last.event, LL_EVENT_FILL);
    ck_assert((last.flags & LL_LIFE_ENDED) != 0);
    expect_lots(100, 0, 100, 40);
    EXPECT(resolve(MATCH + 1), OK);
    ck_assert_uint_eq(last.type, LL_ID_EXECUTION);
    ck_assert_uint_eq(last.status, LL_ID_STATUS_EXECUTED);
    EXPECT(status(MATCH + 1, LL_ID_STATUS_CANCELLED), ILLEGAL_TRANSITION);
    EXPECT(status(MATCH + 1, LL_ID_STATUS_EXECUTED), DUPLICATE);
}
END_TEST

START_TEST(fill_of_two_orders_by_one_key)
{
    working_order();
    EXPECT(open_order(1, 2, 100), OK);
    EXPECT(fill(REF, 30, MATCH), OK);
    EXPECT(fill(2, 30, MATCH), ID_TAKEN);
    ck_assert_uint_eq(last.order, 1);
    ck_assert_uint_eq(last.other_order, 0);
    expect_lots(100, 100, 0, 0);
}
END_TEST

START_TEST(overfill_rules)
{
    working_order();
    EXPECT(fill(REF, 130, MATCH), OVERFILL);
    STATE(FILLED);
    expect_lots(100, 0, 130, 130);
    EXPECT(fill(REF, 1, MATCH + 1), OVERFILL);
    expect_lots(100, 0, 131, 1);
    ck_assert((last.flags & LL_LIFE_LATE) != 0);
    EXPECT(fill(REF, UINT32_MAX - 130, MATCH + 2), BAD_INPUT); /* beyond 32 bits */
    expect_lots(100, 0, 131, 0);
    EXPECT(resolve(MATCH + 2), UNKNOWN_ID);
    EXPECT(fill(REF, UINT32_MAX - 131, MATCH + 2), OVERFILL);
    expect_lots(100, 0, UINT32_MAX, UINT32_MAX - 131);
}
END_TEST

START_TEST(late_fill_rules)
{
    working_order();
    EXPECT(fill(REF, 30, MATCH), OK);
    EXPECT(event(LL_LIFE_OP_CANCEL, REF, 70), OK);
    STATE(CANCELLED);
    expect_lots(100, 0, 30, 70);
    EXPECT(fill(REF, 20, MATCH + 1), LATE);
    STATE(CANCELLED);
    expect_lots(100, 0, 50, 20);
    EXPECT(fill(REF, 50, MATCH + 2), LATE); /* a fill wins: all of it, after all */
    STATE(FILLED);
    ck_assert((last.flags & LL_LIFE_ENDED) == 0);
}
END_TEST

START_TEST(early_fill_rules)
{
    EXPECT(open_order(0, ORDER_KEY, 100), OK);
    EXPECT(event(LL_LIFE_OP_SUBMIT, ORDER_KEY, 0), OK);
    EXPECT(fill(ORDER_KEY, 60, MATCH), OUT_OF_ORDER);
    STATE(PARTIALLY_FILLED);
    ck_assert((last.flags & LL_LIFE_ACKED) == 0);
    EXPECT(event(LL_LIFE_OP_ACK, ORDER_KEY, 0), OK); /* adds only what it tells */
    STATE(PARTIALLY_FILLED);
    EXPECT(event(LL_LIFE_OP_ACK, ORDER_KEY, 0), DUPLICATE);
    ck_assert((last.flags & LL_LIFE_ACKED) != 0);
}
END_TEST

START_TEST(bust_and_correct_rules)
{
    working_order();
    EXPECT(fill(REF, 30, MATCH), OK);
    EXPECT(fill(REF, 20, MATCH + 1), OK);
    EXPECT(event(LL_LIFE_OP_BUST, REF, 0), BAD_INPUT); /* no execution */
    EXPECT(event(LL_LIFE_OP_BUST, MATCH, 0), OK);
    expect_lots(70, 50, 20, 30); /* leaves stay */
    ck_assert_uint_eq(last.status, LL_ID_STATUS_CANCELLED);
    EXPECT(event(LL_LIFE_OP_BUST, MATCH, 0), DUPLICATE);
    EXPECT(event(LL_LIFE_OP_CORRECT, MATCH, 5), ILLEGAL_TRANSITION);
    EXPECT(fill(REF, 30, MATCH), DUPLICATE);
    EXPECT(event(LL_LIFE_OP_CORRECT, MATCH + 1, 0), BAD_INPUT);
    EXPECT(event(LL_LIFE_OP_CORRECT, MATCH + 1, 20), OK); /* the price alone */
    expect_lots(70, 50, 20, 0);
    EXPECT(event(LL_LIFE_OP_CORRECT, MATCH + 1, 15), OK);
    expect_lots(65, 50, 15, (uint32_t)-5);
    EXPECT(event(LL_LIFE_OP_CORRECT, MATCH + 1, 66), OVERFILL);
    expect_lots(116, 50, 66, 51);
    EXPECT(event(LL_LIFE_OP_CORRECT, MATCH + 1, UINT32_MAX - 40), BAD_INPUT);
    EXPECT(event(LL_LIFE_OP_BUST, MATCH + 1, 0), OK);
    expect_lots(50, 50, 0, 66);
    STATE(PARTIALLY_FILLED);
}
END_TEST

START_TEST(bust_after_the_end)
{
    working_order();
    EXPECT(fill(REF, 60, MATCH), OK);
    EXPECT(fill(REF, 40, MATCH + 1), OK);
    EXPECT(event(LL_LIFE_OP_BUST, MATCH + 1, 0), OK);
    STATE(FILLED); /* does not revive */
    expect_lots(100, 0, 60, 40);
    EXPECT(fill(REF, 10, MATCH + 2), LATE);
    STATE(FILLED);
    EXPECT(event(LL_LIFE_OP_CORRECT, MATCH, 90), OK);
    expect_lots(100, 0, 100, 30);
    EXPECT(event(LL_LIFE_OP_CORRECT, MATCH, 91), OVERFILL);
    expect_lots(100, 0, 101, 1);
}
END_TEST

/* --- Other messages of the venue ------------------------------------------------------------------------ */

START_TEST(cancel_rules)
{
    working_order();
    EXPECT(event(LL_LIFE_OP_CANCEL, REF, 0), BAD_INPUT);
    EXPECT(event(LL_LIFE_OP_CANCEL, REF, 40), OK);
    STATE(NEW);
    ck_assert_uint_eq(last.event, LL_EVENT_PARTIAL_CANCEL);
    expect_lots(60, 60, 0, 40);
    EXPECT(event(LL_LIFE_OP_CANCEL, REF, 61), OVERFILL);
    STATE(CANCELLED);
    expect_lots(60, 0, 0, 60);
    EXPECT(event(LL_LIFE_OP_CANCEL, REF, 61), DUPLICATE);
    EXPECT(event(LL_LIFE_OP_CANCEL, REF, 10), LATE);
    expect_lots(60, 0, 0, 0);
    EXPECT(open_order(1, 2, 10), OK);
    EXPECT(event(LL_LIFE_OP_CANCEL, 2, LL_LIFE_ALL), OK);
    STATE(CANCELLED);
    expect_lots(10, 0, 0, 10);
}
END_TEST

START_TEST(ack_rules)
{
    EXPECT(open_order(0, ORDER_KEY, 100), OK);
    EXPECT(event(LL_LIFE_OP_ACK, ORDER_KEY, 80), OUT_OF_ORDER);
    expect_lots(80, 80, 0, 0);
    EXPECT(open_order(1, 2, 100), OK);
    EXPECT(event(LL_LIFE_OP_SUBMIT, 2, 0), OK);
    EXPECT(event(LL_LIFE_OP_SUBMIT, 2, 0), DUPLICATE);
    EXPECT(event(LL_LIFE_OP_ACK, 2, 120), OK); /* does not raise it */
    expect_lots(100, 100, 0, 0);
    EXPECT(event(LL_LIFE_OP_ACK, 2, 0), DUPLICATE);
    EXPECT(open_order(2, 3, 100), OK);
    EXPECT(fill(3, 60, MATCH), OUT_OF_ORDER);
    EXPECT(event(LL_LIFE_OP_ACK, 3, 60), OK); /* all that it accepted is filled */
    STATE(FILLED);
    ck_assert((last.flags & LL_LIFE_ENDED) != 0);
    expect_lots(60, 0, 60, 0);
    EXPECT(open_order(3, 4, 100), OK);
    EXPECT(fill(4, 60, MATCH + 1), OUT_OF_ORDER);
    EXPECT(event(LL_LIFE_OP_ACK, 4, 50), OVERFILL);
    expect_lots(60, 0, 60, 0);
}
END_TEST

START_TEST(replace_rules)
{
    working_order();
    EXPECT(fill(REF, 30, MATCH), OK);
    EXPECT(add(0, LL_ID_PROVIDER_REF, NEW_REF, LL_LIFE_REQUEST), OK);
    ck_assert_uint_eq(last.previous, LL_LIFE_NONE); /* the live link stays active */
    ck_assert((last.flags & LL_LIFE_IS_REQUEST) != 0);
    EXPECT(replace(REF, NEW_REF, 50), OK);
    STATE(PARTIALLY_FILLED);
    expect_lots(80, 50, 30, 0);
    ck_assert_uint_eq(last.status, LL_ID_STATUS_REPLACED);
    ck_assert_uint_eq(last.previous, last.id);
    EXPECT(resolve(NEW_REF), OK);
    ck_assert_uint_eq(last.status, LL_ID_STATUS_ACTIVE);
    ck_assert((last.flags & LL_LIFE_IS_REQUEST) == 0);
    EXPECT(replace(REF, NEW_REF, 50), DUPLICATE);
    EXPECT(replace(NEW_REF, REF, 50), DUPLICATE); /* where it came from: no cycle */
    EXPECT(fill(REF, 10, MATCH + 1), OK);         /* in flight when it was replaced */
    expect_lots(80, 40, 40, 10);
    EXPECT(replace(NEW_REF, 201, 70), OK); /* a name not told before */
    expect_lots(110, 70, 40, 0);
    EXPECT(replace(ORDER_KEY, 202, 70), OK); /* by another name of the order */
    ck_assert_uint_eq(last.status, LL_ID_STATUS_ACTIVE);
    EXPECT(resolve(201), OK);
    ck_assert_uint_eq(last.status, LL_ID_STATUS_REPLACED);
    EXPECT(replace(202, 202, 5), OK); /* under its old name */
    expect_lots(45, 5, 40, 0);
    EXPECT(replace(202, ORDER_KEY, 5), ID_TAKEN);
    EXPECT(replace(202, 0, 5), BAD_INPUT);
    EXPECT(replace(202, 203, 0), BAD_INPUT);
    EXPECT(replace(202, 203, UINT32_MAX), BAD_INPUT);
    EXPECT(resolve(203), UNKNOWN_ID);
}
END_TEST

START_TEST(replace_of_exchange_ref)
{
    working_order();
    EXPECT(add(0, LL_ID_EXCHANGE_REF, 80, 0), OK);
    EXPECT(replace(80, 81, 100), OK);
    EXPECT(resolve(81), OK);
    ck_assert_uint_eq(last.type, LL_ID_EXCHANGE_REF);
    EXPECT(resolve(REF), OK);
    ck_assert_uint_eq(last.status, LL_ID_STATUS_ACTIVE);
}
END_TEST

START_TEST(late_replace_only_links)
{
    working_order();
    EXPECT(event(LL_LIFE_OP_CANCEL, REF, 100), OK);
    EXPECT(replace(REF, NEW_REF, 50), LATE);
    STATE(CANCELLED);
    expect_lots(100, 0, 0, 0);
    EXPECT(fill(NEW_REF, 20, MATCH), LATE);
    expect_lots(100, 0, 20, 20);
}
END_TEST

START_TEST(reject_rules)
{
    working_order();
    EXPECT(add(0, LL_ID_PROVIDER_REF, NEW_REF, LL_LIFE_REQUEST), OK);
    EXPECT(add(0, LL_ID_CANCEL, 90, LL_LIFE_REQUEST), OK);
    EXPECT(event(LL_LIFE_OP_REJECT, NEW_REF, 0), OK);
    STATE(NEW); /* the order is as it was */
    expect_lots(100, 100, 0, 0);
    ck_assert((last.flags & LL_LIFE_IS_REQUEST) != 0);
    ck_assert_uint_eq(last.status, LL_ID_STATUS_CANCELLED);
    ck_assert_uint_eq(last.event, LL_ORDER_EVENT_COUNT);
    EXPECT(event(LL_LIFE_OP_REJECT, NEW_REF, 0), DUPLICATE);
    EXPECT(event(LL_LIFE_OP_REJECT, 90, 0), OK);
    STATE(NEW);
    EXPECT(event(LL_LIFE_OP_REJECT, REF, 0), ILLEGAL_TRANSITION);
    EXPECT(replace(REF, NEW_REF, 60), OK); /* refused, and done all the same: the venue is right */
    EXPECT(open_order(1, 2, 10), OK);
    EXPECT(event(LL_LIFE_OP_SUBMIT, 2, 0), OK);
    EXPECT(event(LL_LIFE_OP_REJECT, 2, 0), OK);
    STATE(REJECTED);
    expect_lots(10, 0, 0, 10);
    EXPECT(event(LL_LIFE_OP_REJECT, 2, 0), DUPLICATE);
}
END_TEST

/* A request that gave way to another was the link for a moment; it does not come back. */
START_TEST(passed_over_request_stays_replaced)
{
    working_order();
    EXPECT(add(0, LL_ID_PROVIDER_REF, NEW_REF, LL_LIFE_REQUEST), OK);
    EXPECT(replace(NEW_REF, 201, 50), OK);
    EXPECT(status(NEW_REF, LL_ID_STATUS_CANCELLED), LATE);
    EXPECT(replace(201, NEW_REF, 50), DUPLICATE);
}
END_TEST

START_TEST(fail_retry_expire)
{
    EXPECT(open_order(0, ORDER_KEY, 100), OK);
    EXPECT(event(LL_LIFE_OP_RETRY, ORDER_KEY, 0), ILLEGAL_TRANSITION);
    EXPECT(event(LL_LIFE_OP_FAIL, ORDER_KEY, 0), OK);
    STATE(FAILED);
    expect_lots(100, 0, 0, 0);
    ck_assert((last.flags & LL_LIFE_ENDED) == 0);
    EXPECT(event(LL_LIFE_OP_FAIL, ORDER_KEY, 0), DUPLICATE);
    EXPECT(event(LL_LIFE_OP_RETRY, ORDER_KEY, 0), OK);
    STATE(PENDING);
    expect_lots(100, 100, 0, 0);
    EXPECT(event(LL_LIFE_OP_FAIL, ORDER_KEY, 0), OK);
    EXPECT(fill(ORDER_KEY, 30, MATCH), OUT_OF_ORDER); /* it had been sent */
    STATE(PARTIALLY_FILLED);
    expect_lots(100, 70, 30, 30);
    EXPECT(event(LL_LIFE_OP_EXPIRE, ORDER_KEY, 0), OK);
    STATE(EXPIRED);
    expect_lots(100, 0, 30, 70);
    EXPECT(event(LL_LIFE_OP_EXPIRE, ORDER_KEY, 0), DUPLICATE);
    EXPECT(event(LL_LIFE_OP_ACK, ORDER_KEY, 0), OK);
    STATE(EXPIRED);
}
END_TEST

/* --- The step, cell by cell ----------------------------------------------------------------------------- */

static struct ll_life_turn step_cell(uint32_t state, uint32_t event_number)
{
    static const uint8_t ops[LL_ORDER_EVENT_COUNT] = {
        LL_LIFE_OP_SUBMIT,  LL_LIFE_OP_ACK,     LL_LIFE_OP_FILL,   LL_LIFE_OP_FILL,   LL_LIFE_OP_CANCEL,
        LL_LIFE_OP_CANCEL,  LL_LIFE_OP_REPLACE, LL_LIFE_OP_REJECT, LL_LIFE_OP_EXPIRE, LL_LIFE_OP_BUST,
        LL_LIFE_OP_CORRECT, LL_LIFE_OP_FAIL,    LL_LIFE_OP_RETRY};
    bool is_part = event_number == LL_EVENT_PARTIAL_FILL || event_number == LL_EVENT_PARTIAL_CANCEL;
    bool has_fills = state >= LL_ORDER_PARTIALLY_FILLED && state != LL_ORDER_FAILED;
    struct ll_order_standing standing = {
        .quantity = 100, .state = (uint8_t)state, .cumulative = has_fills ? 40 : 0};
    if (ll_order_is_live(state) != 0)
        standing.leaves = standing.quantity - standing.cumulative;
    return ll_life_step(standing, ops[event_number], is_part ? 10 : 100 - standing.cumulative, 20);
}

START_TEST(every_cell)
{
    static const uint32_t verdicts[] = {LL_VERDICT_OK, LL_VERDICT_OUT_OF_ORDER, LL_VERDICT_LATE,
                                        LL_VERDICT_DUPLICATE, LL_VERDICT_ILLEGAL_TRANSITION};
    uint32_t state = (uint32_t)_i / LL_ORDER_EVENT_COUNT;
    uint32_t event_number = (uint32_t)_i % LL_ORDER_EVENT_COUNT;
    struct ll_order_step cell = ll_order_transition(state, event_number);
    struct ll_life_turn turn = step_cell(state, event_number);
    ck_assert_uint_eq(turn.event, event_number);
    ck_assert_uint_eq(turn.standing.state, cell.state);
    ck_assert_uint_eq(turn.verdict, verdicts[cell.how]);
    if (ll_order_is_live(cell.state) != 0)
        ck_assert_uint_eq(turn.standing.quantity, turn.standing.leaves + turn.standing.cumulative);
    else
        ck_assert_uint_eq(turn.standing.leaves, 0);
}
END_TEST

/* --- Memory --------------------------------------------------------------------------------------------- */

/* A history that leaves some of everything. */
static void some_of_everything(void)
{
    working_order();
    (void)add(0, LL_ID_STOPLOSS, 50, 0);
    (void)add(0, LL_ID_STOPLOSS, 51, 0);
    (void)add(0, LL_ID_STOPLOSS, 52, 0);
    (void)fill(REF, 30, MATCH);
    (void)replace(REF, NEW_REF, 50);
    (void)open_order(1, 2, 10);
    (void)event(LL_LIFE_OP_REJECT, 2, 0);
    for (uint64_t key = 400; key < 415; key++)
        (void)add(1, LL_ID_CLIENT_KEY, key, 0);
}

struct sums {
    uint32_t ids;
    uint32_t orders;
    uint64_t keys;
    uint64_t lots;
};

static void sum_id(void *context, const struct ll_life_id_view *view)
{
    struct sums *sums = context;
    sums->ids++;
    sums->keys += view->key[0];
    ck_assert_uint_eq(ll_life_memory_find(&pair.life, view->key), view->id);
}

static void sum_order(void *context, uint32_t number, const struct ll_life_order *order)
{
    struct sums *sums = context;
    sums->orders += 1 + number;
    sums->lots += order->standing.quantity;
}

START_TEST(memory_reads)
{
    struct sums sums = {0};
    some_of_everything();
    ll_life_memory_ids(&pair.life, sum_id, &sums);
    ll_life_memory_orders(&pair.life, sum_order, &sums);
    ck_assert_uint_eq(sums.ids, pair.life.control->ids_used);
    ck_assert_uint_eq(sums.ids, 7 + 1 + 15);
    ck_assert_uint_eq(sums.keys, ORDER_KEY + REF + NEW_REF + MATCH + 50 + 51 + 52 + 2 + (400 + 414) * 15 / 2);
    ck_assert_uint_eq(sums.orders, 1 + 2);
    ck_assert_uint_eq(sums.lots, 80 + 10);
}
END_TEST

/* The same asks in a memory of another size and seed. */
START_TEST(hash_is_of_the_meaning)
{
    struct ll_life_config config = {.ids = 40, .orders = 4, .hash_seed = 99};
    uint64_t empty = ll_life_memory_hash(&pair.life);
    some_of_everything();
    uint64_t hash = ll_life_memory_hash(&pair.life);
    ck_assert(hash != empty);
    size_t bytes = ll_life_memory_footprint_bytes(&config);
    void *memory = aligned_alloc(64, bytes);
    struct ll_life_pair first = pair;
    struct ll_life_memory other;
    memset(memory, 0x77, bytes);
    ll_life_memory_place(&other, memory, &config);
    ck_assert_uint_ne(other.control->bucket_count, pair.life.control->bucket_count);
    setup();
    struct ll_life_memory own = pair.life;
    other.control->epoch = own.control->epoch;
    pair.life = other;
    some_of_everything();
    ck_assert_uint_eq(ll_life_memory_hash(&other), hash);
    EXPECT(status(50, LL_ID_STATUS_CANCELLED), LATE);
    ck_assert(ll_life_memory_hash(&other) != hash);
    ck_assert_int_eq(ll_life_memory_check(&other, NULL), LL_OK);
    pair.life = own;
    ll_life_pair_deinit(&pair);
    pair = first;
    free(memory);
}
END_TEST

START_TEST(footprint_edges)
{
    struct ll_life_config config;
    ll_life_config_default(&config);
    ck_assert(ll_life_memory_footprint_bytes(&config) % 64 == 0);
    config = (struct ll_life_config){.ids = 1, .orders = 1};
    ck_assert(ll_life_memory_footprint_bytes(&config) != 0);
    config.ids = 0;
    ck_assert_uint_eq(ll_life_memory_footprint_bytes(&config), 0);
    config.ids = LL_LIFE_IDS_MAX + 1;
    ck_assert_uint_eq(ll_life_memory_footprint_bytes(&config), 0);
    config.ids = LL_LIFE_IDS_MAX;
    ck_assert(ll_life_memory_footprint_bytes(&config) != 0);
    config.orders = LL_LIFE_ORDERS_MAX + 1;
    ck_assert_uint_eq(ll_life_memory_footprint_bytes(&config), 0);
    config.orders = 0;
    ck_assert_uint_eq(ll_life_memory_footprint_bytes(&config), 0);
}
END_TEST

/* A snapshot: the bytes as they are, elsewhere. */
START_TEST(attach_takes_a_copy)
{
    struct ll_life_memory copy;
    struct ll_why why = {0};
    some_of_everything();
    void *memory = aligned_alloc(64, pair.memory_bytes);
    memcpy(memory, pair.memory, pair.memory_bytes);
    ck_assert_int_eq(ll_life_memory_attach(&copy, memory, pair.memory_bytes, &why), LL_OK);
    ck_assert_int_eq(ll_life_memory_check(&copy, &why), LL_OK);
    ck_assert_uint_eq(ll_life_memory_hash(&copy), ll_life_memory_hash(&pair.life));
    ck_assert_int_eq(ll_life_memory_attach(&copy, memory, pair.memory_bytes - 64, &why), LL_ERR_CORRUPT);
    ck_assert_int_eq(ll_life_memory_attach(&copy, memory, 32, NULL), LL_ERR_CORRUPT);
    struct ll_life_control *control = memory;
    control->layout++;
    ck_assert_int_eq(ll_life_memory_attach(&copy, memory, pair.memory_bytes, NULL), LL_ERR_CORRUPT);
    control->layout--;
    control->bucket_count = 15;
    control->overflow_count++; /* the same bytes in all */
    ck_assert_int_eq(ll_life_memory_attach(&copy, memory, pair.memory_bytes, NULL), LL_ERR_CORRUPT);
    control->bucket_count = 0;
    ck_assert_int_eq(ll_life_memory_attach(&copy, memory, pair.memory_bytes, NULL), LL_ERR_CORRUPT);
    control->bucket_count = 16;
    control->overflow_count--;
    control->overflow_used = control->overflow_count + 1;
    ck_assert_int_eq(ll_life_memory_attach(&copy, memory, pair.memory_bytes, NULL), LL_ERR_CORRUPT);
    control->overflow_used = 0;
    control->id_count = UINT32_MAX;
    ck_assert_int_eq(ll_life_memory_attach(&copy, memory, pair.memory_bytes, NULL), LL_ERR_CORRUPT);
    free(memory);
}
END_TEST

/* Every word of the tables, damaged in a few ways: the check must say so or the meaning must be another, and
 * no damage may lead it astray. Words without a meaning (reserved, unused) are the only ones it may
 * overlook. */
START_TEST(check_survives_damage)
{
    static const uint32_t damages[] = {1, 0xffffffffu, 0x80000000u, 0x10000000u};
    uint32_t found = 0;
    uint32_t told_by_hash = 0;
    some_of_everything();
    uint64_t hash = ll_life_memory_hash(&pair.life);
    uint32_t *words = (uint32_t *)pair.memory;
    for (size_t at = sizeof(struct ll_life_control) / 4; at < pair.memory_bytes / 4; at++)
        for (size_t i = 0; i < 4; i++) {
            uint32_t whole = words[at];
            words[at] ^= damages[i];
            if (ll_life_memory_check(&pair.life, NULL) != LL_OK)
                found++;
            else
                told_by_hash += ll_life_memory_hash(&pair.life) != hash;
            words[at] = whole;
        }
    ck_assert_uint_gt(found, 400);
    ck_assert_uint_gt(told_by_hash, 0);
    ck_assert_int_eq(ll_life_memory_check(&pair.life, NULL), LL_OK);
}
END_TEST

static void expect_damage(const char *said)
{
    struct ll_why why = {0};
    ck_assert_int_eq(ll_life_memory_check(&pair.life, &why), LL_ERR_CORRUPT);
    ck_assert_msg(strstr(why.text, said) != NULL, "%s", why.text);
}

/* What damage to one thing is called. */
START_TEST(check_names_the_damage)
{
    some_of_everything();
    struct ll_life_memory *life = &pair.life;
    uint32_t first = ll_life_memory_find(life, (uint64_t[]){50, 0});
    uint32_t place = life->places[first];
    struct ll_life_bucket *bucket = &life->buckets[place >> LL_LIFE_WAY_BITS];
    uint32_t way = place & (LL_LIFE_WAYS - 1u);
    uint32_t next_place = life->places[first + 1];
    uint32_t match_place = life->places[ll_life_memory_find(life, (uint64_t[]){MATCH, 0})];
#define DAMAGED(field, value, said)        \
    do {                                   \
        __typeof__(field) whole = (field); \
        (field) = (value);                 \
        expect_damage(said);               \
        (field) = whole;                   \
    } while (0)
    DAMAGED(bucket->order[way], 3, "has no order");
    DAMAGED(bucket->order[way], 1, "successor");
    DAMAGED(bucket->type[way], LL_ID_CANCEL, "successor");
    DAMAGED(bucket->status[way], LL_ID_STATUS_ACTIVE, "replaced by");
    DAMAGED(life->buckets[next_place >> LL_LIFE_WAY_BITS].rest[next_place & (LL_LIFE_WAYS - 1u)], first,
            "replaces itself");
    DAMAGED(bucket->status[way], 2u << LL_LIFE_FLAG_SHIFT | LL_ID_STATUS_REPLACED, "flags");
    DAMAGED(life->buckets[match_place >> LL_LIFE_WAY_BITS].rest[match_place & (LL_LIFE_WAYS - 1u)], 0,
            "lots");
    DAMAGED(life->places[first], next_place, "two places");
    DAMAGED(life->places[first], LL_LIFE_NONE, "unused");
    DAMAGED(life->orders[0].active[LL_ID_STOPLOSS], LL_LIFE_NONE, "active");
    DAMAGED(life->orders[0].active[LL_ID_CLOSE], first, "not its active one");
    DAMAGED(life->orders[0].standing.leaves, 51, "open");
    DAMAGED(life->orders[0].standing.state, LL_ORDER_NEW, "filled");
    DAMAGED(life->orders[0].standing.flags, 2, "flags");
    DAMAGED(life->control->ids_used, 1, "identifiers");
    DAMAGED(life->control->orders_used, 1, "orders");
#undef DAMAGED
    life->orders[0].standing.cumulative -= 10;
    life->orders[0].standing.quantity -= 10;
    expect_damage("executions of");
    life->orders[0].standing.cumulative += 10;
    life->orders[0].standing.quantity += 10;
}
END_TEST

static void add_rule_tests(Suite *suite)
{
    TCase *tcase = tcase_create("rules");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, open_rules);
    tcase_add_test(tcase, every_identifier_resolves_for_ever);
    tcase_add_test(tcase, add_rules);
    tcase_add_test(tcase, keys_are_whole);
    tcase_add_test(tcase, chain_has_an_end);
    tcase_add_test(tcase, status_rules);
    tcase_add_test(tcase, ended_identifier_is_not_replaced);
    tcase_add_test(tcase, fill_rules);
    tcase_add_test(tcase, fill_of_two_orders_by_one_key);
    tcase_add_test(tcase, overfill_rules);
    tcase_add_test(tcase, late_fill_rules);
    tcase_add_test(tcase, early_fill_rules);
    tcase_add_test(tcase, bust_and_correct_rules);
    tcase_add_test(tcase, bust_after_the_end);
    tcase_add_test(tcase, cancel_rules);
    tcase_add_test(tcase, ack_rules);
    tcase_add_test(tcase, replace_rules);
    tcase_add_test(tcase, replace_of_exchange_ref);
    tcase_add_test(tcase, late_replace_only_links);
    tcase_add_test(tcase, reject_rules);
    tcase_add_test(tcase, passed_over_request_stays_replaced);
    tcase_add_test(tcase, fail_retry_expire);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("life");
    add_rule_tests(suite);
    TCase *cells = tcase_create("cells");
    tcase_add_loop_test(cells, every_cell, 0, LL_ORDER_STATE_COUNT * LL_ORDER_EVENT_COUNT);
    suite_add_tcase(suite, cells);
    TCase *memory = tcase_create("memory");
    tcase_add_checked_fixture(memory, setup, teardown);
    tcase_set_timeout(memory, 60);
    tcase_add_test(memory, memory_reads);
    tcase_add_test(memory, hash_is_of_the_meaning);
    tcase_add_test(memory, footprint_edges);
    tcase_add_test(memory, attach_takes_a_copy);
    tcase_add_test(memory, check_survives_damage);
    tcase_add_test(memory, check_names_the_damage);
    suite_add_tcase(suite, memory);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
