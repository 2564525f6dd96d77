/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: what clients ask of the order engine is done once, or refused by its name with the limit and the value that
 * broke it, and what is refused sends nothing.
 * Method: the engine with its journal in memory (tests/model/ll_oms_rig.h), one story per test; after every event the
 * engine's own checks run over all identifiers, orders and money.
 */
#include "tests/unit/ll_test_oms.h"

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
    ck_assert_int_eq(ll_test_oms_locked(), 100 * (int64_t)LL_RIG_MID);

    SAY(.type = 'A', .number = 1, .quantity = 100, .price = LL_RIG_MID, .exchange_ref = 77);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_NEW);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").exchange_ref, 77);
    SAY(.type = 'E', .number = 1, .quantity = 40, .price = LL_RIG_MID - 100, .match = 5);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_PARTIALLY_FILLED);
    SAY(.type = 'E', .number = 1, .quantity = 60, .price = LL_RIG_MID, .match = 6);
    struct ll_oms_view order = ll_oms_rig_order(&rig, "A1");
    ck_assert_uint_eq(order.state, LL_ORDER_FILLED);
    ck_assert_uint_eq(order.cumulative, 100);
    ck_assert_uint_eq(order.notional, 100 * (uint64_t)LL_RIG_MID - 40 * 100);
    ck_assert_int_eq(ll_test_oms_locked(), 0);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", -1, LL_LEDGER_AVAILABLE),
                     LL_RIG_CASH - (int64_t)order.notional);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", 0, LL_LEDGER_AVAILABLE), LL_RIG_LOTS + 100);
    ck_assert_uint_eq(ll_oms_live_count(rig.oms), 0);
    ll_test_oms_replays();
}
END_TEST

/* --- Identifiers ---------------------------------------------------------------------------------------- */

/* One text of every command that names something, made by hand: length, and one byte anywhere. */
static const struct ll_client_event *named(uint8_t kind, enum ll_command_text which, const char *text,
                                           uint32_t text_bytes)
{
    struct ll_command command = {.request = ++rig.request, .kind = kind, .quantity = 1, .price = LL_RIG_MID};
    ck_assert_int_eq(ll_command_add_text(&command, LL_TEXT_account, "ACC", 3), LL_OK);
    ck_assert_int_eq(ll_command_add_text(&command, LL_TEXT_symbol, "SYM0", 4), LL_OK);
    ck_assert_int_eq(ll_command_add_text(&command, which, text, text_bytes), LL_OK);
    return ll_oms_rig_command(&rig, &command);
}

START_TEST(texts_that_are_no_identifiers)
{
    static const struct {
        const char *text;
        uint32_t bytes;
    } bad[] = {{"A B", 3}, {"A\0B", 3}, {"A\x80", 2}, {"\x7f", 1}, {"A\n", 2}, {" ", 1}};
    char text[66];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ll_test_oms_refused(named(LL_COMMAND_PLACE, LL_TEXT_lifecycle_id, bad[i].text, bad[i].bytes),
                            LL_REFUSAL_BAD_ID, 0, bad[i].bytes);
        ll_test_oms_refused(named(LL_COMMAND_PLACE, LL_TEXT_client_order_id, bad[i].text, bad[i].bytes),
                            LL_REFUSAL_BAD_ID, 0, bad[i].bytes);
        ll_test_oms_refused(named(LL_COMMAND_CANCEL, LL_TEXT_target, bad[i].text, bad[i].bytes),
                            LL_REFUSAL_BAD_ID, 0, bad[i].bytes);
    }
    ll_test_oms_refused(named(LL_COMMAND_PLACE, LL_TEXT_lifecycle_id, text, 65), LL_REFUSAL_BAD_ID, 0, 65);
    ll_test_oms_refused(named(LL_COMMAND_CANCEL, LL_TEXT_target, text, 65), LL_REFUSAL_BAD_ID, 0, 65);
    ll_test_oms_refused(named(LL_COMMAND_CANCEL, LL_TEXT_target, text, 0), LL_REFUSAL_BAD_ID, 0, 0);
    ck_assert_uint_eq(ll_oms_order_count(rig.oms), 0);
    /* The longest one is good, and one is made for who gives none. */
    ck_assert_uint_eq(named(LL_COMMAND_PLACE, LL_TEXT_lifecycle_id, text, 64)->kind, LL_CLIENT_ACCEPTED);
    ck_assert_uint_eq(rig.answer.order_id_bytes, 64);
    ck_assert_uint_eq(named(LL_COMMAND_PLACE, LL_TEXT_lifecycle_id, text, 0)->kind, LL_CLIENT_ACCEPTED);
    ck_assert_int_eq(memcmp(rig.answer.order_id, "OR01", 4), 0);
}
END_TEST

