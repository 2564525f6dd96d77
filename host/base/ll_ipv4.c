/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_ipv4.h"

#include "host/base/ll_options.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

int ll_ipv4_parse(struct ll_ipv4 *ipv4, const char *text, uint32_t text_bytes, struct ll_why *why)
{
    char copy[LL_IPV4_TEXT_BYTES] = "";
    struct in_addr address;
    uint64_t port = 0;
    char *colon = NULL;
    if (text_bytes < sizeof copy) {
        memcpy(copy, text, text_bytes);
        colon = strrchr(copy, ':');
    }
    if (colon != NULL)
        *colon = '\0';
    if (colon == NULL || inet_pton(AF_INET, copy, &address) != 1 ||
        ll_options_parse_u64(colon + 1, LL_OPTION_U64, &port, NULL) != LL_OK || port > UINT16_MAX)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "'%.*s': not ADDR:PORT with an IPv4 address, such as 127.0.0.1:26400",
                       text_bytes > 40 ? 40 : (int)text_bytes, text);
    *ipv4 = (struct ll_ipv4){ntohl(address.s_addr), (uint16_t)port};
    return LL_OK;
}

void ll_ipv4_print(const struct ll_ipv4 *ipv4, char text[LL_IPV4_TEXT_BYTES])
{
    (void)snprintf(text, LL_IPV4_TEXT_BYTES, "%u.%u.%u.%u:%u", ipv4->address >> 24,
                   ipv4->address >> 16 & 0xffu, ipv4->address >> 8 & 0xffu, ipv4->address & 0xffu,
                   (unsigned)ipv4->port);
}

struct sockaddr_in ll_ipv4_to_socket(const struct ll_ipv4 *ipv4)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(ipv4->port), .sin_addr.s_addr = htonl(ipv4->address)};
}

struct ll_ipv4 ll_ipv4_of_socket(const struct sockaddr_in *socket_address)
{
    return (struct ll_ipv4){ntohl(socket_address->sin_addr.s_addr), ntohs(socket_address->sin_port)};
}
