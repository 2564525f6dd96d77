/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NASDAQ OUCH 5.0: the one definition of every message layout and of every option tag. Structs, lengths,
 * offsets, decoder, encoder and the JSON names are all made from these lists; nothing else in the tree knows an
 * offset.
 *
 * Shape    LL_OUCH50_MESSAGES(M)       M(ID, id, direction, type char, bytes, appendage rule, "name")
 *          LL_OUCH50_FIELDS_<ID>(F)    F(ID, id, field, offset, bytes, KIND)
 *          LL_OUCH50_TAGS(T)           T(tag, ID, id, value bytes, KIND, "name")
 *          direction: IN client to exchange, OUT exchange to client; the same type means other things there.
 *          bytes: the fixed part alone, without the appendage and without its two length bytes.
 *          appendage rule: ALWAYS the length bytes are there, 0 without tags; MAYBE they are there only with
 *          tags; LENIENT as ALWAYS, but accepted without them; NEVER.
 *          KIND: as in host/wire/ll_field.h. The type byte is named message_type, as in the other protocols.
 * Units    timestamp: ns since midnight; prices 1/10,000; tag 15: seconds.
 * Errors   a list that leaves a byte out or uses one twice does not compile (ll_ouch50.c).
 * Threads  constants.
 * Source   Nasdaq OUCH 5.0 specification, revision 1.05 (October 2025), sections 2 and 3, appendix A.
 */
#ifndef LL_HOST_WIRE_OUCH50_LAYOUT_H
#define LL_HOST_WIRE_OUCH50_LAYOUT_H

/* clang-format off */
#define LL_OUCH50_MESSAGES(M) \
    M(ENTER, enter, IN, 'O', 45, ALWAYS, "Enter Order") \
    M(REPLACE, replace, IN, 'U', 38, ALWAYS, "Replace Order Request") \
    M(CANCEL, cancel, IN, 'X', 9, MAYBE, "Cancel Order Request") \
    M(MODIFY, modify, IN, 'M', 10, MAYBE, "Modify Order Request") \
    M(MASS_CANCEL, mass_cancel, IN, 'C', 17, ALWAYS, "Mass Cancel Request") \
    M(DISABLE, disable, IN, 'D', 9, ALWAYS, "Disable Order Entry Request") \
    M(ENABLE, enable, IN, 'E', 9, ALWAYS, "Enable Order Entry Request") \
    M(QUERY, query, IN, 'Q', 1, MAYBE, "Account Query Request") \
    M(SYSTEM_EVENT, system_event, OUT, 'S', 10, NEVER, "System Event") \
    M(ACCEPTED, accepted, OUT, 'A', 62, ALWAYS, "Order Accepted") \
    M(REPLACED, replaced, OUT, 'U', 66, ALWAYS, "Order Replaced") \
    M(CANCELED, canceled, OUT, 'C', 18, MAYBE, "Order Canceled") \
    M(AIQ_CANCELED, aiq_canceled, OUT, 'D', 32, MAYBE, "AIQ Canceled") \
    M(EXECUTED, executed, OUT, 'E', 34, LENIENT, "Order Executed") \
    M(BROKEN_TRADE, broken_trade, OUT, 'B', 36, MAYBE, "Broken Trade") \
    M(REJECTED, rejected, OUT, 'J', 29, MAYBE, "Rejected") \
    M(CANCEL_PENDING, cancel_pending, OUT, 'P', 13, MAYBE, "Cancel Pending") \
    M(CANCEL_REJECT, cancel_reject, OUT, 'I', 13, MAYBE, "Cancel Reject") \
    M(PRIORITY_UPDATE, priority_update, OUT, 'T', 30, MAYBE, "Order Priority Update") \
    M(MODIFIED, modified, OUT, 'M', 18, MAYBE, "Order Modified") \
    M(RESTATED, restated, OUT, 'R', 14, ALWAYS, "Order Restated") \
    M(MASS_CANCEL_RESPONSE, mass_cancel_response, OUT, 'X', 25, ALWAYS, "Mass Cancel Response") \
    M(DISABLE_RESPONSE, disable_response, OUT, 'G', 17, ALWAYS, "Disable Order Entry Response") \
    M(ENABLE_RESPONSE, enable_response, OUT, 'K', 17, ALWAYS, "Enable Order Entry Response") \
    M(QUERY_RESPONSE, query_response, OUT, 'Q', 13, MAYBE, "Account Query Response")

