/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the OUCH 5.0 decoder and encoder agree with the published layouts in every field of every type of both
 * directions and in every option tag, keep to the rules of the appendage, and lose nothing on the way from bytes
 * to struct and back, tags of tomorrow included.
 * Method: the layout tables and all vectors are compared with JSON files written independently of the code,
 * member by member; every length, with and without appendage; random fixed parts and random appendages go both
 * ways, the latter against a walk that is written here again.
 */
#include "tests/unit/ll_test_fields.h"

#include "host/base/ll_bytes.h"
#include "host/wire/ll_ouch50.h"

#define APPENDAGE_MAX 600u
#define BYTES_MAX     (LL_OUCH50_FIXED_BYTES_MAX + APPENDAGE_MAX)

/* The three rules of the document's table; written by hand. */
static bool needs_length(enum ll_ouch_direction direction, uint8_t type)
{
    return strchr(direction == LL_OUCH_IN ? "OUCDE" : "AURXGK", type) != NULL;
}

static bool has_appendage(enum ll_ouch_direction direction, uint8_t type)
{
    return direction == LL_OUCH_IN || type != 'S';
}

/* --- layout tables -------------------------------------------------------------------------------------- */

static void check_layout(const json_t *layout)
{
    uint8_t type = (uint8_t)json_string_value(json_object_get(layout, "type"))[0];
    bool is_in = strcmp(json_string_value(json_object_get(layout, "dir")), "in") == 0;
    enum ll_ouch_direction direction = is_in ? LL_OUCH_IN : LL_OUCH_OUT;
    uint32_t length_bytes = has_appendage(direction, type) ? LL_OUCH50_LENGTH_BYTES : 0;
    ck_assert_ptr_nonnull(ll_ouch50_name_of_type(direction, type));
    ck_assert_str_eq(ll_ouch50_name_of_type(direction, type),
                     json_string_value(json_object_get(layout, "name")));
    ck_assert_uint_eq(ll_ouch50_bytes_of_type(direction, type) + length_bytes,
                      ll_test_json_u64(json_object_get(layout, "fixed_len")));
    uint32_t field_count = 0;
    const struct ll_field *fields = ll_ouch50_fields(direction, type, &field_count);
    const json_t *expected = json_object_get(layout, "fields");
    /* There the appendage and its length are listed too. */
    ck_assert_uint_eq(field_count + length_bytes, json_array_size(expected));
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
    const json_t *layouts = json_object_get(root, "ouch50");
    ck_assert_uint_eq(json_array_size(layouts), LL_OUCH50_TYPE_COUNT);
    for (size_t i = 0; i < json_array_size(layouts); i++)
        check_layout(json_array_get(layouts, i));
    json_decref(root);
}
END_TEST

START_TEST(tags_equal_the_published_ones)
{
    json_t *root = ll_test_json("layouts.json");
    const json_t *tags = json_object_get(root, "ouch50_tags");
    uint32_t known_count = 0;
    ck_assert_uint_eq(json_array_size(tags), LL_OUCH50_TAG_COUNT);
    for (size_t i = 0; i < json_array_size(tags); i++) {
        const json_t *tag = json_array_get(tags, i);
        const struct ll_field *option =
            ll_ouch50_option((uint8_t)ll_test_json_u64(json_object_get(tag, "tag")));
        const char *kind = json_string_value(json_object_get(tag, "kind"));
        ck_assert_ptr_nonnull(option);
        ck_assert_str_eq(option->name, json_string_value(json_object_get(tag, "name")));
        ck_assert_uint_eq(option->bytes, ll_test_json_u64(json_object_get(tag, "len")));
        ck_assert_str_eq(strcmp(kind, "u64 1e-4") == 0 ? "p8_4" : kind, ll_test_kind_names[option->kind]);
    }
    for (uint32_t tag = 0; tag < 256; tag++)
        known_count += ll_ouch50_option((uint8_t)tag) != NULL;
    ck_assert_uint_eq(known_count, LL_OUCH50_TAG_COUNT);
    json_decref(root);
}
END_TEST

