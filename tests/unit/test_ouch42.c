/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the OUCH 4.2 decoder and encoder agree with the published layouts in every field of every type of both
 * directions, refuse what is too short, too long or unknown, take the two shorter forms of older revisions, and
 * lose nothing on the way from bytes to struct and back.
 * Method: the layout tables and all vectors are compared with JSON files written independently of the code,
 * struct member by struct member; every length around the right one is tried; random content goes both ways.
 */
#include "tests/unit/ll_test_fields.h"

#include "host/wire/ll_ouch42.h"

/* --- layout tables -------------------------------------------------------------------------------------- */

static enum ll_ouch_direction direction_of(const json_t *layout)
{
    return strcmp(json_string_value(json_object_get(layout, "dir")), "in") == 0 ? LL_OUCH_IN : LL_OUCH_OUT;
}

static void check_layout(const json_t *layout)
{
    uint8_t type = (uint8_t)json_string_value(json_object_get(layout, "type"))[0];
    enum ll_ouch_direction direction = direction_of(layout);
    ck_assert_ptr_nonnull(ll_ouch42_name_of_type(direction, type));
    ck_assert_str_eq(ll_ouch42_name_of_type(direction, type),
                     json_string_value(json_object_get(layout, "name")));
    ck_assert_uint_eq(ll_ouch42_bytes_of_type(direction, type),
                      ll_test_json_u64(json_object_get(layout, "fixed_len")));
    uint32_t field_count = 0;
    const struct ll_field *fields = ll_ouch42_fields(direction, type, &field_count);
    const json_t *expected = json_object_get(layout, "fields");
    ck_assert_uint_eq(field_count, json_array_size(expected));
    for (uint32_t i = 0; i < field_count; i++) {
        const json_t *field = json_array_get(expected, i);
        const char *name = json_string_value(json_object_get(field, "name"));
        ck_assert_str_eq(fields[i].name, i == 0 ? "message_type" : name);
        ll_test_layout_field(&fields[i], field);
    }
}

START_TEST(layouts_equal_the_published_ones)
{
    json_t *root = ll_test_json("layouts.json");
    const json_t *layouts = json_object_get(root, "ouch42");
    ck_assert_uint_eq(json_array_size(layouts), LL_OUCH42_TYPE_COUNT);
    for (size_t i = 0; i < json_array_size(layouts); i++)
        check_layout(json_array_get(layouts, i));
    json_decref(root);
}
END_TEST

START_TEST(lookups_agree_for_every_byte)
{
    enum ll_ouch_direction direction = (enum ll_ouch_direction)_i;
    uint32_t known_count = 0;
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint8_t type = (uint8_t)byte;
        uint32_t index = ll_ouch42_index_of_type(direction, type);
        uint32_t field_count = 99;
        const struct ll_field *fields = ll_ouch42_fields(direction, type, &field_count);
        if (index == LL_OUCH42_TYPE_COUNT) {
            ck_assert_uint_eq(ll_ouch42_bytes_of_type(direction, type), 0);
            ck_assert_uint_eq(ll_ouch42_bytes_min_of_type(direction, type), 0);
            ck_assert_ptr_null(ll_ouch42_name_of_type(direction, type));
            ck_assert_ptr_null(fields);
            ck_assert_uint_eq(field_count, 0);
            continue;
        }
        known_count++;
        enum ll_ouch_direction direction_again = LL_OUCH_IN;
        ck_assert_uint_eq(ll_ouch42_type_at(index, &direction_again), type);
        ck_assert_int_eq(direction_again, direction);
        ck_assert_uint_eq(index < LL_OUCH42_IN_TYPE_COUNT, direction == LL_OUCH_IN);
        ck_assert_uint_le(ll_ouch42_bytes_of_type(direction, type), LL_OUCH42_MESSAGE_BYTES_MAX);
    }
    ck_assert_uint_eq(known_count,
                      direction == LL_OUCH_IN ? LL_OUCH42_IN_TYPE_COUNT : LL_OUCH42_OUT_TYPE_COUNT);
}
END_TEST

/* --- vectors -------------------------------------------------------------------------------------------- */

/* message_type is the file's own and not in the manifest. */
#define CHECK_FIELD(ID, id, field, offset, bytes, kind) \
    if ((offset) != 0)                                  \
        LL_TEST_CHECK_##kind(message->id.field, bytes, json_object_get(fields, #field), #id "." #field);

