/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link: the two memories that host and device share, one written by each side only.
 *
 * Shape    to the device      head | ring of requests | window of LOAD
 *          from the device    head | ring of answers  | window of DUMP
 *
 *          Request n lies at place n & (slots - 1), and so does its answer. Every request has exactly one
 *          answer, so the host holds the credits: it never has more requests out than there are slots,
 *          answers it has not read included. Neither side reads an index of the other's: a beat tells itself
 *          (ll_beat.h). Heads are lines apart from the rings.
 * Units    offsets and sizes in 64-bit words.
 * Errors   none here.
 * Threads  one host, one device.
 */
#ifndef LL_HLS_LINK_H
#define LL_HLS_LINK_H

#include "hls/ll_beat.h"

#define LL_LINK_SLOTS_MAX    4096u
#define LL_LINK_HEAD_WORDS   64u
#define LL_LINK_WINDOW_WORDS 65536u /* 512 KiB: some thousand elements per LOAD or DUMP */

/* What a resident kernel does after `looks` looks in a row have found nothing. Nothing, on a card; a build for
 * a processor that others need too may define it before. */
#ifndef LL_LINK_PAUSE
#define LL_LINK_PAUSE(looks) ((void)(looks))
#endif

/* Words of the head to the device. */
#define LL_LINK_STOP 0u /* not 0: the resident kernel ends */

/* Words of the head from the device, each in a line of its own. */
#define LL_LINK_PULSE 0u /* counts up while a resident kernel runs, also when it has nothing to do */
#define LL_LINK_NEXT  8u /* the ordinal a kernel that has ended would take next */
#define LL_LINK_END \
    16u /* enum ll_link_end of the kernel that has ended; LL_LINK_RUNS while one is resident */

enum ll_link_end {
    LL_LINK_NEVER_RAN = 0,
    LL_LINK_RUNS = 1,
    LL_LINK_DONE = 2,    /* all of its `count` requests */
    LL_LINK_STOPPED = 3, /* the stop word */
    LL_LINK_IDLE = 4     /* nothing came for its bounded number of looks: it may be started again */
};

/* The ring behind the head, and the window behind the ring. */
LL_FN u32 ll_link_slot_at(u32 ordinal, u32 slots)
{
    return LL_LINK_HEAD_WORDS + (ordinal & (slots - 1u)) * LL_BEAT_WORDS;
}

LL_FN u32 ll_link_window_at(u32 slots)
{
    return LL_LINK_HEAD_WORDS + slots * LL_BEAT_WORDS;
}

LL_FN u32 ll_link_words(u32 slots)
{
    return ll_link_window_at(slots) + LL_LINK_WINDOW_WORDS;
}

/* --- Words that the other side reads or writes meanwhile ------------------------------------------------ */

/* What the other side wrote before it stored this word is seen after. */
LL_FN_HOT u64 ll_link_load(LL_GLOBAL const volatile u64 *word)
{
#if defined(__OPENCL_VERSION__) || defined(__OPENCL_C_VERSION__)
    u64 value = *word;
    mem_fence(CLK_GLOBAL_MEM_FENCE);
    return value;
#elif defined(__SYNTHESIS__)
    return *word; /* one port, in order */
#else
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
#endif
}

/* Who sees this word sees all that was written before. */
LL_FN_HOT void ll_link_store(LL_GLOBAL volatile u64 *word, u64 value)
{
#if defined(__OPENCL_VERSION__) || defined(__OPENCL_C_VERSION__)
    mem_fence(CLK_GLOBAL_MEM_FENCE);
    *word = value;
#elif defined(__SYNTHESIS__)
    *word = value;
#else
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
#endif
}

/* 1 = the place of `ordinal` has its tag. (A tag of 0 is a place that was never written.) */
LL_FN_HOT u32 ll_link_has(LL_GLOBAL const volatile u64 *link, u32 slots, u32 ordinal)
{
    u64 tag = ll_link_load(link + ll_link_slot_at(ordinal, slots) + LL_BEAT_TAG);
    return (u32)(tag != 0) & (u32)(ll_beat_ordinal(tag) == ordinal);
}

/* What lies at the place of `ordinal`, the tag read first. */
LL_FN_HOT struct ll_beat ll_link_get(LL_GLOBAL const volatile u64 *link, u32 slots, u32 ordinal)
{
    struct ll_beat beat;
    LL_GLOBAL const volatile u64 *slot = link + ll_link_slot_at(ordinal, slots);
    beat.word[LL_BEAT_TAG] = ll_link_load(slot + LL_BEAT_TAG);
    for (u32 i = 0; i < LL_BEAT_CONTENT; i++) {
#pragma HLS UNROLL
        beat.word[i] = slot[i];
    }
    return beat;
}

/* Puts seven words and the tag that goes with them at the place of `ordinal`, the tag last. */
LL_FN_HOT void ll_link_put(LL_GLOBAL volatile u64 *link, u32 slots, u32 ordinal, u32 kind,
                           struct ll_beat beat)
{
    LL_GLOBAL volatile u64 *slot = link + ll_link_slot_at(ordinal, slots);
    for (u32 i = 0; i < LL_BEAT_CONTENT; i++) {
#pragma HLS UNROLL
        slot[i] = beat.word[i];
    }
    ll_link_store(slot + LL_BEAT_TAG, ll_beat_tag(beat, ordinal, kind));
}

#endif
