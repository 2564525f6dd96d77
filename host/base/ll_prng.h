/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small deterministic generator for tests, simulators and generated feeds. Never for secrets.
 *
 * Shape    splitmix64: one 64-bit word of state, any seed is good, same seed = same stream on any machine.
 * Units    none.
 * Errors   none.
 * Threads  one owner per struct.
 * Source   G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
 */
#ifndef LL_HOST_BASE_PRNG_H
#define LL_HOST_BASE_PRNG_H

#include <stdint.h>

struct ll_prng {
    uint64_t state;
};

static inline void ll_prng_init(struct ll_prng *prng, uint64_t seed)
{
    prng->state = seed;
}

static inline uint64_t ll_prng_next(struct ll_prng *prng)
{
    uint64_t z = (prng->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Uniform in [0, bound); bound >= 1. Multiply-shift: the bias of at most bound/2^32 does not matter here. */
static inline uint32_t ll_prng_below(struct ll_prng *prng, uint32_t bound)
{
    return (uint32_t)(((ll_prng_next(prng) >> 32) * bound) >> 32);
}

/* True with probability `per_mille` / 1000. */
static inline int ll_prng_chance(struct ll_prng *prng, uint32_t per_mille)
{
    return ll_prng_below(prng, 1000) < per_mille;
}

#endif
