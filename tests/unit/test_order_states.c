/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: every event in every state does what was agreed, cell by cell.
 * Method: the whole table a second time, worked out event by event from the rules of an order's life, not
 * from the kernel's macros: one line per cell, with the state after it. Then what all cells together must
 * obey.
 */
#include "hls/ll_order_states.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

struct cell {
    uint32_t state;
    uint32_t event;
    uint32_t how;
    uint32_t next;
};

/* clang-format off */
#define OK(state, event, next)    {LL_ORDER_##state, LL_EVENT_##event, LL_CELL_HOW_OK, LL_ORDER_##next}
#define EARLY(state, event, next) {LL_ORDER_##state, LL_EVENT_##event, LL_CELL_HOW_EARLY, LL_ORDER_##next}
#define LATE(state, event, next)  {LL_ORDER_##state, LL_EVENT_##event, LL_CELL_HOW_LATE, LL_ORDER_##next}
#define SAME(state, event)        {LL_ORDER_##state, LL_EVENT_##event, LL_CELL_HOW_SAME, LL_ORDER_##state}
#define NO(state, event)          {LL_ORDER_##state, LL_EVENT_##event, LL_CELL_HOW_NO, LL_ORDER_##state}

static const struct cell cells[] = {
    NO(NONE, SUBMIT),
    NO(NONE, ACK),
    NO(NONE, PARTIAL_FILL),
    NO(NONE, FILL),
    NO(NONE, CANCEL),
    NO(NONE, PARTIAL_CANCEL),
    NO(NONE, REPLACE),
    NO(NONE, REJECT),
    NO(NONE, EXPIRE),
    NO(NONE, BUST),
    NO(NONE, CORRECT),
    NO(NONE, FAIL),
    NO(NONE, RETRY),

    OK(PENDING, SUBMIT, SUBMITTED),
    EARLY(PENDING, ACK, NEW),
    EARLY(PENDING, PARTIAL_FILL, PARTIALLY_FILLED),
    EARLY(PENDING, FILL, FILLED),
    OK(PENDING, CANCEL, CANCELLED),
    EARLY(PENDING, PARTIAL_CANCEL, NEW),
    EARLY(PENDING, REPLACE, NEW),
    EARLY(PENDING, REJECT, REJECTED),
    OK(PENDING, EXPIRE, EXPIRED),
    NO(PENDING, BUST),
    NO(PENDING, CORRECT),
    OK(PENDING, FAIL, FAILED),
    NO(PENDING, RETRY),

    SAME(SUBMITTED, SUBMIT),
    OK(SUBMITTED, ACK, NEW),
    EARLY(SUBMITTED, PARTIAL_FILL, PARTIALLY_FILLED),
    EARLY(SUBMITTED, FILL, FILLED),
    EARLY(SUBMITTED, CANCEL, CANCELLED),
    EARLY(SUBMITTED, PARTIAL_CANCEL, NEW),
    EARLY(SUBMITTED, REPLACE, NEW),
    OK(SUBMITTED, REJECT, REJECTED),
    OK(SUBMITTED, EXPIRE, EXPIRED),
    NO(SUBMITTED, BUST),
    NO(SUBMITTED, CORRECT),
    OK(SUBMITTED, FAIL, FAILED),
    NO(SUBMITTED, RETRY),

    NO(NEW, SUBMIT),
    OK(NEW, ACK, NEW),
    OK(NEW, PARTIAL_FILL, PARTIALLY_FILLED),
    OK(NEW, FILL, FILLED),
    OK(NEW, CANCEL, CANCELLED),
    OK(NEW, PARTIAL_CANCEL, NEW),
    OK(NEW, REPLACE, NEW),
    NO(NEW, REJECT),
    OK(NEW, EXPIRE, EXPIRED),
    NO(NEW, BUST),
    NO(NEW, CORRECT),
    NO(NEW, FAIL),
    NO(NEW, RETRY),

    NO(PARTIALLY_FILLED, SUBMIT),
    OK(PARTIALLY_FILLED, ACK, PARTIALLY_FILLED),
    OK(PARTIALLY_FILLED, PARTIAL_FILL, PARTIALLY_FILLED),
    OK(PARTIALLY_FILLED, FILL, FILLED),
    OK(PARTIALLY_FILLED, CANCEL, CANCELLED),
    OK(PARTIALLY_FILLED, PARTIAL_CANCEL, PARTIALLY_FILLED),
    OK(PARTIALLY_FILLED, REPLACE, PARTIALLY_FILLED),
    NO(PARTIALLY_FILLED, REJECT),
    OK(PARTIALLY_FILLED, EXPIRE, EXPIRED),
    OK(PARTIALLY_FILLED, BUST, PARTIALLY_FILLED),
    OK(PARTIALLY_FILLED, CORRECT, PARTIALLY_FILLED),
    NO(PARTIALLY_FILLED, FAIL),
    NO(PARTIALLY_FILLED, RETRY),

    NO(FILLED, SUBMIT),
    OK(FILLED, ACK, FILLED),
    LATE(FILLED, PARTIAL_FILL, FILLED),
    LATE(FILLED, FILL, FILLED),
    LATE(FILLED, CANCEL, FILLED),
    LATE(FILLED, PARTIAL_CANCEL, FILLED),
    LATE(FILLED, REPLACE, FILLED),
    NO(FILLED, REJECT),
    LATE(FILLED, EXPIRE, FILLED),
    OK(FILLED, BUST, FILLED),
    OK(FILLED, CORRECT, FILLED),
    NO(FILLED, FAIL),
    NO(FILLED, RETRY),

    NO(CANCELLED, SUBMIT),
    OK(CANCELLED, ACK, CANCELLED),
    LATE(CANCELLED, PARTIAL_FILL, CANCELLED),
    LATE(CANCELLED, FILL, FILLED),
    SAME(CANCELLED, CANCEL),
    LATE(CANCELLED, PARTIAL_CANCEL, CANCELLED),
    LATE(CANCELLED, REPLACE, CANCELLED),
    NO(CANCELLED, REJECT),
    LATE(CANCELLED, EXPIRE, CANCELLED),
    OK(CANCELLED, BUST, CANCELLED),
    OK(CANCELLED, CORRECT, CANCELLED),
    NO(CANCELLED, FAIL),
    NO(CANCELLED, RETRY),

    NO(REJECTED, SUBMIT),
    NO(REJECTED, ACK),
    LATE(REJECTED, PARTIAL_FILL, REJECTED),
    LATE(REJECTED, FILL, FILLED),
    LATE(REJECTED, CANCEL, REJECTED),
    LATE(REJECTED, PARTIAL_CANCEL, REJECTED),
    NO(REJECTED, REPLACE),
    SAME(REJECTED, REJECT),
    LATE(REJECTED, EXPIRE, REJECTED),
    OK(REJECTED, BUST, REJECTED),
    OK(REJECTED, CORRECT, REJECTED),
    NO(REJECTED, FAIL),
    NO(REJECTED, RETRY),

    NO(EXPIRED, SUBMIT),
    OK(EXPIRED, ACK, EXPIRED),
    LATE(EXPIRED, PARTIAL_FILL, EXPIRED),
    LATE(EXPIRED, FILL, FILLED),
    LATE(EXPIRED, CANCEL, EXPIRED),
    LATE(EXPIRED, PARTIAL_CANCEL, EXPIRED),
    LATE(EXPIRED, REPLACE, EXPIRED),
    NO(EXPIRED, REJECT),
    SAME(EXPIRED, EXPIRE),
    OK(EXPIRED, BUST, EXPIRED),
    OK(EXPIRED, CORRECT, EXPIRED),
    NO(EXPIRED, FAIL),
    NO(EXPIRED, RETRY),

    NO(FAILED, SUBMIT),
    EARLY(FAILED, ACK, NEW),
    EARLY(FAILED, PARTIAL_FILL, PARTIALLY_FILLED),
    EARLY(FAILED, FILL, FILLED),
    OK(FAILED, CANCEL, CANCELLED),
    EARLY(FAILED, PARTIAL_CANCEL, NEW),
    EARLY(FAILED, REPLACE, NEW),
    EARLY(FAILED, REJECT, REJECTED),
    OK(FAILED, EXPIRE, EXPIRED),
    NO(FAILED, BUST),
    NO(FAILED, CORRECT),
    SAME(FAILED, FAIL),
    OK(FAILED, RETRY, PENDING),
};
/* clang-format on */

