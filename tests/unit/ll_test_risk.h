/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of risk share: limits, instruments, guard and risk in memory of exactly their size.
 *
 * Shape    ll_test_risk_make, then ll_test_limits for the limits; ll_test_risk_free.
 * Units    as in host/core/ll_risk.h.
 * Errors   each helper fails the running test case itself (libcheck).
 * Threads  one test case.
 */
#ifndef LL_TESTS_UNIT_TEST_RISK_H
#define LL_TESTS_UNIT_TEST_RISK_H

#include "host/base/ll_arena.h"
#include "host/core/ll_risk.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define LL_TEST_S          UINT64_C(1000000000)
#define LL_TEST_START      (UINT64_C(1000000) * LL_TEST_S)
#define LL_TEST_ACCOUNTS   4u
#define LL_TEST_STRATEGIES 3u
#define LL_TEST_SESSIONS   2u
#define LL_TEST_SYMBOLS    5u
#define LL_TEST_REFERENCE  1000000u /* 100.0000 */

struct ll_test_risk {
    struct ll_limits limits;
    struct ll_instruments instruments;
    struct ll_guard guard;
    struct ll_risk risk;
    struct ll_limits_config limits_config;
    struct ll_instruments_config instruments_config;
    struct ll_guard_config guard_config;
    struct ll_risk_config risk_config;
};

/* One value of a set of limits. */
struct ll_test_limit {
    uint8_t scope;
    const char *name;
    uint8_t limit;
    uint64_t value;
};

/* What every commit needs, as wide as it goes. */
#define LL_TEST_WIDE                                                         \
    {LL_SCOPE_FIRM, "", LL_LIMIT_COLLAR_BPS, 1000},                          \
        {LL_SCOPE_FIRM, "", LL_LIMIT_REFERENCE_AGE, 10 * LL_TEST_S},         \
        {LL_SCOPE_FIRM, "", LL_LIMIT_ORDER_QUANTITY, LL_LIMIT_LOTS_MAX},     \
        {LL_SCOPE_FIRM, "", LL_LIMIT_ORDER_NOTIONAL, LL_LIMIT_NOTIONAL_MAX}, \
        {LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGES, 64},                          \
    {                                                                        \
        LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGE_WINDOW, LL_TEST_S                \
    }

static inline void *ll_test_memory(size_t bytes)
{
    void *memory = aligned_alloc(64, ll_align_up(bytes, 64));
    ck_assert_uint_ne(bytes, 0);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 0xa5, bytes);
    return memory;
}

static inline int ll_test_limits_try(struct ll_limits *limits, const struct ll_test_limit *values,
                                     size_t value_count, struct ll_why *why)
{
    int code = LL_OK;
    ll_limits_begin(limits);
    for (size_t i = 0; i < value_count && code == LL_OK; i++) {
        struct ll_limit_entry entry = {.scope = values[i].scope};
        memcpy(entry.name, values[i].name, strlen(values[i].name));
        ck_assert(ll_limit_entry_add(&entry, values[i].limit, values[i].value));
        code = ll_limits_add(limits, &entry, why);
    }
    return code == LL_OK ? ll_limits_commit(limits, why) : code;
}

static inline void ll_test_limits(struct ll_limits *limits, const struct ll_test_limit *values,
                                  size_t value_count)
{
    struct ll_why why = {0};
    ck_assert_msg(ll_test_limits_try(limits, values, value_count, &why) == LL_OK, "%s", why.text);
}

/* Instruments SYM0.. of tick 100, lot 1, trading, with a fresh reference of 100. */
static inline void ll_test_instruments(struct ll_test_risk *test, uint32_t lot_step, uint32_t multiplier)
{
    ll_instruments_begin(&test->instruments);
    for (uint32_t i = 0; i < LL_TEST_SYMBOLS; i++) {
        struct ll_instrument_entry entry = {.symbol = "SYM0    ",
                                            .price_step_ticks = 100,
                                            .lot_step_lots = lot_step,
                                            .multiplier = multiplier,
                                            .state = LL_INSTRUMENT_TRADING};
        entry.symbol[3] = (char)('0' + i);
        ck_assert_int_eq(ll_instruments_list(&test->instruments, &entry, NULL), LL_OK);
        ll_instruments_reference(&test->instruments, i, LL_REFERENCE_LAST, LL_TEST_REFERENCE, LL_TEST_START);
    }
    ll_instruments_commit(&test->instruments);
}

static inline struct ll_risk_parts ll_test_parts(struct ll_test_risk *test)
{
    return (struct ll_risk_parts){&test->limits, &test->instruments, &test->guard};
}

static inline void ll_test_risk_make(struct ll_test_risk *test)
{
    *test = (struct ll_test_risk){.limits_config = {.rows_max = 16, .window_count = 64},
                                  .instruments_config = {.instruments_max = LL_TEST_SYMBOLS, .locate_max = 9},
                                  .guard_config = {.orders_max = 64, .repeats_max = 256, .hash_seed = 7},
                                  .risk_config = {.accounts_max = LL_TEST_ACCOUNTS,
                                                  .strategies_max = LL_TEST_STRATEGIES,
                                                  .sessions_max = LL_TEST_SESSIONS,
                                                  .instruments_max = LL_TEST_SYMBOLS,
                                                  .positions_max = LL_TEST_ACCOUNTS * LL_TEST_SYMBOLS,
                                                  .window_count = 64,
                                                  .hash_seed = 7}};
    ll_limits_init(&test->limits, ll_test_memory(ll_limits_footprint_bytes(&test->limits_config)),
                   &test->limits_config);
    ll_instruments_init(&test->instruments,
                        ll_test_memory(ll_instruments_footprint_bytes(&test->instruments_config)),
                        &test->instruments_config);
    ll_guard_init(&test->guard, ll_test_memory(ll_guard_footprint_bytes(&test->guard_config)),
                  &test->guard_config);
    struct ll_risk_parts parts = ll_test_parts(test);
    ll_risk_init(&test->risk, ll_test_memory(ll_risk_footprint_bytes(&test->risk_config)), &test->risk_config,
                 &parts);
    for (uint32_t i = 0; i < LL_TEST_ACCOUNTS; i++) {
        char name[LL_NAME_BYTES_MAX] = "ACC0";
        name[3] = (char)('0' + i);
        ll_risk_name(&test->risk, LL_SCOPE_ACCOUNT, i, name);
    }
    for (uint32_t i = 0; i < LL_TEST_STRATEGIES; i++) {
        char name[LL_NAME_BYTES_MAX] = "STR0";
        name[3] = (char)('0' + i);
        ll_risk_name(&test->risk, LL_SCOPE_STRATEGY, i, name);
    }
    ll_test_instruments(test, 1, 1);
}

static inline void ll_test_risk_free(struct ll_test_risk *test)
{
    free(test->risk.control);
    free(test->guard.control);
    free(test->instruments.control);
    free(test->limits.control);
}

/* A limit order of account 0, strategy 0, session 0 in SYM0. */
static inline struct ll_risk_order ll_test_order(uint8_t side, uint64_t quantity, uint64_t price)
{
    return (struct ll_risk_order){.quantity = quantity, .price = price, .side = side, .type = LL_TYPE_LIMIT};
}

#endif
