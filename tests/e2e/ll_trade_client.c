/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strategy that a test steers: it reads requests as lines, asks the gateway through liblifeline, and prints what it
 * is told as JSON lines.
 *
 * Shape    ll_trade_client DOOR. A line is a verb and key=value words; %XX in a value is that byte. The verbs are those
 *          of lifeline.h, as in LL_COMMANDS; `raw verb=...` puts a command into a ring of its own past the checks of
 *          the library, as broken code would; `reopen` comes in again. Each line is answered at once by {"request":N}
 *          or {"error":...}; events come as they come, those of the raw ring with "raw":true; {"gone":...} says once
 *          that there is no gateway any more.
 * Units    as in lifeline.h.
 * Errors   exit status 1: the door cannot be opened at the start, or a line makes no sense.
 * Threads  one. It ends when its standard input does, so that none outlives its test.
 */
#include "host/base/ll_json.h"
#include "host/client/lifeline.h"
#include "host/client/ll_link.h"
#include "host/wire/ll_command.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENT_LINE_BYTES 4096u
#define CLIENT_WORDS_MAX  40u

struct client_words {
    const char *key[CLIENT_WORDS_MAX];
    char *value[CLIENT_WORDS_MAX];
    uint32_t value_bytes[CLIENT_WORDS_MAX];
    uint32_t count;
};

struct client {
    struct lifeline *gateway;
    const char *door;
    struct ll_link raw;
    struct ll_json json;
    bool has_gone; /* said once */
    bool raw_has_gone;
};

/* ---- lines ------------------------------------------------------------------------------------------------ */

static uint32_t client_decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        char digits[3] = {0};
        if (*from == '%' && from[1] != '\0' && from[2] != '\0') {
            memcpy(digits, from + 1, 2);
            *to++ = (char)strtoul(digits, NULL, 16);
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return (uint32_t)(to - text);
}

static bool client_split(char *line, struct client_words *words)
{
    char *rest = NULL;
    words->count = 0;
    for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        if (equals == NULL || words->count == CLIENT_WORDS_MAX)
            return false;
        *equals = '\0';
        words->key[words->count] = word;
        words->value[words->count] = equals + 1;
        words->value_bytes[words->count] = client_decode(equals + 1);
        words->count++;
    }
    return true;
}

static const char *client_bytes(const struct client_words *words, const char *key, uint32_t *bytes)
{
    for (uint32_t i = 0; i < words->count; i++)
        if (strcmp(words->key[i], key) == 0) {
            *bytes = words->value_bytes[i];
            return words->value[i];
        }
    *bytes = 0;
    return NULL;
}

static const char *client_text(const struct client_words *words, const char *key)
{
    uint32_t bytes;
    return client_bytes(words, key, &bytes);
}

static uint64_t client_number(const struct client_words *words, const char *key)
{
    const char *text = client_text(words, key);
    return text == NULL ? 0 : strtoull(text, NULL, 0);
}

/* ---- asking ----------------------------------------------------------------------------------------------- */

static int64_t client_place(struct lifeline *gateway, const struct client_words *words)
{
    const struct lifeline_order order = {
        .account = client_text(words, "account"),
        .user = client_text(words, "user"),
        .strategy = client_text(words, "strategy"),
        .symbol = client_text(words, "symbol"),
        .client_order_id = client_text(words, "client_order_id"),
        .order_id = client_text(words, "lifecycle_id"),
        .reference = client_text(words, "reference"),
        .notes = client_text(words, "notes"),
        .quantity_lots = client_number(words, "quantity"),
        .price_ticks = client_number(words, "price"),
        .stop_price_ticks = client_number(words, "stop_price"),
        .take_price_ticks = client_number(words, "take_price"),
        .expected_price_ticks = client_number(words, "expected_price"),
        .expire_ns = client_number(words, "expire_ns"),
        .max_slippage_bps = (uint32_t)client_number(words, "max_slippage_bps"),
        .side = (enum lifeline_side)client_number(words, "side"),
        .type = (enum lifeline_type)client_number(words, "type"),
        .time_in_force = (enum lifeline_tif)client_number(words, "time_in_force"),
        .max_attempts = (uint8_t)client_number(words, "max_attempts"),
        .session = (uint8_t)client_number(words, "session"),
        .is_exit = client_number(words, "exit") != 0,
        .is_post_only = client_number(words, "post_only") != 0,
        .is_demo = client_number(words, "demo") != 0,
    };
    return lifeline_place(gateway, &order);
}

