/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the order engine share: one rig per test case, made ready, and short ways to say the usual things.
 *
 * Shape    ll_test_oms_begin and _end are the fixture; ll_test_oms_run is the main of a file of tests.
 * Units    as in host/core/ll_oms.h.
 * Errors   each helper fails the running test case itself (libcheck).
 * Threads  one test case.
 */
#ifndef LL_TESTS_UNIT_TEST_OMS_H
#define LL_TESTS_UNIT_TEST_OMS_H

#include "host/wire/ll_ouch.h"
#include "tests/model/ll_oms_rig.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct ll_oms_rig rig;

#define DO(...)  ll_oms_rig_do(&rig, &(struct ll_rig_command){__VA_ARGS__})
#define SAY(...) ll_oms_rig_say(&rig, 0, &(struct ll_rig_message){__VA_ARGS__})

static inline void ll_test_oms_begin(void)
{
    ll_oms_rig_make(&rig, NULL);
    ll_oms_rig_ready(&rig);
}

static inline void ll_test_oms_end(void)
{
    ll_oms_rig_free(&rig);
}

/* Places and acknowledges; returns its number. */
static inline uint64_t ll_test_oms_live(const char *id, uint8_t side, uint64_t quantity, uint64_t price)
{
    const struct ll_client_event *answer = ll_oms_rig_place(&rig, id, side, quantity, price);
    ck_assert_msg(answer->kind == LL_CLIENT_ACCEPTED, "%s", ll_refusal_name(answer->refusal));
    struct ll_rig_sent sent = ll_oms_rig_last(&rig, LL_PROTOCOL_OUCH50);
    SAY(.type = 'A', .number = sent.number, .quantity = quantity, .price = price,
        .exchange_ref = 1000 + sent.number);
    return sent.number;
}

static inline uint8_t ll_test_oms_state(const char *id)
{
    return ll_oms_rig_order(&rig, id).state;
}

static inline int64_t ll_test_oms_locked(void)
{
    return ll_oms_rig_balance(&rig, "ACC", -1, LL_LEDGER_LOCKED);
}

/* The last command was refused for this, sent nothing, and changed nothing but the journal. */
static inline void ll_test_oms_refused(const struct ll_client_event *answer, uint8_t refusal, uint64_t limit,
                                       uint64_t value)
{
    ck_assert_uint_eq(answer->kind, LL_CLIENT_REFUSED);
    ck_assert_str_eq(ll_refusal_name(answer->refusal), ll_refusal_name(refusal));
    ck_assert_uint_eq(answer->limit, limit);
    ck_assert_uint_eq(answer->value, value);
    ck_assert_uint_eq(rig.journal[rig.record_count - 1].kind, LL_RECORD_COMMAND);
    ck_assert_uint_eq(rig.journal[rig.record_count - 1].verdict, refusal);
}

/* The whole journal, replayed, comes out the same. */
static inline void ll_test_oms_replays(void)
{
    static struct ll_oms_rig fresh;
    struct ll_why why = {0};
    ll_oms_rig_make(&fresh, &rig.config);
    ck_assert_msg(ll_oms_rig_replay(&fresh, &rig, rig.record_count, &why) == LL_OK, "%s", why.text);
    ll_oms_rig_replay_end(&fresh);
    ck_assert_uint_eq(ll_oms_rig_hash(&fresh), ll_oms_rig_hash(&rig));
    ll_oms_rig_free(&fresh);
}

static inline int ll_test_oms_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
