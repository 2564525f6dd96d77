/* SPDX-License-Identifier: Apache-2.0 */
#include "host/core/ll_order_codes.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *word;
    struct ll_order_code code;
} ll_order_code_table[] = {
#define LL_ORDER_CODE_ROW(word, state, active) {(word), {LL_ORDER_##state, (active), true}},
    LL_ORDER_CODES(LL_ORDER_CODE_ROW)
#undef LL_ORDER_CODE_ROW
};
#define LL_ORDER_CODE_COUNT (sizeof ll_order_code_table / sizeof ll_order_code_table[0])

struct ll_order_code ll_order_code_read(const char *word, uint32_t word_bytes)
{
    for (size_t i = 0; i < LL_ORDER_CODE_COUNT; i++)
        if (strlen(ll_order_code_table[i].word) == word_bytes &&
            strncasecmp(ll_order_code_table[i].word, word, word_bytes) == 0)
            return ll_order_code_table[i].code;
    return (struct ll_order_code){LL_ORDER_NONE, true, false};
}

const char *ll_order_code_write(uint32_t state)
{
    for (size_t i = 0; i < LL_ORDER_CODE_COUNT; i++)
        if (ll_order_code_table[i].code.state == state)
            return ll_order_code_table[i].word;
    return "UNKNOWN";
}
