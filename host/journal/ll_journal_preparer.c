/* SPDX-License-Identifier: Apache-2.0 */
#include "host/journal/ll_journal_preparer.h"

#include "host/base/ll_assert.h"

#include <string.h>

static bool ll_preparer_stops(const struct ll_preparer *preparer)
{
    return preparer != NULL && atomic_load_explicit(&preparer->stopping, memory_order_relaxed);
}

static bool ll_preparer_is_waited_for(const struct ll_preparer *preparer)
{
    return preparer == NULL || atomic_load_explicit(&preparer->waited_for, memory_order_relaxed);
}

/* Zeroes the whole file; the last of it may not be synced yet. */
static int ll_prepare_zero(const struct ll_prepared *next, const struct ll_journal_files *files,
                           const uint8_t *zeros, const struct ll_preparer *preparer, struct ll_why *why)
{
    for (uint64_t at = 0; at < next->segment.segment_bytes;) {
        uint64_t left_bytes = next->segment.segment_bytes - at;
        size_t step_bytes = left_bytes < LL_PREPARE_STEP_BYTES ? (size_t)left_bytes : LL_PREPARE_STEP_BYTES;
        if (ll_preparer_stops(preparer))
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
               const struct ll_preparer *preparer, struct ll_why *why)
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

static void *ll_preparer_main(void *argument)
{
    struct ll_preparer *preparer = argument;
    (void)pthread_mutex_lock(&preparer->mutex);
    while (!atomic_load_explicit(&preparer->stopping, memory_order_relaxed)) {
        if (preparer->state != LL_PREPARER_WANTED) {
            (void)pthread_cond_wait(&preparer->changed, &preparer->mutex);
            continue;
        }
        struct ll_prepared next = preparer->next;
        struct ll_why why = {0};
        (void)pthread_mutex_unlock(&preparer->mutex);
        int rc = ll_prepare(&next, preparer->files, preparer->dir, preparer->zeros, preparer, &why);
        (void)pthread_mutex_lock(&preparer->mutex);
        preparer->next = next;
        preparer->why = why;
        preparer->why.code = rc;
        preparer->state = rc == LL_OK ? LL_PREPARER_READY : LL_PREPARER_FAILED;
        (void)pthread_cond_broadcast(&preparer->changed);
    }
    (void)pthread_mutex_unlock(&preparer->mutex);
    return NULL;
}

int ll_preparer_start(struct ll_preparer *preparer, const struct ll_journal_files *files, int dir,
                      uint8_t *zeros, struct ll_why *why)
{
    memset(preparer, 0, sizeof *preparer);
    preparer->files = files;
    preparer->dir = dir;
    preparer->zeros = zeros;
    preparer->next.file = -1;
    preparer->state = LL_PREPARER_IDLE;
    (void)pthread_mutex_init(&preparer->mutex, NULL);
    (void)pthread_cond_init(&preparer->changed, NULL);
    if (pthread_create(&preparer->thread, NULL, ll_preparer_main, preparer) != 0) {
        (void)pthread_cond_destroy(&preparer->changed);
        (void)pthread_mutex_destroy(&preparer->mutex);
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "cannot start the journal's preparer thread; raise the limit");
    }
    (void)pthread_setname_np(preparer->thread, "ll-journal-prep");
    preparer->running = true;
    return LL_OK;
}

void ll_preparer_stop(struct ll_preparer *preparer)
{
    if (!preparer->running)
        return;
    (void)pthread_mutex_lock(&preparer->mutex);
    atomic_store_explicit(&preparer->stopping, true, memory_order_relaxed);
    (void)pthread_cond_broadcast(&preparer->changed);
    (void)pthread_mutex_unlock(&preparer->mutex);
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
    (void)pthread_mutex_lock(&preparer->mutex);
    LL_ASSERT(preparer->state != LL_PREPARER_IDLE);
    atomic_store_explicit(&preparer->waited_for, true, memory_order_relaxed);
    while (preparer->state == LL_PREPARER_WANTED)
        (void)pthread_cond_wait(&preparer->changed, &preparer->mutex);
    atomic_store_explicit(&preparer->waited_for, false, memory_order_relaxed);
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
