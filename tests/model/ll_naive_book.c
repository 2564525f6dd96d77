/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_naive_book.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/wire/ll_itch50.h"

#include <stdlib.h>
#include <string.h>

struct node {
    struct ll_naive_order order;
    struct node *next;
};

struct level_array {
    struct ll_naive_level *levels; /* best first */
    size_t count;
    size_t capacity;
};

struct ll_naive_book {
    struct node **buckets;
    size_t bucket_count; /* a power of two */
    size_t live_count;
    struct level_array bids[LL_NAIVE_BOOK_COUNT];
    struct level_array asks[LL_NAIVE_BOOK_COUNT];
};

const char *ll_naive_verdict_name(enum ll_naive_verdict verdict)
{
    switch (verdict) {
    case LL_NAIVE_OK:
        return "ok";
    case LL_NAIVE_DUPLICATE:
        return "duplicate";
    case LL_NAIVE_UNKNOWN_ID:
        return "unknown_id";
    case LL_NAIVE_OVERFILL:
        return "overfill";
    case LL_NAIVE_BAD_INPUT:
        return "bad_input";
    case LL_NAIVE_BOOK_MISMATCH:
        return "book_mismatch";
    default:
        return "unknown";
    }
}

void ll_naive_book_init(struct ll_naive_book **book)
{
    struct ll_naive_book *books = calloc(1, sizeof *books);
    LL_ASSERT(books != NULL);
    books->bucket_count = 1024;
    books->buckets = calloc(books->bucket_count, sizeof *books->buckets);
    LL_ASSERT(books->buckets != NULL);
    *book = books;
}

void ll_naive_book_deinit(struct ll_naive_book *book)
{
    for (size_t bucket = 0; bucket < book->bucket_count; bucket++) {
        struct node *node = book->buckets[bucket];
        while (node != NULL) {
            struct node *next = node->next;
            free(node);
            node = next;
        }
    }
    for (size_t index = 0; index < LL_NAIVE_BOOK_COUNT; index++) {
        free(book->bids[index].levels);
        free(book->asks[index].levels);
    }
    free(book->buckets);
    free(book);
}

/* --- levels --------------------------------------------------------------------------------------------- */

static const struct level_array *levels_of(const struct ll_naive_book *books, uint16_t book, uint8_t side)
{
    LL_ASSERT(side == LL_NAIVE_BUY || side == LL_NAIVE_SELL);
    return side == LL_NAIVE_BUY ? &books->bids[book] : &books->asks[book];
}

static struct level_array *levels_of_mutable(struct ll_naive_book *books, uint16_t book, uint8_t side)
{
    LL_ASSERT(side == LL_NAIVE_BUY || side == LL_NAIVE_SELL);
    return side == LL_NAIVE_BUY ? &books->bids[book] : &books->asks[book];
}

static bool is_better(uint8_t side, uint32_t price, uint32_t than)
{
    return side == LL_NAIVE_BUY ? price > than : price < than;
}

/* Index of the level at this price, or of the place where it belongs. */
static size_t level_place(const struct level_array *array, uint8_t side, uint32_t price)
{
    size_t index = 0;
    while (index < array->count && is_better(side, array->levels[index].price, price))
        index++;
    return index;
}

static void level_open(struct level_array *array, size_t index, uint32_t price)
{
    if (array->count == array->capacity) {
        array->capacity = array->capacity == 0 ? 8 : 2 * array->capacity;
        array->levels = realloc(array->levels, array->capacity * sizeof *array->levels);
        LL_ASSERT(array->levels != NULL);
    }
    memmove(&array->levels[index + 1], &array->levels[index], (array->count - index) * sizeof *array->levels);
    array->levels[index] = (struct ll_naive_level){.price = price};
    array->count++;
}

static void level_close(struct level_array *array, size_t index)
{
    array->count--;
    memmove(&array->levels[index], &array->levels[index + 1], (array->count - index) * sizeof *array->levels);
}

static void level_add_order(struct ll_naive_book *books, const struct ll_naive_order *order)
{
    struct level_array *array = levels_of_mutable(books, order->book, order->side);
    size_t index = level_place(array, order->side, order->price);
    if (index == array->count || array->levels[index].price != order->price)
        level_open(array, index, order->price);
    array->levels[index].quantity += order->quantity;
    array->levels[index].order_count++;
}

