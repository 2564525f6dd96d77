/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a beat tells by itself whether it is whole: any one flipped bit is seen, any two outside the check,
 * and a slot that is partly of an older beat. Method: every one of the 512 bits of random beats; every pair of
 * bits of one; every mix of the words of two beats that stood at the same place, random ones and ones that
 * differ in little. The check has 24 bits, so of many thousand mixes a very few may pass by chance, and the
 * test counts them. Layout of the tag, and the ring's places, as the header says.
 */
#include "hls/ll_link.h"
#include "hls/ll_words.h"
#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>

enum { BEATS = 300, CHANCE_MAX = 2 };

static struct ll_beat random_beat(struct ll_prng *prng, uint32_t ordinal, uint32_t kind)
{
    struct ll_beat beat;
    for (uint32_t i = 0; i < LL_BEAT_CONTENT; i++)
        beat.word[i] = ll_prng_chance(prng, 300) ? 0 : ll_prng_next(prng);
    beat.word[LL_BEAT_TAG] = ll_beat_tag(beat, ordinal, kind);
    return beat;
}

START_TEST(the_tag_is_laid_out_as_said)
{
    struct ll_beat beat = {{1, 2, 3, 4, 5, 6, 7, 0}};
    uint64_t tag = ll_beat_tag(beat, 0x89abcdefu, 0xfeu);
    ck_assert_uint_eq(tag & 0xffffffffu, 0x89abcdefu);
    ck_assert_uint_eq(tag >> 56, 0xfeu);
    ck_assert_uint_eq(tag >> 32 & 0xffffffu, ll_beat_check(beat, 0x89abcdefu, 0xfeu));
    ck_assert_uint_eq(ll_beat_ordinal(tag), 0x89abcdefu);
    ck_assert_uint_eq(ll_beat_kind_of(tag), 0xfeu);
    beat.word[LL_BEAT_TAG] = tag;
    ck_assert_uint_eq(ll_beat_is_whole(beat), 1);
}
END_TEST

START_TEST(any_flipped_bit_is_seen)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("any_flipped_bit_is_seen"));
    for (uint32_t i = 0; i < BEATS; i++) {
        struct ll_beat beat =
            random_beat(&prng, (uint32_t)ll_prng_next(&prng), ll_prng_below(&prng, LL_BEAT_BROKEN + 1));
        ck_assert_uint_eq(ll_beat_is_whole(beat), 1);
        for (uint32_t bit = 0; bit < 512; bit++) {
            struct ll_beat other = beat;
            other.word[bit / 64] ^= (uint64_t)1 << bit % 64;
            ck_assert_msg(ll_beat_is_whole(other) == 0, "beat %u bit %u", i, bit);
        }
    }
}
END_TEST

/* Words, ordinal and kind; the check itself stays. */
START_TEST(any_two_flipped_bits_are_seen)
{
    enum { BITS = 488 };
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("any_two_flipped_bits_are_seen"));
    struct ll_beat beat = random_beat(&prng, (uint32_t)ll_prng_next(&prng), LL_BEAT_ASK);
    for (uint32_t first = 0; first < BITS; first++) {
        for (uint32_t second = 0; second < first; second++) {
            struct ll_beat other = beat;
            uint32_t bits[2] = {first, second};
            for (uint32_t i = 0; i < 2; i++) /* behind the ordinal comes the check, then the kind */
                bits[i] += bits[i] >= 480 ? 24 : 0;
            other.word[bits[0] / 64] ^= (uint64_t)1 << bits[0] % 64;
            other.word[bits[1] / 64] ^= (uint64_t)1 << bits[1] % 64;
            ck_assert_msg(ll_beat_is_whole(other) == 0, "bits %u and %u", bits[0], bits[1]);
        }
    }
}
END_TEST

/* Every mix of the two; returns how many were taken for whole without being one of both. */
static uint32_t mixes_unseen(struct ll_beat old, struct ll_beat new)
{
    uint32_t unseen = 0;
    for (uint32_t mask = 1; mask < 255; mask++) {
        struct ll_beat mix;
        uint32_t is_old = 1;
        uint32_t is_new = 1;
        for (uint32_t i = 0; i < LL_BEAT_WORDS; i++) {
            mix.word[i] = (mask >> i & 1u) != 0 ? new.word[i] : old.word[i];
            is_old &= (uint32_t)(mix.word[i] == old.word[i]);
            is_new &= (uint32_t)(mix.word[i] == new.word[i]);
        }
        if ((is_old | is_new) == 0)
            unseen += ll_beat_is_whole(mix);
    }
    return unseen;
}