START_TEST(an_identifier_is_one_orders_for_ever)
{
    (void)ll_test_oms_live("A1", LL_ORDER_BUY, 10, LL_RIG_MID - 500);
    (void)ll_test_oms_live("A2", LL_ORDER_BUY, 10, LL_RIG_MID - 500);
    uint32_t sends = rig.send_count;
    ll_test_oms_refused(ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 5, LL_RIG_MID), LL_REFUSAL_ID_TAKEN, 0, 0);
    ck_assert_int_eq(memcmp(rig.answer.order_id, "A1", 2), 0); /* it names the owner */
    ll_test_oms_refused(DO(.kind = LL_COMMAND_CANCEL, .target = "A2", .id = "A1"), LL_REFUSAL_ID_TAKEN, 0, 0);
    ck_assert_int_eq(memcmp(rig.answer.order_id, "A1", 2), 0);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_CANCEL, .target = "A1", .id = "A1"), LL_REFUSAL_ID_TAKEN, 0, 0);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_ID_ADD, .target = "A2", .id = "A1", .id_type = LL_ID_MODIFY),
                        LL_REFUSAL_ID_TAKEN, 0, 0);
    ck_assert_uint_eq(rig.send_count, sends);
    ll_test_oms_refused(ll_oms_rig_cancel(&rig, "NOBODY"), LL_REFUSAL_UNKNOWN_ORDER, 0, 0);
    ck_assert_uint_eq(DO(.kind = LL_COMMAND_RESOLVE, .id = "NOBODY")->refusal, LL_REFUSAL_UNKNOWN_ID);
    ck_assert_uint_eq(DO(.kind = LL_COMMAND_RESOLVE, .id = "A2")->kind, LL_CLIENT_RESOLVED);
    ck_assert_uint_eq(rig.answer.id_type, LL_ID_ORDER);
    ck_assert_uint_eq(DO(.kind = LL_COMMAND_STATUS, .target = "A2")->state, LL_ORDER_NEW);
}
END_TEST

/* add, status, history, chain: as the domain says, every one of them twice. */
START_TEST(identifiers_are_added_and_their_chain_is_kept)
{
    (void)ll_test_oms_live("A1", LL_ORDER_BUY, 10, LL_RIG_MID);
    for (int again = 0; again < 2; again++) {
        (void)DO(.kind = LL_COMMAND_ID_ADD, .target = "A1", .id = "SLa", .id_type = LL_ID_STOPLOSS);
        ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    }
    (void)DO(.kind = LL_COMMAND_ID_ADD, .target = "SLa", .id = "SLb", .id_type = LL_ID_STOPLOSS);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "SLa").status, LL_ID_STATUS_REPLACED);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "SLa").replaced_by, ll_oms_rig_id(&rig, "SLb").id);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "SLb").status, LL_ID_STATUS_ACTIVE);
    /* The old one again changes nothing. */
    (void)DO(.kind = LL_COMMAND_ID_ADD, .target = "A1", .id = "SLa", .id_type = LL_ID_STOPLOSS);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "SLb").status, LL_ID_STATUS_ACTIVE);
    /* A late confirmation of the old one: executed, and nothing leaves that. */
    (void)DO(.kind = LL_COMMAND_ID_STATUS, .id = "SLa", .id_status = LL_ID_STATUS_EXECUTED);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    ck_assert_uint_ne(rig.answer.flags & LL_CLIENT_EVENT_LATE, 0);
    (void)DO(.kind = LL_COMMAND_ID_STATUS, .id = "SLa", .id_status = LL_ID_STATUS_EXECUTED);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_ID_STATUS, .id = "SLa", .id_status = LL_ID_STATUS_CANCELLED),
                        LL_REFUSAL_ILLEGAL_STATUS, 0, LL_ID_STATUS_EXECUTED);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_ID_STATUS, .id = "Z", .id_status = LL_ID_STATUS_CANCELLED),
                        LL_REFUSAL_UNKNOWN_ID, 0, 0);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_ID_STATUS, .id = "SLa", .id_status = 9), LL_REFUSAL_BAD_ID, 0,
                        0);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_ID_ADD, .target = "A1", .id = "X", .id_type = LL_ID_ORDER),
                        LL_REFUSAL_MALFORMED, 0, 0);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_ID_ADD, .target = "A1", .id = "X", .id_type = LL_ID_EXECUTION),
                        LL_REFUSAL_MALFORMED, 0, 0);
    /* History: order id, the link, the exchange's name, then the two. */
    static const uint8_t types[] = {LL_ID_ORDER, LL_ID_PROVIDER_REF, LL_ID_EXCHANGE_REF, LL_ID_STOPLOSS,
                                    LL_ID_STOPLOSS};
    uint32_t id = ll_oms_first_id(rig.oms, 0);
    for (size_t i = 0; i < sizeof types; i++, id = ll_oms_next_id(rig.oms, id)) {
        struct ll_oms_id_view view;
        ll_oms_id(rig.oms, id, &view);
        ck_assert_uint_eq(view.type, types[i]);
    }
    ck_assert_uint_eq(id, LL_LIFE_NONE);
    ll_test_oms_replays();
}
END_TEST

/* --- Refusals of orders ----------------------------------------------------------------------------------- */

