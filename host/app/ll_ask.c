/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_ask.h"

#include "host/app/ll_exit.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_decimal.h"
#include "host/base/ll_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char ll_ask_exits[] =
    "\n"
    "Exit: 0 accepted or answered, 1 refused by the gateway, 2 usage, 3 no gateway or "
    "no answer in time\n"
    "(then it may or may not have been done), 4 the output could not be written.\n"
    "\n"
    "options:\n";

int ll_ask_price(const char *option, const char *text, uint64_t *ticks, struct ll_why *why)
{
    *ticks = 0;
    if (text == NULL)
        return LL_OK;
    int err = ll_decimal_parse(text, LL_ASK_PRICE_DECIMALS, ticks, why);
    if (err != LL_OK)
        ll_why_append(why, "given to --%s", option);
    else if (*ticks == 0)
        err = LL_FAIL(why, LL_ERR_USAGE, "--%s: a price is above 0", option);
    return err;
}

/* ---- the answer ----------------------------------------------------------------------------------------- */

static void ll_ask_print_json(const struct lifeline_event *event)
{
    struct ll_json json;
    ll_json_init(&json, stdout, false);
    ll_json_begin_object(&json, NULL);
    ll_json_string(&json, "answer", lifeline_event_name((int)event->kind));
    ll_json_string(&json, "command", lifeline_command_name(event->command));
    ll_json_string(&json, "refusal", lifeline_refusal_name(event->refusal));
    ll_json_u64(&json, "limit", event->limit);
    ll_json_u64(&json, "value", event->value);
    ll_json_string(&json, "order_id", event->order_id);
    ll_json_string(&json, "lifecycle_id", event->lifecycle_id);
    ll_json_string(&json, "id_type", lifeline_id_type_name((int)event->id_type));
    ll_json_string(&json, "id_status", lifeline_id_status_name((int)event->id_status));
    ll_json_string(&json, "state", lifeline_state_name((int)event->state));
    ll_json_u64(&json, "quantity", event->quantity_lots);
    ll_json_u64(&json, "cumulative", event->cumulative_lots);
    ll_json_u64(&json, "leaves", event->leaves_lots);
    ll_json_u64(&json, "price_ticks", event->price_ticks);
    ll_json_u64(&json, "event_id", event->event_id);
    ll_json_u64(&json, "time_ns", event->time_ns);
    ll_json_bool(&json, "late", event->is_late);
    ll_json_bool(&json, "durable", event->is_durable);
    ll_json_end_object(&json);
    ll_json_newline(&json);
}

static void ll_ask_print(const struct lifeline_event *event)
{
    char price[LL_DECIMAL_TEXT_BYTES];
    (void)printf("%s", lifeline_event_name((int)event->kind));
    if (event->kind == LIFELINE_EVENT_REFUSED) {
        (void)printf(": %s", lifeline_refusal_name(event->refusal));
        if (event->limit != 0 || event->value != 0)
            (void)printf(", limit %" PRIu64 ", value %" PRIu64, event->limit, event->value);
    }
    if (event->order_id[0] != '\0')
        (void)printf(": order %s", event->order_id);
    if (event->order_id[0] != '\0' && event->state != LIFELINE_STATE_NONE) {
        ll_decimal_format(price, event->price_ticks, LL_ASK_PRICE_DECIMALS);
        (void)printf(", %s, %" PRIu64 " of %" PRIu64 " filled, %" PRIu64 " open, price %s",
                     lifeline_state_name((int)event->state), event->cumulative_lots, event->quantity_lots,
                     event->leaves_lots, price);
    }
    if (event->lifecycle_id[0] != '\0')
        (void)printf("; %s %s, %s", lifeline_id_type_name((int)event->id_type), event->lifecycle_id,
                     lifeline_id_status_name((int)event->id_status));
    (void)printf("%s%s\n", event->is_late ? " (late)" : "", event->is_durable ? " (durable)" : "");
}

static void ll_ask_print_failure(const char *group, const struct ll_ask_verb *verb, const struct ll_ask *ask,
                                 int err, const char *text)
{
    (void)fprintf(stderr, "lifeline %s%s: %s\n", group, verb->name, text);
    if (!ask->json)
        return;
    struct ll_json json;
    ll_json_init(&json, stdout, false);
    ll_json_begin_object(&json, NULL);
    ll_json_string(&json, "answer", lifeline_error_name(err));
    ll_json_string(&json, "reason", text);
    ll_json_end_object(&json);
    ll_json_newline(&json);
}

/* ---- one request ---------------------------------------------------------------------------------------- */

