/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NASDAQ TotalView-ITCH 5.0: bytes to structs and back, all 23 message types, every field.
 *
 * Shape    One struct per message type, one tagged union over them, all made from ll_itch50_layout.h. Text
 *          fields keep their bytes verbatim (padding included), so encode(decode(bytes)) == bytes for any
 *          content. Decoding clears the whole union first: equal messages are equal by memcmp. The hot path
 *          does not come here: it takes the few fields a book needs by offset (ll_itch50_update.h).
 * Units    as in ll_itch50_layout.h; prices stay raw integers.
 * Errors   LL_ERR_SHORT: no bytes at all, or fewer than the type needs. LL_ERR_LONG: more (a specification
 *          change: alarm). LL_ERR_TYPE: a type this edition does not define; skip it by its block length. A
 *          refused message leaves the result untouched. To encode a timestamp of more than 48 bits is the
 *          caller's mistake: assertion.
 * Threads  pure functions.
 * Source   Nasdaq TotalView-ITCH 5.0 specification; layouts in ll_itch50_layout.h.
 */
#ifndef LL_HOST_WIRE_ITCH50_H
#define LL_HOST_WIRE_ITCH50_H

#include "host/base/ll_err.h"
#include "host/wire/ll_field.h"
#include "host/wire/ll_itch50_layout.h"

#include <stdint.h>

#define LL_ITCH50_HEADER_BYTES        11u
#define LL_ITCH50_MESSAGE_BYTES_MAX   50u
#define LL_ITCH50_TYPE_COUNT          23u
#define LL_ITCH50_STOCK_LOCATE_OFFSET 1u
#define LL_ITCH50_TIMESTAMP_OFFSET    5u

/* LL_ITCH50_OFFSET_ADD_price: the field name is the document's. */
enum ll_itch50_offset {
#define LL_ITCH50_OFFSET_ENUM(ID, id, field, offset, bytes, kind) LL_ITCH50_OFFSET_##ID##_##field = (offset),
#define LL_ITCH50_OFFSETS_OF(ID, id, type, bytes, name)           LL_ITCH50_FIELDS_##ID(LL_ITCH50_OFFSET_ENUM)
    LL_ITCH50_MESSAGES(LL_ITCH50_OFFSETS_OF)
#undef LL_ITCH50_OFFSETS_OF
#undef LL_ITCH50_OFFSET_ENUM
};

enum ll_itch50_bytes {
#define LL_ITCH50_BYTES_ENUM(ID, id, type, bytes, name) LL_ITCH50_BYTES_##ID = (bytes),
    LL_ITCH50_MESSAGES(LL_ITCH50_BYTES_ENUM)
#undef LL_ITCH50_BYTES_ENUM
};

enum ll_itch50_type {
#define LL_ITCH50_TYPE_ENUM(ID, id, type, bytes, name) LL_ITCH50_TYPE_##ID = (type),
    LL_ITCH50_MESSAGES(LL_ITCH50_TYPE_ENUM)
#undef LL_ITCH50_TYPE_ENUM
};

#define LL_ITCH50_C_FIELD(ID, id, field, offset, bytes, kind) LL_FIELD_C_##kind(field, bytes)

/* struct ll_itch50_add { char message_type; uint16_t stock_locate; ... uint32_t price; } and 22 more. */
#define LL_ITCH50_C_STRUCT(ID, id, type, bytes, name)      \
    struct ll_itch50_##id {                                \
        LL_ITCH50_FIELDS_HEADER(LL_ITCH50_C_FIELD, ID, id) \
        LL_ITCH50_FIELDS_##ID(LL_ITCH50_C_FIELD)           \
    };
LL_ITCH50_MESSAGES(LL_ITCH50_C_STRUCT)
#undef LL_ITCH50_C_STRUCT

/* What all messages begin with. */
struct ll_itch50_header {
    LL_ITCH50_FIELDS_HEADER(LL_ITCH50_C_FIELD, HEADER, header)
};

union ll_itch50_message {
    struct ll_itch50_header header; /* header.message_type says which member is filled */
#define LL_ITCH50_C_MEMBER(ID, id, type, bytes, name) struct ll_itch50_##id id;
    LL_ITCH50_MESSAGES(LL_ITCH50_C_MEMBER)
#undef LL_ITCH50_C_MEMBER
};

/* Length of a message of this type in bytes; 0 = no such type. */
uint32_t ll_itch50_bytes_of_type(uint8_t type);

/* "Add Order (no MPID)"; NULL = no such type. */
const char *ll_itch50_name_of_type(uint8_t type);

/* Index 0..22 of a type in the order of LL_ITCH50_MESSAGES, for counters; LL_ITCH50_TYPE_COUNT = no such
 * type. */
uint32_t ll_itch50_index_of_type(uint8_t type);
/* The type at an index < LL_ITCH50_TYPE_COUNT. */
uint8_t ll_itch50_type_at(uint32_t index);

LL_MUST_CHECK int ll_itch50_decode(const uint8_t *bytes, uint32_t bytes_count,
                                   union ll_itch50_message *message);

/* Writes the message; its length in *bytes_count. LL_ERR_TYPE, or LL_ERR_FULL when capacity is too small. */
LL_MUST_CHECK int ll_itch50_encode(const union ll_itch50_message *message, uint8_t *bytes,
                                   uint32_t capacity_bytes, uint32_t *bytes_count);

/* All fields of a type, the header's first, for generic printing (lifeline decode) and field-by-field tests;
 * their count in *count. NULL = no such type. */
const struct ll_field *ll_itch50_fields(uint8_t type, uint32_t *count);

#endif
