/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_life_pair.h"

#include "hls/ll_life.h"
#include "host/base/ll_assert.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void kernel_as_it_is(const struct ll_life_memory *life, const struct ll_life_ask *asks,
                            struct ll_life_answer *answers, uint32_t count, uint32_t batch)
{
    ll_life_batch(life->control, life->buckets, life->places, life->orders, asks, answers, count, batch);
}

static void reset_as_it_is(const struct ll_life_memory *life)
{
    ll_life_reset(life->control, life->buckets, life->places, life->orders);
}

void ll_life_pair_init(struct ll_life_pair *pair, const struct ll_life_pair_config *config)
{
    struct ll_life_control control = {.layout = LL_LIFE_LAYOUT,
                                      .bucket_count = config->bucket_count,
                                      .overflow_count = config->overflow_count,
                                      .id_count = config->id_count,
                                      .order_count = config->order_count,
                                      .hash_seed = config->hash_seed,
                                      .epoch = config->epoch};
    memset(pair, 0, sizeof *pair);
    pair->config = *config;
    if (pair->config.kernel == NULL)
        pair->config.kernel = kernel_as_it_is;
    if (pair->config.reset == NULL)
        pair->config.reset = reset_as_it_is;
    if (pair->config.chain_max == 0)
        pair->config.chain_max = LL_LIFE_CHAIN_MAX;
    pair->memory_bytes =
        sizeof control +
        ((size_t)config->bucket_count + config->overflow_count) * sizeof(struct ll_life_bucket) +
        ((size_t)config->id_count + 15) / 16 * 16 * sizeof(uint32_t) +
        (size_t)config->order_count * sizeof(struct ll_life_order);
    pair->memory = aligned_alloc(64, pair->memory_bytes);
    LL_ASSERT(pair->memory != NULL);
    memset(pair->memory, 0xa5, pair->memory_bytes); /* nothing may depend on what was there before */
    memcpy(pair->memory, &control, sizeof control);
    int status = ll_life_memory_attach(&pair->life, pair->memory, pair->memory_bytes, NULL);
    LL_ASSERT(status == LL_OK);
    pair->config.reset(&pair->life);
    ll_naive_life_init(&pair->naive, config->id_count, config->order_count, config->epoch);
}

void ll_life_pair_deinit(struct ll_life_pair *pair)
{
    ll_naive_life_deinit(&pair->naive);
    free(pair->memory);
}

void ll_life_pair_run(const struct ll_life_pair *pair, const struct ll_life_ask *asks,
                      struct ll_life_answer *answers, uint32_t count, uint32_t batch)
{
    pair->config.kernel(&pair->life, asks, answers, count, batch);
}

/* The key that an ask would add has no room: its chain is as long as may be, or ends in a full bucket and no
 * overflow bucket is left. */
static bool chain_is_full(const struct ll_life_pair *pair, const struct ll_life_ask *ask)
{
    const struct ll_life_control *control = pair->life.control;
    const uint64_t *key =
        ask->op == LL_LIFE_OP_FILL || ask->op == LL_LIFE_OP_REPLACE ? ask->new_key : ask->key;
    uint32_t home = ll_life_bucket_of(key[0], key[1], control->hash_seed, control->bucket_count);
    uint32_t in_chain = 0;
    for (uint32_t id = 0; id < pair->naive.id_count; id++) {
        const struct ll_naive_life_id *at = &pair->naive.ids[id];
        in_chain += at->is_used && ll_life_bucket_of(at->key[0], at->key[1], control->hash_seed,
                                                     control->bucket_count) == home;
    }
    return in_chain == pair->config.chain_max * LL_LIFE_WAYS ||
           (in_chain != 0 && in_chain % LL_LIFE_WAYS == 0 &&
            control->overflow_used == control->overflow_count);
}

static bool differ(char text[LL_LIFE_PAIR_TEXT_BYTES], const struct ll_life_ask *ask,
                   const struct ll_life_answer *got, const struct ll_life_answer *want)
{
    (void)snprintf(
        text, LL_LIFE_PAIR_TEXT_BYTES,
        "ask %" PRIu64 " op %u key %" PRIu64 " quantity %u: verdict %u/%u state %u>%u/%u>%u type %u/%u "
        "status %u/%u flags %u/%u event %u/%u order %u/%u id %u/%u previous %u/%u booked %u/%u "
        "quantity %u/%u leaves %u/%u cumulative %u/%u other %u/%u (kernel/model)",
        ask->seq, ask->op, ask->key[0], ask->quantity, got->verdict, want->verdict, got->state_before,
        got->state_after, want->state_before, want->state_after, got->type, want->type, got->status,
        want->status, got->flags, want->flags, got->event, want->event, got->order, want->order, got->id,
        want->id, got->previous, want->previous, got->booked, want->booked, got->quantity, want->quantity,
        got->leaves, want->leaves, got->cumulative, want->cumulative, got->other_order, want->other_order);
    return false;
}

bool ll_life_pair_expect(struct ll_life_pair *pair, const struct ll_life_ask *ask,
                         const struct ll_life_answer *answer, char text[LL_LIFE_PAIR_TEXT_BYTES])
{
    struct ll_life_answer want;
    bool no_room = answer->verdict == LL_VERDICT_TABLE_FULL;
    bool is_full = no_room && chain_is_full(pair, ask);
    uint32_t number = ask->op == LL_LIFE_OP_FILL || ask->op == LL_LIFE_OP_REPLACE ? ask->new_id : ask->id;
    bool in_range =
        number < pair->naive.id_count && (ask->op != LL_LIFE_OP_OPEN || ask->order < pair->naive.order_count);
    ll_naive_life_ask(&pair->naive, ask, is_full, &want);
    if (memcmp(&want, answer, sizeof want) != 0)
        return differ(text, ask, answer, &want);
    pair->chains_full += no_room && in_range;
    return true;
}

