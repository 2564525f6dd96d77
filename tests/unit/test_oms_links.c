/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: silence proves nothing and a broken connection neither: what was sent is asked for, said again byte for byte in
 * its order, or given up when the venue has proved that it passed it over; nothing new leaves before; a new session is
 * a new day; and an engine that comes back from its journal, or from a copy, is the one that went.
 * Method: the engine with its journal in memory and bytes of a venue, one story per test; time passes in quarters of a
 * second.
 */
#include "host/wire/ll_ouch50.h"
#include "tests/unit/ll_test_oms.h"

static const struct ll_oms_counters *counters(void)
{
    return ll_oms_counters(rig.oms);
}

static struct ll_rig_sent last_sent(void)
{
    return ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50);
}

static void answer_query(uint64_t next_number)
{
    ck_assert_int_eq(last_sent().type, 'Q');
    SAY(.type = 'Q', .number = next_number);
    (void)ll_oms_rig_due(&rig);
}

/* --- Silence --------------------------------------------------------------------------------------------- */

START_TEST(a_cancel_that_is_passed_over)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    (void)DO(.kind = LL_COMMAND_CANCEL, .target = "A1", .id = "X");
    ll_oms_rig_pass(&rig, LL_RIG_TIMEOUT_NS);
    ck_assert_uint_eq(counters()->timeouts, 1);
    answer_query(number + 1);
    struct ll_oms_view order = ll_oms_rig_order(&rig, "A1");
    ck_assert(!order.request_outstanding);
    ck_assert_uint_eq(order.state, LL_ORDER_NEW); /* silence says nothing of the order */
    ck_assert_int_eq(ll_test_oms_locked(), 100 * (int64_t)LL_RIG_MID);
    ck_assert_uint_eq(ll_oms_rig_id(&rig, "X").status, LL_ID_STATUS_CANCELLED);
    ck_assert_uint_eq(counters()->unanswered, 1);
    ck_assert_uint_eq(ll_oms_rig_cancel(&rig, "A1")->kind, LL_CLIENT_ACCEPTED);
    ll_test_oms_replays();
}
END_TEST

START_TEST(a_cancel_of_a_filled_order)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    (void)ll_oms_rig_cancel(&rig, "A1");
    SAY(.type = 'E', .number = number, .quantity = 100, .price = LL_RIG_MID, .match = 1);
    ck_assert(!ll_oms_rig_order(&rig, "A1").request_outstanding);
    uint32_t sends = rig.send_count;
    ll_oms_rig_pass(&rig, 10 * LL_RIG_S);
    ck_assert_uint_eq(rig.send_count, sends); /* the fill was the answer */
    ll_test_oms_replays();
}
END_TEST

/* 11 came to the venue before 9: 9 is passed over, and that is seen; the order comes again under a new number, at most
 * as often as it may. */
START_TEST(an_order_that_is_passed_over)
{
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .id = "A1", .quantity = 10, .price = LL_RIG_MID,
             .max_attempts = 2);
    uint64_t first = last_sent().number;
    ll_oms_rig_pass(&rig, LL_RIG_TIMEOUT_NS);
    answer_query(first + 2);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_FAILED);
    ll_oms_rig_pass(&rig, LL_RIG_RETRY_NS);
    ck_assert_int_eq(last_sent().type, 'O');
    uint64_t second = last_sent().number;
    ck_assert_uint_gt(second, first + 1);
    ll_oms_rig_pass(&rig, LL_RIG_TIMEOUT_NS);
    answer_query(second + 1);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_REJECTED);
    ck_assert_int_eq(ll_test_oms_locked(), 0);
    uint32_t sends = rig.send_count;
    ll_oms_rig_pass(&rig, 30 * LL_RIG_S);
    ck_assert_uint_eq(rig.send_count, sends);
    /* A word of the first one all the same: the venue is right. */
    SAY(.type = 'E', .number = first, .quantity = 10, .price = LL_RIG_MID, .match = 1);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_FILLED);
    ll_test_oms_replays();
}
END_TEST

