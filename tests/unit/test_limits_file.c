/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a limits file is read exactly or refused with file, line, column and what to do; the example in docs/ holds
 * every key and loads; a file that changes is taken when it is good and leaves the old limits alone when it is not.
 * Method: one bad file per error, with the place and the words its message must have; values by hand; every form of a
 * number; a file that is written, spoiled, mended and removed.
 */
#include "host/app/ll_limits_file.h"

#include "tests/unit/ll_test_dir.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_COUNT 10000u
#define EXAMPLE      "docs/limits.example.yaml"

/* What every good file has. */
#define FIRM                                                                                                 \
    "firm:\n  collar_bps: 500\n  reference_age: 5s\n  order_quantity: 1_000\n  order_notional: 10000.50\n  " \
    "messages: 100\n  message_window: 1s\n"

static struct ll_limits_file file;

static int parse(const char *text, struct ll_why *why)
{
    return ll_limits_file_parse(&file, "x.yaml", (const uint8_t *)text, strlen(text), WINDOW_COUNT, why);
}

static void parse_good(const char *text)
{
    struct ll_why why = {0};
    ck_assert_msg(parse(text, &why) == LL_OK, "%s", why.text);
}

/* The value of a scope's limit in what was loaded. */
static uint64_t value_of(uint8_t scope, const char *name, uint8_t limit)
{
    for (uint32_t i = 0; i < file.entry_count; i++)
        for (uint32_t k = 0; k < file.entries[i].value_count; k++)
            if (file.entries[i].scope == scope &&
                strncmp(file.entries[i].name, name, LL_NAME_BYTES_MAX) == 0 &&
                file.entries[i].limit[k] == limit)
                return file.entries[i].value[k];
    return LL_LIMIT_NOT_SET;
}

/* --- good files ----------------------------------------------------------------------------------------- */

START_TEST(values_are_read_exactly)
{
    parse_good(FIRM "accounts:\n  \"*\": {exposure: 0.0001}\n  ACC1:\n    exposure: 12345678901.2345\n"
                    "strategies: {S: {messages: 7}}\nsymbols:\n  AAPL: {position_short: 0}\n");
    ck_assert_uint_eq(value_of(LL_SCOPE_FIRM, "", LL_LIMIT_COLLAR_BPS), 500);
    ck_assert_uint_eq(value_of(LL_SCOPE_FIRM, "", LL_LIMIT_REFERENCE_AGE), UINT64_C(5000000000));
    ck_assert_uint_eq(value_of(LL_SCOPE_FIRM, "", LL_LIMIT_ORDER_QUANTITY), 1000);
    ck_assert_uint_eq(value_of(LL_SCOPE_FIRM, "", LL_LIMIT_ORDER_NOTIONAL), 100005000);
    ck_assert_uint_eq(value_of(LL_SCOPE_FIRM, "", LL_LIMIT_EXPOSURE), LL_LIMIT_NOT_SET);
    ck_assert_uint_eq(value_of(LL_SCOPE_ACCOUNT, "*", LL_LIMIT_EXPOSURE), 1);
    ck_assert_uint_eq(value_of(LL_SCOPE_ACCOUNT, "ACC1", LL_LIMIT_EXPOSURE), UINT64_C(123456789012345));
    ck_assert_uint_eq(value_of(LL_SCOPE_STRATEGY, "S", LL_LIMIT_MESSAGES), 7);
    ck_assert_uint_eq(value_of(LL_SCOPE_SYMBOL, "AAPL", LL_LIMIT_POSITION_SHORT), 0);
    ck_assert_uint_eq(file.limit_row_count, LL_SCOPE_COUNT + 3);
    ck_assert_uint_eq(file.instrument_count, 0);
    ll_limits_file_deinit(&file);
}
END_TEST

