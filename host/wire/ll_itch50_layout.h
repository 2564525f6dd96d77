/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NASDAQ TotalView-ITCH 5.0: the one definition of every message layout. Structs, lengths, offsets, decoder,
 * encoder and the JSON names are all made from these lists; nothing else in the tree knows an offset.
 *
 * Shape    LL_ITCH50_MESSAGES(M)       M(ID, id, type char, bytes, "name")
 *          LL_ITCH50_FIELDS_<ID>(F)    F(ID, id, field, offset, bytes, KIND)
 *          The 11-byte header (message_type, stock_locate, tracking_number, timestamp) opens every message
 *          and is listed once, in LL_ITCH50_FIELDS_HEADER.
 *          KIND: CHAR one ASCII byte; U16 U32 U48 U64 big-endian; ALPHA ASCII padded right with spaces;
 *          PRICE4 u32 in 1/10,000; PRICE8 u64 in 1/100,000,000.
 * Units    timestamp: ns since local (US Eastern) midnight; ipo_quotation_release_time: SECONDS since
 *          midnight.
 * Errors   a list that leaves a byte out or uses one twice does not compile (ll_itch50.c).
 * Threads  constants.
 * Source   Nasdaq TotalView-ITCH 5.0 specification, sections 4.1 to 4.9 (edition with 23 message types).
 */
#ifndef LL_HOST_WIRE_ITCH50_LAYOUT_H
#define LL_HOST_WIRE_ITCH50_LAYOUT_H

/* clang-format off */
#define LL_ITCH50_MESSAGES(M) \
    M(SYSTEM_EVENT, system_event, 'S', 12, "System Event") \
    M(STOCK_DIRECTORY, stock_directory, 'R', 39, "Stock Directory") \
    M(TRADING_ACTION, trading_action, 'H', 25, "Stock Trading Action") \
    M(REG_SHO, reg_sho, 'Y', 20, "Reg SHO Restriction") \
    M(PARTICIPANT_POSITION, participant_position, 'L', 26, "Market Participant Position") \
    M(MWCB_LEVEL, mwcb_level, 'V', 35, "MWCB Decline Level") \
    M(MWCB_STATUS, mwcb_status, 'W', 12, "MWCB Status") \
    M(IPO_QUOTING, ipo_quoting, 'K', 28, "IPO Quoting Period Update") \
    M(LULD_COLLAR, luld_collar, 'J', 35, "LULD Auction Collar") \
    M(OPERATIONAL_HALT, operational_halt, 'h', 21, "Operational Halt") \
    M(ADD, add, 'A', 36, "Add Order (no MPID)") \
    M(ADD_MPID, add_mpid, 'F', 40, "Add Order (MPID)") \
    M(EXECUTED, executed, 'E', 31, "Order Executed") \
    M(EXECUTED_PRICE, executed_price, 'C', 36, "Order Executed With Price") \
    M(CANCEL, cancel, 'X', 23, "Order Cancel (partial)") \
    M(DELETE, delete, 'D', 19, "Order Delete") \
    M(REPLACE, replace, 'U', 35, "Order Replace") \
    M(TRADE, trade, 'P', 44, "Trade (non-cross)") \
    M(CROSS_TRADE, cross_trade, 'Q', 40, "Cross Trade") \
    M(BROKEN_TRADE, broken_trade, 'B', 19, "Broken Trade") \
    M(NOII, noii, 'I', 50, "NOII") \
    M(RPII, rpii, 'N', 20, "Retail Price Improvement Indicator") \
    M(DLCR, dlcr, 'O', 48, "Direct Listing with Capital Raise (DLCR)")

#define LL_ITCH50_FIELDS_HEADER(F, ID, id) \
    F(ID, id, message_type, 0, 1, CHAR) \
    F(ID, id, stock_locate, 1, 2, U16) \
    F(ID, id, tracking_number, 3, 2, U16) \
    F(ID, id, timestamp, 5, 6, U48)

#define LL_ITCH50_FIELDS_SYSTEM_EVENT(F) \
    F(SYSTEM_EVENT, system_event, event_code, 11, 1, CHAR)

