/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: names get numbers in the order of their first use and keep them; what is refused changes nothing; the
 * memory can be copied anywhere, and its check sees damage.
 * Method: memory of exactly the footprint with guard bytes behind it; the limits of length, letters and
 * capacity; random names against a plain list that is searched from the front.
 */
#include "host/core/ll_names.h"
#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD_BYTES = 64, GUARD = 0x5a };

struct fixture {
    struct ll_names names;
    uint8_t *memory;
    uint8_t *before; /* a copy, to compare with */
    size_t bytes;
};

static void open_names(struct fixture *fixture, uint64_t names, uint64_t seed)
{
    struct ll_names_config config = {.names = names, .seed = seed};
    fixture->bytes = ll_names_footprint_bytes(&config);
    ck_assert_uint_gt(fixture->bytes, 0);
    fixture->memory = malloc(fixture->bytes + GUARD_BYTES);
    fixture->before = malloc(fixture->bytes);
    ck_assert_ptr_nonnull(fixture->memory);
    ck_assert_ptr_nonnull(fixture->before);
    memset(fixture->memory, GUARD, fixture->bytes + GUARD_BYTES);
    ll_names_init(&fixture->names, fixture->memory, &config);
}

static void check_clean(const struct fixture *fixture)
{
    struct ll_why why = {0};
    ck_assert_msg(ll_names_check(&fixture->names, &why) == LL_OK, "%s", why.text);
}

static void close_names(struct fixture *fixture)
{
    check_clean(fixture);
    for (size_t i = 0; i < GUARD_BYTES; i++)
        ck_assert_uint_eq(fixture->memory[fixture->bytes + i], GUARD);
    free(fixture->memory);
    free(fixture->before);
}

static void intern(struct fixture *fixture, const char *text, size_t text_bytes, uint32_t want)
{
    struct ll_why why = {0};
    uint32_t number = LL_NAME_NONE;
    ck_assert_msg(ll_names_intern(&fixture->names, text, text_bytes, &number, &why) == LL_OK, "%s", why.text);
    ck_assert_uint_eq(number, want);
    ck_assert_uint_eq(ll_names_find(&fixture->names, text, text_bytes), want);
    const struct ll_name *name = ll_names_at(&fixture->names, want);
    ck_assert_uint_eq(name->bytes_count, text_bytes);
    ck_assert_int_eq(memcmp(name->text, text, text_bytes), 0);
}

static void refuse(struct fixture *fixture, const char *text, size_t text_bytes, int code)
{
    struct ll_why why = {0};
    uint32_t number = 12345;
    memcpy(fixture->before, fixture->memory, fixture->bytes);
    ck_assert_int_eq(ll_names_intern(&fixture->names, text, text_bytes, &number, &why), code);
    ck_assert_ptr_nonnull(strchr(why.text, ';'));
    ck_assert_uint_eq(number, 12345);
    ck_assert_uint_eq(ll_names_find(&fixture->names, text, text_bytes), LL_NAME_NONE);
    ck_assert_int_eq(memcmp(fixture->before, fixture->memory, fixture->bytes), 0);
}

