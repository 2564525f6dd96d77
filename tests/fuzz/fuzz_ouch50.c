/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: any bytes either decode or are refused without reading past them, and what decodes encodes to the same
 * bytes; built again from the options alone it decodes to the same options.
 * Method: the first byte is the direction; the appendage of what decodes is walked again, and each of its
 * elements is counted once; the round trips are compared.
 */
#include "host/base/ll_assert.h"
#include "host/wire/ll_ouch50.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

/* Every element is taken, repeated or passed over. */
static void check_walk(const struct ll_ouch50_options *options)
{
    struct ll_ouch50_cursor cursor = ll_ouch50_cursor(options->raw, options->raw_bytes);
    struct ll_ouch50_element element;
    uint32_t element_count = 0;
    const uint8_t *end = options->raw + (options->raw_bytes != 0 ? LL_OUCH50_LENGTH_BYTES : 0);
    while (ll_ouch50_next(&cursor, &element)) {
        element_count++;
        end = element.value + element.value_bytes;
    }
    LL_ASSERT(end == options->raw + options->raw_bytes);
    LL_ASSERT(element_count == (uint32_t)__builtin_popcount(options->present) + options->repeated_count +
                                   options->unknown_count + options->wrong_length_count);
}

static void check_built_again(enum ll_ouch_direction direction, struct ll_ouch50_message message)
{
    struct ll_ouch50_message again;
    uint8_t encoded[LL_OUCH50_MESSAGE_BYTES_MAX];
    uint32_t encoded_bytes = 0;
    message.options.raw = NULL;
    message.options.raw_bytes = 0;
    message.options.unknown_count = 0;
    message.options.wrong_length_count = 0;
    message.options.repeated_count = 0;
    LL_ASSERT(ll_ouch50_encode(direction, &message, encoded, sizeof encoded, &encoded_bytes) == LL_OK);
    LL_ASSERT(ll_ouch50_decode(direction, encoded, encoded_bytes, &again) == LL_OK);
    again.options.raw = NULL;
    again.options.raw_bytes = 0;
    LL_ASSERT(memcmp(&message, &again, sizeof message) == 0);
}

/* What is known of a type is known in every table, or in none. */
static void check_type(enum ll_ouch_direction direction, uint8_t type)
{
    enum ll_ouch_direction found;
    uint32_t index = ll_ouch50_index_of_type(direction, type);
    uint32_t field_count = 0;
    bool is_known = ll_ouch50_bytes_of_type(direction, type) != 0;
    LL_ASSERT((index < LL_OUCH50_TYPE_COUNT) == is_known);
    LL_ASSERT(!is_known || (ll_ouch50_type_at(index, &found) == type && found == direction));
    LL_ASSERT((ll_ouch50_name_of_type(direction, type) != NULL) == is_known);
    LL_ASSERT((ll_ouch50_fields(direction, type, &field_count) != NULL) == is_known);
    LL_ASSERT((field_count > 0) == is_known);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_ouch50_message message;
    uint32_t encoded_bytes = 0;
    if (bytes_count == 0 || bytes_count > UINT32_MAX)
        return 0;
    enum ll_ouch_direction direction = (bytes[0] & 1) != 0 ? LL_OUCH_OUT : LL_OUCH_IN;
    uint32_t message_bytes = (uint32_t)bytes_count - 1;
    bytes++;
    if (message_bytes > 0)
        check_type(direction, bytes[0]);
    int err = ll_ouch50_decode(direction, bytes, message_bytes, &message);
    if (message_bytes == 0)
        LL_ASSERT(err == LL_ERR_SHORT);
    else
        LL_ASSERT((err == LL_ERR_TYPE) == (ll_ouch50_bytes_of_type(direction, bytes[0]) == 0));
    if (err != LL_OK)
        return 0;
    check_walk(&message.options);
    uint8_t *encoded = malloc(message_bytes);
    LL_ASSERT(encoded != NULL);
    LL_ASSERT(ll_ouch50_encode(direction, &message, encoded, message_bytes, &encoded_bytes) == LL_OK);
    LL_ASSERT(encoded_bytes == message_bytes);
    LL_ASSERT(memcmp(encoded, bytes, message_bytes) == 0);
    LL_ASSERT(ll_ouch50_encode(direction, &message, encoded, message_bytes - 1, &encoded_bytes) ==
              LL_ERR_FULL);
    free(encoded);
    check_built_again(direction, message);
    return 0;
}
