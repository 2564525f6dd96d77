/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables in this process: those of the `cpu`, or the mirror of a device, which follows it.
 *
 * Shape    init (formats the tables) -> work... -> follow -> log, log... -> take_over -> work...
 *          Work is done by the owner, now. What is logged is done by a thread of the mirror's own, with the
 *          same kernel and in the order of each half; the halves share nothing. catch_up waits until all that
 *          was logged is done; take_over also ends the thread. A stepped mirror has no thread: the owner does
 *          what was logged, as late as it may be.
 * Units    counts of requests; bytes.
 * Errors   follow: LL_ERR_ENVIRONMENT, no thread to be had. A full log is waited for, and counted.
 * Threads  one owner, and the thread of the mirror between follow and take_over: then the tables belong to
 *          it, and the owner reads them after a catch_up, until it logs again.
 */
#ifndef LL_HOST_DEVICE_DEVICE_MIRROR_H
#define LL_HOST_DEVICE_DEVICE_MIRROR_H

#include "hls/ll_beat.h"
#include "host/base/ll_slot_ring.h"
#include "host/core/ll_book_memory.h"
#include "host/core/ll_life_memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a half: some milliseconds of the fastest feed. */
#define LL_MIRROR_LOG_SLOTS     ((uint64_t)16384)
#define LL_MIRROR_STEPPED_SLOTS ((uint64_t)256) /* of a stepped one: full again and again */

struct ll_device_mirror_config {
    struct ll_book_config book;
    struct ll_life_config life; /* ids 0 = no lifecycle half */
    uint32_t batch;             /* messages worked together, 1..LL_BATCH_MAX */
    bool follows;               /* false: there is no log */
    bool is_stepped;            /* nothing of it is done by a thread */
};

struct ll_device_mirror { /* private, but the tables */
    struct ll_book_memory book;
    struct ll_life_memory life;
    void *book_bytes;
    void *life_bytes; /* NULL = no lifecycle half */
    uint64_t waits;   /* times the log was full */
    uint32_t batch;
    bool has_log;
    bool is_stepped;
    bool is_following;
    cpu_set_t cpus; /* where the owner's opener may run: the owner itself is bound to a CPU later on */
    pthread_t thread;
    atomic_bool stopping;
    struct ll_slot_ring updates;
    struct ll_slot_ring asks;
};

/* 0 = sizes that cannot be. */
size_t ll_device_mirror_footprint_bytes(const struct ll_device_mirror_config *config);
/* `memory` is 64-byte aligned and zero. */
void ll_device_mirror_init(struct ll_device_mirror *mirror, void *memory,
                           const struct ll_device_mirror_config *config);
/* Ends the thread, when there is one. */
void ll_device_mirror_deinit(struct ll_device_mirror *mirror);

/* Does `count` requests of a kind, LL_BEAT_UPDATE or LL_BEAT_ASK, and answers them: arrays of struct
 * ll_update and ll_result, or of struct ll_life_ask and ll_life_answer. */
void ll_device_mirror_work(struct ll_device_mirror *mirror, enum ll_beat_kind kind, const void *requests,
                           void *answers, uint32_t count);

LL_MUST_CHECK int ll_device_mirror_follow(struct ll_device_mirror *mirror, struct ll_why *why);
void ll_device_mirror_log(struct ll_device_mirror *mirror, enum ll_beat_kind kind, const void *requests,
                          uint32_t count);
void ll_device_mirror_catch_up(struct ll_device_mirror *mirror);
void ll_device_mirror_take_over(struct ll_device_mirror *mirror);

#endif
