/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all verbs that ask a running gateway share: options, sending, waiting, printing the answer, exit code.
 *
 * Shape    A verb is a row: name, operands, option table, help, and the function that asks. Option tables are made of
 *          LL_ASK_ROW, one per field of struct ll_ask, and end with LL_ASK_COMMON_ROWS. A group (`lifeline order`) is a
 *          table of verbs; ll_ask_group picks one.
 * Units    each row names its own; prices are decimals on the command line and ticks of 1/10000 inside.
 * Errors   the exit code: LL_EXIT_OK accepted or answered; LL_EXIT_REFUSED by the gateway; LL_EXIT_USAGE;
 *          LL_EXIT_ENVIRONMENT no gateway, or no answer in time; LL_EXIT_IO the output could not be written.
 * Threads  one.
 */
#ifndef LL_HOST_APP_ASK_H
#define LL_HOST_APP_ASK_H

#include "host/base/ll_err.h"
#include "host/base/ll_options.h"
#include "host/client/lifeline.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_ASK_PRICE_DECIMALS 4u

/* Every option of every verb; each table offers those that mean something there. */
struct ll_ask {
    const char *door;
    bool json;
    uint64_t timeout_ns;
    const char *account;
    const char *user;
    const char *strategy;
    const char *symbol;
    const char *client_order_id;
    const char *id;
    const char *reference;
    const char *notes;
    const char *side;
    const char *type;
    const char *time_in_force;
    const char *price;
    const char *stop_price;
    const char *take_price;
    const char *expected_price;
    const char *id_type;
    const char *id_status;
    uint64_t quantity;
    uint64_t expire_ns;
    uint64_t max_slippage_bps;
    uint64_t max_attempts;
    uint64_t session;
    bool is_exit;
    bool is_post_only;
    bool is_demo;
    struct ll_operands operands;
};

#define LL_ASK_ROW(name, kind, field, max, value, choices, help)                   \
    {                                                                              \
        name, kind, offsetof(struct ll_ask, field), 0, max, value, choices, (help) \
    }
#define LL_ASK_TEXT(name, field, value, help) LL_ASK_ROW(name, LL_OPTION_STRING, field, 0, value, NULL, help)
#define LL_ASK_FLAG(name, field, help)        LL_ASK_ROW(name, LL_OPTION_FLAG, field, 0, NULL, NULL, help)
#define LL_ASK_COMMON_ROWS                                                                   \
    LL_ASK_TEXT("door", door, "PATH",                                                        \
                "the gateway's door (default: $LIFELINE_DOOR, else /dev/shm/lifeline-UID)"), \
        LL_ASK_ROW("timeout", LL_OPTION_DURATION, timeout_ns, 0, "TIME", NULL,               \
                   "how long to wait for the answer (default 2s)"),                          \
        LL_ASK_FLAG("json", json, "print the answer as one JSON object"),                    \
    {                                                                                        \
        NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL                                      \
    }

#define LL_ASK_OPERAND_OPTIONAL (-1) /* none or one */

struct ll_ask_verb {
    const char *name;
    const char *operands; /* " TARGET" in the usage line, "" for none */
    int operand_count;
    const struct ll_option *options;
    const char *summary; /* one line */
    const char *help;    /* what it does and examples; lines end with \n */
    /* Sends the request: its number, or an error of lifeline.h whose text the handle has. LL_ERR_USAGE from reading the
     * options is told by a filled `why`. The handle may be one that could not be opened. */
    int64_t (*send)(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why);
};

/* Runs one verb; argv[0] is its name. `group` is "" or "order " and goes into messages. */
int ll_ask_run(const char *group, const struct ll_ask_verb *verb, int argc, char **argv);
/* Picks the verb that argv[1] names; argv[0] is the group. `about` opens the help. */
int ll_ask_group(const char *about, const struct ll_ask_verb *verbs, size_t verb_count, int argc,
                 char **argv);

/* A price option to ticks; NULL is 0. */
LL_MUST_CHECK int ll_ask_price(const char *option, const char *text, uint64_t *ticks, struct ll_why *why);

#endif
