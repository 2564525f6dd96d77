/* SPDX-License-Identifier: Apache-2.0 */
#include "host/exchange/ll_matching_book.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_prng.h"

#include <string.h>

#define PART_ALIGN_BYTES 64u

/* --- life cycle ----------------------------------------------------------------------------------------- */

static uint32_t bucket_count_of(uint32_t orders_max)
{
    uint32_t count = 1;
    while (count < orders_max)
        count *= 2;
    return count;
}

/* Every level has an order, so there are never more levels than orders. */
static size_t node_count_of(uint32_t instrument_count, uint32_t orders_max)
{
    return 2 * (size_t)instrument_count + orders_max;
}

static size_t slots_bytes(uint32_t orders_max)
{
    return ll_align_up(orders_max * sizeof(struct ll_matching_slot), PART_ALIGN_BYTES);
}

static size_t nodes_bytes(uint32_t instrument_count, uint32_t orders_max)
{
    return ll_align_up(node_count_of(instrument_count, orders_max) * sizeof(struct ll_matching_node),
                       PART_ALIGN_BYTES);
}

size_t ll_matching_book_footprint_bytes(uint32_t instrument_count, uint32_t orders_max)
{
    return slots_bytes(orders_max) + nodes_bytes(instrument_count, orders_max) +
           ll_align_up(bucket_count_of(orders_max) * sizeof(uint32_t), PART_ALIGN_BYTES);
}

static void node_clear(struct ll_matching_node *node)
{
    memset(node, 0, sizeof *node);
    node->head = LL_MATCHING_NONE;
    node->tail = LL_MATCHING_NONE;
    node->hidden_first = LL_MATCHING_NONE;
    for (uint32_t height = 0; height < LL_MATCHING_HEIGHT_MAX; height++)
        node->next[height] = LL_MATCHING_NONE;
}

void ll_matching_book_init(struct ll_matching_book *book, void *memory, uint32_t instrument_count,
                           uint32_t orders_max)
{
    unsigned char *bytes = memory;
    uint32_t node_count = (uint32_t)node_count_of(instrument_count, orders_max);
    uint32_t bucket_count = bucket_count_of(orders_max);
    book->slots = memory;
    bytes += slots_bytes(orders_max);
    book->nodes = (struct ll_matching_node *)(void *)bytes;
    bytes += nodes_bytes(instrument_count, orders_max);
    book->buckets = (uint32_t *)(void *)bytes;
    book->bucket_mask = bucket_count - 1;
    book->slot_count = orders_max;
    book->instrument_count = instrument_count;
    book->slots_used = 0;
    for (uint32_t bucket = 0; bucket < bucket_count; bucket++)
        book->buckets[bucket] = LL_MATCHING_NONE;
    for (uint32_t slot = 0; slot < orders_max; slot++) {
        memset(&book->slots[slot], 0, sizeof book->slots[slot]);
        book->slots[slot].next = slot + 1 < orders_max ? slot + 1 : LL_MATCHING_NONE;
    }
    for (uint32_t node = 0; node < node_count; node++) {
        node_clear(&book->nodes[node]);
        if (node >= 2 * instrument_count && node + 1 < node_count)
            book->nodes[node].next[0] = node + 1;
    }
    book->slot_free = 0;
    book->node_free = 2 * instrument_count;
}

/* --- slots and references ------------------------------------------------------------------------------- */

uint32_t ll_matching_book_take(struct ll_matching_book *book)
{
    uint32_t slot = book->slot_free;
    if (slot == LL_MATCHING_NONE)
        return LL_MATCHING_NONE;
    book->slot_free = book->slots[slot].next;
    book->slots_used++;
    return slot;
}

void ll_matching_book_give(struct ll_matching_book *book, uint32_t slot)
{
    LL_ASSERT(slot < book->slot_count);
    LL_ASSERT(!book->slots[slot].order.booked);
    book->slots[slot].next = book->slot_free;
    book->slot_free = slot;
    book->slots_used--;
}

/* References are given out one after another, so their low bits are as good as a hash. */
static uint32_t *bucket_of(const struct ll_matching_book *book, uint64_t reference)
{
    return &book->buckets[(uint32_t)reference & book->bucket_mask];
}

void ll_matching_book_index(struct ll_matching_book *book, uint32_t slot)
{
    uint32_t *bucket = bucket_of(book, book->slots[slot].order.reference);
    book->slots[slot].hash_next = *bucket;
    *bucket = slot;
}

void ll_matching_book_unindex(struct ll_matching_book *book, uint32_t slot)
{
    uint32_t *link = bucket_of(book, book->slots[slot].order.reference);
    while (*link != slot) {
        LL_ASSERT(*link != LL_MATCHING_NONE);
        link = &book->slots[*link].hash_next;
    }
    *link = book->slots[slot].hash_next;
}