START_TEST(orders_that_are_refused)
{
    uint32_t sends = rig.send_count;
    ll_test_oms_refused(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 0, LL_RIG_MID), LL_REFUSAL_BAD_QUANTITY, 1,
                        0);
    ll_test_oms_refused(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, (uint64_t)-5, LL_RIG_MID),
                        LL_REFUSAL_OVERFLOW, UINT32_MAX, (uint64_t)-5);
    ll_test_oms_refused(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, 0), LL_REFUSAL_BAD_PRICE, 1, 0);
    ll_test_oms_refused(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, (uint64_t)-1), LL_REFUSAL_OVERFLOW,
                        LL_PRICE_TICKS_MAX, (uint64_t)-1);
    ll_test_oms_refused(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID + 1), LL_REFUSAL_TICK, 100,
                        LL_RIG_MID + 1);
    ll_test_oms_refused(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID + 100100), LL_REFUSAL_COLLAR,
                        LL_RIG_MID + 100000, LL_RIG_MID + 100100);
    ll_test_oms_refused(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1000000, LL_RIG_MID),
                        LL_REFUSAL_UNSUPPORTED, 999999, 1000000);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_PLACE, .symbol = "NONE", .quantity = 1, .price = LL_RIG_MID),
                        LL_REFUSAL_UNKNOWN_INSTRUMENT, 0, 0);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .quantity = 1, .side = 3),
                        LL_REFUSAL_MALFORMED, 0, 0);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .account = "A B", .quantity = 1),
                        LL_REFUSAL_MALFORMED, 0, 0);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .quantity = 1, .price = LL_RIG_MID,
                           .type = LL_TYPE_STOP),
                        LL_REFUSAL_UNSUPPORTED, 0, 0);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .quantity = 1, .price = LL_RIG_MID,
                           .time_in_force = LL_TIF_GTC),
                        LL_REFUSAL_UNSUPPORTED, 0, 0);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .quantity = 1, .price = LL_RIG_MID,
                           .time_in_force = LL_TIF_GTD, .expire_ns = rig.now_ns),
                        LL_REFUSAL_MALFORMED, rig.now_ns, rig.now_ns);
    ll_test_oms_refused(
        DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .quantity = 1, .price = LL_RIG_MID, .session = 200),
        LL_REFUSAL_NOT_OPEN, 0, 0);
    ll_oms_rig_trading(&rig, 0, 'H');
    ll_test_oms_refused(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID), LL_REFUSAL_HALTED, 0, 0);
    ll_oms_rig_trading(&rig, 0, 'T');
    ck_assert_uint_eq(rig.send_count, sends);
    ck_assert_uint_eq(ll_oms_order_count(rig.oms), 0);
    ck_assert_int_eq(ll_test_oms_locked(), 0);
    ll_test_oms_replays();
}
END_TEST

START_TEST(one_tick_short_is_too_little)
{
    (void)DO(.kind = LL_COMMAND_DEPOSIT, .account = "POOR", .amount = 10 * (int64_t)LL_RIG_MID - 1);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_PLACE, .account = "POOR", .symbol = "SYM0", .quantity = 10,
                           .price = LL_RIG_MID),
                        LL_REFUSAL_BALANCE, 10 * LL_RIG_MID - 1, 10 * LL_RIG_MID);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_PLACE, .account = "POOR", .symbol = "SYM0", .quantity = 1,
                           .side = LL_ORDER_SELL, .price = LL_RIG_MID),
                        LL_REFUSAL_BALANCE, 0, 1);
    (void)DO(.kind = LL_COMMAND_DEPOSIT, .account = "POOR", .amount = 1);
    (void)DO(.kind = LL_COMMAND_PLACE, .account = "POOR", .symbol = "SYM0", .quantity = 10,
             .price = LL_RIG_MID);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_WITHDRAW, .account = "POOR", .amount = 1), LL_REFUSAL_BALANCE,
                        0, 1);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_DEPOSIT, .account = "POOR", .amount = -1),
                        LL_REFUSAL_BAD_QUANTITY, 0, UINT64_MAX);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_DEPOSIT, .account = "POOR", .symbol = "NONE", .amount = 1),
                        LL_REFUSAL_UNKNOWN_INSTRUMENT, 0, 0);
}
END_TEST

START_TEST(without_limits_or_reference_nothing_leaves)
{
    ll_oms_rig_free(&rig);
    ll_oms_rig_make(&rig, NULL);
    ll_oms_rig_configure(&rig, 0, LL_PROTOCOL_OUCH50);
    ll_oms_rig_open(&rig, 0, "DAY1", 1);
    ll_test_oms_refused(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID), LL_REFUSAL_NO_LIMITS, 0,
                        0);
    ll_oms_rig_limit(&rig, LL_SCOPE_FIRM, "", LL_LIMIT_REFERENCE_AGE, LL_RIG_S);
    ll_oms_rig_ready(&rig);
    rig.now_ns += LL_RIG_S;
    ck_assert_uint_eq(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID)->kind, LL_CLIENT_ACCEPTED);
    rig.now_ns += 1;
    ll_test_oms_refused(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID), LL_REFUSAL_NO_REFERENCE,
                        LL_RIG_S, LL_RIG_S + 1);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .quantity = 1, .type = LL_TYPE_MARKET),
                        LL_REFUSAL_NO_REFERENCE, LL_RIG_S, LL_RIG_S + 1);
}
END_TEST