enum { CELL_COUNT = sizeof cells / sizeof cells[0] };

START_TEST(cell)
{
    const struct cell *want = &cells[_i];
    struct ll_order_step got = ll_order_transition(want->state, want->event);
    ck_assert_msg(got.state == want->next && got.how == want->how,
                  "state %u, event %u: state %u by %u, want %u by %u", want->state, want->event, got.state,
                  got.how, want->next, want->how);
}
END_TEST

START_TEST(list_is_whole)
{
    bool seen[LL_ORDER_STATE_COUNT][LL_ORDER_EVENT_COUNT] = {{false}};
    ck_assert_int_eq(CELL_COUNT, LL_ORDER_STATE_COUNT * LL_ORDER_EVENT_COUNT);
    for (int i = 0; i < CELL_COUNT; i++) {
        ck_assert(!seen[cells[i].state][cells[i].event]);
        seen[cells[i].state][cells[i].event] = true;
    }
}
END_TEST

START_TEST(live_and_ended)
{
    static const uint32_t live[] = {LL_ORDER_PENDING, LL_ORDER_SUBMITTED, LL_ORDER_NEW,
                                    LL_ORDER_PARTIALLY_FILLED};
    static const uint32_t ended[] = {LL_ORDER_FILLED, LL_ORDER_CANCELLED, LL_ORDER_REJECTED,
                                     LL_ORDER_EXPIRED};
    uint32_t live_mask = 0;
    uint32_t ended_mask = 0;
    for (int i = 0; i < 4; i++) {
        live_mask |= 1u << live[i];
        ended_mask |= 1u << ended[i];
    }
    for (uint32_t state = 0; state < LL_ORDER_STATE_COUNT; state++) {
        ck_assert_uint_eq(ll_order_is_live(state), live_mask >> state & 1u);
        ck_assert_uint_eq(ll_order_is_ended(state), ended_mask >> state & 1u);
    }
}
END_TEST

