/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway that keeps no orders: it prints each command as a JSON line and answers by what the command's texts say, so
 * that a test can see what a client sent and choose what it is told.
 *
 * Shape    ll_stub_gateway DOOR. Prints "ready", then one line per command. The target (or lifecycle_id, or
 *          client_order_id) chooses the answer: "mute..." none, "refuse..." a refusal by the collar, "old..." existing,
 *          all else accepted, and resolved for questions. A placed order is filled at once, which is news.
 * Units    as in host/wire/ll_command.h.
 * Errors   exit status 1 and a reason on standard error.
 * Threads  one. It ends when its standard input does, so that none outlives its test.
 */
#include "hls/ll_order_states.h"
#include "host/base/ll_json.h"
#include "host/client/ll_door.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STUB_EVENT_ID 17u

static void stub_print(const struct ll_command *command)
{
    static const char *const names[] = {
#define STUB_NAME(name, longest) #name,
        LL_COMMAND_TEXTS(STUB_NAME)
#undef STUB_NAME
    };
    struct ll_json json;
    ll_json_init(&json, stdout, false);
    ll_json_begin_object(&json, NULL);
    ll_json_string(&json, "verb", ll_command_verb(command->kind));
    ll_json_u64(&json, "quantity", command->quantity);
    ll_json_u64(&json, "price", command->price);
    ll_json_u64(&json, "stop_price", command->stop_price);
    ll_json_u64(&json, "take_price", command->take_price);
    ll_json_u64(&json, "expected_price", command->expected_price);
    ll_json_i64(&json, "amount", command->amount);
    ll_json_u64(&json, "expire_ns", command->expire_ns);
    ll_json_u64(&json, "max_slippage_bps", command->max_slippage_bps);
    ll_json_u64(&json, "side", command->side);
    ll_json_u64(&json, "type", command->type);
    ll_json_u64(&json, "time_in_force", command->time_in_force);
    ll_json_u64(&json, "flags", command->flags);
    ll_json_u64(&json, "id_type", command->id_type);
    ll_json_u64(&json, "id_status", command->id_status);
    ll_json_u64(&json, "scope", command->scope);
    ll_json_u64(&json, "max_attempts", command->max_attempts);
    ll_json_u64(&json, "session", command->session);
    for (uint32_t i = 0; i < LL_COMMAND_TEXT_COUNT; i++) {
        uint32_t bytes;
        const char *text = ll_command_text(command, (enum ll_command_text)i, &bytes);
        ll_json_text(&json, names[i], text, bytes);
    }
    ll_json_end_object(&json);
    ll_json_newline(&json);
    (void)fflush(stdout);
}

/* The text that chooses the answer. */
static const char *stub_key(const struct ll_command *command, uint32_t *bytes)
{
    const char *text = ll_command_text(command, LL_TEXT_target, bytes);
    if (*bytes == 0)
        text = ll_command_text(command, LL_TEXT_client_order_id, bytes);
    if (*bytes == 0)
        text = ll_command_text(command, LL_TEXT_lifecycle_id, bytes);
    return text;
}

static bool stub_starts(const char *text, uint32_t bytes, const char *with)
{
    return bytes >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static void stub_answer(struct ll_door *door, const struct ll_command *command)
{
    uint32_t bytes;
    const char *key = stub_key(command, &bytes);
    struct ll_client_event event = {.request = command->request,
                                    .event_id = STUB_EVENT_ID,
                                    .time_ns = 1,
                                    .kind = LL_CLIENT_ACCEPTED,
                                    .command = command->kind,
                                    .client = command->client,
                                    .flags = LL_CLIENT_EVENT_DURABLE};
    if (stub_starts(key, bytes, "mute"))
        return;
    if (stub_starts(key, bytes, "refuse")) {
        event.kind = LL_CLIENT_REFUSED;
        event.refusal = LL_REFUSAL_COLLAR;
        event.limit = 1500000;
        event.value = 1700000;
    } else {
        if (stub_starts(key, bytes, "old"))
            event.kind = LL_CLIENT_EXISTING;
        else if (command->kind == LL_COMMAND_RESOLVE || command->kind == LL_COMMAND_STATUS)
            event.kind = LL_CLIENT_RESOLVED;
        event.state = LL_ORDER_NEW;
        event.quantity = command->quantity;
        event.leaves = command->quantity;
        event.price = command->price;
        event.id_type = command->id_type;
        event.order_id_bytes = 4;
        memcpy(event.order_id, "OR-1", 4);
        event.lifecycle_id_bytes = (uint8_t)bytes;
        memcpy(event.lifecycle_id, key, bytes);
    }
    ll_door_answer(door, command->client, &event);
    if (command->kind != LL_COMMAND_STOPLOSS_ADD)
        return;
    event.request = 0; /* what is guarded fills at once */
    event.kind = LL_CLIENT_ORDER;
    event.state = LL_ORDER_FILLED;
    event.cumulative = 100;
    ll_door_news(door, &event);
}

int main(int argc, char **argv)
{
    static struct ll_door door;
    struct ll_door_config config;
    struct ll_why why = {0};
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    ll_door_config_default(&config);
    config.path = argc == 2 ? argv[1] : NULL;
    if (ll_door_open(&door, &config, &why) != LL_OK) {
        (void)fprintf(stderr, "%s: %s\n", ll_err_name(why.code), why.text);
        return 1;
    }
    (void)puts("ready");
    (void)fflush(stdout);
    while (poll(&input, 1, 1) == 0) {
        struct ll_command commands[16];
        uint32_t count = ll_door_poll(&door, commands, 16);
        for (uint32_t i = 0; i < count; i++) {
            stub_print(&commands[i]);
            stub_answer(&door, &commands[i]);
        }
        ll_door_sweep(&door, 4);
    }
    ll_door_close(&door);
    return 0;
}
