/* SPDX-License-Identifier: Apache-2.0 */
#include "host/wire/ll_itch50_update.h"

/* clang-format off */
/* A big-endian field at `offset` of the message, seen in the window that starts at `window`, for a little-endian
 * place in the update. */
#define LL_ITCH50_TURN4(offset, window) \
    (offset) - (window) + 3, (offset) - (window) + 2, (offset) - (window) + 1, (offset) - (window)
#define LL_ITCH50_TURN8(offset, window) LL_ITCH50_TURN4((offset) + 4, window), LL_ITCH50_TURN4(offset, window)
#define LL_ITCH50_NONE4 LL_ITCH50_ZERO, LL_ITCH50_ZERO, LL_ITCH50_ZERO, LL_ITCH50_ZERO
#define LL_ITCH50_NONE8 LL_ITCH50_NONE4, LL_ITCH50_NONE4

/* Every type's fields of interest lie within these two windows; all types with an order begin alike. */
#define LL_ITCH50_REFS_1(ID) \
    .refs = {LL_ITCH50_TURN8(LL_ITCH50_OFFSET_##ID##_order_reference_number, LL_ITCH50_WINDOW_REFS), LL_ITCH50_NONE8}

/* The seven types that change a book, and where they keep what it needs. */
#define LL_ITCH50_BOOK_ADDS(ID) \
    , .op = LL_OP_ADD, LL_ITCH50_REFS_1(ID), \
    .window = LL_ITCH50_OFFSET_##ID##_shares, \
    .prices = {LL_ITCH50_TURN4(LL_ITCH50_OFFSET_##ID##_price, LL_ITCH50_OFFSET_##ID##_shares), \
               LL_ITCH50_TURN4(LL_ITCH50_OFFSET_##ID##_shares, LL_ITCH50_OFFSET_##ID##_shares), LL_ITCH50_NONE8}, \
    .side = LL_ITCH50_OFFSET_##ID##_buy_sell_indicator
#define LL_ITCH50_BOOK_TAKES(ID, operation, field) \
    , .op = operation, LL_ITCH50_REFS_1(ID), \
    .window = LL_ITCH50_OFFSET_##ID##_##field, \
    .prices = {LL_ITCH50_NONE4, LL_ITCH50_TURN4(LL_ITCH50_OFFSET_##ID##_##field, LL_ITCH50_OFFSET_##ID##_##field), \
               LL_ITCH50_NONE8}
#define LL_ITCH50_BOOK_ADD            LL_ITCH50_BOOK_ADDS(ADD)
#define LL_ITCH50_BOOK_ADD_MPID       LL_ITCH50_BOOK_ADDS(ADD_MPID)
#define LL_ITCH50_BOOK_EXECUTED       LL_ITCH50_BOOK_TAKES(EXECUTED, LL_OP_EXECUTE, executed_shares)
#define LL_ITCH50_BOOK_EXECUTED_PRICE LL_ITCH50_BOOK_TAKES(EXECUTED_PRICE, LL_OP_EXECUTE, executed_shares)
#define LL_ITCH50_BOOK_CANCEL         LL_ITCH50_BOOK_TAKES(CANCEL, LL_OP_CANCEL, cancelled_shares)
#define LL_ITCH50_BOOK_DELETE \
    , .op = LL_OP_DELETE, LL_ITCH50_REFS_1(DELETE), .prices = {LL_ITCH50_NONE8, LL_ITCH50_NONE8}
/* Its window begins with the new reference, so that it ends within the 40 bytes that may be read. */
#define LL_ITCH50_WINDOW_REPLACE LL_ITCH50_OFFSET_REPLACE_new_order_reference_number
#define LL_ITCH50_BOOK_REPLACE \
    , .op = LL_OP_REPLACE, \
    .refs = {LL_ITCH50_TURN8(LL_ITCH50_OFFSET_REPLACE_original_order_reference_number, LL_ITCH50_WINDOW_REFS), \
             LL_ITCH50_TURN8(LL_ITCH50_OFFSET_REPLACE_new_order_reference_number, LL_ITCH50_WINDOW_REFS)}, \
    .window = LL_ITCH50_WINDOW_REPLACE, \
    .prices = {LL_ITCH50_TURN4(LL_ITCH50_OFFSET_REPLACE_price, LL_ITCH50_WINDOW_REPLACE), \
               LL_ITCH50_TURN4(LL_ITCH50_OFFSET_REPLACE_shares, LL_ITCH50_WINDOW_REPLACE), LL_ITCH50_NONE8}

/* The others change nothing. */
#define LL_ITCH50_BOOK_NOTHING \
    , .op = LL_OP_NONE, .refs = {LL_ITCH50_NONE8, LL_ITCH50_NONE8}, .prices = {LL_ITCH50_NONE8, LL_ITCH50_NONE8}
#define LL_ITCH50_BOOK_SYSTEM_EVENT LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_STOCK_DIRECTORY LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_TRADING_ACTION LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_REG_SHO LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_PARTICIPANT_POSITION LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_MWCB_LEVEL LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_MWCB_STATUS LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_IPO_QUOTING LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_LULD_COLLAR LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_OPERATIONAL_HALT LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_TRADE LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_CROSS_TRADE LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_BROKEN_TRADE LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_NOII LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_RPII LL_ITCH50_BOOK_NOTHING
#define LL_ITCH50_BOOK_DLCR LL_ITCH50_BOOK_NOTHING
/* clang-format on */

#define LL_ITCH50_ROW(ID, id, type, length, name) [type] = {.bytes = (length)LL_ITCH50_BOOK_##ID},

const struct ll_itch50_row ll_itch50_rows[256] = {LL_ITCH50_MESSAGES(LL_ITCH50_ROW)};