#define LL_ITCH50_FIELDS_STOCK_DIRECTORY(F) \
    F(STOCK_DIRECTORY, stock_directory, stock, 11, 8, ALPHA) \
    F(STOCK_DIRECTORY, stock_directory, market_category, 19, 1, CHAR) \
    F(STOCK_DIRECTORY, stock_directory, financial_status_indicator, 20, 1, CHAR) \
    F(STOCK_DIRECTORY, stock_directory, round_lot_size, 21, 4, U32) \
    F(STOCK_DIRECTORY, stock_directory, round_lots_only, 25, 1, CHAR) \
    F(STOCK_DIRECTORY, stock_directory, issue_classification, 26, 1, CHAR) \
    F(STOCK_DIRECTORY, stock_directory, issue_sub_type, 27, 2, ALPHA) \
    F(STOCK_DIRECTORY, stock_directory, authenticity, 29, 1, CHAR) \
    F(STOCK_DIRECTORY, stock_directory, short_sale_threshold_indicator, 30, 1, CHAR) \
    F(STOCK_DIRECTORY, stock_directory, ipo_flag, 31, 1, CHAR) \
    F(STOCK_DIRECTORY, stock_directory, luld_reference_price_tier, 32, 1, CHAR) \
    F(STOCK_DIRECTORY, stock_directory, etp_flag, 33, 1, CHAR) \
    F(STOCK_DIRECTORY, stock_directory, etp_leverage_factor, 34, 4, U32) \
    F(STOCK_DIRECTORY, stock_directory, inverse_indicator, 38, 1, CHAR)

#define LL_ITCH50_FIELDS_TRADING_ACTION(F) \
    F(TRADING_ACTION, trading_action, stock, 11, 8, ALPHA) \
    F(TRADING_ACTION, trading_action, trading_state, 19, 1, CHAR) \
    F(TRADING_ACTION, trading_action, reserved, 20, 1, CHAR) \
    F(TRADING_ACTION, trading_action, reason, 21, 4, ALPHA)

#define LL_ITCH50_FIELDS_REG_SHO(F) \
    F(REG_SHO, reg_sho, stock, 11, 8, ALPHA) \
    F(REG_SHO, reg_sho, reg_sho_action, 19, 1, CHAR)

#define LL_ITCH50_FIELDS_PARTICIPANT_POSITION(F) \
    F(PARTICIPANT_POSITION, participant_position, mpid, 11, 4, ALPHA) \
    F(PARTICIPANT_POSITION, participant_position, stock, 15, 8, ALPHA) \
    F(PARTICIPANT_POSITION, participant_position, primary_market_maker, 23, 1, CHAR) \
    F(PARTICIPANT_POSITION, participant_position, market_maker_mode, 24, 1, CHAR) \
    F(PARTICIPANT_POSITION, participant_position, market_participant_state, 25, 1, CHAR)

#define LL_ITCH50_FIELDS_MWCB_LEVEL(F) \
    F(MWCB_LEVEL, mwcb_level, level_1, 11, 8, PRICE8) \
    F(MWCB_LEVEL, mwcb_level, level_2, 19, 8, PRICE8) \
    F(MWCB_LEVEL, mwcb_level, level_3, 27, 8, PRICE8)

#define LL_ITCH50_FIELDS_MWCB_STATUS(F) \
    F(MWCB_STATUS, mwcb_status, breached_level, 11, 1, CHAR)

#define LL_ITCH50_FIELDS_IPO_QUOTING(F) \
    F(IPO_QUOTING, ipo_quoting, stock, 11, 8, ALPHA) \
    F(IPO_QUOTING, ipo_quoting, ipo_quotation_release_time, 19, 4, U32) \
    F(IPO_QUOTING, ipo_quoting, ipo_quotation_release_qualifier, 23, 1, CHAR) \
    F(IPO_QUOTING, ipo_quoting, ipo_price, 24, 4, PRICE4)

#define LL_ITCH50_FIELDS_LULD_COLLAR(F) \
    F(LULD_COLLAR, luld_collar, stock, 11, 8, ALPHA) \
    F(LULD_COLLAR, luld_collar, auction_collar_reference_price, 19, 4, PRICE4) \
    F(LULD_COLLAR, luld_collar, upper_auction_collar_price, 23, 4, PRICE4) \
    F(LULD_COLLAR, luld_collar, lower_auction_collar_price, 27, 4, PRICE4) \
    F(LULD_COLLAR, luld_collar, auction_collar_extension, 31, 4, U32)

#define LL_ITCH50_FIELDS_OPERATIONAL_HALT(F) \
    F(OPERATIONAL_HALT, operational_halt, stock, 11, 8, ALPHA) \
    F(OPERATIONAL_HALT, operational_halt, market_code, 19, 1, CHAR) \
    F(OPERATIONAL_HALT, operational_halt, operational_halt_action, 20, 1, CHAR)

#define LL_ITCH50_FIELDS_ADD(F) \
    F(ADD, add, order_reference_number, 11, 8, U64) \
    F(ADD, add, buy_sell_indicator, 19, 1, CHAR) \
    F(ADD, add, shares, 20, 4, U32) \
    F(ADD, add, stock, 24, 8, ALPHA) \
    F(ADD, add, price, 32, 4, PRICE4)

