/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Price levels as a hashed 64-way bitmap tree over the price: a peer of hls/ll_levels.h, for measuring.
 *
 * Shape    One hash table of 64-byte buckets, three entries each, overflow buckets chained behind them. An
 *          entry is a level (book, side, price -> quantity, orders) or a node of the tree (book, side, depth,
 *          prefix -> 64 bits, one for each child that is not empty). The next best after the best level has
 *          gone: climb to the first node with a bit left, descend by the lowest bits. Nothing scans.
 *
 *            root     2 bits of the cent, in the side itself     4 x $167,772
 *            depth 1  6 bits                                        64 x $2,621
 *            depth 2  6 bits                                        64 x $41
 *            depth 3  6 bits                                        64 x 64 cents
 *            depth 4  6 bits                                        64 x 1 cent
 *            depth 5  two halves of a cent, 50 ticks each: only for cents with a level that is not on the
 * cent
 *
 *          Why this split and not 2+6+6+6+6+6 bits of the price: prices are ticks of 1/100 cent, and above
 * one dollar all of them are whole cents. 64 ticks are less than a cent, so every level would pay for a node
 * with one bit in it. Split at the cent, a level that appears or goes touches itself and one node that is
 * mostly there already. Any price is exact; fractions of a cent cost depth 5. The coordinate of a buy price
 * runs backwards, so that smaller is better on both sides. Units    ticks, shares; cent = 100 ticks. Errors
 * no room: the change is not done and nothing has changed. Unlike tree nodes from a pool, a hashed entry can
 * be refused by its chain alone, which nobody can know before the batch: then the order goes again after
 * later messages of the batch have seen it. Threads  one owner of the memory.
 */
#ifndef LL_BENCH_LEVELS_BITMAP_H
#define LL_BENCH_LEVELS_BITMAP_H

#include "hls/ll_book.h"

#define LL_BITMAP_CENT_TICKS 100u
#define LL_BITMAP_HALF_TICKS 50u
#define LL_BITMAP_CENT_MAX   42949672u /* of the highest price; 26 bits */
#define LL_BITMAP_DIGIT_BITS 6u
#define LL_BITMAP_DEPTH_ROOT 0u
#define LL_BITMAP_DEPTH_CENT 4u
#define LL_BITMAP_DEPTH_TICK 5u
#define LL_BITMAP_TAG_LEVEL  7u /* in the place of a depth */
#define LL_BITMAP_CHAIN_MAX  8u
#define LL_BITMAP_ENTRIES_CHANGE \
    7u /* made by one change at most: a level, four nodes, two halves of a cent */

struct ll_bitmap_bucket {
    u64 id[LL_BUCKET_WAYS];
    u64 value[LL_BUCKET_WAYS]; /* of a level its quantity, of a node its bits */
    u32 orders[LL_BUCKET_WAYS];
    u32 link; /* as in struct ll_order_bucket */
};
LL_STATIC_ASSERT(sizeof(struct ll_bitmap_bucket) == 64, "one line");

struct ll_bitmap_control {
    u32 bucket_count; /* a power of two; this and the next two are set before ll_bitmap_reset */
    u32 overflow_count;
    u32 hash_seed;
    u32 overflow_free;
    u32 overflow_free_count;
    u32 live_levels;
    u32 live_entries; /* levels and nodes */
    u32 reserved[9];
};
LL_STATIC_ASSERT(sizeof(struct ll_bitmap_control) == 64, "one line");

/* Of struct ll_book_side, `height` counts the depth-5 nodes here and `shape` is the root's four bits. */
#define LL_BITMAP_MEMORY                                                                   \
    LL_GLOBAL struct ll_bitmap_control *table, LL_GLOBAL struct ll_bitmap_bucket *entries, \
        LL_GLOBAL struct ll_book_side *sides
#define LL_BITMAP_MEMORY_PASS table, entries, sides

