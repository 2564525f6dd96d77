/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: an instrument can be traded only when the file lists it and its state says so; feed and file each change what
 * is theirs; multiples are told from others without dividing.
 * Method: lists and feed messages in every order by hand; steps against the remainder, at the edges and at random;
 * random symbols against a plain list.
 */
#include "host/core/ll_instruments.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <string.h>

static struct ll_instruments table;
static const struct ll_instruments_config CONFIG = {.instruments_max = 6, .locate_max = 9};

static void setup(void)
{
    size_t bytes = ll_instruments_footprint_bytes(&CONFIG);
    void *memory = aligned_alloc(64, ll_align_up(bytes, 64));
    ck_assert_ptr_nonnull(memory);
    ll_instruments_init(&table, memory, &CONFIG);
}

static void teardown(void)
{
    free(table.control);
}

static struct ll_instrument_entry entry_of(const char *symbol, uint8_t state)
{
    struct ll_instrument_entry entry = {
        .price_step_ticks = 100, .lot_step_lots = 10, .multiplier = 1, .state = state};
    ck_assert(ll_symbol_pad(entry.symbol, symbol, (uint32_t)strlen(symbol)));
    return entry;
}

static int list(const char *symbol, uint8_t state)
{
    struct ll_instrument_entry entry = entry_of(symbol, state);
    return ll_instruments_list(&table, &entry, NULL);
}

START_TEST(terms_come_with_a_list_and_go_with_the_next)
{
    ll_instruments_begin(&table);
    ck_assert_int_eq(list("AAA", LL_INSTRUMENT_TRADING), LL_OK);
    ck_assert_int_eq(list("BBB", LL_INSTRUMENT_UNKNOWN), LL_OK);
    ll_instruments_commit(&table);
    uint32_t a = ll_instruments_find(&table, "AAA     ");
    uint32_t b = ll_instruments_find(&table, "BBB     ");
    ck_assert_uint_eq(a, 0);
    ck_assert_uint_eq(b, 1);
    ck_assert_uint_eq(ll_instruments_find(&table, "CCC     "), LL_INSTRUMENT_NONE);
    ck_assert_uint_eq(ll_instruments_count(&table), 2);
    ck_assert_int_eq(ll_instruments_at(&table, a)->state, LL_INSTRUMENT_TRADING);
    /* A list that is begun and not committed takes nothing away. */
    ll_instruments_begin(&table);
    ck_assert(ll_instruments_is_listed(&table, a));
    ll_instruments_begin(&table);
    ck_assert_int_eq(list("BBB", LL_INSTRUMENT_TRADING), LL_OK);
    ck_assert(ll_instruments_is_listed(&table, a));
    ck_assert(ll_instruments_is_listed(&table, b));
    ll_instruments_commit(&table);
    ck_assert(!ll_instruments_is_listed(&table, a));
    ck_assert(ll_instruments_is_listed(&table, b));
    ck_assert_int_eq(ll_instruments_at(&table, b)->state, LL_INSTRUMENT_TRADING);
}
END_TEST

START_TEST(the_feed_has_the_last_word_on_the_state)
{
    ll_instruments_begin(&table);
    ck_assert_int_eq(list("AAA", LL_INSTRUMENT_TRADING), LL_OK);
    ll_instruments_commit(&table);
    ll_instruments_trading_action(&table, "AAA     ", 'P');
    ck_assert_int_eq(ll_instruments_at(&table, 0)->state, LL_INSTRUMENT_HALTED);
    ll_instruments_begin(&table);
    ck_assert_int_eq(list("AAA", LL_INSTRUMENT_TRADING), LL_OK);
    ll_instruments_commit(&table);
    ck_assert_int_eq(ll_instruments_at(&table, 0)->state, LL_INSTRUMENT_HALTED);
    ll_instruments_trading_action(&table, "AAA     ", 'Q');
    ck_assert_int_eq(ll_instruments_at(&table, 0)->state, LL_INSTRUMENT_HALTED);
    ll_instruments_trading_action(&table, "AAA     ", 'T');
    ck_assert_int_eq(ll_instruments_at(&table, 0)->state, LL_INSTRUMENT_TRADING);
    ll_instruments_trading_action(&table, "ZZZ     ", 'T'); /* passed over */
    ck_assert_uint_eq(ll_instruments_count(&table), 1);
}
END_TEST