START_TEST(lookups_agree_for_every_byte)
{
    enum ll_ouch_direction direction = (enum ll_ouch_direction)_i;
    uint32_t known_count = 0;
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint8_t type = (uint8_t)byte;
        uint32_t index = ll_ouch50_index_of_type(direction, type);
        uint32_t field_count = 99;
        const struct ll_field *fields = ll_ouch50_fields(direction, type, &field_count);
        if (index == LL_OUCH50_TYPE_COUNT) {
            ck_assert_uint_eq(ll_ouch50_bytes_of_type(direction, type), 0);
            ck_assert_ptr_null(ll_ouch50_name_of_type(direction, type));
            ck_assert_ptr_null(fields);
            ck_assert_uint_eq(field_count, 0);
            continue;
        }
        known_count++;
        enum ll_ouch_direction direction_again = LL_OUCH_IN;
        ck_assert_uint_eq(ll_ouch50_type_at(index, &direction_again), type);
        ck_assert_int_eq(direction_again, direction);
        ck_assert_uint_eq(index < LL_OUCH50_IN_TYPE_COUNT, direction == LL_OUCH_IN);
        ck_assert_uint_le(ll_ouch50_bytes_of_type(direction, type), LL_OUCH50_FIXED_BYTES_MAX);
    }
    ck_assert_uint_eq(known_count,
                      direction == LL_OUCH_IN ? LL_OUCH50_IN_TYPE_COUNT : LL_OUCH50_OUT_TYPE_COUNT);
}
END_TEST

/* --- vectors -------------------------------------------------------------------------------------------- */

/* message_type is the file's own and not in the manifest. */
#define CHECK_FIELD(ID, id, field, offset, bytes, kind) \
    if ((offset) != 0)                                  \
        LL_TEST_CHECK_##kind(message->id.field, bytes, json_object_get(fields, #field), #id "." #field);

static void check_message(enum ll_ouch_direction direction, const struct ll_ouch50_message *message,
                          const json_t *fields)
{
    uint32_t index = 0;
    uint32_t index_wanted = ll_ouch50_index_of_type(direction, (uint8_t)message->message_type);
#define CHECK_IF(ID, id, direction, type, bytes, appendage, name) \
    if (index++ == index_wanted) {                                \
        LL_OUCH50_FIELDS_##ID(CHECK_FIELD)                        \
    }
    LL_OUCH50_MESSAGES(CHECK_IF)
    uint32_t field_count = 0;
    (void)ll_ouch50_fields(direction, (uint8_t)message->message_type, &field_count);
    ck_assert_uint_eq(json_object_size(fields), field_count - 1);
}

/* `expected` may be NULL: no option at all. */
static void check_options(const struct ll_ouch50_options *options, const json_t *expected)
{
    size_t passed_over_count = json_array_size(json_object_get(expected, "passed_over"));
    size_t present_count = 0;
#define CHECK_TAG(tag, ID, id, bytes, kind, name)                                        \
    ck_assert_msg(((options->present & LL_OUCH50_PRESENT(tag)) != 0) ==                  \
                      (json_object_get(expected, name) != NULL),                         \
                  name);                                                                 \
    if ((options->present & LL_OUCH50_PRESENT(tag)) != 0) {                              \
        LL_TEST_CHECK_##kind(options->id, bytes, json_object_get(expected, name), name); \
        present_count++;                                                                 \
    }
    LL_OUCH50_TAGS(CHECK_TAG)
    ck_assert_uint_eq(present_count + (passed_over_count > 0), json_object_size(expected));
    ck_assert_uint_eq(options->unknown_count + options->wrong_length_count, passed_over_count);
    ck_assert_uint_eq(options->repeated_count, 0);
}

static void check_encodes_back(enum ll_ouch_direction direction, const struct ll_ouch50_message *message,
                               const uint8_t *bytes, uint32_t bytes_count)
{
    uint8_t *encoded = ll_test_copy(bytes, bytes_count);
    memset(encoded, 0xa5, bytes_count);
    uint32_t encoded_bytes = 0;
    ck_assert_int_eq(ll_ouch50_encode(direction, message, encoded, bytes_count, &encoded_bytes), LL_OK);
    ck_assert_uint_eq(encoded_bytes, bytes_count);
    ck_assert_mem_eq(encoded, bytes, bytes_count);
    free(encoded);
}

