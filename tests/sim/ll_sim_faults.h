/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can go wrong in a simulated run, how often, and how often it did.
 *
 * Shape    init draws from the seed which kinds of fault this run has at all (a swarm: each run has another half of
 *          them) and how likely each is -> strikes(kind) at every occasion -> calm: from then on nothing strikes.
 *          Each kind has a generator of its own, so that one more draw of one moves none of the others.
 * Units    rates in parts per million of the occasions; the last column of the list is the highest rate.
 * Errors   none.
 * Threads  one owner.
 */
#ifndef LL_TESTS_SIM_FAULTS_H
#define LL_TESTS_SIM_FAULTS_H

#include "host/base/ll_prng.h"

#include <stdbool.h>
#include <stdint.h>

/* F(NAME, "text", occasion, most per million) */
#define LL_SIM_FAULTS(F)                                                                   \
    /* the public feed */                                                                  \
    F(FEED_LOSS, "packet lost", packet, 200000)                                            \
    F(FEED_DUPLICATE, "packet twice", packet, 200000)                                      \
    F(FEED_REORDER, "packet behind its successors", packet, 200000)                        \
    F(FEED_SKEW, "packet late on one line", packet, 200000)                                \
    F(FEED_JUNK, "packet garbled", packet, 20000)                                          \
    F(FEED_LINE_DEAD, "line silent for a while", step, 3000)                               \
    F(REQUEST_LOST, "re-request or its answer lost", request, 500000)                      \
    F(REQUEST_LATE, "answer to a re-request late", request, 500000)                        \
    F(REQUEST_SILENT, "re-request server silent for a while", step, 2000)                  \
    /* order sessions */                                                                   \
    F(TCP_CUT, "connection cut", step, 5000)                                               \
    F(TCP_CUT_INSIDE, "connection cut at any byte", transfer, 20000)                       \
    F(TCP_STALL, "connection stalls", transfer, 20000)                                     \
    F(TCP_TRICKLE, "few bytes at a time", transfer, 300000)                                \
    F(TCP_REFUSED, "connect refused", connect, 500000)                                     \
    F(VENUE_RESTART, "exchange away and back", step, 1000)                                 \
    F(VENUE_RACES, "rejects, late fills, races, busts", seed, 1000000)                     \
    F(VENUE_SILENT, "an order port works and says nothing for a while", step, 2000)        \
    /* the gateway's machine */                                                            \
    F(CRASH, "process killed between two steps", step, 3000)                               \
    F(CRASH_INSIDE, "process killed at a disk operation", step, 3000)                      \
    F(POWER_CUT, "power cut: torn and lost writes", step, 2000)                            \
    F(DISK_ERROR, "a write or sync fails", step, 1000)                                     \
    F(DISK_FULL, "no space", step, 1000)                                                   \
    F(DISK_SLOW, "syncs take long", step, 10000)                                           \
    F(DISK_BIT_FLIP, "a bit of the journal flips while the gateway is down", boot, 100000) \
    F(DISK_SHORT_READ, "a read at start gives less", boot, 100000)                         \
    F(SNAPSHOT, "a snapshot is made", step, 5000)                                          \
    F(SNAPSHOT_DAMAGED, "a snapshot is damaged while the gateway is down", boot, 200000)   \
    F(CLOCK_FORWARD, "clock jumps ahead", step, 1000)                                      \
    F(CLOCK_BACK, "clock jumps back", step, 1000)                                          \
    /* the device */                                                                       \
    F(DEVICE_RESET, "device starts anew, empty", answer, 2000)                             \
    F(DEVICE_STALL, "device silent", answer, 2000)                                         \
    F(DEVICE_WRONG, "device answers wrongly", answer, 2000)                                \
    F(DEVICE_BROKEN, "an answer is not whole", answer, 2000)                               \
    F(DEVICE_GONE, "device process gone", step, 2000)                                      \
    F(TABLE_SMALL, "tables too small for the day", seed, 300000)                           \
    /* clients */                                                                          \
    F(CLIENT_GONE, "client leaves, or dies with events unread", step, 3000)                \
    F(CLIENT_REPEAT, "client asks the same again", command, 200000)

enum ll_sim_fault {
#define LL_SIM_FAULT_ENUM(NAME, text, occasion, most) LL_SIM_##NAME,
    LL_SIM_FAULTS(LL_SIM_FAULT_ENUM)
#undef LL_SIM_FAULT_ENUM
        LL_SIM_FAULT_COUNT
};

struct ll_sim_faults {
    struct ll_prng prng[LL_SIM_FAULT_COUNT];
    uint32_t per_million[LL_SIM_FAULT_COUNT]; /* 0 = this run has none of it */
    uint64_t struck[LL_SIM_FAULT_COUNT];
    bool is_calm;
};

void ll_sim_faults_init(struct ll_sim_faults *faults, uint64_t seed);
/* This kind never strikes in this run. */
void ll_sim_faults_without(struct ll_sim_faults *faults, enum ll_sim_fault fault);
/* It strikes now. Counted. */
bool ll_sim_strikes(struct ll_sim_faults *faults, enum ll_sim_fault fault);
/* How long, which byte, and so on: uniform in [0, bound), of the kind's own generator. */
uint64_t ll_sim_draw(struct ll_sim_faults *faults, enum ll_sim_fault fault, uint64_t bound);
/* From now on nothing strikes. */
void ll_sim_faults_calm(struct ll_sim_faults *faults);

const char *ll_sim_fault_name(enum ll_sim_fault fault); /* "FEED_LOSS" */
const char *ll_sim_fault_text(enum ll_sim_fault fault);

#endif