START_TEST(throttles_and_repeats)
{
    ll_oms_rig_limit(&rig, LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGES, 3);
    ll_oms_rig_limit(&rig, LL_SCOPE_FIRM, "", LL_LIMIT_REPEAT_COUNT, 1);
    ll_oms_rig_limit(&rig, LL_SCOPE_FIRM, "", LL_LIMIT_REPEAT_WINDOW, LL_RIG_S);
    ll_oms_rig_load(&rig);
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 1, LL_RIG_MID);
    ck_assert_uint_eq(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID)->refusal, LL_REFUSAL_REPEAT);
    (void)ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 2, LL_RIG_MID);
    (void)ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 3, LL_RIG_MID);
    ll_test_oms_refused(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 4, LL_RIG_MID), LL_REFUSAL_THROTTLE, 3, 4);
    /* Cancels are never held back. */
    ck_assert_uint_eq(ll_oms_rig_cancel(&rig, "A1")->kind, LL_CLIENT_ACCEPTED);
    ck_assert_uint_eq(ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).number, number);
    rig.now_ns += LL_RIG_S;
    ck_assert_uint_eq(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 4, LL_RIG_MID)->kind, LL_CLIENT_ACCEPTED);
}
END_TEST

START_TEST(no_trade_with_oneself)
{
    (void)ll_test_oms_live("A1", LL_ORDER_BUY, 10, LL_RIG_MID);
    ll_test_oms_refused(ll_oms_rig_place(&rig, NULL, LL_ORDER_SELL, 10, LL_RIG_MID), LL_REFUSAL_SELF_TRADE, 0,
                        0);
    ck_assert_int_eq(memcmp(rig.answer.order_id, "A1", 2), 0);
    ck_assert_uint_eq(ll_oms_rig_place(&rig, NULL, LL_ORDER_SELL, 10, LL_RIG_MID + 100)->kind,
                      LL_CLIENT_ACCEPTED);
}
END_TEST

/* --- Once ------------------------------------------------------------------------------------------------ */

START_TEST(the_same_key_is_the_same_order)
{
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .key = "K1", .quantity = 10, .price = LL_RIG_MID);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    uint32_t sends = rig.send_count;
    for (uint32_t i = 0; i < 3; i++) {
        (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .key = "K1", .quantity = 20,
                 .price = LL_RIG_MID);
        ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_EXISTING);
        ck_assert_uint_eq(rig.answer.order, 0);
        ck_assert_uint_eq(rig.answer.quantity, 10);
        rig.now_ns += LL_RIG_S;
    }
    SAY(.type = 'E', .number = 1, .quantity = 10, .price = LL_RIG_MID, .match = 1);
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .key = "K1", .quantity = 10, .price = LL_RIG_MID);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_EXISTING);
    ck_assert_uint_eq(rig.answer.state, LL_ORDER_FILLED);
    ck_assert_uint_eq(rig.send_count, sends);
    /* A key is its account's. */
    (void)DO(.kind = LL_COMMAND_DEPOSIT, .account = "B", .amount = LL_RIG_CASH);
    (void)DO(.kind = LL_COMMAND_PLACE, .account = "B", .symbol = "SYM0", .key = "K1", .quantity = 10,
             .price = LL_RIG_MID);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    /* What was refused is not known. */
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .key = "K2", .quantity = 0, .price = LL_RIG_MID);
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .key = "K2", .quantity = 1, .price = LL_RIG_MID);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    ll_test_oms_replays();
}
END_TEST

START_TEST(fifty_clients_and_one_exit)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    SAY(.type = 'E', .number = number, .quantity = 100, .price = LL_RIG_MID, .match = 1);
    uint32_t sends = rig.send_count;
    uint32_t order = 0;
    for (uint32_t client = 0; client < 50; client++) {
        (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .side = LL_ORDER_SELL, .flags = LL_COMMAND_EXIT,
                 .client = client, .quantity = 100, .price = LL_RIG_MID);
        ck_assert_uint_eq(rig.answer.kind, client == 0 ? LL_CLIENT_ACCEPTED : LL_CLIENT_EXISTING);
        ck_assert_uint_eq(rig.answer.client, client);
        if (client == 0)
            order = rig.answer.order;
        ck_assert_uint_eq(rig.answer.order, order);
    }
    ck_assert_uint_eq(rig.send_count, sends + 1);
    /* And by close. */
    (void)DO(.kind = LL_COMMAND_CLOSE, .target = "A1", .id = "C1");
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_EXISTING);
    ck_assert_uint_eq(rig.answer.order, order);
    ck_assert_uint_eq(rig.send_count, sends + 1);
    ll_test_oms_replays();
}
END_TEST

