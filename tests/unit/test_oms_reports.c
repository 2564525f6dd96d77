/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever a venue says of an order, in whatever order it says it: each fill is booked once, the state is the
 * venue's, the ledger holds what can still be owed, and what belongs to nobody is kept in suspense.
 * Method: the engine with its journal in memory and bytes of a venue; one story per test, for replaces one per outcome.
 * After every event the engine's own checks run; at the end of a story the journal is replayed.
 */
#include "tests/unit/ll_test_oms.h"

static const struct ll_oms_counters *counters(void)
{
    return ll_oms_counters(rig.oms);
}

static uint8_t last_verdict(void)
{
    return rig.journal[rig.record_count - 1].verdict;
}

static int64_t lots(void)
{
    return ll_oms_rig_balance(&rig, "ACC", 0, LL_LEDGER_AVAILABLE) - LL_RIG_LOTS;
}

/* --- Fills ------------------------------------------------------------------------------------------------ */

START_TEST(a_fill_before_its_acknowledgement)
{
    (void)ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    SAY(.type = 'E', .number = 1, .quantity = 30, .price = LL_RIG_MID, .match = 1);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_OUT_OF_ORDER);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_PARTIALLY_FILLED);
    SAY(.type = 'A', .number = 1, .quantity = 100, .price = LL_RIG_MID, .exchange_ref = 5);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_PARTIALLY_FILLED);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").exchange_ref, 5);
    SAY(.type = 'A', .number = 1, .quantity = 100, .price = LL_RIG_MID, .exchange_ref = 5);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_DUPLICATE);
    /* An acknowledgement that is said again cannot kill either. */
    SAY(.type = 'A', .number = 1, .quantity = 100, .price = LL_RIG_MID, .dead = true);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_DUPLICATE);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_PARTIALLY_FILLED);
    ck_assert_int_eq(ll_test_oms_locked(), 70 * (int64_t)LL_RIG_MID);
    ck_assert_uint_eq(ll_oms_rig_due(&rig), 0);
    ll_oms_rig_pass(&rig, 10 * LL_RIG_S);
    ck_assert_uint_eq(counters()->timeouts, 0);
    ll_test_oms_replays();
}
END_TEST

START_TEST(a_replayed_fill_is_booked_once)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    SAY(.type = 'E', .number = number, .quantity = 30, .price = LL_RIG_MID, .match = 9);
    uint32_t ids = ll_oms_id_count(rig.oms);
    for (uint32_t i = 0; i < 2; i++)
        SAY(.type = 'E', .number = number, .quantity = 30, .price = LL_RIG_MID, .match = 9);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_DUPLICATE);
    ck_assert_uint_eq(ll_oms_id_count(rig.oms), ids); /* a repeat takes no identifier */
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").cumulative, 30);
    ck_assert_int_eq(lots(), 30);
    /* Together with others as well. */
    for (uint32_t i = 0; i < 4; i++)
        ll_oms_rig_hold(
            &rig, 0,
            &(struct ll_rig_message){
                .type = 'E', .number = number, .quantity = 10, .price = LL_RIG_MID, .match = 20 + i / 2});
    ll_oms_rig_pump(&rig);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").cumulative, 50);
    ck_assert_int_eq(lots(), 50);
    ll_test_oms_replays();
}
END_TEST

static void make_with_few_ids(void)
{
    struct ll_oms_config config;
    ll_oms_rig_free(&rig);
    ll_oms_rig_config(&config);
    config.orders = 4;
    config.ids = 16;
    ll_oms_rig_make(&rig, &config);
    ll_oms_rig_ready(&rig);
}

/* All identifiers that are left are given to order A1. */
static void use_up_ids(void)
{
    for (uint32_t i = 0; i < 16; i++)
        (void)DO(.kind = LL_COMMAND_ID_ADD, .target = "A1", .id_type = LL_ID_MODIFY);
    ck_assert_uint_eq(rig.answer.refusal, LL_REFUSAL_TABLE_FULL);
}

/* Without room for identifiers a fill is booked all the same, and a repeat of one that has its own is still told. */
START_TEST(a_repeat_without_room_for_identifiers)
{
    make_with_few_ids();
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    SAY(.type = 'E', .number = number, .quantity = 10, .price = LL_RIG_MID, .match = 1);
    use_up_ids();
    SAY(.type = 'E', .number = number, .quantity = 10, .price = LL_RIG_MID, .match = 1);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_DUPLICATE);
    ck_assert_int_eq(lots(), 10);
    SAY(.type = 'E', .number = number, .quantity = 20, .price = LL_RIG_MID, .match = 2);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_OK);
    ck_assert_int_eq(lots(), 30);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").leaves, 70);
    ll_test_oms_replays();
}
END_TEST