struct ll_bitmap_place {
    u32 found;
    u32 bucket;
    u32 way;
};

/* Where a price lies in the tree. */
struct ll_bitmap_point {
    u32 cent;
    u32 tick;  /* within the cent */
    u32 plain; /* 1 = a whole cent */
};

/* A node that is not empty, for the way down to the best. */
struct ll_bitmap_start {
    u32 depth;
    u32 prefix;
    u64 bits;
};

LL_FN_HOT struct ll_bitmap_point ll_bitmap_point_of(u32 key, u32 book_side)
{
    u32 price = ll_price_key(key, book_side);
    u32 buys = (book_side & 1u) ^ 1u;
    u32 cent = price / LL_BITMAP_CENT_TICKS;
    u32 tick = price - cent * LL_BITMAP_CENT_TICKS;
    struct ll_bitmap_point point;
    point.plain = (u32)(tick == 0);
    point.cent = ll_select32(buys, LL_BITMAP_CENT_MAX - cent, cent);
    point.tick = ll_select32(buys, LL_BITMAP_CENT_TICKS - 1u - tick, tick);
    return point;
}

LL_FN_HOT u32 ll_bitmap_key_of(u32 cent, u32 tick, u32 book_side)
{
    u32 buys = (book_side & 1u) ^ 1u;
    u32 price = ll_select32(buys, LL_BITMAP_CENT_MAX - cent, cent) * LL_BITMAP_CENT_TICKS +
                ll_select32(buys, LL_BITMAP_CENT_TICKS - 1u - tick, tick);
    return ll_price_key(price, book_side);
}

LL_FN_HOT u32 ll_bitmap_plain_tick(u32 book_side)
{
    return ll_select32(book_side & 1u, 0, LL_BITMAP_CENT_TICKS - 1u);
}

LL_FN_HOT u32 ll_bitmap_ctz64(u64 x)
{
    u32 low = (u32)x;
    return low != 0 ? ll_ctz32(low) : 32u + ll_ctz32((u32)(x >> 32));
}

/* --- The table ------------------------------------------------------------------------------------------ */

LL_FN_HOT u64 ll_bitmap_id(u32 book_side, u32 depth, u32 prefix)
{
    return (u64)(book_side << 3 | depth) << 32 | prefix;
}

LL_FN_HOT u32 ll_bitmap_home(LL_GLOBAL const struct ll_bitmap_control *table, u64 id)
{
    return ll_hash_ref(id, table->hash_seed) & (table->bucket_count - 1u);
}

LL_FN_HOT u32 ll_bitmap_hits(LL_GLOBAL const struct ll_bitmap_bucket *bucket, u64 id)
{
    u32 hits = (u32)(bucket->id[0] == id) | (u32)(bucket->id[1] == id) << 1 | (u32)(bucket->id[2] == id) << 2;
    return hits & bucket->link >> LL_LINK_USED_SHIFT;
}

LL_FN_RARE struct ll_bitmap_place ll_bitmap_find_far(LL_GLOBAL const struct ll_bitmap_bucket *entries,
                                                     u32 bucket, u64 id)
{
    struct ll_bitmap_place place = {0, bucket, 0};
    for (u32 depth = 0; depth < LL_BITMAP_CHAIN_MAX; depth++) {
        u32 hits = ll_bitmap_hits(&entries[bucket], id);
        if (hits != 0) {
            place.found = 1;
            place.bucket = bucket;
            place.way = ll_ctz32(hits);
            break;
        }
        bucket = entries[bucket].link & LL_LINK_NEXT_MASK;
        if (bucket == 0)
            break;
    }
    return place;
}

