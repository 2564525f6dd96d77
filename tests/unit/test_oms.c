/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: what clients ask of the order engine does what it says: the right bytes leave, once; the answer names what
 * happened; the ledger holds what the orders can cost.
 * Method: the engine with its journal in memory (tests/model/ll_oms_rig.h), one story per test; after every event the
 * engine's own checks run over all identifiers, orders and money.
 */
#include "tests/model/ll_oms_rig.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct ll_oms_rig rig;

static void begin(void)
{
    ll_oms_rig_make(&rig, NULL);
    ll_oms_rig_ready(&rig);
}

static void end(void)
{
    ll_oms_rig_free(&rig);
}

static void say(const struct ll_rig_message *message)
{
    ll_oms_rig_say(&rig, 0, message);
}

START_TEST(an_order_from_client_to_fill)
{
    uint32_t sends = rig.send_count;
    const struct ll_client_event *answer = ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    ck_assert_uint_eq(answer->kind, LL_CLIENT_ACCEPTED);
    ck_assert_uint_eq(answer->state, LL_ORDER_SUBMITTED);
    ck_assert_uint_eq(rig.send_count, sends + 1);
    struct ll_rig_sent sent = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50);
    ck_assert_int_eq(sent.type, 'O');
    ck_assert_int_eq(sent.side, 'B');
    ck_assert_uint_eq(sent.number, 1);
    ck_assert_uint_eq(sent.quantity, 100);
    ck_assert_uint_eq(sent.price, LL_RIG_MID);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", -1, LL_LEDGER_LOCKED), 100 * (int64_t)LL_RIG_MID);

    say(&(struct ll_rig_message){
        .type = 'A', .number = 1, .quantity = 100, .price = LL_RIG_MID, .exchange_ref = 77});
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").state, LL_ORDER_NEW);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").exchange_ref, 77);
    say(&(struct ll_rig_message){
        .type = 'E', .number = 1, .quantity = 40, .price = LL_RIG_MID - 100, .match = 5});
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").state, LL_ORDER_PARTIALLY_FILLED);
    say(&(struct ll_rig_message){.type = 'E', .number = 1, .quantity = 60, .price = LL_RIG_MID, .match = 6});
    struct ll_oms_view order = ll_oms_rig_order(&rig, "A1");
    ck_assert_uint_eq(order.state, LL_ORDER_FILLED);
    ck_assert_uint_eq(order.cumulative, 100);
    ck_assert_uint_eq(order.notional, 100 * (uint64_t)LL_RIG_MID - 40 * 100);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", -1, LL_LEDGER_LOCKED), 0);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", -1, LL_LEDGER_AVAILABLE),
                     LL_RIG_CASH - (int64_t)order.notional);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", 0, LL_LEDGER_AVAILABLE), LL_RIG_LOTS + 100);
    ck_assert_uint_eq(ll_oms_live_count(rig.oms), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oms");
    TCase *orders = tcase_create("orders");
    tcase_add_checked_fixture(orders, begin, end);
    tcase_add_test(orders, an_order_from_client_to_fill);
    suite_add_tcase(suite, orders);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
