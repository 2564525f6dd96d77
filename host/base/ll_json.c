/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_json.h"

#include "host/base/ll_assert.h"

#include <inttypes.h>
#include <string.h>

static const char ll_json_hex_digit[] = "0123456789abcdef";

static void ll_json_put(struct ll_json *json, const char *text)
{
    (void)fputs(text, json->file);
}

static void ll_json_indent(struct ll_json *json)
{
    if (!json->pretty)
        return;
    (void)fprintf(json->file, "\n%*s", json->depth * 2, "");
}

static void ll_json_put_escaped(struct ll_json *json, uint8_t byte)
{
    const char escape[] = {'\\', 'u', '0', '0', ll_json_hex_digit[byte >> 4], ll_json_hex_digit[byte & 15]};
    (void)fwrite(escape, 1, sizeof escape, json->file);
}

/* One ASCII character inside a string. */
static void ll_json_put_ascii(struct ll_json *json, uint8_t byte)
{
    if (byte == '"' || byte == '\\') {
        (void)putc('\\', json->file);
        (void)putc(byte, json->file);
    } else if (byte < 0x20 || byte > 0x7e) {
        ll_json_put_escaped(json, byte);
    } else {
        (void)putc(byte, json->file);
    }
}

static bool ll_json_is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Length of the well-formed multi-byte UTF-8 sequence at `bytes` (NUL ends it), 0 when there is none.
 * RFC 3629 section 4: no overlong forms, no surrogates, nothing above U+10FFFF. */
static size_t ll_json_utf8_bytes(const uint8_t *bytes)
{
    uint8_t first = bytes[0];
    if (first >= 0xc2 && first <= 0xdf)
        return ll_json_is_continuation(bytes[1]) ? 2 : 0;
    if (first < 0xe0 || first > 0xf4 || !ll_json_is_continuation(bytes[1]))
        return 0;
    if ((first == 0xe0 && bytes[1] < 0xa0) || (first == 0xed && bytes[1] > 0x9f))
        return 0;
    if ((first == 0xf0 && bytes[1] < 0x90) || (first == 0xf4 && bytes[1] > 0x8f))
        return 0;
    if (!ll_json_is_continuation(bytes[2]))
        return 0;
    if (first < 0xf0)
        return 3;
    return ll_json_is_continuation(bytes[3]) ? 4 : 0;
}

static void ll_json_put_utf8(struct ll_json *json, const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    (void)putc('"', json->file);
    while (*at != 0) {
        size_t sequence_bytes = *at < 0x80 ? 0 : ll_json_utf8_bytes(at);
        if (sequence_bytes > 0) {
            (void)fwrite(at, 1, sequence_bytes, json->file);
            at += sequence_bytes;
            continue;
        }
        if (*at < 0x80)
            ll_json_put_ascii(json, *at);
        else
            ll_json_put(json, "\\ufffd"); /* not text: the replacement character, once per byte */
        at++;
    }
    (void)putc('"', json->file);
}

/* Everything that stands before a value: the comma, the line break, the key. */
static void ll_json_before_value(struct ll_json *json, const char *key)
{
    if (json->depth > 0) {
        int level = json->depth - 1;
        LL_ASSERT(json->is_object[level] == (key != NULL));
        if (json->needs_comma[level])
            (void)putc(',', json->file);
        json->needs_comma[level] = true;
        ll_json_indent(json);
    } else {
        LL_ASSERT(key == NULL);
    }
    if (key != NULL) {
        ll_json_put_utf8(json, key);
        ll_json_put(json, json->pretty ? ": " : ":");
    }
}

static void ll_json_begin(struct ll_json *json, const char *key, bool is_object)
{
    ll_json_before_value(json, key);
    LL_ASSERT(json->depth < LL_JSON_DEPTH_MAX);
    json->is_object[json->depth] = is_object;
    json->needs_comma[json->depth] = false;
    json->depth++;
    (void)putc(is_object ? '{' : '[', json->file);
}

static void ll_json_end(struct ll_json *json, bool is_object)
{
    LL_ASSERT(json->depth > 0);
    json->depth--;
    LL_ASSERT(json->is_object[json->depth] == is_object);
    if (json->needs_comma[json->depth])
        ll_json_indent(json);
    (void)putc(is_object ? '}' : ']', json->file);
}

void ll_json_init(struct ll_json *json, FILE *file, bool pretty)
{
    memset(json, 0, sizeof *json);
    json->file = file;
    json->pretty = pretty;
}

void ll_json_begin_object(struct ll_json *json, const char *key)
{
    ll_json_begin(json, key, true);
}

void ll_json_end_object(struct ll_json *json)
{
    ll_json_end(json, true);
}

void ll_json_begin_array(struct ll_json *json, const char *key)
{
    ll_json_begin(json, key, false);
}

void ll_json_end_array(struct ll_json *json)
{
    ll_json_end(json, false);
}

void ll_json_u64(struct ll_json *json, const char *key, uint64_t value)
{
    ll_json_before_value(json, key);
    (void)fprintf(json->file, "%" PRIu64, value);
}

void ll_json_i64(struct ll_json *json, const char *key, int64_t value)
{
    ll_json_before_value(json, key);
    (void)fprintf(json->file, "%" PRId64, value);
}

void ll_json_bool(struct ll_json *json, const char *key, bool value)
{
    ll_json_before_value(json, key);
    ll_json_put(json, value ? "true" : "false");
}

void ll_json_string(struct ll_json *json, const char *key, const char *text)
{
    ll_json_before_value(json, key);
    if (text == NULL)
        ll_json_put(json, "null");
    else
        ll_json_put_utf8(json, text);
}

void ll_json_text(struct ll_json *json, const char *key, const char *bytes, size_t bytes_count)
{
    ll_json_before_value(json, key);
    (void)putc('"', json->file);
    for (size_t i = 0; i < bytes_count; i++)
        ll_json_put_ascii(json, (uint8_t)bytes[i]);
    (void)putc('"', json->file);
}

void ll_json_hex(struct ll_json *json, const char *key, const uint8_t *bytes, size_t bytes_count)
{
    ll_json_before_value(json, key);
    (void)putc('"', json->file);
    for (size_t i = 0; i < bytes_count; i++) {
        (void)putc(ll_json_hex_digit[bytes[i] >> 4], json->file);
        (void)putc(ll_json_hex_digit[bytes[i] & 15], json->file);
    }
    (void)putc('"', json->file);
}

void ll_json_hash(struct ll_json *json, const char *key, uint64_t hash)
{
    ll_json_before_value(json, key);
    (void)fprintf(json->file, "\"0x%016" PRIx64 "\"", hash);
}

void ll_json_fixed(struct ll_json *json, const char *key, uint64_t value, unsigned decimals)
{
    LL_ASSERT(decimals <= LL_JSON_DECIMALS_MAX);
    uint64_t scale = 1;
    for (unsigned i = 0; i < decimals; i++)
        scale *= 10;
    ll_json_before_value(json, key);
    (void)fprintf(json->file, "%" PRIu64, value / scale);
    if (decimals > 0)
        (void)fprintf(json->file, ".%0*" PRIu64, (int)decimals, value % scale);
}

void ll_json_newline(struct ll_json *json)
{
    LL_ASSERT(json->depth == 0);
    (void)putc('\n', json->file);
}