START_TEST(vectors_decode_field_by_field)
{
    json_t *manifest = ll_test_json("manifest.json");
    bool seen[LL_OUCH50_TYPE_COUNT] = {false};
    uint32_t tags_seen = 0;
    for (size_t i = 0; i < json_array_size(manifest); i++) {
        const json_t *entry = json_array_get(manifest, i);
        const char *name = json_string_value(json_object_get(entry, "file"));
        const json_t *fields = json_object_get(entry, "fields");
        if (strncmp(name, "ouch50/", 7) != 0 || !json_is_object(fields))
            continue;
        enum ll_ouch_direction direction = strncmp(name + 7, "in_", 3) == 0 ? LL_OUCH_IN : LL_OUCH_OUT;
        struct ll_test_file file = ll_test_read(LL_VECTORS, name);
        struct ll_ouch50_message message;
        ck_assert_msg(ll_ouch50_decode(direction, file.bytes, file.bytes_count, &message) == LL_OK, "%s",
                      name);
        ck_assert_int_eq((uint8_t)message.message_type, file.bytes[0]);
        check_message(direction, &message, fields);
        check_options(&message.options, json_object_get(entry, "options"));
        check_encodes_back(direction, &message, file.bytes, file.bytes_count);
        tags_seen |= message.options.present;
        seen[ll_ouch50_index_of_type(direction, file.bytes[0])] = true;
        free(file.bytes);
    }
#define CHECK_SEEN(tag, ID, id, bytes, kind, name) \
    ck_assert_msg((tags_seen & LL_OUCH50_PRESENT(tag)) != 0, "no vector of tag %s", name);
    LL_OUCH50_TAGS(CHECK_SEEN)
    for (uint32_t i = 0; i < LL_OUCH50_TYPE_COUNT; i++) {
        enum ll_ouch_direction direction;
        ck_assert_msg(seen[i], "no vector of type '%c'", ll_ouch50_type_at(i, &direction));
    }
    json_decref(manifest);
}
END_TEST

struct negative {
    const char *name;
    enum ll_ouch_direction direction;
    int err;
};
static const struct negative negatives[] = {
    {"ouch50/NEG_appendage_overrun.bin", LL_OUCH_OUT, LL_ERR_MALFORMED},
    {"ouch50/NEG_zero_len_tag.bin", LL_OUCH_IN, LL_ERR_MALFORMED},
    {"ouch50/NEG_in_X_one_byte_left.bin", LL_OUCH_IN, LL_ERR_MALFORMED},
    {"ouch50/NEG_in_O_no_length.bin", LL_OUCH_IN, LL_ERR_SHORT},
    {"ouch50/NEG_in_element_overrun.bin", LL_OUCH_IN, LL_ERR_MALFORMED},
    {"ouch50/NEG_out_S_appendage.bin", LL_OUCH_OUT, LL_ERR_LONG},
    {"ouch50/NEG_in_unknown_type.bin", LL_OUCH_IN, LL_ERR_TYPE}};

START_TEST(negative_vectors_are_refused)
{
    const struct negative *negative = &negatives[_i];
    struct ll_ouch50_message message;
    struct ll_test_file file = ll_test_read(LL_VECTORS, negative->name);
    ck_assert_int_eq(ll_ouch50_decode(negative->direction, file.bytes, file.bytes_count, &message),
                     negative->err);
    free(file.bytes);
}
END_TEST

/* --- lengths -------------------------------------------------------------------------------------------- */

/* Zero bytes behind the fixed part: an appendage length of 0 is right, anything more is not. */
START_TEST(every_length_is_judged_and_a_refusal_changes_nothing)
{
    enum ll_ouch_direction direction = LL_OUCH_IN;
    uint8_t type = ll_ouch50_type_at((uint32_t)_i, &direction);
    uint32_t fixed_bytes = ll_ouch50_bytes_of_type(direction, type);
    struct ll_ouch50_message untouched;
    memset(&untouched, 0x5a, sizeof untouched);
    for (uint32_t bytes_count = 0; bytes_count <= LL_OUCH50_FIXED_BYTES_MAX + 6; bytes_count++) {
        uint8_t filler[LL_OUCH50_FIXED_BYTES_MAX + 6] = {type};
        uint8_t *bytes = ll_test_copy(filler, bytes_count);
        struct ll_ouch50_message message;
        memset(&message, 0x5a, sizeof message);
        int expected = LL_ERR_MALFORMED;
        if (bytes_count < fixed_bytes || (bytes_count == fixed_bytes && needs_length(direction, type)))
            expected = LL_ERR_SHORT;
        else if (bytes_count == fixed_bytes)
            expected = LL_OK;
        else if (!has_appendage(direction, type))
            expected = LL_ERR_LONG;
        else if (bytes_count == fixed_bytes + LL_OUCH50_LENGTH_BYTES)
            expected = LL_OK;
        ck_assert_int_eq(ll_ouch50_decode(direction, bytes, bytes_count, &message), expected);
        if (expected != LL_OK)
            ck_assert_mem_eq(&message, &untouched, sizeof message);
        free(bytes);
    }
}
END_TEST

