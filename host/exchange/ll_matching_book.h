/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rests at the simulated exchange: orders by reference, price levels by price, queues by priority.
 *
 * Shape    footprint_bytes(config) -> init(memory, config). Order slots lie in one pool; a slot is taken, put under
 *          its reference, put into the queue of its level, and given back in the opposite order. Each side of
 *          an instrument is a skip list of levels, best first, whose node heights come from a hash of the
 *          price: no state beyond what rests, so the same orders always make the same list. A level is one
 *          queue: its displayed orders by time, then its hidden ones by time.
 * Units    as in ll_matching.h; slots and nodes are numbers in their pools, LL_MATCHING_NONE = none.
 * Errors   none: take says NONE when the pool is empty; everything else is the caller's promise, asserted.
 * Threads  one owner. The inside of ll_matching, which others include instead.
 * Source   W. Pugh, "Skip lists: a probabilistic alternative to balanced trees", CACM 33(6), 1990.
 */
#ifndef LL_HOST_EXCHANGE_MATCHING_BOOK_H
#define LL_HOST_EXCHANGE_MATCHING_BOOK_H

#include "host/exchange/ll_matching.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_MATCHING_NONE       UINT32_MAX
#define LL_MATCHING_HEIGHT_MAX 8u /* one node in four is higher by one: good for some 4^8 levels of a side */

struct ll_matching_slot {
    struct ll_matching_order order;
    uint32_t node;      /* its level; meaningful while booked */
    uint32_t next;      /* in the queue; of a free slot: the next free one */
    uint32_t previous;  /* in the queue */
    uint32_t hash_next; /* under the same bucket */
};

/* A level, or the head of a side's list: the first two nodes of each instrument, which hold no orders. */
struct ll_matching_node {
    uint64_t quantity_displayed;
    uint64_t quantity_hidden;
    uint32_t orders_displayed;
    uint32_t orders_hidden;
    uint32_t key; /* smaller is better: a seller's price, the complement of a buyer's */
    uint32_t head;
    uint32_t tail;
    uint32_t hidden_first;
    uint32_t height;
    uint32_t next[LL_MATCHING_HEIGHT_MAX]; /* [0] of a free node: the next free one */
};

struct ll_matching_book { /* read by ll_matching.c, written by ll_matching_book.c only */
    struct ll_matching_slot *slots;
    struct ll_matching_node *nodes;
    uint32_t *buckets;
    uint32_t bucket_mask;
    uint32_t slot_count;
    uint32_t instrument_count;
    uint32_t slot_free;
    uint32_t node_free;
    uint32_t slots_used;
};

size_t ll_matching_book_footprint_bytes(uint32_t instrument_count, uint32_t orders_max);
void ll_matching_book_init(struct ll_matching_book *book, void *memory, uint32_t instrument_count,
                           uint32_t orders_max);

/* A slot to fill in; LL_MATCHING_NONE = all are used. */
uint32_t ll_matching_book_take(struct ll_matching_book *book);
void ll_matching_book_give(struct ll_matching_book *book, uint32_t slot);

/* Under and from under slot.order.reference. */
void ll_matching_book_index(struct ll_matching_book *book, uint32_t slot);
void ll_matching_book_unindex(struct ll_matching_book *book, uint32_t slot);
uint32_t ll_matching_book_find(const struct ll_matching_book *book, uint64_t reference);

/* Into the queue of its price, behind its equals, and out of it. */
void ll_matching_book_insert(struct ll_matching_book *book, uint32_t slot);
void ll_matching_book_remove(struct ll_matching_book *book, uint32_t slot);
/* Quantity leaves a booked order; some must be left. */
void ll_matching_book_reduce(struct ll_matching_book *book, uint32_t slot, uint32_t quantity);

static inline uint32_t ll_matching_is_sell(uint8_t side)
{
    return side != LL_MATCHING_BUY;
}

static inline uint32_t ll_matching_key(uint32_t price, uint32_t is_sell)
{
    return is_sell ? price : ~price;
}

/* The head of a side's list; its next[0] is the best level. */
static inline uint32_t ll_matching_book_head(uint32_t instrument, uint32_t is_sell)
{
    return 2 * instrument + is_sell;
}

static inline uint32_t ll_matching_book_best(const struct ll_matching_book *book, uint32_t instrument,
                                             uint32_t is_sell)
{
    return book->nodes[ll_matching_book_head(instrument, is_sell)].next[0];
}

/* Walks everything and asserts that it fits together. */
void ll_matching_book_check(const struct ll_matching_book *book);

#endif
