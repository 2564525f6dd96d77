/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_limits_watch.h"

#include "host/base/ll_assert.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LL_LIMITS_WATCH_NS ((long)200000000)

/* Whose turn it is to touch the file and the reason. */
enum ll_limits_turn { LL_LIMITS_WATCHER, LL_LIMITS_OWNER };

struct ll_limits_watch {
    struct ll_limits_file file;
    const char *path;
    uint32_t window_count;
    int status;
    struct ll_why why;
    _Atomic int turn; /* enum ll_limits_turn */
    _Atomic bool stops;
    pthread_t thread;
};

static void ll_limits_watch_look(struct ll_limits_watch *watch)
{
    bool is_new = false;
    memset(&watch->why, 0, sizeof watch->why);
    watch->status =
        ll_limits_file_reload(&watch->file, watch->path, watch->window_count, &is_new, &watch->why);
    if (is_new || watch->status != LL_OK)
        atomic_store_explicit(&watch->turn, LL_LIMITS_OWNER, memory_order_release);
}

static void *ll_limits_watch_run(void *context)
{
    struct ll_limits_watch *watch = context;
    const struct timespec rest = {0, LL_LIMITS_WATCH_NS};
    while (!atomic_load_explicit(&watch->stops, memory_order_relaxed)) {
        if (atomic_load_explicit(&watch->turn, memory_order_acquire) == LL_LIMITS_WATCHER)
            ll_limits_watch_look(watch);
        (void)nanosleep(&rest, NULL);
    }
    return NULL;
}

int ll_limits_watch_start(struct ll_limits_watch **watch_out, const char *path, uint32_t window_count,
                          struct ll_why *why)
{
    struct ll_limits_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for the limits file's watcher");
    watch->path = path;
    watch->window_count = window_count;
    int status = ll_limits_file_load(&watch->file, path, window_count, why);
    atomic_init(&watch->turn, LL_LIMITS_OWNER);
    atomic_init(&watch->stops, false);
    if (status == LL_OK && pthread_create(&watch->thread, NULL, ll_limits_watch_run, watch) != 0) {
        ll_limits_file_deinit(&watch->file);
        status = LL_FAIL(why, LL_ERR_ENVIRONMENT, "no thread for the limits file's watcher");
    }
    if (status != LL_OK) {
        free(watch);
        return status;
    }
    *watch_out = watch;
    return LL_OK;
}

const struct ll_limits_file *ll_limits_watch_take(struct ll_limits_watch *watch, int *status,
                                                  struct ll_why *why)
{
    *status = LL_OK;
    if (atomic_load_explicit(&watch->turn, memory_order_acquire) == LL_LIMITS_WATCHER)
        return NULL;
    *status = watch->status;
    if (watch->status == LL_OK)
        return &watch->file;
    *why = watch->why;
    ll_limits_watch_done(watch);
    return NULL;
}

void ll_limits_watch_done(struct ll_limits_watch *watch)
{
    LL_ASSERT(atomic_load_explicit(&watch->turn, memory_order_relaxed) == LL_LIMITS_OWNER);
    atomic_store_explicit(&watch->turn, LL_LIMITS_WATCHER, memory_order_release);
}

void ll_limits_watch_stop(struct ll_limits_watch *watch)
{
    if (watch == NULL)
        return;
    atomic_store_explicit(&watch->stops, true, memory_order_relaxed);
    (void)pthread_join(watch->thread, NULL);
    ll_limits_file_deinit(&watch->file);
    free(watch);
}
