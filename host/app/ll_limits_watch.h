/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches the limits file, so that the hot thread never reads or parses one.
 *
 * Shape    start (loads the file once, or fails) -> take: the file when there is a new one -> done, when its entries
 *          have been used -> stop. A file that is not good is reported by take once, and the one in force stays.
 * Units    none.
 * Errors   start: those of ll_limits_file_load.
 * Threads  one thread of its own; start, take, done and stop belong to one other.
 */
#ifndef LL_HOST_APP_LIMITS_WATCH_H
#define LL_HOST_APP_LIMITS_WATCH_H

#include "host/app/ll_limits_file.h"
#include "host/base/ll_err.h"

struct ll_limits_watch;

LL_MUST_CHECK int ll_limits_watch_start(struct ll_limits_watch **watch, const char *path,
                                        uint32_t window_count, struct ll_why *why);
/* NULL and LL_OK: nothing new. NULL and an error: the new file is not good. Otherwise the file, until done. */
const struct ll_limits_file *ll_limits_watch_take(struct ll_limits_watch *watch, int *status,
                                                  struct ll_why *why);
void ll_limits_watch_done(struct ll_limits_watch *watch);
/* NULL is allowed. */
void ll_limits_watch_stop(struct ll_limits_watch *watch);

#endif
