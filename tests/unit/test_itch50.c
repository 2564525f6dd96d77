/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the ITCH 5.0 decoder and encoder agree with the published layouts in every field of every type,
 * refuse what is too short, too long or unknown, and lose nothing on the way from bytes to struct and back.
 * Method: the layout tables and all vectors are compared with JSON files written independently of the code,
 * struct member by struct member; every length around the right one is tried; random content goes both ways.
 */
#include "tests/unit/ll_test_fields.h"

#include "host/wire/ll_itch50.h"

/* --- layout tables -------------------------------------------------------------------------------------- */

static void check_layout(const json_t *layout)
{
    uint8_t type = (uint8_t)json_string_value(json_object_get(layout, "type"))[0];
    const char *name = json_string_value(json_object_get(layout, "name"));
    ck_assert_ptr_nonnull(ll_itch50_name_of_type(type));
    ck_assert_str_eq(ll_itch50_name_of_type(type), name);
    ck_assert_uint_eq(ll_itch50_bytes_of_type(type), ll_test_json_u64(json_object_get(layout, "fixed_len")));
    uint32_t field_count = 0;
    const struct ll_field *fields = ll_itch50_fields(type, &field_count);
    const json_t *expected = json_object_get(layout, "fields");
    ck_assert_uint_eq(field_count, json_array_size(expected));
    for (uint32_t i = 0; i < field_count; i++) {
        const json_t *field = json_array_get(expected, i);
        ck_assert_str_eq(fields[i].name, json_string_value(json_object_get(field, "name")));
        ll_test_layout_field(&fields[i], field);
    }
}

START_TEST(layouts_equal_the_published_ones)
{
    json_t *root = ll_test_json("layouts.json");
    const json_t *layouts = json_object_get(root, "itch50");
    ck_assert_uint_eq(json_array_size(layouts), LL_ITCH50_TYPE_COUNT);
    for (size_t i = 0; i < json_array_size(layouts); i++)
        check_layout(json_array_get(layouts, i));
    json_decref(root);
}
END_TEST

START_TEST(lookups_agree_for_every_byte)
{
    uint32_t known_count = 0;
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint8_t type = (uint8_t)byte;
        uint32_t index = ll_itch50_index_of_type(type);
        uint32_t field_count = 99;
        const struct ll_field *fields = ll_itch50_fields(type, &field_count);
        if (index == LL_ITCH50_TYPE_COUNT) {
            ck_assert_uint_eq(ll_itch50_bytes_of_type(type), 0);
            ck_assert_ptr_null(ll_itch50_name_of_type(type));
            ck_assert_ptr_null(fields);
            ck_assert_uint_eq(field_count, 0);
            continue;
        }
        known_count++;
        ck_assert_uint_lt(index, LL_ITCH50_TYPE_COUNT);
        ck_assert_uint_eq(ll_itch50_type_at(index), type);
        ck_assert_uint_ge(ll_itch50_bytes_of_type(type), LL_ITCH50_HEADER_BYTES + 1);
        ck_assert_uint_le(ll_itch50_bytes_of_type(type), LL_ITCH50_MESSAGE_BYTES_MAX);
        ck_assert_ptr_nonnull(ll_itch50_name_of_type(type));
    }
    ck_assert_uint_eq(known_count, LL_ITCH50_TYPE_COUNT);
}
END_TEST

/* --- vectors -------------------------------------------------------------------------------------------- */

/* message_type is the file's own and not in the manifest. */
#define CHECK_FIELD(ID, id, field, offset, bytes, kind) \
    LL_TEST_CHECK_##kind(message->id.field, bytes, json_object_get(fields, #field), #id "." #field);

/* Compares every member; returns how many. */
static size_t check_message(const union ll_itch50_message *message, const json_t *fields)
{
    ll_test_number(message->header.stock_locate, json_object_get(fields, "stock_locate"), "stock_locate");
    ll_test_number(message->header.tracking_number, json_object_get(fields, "tracking_number"),
                   "tracking_number");
    ll_test_number(message->header.timestamp, json_object_get(fields, "timestamp"), "timestamp");
    uint32_t field_count = 0;
    (void)ll_itch50_fields((uint8_t)message->header.message_type, &field_count);
    switch (message->header.message_type) {
#define CHECK_CASE(ID, id, type, bytes, name) \
    case type:                                \
        LL_ITCH50_FIELDS_##ID(CHECK_FIELD) break;
        LL_ITCH50_MESSAGES(CHECK_CASE)
    default:
        ck_abort_msg("no such type");
    }
    return field_count - 1;
}

