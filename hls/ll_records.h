/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes into the kernel and what comes out: one 64-byte update per provider message, one 64-byte result each.
 *
 * Shape    update  0 ref u64 | 8 new_ref u64 | 16 price u32 | 20 quantity u32 | 24 book u32 | 28 op u8 | 29 side u8 |
 *                 30 reserved u16 | 32 reserved u64[3] | 56 seq u64
 *          result  0 verdict u8 | 1 op u8 | 2 flags u8 | 3 reserved u8 | 4 book u32 | 8 price u32 | 12 leaves u32 |
 *                 16 removed u32 | 20 epoch u32 | 24 bid_price u32 | 28 ask_price u32 | 32 bid_quantity u64 |
 *                 40 ask_quantity u64 | 48 bid_orders u32 | 52 ask_orders u32 | 56 seq u64
 *          The sequence number is in the last word, so that a slot whose last word has arrived is whole. Little-endian.
 * Units    price: the feed's integer ticks; quantity, leaves, removed: shares (lots of one); seq: counts updates.
 * Errors   a verdict per message; none is fatal.
 * Threads  plain data.
 */
#ifndef LL_HLS_RECORDS_H
#define LL_HLS_RECORDS_H

#include "hls/ll_types.h"

/* V(NAME, number, "text"). The number is what the journal keeps, so it never changes; new ones go to the end.
 */
#define LL_VERDICTS(V)                                                                                       \
    V(OK, 0, "ok")                                                                                           \
    V(DUPLICATE, 1, "duplicate")   /* the identifier is live already; the newer message took its place */    \
    V(UNKNOWN_ID, 2, "unknown_id") /* no such order; nothing changed */                                      \
    V(LATE, 3, "late")             /* the order has ended already */                                         \
    V(OUT_OF_ORDER, 4, "out_of_order") /* a fill before its acknowledgement; accepted, the ack is implied */ \
    V(OVERFILL, 5, "overfill")         /* more than remained; all of it was taken, leaves 0 */               \
    V(ILLEGAL_TRANSITION, 6, "illegal_transition")                                                           \
    V(ID_TAKEN, 7, "id_taken") /* the identifier belongs to another order */                                 \
    V(TABLE_FULL, 8,                                                                                         \
      "table_full") /* no room for the order, its price level or its book; it was not taken */               \
    V(STALE_EPOCH, 9, "stale_epoch") /* an answer from before the device was loaded again */                 \
    V(BAD_INPUT, 10, "bad_input")    /* a field no sender may send, such as quantity 0 */                    \
    V(BOOK_MISMATCH, 11,                                                                                     \
      "book_mismatch") /* the message names another book than the order's; applied to the order's */         \
    V(UNKNOWN_TYPE, 12, "unknown_type") /* a message type this edition does not define; kept, skipped */     \
    V(BAD_LENGTH, 13, "bad_length")     /* a known type with a wrong length; kept, not decoded */

enum ll_verdict {
#define LL_VERDICT_ENUM(name, number, text) LL_VERDICT_##name = number,
    LL_VERDICTS(LL_VERDICT_ENUM)
#undef LL_VERDICT_ENUM
        LL_VERDICT_COUNT = 14
};

enum ll_op {
    LL_OP_NONE = 0,    /* nothing to do in the book; answers with the best prices of `book` */
    LL_OP_ADD = 1,     /* ref, book, side, price, quantity */
    LL_OP_EXECUTE = 2, /* ref, quantity: executed, at whatever price */
    LL_OP_CANCEL = 3,  /* ref, quantity: taken away, not what remains */
    LL_OP_DELETE = 4,  /* ref */
    LL_OP_REPLACE = 5  /* ref, new_ref, price, quantity: side and book are inherited */
};

#define LL_SIDE_BUY  0u
#define LL_SIDE_SELL 1u

struct ll_update {
    u64 ref;
    u64 new_ref;
    u32 price;
    u32 quantity;
    u32 book;
    u8 op;
    u8 side;
    u16 reserved16;
    u64 reserved[3]; /* zero; the lifecycle half will use them */
    u64 seq;
};
LL_STATIC_ASSERT(sizeof(struct ll_update) == 64, "one slot, one beat");

#define LL_RESULT_HAS_BID 1u /* bid_* are valid: price 0 is a legal price, so emptiness is a flag */
#define LL_RESULT_HAS_ASK 2u
#define LL_RESULT_SELL    4u /* side of the order the message was about */

struct ll_result {
    u8 verdict;
    u8 op;
    u8 flags;
    u8 reserved8;
    u32 book;    /* the order's own book */
    u32 price;   /* the order's price, after a replace the new one */
    u32 leaves;  /* what remains of the order */
    u32 removed; /* what this message took away (of the old order for a replace) */
    u32 epoch;
    u32 bid_price;
    u32 ask_price;
    u64 bid_quantity;
    u64 ask_quantity;
    u32 bid_orders;
    u32 ask_orders;
    u64 seq;
};
LL_STATIC_ASSERT(sizeof(struct ll_result) == 64, "one slot, one beat");

#endif
