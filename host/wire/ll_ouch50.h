/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NASDAQ OUCH 5.0: bytes to structs and back, all 8 inbound and 17 outbound message types, every field and
 * every option tag.
 *
 * Shape    One struct per message type, all made from ll_ouch50_layout.h; struct ll_ouch50_message is one of
 *          them and the options of its appendage. The direction says which of two messages a type is. Text
 *          fields keep their bytes verbatim (padding included).
 *          The appendage is decoded twice: into a value per known tag (options.present has bit `tag` set), and
 *          as `raw`, the bytes themselves with their length in front, pointing into what was decoded. Encoding
 *          writes raw when it is there, so that encode(decode(bytes)) == bytes for any content, tags of
 *          tomorrow included. To build or change options set raw to NULL: then the present ones are written in
 *          the order of their tags. Decoding clears the whole message first.
 * Units    as in ll_ouch50_layout.h; prices stay raw integers.
 * Errors   decode: LL_ERR_SHORT no bytes, or fewer than the type needs. LL_ERR_LONG bytes behind a message that
 *          has no appendage. LL_ERR_TYPE not of this edition and direction: count it and go on. LL_ERR_MALFORMED
 *          the appendage is a single byte, is not as long as it says, or has an element that is empty or runs
 *          past it. A refused message leaves the result untouched. Unknown tags, and known ones with a value of
 *          another length, are passed over and counted. encode: LL_ERR_TYPE, LL_ERR_FULL.
 * Threads  pure functions.
 * Source   Nasdaq OUCH 5.0 specification, revision 1.05; layouts in ll_ouch50_layout.h.
 */
#ifndef LL_HOST_WIRE_OUCH50_H
#define LL_HOST_WIRE_OUCH50_H

#include "host/base/ll_err.h"
#include "host/wire/ll_field.h"
#include "host/wire/ll_ouch.h"
#include "host/wire/ll_ouch50_layout.h"

#include <stdint.h>

#define LL_OUCH50_FIXED_BYTES_MAX     66u
#define LL_OUCH50_LENGTH_BYTES        2u   /* in front of the appendage */
#define LL_OUCH50_OPTIONS_BYTES_MAX   124u /* every known tag once, with its element header */
#define LL_OUCH50_APPENDAGE_BYTES_MAX 65535u
/* The longest that is encoded without raw; what is received may be longer. */
#define LL_OUCH50_MESSAGE_BYTES_MAX \
    (LL_OUCH50_FIXED_BYTES_MAX + LL_OUCH50_LENGTH_BYTES + LL_OUCH50_OPTIONS_BYTES_MAX)
#define LL_OUCH50_IN_TYPE_COUNT  8u
#define LL_OUCH50_OUT_TYPE_COUNT 17u
#define LL_OUCH50_TYPE_COUNT     25u
#define LL_OUCH50_TAG_COUNT      24u
#define LL_OUCH50_SYMBOL_BYTES   8u
#define LL_OUCH50_CL_ORD_BYTES   14u
#define LL_OUCH50_FIRM_BYTES     4u

/* LL_OUCH50_OFFSET_ENTER_price: the field name is the document's. */
enum ll_ouch50_offset {
#define LL_OUCH50_OFFSET_ENUM(ID, id, field, offset, bytes, kind) LL_OUCH50_OFFSET_##ID##_##field = (offset),
#define LL_OUCH50_OFFSETS_OF(ID, id, direction, type, bytes, appendage, name) \
    LL_OUCH50_FIELDS_##ID(LL_OUCH50_OFFSET_ENUM)
    LL_OUCH50_MESSAGES(LL_OUCH50_OFFSETS_OF)
#undef LL_OUCH50_OFFSETS_OF
#undef LL_OUCH50_OFFSET_ENUM
};

/* Of the fixed part: the two length bytes, where they are, come behind it. */
enum ll_ouch50_bytes {
#define LL_OUCH50_BYTES_ENUM(ID, id, direction, type, bytes, appendage, name) LL_OUCH50_BYTES_##ID = (bytes),
    LL_OUCH50_MESSAGES(LL_OUCH50_BYTES_ENUM)
#undef LL_OUCH50_BYTES_ENUM
};

/* Unique only within a direction: LL_OUCH50_TYPE_REPLACE == LL_OUCH50_TYPE_REPLACED == 'U'. */
enum ll_ouch50_type {
#define LL_OUCH50_TYPE_ENUM(ID, id, direction, type, bytes, appendage, name) LL_OUCH50_TYPE_##ID = (type),
    LL_OUCH50_MESSAGES(LL_OUCH50_TYPE_ENUM)
#undef LL_OUCH50_TYPE_ENUM
};