/* The same, matched together with what follows it: the cancel of the rest is of what the fill left. */
START_TEST(a_fill_without_room_comes_before_what_follows)
{
    make_with_few_ids();
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    use_up_ids();
    ll_oms_rig_hold(&rig, 0,
                    &(struct ll_rig_message){
                        .type = 'E', .number = number, .quantity = 20, .price = LL_RIG_MID, .match = 1});
    SAY(.type = 'C', .number = number, .quantity = 80);
    struct ll_oms_view order = ll_oms_rig_order(&rig, "A1");
    ck_assert_uint_eq(order.state, LL_ORDER_CANCELLED);
    ck_assert_uint_eq(order.cumulative, 20);
    ck_assert_uint_eq(order.leaves, 0);
    ck_assert_int_eq(lots(), 20);
    ck_assert_int_eq(ll_test_oms_locked(), 0);
    ll_test_oms_replays();
}
END_TEST

START_TEST(a_fill_after_the_cancel)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    (void)ll_oms_rig_cancel(&rig, "A1");
    SAY(.type = 'C', .number = number, .quantity = 100);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_CANCELLED);
    ck_assert_int_eq(ll_test_oms_locked(), 0);
    SAY(.type = 'E', .number = number, .quantity = 40, .price = LL_RIG_MID, .match = 1);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_LATE);
    ck_assert_uint_ne(rig.events[rig.event_count - 1].flags & LL_CLIENT_EVENT_LATE, 0);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").cumulative, 40);
    ck_assert_int_eq(lots(), 40);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", -1, LL_LEDGER_AVAILABLE),
                     LL_RIG_CASH - 40 * (int64_t)LL_RIG_MID);
    ll_test_oms_replays();
}
END_TEST

START_TEST(more_than_was_asked_for)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    SAY(.type = 'E', .number = number, .quantity = 130, .price = LL_RIG_MID, .match = 1);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_OVERFILL);
    struct ll_oms_view order = ll_oms_rig_order(&rig, "A1");
    ck_assert_uint_eq(order.state, LL_ORDER_FILLED);
    ck_assert_uint_eq(order.cumulative, 130);
    ck_assert_uint_eq(order.leaves, 0);
    ck_assert_int_eq(lots(), 130);
    ck_assert_int_eq(ll_test_oms_locked(), 0);
    ll_test_oms_replays();
}
END_TEST

START_TEST(a_bust_and_the_same_bust_again)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    SAY(.type = 'E', .number = number, .quantity = 60, .price = LL_RIG_MID, .match = 1);
    SAY(.type = 'E', .number = number, .quantity = 40, .price = LL_RIG_MID - 100, .match = 2);
    for (uint32_t i = 0; i < 2; i++) {
        SAY(.type = 'B', .number = number, .match = 1);
        ck_assert_uint_eq(last_verdict(), i == 0 ? LL_VERDICT_OK : LL_VERDICT_DUPLICATE);
        struct ll_oms_view order = ll_oms_rig_order(&rig, "A1");
        ck_assert_uint_eq(order.state, LL_ORDER_FILLED); /* it does not revive */
        ck_assert_uint_eq(order.cumulative, 40);
        ck_assert_uint_eq(order.notional, 40 * (uint64_t)(LL_RIG_MID - 100));
        ck_assert_int_eq(lots(), 40);
        ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", -1, LL_LEDGER_AVAILABLE),
                         LL_RIG_CASH - (int64_t)order.notional);
    }
    SAY(.type = 'B', .number = number, .match = 99);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_UNKNOWN_ID);
    ll_test_oms_replays();
}
END_TEST

START_TEST(a_fill_that_belongs_to_nobody)
{
    uint64_t hash = ll_oms_hash(rig.oms);
    SAY(.type = 'E', .number = 99, .quantity = 10, .price = LL_RIG_MID, .match = 1);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_UNKNOWN_ID);
    ck_assert_uint_eq(counters()->suspended, 1);
    ck_assert_uint_ne(ll_oms_hash(rig.oms), hash);
    /* As much as a price can say: it does not wrap. */
    SAY(.type = 'E', .number = 99, .quantity = UINT32_MAX, .price = UINT64_MAX, .match = 2);
    SAY(.type = 'E', .number = 99, .quantity = UINT32_MAX, .price = UINT64_MAX, .match = 3);
    ck_assert_uint_eq(counters()->suspended, 3);
    ck_assert_uint_eq(counters()->money_lost, 2);
    ll_test_oms_replays();
}
END_TEST

