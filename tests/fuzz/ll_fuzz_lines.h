/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input of a fuzz target as a command line: one word per line.
 *
 * Shape    make -> argc, argv -> free. argv[0] is the program; argv ends with NULL.
 * Units    words.
 * Errors   what is behind the last word that fits is left out.
 * Threads  one owner.
 */
#ifndef LL_TESTS_FUZZ_FUZZ_LINES_H
#define LL_TESTS_FUZZ_FUZZ_LINES_H

#include "host/base/ll_assert.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LL_FUZZ_WORDS_MAX 80

struct ll_fuzz_lines {
    int argc;
    char *argv[LL_FUZZ_WORDS_MAX + 1]; /* each in memory of its own, of exact size */
};

static inline void ll_fuzz_lines_add(struct ll_fuzz_lines *lines, const char *word, size_t word_bytes)
{
    if (lines->argc == LL_FUZZ_WORDS_MAX)
        return;
    char *copy = malloc(word_bytes + 1);
    LL_ASSERT(copy != NULL);
    memcpy(copy, word, word_bytes);
    copy[word_bytes] = '\0';
    lines->argv[lines->argc++] = copy;
}

static inline void ll_fuzz_lines_make(struct ll_fuzz_lines *lines, const char *program, const uint8_t *bytes,
                                      size_t bytes_count)
{
    const char *at = (const char *)bytes;
    const char *end = at + bytes_count;
    memset(lines, 0, sizeof *lines);
    ll_fuzz_lines_add(lines, program, strlen(program));
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *word_end = newline != NULL ? newline : end;
        ll_fuzz_lines_add(lines, at, (size_t)(word_end - at));
        at = word_end + 1;
    }
}

static inline void ll_fuzz_lines_free(struct ll_fuzz_lines *lines)
{
    for (int i = 0; i < lines->argc; i++)
        free(lines->argv[i]);
}

#endif
