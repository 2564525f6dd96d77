/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_kill.h"

#include "host/app/ll_ask.h"

#include <string.h>

static const struct ll_option ll_kill_options[] = {
    LL_ASK_TEXT("account", account, "NAME", "only this account"),
    LL_ASK_TEXT("strategy", strategy, "NAME", "only this strategy"),
    LL_ASK_TEXT("symbol", symbol, "SYMBOL", "only this instrument"),
    LL_ASK_TEXT("notes", notes, "TEXT", "who does it and why; unkill needs it"), LL_ASK_COMMON_ROWS};

static const struct ll_option ll_enable_options[] = {
    LL_ASK_TEXT("notes", notes, "TEXT", "who does it and why; needed"), LL_ASK_COMMON_ROWS};

/* What is meant: one of three names, or, with the operand `firm`, everything. */
static int ll_kill_scope(const struct ll_ask *ask, enum lifeline_scope *scope, const char **name,
                         struct ll_why *why)
{
    bool is_firm = ask->operands.count == 1;
    int names = (ask->account != NULL) + (ask->strategy != NULL) + (ask->symbol != NULL);
    if (is_firm && strcmp(ask->operands.value[0], "firm") != 0)
        return LL_FAIL(why, LL_ERR_USAGE, "'%.60s': the only operand is firm, for everything",
                       ask->operands.value[0]);
    if (names + is_firm != 1)
        return LL_FAIL(why, LL_ERR_USAGE, "give one of --account, --strategy, --symbol, or the word firm");
    *name = is_firm                 ? NULL
            : ask->account != NULL  ? ask->account
            : ask->strategy != NULL ? ask->strategy
                                    : ask->symbol;
    *scope = is_firm                 ? LIFELINE_KILL_FIRM
             : ask->account != NULL  ? LIFELINE_KILL_ACCOUNT
             : ask->strategy != NULL ? LIFELINE_KILL_STRATEGY
                                     : LIFELINE_KILL_SYMBOL;
    return LL_OK;
}

static int64_t ll_kill_send(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    enum lifeline_scope scope;
    const char *name;
    int err = ll_kill_scope(ask, &scope, &name, why);
    return err != LL_OK ? err : lifeline_kill(gateway, scope, name, ask->notes);
}

static int64_t ll_unkill_send(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    enum lifeline_scope scope;
    const char *name;
    int err = ll_kill_scope(ask, &scope, &name, why);
    if (err == LL_OK && ask->notes == NULL)
        err = LL_FAIL(why, LL_ERR_USAGE, "--notes is missing: who clears it, and why");
    return err != LL_OK ? err : lifeline_unkill(gateway, scope, name, ask->notes);
}

static int64_t ll_enable_send(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    if (ask->notes == NULL)
        return LL_FAIL(why, LL_ERR_USAGE, "--notes is missing: who enables it, and why");
    return lifeline_enable_strategy(gateway, ask->operands.value[0], ask->notes);
}

static const struct ll_ask_verb ll_kill_verb = {
    "kill",
    " [firm]",
    LL_ASK_OPERAND_OPTIONAL,
    ll_kill_options,
    "stop new orders",
    "Stops new orders and replaces at once, until a person clears it; cancels still go through.\n"
    "\n"
    "  lifeline kill firm                            everything\n"
    "  lifeline kill --strategy mean --notes 'runs away, Jo'\n",
    ll_kill_send};

static const struct ll_ask_verb ll_unkill_verb = {
    "unkill",
    " [firm]",
    LL_ASK_OPERAND_OPTIONAL,
    ll_kill_options,
    "let orders through again",
    "Clears what `lifeline kill` of the same scope and name set.\n"
    "\n"
    "  lifeline unkill --strategy mean --notes 'fixed and reviewed, Jo'\n",
    ll_unkill_send};

static const struct ll_ask_verb ll_enable_verb = {
    "enable-strategy",
    " STRATEGY",
    1,
    ll_enable_options,
    "let a disabled strategy go on",
    "Lets a strategy go on that the gateway had disabled.\n"
    "\n"
    "  lifeline enable-strategy mean --notes 'loss explained, limits kept, Jo'\n",
    ll_enable_send};

int ll_cmd_kill(int argc, char **argv)
{
    return ll_ask_run("", &ll_kill_verb, argc, argv);
}

int ll_cmd_unkill(int argc, char **argv)
{
    return ll_ask_run("", &ll_unkill_verb, argc, argv);
}

int ll_cmd_enable_strategy(int argc, char **argv)
{
    return ll_ask_run("", &ll_enable_verb, argc, argv);
}
