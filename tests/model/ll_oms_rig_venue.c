/* SPDX-License-Identifier: Apache-2.0 */
/* The venue's side of the rig: its messages in both editions, and what was sent to it. */
#include "tests/model/ll_oms_rig.h"

#include "host/base/ll_assert.h"
#include "host/wire/ll_ouch42.h"
#include "host/wire/ll_ouch50.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char ll_rig_side(const struct ll_rig_message *said)
{
    if (said->side != '\0')
        return said->side;
    return (said->number & 1) != 0 ? LL_OUCH_SIDE_BUY : LL_OUCH_SIDE_SELL;
}

static char ll_rig_state(const struct ll_rig_message *said)
{
    return said->dead ? LL_OUCH_STATE_DEAD : LL_OUCH_STATE_LIVE;
}

/* --- 5.0 ------------------------------------------------------------------------------------------------ */

static void ll_rig_fill50(const struct ll_rig_message *said, struct ll_ouch50_message *message)
{
    uint32_t number = (uint32_t)said->number;
    uint32_t quantity = (uint32_t)said->quantity;
    switch (said->type) {
    case 'S':
        message->system_event.event_code = (char)said->code;
        break;
    case 'A':
        message->accepted.user_ref_num = number;
        message->accepted.side = ll_rig_side(said);
        message->accepted.quantity = quantity;
        message->accepted.price = said->price;
        message->accepted.order_reference_number = said->exchange_ref;
        message->accepted.order_state = ll_rig_state(said);
        break;
    case 'U':
        message->replaced.orig_user_ref_num = (uint32_t)said->old_number;
        message->replaced.user_ref_num = number;
        message->replaced.side = ll_rig_side(said);
        message->replaced.quantity = quantity;
        message->replaced.price = said->price;
        message->replaced.order_reference_number = said->exchange_ref;
        message->replaced.order_state = ll_rig_state(said);
        break;
    case 'C':
        message->canceled.user_ref_num = number;
        message->canceled.quantity = quantity;
        message->canceled.reason = said->code == 0 ? LL_OUCH_CANCEL_USER : (char)said->code;
        break;
    case 'E':
        message->executed.user_ref_num = number;
        message->executed.quantity = quantity;
        message->executed.price = said->price;
        message->executed.liquidity_flag = 'A';
        message->executed.match_number = said->match;
        break;
    case 'B':
        message->broken_trade.user_ref_num = number;
        message->broken_trade.match_number = said->match;
        message->broken_trade.reason = LL_OUCH_BROKEN_ERRONEOUS;
        break;
    case 'J':
        message->rejected.user_ref_num = number;
        message->rejected.reason = said->code;
        break;
    case 'P':
        message->cancel_pending.user_ref_num = number;
        break;
    case 'I':
        message->cancel_reject.user_ref_num = number;
        break;
    case 'T':
        message->priority_update.user_ref_num = number;
        message->priority_update.price = said->price;
        message->priority_update.order_reference_number = said->exchange_ref;
        break;
    default:
        LL_ASSERT(said->type == 'Q');
        message->query_response.next_user_ref_num = number;
        break;
    }
}

/* --- 4.2 ------------------------------------------------------------------------------------------------ */

static void ll_rig_token(char token[LL_OUCH42_TOKEN_BYTES], uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "LL%012llu", (unsigned long long)number);
    memcpy(token, text, LL_OUCH42_TOKEN_BYTES);
}

static void ll_rig_fill42(const struct ll_rig_message *said, union ll_ouch42_message *message)
{
    uint32_t quantity = (uint32_t)said->quantity;
    switch (said->type) {
    case 'S':
        message->system_event.event_code = (char)said->code;
        break;
    case 'A':
        ll_rig_token(message->accepted.order_token, said->number);
        message->accepted.buy_sell_indicator = ll_rig_side(said);
        message->accepted.shares = quantity;
        message->accepted.price = (uint32_t)said->price;
        message->accepted.order_reference_number = said->exchange_ref;
        message->accepted.order_state = ll_rig_state(said);
        break;
    case 'U':
        ll_rig_token(message->replaced.previous_order_token, said->old_number);
        ll_rig_token(message->replaced.replacement_order_token, said->number);
        message->replaced.buy_sell_indicator = ll_rig_side(said);
        message->replaced.shares = quantity;
        message->replaced.price = (uint32_t)said->price;
        message->replaced.order_reference_number = said->exchange_ref;
        message->replaced.order_state = ll_rig_state(said);
        break;
    case 'C':
        ll_rig_token(message->canceled.order_token, said->number);
        message->canceled.decrement_shares = quantity;
        message->canceled.reason = said->code == 0 ? LL_OUCH_CANCEL_USER : (char)said->code;
        break;
    case 'E':
        ll_rig_token(message->executed.order_token, said->number);
        message->executed.executed_shares = quantity;
        message->executed.execution_price = (uint32_t)said->price;
        message->executed.liquidity_flag = 'A';
        message->executed.match_number = said->match;
        break;
    case 'B':
        ll_rig_token(message->broken_trade.order_token, said->number);
        message->broken_trade.match_number = said->match;
        message->broken_trade.reason = LL_OUCH_BROKEN_ERRONEOUS;
        break;
    case 'J':
        ll_rig_token(message->rejected.order_token, said->number);
        message->rejected.reason = (char)said->code;
        break;
    case 'P':
        ll_rig_token(message->cancel_pending.order_token, said->number);
        break;
    case 'I':
        ll_rig_token(message->cancel_reject.order_token, said->number);
        break;
    default:
        LL_ASSERT(said->type == 'T');
        ll_rig_token(message->priority_update.order_token, said->number);
        message->priority_update.price = (uint32_t)said->price;
        message->priority_update.order_reference_number = said->exchange_ref;
        break;
    }
}

