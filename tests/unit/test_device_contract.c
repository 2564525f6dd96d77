/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: what host/device/ll_device.h promises holds for the cpu, and for devices that cannot be had: errors of
 * open and attach name the remedy, limits are kept, results come in order and once, asks wait for nobody.
 * Method: written from the header alone. Known edges; a table copied from one device into another; misuse in a
 * child process, which must end by an assertion.
 */
#include "host/base/ll_err.h"
#include "host/device/ll_device.h"

#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { UPDATES = 6000 };

static struct ll_device_config small_config(void)
{
    struct ll_device_config config;
    ll_device_config_default(&config);
    config.name = "cpu";
    config.book = (struct ll_book_config){.orders = 10000, .levels = 1000, .books = 8, .hash_seed = 3};
    config.life = (struct ll_life_config){.ids = 1000, .orders = 100, .hash_seed = 4};
    config.batch = 16;
    return config;
}

static struct ll_device *open_cpu(void)
{
    struct ll_device_config config = small_config();
    struct ll_device *device;
    struct ll_why why = {0};
    ck_assert_msg(ll_device_open(&device, &config, &why) == LL_OK, "%s", why.text);
    return device;
}

static struct ll_device *open_attached(void)
{
    struct ll_device *device = open_cpu();
    struct ll_why why = {0};
    ck_assert_msg(ll_device_attach(device, &why) == LL_OK, "%s", why.text);
    return device;
}

static void make_adds(struct ll_update *updates, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        updates[i] = (struct ll_update){.ref = i + 1,
                                        .price = 100 + i % 50,
                                        .quantity = 1 + i,
                                        .book = i % 8,
                                        .op = LL_OP_ADD,
                                        .side = (uint8_t)(i % 2),
                                        .seq = 1000000 + i};
}

/* Works all of them, in calls of `part`; results must come once each and in order. */
static void work(struct ll_device *device, const struct ll_update *updates, uint32_t count, uint32_t part)
{
    struct ll_result result;
    uint32_t given = 0;
    for (uint32_t got = 0; got < count;) {
        uint32_t size = part < count - given ? part : count - given;
        uint32_t taken = ll_device_submit(device, updates + given, size);
        ck_assert_uint_le(taken, size);
        given += taken;
        while (ll_device_poll(device, &result, 1) == 1) {
            ck_assert_uint_lt(got, given);
            ck_assert_uint_eq(result.seq, updates[got].seq);
            got++;
        }
    }
    ck_assert_uint_eq(ll_device_poll(device, &result, 1), 0);
}

/* --- Open ------------------------------------------------------------------------------------------------- */

START_TEST(defaults)
{
    struct ll_device_config config;
    memset(&config, 0xa5, sizeof config);
    ll_device_config_default(&config);
    ck_assert_int_eq(config.mode, LL_DEVICE_RESIDENT);
    ck_assert(config.must_start);
    ck_assert(!config.verify);
    ck_assert_int_eq(config.on_loss, LL_DEVICE_LOSS_CPU);
    ck_assert_uint_gt(config.watchdog_ns, 0);
    ck_assert_uint_gt(config.start_timeout_ns, config.watchdog_ns);
    ck_assert_uint_ge(config.batch, 1);
    ck_assert_uint_le(config.batch, 64);
    ck_assert_ptr_null(config.program);
    ck_assert_ptr_null(config.binary);
    ck_assert_ptr_null((void *)(uintptr_t)config.note);
}
END_TEST

/* A name that is none: usage, and the text says which there are, or which cards. */
START_TEST(names_that_are_none)
{
    static const char *const names[] = {"",      "gpu",   "CPU",    "cpu:0",  "cpu ",
                                        "xrt:",  "xrt:x", "xrt:-1", "xrt:1x", "xrt:99999999999999999999",
                                        "pocl:", "opencl"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct ll_device_config config = small_config();
        struct ll_device *device;
        struct ll_why why = {0};
        config.name = names[i];
        ck_assert_msg(ll_device_open(&device, &config, &why) == LL_ERR_USAGE, "'%s'", names[i]);
        bool names_all = strstr(why.text, "cpu") != NULL && strstr(why.text, "pocl") != NULL &&
                         strstr(why.text, "xrt") != NULL;
        ck_assert_msg(names_all || strstr(why.text, "xrt:0") != NULL, "'%s': %s", names[i], why.text);
        ck_assert_int_eq(ll_device_open(&device, &config, NULL), LL_ERR_USAGE);
    }
}
END_TEST