START_TEST(encode_needs_room_and_a_type)
{
    enum ll_ouch_direction direction = LL_OUCH_IN;
    uint8_t type = ll_ouch50_type_at((uint32_t)_i, &direction);
    /* Built without raw, the Executed message too gets its length bytes. */
    bool is_executed = direction == LL_OUCH_OUT && type == 'E';
    uint32_t right_bytes = ll_ouch50_bytes_of_type(direction, type) +
                           (needs_length(direction, type) || is_executed ? LL_OUCH50_LENGTH_BYTES : 0);
    struct ll_ouch50_message message;
    memset(&message, 0, sizeof message);
    message.message_type = (char)type;
    uint8_t bytes[LL_OUCH50_MESSAGE_BYTES_MAX];
    uint32_t bytes_count = 77;
    for (uint32_t capacity_bytes = 0; capacity_bytes < right_bytes; capacity_bytes++)
        ck_assert_int_eq(ll_ouch50_encode(direction, &message, bytes, capacity_bytes, &bytes_count),
                         LL_ERR_FULL);
    ck_assert_uint_eq(bytes_count, 77);
    ck_assert_int_eq(ll_ouch50_encode(direction, &message, bytes, right_bytes, &bytes_count), LL_OK);
    ck_assert_uint_eq(bytes_count, right_bytes);
    message.message_type = 'z';
    ck_assert_int_eq(ll_ouch50_encode(direction, &message, bytes, sizeof bytes, &bytes_count), LL_ERR_TYPE);
}
END_TEST

START_TEST(every_unknown_type_is_refused)
{
    struct ll_ouch50_message message;
    uint8_t bytes[LL_OUCH50_FIXED_BYTES_MAX] = {0};
    enum ll_ouch_direction direction = (enum ll_ouch_direction)_i;
    for (uint32_t type = 0; type < 256; type++) {
        if (ll_ouch50_index_of_type(direction, (uint8_t)type) != LL_OUCH50_TYPE_COUNT)
            continue;
        bytes[0] = (uint8_t)type;
        for (uint32_t bytes_count = 1; bytes_count <= sizeof bytes; bytes_count++)
            ck_assert_int_eq(ll_ouch50_decode(direction, bytes, bytes_count, &message), LL_ERR_TYPE);
    }
}
END_TEST

/* --- the appendage -------------------------------------------------------------------------------------- */

START_TEST(the_last_of_a_repeated_tag_counts)
{
    static const uint8_t bytes[] = {'Q', 0, 6, 2, 28, 5, 2, 28, 9};
    struct ll_ouch50_message message;
    ck_assert_int_eq(ll_ouch50_decode(LL_OUCH_IN, bytes, sizeof bytes, &message), LL_OK);
    ck_assert_uint_eq(message.options.present, LL_OUCH50_PRESENT(LL_OUCH50_TAG_USER_REF_IDX));
    ck_assert_uint_eq(message.options.user_ref_idx, 9);
    ck_assert_uint_eq(message.options.repeated_count, 1);
    check_encodes_back(LL_OUCH_IN, &message, bytes, sizeof bytes);
    message.options.raw = NULL; /* what is built says it once */
    static const uint8_t once[] = {'Q', 0, 3, 2, 28, 9};
    check_encodes_back(LL_OUCH_IN, &message, once, sizeof once);
}
END_TEST

START_TEST(the_longest_appendage_is_walked)
{
    uint32_t bytes_count = 1 + LL_OUCH50_LENGTH_BYTES + LL_OUCH50_APPENDAGE_BYTES_MAX;
    uint8_t *bytes = calloc(1, bytes_count);
    ck_assert_ptr_nonnull(bytes);
    bytes[0] = 'Q';
    ll_store_be16(bytes + 1, (uint16_t)LL_OUCH50_APPENDAGE_BYTES_MAX);
    uint32_t at = 3;
    for (; at + 3 < bytes_count; at += 2)
        bytes[at] = 1; /* tag 0 without a value */
    bytes[at] = (uint8_t)(bytes_count - at - 1);
    struct ll_ouch50_message message;
    ck_assert_int_eq(ll_ouch50_decode(LL_OUCH_IN, bytes, bytes_count, &message), LL_OK);
    ck_assert_uint_eq(message.options.unknown_count, LL_OUCH50_APPENDAGE_BYTES_MAX / 2);
    check_encodes_back(LL_OUCH_IN, &message, bytes, bytes_count);
    free(bytes);
}
END_TEST