/* What waits in suspense for a person, of whatever: all of it has to come to zero by itself. */
static void nothing_is_suspended(void)
{
    const struct ll_ledger *ledger = ll_oms_ledger(rig.oms);
    for (uint32_t i = 0; i < ll_ledger_account_count(ledger); i++) {
        const struct ll_ledger_account *account = ll_ledger_account_at(ledger, i);
        ck_assert(account->kind != LL_LEDGER_SUSPENSE || account->balance == 0);
    }
}

/* The owner's money is gone when the fill comes: it is in suspense, and so is its bust. */
START_TEST(a_fill_that_cannot_be_paid)
{
    (void)DO(.kind = LL_COMMAND_DEPOSIT, .account = "POOR", .amount = 10 * (int64_t)LL_RIG_MID);
    (void)DO(.kind = LL_COMMAND_PLACE, .account = "POOR", .symbol = "SYM0", .id = "P", .quantity = 10,
             .price = LL_RIG_MID);
    uint64_t number = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).number;
    SAY(.type = 'C', .number = number, .quantity = 10);
    (void)DO(.kind = LL_COMMAND_WITHDRAW, .account = "POOR", .amount = 10 * (int64_t)LL_RIG_MID);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    SAY(.type = 'E', .number = number, .quantity = 10, .price = LL_RIG_MID, .match = 1);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "P").cumulative, 10);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "POOR", 0, LL_LEDGER_AVAILABLE), 0);
    ck_assert_uint_eq(counters()->money_short, 1);
    /* Lots that the owner has from elsewhere are not those of this fill. */
    (void)DO(.kind = LL_COMMAND_DEPOSIT, .account = "POOR", .symbol = "SYM0", .amount = 10);
    SAY(.type = 'B', .number = number, .match = 1);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "P").cumulative, 0);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "POOR", 0, LL_LEDGER_AVAILABLE), 10);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "POOR", -1, LL_LEDGER_AVAILABLE), 0);
    nothing_is_suspended();
    ll_test_oms_replays();
}
END_TEST

/* What is sold short is owed, and no more than that: an ordinary sale still needs what it sells. */
START_TEST(a_short_sale_and_its_cover)
{
    (void)DO(.kind = LL_COMMAND_DEPOSIT, .account = "S", .amount = LL_RIG_CASH);
    (void)DO(.kind = LL_COMMAND_PLACE, .account = "S", .symbol = "SYM0", .id = "T", .quantity = 10,
             .side = LL_ORDER_SELL_SHORT, .price = LL_RIG_MID);
    struct ll_rig_sent sent = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50);
    ck_assert_int_eq(sent.side, 'T');
    SAY(.type = 'E', .number = sent.number, .quantity = 10, .price = LL_RIG_MID, .match = 1);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "S", 0, LL_LEDGER_AVAILABLE), -10);
    ck_assert_uint_eq(counters()->money_short, 0);
    ck_assert_uint_eq(DO(.kind = LL_COMMAND_PLACE, .account = "S", .symbol = "SYM0", .quantity = 1,
                         .side = LL_ORDER_SELL, .price = LL_RIG_MID)
                          ->refusal,
                      LL_REFUSAL_BALANCE);
    (void)DO(.kind = LL_COMMAND_CLOSE, .target = "T", .price = LL_RIG_MID);
    sent = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50);
    ck_assert_int_eq(sent.side, 'B');
    SAY(.type = 'E', .number = sent.number, .quantity = 10, .price = LL_RIG_MID, .match = 2);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "S", 0, LL_LEDGER_AVAILABLE), 0);
    ck_assert_uint_eq(DO(.kind = LL_COMMAND_PLACE, .account = "S", .symbol = "SYM0", .quantity = 1,
                         .side = LL_ORDER_SELL, .price = LL_RIG_MID)
                          ->refusal,
                      LL_REFUSAL_BALANCE);
    ll_test_oms_replays();
}
END_TEST

START_TEST(bytes_that_are_no_report)
{
    static const uint8_t unknown[] = {'?', 0, 0};
    static const uint8_t cut[] = {'E', 0, 0};
    static uint8_t long_one[LL_RECORD_PAYLOAD_BYTES_MAX / 8];
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    char name[10];
    uint64_t next = ll_oms_next_sequence(rig.oms, 0, name);
    ll_oms_rig_bytes(&rig, 0, unknown, sizeof unknown);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_UNKNOWN_TYPE);
    ll_oms_rig_bytes(&rig, 0, cut, sizeof cut);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_BAD_LENGTH);
    ll_oms_rig_bytes(&rig, 0, cut, 0);
    long_one[0] = 'E';
    ll_oms_rig_bytes(&rig, 0, long_one, sizeof long_one);
    ck_assert_uint_eq(counters()->bad_reports, 4);
    ck_assert_uint_eq(ll_oms_next_sequence(rig.oms, 0, name), next + 4); /* the stream goes on behind them */
    SAY(.type = 'E', .number = number, .quantity = 0, .price = LL_RIG_MID, .match = 1);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_BAD_INPUT);
    SAY(.type = 'C', .number = number, .quantity = 0);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_BAD_INPUT);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_NEW);
    /* A reason nobody knows is a cancel all the same; a system event nobody knows is counted. */
    SAY(.type = 'S', .code = '?');
    ck_assert_uint_eq(counters()->unknown_codes, 1);
    SAY(.type = 'C', .number = number, .quantity = 100, .code = '?');
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_CANCELLED);
    ll_test_oms_replays();
}
END_TEST

