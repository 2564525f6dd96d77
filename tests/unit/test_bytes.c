/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: big-endian loads and stores move exactly their own bytes, in network order, at any alignment.
 * Method: fixed patterns at every offset of a guarded buffer, then random values against a byte-by-byte model.
 */
#include "host/base/ll_bytes.h"

#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>

#define BUFFER_BYTES 24u
#define GUARD        0xA5u

/* The model: one byte at a time, most significant first. */
static void model_store(uint8_t *bytes, uint64_t value, unsigned width_bytes)
{
    for (unsigned i = 0; i < width_bytes; i++)
        bytes[i] = (uint8_t)(value >> (8 * (width_bytes - 1 - i)));
}

static void store(uint8_t *bytes, uint64_t value, unsigned width_bytes)
{
    if (width_bytes == 2)
        ll_store_be16(bytes, (uint16_t)value);
    else if (width_bytes == 4)
        ll_store_be32(bytes, (uint32_t)value);
    else if (width_bytes == 6)
        ll_store_be48(bytes, value);
    else
        ll_store_be64(bytes, value);
}

static uint64_t load(const uint8_t *bytes, unsigned width_bytes)
{
    if (width_bytes == 2)
        return ll_load_be16(bytes);
    if (width_bytes == 4)
        return ll_load_be32(bytes);
    return width_bytes == 6 ? ll_load_be48(bytes) : ll_load_be64(bytes);
}

static void check_value(uint64_t value, unsigned width_bytes, unsigned offset)
{
    uint8_t expected[BUFFER_BYTES];
    uint8_t stored[BUFFER_BYTES];
    uint64_t mask = UINT64_MAX >> (64 - 8 * width_bytes);
    memset(expected, GUARD, sizeof expected);
    memset(stored, GUARD, sizeof stored);
    model_store(expected + offset, value, width_bytes);
    store(stored + offset, value, width_bytes);
    ck_assert_mem_eq(stored, expected, sizeof stored);
    ck_assert_uint_eq(load(stored + offset, width_bytes), value & mask);
}

/* _i is the width in units of two bytes. */
START_TEST(test_edges)
{
    static const uint64_t values[] = {0,          1,          0x7f,      0x80,
                                      0xff,       0xffff,     0x8000,    0xffffffff,
                                      0x80000000, UINT64_MAX, INT64_MAX, 0x0102030405060708};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        for (unsigned offset = 0; offset <= 8; offset++)
            check_value(values[i], (unsigned)_i * 2, offset);
}
END_TEST

START_TEST(test_random)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random"));
    for (int round = 0; round < 10000; round++) {
        uint64_t value = ll_prng_next(&prng);
        check_value(value, 2 * (1 + ll_prng_below(&prng, 4)), ll_prng_below(&prng, 9));
    }
}
END_TEST

START_TEST(test_network_order)
{
    const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};
    ck_assert_uint_eq(ll_load_be16(bytes), 0x0102);
    ck_assert_uint_eq(ll_load_be32(bytes), 0x01020304);
    ck_assert_uint_eq(ll_load_be48(bytes), 0x010203040506);
    ck_assert_uint_eq(ll_load_be64(bytes), 0x0102030405060708);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bytes");
    TCase *tcase = tcase_create("bytes");
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, test_edges, 1, 5);
    tcase_add_test(tcase, test_random);
    tcase_add_test(tcase, test_network_order);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
