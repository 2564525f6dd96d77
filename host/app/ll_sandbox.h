/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rights the gateway runs with: another user's than root's, no capability once everything is open, and system
 * calls it will never need shut off, so that a fault in it is worth little to whoever finds it.
 *
 * Shape    init -> begin -> raise .. lower, around what needs rights -> finish. From init on no program that is started
 *          can gain rights. begin takes the user on, but keeps its capabilities in reserve: what is opened from here on
 *          is opened with the rights it will have when it is opened again. finish gives the reserve up for good, in
 *          every thread, installs the filter, and reads back from /proc whether all of it is true.
 * Units    none.
 * Errors   init: LL_ERR_USAGE for a user who is none, or is root; LL_ERR_ENVIRONMENT when only root could become it.
 *          begin, finish: LL_ERR_ENVIRONMENT; the process must end then.
 * Threads  start-up only, one caller; finish acts on all threads of the process.
 * Source   capabilities(7), seccomp(2), prctl(2), proc_pid_status(5).
 */
#ifndef LL_HOST_APP_SANDBOX_H
#define LL_HOST_APP_SANDBOX_H

#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LL_SANDBOX_NAME_BYTES 64u
#define LL_SANDBOX_HOME_BYTES 512u

/* full: nobody but root looks into the memory, and there are no core dumps. debug: both are possible, and debuggers,
 * profilers and sanitizers find the system calls they need. off: no filter either. */
#define LL_SANDBOX_CHOICES "full|debug|off"

enum ll_sandbox_mode { LL_SANDBOX_FULL, LL_SANDBOX_DEBUG, LL_SANDBOX_OFF };

struct ll_sandbox {
    enum ll_sandbox_mode mode;
    bool allows_bpf;   /* set before finish: the port's driver speaks bpf(2) when it closes */
    bool changes_user; /* else it stays who it is */
    bool stays_root;
    uid_t uid;
    gid_t gid;
    char name[LL_SANDBOX_NAME_BYTES]; /* "" = a number that no name is known for */
    char home[LL_SANDBOX_HOME_BYTES]; /* "" = unknown */
};

/* `mode` is one of LL_SANDBOX_CHOICES. user: a name or a number; NULL = stay. */
LL_MUST_CHECK int ll_sandbox_init(struct ll_sandbox *sandbox, const char *mode, const char *user,
                                  struct ll_why *why);

/* Before anything is opened that belongs to the user, or that is opened again later. */
LL_MUST_CHECK int ll_sandbox_begin(const struct ll_sandbox *sandbox, struct ll_why *why);

/* The reserve comes into effect, for this thread. */
LL_MUST_CHECK int ll_sandbox_raise(const struct ll_sandbox *sandbox, struct ll_why *why);
LL_MUST_CHECK int ll_sandbox_lower(const struct ll_sandbox *sandbox, struct ll_why *why);

/* When everything is open and all threads run. */
LL_MUST_CHECK int ll_sandbox_finish(const struct ll_sandbox *sandbox, struct ll_why *why);

/* For people: one line, without its end. */
void ll_sandbox_describe(const struct ll_sandbox *sandbox, char *text, size_t text_bytes);

#endif
