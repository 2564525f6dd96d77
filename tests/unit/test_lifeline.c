/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: liblifeline sends exactly what was asked, refuses what cannot be asked with a text that says why, gives each
 * answer to the request it belongs to, and says so when the gateway goes away, comes back, or puts the client out.
 * Method: a gateway's door in the same process for what is sent and answered by hand; a gateway in a forked process
 * that is killed.
 */
#include "hls/ll_life_records.h"
#include "hls/ll_order_states.h"
#include "host/client/lifeline.h"
#include "host/client/ll_door.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char client_dir[64];
static char client_path[96];
static struct ll_door door;
static struct lifeline *gateway;

static void client_make_door(uint32_t requests, uint32_t events)
{
    struct ll_door_config config;
    struct ll_why why = {0};
    ll_door_config_default(&config);
    config.path = client_path;
    config.places = 2;
    config.requests = requests;
    config.events = events;
    ck_assert_msg(ll_door_open(&door, &config, &why) == LL_OK, "%s", why.text);
}

static void client_setup(void)
{
    (void)snprintf(client_dir, sizeof client_dir, "/dev/shm/ll-test-client-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(client_dir));
    (void)snprintf(client_path, sizeof client_path, "%s/door", client_dir);
    door.fd = -1;
    client_make_door(8, 8);
    ck_assert_int_eq(lifeline_open(&gateway, client_path), LIFELINE_OK);
}

static void client_teardown(void)
{
    lifeline_close(gateway);
    ll_door_close(&door);
    (void)unlink(client_path);
    ck_assert_int_eq(rmdir(client_dir), 0);
}

/* The command that one request became; there must be exactly one. */
static struct ll_command client_sent(int64_t request)
{
    struct ll_command commands[2];
    ck_assert_msg(request > 0, "%s", lifeline_error_text(gateway));
    ck_assert_uint_eq(ll_door_poll(&door, commands, 2), 1);
    ck_assert_uint_eq(commands[0].request, (uint64_t)request);
    return commands[0];
}

static void client_has_text(const struct ll_command *command, enum ll_command_text which, const char *wanted)
{
    uint32_t bytes;
    const char *text = ll_command_text(command, which, &bytes);
    ck_assert_uint_eq(bytes, strlen(wanted));
    ck_assert_mem_eq(text, wanted, bytes);
}

static void client_nothing_sent(void)
{
    struct ll_command command;
    ck_assert_uint_eq(ll_door_poll(&door, &command, 1), 0);
}

static struct lifeline_order client_order(void)
{
    return (struct lifeline_order){.account = "A1",
                                   .symbol = "AAPL",
                                   .client_order_id = "mean-1",
                                   .quantity_lots = 100,
                                   .price_ticks = 1503400};
}

START_TEST(client_place_sends_every_field)
{
    struct lifeline_order order = {.account = "A1",
                                   .user = "jo",
                                   .strategy = "mean",
                                   .symbol = "AAPL",
                                   .client_order_id = "mean-1",
                                   .order_id = "OR-1",
                                   .reference = "signal-9",
                                   .notes = "by hand, twice",
                                   .quantity_lots = 100,
                                   .price_ticks = 1503400,
                                   .stop_price_ticks = 1,
                                   .take_price_ticks = 2,
                                   .expected_price_ticks = 3,
                                   .expire_ns = 4,
                                   .max_slippage_bps = 5,
                                   .side = LIFELINE_SELL_SHORT,
                                   .type = LIFELINE_STOP_LIMIT,
                                   .time_in_force = LIFELINE_GTD,
                                   .max_attempts = 6,
                                   .session = 7,
                                   .is_exit = true,
                                   .is_post_only = true,
                                   .is_demo = true};
    struct ll_command command = client_sent(lifeline_place(gateway, &order));
    ck_assert_uint_eq(command.kind, LL_COMMAND_PLACE);
    ck_assert_uint_eq(command.quantity, 100);
    ck_assert_uint_eq(command.price, 1503400);
    ck_assert_uint_eq(command.stop_price, 1);
    ck_assert_uint_eq(command.take_price, 2);
    ck_assert_uint_eq(command.expected_price, 3);
    ck_assert_uint_eq(command.expire_ns, 4);
    ck_assert_uint_eq(command.max_slippage_bps, 5);
    ck_assert_uint_eq(command.side, LL_ORDER_SELL_SHORT);
    ck_assert_uint_eq(command.type, LL_TYPE_STOP_LIMIT);
    ck_assert_uint_eq(command.time_in_force, LL_TIF_GTD);
    ck_assert_uint_eq(command.max_attempts, 6);
    ck_assert_uint_eq(command.session, 7);
    ck_assert_uint_eq(command.flags, LL_COMMAND_EXIT | LL_COMMAND_POST_ONLY | LL_COMMAND_DEMO);
    static const char *const texts[] = {"A1",   "jo", "mean",     "AAPL",          "mean-1",
                                        "OR-1", "",   "signal-9", "by hand, twice"};
    for (uint32_t i = 0; i < LL_COMMAND_TEXT_COUNT; i++)
        client_has_text(&command, (enum ll_command_text)i, texts[i]);
}
END_TEST

/* One row per action on an order: what is called, and what must arrive. */
static int64_t client_act(int row)
{
    switch (row) {
    case 0:
        return lifeline_cancel(gateway, "T", "I", 9);
    case 1:
        return lifeline_replace(gateway, "T", "I", 9, 8);
    case 2:
        return lifeline_close_position(gateway, "T", "I", 8);
    case 3:
        return lifeline_stoploss_add(gateway, "T", "I", 7);
    case 4:
        return lifeline_stoploss_cancel(gateway, "T", "I");
    case 5:
        return lifeline_takeprofit_add(gateway, "T", "I", 6);
    case 6:
        return lifeline_takeprofit_cancel(gateway, "T", "I");
    case 7:
        return lifeline_id_add(gateway, "T", LIFELINE_ID_TAKEPROFIT, "I", "n o");
    case 8:
        return lifeline_id_status(gateway, "I", LIFELINE_ID_EXECUTED, "n o");
    case 9:
        return lifeline_resolve(gateway, "I");
    default:
        return lifeline_status(gateway, "T");
    }
}

START_TEST(client_actions_send_their_fields)
{
    static const struct {
        uint8_t kind;
        uint64_t quantity;
        uint64_t price;
        uint64_t stop;
        uint64_t take;
        const char *target;
        const char *id;
        const char *notes;
    } rows[] = {
        {LL_COMMAND_CANCEL, 9, 0, 0, 0, "T", "I", ""},
        {LL_COMMAND_REPLACE, 9, 8, 0, 0, "T", "I", ""},
        {LL_COMMAND_CLOSE, 0, 8, 0, 0, "T", "I", ""},
        {LL_COMMAND_STOPLOSS_ADD, 0, 0, 7, 0, "T", "I", ""},
        {LL_COMMAND_STOPLOSS_CANCEL, 0, 0, 0, 0, "T", "I", ""},
        {LL_COMMAND_TAKEPROFIT_ADD, 0, 0, 0, 6, "T", "I", ""},
        {LL_COMMAND_TAKEPROFIT_CANCEL, 0, 0, 0, 0, "T", "I", ""},
        {LL_COMMAND_ID_ADD, 0, 0, 0, 0, "T", "I", "n o"},
        {LL_COMMAND_ID_STATUS, 0, 0, 0, 0, "", "I", "n o"},
        {LL_COMMAND_RESOLVE, 0, 0, 0, 0, "", "I", ""},
        {LL_COMMAND_STATUS, 0, 0, 0, 0, "T", "", ""},
    };
    struct ll_command command = client_sent(client_act(_i));
    ck_assert_uint_eq(command.kind, rows[_i].kind);
    ck_assert_uint_eq(command.quantity, rows[_i].quantity);
    ck_assert_uint_eq(command.price, rows[_i].price);
    ck_assert_uint_eq(command.stop_price, rows[_i].stop);
    ck_assert_uint_eq(command.take_price, rows[_i].take);
    client_has_text(&command, LL_TEXT_target, rows[_i].target);
    client_has_text(&command, LL_TEXT_lifecycle_id, rows[_i].id);
    client_has_text(&command, LL_TEXT_notes, rows[_i].notes);
    ck_assert_uint_eq(command.id_type, _i == 7 ? LL_ID_TAKEPROFIT : 0);
    ck_assert_uint_eq(command.id_status, _i == 8 ? LL_ID_STATUS_EXECUTED : 0);
    ck_assert_uint_eq(command.type, LL_TYPE_LIMIT);
}
END_TEST

START_TEST(client_money_and_latches_send_their_fields)
{
    struct ll_command command = client_sent(lifeline_deposit(gateway, "A1", NULL, 250005000, "key-1"));
    ck_assert_uint_eq(command.kind, LL_COMMAND_DEPOSIT);
    ck_assert_int_eq(command.amount, 250005000);
    client_has_text(&command, LL_TEXT_account, "A1");
    client_has_text(&command, LL_TEXT_symbol, "");
    client_has_text(&command, LL_TEXT_client_order_id, "key-1");
    command = client_sent(lifeline_withdraw(gateway, "A1", "AAPL", INT64_MAX, NULL));
    ck_assert_uint_eq(command.kind, LL_COMMAND_WITHDRAW);
    ck_assert_int_eq(command.amount, INT64_MAX);
    client_has_text(&command, LL_TEXT_symbol, "AAPL");
    static const enum ll_command_text name_of[] = {LL_TEXT_notes, LL_TEXT_account, LL_TEXT_strategy,
                                                   LL_TEXT_symbol};
    for (int scope = LIFELINE_KILL_FIRM; scope <= LIFELINE_KILL_SYMBOL; scope++) {
        const char *name = scope == LIFELINE_KILL_FIRM ? NULL : "NAME";
        command = client_sent(lifeline_kill(gateway, (enum lifeline_scope)scope, name, "why"));
        ck_assert_uint_eq(command.kind, LL_COMMAND_KILL);
        ck_assert_uint_eq(command.scope, (uint8_t)scope);
        client_has_text(&command, name_of[scope], name == NULL ? "why" : "NAME");
        client_has_text(&command, LL_TEXT_notes, "why");
        command = client_sent(lifeline_unkill(gateway, (enum lifeline_scope)scope, name, "why"));
        ck_assert_uint_eq(command.kind, LL_COMMAND_UNKILL);
    }
    command = client_sent(lifeline_enable_strategy(gateway, "mean", "why"));
    ck_assert_uint_eq(command.kind, LL_COMMAND_ENABLE_STRATEGY);
    client_has_text(&command, LL_TEXT_strategy, "mean");
    command = client_sent(lifeline_close_position(gateway, "T", NULL, 0));
    ck_assert_uint_eq(command.type, LL_TYPE_MARKET);
}
END_TEST

static void client_refuses(int64_t request, const char *reason)
{
    ck_assert_int_eq(request, LIFELINE_ERR_ARGUMENT);
    ck_assert_msg(strstr(lifeline_error_text(gateway), reason) != NULL, "'%s' does not say '%s'",
                  lifeline_error_text(gateway), reason);
    client_nothing_sent();
}

START_TEST(client_refuses_bad_identifiers)
{
    char id[66];
    memset(id, 'i', sizeof id);
    id[65] = '\0';
    client_refuses(lifeline_resolve(gateway, id), "lifecycle_id has 65 bytes; it takes at most 64");
    id[64] = '\0';
    (void)client_sent(lifeline_resolve(gateway, id));
    (void)client_sent(lifeline_resolve(gateway, "x"));
    client_refuses(lifeline_resolve(gateway, ""), "lifecycle_id is empty");
    client_refuses(lifeline_resolve(gateway, NULL), "resolve needs lifecycle_id");
    client_refuses(lifeline_resolve(gateway, "a b"), "byte 0x20 at 1");
    client_refuses(lifeline_resolve(gateway, "ab\n"), "byte 0x0a at 2");
    client_refuses(lifeline_resolve(gateway, "\x7f"), "byte 0x7f at 0");
    client_refuses(lifeline_resolve(gateway, "\xc3\xa9"), "byte 0xc3 at 0");
    client_refuses(lifeline_cancel(gateway, NULL, NULL, 0), "cancel needs target");
    client_refuses(lifeline_cancel(gateway, "", NULL, 0), "target is empty");
    client_refuses(lifeline_cancel(gateway, "T", "a b", 0), "lifecycle_id holds byte 0x20");
    client_refuses(lifeline_id_add(gateway, "T", LIFELINE_ID_CLOSE, NULL, NULL), "id-add needs lifecycle_id");
    client_refuses(lifeline_id_add(gateway, "T", (enum lifeline_id_type)12, "I", NULL), "id type 12");
    client_refuses(lifeline_id_status(gateway, "I", (enum lifeline_id_status)4, NULL), "id status 4");
}
END_TEST

START_TEST(client_refuses_bad_orders)
{
    static const struct {
        const char *reason;
        struct lifeline_order order;
    } rows[] = {
        {"needs account", {.symbol = "S", .client_order_id = "c", .quantity_lots = 1, .price_ticks = 1}},
        {"needs symbol", {.account = "A", .client_order_id = "c", .quantity_lots = 1, .price_ticks = 1}},
        {"needs client_order_id", {.account = "A", .symbol = "S", .quantity_lots = 1, .price_ticks = 1}},
        {"symbol has 9 bytes",
         {.account = "A",
          .symbol = "123456789",
          .client_order_id = "c",
          .quantity_lots = 1,
          .price_ticks = 1}},
        {"account has 17 bytes",
         {.account = "12345678901234567",
          .symbol = "S",
          .client_order_id = "c",
          .quantity_lots = 1,
          .price_ticks = 1}},
        {"names are printable",
         {.account = "A B", .symbol = "S", .client_order_id = "c", .quantity_lots = 1, .price_ticks = 1}},
        {"quantity_lots is 0", {.account = "A", .symbol = "S", .client_order_id = "c", .price_ticks = 1}},
        {"needs price_ticks", {.account = "A", .symbol = "S", .client_order_id = "c", .quantity_lots = 1}},
        {"needs stop_price_ticks",
         {.account = "A", .symbol = "S", .client_order_id = "c", .quantity_lots = 1, .type = LIFELINE_STOP}},
        {"expire_ns goes with",
         {.account = "A",
          .symbol = "S",
          .client_order_id = "c",
          .quantity_lots = 1,
          .price_ticks = 1,
          .expire_ns = 1}},
        {"expire_ns goes with",
         {.account = "A",
          .symbol = "S",
          .client_order_id = "c",
          .quantity_lots = 1,
          .price_ticks = 1,
          .time_in_force = LIFELINE_GTD}},
        {"side 3", {.side = (enum lifeline_side)3}},
        {"type 4", {.type = (enum lifeline_type)4}},
        {"time_in_force -1", {.time_in_force = (enum lifeline_tif) - 1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        client_refuses(lifeline_place(gateway, &rows[i].order), rows[i].reason);
    char notes[257];
    memset(notes, 'n', sizeof notes);
    notes[256] = '\0';
    struct lifeline_order order = client_order();
    order.notes = notes;
    client_refuses(lifeline_place(gateway, &order), "notes has 256 bytes");
    notes[255] = '\0';
    order.order_id = "a-long-enough-identifier-to-make-it-too-much";
    client_refuses(lifeline_place(gateway, &order), "exceed 272 bytes");
    client_refuses(lifeline_replace(gateway, "T", NULL, 0, 1), "cancel it");
    client_refuses(lifeline_replace(gateway, "T", NULL, 1, 0), "needs price_ticks");
    client_refuses(lifeline_stoploss_add(gateway, "T", NULL, 0), "needs stop_price_ticks");
    client_refuses(lifeline_takeprofit_add(gateway, "T", NULL, 0), "needs take_price_ticks");
    client_refuses(lifeline_deposit(gateway, "A", NULL, 0, NULL), "an amount is");
    client_refuses(lifeline_withdraw(gateway, "A", NULL, (uint64_t)INT64_MAX + 1, NULL), "an amount is");
    client_refuses(lifeline_kill(gateway, LIFELINE_KILL_FIRM, "x", NULL), "no name");
    client_refuses(lifeline_kill(gateway, LIFELINE_KILL_SYMBOL, NULL, NULL), "needs symbol");
    client_refuses(lifeline_kill(gateway, (enum lifeline_scope)4, "x", NULL), "scope 4");
    ck_assert_int_eq(lifeline_subscribe(gateway, (enum lifeline_subscription)3), LIFELINE_ERR_ARGUMENT);
}
END_TEST

static void client_answer(const struct ll_command *command, enum ll_client_event_kind kind)
{
    struct ll_client_event event = {.kind = (uint8_t)kind, .request = command->request};
    ll_door_answer(&door, command->client, &event);
}

START_TEST(client_events_are_whole)
{
    struct lifeline_event event;
    struct ll_command command = client_sent(lifeline_status(gateway, "T"));
    struct ll_client_event raw = {.request = command.request,
                                  .event_id = 1,
                                  .time_ns = 2,
                                  .limit = 3,
                                  .value = 4,
                                  .quantity = 5,
                                  .leaves = 6,
                                  .cumulative = 7,
                                  .price = 8,
                                  .last_price = 9,
                                  .last_quantity = 10,
                                  .order = 11,
                                  .kind = LL_CLIENT_RESOLVED,
                                  .refusal = LL_REFUSAL_COLLAR,
                                  .state = LL_ORDER_FILLED,
                                  .verdict = 12,
                                  .flags = LL_CLIENT_EVENT_LATE,
                                  .id_type = LL_ID_STOPLOSS,
                                  .id_status = LL_ID_STATUS_REPLACED,
                                  .command = LL_COMMAND_STATUS,
                                  .order_id_bytes = 64,
                                  .lifecycle_id_bytes = 4};
    memset(raw.order_id, 'o', sizeof raw.order_id);
    memcpy(raw.lifecycle_id, "SL-1 and rubbish", 16);
    ll_door_answer(&door, command.client, &raw);
    ck_assert_int_eq(lifeline_poll(gateway, &event), 1);
    ck_assert_uint_eq(event.request, command.request);
    ck_assert_uint_eq(event.event_id, 1);
    ck_assert_uint_eq(event.time_ns, 2);
    ck_assert_uint_eq(event.limit, 3);
    ck_assert_uint_eq(event.value, 4);
    ck_assert_uint_eq(event.quantity_lots, 5);
    ck_assert_uint_eq(event.leaves_lots, 6);
    ck_assert_uint_eq(event.cumulative_lots, 7);
    ck_assert_uint_eq(event.price_ticks, 8);
    ck_assert_uint_eq(event.last_price_ticks, 9);
    ck_assert_uint_eq(event.last_quantity_lots, 10);
    ck_assert_uint_eq(event.order, 11);
    ck_assert_str_eq(lifeline_event_name((int)event.kind), "resolved");
    ck_assert_str_eq(lifeline_refusal_name(event.refusal), "collar");
    ck_assert_str_eq(lifeline_state_name((int)event.state), "filled");
    ck_assert_str_eq(lifeline_command_name(event.command), "status");
    ck_assert_str_eq(lifeline_id_type_name((int)event.id_type), "stoploss_id");
    ck_assert_str_eq(lifeline_id_status_name((int)event.id_status), "replaced");
    ck_assert_int_eq(event.verdict, 12);
    ck_assert(event.is_late && !event.is_durable);
    ck_assert_uint_eq(strlen(event.order_id), 64);
    ck_assert_str_eq(event.lifecycle_id, "SL-1");
    raw.order_id_bytes = 255; /* more than there is room for */
    ll_door_answer(&door, command.client, &raw);
    ck_assert_int_eq(lifeline_poll(gateway, &event), 1);
    ck_assert_uint_eq(strlen(event.order_id), 64);
    ck_assert_int_eq(lifeline_poll(gateway, &event), 0);
}
END_TEST

START_TEST(client_waits_for_its_own_answer)
{
    struct lifeline_event event;
    struct ll_command commands[3];
    int64_t request[3];
    ck_assert_int_eq(lifeline_wait(gateway, 1, 0, &event), LIFELINE_ERR_ARGUMENT); /* nothing was asked yet */
    for (int i = 0; i < 3; i++)
        request[i] = lifeline_status(gateway, "T");
    ck_assert_int_eq(lifeline_wait(gateway, request[0], 1000, &event), LIFELINE_ERR_TIMEOUT);
    ck_assert_uint_eq(ll_door_poll(&door, commands, 3), 3);
    client_answer(&commands[0], LL_CLIENT_ACCEPTED);
    client_answer(&commands[1], LL_CLIENT_REFUSED);
    client_answer(&commands[2], LL_CLIENT_EXISTING);
    ck_assert_int_eq(lifeline_wait(gateway, request[2], LIFELINE_SECOND, &event), LIFELINE_OK);
    ck_assert_int_eq((int)event.kind, LIFELINE_EVENT_EXISTING);
    ck_assert_int_eq(lifeline_wait(gateway, request[1], 0, &event), LIFELINE_OK); /* kept meanwhile */
    ck_assert_int_eq((int)event.kind, LIFELINE_EVENT_REFUSED);
    ck_assert_int_eq(lifeline_poll(gateway, &event), 1);
    ck_assert_uint_eq(event.request, (uint64_t)request[0]);
    ck_assert_int_eq(lifeline_poll(gateway, &event), 0);
    ck_assert_int_eq(lifeline_wait(gateway, request[2] + 1, 0, &event), LIFELINE_ERR_ARGUMENT);
    ck_assert_int_eq(lifeline_wait(gateway, -3, 0, &event), LIFELINE_ERR_ARGUMENT);
}
END_TEST

START_TEST(client_learns_of_lost_events)
{
    struct lifeline_event event;
    struct ll_client_event news = {.kind = LL_CLIENT_ORDER};
    ck_assert_int_eq(lifeline_subscribe(gateway, LIFELINE_NEWS_ALL), LIFELINE_OK);
    struct ll_command command = client_sent(lifeline_status(gateway, "T"));
    for (int i = 0; i < 8; i++)
        ll_door_news(&door, &news);
    client_answer(&command, LL_CLIENT_RESOLVED); /* no room */
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(lifeline_poll(gateway, &event), 1);
    ll_door_news(&door, &news);
    ck_assert_int_eq(lifeline_wait(gateway, (int64_t)command.request, 1000, &event), LIFELINE_ERR_LOST);
    ck_assert_int_eq(lifeline_poll(gateway, &event), 1);
    ck_assert_int_eq((int)event.kind, LIFELINE_EVENT_LOST);
    ck_assert_uint_eq(event.value, 1);
}
END_TEST

START_TEST(client_keeps_no_more_than_it_can)
{
    struct lifeline_event event;
    struct ll_client_event news = {.kind = LL_CLIENT_ORDER};
    uint32_t got = 0;
    ck_assert_int_eq(lifeline_subscribe(gateway, LIFELINE_NEWS_ALL), LIFELINE_OK);
    struct ll_command command = client_sent(lifeline_status(gateway, "T"));
    int err = LIFELINE_ERR_TIMEOUT;
    for (uint64_t i = 1; i < 10000 && err == LIFELINE_ERR_TIMEOUT; i++) {
        news.event_id = i;
        ll_door_news(&door, &news);
        err = lifeline_wait(gateway, (int64_t)command.request, 0, &event);
    }
    ck_assert_int_eq(err, LIFELINE_ERR_FULL);
    ck_assert_ptr_nonnull(strstr(lifeline_error_text(gateway), "lifeline_poll"));
    while (lifeline_poll(gateway, &event) == 1)
        ck_assert_uint_eq(event.event_id, ++got); /* all of them, in order */
    ck_assert_uint_ge(got, 1024);
}
END_TEST

START_TEST(client_full_ring_is_an_error)
{
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(lifeline_status(gateway, "T"), i + 1);
    ck_assert_int_eq(lifeline_status(gateway, "T"), LIFELINE_ERR_FULL);
    ck_assert_ptr_nonnull(strstr(lifeline_error_text(gateway), "try again"));
    struct ll_command command;
    ck_assert_uint_eq(ll_door_poll(&door, &command, 1), 1);
    ck_assert_int_eq(lifeline_status(gateway, "T"), 9); /* no number was used up */
}
END_TEST

START_TEST(client_is_told_when_put_out)
{
    struct lifeline_event event;
    (void)client_sent(lifeline_status(gateway, "T"));
    atomic_store(&ll_door_place(&door.shm, 0)->request_head, UINT64_C(1) << 40);
    ll_door_sweep(&door, 1);
    client_nothing_sent();
    ck_assert_int_eq(lifeline_poll(gateway, &event), LIFELINE_ERR_EVICTED);
    ck_assert_int_eq(lifeline_status(gateway, "T"), LIFELINE_ERR_EVICTED);
    ck_assert_int_eq(lifeline_check(gateway), LIFELINE_ERR_EVICTED);
    ck_assert_ptr_nonnull(strstr(lifeline_error_text(gateway), "two threads"));
}
END_TEST

START_TEST(client_comes_back_after_a_restart)
{
    struct lifeline_event event;
    struct ll_client_event news = {.kind = LL_CLIENT_ORDER};
    ck_assert_int_eq(lifeline_subscribe(gateway, LIFELINE_NEWS_ALL), LIFELINE_OK);
    struct ll_command command = client_sent(lifeline_status(gateway, "T"));
    client_answer(&command, LL_CLIENT_RESOLVED);
    ll_door_close(&door);
    ck_assert_int_eq(lifeline_poll(gateway, &event), 1); /* what was answered is not lost */
    ck_assert_int_eq(lifeline_poll(gateway, &event), LIFELINE_ERR_GONE);
    ck_assert_int_eq(lifeline_status(gateway, "T"), LIFELINE_ERR_GONE);
    ck_assert_int_eq(lifeline_wait(gateway, 1, LIFELINE_SECOND, &event), LIFELINE_ERR_GONE);
    ck_assert_int_eq(lifeline_subscribe(gateway, LIFELINE_NEWS_OWN), LIFELINE_ERR_GONE);
    ck_assert_int_eq(lifeline_reopen(gateway), LIFELINE_ERR_NO_GATEWAY);
    ck_assert_ptr_nonnull(strstr(lifeline_error_text(gateway), "no gateway at"));
    ck_assert_int_eq(lifeline_status(gateway, "T"), LIFELINE_ERR_GONE);
    client_make_door(4, 4);
    ck_assert_int_eq(lifeline_reopen(gateway), LIFELINE_OK);
    command = client_sent(lifeline_status(gateway, "T"));
    ck_assert_uint_eq(command.request, 2); /* numbers go on */
    ll_door_news(&door, &news);            /* and so does the subscription */
    ck_assert_int_eq(lifeline_poll(gateway, &event), 1);
}
END_TEST

START_TEST(client_notices_a_killed_gateway)
{
    struct lifeline_event event;
    int ends[2];
    int64_t request = 0;
    ll_door_close(&door);
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        client_make_door(4, 4);
        (void)!write(ends[1], "r", 1);
        for (;;)
            (void)pause();
    }
    char byte;
    ck_assert_int_eq((int)read(ends[0], &byte, 1), 1);
    ck_assert_int_eq(lifeline_reopen(gateway), LIFELINE_OK);
    ck_assert_int_eq(lifeline_check(gateway), LIFELINE_OK);
    request = lifeline_status(gateway, "T");
    ck_assert_int_gt(request, 0);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    if (_i == 0) {
        ck_assert_int_eq(lifeline_check(gateway), LIFELINE_ERR_GONE);
    } else if (_i == 1) {
        ck_assert_int_eq(lifeline_wait(gateway, request, 60 * LIFELINE_SECOND, &event), LIFELINE_ERR_GONE);
    } else if (_i == 2) {
        int got = 0;
        while (got == 0)
            got = lifeline_poll(gateway, &event);
        ck_assert_int_eq(got, LIFELINE_ERR_GONE);
    } else {
        while (request > 0)
            request = lifeline_status(gateway, "T"); /* until the ring is full */
        ck_assert_int_eq(request, LIFELINE_ERR_GONE);
    }
    (void)close(ends[0]);
    (void)close(ends[1]);
}
END_TEST

START_TEST(client_open_says_what_is_wrong)
{
    struct lifeline *other;
    struct lifeline *third;
    ck_assert_int_eq(lifeline_open(&other, "/nowhere/door"), LIFELINE_ERR_NO_GATEWAY);
    ck_assert_ptr_nonnull(strstr(lifeline_error_text(other), "LIFELINE_DOOR"));
    ck_assert_int_eq(lifeline_status(other, "T"), LIFELINE_ERR_GONE);
    lifeline_close(other);
    ck_assert_int_eq(lifeline_open(&other, ""), LIFELINE_ERR_ARGUMENT);
    ck_assert_int_eq(lifeline_reopen(other), LIFELINE_ERR_ARGUMENT);
    lifeline_close(other);
    ck_assert_int_eq(lifeline_open(&other, "/dev/null"), LIFELINE_ERR_NO_GATEWAY);
    ck_assert_ptr_nonnull(strstr(lifeline_error_text(other), "not a door"));
    lifeline_close(other);
    ck_assert_int_eq(lifeline_open(&other, client_path), LIFELINE_OK);
    ck_assert_int_eq(lifeline_open(&third, client_path), LIFELINE_ERR_FULL);
    ck_assert_ptr_nonnull(strstr(lifeline_error_text(third), "all 2 client places"));
    lifeline_close(third);
    lifeline_close(other);
    client_nothing_sent();
    ck_assert_int_eq(setenv("LIFELINE_DOOR", client_path, 1), 0);
    ck_assert_int_eq(lifeline_open(&other, NULL), LIFELINE_OK);
    lifeline_close(other);
    lifeline_close(NULL);
    ck_assert_str_eq(lifeline_error_text(NULL), "out of memory");
}
END_TEST

START_TEST(client_words_for_numbers)
{
    static const int outside[] = {-1, 256, 1000, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        ck_assert_str_eq(lifeline_event_name(outside[i]), "unknown");
        ck_assert_str_eq(lifeline_refusal_name(outside[i]), "unknown");
        ck_assert_str_eq(lifeline_state_name(outside[i]), "unknown");
        ck_assert_str_eq(lifeline_command_name(outside[i]), "unknown");
        ck_assert_str_eq(lifeline_id_type_name(outside[i]), "unknown");
        ck_assert_str_eq(lifeline_id_status_name(outside[i]), "unknown");
    }
    ck_assert_str_eq(lifeline_error_name(1), "unknown");
    ck_assert_str_eq(lifeline_error_name(LIFELINE_ERR_SYSTEM - 1), "unknown");
    ck_assert_str_eq(lifeline_error_name(INT32_MIN), "unknown");
    ck_assert_str_eq(lifeline_error_name(LIFELINE_OK), "ok");
    ck_assert_str_eq(lifeline_error_name(LIFELINE_ERR_NO_GATEWAY), "no_gateway");
    ck_assert_str_eq(lifeline_error_name(LIFELINE_ERR_SYSTEM), "system");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lifeline");
    TCase *client = tcase_create("client");
    tcase_add_checked_fixture(client, client_setup, client_teardown);
    tcase_set_timeout(client, 60);
    tcase_add_test(client, client_place_sends_every_field);
    tcase_add_loop_test(client, client_actions_send_their_fields, 0, 11);
    tcase_add_test(client, client_money_and_latches_send_their_fields);
    tcase_add_test(client, client_refuses_bad_identifiers);
    tcase_add_test(client, client_refuses_bad_orders);
    tcase_add_test(client, client_events_are_whole);
    tcase_add_test(client, client_waits_for_its_own_answer);
    tcase_add_test(client, client_learns_of_lost_events);
    tcase_add_test(client, client_keeps_no_more_than_it_can);
    tcase_add_test(client, client_full_ring_is_an_error);
    tcase_add_test(client, client_is_told_when_put_out);
    tcase_add_test(client, client_comes_back_after_a_restart);
    tcase_add_loop_test(client, client_notices_a_killed_gateway, 0, 4);
    tcase_add_test(client, client_open_says_what_is_wrong);
    tcase_add_test(client, client_words_for_numbers);
    suite_add_tcase(suite, client);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