/* Some lots went by themselves while a cancel of all was out: it is still to be answered. */
START_TEST(a_part_is_no_answer_to_a_cancel_of_all)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    (void)ll_oms_rig_cancel(&rig, "A1");
    SAY(.type = 'C', .number = number, .quantity = 40);
    ck_assert(ll_oms_rig_order(&rig, "A1").request_outstanding);
    ck_assert_int_eq(ll_test_oms_locked(), 60 * (int64_t)LL_RIG_MID);
    SAY(.type = 'C', .number = number, .quantity = 60);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_CANCELLED);
    ll_test_oms_replays();
}
END_TEST

/* A fill that follows an order that was dead on arrival, matched together with it, is late like any other. */
START_TEST(a_fill_behind_a_dead_order)
{
    (void)ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    uint64_t number = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).number;
    ll_oms_rig_hold(&rig, 0,
                    &(struct ll_rig_message){.type = 'A',
                                             .number = number,
                                             .quantity = 100,
                                             .price = LL_RIG_MID,
                                             .exchange_ref = 7,
                                             .dead = true});
    SAY(.type = 'E', .number = number, .quantity = 40, .price = LL_RIG_MID, .match = 1);
    struct ll_oms_view order = ll_oms_rig_order(&rig, "A1");
    ck_assert_uint_eq(order.state, LL_ORDER_CANCELLED);
    ck_assert_uint_eq(order.cumulative, 40);
    ck_assert_int_eq(ll_test_oms_locked(), 0);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_LATE);
    ll_test_oms_replays();
}
END_TEST

/* A message longer than a record keeps is judged by what is kept: a replay sees no more. */
START_TEST(a_report_longer_than_its_record)
{
    static uint8_t long_one[LL_RECORD_PAYLOAD_BYTES_MAX + 64];
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    const struct ll_rig_message gone = {.type = 'C', .number = number, .quantity = 100};
    uint32_t at = ll_rig_write(LL_PROTOCOL_OUCH50, &gone, long_one);
    at -= _i == 0 ? 0 : 2; /* with and without an appendage of its own */
    long_one[at] = (uint8_t)((sizeof long_one - at - 2) >> 8);
    long_one[at + 1] = (uint8_t)(sizeof long_one - at - 2);
    for (at += 2; at < sizeof long_one; at += long_one[at] + 1u)
        long_one[at] = (uint8_t)(sizeof long_one - at - 1 < 100 ? sizeof long_one - at - 1 : 100);
    /* Not through the rig, whose journal keeps shorter ones only. */
    ll_oms_report(rig.oms, 0, long_one, sizeof long_one, rig.now_ns);
    ll_oms_step(rig.oms);
    rig.batch.slot_count = 0;
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_NEW);
    ck_assert_uint_eq(counters()->bad_reports, 1);
}
END_TEST

START_TEST(accepted_for_less_and_partly_cancelled)
{
    (void)ll_oms_rig_place(&rig, "A1", LL_ORDER_SELL, 100, LL_RIG_MID);
    uint64_t number = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).number;
    SAY(.type = 'A', .number = number, .quantity = 80, .price = LL_RIG_MID, .exchange_ref = 3);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").leaves, 80);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", 0, LL_LEDGER_LOCKED), 80);
    (void)DO(.kind = LL_COMMAND_CANCEL, .target = "A1", .quantity = 30);
    ck_assert_uint_eq(ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).quantity, 30);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", 0, LL_LEDGER_LOCKED), 80); /* asked is not done */
    SAY(.type = 'C', .number = number, .quantity = 50);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").leaves, 30);
    ck_assert(!ll_oms_rig_order(&rig, "A1").request_outstanding);
    ck_assert_int_eq(ll_oms_rig_balance(&rig, "ACC", 0, LL_LEDGER_LOCKED), 30);
    SAY(.type = 'P', .number = number);
    SAY(.type = 'I', .number = number);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_NEW);
    SAY(.type = 'T', .number = number, .price = LL_RIG_MID, .exchange_ref = 4);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").exchange_ref, 4);
    ck_assert(!ll_oms_public(rig.oms, 3, 1, false));
    ck_assert(ll_oms_public(rig.oms, 4, 1, false));
    ck_assert_uint_eq(counters()->public_first, 1);
    ll_test_oms_replays();
}
END_TEST

