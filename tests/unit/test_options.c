/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: every command line either fills the config struct exactly or is refused with a reason that names the
 * option. Method: tables of good and bad texts, the edges of every range, and random numbers printed by
 * ll_options_print_values and parsed again.
 */
#include "host/base/ll_options.h"

#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct config {
    bool fast;
    uint64_t count;
    uint64_t memory_bytes;
    uint64_t wait_ns;
    const char *dir;
    const char *feed;
};

static const struct ll_option table[] = {
    {"fast", LL_OPTION_FLAG, offsetof(struct config, fast), 0, 0, NULL, NULL, "Do not wait."},
    {"count", LL_OPTION_U64, offsetof(struct config, count), 2, 9, "N", NULL, "How many (default 5)."},
    {"memory", LL_OPTION_SIZE, offsetof(struct config, memory_bytes), 0, 0, "BYTES", NULL, "Memory."},
    {"wait", LL_OPTION_DURATION, offsetof(struct config, wait_ns), 0, 0, "TIME", NULL, "A pause."},
    {"dir", LL_OPTION_STRING, offsetof(struct config, dir), 0, 0, "DIR", NULL,
     "Where the files are; a sentence so long that it has to be wrapped, because a terminal of a hundred "
     "columns does not hold it."},
    {"feed", LL_OPTION_CHOICE, offsetof(struct config, feed), 0, 0, NULL, "sim|pcap|port", "The source."},
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

struct parsed {
    struct config config;
    struct ll_operands operands;
    int help;
    struct ll_why why;
};

#define ARGUMENTS_MAX 8

/* Parses the words, the last one followed by NULL. */
static int parse(struct parsed *parsed, const char *const words[ARGUMENTS_MAX])
{
    char *argv[ARGUMENTS_MAX + 2] = {(char[]){"program"}};
    int argc = 1;
    memset(parsed, 0, sizeof *parsed);
    parsed->config.count = 5;
    for (int i = 0; i < ARGUMENTS_MAX && words[i] != NULL; i++)
        memcpy(&argv[argc++], &words[i], sizeof argv[0]);
    return ll_options_parse(table, argc, argv, &parsed->config, &parsed->operands, &parsed->help,
                            &parsed->why);
}

START_TEST(test_all_kinds)
{
    struct parsed parsed;
    const char *const words[ARGUMENTS_MAX] = {"--fast",     "--count", "9",          "--memory=64M",
                                              "--wait=2ms", "--dir=",  "--feed=pcap"};
    ck_assert_int_eq(parse(&parsed, words), LL_OK);
    ck_assert(parsed.config.fast);
    ck_assert_uint_eq(parsed.config.count, 9);
    ck_assert_uint_eq(parsed.config.memory_bytes, (uint64_t)64 << 20);
    ck_assert_uint_eq(parsed.config.wait_ns, 2000000);
    ck_assert_str_eq(parsed.config.dir, "");
    ck_assert_str_eq(parsed.config.feed, "pcap");
    ck_assert_int_eq(parsed.operands.count, 0);
    ck_assert_int_eq(parsed.help, 0);
    ck_assert_int_eq(parsed.why.code, LL_OK);
}
END_TEST

START_TEST(test_defaults_stay)
{
    struct parsed parsed;
    const char *const words[ARGUMENTS_MAX] = {NULL};
    ck_assert_int_eq(parse(&parsed, words), LL_OK);
    ck_assert_uint_eq(parsed.config.count, 5);
    ck_assert(!parsed.config.fast);
    ck_assert_ptr_null(parsed.config.dir);
}
END_TEST

START_TEST(test_last_wins)
{
    struct parsed parsed;
    const char *const words[ARGUMENTS_MAX] = {"--count=3", "--count=4", "--dir", "--fast"};
    ck_assert_int_eq(parse(&parsed, words), LL_OK);
    ck_assert_uint_eq(parsed.config.count, 4);
    ck_assert_str_eq(parsed.config.dir, "--fast"); /* a value, whatever it looks like */
    ck_assert(!parsed.config.fast);
}
END_TEST

START_TEST(test_operands_in_order)
{
    struct parsed parsed;
    const char *const words[ARGUMENTS_MAX] = {"a", "--fast", "-", "--", "--count", "-h"};
    ck_assert_int_eq(parse(&parsed, words), LL_OK);
    ck_assert_int_eq(parsed.operands.count, 4);
    ck_assert_str_eq(parsed.operands.value[0], "a");
    ck_assert_str_eq(parsed.operands.value[1], "-");
    ck_assert_str_eq(parsed.operands.value[2], "--count");
    ck_assert_str_eq(parsed.operands.value[3], "-h");
    ck_assert_int_eq(parsed.help, 0);
}
END_TEST

START_TEST(test_operand_limit)
{
    char *argv[LL_OPERANDS_MAX + 2];
    char word[] = "x";
    struct parsed parsed;
    memset(&parsed, 0, sizeof parsed);
    for (int i = 0; i < LL_OPERANDS_MAX + 2; i++)
        argv[i] = word;
    ck_assert_int_eq(ll_options_parse(table, LL_OPERANDS_MAX + 1, argv, &parsed.config, &parsed.operands,
                                      &parsed.help, &parsed.why),
                     LL_OK);
    ck_assert_int_eq(parsed.operands.count, LL_OPERANDS_MAX);
    ck_assert_int_eq(ll_options_parse(table, LL_OPERANDS_MAX + 2, argv, &parsed.config, &parsed.operands,
                                      &parsed.help, &parsed.why),
                     LL_ERR_USAGE);
}
END_TEST

START_TEST(test_help_stops_at_once)
{
    struct parsed parsed;
    const char *const words[ARGUMENTS_MAX] = {"--count=3", _i == 0 ? "--help" : "-h", "--nonsense"};
    ck_assert_int_eq(parse(&parsed, words), LL_OK);
    ck_assert_int_eq(parsed.help, 1);
}
END_TEST

/* Command lines that are refused, and a word that the reason must contain. */
static const struct {
    const char *words[3];
    const char *reason;
} refused[] = {
    {{"--nonsense"}, "--nonsense"},
    {{"--fas"}, "--fas"},
    {{"--faster"}, "--faster"},
    {{"-x"}, "-x"},
    {{"-fast"}, "-fast"},
    {{"--=3"}, "--=3"},
    {{"--fast=yes"}, "takes no value"},
    {{"--count"}, "needs a value: N"},
    {{"--count", "1"}, "2 to 9"},
    {{"--count", "10"}, "2 to 9"},
    {{"--count", ""}, "whole number"},
    {{"--count", "5x"}, "--count"},
    {{"--count", "-5"}, "--count"},
    {{"--count", "+5"}, "--count"},
    {{"--count", " 5"}, "--count"},
    {{"--count", "5 "}, "--count"},
    {{"--count", "5K"}, "--count"},
    {{"--count=0x"}, "--count"},
    {{"--count=18446744073709551616"}, "2^64"},
    {{"--memory=5k"}, "K, M or G"},
    {{"--memory=5MB"}, "K, M or G"},
    {{"--memory=0x10"}, "K, M or G"},
    {{"--memory=17179869184G"}, "64 bits"},
    {{"--wait=5"}, "ns, us, ms, s or m"},
    {{"--wait=5 s"}, "ns, us, ms, s or m"},
    {{"--wait=1.5s"}, "ns, us, ms, s or m"},
    {{"--wait=5h"}, "ns, us, ms, s or m"},
    {{"--feed=si"}, "sim|pcap|port"},
    {{"--feed=sim|pcap"}, "sim|pcap|port"},
    {{"--feed="}, "sim|pcap|port"},
};

START_TEST(test_refused)
{
    struct parsed parsed;
    const char *const words[ARGUMENTS_MAX] = {refused[_i].words[0], refused[_i].words[1],
                                              refused[_i].words[2]};
    ck_assert_int_eq(parse(&parsed, words), LL_ERR_USAGE);
    ck_assert_int_eq(parsed.why.code, LL_ERR_USAGE);
    ck_assert_msg(strstr(parsed.why.text, refused[_i].reason) != NULL, "'%s' not in: %s", refused[_i].reason,
                  parsed.why.text);
}
END_TEST

static const struct {
    const char *text;
    enum ll_option_type type;
    uint64_t value;
} numbers[] = {
    {"0", LL_OPTION_U64, 0},
    {"18446744073709551615", LL_OPTION_U64, UINT64_MAX},
    {"0xffffffffffffffff", LL_OPTION_U64, UINT64_MAX},
    {"0XaB", LL_OPTION_U64, 0xab},
    {"007", LL_OPTION_U64, 7},
    {"1", LL_OPTION_SIZE, 1},
    {"1K", LL_OPTION_SIZE, 1024},
    {"17179869183G", LL_OPTION_SIZE, (uint64_t)17179869183u << 30},
    {"0", LL_OPTION_DURATION, 0},
    {"0s", LL_OPTION_DURATION, 0},
    {"7ns", LL_OPTION_DURATION, 7},
    {"7us", LL_OPTION_DURATION, 7000},
    {"7ms", LL_OPTION_DURATION, 7000000},
    {"7s", LL_OPTION_DURATION, 7000000000u},
    {"7m", LL_OPTION_DURATION, 420000000000u},
};

START_TEST(test_numbers)
{
    uint64_t value = 1;
    ck_assert_int_eq(ll_options_parse_u64(numbers[_i].text, numbers[_i].type, &value, NULL), LL_OK);
    ck_assert_uint_eq(value, numbers[_i].value);
}
END_TEST

/* What print_values shows can be given back as an option. */
START_TEST(test_values_parse_again)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("values_parse_again"));
    for (int round = 0; round < 500; round++) {
        struct config config = {.fast = ll_prng_chance(&prng, 500) != 0, .dir = "a/b", .feed = "port"};
        config.count = 2 + ll_prng_below(&prng, 8);
        config.memory_bytes = ll_prng_next(&prng) << ll_prng_below(&prng, 64);
        config.wait_ns = ll_prng_below(&prng, 100) * (ll_prng_chance(&prng, 500) != 0 ? 1000000000u : 1000u);
        char *text = NULL;
        size_t text_bytes = 0;
        FILE *file = open_memstream(&text, &text_bytes);
        ck_assert_ptr_nonnull(file);
        ll_options_print_values(table, &config, file);
        ck_assert_int_eq(fclose(file), 0);
        struct config again = {.fast = config.fast};
        char *lines = text;
        for (char *line = strsep(&lines, "\n"); line != NULL && *line != '\0'; line = strsep(&lines, "\n")) {
            char name[64];
            char value[64];
            ck_assert_int_eq(sscanf(line, "%63s = %63s", name, value), 2);
            if (strcmp(name, "fast") == 0) {
                ck_assert_str_eq(value, config.fast ? "true" : "false");
                continue;
            }
            char option[160];
            (void)snprintf(option, sizeof option, "--%s=%s", name, value);
            struct ll_operands operands;
            int help;
            char *argv[] = {(char[]){"program"}, option};
            ck_assert_int_eq(ll_options_parse(table, 2, argv, &again, &operands, &help, NULL), LL_OK);
            if (again.dir != NULL)
                again.dir = "a/b"; /* points into `option` */
            if (again.feed != NULL)
                again.feed = "port";
        }
        ck_assert_uint_eq(again.count, config.count);
        ck_assert_uint_eq(again.memory_bytes, config.memory_bytes);
        ck_assert_uint_eq(again.wait_ns, config.wait_ns);
        ck_assert_str_eq(again.dir, config.dir);
        ck_assert_str_eq(again.feed, config.feed);
        free(text);
    }
}
END_TEST

START_TEST(test_help_text)
{
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *file = open_memstream(&text, &text_bytes);
    ck_assert_ptr_nonnull(file);
    ll_options_print_help(table, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_ptr_nonnull(strstr(text, "--count N"));
    ck_assert_ptr_nonnull(strstr(text, "--feed sim|pcap|port"));
    ck_assert_ptr_nonnull(strstr(text, "--help"));
    const char *end = strstr(text, "does not hold it.");
    ck_assert_ptr_nonnull(end);
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
        ck_assert_uint_le(strcspn(line, "\n"), 100);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("options");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, test_all_kinds);
    tcase_add_test(tcase, test_defaults_stay);
    tcase_add_test(tcase, test_last_wins);
    tcase_add_test(tcase, test_operands_in_order);
    tcase_add_test(tcase, test_operand_limit);
    tcase_add_loop_test(tcase, test_help_stops_at_once, 0, 2);
    tcase_add_loop_test(tcase, test_refused, 0, (int)(sizeof refused / sizeof refused[0]));
    tcase_add_loop_test(tcase, test_numbers, 0, (int)(sizeof numbers / sizeof numbers[0]));
    tcase_add_test(tcase, test_values_parse_again);
    tcase_add_test(tcase, test_help_text);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
