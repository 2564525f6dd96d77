/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random updates for the book half, shaped so that they reach the corners.
 *
 * Shape    A shape says what a script looks like: how prices go, where references come from, which orders end
 *          first, whether the book fills and drains; and tables that such a script fits, or runs out of. init
 *          -> next, next, ... One message after the other; a script knows the references it gave, not which
 *          of them live. The same seed gives the same messages.
 * Units    as in hls/ll_records.h.
 * Errors   none: some of the messages are nonsense on purpose.
 * Threads  one owner.
 */
#ifndef LL_TESTS_MODEL_BOOK_SCRIPT_H
#define LL_TESTS_MODEL_BOOK_SCRIPT_H

#include "host/base/ll_prng.h"
#include "tests/model/ll_book_pair.h"

#include <stdint.h>

#define LL_BOOK_SCRIPT_KNOWN_MAX    8192u
#define LL_BOOK_SCRIPT_MESSAGES_MAX 9000u /* of any shape */
#define LL_BOOK_SHAPE_COUNT         27u

enum ll_script_price {
    LL_PRICE_TINY,
    LL_PRICE_NARROW,
    LL_PRICE_WIDE,
    LL_PRICE_EDGES,
    LL_PRICE_UP,
    LL_PRICE_DOWN,
    LL_PRICE_DRIFT,
    LL_PRICE_SWEEP
};
enum ll_script_ref { LL_REF_COUNTED, LL_REF_RANDOM, LL_REF_FEW, LL_REF_COLLIDING };
enum ll_script_full { LL_FULL_NEVER = 0, LL_FULL_ORDERS = 1, LL_FULL_LEVELS = 2 };
enum ll_script_take {
    LL_TAKE_RANDOM,
    LL_TAKE_OLDEST,
    LL_TAKE_NEWEST,
    LL_TAKE_COMB
}; /* comb: leave every 16th */

struct ll_book_shape {
    const char *name;
    uint32_t messages;
    uint32_t phase; /* fill for so many messages, then drain for as many; 0 = a steady mix */
    enum ll_script_price price;
    enum ll_script_ref ref;
    enum ll_script_take take;
    struct ll_book_pair_config config;
    uint32_t full;   /* enum ll_script_full: the tables that run out */
    uint32_t height; /* that the script reaches at least */
};

extern const struct ll_book_shape ll_book_shapes[LL_BOOK_SHAPE_COUNT];

struct ll_book_script { /* private */
    const struct ll_book_shape *shape;
    struct ll_prng prng;
    uint64_t known[LL_BOOK_SCRIPT_KNOWN_MAX];
    uint32_t known_count;
    uint64_t refs_made;
    uint32_t prices_made;
    uint32_t takes;
    uint32_t messages_made;
};

void ll_book_script_init(struct ll_book_script *script, const struct ll_book_shape *shape, uint64_t seed);
/* The next message; its seq counts from 1. */
void ll_book_script_next(struct ll_book_script *script, struct ll_update *update);

#endif