START_TEST(the_directory_brings_symbols_that_only_a_star_lists)
{
    ck_assert_int_eq(ll_instruments_directory(&table, "AAA     ", 3, 100), LL_OK);
    ll_instruments_trading_action(&table, "AAA     ", 'T');
    ck_assert(!ll_instruments_is_listed(&table, 0));
    ck_assert_uint_eq(ll_instruments_by_locate(&table, 3), 0);
    ck_assert_uint_eq(ll_instruments_by_locate(&table, 4), LL_INSTRUMENT_NONE);
    ck_assert_uint_eq(ll_instruments_by_locate(&table, 10), LL_INSTRUMENT_NONE);
    ll_instruments_begin(&table);
    ck_assert_int_eq(list("*", LL_INSTRUMENT_UNKNOWN), LL_OK);
    ck_assert_int_eq(list("CCC", LL_INSTRUMENT_UNKNOWN), LL_OK);
    ll_instruments_commit(&table);
    ck_assert(ll_instruments_is_listed(&table, 0));
    ck_assert_int_eq(ll_instruments_at(&table, 0)->state, LL_INSTRUMENT_TRADING);
    ck_assert_uint_eq(ll_instruments_at(&table, 0)->lot_step_lots, 100); /* the feed's, as it is larger */
    ck_assert_int_eq(ll_instruments_directory(&table, "BBB     ", 4, 1), LL_OK);
    ck_assert(ll_instruments_is_listed(&table, 2));
    ck_assert_uint_eq(ll_instruments_at(&table, 2)->lot_step_lots, 10); /* the file's */
    ck_assert_int_eq(ll_instruments_directory(&table, "CCC     ", 5, 100), LL_OK);
    ck_assert_uint_eq(ll_instruments_at(&table, 1)->lot_step_lots, 10); /* it is named in the file */
    /* A file without the star takes them away again. */
    ll_instruments_begin(&table);
    ck_assert_int_eq(list("CCC", LL_INSTRUMENT_UNKNOWN), LL_OK);
    ll_instruments_commit(&table);
    ck_assert(!ll_instruments_is_listed(&table, 0));
    ck_assert(!ll_instruments_is_listed(&table, 2));
    ck_assert(ll_instruments_is_listed(&table, 1));
}
END_TEST

START_TEST(a_locate_names_one_instrument)
{
    ck_assert_int_eq(ll_instruments_directory(&table, "AAA     ", 3, 1), LL_OK);
    ck_assert_int_eq(ll_instruments_directory(&table, "BBB     ", 3, 1), LL_OK);
    ck_assert_uint_eq(ll_instruments_by_locate(&table, 3), 1);
    ck_assert_uint_eq(ll_instruments_at(&table, 0)->locate, LL_LOCATE_NONE);
    ck_assert_int_eq(ll_instruments_directory(&table, "AAA     ", 4, 1), LL_OK);
    ck_assert_uint_eq(ll_instruments_by_locate(&table, 3), 1);
    ck_assert_uint_eq(ll_instruments_by_locate(&table, 4), 0);
    ck_assert_int_eq(ll_instruments_directory(&table, "AAA     ", 5, 1), LL_OK);
    ck_assert_uint_eq(ll_instruments_by_locate(&table, 4), LL_INSTRUMENT_NONE);
    ck_assert_int_eq(ll_instruments_directory(&table, "AAA     ", 0, 1), LL_ERR_FULL);
    ck_assert_int_eq(ll_instruments_directory(&table, "AAA     ", 10, 1), LL_ERR_FULL);
}
END_TEST

