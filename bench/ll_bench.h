/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the benchmarks share: what they ran on, days cut into datagrams, and the numbers of several rounds.
 *
 * Shape    ll_bench_header says the machine. ll_packets_build cuts a day into MoldUDP64 datagrams, all in
 *          memory. ll_rounds keeps the time of each round; its median and its best are what is printed.
 * Units    bytes, ns.
 * Errors   LL_ERR_NO_MEMORY, LL_ERR_INPUT (a message that fits no datagram).
 * Threads  one owner.
 */
#ifndef LL_BENCH_BENCH_H
#define LL_BENCH_BENCH_H

#include "bench/ll_day.h"
#include "host/base/ll_err.h"

#include <stdint.h>
#include <stdio.h>

#define LL_ROUNDS_MAX 64u

struct ll_packet {
    uint64_t at_bytes; /* of the payload in the packets' bytes */
    uint32_t payload_bytes;
    uint32_t message_count;
};

struct ll_packets {
    uint8_t *bytes;
    struct ll_packet *packet;
    uint64_t count;
};

/* A part of a day: what is taken moves it on. Begins as {0, 1}. */
struct ll_packets_place {
    size_t at_bytes;
    uint64_t sequence;
};

/* Cuts up to `message_count` messages into datagrams of at most `messages_max` (0 = any number) and 1,400
 * bytes. */
LL_MUST_CHECK int ll_packets_build(struct ll_packets *packets, const struct ll_day *day,
                                   struct ll_packets_place *place, uint64_t message_count,
                                   uint32_t messages_max, struct ll_why *why);
void ll_packets_free(struct ll_packets *packets);

struct ll_rounds {
    double ns[LL_ROUNDS_MAX]; /* per message */
    uint32_t count;
};

void ll_rounds_add(struct ll_rounds *rounds, uint64_t ns, uint64_t message_count);
double ll_rounds_median(const struct ll_rounds *rounds);
double ll_rounds_best(const struct ll_rounds *rounds);

/* CPU, kernel, load, isolation, scheduling, huge pages, compiler: one line each, "# " before it. */
void ll_bench_header(FILE *file, const char *name);

/* Keeps the calling thread on `cpu`; threads made later inherit that unless they say otherwise. False: it may
 * not run there. */
bool ll_bench_pin(int cpu);
/* Keeps the calling thread away from `cpu`, where there is another: threads made then (the journal's) neither
 * starve behind a hot thread there, nor send the disk requests that its CPU would have to work on. */
void ll_bench_pin_away(int cpu);

/* Makes `dir` and what is missing above it. */
LL_MUST_CHECK int ll_bench_make_dir(const char *dir, struct ll_why *why);
/* Removes the plain files in `dir`, and then `dir`. */
void ll_bench_remove_dir(const char *dir);

#endif