/* The same cancel, replace or close again, by its name, is the same one. */
START_TEST(the_same_action_is_done_once)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    (void)DO(.kind = LL_COMMAND_REPLACE, .target = "A1", .id = "M1", .quantity = 80, .price = LL_RIG_MID);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    uint64_t next = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).number;
    SAY(.type = 'U', .number = next, .old_number = number, .quantity = 80, .price = LL_RIG_MID);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "M1").status, LL_ID_STATUS_EXECUTED);
    uint32_t sends = rig.send_count;
    (void)DO(.kind = LL_COMMAND_REPLACE, .target = "A1", .id = "M1", .quantity = 80, .price = LL_RIG_MID);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_EXISTING);
    ck_assert_uint_eq(rig.send_count, sends);
    SAY(.type = 'E', .number = next, .quantity = 60, .price = LL_RIG_MID, .match = 1);
    (void)DO(.kind = LL_COMMAND_CANCEL, .target = "A1", .id = "X1");
    (void)DO(.kind = LL_COMMAND_CANCEL, .target = "A1", .id = "X1");
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_EXISTING);
    ck_assert_uint_eq(rig.send_count, sends + 1);
    SAY(.type = 'C', .number = next, .quantity = 20);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "X1").status, LL_ID_STATUS_EXECUTED);
    (void)DO(.kind = LL_COMMAND_CLOSE, .target = "A1", .id = "C1", .price = LL_RIG_MID, .quantity = 10);
    uint64_t exit = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).number;
    SAY(.type = 'E', .number = exit, .quantity = 10, .price = LL_RIG_MID, .match = 2);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "C1").status, LL_ID_STATUS_EXECUTED);
    sends = rig.send_count;
    uint32_t order = rig.answer.order;
    (void)DO(.kind = LL_COMMAND_CLOSE, .target = "A1", .id = "C1", .price = LL_RIG_MID, .quantity = 10);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_EXISTING);
    ck_assert_uint_eq(rig.answer.order, order);
    ck_assert_uint_eq(rig.send_count, sends);
    ll_test_oms_replays();
}
END_TEST

/* --- Requests about orders ---------------------------------------------------------------------------------- */

START_TEST(requests_that_are_refused)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    SAY(.type = 'E', .number = number, .quantity = 40, .price = LL_RIG_MID, .match = 1);
    uint32_t sends = rig.send_count;
    ll_test_oms_refused(ll_oms_rig_replace(&rig, "A1", 40, LL_RIG_MID), LL_REFUSAL_BELOW_FILLED, 40, 40);
    ll_test_oms_refused(ll_oms_rig_replace(&rig, "A1", 0, LL_RIG_MID), LL_REFUSAL_BAD_QUANTITY, 40, 0);
    ll_test_oms_refused(ll_oms_rig_replace(&rig, "A1", (uint64_t)1 << 32, LL_RIG_MID),
                        LL_REFUSAL_BAD_QUANTITY, 40, (uint64_t)1 << 32);
    ll_test_oms_refused(ll_oms_rig_replace(&rig, "A1", 1000000, LL_RIG_MID), LL_REFUSAL_UNSUPPORTED, 999999,
                        1000000);
    ck_assert_uint_eq(ll_oms_rig_replace(&rig, "A1", 50, LL_RIG_MID + 1)->refusal, LL_REFUSAL_TICK);
    ck_assert_uint_eq(ll_oms_rig_replace(&rig, "A1", 50, LL_RIG_MID * 2)->refusal, LL_REFUSAL_COLLAR);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_CANCEL, .target = "A1", .quantity = 60),
                        LL_REFUSAL_BAD_QUANTITY, 60, 60);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_CANCEL, .target = "A1", .quantity = (uint64_t)1 << 32),
                        LL_REFUSAL_BAD_QUANTITY, 60, (uint64_t)1 << 32);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_STOPLOSS_CANCEL, .target = "A1"), LL_REFUSAL_NOT_ACTIVE, 0, 0);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_STOPLOSS_ADD, .target = "A1"), LL_REFUSAL_BAD_PRICE, 0, 0);
    ll_test_oms_refused(DO(.kind = LL_COMMAND_CLOSE, .target = "A1", .quantity = 41, .price = LL_RIG_MID),
                        LL_REFUSAL_BAD_QUANTITY, 40, 41);
    ck_assert_uint_eq(rig.send_count, sends);
    /* What was refused left no name behind: the last identifier is the execution. */
    struct ll_oms_id_view last;
    ll_oms_id(rig.oms, ll_oms_id_count(rig.oms) - 1, &last);
    ck_assert_uint_eq(last.type, LL_ID_EXECUTION);

    (void)ll_oms_rig_replace(&rig, "A1", 120, LL_RIG_MID);
    ck_assert_uint_eq(ll_oms_rig_cancel(&rig, "A1")->refusal, LL_REFUSAL_REQUEST_OUTSTANDING);
    ck_assert_uint_eq(ll_oms_rig_replace(&rig, "A1", 90, LL_RIG_MID)->refusal,
                      LL_REFUSAL_REQUEST_OUTSTANDING);
    SAY(.type = 'E', .number = number, .quantity = 60, .price = LL_RIG_MID, .match = 2);
    ck_assert_uint_eq(ll_oms_rig_cancel(&rig, "A1")->refusal, LL_REFUSAL_ORDER_ENDED);
    ck_assert_uint_eq(ll_oms_rig_replace(&rig, "A1", 200, LL_RIG_MID)->refusal, LL_REFUSAL_ORDER_ENDED);
    ll_test_oms_replays();
}
END_TEST

