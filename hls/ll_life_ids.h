/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The identifier table: 16-byte key -> the place of the identifier, with what it is beside the key.
 *
 * Shape    A hash table of 64-byte buckets with two identifiers each, filled from way 0; behind a full bucket
 *          hangs a short chain of overflow buckets. Nothing is ever removed or moved: a place stays one.
 *          In hardware a bucket is read whole and written whole, its line on chip (ll_hot.h).
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

/* --- A bucket --------------------------------------------------------------------------------------------- */

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

/* The identifier in a way, spread out. */
LL_FN_HOT struct ll_life_id ll_life_bucket_id(LL_GLOBAL const struct ll_life_bucket *bucket, u32 way)
{
    struct ll_life_id record;
    u32 rest = bucket->rest[way];
    u32 status = bucket->status[way];
    record.order = bucket->order[way];
    record.type = bucket->type[way];
    u32 executed = (u32)(record.type == LL_ID_EXECUTION);
    record.replaced_by = ll_select32(executed, LL_LIFE_NONE, rest);
    record.quantity = ll_select32(executed, rest, 0);
    record.status = (u8)(status & ((1u << LL_LIFE_FLAG_SHIFT) - 1u));
    record.flags = (u8)(status >> LL_LIFE_FLAG_SHIFT);
    record.reserved = 0;
    return record;
}

LL_FN_HOT void ll_life_bucket_set_id(LL_GLOBAL struct ll_life_bucket *bucket, u32 way,
                                     struct ll_life_id record)
{
    bucket->order[way] = record.order;
    bucket->rest[way] = record.type == LL_ID_EXECUTION ? record.quantity : record.replaced_by;
    bucket->type[way] = record.type;
    bucket->status[way] = (u8)((u32)record.flags << LL_LIFE_FLAG_SHIFT | record.status);
}

/* A new key in the first free way. */
LL_FN_HOT void ll_life_bucket_add(LL_GLOBAL struct ll_life_bucket *bucket, u32 used, u64 key0, u64 key1,
                                  u32 id)
{
    u32 way = ll_ctz32(~used);
    bucket->key[way][0] = key0;
    bucket->key[way][1] = key1;
    bucket->id[way] = id;
    bucket->link = (bucket->link & LL_LIFE_NEXT_MASK) | (used << 1 | 1u) << LL_LIFE_USED_SHIFT;
}

/* --- The memory of the buckets --------------------------------------------------------------------------- */

#if LL_HOT_LINES > 0

/* A bucket as the words it lies in memory as, and back: wires. */
LL_FN_HOT struct ll_line ll_life_bucket_to_line(struct ll_life_bucket bucket)
{
    struct ll_line line;
    line.word[0] = bucket.key[0][0];
    line.word[1] = bucket.key[0][1];
    line.word[2] = bucket.key[1][0];
    line.word[3] = bucket.key[1][1];
    line.word[4] = bucket.id[0] | (u64)bucket.id[1] << 32;
    line.word[5] = bucket.order[0] | (u64)bucket.order[1] << 32;
    line.word[6] = bucket.rest[0] | (u64)bucket.rest[1] << 32;
    line.word[7] = bucket.type[0] | (u64)bucket.type[1] << 8 | (u64)bucket.status[0] << 16 |
                   (u64)bucket.status[1] << 24 | (u64)bucket.link << 32;
    return line;
}

LL_FN_HOT struct ll_life_bucket ll_life_bucket_from_line(struct ll_line line)
{
    struct ll_life_bucket bucket;
    bucket.key[0][0] = line.word[0];
    bucket.key[0][1] = line.word[1];
    bucket.key[1][0] = line.word[2];
    bucket.key[1][1] = line.word[3];
    bucket.id[0] = (u32)line.word[4];
    bucket.id[1] = (u32)(line.word[4] >> 32);
    bucket.order[0] = (u32)line.word[5];
    bucket.order[1] = (u32)(line.word[5] >> 32);
    bucket.rest[0] = (u32)line.word[6];
    bucket.rest[1] = (u32)(line.word[6] >> 32);
    bucket.type[0] = (u8)line.word[7];
    bucket.type[1] = (u8)(line.word[7] >> 8);
    bucket.status[0] = (u8)(line.word[7] >> 16);
    bucket.status[1] = (u8)(line.word[7] >> 24);
    bucket.link = (u32)(line.word[7] >> 32);
    return bucket;
}

/* From the chip, else from the big memory and then on the chip. */
LL_FN struct ll_life_bucket ll_life_bucket_get(LL_LIFE_IDS_LOOK, u32 at)
{
    struct ll_hot_found found = ll_hot_look(at LL_LIFE_IDS_HOT_PASS);
    if (found.hit == 0) {
        found.line = ll_life_bucket_to_line(buckets[at]);
        ll_hot_keep(at, found.line LL_LIFE_IDS_HOT_PASS);
        LL_HOT_SETTLED();
    }
    return ll_life_bucket_from_line(found.line);
}

/* On the chip and in the big memory. */
LL_FN void ll_life_bucket_put(LL_LIFE_IDS, u32 at, struct ll_life_bucket bucket)
{
    buckets[at] = bucket;
    ll_hot_keep(at, ll_life_bucket_to_line(bucket) LL_LIFE_IDS_HOT_PASS);
    LL_HOT_SETTLED();
}

/* `name` points to the bucket as it is now, until the next write of any: to a copy of it. */
#define LL_LIFE_BUCKET_AT(name, at)                                               \
    struct ll_life_bucket name##_copy = ll_life_bucket_get(LL_LIFE_IDS_PASS, at); \
    const struct ll_life_bucket *name = &name##_copy