LL_FN_HOT struct ll_bitmap_place ll_bitmap_find(LL_GLOBAL const struct ll_bitmap_bucket *entries, u32 home,
                                                u64 id)
{
    struct ll_bitmap_place place;
    u32 hits = ll_bitmap_hits(&entries[home], id);
    place.found = (u32)(hits != 0);
    place.bucket = home;
    place.way = ll_ctz32(hits | (LL_BUCKET_FULL + 1u));
    if (LL_RARE(hits == 0 && (entries[home].link & LL_LINK_NEXT_MASK) != 0))
        place = ll_bitmap_find_far(entries, home, id);
    return place;
}

LL_FN void ll_bitmap_put(LL_GLOBAL struct ll_bitmap_control *table, LL_GLOBAL struct ll_bitmap_bucket *bucket,
                         u64 id, u64 value, u32 orders)
{
    u32 way = ll_ctz32(~(bucket->link >> LL_LINK_USED_SHIFT));
    bucket->id[way] = id;
    bucket->value[way] = value;
    bucket->orders[way] = orders;
    bucket->link |= 1u << way << LL_LINK_USED_SHIFT;
    table->live_entries++;
}

/* Into the chain behind a full home bucket. */
LL_FN_RARE u32 ll_bitmap_insert_far(LL_GLOBAL struct ll_bitmap_control *table,
                                    LL_GLOBAL struct ll_bitmap_bucket *entries, u32 bucket, u64 id, u64 value,
                                    u32 orders)
{
    for (u32 depth = 1; depth < LL_BITMAP_CHAIN_MAX; depth++) {
        u32 next = entries[bucket].link & LL_LINK_NEXT_MASK;
        if (next == 0) {
            if (table->overflow_free_count == 0)
                return 0;
            next = table->overflow_free;
            table->overflow_free = entries[next].link;
            table->overflow_free_count--;
            entries[next].link = 0;
            entries[bucket].link |= next;
        }
        bucket = next;
        if (entries[bucket].link >> LL_LINK_USED_SHIFT != LL_BUCKET_FULL) {
            ll_bitmap_put(table, &entries[bucket], id, value, orders);
            return 1;
        }
    }
    return 0;
}

/* An entry that is not there yet. Returns 1, or 0 = no room. */
LL_FN_HOT u32 ll_bitmap_insert(LL_GLOBAL struct ll_bitmap_control *table,
                               LL_GLOBAL struct ll_bitmap_bucket *entries, u32 home, u64 id, u64 value,
                               u32 orders)
{
    if (LL_RARE(entries[home].link >> LL_LINK_USED_SHIFT == LL_BUCKET_FULL))
        return ll_bitmap_insert_far(table, entries, home, id, value, orders);
    ll_bitmap_put(table, &entries[home], id, value, orders);
    return 1;
}

/* An overflow bucket that is empty leaves its chain. */
LL_FN_RARE void ll_bitmap_trim(LL_GLOBAL struct ll_bitmap_control *table,
                               LL_GLOBAL struct ll_bitmap_bucket *entries, u32 home, u32 empty)
{
    u32 previous = home;
    for (u32 depth = 0; depth < LL_BITMAP_CHAIN_MAX; depth++) {
        u32 next = entries[previous].link & LL_LINK_NEXT_MASK;
        if (next == empty)
            break;
        previous = next;
    }
    entries[previous].link = (entries[previous].link & ~LL_LINK_NEXT_MASK) | entries[empty].link;
    entries[empty].link = table->overflow_free;
    table->overflow_free = empty;
    table->overflow_free_count++;
}

LL_FN_HOT void ll_bitmap_remove(LL_GLOBAL struct ll_bitmap_control *table,
                                LL_GLOBAL struct ll_bitmap_bucket *entries, u32 home,
                                struct ll_bitmap_place place)
{
    entries[place.bucket].link &= ~(1u << place.way << LL_LINK_USED_SHIFT);
    table->live_entries--;
    if (LL_RARE(place.bucket != home && entries[place.bucket].link >> LL_LINK_USED_SHIFT == 0))
        ll_bitmap_trim(table, entries, home, place.bucket);
}

