/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of made-up instruments: A, B, ... Z, AA, AB, ...
 *
 * Shape    one pure function; the name is eight characters as they lie in a message, padded with spaces.
 * Units    index from 0; at most four letters for 65,536 of them.
 * Errors   none.
 * Threads  any.
 */
#ifndef LL_HOST_EXCHANGE_SYMBOL_NAME_H
#define LL_HOST_EXCHANGE_SYMBOL_NAME_H

#include <stdint.h>
#include <string.h>

#define LL_SYMBOL_NAME_BYTES 8u

static inline uint64_t ll_symbol_name(uint32_t index)
{
    char letters[LL_SYMBOL_NAME_BYTES];
    char text[LL_SYMBOL_NAME_BYTES];
    uint32_t count = 0;
    for (uint32_t rest = index + 1; rest > 0; rest = (rest - 1) / 26)
        letters[count++] = (char)('A' + (rest - 1) % 26);
    memset(text, ' ', sizeof text);
    for (uint32_t i = 0; i < count; i++)
        text[i] = letters[count - 1 - i];
    uint64_t name;
    memcpy(&name, text, sizeof name);
    return name;
}

#endif