START_TEST(a_full_table_says_so)
{
    char symbol[LL_SYMBOL_BYTES + 1] = "SYM0    ";
    ll_instruments_begin(&table);
    for (uint32_t i = 0; i < CONFIG.instruments_max; i++) {
        struct ll_instrument_entry entry = entry_of("AAA", LL_INSTRUMENT_TRADING);
        symbol[3] = (char)('0' + i);
        memcpy(entry.symbol, symbol, sizeof entry.symbol);
        ck_assert_int_eq(ll_instruments_list(&table, &entry, NULL), LL_OK);
    }
    ck_assert_int_eq(list("AAA", LL_INSTRUMENT_TRADING), LL_ERR_FULL);
    ck_assert_int_eq(ll_instruments_directory(&table, "AAA     ", 3, 1), LL_ERR_FULL);
    ck_assert_int_eq(list("SYM0", LL_INSTRUMENT_TRADING), LL_OK);
    ck_assert_int_eq(list("*", LL_INSTRUMENT_TRADING), LL_OK);
}
END_TEST

START_TEST(terms_that_cannot_be_are_refused)
{
    struct ll_instrument_entry good = entry_of("AAA", LL_INSTRUMENT_TRADING);
    struct ll_instrument_entry bad[9];
    struct ll_why why;
    for (size_t i = 0; i < 9; i++)
        bad[i] = good;
    bad[0].price_step_ticks = 0;
    bad[1].price_step_ticks = LL_PRICE_TICKS_MAX + 1;
    bad[2].lot_step_lots = 0;
    bad[3].multiplier = 0;
    bad[4].multiplier = LL_MULTIPLIER_MAX + 1;
    bad[5].state = 3;
    bad[6].restricted_sides = 8;
    memset(bad[7].symbol, ' ', sizeof bad[7].symbol);
    bad[8].symbol[1] = '\n';
    ck_assert_int_eq(ll_instrument_entry_check(&good, NULL), LL_OK);
    for (size_t i = 0; i < 9; i++) {
        why = (struct ll_why){0};
        ck_assert_int_eq(ll_instrument_entry_check(&bad[i], &why), LL_ERR_MALFORMED);
        ck_assert_int_ne(why.text[0], '\0');
    }
}
END_TEST

START_TEST(a_copy_elsewhere_is_the_same_table)
{
    size_t bytes = ll_instruments_footprint_bytes(&CONFIG);
    struct ll_instruments copy;
    ll_instruments_begin(&table);
    ck_assert_int_eq(list("AAA", LL_INSTRUMENT_TRADING), LL_OK);
    ll_instruments_commit(&table);
    ck_assert_int_eq(ll_instruments_directory(&table, "BBB     ", 3, 1), LL_OK);
    ll_instruments_reference(&table, 0, LL_REFERENCE_MID, LL_PRICE_TICKS_MAX, 5);
    ck_assert_uint_eq(ll_instruments_at(&table, 0)->reference[LL_REFERENCE_MID].price_ticks,
                      LL_PRICE_TICKS_MAX);
    void *memory = aligned_alloc(64, ll_align_up(bytes, 64));
    ck_assert_ptr_nonnull(memory);
    memcpy(memory, table.control, bytes);
    ck_assert_int_eq(ll_instruments_attach(&copy, memory, bytes - 1), LL_ERR_CORRUPT);
    ck_assert_int_eq(ll_instruments_attach(&copy, memory, bytes), LL_OK);
    ck_assert_uint_eq(ll_instruments_hash(&copy), ll_instruments_hash(&table));
    ck_assert_uint_eq(ll_instruments_find(&copy, "BBB     "), 1);
    ck_assert_uint_eq(ll_instruments_by_locate(&copy, 3), 1);
    ll_instruments_reference(&copy, 0, LL_REFERENCE_MID, LL_PRICE_TICKS_MAX + 1, 5);
    ck_assert_uint_eq(ll_instruments_at(&copy, 0)->reference[LL_REFERENCE_MID].price_ticks, 0);
    ck_assert_uint_ne(ll_instruments_hash(&copy), ll_instruments_hash(&table));
    memset(memory, 0, 8);
    ck_assert_int_eq(ll_instruments_attach(&copy, memory, bytes), LL_ERR_CORRUPT);
    free(memory);
}
END_TEST

