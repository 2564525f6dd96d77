/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: no command line breaks the daemon's or the exchange's reading of it: it is refused with a reason, or all that
 * follows from it is in range. Method: the first byte chooses the program, each line behind it is a word. What the
 * daemon takes it prints as `name = value`; that as a command line must be taken and print the same. Nothing is
 * opened: the one option whose file is read at once is left out.
 */
#include "host/app/ll_daemon_options.h"
#include "host/app/ll_exchange_options.h"
#include "host/base/ll_assert.h"
#include "tests/fuzz/ll_fuzz_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static void check_verdict(int err, const struct ll_why *why)
{
    LL_ASSERT(err == LL_OK || err == LL_ERR_USAGE);
    LL_ASSERT(err == why->code);
    LL_ASSERT((err == LL_OK) == (why->text[0] == '\0'));
}

/* --- The daemon ------------------------------------------------------------------------------------------- */

static void check_daemon(const struct ll_daemon_options *options)
{
    LL_ASSERT(options->flow_count <= LL_COMMON_FLOWS_MAX);
    LL_ASSERT(options->udp_line_count <= LL_MOLD_LINES_MAX);
    LL_ASSERT(options->udp_line_count == 0 || options->flow_count == 0);
    LL_ASSERT(!options->sends_requests || options->kind == LL_DAEMON_FEED_LIVE);
    LL_ASSERT((options->journal_dir == NULL) == options->no_journal);
    LL_ASSERT(!options->common.resume || options->journal != NULL);
    LL_ASSERT(options->kind != LL_DAEMON_FEED_SIM ||
              (options->sim_orders <= options->common.orders && options->symbols < options->common.books));
    LL_ASSERT(options->common.batch >= 1 && options->common.batch <= 64);
    LL_ASSERT(options->memory_mb >= 16 && options->faults <= LL_FEED_SIM_FAULTS_MAX);
    for (uint32_t i = 0; i < options->flow_count; i++)
        LL_ASSERT(options->flows[i].udp_port != 0);
}

static char *print_daemon(const struct ll_daemon_options *options)
{
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *file = open_memstream(&text, &text_bytes);
    LL_ASSERT(file != NULL);
    ll_daemon_options_print_values(options, file);
    LL_ASSERT(fclose(file) == 0);
    return text;
}

/* `name = value` as --name=value; a flag as --name when it is true; nothing for what has no value. */
static void add_value(struct ll_fuzz_lines *lines, const char *line, size_t line_bytes)
{
    char *word = malloc(line_bytes + 1);
    const char *equals = memmem(line, line_bytes, " = ", 3);
    LL_ASSERT(word != NULL && equals != NULL);
    int name_bytes = (int)(equals - line);
    int value_bytes = (int)line_bytes - name_bytes - 3;
    const char *value = equals + 3;
    if (value_bytes == 4 && memcmp(value, "true", 4) == 0)
        (void)snprintf(word, line_bytes + 1, "--%.*s", name_bytes, line);
    else if (value_bytes == 0 || (value_bytes == 5 && memcmp(value, "false", 5) == 0))
        word[0] = '\0';
    else
        (void)snprintf(word, line_bytes + 1, "--%.*s=%.*s", name_bytes, line, value_bytes, value);
    if (word[0] != '\0')
        ll_fuzz_lines_add(lines, word, strlen(word));
    free(word);
}

static void read_daemon_again(const char *printed)
{
    struct ll_fuzz_lines lines;
    struct ll_daemon_options *options = calloc(1, sizeof *options);
    struct ll_why why = {0};
    LL_ASSERT(options != NULL);
    ll_fuzz_lines_make(&lines, "lifelined", (const uint8_t *)"", 0);
    for (const char *at = printed; *at != '\0'; at += strcspn(at, "\n") + 1)
        add_value(&lines, at, strcspn(at, "\n"));
    int err = ll_daemon_options_parse(options, lines.argc, lines.argv, &why);
    if (err != LL_OK)
        (void)fprintf(stderr, "%s\n", why.text);
    LL_ASSERT(err == LL_OK);
    char *again = print_daemon(options);
    LL_ASSERT(strcmp(again, printed) == 0);
    free(again);
    free(options);
    ll_fuzz_lines_free(&lines);
}