/* The client says what shall stay open, the venue wants to be told what shall be left of all: filled and open. */
START_TEST(a_cancel_of_part_of_what_is_filled_in_part)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    SAY(.type = 'E', .number = number, .quantity = 40, .price = LL_RIG_MID, .match = 1);
    (void)DO(.kind = LL_COMMAND_CANCEL, .target = "A1", .quantity = 25);
    ck_assert_uint_eq(ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).quantity, 65);
    SAY(.type = 'C', .number = number, .quantity = 35);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").leaves, 25);
    ck_assert(!ll_oms_rig_order(&rig, "A1").request_outstanding);
    ll_test_oms_replays();
}
END_TEST

/* --- Replaces: outcomes 1 to 4b, each with and without fills in between -------------------------------------- */

struct replaced {
    uint64_t old;
    uint64_t next;
};

/* 100 live, to be 150 in all at a tick more; with `_i` = 1, 20 of it filled before the answer. */
static struct replaced replacing(int fills)
{
    struct replaced made = {.old = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID)};
    (void)ll_oms_rig_replace(&rig, "A1", 150, LL_RIG_MID + 100);
    ck_assert_uint_eq(rig.answer.kind, LL_CLIENT_ACCEPTED);
    struct ll_rig_sent sent = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50);
    ck_assert_int_eq(sent.type, 'U');
    ck_assert_uint_eq(sent.old_number, made.old);
    ck_assert_uint_eq(sent.quantity, 150);
    ck_assert_uint_eq(sent.number % 2, 1); /* of a buy */
    made.next = sent.number;
    ck_assert_int_eq(ll_test_oms_locked(), 150 * (int64_t)(LL_RIG_MID + 100));
    if (fills != 0) {
        SAY(.type = 'E', .number = made.old, .quantity = 20, .price = LL_RIG_MID, .match = 1);
        ck_assert_int_eq(ll_test_oms_locked(), 130 * (int64_t)(LL_RIG_MID + 100));
    }
    return made;
}

/* 1: the order was gone when the replace came: no answer, and none is waited for. */
START_TEST(a_replace_of_a_filled_order)
{
    struct replaced made = replacing(_i);
    SAY(.type = 'E', .number = made.old, .quantity = 100 - 20 * (uint64_t)_i, .price = LL_RIG_MID,
        .match = 2);
    struct ll_oms_view order = ll_oms_rig_order(&rig, "A1");
    ck_assert_uint_eq(order.state, LL_ORDER_FILLED);
    ck_assert(!order.request_outstanding);
    ck_assert_int_eq(ll_test_oms_locked(), 0);
    ll_oms_rig_pass(&rig, 10 * LL_RIG_S);
    ck_assert_uint_eq(counters()->timeouts, 0);
    ll_test_oms_replays();
}
END_TEST

/* 2: the venue does not like the details: the old order is gone. */
START_TEST(a_replace_that_cancels)
{
    struct replaced made = replacing(_i);
    SAY(.type = 'C', .number = made.old, .quantity = 100 - 20 * (uint64_t)_i);
    struct ll_oms_view order = ll_oms_rig_order(&rig, "A1");
    ck_assert_uint_eq(order.state, LL_ORDER_CANCELLED);
    ck_assert(!order.request_outstanding);
    ck_assert_int_eq(ll_test_oms_locked(), 0);
    ll_test_oms_replays();
}
END_TEST

/* 3: rejected under its own number: the old order lives as it was. A reason that may pass is no different. */
START_TEST(a_replace_that_is_rejected)
{
    struct replaced made = replacing(_i & 1);
    SAY(.type = 'J', .number = made.next,
        .code = _i < 2 ? LL_OUCH50_REJECT_REPLACE_NOT_ALLOWED : LL_OUCH50_REJECT_HALTED);
    struct ll_oms_view order = ll_oms_rig_order(&rig, "A1");
    ck_assert_uint_eq(order.state, (_i & 1) != 0 ? LL_ORDER_PARTIALLY_FILLED : LL_ORDER_NEW);
    ck_assert(!order.request_outstanding);
    ck_assert_uint_eq(order.price, LL_RIG_MID);
    ck_assert_int_eq(ll_test_oms_locked(), (100 - 20 * (_i & 1)) * (int64_t)LL_RIG_MID);
    ck_assert_uint_eq(rig.events[rig.event_count - 1 - (_i < 2)].kind, LL_CLIENT_REQUEST_FAILED);
    SAY(.type = 'E', .number = made.old, .quantity = 5, .price = LL_RIG_MID, .match = 3);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_OK);
    /* And it may be replaced again, and the answer to the first means nothing to the second. */
    (void)ll_oms_rig_replace(&rig, "A1", 200, LL_RIG_MID);
    SAY(.type = 'J', .number = made.next, .code = LL_OUCH50_REJECT_OTHER);
    ck_assert(ll_oms_rig_order(&rig, "A1").request_outstanding);
    ll_test_oms_replays();
}
END_TEST

