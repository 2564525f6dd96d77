/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random asks for the lifecycle half, shaped so that they reach the corners.
 *
 * Shape    A shape says what a script looks like: how many orders it talks about, how often it asks for what,
 *          in which quantities; and tables that such a script fits, or runs out of. init -> next, next, ...
 *          One ask after the other; a script knows the keys it gave, not what became of them. The same seed
 *          gives the same asks.
 * Units    lots.
 * Errors   none: some of the asks are nonsense on purpose.
 * Threads  one owner.
 */
#ifndef LL_TESTS_MODEL_LIFE_SCRIPT_H
#define LL_TESTS_MODEL_LIFE_SCRIPT_H

#include "host/base/ll_prng.h"
#include "tests/model/ll_life_pair.h"

#include <stdint.h>

#define LL_LIFE_SCRIPT_KEYS_MAX 2000u
#define LL_LIFE_SCRIPT_ASKS_MAX 1500u /* of any shape */
#define LL_LIFE_SHAPE_COUNT     16u

enum ll_script_lots { LL_LOTS_SMALL, LL_LOTS_MIXED, LL_LOTS_HUGE };
enum ll_life_script_full { LL_LIFE_FULL_NEVER = 0, LL_LIFE_FULL_NUMBERS = 1, LL_LIFE_FULL_CHAINS = 2 };

struct ll_life_shape {
    const char *name;
    uint32_t asks;
    uint32_t orders;                /* that the script talks about */
    uint32_t ops[LL_LIFE_OP_COUNT]; /* weights */
    enum ll_script_lots lots;
    uint32_t full; /* enum ll_life_script_full: what runs out */
    struct ll_life_pair_config config;
};

extern const struct ll_life_shape ll_life_shapes[LL_LIFE_SHAPE_COUNT];

struct ll_life_script { /* private */
    const struct ll_life_shape *shape;
    struct ll_prng prng;
    uint64_t keys[LL_LIFE_SCRIPT_KEYS_MAX][2];
    uint32_t key_count;
    uint64_t executions[LL_LIFE_SCRIPT_KEYS_MAX][2];
    uint32_t execution_count;
    uint32_t next_id;
    uint32_t asks_made;
};

void ll_life_script_init(struct ll_life_script *script, const struct ll_life_shape *shape, uint64_t seed);
/* The next ask; its seq counts from 1. */
void ll_life_script_next(struct ll_life_script *script, struct ll_life_ask *ask);

#endif