/* A market order has no price that a replace could change, and the venue's fields have an end. */
START_TEST(no_price_reaches_the_wire_unchecked)
{
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .id = "M", .quantity = 10, .type = LL_TYPE_MARKET);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    struct ll_rig_sent sent = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50);
    ck_assert_uint_eq(sent.price, LL_RIG_MID + 100000); /* the upper edge of the collar */
    ck_assert_int_eq(sent.time_in_force, LL_OUCH50_TIF_IOC);
    ck_assert_uint_eq(ll_oms_rig_replace(&rig, "M", 20, UINT64_MAX)->refusal, LL_REFUSAL_UNSUPPORTED);
    SAY(.type = 'A', .number = sent.number, .quantity = 10, .dead = true);
    ck_assert_uint_eq(ll_test_oms_state("M"), LL_ORDER_CANCELLED);
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .quantity = 10, .side = LL_ORDER_SELL,
             .type = LL_TYPE_MARKET);
    sent = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50);
    ck_assert_uint_eq(sent.price, LL_RIG_MID - 100000); /* the lower one */
    ll_oms_rig_quote(&rig, 1, 1999999900, 1999999900);
    ll_test_oms_refused(
        DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM1", .quantity = 1, .price = UINT64_C(2000000000)),
        LL_REFUSAL_UNSUPPORTED, 1999999900, UINT64_C(2000000000));
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM1", .id = "D", .quantity = 1, .price = 1999999900);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    ck_assert_uint_eq(ll_oms_rig_replace(&rig, "D", 1, UINT64_C(2000000000))->refusal,
                      LL_REFUSAL_UNSUPPORTED);
    ck_assert(!ll_oms_rig_order(&rig, "D").request_outstanding);
}
END_TEST

/* The venue may say that the last number there is would be the next one. */
START_TEST(numbers_that_are_used_up)
{
    ll_oms_rig_link(&rig, 0, LL_LINK_CLOSED, NULL, 0);
    ll_oms_rig_open(&rig, 0, "DAY1", UINT32_MAX);
    ll_test_oms_refused(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID), LL_REFUSAL_NOT_OPEN, 0, 0);
}
END_TEST

/* The last number there is can be used, and what it is of can still be taken back. */
START_TEST(the_last_number)
{
    uint8_t side = _i == 0 ? LL_ORDER_BUY : LL_ORDER_SELL;
    ll_oms_rig_link(&rig, 0, LL_LINK_CLOSED, NULL, 0);
    ll_oms_rig_open(&rig, 0, "DAY1", UINT32_MAX - 1u);
    uint64_t number = ll_test_oms_live("A1", side, 1, LL_RIG_MID);
    ck_assert_uint_eq(number, side == LL_ORDER_BUY ? UINT32_MAX : UINT32_MAX - 1u);
    ck_assert_uint_eq(ll_oms_rig_replace(&rig, "A1", 2, LL_RIG_MID)->refusal, LL_REFUSAL_NOT_OPEN);
    ck_assert_uint_eq(ll_oms_rig_cancel(&rig, "A1")->kind, LL_CLIENT_ACCEPTED);
    SAY(.type = 'C', .number = number, .quantity = 1);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_CANCELLED);
    ll_test_oms_replays();
}
END_TEST

START_TEST(good_till_a_date)
{
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .quantity = 10, .price = LL_RIG_MID,
             .time_in_force = LL_TIF_GTD, .expire_ns = rig.now_ns + LL_RIG_S / 2);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    /* Half a second is sent as one, not as the whole day. */
    ck_assert_int_eq(ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).time_in_force, LL_OUCH50_TIF_GTT);
}
END_TEST

/* --- Latches ----------------------------------------------------------------------------------------------- */

