/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of fields that the binary order and feed protocols are made of, and one row of a field table.
 *
 * Shape    LL_FIELD_C_<KIND>(field, bytes) declares a struct member of a kind; struct ll_field describes where
 *          it lies on the wire, for generic printing (lifeline decode) and field-by-field tests.
 *          CHAR one ASCII byte; U8 U16 U32 U48 U64 big-endian; ALPHA ASCII padded right with spaces; PRICE4
 *          u32 in 1/10,000; LONG_PRICE4 u64 in 1/10,000; SIGNED_PRICE4 i32 in 1/10,000; PRICE8 u64 in
 *          1/100,000,000.
 * Units    prices stay raw integers.
 * Errors   none.
 * Threads  constants.
 */
#ifndef LL_HOST_WIRE_FIELD_H
#define LL_HOST_WIRE_FIELD_H

#include <stdint.h>

enum ll_field_kind {
    LL_FIELD_CHAR,
    LL_FIELD_U8,
    LL_FIELD_U16,
    LL_FIELD_U32,
    LL_FIELD_U48,
    LL_FIELD_U64,
    LL_FIELD_ALPHA,
    LL_FIELD_PRICE4,
    LL_FIELD_LONG_PRICE4,
    LL_FIELD_SIGNED_PRICE4,
    LL_FIELD_PRICE8
};

struct ll_field {
    const char *name;
    uint8_t offset;
    uint8_t bytes;
    uint8_t kind; /* enum ll_field_kind */
};

#define LL_FIELD_C_CHAR(field, bytes)          char field;
#define LL_FIELD_C_U8(field, bytes)            uint8_t field;
#define LL_FIELD_C_U16(field, bytes)           uint16_t field;
#define LL_FIELD_C_U32(field, bytes)           uint32_t field;
#define LL_FIELD_C_U48(field, bytes)           uint64_t field;
#define LL_FIELD_C_U64(field, bytes)           uint64_t field;
#define LL_FIELD_C_ALPHA(field, bytes)         char field[bytes];
#define LL_FIELD_C_PRICE4(field, bytes)        uint32_t field;
#define LL_FIELD_C_LONG_PRICE4(field, bytes)   uint64_t field;
#define LL_FIELD_C_SIGNED_PRICE4(field, bytes) int32_t field;
#define LL_FIELD_C_PRICE8(field, bytes)        uint64_t field;

#endif