/* A text option that says true or false, or nothing, cannot be told from a flag in what is printed. */
static bool is_plain(const struct ll_fuzz_lines *lines)
{
    for (int i = 1; i < lines->argc; i++) {
        const char *value = strchr(lines->argv[i], '=');
        value = value != NULL ? value + 1 : lines->argv[i];
        if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0 || value[0] == '\0')
            return false;
    }
    return true;
}

static void run_daemon(struct ll_fuzz_lines *lines)
{
    struct ll_daemon_options *options = calloc(1, sizeof *options);
    struct ll_why why = {0};
    LL_ASSERT(options != NULL);
    int err = ll_daemon_options_parse(options, lines->argc, lines->argv, &why);
    check_verdict(err, &why);
    if (err == LL_OK && !options->help) {
        check_daemon(options);
        char *printed = print_daemon(options);
        if (is_plain(lines))
            read_daemon_again(printed);
        free(printed);
    }
    free(options);
}

/* --- The exchange ----------------------------------------------------------------------------------------- */

static void check_exchange(const struct ll_exchange_options *options)
{
    LL_ASSERT(options->account_count <= LL_EXCHANGE_ACCOUNTS_MAX);
    LL_ASSERT(options->firm_count <= LL_OUCH_PORT_FIRMS_MAX);
    LL_ASSERT(options->instrument_count <= LL_EXCHANGE_INSTRUMENTS_MAX);
    LL_ASSERT(options->account_count > 0 || options->has_mold);
    LL_ASSERT(!options->has_mold_b || options->has_mold);
    LL_ASSERT(!options->has_mold || options->mold_to.port != 0);
    LL_ASSERT(strlen(options->user) <= LL_SOUP_USERNAME_BYTES);
    LL_ASSERT(strlen(options->password) <= LL_SOUP_PASSWORD_BYTES);
    LL_ASSERT(strlen(options->session) >= 1 && strlen(options->session) <= LL_SOUP_SESSION_BYTES);
    for (uint32_t i = 0; i < options->instrument_count; i++) {
        const struct ll_matching_instrument *instrument = &options->instruments[i];
        LL_ASSERT(instrument->prior_close > 0 && instrument->prior_close <= LL_MATCHING_PRICE_MAX);
        LL_ASSERT(instrument->prior_close % instrument->tick == 0 && instrument->locate == i + 1);
    }
    for (uint32_t i = 0; i < LL_OUCH_PORT_FAULT_COUNT; i++)
        LL_ASSERT(options->faults.per_mille[i] <= 1000);
    for (uint32_t i = 0; i < LL_MOLD_SENDER_LINES_MAX; i++) {
        const struct ll_mold_sender_faults *faults = &options->feed_faults[i];
        LL_ASSERT(faults->loss_per_mille <= 1000 && faults->delay_per_mille <= 1000);
        LL_ASSERT(faults->reorder_per_mille <= 1000 && faults->duplicate_per_mille <= 1000);
    }
}

static void run_exchange(struct ll_fuzz_lines *lines)
{
    struct ll_exchange_options *options = calloc(1, sizeof *options);
    struct ll_why why = {0};
    LL_ASSERT(options != NULL);
    for (int i = 1; i < lines->argc; i++)
        if (strncmp(lines->argv[i], "--password-file", 15) == 0)
            lines->argv[i][2] = 'P';
    int err = ll_exchange_options_parse(options, lines->argc, lines->argv, &why);
    check_verdict(err, &why);
    if (err == LL_OK && !options->help)
        check_exchange(options);
    free(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_fuzz_lines lines;
    if (bytes_count == 0)
        return 0;
    bool is_daemon = bytes[0] % 2 == 0;
    ll_fuzz_lines_make(&lines, is_daemon ? "lifelined" : "lifeline-exchange", bytes + 1, bytes_count - 1);
    if (is_daemon)
        run_daemon(&lines);
    else
        run_exchange(&lines);
    ll_fuzz_lines_free(&lines);
    return 0;
}