static void check_message(enum ll_ouch_direction direction, const union ll_ouch42_message *message,
                          const json_t *fields)
{
    uint32_t index = 0;
    uint32_t index_wanted = ll_ouch42_index_of_type(direction, (uint8_t)message->message_type);
#define CHECK_IF(ID, id, direction, type, bytes, bytes_min, name) \
    if (index++ == index_wanted) {                                \
        LL_OUCH42_FIELDS_##ID(CHECK_FIELD)                        \
    }
    LL_OUCH42_MESSAGES(CHECK_IF)
    uint32_t field_count = 0;
    (void)ll_ouch42_fields(direction, (uint8_t)message->message_type, &field_count);
    ck_assert_uint_eq(json_object_size(fields), field_count - 1);
}

static void check_encodes_to(enum ll_ouch_direction direction, const union ll_ouch42_message *message,
                             const uint8_t *bytes, uint32_t bytes_count)
{
    uint8_t *encoded = ll_test_copy(bytes, bytes_count);
    memset(encoded, 0xa5, bytes_count);
    uint32_t encoded_bytes = 0;
    ck_assert_int_eq(ll_ouch42_encode(direction, message, encoded, bytes_count, &encoded_bytes), LL_OK);
    ck_assert_uint_eq(encoded_bytes, bytes_count);
    ck_assert_mem_eq(encoded, bytes, bytes_count);
    free(encoded);
}

/* As `file`, and a space where an older revision ends. */
static void check_encodes_back(enum ll_ouch_direction direction, const union ll_ouch42_message *message,
                               const struct ll_test_file *file)
{
    uint8_t full[LL_OUCH42_MESSAGE_BYTES_MAX];
    memset(full, ' ', sizeof full);
    memcpy(full, file->bytes, file->bytes_count);
    check_encodes_to(direction, message, full, ll_ouch42_bytes_of_type(direction, file->bytes[0]));
}

START_TEST(vectors_decode_field_by_field)
{
    json_t *manifest = ll_test_json("manifest.json");
    bool seen[LL_OUCH42_TYPE_COUNT] = {false};
    uint32_t shorter_count = 0;
    for (size_t i = 0; i < json_array_size(manifest); i++) {
        const json_t *entry = json_array_get(manifest, i);
        const char *name = json_string_value(json_object_get(entry, "file"));
        const json_t *fields = json_object_get(entry, "fields");
        if (strncmp(name, "ouch42/", 7) != 0 || !json_is_object(fields))
            continue;
        enum ll_ouch_direction direction = strncmp(name + 7, "in_", 3) == 0 ? LL_OUCH_IN : LL_OUCH_OUT;
        struct ll_test_file file = ll_test_read(LL_VECTORS, name);
        union ll_ouch42_message message;
        ck_assert_msg(ll_ouch42_decode(direction, file.bytes, file.bytes_count, &message) == LL_OK, "%s",
                      name);
        ck_assert_int_eq((uint8_t)message.message_type, file.bytes[0]);
        check_message(direction, &message, fields);
        check_encodes_back(direction, &message, &file);
        shorter_count += file.bytes_count < ll_ouch42_bytes_of_type(direction, file.bytes[0]);
        seen[ll_ouch42_index_of_type(direction, file.bytes[0])] = true;
        free(file.bytes);
    }
    ck_assert_uint_eq(shorter_count, 2);
    for (uint32_t i = 0; i < LL_OUCH42_TYPE_COUNT; i++) {
        enum ll_ouch_direction direction;
        ck_assert_msg(seen[i], "no vector of type '%c'", ll_ouch42_type_at(i, &direction));
    }
    json_decref(manifest);
}
END_TEST

struct negative {
    const char *name;
    int err;
};
static const struct negative negatives[] = {{"ouch42/NEG_in_O_47.bin", LL_ERR_SHORT},
                                            {"ouch42/NEG_in_O_50.bin", LL_ERR_LONG},
                                            {"ouch42/NEG_in_unknown_type.bin", LL_ERR_TYPE}};

START_TEST(negative_vectors_are_refused)
{
    union ll_ouch42_message message;
    struct ll_test_file file = ll_test_read(LL_VECTORS, negatives[_i].name);
    ck_assert_int_eq(ll_ouch42_decode(LL_OUCH_IN, file.bytes, file.bytes_count, &message), negatives[_i].err);
    free(file.bytes);
}
END_TEST

/* --- lengths -------------------------------------------------------------------------------------------- */