static void check_encodes_back(const union ll_itch50_message *message, const uint8_t *bytes,
                               uint32_t bytes_count)
{
    uint8_t *encoded = ll_test_copy(bytes, bytes_count);
    memset(encoded, 0xa5, bytes_count);
    uint32_t encoded_bytes = 0;
    ck_assert_int_eq(ll_itch50_encode(message, encoded, bytes_count, &encoded_bytes), LL_OK);
    ck_assert_uint_eq(encoded_bytes, bytes_count);
    ck_assert_mem_eq(encoded, bytes, bytes_count);
    free(encoded);
}

START_TEST(vectors_decode_field_by_field)
{
    json_t *manifest = ll_test_json("manifest.json");
    bool seen[LL_ITCH50_TYPE_COUNT] = {false};
    for (size_t i = 0; i < json_array_size(manifest); i++) {
        const json_t *entry = json_array_get(manifest, i);
        const char *name = json_string_value(json_object_get(entry, "file"));
        const json_t *fields = json_object_get(entry, "fields");
        if (strncmp(name, "itch50/", 7) != 0 || !json_is_object(fields))
            continue;
        struct ll_test_file file = ll_test_read(LL_VECTORS, name);
        union ll_itch50_message message;
        ck_assert_msg(ll_itch50_decode(file.bytes, file.bytes_count, &message) == LL_OK, "%s", name);
        ck_assert_int_eq((uint8_t)message.header.message_type, file.bytes[0]);
        ck_assert_uint_eq(check_message(&message, fields), json_object_size(fields));
        check_encodes_back(&message, file.bytes, file.bytes_count);
        seen[ll_itch50_index_of_type(file.bytes[0])] = true;
        free(file.bytes);
    }
    for (uint32_t i = 0; i < LL_ITCH50_TYPE_COUNT; i++)
        ck_assert_msg(seen[i], "no vector of type '%c'", ll_itch50_type_at(i));
    json_decref(manifest);
}
END_TEST

START_TEST(negative_vectors_are_refused)
{
    union ll_itch50_message message;
    struct ll_test_file cut = ll_test_read(LL_VECTORS, "itch50/truncated_A.bin");
    struct ll_test_file unknown = ll_test_read(LL_VECTORS, "itch50/unknown_type.bin");
    ck_assert_int_eq(ll_itch50_decode(cut.bytes, cut.bytes_count, &message), LL_ERR_SHORT);
    ck_assert_int_eq(ll_itch50_decode(unknown.bytes, unknown.bytes_count, &message), LL_ERR_TYPE);
    free(cut.bytes);
    free(unknown.bytes);
}
END_TEST

/* --- lengths -------------------------------------------------------------------------------------------- */

START_TEST(every_wrong_length_is_refused_and_changes_nothing)
{
    uint8_t type = ll_itch50_type_at((uint32_t)_i);
    uint32_t right_bytes = ll_itch50_bytes_of_type(type);
    union ll_itch50_message untouched;
    memset(&untouched, 0x5a, sizeof untouched);
    for (uint32_t bytes_count = 0; bytes_count <= LL_ITCH50_MESSAGE_BYTES_MAX + 2; bytes_count++) {
        uint8_t filler[LL_ITCH50_MESSAGE_BYTES_MAX + 2] = {type};
        uint8_t *bytes = ll_test_copy(filler, bytes_count);
        union ll_itch50_message message;
        memset(&message, 0x5a, sizeof message);
        int expected = bytes_count < right_bytes ? LL_ERR_SHORT : LL_ERR_LONG;
        if (bytes_count == right_bytes)
            expected = LL_OK;
        ck_assert_int_eq(ll_itch50_decode(bytes, bytes_count, &message), expected);
        if (expected != LL_OK)
            ck_assert_mem_eq(&message, &untouched, sizeof message);
        free(bytes);
    }
}
END_TEST

START_TEST(encode_needs_room_and_a_type)
{
    uint8_t type = ll_itch50_type_at((uint32_t)_i);
    uint32_t right_bytes = ll_itch50_bytes_of_type(type);
    union ll_itch50_message message;
    memset(&message, 0, sizeof message);
    message.header.message_type = (char)type;
    uint8_t bytes[LL_ITCH50_MESSAGE_BYTES_MAX];
    uint32_t bytes_count = 77;
    ck_assert_int_eq(ll_itch50_encode(&message, bytes, right_bytes - 1, &bytes_count), LL_ERR_FULL);
    ck_assert_uint_eq(bytes_count, 77);
    ck_assert_int_eq(ll_itch50_encode(&message, bytes, right_bytes, &bytes_count), LL_OK);
    ck_assert_uint_eq(bytes_count, right_bytes);
    message.header.message_type = 'z';
    ck_assert_int_eq(ll_itch50_encode(&message, bytes, sizeof bytes, &bytes_count), LL_ERR_TYPE);
}
END_TEST

