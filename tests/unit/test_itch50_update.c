/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the hot path's decoder takes the fields a book needs as the full decoder reads them, refuses what
 * that one refuses, and reads no byte beyond the 40 it is promised. Method: every type at random content and
 * every type letter at every length 0..60, against ll_itch50_decode; the bytes lie at the very end of a page
 * that is followed by one which must not be touched, and are filled up to 40 with rubbish that must not show.
 */
#include "host/wire/ll_itch50_update.h"
#include "host/base/ll_prng.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { READABLE_BYTES = 40, ROUNDS_PER_TYPE = 3000, LENGTH_MAX = 60 };

static uint64_t seed_of_run(void)
{
    const char *text = getenv("LL_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 20120621;
}

/* The last 40 readable bytes before a page that faults. */
static uint8_t *fence(void)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 2 * page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(pages, MAP_FAILED);
    ck_assert_int_eq(mprotect(pages + page_bytes, page_bytes, PROT_NONE), 0);
    return pages + page_bytes - READABLE_BYTES;
}

static uint8_t side_number(char side)
{
    return side == 'B' ? LL_SIDE_BUY : side == 'S' ? LL_SIDE_SELL : 2;
}

/* What the update must be, from the full decoder's struct. */
static struct ll_update expected_update(const union ll_itch50_message *message, uint64_t seq)
{
    struct ll_update update;
    memset(&update, 0, sizeof update);
    update.seq = seq;
    update.book = message->header.stock_locate;
#define TAKES(member, operation, quantity_field)         \
    update.op = (operation);                             \
    update.ref = message->member.order_reference_number; \
    update.quantity = message->member.quantity_field
    switch (message->header.message_type) {
    case 'A':
        TAKES(add, LL_OP_ADD, shares);
        update.price = message->add.price;
        update.side = side_number(message->add.buy_sell_indicator);
        break;
    case 'F':
        TAKES(add_mpid, LL_OP_ADD, shares);
        update.price = message->add_mpid.price;
        update.side = side_number(message->add_mpid.buy_sell_indicator);
        break;
    case 'E':
        TAKES(executed, LL_OP_EXECUTE, executed_shares);
        break;
    case 'C':
        TAKES(executed_price, LL_OP_EXECUTE, executed_shares);
        break;
    case 'X':
        TAKES(cancel, LL_OP_CANCEL, cancelled_shares);
        break;
    case 'D':
        update.op = LL_OP_DELETE;
        update.ref = message->delete.order_reference_number;
        break;
    case 'U':
        update.op = LL_OP_REPLACE;
        update.ref = message->replace.original_order_reference_number;
        update.new_ref = message->replace.new_order_reference_number;
        update.quantity = message->replace.shares;
        update.price = message->replace.price;
        break;
    default:
        update.op = LL_OP_NONE;
        break;
    }
#undef TAKES
    return update;
}

/* `content` has LENGTH_MAX bytes; the first `bytes_count` of them are the message. */
static void check_message(uint8_t *fenced, const uint8_t *content, uint32_t bytes_count, uint64_t seq)
{
    union ll_itch50_message message;
    struct ll_update update;
    struct ll_update must;
    memcpy(fenced, content, READABLE_BYTES);
    memset(&update, 0xff, sizeof update);
    uint8_t verdict = ll_itch50_update(fenced, bytes_count, seq, &update);
    int status = ll_itch50_decode(content, bytes_count, &message);
    if (status == LL_OK) {
        ck_assert_uint_eq(verdict, LL_VERDICT_OK);
        must = expected_update(&message, seq);
    } else {
        ck_assert_uint_eq(verdict, status == LL_ERR_TYPE ? LL_VERDICT_UNKNOWN_TYPE : LL_VERDICT_BAD_LENGTH);
        must = (struct ll_update){.op = LL_OP_NONE, .seq = seq};
    }
    ck_assert_msg(memcmp(&update, &must, sizeof must) == 0, "type %02x of %u bytes: the update differs",
                  content[0], bytes_count);
}

static void fill(struct ll_prng *prng, uint8_t *bytes, uint32_t bytes_count)
{
    uint32_t kind = ll_prng_below(prng, 4);
    for (uint32_t i = 0; i < bytes_count; i++)
        bytes[i] = kind == 0 ? 0 : kind == 1 ? 0xff : (uint8_t)ll_prng_next(prng);
}

START_TEST(every_type)
{
    uint8_t content[LENGTH_MAX];
    struct ll_prng prng;
    uint8_t *fenced = fence();
    uint8_t type = ll_itch50_type_at((uint32_t)_i);
    uint32_t bytes_count = ll_itch50_bytes_of_type(type);
    ll_prng_init(&prng, seed_of_run() + (uint64_t)_i);
    for (uint32_t round = 0; round < ROUNDS_PER_TYPE; round++) {
        fill(&prng, content, LENGTH_MAX);
        content[0] = type;
        if (round % 2 == 0) /* where adds have their side */
            content[LL_ITCH50_OFFSET_ADD_buy_sell_indicator] = round % 4 == 0 ? 'B' : 'S';
        check_message(fenced, content, bytes_count, ll_prng_next(&prng));
    }
}
END_TEST

START_TEST(every_letter_at_every_length)
{
    uint8_t content[LENGTH_MAX];
    struct ll_prng prng;
    uint8_t *fenced = fence();
    ll_prng_init(&prng, seed_of_run());
    for (uint32_t letter = 0; letter < 256; letter++) {
        for (uint32_t bytes_count = 0; bytes_count <= LENGTH_MAX; bytes_count++) {
            fill(&prng, content, LENGTH_MAX);
            content[0] = (uint8_t)letter;
            check_message(fenced, content, bytes_count, letter);
        }
    }
}
END_TEST

/* Lengths that would agree with a table of bytes if they were cut to 8 bits. */
START_TEST(lengths_beyond_a_byte)
{
    uint8_t content[LENGTH_MAX] = {0};
    struct ll_update update;
    uint8_t *fenced = fence();
    for (uint32_t i = 0; i < LL_ITCH50_TYPE_COUNT; i++) {
        static const uint32_t more[] = {0x100, 0x10000, 0xffffff00u};
        content[0] = ll_itch50_type_at(i);
        memcpy(fenced, content, READABLE_BYTES);
        for (uint32_t j = 0; j < 3; j++) {
            uint32_t bytes_count = ll_itch50_bytes_of_type(content[0]) + more[j];
            ck_assert_uint_eq(ll_itch50_update(fenced, bytes_count, 1, &update), LL_VERDICT_BAD_LENGTH);
            ck_assert_uint_eq(update.op, LL_OP_NONE);
        }
    }
}
END_TEST

int main(void)
{
    printf("seed %" PRIu64 "\n", seed_of_run());
    Suite *suite = suite_create("itch50_update");
    TCase *tcase = tcase_create("decoders");
    tcase_add_loop_test(tcase, every_type, 0, LL_ITCH50_TYPE_COUNT);
    tcase_add_test(tcase, every_letter_at_every_length);
    tcase_add_test(tcase, lengths_beyond_a_byte);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