START_TEST(configs_that_cannot_be)
{
    static const uint64_t bad[] = {0, LL_NAMES_MAX + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_uint_eq(ll_names_footprint_bytes(&(struct ll_names_config){bad[i], 0}), 0);
    ck_assert_uint_gt(ll_names_footprint_bytes(&(struct ll_names_config){LL_NAMES_MAX, 0}),
                      LL_NAMES_MAX * sizeof(struct ll_name));
}
END_TEST

START_TEST(numbers_in_order_of_first_use)
{
    struct fixture fixture;
    open_names(&fixture, 3, 7);
    ck_assert_uint_eq(ll_names_count(&fixture.names), 0);
    ck_assert_uint_eq(ll_names_find(&fixture.names, "alice", 5), LL_NAME_NONE);
    intern(&fixture, "alice", 5, 0);
    intern(&fixture, "alice", 4, 1); /* a beginning is a name of its own */
    intern(&fixture, "alice", 5, 0);
    intern(&fixture, "Alice", 5, 2); /* and so is another case */
    ck_assert_uint_eq(ll_names_count(&fixture.names), 3);
    refuse(&fixture, "bob", 3, LL_ERR_FULL);
    intern(&fixture, "alic", 4, 1); /* what is known is found in a full table */
    close_names(&fixture);
}
END_TEST

/* Each is the beginning of the one before, and many share a slot with it. */
START_TEST(beginnings_are_names_of_their_own)
{
    struct fixture fixture;
    char text[LL_NAMES_TEXT_BYTES_MAX];
    open_names(&fixture, LL_NAMES_TEXT_BYTES_MAX, 7);
    memset(text, 'x', sizeof text);
    for (uint32_t i = 0; i < LL_NAMES_TEXT_BYTES_MAX; i++)
        intern(&fixture, text, LL_NAMES_TEXT_BYTES_MAX - i, i);
    close_names(&fixture);
}
END_TEST

START_TEST(text_that_is_no_name)
{
    struct fixture fixture;
    char text[LL_NAMES_TEXT_BYTES_MAX + 2];
    open_names(&fixture, 300, 0);
    memset(text, 'x', sizeof text);
    refuse(&fixture, text, 0, LL_ERR_INPUT);
    refuse(&fixture, text, LL_NAMES_TEXT_BYTES_MAX + 1, LL_ERR_INPUT);
    refuse(&fixture, text, SIZE_MAX, LL_ERR_INPUT);
    uint32_t number = 0;
    for (unsigned letter = 0; letter < 256; letter++) { /* in the last place of the longest name */
        text[LL_NAMES_TEXT_BYTES_MAX - 1] = (char)letter;
        if (letter > ' ' && letter < 0x7f)
            intern(&fixture, text, LL_NAMES_TEXT_BYTES_MAX, number++);
        else
            refuse(&fixture, text, LL_NAMES_TEXT_BYTES_MAX, LL_ERR_INPUT);
    }
    ck_assert_uint_eq(number, 94);
    intern(&fixture, "!", 1, 94);
    close_names(&fixture);
}
END_TEST

START_TEST(random_names_against_a_list)
{
    enum { NAMES = 700, STEPS = 20000 };
    static char list[NAMES][16];
    static size_t lengths[NAMES];
    uint32_t count = 0;
    struct fixture fixture;
    struct fixture other; /* another seed and capacity: other places, the same numbers */
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_names_against_a_list"));
    open_names(&fixture, NAMES, ll_prng_next(&prng));
    open_names(&other, (uint64_t)2 * NAMES, ll_prng_next(&prng));
    for (int step = 0; step < STEPS; step++) {
        char text[16];
        int length = snprintf(text, sizeof text, "n%x", ll_prng_below(&prng, 800));
        uint32_t want = 0;
        uint32_t number;
        while (want < count && strcmp(list[want], text) != 0)
            want++;
        if (want == NAMES) {
            refuse(&fixture, text, (size_t)length, LL_ERR_FULL);
            continue;
        }
        if (want == count) {
            memcpy(list[count], text, sizeof text);
            lengths[count++] = (size_t)length;
        }
        intern(&fixture, text, (size_t)length, want);
        ck_assert_int_eq(ll_names_intern(&other.names, text, (size_t)length, &number, NULL), LL_OK);
        ck_assert_uint_eq(number, want);
    }
    ck_assert_uint_eq(count, NAMES);
    ck_assert_uint_eq(ll_names_hash(&fixture.names), ll_names_hash(&other.names));
    intern(&other, "more", 4, NAMES);
    ck_assert_uint_ne(ll_names_hash(&fixture.names), ll_names_hash(&other.names));
    for (uint32_t i = 0; i < NAMES; i++)
        ck_assert_uint_eq(ll_names_find(&fixture.names, list[i], lengths[i]), i);
    close_names(&fixture);
    close_names(&other);
}
END_TEST

START_TEST(a_copy_goes_on)
{
    struct fixture fixture;
    struct fixture other;
    struct ll_why why = {0};
    open_names(&fixture, 10, 1);
    open_names(&other, 10, 2);
    intern(&fixture, "alice", 5, 0);
    memcpy(other.memory, fixture.memory, fixture.bytes);
    memset(&other.names, 0, sizeof other.names);
    ck_assert_msg(ll_names_attach(&other.names, other.memory, other.bytes, &why) == LL_OK, "%s", why.text);
    ck_assert_uint_eq(ll_names_hash(&other.names), ll_names_hash(&fixture.names));
    intern(&fixture, "bob", 3, 1);
    intern(&other, "bob", 3, 1);
    ck_assert_int_eq(memcmp(fixture.memory, other.memory, fixture.bytes), 0);
    close_names(&fixture);
    close_names(&other);
}
END_TEST

START_TEST(memory_that_holds_no_names)
{
    struct fixture fixture;
    struct ll_names names;
    open_names(&fixture, 10, 1);
    for (size_t bytes = 0; bytes < fixture.bytes; bytes++) {
        struct ll_why why = {0};
        ck_assert_int_eq(ll_names_attach(&names, fixture.memory, bytes, &why), LL_ERR_CORRUPT);
        ck_assert_ptr_nonnull(strchr(why.text, ';'));
    }
    memcpy(fixture.before, fixture.memory, fixture.bytes);
    static const size_t header[] = {0, 4, 8, 12, 16, 20, 24, 28}; /* words that attach judges by */
    for (size_t i = 0; i < sizeof header / sizeof header[0]; i++) {
        fixture.memory[header[i] + 3] ^= 0x80;
        ck_assert_msg(ll_names_attach(&names, fixture.memory, fixture.bytes, NULL) == LL_ERR_CORRUPT,
                      "byte %zu", header[i] + 3);
        memcpy(fixture.memory, fixture.before, fixture.bytes);
    }
    close_names(&fixture);
}
END_TEST

static void damage(struct fixture *fixture, size_t offset, uint32_t value, const char *what)
{
    struct ll_why why = {0};
    memcpy(fixture->before, fixture->memory, fixture->bytes);
    memcpy(fixture->memory + offset, &value, sizeof value);
    ck_assert_msg(memcmp(fixture->before, fixture->memory, fixture->bytes) != 0, "no damage: %s", what);
    ck_assert_msg(ll_names_check(&fixture->names, &why) == LL_ERR_CORRUPT, "not seen: %s", what);
    ck_assert_msg(why.text[0] != 0, "no reason: %s", what);
    memcpy(fixture->memory, fixture->before, fixture->bytes);
    check_clean(fixture);
}

START_TEST(damage_is_seen)
{
    enum { CONTROL = 64, COUNT = 12, SLOTS = 32 };
    struct fixture fixture;
    open_names(&fixture, 10, 1);
    intern(&fixture, "alice", 5, 0);
    intern(&fixture, "bob", 3, 1);
    uint32_t slots[SLOTS];
    memcpy(slots, fixture.memory + CONTROL, sizeof slots);
    size_t used = 0;
    size_t empty = 0;
    while (slots[used] == 0)
        used++;
    while (slots[empty] != 0)
        empty++;
    damage(&fixture, CONTROL + used * 4, 0, "a slot emptied");
    damage(&fixture, CONTROL + used * 4, 3 - slots[used], "a slot of another name");
    damage(&fixture, CONTROL + used * 4, 3, "a slot out of range");
    damage(&fixture, CONTROL + used * 4, UINT32_MAX, "a slot far out of range");
    damage(&fixture, CONTROL + empty * 4, 1, "a name in two slots");
    damage(&fixture, COUNT, 1, "the count");
    damage(&fixture, COUNT, 3, "the count");
    size_t alice = CONTROL + SLOTS * 4;
    damage(&fixture, alice, 4, "a length too short");
    damage(&fixture, alice, 6, "a length too long");
    damage(&fixture, alice, UINT32_MAX, "a length without measure");
    damage(&fixture, alice + 4, 1, "reserved bytes");
    damage(&fixture, alice + 8, 0x41414141, "other letters");
    damage(&fixture, alice + 8, 0x20202020, "no letters");
    damage(&fixture, alice + 8 + 60, 1, "something behind the name");
    close_names(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("names");
    TCase *tcase = tcase_create("names");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, configs_that_cannot_be);
    tcase_add_test(tcase, numbers_in_order_of_first_use);
    tcase_add_test(tcase, beginnings_are_names_of_their_own);
    tcase_add_test(tcase, text_that_is_no_name);
    tcase_add_test(tcase, random_names_against_a_list);
    tcase_add_test(tcase, a_copy_goes_on);
    tcase_add_test(tcase, memory_that_holds_no_names);
    tcase_add_test(tcase, damage_is_seen);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
