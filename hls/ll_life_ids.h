/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The identifier table: 16-byte key -> the place of the identifier, with what it is beside the key.
 *
 * Shape    A hash table of 64-byte buckets with two identifiers each, filled from way 0; behind a full bucket
 *          hangs a short chain of overflow buckets. Nothing is ever removed or moved: a place stays one.
 * Units    as in ll_life_types.h.
 * Errors   ll_life_insert: LL_LIFE_NONE = no room for this key, nothing has changed.
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

/* The way that a mask says; of an empty mask the last one. */
LL_FN_HOT u32 ll_life_way(u32 hits)
{
    return ll_ctz32(hits | 1u << (LL_LIFE_WAYS - 1u));
}

/* The long way: through the chain from `bucket` on. */
LL_FN_RARE u32 ll_life_find_far(LL_GLOBAL const struct ll_life_bucket *buckets, u32 bucket, u64 key0,
                                u64 key1)
{
    for (u32 depth = 0; depth < LL_LIFE_CHAIN_MAX; depth++) {
        u32 hits = ll_life_bucket_find(&buckets[bucket], key0, key1);
        if (hits != 0)
            return bucket << LL_LIFE_WAY_BITS | ll_ctz32(hits);
        bucket = buckets[bucket].link & LL_LIFE_NEXT_MASK;
        if (bucket == 0)
            break;
    }
    return LL_LIFE_NONE;
}

/* The place of the key, LL_LIFE_NONE = not known. `home` is its ll_life_bucket_of. */
LL_FN_HOT u32 ll_life_find(LL_GLOBAL const struct ll_life_bucket *buckets, u32 home, u64 key0, u64 key1)
{
    u32 hits = ll_life_bucket_find(&buckets[home], key0, key1);
    u32 next = buckets[home].link & LL_LIFE_NEXT_MASK;
    if (LL_RARE(hits == 0))
        return next == 0 ? LL_LIFE_NONE : ll_life_find_far(buckets, next, key0, key1);
    return home << LL_LIFE_WAY_BITS | ll_ctz32(hits);
}

/* The host's number of the identifier at `place`. */
LL_FN_HOT u32 ll_life_number(LL_GLOBAL const struct ll_life_bucket *buckets, u32 place)
{
    return buckets[place >> LL_LIFE_WAY_BITS].id[place & (LL_LIFE_WAYS - 1u)];
}

LL_FN_HOT struct ll_life_id ll_life_load(LL_GLOBAL const struct ll_life_bucket *buckets, u32 place)
{
    struct ll_life_id record;
    u32 bucket = place >> LL_LIFE_WAY_BITS;
    u32 way = place & (LL_LIFE_WAYS - 1u);
    u32 rest = buckets[bucket].rest[way];
    u32 status = buckets[bucket].status[way];
    record.order = buckets[bucket].order[way];
    record.type = buckets[bucket].type[way];
    u32 executed = (u32)(record.type == LL_ID_EXECUTION);
    record.replaced_by = ll_select32(executed, LL_LIFE_NONE, rest);
    record.quantity = ll_select32(executed, rest, 0);
    record.status = (u8)(status & ((1u << LL_LIFE_FLAG_SHIFT) - 1u));
    record.flags = (u8)(status >> LL_LIFE_FLAG_SHIFT);
    record.reserved = 0;
    return record;
}

LL_FN void ll_life_store(LL_GLOBAL struct ll_life_bucket *buckets, u32 place, struct ll_life_id record)
{
    u32 bucket = place >> LL_LIFE_WAY_BITS;
    u32 way = place & (LL_LIFE_WAYS - 1u);
    buckets[bucket].order[way] = record.order;
    buckets[bucket].rest[way] = record.type == LL_ID_EXECUTION ? record.quantity : record.replaced_by;
    buckets[bucket].type[way] = record.type;
    buckets[bucket].status[way] = (u8)((u32)record.flags << LL_LIFE_FLAG_SHIFT | record.status);
}

/* A new key, not in the table yet. Returns its place, whose record is the caller's to store, or LL_LIFE_NONE
 * when its chain is full or no overflow bucket is left. */
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
            return LL_LIFE_NONE;
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
    return bucket << LL_LIFE_WAY_BITS | way;
}

#endif