#define LL_OUCH50_FIELDS_ENTER(F) \
    F(ENTER, enter, message_type, 0, 1, CHAR) \
    F(ENTER, enter, user_ref_num, 1, 4, U32) \
    F(ENTER, enter, side, 5, 1, CHAR) \
    F(ENTER, enter, quantity, 6, 4, U32) \
    F(ENTER, enter, symbol, 10, 8, ALPHA) \
    F(ENTER, enter, price, 18, 8, LONG_PRICE4) \
    F(ENTER, enter, time_in_force, 26, 1, CHAR) \
    F(ENTER, enter, display, 27, 1, CHAR) \
    F(ENTER, enter, capacity, 28, 1, CHAR) \
    F(ENTER, enter, intermarket_sweep_eligibility, 29, 1, CHAR) \
    F(ENTER, enter, cross_type, 30, 1, CHAR) \
    F(ENTER, enter, cl_ord_id, 31, 14, ALPHA)

#define LL_OUCH50_FIELDS_REPLACE(F) \
    F(REPLACE, replace, message_type, 0, 1, CHAR) \
    F(REPLACE, replace, orig_user_ref_num, 1, 4, U32) \
    F(REPLACE, replace, user_ref_num, 5, 4, U32) \
    F(REPLACE, replace, quantity, 9, 4, U32) \
    F(REPLACE, replace, price, 13, 8, LONG_PRICE4) \
    F(REPLACE, replace, time_in_force, 21, 1, CHAR) \
    F(REPLACE, replace, display, 22, 1, CHAR) \
    F(REPLACE, replace, intermarket_sweep_eligibility, 23, 1, CHAR) \
    F(REPLACE, replace, cl_ord_id, 24, 14, ALPHA)

#define LL_OUCH50_FIELDS_CANCEL(F) \
    F(CANCEL, cancel, message_type, 0, 1, CHAR) \
    F(CANCEL, cancel, user_ref_num, 1, 4, U32) \
    F(CANCEL, cancel, quantity, 5, 4, U32)

#define LL_OUCH50_FIELDS_MODIFY(F) \
    F(MODIFY, modify, message_type, 0, 1, CHAR) \
    F(MODIFY, modify, user_ref_num, 1, 4, U32) \
    F(MODIFY, modify, side, 5, 1, CHAR) \
    F(MODIFY, modify, quantity, 6, 4, U32)

#define LL_OUCH50_FIELDS_MASS_CANCEL(F) \
    F(MASS_CANCEL, mass_cancel, message_type, 0, 1, CHAR) \
    F(MASS_CANCEL, mass_cancel, user_ref_num, 1, 4, U32) \
    F(MASS_CANCEL, mass_cancel, firm, 5, 4, ALPHA) \
    F(MASS_CANCEL, mass_cancel, symbol, 9, 8, ALPHA)

#define LL_OUCH50_FIELDS_DISABLE(F) \
    F(DISABLE, disable, message_type, 0, 1, CHAR) \
    F(DISABLE, disable, user_ref_num, 1, 4, U32) \
    F(DISABLE, disable, firm, 5, 4, ALPHA)

#define LL_OUCH50_FIELDS_ENABLE(F) \
    F(ENABLE, enable, message_type, 0, 1, CHAR) \
    F(ENABLE, enable, user_ref_num, 1, 4, U32) \
    F(ENABLE, enable, firm, 5, 4, ALPHA)

#define LL_OUCH50_FIELDS_QUERY(F) \
    F(QUERY, query, message_type, 0, 1, CHAR)

#define LL_OUCH50_FIELDS_SYSTEM_EVENT(F) \
    F(SYSTEM_EVENT, system_event, message_type, 0, 1, CHAR) \
    F(SYSTEM_EVENT, system_event, timestamp, 1, 8, U64) \
    F(SYSTEM_EVENT, system_event, event_code, 9, 1, CHAR)