/* What ended never trades again by itself: only RETRY and the venue bring a failed order back, nothing an
 * ended one. */
START_TEST(nothing_revives)
{
    for (uint32_t state = 0; state < LL_ORDER_STATE_COUNT; state++)
        for (uint32_t event = 0; event < LL_ORDER_EVENT_COUNT; event++) {
            struct ll_order_step step = ll_order_transition(state, event);
            ck_assert(!ll_order_is_ended(state) || !ll_order_is_live(step.state));
            ck_assert(step.how != LL_CELL_HOW_LATE || ll_order_is_ended(state));
            ck_assert(step.how <= LL_CELL_HOW_LATE || step.state == state);
            ck_assert(step.state != LL_ORDER_NONE || state == LL_ORDER_NONE);
        }
}
END_TEST

/* Numbers are kept in journals and snapshots. */
START_TEST(numbers_stay)
{
    ck_assert_int_eq(LL_ORDER_PENDING, 1);
    ck_assert_int_eq(LL_ORDER_SUBMITTED, 2);
    ck_assert_int_eq(LL_ORDER_NEW, 3);
    ck_assert_int_eq(LL_ORDER_PARTIALLY_FILLED, 4);
    ck_assert_int_eq(LL_ORDER_FILLED, 5);
    ck_assert_int_eq(LL_ORDER_CANCELLED, 6);
    ck_assert_int_eq(LL_ORDER_REJECTED, 7);
    ck_assert_int_eq(LL_ORDER_EXPIRED, 8);
    ck_assert_int_eq(LL_ORDER_FAILED, 9);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("order_states");
    TCase *tcase = tcase_create("states");
    tcase_add_loop_test(tcase, cell, 0, CELL_COUNT);
    tcase_add_test(tcase, list_is_whole);
    tcase_add_test(tcase, live_and_ended);
    tcase_add_test(tcase, nothing_revives);
    tcase_add_test(tcase, numbers_stay);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
