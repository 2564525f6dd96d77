/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/device/ll_conf.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"

#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define START_TIMEOUT_NS ((uint64_t)120 * LL_NS_PER_S)
#define WAIT_NS          ((uint64_t)60 * LL_NS_PER_S)

void ll_conf_fail(struct ll_conf *conf, const char *format, ...)
{
    va_list arguments;
    if (conf->failed)
        return;
    conf->failed = true;
    va_start(arguments, format);
    (void)vsnprintf(conf->text, sizeof conf->text, format, arguments);
    va_end(arguments);
}

void ll_conf_wait(struct ll_conf *conf, uint64_t *since_ns)
{
    struct ll_why why = {0};
    uint64_t now_ns = ll_clock_mono_ns();
    if (*since_ns == 0)
        *since_ns = now_ns;
    if (now_ns - *since_ns > WAIT_NS)
        ll_conf_fail(conf, "nothing came within %" PRIu64 " s", WAIT_NS / LL_NS_PER_S);
    if (ll_device_status(conf->device, &why) != LL_OK)
        ll_conf_fail(conf, "the device stopped: %s", why.text);
    (void)sched_yield();
}

void ll_conf_seen(struct ll_conf *conf, void *bytes)
{
    struct ll_conf_section *section = &conf->section[conf->section_count - 1];
    uint8_t *byte = bytes;
    if (++conf->operations == conf->options->canary)
        byte[conf->operations % sizeof(struct ll_result)] ^= 4;
    section->operations++;
}

void ll_conf_digest(struct ll_conf *conf, const void *bytes, const uint32_t *epoch)
{
    struct ll_conf_section *section = &conf->section[conf->section_count - 1];
    uint8_t copy[sizeof(struct ll_result)];
    memcpy(copy, bytes, sizeof copy);
    memset(copy + ((const uint8_t *)epoch - (const uint8_t *)bytes), 0, sizeof *epoch);
    section->digest = XXH3_64bits_withSeed(copy, sizeof copy, section->digest);
}

void ll_conf_case(struct ll_conf *conf)
{
    conf->section[conf->section_count - 1].cases++;
}

/* --- Open and close --------------------------------------------------------------------------------------- */

void ll_conf_open(struct ll_conf *conf, const struct ll_conf_tables *tables)
{
    struct ll_device_config config;
    struct ll_why why = {0};
    if (conf->failed)
        return;
    ll_device_config_default(&config);
    config.name = conf->options->device;
    config.mode = strcmp(conf->options->mode, "batch") == 0 ? LL_DEVICE_BATCH : LL_DEVICE_RESIDENT;
    config.book = tables->book;
    config.life = tables->life;
    config.batch = tables->batch;
    config.verify = tables->verify;
    config.must_start = true;
    config.on_loss = LL_DEVICE_LOSS_STOP; /* a fall back would hide what is to be seen here */
    config.start_timeout_ns = START_TIMEOUT_NS;
    config.program = conf->options->program;
    config.binary = conf->options->binary;
    if (ll_device_open(&conf->device, &config, &why) != LL_OK) {
        conf->device = NULL;
        ll_conf_fail(conf, "%s: the device does not open: %s", tables->name, why.text);
        return;
    }
    conf->tables = tables;
    conf->is_attached = false;
    conf->updates_done = 0;
    conf->asks_done = 0;
    conf->book =
        (struct ll_book_pair){.config = {.book_count = (uint32_t)tables->book.books, .epoch = tables->epoch},
                              .book = *ll_device_book(conf->device)};
    conf->book.book.control->epoch = tables->epoch;
    ll_naive_book_init(&conf->book.naive);
    ll_conf_life_open(conf);
}

void ll_conf_attach(struct ll_conf *conf)
{
    struct ll_why why = {0};
    if (conf->failed)
        return;
    if (ll_device_standing(conf->device) != LL_DEVICE_HERE)
        ll_conf_fail(conf, "%s: it does not stand here before attach", conf->tables->name);
    if (ll_device_attach(conf->device, &why) != LL_OK)
        ll_conf_fail(conf, "%s: the device does not attach: %s", conf->tables->name, why.text);
    if (strcmp(conf->options->device, "cpu") != 0) { /* it was loaded */
        conf->book.config.epoch++;
        conf->life.epoch++;
    }
    conf->is_attached = true;
    conf->attached_at = conf->updates_done + conf->asks_done;
    (void)snprintf(conf->describe, sizeof conf->describe, "%s", ll_device_describe(conf->device));
}