static int64_t client_act(struct lifeline *gateway, uint8_t kind, const struct client_words *words)
{
    const char *target = client_text(words, "target");
    const char *id = client_text(words, "lifecycle_id");
    uint64_t price = client_number(words, "price");
    uint64_t quantity = client_number(words, "quantity");
    switch (kind) {
    case LL_COMMAND_PLACE:
        return client_place(gateway, words);
    case LL_COMMAND_CANCEL:
        return lifeline_cancel(gateway, target, id, quantity);
    case LL_COMMAND_REPLACE:
        return lifeline_replace(gateway, target, id, quantity, price);
    case LL_COMMAND_CLOSE:
        return lifeline_close_position(gateway, target, id, price);
    case LL_COMMAND_STOPLOSS_ADD:
        return lifeline_stoploss_add(gateway, target, id, client_number(words, "stop_price"));
    case LL_COMMAND_STOPLOSS_CANCEL:
        return lifeline_stoploss_cancel(gateway, target, id);
    case LL_COMMAND_TAKEPROFIT_ADD:
        return lifeline_takeprofit_add(gateway, target, id, client_number(words, "take_price"));
    case LL_COMMAND_TAKEPROFIT_CANCEL:
        return lifeline_takeprofit_cancel(gateway, target, id);
    case LL_COMMAND_RESOLVE:
        return lifeline_resolve(gateway, id);
    case LL_COMMAND_STATUS:
        return lifeline_status(gateway, target);
    default:
        return LIFELINE_ERR_ARGUMENT;
    }
}

static int64_t client_ask(struct lifeline *gateway, uint8_t kind, const struct client_words *words)
{
    const char *id = client_text(words, "lifecycle_id");
    const char *notes = client_text(words, "notes");
    const char *account = client_text(words, "account");
    const char *strategy = client_text(words, "strategy");
    const char *symbol = client_text(words, "symbol");
    const char *key = client_text(words, "client_order_id");
    const char *name = account != NULL ? account : strategy != NULL ? strategy : symbol;
    enum lifeline_scope scope = (enum lifeline_scope)client_number(words, "scope");
    switch (kind) {
    case LL_COMMAND_ID_ADD:
        return lifeline_id_add(gateway, client_text(words, "target"),
                               (enum lifeline_id_type)client_number(words, "id_type"), id, notes);
    case LL_COMMAND_ID_STATUS:
        return lifeline_id_status(gateway, id, (enum lifeline_id_status)client_number(words, "id_status"),
                                  notes);
    case LL_COMMAND_DEPOSIT:
        return lifeline_deposit(gateway, account, symbol, client_number(words, "amount"), key);
    case LL_COMMAND_WITHDRAW:
        return lifeline_withdraw(gateway, account, symbol, client_number(words, "amount"), key);
    case LL_COMMAND_KILL:
        return lifeline_kill(gateway, scope, name, notes);
    case LL_COMMAND_UNKILL:
        return lifeline_unkill(gateway, scope, name, notes);
    case LL_COMMAND_ENABLE_STRATEGY:
        return lifeline_enable_strategy(gateway, strategy, notes);
    default:
        return client_act(gateway, kind, words);
    }
}

static uint8_t client_kind(const char *verb)
{
#define CLIENT_VERB(name, number, text, journaled) \
    if (strcmp(verb, text) == 0)                   \
        return number;
    LL_COMMANDS(CLIENT_VERB)
#undef CLIENT_VERB
    return 0;
}