static void set_size(struct ll_device_config *config, int which)
{
    uint64_t *const sizes[] = {&config->book.orders, &config->book.levels, &config->book.books,
                               &config->life.ids, &config->life.orders};
    static const uint64_t over[] = {LL_BOOK_ORDERS_MAX + 1, LL_BOOK_LEVELS_MAX + 1, LL_BOOK_BOOKS_MAX + 1,
                                    LL_LIFE_IDS_MAX + 1, LL_LIFE_ORDERS_MAX + 1};
    if (which < 5)
        *sizes[which] = over[which];
    else if (which < 8)
        *sizes[which - 5] = 0;
    else if (which == 8)
        config->life.orders = 0; /* identifiers, and no order they could be of */
    else
        config->batch = which == 9 ? 0 : 65;
}

START_TEST(sizes_out_of_range)
{
    struct ll_device_config config = small_config();
    struct ll_device *device;
    struct ll_why why = {0};
    set_size(&config, _i);
    ck_assert_msg(ll_device_open(&device, &config, &why) == LL_ERR_USAGE, "size %d", _i);
    ck_assert_int_eq(why.code, LL_ERR_USAGE);
    ck_assert_uint_gt(strlen(why.text), 10);
}
END_TEST

START_TEST(what_an_open_device_says)
{
    struct ll_device_config config = small_config();
    struct ll_device *device = open_cpu();
    struct ll_why why = {0};
    size_t least_bytes =
        ll_book_memory_footprint_bytes(&config.book) + ll_life_memory_footprint_bytes(&config.life);
    ck_assert_int_eq(ll_device_standing(device), LL_DEVICE_HERE);
    ck_assert_int_eq(ll_device_status(device, &why), LL_OK);
    ck_assert_str_eq(why.text, "");
    ck_assert_str_eq(ll_device_describe(device), "cpu");
    ck_assert_uint_ge(ll_device_memory_bytes(device), least_bytes);
    ck_assert_uint_gt(strlen(ll_device_memory_pages(device)), 0);
    ck_assert_uint_eq((uintptr_t)ll_device_book_bytes(device) % 64, 0);
    ck_assert_uint_eq((uintptr_t)ll_device_life_bytes(device) % 64, 0);
    ck_assert_uint_eq(ll_device_book(device)->control->live_orders, 0);
    ck_assert_uint_eq(ll_device_book(device)->control->book_count, 8);
    ck_assert_uint_eq(ll_device_life(device)->control->ids_used, 0);
    ck_assert_int_eq(ll_device_attach(device, &why), LL_OK);
    ll_device_tend(device);
    ck_assert_int_eq(ll_device_standing(device), LL_DEVICE_HERE); /* of the cpu, also then */
    ck_assert_int_eq(ll_device_status(device, NULL), LL_OK);
    ll_device_close(device);
    ll_device_close(NULL);
}
END_TEST

