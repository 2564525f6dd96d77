/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of many operations: random scripts of both halves, both in turns, before attach, and the real hour. */
#include "host/provider/ll_binary_file.h"
#include "host/wire/ll_itch50_update.h"
#include "tests/device/ll_conf.h"
#include "tests/model/ll_book_script.h"
#include "tests/model/ll_life_script.h"

#include <string.h>

#define LANES      4u
#define LANE_BOOKS 50u /* more than any shape has */
#define BURST_MAX  12u

/* --- Updates ---------------------------------------------------------------------------------------------- */

/* A script under way in books of its own; its references carry its salt. */
struct book_lane {
    struct ll_book_script script;
    uint32_t left;
    uint64_t salt;
    uint64_t refs[LL_BOOK_SCRIPT_MESSAGES_MAX]; /* that may live when it ends */
    uint32_t ref_count;
};

struct book_run {
    struct book_lane lane[LANES];
    uint64_t scripts;
};

static void book_lane_start(struct ll_conf *conf, struct book_run *run, struct book_lane *lane)
{
    const struct ll_book_shape *shape = &ll_book_shapes[run->scripts % LL_BOOK_SHAPE_COUNT];
    ll_conf_case(conf);
    ll_book_script_init(&lane->script, shape, ll_prng_next(&conf->prng));
    lane->salt = run->scripts++ << 40;
    lane->left = shape->messages;
    lane->ref_count = 0;
}

static void book_lane_next(struct ll_conf *conf, struct book_lane *lane, uint32_t number)
{
    struct ll_update update;
    ll_book_script_next(&lane->script, &update);
    update.ref ^= lane->salt;
    update.new_ref ^= lane->salt;
    if (update.book < LANE_BOOKS)
        update.book += number * LANE_BOOKS;
    if (update.op == LL_OP_ADD || update.op == LL_OP_REPLACE)
        lane->refs[lane->ref_count++] = update.op == LL_OP_ADD ? update.ref : update.new_ref;
    ll_conf_update(conf, &update);
    lane->left--;
}

/* What a script leaves alive goes, so that the next one finds its books empty. */
static uint32_t book_lane_drain(struct ll_conf *conf, struct book_lane *lane)
{
    struct ll_naive_order order;
    uint32_t count = 0;
    ll_conf_updates_flush(conf);
    for (uint32_t i = 0; i < lane->ref_count && !conf->failed; i++) {
        struct ll_update update = {.op = LL_OP_DELETE, .ref = lane->refs[i]};
        if (!ll_naive_book_find(conf->book.naive, update.ref, &order))
            continue;
        update.book = order.book;
        ll_conf_update(conf, &update);
        count++;
    }
    lane->ref_count = 0;
    return count;
}

static void book_run(struct ll_conf *conf, uint64_t operations)
{
    static struct book_run run;
    memset(&run, 0, sizeof run);
    for (uint32_t i = 0; i < LANES; i++)
        book_lane_start(conf, &run, &run.lane[i]);
    for (uint64_t done = 0; done < operations && !conf->failed;) {
        uint32_t number = ll_prng_below(&conf->prng, LANES);
        struct book_lane *lane = &run.lane[number];
        uint32_t burst = 1 + ll_prng_below(&conf->prng, BURST_MAX);
        for (; burst != 0 && lane->left != 0; burst--, done++)
            book_lane_next(conf, lane, number);
        if (lane->left == 0) {
            done += book_lane_drain(conf, lane);
            book_lane_start(conf, &run, lane);
        }
    }
    ll_conf_updates_flush(conf);
}

void ll_conf_book_random(struct ll_conf *conf)
{
    if (!ll_conf_section_begin(conf, "book random"))
        return;
    conf->submit_max = LL_CONF_STREAM;
    book_run(conf, conf->options->random);
    ll_conf_section_end(conf);
}

/* --- Asks ------------------------------------------------------------------------------------------------- */

/* A script under way in a shard of its own. */
struct life_lane {
    struct ll_life_script script;
    struct ll_conf_shard *shard;
    uint32_t left;
};

struct life_run {
    struct life_lane lane[LANES];
    uint64_t scripts;
};

static void life_lane_start(struct ll_conf *conf, struct life_run *run, struct life_lane *lane)
{
    const struct ll_life_shape *shape = &ll_life_shapes[run->scripts++ % LL_LIFE_SHAPE_COUNT];
    ll_conf_case(conf);
    ll_life_script_init(&lane->script, shape, ll_prng_next(&conf->prng));
    lane->left = shape->asks;
    /* Not half of the asks bring an identifier; where some more do, the numbers run out. */
    lane->shard = ll_conf_shard_open(conf, shape->config.order_count, shape->asks / 2);
}

