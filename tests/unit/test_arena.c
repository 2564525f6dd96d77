/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: an arena hands out zeroed, aligned, disjoint memory up to its size, and nothing after that.
 * Method: random requests against the simplest model (a list of ranges), the last byte that fits, an impossible
 * size, and each misuse in a child process that must abort.
 */
#include "host/base/ll_arena.h"

#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARENA_BYTES    ((size_t)4 << 20)
#define REQUESTS_COUNT 300u

START_TEST(test_align_up)
{
    ck_assert_uint_eq(ll_align_up(0, 64), 0);
    ck_assert_uint_eq(ll_align_up(1, 64), 64);
    ck_assert_uint_eq(ll_align_up(64, 64), 64);
    ck_assert_uint_eq(ll_align_up(65, 64), 128);
    ck_assert_uint_eq(ll_align_up(7, 1), 7);
}
END_TEST

START_TEST(test_random_requests)
{
    struct ll_arena arena;
    struct ll_prng prng;
    unsigned char *before_end;
    ll_prng_init(&prng, ll_test_seed("random_requests"));
    ck_assert_int_eq(ll_arena_init(&arena, ARENA_BYTES, NULL), LL_OK);
    before_end = arena.base;
    for (uint32_t i = 0; i < REQUESTS_COUNT; i++) {
        size_t bytes = ll_prng_below(&prng, 9000);
        size_t align_bytes = (size_t)1 << ll_prng_below(&prng, 13);
        unsigned char *memory = ll_arena_alloc(&arena, bytes, align_bytes);
        ck_assert_ptr_nonnull(memory);
        ck_assert_uint_eq((size_t)memory & (align_bytes - 1), 0);
        ck_assert(memory >= before_end); /* behind all that was given out, so nothing overlaps */
        size_t not_zero = 0;
        for (size_t at = 0; at < bytes; at++)
            not_zero += memory[at] != 0;
        ck_assert_uint_eq(not_zero, 0);
        memset(memory, 0xFF, bytes);
        before_end = memory + bytes;
    }
    ck_assert(before_end <= arena.base + arena.size_bytes);
    ll_arena_deinit(&arena);
    ck_assert_ptr_null(arena.base);
    ll_arena_deinit(&arena); /* twice is harmless */
}
END_TEST

/* The size asked for is there in full, to the last byte. */
START_TEST(test_whole_size)
{
    struct ll_arena arena;
    ck_assert_int_eq(ll_arena_init(&arena, ARENA_BYTES, NULL), LL_OK);
    unsigned char *memory = ll_arena_alloc(&arena, ARENA_BYTES, 4096);
    memory[ARENA_BYTES - 1] = 1;
    ck_assert_str_ne(ll_arena_pages_name(&arena), "");
    ll_arena_seal(&arena);
    ll_arena_deinit(&arena);
    ck_assert_int_eq(ll_arena_init(&arena, 0, NULL), LL_OK); /* rounded up, like any size */
    ck_assert_ptr_nonnull(ll_arena_alloc(&arena, 1, 1));
    ll_arena_deinit(&arena);
}
END_TEST

START_TEST(test_impossible_size)
{
    struct ll_arena arena;
    struct ll_why why = {0};
    ck_assert_int_eq(ll_arena_init(&arena, (size_t)1 << 60, &why), LL_ERR_NO_MEMORY);
    ck_assert_int_eq(why.code, LL_ERR_NO_MEMORY);
    ck_assert_ptr_nonnull(strstr(why.text, "capacities"));
    ll_arena_deinit(&arena);
}
END_TEST

static void misuse(struct ll_arena *arena, int which)
{
    if (which == 0) {
        ll_arena_seal(arena);
        (void)ll_arena_alloc(arena, 1, 1);
    } else if (which == 1) {
        (void)ll_arena_alloc(arena, arena->size_bytes + 1, 1);
    } else if (which == 2) {
        (void)ll_arena_alloc(arena, 1, 1);
        (void)ll_arena_alloc(arena, arena->size_bytes, 1);
    } else if (which == 3) {
        (void)ll_arena_alloc(arena, SIZE_MAX, 1);
    } else if (which == 4) {
        (void)ll_arena_alloc(arena, 1, 0);
    } else {
        (void)ll_arena_alloc(arena, 1, 8192);
    }
}

START_TEST(test_misuse_aborts)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct ll_arena arena;
        if (freopen("/dev/null", "w", stderr) == NULL || ll_arena_init(&arena, ARENA_BYTES, NULL) != LL_OK)
            _exit(1);
        misuse(&arena, _i);
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arena");
    TCase *tcase = tcase_create("arena");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, test_align_up);
    tcase_add_test(tcase, test_random_requests);
    tcase_add_test(tcase, test_whole_size);
    tcase_add_test(tcase, test_impossible_size);
    tcase_add_loop_test(tcase, test_misuse_aborts, 0, 6);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
