/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_last_word.h"

#include "host/app/ll_exit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A signal handler and an exit handler have no other way to know. */
static struct ll_device_word ll_last_word;
static volatile sig_atomic_t ll_last_word_is_set;

static void ll_last_word_say(void)
{
    if (ll_last_word_is_set != 0)
        (void)!send(LL_DEVICE_LINK_FD, &ll_last_word, sizeof ll_last_word, MSG_NOSIGNAL | MSG_DONTWAIT);
    ll_last_word_is_set = 0;
}

static void ll_last_word_on_term(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    if (info->si_pid != getpid())
        return;
    ll_last_word_say();
    _exit(LL_EXIT_ENVIRONMENT);
}

void ll_last_word_keep_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    memset(&action, 0, sizeof action);
    action.sa_sigaction = ll_last_word_on_term;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    (void)sigaction(SIGTERM, &action, NULL);
}

void ll_last_word_install(void)
{
    ll_last_word_keep_signals();
    (void)atexit(ll_last_word_say);
}

void ll_last_word_set(const struct ll_device_word *word)
{
    ll_last_word_is_set = 0;
    ll_last_word = *word;
    ll_last_word_is_set = 1;
}

void ll_last_word_clear(void)
{
    ll_last_word_is_set = 0;
}
