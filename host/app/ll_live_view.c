/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_live_view.h"

#include "host/app/ll_report.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* A snapshot waits at most this long to be drawn; polling costs the hot thread nothing, waking would. */
#define LL_LIVE_POLL_NS      ((long)20000000)
#define LL_LIVE_COLUMNS_MAX  80u
#define LL_LIVE_BAR_CELLS    44u
#define LL_LIVE_HISTORY      60u
#define LL_LIVE_PICTURE_ROWS 17u
/* With the trading half; a lower terminal does without it. */
#define LL_LIVE_TRADING_ROWS (LL_LIVE_PICTURE_ROWS - 2u + LL_TRADING_SHOW_ROWS)
#define LL_LIVE_TEXT_BYTES   8192u

enum ll_live_owner { LL_LIVE_OWNER_HOT, LL_LIVE_OWNER_VIEW };

/* Latencies in rows a person can read; the last one has no upper end. */
static const struct {
    uint64_t below_ns;
    const char *label;
} ll_live_bands[] = {{1000, "     < 1 us"},
                     {10000, "    < 10 us"},
                     {100000, "   < 100 us"},
                     {1000000, "     < 1 ms"},
                     {UINT64_MAX, "    slower "}};
#define LL_LIVE_BANDS (sizeof ll_live_bands / sizeof ll_live_bands[0])

/* What the view's thread keeps from picture to picture. */
struct ll_live_drawing {
    uint64_t last_now_ns;
    uint64_t last_messages;
    uint64_t last_syncs;
    uint64_t last_sync_ns_total;
    uint64_t last_fills;
    uint64_t fills_per_s;
    uint64_t rate_per_s;
    uint64_t peak_per_s; /* highest since the start */
    uint64_t history[LL_LIVE_HISTORY];
    uint32_t history_count;
    bool drawn;
};

struct ll_live_view {
    struct ll_live_view_config config;
    pthread_t thread;
    atomic_bool stopping;
    atomic_int owner; /* of snapshot and of the histogram that is not active */
    struct ll_live_snapshot snapshot;
    struct ll_histogram histogram[2];
    struct ll_histogram wire[2];    /* order to wire; changes hands with the ones above */
    struct ll_histogram wire_whole; /* of the intervals drawn; the view's own */
    uint32_t
        active; /* hot thread: the one being recorded into; the view reads it only while it owns the snapshot */
    bool terminal;
    struct ll_live_drawing drawing;
    char text[LL_LIVE_TEXT_BYTES];
    uint32_t text_bytes;
};

/* --- Text ----------------------------------------------------------------------------------------------- */

static void ll_live_say(struct ll_live_view *view, const char *format, ...) LL_PRINTF(2, 3);

static void ll_live_say(struct ll_live_view *view, const char *format, ...)
{
    va_list args;
    size_t room_bytes = LL_LIVE_TEXT_BYTES - view->text_bytes;
    va_start(args, format);
    int length = vsnprintf(view->text + view->text_bytes, room_bytes, format, args);
    va_end(args);
    if (length > 0)
        view->text_bytes += (size_t)length < room_bytes ? (uint32_t)length : (uint32_t)room_bytes - 1;
}

/* 0..9 by the square root of value / max, so that a quiet second is seen beside a burst. */
static char ll_live_level(uint64_t value, uint64_t max)
{
    static const char levels[] = " .:-=+*#%@";
    uint32_t level = 0;
    if (value == 0 || max == 0)
        return ' ';
    while (level < 9 && (uint64_t)level * level * max < value * 81)
        level++;
    return levels[level];
}

/* --- The picture ---------------------------------------------------------------------------------------- */

