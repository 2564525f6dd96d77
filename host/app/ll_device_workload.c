/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_device_workload.h"

#include <stdbool.h>
#include <string.h>

/* So few that an order meets its next message while it is still on its way. */
#define LL_WORKLOAD_REFERENCES 4096u
/* Asks are about one of the last so many identifiers, so that orders get through their lives. */
#define LL_WORKLOAD_RECENT 64u

void ll_device_workload_init(struct ll_device_workload *workload, uint64_t seed,
                             const struct ll_book_config *book, const struct ll_life_config *life)
{
    memset(workload, 0, sizeof *workload);
    ll_prng_init(&workload->prng, seed);
    workload->books = (uint32_t)book->books;
    workload->references =
        book->orders < LL_WORKLOAD_REFERENCES ? (uint32_t)book->orders : LL_WORKLOAD_REFERENCES;
    workload->orders = (uint32_t)life->orders;
    workload->ids = (uint32_t)life->ids;
}

static uint64_t ll_workload_reference(struct ll_device_workload *workload)
{
    /* Spread as a venue's are; the odd factor keeps them different. */
    return ((uint64_t)ll_prng_below(&workload->prng, workload->references) + 1) * 0x9e3779b97f4a7c15u;
}

void ll_device_workload_update(struct ll_device_workload *workload, struct ll_update *update)
{
    static const uint8_t ops[16] = {LL_OP_ADD,     LL_OP_ADD,     LL_OP_ADD,     LL_OP_ADD,
                                    LL_OP_ADD,     LL_OP_ADD,     LL_OP_ADD,     LL_OP_EXECUTE,
                                    LL_OP_EXECUTE, LL_OP_EXECUTE, LL_OP_CANCEL,  LL_OP_CANCEL,
                                    LL_OP_DELETE,  LL_OP_DELETE,  LL_OP_REPLACE, LL_OP_NONE};
    struct ll_prng *prng = &workload->prng;
    uint64_t reference = ll_workload_reference(workload);
    bool is_bad = ll_prng_chance(prng, 20);
    memset(update, 0, sizeof *update);
    update->op = ops[ll_prng_below(prng, 16)];
    update->ref = reference;
    if (update->op == LL_OP_REPLACE)
        update->new_ref = ll_workload_reference(workload);
    update->side = (uint8_t)(reference >> 40 & 1);
    update->book = (uint32_t)(reference >> 32) % workload->books;
    update->price = 1000000 + 100 * ll_prng_below(prng, 64);
    update->quantity = is_bad ? 0 : 1 + ll_prng_below(prng, 500);
    update->seq = ++workload->seq;
}

static void ll_workload_key(uint32_t number, u64 key[2])
{
    key[0] = ((uint64_t)number + 1) * 0xbf58476d1ce4e5b9u;
    key[1] = (uint64_t)number + 1;
}

/* The number of an identifier that is not used yet; when all are, of some. */
static uint32_t ll_workload_new_id(struct ll_device_workload *workload)
{
    if (workload->ids_made == workload->ids)
        return ll_prng_below(&workload->prng, workload->ids);
    return workload->ids_made++;
}

static void ll_workload_open(struct ll_device_workload *workload, struct ll_life_ask *ask)
{
    ask->op = LL_LIFE_OP_OPEN;
    ask->order = workload->orders_made == workload->orders ? ll_prng_below(&workload->prng, workload->orders)
                                                           : workload->orders_made++;
    ask->id = ll_workload_new_id(workload);
    ll_workload_key(ask->id, ask->key);
}

void ll_device_workload_ask(struct ll_device_workload *workload, struct ll_life_ask *ask)
{
    struct ll_prng *prng = &workload->prng;
    uint32_t recent = workload->ids_made < LL_WORKLOAD_RECENT ? workload->ids_made : LL_WORKLOAD_RECENT;
    memset(ask, 0, sizeof *ask);
    ask->seq = ++workload->seq;
    ask->quantity = ll_prng_below(prng, 200);
    if (recent == 0 || ll_prng_chance(prng, 180)) {
        ll_workload_open(workload, ask);
        return;
    }
    ask->op = (uint8_t)(LL_LIFE_OP_ADD + ll_prng_below(prng, LL_LIFE_OP_COUNT - LL_LIFE_OP_ADD));
    ll_workload_key(workload->ids_made - 1 - ll_prng_below(prng, recent), ask->key);
    ask->type = (uint8_t)ll_prng_below(prng, LL_ID_TYPE_COUNT);
    ask->status = (uint8_t)ll_prng_below(prng, LL_ID_STATUS_COUNT);
    ask->flags = ll_prng_chance(prng, 100) ? LL_LIFE_REQUEST : 0;
    ask->order = ll_prng_below(prng, workload->orders_made + 1);
    if (ask->op == LL_LIFE_OP_ADD) {
        ask->id = ll_workload_new_id(workload);
        ll_workload_key(ask->id, ask->key);
    } else if (ask->op == LL_LIFE_OP_FILL || ask->op == LL_LIFE_OP_REPLACE) {
        ask->new_id = ll_workload_new_id(workload);
        ll_workload_key(ask->new_id, ask->new_key);
    }
}
