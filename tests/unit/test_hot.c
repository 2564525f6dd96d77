/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the window says the newest line of the last LL_HOT_WINDOW pushed, the store says what was kept last in a
 * place. Method: random pushes and looks beside a list of all that was ever pushed, and beside an array of places;
 * few indices, so that most are met again. Edges: an empty window and store, index 0, the highest index, clear.
 */
#define LL_HOT_LINES  16
#define LL_HOT_WINDOW 5
#include "hls/ll_hot.h"

#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

enum { STEPS = 20000, INDICES = 48 };

#define ARRAY(type, array) static type array[LL_HOT_LINES];
LL_HOT_ARRAYS(ARRAY, chip)

static struct ll_line make_line(struct ll_prng *prng)
{
    struct ll_line line;
    for (uint32_t w = 0; w < LL_HOT_WORDS; w++)
        line.word[w] = ll_prng_next(prng);
    return line;
}

static bool same_line(const struct ll_line *left, const struct ll_line *right)
{
    return memcmp(left, right, sizeof *left) == 0;
}

START_TEST(window_is_the_last_lines)
{
    static uint32_t indices[STEPS];
    static struct ll_line lines[STEPS];
    struct ll_prng prng;
    struct ll_window window = ll_window_empty();
    ll_prng_init(&prng, ll_test_seed("window_is_the_last_lines"));
    for (uint32_t i = 0; i < STEPS; i++) {
        struct ll_hot_found want = {make_line(&prng), ll_prng_below(&prng, 2)};
        uint32_t index = ll_prng_below(&prng, 8);
        struct ll_hot_found got = ll_window_find(window, index, want);
        for (uint32_t back = 1; back <= LL_HOT_WINDOW && back <= i; back++) {
            if (indices[i - back] != index)
                continue;
            want = (struct ll_hot_found){lines[i - back], 1};
            break;
        }
        ck_assert_uint_eq(got.hit, want.hit);
        ck_assert(same_line(&got.line, &want.line));
        indices[i] = ll_prng_below(&prng, 8);
        lines[i] = make_line(&prng);
        window = ll_window_push(window, indices[i], lines[i]);
    }
}
END_TEST

START_TEST(window_forgets_what_is_older)
{
    struct ll_hot_found none = {{{0}}, 0};
    struct ll_line line = {{1, 2, 3, 4, 5, 6, 7, 8}};
    struct ll_window window = ll_window_empty();
    ck_assert_uint_eq(ll_window_find(window, 0, none).hit, 0);
    window = ll_window_push(window, 7, line);
    for (uint32_t i = 1; i < LL_HOT_WINDOW; i++)
        window = ll_window_push(window, 100 + i, none.line);
    ck_assert_uint_eq(ll_window_find(window, 7, none).hit, 1);
    window = ll_window_push(window, 100, none.line);
    ck_assert_uint_eq(ll_window_find(window, 7, none).hit, 0);
}
END_TEST

START_TEST(store_is_the_last_of_each_place)
{
    struct ll_line lines[LL_HOT_LINES] = {{{0}}};
    uint32_t held[LL_HOT_LINES];
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("store_is_the_last_of_each_place"));
    memset(chip_tags, 0xa5, sizeof chip_tags);
    ll_hot_clear(chip_tags);
    memset(held, 0xff, sizeof held);
    for (uint32_t i = 0; i < STEPS; i++) {
        uint32_t index = ll_prng_below(&prng, INDICES);
        uint32_t place = index % LL_HOT_LINES;
        struct ll_hot_found found = ll_hot_look(index LL_HOT_PASS(chip));
        ck_assert_uint_eq(found.hit, held[place] == index);
        ck_assert(held[place] != index || same_line(&found.line, &lines[place]));
        if (ll_prng_chance(&prng, 500)) {
            lines[place] = make_line(&prng);
            held[place] = index;
            ll_hot_keep(index, lines[place] LL_HOT_PASS(chip));
        }
        if (ll_prng_chance(&prng, 2)) {
            ll_hot_clear(chip_tags);
            memset(held, 0xff, sizeof held);
        }
    }
}
END_TEST

START_TEST(edges_of_indices)
{
    static const uint32_t indices[] = {0, 15, 16, 0x0fffffffu, 0xfffffffeu};
    struct ll_line line = {{8, 7, 6, 5, 4, 3, 2, 1}};
    for (uint32_t i = 0; i < sizeof indices / sizeof indices[0]; i++) {
        ll_hot_clear(chip_tags);
        ck_assert_uint_eq(ll_hot_look(indices[i] LL_HOT_PASS(chip)).hit, 0);
        ll_hot_keep(indices[i], line LL_HOT_PASS(chip));
        ck_assert_uint_eq(ll_hot_look(indices[i] LL_HOT_PASS(chip)).hit, 1);
        ck_assert_uint_eq(ll_hot_look((indices[i] ^ LL_HOT_LINES) LL_HOT_PASS(chip)).hit, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hot");
    TCase *tcase = tcase_create("hot");
    tcase_add_test(tcase, window_is_the_last_lines);
    tcase_add_test(tcase, window_forgets_what_is_older);
    tcase_add_test(tcase, store_is_the_last_of_each_place);
    tcase_add_test(tcase, edges_of_indices);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
