/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_flow_text.h"

#include "host/base/ll_ipv4.h"

#include <stdio.h>
#include <string.h>

int ll_flow_parse(const struct ll_flow_text *text, struct ll_flow *flow, struct ll_why *why)
{
    char full[2 * LL_IPV4_TEXT_BYTES]; /* what is cut off was too long anyway */
    struct ll_ipv4 ipv4;
    bool has_address = strchr(text->text, ':') != NULL;
    (void)snprintf(full, sizeof full, "%s%s", has_address ? "" : "0.0.0.0:", text->text);
    if (ll_ipv4_parse(&ipv4, full, (uint32_t)strlen(full), NULL) != LL_OK || ipv4.port == 0)
        return LL_FAIL(why, LL_ERR_USAGE, "'%s': not [ADDR:]PORT, such as 233.54.12.111:26477", text->text);
    *flow = (struct ll_flow){ipv4.address, ipv4.port, text->line};
    return LL_OK;
}