/* --- The tree ------------------------------------------------------------------------------------------- */

/* The bits of a node, 0 when there is none. */
LL_FN u64 ll_bitmap_bits(LL_GLOBAL const struct ll_bitmap_control *table,
                         LL_GLOBAL const struct ll_bitmap_bucket *entries, u64 id)
{
    struct ll_bitmap_place place = ll_bitmap_find(entries, ll_bitmap_home(table, id), id);
    return place.found != 0 ? entries[place.bucket].value[place.way] : 0;
}

enum ll_bitmap_set { LL_BITMAP_NO_ROOM, LL_BITMAP_NEW, LL_BITMAP_THERE };

LL_FN_HOT u32 ll_bitmap_set(LL_GLOBAL struct ll_bitmap_control *table,
                            LL_GLOBAL struct ll_bitmap_bucket *entries, u64 id, u32 bit)
{
    u32 home = ll_bitmap_home(table, id);
    struct ll_bitmap_place place = ll_bitmap_find(entries, home, id);
    if (place.found != 0) {
        entries[place.bucket].value[place.way] |= (u64)1 << bit;
        return LL_BITMAP_THERE;
    }
    u32 done = ll_bitmap_insert(table, entries, home, id, (u64)1 << bit, 0);
    return done != 0 ? (u32)LL_BITMAP_NEW : (u32)LL_BITMAP_NO_ROOM;
}

/* Returns what is left; a node with nothing left goes. A node that is not there has nothing left. */
LL_FN_HOT u64 ll_bitmap_clear(LL_GLOBAL struct ll_bitmap_control *table,
                              LL_GLOBAL struct ll_bitmap_bucket *entries, u64 id, u32 bit)
{
    u32 home = ll_bitmap_home(table, id);
    struct ll_bitmap_place place = ll_bitmap_find(entries, home, id);
    if (place.found == 0)
        return 0;
    u64 left = entries[place.bucket].value[place.way] & ~((u64)1 << bit);
    entries[place.bucket].value[place.way] = left;
    if (left == 0)
        ll_bitmap_remove(table, entries, home, place);
    return left;
}

LL_FN u64 ll_bitmap_half_id(u32 book_side, u32 cent, u32 tick)
{
    return ll_bitmap_id(book_side, LL_BITMAP_DEPTH_TICK, cent << 1 | (u32)(tick >= LL_BITMAP_HALF_TICKS));
}

LL_FN u32 ll_bitmap_half_bit(u32 tick)
{
    return tick >= LL_BITMAP_HALF_TICKS ? tick - LL_BITMAP_HALF_TICKS : tick;
}

LL_FN u32 ll_bitmap_set_tick(LL_BITMAP_MEMORY, u32 book_side, u32 cent, u32 tick)
{
    u32 set =
        ll_bitmap_set(table, entries, ll_bitmap_half_id(book_side, cent, tick), ll_bitmap_half_bit(tick));
    sides[book_side].height += (u32)(set == LL_BITMAP_NEW);
    return set;
}

LL_FN u64 ll_bitmap_clear_tick(LL_BITMAP_MEMORY, u32 book_side, u32 cent, u32 tick)
{
    u64 id = ll_bitmap_half_id(book_side, cent, tick);
    u64 before = ll_bitmap_bits(table, entries, id);
    u64 left = ll_bitmap_clear(table, entries, id, ll_bitmap_half_bit(tick));
    sides[book_side].height -= (u32)(before != 0) & (u32)(left == 0);
    return left;
}

/* Both halves of a cent: which of its ticks have levels; all 0 = the cent has no depth 5. */
LL_FN u32 ll_bitmap_has_ticks(LL_GLOBAL const struct ll_bitmap_control *table,
                              LL_GLOBAL const struct ll_bitmap_bucket *entries, u32 book_side, u32 cent)
{
    return (u32)((ll_bitmap_bits(table, entries, ll_bitmap_half_id(book_side, cent, 0)) |
                  ll_bitmap_bits(table, entries, ll_bitmap_half_id(book_side, cent, LL_BITMAP_HALF_TICKS))) !=
                 0);
}