/* A replace that came to nothing is known no more; when it was done after all, the order goes on under it. */
/* A reject of the number before the one that is out must not leave a request behind that nothing can settle. */
START_TEST(a_reject_of_the_number_before)
{
    (void)ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 10, LL_RIG_MID);
    uint64_t first = last_sent().number;
    ll_oms_rig_pass(&rig, LL_RIG_TIMEOUT_NS);
    answer_query(first + 2);
    ll_oms_rig_pass(&rig, LL_RIG_RETRY_NS);
    ck_assert_int_eq(last_sent().type, 'O');
    uint64_t second = last_sent().number;
    ck_assert_uint_ne(second, first);
    SAY(.type = 'J', .number = first, .code = LL_OUCH50_REJECT_HALTED);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_FAILED);
    ll_oms_rig_pass(&rig, 2 * LL_RIG_RETRY_NS);
    uint64_t third = last_sent().number;
    ck_assert_uint_gt(third, second);
    SAY(.type = 'A', .number = third, .quantity = 10, .price = LL_RIG_MID, .exchange_ref = 7);
    ck_assert_uint_eq(ll_oms_in_flight(rig.oms, 0), 0);
    ll_oms_rig_link(&rig, 0, LL_LINK_CLOSED, NULL, 0);
    ll_oms_rig_open(&rig, 0, "DAY1", third + 1);
    (void)ll_oms_rig_due(&rig);
    ck_assert(ll_oms_is_open(rig.oms, 0));
    ll_test_oms_replays();
}
END_TEST

START_TEST(a_replace_that_is_passed_over)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    (void)ll_oms_rig_replace(&rig, "A1", 50, LL_RIG_MID);
    uint64_t next = last_sent().number;
    ll_oms_rig_pass(&rig, LL_RIG_TIMEOUT_NS);
    answer_query(next + 1);
    ck_assert(!ll_oms_rig_order(&rig, "A1").request_outstanding);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").quantity, 100);
    SAY(.type = 'U', .number = next, .old_number = number, .quantity = 50, .price = LL_RIG_MID);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").leaves, 50);
    ck_assert_int_eq(ll_test_oms_locked(), 50 * (int64_t)LL_RIG_MID);
    SAY(.type = 'E', .number = next, .quantity = 50, .price = LL_RIG_MID, .match = 1);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_FILLED);
    ll_test_oms_replays();
}
END_TEST

/* The late word of the first replace is no answer to the second one. */
START_TEST(a_late_answer_to_the_replace_before)
{
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 100, LL_RIG_MID);
    (void)ll_oms_rig_replace(&rig, "A1", 50, LL_RIG_MID);
    uint64_t first = last_sent().number;
    ll_oms_rig_pass(&rig, LL_RIG_TIMEOUT_NS);
    answer_query(first + 1);
    (void)ll_oms_rig_replace(&rig, "A1", 200, LL_RIG_MID);
    uint64_t second = last_sent().number;
    SAY(.type = 'U', .number = first, .old_number = number, .quantity = 50, .price = LL_RIG_MID);
    ck_assert(ll_oms_rig_order(&rig, "A1").request_outstanding);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").leaves, 50);
    ck_assert_int_eq(ll_test_oms_locked(), 200 * (int64_t)LL_RIG_MID); /* it may still be done */
    SAY(.type = 'U', .number = second, .old_number = first, .quantity = 200, .price = LL_RIG_MID);
    ck_assert(!ll_oms_rig_order(&rig, "A1").request_outstanding);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").leaves, 200);
    ll_test_oms_replays();
}
END_TEST

/* --- Connections ------------------------------------------------------------------------------------------ */

