/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: stop-losses and take-profits leave when the market reaches them, once, for what is held; whichever of their
 * names a late word comes under finds its order; and a position that is closed is closed by nothing else again.
 * Method: the engine with its journal in memory, quotes of a public feed and bytes of a venue; one story per test.
 */
#include "tests/unit/ll_test_oms.h"

#include <stdio.h>

static struct ll_rig_sent last_sent(void)
{
    return ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50);
}

/* A position of 100 at the mid. */
static uint64_t holding(const char *id, uint8_t side)
{
    uint64_t number = ll_test_oms_live(id, side, 100, LL_RIG_MID);
    SAY(.type = 'E', .number = number, .quantity = 100, .price = LL_RIG_MID, .match = 1);
    return number;
}

static void quote(uint64_t mid)
{
    ll_oms_rig_quote(&rig, 0, mid - 100, mid + 100);
    (void)ll_oms_rig_due(&rig);
}

/* The story the gateway was made for: the old stop-loss is confirmed when another has long taken its place. */
START_TEST(the_old_stop_loss_is_confirmed_late)
{
    (void)holding("A1", LL_ORDER_BUY);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL1", .stop_price = LL_RIG_MID - 1000);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    uint32_t sends = rig.send_count;
    quote(LL_RIG_MID - 800);
    ck_assert_uint_eq(rig.send_count, sends);
    quote(LL_RIG_MID - 900); /* the best buyer is at the stop */
    ck_assert_uint_eq(rig.send_count, sends + 1);
    struct ll_rig_sent exit = last_sent();
    ck_assert_int_eq(exit.side, 'S');
    ck_assert_uint_eq(exit.quantity, 100);
    ck_assert_int_eq(exit.time_in_force, LL_OUCH50_TIF_IOC);
    ck_assert_uint_lt(exit.price, LL_RIG_MID - 1000); /* it takes what buyers give */
    quote(LL_RIG_MID - 2000);
    ck_assert_uint_eq(rig.send_count, sends + 1); /* once */

    (void)DO(.kind = LL_COMMAND_STOPLOSS_CANCEL, .target = "SL1", .id = "SLC1");
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    ck_assert_int_eq(last_sent().type, 'X'); /* what it had sent is taken back */
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL2", .stop_price = LL_RIG_MID - 5000);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "SL1").status, LL_ID_STATUS_CANCELLED);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "SL2").status, LL_ID_STATUS_ACTIVE);
    SAY(.type = 'E', .number = exit.number, .quantity = 100, .price = LL_RIG_MID - 1000, .match = 2);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "SL1").status, LL_ID_STATUS_EXECUTED);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "SL2").status, LL_ID_STATUS_CANCELLED);
    ck_assert_uint_eq(ll_oms_counters(rig.oms)->late, 1);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", 0, LL_LEDGER_AVAILABLE), LL_RIG_LOTS);
    sends = rig.send_count;
    quote(LL_RIG_MID - 9000); /* far below the second one */
    ll_oms_rig_pass(&rig, 10 * LL_RIG_S);
    ck_assert_uint_eq(rig.send_count, sends);
    /* Every name still finds the order. */
    static const char *const names[] = {"A1", "SL1", "SLC1", "SL2"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_uint_eq(ll_oms_rig_id(&rig, names[i]).order, 0);
    ll_test_oms_replays();
}
END_TEST

START_TEST(the_same_stop_again_changes_nothing)
{
    (void)holding("A1", LL_ORDER_BUY);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL1", .stop_price = LL_RIG_MID - 1000);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL2", .stop_price = LL_RIG_MID - 2000);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "SL1").status, LL_ID_STATUS_REPLACED);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL1", .stop_price = LL_RIG_MID - 1000);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_EXISTING);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL2", .stop_price = LL_RIG_MID);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_EXISTING);
    uint32_t sends = rig.send_count;
    quote(LL_RIG_MID - 1500);
    ck_assert_uint_eq(rig.send_count, sends);
    /* A name that is given up by hand disarms; another one that takes its place keeps it armed. */
    (void)DO(.kind = LL_COMMAND_ID_ADD, .target = "A1", .id = "SL3", .id_type = LL_ID_STOPLOSS);
    (void)DO(.kind = LL_COMMAND_ID_STATUS, .id = "SL2", .id_status = LL_ID_STATUS_CANCELLED);
    quote(LL_RIG_MID - 2500);
    ck_assert_uint_eq(rig.send_count, sends + 1);
    ll_test_oms_replays();
}
END_TEST

