/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever is asked, and however small the tables are, the lifecycle half is the naive one, its memory
 * keeps every invariant, and its answers depend neither on the batch size nor on how it was compiled. And a
 * snapshot may hold any bytes: the check says so or the memory can be read. Method: 4 bytes choose the table
 * sizes and the batch size, then 6 bytes make one ask each: op · key · new key · order and type · quantity ·
 * numbers, status and flags. Few keys, so that a mutation meets the same order again; the ends of each range
 * stand for the ends of the field's. One ask at a time beside the naive model, then all again in batches. At
 * last the tables are damaged by the input's bytes, attached and checked.
 */
#include "host/base/ll_assert.h"
#include "tests/model/ll_life_pair.h"
#include "tests/model/ll_other_kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 4, ASK_BYTES = 6, ASKS_MAX = 2000, CHECK_EVERY = 64, IDS = 64, ORDERS = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

/* 0..223 as they are, then the last values of 32 bits. */
static uint32_t stretch(uint8_t byte)
{
    return byte < 224 ? byte : UINT32_MAX - (255u - byte);
}

static void make_ask(const uint8_t *bytes, uint32_t at, struct ll_life_ask *ask)
{
    memset(ask, 0, sizeof *ask);
    ask->op = bytes[0] < 240 ? bytes[0] % LL_LIFE_OP_COUNT : bytes[0];
    ask->key[bytes[1] >> 7] = bytes[1];
    ask->new_key[bytes[2] >> 7] = bytes[2];
    ask->order = bytes[3] < 250 ? bytes[3] / LL_ID_TYPE_COUNT % (ORDERS + 1) : LL_LIFE_NONE;
    ask->type = bytes[3] < 250 ? bytes[3] % LL_ID_TYPE_COUNT : bytes[3];
    ask->quantity = stretch(bytes[4]);
    ask->id = bytes[5] < 200 ? at % (IDS + 1) : bytes[5] % (IDS + 1); /* mostly a new one */
    ask->new_id = ask->id;
    ask->status = bytes[5] < 250 ? bytes[5] / 2 % LL_ID_STATUS_COUNT : bytes[5];
    ask->flags = bytes[5] < 250 ? bytes[5] % 2 : bytes[5];
    ask->seq = at + 1;
}

static void must(bool equal, const char *text)
{
    if (!equal)
        (void)fprintf(stderr, "%s\n", text);
    LL_ASSERT(equal);
}

static void run_beside_naive(const struct ll_life_pair_config *config, const struct ll_life_ask *asks,
                             struct ll_life_answer *answers, uint32_t count)
{
    struct ll_life_pair pair;
    char text[LL_LIFE_PAIR_TEXT_BYTES];
    ll_life_pair_init(&pair, config);
    for (uint32_t i = 0; i < count; i++) {
        ll_life_pair_run(&pair, &asks[i], &answers[i], 1, 1);
        must(ll_life_pair_expect(&pair, &asks[i], &answers[i], text), text);
        if (i % CHECK_EVERY == 0 || i + 1 == count)
            must(ll_life_pair_compare_all(&pair, text), text);
    }
    ll_life_pair_deinit(&pair);
}

/* Each byte of the input is set somewhere; what the check lets pass is read to the end. */
static void damage(struct ll_life_pair *pair, const uint8_t *bytes, size_t bytes_count)
{
    struct ll_life_memory life;
    uint8_t *memory = pair->memory;
    for (size_t i = 0; i < bytes_count; i++)
        memory[(i * 131 + bytes[i] * 257u) % pair->memory_bytes] ^= bytes[i];
    if (ll_life_memory_attach(&life, memory, pair->memory_bytes, NULL) != LL_OK ||
        ll_life_memory_check(&life, NULL) != LL_OK)
        return;
    (void)ll_life_memory_hash(&life);
}

static void run_batched(const struct ll_life_pair_config *config, const struct ll_life_ask *asks,
                        const struct ll_life_answer *answers, uint32_t count, uint32_t batch,
                        const uint8_t *bytes, size_t bytes_count)
{
    static struct ll_life_answer batched[ASKS_MAX];
    struct ll_life_pair pair;
    struct ll_why why = {0};
    ll_life_pair_init(&pair, config);
    ll_life_pair_run(&pair, asks, batched, count, batch);
    LL_ASSERT(memcmp(batched, answers, count * sizeof batched[0]) == 0);
    must(ll_life_memory_check(&pair.life, &why) == LL_OK, why.text);
    damage(&pair, bytes, bytes_count < 64 ? bytes_count : 64);
    ll_life_pair_deinit(&pair);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    static struct ll_life_ask asks[ASKS_MAX];
    static struct ll_life_answer answers[ASKS_MAX];
    if (bytes_count < HEAD_BYTES)
        return 0;
    struct ll_life_pair_config config = {.bucket_count = 1u << bytes[0] % 6,
                                         .overflow_count = bytes[1] % 16,
                                         .id_count = IDS,
                                         .order_count = ORDERS,
                                         .hash_seed = bytes[2]};
    uint32_t count = 0;
    for (size_t at = HEAD_BYTES; at + ASK_BYTES <= bytes_count && count < ASKS_MAX; at += ASK_BYTES) {
        make_ask(bytes + at, count, &asks[count]);
        count++;
    }
    if (bytes[3] % 4 == 0) {
        config.kernel = ll_low_life;
        config.chain_max = 2;
    }
    run_beside_naive(&config, asks, answers, count);
    run_batched(&config, asks, answers, count, 2 + bytes[3] % 63, bytes, bytes_count);
    if (config.kernel == NULL)
        config.kernel = ll_plain_life;
    run_batched(&config, asks, answers, count, 64, bytes + HEAD_BYTES, bytes_count - HEAD_BYTES);
    return 0;
}
