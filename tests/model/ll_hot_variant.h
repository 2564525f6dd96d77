/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel as it is made for a card, with lines on chip: included once by each file that is one such way.
 *
 * Shape    LL_VARIANT(name), LL_HOT_LINES and LL_HOT_WINDOW are defined before. Defines the kernels, and the
 *          functions that empty the tables and with them the chip. LL_VARIANT_LATE 1: the memories on chip
 *          show what was written in a pipelined loop only after LL_HOT_WINDOW more lines, or at the end of
 *          the loop. LL_VARIANT_BLIND 1: and nothing is taken from the window.
 * Units    as in hls/ll_hot.h.
 * Errors   none.
 * Threads  one: the chip is one.
 */
#define __SYNTHESIS__  1
#define LL_PLAIN_LANES 1
#include "hls/ll_types.h"

#if defined(LL_VARIANT_LATE)

/* What was written and does not show yet, oldest first: a line is eight words and a tag. */
enum { LATE_WORDS = 9, LATE_MAX = LL_HOT_WINDOW * LATE_WORDS };

static struct {
    void *at[LATE_MAX];
    u64 value[LATE_MAX];
    u32 bytes[LATE_MAX];
    u32 count;
} slow;

static void late_show(u32 first, u32 count)
{
    for (u32 i = first; i < first + count; i++) {
        if (slow.bytes[i] == sizeof(u64))
            *(u64 *)slow.at[i] = slow.value[i];
        else
            *(u32 *)slow.at[i] = (u32)slow.value[i];
    }
}

static void late_set(void *at, u32 bytes, u64 value)
{
    if (slow.count == LATE_MAX) {
        late_show(0, 1);
        slow.count--;
        for (u32 i = 0; i < slow.count; i++) {
            slow.at[i] = slow.at[i + 1];
            slow.value[i] = slow.value[i + 1];
            slow.bytes[i] = slow.bytes[i + 1];
        }
    }
    slow.at[slow.count] = at;
    slow.value[slow.count] = value;
    slow.bytes[slow.count] = bytes;
    slow.count++;
}

static void late_settle(void)
{
    late_show(0, slow.count);
    slow.count = 0;
}

#define LL_HOT_SET(array, at, value) late_set(&(array)[at], sizeof(array)[0], value)
#define LL_HOT_SETTLED()             late_settle()

#endif

#include "hls/ll_hot.h"

#if defined(LL_VARIANT_BLIND)
#define ll_window_find(window, index, memory) (memory)
#endif

#include "hls/ll_book.h"
#include "hls/ll_life.h"
#undef __SYNTHESIS__

#include "tests/model/ll_other_kernels.h"

#define LL_VARIANT_ARRAY(type, array) static type array[LL_HOT_LINES];
LL_HOT_ARRAYS(LL_VARIANT_ARRAY, order_hot)
LL_HOT_ARRAYS(LL_VARIANT_ARRAY, id_hot)
LL_HOT_ARRAYS(LL_VARIANT_ARRAY, life_hot)

#define LL_VARIANT_BOOK(book)                                                         \
    (book)->control, (book)->buckets, (book)->leaves, (book)->levels, (book)->inners, \
        (book)->sides LL_BOOK_HOT_PASS
#define LL_VARIANT_LIFE(life) \
    (life)->control, (life)->buckets, (life)->places, (life)->orders LL_LIFE_HOT_PASS

void LL_VARIANT(kernel)(const struct ll_book_memory *book, const struct ll_update *updates,
                        struct ll_result *results, uint32_t count, uint32_t batch)
{
    ll_book_batch(LL_VARIANT_BOOK(book), updates, results, count, batch);
}

void LL_VARIANT(reset)(const struct ll_book_memory *book)
{
    ll_book_reset(LL_VARIANT_BOOK(book));
}

void LL_VARIANT(life)(const struct ll_life_memory *life, const struct ll_life_ask *asks,
                      struct ll_life_answer *answers, uint32_t count, uint32_t batch)
{
    ll_life_batch(LL_VARIANT_LIFE(life), asks, answers, count, batch);
}

void LL_VARIANT(life_reset)(const struct ll_life_memory *life)
{
    ll_life_reset(LL_VARIANT_LIFE(life));
}

void LL_VARIANT(clear)(const struct ll_book_memory *book, const struct ll_life_memory *life)
{
    ll_book_hot_clear(LL_VARIANT_BOOK(book));
    ll_life_hot_clear(LL_VARIANT_LIFE(life));
}