/* 4a: the order goes on under its new number; 4b: and is gone at once. */
START_TEST(a_replace_that_is_done)
{
    struct replaced made = replacing(_i & 1);
    uint64_t open = 150 - 20 * (uint64_t)(_i & 1);
    bool dead = _i >= 2;
    SAY(.type = 'U', .number = made.next, .old_number = made.old, .quantity = open, .price = LL_RIG_MID + 100,
        .exchange_ref = 2000, .dead = dead);
    struct ll_oms_view order = ll_oms_rig_order(&rig, "A1");
    ck_assert(!order.request_outstanding);
    ck_assert_uint_eq(order.price, LL_RIG_MID + 100);
    ck_assert_uint_eq(order.leaves, dead ? 0 : open);
    if (dead) {
        ck_assert_uint_eq(order.state, LL_ORDER_CANCELLED);
        ck_assert_int_eq(ll_test_oms_locked(), 0);
    } else {
        ck_assert_int_eq(ll_test_oms_locked(), (int64_t)(open * (LL_RIG_MID + 100)));
        SAY(.type = 'E', .number = made.next, .quantity = open, .price = LL_RIG_MID, .match = 7);
        ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_FILLED);
        ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").cumulative, 150);
    }
    SAY(.type = 'U', .number = made.next, .old_number = made.old, .quantity = open, .price = LL_RIG_MID);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_DUPLICATE);
    ll_test_oms_replays();
}
END_TEST

/* A kernel that says nonsense costs an identifier its place in the history, and nothing else. */
START_TEST(a_replace_whose_number_is_not_found)
{
    struct replaced made = replacing(false);
    rig.is_unchecked = true;
    rig.finds_nothing = true;
    SAY(.type = 'U', .number = made.next, .old_number = made.old, .quantity = 150, .price = LL_RIG_MID + 100);
    rig.finds_nothing = false;
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").price, LL_RIG_MID + 100);
    SAY(.type = 'E', .number = made.next, .quantity = 150, .price = LL_RIG_MID, .match = 7);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_FILLED);
}
END_TEST

/* A number that is another order's: neither of the two is touched. */
START_TEST(a_replace_under_a_number_of_another)
{
    uint64_t first = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    uint64_t second = ll_test_oms_live("A2", LL_ORDER_BUY, 100, LL_RIG_MID);
    SAY(.type = 'U', .number = second, .old_number = first, .quantity = 10, .price = LL_RIG_MID,
        .dead = true);
    ck_assert_uint_eq(last_verdict(), LL_VERDICT_ID_TAKEN);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_NEW);
    ck_assert_uint_eq(ll_test_oms_state("A2"), LL_ORDER_NEW);
    ll_test_oms_replays();
}
END_TEST

/* --- Rejects --------------------------------------------------------------------------------------------- */

START_TEST(a_final_reject)
{
    (void)ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    SAY(.type = 'J', .number = 1, .code = LL_OUCH50_REJECT_INVALID_PRICE);
    struct ll_oms_view order = ll_oms_rig_order(&rig, "A1");
    ck_assert_uint_eq(order.state, LL_ORDER_REJECTED);
    ck_assert_uint_eq(order.last_error, LL_OUCH50_REJECT_INVALID_PRICE);
    ck_assert_int_eq(ll_test_oms_locked(), 0);
    uint32_t sends = rig.send_count;
    ll_oms_rig_pass(&rig, 20 * LL_RIG_S);
    ck_assert_uint_eq(rig.send_count, sends); /* never again */
    ll_test_oms_replays();
}
END_TEST

