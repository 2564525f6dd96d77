/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the codecs share: struct members against the manifest, layout tables against layouts.json,
 * and members filled at random.
 *
 * Shape    static inline, and one macro per kind of field (host/wire/ll_field.h).
 * Units    as on the wire.
 * Errors   each helper fails the running test case itself (libcheck).
 * Threads  one test case.
 */
#ifndef LL_TESTS_UNIT_TEST_FIELDS_H
#define LL_TESTS_UNIT_TEST_FIELDS_H

#include "host/base/ll_prng.h"
#include "host/wire/ll_field.h"
#include "tests/unit/ll_test_vectors.h"

/* --- members against the manifest ----------------------------------------------------------------------- */

static inline void ll_test_char(char got, const json_t *expected, const char *name)
{
    const char *text = json_string_value(expected);
    ck_assert_msg(text != NULL && strlen(text) == 1, "%s: no single character in the manifest", name);
    ck_assert_msg(got == text[0], "%s: got '%c', expected '%c'", name, got, text[0]);
}

static inline void ll_test_alpha(const char *got, size_t bytes, const json_t *expected, const char *name)
{
    const char *text = json_string_value(expected);
    ck_assert_msg(text != NULL && strlen(text) <= bytes, "%s: no fitting text in the manifest", name);
    size_t text_bytes = strlen(text);
    ck_assert_mem_eq(got, text, text_bytes);
    for (size_t i = text_bytes; i < bytes; i++)
        ck_assert_msg(got[i] == ' ', "%s: byte %zu is not padding", name, i);
}

static inline void ll_test_number(uint64_t got, const json_t *expected, const char *name)
{
    ck_assert_msg(expected != NULL, "%s: not in the manifest", name);
    uint64_t number = ll_test_json_u64(expected);
    ck_assert_msg(got == number, "%s: got %llu, expected %llu", name, (unsigned long long)got,
                  (unsigned long long)number);
}

static inline void ll_test_signed(int64_t got, const json_t *expected, const char *name)
{
    ck_assert_msg(json_is_integer(expected), "%s: no integer in the manifest", name);
    ck_assert_msg(got == json_integer_value(expected), "%s: got %lld, expected %lld", name, (long long)got,
                  (long long)json_integer_value(expected));
}

#define LL_TEST_CHECK_CHAR(member, bytes, value, name)          ll_test_char(member, value, name)
#define LL_TEST_CHECK_U8(member, bytes, value, name)            ll_test_number(member, value, name)
#define LL_TEST_CHECK_U16(member, bytes, value, name)           ll_test_number(member, value, name)
#define LL_TEST_CHECK_U32(member, bytes, value, name)           ll_test_number(member, value, name)
#define LL_TEST_CHECK_U48(member, bytes, value, name)           ll_test_number(member, value, name)
#define LL_TEST_CHECK_U64(member, bytes, value, name)           ll_test_number(member, value, name)
#define LL_TEST_CHECK_ALPHA(member, bytes, value, name)         ll_test_alpha(member, bytes, value, name)
#define LL_TEST_CHECK_PRICE4(member, bytes, value, name)        ll_test_number(member, value, name)
#define LL_TEST_CHECK_LONG_PRICE4(member, bytes, value, name)   ll_test_number(member, value, name)
#define LL_TEST_CHECK_SIGNED_PRICE4(member, bytes, value, name) ll_test_signed(member, value, name)
#define LL_TEST_CHECK_PRICE8(member, bytes, value, name)        ll_test_number(member, value, name)

/* --- layout tables against layouts.json ----------------------------------------------------------------- */

static const char *const ll_test_kind_names[] = {
    [LL_FIELD_CHAR] = "char",        [LL_FIELD_U8] = "u8",
    [LL_FIELD_U16] = "u16",          [LL_FIELD_U32] = "u32",
    [LL_FIELD_U48] = "u48",          [LL_FIELD_U64] = "u64",
    [LL_FIELD_ALPHA] = "alpha",      [LL_FIELD_PRICE4] = "p4_4",
    [LL_FIELD_LONG_PRICE4] = "p8_4", [LL_FIELD_SIGNED_PRICE4] = "i32 1e-4",
    [LL_FIELD_PRICE8] = "p8_8"};

/* One field, except for its name. */
static inline void ll_test_layout_field(const struct ll_field *field, const json_t *expected)
{
    ck_assert_uint_eq(field->offset, ll_test_json_u64(json_object_get(expected, "offset")));
    ck_assert_uint_eq(field->bytes, ll_test_json_u64(json_object_get(expected, "len")));
    ck_assert_str_eq(ll_test_kind_names[field->kind], json_string_value(json_object_get(expected, "kind")));
}

/* --- members at random ---------------------------------------------------------------------------------- */

static inline void ll_test_fill(struct ll_prng *prng, void *target, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)target)[i] = (uint8_t)ll_prng_next(prng);
}

#define LL_TEST_FILL_CHAR(prng, member)          (member) = (char)ll_prng_next(prng)
#define LL_TEST_FILL_U8(prng, member)            (member) = (uint8_t)ll_prng_next(prng)
#define LL_TEST_FILL_U16(prng, member)           (member) = (uint16_t)ll_prng_next(prng)
#define LL_TEST_FILL_U32(prng, member)           (member) = (uint32_t)ll_prng_next(prng)
#define LL_TEST_FILL_U48(prng, member)           (member) = ll_prng_next(prng) >> 16
#define LL_TEST_FILL_U64(prng, member)           (member) = ll_prng_next(prng)
#define LL_TEST_FILL_ALPHA(prng, member)         ll_test_fill(prng, (member), sizeof(member))
#define LL_TEST_FILL_PRICE4(prng, member)        (member) = (uint32_t)ll_prng_next(prng)
#define LL_TEST_FILL_LONG_PRICE4(prng, member)   (member) = ll_prng_next(prng)
#define LL_TEST_FILL_SIGNED_PRICE4(prng, member) (member) = (int32_t)(uint32_t)ll_prng_next(prng)
#define LL_TEST_FILL_PRICE8(prng, member)        (member) = ll_prng_next(prng)

#endif