/* A level appears where fractions of a cent play a part. The plain level of a cent stands for itself until
 * the first fraction joins it; from then on both are in depth 5. Returns 0 = no room, nothing has changed. */
LL_FN_RARE u32 ll_bitmap_mark_tick(LL_BITMAP_MEMORY, u32 book_side, struct ll_bitmap_point point)
{
    u32 has_ticks = ll_bitmap_has_ticks(table, entries, book_side, point.cent);
    if (has_ticks == 0 && point.plain != 0)
        return 1;
    u64 cent_id = ll_bitmap_id(book_side, LL_BITMAP_DEPTH_CENT, point.cent >> LL_BITMAP_DIGIT_BITS);
    u32 has_plain =
        (has_ticks ^ 1u) & (u32)(ll_bitmap_bits(table, entries, cent_id) >> (point.cent & 63u) & 1u);
    u32 plain_tick = ll_bitmap_plain_tick(book_side);
    if (has_plain != 0 &&
        ll_bitmap_set_tick(LL_BITMAP_MEMORY_PASS, book_side, point.cent, plain_tick) == LL_BITMAP_NO_ROOM)
        return 0;
    if (ll_bitmap_set_tick(LL_BITMAP_MEMORY_PASS, book_side, point.cent, point.tick) != LL_BITMAP_NO_ROOM)
        return 1;
    if (has_plain != 0)
        (void)ll_bitmap_clear_tick(LL_BITMAP_MEMORY_PASS, book_side, point.cent, plain_tick);
    return 0;
}

/* A level has gone. Returns 1 when its cent has others. */
LL_FN_RARE u32 ll_bitmap_unmark_tick(LL_BITMAP_MEMORY, u32 book_side, struct ll_bitmap_point point)
{
    if (ll_bitmap_has_ticks(table, entries, book_side, point.cent) == 0)
        return 0;
    (void)ll_bitmap_clear_tick(LL_BITMAP_MEMORY_PASS, book_side, point.cent, point.tick);
    return ll_bitmap_has_ticks(table, entries, book_side, point.cent);
}

/* Takes the cent out of every node that it empties. Returns the first node with something left. */
LL_FN_HOT struct ll_bitmap_start ll_bitmap_unmark(LL_BITMAP_MEMORY, u32 book_side, u32 cent)
{
    struct ll_bitmap_start start;
    u32 prefix = cent;
    for (u32 depth = LL_BITMAP_DEPTH_CENT; depth > LL_BITMAP_DEPTH_ROOT; depth--) {
        u32 bit = prefix & 63u;
        prefix >>= LL_BITMAP_DIGIT_BITS;
        start.depth = depth;
        start.prefix = prefix;
        start.bits = ll_bitmap_clear(table, entries, ll_bitmap_id(book_side, depth, prefix), bit);
        if (start.bits != 0)
            return start;
    }
    sides[book_side].shape &= ~(1u << prefix);
    start.depth = LL_BITMAP_DEPTH_ROOT;
    start.prefix = 0;
    start.bits = sides[book_side].shape;
    return start;
}

/* Puts the cent into every node on its way that lacks it. Returns 0 = no room, nothing has changed. */
LL_FN_HOT u32 ll_bitmap_mark(LL_BITMAP_MEMORY, u32 book_side, u32 cent)
{
    u32 prefix = cent;
    for (u32 depth = LL_BITMAP_DEPTH_CENT; depth > LL_BITMAP_DEPTH_ROOT; depth--) {
        u32 bit = prefix & 63u;
        prefix >>= LL_BITMAP_DIGIT_BITS;
        u32 set = ll_bitmap_set(table, entries, ll_bitmap_id(book_side, depth, prefix), bit);
        if (set == LL_BITMAP_THERE)
            return 1;
        if (LL_RARE(set == LL_BITMAP_NO_ROOM)) {
            u32 undo = cent;
            for (u32 made = LL_BITMAP_DEPTH_CENT; made > depth; made--) {
                (void)ll_bitmap_clear(
                    table, entries, ll_bitmap_id(book_side, made, undo >> LL_BITMAP_DIGIT_BITS), undo & 63u);
                undo >>= LL_BITMAP_DIGIT_BITS;
            }
            return 0;
        }
    }
    sides[book_side].shape |= 1u << prefix;
    return 1;
}

