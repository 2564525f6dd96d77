/* SPDX-License-Identifier: Apache-2.0 */
#include "host/wire/ll_itch50_update.h"

enum {
#define LL_ITCH50_INDEX_ENUM(ID, id, type, bytes, name) LL_ITCH50_INDEX_##ID,
    LL_ITCH50_MESSAGES(LL_ITCH50_INDEX_ENUM)
#undef LL_ITCH50_INDEX_ENUM
        LL_ITCH50_INDEX_COUNT
};
_Static_assert(LL_ITCH50_INDEX_COUNT == LL_ITCH50_TYPE_COUNT, "every type has an index");

#define LL_ITCH50_AT(ID, field) LL_ITCH50_OFFSET_##ID##_##field

/* Every type of the layout table, with no operation; then the seven that change a book, field by field. */
#define LL_ITCH50_ROW(ID, id, type, length, name) [type] = {.bytes = (length), .index = LL_ITCH50_INDEX_##ID},
#define LL_ITCH50_BOOK_ROW(ID, ...)                                                                        \
    [LL_ITCH50_TYPE_##ID] = {.bytes = LL_ITCH50_BYTES_##ID, .index = LL_ITCH50_INDEX_##ID, __VA_ARGS__}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
const struct ll_itch50_row ll_itch50_rows[256] = {
    [0 ... 255] = {.index = LL_ITCH50_TYPE_COUNT},
    LL_ITCH50_MESSAGES(LL_ITCH50_ROW)
    LL_ITCH50_BOOK_ROW(ADD, .op = LL_OP_ADD, .ref = LL_ITCH50_AT(ADD, order_reference_number),
                       .quantity = LL_ITCH50_AT(ADD, shares), .price = LL_ITCH50_AT(ADD, price),
                       .side = LL_ITCH50_AT(ADD, buy_sell_indicator)),
    LL_ITCH50_BOOK_ROW(ADD_MPID, .op = LL_OP_ADD, .ref = LL_ITCH50_AT(ADD_MPID, order_reference_number),
                       .quantity = LL_ITCH50_AT(ADD_MPID, shares), .price = LL_ITCH50_AT(ADD_MPID, price),
                       .side = LL_ITCH50_AT(ADD_MPID, buy_sell_indicator)),
    LL_ITCH50_BOOK_ROW(EXECUTED, .op = LL_OP_EXECUTE, .ref = LL_ITCH50_AT(EXECUTED, order_reference_number),
                       .quantity = LL_ITCH50_AT(EXECUTED, executed_shares)),
    LL_ITCH50_BOOK_ROW(EXECUTED_PRICE, .op = LL_OP_EXECUTE,
                       .ref = LL_ITCH50_AT(EXECUTED_PRICE, order_reference_number),
                       .quantity = LL_ITCH50_AT(EXECUTED_PRICE, executed_shares)),
    LL_ITCH50_BOOK_ROW(CANCEL, .op = LL_OP_CANCEL, .ref = LL_ITCH50_AT(CANCEL, order_reference_number),
                       .quantity = LL_ITCH50_AT(CANCEL, cancelled_shares)),
    LL_ITCH50_BOOK_ROW(DELETE, .op = LL_OP_DELETE, .ref = LL_ITCH50_AT(DELETE, order_reference_number)),
    LL_ITCH50_BOOK_ROW(REPLACE, .op = LL_OP_REPLACE, .ref = LL_ITCH50_AT(REPLACE, original_order_reference_number),
                       .new_ref = LL_ITCH50_AT(REPLACE, new_order_reference_number),
                       .quantity = LL_ITCH50_AT(REPLACE, shares), .price = LL_ITCH50_AT(REPLACE, price)),
};
#pragma GCC diagnostic pop