START_TEST(a_latch_takes_all_back)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    uint64_t busy = ll_test_oms_live("A2", LL_ORDER_BUY, 100, LL_RIG_MID);
    (void)ll_oms_rig_replace(&rig, "A2", 120, LL_RIG_MID);
    uint64_t next = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).number;
    (void)DO(.kind = LL_COMMAND_KILL, .scope = LL_KILL_SYMBOL, .symbol = "SYM0");
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    uint32_t sends = rig.send_count;
    (void)ll_oms_rig_due(&rig);
    ck_assert_uint_eq(rig.send_count, sends + 1); /* the one with a request out has to wait */
    ck_assert_uint_eq(ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).number, number);
    ck_assert_uint_eq(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID)->refusal, LL_REFUSAL_KILLED);
    SAY(.type = 'C', .number = number, .quantity = 100);
    SAY(.type = 'U', .number = next, .old_number = busy, .quantity = 120, .price = LL_RIG_MID);
    (void)ll_oms_rig_due(&rig);
    ck_assert_int_eq(ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).type, 'X');
    ck_assert_uint_eq(ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).number, next);
    ck_assert_uint_eq(ll_oms_rig_replace(&rig, "A2", 50, LL_RIG_MID)->refusal,
                      LL_REFUSAL_REQUEST_OUTSTANDING);
    SAY(.type = 'C', .number = next, .quantity = 120);
    ck_assert_uint_eq(ll_oms_live_count(rig.oms), 0);
    ck_assert_uint_eq(DO(.kind = LL_COMMAND_KILL, .scope = 9)->refusal, LL_REFUSAL_MALFORMED);
    ck_assert_uint_eq(DO(.kind = LL_COMMAND_KILL, .scope = LL_KILL_SYMBOL, .symbol = "NONE")->refusal,
                      LL_REFUSAL_UNKNOWN_INSTRUMENT);
    ll_test_oms_replays();
    (void)DO(.kind = LL_COMMAND_UNKILL, .scope = LL_KILL_SYMBOL, .symbol = "SYM0");
    ck_assert_uint_eq(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID)->kind, LL_CLIENT_ACCEPTED);
}
END_TEST

/* While the session is down nothing can be taken back; when it is open again, it is. */
START_TEST(a_latch_waits_for_the_session)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    ll_oms_rig_link(&rig, 0, LL_LINK_CLOSED, NULL, 0);
    (void)DO(.kind = LL_COMMAND_KILL, .scope = LL_KILL_FIRM);
    uint32_t sends = rig.send_count;
    (void)ll_oms_rig_due(&rig);
    ck_assert_uint_eq(rig.send_count, sends);
    ll_oms_rig_open(&rig, 0, "DAY1", number + 1);
    (void)ll_oms_rig_due(&rig);
    ck_assert_int_eq(ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).type, 'X');
}
END_TEST

/* What the venue never saw does not leave any more, neither the order nor its new price. */
START_TEST(a_latch_holds_back_what_never_arrived)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    (void)ll_oms_rig_replace(&rig, "A1", 120, LL_RIG_MID);
    (void)ll_oms_rig_place(&rig, "A2", LL_ORDER_BUY, 100, LL_RIG_MID);
    ll_oms_rig_link(&rig, 0, LL_LINK_CLOSED, NULL, 0);
    (void)DO(.kind = LL_COMMAND_KILL, .scope = LL_KILL_FIRM);
    uint32_t sends = rig.send_count;
    ll_oms_rig_open(&rig, 0, "DAY1", number + 1);
    (void)ll_oms_rig_due(&rig);
    ck_assert_uint_eq(rig.send_count, sends + 2); /* the question, and the cancel of A1 */
    ck_assert_int_eq(ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).type, 'X');
    ck_assert_uint_eq(ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).number, number);
    ck_assert_uint_eq(ll_test_oms_state("A2"), LL_ORDER_CANCELLED);
    SAY(.type = 'C', .number = number, .quantity = 100);
    ck_assert_uint_eq(ll_oms_live_count(rig.oms), 0);
    ck_assert_int_eq(ll_test_oms_locked(), 0);
    ll_test_oms_replays();
}
END_TEST

/* The flight is full of orders that nobody acknowledged: a latch takes them back as soon as there is room. */
START_TEST(a_latch_waits_for_room)
{
    struct ll_oms_config config;
    ll_oms_rig_free(&rig);
    ll_oms_rig_config(&config);
    config.orders = LL_OMS_FLIGHT + 1;
    config.ids = config.orders * 8;
    ll_oms_rig_make(&rig, &config);
    rig.is_unchecked = true;
    ll_oms_rig_ready(&rig);
    uint32_t first = rig.send_count;
    for (uint32_t i = 0; i < LL_OMS_FLIGHT; i++)
        (void)ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID);
    ck_assert_uint_eq(rig.send_count - first, LL_OMS_FLIGHT);
    ck_assert_uint_eq(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID)->refusal,
                      LL_REFUSAL_NOT_OPEN);
    (void)DO(.kind = LL_COMMAND_KILL, .scope = LL_KILL_FIRM);
    ck_assert_uint_eq(ll_oms_rig_due(&rig), 0);
    for (uint32_t i = first; i < first + LL_OMS_FLIGHT; i++) {
        uint64_t number = ll_rig_read(LL_PROTOCOL_OUCH50, &rig.sends[i]).number;
        SAY(.type = 'A', .number = number, .quantity = 1, .price = LL_RIG_MID, .exchange_ref = 1000 + number);
        (void)ll_oms_rig_due(&rig);
    }
    ck_assert_uint_eq(rig.send_count - first, 2 * LL_OMS_FLIGHT);
    ll_oms_rig_check(&rig);
    ll_test_oms_replays();
}
END_TEST