/* Three enters, a cancel and a replace are out when the connection breaks. The venue has seen the first two. */
START_TEST(a_broken_connection)
{
    (void)ll_test_oms_live("A0", LL_ORDER_BUY, 10, LL_RIG_MID - 500); /* 1 */
    uint32_t first = rig.send_count;
    (void)ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 10, LL_RIG_MID - 500); /* 3 */
    (void)ll_oms_rig_place(&rig, "A2", LL_ORDER_BUY, 10, LL_RIG_MID - 500); /* 5 */
    (void)ll_oms_rig_place(&rig, "A3", LL_ORDER_SELL, 10, LL_RIG_MID);      /* 6 */
    (void)ll_oms_rig_cancel(&rig, "A3");
    (void)ll_oms_rig_replace(&rig, "A0", 20, LL_RIG_MID - 500); /* 7 */
    ll_oms_rig_link(&rig, 0, LL_LINK_CLOSED, NULL, 0);
    ck_assert(!ll_oms_is_open(rig.oms, 0));
    ck_assert_uint_eq(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID)->refusal,
                      LL_REFUSAL_NOT_OPEN);
    ll_oms_rig_pass(&rig, 5 * LL_RIG_S);
    uint32_t sends = rig.send_count;
    char name[10];
    uint64_t next = ll_oms_next_sequence(rig.oms, 0, name);
    ck_assert_int_eq(memcmp(name, "DAY1      ", 10), 0);
    ll_oms_rig_link(&rig, 0, LL_LINK_OPENED, "DAY1", next);
    ck_assert_uint_eq(rig.send_count, sends + 1);
    ck_assert_int_eq(last_sent().type, 'Q');
    SAY(.type = 'A', .number = 3, .quantity = 10, .price = LL_RIG_MID - 500);
    ck_assert_uint_eq(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID)->refusal,
                      LL_REFUSAL_NOT_OPEN);
    ck_assert_uint_eq(ll_oms_rig_cancel(&rig, "A0")->refusal, LL_REFUSAL_REQUEST_OUTSTANDING);
    SAY(.type = 'Q', .number = 6);
    ck_assert(!ll_oms_is_open(rig.oms, 0));
    (void)ll_oms_rig_due(&rig);
    ck_assert(ll_oms_is_open(rig.oms, 0));
    /* 5 was passed over; 6, its cancel and 7 go again, byte for byte and in their order. */
    ck_assert_uint_eq(ll_test_oms_state("A2"), LL_ORDER_FAILED);
    ck_assert_uint_eq(rig.send_count, sends + 4);
    for (uint32_t i = 0; i < 3; i++) {
        const struct ll_oms_send *was = &rig.sends[first + 2 + i];
        const struct ll_oms_send *is = &rig.sends[sends + 1 + i];
        ck_assert_uint_eq(is->bytes_count, was->bytes_count);
        ck_assert_int_eq(memcmp(is->bytes, was->bytes, is->bytes_count), 0);
        ck_assert_uint_eq(is->connection, was->connection + 1);
    }
    ck_assert_uint_eq(counters()->resends, 3);
    ck_assert_uint_eq(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID - 500)->kind,
                      LL_CLIENT_ACCEPTED);
    ck_assert_uint_gt(last_sent().number, 7);
    ll_test_oms_replays();
}
END_TEST

/* The answer to the question of the connection before is no answer to ours. */
START_TEST(an_old_answer_among_what_was_missed)
{
    (void)ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 10, LL_RIG_MID);
    uint64_t number = last_sent().number;
    ll_oms_rig_pass(&rig, LL_RIG_TIMEOUT_NS);
    ck_assert_int_eq(last_sent().type, 'Q');
    ll_oms_rig_link(&rig, 0, LL_LINK_CLOSED, NULL, 0);
    uint32_t sends = rig.send_count;
    char name[10];
    ll_oms_rig_link(&rig, 0, LL_LINK_OPENED, "DAY1", ll_oms_next_sequence(rig.oms, 0, name));
    ck_assert_uint_eq(rig.send_count, sends); /* first all that was missed */
    SAY(.type = 'Q', .number = number);
    (void)ll_oms_rig_due(&rig);
    ck_assert(!ll_oms_is_open(rig.oms, 0));
    ck_assert_uint_eq(rig.send_count, sends);
    SAY(.type = 'A', .number = number, .quantity = 10, .price = LL_RIG_MID);
    ll_oms_rig_link(&rig, 0, LL_LINK_CAUGHT_UP, NULL, 0);
    answer_query(number + 1);
    ck_assert(ll_oms_is_open(rig.oms, 0));
    ck_assert_uint_eq(counters()->resends, 0);
    ll_test_oms_replays();
}
END_TEST

