/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the live view shows what was published, once each, keeps no latency back, and fits its terminal; with the
 * trading half and a device on as well, and without them not a word of them.
 * Method: stderr becomes a file or a pseudo terminal; a hot thread publishes as fast as the view takes it, and what was
 * written is read back.
 * threads
 */
#include "hls/ll_order_states.h"
#include "host/app/ll_device_show.h"
#include "host/app/ll_exit.h"
#include "host/app/ll_live_view.h"
#include "host/base/ll_clock.h"

#include <check.h>
#include <inttypes.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TEXT_BYTES  (1u << 16)
#define PUBLISHED   6u
#define WAIT_NS     (10 * LL_NS_PER_S)
#define PICTURE_MIN 10u

static int saved_stderr;

/* stderr goes to `fd` until stderr_back. */
static void stderr_to(int fd)
{
    (void)fflush(stderr);
    saved_stderr = dup(STDERR_FILENO);
    ck_assert_int_ge(saved_stderr, 0);
    ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
}

static void stderr_back(void)
{
    (void)fflush(stderr);
    ck_assert_int_ge(dup2(saved_stderr, STDERR_FILENO), 0);
    (void)close(saved_stderr);
}

static struct ll_live_view *start(bool journal)
{
    const struct ll_live_view_config config = {.feed =
                                                   "a feed whose name is longer than eighty columns, which "
                                                   "no terminal of eighty columns can show",
                                               .clock = "UTC",
                                               .duration_ns = 20 * LL_NS_PER_S,
                                               .journal = journal,
                                               .open_loop = true};
    struct ll_live_view *view;
    struct ll_why why = {0};
    ck_assert_msg(ll_live_view_start(&view, &config, &why) == LL_OK, "%s", why.text);
    return view;
}

/* A gateway that trades: numbers as large as they get on a long day. */
static void fill_trading(struct ll_trading_snapshot *trading, uint64_t index)
{
    memset(trading, 0, sizeof *trading);
    trading->is_trading = true;
    trading->has_money = true;
    trading->money_available = INT64_C(998765432101234);
    trading->money_locked = -INT64_C(5);
    trading->live = 1234;
    trading->accounts = 64;
    trading->clients = 3;
    trading->limits_loaded = 2;
    trading->session_count = 2;
    trading->sessions[0] = (struct ll_trading_shown_session){
        .reconnects = 4, .in_flight = 7, .state = LL_SOUP_CLIENT_OPEN, .is_open = true};
    trading->sessions[1] = (struct ll_trading_shown_session){.protocol = 1, .state = LL_SOUP_CLIENT_OPEN};
    trading->counters.orders = 250000;
    trading->counters.fills = index * 1000000;
    trading->counters.ended[LL_ORDER_FILLED] = 200000;
    trading->counters.refused = 12;
    trading->counters.refusals[LL_REFUSAL_NONE] = 99999;
    trading->counters.refusals[LL_REFUSAL_COLLAR] = 3;
    trading->counters.refusals[LL_REFUSAL_REPEAT] = 3;
    trading->counters.refusals[LL_REFUSAL_TICK] = 1;
    trading->counters.refusals[LL_REFUSAL_BALANCE] = 4;
    trading->counters.refusals[LL_REFUSAL_THROTTLE] = 1;
}

/* What `publish` publishes. */
static bool trades;
static bool has_device;

static void fill_device(struct ll_device_snapshot *device, uint64_t index)
{
    *device = (struct ll_device_snapshot){.is_shown = true,
                                          .standing = LL_DEVICE_FALLEN,
                                          .answers = index * 1000000,
                                          .losses = 2,
                                          .reloads = 1};
    memset(device->name, 'x', sizeof device->name - 1);
}

/* Publishes number `index`, as soon as the view has drawn the one before; records until then. Returns the latencies
 * recorded into the interval that was published. */