START_TEST(times_have_units)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } TIMES[] = {{"1ns", 1},
                 {"20us", 20000},
                 {"500ms", 500000000},
                 {"2s", UINT64_C(2000000000)},
                 {"3m", UINT64_C(180000000000)},
                 {"4h", UINT64_C(14400000000000)},
                 {"30d", UINT64_C(2592000000000000)}};
    char text[512];
    (void)snprintf(text, sizeof text, FIRM "  repeat_window: %s\n", TIMES[_i].text);
    parse_good(text);
    ck_assert_uint_eq(value_of(LL_SCOPE_FIRM, "", LL_LIMIT_REPEAT_WINDOW), TIMES[_i].ns);
    ll_limits_file_deinit(&file);
}
END_TEST

START_TEST(instruments_are_read_exactly)
{
    parse_good("price_decimals: 2\n" FIRM "instruments:\n"
               "  \"*\": {tick: 0.01}\n"
               "  ES: {tick: 0.25, lot: 5, multiplier: 50, state: halted, restricted: [buy, sell_short],\n"
               "       prior_close: 5000.5, prior_close_date: 2024-02-29}\n");
    ck_assert_uint_eq(file.price_decimals, 2);
    ck_assert_uint_eq(value_of(LL_SCOPE_FIRM, "", LL_LIMIT_ORDER_NOTIONAL), 1000050);
    ck_assert_uint_eq(file.instrument_count, 2);
    const struct ll_instrument_entry *star = &file.instruments[0];
    ck_assert_mem_eq(star->symbol, "*       ", LL_SYMBOL_BYTES);
    ck_assert_uint_eq(star->price_step_ticks, 1);
    ck_assert_uint_eq(star->lot_step_lots, 1);
    ck_assert_uint_eq(star->multiplier, 1);
    ck_assert_int_eq(star->state, LL_INSTRUMENT_UNKNOWN);
    const struct ll_instrument_entry *es = &file.instruments[1];
    ck_assert_mem_eq(es->symbol, "ES      ", LL_SYMBOL_BYTES);
    ck_assert_uint_eq(es->price_step_ticks, 25);
    ck_assert_uint_eq(es->lot_step_lots, 5);
    ck_assert_uint_eq(es->multiplier, 50);
    ck_assert_int_eq(es->state, LL_INSTRUMENT_HALTED);
    ck_assert_uint_eq(es->restricted_sides, 1u << LL_ORDER_BUY | 1u << LL_ORDER_SELL_SHORT);
    ck_assert_uint_eq(es->prior_close_ticks, 500050);
    ck_assert_uint_eq(es->prior_close_ns, UINT64_C(1709251200) * 1000000000u); /* 2024-03-01T00:00:00Z */
    ll_limits_file_deinit(&file);
}
END_TEST