/* A device that was lost may still give right answers: those of the mirror. */
static void check_standing(struct ll_conf *conf)
{
    const struct ll_device_counters *counters = ll_device_counters(conf->device);
    struct ll_why why = {0};
    bool is_cpu = strcmp(conf->options->device, "cpu") == 0;
    enum ll_device_standing standing = ll_device_standing(conf->device);
    uint64_t operations = conf->updates_done + conf->asks_done;
    if (ll_device_status(conf->device, &why) != LL_OK || counters->losses != 0)
        ll_conf_fail(conf, "the device was lost: %s", why.text);
    if (standing != (conf->is_attached && !is_cpu ? LL_DEVICE_THERE : LL_DEVICE_HERE))
        ll_conf_fail(conf, "it stands at %d", (int)standing);
    if (counters->updates != conf->updates_done || counters->asks != conf->asks_done)
        ll_conf_fail(conf,
                     "%" PRIu64 " updates and %" PRIu64 " asks counted, %" PRIu64 " and %" PRIu64 " made",
                     counters->updates, counters->asks, conf->updates_done, conf->asks_done);
    if (conf->is_attached && !is_cpu && counters->device_answers < operations - conf->attached_at)
        ll_conf_fail(conf, "the device answered %" PRIu64 " times, %" PRIu64 " were asked",
                     counters->device_answers, operations - conf->attached_at);
}

static void check_hashes(struct ll_conf *conf, struct ll_conf_section *section)
{
    struct ll_why why = {0};
    const struct ll_book_memory *book = ll_device_book(conf->device);
    const struct ll_life_memory *life = ll_device_life(conf->device);
    bool has_life = conf->tables->life.ids != 0;
    uint64_t book_hash = ll_conf_book_hash(conf);
    uint64_t life_hash = has_life ? ll_conf_life_hash(conf) : 0;
    uint64_t mirror = ll_book_memory_hash(book);
    if (mirror != book_hash)
        ll_conf_fail(conf, "state hash of the book: mirror %016" PRIx64 ", naive %016" PRIx64, mirror,
                     book_hash);
    mirror = has_life ? ll_life_memory_hash(life) : 0;
    if (mirror != life_hash)
        ll_conf_fail(conf, "state hash of the orders: mirror %016" PRIx64 ", naive %016" PRIx64, mirror,
                     life_hash);
    if (ll_book_memory_check(book, &why) != LL_OK || (has_life && ll_life_memory_check(life, &why) != LL_OK))
        ll_conf_fail(conf, "the mirror is not sound: %s", why.text);
    if (ll_device_hash(conf->device, &section->book_hash, &section->life_hash, &why) != LL_OK)
        ll_conf_fail(conf, "the device gives no state hash: %s", why.text);
    if (!has_life)
        section->life_hash = 0;
    if (section->book_hash != book_hash || section->life_hash != life_hash)
        ll_conf_fail(
            conf, "state hash of the device %016" PRIx64 " %016" PRIx64 ", naive %016" PRIx64 " %016" PRIx64,
            section->book_hash, section->life_hash, book_hash, life_hash);
}

void ll_conf_close(struct ll_conf *conf)
{
    struct ll_why why = {0};
    if (conf->device == NULL)
        return;
    if (!conf->failed && ll_device_compare(conf->device, &why) != LL_OK)
        ll_conf_fail(conf, "%s: tables of the device: %s", conf->tables->name, why.text);
    ll_device_close(conf->device);
    conf->device = NULL;
    conf->full_orders += conf->book.table_full_orders;
    conf->full_levels += conf->book.table_full_levels;
    conf->full_chains += conf->life.chains_full;
    ll_naive_book_deinit(conf->book.naive);
    ll_conf_life_close(conf);
}

/* --- Sections --------------------------------------------------------------------------------------------- */

bool ll_conf_section_begin(struct ll_conf *conf, const char *name)
{
    if (conf->failed)
        return false;
    LL_ASSERT(conf->section_count < LL_CONF_SECTIONS_MAX);
    conf->section[conf->section_count++] =
        (struct ll_conf_section){.tables = conf->tables->name, .name = name, .start_ns = ll_clock_mono_ns()};
    ll_prng_init(&conf->prng, conf->options->seed);
    conf->prng.state ^= ll_prng_next(&conf->prng) * conf->section_count;
    ll_prng_init(&conf->sizes, conf->prng.state);
    conf->submit_max = LL_CONF_SUBMIT_MAX;
    conf->ask_max = LL_CONF_ASKS_MAX;
    return true;
}

void ll_conf_section_end(struct ll_conf *conf)
{
    struct ll_conf_section *section = &conf->section[conf->section_count - 1];
    ll_conf_updates_flush(conf);
    ll_conf_asks_flush(conf);
    if (!conf->failed)
        check_standing(conf);
    if (!conf->failed)
        check_hashes(conf, section);
    if (!conf->failed && section->cases == 0)
        ll_conf_fail(conf, "no case in this section");
    section->took_ns = ll_clock_mono_ns() - section->start_ns;
    if (conf->failed || conf->options->is_json)
        return;
    printf("section %-8s %-18s cases %7" PRIu64 " operations %8" PRIu64 " results %016" PRIx64
           " book %016" PRIx64 " life %016" PRIx64 "\n",
           section->tables, section->name, section->cases, section->operations, section->digest,
           section->book_hash, section->life_hash);
    (void)fflush(stdout);
}