static void ll_live_draw_head(struct ll_live_view *view, const struct ll_live_snapshot *now)
{
    uint64_t elapsed_s = now->elapsed_ns / LL_NS_PER_S;
    uint64_t duration_s = view->config.duration_ns / LL_NS_PER_S;
    uint64_t clock_ms = now->clock_ns / LL_NS_PER_MS;
    uint64_t clock_s = clock_ms / 1000;
    char ends[48] = ", Ctrl-C ends it";
    if (duration_s != 0)
        (void)snprintf(ends, sizeof ends, " of %02" PRIu64 ":%02" PRIu64 ", %" PRIu64 " s left",
                       duration_s / 60, duration_s % 60, duration_s > elapsed_s ? duration_s - elapsed_s : 0);
    ll_live_say(view, "lifelined   %s\n", view->config.feed);
    ll_live_say(view, "running     %02" PRIu64 ":%02" PRIu64 "%s", elapsed_s / 60, elapsed_s % 60, ends);
    if (now->clock_ns != 0)
        ll_live_say(view, "    %s clock %02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%03" PRIu64,
                    view->config.clock, clock_s / 3600, clock_s / 60 % 60, clock_s % 60, clock_ms % 1000);
    ll_live_say(view, "\n");
}

static void ll_live_draw_rate(struct ll_live_view *view, const struct ll_live_snapshot *now)
{
    struct ll_live_drawing *drawing = &view->drawing;
    char a[32];
    char b[32];
    char c[32];
    uint64_t elapsed_ms = now->elapsed_ns / LL_NS_PER_MS;
    uint64_t mean = elapsed_ms != 0 ? now->messages * 1000 / elapsed_ms : 0;
    uint64_t max = 0;
    char history[LL_LIVE_HISTORY + 1];
    for (uint32_t i = 0; i < drawing->history_count; i++)
        max = drawing->history[i] > max ? drawing->history[i] : max;
    for (uint32_t i = 0; i < drawing->history_count; i++)
        history[i] = ll_live_level(drawing->history[i], max);
    history[drawing->history_count] = '\0';
    ll_live_say(view, "rate        %s messages/s   mean %s   peak of 10 ms %s\n",
                ll_report_grouped(drawing->rate_per_s, a), ll_report_grouped(mean, b),
                ll_report_grouped(drawing->peak_per_s, c));
    ll_live_say(view, "each second [%-*s]\n", (int)LL_LIVE_HISTORY, history);
}

static void ll_live_draw_counts(struct ll_live_view *view, const struct ll_live_snapshot *now)
{
    char a[32];
    char b[32];
    char c[32];
    char d[32];
    ll_live_say(view, "messages    %s in %s datagrams   duplicates %s   port missed %s\n",
                ll_report_grouped(now->messages, a), ll_report_grouped(now->datagrams, b),
                ll_report_grouped(now->duplicates, c), ll_report_grouped(now->missed, d));
    ll_live_say(view, "books       %s live orders   %s price levels   %s symbols\n",
                ll_report_grouped(now->live_orders, a), ll_report_grouped(now->levels, b),
                ll_report_grouped(now->symbols, c));
    ll_live_say(view, "exceptions  %s   gaps %s with %s messages   open %s",
                ll_report_grouped(now->exceptions, a), ll_report_grouped(now->gaps, b),
                ll_report_grouped(now->messages_lost, c), ll_report_grouped(now->holes_open, d));
    if (now->wrong_session != 0)
        ll_live_say(view, "   other session %s", ll_report_grouped(now->wrong_session, a));
    ll_live_say(view, "\n");
}

static void ll_live_draw_journal(struct ll_live_view *view, const struct ll_live_snapshot *now)
{
    const struct ll_live_drawing *drawing = &view->drawing;
    char a[32];
    char b[32];
    char c[32];
    char d[32];
    uint64_t syncs = now->syncs - drawing->last_syncs;
    uint64_t sync_ns = syncs != 0 ? (now->sync_ns_total - drawing->last_sync_ns_total) / syncs : 0;
    if (!view->config.journal) {
        ll_live_say(view, "journal     none\n");
        return;
    }
    ll_live_say(view, "journal     %s events, %s not yet durable   sync %s   waits %s\n",
                ll_report_grouped(now->records, a), ll_report_grouped(now->records - now->durable, b),
                ll_report_duration(sync_ns, c), ll_report_grouped(now->journal_waits, d));
}