enum ll_ouch50_tag {
#define LL_OUCH50_TAG_ENUM(tag, ID, id, bytes, kind, name) LL_OUCH50_TAG_##ID = (tag),
    LL_OUCH50_TAGS(LL_OUCH50_TAG_ENUM)
#undef LL_OUCH50_TAG_ENUM
};

#define LL_OUCH50_C_FIELD(ID, id, field, offset, bytes, kind) LL_FIELD_C_##kind(field, bytes)
#define LL_OUCH50_C_TAG(tag, ID, id, bytes, kind, name)       LL_FIELD_C_##kind(id, bytes)

/* struct ll_ouch50_enter { char message_type; uint32_t user_ref_num; ... char cl_ord_id[14]; } and 24 more. */
#define LL_OUCH50_C_STRUCT(ID, id, direction, type, bytes, appendage, name) \
    struct ll_ouch50_##id {                                                 \
        LL_OUCH50_FIELDS_##ID(LL_OUCH50_C_FIELD)                            \
    };
LL_OUCH50_MESSAGES(LL_OUCH50_C_STRUCT)
#undef LL_OUCH50_C_STRUCT

struct ll_ouch50_options {
    const uint8_t *raw;          /* the length bytes and what they count; NULL = write the values below */
    uint32_t raw_bytes;          /* 0 = not even length bytes */
    uint32_t present;            /* bit `tag` set = its value was there, or is to be written */
    uint16_t unknown_count;      /* elements passed over: tags this edition does not define */
    uint16_t wrong_length_count; /* elements passed over: known tags, values of another length */
    uint16_t repeated_count;     /* known tags that came again; the last one counts */
    LL_OUCH50_TAGS(LL_OUCH50_C_TAG)
};

struct ll_ouch50_message {
    union {
        char message_type; /* with the direction says which member is filled */
#define LL_OUCH50_C_MEMBER(ID, id, direction, type, bytes, appendage, name) struct ll_ouch50_##id id;
        LL_OUCH50_MESSAGES(LL_OUCH50_C_MEMBER)
#undef LL_OUCH50_C_MEMBER
    };
    struct ll_ouch50_options options;
};

/* The bit of a tag in options.present. */
#define LL_OUCH50_PRESENT(tag) (1u << (tag))

/* Length of the fixed part in bytes; 0 = no such type. */
uint32_t ll_ouch50_bytes_of_type(enum ll_ouch_direction direction, uint8_t type);

/* "Enter Order"; NULL = no such type. */
const char *ll_ouch50_name_of_type(enum ll_ouch_direction direction, uint8_t type);

/* Index 0..24 of a type in the order of LL_OUCH50_MESSAGES (inbound first), for counters;
 * LL_OUCH50_TYPE_COUNT = no such type. */
uint32_t ll_ouch50_index_of_type(enum ll_ouch_direction direction, uint8_t type);
/* The type and the direction at an index < LL_OUCH50_TYPE_COUNT. */
uint8_t ll_ouch50_type_at(uint32_t index, enum ll_ouch_direction *direction);

/* What decoding would say of these bytes, without decoding them. */
LL_MUST_CHECK int ll_ouch50_check(enum ll_ouch_direction direction, const uint8_t *bytes,
                                  uint32_t bytes_count);

LL_MUST_CHECK int ll_ouch50_decode(enum ll_ouch_direction direction, const uint8_t *bytes,
                                   uint32_t bytes_count, struct ll_ouch50_message *message);

/* Writes the message; its length in *bytes_count. */
LL_MUST_CHECK int ll_ouch50_encode(enum ll_ouch_direction direction, const struct ll_ouch50_message *message,
                                   uint8_t *bytes, uint32_t capacity_bytes, uint32_t *bytes_count);

/* All fields of the fixed part, message_type first; their count in *count. NULL = no such type. */
const struct ll_field *ll_ouch50_fields(enum ll_ouch_direction direction, uint8_t type, uint32_t *count);

/* The option with this tag: name and kind; `offset` is that of its value in an element, 2. NULL = no such tag.
 */
const struct ll_field *ll_ouch50_option(uint8_t tag);

/* Walks the elements of the appendage of a decoded message. */
struct ll_ouch50_cursor {
    const uint8_t *at;
    uint32_t left_bytes;
};

struct ll_ouch50_element {
    uint8_t tag;
    uint8_t value_bytes;
    const uint8_t *value;
};

/* `raw` may be NULL: no elements. */
struct ll_ouch50_cursor ll_ouch50_cursor(const uint8_t *raw, uint32_t raw_bytes);
/* 1 = *element is the next one; 0 = there is none. Only for an appendage that has been decoded. */
int ll_ouch50_next(struct ll_ouch50_cursor *cursor, struct ll_ouch50_element *element);

#endif