static struct ll_naive_level *level_of_order(struct ll_naive_book *books, const struct ll_naive_order *order)
{
    struct level_array *array = levels_of_mutable(books, order->book, order->side);
    size_t index = level_place(array, order->side, order->price);
    LL_ASSERT(index < array->count);
    LL_ASSERT(array->levels[index].price == order->price);
    LL_ASSERT(array->levels[index].quantity >= order->quantity);
    return &array->levels[index];
}

static void level_remove_order(struct ll_naive_book *books, const struct ll_naive_order *order)
{
    struct ll_naive_level *level = level_of_order(books, order);
    struct level_array *array = levels_of_mutable(books, order->book, order->side);
    level->quantity -= order->quantity;
    level->order_count--;
    if (level->order_count == 0) {
        LL_ASSERT(level->quantity == 0);
        level_close(array, (size_t)(level - array->levels));
    }
}

/* --- orders by reference -------------------------------------------------------------------------------- */

static size_t bucket_of(uint64_t reference, size_t bucket_count)
{
    return (size_t)((reference * 0x9e3779b97f4a7c15u) >> 32) & (bucket_count - 1);
}

static struct node *order_find(const struct ll_naive_book *books, uint64_t reference)
{
    struct node *node = books->buckets[bucket_of(reference, books->bucket_count)];
    while (node != NULL && node->order.reference != reference)
        node = node->next;
    return node;
}

static void buckets_double(struct ll_naive_book *books)
{
    size_t bucket_count = 2 * books->bucket_count;
    struct node **buckets = calloc(bucket_count, sizeof(struct node *));
    LL_ASSERT(buckets != NULL);
    for (size_t bucket = 0; bucket < books->bucket_count; bucket++) {
        struct node *node = books->buckets[bucket];
        while (node != NULL) {
            struct node *next = node->next;
            size_t target = bucket_of(node->order.reference, bucket_count);
            node->next = buckets[target];
            buckets[target] = node;
            node = next;
        }
    }
    free(books->buckets);
    books->buckets = buckets;
    books->bucket_count = bucket_count;
}

static void order_insert(struct ll_naive_book *books, const struct ll_naive_order *order)
{
    LL_ASSERT(order->quantity > 0);
    LL_ASSERT(order_find(books, order->reference) == NULL);
    if (books->live_count == books->bucket_count)
        buckets_double(books);
    struct node *node = malloc(sizeof *node);
    LL_ASSERT(node != NULL);
    size_t bucket = bucket_of(order->reference, books->bucket_count);
    node->order = *order;
    node->next = books->buckets[bucket];
    books->buckets[bucket] = node;
    books->live_count++;
    level_add_order(books, order);
}

/* Takes the order out of everything; returns it as it was. */
static struct ll_naive_order order_take(struct ll_naive_book *books, uint64_t reference)
{
    struct node **link = &books->buckets[bucket_of(reference, books->bucket_count)];
    while (*link != NULL && (*link)->order.reference != reference)
        link = &(*link)->next;
    struct node *node = *link;
    LL_ASSERT(node != NULL);
    struct ll_naive_order order = node->order;
    *link = node->next;
    free(node);
    books->live_count--;
    level_remove_order(books, &order);
    return order;
}

/* --- operations ----------------------------------------------------------------------------------------- */

static void result_begin(struct ll_naive_result *result, uint16_t book)
{
    memset(result, 0, sizeof *result);
    result->verdict = LL_NAIVE_OK;
    result->book = book;
}

static void result_of_order(struct ll_naive_result *result, const struct ll_naive_order *order, uint16_t book)
{
    if (order->book != book)
        result->verdict = LL_NAIVE_BOOK_MISMATCH;
    result->book = order->book;
    result->side = order->side;
    result->price = order->price;
}

static void result_end(const struct ll_naive_book *books, struct ll_naive_result *result)
{
    ll_naive_book_best(books, result->book, &result->bid, &result->ask);
}

void ll_naive_book_add(struct ll_naive_book *books, uint64_t reference, uint16_t book, uint8_t side,
                       uint32_t price, uint32_t quantity, struct ll_naive_result *result)
{
    result_begin(result, book);
    result->side = side;
    result->price = price;
    if (quantity == 0 || (side != LL_NAIVE_BUY && side != LL_NAIVE_SELL)) {
        result->verdict = LL_NAIVE_BAD_INPUT;
    } else {
        if (order_find(books, reference) != NULL) {
            result->verdict = LL_NAIVE_DUPLICATE;
            result->overwritten = order_take(books, reference);
            result->removed = result->overwritten.quantity;
        }
        order_insert(
            books,
            &(struct ll_naive_order){
                .reference = reference, .price = price, .quantity = quantity, .book = book, .side = side});
        result->leaves = quantity;
    }
    result_end(books, result);
}

