/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever texts, names and numbers go into the JSON writer, what comes out is one JSON value in well-formed
 * UTF-8, in lines and indented. Method: the input is a script of calls, as deep as the writer goes; each object and
 * array that was begun is ended; the simplest reader of JSON takes what was written.
 *
 * Input: pretty u8, then calls: kind u8, and its arguments. Missing bytes read as 0.
 */
#include "host/base/ll_assert.h"
#include "host/base/ll_json.h"
#include "tests/fuzz/ll_fuzz_bytes.h"
#include "tests/fuzz/ll_fuzz_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

enum { FUZZ_CALLS_MAX = 500, FUZZ_TEXT_BYTES_MAX = 64 };

struct fuzz {
    struct ll_fuzz_bytes input;
    struct ll_json json;
    bool is_object[LL_JSON_DEPTH_MAX];
    int depth;
};

/* Bytes of the input as a text; returns how many. */
static size_t take_text(struct fuzz *fuzz, char text[FUZZ_TEXT_BYTES_MAX + 1])
{
    size_t count = ll_fuzz_u8(&fuzz->input) % (FUZZ_TEXT_BYTES_MAX + 1u);
    if (count > ll_fuzz_left_bytes(&fuzz->input))
        count = ll_fuzz_left_bytes(&fuzz->input);
    memcpy(text, fuzz->input.at, count);
    text[count] = '\0';
    fuzz->input.at += count;
    return count;
}

static void begin(struct fuzz *fuzz, const char *key, bool is_object)
{
    if (fuzz->depth == LL_JSON_DEPTH_MAX)
        return;
    if (is_object)
        ll_json_begin_object(&fuzz->json, key);
    else
        ll_json_begin_array(&fuzz->json, key);
    fuzz->is_object[fuzz->depth++] = is_object;
}

static void end(struct fuzz *fuzz)
{
    if (fuzz->is_object[--fuzz->depth])
        ll_json_end_object(&fuzz->json);
    else
        ll_json_end_array(&fuzz->json);
}

static void call(struct fuzz *fuzz)
{
    char key_text[FUZZ_TEXT_BYTES_MAX + 1];
    char text[FUZZ_TEXT_BYTES_MAX + 1];
    uint8_t kind = ll_fuzz_u8(&fuzz->input);
    const char *key = NULL;
    if (kind % 12 == 0) {
        if (fuzz->depth > 1)
            end(fuzz);
        return;
    }
    if (fuzz->is_object[fuzz->depth - 1]) {
        (void)take_text(fuzz, key_text);
        key = key_text;
    }
    switch (kind % 12) {
    case 1:
    case 2:
        begin(fuzz, key, kind % 12 == 1);
        break;
    case 3:
        ll_json_u64(&fuzz->json, key, ll_fuzz_u64(&fuzz->input));
        break;
    case 4:
        ll_json_i64(&fuzz->json, key, (int64_t)ll_fuzz_u64(&fuzz->input));
        break;
    case 5:
        ll_json_bool(&fuzz->json, key, kind >= 128);
        break;
    case 6:
        ll_json_text(&fuzz->json, key, text, take_text(fuzz, text));
        break;
    case 7:
        ll_json_hex(&fuzz->json, key, (const uint8_t *)text, take_text(fuzz, text));
        break;
    case 8:
        ll_json_hash(&fuzz->json, key, ll_fuzz_u64(&fuzz->input));
        break;
    case 9:
        ll_json_fixed(&fuzz->json, key, ll_fuzz_u64(&fuzz->input), kind / 12 % (LL_JSON_DECIMALS_MAX + 1));
        break;
    default:
        (void)take_text(fuzz, text);
        ll_json_string(&fuzz->json, key, kind >= 250 ? NULL : text);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct fuzz fuzz = {.input = ll_fuzz_begin(bytes, bytes_count)};
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *file = open_memstream(&text, &text_bytes);
    LL_ASSERT(file != NULL);
    bool is_pretty = ll_fuzz_u8(&fuzz.input) % 2 != 0;
    ll_json_init(&fuzz.json, file, is_pretty);
    begin(&fuzz, NULL, true);
    for (uint32_t i = 0; i < FUZZ_CALLS_MAX && ll_fuzz_left_bytes(&fuzz.input) > 0; i++)
        call(&fuzz);
    while (fuzz.depth > 0)
        end(&fuzz);
    ll_json_newline(&fuzz.json);
    LL_ASSERT(fclose(file) == 0);
    LL_ASSERT(ll_fuzz_json_is_line(text, text_bytes));
    LL_ASSERT(is_pretty || memchr(text, '\n', text_bytes) == text + text_bytes - 1);
    free(text);
    return 0;
}