/* Elements at random: mostly known tags of the right length, some not. Returns the bytes written. */
static uint32_t random_appendage(struct ll_prng *prng, uint8_t *to)
{
    uint32_t used_bytes = 0;
    for (uint32_t left_count = ll_prng_below(prng, 12); left_count > 0; left_count--) {
        uint8_t tag = (uint8_t)(ll_prng_below(prng, 8) == 0 ? ll_prng_next(prng) : ll_prng_below(prng, 30));
        const struct ll_field *option = ll_ouch50_option(tag);
        uint32_t value_bytes =
            option != NULL && ll_prng_below(prng, 6) > 0 ? option->bytes : ll_prng_below(prng, 20);
        to[used_bytes] = (uint8_t)(value_bytes + 1);
        to[used_bytes + 1] = tag;
        ll_test_fill(prng, to + used_bytes + 2, value_bytes);
        used_bytes += 2 + value_bytes;
    }
    return used_bytes;
}

/* The counts and the present mask, walked again without the codec's cursor. */
static void check_counts(const struct ll_ouch50_options *options, const uint8_t *elements,
                         uint32_t bytes_count)
{
    uint32_t unknown_count = 0;
    uint32_t wrong_length_count = 0;
    uint32_t repeated_count = 0;
    uint32_t present = 0;
    for (uint32_t at = 0; at < bytes_count; at += 1u + elements[at]) {
        const struct ll_field *option = ll_ouch50_option(elements[at + 1]);
        if (option == NULL)
            unknown_count++;
        else if (option->bytes + 1u != elements[at])
            wrong_length_count++;
        else {
            repeated_count += (present >> elements[at + 1]) & 1u;
            present |= 1u << elements[at + 1];
        }
    }
    ck_assert_uint_eq(options->unknown_count, unknown_count);
    ck_assert_uint_eq(options->wrong_length_count, wrong_length_count);
    ck_assert_uint_eq(options->repeated_count, repeated_count);
    ck_assert_uint_eq(options->present, present);
}

/* --- random content, both ways -------------------------------------------------------------------------- */

/* decode, then encode, is the identity on bytes, whatever they are. */
START_TEST(random_bytes_come_back)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_bytes_come_back"));
    for (uint32_t step = 0; step < 20000; step++) {
        enum ll_ouch_direction direction = LL_OUCH_IN;
        uint8_t type = ll_ouch50_type_at(ll_prng_below(&prng, LL_OUCH50_TYPE_COUNT), &direction);
        uint8_t bytes[BYTES_MAX];
        uint32_t fixed_bytes = ll_ouch50_bytes_of_type(direction, type);
        uint32_t bytes_count = fixed_bytes;
        ll_test_fill(&prng, bytes, fixed_bytes);
        bytes[0] = type;
        bool wants_none = !has_appendage(direction, type) ||
                          (!needs_length(direction, type) && ll_prng_below(&prng, 3) == 0);
        if (!wants_none) {
            uint32_t elements_bytes = random_appendage(&prng, bytes + fixed_bytes + LL_OUCH50_LENGTH_BYTES);
            ll_store_be16(bytes + fixed_bytes, (uint16_t)elements_bytes);
            bytes_count += LL_OUCH50_LENGTH_BYTES + elements_bytes;
        }
        struct ll_ouch50_message message;
        uint8_t *exact = ll_test_copy(bytes, bytes_count);
        ck_assert_int_eq(ll_ouch50_decode(direction, exact, bytes_count, &message), LL_OK);
        check_encodes_back(direction, &message, bytes, bytes_count);
        if (!wants_none)
            check_counts(&message.options, bytes + fixed_bytes + LL_OUCH50_LENGTH_BYTES,
                         bytes_count - fixed_bytes - LL_OUCH50_LENGTH_BYTES);
        free(exact);
    }
}
END_TEST

#define FILL_FIELD(ID, id, field, offset, bytes, kind) LL_TEST_FILL_##kind(prng, message->id.field);
#define FILL_TAG(tag, ID, id, bytes, kind, name)                    \
    if ((message->options.present & LL_OUCH50_PRESENT(tag)) != 0) { \
        LL_TEST_FILL_##kind(prng, message->options.id);             \
    }

