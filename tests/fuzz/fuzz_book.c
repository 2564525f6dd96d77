/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever updates come, and however small the tables are, the book half is the naive book, its memory
 * keeps every invariant, and its answers do not depend on the batch size or on how it was compiled. Method: 4
 * bytes choose the table sizes and the batch size, then 6 bytes make one update each: op · reference · new
 * reference · price · quantity · book and side. Small numbers, so that a mutation meets the same order, level
 * and bucket again; the ends of each range stand for the ends of the field's. One message at a time beside
 * the naive book, then all again in batches.
 */
#include "host/base/ll_assert.h"
#include "tests/model/ll_book_pair.h"
#include "tests/model/ll_other_kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 4, UPDATE_BYTES = 6, UPDATES_MAX = 2000, CHECK_EVERY = 64, BOOKS = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

/* 0..223 as they are, then the last values of 32 bits. */
static uint32_t stretch(uint8_t byte)
{
    return byte < 224 ? byte : UINT32_MAX - (255u - byte);
}

static void make_update(const uint8_t *bytes, uint64_t seq, struct ll_update *update)
{
    memset(update, 0, sizeof *update);
    update->op = bytes[0] < 240 ? bytes[0] % 6 : bytes[0];
    update->ref = bytes[1];
    update->new_ref = (uint64_t)bytes[2] << (bytes[2] % 7 == 0 ? 56 : 0);
    update->price = stretch(bytes[3]);
    update->quantity = stretch(bytes[4]);
    update->book = bytes[5] < 250 ? bytes[5] / 2 % BOOKS : (uint32_t)bytes[5] << (bytes[5] % 32);
    update->side = bytes[5] == 249 ? 2 : bytes[5] & 1u;
    update->seq = seq;
}

static void must(bool equal, const char *text)
{
    if (!equal)
        (void)fprintf(stderr, "%s\n", text);
    LL_ASSERT(equal);
}

static void run_beside_naive(const struct ll_book_pair_config *config, const struct ll_update *updates,
                             struct ll_result *results, uint32_t count)
{
    struct ll_book_pair pair;
    char text[LL_BOOK_PAIR_TEXT_BYTES];
    uint64_t cost = 0;
    ll_book_pair_init(&pair, config, true);
    for (uint32_t i = 0; i < count; i++) {
        ll_book_pair_run(&pair, &updates[i], &results[i], 1, 1);
        must(ll_book_pair_expect(&pair, &updates[i], &results[i], text), text);
        if (results[i].book < config->book_count)
            must(ll_book_pair_compare_book(&pair, results[i].book, &cost, text), text);
        if (i % CHECK_EVERY == 0 || i + 1 == count)
            must(ll_book_pair_compare_all(&pair, text), text);
    }
    ll_book_pair_deinit(&pair);
}

static void run_batched(const struct ll_book_pair_config *config, const struct ll_update *updates,
                        const struct ll_result *results, uint32_t count, uint32_t batch)
{
    static struct ll_result batched[UPDATES_MAX];
    struct ll_book_pair pair;
    struct ll_why why = {0};
    ll_book_pair_init(&pair, config, false);
    ll_book_pair_run(&pair, updates, batched, count, batch);
    LL_ASSERT(memcmp(batched, results, count * sizeof batched[0]) == 0);
    must(ll_book_memory_check(&pair.book, &why) == LL_OK, why.text);
    ll_book_pair_deinit(&pair);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    static struct ll_update updates[UPDATES_MAX];
    static struct ll_result results[UPDATES_MAX];
    if (bytes_count < HEAD_BYTES)
        return 0;
    struct ll_book_pair_config config = {.bucket_count = 1u << bytes[0] % 6,
                                         .overflow_count = bytes[0] / 6,
                                         .leaf_pool_count = bytes[1] < 128 ? bytes[1] % 8 : bytes[1],
                                         .inner_pool_count = bytes[2] < 128 ? bytes[2] % 4 : 512,
                                         .book_count = BOOKS,
                                         .hash_seed = bytes[2]};
    uint32_t count = 0;
    for (size_t at = HEAD_BYTES; at + UPDATE_BYTES <= bytes_count && count < UPDATES_MAX;
         at += UPDATE_BYTES) {
        make_update(bytes + at, count + 1, &updates[count]);
        count++;
    }
    if (bytes[3] % 4 == 0)
        config.kernel = ll_low_kernel;
    run_beside_naive(&config, updates, results, count);
    run_batched(&config, updates, results, count, 2 + bytes[3] % 63);
    if (config.kernel == NULL)
        config.kernel = ll_plain_kernel;
    run_batched(&config, updates, results, count, 64);
    return 0;
}
