/* SPDX-License-Identifier: Apache-2.0 */
#include "hls/ll_life.h"
#include "hls/ll_state_hash.h"
#include "host/base/ll_assert.h"
#include "tests/device/ll_conf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define POISON 0xa5

void ll_conf_life_open(struct ll_conf *conf)
{
    struct ll_conf_life *life = &conf->life;
    free(life->homes);
    memset(life, 0, sizeof *life);
    if (conf->tables->life.ids == 0)
        return;
    struct ll_life_control *control = ll_device_life(conf->device)->control;
    control->epoch = conf->tables->epoch;
    life->epoch = conf->tables->epoch;
    life->bucket_count = control->bucket_count;
    life->overflow_count = control->overflow_count;
    life->hash_seed = control->hash_seed;
    life->order_count = (uint32_t)conf->tables->life.orders;
    life->id_count = (uint32_t)conf->tables->life.ids;
    life->homes = calloc(life->bucket_count, sizeof *life->homes);
    LL_ASSERT(life->homes != NULL);
}

void ll_conf_life_close(struct ll_conf *conf)
{
    for (uint32_t i = 0; i < LL_CONF_SHARDS_MAX; i++)
        if (conf->life.shard[i].is_open)
            ll_naive_life_deinit(&conf->life.shard[i].naive);
    free(conf->life.homes);
    conf->life.homes = NULL;
}

/* --- Shards ----------------------------------------------------------------------------------------------- */

struct ll_conf_shard *ll_conf_shard_open(struct ll_conf *conf, uint32_t orders, uint32_t ids)
{
    struct ll_conf_life *life = &conf->life;
    struct ll_conf_shard *shard = life->shard;
    while (shard->is_open)
        shard++;
    LL_ASSERT(shard < life->shard + LL_CONF_SHARDS_MAX);
    LL_ASSERT(orders <= life->order_count - life->orders_given && ids <= life->id_count - life->ids_given);
    shard->is_open = true;
    shard->is_closing = false;
    shard->order_base = life->orders_given;
    shard->id_base = life->ids_given;
    shard->salt = life->shards_opened++ << 32;
    life->orders_given += orders;
    life->ids_given += ids;
    ll_naive_life_init(&shard->naive, ids, orders, life->epoch);
    return shard;
}

/* A shard's number as the tables' one. */
static uint32_t number_of(uint32_t local, uint32_t base, uint32_t local_count, uint32_t count)
{
    if (local < local_count)
        return base + local;
    uint32_t beyond = local - local_count;
    return local == LL_LIFE_NONE || beyond > LL_LIFE_NONE - count ? LL_LIFE_NONE : count + beyond;
}

static uint32_t order_of(const struct ll_conf *conf, const struct ll_conf_shard *shard, uint32_t local)
{
    return number_of(local, shard->order_base, shard->naive.order_count, conf->life.order_count);
}

static uint32_t id_of(const struct ll_conf *conf, const struct ll_conf_shard *shard, uint32_t local)
{
    return number_of(local, shard->id_base, shard->naive.id_count, conf->life.id_count);
}

/* A key of zeros is no key, whosever. */
static uint64_t salted(const struct ll_conf_shard *shard, const uint64_t key[2])
{
    return key[0] == 0 && key[1] == 0 ? 0 : key[1] ^ shard->salt;
}

uint32_t ll_conf_home(const struct ll_conf *conf, const struct ll_conf_shard *shard, const uint64_t key[2])
{
    return ll_life_bucket_of(key[0], salted(shard, key), conf->life.hash_seed, conf->life.bucket_count);
}

/* --- The state hash of the naive model -------------------------------------------------------------------- */

static uint64_t id_hash(const struct ll_conf *conf, const struct ll_conf_shard *shard, uint32_t number)
{
    const struct ll_naive_life_id *id = &shard->naive.ids[number];
    struct ll_life_bucket bucket = {.link = 1u << LL_LIFE_USED_SHIFT};
    bucket.key[0][0] = id->key[0];
    bucket.key[0][1] = salted(shard, id->key);
    bucket.id[0] = id_of(conf, shard, number);
    bucket.order[0] = order_of(conf, shard, id->order);
    bucket.rest[0] = id->type == LL_ID_EXECUTION ? id->quantity : id_of(conf, shard, id->replaced_by);
    bucket.type[0] = (uint8_t)id->type;
    bucket.status[0] = (uint8_t)(id->status | (id->is_request ? LL_LIFE_REQUEST << LL_LIFE_FLAG_SHIFT : 0u));
    return ll_state_hash_ids(&bucket, 0, 1);
}

