/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: what is shown of the trading half is what it holds: counts, refusals, money, limits that were refused; and it
 * is the same in the snapshot, in the report and in its JSON.
 * Method: a trading half without journal, session and door gets commands straight into its engine; its JSON is parsed
 * again with jansson. The text of the view is tested in test_live_view.c.
 */
#include "tests/unit/ll_test_dir.h"

#include "host/app/ll_trading_show.h"
#include "host/wire/ll_command.h"

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW_NS      UINT64_C(1700000000000000000)
#define TEXT_BYTES  (1u << 16)
#define INSTRUMENTS 60u

static struct ll_record_batch batch;
static struct ll_trading *trading;
static struct ll_device *device;
static void *memory;

/* Nothing is kept: the batch is emptied. */
static void flush(void *context)
{
    (void)context;
    batch.slot_count = 0;
}

static uint64_t durable(void *context)
{
    (void)context;
    return UINT64_MAX;
}

static void setup_with(const char *limits_path)
{
    struct ll_trading_config config;
    struct ll_why why = {0};
    const struct ll_trading_owner owner = {NULL, flush, durable};
    struct ll_device_config device_config;
    ll_trading_config_default(&config);
    config.oms.orders = 64;
    config.oms.ids = 256;
    config.oms.accounts = 2 * LL_TRADING_SHOW_ACCOUNTS + 64;
    config.oms.names = 255;
    config.oms.instruments = 64;
    config.limits_path = limits_path;
    config.sessions[0].protocol = LL_PROTOCOL_OUCH42;
    config.sessions[0].address = (struct ll_ipv4){0x7f000001, 1};
    config.session_count = limits_path == NULL; /* who starts shall connect nowhere */
    memset(&batch, 0, sizeof batch);
    batch.next_event_id = 1;
    memory = aligned_alloc(64, (ll_trading_footprint_bytes(&config) + 63) / 64 * 64);
    ck_assert_ptr_nonnull(memory);
    ll_device_config_default(&device_config);
    device_config.book = (struct ll_book_config){.orders = 16, .levels = 16, .books = 1};
    device_config.life = ll_trading_life_config(&config);
    ck_assert_msg(ll_device_open(&device, &device_config, &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_trading_init(&trading, memory, &config, &batch, device, &owner, &why) == LL_OK, "%s",
                  why.text);
}

static void setup(void)
{
    setup_with(NULL);
}

static void teardown(void)
{
    ll_trading_deinit(trading);
    ll_device_close(device);
    free(memory);
}

static void add_text(struct ll_command *command, enum ll_command_text which, const char *text)
{
    ck_assert_int_eq(ll_command_add_text(command, which, text, (uint32_t)strlen(text)), LL_OK);
}

/* `asset` NULL = money. */
static void deposit(const char *account, const char *asset, int64_t amount, const char *key)
{
    struct ll_command command = {.kind = LL_COMMAND_DEPOSIT, .amount = amount};
    add_text(&command, LL_TEXT_account, account);
    if (asset != NULL)
        add_text(&command, LL_TEXT_symbol, asset);
    add_text(&command, LL_TEXT_client_order_id, key);
    ll_oms_command(ll_trading_oms(trading), &command, NOW_NS);
    (void)ll_trading_poll(trading, NOW_NS);
}

static void place(const char *key)
{
    struct ll_command command = {.kind = LL_COMMAND_PLACE, .quantity = 100, .price = 1000000};
    add_text(&command, LL_TEXT_account, "A1");
    add_text(&command, LL_TEXT_symbol, "AAPL");
    add_text(&command, LL_TEXT_client_order_id, key);
    ll_oms_command(ll_trading_oms(trading), &command, NOW_NS);
    (void)ll_trading_poll(trading, NOW_NS);
}

static json_t *shown_json(void)
{
    static char text[TEXT_BYTES];
    struct ll_json json;
    json_error_t error;
    FILE *file = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(file);
    ll_json_init(&json, file, false);
    ll_json_begin_object(&json, NULL);
    ll_trading_show_json(trading, &json, "trading");
    ll_json_end_object(&json);
    ck_assert_int_eq(fclose(file), 0);
    json_t *all = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(all != NULL, "%s: %s", error.text, text);
    return all;
}

static json_int_t number_at(const json_t *all, const char *part, const char *key)
{
    const json_t *at = json_object_get(all, "trading");
    if (part != NULL)
        at = json_object_get(at, part);
    at = json_object_get(at, key);
    ck_assert_msg(json_is_integer(at), "no %s", key);
    return json_integer_value(at);
}

static void shown_text(char text[TEXT_BYTES])
{
    FILE *file = fmemopen(text, TEXT_BYTES, "w");
    ck_assert_ptr_nonnull(file);
    ll_trading_show_print(trading, file);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_feed_alone_shows_nothing)
{
    struct ll_trading_snapshot snapshot;
    memset(&snapshot, 0xff, sizeof snapshot);
    ll_trading_look(NULL, &snapshot);
    ck_assert(!snapshot.is_trading);
    ck_assert_uint_eq(snapshot.session_count, 0);
    ck_assert_uint_eq(snapshot.counters.orders, 0);
}
END_TEST

START_TEST(counts_and_money_are_the_engines)
{
    static char text[TEXT_BYTES];
    struct ll_trading_snapshot snapshot;
    deposit("A1", NULL, 12345678, "one");
    deposit("A2", NULL, 1, "two");
    place("order-1");
    place("order-2");
    ll_trading_look(trading, &snapshot);
    ck_assert(snapshot.is_trading);
    ck_assert(snapshot.has_money);
    ck_assert_int_eq(snapshot.money_available, 12345679);
    ck_assert_int_eq(snapshot.money_locked, 0);
    ck_assert_uint_eq(snapshot.counters.commands, 4);
    ck_assert_uint_eq(snapshot.counters.refused, 2);
    ck_assert_uint_eq(snapshot.live, 0);
    ck_assert_uint_eq(snapshot.session_count, 1);
    ck_assert(!snapshot.sessions[0].is_open);
    ck_assert_uint_eq(snapshot.sessions[0].in_flight, 0);
    json_t *all = shown_json();
    ck_assert_int_eq(number_at(all, NULL, "commands"), 4);
    ck_assert_int_eq(number_at(all, NULL, "refused"), 2);
    ck_assert_int_eq(number_at(all, "refusals", "not_open"), 2);
    ck_assert_ptr_null(json_object_get(json_object_get(json_object_get(all, "trading"), "refusals"), "none"));
    ck_assert_int_eq(number_at(all, "ledger", "money_available"), 12345679);
    ck_assert_int_eq(number_at(all, "limits", "loaded"), 0);
    ck_assert_int_eq(number_at(all, "order_to_wire_ns", "count"), 0);
    json_decref(all);
    shown_text(text);
    ck_assert_ptr_nonnull(strstr(text, "not_open 2\n"));
    ck_assert_ptr_nonnull(strstr(text, "money 1,234.5679 available, 0.0000 locked\n"));
    ck_assert_ptr_nonnull(strstr(text, "ouch42, reconnects 0"));
}
END_TEST

/* Starts with this limits file; the status of the start, and its reason. */
static int start_with_limits(const char *text, struct ll_why *why)
{
    char dir[] = "/tmp/test_trading_show.XXXXXX";
    char path[64];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/limits", dir);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    teardown();
    setup_with(path);
    int status = ll_trading_start(trading, NOW_NS, why);
    ll_trading_deinit(trading); /* its thread looks at the file no more */
    ll_test_remove_dir(dir);
    return status;
}

/* While it runs, the hot thread does not walk more accounts than it may; the report does. */
START_TEST(too_many_accounts_are_not_added_up_while_running)
{
    static char limits[TEXT_BYTES];
    struct ll_trading_snapshot snapshot;
    struct ll_why why = {0};
    char name[16];
    int at = snprintf(limits, sizeof limits,
                      "price_decimals: 4\nfirm: {collar_bps: 500, reference_age: 5s, order_quantity: 100, "
                      "order_notional: 1000, messages: 10, message_window: 1s}\ninstruments:\n");
    for (uint32_t i = 0; i < INSTRUMENTS; i++)
        at += snprintf(limits + at, sizeof limits - (size_t)at, "  S%u: {tick: 0.01}\n", i);
    ck_assert_msg(start_with_limits(limits, &why) == LL_OK, "%s", why.text);
    uint32_t deposits = 0;
    for (; 2 * deposits <= LL_TRADING_SHOW_ACCOUNTS; deposits++) {
        char account[16];
        (void)snprintf(name, sizeof name, "S%u", deposits % INSTRUMENTS);
        (void)snprintf(account, sizeof account, "A%u", deposits / INSTRUMENTS);
        char key[16];
        (void)snprintf(key, sizeof key, "k%u", deposits);
        deposit(account, deposits % INSTRUMENTS == 0 ? NULL : name, 10, key);
        ll_trading_look(trading, &snapshot);
        ck_assert_uint_eq(snapshot.accounts, 2 * (uint64_t)(deposits + 1)); /* and the other side of each */
        ck_assert_int_eq(snapshot.has_money, snapshot.accounts <= LL_TRADING_SHOW_ACCOUNTS);
    }
    ck_assert(!snapshot.has_money);
    ck_assert_int_eq(snapshot.money_available, 0);
    ck_assert_uint_eq(snapshot.limits_loaded, 1);
    json_t *all = shown_json();
    ck_assert_int_eq(number_at(all, "ledger", "accounts"), (json_int_t)snapshot.accounts);
    ck_assert_int_eq(number_at(all, "ledger", "money_available"),
                     10 * (json_int_t)((deposits + INSTRUMENTS - 1) / INSTRUMENTS));
    json_decref(all);
}
END_TEST

/* A limits file that is none: the start fails with its reason, which the report has as well. */
START_TEST(refused_limits_say_why)
{
    static char text[TEXT_BYTES];
    struct ll_trading_snapshot snapshot;
    struct ll_why why = {0};
    ck_assert_int_ne(start_with_limits("price_decimals: 4\nfirm:\n  colar_bps: 500\n", &why), LL_OK);
    ck_assert_msg(strstr(why.text, "colar_bps") != NULL, "%s", why.text);
    ll_trading_look(trading, &snapshot);
    shown_text(text);
    ck_assert_uint_eq(snapshot.limits_loaded, 0);
    ck_assert_int_eq(strstr(text, "colar_bps") != NULL, snapshot.limits_refused != 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trading_show");
    TCase *tcase = tcase_create("trading_show");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_feed_alone_shows_nothing);
    tcase_add_test(tcase, counts_and_money_are_the_engines);
    tcase_add_test(tcase, too_many_accounts_are_not_added_up_while_running);
    tcase_add_test(tcase, refused_limits_say_why);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
