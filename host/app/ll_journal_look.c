/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_journal_look.h"

#include "host/app/ll_exit.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_progress.h"

#include <stdio.h>
#include <string.h>

static const struct ll_option ll_journal_look_table[] = {
    {"json", LL_OPTION_FLAG, offsetof(struct ll_journal_look, json), 0, 0, NULL, NULL, "print JSON"},
    {"all", LL_OPTION_FLAG, offsetof(struct ll_journal_look, all), 0, 0, NULL, NULL,
     "orders: ended ones too"},
    LL_COMMON_STATE_ROWS(struct ll_journal_look),
    LL_TRADING_STATE_ROWS(struct ll_journal_look),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static void ll_journal_look_progress(void *context, uint64_t done, uint64_t total)
{
    ll_progress_update(context, done, total, ll_clock_mono_ns());
}

static int ll_journal_look_bring_back(struct ll_journal_look *look, struct ll_why *why)
{
    struct ll_gateway_config config;
    struct ll_trading_config trading;
    struct ll_progress progress;
    int status = ll_trading_options_config(&look->trading, &trading, why);
    if (status != LL_OK)
        return status;
    ll_common_options_gateway(&look->common, look->operands.value[0], &config);
    config.trading = &trading;
    config.progress = ll_journal_look_progress;
    config.progress_context = &progress;
    ll_progress_init(&progress, "read", "events", ll_clock_mono_ns());
    status = ll_gateway_look(&look->gateway, &config, why);
    ll_progress_done(&progress);
    return status;
}

int ll_journal_look_open(struct ll_journal_look *look, int argc, char **argv, const char *help,
                         uint32_t operands_least, uint32_t operands_most)
{
    struct ll_why why = {0};
    int wants_help = 0;
    memset(look, 0, sizeof *look);
    ll_common_options_default(&look->common);
    ll_trading_options_default(&look->trading);
    int status =
        ll_options_parse(ll_journal_look_table, argc, argv, look, &look->operands, &wants_help, &why);
    if (status == LL_OK && wants_help) {
        (void)fputs(help, stdout);
        ll_options_print_help(ll_journal_look_table, stdout);
        return LL_EXIT_OK;
    }
    if (status == LL_OK &&
        ((uint32_t)look->operands.count < operands_least || (uint32_t)look->operands.count > operands_most))
        status =
            LL_FAIL(&why, LL_ERR_USAGE, "give the journal's directory and what is asked for, nothing else");
    if (status == LL_OK)
        status = ll_journal_look_bring_back(look, &why);
    return status == LL_OK ? -1 : ll_journal_look_close(look, argv[0], status, &why);
}

int ll_journal_look_close(struct ll_journal_look *look, const char *verb, int status,
                          const struct ll_why *why)
{
    if (status != LL_OK)
        (void)fprintf(stderr, "lifeline %s: %s: %s\n", verb, ll_err_name(status), why->text);
    if (status == LL_ERR_USAGE)
        (void)fprintf(stderr, "Try: lifeline %s --help\n", verb);
    (void)ll_gateway_close(look->gateway, NULL);
    look->gateway = NULL;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "lifeline %s: the output could not be written; is the disk full?\n", verb);
        return LL_EXIT_IO;
    }
    return ll_exit_code(status);
}

const char *ll_order_side_name(uint8_t side)
{
    static const char *const names[] = {"buy", "sell", "sell-short"};
    return side < sizeof names / sizeof names[0] ? names[side] : "unknown";
}
