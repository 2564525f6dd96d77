/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What NASDAQ OUCH 4.2 and 5.0 share: the direction of a message, the codes of its fields, and the reasons of
 * cancels and rejects with their texts.
 *
 * Shape    Message types collide between the directions, so every call of the codecs takes the direction. The
 *          reasons are X-macro lists R(code, "text"); the functions look a code up. Texts are for people: a
 *          code that is not listed is legal (both documents tell clients to expect new ones).
 * Units    prices 1/10,000 USD; quantities in shares; 4.2 time in force in seconds.
 * Errors   a lookup gives NULL for a code that is not listed.
 * Threads  pure functions.
 * Source   Nasdaq OUCH 4.2 (October 2025) and OUCH 5.0 revision 1.05 (October 2025): data types, appendices.
 */
#ifndef LL_HOST_WIRE_OUCH_H
#define LL_HOST_WIRE_OUCH_H

#include <stdint.h>

enum ll_ouch_direction {
    LL_OUCH_IN, /* client to exchange */
    LL_OUCH_OUT /* exchange to client */
};

#define LL_OUCH_DIRECTION_COUNT 2u

#define LL_OUCH_QUANTITY_MAX 999999u /* also the most that one chain of replaces may execute */
/* The highest limit price, 199,999.9900; the market price of a cross; anything from 200,000.00 up is market
 * too. */
#define LL_OUCH_PRICE_LIMIT_MAX   1999999900u
#define LL_OUCH_PRICE_MARKET_FROM 2000000000u
#define LL_OUCH_PRICE_MARKET      0x7fffffffu

enum ll_ouch_side {
    LL_OUCH_SIDE_BUY = 'B',
    LL_OUCH_SIDE_SELL = 'S',
    LL_OUCH_SIDE_SHORT = 'T',
    LL_OUCH_SIDE_SHORT_EXEMPT = 'E'
};

/* OUCH 5.0. GTT needs the ExpireTime tag; AFTER_HOURS on Enter only. */
enum ll_ouch50_tif {
    LL_OUCH50_TIF_DAY = '0',
    LL_OUCH50_TIF_IOC = '3',
    LL_OUCH50_TIF_GTX = '5',
    LL_OUCH50_TIF_GTT = '6',
    LL_OUCH50_TIF_AFTER_HOURS = 'E'
};

/* OUCH 4.2: seconds to live, or one of these. */
enum ll_ouch42_tif {
    LL_OUCH42_TIF_IOC = 0,
    LL_OUCH42_TIF_EXTENDED = 99996,
    LL_OUCH42_TIF_MARKET_HOURS = 99998,
    LL_OUCH42_TIF_SYSTEM_HOURS = 99999
};

enum ll_ouch_display {
    LL_OUCH_DISPLAY_VISIBLE = 'Y',
    LL_OUCH_DISPLAY_HIDDEN = 'N',
    LL_OUCH_DISPLAY_ATTRIBUTABLE = 'A',
    LL_OUCH_DISPLAY_CONFORMANT = 'Z' /* on output only: entered displayed, changed to hidden */
};

enum ll_ouch_capacity {
    LL_OUCH_CAPACITY_AGENCY = 'A',
    LL_OUCH_CAPACITY_PRINCIPAL = 'P',
    LL_OUCH_CAPACITY_RISKLESS = 'R',
    LL_OUCH_CAPACITY_OTHER = 'O'
};

enum ll_ouch_cross {
    LL_OUCH_CROSS_CONTINUOUS = 'N',
    LL_OUCH_CROSS_OPENING = 'O',
    LL_OUCH_CROSS_CLOSING = 'C',
    LL_OUCH_CROSS_HALT = 'H',
    LL_OUCH_CROSS_SUPPLEMENTAL = 'S',
    LL_OUCH_CROSS_RETAIL = 'R', /* 5.0 only */
    LL_OUCH_CROSS_EXTENDED_LIFE = 'E',
    LL_OUCH_CROSS_AFTER_HOURS = 'A'
};

enum ll_ouch_order_state {
    LL_OUCH_STATE_LIVE = 'L',
    LL_OUCH_STATE_DEAD = 'D' /* accepted and cancelled in one step: nothing more will be said of it */
};

enum ll_ouch_system_event { LL_OUCH_EVENT_START_OF_DAY = 'S', LL_OUCH_EVENT_END_OF_DAY = 'E' };

enum ll_ouch_restated_reason { LL_OUCH_RESTATED_REFRESH = 'R', LL_OUCH_RESTATED_PRICE = 'P' };

