/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: no command line breaks the verbs that ask a gateway, and what they ask is what was written: a wrong one asks
 * nothing and says so, a right one asks once, with values that the client library is made for. Method: the first byte
 * chooses the verb and how the gateway answers, each line behind it is a word. Under the verbs lies a client library
 * of its own (this file), which looks at what it is given and opens nothing. What is printed is read back: an answer
 * with --json is one JSON value.
 */
#include "host/app/ll_cmd_account.h"
#include "host/app/ll_cmd_id.h"
#include "host/app/ll_cmd_kill.h"
#include "host/app/ll_cmd_order.h"
#include "host/app/ll_exit.h"
#include "host/base/ll_assert.h"
#include "host/client/lifeline.h"
#include "tests/fuzz/ll_fuzz_json.h"
#include "tests/fuzz/ll_fuzz_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

struct lifeline {
    uint32_t sent;
    int answer; /* LIFELINE_OK, or an error of send or wait */
    bool refuses;
};

/* The one gateway of an input: lifeline_open takes no context. */
static struct lifeline *the_gateway(void)
{
    static struct lifeline gateway;
    return &gateway;
}

/* --- A client library that looks ------------------------------------------------------------------------- */

static int64_t send_one(struct lifeline *gateway)
{
    LL_ASSERT(gateway == the_gateway());
    gateway->sent++;
    return gateway->answer == LIFELINE_ERR_FULL ? LIFELINE_ERR_FULL : 1;
}

/* Every text that is given can be read to its end. */
static void must_be_text(const char *text)
{
    LL_ASSERT(text != NULL && strlen(text) < SIZE_MAX);
}

int lifeline_open(struct lifeline **gateway, const char *path)
{
    LL_ASSERT(path == NULL || strlen(path) < SIZE_MAX);
    *gateway = the_gateway();
    return (*gateway)->answer == LIFELINE_ERR_NO_GATEWAY ? LIFELINE_ERR_NO_GATEWAY : LIFELINE_OK;
}

void lifeline_close(struct lifeline *gateway)
{
    LL_ASSERT(gateway == the_gateway());
}

const char *lifeline_error_text(const struct lifeline *gateway)
{
    LL_ASSERT(gateway == the_gateway());
    return "reason";
}

int64_t lifeline_place(struct lifeline *gateway, const struct lifeline_order *order)
{
    LL_ASSERT(order->side <= LIFELINE_SELL_SHORT && order->type <= LIFELINE_STOP_LIMIT);
    LL_ASSERT(order->time_in_force <= LIFELINE_GTD);
    LL_ASSERT(order->max_slippage_bps <= 10000);
    return send_one(gateway);
}

int64_t lifeline_cancel(struct lifeline *gateway, const char *target, const char *cancel_id,
                        uint64_t stay_lots)
{
    must_be_text(target);
    (void)cancel_id;
    (void)stay_lots;
    return send_one(gateway);
}

int64_t lifeline_replace(struct lifeline *gateway, const char *target, const char *modify_id,
                         uint64_t quantity_lots, uint64_t price_ticks)
{
    (void)quantity_lots;
    return lifeline_cancel(gateway, target, modify_id, price_ticks);
}

int64_t lifeline_close_position(struct lifeline *gateway, const char *target, const char *close_id,
                                uint64_t price_ticks)
{
    return lifeline_cancel(gateway, target, close_id, price_ticks);
}

int64_t lifeline_stoploss_add(struct lifeline *gateway, const char *target, const char *stoploss_id,
                              uint64_t stop_price_ticks)
{
    return lifeline_cancel(gateway, target, stoploss_id, stop_price_ticks);
}

int64_t lifeline_stoploss_cancel(struct lifeline *gateway, const char *target, const char *cancel_id)
{
    return lifeline_cancel(gateway, target, cancel_id, 0);
}

int64_t lifeline_takeprofit_add(struct lifeline *gateway, const char *target, const char *takeprofit_id,
                                uint64_t take_price_ticks)
{
    return lifeline_cancel(gateway, target, takeprofit_id, take_price_ticks);
}

int64_t lifeline_takeprofit_cancel(struct lifeline *gateway, const char *target, const char *cancel_id)
{
    return lifeline_cancel(gateway, target, cancel_id, 0);
}

int64_t lifeline_id_add(struct lifeline *gateway, const char *target, enum lifeline_id_type type,
                        const char *id, const char *notes)
{
    must_be_text(id);
    LL_ASSERT(type <= LIFELINE_ID_PROVIDER_REF);
    return lifeline_cancel(gateway, target, notes, 0);
}

int64_t lifeline_id_status(struct lifeline *gateway, const char *id, enum lifeline_id_status status,
                           const char *notes)
{
    LL_ASSERT(status <= LIFELINE_ID_EXECUTED);
    return lifeline_cancel(gateway, id, notes, 0);
}

int64_t lifeline_resolve(struct lifeline *gateway, const char *id)
{
    return lifeline_cancel(gateway, id, NULL, 0);
}

int64_t lifeline_status(struct lifeline *gateway, const char *target)
{
    return lifeline_cancel(gateway, target, NULL, 0);
}

int64_t lifeline_deposit(struct lifeline *gateway, const char *account, const char *asset, uint64_t amount,
                         const char *id)
{
    (void)asset;
    return lifeline_cancel(gateway, account, id, amount);
}

int64_t lifeline_withdraw(struct lifeline *gateway, const char *account, const char *asset, uint64_t amount,
                          const char *id)
{
    return lifeline_deposit(gateway, account, asset, amount, id);
}

int64_t lifeline_kill(struct lifeline *gateway, enum lifeline_scope scope, const char *name,
                      const char *notes)
{
    LL_ASSERT(scope <= LIFELINE_KILL_SYMBOL);
    LL_ASSERT((scope == LIFELINE_KILL_FIRM) == (name == NULL));
    (void)notes;
    return send_one(gateway);
}