START_TEST(without_a_lifecycle_half)
{
    static struct ll_update updates[100];
    struct ll_device_config config = small_config();
    struct ll_device *device;
    struct ll_why why = {0};
    uint64_t book_hash;
    uint64_t life_hash;
    config.life = (struct ll_life_config){0};
    ck_assert_msg(ll_device_open(&device, &config, &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_device_attach(device, &why) == LL_OK, "%s", why.text);
    make_adds(updates, 100);
    work(device, updates, 100, 100);
    ck_assert_msg(ll_device_hash(device, &book_hash, &life_hash, &why) == LL_OK, "%s", why.text);
    ck_assert_uint_eq(book_hash, ll_book_memory_hash(ll_device_book(device)));
    ck_assert_uint_eq(life_hash, 0);
    ck_assert_msg(ll_device_compare(device, &why) == LL_OK, "%s", why.text);
    ll_device_close(device);
}
END_TEST

/* --- Work ------------------------------------------------------------------------------------------------- */

START_TEST(results_come_once_and_in_order)
{
    static const uint32_t parts[] = {1, 16, 64, 256, 1024, UPDATES};
    static struct ll_update updates[UPDATES];
    struct ll_device *device = open_attached();
    make_adds(updates, UPDATES);
    work(device, updates, UPDATES, parts[_i]);
    ck_assert_uint_eq(ll_device_counters(device)->updates, UPDATES);
    ck_assert_uint_eq(ll_device_counters(device)->asks, 0);
    ck_assert_uint_eq(ll_device_counters(device)->losses, 0);
    ck_assert_uint_eq(ll_device_book(device)->control->live_orders, UPDATES);
    ll_device_close(device);
}
END_TEST

START_TEST(nothing_is_nothing)
{
    struct ll_device *device = open_attached();
    struct ll_update update = {.op = LL_OP_NONE, .seq = 7};
    struct ll_result result = {.seq = 99};
    struct ll_life_answer answer = {.seq = 99};
    ck_assert_uint_eq(ll_device_submit(device, &update, 0), 0);
    ck_assert_uint_eq(ll_device_poll(device, &result, 1), 0);
    ll_device_ask(device, &(struct ll_life_ask){.seq = 1}, &answer, 0);
    ck_assert_uint_eq(answer.seq, 99);
    ck_assert_uint_eq(ll_device_submit(device, &update, 1), 1);
    ck_assert_uint_eq(ll_device_poll(device, &result, 0), 0);
    ck_assert_uint_eq(result.seq, 99);
    ck_assert_uint_eq(ll_device_poll(device, &result, 1), 1);
    ck_assert_uint_eq(result.seq, 7);
    ck_assert_uint_eq(ll_device_counters(device)->updates, 1);
    ll_device_close(device);
}
END_TEST

START_TEST(asks_are_answered_at_once)
{
    struct ll_device *device = open_attached();
    struct ll_life_ask asks[200];
    struct ll_life_answer answers[200];
    memset(asks, 0, sizeof asks);
    for (uint32_t i = 0; i < 200; i++)
        asks[i] = (struct ll_life_ask){.key = {i / 2 + 1, 5},
                                       .order = i / 2,
                                       .id = i / 2,
                                       .quantity = 10,
                                       .op = i % 2 == 0 ? LL_LIFE_OP_OPEN : LL_LIFE_OP_RESOLVE,
                                       .seq = 500 + i};
    ll_device_ask(device, asks, answers, 200);
    for (uint32_t i = 0; i < 200; i++) {
        ck_assert_uint_eq(answers[i].seq, 500 + i);
        ck_assert_uint_eq(answers[i].verdict, LL_VERDICT_OK);
        ck_assert_uint_eq(answers[i].order, i / 2);
        ck_assert_uint_eq(answers[i].state_after, LL_ORDER_PENDING);
    }
    ck_assert_uint_eq(ll_device_counters(device)->asks, 200);
    ck_assert_uint_eq(ll_device_life(device)->control->orders_used, 100);
    ll_device_close(device);
}
END_TEST

/* Misuse, in a child: it must end by an assertion, not go on. */
static void ask_before_polling(void)
{
    struct ll_device *device = open_attached();
    struct ll_update update = {.op = LL_OP_NONE};
    struct ll_life_ask ask = {.op = LL_LIFE_OP_NONE};
    struct ll_life_answer answer;
    if (freopen("/dev/null", "w", stderr) == NULL)
        _exit(3);
    if (ll_device_submit(device, &update, 1) != 1)
        _exit(4);
    ll_device_ask(device, &ask, &answer, 1);
    _exit(0);
}

START_TEST(an_ask_among_updates_is_a_mistake)
{
    int status;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        ask_before_polling();
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_ne(WIFSIGNALED(status), 0);
    ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}
END_TEST

/* --- State ------------------------------------------------------------------------------------------------ */

/* What recovery does: the tables of one device, copied, are those of another. */
START_TEST(tables_written_before_attach)
{
    static struct ll_update updates[UPDATES];
    struct ll_device_config config = small_config();
    struct ll_device *one = open_cpu();
    struct ll_device *other = open_cpu();
    struct ll_why why = {0};
    uint64_t hashes[2][2];
    make_adds(updates, UPDATES);
    ll_device_book(one)->control->epoch = 77;
    work(one, updates, UPDATES / 2, 64);
    memcpy(ll_device_book_bytes(other), ll_device_book_bytes(one),
           ll_book_memory_footprint_bytes(&config.book));
    memcpy(ll_device_life_bytes(other), ll_device_life_bytes(one),
           ll_life_memory_footprint_bytes(&config.life));
    ck_assert_int_eq(ll_device_attach(one, &why), LL_OK);
    ck_assert_int_eq(ll_device_attach(other, &why), LL_OK);
    work(one, updates + UPDATES / 2, UPDATES / 2, 64);
    work(other, updates + UPDATES / 2, UPDATES / 2, 1024);
    ck_assert_msg(ll_device_hash(one, &hashes[0][0], &hashes[0][1], &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_device_hash(other, &hashes[1][0], &hashes[1][1], &why) == LL_OK, "%s", why.text);
    ck_assert_uint_eq(hashes[0][0], hashes[1][0]);
    ck_assert_uint_eq(hashes[0][1], hashes[1][1]);
    ck_assert_uint_eq(hashes[0][0], ll_book_memory_hash(ll_device_book(one)));
    ck_assert_uint_eq(hashes[0][1], ll_life_memory_hash(ll_device_life(one)));
    ck_assert_uint_eq(ll_device_book(other)->control->epoch, 77);
    ck_assert_uint_eq(ll_device_book(other)->control->live_orders, UPDATES);
    ck_assert_msg(ll_device_compare(other, &why) == LL_OK, "%s", why.text);
    ll_device_close(one);
    ll_device_close(other);
}
END_TEST

/* --- Devices that cannot be had --------------------------------------------------------------------------- */

START_TEST(a_device_process_that_is_not_there)
{
    static const char *const names[] = {"pocl", "xrt", "xrt:3"};
    struct ll_device_config config = small_config();
    struct ll_device *device;
    struct ll_why why = {0};
    config.name = names[_i];
    config.program = "/nowhere/lifeline-device";
    int status = ll_device_open(&device, &config, &why);
    if (status == LL_OK) {
        status = ll_device_attach(device, &why);
        ll_device_close(device);
    }
    ck_assert_int_eq(status, LL_ERR_ENVIRONMENT);
    ck_assert_msg(strstr(why.text, "/nowhere/lifeline-device") != NULL || strstr(why.text, "cpu") != NULL,
                  "no remedy: %s", why.text);
}
END_TEST

/* Where it need not start, all goes on here, and says so. */
START_TEST(a_device_that_need_not_start)
{
    static struct ll_update updates[100];
    struct ll_device_config config = small_config();
    struct ll_device *device;
    struct ll_why why = {0};
    config.name = "pocl";
    config.program = "/nowhere/lifeline-device";
    config.must_start = false;
    ck_assert_msg(ll_device_open(&device, &config, &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_device_attach(device, &why) == LL_OK, "%s", why.text);
    make_adds(updates, 100);
    work(device, updates, 100, 10);
    ck_assert_int_eq(ll_device_standing(device), LL_DEVICE_FALLEN);
    ck_assert_int_eq(ll_device_status(device, &why), LL_OK);
    ck_assert_uint_gt(strlen(why.text), 0);
    ck_assert_uint_eq(ll_device_counters(device)->losses, 1);
    ck_assert_uint_eq(ll_device_book(device)->control->live_orders, 100);
    ll_device_close(device);
}
END_TEST

static Suite *contract_suite(void)
{
    Suite *suite = suite_create("device_contract");
    TCase *open_case = tcase_create("open");
    tcase_add_test(open_case, defaults);
    tcase_add_test(open_case, names_that_are_none);
    tcase_add_loop_test(open_case, sizes_out_of_range, 0, 11);
    tcase_add_test(open_case, what_an_open_device_says);
    tcase_add_test(open_case, without_a_lifecycle_half);
    suite_add_tcase(suite, open_case);
    TCase *work_case = tcase_create("work");
    tcase_add_loop_test(work_case, results_come_once_and_in_order, 0, 6);
    tcase_add_test(work_case, nothing_is_nothing);
    tcase_add_test(work_case, asks_are_answered_at_once);
    tcase_add_test(work_case, an_ask_among_updates_is_a_mistake);
    tcase_add_test(work_case, tables_written_before_attach);
    suite_add_tcase(suite, work_case);
    TCase *absent_case = tcase_create("absent");
    tcase_add_loop_test(absent_case, a_device_process_that_is_not_there, 0, 3);
    tcase_add_test(absent_case, a_device_that_need_not_start);
    suite_add_tcase(suite, absent_case);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(contract_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