START_TEST(rejects_that_may_pass)
{
    (void)ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    static const uint64_t waits_ns[] = {LL_RIG_S, 2 * LL_RIG_S};
    for (uint64_t attempt = 1; attempt <= 3; attempt++) {
        struct ll_rig_sent sent = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50);
        ck_assert_uint_eq(sent.number, 2 * attempt - 1); /* each under a number of its own */
        uint32_t sends = rig.send_count;
        SAY(.type = 'J', .number = sent.number, .code = LL_OUCH50_REJECT_HALTED);
        if (attempt == 3)
            break;
        struct ll_oms_view order = ll_oms_rig_order(&rig, "A1");
        ck_assert_uint_eq(order.state, LL_ORDER_FAILED);
        ck_assert_uint_eq(order.next_retry_ns, rig.now_ns + waits_ns[attempt - 1]);
        ck_assert_int_eq(ll_test_oms_locked(), 0);
        ll_oms_rig_pass(&rig, waits_ns[attempt - 1] - LL_RIG_S / 4);
        ck_assert_uint_eq(rig.send_count, sends);
        ll_oms_rig_pass(&rig, LL_RIG_S / 4);
        ck_assert_uint_eq(rig.send_count, sends + 1);
        ck_assert_int_eq(ll_test_oms_locked(), 100 * (int64_t)LL_RIG_MID);
    }
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_REJECTED);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").attempts, 3);
    ll_test_oms_replays();
}
END_TEST

/* Taken back while it waited, or while the word of its failure was on its way: it does not come again. */
START_TEST(a_failed_order_that_is_cancelled)
{
    (void)ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    if (_i == 0)
        (void)DO(.kind = LL_COMMAND_CANCEL, .target = "A1", .id = "X");
    SAY(.type = 'J', .number = 1, .code = LL_OUCH50_REJECT_HALTED);
    if (_i == 1)
        (void)DO(.kind = LL_COMMAND_CANCEL, .target = "A1", .id = "X");
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_CANCELLED);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "X").status, LL_ID_STATUS_EXECUTED);
    uint32_t sends = rig.send_count;
    ll_oms_rig_pass(&rig, 20 * LL_RIG_S);
    ck_assert_uint_eq(rig.send_count, sends);
    ll_test_oms_replays();
}
END_TEST

/* A strategy that is stopped until a person lets it go on does not try again either. */
START_TEST(a_failed_order_of_a_stopped_strategy)
{
    ll_oms_rig_limit(&rig, LL_SCOPE_FIRM, "", LL_LIMIT_EXECUTION_WINDOW, 1000 * LL_RIG_S);
    ll_oms_rig_limit(&rig, LL_SCOPE_STRATEGY, "S", LL_LIMIT_EXECUTIONS, 1);
    ll_oms_rig_load(&rig);
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .strategy = "S", .id = "A1", .quantity = 10,
             .price = LL_RIG_MID);
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .strategy = "S", .id = "A2", .quantity = 20,
             .price = LL_RIG_MID);
    SAY(.type = 'J', .number = 1, .code = LL_OUCH50_REJECT_HALTED);
    for (uint32_t lot = 0; lot < 3; lot++)
        SAY(.type = 'E', .number = 3, .quantity = 1, .price = LL_RIG_MID, .match = 1 + lot);
    uint32_t sends = rig.send_count;
    ll_oms_rig_pass(&rig, 2 * LL_RIG_RETRY_NS);
    ck_assert_uint_eq(rig.send_count, sends);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_FAILED);
    (void)DO(.kind = LL_COMMAND_ENABLE_STRATEGY, .strategy = "S");
    ll_oms_rig_pass(&rig, 2 * LL_RIG_RETRY_NS);
    ck_assert_int_eq(ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50).type, 'O');
    ll_test_oms_replays();
}
END_TEST

/* While it waits its money is free; when that is spent, it cannot come again. */
START_TEST(a_failed_order_that_cannot_be_paid_again)
{
    (void)DO(.kind = LL_COMMAND_DEPOSIT, .account = "POOR", .amount = 10 * (int64_t)LL_RIG_MID);
    (void)DO(.kind = LL_COMMAND_PLACE, .account = "POOR", .symbol = "SYM0", .id = "P", .quantity = 10,
             .price = LL_RIG_MID);
    SAY(.type = 'J', .number = 1, .code = LL_OUCH50_REJECT_HALTED);
    (void)DO(.kind = LL_COMMAND_WITHDRAW, .account = "POOR", .amount = 1);
    uint32_t sends = rig.send_count;
    ll_oms_rig_pass(&rig, 2 * LL_RIG_S);
    ck_assert_uint_eq(ll_test_oms_state("P"), LL_ORDER_REJECTED);
    ck_assert_uint_eq(rig.send_count, sends);
    ll_test_oms_replays();
}
END_TEST

