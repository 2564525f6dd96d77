/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores of big-endian and little-endian integers at any alignment.
 *
 * Shape    static inline; the compiler turns each into one move (and one byte swap).
 * Units    widths in bits in the name; u48 travels in the low 48 bits of a u64.
 * Errors   none: the caller has checked that the bytes are there.
 * Threads  any.
 */
#ifndef LL_HOST_BASE_BYTES_H
#define LL_HOST_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "journal and card layouts are little-endian");

static inline uint16_t ll_load_be16(const uint8_t *bytes)
{
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return __builtin_bswap16(value);
}

static inline uint32_t ll_load_be32(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return __builtin_bswap32(value);
}

static inline uint64_t ll_load_be64(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return __builtin_bswap64(value);
}

/* Two loads, so that it never touches a byte beyond the six. */
static inline uint64_t ll_load_be48(const uint8_t *bytes)
{
    return ((uint64_t)ll_load_be16(bytes) << 32) | ll_load_be32(bytes + 2);
}

static inline void ll_store_be16(uint8_t *bytes, uint16_t value)
{
    value = __builtin_bswap16(value);
    memcpy(bytes, &value, sizeof value);
}

static inline void ll_store_be32(uint8_t *bytes, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(bytes, &value, sizeof value);
}

static inline void ll_store_be64(uint8_t *bytes, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(bytes, &value, sizeof value);
}

static inline void ll_store_be48(uint8_t *bytes, uint64_t value)
{
    ll_store_be16(bytes, (uint16_t)(value >> 32));
    ll_store_be32(bytes + 2, (uint32_t)value);
}

#endif