/* The best key below a node that is not empty. */
LL_FN_HOT u32 ll_bitmap_best(LL_BITMAP_MEMORY, u32 book_side, struct ll_bitmap_start start)
{
    u32 prefix = start.prefix << LL_BITMAP_DIGIT_BITS | ll_bitmap_ctz64(start.bits);
    for (u32 depth = LL_BITMAP_DEPTH_ROOT + 1u; depth <= LL_BITMAP_DEPTH_CENT; depth++) {
        if (depth > start.depth) {
            u64 bits = ll_bitmap_bits(table, entries, ll_bitmap_id(book_side, depth, prefix));
            prefix = prefix << LL_BITMAP_DIGIT_BITS | ll_bitmap_ctz64(bits);
        }
    }
    u32 tick = ll_bitmap_plain_tick(book_side);
    if (LL_RARE(sides[book_side].height != 0)) {
        u64 near = ll_bitmap_bits(table, entries, ll_bitmap_half_id(book_side, prefix, 0));
        u64 far = ll_bitmap_bits(table, entries, ll_bitmap_half_id(book_side, prefix, LL_BITMAP_HALF_TICKS));
        if (near != 0)
            tick = ll_bitmap_ctz64(near);
        else if (far != 0)
            tick = LL_BITMAP_HALF_TICKS + ll_bitmap_ctz64(far);
    }
    return ll_bitmap_key_of(prefix, tick, book_side);
}

/* --- One change ----------------------------------------------------------------------------------------- */

/* The best level has gone, `start` is where the others begin. */
LL_FN_HOT void ll_bitmap_next_best(LL_BITMAP_MEMORY, u32 book_side, struct ll_bitmap_start start)
{
    u32 key = ll_bitmap_best(LL_BITMAP_MEMORY_PASS, book_side, start);
    u64 id = ll_bitmap_id(book_side, LL_BITMAP_TAG_LEVEL, key);
    struct ll_bitmap_place place = ll_bitmap_find(entries, ll_bitmap_home(table, id), id);
    sides[book_side].best_key = key;
    sides[book_side].best_orders = entries[place.bucket].orders[place.way];
    sides[book_side].best_quantity = entries[place.bucket].value[place.way];
}

LL_FN_HOT u32 ll_bitmap_level_appears(LL_BITMAP_MEMORY, struct ll_change change, u32 home, u64 id)
{
    LL_GLOBAL struct ll_book_side *side = &sides[change.book_side];
    struct ll_bitmap_point point = ll_bitmap_point_of(change.key, change.book_side);
    if (LL_RARE(ll_bitmap_insert(table, entries, home, id, change.quantity, change.orders) == 0))
        return 0;
    u32 fine = (u32)(side->height != 0) | (point.plain ^ 1u);
    u32 done = 1;
    if (LL_RARE(fine != 0))
        done = ll_bitmap_mark_tick(LL_BITMAP_MEMORY_PASS, change.book_side, point);
    if (LL_RARE(done == 0 || ll_bitmap_mark(LL_BITMAP_MEMORY_PASS, change.book_side, point.cent) == 0)) {
        if (fine != 0 && done != 0)
            (void)ll_bitmap_unmark_tick(LL_BITMAP_MEMORY_PASS, change.book_side, point);
        ll_bitmap_remove(table, entries, home, ll_bitmap_find(entries, home, id));
        return 0;
    }
    u32 at_best = (u32)(change.key <= side->best_key);
    side->levels++;
    side->best_key = ll_select32(at_best, change.key, side->best_key);
    side->best_orders = ll_select32(at_best, change.orders, side->best_orders);
    side->best_quantity = ll_select64(at_best, change.quantity, side->best_quantity);
    table->live_levels++;
    return 1;
}

