/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NASDAQ OUCH 4.2: the one definition of every message layout. Structs, lengths, offsets, decoder, encoder and
 * the JSON names are all made from these lists; nothing else in the tree knows an offset.
 *
 * Shape    LL_OUCH42_MESSAGES(M)       M(ID, id, direction, type char, bytes, shortest bytes, "name")
 *          LL_OUCH42_FIELDS_<ID>(F)    F(ID, id, field, offset, bytes, KIND)
 *          direction: IN client to exchange, OUT exchange to client; the same type means other things there.
 *          shortest bytes: older revisions end two messages one byte earlier; that is accepted on input, and
 *          the missing last byte reads as a space.
 *          KIND: as in host/wire/ll_field.h. The type byte is named message_type, as in the other protocols.
 * Units    timestamp: ns since midnight; prices 1/10,000; time_in_force: seconds, or a special value
 *          (host/wire/ll_ouch.h).
 * Errors   a list that leaves a byte out or uses one twice does not compile (ll_ouch42.c).
 * Threads  constants.
 * Source   Nasdaq OUCH 4.2 specification (updated October 2025), sections 2 and 3.
 */
#ifndef LL_HOST_WIRE_OUCH42_LAYOUT_H
#define LL_HOST_WIRE_OUCH42_LAYOUT_H

/* clang-format off */
#define LL_OUCH42_MESSAGES(M) \
    M(ENTER, enter, IN, 'O', 49, 48, "Enter Order") \
    M(REPLACE, replace, IN, 'U', 47, 47, "Replace Order") \
    M(CANCEL, cancel, IN, 'X', 19, 19, "Cancel Order") \
    M(MODIFY, modify, IN, 'M', 20, 20, "Modify Order") \
    M(SYSTEM_EVENT, system_event, OUT, 'S', 10, 10, "System Event") \
    M(ACCEPTED, accepted, OUT, 'A', 66, 66, "Accepted") \
    M(REPLACED, replaced, OUT, 'U', 80, 80, "Replaced") \
    M(CANCELED, canceled, OUT, 'C', 28, 28, "Canceled") \
    M(AIQ_CANCELED, aiq_canceled, OUT, 'D', 38, 37, "AIQ Canceled") \
    M(EXECUTED, executed, OUT, 'E', 40, 40, "Executed") \
    M(BROKEN_TRADE, broken_trade, OUT, 'B', 32, 32, "Broken Trade") \
    M(EXECUTED_REFERENCE, executed_reference, OUT, 'G', 45, 45, "Executed with Reference Price") \
    M(REJECTED, rejected, OUT, 'J', 24, 24, "Rejected") \
    M(CANCEL_PENDING, cancel_pending, OUT, 'P', 23, 23, "Cancel Pending") \
    M(CANCEL_REJECT, cancel_reject, OUT, 'I', 23, 23, "Cancel Reject") \
    M(PRIORITY_UPDATE, priority_update, OUT, 'T', 36, 36, "Order Priority Update") \
    M(MODIFIED, modified, OUT, 'M', 28, 28, "Order Modified")

#define LL_OUCH42_FIELDS_ENTER(F) \
    F(ENTER, enter, message_type, 0, 1, CHAR) \
    F(ENTER, enter, order_token, 1, 14, ALPHA) \
    F(ENTER, enter, buy_sell_indicator, 15, 1, CHAR) \
    F(ENTER, enter, shares, 16, 4, U32) \
    F(ENTER, enter, stock, 20, 8, ALPHA) \
    F(ENTER, enter, price, 28, 4, PRICE4) \
    F(ENTER, enter, time_in_force, 32, 4, U32) \
    F(ENTER, enter, firm, 36, 4, ALPHA) \
    F(ENTER, enter, display, 40, 1, CHAR) \
    F(ENTER, enter, capacity, 41, 1, CHAR) \
    F(ENTER, enter, intermarket_sweep_eligibility, 42, 1, CHAR) \
    F(ENTER, enter, minimum_quantity, 43, 4, U32) \
    F(ENTER, enter, cross_type, 47, 1, CHAR) \
    F(ENTER, enter, customer_type, 48, 1, CHAR)

#define LL_OUCH42_FIELDS_REPLACE(F) \
    F(REPLACE, replace, message_type, 0, 1, CHAR) \
    F(REPLACE, replace, existing_order_token, 1, 14, ALPHA) \
    F(REPLACE, replace, replacement_order_token, 15, 14, ALPHA) \
    F(REPLACE, replace, shares, 29, 4, U32) \
    F(REPLACE, replace, price, 33, 4, PRICE4) \
    F(REPLACE, replace, time_in_force, 37, 4, U32) \
    F(REPLACE, replace, display, 41, 1, CHAR) \
    F(REPLACE, replace, intermarket_sweep_eligibility, 42, 1, CHAR) \
    F(REPLACE, replace, minimum_quantity, 43, 4, U32)