START_TEST(the_example_loads_and_has_every_key)
{
    struct ll_why why = {0};
    char text[1 << 15] = {0};
    FILE *stream = fopen(EXAMPLE, "rb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_gt(fread(text, 1, sizeof text - 1, stream), 1000);
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_msg(ll_limits_file_load(&file, EXAMPLE, WINDOW_COUNT, &why) == LL_OK, "%s", why.text);
    for (uint8_t i = 0; i < LL_LIMIT_COUNT; i++)
        ck_assert_msg(value_of(LL_SCOPE_FIRM, "", i) != LL_LIMIT_NOT_SET, "the example has no %s",
                      ll_limit_info(i)->name);
    static const char *const KEYS[] = {
        "tick:", "lot:", "multiplier:", "state:", "restricted:", "prior_close:", "prior_close_date:"};
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        ck_assert_msg(strstr(text, KEYS[i]) != NULL, "the example has no %s", KEYS[i]);
    ck_assert_uint_eq(file.instrument_count, 3);
    ll_limits_file_deinit(&file);
}
END_TEST

START_TEST(many_names_load_and_one_too_many_does_not)
{
    enum { NAME_LINE_BYTES = 32 };
    size_t room = (LL_LIMITS_FILE_NAMES_MAX + 2) * NAME_LINE_BYTES + sizeof FIRM;
    char *text = malloc(room);
    struct ll_why why = {0};
    ck_assert_ptr_nonnull(text);
    int used = snprintf(text, room, FIRM "accounts:\n");
    for (uint32_t i = 0; i < LL_LIMITS_FILE_NAMES_MAX; i++)
        used += snprintf(text + used, room - (size_t)used, "  A%u: {messages: 1}\n", i);
    parse_good(text);
    ck_assert_uint_eq(file.entry_count, LL_LIMITS_FILE_NAMES_MAX + 1);
    ll_limits_file_deinit(&file);
    (void)snprintf(text + used, room - (size_t)used, "  LAST: {messages: 1}\n");
    ck_assert_int_eq(parse(text, &why), LL_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(why.text, "use \"*\""));
    free(text);
}
END_TEST

/* --- bad files ------------------------------------------------------------------------------------------ */

/* `place` is line:column of the message; lines behind FIRM count from 8. */
static const struct bad_file {
    const char *text;
    const char *place;
    const char *words;
} BAD[] = {
    {"", "1:1", "the file says nothing"},
    {"# only a comment\n", "2:1", "the file says nothing"},
    {"firm", "1:1", "firm, accounts, strategies"},
    {"- firm\n", "1:1", "firm, accounts, strategies"},
    {FIRM "limits: {}\n", "8:1", "unknown key 'limits'"},
    {FIRM "firm: {}\n", "8:1", "'firm' is given twice"},
    {FIRM "price_decimals: 2\n", "8:1", "move it to the top"},
    {"price_decimals: 10\n" FIRM, "1:17", "out of range; write 0 to 9"},
    {FIRM "---\nfirm: {}\n", "8:1", "one document"},
    {FIRM "accounts: 5\n", "8:11", "names, one per line"},
    {FIRM "accounts:\n  A: 5\n", "9:6", "limits, one per line"},
    {FIRM "accounts:\n  A: {exposures: 5}\n", "9:7", "unknown key 'exposures'"},
    {FIRM "accounts:\n  A: {exposure: 5, exposure: 6}\n", "9:20", "'exposure' is given twice"},
    {FIRM "accounts:\n  A: {messages: 5}\n  A: {messages: 6}\n", "10:3", "'A' stands twice in accounts"},
    {FIRM "accounts:\n  12345678901234567: {messages: 5}\n", "9:3", "1 to 16 printable"},
    {FIRM "accounts:\n  \"A B\": {messages: 5}\n", "9:3", "'A B' is no name for accounts"},
    {FIRM "accounts:\n  \"\": {messages: 5}\n", "9:3", "'' is no name"},
    {FIRM "accounts:\n  \"A\\e[31m\": {messages: 5}\n", "9:3", "'A?[31m' is no name"},
    {FIRM "accounts:\n  ? [A]\n  : {messages: 5}\n", "9:5", "here has to be a name"},
    {FIRM "accounts:\n  A: {repeat_window: 5s}\n", "9:7", "move it to firm"},
    {FIRM "accounts:\n  A: {executions: 5}\n", "9:7", "not a limit of one account"},
    {FIRM "symbols:\n  TOOLONGXX: {messages: 5}\n", "9:3", "1 to 8 printable"},
    {FIRM "accounts:\n  A: {messages: -5}\n", "9:17", "'-5' is not what it takes"},
    {FIRM "accounts:\n  A: {messages: 5.5}\n", "9:17", "write a whole number"},
    {FIRM "accounts:\n  A: {messages: 0x10}\n", "9:17", "'0x10' is not what it takes"},
    {FIRM "accounts:\n  A: {messages: 1__0}\n", "9:17", "'1__0' is not"},
    {FIRM "accounts:\n  A: {messages: 10_}\n", "9:17", "'10_' is not"},
    {FIRM "accounts:\n  A: {messages: }\n", "9:17", "'' is not what it takes"},
    {FIRM "accounts:\n  A: {messages: [1]}\n", "9:17", "one value"},
    /* Values that only do not fit the gateway's memory are found when all of it is tried: the place is firm. */
    {FIRM "accounts:\n  A: {messages: 10001}\n", "1:1", "account A: messages is 0 to 10000, not 10001"},
    {FIRM "accounts:\n  A: {messages: 1000001}\n", "9:17", "write 0 to 1000000"},
    {FIRM "accounts:\n  A: {messages: 99999999999999999999}\n", "9:17", "out of range"},
    {FIRM "accounts:\n  A: {exposure: 1.00001}\n", "9:17", "more than 4 decimals"},
    {FIRM "accounts:\n  A: {exposure: 1.}\n", "9:17", "such as 2500.50"},
    {FIRM "accounts:\n  A: {exposure: .5}\n", "9:17", "such as 2500.50"},
    {FIRM "accounts:\n  A: {exposure: 1.0.0}\n", "9:17", "such as 2500.50"},
    {FIRM "accounts:\n  A: {exposure: 1e6}\n", "9:17", "such as 2500.50"},
    {FIRM "accounts:\n  A: {exposure: 461168601842738.7905}\n", "9:17",
     "write 0.0000 to 461168601842738.7904"},
    {FIRM "  repeat_window: 5\n", "8:18", "a time with its unit"},
    {FIRM "  repeat_window: 5 s\n", "8:18", "a time with its unit"},
    {FIRM "  repeat_window: s\n", "8:18", "a time with its unit"},
    {FIRM "  repeat_window: 0s\n", "8:18", "out of range"},
    {FIRM "  repeat_window: 31d\n", "8:18", "out of range; write 1ns to 2592000000000000ns"},
    {FIRM "  repeat_window: 18446744073709551615d\n", "8:18", "out of range"},
    {FIRM "  one_active_exit: yes\n", "8:20", "true or false"},
    {FIRM "  repeat_count: 3\n", "1:1", "repeat_window; add it"},
    {FIRM "  collar_bps: 3\n", "8:3", "'collar_bps' is given twice"},
    {"firm: {collar_bps: 5}\n", "1:1", "the firm has no reference_age"},
    {"accounts: {A: {messages: 5}}\n", "1:1", "the firm has no reference_age"},
    {FIRM "accounts: &a\n  A: {messages: 5}\n", "8:11", "anchors, aliases and tags"},
    {FIRM "accounts:\n  A: *a\n", "9:6", "anchors, aliases and tags"},
    {FIRM "accounts:\n  A: !x {messages: 5}\n", "9:6", "anchors, aliases and tags"},
    {FIRM "accounts:\n\tA: 5\n", "9:1", "not YAML"},
    {FIRM "accounts: {A: {messages: 5}\n", "9:1", "not YAML"},
    {FIRM "accounts:\n  \"A\\0B\": {messages: 5}\n", "9:3", "a zero byte"},
    {FIRM "instruments:\n  AAPL: {lot: 1}\n", "9:3", "AAPL has no tick"},
    {FIRM "instruments:\n  AAPL: {tick: 0}\n", "9:16", "out of range"},
    {FIRM "instruments:\n  AAPL: {tick: 0.01, lot: 0}\n", "9:27", "out of range"},
    {FIRM "instruments:\n  AAPL: {tick: 0.01, multiplier: 1000001}\n", "9:34", "out of range"},
    {FIRM "instruments:\n  AAPL: {tick: 0.01, state: open}\n", "9:29",
     "'open' is none of unknown, trading, halted"},
    {FIRM "instruments:\n  AAPL: {tick: 0.01, restricted: sell}\n", "9:34", "a list such as [sell_short]"},
    {FIRM "instruments:\n  AAPL: {tick: 0.01, restricted: [short]}\n", "9:35", "'short' is none of buy"},
    {FIRM "instruments:\n  AAPL: {tick: 0.01, restricted: [[buy]]}\n", "9:35", "'a list' is none of"},
    {FIRM "instruments:\n  AAPL: {tick: 0.01, ticks: 1}\n", "9:22", "unknown key 'ticks'"},
    {FIRM "instruments:\n  AAPL: {tick: 0.01, prior_close: 5}\n", "9:3", "belong together"},
    {FIRM "instruments:\n  AAPL: {tick: 0.01, prior_close_date: 2026-01-30}\n", "9:3", "belong together"},
    {FIRM "instruments:\n  AAPL: {tick: 0.01, prior_close_date: 2026-02-30}\n", "9:40", "is no date"},
    {FIRM "instruments:\n  AAPL: {tick: 0.01, prior_close: 5, prior_close_date: 30.01.2026}\n", "9:56",
     "is no date"},
    {FIRM "instruments:\n  AAPL: {tick: 0.01, prior_close: 5, prior_close_date: 2026-13-01}\n", "9:56",
     "is no date"},
    {FIRM "instruments:\n  \"*\": {tick: 0.01, prior_close: 5, prior_close_date: 2026-01-30}\n", "9:3",
     "no price of its own"},
    {FIRM "instruments:\n  AAPL: {tick: 0.01}\n  AAPL: {tick: 0.01}\n", "10:3",
     "'AAPL' stands twice in instruments"}};
#define BAD_COUNT (sizeof BAD / sizeof BAD[0])

START_TEST(bad_files_are_refused_with_their_place)
{
    struct ll_why why = {0};
    char place[64];
    (void)snprintf(place, sizeof place, "x.yaml:%s: ", BAD[_i].place);
    ck_assert_msg(parse(BAD[_i].text, &why) == LL_ERR_USAGE, "%s", BAD[_i].text);
    ck_assert_msg(strncmp(why.text, place, strlen(place)) == 0, "'%s' is not at %s", why.text, BAD[_i].place);
    ck_assert_msg(strstr(why.text, BAD[_i].words) != NULL, "'%s' does not say '%s'", why.text, BAD[_i].words);
    ck_assert_ptr_null(file.entries);
    ck_assert_ptr_null(file.instruments);
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
    static const uint8_t BYTES[] = {0xff, 0xfe, 0x00, 0x80, 0x81};
    struct ll_why why = {0};
    ck_assert_int_eq(ll_limits_file_parse(&file, "x.yaml", BYTES + 3, 2, WINDOW_COUNT, &why), LL_ERR_USAGE);
    uint8_t *large = calloc(1, LL_LIMITS_FILE_BYTES_MAX + 1);
    ck_assert_ptr_nonnull(large);
    why = (struct ll_why){0};
    ck_assert_int_eq(
        ll_limits_file_parse(&file, "x.yaml", large, LL_LIMITS_FILE_BYTES_MAX + 1, WINDOW_COUNT, &why),
        LL_ERR_INPUT);
    free(large);
}
END_TEST

/* --- files on disk -------------------------------------------------------------------------------------- */

static char dir[64];
static char path[128];

static void setup(void)
{
    (void)snprintf(dir, sizeof dir, "/tmp/ll_limits_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/limits.yaml", dir);
}

static void teardown(void)
{
    ll_test_remove_dir(dir);
}

/* Writes beside and renames, as a careful person does: the inode is another one. */
static void write_file(const char *text)
{
    char beside[160];
    (void)snprintf(beside, sizeof beside, "%s.new", path);
    FILE *stream = fopen(beside, "wb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(text, 1, strlen(text), stream), strlen(text));
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_int_eq(rename(beside, path), 0);
}

START_TEST(a_file_that_is_not_there)
{
    struct ll_why why = {0};
    ck_assert_int_eq(ll_limits_file_load(&file, path, WINDOW_COUNT, &why), LL_ERR_IO);
    ck_assert_ptr_nonnull(strstr(why.text, "no such file"));
    why = (struct ll_why){0};
    ck_assert_int_eq(ll_limits_file_load(&file, dir, WINDOW_COUNT, &why), LL_ERR_INPUT);
    write_file("");
    why = (struct ll_why){0};
    ck_assert_int_eq(ll_limits_file_load(&file, path, WINDOW_COUNT, &why), LL_ERR_INPUT);
    ck_assert_int_ne(why.text[0], '\0');
}
END_TEST

START_TEST(a_changed_file_is_taken_when_it_is_good)
{
    struct ll_why why = {0};
    bool is_new = true;
    write_file(FIRM);
    ck_assert_int_eq(ll_limits_file_load(&file, path, WINDOW_COUNT, &why), LL_OK);
    ck_assert(!ll_limits_file_changed(path, &file.stamp));
    ck_assert_int_eq(ll_limits_file_reload(&file, path, WINDOW_COUNT, &is_new, &why), LL_OK);
    ck_assert(!is_new);
    write_file(FIRM "  exposure: 5\n");
    ck_assert(ll_limits_file_changed(path, &file.stamp));
    ck_assert_int_eq(ll_limits_file_reload(&file, path, WINDOW_COUNT, &is_new, &why), LL_OK);
    ck_assert(is_new);
    ck_assert_uint_eq(value_of(LL_SCOPE_FIRM, "", LL_LIMIT_EXPOSURE), 50000);
    /* Spoiled: the old values stay, it is said once, and it is not tried again. */
    write_file(FIRM "  exposure: much\n");
    ck_assert_int_eq(ll_limits_file_reload(&file, path, WINDOW_COUNT, &is_new, &why), LL_ERR_USAGE);
    ck_assert(!is_new);
    ck_assert_ptr_nonnull(strstr(why.text, "8:13: "));
    ck_assert_ptr_nonnull(strstr(why.text, "the limits loaded before stay in force"));
    ck_assert_uint_eq(value_of(LL_SCOPE_FIRM, "", LL_LIMIT_EXPOSURE), 50000);
    ck_assert_int_eq(ll_limits_file_reload(&file, path, WINDOW_COUNT, &is_new, NULL), LL_OK);
    /* Gone, and there again. */
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(ll_limits_file_reload(&file, path, WINDOW_COUNT, &is_new, NULL), LL_ERR_IO);
    ck_assert_int_eq(ll_limits_file_reload(&file, path, WINDOW_COUNT, &is_new, NULL), LL_OK);
    ck_assert_uint_eq(value_of(LL_SCOPE_FIRM, "", LL_LIMIT_EXPOSURE), 50000);
    write_file(FIRM "  exposure: 6\n");
    ck_assert_int_eq(ll_limits_file_reload(&file, path, WINDOW_COUNT, &is_new, NULL), LL_OK);
    ck_assert(is_new);
    ck_assert_uint_eq(value_of(LL_SCOPE_FIRM, "", LL_LIMIT_EXPOSURE), 60000);
    ll_limits_file_deinit(&file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits_file");
    TCase *good = tcase_create("good");
    tcase_set_timeout(good, 60);
    tcase_add_test(good, values_are_read_exactly);
    tcase_add_loop_test(good, times_have_units, 0, 7);
    tcase_add_test(good, instruments_are_read_exactly);
    tcase_add_test(good, the_example_loads_and_has_every_key);
    tcase_add_test(good, many_names_load_and_one_too_many_does_not);
    suite_add_tcase(suite, good);
    TCase *bad = tcase_create("bad");
    tcase_add_loop_test(bad, bad_files_are_refused_with_their_place, 0, (int)BAD_COUNT);
    tcase_add_test(bad, bytes_that_are_no_text_are_refused);
    suite_add_tcase(suite, bad);
    TCase *disk = tcase_create("disk");
    tcase_add_checked_fixture(disk, setup, teardown);
    tcase_add_test(disk, a_file_that_is_not_there);
    tcase_add_test(disk, a_changed_file_is_taken_when_it_is_good);
    suite_add_tcase(suite, disk);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