static void ll_live_draw_latency(struct ll_live_view *view, const struct ll_histogram *latency)
{
    char p50[32];
    char p99[32];
    char max[32];
    ll_live_say(view, "latency     ");
    if (latency->count == 0)
        ll_live_say(view, "no message in this second\n");
    else
        ll_live_say(view, "p50 %s   p99 %s   max %s   (%s)\n",
                    ll_report_duration(ll_histogram_percentile(latency, 500000), p50),
                    ll_report_duration(ll_histogram_percentile(latency, 990000), p99),
                    ll_report_duration(latency->max, max),
                    view->config.open_loop ? "from the planned time" : "from receipt");
    uint64_t before = 0;
    for (size_t band = 0; band < LL_LIVE_BANDS; band++) {
        uint64_t below = ll_live_bands[band].below_ns == UINT64_MAX
                             ? latency->count
                             : ll_histogram_count_below(latency, ll_live_bands[band].below_ns);
        uint64_t part = latency->count != 0 ? (below - before) * 1000000 / latency->count : 0;
        char bar[LL_LIVE_BAR_CELLS + 1];
        uint64_t cells = (part * LL_LIVE_BAR_CELLS + 999999) / 1000000;
        memset(bar, '#', cells);
        bar[cells] = '\0';
        ll_live_say(view, "%s |%-*s| %3" PRIu64 ".%" PRIu64 " %%\n", ll_live_bands[band].label,
                    (int)LL_LIVE_BAR_CELLS, bar, part / 10000, part / 1000 % 10);
        before = below;
    }
}

static void ll_live_write(struct ll_live_view *view)
{
    (void)fwrite(view->text, 1, view->text_bytes, stderr);
    (void)fflush(stderr);
    view->text_bytes = 0;
}

/* Sends the picture line by line, cut to the terminal, over the one before. */
static void ll_live_place(struct ll_live_view *view, uint32_t columns)
{
    char *line = view->text;
    uint32_t rows = 0;
    for (uint32_t i = 0; i < view->text_bytes; i++)
        rows += view->text[i] == '\n';
    if (view->drawing.drawn)
        (void)fprintf(stderr, "\033[%uA", rows);
    view->text[view->text_bytes] = '\0';
    while (*line != '\0') {
        char *end = strchr(line, '\n');
        LL_ASSERT(end != NULL);
        *end = '\0';
        (void)fprintf(stderr, "\r%.*s\033[K\n", (int)columns - 1, line);
        line = end + 1;
    }
    (void)fflush(stderr);
    view->drawing.drawn = true;
    view->text_bytes = 0;
}

static struct ll_trading_interval ll_live_trading_interval(const struct ll_live_view *view)
{
    return (struct ll_trading_interval){view->drawing.fills_per_s, &view->wire[view->active ^ 1u],
                                        &view->wire_whole};
}

static void ll_live_draw_trading(struct ll_live_view *view, const struct ll_live_snapshot *now)
{
    const struct ll_trading_interval interval = ll_live_trading_interval(view);
    view->text_bytes += ll_trading_show_picture(&now->trading, &interval, view->text + view->text_bytes,
                                                LL_LIVE_TEXT_BYTES - view->text_bytes);
}