#define LL_OUCH42_FIELDS_CANCEL(F) \
    F(CANCEL, cancel, message_type, 0, 1, CHAR) \
    F(CANCEL, cancel, order_token, 1, 14, ALPHA) \
    F(CANCEL, cancel, shares, 15, 4, U32)

#define LL_OUCH42_FIELDS_MODIFY(F) \
    F(MODIFY, modify, message_type, 0, 1, CHAR) \
    F(MODIFY, modify, order_token, 1, 14, ALPHA) \
    F(MODIFY, modify, buy_sell_indicator, 15, 1, CHAR) \
    F(MODIFY, modify, shares, 16, 4, U32)

#define LL_OUCH42_FIELDS_SYSTEM_EVENT(F) \
    F(SYSTEM_EVENT, system_event, message_type, 0, 1, CHAR) \
    F(SYSTEM_EVENT, system_event, timestamp, 1, 8, U64) \
    F(SYSTEM_EVENT, system_event, event_code, 9, 1, CHAR)

#define LL_OUCH42_FIELDS_ACCEPTED(F) \
    F(ACCEPTED, accepted, message_type, 0, 1, CHAR) \
    F(ACCEPTED, accepted, timestamp, 1, 8, U64) \
    F(ACCEPTED, accepted, order_token, 9, 14, ALPHA) \
    F(ACCEPTED, accepted, buy_sell_indicator, 23, 1, CHAR) \
    F(ACCEPTED, accepted, shares, 24, 4, U32) \
    F(ACCEPTED, accepted, stock, 28, 8, ALPHA) \
    F(ACCEPTED, accepted, price, 36, 4, PRICE4) \
    F(ACCEPTED, accepted, time_in_force, 40, 4, U32) \
    F(ACCEPTED, accepted, firm, 44, 4, ALPHA) \
    F(ACCEPTED, accepted, display, 48, 1, CHAR) \
    F(ACCEPTED, accepted, order_reference_number, 49, 8, U64) \
    F(ACCEPTED, accepted, capacity, 57, 1, CHAR) \
    F(ACCEPTED, accepted, intermarket_sweep_eligibility, 58, 1, CHAR) \
    F(ACCEPTED, accepted, minimum_quantity, 59, 4, U32) \
    F(ACCEPTED, accepted, cross_type, 63, 1, CHAR) \
    F(ACCEPTED, accepted, order_state, 64, 1, CHAR) \
    F(ACCEPTED, accepted, bbo_weight_indicator, 65, 1, CHAR)

#define LL_OUCH42_FIELDS_REPLACED(F) \
    F(REPLACED, replaced, message_type, 0, 1, CHAR) \
    F(REPLACED, replaced, timestamp, 1, 8, U64) \
    F(REPLACED, replaced, replacement_order_token, 9, 14, ALPHA) \
    F(REPLACED, replaced, buy_sell_indicator, 23, 1, CHAR) \
    F(REPLACED, replaced, shares, 24, 4, U32) \
    F(REPLACED, replaced, stock, 28, 8, ALPHA) \
    F(REPLACED, replaced, price, 36, 4, PRICE4) \
    F(REPLACED, replaced, time_in_force, 40, 4, U32) \
    F(REPLACED, replaced, firm, 44, 4, ALPHA) \
    F(REPLACED, replaced, display, 48, 1, CHAR) \
    F(REPLACED, replaced, order_reference_number, 49, 8, U64) \
    F(REPLACED, replaced, capacity, 57, 1, CHAR) \
    F(REPLACED, replaced, intermarket_sweep_eligibility, 58, 1, CHAR) \
    F(REPLACED, replaced, minimum_quantity, 59, 4, U32) \
    F(REPLACED, replaced, cross_type, 63, 1, CHAR) \
    F(REPLACED, replaced, order_state, 64, 1, CHAR) \
    F(REPLACED, replaced, previous_order_token, 65, 14, ALPHA) \
    F(REPLACED, replaced, bbo_weight_indicator, 79, 1, CHAR)

#define LL_OUCH42_FIELDS_CANCELED(F) \
    F(CANCELED, canceled, message_type, 0, 1, CHAR) \
    F(CANCELED, canceled, timestamp, 1, 8, U64) \
    F(CANCELED, canceled, order_token, 9, 14, ALPHA) \
    F(CANCELED, canceled, decrement_shares, 23, 4, U32) \
    F(CANCELED, canceled, reason, 27, 1, CHAR)

