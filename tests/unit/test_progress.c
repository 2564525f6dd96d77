/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the progress line appears on a terminal only, at most ten times a second of the caller's clock, and
 * leaves nothing behind. Method: stderr becomes a pseudo terminal or a pipe; time is an argument, so nothing waits.
 */
#include "host/base/ll_progress.h"

#include "host/base/ll_clock.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCREEN_BYTES 4096

struct screen {
    int read_end;
    int write_end;
    int saved_stderr;
};

static void screen_take_stderr(struct screen *screen)
{
    (void)fflush(stderr);
    screen->saved_stderr = dup(STDERR_FILENO);
    ck_assert_int_ge(screen->saved_stderr, 0);
    ck_assert_int_eq(dup2(screen->write_end, STDERR_FILENO), STDERR_FILENO);
}

/* Both ends of a pseudo terminal; false where the machine has none. */
static bool terminal_open(struct screen *screen)
{
    screen->read_end = posix_openpt(O_RDWR | O_NOCTTY);
    if (screen->read_end < 0 || grantpt(screen->read_end) != 0 || unlockpt(screen->read_end) != 0)
        return false;
    screen->write_end = open(ptsname(screen->read_end), O_RDWR | O_NOCTTY);
    return screen->write_end >= 0;
}

static void screen_open_terminal(struct screen *screen)
{
    ck_assert(terminal_open(screen));
    screen_take_stderr(screen);
}

static void screen_open_pipe(struct screen *screen)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    screen->read_end = ends[0];
    screen->write_end = ends[1];
    screen_take_stderr(screen);
}

/* Everything written since the last call, as a string. A terminal hands bytes over in its own time, so a mark
 * goes behind them and is waited for. */
static void screen_read(struct screen *screen, char text[SCREEN_BYTES])
{
    const char mark = '\001';
    size_t used = 0;
    (void)fflush(stderr);
    ck_assert_int_eq(write(screen->write_end, &mark, 1), 1);
    do {
        ck_assert_uint_lt(used, SCREEN_BYTES);
        ssize_t got = read(screen->read_end, text + used, SCREEN_BYTES - used);
        ck_assert_int_gt(got, 0);
        used += (size_t)got;
    } while (text[used - 1] != mark);
    text[used - 1] = '\0';
}

static void screen_close(struct screen *screen)
{
    (void)fflush(stderr);
    (void)dup2(screen->saved_stderr, STDERR_FILENO);
    (void)close(screen->saved_stderr);
    (void)close(screen->read_end);
    (void)close(screen->write_end);
}

START_TEST(test_silent_without_terminal)
{
    struct screen screen;
    struct ll_progress progress;
    char text[SCREEN_BYTES];
    screen_open_pipe(&screen);
    ll_progress_init(&progress, "replay", "messages", 0);
    for (uint64_t step = 1; step <= 100; step++)
        ll_progress_update(&progress, step, 100, step * LL_NS_PER_S);
    ll_progress_done(&progress);
    screen_read(&screen, text);
    screen_close(&screen);
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(test_draws_on_terminal)
{
    struct screen screen;
    struct ll_progress progress;
    char early[SCREEN_BYTES];
    char half[SCREEN_BYTES];
    char over[SCREEN_BYTES];
    char end[SCREEN_BYTES];
    screen_open_terminal(&screen);
    ll_progress_init(&progress, "replay", "messages", 5 * LL_NS_PER_S);
    ll_progress_update(&progress, 1, 100, 5 * LL_NS_PER_S + 99 * LL_NS_PER_MS);
    screen_read(&screen, early);
    ll_progress_update(&progress, 5000, 10000, 7 * LL_NS_PER_S);
    screen_read(&screen, half);
    ll_progress_update(&progress, 30000000, 10000, 15 * LL_NS_PER_S);
    screen_read(&screen, over);
    ll_progress_done(&progress);
    screen_read(&screen, end);
    screen_close(&screen);
    ck_assert_str_eq(early, "");
    ck_assert_ptr_nonnull(strstr(half, "\rreplay [###############...............]  50 %"));
    ck_assert_ptr_nonnull(strstr(half, "5.0 k messages  2.5 k messages/s"));
    ck_assert_ptr_nonnull(strstr(over, "[##############################] 100 %"));
    ck_assert_ptr_nonnull(strstr(over, "3.0 M messages/s"));
    ck_assert_str_eq(end, "\r\033[K");
}
END_TEST

START_TEST(test_rate_limit_and_unknown_total)
{
    struct screen screen;
    struct ll_progress progress;
    char text[SCREEN_BYTES];
    unsigned drawn = 0;
    screen_open_terminal(&screen);
    ll_progress_init(&progress, "read", "bytes", 0);
    bool bar = false;
    for (uint64_t ms = 1; ms <= 1000; ms++) {
        ll_progress_update(&progress, ms, 0, ms * LL_NS_PER_MS);
        screen_read(&screen, text);
        drawn += text[0] != '\0';
        bar = bar || strchr(text, '[') != strstr(text, "[K");
    }
    ll_progress_done(&progress);
    screen_close(&screen);
    ck_assert_uint_eq(drawn, 10);
    ck_assert(!bar);
}
END_TEST

/* Done without a single drawing leaves the terminal alone. */
START_TEST(test_done_without_drawing)
{
    struct screen screen;
    struct ll_progress progress;
    char text[SCREEN_BYTES];
    screen_open_pipe(&screen);
    ll_progress_init(&progress, "read", "bytes", 0);
    progress.enabled = true;
    ll_progress_done(&progress);
    screen_read(&screen, text);
    screen_close(&screen);
    ck_assert_str_eq(text, "");
}
END_TEST

int main(void)
{
    struct screen probe;
    if (!terminal_open(&probe)) {
        printf("SKIP: no pseudo terminal on this machine (is /dev/pts mounted?)\n");
        return 77;
    }
    (void)close(probe.write_end);
    (void)close(probe.read_end);
    Suite *suite = suite_create("progress");
    TCase *tcase = tcase_create("progress");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, test_silent_without_terminal);
    tcase_add_test(tcase, test_draws_on_terminal);
    tcase_add_test(tcase, test_rate_limit_and_unknown_total);
    tcase_add_test(tcase, test_done_without_drawing);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