void ll_naive_book_reduce(struct ll_naive_book *books, uint64_t reference, uint16_t book, uint32_t quantity,
                          struct ll_naive_result *result)
{
    result_begin(result, book);
    struct node *node = order_find(books, reference);
    if (quantity == 0) {
        result->verdict = LL_NAIVE_BAD_INPUT;
    } else if (node == NULL) {
        result->verdict = LL_NAIVE_UNKNOWN_ID;
    } else {
        result_of_order(result, &node->order, book);
        if (quantity > node->order.quantity)
            result->verdict = LL_NAIVE_OVERFILL;
        if (quantity >= node->order.quantity) {
            result->removed = order_take(books, reference).quantity;
        } else {
            level_of_order(books, &node->order)->quantity -= quantity;
            node->order.quantity -= quantity;
            result->leaves = node->order.quantity;
            result->removed = quantity;
        }
    }
    result_end(books, result);
}

void ll_naive_book_remove(struct ll_naive_book *books, uint64_t reference, uint16_t book,
                          struct ll_naive_result *result)
{
    result_begin(result, book);
    if (order_find(books, reference) == NULL) {
        result->verdict = LL_NAIVE_UNKNOWN_ID;
    } else {
        struct ll_naive_order order = order_take(books, reference);
        result_of_order(result, &order, book);
        result->removed = order.quantity;
    }
    result_end(books, result);
}

/* The second half of a replace: the old order is gone, the new one comes. */
static void replace_with(struct ll_naive_book *books, const struct ll_naive_order *order,
                         struct ll_naive_result *result)
{
    if (order->quantity == 0) {
        result->verdict = LL_NAIVE_BAD_INPUT;
        return;
    }
    if (order_find(books, order->reference) != NULL) {
        result->verdict = LL_NAIVE_DUPLICATE;
        result->overwritten = order_take(books, order->reference);
    }
    order_insert(books, order);
    result->price = order->price;
    result->leaves = order->quantity;
}

void ll_naive_book_replace(struct ll_naive_book *books, uint64_t reference_old, uint64_t reference_new,
                           uint16_t book, uint32_t quantity, uint32_t price, struct ll_naive_result *result)
{
    result_begin(result, book);
    if (order_find(books, reference_old) == NULL) {
        result->price = price;
        result->verdict = LL_NAIVE_UNKNOWN_ID;
    } else {
        struct ll_naive_order order = order_take(books, reference_old);
        result_of_order(result, &order, book);
        result->removed = order.quantity;
        order.reference = reference_new;
        order.quantity = quantity;
        order.price = price;
        replace_with(books, &order, result);
    }
    result_end(books, result);
}

/* --- ITCH 5.0 ------------------------------------------------------------------------------------------- */

static uint32_t book_message_bytes(uint8_t type)
{
    switch (type) {
    case LL_ITCH50_TYPE_ADD:
        return LL_ITCH50_BYTES_ADD;
    case LL_ITCH50_TYPE_ADD_MPID:
        return LL_ITCH50_BYTES_ADD_MPID;
    case LL_ITCH50_TYPE_EXECUTED:
        return LL_ITCH50_BYTES_EXECUTED;
    case LL_ITCH50_TYPE_EXECUTED_PRICE:
        return LL_ITCH50_BYTES_EXECUTED_PRICE;
    case LL_ITCH50_TYPE_CANCEL:
        return LL_ITCH50_BYTES_CANCEL;
    case LL_ITCH50_TYPE_DELETE:
        return LL_ITCH50_BYTES_DELETE;
    case LL_ITCH50_TYPE_REPLACE:
        return LL_ITCH50_BYTES_REPLACE;
    default:
        return 0;
    }
}

