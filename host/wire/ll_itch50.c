/* SPDX-License-Identifier: Apache-2.0 */
#include "host/wire/ll_itch50.h"

#include "host/base/ll_assert.h"
#include "host/wire/ll_field_codec.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* Everything below is made from ll_itch50_layout.h; no offset, length or type is written here again. */

/* --- the layout, checked by the compiler ---------------------------------------------------------------- */

/* Each message as an array of bytes per field: its offsets are what they must be when no byte is left out and
 * none is used twice, so a mistyped offset in the layout does not compile. */
#define LL_ITCH50_PACKED_FIELD(ID, id, field, offset, bytes, kind) uint8_t field[bytes];
#define LL_ITCH50_PACKED(ID, id, type, bytes, name)             \
    struct ll_itch50_packed_##id {                              \
        LL_ITCH50_FIELDS_HEADER(LL_ITCH50_PACKED_FIELD, ID, id) \
        LL_ITCH50_FIELDS_##ID(LL_ITCH50_PACKED_FIELD)           \
    };
LL_ITCH50_MESSAGES(LL_ITCH50_PACKED)

#define LL_ITCH50_CHECK_FIELD(ID, id, field, offset, bytes, kind)                             \
    static_assert(offsetof(struct ll_itch50_packed_##id, field) == (offset), #id "." #field); \
    static_assert(LL_FIELD_IS_##kind(bytes), #id "." #field " has the width of its kind");
#define LL_ITCH50_CHECK(ID, id, type, bytes, name)                       \
    static_assert(sizeof(struct ll_itch50_packed_##id) == (bytes), #id); \
    static_assert((bytes) <= LL_ITCH50_MESSAGE_BYTES_MAX, #id);          \
    LL_ITCH50_FIELDS_HEADER(LL_ITCH50_CHECK_FIELD, ID, id)               \
    LL_ITCH50_FIELDS_##ID(LL_ITCH50_CHECK_FIELD)
LL_ITCH50_MESSAGES(LL_ITCH50_CHECK)

/* --- tables --------------------------------------------------------------------------------------------- */

enum ll_itch50_index {
#define LL_ITCH50_INDEX_ENUM(ID, id, type, bytes, name) LL_ITCH50_INDEX_##ID,
    LL_ITCH50_MESSAGES(LL_ITCH50_INDEX_ENUM) LL_ITCH50_INDEX_COUNT
};
static_assert(LL_ITCH50_INDEX_COUNT == LL_ITCH50_TYPE_COUNT, "the header states how many types there are");

/* By type character; 0 = no such type, which is also what the entries that are not named here hold. */
static const uint8_t ll_itch50_type_bytes[256] = {
#define LL_ITCH50_BYTES_ENTRY(ID, id, type, bytes, name) [type] = (bytes),
    LL_ITCH50_MESSAGES(LL_ITCH50_BYTES_ENTRY)};

/* By type character: index + 1, so that 0 stays "no such type". */
static const uint8_t ll_itch50_type_index_plus_1[256] = {
#define LL_ITCH50_INDEX_ENTRY(ID, id, type, bytes, name) [type] = LL_ITCH50_INDEX_##ID + 1,
    LL_ITCH50_MESSAGES(LL_ITCH50_INDEX_ENTRY)};

#define LL_ITCH50_FIELD_ENTRY(ID, id, field, offset, bytes, kind) \
    {#field, (offset), (bytes), LL_FIELD_##kind},
#define LL_ITCH50_FIELD_TABLE(ID, id, type, bytes, name)                                \
    static const struct ll_field ll_itch50_fields_of_##id[] = {LL_ITCH50_FIELDS_HEADER( \
        LL_ITCH50_FIELD_ENTRY, ID, id) LL_ITCH50_FIELDS_##ID(LL_ITCH50_FIELD_ENTRY)};
LL_ITCH50_MESSAGES(LL_ITCH50_FIELD_TABLE)

struct ll_itch50_type_entry {
    const char *name;
    const struct ll_field *fields;
    uint8_t field_count;
    uint8_t type;
};

static const struct ll_itch50_type_entry ll_itch50_types[LL_ITCH50_TYPE_COUNT] = {
#define LL_ITCH50_TYPE_ENTRY(ID, id, type, bytes, name)                                                    \
    {name, ll_itch50_fields_of_##id, sizeof ll_itch50_fields_of_##id / sizeof ll_itch50_fields_of_##id[0], \
     (type)},
    LL_ITCH50_MESSAGES(LL_ITCH50_TYPE_ENTRY)};

uint32_t ll_itch50_bytes_of_type(uint8_t type)
{
    return ll_itch50_type_bytes[type];
}

uint32_t ll_itch50_index_of_type(uint8_t type)
{
    uint32_t index_plus_1 = ll_itch50_type_index_plus_1[type];
    return index_plus_1 != 0 ? index_plus_1 - 1 : LL_ITCH50_TYPE_COUNT;
}

const char *ll_itch50_name_of_type(uint8_t type)
{
    uint32_t index = ll_itch50_index_of_type(type);
    return index < LL_ITCH50_TYPE_COUNT ? ll_itch50_types[index].name : NULL;
}

uint8_t ll_itch50_type_at(uint32_t index)
{
    LL_ASSERT(index < LL_ITCH50_TYPE_COUNT);
    return ll_itch50_types[index].type;
}

const struct ll_field *ll_itch50_fields(uint8_t type, uint32_t *count)
{
    uint32_t index = ll_itch50_index_of_type(type);
    if (index == LL_ITCH50_TYPE_COUNT) {
        *count = 0;
        return NULL;
    }
    *count = ll_itch50_types[index].field_count;
    return ll_itch50_types[index].fields;
}

/* --- bytes to structs ----------------------------------------------------------------------------------- */

#define LL_ITCH50_READ_FIELD(ID, id, field, offset, bytes, kind) \
    LL_FIELD_READ_##kind(to->field, from + (offset), bytes);
#define LL_ITCH50_READER(ID, id, type, bytes, name)                                        \
    static inline void ll_itch50_read_##id(const uint8_t *from, struct ll_itch50_##id *to) \
    {                                                                                      \
        LL_ITCH50_FIELDS_HEADER(LL_ITCH50_READ_FIELD, ID, id)                              \
        LL_ITCH50_FIELDS_##ID(LL_ITCH50_READ_FIELD)                                        \
    }
LL_ITCH50_MESSAGES(LL_ITCH50_READER)

int ll_itch50_decode(const uint8_t *bytes, uint32_t bytes_count, union ll_itch50_message *message)
{
    LL_ASSERT(message != NULL);
    if (bytes_count == 0)
        return LL_ERR_SHORT;
    uint32_t expected_bytes = ll_itch50_type_bytes[bytes[0]];
    if (expected_bytes == 0)
        return LL_ERR_TYPE;
    if (bytes_count != expected_bytes)
        return bytes_count < expected_bytes ? LL_ERR_SHORT : LL_ERR_LONG;
    /* Padding and the other members' bytes too, so that equal messages are equal by memcmp. */
    memset(message, 0, sizeof *message);
    switch (bytes[0]) {
#define LL_ITCH50_DECODE_CASE(ID, id, type, bytes_of_type, name) \
    case type:                                                   \
        ll_itch50_read_##id(bytes, &message->id);                \
        break;
        LL_ITCH50_MESSAGES(LL_ITCH50_DECODE_CASE)
    default:
        LL_ASSERT(expected_bytes == 0); /* a type with a length has a reader */
    }
    return LL_OK;
}

/* --- structs to bytes ----------------------------------------------------------------------------------- */

#define LL_ITCH50_WRITE_FIELD(ID, id, field, offset, bytes, kind) \
    LL_FIELD_WRITE_##kind(from->field, to + (offset), bytes);
#define LL_ITCH50_WRITER(ID, id, type, bytes, name)                                         \
    static inline void ll_itch50_write_##id(const struct ll_itch50_##id *from, uint8_t *to) \
    {                                                                                       \
        LL_ITCH50_FIELDS_HEADER(LL_ITCH50_WRITE_FIELD, ID, id)                              \
        LL_ITCH50_FIELDS_##ID(LL_ITCH50_WRITE_FIELD)                                        \
    }
LL_ITCH50_MESSAGES(LL_ITCH50_WRITER)

int ll_itch50_encode(const union ll_itch50_message *message, uint8_t *bytes, uint32_t capacity_bytes,
                     uint32_t *bytes_count)
{
    LL_ASSERT(message != NULL);
    uint8_t type_of_message = (uint8_t)message->header.message_type;
    uint32_t message_bytes = ll_itch50_type_bytes[type_of_message];
    if (message_bytes == 0)
        return LL_ERR_TYPE;
    if (capacity_bytes < message_bytes)
        return LL_ERR_FULL;
    switch (type_of_message) {
#define LL_ITCH50_ENCODE_CASE(ID, id, type, bytes_of_type, name) \
    case type:                                                   \
        ll_itch50_write_##id(&message->id, bytes);               \
        break;
        LL_ITCH50_MESSAGES(LL_ITCH50_ENCODE_CASE)
    default:
        LL_ASSERT(message_bytes == 0); /* a type with a length has a writer */
    }
    *bytes_count = message_bytes;
    return LL_OK;
}
