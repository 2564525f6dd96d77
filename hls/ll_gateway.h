/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway kernel: both halves behind one link.
 *
 * Shape    One function for both ways of running it. `count` 0 = resident: it looks for request after request
 *          until the stop word is set, or until `looks_max` looks in a row have found nothing. `count` not 0
 *          = a batch launch: exactly the requests `first` .. `first + count - 1`, which are all there. What
 *          is there is taken in runs of one kind, at most LL_GATEWAY_RUN_MAX, through the scratch memories:
 *          words -> updates -> ll_book_batch -> results -> words. The results are those of taking one after
 *          the other. It keeps nothing between two launches but the tables and its own pulse: `first` says
 *          where to go on, LL_LINK_NEXT where it ended. LL_LINK_END is the last word it writes.
 *          Each turn takes a run or finds nothing; every LL_GATEWAY_PULSE_TURNS turns, from the first on, the
 *          pulse counts up and a resident kernel reads the stop word. So it may leave requests: LL_LINK_NEXT
 *          is the first of them.
 *          Before the first launch the memories of both control lines and both links are zeros; then the
 *          host's requests put the tables in (ll_gateway_parts.h).
 * Units    as in ll_beat.h and ll_link.h; slots a power of two, at most LL_LINK_SLOTS_MAX; batch
 *          1..LL_GATEWAY_RUN_MAX, the results do not depend on it.
 * Errors   LL_BEAT_BROKEN for a request that is not whole, of no known kind, or for a half that is not there
 *          yet; LL_BEAT_REFUSED in a control answer; verdicts for the rest.
 * Threads  one kernel at a time on a set of tables; the host on the other side of the link.
 */
#ifndef LL_HLS_GATEWAY_H
#define LL_HLS_GATEWAY_H

#include "hls/ll_gateway_parts.h"

#define LL_GATEWAY_RUN_MAX     64u
#define LL_GATEWAY_PULSE_TURNS 256u
#define LL_GATEWAY_TORN_LOOKS  1024u /* at a request whose tag is there and does not fit its words, yet */

/* The scratch memories, of LL_GATEWAY_RUN_MAX elements each: on chip in hardware. */
#define LL_GATEWAY_SCRATCH                                                    \
    LL_GLOBAL struct ll_update *updates, LL_GLOBAL struct ll_result *results, \
        LL_GLOBAL struct ll_life_ask *asks, LL_GLOBAL struct ll_life_answer *answers
#define LL_GATEWAY_SCRATCH_PASS updates, results, asks, answers

#define LL_GATEWAY_LINK      LL_GLOBAL volatile u64 *to_device, LL_GLOBAL volatile u64 *from_device
#define LL_GATEWAY_LINK_PASS to_device, from_device

/* A run of requests of one kind: the updates or asks are in the scratch, the others come alone. */
struct ll_gateway_taken {
    struct ll_beat last;
    u32 kind; /* enum ll_beat_kind */
    u32 count;
};

/* The kind of what lies at the place of `ordinal`, LL_BEAT_BROKEN when it is no request. */
LL_FN_HOT u32 ll_gateway_kind(struct ll_beat beat, u32 ordinal)
{
    u32 kind = ll_beat_kind_of(beat.word[LL_BEAT_TAG]);
    u32 good = ll_beat_is_whole(beat) & (u32)(ll_beat_ordinal(beat.word[LL_BEAT_TAG]) == ordinal) &
               (u32)(kind - 1u < LL_BEAT_CONTROL);
    return ll_select32(good, kind, LL_BEAT_BROKEN);
}

/* Takes the requests from `next` on that are there, up to `count_max`, as long as they are of one kind. A
 * batch launch knows that they are there. */
LL_FN_HOT struct ll_gateway_taken ll_gateway_take(LL_GLOBAL struct ll_update *updates,
                                                  LL_GLOBAL struct ll_life_ask *asks,
                                                  LL_GLOBAL const volatile u64 *to_device, u32 slots,
                                                  u32 next, u32 count_max, u32 resident)
{
    struct ll_gateway_taken taken;
    taken.kind = LL_BEAT_NONE;
    taken.count = 0;
    taken.last.word[LL_BEAT_TAG] = 0;
    while (taken.count < count_max) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
        u32 ordinal = next + taken.count;
        if (resident != 0 && ll_link_has(to_device, slots, ordinal) == 0)
            break;
        taken.last = ll_link_get(to_device, slots, ordinal);
        u32 kind = ll_gateway_kind(taken.last, ordinal);
        if (taken.count != 0 && kind != taken.kind)
            break;
        if (LL_RARE(kind == LL_BEAT_BROKEN)) { /* it may be arriving word by word */
            for (u32 i = 0; kind == LL_BEAT_BROKEN && resident != 0 && i < LL_GATEWAY_TORN_LOOKS; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 0 max = 1024
                taken.last = ll_link_get(to_device, slots, ordinal);
                kind = ll_gateway_kind(taken.last, ordinal);
            }
        }
        taken.kind = kind;
        if (kind == LL_BEAT_UPDATE)
            updates[taken.count] = ll_beat_to_update(taken.last);
        else if (kind == LL_BEAT_ASK)
            asks[taken.count] = ll_beat_to_ask(taken.last);
        taken.count++;
        if (kind != LL_BEAT_UPDATE && kind != LL_BEAT_ASK)
            break;
    }
    return taken;
}