START_TEST(a_stop_that_is_given_up_by_hand)
{
    (void)holding("A1", LL_ORDER_BUY);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL1", .stop_price = LL_RIG_MID - 1000);
    (void)DO(.kind = LL_COMMAND_ID_STATUS, .id = "SL1", .id_status = LL_ID_STATUS_CANCELLED);
    uint32_t sends = rig.send_count;
    quote(LL_RIG_MID - 2500);
    ck_assert_uint_eq(rig.send_count, sends);
    ck_assert_uint_eq(DO(.kind = LL_COMMAND_STOPLOSS_CANCEL, .target = "A1")->refusal, LL_REFUSAL_NOT_ACTIVE);
}
END_TEST

/* A long position takes its profit when buyers rise to it, a short one when sellers fall to it. */
START_TEST(a_take_profit)
{
    bool is_long = _i == 0;
    uint64_t at = is_long ? LL_RIG_MID + 1000 : LL_RIG_MID - 1000;
    (void)holding("A1", is_long ? LL_ORDER_BUY : LL_ORDER_SELL);
    (void)DO(.kind = LL_COMMAND_TAKEPROFIT_ADD, .target = "A1", .id = "TP", .take_price = at);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL",
             .stop_price = is_long ? LL_RIG_MID - 1000 : LL_RIG_MID + 1000);
    uint32_t sends = rig.send_count;
    quote(at);
    ck_assert_uint_eq(rig.send_count, sends);
    quote(is_long ? at + 100 : at - 100);
    ck_assert_uint_eq(rig.send_count, sends + 1);
    ck_assert_int_eq(last_sent().side, is_long ? 'S' : 'B');
    ck_assert_uint_eq(ll_oms_counters(rig.oms)->triggers, 1);
    SAY(.type = 'E', .number = last_sent().number, .quantity = 100, .price = at, .match = 2);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "TP").status, LL_ID_STATUS_EXECUTED);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "SL").status, LL_ID_STATUS_CANCELLED);
    ll_test_oms_replays();
}
END_TEST

/* What was not filled goes again after a while; what was is closed. */
START_TEST(a_stop_that_is_filled_in_parts)
{
    (void)holding("A1", LL_ORDER_BUY);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL", .stop_price = LL_RIG_MID);
    (void)ll_oms_rig_due(&rig);
    uint64_t first = last_sent().number;
    SAY(.type = 'A', .number = first, .quantity = 100, .price = last_sent().price);
    SAY(.type = 'E', .number = first, .quantity = 30, .price = LL_RIG_MID, .match = 2);
    uint32_t sends = rig.send_count;
    SAY(.type = 'C', .number = first, .quantity = 70, .code = LL_OUCH_CANCEL_IOC);
    (void)ll_oms_rig_due(&rig);
    ck_assert_uint_eq(rig.send_count, sends);
    ll_oms_rig_pass(&rig, LL_RIG_RETRY_NS);
    ck_assert_uint_eq(rig.send_count, sends + 1);
    ck_assert_uint_eq(last_sent().quantity, 70);
    /* This one is rejected for good: the stop is free again. */
    SAY(.type = 'J', .number = last_sent().number, .code = LL_OUCH50_REJECT_OTHER);
    ll_oms_rig_pass(&rig, LL_RIG_RETRY_NS);
    ck_assert_uint_eq(rig.send_count, sends + 2);
    ck_assert_uint_eq(last_sent().quantity, 70);
    SAY(.type = 'E', .number = last_sent().number, .quantity = 70, .price = LL_RIG_MID, .match = 3);
    ll_oms_rig_pass(&rig, 5 * LL_RIG_S);
    ck_assert_uint_eq(rig.send_count, sends + 2);
    ll_test_oms_replays();
}
END_TEST

/* The exit order ends without a word of the venue: a new day, and the stop is free again. */
START_TEST(a_stop_whose_exit_expires)
{
    (void)holding("A1", LL_ORDER_BUY);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL", .stop_price = LL_RIG_MID);
    (void)ll_oms_rig_due(&rig);
    uint32_t sends = rig.send_count;
    ll_oms_rig_link(&rig, 0, LL_LINK_CLOSED, NULL, 0);
    ll_oms_rig_open(&rig, 0, "DAY2", 1);
    (void)ll_oms_rig_due(&rig);
    ll_oms_rig_pass(&rig, LL_RIG_RETRY_NS);
    ck_assert_uint_eq(rig.send_count, sends + 2); /* the question, and the position again */
    ck_assert_uint_eq(last_sent().quantity, 100);
    ll_test_oms_replays();
}
END_TEST

