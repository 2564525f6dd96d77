/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim_venue_bugs.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/wire/ll_itch50.h"
#include "host/wire/ll_moldudp64.h"
#include "host/wire/ll_ouch42.h"
#include "host/wire/ll_ouch50.h"
#include "host/wire/ll_ouch_report.h"

#include <string.h>

/* The engine's numbers are odd for one side and even for the other. */
#define NEXT_OF_SIDE 2u

static bool is_50(uint8_t protocol)
{
    return protocol == LL_PROTOCOL_OUCH50;
}

/* The number at the end of a token; a carry goes as far as it has to. */
static void raise_token(uint8_t *token, uint32_t by)
{
    for (uint32_t i = LL_OUCH42_TOKEN_BYTES; i > 0 && by > 0; i--) {
        uint8_t *digit = &token[i - 1];
        if (*digit < '0' || *digit > '9')
            return;
        uint32_t sum = (uint32_t)(*digit - '0') + by;
        *digit = (uint8_t)('0' + sum % 10);
        by = sum / 10;
    }
}

bool ll_sim_sent_twice(uint8_t protocol, uint8_t *message, uint32_t message_bytes)
{
    if (message_bytes == 0 || message[0] != LL_OUCH50_TYPE_ENTER)
        return false;
    if (is_50(protocol) && message_bytes >= LL_OUCH50_BYTES_ENTER) {
        uint8_t *number = message + LL_OUCH50_OFFSET_ENTER_user_ref_num;
        ll_store_be32(number, ll_load_be32(number) + NEXT_OF_SIDE);
    } else if (!is_50(protocol) && message_bytes >= LL_OUCH42_BYTES_ENTER) {
        raise_token(message + LL_OUCH42_OFFSET_ENTER_order_token, NEXT_OF_SIDE);
    } else {
        return false;
    }
    return true;
}

/* --- reports ------------------------------------------------------------------------------------------------ */

static void cancel_share50(const uint8_t *executed, struct ll_sim_told *told)
{
    struct ll_ouch50_message message;
    memset(&message, 0, sizeof message);
    message.message_type = LL_OUCH50_TYPE_CANCELED;
    message.canceled.timestamp = ll_load_be64(executed + LL_OUCH50_OFFSET_EXECUTED_timestamp);
    message.canceled.user_ref_num = ll_load_be32(executed + LL_OUCH50_OFFSET_EXECUTED_user_ref_num);
    message.canceled.quantity = 1;
    message.canceled.reason = LL_MATCHING_REASON_SUPERVISORY;
    int err =
        ll_ouch50_encode(LL_OUCH_OUT, &message, told->bytes[1], sizeof told->bytes[1], &told->bytes_count[1]);
    LL_ASSERT(err == LL_OK);
}

static void cancel_share42(const uint8_t *executed, struct ll_sim_told *told)
{
    union ll_ouch42_message message;
    memset(&message, 0, sizeof message);
    message.message_type = LL_OUCH42_TYPE_CANCELED;
    message.canceled.timestamp = ll_load_be64(executed + LL_OUCH42_OFFSET_EXECUTED_timestamp);
    memcpy(message.canceled.order_token, executed + LL_OUCH42_OFFSET_EXECUTED_order_token,
           sizeof message.canceled.order_token);
    message.canceled.decrement_shares = 1;
    message.canceled.reason = LL_MATCHING_REASON_SUPERVISORY;
    int err =
        ll_ouch42_encode(LL_OUCH_OUT, &message, told->bytes[1], sizeof told->bytes[1], &told->bytes_count[1]);
    LL_ASSERT(err == LL_OK);
}

void ll_sim_short_fill(uint8_t protocol, const uint8_t *message, uint32_t message_bytes,
                       struct ll_sim_told *told)
{
    uint32_t quantity_at = is_50(protocol) ? (uint32_t)LL_OUCH50_OFFSET_EXECUTED_quantity
                                           : (uint32_t)LL_OUCH42_OFFSET_EXECUTED_executed_shares;
    LL_ASSERT(message_bytes <= LL_OUCH_PORT_MESSAGE_BYTES);
    told->count = 1;
    told->bytes_count[0] = message_bytes;
    memcpy(told->bytes[0], message, message_bytes);
    if (message[0] != LL_OUCH50_TYPE_EXECUTED)
        return;
    uint32_t quantity = ll_load_be32(message + quantity_at);
    if (quantity < 2)
        return;
    ll_store_be32(told->bytes[0] + quantity_at, quantity - 1);
    told->count = 2;
    if (is_50(protocol))
        cancel_share50(message, told);
    else
        cancel_share42(message, told);
}

bool ll_sim_is_loss(const uint8_t *message)
{
    return message[0] == LL_OUCH50_TYPE_CANCELED;
}

/* --- the feed ----------------------------------------------------------------------------------------------- */

void ll_sim_poke_feed(uint8_t *bytes, uint32_t bytes_count,
                      bool (*is_struck)(const void *context, uint64_t reference), const void *context)
{
    struct ll_moldudp64_packet packet;
    uint32_t message_bytes;
    if (ll_moldudp64_parse(bytes, bytes_count, &packet) != LL_OK)
        return;
    struct ll_moldudp64_cursor cursor = ll_moldudp64_cursor(&packet);
    const uint8_t *message = ll_moldudp64_next(&cursor, &message_bytes);
    for (; message != NULL; message = ll_moldudp64_next(&cursor, &message_bytes)) {
        bool is_add = message[0] == LL_ITCH50_TYPE_ADD || message[0] == LL_ITCH50_TYPE_ADD_MPID;
        if (!is_add ||
            !is_struck(context, ll_load_be64(message + LL_ITCH50_OFFSET_ADD_order_reference_number)))
            continue;
        uint8_t *shares = bytes + (message - bytes) + LL_ITCH50_OFFSET_ADD_shares;
        ll_store_be32(shares, ll_load_be32(shares) + 1);
    }
}
