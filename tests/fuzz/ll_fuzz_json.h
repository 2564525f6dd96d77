/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simplest reader of JSON: is this one value and a line's end, as RFC 8259 has it, in well-formed UTF-8?
 *
 * Shape    is_line for one line with its '\n'; is_lines for any number of them. Strict: no duplicate white space rules,
 *          no extension. Depth is bounded by LL_FUZZ_JSON_DEPTH_MAX.
 * Units    bytes.
 * Errors   false.
 * Threads  pure functions.
 */
#ifndef LL_TESTS_FUZZ_FUZZ_JSON_H
#define LL_TESTS_FUZZ_FUZZ_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LL_FUZZ_JSON_DEPTH_MAX 64

struct ll_fuzz_json {
    const uint8_t *at;
    const uint8_t *end;
};

static inline bool ll_fuzz_json_eat(struct ll_fuzz_json *json, const char *word)
{
    size_t word_bytes = strlen(word);
    if ((size_t)(json->end - json->at) < word_bytes || memcmp(json->at, word, word_bytes) != 0)
        return false;
    json->at += word_bytes;
    return true;
}

static inline size_t ll_fuzz_json_eat_any(struct ll_fuzz_json *json, const char *set)
{
    const uint8_t *from = json->at;
    while (json->at < json->end && *json->at != 0 && strchr(set, *json->at) != NULL)
        json->at++;
    return (size_t)(json->at - from);
}

/* One character of UTF-8 of two to four bytes: no overlong form, no surrogate, nothing above U+10FFFF. */
static inline bool ll_fuzz_json_eat_utf8(struct ll_fuzz_json *json)
{
    uint8_t first = *json->at;
    uint32_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    uint32_t code = first & (0x3fu >> more);
    if (first < 0xc2 || first > 0xf4 || (size_t)(json->end - json->at) <= more)
        return false;
    for (uint32_t i = 1; i <= more; i++) {
        if ((json->at[i] & 0xc0) != 0x80)
            return false;
        code = code << 6 | (json->at[i] & 0x3fu);
    }
    json->at += more + 1;
    return code >= (more == 1   ? 0x80u
                    : more == 2 ? 0x800u
                                : 0x10000u) &&
           code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static inline bool ll_fuzz_json_string(struct ll_fuzz_json *json)
{
    if (!ll_fuzz_json_eat(json, "\""))
        return false;
    while (json->at < json->end && *json->at != '"') {
        if (*json->at < 0x20)
            return false;
        if (*json->at >= 0x80) {
            if (!ll_fuzz_json_eat_utf8(json))
                return false;
        } else if (*json->at++ == '\\') {
            bool is_code = ll_fuzz_json_eat(json, "u");
            const uint8_t *from = json->at;
            size_t count = ll_fuzz_json_eat_any(json, is_code ? "0123456789abcdefABCDEF" : "\"\\/bfnrt");
            size_t wanted = is_code ? 4 : 1;
            if (count < wanted)
                return false;
            json->at = from + wanted;
        }
    }
    return ll_fuzz_json_eat(json, "\"");
}

static inline bool ll_fuzz_json_number(struct ll_fuzz_json *json)
{
    static const char digits[] = "0123456789";
    (void)ll_fuzz_json_eat(json, "-");
    bool is_zero = json->at < json->end && *json->at == '0';
    size_t whole = ll_fuzz_json_eat_any(json, digits);
    if (whole == 0 || (is_zero && whole > 1))
        return false;
    return !ll_fuzz_json_eat(json, ".") || ll_fuzz_json_eat_any(json, digits) > 0;
}

/* One value that is not an object or array, or the opening of one: its closing character in *closes. */
static inline bool ll_fuzz_json_open(struct ll_fuzz_json *json, char *closes)
{
    *closes = ll_fuzz_json_eat(json, "{") ? '}' : ll_fuzz_json_eat(json, "[") ? ']' : '\0';
    if (*closes != '\0' || ll_fuzz_json_eat(json, "true") || ll_fuzz_json_eat(json, "false") ||
        ll_fuzz_json_eat(json, "null"))
        return true;
    return json->at < json->end && (*json->at == '"' ? ll_fuzz_json_string(json) : ll_fuzz_json_number(json));
}

static inline bool ll_fuzz_json_value(struct ll_fuzz_json *json)
{
    char closes[LL_FUZZ_JSON_DEPTH_MAX + 1];
    int depth = 0;
    bool is_first = false;
    if (!ll_fuzz_json_open(json, &closes[0]))
        return false;
    depth = closes[0] != '\0';
    is_first = depth == 1;
    while (depth > 0) {
        const char end[2] = {closes[depth - 1], '\0'};
        (void)ll_fuzz_json_eat_any(json, " \n");
        if (ll_fuzz_json_eat(json, end)) {
            depth--;
            is_first = false;
            continue;
        }
        if (!is_first && !ll_fuzz_json_eat(json, ","))
            return false;
        (void)ll_fuzz_json_eat_any(json, " \n");
        if (end[0] == '}' && !(ll_fuzz_json_string(json) && ll_fuzz_json_eat(json, ":")))
            return false;
        (void)ll_fuzz_json_eat_any(json, " ");
        if (depth == LL_FUZZ_JSON_DEPTH_MAX || !ll_fuzz_json_open(json, &closes[depth]))
            return false;
        is_first = closes[depth] != '\0';
        depth += is_first;
    }
    return true;
}

static inline bool ll_fuzz_json_is_lines(const char *text, size_t text_bytes)
{
    struct ll_fuzz_json json = {(const uint8_t *)text, (const uint8_t *)text + text_bytes};
    while (json.at < json.end)
        if (!ll_fuzz_json_value(&json) || !ll_fuzz_json_eat(&json, "\n"))
            return false;
    return true;
}

static inline bool ll_fuzz_json_is_line(const char *text, size_t text_bytes)
{
    struct ll_fuzz_json json = {(const uint8_t *)text, (const uint8_t *)text + text_bytes};
    return ll_fuzz_json_value(&json) && ll_fuzz_json_eat(&json, "\n") && json.at == json.end;
}

#endif