/* The order is still buying: that part is taken back before the position is sold, not sold to ourselves. */
START_TEST(a_stop_of_an_order_that_still_rests)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    SAY(.type = 'E', .number = number, .quantity = 40, .price = LL_RIG_MID, .match = 1);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL", .stop_price = LL_RIG_MID);
    (void)ll_oms_rig_due(&rig);
    ck_assert_int_eq(last_sent().type, 'X');
    SAY(.type = 'C', .number = number, .quantity = 60);
    (void)ll_oms_rig_due(&rig); /* at once, not after a while */
    ck_assert_int_eq(last_sent().type, 'O');
    ck_assert_uint_eq(last_sent().quantity, 40);
    ll_test_oms_replays();
}
END_TEST

/* Where more than one exit may be active, together they still sell no more than there is. */
START_TEST(exits_never_sell_more_than_is_held)
{
    ll_oms_rig_limit(&rig, LL_SCOPE_FIRM, "", LL_LIMIT_ONE_ACTIVE_EXIT, 0);
    ll_oms_rig_load(&rig);
    (void)holding("A1", LL_ORDER_BUY);
    (void)DO(.kind = LL_COMMAND_CLOSE, .target = "A1", .quantity = 60, .price = LL_RIG_MID + 500);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    ck_assert_uint_eq(
        DO(.kind = LL_COMMAND_CLOSE, .target = "A1", .quantity = 41, .price = LL_RIG_MID)->refusal,
        LL_REFUSAL_BAD_QUANTITY);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL", .stop_price = LL_RIG_MID);
    (void)ll_oms_rig_due(&rig);
    ck_assert_uint_eq(last_sent().quantity, 40);
    ll_test_oms_replays();
}
END_TEST

/* What an exit sold and had to give back is held again, and can be closed again. */
START_TEST(a_bust_of_an_exit_opens_the_position_again)
{
    (void)holding("A1", LL_ORDER_BUY);
    (void)DO(.kind = LL_COMMAND_CLOSE, .target = "A1", .price = LL_RIG_MID);
    uint64_t number = last_sent().number;
    SAY(.type = 'A', .number = number, .quantity = 100, .price = LL_RIG_MID);
    SAY(.type = 'E', .number = number, .quantity = 100, .price = LL_RIG_MID, .match = 7);
    ck_assert_uint_eq(DO(.kind = LL_COMMAND_CLOSE, .target = "A1", .price = LL_RIG_MID)->refusal,
                      LL_REFUSAL_BAD_QUANTITY);
    SAY(.type = 'B', .number = number, .match = 7);
    ck_assert_uint_eq(DO(.kind = LL_COMMAND_CLOSE, .target = "A1", .price = LL_RIG_MID)->kind,
                      LL_CLIENT_ACCEPTED);
    ck_assert_uint_eq(last_sent().quantity, 100);
    ll_test_oms_replays();
}
END_TEST

START_TEST(a_close_of_no_known_kind)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 10, LL_RIG_MID);
    SAY(.type = 'E', .number = number, .quantity = 10, .price = LL_RIG_MID, .match = 1);
    uint32_t sends = rig.send_count;
    ll_test_oms_refused(
        DO(.kind = LL_COMMAND_CLOSE, .target = "A1", .price = LL_RIG_MID, .time_in_force = LL_TIF_GTD + 1),
        LL_REFUSAL_MALFORMED, 0, 0);
    ck_assert_uint_eq(rig.send_count, sends);
    ll_test_oms_replays();
}
END_TEST

START_TEST(stops_need_something_to_guard)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL", .stop_price = LL_RIG_MID);
    uint32_t sends = rig.send_count;
    quote(LL_RIG_MID - 500);
    ck_assert_uint_eq(rig.send_count, sends); /* nothing is held yet */
    SAY(.type = 'C', .number = number, .quantity = 100);
    ck_assert_uint_eq(
        DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "SL2", .stop_price = LL_RIG_MID)->refusal,
        LL_REFUSAL_ORDER_ENDED);
    ck_assert_uint_eq(DO(.kind = LL_COMMAND_CLOSE, .target = "A1")->refusal, LL_REFUSAL_BAD_QUANTITY);
    ck_assert_uint_eq(DO(.kind = LL_COMMAND_RESOLVE, .id = "SL2")->refusal, LL_REFUSAL_UNKNOWN_ID);
}
END_TEST

