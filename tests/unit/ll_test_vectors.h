/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the wire layer share: the vectors in tests/vectors.
 *
 * Shape    static inline; paths are relative to the root of the tree, where `make test` runs the tests.
 * Units    bytes.
 * Errors   each helper fails the running test case itself (libcheck).
 * Threads  one test case.
 */
#ifndef LL_TESTS_UNIT_TEST_VECTORS_H
#define LL_TESTS_UNIT_TEST_VECTORS_H

#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LL_VECTORS      "tests/vectors/"
#define LL_TEST_SKIPPED 77

/* A whole file in a heap block of exactly its size, so that a read past its end is seen by the sanitizer. */
struct ll_test_file {
    uint8_t *bytes;
    uint32_t bytes_count;
};

static inline struct ll_test_file ll_test_read(const char *folder, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s%s", folder, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s: cannot open; run the tests from the root of the tree", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    long size_bytes = ftell(file);
    ck_assert_int_ge(size_bytes, 0);
    rewind(file);
    struct ll_test_file got = {malloc(size_bytes > 0 ? (size_t)size_bytes : 1), (uint32_t)size_bytes};
    ck_assert_ptr_nonnull(got.bytes);
    ck_assert_uint_eq(fread(got.bytes, 1, got.bytes_count, file), got.bytes_count);
    ck_assert_int_eq(fclose(file), 0);
    return got;
}

/* A heap copy of exactly `bytes_count` bytes, for the same reason. */
static inline uint8_t *ll_test_copy(const void *bytes, size_t bytes_count)
{
    uint8_t *copy = malloc(bytes_count > 0 ? bytes_count : 1);
    ck_assert_ptr_nonnull(copy);
    if (bytes_count > 0)
        memcpy(copy, bytes, bytes_count);
    return copy;
}

static inline json_t *ll_test_json(const char *name)
{
    char path[512];
    json_error_t error;
    (void)snprintf(path, sizeof path, LL_VECTORS "%s", name);
    json_t *root = json_load_file(path, 0, &error);
    ck_assert_msg(root != NULL, "%s:%d: %s", path, error.line, error.text);
    return root;
}

/* An unsigned integer of the manifest; large ones are strings there. */
static inline uint64_t ll_test_json_u64(const json_t *value)
{
    if (json_is_string(value))
        return strtoull(json_string_value(value), NULL, 10);
    ck_assert_msg(json_is_integer(value), "neither an integer nor a string");
    return (uint64_t)json_integer_value(value);
}

/* Runs the suite; 0 only when nothing failed. */
static inline int ll_test_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? 0 : 1;
}

#endif
