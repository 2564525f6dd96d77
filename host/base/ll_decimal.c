/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_decimal.h"

#include "host/base/ll_assert.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

static bool ll_decimal_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Appends one digit; false when the value leaves 64 bits. */
static bool ll_decimal_append(uint64_t *value, char digit)
{
    return !__builtin_mul_overflow(*value, (uint64_t)10, value) &&
           !__builtin_add_overflow(*value, (uint64_t)(digit - '0'), value);
}

int ll_decimal_parse(const char *text, unsigned decimals, uint64_t *value, struct ll_why *why)
{
    uint64_t number = 0;
    unsigned after_point = 0;
    bool has_point = false;
    bool fits = true;
    const char *at = text;
    LL_ASSERT(decimals <= LL_DECIMALS_MAX);
    for (; ll_decimal_is_digit(*at) || (*at == '.' && !has_point && at != text); at++) {
        has_point |= *at == '.';
        if (*at == '.')
            continue;
        after_point += has_point;
        if (after_point > decimals)
            return LL_FAIL(why, LL_ERR_USAGE, "'%.60s' has more than %u decimals; it is not rounded for you",
                           text, decimals);
        fits = fits && ll_decimal_append(&number, *at);
    }
    if (at == text || *at != '\0' || at[-1] == '.')
        return LL_FAIL(why, LL_ERR_USAGE, "'%.60s' is no number such as 150.34", text);
    for (; after_point < decimals; after_point++)
        fits = fits && ll_decimal_append(&number, '0');
    if (!fits)
        return LL_FAIL(why, LL_ERR_USAGE, "'%.60s' does not fit; give less", text);
    *value = number;
    return LL_OK;
}

void ll_decimal_format(char text[LL_DECIMAL_TEXT_BYTES], uint64_t value, unsigned decimals)
{
    uint64_t scale = 1;
    LL_ASSERT(decimals <= LL_DECIMALS_MAX);
    for (unsigned i = 0; i < decimals; i++)
        scale *= 10;
    if (decimals == 0)
        (void)snprintf(text, LL_DECIMAL_TEXT_BYTES, "%" PRIu64, value);
    else
        (void)snprintf(text, LL_DECIMAL_TEXT_BYTES, "%" PRIu64 ".%0*" PRIu64, value / scale, (int)decimals,
                       value % scale);
}