static void ll_live_draw_line(struct ll_live_view *view, const struct ll_live_snapshot *now,
                              const struct ll_histogram *latency)
{
    uint64_t elapsed_ms = now->elapsed_ns / LL_NS_PER_MS;
    ll_live_say(view,
                "elapsed_ms=%" PRIu64 " clock_ns=%" PRIu64 " rate_per_s=%" PRIu64 " mean_per_s=%" PRIu64
                " peak_per_s=%" PRIu64 " messages=%" PRIu64 " datagrams=%" PRIu64 " duplicates=%" PRIu64
                " missed=%" PRIu64 " wrong_session=%" PRIu64,
                elapsed_ms, now->clock_ns, view->drawing.rate_per_s,
                elapsed_ms != 0 ? now->messages * 1000 / elapsed_ms : 0, now->rate_peak_per_s, now->messages,
                now->datagrams, now->duplicates, now->missed, now->wrong_session);
    ll_live_say(view,
                " live_orders=%" PRIu64 " levels=%" PRIu64 " symbols=%" PRIu64 " exceptions=%" PRIu64
                " gaps=%" PRIu64 " lost=%" PRIu64 " open=%" PRIu64,
                now->live_orders, now->levels, now->symbols, now->exceptions, now->gaps, now->messages_lost,
                now->holes_open);
    if (view->config.journal)
        ll_live_say(view, " events=%" PRIu64 " not_durable=%" PRIu64 " waits=%" PRIu64, now->records,
                    now->records - now->durable, now->journal_waits);
    ll_live_say(view, " latency_count=%" PRIu64 " p50_ns=%" PRIu64 " p99_ns=%" PRIu64 " max_ns=%" PRIu64,
                latency->count, ll_histogram_percentile(latency, 500000),
                ll_histogram_percentile(latency, 990000), latency->max);
    if (now->trading.is_trading) {
        const struct ll_trading_interval interval = ll_live_trading_interval(view);
        view->text_bytes += ll_trading_show_line(&now->trading, &interval, view->text + view->text_bytes,
                                                 LL_LIVE_TEXT_BYTES - view->text_bytes);
    }
    view->text_bytes += ll_device_show_line(&now->device, view->text + view->text_bytes,
                                            LL_LIVE_TEXT_BYTES - view->text_bytes);
    ll_live_say(view, "\n");
    ll_live_write(view);
}

static void ll_live_remember(struct ll_live_drawing *drawing, const struct ll_live_snapshot *now)
{
    uint64_t interval_us = (now->now_ns - drawing->last_now_ns) / LL_NS_PER_US;
    drawing->rate_per_s =
        interval_us != 0 ? (now->messages - drawing->last_messages) * 1000000 / interval_us : 0;
    /* What the first picture finds may be older than the run. */
    uint64_t fills = drawing->history_count != 0 ? now->trading.counters.fills - drawing->last_fills : 0;
    drawing->fills_per_s = interval_us != 0 ? fills * 1000000 / interval_us : 0;
    if (now->rate_peak_per_s > drawing->peak_per_s)
        drawing->peak_per_s = now->rate_peak_per_s;
    if (drawing->history_count == LL_LIVE_HISTORY)
        memmove(drawing->history, drawing->history + 1, --drawing->history_count * sizeof(uint64_t));
    drawing->history[drawing->history_count++] = drawing->rate_per_s;
}

static void ll_live_draw(struct ll_live_view *view, const struct ll_histogram *latency)
{
    const struct ll_live_snapshot *now = &view->snapshot;
    struct ll_live_drawing *drawing = &view->drawing;
    struct winsize size = {0};
    bool known = view->terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
    uint32_t device_rows = now->device.is_shown ? LL_DEVICE_SHOW_ROWS : 0;
    uint32_t columns = known && size.ws_col < LL_LIVE_COLUMNS_MAX ? size.ws_col : LL_LIVE_COLUMNS_MAX;
    ll_live_remember(drawing, now);
    /* A terminal lower than the picture would scroll it away each time. */
    if (!view->terminal || (known && size.ws_row < LL_LIVE_PICTURE_ROWS + device_rows)) {
        ll_live_draw_line(view, now, latency);
    } else {
        ll_live_draw_head(view, now);
        ll_live_draw_rate(view, now);
        ll_live_draw_counts(view, now);
        ll_live_draw_journal(view, now);
        view->text_bytes += ll_device_show_picture(&now->device, view->text + view->text_bytes,
                                                   LL_LIVE_TEXT_BYTES - view->text_bytes);
        if (now->trading.is_trading && (!known || size.ws_row >= LL_LIVE_TRADING_ROWS + device_rows))
            ll_live_draw_trading(view, now);
        ll_live_draw_latency(view, latency);
        ll_live_place(view, columns);
    }
    drawing->last_now_ns = now->now_ns;
    drawing->last_messages = now->messages;
    drawing->last_syncs = now->syncs;
    drawing->last_sync_ns_total = now->sync_ns_total;
    drawing->last_fills = now->trading.counters.fills;
}

