/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NASDAQ OUCH 4.2: bytes to structs and back, all 4 inbound and 13 outbound message types, every field.
 *
 * Shape    One struct per message type, one union over them, all made from ll_ouch42_layout.h. The direction
 *          says which of two messages a type is. Text fields keep their bytes verbatim (padding included), so
 *          encode(decode(bytes)) == bytes for any content. Two messages are also accepted one byte shorter, as
 *          older revisions had them (Enter Order 48, AIQ Canceled 37): the missing last field reads as a space,
 *          and encoding gives the full length. Decoding clears the whole union first: equal messages are equal
 *          by memcmp.
 * Units    as in ll_ouch42_layout.h; prices stay raw integers.
 * Errors   LL_ERR_SHORT: no bytes at all, or fewer than the type needs. LL_ERR_LONG: more. LL_ERR_TYPE: not of
 *          this edition and direction; count it and go on. A refused message leaves the result untouched.
 *          encode: LL_ERR_TYPE, LL_ERR_FULL.
 * Threads  pure functions.
 * Source   Nasdaq OUCH 4.2 specification (October 2025); layouts in ll_ouch42_layout.h.
 */
#ifndef LL_HOST_WIRE_OUCH42_H
#define LL_HOST_WIRE_OUCH42_H

#include "host/base/ll_err.h"
#include "host/wire/ll_field.h"
#include "host/wire/ll_ouch.h"
#include "host/wire/ll_ouch42_layout.h"

#include <stdint.h>

#define LL_OUCH42_MESSAGE_BYTES_MAX 80u
#define LL_OUCH42_IN_TYPE_COUNT     4u
#define LL_OUCH42_OUT_TYPE_COUNT    13u
#define LL_OUCH42_TYPE_COUNT        17u
#define LL_OUCH42_TOKEN_BYTES       14u
#define LL_OUCH42_STOCK_BYTES       8u
#define LL_OUCH42_FIRM_BYTES        4u

/* LL_OUCH42_OFFSET_ENTER_price: the field name is the document's. */
enum ll_ouch42_offset {
#define LL_OUCH42_OFFSET_ENUM(ID, id, field, offset, bytes, kind) LL_OUCH42_OFFSET_##ID##_##field = (offset),
#define LL_OUCH42_OFFSETS_OF(ID, id, direction, type, bytes, bytes_min, name) \
    LL_OUCH42_FIELDS_##ID(LL_OUCH42_OFFSET_ENUM)
    LL_OUCH42_MESSAGES(LL_OUCH42_OFFSETS_OF)
#undef LL_OUCH42_OFFSETS_OF
#undef LL_OUCH42_OFFSET_ENUM
};

enum ll_ouch42_bytes {
#define LL_OUCH42_BYTES_ENUM(ID, id, direction, type, bytes, bytes_min, name) LL_OUCH42_BYTES_##ID = (bytes),
    LL_OUCH42_MESSAGES(LL_OUCH42_BYTES_ENUM)
#undef LL_OUCH42_BYTES_ENUM
};

/* Unique only within a direction: LL_OUCH42_TYPE_REPLACE == LL_OUCH42_TYPE_REPLACED == 'U'. */
enum ll_ouch42_type {
#define LL_OUCH42_TYPE_ENUM(ID, id, direction, type, bytes, bytes_min, name) LL_OUCH42_TYPE_##ID = (type),
    LL_OUCH42_MESSAGES(LL_OUCH42_TYPE_ENUM)
#undef LL_OUCH42_TYPE_ENUM
};

#define LL_OUCH42_C_FIELD(ID, id, field, offset, bytes, kind) LL_FIELD_C_##kind(field, bytes)

/* struct ll_ouch42_enter { char message_type; char order_token[14]; ... char customer_type; } and 16 more. */
#define LL_OUCH42_C_STRUCT(ID, id, direction, type, bytes, bytes_min, name) \
    struct ll_ouch42_##id {                                                 \
        LL_OUCH42_FIELDS_##ID(LL_OUCH42_C_FIELD)                            \
    };
LL_OUCH42_MESSAGES(LL_OUCH42_C_STRUCT)
#undef LL_OUCH42_C_STRUCT

union ll_ouch42_message {
    char message_type; /* with the direction says which member is filled */
#define LL_OUCH42_C_MEMBER(ID, id, direction, type, bytes, bytes_min, name) struct ll_ouch42_##id id;
    LL_OUCH42_MESSAGES(LL_OUCH42_C_MEMBER)
#undef LL_OUCH42_C_MEMBER
};

/* Full length of a message of this type in bytes; 0 = no such type. */
uint32_t ll_ouch42_bytes_of_type(enum ll_ouch_direction direction, uint8_t type);
/* The shortest that is accepted. */
uint32_t ll_ouch42_bytes_min_of_type(enum ll_ouch_direction direction, uint8_t type);

/* "Enter Order"; NULL = no such type. */
const char *ll_ouch42_name_of_type(enum ll_ouch_direction direction, uint8_t type);

/* Index 0..16 of a type in the order of LL_OUCH42_MESSAGES (inbound first), for counters;
 * LL_OUCH42_TYPE_COUNT = no such type. */
uint32_t ll_ouch42_index_of_type(enum ll_ouch_direction direction, uint8_t type);
/* The type and the direction at an index < LL_OUCH42_TYPE_COUNT. */
uint8_t ll_ouch42_type_at(uint32_t index, enum ll_ouch_direction *direction);

/* What decoding would say of these bytes, without decoding them. */
LL_MUST_CHECK int ll_ouch42_check(enum ll_ouch_direction direction, const uint8_t *bytes,
                                  uint32_t bytes_count);

LL_MUST_CHECK int ll_ouch42_decode(enum ll_ouch_direction direction, const uint8_t *bytes,
                                   uint32_t bytes_count, union ll_ouch42_message *message);

/* Writes the message; its length in *bytes_count. */
LL_MUST_CHECK int ll_ouch42_encode(enum ll_ouch_direction direction, const union ll_ouch42_message *message,
                                   uint8_t *bytes, uint32_t capacity_bytes, uint32_t *bytes_count);

/* All fields of a type, message_type first; their count in *count. NULL = no such type. */
const struct ll_field *ll_ouch42_fields(enum ll_ouch_direction direction, uint8_t type, uint32_t *count);

#endif