static void fill_message(struct ll_prng *prng, uint32_t index_wanted, struct ll_ouch50_message *message)
{
    uint32_t index = 0;
    uint32_t known = 0;
    memset(message, 0, sizeof *message);
#define FILL_IF(ID, id, direction_of_id, type_of_id, bytes, appendage, name)    \
    if (index++ == index_wanted) {                                              \
        LL_OUCH50_FIELDS_##ID(FILL_FIELD) message->message_type = (type_of_id); \
    }
    LL_OUCH50_MESSAGES(FILL_IF)
#define KNOWN_TAG(tag, ID, id, bytes, kind, name) known |= LL_OUCH50_PRESENT(tag);
    LL_OUCH50_TAGS(KNOWN_TAG)
    enum ll_ouch_direction direction = LL_OUCH_IN;
    uint8_t type = ll_ouch50_type_at(index_wanted, &direction);
    if (!has_appendage(direction, type))
        return;
    if (ll_prng_below(prng, 3) > 0)
        message->options.present = (uint32_t)ll_prng_next(prng) & known;
    LL_OUCH50_TAGS(FILL_TAG)
}

/* encode, then decode, is the identity on structs, but for raw, which decoding adds. */
START_TEST(random_structs_come_back)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_structs_come_back"));
    for (uint32_t step = 0; step < 20000; step++) {
        uint32_t index = ll_prng_below(&prng, LL_OUCH50_TYPE_COUNT);
        enum ll_ouch_direction direction = LL_OUCH_IN;
        (void)ll_ouch50_type_at(index, &direction);
        struct ll_ouch50_message sent;
        struct ll_ouch50_message got;
        fill_message(&prng, index, &sent);
        uint8_t bytes[LL_OUCH50_MESSAGE_BYTES_MAX];
        uint32_t bytes_count = 0;
        ck_assert_int_eq(ll_ouch50_encode(direction, &sent, bytes, sizeof bytes, &bytes_count), LL_OK);
        ck_assert_int_eq(ll_ouch50_decode(direction, bytes, bytes_count, &got), LL_OK);
        ck_assert_ptr_nonnull(got.options.raw);
        got.options.raw = NULL;
        got.options.raw_bytes = 0;
        ck_assert_mem_eq(&sent, &got, sizeof sent);
    }
}
END_TEST

static Suite *ouch50_suite(void)
{
    Suite *suite = suite_create("ouch50");
    TCase *tables = tcase_create("tables");
    tcase_add_test(tables, layouts_equal_the_published_ones);
    tcase_add_test(tables, tags_equal_the_published_ones);
    tcase_add_loop_test(tables, lookups_agree_for_every_byte, 0, (int)LL_OUCH_DIRECTION_COUNT);
    suite_add_tcase(suite, tables);
    TCase *vectors = tcase_create("vectors");
    tcase_add_test(vectors, vectors_decode_field_by_field);
    tcase_add_loop_test(vectors, negative_vectors_are_refused, 0, sizeof negatives / sizeof negatives[0]);
    suite_add_tcase(suite, vectors);
    TCase *lengths = tcase_create("lengths");
    tcase_set_timeout(lengths, 30);
    tcase_add_loop_test(lengths, every_length_is_judged_and_a_refusal_changes_nothing, 0,
                        (int)LL_OUCH50_TYPE_COUNT);
    tcase_add_loop_test(lengths, encode_needs_room_and_a_type, 0, (int)LL_OUCH50_TYPE_COUNT);
    tcase_add_loop_test(lengths, every_unknown_type_is_refused, 0, (int)LL_OUCH_DIRECTION_COUNT);
    suite_add_tcase(suite, lengths);
    TCase *appendage = tcase_create("appendage");
    tcase_add_test(appendage, the_last_of_a_repeated_tag_counts);
    tcase_add_test(appendage, the_longest_appendage_is_walked);
    suite_add_tcase(suite, appendage);
    TCase *random = tcase_create("random");
    tcase_set_timeout(random, 30);
    tcase_add_test(random, random_bytes_come_back);
    tcase_add_test(random, random_structs_come_back);
    suite_add_tcase(suite, random);
    return suite;
}

int main(void)
{
    return ll_test_run(ouch50_suite());
}
