/* SPDX-License-Identifier: Apache-2.0 */
#include "host/journal/ll_journal_preparer.h"

#include "host/base/ll_assert.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* How far zeroing has to be when the segment in use is so full. */
static uint32_t ll_preparer_due_permille(uint32_t used_permille)
{
    if (used_permille <= 250)
        return 0;
    return used_permille >= 750 ? 1000 : (used_permille - 250) * 2;
}

/* Waits until the next step may be done; false when there is no more need for it. */
static bool ll_preparer_pace(struct ll_preparer *preparer, uint32_t zeroed_permille)
{
    (void)pthread_mutex_lock(&preparer->mutex);
    for (;;) {
        uint32_t used = atomic_load_explicit(&preparer->used_permille, memory_order_relaxed);
        if (preparer->stopping || preparer->hurry || zeroed_permille < ll_preparer_due_permille(used))
            break;
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LL_PREPARE_REST_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        uint64_t writes = atomic_load_explicit(&preparer->writes, memory_order_relaxed);
        int waited = pthread_cond_timedwait(&preparer->changed, &preparer->mutex, &until);
        if (waited == ETIMEDOUT && writes == atomic_load_explicit(&preparer->writes, memory_order_relaxed))
            break;
    }
    bool needed = !preparer->stopping;
    (void)pthread_mutex_unlock(&preparer->mutex);
    return needed;
}

static bool ll_preparer_is_waited_for(const struct ll_preparer *preparer)
{
    return preparer == NULL || atomic_load_explicit(&preparer->hurry, memory_order_relaxed);
}

/* Zeroes the whole file; the last of it may not be synced yet. */
static int ll_prepare_zero(const struct ll_prepared *next, const struct ll_journal_files *files,
                           const uint8_t *zeros, struct ll_preparer *preparer, struct ll_why *why)
{
    uint64_t segment_bytes = next->segment.segment_bytes;
    for (uint64_t at = 0; at < segment_bytes;) {
        uint64_t left_bytes = segment_bytes - at;
        size_t step_bytes = left_bytes < LL_PREPARE_STEP_BYTES ? (size_t)left_bytes : LL_PREPARE_STEP_BYTES;
        if (preparer != NULL && !ll_preparer_pace(preparer, (uint32_t)(at * 1000 / segment_bytes)))
            return LL_FAIL(why, LL_ERR_STOPPED, "the journal closes");
        int rc = files->write(files->context, next->file, zeros, step_bytes, at, why);
        if (rc == LL_OK && !ll_preparer_is_waited_for(preparer))
            rc = files->sync(files->context, next->file, why);
        if (rc != LL_OK)
            return rc;
        at += step_bytes;
    }
    return LL_OK;
}

int ll_prepare(struct ll_prepared *next, const struct ll_journal_files *files, int dir, uint8_t *zeros,
               struct ll_preparer *preparer, struct ll_why *why)
{
    char name[LL_SEGMENT_NAME_BYTES];
    ll_segment_name(name, next->day, next->segment.number);
    next->file = -1;
    int rc = files->open(files->context, dir, LL_SEGMENT_TMP_NAME, LL_JOURNAL_FILE_CREATE, &next->file, why);
    if (rc != LL_OK) {
        ll_why_append(why, "while making segment %s", name);
        return rc;
    }
    rc = ll_prepare_zero(next, files, zeros, preparer, why);
    if (rc == LL_OK) {
        ll_segment_header_encode(&next->segment, zeros);
        rc = files->write(files->context, next->file, zeros, LL_SEGMENT_HEADER_BYTES, 0, why);
        memset(zeros, 0, LL_SEGMENT_HEADER_BYTES);
    }
    if (rc == LL_OK)
        rc = files->sync(files->context, next->file, why);
    if (rc == LL_OK)
        rc = files->rename(files->context, dir, LL_SEGMENT_TMP_NAME, name, why);
    if (rc == LL_OK)
        rc = files->dir_sync(files->context, dir, why);
    if (rc == LL_OK)
        return LL_OK;
    files->close(files->context, next->file);
    next->file = -1;
    ll_why_append(why, "while making segment %s", name);
    /* Gives the space back; when even that fails, the next start tries again. */
    (void)files->unlink(files->context, dir, LL_SEGMENT_TMP_NAME, NULL);
    return rc;
}

static void ll_preparer_made(struct ll_preparer *preparer, const struct ll_prepared *next, int rc,
                             const struct ll_why *why)
{
    preparer->next = *next;
    preparer->why = *why;
    preparer->why.code = rc;
    preparer->state = rc == LL_OK ? LL_PREPARER_READY : LL_PREPARER_FAILED;
}

