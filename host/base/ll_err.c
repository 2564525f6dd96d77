/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_err.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *ll_err_name(int code)
{
    switch (code) {
#define LL_ERR_CASE(name, value, text) \
    case value:                        \
        return text;
        LL_ERRORS(LL_ERR_CASE)
#undef LL_ERR_CASE
    default:
        return "unknown";
    }
}

int ll_why_set(struct ll_why *why, int code, const char *file, int line, const char *fmt, ...)
{
    if (why == NULL || why->code != LL_OK)
        return code;
    why->code = code;
    why->file = file;
    why->line = line;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why->text, sizeof why->text, fmt, args);
    va_end(args);
    return code;
}

void ll_why_append(struct ll_why *why, const char *fmt, ...)
{
    if (why == NULL || why->code == LL_OK)
        return;
    size_t used = strlen(why->text);
    if (used + 3 >= sizeof why->text)
        return;
    memcpy(why->text + used, "; ", 3);
    used += 2;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why->text + used, sizeof why->text - used, fmt, args);
    va_end(args);
}