/* A command of any bytes, as a client with a bug of its own would write it. */
static int client_raw(struct client *client, const struct client_words *words)
{
    static const char *const names[] = {
#define CLIENT_TEXT(name, longest) #name,
        LL_COMMAND_TEXTS(CLIENT_TEXT)
#undef CLIENT_TEXT
    };
    const char *verb = client_text(words, "verb");
    struct ll_command command = {.request = client_number(words, "request"),
                                 .quantity = client_number(words, "quantity"),
                                 .price = client_number(words, "price"),
                                 .stop_price = client_number(words, "stop_price"),
                                 .take_price = client_number(words, "take_price"),
                                 .amount = (int64_t)client_number(words, "amount"),
                                 .expire_ns = client_number(words, "expire_ns"),
                                 .side = (uint8_t)client_number(words, "side"),
                                 .type = (uint8_t)client_number(words, "type"),
                                 .time_in_force = (uint8_t)client_number(words, "time_in_force"),
                                 .flags = (uint8_t)client_number(words, "flags"),
                                 .id_type = (uint8_t)client_number(words, "id_type"),
                                 .id_status = (uint8_t)client_number(words, "id_status"),
                                 .scope = (uint8_t)client_number(words, "scope"),
                                 .session = (uint8_t)client_number(words, "session")};
    command.kind = verb == NULL ? (uint8_t)client_number(words, "kind") : client_kind(verb);
    for (uint32_t i = 0; i < LL_COMMAND_TEXT_COUNT; i++) {
        uint32_t bytes;
        const char *text = client_bytes(words, names[i], &bytes);
        if (text != NULL && ll_command_add_text(&command, (enum ll_command_text)i, text, bytes) != LL_OK)
            return LL_ERR_FULL;
    }
    if (!ll_link_is_open(&client->raw)) {
        struct ll_why why = {0};
        int err = ll_link_open(&client->raw, client->door, &why);
        if (err != LL_OK)
            return err;
    }
    client->raw_has_gone = false;
    return ll_link_send(&client->raw, &command);
}

/* ---- telling ---------------------------------------------------------------------------------------------- */

static void client_say_error(struct client *client, const char *key, const char *error, const char *text)
{
    ll_json_begin_object(&client->json, NULL);
    ll_json_string(&client->json, key, error);
    ll_json_string(&client->json, "text", text);
    ll_json_end_object(&client->json);
    ll_json_newline(&client->json);
}

static void client_say_request(struct client *client, int64_t request)
{
    if (request < 0) {
        client_say_error(client, "error", lifeline_error_name((int)request),
                         lifeline_error_text(client->gateway));
        return;
    }
    ll_json_begin_object(&client->json, NULL);
    ll_json_i64(&client->json, "request", request);
    ll_json_end_object(&client->json);
    ll_json_newline(&client->json);
}

static void client_say_event(struct client *client, const struct lifeline_event *event)
{
    struct ll_json *json = &client->json;
    ll_json_begin_object(json, NULL);
    ll_json_string(json, "event", lifeline_event_name((int)event->kind));
    ll_json_u64(json, "answers", event->request);
    ll_json_string(json, "command", lifeline_command_name(event->command));
    ll_json_string(json, "refusal", lifeline_refusal_name(event->refusal));
    ll_json_u64(json, "limit", event->limit);
    ll_json_u64(json, "value", event->value);
    ll_json_string(json, "order_id", event->order_id);
    ll_json_string(json, "lifecycle_id", event->lifecycle_id);
    ll_json_string(json, "id_type", lifeline_id_type_name((int)event->id_type));
    ll_json_string(json, "id_status", lifeline_id_status_name((int)event->id_status));
    ll_json_string(json, "state", lifeline_state_name((int)event->state));
    ll_json_u64(json, "order", event->order);
    ll_json_u64(json, "quantity", event->quantity_lots);
    ll_json_u64(json, "leaves", event->leaves_lots);
    ll_json_u64(json, "filled", event->cumulative_lots);
    ll_json_u64(json, "price", event->price_ticks);
    ll_json_u64(json, "last_price", event->last_price_ticks);
    ll_json_u64(json, "last_quantity", event->last_quantity_lots);
    ll_json_u64(json, "event_id", event->event_id);
    ll_json_u64(json, "verdict", (uint64_t)event->verdict);
    ll_json_bool(json, "late", event->is_late);
    ll_json_bool(json, "durable", event->is_durable);
    ll_json_end_object(json);
    ll_json_newline(json);
}