static bool compare_id(const struct ll_life_pair *pair, uint32_t id, char text[LL_LIFE_PAIR_TEXT_BYTES])
{
    const struct ll_naive_life_id *want = &pair->naive.ids[id];
    uint32_t place = pair->life.places[id];
    if (!want->is_used && place == LL_LIFE_NONE)
        return true;
    struct ll_life_id none = {.order = LL_LIFE_NONE};
    struct ll_life_id got = place == LL_LIFE_NONE ? none : ll_life_load(pair->life.buckets, place);
    if (want->is_used && ll_life_memory_find(&pair->life, want->key) == id && got.order == want->order &&
        got.replaced_by == want->replaced_by && got.quantity == want->quantity && got.type == want->type &&
        got.status == want->status && got.flags == (want->is_request ? LL_LIFE_REQUEST : 0))
        return true;
    (void)snprintf(
        text, LL_LIFE_PAIR_TEXT_BYTES,
        "identifier %u: order %u/%u type %u/%u status %u/%u flags %u/%d replaced by %u/%u, %u/%u lots", id,
        got.order, want->order, got.type, want->type, got.status, want->status, got.flags, want->is_request,
        got.replaced_by, want->replaced_by, got.quantity, want->quantity);
    return false;
}

static bool compare_order(const struct ll_life_pair *pair, uint32_t number,
                          char text[LL_LIFE_PAIR_TEXT_BYTES])
{
    const struct ll_naive_life_order *want = &pair->naive.orders[number];
    const struct ll_life_order *got = &pair->life.orders[number];
    const struct ll_order_standing *standing = &got->standing;
    bool equal = standing->state == (want->is_open ? want->state : (uint32_t)LL_ORDER_NONE);
    if (want->is_open) {
        equal = equal && standing->quantity == want->quantity && standing->leaves == want->leaves &&
                standing->cumulative == want->cumulative && standing->flags == want->is_acked;
        for (uint32_t type = 0; type < LL_LIFE_SLOTS; type++)
            equal = equal && got->active[type] == ll_naive_life_active(&pair->naive, number, type);
    }
    if (!equal)
        (void)snprintf(
            text, LL_LIFE_PAIR_TEXT_BYTES,
            "order %u: state %u/%u flags %u/%d quantity %u/%u leaves %u/%u cumulative %u/%u, or an active "
            "identifier",
            number, standing->state, want->state, standing->flags, want->is_acked, standing->quantity,
            want->quantity, standing->leaves, want->leaves, standing->cumulative, want->cumulative);
    return equal;
}

static bool owner_is(const struct ll_naive_life_id *want, uint32_t id, const struct ll_life_owner *got)
{
    struct ll_life_owner owner = {.order = LL_LIFE_NONE, .id = LL_LIFE_NONE};
    if (want->is_used)
        owner = (struct ll_life_owner){
            .order = want->order,
            .id = id,
            .type = (uint8_t)want->type,
            .status = (uint8_t)want->status,
            .flags = (uint8_t)(LL_LIFE_FOUND | (want->is_request ? LL_LIFE_IS_REQUEST : 0)),
        };
    return memcmp(&owner, got, sizeof owner) == 0;
}

/* Whose the keys are, all in one call; for each number that is free, a key that nobody added. */
static bool compare_owners(const struct ll_life_pair *pair, char text[LL_LIFE_PAIR_TEXT_BYTES])
{
    uint32_t count = pair->config.id_count;
    uint64_t(*keys)[2] = calloc((size_t)count + 1, sizeof *keys);
    struct ll_life_owner *owners = calloc((size_t)count + 1, sizeof *owners);
    LL_ASSERT(keys != NULL && owners != NULL);
    bool equal = true;
    for (uint32_t id = 0; id < count; id++) {
        const struct ll_naive_life_id *at = &pair->naive.ids[id];
        keys[id][0] = at->is_used ? at->key[0] : UINT64_MAX - id;
        keys[id][1] = at->is_used ? at->key[1] : UINT64_MAX;
    }
    ll_life_whose(pair->life.control, pair->life.buckets, keys[0], owners, count);
    for (uint32_t id = 0; id < count && equal; id++)
        if (!owner_is(&pair->naive.ids[id], id, &owners[id])) {
            equal = false;
            (void)snprintf(text, LL_LIFE_PAIR_TEXT_BYTES, "owner of identifier %u: order %u, number %u", id,
                           owners[id].order, owners[id].id);
        }
    free(owners);
    free(keys);
    return equal;
}

bool ll_life_pair_compare_all(struct ll_life_pair *pair, char text[LL_LIFE_PAIR_TEXT_BYTES])
{
    struct ll_why why = {0};
    if (ll_life_memory_check(&pair->life, &why) != LL_OK) {
        (void)snprintf(text, LL_LIFE_PAIR_TEXT_BYTES, "%s", why.text);
        return false;
    }
    for (uint32_t id = 0; id < pair->config.id_count; id++)
        if (!compare_id(pair, id, text))
            return false;
    for (uint32_t number = 0; number < pair->config.order_count; number++)
        if (!compare_order(pair, number, text))
            return false;
    return compare_owners(pair, text);
}