LL_FN_HOT void ll_bitmap_level_goes(LL_BITMAP_MEMORY, struct ll_change change, u32 home,
                                    struct ll_bitmap_place place)
{
    LL_GLOBAL struct ll_book_side *side = &sides[change.book_side];
    struct ll_bitmap_point point = ll_bitmap_point_of(change.key, change.book_side);
    struct ll_bitmap_start start = {LL_BITMAP_DEPTH_ROOT, 0, side->shape};
    ll_bitmap_remove(table, entries, home, place);
    if (LL_RARE(side->height != 0 &&
                ll_bitmap_unmark_tick(LL_BITMAP_MEMORY_PASS, change.book_side, point) != 0))
        start.bits = side->shape;
    else
        start = ll_bitmap_unmark(LL_BITMAP_MEMORY_PASS, change.book_side, point.cent);
    side->levels--;
    table->live_levels--;
    if (side->levels == 0) {
        side->best_key = LL_KEY_WORST;
        side->best_orders = 0;
        side->best_quantity = 0;
    } else if (change.key == side->best_key)
        ll_bitmap_next_best(LL_BITMAP_MEMORY_PASS, change.book_side, start);
}

/* As ll_level_change. `home` is the bucket of the level. */
LL_FN_HOT u32 ll_bitmap_change(LL_BITMAP_MEMORY, struct ll_change change, u32 home)
{
    LL_GLOBAL struct ll_book_side *side = &sides[change.book_side];
    u64 id = ll_bitmap_id(change.book_side, LL_BITMAP_TAG_LEVEL, change.key);
    struct ll_bitmap_place place = ll_bitmap_find(entries, home, id);
    if (place.found == 0)
        return ll_bitmap_level_appears(LL_BITMAP_MEMORY_PASS, change, home, id);
    u64 quantity = entries[place.bucket].value[place.way] + change.quantity;
    u32 orders = entries[place.bucket].orders[place.way] + change.orders;
    if (orders == 0) {
        ll_bitmap_level_goes(LL_BITMAP_MEMORY_PASS, change, home, place);
        return 1;
    }
    entries[place.bucket].value[place.way] = quantity;
    entries[place.bucket].orders[place.way] = orders;
    u32 at_best = (u32)(change.key == side->best_key);
    side->best_orders = ll_select32(at_best, orders, side->best_orders);
    side->best_quantity = ll_select64(at_best, quantity, side->best_quantity);
    return 1;
}

/* --- Batches, staged as in hls/ll_book.h ---------------------------------------------------------------- */

LL_FN_RARE u32 ll_bitmap_orders(LL_GLOBAL struct ll_book_control *control,
                                LL_GLOBAL struct ll_order_bucket *buckets,
                                LL_GLOBAL const struct ll_book_side *sides,
                                LL_GLOBAL const struct ll_update *updates,
                                LL_GLOBAL struct ll_result *results, u32 count, struct ll_change *changes)
{
    u32 bucket[LL_BATCH_MAX];
    u32 change_count = 0;
    for (u32 i = 0; i < count; i++) {
        bucket[i] = ll_bucket_of(updates[i].ref, control->hash_seed, control->bucket_count);
        LL_PREFETCH(&buckets[bucket[i]]);
    }
    for (u32 i = 0; i < count; i++) {
        u32 first = change_count;
        change_count +=
            ll_order_message(control, buckets, &updates[i], bucket[i], &changes[first], i, &results[i]);
        LL_PREFETCH(&sides[changes[first].book_side]);
    }
    return change_count;
}

