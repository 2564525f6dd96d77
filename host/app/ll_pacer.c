/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_pacer.h"

#include "host/app/ll_stop.h"
#include "host/base/ll_clock.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

/* The kernel wakes a sleeper late by some tens of microseconds: sleep short of the time, spin the rest. */
#define LL_PACER_SPIN_NS      ((uint64_t)300000)
#define LL_PACER_SLEEP_NS_MAX ((uint64_t)100000000) /* so that a stop is seen within 0.1 s */
/* 200 days: times 1000 this still fits 64 bits. */
#define LL_PACER_FEED_NS_MAX ((uint64_t)200 * 86400 * LL_NS_PER_S)
#define LL_SPEED_MILLI_MAX   ((uint64_t)1000000000000)

void ll_pacer_init(struct ll_pacer *pacer, uint64_t speed_milli)
{
    memset(pacer, 0, sizeof *pacer);
    pacer->speed_milli = speed_milli;
}

static void ll_pacer_sleep(uint64_t sleep_ns)
{
    if (sleep_ns > LL_PACER_SLEEP_NS_MAX)
        sleep_ns = LL_PACER_SLEEP_NS_MAX;
    struct timespec time = {(time_t)(sleep_ns / LL_NS_PER_S), (long)(sleep_ns % LL_NS_PER_S)};
    (void)nanosleep(&time, NULL);
}

uint64_t ll_pacer_planned(struct ll_pacer *pacer, uint64_t feed_ns, uint64_t now_ns)
{
    if (pacer->speed_milli == 0)
        return now_ns;
    if (!pacer->started) {
        pacer->started = true;
        pacer->start_mono_ns = now_ns;
        pacer->start_feed_ns = feed_ns;
    }
    /* Feed time may go back a little between lines: that is due at once. */
    uint64_t feed_elapsed_ns = feed_ns > pacer->start_feed_ns ? feed_ns - pacer->start_feed_ns : 0;
    if (feed_elapsed_ns > LL_PACER_FEED_NS_MAX)
        feed_elapsed_ns = LL_PACER_FEED_NS_MAX;
    return pacer->start_mono_ns + feed_elapsed_ns * 1000u / pacer->speed_milli;
}

void ll_pacer_sleep_towards(uint64_t planned_ns, uint64_t now_ns)
{
    if (planned_ns > now_ns && planned_ns - now_ns > 2 * LL_PACER_SPIN_NS)
        ll_pacer_sleep(planned_ns - now_ns - LL_PACER_SPIN_NS);
}

uint64_t ll_pacer_wait(struct ll_pacer *pacer, uint64_t feed_ns)
{
    uint64_t now_ns = ll_clock_mono_ns();
    uint64_t planned_ns = ll_pacer_planned(pacer, feed_ns, now_ns);
    while (now_ns < planned_ns && !ll_stop_requested()) {
        ll_pacer_sleep_towards(planned_ns, now_ns);
        now_ns = ll_clock_mono_ns();
    }
    return planned_ns;
}

/* Digits with up to three decimals, in thousandths; *at ends behind them. 0 = none, or too large. */
static uint64_t ll_pacer_parse_milli(const char **at)
{
    uint64_t milli = 0;
    int decimals = -1;
    for (; isdigit((unsigned char)**at) || (**at == '.' && decimals < 0); ++*at) {
        if (**at == '.') {
            decimals = 0;
            continue;
        }
        if (decimals == 3 || milli > LL_SPEED_MILLI_MAX / 10)
            return 0;
        milli = milli * 10 + (uint64_t)(**at - '0');
        decimals += decimals >= 0;
    }
    for (int i = decimals < 0 ? 0 : decimals; i < 3; i++)
        milli *= 10;
    return milli <= LL_SPEED_MILLI_MAX ? milli : 0;
}

int ll_pacer_parse_speed(const char *text, uint64_t *speed_milli, struct ll_why *why)
{
    if (strcmp(text, "max") == 0) {
        *speed_milli = 0;
        return LL_OK;
    }
    if (strcmp(text, "real") == 0) {
        *speed_milli = 1000;
        return LL_OK;
    }
    const char *at = text;
    uint64_t milli = ll_pacer_parse_milli(&at);
    if (milli == 0 || strcmp(at, "x") != 0)
        return LL_FAIL(why, LL_ERR_USAGE, "--speed '%s': give max, real, or a factor such as 2x or 0.5x",
                       text);
    *speed_milli = milli;
    return LL_OK;
}