uint32_t ll_matching_book_find(const struct ll_matching_book *book, uint64_t reference)
{
    uint32_t slot = *bucket_of(book, reference);
    while (slot != LL_MATCHING_NONE && book->slots[slot].order.reference != reference)
        slot = book->slots[slot].hash_next;
    return slot;
}

/* --- levels --------------------------------------------------------------------------------------------- */

/* before[h]: the last node of height > h whose key is better. Returns the level of this key, or NONE. */
static uint32_t level_find(const struct ll_matching_book *book, uint32_t head, uint32_t key,
                           uint32_t before[LL_MATCHING_HEIGHT_MAX])
{
    uint32_t node = head;
    for (uint32_t height = LL_MATCHING_HEIGHT_MAX; height-- > 0;) {
        uint32_t next = book->nodes[node].next[height];
        while (next != LL_MATCHING_NONE && book->nodes[next].key < key) {
            node = next;
            next = book->nodes[node].next[height];
        }
        before[height] = node;
    }
    uint32_t found = book->nodes[before[0]].next[0];
    return found != LL_MATCHING_NONE && book->nodes[found].key == key ? found : LL_MATCHING_NONE;
}

static uint32_t height_of(uint32_t head, uint32_t key)
{
    struct ll_prng hash;
    ll_prng_init(&hash, (uint64_t)head << 32 | key);
    uint64_t bits = ll_prng_next(&hash) | UINT64_C(1) << 2 * (LL_MATCHING_HEIGHT_MAX - 1);
    return 1 + (uint32_t)__builtin_ctzll(bits) / 2;
}

static uint32_t level_make(struct ll_matching_book *book, uint32_t head, uint32_t key,
                           const uint32_t before[LL_MATCHING_HEIGHT_MAX])
{
    uint32_t made = book->node_free;
    LL_ASSERT(made != LL_MATCHING_NONE);
    struct ll_matching_node *node = &book->nodes[made];
    book->node_free = node->next[0];
    node_clear(node);
    node->key = key;
    node->height = height_of(head, key);
    for (uint32_t height = 0; height < node->height; height++) {
        node->next[height] = book->nodes[before[height]].next[height];
        book->nodes[before[height]].next[height] = made;
    }
    return made;
}

static void level_free(struct ll_matching_book *book, uint32_t head, uint32_t gone)
{
    uint32_t before[LL_MATCHING_HEIGHT_MAX];
    struct ll_matching_node *node = &book->nodes[gone];
    uint32_t found = level_find(book, head, node->key, before);
    LL_ASSERT(found == gone);
    for (uint32_t height = 0; height < node->height; height++)
        book->nodes[before[height]].next[height] = node->next[height];
    node->next[0] = book->node_free;
    book->node_free = gone;
}

/* --- queues --------------------------------------------------------------------------------------------- */

static uint32_t head_of(const struct ll_matching_order *order)
{
    return ll_matching_book_head(order->instrument, ll_matching_is_sell(order->side));
}

static bool is_hidden(const struct ll_matching_order *order)
{
    return (order->flags & LL_MATCHING_HIDDEN) != 0;
}

static void level_count(struct ll_matching_node *node, const struct ll_matching_order *order, uint32_t orders,
                        uint64_t quantity)
{
    if (is_hidden(order)) {
        node->orders_hidden += orders;
        node->quantity_hidden += quantity;
    } else {
        node->orders_displayed += orders;
        node->quantity_displayed += quantity;
    }
}

void ll_matching_book_insert(struct ll_matching_book *book, uint32_t slot)
{
    struct ll_matching_slot *entry = &book->slots[slot];
    struct ll_matching_order *order = &entry->order;
    uint32_t before[LL_MATCHING_HEIGHT_MAX];
    uint32_t head = head_of(order);
    uint32_t key = ll_matching_key(order->price, ll_matching_is_sell(order->side));
    LL_ASSERT(!order->booked);
    LL_ASSERT(order->quantity > 0);
    uint32_t level = level_find(book, head, key, before);
    if (level == LL_MATCHING_NONE)
        level = level_make(book, head, key, before);
    struct ll_matching_node *node = &book->nodes[level];
    /* A displayed order goes before the first hidden one, a hidden one to the end. */
    entry->next = is_hidden(order) ? LL_MATCHING_NONE : node->hidden_first;
    entry->previous = entry->next == LL_MATCHING_NONE ? node->tail : book->slots[entry->next].previous;
    *(entry->previous == LL_MATCHING_NONE ? &node->head : &book->slots[entry->previous].next) = slot;
    *(entry->next == LL_MATCHING_NONE ? &node->tail : &book->slots[entry->next].previous) = slot;
    if (is_hidden(order) && node->hidden_first == LL_MATCHING_NONE)
        node->hidden_first = slot;
    level_count(node, order, 1, order->quantity);
    entry->node = level;
    order->booked = true;
}

