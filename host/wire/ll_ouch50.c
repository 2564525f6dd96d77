/* SPDX-License-Identifier: Apache-2.0 */
#include "host/wire/ll_ouch50.h"

#include "host/base/ll_assert.h"
#include "host/wire/ll_field_codec.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* Everything below is made from ll_ouch50_layout.h; no offset, length, type or tag is written here again. */

#define LL_OUCH50_ELEMENT_BYTES 2u /* its length and its tag, in front of the value */

/* --- the layout, checked by the compiler ---------------------------------------------------------------- */

/* Each message as an array of bytes per field: its offsets are what they must be when no byte is left out and
 * none is used twice, so a mistyped offset in the layout does not compile. */
#define LL_OUCH50_PACKED_FIELD(ID, id, field, offset, bytes, kind) uint8_t field[bytes];
#define LL_OUCH50_PACKED(ID, id, direction, type, bytes, appendage, name) \
    struct ll_ouch50_packed_##id {                                        \
        LL_OUCH50_FIELDS_##ID(LL_OUCH50_PACKED_FIELD)                     \
    };
LL_OUCH50_MESSAGES(LL_OUCH50_PACKED)

#define LL_OUCH50_CHECK_FIELD(ID, id, field, offset, bytes, kind)                             \
    static_assert(offsetof(struct ll_ouch50_packed_##id, field) == (offset), #id "." #field); \
    static_assert(LL_FIELD_IS_##kind(bytes), #id "." #field " has the width of its kind");
#define LL_OUCH50_CHECK(ID, id, direction, type, bytes, appendage, name) \
    static_assert(sizeof(struct ll_ouch50_packed_##id) == (bytes), #id); \
    static_assert((bytes) <= LL_OUCH50_FIXED_BYTES_MAX, #id);            \
    LL_OUCH50_FIELDS_##ID(LL_OUCH50_CHECK_FIELD)
LL_OUCH50_MESSAGES(LL_OUCH50_CHECK)

#define LL_OUCH50_CHECK_TAG(tag, ID, id, bytes, kind, name) \
    static_assert(LL_FIELD_IS_##kind(bytes) && (tag) < 32, #id " has the width of its kind, and a bit");
LL_OUCH50_TAGS(LL_OUCH50_CHECK_TAG)

#define LL_OUCH50_ADD_TAG_BYTES(tag, ID, id, bytes, kind, name) +LL_OUCH50_ELEMENT_BYTES + (bytes)
static_assert(LL_OUCH50_TAGS(LL_OUCH50_ADD_TAG_BYTES) == LL_OUCH50_OPTIONS_BYTES_MAX, "all tags once");
#define LL_OUCH50_ADD_ONE(tag, ID, id, bytes, kind, name) +1
static_assert(LL_OUCH50_TAGS(LL_OUCH50_ADD_ONE) == LL_OUCH50_TAG_COUNT,
              "the header states how many there are");

/* --- tables --------------------------------------------------------------------------------------------- */

enum ll_ouch50_appendage {
    LL_OUCH50_APPENDAGE_ALWAYS,
    LL_OUCH50_APPENDAGE_MAYBE,
    LL_OUCH50_APPENDAGE_LENIENT,
    LL_OUCH50_APPENDAGE_NEVER
};

enum ll_ouch50_index {
#define LL_OUCH50_INDEX_ENUM(ID, id, direction, type, bytes, appendage, name) LL_OUCH50_INDEX_##ID,
    LL_OUCH50_MESSAGES(LL_OUCH50_INDEX_ENUM) LL_OUCH50_INDEX_COUNT
};
static_assert(LL_OUCH50_INDEX_COUNT == LL_OUCH50_TYPE_COUNT, "the header states how many types there are");
static_assert(LL_OUCH50_IN_TYPE_COUNT + LL_OUCH50_OUT_TYPE_COUNT == LL_OUCH50_TYPE_COUNT,
              "of both directions");

/* By direction and type character: index + 1, so that 0 is "no such type". */
static const uint8_t ll_ouch50_index_plus_1[LL_OUCH_DIRECTION_COUNT][256] = {
#define LL_OUCH50_INDEX_ENTRY(ID, id, direction, type, bytes, appendage, name) \
    [LL_OUCH_##direction][type] = LL_OUCH50_INDEX_##ID + 1,
    LL_OUCH50_MESSAGES(LL_OUCH50_INDEX_ENTRY)};

#define LL_OUCH50_FIELD_ENTRY(ID, id, field, offset, bytes, kind) \
    {#field, (offset), (bytes), LL_FIELD_##kind},
#define LL_OUCH50_FIELD_TABLE(ID, id, direction, type, bytes, appendage, name) \
    static const struct ll_field ll_ouch50_fields_of_##id[] = {LL_OUCH50_FIELDS_##ID(LL_OUCH50_FIELD_ENTRY)};
LL_OUCH50_MESSAGES(LL_OUCH50_FIELD_TABLE)

struct ll_ouch50_type_entry {
    const char *name;
    const struct ll_field *fields;
    uint8_t field_count;
    uint8_t type;
    uint8_t direction; /* enum ll_ouch_direction */
    uint8_t bytes;
    uint8_t appendage; /* enum ll_ouch50_appendage */
};

static const struct ll_ouch50_type_entry ll_ouch50_types[LL_OUCH50_TYPE_COUNT] = {
#define LL_OUCH50_TYPE_ENTRY(ID, id, direction, type, bytes, appendage, name) \
    {name,                                                                    \
     ll_ouch50_fields_of_##id,                                                \
     sizeof ll_ouch50_fields_of_##id / sizeof ll_ouch50_fields_of_##id[0],    \
     (type),                                                                  \
     LL_OUCH_##direction,                                                     \
     (bytes),                                                                 \
     LL_OUCH50_APPENDAGE_##appendage},
    LL_OUCH50_MESSAGES(LL_OUCH50_TYPE_ENTRY)};

/* By tag; bytes 0 = no such tag. */
static const struct ll_field ll_ouch50_option_of_tag[256] = {
#define LL_OUCH50_OPTION_ENTRY(tag, ID, id, bytes, kind, name) \
    [tag] = {name, LL_OUCH50_ELEMENT_BYTES, (bytes), LL_FIELD_##kind},
    LL_OUCH50_TAGS(LL_OUCH50_OPTION_ENTRY)};

uint32_t ll_ouch50_index_of_type(enum ll_ouch_direction direction, uint8_t type)
{
    LL_ASSERT((uint32_t)direction < LL_OUCH_DIRECTION_COUNT);
    uint32_t index_plus_1 = ll_ouch50_index_plus_1[direction][type];
    return index_plus_1 != 0 ? index_plus_1 - 1 : LL_OUCH50_TYPE_COUNT;
}

uint32_t ll_ouch50_bytes_of_type(enum ll_ouch_direction direction, uint8_t type)
{
    uint32_t index = ll_ouch50_index_of_type(direction, type);
    return index < LL_OUCH50_TYPE_COUNT ? ll_ouch50_types[index].bytes : 0;
}

const char *ll_ouch50_name_of_type(enum ll_ouch_direction direction, uint8_t type)
{
    uint32_t index = ll_ouch50_index_of_type(direction, type);
    return index < LL_OUCH50_TYPE_COUNT ? ll_ouch50_types[index].name : NULL;
}

uint8_t ll_ouch50_type_at(uint32_t index, enum ll_ouch_direction *direction)
{
    LL_ASSERT(index < LL_OUCH50_TYPE_COUNT);
    *direction = (enum ll_ouch_direction)ll_ouch50_types[index].direction;
    return ll_ouch50_types[index].type;
}

const struct ll_field *ll_ouch50_fields(enum ll_ouch_direction direction, uint8_t type, uint32_t *count)
{
    uint32_t index = ll_ouch50_index_of_type(direction, type);
    if (index == LL_OUCH50_TYPE_COUNT) {
        *count = 0;
        return NULL;
    }
    *count = ll_ouch50_types[index].field_count;
    return ll_ouch50_types[index].fields;
}

const struct ll_field *ll_ouch50_option(uint8_t tag)
{
    const struct ll_field *option = &ll_ouch50_option_of_tag[tag];
    return option->bytes != 0 ? option : NULL;
}

/* --- the appendage -------------------------------------------------------------------------------------- */

struct ll_ouch50_cursor ll_ouch50_cursor(const uint8_t *raw, uint32_t raw_bytes)
{
    if (raw == NULL || raw_bytes <= LL_OUCH50_LENGTH_BYTES)
        return (struct ll_ouch50_cursor){NULL, 0};
    return (struct ll_ouch50_cursor){raw + LL_OUCH50_LENGTH_BYTES, raw_bytes - LL_OUCH50_LENGTH_BYTES};
}

int ll_ouch50_next(struct ll_ouch50_cursor *cursor, struct ll_ouch50_element *element)
{
    if (cursor->left_bytes == 0)
        return 0;
    uint32_t element_bytes = 1u + cursor->at[0];
    LL_ASSERT(element_bytes >= LL_OUCH50_ELEMENT_BYTES && element_bytes <= cursor->left_bytes);
    element->tag = cursor->at[1];
    element->value_bytes = (uint8_t)(element_bytes - LL_OUCH50_ELEMENT_BYTES);
    element->value = cursor->at + LL_OUCH50_ELEMENT_BYTES;
    cursor->at += element_bytes;
    cursor->left_bytes -= element_bytes;
    return 1;
}

/* What follows the fixed part, before anything of it is taken. */
static int ll_ouch50_check_appendage(enum ll_ouch50_appendage rule, const uint8_t *raw, uint32_t raw_bytes)
{
    if (raw_bytes == 0)
        return rule == LL_OUCH50_APPENDAGE_ALWAYS ? LL_ERR_SHORT : LL_OK;
    if (rule == LL_OUCH50_APPENDAGE_NEVER)
        return LL_ERR_LONG;
    if (raw_bytes < LL_OUCH50_LENGTH_BYTES)
        return LL_ERR_MALFORMED;
    uint32_t left_bytes = raw_bytes - LL_OUCH50_LENGTH_BYTES;
    if (ll_load_be16(raw) != left_bytes)
        return LL_ERR_MALFORMED;
    const uint8_t *at = raw + LL_OUCH50_LENGTH_BYTES;
    while (left_bytes > 0) {
        uint32_t element_bytes = 1u + at[0];
        /* An element without even its tag would never end the walk of a careless reader. */
        if (element_bytes < LL_OUCH50_ELEMENT_BYTES || element_bytes > left_bytes)
            return LL_ERR_MALFORMED;
        at += element_bytes;
        left_bytes -= element_bytes;
    }
    return LL_OK;
}

static void ll_ouch50_read_option(struct ll_ouch50_options *options, uint8_t tag, const uint8_t *value)
{
    switch (tag) {
#define LL_OUCH50_READ_TAG(tag, ID, id, bytes, kind, name) \
    case tag:                                              \
        LL_FIELD_READ_##kind(options->id, value, bytes);   \
        break;
        LL_OUCH50_TAGS(LL_OUCH50_READ_TAG)
    default:
        LL_ASSERT(ll_ouch50_option(tag) == NULL); /* every known tag has a reader */
    }
}

/* `raw` has been checked; the options are clear. */
static void ll_ouch50_read_options(const uint8_t *raw, uint32_t raw_bytes, struct ll_ouch50_options *options)
{
    struct ll_ouch50_cursor cursor = ll_ouch50_cursor(raw, raw_bytes);
    struct ll_ouch50_element element;
    options->raw = raw;
    options->raw_bytes = raw_bytes;
    while (ll_ouch50_next(&cursor, &element)) {
        const struct ll_field *option = ll_ouch50_option(element.tag);
        if (option == NULL) {
            options->unknown_count++;
            continue;
        }
        if (option->bytes != element.value_bytes) {
            options->wrong_length_count++;
            continue;
        }
        if ((options->present & LL_OUCH50_PRESENT(element.tag)) != 0)
            options->repeated_count++;
        options->present |= LL_OUCH50_PRESENT(element.tag);
        ll_ouch50_read_option(options, element.tag, element.value);
    }
}

/* Length bytes included. */
static uint32_t ll_ouch50_appendage_bytes(enum ll_ouch50_appendage rule,
                                          const struct ll_ouch50_options *options)
{
    if (options->raw != NULL)
        return options->raw_bytes;
    uint32_t options_bytes = 0;
#define LL_OUCH50_COUNT_TAG(tag, ID, id, bytes, kind, name) \
    if ((options->present & LL_OUCH50_PRESENT(tag)) != 0)   \
        options_bytes += LL_OUCH50_ELEMENT_BYTES + (bytes);
    LL_OUCH50_TAGS(LL_OUCH50_COUNT_TAG)
    LL_ASSERT(options_bytes == 0 || rule != LL_OUCH50_APPENDAGE_NEVER);
    if (options_bytes == 0 && (rule == LL_OUCH50_APPENDAGE_MAYBE || rule == LL_OUCH50_APPENDAGE_NEVER))
        return 0;
    return LL_OUCH50_LENGTH_BYTES + options_bytes;
}

static void ll_ouch50_write_options(const struct ll_ouch50_options *options, uint8_t *bytes,
                                    uint32_t appendage_bytes)
{
    if (appendage_bytes == 0)
        return;
    if (options->raw != NULL) {
        memcpy(bytes, options->raw, appendage_bytes);
        return;
    }
    ll_store_be16(bytes, (uint16_t)(appendage_bytes - LL_OUCH50_LENGTH_BYTES));
    uint8_t *at = bytes + LL_OUCH50_LENGTH_BYTES;
#define LL_OUCH50_WRITE_TAG(tag, ID, id, bytes, kind, name)                      \
    if ((options->present & LL_OUCH50_PRESENT(tag)) != 0) {                      \
        at[0] = 1 + (bytes);                                                     \
        at[1] = (tag);                                                           \
        LL_FIELD_WRITE_##kind(options->id, at + LL_OUCH50_ELEMENT_BYTES, bytes); \
        at += LL_OUCH50_ELEMENT_BYTES + (bytes);                                 \
    }
    LL_OUCH50_TAGS(LL_OUCH50_WRITE_TAG)
    LL_ASSERT(at == bytes + appendage_bytes);
}

/* --- bytes to structs ----------------------------------------------------------------------------------- */

#define LL_OUCH50_READ_FIELD(ID, id, field, offset, bytes, kind) \
    LL_FIELD_READ_##kind(to->field, from + (offset), bytes);
#define LL_OUCH50_READER(ID, id, direction, type, bytes, appendage, name)                  \
    static inline void ll_ouch50_read_##id(const uint8_t *from, struct ll_ouch50_##id *to) \
    {                                                                                      \
        LL_OUCH50_FIELDS_##ID(LL_OUCH50_READ_FIELD)                                        \
    }
LL_OUCH50_MESSAGES(LL_OUCH50_READER)

int ll_ouch50_check(enum ll_ouch_direction direction, const uint8_t *bytes, uint32_t bytes_count)
{
    if (bytes_count == 0)
        return LL_ERR_SHORT;
    uint32_t index = ll_ouch50_index_of_type(direction, bytes[0]);
    if (index == LL_OUCH50_TYPE_COUNT)
        return LL_ERR_TYPE;
    const struct ll_ouch50_type_entry *type = &ll_ouch50_types[index];
    if (bytes_count < type->bytes)
        return LL_ERR_SHORT;
    return ll_ouch50_check_appendage((enum ll_ouch50_appendage)type->appendage, bytes + type->bytes,
                                     bytes_count - type->bytes);
}

int ll_ouch50_decode(enum ll_ouch_direction direction, const uint8_t *bytes, uint32_t bytes_count,
                     struct ll_ouch50_message *message)
{
    LL_ASSERT(message != NULL);
    int err = ll_ouch50_check(direction, bytes, bytes_count);
    if (err != LL_OK)
        return err;
    uint32_t index = ll_ouch50_index_of_type(direction, bytes[0]);
    uint32_t fixed_bytes = ll_ouch50_types[index].bytes;
    memset(message, 0, sizeof *message);
    switch (index) {
#define LL_OUCH50_READ_CASE(ID, id, direction, type, bytes_of_type, appendage, name) \
    case LL_OUCH50_INDEX_##ID:                                                       \
        ll_ouch50_read_##id(bytes, &message->id);                                    \
        break;
        LL_OUCH50_MESSAGES(LL_OUCH50_READ_CASE)
    default:
        LL_ASSERT(index < LL_OUCH50_TYPE_COUNT); /* every type has a reader */
    }
    ll_ouch50_read_options(bytes + fixed_bytes, bytes_count - fixed_bytes, &message->options);
    return LL_OK;
}

/* --- structs to bytes ----------------------------------------------------------------------------------- */

#define LL_OUCH50_WRITE_FIELD(ID, id, field, offset, bytes, kind) \
    LL_FIELD_WRITE_##kind(from->field, to + (offset), bytes);
#define LL_OUCH50_WRITER(ID, id, direction, type, bytes, appendage, name)                   \
    static inline void ll_ouch50_write_##id(const struct ll_ouch50_##id *from, uint8_t *to) \
    {                                                                                       \
        LL_OUCH50_FIELDS_##ID(LL_OUCH50_WRITE_FIELD)                                        \
    }
LL_OUCH50_MESSAGES(LL_OUCH50_WRITER)

int ll_ouch50_encode(enum ll_ouch_direction direction, const struct ll_ouch50_message *message,
                     uint8_t *bytes, uint32_t capacity_bytes, uint32_t *bytes_count)
{
    LL_ASSERT(message != NULL);
    uint32_t index = ll_ouch50_index_of_type(direction, (uint8_t)message->message_type);
    if (index == LL_OUCH50_TYPE_COUNT)
        return LL_ERR_TYPE;
    const struct ll_ouch50_type_entry *type = &ll_ouch50_types[index];
    const struct ll_ouch50_options *options = &message->options;
    enum ll_ouch50_appendage rule = (enum ll_ouch50_appendage)type->appendage;
    uint32_t appendage_bytes = ll_ouch50_appendage_bytes(rule, options);
    LL_ASSERT(options->raw == NULL ||
              ll_ouch50_check_appendage(rule, options->raw, options->raw_bytes) == LL_OK);
    if (capacity_bytes < type->bytes || capacity_bytes - type->bytes < appendage_bytes)
        return LL_ERR_FULL;
    switch (index) {
#define LL_OUCH50_WRITE_CASE(ID, id, direction, type, bytes_of_type, appendage, name) \
    case LL_OUCH50_INDEX_##ID:                                                        \
        ll_ouch50_write_##id(&message->id, bytes);                                    \
        break;
        LL_OUCH50_MESSAGES(LL_OUCH50_WRITE_CASE)
    default:
        LL_ASSERT(index < LL_OUCH50_TYPE_COUNT); /* every type has a writer */
    }
    ll_ouch50_write_options(options, bytes + type->bytes, appendage_bytes);
    *bytes_count = type->bytes + appendage_bytes;
    return LL_OK;
}