/* 4.2 cannot be asked: when all that was missed has been said, what was not answered is said again. */
START_TEST(a_venue_that_cannot_be_asked)
{
    ll_oms_rig_configure(&rig, 1, LL_PROTOCOL_OUCH42);
    ll_oms_rig_open(&rig, 1, "DAY", 1);
    ck_assert(ll_oms_is_open(rig.oms, 1));
    (void)DO(.kind = LL_COMMAND_PLACE, .session = 1, .symbol = "SYM0", .id = "A1", .quantity = 10,
             .price = LL_RIG_MID);
    struct ll_oms_send sent = rig.sends[rig.send_count - 1];
    ck_assert_uint_eq(sent.session, 1);
    ck_assert_uint_eq(ll_rig_read(LL_PROTOCOL_OUCH42, &sent).number, 1);
    ll_oms_rig_pass(&rig, LL_RIG_TIMEOUT_NS);
    ck_assert_int_eq(memcmp(rig.sends[rig.send_count - 1].bytes, sent.bytes, sent.bytes_count), 0);
    ll_oms_rig_link(&rig, 1, LL_LINK_CLOSED, NULL, 0);
    uint32_t sends = rig.send_count;
    ll_oms_rig_open(&rig, 1, "DAY", 0);
    (void)ll_oms_rig_due(&rig);
    ck_assert_uint_eq(rig.send_count, sends + 1);
    ck_assert_int_eq(memcmp(rig.sends[sends].bytes, sent.bytes, sent.bytes_count), 0);
    ll_oms_rig_say(&rig, 1,
                   &(struct ll_rig_message){
                       .type = 'A', .number = 1, .quantity = 10, .price = LL_RIG_MID, .exchange_ref = 8});
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_NEW);
    /* A second cancel after a refused one is passed over in silence: it is given up, the order lives. */
    (void)ll_oms_rig_cancel(&rig, "A1");
    ll_oms_rig_say(&rig, 1, &(struct ll_rig_message){.type = 'I', .number = 1});
    ck_assert(!ll_oms_rig_order(&rig, "A1").request_outstanding);
    (void)ll_oms_rig_cancel(&rig, "A1");
    ll_oms_rig_pass(&rig, 2 * LL_RIG_TIMEOUT_NS);
    ck_assert(!ll_oms_rig_order(&rig, "A1").request_outstanding);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_NEW);
    ll_test_oms_replays();
}
END_TEST

START_TEST(a_new_session_is_a_new_day)
{
    (void)ll_test_oms_live("A1", LL_ORDER_BUY, 10, LL_RIG_MID);
    (void)ll_oms_rig_place(&rig, "A2", LL_ORDER_BUY, 10, LL_RIG_MID);
    (void)ll_oms_rig_cancel(&rig, "A1");
    if (_i == 0)
        ll_oms_rig_link(&rig, 0, LL_LINK_CLOSED, NULL, 0);
    else
        ll_oms_rig_link(&rig, 0, LL_LINK_ENDED, NULL, 0);
    ll_oms_rig_open(&rig, 0, "DAY2", 1);
    (void)ll_oms_rig_due(&rig);
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_EXPIRED);
    ck_assert_uint_eq(ll_test_oms_state("A2"), LL_ORDER_EXPIRED);
    ck_assert_int_eq(ll_test_oms_locked(), 0);
    ck_assert_uint_eq(counters()->resends, 0);
    /* Numbers begin again, and yesterday's 1 is another order than today's. */
    (void)ll_oms_rig_place(&rig, "B1", LL_ORDER_BUY, 10, LL_RIG_MID);
    ck_assert_uint_eq(last_sent().number, 1);
    SAY(.type = 'E', .number = 1, .quantity = 10, .price = LL_RIG_MID, .match = 1);
    ck_assert_uint_eq(ll_test_oms_state("B1"), LL_ORDER_FILLED);
    ck_assert_uint_eq(ll_oms_rig_order(&rig, "A1").cumulative, 0);
    ll_test_oms_replays();
}
END_TEST