void ll_matching_book_remove(struct ll_matching_book *book, uint32_t slot)
{
    struct ll_matching_slot *entry = &book->slots[slot];
    struct ll_matching_order *order = &entry->order;
    struct ll_matching_node *node = &book->nodes[entry->node];
    LL_ASSERT(order->booked);
    *(entry->previous == LL_MATCHING_NONE ? &node->head : &book->slots[entry->previous].next) = entry->next;
    *(entry->next == LL_MATCHING_NONE ? &node->tail : &book->slots[entry->next].previous) = entry->previous;
    if (node->hidden_first == slot)
        node->hidden_first = entry->next;
    level_count(node, order, 0u - 1u, 0u - (uint64_t)order->quantity);
    if (node->head == LL_MATCHING_NONE)
        level_free(book, head_of(order), entry->node);
    order->booked = false;
}

void ll_matching_book_reduce(struct ll_matching_book *book, uint32_t slot, uint32_t quantity)
{
    struct ll_matching_slot *entry = &book->slots[slot];
    LL_ASSERT(entry->order.booked);
    LL_ASSERT(quantity < entry->order.quantity);
    level_count(&book->nodes[entry->node], &entry->order, 0, 0u - (uint64_t)quantity);
    entry->order.quantity -= quantity;
}

/* --- invariants ----------------------------------------------------------------------------------------- */

/* Returns the number of orders in the level. */
static uint32_t level_check(const struct ll_matching_book *book, uint32_t head, uint32_t level)
{
    const struct ll_matching_node *node = &book->nodes[level];
    struct ll_matching_node sums = {0};
    uint32_t previous = LL_MATCHING_NONE;
    uint32_t hidden_first = LL_MATCHING_NONE;
    LL_ASSERT(node->head != LL_MATCHING_NONE);
    LL_ASSERT(node->height == height_of(head, node->key));
    for (uint32_t slot = node->head; slot != LL_MATCHING_NONE; slot = book->slots[slot].next) {
        const struct ll_matching_order *order = &book->slots[slot].order;
        LL_ASSERT(order->booked);
        LL_ASSERT(order->quantity > 0);
        LL_ASSERT(head_of(order) == head);
        LL_ASSERT(ll_matching_key(order->price, ll_matching_is_sell(order->side)) == node->key);
        LL_ASSERT(book->slots[slot].node == level);
        LL_ASSERT(book->slots[slot].previous == previous);
        LL_ASSERT(ll_matching_book_find(book, order->reference) == slot);
        if (is_hidden(order) && hidden_first == LL_MATCHING_NONE)
            hidden_first = slot;
        LL_ASSERT(is_hidden(order) == (hidden_first != LL_MATCHING_NONE));
        level_count(&sums, order, 1, order->quantity);
        previous = slot;
    }
    LL_ASSERT(node->tail == previous);
    LL_ASSERT(node->hidden_first == hidden_first);
    LL_ASSERT(node->quantity_displayed == sums.quantity_displayed);
    LL_ASSERT(node->quantity_hidden == sums.quantity_hidden);
    LL_ASSERT(node->orders_displayed == sums.orders_displayed);
    LL_ASSERT(node->orders_hidden == sums.orders_hidden);
    return sums.orders_displayed + sums.orders_hidden;
}

void ll_matching_book_check(const struct ll_matching_book *book)
{
    uint32_t orders = 0;
    for (uint32_t head = 0; head < 2 * book->instrument_count; head++) {
        uint32_t level = book->nodes[head].next[0];
        while (level != LL_MATCHING_NONE) {
            uint32_t next = book->nodes[level].next[0];
            orders += level_check(book, head, level);
            LL_ASSERT(next == LL_MATCHING_NONE || book->nodes[level].key < book->nodes[next].key);
            level = next;
        }
        /* Every higher list is made of the nodes that reach it, in the same order. */
        for (uint32_t height = 1; height < LL_MATCHING_HEIGHT_MAX; height++) {
            uint32_t upper = book->nodes[head].next[height];
            for (level = book->nodes[head].next[0]; level != LL_MATCHING_NONE;
                 level = book->nodes[level].next[0])
                if (book->nodes[level].height > height) {
                    LL_ASSERT(upper == level);
                    upper = book->nodes[upper].next[height];
                }
            LL_ASSERT(upper == LL_MATCHING_NONE);
        }
    }
    LL_ASSERT(orders == book->slots_used);
}