START_TEST(symbols_are_padded)
{
    char symbol[LL_SYMBOL_BYTES];
    ck_assert(ll_symbol_pad(symbol, "BRK.A", 5));
    ck_assert_mem_eq(symbol, "BRK.A   ", sizeof symbol);
    ck_assert(ll_symbol_pad(symbol, "12345678", 8));
    ck_assert(!ll_symbol_pad(symbol, "123456789", 9));
    ck_assert(!ll_symbol_pad(symbol, "", 0));
    ck_assert(!ll_symbol_pad(symbol, "A B", 3));
    ck_assert(!ll_symbol_pad(symbol, "A\x80", 2));
}
END_TEST

/* --- steps ---------------------------------------------------------------------------------------------- */

static void check_step(uint64_t step, uint64_t value)
{
    struct ll_step made = ll_step_make(step);
    ck_assert_msg(ll_step_divides(&made, value) == (value % step == 0), "%" PRIu64 " by %" PRIu64, value,
                  step);
}

START_TEST(steps_tell_multiples)
{
    static const uint64_t EDGES[] = {0, 1, 2, 3, 100, UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63};
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("steps"));
    for (size_t i = 1; i < 8; i++)
        for (size_t k = 0; k < 8; k++)
            check_step(EDGES[i], EDGES[k]);
    for (uint64_t step = 1; step < 300; step++)
        for (uint64_t value = 0; value < 1000; value++)
            check_step(step, value);
    for (uint32_t i = 0; i < 200000; i++) {
        uint64_t step = (ll_prng_next(&prng) >> ll_prng_below(&prng, 64)) | 1u;
        step <<= ll_prng_below(&prng, 8);
        step = step == 0 ? 1 : step;
        uint64_t value = ll_prng_next(&prng) >> ll_prng_below(&prng, 64);
        check_step(step, value);
        check_step(step, value / step * step);
    }
}
END_TEST

START_TEST(random_symbols_against_a_list)
{
    struct ll_instruments_config config = {.instruments_max = 50, .locate_max = 0};
    struct ll_instruments own;
    char names[50][LL_SYMBOL_BYTES];
    uint32_t count = 0;
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("symbols"));
    void *memory = aligned_alloc(64, ll_align_up(ll_instruments_footprint_bytes(&config), 64));
    ck_assert_ptr_nonnull(memory);
    ll_instruments_init(&own, memory, &config);
    for (uint32_t i = 0; i < 5000; i++) {
        char text[3] = {(char)('A' + ll_prng_below(&prng, 10)), (char)('A' + ll_prng_below(&prng, 10)), 0};
        uint32_t at = 0;
        struct ll_instrument_entry entry = entry_of(text, LL_INSTRUMENT_TRADING);
        while (at < count && memcmp(names[at], entry.symbol, LL_SYMBOL_BYTES) != 0)
            at++;
        ck_assert_uint_eq(ll_instruments_find(&own, entry.symbol), at < count ? at : LL_INSTRUMENT_NONE);
        int expected = at == count && count == 50 ? LL_ERR_FULL : LL_OK;
        if (ll_prng_chance(&prng, 300)) {
            ck_assert_int_eq(ll_instruments_list(&own, &entry, NULL), expected);
            if (at == count && count < 50)
                memcpy(names[count++], entry.symbol, LL_SYMBOL_BYTES);
        }
    }
    ck_assert_uint_eq(count, 50);
    free(memory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("instruments");
    TCase *tcase = tcase_create("table");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, terms_come_with_a_list_and_go_with_the_next);
    tcase_add_test(tcase, the_feed_has_the_last_word_on_the_state);
    tcase_add_test(tcase, the_directory_brings_symbols_that_only_a_star_lists);
    tcase_add_test(tcase, a_locate_names_one_instrument);
    tcase_add_test(tcase, a_full_table_says_so);
    tcase_add_test(tcase, terms_that_cannot_be_are_refused);
    tcase_add_test(tcase, a_copy_elsewhere_is_the_same_table);
    tcase_add_test(tcase, symbols_are_padded);
    suite_add_tcase(suite, tcase);
    TCase *random = tcase_create("random");
    tcase_set_timeout(random, 30);
    tcase_add_test(random, steps_tell_multiples);
    tcase_add_test(random, random_symbols_against_a_list);
    suite_add_tcase(suite, random);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
