/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: words are what lies in little-endian memory: to and from words is the same as copying bytes, for all
 * that travels in a beat and for every element of a part. Method: random bytes into a struct by memcpy, its
 * words out by the function under test, and the other way round; no byte may differ. The sizes of LL_PARTS
 * against sizeof.
 */
#include "hls/ll_words.h"
#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <string.h>

enum { ROUNDS = 2000 };

static void fill(struct ll_prng *prng, void *bytes, size_t bytes_count)
{
    uint8_t *at = bytes;
    for (size_t i = 0; i < bytes_count; i++)
        at[i] = (uint8_t)ll_prng_next(prng);
}

#define BEATS(B)                \
    B(update, struct ll_update) \
    B(result, struct ll_result) \
    B(ask, struct ll_life_ask)  \
    B(answer, struct ll_life_answer)

#define BEAT_TEST(name, type)                             \
    START_TEST(beat_##name)                               \
    {                                                     \
        struct ll_prng prng;                              \
        ll_prng_init(&prng, ll_test_seed("beat_" #name)); \
        for (int i = 0; i < ROUNDS; i++) {                \
            uint8_t bytes[sizeof(type)];                  \
            struct ll_beat beat;                          \
            type item;                                    \
            fill(&prng, bytes, sizeof bytes);             \
            memcpy(&item, bytes, sizeof item);            \
            memset(&beat, 0x5a, sizeof beat);             \
            beat = ll_beat_from_##name(item);             \
            ck_assert_mem_eq(&beat, bytes, sizeof bytes); \
            memset(&item, 0x5a, sizeof item);             \
            item = ll_beat_to_##name(beat);               \
            ck_assert_mem_eq(&item, bytes, sizeof bytes); \
        }                                                 \
    }                                                     \
    END_TEST

BEATS(BEAT_TEST)

#define ELEMENTS(E)                         \
    E(book_control, struct ll_book_control) \
    E(order_bucket, struct ll_order_bucket) \
    E(leaf, struct ll_leaf)                 \
    E(level, struct ll_level)               \
    E(inner, struct ll_inner)               \
    E(book_side, struct ll_book_side)       \
    E(life_control, struct ll_life_control) \
    E(life_bucket, struct ll_life_bucket)   \
    E(life_order, struct ll_life_order)

/* One word more than needed: it must stay. */
#define ELEMENT_TEST(name, type)                                               \
    START_TEST(element_##name)                                                 \
    {                                                                          \
        struct ll_prng prng;                                                   \
        ll_prng_init(&prng, ll_test_seed("element_" #name));                   \
        for (int i = 0; i < ROUNDS; i++) {                                     \
            uint8_t bytes[sizeof(type)];                                       \
            uint64_t words[sizeof(type) / 8 + 1];                              \
            type item;                                                         \
            fill(&prng, bytes, sizeof bytes);                                  \
            memcpy(&item, bytes, sizeof item);                                 \
            memset(words, 0x5a, sizeof words);                                 \
            ll_words_from_##name(words, item);                                 \
            ck_assert_mem_eq(words, bytes, sizeof bytes);                      \
            ck_assert_uint_eq(words[sizeof(type) / 8], 0x5a5a5a5a5a5a5a5aull); \
            memset(&item, 0x5a, sizeof item);                                  \
            item = ll_words_to_##name(words);                                  \
            ck_assert_mem_eq(&item, bytes, sizeof bytes);                      \
        }                                                                      \
    }                                                                          \
    END_TEST

ELEMENTS(ELEMENT_TEST)

START_TEST(parts_have_the_sizes_of_their_structs)
{
    static const size_t wanted[LL_PART_COUNT] = {[LL_PART_BOOK_CONTROL] = sizeof(struct ll_book_control),
                                                 [LL_PART_BOOK_BUCKETS] = sizeof(struct ll_order_bucket),
                                                 [LL_PART_LEAVES] = sizeof(struct ll_leaf),
                                                 [LL_PART_LEVELS] = LL_LEAF_LANES * sizeof(struct ll_level),
                                                 [LL_PART_INNERS] = sizeof(struct ll_inner),
                                                 [LL_PART_SIDES] = sizeof(struct ll_book_side),
                                                 [LL_PART_LIFE_CONTROL] = sizeof(struct ll_life_control),
                                                 [LL_PART_LIFE_BUCKETS] = sizeof(struct ll_life_bucket),
                                                 [LL_PART_LIFE_PLACES] = 2 * sizeof(uint32_t),
                                                 [LL_PART_LIFE_ORDERS] = sizeof(struct ll_life_order)};
#define PART_BYTES(name, number, text, bytes) ck_assert_uint_eq(wanted[number], (bytes));
    LL_PARTS(PART_BYTES)
#undef PART_BYTES
    ck_assert_uint_eq(LL_LEAF_LANES * sizeof(struct ll_level),
                      LL_LEAF_LANES * LL_WORDS_LEVEL * sizeof(uint64_t));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("words");
    TCase *tcase = tcase_create("words");
    tcase_set_timeout(tcase, 60);
#define ADD_BEAT(name, type)    tcase_add_test(tcase, beat_##name);
#define ADD_ELEMENT(name, type) tcase_add_test(tcase, element_##name);
    BEATS(ADD_BEAT)
    ELEMENTS(ADD_ELEMENT)
    tcase_add_test(tcase, parts_have_the_sizes_of_their_structs);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