/* The days of one session are not those of another. */
START_TEST(a_new_day_of_the_second_session)
{
    ll_oms_rig_configure(&rig, 1, LL_PROTOCOL_OUCH42);
    ll_oms_rig_open(&rig, 1, "OTHER1", 1);
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .id = "A1", .quantity = 10, .price = LL_RIG_MID,
             .session = 1);
    ck_assert_uint_eq(ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH42).number, 1);
    ll_oms_rig_link(&rig, 1, LL_LINK_ENDED, NULL, 0);
    ll_oms_rig_open(&rig, 1, "OTHER2", 1);
    (void)ll_oms_rig_due(&rig);
    (void)DO(.kind = LL_COMMAND_PLACE, .symbol = "SYM0", .id = "B1", .quantity = 10, .price = LL_RIG_MID,
             .session = 1);
    ck_assert_uint_eq(ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH42).number, 1);
    ll_oms_rig_say(
        &rig, 1,
        &(struct ll_rig_message){.type = 'E', .number = 1, .quantity = 10, .price = LL_RIG_MID, .match = 1});
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_EXPIRED);
    ck_assert_uint_eq(ll_test_oms_state("B1"), LL_ORDER_FILLED);
    ll_test_oms_replays();
}
END_TEST

START_TEST(the_end_of_the_venues_day)
{
    (void)ll_test_oms_live("A1", LL_ORDER_BUY, 10, LL_RIG_MID);
    SAY(.type = 'S', .code = 'E');
    ck_assert_uint_eq(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID)->refusal,
                      LL_REFUSAL_NOT_OPEN);
    ck_assert_uint_eq(ll_oms_rig_cancel(&rig, "A1")->kind, LL_CLIENT_ACCEPTED);
    SAY(.type = 'S', .code = 'S');
    ck_assert_uint_eq(ll_oms_rig_place(&rig, NULL, LL_ORDER_BUY, 1, LL_RIG_MID)->kind, LL_CLIENT_ACCEPTED);
}
END_TEST

/* --- Replay and copies ------------------------------------------------------------------------------------- */

/* The journal ends behind a command, before the message it made: the message gets the record it would have had. */
START_TEST(a_journal_cut_before_what_was_sent)
{
    static struct ll_oms_rig fresh;
    struct ll_why why = {0};
    (void)ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 10, LL_RIG_MID);
    ck_assert_uint_eq(rig.journal[rig.record_count - 1].kind, LL_RECORD_SENT);
    ll_oms_rig_make(&fresh, NULL);
    ck_assert_int_eq(ll_oms_rig_replay(&fresh, &rig, rig.record_count - 1, &why), LL_OK);
    ll_oms_rig_replay_end(&fresh);
    ck_assert_uint_eq(fresh.record_count, rig.record_count);
    ck_assert_int_eq(
        memcmp(&fresh.journal[rig.record_count - 1], &rig.journal[rig.record_count - 1], sizeof *rig.journal),
        0);
    ck_assert_uint_eq(ll_oms_rig_hash(&fresh), ll_oms_rig_hash(&rig));
    ck_assert_uint_eq(fresh.send_count, 0); /* whether it left is not known: the venue is asked */
    ck_assert_uint_eq(fresh.event_count, 0);
    fresh.now_ns = rig.now_ns;
    ll_oms_rig_link(&fresh, 0, LL_LINK_CLOSED, NULL, 0);
    ll_oms_rig_open(&fresh, 0, "DAY1", 1);
    (void)ll_oms_rig_due(&fresh);
    ck_assert_uint_eq(fresh.send_count, 2); /* the question, and the order that the venue never saw */
    ck_assert_int_eq(
        memcmp(fresh.sends[1].bytes, rig.sends[rig.send_count - 1].bytes, fresh.sends[1].bytes_count), 0);
    ll_oms_rig_free(&fresh);
}
END_TEST

/* Reports are matched together as they were, whatever was flushed in between: an acknowledgement gives the order a name
 * of the exchange, and the execution behind it gets the next number either way. */