/* --- The thread ----------------------------------------------------------------------------------------- */

static void *ll_live_main(void *context)
{
    struct ll_live_view *view = context;
    const struct timespec pause = {0, LL_LIVE_POLL_NS};
    for (;;) {
        bool stopping = atomic_load_explicit(&view->stopping, memory_order_acquire);
        if (atomic_load_explicit(&view->owner, memory_order_acquire) == LL_LIVE_OWNER_VIEW) {
            struct ll_histogram *latency = &view->histogram[view->active ^ 1u];
            struct ll_histogram *wire = &view->wire[view->active ^ 1u];
            ll_histogram_add(&view->wire_whole, wire);
            ll_live_draw(view, latency);
            ll_histogram_init(latency);
            ll_histogram_init(wire);
            atomic_store_explicit(&view->owner, LL_LIVE_OWNER_HOT, memory_order_release);
        } else if (stopping) {
            return NULL;
        }
        (void)nanosleep(&pause, NULL);
    }
}

int ll_live_view_start(struct ll_live_view **view_out, const struct ll_live_view_config *config,
                       struct ll_why *why)
{
    struct ll_live_view *view = calloc(1, sizeof *view);
    if (view == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for the live view; --quiet does without");
    view->config = *config;
    view->terminal = isatty(STDERR_FILENO) == 1;
    view->drawing.last_now_ns = ll_clock_mono_ns();
    ll_histogram_init(&view->histogram[0]);
    ll_histogram_init(&view->histogram[1]);
    ll_histogram_init(&view->wire[0]);
    ll_histogram_init(&view->wire[1]);
    ll_histogram_init(&view->wire_whole);
    atomic_init(&view->stopping, false);
    atomic_init(&view->owner, LL_LIVE_OWNER_HOT);
    if (pthread_create(&view->thread, NULL, ll_live_main, view) != 0) {
        free(view);
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "no thread for the live view; --quiet does without");
    }
    (void)pthread_setname_np(view->thread, "ll-view");
    *view_out = view;
    return LL_OK;
}

void ll_live_view_stop(struct ll_live_view *view)
{
    if (view == NULL)
        return;
    atomic_store_explicit(&view->stopping, true, memory_order_release);
    (void)pthread_join(view->thread, NULL);
    free(view);
}

/* --- The hot thread's side ------------------------------------------------------------------------------ */

struct ll_histogram *ll_live_view_interval(struct ll_live_view *view)
{
    return &view->histogram[view->active];
}

struct ll_histogram *ll_live_view_wire_interval(struct ll_live_view *view)
{
    return &view->wire[view->active];
}

struct ll_live_snapshot *ll_live_view_begin(struct ll_live_view *view)
{
    if (atomic_load_explicit(&view->owner, memory_order_acquire) != LL_LIVE_OWNER_HOT)
        return NULL;
    return &view->snapshot;
}

void ll_live_view_publish(struct ll_live_view *view)
{
    LL_ASSERT(atomic_load_explicit(&view->owner, memory_order_relaxed) == LL_LIVE_OWNER_HOT);
    view->active ^= 1u;
    atomic_store_explicit(&view->owner, LL_LIVE_OWNER_VIEW, memory_order_release);
}
