/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An IPv4 address with a port, as a person writes it and as the socket calls want it.
 *
 * Shape    "ADDR:PORT" <-> struct ll_ipv4 <-> struct sockaddr_in.
 * Units    address and port in host byte order.
 * Errors   LL_ERR_USAGE with the text and what is allowed. Names are not looked up.
 * Threads  pure.
 */
#ifndef LL_HOST_BASE_IPV4_H
#define LL_HOST_BASE_IPV4_H

#include "host/base/ll_err.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define LL_IPV4_TEXT_BYTES 22u /* "255.255.255.255:65535" and its end */

struct ll_ipv4 {
    uint32_t address;
    uint16_t port;
};

/* Port 0 is allowed: "any free one" when listening. `text` need not end at `text_bytes`. */
LL_MUST_CHECK int ll_ipv4_parse(struct ll_ipv4 *ipv4, const char *text, uint32_t text_bytes,
                                struct ll_why *why);
void ll_ipv4_print(const struct ll_ipv4 *ipv4, char text[LL_IPV4_TEXT_BYTES]);

struct sockaddr_in ll_ipv4_to_socket(const struct ll_ipv4 *ipv4);
struct ll_ipv4 ll_ipv4_of_socket(const struct sockaddr_in *socket_address);

static inline bool ll_ipv4_is_multicast(uint32_t address)
{
    return address >> 28 == 0xe;
}

#endif
