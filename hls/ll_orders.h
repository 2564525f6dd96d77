/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order table: exchange order reference -> resting order, and what a message does to it.
 *
 * Shape    A hash table of 64-byte buckets with three orders each. The home bucket nearly always answers; behind it
 *          hangs a short chain of overflow buckets. Orders never move, so there is nothing to rehash or wait for.
 *          Each message leaves its mark on the order here and becomes at most three changes of price levels
 *          (ll_levels.h), in order: a replace is a level losing an order and a level gaining one.
 * Units    as in ll_records.h and ll_book_types.h.
 * Errors   verdicts: duplicate (the newer order takes the place of the live one), unknown_id, overfill (all is
 *          taken), bad_input (quantity 0, no such side or operation), table_full (the order is not taken; of a
 *          replace the old order is gone: the exchange has ended it), book_mismatch (applied to the order's own book).
 * Threads  one owner of the memory.
 * Source   order rules: Nasdaq TotalView-ITCH 5.0, "Modify Order Messages"; defensive rules: docs/design.md.
 */
#ifndef LL_HLS_ORDERS_H
#define LL_HLS_ORDERS_H

#include "hls/ll_book_types.h"
#include "hls/ll_hash.h"
#include "hls/ll_records.h"

/* One level gains or loses shares and orders (two's complement). */
struct ll_change {
    u64 quantity;
    u32 orders;
    u32 book_side;
    u32 key;
    u32 message; /* index in the batch; the last change of a message also answers it */
};

#define LL_CHANGES_PER_MESSAGE 3u
#define LL_CHANGE_LAST         0x80000000u /* in `message` */
#define LL_CHANGE_NONE         0x40000000u /* nothing to change, only to answer */
#define LL_CHANGE_NO_BOOK      0x20000000u /* with LL_CHANGE_NONE: the message names no book there is */
#define LL_CHANGE_INDEX        0x0000ffffu

/* --- The match: values in, values out, no memory. ------------------------------------------------------- */

/* An order after a message, and what the message did. */
struct ll_match {
    u32 book_side;
    u32 price;
    u32 leaves;  /* shares after */
    u32 removed; /* shares that left */
    u32 verdict;
    u32 adds; /* 1 = the order is new */
};

LL_FN_HOT u32 ll_price_key(u32 price, u32 book_side)
{
    return price ^ ((book_side & 1u) - 1u); /* buy is side 0: all bits turn */
}

/* `asked` shares leave an order of `shares`. */
LL_FN_HOT struct ll_match ll_match_take(u32 book_side, u32 price, u32 shares, u32 asked)
{
    struct ll_match match;
    u32 over = (u32)(asked > shares);
    match.book_side = book_side;
    match.price = price;
    match.removed = ll_select32(over, shares, asked);
    match.leaves = shares - match.removed;
    match.verdict = over * LL_VERDICT_OVERFILL;
    match.adds = 0;
    return match;
}

LL_FN_HOT struct ll_match ll_match_add(u32 book_side, u32 price, u32 quantity)
{
    struct ll_match match;
    match.book_side = book_side;
    match.price = price;
    match.removed = 0;
    match.leaves = quantity;
    match.verdict = LL_VERDICT_OK;
    match.adds = 1;
    return match;
}

LL_FN_HOT struct ll_change ll_match_change(struct ll_match match, u32 message)
{
    struct ll_change change;
    change.quantity = ((u64)match.leaves & ((u64)0 - match.adds)) - match.removed;
    change.orders = match.adds - (u32)(match.leaves == 0);
    change.book_side = match.book_side;
    change.key = ll_price_key(match.price, match.book_side);
    change.message = message;
    return change;
}

/* The order's half of the answer; the book's half comes with the level (ll_levels.h). */
LL_FN_HOT void ll_match_answer(LL_GLOBAL struct ll_result *result, struct ll_update update,
                               struct ll_match match, u32 epoch)
{
    result->verdict = (u8)match.verdict;
    result->op = update.op;
    result->flags = (u8)((match.book_side & 1u) * LL_RESULT_SELL);
    result->reserved8 = 0;
    result->book = match.book_side >> 1;
    result->price = match.price;
    result->leaves = match.leaves;
    result->removed = match.removed;
    result->epoch = epoch;
    result->seq = update.seq;
}

/* --- The table ------------------------------------------------------------------------------------------ */

/* Where a reference is, or where it could go. */
struct ll_order_place {
    u32 found;
    u32 bucket; /* of the order when found, else of the first free way; LL_NODE_NONE = none on the chain */
    u32 way;
    u32 previous; /* the bucket before `bucket` in the chain */
    u32 tail;     /* last bucket of the chain looked at */
    u32 depth;    /* buckets looked at */
};

LL_FN u32 ll_bucket_of(u64 ref, u32 seed, u32 bucket_count)
{
    return ll_hash_ref(ref, seed) & (bucket_count - 1u);
}

/* Mask of the ways that hold `ref`: one bit or none. */
LL_FN_HOT u32 ll_bucket_find(struct ll_order_bucket bucket, u64 ref)
{
    u32 hits =
        (u32)(bucket.ref[0] == ref) | (u32)(bucket.ref[1] == ref) << 1 | (u32)(bucket.ref[2] == ref) << 2;
    return hits & bucket.link >> LL_LINK_USED_SHIFT;
}

/* 1 = a new order can go straight into the bucket: a way is free, and no chain hangs behind that could hold
 * the reference. */
LL_FN_HOT u32 ll_bucket_has_room(u32 link)
{
    return (u32)((link << (32u - LL_LINK_USED_SHIFT) | link >> LL_LINK_USED_SHIFT) < LL_BUCKET_FULL);
}

/* An order is written down, or its way is free again when nothing of it is left. */
LL_FN_HOT void ll_bucket_mark(LL_GLOBAL struct ll_order_bucket *bucket, u32 way, u64 ref,
                              struct ll_match match)
{
    u32 ends = (u32)(match.leaves == 0);
    u32 bit = 1u << way << LL_LINK_USED_SHIFT;
    bucket->ref[way] = ref;
    bucket->shares[way] = match.leaves;
    bucket->price[way] = match.price;
    bucket->book_side[way] = match.book_side;
    bucket->link = (bucket->link | bit) & ~(bit & (0u - ends));
}

#if LL_HOT_LINES > 0

/* A bucket as the words it lies in memory as, and back: wires. */
LL_FN_HOT struct ll_line ll_bucket_to_line(struct ll_order_bucket bucket)
{
    struct ll_line line;
    line.word[0] = bucket.ref[0];
    line.word[1] = bucket.ref[1];
    line.word[2] = bucket.ref[2];
    line.word[3] = bucket.shares[0] | (u64)bucket.shares[1] << 32;
    line.word[4] = bucket.shares[2] | (u64)bucket.price[0] << 32;
    line.word[5] = bucket.price[1] | (u64)bucket.price[2] << 32;
    line.word[6] = bucket.book_side[0] | (u64)bucket.book_side[1] << 32;
    line.word[7] = bucket.book_side[2] | (u64)bucket.link << 32;
    return line;
}

LL_FN_HOT struct ll_order_bucket ll_bucket_from_line(struct ll_line line)
{
    struct ll_order_bucket bucket;
    bucket.ref[0] = line.word[0];
    bucket.ref[1] = line.word[1];
    bucket.ref[2] = line.word[2];
    bucket.shares[0] = (u32)line.word[3];
    bucket.shares[1] = (u32)(line.word[3] >> 32);
    bucket.shares[2] = (u32)line.word[4];
    bucket.price[0] = (u32)(line.word[4] >> 32);
    bucket.price[1] = (u32)line.word[5];
    bucket.price[2] = (u32)(line.word[5] >> 32);
    bucket.book_side[0] = (u32)line.word[6];
    bucket.book_side[1] = (u32)(line.word[6] >> 32);
    bucket.book_side[2] = (u32)line.word[7];
    bucket.link = (u32)(line.word[7] >> 32);
    return bucket;
}

/* From the chip, else from the big memory and then on the chip. */
LL_FN struct ll_order_bucket ll_bucket_get(LL_ORDER_LOOK, u32 at)
{
    struct ll_hot_found found = ll_hot_look(at LL_BOOK_HOT_PASS);
    if (found.hit == 0) {
        found.line = ll_bucket_to_line(buckets[at]);
        ll_hot_keep(at, found.line LL_BOOK_HOT_PASS);
        LL_HOT_SETTLED();
    }
    return ll_bucket_from_line(found.line);
}

/* On the chip and in the big memory. */
LL_FN void ll_bucket_put(LL_ORDER_TABLE, u32 at, struct ll_order_bucket bucket)
{
    buckets[at] = bucket;
    ll_hot_keep(at, ll_bucket_to_line(bucket) LL_BOOK_HOT_PASS);
    LL_HOT_SETTLED();
}

LL_FN void ll_bucket_set_link(LL_ORDER_TABLE, u32 at, u32 link)
{
    struct ll_order_bucket bucket = ll_bucket_get(LL_ORDER_TABLE_PASS, at);
    bucket.link = link;
    ll_bucket_put(LL_ORDER_TABLE_PASS, at, bucket);
}

LL_FN void ll_bucket_set_order(LL_ORDER_TABLE, u32 at, u32 way, u64 ref, struct ll_match match)
{
    struct ll_order_bucket bucket = ll_bucket_get(LL_ORDER_TABLE_PASS, at);
    ll_bucket_mark(&bucket, way, ref, match);
    ll_bucket_put(LL_ORDER_TABLE_PASS, at, bucket);
}

#else

/* The same where memory is one: what is not looked at is not read, what does not change is not written. */
LL_FN_HOT struct ll_order_bucket ll_bucket_get(LL_ORDER_LOOK, u32 at)
{
    return buckets[at];
}

LL_FN_HOT void ll_bucket_set_link(LL_ORDER_TABLE, u32 at, u32 link)
{
    buckets[at].link = link;
}

LL_FN_HOT void ll_bucket_set_order(LL_ORDER_TABLE, u32 at, u32 way, u64 ref, struct ll_match match)
{
    ll_bucket_mark(&buckets[at], way, ref, match);
}

#endif

/* The long way: through the chain. */
LL_FN_RARE struct ll_order_place ll_order_find(LL_ORDER_LOOK, u32 bucket, u64 ref)
{
    struct ll_order_place place;
    u32 previous = bucket;
    place.found = 0;
    place.bucket = LL_NODE_NONE;
    place.way = 0;
    place.previous = bucket;
    place.tail = bucket;
    place.depth = 0;
    for (u32 depth = 0; depth < LL_CHAIN_MAX; depth++) {
        struct ll_order_bucket here = ll_bucket_get(LL_ORDER_TABLE_PASS, bucket);
        u32 hits = ll_bucket_find(here, ref);
        u32 unused = ~(here.link >> LL_LINK_USED_SHIFT) & LL_BUCKET_FULL;
        place.tail = bucket;
        place.depth = depth + 1u;
        if (hits != 0 || (place.bucket == LL_NODE_NONE && unused != 0)) {
            place.found = (u32)(hits != 0);
            place.bucket = bucket;
            place.way = ll_ctz32(hits != 0 ? hits : unused);
            place.previous = previous;
        }
        previous = bucket;
        bucket = here.link & LL_LINK_NEXT_MASK;
        if (place.found != 0 || bucket == 0)
            break;
    }
    return place;
}

/* A way to put an order into: the free one found, or one of a new overflow bucket. LL_NODE_NONE in `bucket` =
 * full. */
LL_FN struct ll_order_place ll_order_make_room(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE,
                                               struct ll_order_place place)
{
    if (place.bucket != LL_NODE_NONE || place.depth == LL_CHAIN_MAX || control->overflow_free_count == 0)
        return place;
    u32 bucket = control->overflow_free;
    control->overflow_free = ll_bucket_get(LL_ORDER_TABLE_PASS, bucket).link;
    control->overflow_free_count--;
    ll_bucket_set_link(LL_ORDER_TABLE_PASS, bucket, 0);
    ll_bucket_set_link(LL_ORDER_TABLE_PASS, place.tail,
                       ll_bucket_get(LL_ORDER_TABLE_PASS, place.tail).link | bucket);
    place.previous = place.tail;
    place.bucket = bucket;
    place.way = 0;
    return place;
}

/* Writes an order down, or takes it out when nothing of it is left. */
LL_FN_HOT void ll_order_store(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE, u32 at, u32 way,
                              u64 ref, struct ll_match match)
{
    ll_bucket_set_order(LL_ORDER_TABLE_PASS, at, way, ref, match);
    control->live_orders += match.adds - (u32)(match.leaves == 0);
}

/* An overflow bucket that is empty leaves its chain. */
LL_FN void ll_order_trim(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE,
                         struct ll_order_place place)
{
    u32 link = ll_bucket_get(LL_ORDER_TABLE_PASS, place.bucket).link;
    if (place.bucket < control->bucket_count || link >> LL_LINK_USED_SHIFT != 0)
        return;
    u32 previous_link = ll_bucket_get(LL_ORDER_TABLE_PASS, place.previous).link;
    ll_bucket_set_link(LL_ORDER_TABLE_PASS, place.previous, (previous_link & ~LL_LINK_NEXT_MASK) | link);
    ll_bucket_set_link(LL_ORDER_TABLE_PASS, place.bucket, control->overflow_free);
    control->overflow_free = place.bucket;
    control->overflow_free_count++;
}

/* --- One message ---------------------------------------------------------------------------------------- */

/* What a message has done so far. */
struct ll_outcome {
    struct ll_match match; /* of the order the answer is about */
    u32 change_count;      /* changes written, at least one */
};

/* All of the order at `place` leaves the table. */
LL_FN struct ll_match ll_order_take_out(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE,
                                        struct ll_order_place place)
{
    struct ll_order_bucket bucket = ll_bucket_get(LL_ORDER_TABLE_PASS, place.bucket);
    u32 shares = bucket.shares[place.way];
    struct ll_match match =
        ll_match_take(bucket.book_side[place.way], bucket.price[place.way], shares, shares);
    ll_order_store(control, LL_ORDER_TABLE_PASS, place.bucket, place.way, bucket.ref[place.way], match);
    ll_order_trim(control, LL_ORDER_TABLE_PASS, place);
    return match;
}

/* Puts a new order in; a live order of the same reference gives way. */
LL_FN struct ll_outcome ll_order_insert(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE, u64 ref,
                                        struct ll_match match, struct ll_change *changes, u32 change_count)
{
    struct ll_outcome outcome;
    u32 home = ll_bucket_of(ref, control->hash_seed, control->bucket_count);
    struct ll_order_place place = ll_order_find(LL_ORDER_TABLE_PASS, home, ref);
    u32 removed = 0;
    outcome.match = match;
    if (place.found != 0) {
        struct ll_match old = ll_order_take_out(control, LL_ORDER_TABLE_PASS, place);
        changes[change_count++] = ll_match_change(old, 0);
        place = ll_order_find(LL_ORDER_TABLE_PASS, home, ref);
        outcome.match.verdict = LL_VERDICT_DUPLICATE;
        removed = old.removed;
    }
    place = ll_order_make_room(control, LL_ORDER_TABLE_PASS, place);
    if (place.bucket == LL_NODE_NONE) {
        outcome.match.verdict = LL_VERDICT_TABLE_FULL;
        outcome.match.leaves = 0;
    } else {
        ll_order_store(control, LL_ORDER_TABLE_PASS, place.bucket, place.way, ref, match);
        changes[change_count++] = ll_match_change(match, 0);
    }
    outcome.match.removed = removed;
    outcome.change_count = change_count;
    return outcome;
}

LL_FN struct ll_outcome ll_order_replace(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE,
                                         struct ll_update update, struct ll_order_place place,
                                         struct ll_change *changes)
{
    struct ll_outcome outcome;
    struct ll_match old = ll_order_take_out(control, LL_ORDER_TABLE_PASS, place);
    changes[0] = ll_match_change(old, 0);
    if (update.quantity == 0) {
        outcome.match = old;
        outcome.match.verdict = LL_VERDICT_BAD_INPUT;
        outcome.change_count = 1;
        return outcome;
    }
    outcome = ll_order_insert(control, LL_ORDER_TABLE_PASS, update.new_ref,
                              ll_match_add(old.book_side, update.price, update.quantity), changes, 1);
    outcome.match.removed = old.removed;
    if (outcome.match.verdict == LL_VERDICT_OK && old.book_side >> 1 != update.book)
        outcome.match.verdict = LL_VERDICT_BOOK_MISMATCH;
    return outcome;
}

/* Execute, cancel or delete of an order that is not in its home bucket, takes too much or names another book. */
LL_FN struct ll_outcome ll_order_take_far(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE,
                                          struct ll_update update, struct ll_order_place place,
                                          struct ll_change *changes)
{
    struct ll_outcome outcome;
    struct ll_order_bucket bucket = ll_bucket_get(LL_ORDER_TABLE_PASS, place.bucket);
    u32 book_side = bucket.book_side[place.way];
    u32 shares = bucket.shares[place.way];
    outcome.match = ll_match_take(book_side, bucket.price[place.way], shares,
                                  update.op == LL_OP_DELETE ? shares : update.quantity);
    if (outcome.match.verdict == LL_VERDICT_OK && book_side >> 1 != update.book)
        outcome.match.verdict = LL_VERDICT_BOOK_MISMATCH;
    outcome.change_count = 1;
    changes[0] = ll_match_change(outcome.match, 0);
    ll_order_store(control, LL_ORDER_TABLE_PASS, place.bucket, place.way, update.ref, outcome.match);
    ll_order_trim(control, LL_ORDER_TABLE_PASS, place);
    return outcome;
}

/* All that the straight ways of ll_order_message do not take. */
LL_FN struct ll_outcome ll_order_step_rare(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE,
                                           struct ll_update update, u32 bucket, struct ll_change *changes)
{
    struct ll_order_place place;
    u32 needs_quantity = (u32)(update.op != LL_OP_DELETE) & (u32)(update.op != LL_OP_REPLACE);
    struct ll_outcome outcome;
    outcome.match = ll_match_add(update.book << 1 | (update.side & 1u), update.price, 0);
    outcome.change_count = 0;
    if (update.op == LL_OP_NONE)
        return outcome;
    if (update.op > LL_OP_REPLACE || update.side > LL_SIDE_SELL ||
        (needs_quantity != 0 && update.quantity == 0)) {
        outcome.match.verdict = LL_VERDICT_BAD_INPUT;
        return outcome;
    }
    if (update.op == LL_OP_ADD && update.book >= control->book_count) {
        outcome.match.verdict = LL_VERDICT_TABLE_FULL;
        return outcome;
    }
    if (update.op == LL_OP_ADD)
        return ll_order_insert(control, LL_ORDER_TABLE_PASS, update.ref,
                               ll_match_add(outcome.match.book_side, update.price, update.quantity), changes,
                               0);
    place = ll_order_find(LL_ORDER_TABLE_PASS, bucket, update.ref);
    if (place.found == 0)
        outcome.match.verdict = LL_VERDICT_UNKNOWN_ID;
    else if (update.op == LL_OP_REPLACE)
        outcome = ll_order_replace(control, LL_ORDER_TABLE_PASS, update, place, changes);
    else
        outcome = ll_order_take_far(control, LL_ORDER_TABLE_PASS, update, place, changes);
    return outcome;
}

/* The same, with the answer. */
LL_FN_RARE u32 ll_order_step_other(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE,
                                   LL_GLOBAL const struct ll_update *input, u32 bucket,
                                   struct ll_change *changes, u32 message, LL_GLOBAL struct ll_result *result)
{
    struct ll_update update = *input;
    struct ll_outcome outcome = ll_order_step_rare(control, LL_ORDER_TABLE_PASS, update, bucket, changes);
    ll_match_answer(result, update, outcome.match, control->epoch);
    if (outcome.change_count == 0) { /* about no order: `book` is what the message says, all 32 bits */
        u32 no_book = (u32)(update.book >= control->book_count);
        result->book = update.book;
        outcome.match.book_side = ll_select32(no_book, 0, outcome.match.book_side);
        changes[0] = ll_match_change(outcome.match, LL_CHANGE_NONE | no_book * LL_CHANGE_NO_BOOK);
        outcome.change_count = 1;
    }
    for (u32 i = 0; i < outcome.change_count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 3
        changes[i].message |= message;
    }
    changes[outcome.change_count - 1u].message |= LL_CHANGE_LAST;
    return outcome.change_count;
}

/* A replace on its straight way: the old order in its home bucket, and room for the new one, of a reference
 * not seen, in its own. Returns 0 when it is not so; nothing has changed then. */
LL_FN_RARE u32 ll_order_step_replace(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE,
                                     LL_GLOBAL const struct ll_update *input, u32 bucket,
                                     struct ll_change *changes, u32 message,
                                     LL_GLOBAL struct ll_result *result)
{
    struct ll_update update = *input;
    u32 target = ll_bucket_of(update.new_ref, control->hash_seed, control->bucket_count);
    struct ll_order_bucket home = ll_bucket_get(LL_ORDER_TABLE_PASS, bucket);
    struct ll_order_bucket next = ll_bucket_get(LL_ORDER_TABLE_PASS, target);
    u32 hits = ll_bucket_find(home, update.ref);
    u32 free = ll_bucket_has_room(next.link) & (u32)(update.quantity != 0) &
               (u32)(ll_bucket_find(next, update.new_ref) == 0) & (u32)(update.side <= LL_SIDE_SELL);
    if ((free & (u32)(hits != 0)) == 0)
        return 0;
    u32 way = ll_ctz32(hits);
    u32 book_side = home.book_side[way];
    u32 shares = home.shares[way];
    struct ll_match old = ll_match_take(book_side, home.price[way], shares, shares);
    struct ll_match match = ll_match_add(book_side, update.price, update.quantity);
    if (book_side >> 1 != update.book)
        return 0;
    u32 left = home.link & ~(1u << way << LL_LINK_USED_SHIFT);
    u32 used = ll_select32((u32)(target == bucket), left, next.link) >> LL_LINK_USED_SHIFT;
    ll_bucket_set_link(LL_ORDER_TABLE_PASS, bucket, left);
    control->live_orders--;
    ll_order_store(control, LL_ORDER_TABLE_PASS, target, ll_ctz32(~used), update.new_ref, match);
    match.removed = shares;
    ll_match_answer(result, update, match, control->epoch);
    changes[0] = ll_match_change(old, message);
    match.removed = 0;
    changes[1] = ll_match_change(match, message | LL_CHANGE_LAST);
    return 2;
}

/* --- The step: a bucket and a message in, what becomes of them out. -------------------------------------- */

struct ll_order_turn {
    struct ll_match match;
    u32 way;      /* where in the bucket the order goes, or is */
    u32 straight; /* 0 = the message takes another way; the rest says nothing then */
};

/*
 * A message and the home bucket of its reference. One straight way for adds, executes, cancels and deletes
 * alike, as long as nothing is wrong with them: what depends on the message is selected, not branched on.
 */
LL_FN_HOT struct ll_order_turn ll_order_step(struct ll_order_bucket home, struct ll_update update,
                                             u32 book_count)
{
    struct ll_order_turn turn = {{0, 0, 0, 0, 0, 0}, 0, 0};
    u32 adds = (u32)(update.op == LL_OP_ADD);
    u32 whole = (u32)(update.op == LL_OP_DELETE);
    u32 hits = ll_bucket_find(home, update.ref);
    u32 refused = adds & ((u32)(hits != 0) | (ll_bucket_has_room(home.link) ^ 1u));
    u32 rare = (u32)(update.op - 1u >= LL_OP_REPLACE - 1u) | refused | (u32)((adds | hits) == 0) |
               (u32)((whole | update.quantity) == 0) | (u32)(update.side > LL_SIDE_SELL) |
               (u32)(update.book >= book_count);
    if (LL_RARE(rare != 0))
        return turn;
    u32 way = ll_ctz32(ll_select32(adds, ~(home.link >> LL_LINK_USED_SHIFT), hits));
    u32 book_side = update.book << 1 | update.side;
    u32 shares = home.shares[way];
    u32 asked = ll_select32(whole, shares, update.quantity);
    u32 wrong = (u32)(asked > shares) | (home.book_side[way] ^ book_side) >> 1;
    turn.match.adds = adds;
    turn.match.book_side = ll_select32(adds, book_side, home.book_side[way]);
    turn.match.price = ll_select32(adds, update.price, home.price[way]);
    turn.match.leaves = ll_select32(adds, update.quantity, shares - asked);
    turn.match.removed = asked & (adds - 1u);
    turn.match.verdict = LL_VERDICT_OK;
    turn.way = way;
    turn.straight = (u32)((wrong & (adds - 1u)) == 0);
    return turn;
}

/*
 * One message against the order table: `changes` gets what its levels will see (at most
 * LL_CHANGES_PER_MESSAGE), `result` the order's half of the answer. Returns the number of changes, at least
 * one.
 */
LL_FN_HOT u32 ll_order_message(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE,
                               LL_GLOBAL const struct ll_update *input, u32 bucket, struct ll_change *changes,
                               u32 message, LL_GLOBAL struct ll_result *result)
{
    struct ll_update update = *input;
    struct ll_order_turn turn =
        ll_order_step(ll_bucket_get(LL_ORDER_TABLE_PASS, bucket), update, control->book_count);
    if (LL_RARE(turn.straight == 0)) {
        u32 change_count = 0;
        if (update.op == LL_OP_REPLACE)
            change_count =
                ll_order_step_replace(control, LL_ORDER_TABLE_PASS, input, bucket, changes, message, result);
        if (LL_RARE(change_count == 0))
            change_count =
                ll_order_step_other(control, LL_ORDER_TABLE_PASS, input, bucket, changes, message, result);
        return change_count;
    }
    ll_order_store(control, LL_ORDER_TABLE_PASS, bucket, turn.way, update.ref, turn.match);
    ll_match_answer(result, update, turn.match, control->epoch);
    changes[0] = ll_match_change(turn.match, message | LL_CHANGE_LAST);
    return 1;
}

#if LL_HOT_LINES > 0

LL_STATIC_ASSERT(LL_HOT_WINDOW >= 4, "the distance in ll_order_run");

/*
 * Messages on their straight way, whose buckets are on chip: one after the other through a pipeline that reads
 * no big memory, one `changes` and one `results` each. Ends before the first that is neither, and returns how
 * many went. `bucket` has their home buckets, `message` is the number of the first.
 * What limits it is the way of a line from the window through the step and back: three compares of 64 bits, a
 * choice of way, one compare of 32 bits. That is more than 3.33 ns can hold, so two cycles are asked for.
 */
LL_FN u32 ll_order_run(LL_GLOBAL struct ll_book_control *control, LL_ORDER_TABLE,
                       LL_GLOBAL const struct ll_update *updates, LL_GLOBAL struct ll_result *results,
                       u32 count, const u32 *bucket, struct ll_change *changes, u32 message)
{
    struct ll_window window = ll_window_empty();
    u32 book_count = control->book_count;
    u32 epoch = control->epoch;
    u32 live_orders = control->live_orders;
    u32 gone = 0;
    u32 goes = 1;
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
#ifndef __BAMBU__
#pragma HLS PIPELINE II = 2
#pragma HLS DEPENDENCE variable = order_hot_word0 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = order_hot_word1 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = order_hot_word2 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = order_hot_word3 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = order_hot_word4 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = order_hot_word5 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = order_hot_word6 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = order_hot_word7 type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = order_hot_tags type = inter direction = RAW distance = 4 dependent = true
#endif
        struct ll_update update = updates[i];
        u32 at = bucket[i];
        struct ll_hot_found found = ll_window_find(window, at, ll_hot_look(at LL_BOOK_HOT_PASS));
        struct ll_order_bucket home = ll_bucket_from_line(found.line);
        struct ll_order_turn turn = ll_order_step(home, update, book_count);
        ll_bucket_mark(&home, turn.way, update.ref, turn.match);
        struct ll_line line = ll_bucket_to_line(home);
        window =
            ll_window_push(window, at, line); /* one for each message, also where nothing goes any more */
        goes &= found.hit & turn.straight;
        gone += goes;
        if (goes != 0) {
            buckets[at] = home;
            ll_hot_keep(at, line LL_BOOK_HOT_PASS);
            ll_match_answer(&results[i], update, turn.match, epoch);
            changes[i] = ll_match_change(turn.match, (message + i) | LL_CHANGE_LAST);
            live_orders += turn.match.adds - (u32)(turn.match.leaves == 0);
        }
    }
    LL_HOT_SETTLED();
    control->live_orders = live_orders;
    return gone;
}

#endif

#endif