/* --- Saying --------------------------------------------------------------------------------------------- */

uint32_t ll_rig_write(uint8_t protocol, const struct ll_rig_message *said, uint8_t *bytes)
{
    uint32_t bytes_count = 0;
    if (protocol == LL_PROTOCOL_OUCH50) {
        struct ll_ouch50_message message;
        memset(&message, 0, sizeof message);
        message.message_type = said->type;
        ll_rig_fill50(said, &message);
        LL_ASSERT(ll_ouch50_encode(LL_OUCH_OUT, &message, bytes, LL_OUCH_MESSAGE_BYTES_MAX, &bytes_count) ==
                  LL_OK);
    } else {
        union ll_ouch42_message message;
        memset(&message, 0, sizeof message);
        message.message_type = said->type;
        ll_rig_fill42(said, &message);
        LL_ASSERT(ll_ouch42_encode(LL_OUCH_OUT, &message, bytes, LL_OUCH_MESSAGE_BYTES_MAX, &bytes_count) ==
                  LL_OK);
    }
    return bytes_count;
}

/* Which edition a session speaks: session 0 is 5.0 and session 1 is 4.2, unless a test says otherwise. */
static uint8_t ll_rig_protocol(uint8_t session)
{
    return session == 0 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42;
}

void ll_oms_rig_hold(struct ll_oms_rig *rig, uint8_t session, const struct ll_rig_message *message)
{
    uint8_t bytes[LL_OUCH_MESSAGE_BYTES_MAX];
    uint32_t bytes_count = ll_rig_write(ll_rig_protocol(session), message, bytes);
    if (!ll_oms_room(rig->oms))
        ll_oms_rig_pump(rig);
    ll_oms_report(rig->oms, session, bytes, bytes_count, rig->now_ns);
}

void ll_oms_rig_say(struct ll_oms_rig *rig, uint8_t session, const struct ll_rig_message *message)
{
    ll_oms_rig_hold(rig, session, message);
    ll_oms_rig_pump(rig);
}

void ll_oms_rig_bytes(struct ll_oms_rig *rig, uint8_t session, const uint8_t *bytes, uint32_t bytes_count)
{
    ll_oms_report(rig->oms, session, bytes, bytes_count, rig->now_ns);
    ll_oms_rig_pump(rig);
}

/* --- Reading what was sent -------------------------------------------------------------------------------- */

static uint64_t ll_rig_number(const char token[LL_OUCH42_TOKEN_BYTES])
{
    char text[LL_OUCH42_TOKEN_BYTES + 1] = {0};
    LL_ASSERT(token[0] == 'L' && token[1] == 'L');
    memcpy(text, token + 2, LL_OUCH42_TOKEN_BYTES - 2);
    return strtoull(text, NULL, 10);
}

static struct ll_rig_sent ll_rig_read50(const struct ll_oms_send *send)
{
    struct ll_ouch50_message message;
    LL_ASSERT(ll_ouch50_decode(LL_OUCH_IN, send->bytes, send->bytes_count, &message) == LL_OK);
    struct ll_rig_sent sent = {.type = message.message_type};
    if (sent.type == LL_OUCH50_TYPE_ENTER) {
        sent.side = message.enter.side;
        sent.time_in_force = message.enter.time_in_force;
        sent.number = message.enter.user_ref_num;
        sent.quantity = message.enter.quantity;
        sent.price = message.enter.price;
    } else if (sent.type == LL_OUCH50_TYPE_REPLACE) {
        sent.old_number = message.replace.orig_user_ref_num;
        sent.number = message.replace.user_ref_num;
        sent.quantity = message.replace.quantity;
        sent.price = message.replace.price;
        sent.time_in_force = message.replace.time_in_force;
    } else if (sent.type == LL_OUCH50_TYPE_CANCEL) {
        sent.number = message.cancel.user_ref_num;
        sent.quantity = message.cancel.quantity;
    } else {
        LL_ASSERT(sent.type == LL_OUCH50_TYPE_QUERY);
    }
    return sent;
}

static struct ll_rig_sent ll_rig_read42(const struct ll_oms_send *send)
{
    union ll_ouch42_message message;
    LL_ASSERT(ll_ouch42_decode(LL_OUCH_IN, send->bytes, send->bytes_count, &message) == LL_OK);
    struct ll_rig_sent sent = {.type = message.message_type};
    if (sent.type == LL_OUCH42_TYPE_ENTER) {
        sent.side = message.enter.buy_sell_indicator;
        sent.number = ll_rig_number(message.enter.order_token);
        sent.quantity = message.enter.shares;
        sent.price = message.enter.price;
    } else if (sent.type == LL_OUCH42_TYPE_REPLACE) {
        sent.old_number = ll_rig_number(message.replace.existing_order_token);
        sent.number = ll_rig_number(message.replace.replacement_order_token);
        sent.quantity = message.replace.shares;
        sent.price = message.replace.price;
    } else {
        LL_ASSERT(sent.type == LL_OUCH42_TYPE_CANCEL);
        sent.number = ll_rig_number(message.cancel.order_token);
        sent.quantity = message.cancel.shares;
    }
    return sent;
}

struct ll_rig_sent ll_rig_read(uint8_t protocol, const struct ll_oms_send *send)
{
    return protocol == LL_PROTOCOL_OUCH50 ? ll_rig_read50(send) : ll_rig_read42(send);
}

struct ll_rig_sent ll_oms_rig_last(const struct ll_oms_rig *rig, uint8_t protocol)
{
    LL_ASSERT(rig->send_count != 0);
    return ll_rig_read(protocol, &rig->sends[rig->send_count - 1]);
}