START_TEST(every_unknown_type_is_refused)
{
    union ll_itch50_message message;
    uint8_t bytes[LL_ITCH50_MESSAGE_BYTES_MAX] = {0};
    uint32_t refused_count = 0;
    for (uint32_t type = 0; type < 256; type++) {
        if (ll_itch50_bytes_of_type((uint8_t)type) != 0)
            continue;
        bytes[0] = (uint8_t)type;
        for (uint32_t bytes_count = 1; bytes_count <= sizeof bytes; bytes_count++)
            ck_assert_int_eq(ll_itch50_decode(bytes, bytes_count, &message), LL_ERR_TYPE);
        refused_count++;
    }
    ck_assert_uint_eq(refused_count, 256 - LL_ITCH50_TYPE_COUNT);
}
END_TEST

/* --- random content, both ways -------------------------------------------------------------------------- */

/* decode, then encode, is the identity on bytes, whatever they are. */
START_TEST(random_bytes_come_back)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_bytes_come_back"));
    for (uint32_t step = 0; step < 20000; step++) {
        uint8_t type = ll_itch50_type_at(ll_prng_below(&prng, LL_ITCH50_TYPE_COUNT));
        uint8_t bytes[LL_ITCH50_MESSAGE_BYTES_MAX];
        ll_test_fill(&prng, bytes, sizeof bytes);
        bytes[0] = type;
        union ll_itch50_message message;
        ck_assert_int_eq(ll_itch50_decode(bytes, ll_itch50_bytes_of_type(type), &message), LL_OK);
        check_encodes_back(&message, bytes, ll_itch50_bytes_of_type(type));
    }
}
END_TEST

#define FILL_FIELD(ID, id, field, offset, bytes, kind) LL_TEST_FILL_##kind(prng, message->id.field);

static void fill_message(struct ll_prng *prng, uint8_t type_wanted, union ll_itch50_message *message)
{
    memset(message, 0, sizeof *message);
    switch (type_wanted) {
#define FILL_CASE(ID, id, type, bytes, name)        \
    case type:                                      \
        LL_ITCH50_FIELDS_HEADER(FILL_FIELD, ID, id) \
        LL_ITCH50_FIELDS_##ID(FILL_FIELD) break;
        LL_ITCH50_MESSAGES(FILL_CASE)
    default:
        ck_abort_msg("no such type");
    }
    message->header.message_type = (char)type_wanted;
}

/* encode, then decode, is the identity on structs. */
START_TEST(random_structs_come_back)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_structs_come_back"));
    for (uint32_t step = 0; step < 20000; step++) {
        uint8_t type = ll_itch50_type_at(ll_prng_below(&prng, LL_ITCH50_TYPE_COUNT));
        union ll_itch50_message sent;
        union ll_itch50_message got;
        fill_message(&prng, type, &sent);
        uint8_t bytes[LL_ITCH50_MESSAGE_BYTES_MAX];
        uint32_t bytes_count = 0;
        ck_assert_int_eq(ll_itch50_encode(&sent, bytes, sizeof bytes, &bytes_count), LL_OK);
        ck_assert_int_eq(ll_itch50_decode(bytes, bytes_count, &got), LL_OK);
        ck_assert_mem_eq(&sent, &got, sizeof sent);
    }
}
END_TEST

static Suite *itch50_suite(void)
{
    Suite *suite = suite_create("itch50");
    TCase *tables = tcase_create("tables");
    tcase_add_test(tables, layouts_equal_the_published_ones);
    tcase_add_test(tables, lookups_agree_for_every_byte);
    suite_add_tcase(suite, tables);
    TCase *vectors = tcase_create("vectors");
    tcase_add_test(vectors, vectors_decode_field_by_field);
    tcase_add_test(vectors, negative_vectors_are_refused);
    suite_add_tcase(suite, vectors);
    TCase *lengths = tcase_create("lengths");
    tcase_set_timeout(lengths, 30);
    tcase_add_loop_test(lengths, every_wrong_length_is_refused_and_changes_nothing, 0,
                        (int)LL_ITCH50_TYPE_COUNT);
    tcase_add_loop_test(lengths, encode_needs_room_and_a_type, 0, (int)LL_ITCH50_TYPE_COUNT);
    tcase_add_test(lengths, every_unknown_type_is_refused);
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
    return ll_test_run(itch50_suite());
}