/* Nothing was done: says so of each. */
LL_FN_RARE void ll_gateway_answer_broken(LL_GLOBAL volatile u64 *from_device, u32 slots, u32 next, u32 count)
{
    struct ll_beat beat;
    for (u32 i = 0; i < LL_BEAT_WORDS; i++)
        beat.word[i] = 0;
    for (u32 i = 0; i < count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
        ll_link_put(from_device, slots, next + i, LL_BEAT_BROKEN, beat);
    }
}

/* Does what was taken, and answers it. */
LL_FN_HOT void ll_gateway_do(LL_GATEWAY_MEMORY, LL_GATEWAY_SCRATCH, LL_GATEWAY_LINK,
                             struct ll_gateway_taken taken, u32 slots, u32 next, u32 batch)
{
    if (taken.kind == LL_BEAT_UPDATE && control->bucket_count != 0) {
        ll_book_batch(LL_BOOK_MEMORY_PASS, updates, results, taken.count, batch);
        for (u32 i = 0; i < taken.count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
            ll_link_put(from_device, slots, next + i, LL_BEAT_UPDATE, ll_beat_from_result(results[i]));
        }
    } else if (taken.kind == LL_BEAT_ASK && life_control->bucket_count != 0) {
        ll_life_batch(LL_GATEWAY_LIFE_PASS, asks, answers, taken.count, batch);
        for (u32 i = 0; i < taken.count; i++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 64
            ll_link_put(from_device, slots, next + i, LL_BEAT_ASK, ll_beat_from_answer(answers[i]));
        }
    } else if (taken.kind == LL_BEAT_CONTROL) {
        u32 window = ll_link_window_at(slots);
        ll_link_put(
            from_device, slots, next, LL_BEAT_CONTROL,
            ll_gateway_control(LL_GATEWAY_MEMORY_PASS, to_device + window, from_device + window, taken.last));
    } else {
        ll_gateway_answer_broken(from_device, slots, next, taken.count);
    }
}

LL_FN void ll_gateway_run(LL_GATEWAY_MEMORY, LL_GATEWAY_SCRATCH, LL_GATEWAY_LINK, u32 slots, u32 first,
                          u32 count, u32 looks_max, u32 batch)
{
    u32 resident = (u32)(count == 0);
    u32 next = first;
    u32 looks = 0; /* in a row that found nothing */
    u32 end = LL_LINK_RUNS;
    u64 pulse = ll_link_load(from_device + LL_LINK_PULSE);
    ll_link_store(from_device + LL_LINK_END, LL_LINK_RUNS);
    for (u32 turn = 0; end == LL_LINK_RUNS; turn++) { /* a tool's report is about one turn */
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 1
        if ((turn & (LL_GATEWAY_PULSE_TURNS - 1u)) == 0) {
            pulse++;
            ll_link_store(from_device + LL_LINK_PULSE, pulse);
            if (resident != 0 && ll_link_load(to_device + LL_LINK_STOP) != 0) {
                end = LL_LINK_STOPPED;
                break;
            }
        }
        u32 left = count - (next - first);
        struct ll_gateway_taken taken =
            ll_gateway_take(updates, asks, to_device, slots, next,
                            resident != 0 || left > LL_GATEWAY_RUN_MAX ? LL_GATEWAY_RUN_MAX : left, resident);
        if (taken.count != 0)
            ll_gateway_do(LL_GATEWAY_MEMORY_PASS, LL_GATEWAY_SCRATCH_PASS, LL_GATEWAY_LINK_PASS, taken, slots,
                          next, batch);
        next += taken.count;
        looks = taken.count != 0 ? 0u : looks + 1u;
        if (resident == 0 && next - first == count)
            end = LL_LINK_DONE;
        else if (resident != 0 && taken.count == 0 && looks >= looks_max)
            end = LL_LINK_IDLE;
        if (taken.count == 0)
            LL_LINK_PAUSE(looks);
    }
    ll_link_store(from_device + LL_LINK_NEXT, next);
    ll_link_store(from_device + LL_LINK_END, end);
}

#endif