#define LL_OUCH50_FIELDS_ACCEPTED(F) \
    F(ACCEPTED, accepted, message_type, 0, 1, CHAR) \
    F(ACCEPTED, accepted, timestamp, 1, 8, U64) \
    F(ACCEPTED, accepted, user_ref_num, 9, 4, U32) \
    F(ACCEPTED, accepted, side, 13, 1, CHAR) \
    F(ACCEPTED, accepted, quantity, 14, 4, U32) \
    F(ACCEPTED, accepted, symbol, 18, 8, ALPHA) \
    F(ACCEPTED, accepted, price, 26, 8, LONG_PRICE4) \
    F(ACCEPTED, accepted, time_in_force, 34, 1, CHAR) \
    F(ACCEPTED, accepted, display, 35, 1, CHAR) \
    F(ACCEPTED, accepted, order_reference_number, 36, 8, U64) \
    F(ACCEPTED, accepted, capacity, 44, 1, CHAR) \
    F(ACCEPTED, accepted, intermarket_sweep_eligibility, 45, 1, CHAR) \
    F(ACCEPTED, accepted, cross_type, 46, 1, CHAR) \
    F(ACCEPTED, accepted, order_state, 47, 1, CHAR) \
    F(ACCEPTED, accepted, cl_ord_id, 48, 14, ALPHA)

#define LL_OUCH50_FIELDS_REPLACED(F) \
    F(REPLACED, replaced, message_type, 0, 1, CHAR) \
    F(REPLACED, replaced, timestamp, 1, 8, U64) \
    F(REPLACED, replaced, orig_user_ref_num, 9, 4, U32) \
    F(REPLACED, replaced, user_ref_num, 13, 4, U32) \
    F(REPLACED, replaced, side, 17, 1, CHAR) \
    F(REPLACED, replaced, quantity, 18, 4, U32) \
    F(REPLACED, replaced, symbol, 22, 8, ALPHA) \
    F(REPLACED, replaced, price, 30, 8, LONG_PRICE4) \
    F(REPLACED, replaced, time_in_force, 38, 1, CHAR) \
    F(REPLACED, replaced, display, 39, 1, CHAR) \
    F(REPLACED, replaced, order_reference_number, 40, 8, U64) \
    F(REPLACED, replaced, capacity, 48, 1, CHAR) \
    F(REPLACED, replaced, intermarket_sweep_eligibility, 49, 1, CHAR) \
    F(REPLACED, replaced, cross_type, 50, 1, CHAR) \
    F(REPLACED, replaced, order_state, 51, 1, CHAR) \
    F(REPLACED, replaced, cl_ord_id, 52, 14, ALPHA)

#define LL_OUCH50_FIELDS_CANCELED(F) \
    F(CANCELED, canceled, message_type, 0, 1, CHAR) \
    F(CANCELED, canceled, timestamp, 1, 8, U64) \
    F(CANCELED, canceled, user_ref_num, 9, 4, U32) \
    F(CANCELED, canceled, quantity, 13, 4, U32) \
    F(CANCELED, canceled, reason, 17, 1, CHAR)

#define LL_OUCH50_FIELDS_AIQ_CANCELED(F) \
    F(AIQ_CANCELED, aiq_canceled, message_type, 0, 1, CHAR) \
    F(AIQ_CANCELED, aiq_canceled, timestamp, 1, 8, U64) \
    F(AIQ_CANCELED, aiq_canceled, user_ref_num, 9, 4, U32) \
    F(AIQ_CANCELED, aiq_canceled, decrement_shares, 13, 4, U32) \
    F(AIQ_CANCELED, aiq_canceled, reason, 17, 1, CHAR) \
    F(AIQ_CANCELED, aiq_canceled, quantity_prevented_from_trading, 18, 4, U32) \
    F(AIQ_CANCELED, aiq_canceled, execution_price, 22, 8, LONG_PRICE4) \
    F(AIQ_CANCELED, aiq_canceled, liquidity_flag, 30, 1, CHAR) \
    F(AIQ_CANCELED, aiq_canceled, aiq_strategy, 31, 1, CHAR)