/* Nor when no identifier can be had for it any more: it does not wait for ever. */
START_TEST(a_failed_order_that_cannot_be_named_again)
{
    struct ll_oms_config config;
    ll_oms_rig_free(&rig);
    ll_oms_rig_config(&config);
    config.orders = 4;
    config.ids = 16;
    ll_oms_rig_make(&rig, &config);
    ll_oms_rig_ready(&rig);
    (void)ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    use_up_ids();
    SAY(.type = 'J', .number = 1, .code = LL_OUCH50_REJECT_HALTED);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_FAILED);
    uint32_t sends = rig.send_count;
    ll_oms_rig_pass(&rig, 2 * LL_RIG_S);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_REJECTED);
    ck_assert_uint_eq(rig.send_count, sends);
    ll_test_oms_replays();
}
END_TEST

/* Both feeds tell of a fill of what stood in the book: who was first is counted, once for each. */
START_TEST(two_feeds_tell_of_one_fill)
{
    uint32_t seen;
    uint32_t differ;
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    uint64_t ref = ll_oms_rig_order(&rig, "A1").exchange_ref;
    ck_assert(ll_oms_public(rig.oms, ref, 0, false));
    SAY(.type = 'E', .number = number, .quantity = 40, .price = LL_RIG_MID, .match = 1, .code = 'A');
    ll_oms_feeds(rig.oms, &seen, &differ);
    ck_assert_uint_eq(seen, 1);
    ck_assert_uint_eq(differ, 1); /* the public feed has not told yet */
    ck_assert(ll_oms_public(rig.oms, ref, 40, false));
    ck_assert_uint_eq(ll_oms_counters(rig.oms)->private_first, 1);
    ck_assert_uint_eq(ll_oms_counters(rig.oms)->public_first, 0);
    ck_assert(ll_oms_public(rig.oms, ref, 60, true));
    SAY(.type = 'E', .number = number, .quantity = 60, .price = LL_RIG_MID, .match = 2, .code = 'A');
    ck_assert_uint_eq(ll_oms_counters(rig.oms)->private_first, 1);
    ck_assert_uint_eq(ll_oms_counters(rig.oms)->public_first, 1);
    ll_oms_feeds(rig.oms, &seen, &differ);
    ck_assert_uint_eq(differ, 0);
    ck_assert(!ll_oms_public(rig.oms, ref + 1, 1, false)); /* somebody else's */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oms_reports");
    TCase *reports = tcase_create("reports");
    tcase_add_checked_fixture(reports, ll_test_oms_begin, ll_test_oms_end);
    tcase_add_test(reports, a_fill_before_its_acknowledgement);
    tcase_add_test(reports, a_replayed_fill_is_booked_once);
    tcase_add_test(reports, a_repeat_without_room_for_identifiers);
    tcase_add_test(reports, a_fill_without_room_comes_before_what_follows);
    tcase_add_test(reports, a_fill_after_the_cancel);
    tcase_add_test(reports, more_than_was_asked_for);
    tcase_add_test(reports, a_bust_and_the_same_bust_again);
    tcase_add_test(reports, a_fill_that_belongs_to_nobody);
    tcase_add_test(reports, a_fill_that_cannot_be_paid);
    tcase_add_test(reports, a_short_sale_and_its_cover);
    tcase_add_test(reports, bytes_that_are_no_report);
    tcase_add_test(reports, a_part_is_no_answer_to_a_cancel_of_all);
    tcase_add_test(reports, a_fill_behind_a_dead_order);
    tcase_add_loop_test(reports, a_report_longer_than_its_record, 0, 2);
    tcase_add_test(reports, accepted_for_less_and_partly_cancelled);
    tcase_add_test(reports, a_cancel_of_part_of_what_is_filled_in_part);
    tcase_add_loop_test(reports, a_replace_of_a_filled_order, 0, 2);
    tcase_add_loop_test(reports, a_replace_that_cancels, 0, 2);
    tcase_add_loop_test(reports, a_replace_that_is_rejected, 0, 4);
    tcase_add_loop_test(reports, a_replace_that_is_done, 0, 4);
    tcase_add_test(reports, a_replace_whose_number_is_not_found);
    tcase_add_test(reports, a_replace_under_a_number_of_another);
    tcase_add_test(reports, a_final_reject);
    tcase_add_test(reports, rejects_that_may_pass);
    tcase_add_loop_test(reports, a_failed_order_that_is_cancelled, 0, 2);
    tcase_add_test(reports, a_failed_order_of_a_stopped_strategy);
    tcase_add_test(reports, a_failed_order_that_cannot_be_paid_again);
    tcase_add_test(reports, a_failed_order_that_cannot_be_named_again);
    tcase_add_test(reports, two_feeds_tell_of_one_fill);
    suite_add_tcase(suite, reports);
    return ll_test_oms_run(suite);
}