/* clang-format off */
/* C(ID, code, "text"): both editions; the last two belong to one of them only. */
#define LL_OUCH_CANCEL_REASONS(C) \
    C(REGULATORY, 'D', "regulatory restriction") \
    C(CLOSED, 'E', "closed: day order after the closing cross") \
    C(POST_ONLY_NMS, 'F', "post-only order would be slid for NMS") \
    C(POST_ONLY_CONTRA, 'G', "post-only order would be slid by a displayed contra order") \
    C(HALTED, 'H', "halted") \
    C(IOC, 'I', "immediate or cancel: remainder") \
    C(COLLARS, 'K', "market collars") \
    C(SELF_MATCH, 'Q', "self-match prevention") \
    C(SUPERVISORY, 'S', "cancelled by supervision") \
    C(TIMEOUT, 'T', "time in force has passed") \
    C(USER, 'U', "requested by the user") \
    C(OPEN_PROTECTION, 'X', "open protection") \
    C(SYSTEM, 'Z', "cancelled by the system") \
    C(CROSS, 'C', "cross cancelled (4.2)") \
    C(ALLOWABLE_SHARES, 'e', "direct listing order exceeds the allowable shares (5.0)")

/* B(ID, code, "text") */
#define LL_OUCH_BROKEN_REASONS(B) \
    B(ERRONEOUS, 'E', "erroneous") \
    B(CONSENT, 'C', "by consent") \
    B(SUPERVISORY, 'S', "supervisory") \
    B(EXTERNAL, 'X', "external")

/* R(ID, code, "text") */
#define LL_OUCH50_REJECT_REASONS(R) \
    R(QUOTE_UNAVAILABLE, 0x0001, "quote unavailable") \
    R(DESTINATION_CLOSED, 0x0002, "destination closed") \
    R(INVALID_DISPLAY, 0x0003, "invalid display") \
    R(INVALID_MAX_FLOOR, 0x0004, "invalid max floor") \
    R(INVALID_PEG_TYPE, 0x0005, "invalid peg type") \
    R(FAT_FINGER, 0x0006, "fat finger") \
    R(HALTED, 0x0007, "halted") \
    R(ISO_NOT_ALLOWED, 0x0008, "ISO not allowed") \
    R(INVALID_SIDE, 0x0009, "invalid side") \
    R(PROCESSING_ERROR, 0x000a, "processing error") \
    R(CANCEL_PENDING, 0x000b, "cancel pending") \
    R(FIRM_NOT_AUTHORISED, 0x000c, "firm not authorised") \
    R(INVALID_MIN_QUANTITY, 0x000d, "invalid min quantity") \
    R(NO_CLOSING_REFERENCE_PRICE, 0x000e, "no closing reference price") \
    R(OTHER, 0x000f, "other") \
    R(CANCEL_NOT_ALLOWED, 0x0010, "cancel not allowed") \
    R(PEGGING_NOT_ALLOWED, 0x0011, "pegging not allowed") \
    R(CROSSED_MARKET, 0x0012, "crossed market") \
    R(INVALID_QUANTITY, 0x0013, "invalid quantity") \
    R(INVALID_CROSS_ORDER, 0x0014, "invalid cross order") \
    R(REPLACE_NOT_ALLOWED, 0x0015, "replace not allowed") \
    R(ROUTING_NOT_ALLOWED, 0x0016, "routing not allowed") \
    R(INVALID_SYMBOL, 0x0017, "invalid symbol") \
    R(TEST, 0x0018, "test") \
    R(LATE_LOC_TOO_AGGRESSIVE, 0x0019, "late LOC too aggressive") \
    R(RETAIL_NOT_ALLOWED, 0x001a, "retail not allowed") \
    R(INVALID_MIDPOINT_POST_ONLY_PRICE, 0x001b, "invalid midpoint post-only price") \
    R(INVALID_DESTINATION, 0x001c, "invalid destination") \
    R(INVALID_PRICE, 0x001d, "invalid price") \
    R(SHARES_EXCEED_THRESHOLD, 0x001e, "shares exceed threshold") \
    R(EXCEEDS_MAX_NOTIONAL, 0x001f, "exceeds max notional") \
    R(RISK_AGGREGATE_EXPOSURE, 0x0020, "risk: aggregate exposure") \
    R(RISK_MARKET_IMPACT, 0x0021, "risk: market impact") \
    R(RISK_RESTRICTED_STOCK, 0x0022, "risk: restricted stock") \
    R(RISK_SHORT_SELL_RESTRICTED, 0x0023, "risk: short sell restricted") \
    R(RISK_ISO_NOT_ALLOWED, 0x0024, "risk: ISO not allowed") \
    R(RISK_EXCEEDS_ADV, 0x0025, "risk: exceeds ADV limit") \
    R(RISK_FAT_FINGER, 0x0026, "risk: fat finger") \
    R(RISK_LOCATE_REQUIRED, 0x0027, "risk: locate required") \
    R(RISK_SYMBOL_MESSAGE_RATE, 0x0028, "risk: symbol message rate") \
    R(RISK_PORT_MESSAGE_RATE, 0x0029, "risk: port message rate") \
    R(RISK_DUPLICATE_MESSAGE_RATE, 0x002a, "risk: duplicate message rate") \
    R(RISK_SHORT_SELL_NOT_ALLOWED, 0x002b, "risk: short sell not allowed") \
    R(RISK_MARKET_ORDER_NOT_ALLOWED, 0x002c, "risk: market order not allowed") \
    R(RISK_PRE_MARKET_NOT_ALLOWED, 0x002d, "risk: pre-market not allowed") \
    R(RISK_POST_MARKET_NOT_ALLOWED, 0x002e, "risk: post-market not allowed") \
    R(RISK_SHORT_EXEMPT_NOT_ALLOWED, 0x002f, "risk: short exempt not allowed") \
    R(RISK_SINGLE_ORDER_NOTIONAL, 0x0030, "risk: single order notional") \
    R(RISK_MAX_QUANTITY, 0x0031, "risk: max quantity") \
    R(REG_SHO_STATE_NOT_AVAILABLE, 0x0032, "Reg SHO state not available") \
    R(RISK_IPO_MARKET_BUY_NOT_ALLOWED, 0x0033, "risk: IPO market buy not allowed")