static uint64_t publish(struct ll_live_view *view, uint64_t index)
{
    struct ll_live_snapshot *snapshot = NULL;
    uint64_t recorded = 0;
    uint64_t end_ns = ll_clock_mono_ns() + WAIT_NS;
    while (snapshot == NULL) {
        ck_assert_uint_lt(ll_clock_mono_ns(), end_ns);
        ll_histogram_record(ll_live_view_interval(view), 500 + index, 2);
        ll_histogram_record(ll_live_view_wire_interval(view), 700 + index, 1);
        recorded += 2;
        snapshot = ll_live_view_begin(view);
    }
    *snapshot = (struct ll_live_snapshot){.now_ns = ll_clock_mono_ns(),
                                          .elapsed_ns = index * LL_NS_PER_S,
                                          .clock_ns = (9 * 3600 + index) * LL_NS_PER_S,
                                          .messages = index * 1000000000000,
                                          .datagrams = index * 1000000000000,
                                          .live_orders = 67108864,
                                          .levels = 67108864,
                                          .symbols = 65535,
                                          .exceptions = index * 1000000,
                                          .records = index * 1000,
                                          .durable = index * 900,
                                          .syncs = index,
                                          .sync_ns_total = index * 1500000};
    if (trades)
        fill_trading(&snapshot->trading, index);
    if (has_device)
        fill_device(&snapshot->device, index);
    ll_live_view_publish(view);
    return recorded;
}