/* An order may bring both along; they get identifiers of their own and guard what it fills. */
START_TEST(stops_that_come_with_the_order)
{
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .side = LL_ORDER_BUY, .quantity = 100,
             .price = LL_RIG_MID, .id = "A1", .key = "K1", .stop_price = LL_RIG_MID - 1000,
             .take_price = LL_RIG_MID + 1000);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    uint64_t number = last_sent().number;
    uint32_t found = 0;
    for (uint32_t id = ll_oms_first_id(rig.oms, rig.answer.order); id != LL_LIFE_NONE;
         id = ll_oms_next_id(rig.oms, id)) {
        struct ll_oms_id_view view;
        ll_oms_id(rig.oms, id, &view);
        found += view.type == LL_ID_STOPLOSS && view.status == LL_ID_STATUS_ACTIVE;
        found += view.type == LL_ID_TAKEPROFIT && view.status == LL_ID_STATUS_ACTIVE;
    }
    ck_assert_uint_eq(found, 2);
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .side = LL_ORDER_BUY, .quantity = 100,
             .price = LL_RIG_MID, .id = "A1", .key = "K1", .stop_price = LL_RIG_MID - 1000);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_EXISTING); /* and no second stop */
    SAY(.type = 'A', .number = number, .quantity = 100, .price = LL_RIG_MID);
    SAY(.type = 'E', .number = number, .quantity = 100, .price = LL_RIG_MID, .match = 7);
    quote(LL_RIG_MID - 1000);
    ck_assert_int_eq(last_sent().side, 'S');
    ck_assert_uint_eq(last_sent().quantity, 100);
    ck_assert_uint_eq(DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .side = LL_ORDER_BUY, .quantity = 100,
                         .price = LL_RIG_MID, .id = "A2", .key = "K2", .stop_price = UINT64_MAX)
                          ->refusal,
                      LL_REFUSAL_BAD_PRICE);
    ll_test_oms_replays();
}
END_TEST

/* A stop that gets no identifier is refused, and the one before it stays armed. */
START_TEST(a_stop_without_an_identifier)
{
    char name[32];
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 10, LL_RIG_MID);
    SAY(.type = 'E', .number = number, .quantity = 10, .price = LL_RIG_MID, .match = 1);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .id = "S1", .stop_price = LL_RIG_MID - 2000);
    /* Somebody has taken the name that the next one would be given. */
    (void)snprintf(name, sizeof name, "SL01%012llX0", (unsigned long long)rig.batch.next_event_id + 1);
    (void)DO(.kind = LL_COMMAND_ID_ADD, .target = "A1", .id = name, .id_type = LL_ID_MODIFY);
    (void)DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1", .stop_price = LL_RIG_MID - 1000);
    ck_assert_uint_eq(rig.answer.refusal, LL_REFUSAL_ID_TAKEN);
    ll_oms_rig_quote(&rig, 0, LL_RIG_MID - 2000, LL_RIG_MID - 1900);
    (void)ll_oms_rig_due(&rig);
    ck_assert_uint_eq(ll_oms_counters(rig.oms)->triggers, 1);
    ll_test_oms_replays();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oms_stops");
    TCase *stops = tcase_create("stops");
    tcase_add_checked_fixture(stops, ll_test_oms_begin, ll_test_oms_end);
    tcase_add_test(stops, the_old_stop_loss_is_confirmed_late);
    tcase_add_test(stops, the_same_stop_again_changes_nothing);
    tcase_add_test(stops, a_stop_that_is_given_up_by_hand);
    tcase_add_loop_test(stops, a_take_profit, 0, 2);
    tcase_add_test(stops, a_stop_that_is_filled_in_parts);
    tcase_add_test(stops, a_stop_whose_exit_expires);
    tcase_add_test(stops, a_stop_of_an_order_that_still_rests);
    tcase_add_test(stops, exits_never_sell_more_than_is_held);
    tcase_add_test(stops, a_bust_of_an_exit_opens_the_position_again);
    tcase_add_test(stops, a_close_of_no_known_kind);
    tcase_add_test(stops, stops_need_something_to_guard);
    tcase_add_test(stops, stops_that_come_with_the_order);
    tcase_add_test(stops, a_stop_without_an_identifier);
    suite_add_tcase(suite, stops);
    return ll_test_oms_run(suite);
}
