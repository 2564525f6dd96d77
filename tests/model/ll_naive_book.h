/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simplest full-depth order book that can be right: the oracle every faster book is compared with.
 *
 * Shape    Live orders in a plain chained hash by reference; per book and side an array of price levels,
 *          kept sorted, best first, and found by walking. No order of time inside a level: a level is a
 *          price, a total and a count. One operation per book message, by normalised fields. `book` is
 *          what the message names (ITCH: the stock locate); the order is found by its reference alone,
 *          and the operation applies in the order's own book. The best prices in a result are those of
 *          the result's book, after the operation. What each operation does; the first that fits decides
 *          the verdict:
 *          - add. Quantity 0, or a side that is neither: bad_input, nothing changes. Reference live:
 *            duplicate, the live order is removed and the new one takes its place.
 *          - reduce. Quantity 0: bad_input, nothing changes. Reference unknown: unknown_id. More than is
 *            left: overfill, the order goes, leaves 0. All that is left: the order goes. Else it shrinks.
 *          - remove. Reference unknown: unknown_id. Else the order goes.
 *          - replace. Old reference unknown: unknown_id, nothing is made. Quantity 0: bad_input, the old
 *            order goes, nothing is made. New reference live, and not the old one: duplicate, the order
 *            under it is removed first. New equal to old is a plain change. Side and book are inherited.
 *          - book_mismatch comes last: all went well, but the message named another book than the
 *            order's.
 * Units    price in the message's integer; quantity in shares; level totals are 64 bits wide.
 * Errors   none: verdicts. The memory comes from malloc; running out of it aborts.
 * Threads  one owner.
 */
#ifndef LL_TESTS_MODEL_NAIVE_BOOK_H
#define LL_TESTS_MODEL_NAIVE_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_NAIVE_BOOK_COUNT 65536u

/* The numbers of the kernel's verdicts (hls/ll_records.h), so that the two compare as they are. */
enum ll_naive_verdict {
    LL_NAIVE_OK = 0,
    LL_NAIVE_DUPLICATE = 1,
    LL_NAIVE_UNKNOWN_ID = 2,
    LL_NAIVE_OVERFILL = 5,
    LL_NAIVE_BAD_INPUT = 10,
    LL_NAIVE_BOOK_MISMATCH = 11,
    LL_NAIVE_VERDICT_COUNT = 12
};

/* The characters of the protocol. */
enum ll_naive_side { LL_NAIVE_BUY = 'B', LL_NAIVE_SELL = 'S' };

struct ll_naive_order {
    uint64_t reference;
    uint32_t price;
    uint32_t quantity; /* 0 = no such order */
    uint16_t book;
    uint8_t side; /* enum ll_naive_side; 0 = no such order */
};

struct ll_naive_level {
    uint64_t quantity;
    uint32_t price;
    uint32_t order_count; /* 0 = empty: no such level, and price and quantity are 0 */
};

/* What an operation did. Where no order is concerned (unknown_id; bad_input of an add or a reduce), book,
 * side and price are what the message says, 0 where it says nothing, and leaves and removed are 0. */
struct ll_naive_result {
    enum ll_naive_verdict verdict;
    uint16_t book;
    uint8_t side;
    uint32_t price;  /* after the operation; of an order that went, its last */
    uint32_t leaves; /* of the order the message leaves behind; replace: under its new reference */
    /* Shares that left: of the order the message names; replace: of the old order; duplicate add: of the live
     * order that had to give way. */
    uint32_t removed;
    /* The live order that had to give way because its reference came again; quantity 0 = none. */
    struct ll_naive_order overwritten;
    struct ll_naive_level bid;
    struct ll_naive_level ask;
};

struct ll_naive_book; /* all books of a feed */

/* "ok", "duplicate", ...: the names of the domain. */
const char *ll_naive_verdict_name(enum ll_naive_verdict verdict);

void ll_naive_book_init(struct ll_naive_book **book);
void ll_naive_book_deinit(struct ll_naive_book *book);

void ll_naive_book_add(struct ll_naive_book *books, uint64_t reference, uint16_t book, uint8_t side,
                       uint32_t price, uint32_t quantity, struct ll_naive_result *result);
void ll_naive_book_reduce(struct ll_naive_book *books, uint64_t reference, uint16_t book, uint32_t quantity,
                          struct ll_naive_result *result);
void ll_naive_book_remove(struct ll_naive_book *books, uint64_t reference, uint16_t book,
                          struct ll_naive_result *result);
void ll_naive_book_replace(struct ll_naive_book *books, uint64_t reference_old, uint64_t reference_new,
                           uint16_t book, uint32_t quantity, uint32_t price, struct ll_naive_result *result);

/* Applies one ITCH 5.0 message (A F E C X D U). False, and *result zero, for everything else: other types,
 * types that do not exist, lengths that are wrong. */
bool ll_naive_book_apply_itch50(struct ll_naive_book *books, const uint8_t *bytes, uint32_t bytes_count,
                                struct ll_naive_result *result);

/* The live order under a reference; false when there is none. */
bool ll_naive_book_find(const struct ll_naive_book *books, uint64_t reference, struct ll_naive_order *order);
void ll_naive_book_best(const struct ll_naive_book *books, uint16_t book, struct ll_naive_level *bid,
                        struct ll_naive_level *ask);

/* Levels of one side, best first. Returns how many there are; writes at most `count_max` of them. */
size_t ll_naive_book_levels(const struct ll_naive_book *books, uint16_t book, uint8_t side,
                            struct ll_naive_level *levels, size_t count_max);

size_t ll_naive_book_live_count(const struct ll_naive_book *books);

/* Live orders of all books, by ascending reference; at most `count_max`. Returns how many there are. */
size_t ll_naive_book_live_orders(const struct ll_naive_book *books, struct ll_naive_order *orders,
                                 size_t count_max);

#endif