static uint64_t value_of(const char *line, const char *key)
{
    char wanted[64];
    uint64_t value = 0;
    (void)snprintf(wanted, sizeof wanted, " %s=", key);
    const char *at = strstr(line, wanted);
    ck_assert_msg(at != NULL, "no %s in %s", key, line);
    for (at += strlen(wanted); *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    return value;
}

START_TEST(one_line_for_each)
{
    uint64_t recorded[PUBLISHED + 1];
    char line[4096];
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    trades = _i == 1;
    has_device = _i >= 1;
    stderr_to(fileno(file));
    struct ll_live_view *view = start(true);
    for (uint64_t i = 1; i <= PUBLISHED; i++)
        recorded[i] = publish(view, i);
    ll_live_view_stop(view); /* draws the last one before it ends */
    stderr_back();
    rewind(file);
    for (uint64_t i = 1; i <= PUBLISHED; i++) {
        ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
        ck_assert_uint_eq(value_of(line, "messages"), i * 1000000000000);
        ck_assert_uint_eq(value_of(line, "not_durable"), i * 100);
        ck_assert_uint_eq(value_of(line, "latency_count"), recorded[i]);
        ck_assert_uint_eq(value_of(line, "p50_ns"), 500 + i);
        ck_assert_uint_eq(value_of(line, "max_ns"), 500 + i);
        ck_assert_int_eq(strstr(line, "own_orders=") != NULL, trades);
        ck_assert_int_eq(strstr(line, " device=fallen ") != NULL, has_device);
        ck_assert_int_eq(strstr(line, "device") != NULL, has_device);
        if (has_device)
            ck_assert_uint_eq(value_of(line, "device_losses"), 2);
        if (!trades)
            continue;
        ck_assert_uint_eq(value_of(line, "fills"), i * 1000000);
        ck_assert_uint_eq(value_of(line, "sessions"), 2);
        ck_assert_uint_eq(value_of(line, "sessions_open"), 1);
        ck_assert_uint_eq(value_of(line, "refused_balance"), 4);
        ck_assert_uint_eq(value_of(line, "money_available"), 998765432101234);
        ck_assert_uint_eq(value_of(line, "wire_count"), recorded[i] / 2);
        ck_assert_uint_eq(value_of(line, "wire_max_ns"), 700 + i);
    }
    ck_assert_ptr_null(fgets(line, sizeof line, file));
    (void)fclose(file);
}
END_TEST

/* What two pictures on a terminal of this size write. */
static void on_terminal(unsigned short rows, unsigned short columns, char text[TEXT_BYTES])
{
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    int terminal;
    int ours;
    ck_assert_int_eq(openpty(&ours, &terminal, NULL, NULL, &size), 0);
    stderr_to(terminal);
    struct ll_live_view *view = start(true);
    (void)publish(view, 1);
    (void)publish(view, 2);
    ll_live_view_stop(view);
    stderr_back();
    ssize_t length = read(ours, text, TEXT_BYTES - 1);
    ck_assert_int_gt(length, 0);
    text[length] = '\0';
    (void)close(terminal);
    (void)close(ours);
}

static const struct {
    unsigned short rows;
    unsigned short columns;
    bool picture;
    bool trades;
    bool trading; /* its lines are shown */
    bool device;
} terminals[] = {{24, 80, true, false, false, false}, {24, 40, true, true, true, false},
                 {50, 200, true, false, false, true}, {10, 80, false, true, false, false},
                 {24, 80, true, true, true, true},    {23, 80, true, true, true, false},
                 {23, 80, true, true, false, true},   {22, 80, true, true, false, false},
                 {17, 80, true, true, false, false},  {17, 80, false, true, false, true},
                 {18, 80, true, false, false, true},  {16, 80, false, true, false, false}};

START_TEST(the_picture_fits)
{
    static char text[TEXT_BYTES];
    unsigned short columns = terminals[_i].columns < 80 ? terminals[_i].columns : 80;
    uint32_t lines = 0;
    uint32_t up = 0;
    trades = terminals[_i].trades;
    has_device = terminals[_i].device;
    on_terminal(terminals[_i].rows, terminals[_i].columns, text);
    ck_assert_int_eq(strstr(text, "latency     p50") != NULL, terminals[_i].picture);
    ck_assert_int_eq(strstr(text, "latency_count=") == NULL, terminals[_i].picture);
    ck_assert_int_eq(strstr(text, "ledger      money 99,876,543,210.1234 free, -0.0005 l") != NULL,
                     terminals[_i].trading && columns == 80);
    ck_assert_int_eq(strstr(text, "refused     12: balance 4, collar 3") != NULL, terminals[_i].trading);
    if (!terminals[_i].picture)
        return;
    ck_assert_int_eq(strstr(text, "device      fallen, 2,000,000") != NULL, has_device);
    for (char *at = text, *end; (end = strstr(at, "\033[K")) != NULL; at = end + 3) {
        char *begin = end;
        while (begin > at && begin[-1] != '\r')
            begin--;
        ck_assert_msg(end - begin < columns, "%td columns: %.*s", end - begin, (int)(end - begin), begin);
        lines++;
    }
    /* The second picture begins where the first did. */
    for (char *at = text; (at = strstr(at, "\033[")) != NULL; at++) {
        char *after;
        unsigned long rows = strtoul(at + 2, &after, 10);
        if (*after == 'A')
            up = (uint32_t)rows;
    }
    ck_assert_uint_eq(lines, 2 * up);
    ck_assert_uint_ge(up, PICTURE_MIN);
    ck_assert_uint_lt(up, terminals[_i].rows);
    ck_assert_ptr_nonnull(strstr(text, "running     00:02 of 00:20, 18 s left"));
}
END_TEST

/* The most frequent ones first, of equals the one with the lower number; what is well is no exception. */
START_TEST(the_worst_comes_first)
{
    static char text[8192];
    struct ll_histogram none;
    struct ll_trading_snapshot trading;
    const struct ll_trading_interval interval = {77, &none, &none};
    ll_histogram_init(&none);
    fill_trading(&trading, 1);
    uint32_t used_bytes = ll_trading_show_picture(&trading, &interval, text, sizeof text);
    ck_assert_uint_eq(used_bytes, strlen(text));
    ck_assert_ptr_nonnull(strstr(text, "refused     12: balance 4, collar 3, repeat 3, tick 1\n"));
    ck_assert_ptr_nonnull(strstr(text, "exceptions: none\n"));
    ck_assert_ptr_nonnull(strstr(text, "77 per s"));
    ck_assert_ptr_nonnull(strstr(text, "catching up"));
    uint32_t rows = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        rows++;
    ck_assert_uint_eq(rows, LL_TRADING_SHOW_ROWS);
    /* A text that finds no room is cut, and never written past. */
    for (uint32_t room = 1; room < used_bytes; room += 7) {
        memset(text, 'x', sizeof text);
        ck_assert_uint_lt(ll_trading_show_picture(&trading, &interval, text, room), room);
        ck_assert_int_eq(text[room], 'x');
    }
}
END_TEST

/* Of a device only what fits; of none nothing. */
START_TEST(a_device_in_one_line)
{
    static char text[256];
    struct ll_device_snapshot device;
    fill_device(&device, 7);
    uint32_t used_bytes = ll_device_show_picture(&device, text, sizeof text);
    ck_assert_uint_eq(used_bytes, strlen(text));
    ck_assert_ptr_nonnull(
        strstr(text, "device      fallen, 7,000,000 answers   lost 2   loaded anew 1   xxxx"));
    for (uint32_t room = 1; room < used_bytes; room++) {
        memset(text, 'y', sizeof text);
        ck_assert_uint_lt(ll_device_show_picture(&device, text, room), room);
        ck_assert_uint_lt(ll_device_show_line(&device, text, room), room);
        ck_assert_int_eq(text[room], 'y');
    }
    device.is_shown = false;
    ck_assert_uint_eq(ll_device_show_picture(&device, text, sizeof text), 0);
    ck_assert_uint_eq(ll_device_show_line(&device, text, sizeof text), 0);
}
END_TEST

/* What is right is 0, unless the device was lost; what is wrong keeps its own code. */
START_TEST(a_lost_device_has_an_exit_code)
{
    const struct ll_device_outcome well = {.losses = 0};
    const struct ll_device_outcome lost = {.losses = 1};
    ck_assert_int_eq(ll_device_exit_code(LL_OK, &well), LL_EXIT_OK);
    ck_assert_int_eq(ll_device_exit_code(LL_OK, &lost), LL_EXIT_DEVICE);
    ck_assert_int_eq(ll_device_exit_code(LL_ERR_CORRUPT, &lost), LL_EXIT_CORRUPT);
    ck_assert_int_eq(ll_device_exit_code(LL_ERR_ENVIRONMENT, &well), LL_EXIT_ENVIRONMENT);
}
END_TEST

/* A limits file that was refused says why, until a good one is loaded; without any, what that means. */
START_TEST(limits_say_what_is_wrong)
{
    static char text[8192];
    struct ll_histogram none;
    struct ll_trading_snapshot trading;
    const struct ll_trading_interval interval = {0, &none, &none};
    ll_histogram_init(&none);
    fill_trading(&trading, 1);
    trading.limits_refused = 1;
    (void)snprintf(trading.limits_error, sizeof trading.limits_error, "line 7: no such key 'colar'");
    (void)ll_trading_show_picture(&trading, &interval, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "1 refused, the ones before stay: line 7: no such key 'colar'\n"));
    trading.limits_refused = 0;
    trading.limits_loaded = 0;
    (void)ll_trading_show_picture(&trading, &interval, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "limits      none: every order is refused\n"));
}
END_TEST

