/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes segment files: the first one at open, each next one ahead of its use, on a thread of its own.
 *
 * Shape    start -> want (what comes next) -> take (hands it over, waits when it is not ready) -> want ...
 *          -> stop. A file is made under a temporary name, filled with zeros and synced step by step, gets its
 *          header, and only then its name.
 *          Zeroing disturbs the writer's syncs, and the disk has to do it some time. So a step is done when the
 *          writer rests, or when the segment in use fills up and the rest of the zeroing has to keep pace (it
 *          begins at a quarter and is done at three quarters), or when the writer waits for it. Steps are synced one
 *          by one, so that the writer never queues behind a large sync; while it waits there is nothing to disturb, and
 *          the one sync at the end is faster.
 * Units    bytes; days since 1970-01-01.
 * Errors   take returns what preparing failed with; it is not tried again. The temporary file is removed.
 * Threads  want, take, progress: the writer. start, stop: the owner, while no writer runs. A stepped one has no
 *          thread: work does what is wanted, and take does it when nobody has.
 */
#ifndef LL_HOST_JOURNAL_JOURNAL_PREPARER_H
#define LL_HOST_JOURNAL_JOURNAL_PREPARER_H

#include "host/base/ll_err.h"
#include "host/journal/ll_journal_files.h"
#include "host/journal/ll_journal_segment.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LL_PREPARE_STEP_BYTES ((size_t)256 << 10)
#define LL_PREPARE_REST_NS    ((long)1000 * 1000) /* a writer that wrote nothing for so long rests */

/* A segment ready to be written to. */
struct ll_prepared {
    struct ll_segment segment;
    uint64_t day; /* in its name */
    int file;
};

enum ll_preparer_state { LL_PREPARER_IDLE, LL_PREPARER_WANTED, LL_PREPARER_READY, LL_PREPARER_FAILED };

struct ll_preparer { /* private */
    const struct ll_journal_files *files;
    int dir;
    uint8_t *zeros; /* LL_PREPARE_STEP_BYTES of the owner's, used as header buffer too and zero again after */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum ll_preparer_state state; /* under the mutex, as all below */
    struct ll_prepared next;
    struct ll_why why;
    _Atomic bool hurry; /* the writer waits; also read without the mutex */
    bool stopping;
    _Atomic uint64_t writes;        /* the writer's progress: how often it wrote, */
    _Atomic uint32_t used_permille; /* and how much of the segment in use is full */
    bool running;
    bool is_stepped;
};

LL_MUST_CHECK int ll_preparer_start(struct ll_preparer *preparer, const struct ll_journal_files *files,
                                    int dir, uint8_t *zeros, bool is_stepped, struct ll_why *why);
void ll_preparer_stop(struct ll_preparer *preparer);

void ll_preparer_want(struct ll_preparer *preparer, const struct ll_segment *segment, uint64_t day);
LL_MUST_CHECK int ll_preparer_take(struct ll_preparer *preparer, struct ll_prepared *next,
                                   struct ll_why *why);

/* Of a stepped one: makes what is wanted. False when nothing is. */
bool ll_preparer_work(struct ll_preparer *preparer);

/* The writer wrote, and the segment in use is so full. Two plain stores. */
static inline void ll_preparer_progress(struct ll_preparer *preparer, uint64_t writes, uint32_t used_permille)
{
    atomic_store_explicit(&preparer->writes, writes, memory_order_relaxed);
    atomic_store_explicit(&preparer->used_permille, used_permille, memory_order_relaxed);
}

/* The work itself, also for the first segment: then `preparer` is NULL and nothing is waited for. */
LL_MUST_CHECK int ll_prepare(struct ll_prepared *next, const struct ll_journal_files *files, int dir,
                             uint8_t *zeros, struct ll_preparer *preparer, struct ll_why *why);

#endif
