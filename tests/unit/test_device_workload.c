/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the requests a device is tried out with are the same for the same seed, others for another one, and meet good
 * and bad cases of both halves.
 * Method: drawn twice and compared; worked by the cpu device, and the verdicts counted.
 */
#include "host/app/ll_device_workload.h"
#include "host/device/ll_device.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define REQUESTS 20000u

static const struct ll_book_config book_config = {.orders = 4096, .levels = 4096, .books = 16};
static const struct ll_life_config life_config = {.ids = 4096, .orders = 1024};

START_TEST(test_same_seed_same_requests)
{
    uint64_t seed = ll_test_seed("device_workload");
    struct ll_device_workload one;
    struct ll_device_workload two;
    struct ll_device_workload other;
    uint32_t equal = 0;
    ll_device_workload_init(&one, seed, &book_config, &life_config);
    ll_device_workload_init(&two, seed, &book_config, &life_config);
    ll_device_workload_init(&other, seed + 1, &book_config, &life_config);
    for (uint32_t i = 0; i < 1000; i++) {
        struct ll_update updates[3];
        struct ll_life_ask asks[3];
        ll_device_workload_update(&one, &updates[0]);
        ll_device_workload_update(&two, &updates[1]);
        ll_device_workload_update(&other, &updates[2]);
        ll_device_workload_ask(&one, &asks[0]);
        ll_device_workload_ask(&two, &asks[1]);
        ll_device_workload_ask(&other, &asks[2]);
        ck_assert_mem_eq(&updates[0], &updates[1], sizeof updates[0]);
        ck_assert_mem_eq(&asks[0], &asks[1], sizeof asks[0]);
        equal += memcmp(&updates[0], &updates[2], sizeof updates[0]) == 0;
    }
    ck_assert_uint_lt(equal, 500);
}
END_TEST

static void must_have_met(const uint64_t *counts, const uint8_t *verdicts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(counts[verdicts[i]] > 0, "verdict %u never came", verdicts[i]);
}

START_TEST(test_verdicts)
{
    static const uint8_t of_books[] = {LL_VERDICT_OK, LL_VERDICT_DUPLICATE, LL_VERDICT_UNKNOWN_ID,
                                       LL_VERDICT_OVERFILL, LL_VERDICT_BAD_INPUT};
    static const uint8_t of_orders[] = {
        LL_VERDICT_OK,        LL_VERDICT_DUPLICATE,          LL_VERDICT_UNKNOWN_ID,
        LL_VERDICT_OVERFILL,  LL_VERDICT_ILLEGAL_TRANSITION, LL_VERDICT_ID_TAKEN,
        LL_VERDICT_BAD_INPUT, LL_VERDICT_OUT_OF_ORDER,       LL_VERDICT_LATE};
    uint64_t seed = ll_test_seed("device_workload");
    uint64_t books[LL_VERDICT_COUNT] = {0};
    uint64_t orders[LL_VERDICT_COUNT] = {0};
    struct ll_device_workload workload;
    struct ll_device_config config;
    struct ll_device *device;
    struct ll_why why = {0};
    ll_device_config_default(&config);
    config.book = book_config;
    config.life = life_config;
    ck_assert_msg(ll_device_open(&device, &config, &why) == LL_OK, "%s", why.text);
    ll_device_workload_init(&workload, seed, &book_config, &life_config);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        struct ll_update update;
        struct ll_result result;
        struct ll_life_ask ask;
        struct ll_life_answer answer;
        ll_device_workload_update(&workload, &update);
        ll_device_workload_ask(&workload, &ask);
        ck_assert_uint_eq(ll_device_submit(device, &update, 1), 1);
        ck_assert_uint_eq(ll_device_poll(device, &result, 1), 1);
        ll_device_ask(device, &ask, &answer, 1);
        ck_assert_uint_eq(result.seq, update.seq);
        ck_assert_uint_eq(answer.seq, ask.seq);
        books[result.verdict]++;
        orders[answer.verdict]++;
    }
    must_have_met(books, of_books, sizeof of_books);
    must_have_met(orders, of_orders, sizeof of_orders);
    ck_assert_msg(ll_book_memory_check(ll_device_book(device), &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_life_memory_check(ll_device_life(device), &why) == LL_OK, "%s", why.text);
    ll_device_close(device);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device_workload");
    TCase *tests = tcase_create("core");
    tcase_add_test(tests, test_same_seed_same_requests);
    tcase_add_test(tests, test_verdicts);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