static void life_run(struct ll_conf *conf, uint64_t operations)
{
    static struct life_run run;
    struct ll_life_ask ask;
    memset(&run, 0, sizeof run);
    for (uint32_t i = 0; i < LANES; i++)
        life_lane_start(conf, &run, &run.lane[i]);
    for (uint64_t done = 0; done < operations && !conf->failed;) {
        struct life_lane *lane = &run.lane[ll_prng_below(&conf->prng, LANES)];
        uint32_t burst = 1 + ll_prng_below(&conf->prng, BURST_MAX);
        for (; burst != 0 && lane->left != 0; burst--, lane->left--, done++) {
            ll_life_script_next(&lane->script, &ask);
            ll_conf_ask(conf, lane->shard, &ask);
        }
        if (lane->left == 0) {
            ll_conf_shard_close(conf, lane->shard);
            life_lane_start(conf, &run, lane);
        }
    }
    for (uint32_t i = 0; i < LANES; i++)
        ll_conf_shard_close(conf, run.lane[i].shard);
}

void ll_conf_life_random(struct ll_conf *conf)
{
    if (!ll_conf_section_begin(conf, "life random"))
        return;
    life_run(conf, conf->options->random);
    ll_conf_section_end(conf);
}

/* --- Both ------------------------------------------------------------------------------------------------- */

static void turns(struct ll_conf *conf, uint32_t count)
{
    static struct ll_book_script book;
    static struct ll_life_script life;
    static const uint32_t sizes[] = {1, 2, 16, 64, 65, 256};
    const struct ll_life_shape *shape = &ll_life_shapes[2];
    struct ll_conf_shard *shard = ll_conf_shard_open(conf, shape->config.order_count, count * 80);
    struct ll_update update;
    struct ll_life_ask ask;
    ll_book_script_init(&book, &ll_book_shapes[10], ll_prng_next(&conf->prng));
    ll_life_script_init(&life, shape, ll_prng_next(&conf->prng));
    for (uint32_t turn = 0; turn < count && !conf->failed; turn++) {
        ll_conf_case(conf);
        for (uint32_t i = sizes[ll_prng_below(&conf->prng, 6)]; i != 0; i--) {
            ll_book_script_next(&book, &update);
            ll_conf_update(conf, &update);
        }
        ll_conf_updates_flush(conf);
        for (uint32_t i = sizes[ll_prng_below(&conf->prng, 6)]; i != 0; i--) {
            ll_life_script_next(&life, &ask);
            ll_conf_ask(conf, shard, &ask);
        }
        ll_conf_asks_flush(conf);
    }
    ll_conf_shard_close(conf, shard);
}

void ll_conf_interleaved(struct ll_conf *conf)
{
    if (!ll_conf_section_begin(conf, "interleaved"))
        return;
    turns(conf, 100);
    ll_conf_section_end(conf);
}

void ll_conf_preload(struct ll_conf *conf)
{
    if (!ll_conf_section_begin(conf, "before attach"))
        return;
    book_run(conf, 30000);
    life_run(conf, 10000);
    turns(conf, 30);
    ll_conf_section_end(conf);
    ll_conf_attach(conf);
    if (!ll_conf_section_begin(conf, "after attach"))
        return;
    turns(conf, 30);
    book_run(conf, 30000);
    life_run(conf, 10000);
    ll_conf_section_end(conf);
}

/* --- The real hour ---------------------------------------------------------------------------------------- */

void ll_conf_hour(struct ll_conf *conf)
{
    struct ll_binary_file file;
    struct ll_why why = {0};
    const uint8_t *message;
    uint32_t bytes_count;
    int status = LL_OK;
    if (conf->options->hour == NULL || !ll_conf_section_begin(conf, "hour"))
        return;
    if (ll_binary_file_open(&file, conf->options->hour, &why) != LL_OK) {
        ll_conf_fail(conf, "%s", why.text);
        return;
    }
    conf->submit_max = LL_CONF_STREAM;
    ll_conf_case(conf);
    while (!conf->failed && (status = ll_binary_file_next(&file, &message, &bytes_count, &why)) == LL_OK) {
        struct ll_update update;
        uint8_t readable[64] = {0};
        memcpy(readable, message, bytes_count < sizeof readable ? bytes_count : sizeof readable);
        (void)ll_itch50_update(readable, bytes_count, 0, &update);
        ll_conf_update(conf, &update);
    }
    ll_binary_file_close(&file);
    if (status != LL_ERR_SHORT)
        ll_conf_fail(conf, "%s: %s", conf->options->hour, why.text);
    ll_conf_section_end(conf);
}