#define LL_ITCH50_FIELDS_ADD_MPID(F) \
    F(ADD_MPID, add_mpid, order_reference_number, 11, 8, U64) \
    F(ADD_MPID, add_mpid, buy_sell_indicator, 19, 1, CHAR) \
    F(ADD_MPID, add_mpid, shares, 20, 4, U32) \
    F(ADD_MPID, add_mpid, stock, 24, 8, ALPHA) \
    F(ADD_MPID, add_mpid, price, 32, 4, PRICE4) \
    F(ADD_MPID, add_mpid, attribution, 36, 4, ALPHA)

#define LL_ITCH50_FIELDS_EXECUTED(F) \
    F(EXECUTED, executed, order_reference_number, 11, 8, U64) \
    F(EXECUTED, executed, executed_shares, 19, 4, U32) \
    F(EXECUTED, executed, match_number, 23, 8, U64)

#define LL_ITCH50_FIELDS_EXECUTED_PRICE(F) \
    F(EXECUTED_PRICE, executed_price, order_reference_number, 11, 8, U64) \
    F(EXECUTED_PRICE, executed_price, executed_shares, 19, 4, U32) \
    F(EXECUTED_PRICE, executed_price, match_number, 23, 8, U64) \
    F(EXECUTED_PRICE, executed_price, printable, 31, 1, CHAR) \
    F(EXECUTED_PRICE, executed_price, execution_price, 32, 4, PRICE4)

#define LL_ITCH50_FIELDS_CANCEL(F) \
    F(CANCEL, cancel, order_reference_number, 11, 8, U64) \
    F(CANCEL, cancel, cancelled_shares, 19, 4, U32)

#define LL_ITCH50_FIELDS_DELETE(F) \
    F(DELETE, delete, order_reference_number, 11, 8, U64)

#define LL_ITCH50_FIELDS_REPLACE(F) \
    F(REPLACE, replace, original_order_reference_number, 11, 8, U64) \
    F(REPLACE, replace, new_order_reference_number, 19, 8, U64) \
    F(REPLACE, replace, shares, 27, 4, U32) \
    F(REPLACE, replace, price, 31, 4, PRICE4)

#define LL_ITCH50_FIELDS_TRADE(F) \
    F(TRADE, trade, order_reference_number, 11, 8, U64) \
    F(TRADE, trade, buy_sell_indicator, 19, 1, CHAR) \
    F(TRADE, trade, shares, 20, 4, U32) \
    F(TRADE, trade, stock, 24, 8, ALPHA) \
    F(TRADE, trade, price, 32, 4, PRICE4) \
    F(TRADE, trade, match_number, 36, 8, U64)

#define LL_ITCH50_FIELDS_CROSS_TRADE(F) \
    F(CROSS_TRADE, cross_trade, shares, 11, 8, U64) \
    F(CROSS_TRADE, cross_trade, stock, 19, 8, ALPHA) \
    F(CROSS_TRADE, cross_trade, cross_price, 27, 4, PRICE4) \
    F(CROSS_TRADE, cross_trade, match_number, 31, 8, U64) \
    F(CROSS_TRADE, cross_trade, cross_type, 39, 1, CHAR)

#define LL_ITCH50_FIELDS_BROKEN_TRADE(F) \
    F(BROKEN_TRADE, broken_trade, match_number, 11, 8, U64)

#define LL_ITCH50_FIELDS_NOII(F) \
    F(NOII, noii, paired_shares, 11, 8, U64) \
    F(NOII, noii, imbalance_shares, 19, 8, U64) \
    F(NOII, noii, imbalance_direction, 27, 1, CHAR) \
    F(NOII, noii, stock, 28, 8, ALPHA) \
    F(NOII, noii, far_price, 36, 4, PRICE4) \
    F(NOII, noii, near_price, 40, 4, PRICE4) \
    F(NOII, noii, current_reference_price, 44, 4, PRICE4) \
    F(NOII, noii, cross_type, 48, 1, CHAR) \
    F(NOII, noii, price_variation_indicator, 49, 1, CHAR)

#define LL_ITCH50_FIELDS_RPII(F) \
    F(RPII, rpii, stock, 11, 8, ALPHA) \
    F(RPII, rpii, interest_flag, 19, 1, CHAR)

#define LL_ITCH50_FIELDS_DLCR(F) \
    F(DLCR, dlcr, stock, 11, 8, ALPHA) \
    F(DLCR, dlcr, open_eligibility_status, 19, 1, CHAR) \
    F(DLCR, dlcr, minimum_allowable_price, 20, 4, PRICE4) \
    F(DLCR, dlcr, maximum_allowable_price, 24, 4, PRICE4) \
    F(DLCR, dlcr, near_execution_price, 28, 4, PRICE4) \
    F(DLCR, dlcr, near_execution_time, 32, 8, U64) \
    F(DLCR, dlcr, lower_price_range_collar, 40, 4, PRICE4) \
    F(DLCR, dlcr, upper_price_range_collar, 44, 4, PRICE4)

/* clang-format on */

#endif
