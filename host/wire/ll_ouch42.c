/* SPDX-License-Identifier: Apache-2.0 */
#include "host/wire/ll_ouch42.h"

#include "host/base/ll_assert.h"
#include "host/wire/ll_field_codec.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* Everything below is made from ll_ouch42_layout.h; no offset, length or type is written here again. */

/* --- the layout, checked by the compiler ---------------------------------------------------------------- */

/* Each message as an array of bytes per field: its offsets are what they must be when no byte is left out and
 * none is used twice, so a mistyped offset in the layout does not compile. */
#define LL_OUCH42_PACKED_FIELD(ID, id, field, offset, bytes, kind) uint8_t field[bytes];
#define LL_OUCH42_PACKED(ID, id, direction, type, bytes, bytes_min, name) \
    struct ll_ouch42_packed_##id {                                        \
        LL_OUCH42_FIELDS_##ID(LL_OUCH42_PACKED_FIELD)                     \
    };
LL_OUCH42_MESSAGES(LL_OUCH42_PACKED)

#define LL_OUCH42_CHECK_FIELD(ID, id, field, offset, bytes, kind)                             \
    static_assert(offsetof(struct ll_ouch42_packed_##id, field) == (offset), #id "." #field); \
    static_assert(LL_FIELD_IS_##kind(bytes), #id "." #field " has the width of its kind");
#define LL_OUCH42_CHECK(ID, id, direction, type, bytes, bytes_min, name)                        \
    static_assert(sizeof(struct ll_ouch42_packed_##id) == (bytes), #id);                        \
    static_assert((bytes) <= LL_OUCH42_MESSAGE_BYTES_MAX, #id);                                 \
    static_assert((bytes_min) == (bytes) || (bytes_min) + 1 == (bytes), #id " is one shorter"); \
    LL_OUCH42_FIELDS_##ID(LL_OUCH42_CHECK_FIELD)
LL_OUCH42_MESSAGES(LL_OUCH42_CHECK)

/* --- tables --------------------------------------------------------------------------------------------- */

enum ll_ouch42_index {
#define LL_OUCH42_INDEX_ENUM(ID, id, direction, type, bytes, bytes_min, name) LL_OUCH42_INDEX_##ID,
    LL_OUCH42_MESSAGES(LL_OUCH42_INDEX_ENUM) LL_OUCH42_INDEX_COUNT
};
static_assert(LL_OUCH42_INDEX_COUNT == LL_OUCH42_TYPE_COUNT, "the header states how many types there are");
static_assert(LL_OUCH42_IN_TYPE_COUNT + LL_OUCH42_OUT_TYPE_COUNT == LL_OUCH42_TYPE_COUNT,
              "of both directions");

/* By direction and type character: index + 1, so that 0 is "no such type". */
static const uint8_t ll_ouch42_index_plus_1[LL_OUCH_DIRECTION_COUNT][256] = {
#define LL_OUCH42_INDEX_ENTRY(ID, id, direction, type, bytes, bytes_min, name) \
    [LL_OUCH_##direction][type] = LL_OUCH42_INDEX_##ID + 1,
    LL_OUCH42_MESSAGES(LL_OUCH42_INDEX_ENTRY)};

#define LL_OUCH42_FIELD_ENTRY(ID, id, field, offset, bytes, kind) \
    {#field, (offset), (bytes), LL_FIELD_##kind},
#define LL_OUCH42_FIELD_TABLE(ID, id, direction, type, bytes, bytes_min, name) \
    static const struct ll_field ll_ouch42_fields_of_##id[] = {LL_OUCH42_FIELDS_##ID(LL_OUCH42_FIELD_ENTRY)};
LL_OUCH42_MESSAGES(LL_OUCH42_FIELD_TABLE)

struct ll_ouch42_type_entry {
    const char *name;
    const struct ll_field *fields;
    uint8_t field_count;
    uint8_t type;
    uint8_t direction; /* enum ll_ouch_direction */
    uint8_t bytes;
    uint8_t bytes_min;
};

static const struct ll_ouch42_type_entry ll_ouch42_types[LL_OUCH42_TYPE_COUNT] = {
#define LL_OUCH42_TYPE_ENTRY(ID, id, direction, type, bytes, bytes_min, name) \
    {name,                                                                    \
     ll_ouch42_fields_of_##id,                                                \
     sizeof ll_ouch42_fields_of_##id / sizeof ll_ouch42_fields_of_##id[0],    \
     (type),                                                                  \
     LL_OUCH_##direction,                                                     \
     (bytes),                                                                 \
     (bytes_min)},
    LL_OUCH42_MESSAGES(LL_OUCH42_TYPE_ENTRY)};

uint32_t ll_ouch42_index_of_type(enum ll_ouch_direction direction, uint8_t type)
{
    LL_ASSERT((uint32_t)direction < LL_OUCH_DIRECTION_COUNT);
    uint32_t index_plus_1 = ll_ouch42_index_plus_1[direction][type];
    return index_plus_1 != 0 ? index_plus_1 - 1 : LL_OUCH42_TYPE_COUNT;
}

uint32_t ll_ouch42_bytes_of_type(enum ll_ouch_direction direction, uint8_t type)
{
    uint32_t index = ll_ouch42_index_of_type(direction, type);
    return index < LL_OUCH42_TYPE_COUNT ? ll_ouch42_types[index].bytes : 0;
}

uint32_t ll_ouch42_bytes_min_of_type(enum ll_ouch_direction direction, uint8_t type)
{
    uint32_t index = ll_ouch42_index_of_type(direction, type);
    return index < LL_OUCH42_TYPE_COUNT ? ll_ouch42_types[index].bytes_min : 0;
}

const char *ll_ouch42_name_of_type(enum ll_ouch_direction direction, uint8_t type)
{
    uint32_t index = ll_ouch42_index_of_type(direction, type);
    return index < LL_OUCH42_TYPE_COUNT ? ll_ouch42_types[index].name : NULL;
}

uint8_t ll_ouch42_type_at(uint32_t index, enum ll_ouch_direction *direction)
{
    LL_ASSERT(index < LL_OUCH42_TYPE_COUNT);
    *direction = (enum ll_ouch_direction)ll_ouch42_types[index].direction;
    return ll_ouch42_types[index].type;
}

const struct ll_field *ll_ouch42_fields(enum ll_ouch_direction direction, uint8_t type, uint32_t *count)
{
    uint32_t index = ll_ouch42_index_of_type(direction, type);
    if (index == LL_OUCH42_TYPE_COUNT) {
        *count = 0;
        return NULL;
    }
    *count = ll_ouch42_types[index].field_count;
    return ll_ouch42_types[index].fields;
}

/* --- bytes to structs ----------------------------------------------------------------------------------- */

#define LL_OUCH42_READ_FIELD(ID, id, field, offset, bytes, kind) \
    LL_FIELD_READ_##kind(to->field, from + (offset), bytes);
#define LL_OUCH42_READER(ID, id, direction, type, bytes, bytes_min, name)                  \
    static inline void ll_ouch42_read_##id(const uint8_t *from, struct ll_ouch42_##id *to) \
    {                                                                                      \
        LL_OUCH42_FIELDS_##ID(LL_OUCH42_READ_FIELD)                                        \
    }
LL_OUCH42_MESSAGES(LL_OUCH42_READER)

/* `bytes` has the full length of its type. */
static void ll_ouch42_read(uint32_t index, const uint8_t *bytes, union ll_ouch42_message *message)
{
    /* Padding and the other members' bytes too, so that equal messages are equal by memcmp. */
    memset(message, 0, sizeof *message);
    switch (index) {
#define LL_OUCH42_READ_CASE(ID, id, direction, type, bytes_of_type, bytes_min, name) \
    case LL_OUCH42_INDEX_##ID:                                                       \
        ll_ouch42_read_##id(bytes, &message->id);                                    \
        break;
        LL_OUCH42_MESSAGES(LL_OUCH42_READ_CASE)
    default:
        LL_ASSERT(index < LL_OUCH42_TYPE_COUNT); /* every type has a reader */
    }
}

int ll_ouch42_check(enum ll_ouch_direction direction, const uint8_t *bytes, uint32_t bytes_count)
{
    if (bytes_count == 0)
        return LL_ERR_SHORT;
    uint32_t index = ll_ouch42_index_of_type(direction, bytes[0]);
    if (index == LL_OUCH42_TYPE_COUNT)
        return LL_ERR_TYPE;
    const struct ll_ouch42_type_entry *type = &ll_ouch42_types[index];
    if (bytes_count < type->bytes_min)
        return LL_ERR_SHORT;
    return bytes_count > type->bytes ? LL_ERR_LONG : LL_OK;
}

int ll_ouch42_decode(enum ll_ouch_direction direction, const uint8_t *bytes, uint32_t bytes_count,
                     union ll_ouch42_message *message)
{
    LL_ASSERT(message != NULL);
    int err = ll_ouch42_check(direction, bytes, bytes_count);
    if (err != LL_OK)
        return err;
    uint32_t index = ll_ouch42_index_of_type(direction, bytes[0]);
    if (bytes_count == ll_ouch42_types[index].bytes) {
        ll_ouch42_read(index, bytes, message);
        return LL_OK;
    }
    uint8_t full[LL_OUCH42_MESSAGE_BYTES_MAX];
    memcpy(full, bytes, bytes_count);
    full[bytes_count] = ' ';
    ll_ouch42_read(index, full, message);
    return LL_OK;
}

/* --- structs to bytes ----------------------------------------------------------------------------------- */

#define LL_OUCH42_WRITE_FIELD(ID, id, field, offset, bytes, kind) \
    LL_FIELD_WRITE_##kind(from->field, to + (offset), bytes);
#define LL_OUCH42_WRITER(ID, id, direction, type, bytes, bytes_min, name)                   \
    static inline void ll_ouch42_write_##id(const struct ll_ouch42_##id *from, uint8_t *to) \
    {                                                                                       \
        LL_OUCH42_FIELDS_##ID(LL_OUCH42_WRITE_FIELD)                                        \
    }
LL_OUCH42_MESSAGES(LL_OUCH42_WRITER)

int ll_ouch42_encode(enum ll_ouch_direction direction, const union ll_ouch42_message *message, uint8_t *bytes,
                     uint32_t capacity_bytes, uint32_t *bytes_count)
{
    LL_ASSERT(message != NULL);
    uint32_t index = ll_ouch42_index_of_type(direction, (uint8_t)message->message_type);
    if (index == LL_OUCH42_TYPE_COUNT)
        return LL_ERR_TYPE;
    if (capacity_bytes < ll_ouch42_types[index].bytes)
        return LL_ERR_FULL;
    switch (index) {
#define LL_OUCH42_WRITE_CASE(ID, id, direction, type, bytes_of_type, bytes_min, name) \
    case LL_OUCH42_INDEX_##ID:                                                        \
        ll_ouch42_write_##id(&message->id, bytes);                                    \
        break;
        LL_OUCH42_MESSAGES(LL_OUCH42_WRITE_CASE)
    default:
        LL_ASSERT(index < LL_OUCH42_TYPE_COUNT); /* every type has a writer */
    }
    *bytes_count = ll_ouch42_types[index].bytes;
    return LL_OK;
}
