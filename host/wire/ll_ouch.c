/* SPDX-License-Identifier: Apache-2.0 */
#include "host/wire/ll_ouch.h"

#include <stddef.h>

#define LL_OUCH_TEXT_CASE(ID, code, text) \
    case code:                            \
        return text;

const char *ll_ouch_cancel_text(char reason)
{
    switch (reason) {
        LL_OUCH_CANCEL_REASONS(LL_OUCH_TEXT_CASE)
    default:
        return NULL;
    }
}

const char *ll_ouch_broken_text(char reason)
{
    switch (reason) {
        LL_OUCH_BROKEN_REASONS(LL_OUCH_TEXT_CASE)
    default:
        return NULL;
    }
}

const char *ll_ouch50_reject_text(uint16_t reason)
{
    switch (reason) {
        LL_OUCH50_REJECT_REASONS(LL_OUCH_TEXT_CASE)
    default:
        return NULL;
    }
}

const char *ll_ouch42_reject_text(char reason)
{
    switch (reason) {
        LL_OUCH42_REJECT_REASONS(LL_OUCH_TEXT_CASE)
    default:
        return NULL;
    }
}