START_TEST(every_wrong_length_is_refused_and_changes_nothing)
{
    enum ll_ouch_direction direction = LL_OUCH_IN;
    uint8_t type = ll_ouch42_type_at((uint32_t)_i, &direction);
    uint32_t right_bytes = ll_ouch42_bytes_of_type(direction, type);
    uint32_t min_bytes = ll_ouch42_bytes_min_of_type(direction, type);
    union ll_ouch42_message untouched;
    memset(&untouched, 0x5a, sizeof untouched);
    for (uint32_t bytes_count = 0; bytes_count <= LL_OUCH42_MESSAGE_BYTES_MAX + 2; bytes_count++) {
        uint8_t filler[LL_OUCH42_MESSAGE_BYTES_MAX + 2] = {type};
        uint8_t *bytes = ll_test_copy(filler, bytes_count);
        union ll_ouch42_message message;
        memset(&message, 0x5a, sizeof message);
        int expected = LL_OK;
        if (bytes_count < min_bytes)
            expected = LL_ERR_SHORT;
        else if (bytes_count > right_bytes)
            expected = LL_ERR_LONG;
        ck_assert_int_eq(ll_ouch42_decode(direction, bytes, bytes_count, &message), expected);
        if (expected != LL_OK)
            ck_assert_mem_eq(&message, &untouched, sizeof message);
        free(bytes);
    }
}
END_TEST

START_TEST(encode_needs_room_and_a_type)
{
    enum ll_ouch_direction direction = LL_OUCH_IN;
    uint8_t type = ll_ouch42_type_at((uint32_t)_i, &direction);
    uint32_t right_bytes = ll_ouch42_bytes_of_type(direction, type);
    union ll_ouch42_message message;
    memset(&message, 0, sizeof message);
    message.message_type = (char)type;
    uint8_t bytes[LL_OUCH42_MESSAGE_BYTES_MAX];
    uint32_t bytes_count = 77;
    ck_assert_int_eq(ll_ouch42_encode(direction, &message, bytes, right_bytes - 1, &bytes_count),
                     LL_ERR_FULL);
    ck_assert_uint_eq(bytes_count, 77);
    ck_assert_int_eq(ll_ouch42_encode(direction, &message, bytes, right_bytes, &bytes_count), LL_OK);
    ck_assert_uint_eq(bytes_count, right_bytes);
    message.message_type = 'z';
    ck_assert_int_eq(ll_ouch42_encode(direction, &message, bytes, sizeof bytes, &bytes_count), LL_ERR_TYPE);
}
END_TEST

START_TEST(every_unknown_type_is_refused)
{
    union ll_ouch42_message message;
    uint8_t bytes[LL_OUCH42_MESSAGE_BYTES_MAX] = {0};
    enum ll_ouch_direction direction = (enum ll_ouch_direction)_i;
    for (uint32_t type = 0; type < 256; type++) {
        if (ll_ouch42_bytes_of_type(direction, (uint8_t)type) != 0)
            continue;
        bytes[0] = (uint8_t)type;
        for (uint32_t bytes_count = 1; bytes_count <= sizeof bytes; bytes_count++)
            ck_assert_int_eq(ll_ouch42_decode(direction, bytes, bytes_count, &message), LL_ERR_TYPE);
    }
}
END_TEST

/* --- random content, both ways -------------------------------------------------------------------------- */

/* decode, then encode, is the identity on bytes, whatever they are. */
START_TEST(random_bytes_come_back)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_bytes_come_back"));
    for (uint32_t step = 0; step < 20000; step++) {
        enum ll_ouch_direction direction = LL_OUCH_IN;
        uint8_t type = ll_ouch42_type_at(ll_prng_below(&prng, LL_OUCH42_TYPE_COUNT), &direction);
        uint8_t bytes[LL_OUCH42_MESSAGE_BYTES_MAX];
        ll_test_fill(&prng, bytes, sizeof bytes);
        bytes[0] = type;
        union ll_ouch42_message message;
        uint32_t bytes_count = ll_ouch42_bytes_of_type(direction, type);
        ck_assert_int_eq(ll_ouch42_decode(direction, bytes, bytes_count, &message), LL_OK);
        check_encodes_to(direction, &message, bytes, bytes_count);
    }
}
END_TEST

#define FILL_FIELD(ID, id, field, offset, bytes, kind) LL_TEST_FILL_##kind(prng, message->id.field);