#define LL_OUCH42_FIELDS_AIQ_CANCELED(F) \
    F(AIQ_CANCELED, aiq_canceled, message_type, 0, 1, CHAR) \
    F(AIQ_CANCELED, aiq_canceled, timestamp, 1, 8, U64) \
    F(AIQ_CANCELED, aiq_canceled, order_token, 9, 14, ALPHA) \
    F(AIQ_CANCELED, aiq_canceled, decrement_shares, 23, 4, U32) \
    F(AIQ_CANCELED, aiq_canceled, reason, 27, 1, CHAR) \
    F(AIQ_CANCELED, aiq_canceled, quantity_prevented_from_trading, 28, 4, U32) \
    F(AIQ_CANCELED, aiq_canceled, execution_price, 32, 4, PRICE4) \
    F(AIQ_CANCELED, aiq_canceled, liquidity_flag, 36, 1, CHAR) \
    F(AIQ_CANCELED, aiq_canceled, aiq_strategy, 37, 1, CHAR)

#define LL_OUCH42_FIELDS_EXECUTED(F) \
    F(EXECUTED, executed, message_type, 0, 1, CHAR) \
    F(EXECUTED, executed, timestamp, 1, 8, U64) \
    F(EXECUTED, executed, order_token, 9, 14, ALPHA) \
    F(EXECUTED, executed, executed_shares, 23, 4, U32) \
    F(EXECUTED, executed, execution_price, 27, 4, PRICE4) \
    F(EXECUTED, executed, liquidity_flag, 31, 1, CHAR) \
    F(EXECUTED, executed, match_number, 32, 8, U64)

#define LL_OUCH42_FIELDS_BROKEN_TRADE(F) \
    F(BROKEN_TRADE, broken_trade, message_type, 0, 1, CHAR) \
    F(BROKEN_TRADE, broken_trade, timestamp, 1, 8, U64) \
    F(BROKEN_TRADE, broken_trade, order_token, 9, 14, ALPHA) \
    F(BROKEN_TRADE, broken_trade, match_number, 23, 8, U64) \
    F(BROKEN_TRADE, broken_trade, reason, 31, 1, CHAR)

#define LL_OUCH42_FIELDS_EXECUTED_REFERENCE(F) \
    F(EXECUTED_REFERENCE, executed_reference, message_type, 0, 1, CHAR) \
    F(EXECUTED_REFERENCE, executed_reference, timestamp, 1, 8, U64) \
    F(EXECUTED_REFERENCE, executed_reference, order_token, 9, 14, ALPHA) \
    F(EXECUTED_REFERENCE, executed_reference, executed_shares, 23, 4, U32) \
    F(EXECUTED_REFERENCE, executed_reference, execution_price, 27, 4, PRICE4) \
    F(EXECUTED_REFERENCE, executed_reference, liquidity_flag, 31, 1, CHAR) \
    F(EXECUTED_REFERENCE, executed_reference, match_number, 32, 8, U64) \
    F(EXECUTED_REFERENCE, executed_reference, reference_price, 40, 4, PRICE4) \
    F(EXECUTED_REFERENCE, executed_reference, reference_price_type, 44, 1, CHAR)

#define LL_OUCH42_FIELDS_REJECTED(F) \
    F(REJECTED, rejected, message_type, 0, 1, CHAR) \
    F(REJECTED, rejected, timestamp, 1, 8, U64) \
    F(REJECTED, rejected, order_token, 9, 14, ALPHA) \
    F(REJECTED, rejected, reason, 23, 1, CHAR)

#define LL_OUCH42_FIELDS_CANCEL_PENDING(F) \
    F(CANCEL_PENDING, cancel_pending, message_type, 0, 1, CHAR) \
    F(CANCEL_PENDING, cancel_pending, timestamp, 1, 8, U64) \
    F(CANCEL_PENDING, cancel_pending, order_token, 9, 14, ALPHA)

#define LL_OUCH42_FIELDS_CANCEL_REJECT(F) \
    F(CANCEL_REJECT, cancel_reject, message_type, 0, 1, CHAR) \
    F(CANCEL_REJECT, cancel_reject, timestamp, 1, 8, U64) \
    F(CANCEL_REJECT, cancel_reject, order_token, 9, 14, ALPHA)

#define LL_OUCH42_FIELDS_PRIORITY_UPDATE(F) \
    F(PRIORITY_UPDATE, priority_update, message_type, 0, 1, CHAR) \
    F(PRIORITY_UPDATE, priority_update, timestamp, 1, 8, U64) \
    F(PRIORITY_UPDATE, priority_update, order_token, 9, 14, ALPHA) \
    F(PRIORITY_UPDATE, priority_update, price, 23, 4, PRICE4) \
    F(PRIORITY_UPDATE, priority_update, display, 27, 1, CHAR) \
    F(PRIORITY_UPDATE, priority_update, order_reference_number, 28, 8, U64)

#define LL_OUCH42_FIELDS_MODIFIED(F) \
    F(MODIFIED, modified, message_type, 0, 1, CHAR) \
    F(MODIFIED, modified, timestamp, 1, 8, U64) \
    F(MODIFIED, modified, order_token, 9, 14, ALPHA) \
    F(MODIFIED, modified, buy_sell_indicator, 23, 1, CHAR) \
    F(MODIFIED, modified, shares, 24, 4, U32)

/* clang-format on */

#endif
