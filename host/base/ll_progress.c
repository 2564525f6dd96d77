/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_progress.h"

#include "host/base/ll_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LL_PROGRESS_STEP_NS    (100 * LL_NS_PER_MS)
#define LL_PROGRESS_BAR_CELLS  30u
#define LL_PROGRESS_RATE_BYTES 32

void ll_progress_init(struct ll_progress *progress, const char *what, const char *unit, uint64_t now_ns)
{
    memset(progress, 0, sizeof *progress);
    progress->what = what;
    progress->unit = unit;
    progress->start_ns = now_ns;
    progress->drawn_ns = now_ns;
    progress->enabled = isatty(STDERR_FILENO) == 1;
}

/* "1.2 M": three digits are enough for a number that changes ten times a second. */
static void ll_progress_format(char text[LL_PROGRESS_RATE_BYTES], double value)
{
    static const char *const prefix[] = {"", " k", " M", " G", " T"};
    size_t index = 0;
    while (value >= 1000.0 && index + 1 < sizeof prefix / sizeof prefix[0]) {
        value /= 1000.0;
        index++;
    }
    (void)snprintf(text, LL_PROGRESS_RATE_BYTES, index == 0 ? "%.0f%s" : "%.1f%s", value, prefix[index]);
}

void ll_progress_update(struct ll_progress *progress, uint64_t done, uint64_t total, uint64_t now_ns)
{
    if (!progress->enabled || now_ns - progress->drawn_ns < LL_PROGRESS_STEP_NS)
        return;
    progress->drawn_ns = now_ns;
    progress->drawn = true;
    char count[LL_PROGRESS_RATE_BYTES];
    char rate[LL_PROGRESS_RATE_BYTES];
    double elapsed_s = (double)(now_ns - progress->start_ns) / (double)LL_NS_PER_S;
    ll_progress_format(count, (double)done);
    ll_progress_format(rate, (double)done / elapsed_s);
    (void)fprintf(stderr, "\r%s ", progress->what);
    if (total > 0) {
        double part = done < total ? (double)done / (double)total : 1.0;
        unsigned cells = (unsigned)(part * LL_PROGRESS_BAR_CELLS);
        char bar[LL_PROGRESS_BAR_CELLS + 1];
        memset(bar, '.', LL_PROGRESS_BAR_CELLS);
        memset(bar, '#', cells);
        bar[LL_PROGRESS_BAR_CELLS] = '\0';
        (void)fprintf(stderr, "[%s] %3.0f %%  ", bar, part * 100.0);
    }
    (void)fprintf(stderr, "%s %s  %s %s/s\033[K", count, progress->unit, rate, progress->unit);
    (void)fflush(stderr);
}

void ll_progress_done(struct ll_progress *progress)
{
    if (progress->drawn)
        (void)fputs("\r\033[K", stderr);
    progress->drawn = false;
}