START_TEST(money_as_text)
{
    char text[48];
    ck_assert_str_eq(ll_trading_show_money(0, text), "0.0000");
    ck_assert_str_eq(ll_trading_show_money(-1, text), "-0.0001");
    ck_assert_str_eq(ll_trading_show_money(12345678901, text), "1,234,567.8901");
    ck_assert_str_eq(ll_trading_show_money(INT64_MIN, text), "-922,337,203,685,477.5808");
    ck_assert_str_eq(ll_trading_show_money(INT64_MAX, text), "922,337,203,685,477.5807");
}
END_TEST

START_TEST(nothing_published_nothing_shown)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    stderr_to(fileno(file));
    ll_live_view_stop(start(false));
    ll_live_view_stop(NULL);
    stderr_back();
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    ck_assert_int_eq(ftell(file), 0);
    (void)fclose(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("live_view");
    TCase *tcase = tcase_create("live_view");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, one_line_for_each, 0, 3);
    tcase_add_test(tcase, a_device_in_one_line);
    tcase_add_test(tcase, a_lost_device_has_an_exit_code);
    tcase_add_test(tcase, the_worst_comes_first);
    tcase_add_test(tcase, limits_say_what_is_wrong);
    tcase_add_test(tcase, money_as_text);
    tcase_add_loop_test(tcase, the_picture_fits, 0, (int)(sizeof terminals / sizeof terminals[0]));
    tcase_add_test(tcase, nothing_published_nothing_shown);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
