/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How each kind of field is read, written and checked: what the codecs make of their layout lists.
 *
 * Shape    LL_FIELD_IS_<KIND>(bytes): does this width belong to the kind. LL_FIELD_READ_<KIND>(target, at,
 *          bytes) and LL_FIELD_WRITE_<KIND>(source, at, bytes): one member of a struct from and to the wire.
 *          For the codecs' own sources only; everybody else works with their structs.
 * Units    bytes.
 * Errors   to write a U48 of more than 48 bits is the caller's mistake: assertion. The caller has checked that
 *          the bytes are there.
 * Threads  any.
 */
#ifndef LL_HOST_WIRE_FIELD_CODEC_H
#define LL_HOST_WIRE_FIELD_CODEC_H

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"

#include <stdint.h>
#include <string.h>

#define LL_FIELD_IS_CHAR(bytes)          ((bytes) == 1)
#define LL_FIELD_IS_U8(bytes)            ((bytes) == 1)
#define LL_FIELD_IS_U16(bytes)           ((bytes) == 2)
#define LL_FIELD_IS_U32(bytes)           ((bytes) == 4)
#define LL_FIELD_IS_U48(bytes)           ((bytes) == 6)
#define LL_FIELD_IS_U64(bytes)           ((bytes) == 8)
#define LL_FIELD_IS_ALPHA(bytes)         ((bytes) >= 1)
#define LL_FIELD_IS_PRICE4(bytes)        ((bytes) == 4)
#define LL_FIELD_IS_LONG_PRICE4(bytes)   ((bytes) == 8)
#define LL_FIELD_IS_SIGNED_PRICE4(bytes) ((bytes) == 4)
#define LL_FIELD_IS_PRICE8(bytes)        ((bytes) == 8)

#define LL_FIELD_READ_CHAR(target, at, bytes)          (target) = (char)*(at)
#define LL_FIELD_READ_U8(target, at, bytes)            (target) = *(at)
#define LL_FIELD_READ_U16(target, at, bytes)           (target) = ll_load_be16(at)
#define LL_FIELD_READ_U32(target, at, bytes)           (target) = ll_load_be32(at)
#define LL_FIELD_READ_U48(target, at, bytes)           (target) = ll_load_be48(at)
#define LL_FIELD_READ_U64(target, at, bytes)           (target) = ll_load_be64(at)
#define LL_FIELD_READ_ALPHA(target, at, bytes)         memcpy((target), (at), (bytes))
#define LL_FIELD_READ_PRICE4(target, at, bytes)        (target) = ll_load_be32(at)
#define LL_FIELD_READ_LONG_PRICE4(target, at, bytes)   (target) = ll_load_be64(at)
#define LL_FIELD_READ_SIGNED_PRICE4(target, at, bytes) (target) = (int32_t)ll_load_be32(at)
#define LL_FIELD_READ_PRICE8(target, at, bytes)        (target) = ll_load_be64(at)

/* Six bytes hold 48 bits; a larger value would leave as a different one. */
static inline void ll_field_store_u48(uint8_t *at, uint64_t value)
{
    LL_ASSERT(value < (uint64_t)1 << 48);
    ll_store_be48(at, value);
}

#define LL_FIELD_WRITE_CHAR(source, at, bytes)          *(at) = (uint8_t)(source)
#define LL_FIELD_WRITE_U8(source, at, bytes)            *(at) = (source)
#define LL_FIELD_WRITE_U16(source, at, bytes)           ll_store_be16((at), (source))
#define LL_FIELD_WRITE_U32(source, at, bytes)           ll_store_be32((at), (source))
#define LL_FIELD_WRITE_U48(source, at, bytes)           ll_field_store_u48((at), (source))
#define LL_FIELD_WRITE_U64(source, at, bytes)           ll_store_be64((at), (source))
#define LL_FIELD_WRITE_ALPHA(source, at, bytes)         memcpy((at), (source), (bytes))
#define LL_FIELD_WRITE_PRICE4(source, at, bytes)        ll_store_be32((at), (source))
#define LL_FIELD_WRITE_LONG_PRICE4(source, at, bytes)   ll_store_be64((at), (source))
#define LL_FIELD_WRITE_SIGNED_PRICE4(source, at, bytes) ll_store_be32((at), (uint32_t)(source))
#define LL_FIELD_WRITE_PRICE8(source, at, bytes)        ll_store_be64((at), (source))

#endif
