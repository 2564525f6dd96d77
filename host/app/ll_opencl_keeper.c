/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_opencl_keeper.h"

#include "host/device/ll_opencl_environment.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void keep(pid_t pid, int end_fd)
{
    char byte;
    (void)setsid();
    (void)!chdir("/");
    (void)signal(SIGTERM, SIG_IGN);
    (void)dup2(end_fd, 0);
    (void)close_range(1, ~0u, 0); /* the gateway's socket above all: it must close with the process */
    while (read(0, &byte, 1) < 0 && errno == EINTR)
        continue;
    ll_opencl_environment_remove(pid);
}

int ll_opencl_keeper_start(struct ll_why *why)
{
    int fds[2];
    pid_t pid = getpid();
    if (pipe(fds) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "cannot make a pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0)
            keep(pid, fds[0]);
        _exit(0);
    }
    (void)close(fds[0]); /* the write end stays open, through the next execution of this program too */
    if (child < 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "cannot start a process: %s", strerror(errno));
    (void)waitpid(child, NULL, 0);
    return LL_OK;
}
