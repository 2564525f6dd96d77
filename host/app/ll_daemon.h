/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon `lifelined`: a feed, the gateway, the live view, and an end in order.
 *
 * Shape    argv in, exit code out. One hot thread takes datagrams and does all the work; the journal's threads and the
 *          view's are beside it and keep off its CPU.
 * Units    none.
 * Errors   printed to stderr, with the remedy; codes in ll_exit.h.
 * Threads  main thread, which becomes the hot thread; the others are started and ended inside.
 */
#ifndef LL_HOST_APP_DAEMON_H
#define LL_HOST_APP_DAEMON_H

int ll_daemon(int argc, char **argv);

#endif
