/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb `lifeline replay`: files through the whole gateway.
 *
 * Shape    argv[0] is the verb. Returns the exit code.
 * Units    none.
 * Errors   printed to stderr, with the remedy; codes in ll_exit.h.
 * Threads  main thread; EAL and the journal's threads are started and ended inside.
 */
#ifndef LL_HOST_APP_CMD_REPLAY_H
#define LL_HOST_APP_CMD_REPLAY_H

int ll_cmd_replay(int argc, char **argv);

#endif