LL_FN_RARE void ll_bitmap_levels(LL_GLOBAL struct ll_book_control *control,
                                 LL_GLOBAL struct ll_order_bucket *buckets, LL_BITMAP_MEMORY,
                                 LL_GLOBAL const struct ll_update *updates,
                                 LL_GLOBAL struct ll_result *results, const struct ll_change *changes,
                                 u32 change_count)
{
    u32 home[LL_BATCH_MAX * LL_CHANGES_PER_MESSAGE];
    for (u32 i = 0; i < change_count; i++) {
        u32 book_side = changes[i].book_side;
        u32 cent = ll_bitmap_point_of(changes[i].key, book_side).cent;
        home[i] = ll_bitmap_home(table, ll_bitmap_id(book_side, LL_BITMAP_TAG_LEVEL, changes[i].key));
        LL_PREFETCH(&entries[home[i]]);
        LL_PREFETCH(&entries[ll_bitmap_home(
            table, ll_bitmap_id(book_side, LL_BITMAP_DEPTH_CENT, cent >> LL_BITMAP_DIGIT_BITS))]);
    }
    for (u32 i = 0; i < change_count; i++) {
        struct ll_change change = changes[i];
        u32 message = change.message & LL_CHANGE_INDEX;
        if (LL_RARE((change.message & LL_CHANGE_NONE) != 0)) {
            ll_book_answer_only(sides, &results[message], change);
            continue;
        }
        if (LL_RARE(ll_bitmap_change(LL_BITMAP_MEMORY_PASS, change, home[i]) == 0))
            ll_book_refuse(control, buckets, updates[message], &results[message]);
        if ((change.message & LL_CHANGE_LAST) != 0)
            ll_level_answer(&results[message], sides, change.book_side);
    }
}

LL_FN_HOT void ll_bitmap_batch(LL_GLOBAL struct ll_book_control *control,
                               LL_GLOBAL struct ll_order_bucket *buckets, LL_BITMAP_MEMORY,
                               LL_GLOBAL const struct ll_update *updates, LL_GLOBAL struct ll_result *results,
                               u32 count, u32 batch)
{
    struct ll_change changes[LL_BATCH_MAX * LL_CHANGES_PER_MESSAGE];
    u32 done = 0;
    batch = batch - 1u < LL_BATCH_MAX ? batch : LL_BATCH_MAX;
    while (done < count) {
        u32 scarce = (u32)(table->overflow_free_count < LL_BATCH_MAX * LL_BITMAP_ENTRIES_CHANGE);
        u32 now = scarce != 0 ? 1u : batch;
        now = count - done < now ? count - done : now;
        u32 change_count =
            ll_bitmap_orders(control, buckets, sides, updates + done, results + done, now, changes);
        ll_bitmap_levels(control, buckets, LL_BITMAP_MEMORY_PASS, updates + done, results + done, changes,
                         change_count);
        done += now;
    }
}

/* Empties the levels; the orders' part is emptied by ll_book_reset, which comes first. */
LL_FN void ll_bitmap_reset(LL_GLOBAL const struct ll_book_control *control, LL_BITMAP_MEMORY)
{
    for (u32 i = 0; i < table->bucket_count + table->overflow_count; i++)
        entries[i].link = i < table->bucket_count ? 0u : i + 1u;
    for (u32 i = 0; i < 2u * control->book_count; i++) {
        sides[i].levels = 0;
        sides[i].height = 0;
        sides[i].best_key = LL_KEY_WORST;
        sides[i].best_orders = 0;
        sides[i].best_quantity = 0;
        sides[i].shape = 0;
    }
    table->overflow_free = table->bucket_count;
    table->overflow_free_count = table->overflow_count;
    table->live_levels = 0;
    table->live_entries = 0;
}

#endif
