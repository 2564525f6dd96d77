/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The identifier table: 16-byte key -> the host's number of the identifier.
 *
 * Shape    A hash table of 64-byte buckets with three keys each, filled from way 0; behind a full bucket
 *          hangs a short chain of overflow buckets. Nothing is ever removed or moved.
 * Units    as in ll_life_types.h.
 * Errors   ll_life_insert: 0 = no room for this key, nothing has changed.
 * Threads  one owner of the memory.
 */
#ifndef LL_HLS_LIFE_IDS_H
#define LL_HLS_LIFE_IDS_H

#include "hls/ll_hash.h"
#include "hls/ll_life_types.h"

LL_FN_HOT u32 ll_life_bucket_of(u64 key0, u64 key1, u32 seed, u32 bucket_count)
{
    return ll_hash_key(key0, key1, seed) & (bucket_count - 1u);
}

/* Mask of the ways that hold the key: one bit or none. */
LL_FN_HOT u32 ll_life_bucket_find(LL_GLOBAL const struct ll_life_bucket *bucket, u64 key0, u64 key1)
{
    u32 hits = 0;
    for (u32 way = 0; way < LL_LIFE_WAYS; way++) {
#pragma HLS UNROLL
        hits |= (u32)(((bucket->key[way][0] ^ key0) | (bucket->key[way][1] ^ key1)) == 0) << way;
    }
    return hits & bucket->link >> LL_LIFE_USED_SHIFT;
}

/* The long way: through the chain behind `bucket`. */
LL_FN_RARE u32 ll_life_find_far(LL_GLOBAL const struct ll_life_bucket *buckets, u32 bucket, u64 key0,
                                u64 key1)
{
    for (u32 depth = 0; depth < LL_LIFE_CHAIN_MAX; depth++) {
        u32 hits = ll_life_bucket_find(&buckets[bucket], key0, key1);
        u32 next = buckets[bucket].link & LL_LIFE_NEXT_MASK;
        if (hits != 0)
            return buckets[bucket].id[ll_ctz32(hits)];
        if (next == 0)
            break;
        bucket = next;
    }
    return LL_LIFE_NONE;
}

/* The identifier of the key, LL_LIFE_NONE = not known. `home` is its ll_life_bucket_of. */
LL_FN_HOT u32 ll_life_find(LL_GLOBAL const struct ll_life_bucket *buckets, u32 home, u64 key0, u64 key1)
{
    u32 hits = ll_life_bucket_find(&buckets[home], key0, key1);
    if (LL_RARE(hits == 0))
        return (buckets[home].link & LL_LIFE_NEXT_MASK) == 0 ? LL_LIFE_NONE
                                                             : ll_life_find_far(buckets, home, key0, key1);
    return buckets[home].id[ll_ctz32(hits)];
}

/* A new key, not in the table yet. Returns 1, or 0 when its chain is full or no overflow bucket is left. */
LL_FN u32 ll_life_insert(LL_GLOBAL struct ll_life_control *control, LL_GLOBAL struct ll_life_bucket *buckets,
                         u32 home, u64 key0, u64 key1, u32 id)
{
    u32 bucket = home;
    u32 depth = 1;
    for (; depth < LL_LIFE_CHAIN_MAX && (buckets[bucket].link & LL_LIFE_NEXT_MASK) != 0; depth++)
        bucket = buckets[bucket].link & LL_LIFE_NEXT_MASK;
    u32 used = buckets[bucket].link >> LL_LIFE_USED_SHIFT;
    if (used == LL_LIFE_FULL) {
        u32 next = control->bucket_count + control->overflow_used;
        if (depth == LL_LIFE_CHAIN_MAX || control->overflow_used == control->overflow_count)
            return 0;
        control->overflow_used++;
        buckets[bucket].link |= next;
        bucket = next;
        used = 0;
    }
    u32 way = ll_ctz32(~used);
    buckets[bucket].key[way][0] = key0;
    buckets[bucket].key[way][1] = key1;
    buckets[bucket].id[way] = id;
    buckets[bucket].link = (buckets[bucket].link & LL_LIFE_NEXT_MASK) | (used << 1 | 1u)
                                                                            << LL_LIFE_USED_SHIFT;
    return 1;
}

#endif
