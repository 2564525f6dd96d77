/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small JSON writer: one value, streamed to a FILE, commas and escapes right by construction.
 *
 * Shape    ll_json_begin_object / key / value / end in the order they shall appear; line mode has no white
 *          space, pretty mode indents by two. Nesting depth is bounded by LL_JSON_DEPTH_MAX, and keys stand
 *          exactly inside objects (assertions).
 * Units    integers are written exactly, all 64 bits; fixed-point values as decimal digits, never through a
 *          float.
 * Errors   write errors show up in ferror(file), which the caller checks once at the end.
 * Threads  one owner.
 * Source   RFC 8259 (JSON), RFC 3629 (UTF-8).
 */
#ifndef LL_HOST_BASE_JSON_H
#define LL_HOST_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define LL_JSON_DEPTH_MAX    16
#define LL_JSON_DECIMALS_MAX 19u /* 10^19 is the largest power of ten in 64 bits */

struct ll_json { /* private */
    FILE *file;
    bool pretty;
    int depth;
    bool needs_comma[LL_JSON_DEPTH_MAX];
    bool is_object[LL_JSON_DEPTH_MAX];
};

void ll_json_init(struct ll_json *json, FILE *file, bool pretty);

/* `key` is NULL inside arrays and for the outermost value. */
void ll_json_begin_object(struct ll_json *json, const char *key);
void ll_json_end_object(struct ll_json *json);
void ll_json_begin_array(struct ll_json *json, const char *key);
void ll_json_end_array(struct ll_json *json);
void ll_json_u64(struct ll_json *json, const char *key, uint64_t value);
void ll_json_i64(struct ll_json *json, const char *key, int64_t value);
void ll_json_bool(struct ll_json *json, const char *key, bool value);
/* UTF-8; a byte that is not part of any is written as U+FFFD. NULL is written as null. */
void ll_json_string(struct ll_json *json, const char *key, const char *text);
/* `bytes_count` bytes; what is not printable ASCII is written as \u00XX. */
void ll_json_text(struct ll_json *json, const char *key, const char *bytes, size_t bytes_count);
/* Lower-case hex digits, two per byte. */
void ll_json_hex(struct ll_json *json, const char *key, const uint8_t *bytes, size_t bytes_count);
/* "0x%016x" of a hash, as a string. */
void ll_json_hash(struct ll_json *json, const char *key, uint64_t hash);
/* value / 10^decimals with all its digits: ll_json_fixed(j, "elapsed_s", ns, 9) writes 1.234567890. */
void ll_json_fixed(struct ll_json *json, const char *key, uint64_t value, unsigned decimals);
/* Ends the line after the outermost value. */
void ll_json_newline(struct ll_json *json);

#endif