#define LL_OUCH50_FIELDS_EXECUTED(F) \
    F(EXECUTED, executed, message_type, 0, 1, CHAR) \
    F(EXECUTED, executed, timestamp, 1, 8, U64) \
    F(EXECUTED, executed, user_ref_num, 9, 4, U32) \
    F(EXECUTED, executed, quantity, 13, 4, U32) \
    F(EXECUTED, executed, price, 17, 8, LONG_PRICE4) \
    F(EXECUTED, executed, liquidity_flag, 25, 1, CHAR) \
    F(EXECUTED, executed, match_number, 26, 8, U64)

#define LL_OUCH50_FIELDS_BROKEN_TRADE(F) \
    F(BROKEN_TRADE, broken_trade, message_type, 0, 1, CHAR) \
    F(BROKEN_TRADE, broken_trade, timestamp, 1, 8, U64) \
    F(BROKEN_TRADE, broken_trade, user_ref_num, 9, 4, U32) \
    F(BROKEN_TRADE, broken_trade, match_number, 13, 8, U64) \
    F(BROKEN_TRADE, broken_trade, reason, 21, 1, CHAR) \
    F(BROKEN_TRADE, broken_trade, cl_ord_id, 22, 14, ALPHA)

#define LL_OUCH50_FIELDS_REJECTED(F) \
    F(REJECTED, rejected, message_type, 0, 1, CHAR) \
    F(REJECTED, rejected, timestamp, 1, 8, U64) \
    F(REJECTED, rejected, user_ref_num, 9, 4, U32) \
    F(REJECTED, rejected, reason, 13, 2, U16) \
    F(REJECTED, rejected, cl_ord_id, 15, 14, ALPHA)

#define LL_OUCH50_FIELDS_CANCEL_PENDING(F) \
    F(CANCEL_PENDING, cancel_pending, message_type, 0, 1, CHAR) \
    F(CANCEL_PENDING, cancel_pending, timestamp, 1, 8, U64) \
    F(CANCEL_PENDING, cancel_pending, user_ref_num, 9, 4, U32)

#define LL_OUCH50_FIELDS_CANCEL_REJECT(F) \
    F(CANCEL_REJECT, cancel_reject, message_type, 0, 1, CHAR) \
    F(CANCEL_REJECT, cancel_reject, timestamp, 1, 8, U64) \
    F(CANCEL_REJECT, cancel_reject, user_ref_num, 9, 4, U32)

#define LL_OUCH50_FIELDS_PRIORITY_UPDATE(F) \
    F(PRIORITY_UPDATE, priority_update, message_type, 0, 1, CHAR) \
    F(PRIORITY_UPDATE, priority_update, timestamp, 1, 8, U64) \
    F(PRIORITY_UPDATE, priority_update, user_ref_num, 9, 4, U32) \
    F(PRIORITY_UPDATE, priority_update, price, 13, 8, LONG_PRICE4) \
    F(PRIORITY_UPDATE, priority_update, display, 21, 1, CHAR) \
    F(PRIORITY_UPDATE, priority_update, order_reference_number, 22, 8, U64)

#define LL_OUCH50_FIELDS_MODIFIED(F) \
    F(MODIFIED, modified, message_type, 0, 1, CHAR) \
    F(MODIFIED, modified, timestamp, 1, 8, U64) \
    F(MODIFIED, modified, user_ref_num, 9, 4, U32) \
    F(MODIFIED, modified, side, 13, 1, CHAR) \
    F(MODIFIED, modified, quantity, 14, 4, U32)

#define LL_OUCH50_FIELDS_RESTATED(F) \
    F(RESTATED, restated, message_type, 0, 1, CHAR) \
    F(RESTATED, restated, timestamp, 1, 8, U64) \
    F(RESTATED, restated, user_ref_num, 9, 4, U32) \
    F(RESTATED, restated, reason, 13, 1, CHAR)

#define LL_OUCH50_FIELDS_MASS_CANCEL_RESPONSE(F) \
    F(MASS_CANCEL_RESPONSE, mass_cancel_response, message_type, 0, 1, CHAR) \
    F(MASS_CANCEL_RESPONSE, mass_cancel_response, timestamp, 1, 8, U64) \
    F(MASS_CANCEL_RESPONSE, mass_cancel_response, user_ref_num, 9, 4, U32) \
    F(MASS_CANCEL_RESPONSE, mass_cancel_response, firm, 13, 4, ALPHA) \
    F(MASS_CANCEL_RESPONSE, mass_cancel_response, symbol, 17, 8, ALPHA)

