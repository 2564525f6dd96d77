/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_sandbox.h"

#include "host/app/ll_sandbox_filter.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_options.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LL_SANDBOX_STATUS_BYTES 8192u
#define LL_SANDBOX_PASSWD_BYTES 4096u
/* How long a thread may take to notice that it shall give its capabilities up: it may be waiting for a disk. */
#define LL_SANDBOX_TRIES   5000u
#define LL_SANDBOX_REST_NS ((long)1000000)

/* --- Who ------------------------------------------------------------------------------------------------- */

static void ll_sandbox_take_entry(struct ll_sandbox *sandbox, const struct passwd *entry)
{
    sandbox->uid = entry->pw_uid;
    sandbox->gid = entry->pw_gid;
    (void)snprintf(sandbox->name, sizeof sandbox->name, "%s", entry->pw_name);
    (void)snprintf(sandbox->home, sizeof sandbox->home, "%s", entry->pw_dir);
}

/* A name, or a number. A number nobody knows has itself as its group, and no other one. */
static int ll_sandbox_find_user(struct ll_sandbox *sandbox, const char *user, struct ll_why *why)
{
    char text[LL_SANDBOX_PASSWD_BYTES];
    struct passwd entry;
    struct passwd *found = NULL;
    uint64_t number;
    bool is_number = ll_options_parse_u64(user, LL_OPTION_U64, &number, NULL) == LL_OK && number < UINT32_MAX;
    if (is_number) {
        sandbox->uid = (uid_t)number;
        sandbox->gid = (gid_t)number;
        (void)getpwuid_r(sandbox->uid, &entry, text, sizeof text, &found);
    } else {
        (void)getpwnam_r(user, &entry, text, sizeof text, &found);
    }
    if (found != NULL && strlen(found->pw_name) >= sizeof sandbox->name)
        return LL_FAIL(why, LL_ERR_USAGE, "--run-as %.60s...: the name is too long", user);
    if (found != NULL)
        ll_sandbox_take_entry(sandbox, found);
    else if (!is_number)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "--run-as %.60s: there is no such user; make one (useradd --system)", user);
    return LL_OK;
}

static int ll_sandbox_check_user(struct ll_sandbox *sandbox, const char *user, struct ll_why *why)
{
    int status = ll_sandbox_find_user(sandbox, user, why);
    if (status != LL_OK)
        return status;
    if (sandbox->uid == 0)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "--run-as %.60s is root: name another, or leave --run-as out to stay root", user);
    if (geteuid() != 0 && geteuid() != sandbox->uid)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "--run-as %.60s: only root can become another user; start as root, or as that user",
                       user);
    sandbox->changes_user = geteuid() == 0;
    return LL_OK;
}

