/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_flow_text.h"

#include "host/base/ll_options.h"

#include <arpa/inet.h>
#include <string.h>

int ll_flow_parse(const struct ll_flow_text *text, struct ll_flow *flow, struct ll_why *why)
{
    const char *colon = strrchr(text->text, ':');
    const char *port_text = colon != NULL ? colon + 1 : text->text;
    size_t address_length = colon != NULL ? (size_t)(colon - text->text) : 0;
    char address[INET_ADDRSTRLEN] = "0.0.0.0";
    struct in_addr parsed;
    uint64_t port = 0;
    if (address_length >= sizeof address)
        return LL_FAIL(why, LL_ERR_USAGE, "'%s': not [ADDR:]PORT with an IPv4 address", text->text);
    if (colon != NULL) {
        memcpy(address, text->text, address_length);
        address[address_length] = '\0';
    }
    if (inet_pton(AF_INET, address, &parsed) != 1 ||
        ll_options_parse_u64(port_text, LL_OPTION_U64, &port, NULL) != LL_OK || port < 1 || port > 65535)
        return LL_FAIL(why, LL_ERR_USAGE, "'%s': not [ADDR:]PORT, such as 233.54.12.111:26477", text->text);
    *flow = (struct ll_flow){ntohl(parsed.s_addr), (uint16_t)port, text->line};
    return LL_OK;
}