/* More orders than requests may be unanswered: the others follow when there is room. */
START_TEST(a_latch_takes_back_more_than_may_fly)
{
    const uint32_t count = LL_OMS_FLIGHT + 100;
    struct ll_oms_config config;
    ll_oms_rig_free(&rig);
    ll_oms_rig_config(&config);
    config.orders = count;
    config.ids = (uint64_t)count * 8;
    ll_oms_rig_make(&rig, &config);
    rig.is_unchecked = true;
    ll_oms_rig_ready(&rig);
    for (uint32_t i = 0; i < count; i++)
        (void)ll_test_oms_live(NULL, LL_ORDER_BUY, 1, LL_RIG_MID);
    uint32_t first = rig.send_count;
    (void)DO(.kind = LL_COMMAND_KILL, .scope = LL_KILL_FIRM);
    ck_assert_uint_eq(ll_oms_rig_due(&rig), LL_OMS_FLIGHT);
    ck_assert_uint_eq(ll_oms_rig_due(&rig), 0);
    for (uint32_t i = first; i < rig.send_count; i++) {
        struct ll_rig_sent sent = ll_rig_read(LL_PROTOCOL_OUCH50, &rig.sends[i]);
        ck_assert_int_eq(sent.type, 'X');
        SAY(.type = 'C', .number = sent.number, .quantity = 1);
        (void)ll_oms_rig_due(&rig);
    }
    ck_assert_uint_eq(ll_oms_live_count(rig.oms), 0);
    ll_oms_rig_check(&rig);
    ll_test_oms_replays();
}
END_TEST

/* The key of a booking is its account's own: the same again changes nothing, another account's is another booking. */
START_TEST(a_booking_is_made_once)
{
    int64_t before = ll_oms_rig_balance(&rig, "ACC", -1, LL_LEDGER_AVAILABLE);
    (void)DO(.kind = LL_COMMAND_DEPOSIT, .amount = 500, .key = "PAY-1");
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    (void)DO(.kind = LL_COMMAND_DEPOSIT, .amount = 500, .key = "PAY-1");
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_EXISTING);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", -1, LL_LEDGER_AVAILABLE), before + 500);
    (void)DO(.kind = LL_COMMAND_DEPOSIT, .amount = 700, .key = "PAY-1", .account = "OTHER");
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "OTHER", -1, LL_LEDGER_AVAILABLE), 700);
    /* What was refused was not made, and may be asked again. */
    ck_assert_uint_eq(
        DO(.kind = LL_COMMAND_WITHDRAW, .amount = 701, .key = "OUT-1", .account = "OTHER")->refusal,
        LL_REFUSAL_BALANCE);
    (void)DO(.kind = LL_COMMAND_WITHDRAW, .amount = 700, .key = "OUT-1", .account = "OTHER");
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    (void)DO(.kind = LL_COMMAND_DEPOSIT, .amount = 500);
    (void)DO(.kind = LL_COMMAND_DEPOSIT, .amount = 500);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", -1, LL_LEDGER_AVAILABLE), before + 1500);
    ll_test_oms_replays();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oms");
    TCase *orders = tcase_create("commands");
    tcase_add_checked_fixture(orders, ll_test_oms_begin, ll_test_oms_end);
    tcase_add_test(orders, an_order_from_client_to_fill);
    tcase_add_test(orders, texts_that_are_no_identifiers);
    tcase_add_test(orders, an_identifier_is_one_orders_for_ever);
    tcase_add_test(orders, identifiers_are_added_and_their_chain_is_kept);
    tcase_add_test(orders, orders_that_are_refused);
    tcase_add_test(orders, one_tick_short_is_too_little);
    tcase_add_test(orders, without_limits_or_reference_nothing_leaves);
    tcase_add_test(orders, throttles_and_repeats);
    tcase_add_test(orders, no_trade_with_oneself);
    tcase_add_test(orders, the_same_key_is_the_same_order);
    tcase_add_test(orders, fifty_clients_and_one_exit);
    tcase_add_test(orders, the_same_action_is_done_once);
    tcase_add_test(orders, requests_that_are_refused);
    tcase_add_test(orders, no_price_reaches_the_wire_unchecked);
    tcase_add_test(orders, numbers_that_are_used_up);
    tcase_add_loop_test(orders, the_last_number, 0, 2);
    tcase_add_test(orders, good_till_a_date);
    tcase_add_test(orders, a_latch_takes_all_back);
    tcase_add_test(orders, a_latch_waits_for_the_session);
    tcase_add_test(orders, a_latch_holds_back_what_never_arrived);
    tcase_add_test(orders, a_latch_waits_for_room);
    tcase_add_test(orders, a_latch_takes_back_more_than_may_fly);
    tcase_add_test(orders, a_booking_is_made_once);
    suite_add_tcase(suite, orders);
    return ll_test_oms_run(suite);
}