/* R(ID, code, "text"): one letter, and case matters. */
#define LL_OUCH42_REJECT_REASONS(R) \
    R(RISK_RESTRICTED_STOCK, 'a', "risk: restricted stock") \
    R(RISK_SHORT_SELL_RESTRICTED, 'b', "risk: short sell restricted") \
    R(RISK_ORDER_TYPE_RESTRICTED, 'c', "risk: order type restricted") \
    R(CLOSED, 'C', "closed") \
    R(RISK_EXCEEDS_ADV, 'd', "risk: exceeds ADV limit") \
    R(INVALID_DISPLAY, 'D', "invalid display") \
    R(RISK_FAT_FINGER, 'e', "risk: fat finger") \
    R(HALTED, 'H', "halted") \
    R(FIRM_NOT_AUTHORISED, 'L', "firm not authorised for this clearing type") \
    R(RISK_MAX_SHARES, 'm', "risk: max shares") \
    R(OUTSIDE_PERMITTED_TIMES, 'M', "outside the permitted times") \
    R(RISK_MAX_NOTIONAL, 'n', "risk: max notional") \
    R(INVALID_MIN_QUANTITY, 'N', "invalid minimum quantity") \
    R(NO_REFERENCE_PRICE, 'o', "no reference price for LOO or LOC") \
    R(OTHER, 'O', "other") \
    R(CROSSED_MARKET, 'q', "midpoint peg in a crossed market") \
    R(RISK_MARKET_IMPACT, 'r', "risk: market impact") \
    R(NOT_ALLOWED_IN_CROSS, 'R', "not allowed in this cross") \
    R(INVALID_STOCK, 'S', "invalid stock") \
    R(TEST, 'T', "test mode") \
    R(TOO_AGGRESSIVE, 'u', "LOO or LOC too aggressive") \
    R(RISK_AGGREGATE_EXPOSURE, 'v', "risk: aggregate exposure") \
    R(RETAIL_NOT_ALLOWED, 'V', "retail not allowed") \
    R(RISK_SYMBOL_MESSAGE_RATE, 'w', "risk: symbol message rate") \
    R(INVALID_MIDPOINT_POST_ONLY_PRICE, 'W', "invalid midpoint post-only price") \
    R(RISK_PORT_MESSAGE_RATE, 'x', "risk: port message rate") \
    R(INVALID_PRICE, 'X', "invalid price") \
    R(RISK_DUPLICATE_MESSAGE_RATE, 'y', "risk: duplicate message rate") \
    R(SHARES_EXCEED_THRESHOLD, 'Z', "above the share safety threshold")
/* clang-format on */

enum ll_ouch_cancel_reason {
#define LL_OUCH_CANCEL_ENUM(ID, code, text) LL_OUCH_CANCEL_##ID = (code),
    LL_OUCH_CANCEL_REASONS(LL_OUCH_CANCEL_ENUM)
#undef LL_OUCH_CANCEL_ENUM
};

enum ll_ouch_broken_reason {
#define LL_OUCH_BROKEN_ENUM(ID, code, text) LL_OUCH_BROKEN_##ID = (code),
    LL_OUCH_BROKEN_REASONS(LL_OUCH_BROKEN_ENUM)
#undef LL_OUCH_BROKEN_ENUM
};

enum ll_ouch50_reject_reason {
#define LL_OUCH50_REJECT_ENUM(ID, code, text) LL_OUCH50_REJECT_##ID = (code),
    LL_OUCH50_REJECT_REASONS(LL_OUCH50_REJECT_ENUM)
#undef LL_OUCH50_REJECT_ENUM
};

enum ll_ouch42_reject_reason {
#define LL_OUCH42_REJECT_ENUM(ID, code, text) LL_OUCH42_REJECT_##ID = (code),
    LL_OUCH42_REJECT_REASONS(LL_OUCH42_REJECT_ENUM)
#undef LL_OUCH42_REJECT_ENUM
};

const char *ll_ouch_cancel_text(char reason);
const char *ll_ouch_broken_text(char reason);
const char *ll_ouch50_reject_text(uint16_t reason);
const char *ll_ouch42_reject_text(char reason);

#endif