static int ll_ask_usage(const char *group, const struct ll_ask_verb *verb, const char *text)
{
    (void)fprintf(stderr, "lifeline %s%s: %s\nTry: lifeline %s%s --help\n", group, verb->name, text, group,
                  verb->name);
    return LL_EXIT_USAGE;
}

/* Arguments are judged before it counts whether there is a gateway: a wrong command line is one everywhere. */
static int ll_ask_gateway(const char *group, const struct ll_ask_verb *verb, const struct ll_ask *ask,
                          struct lifeline *gateway, int open_err)
{
    char open_text[LL_WHY_BYTES];
    struct lifeline_event event;
    struct ll_why why = {0};
    (void)snprintf(open_text, sizeof open_text, "%s", lifeline_error_text(gateway));
    int64_t request = gateway != NULL ? verb->send(gateway, ask, &why) : open_err;
    if (why.code != LL_OK)
        return ll_ask_usage(group, verb, why.text);
    if (request == LIFELINE_ERR_ARGUMENT || open_err == LIFELINE_ERR_ARGUMENT)
        return ll_ask_usage(group, verb, lifeline_error_text(gateway));
    int err = open_err;
    if (err == LIFELINE_OK)
        err = request < 0 ? (int)request : lifeline_wait(gateway, request, ask->timeout_ns, &event);
    if (err != LIFELINE_OK) {
        ll_ask_print_failure(group, verb, ask, err,
                             open_err != LIFELINE_OK ? open_text : lifeline_error_text(gateway));
        return LL_EXIT_ENVIRONMENT;
    }
    if (ask->json)
        ll_ask_print_json(&event);
    else
        ll_ask_print(&event);
    return event.kind == LIFELINE_EVENT_REFUSED ? LL_EXIT_REFUSED : LL_EXIT_OK;
}

int ll_ask_run(const char *group, const struct ll_ask_verb *verb, int argc, char **argv)
{
    struct ll_ask ask = {.timeout_ns = 2 * LL_NS_PER_S};
    struct lifeline *gateway = NULL;
    struct ll_why why = {0};
    int help = 0;
    int err = ll_options_parse(verb->options, argc, argv, &ask, &ask.operands, &help, &why);
    if (err == LL_OK && help) {
        (void)printf("usage: lifeline %s%s [options]%s\n\n%s%s", group, verb->name, verb->operands,
                     verb->help, ll_ask_exits);
        ll_options_print_help(verb->options, stdout);
        return LL_EXIT_OK;
    }
    int count = ask.operands.count;
    if (err == LL_OK && count != verb->operand_count &&
        (verb->operand_count != LL_ASK_OPERAND_OPTIONAL || count > 1))
        err = LL_FAIL(&why, LL_ERR_USAGE, "%d operands; usage: lifeline %s%s [options]%s", count, group,
                      verb->name, verb->operands);
    if (err != LL_OK)
        return ll_ask_usage(group, verb, why.text);
    int open_err = lifeline_open(&gateway, ask.door);
    int status = ll_ask_gateway(group, verb, &ask, gateway, open_err);
    lifeline_close(gateway);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "lifeline %s%s: the output could not be written; is the disk full?\n", group,
                      verb->name);
        return LL_EXIT_IO;
    }
    return status;
}

static void ll_ask_print_group(FILE *file, const char *group, const char *about,
                               const struct ll_ask_verb *verbs, size_t verb_count)
{
    (void)fprintf(file, "usage: lifeline %s VERB [options] ...\n\n%s\nverbs:\n", group, about);
    for (size_t i = 0; i < verb_count; i++)
        (void)fprintf(file, "  %-17s %s\n", verbs[i].name, verbs[i].summary);
    (void)fprintf(file, "\n`lifeline %s VERB --help` tells what a verb does, with examples.\n", group);
}

int ll_ask_group(const char *about, const struct ll_ask_verb *verbs, size_t verb_count, int argc, char **argv)
{
    char group[32];
    if (argc < 2) {
        ll_ask_print_group(stderr, argv[0], about, verbs, verb_count);
        return LL_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        ll_ask_print_group(stdout, argv[0], about, verbs, verb_count);
        return LL_EXIT_OK;
    }
    (void)snprintf(group, sizeof group, "%s ", argv[0]);
    for (size_t i = 0; i < verb_count; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return ll_ask_run(group, &verbs[i], argc - 1, argv + 1);
    (void)fprintf(stderr, "lifeline %s: no verb '%s'\n", argv[0], argv[1]);
    ll_ask_print_group(stderr, argv[0], about, verbs, verb_count);
    return LL_EXIT_USAGE;
}
