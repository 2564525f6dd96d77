/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: any bytes either decode or are refused with the right reason, and what decodes encodes to the same
 * bytes, or to the full length where an older revision's was taken.
 * Method: the first byte is the direction; the verdict is predicted from the type's lengths alone; the round
 * trip is compared byte by byte, and a second decode with the first.
 */
#include "host/base/ll_assert.h"
#include "host/wire/ll_ouch42.h"

#include <stdbool.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static int expected_verdict(enum ll_ouch_direction direction, const uint8_t *bytes, uint32_t bytes_count)
{
    if (bytes_count == 0)
        return LL_ERR_SHORT;
    if (ll_ouch42_bytes_of_type(direction, bytes[0]) == 0)
        return LL_ERR_TYPE;
    if (bytes_count < ll_ouch42_bytes_min_of_type(direction, bytes[0]))
        return LL_ERR_SHORT;
    return bytes_count > ll_ouch42_bytes_of_type(direction, bytes[0]) ? LL_ERR_LONG : LL_OK;
}

/* What is known of a type is known in every table, or in none. */
static void check_type(enum ll_ouch_direction direction, uint8_t type)
{
    enum ll_ouch_direction found;
    uint32_t index = ll_ouch42_index_of_type(direction, type);
    uint32_t field_count = 0;
    bool is_known = ll_ouch42_bytes_of_type(direction, type) != 0;
    LL_ASSERT((index < LL_OUCH42_TYPE_COUNT) == is_known);
    LL_ASSERT(!is_known || (ll_ouch42_type_at(index, &found) == type && found == direction));
    LL_ASSERT((ll_ouch42_name_of_type(direction, type) != NULL) == is_known);
    LL_ASSERT((ll_ouch42_fields(direction, type, &field_count) != NULL) == is_known);
    LL_ASSERT((field_count > 0) == is_known);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    union ll_ouch42_message message;
    union ll_ouch42_message again;
    uint8_t encoded[LL_OUCH42_MESSAGE_BYTES_MAX];
    uint32_t encoded_bytes = 0;
    if (bytes_count == 0 || bytes_count > UINT32_MAX)
        return 0;
    enum ll_ouch_direction direction = (bytes[0] & 1) != 0 ? LL_OUCH_OUT : LL_OUCH_IN;
    uint32_t message_bytes = (uint32_t)bytes_count - 1;
    bytes++;
    if (message_bytes > 0)
        check_type(direction, bytes[0]);
    int err = ll_ouch42_decode(direction, bytes, message_bytes, &message);
    LL_ASSERT(err == expected_verdict(direction, bytes, message_bytes));
    if (err != LL_OK)
        return 0;
    LL_ASSERT(ll_ouch42_encode(direction, &message, encoded, sizeof encoded, &encoded_bytes) == LL_OK);
    LL_ASSERT(encoded_bytes == ll_ouch42_bytes_of_type(direction, bytes[0]));
    LL_ASSERT(memcmp(encoded, bytes, message_bytes) == 0);
    LL_ASSERT(encoded_bytes == message_bytes || encoded[message_bytes] == ' ');
    LL_ASSERT(ll_ouch42_encode(direction, &message, encoded, encoded_bytes - 1, &encoded_bytes) ==
              LL_ERR_FULL);
    message.message_type = '?';
    LL_ASSERT(ll_ouch42_encode(direction, &message, encoded, sizeof encoded, &encoded_bytes) == LL_ERR_TYPE);
    message.message_type = (char)bytes[0];
    encoded_bytes = ll_ouch42_bytes_of_type(direction, bytes[0]);
    LL_ASSERT(ll_ouch42_decode(direction, encoded, encoded_bytes, &again) == LL_OK);
    LL_ASSERT(memcmp(&message, &again, sizeof message) == 0);
    return 0;
}