bool ll_naive_book_apply_itch50(struct ll_naive_book *books, const uint8_t *bytes, uint32_t bytes_count,
                                struct ll_naive_result *result)
{
    memset(result, 0, sizeof *result);
    if (bytes_count == 0 || book_message_bytes(bytes[0]) != bytes_count)
        return false;
    uint16_t book = ll_load_be16(bytes + LL_ITCH50_STOCK_LOCATE_OFFSET);
    /* The reference an operation is about stands first in every book message. */
    uint64_t reference = ll_load_be64(bytes + LL_ITCH50_OFFSET_ADD_order_reference_number);
    switch (bytes[0]) {
    case LL_ITCH50_TYPE_ADD:
    case LL_ITCH50_TYPE_ADD_MPID:
        ll_naive_book_add(books, reference, book, bytes[LL_ITCH50_OFFSET_ADD_buy_sell_indicator],
                          ll_load_be32(bytes + LL_ITCH50_OFFSET_ADD_price),
                          ll_load_be32(bytes + LL_ITCH50_OFFSET_ADD_shares), result);
        return true;
    case LL_ITCH50_TYPE_EXECUTED:
    case LL_ITCH50_TYPE_EXECUTED_PRICE:
        ll_naive_book_reduce(books, reference, book,
                             ll_load_be32(bytes + LL_ITCH50_OFFSET_EXECUTED_executed_shares), result);
        return true;
    case LL_ITCH50_TYPE_CANCEL:
        ll_naive_book_reduce(books, reference, book,
                             ll_load_be32(bytes + LL_ITCH50_OFFSET_CANCEL_cancelled_shares), result);
        return true;
    case LL_ITCH50_TYPE_DELETE:
        ll_naive_book_remove(books, reference, book, result);
        return true;
    default:
        ll_naive_book_replace(books, reference,
                              ll_load_be64(bytes + LL_ITCH50_OFFSET_REPLACE_new_order_reference_number), book,
                              ll_load_be32(bytes + LL_ITCH50_OFFSET_REPLACE_shares),
                              ll_load_be32(bytes + LL_ITCH50_OFFSET_REPLACE_price), result);
        return true;
    }
}

_Static_assert((int)LL_ITCH50_OFFSET_ADD_price == (int)LL_ITCH50_OFFSET_ADD_MPID_price,
               "A and F share their beginning");
_Static_assert((int)LL_ITCH50_OFFSET_EXECUTED_executed_shares ==
                   (int)LL_ITCH50_OFFSET_EXECUTED_PRICE_executed_shares,
               "E and C share their beginning");
_Static_assert((int)LL_ITCH50_OFFSET_ADD_order_reference_number ==
                   (int)LL_ITCH50_OFFSET_REPLACE_original_order_reference_number,
               "the reference stands in one place");

/* --- views ---------------------------------------------------------------------------------------------- */

bool ll_naive_book_find(const struct ll_naive_book *books, uint64_t reference, struct ll_naive_order *order)
{
    const struct node *node = order_find(books, reference);
    if (node != NULL)
        *order = node->order;
    return node != NULL;
}

void ll_naive_book_best(const struct ll_naive_book *books, uint16_t book, struct ll_naive_level *bid,
                        struct ll_naive_level *ask)
{
    memset(bid, 0, sizeof *bid);
    memset(ask, 0, sizeof *ask);
    (void)ll_naive_book_levels(books, book, LL_NAIVE_BUY, bid, 1);
    (void)ll_naive_book_levels(books, book, LL_NAIVE_SELL, ask, 1);
}

size_t ll_naive_book_levels(const struct ll_naive_book *books, uint16_t book, uint8_t side,
                            struct ll_naive_level *levels, size_t count_max)
{
    const struct level_array *array = levels_of(books, book, side);
    size_t count = array->count < count_max ? array->count : count_max;
    if (count > 0)
        memcpy(levels, array->levels, count * sizeof *levels);
    return array->count;
}

size_t ll_naive_book_live_count(const struct ll_naive_book *books)
{
    return books->live_count;
}

static int compare_references(const void *left, const void *right)
{
    const struct ll_naive_order *a = left;
    const struct ll_naive_order *b = right;
    return (a->reference > b->reference) - (a->reference < b->reference);
}

size_t ll_naive_book_live_orders(const struct ll_naive_book *books, struct ll_naive_order *orders,
                                 size_t count_max)
{
    /* All of them are needed before the smallest are known. */
    struct ll_naive_order *all = malloc((books->live_count + 1) * sizeof *all);
    LL_ASSERT(all != NULL);
    size_t count = 0;
    for (size_t bucket = 0; bucket < books->bucket_count; bucket++)
        for (const struct node *node = books->buckets[bucket]; node != NULL; node = node->next)
            all[count++] = node->order;
    LL_ASSERT(count == books->live_count);
    qsort(all, count, sizeof *all, compare_references);
    size_t wanted = count < count_max ? count : count_max;
    if (wanted > 0)
        memcpy(orders, all, wanted * sizeof *all);
    free(all);
    return count;
}
