/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes segment files: the first one at open, each next one ahead of its use, on a thread of its own.
 *
 * Shape    start -> want (what comes next) -> take (hands it over, waits when it is not ready) -> want
 *          ... -> stop. A file is made under a temporary name, filled with zeros, synced, gets its header,
 *          and only then its name. The zeros are synced in small steps, so that the writer's syncs never
 *          queue behind a large one; once the writer waits for the file it has none, and one sync at the
 *          end is faster.
 * Units    bytes; days since 1970-01-01.
 * Errors   take returns what preparing failed with; it is not tried again. The temporary file is removed.
 * Threads  want, take: the writer. start, stop: the owner, while no writer runs.
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
    atomic_bool stopping;
    atomic_bool waited_for; /* the writer stands still until the file is there */
    bool running;
};

LL_MUST_CHECK int ll_preparer_start(struct ll_preparer *preparer, const struct ll_journal_files *files,
                                    int dir, uint8_t *zeros, struct ll_why *why);
void ll_preparer_stop(struct ll_preparer *preparer);

void ll_preparer_want(struct ll_preparer *preparer, const struct ll_segment *segment, uint64_t day);
LL_MUST_CHECK int ll_preparer_take(struct ll_preparer *preparer, struct ll_prepared *next,
                                   struct ll_why *why);

/* The work itself, also for the first segment. `preparer`, when not NULL, says whether to stop early
 * (LL_ERR_STOPPED) and whether somebody waits; NULL = somebody does. */
LL_MUST_CHECK int ll_prepare(struct ll_prepared *next, const struct ll_journal_files *files, int dir,
                             uint8_t *zeros, const struct ll_preparer *preparer, struct ll_why *why);

#endif