START_TEST(a_mix_of_two_random_beats_is_seen)
{
    struct ll_prng prng;
    uint32_t unseen = 0;
    ll_prng_init(&prng, ll_test_seed("a_mix_of_two_random_beats_is_seen"));
    for (uint32_t i = 0; i < BEATS; i++) {
        uint32_t ordinal = (uint32_t)ll_prng_next(&prng);
        unseen += mixes_unseen(random_beat(&prng, ordinal, LL_BEAT_UPDATE),
                               random_beat(&prng, ordinal + 64, 1 + ll_prng_below(&prng, 3)));
    }
    ck_assert_uint_le(unseen, CHANCE_MAX);
}
END_TEST

/* As the ring sees them: references count up, prices move by a tick. */
START_TEST(a_mix_of_two_updates_is_seen)
{
    struct ll_prng prng;
    uint32_t unseen = 0;
    ll_prng_init(&prng, ll_test_seed("a_mix_of_two_updates_is_seen"));
    for (uint32_t i = 0; i < BEATS; i++) {
        struct ll_update update = {.ref = 1000000 + i,
                                   .price = 100000 + ll_prng_below(&prng, 100),
                                   .quantity = 1 + ll_prng_below(&prng, 500),
                                   .book = ll_prng_below(&prng, 8000),
                                   .op = LL_OP_ADD};
        struct ll_beat old = ll_beat_from_update(update);
        old.word[LL_BEAT_TAG] = ll_beat_tag(old, i + 1, LL_BEAT_UPDATE);
        update.ref += 1 + ll_prng_below(&prng, 64);
        update.price += ll_prng_below(&prng, 3);
        update.op = (uint8_t)(LL_OP_ADD + ll_prng_below(&prng, 4));
        struct ll_beat new = ll_beat_from_update(update);
        new.word[LL_BEAT_TAG] = ll_beat_tag(new, i + 1 + 64, LL_BEAT_UPDATE);
        unseen += mixes_unseen(old, new);
    }
    ck_assert_uint_le(unseen, CHANCE_MAX);
}
END_TEST

START_TEST(requests_have_places_of_their_own)
{
    for (uint32_t slots = 1; slots <= LL_LINK_SLOTS_MAX; slots *= 2) {
        for (uint32_t i = 0; i < slots; i++) {
            uint32_t at = ll_link_slot_at(0u - 3u + i, slots);
            ck_assert_uint_ge(at, LL_LINK_HEAD_WORDS);
            ck_assert_uint_le(at + LL_BEAT_WORDS, ll_link_window_at(slots));
            ck_assert_uint_eq(at % LL_BEAT_WORDS, 0);
            ck_assert_uint_eq(at, ll_link_slot_at(0u - 3u + i + slots, slots));
        }
        ck_assert_uint_eq(ll_link_words(slots), LL_LINK_HEAD_WORDS + slots * 8 + LL_LINK_WINDOW_WORDS);
    }
}
END_TEST

START_TEST(what_is_put_is_got)
{
    static uint64_t link[LL_LINK_HEAD_WORDS + 4 * LL_BEAT_WORDS];
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("what_is_put_is_got"));
    ck_assert_uint_eq(ll_link_has(link, 4, 0), 0); /* never written */
    for (uint32_t ordinal = 0u - 9u; ordinal != 9; ordinal++) {
        struct ll_beat beat = random_beat(&prng, ordinal, LL_BEAT_ASK);
        ck_assert_uint_eq(ll_link_has(link, 4, ordinal), 0);
        ll_link_put(link, 4, ordinal, LL_BEAT_ASK, beat);
        ck_assert_uint_eq(ll_link_has(link, 4, ordinal), 1);
        ck_assert_uint_eq(ll_link_has(link, 4, ordinal + 4), 0);
        struct ll_beat got = ll_link_get(link, 4, ordinal);
        ck_assert_mem_eq(&got, &beat, sizeof beat);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("beat");
    TCase *tcase = tcase_create("beat");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_tag_is_laid_out_as_said);
    tcase_add_test(tcase, any_flipped_bit_is_seen);
    tcase_add_test(tcase, any_two_flipped_bits_are_seen);
    tcase_add_test(tcase, a_mix_of_two_random_beats_is_seen);
    tcase_add_test(tcase, a_mix_of_two_updates_is_seen);
    tcase_add_test(tcase, requests_have_places_of_their_own);
    tcase_add_test(tcase, what_is_put_is_got);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
