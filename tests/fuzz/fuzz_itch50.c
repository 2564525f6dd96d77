/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: any bytes either decode or are refused with the right reason, and what decodes encodes to the same
 * bytes. Method: the verdict is predicted from the type's length alone; the round trip is compared byte by
 * byte, and a second decode with the first.
 */
#include "host/base/ll_assert.h"
#include "host/wire/ll_itch50.h"

#include <stdbool.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

/* What is known of a type is known in every table, or in none. */
static void check_type(uint8_t type, uint32_t type_bytes)
{
    uint32_t index = ll_itch50_index_of_type(type);
    uint32_t field_count = 0;
    bool is_known = type_bytes != 0;
    LL_ASSERT((index < LL_ITCH50_TYPE_COUNT) == is_known);
    LL_ASSERT(!is_known || ll_itch50_type_at(index) == type);
    LL_ASSERT((ll_itch50_name_of_type(type) != NULL) == is_known);
    LL_ASSERT((ll_itch50_fields(type, &field_count) != NULL) == is_known && (field_count > 0) == is_known);
}

/* A type that is none, and room for one byte less. */
static void check_refusals(union ll_itch50_message message, uint32_t message_bytes)
{
    uint8_t encoded[LL_ITCH50_MESSAGE_BYTES_MAX];
    uint32_t encoded_bytes = 0;
    LL_ASSERT(ll_itch50_encode(&message, encoded, message_bytes - 1, &encoded_bytes) == LL_ERR_FULL);
    message.header.message_type = '?';
    LL_ASSERT(ll_itch50_encode(&message, encoded, sizeof encoded, &encoded_bytes) == LL_ERR_TYPE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    union ll_itch50_message message;
    union ll_itch50_message again;
    uint8_t encoded[LL_ITCH50_MESSAGE_BYTES_MAX];
    uint32_t encoded_bytes = 0;
    if (bytes_count > UINT32_MAX)
        return 0;
    uint32_t type_bytes = bytes_count > 0 ? ll_itch50_bytes_of_type(bytes[0]) : 0;
    if (bytes_count > 0)
        check_type(bytes[0], type_bytes);
    int expected = type_bytes == 0 ? LL_ERR_TYPE : LL_OK;
    if (bytes_count == 0 || (type_bytes != 0 && bytes_count < type_bytes))
        expected = LL_ERR_SHORT;
    else if (type_bytes != 0 && bytes_count > type_bytes)
        expected = LL_ERR_LONG;
    int err = ll_itch50_decode(bytes, (uint32_t)bytes_count, &message);
    LL_ASSERT(err == expected);
    if (err != LL_OK)
        return 0;
    LL_ASSERT(ll_itch50_encode(&message, encoded, sizeof encoded, &encoded_bytes) == LL_OK);
    LL_ASSERT(encoded_bytes == bytes_count);
    LL_ASSERT(memcmp(encoded, bytes, bytes_count) == 0);
    LL_ASSERT(ll_itch50_decode(encoded, encoded_bytes, &again) == LL_OK);
    LL_ASSERT(memcmp(&message, &again, sizeof message) == 0);
    check_refusals(message, encoded_bytes);
    return 0;
}