bool ll_preparer_work(struct ll_preparer *preparer)
{
    LL_ASSERT(preparer->is_stepped);
    if (preparer->state != LL_PREPARER_WANTED)
        return false;
    struct ll_prepared next = preparer->next;
    struct ll_why why = {0};
    int rc = ll_prepare(&next, preparer->files, preparer->dir, preparer->zeros, NULL, &why);
    ll_preparer_made(preparer, &next, rc, &why);
    return true;
}

static void *ll_preparer_main(void *argument)
{
    struct ll_preparer *preparer = argument;
    (void)pthread_mutex_lock(&preparer->mutex);
    while (!preparer->stopping) {
        if (preparer->state != LL_PREPARER_WANTED) {
            (void)pthread_cond_wait(&preparer->changed, &preparer->mutex);
            continue;
        }
        struct ll_prepared next = preparer->next;
        struct ll_why why = {0};
        (void)pthread_mutex_unlock(&preparer->mutex);
        int rc = ll_prepare(&next, preparer->files, preparer->dir, preparer->zeros, preparer, &why);
        (void)pthread_mutex_lock(&preparer->mutex);
        ll_preparer_made(preparer, &next, rc, &why);
        (void)pthread_cond_broadcast(&preparer->changed);
    }
    (void)pthread_mutex_unlock(&preparer->mutex);
    return NULL;
}

int ll_preparer_start(struct ll_preparer *preparer, const struct ll_journal_files *files, int dir,
                      uint8_t *zeros, bool is_stepped, struct ll_why *why)
{
    memset(preparer, 0, sizeof *preparer);
    preparer->files = files;
    preparer->dir = dir;
    preparer->zeros = zeros;
    preparer->next.file = -1;
    preparer->state = LL_PREPARER_IDLE;
    (void)pthread_mutex_init(&preparer->mutex, NULL);
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&preparer->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    preparer->is_stepped = is_stepped;
    if (!is_stepped && pthread_create(&preparer->thread, NULL, ll_preparer_main, preparer) != 0) {
        (void)pthread_cond_destroy(&preparer->changed);
        (void)pthread_mutex_destroy(&preparer->mutex);
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "cannot start the journal's preparer thread; raise the limit");
    }
    if (!is_stepped)
        (void)pthread_setname_np(preparer->thread, "ll-journal-prep");
    preparer->running = true;
    return LL_OK;
}

void ll_preparer_stop(struct ll_preparer *preparer)
{
    if (!preparer->running)
        return;
    (void)pthread_mutex_lock(&preparer->mutex);
    preparer->stopping = true;
    (void)pthread_cond_broadcast(&preparer->changed);
    (void)pthread_mutex_unlock(&preparer->mutex);
    if (!preparer->is_stepped)
        (void)pthread_join(preparer->thread, NULL);
    if (preparer->state == LL_PREPARER_READY)
        preparer->files->close(preparer->files->context, preparer->next.file);
    (void)pthread_cond_destroy(&preparer->changed);
    (void)pthread_mutex_destroy(&preparer->mutex);
    preparer->running = false;
}

void ll_preparer_want(struct ll_preparer *preparer, const struct ll_segment *segment, uint64_t day)
{
    (void)pthread_mutex_lock(&preparer->mutex);
    LL_ASSERT(preparer->state == LL_PREPARER_IDLE);
    preparer->next.segment = *segment;
    preparer->next.day = day;
    preparer->next.file = -1;
    preparer->state = LL_PREPARER_WANTED;
    (void)pthread_cond_broadcast(&preparer->changed);
    (void)pthread_mutex_unlock(&preparer->mutex);
}

int ll_preparer_take(struct ll_preparer *preparer, struct ll_prepared *next, struct ll_why *why)
{
    int rc = LL_OK;
    if (preparer->is_stepped)
        (void)ll_preparer_work(preparer);
    (void)pthread_mutex_lock(&preparer->mutex);
    LL_ASSERT(preparer->state != LL_PREPARER_IDLE);
    preparer->hurry = true;
    (void)pthread_cond_broadcast(&preparer->changed);
    while (preparer->state == LL_PREPARER_WANTED)
        (void)pthread_cond_wait(&preparer->changed, &preparer->mutex);
    preparer->hurry = false;
    if (preparer->state == LL_PREPARER_READY) {
        *next = preparer->next;
        preparer->state = LL_PREPARER_IDLE;
    } else {
        rc = preparer->why.code;
        if (why != NULL && why->code == LL_OK)
            *why = preparer->why;
    }
    (void)pthread_mutex_unlock(&preparer->mutex);
    return rc;
}