int64_t lifeline_unkill(struct lifeline *gateway, enum lifeline_scope scope, const char *name,
                        const char *notes)
{
    must_be_text(notes);
    return lifeline_kill(gateway, scope, name, notes);
}

int64_t lifeline_enable_strategy(struct lifeline *gateway, const char *strategy, const char *notes)
{
    must_be_text(notes);
    return lifeline_cancel(gateway, strategy, notes, 0);
}

int lifeline_wait(struct lifeline *gateway, int64_t request, uint64_t timeout_ns,
                  struct lifeline_event *event)
{
    LL_ASSERT(gateway == the_gateway() && request == 1);
    (void)timeout_ns;
    *event =
        (struct lifeline_event){.request = 1,
                                .kind = gateway->refuses ? LIFELINE_EVENT_REFUSED : LIFELINE_EVENT_ACCEPTED,
                                .state = LIFELINE_STATE_NEW,
                                .limit = UINT64_MAX,
                                .price_ticks = UINT64_MAX,
                                .order_id = "OR\"-1",
                                .lifecycle_id = "SL\x80-1"};
    return gateway->answer == LIFELINE_ERR_FULL ? LIFELINE_OK : gateway->answer;
}

const char *lifeline_error_name(int error)
{
    return error == LIFELINE_OK ? "ok" : "error";
}

const char *lifeline_event_name(int kind)
{
    return kind == LIFELINE_EVENT_REFUSED ? "refused" : "accepted";
}

const char *lifeline_refusal_name(int refusal)
{
    return refusal == 0 ? "none" : "refusal";
}

const char *lifeline_state_name(int state)
{
    return state == LIFELINE_STATE_NEW ? "new" : "state";
}

const char *lifeline_command_name(int command)
{
    return command == 0 ? "none" : "command";
}

/* As the choices of `id add` are written. */
const char *lifeline_id_type_name(int type)
{
    static const char *const names[] = {
        "order_id",    "close_id",      "cancel_id",          "modify_id",
        "stoploss_id", "takeprofit_id", "stoploss_cancel_id", "takeprofit_cancel_id",
        "provider_ref"};
    LL_ASSERT(type >= 0 && type <= LIFELINE_ID_PROVIDER_REF);
    return names[type];
}

const char *lifeline_id_status_name(int status)
{
    static const char *const names[] = {"active", "replaced", "cancelled", "executed"};
    LL_ASSERT(status >= 0 && status <= LIFELINE_ID_EXECUTED);
    return names[status];
}

/* --- The verbs -------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} verbs[] = {{"order", ll_cmd_order}, {"id", ll_cmd_id},         {"account", ll_cmd_account},
             {"kill", ll_cmd_kill},   {"unkill", ll_cmd_unkill}, {"enable-strategy", ll_cmd_enable_strategy},
             {"order", ll_cmd_order}};

static bool has_word(const struct ll_fuzz_lines *lines, const char *word)
{
    for (int i = 1; i < lines->argc; i++)
        if (strcmp(lines->argv[i], word) == 0)
            return true;
    return false;
}

/* What the verb says goes into memory, and nothing to the fuzzer's own output. */
static void run_verb(const struct ll_fuzz_lines *lines, uint32_t which)
{
    struct lifeline *gateway = the_gateway();
    FILE *out = stdout;
    FILE *err = stderr;
    char *said[2] = {NULL, NULL};
    size_t said_bytes[2] = {0, 0};
    stdout = open_memstream(&said[0], &said_bytes[0]);
    stderr = open_memstream(&said[1], &said_bytes[1]);
    LL_ASSERT(stdout != NULL && stderr != NULL);
    int status = verbs[which].run(lines->argc, (char **)(uintptr_t)lines->argv);
    (void)fclose(stdout);
    (void)fclose(stderr);
    stdout = out;
    stderr = err;
    bool is_help = gateway->sent == 0 && status == LL_EXIT_OK;
    LL_ASSERT(gateway->sent <= 1);
    LL_ASSERT(status == LL_EXIT_OK || status == LL_EXIT_REFUSED || status == LL_EXIT_USAGE ||
              status == LL_EXIT_ENVIRONMENT);
    LL_ASSERT(status != LL_EXIT_USAGE || gateway->sent == 0);
    LL_ASSERT(status != LL_EXIT_REFUSED || (gateway->sent == 1 && gateway->refuses));
    LL_ASSERT((status == LL_EXIT_USAGE || status == LL_EXIT_ENVIRONMENT) == (said_bytes[1] > 0));
    if (!is_help && said_bytes[0] > 0 && has_word(lines, "--json") && said[0][0] == '{')
        LL_ASSERT(ll_fuzz_json_is_line(said[0], said_bytes[0]));
    LL_ASSERT(!is_help || has_word(lines, "--help") || has_word(lines, "-h"));
    free(said[0]);
    free(said[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    static const int answers[] = {LIFELINE_OK, LIFELINE_OK, LIFELINE_ERR_NO_GATEWAY, LIFELINE_ERR_FULL,
                                  LIFELINE_ERR_TIMEOUT};
    struct ll_fuzz_lines lines;
    if (bytes_count == 0)
        return 0;
    uint32_t which = bytes[0] % (sizeof verbs / sizeof verbs[0]);
    *the_gateway() = (struct lifeline){.answer = answers[bytes[0] / 8 % 5], .refuses = bytes[0] >= 192};
    ll_fuzz_lines_make(&lines, verbs[which].name, bytes + 1, bytes_count - 1);
    run_verb(&lines, which);
    ll_fuzz_lines_free(&lines);
    return 0;
}