static void client_say_raw(struct client *client, const struct ll_client_event *event)
{
    struct ll_json *json = &client->json;
    ll_json_begin_object(json, NULL);
    ll_json_bool(json, "raw", true);
    ll_json_string(json, "event", ll_client_event_name(event->kind));
    ll_json_u64(json, "answers", event->request);
    ll_json_string(json, "refusal", ll_refusal_name(event->refusal));
    ll_json_u64(json, "limit", event->limit);
    ll_json_u64(json, "value", event->value);
    ll_json_text(json, "order_id", event->order_id, event->order_id_bytes);
    ll_json_end_object(json);
    ll_json_newline(json);
}

/* ---- working ---------------------------------------------------------------------------------------------- */

static bool client_do(struct client *client, char *line)
{
    struct client_words words;
    char *rest = strchr(line, ' ');
    if (rest != NULL)
        *rest++ = '\0';
    if (!client_split(rest == NULL ? line + strlen(line) : rest, &words))
        return false;
    if (strcmp(line, "raw") == 0) {
        int err = client_raw(client, &words);
        if (err == LL_OK)
            client_say_request(client, (int64_t)client_number(&words, "request"));
        else
            client_say_error(client, "error", ll_err_name(err), "the raw ring");
    } else if (strcmp(line, "reopen") == 0) {
        ll_link_close(&client->raw);
        client_say_request(client, lifeline_reopen(client->gateway));
        client->has_gone = false;
    } else if (strcmp(line, "subscribe") == 0) {
        client_say_request(
            client,
            lifeline_subscribe(client->gateway, (enum lifeline_subscription)client_number(&words, "news")));
    } else if (client_kind(line) != 0) {
        client_say_request(client, client_ask(client->gateway, client_kind(line), &words));
    } else {
        return false;
    }
    return true;
}

static void client_listen(struct client *client)
{
    struct lifeline_event event;
    struct ll_client_event raw;
    int got;
    while ((got = lifeline_poll(client->gateway, &event)) > 0)
        client_say_event(client, &event);
    if (got < 0 && !client->has_gone) {
        client->has_gone = true;
        client_say_error(client, "gone", lifeline_error_name(got), lifeline_error_text(client->gateway));
    }
    if (!ll_link_is_open(&client->raw))
        return;
    while (ll_link_receive(&client->raw, &raw))
        client_say_raw(client, &raw);
    if (ll_link_state(&client->raw) != LL_OK && !client->raw_has_gone) {
        client->raw_has_gone = true;
        client_say_error(client, "gone", "evicted", "the raw ring");
    }
}

/* Takes what lies in the pipe and does the whole lines of it. */
static bool client_read(struct client *client, char *line, uint32_t *used)
{
    ssize_t got = read(STDIN_FILENO, line + *used, CLIENT_LINE_BYTES - 1 - *used);
    if (got <= 0)
        return false;
    *used += (uint32_t)got;
    line[*used] = '\0';
    char *start = line;
    char *end;
    while ((end = strchr(start, '\n')) != NULL) {
        *end = '\0';
        if (!client_do(client, start))
            return false;
        start = end + 1;
    }
    *used -= (uint32_t)(start - line);
    memmove(line, start, *used);
    return *used < CLIENT_LINE_BYTES - 1;
}

int main(int argc, char **argv)
{
    static char line[CLIENT_LINE_BYTES];
    struct client client = {.door = argc == 2 ? argv[1] : NULL};
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    uint32_t used = 0;
    bool goes_on = true;
    if (client.door == NULL || lifeline_open(&client.gateway, client.door) < 0) {
        (void)fprintf(stderr, "%s\n",
                      client.gateway == NULL ? "usage: ll_trade_client DOOR"
                                             : lifeline_error_text(client.gateway));
        lifeline_close(client.gateway);
        return 1;
    }
    ll_json_init(&client.json, stdout, false);
    (void)!lifeline_subscribe(client.gateway, LIFELINE_NEWS_OWN);
    (void)puts("{\"ready\":true}");
    while (goes_on) {
        (void)fflush(stdout);
        int ready = poll(&input, 1, 1);
        if (ready > 0)
            goes_on = client_read(&client, line, &used);
        else if (ready < 0 && errno != EINTR)
            goes_on = false;
        client_listen(&client);
    }
    (void)fflush(stdout);
    ll_link_close(&client.raw);
    lifeline_close(client.gateway);
    return 0;
}