/* The items of ll_state_hash_life_orders, which takes the number from where an order lies. */
static uint64_t order_hash(const struct ll_conf *conf, const struct ll_conf_shard *shard, uint32_t number,
                           const uint32_t active[LL_LIFE_SLOTS])
{
    const struct ll_naive_life_order *order = &shard->naive.orders[number];
    uint64_t place = order_of(conf, shard, number);
    uint64_t flags = order->is_acked ? LL_STANDING_ACKED : 0;
    uint64_t hash = ll_state_mix(LL_STATE_LIFE_ORDER, place << 32 | order->quantity);
    hash = ll_state_mix(hash, (uint64_t)order->leaves << 32 | order->cumulative);
    hash = ll_state_mix(hash, (uint64_t)order->state << 8 | flags);
    for (uint32_t type = 0; type < LL_LIFE_SLOTS; type++)
        hash = ll_state_mix(hash, id_of(conf, shard, active[type]));
    return hash;
}

static uint64_t shard_hash(const struct ll_conf *conf, const struct ll_conf_shard *shard)
{
    const struct ll_naive_life *naive = &shard->naive;
    uint32_t active[LL_LIFE_SLOTS];
    uint64_t sum = 0;
    for (uint32_t number = 0; number < naive->id_count; number++)
        sum += naive->ids[number].is_used ? id_hash(conf, shard, number) : 0;
    for (uint32_t number = 0; number < naive->order_count; number++) {
        if (!naive->orders[number].is_open)
            continue;
        for (uint32_t type = 0; type < LL_LIFE_SLOTS; type++)
            active[type] = ll_naive_life_active(naive, number, type);
        sum += order_hash(conf, shard, number, active);
    }
    return sum;
}

/* Those that are to be closed, when none of their asks is out any more. */
static void close_shards(struct ll_conf *conf)
{
    for (uint32_t i = 0; i < LL_CONF_SHARDS_MAX; i++) {
        struct ll_conf_shard *shard = &conf->life.shard[i];
        if (!shard->is_open || !shard->is_closing)
            continue;
        conf->life.closed_hash += shard_hash(conf, shard);
        ll_naive_life_deinit(&shard->naive);
        shard->is_open = false;
    }
}

void ll_conf_shard_close(struct ll_conf *conf, struct ll_conf_shard *shard)
{
    shard->is_closing = true;
    if (conf->life.pending == 0 || conf->failed)
        close_shards(conf);
}

uint64_t ll_conf_life_hash(const struct ll_conf *conf)
{
    uint64_t sum = conf->life.closed_hash;
    for (uint32_t i = 0; i < LL_CONF_SHARDS_MAX; i++)
        if (conf->life.shard[i].is_open)
            sum += shard_hash(conf, &conf->life.shard[i]);
    return sum;
}

/* --- Asks ------------------------------------------------------------------------------------------------- */

/* The key that an ask would add, and the shard's number for it. */
static const uint64_t *added_key(const struct ll_life_ask *ask, uint32_t *number)
{
    bool is_second = ask->op == LL_LIFE_OP_FILL || ask->op == LL_LIFE_OP_REPLACE;
    *number = is_second ? ask->new_id : ask->id;
    return is_second ? ask->new_key : ask->key;
}

static bool is_used(const struct ll_conf_shard *shard, uint32_t number)
{
    return number < shard->naive.id_count && shard->naive.ids[number].is_used;
}

/* Two keys to a bucket, LL_LIFE_CHAIN_MAX buckets to a chain; the first is not an overflow bucket. */
static bool has_no_room(const struct ll_conf_life *life, uint32_t home)
{
    uint32_t keys = life->homes[home];
    return keys == LL_LIFE_CHAIN_MAX * LL_LIFE_WAYS ||
           (keys != 0 && keys % LL_LIFE_WAYS == 0 && life->overflow_used == life->overflow_count);
}

