/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing what somebody claims to know with what is known, without telling by the time it takes how much of it was
 * right.
 *
 * Shape    static inline. Both sides are fields of one length, padded with the same byte. Every byte of both is read,
 *          whatever they hold; no branch and no address depends on them. The length is no secret.
 * Units    bytes in the name.
 * Errors   none.
 * Threads  any.
 * Source   SoupBinTCP 4.1, Login Request Packet: user name and password are compared without regard to case.
 */
#ifndef LL_HOST_BASE_SECRET_H
#define LL_HOST_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An ASCII capital as its small letter, every other byte as it is. */
static inline uint32_t ll_secret_lower(uint32_t byte)
{
    uint32_t is_capital = ((byte - 'A') >> 31 ^ 1) & ((byte - 'Z' - 1) >> 31);
    return byte | is_capital << 5;
}

/* The volatile sum keeps a compiler from leaving the loop at the first difference. */
static inline bool ll_secret_equal(const void *claimed, const void *known, size_t bytes)
{
    const uint8_t *a = claimed;
    const uint8_t *b = known;
    volatile uint32_t differences = 0;
    for (size_t i = 0; i < bytes; i++)
        differences |= (uint32_t)(a[i] ^ b[i]);
    return differences == 0;
}

/* The same for texts in which capitals and small letters are one. */
static inline bool ll_secret_equal_caseless(const void *claimed, const void *known, size_t bytes)
{
    const uint8_t *a = claimed;
    const uint8_t *b = known;
    volatile uint32_t differences = 0;
    for (size_t i = 0; i < bytes; i++)
        differences |= ll_secret_lower(a[i]) ^ ll_secret_lower(b[i]);
    return differences == 0;
}

#endif
