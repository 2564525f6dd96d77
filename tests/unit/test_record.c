/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the two writers of journal records agree, and neither reads beyond the message.
 * Method: every length that fits one slot, with random content, from the very end of a page with nothing behind it and
 * from the very start of one with nothing before it; then long payloads read back slot by slot.
 */
#include "host/base/ll_prng.h"
#include "host/wire/ll_record.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES 4096u

static uint8_t *fenced_page(void)
{
    uint8_t *pages =
        mmap(NULL, 3 * (size_t)PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(pages, MAP_FAILED);
    ck_assert_int_eq(mprotect(pages, PAGE_BYTES, PROT_NONE), 0);
    ck_assert_int_eq(mprotect(pages + 2 * PAGE_BYTES, PAGE_BYTES, PROT_NONE), 0);
    return pages + PAGE_BYTES;
}

static void both_write_the_same(const uint8_t *payload, uint32_t payload_bytes, struct ll_prng *prng)
{
    uint64_t event_id = ll_prng_next(prng);
    uint64_t time_ns = ll_prng_next(prng);
    uint8_t verdict = (uint8_t)ll_prng_below(prng, 14);
    struct ll_slot plain;
    struct ll_slot quick;
    memset(&plain, 0xaa, sizeof plain);
    memset(&quick, 0x55, sizeof quick);
    uint32_t count =
        ll_record_write(&plain, LL_RECORD_FEED, verdict, event_id, time_ns, payload, payload_bytes);
    ck_assert_uint_eq(count, 1);
    count = ll_record_write_short(&quick, LL_RECORD_FEED, verdict, event_id, time_ns, payload, payload_bytes);
    ck_assert_uint_eq(count, 1);
    ck_assert_mem_eq(&plain, &quick, sizeof plain);
}

START_TEST(short_records_are_the_same_and_read_no_byte_too_many)
{
    struct ll_prng prng;
    uint8_t *page = fenced_page();
    ll_prng_init(&prng, ll_test_seed("record"));
    for (uint32_t i = 0; i < PAGE_BYTES; i++)
        page[i] = (uint8_t)ll_prng_next(&prng);
    for (uint32_t bytes = 0; bytes <= LL_RECORD_HEAD_PAYLOAD; bytes++) {
        both_write_the_same(page, bytes, &prng);
        both_write_the_same(page + PAGE_BYTES - bytes, bytes, &prng);
    }
    ck_assert_int_eq(munmap(page - PAGE_BYTES, 3 * (size_t)PAGE_BYTES), 0);
}
END_TEST

START_TEST(long_payloads_come_back_from_their_slots)
{
    struct ll_slot slots[LL_RECORD_SLOTS_MAX];
    uint8_t payload[LL_RECORD_PAYLOAD_BYTES_MAX];
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("record"));
    for (uint32_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)ll_prng_next(&prng);
    for (uint32_t bytes = LL_RECORD_HEAD_PAYLOAD; bytes <= LL_RECORD_PAYLOAD_BYTES_MAX; bytes++) {
        uint32_t count = ll_record_write(slots, LL_RECORD_FEED, 0, 7, 9, payload, bytes);
        ck_assert_uint_eq(count, ll_record_slots(bytes));
        ck_assert_uint_le(count, LL_RECORD_SLOTS_MAX);
        ck_assert_mem_eq(slots[0].payload, payload, LL_RECORD_HEAD_PAYLOAD);
        for (uint32_t i = 1; i < count; i++) {
            uint32_t at = LL_RECORD_HEAD_PAYLOAD + (i - 1) * LL_RECORD_TAIL_PAYLOAD;
            uint32_t left = bytes - at < LL_RECORD_TAIL_PAYLOAD ? bytes - at : LL_RECORD_TAIL_PAYLOAD;
            ck_assert_uint_eq(slots[i].kind, LL_RECORD_KIND_TAIL);
            ck_assert_uint_eq(slots[i].payload_bytes, i);
            ck_assert_uint_eq(slots[i].event_id, 7);
            ck_assert_mem_eq(ll_record_tail_payload(&slots[i]), payload + at, left);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record");
    TCase *tcase = tcase_create("write");
    tcase_add_test(tcase, short_records_are_the_same_and_read_no_byte_too_many);
    tcase_add_test(tcase, long_payloads_come_back_from_their_slots);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