static void fill_message(struct ll_prng *prng, uint32_t index_wanted, union ll_ouch42_message *message)
{
    uint32_t index = 0;
    memset(message, 0, sizeof *message);
#define FILL_IF(ID, id, direction, type_of_id, bytes, bytes_min, name)          \
    if (index++ == index_wanted) {                                              \
        LL_OUCH42_FIELDS_##ID(FILL_FIELD) message->message_type = (type_of_id); \
    }
    LL_OUCH42_MESSAGES(FILL_IF)
}

/* encode, then decode, is the identity on structs. */
START_TEST(random_structs_come_back)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_structs_come_back"));
    for (uint32_t step = 0; step < 20000; step++) {
        uint32_t index = ll_prng_below(&prng, LL_OUCH42_TYPE_COUNT);
        enum ll_ouch_direction direction = LL_OUCH_IN;
        (void)ll_ouch42_type_at(index, &direction);
        union ll_ouch42_message sent;
        union ll_ouch42_message got;
        fill_message(&prng, index, &sent);
        uint8_t bytes[LL_OUCH42_MESSAGE_BYTES_MAX];
        uint32_t bytes_count = 0;
        ck_assert_int_eq(ll_ouch42_encode(direction, &sent, bytes, sizeof bytes, &bytes_count), LL_OK);
        ck_assert_int_eq(ll_ouch42_decode(direction, bytes, bytes_count, &got), LL_OK);
        ck_assert_mem_eq(&sent, &got, sizeof sent);
    }
}
END_TEST

/* --- reasons -------------------------------------------------------------------------------------------- */

START_TEST(reasons_have_texts)
{
    ck_assert_str_eq(ll_ouch42_reject_text(LL_OUCH42_REJECT_INVALID_STOCK), "invalid stock");
    ck_assert_str_ne(ll_ouch42_reject_text('c'), ll_ouch42_reject_text('C'));
    ck_assert_ptr_null(ll_ouch42_reject_text('?'));
    ck_assert_str_eq(ll_ouch_cancel_text(LL_OUCH_CANCEL_USER), "requested by the user");
    ck_assert_ptr_null(ll_ouch_cancel_text('?'));
    ck_assert_str_eq(ll_ouch_broken_text(LL_OUCH_BROKEN_ERRONEOUS), "erroneous");
    ck_assert_ptr_null(ll_ouch_broken_text('?'));
    ck_assert_str_eq(ll_ouch50_reject_text(0x0017), "invalid symbol");
    ck_assert_ptr_null(ll_ouch50_reject_text(0));
    for (uint16_t code = 1; code <= 0x33; code++)
        ck_assert_ptr_nonnull(ll_ouch50_reject_text(code));
    ck_assert_ptr_null(ll_ouch50_reject_text(0x34));
}
END_TEST

static Suite *ouch42_suite(void)
{
    Suite *suite = suite_create("ouch42");
    TCase *tables = tcase_create("tables");
    tcase_add_test(tables, layouts_equal_the_published_ones);
    tcase_add_loop_test(tables, lookups_agree_for_every_byte, 0, (int)LL_OUCH_DIRECTION_COUNT);
    tcase_add_test(tables, reasons_have_texts);
    suite_add_tcase(suite, tables);
    TCase *vectors = tcase_create("vectors");
    tcase_add_test(vectors, vectors_decode_field_by_field);
    tcase_add_loop_test(vectors, negative_vectors_are_refused, 0, sizeof negatives / sizeof negatives[0]);
    suite_add_tcase(suite, vectors);
    TCase *lengths = tcase_create("lengths");
    tcase_set_timeout(lengths, 30);
    tcase_add_loop_test(lengths, every_wrong_length_is_refused_and_changes_nothing, 0,
                        (int)LL_OUCH42_TYPE_COUNT);
    tcase_add_loop_test(lengths, encode_needs_room_and_a_type, 0, (int)LL_OUCH42_TYPE_COUNT);
    tcase_add_loop_test(lengths, every_unknown_type_is_refused, 0, (int)LL_OUCH_DIRECTION_COUNT);
    suite_add_tcase(suite, lengths);
    TCase *random = tcase_create("random");
    tcase_set_timeout(random, 30);
    tcase_add_test(random, random_bytes_come_back);
    tcase_add_test(random, random_structs_come_back);
    suite_add_tcase(suite, random);
    return suite;
}

int main(void)
{
    return ll_test_run(ouch42_suite());
}
