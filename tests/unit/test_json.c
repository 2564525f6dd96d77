/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: what the writer writes is JSON, and a reader gets back exactly what was put in.
 * Method: everything is parsed again with jansson: known edges of every kind of value, then random trees whose
 * shape is repeated from the same seed while reading.
 */
#include "host/base/ll_json.h"

#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct sink {
    char *text;
    size_t text_bytes;
    FILE *file;
    struct ll_json json;
};

static void sink_open(struct sink *sink, bool pretty)
{
    sink->text = NULL;
    sink->file = open_memstream(&sink->text, &sink->text_bytes);
    ck_assert_ptr_nonnull(sink->file);
    ll_json_init(&sink->json, sink->file, pretty);
}

/* Closes the sink and parses what it holds; the caller owns the value. */
static json_t *sink_parse(struct sink *sink)
{
    json_error_t error;
    ck_assert_int_eq(ferror(sink->file), 0);
    ck_assert_int_eq(fclose(sink->file), 0);
    json_t *value = json_loadb(sink->text, sink->text_bytes, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    ck_assert_msg(value != NULL, "%s in: %s", error.text, sink->text);
    return value;
}

START_TEST(test_every_kind)
{
    struct sink sink;
    const uint8_t raw[] = {0x00, 0x7f, 0xff};
    sink_open(&sink, _i != 0);
    ll_json_begin_object(&sink.json, NULL);
    ll_json_i64(&sink.json, "least", INT64_MIN);
    ll_json_u64(&sink.json, "most", INT64_MAX);
    ll_json_bool(&sink.json, "yes", true);
    ll_json_bool(&sink.json, "no", false);
    ll_json_string(&sink.json, "none", NULL);
    ll_json_string(&sink.json, "q\"\\\n\x01", "tab\t \"quoted\" back\\slash");
    ll_json_text(&sink.json, "text", "ab\0\xe9", 4);
    ll_json_hex(&sink.json, "hex", raw, sizeof raw);
    ll_json_hash(&sink.json, "hash", 0x00abcdef01234567u);
    ll_json_begin_array(&sink.json, "empty_array");
    ll_json_end_array(&sink.json);
    ll_json_begin_object(&sink.json, "empty_object");
    ll_json_end_object(&sink.json);
    ll_json_end_object(&sink.json);
    ll_json_newline(&sink.json);
    json_t *value = sink_parse(&sink);
    ck_assert_uint_eq(json_object_size(value), 11);
    ck_assert_int_eq(json_integer_value(json_object_get(value, "least")), INT64_MIN);
    ck_assert_int_eq(json_integer_value(json_object_get(value, "most")), INT64_MAX);
    ck_assert(json_is_true(json_object_get(value, "yes")));
    ck_assert(json_is_false(json_object_get(value, "no")));
    ck_assert(json_is_null(json_object_get(value, "none")));
    ck_assert_str_eq(json_string_value(json_object_get(value, "q\"\\\n\x01")),
                     "tab\t \"quoted\" back\\slash");
    const json_t *text = json_object_get(value, "text");
    ck_assert_uint_eq(json_string_length(text), 5);
    ck_assert_mem_eq(json_string_value(text), "ab\0\xc3\xa9", 5); /* byte E9 read as U+00E9 */
    ck_assert_str_eq(json_string_value(json_object_get(value, "hex")), "007fff");
    ck_assert_str_eq(json_string_value(json_object_get(value, "hash")), "0x00abcdef01234567");
    ck_assert(json_is_array(json_object_get(value, "empty_array")));
    ck_assert_uint_eq(json_object_size(json_object_get(value, "empty_object")), 0);
    json_decref(value);
    free(sink.text);
}
END_TEST

START_TEST(test_exact_text)
{
    struct sink sink;
    sink_open(&sink, false);
    ll_json_begin_array(&sink.json, NULL);
    ll_json_u64(&sink.json, NULL, UINT64_MAX);
    ll_json_fixed(&sink.json, NULL, 1234567890, 9);
    ll_json_fixed(&sink.json, NULL, 5, 3);
    ll_json_fixed(&sink.json, NULL, 42, 0);
    ll_json_fixed(&sink.json, NULL, UINT64_MAX, LL_JSON_DECIMALS_MAX);
    ll_json_begin_object(&sink.json, NULL);
    ll_json_u64(&sink.json, "a", 1);
    ll_json_u64(&sink.json, "b", 2);
    ll_json_end_object(&sink.json);
    ll_json_end_array(&sink.json);
    ll_json_newline(&sink.json);
    ll_json_u64(&sink.json, NULL, 7); /* the next line of a JSON-lines file */
    ll_json_newline(&sink.json);
    ck_assert_int_eq(fclose(sink.file), 0);
    ck_assert_str_eq(sink.text, "[18446744073709551615,1.234567890,0.005,42,1.8446744073709551615,"
                                "{\"a\":1,\"b\":2}]\n7\n");
    free(sink.text);
}
END_TEST

START_TEST(test_pretty_text)
{
    struct sink sink;
    sink_open(&sink, true);
    ll_json_begin_object(&sink.json, NULL);
    ll_json_begin_array(&sink.json, "a");
    ll_json_u64(&sink.json, NULL, 1);
    ll_json_u64(&sink.json, NULL, 2);
    ll_json_end_array(&sink.json);
    ll_json_end_object(&sink.json);
    ck_assert_int_eq(fclose(sink.file), 0);
    ck_assert_str_eq(sink.text, "{\n  \"a\": [\n    1,\n    2\n  ]\n}");
    free(sink.text);
}
END_TEST

/* Text that is UTF-8 passes unchanged; every broken byte becomes one U+FFFD, never a broken document. */
static const struct {
    const char *in;
    const char *out;
} utf8[] = {
    {"\x7f", "\x7f"},
    {"\xc2\x80", "\xc2\x80"},
    {"\xdf\xbf", "\xdf\xbf"},
    {"\xe0\xa0\x80", "\xe0\xa0\x80"},
    {"\xed\x9f\xbf", "\xed\x9f\xbf"},
    {"\xef\xbf\xbf", "\xef\xbf\xbf"},
    {"\xf0\x90\x80\x80", "\xf0\x90\x80\x80"},
    {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
    {"\x80", "\xef\xbf\xbd"},
    {"\xc1\xbf", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xc2", "\xef\xbf\xbd"},
    {"\xe0\x9f\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xf0\x8f\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xf0\x90\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xf5x", "\xef\xbf\xbdx"},
    {"\xff", "\xef\xbf\xbd"},
};

START_TEST(test_utf8)
{
    struct sink sink;
    sink_open(&sink, false);
    ll_json_string(&sink.json, NULL, utf8[_i].in);
    json_t *value = sink_parse(&sink);
    ck_assert_str_eq(json_string_value(value), utf8[_i].out);
    json_decref(value);
    free(sink.text);
}
END_TEST

START_TEST(test_depth_limit)
{
    struct sink sink;
    sink_open(&sink, true);
    for (int i = 0; i < LL_JSON_DEPTH_MAX; i++)
        ll_json_begin_array(&sink.json, NULL);
    for (int i = 0; i < LL_JSON_DEPTH_MAX; i++)
        ll_json_end_array(&sink.json);
    json_t *value = sink_parse(&sink);
    ck_assert(json_is_array(value));
    json_decref(value);
    free(sink.text);
}
END_TEST

/* Misuse: each is an assertion, so each runs in a child that must abort. */
static void misuse(struct ll_json *json, int which)
{
    switch (which) {
    case 0:
        for (int i = 0; i <= LL_JSON_DEPTH_MAX; i++)
            ll_json_begin_array(json, NULL);
        break;
    case 1:
        ll_json_end_array(json);
        break;
    case 2:
        ll_json_begin_object(json, NULL);
        ll_json_end_array(json);
        break;
    case 3:
        ll_json_begin_object(json, NULL);
        ll_json_u64(json, NULL, 1);
        break;
    case 4:
        ll_json_begin_array(json, NULL);
        ll_json_u64(json, "key", 1);
        break;
    case 5:
        ll_json_begin_array(json, NULL);
        ll_json_newline(json);
        break;
    default:
        ll_json_fixed(json, NULL, 1, LL_JSON_DECIMALS_MAX + 1);
        break;
    }
}

START_TEST(test_misuse_aborts)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct ll_json json;
        FILE *file = fopen("/dev/null", "w");
        if (file == NULL || freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        ll_json_init(&json, file, false);
        misuse(&json, _i);
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}
END_TEST

/* One random value per step; `json` writes it, or, when NULL, `value` is compared with it. */
struct tree {
    struct ll_prng prng;
    struct ll_json *json;
};

static void random_text(struct ll_prng *prng, char text[17])
{
    uint32_t text_bytes = ll_prng_below(prng, 16);
    for (uint32_t i = 0; i < text_bytes; i++)
        text[i] = (char)(1 + ll_prng_below(prng, 127));
    text[text_bytes] = '\0';
}

static void tree_scalar(struct tree *tree, const char *key, const json_t *value)
{
    uint64_t number = ll_prng_next(&tree->prng);
    char text[17];
    random_text(&tree->prng, text);
    switch (ll_prng_below(&tree->prng, 3)) {
    case 0:
        if (tree->json != NULL)
            ll_json_i64(tree->json, key, (int64_t)number);
        else
            ck_assert_int_eq(json_integer_value(value), (int64_t)number);
        break;
    case 1:
        if (tree->json != NULL)
            ll_json_bool(tree->json, key, (number & 1) != 0);
        else
            ck_assert_int_eq(json_is_true(value), (number & 1) != 0);
        break;
    default:
        if (tree->json != NULL)
            ll_json_string(tree->json, key, text);
        else
            ck_assert_str_eq(json_string_value(value), text);
        break;
    }
}

/* A chain of containers, each with some scalars before and the next container last. */
static void tree_walk(struct tree *tree, const json_t *value)
{
    bool is_object[LL_JSON_DEPTH_MAX];
    uint32_t depth = 1 + ll_prng_below(&tree->prng, LL_JSON_DEPTH_MAX);
    for (uint32_t level = 0; level < depth; level++) {
        is_object[level] = ll_prng_chance(&tree->prng, 500) != 0;
        const char *key = level > 0 && is_object[level - 1] ? "next" : NULL;
        if (tree->json != NULL && is_object[level])
            ll_json_begin_object(tree->json, key);
        else if (tree->json != NULL)
            ll_json_begin_array(tree->json, key);
        else
            ck_assert_int_eq(json_is_object(value), is_object[level]);
        uint32_t count = ll_prng_below(&tree->prng, 5);
        for (uint32_t i = 0; i < count; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "k%u", i);
            tree_scalar(tree, is_object[level] ? name : NULL,
                        is_object[level] ? json_object_get(value, name) : json_array_get(value, i));
        }
        if (tree->json == NULL && level + 1 < depth)
            value = is_object[level] ? json_object_get(value, "next") : json_array_get(value, count);
    }
    while (tree->json != NULL && depth-- > 0) {
        if (is_object[depth])
            ll_json_end_object(tree->json);
        else
            ll_json_end_array(tree->json);
    }
}

START_TEST(test_random_trees)
{
    uint64_t seed = ll_test_seed("random_trees");
    for (uint64_t round = 0; round < 200; round++) {
        struct sink sink;
        struct tree tree = {.json = &sink.json};
        sink_open(&sink, round % 2 != 0);
        ll_prng_init(&tree.prng, seed + round);
        tree_walk(&tree, NULL);
        json_t *value = sink_parse(&sink);
        tree.json = NULL;
        ll_prng_init(&tree.prng, seed + round);
        tree_walk(&tree, value);
        json_decref(value);
        free(sink.text);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *tcase = tcase_create("json");
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, test_every_kind, 0, 2);
    tcase_add_test(tcase, test_exact_text);
    tcase_add_test(tcase, test_pretty_text);
    tcase_add_loop_test(tcase, test_utf8, 0, (int)(sizeof utf8 / sizeof utf8[0]));
    tcase_add_test(tcase, test_depth_limit);
    tcase_add_loop_test(tcase, test_misuse_aborts, 0, 7);
    tcase_add_test(tcase, test_random_trees);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
