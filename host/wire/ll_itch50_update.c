/* SPDX-License-Identifier: Apache-2.0 */
#include "host/wire/ll_itch50_update.h"

/* clang-format off */
/* The seven types that change a book, and where they keep what it needs. */
#define LL_ITCH50_BOOK_ADD \
    , .op = LL_OP_ADD, \
    .ref = LL_ITCH50_OFFSET_ADD_order_reference_number, \
    .quantity = LL_ITCH50_OFFSET_ADD_shares, \
    .price = LL_ITCH50_OFFSET_ADD_price, \
    .side = LL_ITCH50_OFFSET_ADD_buy_sell_indicator
#define LL_ITCH50_BOOK_ADD_MPID \
    , .op = LL_OP_ADD, \
    .ref = LL_ITCH50_OFFSET_ADD_MPID_order_reference_number, \
    .quantity = LL_ITCH50_OFFSET_ADD_MPID_shares, \
    .price = LL_ITCH50_OFFSET_ADD_MPID_price, \
    .side = LL_ITCH50_OFFSET_ADD_MPID_buy_sell_indicator
#define LL_ITCH50_BOOK_EXECUTED \
    , .op = LL_OP_EXECUTE, \
    .ref = LL_ITCH50_OFFSET_EXECUTED_order_reference_number, \
    .quantity = LL_ITCH50_OFFSET_EXECUTED_executed_shares
#define LL_ITCH50_BOOK_EXECUTED_PRICE \
    , .op = LL_OP_EXECUTE, \
    .ref = LL_ITCH50_OFFSET_EXECUTED_PRICE_order_reference_number, \
    .quantity = LL_ITCH50_OFFSET_EXECUTED_PRICE_executed_shares
#define LL_ITCH50_BOOK_CANCEL \
    , .op = LL_OP_CANCEL, \
    .ref = LL_ITCH50_OFFSET_CANCEL_order_reference_number, \
    .quantity = LL_ITCH50_OFFSET_CANCEL_cancelled_shares
#define LL_ITCH50_BOOK_DELETE \
    , .op = LL_OP_DELETE, \
    .ref = LL_ITCH50_OFFSET_DELETE_order_reference_number
#define LL_ITCH50_BOOK_REPLACE \
    , .op = LL_OP_REPLACE, \
    .ref = LL_ITCH50_OFFSET_REPLACE_original_order_reference_number, \
    .new_ref = LL_ITCH50_OFFSET_REPLACE_new_order_reference_number, \
    .quantity = LL_ITCH50_OFFSET_REPLACE_shares, \
    .price = LL_ITCH50_OFFSET_REPLACE_price

/* The others change nothing. */
#define LL_ITCH50_BOOK_SYSTEM_EVENT
#define LL_ITCH50_BOOK_STOCK_DIRECTORY
#define LL_ITCH50_BOOK_TRADING_ACTION
#define LL_ITCH50_BOOK_REG_SHO
#define LL_ITCH50_BOOK_PARTICIPANT_POSITION
#define LL_ITCH50_BOOK_MWCB_LEVEL
#define LL_ITCH50_BOOK_MWCB_STATUS
#define LL_ITCH50_BOOK_IPO_QUOTING
#define LL_ITCH50_BOOK_LULD_COLLAR
#define LL_ITCH50_BOOK_OPERATIONAL_HALT
#define LL_ITCH50_BOOK_TRADE
#define LL_ITCH50_BOOK_CROSS_TRADE
#define LL_ITCH50_BOOK_BROKEN_TRADE
#define LL_ITCH50_BOOK_NOII
#define LL_ITCH50_BOOK_RPII
#define LL_ITCH50_BOOK_DLCR
/* clang-format on */

#define LL_ITCH50_ROW(ID, id, type, length, name) [type] = {.bytes = (length)LL_ITCH50_BOOK_##ID},

const struct ll_itch50_row ll_itch50_rows[256] = {LL_ITCH50_MESSAGES(LL_ITCH50_ROW)};
