/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the live view shows what was published, once each, keeps no latency back, and fits its terminal.
 * Method: stderr becomes a file or a pseudo terminal; a hot thread publishes as fast as the view takes it, and what was
 * written is read back.
 * threads
 */
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
} terminals[] = {{24, 80, true}, {24, 40, true}, {50, 200, true}, {10, 80, false}};

START_TEST(the_picture_fits)
{
    static char text[TEXT_BYTES];
    unsigned short columns = terminals[_i].columns < 80 ? terminals[_i].columns : 80;
    uint32_t lines = 0;
    uint32_t up = 0;
    on_terminal(terminals[_i].rows, terminals[_i].columns, text);
    ck_assert_int_eq(strstr(text, "latency     p50") != NULL, terminals[_i].picture);
    ck_assert_int_eq(strstr(text, "latency_count=") == NULL, terminals[_i].picture);
    if (!terminals[_i].picture)
        return;
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
    tcase_add_test(tcase, one_line_for_each);
    tcase_add_loop_test(tcase, the_picture_fits, 0, (int)(sizeof terminals / sizeof terminals[0]));
    tcase_add_test(tcase, nothing_published_nothing_shown);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