START_TEST(reports_are_grouped_as_they_were)
{
    (void)ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 10, LL_RIG_MID);
    const struct ll_rig_message accepted = {
        .type = 'A', .number = 1, .quantity = 10, .price = LL_RIG_MID, .exchange_ref = 9};
    const struct ll_rig_message executed = {
        .type = 'E', .number = 1, .quantity = 10, .price = LL_RIG_MID, .match = 1};
    if (_i == 0) {
        ll_oms_rig_hold(&rig, 0, &accepted);
        ll_oms_rig_hold(&rig, 0, &executed);
        ll_oms_rig_pump(&rig);
    } else {
        ll_oms_rig_say(&rig, 0, &accepted);
        ll_oms_rig_say(&rig, 0, &executed);
    }
    ck_assert_uint_eq(ll_test_oms_state("A1"), LL_ORDER_FILLED);
    ll_test_oms_replays();
}
END_TEST

/* A record that says something else than what comes out of replaying is refused by its number. */
START_TEST(a_journal_that_was_changed)
{
    static struct ll_oms_rig fresh;
    struct ll_why why = {0};
    (void)ll_oms_rig_place(&rig, "A1", LL_ORDER_BUY, 10, LL_RIG_MID);
    ll_oms_rig_make(&fresh, NULL);
    if (_i == 0)
        rig.journal[rig.record_count - 1].payload[sizeof(struct ll_record_wire) + 9] ^= 1; /* the message */
    else if (_i == 1)
        rig.journal[rig.record_count - 2].verdict = LL_REFUSAL_BALANCE;
    else
        rig.journal[rig.record_count - 2].event_id++;
    ck_assert_int_eq(ll_oms_rig_replay(&fresh, &rig, rig.record_count, &why), LL_ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(why.text, "replay"));
    ll_oms_rig_free(&fresh);
}
END_TEST

START_TEST(a_copy_goes_on)
{
    static struct ll_oms_rig copy;
    uint64_t number = ll_test_oms_live("A1", LL_ORDER_BUY, 10, LL_RIG_MID);
    (void)ll_oms_rig_cancel(&rig, "A1");
    ll_oms_rig_make(&copy, NULL);
    ll_oms_rig_copy(&copy, &rig);
    ck_assert_uint_eq(ll_oms_rig_hash(&copy), ll_oms_rig_hash(&rig));
    const struct ll_rig_message gone = {.type = 'C', .number = number, .quantity = 10};
    ll_oms_rig_say(&copy, 0, &gone);
    ll_oms_rig_say(&rig, 0, &gone);
    ck_assert_uint_eq(ll_oms_rig_order(&copy, "A1").state, LL_ORDER_CANCELLED);
    ck_assert_uint_eq(ll_oms_rig_hash(&copy), ll_oms_rig_hash(&rig));
    ll_oms_rig_free(&copy);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oms_links");
    TCase *links = tcase_create("links");
    tcase_add_checked_fixture(links, ll_test_oms_begin, ll_test_oms_end);
    tcase_add_test(links, a_cancel_that_is_passed_over);
    tcase_add_test(links, a_cancel_of_a_filled_order);
    tcase_add_test(links, an_order_that_is_passed_over);
    tcase_add_test(links, a_reject_of_the_number_before);
    tcase_add_test(links, a_replace_that_is_passed_over);
    tcase_add_test(links, a_late_answer_to_the_replace_before);
    tcase_add_test(links, a_broken_connection);
    tcase_add_test(links, an_old_answer_among_what_was_missed);
    tcase_add_test(links, a_venue_that_cannot_be_asked);
    tcase_add_loop_test(links, a_new_session_is_a_new_day, 0, 2);
    tcase_add_test(links, a_new_day_of_the_second_session);
    tcase_add_test(links, the_end_of_the_venues_day);
    tcase_add_test(links, a_journal_cut_before_what_was_sent);
    tcase_add_loop_test(links, reports_are_grouped_as_they_were, 0, 2);
    tcase_add_loop_test(links, a_journal_that_was_changed, 0, 3);
    tcase_add_test(links, a_copy_goes_on);
    suite_add_tcase(suite, links);
    return ll_test_oms_run(suite);
}
