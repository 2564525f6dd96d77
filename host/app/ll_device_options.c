/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_device_options.h"

#include "host/app/ll_stop.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Words of the options, by the enum's number. */
static const char *const ll_device_mode_words[] = {"resident", "batch"};
static const char *const ll_device_loss_words[] = {"cpu", "reload", "stop"};

static uint32_t ll_device_word_number(const char *const *words, uint32_t count, const char *word)
{
    uint32_t number = 0;
    while (number + 1 < count && strcmp(words[number], word) != 0)
        number++;
    return number;
}

void ll_device_options_default(struct ll_device_options *options)
{
    struct ll_device_config config;
    ll_device_config_default(&config);
    *options = (struct ll_device_options){.name = "cpu",
                                          .mode = ll_device_mode_words[config.mode],
                                          .verify = config.verify,
                                          .loss = ll_device_loss_words[config.on_loss],
                                          .start = config.must_start ? "must" : "may",
                                          .watchdog_ns = config.watchdog_ns,
                                          .binary = config.binary,
                                          .launch_batch = config.batch_max,
                                          .launch_close_ns = config.batch_close_ns};
}

/* What became of the device, with the time: it happens in the middle of the day. */
static void ll_device_note(void *context, const char *sentence)
{
    uint64_t now_ns = ll_clock_utc_ns();
    time_t now_s = (time_t)(now_ns / LL_NS_PER_S);
    struct tm now;
    char stamp[32];
    (void)context;
    (void)gmtime_r(&now_s, &now);
    (void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &now);
    (void)fprintf(stderr, "lifeline: %s.%03uZ device: %s\n", stamp, (unsigned)(now_ns / LL_NS_PER_MS % 1000),
                  sentence);
}

static bool ll_device_is_stopped(void *context)
{
    (void)context;
    return ll_stop_requested();
}

bool ll_device_options_was_stopped(int status)
{
    return status == LL_ERR_STOPPED && ll_stop_requested();
}

void ll_device_options_config(const struct ll_device_options *options, struct ll_device_config *config)
{
    config->name = options->name;
    config->mode = (enum ll_device_mode)ll_device_word_number(ll_device_mode_words, 2, options->mode);
    config->verify = options->verify;
    config->on_loss = (enum ll_device_loss)ll_device_word_number(ll_device_loss_words, 3, options->loss);
    config->must_start = strcmp(options->start, "must") == 0;
    config->watchdog_ns = options->watchdog_ns;
    config->binary = options->binary;
    config->note = ll_device_note;
    config->give_up = ll_device_is_stopped;
    config->batch_max = (uint32_t)options->launch_batch;
    config->batch_close_ns = options->launch_close_ns;
}