int ll_sandbox_init(struct ll_sandbox *sandbox, const char *mode, const char *user, struct ll_why *why)
{
    memset(sandbox, 0, sizeof *sandbox);
    sandbox->mode = strcmp(mode, "full") == 0    ? LL_SANDBOX_FULL
                    : strcmp(mode, "debug") == 0 ? LL_SANDBOX_DEBUG
                                                 : LL_SANDBOX_OFF;
    sandbox->uid = geteuid();
    sandbox->gid = getegid();
    int status = user != NULL ? ll_sandbox_check_user(sandbox, user, why) : LL_OK;
    if (status != LL_OK)
        return status;
    sandbox->stays_root = sandbox->uid == 0;
    /* Threads and programs inherit it, so it comes before the first of them. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "the kernel does not know no_new_privs: %s", strerror(errno));
    return LL_OK;
}

/* --- Capabilities ---------------------------------------------------------------------------------------- */

struct ll_sandbox_caps {
    struct __user_cap_header_struct head;
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

/* Of the calling thread: all of the reserve in effect, or none of it. */
static int ll_sandbox_set_effective(bool is_raised, struct ll_why *why)
{
    struct ll_sandbox_caps caps = {.head = {_LINUX_CAPABILITY_VERSION_3, 0}};
    bool is_good = syscall(SYS_capget, &caps.head, caps.data) == 0;
    for (uint32_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        caps.data[i].effective = is_raised ? caps.data[i].permitted : 0;
    if (is_good && syscall(SYS_capset, &caps.head, caps.data) == 0)
        return LL_OK;
    return LL_FAIL(why, LL_ERR_ENVIRONMENT, "the capabilities cannot be changed: %s", strerror(errno));
}

int ll_sandbox_raise(const struct ll_sandbox *sandbox, struct ll_why *why)
{
    return sandbox->stays_root ? LL_OK : ll_sandbox_set_effective(true, why);
}

int ll_sandbox_lower(const struct ll_sandbox *sandbox, struct ll_why *why)
{
    return sandbox->stays_root ? LL_OK : ll_sandbox_set_effective(false, why);
}

/* Of the thread that it is called in, also as a signal's handler: a system call, and errno as it was. */
static void ll_sandbox_clear_own(int signal_number)
{
    struct ll_sandbox_caps none = {.head = {_LINUX_CAPABILITY_VERSION_3, 0}};
    int error = errno;
    (void)signal_number;
    (void)syscall(SYS_capset, &none.head, none.data);
    errno = error;
}

/* --- Who again ------------------------------------------------------------------------------------------- */

/* The C library changes all threads. The capabilities stay with this thread, permitted but not in effect. */
static int ll_sandbox_become(const struct ll_sandbox *sandbox, struct ll_why *why)
{
    int failed = prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    if (failed == 0)
        failed = sandbox->name[0] != '\0' ? initgroups(sandbox->name, sandbox->gid) : setgroups(0, NULL);
    if (failed == 0)
        failed = setresgid(sandbox->gid, sandbox->gid, sandbox->gid);
    if (failed == 0)
        failed = setresuid(sandbox->uid, sandbox->uid, sandbox->uid);
    if (failed == 0)
        failed = prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    if (failed != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "cannot become user %u, group %u: %s; see --run-as",
                       (unsigned)sandbox->uid, (unsigned)sandbox->gid, strerror(errno));
    /* Programs that keep files below it would find root's. */
    if (sandbox->home[0] == '/' && setenv("HOME", sandbox->home, 1) != 0)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for HOME");
    return LL_OK;
}

int ll_sandbox_begin(const struct ll_sandbox *sandbox, struct ll_why *why)
{
    /* Our files say themselves who may read them; others' that are made here shall not say more. */
    (void)umask(S_IRWXG | S_IRWXO);
    int status = sandbox->changes_user ? ll_sandbox_become(sandbox, why) : LL_OK;
    return status == LL_OK ? ll_sandbox_lower(sandbox, why) : status;
}

/* --- What is true of each thread --------------------------------------------------------------------------- */

/* The number behind `name` in a thread's status, in base 10 or 16; UINT64_MAX when there is none. */
static uint64_t ll_sandbox_field(const char *status, const char *name, int base)
{
    const char *at = strstr(status, name);
    return at != NULL ? strtoull(at + strlen(name), NULL, base) : UINT64_MAX;
}

/* NULL = all is as it has to be, else what is not. */
static const char *ll_sandbox_judge(const struct ll_sandbox *sandbox, const char *status)
{
    static const char *const ids[] = {"\nUid:", "\nGid:"};
    static const char *const caps[] = {"\nCapInh:", "\nCapPrm:", "\nCapEff:", "\nCapAmb:"};
    for (size_t i = 0; i < sizeof caps / sizeof caps[0] && !sandbox->stays_root; i++)
        if (ll_sandbox_field(status, caps[i], 16) != 0)
            return "has a capability left";
    if (ll_sandbox_field(status, ids[0], 10) != sandbox->uid ||
        ll_sandbox_field(status, ids[1], 10) != sandbox->gid)
        return "is of another user or group";
    if (ll_sandbox_field(status, "\nNoNewPrivs:", 10) != 1)
        return "could gain rights";
    return NULL;
}

static bool ll_sandbox_read_status(int tasks, const char *thread, char status[LL_SANDBOX_STATUS_BYTES])
{
    char path[sizeof((struct dirent *)0)->d_name + sizeof "/status"];
    (void)snprintf(path, sizeof path, "%s/status", thread);
    int fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t bytes = read(fd, status, LL_SANDBOX_STATUS_BYTES - 1);
    (void)close(fd);
    status[bytes > 0 ? bytes : 0] = '\0';
    return bytes > 0;
}

/* Looks at every thread: says the first thing that is wrong, NULL when there is none. With `tells`, every thread that
 * is not this one is told to give its capabilities up. */
static const char *ll_sandbox_look(const struct ll_sandbox *sandbox, bool tells)
{
    char status[LL_SANDBOX_STATUS_BYTES];
    const char *wrong = NULL;
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL)
        return "cannot be looked at: mount /proc";
    /* Bounded by the threads of the process, none of which makes others now. */
    for (const struct dirent *thread = readdir(tasks); thread != NULL; thread = readdir(tasks)) {
        pid_t number = (pid_t)strtol(thread->d_name, NULL, 10);
        if (number <= 0 || !ll_sandbox_read_status(dirfd(tasks), thread->d_name, status))
            continue; /* "." and "..", or it has just ended */
        const char *said = ll_sandbox_judge(sandbox, status);
        if (said != NULL && tells && number != gettid())
            (void)syscall(SYS_tgkill, getpid(), number, SIGRTMAX);
        wrong = wrong == NULL ? said : wrong;
    }
    (void)closedir(tasks);
    return wrong;
}

/* Capabilities are each thread's own, and nobody can take those of another: every one is asked to, once, by a signal.
 * After a change of user only this thread has some; who started with some has them in all. */
static void ll_sandbox_clear_all(const struct ll_sandbox *sandbox)
{
    const struct timespec rest = {0, LL_SANDBOX_REST_NS};
    struct sigaction action;
    ll_sandbox_clear_own(0);
    memset(&action, 0, sizeof action);
    action.sa_handler = ll_sandbox_clear_own;
    action.sa_flags = SA_RESTART;
    (void)sigaction(SIGRTMAX, &action, NULL);
    const char *wrong = ll_sandbox_look(sandbox, true);
    for (uint32_t i = 0; i < LL_SANDBOX_TRIES && wrong != NULL; i++) {
        (void)nanosleep(&rest, NULL);
        wrong = ll_sandbox_look(sandbox, false);
    }
    (void)signal(SIGRTMAX, SIG_IGN);
}

/* --- The end of the set-up --------------------------------------------------------------------------------- */

/* Passwords are in our memory. The processes started from here on have a word of their own about being looked at, but
 * leave no core either. */
static int ll_sandbox_close_memory(struct ll_why *why)
{
    const struct rlimit none = {0, 0};
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "core dumps cannot be switched off: %s", strerror(errno));
    return LL_OK;
}

int ll_sandbox_finish(const struct ll_sandbox *sandbox, struct ll_why *why)
{
    int status = LL_OK;
    if (!sandbox->stays_root)
        ll_sandbox_clear_all(sandbox);
    if (sandbox->mode == LL_SANDBOX_FULL)
        status = ll_sandbox_close_memory(why);
    else
        (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* a change of user has switched it off */
    if (status == LL_OK && sandbox->mode != LL_SANDBOX_OFF)
        status = ll_sandbox_filter_install(sandbox->mode == LL_SANDBOX_DEBUG, sandbox->allows_bpf, why);
    if (status != LL_OK)
        return status;
    const char *wrong = ll_sandbox_look(sandbox, false);
    if (wrong != NULL)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "rights were not given up: a thread %s", wrong);
    return LL_OK;
}

void ll_sandbox_describe(const struct ll_sandbox *sandbox, char *text, size_t text_bytes)
{
    static const char *const modes[] = {
        [LL_SANDBOX_FULL] = "dangerous system calls end it, no core dumps",
        [LL_SANDBOX_DEBUG] = "dangerous system calls end it, but debuggers may look in",
        [LL_SANDBOX_OFF] = "all system calls, debuggers may look in (--sandbox off)"};
    if (sandbox->stays_root)
        (void)snprintf(text, text_bytes, "ROOT's, to the end: give --run-as NAME; %s", modes[sandbox->mode]);
    else
        (void)snprintf(text, text_bytes, "of user %u%s%s%s, no capability; %s", (unsigned)sandbox->uid,
                       sandbox->name[0] != '\0' ? " (" : "", sandbox->name,
                       sandbox->name[0] != '\0' ? ")" : "", modes[sandbox->mode]);
}
