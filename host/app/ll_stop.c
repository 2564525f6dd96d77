/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_stop.h"

#include <signal.h>
#include <string.h>

/* A signal handler has no other way to say something. */
static volatile sig_atomic_t ll_stop_flag;

static void ll_stop_on_signal(int signal_number)
{
    (void)signal_number;
    ll_stop_flag = 1;
}

void ll_stop_install(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = ll_stop_on_signal;
    action.sa_flags = (int)SA_RESETHAND;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

bool ll_stop_requested(void)
{
    return ll_stop_flag != 0;
}