#define LL_OUCH50_FIELDS_DISABLE_RESPONSE(F) \
    F(DISABLE_RESPONSE, disable_response, message_type, 0, 1, CHAR) \
    F(DISABLE_RESPONSE, disable_response, timestamp, 1, 8, U64) \
    F(DISABLE_RESPONSE, disable_response, user_ref_num, 9, 4, U32) \
    F(DISABLE_RESPONSE, disable_response, firm, 13, 4, ALPHA)

#define LL_OUCH50_FIELDS_ENABLE_RESPONSE(F) \
    F(ENABLE_RESPONSE, enable_response, message_type, 0, 1, CHAR) \
    F(ENABLE_RESPONSE, enable_response, timestamp, 1, 8, U64) \
    F(ENABLE_RESPONSE, enable_response, user_ref_num, 9, 4, U32) \
    F(ENABLE_RESPONSE, enable_response, firm, 13, 4, ALPHA)

#define LL_OUCH50_FIELDS_QUERY_RESPONSE(F) \
    F(QUERY_RESPONSE, query_response, message_type, 0, 1, CHAR) \
    F(QUERY_RESPONSE, query_response, timestamp, 1, 8, U64) \
    F(QUERY_RESPONSE, query_response, next_user_ref_num, 9, 4, U32)

/* There are no tags 8, 19, 20 and 21. */
#define LL_OUCH50_TAGS(T) \
    T(1, SECONDARY_ORD_REF_NUM, secondary_ord_ref_num, 8, U64, "SecondaryOrdRefNum") \
    T(2, FIRM, firm, 4, ALPHA, "Firm") \
    T(3, MIN_QTY, min_qty, 4, U32, "MinQty") \
    T(4, CUSTOMER_TYPE, customer_type, 1, CHAR, "CustomerType") \
    T(5, MAX_FLOOR, max_floor, 4, U32, "MaxFloor") \
    T(6, PRICE_TYPE, price_type, 1, CHAR, "PriceType") \
    T(7, PEG_OFFSET, peg_offset, 4, SIGNED_PRICE4, "PegOffset") \
    T(9, DISCRETION_PRICE, discretion_price, 8, LONG_PRICE4, "DiscretionPrice") \
    T(10, DISCRETION_PRICE_TYPE, discretion_price_type, 1, CHAR, "DiscretionPriceType") \
    T(11, DISCRETION_PEG_OFFSET, discretion_peg_offset, 4, SIGNED_PRICE4, "DiscretionPegOffset") \
    T(12, POST_ONLY, post_only, 1, CHAR, "PostOnly") \
    T(13, RANDOM_RESERVES, random_reserves, 4, U32, "RandomReserves") \
    T(14, ROUTE, route, 4, ALPHA, "Route") \
    T(15, EXPIRE_TIME, expire_time, 4, U32, "ExpireTime") \
    T(16, TRADE_NOW, trade_now, 1, CHAR, "TradeNow") \
    T(17, HANDLE_INST, handle_inst, 1, CHAR, "HandleInst") \
    T(18, BBO_WEIGHT_INDICATOR, bbo_weight_indicator, 1, CHAR, "BBOWeightIndicator") \
    T(22, DISPLAY_QUANTITY, display_quantity, 4, U32, "DisplayQuantity") \
    T(23, DISPLAY_PRICE, display_price, 8, LONG_PRICE4, "DisplayPrice") \
    T(24, GROUP_ID, group_id, 2, U16, "GroupID") \
    T(25, SHARES_LOCATED, shares_located, 1, CHAR, "SharesLocated") \
    T(26, LOCATE_BROKER, locate_broker, 4, ALPHA, "LocateBroker") \
    T(27, SIDE, side, 1, CHAR, "Side") \
    T(28, USER_REF_IDX, user_ref_idx, 1, U8, "UserRefIdx")

/* clang-format on */

#endif