static void expect(struct ll_conf *conf, struct ll_conf_shard *shard, const struct ll_life_ask *ask,
                   struct ll_life_answer *want)
{
    struct ll_conf_life *life = &conf->life;
    uint32_t number;
    const uint64_t *key = added_key(ask, &number);
    uint32_t home = ll_conf_home(conf, shard, key);
    bool no_room = has_no_room(life, home);
    bool was_used = is_used(shard, number);
    ll_naive_life_ask(&shard->naive, ask, no_room, want);
    if (!was_used && is_used(shard, number)) {
        life->overflow_used += life->homes[home] != 0 && life->homes[home] % LL_LIFE_WAYS == 0;
        life->homes[home]++;
    }
    if (want->verdict == LL_VERDICT_TABLE_FULL && no_room && number < shard->naive.id_count)
        life->chains_full++;
    want->order = order_of(conf, shard, want->order);
    want->other_order = order_of(conf, shard, want->other_order);
    want->id = id_of(conf, shard, want->id);
    want->previous = id_of(conf, shard, want->previous);
}

/* Where two answers differ, field by field. */
static void differ(struct ll_conf *conf, const struct ll_life_ask *ask, const struct ll_life_answer *got,
                   const struct ll_life_answer *want)
{
    ll_conf_fail(
        conf,
        "operation %" PRIu64 ": ask op %u key %" PRIx64 " %" PRIx64 " new %" PRIx64 " order %u id %u "
        "new_id %u quantity %u type %u status %u: verdict %u/%u state %u>%u/%u>%u type %u/%u status "
        "%u/%u flags %u/%u event %u/%u order %u/%u id %u/%u previous %u/%u booked %u/%u quantity "
        "%u/%u leaves %u/%u cumulative %u/%u other %u/%u epoch %u/%u seq %" PRIx64 "/%" PRIx64
        " (device/naive)",
        conf->operations, ask->op, ask->key[0], ask->key[1], ask->new_key[0], ask->order, ask->id,
        ask->new_id, ask->quantity, ask->type, ask->status, got->verdict, want->verdict, got->state_before,
        got->state_after, want->state_before, want->state_after, got->type, want->type, got->status,
        want->status, got->flags, want->flags, got->event, want->event, got->order, want->order, got->id,
        want->id, got->previous, want->previous, got->booked, want->booked, got->quantity, want->quantity,
        got->leaves, want->leaves, got->cumulative, want->cumulative, got->other_order, want->other_order,
        got->epoch, want->epoch, got->seq, want->seq);
}

static void check_answer(struct ll_conf *conf, uint32_t at)
{
    struct ll_conf_life *life = &conf->life;
    struct ll_life_answer want;
    struct ll_life_answer *got = &life->answers[at];
    ll_conf_seen(conf, got);
    conf->asks_done++;
    expect(conf, life->of[at], &life->local[at], &want);
    if (memcmp(&want, got, sizeof want) != 0) {
        differ(conf, &life->asks[at], got, &want);
        return;
    }
    ll_conf_digest(conf, got, &got->epoch);
    conf->life_verdicts[got->verdict]++;
    if (got->event < LL_ORDER_EVENT_COUNT)
        conf->cells[got->state_before][got->event]++;
    conf->last_answer = *got;
}

void ll_conf_asks_flush(struct ll_conf *conf)
{
    struct ll_conf_life *life = &conf->life;
    uint32_t count = life->pending;
    life->pending = 0;
    if (count == 0 || conf->failed)
        return;
    ll_conf_updates_flush(conf); /* asks are answered at once, so nothing else may be out */
    memset(life->answers, POISON, sizeof life->answers[0] * ((size_t)count + 1));
    ll_device_ask(conf->device, life->asks, life->answers, count);
    if (((const uint8_t *)&life->answers[count])[0] != POISON)
        ll_conf_fail(conf, "an answer more than was asked for");
    for (uint32_t i = 0; i < count && !conf->failed; i++)
        check_answer(conf, i);
    close_shards(conf);
}

void ll_conf_ask(struct ll_conf *conf, struct ll_conf_shard *shard, const struct ll_life_ask *ask)
{
    struct ll_conf_life *life = &conf->life;
    if (conf->failed)
        return;
    struct ll_life_ask *local = &life->local[life->pending];
    struct ll_life_ask *mine = &life->asks[life->pending];
    *local = *ask;
    local->seq = ++conf->seq * 0xbf58476d1ce4e5b9u; /* any number: it only has to come back */
    *mine = *local;
    mine->order = order_of(conf, shard, ask->order);
    mine->id = id_of(conf, shard, ask->id);
    mine->new_id = id_of(conf, shard, ask->new_id);
    mine->key[1] = salted(shard, ask->key);
    mine->new_key[1] = salted(shard, ask->new_key);
    life->of[life->pending++] = shard;
    if (life->pending == conf->ask_max)
        ll_conf_asks_flush(conf);
}