LL_FN void ll_life_store(LL_LIFE_IDS, u32 place, struct ll_life_id record)
{
    u32 at = place >> LL_LIFE_WAY_BITS;
    struct ll_life_bucket bucket = ll_life_bucket_get(LL_LIFE_IDS_PASS, at);
    ll_life_bucket_set_id(&bucket, place & (LL_LIFE_WAYS - 1u), record);
    ll_life_bucket_put(LL_LIFE_IDS_PASS, at, bucket);
}

LL_FN void ll_life_bucket_chain(LL_LIFE_IDS, u32 at, u32 next)
{
    struct ll_life_bucket bucket = ll_life_bucket_get(LL_LIFE_IDS_PASS, at);
    bucket.link |= next;
    ll_life_bucket_put(LL_LIFE_IDS_PASS, at, bucket);
}

LL_FN void ll_life_key_store(LL_LIFE_IDS, u32 at, u32 used, u64 key0, u64 key1, u32 id)
{
    struct ll_life_bucket bucket = ll_life_bucket_get(LL_LIFE_IDS_PASS, at);
    ll_life_bucket_add(&bucket, used, key0, key1, id);
    ll_life_bucket_put(LL_LIFE_IDS_PASS, at, bucket);
}

#else

/* The same where memory is one: what is not looked at is not read, what does not change is not written. */
#define LL_LIFE_BUCKET_AT(name, at) LL_GLOBAL const struct ll_life_bucket *name = &buckets[at]

LL_FN void ll_life_store(LL_LIFE_IDS, u32 place, struct ll_life_id record)
{
    ll_life_bucket_set_id(&buckets[place >> LL_LIFE_WAY_BITS], place & (LL_LIFE_WAYS - 1u), record);
}

LL_FN void ll_life_bucket_chain(LL_LIFE_IDS, u32 at, u32 next)
{
    buckets[at].link |= next;
}

LL_FN void ll_life_key_store(LL_LIFE_IDS, u32 at, u32 used, u64 key0, u64 key1, u32 id)
{
    ll_life_bucket_add(&buckets[at], used, key0, key1, id);
}

#endif

/* --- The table -------------------------------------------------------------------------------------------- */

/* The long way: through the chain from `bucket` on. */
LL_FN_RARE u32 ll_life_find_far(LL_LIFE_IDS_LOOK, u32 bucket, u64 key0, u64 key1)
{
    for (u32 depth = 0; depth < LL_LIFE_CHAIN_MAX; depth++) {
        LL_LIFE_BUCKET_AT(here, bucket);
        u32 hits = ll_life_bucket_find(here, key0, key1);
        if (hits != 0)
            return bucket << LL_LIFE_WAY_BITS | ll_ctz32(hits);
        bucket = here->link & LL_LIFE_NEXT_MASK;
        if (bucket == 0)
            break;
    }
    return LL_LIFE_NONE;
}

/* The place of the key, LL_LIFE_NONE = not known. `home` is its ll_life_bucket_of. */
LL_FN_HOT u32 ll_life_find(LL_LIFE_IDS_LOOK, u32 home, u64 key0, u64 key1)
{
    LL_LIFE_BUCKET_AT(here, home);
    u32 hits = ll_life_bucket_find(here, key0, key1);
    u32 next = here->link & LL_LIFE_NEXT_MASK;
    if (LL_RARE(hits == 0))
        return next == 0 ? LL_LIFE_NONE : ll_life_find_far(LL_LIFE_IDS_PASS, next, key0, key1);
    return home << LL_LIFE_WAY_BITS | ll_ctz32(hits);
}

/* The host's number of the identifier at `place`. */
LL_FN_HOT u32 ll_life_number(LL_LIFE_IDS_LOOK, u32 place)
{
    LL_LIFE_BUCKET_AT(here, place >> LL_LIFE_WAY_BITS);
    return here->id[place & (LL_LIFE_WAYS - 1u)];
}

LL_FN_HOT struct ll_life_id ll_life_load(LL_LIFE_IDS_LOOK, u32 place)
{
    LL_LIFE_BUCKET_AT(here, place >> LL_LIFE_WAY_BITS);
    return ll_life_bucket_id(here, place & (LL_LIFE_WAYS - 1u));
}

/* A new key, not in the table yet. Returns its place, whose record is the caller's to store, or LL_LIFE_NONE
 * when its chain is full or no overflow bucket is left. */
LL_FN u32 ll_life_insert(LL_GLOBAL struct ll_life_control *control, LL_LIFE_IDS, u32 home, u64 key0, u64 key1,
                         u32 id)
{
    LL_LIFE_BUCKET_AT(first, home);
    u32 bucket = home;
    u32 link = first->link;
    u32 depth = 1;
    for (; depth < LL_LIFE_CHAIN_MAX && (link & LL_LIFE_NEXT_MASK) != 0; depth++) {
#pragma HLS LOOP_TRIPCOUNT min = 0 max = 8
        bucket = link & LL_LIFE_NEXT_MASK;
        LL_LIFE_BUCKET_AT(here, bucket);
        link = here->link;
    }
    u32 used = link >> LL_LIFE_USED_SHIFT;
    if (used == LL_LIFE_FULL) {
        u32 next = control->bucket_count + control->overflow_used;
        if (depth == LL_LIFE_CHAIN_MAX || control->overflow_used == control->overflow_count)
            return LL_LIFE_NONE;
        control->overflow_used++;
        ll_life_bucket_chain(LL_LIFE_IDS_PASS, bucket, next);
        bucket = next;
        used = 0;
    }
    ll_life_key_store(LL_LIFE_IDS_PASS, bucket, used, key0, key1, id);
    return bucket << LL_LIFE_WAY_BITS | ll_ctz32(~used);
}

#endif
